"""Where the sun stands, and what a roof gives: under a clear sky, and under one that a provider forecasts."""

from dataclasses import dataclass

import numpy as np

from energy.asks import FloatArray
from energy.forecast.weather import Weather

_PERFORMANCE = 0.85
"""Part of the modules' rated power that reaches the house in full sun."""
_TURBIDITY = 3.0
"""Linke's, of clean air over land."""
_LOSS_PER_C = 0.004
_STANDARD_C = 25.0
_WARMER_C_M2_W = 0.03
"""A module in the sun is so much warmer than the air, for each W/m²."""


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


def weather_roof_w(site: SolarSite, weather: Weather, at_s: FloatArray) -> FloatArray:
    """Power at instants under the sky that ``weather`` tells, W; NaN where it does not tell.

    A provider that forecasts the roof's power itself is taken at its word (``solar_w``). Else global irradiance is put
    on the tilted roof by pvlib (Hay and Davies), split into beam and sky by the provider or, where it does not, after
    Erbs; where only clouds are told, irradiance is that of a clear sky less three quarters of the clouds' 3.4th power
    (Kasten and Czeplak). Warm modules give less.
    """
    told = weather.column("solar_w", at_s)
    rest = ~np.isfinite(told)
    if not rest.any() or site.peak_w <= 0:
        return told
    ghi, dni, dhi = (weather.column(name, at_s) for name in ("ghi_w_m2", "dni_w_m2", "dhi_w_m2"))
    cloud = weather.column("cloud_share", at_s)
    usable = rest & (np.isfinite(ghi) | np.isfinite(cloud))
    if not usable.any():
        return told
    poa = _on_roof(site, at_s[usable], ghi[usable], dni[usable], dhi[usable], cloud[usable])
    air = np.nan_to_num(weather.column("temperature_c", at_s)[usable], nan=15.0)
    warm = np.maximum(air + _WARMER_C_M2_W * poa - _STANDARD_C, -_STANDARD_C)
    told[usable] = site.peak_w * _PERFORMANCE * poa / 1000.0 * np.clip(1.0 - _LOSS_PER_C * warm, 0.6, 1.15)
    return told


def _on_roof(
    site: SolarSite, at_s: FloatArray, ghi: FloatArray, dni: FloatArray, dhi: FloatArray, cloud: FloatArray
) -> FloatArray:
    """Irradiance on the roof's plane, W/m²."""
    # It takes a second to import, and only homes with a weather provider need it.
    from pvlib import atmosphere, clearsky, irradiance, spa

    # Altitude m, air pressure Pa and temperature °C, TT − UT s, refraction at the horizon °: all but the place matter
    # far less than the clouds.
    position = spa.solar_position(
        at_s, site.latitude_deg, site.longitude_deg, 0.0, 101_325.0, 12.0, 69.0, 0.5667, numthreads=1
    )
    zenith, azimuth = position[0], position[4]
    air_mass = atmosphere.get_absolute_airmass(atmosphere.get_relative_airmass(zenith))
    with np.errstate(divide="ignore", invalid="ignore"):  # below the horizon
        clear = clearsky.ineichen(zenith, air_mass, _TURBIDITY)["ghi"]
    ghi = np.where(np.isfinite(ghi), ghi, clear * (1.0 - 0.75 * np.clip(np.nan_to_num(cloud), 0.0, 1.0) ** 3.4))
    day_of_year = np.floor(np.mod(at_s / 86400.0, 365.2422)) + 1
    split = irradiance.erbs(ghi, zenith, day_of_year)
    both = np.isfinite(dni) & np.isfinite(dhi)
    total = irradiance.get_total_irradiance(
        site.tilt_deg,
        site.azimuth_deg,
        zenith,
        azimuth,
        np.where(both, dni, split["dni"]),
        ghi,
        np.where(both, dhi, split["dhi"]),
        dni_extra=irradiance.get_extra_radiation(day_of_year),
        model="haydavies",
    )
    poa: FloatArray = np.nan_to_num(np.asarray(total["poa_global"], dtype=np.float64))
    return np.maximum(poa, 0.0)
