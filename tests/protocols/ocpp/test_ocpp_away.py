"""Why the backend is away: from what Python raises to a line that a householder can act on."""

import asyncio
import errno
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosedError, InvalidMessage, ProxyError
from websockets.frames import Close

from protocols.ocpp import LinkDown, StationConfig
from protocols.ocpp.away import why_away

Until = Callable[..., Any]


def untrusted() -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed (_ssl.c:1006)")
    error.verify_message = "certificate has expired"
    return error


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connect call failed ('127.0.0.1', 1)"), "refuses the connection"),
        (OSError(f"Multiple exceptions: [Errno {errno.ECONNREFUSED}] Connect ('::1', 1), …"), "refuses the connection"),
        (OSError(errno.ENETUNREACH, "Connect call failed"), "no network leads there"),
        (OSError(errno.EACCES, "Permission denied"), "cannot be reached: check [backend] url (Permission denied)"),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "name is not found: check [backend] url"),
        (UnicodeError("label empty or too long"), "name is not found"),
        (TimeoutError("timed out during opening handshake"), "does not answer: check [backend] url"),
        (ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"), "broke off"),
        (untrusted(), "TLS certificate is refused (certificate has expired)"),
        (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)"), "ws:// instead of wss://"),
        (InvalidMessage("did not receive a valid HTTP response"), "no WebSocket answers there"),
        (EOFError("connection closed while reading HTTP status line"), "no WebSocket answers there"),
        (ProxyError("the proxy said no"), "the proxy said no"),
        (
            ConnectionClosedError(Close(1012, "restart"), Close(1012, "restart"), True),
            "closed the connection (code 1012",
        ),
        (ConnectionClosedError(None, Close(1011, "keepalive ping timeout")), "no longer answers pings"),
        (ConnectionClosedError(None, Close(1009, "message too big")), "closed from here (code 1009, message too big)"),
        (ConnectionClosedError(None, None), "broke off"),
        (KeyError(), "KeyError"),
    ],
)
def test_every_way_to_be_away_has_plain_words(problem: BaseException, words: str) -> None:
    told = why_away(problem)
    assert words in told
    assert "Errno" not in told
    assert "_ssl.c" not in told


async def test_a_name_that_cannot_be_looked_up_is_told_and_tried_again(
    run_client: Any, home: Any, until: Until, tmp_path: Path
) -> None:
    config = StationConfig(station_id="S", url=f"ws://{'a' * 70}.invalid:9")
    async with run_client(config, tmp_path / "q.db", home) as online:
        await until(lambda: len(online.of(LinkDown)) > 1, "two tries")
        assert "name is not found" in online.of(LinkDown)[0].reason


@pytest.mark.parametrize(
    ("scheme", "said", "words"),
    [("wss", b"HTTP/1.1 400 Bad Request\r\n\r\n", "TLS does not come about"), ("ws", b"SSH-2.0-x\r\n", "no WebSocket")],
)
async def test_something_else_answers_at_that_port(
    run_client: Any, home: Any, until: Until, tmp_path: Path, scheme: str, said: bytes, words: str
) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        await reader.read(4096)
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        config = StationConfig(station_id="S", url=f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        async with run_client(config, tmp_path / "q.db", home) as online:
            await until(lambda: online.of(LinkDown), "the refusal")
            assert words in online.of(LinkDown)[0].reason
