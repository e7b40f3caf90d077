"""Plan re-solve, 24 h by 5 min, beside HiGHS alone on the same linear programme (cold, in the same run).

    python tests/bench/bench_plan.py [--rounds 30]

Each round has new prices, load and charge. "whole plan" is everything that ``Planner.solve`` does: limits folded,
promises lowered, programme solved, repaired and explained; "re-solve" is the compiled programme alone; "direct" is
highspy given the same matrices, without any modelling layer. Target: whole plan ≤ 4 x direct and ≤ 40 ms.
"""

import argparse
import statistics
import time

import highspy
import numpy as np
from cvxpy.settings import HIGHS

from energy.forecast import Forecast
from energy.horizon import make_edges
from energy.model import Absence, Charger, Connection, Departure, Ev, EvState, Plug, Wishes
from energy.plan import PlanInput, Planner
from energy.plan.prepare import prepare
from energy.plan.programme import Programme

DAY_S = 1_718_000_000 // 86400 * 86400.0


def example(seed: int, charge_min_w: float = 0.0) -> PlanInput:
    """A home in the afternoon: solar, an evening peak, hourly prices, 80 % at 07:00 and a trip after it."""
    rng = np.random.default_rng(seed)
    now_s = DAY_S + 16 * 3600.0
    edges = make_edges(now_s, hours=24, fine_hours=24)
    hours = (edges[:-1] / 3600.0) % 24
    load = 300 + 900 * np.exp(-(((hours - 19) / 2) ** 2)) + 100 * rng.random(len(hours))
    solar = 4000 * rng.uniform(0.3, 1) * np.clip(np.cos((hours - 12.5) / 7 * np.pi / 2), 0, 1)
    by_hour = 0.22 + 0.08 * rng.standard_normal(25)
    price = by_hour[((edges[:-1] - edges[0]) // 3600).astype(int)]
    ev = Ev(ev_id="ev", capacity_wh=60_000, charge_max_w=11_000, discharge_max_w=11_000)
    charger = Charger(charger_id="c", phases=3, charge_max_w=11_000, discharge_max_w=10_000, charge_min_w=charge_min_w)
    state = EvState(connected=True, ev=ev, soc=float(rng.uniform(0.3, 0.7)), can_discharge=True)
    wishes = Wishes(
        departures=(Departure(at_s=now_s + 15 * 3600, target_soc=0.8),),
        absences=(Absence(from_s=now_s + 15 * 3600, to_s=now_s + 20 * 3600, used_wh=9000),),
    )
    return PlanInput(
        now_s=now_s,
        edges_s=edges,
        load=Forecast.of(load, 0.5 * load, load, 1.8 * load, basis=Forecast.exact(load).basis),
        solar=Forecast.of(solar, 0.3 * solar, solar, 1.4 * solar, basis=Forecast.exact(solar).basis),
        import_eur_per_kwh=price,
        export_eur_per_kwh=price - 0.12,
        connection=Connection(phases=3, fuse_a=25, export_limit_w=10_000),
        plugs=(Plug(charger=charger, ev_state=state, wishes=wishes),),
    )


def direct_model(programme: Programme) -> highspy.HighsLp:
    """The matrices that the compiled programme hands to HiGHS, as HiGHS takes them."""
    data = programme.problem.get_problem_data(HIGHS)[0]
    matrix, rhs, equalities = data["A"].tocsc(), data["b"], data["dims"].zero
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = matrix.shape[1], matrix.shape[0]
    lp.col_cost_ = data["c"]
    infinite = np.full(lp.num_col_, np.inf)
    lower, upper = data["lower_bounds"], data["upper_bounds"]
    lp.col_lower_ = -infinite if lower is None else lower
    lp.col_upper_ = infinite if upper is None else upper
    lp.row_upper_ = rhs
    lp.row_lower_ = np.where(np.arange(lp.num_row_) < equalities, rhs, -np.inf)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = matrix.indptr, matrix.indices, matrix.data
    return lp


def run_direct(lp: highspy.HighsLp) -> tuple[float, float]:
    """Seconds and objective of a cold solve."""
    begun = time.perf_counter()
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.passModel(lp)
    solver.run()
    value = solver.getInfo().objective_function_value
    return time.perf_counter() - begun, value


def main() -> None:
    """Print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    rounds = parser.parse_args().rounds
    planner = Planner()
    begun = time.perf_counter()
    planner.solve(example(0))
    first = time.perf_counter() - begun
    programme = Programme(288)
    whole, whole_least, re_solve, direct, apart = [], [], [], [], []
    for seed in range(1, rounds + 1):
        inp = example(seed)
        begun = time.perf_counter()
        planner.solve(inp)
        whole.append(time.perf_counter() - begun)
        numbers = prepare(inp).numbers
        begun = time.perf_counter()
        solution = programme.solve(numbers)
        re_solve.append(time.perf_counter() - begun)
        seconds, value = run_direct(direct_model(programme))
        direct.append(seconds)
        apart.append(abs(value - solution.objective))
        weak = example(seed, charge_min_w=4140.0)
        begun = time.perf_counter()
        planner.solve(weak)
        whole_least.append(time.perf_counter() - begun)
    base = statistics.median(direct)
    print(f"24 h by 5 min, {rounds} rounds, medians (objectives differ by at most {max(apart):.1e})")
    print(f"  HiGHS direct, cold            {base * 1e3:7.1f} ms   1.0 x")
    for name, values in (
        ("programme re-solve", re_solve),
        ("whole plan", whole),
        ("whole plan, 6 A least power", whole_least),
    ):
        median = statistics.median(values)
        print(f"  {name:29s} {median * 1e3:7.1f} ms {median / base:5.1f} x   worst {max(values) * 1e3:.0f} ms")
    print(f"  first plan, with compilation  {first * 1e3:7.1f} ms")
    print("  target: whole plan <= 40 ms and <= 4 x direct")


if __name__ == "__main__":
    main()
