"""What is believable: ranges, frozen devices, counters that run backwards, old readings."""

import pytest

from protocols.modbus.checks import FROZEN_AFTER_READS, Checks, FaultKind
from protocols.modbus.readings import PILOTS, Pilot, inverter_reading, meter_reading, power_stage_reading


def kinds(faults):
    return [(fault.kind, fault.quantity) for fault in faults]


@pytest.mark.parametrize(
    ("quantity", "value"),
    [
        ("grid_w", 4e6),
        ("grid_w", -4e6),
        ("frequency_hz", 0.0),
        ("soc", 1.01),
        ("voltage_v.2", 6553.4),
        ("solar_w", -900),
    ],
)
def test_what_cannot_be_is_thrown_away_and_named(quantity, value):
    kept, faults = Checks().apply({quantity: value, "export_wh": 5.0}, 0.0)
    assert kept == {quantity: None, "export_wh": 5.0}
    assert kinds(faults) == [(FaultKind.RANGE, quantity)]
    assert f"{value:g}" in str(faults[0])


def test_a_product_may_be_bounded_more_tightly():
    checks = Checks(ranges={"grid_w": (-10, 10)})
    assert checks.apply({"grid_w": 10.0}, 0.0)[0] == {"grid_w": 10.0}
    assert checks.apply({"grid_w": 10.1}, 0.0)[0] == {"grid_w": None}


def test_missing_stays_missing_without_a_fault():
    assert Checks().apply({"grid_w": None}, 0.0) == ({"grid_w": None}, [])


def test_a_counter_that_falls_is_flagged_once_and_kept():
    checks = Checks()
    assert checks.apply({"import_wh": 100.0}, 0.0)[1] == []
    kept, faults = checks.apply({"import_wh": 90.0}, 1.0)
    assert kept == {"import_wh": 90.0}
    assert kinds(faults) == [(FaultKind.BACKWARDS, "import_wh")]
    assert checks.apply({"import_wh": 91.0}, 2.0)[1] == []


def stand_still(checks, values, reads, step_s):
    faults = []
    for number in range(reads):
        faults = checks.apply(values, number * step_s)[1]
    return kinds(faults)


def test_a_device_that_stands_still_is_flagged_by_reads_and_by_time():
    live = {"grid_w": 512.0, "voltage_v.1": 230.1, "import_wh": 7.0}
    assert stand_still(Checks(), live, FROZEN_AFTER_READS, 10.0) == [(FaultKind.FROZEN, "")]
    assert stand_still(Checks(), live, FROZEN_AFTER_READS - 1, 100.0) == [], "too few reads"
    assert stand_still(Checks(), live, 2 * FROZEN_AFTER_READS, 0.1) == [], "too short a time"
    assert stand_still(Checks(frozen_after_s=None), live, 1000, 10.0) == []


def test_a_roof_at_night_may_stand_still():
    assert stand_still(Checks(), {"solar_w": 0.0, "ac_w": 0.0, "voltage_v.1": None}, 1000, 10.0) == []


def test_one_changed_digit_ends_the_doubt():
    checks = Checks()
    assert stand_still(checks, {"grid_w": 512.0}, 100, 10.0)
    assert checks.apply({"grid_w": 512.1}, 5000.0)[1] == []


def test_readings_grow_old_and_never_negative():
    reading = meter_reading(100.0, {"grid_w": 1.0}, ())
    assert not reading.is_stale(105.0)
    assert reading.is_stale(105.1)
    assert reading.is_stale(102.0, max_age_s=1.0)
    assert reading.age_s(50.0) == 0.0, "a clock that stepped back"
    assert reading.is_stale(50.0), "nobody knows how old it is"
    assert not reading.is_stale(99.0)


def test_missing_is_none_everywhere():
    reading = meter_reading(0.0, {}, ())
    assert (reading.grid_w, reading.phase_w, reading.import_wh) == (None, (None, None, None), None)
    stage = power_stage_reading(0.0, {}, ())
    assert (stage.pilot, stage.contactor, stage.fault, stage.phases) == (None, None, None, None)
    assert inverter_reading(0.0, {}, ()).solar_w is None


def test_an_inverters_own_use_at_night_is_no_solar_power():
    assert inverter_reading(0.0, {"solar_w": -7.0, "ac_w": -7.0}, ()).solar_w == 0.0


@pytest.mark.parametrize(("raw", "pilot"), [(0, None), (1, Pilot.A), (6, Pilot.F), (7, None), (-1, None)])
def test_pilot_states_by_their_number(raw, pilot):
    assert power_stage_reading(0.0, {"pilot": float(raw)}, ()).pilot is pilot
    assert pilot is None or PILOTS.index(pilot) == raw
