"""Ways of forecasting are scored on unseen days; what cannot be true is left out; scenarios hang together."""

import csv
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from energy.forecast import (
    Basis,
    Fault,
    Forecast,
    History,
    SolarSite,
    Weather,
    clean,
    clear_sky_w,
    forecast_load,
    forecast_solar,
    make_scenarios,
    score_sentence,
    weather_roof_w,
)
from energy.forecast.score import OURS, rolling_weights

MIDNIGHT = datetime(2024, 6, 21, tzinfo=UTC).timestamp()
EDGES = MIDNIGHT + 1800.0 * np.arange(49)
SITE = SolarSite(peak_w=5000.0, latitude_deg=48.0, longitude_deg=0.0)
HOUSE = Path(__file__).resolve().parents[1] / "data/energy/house_fr_week_2024-09.csv"


def household(days, seed=0, end_s=MIDNIGHT):
    rng = np.random.default_rng(seed)
    at_s = end_s - 1800.0 * np.arange(days * 48, 0, -1)
    hours = (at_s / 3600) % 24
    return at_s, (300 + 900 * np.exp(-(((hours - 19) / 1.5) ** 2))) * rng.normal(1.0, 0.2, len(at_s))


def of(forecast, name):
    return next(s for s in forecast.scores if s.of == name)


def test_the_score_is_what_it_was_off_by_and_the_band_what_it_held():
    at_s, power = household(60)
    found = forecast_load(History(at_s, power), EDGES, now_s=MIDNIGHT)
    ours, yesterday = of(found, OURS), of(found, "yesterday")
    assert ours.days == 28
    # Noise of a fifth cannot be forecast: its size is what is left, and yesterday adds its own.
    noise = 0.2 * np.sqrt(np.mean((power[-28 * 48 :]) ** 2))
    assert ours.rmse_w == pytest.approx(noise, rel=0.1)
    assert yesterday.rmse_w == pytest.approx(noise * np.sqrt(2), rel=0.1)
    assert 0.74 <= ours.band_share <= 0.86
    assert yesterday.band_share is None
    assert "simple averages" in score_sentence("Load", found.scores)


def test_on_the_first_days_nothing_is_scored_that_was_not_forecast():
    at_s, power = household(1)
    found = forecast_load(History(at_s, power), EDGES, now_s=MIDNIGHT)
    assert found.basis is Basis.FEW_DAYS
    assert found.scores == ()
    assert score_sentence("Load", ()) == "Load forecast: too few days to score it."


@pytest.mark.parametrize("days", [1, 3, 6])
def test_a_house_three_times_as_large_is_forecast_three_times_as_large_from_its_first_day_on(days):
    at_s, power = household(days)
    one, three = (forecast_load(History(at_s, k * power), EDGES, now_s=MIDNIGHT) for k in (1.0, 3.0))
    assert three.mean_w.mean() == pytest.approx(3.0 * one.mean_w.mean(), rel=0.02)
    assert one.mean_w.mean() == pytest.approx(power.mean(), rel=0.1)


@pytest.mark.parametrize("days", [1, 2, 3, 5, 8, 14, 20, 21, 22, 23, 29, 60, 100])
def test_every_length_of_history_gives_a_whole_forecast(days):
    at_s, power = household(days)
    rng = np.random.default_rng(days)
    power[rng.random(len(power)) < 0.1] = np.nan
    load = forecast_load(History(at_s, power), EDGES, now_s=MIDNIGHT)
    sun = clear_sky_w(SITE, at_s + 900) * rng.uniform(0.2, 1.0, len(at_s))
    sun[sun < 1] = np.nan
    solar = forecast_solar(History(at_s, sun), EDGES, now_s=MIDNIGHT, site=SITE)
    for found in (load, solar):
        rows = np.stack([found.p10_w, found.p50_w, found.p90_w, found.mean_w])
        assert np.isfinite(rows).all()
        assert (rows >= 0).all()
        assert (np.diff(rows[:3], axis=0) >= 0).all()
        assert found.mean_w.max() < 6000


def test_the_better_way_gets_the_word():
    rng = np.random.default_rng(0)
    good, bad = rng.normal(0, 100, (60, 48)), rng.normal(0, 300, (60, 48))
    weights = rolling_weights(np.stack([good, bad]))
    assert weights.shape == (2, 61)
    assert weights[0, 0] == weights[1, 0] == 0.5
    assert weights[0, -1] > 0.99
    # One that spoke on few slots alone, and well there, does not win by its silence.
    silent = np.full((60, 48), np.nan)
    silent[:, :2] = 0.0
    assert rolling_weights(np.stack([good, silent]))[1, -1] == 0.0


def test_a_change_of_life_shifts_the_words():
    """A house that starts to repeat yesterday exactly is soon forecast by yesterday."""
    at_s, power = household(100)
    days = power.reshape(-1, 48)
    pattern = np.random.default_rng(3).uniform(200, 3000, 48)
    days[-40:] = pattern
    found = forecast_load(History(at_s, days.reshape(-1)), EDGES, now_s=MIDNIGHT)
    assert np.abs(found.mean_w - pattern).max() < 50


def test_the_real_house_is_forecast_from_its_first_days():
    rows = list(csv.DictReader(HOUSE.open()))
    at_s = np.array([datetime.fromisoformat(row["time_utc"]).timestamp() for row in rows])
    load = np.array([float(row["load_w"]) if row["load_w"] else np.nan for row in rows])
    zone = ZoneInfo("Europe/Paris")
    first = datetime.fromtimestamp(at_s[0], zone).date()
    errors, plain = [], []
    for day in range(5, 9):
        now_s = datetime(first.year, first.month, first.day + day, tzinfo=zone).timestamp()
        edges = now_s + 1800.0 * np.arange(49)
        found = forecast_load(History(at_s, load), edges, now_s=now_s, tz="Europe/Paris")
        truth = np.array([load[at_s == t][0] if (at_s == t).any() else np.nan for t in edges[:-1]])
        before = np.array([load[at_s == t - 86400][0] if (at_s == t - 86400).any() else np.nan for t in edges[:-1]])
        errors.append(found.mean_w - truth)
        plain.append(before - truth)
    assert np.nanmean(np.square(errors)) < np.nanmean(np.square(plain))


def test_the_same_history_is_learned_from_once():
    from energy.forecast import load as room

    at_s, power = household(60)
    room._model.cache_clear()
    for k in range(20):
        now_s = MIDNIGHT + 600.0 * k
        forecast_load(History(at_s, power), now_s + 900.0 * np.arange(49), now_s=now_s)
    # A copy of the same content, as it comes out of a pickle, too.
    forecast_load(History(at_s.copy(), power.copy()), EDGES, now_s=MIDNIGHT)
    assert room._model.cache_info().misses == 1
    forecast_load(History(at_s, power + 1.0), EDGES, now_s=MIDNIGHT)
    assert room._model.cache_info().misses == 2


# What cannot be true.


def test_a_stuck_meter_is_left_out_and_said():
    at_s, power = household(60)
    stuck = power.copy()
    stuck[-5 * 48 : -3 * 48] = 2345.6
    history, [note] = clean(History(at_s, stuck))
    assert (note.fault, note.count, note.worst_w) == (Fault.STUCK, 96, 2345.6)
    assert np.isnan(history.mean_w[-5 * 48 : -3 * 48]).all()
    assert note.sentence("load") == (
        "96 readings of load between 2024-06-16 and 2024-06-17 stood still (2346 W) and are left out."
    )
    found = forecast_load(History(at_s, stuck), EDGES, now_s=MIDNIGHT)
    plain = forecast_load(History(at_s, power), EDGES, now_s=MIDNIGHT)
    assert found.notes == (note,)
    assert found.mean_w.mean() == pytest.approx(plain.mean_w.mean(), rel=0.05)


def test_a_megawatt_is_no_household():
    at_s, power = household(60)
    spoilt = power.copy()
    spoilt[[-100, -700]] = 1e6
    spoilt[-300] = -8000.0
    spoilt[-200] = np.inf
    found = forecast_load(History(at_s, spoilt), EDGES, now_s=MIDNIGHT)
    assert {note.fault for note in found.notes} == {Fault.TOO_HIGH, Fault.NEGATIVE}
    plain = forecast_load(History(at_s, power), EDGES, now_s=MIDNIGHT)
    assert np.abs(found.mean_w - plain.mean_w).max() < 60
    # Just now, too: the last hours must not pull the next ones to a megawatt.
    late = power.copy()
    late[-2:] = 1e6
    assert forecast_load(History(at_s, late), EDGES, now_s=MIDNIGHT).mean_w.max() < 2500


def test_a_roof_may_rest_at_zero_but_not_at_a_thousand_watts():
    at_s, _ = household(60)
    sun = np.maximum(clear_sky_w(SITE, at_s + 900), 0.0)
    sun[-20 * 48 : -18 * 48] = 0.0
    assert clean(History(at_s, sun), still_at_zero=True)[1] == ()
    sun[-10 * 48 : -9 * 48] = 1000.0
    [note] = clean(History(at_s, sun), still_at_zero=True)[1]
    assert note.fault is Fault.STUCK
    found = forecast_solar(History(at_s, sun), EDGES, now_s=MIDNIGHT, site=SITE)
    assert not found.mean_w[:6].any()


def test_a_heater_of_eleven_kilowatts_is_no_fault():
    at_s, power = household(60)
    power[::37] += 11_000.0
    assert clean(History(at_s, power))[1] == ()


# Weather.


def hourly(days, end_days=3):
    return MIDNIGHT - 86400.0 * days + 3600.0 * np.arange((days + end_days) * 24) + 1800.0


def test_cold_days_cost_heat_where_the_weather_is_known():
    rng = np.random.default_rng(5)
    at_s, power = household(100)
    cold = np.repeat(rng.uniform(-5, 15, 104), 24)[: 103 * 24]
    told_s = hourly(100)
    heat = np.maximum(16 - np.interp(at_s + 900, told_s, cold), 0) * 120
    history = History(at_s, power + heat)
    weather = Weather.of(told_s, temperature_c=cold)
    knowing = forecast_load(history, EDGES, now_s=MIDNIGHT, weather=weather)
    guessing = forecast_load(history, EDGES, now_s=MIDNIGHT)
    truth = (
        household(1, seed=9, end_s=MIDNIGHT + 86400)[1]
        + np.maximum(16 - np.interp(EDGES[:-1] + 900, told_s, cold), 0) * 120
    )
    assert of(knowing, OURS).rmse_w < 0.6 * of(guessing, OURS).rmse_w
    assert np.sqrt(np.mean((knowing.mean_w - truth) ** 2)) < np.sqrt(np.mean((guessing.mean_w - truth) ** 2))


def test_weather_that_ends_or_has_just_begun_changes_nothing():
    at_s, power = household(60)
    history = History(at_s, power)
    plain = forecast_load(history, EDGES, now_s=MIDNIGHT)
    some = np.full(24 * 20, 5.0) + np.arange(480) % 7
    old = Weather.of(MIDNIGHT - 86400.0 * 30 + 3600.0 * np.arange(480), temperature_c=some)
    ahead = Weather.of(MIDNIGHT + 3600.0 * np.arange(48), temperature_c=some[:48])
    for weather in (old, ahead, Weather.of(np.array([]))):
        assert np.array_equal(forecast_load(history, EDGES, now_s=MIDNIGHT, weather=weather).mean_w, plain.mean_w)


def test_pvlib_puts_the_told_sky_on_the_roof():
    at_s = MIDNIGHT + 3600.0 * np.arange(24) + 1800.0
    clear = np.maximum(np.sin((np.arange(24) + 0.5 - 4) / 16 * np.pi), 0) * 900
    roof = weather_roof_w(SITE, Weather.of(at_s, ghi_w_m2=clear), at_s)
    assert roof.argmax() in (11, 12)
    assert 3000 < roof.max() < 4600
    half = weather_roof_w(SITE, Weather.of(at_s, ghi_w_m2=clear / 2), at_s)
    assert 0.35 < half.sum() / roof.sum() < 0.6
    east = weather_roof_w(
        SolarSite(peak_w=5000.0, latitude_deg=48.0, longitude_deg=0.0, azimuth_deg=90.0, tilt_deg=45.0),
        Weather.of(at_s, ghi_w_m2=clear, dni_w_m2=clear * 0.85, dhi_w_m2=clear * 0.2),
        at_s,
    )
    assert east.argmax() < 11
    clouds = weather_roof_w(SITE, Weather.of(at_s, cloud_share=np.full(24, 1.0)), at_s)
    open_sky = weather_roof_w(SITE, Weather.of(at_s, cloud_share=np.zeros(24)), at_s)
    assert 0.1 < clouds.sum() / open_sky.sum() < 0.4
    assert np.isnan(weather_roof_w(SITE, Weather.of(at_s), at_s)).all()


def test_a_provider_is_believed_at_once_and_later_by_its_deeds():
    at_s, _ = household(60)
    rng = np.random.default_rng(2)
    told_s = hourly(60)
    clouds = np.repeat(rng.uniform(0.1, 1.0, 64), 24)[: 63 * 24]
    sky = clear_sky_w(SITE, told_s)
    truth = np.interp(at_s + 900, told_s, sky * clouds)
    coming = np.interp(EDGES[:-1] + 900, told_s, sky * clouds)
    right = Weather.of(told_s, solar_w=sky * clouds)
    first = forecast_solar(None, EDGES, now_s=MIDNIGHT, site=SITE, weather=right)
    assert first.mean_w == pytest.approx(coming, abs=60)
    history = History(at_s, truth)
    knowing = forecast_solar(history, EDGES, now_s=MIDNIGHT, site=SITE, weather=right)
    guessing = forecast_solar(history, EDGES, now_s=MIDNIGHT, site=SITE)
    assert of(knowing, OURS).rmse_w < 0.2 * of(guessing, OURS).rmse_w
    assert np.abs(knowing.mean_w - coming).mean() < 60
    # One that tells twice what comes is put right; one that knows nothing is not listened to.
    double = forecast_solar(
        history, EDGES, now_s=MIDNIGHT, site=SITE, weather=Weather.of(told_s, solar_w=2 * sky * clouds)
    )
    assert np.abs(double.mean_w - coming).mean() < 100
    noise = Weather.of(told_s, solar_w=np.repeat(rng.uniform(0.1, 1.0, 64), 24)[: 63 * 24] * sky)
    fooled = forecast_solar(history, EDGES, now_s=MIDNIGHT, site=SITE, weather=noise)
    assert of(fooled, OURS).rmse_w < 1.05 * of(guessing, OURS).rmse_w


def test_irradiance_is_learned_into_what_this_roof_makes_of_it():
    """The roof looks elsewhere than the home file says, and shade takes a tenth."""
    at_s, _ = household(60)
    rng = np.random.default_rng(8)
    told_s = hourly(60)
    clouds = np.repeat(rng.uniform(0.15, 1.0, 64), 24)[: 63 * 24]
    hour = (told_s / 3600) % 24
    ghi = np.maximum(np.sin((hour - 4) / 16 * np.pi), 0) * 900 * clouds
    weather = Weather.of(told_s, ghi_w_m2=ghi, temperature_c=np.full(len(told_s), 18.0) + hour / 4)
    own = SolarSite(peak_w=5000.0, latitude_deg=48.0, longitude_deg=0.0, tilt_deg=15.0, azimuth_deg=230.0)
    truth = 0.9 * np.nan_to_num(weather_roof_w(own, weather, at_s + 900))
    coming = 0.9 * np.nan_to_num(weather_roof_w(own, weather, EDGES[:-1] + 900))
    found = forecast_solar(History(at_s, truth), EDGES, now_s=MIDNIGHT, site=SITE, weather=weather)
    plain = forecast_solar(History(at_s, truth), EDGES, now_s=MIDNIGHT, site=SITE)
    assert of(found, OURS).rmse_w < 0.4 * of(plain, OURS).rmse_w
    assert np.abs(found.mean_w - coming).mean() < 120


def test_a_roof_of_unknown_size_is_taken_from_its_history():
    at_s, _ = household(30)
    sun = np.maximum(clear_sky_w(SITE, at_s + 900), 0.0) * 0.7
    found = forecast_solar(
        History(at_s, sun), EDGES, now_s=MIDNIGHT, site=SolarSite(peak_w=0.0, latitude_deg=48.0, longitude_deg=0.0)
    )
    assert found.mean_w.max() == pytest.approx(sun.max(), rel=0.15)


def test_news_replaces_what_was_told_before():
    old = Weather.of(np.array([0.0, 3600.0]), temperature_c=np.array([1.0, 2.0]), ghi_w_m2=np.array([5.0, 6.0]))
    new = Weather.of(np.array([3600.0, 7200.0]), temperature_c=np.array([9.0, 10.0]))
    both = old.then(new)
    assert both.temperature_c.tolist() == [1.0, 9.0, 10.0]
    assert both.ghi_w_m2.tolist()[:2] == [5.0, 6.0]
    assert Weather.unpacked(both.packed()).packed() == both.packed()


# Scenarios.


@pytest.fixture(scope="module")
def forecasts():
    at_s, power = household(60)
    rng = np.random.default_rng(1)
    sun = clear_sky_w(SITE, at_s + 900) * np.repeat(rng.uniform(0.2, 1.0, 60), 48)
    load = forecast_load(History(at_s, power), EDGES, now_s=MIDNIGHT)
    return load, forecast_solar(History(at_s, sun), EDGES, now_s=MIDNIGHT, site=SITE)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 8, 16])
def test_scenarios_have_the_forecast_s_mean_and_spread(forecasts, count):
    load, solar = forecasts
    found = make_scenarios(load, solar, EDGES, count=count)
    weights = np.array([s.probability for s in found])
    assert len(found) == count
    assert weights.sum() == pytest.approx(1.0)
    for name, forecast in (("load_w", load), ("solar_w", solar)):
        paths = np.stack([getattr(s, name) for s in found])
        assert (paths >= 0).all()
        assert weights @ paths == pytest.approx(forecast.mean_w, abs=1e-6)
        if count > 2:
            band = (forecast.p90_w - forecast.p10_w).mean()
            assert 0.6 * band < (paths.max(axis=0) - paths.min(axis=0)).mean() < 2.2 * band


def test_a_day_s_luck_lasts_and_an_hour_s_fades(forecasts):
    load, _ = forecasts
    edges = MIDNIGHT + 1800.0 * np.arange(48 * 30 + 1)
    flat = Forecast(
        mean_w=np.full(1440, 1000.0),
        p10_w=np.full(1440, 500.0),
        p50_w=np.full(1440, 1000.0),
        p90_w=np.full(1440, 1500.0),
    )
    path = np.concatenate([s.load_w - 1000 for s in make_scenarios(flat, flat, edges, count=8)])

    def alike(steps):
        return np.corrcoef(path[:-steps], path[steps:])[0, 1]

    assert alike(1) > 0.6
    assert 0.05 < alike(12) < 0.4
    assert load.basis is Basis.HISTORY


def test_a_plan_a_little_later_looks_at_the_same_luck():
    flat = Forecast(mean_w=np.full(96, 1e3), p10_w=np.full(96, 5e2), p50_w=np.full(96, 1e3), p90_w=np.full(96, 2e3))
    now = make_scenarios(flat, flat, MIDNIGHT + 900.0 * np.arange(97), count=4)
    later = make_scenarios(flat, flat, MIDNIGHT + 900.0 * np.arange(1, 98), count=4)
    again = make_scenarios(flat, flat, MIDNIGHT + 900.0 * np.arange(97), count=4)
    for one, same in zip(now, again, strict=True):
        assert np.array_equal(one.load_w, same.load_w)
    a = np.sort(np.stack([s.load_w[1:] for s in now]), axis=0)
    b = np.sort(np.stack([s.load_w[:-1] for s in later]), axis=0)
    assert np.allclose(a, b)
    other = make_scenarios(flat, flat, MIDNIGHT + 900.0 * np.arange(97), count=4, seed=7)
    assert not np.array_equal(other[0].load_w, now[0].load_w)
