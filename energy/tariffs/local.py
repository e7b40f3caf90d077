"""Local days and hours of instants, quickly, and the days that a contract treats as holidays."""

from datetime import date, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import numpy.typing as npt

from energy.asks import FloatArray
from energy.forecast.history import SLOT_S, local_slots
from energy.tariffs.base import TariffError

IntArray = npt.NDArray[np.int64]
_DAY_S = 86400.0
_SLOTS = int(_DAY_S / SLOT_S)


def zone(name: str) -> ZoneInfo:
    """The time zone called ``name``. Raises ``TariffError``."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise TariffError(f"No time zone is called {name!r}: write one like Europe/Paris.") from error


@lru_cache(maxsize=1024)
def _utc_day(index: int, tz: str) -> tuple[IntArray, FloatArray]:
    """Ordinals and hours at the half hours of one UTC day: looked up once, however often plans are made."""
    return local_slots(index * _DAY_S + SLOT_S * np.arange(_SLOTS, dtype=np.float64), zone(tz))


def local_clock(at_s: FloatArray, tz: str) -> tuple[IntArray, FloatArray]:
    """Local date ordinals (``date.toordinal``) and local hours of day (0..24) of instants."""
    if len(at_s) == 0:
        return np.empty(0, dtype=np.int64), np.empty(0)
    first, last = int(at_s.min() // _DAY_S), int(at_s.max() // _DAY_S)
    if last - first > 1000:
        return local_slots(at_s, zone(tz))
    tables = [_utc_day(index, tz) for index in range(first, last + 1)]
    slot = ((at_s - first * _DAY_S) // SLOT_S).astype(np.int64)
    days = np.concatenate([days for days, _ in tables])[slot]
    hours = np.concatenate([hours for _, hours in tables])[slot]
    return days, hours + np.mod(at_s, SLOT_S) / 3600.0


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (the anonymous algorithm, as in Meeus)."""
    a, b, c = year % 19, year // 100, year % 100
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    rest = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    month, day = divmod(h + rest - 7 * ((a + 11 * h + 22 * rest) // 451) + 114, 31)
    return date(year, month, day + 1)


def check_holiday(rule: str) -> None:
    """Raise ``TariffError`` for what names no day."""
    _holiday(rule, 2024)


@lru_cache(maxsize=256)
def holidays_of(year: int, rules: tuple[str, ...]) -> frozenset[int]:
    """Ordinals of the year's holidays; a rule is "12-25", "2026-05-14", "easter" or "easter+1"."""
    found = (_holiday(rule, year) for rule in rules)
    return frozenset(day.toordinal() for day in found if day is not None)


def _holiday(rule: str, year: int) -> date | None:
    try:
        if rule.startswith("easter"):
            return easter(year) + timedelta(days=int(rule.removeprefix("easter") or 0))
        if rule.count("-") == 2:
            day = date.fromisoformat(rule)
            return day if day.year == year else None
        month, day_of_month = month_day(rule)
    except ValueError as error:
        raise TariffError(
            f'The holiday {rule!r} cannot be read: write "12-25", "2026-05-14", "easter" or "easter+39".'
        ) from error
    if (month, day_of_month) == (2, 29) and (year % 4 or (year % 100 == 0 and year % 400)):
        return None
    return date(year, month, day_of_month)


def month_day(text: str) -> tuple[int, int]:
    """("03-31" → (3, 31)). Raises ``ValueError``."""
    found = date.fromisoformat(f"2024-{text}")
    return found.month, found.day
