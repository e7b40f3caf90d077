"""Wishes: from what the homeowner says (weekly, local time) to what the planner takes (instants).

A weekly departure holds in local time, so it moves by an hour on the day the clocks change, and a time that such a
day does not have (02:30) becomes the first that it has. A one-off replaces that day's weekly departures.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.api.schema import OneOffDeparture, WeeklyDeparture, WishesOut
from app.clock import utc
from app.config.home import DepartureSection, HomeConfig
from energy.model import Absence, Departure, Wishes

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def first_wishes(config: HomeConfig) -> WishesOut:
    """What the home begins with, from its file."""
    return WishesOut(
        weekly=[
            WeeklyDeparture(days=list(d.days), time=time.fromisoformat(d.time), target_soc=d.target_soc)
            for d in config.departure
        ],
        reserve_soc=config.wishes.reserve_soc,
        v2g_allowed=config.wishes.v2g_allowed,
        export_allowed=config.wishes.export_allowed,
        risk=config.wishes.risk,
        learn_habits=config.wishes.learn_habits,
    )


def instants(wishes: WishesOut, habits: list[DepartureSection], tz: ZoneInfo, now_s: float, horizon_s: float) -> Wishes:
    """The wishes as the planner takes them, for departures from ``now_s`` until ``now_s + horizon_s``.

    ``habits`` (the home file's departures) tell how long the car is usually away after a departure of that weekday,
    and what the trip takes.
    """
    departures = sorted(_departures(wishes, tz, now_s, horizon_s), key=lambda d: d.at_s)
    return Wishes(
        departures=tuple(d for d in departures if d.at_s > now_s),
        absences=tuple(_absences(departures, habits, tz)),
        reserve_soc=wishes.reserve_soc,
        boost_until_s=wishes.boost_until.timestamp() if wishes.boost_until else None,
        paused=wishes.paused,
        v2g_allowed=wishes.v2g_allowed,
        export_allowed=wishes.export_allowed,
    )


def without_past(wishes: WishesOut, now_s: float) -> WishesOut:
    """The wishes without a boost that is over or a one-off whose day is past."""
    now = utc(now_s)
    changes: dict[str, object] = {}
    if wishes.boost_until is not None and wishes.boost_until <= now:
        changes["boost_until"] = None
    if wishes.one_off is not None and wishes.one_off.at + timedelta(days=1) <= now:
        changes["one_off"] = None
    return wishes.model_copy(update=changes) if changes else wishes


def _departures(wishes: WishesOut, tz: ZoneInfo, now_s: float, horizon_s: float) -> Iterator[Departure]:
    one_off = wishes.one_off
    one_off_day = one_off.at.astimezone(tz).date() if one_off else None
    # A day back as well: the car may still be away from yesterday's departure.
    day = utc(now_s).astimezone(tz).date() - timedelta(days=1)
    last = utc(now_s + horizon_s).astimezone(tz).date()
    while day <= last:
        if one_off is not None and day == one_off_day:
            yield _one(one_off)
        else:
            for weekly in wishes.weekly:
                if WEEKDAYS[day.weekday()] in weekly.days:
                    yield Departure(at_s=local_s(day, weekly.time, tz), target_soc=weekly.target_soc)
        day += timedelta(days=1)


def _one(one_off: OneOffDeparture) -> Departure:
    return Departure(at_s=one_off.at.timestamp(), target_soc=one_off.target_soc)


def _absences(departures: list[Departure], habits: list[DepartureSection], tz: ZoneInfo) -> Iterator[Absence]:
    for departure in departures:
        weekday = WEEKDAYS[utc(departure.at_s).astimezone(tz).weekday()]
        habit = next((h for h in habits if weekday in h.days and h.away_hours > 0), None)
        if habit is not None:
            end_s = departure.at_s + habit.away_hours * 3600.0
            yield Absence(from_s=departure.at_s, to_s=end_s, used_wh=habit.used_wh)


def local_s(day: date, at: time, tz: ZoneInfo) -> float:
    """POSIX seconds of a local time; one that does not exist that day is moved on by the hour that is missing."""
    return datetime.combine(day, at.replace(tzinfo=None), tzinfo=tz).timestamp()
