"""Runs our own end again with what it was given in a recording, and compares what it sends, byte for byte."""

from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import fields
from typing import Any

from protocols.iso15118.car import CarModel, CarPlan
from protocols.iso15118.connection import ConnectionSecurity
from protocols.iso15118.credentials import CarCredentials, ChargerCredentials, Doubt, NotCredible
from protocols.iso15118.evcc import EvccSession
from protocols.iso15118.events import PayloadSeen, SessionEnded
from protocols.iso15118.evse import Evse
from protocols.iso15118.link import Link
from protocols.iso15118.recording.plain import Line, RecordingError, hints_of, member_kind, revive
from protocols.iso15118.recording.reader import Session
from protocols.iso15118.secc import SeccSession
from protocols.iso15118.services import Service
from protocols.iso15118.timings import Timings
from protocols.iso15118.v2gtp import pack

EVSE_KINDS = hints_of(Evse)
CHOSEN = ("session_id", "challenge")
"""What the charger's side chose at random."""


class Answers:
    """What the ports gave in the recording, in order, by name."""

    def __init__(self, lines: list[Line]) -> None:
        self._given: dict[str, deque[Line]] = defaultdict(deque)
        for line in lines:
            if line["kind"] == "port":
                self._given[line["name"]].append(line)

    def take(self, name: str) -> Any:
        """The next value of this name. Raises `RecordingError` when the state machine asks more than it did then, and
        `NotCredible` where the port did."""
        if not self._given[name]:
            raise RecordingError(f"it asks for {name} where it did not in the recording")
        line = self._given[name].popleft()
        if "doubt" in line:
            raise NotCredible(Doubt(line["doubt"]), line["sentence"])
        return line["value"]


class ReplayedPort:
    """Stands in for a port of the application, and gives what was given then."""

    def __init__(self, port: type, answers: Answers) -> None:
        self._port = port
        self._answers = answers

    def __getattr__(self, name: str) -> Any:
        if not hasattr(self._port, name):
            raise AttributeError(name)
        kind = member_kind(self._port, name)
        if kind is self._port:
            return lambda *_, **__: self
        if isinstance(self._port.__dict__.get(name), property):
            return revive(self._answers.take(name), kind)
        return lambda *_, **__: revive(self._answers.take(name), kind)


def _wish(link: Link, name: str, value: Any) -> None:
    """What the application asked of the car once, again."""
    if not isinstance(link, EvccSession):
        return
    match name:
        case "stop":
            link.stop(str(value))
        case "pause":
            link.pause(str(value))
        case "renegotiate_schedule":
            link.renegotiate_schedule()
        case "renegotiate_service":
            link.renegotiate_service(None if value is None else Service(value))
        case "standby":
            link.standby(on=bool(value))
        case _:
            raise RecordingError(f"this version's car has no wish {name:.40}")


def unknown_answers(session: Session) -> list[str]:
    """What the recording's ports gave that this program does not know how to give again."""
    ports = (CarModel, CarCredentials, ChargerCredentials)
    named = {line["name"] for line in session.lines if line["kind"] == "port"} - set(CHOSEN)
    return sorted(name for name in named if not any(hasattr(port, name) for port in ports))


class Driven:
    """Our state machine on a recording's lines. `difference`: the first one found, in one sentence."""

    def __init__(self, session: Session) -> None:
        self.same = 0
        """Messages of ours that came out as they were."""
        self.difference: str | None = None
        self._session = session
        self._answers = Answers(session.lines)
        self._made: deque[PayloadSeen] = deque()
        self._role: str = session.header["role"]
        self._evse = Evse()
        self._inputs: dict[str, Any] = {}
        self._received_s: float | None = None
        self._link: Link | None = None
        self._end: SessionEnded | None = None

    def run(self) -> "Driven":
        """Go through the lines until the end or the first difference."""
        try:
            for line in self._session.lines[1:]:
                self._take(line)
                if self.difference is not None:
                    break
            if self.difference is None and self._made:
                extra = self._made[0]
                self.difference = f"it sends a message more than in the recording: {extra.payload.hex().upper():.80}"
        except RecordingError as error:
            self.difference = str(error)
        except (LookupError, ValueError, ArithmeticError, TypeError, AttributeError) as error:
            # A file that someone changed by hand may hold values that no application ever gives.
            self.difference = f"it cannot run with what is recorded ({type(error).__name__}: {error})"
        return self

    def _take(self, line: Line) -> None:
        match line["kind"]:
            case "inputs":
                self._set_inputs(line["values"])
            case "opened":
                self._link = self._make(revive(line["security"], ConnectionSecurity))
                self._call(lambda link: link.connected(line["time_s"]))
            case "timer":
                self._call(lambda link: link.on_timer(line["time_s"]))
            case "message":
                self._message(line)
            case "stop":
                self._call(lambda link: _wish(link, "stop", line["reason"]))
            case "wish":
                self._call(lambda link: _wish(link, line["name"], line.get("value")))
            case "end":
                self._ended(line)
            case "cut":
                self._call(lambda link: link.end(line["time_s"], line["reason"]))
            case "lost":
                self._call(lambda link: link.connection_lost(line["time_s"], line["reason"]))
            case _:
                pass

    def _message(self, line: Line) -> None:
        payload, stream = bytes.fromhex(line["hex"]), int(line["stream"], 16)
        if line["sender"] != self._role:
            # Messages of one moment came in one piece: the application had no word between them.
            together, self._received_s = line["time_s"] == self._received_s, line["time_s"]
            self._call(lambda link: link.receive(pack(stream, payload), line["time_s"]), inputs=not together)
            return
        number = self.same + 1
        if not self._made:
            self.difference = f"it does not send its message {number} ({self._name(payload)})"
            return
        made = self._made.popleft()
        if (made.payload_type, made.payload) != (stream, payload):
            self.difference = (
                f"its message {number} ({self._name(payload)}) was {payload.hex().upper():.120} "
                f"and is now {made.payload.hex().upper():.120}"
            )
            return
        self.same = number

    def _ended(self, line: Line) -> None:
        """How it ended must be the same; the words may be another version's."""
        if self._link is None:
            return
        if self._end is None:
            self.difference = f"it goes on where it ended: {line['reason']}"
        elif (self._end.proper, self._end.paused) != (line["proper"], line["paused"]):
            self.difference = f"it ended otherwise: {self._end.reason} (then: {line['reason']})"

    def _name(self, payload: bytes) -> str:
        return next((m.name for m in self._session.messages if m.payload == payload), "?")

    def _call(self, what: Callable[[Link], None], *, inputs: bool = True) -> None:
        link = self._link
        if link is None:
            return
        if inputs:
            self._give_inputs()
        what(link)
        link.data_to_send()
        while (event := link.next_event()) is not None:
            if isinstance(event, PayloadSeen) and event.sender == self._role:
                self._made.append(event)
            elif isinstance(event, SessionEnded):
                self._end = event

    def _set_inputs(self, values: dict[str, Any]) -> None:
        known = {field.name for field in fields(Evse)}
        for name in values:
            if name not in known:
                raise RecordingError(f"this version's charger has no {name}")
        self._inputs |= values

    def _give_inputs(self) -> None:
        """Put the charger into its recorded state: the session writes there too, but the application last."""
        for name, value in self._inputs.items():
            setattr(self._evse, name, revive(value, EVSE_KINDS[name]))

    def _make(self, security: ConnectionSecurity) -> Link:
        header = self._session.header
        timings = revive(header["timings"], Timings)
        if self._role == "secc":
            self._give_inputs()
            return SeccSession(
                self._evse,
                timings,
                security=security,
                credentials=self._port(ChargerCredentials) if header.get("contracts") else None,
                make_session_id=lambda: bytes.fromhex(self._answers.take("session_id")),
                make_challenge=lambda: bytes.fromhex(self._answers.take("challenge")),
            )
        return EvccSession(
            self._port(CarModel),
            revive(header["plan"], CarPlan),
            timings,
            security=security,
            credentials=self._port(CarCredentials) if header.get("contracts") else None,
        )

    def _port(self, port: type) -> Any:
        return ReplayedPort(port, self._answers)
