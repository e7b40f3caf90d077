"""The planner: numbers, programme, repair, reasons, in this order; and always a plan."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from energy.asks import FloatArray
from energy.model import Plug
from energy.plan.course import Course, Courses, follow
from energy.plan.efficiency import at_planned_power
from energy.plan.explain import Explained, explain
from energy.plan.fill import fill
from energy.plan.prepare import Prepared, Problem, prepare, seen_by
from energy.plan.programme import InfeasibleError, Programme, Solution, SolverError, Values
from energy.plan.promises import promises
from energy.plan.repair import (
    better_pattern,
    close_unworthy,
    decided,
    least_power,
    net,
    one_direction,
    pinned,
    pointless,
    thermostat,
    whole_pieces,
)
from energy.plan.rule import charge_on_arrival, room_for, simple_plan
from energy.plan.runs import Run, place
from energy.plan.shape import Shape, shape_of
from energy.plan.store import Store, StoreKind
from energy.plan.types import LoadPlan, Money, Plan, PlanInput, PlugPlan, Step, StorePlan
from energy.plan.within import settled

_MOST_REPAIRS = 4
_SAME_KW = 1e-3
_SAME_EUR = 1e-4
_MOST_PATTERNS = 3
"""Programmes spent on when a charger with a least power had best run."""


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
            answer = _Optimum(self, stats).of(problem)
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
        found = self._programmes.get(shape)
        if found is None:
            if len(self._programmes) >= _MOST_PROGRAMMES:
                self._programmes.pop(next(iter(self._programmes)))
            found = self._programmes[shape] = Programme(shape)
        return found


_MOST_PROGRAMMES = 64
"""A worker that lives for months forgets the shapes that it has not needed for longest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What was found for a home."""

    problem: Problem
    courses: Courses
    worth: FloatArray
    """(D, N) of a stored kWh."""
    runs: tuple[Run, ...]
    bound_eur: float
    """No plan costs less."""
    optimal: bool


class _Optimum:
    """The programme's optimum, mended for real devices."""

    def __init__(self, planner: Planner, stats: dict[str, float]) -> None:
        self._planner, self._stats = planner, stats
        self._soft = False
        stats["solver_s"] = 0.0

    def of(self, problem: Problem) -> _Answer:
        """The answer. Raises ``SolverError``."""
        solution, runs, work = self._first(problem)
        bound = follow(problem, *_powers(solution), work_kw=work).cost
        problem, solution = self._mended(problem, solution, work)
        problem, solution = self._with_whole_work(problem, solution, work)
        problem, solution, courses = self._with_least_power(problem, solution, work)
        return _Answer(
            problem=problem,
            courses=courses,
            worth=solution.stored_worth,
            runs=runs,
            bound_eur=bound,
            optimal=True,
        )

    def _solve(self, problem: Problem, work_kw: FloatArray, *, may_soften: bool = True) -> Solution:
        """One programme; where floors cannot be kept together, the soft one, and from then on."""
        limit_s = problem.inp.time_limit_s
        if not self._soft:
            shape = shape_of(problem)
            try:
                return self._count(self._planner.programme(shape).solve(fill(problem, shape, work_kw), limit_s))
            except InfeasibleError:
                if not may_soften:
                    raise
                self._soft = True
                self._stats["soft"] = 1.0
        shape = shape_of(problem, soft=True)
        return self._count(self._planner.programme(shape).solve(fill(problem, shape, work_kw), limit_s))

    def _count(self, solution: Solution) -> Solution:
        self._stats["solver_s"] += solution.solver_time_s
        self._stats["programmes"] = self._stats.get("programmes", 0.0) + 1.0
        return solution

    def _first(self, problem: Problem) -> tuple[Solution, tuple[Run, ...], FloatArray]:
        """The optimum with every load of one run at its best start."""
        nothing = np.zeros(problem.site.steps)
        if not problem.runs:
            return self._solve(problem, nothing), (), nothing
        extra = _steadiness(problem)
        runs, solution = place(
            problem.runs,
            problem.inp.edges_s,
            problem.worth.planned_in,
            lambda load, taken: room_for(problem, load, taken),
            extra,
            lambda work: self._solve(problem, work),
        )
        return solution, runs, sum((run.power_kw for run in runs), nothing)

    def _mended(self, problem: Problem, solution: Solution, work: FloatArray) -> tuple[Problem, Solution]:
        """One direction at a time, true efficiencies, and no weak power that does not pay."""
        for rounds in range(1, _MOST_REPAIRS + 1):
            mended = (
                one_direction(problem, solution)
                or (at_planned_power(problem, solution.charge_kw, solution.discharge_kw) if rounds == 1 else None)
                or close_unworthy(problem, solution)
            )
            if mended is None:
                break
            try:
                solution = self._solve(mended, work, may_soften=False)
            except SolverError:
                break
            problem = mended
            self._stats["repairs"] = float(rounds)
        return problem, net(solution)

    def _with_whole_work(self, problem: Problem, solution: Solution, work: FloatArray) -> tuple[Problem, Solution]:
        """Work in pieces at full power; the rest of the home around it."""
        stores = list(problem.stores)
        for k, store in enumerate(stores):
            if store.kind is StoreKind.WORK:
                pieces = whole_pieces(store, solution.charge_kw[k], solution.marginal)
                if np.abs(pieces - solution.charge_kw[k]).max() > _SAME_KW:
                    stores[k] = pinned(store, pieces)
        return self._again(problem, tuple(stores), solution, work)

    def _with_least_power(
        self, problem: Problem, solution: Solution, work: FloatArray
    ) -> tuple[Problem, Solution, Courses]:
        """What is left below a least power gathered into blocks, and the rest of the home around them.

        When the blocks run is decided; how strong they are, the programme finds anew, and its prices tell which steps
        had better be the other way: a few rounds, and the best of them.
        """
        stepped = [store.charge_min_kw > 0 and store.kind is not StoreKind.WORK for store in problem.stores]
        charge = [
            least_power(store, solution.charge_kw[k], solution.stored_kwh[k]) if stepped[k] else solution.charge_kw[k]
            for k, store in enumerate(problem.stores)
        ]
        if all(np.abs(c - solution.charge_kw[k]).max() <= _SAME_KW for k, c in enumerate(charge)):
            return problem, solution, self._settled(problem, charge, solution, work)
        best: tuple[Problem, Solution, Courses] | None = None
        runs_in = [c > _SAME_KW for c in charge]
        for rounds in range(_MOST_PATTERNS):
            stores = tuple(
                decided(store, runs_in[k]) if stepped[k] else store for k, store in enumerate(problem.stores)
            )
            _, again = self._again(problem, stores, solution, work)
            if again is solution:
                if rounds:
                    break
                # Blocks ahead of what is drawn do not fit into a small tank: there they run behind it.
                for k, store in enumerate(problem.stores):
                    if stepped[k] and store.kind is StoreKind.TANK:
                        runs_in[k] = thermostat(store)
                        charge[k] = runs_in[k] * store.charge_min_kw
                continue
            found = self._settled(problem, list(again.charge_kw), again, work)
            if best is None or found.cost < best[2].cost - _SAME_EUR:
                best = problem, again, found
            changed = [better_pattern(problem, again, k) if stepped[k] else runs_in[k] for k in range(len(stores))]
            if all(np.array_equal(new, old) for new, old in zip(changed, runs_in, strict=True)):
                break
            runs_in = changed
        return best or (problem, solution, self._settled(problem, charge, solution, work))

    def _settled(self, problem: Problem, charge: list[FloatArray], solution: Solution, work: FloatArray) -> Courses:
        return settled(problem, charge, list(pointless(problem, solution.discharge_kw)), solution.curtailed_kw, work)

    def _again(
        self, problem: Problem, stores: tuple[Store, ...], solution: Solution, work: FloatArray
    ) -> tuple[Problem, Solution]:
        """The problem with these stores and its answer; as it was where there is none."""
        if all(new is old for new, old in zip(stores, problem.stores, strict=True)):
            return problem, solution
        try:
            changed = replace(problem, stores=stores)
            return changed, net(self._solve(changed, work, may_soften=False))
        except SolverError:
            return problem, solution


def _by_rule(problem: Problem) -> _Answer:
    courses, runs = simple_plan(problem)
    worth = np.stack([np.full(problem.site.steps, store.end_value) for store in problem.stores])
    return _Answer(problem=problem, courses=courses, worth=worth, runs=runs, bound_eur=courses.cost, optimal=False)


def _powers(solution: Solution) -> tuple[FloatArray, FloatArray, FloatArray]:
    return solution.charge_kw, solution.discharge_kw, solution.curtailed_kw


def _steadiness(problem: Problem) -> Callable[[Run], float]:
    """A load's start counts a little for moving away from the running plan, and for being late."""
    previous = problem.inp.previous
    before = {} if previous is None else {load.load_id: load.start_s for load in previous.loads}
    first_s = float(problem.inp.edges_s[0])

    def extra(run: Run) -> float:
        start_s, was_s = run.start_s or 0.0, before.get(run.load.load_id)
        moved = was_s is not None and abs(start_s - was_s) > 1.0
        return 0.002 * moved + 1e-5 * (start_s - first_s) / 3600.0

    return extra


def _plug_plan(answer: _Answer, k: int, plug: Plug) -> PlugPlan:
    problem, courses = answer.problem, answer.courses
    course, worth = courses.stores[k], answer.worth[k]
    house_kw = problem.site.house_kw[0]
    if len(problem.stores) > 1 or problem.runs:
        house_kw = courses.grid_kw - course.charge_kw + course.discharge_kw
    seen = seen_by(problem, k, house_kw)
    explained = explain(
        seen, course, worth, plug.wishes, plug, connection=problem.inp.connection, optimal=answer.optimal
    )
    return PlugPlan(charger_id=plug.charger.charger_id, steps=_steps(seen, course, explained, worth, plug))


def _store_plans(answer: _Answer, kind: StoreKind) -> tuple[StorePlan, ...]:
    found = []
    for store, course in zip(answer.problem.stores, answer.courses.stores, strict=True):
        if store.kind is kind:
            share = np.clip(course.stored_kwh[1:] / max(store.capacity_kwh, 1e-9), 0.0, 1.0)
            power = _watts(course.charge_kw - course.discharge_kw)
            found.append(StorePlan(store_id=store.store_id, power_w=power, share=tuple(share.round(5).tolist())))
    return tuple(found)


def _load_plans(answer: _Answer) -> tuple[LoadPlan, ...]:
    """In the order of the input."""
    edges = answer.problem.inp.edges_s
    found = {}
    for store, course in zip(answer.problem.stores, answer.courses.stores, strict=True):
        if store.kind is StoreKind.WORK:
            on = np.flatnonzero(course.charge_kw > _SAME_KW)
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
