"""The twin keeps the laws: energy, signs, delays."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy.twin import Battery, CarTwin, GridTwin, HomeTwin, HouseSeries, PowerStage, Trip, synthetic_house

START = 1_718_000_000 // 86400 * 86400.0


@given(st.floats(0.05, 1.0), st.lists(st.tuples(st.floats(-20_000, 20_000), st.floats(0.1, 600)), max_size=30))
def test_a_battery_creates_nothing(soc, steps):
    battery = Battery(capacity_wh=40_000.0, soc=soc)
    for power_w, dt_s in steps:
        before = battery.soc
        taken_w = battery.step(power_w, dt_s)
        gained = (battery.soc - before) * 40_000
        flowed = taken_w * dt_s / 3600
        assert abs(taken_w) <= abs(power_w) + 1e-9
        assert taken_w * power_w >= 0
        assert gained <= max(flowed, flowed * 1.0) + 1e-6
        assert 0.05 - 1e-9 <= battery.soc <= 1.0 + 1e-9


def test_a_round_trip_loses_about_a_tenth():
    battery = Battery(capacity_wh=40_000.0, soc=0.5)
    put_in = sum(battery.step(8000.0, 60.0) for _ in range(60)) / 60
    soc = battery.soc
    taken = 0.0
    while battery.soc > 0.5 + 1e-9:
        taken -= battery.step(-8000.0, 10.0) / 360
    assert soc > 0.5
    assert 0.85 < taken / put_in < 0.93


def test_charging_tapers_near_full_and_part_load_wastes():
    battery = Battery(capacity_wh=40_000.0, soc=0.95)
    assert battery.limits_w()[0] == pytest.approx(11_000 * 0.55)
    battery.soc = 1.0
    assert battery.step(5000.0, 60.0) == 0.0
    assert battery.efficiency(500.0) < battery.efficiency(8000.0)


def test_trips_take_their_energy_and_say_what_lacked():
    car = CarTwin(
        battery=Battery(capacity_wh=40_000.0, soc=0.5),
        trips=(Trip(from_s=100.0, to_s=3700.0, used_wh=10_000.0), Trip(from_s=5000.0, to_s=5100.0, used_wh=99_000.0)),
    )
    now_s = 0.0
    while now_s < 4000.0:
        car.step(now_s, 7.0, 0.0)
        assert car.connected(now_s) == (not 100.0 <= now_s < 3700.0)
        now_s += 7.0
    assert car.battery.soc == pytest.approx(0.25)
    while now_s < 6000.0:
        car.step(now_s, 7.0, 0.0)
        now_s += 7.0
    assert car.short_wh == pytest.approx(89_000.0, abs=1.0)


def test_the_power_stage_answers_late_ramps_and_lets_go():
    stage = PowerStage(delay_s=4.0, ramp_w_per_s=3350.0, charge_bias=0.04)
    stage.command(10_000.0, 0.0, 30.0)
    powers = [stage.step(float(t), 1.0) for t in range(60)]
    assert powers[2] == 0.0
    assert powers[3] == pytest.approx(3350.0)
    assert max(powers) == pytest.approx(10_400.0)
    assert powers[-1] == 0.0, "nobody renewed it"
    assert powers[28] > 0


def test_the_stage_pauses_below_its_least_power_and_keeps_its_range():
    stage = PowerStage(charge_min_w=1380.0, delay_s=0.0, ramp_w_per_s=1e9)
    stage.command(1000.0, 0.0, 1e9)
    assert stage.step(0.0, 1.0) == 0.0
    stage.command(-50_000.0, 1.0, 1e9)
    assert stage.step(1.0, 1.0) == -10_000.0


def test_the_home_balances_at_the_meter_and_on_its_phases():
    home = HomeTwin(
        car=CarTwin(battery=Battery(capacity_wh=60_000.0, soc=0.5)),
        stage=PowerStage(),
        house=synthetic_house(START, 1),
        grid=GridTwin(),
    )
    home.command(-5000.0, START, START + 1e9)
    for t in range(0, 600, 10):
        picture = home.step(START + t, 10.0)
        assert picture.grid_w == pytest.approx(picture.load_w + picture.ev_w - picture.solar_w)
        assert sum(picture.phase_w) == pytest.approx(picture.grid_w)
    assert picture.ev_w == pytest.approx(-5000.0)
    assert picture.soc < 0.5
    assert picture.readings().load_w(picture.ev_w) == pytest.approx(picture.load_w)


def test_the_synthetic_house_is_a_plausible_one_and_repeats_by_seed():
    house = synthetic_house(START, 7, seed=3)
    again = synthetic_house(START, 7, seed=3)
    assert np.array_equal(house.load_w, again.load_w)
    assert np.array_equal(house.solar_w, again.solar_w)
    assert not np.array_equal(house.load_w, synthetic_house(START, 7, seed=4).load_w)
    assert 5 < house.load_w.mean() * 24 / 1000 < 20
    assert house.solar_w.max() < 5500
    assert house.at(START)[1] == 0.0


def test_gaps_in_a_series_are_bridged_and_never_zero():
    load = np.tile(np.array([100.0, 200.0, 300.0, 400.0]), 3)
    load[5] = np.nan
    house = HouseSeries.of(START, 21_600.0, load, np.full(12, 50.0))
    assert house.load_w[5] == 200.0
    load[1] = np.nan
    assert HouseSeries.of(START, 21_600.0, load, np.full(12, 50.0)).load_w[1] == pytest.approx(200.0)
    with pytest.raises(ValueError, match="solar"):
        HouseSeries.of(START, 21_600.0, load, np.full(12, np.nan))


def test_frequency_wanders_a_little_and_disturbances_show():
    grid = GridTwin(seed=2, disturbances=((1000.0, 1100.0, -0.3),))
    series = np.array([grid.step(float(t), 1.0) for t in range(5000)])
    calm = np.delete(series, slice(990, 1110))
    assert abs(calm.mean() - 50.0) < 0.02
    assert 0.01 < calm.std() < 0.03
    assert series[1050] < 49.8
    assert grid.phase_voltage_v(2300.0) == pytest.approx(227.5)
