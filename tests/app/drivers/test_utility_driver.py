"""The utility driver against the simulated VTN: events reach the board, reports carry the home's own figures."""

import asyncio
import time
from typing import Any

import pytest

from app.clock import FastClock
from app.config.home import UtilitySection
from app.drivers.utility import UtilityDriver
from app.drivers.utility_reports import FigureLog, answer
from app.ports import Health, HealthLevel
from energy.grid_events import GridEvent, GridEventKind
from protocols.openadr.model import AdrInterval, ReportDescriptor
from protocols.openadr.reports import ReportDue
from protocols.openadr.versions import V3_1_0
from protocols.openadr.vtn import SimulatedVtn

START_S = 1_767_225_600.0


class FakeBoard:
    """Keeps what the driver publishes."""

    def __init__(self) -> None:
        self.events: list[GridEvent] = []
        self.heartbeats = 0
        self.health: Health | None = None
        self.messages: list[str] = []

    def publish_events(self, source: str, events: list[GridEvent]) -> None:
        self.events = events

    def publish_heartbeat(self, source: str) -> None:
        self.heartbeats += 1

    def publish_health(self, source: str, health: Health) -> None:
        self.health = health

    def publish_message(self, source: str, direction: str, name: str, body: dict[str, Any]) -> None:
        self.messages.append(name)

    def publish_readings(self, source: str, readings: object) -> None:
        raise AssertionError("a utility measures nothing here")

    def publish_session(self, source: str, session: object) -> None:
        raise AssertionError("a utility has no car")


async def test_an_hour_at_speed_events_in_report_out() -> None:
    clock = FastClock(START_S, speed=3600.0)
    async with SimulatedVtn(V3_1_0, clock=clock.now_s) as vtn:
        program = vtn.add("programs", {"programName": "flex"})
        vtn.add(
            "events",
            {
                "programID": program["id"],
                "intervalPeriod": {"start": "0001-01-01", "duration": "PT2H"},
                "intervals": [{"id": 3, "payloads": [{"type": "IMPORT_CAPACITY_LIMIT", "values": [4.2]}]}],
                "reportDescriptors": [{"payloadType": "USAGE", "units": "KWH", "aggregate": True}],
            },
        )
        section = UtilitySection(url=vtn.base_url, client_id="home", poll_s=300, programs=["flex"])
        driver = UtilityDriver(section, clock, "home-secret")
        board = FakeBoard()
        task = asyncio.create_task(driver.run(board))
        deadline = time.monotonic() + 30
        limited = False
        try:
            while not vtn.reports:
                assert time.monotonic() < deadline, f"no report: {board.health} {board.messages}"
                driver.report({"grid_w": 2_000.0, "ev_w": -500.0, "soc": 0.6}, clock.now_s())
                limited = limited or any(
                    e.kind is GridEventKind.IMPORT_LIMIT and e.value_at(clock.now_s()) == 4200 for e in board.events
                )
                await asyncio.sleep(0.01)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        [resource] = vtn.reports[0]["resources"]
        assert resource["resourceName"] == "AGGREGATED_REPORT"
        [interval] = resource["intervals"]
        assert interval["id"] == 3
        assert interval["payloads"][0]["values"][0] == pytest.approx(4.0, rel=0.05)  # 2 kW over 2 h
    assert limited
    assert board.heartbeats >= 1
    assert board.health is not None
    assert board.health.level is HealthLevel.OK


def _due(payload_type: str, units: str | None = None, **more: Any) -> ReportDue:
    span = AdrInterval(0, START_S, START_S + 1800)
    descriptor = ReportDescriptor(payload_type, units=units, **more)
    return ReportDue("e", "p", descriptor, 0, span.end_s, (span,))


@pytest.mark.parametrize(
    ("payload_type", "units", "home", "car"),
    [
        ("USAGE", "KWH", 1.0, -0.5),
        ("DEMAND", "KW", 2.0, -1.0),
        ("DEMAND", "W", 2000.0, -1000.0),
        ("STORAGE_CHARGE_LEVEL", "PERCENT", None, 0.6),
        ("STORAGE_USABLE_CAPACITY", "KWH", None, 60.0),
        ("SETPOINT", "KW", None, -1.1),
        ("STORAGE_MAX_CHARGE_POWER", "KW", None, None),
        ("OPERATING_STATE", None, "RUNNING_NORMAL", "RUNNING_NORMAL"),
    ],
)
def test_report_values_in_the_asked_units(payload_type: str, units: str | None, home: object, car: object) -> None:
    log = FigureLog()
    for minute in range(30):
        figures = {"grid_w": 2000.0, "ev_w": -1000.0, "soc": 0.6, "capacity_wh": 60_000.0, "set_point_w": -1100.0}
        log.add(figures, START_S + 60 * minute)
    values = answer(_due(payload_type, units), log)
    assert values is not None
    assert values["home"][0] == (pytest.approx(home) if isinstance(home, float) else home)
    assert values["car"][0] == (pytest.approx(car) if isinstance(car, float) else car)


def test_what_was_not_measured_is_missing_not_zero() -> None:
    log = FigureLog()
    log.add({"grid_w": 2000.0}, START_S)
    assert answer(_due("USAGE", "KWH"), log) == {"home": [None], "car": [None]}
    assert answer(_due("USAGE", "THERMS"), log) == {"home": [None], "car": [None]}
    assert answer(_due("NO_SUCH_REPORT"), log) is None


@pytest.mark.parametrize(
    ("power_w", "active", "state"),
    [
        (3000.0, 1.0, "RUNNING_CURTAILED"),
        (0.0, 1.0, "IDLE_CURTAILED"),
        (-3000.0, 0.0, "RUNNING_NORMAL"),
        (10.0, 0.0, "IDLE_NORMAL"),
    ],
)
def test_the_operating_state_tells_power_and_events_apart(power_w: float, active: float, state: str) -> None:
    log = FigureLog()
    for minute in range(30):
        log.add({"grid_w": power_w, "ev_w": power_w, "event_active": active}, START_S + 60 * minute)
    assert answer(_due("OPERATING_STATE"), log) == {"home": [state], "car": [state]}
