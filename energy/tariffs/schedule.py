"""What depends on the local time: one mechanism for prices, grid fees, pay for exports and the hours of peak tariffs.

A schedule is a base value and bands. Each band has hours, days and a season; the first that fits holds.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from energy.asks import FloatArray
from energy.tariffs.base import TariffError, is_number
from energy.tariffs.local import check_holiday, holidays_of, local_clock, month_day, zone

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SUNDAY, HOLIDAY = 6, 7
_NAMED: Mapping[str, tuple[int, ...]] = {
    **{name: (number,) for number, name in enumerate(_DAYS)},
    "weekday": (0, 1, 2, 3, 4),
    "weekend": (5, 6),
    "holiday": (HOLIDAY,),
}
_QUARTER_S = 900
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A stretch of the day with its value."""

    from_hour: float
    """Local, 0..24."""
    to_hour: float
    """Up to 24; below ``from_hour``: over midnight."""
    value: float
    days: tuple[int, ...] = tuple(range(8))
    """0 is Monday, 7 a holiday; the day on which the local clock stands."""
    season: tuple[tuple[int, int], tuple[int, int]] | None = None
    """First and last day, as (month, day), both included; may go over New Year. None: all year."""

    @property
    def names_holidays(self) -> bool:
        """Does it tell holidays from other days?"""
        return HOLIDAY in self.days and len(self.days) < 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A value for every instant.

    A holiday counts as a Sunday, unless some band names holidays: then it is a day of its own kind.
    """

    base: float
    bands: tuple[Band, ...] = ()
    tz: str = "UTC"
    holidays: tuple[str, ...] = ()
    """As in ``energy.tariffs.local.holidays_of``."""

    def __post_init__(self) -> None:
        """Refuse what is no number, zone or day."""
        zone(self.tz)
        for rule in self.holidays:
            check_holiday(rule)
        for value in (self.base, *(band.value for band in self.bands)):
            if not is_number(value):
                raise TariffError(f"A price of the tariff is {value!r}: it must be a number.")

    def means(self, edges_s: FloatArray) -> FloatArray:
        """(N,) time-weighted mean in each step, whatever edges of bands fall into it."""
        if not self.bands:
            return np.full(len(edges_s) - 1, float(self.base))
        pieces_s = self._pieces(edges_s)
        values = self.at((pieces_s[:-1] + pieces_s[1:]) / 2)
        if len(pieces_s) == len(edges_s):
            return values
        area = np.concatenate([[0.0], np.cumsum(values * np.diff(pieces_s))])
        return np.diff(area[np.searchsorted(pieces_s, edges_s)]) / np.diff(edges_s)

    def at(self, at_s: FloatArray) -> FloatArray:
        """The value at each instant."""
        values = np.full(len(at_s), float(self.base))
        if not self.bands:
            return values
        days, hours = local_clock(at_s, self.tz)
        ordinals, of_day = np.unique(days, return_inverse=True)
        calendar = [self._day(ordinal) for ordinal in ordinals.tolist()]
        for band in reversed(self.bands):
            fits = np.array([_fits(band, kind, month_and_day) for kind, month_and_day in calendar], dtype=bool)
            if fits.any():
                values[fits[of_day] & _between(hours, band.from_hour, band.to_hour)] = band.value
        return values

    def windows(self, start_s: float, end_s: float) -> tuple[tuple[float, float], ...]:
        """Spans of ``start_s`` .. ``end_s`` in which the value is not 0."""
        if end_s <= start_s:
            return ()
        pieces_s = self._pieces(np.array([start_s, end_s]))
        inside = np.concatenate([[False], self.at((pieces_s[:-1] + pieces_s[1:]) / 2) != 0.0, [False]])
        turns = np.flatnonzero(inside[1:] != inside[:-1])
        return tuple((float(pieces_s[a]), float(pieces_s[b])) for a, b in zip(turns[::2], turns[1::2], strict=True))

    def _pieces(self, edges_s: FloatArray) -> FloatArray:
        """The edges, and between them each instant at which a band may begin or end."""
        grain_s = float(math.gcd(_QUARTER_S, *(_second(hour) for b in self.bands for hour in (b.from_hour, b.to_hour))))
        # Every zone is whole quarters of an hour from UTC, so local marks are marks of UTC.
        first, last = math.floor(edges_s[0] / grain_s) + 1, math.ceil(edges_s[-1] / grain_s)
        inner = np.arange(first, last) * grain_s
        if len(inner) == 0 or bool(np.isin(inner, edges_s, assume_unique=True).all()):
            return edges_s
        return np.union1d(edges_s, inner)

    def _day(self, ordinal: int) -> tuple[int, tuple[int, int]]:
        """Kind of a day (0..7), and its (month, day)."""
        day = date.fromordinal(ordinal)
        kind = day.weekday()
        if self.holidays and ordinal in holidays_of(day.year, self.holidays):
            kind = HOLIDAY if any(band.names_holidays for band in self.bands) else _SUNDAY
        return kind, (day.month, day.day)


def parse_bands(rows: Sequence[Any], value: str) -> tuple[Band, ...]:
    """Bands from tables ``{from, to, <value>, days?, season?}``, hours as "HH:MM"; rows without ``value`` are left out.

    Raises ``TariffError`` naming what cannot be read.
    """
    return tuple(band for row in rows if (band := _band(row, value)) is not None)


def _band(row: Any, value: str) -> Band | None:
    try:
        if row.get(value) is None:
            return None
        season = row.get("season")
        return Band(
            from_hour=_hour(row.get("from", "00:00")),
            to_hour=_hour(row.get("to", "24:00")),
            value=float(row[value]),
            days=_days(row.get("days")),
            season=None if season is None else (month_day(season[0]), month_day(season[1])),
        )
    except (KeyError, IndexError, ValueError, AttributeError, TypeError) as error:
        raise TariffError(
            f'A band of the tariff cannot be read ({error}): write {{from = "07:00", to = "23:00", {value} = 0.32}}, '
            'days of mon to sun, weekday, weekend and holiday, a season as ["11-01", "03-31"].'
        ) from error


def _days(names: Any) -> tuple[int, ...]:
    if names is None:
        return tuple(range(8))
    found: set[int] = set()
    for name in names:
        if name not in _NAMED:
            raise ValueError(f"no day is called {name!r}")
        found.update(_NAMED[name])
    return tuple(sorted(found))


def _hour(text: Any) -> float:
    hour, _, minute = str(text).partition(":")
    value = int(hour) + int(minute or 0) / 60.0
    if not 0 <= value <= 24 or not 0 <= int(minute or 0) < 60:
        raise ValueError(f"{text} is no time of day")
    return value


def _second(hour: float) -> int:
    return round(hour * 3600)


def _between(hours: FloatArray, start: float, end: float) -> BoolArray:
    if start <= end:
        return (hours >= start) & (hours < end)
    return (hours >= start) | (hours < end)


def _fits(band: Band, kind: int, month_and_day: tuple[int, int]) -> bool:
    if kind not in band.days:
        return False
    if band.season is None:
        return True
    first, last = band.season
    if first <= last:
        return first <= month_and_day <= last
    return month_and_day >= first or month_and_day <= last
