"""Several ways of saying how a day will go, made into one: weighed by their scores, with a band by their errors."""

from dataclasses import dataclass

import numpy as np

from energy.asks import FloatArray
from energy.forecast import bands
from energy.forecast.score import MONTH, OURS, SCORED_DAYS, WEEK, YESTERDAY, Score, rolling_weights, score

SIMPLE = (YESTERDAY, WEEK, MONTH)
"""What anybody could say; the first of all ways."""
WALK_DAYS = 3 * SCORED_DAYS
"""Past days that are forecast again, to weigh the ways, to make bands, and to score both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """What the past says of the ways."""

    weights: FloatArray
    """(M,) of the ways on the coming day; they sum to 1."""
    relative: FloatArray
    """(3, 48): p10, p50, p90 beyond the forecast, relative to its height."""
    scores: tuple[Score, ...]

    def mean(self, ways: FloatArray) -> FloatArray:
        """(R, 48) W of (M, R, 48), NaN where none can say."""
        return _mean(np.broadcast_to(self.weights[:, None], ways.shape[:2]), ways)


def _mean(weights: FloatArray, ways: FloatArray) -> FloatArray:
    """(R, 48) of (M, R) and (M, R, 48): where one of the ways cannot say (NaN), the others count alone."""
    known = np.isfinite(ways)
    # Even one that was never scored is better than nothing.
    weight = (weights + 1e-6)[:, :, None] * known
    total = weight.sum(axis=0)
    mean = (weight * np.nan_to_num(ways)).sum(axis=0) / np.maximum(total, 1e-12)
    return np.where(total > 0, mean, np.nan)


def weigh(ways: FloatArray, measured: FloatArray, heights: FloatArray | None = None) -> Weighed:
    """``ways`` (M, R, 48) W for R − 1 past days and the coming one, the simple ones first, NaN: it could not say.

    ``measured`` (R − 1, 48) W, NaN: no reading. ``heights`` (R, 48) W is what errors are relative to; None: the
    forecast itself.
    """
    errors = ways[:, :-1] - measured
    weights = rolling_weights(errors)
    ours = _mean(weights, ways)
    relative = (measured - ours[:-1]) / (bands.heights(ours) if heights is None else heights)[:-1]
    band = bands.bands(relative, SCORED_DAYS)
    scored = relative[max(0, len(relative) - SCORED_DAYS) :]
    inside = (scored >= band[:-1, 0]) & (scored <= band[:-1, 2])
    scores = [score(OURS, ours[:-1] - measured, inside)]
    scores += [score(name, error) for name, error in zip(SIMPLE, errors, strict=False)]
    return Weighed(weights=weights[:, -1], relative=band[-1], scores=tuple(one for one in scores if one is not None))
