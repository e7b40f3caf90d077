"""Any home, any prices, any events: a plan comes back, and a second opinion finds nothing wrong with it."""

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy.plan import Planner
from energy.plan.programme import SolverError


def neighbour(name):
    """A module beside this one, which no test can import by name."""
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


home = neighbour("plan_homes").home
broken = neighbour("plan_judge").broken
_PLANNER = Planner()
seeds = st.integers(0, 10_000)
few = settings(max_examples=60, derandomize=True)
some = settings(max_examples=20, derandomize=True)


@few
@given(seed=seeds)
def test_a_home_with_one_charger_is_planned_right(inp):
    plan = _PLANNER.solve(inp)
    assert plan.optimal, plan.notes
    assert broken(inp, plan) == []


@few
@given(seed=seeds)
def test_a_home_with_everything_is_planned_right(inp):
    plan = _PLANNER.solve(inp)
    assert plan.optimal, plan.notes
    assert broken(inp, plan) == []


@some
@given(seed=seeds, fails=st.sets(st.integers(0, 6), min_size=1))
def test_a_solver_that_fails_leaves_a_plan_within_every_limit(inp, fails):
    calls = iter(range(1000))
    solve = _programme().solve

    def failing(self, *args, **kwargs):
        if next(calls) in fails:
            raise SolverError("out of luck")
        return solve(self, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_programme(), "solve", failing)
        plan = Planner().solve(inp)
    assert broken(inp, plan) == []
    assert plan.optimal or "out of luck" in " ".join(plan.notes)


def _programme():
    import energy.plan.planner

    return energy.plan.planner.Programme


@some
@given(seed=seeds)
def test_the_same_question_has_the_same_answer(inp):
    first = Planner().solve(inp)
    again = _PLANNER.solve(inp)
    assert powers(first) == pytest.approx(powers(again), abs=0.2)
    assert first.money == again.money
    assert first.promises == again.promises


@some
@given(seed=seeds)
def test_asking_again_changes_nothing(inp):
    plan = _PLANNER.solve(inp)
    again = _PLANNER.solve(replace(inp, previous=plan))
    flips = np.sign(np.where(np.abs(powers(plan)) < 50, 0, powers(plan))) != np.sign(
        np.where(np.abs(powers(again)) < 50, 0, powers(again))
    )
    assert np.count_nonzero(flips) <= 1


def powers(plan):
    """Everything that the plan moves, W."""
    rows = [[step.ev_w for step in plug.steps] for plug in plan.plugs]
    rows += [list(part.power_w) for part in (*plan.batteries, *plan.tanks, *plan.loads)]
    return np.array(rows)
