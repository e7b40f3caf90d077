"""House load to come.

With three weeks of history or more, a ridge regression learned anew each time from the last two months says how the
coming day follows from what the past ones were: the same weekday, the month, yesterday, last week. With less, the
mean of the days there are; with none, a typical household. How the last hours went corrects the next ones.
"""

from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from energy.asks import FloatArray
from energy.forecast.history import SLOTS, DayGrid, History, at_hours, day_grid, local_slots
from energy.forecast.spread import Basis, Forecast

IntArray = npt.NDArray[np.int64]

# A household's typical day, by hour, relative to its mean: low at night, a bump at noon, a peak in the evening.
_SHAPE = np.array(
    [
        *(0.55, 0.48, 0.45, 0.44, 0.46, 0.55, 0.80, 1.05, 1.10, 1.05, 1.02, 1.10),
        *(1.20, 1.10, 1.00, 0.98, 1.05, 1.30, 1.60, 1.70, 1.60, 1.40, 1.10, 0.80),
    ]
)
TYPICAL_LOAD_W = 450.0
"""Mean load of a home of which nothing is known (about 3,900 kWh a year)."""
_WIDE = (0.35, 0.85, 2.2)
"""p10, p50, p90 of a home of which nothing is known, relative to its mean."""
_QUANTILES = (0.1, 0.5, 0.9)
_TRUST_DAYS = 7
"""Days of history that replace the typical household."""
_LEARN_DAYS = 21
"""Days of history with which the regression begins."""
_WINDOW = 60
"""Days that it learns from."""
_PROFILE_DAYS = 56
_RIDGE = 0.05
_WIDEN = 1.1
"""What was learned from fits better than what comes."""
_RECENT_H = 3.0
_RECENT_FADE_H = 4.0
_RECENT_TRUST = 0.5


def forecast_load(
    history: History | None,
    edges_s: FloatArray,
    *,
    now_s: float,
    tz: str = "UTC",
    typical_w: float = TYPICAL_LOAD_W,
) -> Forecast:
    """Load in each of the steps between ``edges_s`` (N + 1), W.

    ``typical_w`` is the mean load to assume while there is no history. Raises ``ZoneInfoNotFoundError`` for an
    unknown ``tz``.
    """
    zone = ZoneInfo(tz)
    grid = day_grid(history, now_s, zone, most_days=_WINDOW + 40)
    middles = (edges_s[:-1] + edges_s[1:]) / 2
    dates, hours = local_slots(middles, zone)
    shape = np.repeat(_SHAPE / _SHAPE.mean(), 2) * typical_w
    known = grid.days_known
    if known == 0:
        mean = at_hours(shape, hours)
        low, mid, high = (mean * factor for factor in _WIDE)
        return Forecast.of(mean, low, mid, high, Basis.DEFAULT)
    measured = grid.full[_first_known(grid.full) :]
    past = _filled(measured, shape)
    learned = _Regression(past, measured, grid.today) if known >= _LEARN_DAYS else None
    trust = min(1.0, known / _TRUST_DAYS)
    curves: dict[int, FloatArray] = {}
    for date in np.unique(np.append(dates, grid.today)).tolist():
        curve = _recent_mean(past) if learned is None else learned.day(date)
        curves[date] = trust * curve + (1 - trust) * shape
    rest = (past - _recent_mean(past))[-28:] if learned is None else learned.residuals
    spread = [
        trust * quantile + (1 - trust) * (shape * factor - shape)
        for quantile, factor in zip(_quantiles(rest), _WIDE, strict=True)
    ]
    mean = np.empty(len(middles))
    for date in np.unique(dates).tolist():
        mean[dates == date] = at_hours(curves[date], hours[dates == date])
    lead_h = np.maximum(middles - now_s, 0.0) / 3600.0
    mean += _recent_error(grid, curves[grid.today], now_s, zone) * np.exp(-lead_h / _RECENT_FADE_H)
    low, mid, high = (mean + _WIDEN * at_hours(part, hours) for part in spread)
    return Forecast.of(mean, low, mid, high, Basis.HISTORY if known >= _TRUST_DAYS else Basis.FEW_DAYS)


class _Regression:
    """Load of a day from the days before it, learned from the last days."""

    def __init__(self, past: FloatArray, measured: FloatArray, today: int) -> None:
        """``past`` is ``measured`` (D, 48) with its gaps filled; it ends the day before ``today``."""
        self._past = past
        self._weekdays = np.mod(np.arange(today - len(past), today) + 6, 7)
        days = np.arange(max(7, len(past) - _WINDOW), len(past))
        known = np.isfinite(measured[days])
        columns = np.stack([self._features(d, int(self._weekdays[d])) for d in days.tolist()])
        rows, target = columns[known], past[days][known]
        self._shift, self._scale = rows.mean(axis=0), rows.std(axis=0) + 1e-9
        scaled = (rows - self._shift) / self._scale
        self._level = float(target.mean())
        ridge = _RIDGE * len(target) * np.eye(scaled.shape[1])
        self._weights = np.linalg.solve(scaled.T @ scaled + ridge, scaled.T @ (target - self._level))
        fitted = self._level + ((columns - self._shift) / self._scale) @ self._weights
        self.residuals = np.where(known, past[days] - fitted, np.nan)
        """(days, 48) W: what the learned days had beyond their forecast; NaN: no reading."""

    def day(self, date: int) -> FloatArray:
        """(48,) W for a date from today on; the last whole day stands for the days between."""
        features = self._features(len(self._past), (date + 6) % 7)
        forecast: FloatArray = self._level + ((features - self._shift) / self._scale) @ self._weights
        return np.maximum(forecast, 0.0)

    def _features(self, day: int, weekday: int) -> FloatArray:
        """(48, F): what was known before ``day`` began."""
        before = self._past[max(0, day - _PROFILE_DAYS) : day]
        same = self._weekdays[max(0, day - _PROFILE_DAYS) : day] == weekday
        age = np.arange(len(before), 0, -1)
        week = _weighted(before, np.exp(-age / 7.0) * np.where(same, 3.0, 1.0))
        month = _smooth(_weighted(before, np.exp(-age / 28.0)), 1)
        weekdays = _smooth(_weighted(before, np.exp(-age / 14.0) * np.where(same, 20.0, 1.0)), 1)
        yesterday, last_week = before[-1], before[-min(7, len(before))]
        level = yesterday.mean()
        return np.stack(
            [
                week,
                month,
                weekdays,
                _smooth(yesterday, 1),
                _smooth(yesterday, 4),
                _smooth(last_week, 1),
                month * (level / max(float(month.mean()), 1.0)),
                np.full(SLOTS, level),
                np.full(SLOTS, before[-3:].mean()),
                np.full(SLOTS, yesterday[-8:].mean()),
            ],
            axis=1,
        )


def _filled(days: FloatArray, shape: FloatArray) -> FloatArray:
    """The days with each gap taken from the slot's mean, so that no gap reads as 0."""
    count = np.isfinite(days).sum(axis=0)
    total = np.nansum(days, axis=0)
    overall = float(np.nanmean(days))
    by_slot = np.where(count > 0, total / np.maximum(count, 1), shape / shape.mean() * overall)
    return np.where(np.isfinite(days), days, by_slot)


def _first_known(days: FloatArray) -> int:
    """Index of the first day with a reading."""
    return int(np.argmax(np.isfinite(days).any(axis=1)))


def _recent_mean(past: FloatArray) -> FloatArray:
    """Half the mean of seven days, half that of 28."""
    curve: FloatArray = (past[-7:].mean(axis=0) + past[-28:].mean(axis=0)) / 2
    return curve


def _weighted(days: FloatArray, weights: FloatArray) -> FloatArray:
    mean: FloatArray = weights @ days / weights.sum()
    return mean


def _smooth(curve: FloatArray, reach: int) -> FloatArray:
    """Mean over ``reach`` slots to each side, over midnight."""
    width = 2 * reach + 1
    around = np.concatenate([curve[-reach:], curve, curve[:reach]])
    return np.convolve(around, np.full(width, 1.0 / width), "valid")


def _quantiles(rest: FloatArray) -> list[FloatArray]:
    """p10, p50, p90 by slot (48,) of what days had beyond their forecast."""
    # Neighbouring slots lend their days: a month of values is few for a tenth.
    pooled = np.concatenate([np.roll(rest, shift, axis=1) for shift in (-1, 0, 1)])
    empty = ~np.isfinite(pooled).any(axis=0)
    pooled[:, empty] = 0.0
    return list(np.nanquantile(pooled, _QUANTILES, axis=0))


def _recent_error(grid: DayGrid, curve: FloatArray, now_s: float, zone: ZoneInfo) -> float:
    """How much more than the forecast the last hours took, W; halved, since it fades."""
    line = (grid.days[-2:] - curve).reshape(-1)
    _, hour = local_slots(np.array([now_s]), zone)
    end = SLOTS + int(hour[0] * 2)
    recent = line[max(0, end - int(2 * _RECENT_H)) : end + 1]
    recent = recent[np.isfinite(recent)]
    return float(recent.mean()) * _RECENT_TRUST if len(recent) else 0.0
