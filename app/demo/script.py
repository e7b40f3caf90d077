"""The script of a demo day: when the car comes and goes, and what the utility and the backend ask.

The day is data, in the home's local time; ``lay_out`` repeats it over the days of the demo as instants (POSIX s). A
script asks only what its protocol can say: the utility's events are OpenADR payloads, the backend's are charging
profiles.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from datetime import time as clock
from zoneinfo import ZoneInfo

from app.clock import utc
from app.engine.wishes import local_s

WORKDAYS = frozenset(range(5))
EVERY_DAY = frozenset(range(7))
HOUR_S = 3600.0
LEAVES, AWAY_H, TRIP_WH = clock(7, 45), 9.75, 11_000.0
"""The driver's working day; the home file says the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """The car is away and comes back with less."""

    leave_s: float
    back_s: float
    used_wh: float


@dataclass(frozen=True, slots=True, kw_only=True)
class UtilityAsk:
    """One OpenADR event; ``values`` in ``units``, one a step."""

    key: str
    name: str
    told_s: float
    start_s: float
    step_s: float
    payload: str
    values: tuple[float, ...]
    units: str | None = None
    currency: str | None = None
    priority: int = 10

    @property
    def end_s(self) -> float:
        """When its last step ends."""
        return self.start_s + self.step_s * len(self.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendAsk:
    """One OCPP charging profile: a limit (W ≥ 0) or a central set-point (signed W, OCPP 2.1)."""

    profile_id: int
    name: str
    told_s: float
    start_s: float
    duration_s: float
    limit_w: float | None = None
    setpoint_w: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dip:
    """The grid's frequency leaves 50 Hz."""

    start_s: float
    duration_s: float
    deviation_hz: float


@dataclass(frozen=True, slots=True)
class Script:
    """All that happens, in order of time."""

    trips: tuple[Trip, ...] = ()
    utility: tuple[UtilityAsk, ...] = ()
    backend: tuple[BackendAsk, ...] = ()
    dips: tuple[Dip, ...] = ()

    def away(self, now_s: float) -> Trip | None:
        """The trip that the car is on, if it is."""
        return next((t for t in self.trips if t.leave_s <= now_s < t.back_s), None)

    def next_turn_s(self, now_s: float) -> float:
        """When the car next leaves or comes home; infinite where it does neither any more."""
        turns = (at_s for trip in self.trips for at_s in (trip.leave_s, trip.back_s))
        return min((at_s for at_s in turns if at_s > now_s), default=math.inf)

    def dip_hz(self, now_s: float) -> float:
        """Deviation of the frequency that the script orders now."""
        return sum(d.deviation_hz for d in self.dips if d.start_s <= now_s < d.start_s + d.duration_s)


@dataclass(frozen=True, slots=True)
class DayRow:
    """One line of a day: on these weekdays (Monday 0) at this local time; ``make(at_s, day number)``."""

    days: frozenset[int]
    at: clock
    make: Callable[[float, int], Trip | UtilityAsk | BackendAsk | Dip]


def _utility(name: str, payload: str, values: tuple[float, ...], units: str, **more: float) -> DayRow:
    told_before_s = more.get("told_before_s", HOUR_S)
    money = units == "KWH"

    def make(at_s: float, day: int) -> UtilityAsk:
        return UtilityAsk(
            key=f"{payload.lower()}-{day}-{int(at_s)}",
            name=name,
            told_s=at_s - told_before_s,
            start_s=at_s,
            step_s=more.get("step_s", HOUR_S),
            payload=payload,
            values=values,
            units=units,
            currency="EUR" if money else None,
        )

    return DayRow(EVERY_DAY, _clock(more["at_h"]), make)


def _backend(
    name: str, at_h: float, duration_s: float, *, limit_w: float | None = None, setpoint_w: float | None = None
) -> DayRow:
    def make(at_s: float, day: int) -> BackendAsk:
        return BackendAsk(
            profile_id=0,
            name=name,
            told_s=at_s - 900.0,
            start_s=at_s,
            duration_s=duration_s,
            limit_w=limit_w,
            setpoint_w=setpoint_w,
        )

    return DayRow(EVERY_DAY, _clock(at_h), make)


def _clock(hours: float) -> clock:
    return clock(int(hours), round(hours % 1 * 60))


EVENTS: tuple[DayRow, ...] = (
    # The feeder is full when everybody comes home: §14a's 4.2 kW for an hour and a quarter.
    _utility("Feeder relief", "IMPORT_CAPACITY_LIMIT", (4.2,), "KW", at_h=17.75, step_s=1.25 * HOUR_S),
    _utility("Evening peak price", "PRICE", (0.52, 0.61), "KWH", at_h=19.0, told_before_s=4 * HOUR_S),
    _utility("Help wanted", "EXPORT_PRICE", (0.58,), "KWH", at_h=20.0, told_before_s=2 * HOUR_S),
    _backend("Local transformer", 23.0, 2 * HOUR_S, limit_w=6_000.0),
    _backend("Discharge request", 21.25, 0.5 * HOUR_S, setpoint_w=-4_000.0),
    DayRow(EVERY_DAY, clock(19, 10), lambda at_s, _day: Dip(start_s=at_s, duration_s=120.0, deviation_hz=-0.25)),
    DayRow(EVERY_DAY, clock(2, 30), lambda at_s, _day: Dip(start_s=at_s, duration_s=90.0, deviation_hz=0.22)),
)


def day_rows(away_h: float) -> tuple[DayRow, ...]:
    """The day of a driver who is away for so long."""

    def trip(at_s: float, _day: int) -> Trip:
        return Trip(leave_s=at_s, back_s=at_s + away_h * HOUR_S, used_wh=TRIP_WH)

    return (DayRow(WORKDAYS, LEAVES, trip), *EVENTS)


DEFAULT_DAY = day_rows(AWAY_H)


def lay_out(start_s: float, end_s: float, tz: ZoneInfo, rows: tuple[DayRow, ...] = DEFAULT_DAY) -> Script:
    """The script from ``start_s`` to ``end_s``; a trip that is under way at the start is in it."""
    found: list[Trip | UtilityAsk | BackendAsk | Dip] = []
    day = utc(start_s).astimezone(tz).date() - timedelta(days=1)
    last: date = utc(end_s).astimezone(tz).date()
    number = 0
    while day <= last:
        for row in rows:
            if day.weekday() in row.days:
                found.append(row.make(local_s(day, row.at, tz), number))
        day += timedelta(days=1)
        number += 1
    utility = [u for u in found if isinstance(u, UtilityAsk) and u.end_s > start_s and u.start_s < end_s]
    backend = [
        b for b in found if isinstance(b, BackendAsk) and b.start_s + b.duration_s > start_s and b.start_s < end_s
    ]
    return Script(
        trips=tuple(t for t in found if isinstance(t, Trip) and t.back_s > start_s and t.leave_s < end_s),
        utility=tuple(sorted(utility, key=lambda u: u.told_s)),
        backend=tuple(replace(b, profile_id=1 + n) for n, b in enumerate(sorted(backend, key=lambda b: b.told_s))),
        dips=tuple(d for d in found if isinstance(d, Dip) and start_s <= d.start_s < end_s),
    )
