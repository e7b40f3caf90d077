"""How good a forecast is, measured on days that it had not seen, beside what anybody could say.

Scores decide: the better a way of forecasting was in the last weeks, the more its word counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from energy.asks import FloatArray

SCORED_DAYS = 28
"""Days that a score looks back."""
_WEIGHED_DAYS = 56
"""Days that decide which way counts how much: longer, so that a lucky fortnight does not."""
_SHARPNESS = 24.0
"""A way whose squared error is a tenth lower weighs 12 times as much."""
_ENOUGH = 0.1
"""Part of what others said that a way must have said, to count."""

OURS = "ours"
YESTERDAY = "yesterday"
WEEK = "7 days"
MONTH = "7 and 28 days"


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How far one way of forecasting was off, over the last days, each forecast at its midnight."""

    of: str
    """"ours", or the simple average's name."""
    rmse_w: float
    mae_w: float
    band_share: float | None
    """Part of the readings between p10 and p90: 0.8 is right. None: it gives no band, or it was not yet scored."""
    days: int


def rolling_weights(errors_w: FloatArray, days: int = _WEIGHED_DAYS) -> FloatArray:
    """(M, D + 1): how much each of M ways counts on each day and the day after the last, from the days before it.

    ``errors_w`` is (M, D, 48), NaN where there was no reading or no forecast. A way that was never scored counts 0,
    unless none was: then all count alike.
    """
    known = np.isfinite(errors_w)
    squares = np.where(known, errors_w, 0.0) ** 2
    # All ways are judged on the same slots: where one said nothing, it is as good as the others were, no better.
    usual = squares.sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    by_day = np.where(known, squares, usual).sum(axis=2)
    total, count = (_sums_before(values, days) for values in (by_day, known.sum(axis=2).astype(np.float64)))
    most = count.max(axis=0, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where((count > 0) & (count >= _ENOUGH * most), total / np.maximum(most, 1.0), np.inf)
        best = mean.min(axis=0, keepdims=True)
        weight = np.where(np.isfinite(mean), ((mean + 1.0) / (best + 1.0)) ** -_SHARPNESS, 0.0)
    weight = np.nan_to_num(weight)
    weight[:, ~np.isfinite(best[0])] = 1.0
    return np.asarray(weight / weight.sum(axis=0))


def _sums_before(by_day: FloatArray, days: int) -> FloatArray:
    """(M, D + 1): sum of the ``days`` before each day."""
    upto = np.concatenate([np.zeros((len(by_day), 1)), np.cumsum(by_day, axis=1)], axis=1)
    start = np.maximum(np.arange(upto.shape[1]) - days, 0)
    return np.asarray(upto - upto[:, start])


def score(
    of: str, errors_w: FloatArray, inside: npt.NDArray[np.bool_] | None = None, days: int = SCORED_DAYS
) -> Score | None:
    """Of the last days' errors (D, 48), NaN where there was none; None where all are.

    ``inside``, of those last days: was the reading within the band?
    """
    errors = errors_w[-days:]
    known = np.isfinite(errors)
    if not known.any():
        return None
    rest = errors[known]
    return Score(
        of=of,
        rmse_w=float(np.sqrt(np.mean(rest**2))),
        mae_w=float(np.mean(np.abs(rest))),
        band_share=None if inside is None else float(inside[known].mean()),
        days=int(known.any(axis=1).sum()),
    )


def score_sentence(what: str, scores: Sequence[Score]) -> str:
    """For people: how far ``what`` ("Load", "Solar") was off, beside the best simple average."""
    ours = next((s for s in scores if s.of == OURS), None)
    others = [s for s in scores if s.of != OURS]
    if ours is None:
        return f"{what} forecast: too few days to score it."
    said = f"{what} forecast: off by {ours.mae_w:.0f} W on average over {ours.days} days"
    return f"{said}; simple averages {min(s.mae_w for s in others):.0f} W." if others else f"{said}."
