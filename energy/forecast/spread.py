"""A forecast: for each step a mean and three quantiles."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from energy.asks import FloatArray
from energy.forecast.clean import HistoryNote
from energy.forecast.score import Score


class Basis(StrEnum):
    """What a forecast stands on."""

    DEFAULT = "default"
    """No history: a documented typical shape with a wide spread."""
    FEW_DAYS = "few_days"
    """Less than a week of history, blended with the typical shape."""
    HISTORY = "history"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Power in each of N steps, W ≥ 0, arrays of shape (N,)."""

    mean_w: FloatArray
    p10_w: FloatArray
    """In one case of ten it is lower."""
    p50_w: FloatArray
    p90_w: FloatArray
    """In one case of ten it is higher."""
    basis: Basis = Basis.HISTORY
    scores: tuple[Score, ...] = ()
    """How good this way of forecasting was in the last weeks, first ours, then the simple averages; empty: too early
    to tell."""
    notes: tuple[HistoryNote, ...] = ()
    """What was left out of the history."""

    @staticmethod
    def exact(power_w: FloatArray, basis: Basis = Basis.HISTORY) -> "Forecast":
        """A forecast without spread: known series, tests, a house without solar (all 0)."""
        power = np.asarray(power_w, dtype=np.float64)
        return Forecast(mean_w=power, p10_w=power, p50_w=power, p90_w=power, basis=basis)

    @staticmethod
    def of(mean_w: FloatArray, p10_w: FloatArray, p50_w: FloatArray, p90_w: FloatArray, basis: Basis) -> "Forecast":
        """A forecast with the quantiles put in order and no negative power."""
        low, mid, high = np.sort(np.maximum(np.stack([p10_w, p50_w, p90_w]), 0.0), axis=0)
        return Forecast(
            mean_w=np.maximum(mean_w, 0.0), p10_w=low, p50_w=mid, p90_w=np.maximum(high, mean_w), basis=basis
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One way in which a day may go; arrays of shape (N,)."""

    load_w: FloatArray
    solar_w: FloatArray
    probability: float
    """> 0; those of a plan's scenarios sum to 1."""
    name: str = ""
