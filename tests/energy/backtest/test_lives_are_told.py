"""Worlds, strategies and scores: the same accounts as the home's own, and a life that can be taken up again."""

import pickle
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from energy.accounts import EnergyByPath, bill_eur, split_paths
from energy.backtest.home import BacktestHome, departures_of, trips_of
from energy.backtest.job import Job, Results, Stopped, parts, run
from energy.backtest.lives import Life, best_rule, lived
from energy.backtest.ours import KnownPrices, Ours, TrueCourse
from energy.backtest.report import build, days_csv
from energy.backtest.score import flows
from energy.backtest.simple import OnArrival, Rule, Timer
from energy.backtest.world import World


class Memory:
    """Keeps lives as a checkpoint does, in memory."""

    def __init__(self):
        self.kept = {}

    def load(self, name):
        return pickle.loads(self.kept[name]) if name in self.kept else None

    def save(self, name, what, *, now=False):
        self.kept[name] = pickle.dumps(what)


def ignore(name, share):
    """Nobody watches."""


def job_of(street, **fields):
    return Job(
        **{
            "home": street.home(),
            "house": street.house,
            "market": street.market,
            "start_s": street.first_s + 86400.0,
            "days": 1,
            **fields,
        }
    )


def test_flows_are_the_accounts(street):
    course = street.made_up()
    world = lived(Rule(best_rule(course, lambda w: 0.0)[0]), course)
    flow = flows(course, world)
    paths, bill = EnergyByPath(), 0.0
    for k in range(course.count):
        load, solar = float(course.minutes.load_w[k]), float(course.minutes.solar_w[k])
        parts = ((world.before_w[k], world.before_s[k]), (world.ev_w[k], 60.0 - world.before_s[k]))
        for ev_w, seconds in parts:
            paths += split_paths(load_w=load, solar_w=solar, ev_w=float(ev_w), dt_s=float(seconds))
            bill += bill_eur(
                load + ev_w - solar, float(seconds), float(course.import_eur[k]), float(course.export_eur[k])
            )
    assert flow.bill_eur.sum() == pytest.approx(bill)
    assert flow.grid_in.sum() == pytest.approx(paths.imported_wh / 1e3)
    assert flow.grid_out.sum() == pytest.approx(paths.exported_wh / 1e3)
    assert flow.car_to_grid.sum() == pytest.approx(paths.car_to_grid_wh / 1e3)


def test_energy_is_conserved(street):
    home = street.home(charger={"charge_efficiency": 1.0, "discharge_efficiency": 1.0})
    course = street.real(home=home)
    world = lived(Timer(0.8), course)
    flow = flows(course, world)
    driven = course.drive_wh[: course.count].sum() / 1e3
    stored = (world.soc[-1] - course.battery().soc) * 60.0
    assert flow.charged.sum() - flow.discharged.sum() - driven + world.lacked_wh.sum() / 1e3 == pytest.approx(stored)


def test_a_command_takes_its_time(street):
    course = street.made_up(home=street.home(week=(), charger={"reaction_s": 2.0, "ramp_w_per_s": 1000.0}))
    world = World.new(course)
    world.step(6000.0)
    assert world.before_s[0] == pytest.approx(2.0 + 3.0)
    assert world.before_w[0] == 0.0
    assert world.ev_w[0] == 6000.0
    world.step(6000.0)
    assert world.before_s[1] == 0.0


def test_trips_go_by_the_clock_on_the_wall():
    """Clocks change on 31 March 2024: the car leaves at half past seven before and after."""
    zone = ZoneInfo("Europe/Paris")
    first = datetime(2024, 3, 28, tzinfo=zone).timestamp()
    trips = trips_of(BacktestHome(), first, first + 6 * 86400.0)
    leaves = [datetime.fromtimestamp(trip.from_s, zone) for trip in trips]
    assert {(at.hour, at.minute) for at in leaves if at.weekday() < 5} == {(7, 30)}
    assert [d.at_s for d in departures_of(BacktestHome(), first, first + 6 * 86400.0)] == [t.from_s for t in trips]


def test_prices_of_tomorrow_are_known_from_one_on(street):
    course = street.real()
    known = KnownPrices(course, street.market)
    zone = ZoneInfo("Europe/Paris")
    noon = datetime(2024, 9, 10, 12, 59, tzinfo=zone).timestamp()
    one = datetime(2024, 9, 10, 13, 0, tzinfo=zone).timestamp()
    edges = one + 3600.0 * np.arange(36)
    before, after = known(noon, edges), known(one, edges)
    midnight = int((datetime(2024, 9, 11, tzinfo=zone).timestamp() - one) // 3600)
    assert np.array_equal(before.import_eur_per_kwh[:midnight], after.import_eur_per_kwh[:midnight])
    assert not np.allclose(before.import_eur_per_kwh[midnight:], after.import_eur_per_kwh[midnight:])
    true = course.import_eur[int((one - course.start_s) // 60) :: 60][: midnight + 20]
    np.testing.assert_allclose(after.import_eur_per_kwh[: len(true)], true)


def test_a_true_course_is_the_mean_of_its_minutes(street):
    course = street.real()
    forecast = TrueCourse(course, course.minutes.load_w)
    edges = course.start_s + 900.0 * np.arange(9)
    np.testing.assert_allclose(forecast(0.0, edges).mean_w, course.minutes.load_w[:120].reshape(-1, 15).mean(axis=1))
    beyond = course.end_s + 900.0 * np.arange(3)
    np.testing.assert_allclose(
        forecast(0.0, beyond).mean_w, course.minutes.load_w[-1440:-1410].reshape(-1, 15).mean(axis=1)
    )


def test_arrival_charges_at_once_and_the_timer_waits(street):
    course = street.real(home=street.home(first_soc=0.3))
    arrival, timer = lived(OnArrival(0.8), course), lived(Timer(0.8), course)
    assert arrival.ev_w[5] > 10_000.0
    assert timer.ev_w[5] == pytest.approx(arrival.ev_w[5])  # midnight lies in its window
    assert (arrival.ev_w >= 0).all()
    assert (timer.ev_w >= 0).all()
    noon = 12 * 60
    assert timer.ev_w[noon] == 0.0


def test_a_stopped_job_goes_on_as_if_it_had_not_stopped(street):
    """Stopped twice, in the middle of a day: the same report to the last digit."""
    job = job_of(street, strategies=("arrival", "rule", "own", "foresight"))
    whole = Results()
    for group in parts(job.strategies):
        whole.add(run(job, group, Memory(), ignore))
    again = Results()
    for group in parts(job.strategies):
        memory = Memory()
        for stop_at in (0.3, 0.8):

            def tell(name, share, stop_at=stop_at, group=group):
                if name == group[-1] and share >= stop_at:
                    raise Stopped

            with pytest.raises(Stopped):
                run(job, group, memory, tell)
        again.add(run(job, group, memory, ignore))
    assert build(job, whole) == build(job, again)


def test_the_report_tells_every_figure(street):
    job = job_of(street, strategies=("arrival", "timer", "foresight"))
    report = build(job, run(job, job.strategies, Memory(), ignore))
    assert list(report["strategies"]) == ["arrival", "timer", "foresight"]
    assert report["strategies"]["arrival"]["share"] == 0.0
    assert report["strategies"]["foresight"]["share"] <= 1.0
    for key in ("cost_eur", "co2_kg", "cycles", "self_sufficiency", "departures_missed", "corrected_kwh", "months"):
        assert key in report["strategies"]["timer"]
    assert "seed" in report["data"]
    assert "1.2 to 3 kW" in report["data"]["minutes"]
    lines = days_csv(report).splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("2024-09-09,")


def test_ours_without_data_says_so(street):
    with pytest.raises(ValueError, match="attach"):
        Life(Ours("own"), World.new(street.real())).go_on(1)
