"""Forecasts: honest without history, tolerant of gaps, better than averages where there is something to learn."""

from datetime import UTC, datetime

import numpy as np
import pytest

from energy.forecast import Basis, Forecast, History, SolarSite, clear_sky_w, forecast_load, forecast_solar
from energy.horizon import make_edges

NOON = datetime(2024, 6, 21, 12, tzinfo=UTC).timestamp()
MIDNIGHT = NOON - 12 * 3600
SITE = SolarSite(peak_w=5000.0, latitude_deg=48.0, longitude_deg=0.0)


def household(days, end_s=MIDNIGHT, seed=0, weekend_factor=1.0):
    """Half-hour means with a morning and an evening, and a noise of 20 %."""
    rng = np.random.default_rng(seed)
    at_s = end_s - 1800.0 * np.arange(days * 48, 0, -1)
    hours = (at_s / 3600) % 24
    base = 300 + 400 * np.exp(-((hours - 7) ** 2)) + 900 * np.exp(-(((hours - 19) / 1.5) ** 2))
    weekday = ((at_s // 86400) + 3) % 7
    return at_s, base * np.where(weekday >= 5, weekend_factor, 1.0) * rng.normal(1.0, 0.2, len(at_s))


def ordered(forecast: Forecast) -> bool:
    """Quantiles in order, nothing negative, everything a number."""
    rows = np.stack([forecast.p10_w, forecast.p50_w, forecast.p90_w, forecast.mean_w])
    return bool(
        np.isfinite(rows).all()
        and (rows >= 0).all()
        and (forecast.p10_w <= forecast.p50_w + 1e-9).all()
        and (forecast.p50_w <= forecast.p90_w + 1e-9).all()
    )


@pytest.mark.parametrize("history", [None, History(np.array([]), np.array([]))])
def test_the_first_day_is_a_typical_household_and_says_so(history):
    edges = make_edges(MIDNIGHT, hours=24)
    load = forecast_load(history, edges, now_s=MIDNIGHT)
    assert load.basis is Basis.DEFAULT
    assert ordered(load)
    assert np.average(load.mean_w, weights=np.diff(edges)) == pytest.approx(450.0, rel=0.02)
    assert (load.p90_w > 1.5 * load.mean_w).all()
    solar = forecast_solar(history, edges, now_s=MIDNIGHT, site=SITE)
    assert solar.basis is Basis.DEFAULT
    assert ordered(solar)
    assert solar.p90_w.max() > 3000
    assert solar.mean_w[0] == 0.0


def test_three_days_are_blended_and_say_so():
    at_s, power = household(3)
    load = forecast_load(History(at_s, power), make_edges(MIDNIGHT, hours=24), now_s=MIDNIGHT)
    assert load.basis is Basis.FEW_DAYS
    assert ordered(load)


def test_a_month_gives_the_household_back():
    at_s, power = household(40)
    edges = MIDNIGHT + 1800.0 * np.arange(49)
    load = forecast_load(History(at_s, power), edges, now_s=MIDNIGHT)
    truth = household(1, end_s=MIDNIGHT + 86400, seed=9)[1]
    assert load.basis is Basis.HISTORY
    assert np.sqrt(np.mean((load.mean_w - truth) ** 2)) < 0.3 * truth.mean()
    assert 0.02 <= np.mean(truth > load.p90_w) <= 0.3


def test_it_learns_that_weekends_differ():
    # 2024-06-21 is a Friday: Saturday's forecast is 24 h ahead of its midnight.
    at_s, power = household(60, weekend_factor=2.0)
    edges = MIDNIGHT + 1800.0 * np.arange(97)
    load = forecast_load(History(at_s, power), edges, now_s=MIDNIGHT)
    assert load.mean_w[48:].sum() > 1.25 * load.mean_w[:48].sum()


def test_missing_values_never_become_zero():
    at_s, power = household(40)
    rng = np.random.default_rng(1)
    holes = power.copy()
    holes[rng.random(len(holes)) < 0.3] = np.nan
    holes[at_s > MIDNIGHT - 3 * 86400] = np.nan
    edges = MIDNIGHT + 1800.0 * np.arange(49)
    whole = forecast_load(History(at_s, power), edges, now_s=MIDNIGHT)
    holed = forecast_load(History(at_s, holes), edges, now_s=MIDNIGHT)
    assert ordered(holed)
    assert holed.mean_w.mean() == pytest.approx(whole.mean_w.mean(), rel=0.1)


def test_a_slot_that_is_never_measured_is_not_zero():
    at_s, power = household(30)
    power[((at_s / 3600) % 24 >= 2) & ((at_s / 3600) % 24 < 4)] = np.nan
    load = forecast_load(History(at_s, power), MIDNIGHT + 1800.0 * np.arange(49), now_s=MIDNIGHT)
    assert ordered(load)
    assert load.mean_w[5] > 100


def test_the_future_is_not_peeked_at():
    at_s, power = household(40, end_s=MIDNIGHT + 5 * 86400)
    spoilt = power.copy()
    spoilt[at_s >= MIDNIGHT] = 1e6
    edges = make_edges(MIDNIGHT, hours=24)
    a = forecast_load(History(at_s, power), edges, now_s=MIDNIGHT)
    b = forecast_load(History(at_s, spoilt), edges, now_s=MIDNIGHT)
    assert np.array_equal(a.mean_w, b.mean_w)


def test_the_last_hours_pull_the_next_ones():
    at_s, power = household(40, end_s=NOON)
    high = power.copy()
    high[at_s >= NOON - 3 * 3600] += 2000.0
    edges = make_edges(NOON, hours=24)
    calm = forecast_load(History(at_s, power), edges, now_s=NOON)
    busy = forecast_load(History(at_s, high), edges, now_s=NOON)
    lift = busy.mean_w - calm.mean_w
    assert 500 < lift[0] < 1500
    assert abs(lift[-1]) < 200


@pytest.mark.parametrize("day", ["2024-03-31", "2024-10-27"])
def test_days_of_23_and_25_hours_are_forecast(day):
    from zoneinfo import ZoneInfo

    start_s = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo("Europe/Paris")).timestamp()
    at_s, power = household(30, end_s=start_s + 2 * 86400)
    for now_s in (start_s, start_s + 86400):
        load = forecast_load(History(at_s, power), make_edges(now_s, hours=36), now_s=now_s, tz="Europe/Paris")
        assert ordered(load)


def test_the_clear_sky_is_the_sun_s():
    at_s = MIDNIGHT + 600.0 * np.arange(144)
    power = clear_sky_w(SITE, at_s)
    assert abs(at_s[power.argmax()] - NOON) < 1800
    assert 3500 < power.max() < 5000
    # On the longest day at 48° north the sun is up for 16 hours, the first and last behind the roof.
    assert np.count_nonzero(power > 5) / 6 == pytest.approx(15.3, abs=0.6)
    winter = clear_sky_w(SITE, at_s + 183 * 86400.0)
    assert np.count_nonzero(winter > 5) / 6 == pytest.approx(8.4, abs=0.6)
    east = clear_sky_w(SolarSite(peak_w=5000.0, longitude_deg=0.0, azimuth_deg=90.0, tilt_deg=45.0), at_s)
    assert at_s[east.argmax()] < NOON - 2 * 3600


def test_solar_learns_the_roof_and_that_weather_lasts():
    at_s = MIDNIGHT - 1800.0 * np.arange(30 * 48, 0, -1)
    clear = clear_sky_w(SITE, at_s + 900)
    rng = np.random.default_rng(4)
    cloud = np.repeat(rng.uniform(0.3, 0.6, 30), 48)
    night = np.where(clear > 0, clear * cloud, np.nan)
    edges = MIDNIGHT + 1800.0 * np.arange(49)
    dull = forecast_solar(History(at_s, night), edges, now_s=MIDNIGHT, site=SITE)
    assert dull.basis is Basis.HISTORY
    assert ordered(dull)
    assert dull.mean_w.sum() == pytest.approx(0.45 * clear_sky_w(SITE, edges[:-1] + 900).sum(), rel=0.15)
    bright = night.copy()
    bright[-48:] *= 2.0
    lasting = forecast_solar(History(at_s, bright), edges, now_s=MIDNIGHT, site=SITE)
    # Here each day's clouds are drawn anew, which the forecast learns: yesterday counts, but not for much.
    assert lasting.mean_w.sum() > 1.08 * dull.mean_w.sum()


def test_a_house_without_a_roof_has_no_solar():
    solar = forecast_solar(None, make_edges(NOON), now_s=NOON, site=SolarSite(peak_w=0.0))
    assert not solar.p90_w.any()
