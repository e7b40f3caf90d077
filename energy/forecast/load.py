"""House load to come: the last four weeks by time of day, corrected by how the last hours went."""

from zoneinfo import ZoneInfo

import numpy as np

from energy.asks import FloatArray
from energy.forecast.history import SLOTS, DayGrid, History, at_hours, day_grid, local_slots
from energy.forecast.spread import Basis, Forecast

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
_FULL_TRUST_DAYS = 7
_RECENT_FADE_H = 4.0


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
    grid = day_grid(history, now_s, zone)
    middles = (edges_s[:-1] + edges_s[1:]) / 2
    _, hours = local_slots(middles, zone)
    shape = np.repeat(_SHAPE / _SHAPE.mean(), 2) * typical_w
    known = grid.days_known
    if known == 0:
        mean = at_hours(shape, hours)
        low, mid, high = (mean * factor for factor in _WIDE)
        return Forecast.of(mean, low, mid, high, Basis.DEFAULT)
    by_slot, quantiles = _profile(grid)
    trust = min(1.0, known / _FULL_TRUST_DAYS)
    by_slot = trust * by_slot + (1 - trust) * shape
    spread = [
        trust * quantile + (1 - trust) * (shape * factor - shape)
        for quantile, factor in zip(quantiles, _WIDE, strict=True)
    ]
    level = _recent_error(grid, by_slot, now_s, zone)
    lead_h = np.maximum(middles - now_s, 0.0) / 3600.0
    mean = at_hours(by_slot, hours) + level * np.exp(-lead_h / _RECENT_FADE_H)
    low, mid, high = (mean + at_hours(part, hours) for part in spread)
    basis = Basis.HISTORY if known >= _FULL_TRUST_DAYS else Basis.FEW_DAYS
    return Forecast.of(mean, low, mid, high, basis)


def _profile(grid: DayGrid) -> tuple[FloatArray, tuple[FloatArray, FloatArray, FloatArray]]:
    """Mean by slot, and p10, p50, p90 of what days differ from it, each (48,)."""
    days = grid.full
    week, month = days[-7:], days[-28:]
    by_slot = (_mean(week, month) + _mean(month, month)) / 2
    rest = month - by_slot
    # Neighbouring slots lend their days: 28 values are few for a tenth.
    pooled = np.concatenate([np.roll(rest, shift, axis=1) for shift in (-1, 0, 1)])
    empty = ~np.isfinite(pooled).any(axis=0)
    pooled[:, empty] = 0.0
    low, mid, high = np.nanquantile(pooled, [0.1, 0.5, 0.9], axis=0)
    return by_slot, (low, mid, high)


def _mean(days: FloatArray, fallback: FloatArray) -> FloatArray:
    """Mean by slot; a slot without any reading takes the mean of all readings."""
    every = days[np.isfinite(days)]
    overall = float(every.mean()) if len(every) else float(np.nanmean(fallback))
    count = np.isfinite(days).sum(axis=0)
    total = np.nansum(days, axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), overall)


def _recent_error(grid: DayGrid, by_slot: FloatArray, now_s: float, zone: ZoneInfo) -> float:
    """How much higher than the profile the last three hours were, W."""
    line = grid.days[-2:].reshape(-1) - np.tile(by_slot, 2)
    _, hour = local_slots(np.array([now_s]), zone)
    end = SLOTS + int(hour[0] * 2)
    recent = line[max(0, end - 6) : end + 1]
    recent = recent[np.isfinite(recent)]
    return float(recent.mean()) * 0.5 if len(recent) else 0.0
