"""Schedules with prices: what the application offers, as the wire wants them, and what a car made of them.

(ISO 15118-20, 8.3.5.3.40 ff.) A schedule is steps of (duration in s, power in W). On the wire charging and
discharging stand in separate schedules of magnitudes; here a discharging step is a magnitude too, named so.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from protocols.exi.messages.common import (
    AbsolutePriceScheduleType,
    ChargingScheduleType,
    EVPowerProfileType,
    PowerScheduleEntryListType,
    PowerScheduleEntryType,
    PowerScheduleType,
    PriceLevelScheduleEntryListType,
    PriceLevelScheduleEntryType,
    PriceLevelScheduleType,
    PriceRuleStackListType,
    PriceRuleStackType,
    PriceRuleType,
    ScheduleTupleType,
)
from protocols.iso15118.power import Limits
from protocols.iso15118.values import per_phase, phase_sum, rational

Steps = tuple[tuple[float, float], ...]

PRICE_ALGORITHM = "urn:iso:std:iso:15118:-20:PriceAlgorithm:1-Power"
DAY_S = 86_400.0
MAX_STEPS = 12
MAX_PRICES = 64
"""Peers built on libcbv2g hold no longer lists; what lies beyond is offered at the next renegotiation."""


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


def schedule_element(
    schedule: Schedule, tuple_id: int, anchor_s: int, phases: int, bidirectional: bool, max_points: int
) -> ScheduleTupleType:
    """The wire form, cut to what the car said it can hold."""
    points = min(MAX_STEPS, max_points)
    discharging = None
    if bidirectional and schedule.discharge:
        discharging = _half(schedule.discharge, schedule.discharge_prices, anchor_s, phases, points, 2)
    return ScheduleTupleType(
        ScheduleTupleID=tuple_id,
        ChargingSchedule=_half(schedule.charge, schedule.charge_prices, anchor_s, phases, points, 1),
        DischargingSchedule=discharging,
    )


def _half(
    steps: Steps, prices: Prices | None, anchor_s: int, phases: int, points: int, price_id: int
) -> ChargingScheduleType:
    entries = [
        PowerScheduleEntryType(Duration=round(duration), **per_phase("Power", power, phases))
        for duration, power in islice(merged(steps), points)
    ]
    element = ChargingScheduleType(
        PowerSchedule=PowerScheduleType(
            TimeAnchor=anchor_s, PowerScheduleEntries=PowerScheduleEntryListType(PowerScheduleEntry=entries)
        )
    )
    if prices is None:
        length_s = sum(entry.Duration for entry in entries)
        element.PriceLevelSchedule = _one_level(length_s, anchor_s, price_id)
    else:
        element.AbsolutePriceSchedule = price_element(prices, anchor_s, price_id)
    return element


def _one_level(length_s: int, anchor_s: int, price_id: int) -> PriceLevelScheduleType:
    """All times cost the same. The schema lets prices be absent, but EcoG's EVCC refuses that."""
    return PriceLevelScheduleType(
        TimeAnchor=anchor_s,
        PriceScheduleID=price_id,
        NumberOfPriceLevels=1,
        PriceLevelScheduleEntries=PriceLevelScheduleEntryListType(
            PriceLevelScheduleEntry=[PriceLevelScheduleEntryType(Duration=length_s, PriceLevel=1)]
        ),
    )


def price_element(prices: Prices, anchor_s: int, price_id: int) -> AbsolutePriceScheduleType:
    """Energy prices from any power on, one rule a step."""
    stacks = [
        PriceRuleStackType(
            Duration=round(duration),
            PriceRule=[PriceRuleType(EnergyFee=rational(price), PowerRangeStart=rational(0))],
        )
        for duration, price in islice(merged(prices.steps), MAX_PRICES)
    ]
    return AbsolutePriceScheduleType(
        TimeAnchor=anchor_s,
        PriceScheduleID=price_id,
        Currency=prices.currency,
        Language=prices.language,
        PriceAlgorithm=PRICE_ALGORITHM,
        PriceRuleStacks=PriceRuleStackListType(PriceRuleStack=stacks),
    )


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


def read_steps(schedule: PowerScheduleType) -> Steps:
    """Steps of a schedule received."""
    return _steps(schedule.PowerScheduleEntries.PowerScheduleEntry)


def read_profile(profile: EVPowerProfileType | None) -> Steps:
    """Steps of the car's own plan; power is signed."""
    return () if profile is None else _steps(profile.EVPowerProfileEntries.EVPowerProfileEntry)


def _steps(entries: Iterable[PowerScheduleEntryType]) -> Steps:
    return tuple((float(entry.Duration), phase_sum(entry, "Power") or 0.0) for entry in entries)


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
