"""Ridge regressions learned anew for each day from the days before it: what was forecast then, and what is now.

Sums by day are added up once; then the weights of any window of days are one small system of equations, so that a
walk through the past quarter year costs little more than the forecast itself.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from energy.asks import FloatArray
from energy.forecast.features import IntArray


@dataclass(frozen=True, slots=True)
class Fits:
    """Weights by day: ``value = level + (columns − shift) · weights``."""

    level: FloatArray
    """(R,)"""
    shift: FloatArray
    """(R, F)"""
    weights: FloatArray
    """(R, F)"""

    def all(self, columns: FloatArray) -> FloatArray:
        """(R, 48) W for ``columns`` (R, 48, F), each with its own fit; one fit serves any number of rows."""
        values = (columns - self.shift[:, None, :]) @ self.weights[:, :, None]
        return np.asarray(np.maximum(self.level[:, None] + values[:, :, 0], 0.0))


class DailySums:
    """Sums over days of what a least-squares fit needs."""

    def __init__(self, columns: FloatArray, target: FloatArray, known: npt.NDArray[np.bool_]) -> None:
        """``columns`` (D, 48, F), ``target`` (D, 48); where not ``known`` (D, 48), a slot does not count."""
        # Near zero, so that differences of long sums keep their digits.
        self._middle = columns.mean(axis=(0, 1))
        self._height = float(target[known].mean()) if known.any() else 0.0
        rows = np.where(known[:, :, None], columns - self._middle, 0.0)
        value = np.where(known, target - self._height, 0.0)
        turned = rows.transpose(0, 2, 1)
        self._count = _upto(known.sum(axis=1).astype(np.float64))
        self._x = _upto(rows.sum(axis=1))
        self._y = _upto(value.sum(axis=1))
        self._xx = _upto(turned @ rows)
        self._xy = _upto((turned @ value[:, :, None])[:, :, 0])

    def fits(self, starts: IntArray, ends: IntArray, ridge: float) -> Fits:
        """One fit for each window of days ``starts`` .. ``ends`` (without its end)."""
        count = np.maximum(self._count[ends] - self._count[starts], 1.0)
        x = (self._x[ends] - self._x[starts]) / count[:, None]
        y = (self._y[ends] - self._y[starts]) / count
        xx = (self._xx[ends] - self._xx[starts]) / count[:, None, None] - x[:, :, None] * x[:, None, :]
        xy = (self._xy[ends] - self._xy[starts]) / count[:, None] - x * y[:, None]
        size = np.sqrt(np.maximum(np.einsum("rff->rf", xx), 0.0)) + 1e-6
        scaled = xx / (size[:, :, None] * size[:, None, :]) + ridge * np.eye(x.shape[1])
        weights = np.linalg.solve(scaled, (xy / size)[:, :, None])[:, :, 0] / size
        return Fits(y + self._height, x + self._middle, weights)


def _upto(by_day: FloatArray) -> FloatArray:
    """Sums before each day, the first 0."""
    zero = np.zeros((1, *by_day.shape[1:]))
    return np.concatenate([zero, np.cumsum(by_day, axis=0)])
