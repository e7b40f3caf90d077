"""Whatever it is given, the planner answers with a plan that keeps the hard bounds, or names the bad number."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from energy.forecast import Forecast
from energy.grid_events import EventInterval, GridEvent, GridEventKind
from energy.horizon import make_edges
from energy.model import Absence, Departure, Ev, ReasonCode, Wishes
from energy.plan import PlanInputError, Planner, PromiseKind
from energy.plan.programme import SolverError

HOUR = 3600.0
share = st.floats(0.0, 1.0)
offset = st.floats(-6 * HOUR, 30 * HOUR)


@st.composite
def wishes(draw, now_s):
    departures = draw(st.lists(st.tuples(offset, share), max_size=3))
    absences = draw(st.lists(st.tuples(offset, st.floats(60.0, 12 * HOUR), st.floats(0.0, 120_000.0)), max_size=3))
    return Wishes(
        departures=tuple(Departure(at_s=now_s + at, target_soc=soc) for at, soc in departures),
        absences=tuple(
            Absence(from_s=now_s + at, to_s=now_s + at + lasts, used_wh=used) for at, lasts, used in absences
        ),
        reserve_soc=draw(share),
        boost_until_s=draw(st.none() | offset.map(lambda s: now_s + s)),
        paused=draw(st.integers(0, 9)) == 0,
        v2g_allowed=draw(st.booleans()),
        export_allowed=draw(st.booleans()),
    )


@st.composite
def grid_events(draw, now_s):
    events = []
    for k in range(draw(st.integers(0, 3))):
        kind = draw(st.sampled_from(list(GridEventKind)))
        start = now_s + draw(offset)
        end = start + draw(st.sampled_from([60.0, HOUR, 6 * HOUR, float("inf")]))
        value = draw(st.sampled_from([-5000.0, -0.2, 0.0, 0.3, 1.0, 2.0, 4200.0, 50_000.0, float("nan")]))
        events.append(
            GridEvent(
                event_id=f"e{k}",
                source="utility",
                kind=kind,
                intervals=(EventInterval(start_s=start, end_s=end, value=value),),
            )
        )
    return tuple(events)


_PLANNER = Planner()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_home_gets_a_plan_within_its_bounds(home, data):
    draw = data.draw
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    edges = make_edges(home.now_s, hours=24, fine_hours=6, step_s=900, coarse_step_s=1800)
    count = len(edges) - 1
    load = rng.uniform(0, draw(st.sampled_from([1.0, 3000.0, 30_000.0])), count)
    solar = rng.uniform(0, draw(st.sampled_from([0.0, 5000.0, 40_000.0])), count)
    price = draw(st.sampled_from([0.0, 0.3, -0.2])) + draw(st.sampled_from([0.0, 0.3, 5.0])) * rng.standard_normal(
        count
    )
    pay = price * draw(st.sampled_from([0.0, 0.5, 1.0, 1.5]))
    charger = replace(
        home.charger,
        phases=draw(st.sampled_from([1, 3])),
        charge_max_w=draw(st.sampled_from([0.0, 3680.0, 11_000.0])),
        discharge_max_w=draw(st.sampled_from([0.0, 3680.0, 10_000.0])),
        charge_min_w=draw(st.sampled_from([0.0, 1380.0, 4140.0])),
    )
    ev = replace(home.ev, capacity_wh=draw(st.sampled_from([0.0, 1.0, 20_000.0, 60_000.0, 200_000.0])))
    ev_state = home.ev_state(
        ev=ev,
        soc=draw(st.none() | share),
        connected=draw(st.booleans()),
        can_charge=draw(st.booleans()),
        can_discharge=draw(st.booleans()),
    )
    inp = home.plan_input(
        edges_s=edges,
        price=price,
        pay=pay,
        load_w=load,
        solar_w=solar,
        charger=charger,
        ev_state=ev_state,
        wishes=draw(wishes(home.now_s)),
        events=draw(grid_events(home.now_s)),
        connection=replace(home.connection, fuse_a=draw(st.sampled_from([0.0, 16.0, 25.0]))),
    )
    plan = _PLANNER.solve(inp)
    assert plan.optimal, plan.notes
    assert len(plan.steps) == count
    fuse_w = inp.connection.import_max_w
    for step in plan.steps:
        assert -charger.discharge_max_w - 1 <= step.ev_w <= charger.charge_max_w + 1
        full = step.soc is None or step.soc >= 0.999 * ev.soc_max
        assert step.ev_w <= 1 or step.ev_w >= charger.charge_min_w - 1 or full
        assert step.grid_w == pytest.approx(step.load_w + step.ev_w - step.solar_w, abs=1.0)
        if step.ev_w > 1:
            assert step.grid_w <= fuse_w + 1
        if step.soc is not None:
            assert 0.0 <= step.soc <= 1.0
        if not step.present or inp.wishes.paused:
            assert step.ev_w == 0
        if not inp.wishes.v2g_allowed:
            assert step.ev_w >= 0
        if not inp.wishes.export_allowed and step.ev_w < -1:
            assert step.grid_w >= -1
    for promise in plan.promises:
        assert promise.kept == (promise.short_by == 0.0)
        assert np.isfinite(promise.short_by)
        assert promise.short_by >= 0


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"price": np.nan}, "import price"),
        ({"pay": np.inf}, "export price"),
        ({"load_w": np.nan}, "load forecast"),
        ({"solar_w": -np.inf}, "solar forecast"),
    ],
)
def test_a_number_that_is_none_is_refused_by_name(home, planner, change, word):
    with pytest.raises(PlanInputError, match=word):
        planner.solve(home.plan_input(**change))


def test_other_bad_numbers_are_refused_by_name(home, planner):
    with pytest.raises(PlanInputError, match="state of charge"):
        planner.solve(home.plan_input(ev_state=home.ev_state(soc=55.0)))
    bad = Ev(ev_id="ev", capacity_wh=float("nan"), charge_max_w=11_000.0)
    with pytest.raises(PlanInputError, match="capacity_wh of the car"):
        planner.solve(home.plan_input(ev_state=home.ev_state(ev=bad)))
    with pytest.raises(PlanInputError, match="capacity_wh is -5"):
        planner.solve(home.plan_input(ev_state=home.ev_state(ev=replace(bad, capacity_wh=-5.0))))
    nowhere = Wishes(departures=(Departure(at_s=home.now_s + HOUR, target_soc=float("nan")),))
    with pytest.raises(PlanInputError, match="target_soc of the departure"):
        planner.solve(home.plan_input(wishes=nowhere))
    with pytest.raises(PlanInputError, match="increasing"):
        planner.solve(home.plan_input(edges_s=np.array([3.0, 2.0, 1.0])))
    with pytest.raises(PlanInputError, match="values for"):
        planner.solve(replace(home.plan_input(), import_eur_per_kwh=np.zeros(3)))
    with pytest.raises(PlanInputError, match="efficiencies"):
        planner.solve(home.plan_input(charger=replace(home.charger, charge_efficiency=0.0)))


def test_a_failing_solver_leaves_a_simple_plan_marked_so(home, monkeypatch):
    def broken(*_args, **_kwargs):
        raise SolverError("no licence on Sundays")

    monkeypatch.setattr("energy.plan.planner.Programme.solve", broken)
    departure = Departure(at_s=home.now_s + 12 * HOUR, target_soc=0.8)
    price = [0.30] * 6 + [0.10] * 2 + [0.30] * 16
    plan = Planner().solve(home.plan_input(price=price, wishes=Wishes(departures=(departure,))))
    assert not plan.optimal
    assert "no licence on Sundays" in plan.notes[0]
    assert plan.missed == ()
    charged = [step for step in plan.steps if step.ev_w > 0]
    assert {step.import_eur_per_kwh for step in charged} == {0.10}
    assert sum(s.ev_w * (s.end_s - s.start_s) / 3.6e6 for s in charged) == pytest.approx(18 / 0.95, abs=0.05)
    assert not any(step.exports or step.feeds_house or step.ev_w < 0 for step in plan.steps)


def test_an_unknown_charge_is_never_discharged_and_fills_for_the_departure(home, planner):
    wishes = Wishes(departures=(Departure(at_s=home.now_s + 10 * HOUR, target_soc=0.8),))
    plan = planner.solve(home.plan_input(price=[0.9] * 4 + [0.1] * 20, ev_state=home.ev_state(soc=None), wishes=wishes))
    assert all(step.ev_w >= 0 and step.soc is None for step in plan.steps)
    assert sum(s.ev_w for s in plan.steps[:48]) == pytest.approx(0.0, abs=1.0)
    assert sum(s.ev_w * 300 / 3.6e6 for s in plan.steps) == pytest.approx(0.75 * 60 / 0.95, abs=0.1)
    assert "does not tell" in plan.notes[0]


def test_a_car_away_for_an_unknown_time_gets_an_empty_plan(home, planner):
    plan = planner.solve(home.plan_input(ev_state=home.ev_state(connected=False, soc=None)))
    assert all(step.ev_w == 0 and step.reason.code is ReasonCode.NO_CAR for step in plan.steps)


def test_a_car_away_comes_back_at_the_expected_time(home, planner):
    back_s = home.now_s + 2 * HOUR
    wishes = Wishes(
        absences=(Absence(from_s=home.now_s - 8 * HOUR, to_s=back_s, used_wh=9000.0),),
        departures=(Departure(at_s=home.now_s + 14 * HOUR, target_soc=0.8),),
    )
    plan = planner.solve(home.plan_input(ev_state=home.ev_state(connected=False, soc=None), wishes=wishes))
    assert all(not step.present for step in plan.steps if step.start_s < back_s)
    assert any(step.ev_w > 0 for step in plan.steps if step.start_s >= back_s)
    assert not [p for p in plan.missed if p.kind in (PromiseKind.TRIP, PromiseKind.DEPARTURE)]


def test_a_car_that_leaves_late_is_held_ready(home, planner):
    wishes = Wishes(absences=(Absence(from_s=home.now_s - 600, to_s=home.now_s + 8 * HOUR, used_wh=9000.0),))
    plan = planner.solve(home.plan_input(price=[0.9] * 4 + [0.1] * 20, wishes=wishes))
    assert all(step.ev_w >= 0 for step in plan.steps if step.start_s < home.now_s + 8 * HOUR)


@pytest.mark.parametrize(("day", "hours"), [("2024-03-31", 23), ("2024-10-27", 25)])
def test_short_and_long_days_have_steps_of_equal_length(home, planner, day, hours):
    from datetime import datetime, timedelta
    from zoneinfo import ZoneInfo

    zone = ZoneInfo("Europe/Amsterdam")
    start = datetime.fromisoformat(day).replace(tzinfo=zone)
    end = (start + timedelta(days=1)).replace(tzinfo=zone)
    assert end.timestamp() - start.timestamp() == hours * HOUR
    edges = make_edges(start.timestamp(), hours=hours, fine_hours=hours)
    assert len(edges) - 1 == hours * 12
    count = len(edges) - 1
    inp = replace(
        home.plan_input(
            edges_s=edges,
            price=np.linspace(0.1, 0.4, count),
            wishes=Wishes(departures=(Departure(at_s=end.timestamp(), target_soc=0.7),)),
        ),
        now_s=start.timestamp(),
        load=Forecast.exact(np.full(count, 400.0)),
    )
    plan = planner.solve(inp)
    assert plan.missed == ()
    assert plan.steps[-1].soc >= 0.7 - 1e-4


def test_a_price_beyond_all_reason_still_leaves_a_plan(home, planner):
    plan = planner.solve(home.plan_input(price=1e12))
    assert len(plan.steps) == 288
    assert all(np.isfinite(step.ev_w) for step in plan.steps)


def test_a_solver_that_fails_at_the_mending_leaves_the_first_answer(home, monkeypatch):
    from energy.plan.programme import Programme

    first = Programme.solve

    def once(self, numbers, *args, **kwargs):
        if getattr(once, "done", False):
            raise SolverError("tired")
        once.done = True
        return first(self, numbers, *args, **kwargs)

    monkeypatch.setattr("energy.plan.planner.Programme.solve", once)
    charger = replace(home.charger, charge_min_w=4140.0)
    solar = [1500.0] * 6 + [0.0] * 18
    plan = Planner().solve(home.plan_input(price=0.5, solar_w=solar, charger=charger))
    assert plan.optimal
    assert "repairs" not in plan.stats
    assert all(step.ev_w <= 0 or step.ev_w >= 4139 for step in plan.steps)
