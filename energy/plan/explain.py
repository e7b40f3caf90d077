"""Why each step is as it is, read from the optimum: its prices against the worth of a kWh in the battery.

A step's reason is its code (what it does and why), the figures of the sentence about it, and the facts that every step
has, whatever its code:

``worth_eur_per_kwh``, ``worth_later_eur_per_kwh``, ``later_s``
    What a kWh in the car is worth now and when it next matters (``explain_costs``).
``binds``
    What keeps the step from going further (``explain_binds``).
``next_choice``, ``next_cost_eur``, ``block_until_s``
    The next best choice, what it would have cost more until then; 0: it is even.
``until_s``
    Where the row of steps with this code ends.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from energy.asks import FloatArray, StepAsk
from energy.model import Connection, Departure, Plug, Reason, ReasonCode, Wishes
from energy.plan.bounds import BoolArray
from energy.plan.course import Course
from energy.plan.explain_binds import binds
from energy.plan.explain_costs import IntArray, choices, next_true, worths
from energy.plan.prepare import Prepared

ACTIVE_KW = 0.05
"""Less than this is no power."""
_UNTIL_REPLAN_H = 0.25
"""The engine plans anew at least this often."""
_EVEN = 1e-3
"""Prices closer than this are the same, currency/kWh."""
_NO_CHOICE = frozenset(
    {
        ReasonCode.NO_CAR,
        ReasonCode.PAUSED,
        ReasonCode.BOOST,
        ReasonCode.EVENT_EMERGENCY,
        ReasonCode.EVENT_SETPOINT,
        ReasonCode.CHARGE_TO_RESERVE,
    }
)
"""Decided by somebody, not by money: no other choice is weighed."""

Params = dict[str, float | str]


@dataclass(frozen=True, slots=True)
class Explained:
    """A reason for each step, and how dispatch may follow the meter in it."""

    reasons: list[Reason]
    feeds_house: BoolArray
    takes_surplus: BoolArray
    exports: BoolArray


def explain(
    prepared: Prepared,
    course: Course,
    worth: FloatArray,
    wishes: Wishes,
    plug: Plug | None = None,
    *,
    connection: Connection | None = None,
    optimal: bool = True,
) -> Explained:
    """Reasons and permissions for every step of a course; ``worth`` is the optimum's, currency/kWh stored.

    ``plug`` lets the reasons tell the charger's limit from the car's, ``connection`` the fuse from the grid's. Without
    an optimum nobody knows what a kWh is worth: the reasons tell no figure that is made from it, and the house is not
    fed from the car.
    """
    explained = _Explainer(prepared, course, worth, wishes, plug, connection, optimal).run()
    return explained if optimal else replace(explained, feeds_house=np.zeros_like(explained.feeds_house))


class _Explainer:
    def __init__(
        self,
        prepared: Prepared,
        course: Course,
        worth: FloatArray,
        wishes: Wishes,
        plug: Plug | None,
        connection: Connection | None,
        optimal: bool,
    ) -> None:
        self.p, self.c, self.worth, self.wishes, self.plug = prepared, course, worth, wishes, plug
        self.optimal = optimal
        limit = prepared.bounds.import_limit
        fuse_kw = connection.import_max_w / 1e3 if connection is not None else float(limit.max(initial=0.0))
        self.by_fuse = limit >= fuse_kw - 1e-3
        """The connection's limit is its fuse, not one of the grid's."""
        self.refuses = plug is not None and plug.ev_state.connected and not plug.ev_state.can_charge
        """The car's session does not let it charge (yet)."""
        n = prepared.numbers
        self.charging = course.charge_kw > ACTIVE_KW
        self.discharging = course.discharge_kw > ACTIVE_KW
        self.exporting = self.discharging & (course.grid_kw < -ACTIVE_KW)
        self.from_grid = self.charging & (course.grid_kw > ACTIVE_KW)
        efficiency_in = n.charge_gain / n.dt_h
        efficiency_out = n.dt_h / n.discharge_drain
        self.pays_to_feed = n.price_in - prepared.wear - worth / efficiency_out
        """What feeding a kWh to the house earns beyond the worth of the charge."""
        self.pays_to_store = worth * efficiency_in - n.price_out
        """What storing a kWh of surplus earns beyond its pay for export."""

    def run(self) -> Explained:
        n = self.p.numbers
        # While only the sun charges, a kettle may still be fed: within a step the house is above and below its mean.
        may_feed = (n.discharge_max > ACTIVE_KW) & ~self.from_grid
        net = np.maximum(n.house_kw, 0.0)
        whole = self.discharging & (
            self.c.discharge_kw >= 0.9 * np.minimum(np.maximum(net, ACTIVE_KW), n.discharge_max)
        )
        asked = np.zeros(len(net), dtype=bool)
        if self.p.asked_power is not None:
            asked = np.isfinite(self.p.asked_power.value)
        # Following the load may take more than was planned: there must be charge to spare for it.
        spare = self._spare_kwh() >= np.maximum(n.discharge_max - self.c.discharge_kw, 0.0) * _UNTIL_REPLAN_H
        feeds = may_feed & spare & ~asked & ((self.pays_to_feed > 2 * _EVEN) | whole) & ~self.exporting
        takes = (n.charge_max > ACTIVE_KW) & ~asked & ~self.discharging & (self.pays_to_store > _EVEN)
        return Explained(self._reasons(), feeds, takes, self.exporting | (asked & (n.discharge_max > ACTIVE_KW)))

    def _spare_kwh(self) -> FloatArray:
        """What more could leave the battery in each step before a floor is met or charging begins again."""
        over = (self.c.stored_kwh[1:] - np.maximum(self.p.numbers.stored_min[1:], 0.0)).tolist()
        charging = self.charging.tolist()
        spare, least = over, float("inf")
        for t in range(len(over) - 1, -1, -1):
            if charging[t] or over[t] < least:
                least = over[t]
            spare[t] = least
        return np.array(spare)

    def _reasons(self) -> list[Reason]:
        why = _Why(self)
        found = [why.reason(t) for t in range(len(self.worth))]
        ends = _block_ends([code for code, _ in found])
        edges = self.p.edges_s.tolist()
        worth = worths(self.p, self.worth, self.charging, self.discharging, self.p.bounds.present)
        is_money = worth.is_money & self.optimal
        choice = choices(self.p, self.c, self.worth, self.charging | self.discharging, ends)
        rows = zip(
            found,
            ends.tolist(),
            binds(self.p, self.c, self.charging, self.discharging, self.by_fuse, self.plug),
            is_money.tolist(),
            worth.now.tolist(),
            worth.later.tolist(),
            worth.later_step.tolist(),
            choice.name,
            choice.cost,
            choice.until_step,
            choice.breaks,
            strict=True,
        )
        reasons = []
        before, weighed = None, False
        for (code, own), end, bound, is_known, now, later, later_step, name, cost, until, breaks in rows:
            if code is not before:
                before, weighed = code, code not in _NO_CHOICE
            params: Params = {"until_s": edges[end], "binds": bound}
            if is_known and code is not ReasonCode.NO_CAR:
                params["worth_eur_per_kwh"] = now
                params["worth_later_eur_per_kwh"] = later
                params["later_s"] = edges[later_step]
            if weighed and name and (breaks or is_known):
                params["next_choice"] = name
                params["block_until_s"] = edges[until]
                if breaks:
                    params["next_breaks"] = breaks
                else:
                    params["next_cost_eur"] = cost
            params.update(own)
            reasons.append(Reason(code=code, params=params))
        return reasons


class _Why:
    """The code of each step and the figures of its own. Plain lists: it looks at one step at a time."""

    def __init__(self, of: _Explainer) -> None:
        prepared, course, charging = of.p, of.c, of.charging
        n, bounds, money = prepared.numbers, prepared.bounds, prepared.worth
        self.p, self.wishes, self.refuses = prepared, of.wishes, of.refuses
        edges = prepared.edges_s
        self.starts: list[float] = edges[:-1].tolist()
        self.charging, self.discharging, self.exporting = (
            charging.tolist(),
            of.discharging.tolist(),
            of.exporting.tolist(),
        )
        self.present, self.boost, self.blocked = bounds.present.tolist(), bounds.boost.tolist(), bounds.blocked.tolist()
        self.crowded, self.by_fuse = bounds.crowded.tolist(), of.by_fuse.tolist()
        self.from_grid = of.from_grid.tolist()
        self.price_in: list[float] = money.price_in.tolist()
        self.price_out: list[float] = money.price_out.tolist()
        self.stored: list[float] = course.stored_kwh.tolist()
        self.reserve: list[float] = prepared.floors.reserve.tolist()
        self.least: list[float] = n.stored_min.tolist()
        self.next_charge, self.next_discharge = next_true(charging).tolist(), next_true(of.discharging).tolist()
        self.leaves = next_true(~bounds.present).tolist()
        self.emergency = _values(prepared.emergency)
        self.asked = _values(prepared.asked_power)
        self.full = (course.stored_kwh[:-1] >= n.stored_max[1:] - 0.005 * prepared.capacity_kwh).tolist()
        cheapest_to_come = np.minimum.accumulate(n.price_in[::-1])[::-1]
        self.kept = (
            (n.discharge_max > ACTIVE_KW)
            & (n.house_kw > ACTIVE_KW)
            & (course.stored_kwh[:-1] <= prepared.floors.reserve[:-1] + 0.01 * prepared.capacity_kwh)
            & (n.price_in - prepared.wear > cheapest_to_come + _EVEN)
        ).tolist()
        """Feeding would pay, and only the reserve forbids it."""
        self.due = _due(prepared, course)
        self.mean_price = self._mean_prices()

    def _mean_prices(self) -> list[float]:
        """Mean price while the car is at home, from each step to what is due, or for a day."""
        present = self.p.bounds.present.astype(float)
        count = np.concatenate([[0.0], np.cumsum(present)])
        money = np.concatenate([[0.0], np.cumsum(present * self.p.worth.price_in)])
        starts = self.p.edges_s[:-1]
        end = np.searchsorted(starts, starts + 86400.0)
        for t, due in enumerate(self.due):
            if due is not None:
                end[t] = due[0]
        steps = count[end] - count[:-1]
        mean = (money[end] - money[:-1]) / np.maximum(steps, 1.0)
        means: list[float] = np.where(steps > 0, mean, -np.inf).tolist()
        return means

    def reason(self, t: int) -> tuple[ReasonCode, Params]:
        if not self.present[t]:
            return ReasonCode.NO_CAR, {}
        if self.wishes.paused:
            return ReasonCode.PAUSED, {}
        if self.p.emergency is not None and self.emergency[t] >= 1:
            return ReasonCode.EVENT_EMERGENCY, {"event_id": self.p.emergency.event_ids[t]}
        if self.boost[t] and self.charging[t]:
            return ReasonCode.BOOST, {"until_s": self.wishes.boost_until_s or 0.0}
        if self.p.asked_power is not None and np.isfinite(self.asked[t]):
            event_id = self.p.asked_power.event_ids[t]
            return ReasonCode.EVENT_SETPOINT, {"event_id": event_id, "asked_ev_w": self.asked[t] * 1e3}
        if self.charging[t]:
            return self._why_charge(t)
        if self.discharging[t]:
            return self._why_discharge(t)
        return self._why_idle(t)

    def _why_charge(self, t: int) -> tuple[ReasonCode, Params]:
        if self.stored[t] < self.reserve[t] - 1e-3 and self.stored[t + 1] <= self.least[t + 1] + 1e-2:
            return ReasonCode.CHARGE_TO_RESERVE, self._reserve_params(t)
        if not self.from_grid[t]:
            return ReasonCode.CHARGE_SOLAR, {"price_eur_per_kwh": self.price_out[t]}
        price, mean = self.price_in[t], self.mean_price[t]
        params: Params = {"price_eur_per_kwh": price}
        due = self.due[t]
        if due is not None:
            params |= {"deadline_s": due[1].at_s, "target_soc": due[1].target_soc}
        if event_id := self.p.worth.price_event[t]:
            return ReasonCode.EVENT_PRICE, params | {"event_id": event_id}
        if price < mean - _EVEN:
            return ReasonCode.CHARGE_CHEAP, params | {"mean_price_eur_per_kwh": mean}
        if due is not None:
            return ReasonCode.CHARGE_FOR_DEPARTURE, params
        return ReasonCode.CHARGE_CHEAP, params

    def _why_discharge(self, t: int) -> tuple[ReasonCode, Params]:
        exports = self.exporting[t]
        code = ReasonCode.EXPORT_DEAR if exports else ReasonCode.FEED_HOUSE
        params: Params = {"price_eur_per_kwh": self.price_out[t] if exports else self.price_in[t], **self._refill(t)}
        if event_id := self.p.worth.price_event[t]:
            return ReasonCode.EVENT_PRICE, params | {"event_id": event_id}
        return code, params

    def _why_idle(self, t: int) -> tuple[ReasonCode, Params]:
        capacity = self.p.capacity_kwh
        if capacity > 0 and self.full[t]:
            return ReasonCode.FULL, {"target_soc": self.stored[t] / capacity}
        if self.blocked[t]:
            return self._why_blocked(t)
        if self.kept[t]:
            return ReasonCode.LIMIT_RESERVE, self._reserve_params(t)
        return self._why_wait(t) or (ReasonCode.HOLD, {})

    def _why_blocked(self, t: int) -> tuple[ReasonCode, Params]:
        """The house takes all that the connection carries, or the car or the grid stops the car's own power."""
        if not self.crowded[t]:
            return ReasonCode.LIMIT_CAR if self.refuses else ReasonCode.LIMIT_IMPORT, {}
        code = ReasonCode.LIMIT_FUSE if self.by_fuse[t] else ReasonCode.LIMIT_IMPORT
        return code, {"limit_w": float(self.p.bounds.import_limit[t]) * 1e3}

    def _why_wait(self, t: int) -> tuple[ReasonCode, Params] | None:
        """A better price to come before the car leaves: cheaper to charge at, or dearer to feed or sell at."""
        charge, discharge = self.next_charge[t], self.next_discharge[t]
        now_price = self.price_in[t]
        if min(charge, discharge) > self.leaves[t]:
            return None
        if discharge < charge:
            sold = self.price_out[discharge] if self.exporting[discharge] else self.price_in[discharge]
            if sold > now_price + _EVEN:
                return ReasonCode.WAIT_FOR_CHEAPER, {
                    "until_s": self.starts[discharge],
                    "now_price_eur_per_kwh": now_price,
                    "later_price_eur_per_kwh": sold,
                }
        if charge < len(self.charging) and self._charge_price(charge) < now_price - _EVEN:
            return ReasonCode.WAIT_FOR_CHEAPER, {
                "until_s": self.starts[charge],
                "price_eur_per_kwh": self._charge_price(charge),
                "now_price_eur_per_kwh": now_price,
            }
        return None

    def _reserve_params(self, t: int) -> Params:
        return {"reserve_soc": self.reserve[t] / max(self.p.capacity_kwh, 1e-9)}

    def _refill(self, t: int) -> Params:
        """Where the energy given away now comes back, and at what price."""
        later = self.next_charge[t]
        if later >= len(self.charging):
            return {}
        return {"refill_price_eur_per_kwh": self._charge_price(later), "refill_s": self.starts[later]}

    def _charge_price(self, t: int) -> float:
        return self.price_in[t] if self.from_grid[t] else self.price_out[t]


def _values(ask: StepAsk | None) -> list[float]:
    return [] if ask is None else ask.value.tolist()


def _due(prepared: Prepared, course: Course) -> list[tuple[int, Departure] | None]:
    """For each step the next departure whose target is not reached yet, and its node."""
    due: list[tuple[int, Departure] | None] = [None] * (len(course.stored_kwh) - 1)
    for node, departure in reversed(prepared.floors.targets):
        needed = departure.target_soc * prepared.capacity_kwh
        for t in np.flatnonzero(needed > course.stored_kwh[: min(node, len(due))] + 1e-3).tolist():
            due[t] = (node, departure)
    return due


def _block_ends(codes: Sequence[ReasonCode]) -> IntArray:
    """For each step, before which step the row of its code ends."""
    edges = [0, *(t for t, (was, code) in enumerate(pairwise(codes), start=1) if code is not was), len(codes)]
    ends: IntArray = np.repeat(edges[1:], np.diff(edges)).astype(np.int64)
    return ends
