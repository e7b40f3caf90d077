"""The standard's tables: levels, duty cycles both ways, cables, and watts as a duty."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.iec61851 import (
    LEVELS,
    X1,
    Circuit,
    Offer,
    Pilot,
    PilotReading,
    cable_rating_a,
    duty_for,
    frequency_ok,
    level_of,
    plugged,
    read_duty,
    read_pilot,
)
from protocols.iec61851.pilot import SOURCE_OHM


@pytest.mark.parametrize(
    ("volt", "state"),
    [
        (12.0, "A"),
        (11.0, "A"),
        (10.5, None),
        (9.9, "B"),
        (6.0, "C"),
        (4.5, None),
        (3.1, "D"),
        (0.2, "E"),
        (-12.4, "F"),
        (-6.0, None),
        (float("nan"), None),
    ],
)
def test_a_level_is_a_state_or_none_between_two(volt: float, state: str | None) -> None:
    assert level_of(volt) == (None if state is None else Pilot(state))


@pytest.mark.parametrize("state", ["B", "C", "D"])
def test_the_car_s_resistor_makes_the_level(state: str) -> None:
    level = next(level for level in LEVELS if level.state == state)
    assert level.car_ohm is not None
    diode_v = 0.7
    volt = (12.0 - diode_v) * level.car_ohm / (level.car_ohm + SOURCE_OHM) + diode_v
    assert level_of(volt) == state


def test_names_and_the_diode() -> None:
    assert read_pilot(9.0).name == "B1"
    assert read_pilot(9.0, -12.0) == PilotReading(Pilot.B, oscillating=True, diode=True)
    assert read_pilot(6.1, -11.9).name == "C2"
    assert read_pilot(6.0, -6.0).diode is False
    assert read_pilot(-12.0).name == "F"
    assert read_pilot(7.5).name == "?"


@pytest.mark.parametrize(
    ("percent", "offer", "current_a"),
    [
        (0.0, Offer.NOTHING, 0.0),
        (2.9, Offer.NOTHING, 0.0),
        (3.0, Offer.DIGITAL, 0.0),
        (5.0, Offer.DIGITAL, 0.0),
        (7.0, Offer.DIGITAL, 0.0),
        (7.1, Offer.NOTHING, 0.0),
        (7.9, Offer.NOTHING, 0.0),
        (8.0, Offer.CURRENT, 6.0),
        (9.9, Offer.CURRENT, 6.0),
        (10.0, Offer.CURRENT, 6.0),
        (16.6, Offer.CURRENT, 9.96),
        (53.3, Offer.CURRENT, 31.98),
        (85.0, Offer.CURRENT, 51.0),
        (85.1, Offer.CURRENT, 52.75),
        (96.0, Offer.CURRENT, 80.0),
        (96.5, Offer.CURRENT, 80.0),
        (97.0, Offer.CURRENT, 80.0),
        (97.1, Offer.NOTHING, 0.0),
        (100.0, Offer.NOTHING, 0.0),
    ],
)
def test_what_a_car_reads(percent: float, offer: Offer, current_a: float) -> None:
    read = read_duty(percent / 100.0)
    assert (read.offer, read.current_a) == (offer, pytest.approx(current_a))


@pytest.mark.parametrize(
    ("current_a", "duty"),
    [(0.0, 1.0), (5.99, 1.0), (6.0, 0.10), (16.0, 0.266), (32.0, 0.533), (51.0, 0.85), (52.0, 0.85), (63.0, 0.892)],
)
def test_what_a_charger_sets(current_a: float, duty: float) -> None:
    assert duty_for(current_a) == pytest.approx(duty)


@given(st.floats(6.0, 80.0))
def test_a_car_never_reads_more_than_was_meant(current_a: float) -> None:
    read = read_duty(duty_for(current_a))
    assert read.offer is Offer.CURRENT
    assert current_a - 1.8 <= read.current_a <= current_a + 1e-6


@pytest.mark.parametrize("bad", [-0.01, 1.01, math.nan])
def test_no_fraction_no_duty(bad: float) -> None:
    with pytest.raises(ValueError, match="a fraction from 0 to 1"):
        read_duty(bad)


@pytest.mark.parametrize("bad", [-1.0, 80.1, math.inf, math.nan])
def test_no_current_no_duty(bad: float) -> None:
    with pytest.raises(ValueError, match="offers 0 to 80 A"):
        duty_for(bad)


def test_the_oscillator() -> None:
    assert frequency_ok(1004.0)
    assert not frequency_ok(1015.0)
    assert frequency_ok(1015.0, seen_by_car=True)
    assert not frequency_ok(1030.0, seen_by_car=True)


@pytest.mark.parametrize(
    ("ohm", "rating"),
    [(1500, 13), (680, 20), (220, 32), (100, 63), (150, 32), (330, 20), (1000, 13), (40, None), (3000, None)],
)
def test_the_cable_s_rating_and_on_a_border_the_smaller(ohm: float, rating: float | None) -> None:
    assert cable_rating_a(ohm) == rating


def test_no_plug() -> None:
    assert plugged(1500.0)
    assert not plugged(math.inf)


@pytest.mark.parametrize(
    ("circuit", "power_w", "current_a"),
    [
        (Circuit(3, 230.0, 16.0), 11_040.0, 16.0),
        (Circuit(3, 230.0, 16.0), 50_000.0, 16.0),
        (Circuit(3, 230.0, 16.0), 4_140.0, 6.0),
        (Circuit(3, 230.0, 16.0), 4_100.0, 0.0),
        (Circuit(1, 230.0, 32.0), 1_380.0, 6.0),
        (Circuit(1, 230.0, 32.0), 3_680.0, 16.0),
        (Circuit(3, 230.0, 16.0), -7_000.0, 0.0),
        (Circuit(3, 230.0, 0.0), 11_000.0, 0.0),
    ],
)
def test_watts_as_current_a_phase_and_never_backwards(circuit: Circuit, power_w: float, current_a: float) -> None:
    assert circuit.current_a(power_w) == pytest.approx(current_a)
    if current_a:
        assert read_duty(circuit.duty(power_w)).current_a <= current_a + 1e-6
    else:
        assert circuit.duty(power_w) == X1


@given(st.floats(0.0, 30_000.0), st.sampled_from([1, 3]))
def test_basic_charging_never_offers_more_than_the_set_point(power_w: float, phases: int) -> None:
    circuit = Circuit(phases, 230.0, 32.0)
    read = read_duty(circuit.duty(power_w))
    assert read.current_a * phases * 230.0 <= power_w + 1e-3
    assert read.current_a <= 32.0


def test_a_set_point_that_is_no_number() -> None:
    with pytest.raises(ValueError, match="finite number of watts"):
        Circuit().duty(math.nan)
