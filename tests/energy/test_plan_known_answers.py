"""Plans small enough to solve by hand."""

import pickle
from dataclasses import replace

import numpy as np
import pytest

from energy.grid_events import GridEventKind
from energy.model import Absence, Departure, ReasonCode, Wishes
from energy.plan import PromiseKind

HOUR = 3600.0


def energy_kwh(plan, start_h, end_h, sign):
    """Energy of the car in one direction between two hours of the plan, kWh ≥ 0."""
    first = plan.steps[0].start_s
    return sum(
        max(0.0, sign * step.ev_w) * (step.end_s - step.start_s) / 3.6e6
        for step in plan.steps
        if start_h * HOUR <= step.start_s - first < end_h * HOUR
    )


def test_charges_in_the_cheap_hours_for_the_departure(home, planner):
    # 0.5 -> 0.8 of 60 kWh is 18 kWh stored, 18.947 kWh at the meter with 0.95; 11 kW for 1.7225 h.
    price = [0.30] * 6 + [0.10] * 2 + [0.30] * 16
    wishes = Wishes(departures=(Departure(at_s=home.now_s + 12 * HOUR, target_soc=0.8),), v2g_allowed=False)
    plan = planner.solve(home.plan_input(price=price, wishes=wishes))
    assert energy_kwh(plan, 6, 8, +1) == pytest.approx(18.947, abs=0.01)
    assert energy_kwh(plan, 0, 6, +1) + energy_kwh(plan, 8, 24, +1) == pytest.approx(0.0, abs=0.05)
    assert plan.at(home.now_s + 7 * HOUR).reason.code is ReasonCode.CHARGE_CHEAP
    assert plan.at(home.now_s).reason.code is ReasonCode.WAIT_FOR_CHEAPER
    assert plan.at(home.now_s).reason.params["until_s"] == home.now_s + 6 * HOUR
    assert plan.at(home.now_s).reason.params["price_eur_per_kwh"] == pytest.approx(0.10)
    assert plan.missed == ()


def test_charge_kept_for_a_dearer_hour_says_until_when(home, planner):
    price = [0.29] * 3 + [0.60] * 2 + [0.25] * 19
    wishes = Wishes(
        departures=(Departure(at_s=home.now_s + 12 * HOUR, target_soc=0.5),), reserve_soc=0.48, export_allowed=False
    )
    plan = planner.solve(home.plan_input(price=price, wishes=wishes))
    waits = plan.at(home.now_s).reason
    assert waits.code is ReasonCode.WAIT_FOR_CHEAPER
    assert waits.params["until_s"] == home.now_s + 3 * HOUR
    assert waits.params["later_price_eur_per_kwh"] == pytest.approx(0.60)
    feeds = plan.at(home.now_s + 3 * HOUR).reason
    assert feeds.code is ReasonCode.FEED_HOUSE
    assert feeds.params["until_s"] == home.now_s + 5 * HOUR


def test_flat_price_charges_early_and_only_what_is_asked(home, planner):
    wishes = Wishes(departures=(Departure(at_s=home.now_s + 12 * HOUR, target_soc=0.8),), v2g_allowed=False)
    plan = planner.solve(home.plan_input(wishes=wishes))
    assert energy_kwh(plan, 0, 2, +1) == pytest.approx(18.0 / 0.95, abs=0.05)
    assert energy_kwh(plan, 2, 24, +1) == pytest.approx(0.0, abs=0.01)
    assert plan.steps[0].reason.code is ReasonCode.CHARGE_FOR_DEPARTURE
    assert plan.steps[0].reason.params["target_soc"] == 0.8


def test_feeds_the_house_when_dear_and_says_where_it_comes_back(home, planner):
    price = [0.50] * 4 + [0.10] * 20
    wishes = Wishes(departures=(Departure(at_s=home.now_s + 12 * HOUR, target_soc=0.6),))
    plan = planner.solve(home.plan_input(price=price, wishes=wishes))
    assert energy_kwh(plan, 0, 4, -1) == pytest.approx(4 * 0.5, abs=0.02)
    step = plan.steps[0]
    assert step.reason.code is ReasonCode.FEED_HOUSE
    assert step.feeds_house
    assert not step.exports
    assert step.grid_w == pytest.approx(0.0, abs=1.0)
    assert step.reason.params["refill_price_eur_per_kwh"] == pytest.approx(0.10)
    assert step.reason.params["refill_s"] >= home.now_s + 4 * HOUR


def test_a_gain_below_losses_and_wear_moves_nothing(home, planner):
    # Buying at 0.28 and feeding at 0.30 loses with 0.95 each way and 0.02 of wear.
    price = ([0.30] * 2 + [0.28] * 2) * 6
    plan = planner.solve(home.plan_input(price=price))
    assert energy_kwh(plan, 0, 24, -1) == pytest.approx(0.0, abs=0.01)


def test_exports_when_it_pays_and_is_allowed(home, planner):
    price, pay = [0.60] * 2 + [0.10] * 22, [0.55] * 2 + [0.02] * 22
    plan = planner.solve(home.plan_input(price=price, pay=pay))
    assert plan.steps[0].reason.code is ReasonCode.EXPORT_DEAR
    assert plan.steps[0].exports
    assert plan.steps[0].ev_w == pytest.approx(-10_000, abs=1)
    home_only = planner.solve(home.plan_input(price=price, pay=pay, wishes=Wishes(export_allowed=False)))
    assert min(step.grid_w for step in home_only.steps) > -1.0
    assert energy_kwh(home_only, 0, 2, -1) == pytest.approx(1.0, abs=0.02)


def test_an_export_price_event_above_the_import_price_draws_the_car_out(home, planner, event):
    asked = event(GridEventKind.EXPORT_PRICE, home.now_s + HOUR, home.now_s + 2 * HOUR, 2.0, event_id="e7")
    plan = planner.solve(home.plan_input(events=(asked,)))
    assert energy_kwh(plan, 1, 2, -1) == pytest.approx(10.0, abs=0.05)
    step = plan.at(home.now_s + 1.5 * HOUR)
    assert step.reason.code is ReasonCode.EVENT_PRICE
    assert step.reason.params["event_id"] == "e7"
    assert step.exports


def test_takes_solar_rather_than_exporting_it_for_little(home, planner):
    solar = [0.0] * 2 + [3500.0] * 4 + [0.0] * 18
    plan = planner.solve(home.plan_input(solar_w=solar))
    step = plan.at(home.now_s + 3 * HOUR)
    assert step.ev_w == pytest.approx(3000, abs=1)
    assert step.reason.code is ReasonCode.CHARGE_SOLAR
    assert step.takes_surplus


def test_below_the_reserve_it_charges_at_once_and_says_what_is_short(home, planner):
    plan = planner.solve(
        home.plan_input(price=[0.9] * 6 + [0.1] * 18, ev_state=home.ev_state(soc=0.10), wishes=Wishes(reserve_soc=0.30))
    )
    assert plan.steps[0].ev_w == pytest.approx(11_000, abs=1)
    assert plan.steps[0].reason.code is ReasonCode.CHARGE_TO_RESERVE
    (promise,) = [p for p in plan.promises if p.kind is PromiseKind.RESERVE]
    assert not promise.kept
    assert promise.wanted == pytest.approx(0.30)
    assert promise.short_by == pytest.approx(0.20, abs=0.005)
    # 12 kWh stored at 10.45 kW: a bit over an hour.
    assert promise.deadline_s == pytest.approx(home.now_s + 1.15 * HOUR, abs=600)


def test_noise_just_below_the_reserve_starts_no_charging(home, planner):
    plan = planner.solve(
        home.plan_input(
            price=[0.9] * 6 + [0.1] * 18, ev_state=home.ev_state(soc=0.295), wishes=Wishes(reserve_soc=0.30)
        )
    )
    assert energy_kwh(plan, 0, 6, +1) == pytest.approx(0.0, abs=0.01)


def test_an_unreachable_target_is_approached_with_all_there_is(home, planner):
    wishes = Wishes(departures=(Departure(at_s=home.now_s + HOUR, target_soc=0.9),))
    plan = planner.solve(home.plan_input(wishes=wishes))
    (promise,) = [p for p in plan.promises if p.kind is PromiseKind.DEPARTURE]
    assert not promise.kept
    # One hour of 11 kW stores 10.45 kWh: 0.674.
    assert promise.planned == pytest.approx(0.5 + 10.45 / 60, abs=1e-3)
    assert promise.short_by == pytest.approx(0.9 - promise.planned)
    assert plan.steps[0].ev_w == pytest.approx(11_000, abs=1)
    assert plan.missed == (promise,)


def test_the_fuse_holds_for_the_high_load_not_the_mean(home, planner):
    from energy.forecast import Basis, Forecast

    count = 288
    load = Forecast.of(
        np.full(count, 2000.0), np.full(count, 500.0), np.full(count, 1800.0), np.full(count, 9000.0), Basis.HISTORY
    )
    wishes = Wishes(departures=(Departure(at_s=home.now_s + 2 * HOUR, target_soc=0.9),))
    plan = planner.solve(home.plan_input(load=load, wishes=wishes))
    # 17.25 kW of fuse less 9 kW that the house may take.
    assert plan.steps[0].ev_w == pytest.approx(8250, abs=1)


def test_surplus_is_stored_though_nothing_may_be_imported(home, planner, event):
    from energy.forecast import Basis, Forecast

    asked = event(GridEventKind.IMPORT_LIMIT, home.now_s, home.now_s + 4 * HOUR, 0.0)
    sun = np.where(np.arange(288) < 48, 3500.0, 0.0)
    solar = Forecast.of(sun, 0.2 * sun, sun, 1.3 * sun, Basis.HISTORY)
    plan = planner.solve(home.plan_input(solar=solar, events=(asked,)))
    assert plan.steps[0].ev_w == pytest.approx(3000, abs=1)
    assert plan.steps[0].takes_surplus


def test_a_grid_limit_stands_above_the_departure(home, planner, event):
    asked = event(GridEventKind.IMPORT_LIMIT, home.now_s, home.now_s + 2 * HOUR, 4200.0, event_id="dim")
    wishes = Wishes(departures=(Departure(at_s=home.now_s + 2 * HOUR, target_soc=0.9),))
    plan = planner.solve(home.plan_input(events=(asked,), wishes=wishes))
    assert max(step.grid_w for step in plan.steps[:24]) <= 4200.0 + 1.0
    assert [p.kind for p in plan.missed] == [PromiseKind.DEPARTURE]


def test_the_house_over_its_limit_is_helped_and_said(home, planner, event):
    asked = event(GridEventKind.IMPORT_LIMIT, home.now_s, home.now_s + HOUR, 2000.0, event_id="dim")
    plan = planner.solve(home.plan_input(load_w=5000.0, events=(asked,)))
    assert plan.steps[0].grid_w == pytest.approx(2000.0, abs=5.0) or plan.steps[0].grid_w < 2000.0
    cannot = planner.solve(home.plan_input(load_w=5000.0, events=(asked,), wishes=Wishes(v2g_allowed=False)))
    (promise,) = [p for p in cannot.promises if p.kind is PromiseKind.IMPORT_LIMIT]
    assert promise.short_by == pytest.approx(3000.0, abs=1.0)


def test_a_set_point_is_followed_unless_a_departure_needs_the_time(home, planner, event):
    asked = event(GridEventKind.EV_SETPOINT, home.now_s, home.now_s + HOUR, -6000.0, event_id="sp")
    plan = planner.solve(home.plan_input(events=(asked,)))
    assert plan.steps[0].ev_w == pytest.approx(-6000, abs=1)
    assert plan.steps[0].reason.code is ReasonCode.EVENT_SETPOINT
    assert all(p.kept for p in plan.promises)
    wishes = Wishes(departures=(Departure(at_s=home.now_s + 1.5 * HOUR, target_soc=0.75),))
    torn = planner.solve(home.plan_input(events=(asked,), wishes=wishes))
    assert {p.kind: p.kept for p in torn.promises}[PromiseKind.DEPARTURE]
    assert not {p.kind: p.kept for p in torn.promises}[PromiseKind.EVENT_SETPOINT]


def test_an_asked_charge_is_reached_at_the_end_of_its_interval(home, planner, event):
    asked = event(GridEventKind.SOC_SETPOINT, home.now_s, home.now_s + 4 * HOUR, 0.7, event_id="soc")
    plan = planner.solve(home.plan_input(events=(asked,)))
    assert plan.at(home.now_s + 4 * HOUR - 1).soc == pytest.approx(0.7, abs=0.005)
    assert {p.kind: p.kept for p in plan.promises}[PromiseKind.EVENT_SOC]


def test_an_emergency_stops_charging_and_feeds_the_house_when_high(home, planner, event):
    asked = event(GridEventKind.EMERGENCY, home.now_s, home.now_s + 2 * HOUR, 2.0, event_id="em")
    wishes = Wishes(departures=(Departure(at_s=home.now_s + 4 * HOUR, target_soc=0.6),))
    plan = planner.solve(home.plan_input(price=0.05, events=(asked,), wishes=wishes))
    assert all(step.ev_w <= 0 for step in plan.steps[:24])
    assert plan.steps[0].ev_w == pytest.approx(-500, abs=1)
    assert plan.steps[0].reason.code is ReasonCode.EVENT_EMERGENCY


def test_frequency_service_keeps_its_band_free_unless_the_departure_needs_it(home, planner, event):
    def serve(watts):
        return event(GridEventKind.FREQUENCY, home.now_s, home.now_s + 3 * HOUR, watts, event_id="fcr")

    wishes = Wishes(departures=(Departure(at_s=home.now_s + 3 * HOUR, target_soc=0.75),))
    plan = planner.solve(home.plan_input(price=0.1, events=(serve(4000.0),), wishes=wishes))
    assert max(step.ev_w for step in plan.steps[:36]) <= 7000.0 + 1.0
    assert {p.kind: p.kept for p in plan.promises}[PromiseKind.EVENT_FREQUENCY]
    torn = planner.solve(home.plan_input(price=0.1, events=(serve(9000.0),), wishes=wishes))
    kept = {p.kind: p.kept for p in torn.promises}
    assert kept[PromiseKind.DEPARTURE]
    assert not kept[PromiseKind.EVENT_FREQUENCY]


def test_negative_prices_with_a_full_battery_burn_nothing(home, planner):
    # Constructed: the relaxed programme would charge and discharge at once to be paid for the losses.
    price = [-0.30] * 3 + [0.30] * 21
    plan = planner.solve(home.plan_input(price=price, pay=price, ev_state=home.ev_state(soc=0.99)))
    for step in plan.steps:
        grid = step.load_w + step.ev_w - step.solar_w
        assert grid == pytest.approx(step.grid_w, abs=1.0)
    stored = [0.99, *(step.soc for step in plan.steps)]
    for before, after, step in zip(stored, stored[1:], plan.steps, strict=False):
        hours = (step.end_s - step.start_s) / HOUR
        gained = (after - before) * 60_000
        assert gained == pytest.approx(step.ev_w * hours * (0.95 if step.ev_w > 0 else 1 / 0.95), abs=3.0)


def test_the_car_away_neither_charges_nor_discharges_and_its_trip_is_paid(home, planner):
    start, end = home.now_s + 4 * HOUR, home.now_s + 10 * HOUR
    wishes = Wishes(absences=(Absence(from_s=start, to_s=end, used_wh=12_000.0),))
    plan = planner.solve(home.plan_input(wishes=wishes))
    away = [step for step in plan.steps if start <= step.start_s < end]
    assert all(step.ev_w == 0 and step.reason.code is ReasonCode.NO_CAR and not step.present for step in away)
    assert away[-1].soc == pytest.approx(away[0].soc - 12_000 / 60_000 * (71 / 72), abs=0.002)


def test_a_trip_beyond_the_battery_is_said(home, planner):
    wishes = Wishes(absences=(Absence(from_s=home.now_s + HOUR, to_s=home.now_s + 5 * HOUR, used_wh=90_000.0),))
    plan = planner.solve(home.plan_input(wishes=wishes))
    (promise,) = [p for p in plan.promises if p.kind is PromiseKind.TRIP]
    # 30 kWh now and an hour of 11 kW at 0.95.
    assert promise.short_by == pytest.approx(90_000 - 30_000 - 10_450, abs=50)


def test_boost_charges_whatever_it_costs_and_paused_does_nothing(home, planner):
    price = [1.0] * 2 + [0.1] * 22
    boost = planner.solve(home.plan_input(price=price, wishes=Wishes(boost_until_s=home.now_s + HOUR)))
    assert all(step.ev_w == pytest.approx(11_000, abs=1) for step in boost.steps[:12])
    assert boost.steps[0].reason.code is ReasonCode.BOOST
    paused = planner.solve(home.plan_input(price=price, wishes=Wishes(paused=True)))
    assert all(step.ev_w == 0 for step in paused.steps)
    assert paused.steps[0].reason.code is ReasonCode.PAUSED


def test_least_power_is_kept_and_the_target_too(home, planner):

    charger = replace(home.charger, charge_min_w=4140.0)
    wishes = Wishes(departures=(Departure(at_s=home.now_s + 14 * HOUR, target_soc=0.62),))
    rng = np.random.default_rng(3)
    plan = planner.solve(
        home.plan_input(
            price=0.2 + 0.1 * rng.random(24), solar_w=[2500.0] * 4 + [0.0] * 20, charger=charger, wishes=wishes
        )
    )
    assert all(step.ev_w <= 1e-6 or step.ev_w >= 4140 - 1 for step in plan.steps)
    assert plan.missed == ()


def test_money_is_the_bill_against_charging_on_arrival(home, planner):
    # 18.947 kWh at 0.30 on arrival, or at 0.10 later; house load and end charge the same.
    price = [0.30] * 6 + [0.10] * 2 + [0.30] * 16
    wishes = Wishes(departures=(Departure(at_s=home.now_s + 12 * HOUR, target_soc=0.8),), v2g_allowed=False)
    plan = planner.solve(home.plan_input(price=price, wishes=wishes))
    expected = 18.0 / 0.95 * (0.30 - 0.10)
    assert plan.money.saved_eur == pytest.approx(expected, abs=0.02)


def test_a_plan_crosses_a_process_boundary(home, planner):
    plan = planner.solve(home.plan_input())
    assert pickle.loads(pickle.dumps(plan)) == plan
    inp = pickle.loads(pickle.dumps(home.plan_input()))
    assert planner.solve(inp).steps == plan.steps


def test_at_finds_the_step_and_nothing_outside(home, planner):
    plan = planner.solve(home.plan_input())
    assert plan.at(plan.steps[0].start_s) is plan.steps[0]
    assert plan.at(plan.steps[3].end_s) is plan.steps[4]
    assert plan.at(plan.steps[0].start_s - 1) is None
    assert plan.at(plan.steps[-1].end_s) is None


def test_the_load_is_followed_only_with_charge_to_spare(home, planner):
    # A little above the target just before leaving: what the load takes beyond the forecast would be missing at seven.
    leaving = Wishes(departures=(Departure(at_s=home.now_s + 0.5 * HOUR, target_soc=0.5),))
    price = [0.60] * 6 + [0.10] * 18
    tight = planner.solve(home.plan_input(price=price, ev_state=home.ev_state(soc=0.502), wishes=leaving))
    assert tight.steps[0].ev_w < 0
    assert not tight.steps[0].feeds_house
    ample = planner.solve(home.plan_input(price=price, ev_state=home.ev_state(soc=0.7), wishes=leaving))
    assert ample.steps[0].feeds_house


def test_a_full_battery_takes_longer_than_its_energy_over_full_power(home, planner):
    # The last tenth tapers to a tenth of the power: cheap hours just before leaving are not enough for it.
    price = [0.30] * 10 + [0.10] * 2 + [0.30] * 12
    wishes = Wishes(departures=(Departure(at_s=home.now_s + 12 * HOUR, target_soc=1.0),), v2g_allowed=False)
    plan = planner.solve(home.plan_input(price=price, ev_state=home.ev_state(soc=0.8), wishes=wishes))
    assert plan.missed == ()
    last = [step for step in plan.steps if step.start_s < home.now_s + 12 * HOUR][-1]
    assert last.ev_w < 2500
    sure = replace(home.ev, taper_from_soc=1.0)
    flat = planner.solve(home.plan_input(price=price, ev_state=home.ev_state(soc=0.8, ev=sure), wishes=wishes))
    assert energy_kwh(flat, 10, 12, +1) == pytest.approx(12 / 0.95, abs=0.05)
    assert max(step.ev_w for step in flat.steps if step.soc > 0.97) == pytest.approx(11_000, abs=1)
