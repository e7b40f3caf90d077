"""Writes a session down while it runs: every message, every call of the state machine, every value that it read there.
With this a session runs again, byte for byte, on any machine and at any later time.

The lines, one JSON object each, told apart by `kind`:

- `header`: version of the format, program, role ("secc" or "evcc"), `time_s`, timers, and for a car its plan
- `inputs`: those fields of `Evse` that changed since the last such line
- `opened`: the connection stands; `security` says how
- `message`: `time_s`, `sender`, `stream` (the V2GTP payload type), `hex` (the payload)
- `timer`: the state machine was called because a timer was due
- `port`: what the car, or another port, answered: `name`, `value` (or `doubt` and `sentence`)
- `gap`: something that has no place in a recording was read: our own end cannot run again
- `wish`: what the application asked of the car meanwhile: `name`, `value` (in older files a `stop` with its `reason`)
- `cut`, `lost`: the application or the network ended it at once, with `reason`
- `end`: `proper`, `paused`, `reason`
"""

import logging
from collections.abc import Callable
from dataclasses import fields
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Any, TypeVar, cast

from protocols.iso15118.car import CarPlan
from protocols.iso15118.connection import ConnectionSecurity
from protocols.iso15118.credentials import NotCredible
from protocols.iso15118.events import Event, PayloadSeen, SessionEnded
from protocols.iso15118.evse import Evse
from protocols.iso15118.recording.plain import plain, to_line
from protocols.iso15118.timings import Timings

log = logging.getLogger(__name__)

FORMAT = 1
Sink = Callable[[str], None]
"""Takes one line, without its end."""

_NOTHING = object()
Port = TypeVar("Port")


class Recorder:
    """Records one session. The pipe tells it each call before the state machine hears of it."""

    def __init__(self, sink: Sink, role: str, time_s: float, timings: Timings, **more: Any) -> None:
        self._sink = sink
        self._broken = False
        self._evse: Evse | None = None
        self._known: dict[str, tuple[Any, Any]] = {}
        """Field of `Evse` → its value when last looked at, and as it was written."""
        self._write(
            "header", version=FORMAT, program=_program(), role=role, time_s=time_s, timings=plain(timings), **more
        )

    @classmethod
    def of_charger(cls, sink: Sink, evse: Evse, time_s: float, timings: Timings, *, contracts: bool) -> "Recorder":
        """For the charger's side; begin before the session is made. `contracts`: there is Plug & Charge."""
        recorder = cls(sink, "secc", time_s, timings, contracts=contracts)
        recorder._evse = evse
        recorder.inputs()
        return recorder

    @classmethod
    def of_car(cls, sink: Sink, plan: CarPlan, time_s: float, timings: Timings, *, contracts: bool) -> "Recorder":
        """For the car's side."""
        return cls(sink, "evcc", time_s, timings, contracts=contracts, plan=plain(plan))

    def port(self, port: Port) -> Port:
        """The same port of the application, with every answer written down; None stays None."""
        return cast(Port, RecordedPort(port, self)) if port is not None else port

    def chosen(self, name: str, make: Callable[[], bytes]) -> Callable[[], bytes]:
        """The same source of random bytes, with what it gave written down."""

        def recorded() -> bytes:
            value = make()
            self.answer(name, value.hex())
            return value

        return recorded

    def answer(self, name: str, value: Any) -> None:
        """A port gave this value."""
        try:
            self._write("port", name=name, value=plain(value))
        except TypeError:
            self._write("gap", name=name)

    def refused(self, name: str, refusal: NotCredible) -> None:
        """A port raised."""
        self._write("port", name=name, doubt=refusal.doubt, sentence=str(refusal))

    def inputs(self) -> None:
        """Whatever of the charger's state has changed."""
        if self._evse is None:
            return
        changed: dict[str, Any] = {}
        for field in fields(self._evse):
            value = getattr(self._evse, field.name)
            seen, written = self._known.get(field.name, (_NOTHING, _NOTHING))
            if value is seen and not _may_change(value):
                continue
            try:
                now = plain(value)
            except TypeError:
                now = None
                if seen is _NOTHING:
                    self._write("gap", name=field.name)
            self._known[field.name] = (value, now)
            if now != written:
                changed[field.name] = now
        if changed:
            self._write("inputs", values=changed)

    def opened(self, now: float, security: ConnectionSecurity) -> None:
        """The connection stands."""
        self.inputs()
        self._write("opened", time_s=now, security=plain(security))

    def timer(self, now: float) -> None:
        """A timer is about to be served."""
        self.inputs()
        self._write("timer", time_s=now)

    def wish(self, name: str, value: Any) -> None:
        """The application asks the car to stop, to pause, to renegotiate, to stand by."""
        self._write("wish", name=name, value=plain(value))

    def ended_by(self, kind: str, now: float, reason: str) -> None:
        """`cut` (at once, by the application) or `lost` (by the network)."""
        self._write(kind, time_s=now, reason=reason)

    def heard(self, event: Event) -> None:
        """An event of the session: messages and its end are written."""
        match event:
            case PayloadSeen():
                self._write(
                    "message",
                    time_s=event.time_s,
                    sender=event.sender,
                    stream=f"0x{event.payload_type:04X}",
                    hex=event.payload.hex().upper(),
                )
            case SessionEnded():
                self._write("end", time_s=event.time_s, proper=event.proper, paused=event.paused, reason=event.reason)
            case _:
                pass

    def _write(self, kind: str, **rest: Any) -> None:
        if self._broken:
            return
        try:
            self._sink(to_line({"kind": kind, **rest}))
        except OSError as error:
            # A full disk ends the recording, not the session.
            self._broken = True
            log.warning("the recording of this session stops here: %s", error.strerror or error)


class RecordedPort:
    """Stands in for a port of the application, and writes down whatever it gives.

    It has the port's very attributes, so that it passes for whatever protocol the port passes for.
    """

    def __new__(cls, port: object, recorder: Recorder) -> "RecordedPort":
        """A class of its own for each port."""
        names = [name for name in dir(port) if not name.startswith("_")]
        members = {name: property(partial(_recorded, name=name)) for name in names}
        made: RecordedPort = object.__new__(type(cls.__name__, (cls,), members))
        return made

    def __init__(self, port: object, recorder: Recorder) -> None:
        self._port = port
        self._recorder = recorder


def _recorded(stand_in: RecordedPort, name: str) -> Any:
    value, recorder = getattr(stand_in._port, name), stand_in._recorder
    if not callable(value):
        recorder.answer(name, value)
        return value

    def recorded(*words: Any, **named: Any) -> Any:
        try:
            given = value(*words, **named)
        except NotCredible as refusal:
            recorder.refused(name, refusal)
            raise
        if isinstance(given, type(stand_in._port)):
            # The same port for another generation: its answers are written down as they come.
            return recorder.port(given)
        recorder.answer(name, given)
        return given

    return recorded


def _may_change(value: object) -> bool:
    """Whether this very object can hold something else later."""
    return type(value).__hash__ is None


def _program() -> str:
    try:
        return f"twoway {version('twoway')}"
    except PackageNotFoundError:
        return "twoway"
