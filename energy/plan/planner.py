"""The planner: numbers, programme, repair, reasons, in this order; and always a plan."""

from dataclasses import replace

import numpy as np

from energy.asks import FloatArray
from energy.plan.course import Course, charge_on_arrival, follow
from energy.plan.explain import Explained, explain
from energy.plan.prepare import Prepared, prepare
from energy.plan.programme import Programme, Solution, SolverError
from energy.plan.promises import promises
from energy.plan.repair import close_unworthy, least_power, net, one_direction
from energy.plan.rule import simple_charging
from energy.plan.types import Money, Plan, PlanInput, PlugPlan, Step

_MOST_REPAIRS = 4
_DEFAULT_GOAL_SOC = 0.8
"""Charge on arrival stops here where no departure asks for more: what most cars are set to."""


class Planner:
    """Makes plans; keeps one compiled programme for each shape. Not thread-safe: one for each worker."""

    def __init__(self) -> None:
        self._programmes: dict[tuple[int, bool], Programme] = {}

    def solve(self, inp: PlanInput) -> Plan:
        """A plan for ``inp``; one made by a simple rule, and marked so, when the solver fails.

        Raises ``PlanInputError`` for numbers that cannot be planned with; nothing else.
        """
        prepared = prepare(inp)
        notes = list(prepared.notes)
        stats: dict[str, float] = {"steps": float(len(prepared.load_w))}
        gap = 0.0
        try:
            bound, solution = self._optimise(prepared, stats)
            charge = least_power(prepared.numbers, solution, prepared.bounds.charge_min_kw)
            course = follow(prepared, charge, solution.discharge_kw)
            gap = max(0.0, course.cost - bound.cost)
            worth, optimal = solution.stored_worth, True
        except SolverError as error:
            notes.append(f"The solver gave no plan ({error}); a simple rule made this one.")
            course = follow(prepared, simple_charging(prepared), np.zeros(len(prepared.load_w)))
            worth, optimal = np.full(len(prepared.load_w), prepared.numbers.end_value), False
        explained = explain(prepared, course, worth, inp.wishes)
        if not optimal:
            # Without an optimum nobody knows what a kWh is worth: the house is not fed from the car.
            explained = replace(explained, feeds_house=np.zeros_like(explained.feeds_house))
        baseline = charge_on_arrival(prepared, self._goal_kwh(prepared, inp))
        return Plan(
            made_s=inp.now_s,
            plugs=(PlugPlan(charger_id=inp.charger.charger_id, steps=_steps(prepared, course, explained, worth, inp)),),
            promises=promises(prepared, course),
            money=Money(planned_eur=course.cost, baseline_eur=baseline.cost),
            optimal=optimal,
            gap_eur=gap,
            notes=tuple(notes),
            stats=stats,
        )

    def _optimise(self, prepared: Prepared, stats: dict[str, float]) -> tuple[Course, Solution]:
        """The programme's own optimum (a bound), and the solution mended for a real charger."""
        numbers = prepared.numbers
        with_asks = numbers.soc_low is not None
        key = (len(numbers.dt_h), with_asks)
        programme = self._programmes.get(key)
        if programme is None:
            programme = self._programmes[key] = Programme(len(numbers.dt_h), with_asks)
        solution = programme.solve(numbers)
        stats["solver_s"] = solution.solver_time_s
        bound = follow(prepared, solution.charge_kw, solution.discharge_kw)
        for rounds in range(1, _MOST_REPAIRS + 1):
            mended = one_direction(numbers, solution) or close_unworthy(
                numbers, solution, prepared.bounds.charge_min_kw
            )
            if mended is None:
                break
            try:
                numbers, solution = mended, programme.solve(mended)
            except SolverError:
                break
            stats["repairs"] = float(rounds)
        return bound, net(solution)

    @staticmethod
    def _goal_kwh(prepared: Prepared, inp: PlanInput) -> float:
        wanted = [departure.target_soc for _, departure in prepared.floors.targets] or [_DEFAULT_GOAL_SOC]
        goal = min(max(*wanted, inp.wishes.reserve_soc), inp.ev_state.ev.soc_max)
        return goal * prepared.capacity_kwh


def _steps(
    prepared: Prepared, course: Course, explained: Explained, worth: FloatArray, inp: PlanInput
) -> tuple[Step, ...]:
    known = inp.ev_state.soc is not None and prepared.capacity_kwh > 0
    edges = prepared.edges_s.tolist()
    ev_w = ((course.charge_kw - course.discharge_kw) * 1e3).round(1).tolist()
    grid_w = (course.grid_kw * 1e3).round(1).tolist()
    soc = np.clip(course.stored_kwh / max(prepared.capacity_kwh, 1e-9), 0.0, 1.0).round(5).tolist()
    rows = zip(
        prepared.load_w.tolist(),
        prepared.solar_w.tolist(),
        prepared.worth.price_in.tolist(),
        prepared.worth.price_out.tolist(),
        explained.reasons,
        explained.feeds_house.tolist(),
        explained.takes_surplus.tolist(),
        explained.exports.tolist(),
        prepared.bounds.present.tolist(),
        worth.tolist(),
        strict=True,
    )
    return tuple(
        Step(
            start_s=edges[t],
            end_s=edges[t + 1],
            ev_w=ev_w[t],
            grid_w=grid_w[t],
            load_w=load_w,
            solar_w=solar_w,
            soc=soc[t + 1] if known else None,
            import_eur_per_kwh=price_in,
            export_eur_per_kwh=price_out,
            reason=reason,
            feeds_house=feeds,
            takes_surplus=takes,
            exports=exports,
            present=present,
            stored_eur_per_kwh=value,
        )
        for t, (load_w, solar_w, price_in, price_out, reason, feeds, takes, exports, present, value) in enumerate(rows)
    )
