"""Wishes in local time become instants, also on the two odd days of the year."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.api.schema import OneOffDeparture, WeeklyDeparture, WishesOut
from app.config.home import DepartureSection
from app.engine.wishes import instants, without_past

BERLIN = ZoneInfo("Europe/Berlin")
WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def daily(clock_time: str) -> WishesOut:
    return WishesOut(weekly=[WeeklyDeparture(days=WEEK, time=time.fromisoformat(clock_time), target_soc=0.8)])


def departures(wishes: WishesOut, now: str, hours: float = 36) -> list[datetime]:
    found = instants(wishes, [], BERLIN, at(now), hours * 3600).departures
    return [datetime.fromtimestamp(d.at_s, UTC) for d in found]


def test_seven_o_clock_stays_seven_when_the_clocks_change() -> None:
    # Spring: 31 March 2024, 02:00 → 03:00. Autumn: 27 October 2024, 03:00 → 02:00.
    spring = departures(daily("07:00"), "2024-03-30T00:00:00+01:00")
    assert [d.isoformat() for d in spring] == ["2024-03-30T06:00:00+00:00", "2024-03-31T05:00:00+00:00"]
    autumn = departures(daily("07:00"), "2024-10-26T00:00:00+02:00")
    assert [d.isoformat() for d in autumn] == ["2024-10-26T05:00:00+00:00", "2024-10-27T06:00:00+00:00"]


def test_a_time_that_the_day_does_not_have_moves_on() -> None:
    (gone,) = departures(daily("02:30"), "2024-03-31T00:00:00+01:00", hours=12)
    assert gone.isoformat() == "2024-03-31T01:30:00+00:00"  # 03:30 summer time


def test_a_one_off_replaces_that_days_weekly_one() -> None:
    wishes = daily("07:00").model_copy(
        update={"one_off": OneOffDeparture(at=datetime(2024, 4, 17, 3, 15, tzinfo=UTC), target_soc=1.0)}
    )
    found = instants(wishes, [], BERLIN, at("2024-04-16T12:00:00+02:00"), 48 * 3600).departures
    assert [(d.at_s, d.target_soc) for d in found] == [
        (at("2024-04-17T05:15:00+02:00"), 1.0),
        (at("2024-04-18T07:00:00+02:00"), 0.8),
    ]


def test_the_car_is_away_as_the_home_file_says_also_when_it_has_already_left() -> None:
    habit = DepartureSection(days=["tue"], away_hours=10, used_wh=9000)
    found = instants(daily("07:00"), [habit], BERLIN, at("2024-04-16T12:00:00+02:00"), 24 * 3600)
    assert [(a.from_s, a.to_s, a.used_wh) for a in found.absences] == [
        (at("2024-04-16T07:00:00+02:00"), at("2024-04-16T17:00:00+02:00"), 9000)
    ]


def test_a_boost_ends_and_a_past_one_off_is_forgotten() -> None:
    now = datetime(2024, 4, 16, 12, tzinfo=UTC)
    wishes = WishesOut(
        boost_until=now, one_off=OneOffDeparture(at=now - timedelta(hours=25), target_soc=0.5), reserve_soc=0.3
    )
    left = without_past(wishes, now.timestamp())
    assert (left.boost_until, left.one_off, left.reserve_soc) == (None, None, 0.3)
