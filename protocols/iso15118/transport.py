"""The thin asyncio skin: SDP on UDP 15118, sessions on TCP over IPv6 link-local addresses, timers from the loop.

Everything that decides is in `secc` and `evcc`. On a loopback interface SDP goes by unicast to ::1.
TLS is the next issue's: asking for it here says so.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import cast

from protocols.exi import prepare
from protocols.iso15118.car import CarModel, CarPlan
from protocols.iso15118.evcc import EvccSession
from protocols.iso15118.events import Event, SessionEnded
from protocols.iso15118.evse import Evse, Notification
from protocols.iso15118.link import NAMESPACES, Link
from protocols.iso15118.network import (
    Interface,
    TransportError,
    asking_socket,
    discovery_socket,
    find_interface,
    listening_socket,
    steady_clock,
)
from protocols.iso15118.sdp import (
    SDP_MULTICAST,
    SDP_PORT,
    SdpRequest,
    SdpResponse,
    Security,
    read_request,
    read_response,
)
from protocols.iso15118.secc import SeccSession
from protocols.iso15118.table import State
from protocols.iso15118.timings import Timings
from protocols.iso15118.v2gtp import V2gtpError

log = logging.getLogger(__name__)

OnEvent = Callable[[Event], None]
Clock = Callable[[], float]

TLS_IS_NOT_THERE = "TLS is not there yet: choose sessions without it (--no-tls) until a later version brings it"
MUTE_S = 5.0
"""A connection that has said nothing for this long gives way to a new one: a car speaks within 2 s."""

STOP_GRACE_S = 5.0
"""How long a session may take to end in order before it is cut."""


def get_ready() -> None:
    """Compile the codec before the peer comes: a message met for the first time would cost up to 40 ms."""
    prepare(*NAMESPACES.values())


class SessionPipe(asyncio.Protocol):
    """Joins one `Link` to one TCP connection. The answer goes out before the application hears of it."""

    def __init__(self, link: Link, on_event: OnEvent, clock: Clock) -> None:
        self.link = link
        self._on_event = on_event
        self._clock = clock
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._opened_s = clock()
        self.ended: asyncio.Future[SessionEnded] = asyncio.get_running_loop().create_future()

    @property
    def mute(self) -> bool:
        """Whether the peer has had time to speak, and has not."""
        return self.link.state is State.HANDSHAKE and self._clock() - self._opened_s > MUTE_S

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is open."""
        self._transport = cast(asyncio.Transport, transport)
        self.link.connected(self._clock())
        self.flush()

    def data_received(self, data: bytes) -> None:
        """Bytes from the peer."""
        self.link.receive(data, self._clock())
        self.flush()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone, whoever closed it."""
        self.link.connection_lost(self._clock(), str(exc) if exc else "the peer closed it")
        self.flush()

    def cut(self, reason: str) -> None:
        """End the session here and now."""
        self.link.end(self._clock(), reason)
        self.flush()

    def flush(self) -> None:
        """Send what is to be sent, tell what is to be told, set the timer."""
        data = self.link.data_to_send()
        if data and self._transport is not None:
            self._transport.write(data)
        while (event := self.link.next_event()) is not None:
            if isinstance(event, SessionEnded) and not self.ended.done():
                self.ended.set_result(event)
            self._tell(event)
        self._set_timer()
        if self.link.ended and self._transport is not None:
            self._transport.close()

    def _tell(self, event: Event) -> None:
        try:
            self._on_event(event)
        except Exception:
            # A mistake in a listener must not stop the timers that watch over the power.
            log.exception("a listener failed on %s", type(event).__name__)

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = self.link.next_timer()
        if due is not None:
            delay = max(0.0, due - self._clock())
            self._timer = asyncio.get_running_loop().call_later(delay, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self.link.on_timer(self._clock())
        self.flush()


class _Refused(asyncio.Protocol):
    """A connection for which there is no room: closed at once, without a word."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        log.warning("a second car connected while a session is running; its connection was closed")
        transport.close()


class _SdpServer(asyncio.DatagramProtocol):
    """Answers every SDP request with where we are."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        try:
            request = read_request(data)
        except V2gtpError as error:
            log.warning("an SDP request from %s was ignored: %s", addr[0], error)
            return
        log.debug("SDP request from %s, security %s", addr[0], request.security.name)
        if self._transport is not None:
            self._transport.sendto(self._answer, addr)


class SeccServer:
    """The charger's side on one interface: answers SDP, holds one session at a time, one after the other.

    `on_event` hears every event of every session, from the event loop's thread; set-points go into `evse` at any
    time. Raises `TransportError` from `start`.
    """

    def __init__(
        self,
        interface: str,
        evse: Evse,
        on_event: OnEvent,
        *,
        timings: Timings | None = None,
        security: Security = Security.NONE,
        sdp_port: int = SDP_PORT,
    ) -> None:
        self.evse = evse
        self.port = 0
        self.sdp_port = sdp_port
        self._interface_name = interface
        self._on_event = on_event
        self._timings = timings or Timings()
        self._security = security
        self._clock = steady_clock()
        self._pipe: SessionPipe | None = None
        self._server: asyncio.Server | None = None
        self._sdp: asyncio.DatagramTransport | None = None

    @property
    def session(self) -> SeccSession | None:
        """The session that is running, if one is."""
        if self._pipe is None or self._pipe.link.ended:
            return None
        return self._pipe.link if isinstance(self._pipe.link, SeccSession) else None

    async def start(self) -> None:
        """Listen. With `sdp_port` 0 the system chooses one, which `sdp_port` then tells."""
        if self._security is Security.TLS:
            raise TransportError(TLS_IS_NOT_THERE)
        interface = find_interface(self._interface_name)
        get_ready()
        loop = asyncio.get_running_loop()
        sdp_socket = discovery_socket(interface, self.sdp_port)
        try:
            tcp_socket = listening_socket(interface)
        except TransportError:
            sdp_socket.close()
            raise
        self._server = await loop.create_server(self._accept, sock=tcp_socket)
        self.port, self.sdp_port = tcp_socket.getsockname()[1], sdp_socket.getsockname()[1]
        answer = SdpResponse(interface.address, self.port, self._security).to_bytes()
        self._sdp, _ = await loop.create_datagram_endpoint(lambda: _SdpServer(answer), sock=sdp_socket)

    async def stop(self, grace_s: float = STOP_GRACE_S) -> None:
        """Ask a running session to end in order, cut it after `grace_s`, and listen no more."""
        if self._sdp is not None:
            self._sdp.close()
        if self._server is not None:
            self._server.close()
        if self._pipe is not None and self.session is not None:
            self.evse.notify(Notification.Terminate)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._pipe.ended), grace_s)
            self._pipe.cut("the charger was stopped, and the car did not end the session in time")

    def _accept(self) -> asyncio.Protocol:
        if self.session is not None and self._pipe is not None and self._pipe.mute:
            self._pipe.cut("another car connected, and this connection had said nothing")
        if self.session is not None:
            return _Refused()
        self._pipe = SessionPipe(SeccSession(self.evse, self._timings), self._on_event, self._clock)
        return self._pipe


class EvccClient:
    """The car's side: finds a charger on an interface, and runs one session with it."""

    def __init__(
        self,
        interface: str,
        car: CarModel,
        plan: CarPlan,
        on_event: OnEvent,
        *,
        timings: Timings | None = None,
        security: Security = Security.NONE,
        sdp_port: int = SDP_PORT,
    ) -> None:
        self._interface_name = interface
        self._car, self._plan = car, plan
        self._on_event = on_event
        self._timings = timings or Timings()
        self._security = security
        self._sdp_port = sdp_port
        self._clock = steady_clock()
        self._pipe: SessionPipe | None = None

    async def run(self) -> SessionEnded:
        """Discover, connect, run to the end. Raises `TransportError` when no session comes about."""
        if self._security is Security.TLS:
            raise TransportError(TLS_IS_NOT_THERE)
        interface = find_interface(self._interface_name)
        get_ready()
        found = await self._discover(interface)
        if found.security is Security.TLS:
            raise TransportError("the charger insists on TLS, which is not there yet")
        session = EvccSession(self._car, self._plan, self._timings)
        loop = asyncio.get_running_loop()
        host = found.address if interface.loopback else f"{found.address}%{interface.name}"
        try:
            _, pipe = await asyncio.wait_for(
                loop.create_connection(lambda: SessionPipe(session, self._on_event, self._clock), host, found.port),
                self._timings.evcc_message_s,
            )
        except (OSError, TimeoutError) as error:
            raise TransportError(
                f"the charger at [{found.address}]:{found.port} does not accept a connection: {error}"
            ) from error
        self._pipe = pipe
        try:
            return await asyncio.shield(pipe.ended)
        except asyncio.CancelledError:
            pipe.cut("the car was stopped")
            raise

    def stop(self, reason: str) -> None:
        """End the session in order; before there is one, `run` has to be cancelled instead."""
        if self._pipe is not None and isinstance(self._pipe.link, EvccSession):
            self._pipe.link.stop(reason)

    @property
    def connected(self) -> bool:
        """Whether a session is running."""
        return self._pipe is not None and not self._pipe.link.ended

    @property
    def last_end(self) -> SessionEnded | None:
        """How the session ended; None while it runs or if there never was one."""
        return self._pipe.ended.result() if self._pipe is not None and self._pipe.ended.done() else None

    async def _discover(self, interface: Interface) -> SdpResponse:
        """Ask, wait a quarter of a second, ask again, up to fifty times (7.10.1)."""
        answers: asyncio.Queue[SdpResponse] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: _SdpClient(answers), sock=asking_socket(interface))
        destination = "::1" if interface.loopback else SDP_MULTICAST
        request = SdpRequest(self._security).to_bytes()
        try:
            for _ in range(self._timings.sdp_attempts):
                transport.sendto(request, interface.socket_address(destination, self._sdp_port))
                with contextlib.suppress(TimeoutError):
                    return await asyncio.wait_for(answers.get(), self._timings.sdp_retry_s)
        finally:
            transport.close()
        waited_s = self._timings.sdp_attempts * self._timings.sdp_retry_s
        raise TransportError(
            f"no charger answered SDP on {interface.name!r} within {waited_s:g} s; is one there, on this link?"
        )


class _SdpClient(asyncio.DatagramProtocol):
    def __init__(self, answers: "asyncio.Queue[SdpResponse]") -> None:
        self._answers = answers

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        try:
            self._answers.put_nowait(read_response(data))
        except V2gtpError as error:
            log.warning("an SDP answer from %s was ignored: %s", addr[0], error)

    def error_received(self, exc: Exception) -> None:
        """Nobody listens there yet (ICMPv6); the next try may find someone."""
