"""Goes along a session's messages with its dialect's table: is each document whole, and does it come when it may?"""

from contextlib import suppress
from dataclasses import dataclass, field

from protocols.exi import encode
from protocols.exi.errors import ExiError
from protocols.iso15118.dialect import Dialect, failed
from protocols.iso15118.recording.plain import revive
from protocols.iso15118.recording.reader import Recorded, Session
from protocols.iso15118.secc_side import Envelope
from protocols.iso15118.services import Energy
from protocols.iso15118.table import HANDSHAKE, Exchange, State
from protocols.iso15118.timings import Timings

SLACK_S = 0.05
"""Times are taken where the recorder stands: the wire and the scheduler may add this."""


@dataclass(slots=True)
class Walk:
    """What a walk along one session found."""

    decoded: int = 0
    same_bytes: int = 0
    exchanges: int = 0
    state: str = State.HANDSHAKE
    """Where the session stood at last."""
    findings: list[str] = field(default_factory=list)


def check_bytes(session: Session, walk: Walk) -> None:
    """Every message must decode, and its document encode to the very same bytes."""
    for number, message in enumerate(session.messages, 1):
        if message.document is None:
            walk.findings.append(f"message {number} cannot be read: {message.problem}")
            continue
        walk.decoded += 1
        try:
            again = encode(message.namespace, message.document)
        except (ExiError, ValueError) as error:
            walk.findings.append(f"message {number}, {message.name}, cannot be encoded: {error}")
            continue
        if again == message.payload:
            walk.same_bytes += 1
        elif message.payload.startswith(again):
            # Some peers leave padding behind the document, which is allowed.
            walk.same_bytes += 1
        else:
            walk.findings.append(f"message {number}, {message.name}, encodes to other bytes: {again.hex().upper():.80}")


class _Walker:
    """One session on its table."""

    def __init__(self, session: Session, walk: Walk) -> None:
        self._session = session
        self._walk = walk
        header = session.header
        self._timings = revive(header["timings"], Timings) if "timings" in header else Timings()
        self._at: set[tuple[State, Energy | None]] = {(State.HANDSHAKE, None)}
        """Where the session can be: which kind of energy it is about may show only later."""
        self._asked: dict[int | None, tuple[Exchange, Envelope | None, Recorded]] = {}
        self._answered: dict[int | None, tuple[Exchange, float | None]] = {}

    def go(self) -> None:
        dialect = self._session.dialect
        for number, message in enumerate(self._session.messages, 1):
            if message.document is None:
                return
            where = f"message {number}, {message.name}"
            if message.sender == "evcc":
                self._request(dialect, message, where)
            else:
                self._response(dialect, message, where)

    def _request(self, dialect: Dialect | None, message: Recorded, where: str) -> None:
        exchange = self._exchange(dialect, message.name, request=True)
        if exchange is None:
            self._find(f"{where}: no request of {dialect.title if dialect else 'the handshake'}")
            return
        stream = self._stream(exchange, message)
        self._check_silence(stream, message, where)
        if stream in self._asked:
            self._find(f"{where}: it came before {self._asked[stream][0].request} was answered")
        if exchange is HANDSHAKE or dialect is None:
            allowed = {at for at in self._at if at[0] is State.HANDSHAKE}
            envelope = None
        else:
            envelope = dialect.unwrap(message.document) if message.document is not None else None
            table, beside = dialect.table, stream is not None
            allowed = {at for at in self._at if table.allowed(at[0], message.name, at[1], beside=beside)}
        if not allowed:
            self._find(f"{where}: the table has no such row in state {self._walk.state}")
        self._go_on(allowed)
        self._asked[stream] = (exchange, envelope, message)

    def _response(self, dialect: Dialect | None, message: Recorded, where: str) -> None:
        exchange = self._exchange(dialect, message.name, request=False)
        stream = self._stream(exchange, message) if exchange is not None else None
        asked = self._asked.pop(stream, None)
        if exchange is None or asked is None or asked[0] is not exchange:
            self._find(f"{where}: nobody asked for it")
            return
        self._walk.exchanges += 1
        _, request, question = asked
        if message.time_s is not None and question.time_s is not None:
            took_s, limit_s = message.time_s - question.time_s, self._timings.of(exchange.answer_within)
            if took_s > limit_s + SLACK_S:
                self._find(
                    f"{where}: it came after {took_s:.3f} s, allowed are {limit_s:g} s ({exchange.answer_within})"
                )
        self._answered[stream] = (exchange, message.time_s)
        if exchange is HANDSHAKE or dialect is None:
            energies: tuple[Energy | None, ...] = dialect.energies if dialect is not None else ()
            first = {(State.SESSION_SETUP, energy) for energy in energies}
            self._go_on(first or {(State.ENDED, None)})
            return
        if request is not None and message.document is not None:
            self._advance(
                dialect, exchange, request, dialect.unwrap(message.document), where, beside=stream is not None
            )

    def _advance(
        self, dialect: Dialect, exchange: Exchange, request: Envelope, response: Envelope, where: str, *, beside: bool
    ) -> None:
        if failed(response.body):
            self._go_on({(State.ENDED, None)})
            return
        if beside:
            return
        outcome = dialect.outcome_of(request.body, response.body)
        ways: set[tuple[State, Energy | None]] = set()
        for state, energy in self._at:
            with suppress(LookupError):
                ways.add((dialect.table.next_state(state, exchange.request, outcome, energy), energy))
        if not ways:
            self._find(f"{where}: {outcome} leads nowhere from state {self._walk.state}")
        self._go_on(ways)

    def _go_on(self, places: set[tuple[State, Energy | None]]) -> None:
        """Where the session is now; an empty set leaves it where it was, so that one mistake is told once."""
        if places:
            self._at = places
            self._walk.state = " or ".join(sorted({state for state, _ in places}))

    def _check_silence(self, stream: int | None, message: Recorded, where: str) -> None:
        last = self._answered.pop(stream, None)
        if last is None or last[1] is None or message.time_s is None:
            return
        waited_s, limit_s = message.time_s - last[1], self._timings.of(last[0].next_within)
        if waited_s > limit_s + SLACK_S:
            self._find(f"{where}: it came after {waited_s:.3f} s, allowed are {limit_s:g} s ({last[0].next_within})")

    def _exchange(self, dialect: Dialect | None, name: str, *, request: bool) -> Exchange | None:
        if (State.HANDSHAKE, None) in self._at or dialect is None:
            return HANDSHAKE if name == (HANDSHAKE.request if request else HANDSHAKE.response) else None
        return (dialect.table.exchanges if request else dialect.table.responses).get(name)

    @staticmethod
    def _stream(exchange: Exchange, message: Recorded) -> int | None:
        return message.stream if message.stream == exchange.side_stream else None

    def _find(self, finding: str) -> None:
        self._walk.findings.append(finding)


def walk(session: Session) -> Walk:
    """Check bytes, order and times of one session, both ends."""
    found = Walk()
    check_bytes(session, found)
    _Walker(session, found).go()
    return found
