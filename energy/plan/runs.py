"""Loads of one uninterrupted run, placed without binaries.

What the rest of the home costs is a convex function of the load on top of it. So each solved programme gives a
supporting plane: its cost there, and its slope by step (``Solution.pull``). No start can cost less than the highest of
the planes says; the start with the lowest such bound is tried next, and when its bound is no better than the best
start tried, the best is found. Two to four programmes do it in a day of 288 steps.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from energy.asks import FloatArray
from energy.model import ShiftableLoad
from energy.plan.programme import Solution

_EVEN = 5e-4
"""A start that is cheaper by less is not looked for, currency."""
_MOST_TRIES = 6


@dataclass(frozen=True, slots=True)
class Run:
    """One load at one start."""

    load: ShiftableLoad
    start_s: float | None
    """None: it does not fit."""
    power_kw: FloatArray
    """(N,) means by step."""


def earliest_run(load: ShiftableLoad, edges_s: FloatArray, price: FloatArray, room_kw: FloatArray) -> Run:
    """The run that costs least at these prices; the earliest of equals."""
    found = candidates(load, edges_s, room_kw)
    if not found:
        return Run(load, None, np.zeros(len(edges_s) - 1))
    costs = np.round([float((price * np.diff(edges_s)) @ run.power_kw) for run in found], 6)
    return found[int(np.argmin(costs))]


def candidates(load: ShiftableLoad, edges_s: FloatArray, room_kw: FloatArray) -> list[Run]:
    """Every start at an edge of the plan with which the load is done in time, and that the connection carries.

    ``room_kw`` (N,) is what it leaves: a run is never worth a limit.
    """
    lasts_s = len(load.power_w) * load.slot_s
    starts = [
        at_s
        for at_s in edges_s[:-1].tolist()
        if at_s >= min(load.earliest_s, load.latest_s) - 1e-6 and at_s + lasts_s <= load.latest_s + 1e-6
    ]
    runs = [Run(load, at_s, _profile(load, at_s, edges_s)) for at_s in starts]
    return [run for run in runs if np.all(run.power_kw <= room_kw + 1e-6)]


def _profile(load: ShiftableLoad, start_s: float, edges_s: FloatArray) -> FloatArray:
    """Mean power by step, kW."""
    slots = start_s + load.slot_s * np.arange(len(load.power_w) + 1)
    energy = np.concatenate([[0.0], np.cumsum(np.maximum(load.power_w, 0.0)) * load.slot_s])
    used = np.interp(edges_s, slots, energy)
    power: FloatArray = np.diff(used) / np.diff(edges_s) / 1e3
    return power


def place(
    loads: tuple[ShiftableLoad, ...],
    edges_s: FloatArray,
    price: FloatArray,
    room: Callable[[ShiftableLoad, FloatArray], FloatArray],
    extra: Callable[[Run], float],
    solve: Callable[[FloatArray], Solution],
) -> tuple[tuple[Run, ...], Solution]:
    """The cheapest starts, one load after the other, the largest first, and the programme's answer with them.

    ``room`` is what the connection leaves a load beside others (N,) kW; ``solve`` answers for a load on top of the
    house's; ``extra`` is what a start counts beside the bill (ties).
    """
    nothing = np.zeros(len(edges_s) - 1)
    order = sorted(range(len(loads)), key=lambda k: -sum(loads[k].power_w) * loads[k].slot_s)
    runs: dict[int, Run] = {}
    for k in order:
        taken = sum((run.power_kw for run in runs.values()), nothing)
        runs[k] = earliest_run(loads[k], edges_s, price, room(loads[k], taken))
    solution = solve(sum((run.power_kw for run in runs.values()), nothing))
    for k in order:
        rest = sum((run.power_kw for j, run in runs.items() if j != k), nothing)
        choices = candidates(loads[k], edges_s, room(loads[k], rest))
        runs[k], solution = _place_one(runs[k], choices, rest, solution, extra, solve)
    return tuple(runs[k] for k in range(len(loads))), solution


def _place_one(
    first: Run,
    choices: list[Run],
    rest_kw: FloatArray,
    solution: Solution,
    extra: Callable[[Run], float],
    solve: Callable[[FloatArray], Solution],
) -> tuple[Run, Solution]:
    if len(choices) < 2:
        return first, solution
    own = np.array([extra(run) for run in choices])
    shapes = np.stack([run.power_kw for run in choices])
    best, best_cost, best_solution = first, solution.objective + extra(first), solution
    bound = np.full(len(choices), -np.inf)
    tried: set[float | None] = {first.start_s}
    at, answer = first, solution
    for _ in range(_MOST_TRIES):
        plane = answer.objective + (shapes - at.power_kw) @ answer.pull.sum(axis=0) + own
        bound = np.maximum(bound, plane)
        open_ = np.array([run.start_s not in tried for run in choices])
        if not open_.any():
            break
        k = int(np.argmin(np.where(open_, np.round(bound, 7), np.inf)))
        if bound[k] >= best_cost - _EVEN:
            break
        at = choices[k]
        tried.add(at.start_s)
        answer = solve(rest_kw + at.power_kw)
        if answer.objective + own[k] < best_cost - 1e-9:
            best, best_cost, best_solution = at, answer.objective + float(own[k]), answer
    return best, best_solution
