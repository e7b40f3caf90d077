"""Measured power of past days, laid out by local day and time of day."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from energy.asks import FloatArray

SLOT_S = 1800.0
SLOTS = 48
DAY_S = 86400.0
_EPOCH_ORDINAL = 719_163
"""``date(1970, 1, 1).toordinal()``."""


@dataclass(frozen=True, slots=True)
class History:
    """Mean power of past intervals of equal length."""

    at_s: FloatArray
    """(M,) start of each interval, POSIX s."""
    mean_w: FloatArray
    """(M,) W; NaN: no reading."""


@dataclass(frozen=True, slots=True)
class DayGrid:
    """History as whole local days of half-hour slots."""

    days: FloatArray
    """(D, 48) mean W; NaN: no reading. The last row is the day of ``now``, so far."""
    today: int
    """Ordinal of the last row's date (``date.toordinal``)."""

    @property
    def full(self) -> FloatArray:
        """(D − 1, 48): the days before today."""
        return self.days[:-1]

    @property
    def days_known(self) -> int:
        """How many days before today have at least half of their slots."""
        return int((np.isfinite(self.full).mean(axis=1) >= 0.5).sum())


@lru_cache(maxsize=4096)
def _offsets_s(zone: ZoneInfo, utc_day: int) -> FloatArray:
    """(48,) what local time is ahead of UTC in each half hour of a UTC day: no zone shifts at another instant."""
    moments = [datetime.fromtimestamp(utc_day * DAY_S + SLOT_S * k, zone) for k in range(SLOTS)]
    return np.array([offset.total_seconds() if (offset := m.utcoffset()) is not None else 0.0 for m in moments])


def local_slots(at_s: FloatArray, tz: ZoneInfo) -> tuple[npt.NDArray[np.int64], FloatArray]:
    """Local date ordinals and local hours of day (0..24) of instants."""
    half_hours = np.floor_divide(at_s, SLOT_S).astype(np.int64)
    days, index = np.unique(half_hours // SLOTS, return_inverse=True)
    table = np.stack([_offsets_s(tz, day) for day in days.tolist()]) if len(days) else np.zeros((0, SLOTS))
    local_s = at_s + table[index, half_hours % SLOTS]
    dates = np.floor_divide(local_s, DAY_S).astype(np.int64)
    return dates + _EPOCH_ORDINAL, (local_s - dates * DAY_S) / 3600.0


def day_grid(history: History | None, now_s: float, tz: ZoneInfo, most_days: int = 42) -> DayGrid:
    """The last ``most_days`` days and today so far; samples after ``now_s`` and bad ones are left out.

    A slot is the mean of the samples that start in it. A 23 h day leaves its missing hour NaN; a 25 h day averages
    its double hour.
    """
    today = datetime.fromtimestamp(now_s, tz).toordinal()
    size = (most_days + 1) * SLOTS
    total: FloatArray = np.zeros(size)
    count: FloatArray = np.zeros(size)
    if history is not None and len(history.at_s):
        fits = (
            np.isfinite(history.mean_w)
            & np.isfinite(history.at_s)
            & (history.at_s < now_s)
            & (history.at_s > now_s - (most_days + 2) * DAY_S)
        )
        days, hours = local_slots(history.at_s[fits], tz)
        rows = days - (today - most_days)
        slots = np.minimum((hours * 2).astype(np.int64), SLOTS - 1)
        inside = (rows >= 0) & (rows <= most_days)
        cells = (rows * SLOTS + slots)[inside]
        total = total + np.bincount(cells, weights=history.mean_w[fits][inside], minlength=size)
        count = count + np.bincount(cells, minlength=size)
    with np.errstate(invalid="ignore"):
        grid = np.where(count > 0, total / np.maximum(count, 1.0), np.nan)
    return DayGrid(grid.reshape(most_days + 1, SLOTS), today)


def at_hours(by_slot: FloatArray, hours: FloatArray) -> FloatArray:
    """A daily curve of 48 slot means, read at local hours of day, linear between slot middles."""
    middles = (np.arange(SLOTS) + 0.5) / 2
    return np.interp(hours, middles, by_slot, period=24.0)
