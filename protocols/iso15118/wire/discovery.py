"""SDP over asyncio: the charger's answering end, and the car's asking one."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Protocol, cast

from protocols.iso15118.timings import Timings
from protocols.iso15118.v2gtp import V2gtpError
from protocols.iso15118.wire.network import Interface, TransportError, asking_socket
from protocols.iso15118.wire.sdp import SDP_MULTICAST, SdpRequest, SdpResponse, Security, read_request, read_response

log = logging.getLogger(__name__)

Address = tuple[str, int]


class DatagramTap(Protocol):
    """Hears the datagrams; for a capture."""

    def datagram(self, source: Address, target: Address, data: bytes) -> None:
        """One went from `source` to `target`."""


class SdpServer(asyncio.DatagramProtocol):
    """Answers each SDP request by what the car asks for. `answer` None: nothing here suits it."""

    def __init__(
        self, here: Address, answer: Callable[[Security], SdpResponse | None], tap: DatagramTap | None = None
    ) -> None:
        self._here = here
        self._answer = answer
        self._tap = tap
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is open."""
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """A datagram from anyone."""
        if self._tap is not None:
            loopback = self._here[0] == "::1"
            self._tap.datagram(addr[:2], self._here if loopback else (SDP_MULTICAST, self._here[1]), data)
        try:
            request = read_request(data)
        except V2gtpError as error:
            log.warning("an SDP request from %s was ignored: %s", addr[0], error)
            return
        log.debug("SDP request from %s, security %s", addr[0], request.security.name)
        answer = self._answer(request.security)
        if answer is None:
            log.warning("a car at %s asked for TLS, and there is no certificate for it here: no answer", addr[0])
            return
        packet = answer.to_bytes()
        if self._transport is not None:
            self._transport.sendto(packet, addr)
        if self._tap is not None:
            self._tap.datagram(self._here, addr[:2], packet)


async def discover(
    interface: Interface, port: int, asked: Security, timings: Timings, tap: DatagramTap | None = None
) -> SdpResponse:
    """Ask, wait a quarter of a second, ask again, up to fifty times (7.10.1). Raises `TransportError`."""
    answers: asyncio.Queue[SdpResponse] = asyncio.Queue()
    sock = asking_socket(interface)
    here = (interface.address, sock.getsockname()[1])
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _SdpClient(here, answers, tap), sock=sock
    )
    destination = "::1" if interface.loopback else SDP_MULTICAST
    request = SdpRequest(asked).to_bytes()
    try:
        for _ in range(timings.sdp_attempts):
            transport.sendto(request, interface.socket_address(destination, port))
            if tap is not None:
                tap.datagram(here, (destination, port), request)
            with contextlib.suppress(TimeoutError):
                return await asyncio.wait_for(answers.get(), timings.sdp_retry_s)
    finally:
        transport.close()
    waited_s = timings.sdp_attempts * timings.sdp_retry_s
    raise TransportError(
        f"no charger answered SDP on {interface.name!r} within {waited_s:g} s; is one there, on this link?"
    )


class _SdpClient(asyncio.DatagramProtocol):
    def __init__(self, here: Address, answers: "asyncio.Queue[SdpResponse]", tap: DatagramTap | None) -> None:
        self._here = here
        self._answers = answers
        self._tap = tap

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if self._tap is not None:
            self._tap.datagram(addr[:2], self._here, data)
        try:
            self._answers.put_nowait(read_response(data))
        except V2gtpError as error:
            log.warning("an SDP answer from %s was ignored: %s", addr[0], error)

    def error_received(self, exc: Exception) -> None:
        """Nobody listens there yet (ICMPv6); the next try may find someone."""
