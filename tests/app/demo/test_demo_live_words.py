"""The live demo's words, and how it reads wires at each speed."""

import pytest

from app.demo.home_file import Pace
from app.demo.live import status_line


def picture(**flow: float | None) -> dict:
    figures = {"grid_w": 1234.0, "solar_w": 0.0, "load_w": 800.0, "ev_w": -500.0} | flow
    return {
        "now": "2024-04-16T17:30:00+02:00",
        "flow": figures,
        "car": {"soc": 0.625},
        "set_point": {"reason": {"code": "feed_house"}},
        "health": [{"name": "meter", "level": "failed"}, {"name": "charger", "level": "ok"}],
        "today": {"saved": 1.5},
        "facts": {"currency": "EUR", "timezone": "Europe/Amsterdam"},
    }


def test_one_line_tells_flows_charge_reason_and_trouble() -> None:
    line = status_line(picture())
    for word in ("17:30:00", "1234 W", "-500 W", "62%", "feed_house", "saved 1.50 EUR", "look at: meter"):
        assert word in line


def test_what_is_not_known_is_a_dash_never_a_zero() -> None:
    assert "grid      —" in status_line(picture(grid_w=None))


@pytest.mark.parametrize("speed", [1.0, 10.0, 60.0])
def test_readings_are_never_stale_only_because_home_time_hurries(speed: float) -> None:
    pace = Pace.at(speed)
    assert 3 * pace.read_every_s <= pace.stale_s
    # The dead-man's clock is real, at any speed.
    assert pace.expiry_real_s <= 30.0


def test_in_lockstep_each_step_is_read_and_two_steps_make_it_stale() -> None:
    pace = Pace.at(600.0, step_s=30.0)
    assert pace.read_every_s <= 30.0
    assert 60.0 < pace.stale_s < 90.0
