"""One decision of the dispatch: median and p99 for one car, and for two cars beside a battery, beside the target.

Each call meets a new reading by phase, a house that moves, and chargers that follow with a delay: the dearest case,
where lag, phases and reaction are learned in each call.

    python tests/bench/bench_dispatch.py [calls]
"""

import math
import statistics
import sys
import time
from collections.abc import Callable

from energy.dispatch import CarNow, DispatchState, SiteState, dispatch, dispatch_site
from energy.limits import gather
from energy.model import (
    BatteryState,
    Charger,
    Connection,
    Departure,
    Ev,
    EvState,
    HomeBattery,
    Readings,
    Reason,
    ReasonCode,
    Wishes,
)
from energy.plan.types import Money, Plan, PlugPlan, Step, StorePlan

TARGET_US = 200.0
START_S = 1_718_000_000.0
CONNECTION = Connection(phases=3, fuse_a=25.0, export_limit_w=10_000.0)
EV = Ev(ev_id="ev", capacity_wh=60_000.0, charge_max_w=11_000.0, discharge_max_w=11_000.0)
WISHES = Wishes(departures=(Departure(at_s=START_S + 40_000.0, target_soc=0.8),))
BATTERY = HomeBattery(battery_id="b", capacity_wh=10_000.0, charge_max_w=5_000.0, discharge_max_w=5_000.0)
STEPS = 288


def plan_of(names: list[str]) -> Plan:
    """Feed the house and take the sun, a day by five minutes."""
    steps = tuple(
        Step(
            start_s=START_S + 300.0 * k,
            end_s=START_S + 300.0 * (k + 1),
            ev_w=-500.0,
            grid_w=0.0,
            load_w=500.0,
            solar_w=0.0,
            soc=0.5,
            import_eur_per_kwh=0.3,
            export_eur_per_kwh=0.1,
            reason=Reason(code=ReasonCode.FEED_HOUSE),
            feeds_house=True,
            takes_surplus=True,
        )
        for k in range(STEPS)
    )
    return Plan(
        made_s=START_S,
        plugs=tuple(PlugPlan(charger_id=name, steps=steps) for name in names),
        promises=(),
        money=Money(planned_eur=0.0, baseline_eur=0.0),
        optimal=True,
        batteries=(StorePlan(store_id="b", power_w=(-300.0,) * STEPS, share=(0.5,) * STEPS),),
    )


def house_w(k: int) -> float:
    """A house that is never still."""
    return 900.0 + 700.0 * math.sin(k / 7.0) + (2_500.0 if k % 61 < 9 else 0.0)


def reading(k: int, own_w: float) -> Readings:
    """By phase, with the frequency."""
    grid_w = house_w(k) + own_w
    return Readings(
        at_s=START_S + k, grid_w=grid_w, phase_w=(grid_w / 3,) * 3, frequency_hz=50.0, frequency_at_s=START_S + k
    )


def charger_now(name: str, power_w: float, k: int) -> CarNow:
    """A car at half charge that may discharge."""
    charger = Charger(charger_id=name, phases=3, charge_max_w=11_000.0, discharge_max_w=10_000.0)
    state = EvState(connected=True, ev=EV, soc=0.5, power_w=power_w, can_discharge=True, at_s=START_S + k)
    limits = gather(connection=CONNECTION, charger=charger, ev_state=state, wishes=WISHES, now_s=START_S + k)
    return CarNow(ev_state=state, limits=limits, wishes=WISHES)


def one_car(calls: int) -> list[float]:
    """Seconds of each call of ``dispatch``."""
    plan, state, took, power_w = plan_of(["c1"]), DispatchState(), [], 0.0
    for k in range(calls):
        car, readings = charger_now("c1", power_w, k), reading(k, power_w)
        begun = time.perf_counter()
        point, state = dispatch(
            state,
            readings=readings,
            ev_state=car.ev_state,
            plan=plan,
            limits=car.limits,
            wishes=WISHES,
            now_s=START_S + k,
        )
        took.append(time.perf_counter() - begun)
        power_w += 0.6 * (point.power_w - power_w)
    return took


def two_cars_and_a_battery(calls: int) -> list[float]:
    """Seconds of each call of ``dispatch_site``."""
    names = ["c1", "c2"]
    plan, state, took = plan_of(names), SiteState(), []
    powers = dict.fromkeys([*names, "b"], 0.0)
    for k in range(calls):
        cars = [charger_now(name, powers[name], k) for name in names]
        store = BatteryState(battery=BATTERY, soc=0.5, power_w=powers["b"], at_s=START_S + k)
        readings = reading(k, sum(powers.values()))
        begun = time.perf_counter()
        command, state = dispatch_site(
            state, readings=readings, cars=cars, batteries=(store,), plan=plan, now_s=START_S + k
        )
        took.append(time.perf_counter() - begun)
        told = {point.charger_id: point.power_w for point in command.set_points} | dict(command.battery_w)
        for name, power_w in told.items():
            powers[name] += 0.6 * (power_w - powers[name])
    return took


def show(name: str, run: Callable[[int], list[float]], calls: int) -> bool:
    """One line; is the target met?"""
    took = sorted(run(calls))
    median_us = statistics.median(took) * 1e6
    p99_us = took[int(0.99 * len(took))] * 1e6
    print(f"{name:<26}{median_us:>12.0f}{p99_us:>10.0f}{median_us / TARGET_US:>12.2f}")
    return median_us <= TARGET_US


def main() -> int:
    """Print the figures; 1 where the target is missed."""
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    print(f"{'one decision':<26}{'median us':>12}{'p99 us':>10}{'of 200 us':>12}")
    met = [show("one car", one_car, calls), show("two cars and a battery", two_cars_and_a_battery, calls)]
    return 0 if all(met) else 1


if __name__ == "__main__":
    raise SystemExit(main())
