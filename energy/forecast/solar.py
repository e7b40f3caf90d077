"""Solar power to come: where the sun stands, and how clear the last weeks were."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from energy.asks import FloatArray
from energy.forecast.history import SLOT_S, SLOTS, DayGrid, History, at_hours, day_grid, local_slots
from energy.forecast.spread import Basis, Forecast

_PERFORMANCE = 0.85
"""Part of the modules' rated power that reaches the house in full sun."""
_UNKNOWN_SKY = (0.12, 0.45, 0.92)
"""p10, p50, p90 of power relative to a clear sky, when nothing is known of the place: Central Europe over a year."""
_FULL_TRUST_DAYS = 7
_WINDOW = 42
"""Days that the clearness is learned from."""
_MEMORY_DAYS = 30.0
"""Older days count less: by e after this many."""
_LASTS = (0.6, 0.3, 0.1, 0.0)
"""How much of a day's surprise is still there the same day, the next one, and so on (lag-1 correlation 0.35)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SolarSite:
    """The roof."""

    peak_w: float
    """Rated power of the modules, W."""
    latitude_deg: float = 48.0
    longitude_deg: float = 9.0
    """East > 0."""
    tilt_deg: float = 30.0
    azimuth_deg: float = 180.0
    """Where the roof looks: 90 east, 180 south."""


def clear_sky_w(site: SolarSite, at_s: FloatArray) -> FloatArray:
    """Power under a clear sky at instants, W.

    Sun's place after Cooper (declination) and Spencer (equation of time); horizontal irradiance after Haurwitz
    (1098 cos z exp(−0.057 / cos z) W/m²), 85 % of it taken as beam on the tilted roof. Good to about a tenth, which is
    far less than the clouds.
    """
    day = np.mod(at_s / 86400.0, 365.2422)
    angle = 2 * np.pi * day / 365.2422
    declination = np.radians(23.45) * np.sin(2 * np.pi * (day + 284.0) / 365.0)
    equation_min = 229.18 * (
        0.000075
        + 0.001868 * np.cos(angle)
        - 0.032077 * np.sin(angle)
        - 0.014615 * np.cos(2 * angle)
        - 0.040849 * np.sin(2 * angle)
    )
    solar_h = np.mod(at_s / 3600.0 + site.longitude_deg / 15.0 + equation_min / 60.0, 24.0)
    hour_angle = np.radians(15.0 * (solar_h - 12.0))
    latitude, tilt = np.radians(site.latitude_deg), np.radians(site.tilt_deg)
    up = np.sin(latitude) * np.sin(declination) + np.cos(latitude) * np.cos(declination) * np.cos(hour_angle)
    south = np.cos(declination) * np.cos(hour_angle) * np.sin(latitude) - np.sin(declination) * np.cos(latitude)
    west = np.cos(declination) * np.sin(hour_angle)
    facing = np.radians(site.azimuth_deg - 180.0)
    incidence = np.maximum(up * np.cos(tilt) + np.sin(tilt) * (south * np.cos(facing) + west * np.sin(facing)), 0.0)
    high = np.maximum(up, 1e-3)
    horizontal = np.where(up > 0, 1098.0 * high * np.exp(-0.057 / high), 0.0)
    beam = 0.85 * horizontal * np.minimum(incidence / np.maximum(high, 0.05), 4.0)
    diffuse = 0.15 * horizontal * (1 + np.cos(tilt)) / 2
    power: FloatArray = site.peak_w * _PERFORMANCE * np.minimum((beam + diffuse) / 1000.0, 1.15)
    return power


def forecast_solar(
    history: History | None,
    edges_s: FloatArray,
    *,
    now_s: float,
    site: SolarSite,
    tz: str = "UTC",
) -> Forecast:
    """Solar power in each of the steps between ``edges_s`` (N + 1), W.

    How much of a clear sky's power arrives is learned by time of day, so that a tree or another roof angle finds its
    way in. A site without a peak power and without history gives 0.
    """
    middles = (edges_s[:-1] + edges_s[1:]) / 2
    clear = clear_sky_w(site, middles)
    zone = ZoneInfo(tz)
    grid = day_grid(history, now_s, zone)
    sky = _clear_by_slot(site, grid, now_s, zone)
    known = _days_known(grid.full, sky[:-1])
    low0, mid0, high0 = _UNKNOWN_SKY
    if known == 0 or site.peak_w <= 0:
        return Forecast.of(clear * mid0, clear * low0, clear * mid0, clear * high0, Basis.DEFAULT)
    dates, hours = local_slots(middles, zone)
    learned, ratios = _clearness(grid.full, sky[:-1], site.peak_w)
    trust = min(1.0, known / _FULL_TRUST_DAYS)
    lucky = _persistence(grid, sky, learned, dates)

    def power(by_slot: FloatArray, unknown: float) -> FloatArray:
        share = np.where(np.isfinite(by_slot), by_slot, unknown)
        return clear * at_hours(trust * share + (1 - trust) * unknown, hours)

    mean = power(learned, mid0) * lucky
    low, mid, high = (power(q, u) for q, u in zip(ratios, _UNKNOWN_SKY, strict=True))
    basis = Basis.HISTORY if known >= _FULL_TRUST_DAYS else Basis.FEW_DAYS
    return Forecast.of(mean, low, np.clip(mid * lucky, low, high), high, basis)


def _days_known(days: FloatArray, sky: FloatArray) -> int:
    """How many days have at least half of their light measured: many inverters say nothing at night."""
    seen = np.where(np.isfinite(days), sky, 0.0).sum(axis=1)
    return int((seen >= 0.5 * np.maximum(sky.sum(axis=1), 1.0)).sum())


def _clear_by_slot(site: SolarSite, grid: DayGrid, now_s: float, zone: ZoneInfo) -> FloatArray:
    """(D, 48): clear-sky power in the slots of the grid's days, W; the last row is today."""
    _, hour = local_slots(np.array([now_s]), zone)
    midnight = now_s - hour[0] * 3600.0
    starts = midnight - 86400.0 * np.arange(len(grid.days) - 1, -1, -1)
    at_s: FloatArray = starts[:, None] + SLOT_S * (np.arange(SLOTS) + 0.5)[None, :]
    return clear_sky_w(site, at_s)


def _clearness(days: FloatArray, sky: FloatArray, peak_w: float) -> tuple[FloatArray, FloatArray]:
    """Share of a clear sky's power by slot: its mean (48,), and p10, p50, p90 (3, 48). NaN in the dark."""
    days, sky = days[-_WINDOW:], sky[-_WINDOW:]
    weight = np.exp(-np.arange(len(days), 0, -1) / _MEMORY_DAYS)[:, None] * np.isfinite(days)
    arrived = _with_neighbours((weight * np.nan_to_num(days)).sum(axis=0))
    possible = _with_neighbours((weight * sky).sum(axis=0))
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(possible > 0.01 * peak_w, arrived / possible, np.nan)
        ratio = np.where((sky > 0.03 * peak_w) & np.isfinite(days), days / sky, np.nan)
    pooled = np.concatenate([np.roll(ratio, shift, axis=1) for shift in (-1, 0, 1)])
    dark = ~np.isfinite(pooled).any(axis=0)
    pooled[:, dark] = 0.0
    quantiles = np.nanquantile(pooled, [0.1, 0.5, 0.9], axis=0)
    quantiles[:, dark] = np.nan
    return mean, quantiles


def _with_neighbours(by_slot: FloatArray) -> FloatArray:
    total: FloatArray = by_slot + np.roll(by_slot, 1) + np.roll(by_slot, -1)
    return total


def _persistence(grid: DayGrid, sky: FloatArray, learned: FloatArray, dates: npt.NDArray[np.int64]) -> FloatArray:
    """Factor by step: weather lasts, so a day that began (or a yesterday that was) clearer makes the next one so."""
    expected = sky * np.nan_to_num(learned)
    seen = np.where(np.isfinite(grid.days), expected, 0.0).sum(axis=1)
    arrived = np.nansum(grid.days, axis=1)
    today = len(grid.days) - 1
    day = today if seen[today] > 0.15 * expected[today].sum() else today - 1
    if seen[day] <= 0.1 * expected[day].sum() or seen[day] <= 0:
        return np.ones(len(dates))
    surprise = float(np.clip(arrived[day] / seen[day], 0.2, 1.8)) - 1.0
    ahead = np.clip(dates - grid.today + (today - day), 0, len(_LASTS) - 1)
    factor: FloatArray = 1.0 + surprise * np.array(_LASTS)[ahead]
    return factor
