"""Droop curves at their corners, and chargers that are too slow for a service."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy.frequency import CURVES, can_serve, response_w


@pytest.mark.parametrize(
    ("name", "hz", "share"),
    [
        ("fcr", 50.0, 0.0),
        ("fcr", 50.01, 0.0),
        ("fcr", 49.99, 0.0),
        ("fcr", 49.8, -1.0),
        ("fcr", 50.2, 1.0),
        ("fcr", 50.105, 0.5),
        ("fcr", 49.0, -1.0),
        ("fcr_n", 49.95, -0.5),
        ("fcr_d_up", 49.9, 0.0),
        ("fcr_d_up", 49.7, -0.5),
        ("fcr_d_up", 50.4, 0.0),
        ("fcr_d_down", 50.5, 1.0),
        ("ffr", 49.51, 0.0),
        ("ffr", 49.49, -1.0),
        ("gb_dc", 49.985, 0.0),
        ("gb_dc", 49.8, -0.05),
        ("gb_dc", 49.5, -1.0),
        ("lfsm_o", 50.2, 0.0),
        ("lfsm_o", 51.45, 0.5),
        ("lfsm_u", 49.8, 0.0),
        ("ieee1547", 60.036, 0.0),
        ("ieee1547", 61.536, 0.5),
    ],
)
def test_corners(name, hz, share):
    assert CURVES[name].share(hz) == pytest.approx(share, abs=1e-9)


@given(st.sampled_from(sorted(CURVES)), st.floats(allow_nan=True, allow_infinity=True))
def test_any_reading_has_an_answer_of_the_right_sign(name, hz):
    curve = CURVES[name]
    share = curve.share(hz)
    assert -1.0 <= share <= 1.0
    if share:
        assert (share > 0) == (hz > curve.nominal_hz)


def test_no_reading_is_no_answer():
    assert response_w(CURVES["fcr"], None, 5000.0) == 0.0
    assert response_w(CURVES["fcr"], 49.8, 5000.0) == -5000.0
    assert response_w(CURVES["fcr"], 49.8, -5000.0) == 0.0


def test_a_slow_charger_is_refused_where_a_second_is_asked():
    measured = {"reaction_s": 4.0, "ramp_w_per_s": 3350.0, "power_w": 9000.0, "capacity_wh": 40_000.0}
    assert can_serve(CURVES["fcr"], **measured) == (True, "")
    able, why = can_serve(CURVES["gb_dc"], **measured)
    assert not able
    assert "6.7 s" in why
    able, why = can_serve(CURVES["fcr"], **(measured | {"capacity_wh": 1000.0}))
    assert not able
    assert "too small" in why
