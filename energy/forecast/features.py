"""What was known of a house's load before a day began, as columns for a regression.

Everything is a weighted mean of earlier days, or what is left of one: a matrix of weights over days does them all.
"""

import numpy as np
import numpy.typing as npt

from energy.asks import FloatArray
from energy.forecast.history import SLOTS
from energy.forecast.quantiles import quantiles

IntArray = npt.NDArray[np.int64]

LOOKS_BACK = 70
"""Days that a mean reaches back."""
PLAIN = 23
"""So many of the columns, the first ones, do without the parts of the day: fewer, for a short window."""
_PARTS = np.repeat(np.eye(4), (12, 12, 10, 14), axis=1)
"""(4, 48): 1 in the night, the morning, the afternoon, the evening."""
_NIGHT = 12
_LATE = 8
_SLOT = np.arange(SLOTS)


def load_features(past: FloatArray, weekdays: IntArray, rows: IntArray, row_weekdays: IntArray) -> FloatArray:
    """(R, 48, F): for each of ``rows``, what the days before it say of it.

    ``past`` is (D, 48) without gaps, ``weekdays`` (D,) its days', 0 Monday. A row is an index of ``past`` from 1 to D
    (D: the day after the last); ``row_weekdays`` says which weekday it is taken for.
    """
    before = np.arange(len(past))
    age = rows[:, None] - before[None, :]
    seen = (age >= 1) & (age <= LOOKS_BACK)
    same = weekdays[None, :] == row_weekdays[:, None]
    alike = (weekdays[None, :] >= 5) == (row_weekdays[:, None] >= 5)

    def mean(fade_days: float, favour: npt.NDArray[np.bool_] | None = None, by: float = 1.0) -> FloatArray:
        weight = np.where(seen, np.exp(-np.maximum(age, 0) / fade_days), 0.0)
        if favour is not None:
            weight = weight * np.where(favour, by, 1.0)
        return np.asarray((weight / weight.sum(axis=1, keepdims=True)) @ past)

    few, fortnight, month = mean(4.0), mean(10.0), mean(28.0)
    yesterday, before_it = past[rows - 1], past[np.maximum(rows - 2, 0)]
    last_week = past[np.maximum(rows - 7, 0)]
    three = _mean_of_last(past, rows, 3)
    level, level3 = yesterday.mean(axis=1), three.mean(axis=1)
    level7 = _mean_of_last(past, rows, 7).mean(axis=1)
    late, night = yesterday[:, -_LATE:].mean(axis=1), yesterday[:, :_NIGHT].mean(axis=1)
    shape = _relative(smooth(month, 1), month)
    shape14 = _relative(smooth(fortnight, 2), fortnight)
    surprise = yesterday[:, -4:].mean(axis=1) - smooth(fortnight, 2)[:, -4:].mean(axis=1)
    middle, high = quantiles(_last_days(past, rows, 14), (0.5, 0.85), axis=1)

    def flat(value: FloatArray) -> FloatArray:
        return np.broadcast_to(value[:, None], fortnight.shape)

    columns = [
        smooth(few, 1),
        smooth(fortnight, 1),
        smooth(month, 1),
        smooth(month, 4),
        fortnight,
        smooth(mean(14.0, same, 20.0), 1),
        smooth(mean(14.0, alike, 8.0), 1),
        smooth(yesterday, 1),
        smooth(yesterday, 4),
        smooth(yesterday, 8),
        smooth(before_it, 2),
        smooth(last_week, 1),
        smooth(last_week, 4),
        shape * level[:, None],
        shape * level3[:, None],
        shape * level7[:, None],
        shape14 * late[:, None],
        flat(level),
        flat(level3),
        flat(level7),
        flat(late),
        flat(night),
        shape * night[:, None],
        # From here on: what the last hours leave for the first ones, and the parts of the day.
        surprise[:, None] * np.exp(-_SLOT / 4.0),
        surprise[:, None] * np.exp(-_SLOT / 16.0),
        smooth(middle, 1),
        high,
    ]
    for days in (yesterday, three):
        for part in _PARTS:
            columns.append(days @ (part / part.sum())[:, None] * part)
    return np.stack(columns, axis=2)


def _last_days(past: FloatArray, rows: IntArray, days: int) -> FloatArray:
    """(R, days, 48): the days before each row; NaN before the first day."""
    index = rows[:, None] - np.arange(days, 0, -1)[None, :]
    return np.where((index >= 0)[:, :, None], past[np.maximum(index, 0)], np.nan)


def _mean_of_last(past: FloatArray, rows: IntArray, days: int) -> FloatArray:
    return np.asarray(np.nanmean(_last_days(past, rows, days), axis=1))


def _relative(curves: FloatArray, to: FloatArray) -> FloatArray:
    return np.asarray(curves / np.maximum(to.mean(axis=1, keepdims=True), 1.0))


def smooth(curves: FloatArray, reach: int) -> FloatArray:
    """(R, 48): mean over ``reach`` slots to each side, over midnight, of each row."""
    around = np.concatenate([curves[:, -reach:], curves, curves[:, :reach]], axis=1)
    upto = np.concatenate([np.zeros((len(curves), 1)), np.cumsum(around, axis=1)], axis=1)
    width = 2 * reach + 1
    return np.asarray((upto[:, width:] - upto[:, :-width]) / width)


def mean_days(past: FloatArray, rows: IntArray, days: int) -> FloatArray:
    """(R, 48): mean of the ``days`` before each row, or of as many as there are."""
    return _mean_of_last(past, rows, days)
