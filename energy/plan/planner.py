"""The planner: numbers, programme, repair, reasons, in this order; and always a plan."""

import numpy as np

from energy.asks import FloatArray
from energy.model import Plug
from energy.plan.course import Course
from energy.plan.explain import Explained, explain
from energy.plan.fill import fill
from energy.plan.optimum import Answer, Optimum
from energy.plan.prepare import Prepared, Problem, prepare, seen_by
from energy.plan.programme import Programme, SolverError, Values
from energy.plan.promises import promises
from energy.plan.rule import charge_on_arrival, simple_plan
from energy.plan.shape import Shape, shape_of
from energy.plan.store import StoreKind
from energy.plan.types import LoadPlan, Money, Plan, PlanInput, PlugPlan, Step, StorePlan

_ON_KW = 1e-3


class Planner:
    """Makes plans; keeps one compiled programme for each shape. Not thread-safe: one for each worker."""

    def __init__(self) -> None:
        self._programmes: dict[Shape, Programme] = {}

    def solve(self, inp: PlanInput) -> Plan:
        """A plan for ``inp``; one made by a simple rule, and marked so, when the solver fails.

        Raises ``PlanInputError`` for numbers that cannot be planned with; nothing else.
        """
        problem = prepare(inp)
        notes = list(problem.notes)
        stats: dict[str, float] = {"steps": float(problem.site.steps)}
        try:
            answer = Optimum(self.programme, stats).of(problem)
        except SolverError as error:
            notes.append(f"The solver gave no plan ({error}); a simple rule made this one.")
            answer = _by_rule(problem)
        problem, courses = answer.problem, answer.courses
        baseline = charge_on_arrival(problem)
        return Plan(
            made_s=inp.now_s,
            plugs=tuple(_plug_plan(answer, k, plug) for k, plug in enumerate(inp.plugs)),
            promises=promises(problem, courses, answer.runs),
            money=Money(planned_eur=courses.cost, baseline_eur=baseline.cost),
            optimal=answer.optimal,
            gap_eur=max(0.0, courses.cost - answer.bound_eur),
            notes=tuple(notes),
            stats=stats,
            batteries=_store_plans(answer, StoreKind.BATTERY),
            tanks=_store_plans(answer, StoreKind.TANK),
            loads=_load_plans(answer),
            curtailed_w=_watts(courses.curtailed_kw) if courses.curtailed_kw.any() else (),
        )

    def compiled(self, inp: PlanInput) -> tuple[Programme, Values]:
        """The programme that ``inp`` is solved with and its numbers: for benchmarks, and tests of the mathematics."""
        problem = prepare(inp)
        shape = shape_of(problem)
        return self.programme(shape), fill(problem, shape, np.zeros(problem.site.steps))

    def programme(self, shape: Shape) -> Programme:
        """The compiled programme of a shape."""
        found = self._programmes.pop(shape, None) or Programme(shape)
        if len(self._programmes) >= _MOST_PROGRAMMES:
            self._programmes.pop(next(iter(self._programmes)))
        self._programmes[shape] = found
        return found


_MOST_PROGRAMMES = 64
"""A worker that lives for months forgets the shapes that it has not needed for longest."""


def _by_rule(problem: Problem) -> Answer:
    courses, runs = simple_plan(problem)
    worth = np.stack([np.full(problem.site.steps, store.end_value) for store in problem.stores])
    return Answer(problem=problem, courses=courses, worth=worth, runs=runs, bound_eur=courses.cost, optimal=False)


def _plug_plan(answer: Answer, k: int, plug: Plug) -> PlugPlan:
    problem, courses = answer.problem, answer.courses
    course, worth = courses.stores[k], answer.worth[k]
    seen = problem.plugs[k]
    if len(problem.stores) > 1 or problem.runs or courses.curtailed_kw.any():
        seen = seen_by(problem, k, courses.grid_kw - course.charge_kw + course.discharge_kw)
    explained = explain(
        seen, course, worth, plug.wishes, plug, connection=problem.inp.connection, optimal=answer.optimal
    )
    return PlugPlan(charger_id=plug.charger.charger_id, steps=_steps(seen, course, explained, worth, plug))


def _store_plans(answer: Answer, kind: StoreKind) -> tuple[StorePlan, ...]:
    found = []
    for store, course in zip(answer.problem.stores, answer.courses.stores, strict=True):
        if store.kind is kind:
            share = np.clip(course.stored_kwh[1:] / max(store.capacity_kwh, 1e-9), 0.0, 1.0)
            power = _watts(course.charge_kw - course.discharge_kw)
            found.append(StorePlan(store_id=store.store_id, power_w=power, share=tuple(share.round(5).tolist())))
    return tuple(found)


def _load_plans(answer: Answer) -> tuple[LoadPlan, ...]:
    """In the order of the input."""
    edges = answer.problem.inp.edges_s
    found = {}
    for store, course in zip(answer.problem.stores, answer.courses.stores, strict=True):
        if store.kind is StoreKind.WORK:
            on = np.flatnonzero(course.charge_kw > _ON_KW)
            start_s = float(edges[on[0]]) if len(on) else None
            found[store.store_id] = LoadPlan(load_id=store.store_id, power_w=_watts(course.charge_kw), start_s=start_s)
    for run in answer.runs:
        load_id = run.load.load_id
        found[load_id] = LoadPlan(load_id=load_id, power_w=_watts(run.power_kw), start_s=run.start_s)
    return tuple(found[load.load_id] for load in answer.problem.inp.loads)


def _watts(power_kw: FloatArray) -> tuple[float, ...]:
    return tuple((power_kw * 1e3).round(1).tolist())


def _steps(seen: Prepared, course: Course, explained: Explained, worth: FloatArray, plug: Plug) -> tuple[Step, ...]:
    known = plug.ev_state.soc is not None and seen.capacity_kwh > 0
    edges = seen.edges_s.tolist()
    ev_w = ((course.charge_kw - course.discharge_kw) * 1e3).round(1).tolist()
    grid_w = (course.grid_kw * 1e3).round(1).tolist()
    soc = np.clip(course.stored_kwh / max(seen.capacity_kwh, 1e-9), 0.0, 1.0).round(5).tolist()
    rows = zip(
        seen.load_w.tolist(),
        seen.solar_w.tolist(),
        seen.worth.price_in.tolist(),
        seen.worth.price_out.tolist(),
        explained.reasons,
        explained.feeds_house.tolist(),
        explained.takes_surplus.tolist(),
        explained.exports.tolist(),
        seen.bounds.present.tolist(),
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
