"""Energy by path, money, the counterfactual and delivery: everything adds up."""

from dataclasses import astuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy.accounts import (
    EnergyByPath,
    Shadow,
    bill_eur,
    limit_delivery,
    saving,
    setpoint_delivery,
    shadow_step,
    split_paths,
)

power = st.floats(0.0, 20_000.0)


@given(power, power, st.floats(-11_000.0, 11_000.0), st.floats(0.1, 3600.0))
def test_every_watt_hour_goes_one_way(load_w, solar_w, ev_w, dt_s):
    paths = split_paths(load_w=load_w, solar_w=solar_w, ev_w=ev_w, dt_s=dt_s)
    hours = dt_s / 3600
    assert all(value >= -1e-9 for value in astuple(paths))
    assert paths.imported_wh - paths.exported_wh == pytest.approx((load_w + ev_w - solar_w) * hours, abs=1e-6)
    assert paths.charged_wh - paths.discharged_wh == pytest.approx(ev_w * hours, abs=1e-6)
    assert paths.solar_to_house_wh + paths.grid_to_house_wh + paths.car_to_house_wh == pytest.approx(
        load_w * hours, abs=1e-6
    )
    assert paths.imported_wh < 1e-6 or paths.exported_wh < 1e-6


def test_paths_by_hand():
    one = split_paths(load_w=1000.0, solar_w=3000.0, ev_w=1500.0, dt_s=3600.0)
    assert one == EnergyByPath(solar_to_house_wh=1000.0, solar_to_car_wh=1500.0, solar_to_grid_wh=500.0)
    two = split_paths(load_w=1000.0, solar_w=200.0, ev_w=-2000.0, dt_s=1800.0)
    assert two == EnergyByPath(solar_to_house_wh=100.0, car_to_house_wh=400.0, car_to_grid_wh=600.0)
    assert (one + two).exported_wh == 1100.0


def test_the_bill_takes_the_price_of_its_direction():
    assert bill_eur(2000.0, 1800.0, 0.30, 0.10) == pytest.approx(0.30)
    assert bill_eur(-2000.0, 1800.0, 0.30, 0.10) == pytest.approx(-0.10)
    assert bill_eur(2000.0, 1800.0, -0.30, -0.40) == pytest.approx(-0.30)


def test_the_other_car_charges_on_arrival_and_drives_the_same():
    shadow = Shadow(capacity_wh=60_000.0, stored_wh=30_000.0, charge_max_w=11_000.0, goal_soc=0.8)
    common = {"load_w": 500.0, "solar_w": 0.0, "dt_s": 3600.0, "import_eur_per_kwh": 0.3, "export_eur_per_kwh": 0.1}
    shadow = shadow_step(shadow, connected=True, trip_wh=0.0, **common)
    assert shadow.stored_wh == pytest.approx(30_000 + 10_450)
    assert shadow.bill_eur == pytest.approx(11.5 * 0.3)
    shadow = shadow_step(shadow, connected=True, trip_wh=0.0, **common)
    assert shadow.stored_wh == pytest.approx(48_000)
    shadow = shadow_step(shadow, connected=False, trip_wh=50_000.0, **common)
    assert shadow.stored_wh == 0.0
    assert shadow.trip_short_wh == pytest.approx(2000.0)


def test_the_other_car_keeps_the_fuse_too():
    shadow = Shadow(capacity_wh=60_000.0, stored_wh=0.0, charge_max_w=11_000.0, import_limit_w=4200.0)
    shadow = shadow_step(
        shadow,
        load_w=1000.0,
        solar_w=0.0,
        connected=True,
        trip_wh=0.0,
        dt_s=3600.0,
        import_eur_per_kwh=0.3,
        export_eur_per_kwh=0.1,
    )
    assert shadow.imported_wh == pytest.approx(4200.0)


def test_an_emptier_battery_is_no_saving():
    shadow = Shadow(capacity_wh=60_000.0, stored_wh=48_000.0, charge_max_w=11_000.0, bill_eur=10.0)
    kept = saving(
        bill_eur=9.0,
        discharged_wh=0.0,
        wear_eur_per_kwh=0.02,
        stored_wh=48_000.0,
        shadow=shadow,
        refill_eur_per_kwh=0.3,
    )
    assert kept.saved_eur == pytest.approx(1.0)
    emptied = saving(
        bill_eur=7.0,
        discharged_wh=9500.0,
        wear_eur_per_kwh=0.02,
        stored_wh=38_000.0,
        shadow=shadow,
        refill_eur_per_kwh=0.3,
    )
    assert emptied.stored_difference_eur == pytest.approx(-10 / 0.95 * 0.3)
    assert emptied.saved_eur == pytest.approx(10 - 7 - 0.19 - 10 / 0.95 * 0.3)


def test_delivery_of_a_limit_counts_what_was_kept_away():
    told = limit_delivery([4000.0, 4200.0, 6000.0], [9000.0, 3000.0, 6200.0], [4200.0] * 3, 3600.0)
    assert told.asked_wh == pytest.approx(4800 + 2000)
    assert told.delivered_wh == pytest.approx(6800 - 1800)
    assert told.violations == 1
    assert told.worst_w == pytest.approx(1800.0)
    assert limit_delivery([1.0], [1.0], [10.0], 3600.0).share == 1.0


def test_delivery_of_a_set_point_counts_no_more_than_asked():
    told = setpoint_delivery([-6000.0, 2000.0], [0.0, 0.0], [-5000.0, -5000.0], 3600.0)
    assert told.asked_wh == 10_000.0
    assert told.delivered_wh == 5000.0
    assert told.share == 0.5
    assert told.worst_w == 7000.0
