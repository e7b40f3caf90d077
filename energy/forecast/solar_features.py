"""What was known of a roof before a day began: columns for its forecasts.

Many inverters say nothing at night, and instruments fail: a day that is measured in part counts in part.
"""

import numpy as np

from energy.asks import FloatArray
from energy.forecast.features import IntArray, smooth

_MEMORY_DAYS = 30.0
"""Older days' clearness counts less: by e after this many."""
_WINDOW = 42
_LEAST_SKY = 0.01
"""Part of the highest clear sky below which a share of it says nothing."""
_LASTS = 0.3
"""How much of yesterday's surprise is left a day later (lag-1 correlation 0.35 on a real roof)."""
_STRETCH = (0.1, 2.0)


def _sum_before(values: FloatArray, rows: IntArray, days: float, fade_days: float = np.inf) -> FloatArray:
    """(R, …): weighted sum over the ``days`` days before each row."""
    age = rows[:, None] - np.arange(len(values))[None, :]
    weight = np.where((age >= 1) & (age <= days), np.exp(-np.maximum(age, 0) / fade_days), 0.0)
    return np.asarray(weight @ values)


def clearness(measured: FloatArray, sky: FloatArray, rows: IntArray, days: IntArray, unknown: float) -> FloatArray:
    """(R, 48) W: the clear sky of day ``days`` times the share of it that arrived in each slot of late before ``rows``.

    ``measured`` (D, 48), NaN: no reading; ``sky`` (D or more, 48). ``unknown`` is the share where nothing is known.
    """
    known = np.isfinite(measured)
    past_sky = sky[: len(measured)]
    arrived = _with_neighbours(_sum_before(np.nan_to_num(measured), rows, _WINDOW, _MEMORY_DAYS))
    possible = _with_neighbours(_sum_before(np.where(known, past_sky, 0.0), rows, _WINDOW, _MEMORY_DAYS))
    enough = possible > _LEAST_SKY * max(float(sky.max()), 1.0)
    share = np.where(enough, arrived / np.maximum(possible, 1e-9), unknown)
    return np.asarray(share * sky[days])


def _with_neighbours(by_slot: FloatArray) -> FloatArray:
    return np.asarray(by_slot + np.roll(by_slot, 1, axis=1) + np.roll(by_slot, -1, axis=1))


def sky_features(
    measured: FloatArray, sky: FloatArray, expected: FloatArray, rows: IntArray, days: IntArray
) -> tuple[FloatArray, FloatArray]:
    """The simple ways (3, R, 48), yesterday and means, NaN where never measured; and columns (R, 48, F).

    The second column is a forecast by itself: what is expected, with what is left of yesterday's surprise.
    """
    known = np.isfinite(measured)
    power = np.nan_to_num(measured)
    counts, past = known.astype(np.float64), np.where(known, sky[: len(measured)], 0.0)

    def mean(days_: int) -> FloatArray:
        count = _sum_before(counts, rows, days_)
        total = _sum_before(power, rows, days_)
        return np.where(count > 0, total / np.maximum(count, 1e-9), np.nan)

    # How clear the last days were, against how clear such days are of late.
    usual = _sum_before(power.sum(axis=1), rows, _WINDOW) / np.maximum(
        _sum_before(past.sum(axis=1), rows, _WINDOW), 1.0
    )

    def clearer(days_: int, slots: slice = slice(None)) -> FloatArray:
        arrived = _sum_before(power[:, slots].sum(axis=1), rows, days_)
        possible = _sum_before(past[:, slots].sum(axis=1), rows, days_) * usual
        ratio = np.where(possible > 0.02 * sky.max(), arrived / np.maximum(possible, 1.0), 1.0)
        return np.asarray(np.clip(ratio, *_STRETCH)[:, None])

    yesterday, week, month = mean(1), mean(7), mean(28)
    filled, filled_week = np.nan_to_num(yesterday), np.nan_to_num(week)
    lasting = 1.0 + _LASTS * (clearer(1) - 1.0)
    columns = [
        expected,
        expected * lasting,
        expected * clearer(3),
        expected * clearer(7),
        expected * clearer(1, slice(26, None)),
        sky[days],
        smooth(filled, 1),
        smooth(filled, 3),
        filled_week,
        smooth(filled_week, 2),
        np.nan_to_num(month),
    ]
    halves = np.where(np.isfinite(week) & np.isfinite(month), (week + month) / 2, month)
    return np.stack([yesterday, week, halves]), np.stack(columns, axis=2)


def provider_features(
    measured: FloatArray, told: FloatArray, sky: FloatArray, rows: IntArray, days: IntArray
) -> FloatArray:
    """(R, 48, 3), NaN where the provider does not tell: what it tells of day ``days``, put right by what became of its
    word in the days before ``rows``; the same smoothed; and its day as a whole.
    """
    past = told[: len(measured)]
    both = np.isfinite(measured) & np.isfinite(past)
    arrived = _sum_before(np.where(both, measured, 0.0).sum(axis=1), rows, 28)
    promised = _sum_before(np.where(both, past, 0.0).sum(axis=1), rows, 28)
    # A few hundred Wh of sun as a first guess that its word is right.
    first = 5.0 * max(float(sky.max()), 1.0)
    right = np.clip((arrived + first) / (promised + first), 0.3, 3.0)[:, None]
    word = np.maximum(told[days], 0.0) * right
    plain = np.nan_to_num(word)
    whole = plain.mean(axis=1, keepdims=True) * sky[days] / np.maximum(sky[days].mean(axis=1, keepdims=True), 1.0)
    gaps = ~np.isfinite(word)
    columns = np.stack([word, smooth(plain, 2), whole], axis=2)
    columns[gaps] = np.nan
    return columns
