"""What energy costs: by a schedule before a car chooses it, and in a session so far."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from protocols.iso15118.power import EnergyNeeds, Limits, MeterReading
from protocols.iso15118.schedule import Prices, Receipt, Schedule, Steps, Tax, lookup

WH_PER_KWH = 1000.0
S_PER_H = 3600.0
AS_GOOD_WH = 100.0
"""Schedules that bring nearly the same energy are told apart by their cost alone."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a car gets that keeps to a schedule: energy gained (Wh, never more than it wants) and what that costs.

    `unit` is what `cost` is counted in: a currency, or "" for price levels. No cost: the schedule tells no prices.
    """

    gained_wh: float
    cost: float | None
    unit: str = ""


def cheapest(schedules: Sequence[Schedule], needs: EnergyNeeds, limits: Limits) -> int:
    """Which of these a car does best to choose: the cheapest of those that bring most of what it wants.

    The first offered is best where costs cannot be compared, since not all tell them in the same unit.
    """
    outlooks = [outlook(schedule, needs, limits) for schedule in schedules]
    enough_wh = max(one.gained_wh for one in outlooks) - AS_GOOD_WH
    good = [number for number, one in enumerate(outlooks) if one.gained_wh >= enough_wh]
    costs = {number: cost for number in good if (cost := outlooks[number].cost) is not None}
    if len(costs) < len(good) or len({outlooks[number].unit for number in good}) > 1:
        return good[0]
    return min(costs, key=costs.__getitem__)


def outlook(schedule: Schedule, needs: EnergyNeeds, limits: Limits) -> Outlook:
    """Follow the schedule step by step until departure, as far as the car can, until it has what it wants.

    What it sells on the way is credited and has to be charged again; it sells nothing below its minimum.
    """
    wanted_wh = _first_told(needs.target_wh, needs.max_wh, math.inf)
    least_wh = _first_told(needs.min_wh, -math.inf)
    buying, selling = _Tariff.of(schedule, selling=False), _Tariff.of(schedule, selling=True)
    gained_wh = bought = sold = 0.0
    plan = schedule.plan
    planned = lookup(plan)
    for start_s, end_s in _pieces(plan, (buying.steps, selling.steps), needs.departure_in_s):
        power_w = limits.clip(planned(start_s) or 0.0)
        energy_wh = power_w * (end_s - start_s) / S_PER_H
        if energy_wh >= 0:
            energy_wh = min(energy_wh, max(0.0, wanted_wh - gained_wh))
            bought += energy_wh / WH_PER_KWH * buying.at(start_s)
        else:
            energy_wh = max(energy_wh, min(0.0, least_wh - gained_wh))
            sold -= energy_wh / WH_PER_KWH * selling.at(start_s)
        gained_wh += energy_wh
    told = bool(buying.steps)
    return Outlook(min(gained_wh, wanted_wh), buying.bounded(bought) - sold if told else None, buying.unit)


@dataclass(slots=True)
class Bill:
    """What a session's energy costs, reading by reading, at the prices in force."""

    bought: float = 0.0
    sold: float = 0.0
    _last: MeterReading | None = None

    def count(self, reading: MeterReading, schedule: Schedule, offset_s: float, now: float) -> Receipt | None:
        """Take a reading, `offset_s` after the schedule began; None where it tells no prices."""
        last, self._last = self._last or reading, reading
        prices = schedule.charge_prices
        if prices is None:
            return None
        buying, selling = _Tariff.of(schedule, selling=False), _Tariff.of(schedule, selling=True)
        price = buying.at(offset_s)
        charged_wh, discharged_wh = reading.charged_wh - last.charged_wh, reading.discharged_wh - last.discharged_wh
        self.bought += charged_wh / WH_PER_KWH * price
        self.sold += discharged_wh / WH_PER_KWH * selling.at(offset_s)
        cost = buying.bounded(self.bought) - self.sold
        # The prices that `at` gives are with every tax.
        before_tax = cost / _with(prices.taxes)
        return Receipt(now, cost, price, tuple(before_tax * tax.rate for tax in prices.taxes))


@dataclass(frozen=True, slots=True)
class _Tariff:
    """Prices or levels over time; `factor` adds the taxes that prices are told without."""

    steps: Steps = ()
    unit: str = ""
    factor: float = 1.0
    least: float = -math.inf
    most: float = math.inf
    told: Callable[[float], float | None] = lambda offset_s: None

    @classmethod
    def of(cls, schedule: Schedule, *, selling: bool) -> "_Tariff":
        prices = schedule.discharge_prices if selling else schedule.charge_prices
        if prices is None:
            levels = schedule.discharge_levels if selling else schedule.charge_levels
            return cls(levels, told=lookup(levels))
        return cls(
            prices.steps,
            prices.currency,
            _with_all_taxes(prices),
            _first_told(prices.minimum_cost, -math.inf),
            _first_told(prices.maximum_cost, math.inf),
            lookup(prices.steps),
        )

    def at(self, offset_s: float) -> float:
        """The last price holds on; without any, energy is worth nothing."""
        if not self.steps:
            return 0.0
        found = self.told(offset_s)
        return self.factor * (self.steps[-1][1] if found is None else found)

    def bounded(self, cost: float) -> float:
        """Between the least and the most that a session is charged."""
        return max(self.least, min(self.most, cost))


def _with_all_taxes(prices: Prices) -> float:
    return _with(prices.taxes) / _with(tax for tax in prices.taxes if tax.included)


def _with(taxes: Iterable[Tax]) -> float:
    """What a net price is multiplied by; rates that would leave nothing of it, or turn it round, are not believed."""
    factor = 1.0 + sum(tax.rate for tax in taxes)
    return factor if factor > 0.0 else 1.0


def _pieces(plan: Steps, beside: Sequence[Steps], until_s: float | None) -> Iterator[tuple[float, float]]:
    """(start, end) in s, in each of which power and prices stay the same."""
    end_s = sum(duration for duration, _ in plan)
    if until_s is not None:
        end_s = min(end_s, until_s)
    edges = {edge for steps in (plan, *beside) for edge in accumulate(duration for duration, _ in steps)}
    return pairwise([0.0, *sorted(edge for edge in edges if edge < end_s), end_s])


def _first_told(*values: float | None) -> float:
    return next(value for value in values if value is not None)
