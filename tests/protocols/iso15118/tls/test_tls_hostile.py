"""TLS bytes that were changed, cut, repeated or made up, at every stage: a sentence, and nobody gets in."""

import asyncio
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.iso15118 import CarPlan, EvccSecurity, EvccSession, Evse, SeccSession, SimulatedCar
from protocols.iso15118.events import SessionEnded
from protocols.iso15118.wire import network, pipe
from protocols.iso15118.wire.pipe import SessionPipe
from protocols.iso15118.wire.tls import V20, TlsClient, TlsOffer, TlsServer


def ends(authority: Any) -> tuple[TlsClient, TlsServer]:
    server = TlsServer([TlsOffer(V20, authority.credential("SECC", key=authority.sub_key), authority.check)])
    return TlsClient([V20], authority.check, authority.credential("car", key=authority.sub_key)), server


def flights(authority: Any) -> tuple[bytes, bytes, bytes]:
    """ClientHello, the server's flight, the client's second flight."""
    client, server = ends(authority)
    client.begin()
    hello = client.data_to_send()
    server.receive(hello)
    answer = server.data_to_send()
    client.receive(answer)
    return hello, answer, client.data_to_send()


def test_every_flipped_byte_of_a_hello_ends_in_an_answer_or_a_sentence(authority: Any) -> None:
    hello, _, _ = flights(authority)
    for index in range(0, len(hello), 3):
        _, server = ends(authority)
        changed = bytearray(hello)
        changed[index] ^= 0xFF
        server.receive(bytes(changed))
        server.data_to_send()
        assert server.facts is None


def test_a_flipped_bit_in_the_cars_second_flight_is_refused(authority: Any) -> None:
    client, server = ends(authority)
    client.begin()
    server.receive(client.data_to_send())
    client.receive(server.data_to_send())
    second = client.data_to_send()
    for index in range(0, len(second), len(second) // 25):
        client, server = ends(authority)
        client.begin()
        server.receive(client.data_to_send())
        client.receive(server.data_to_send())
        changed = bytearray(client.data_to_send())
        changed[index % len(changed)] ^= 0x20
        server.receive(bytes(changed))
        assert server.facts is None or server.failure is None
        if server.failure is not None:
            assert "\n" not in server.failure


@given(st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_made_up_bytes_after_the_hello_never_let_anyone_in(chunks: list[bytes]) -> None:
    client = TlsClient([V20], lambda chain, profile: None)
    client.begin()
    server = TlsServer([])
    server.receive(client.data_to_send())
    for chunk in chunks:
        assert server.receive(chunk) == b""
        assert client.receive(chunk) == b""
    assert server.facts is None
    assert client.facts is None


def test_a_replayed_flight_is_refused(authority: Any) -> None:
    _, _, second = flights(authority)
    client, server = ends(authority)
    client.begin()
    server.receive(client.data_to_send())
    server.receive(second)
    assert server.facts is None
    assert server.failure is not None


class DeafTransport:
    """Takes bytes that nobody reads."""

    def __init__(self) -> None:
        self.unsent = 0
        self.aborted = self.closed = False

    def write(self, data: bytes) -> None:
        self.unsent += len(data)

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def is_closing(self) -> bool:
        return self.closed or self.aborted

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.aborted = True

    def get_extra_info(self, name: str) -> tuple[str, int]:
        return (name, 0)


async def test_a_peer_that_never_reads_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipe, "MAX_UNSENT_BYTES", 10)
    joined = SessionPipe(
        EvccSession(SimulatedCar(), CarPlan(lab_v20_without_tls=True)), lambda event: None, network.steady_clock()
    )
    transport = DeafTransport()
    joined.connection_made(cast(asyncio.BaseTransport, transport))
    assert transport.aborted
    assert "does not read" in (await asyncio.wait_for(joined.ended, 5)).reason
    joined.connection_lost(None)


async def test_what_cannot_be_delivered_does_not_hold_a_closed_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipe, "LINGER_S", 0.01)
    joined = SessionPipe(SeccSession(Evse()), lambda event: None, network.steady_clock())
    transport = DeafTransport()
    joined.connection_made(cast(asyncio.BaseTransport, transport))
    joined.cut("enough")
    assert transport.closed
    async with asyncio.timeout(5):
        while not transport.aborted:
            await asyncio.sleep(0.01)
    joined.connection_lost(None)


async def test_a_charger_that_speaks_no_tls(authority: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()

    listening = await asyncio.start_server(greet, "::1", 0)
    port = listening.sockets[0].getsockname()[1]
    ended: list[SessionEnded] = []
    security = EvccSecurity(authority.check, authority.credential("car"), profiles=(V20,))
    joined = SessionPipe(
        EvccSession(SimulatedCar(), CarPlan()),
        lambda event: ended.append(event) if isinstance(event, SessionEnded) else None,
        network.steady_clock(),
        tls=security.tls(),
    )
    await asyncio.get_running_loop().create_connection(lambda: joined, "::1", port)
    end = await asyncio.wait_for(joined.ended, 10)
    assert not end.proper
    assert "the TLS handshake with the charger failed" in end.reason
    listening.close()
