"""The backend's driver against the simulated CSMS: sessions in, transactions out; profiles in, grid events out."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.config.home import BackendSection
from app.drivers.backend import BackendDriver
from app.drivers.backend_events import grid_events
from app.drivers.backend_session import charging_needs
from app.ports import CarSession, Health, HealthLevel
from energy.grid_events import GridEvent, GridEventKind
from energy.model import Charger, Ev, EvState, Readings
from protocols.ocpp import Guidance, SimulatedCsms
from protocols.ocpp.disk import DiskUnusable

NOON = 1_795_348_800.0
CHARGER = Charger(charger_id="charger", phases=3, charge_max_w=11_000.0, discharge_max_w=10_000.0)
CAR = Ev(ev_id="car", capacity_wh=60_000.0, charge_max_w=11_000.0, discharge_max_w=10_000.0)


class HandClock:
    """Home time that moves when told."""

    speed = 1.0

    def __init__(self) -> None:
        self.at = NOON

    def now_s(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class Board:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.events: list[GridEvent] = []
        self.health: list[Health] = []
        self.messages: list[tuple[str, str]] = []
        self.heartbeats = 0

    def publish_readings(self, source: str, readings: Readings) -> None: ...

    def publish_session(self, source: str, session: CarSession) -> None: ...

    def publish_message(self, source: str, direction: str, name: str, body: dict[str, Any]) -> None:
        self.messages.append((direction, name))

    def publish_events(self, source: str, events: list[GridEvent]) -> None:
        self.events = events

    def publish_heartbeat(self, source: str) -> None:
        self.heartbeats += 1

    def publish_health(self, source: str, health: Health) -> None:
        self.health.append(health)

    def of(self, kind: GridEventKind) -> GridEvent | None:
        return next((event for event in self.events if event.kind is kind), None)


async def until(condition: Callable[[], Any], what: str, timeout_s: float = 15.0) -> None:
    end = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > end:
            pytest.fail(f"waited {timeout_s} s for {what}")
        await asyncio.sleep(0.01)


class Home:
    """A driver at work."""

    def __init__(self, url: str, path: Path, **section: Any) -> None:
        self.clock, self.board, self.stopped = HandClock(), Board(), list[str]()
        self.path = path
        self.section = BackendSection(url=url, **section)
        self.driver = self.make()

    def make(self) -> BackendDriver:
        return BackendDriver(self.section, self.clock, self.path, charger=CHARGER, stop_session=self.stopped.append)

    def tell(self, session: CarSession, seconds: float = 0.0) -> None:
        self.clock.at += seconds
        self.driver.session_changed(session)


@asynccontextmanager
async def at_work(home: Home) -> AsyncIterator[Home]:
    task = asyncio.create_task(home.driver.run(home.board))
    try:
        yield home
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def session(charged: float = 0.0, discharged: float = 0.0, power: float = 0.0, **more: Any) -> CarSession:
    connected = more.pop("connected", True)
    values: dict[str, Any] = {
        "charger": CHARGER,
        "ev": EvState(
            connected=connected, ev=CAR, soc=0.5 if connected else None, power_w=power, can_discharge=connected
        ),
        "session_id": "s1" if connected else None,
        "evcc_id": "0A1B2C" if connected else None,
        "protocol": "ISO 15118-20 DC_BPT, dynamic" if connected else "",
        "authorization": "eim" if connected else "",
        "charged_wh": charged,
        "discharged_wh": discharged,
    }
    return CarSession(**(values | more))


@pytest.fixture
async def csms() -> AsyncIterator[SimulatedCsms]:
    async with SimulatedCsms(lambda: NOON) as csms:
        yield csms


def profile(number: int, start_s: float, duration_s: int, **period: Any) -> dict[str, Any]:
    return {
        "evseId": 1,
        "chargingProfile": {
            "id": number,
            "stackLevel": number,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Absolute",
            "chargingSchedule": [
                {
                    "id": number,
                    "startSchedule": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(start_s)),
                    "duration": duration_s,
                    "chargingRateUnit": "W",
                    "chargingSchedulePeriod": [{"startPeriod": 0} | period],
                }
            ],
        },
    }


async def test_a_session_becomes_one_whole_transaction(csms: SimulatedCsms, tmp_path: Path) -> None:
    async with at_work(Home(csms.url, tmp_path)) as home:
        await until(lambda: csms.stations, "the boot")
        home.driver.report({"set_point_w": -5000.0, "frequency_hz": 50.01}, home.clock.at)
        home.tell(session(connected=False))
        home.tell(session(session_id=None))
        home.tell(session())
        # Of a transaction that is over, nobody is told what its car needed.
        await until(lambda: csms.said("NotifyEVChargingNeeds"), "the car's needs")
        for minute in range(1, 6):
            home.tell(session(discharged=minute * 83.0, power=-5000.0), 60.0)
        home.tell(session(connected=False), 10.0)
        await until(lambda: any(b.whole for b in csms.bookings.values()), "the end")
        (booking,) = csms.bookings.values()
        first, last = booking.events[0], booking.events[booking.order[-1]]
        assert first["idToken"] == {
            "idToken": "TWOWAY-HOME",
            "type": "Central",
            "additionalInfo": [{"additionalIdToken": "0A1B2C", "type": "EVCCID"}],
        }
        assert (booking.imported_wh, booking.exported_wh) == (0.0, 415.0)
        assert last["transactionInfo"]["stoppedReason"] == "EVDisconnected"
        states = [e["transactionInfo"].get("chargingState") for e in booking.events.values()]
        assert "Charging" in states
        (needs,) = csms.said("NotifyEVChargingNeeds")
        assert needs["chargingNeeds"]["requestedEnergyTransfer"] == "DC_BPT"
        assert needs["chargingNeeds"]["availableEnergyTransfer"] == ["DC", "DC_BPT"]
        statuses = [s["connectorStatus"] for s in csms.said("StatusNotification")]
        assert statuses[-1] == "Available"
        assert "Occupied" in statuses
        assert home.board.health[-1].level is HealthLevel.OK
        assert home.board.heartbeats >= 1
        assert ("out", "TransactionEvent") in home.board.messages
    assert csms.problems == []


async def test_a_contract_that_pays_is_the_transaction_s_token(csms: SimulatedCsms, tmp_path: Path) -> None:
    emaid = "DETWO000000000018"
    async with at_work(Home(csms.url, tmp_path)) as home:
        await until(lambda: csms.stations, "the boot")
        home.tell(session(authorization=""))
        home.tell(session(authorization="pnc", contract=emaid))
        home.tell(session(authorization="pnc", contract=emaid, discharged=80.0, power=-5000.0), 60.0)
        home.tell(session(connected=False), 10.0)
        await until(lambda: any(b.whole for b in csms.bookings.values()), "the end")
        (booking,) = csms.bookings.values()
        tokens = [event["idToken"] for event in booking.events.values() if "idToken" in event]
        assert {(token["idToken"], token["type"]) for token in tokens} == {(emaid, "eMAID")}
        (asked,) = csms.said("Authorize")
        assert (asked["idToken"]["idToken"], asked["idToken"]["type"]) == (emaid, "eMAID")
    assert csms.problems == []


async def test_registers_go_on_over_sessions_and_restarts(csms: SimulatedCsms, tmp_path: Path) -> None:
    home = Home(csms.url, tmp_path)
    for run in range(2):
        home.driver = home.make()
        async with at_work(home):
            await until(lambda: csms.stations, "the boot")
            for _ in range(2):
                home.tell(session())
                home.tell(session(charged=500.0, power=5000.0), 360.0)
                home.tell(session(connected=False), 10.0)
            await until(lambda run=run: sum(b.ended for b in csms.bookings.values()) == 2 * (run + 1), "the ends")
        await until(lambda: not csms.stations, "the link to close")
    registers = [
        reading["value"]
        for booking in csms.bookings.values()
        for event in booking.events.values()
        for value in event.get("meterValue", ())
        for reading in value["sampledValue"]
        if reading["measurand"] == "Energy.Active.Import.Register"
    ]
    assert registers == sorted(registers)
    assert registers[-1] == 2000.0
    assert [booking.imported_wh for booking in csms.bookings.values()] == [500.0] * 4


async def test_a_stopped_engine_closes_its_transaction_when_it_is_back(csms: SimulatedCsms, tmp_path: Path) -> None:
    home = Home(csms.url, tmp_path)
    async with at_work(home):
        await until(lambda: csms.stations, "the boot")
        home.tell(session())
        home.tell(session(charged=100.0, power=5000.0), 72.0)
        await until(lambda: csms.bookings, "the start")
    home.driver = home.make()
    async with at_work(home):
        home.tell(session(charged=0.0), 60.0)
        await until(lambda: len(csms.bookings) == 2, "the next transaction")
        await until(lambda: next(iter(csms.bookings.values())).ended, "the end of the first")
    first, second = csms.bookings.values()
    assert first.whole
    assert first.events[first.order[-1]]["transactionInfo"]["stoppedReason"] == "Reboot"
    assert first.imported_wh == 100.0
    assert not second.ended


async def test_profiles_become_grid_events(csms: SimulatedCsms, tmp_path: Path) -> None:
    async with at_work(Home(csms.url, tmp_path)) as home:
        await until(lambda: csms.stations, "the boot")
        station = home.section.station_id
        await csms.call(station, "SetChargingProfile", profile(1, NOON + 3600, 7200, limit=4200.0))
        central = {"operationMode": "CentralSetpoint", "setpoint": -4000.0}
        await csms.call(station, "SetChargingProfile", profile(2, NOON + 5400, 1800, **central))
        await until(lambda: home.board.of(GridEventKind.EV_SETPOINT), "the events")
        limit, setpoint = home.board.of(GridEventKind.CHARGE_LIMIT), home.board.of(GridEventKind.EV_SETPOINT)
        assert limit is not None
        assert setpoint is not None
        assert [(i.start_s - NOON, i.end_s - NOON, i.value) for i in limit.intervals] == [
            (3600, 5400, 4200.0),
            (7200, 10_800, 4200.0),
        ]
        assert [(i.start_s - NOON, i.end_s - NOON, i.value) for i in setpoint.intervals] == [(5400, 7200, -4000.0)]
        assert limit.value_at(NOON + 3600) == 4200.0
        assert limit.value_at(NOON) is None
        await csms.call(station, "ClearChargingProfile", {"chargingProfileCriteria": {}})
        await until(lambda: home.board.events == [], "their end")


async def test_zero_is_a_limit_of_zero_and_no_end_of_the_transaction(csms: SimulatedCsms, tmp_path: Path) -> None:
    async with at_work(Home(csms.url, tmp_path)) as home:
        await until(lambda: csms.stations, "the boot")
        home.tell(session())
        await csms.call(home.section.station_id, "SetChargingProfile", profile(1, NOON, 3600, limit=0))
        await until(lambda: home.board.of(GridEventKind.CHARGE_LIMIT), "the limit")
        limit = home.board.of(GridEventKind.CHARGE_LIMIT)
        assert limit is not None
        assert limit.value_at(NOON) == 0.0
        home.tell(session(), 60.0)
        home.tell(session(), 60.0)
        await until(lambda: any(len(b.events) > 2 for b in csms.bookings.values()), "the samples")
        (booking,) = csms.bookings.values()
        assert not booking.ended
        assert booking.events[booking.order[-1]]["transactionInfo"]["chargingState"] == "SuspendedEVSE"
        assert home.stopped == []


async def test_remote_stop_ends_the_session_and_waits_for_the_next_plug(csms: SimulatedCsms, tmp_path: Path) -> None:
    async with at_work(Home(csms.url, tmp_path)) as home:
        await until(lambda: csms.stations, "the boot")
        home.tell(session())
        await until(lambda: csms.bookings, "the start")
        (booking,) = csms.bookings.values()
        stop = {"transactionId": booking.transaction_id}
        answer = await csms.call(home.section.station_id, "RequestStopTransaction", stop)
        assert answer == {"status": "Accepted"}
        await until(lambda: booking.whole, "the end")
        assert home.stopped == ["the backend asks for it"]
        home.tell(session(charged=5.0), 60.0)
        home.tell(session(connected=False), 60.0)
        home.tell(session(session_id="s2"), 60.0)
        await until(lambda: len(csms.bookings) == 2, "the next plug's transaction")


async def test_remote_stop_that_a_crash_left_undone_is_done_after_it(csms: SimulatedCsms, tmp_path: Path) -> None:
    home = Home(csms.url, tmp_path)
    async with at_work(home):
        await until(lambda: csms.stations, "the boot")
        home.tell(session())
        await until(lambda: csms.bookings, "the start")
        (booking,) = csms.bookings.values()
        # The command is on disk and accepted, and then nobody obeys.
        home.driver._handlers.clear()
        stop = {"transactionId": booking.transaction_id}
        answer = await csms.call(home.section.station_id, "RequestStopTransaction", stop)
        assert answer == {"status": "Accepted"}
        assert not booking.ended
    home.driver = home.make()
    async with at_work(home):
        await until(lambda: booking.ended, "the end")
        assert home.stopped == ["the backend asks for it"]
        home.tell(session())
        await asyncio.sleep(0.05)
        assert len(csms.bookings) == 1
    assert booking.events[booking.order[-1]]["transactionInfo"]["stoppedReason"] == "Remote"


async def test_remote_start_waits_for_the_car(csms: SimulatedCsms, tmp_path: Path) -> None:
    async with at_work(Home(csms.url, tmp_path)) as home:
        await until(lambda: csms.stations, "the boot")
        start = {"remoteStartId": 9, "evseId": 1, "idToken": {"idToken": "GUEST", "type": "ISO14443"}}
        assert await csms.call(home.section.station_id, "RequestStartTransaction", start) == {"status": "Accepted"}
        await asyncio.sleep(0.05)
        home.tell(session())
        await until(lambda: csms.bookings, "the start")
        (booking,) = csms.bookings.values()
        assert booking.events[0]["idToken"]["idToken"] == "GUEST"
        assert booking.events[0]["transactionInfo"]["remoteStartId"] == 9
        assert booking.events[0]["triggerReason"] == "RemoteStart"


async def test_backend_that_refuses_the_token_does_not_stop_the_car(tmp_path: Path) -> None:
    async with (
        SimulatedCsms(lambda: NOON, tokens=frozenset({"SOMEBODY"})) as csms,
        at_work(Home(csms.url, tmp_path)) as home,
    ):
        await until(lambda: csms.stations, "the boot")
        home.tell(session())
        await until(lambda: any(b.ended for b in csms.bookings.values()), "the end of the transaction")
        assert home.stopped == []
        assert "outside its contract" in home.board.health[-1].text
        home.tell(session(charged=100.0, power=5000.0), 60.0)
        await asyncio.sleep(0.05)
        assert len(csms.bookings) == 1


async def test_backend_away_is_a_warning_and_nothing_is_lost(tmp_path: Path) -> None:
    async with at_work(Home("ws://127.0.0.1:9", tmp_path)) as home:
        await until(lambda: home.board.health and home.board.health[-1].level is HealthLevel.WARNING, "the warning")
        assert "the backend is away" in home.board.health[-1].text
        home.tell(session())
        home.tell(session(connected=False), 60.0)
        assert home.board.heartbeats == 0
    async with SimulatedCsms(lambda: NOON) as csms:
        home.section = home.section.model_copy(update={"url": csms.url})
        home.driver = home.make()
        async with at_work(home):
            await until(lambda: any(b.whole for b in csms.bookings.values()), "the bookings")


async def test_unusable_file_fails_the_driver_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "backend-ocpp.db").write_bytes(b"rubbish " * 1000)
    with pytest.raises(DiskUnusable, match="move it aside"):
        await Home("ws://127.0.0.1:9", tmp_path).driver.run(Board())


def test_the_last_step_lasts() -> None:
    steps = [
        Guidance(0.0, 10.0, charge_max_w=5.0),
        Guidance(10.0, 20.0, charge_max_w=5.0, setpoint_w=1.0),
        Guidance(20.0, 30.0),
        Guidance(30.0, 40.0, charge_max_w=7.0),
    ]
    limit, setpoint = grid_events(steps, "backend", 0.0)
    assert [(i.start_s, i.end_s, i.value) for i in limit.intervals] == [(0.0, 20.0, 5.0), (30.0, math.inf, 7.0)]
    assert [(i.start_s, i.end_s) for i in setpoint.intervals] == [(10.0, 20.0)]


@pytest.mark.parametrize(
    ("protocol", "mode", "two_way"),
    [
        ("ISO 15118-20 DC_BPT, dynamic", "DC_BPT", True),
        ("ISO 15118-20 AC, scheduled", "AC_three_phase", False),
        ("ISO 15118-20 AC_BPT, scheduled", "AC_BPT", True),
        ("ISO 15118-20 DC, dynamic", "DC", False),
    ],
)
def test_needs_of_each_service(protocol: str, mode: str, two_way: bool) -> None:
    needs = charging_needs(session(protocol=protocol))
    assert needs is not None
    assert needs.mode == mode
    assert (needs.discharge_max_w > 0) is two_way


def test_no_needs_before_service_and_charge_are_known() -> None:
    assert charging_needs(session(protocol="")) is None
    told = session()
    assert charging_needs(replace(told, ev=replace(told.ev, soc=None))) is None
