"""What both ends share: framing, the EXI codec, one event queue, named timers. No socket, no clock.

Use it as h11 and aioquic are used: `receive` bytes, `data_to_send`, drain `next_event`, and call `on_timer` at the
time `next_timer` names. `now` is POSIX seconds that never jump (the transport makes them so).
"""

from abc import ABC, abstractmethod
from collections import deque

from protocols.exi import decode, encode
from protocols.exi.errors import ExiError
from protocols.exi.namespaces import APP_PROTOCOL, V20_AC, V20_COMMON, V20_DC
from protocols.exi.schema import Element
from protocols.iso15118.connection import PLAIN
from protocols.iso15118.events import Event, MessageIgnored, MessageSeen, Sender, SessionEnded, StateChanged
from protocols.iso15118.table import Energy, State
from protocols.iso15118.timings import Timings
from protocols.iso15118.v2gtp import PayloadType, V2gtpError, V2gtpMessage, V2gtpStream, pack

NAMESPACES = {
    PayloadType.APP_PROTOCOL: APP_PROTOCOL,
    PayloadType.MAINSTREAM: V20_COMMON,
    PayloadType.SCHEDULE_RENEGOTIATION: V20_COMMON,
    PayloadType.METERING_CONFIRMATION: V20_COMMON,
    PayloadType.AC: V20_AC,
    PayloadType.DC: V20_DC,
}
"""The grammar that reads each payload type."""


class Link(ABC):
    """One end of one session. Subclasses are `SeccSession` and `EvccSession`."""

    me: Sender
    peer: Sender

    def __init__(self, timings: Timings) -> None:
        self.timings = timings
        self.security = PLAIN
        """What protects the connection; set by the transport before `connected`."""
        self.state = State.HANDSHAKE
        self.energy: Energy | None = None
        self.session_id = bytes(8)
        self._stream = V2gtpStream()
        self._out = bytearray()
        self._events: deque[Event] = deque()
        self._deadlines: dict[str, float] = {}

    # What the transport calls.

    @property
    def ended(self) -> bool:
        """Whether the session is over: send what is left and close the connection."""
        return self.state is State.ENDED

    @abstractmethod
    def connected(self, now: float) -> None:
        """The connection is open: the EVCC asks, the SECC begins to wait."""

    def receive(self, data: bytes, now: float) -> None:
        """Take bytes from the peer."""
        try:
            messages = self._stream.receive(data)
        except V2gtpError as error:
            self.end(now, f"the peer's bytes are not V2GTP: {error}")
            return
        for message in messages:
            if self.ended:
                return
            self._receive_message(message, now)

    def data_to_send(self) -> bytes:
        """Bytes for the peer, once."""
        data = bytes(self._out)
        self._out.clear()
        return data

    def next_event(self) -> Event | None:
        """The oldest event not yet taken."""
        return self._events.popleft() if self._events else None

    def next_timer(self) -> float | None:
        """When `on_timer` wants to be called, POSIX seconds; None: not at all."""
        return min(self._deadlines.values(), default=None)

    def on_timer(self, now: float) -> None:
        """Let every timer that is due run."""
        for name, deadline in sorted(self._deadlines.items(), key=lambda item: item[1]):
            # A timer that ran may have stopped or moved the others.
            if self._deadlines.get(name) == deadline and deadline <= now:
                del self._deadlines[name]
                self._expired(name, now)

    def connection_lost(self, now: float, reason: str) -> None:
        """The transport is gone."""
        self.end(now, f"connection lost in state {self.state}: {reason}")

    def end(self, now: float, reason: str, *, proper: bool = False, paused: bool = False) -> None:
        """Finish the session, at once and for good. Does nothing if it is over."""
        if self.ended:
            return
        self._before_end(now)
        self._go(State.ENDED, now)
        self._deadlines.clear()
        self._emit(SessionEnded(now, proper, reason, paused))

    # What subclasses use and fill in.

    @abstractmethod
    def _handle(self, name: str, message: Element, payload_type: PayloadType, now: float) -> None:
        """One decoded message from the peer."""

    @abstractmethod
    def _expired(self, timer: str, now: float) -> None:
        """One timer is due; it is already stopped."""

    @abstractmethod
    def _before_end(self, now: float) -> None:
        """Last chance to emit what has to come before `SessionEnded`."""

    def _emit(self, event: Event) -> None:
        self._events.append(event)

    def _go(self, state: State, now: float) -> None:
        if state is not self.state:
            previous, self.state = self.state, state
            self._emit(StateChanged(now, state, previous))

    def _start_timer(self, name: str, seconds: float, now: float) -> None:
        self._deadlines[name] = now + seconds

    def _stop_timer(self, name: str) -> None:
        self._deadlines.pop(name, None)

    def _send(self, namespace: str, payload_type: PayloadType, message: Element, now: float) -> None:
        self._out += pack(payload_type, encode(namespace, message))
        name = type(message).__name__
        self._emit(MessageSeen(now, self.me, namespace, name, message, self.state))

    def _receive_message(self, packet: V2gtpMessage, now: float) -> None:
        try:
            payload_type = PayloadType(packet.payload_type)
            namespace = NAMESPACES[payload_type]
        except (ValueError, KeyError):
            self._emit(MessageIgnored(now, packet.payload_type))
            return
        if (payload_type is PayloadType.APP_PROTOCOL) != (self.state is State.HANDSHAKE):
            self.end(now, f"a {payload_type.name} payload came in state {self.state}")
            return
        try:
            message = decode(namespace, packet.payload)
        except ExiError as error:
            self.end(now, f"malformed EXI in state {self.state}: {error}")
            return
        name = type(message).__name__
        self._emit(MessageSeen(now, self.peer, namespace, name, message, self.state))
        self._handle(name, message, payload_type, now)
