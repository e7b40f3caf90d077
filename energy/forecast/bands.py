"""Bands around a forecast: what the last days had beyond theirs, relative to its height.

Conformal in spirit: only errors of forecasts that had not seen their day count, and how often the last weeks' bands
held widens or narrows the next one.
"""

import numpy as np

from energy.asks import FloatArray
from energy.forecast.quantiles import quantiles

BAND_DAYS = 28
"""Days whose errors make the band."""
_LEAST_W = 100.0
"""Errors do not shrink with the forecast below this."""
_NEIGHBOURS = (-2, -1, 0, 1, 2)
"""Neighbouring slots lend their days: a month of values is few for a tenth."""
QUANTILES = (0.1, 0.5, 0.9)


def heights(forecast_w: FloatArray) -> FloatArray:
    """What errors are relative to, W."""
    return np.maximum(forecast_w, _LEAST_W)


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
