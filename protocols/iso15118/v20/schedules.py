"""Schedules on the wire of ISO 15118-20, written by the SECC and read back by the EVCC (8.3.5.3.40 ff.).

Charging and discharging stand in separate schedules of magnitudes.
"""

from collections.abc import Iterable
from itertools import islice
from typing import Any

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
    TaxRuleListType,
    TaxRuleType,
)
from protocols.exi.small_peers import ascii_text
from protocols.iso15118.schedule import Prices, Schedule, Steps, Tax, merged
from protocols.iso15118.v20.rational import number, optional_number, optional_rational, per_phase, phase_sum, rational

PRICE_ALGORITHM = "urn:iso:std:iso:15118:-20:PriceAlgorithm:1-Power"
MAX_STEPS = 12
MAX_PRICES = 64
MAX_TAXES = 10
"""Peers built on libcbv2g hold no longer lists; what lies beyond is offered at the next renegotiation."""


def schedule_element(
    schedule: Schedule, tuple_id: int, anchor_s: int, phases: int, bidirectional: bool, max_points: int
) -> ScheduleTupleType:
    """The wire form, cut to what the car said it can hold."""
    points = min(MAX_STEPS, max_points)
    discharging = None
    if bidirectional and schedule.discharge:
        money = price_fields(schedule.discharge_prices, anchor_s, 2, schedule.discharge_levels)
        discharging = _half(schedule.discharge, money, anchor_s, phases, points, 2)
    return ScheduleTupleType(
        ScheduleTupleID=tuple_id,
        ChargingSchedule=_half(
            schedule.charge,
            price_fields(schedule.charge_prices, anchor_s, 1, schedule.charge_levels),
            anchor_s,
            phases,
            points,
            1,
        ),
        DischargingSchedule=discharging,
    )


def _half(
    steps: Steps, money: dict[str, Any], anchor_s: int, phases: int, points: int, price_id: int
) -> ChargingScheduleType:
    entries = [
        PowerScheduleEntryType(Duration=round(duration), **per_phase("Power", power, phases))
        for duration, power in islice(merged(steps), points)
    ]
    # The schema lets prices be absent, but EcoG's EVCC refuses that: then all times cost the same.
    length_s = sum(entry.Duration for entry in entries)
    return ChargingScheduleType(
        PowerSchedule=PowerScheduleType(
            TimeAnchor=anchor_s, PowerScheduleEntries=PowerScheduleEntryListType(PowerScheduleEntry=entries)
        ),
        **(money or {"PriceLevelSchedule": _level_element(((length_s, 1),), anchor_s, price_id)}),
    )


def price_fields(prices: Prices | None, anchor_s: int, price_id: int, levels: Steps = ()) -> dict[str, Any]:
    """What is known about money, as keyword arguments: absolute prices, else levels, else nothing."""
    if prices is not None:
        return {"AbsolutePriceSchedule": _price_element(prices, anchor_s, price_id)}
    return {"PriceLevelSchedule": _level_element(levels, anchor_s, price_id)} if levels else {}


def _level_element(levels: Steps, anchor_s: int, price_id: int) -> PriceLevelScheduleType:
    entries = [
        PriceLevelScheduleEntryType(Duration=round(duration), PriceLevel=round(level))
        for duration, level in islice(merged(levels), MAX_STEPS)
    ]
    return PriceLevelScheduleType(
        TimeAnchor=anchor_s,
        PriceScheduleID=price_id,
        NumberOfPriceLevels=len({entry.PriceLevel for entry in entries}),
        PriceLevelScheduleEntries=PriceLevelScheduleEntryListType(PriceLevelScheduleEntry=entries),
    )


def _price_element(prices: Prices, anchor_s: int, price_id: int) -> AbsolutePriceScheduleType:
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
        PriceScheduleDescription=ascii_text(prices.description, 160) or None,
        Currency=prices.currency,
        Language=prices.language,
        PriceAlgorithm=PRICE_ALGORITHM,
        MinimumCost=optional_rational(prices.minimum_cost),
        MaximumCost=optional_rational(prices.maximum_cost),
        TaxRules=_tax_element(prices.taxes) if prices.taxes else None,
        PriceRuleStacks=PriceRuleStackListType(PriceRuleStack=stacks),
    )


def _tax_element(taxes: tuple[Tax, ...]) -> TaxRuleListType:
    return TaxRuleListType(
        TaxRule=[
            TaxRuleType(
                TaxRuleID=number,
                TaxRuleName=ascii_text(tax.name, 80),
                TaxRate=rational(tax.rate * 100),
                TaxIncludedInPrice=tax.included,
                AppliesToEnergyFee=True,
                AppliesToParkingFee=False,
                AppliesToOverstayFee=False,
                AppliesMinimumMaximumCost=True,
            )
            for number, tax in enumerate(taxes[:MAX_TAXES], start=1)
        ]
    )


def read_prices(element: AbsolutePriceScheduleType) -> Prices:
    """Prices received: of each step the fee from the lowest power on."""
    taxes = element.TaxRules.TaxRule if element.TaxRules else []
    return Prices(
        element.Currency,
        tuple(
            (float(stack.Duration), number(stack.PriceRule[0].EnergyFee))
            for stack in element.PriceRuleStacks.PriceRuleStack
        ),
        element.Language,
        tuple(Tax(one.TaxRuleName or "", number(one.TaxRate) / 100, bool(one.TaxIncludedInPrice)) for one in taxes),
        optional_number(element.MinimumCost),
        optional_number(element.MaximumCost),
        element.PriceScheduleDescription or "",
    )


def read_schedule(element: ScheduleTupleType) -> Schedule:
    """One alternative as the car sees it."""
    charging, discharging = element.ChargingSchedule, element.DischargingSchedule
    return Schedule(
        charge=read_steps(charging.PowerSchedule),
        discharge=read_steps(discharging.PowerSchedule) if discharging else (),
        charge_prices=_prices(charging),
        discharge_prices=_prices(discharging) if discharging else None,
        charge_levels=_levels(charging),
        discharge_levels=_levels(discharging) if discharging else (),
    )


def _prices(element: ChargingScheduleType) -> Prices | None:
    return read_prices(element.AbsolutePriceSchedule) if element.AbsolutePriceSchedule else None


def _levels(element: ChargingScheduleType) -> Steps:
    levels = element.PriceLevelSchedule
    entries = levels.PriceLevelScheduleEntries.PriceLevelScheduleEntry if levels else []
    return tuple((float(entry.Duration), float(entry.PriceLevel)) for entry in entries)


def read_steps(schedule: PowerScheduleType) -> Steps:
    """Steps of a schedule received."""
    return _steps(schedule.PowerScheduleEntries.PowerScheduleEntry)


def read_profile(profile: EVPowerProfileType | None) -> Steps:
    """Steps of the car's own plan; power is signed."""
    return () if profile is None else _steps(profile.EVPowerProfileEntries.EVPowerProfileEntry)


def _steps(entries: Iterable[PowerScheduleEntryType]) -> Steps:
    return tuple((float(entry.Duration), phase_sum(entry, "Power") or 0.0) for entry in entries)
