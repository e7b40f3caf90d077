"""A few ways in which load and sun may go, out of their forecasts: whole days that hang together.

Quantiles glued step by step would make a day that is high at every moment, which no day is. Here each path is what a
day's own luck (the same from its first hour to its last) and that of its hours make of it. The paths' mean, weighted,
is the forecast's mean, and their spread in each step the forecast's band.
"""

from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np

from energy.asks import FloatArray
from energy.forecast.spread import Forecast, Scenario


@dataclass(frozen=True, slots=True)
class _Luck:
    """How what a forecast is off by lasts."""

    day_share: float
    """Part of its variance that a whole day shares …"""
    fade_h: float
    """… and after how many hours the rest has fallen to 1/e."""


# Of the load as measured on a real house over a year; of the sun, whose clouds stay, as its days' persistence tells.
_LOAD, _SOLAR = _Luck(0.15, 1.4), _Luck(0.5, 3.0)
_P90_SIGMA = 1.2816
_MOST_COUNT = 32
_GRID_S = 1800.0
_GRID = 48
_BEFORE = 16
"""Half hours of the day before that are heard of in a day's first ones."""


def make_scenarios(
    load: Forecast, solar: Forecast, edges_s: FloatArray, *, count: int = 4, seed: int = 0
) -> tuple[Scenario, ...]:
    """``count`` paths of equal probability for the steps between ``edges_s`` (N + 1); at most 32, at least 1.

    The luck of an hour depends on its date and the seed alone, so that a plan made a little later looks at the same
    paths and does not move for them. One scenario is the forecasts' means.
    """
    count = min(max(int(count), 1), _MOST_COUNT)
    if count == 1:
        return (Scenario(load_w=load.mean_w, solar_w=solar.mean_w, probability=1.0, name="expected"),)
    middles = (edges_s[:-1] + edges_s[1:]) / 2
    loads = _paths(load, _luck(middles, count, seed, _LOAD))
    solars = _paths(solar, _luck(middles, count, seed + 1, _SOLAR))
    order = np.argsort((loads - solars).mean(axis=1))
    return tuple(
        Scenario(load_w=loads[k], solar_w=solars[k], probability=1.0 / count, name=f"{place + 1} of {count}")
        for place, k in enumerate(order.tolist())
    )


def _paths(forecast: Forecast, luck: FloatArray) -> FloatArray:
    """(count, N) W: each step's luck (mean 0, variance 1 over the paths) put into the band around the mean."""
    above = np.maximum(forecast.p90_w - forecast.p50_w, 0.0) / _P90_SIGMA
    below = np.maximum(forecast.p50_w - forecast.p10_w, 0.0) / _P90_SIGMA
    paths = np.maximum(forecast.p50_w + np.where(luck > 0, above, below) * luck, 0.0)
    return _with_mean(paths, forecast.mean_w)


def _with_mean(paths: FloatArray, mean_w: FloatArray) -> FloatArray:
    """The paths moved (and, where that goes below zero, scaled) so that their mean is the forecast's."""
    moved = np.maximum(paths + (mean_w - paths.mean(axis=0)), 0.0)
    now = moved.mean(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(now > 0, moved * (mean_w / now), mean_w)


def _luck(middles_s: FloatArray, count: int, seed: int, kind: _Luck) -> FloatArray:
    """(count, N): mean 0 and variance 1 over the paths in each step."""
    if not len(middles_s):
        return np.zeros((count, 0))
    first, last = (int(at_s // 86_400) for at_s in (middles_s[0] - _GRID_S, middles_s[-1] + _GRID_S))
    days = range(first, last + 1)
    line = np.concatenate([_day_luck(day, count, seed, kind) for day in days], axis=1)
    places = first * 86_400 + _GRID_S * (np.arange(line.shape[1]) + 0.5)
    found = np.stack([np.interp(middles_s, places, path) for path in line])
    found -= found.mean(axis=0)
    return np.asarray(found / np.maximum(found.std(axis=0), 1e-9))


@lru_cache(maxsize=256)
def _day_luck(day: int, count: int, seed: int, kind: _Luck) -> FloatArray:
    """(count, 48) in the half hours of one UTC day."""
    noise = np.concatenate([_noise(day - 1, count, seed)[:, -_BEFORE:], _noise(day, count, seed)], axis=1)
    keep = float(np.exp(-_GRID_S / 3600.0 / kind.fade_h))
    for k in range(1, noise.shape[1]):
        noise[:, k] = keep * noise[:, k - 1] + np.sqrt(1 - keep**2) * noise[:, k]
    # Levels a quantile apart, shuffled anew for each day: few paths together still span the whole.
    levels = np.random.default_rng((seed, day, count)).permutation(_normal_levels(count))
    return np.asarray(np.sqrt(kind.day_share) * levels[:, None] + np.sqrt(1 - kind.day_share) * noise[:, _BEFORE:])


def _noise(day: int, count: int, seed: int) -> FloatArray:
    return np.random.default_rng((seed, day)).normal(size=(count, _GRID))


def _normal_levels(count: int) -> FloatArray:
    """The middles of ``count`` equal shares of a normal distribution, made to have variance 1."""
    levels = np.array([NormalDist().inv_cdf((k + 0.5) / count) for k in range(count)])
    return np.asarray(levels / levels.std())
