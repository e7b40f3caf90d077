"""The live demo's words, and how it reads wires at each speed."""

import pytest

from app.clock import utc
from app.demo.home_file import Pace
from app.demo.live import LATE_AWAY_H, LIVE_HOURS
from app.demo.setting import Setting, make_setting
from app.demo.words import fitted, news, status_line


def picture(**flow: float | None) -> dict:
    figures = {"grid_w": 1234.0, "solar_w": 0.0, "load_w": 800.0, "ev_w": -500.0} | flow
    return {
        "now": "2024-04-16T15:30:00Z",
        "flow": figures,
        "car": {"soc": 0.625},
        "set_point": {"reason": {"code": "feed_house"}},
        "health": [{"name": "meter", "level": "failed"}, {"name": "charger", "level": "ok"}],
        "today": {"saved": 1.5},
        "ready_by": {"at": "2024-04-17T05:45:00Z", "target_soc": 0.8},
        "event": {
            "title": "Evening peak price",
            "kind": "price",
            "start": "2024-04-16T17:00:00Z",
            "end": "2024-04-16T19:00:00Z",
            "status": "coming",
        },
        "facts": {"currency": "EUR", "timezone": "Europe/Amsterdam"},
    }


def test_one_line_tells_flows_charge_reason_and_trouble() -> None:
    line = status_line(picture())
    for word in ("Tue 17:30:00", "1234 W", "-500 W", "62%", "feeding the house", "saved 1.50 EUR", "look at: meter"):
        assert word in line


def test_what_is_not_known_is_a_dash_never_a_zero() -> None:
    assert "grid      —" in status_line(picture(grid_w=None))


def test_on_a_narrow_terminal_the_reason_is_still_read() -> None:
    line = status_line(picture())
    assert fitted(line, 200) == line
    narrow = fitted(line, 79)
    assert len(narrow) <= 79
    assert "car -500 62% feeding the house" in narrow


def test_the_plan_and_the_coming_event_are_told_in_home_time() -> None:
    assert news(picture()) == [
        "The plan: 80% for the departure, Wed 07:45.",
        "Coming event: Evening peak price, Tue 19:00 to 21:00.",
    ]
    assert news(picture() | {"ready_by": {"at": None, "target_soc": None}, "event": None}) == []


def test_a_little_less_than_nothing_is_not_minus_nothing() -> None:
    assert "saved 0.00 EUR" in status_line(picture() | {"today": {"saved": -0.001}})


def live(start: str | None) -> Setting:
    return make_setting(house=None, prices=None, start=start, hours=LIVE_HOURS, seed=1, live=True, away_h=LATE_AWAY_H)


def test_live_the_car_comes_home_at_once_to_an_evening_that_feeds() -> None:
    setting = live(None)
    script = setting.script
    trip = script.away(setting.start_s)
    assert trip is not None
    # At ten times real time: within ten seconds.
    assert 0 < trip.back_s - setting.start_s <= 100
    dear = next(ask for ask in script.utility if ask.payload == "PRICE" and ask.end_s > setting.start_s)
    assert dear.told_s < setting.start_s < dear.start_s < setting.start_s + 600
    half_hour = [dear.start_s + 60.0 * minute for minute in range(30)]
    assert all(setting.house.load_w.at(t) - setting.house.solar_w.at(t) > 1_000 for t in half_hour)


def test_start_chooses_another_evening() -> None:
    assert utc(live("2024-04-17T12:00").start_s).isoformat() == "2024-04-17T10:00:00+00:00"
    assert utc(live("2024-04-17").start_s).astimezone(live(None).tz).isoformat() == "2024-04-17T18:54:00+02:00"


@pytest.mark.parametrize("speed", [1.0, 10.0, 60.0])
def test_readings_are_never_stale_only_because_home_time_hurries(speed: float) -> None:
    pace = Pace.at(speed)
    assert 3 * pace.read_every_s <= pace.stale_s
    # Not faster than the wires bring the car's answer: the loop over meter and car would swing.
    assert pace.read_every_s / speed >= 1.0
    # The dead-man's clock is real, at any speed.
    assert pace.expiry_real_s <= 30.0


def test_in_lockstep_each_step_is_read_and_two_steps_make_it_stale() -> None:
    pace = Pace.at(600.0, step_s=30.0)
    assert pace.read_every_s <= 30.0
    assert 60.0 < pace.stale_s < 90.0
