"""Schedules with prices: what the application offers to a car, in this project's words.

A schedule is steps of (duration in s, power in W). A discharging step is a magnitude (>= 0), named so.
"""

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from protocols.iso15118.power import Limits

Steps = tuple[tuple[float, float], ...]

DAY_S = 86_400.0
MOST = 32_767_000.0
"""No number of ISO 15118 carries more."""


@dataclass(frozen=True, slots=True)
class Tax:
    """A tax on the energy; `rate` 0.19 is 19 %. `included`: prices are told with it."""

    name: str
    rate: float
    included: bool = True


@dataclass(frozen=True, slots=True)
class Prices:
    """Money per kWh over time: (duration in s, price). Selling prices stand with the discharging schedule."""

    currency: str
    steps: Steps
    language: str = "ENG"
    taxes: tuple[Tax, ...] = ()
    minimum_cost: float | None = None
    maximum_cost: float | None = None
    description: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the energy of a session has cost until `time_s`, in the currency of the prices on offer.

    `price` is that of a kWh now; what the car sold has lowered `energy_cost`. `taxes` are amounts, in the order of
    the prices' own.
    """

    time_s: float
    energy_cost: float
    price: float
    taxes: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Schedule:
    """One alternative that the car may select (one to three are offered).

    Where money is not told, levels may be: (duration in s, level), 0 the cheapest.
    """

    charge: Steps
    discharge: Steps = ()
    charge_prices: Prices | None = None
    discharge_prices: Prices | None = None
    charge_levels: Steps = ()
    discharge_levels: Steps = ()

    def later(self, elapsed_s: float) -> "Schedule":
        """What of its power is left after so long; prices and levels stay as they were told."""
        return replace(self, charge=remaining(self.charge, elapsed_s), discharge=remaining(self.discharge, elapsed_s))

    @property
    def plan(self) -> Steps:
        """Signed power step by step, as whoever made this schedule means it: discharging where charging has no room."""
        edges = sorted({edge for steps in (self.charge, self.discharge) for edge in _edges(steps)})
        signed: list[tuple[float, float]] = []
        charging, discharging = lookup(self.charge), lookup(self.discharge)
        for start, end in pairwise([0.0, *edges]):
            charge_w, discharge_w = charging(start) or 0.0, discharging(start) or 0.0
            signed.append((end - start, charge_w if charge_w > 0 else 0.0 - discharge_w))
        return tuple(merged(signed))


def _edges(steps: Steps) -> Iterator[float]:
    return accumulate(duration for duration, _ in steps)


def offerable(schedule: Schedule) -> Schedule:
    """The same as every wire carries it: edges at whole seconds, and a charging half that is never empty.

    A car keeps to what it was told, and its profile is held against this to the second. Raises `ValueError` with one
    sentence for steps that mean nothing: durations not above 0, powers or levels below 0, no number, no price at all.
    """
    return Schedule(
        _whole("power", schedule.charge) or ((DAY_S, 0.0),),
        _whole("power", schedule.discharge),
        _priced(schedule.charge_prices),
        _priced(schedule.discharge_prices),
        _whole("level", schedule.charge_levels),
        _whole("level", schedule.discharge_levels),
    )


def _priced(prices: Prices | None) -> Prices | None:
    if prices is None:
        return None
    steps = _whole("price", prices.steps, least=-MOST)
    if not steps:
        raise ValueError(f"prices in {prices.currency} need a step: (duration in s, price)")
    return replace(prices, steps=steps)


def _whole(what: str, steps: Steps, least: float = 0.0) -> Steps:
    for duration, value in steps:
        if not 0.0 < duration < math.inf:
            raise ValueError(f"a step of a schedule must last more than 0 s, not {duration:g} s")
        if not least <= value <= MOST:
            raise ValueError(f"a {what} in a schedule must be from {least:.0f} to {MOST:.0f}, not {value:g}")
    edges = [0, *(round(edge) for edge in _edges(steps))]
    lengths = (float(end - start) for start, end in pairwise(edges))
    return tuple((length, value) for length, (_, value) in zip(lengths, steps, strict=True) if length)


def unplanned(limits: Limits) -> Schedule:
    """What is offered when nobody planned: the limits, for a day."""
    discharge = ((DAY_S, limits.max_discharge_w),) if limits.max_discharge_w else ()
    return Schedule(charge=((DAY_S, limits.max_charge_w),), discharge=discharge)


def merged(steps: Iterable[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    """The same steps with neighbours of equal value joined, since peers hold few."""
    held: tuple[float, float] | None = None
    for duration, value in steps:
        if held is not None and held[1] == value:
            held = (held[0] + duration, value)
            continue
        if held is not None:
            yield held
        held = (duration, value)
    if held is not None:
        yield held


def remaining(steps: Steps, elapsed_s: float) -> Steps:
    """What is left of the steps after so long."""
    left: list[tuple[float, float]] = []
    for duration, value in steps:
        if elapsed_s < duration:
            left.append((duration - elapsed_s, value))
        elapsed_s = max(0.0, elapsed_s - duration)
    return tuple(left)


def power_at(steps: Steps, offset_s: float) -> float | None:
    """Power of the step that covers this moment; None after the last one."""
    for duration, power in steps:
        if offset_s < duration:
            return power
        offset_s -= duration
    return None


def lookup(steps: Steps) -> Callable[[float], float | None]:
    """`power_at` of these steps, for many moments: a peer's schedule may have a thousand steps."""
    edges = list(_edges(steps))

    def at(offset_s: float) -> float | None:
        step = bisect_right(edges, offset_s)
        return steps[step][1] if step < len(steps) else None

    return at


def keeps_to(profile: Steps, schedule: Schedule, tolerance_w: float = 1.0) -> bool:
    """Whether a car's plan stays inside the schedule it selected, at every step of either."""
    offsets = {0.0}
    for steps in (profile, schedule.charge, schedule.discharge):
        offset = 0.0
        for duration, _ in steps:
            offset += duration
            offsets.add(offset)
    for offset in offsets:
        planned = power_at(profile, offset)
        if planned is None:
            continue
        ceiling = power_at(schedule.charge, offset)
        floor = power_at(schedule.discharge, offset) if schedule.discharge else 0.0
        if ceiling is not None and planned > ceiling + tolerance_w:
            return False
        if floor is not None and planned < -floor - tolerance_w:
            return False
    return True
