"""The tick: at once on a reading, never without a picture, and silent when it fails."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from app.clock import FastClock, StepClock
from app.config.home import ChargerSection, ConnectionSection, HomeConfig
from app.engine.board import HouseBoard
from app.engine.dispatcher import HEALTH_NAME, Dispatcher, Picture, remembered
from app.engine.fixed import Fixed, fixed
from app.engine.health import HealthBook
from app.engine.links import LinkBook
from app.ports import Board, CarSession, HealthLevel
from energy.grid_events import EventInterval, GridEvent, GridEventKind
from energy.model import Charger, Ev, EvState, Readings, ReasonCode, SetPoint, Wishes

CONFIG = HomeConfig(connection=ConnectionSection(fuse_a=25), charger=ChargerSection())
EV = Ev(ev_id="car", capacity_wh=60_000, charge_max_w=11_000, discharge_max_w=10_000)


class FakeCharger:
    name = "charger"

    def __init__(self) -> None:
        self.charger = Charger(charger_id="charger", phases=3, charge_max_w=11_000)
        self.got: list[SetPoint] = []

    def set_point(self, set_point: SetPoint) -> None:
        self.got.append(set_point)

    def stop_session(self, reason: str) -> None:
        raise NotImplementedError

    async def run(self, board: Board) -> None:
        await asyncio.Event().wait()


class Home:
    def __init__(self, clock: StepClock | FastClock, board: HouseBoard, book: HealthBook) -> None:
        self.fixed: Fixed = fixed(CONFIG)
        self.charger = FakeCharger()
        self.wishes = Wishes()
        self.events: tuple[GridEvent, ...] = ()
        self.decisions: list[Picture] = []
        self.clock, self.board = clock, board
        self.dispatcher = Dispatcher(
            fixed=self.fixed,
            clock=clock,
            board=board,
            book=book,
            links=LinkBook((), clock.now_s()),
            charger=self.charger,
            wishes=lambda: self.wishes,
            events=lambda: self.events,
            plan=lambda: None,
            on_decision=self.decisions.append,
            on_links=lambda _names: None,
        )

    def read(self, grid_w: float) -> None:
        self.board.publish_readings("meter", Readings(at_s=self.clock.now_s(), grid_w=grid_w))

    def plug(self, **state: object) -> None:
        ev = EvState(connected=True, ev=EV, soc=0.5, can_charge=True, can_discharge=True, at_s=self.clock.now_s())
        session = CarSession(charger=self.fixed.charger, ev=replace(ev, **state), session_id="01")  # type: ignore[arg-type]
        self.board.publish_session("charger", session)


@pytest.fixture
def home(clock: StepClock, board: HouseBoard, book: HealthBook) -> Home:
    return Home(clock, board, book)


def test_a_reading_is_answered_in_the_meters_own_call(home: Home, clock: StepClock) -> None:
    for _ in range(2):
        clock.advance_to(clock.now_s() + 10)
        home.plug()
        home.read(-3000.0)
    latest = home.charger.got[-1]
    assert latest.reason.code is ReasonCode.CHARGE_SOLAR
    assert 1000 < latest.power_w < 3000
    assert latest.expires_s - latest.at_s <= 60


def test_a_limit_is_obeyed_in_the_next_tick(home: Home, clock: StepClock) -> None:
    home.wishes = Wishes(boost_until_s=clock.now_s() + 3600)
    home.plug()
    for _ in range(6):
        clock.advance_to(clock.now_s() + 1)
        home.plug(power_w=home.charger.got[-1].power_w)
        home.read(500.0 + home.charger.got[-1].power_w)
    assert home.charger.got[-1].power_w > 9000
    limit = GridEvent(
        event_id="1",
        source="utility",
        kind=GridEventKind.IMPORT_LIMIT,
        intervals=(EventInterval(start_s=0, end_s=clock.now_s() + 3600, value=4200),),
    )
    home.events = (limit,)
    home.dispatcher.tick()
    assert home.charger.got[-1].power_w <= 4200 - 500
    assert ReasonCode.LIMIT_IMPORT in {r.code for r in home.charger.got[-1].limited_by}


def test_a_power_newer_than_the_grids_reading_makes_no_phantom_surplus(home: Home, clock: StepClock) -> None:
    home.plug(power_w=0.0)
    home.read(1000.0)
    home.plug(power_w=8000.0)
    clock.advance_to(clock.now_s() + 1)
    home.dispatcher.tick()
    assert home.charger.got[-1].power_w == 0.0
    assert home.decisions[-1].readings.load_w(home.decisions[-1].ev_state.power_w) == 1000.0


def test_no_car_no_power(home: Home) -> None:
    home.read(-5000.0)
    assert home.charger.got[-1].power_w == 0.0
    assert home.charger.got[-1].reason.code is ReasonCode.NO_CAR


def test_a_failing_tick_hands_out_nothing_and_says_so(home: Home, book: HealthBook) -> None:
    home.read(0.0)
    handed = len(home.charger.got)
    home.wishes = None  # type: ignore[assignment]
    home.read(0.0)
    assert len(home.charger.got) == handed
    assert book.get(HEALTH_NAME).shown.level is HealthLevel.FAILED  # type: ignore[union-attr]
    home.wishes = Wishes()
    home.read(0.0)
    assert len(home.charger.got) == handed + 1
    assert book.get(HEALTH_NAME).shown.level is HealthLevel.OK  # type: ignore[union-attr]


async def test_it_ticks_without_any_reading(until: Callable[..., object]) -> None:
    clock = FastClock(1_713_261_600.0, 50.0)
    book = HealthBook(clock)
    home = Home(clock, HouseBoard(clock, fixed(CONFIG).connection, book), book)
    ticking = asyncio.create_task(home.dispatcher.run())
    await until(lambda: home.dispatcher.ticks >= 2)  # type: ignore[misc]
    ticking.cancel()


def test_what_a_charger_showed_outlives_a_restart_and_nonsense_is_learned_anew() -> None:
    known = {"reaction_s": 4.0, "ramp_w_per_s": 3350.0, "steps": 3}
    states = remembered({"charger": known, "other": {"colour": "blue"}})
    assert states["charger"].learned.reaction_s == 4.0
    assert "other" not in states
    assert remembered(None) == {}
    assert remembered("nonsense") == {}
