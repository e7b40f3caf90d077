"""The thin asyncio skin: a charger that listens on an interface, a car that finds one; sessions on TCP over IPv6
link-local addresses, with TLS or without.

Everything that decides is in `secc`, `evcc` and `security`. On a loopback interface SDP goes by unicast to ::1.
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable

from protocols.iso15118.car import CarModel, CarPlan
from protocols.iso15118.evcc import EvccSession
from protocols.iso15118.events import SessionEnded
from protocols.iso15118.evse import Evse, Notification
from protocols.iso15118.recording.recorder import Recorder, Sink
from protocols.iso15118.registry import get_ready
from protocols.iso15118.secc import SeccSession
from protocols.iso15118.secc_side import new_challenge, new_session_id
from protocols.iso15118.timings import HANDSHAKE_MESSAGE, Timings
from protocols.iso15118.wire.capture import Capture
from protocols.iso15118.wire.discovery import SdpServer, discover
from protocols.iso15118.wire.network import (
    TransportError,
    discovery_socket,
    find_interface,
    listening_socket,
    steady_clock,
)
from protocols.iso15118.wire.pipe import OnEvent, SessionPipe
from protocols.iso15118.wire.sdp import SDP_PORT, SdpResponse, Security
from protocols.iso15118.wire.security import EvccSecurity, SeccSecurity
from protocols.iso15118.wire.tls import TlsError

log = logging.getLogger(__name__)

STOP_GRACE_S = 5.0
"""How long a session may take to end in order before it is cut."""


class _Refused(asyncio.Protocol):
    """A connection for which there is no room: closed at once, without a word."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        log.warning("a second car connected while a session is running; its connection was closed")
        transport.close()


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
        security: SeccSecurity | None = None,
        sdp_port: int = SDP_PORT,
        capture: Capture | None = None,
        record: Callable[[], Sink] | None = None,
    ) -> None:
        self.evse = evse
        self.ports: dict[Security, int] = {}
        """Where we listen with TLS, and without; the system chooses."""
        self.sdp_port = sdp_port
        self._interface_name = interface
        self._on_event = on_event
        self._timings = timings or Timings()
        self.security = security or SeccSecurity()
        """May be replaced while we run (a certificate was renewed): the next connection goes by it."""
        self.capture = capture
        """May begin and end while we run, too: it hears the connections that come from then on."""
        self._record = record
        self._clock = steady_clock()
        self._pipe: SessionPipe | None = None
        self._servers: list[asyncio.Server] = []
        self._sdp: asyncio.DatagramTransport | None = None

    @property
    def port(self) -> int:
        """Where a car is sent that asks for the best we have; 0 before `start`."""
        return self.ports.get(Security.TLS) or self.ports.get(Security.NONE, 0)

    @property
    def session(self) -> SeccSession | None:
        """The session that is running, if one is."""
        if self._pipe is None or self._pipe.link.ended:
            return None
        return self._pipe.link if isinstance(self._pipe.link, SeccSession) else None

    async def start(self) -> None:
        """Listen. With `sdp_port` 0 the system chooses one, which `sdp_port` then tells."""
        kinds = self._kinds()
        interface = find_interface(self._interface_name)
        get_ready(self.evse.offer.protocols)
        with contextlib.ExitStack() as undo:
            sdp_socket = discovery_socket(interface, self.sdp_port)
            undo.callback(sdp_socket.close)
            listening: dict[Security, socket.socket] = {}
            for kind in kinds:
                listening[kind] = listening_socket(interface)
                undo.callback(listening[kind].close)
            undo.pop_all()
        loop = asyncio.get_running_loop()
        for kind, sock in listening.items():
            self._servers.append(await loop.create_server(lambda kind=kind: self._accept(kind), sock=sock))  # type: ignore[misc]
            self.ports[kind] = sock.getsockname()[1]
        self.sdp_port = sdp_socket.getsockname()[1]

        def answer(asked: Security) -> SdpResponse | None:
            given = self.security.answer(asked)
            return None if given is None else SdpResponse(interface.address, self.ports[given], given)

        here = (interface.address, self.sdp_port)
        self._sdp, _ = await loop.create_datagram_endpoint(lambda: SdpServer(here, answer, self), sock=sdp_socket)

    async def stop(self, grace_s: float = STOP_GRACE_S) -> None:
        """Ask a running session to end in order, cut it after `grace_s`, and listen no more."""
        if self._sdp is not None:
            self._sdp.close()
        for server in self._servers:
            server.close()
        if self._pipe is not None and self.session is not None:
            self.evse.notify(Notification.Terminate)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._pipe.ended), grace_s)
            self._pipe.cut("the charger was stopped, and the car did not end the session in time")

    def cut(self, reason: str) -> None:
        """End the running session here and now, without a word: the wire to the car is gone."""
        if self._pipe is not None and self.session is not None:
            self._pipe.cut(reason)

    def datagram(self, source: tuple[str, int], target: tuple[str, int], data: bytes) -> None:
        """An SDP message went by, for the capture."""
        if self.capture is not None:
            self.capture.datagram(source, target, data)

    def _kinds(self) -> tuple[Security, ...]:
        """What we listen for."""
        kinds = ((Security.TLS,) if self.security.offers else ()) + (
            (Security.NONE,) if self.security.allow_plain else ()
        )
        if not kinds:
            raise TransportError("TLS is required, and there is no certificate for it: give the charger one")
        return kinds

    def _accept(self, kind: Security) -> asyncio.Protocol:
        if self.session is not None and self._pipe is not None and self._pipe.mute:
            self._pipe.cut("another car connected, and this connection had said nothing")
        if self.session is not None:
            return _Refused()
        self._pipe = self._new_pipe(kind)
        return self._pipe

    def _new_pipe(self, kind: Security) -> SessionPipe:
        contracts, recorder = self.security.contracts, None
        make_session_id, make_challenge = new_session_id, new_challenge
        if self._record is not None:
            recorder = Recorder.of_charger(
                self._record(), self.evse, self._clock(), self._timings, contracts=contracts is not None
            )
            contracts = recorder.port(contracts)
            make_session_id = recorder.chosen("session_id", make_session_id)
            make_challenge = recorder.chosen("challenge", make_challenge)
        session = SeccSession(
            self.evse,
            self._timings,
            credentials=contracts,
            make_session_id=make_session_id,
            make_challenge=make_challenge,
        )
        return SessionPipe(
            session,
            self._on_event,
            self._clock,
            tls=self.security.tls() if kind is Security.TLS else None,
            tap=self.capture.connection() if self.capture is not None else None,
            recorder=recorder,
        )


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
        security: EvccSecurity | None = None,
        sdp_port: int = SDP_PORT,
        capture: Capture | None = None,
        record: Callable[[], Sink] | None = None,
    ) -> None:
        self._interface_name = interface
        self._car, self._plan = car, plan
        self._on_event = on_event
        self._timings = timings or Timings()
        self._security = security or EvccSecurity()
        self._sdp_port = sdp_port
        self._capture = capture
        self._record = record
        self._clock = steady_clock()
        self._pipe: SessionPipe | None = None

    async def run(self) -> SessionEnded:
        """Discover, connect, run to the end. Raises `TransportError` when no session comes about."""
        interface = find_interface(self._interface_name)
        get_ready(self._plan.wanted_protocols)
        asked = self._security.asks
        found = await discover(interface, self._sdp_port, asked, self._timings, self._capture)
        with_tls = self._agree(asked, found.security)
        car, contracts, recorder = self._car, self._security.contracts, None
        if self._record is not None:
            recorder = Recorder.of_car(
                self._record(), self._plan, self._clock(), self._timings, contracts=contracts is not None
            )
            car, contracts = recorder.port(car), recorder.port(contracts)
        session = EvccSession(car, self._plan, self._timings, credentials=contracts)
        if recorder is not None:
            session.tell_wishes(recorder.wish)
        host = found.address if interface.loopback else f"{found.address}%{interface.name}"

        def make_pipe() -> SessionPipe:
            return SessionPipe(
                session,
                self._on_event,
                self._clock,
                tls=self._security.tls() if with_tls else None,
                tap=self._capture.connection() if self._capture is not None else None,
                recorder=recorder,
            )

        try:
            _, pipe = await asyncio.wait_for(
                asyncio.get_running_loop().create_connection(make_pipe, host, found.port),
                self._timings.of(HANDSHAKE_MESSAGE),
            )
        except TlsError as error:
            raise TransportError(str(error)) from error
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
        if self._pipe is not None:
            self._pipe.stop(reason)

    @property
    def session(self) -> EvccSession | None:
        """The session that is running, if one is: to pause it, to renegotiate, to stand by."""
        running = self._pipe.link if self._pipe is not None and not self._pipe.link.ended else None
        return running if isinstance(running, EvccSession) else None

    @property
    def connected(self) -> bool:
        """Whether a session is running."""
        return self._pipe is not None and not self._pipe.link.ended

    @property
    def last_end(self) -> SessionEnded | None:
        """How the session ended; None while it runs or if there never was one."""
        return self._pipe.ended.result() if self._pipe is not None and self._pipe.ended.done() else None

    def _agree(self, asked: Security, found: Security) -> bool:
        """Whether to speak TLS, from what we asked for and what the charger answered."""
        if found is Security.TLS and asked is Security.NONE:
            raise TransportError("the charger insists on TLS: give this car certificates for it")
        if found is Security.NONE and asked is Security.TLS and not self._security.allow_plain:
            raise TransportError(
                "the charger has no TLS, and this car does not go without: give the charger a certificate, "
                "or, in a laboratory, let the car ask without TLS"
            )
        return found is Security.TLS
