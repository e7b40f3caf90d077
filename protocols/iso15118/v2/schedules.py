"""Schedules of ISO 15118-2: power limits and prices that we offer, and the profile that a car made of them (8.5.2).

One direction only: what a schedule says about discharging has no place here. Prices in money have none either; the
wire knows levels (1 is the cheapest) and percentages of the dearest hour.
"""

from collections.abc import Callable, Sequence
from itertools import islice

from protocols.exi.messages.v2_types import (
    ChargingProfileType,
    ConsumptionCostType,
    CostType,
    EntryType,
    PMaxScheduleEntryType,
    PMaxScheduleType,
    ProfileEntryType,
    RelativeTimeIntervalType,
    SalesTariffEntryType,
    SalesTariffType,
    SAScheduleListType,
    SAScheduleTupleType,
    costKindType,
)
from protocols.iso15118.schedule import DAY_S, Prices, Schedule, Steps, merged
from protocols.iso15118.v2.values import W, number, physical, plain

MAX_ENTRIES = 12
"""Peers built on libcbv2g hold no longer lists; what lies beyond is offered at the next renegotiation."""
MAX_PROFILE_ENTRIES = 24
MAX_DESCRIPTION = 32
NOTHING: Steps = ((DAY_S, 0.0),)
"""What a schedule without charging comes to, as the wire knows no empty one."""
Scales = dict[str, dict[float, int]]
"""By currency ("" for levels alone): each price on offer, and its level."""
LONGEST_S = 86_400
"""The longest duration that the wire carries."""


def schedule_list(schedules: tuple[Schedule, ...], max_entries: int | None) -> SAScheduleListType:
    """The wire form of one to three alternatives, cut to what the car said it can hold."""
    points = max(1, min(MAX_ENTRIES, max_entries or MAX_ENTRIES))
    scales = _scales(schedules, points)
    return SAScheduleListType(
        SAScheduleTuple=[_tuple(schedule, number, points, scales) for number, schedule in enumerate(schedules, start=1)]
    )


def _tuple(schedule: Schedule, tuple_id: int, points: int, scales: Scales) -> SAScheduleTupleType:
    entries = [
        PMaxScheduleEntryType(TimeInterval=interval, PMax=physical(power_w, W))
        for interval, power_w in _intervals(schedule.charge or NOTHING, points)
    ]
    return SAScheduleTupleType(
        SAScheduleTupleID=tuple_id,
        PMaxSchedule=PMaxScheduleType(PMaxScheduleEntry=entries),
        SalesTariff=_tariff(schedule, tuple_id, points, scales),
    )


def _intervals(steps: Steps, points: int) -> list[tuple[RelativeTimeIntervalType, float]]:
    """Starts for all, and a duration for the last, where the schedule ends."""
    kept = list(islice(merged(steps), points))
    result: list[tuple[RelativeTimeIntervalType, float]] = []
    start_s = 0.0
    for duration_s, value in kept:
        result.append((RelativeTimeIntervalType(start=round(start_s)), value))
        start_s += duration_s
    if result:
        last, last_s = result[-1][0], kept[-1][0]
        last.duration = min(LONGEST_S, round(last_s))
    return result


def _scales(schedules: tuple[Schedule, ...], points: int) -> Scales:
    """Levels count across all tariffs of an offer, so that a car can tell which of them is cheaper."""
    values: dict[str, set[float]] = {}
    for schedule in schedules:
        unit, steps = _money(schedule)
        values.setdefault(unit, set()).update(value for _, value in _intervals(steps, points))
    return {unit: {value: rank for rank, value in enumerate(sorted(found), start=1)} for unit, found in values.items()}


def _money(schedule: Schedule) -> tuple[str, Steps]:
    prices = schedule.charge_prices
    return (prices.currency, prices.steps) if prices is not None else ("", schedule.charge_levels)


def _tariff(schedule: Schedule, tuple_id: int, points: int, scales: Scales) -> SalesTariffType | None:
    """Levels by price, with percentages of the dearest; or the levels alone, where money is not told."""
    prices, (unit, steps) = schedule.charge_prices, _money(schedule)
    intervals = _intervals(steps, points)
    if not intervals:
        return None
    ranks = scales[unit]
    dearest = max(abs(value) for value in ranks)
    return SalesTariffType(
        SalesTariffID=tuple_id,
        SalesTariffDescription=_description(prices) if prices is not None else None,
        NumEPriceLevels=len(ranks),
        SalesTariffEntry=[
            SalesTariffEntryType(
                TimeInterval=interval,
                EPriceLevel=ranks[value],
                ConsumptionCost=[_relative_cost(value, dearest)] if prices is not None else [],
            )
            for interval, value in intervals
        ],
    )


def _description(prices: Prices) -> str:
    return plain(prices.description or f"{prices.currency} a kWh, as levels", MAX_DESCRIPTION)


def _relative_cost(price: float, dearest: float) -> ConsumptionCostType:
    # The wire carries no negative price: below zero is as cheap as nothing.
    percent = round(100 * max(0.0, price) / dearest) if dearest else 0
    cost = CostType(costKind=costKindType.relativePricePercentage, amount=percent)
    return ConsumptionCostType(startValue=physical(0, W), Cost=[cost])


def read_schedules(tuples: Sequence[SAScheduleTupleType]) -> tuple[Schedule, ...]:
    """The alternatives as the car sees them. Their levels are percentages where every tariff tells these."""
    entries = [entry for one in tuples if one.SalesTariff is not None for entry in one.SalesTariff.SalesTariffEntry]
    level = _percentage if all(_percentage(entry) is not None for entry in entries) else _rank
    return tuple(
        Schedule(
            read_power_limits(one.PMaxSchedule),
            charge_levels=_read_levels(one.SalesTariff.SalesTariffEntry, level) if one.SalesTariff is not None else (),
        )
        for one in tuples
    )


def _read_levels(
    entries: Sequence[SalesTariffEntryType], level: Callable[[SalesTariffEntryType], float | None]
) -> Steps:
    levels = [level(entry) for entry in entries]
    told = [one for one in levels if one is not None]
    return _read_steps(entries, told) if len(told) == len(levels) else ()


def _percentage(entry: SalesTariffEntryType) -> float | None:
    """Of the dearest hour, from the least power on."""
    costs = entry.ConsumptionCost[0].Cost if entry.ConsumptionCost else []
    told = [cost for cost in costs if cost.costKind is costKindType.relativePricePercentage]
    return told[0].amount * 10.0 ** (told[0].amountMultiplier or 0) if told else None


def _rank(entry: SalesTariffEntryType) -> float | None:
    return None if entry.EPriceLevel is None else float(entry.EPriceLevel)


def read_power_limits(element: PMaxScheduleType) -> Steps:
    """(duration in s, W) of a schedule received; the last step lasts a day where it has no duration."""
    entries = element.PMaxScheduleEntry
    return _read_steps(entries, [number(entry.PMax) for entry in entries])


def _read_steps(entries: Sequence[EntryType], values: Sequence[float]) -> Steps:
    starts = [entry.TimeInterval.start for entry in entries]
    last_s = entries[-1].TimeInterval.duration
    ends = [*starts[1:], starts[-1] + (DAY_S if last_s is None else last_s)]
    return tuple((max(0.0, float(end - start)), value) for start, end, value in zip(starts, ends, values, strict=True))


def read_profile(profile: ChargingProfileType | None) -> Steps:
    """(duration in s, W) of the car's own plan; its last entry holds on for a day."""
    if profile is None:
        return ()
    starts = [entry.ChargingProfileEntryStart for entry in profile.ProfileEntry]
    ends = [*starts[1:], starts[-1] + DAY_S]
    return tuple(
        (max(0.0, float(end - start)), number(entry.ChargingProfileEntryMaxPower))
        for start, end, entry in zip(starts, ends, profile.ProfileEntry, strict=True)
    )


def profile_element(steps: Steps) -> ChargingProfileType:
    """What the car means to draw, as the wire wants it: starts, and a last entry of 0 W where the schedule ends."""
    kept = list(islice(merged(steps), MAX_PROFILE_ENTRIES - 1))
    entries: list[ProfileEntryType] = []
    start_s = 0.0
    for duration_s, power_w in [*kept, (0.0, 0.0)]:
        entries.append(
            ProfileEntryType(
                ChargingProfileEntryStart=round(start_s), ChargingProfileEntryMaxPower=physical(max(0.0, power_w), W)
            )
        )
        start_s += duration_s
    return ChargingProfileType(ProfileEntry=entries)
