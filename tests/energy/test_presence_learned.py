"""Departures and returns learned from stays: calibrated over a sampled year, silent when little is known."""

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from energy.forecast.presence import Presence, Stay, learn_presence, with_habits
from energy.model import Absence, Departure, Wishes

TZ = "Europe/Berlin"
ZONE = ZoneInfo(TZ)
CAPACITY_WH = 60_000.0
DATA = Path(__file__).resolve().parents[1] / "data/energy"


def column(name, key, where=None):
    """A distribution of the small copies of the real ones, as shares by hour of day."""
    rows = list(csv.DictReader(io.StringIO((DATA / name).read_text("utf-8-sig"))))
    rows = [row for row in rows if where is None or row["days"] == where]
    values = np.array([sum(float(row[k]) for k in key) for row in rows])
    return values / values.sum()


LEAVES = {
    kind: column("trip_departures_de.csv", ("errands", "escort", "leisure", "shopping"), kind)
    for kind in ("weekdays", "saturday", "sunday")
}
ARRIVES = column("ev_arrival_distribution.csv", ("private",))
LEAVES_TODAY = {"weekdays": 0.85, "saturday": 0.6, "sunday": 0.35}


def kind_of(day):
    return {5: "saturday", 6: "sunday"}.get(day.weekday(), "weekdays")


def sampled_year(seed=1, days=365):
    """Stays of a year, trips and arrivals drawn as measured; and when the car left, by day."""
    rng = np.random.default_rng(seed)
    first = datetime(2024, 1, 1, tzinfo=ZONE)
    stays, left, soc = [], {}, 0.8
    since_s = first.timestamp()
    for n in range(days):
        day = first.date() + timedelta(days=n)
        kind = kind_of(day)
        if rng.random() > LEAVES_TODAY[kind]:
            continue
        midnight_s = datetime(day.year, day.month, day.day, tzinfo=ZONE).timestamp()
        leave_h = rng.choice(len(LEAVES[kind]), p=LEAVES[kind]) / 2 + rng.random() / 2
        back_h = rng.choice(len(ARRIVES), p=ARRIVES) / 4 + rng.random() / 4
        leave_h = min(max(leave_h, 5.0), 21.0)
        back_h = min(back_h if back_h > leave_h + 1.2 else leave_h + rng.uniform(1.2, 8.0), 27.0)
        leave_s, back_s = midnight_s + leave_h * 3600, midnight_s + back_h * 3600
        used = float(np.clip(rng.lognormal(np.log(0.13), 0.5), 0.02, 0.6))
        stays.append(Stay(from_s=since_s, to_s=leave_s, soc_in=soc, soc_out=0.8))
        left[day] = leave_s
        since_s, soc = back_s, 0.8 - used
    stays.append(Stay(from_s=since_s, to_s=None, soc_in=soc))
    return stays, left


def known_at(stays, now_s):
    """What could be known then: the stay that runs has no end yet."""
    return [s if s.to_s is not None and s.to_s <= now_s else replace(s, to_s=None) for s in stays if s.from_s <= now_s]


def learned(stays, now_s, **options):
    return learn_presence(known_at(stays, now_s), now_s=now_s, tz=TZ, capacity_wh=CAPACITY_WH, **options)


@pytest.fixture(scope="module")
def year():
    return sampled_year()


def test_over_a_year_what_is_given_a_chance_happens_as_often(year):
    stays, left = year
    told, early = [], []
    for n in range(40, 364):
        day = datetime(2024, 1, 1, tzinfo=ZONE).date() + timedelta(days=n)
        now_s = datetime(day.year, day.month, day.day, 4, 30, tzinfo=ZONE).timestamp()
        found = [d for d in learned(stays, now_s, horizon_h=24).departures if d.at_s < now_s + 19.5 * 3600]
        departure = found[0] if found else None
        told.append((departure.chance if departure else 0.1, day in left))
        if departure and day in left:
            early.append(left[day] < departure.at_s)
    chance, happened = np.array(told, dtype=float).T
    assert np.mean(chance) == pytest.approx(np.mean(happened), abs=0.05)
    sure = chance > 0.75
    assert sure.sum() > 120
    assert happened[sure].mean() == pytest.approx(chance[sure].mean(), abs=0.06)
    doubtful = chance < 0.5
    assert doubtful.sum() > 20
    assert happened[doubtful].mean() == pytest.approx(chance[doubtful].mean(), abs=0.15)
    assert np.mean(early) == pytest.approx(0.15, abs=0.06)


def test_the_charge_is_enough_for_nine_trips_in_ten(year):
    stays, _ = year
    enough = []
    for before, after in pairwise(stays[60:]):
        found = learned(stays, before.to_s - 3600.0, horizon_h=24, reserve_soc=0.0)
        if found.departures and before.soc_out and after.soc_in:
            enough.append(found.departures[0].target_soc - 0.1 >= before.soc_out - after.soc_in)
    assert len(enough) > 100
    assert 0.8 <= np.mean(enough) <= 0.97


def commuter(days=60, until=datetime(2024, 6, 3, 4, tzinfo=ZONE)):
    """Leaves at 7:30 on working days and comes back at 17:00 with a tenth less."""
    stays, since = [], until - timedelta(days=days)
    for n in range(days):
        day = (until - timedelta(days=days - n)).date()
        if day.weekday() >= 5:
            continue
        leave = datetime(day.year, day.month, day.day, 7, 30, tzinfo=ZONE)
        stays.append(Stay(from_s=since.timestamp(), to_s=leave.timestamp(), soc_in=0.7, soc_out=0.8))
        since = leave.replace(hour=17, minute=0)
    return [*stays, Stay(from_s=since.timestamp(), to_s=None, soc_in=0.7)]


def local(departure):
    return datetime.fromtimestamp(departure.at_s, ZONE)


def test_a_commuter_is_known_after_some_weeks():
    now = datetime(2024, 6, 3, 4, 30, tzinfo=ZONE)
    found = learned(commuter(), now.timestamp(), horizon_h=48)
    assert [local(d).strftime("%a %H:%M") for d in found.departures] == ["Mon 07:30", "Tue 07:30"]
    assert all(d.learned and d.chance > 0.85 for d in found.departures)
    assert len(found.absences) == 2
    assert found.absences[0].to_s - found.absences[0].from_s == pytest.approx(9.5 * 3600, abs=600)
    assert found.absences[0].used_wh == pytest.approx(6000.0, rel=0.05)
    # Friday: nothing is expected of the weekend.
    friday = datetime(2024, 5, 31, 20, 0, tzinfo=ZONE)
    weekend = learned(commuter(), friday.timestamp(), horizon_h=48)
    assert [local(d).strftime("%a") for d in weekend.departures if d.chance > 0.3] == []


def test_few_days_say_little():
    now_s = datetime(2024, 6, 3, 4, 30, tzinfo=ZONE).timestamp()
    assert learned([], now_s) == Presence(days=0)
    assert learned(commuter(days=3), now_s).departures == ()
    week = learned(commuter(days=8), now_s).departures
    month = learned(commuter(days=40), now_s).departures
    assert week[0].chance < month[0].chance


def test_a_car_that_has_not_left_by_noon_is_less_likely_to():
    stays = commuter()
    noon = datetime(2024, 6, 3, 12, 0, tzinfo=ZONE).timestamp()
    todays = [d for d in learned(stays, noon, horizon_h=24).departures if local(d).day == 3]
    assert not todays or todays[0].chance < 0.4


def test_a_car_that_is_away_is_expected_back():
    stays = commuter()[:-1]
    gone = [*stays[:-1], stays[-1]]
    now = datetime.fromtimestamp(stays[-1].to_s, ZONE) + timedelta(hours=2)
    found = learned(gone, now.timestamp())
    assert found.absences[0].from_s == stays[-1].to_s
    assert datetime.fromtimestamp(found.absences[0].to_s, ZONE).hour in (16, 17)


def test_the_clocks_change_and_the_habit_does_not():
    stays = commuter(until=datetime(2024, 4, 1, 4, tzinfo=ZONE))
    after = datetime(2024, 4, 1, 4, 30, tzinfo=ZONE)
    assert local(learned(stays, after.timestamp()).departures[0]).strftime("%H:%M") == "07:30"


def test_what_the_homeowner_says_wins():
    now = datetime(2024, 6, 3, 4, 30, tzinfo=ZONE)
    habits = learned(commuter(), now.timestamp(), horizon_h=48)
    own = Departure(at_s=now.replace(hour=11).timestamp(), target_soc=0.5)
    both = with_habits(Wishes(departures=(own,)), habits, TZ)
    monday = [d for d in both.departures if local(d).day == 3]
    assert monday == [own]
    assert [d.learned for d in both.departures if local(d).day == 4] == [True]
    assert all(local(Departure(at_s=a.from_s, target_soc=0)).day != 3 for a in both.absences)


def test_a_trip_that_is_asked_for_lasts_as_long_as_it_usually_does():
    now = datetime(2024, 6, 3, 4, 30, tzinfo=ZONE)
    habits = learned(commuter(), now.timestamp(), horizon_h=24)
    own = Departure(at_s=now.replace(hour=7, minute=0).timestamp(), target_soc=0.9)
    both = with_habits(Wishes(departures=(own,)), habits, TZ)
    assert [d for d in both.departures if local(d).day == 3] == [own]
    [trip] = [a for a in both.absences if datetime.fromtimestamp(a.from_s, ZONE).day == 3]
    assert trip.from_s == own.at_s
    assert datetime.fromtimestamp(trip.to_s, ZONE).strftime("%H:%M") == "17:00"
    said = Absence(from_s=own.at_s, to_s=own.at_s + 3600.0, used_wh=500.0)
    assert with_habits(Wishes(departures=(own,), absences=(said,)), habits, TZ).absences[0] == said


def test_what_cannot_have_been_is_left_out():
    now_s = datetime(2024, 6, 3, 4, 30, tzinfo=ZONE).timestamp()
    good = commuter()
    bad = [
        Stay(from_s=float("nan"), to_s=None),
        Stay(from_s=now_s + 86_400, to_s=None),
        Stay(from_s=good[3].from_s + 60, to_s=good[3].from_s - 60),
        replace(good[5], soc_in=3.0, soc_out=-1.0),
    ]
    found = learn_presence([*good, *bad], now_s=now_s, tz=TZ, capacity_wh=CAPACITY_WH)
    assert local(found.departures[0]).strftime("%H:%M") == "07:30"
    assert found.absences[0].used_wh == pytest.approx(6000.0, rel=0.05)
    assert all(isinstance(a, Absence) for a in found.absences)


def test_utc_is_a_place_too():
    now_s = datetime(2024, 6, 3, 4, 30, tzinfo=UTC).timestamp()
    assert learn_presence(commuter(), now_s=now_s, tz="UTC", capacity_wh=CAPACITY_WH).departures
