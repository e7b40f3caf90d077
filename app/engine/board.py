"""The board: the latest of everything that drivers say, as one picture of the home.

Whoever listens is called at once, in the publisher's own call: from a meter's reply to a new set-point there is no
queue and no task switch. What cannot be true (no number, beyond three times the connection) stops here.
"""

import logging
import math
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from app.clock import Clock
from app.engine.health import HealthBook
from app.ports import CarSession, Health, SwitchState
from energy.grid_events import GridEvent
from energy.model import BatteryState, Connection, Readings

log = logging.getLogger(__name__)

MESSAGES_KEPT = 500
IMPLAUSIBLE_FACTOR = 3.0
"""A power beyond this many times what the fuse carries is a wiring or scaling fault, not a reading."""
FREQUENCY_HZ = (40.0, 70.0)
BATTERY_HOLDS_S = 60.0
"""A house battery's last word holds this long; a silent one's power counts as load again."""
FUTURE_S = 5.0
"""A reading stamped later than now by more than this is refused."""


class Topic(StrEnum):
    """What has changed."""

    READINGS = "readings"
    BATTERY = "battery"
    SWITCH = "switch"
    SESSION = "session"
    EVENTS = "events"
    MESSAGE = "message"
    HEARTBEAT = "heartbeat"


@dataclass(frozen=True, slots=True)
class Message:
    """One protocol message, as a driver told it."""

    at_s: float
    source: str
    direction: str
    name: str
    body: dict[str, Any]


Listener = Callable[[str], None]


class HouseBoard:
    """Implements ``app.ports.Board``; read by the dispatch, the planner and the desk."""

    def __init__(
        self,
        clock: Clock,
        connection: Connection,
        book: HealthBook,
        *,
        solar_peak_w: float | None = None,
        main_meter: str | None = None,
    ) -> None:
        """``solar_peak_w``: nominal power of the roof, W; None: bounded by the connection. ``main_meter``: the one at
        the connection, where a home has several; None: whichever told last.
        """
        self._main_meter = main_meter
        self._clock = clock
        self._connection = connection
        self._book = book
        self._power_bound_w = IMPLAUSIBLE_FACTOR * connection.import_max_w
        self._phase_bound_w = IMPLAUSIBLE_FACTOR * connection.fuse_a * connection.voltage_v
        self._solar_bound_w = IMPLAUSIBLE_FACTOR * max(solar_peak_w or 0.0, connection.import_max_w)
        self._readings: dict[str, Readings] = {}
        self.batteries: dict[str, BatteryState] = {}
        self.obeying: frozenset[str] = frozenset()
        """Batteries that take orders now."""
        self.switches: dict[str, SwitchState] = {}
        self._listeners: dict[Topic, list[Listener]] = {topic: [] for topic in Topic}
        self.sessions: dict[str, CarSession] = {}
        self.events: dict[str, tuple[GridEvent, ...]] = {}
        self.heartbeats: dict[str, float] = {}
        self.messages: deque[Message] = deque(maxlen=MESSAGES_KEPT)
        self.message_counts: dict[str, int] = {}

    def listen(self, topic: Topic, listener: Listener) -> None:
        """Call ``listener(source)`` at each change."""
        self._listeners[topic].append(listener)

    # What drivers call (app.ports.Board).

    def publish_readings(self, source: str, readings: Readings) -> None:
        """Take a reading, or refuse it with a complaint in the health book."""
        problem = self._absurd_readings(source, readings)
        if problem:
            self._book.complain(source, problem)
            return
        self._readings[source] = readings
        self._tell(Topic.READINGS, source)

    def publish_battery(self, source: str, state: BatteryState, *, obeys: bool) -> None:
        """Take a battery's state; a power that cannot be true refuses it, a charge that cannot be true is dropped."""
        battery, soc = state.battery, state.soc
        bound_w = IMPLAUSIBLE_FACTOR * max(battery.charge_max_w, battery.discharge_max_w, 1.0)
        if (
            not math.isfinite(state.power_w)
            or abs(state.power_w) > bound_w
            or state.at_s > self._clock.now_s() + FUTURE_S
        ):
            self._book.complain(source, f"the battery tells a power of {state.power_w:g} W: ignored")
            return
        if soc is not None and not (math.isfinite(soc) and 0.0 <= soc <= 1.0):
            self._book.complain(source, f"the battery tells a state of charge of {soc * 100:g} %: ignored")
            state = replace(state, soc=None)
        self.batteries[source] = state
        self.obeying = self.obeying | {source} if obeys else self.obeying - {source}
        self._tell(Topic.BATTERY, source)

    def publish_switch(self, source: str, state: SwitchState) -> None:
        """Take a relay's state."""
        self.switches[source] = state
        self._tell(Topic.SWITCH, source)

    def publish_session(self, source: str, session: CarSession) -> None:
        """Take the car's state; figures that cannot be true are dropped."""
        ev = session.ev
        problem = ""
        if ev.soc is not None and not (math.isfinite(ev.soc) and 0.0 <= ev.soc <= 1.0):
            problem = f"the car tells a state of charge of {ev.soc * 100:g} %: ignored"
            ev = replace(ev, soc=None)
        bound_w = IMPLAUSIBLE_FACTOR * max(session.charger.charge_max_w, session.charger.discharge_max_w, 1.0)
        if not math.isfinite(ev.power_w) or abs(ev.power_w) > bound_w:
            problem = f"the charger tells a power of {ev.power_w:g} W: ignored"
            before = self.sessions.get(source)
            ev = replace(ev, power_w=before.ev.power_w if before else 0.0)
        if problem:
            self._book.complain(source, problem)
            session = replace(session, ev=ev)
        self.sessions[source] = session
        self._tell(Topic.SESSION, source)

    def publish_message(self, source: str, direction: str, name: str, body: dict[str, Any]) -> None:
        """Keep one protocol message for the details drawer."""
        self.messages.append(Message(self._clock.now_s(), source, direction, name, body))
        self.message_counts[source] = self.message_counts.get(source, 0) + 1
        self._tell(Topic.MESSAGE, source)

    def publish_events(self, source: str, events: list[GridEvent]) -> None:
        """Replace all that this link has asked."""
        good = tuple(event for event in events if event.intervals)
        if good != self.events.get(source):
            self.events[source] = good
            self._tell(Topic.EVENTS, source)

    def publish_heartbeat(self, source: str) -> None:
        """The link is alive now."""
        self.heartbeats[source] = self._clock.now_s()
        self._tell(Topic.HEARTBEAT, source)

    def publish_health(self, source: str, health: Health) -> None:
        """Into the health book."""
        self._book.put(source, health)

    # What the engine reads.

    def readings(self) -> Readings:
        """One picture: the newest grid reading, and the sum of all solar readings (as old as the oldest of them)."""
        latest = self._readings.values()
        grid = self._grid()
        solar = [r for r in latest if r.solar_w is not None]
        frequency = max((r for r in latest if r.frequency_hz is not None), key=lambda r: r.at_s, default=None)
        return Readings(
            at_s=grid.at_s if grid else 0.0,
            grid_w=grid.grid_w if grid else None,
            phase_w=grid.phase_w if grid else (),
            frequency_hz=frequency.frequency_hz if frequency else None,
            frequency_at_s=frequency.at_s if frequency else None,
            solar_w=max(0.0, sum(r.solar_w or 0.0 for r in solar)) if solar else None,
            solar_at_s=min((r.solar_at_s or r.at_s for r in solar), default=None),
            battery_w=self._battery_w(),
        )

    def battery(self, name: str) -> BatteryState | None:
        """What a battery told, while that still holds."""
        state = self.batteries.get(name)
        fresh = state is not None and self._clock.now_s() - state.at_s <= BATTERY_HOLDS_S
        return state if fresh else None

    def _battery_w(self) -> float | None:
        """All batteries' power; None where none is read, or one is silent."""
        states = [self.battery(name) for name in self.batteries]
        known = [state.power_w for state in states if state is not None]
        return sum(known) if known and len(known) == len(states) else None

    def _grid(self) -> Readings | None:
        if self._main_meter is not None:
            return self._readings.get(self._main_meter)
        measured = (r for r in self._readings.values() if r.grid_w is not None)
        return max(measured, key=lambda r: r.at_s, default=None)

    def readings_of(self, source: str) -> Readings | None:
        """The last good reading of one instrument."""
        return self._readings.get(source)

    # Private.

    def _tell(self, topic: Topic, source: str) -> None:
        for listener in self._listeners[topic]:
            try:
                listener(source)
            except Exception:
                # A listener's fault must not stop the driver that brought the news.
                log.exception("what listens to %s failed", topic.value)

    def _absurd_readings(self, source: str, readings: Readings) -> str:
        before = self._readings.get(source)
        latest_s = self._clock.now_s() + FUTURE_S
        if not math.isfinite(readings.at_s) or readings.at_s > latest_s:
            return "a reading is stamped in the future: ignored; check the clock"
        # Where the one before lies in the future, the clock was set back: then the new one is the true one.
        if before is not None and readings.at_s < before.at_s <= latest_s:
            return "a reading is older than the one before: ignored"
        low_hz, high_hz = FREQUENCY_HZ
        bounds: list[tuple[str, Iterable[float | None], float, float, str]] = [
            ("grid power", (readings.grid_w,), -self._power_bound_w, self._power_bound_w, "W"),
            ("phase power", readings.phase_w, -self._phase_bound_w, self._phase_bound_w, "W"),
            ("solar power", (readings.solar_w,), -self._solar_bound_w, self._solar_bound_w, "W"),
            ("frequency", (readings.frequency_hz,), low_hz, high_hz, "Hz"),
        ]
        for name, values, low, high, unit in bounds:
            for value in values:
                if value is not None and not (math.isfinite(value) and low <= value <= high):
                    return f"{name} of {value:g} {unit} cannot be true: ignored; check scaling, sign and wiring"
        return ""
