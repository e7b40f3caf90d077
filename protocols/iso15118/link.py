"""What both ends share: framing, the EXI codec, the dialect, one event queue, named timers. No socket, no clock.

Use it as h11 and aioquic are used: `receive` bytes, `data_to_send`, drain `next_event`, and call `on_timer` at the
time `next_timer` names. `now` is POSIX seconds that never jump (the transport makes them so).
"""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Sequence

from protocols.exi import decode, encode
from protocols.exi.errors import ExiError
from protocols.exi.namespaces import APP_PROTOCOL
from protocols.exi.schema import Element
from protocols.iso15118.connection import ConnectionSecurity
from protocols.iso15118.dialect import Dialect
from protocols.iso15118.events import (
    Event,
    MessageIgnored,
    MessageSeen,
    PayloadSeen,
    Sender,
    SessionEnded,
    StateChanged,
)
from protocols.iso15118.secc_side import Envelope
from protocols.iso15118.services import Energy
from protocols.iso15118.table import State
from protocols.iso15118.timings import Timings
from protocols.iso15118.v2gtp import PayloadType, V2gtpError, V2gtpMessage, V2gtpStream, pack

EVIDENCE_BYTES = 256
"""How much of a message that ended a session is kept to be shown."""

Stream = PayloadType | None
"""The main sequence (None), or one of the multiplexed streams beside it."""

TimerKey = tuple[str, Stream]


class Link(ABC):
    """One end of one session. Subclasses are `SeccSession` and `EvccSession`.

    `dialect` is None until the handshake has chosen one. which the connection's security has a say in.
    """

    me: Sender
    peer: Sender

    def __init__(self, timings: Timings, security: ConnectionSecurity) -> None:
        self.timings = timings
        self.security = security
        """What protects the connection; the transport sets it before `connected`."""
        self.state = State.HANDSHAKE
        self.dialect: Dialect | None = None
        self.energy: Energy | None = None
        self._stream = V2gtpStream()
        self._out = bytearray()
        self._events: deque[Event] = deque()
        self._deadlines: dict[TimerKey, float] = {}
        self._in_hand: bytes = b""

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
            self._receive_messages(self._stream.receive(data), now)
        except V2gtpError as error:
            self._receive_messages(error.before, now)
            self._in_hand = data
            self.end(now, f"the peer's bytes are not V2GTP: {error}")

    def _receive_messages(self, messages: Sequence[V2gtpMessage], now: float) -> None:
        for message in messages:
            if self.ended:
                return
            self._in_hand = message.payload
            self._receive_message(message, now)
            self._in_hand = b""

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
        for key, deadline in sorted(self._deadlines.items(), key=lambda item: item[1]):
            # A timer that ran may have stopped or moved the others.
            if self._deadlines.get(key) == deadline and deadline <= now:
                del self._deadlines[key]
                self._expired(key[0], key[1], now)

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
        evidence = "" if proper else self._in_hand[:EVIDENCE_BYTES].hex().upper()
        self._emit(SessionEnded(now, proper, reason, paused, evidence))

    # What subclasses use and fill in.

    @abstractmethod
    def _handle_handshake(self, message: Element, now: float) -> None:
        """supportedAppProtocol, the one message before there is a dialect."""

    @abstractmethod
    def _handle(self, dialect: Dialect, envelope: Envelope, payload_type: PayloadType, now: float) -> None:
        """One message of the dialect from the peer."""

    @abstractmethod
    def _expired(self, timer: str, stream: Stream, now: float) -> None:
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

    def _start_timer(self, name: str, seconds: float, now: float, stream: Stream = None) -> None:
        self._deadlines[name, stream] = now + seconds

    def _stop_timer(self, name: str, stream: Stream = None) -> None:
        self._deadlines.pop((name, stream), None)

    def _send(self, namespace: str, payload_type: PayloadType, name: str, document: Element, now: float) -> None:
        payload = encode(namespace, document)
        self._out += pack(payload_type, payload)
        self._emit(PayloadSeen(now, self.me, payload_type, payload))
        self._emit(MessageSeen(now, self.me, namespace, name, document, self.state, payload_type, payload))

    def _receive_message(self, packet: V2gtpMessage, now: float) -> None:
        self._emit(PayloadSeen(now, self.peer, packet.payload_type, packet.payload))
        handshake = packet.payload_type == PayloadType.APP_PROTOCOL
        grammars = self.dialect.grammars if self.dialect else {PayloadType.APP_PROTOCOL: APP_PROTOCOL}
        try:
            payload_type = PayloadType(packet.payload_type)
            namespace = grammars[payload_type]
        except (ValueError, KeyError):
            if handshake or self.dialect is None:
                self.end(now, f"a message with payload type 0x{packet.payload_type:04X} came in state {self.state}")
            else:
                self._emit(MessageIgnored(now, packet.payload_type))
            return
        try:
            document = decode(namespace, packet.payload)
        except ExiError as error:
            self.end(now, f"malformed EXI in state {self.state}: {error}")
            return
        if self.dialect is None:
            self._see(namespace, type(document).__name__, document, packet, now)
            self._handle_handshake(document, now)
            return
        try:
            envelope = self.dialect.unwrap(document)
        except ValueError as error:
            self._see(namespace, type(document).__name__, document, packet, now)
            self.end(now, f"no message of {self.dialect.title} in state {self.state}: {error}")
            return
        self._see(namespace, envelope.name, document, packet, now)
        self._handle(self.dialect, envelope, payload_type, now)

    def _see(self, namespace: str, name: str, document: Element, packet: V2gtpMessage, now: float) -> None:
        self._emit(MessageSeen(now, self.peer, namespace, name, document, self.state, *packet))
