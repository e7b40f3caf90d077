"""House batteries, tanks, machines, roofs and contracts: days small enough to solve by hand."""

from dataclasses import replace

import numpy as np
import pytest

from energy.forecast import Forecast
from energy.grid_events import GridEventKind
from energy.horizon import make_edges
from energy.model import (
    BatteryState,
    Departure,
    HeatTank,
    HomeBattery,
    Plug,
    ShiftableLoad,
    SolarArray,
    TankState,
    Wishes,
)
from energy.plan import ArrayForecast, CapacityBand, PeakCharge, PromiseKind, Terms

HOUR = 3600.0
BATTERY = HomeBattery(
    battery_id="b",
    capacity_wh=10_000.0,
    charge_max_w=5000.0,
    discharge_max_w=5000.0,
    soc_min=0.0,
    charge_efficiency=1.0,
    discharge_efficiency=1.0,
    wear_eur_per_kwh=0.0,
)
AWAY = {"connected": False, "soc": None}


@pytest.fixture
def day(home):
    """``day(price=..., ...)``: 24 steps of an hour from 16:00, the car away unless told."""
    edges = make_edges(home.now_s, hours=24, step_s=HOUR, coarse_step_s=HOUR, fine_hours=24)

    def make(**changes):
        return home.plan_input(**({"edges_s": edges, "ev_state": home.ev_state(**AWAY)} | changes))

    return make


def watts(part):
    return np.array(part.power_w)


def test_a_battery_buys_in_the_cheap_hours_and_feeds_the_house_in_the_dear(day, planner):
    price = [0.10] * 2 + [0.20] * 4 + [0.50] * 6 + [0.20] * 12
    plan = planner.solve(day(price=price, load_w=1000.0, batteries=(BatteryState(battery=BATTERY, soc=0.0),)))
    power = watts(plan.batteries[0])
    # 6 kWh are worth 0.50; what is beyond them is worth 0.20, still more than 0.10.
    assert power[:2].sum() == pytest.approx(10_000, abs=5)
    assert power[6:12] == pytest.approx(np.full(6, -1000.0), abs=1)
    assert [step.grid_w for step in plan.steps[6:12]] == pytest.approx([0.0] * 6, abs=1)
    assert plan.batteries[0].share[1] == pytest.approx(1.0, abs=1e-3)


def test_a_battery_that_may_not_take_from_the_grid_takes_only_the_sun(day, planner):
    sunny = replace(BATTERY, may_charge_from_grid=False, may_export=False)
    solar = [3000.0] * 3 + [0.0] * 21
    price = [0.05] * 6 + [0.50] * 18
    plan = planner.solve(
        day(price=price, pay=0.01, load_w=1000.0, solar_w=solar, batteries=(BatteryState(battery=sunny, soc=0.0),))
    )
    power = watts(plan.batteries[0])
    assert power[:3] == pytest.approx([2000.0] * 3, abs=1)
    assert power[3:6].max() <= 1
    assert -power[power < 0].sum() == pytest.approx(6000, abs=5)
    assert min(step.grid_w for step in plan.steps) >= -1


def test_a_blackout_reserve_is_never_sold_and_said_when_it_is_missing(day, planner):
    held = replace(BATTERY, reserve_soc=0.4)
    plan = planner.solve(day(price=[0.9] * 3 + [0.1] * 21, batteries=(BatteryState(battery=held, soc=0.5),)))
    assert -watts(plan.batteries[0])[:3].sum() == pytest.approx(1000, abs=5)
    short = planner.solve(day(price=[0.9] * 3 + [0.1] * 21, batteries=(BatteryState(battery=held, soc=0.1),)))
    (promise,) = [p for p in short.missed if p.kind is PromiseKind.RESERVE]
    assert promise.of == "b"
    assert promise.short_by == pytest.approx(0.3, abs=1e-3)
    # 3 kWh lacking, charged at once at 5 kW.
    assert watts(short.batteries[0])[0] == pytest.approx(3000, abs=5)


def test_a_battery_of_unknown_charge_is_left_alone(day, planner):
    plan = planner.solve(day(price=[0.9] * 3 + [0.1] * 21, batteries=(BatteryState(battery=BATTERY, soc=None),)))
    assert not watts(plan.batteries[0]).any()
    assert "b does not tell its charge" in " ".join(plan.notes)


def test_one_store_is_not_emptied_into_another_for_nothing(home, day, planner):
    full = home.ev_state(soc=0.9)
    plan = planner.solve(day(ev_state=full, price=0.30, pay=0.05, batteries=(BatteryState(battery=BATTERY, soc=0.1),)))
    ev = np.array([step.ev_w for step in plan.steps])
    battery = watts(plan.batteries[0])
    assert not np.any((ev < -50) & (battery > 50))
    assert not np.any((ev > 50) & (battery < -50))


def test_solar_is_left_on_the_roof_only_where_its_export_costs_money(day, planner):
    solar = np.array([5000.0] * 4 + [0.0] * 20)
    roof = ArrayForecast(
        array=SolarArray(array_id="r", peak_w=6000.0, curtailable=True), solar=Forecast.exact(0.6 * solar)
    )
    pay = [0.08, -0.02, -0.02, 0.08] + [0.08] * 20
    plan = planner.solve(day(price=0.30, pay=pay, load_w=1000.0, solar_w=solar, arrays=(roof,)))
    # Only 3 of the 5 kW can be left; 4 kW would be exported.
    assert plan.curtailed_w[:4] == pytest.approx((0.0, 3000.0, 3000.0, 0.0), abs=1)
    assert plan.steps[1].grid_w == pytest.approx(-1000, abs=1)


def test_an_export_limit_is_kept_by_the_roof(home, day, planner):
    solar = np.array([5000.0] * 4 + [0.0] * 20)
    roof = ArrayForecast(array=SolarArray(array_id="r", peak_w=6000.0, curtailable=True), solar=Forecast.exact(solar))
    tight = replace(home.connection, export_limit_w=2500.0)
    plan = planner.solve(day(load_w=1000.0, solar_w=solar, arrays=(roof,), connection=tight))
    assert plan.curtailed_w[:4] == pytest.approx((1500.0,) * 4, abs=1)
    assert plan.missed == ()


@pytest.mark.parametrize("least_w", [0.0, 1380.0, 4140.0])
def test_a_roof_beyond_the_export_limit_goes_into_the_car_whatever_it_costs(home, planner, least_w):
    """A limit that cannot be kept wholly still comes before money, with a least power too."""
    hour = np.arange(24) + 16.0
    solar = np.maximum(0.0, 12_000.0 * np.sin((hour - 30.0) / 12.0 * np.pi)) * (hour > 30.0)
    inp = home.plan_input(
        price=0.20 + 0.10 * np.sin(hour),
        pay=0.05,
        solar_w=solar,
        connection=replace(home.connection, export_limit_w=3000.0),
        charger=replace(home.charger, charge_min_w=least_w),
        ev_state=home.ev_state(soc=0.4),
    )
    plan = planner.solve(inp)
    assert max(step.soc for step in plan.steps) > 0.95
    assert [promise.kind for promise in plan.missed] == [PromiseKind.EXPORT_LIMIT]


def test_one_run_goes_where_it_costs_least(day, planner):
    price = np.full(24, 0.30)
    price[[5, 6, 7, 15]] = 0.20, 0.10, 0.15, 0.01
    load = ShiftableLoad(
        load_id="wash",
        power_w=(2000.0, 500.0, 1000.0),
        slot_s=HOUR,
        earliest_s=day().now_s,
        latest_s=day().now_s + 12 * HOUR,
    )
    plan = planner.solve(day(price=price, loads=(load,)))
    costs = [2 * price[k] + 0.5 * price[k + 1] + price[k + 2] for k in range(10)]
    start = int(np.argmin(costs))
    assert plan.loads[0].start_s == day().now_s + start * HOUR
    expected = np.zeros(24)
    expected[start : start + 3] = 2000.0, 500.0, 1000.0
    assert watts(plan.loads[0]) == pytest.approx(expected, abs=1)
    assert [step.grid_w for step in plan.steps] == pytest.approx(500.0 + expected, abs=1)


@pytest.mark.parametrize("seed", range(4))
def test_the_search_for_a_start_finds_the_best_there_is(day, planner, seed):
    # Beside a battery, a roof and a peak charge the cost of a start is no sum over steps.
    rng = np.random.default_rng(seed)
    now_s = day().now_s
    changes = {
        "price": 0.2 + 0.1 * rng.random(24),
        "load_w": 500 + 1500 * rng.random(24),
        "solar_w": 4000 * rng.random(24) * (np.arange(24) > 14),
        "batteries": (BatteryState(battery=BATTERY, soc=0.3),),
        "terms": Terms(peaks=(PeakCharge(eur_per_kw=0.3, so_far_w=1500.0, until_s=now_s + 1e6, average_s=HOUR),)),
    }
    load = ShiftableLoad(
        load_id="wash", power_w=(2200.0, 1800.0), slot_s=HOUR, earliest_s=now_s, latest_s=now_s + 20 * HOUR
    )
    plan = planner.solve(day(loads=(load,), **changes))
    each = [
        planner.solve(
            day(loads=(replace(load, earliest_s=now_s + k * HOUR, latest_s=now_s + (k + 2) * HOUR),), **changes)
        ).money.planned_eur
        for k in range(19)
    ]
    assert plan.money.planned_eur == pytest.approx(min(each), abs=3e-3)
    assert plan.stats["programmes"] <= 7


def test_hours_in_pieces_take_the_cheapest_steps_whole(day, planner):
    price = np.full(24, 0.30)
    cheap = [3, 8, 9, 14]
    price[cheap] = 0.1
    load = ShiftableLoad(
        load_id="pump",
        power_w=(1500.0,),
        earliest_s=day().now_s,
        latest_s=day().now_s + 12 * HOUR,
        run_h=4.0,
        done_h=1.0,
    )
    plan = planner.solve(day(price=price, loads=(load,)))
    power = watts(plan.loads[0])
    assert np.flatnonzero(power > 1).tolist() == [3, 8, 9]
    assert power[[3, 8, 9]] == pytest.approx([1500.0] * 3, abs=1)
    assert plan.missed == ()


def test_work_that_does_not_fit_says_what_is_lacking(day, planner):
    now_s = day().now_s
    run = ShiftableLoad(load_id="wash", power_w=(2000.0,) * 4, slot_s=HOUR, earliest_s=now_s, latest_s=now_s + 3 * HOUR)
    pieces = ShiftableLoad(load_id="pump", power_w=(1000.0,), earliest_s=now_s, latest_s=now_s + 3 * HOUR, run_h=5.0)
    plan = planner.solve(day(loads=(run, pieces)))
    wash, pump = sorted((p for p in plan.missed), key=lambda p: -p.short_by)
    assert (wash.of, wash.kind, wash.planned) == ("wash", PromiseKind.LOAD, 0.0)
    assert plan.loads[0].start_s is None
    assert pump.of == "pump"
    assert pump.short_by == pytest.approx(2000, abs=5)


def test_a_tank_is_kept_warm_at_least_cost(day, planner):
    # 24 h of 200 W are drawn; it starts at its comfort of 2 kWh and holds 6.
    tank = HeatTank(
        tank_id="t",
        power_max_w=3000.0,
        capacity_wh=6000.0,
        loss_share_per_h=0.0,
        comfort_share=1 / 3,
    )
    price = [0.30] * 4 + [0.10] * 2 + [0.30] * 12 + [0.20] + [0.30] * 5
    plan = planner.solve(day(price=price, tanks=(TankState(tank=tank, stored_share=1 / 3, demand_w=(200.0,) * 24),)))
    power = watts(plan.tanks[0])
    # 0.8 kWh until the cheap hours; then all that the rest of the day draws.
    assert power[:4].sum() == pytest.approx(800, abs=5)
    assert power[4:6].sum() == pytest.approx(4000, abs=5)
    assert power[6:].sum() == pytest.approx(0, abs=5)
    assert min(plan.tanks[0].share) >= 1 / 3 - 1e-3
    assert plan.missed == ()


def test_heat_that_is_stored_early_is_lost_on_the_way(day, planner):
    # Heat kept for 10 h at 10 % an hour is worth a third: 0.15 is not worth waiting for a use at 0.30 then.
    tank = HeatTank(
        tank_id="t",
        power_max_w=3000.0,
        capacity_wh=6000.0,
        heat_per_electric=3.0,
        loss_share_per_h=0.1,
        comfort_share=0.0,
    )
    demand = [0.0] * 11 + [1000.0] + [0.0] * 12
    state = TankState(tank=tank, stored_share=0.0, demand_w=tuple(demand))
    late = planner.solve(day(price=[0.15] + [0.30] * 23, tanks=(state,)))
    assert watts(late.tanks[0])[0] == pytest.approx(0, abs=1)
    assert watts(late.tanks[0])[11] == pytest.approx(1000 / 3, abs=2)
    early = planner.solve(day(price=[0.05] + [0.30] * 23, tanks=(state,)))
    assert watts(early.tanks[0])[0] == pytest.approx(1000 / 3 / 0.9**11, rel=0.01)


def test_cold_water_is_said(day, planner):
    tank = HeatTank(tank_id="t", power_max_w=1000.0, capacity_wh=6000.0, loss_share_per_h=0.0, comfort_share=0.5)
    plan = planner.solve(day(tanks=(TankState(tank=tank, stored_share=0.1),)))
    (promise,) = plan.missed
    assert (promise.kind, promise.of) == (PromiseKind.COMFORT, "t")
    assert promise.short_by == pytest.approx(0.4, abs=1e-3)
    assert promise.deadline_s == day().now_s + 3 * HOUR


def test_the_months_peak_is_shaved_just_as_far_as_it_pays(home, day, planner):
    # 18 kWh for the car in 6 hours on top of 1 kW: 4 kW without a peak, however cheap one of the hours is.
    now_s = home.now_s
    wishes = Wishes(departures=(Departure(at_s=now_s + 6 * HOUR, target_soc=0.8),), v2g_allowed=False)
    charger = replace(home.charger, charge_efficiency=1.0)
    ev = replace(home.ev, taper_from_soc=1.0)
    price = [0.30] * 2 + [0.20] * 2 + [0.30] * 20
    common = {
        "price": price,
        "load_w": 1000.0,
        "wishes": wishes,
        "charger": charger,
        "ev_state": home.ev_state(ev=ev),
    }
    dear = PeakCharge(eur_per_kw=5.0, so_far_w=2000.0, until_s=now_s + 1e6)
    plan = planner.solve(day(**common, terms=Terms(peaks=(dear,))))
    assert max(step.grid_w for step in plan.steps) == pytest.approx(4000, abs=2)
    known = planner.solve(day(**common, terms=Terms(peaks=(replace(dear, so_far_w=8000.0),))))
    assert [step.ev_w for step in known.steps[2:4]] == pytest.approx([7000.0] * 2, abs=2)
    free = planner.solve(day(**common))
    assert free.steps[2].ev_w + free.steps[3].ev_w == pytest.approx(18_000, abs=5)
    assert plan.money.planned_eur == pytest.approx(free.money.planned_eur + 5.0 * 2 + 0.1 * 12, abs=0.02)


def test_a_band_is_filled_before_it_is_passed(home, day, planner):
    wishes = Wishes(departures=(Departure(at_s=home.now_s + 6 * HOUR, target_soc=0.7),), v2g_allowed=False)
    charger = replace(home.charger, charge_efficiency=1.0)
    plan = planner.solve(
        day(
            price=[0.30, 0.25] + [0.30] * 22,
            load_w=500.0,
            wishes=wishes,
            charger=charger,
            ev_state=home.ev_state(),
            terms=Terms(bands=(CapacityBand(above_w=3500.0, eur_per_kwh=0.2),)),
        )
    )
    assert max(step.grid_w for step in plan.steps) <= 3501
    assert plan.missed == ()


def test_co2_moves_charging_when_it_has_a_price(home, day, planner):
    wishes = Wishes(departures=(Departure(at_s=home.now_s + 6 * HOUR, target_soc=0.6),), v2g_allowed=False)
    co2 = np.array([500.0, 500.0, 100.0] + [500.0] * 21)
    common = {"price": [0.30, 0.29] + [0.30] * 22, "wishes": wishes, "ev_state": home.ev_state(), "co2_g_per_kwh": co2}
    plain = planner.solve(day(**common))
    assert (plain.steps[1].ev_w, plain.steps[2].ev_w) == pytest.approx((11_000, 0), abs=5)
    green = planner.solve(day(**common, terms=Terms(co2_eur_per_kg=0.1)))
    assert (green.steps[1].ev_w, green.steps[2].ev_w) == pytest.approx((0, 11_000), abs=5)


def test_a_dimmed_home_shares_what_all_may_draw_and_the_sun_is_free(home, day, planner, event):
    # 4.2 kW for what is controllable; 2 kW of surplus come on top for the battery, never for the car alone.
    asked = event(GridEventKind.CHARGE_LIMIT, home.now_s, home.now_s + 4 * HOUR, 4200.0)
    wishes = Wishes(departures=(Departure(at_s=home.now_s + 4 * HOUR, target_soc=0.9),), v2g_allowed=False)
    solar = [3000.0] * 4 + [0.0] * 20
    plan = planner.solve(
        day(
            price=[0.10] * 4 + [0.60] * 20,
            load_w=1000.0,
            solar_w=solar,
            pay=0.01,
            wishes=wishes,
            ev_state=home.ev_state(),
            batteries=(BatteryState(battery=BATTERY, soc=0.0),),
            events=(asked,),
        )
    )
    car = np.array([step.ev_w for step in plan.steps[:4]])
    battery = watts(plan.batteries[0])[:4]
    assert car.max() <= 4201
    assert (car + battery).max() <= 6201
    assert (car + battery).sum() == pytest.approx(4 * 6200, abs=10)


def test_true_efficiency_by_power_is_what_the_money_counts(home, day, planner):
    # Feeding 400 W at 60 % loses more than 0.30 against 0.22 can pay; at one efficiency for all it would be done.
    charger = replace(home.charger, discharge_curve=((400.0, 0.6), (5000.0, 0.95)))
    price = [0.30] * 4 + [0.22] * 20
    common = {"price": price, "load_w": 400.0, "ev_state": home.ev_state()}
    flat = planner.solve(day(**common))
    true = planner.solve(day(**common, charger=charger))
    assert sum(step.ev_w for step in flat.steps[:4]) == pytest.approx(-1600, abs=5)
    assert sum(step.ev_w for step in true.steps[:4]) == pytest.approx(0, abs=5)


def test_standby_makes_little_power_dear(home, day, planner):
    common = {"price": [0.30] * 4 + [0.22] * 20, "load_w": 300.0, "ev_state": home.ev_state()}
    thirsty = planner.solve(day(**common, charger=replace(home.charger, standby_w=80.0)))
    assert sum(step.ev_w for step in thirsty.steps[:4]) == pytest.approx(0, abs=5)
    dear = planner.solve(
        day(**(common | {"price": [0.90] * 4 + [0.22] * 20}), charger=replace(home.charger, standby_w=80.0))
    )
    # 80 W of its own remain: 0.90 * 80 W is cheaper than 0.90 * 300 W.
    assert dear.steps[0].ev_w == pytest.approx(-300, abs=2)
    assert dear.steps[0].grid_w == pytest.approx(80, abs=2)


def test_standing_full_costs_and_is_put_off(home, day, planner):
    ev = replace(home.ev, high_soc=0.6, high_soc_eur_per_kwh_day=0.05, taper_from_soc=1.0)
    wishes = Wishes(departures=(Departure(at_s=home.now_s + 20 * HOUR, target_soc=0.8),), v2g_allowed=False)
    plan = planner.solve(day(wishes=wishes, ev_state=home.ev_state(ev=ev)))
    stored = np.array([step.soc for step in plan.steps])
    assert stored[17] <= 0.601 + 1e-3
    assert stored[19] == pytest.approx(0.8, abs=1e-3)


def test_leaving_early_is_weighed_by_its_chance(home, day, planner):
    # The cheap hours come last; with a chance of leaving before them some of the charge is bought early.
    leaves = Departure(at_s=home.now_s + 8 * HOUR, target_soc=0.7)
    price = [0.30] * 6 + [0.25] * 18
    common = {"price": price, "ev_state": home.ev_state()}

    def at_six(departure):
        plan = planner.solve(day(**common, wishes=Wishes(departures=(departure,), v2g_allowed=False)))
        return plan.steps[5].soc

    assert at_six(leaves) == pytest.approx(0.5, abs=1e-3)
    assert at_six(replace(leaves, early_chance=0.05, early_h=4.0)) == pytest.approx(0.5, abs=1e-3)
    assert at_six(replace(leaves, early_chance=0.5, early_h=4.0)) == pytest.approx(0.7, abs=1e-3)


def test_a_departure_that_is_not_sure_is_weighed_and_no_promise(home, day, planner):
    habit = Departure(at_s=home.now_s + 8 * HOUR, target_soc=0.7, chance=0.1, learned=True)
    price = [0.40] * 8 + [0.10] * 16
    common = {"price": price, "ev_state": home.ev_state()}
    plan = planner.solve(day(**common, wishes=Wishes(departures=(habit,), v2g_allowed=False)))
    assert plan.steps[7].soc == pytest.approx(0.5, abs=1e-3)
    assert not [p for p in plan.promises if p.kind is PromiseKind.DEPARTURE]
    likely = replace(habit, chance=0.6)
    plan = planner.solve(day(**common, wishes=Wishes(departures=(likely,), v2g_allowed=False)))
    assert plan.steps[7].soc == pytest.approx(0.7, abs=1e-3)


def two_cars(home, **wishes):
    """Two cars on one fuse, the first's wishes and the second's."""
    plugs = []
    for name in ("c1", "c2"):
        charger = replace(home.charger, charger_id=name, charge_efficiency=1.0)
        ev = replace(home.ev, taper_from_soc=1.0)
        plugs.append(Plug(charger=charger, ev_state=home.ev_state(ev=ev), wishes=wishes[name]))
    return tuple(plugs)


def test_two_cars_share_a_fuse_and_both_leave_in_time(home, day, planner):
    soon = Wishes(departures=(Departure(at_s=home.now_s + 2 * HOUR, target_soc=0.8),), v2g_allowed=False)
    later = Wishes(departures=(Departure(at_s=home.now_s + 4 * HOUR, target_soc=0.8),), v2g_allowed=False)
    # 3 x 16 A carry 11.04 kW; 1 kW is the house's: 36 kWh in 4 h just fit.
    plan = planner.solve(
        replace(
            day(load_w=1000.0, connection=replace(home.connection, fuse_a=16.0)),
            plugs=two_cars(home, c1=later, c2=soon),
        )
    )
    assert plan.missed == ()
    assert max(step.grid_w for step in plan.steps) <= 11_041
    assert [p.charger_id for p in plan.plugs] == ["c1", "c2"]
    assert plan.at(home.now_s, "c2").ev_w > 8900


def test_where_two_cars_cannot_both_be_served_the_reserve_gives_way_to_the_departure(home, day, planner):
    leaving = Wishes(departures=(Departure(at_s=home.now_s + 2 * HOUR, target_soc=0.8),), v2g_allowed=False)
    empty = Wishes(reserve_soc=0.7, v2g_allowed=False)
    plan = planner.solve(
        replace(
            day(load_w=1000.0, connection=replace(home.connection, fuse_a=16.0)),
            plugs=two_cars(home, c1=empty, c2=leaving),
        )
    )
    assert plan.stats["soft"] == 1.0
    (kept,) = [p for p in plan.promises if p.kind is PromiseKind.DEPARTURE]
    assert kept.kept
    (missed,) = plan.missed
    assert (missed.kind, missed.of) == (PromiseKind.RESERVE, "c1")
    # 20.08 kWh in two hours, 18 for the departure; the rest and what follows for the reserve.
    assert plan.plugs[0].steps[1].soc == pytest.approx(0.5 + 2.08 / 60, abs=2e-3)
    assert plan.plugs[0].steps[2].soc == pytest.approx(0.5 + 12.0 / 60, abs=2e-3)


def test_a_phase_is_not_overloaded_by_two_cars_on_it(home, day, planner):
    leaving = Wishes(departures=(Departure(at_s=home.now_s + 3 * HOUR, target_soc=0.9),), v2g_allowed=False)
    plugs = tuple(
        replace(plug, charger=replace(plug.charger, phases=1, charge_max_w=3680.0, on_phases=phases))
        for plug, phases in zip(two_cars(home, c1=leaving, c2=leaving), ((0,), (0,)), strict=True)
    )
    inp = replace(day(load_w=900.0, connection=replace(home.connection, fuse_a=20.0)), plugs=plugs)
    plan = planner.solve(inp)
    both = sum(np.array([step.ev_w for step in plug.steps]) for plug in plan.plugs)
    # 4.6 kW a phase less 0.3 kW of the house.
    assert both[:3] == pytest.approx([4300.0] * 3, abs=2)
    apart = (plugs[0], replace(plugs[1], charger=replace(plugs[1].charger, on_phases=(1,))))
    plan = planner.solve(replace(inp, plugs=apart))
    both = sum(np.array([step.ev_w for step in plug.steps]) for plug in plan.plugs)
    assert both[:3] == pytest.approx([7360.0] * 3, abs=2)
