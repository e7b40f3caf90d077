"""House load and solar power over time: a given series, or a made-up household."""

from dataclasses import dataclass

import numpy as np

from energy.asks import FloatArray
from energy.forecast import SolarSite, clear_sky_w


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseSeries:
    """Means of equal intervals; a gap (NaN) is bridged from the same time a day before, else from its neighbours."""

    start_s: float
    step_s: float
    load_w: FloatArray
    """(M,) W ≥ 0."""
    solar_w: FloatArray
    """(M,) W ≥ 0."""

    @staticmethod
    def of(start_s: float, step_s: float, load_w: FloatArray, solar_w: FloatArray) -> "HouseSeries":
        """A series with its gaps bridged. Raises ``ValueError`` when there is no reading at all."""
        per_day = max(1, round(86400.0 / step_s))
        return HouseSeries(
            start_s=start_s,
            step_s=step_s,
            load_w=_bridged(load_w, per_day, "load"),
            solar_w=_bridged(solar_w, per_day, "solar"),
        )

    @property
    def end_s(self) -> float:
        """Where the series ends; after it, it begins again."""
        return self.start_s + self.step_s * len(self.load_w)

    def at(self, now_s: float) -> tuple[float, float]:
        """Load and solar at ``now_s``, W; outside, the series repeats in whole days where it can."""
        count = len(self.load_w)
        k = int((now_s - self.start_s) // self.step_s) % count
        return float(self.load_w[k]), float(self.solar_w[k])


def synthetic_house(
    start_s: float, days: int, *, seed: int = 1, step_s: float = 60.0, site: SolarSite | None = None
) -> HouseSeries:
    """A made-up household of ``days`` days from ``start_s``: base load, a fridge, cooking, evenings, clouds.

    The same seed gives the same days. ``site`` None: a 5 kW roof in Central Europe.
    """
    rng = np.random.default_rng(seed)
    count = int(days * 86400 / step_s)
    at_s: FloatArray = start_s + step_s * np.arange(count, dtype=np.float64)
    hour = np.mod(at_s / 3600.0, 24.0)
    load = 160.0 + 90.0 * (np.mod(at_s / 60.0, 50.0) < 17.0)
    load += 260.0 * np.exp(-(((hour - 7.2) / 1.0) ** 2)) + 420.0 * np.exp(-(((hour - 19.5) / 2.2) ** 2))
    for day in range(days):
        for middle, spread, power, length_h, chance in _HABITS:
            if rng.random() < chance:
                begins = int((day * 24 + rng.normal(middle, spread)) * 3600 / step_s)
                lasts = max(1, int(length_h * rng.uniform(0.6, 1.4) * 3600 / step_s))
                load[max(begins, 0) : max(begins + lasts, 0)] += power * rng.uniform(0.85, 1.1)
    load *= rng.normal(1.0, 0.03, count)
    clear = clear_sky_w(site or SolarSite(peak_w=5000.0), at_s + step_s / 2)
    return HouseSeries(
        start_s=start_s, step_s=step_s, load_w=np.maximum(load, 50.0), solar_w=clear * _clouds(rng, days, count, step_s)
    )


_HABITS = (
    (7.0, 0.4, 1800.0, 0.15, 0.9),
    (12.3, 0.5, 1500.0, 0.6, 0.5),
    (18.8, 0.6, 2400.0, 0.8, 0.9),
    (20.5, 1.0, 2000.0, 1.0, 0.45),
    (10.0, 2.5, 2100.0, 1.2, 0.35),
    (6.6, 0.3, 6500.0, 0.12, 0.35),
)
"""(usual hour, its spread, W, hours, chance a day): kettle, lunch, dinner, dishes, washing, shower."""


def _clouds(rng: np.random.Generator, days: int, count: int, step_s: float) -> FloatArray:
    """Share of a clear sky, 0..1: each day has its weather, each minute its cloud."""
    by_day = rng.beta(1.6, 1.1, days + 1)
    base = np.repeat(by_day, int(86400 / step_s))[:count]
    noise = np.empty(count)
    level = 0.0
    keep = np.exp(-step_s / 900.0)
    kicks = rng.normal(0.0, np.sqrt(1 - keep**2), count)
    for k in range(count):
        level = keep * level + kicks[k]
        noise[k] = level
    wobble = 0.9 * base * (1 - base)
    share: FloatArray = np.clip(base + wobble * noise, 0.03, 1.0)
    return share


def _bridged(power_w: FloatArray, per_day: int, name: str) -> FloatArray:
    power = np.asarray(power_w, dtype=np.float64).copy()
    good = np.isfinite(power)
    if not good.any():
        raise ValueError(f"The {name} series has no reading at all: check its file and column.")
    for k in np.flatnonzero(~good):
        if k >= per_day and np.isfinite(power[k - per_day]):
            power[k] = power[k - per_day]
    still = ~np.isfinite(power)
    if still.any():
        index = np.arange(len(power))
        power[still] = np.interp(index[still], index[~still], power[~still])
    return np.maximum(power, 0.0)
