"""Solar power to come: where the sun stands, and how clear the last weeks were."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np

from energy.asks import FloatArray
from energy.forecast.history import SLOT_S, SLOTS, History, at_hours, day_grid, local_slots
from energy.forecast.spread import Basis, Forecast

_PERFORMANCE = 0.85
"""Part of the modules' rated power that reaches the house in full sun."""
_UNKNOWN_SKY = (0.12, 0.45, 0.92)
"""p10, p50, p90 of power relative to a clear sky, when nothing is known of the place: Central Europe over a year."""
_FULL_TRUST_DAYS = 7


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
    known = grid.days_known
    low0, mid0, high0 = _UNKNOWN_SKY
    if known == 0 or site.peak_w <= 0:
        return Forecast.of(clear * mid0, clear * low0, clear * mid0, clear * high0, Basis.DEFAULT)
    _, hours = local_slots(middles, zone)
    days = grid.full[-28:]
    sky = _clear_by_slot(site, now_s, len(days), zone)
    lit = sky > 0.03 * site.peak_w
    ratio = np.where(lit & np.isfinite(days), days / np.where(lit, sky, 1.0), np.nan)
    pooled = np.concatenate([np.roll(ratio, shift, axis=1) for shift in (-1, 0, 1)])
    trust = min(1.0, known / _FULL_TRUST_DAYS)

    def blend(by_slot: FloatArray, unknown: float) -> FloatArray:
        learned = np.where(np.isfinite(by_slot), by_slot, unknown)
        return clear * at_hours(trust * learned + (1 - trust) * unknown, hours)

    dark = ~np.isfinite(pooled).any(axis=0)
    pooled[:, dark] = 0.0
    quantiles = np.nanquantile(pooled, [0.1, 0.5, 0.9], axis=0)
    quantiles[:, dark] = np.nan
    mean_ratio = np.where(dark, np.nan, np.nanmean(pooled, axis=0))
    mean = blend(mean_ratio, mid0)
    low, mid, high = (blend(q, u) for q, u in zip(quantiles, _UNKNOWN_SKY, strict=True))
    basis = Basis.HISTORY if known >= _FULL_TRUST_DAYS else Basis.FEW_DAYS
    return Forecast.of(mean, low, mid, high, basis)


def _clear_by_slot(site: SolarSite, now_s: float, count: int, zone: ZoneInfo) -> FloatArray:
    """(count, 48): clear-sky power in the slots of the last ``count`` days before today, W."""
    _, hour = local_slots(np.array([now_s]), zone)
    midnight = now_s - hour[0] * 3600.0
    starts = midnight - 86400.0 * np.arange(count, 0, -1)
    at_s = starts[:, None] + SLOT_S * (np.arange(SLOTS) + 0.5)[None, :]
    return clear_sky_w(site, at_s)
