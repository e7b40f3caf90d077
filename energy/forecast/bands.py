"""Bands around a forecast: what the last days had beyond theirs, relative to its height.

Conformal in spirit: only errors of forecasts that had not seen their day count, and how often the last weeks' bands
held widens or narrows the next one.
"""

import numpy as np

from energy.asks import FloatArray
from energy.forecast.quantiles import quantiles

_BAND_DAYS = 42
"""Days whose errors make the band."""
_LATE_DAYS = 14
"""Days whose bands are looked at, whether they were too narrow …"""
_LATE_TRUST = 0.5
"""… and how much of what they lacked is put right at once: a fortnight is little."""
_INSIDE = 0.8
_LEAST_W = 100.0
"""Errors do not shrink with the forecast below this."""
_NEIGHBOURS = (-2, -1, 0, 1, 2)
"""Neighbouring slots lend their days: a month of values is few for a tenth."""
QUANTILES = (0.1, 0.5, 0.9)


def heights(forecast_w: FloatArray) -> FloatArray:
    """What errors are relative to, W."""
    return np.maximum(forecast_w, _LEAST_W)


def bands(relative: FloatArray, days: int) -> FloatArray:
    """(days + 1, 3, 48): p10, p50, p90 by slot, relative, for each of the last ``days`` days and the one after them.

    ``relative`` (D, 48), NaN: no error known. Each band is made of the days before it alone.
    """
    count = len(relative)
    first = max(0, count - days)
    begin = max(0, first - _LATE_DAYS)
    plain = np.stack([spread(relative[max(0, day - _BAND_DAYS) : day]) for day in range(begin, count + 1)])
    found = np.empty((count + 1 - first, *plain.shape[1:]))
    for place, day in enumerate(range(first, count + 1)):
        late = slice(max(begin, day - _LATE_DAYS) - begin, day - begin)
        middle = plain[day - begin, 1]
        found[place] = middle + (plain[day - begin] - middle) * _stretch(relative[begin:][late], plain[late])
    return found


def _stretch(relative: FloatArray, plain: FloatArray) -> float:
    """How much wider the bands of some days (D, 3, 48) should have been to hold four of five readings."""
    low, middle, high = plain[:, 0], plain[:, 1], plain[:, 2]
    room = np.where(relative >= middle, high - middle, middle - low)
    reach = np.abs(relative - middle) / np.maximum(room, 1e-3)
    reach = reach[np.isfinite(reach)]
    if len(reach) < 5 * relative.shape[1]:
        return 1.0
    needed = float(np.clip(np.quantile(reach, _INSIDE), 0.5, 2.0))
    return 1.0 + _LATE_TRUST * (needed - 1.0)


def spread(relative: FloatArray) -> FloatArray:
    """(3, 48): p10, p50, p90 by slot of relative errors (D, 48); NaN: none. All 0 where nothing is known."""
    if not len(relative):
        return np.zeros((len(QUANTILES), relative.shape[1]))
    pooled = np.concatenate([np.roll(relative, shift, axis=1) for shift in _NEIGHBOURS])
    empty = ~np.isfinite(pooled).any(axis=0)
    if empty.any():
        rest = relative[np.isfinite(relative)]
        pooled[0, empty] = float(np.median(rest)) if len(rest) else 0.0
    return quantiles(pooled, QUANTILES)
