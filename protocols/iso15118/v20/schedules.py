"""Schedules on the wire of ISO 15118-20, written by the SECC and read back by the EVCC (8.3.5.3.40 ff.).

Charging and discharging stand in separate schedules of magnitudes.
"""

from collections.abc import Iterable
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
from protocols.iso15118.schedule import Prices, Schedule, Steps, merged
from protocols.iso15118.v20.rational import per_phase, phase_sum, rational

PRICE_ALGORITHM = "urn:iso:std:iso:15118:-20:PriceAlgorithm:1-Power"
MAX_STEPS = 12
MAX_PRICES = 64
"""Peers built on libcbv2g hold no longer lists; what lies beyond is offered at the next renegotiation."""


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


def read_steps(schedule: PowerScheduleType) -> Steps:
    """Steps of a schedule received."""
    return _steps(schedule.PowerScheduleEntries.PowerScheduleEntry)


def read_profile(profile: EVPowerProfileType | None) -> Steps:
    """Steps of the car's own plan; power is signed."""
    return () if profile is None else _steps(profile.EVPowerProfileEntries.EVPowerProfileEntry)


def _steps(entries: Iterable[PowerScheduleEntryType]) -> Steps:
    return tuple((float(entry.Duration), phase_sum(entry, "Power") or 0.0) for entry in entries)
