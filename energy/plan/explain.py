"""Why each step is as it is, read from the optimum: its prices against the worth of a kWh in the battery."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from energy.asks import FloatArray
from energy.model import Departure, Reason, ReasonCode, Wishes
from energy.plan.bounds import BoolArray
from energy.plan.course import Course
from energy.plan.prepare import Prepared

ACTIVE_KW = 0.05
"""Less than this is no power."""
_UNTIL_REPLAN_H = 0.25
"""The engine plans anew at least this often."""
_EVEN = 1e-3
"""Prices closer than this are the same, currency/kWh."""


@dataclass(frozen=True, slots=True)
class Explained:
    """A reason for each step, and how dispatch may follow the meter in it."""

    reasons: list[Reason]
    feeds_house: BoolArray
    takes_surplus: BoolArray
    exports: BoolArray


def explain(prepared: Prepared, course: Course, worth: FloatArray, wishes: Wishes) -> Explained:
    """Reasons and permissions for every step of a course; ``worth`` is the optimum's, currency/kWh stored."""
    return _Explainer(prepared, course, worth, wishes).run()


class _Explainer:
    def __init__(self, prepared: Prepared, course: Course, worth: FloatArray, wishes: Wishes) -> None:
        self.p, self.c, self.worth, self.wishes = prepared, course, worth, wishes
        n = prepared.numbers
        self.starts = prepared.edges_s[:-1]
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
        self.next_charge = _next_true(self.charging)
        self.next_discharge = _next_true(self.discharging)

    def run(self) -> Explained:
        n = self.p.numbers
        may_feed = (n.discharge_max > ACTIVE_KW) & ~self.charging
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
        return Explained(
            _with_ends([self._reason(t) for t in range(len(net))], self.p.edges_s),
            feeds,
            takes,
            self.exporting | (asked & (n.discharge_max > ACTIVE_KW)),
        )

    def _spare_kwh(self) -> FloatArray:
        """What more could leave the battery in each step before a floor is met or charging begins again."""
        over = self.c.stored_kwh[1:] - np.maximum(self.p.numbers.stored_min[1:], 0.0)
        spare = np.empty_like(over)
        least = np.inf
        for t in range(len(over) - 1, -1, -1):
            least = min(float(over[t]), np.inf if self.charging[t] else least)
            spare[t] = least
        return spare

    def _reason(self, t: int) -> Reason:
        p = self.p
        if not p.bounds.present[t]:
            return Reason(code=ReasonCode.NO_CAR)
        if self.wishes.paused:
            return Reason(code=ReasonCode.PAUSED)
        if p.emergency is not None and np.isfinite(p.emergency.value[t]) and p.emergency.value[t] >= 1:
            return Reason(code=ReasonCode.EVENT_EMERGENCY, params={"event_id": p.emergency.event_ids[t]})
        if p.bounds.boost[t] and self.charging[t]:
            return Reason(code=ReasonCode.BOOST, params={"until_s": self.wishes.boost_until_s or 0.0})
        if p.asked_power is not None and np.isfinite(p.asked_power.value[t]):
            asked: dict[str, float | str] = {
                "event_id": p.asked_power.event_ids[t],
                "asked_ev_w": float(p.asked_power.value[t]) * 1e3,
            }
            return Reason(code=ReasonCode.EVENT_SETPOINT, params=asked)
        if self.charging[t]:
            return self._why_charge(t)
        if self.discharging[t]:
            return self._why_discharge(t)
        return self._why_idle(t)

    def _why_charge(self, t: int) -> Reason:
        p = self.p
        price = float(p.worth.price_in[t])
        if (
            self.c.stored_kwh[t] < p.floors.reserve[t] - 1e-3
            and self.c.stored_kwh[t + 1] <= p.numbers.stored_min[t + 1] + 1e-2
        ):
            return Reason(code=ReasonCode.CHARGE_TO_RESERVE, params=self._reserve_params(t))
        if not self.from_grid[t]:
            return Reason(
                code=ReasonCode.CHARGE_SOLAR,
                params={
                    "price_eur_per_kwh": float(p.worth.price_out[t]),
                    "worth_eur_per_kwh": float(self.worth[t]),
                },
            )
        params: dict[str, float | str] = {"price_eur_per_kwh": price}
        due = self._due(t)
        if due is not None:
            departure = due[1]
            params |= {"deadline_s": departure.at_s, "target_soc": departure.target_soc}
        if p.worth.price_event[t]:
            return Reason(code=ReasonCode.EVENT_PRICE, params={**params, "event_id": p.worth.price_event[t]})
        end = due[0] if due is not None else self._day_after(t)
        window = p.worth.price_in[t:end][p.bounds.present[t:end]]
        if len(window) and price < float(window.mean()) - _EVEN:
            return Reason(
                code=ReasonCode.CHARGE_CHEAP, params={**params, "mean_price_eur_per_kwh": float(window.mean())}
            )
        if due is not None:
            return Reason(code=ReasonCode.CHARGE_FOR_DEPARTURE, params=params)
        return Reason(code=ReasonCode.CHARGE_CHEAP, params={**params, "worth_eur_per_kwh": float(self.worth[t])})

    def _why_discharge(self, t: int) -> Reason:
        p = self.p
        if self.exporting[t]:
            code, price = ReasonCode.EXPORT_DEAR, float(p.worth.price_out[t])
        else:
            code, price = ReasonCode.FEED_HOUSE, float(p.worth.price_in[t])
        params: dict[str, float | str] = {"price_eur_per_kwh": price, **self._refill(t)}
        if p.worth.price_event[t]:
            return Reason(code=ReasonCode.EVENT_PRICE, params={**params, "event_id": p.worth.price_event[t]})
        return Reason(code=code, params=params)

    def _why_idle(self, t: int) -> Reason:
        p, n = self.p, self.p.numbers
        stored = float(self.c.stored_kwh[t])
        if p.capacity_kwh > 0 and stored >= float(n.stored_max[t + 1]) - 0.005 * p.capacity_kwh:
            return Reason(code=ReasonCode.FULL, params={"target_soc": stored / p.capacity_kwh})
        if p.bounds.blocked[t]:
            return Reason(code=ReasonCode.LIMIT_IMPORT, params={"limit_w": float(p.bounds.import_limit[t]) * 1e3})
        if (
            n.discharge_max[t] > ACTIVE_KW
            and n.house_kw[t] > ACTIVE_KW
            and stored <= p.floors.reserve[t] + 0.01 * p.capacity_kwh
            and n.price_in[t] - self.p.wear > float(n.price_in[t:].min()) + _EVEN
        ):
            return Reason(code=ReasonCode.LIMIT_RESERVE, params=self._reserve_params(t))
        return self._why_wait(t) or Reason(code=ReasonCode.HOLD, params={"worth_eur_per_kwh": float(self.worth[t])})

    def _why_wait(self, t: int) -> Reason | None:
        """A better price to come: cheaper to charge at, or dearer to feed or sell at."""
        charge, discharge = int(self.next_charge[t]), int(self.next_discharge[t])
        now_price = float(self.p.worth.price_in[t])
        if discharge < charge:
            sold = self.p.worth.price_out if self.exporting[discharge] else self.p.worth.price_in
            if float(sold[discharge]) > now_price + _EVEN:
                params: dict[str, float | str] = {
                    "until_s": float(self.starts[discharge]),
                    "now_price_eur_per_kwh": now_price,
                    "later_price_eur_per_kwh": float(sold[discharge]),
                }
                return Reason(code=ReasonCode.WAIT_FOR_CHEAPER, params=params)
        if charge < len(self.charging) and self._charge_price(charge) < now_price - _EVEN:
            params = {
                "until_s": float(self.starts[charge]),
                "price_eur_per_kwh": self._charge_price(charge),
                "now_price_eur_per_kwh": now_price,
            }
            return Reason(code=ReasonCode.WAIT_FOR_CHEAPER, params=params)
        return None

    def _reserve_params(self, t: int) -> dict[str, float | str]:
        return {"reserve_soc": float(self.p.floors.reserve[t]) / max(self.p.capacity_kwh, 1e-9)}

    def _refill(self, t: int) -> dict[str, float]:
        """Where the energy given away now comes back, and at what price."""
        later = int(self.next_charge[t])
        if later >= len(self.charging):
            return {"worth_eur_per_kwh": float(self.worth[t])}
        return {
            "refill_price_eur_per_kwh": self._charge_price(later),
            "refill_s": float(self.starts[later]),
            "worth_eur_per_kwh": float(self.worth[t]),
        }

    def _charge_price(self, t: int) -> float:
        return float(self.p.worth.price_in[t] if self.from_grid[t] else self.p.worth.price_out[t])

    def _due(self, t: int) -> tuple[int, Departure] | None:
        for node, departure in self.p.floors.targets:
            if node > t and departure.target_soc * self.p.capacity_kwh > self.c.stored_kwh[t] + 1e-3:
                return node, departure
        return None

    def _day_after(self, t: int) -> int:
        return int(np.searchsorted(self.starts, self.starts[t] + 86400.0))


def _next_true(flags: BoolArray) -> npt.NDArray[np.int64]:
    """For each index the next later one that is true, else the length."""
    result = np.empty(len(flags), dtype=np.int64)
    coming = len(flags)
    for t in range(len(flags) - 1, -1, -1):
        result[t] = coming
        if flags[t]:
            coming = t
    return result


def _with_ends(reasons: list[Reason], edges_s: FloatArray) -> list[Reason]:
    """Each reason with ``until_s``: where the row of steps with its code ends."""
    ended: list[Reason] = []
    until_s = float(edges_s[-1])
    for t in range(len(reasons) - 1, -1, -1):
        if t + 1 < len(reasons) and reasons[t + 1].code is not reasons[t].code:
            until_s = float(edges_s[t + 1])
        ended.append(replace(reasons[t], params={"until_s": until_s, **reasons[t].params}))
    return ended[::-1]
