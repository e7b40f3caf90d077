"""What a step says that its next best choice would have cost, against plans made anew with that choice forced."""

import math
from itertools import pairwise

import numpy as np
import pytest

from energy.grid_events import GridEventKind
from energy.model import Absence, Departure, ReasonCode, Wishes
from energy.plan import Planner
from energy.plan.programme import SolverError

HOUR = 3600.0
TIES_PER_KWH = 5e-3
"""What the programme's tie breaks may add to or take from a kWh, which real money does not show."""
EVENING = [0.20, 0.34, 0.39, 0.41, 0.33, 0.27, 0.18, 0.14, 0.11, 0.10, 0.13, 0.19]
PRICE = [*EVENING, 0.28, 0.31, 0.24, 0.20, 0.17, 0.15, 0.16, 0.19, 0.23, 0.30, 0.36, 0.32]


def held(event, start_s, end_s):
    """Events that leave the car nothing but to rest."""
    return tuple(
        event(kind, start_s, end_s, 0.0, event_id=f"e-{kind.value}")
        for kind in (GridEventKind.CHARGE_LIMIT, GridEventKind.DISCHARGE_LIMIT)
    )


def moved_kwh(plan, start_s, end_s):
    return sum(abs(s.ev_w) * (s.end_s - s.start_s) / 3.6e6 for s in plan.steps if start_s <= s.start_s < end_s)


def inputs(home, seed):
    """A home of a seed: prices, load, sun and wishes vary."""
    random = np.random.default_rng(seed)
    price = np.array(PRICE) * random.uniform(0.7, 1.3) + random.normal(0, 0.02, 24)
    load = random.uniform(200, 900) + 400 * random.random(24)
    solar = random.uniform(0, 5000) * np.clip(np.sin((np.arange(24) - 14) / 10 * np.pi), 0, None)
    leaves = home.now_s + float(random.integers(12, 18)) * HOUR
    wishes = Wishes(
        departures=(Departure(at_s=leaves, target_soc=float(random.uniform(0.5, 0.9))),),
        absences=(Absence(from_s=leaves, to_s=leaves + 4 * HOUR, used_wh=8000.0),),
        reserve_soc=float(random.uniform(0.1, 0.4)),
        export_allowed=bool(random.random() < 0.5),
    )
    soc = float(random.uniform(0.3, 0.8))
    return {"price": price, "load_w": load, "solar_w": solar, "wishes": wishes, "ev_state": home.ev_state(soc=soc)}


def first_of(plan, *codes):
    return next(step for step in plan.steps if step.reason.code in codes)


def test_holding_for_a_step_costs_what_the_step_says(home, planner, event):
    base = planner.solve(home.plan_input(price=PRICE))
    for code in (ReasonCode.FEED_HOUSE, ReasonCode.CHARGE_CHEAP):
        last = [s for s in base.steps if s.reason.code is code and s.reason.params["block_until_s"] == s.end_s][-1]
        said = last.reason.params["next_cost_eur"]
        assert last.reason.params["next_choice"] == "hold"
        forced = planner.solve(home.plan_input(price=PRICE, events=held(event, last.start_s, last.end_s)))
        dearer = forced.money.planned_eur - base.money.planned_eur
        assert dearer == pytest.approx(said, abs=TIES_PER_KWH * moved_kwh(base, last.start_s, last.end_s) + 1e-4)


@pytest.mark.parametrize("seed", range(8))
def test_holding_for_a_whole_row_costs_at_least_what_its_first_step_says(home, planner, event, seed):
    fields = inputs(home, seed)
    base = planner.solve(home.plan_input(**fields))
    starts = [base.steps[0]] + [b for a, b in pairwise(base.steps) if a.reason.code is not b.reason.code]
    rows = [s for s in starts if s.reason.params.get("next_choice") == "hold" and "next_cost_eur" in s.reason.params]
    assert rows
    for step in rows[:4]:
        params = step.reason.params
        until_s = params["block_until_s"]
        forced = planner.solve(home.plan_input(**fields, events=held(event, step.start_s, until_s)))
        dearer = forced.money.planned_eur - base.money.planned_eur
        slack = TIES_PER_KWH * (moved_kwh(base, step.start_s, until_s) + 0.05) + 2e-3
        assert dearer >= params["next_cost_eur"] - slack, (step.reason, dearer)
        # Near enough to be told: what is not done here is done elsewhere at nearly the same worth.
        if not forced.missed and moved_kwh(base, step.start_s, until_s) < 1.5:
            assert dearer <= params["next_cost_eur"] + max(0.35 * dearer, 0.05 + slack), (step.reason, dearer)


@pytest.mark.parametrize(("choice", "power_w"), [("charge", 11_000.0), ("discharge", -500.0)])
def test_acting_where_the_plan_rests_costs_what_the_step_says(home, planner, event, choice, power_w):
    wishes = Wishes(export_allowed=False, v2g_allowed=choice == "discharge")
    fields = {"price": PRICE, "pay": 0.05, "wishes": wishes}
    base = planner.solve(home.plan_input(**fields))
    rests = [s for s in base.steps if s.reason.params.get("next_choice") == choice and abs(s.ev_w) < 1]
    rests = [s for s in rests if s.reason.params["next_cost_eur"] > 0]
    params = rests[0].reason.params
    start_s, until_s = rests[0].start_s, params["block_until_s"]
    assert until_s - start_s <= HOUR
    ask = event(GridEventKind.EV_SETPOINT, start_s, until_s, power_w)
    forced = planner.solve(home.plan_input(**fields, events=(ask,)))
    assert all(s.ev_w == pytest.approx(power_w, abs=1) for s in forced.steps if start_s <= s.start_s < until_s)
    dearer = forced.money.planned_eur - base.money.planned_eur
    slack = TIES_PER_KWH * moved_kwh(forced, start_s, until_s) + 1e-3
    assert dearer == pytest.approx(params["next_cost_eur"], rel=0.25, abs=slack)
    assert dearer >= params["next_cost_eur"] - slack


@pytest.mark.parametrize("seed", range(20, 28))
def test_no_choice_is_said_to_earn_and_every_step_has_its_facts(home, planner, seed):
    plan = planner.solve(home.plan_input(**inputs(home, seed)))
    for step in plan.steps:
        params = step.reason.params
        assert params["binds"]
        assert params["until_s"] >= step.end_s or step.reason.code is ReasonCode.WAIT_FOR_CHEAPER
        if step.reason.code is ReasonCode.NO_CAR:
            assert params["binds"] == "away"
            assert "next_choice" not in params
            continue
        assert params["later_s"] > step.start_s
        if "next_choice" in params:
            assert params["next_choice"] in {"hold", "charge", "discharge"}
            assert step.end_s <= params["block_until_s"] <= plan.steps[-1].end_s
            assert ("next_cost_eur" in params) != ("next_breaks" in params)
            assert params.get("next_cost_eur", 0.0) >= 0.0


def test_at_one_price_there_is_nothing_to_choose(home, planner):
    wishes = Wishes(departures=(Departure(at_s=home.now_s + 20 * HOUR, target_soc=0.8),), v2g_allowed=False)
    plan = planner.solve(home.plan_input(wishes=wishes))
    charges = first_of(plan, ReasonCode.CHARGE_FOR_DEPARTURE)
    assert charges.reason.params["next_choice"] == "hold"
    assert charges.reason.params["next_cost_eur"] == 0.0


def test_a_choice_that_would_miss_the_departure_says_so_instead_of_a_price(home, planner):
    wishes = Wishes(departures=(Departure(at_s=home.now_s + 2 * HOUR, target_soc=0.82),))
    plan = planner.solve(home.plan_input(price=0.3, wishes=wishes))
    step = first_of(plan, ReasonCode.CHARGE_FOR_DEPARTURE)
    assert step.reason.params["next_breaks"] == "departure"
    assert "next_cost_eur" not in step.reason.params


def test_the_worth_falls_once_the_departure_is_behind(home, planner):
    leaves = home.now_s + 6 * HOUR
    wishes = Wishes(
        departures=(Departure(at_s=leaves, target_soc=0.8),),
        absences=(Absence(from_s=leaves, to_s=leaves + 8 * HOUR, used_wh=6000.0),),
        export_allowed=False,
    )
    plan = planner.solve(home.plan_input(price=[0.30] * 6 + [0.10] * 18, wishes=wishes))
    params = first_of(plan, ReasonCode.CHARGE_FOR_DEPARTURE, ReasonCode.CHARGE_CHEAP).reason.params
    assert params["later_s"] == leaves
    assert params["worth_eur_per_kwh"] == pytest.approx(0.30 / 0.95, abs=0.01)
    assert params["worth_later_eur_per_kwh"] < params["worth_eur_per_kwh"] - 0.1


def test_what_binds_is_named(home, planner, event):
    cheap = planner.solve(home.plan_input(price=PRICE))
    assert first_of(cheap, ReasonCode.CHARGE_CHEAP).reason.params["binds"] == "charger"
    assert first_of(cheap, ReasonCode.FEED_HOUSE, ReasonCode.EXPORT_DEAR).reason.params["binds"] in {"load", "charger"}
    limit = event(GridEventKind.IMPORT_LIMIT, home.now_s + 6 * HOUR, home.now_s + 12 * HOUR, 4200.0)
    limited = planner.solve(home.plan_input(price=PRICE, events=(limit,)))
    assert first_of(limited, ReasonCode.CHARGE_CHEAP).reason.params["binds"] == "import_limit"
    sun = planner.solve(home.plan_input(solar_w=[0.0] * 2 + [3500.0] * 4 + [0.0] * 18))
    assert sun.at(home.now_s + 3 * HOUR).reason.params["binds"] == "surplus"
    paused = planner.solve(home.plan_input(wishes=Wishes(paused=True)))
    assert "next_choice" not in paused.steps[0].reason.params


def test_a_boost_does_not_show_what_makes_it_hold_as_money(home, planner):
    plan = planner.solve(home.plan_input(wishes=Wishes(boost_until_s=home.now_s + HOUR)))
    assert plan.steps[0].reason.code is ReasonCode.BOOST
    for step in plan.steps:
        assert abs(float(step.reason.params.get("worth_eur_per_kwh", 0.0))) < 1.0
        assert float(step.reason.params.get("next_cost_eur", 0.0)) < 10.0


def test_a_plan_by_a_simple_rule_tells_no_money_that_only_an_optimum_knows(home, monkeypatch):
    def broken(*_args, **_kwargs):
        raise SolverError("no licence on Sundays")

    monkeypatch.setattr("energy.plan.planner.Programme.solve", broken)
    wishes = Wishes(departures=(Departure(at_s=home.now_s + 12 * HOUR, target_soc=0.8),))
    plan = Planner().solve(home.plan_input(price=PRICE, wishes=wishes))
    for step in plan.steps:
        assert not {"worth_eur_per_kwh", "next_cost_eur"} & step.reason.params.keys()
        assert step.reason.params["binds"]


def test_a_house_that_fills_its_fuse_is_not_blamed_on_the_grid(home, planner, event):
    load = [500.0] * 2 + [17_500.0] * 2 + [500.0] * 20
    v2g_off = {"price": PRICE, "load_w": load, "wishes": Wishes(v2g_allowed=False)}
    rests = planner.solve(home.plan_input(**v2g_off)).at(home.now_s + 2.5 * HOUR).reason
    assert (rests.code, rests.params["binds"]) == (ReasonCode.LIMIT_FUSE, "fuse")
    limit = event(GridEventKind.IMPORT_LIMIT, home.now_s, home.now_s + 24 * HOUR, 4200.0)
    limited = planner.solve(home.plan_input(**v2g_off, events=(limit,))).at(home.now_s + 2.5 * HOUR).reason
    assert (limited.code, limited.params["binds"]) == (ReasonCode.LIMIT_IMPORT, "import_limit")
    assert limited.params["limit_w"] == 4200.0


@pytest.mark.parametrize("seed", range(6))
def test_homes_of_every_kind_tell_facts_that_can_be_kept(planner, random_home, seed):
    """Several cars, batteries, scenarios, odd prices: figures are finite and no other choice earns."""
    for plug in planner.solve(random_home(seed * 17)).plugs:
        for step in plug.steps:
            params = step.reason.params
            numbers = [v for name, v in params.items() if isinstance(v, float) and name != "until_s"]
            assert all(math.isfinite(value) for value in numbers)
            assert params.get("next_cost_eur", 0.0) >= 0.0
            assert params["binds"]


def test_a_session_that_does_not_let_the_car_charge_yet_is_not_blamed_on_the_grid(home, planner):
    state = home.ev_state(can_charge=False, can_discharge=False)
    params = planner.solve(home.plan_input(price=PRICE, ev_state=state)).steps[0].reason
    assert (params.code, params.params["binds"]) == (ReasonCode.LIMIT_CAR, "car")


def test_nobody_waits_for_a_price_that_comes_after_the_car_has_left(home, planner):
    leaves = home.now_s + 2 * HOUR
    wishes = Wishes(
        departures=(Departure(at_s=leaves, target_soc=0.5),),
        absences=(Absence(from_s=leaves, to_s=leaves + 4 * HOUR, used_wh=3000.0),),
        reserve_soc=0.45,
    )
    plan = planner.solve(home.plan_input(price=[0.3] * 8 + [0.6] * 2 + [0.3] * 14, wishes=wishes))
    for step in plan.steps:
        until_s = step.reason.params["until_s"]
        assert step.reason.code is not ReasonCode.WAIT_FOR_CHEAPER or not step.start_s < leaves < until_s
