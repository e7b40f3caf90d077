"""When to ask for prices again: often around the hour at which tomorrow's appear, rarely otherwise, never in step."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.clock import day_begins_s

EARLY_S = 900.0
"""So long before the usual hour the watch begins."""
EAGER_S, EAGER_FOR_S = 180.0, 4_500.0
LATE_S = 600.0
HOURLY_S = 3_600.0
FIRST_RETRY_S, LONGEST_RETRY_S = 20.0, 1_800.0
LONGEST_OBEYED_S = 6 * 3_600.0
"""A host that asks for more patience than this is asked again all the same."""
OVERDUE_S = 3 * 3_600.0
"""So long after the usual hour tomorrow's prices are late."""


def midnight_s(now_s: float, days: int, tz: ZoneInfo) -> float:
    """The local midnight that begins the day ``days`` after today."""
    day = datetime.fromtimestamp(now_s, tz).date() + timedelta(days=days)
    return day_begins_s(day, tz)


def published_s(now_s: float, publish: str, tz: ZoneInfo) -> float:
    """When today the prices of tomorrow usually appear."""
    day = datetime.fromtimestamp(now_s, tz).date()
    return datetime.combine(day, time.fromisoformat(publish), tzinfo=tz).timestamp()


def wait_s(now_s: float, *, known_until_s: float, publish: str, tz: ZoneInfo, chance: float) -> float:
    """Until the next question, s, where the last one was answered; ``chance`` in 0..1 spreads homes over time."""
    due_s = published_s(now_s, publish, tz)
    if known_until_s >= midnight_s(now_s, 2, tz) - 1.0:
        return HOURLY_S * (0.9 + 0.2 * chance)
    if now_s < due_s - EARLY_S:
        return min(HOURLY_S * (0.9 + 0.2 * chance), due_s - EARLY_S - now_s + EAGER_S * chance)
    pause_s = EAGER_S if now_s < due_s + EAGER_FOR_S else LATE_S
    return pause_s * (0.75 + 0.5 * chance)


def retry_s(failures: int, *, asked_to_wait_s: float | None, chance: float) -> float:
    """Until the next question, s, after so many failures in a row."""
    back_off_s = min(LONGEST_RETRY_S, FIRST_RETRY_S * 2.0 ** min(failures - 1, 20)) * (0.5 + chance / 2)
    return max(back_off_s, min(asked_to_wait_s or 0.0, LONGEST_OBEYED_S))


def overdue(now_s: float, *, known_until_s: float, publish: str, tz: ZoneInfo) -> bool:
    """Should tomorrow's prices have appeared hours ago?"""
    late = now_s > published_s(now_s, publish, tz) + OVERDUE_S
    return known_until_s < midnight_s(now_s, 2 if late else 1, tz) - 1.0
