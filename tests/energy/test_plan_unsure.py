"""What is not known: scenarios and risk, frequency service and its headroom, steadiness, a solver that is late."""

from dataclasses import replace

import numpy as np
import pytest

from energy.forecast import Scenario
from energy.frequency import CURVES
from energy.grid_events import GridEventKind
from energy.horizon import make_edges
from energy.model import Departure, Plug, Risk, ShiftableLoad, Wishes
from energy.plan import PlanInputError, Planner, PromiseKind
from energy.plan.programme import Programme

HOUR = 3600.0


@pytest.fixture
def day(home):
    """``day(price=..., ...)``: 24 steps of an hour from 16:00."""
    edges = make_edges(home.now_s, hours=24, step_s=HOUR, coarse_step_s=HOUR, fine_hours=24)

    def make(**changes):
        return home.plan_input(**({"edges_s": edges} | changes))

    return make


def evening(load_w):
    """A load that may be high in the dear evening, six hours from now."""
    load = np.full(24, 400.0)
    load[6:10] = load_w
    return load


def stored_before(plan, hour):
    return plan.steps[hour - 1].soc


def test_the_more_careful_the_more_is_stored_for_a_bad_evening(home, day, planner):
    # The last cheap hour is now; in one case of five the evening takes 20 kWh more than expected.
    cases = tuple(
        Scenario(load_w=evening(watts), solar_w=np.zeros(24), probability=share)
        for watts, share in ((500.0, 0.8), (5500.0, 0.2))
    )
    price = [0.30] + [0.50] * 9 + [0.28] * 14
    wishes = Wishes(reserve_soc=0.2, export_allowed=False)
    found = {}
    for risk in Risk:
        plan = planner.solve(
            day(
                price=price,
                pay=0.0,
                load_w=evening(600.0),
                ev_state=home.ev_state(soc=0.25),
                wishes=wishes,
                scenarios=cases,
                risk=risk,
            )
        )
        assert plan.optimal
        found[risk] = stored_before(plan, 6)
    assert found[Risk.CAREFUL] >= found[Risk.BALANCED] - 1e-4
    assert found[Risk.BALANCED] >= found[Risk.BOLD] - 1e-4
    assert found[Risk.CAREFUL] > found[Risk.BOLD] + 0.01


def test_the_bold_look_at_what_is_likely_alone(home, day, planner):
    cases = (Scenario(load_w=np.full(24, 9000.0), solar_w=np.zeros(24), probability=1.0),)
    price = list(0.2 + 0.1 * np.random.default_rng(1).random(24))
    bold = planner.solve(day(price=price, scenarios=cases, risk=Risk.BOLD))
    plain = planner.solve(day(price=price, risk=Risk.BOLD))
    assert [s.ev_w for s in bold.steps] == [s.ev_w for s in plain.steps]


def test_scenarios_that_are_all_the_same_change_nothing(home, day, planner):
    rng = np.random.default_rng(2)
    price, load = 0.2 + 0.1 * rng.random(24), 500 + 1000 * rng.random(24)
    wishes = Wishes(departures=(Departure(at_s=home.now_s + 15 * HOUR, target_soc=0.8),))
    same = (Scenario(load_w=load, solar_w=np.zeros(24), probability=0.5),) * 2
    plain = planner.solve(day(price=price, load_w=load, wishes=wishes))
    for risk in (Risk.BALANCED, Risk.CAREFUL):
        plan = planner.solve(day(price=price, load_w=load, wishes=wishes, scenarios=same, risk=risk))
        assert plan.money.planned_eur == pytest.approx(plain.money.planned_eur, abs=2e-3)
        worth = np.array([step.stored_eur_per_kwh for step in plan.steps])
        assert worth == pytest.approx(np.array([step.stored_eur_per_kwh for step in plain.steps]), abs=5e-3)


def test_frequency_keeps_power_and_energy_at_every_node(home, day, planner, event):
    serve = event(GridEventKind.FREQUENCY, home.now_s + 2 * HOUR, home.now_s + 20 * HOUR, 4000.0)
    rng = np.random.default_rng(4)
    plan = planner.solve(
        day(
            price=0.05 + 0.5 * rng.random(24),
            pay=0.04 + 0.4 * rng.random(24),
            ev_state=home.ev_state(soc=0.5),
            wishes=Wishes(reserve_soc=0.2),
            events=(serve,),
        )
    )
    (promise,) = [p for p in plan.promises if p.kind is PromiseKind.EVENT_FREQUENCY]
    assert promise.kept
    held = 4000.0 * CURVES["fcr"].sustain_s / 3600.0
    for step in plan.steps[2:20]:
        assert step.ev_w <= 7000 + 1
        assert step.ev_w >= -6000 - 1
        assert step.soc * 60_000 >= 0.2 * 60_000 + held / 0.95 - 1
        assert step.soc * 60_000 <= 60_000 - held * 0.95 + 1


def test_a_slow_charger_serves_nothing_that_it_cannot_keep(home, day, planner, event):
    serve = event(GridEventKind.FREQUENCY, home.now_s, home.now_s + 20 * HOUR, 4000.0)
    slow = replace(home.charger, reaction_s=5.0)
    plan = planner.solve(day(events=(serve,), charger=slow, frequency_curve=CURVES["gb_dc"]))
    (promise,) = [p for p in plan.missed if p.kind is PromiseKind.EVENT_FREQUENCY]
    assert promise.short_by == pytest.approx(4000.0)
    assert "this charger needs" in " ".join(plan.notes)
    assert planner.solve(day(events=(serve,), charger=slow)).missed == ()


def test_what_one_charger_cannot_serve_the_other_takes(home, day, planner, event):
    serve = event(GridEventKind.FREQUENCY, home.now_s, home.now_s + 10 * HOUR, 5000.0)
    slow = replace(home.charger, charger_id="slow", reaction_s=60.0)
    plugs = tuple(Plug(charger=charger, ev_state=home.ev_state()) for charger in (slow, home.charger))
    plan = planner.solve(replace(day(events=(serve,)), plugs=plugs))
    assert plan.missed == ()
    assert "slow does not serve" in " ".join(plan.notes)


def test_a_small_gain_does_not_move_the_running_plan_and_a_real_one_does(home, day, planner):
    wishes = Wishes(departures=(Departure(at_s=home.now_s + 12 * HOUR, target_soc=0.6),), v2g_allowed=False)

    def price(at_four):
        values = np.full(24, 0.30)
        values[2], values[4], values[20:] = 0.2000, at_four, 0.15
        return values

    first = planner.solve(day(price=price(0.2004), wishes=wishes))
    assert first.steps[2].ev_w > 5000
    again = planner.solve(day(price=price(0.1996), wishes=wishes, previous=first))
    assert again.steps[2].ev_w == pytest.approx(first.steps[2].ev_w, abs=10)
    moved = planner.solve(day(price=price(0.19), wishes=wishes, previous=first))
    assert moved.steps[4].ev_w > 5000
    assert moved.steps[2].ev_w < 50


def test_a_run_stays_where_it_is_planned_until_another_hour_is_clearly_better(home, day, planner):
    load = ShiftableLoad(
        load_id="wash", power_w=(2000.0,), slot_s=HOUR, earliest_s=home.now_s, latest_s=home.now_s + 10 * HOUR
    )
    away = home.ev_state(connected=False, soc=None)

    def start(at_seven, previous):
        price = np.full(24, 0.30)
        price[3], price[7] = 0.2000, at_seven
        return planner.solve(day(price=price, loads=(load,), ev_state=away, previous=previous))

    first = start(0.2005, None)
    assert first.loads[0].start_s == home.now_s + 3 * HOUR
    assert start(0.1998, first).loads[0].start_s == home.now_s + 3 * HOUR
    assert start(0.1900, first).loads[0].start_s == home.now_s + 7 * HOUR


def test_a_solver_that_is_late_leaves_the_simple_rules_plan(home, day):
    plan = Planner().solve(replace(day(price=list(np.linspace(0.1, 0.5, 24))), time_limit_s=0.0))
    assert len(plan.steps) == 24
    if not plan.optimal:
        assert "simple rule" in plan.notes[-1]


def test_options_that_a_home_has_not_cost_nothing(home, day, planner):
    programme, values = planner.compiled(day())
    assert isinstance(programme, Programme)
    shape = programme.shape
    assert (shape.stores, shape.scenarios, shape.near, shape.steady, shape.lows, shape.highs) == (1, 1, 0, 0, 0, 0)
    assert not any((shape.joint, shape.over_import, shape.curtail, shape.phases, shape.tail, shape.decided))
    solution = programme.solve(values)
    # 1 car: charge, discharge, stored, imported.
    assert programme.problem.size_metrics.num_scalar_variables == 4 * 24
    assert solution.charge_kw.shape == (1, 24)


def test_the_marginal_price_is_what_a_little_more_load_costs(home, day, planner):
    price = list(0.2 + 0.2 * np.random.default_rng(7).random(24))
    inp = day(price=price, load_w=800.0)
    programme, values = planner.compiled(inp)
    base = programme.solve(values)
    for t in (0, 5, 13):
        more = values | {"house": values["house"] + 0.001 * (np.arange(24) == t)}
        dearer = programme.solve(more).objective - base.objective + 0.001 * values["export_cost"][t]
        assert dearer == pytest.approx(0.001 * base.marginal[t], abs=1e-6)


def test_a_plan_needs_a_plug(day, planner):
    with pytest.raises(PlanInputError, match="at least one plug"):
        planner.solve(replace(day(), plugs=()))
