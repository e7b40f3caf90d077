"""The board: what it believes, what it refuses, and that it tells at once."""

import math

import pytest

from app.clock import StepClock
from app.engine.board import HouseBoard, Topic
from app.engine.health import HealthBook
from app.ports import CarSession, Health, HealthLevel
from energy.grid_events import EventInterval, GridEvent, GridEventKind
from energy.model import Charger, Connection, Ev, EvState, Readings

EV = Ev(ev_id="car", capacity_wh=60_000, charge_max_w=11_000)
CHARGER = Charger(charger_id="charger", phases=3, charge_max_w=11_000)


def reading(clock: StepClock, **fields: object) -> Readings:
    return Readings(at_s=clock.now_s(), **fields)  # type: ignore[arg-type]


def test_listeners_hear_in_the_publishers_own_call(board: HouseBoard, clock: StepClock) -> None:
    heard: list[float | None] = []
    board.listen(Topic.READINGS, lambda _source: heard.append(board.readings().grid_w))
    board.publish_readings("meter", reading(clock, grid_w=1234.0))
    assert heard == [1234.0]


def test_a_listener_that_fails_does_not_stop_the_driver(board: HouseBoard, clock: StepClock) -> None:
    heard = []
    board.listen(Topic.READINGS, lambda _source: 1 / 0)
    board.listen(Topic.READINGS, heard.append)
    board.publish_readings("meter", reading(clock, grid_w=1.0))
    assert heard == ["meter"]


@pytest.mark.parametrize(
    "absurd",
    [
        {"grid_w": math.nan},
        {"grid_w": math.inf},
        {"grid_w": 3.01 * 3 * 25 * 230},
        {"grid_w": 0.0, "phase_w": (0.0, 0.0, -3.01 * 25 * 230)},
        {"grid_w": 0.0, "frequency_hz": 5.0},
        {"solar_w": -math.inf},
    ],
)
def test_what_cannot_be_true_is_refused_with_a_complaint(
    board: HouseBoard, book: HealthBook, clock: StepClock, absurd: dict[str, float]
) -> None:
    board.publish_health("meter", Health(level=HealthLevel.OK))
    board.publish_readings("meter", reading(clock, grid_w=500.0, solar_w=0.0))
    board.publish_readings("meter", reading(clock, **absurd))
    assert board.readings().grid_w == 500.0
    line = book.get("meter")
    assert line is not None
    assert line.shown.level is HealthLevel.WARNING
    assert "cannot be true" in line.shown.text
    clock.advance_to(clock.now_s() + 61)
    assert book.get("meter").shown.level is HealthLevel.OK  # type: ignore[union-attr]


def test_a_reading_from_the_future_or_out_of_order_is_refused(board: HouseBoard, clock: StepClock) -> None:
    board.publish_readings("meter", Readings(at_s=clock.now_s(), grid_w=1.0))
    board.publish_readings("meter", Readings(at_s=clock.now_s() - 1, grid_w=2.0))
    board.publish_readings("meter", Readings(at_s=clock.now_s() + 3600, grid_w=3.0))
    assert board.readings().grid_w == 1.0


def test_one_picture_from_meter_and_two_roofs(board: HouseBoard, clock: StepClock) -> None:
    board.publish_readings("meter", reading(clock, grid_w=-300.0, frequency_hz=50.01))
    board.publish_readings("east", Readings(at_s=clock.now_s() - 2, solar_w=1000.0))
    board.publish_readings("west", reading(clock, solar_w=500.0))
    picture = board.readings()
    assert (picture.grid_w, picture.solar_w, picture.frequency_hz) == (-300.0, 1500.0, 50.01)
    assert picture.solar_at_s == clock.now_s() - 2
    assert picture.load_w(ev_w=0.0) == 1200.0


def test_a_car_that_tells_nonsense_is_heard_without_it(board: HouseBoard, book: HealthBook) -> None:
    state = EvState(connected=True, ev=EV, soc=1.7, power_w=math.nan)
    board.publish_session("charger", CarSession(charger=CHARGER, ev=state))
    kept = board.sessions["charger"].ev
    assert (kept.connected, kept.soc, kept.power_w) == (True, None, 0.0)
    assert book.get("charger").shown.level is HealthLevel.WARNING  # type: ignore[union-attr]


def test_events_wake_only_when_they_change(board: HouseBoard) -> None:
    event = GridEvent(
        event_id="1",
        source="utility",
        kind=GridEventKind.IMPORT_LIMIT,
        intervals=(EventInterval(start_s=0, end_s=9, value=4200),),
    )
    heard: list[str] = []
    board.listen(Topic.EVENTS, heard.append)
    board.publish_events("utility", [event])
    board.publish_events("utility", [event])
    board.publish_events("utility", [])
    assert heard == ["utility", "utility"]


def test_the_main_meter_is_the_grid_s_and_another_never_stands_in(clock: StepClock, book: HealthBook) -> None:
    board = HouseBoard(clock, Connection(phases=3, fuse_a=25.0), book, main_meter="main")
    board.publish_readings("workshop", reading(clock, grid_w=900.0))
    assert board.readings().grid_w is None
    board.publish_readings("main", Readings(at_s=clock.now_s() - 5, grid_w=2500.0))
    assert (board.readings().grid_w, board.readings().at_s) == (2500.0, clock.now_s() - 5)
