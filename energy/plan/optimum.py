"""The programme's optimum, mended for real devices: solved a few times, never with binaries."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from energy.asks import FloatArray
from energy.plan.course import Courses, follow
from energy.plan.efficiency import at_planned_power
from energy.plan.fill import fill
from energy.plan.prepare import Problem
from energy.plan.programme import InfeasibleError, Programme, Solution, SolverError
from energy.plan.repair import (
    better_pattern,
    close_unworthy,
    decided,
    first_patterns,
    least_power,
    net,
    one_direction,
    pinned,
    pointless,
    whole_pieces,
)
from energy.plan.rule import room_for
from energy.plan.runs import Run, place
from energy.plan.shape import Shape, shape_of
from energy.plan.store import Store, StoreKind
from energy.plan.within import settled

_MOST_REPAIRS = 4
_MOST_CLOSINGS = 2
_MOST_PATTERNS = 3
"""Programmes spent from one first guess on when a charger with a least power had best run."""
_SAME_KW = 1e-3
_SAME_EUR = 1e-4
_SAME_SHARE = 1e-3
_WORTH_MOVING_EUR = 0.01
"""What runs as planned is left for a cent at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was found for a home."""

    problem: Problem
    courses: Courses
    worth: FloatArray
    """(D, N) of a stored kWh."""
    runs: tuple[Run, ...]
    bound_eur: float
    """No plan costs less."""
    optimal: bool


class Optimum:
    """The programme's optimum, mended for real devices."""

    def __init__(self, programme: Callable[[Shape], Programme], stats: dict[str, float]) -> None:
        self._programme, self._stats = programme, stats
        self._soft = False
        stats["solver_s"] = 0.0

    def of(self, problem: Problem) -> Answer:
        """The answer. Raises ``SolverError``."""
        solution, runs, work = self._first(problem)
        bound = follow(problem, *_powers(solution), work_kw=work).cost
        problem, solution = self._mended(problem, solution, work)
        problem, solution = self._with_whole_work(problem, solution, work)
        problem, solution, courses = self._with_least_power(problem, solution, work)
        return Answer(
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
                return self._count(self._programme(shape).solve(fill(problem, shape, work_kw), limit_s))
            except InfeasibleError:
                if not may_soften:
                    raise
                self._soft = True
                self._stats["soft"] = 1.0
        shape = shape_of(problem, soft=True)
        return self._count(self._programme(shape).solve(fill(problem, shape, work_kw), limit_s))

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
        """True efficiencies, and one direction at a time."""
        powers = solution.charge_kw, solution.discharge_kw
        problem, solution = self._repaired(problem, solution, work, lambda p, s: at_planned_power(p, *powers), 1)
        problem, solution = self._repaired(problem, solution, work, one_direction, _MOST_REPAIRS)
        return problem, net(solution)

    def _repaired(
        self,
        problem: Problem,
        solution: Solution,
        work: FloatArray,
        repair: Callable[[Problem, Solution], Problem | None],
        rounds: int,
    ) -> tuple[Problem, Solution]:
        """Repaired and solved again, until there is nothing to repair; as it was where that has no answer."""
        for _ in range(rounds):
            mended = repair(problem, solution)
            if mended is None:
                break
            try:
                solution = self._solve(mended, work, may_soften=False)
            except SolverError:
                break
            problem = mended
            self._stats["repairs"] = self._stats.get("repairs", 0.0) + 1.0
        return problem, solution

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
        if not any(stepped):
            return problem, solution, self._settled(problem, list(solution.charge_kw), solution, work)
        charge = _in_blocks(problem, solution)
        blocks = self._settled(problem, charge, solution, work)
        if _same(charge, solution):
            return problem, solution, blocks
        best: tuple[Solution, Courses] | None = (solution, blocks) if _keeps_floors(problem, blocks) else None
        # What is closed here only guides the first guesses: a step may be used again where a pattern likes it.
        _, guide = self._repaired(problem, solution, work, close_unworthy, _MOST_CLOSINGS)
        guide = net(guide)
        tried: set[bytes] = set()
        running = any(store.previous_kw is not None for store in problem.stores)
        worth_it = _WORTH_MOVING_EUR if running else _SAME_EUR
        found_any = False
        for guess, pattern in enumerate(first_patterns(problem, guide, _in_blocks(problem, guide))):
            if found_any and len(problem.stores) == 1 and guess > running:
                break
            for _ in range(_MOST_PATTERNS):
                if pattern.tobytes() in tried:
                    break
                tried.add(pattern.tobytes())
                stores = tuple(decided(s, pattern[k]) if stepped[k] else s for k, s in enumerate(problem.stores))
                _, again = self._again(problem, stores, solution, work)
                if again is solution:
                    break
                found = self._settled(problem, list(again.charge_kw), again, work)
                if best is None or found.weighed < best[1].weighed - (worth_it if found_any else _SAME_EUR):
                    best = again, found
                found_any = True
                pattern = np.stack([better_pattern(problem, again, k) for k in range(len(stores))])
        # Where no pattern keeps every promise: the blocks as they are, cut where they do not fit.
        return problem, *(best or (solution, blocks))

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


def _in_blocks(problem: Problem, solution: Solution) -> list[FloatArray]:
    """Charging with what is below a least power gathered into blocks."""
    return [
        solution.charge_kw[k]
        if store.kind is StoreKind.WORK
        else least_power(store, solution.charge_kw[k], solution.stored_kwh[k])
        for k, store in enumerate(problem.stores)
    ]


def _same(charge_kw: list[FloatArray], solution: Solution) -> bool:
    return all(np.abs(c - solution.charge_kw[k]).max() <= _SAME_KW for k, c in enumerate(charge_kw))


def _keeps_floors(problem: Problem, courses: Courses) -> bool:
    return all(
        bool(np.all(course.stored_kwh >= store.least - _SAME_SHARE * store.capacity_kwh - 1e-6))
        for store, course in zip(problem.stores, courses.stores, strict=True)
    )


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
