"""Stays read from sessions, habits added to wishes, and the forecasts' scores told."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.clock import StepClock
from app.config.home import HomeConfig
from app.engine.fixed import fixed
from app.engine.forecasts import forecast_health, forecasts
from app.engine.habits import HabitKeeper, stays_of
from app.engine.plan_types import PlanDone
from app.engine.sessions import SessionRecord
from app.engine.wish_keeper import WishKeeper
from app.ports import CarSession, HealthLevel
from app.store import SessionRow
from energy.forecast import Fault, HistoryNote, Score, Stay
from energy.model import Charger, Departure, Ev, EvState, Wishes

NOW = datetime(2024, 6, 3, 2, 30, tzinfo=UTC)  # a Monday
HOME = HomeConfig.model_validate({"connection": {"fuse_a": 25}, "home": {"timezone": "UTC"}})
CAR = Ev(ev_id="car", capacity_wh=60_000.0, charge_max_w=11_000.0)
CHARGER = Charger(charger_id="charger", phases=3, charge_max_w=11_000.0)


def row(key, start_s, **fields):
    return SessionRow(session_id=key, start_s=start_s, **fields)


def test_sessions_of_one_stay_are_one_stay():
    rows = [
        row("a", 0.0, end_s=100.0, soc_start=0.5, soc_end=0.6, ended="paused by the car or the home"),
        row("b", 9_000.0, end_s=20_000.0, soc_start=0.6, soc_end=0.8, unplugged_s=20_000.0),
        row("c", 50_000.0, soc_start=0.7, soc_end=0.75),
    ]
    assert stays_of(reversed(rows)) == [
        Stay(from_s=0.0, to_s=20_000.0, soc_in=0.5, soc_out=0.8),
        Stay(from_s=50_000.0, to_s=None, soc_in=0.7, soc_out=0.75),
    ]


def test_a_car_that_came_back_emptier_has_been_away_unseen():
    rows = [row("a", 0.0, end_s=100.0, soc_start=0.5, soc_end=0.8), row("b", 40_000.0, soc_start=0.6)]
    assert [stay.to_s for stay in stays_of(rows)] == [None, None]


def car(session_id, connected, state="charging", soc=0.5):
    ev = EvState(connected=connected, ev=CAR, soc=soc if connected else None)
    return CarSession(charger=CHARGER, ev=ev, session_id=session_id, state=state, since_s=1_000.0)


@pytest.mark.parametrize("ends_first", [False, True])
def test_the_record_knows_when_the_car_was_unplugged(ends_first):
    rows = {}
    record = SessionRecord(lambda row: rows.update({row.session_id: row}))
    record.take("charger", car("A", True), 1_000.0)
    if ends_first:
        record.take("charger", car("A", True, "ended", 0.8), 5_000.0)
        assert rows["A"].end_s == 5_000.0
        assert rows["A"].unplugged_s is None
    record.take("charger", car("A", False, "unplugged"), 9_000.0)
    assert rows["A"].unplugged_s == 9_000.0
    assert rows["A"].end_s == (5_000.0 if ends_first else 9_000.0)
    record.take("charger", car(None, False, "unplugged"), 9_500.0)
    assert rows["A"].unplugged_s == 9_000.0
    assert (record.started, record.ended) == (1, 1)


def commuting(days=50):
    """Rows of a car that leaves at 07:30 on working days and is back at 17:00."""
    rows, since = [], NOW - timedelta(days=days)
    for n in range(days):
        leave = (NOW - timedelta(days=days - n)).replace(hour=7, minute=30)
        if leave.weekday() < 5:
            left_s = leave.timestamp()
            rows.append(row(f"s{n}", since.timestamp(), end_s=left_s, unplugged_s=left_s, soc_start=0.7, soc_end=0.8))
            since = leave.replace(hour=17, minute=0)
    return [*rows, row("now", since.timestamp(), soc_start=0.7, soc_end=0.7)]


@pytest.fixture
def keeper():
    found = HabitKeeper(fixed(HOME, speed=1.0), StepClock(NOW.timestamp(), 1.0))
    found.restore(commuting())
    return found


def test_what_is_usual_joins_the_wishes_and_the_homeowner_wins(keeper):
    usual = keeper.add_to(Wishes())
    assert [datetime.fromtimestamp(d.at_s, UTC).strftime("%a %H:%M") for d in usual.departures[:2]] == [
        "Mon 07:30",
        "Tue 07:30",
    ]
    assert all(d.learned for d in usual.departures)
    own = Departure(at_s=NOW.replace(hour=10).timestamp(), target_soc=0.9)
    both = keeper.add_to(Wishes(departures=(own,)))
    assert [d for d in both.departures if datetime.fromtimestamp(d.at_s, UTC).day == 3] == [own]


def test_habits_can_be_switched_off(keeper):
    clock = StepClock(NOW.timestamp(), 1.0)
    wishes = WishKeeper(fixed(HOME, speed=1.0), clock, None, lambda: None, keeper.add_to)
    assert wishes.now(None).departures
    wishes.wishes = wishes.wishes.model_copy(update={"learn_habits": False})
    assert wishes.now(None).departures == ()


def test_a_car_that_has_just_left_is_expected_back_not_to_leave(keeper):
    before = keeper.presence(0.2)
    assert keeper.presence(0.2) is before
    left_s = NOW.timestamp() - 60.0
    keeper.take(row("now", NOW.timestamp() - 36_000, end_s=left_s, soc_start=0.7, soc_end=0.8, unplugged_s=left_s))
    after = keeper.presence(0.2)
    assert after is not before
    assert all(datetime.fromtimestamp(d.at_s, UTC).day != 3 for d in after.departures)
    assert after.absences[0].from_s == left_s


def test_the_forecasts_score_is_told_in_a_sentence_and_in_figures():
    ours = Score(of="ours", rmse_w=400.0, mae_w=310.0, band_share=0.8, days=28)
    plain = Score(of="7 days", rmse_w=450.0, mae_w=340.0, band_share=None, days=28)
    done = PlanDone(
        plan=None, load_low_w=(), load_high_w=(), solar_low_w=(), solar_high_w=(), solver="", load_scores=(ours, plain)
    )
    line = forecast_health(done)
    assert line.level is HealthLevel.OK
    assert line.text == "Load forecast: off by 310 W on average over 28 days; simple averages 340 W."
    assert line.details["load, 7 days: RMSE W"] == 450.0
    [shown] = forecasts(done)
    assert (shown.of, shown.mean_error_w, shown.simple_mean_error_w, shown.band_share) == ("load", 310.0, 340.0, 0.8)
    note = HistoryNote(fault=Fault.TOO_HIGH, count=2, first_s=0.0, last_s=60.0, worst_w=1e6)
    warned = forecast_health(replace(done, load_notes=(note,)))
    assert warned.level is HealthLevel.WARNING
    assert "2 readings of load on 1970-01-01 were higher than can be (1000000 W) and are left out." in warned.text
