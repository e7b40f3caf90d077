"""Schedules with prices: what the application offers to a car, in this project's words.

A schedule is steps of (duration in s, power in W). A discharging step is a magnitude (>= 0), named so.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from protocols.iso15118.power import Limits

Steps = tuple[tuple[float, float], ...]

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Prices:
    """Money per kWh over time: (duration in s, price). Selling prices stand with the discharging schedule."""

    currency: str
    steps: Steps
    language: str = "ENG"


@dataclass(frozen=True, slots=True)
class Schedule:
    """One alternative that the car may select (one to three are offered)."""

    charge: Steps
    discharge: Steps = ()
    charge_prices: Prices | None = None
    discharge_prices: Prices | None = None


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


def power_at(steps: Steps, offset_s: float) -> float | None:
    """Power of the step that covers this moment; None after the last one."""
    for duration, power in steps:
        if offset_s < duration:
            return power
        offset_s -= duration
    return None


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
