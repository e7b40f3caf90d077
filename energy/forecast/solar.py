"""Solar power to come.

Several ways say it, as for the load: yesterday, the means of a week and a month, the clear sky times how clear it was
at that time of day of late, a ridge regression learned anew each day, and with a weather provider its sky on this
roof, and a regression that knows of it. Each counts by its score on days that it had not seen. In the course of a day
how it began corrects the rest.
"""

from dataclasses import replace
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from energy.asks import FloatArray
from energy.forecast.clean import Flags, clean
from energy.forecast.day_model import COMING_DAYS, DayModel, PastDays
from energy.forecast.features import IntArray
from energy.forecast.history import DAY_S, History, at_hours, day_grid, local_slots
from energy.forecast.regression import DailySums
from energy.forecast.solar_features import clearness, provider_features, sky_features
from energy.forecast.spread import Basis, Forecast
from energy.forecast.sun import SolarSite, clear_sky_w, weather_roof_w
from energy.forecast.weather import Weather
from energy.forecast.weighing import WALK_DAYS, weigh

UNKNOWN_SKY = (0.12, 0.45, 0.92)
"""p10, p50, p90 of power relative to a clear sky, when nothing is known of the place: Central Europe over a year."""
_TOLD_SKY = (0.5, 1.0, 1.4)
"""The same relative to what a weather provider tells, before it was ever scored."""
_FULL_TRUST_DAYS = 7
_LEARN_DAYS = 21
"""Days of history with which the regressions begin."""
_WINDOW = 120
"""Days that they learn from."""
_RIDGE = 0.2
HISTORY_DAYS = 210
_MOST_OF_PEAK = 1.6
"""A roof gives more than its modules' rating for moments only, and never so much more."""
_LEAST_OF_PEAK = 0.05
"""Errors do not shrink with the sky below this part of the rated power."""
_LASTS = (0.6, 0.3, 0.1, 0.0)
"""How much of this day's surprise is still there the same day, the next one, and so on."""
_ENOUGH_SEEN = 0.15
"""Part of a day's light after which the day tells about itself."""


def forecast_solar(
    history: History | None,
    edges_s: FloatArray,
    *,
    now_s: float,
    site: SolarSite,
    tz: str = "UTC",
    weather: Weather | None = None,
) -> Forecast:
    """Solar power in each of the steps between ``edges_s`` (N + 1), W.

    How much of a clear sky's power arrives is learned by time of day, so that a tree or another roof angle finds its
    way in. ``weather`` (past hours too) counts as it proves itself. A site without a peak power is taken for the
    largest power that its history shows; without history, too, it gives 0.
    """
    zone = ZoneInfo(tz)
    middles = (edges_s[:-1] + edges_s[1:]) / 2
    site = _with_peak(site, history, now_s)
    clear = clear_sky_w(site, middles)
    past = PastDays.before(now_s, history, zone, HISTORY_DAYS) if site.peak_w > 0 else None
    model = None if past is None else _model(past, site, None if weather is None else weather.packed())
    if model is None:
        return _unknown(site, clear, weather, middles)
    dates, hours = local_slots(middles, zone)
    mean = np.empty(len(middles))
    for day in np.unique(dates).tolist():
        mean[dates == day] = at_hours(model.day(day), hours[dates == day])
    mean *= _surprise(model, history, now_s, zone, dates, site)
    # Between slots the sun rises and sets: nothing comes while it is down, unless this roof has shown otherwise.
    dark = (clear <= 0) & (at_hours(model.day(model.today), hours) < _LEAST_OF_PEAK * site.peak_w)
    mean[dark] = 0.0
    height = np.where(dark, 0.0, np.maximum(clear, _LEAST_OF_PEAK * site.peak_w))
    low, mid, high = (mean + height * at_hours(part, hours) for part in model.weighed.relative)
    made = Forecast.of(mean, low, mid, np.minimum(high, _MOST_OF_PEAK * site.peak_w), Basis.HISTORY)
    if model.known < _FULL_TRUST_DAYS:
        trust = model.known / _FULL_TRUST_DAYS
        made = _between(made, _unknown(site, clear, weather, middles), trust)
    return replace(made, scores=model.weighed.scores, notes=model.notes)


def _between(learned: Forecast, unknown: Forecast, trust: float) -> Forecast:
    """Of few days as much as they deserve."""
    parts = ("mean_w", "p10_w", "p50_w", "p90_w")
    mean, low, mid, high = (trust * getattr(learned, p) + (1 - trust) * getattr(unknown, p) for p in parts)
    return Forecast.of(mean, low, mid, high, Basis.FEW_DAYS)


def _unknown(site: SolarSite, clear: FloatArray, weather: Weather | None, at_s: FloatArray) -> Forecast:
    """Before anything was measured."""
    low, mid, high = (clear * share for share in UNKNOWN_SKY)
    if weather is not None:
        told = weather_roof_w(site, weather, at_s)
        known = np.isfinite(told)
        parts = zip((low, mid, high), _TOLD_SKY, strict=True)
        low, mid, high = (np.where(known, np.nan_to_num(told) * share, rest) for rest, share in parts)
    return Forecast.of(mid, low, mid, high, Basis.DEFAULT)


def _with_peak(site: SolarSite, history: History | None, now_s: float) -> SolarSite:
    if site.peak_w > 0 or history is None or not len(history.at_s):
        return site
    past, _ = clean(History(history.at_s, np.where(history.at_s < now_s, history.mean_w, np.nan)), still_at_zero=True)
    known = past.mean_w[np.isfinite(past.mean_w)]
    return replace(site, peak_w=1.1 * float(known.max()) if len(known) else 0.0)


@lru_cache(maxsize=8)
def _model(past: PastDays, site: SolarSite, told: tuple[bytes, ...] | None) -> DayModel | None:
    """What the days before today teach; ``told`` is the weather. None: nothing is known."""
    history, notes = clean(past.history, most_w=_MOST_OF_PEAK * site.peak_w, still_at_zero=True)
    grid = day_grid(history, past.midnight_s, past.zone, most_days=HISTORY_DAYS)
    some = np.isfinite(grid.full).any(axis=1)
    if not some.any():
        return None
    measured = grid.full[int(np.argmax(some)) :]
    count = len(measured)
    at_s = past.slots_s(count, COMING_DAYS)
    sky = clear_sky_w(site, at_s.reshape(-1)).reshape(at_s.shape)
    known = _days_known(measured, sky[:count])
    if known == 0:
        return None
    word = np.full(sky.shape, np.nan)
    if told is not None:
        word = weather_roof_w(site, Weather.unpacked(told), at_s.reshape(-1)).reshape(at_s.shape)
    first = max(1, count - WALK_DAYS)
    walked = np.arange(first, count + 1)
    ways = _ways(measured, sky, word, walked, walked, known, site)
    height = np.maximum(sky, _LEAST_OF_PEAK * site.peak_w)
    height[sky <= 0] = np.nan
    found = weigh(ways, measured[first:], height[first : count + 1])
    ahead = np.arange(count, count + COMING_DAYS)
    coming = _ways(measured, sky, word, np.full(COMING_DAYS, count), ahead, known, site)
    days = np.nan_to_num(found.mean(coming))
    return DayModel(today=grid.today, known=known, days=days, weighed=found, notes=notes)


def _ways(
    measured: FloatArray, sky: FloatArray, told: FloatArray, rows: IntArray, days: IntArray, known: int, site: SolarSite
) -> FloatArray:
    """(M, R, 48) W, each as it stood before day ``rows``, for the day ``days``; NaN: it cannot say."""
    expected = clearness(measured, sky, rows, days, UNKNOWN_SKY[1])
    simple, features = sky_features(measured, sky, expected, rows, days)
    ways = [*simple, features[:, :, 1]]
    extra = None
    if np.isfinite(told[: len(measured) + 1]).any():
        extra = provider_features(measured, told, sky, rows, days)
        ways.append(extra[:, :, 0])
    learn = np.arange(1, len(measured))
    if known >= _LEARN_DAYS:
        past_expected = clearness(measured, sky, learn, learn, UNKNOWN_SKY[1])
        past = sky_features(measured, sky, past_expected, learn, learn)[1]
        usable = np.isfinite(measured[1:]) & (sky[1 : len(measured)] > 0)
        ways.append(_regressed(past, features, measured, usable, rows))
        if extra is not None:
            both = np.concatenate([past, provider_features(measured, told, sky, learn, learn)], axis=2)
            ways.append(_regressed(both, np.concatenate([features, extra], axis=2), measured, usable, rows))
    found = np.stack(ways)
    found[:, sky[days] <= 0] = np.where(np.isfinite(found[:, sky[days] <= 0]), 0.0, np.nan)
    return np.asarray(np.minimum(np.maximum(found, 0.0), _MOST_OF_PEAK * site.peak_w))


def _regressed(
    past: FloatArray, columns: FloatArray, measured: FloatArray, usable: Flags, rows: IntArray
) -> FloatArray:
    """(R, 48) W of a regression over the days before each row; NaN where it has too few, or lacks a column."""
    good = usable & np.isfinite(past).all(axis=2)
    sums = DailySums(np.nan_to_num(past), np.nan_to_num(measured[1:]), good)
    ends = np.minimum(rows - 1, len(past))
    starts = np.maximum(ends - _WINDOW, 0)
    found = sums.fits(starts, ends, _RIDGE).all(np.nan_to_num(columns))
    days = np.concatenate([[0], np.cumsum(good.any(axis=1))])
    found[days[ends] - days[starts] < _LEARN_DAYS] = np.nan
    found[~np.isfinite(columns).all(axis=2)] = np.nan
    return found


def _days_known(days: FloatArray, sky: FloatArray) -> int:
    """How many days have at least half of their light measured: many inverters say nothing at night."""
    seen = np.where(np.isfinite(days), sky, 0.0).sum(axis=1)
    return int((seen >= 0.5 * np.maximum(sky.sum(axis=1), 1.0)).sum())


def _surprise(
    model: DayModel, history: History | None, now_s: float, zone: ZoneInfo, dates: IntArray, site: SolarSite
) -> FloatArray:
    """Factor by step: a day that began clearer goes on clearer, and makes the next one so."""
    none = np.ones(len(dates))
    if history is None:
        return none
    fits = history.at_s >= now_s - DAY_S
    today = day_grid(History(history.at_s[fits], history.mean_w[fits]), now_s, zone, most_days=0).days[0]
    today = np.where((today <= _MOST_OF_PEAK * site.peak_w) & (today >= -_LEAST_OF_PEAK * site.peak_w), today, np.nan)
    expected = model.day(model.today)
    seen = float(np.where(np.isfinite(today), expected, 0.0).sum())
    if seen <= _ENOUGH_SEEN * expected.sum() or seen <= 0:
        return none
    surprise = float(np.clip(np.nansum(today) / seen, 0.2, 1.8)) - 1.0
    lasting: FloatArray = np.array(_LASTS)[np.clip(dates - model.today, 0, len(_LASTS) - 1)]
    return 1.0 + surprise * lasting
