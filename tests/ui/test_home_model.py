from datetime import timedelta

import pytest
from sample_desk import NOW, events, snapshot

from app.api import schema as s
from ui.models import home as model
from ui.models.notices import notices
from ui.models.units import DASH


def test_the_picture_says_directions_in_words() -> None:
    shown = model.picture(snapshot())
    assert (shown.grid.caption, shown.car.caption) == ("To the grid", "Car feeds")
    assert shown.grid_wire.to_house_w < 0 < shown.car_wire.to_house_w
    assert shown.car_wire.source == "car"
    assert "Car feeds: 3.0" in shown.words


@pytest.mark.parametrize(
    ("flow", "source"),
    [
        ({"solar_w": 6000.0, "load_w": 500.0, "ev_w": 4000.0, "grid_w": -1500.0}, "solar"),
        ({"solar_w": 0.0, "load_w": 500.0, "ev_w": 7000.0, "grid_w": 7500.0}, "grid"),
    ],
)
def test_the_cars_wire_carries_the_colour_of_its_source(flow: dict[str, float], source: str) -> None:
    assert model.picture(snapshot(flow=s.Flow(**flow))).car_wire.source == source


def test_unknown_is_a_dash_with_the_engines_reason() -> None:
    shown = model.picture(snapshot(flow=s.Flow(grid_w=100, missing={"solar_w": "No inverter."})))
    assert (shown.roof.value.text, shown.roof.value.why) == (DASH, "No inverter.")
    assert not shown.roof_wire.flowing


def test_noise_does_not_move() -> None:
    shown = model.picture(snapshot(flow=s.Flow(grid_w=12, solar_w=0, load_w=12, ev_w=0)))
    assert not shown.grid_wire.flowing
    assert shown.grid.caption == "Grid"


def test_ready_card_says_what_is_short() -> None:
    ready = s.ReadyBy(at=NOW + timedelta(hours=3), target_soc=0.8, planned_soc=0.71, on_track=False, short_by_wh=5400)
    card = model.ready_card(snapshot(ready_by=ready))
    assert card.state == "limit"
    assert card.verdict.replace("\u00a0", " ") == "5.4 kWh short: the car will have 71 %."


def test_first_day_teaches_instead_of_zero() -> None:
    card = model.today_card(snapshot(today=s.Today()))
    assert not card.known
    assert "first hour" in card.saved_words


def test_notices_come_once_and_only_for_promises_and_decisions() -> None:
    calm = snapshot(event=None)
    broken = snapshot(
        event=None, ready_by=s.ReadyBy(at=NOW, target_soc=0.8, planned_soc=0.6, on_track=False, short_by_wh=9000)
    )
    assert notices(None, broken) == []
    assert [n.page for n in notices(calm, broken)] == ["car"]
    assert notices(broken, broken) == []
    asked = snapshot(event=events()[0])
    assert [n.page for n in notices(calm, asked)] == ["events"]
    assert notices(asked, asked) == []
    assert notices(calm, snapshot(event=events()[1])) == [], "an event that may not be declined asks no decision"
    failed = snapshot(event=None, health=[s.HealthOut(name="meter", level="failed", text="No answer.")])
    assert [n.text for n in notices(calm, failed)] == ["No answer."]
