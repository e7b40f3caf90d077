"""What the next best choice would have cost, and what a kWh in the car is worth: read from the optimum's own prices.

Leave the battery's balance to its price (the worth of a stored kWh) and the programme falls apart into steps: each
step then minimises its own bill less the worth of what it stores. A step that does something else costs the
difference of the two. By weak duality that is a *lower bound* of what a plan made anew, with this choice forced,
would cost more; it is exact as long as the choice moves less energy than it takes to change the worth. Over several
steps the bounds add up. The rest of the home (load, sun, house batteries) is taken as planned, and charges for the
month's peak are left out.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from energy.asks import FloatArray
from energy.plan.bounds import BoolArray
from energy.plan.course import Course
from energy.plan.prepare import Prepared

EVEN_PER_KWH = 5e-3
"""Choices closer than this are even: the programme's own tie breaks are of this size, currency/kWh."""
_LEAST_KWH = 0.01
"""A choice that moves less than this is none."""
_LONGEST_S = 3600.0
"""To act where the plan rests is weighed for an hour at the most: longer it would fill or empty the battery."""
_TOLERANCE = 0.01
"""Of the battery: a promise missed by less is kept."""
_UNMONEYED = 1.3
"""A worth of more than so many times the dearest price is no money: it comes from a penalty that makes a promise."""

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Worths:
    """What one more kWh stored is worth, (N,) currency/kWh."""

    now: FloatArray
    """At the step."""
    later: FloatArray
    """At ``later_step``."""
    later_step: IntArray
    """When the stored energy next matters: discharging, charging or leaving begins; N: the horizon ends first."""
    is_money: BoolArray
    """False where the figures come from a penalty, and are not to be told."""


def worths(
    prepared: Prepared, worth: FloatArray, charging: BoolArray, discharging: BoolArray, present: BoolArray
) -> Worths:
    """The worth at each step and when it next matters."""
    leaves = next_true(~present)
    next_in, next_out = next_true(charging), next_true(discharging)
    other = np.where(charging, next_out, np.where(discharging, next_in, np.minimum(next_in, next_out)))
    step = np.minimum(other, leaves)
    later = np.append(worth, prepared.numbers.end_value)[step]
    prices = np.abs(np.concatenate([prepared.worth.price_in, prepared.worth.price_out]))
    most = _UNMONEYED * float(prices.max(initial=0.0)) + 0.1
    return Worths(worth, later, step, (np.abs(worth) <= most) & (np.abs(later) <= most))


@dataclass(frozen=True, slots=True)
class Choices:
    """The next best choice from each step on; lists of N."""

    name: list[str]
    """``hold``, ``charge``, ``discharge``; empty where there is none."""
    cost: list[float]
    """What it would cost more, ≥ 0, currency; 0: it is even."""
    until_step: list[int]
    """Before which step it ends: with the row of steps that share a reason; charging and discharging also after an
    hour, and when the battery is full or empty."""
    breaks: list[str]
    """``departure`` or ``reserve`` where no charging afterwards could keep that promise; else empty."""


def choices(prepared: Prepared, course: Course, worth: FloatArray, acts: BoolArray, block_end: IntArray) -> Choices:
    """The next best choice from each step to ``block_end`` (exclusive), the end of the row that it belongs to.

    ``acts``: the car charges or discharges. Each step's cost is convex in the car's power, so what comes next after
    charging or discharging is to hold.
    """
    n = prepared.numbers
    rest_kw = course.grid_kw - course.charge_kw + course.discharge_kw
    stored, zero = course.stored_kwh, np.zeros_like(worth)
    room = np.maximum(n.stored_max[1:] - stored[:-1], 0.0)
    spare = np.maximum(stored[:-1] - n.stored_min[1:], 0.0)
    charge_kw = _most_charge_kw(prepared, rest_kw, stored[:-1], room)
    discharge_kw = np.maximum(
        np.minimum(np.minimum(n.discharge_max, rest_kw + n.export_max), spare / n.discharge_drain), 0.0
    )
    gained, drained = n.charge_gain * charge_kw, n.discharge_drain * discharge_kw
    moved = np.diff(stored) + n.trip_kwh
    starts = prepared.edges_s[:-1]
    hour_end = np.minimum(block_end, np.searchsorted(starts, starts + _LONGEST_S - 1e-3))

    # What each step costs more than planned: its bill less the worth of what it stores.
    planned = _bill(prepared, rest_kw, course.charge_kw, course.discharge_kw) - worth * moved
    hold = _Option(block_end, _bill(prepared, rest_kw, zero, zero) - planned, np.abs(moved))
    charge = _Option(hour_end, _bill(prepared, rest_kw, charge_kw, zero) - worth * gained - planned, gained)
    discharge = _Option(hour_end, _bill(prepared, rest_kw, zero, discharge_kw) + worth * drained - planned, drained)

    charge_end = charge.within(room)
    discharge_end = discharge.within(spare)
    charge_cost, charge_kwh = charge.total(charge_end)
    discharge_cost, discharge_kwh = discharge.total(discharge_end)
    can_charge, can_discharge = ~acts & (charge_kwh > _LEAST_KWH), ~acts & (discharge_kwh > _LEAST_KWH)
    charges = can_charge & (~can_discharge | (charge_cost <= discharge_cost))
    discharges = can_discharge & ~charges
    hold_cost, hold_kwh = hold.total(block_end)
    cost = np.where(acts, hold_cost, np.where(charges, charge_cost, np.where(discharges, discharge_cost, 0.0)))
    kwh = np.where(acts, hold_kwh, np.where(charges, charge_kwh, discharge_kwh))
    until = np.where(acts, block_end, np.where(charges, charge_end, discharge_end))
    name = np.select([acts, charges, discharges], ["hold", "charge", "discharge"], "")
    told = np.where(cost > EVEN_PER_KWH * kwh, cost, 0.0)
    level_kwh = stored[:-1] + np.where(charges, charge_kwh, np.where(discharges, -discharge_kwh, 0.0))
    return Choices(name.tolist(), told.tolist(), until.tolist(), _broken(prepared, level_kwh, until))


def _most_charge_kw(
    prepared: Prepared, rest_kw: FloatArray, stored_kwh: FloatArray, room_kwh: FloatArray
) -> FloatArray:
    """What could be charged in each step with ``stored_kwh`` at its start; 0 below the charger's least."""
    n = prepared.numbers
    tapered = (n.taper.level_kw - n.taper.slope * stored_kwh) / (1.0 + n.taper.slope * n.charge_gain)
    most = np.minimum(np.minimum(n.charge_max, n.import_max - rest_kw), np.minimum(tapered, room_kwh / n.charge_gain))
    return np.where(most >= max(prepared.bounds.charge_min_kw, 1e-3), most, 0.0)


def _broken(prepared: Prepared, level_kwh: FloatArray, at_step: IntArray) -> list[str]:
    """Which promise is out of reach when the battery holds ``level_kwh`` before ``at_step``, whatever is charged then.

    The taper near full is not counted, so a promise that is said to be broken is.
    """
    n = prepared.numbers
    # What the fastest charging could have added by each node, less what is needed there.
    fastest = np.concatenate([[0.0], np.cumsum(n.charge_gain * n.charge_max - n.trip_kwh)])
    over = fastest - n.stored_min
    least = np.minimum.accumulate(over[::-1])[::-1]
    short = level_kwh - fastest[at_step] + least[at_step] < -_TOLERANCE * prepared.capacity_kwh - 1e-3
    if not short.any():
        return [""] * len(level_kwh)
    late = np.full(len(level_kwh), False)
    for node, _ in prepared.floors.targets:
        late |= (at_step <= node) & (level_kwh - fastest[at_step] + over[node] < -1e-3)
    names: list[str] = np.where(short, np.where(late, "departure", "reserve"), "").tolist()
    return names


class _Option:
    """One way to act in every step: what each costs more than the plan, and the energy that it moves."""

    def __init__(self, block_end: IntArray, cost: FloatArray, kwh: FloatArray) -> None:
        self._block_end = block_end
        self._cost = np.concatenate([[0.0], np.cumsum(cost)])
        self._kwh = np.concatenate([[0.0], np.cumsum(kwh)])

    def within(self, room_kwh: FloatArray) -> IntArray:
        """Before which step it ends when no more than ``room_kwh`` may be moved: whole steps, one at the least."""
        count = len(room_kwh)
        fits = np.searchsorted(self._kwh, self._kwh[:-1] + room_kwh + 1e-9, side="right") - 1
        result: IntArray = np.minimum(np.maximum(fits, np.arange(1, count + 1)), self._block_end)
        return result

    def total(self, end: IntArray) -> tuple[FloatArray, FloatArray]:
        """Cost and energy from each step until before ``end``."""
        return self._cost[end] - self._cost[:-1], self._kwh[end] - self._kwh[:-1]


def _bill(prepared: Prepared, rest_kw: FloatArray, charge_kw: FloatArray, discharge_kw: FloatArray) -> FloatArray:
    """What each step costs as the programme counts it: energy, wear and tie breaks; nothing for what is stored."""
    n = prepared.numbers
    grid_kw = rest_kw + charge_kw - discharge_kw
    bill: FloatArray = n.dt_h * (
        n.price_in * np.maximum(grid_kw, 0.0)
        - n.price_out * np.maximum(-grid_kw, 0.0)
        + n.charge_cost * charge_kw
        + n.discharge_cost * discharge_kw
    )
    return bill


def next_true(flags: BoolArray) -> IntArray:
    """For each index the next later one that is true, else the length."""
    count = len(flags)
    at = np.where(flags, np.arange(count), count)
    coming = np.minimum.accumulate(np.append(at, count)[::-1])[::-1]
    result: IntArray = coming[1:].astype(np.int64)
    return result
