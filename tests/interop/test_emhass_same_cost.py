"""On one home and day our plan costs what EMHASS's costs, to a tenth of a percent, and both keep its bounds.

What makes the two problems equal is told in ``tests/bench/emhass_peer.py``; the time that both take is for
``tests/bench/bench_plan.py``.
"""

import importlib.util
import sys
from pathlib import Path

import pytest

from energy.plan import Planner


def load_peer():
    """The module of the benchmark, which no test can import by name."""
    name = "emhass_peer"
    spec = importlib.util.spec_from_file_location(name, Path(__file__).parents[1] / "bench" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


peer = load_peer()
pytestmark = [pytest.mark.interop, pytest.mark.skipif(not peer.installed(), reason=peer.MISSING)]


@pytest.mark.parametrize("steps", [288, 192])
def test_equal_cost_on_random_days(steps):
    """A tenth of a percent of what the days' bills sum up to, whichever way the money flows."""
    planner = Planner()
    ours, theirs = [], []
    with peer.Emhass(steps, gap=1e-4) as emhass:
        for seed in range(100, 105):
            inp = peer.same_problem(seed, steps)
            ours.append(peer.cost_eur(inp, peer.schedule_of(planner.solve(inp))))
            theirs.append(peer.cost_eur(inp, emhass.plan(inp).battery_w))
    bills = sum(map(abs, theirs))
    assert sum(ours) == pytest.approx(sum(theirs), abs=1e-3 * bills)
    assert ours == pytest.approx(theirs, abs=5e-3 * bills / len(theirs))


def test_the_judge_refuses_a_schedule_that_breaks_the_battery():
    inp = peer.same_problem(1, 288)
    good = peer.schedule_of(Planner().solve(inp))
    assert peer.cost_eur(inp, good) == peer.cost_eur(inp, good.copy())
    with pytest.raises(ValueError, match="the charge at the end"):
        peer.cost_eur(inp, 0.0 * good)
    with pytest.raises(ValueError, match="the charger's power"):
        peer.cost_eur(inp, 2.0 * good)
