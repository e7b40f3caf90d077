"""Local days, months and years as edges in time: a day of the clock change has 23 or 25 hours."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from app.clock import day_begins_s

Period = Literal["day", "month", "year"]


@dataclass(frozen=True, slots=True)
class Calendar:
    """A period divided into hours, days or months: one label for each stretch between two edges."""

    labels: list[str]
    edges_s: list[float]


def calendar(period: Period, day: date, tz: ZoneInfo) -> Calendar:
    """The local day (by hours), month (by days) or year (by months) that holds ``day``."""
    if period == "day":
        return _hours(day, tz)
    if period == "month":
        first = day.replace(day=1)
        following = (first + timedelta(days=32)).replace(day=1)
        days = [first + timedelta(days=n) for n in range((following - first).days + 1)]
        return Calendar([str(d.day) for d in days[:-1]], [day_begins_s(d, tz) for d in days])
    months = [date(day.year, n, 1) for n in range(1, 13)] + [date(day.year + 1, 1, 1)]
    return Calendar([str(d.month) for d in months[:-1]], [day_begins_s(d, tz) for d in months])


def _hours(day: date, tz: ZoneInfo) -> Calendar:
    """Hours of elapsed time, labelled by the clock on the wall: a doubled hour appears twice."""
    start_s, end_s = day_begins_s(day, tz), day_begins_s(day + timedelta(days=1), tz)
    edges_s = [start_s + 3_600.0 * n for n in range(round((end_s - start_s) / 3_600))]
    labels = [datetime.fromtimestamp(edge_s, UTC).astimezone(tz).strftime("%H:%M") for edge_s in edges_s]
    return Calendar(labels, [*edges_s, end_s])
