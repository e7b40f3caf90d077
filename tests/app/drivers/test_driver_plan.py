"""The plan on the real wire: schedules renegotiated, a pause over a restart, every dialect by the same driver."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Literal

import pytest

from app.clock import WallClock
from app.config.home import ChargerSection, PowerStageSection
from app.demo.actors import free_udp_port
from app.drivers.charger import LAB, Iso15118Charger
from app.engine.board import HouseBoard
from app.engine.health import HealthBook
from app.ports import CarSession, HealthLevel, LinkNews
from energy.model import Charger, Connection, Ev, Reason, ReasonCode, SetPoint
from energy.plan.types import Money, Plan, PlugPlan, Step
from protocols import iso15118 as iso
from protocols.iec61851 import Defects, Hardware, OutletState, Pilot
from protocols.iso15118.events import SessionPaused
from protocols.modbus.server import ModbusServer
from protocols.modbus.simulated import SimulatedPowerStage, StageValues

CHARGER = Charger(charger_id="charger", phases=3, charge_max_w=11_000, discharge_max_w=10_000)
USUAL = Ev(ev_id="car", capacity_wh=60_000, charge_max_w=11_000, discharge_max_w=10_000)
DC = iso.Service.DC
DC_BPT = iso.Service.DC_BPT
NAMES = iso.ProtocolName


class Drive:
    """A charger with its simulated stage behind Modbus, and a car that comes and goes on its cable."""

    def __init__(self, mode: Literal["dynamic", "scheduled"] = "dynamic", *, pause: bool = False) -> None:
        self.pilot = Pilot.A
        self.stage_w, self.closed = 0.0, False
        self.car = iso.SimulatedCar(soc=0.6)
        self.seen: list[iso.Event] = []
        self.stage = SimulatedPowerStage(
            measure=self.measure,
            follow=self.follow,
            hardware=Hardware(contactor_s=0.0, isolation_s=0.1, welding_s=0.1, defects=Defects()),
        )
        self.server = ModbusServer({1: self.stage.unit()})
        self.clock = WallClock()
        self.book = HealthBook(self.clock)
        self.board = HouseBoard(self.clock, Connection(phases=3, fuse_a=25.0), self.book)
        self.port = free_udp_port()
        self.mode, self.pause = mode, pause
        self.remembered: str = "null"
        self.hold_w = 0.0
        self.modem: Modem | None = None

    def measure(self) -> StageValues:
        volt = self.car.voltage_v if self.closed else 0.0
        power_w = self.stage_w if self.closed else 0.0
        return StageValues(
            pilot=self.pilot, ev_w=power_w, dc_voltage_v=volt, dc_current_a=power_w / volt if volt else 0
        )

    def follow(self, power_w: float, closed: bool) -> None:
        self.stage_w, self.closed = power_w, closed

    def on_car(self, event: iso.Event) -> None:
        self.seen.append(event)
        if isinstance(event, iso.StateChanged) and event.state is iso.State.CABLE_CHECK:
            self.pilot = Pilot.C
        elif isinstance(event, iso.PowerDeliveryChanged):
            self.pilot = Pilot.C if event.on else Pilot.B
        elif isinstance(event, iso.SessionEnded):
            self.pilot = Pilot.B

    def saw(self, name: str) -> int:
        return sum(isinstance(event, iso.MessageSeen) and event.name == name for event in self.seen)

    def messages(self, name: str) -> list[Any]:
        return [event.message for event in self.seen if isinstance(event, iso.MessageSeen) and event.name == name]

    def remember(self, paused: object) -> None:
        """As the store does."""
        self.remembered = json.dumps(paused)

    @property
    def session(self) -> CarSession:
        return self.board.sessions["charger"]

    @asynccontextmanager
    async def engine(self) -> AsyncIterator[Iso15118Charger]:
        section = ChargerSection(
            sdp_port=self.port,
            control_mode=self.mode,
            pause_when_idle=self.pause,
            lab_v20_without_tls=True,
            power_stage=PowerStageSection(port=self.server.port),
        )
        driver = Iso15118Charger(
            section,
            CHARGER,
            USUAL,
            self.clock,
            timings=iso.Timings().scaled(10),
            stage_interval_s=0.1,
            matching=self.modem,
            paused=json.loads(self.remembered),
            remember_paused=self.remember,
        )
        running = asyncio.create_task(driver.run(self.board))
        renewing = asyncio.create_task(self.renew(driver))
        try:
            await until(lambda: driver.stage.reading is not None)
            yield driver
        finally:
            for task in (renewing, running):
                task.cancel()
            await asyncio.gather(renewing, running, return_exceptions=True)

    async def renew(self, driver: Iso15118Charger) -> None:
        while True:
            now_s = self.clock.now_s()
            reason = Reason(code=ReasonCode.HOLD)
            driver.set_point(
                SetPoint(charger_id="charger", power_w=self.hold_w, at_s=now_s, expires_s=now_s + 30, reason=reason)
            )
            await asyncio.sleep(0.1)

    def client(self, plan: iso.CarPlan) -> iso.EvccClient:
        return iso.EvccClient("lo", self.car, plan, self.on_car, timings=iso.Timings().scaled(10), sdp_port=self.port)

    @asynccontextmanager
    async def driving(self, **wanted: Any) -> AsyncIterator["asyncio.Task[iso.SessionEnded]"]:
        self.pilot = Pilot.B
        plan = iso.CarPlan(loop_interval_s=0.05, lab_v20_without_tls=True, **wanted)
        task = asyncio.create_task(self.client(plan).run())
        try:
            yield task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def until(holds: Callable[[], Any], within_s: float = 20.0) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError("it did not come true in time")
        await asyncio.sleep(0.02)


def plan(*powers: float, length_s: float = 3600.0) -> Plan:
    start_s = time.time() - 60.0
    steps = tuple(
        Step(
            start_s=start_s + k * length_s,
            end_s=start_s + (k + 1) * length_s,
            ev_w=power_w,
            grid_w=500.0,
            load_w=500.0,
            solar_w=0.0,
            soc=0.5,
            import_eur_per_kwh=0.30 + 0.01 * k,
            export_eur_per_kwh=0.08,
            reason=Reason(code=ReasonCode.HOLD),
        )
        for k, power_w in enumerate(powers)
    )
    return Plan(
        made_s=start_s,
        plugs=(PlugPlan(charger_id="charger", steps=steps),),
        promises=(),
        money=Money(planned_eur=0.0, baseline_eur=0.0),
        optimal=True,
    )


async def test_a_schedule_of_the_plan_is_offered_and_renegotiated_when_the_plan_changes() -> None:
    drive = Drive("scheduled")
    async with drive.server, drive.engine() as driver:
        driver.plan_changed(plan(7_000.0, 0.0, -4_000.0))
        drive.hold_w = 7_000.0
        async with drive.driving(service=DC_BPT):
            await until(lambda: drive.stage_w == 7_000.0)
            (offered,) = drive.messages("ScheduleExchangeRes")
            (row,) = offered.Scheduled_SEResControlMode.ScheduleTuple
            powers = [entry.Power.Value * 10**entry.Power.Exponent for entry in entries(row.ChargingSchedule)]
            assert powers == [7_000, 0]
            prices = row.ChargingSchedule.AbsolutePriceSchedule
            assert prices.Currency == "EUR"
            assert len(prices.PriceRuleStacks.PriceRuleStack) == 3
            back = [entry.Power.Value * 10**entry.Power.Exponent for entry in entries(row.DischargingSchedule)]
            assert back == [0, 4_000]
            assert drive.session.protocol == "ISO 15118-20 DC_BPT, scheduled"
            driver.plan_changed(plan(2_000.0, 9_000.0, 9_000.0))
            await until(lambda: drive.saw("ScheduleExchangeRes") == 2)
            await until(lambda: driver.evse.notification is None)
            drive.hold_w = 2_000.0
            await until(lambda: drive.stage_w == 2_000.0)
            assert drive.session.state == "charge_loop"


def entries(schedule: Any) -> list[Any]:
    found: list[Any] = schedule.PowerSchedule.PowerScheduleEntries.PowerScheduleEntry
    return found


async def test_in_dynamic_mode_the_car_is_told_the_prices() -> None:
    drive = Drive()
    async with drive.server, drive.engine() as driver:
        driver.plan_changed(plan(7_000.0, 0.0))
        async with drive.driving(service=DC_BPT):
            await until(lambda: drive.saw("DC_ChargeLoopRes") > 1)
            (offered,) = drive.messages("ScheduleExchangeRes")
            assert offered.Dynamic_SEResControlMode.AbsolutePriceSchedule.Currency == "EUR"


async def test_a_car_sleeps_through_the_night_and_a_restart_and_is_woken_with_its_session() -> None:
    drive = Drive(pause=True)
    async with drive.server:
        async with drive.engine() as driver:
            driver.plan_changed(plan(0.0, 0.0, 0.0))
            async with drive.driving(service=DC_BPT) as session:
                ended = await asyncio.wait_for(session, 30)
            assert ended.paused
            await until(lambda: drive.session.state == "paused")
            assert not drive.closed
            assert driver.cable.outlet.state is OutletState.RESTING
            first = drive.session.session_id
            assert (drive.session.ev.can_charge, drive.session.ev.can_discharge) == (True, True)
        assert json.loads(drive.remembered)["charged_wh"] >= 0.0
        kept = next(event.paused for event in drive.seen if isinstance(event, SessionPaused))
        async with drive.engine() as driver:
            await until(lambda: drive.session.state == "paused")
            assert drive.session.session_id == first
            driver.plan_changed(plan(5_000.0, 5_000.0))
            drive.hold_w = 5_000.0
            await until(lambda: driver.cable.outlet.duty == pytest.approx(0.05))
            async with drive.driving(service=DC_BPT, resume=kept):
                await until(lambda: drive.stage_w == 5_000.0)
                assert drive.session.session_id == first
                assert json.loads(drive.remembered) is None


async def test_a_paused_car_that_is_pulled_is_forgotten() -> None:
    drive = Drive(pause=True)
    async with drive.server, drive.engine() as driver:
        driver.plan_changed(plan(0.0, 0.0, 0.0))
        async with drive.driving(service=DC_BPT) as session:
            await asyncio.wait_for(session, 30)
        await until(lambda: driver.evse.paused is not None)
        drive.pilot = Pilot.A
        await until(lambda: driver.evse.paused is None)
        assert json.loads(drive.remembered) is None
        await until(lambda: drive.session.state == "unplugged")


async def test_power_wakes_a_car_that_sleeps() -> None:
    drive = Drive(pause=True)
    drive.modem = Modem()
    async with drive.server, drive.engine() as driver:
        driver.plan_changed(plan(0.0, 0.0, 0.0))
        async with drive.driving(service=DC_BPT) as session:
            await asyncio.wait_for(session, 30)
        await until(lambda: driver.cable.outlet.state is OutletState.RESTING)
        drive.hold_w = 3_000.0
        await until(lambda: drive.stage.hardware.duty == pytest.approx(0.05))
        modem = drive.modem
        await until(lambda: modem.told == ["start", "pause", "wake"])


@pytest.mark.parametrize(
    ("protocol", "service", "title"),
    [
        (NAMES.V2, DC, "ISO 15118-2 DC"),
        (NAMES.V2, iso.Service.AC, "ISO 15118-2 AC"),
        (NAMES.DIN, DC, "DIN SPEC 70121 DC"),
        (NAMES.V20_AC, iso.Service.AC, "ISO 15118-20 AC, dynamic"),
    ],
)
async def test_every_dialect_by_the_same_driver(protocol: iso.ProtocolName, service: iso.Service, title: str) -> None:
    drive = Drive()
    async with drive.server, drive.engine() as driver:
        drive.hold_w = 4_000.0
        driver.plan_changed(plan(4_000.0, 4_000.0))
        async with drive.driving(service=service, protocols=(protocol,)) as session:
            await until(lambda: drive.stage_w == 4_000.0)
            assert drive.session.protocol == title
            assert drive.session.encryption == "none"
            assert drive.session.unprotected_by_switch is (protocol is NAMES.V20_AC)
            driver.stop_session("asked")
            ended = await asyncio.wait_for(session, 30)
            assert ended.proper, ended.reason
        await until(lambda: not drive.closed)
        assert driver.cable.outlet.state is OutletState.RESTING


async def test_no_energy_is_drawn_from_a_car_that_did_not_agree_to_give_any() -> None:
    drive = Drive()
    async with drive.server, drive.engine() as driver:
        drive.hold_w = 4_000.0
        async with drive.driving(service=DC):
            await until(lambda: drive.stage_w == 4_000.0)
            drive.hold_w = -4_000.0
            await until(lambda: drive.stage_w == 0.0)
            loops = driver.loops
            await until(lambda: driver.loops > loops + 3)
            assert drive.stage_w == 0.0


async def test_without_tls_the_switch_is_told() -> None:
    drive = Drive()
    async with drive.server, drive.engine(), drive.driving(service=DC_BPT):
        await until(lambda: "without TLS" in shown(drive)[1])
        await until(lambda: drive.session.unprotected_by_switch)


async def test_a_pulled_plug_ends_the_session_at_once() -> None:
    drive = Drive()
    async with drive.server, drive.engine() as driver:
        drive.hold_w = 4_000.0
        async with drive.driving(service=DC_BPT) as session:
            await until(lambda: drive.stage_w == 4_000.0)
            drive.pilot = Pilot.A
            ended = await asyncio.wait_for(session, 30)
            assert not ended.proper
        await until(lambda: driver.cable.outlet.state is OutletState.VACANT and not drive.closed)


async def test_bad_isolation_is_the_standard_s_refusal_and_the_next_car_is_served() -> None:
    drive = Drive()
    drive.stage.hardware.defects.isolation_ohm = 10_000.0
    async with drive.server, drive.engine():
        async with drive.driving(service=DC_BPT) as session:
            ended = await asyncio.wait_for(session, 30)
            assert not ended.proper
            assert drive.saw("DC_CableCheckRes")
        assert not drive.closed
        assert shown(drive) == (HealthLevel.FAILED, "the isolation test failed (10 kΩ): look at cable and car; " + LAB)
        drive.stage.hardware.defects.isolation_ohm = 5e6
        drive.hold_w = 4_000.0
        async with drive.driving(service=DC_BPT):
            await until(lambda: drive.stage_w == 4_000.0)


async def test_a_stage_fault_in_the_loop_ends_power_and_session_and_the_next_one_starts_clean() -> None:
    drive = Drive()
    async with drive.server, drive.engine() as driver:
        drive.hold_w = 4_000.0
        async with drive.driving(service=DC_BPT) as session:
            await until(lambda: drive.stage_w == 4_000.0)
            drive.stage.hardware.defects.code = 7
            await until(lambda: not drive.closed)
            ended = await asyncio.wait_for(session, 30)
            assert ended.reason
        level, text = shown(drive)
        assert level is HealthLevel.FAILED
        assert "fault 7" in text
        driver.reset_fault()
        await until(lambda: drive.stage.hardware.defects.code == 0)
        async with drive.driving(service=DC_BPT):
            await until(lambda: drive.stage_w == 4_000.0)
        assert shown(drive)[0] is not HealthLevel.FAILED


def shown(drive: Drive) -> tuple[HealthLevel, str]:
    line = drive.book.get("charger")
    assert line is not None
    return line.shown.level, line.shown.text


async def test_iso_15118_2_renegotiates_too() -> None:
    drive = Drive("scheduled")
    async with drive.server, drive.engine() as driver:
        driver.plan_changed(plan(7_000.0, 0.0))
        drive.hold_w = 7_000.0
        async with drive.driving(service=DC, protocols=(NAMES.V2,)):
            await until(lambda: drive.stage_w == 7_000.0)
            seen = drive.saw("ChargeParameterDiscoveryRes")
            driver.plan_changed(plan(2_000.0, 9_000.0, 9_000.0))
            await until(lambda: drive.saw("ChargeParameterDiscoveryRes") > seen)
            drive.hold_w = 2_000.0
            await until(lambda: drive.stage_w == 2_000.0)


async def test_a_lost_power_line_ends_the_session_and_the_car_is_matched_anew() -> None:
    drive = Drive()
    drive.modem = Modem()
    async with drive.server, drive.engine() as driver:
        drive.hold_w = 4_000.0
        async with drive.driving(service=DC_BPT) as session:
            await until(lambda: drive.stage_w == 4_000.0)
            assert drive.modem.told == ["start"]
            assert drive.modem.on_news is not None
            drive.modem.on_news(LinkNews.LOST)
            ended = await asyncio.wait_for(session, 30)
            assert not ended.proper
        await until(lambda: not drive.closed and drive.stage_w == 0.0)
        await until(lambda: drive.modem is not None and drive.modem.told == ["start", "stop", "start"])
        assert driver.cable.outlet.state is OutletState.OFFERING
        assert "power-line link" in shown(drive)[1]


class Modem:
    """Notes what it is told."""

    name = "power line"

    def __init__(self) -> None:
        self.on_news: Callable[[LinkNews], None] | None = None
        self.told: list[str] = []

    async def run(self, board: Any) -> None:
        await asyncio.Event().wait()

    def start(self) -> None:
        self.told.append("start")

    def stop(self) -> None:
        self.told.append("stop")

    def pause(self) -> None:
        self.told.append("pause")

    def wake(self) -> None:
        self.told.append("wake")
