"""Homes of every kind, for the property tests of plans: a number is a home.

Most of what is drawn is ordinary and something is odd, so that most homes have something to plan.
"""

from dataclasses import replace

import numpy as np

from energy.forecast import Basis, Forecast, Scenario
from energy.grid_events import EventInterval, GridEvent, GridEventKind
from energy.links import LinkPhase, LinkRule, LinkState
from energy.model import (
    Absence,
    BatteryState,
    Charger,
    Connection,
    Departure,
    Ev,
    EvState,
    HeatTank,
    HomeBattery,
    Plug,
    Risk,
    ShiftableLoad,
    SolarArray,
    TankState,
    Wishes,
)
from energy.plan import ArrayForecast, CapacityBand, PeakCharge, PlanInput, Terms

HOUR = 3600.0
NOW_S = 1_718_000_000 // 86400 * 86400.0 + 16 * HOUR


class Dice:
    """What a home is drawn with."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)

    def of(self, choices):
        return choices[int(self.rng.integers(len(choices)))]

    def one_in(self, n):
        return int(self.rng.integers(n)) == 0

    def between(self, low, high):
        return float(self.rng.uniform(low, high))

    def offset_s(self):
        """From some hours ago to beyond the horizon."""
        return self.between(-6 * HOUR, 30 * HOUR)


def prices(dice, count):
    """Import and export: flat, noisy, below zero, with spikes of 5 EUR either way, pay above the price."""
    rng = dice.rng
    shape = dice.of(["flat", "hours", "hours", "hours", "negative", "spikes"])
    price = np.full(count, 0.30)
    if shape != "flat":
        price = price + 0.1 * rng.standard_normal(count)
    if shape == "negative":
        price = price - 0.5 * (rng.random(count) < 0.3)
    if shape == "spikes":
        price = price + 5.0 * rng.choice([-1, 0, 1], count, p=[0.05, 0.9, 0.05])
    pay = dice.of(["none", "flat", "flat", "half", "same", "above", "burden"])
    factors = {"none": 0.0, "half": 0.5, "same": 1.0, "above": 1.3}
    if pay in factors:
        return price, price * factors[pay]
    return price, np.full(count, 0.08 if pay == "flat" else -0.05)


def wishes(dice):
    departures = tuple(
        Departure(
            at_s=NOW_S + dice.offset_s(),
            target_soc=dice.of([0.5, 0.8, 0.8, 1.0, 1.1]),
            chance=dice.of([1.0, 1.0, 0.6]),
            early_chance=dice.of([0.0, 0.0, 0.3]),
        )
        for _ in range(dice.of([0, 1, 1, 1, 3]))
    )
    absences = []
    for _ in range(dice.of([0, 0, 1, 2])):
        start = NOW_S + dice.offset_s()
        lasts = dice.of([60.0, HOUR, 8 * HOUR])
        absences.append(Absence(from_s=start, to_s=start + lasts, used_wh=dice.of([0.0, 9000.0, 9000.0, 120_000.0])))
    return Wishes(
        departures=departures,
        absences=tuple(absences),
        reserve_soc=dice.of([0.0, 0.1, 0.2, 0.2, 0.5, 1.5]),
        boost_until_s=NOW_S + dice.offset_s() if dice.one_in(8) else None,
        paused=dice.one_in(20),
        v2g_allowed=not dice.one_in(6),
        export_allowed=not dice.one_in(4),
    )


def plugs(dice, k, house_phases):
    phases = dice.of([1, 3])
    hung = dice.of([(), (), (0,), (1,)]) if phases == 1 and house_phases == 3 else ()
    curved = dice.one_in(4)
    charger = Charger(
        charger_id=f"c{k}",
        phases=phases,
        charge_max_w=0.0 if dice.one_in(12) else dice.of([3680.0, 11_000.0, 22_000.0]),
        discharge_max_w=0.0 if dice.one_in(6) else dice.of([3680.0, 10_000.0]),
        charge_min_w=dice.of([0.0, 0.0, 1380.0, 4140.0]),
        charge_efficiency=dice.of([0.85, 0.95, 0.95, 1.0]),
        discharge_efficiency=dice.of([0.85, 0.95, 0.95, 1.0]),
        charge_curve=((500.0, 0.6), (3000.0, 0.9), (11_000.0, 0.95)) if curved else (),
        discharge_curve=((300.0, 0.5), (3000.0, 0.9), (10_000.0, 0.94)) if curved else (),
        standby_w=dice.of([0.0, 0.0, 40.0]),
        on_phases=hung,
    )
    ev = Ev(
        ev_id=f"ev{k}",
        capacity_wh=dice.of([0.0, 1.0]) if dice.one_in(12) else dice.of([20_000.0, 60_000.0, 60_000.0, 200_000.0]),
        charge_max_w=dice.of([3680.0, 11_000.0, 11_000.0]),
        discharge_max_w=0.0 if dice.one_in(6) else 11_000.0,
        soc_min=dice.of([0.0, 0.05, 0.3]),
        soc_max=dice.of([0.8, 1.0, 1.0]),
        taper_from_soc=dice.of([0.7, 0.9, 1.0]),
        wear_eur_per_kwh=dice.of([0.0, 0.02, 0.1]),
        high_soc_eur_per_kwh_day=dice.of([0.0, 0.0, 0.02]),
    )
    state = EvState(
        connected=not dice.one_in(8),
        ev=ev,
        soc=dice.of([None, 0.0, 1.005, 0.99]) if dice.one_in(6) else dice.between(0.0, 1.0),
        can_charge=not dice.one_in(10),
        can_discharge=not dice.one_in(4),
        at_s=NOW_S,
    )
    return Plug(charger=charger, ev_state=state, wishes=wishes(dice))


def batteries(dice, k):
    battery = HomeBattery(
        battery_id=f"b{k}",
        capacity_wh=dice.of([5000.0, 15_000.0]),
        charge_max_w=dice.of([0.0, 3000.0, 3000.0, 8000.0]),
        discharge_max_w=dice.of([0.0, 3000.0, 3000.0, 8000.0]),
        reserve_soc=dice.of([0.0, 0.0, 0.3, 1.2]),
        charge_efficiency=dice.of([0.9, 0.95, 1.0]),
        discharge_efficiency=dice.of([0.9, 0.95, 1.0]),
        standby_w=dice.of([0.0, 0.0, 30.0]),
        wear_eur_per_kwh=dice.of([0.0, 0.01, 0.05]),
        on_phases=dice.of([(), (), (0,), (2,)]),
        may_charge_from_grid=not dice.one_in(3),
        may_export=not dice.one_in(3),
    )
    soc = dice.of([None, 0.0, 1.0]) if dice.one_in(5) else dice.between(0.0, 1.0)
    return BatteryState(battery=battery, soc=soc, at_s=NOW_S)


def loads(dice, k):
    earliest = NOW_S + dice.between(-2 * HOUR, 12 * HOUR)
    pieces = dice.one_in(2)
    return ShiftableLoad(
        load_id=f"l{k}",
        power_w=(2000.0,) if pieces else dice.of([(2000.0,), (2000.0, 100.0, 500.0, 1500.0)]),
        slot_s=dice.of([900.0, 1800.0]),
        earliest_s=earliest,
        latest_s=earliest + dice.of([-HOUR, 0.0, 3 * HOUR, 8 * HOUR, 12 * HOUR]),
        run_h=dice.of([0.0, 2.0, 2.0, 9.0]) if pieces else None,
        done_h=dice.of([0.0, 0.0, 1.0]) if pieces else 0.0,
        on_phases=dice.of([(), (0,)]),
    )


def tanks(dice, k, count):
    tank = HeatTank(
        tank_id=f"t{k}",
        power_max_w=dice.of([0.0, 2000.0, 2000.0]),
        capacity_wh=dice.of([500.0, 10_000.0, 10_000.0]),
        heat_per_electric=dice.of([1.0, 3.0]),
        loss_share_per_h=dice.of([0.0, 0.02, 0.5]),
        comfort_share=dice.of([0.0, 0.2, 0.9]),
        power_min_w=dice.of([0.0, 0.0, 800.0]),
    )
    demand = dice.of([0.0, 300.0, 300.0, 5000.0])
    return TankState(tank=tank, stored_share=dice.between(0.0, 1.0), demand_w=(demand,) * count if demand else ())


_FITTING = {
    GridEventKind.IMPORT_PRICE: [-0.2, 0.1, 2.0],
    GridEventKind.EXPORT_PRICE: [-0.2, 0.1, 2.0],
    GridEventKind.EV_SETPOINT: [-5000.0, 0.0, 4200.0],
    GridEventKind.SITE_SETPOINT: [-5000.0, 0.0, 4200.0],
    GridEventKind.SOC_SETPOINT: [0.3, 0.7, 1.0],
    GridEventKind.RESERVE: [0.3, 0.7],
    GridEventKind.EMERGENCY: [1.0, 2.0],
    GridEventKind.FREQUENCY: [2000.0, 5000.0],
}


def grid_events(dice):
    """None in half of the homes; values mostly of their kind's size, some absurd; contradictions come by themselves."""
    events = []
    for k in range(dice.of([0, 0, 0, 1, 2, 5])):
        kind = dice.of(list(GridEventKind))
        start = NOW_S + dice.offset_s()
        end = start + dice.of([60.0, HOUR, HOUR, 6 * HOUR, float("inf")])
        fitting = _FITTING.get(kind, [0.0, 2000.0, 4200.0])
        value = dice.of([-5000.0, -0.2, 50_000.0, float("nan")]) if dice.one_in(8) else dice.of(fitting)
        events.append(
            GridEvent(
                event_id=f"e{k}",
                source="utility",
                kind=kind,
                intervals=(EventInterval(start_s=start, end_s=end, value=value),),
                priority=dice.of([1, 100]),
                opted_out=dice.one_in(5),
            )
        )
    return tuple(events)


def links(dice):
    if not dice.one_in(6):
        return ()
    rule = LinkRule(
        source="utility",
        import_w=dice.of([None, 0.0, 4200.0]),
        export_w=dice.of([None, 0.0, 3000.0]),
        charge_w=dice.of([None, 0.0, 4200.0]),
        discharge_w=dice.of([None, 0.0]),
    )
    return ((rule, LinkState(phase=dice.of(list(LinkPhase)), since_s=NOW_S - 60.0, fail_safe_since_s=NOW_S - 60.0)),)


def terms(dice):
    peak = PeakCharge(eur_per_kw=5.0, so_far_w=dice.of([0.0, 4000.0]), until_s=NOW_S + dice.of([2.0, 500.0]) * HOUR)
    return Terms(
        peaks=(peak,) * dice.of([0, 0, 1]),
        bands=(CapacityBand(above_w=2500.0, eur_per_kwh=0.2),) * dice.of([0, 0, 1]),
        co2_eur_per_kg=dice.of([0.0, 0.1]),
    )


def _spread(mean, factor):
    return Forecast.of(mean, mean / factor, mean, mean * factor, Basis.HISTORY)


def _sun(dice, edges):
    """A day's course with clouds, W."""
    hours = (edges[:-1] / HOUR) % 24
    course = np.clip(np.cos((hours - 13) / 8 * np.pi / 2), 0.0, 1.0)
    return dice.of([0.0, 5000.0, 8000.0, 40_000.0]) * course * dice.rng.uniform(0.3, 1.0, len(course))


def home(seed, *, one_plug=False):
    """A plan's whole input, 12 or 24 hours by half hours."""
    dice = Dice(seed)
    rng = dice.rng
    count = dice.of([24, 48])
    edges = NOW_S + 1800.0 * np.arange(count + 1)
    load = rng.uniform(0, 30_000.0 if dice.one_in(12) else dice.of([1.0, 1500.0, 3000.0]), count)
    solar = _sun(dice, edges)
    price, pay = prices(dice, count)
    factor = dice.of([1.0, 1.5])
    connection = Connection(
        phases=dice.of([1, 3, 3]),
        fuse_a=0.0 if dice.one_in(12) else dice.of([16.0, 25.0, 63.0]),
        export_limit_w=dice.of([None, None, 0.0, 5000.0]),
    )
    inp = PlanInput(
        now_s=NOW_S + dice.of([0.0, 700.0]),
        edges_s=edges,
        load=_spread(load, factor),
        solar=_spread(solar, factor),
        import_eur_per_kwh=price,
        export_eur_per_kwh=pay,
        connection=connection,
        plugs=tuple(plugs(dice, k, connection.phases) for k in range(1 if one_plug else dice.of([1, 1, 2, 3]))),
        events=grid_events(dice),
        links=links(dice),
    )
    return inp if one_plug else _with_everything(dice, inp)


def _with_everything(dice, inp):
    count = len(inp.edges_s) - 1
    load, solar = inp.load.mean_w, inp.solar.mean_w
    arrays = dice.of([0, 1, 2]) if solar.any() else 0
    scenarios = dice.of([0, 0, 3])
    return replace(
        inp,
        batteries=tuple(batteries(dice, k) for k in range(dice.of([0, 0, 1, 2]))),
        arrays=tuple(
            ArrayForecast(
                array=SolarArray(array_id=f"a{k}", peak_w=20_000.0, curtailable=dice.of([False, True])),
                solar=Forecast.exact(solar / arrays),
            )
            for k in range(arrays)
        ),
        loads=tuple(loads(dice, k) for k in range(dice.of([0, 0, 1, 2]))),
        tanks=tuple(tanks(dice, k, count) for k in range(dice.of([0, 0, 1]))),
        terms=terms(dice),
        co2_g_per_kwh=dice.of([None, np.full(count, 300.0), dice.rng.uniform(0, 800, count)]),
        scenarios=tuple(
            Scenario(load_w=load * f, solar_w=solar / f, probability=1 / scenarios, name=f"x{f}")
            for f in (0.6, 1.0, 1.6)[:scenarios]
        ),
        risk=dice.of(list(Risk)),
    )
