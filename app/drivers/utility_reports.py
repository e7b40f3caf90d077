"""Proof of delivery: fills in the reports that a utility's event asks for, from the home's own figures.

One table from OpenADR's report type to how its value is measured. What was not measured is reported as missing,
never as 0. Powers and energies of a report are signed like the home's: > 0 consumes, < 0 feeds in.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from protocols.openadr.reports import ReportDue, ReportValues
from protocols.openadr.units import energy_in, power_in

HOME, CAR = "home", "car"
"""Resource names: the connection as a whole, and the car on its charger."""

_POWER = {HOME: "grid_w", CAR: "ev_w"}
"""Figure that holds the power of a resource, W."""
_BUCKET_S = 60.0
_KEPT = 8 * 24 * 60
"""Buckets kept: eight days by the minute, longer than a weekly report."""


@dataclass(slots=True)
class _Bucket:
    """Sums of figures over a minute."""

    start_s: float
    sums: dict[str, float] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)


class FigureLog:
    """The home's figures of the last days, by the minute."""

    def __init__(self) -> None:
        self._buckets: deque[_Bucket] = deque(maxlen=_KEPT)
        self.last: dict[str, float] = {}

    def add(self, figures: Mapping[str, float], now_s: float) -> None:
        """Take the figures that stand now."""
        start_s = now_s // _BUCKET_S * _BUCKET_S
        if not self._buckets or start_s > self._buckets[-1].start_s:
            self._buckets.append(_Bucket(start_s))
        bucket = self._buckets[-1]
        for name, value in figures.items():
            bucket.sums[name] = bucket.sums.get(name, 0.0) + value
            bucket.counts[name] = bucket.counts.get(name, 0) + 1
        self.last = dict(figures)

    def mean(self, name: str, from_s: float, to_s: float) -> float | None:
        """Mean of a figure over that time; None: not measured for at least half of it."""
        weighted = covered_s = 0.0
        for bucket in self._buckets:
            overlap_s = min(bucket.start_s + _BUCKET_S, to_s) - max(bucket.start_s, from_s)
            if overlap_s > 0 and bucket.counts.get(name):
                weighted += overlap_s * bucket.sums[name] / bucket.counts[name]
                covered_s += overlap_s
        return weighted / covered_s if covered_s >= 0.5 * (to_s - from_s) > 0 else None


@dataclass(frozen=True, slots=True)
class _Question:
    """One value of a report: which resource, over which time, in which units."""

    log: FigureLog
    resource: str
    from_s: float
    to_s: float
    units: str | None
    reading_type: str | None

    def mean(self, figure: str) -> float | None:
        return self.log.mean(figure, self.from_s, self.to_s)

    def power(self, figure: str) -> float | None:
        watts = self.mean(figure)
        return None if watts is None else power_in(watts, self.units)

    def energy(self, figure: str) -> float | None:
        watts = self.mean(figure)
        return None if watts is None else energy_in(watts * (self.to_s - self.from_s) / 3_600, self.units)

    def last_power(self, figure: str) -> float | None:
        watts = self.log.last.get(figure)
        return None if watts is None else power_in(watts, self.units)


Answer = Callable[[_Question], float | str | None]


def _of_car(answer: Answer) -> Answer:
    """Only the car has storage."""
    return lambda q: answer(q) if q.resource == CAR else None


def _baseline(q: _Question) -> float | None:
    figure = f"baseline_{_POWER[q.resource]}"
    return q.power(figure) if (q.units or "").upper() in ("KW", "W") else q.energy(figure)


def _charge_level(q: _Question) -> float | None:
    return q.mean("soc")


def _capacity(q: _Question) -> float | None:
    capacity_wh = q.log.last.get("capacity_wh")
    return None if capacity_wh is None else energy_in(capacity_wh, q.units)


_STATES = {
    (False, False): "IDLE_NORMAL",
    (False, True): "RUNNING_NORMAL",
    (True, False): "IDLE_CURTAILED",
    (True, True): "RUNNING_CURTAILED",
}
"""By: is an event in force, does power flow."""
_FLOWS_W = 50.0


def _operating_state(q: _Question) -> str:
    power_w = q.mean(_POWER[q.resource])
    if power_w is None:
        return "ERROR"
    return _STATES[(q.mean("event_active") or 0.0) > 0.5, abs(power_w) > _FLOWS_W]


ANSWERS: dict[str, Answer] = {
    "USAGE": lambda q: q.energy(_POWER[q.resource]),
    "DEMAND": lambda q: q.power(_POWER[q.resource]),
    "READING": lambda q: q.last_power(_POWER[q.resource]),
    "BASELINE": _baseline,
    "OPERATING_STATE": _operating_state,
    "SETPOINT": _of_car(lambda q: q.power("set_point_w")),
    "STORAGE_USABLE_CAPACITY": _of_car(_capacity),
    "STORAGE_CHARGE_LEVEL": _of_car(_charge_level),
    "STORAGE_MAX_DISCHARGE_POWER": _of_car(lambda q: q.last_power("discharge_max_w")),
    "STORAGE_MAX_CHARGE_POWER": _of_car(lambda q: q.last_power("charge_max_w")),
    "USAGE_FORECAST": lambda q: q.energy(f"planned_{_POWER[q.resource]}"),
    "LOAD_SHED_DELTA_AVAILABLE": _of_car(lambda q: q.last_power("shed_w")),
}


def answer(due: ReportDue, log: FigureLog) -> ReportValues | None:
    """The values of a report by resource; None for a report type that this home does not give."""
    ask = ANSWERS.get(due.descriptor.payload_type)
    if ask is None:
        return None
    # The home's own meter counts the car too: it is the sum.
    resources = (HOME,) if due.descriptor.aggregate else (HOME, CAR)
    return {
        resource: [
            ask(_Question(log, resource, i.start_s, i.end_s, due.descriptor.units, due.descriptor.reading_type))
            for i in due.intervals
        ]
        for resource in resources
    }
