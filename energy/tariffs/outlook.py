"""Prices that are not published yet, expected from those of the past weeks.

For each time of day the price of a day to come is learned from the days before: yesterday, two, three and seven days
back, the means of one and two weeks, yesterday's level and extremes, and the kind of day. The weights are a ridge
regression of the last months, drawn towards half yesterday and half the week's mean; so with a few days of memory it is
that, with one day yesterday again, and it grows better from there (``tests/bench/bench_prices.py``).
"""

import numpy as np

from energy.asks import FloatArray
from energy.forecast.history import SLOT_S
from energy.tariffs.local import IntArray, local_clock
from energy.tariffs.series import PriceSeries

MEMORY_DAYS = 150
"""Older prices tell little of tomorrow's."""
_LOOK_BACK = 14
_LEAST_DAYS = 21
"""Fewer days than this teach no weights."""
_RIDGE = 20.0
"""This and the share below were chosen on a Dutch year, whose halves agree; they are flat there."""
_LEARNED = 0.9
"""Share of the learned forecast; the rest is the plain blend, which errs in other ways."""
_SLOTS = (24, 48, 96)
_NEARLY = 0.9
"""A day that is known up to this share is filled by its neighbouring hours (the missing hour of a 23 h day)."""
_MOST_AHEAD_DAYS = 14
_DAY_S = 86400.0


class Outlook:
    """What a series lets expect for any instant: its days laid out by local time, and days to come put after them."""

    def __init__(self, series: PriceSeries, tz: str) -> None:
        """``series`` must hold a price."""
        self._tz = tz
        wanted = _DAY_S / min(series.step_s, 3600.0)
        self._slots = next((slots for slots in _SLOTS if slots >= wanted), _SLOTS[-1])
        days, self._first_day = self._laid_out(series)
        self._known = len(days)
        self._days = self._filled(days)

    def at(self, at_s: FloatArray) -> FloatArray:
        """Expected market price at each instant, currency/kWh; finite."""
        days, slots = self._places(at_s)
        rows = np.maximum(days - self._first_day, 0)
        self._reach(int(rows.max()))
        beyond = rows >= len(self._days)
        # Weeks ahead nothing more is learned: the last days come round again.
        rows[beyond] = len(self._days) - 1 - (rows[beyond] - len(self._days)) % min(7, len(self._days))
        return np.asarray(self._days[rows, slots])

    def _places(self, at_s: FloatArray) -> tuple[IntArray, IntArray]:
        days, hours = local_clock(at_s, self._tz)
        return days, np.minimum((hours * self._slots / 24.0).astype(np.int64), self._slots - 1)

    def _laid_out(self, series: PriceSeries) -> tuple[FloatArray, int]:
        """(D, S) prices by local day and slot, NaN where unknown, and the first day's ordinal."""
        step_s = min(_DAY_S / self._slots, SLOT_S)
        oldest_s = series.end_s - (MEMORY_DAYS + _LOOK_BACK) * _DAY_S
        edges_s = np.arange(max(series.start_s, oldest_s) // step_s * step_s, series.end_s + step_s / 2, step_s)
        price = series.mean_by_step(edges_s)
        known = np.isfinite(price)
        days, slots = self._places(edges_s[:-1][known])
        first = int(days.min())
        total, count = np.zeros((2, int(days.max()) - first + 1, self._slots))
        # The double hour of a 25 h day is averaged; the missing one of a 23 h day is filled in.
        np.add.at(total, (days - first, slots), price[known])
        np.add.at(count, (days - first, slots), 1.0)
        with np.errstate(invalid="ignore"):
            return np.where(count > 0, total / count, np.nan), first

    def _filled(self, days: FloatArray) -> FloatArray:
        """The known days without gaps."""
        known = np.isfinite(days)
        share = known.mean(axis=1)
        if share[0] < _NEARLY and len(days) > 1:
            # A memory that begins within a day: the first whole one stands for what was before.
            whole = int(np.argmax(share))
            days[0] = np.where(known[0], days[0], days[whole])
        slots = np.arange(self._slots)
        for row, there in enumerate(known):
            gap = ~np.isfinite(days[row])
            if not gap.any():
                continue
            if row and share[row] < _NEARLY:
                # What is missing is expected as for any day, and as far off as what is known.
                expected = _next_day(days[:row], row, self._first_day + row)
                off = float((days[row] - expected)[there].sum()) / self._slots
                days[row] = np.where(there, days[row], expected + off)
            else:
                days[row] = np.interp(slots, slots[~gap], days[row][~gap])
        return days

    def _reach(self, row: int) -> None:
        while len(self._days) <= min(row, self._known + _MOST_AHEAD_DAYS):
            coming = _next_day(self._days, self._known, self._first_day + len(self._days))
            self._days = np.vstack([self._days, coming])


def _next_day(days: FloatArray, known: int, ordinal: int) -> FloatArray:
    """(S,) the day after ``days``, whose date is ``ordinal``; only the first ``known`` of them teach."""
    count = len(days)
    blend = (days[-1] + days[-7:].mean(axis=0)) / 2
    rows = np.arange(max(_LOOK_BACK, count - MEMORY_DAYS), min(known, count))
    if len(rows) < _LEAST_DAYS:
        return np.asarray(blend)
    facts = _facts(days, np.append(rows, count), ordinal - count)
    base = (facts[:, :, 0] + facts[:, :, 4]) / 2
    centre, spread = facts[:-1].mean(axis=0), facts[:-1].std(axis=0) + 1e-9
    scaled = (facts - centre) / spread
    taught = scaled[:-1]
    missed = days[rows] - base[:-1]
    usual = missed.mean(axis=0)
    gram = np.einsum("dsk,dsl->skl", taught, taught, optimize=True) + _RIDGE * np.eye(facts.shape[2])
    pull = np.einsum("dsk,ds->sk", taught, missed - usual, optimize=True)
    weights = np.linalg.solve(gram, pull[:, :, None])[:, :, 0]
    learned = base[-1] + usual + (scaled[-1] * weights).sum(axis=1)
    return np.asarray(_LEARNED * learned + (1.0 - _LEARNED) * blend)


def _facts(days: FloatArray, rows: IntArray, first_day: int) -> FloatArray:
    """(R, S, K) what is known the day before each of ``rows``."""
    sums = np.concatenate([np.zeros((1, days.shape[1])), np.cumsum(days, axis=0)])
    week, fortnight = (sums[rows] - sums[rows - 7]) / 7, (sums[rows] - sums[rows - 14]) / 14
    last = days[rows - 1]
    weekday = (first_day + rows + 6) % 7
    by_day = (
        last.mean(axis=1),
        last.min(axis=1),
        last.max(axis=1),
        last[:, -last.shape[1] // 6 :].mean(axis=1),
        week.mean(axis=1),
        *((weekday == day).astype(np.float64) for day in (0, 5, 6)),
    )
    shape = last.shape
    return np.stack(
        [last, days[rows - 2], days[rows - 3], days[rows - 7], week, fortnight]
        + [np.broadcast_to(fact[:, None], shape) for fact in by_day],
        axis=2,
    )
