"""Plans beside HiGHS alone and beside EMHASS, all in one run and on the same problem.

    python tests/bench/bench_plan.py [--rounds 20]

The problem is ``emhass_peer.same_problem`` (what makes it equal for both is told there): 24 h by 5 min, 48 h and 7 d by
15 min, new prices and a new charge each round. "whole plan" is everything that ``Planner.solve`` does: limits folded,
promises lowered, programme solved, mended and explained; "re-solve" is its compiled programme alone; "direct" is
highspy given the same matrices without any modelling layer, cold. EMHASS is timed inside its own process from its
numbers to its result, its problem built once; the costs compared are the bills of the schedules of both, by one
function of ours. CPU is the time that was spent, wherever a busy machine let the rest of it go. Other homes (a flat
tariff, scenarios, two cars with a battery, a tank and a load) follow without EMHASS, which has no like of them.
Without EMHASS (tests/interop/setup_emhass.sh) its lines are left out.
"""

import argparse
import contextlib
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

import emhass_peer as peer
import highspy
import numpy as np
from cvxpy.settings import HIGHS

from energy.forecast import Scenario
from energy.model import BatteryState, Connection, HeatTank, HomeBattery, ShiftableLoad, SolarArray, TankState
from energy.plan import ArrayForecast, PlanInput, Planner
from energy.plan.programme import Programme

T = TypeVar("T")
LEAST_POWER_W = 4140.0
"""6 A on three phases."""
AS_SHIPPED, EQUAL = 0.01, 0.001
"""EMHASS's gap: what it ships, and what equal within 0.1 % takes."""
NAMES = {288: "24 h by 5 min", 192: "48 h by 15 min", 672: "7 d by 15 min"}


@dataclass
class Column:
    """Seconds and bills of one way to plan."""

    seconds: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)
    eur: list[float] = field(default_factory=list)

    def timed(self, run: Callable[[], T]) -> T:
        """What ``run`` gives; its seconds are kept."""
        begun, begun_cpu = time.perf_counter(), time.process_time()
        result = run()
        self.seconds.append(time.perf_counter() - begun)
        self.cpu_s.append(time.process_time() - begun_cpu)
        return result

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


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


def run_direct(lp: highspy.HighsLp) -> float:
    """A cold solve; the objective."""
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.passModel(lp)
    solver.run()
    return float(solver.getInfo().objective_function_value)


def run_shape(steps: int, rounds: int) -> dict[str, Column]:
    """Every way to plan, round by round side by side."""
    columns = {name: Column() for name in ("direct", "re-solve", "whole plan", "least power")}
    planner = Planner()
    planner.solve(peer.same_problem(0, steps))
    planner.solve(peer.same_problem(0, steps, LEAST_POWER_W))
    with contextlib.ExitStack() as stack:
        others = {}
        if peer.installed():
            for name, gap in (("EMHASS, gap 0.1 %", EQUAL), ("EMHASS as shipped, 1 %", AS_SHIPPED)):
                others[name] = stack.enter_context(peer.Emhass(steps, gap))
                columns[name] = Column()
                others[name].plan(peer.same_problem(0, steps))
        for seed in range(1, rounds + 1):
            one_round(columns, planner, peer.same_problem(seed, steps))
            weak = peer.same_problem(seed, steps, LEAST_POWER_W)
            columns["least power"].timed(partial(planner.solve, weak))
            for name, other in others.items():
                answer = other.plan(peer.same_problem(seed, steps))
                columns[name].seconds.append(answer.seconds)
                columns[name].cpu_s.append(answer.cpu_s)
                columns[name].eur.append(peer.cost_eur(peer.same_problem(seed, steps), answer.battery_w))
    return columns


def one_round(columns: dict[str, Column], planner: Planner, inp: PlanInput) -> None:
    """Our own three, on one problem."""
    plan = columns["whole plan"].timed(partial(planner.solve, inp))
    columns["whole plan"].eur.append(peer.cost_eur(inp, peer.schedule_of(plan)))
    programme, values = planner.compiled(inp)
    solution = columns["re-solve"].timed(partial(programme.solve, values))
    model = direct_model(programme)
    value = columns["direct"].timed(partial(run_direct, model))
    if abs(value - solution.objective) > 1e-4 * max(1.0, abs(value)):
        raise SystemExit(f"HiGHS alone finds {value}, our programme {solution.objective}: not the same problem.")


def print_shape(steps: int, columns: dict[str, Column]) -> None:
    """Medians and ratios."""
    base = columns["direct"].median
    print(f"\n{NAMES[steps]}, N = {steps}, {len(columns['direct'].seconds)} rounds: medians")
    for name, column in columns.items():
        worst = max(column.seconds)
        bill = f"   bills together {sum(column.eur):9.3f} EUR" if column.eur else ""
        print(f"  {name:24s} {column.median * 1e3:8.1f} ms {column.median / base:7.1f} x direct", end="")
        print(f"   worst {worst * 1e3:6.0f} ms   CPU {statistics.median(column.cpu_s) * 1e3:7.1f} ms{bill}")


def verdict(words: str, value: float, limit: float, *, at_least: bool = False) -> None:
    """One line for a target."""
    met = value >= limit if at_least else value <= limit
    print(f"  {'met    ' if met else 'NOT MET'} {words}: {value:.3g} ({'>=' if at_least else '<='} {limit:g})")


def whole_home(seed: int) -> PlanInput:
    """Two cars, a house battery, a tank, a washing machine and a roof that may be curtailed, 24 h by 5 min."""
    inp = peer.same_problem(seed, 288)
    plug, now_s = inp.plugs[0], inp.now_s
    second = replace(plug, charger=replace(plug.charger, charger_id="second"))
    pack = HomeBattery(battery_id="battery", capacity_wh=10_000, charge_max_w=5000, discharge_max_w=5000)
    hot = HeatTank(tank_id="tank", power_max_w=2000, capacity_wh=8000, heat_per_electric=3.0)
    wash = ShiftableLoad(
        load_id="washing",
        power_w=(2000.0, 500.0, 300.0, 800.0),
        earliest_s=now_s + 2 * 3600,
        latest_s=now_s + 20 * 3600,
    )
    roof = ArrayForecast(array=SolarArray(array_id="roof", peak_w=5000, curtailable=True), solar=inp.solar)
    return replace(
        inp,
        plugs=(plug, second),
        batteries=(BatteryState(battery=pack, soc=0.5),),
        tanks=(TankState(tank=hot, stored_share=0.5, demand_w=(300.0,) * 288),),
        loads=(wash,),
        arrays=(roof,),
        connection=Connection(phases=3, fuse_a=35),
    )


def with_scenarios(inp: PlanInput) -> PlanInput:
    """Five days as it may go beside the expected one."""
    ways = tuple(
        Scenario(load_w=inp.load.mean_w * load, solar_w=inp.solar.mean_w * sun, probability=0.2)
        for load, sun in ((1.0, 1.0), (1.4, 0.5), (0.8, 1.2), (1.2, 0.8), (0.7, 0.4))
    )
    return replace(inp, scenarios=ways)


def flat(inp: PlanInput) -> PlanInput:
    """One price all day, where solvers with binaries stall."""
    one = np.full(len(inp.edges_s) - 1, 0.30)
    return replace(inp, import_eur_per_kwh=one, export_eur_per_kwh=one - 0.12)


MORE: dict[str, Callable[[int], PlanInput]] = {
    "flat tariff": lambda seed: flat(peer.same_problem(seed, 288)),
    "flat, least power": lambda seed: flat(peer.same_problem(seed, 288, LEAST_POWER_W)),
    "five scenarios": lambda seed: with_scenarios(peer.same_problem(seed, 288)),
    "whole home": whole_home,
    "whole home, least power": lambda seed: _least(whole_home(seed)),
    "whole home, scenarios": lambda seed: with_scenarios(whole_home(seed)),
}


def _least(inp: PlanInput) -> PlanInput:
    weak = tuple(replace(p, charger=replace(p.charger, charge_min_w=LEAST_POWER_W)) for p in inp.plugs)
    return replace(inp, plugs=weak)


def print_more(rounds: int) -> None:
    """Other homes, 24 h by 5 min: whole plans beside HiGHS alone on their first programme."""
    print(f"\nother homes, {NAMES[288]}, {rounds} rounds: medians of whole plans")
    for name, make in MORE.items():
        planner, whole, direct = Planner(), Column(), Column()
        planner.solve(make(0))
        programmes = []
        for seed in range(1, rounds + 1):
            inp = make(seed)
            plan = whole.timed(partial(planner.solve, inp))
            programmes.append(plan.stats.get("programmes", 1.0))
            programme, values = planner.compiled(inp)
            programme.solve(values)
            model = direct_model(programme)
            direct.timed(partial(run_direct, model))
        print(f"  {name:24s} {whole.median * 1e3:8.1f} ms {whole.median / direct.median:7.1f} x direct", end="")
        print(
            f"   worst {max(whole.seconds) * 1e3:6.0f} ms   CPU {statistics.median(whole.cpu_s) * 1e3:7.1f} ms", end=""
        )
        print(f"   {statistics.median(programmes):.0f} programmes a plan")


def print_verdicts(steps: int, columns: dict[str, Column]) -> None:
    """The targets of this shape."""
    whole, direct = columns["whole plan"], columns["direct"]
    if steps == 288:
        verdict("whole plan, ms", whole.median * 1e3, 20)
        verdict("whole plan, times direct HiGHS", whole.median / direct.median, 3)
        verdict("6 A least power, s", columns["least power"].median, 0.3)
    if steps == 672:
        verdict("whole plan, ms", whole.median * 1e3, 60)
    for name, column in columns.items():
        if column.eur:
            ours, theirs = np.array(whole.eur), np.array(column.eur)
            if column is not whole:
                dearer = 100 * (ours - theirs).sum() / np.abs(theirs).sum()
                verdict(f"dearer than {name}, % of all bills", dearer, 0.1)
                verdict(f"faster than {name}, times", column.median / whole.median, 10, at_least=True)


def main() -> None:
    """Print medians, ratios and targets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    rounds = parser.parse_args().rounds
    if not peer.installed():
        print(peer.MISSING)
    begun = time.perf_counter()
    Planner().solve(peer.same_problem(0, 288))
    print(f"first plan, with compilation {(time.perf_counter() - begun) * 1e3:.0f} ms")
    for steps in NAMES:
        columns = run_shape(steps, rounds if steps < 600 else max(3, rounds // 2))
        print_shape(steps, columns)
        print_verdicts(steps, columns)
    print_more(max(3, rounds // 4))


if __name__ == "__main__":
    main()
