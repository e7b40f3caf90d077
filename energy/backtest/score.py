"""What a life cost and did, from its record by the minute.

Money: the bill at each minute's prices, the battery's wear, what trips lacked; and the charge left at the end, credited
with what perfect foresight would make of it (``Foresight.worth_eur``), the same for everybody.

**Regret.** With V, the least cost to come, a day's regret is ``cost of the day + V(charge at its end) − V(charge at
its beginning)``: how much worse than perfect foresight that day was, whatever was stored before or left for after.
Regrets are never below 0, and add up to the period's cost above the bound. The share of the saving that was captured,
of a day, a month or the whole, is ``1 − regret / regret on arrival``.
"""

from dataclasses import dataclass, field

import numpy as np

from energy.asks import FloatArray
from energy.backtest.foresight import BLOCK, KEPT_SOC, Foresight
from energy.backtest.world import Course, World

_ROUNDING_SOC = 1e-6
J_PER_KWH = 3.6e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Flows:
    """Energy by the minute (count,), kWh, and what it cost."""

    grid_in: FloatArray
    grid_out: FloatArray
    charged: FloatArray
    discharged: FloatArray
    car_to_grid: FloatArray
    bill_eur: FloatArray
    wear_eur: FloatArray
    road_eur: FloatArray
    """Energy that trips lacked."""

    @property
    def cost_eur(self) -> FloatArray:
        """All of it."""
        return np.asarray(self.bill_eur + self.wear_eur + self.road_eur, dtype=np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One strategy's period. kWh, kg, currency."""

    name: str
    cost_eur: float
    """Bill, wear and trips, less what the charge at the end is worth."""
    bill_eur: float
    wear_eur: float
    road_eur: float
    """Energy that trips lacked."""
    stored_eur: float
    """Credit for the charge at the end beyond the first (below 0: less)."""
    imported_kwh: float
    exported_kwh: float
    charged_kwh: float
    discharged_kwh: float
    co2_kg: float
    """Imported less exported energy at the grid's factor of the hour."""
    cycles: float
    """Full charges that went through the battery."""
    self_sufficiency: float
    """Share of what house and car used that did not come from the grid; energy that only passed through the car from
    the grid and back counts neither way."""
    departures_kept: int
    departures_missed: int
    """Of those that a car charging from arrival would have kept."""
    departures_infeasible: int
    worst_short_soc: float
    corrected_kwh: float
    """By how much dispatch moved the car's energy away from the plan's."""
    turns: int
    """How often the car went between charging and discharging."""
    regret_eur: tuple[float, ...]
    """By day."""
    day_cost_eur: tuple[float, ...]
    """By day: bill, wear and trips."""
    end_soc: float
    plans: dict[str, float] = field(default_factory=dict)
    """What is told of plans, where the strategy makes any."""
    reasons: dict[str, int] = field(default_factory=dict)
    """Minutes by the reason of the set-point."""


def flows(course: Course, world: World) -> Flows:
    """The record as energy and money."""
    n = course.count
    house = course.house_w[:n]
    load, solar = course.minutes.load_w[:n], course.minutes.solar_w[:n]
    parts = ((world.before_w, world.before_s), (world.ev_w, 60.0 - world.before_s))
    total = {name: np.zeros(n) for name in ("in", "out", "charged", "discharged", "car_out")}
    for ev_w, seconds in parts:
        kwh = seconds / J_PER_KWH
        grid = house + ev_w
        total["in"] += np.maximum(grid, 0.0) * kwh
        total["out"] += np.maximum(-grid, 0.0) * kwh
        total["charged"] += np.maximum(ev_w, 0.0) * kwh
        total["discharged"] += np.maximum(-ev_w, 0.0) * kwh
        # The sun serves the house first, then the car does: as in energy.accounts.split_paths.
        total["car_out"] += np.maximum(np.maximum(-ev_w, 0.0) - np.maximum(load - solar, 0.0), 0.0) * kwh
    return Flows(
        grid_in=total["in"],
        grid_out=total["out"],
        charged=total["charged"],
        discharged=total["discharged"],
        car_to_grid=total["car_out"],
        bill_eur=total["in"] * course.import_eur[:n] - total["out"] * course.export_eur[:n],
        wear_eur=total["discharged"] * course.home.ev.wear_eur_per_kwh,
        road_eur=world.lacked_wh / 1e3 * course.home.public_eur_per_kwh,
    )


def score(
    name: str,
    course: Course,
    world: World,
    foresight: Foresight,
    fastest_soc: FloatArray,
    co2_g_per_kwh: FloatArray,
    plans: dict[str, float] | None = None,
    reasons: dict[str, int] | None = None,
) -> Score:
    """The figures of a life that was lived to its end."""
    n = course.count
    flow = flows(course, world)
    bill, wear, road = float(flow.bill_eur.sum()), float(flow.wear_eur.sum()), float(flow.road_eur.sum())
    end_soc = float(world.soc[-1])
    stored = foresight.worth_eur(end_soc)
    kept, missed, infeasible, worst = _departures(course, world, fastest_soc)
    known = np.isfinite(world.planned_w) & course.connected[:n]
    mean_w = (world.before_w * world.before_s + world.ev_w * (60.0 - world.before_s)) / 60.0
    corrected = float(np.abs(mean_w - world.planned_w)[known].sum()) / 60e3
    used = float(course.minutes.load_w[:n].sum()) / 60e3 + float((flow.charged - flow.discharged).sum())
    through = float(flow.car_to_grid.sum())
    days = np.arange(0, n, BLOCK)
    day_cost = np.add.reduceat(flow.cost_eur, days)
    return Score(
        name=name,
        cost_eur=bill + wear + road - stored,
        bill_eur=bill,
        wear_eur=wear,
        road_eur=road,
        stored_eur=stored,
        imported_kwh=float(flow.grid_in.sum()),
        exported_kwh=float(flow.grid_out.sum()),
        charged_kwh=float(flow.charged.sum()),
        discharged_kwh=float(flow.discharged.sum()),
        co2_kg=float(((flow.grid_in - flow.grid_out) * co2_g_per_kwh[:n]).sum()) / 1e3,
        cycles=_cycles(course, world),
        self_sufficiency=1.0 - max(0.0, float(flow.grid_in.sum()) - through) / max(used, 1e-9),
        departures_kept=kept,
        departures_missed=missed,
        departures_infeasible=infeasible,
        worst_short_soc=worst,
        corrected_kwh=corrected,
        turns=_turns(world.ev_w),
        regret_eur=tuple(_regrets(course, world, foresight, day_cost)),
        day_cost_eur=tuple(day_cost.tolist()),
        end_soc=end_soc,
        plans=plans or {},
        reasons=reasons or {},
    )


def _regrets(course: Course, world: World, foresight: Foresight, day_cost: FloatArray) -> list[float]:
    capacity = course.home.ev.capacity_wh / 1e3
    found = []
    soc = course.battery().soc
    for day, cost in enumerate(day_cost.tolist()):
        last = min((day + 1) * BLOCK, course.count)
        end = float(world.soc[last - 1])
        after = foresight.at_minute(last).cost(end * capacity)
        before = foresight.at_minute(day * BLOCK).cost(soc * capacity)
        found.append(cost + float(after) - float(before))
        soc = end
    return found


def _departures(course: Course, world: World, fastest_soc: FloatArray) -> tuple[int, int, int, float]:
    kept = missed = infeasible = 0
    worst = 0.0
    for departure in course.departures:
        k = int((departure.at_s - course.start_s) // 60.0)
        if not 0 < k < course.count:
            continue
        lacking = departure.target_soc - float(world.soc[k - 1])
        if lacking <= KEPT_SOC + _ROUNDING_SOC:
            kept += 1
        elif departure.target_soc - float(fastest_soc[k - 1]) > KEPT_SOC:
            infeasible += 1
        else:
            missed += 1
            worst = max(worst, lacking)
    return kept, missed, infeasible, worst


def _cycles(course: Course, world: World) -> float:
    """Energy that left the battery, trips too, by its capacity."""
    soc = np.concatenate([[course.battery().soc], world.soc])
    return float(np.maximum(-np.diff(soc), 0.0).sum())


def _turns(ev_w: FloatArray) -> int:
    sign = np.sign(np.where(np.abs(ev_w) > 50.0, ev_w, 0.0))
    sign = sign[sign != 0]
    return int((np.diff(sign) != 0).sum())
