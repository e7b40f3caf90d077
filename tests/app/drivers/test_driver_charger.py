"""The charger driver over its real wires: a car on ::1, a power stage over Modbus."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from app.clock import WallClock
from app.config.home import ChargerSection, PowerStageSection
from app.demo.actors import free_udp_port
from app.drivers.charger import Iso15118Charger
from app.engine.board import HouseBoard
from app.engine.health import HealthBook
from app.ports import HealthLevel
from energy.model import Charger, Connection, Ev, Reason, ReasonCode, SetPoint
from protocols import iso15118 as iso
from protocols.iec61851 import PilotTimings
from protocols.modbus.readings import Pilot
from protocols.modbus.server import ModbusServer
from protocols.modbus.simulated import SimulatedPowerStage, StageValues

EXPIRY_S = 5.0
CHARGER = Charger(charger_id="charger", phases=3, charge_max_w=11_000, discharge_max_w=10_000)
USUAL = Ev(ev_id="car", capacity_wh=60_000, charge_max_w=11_000, discharge_max_w=10_000)


class Bench:
    """A stage and a car with a wire between them."""

    def __init__(self, service: iso.Service = iso.Service.DC_BPT) -> None:
        self.service = service
        self.pilot = Pilot.B
        self.stage_w, self.closed = 0.0, False
        self.car = iso.SimulatedCar(soc=0.6)
        self.followed: list[float] = []
        self.ended: iso.SessionEnded | None = None
        self.stage = SimulatedPowerStage(measure=self.measure, follow=self.follow)
        self.server = ModbusServer({1: self.stage.unit()})
        self.clock = WallClock()
        self.book = HealthBook(self.clock)
        self.board = HouseBoard(self.clock, Connection(phases=3, fuse_a=25.0), self.book)

    def measure(self) -> StageValues:
        volt = self.car.voltage_v if self.pilot is Pilot.C else 0.0
        power_w = self.stage_w if self.closed and volt else 0.0
        current_a = power_w / volt if volt else 0.0
        return StageValues(pilot=self.pilot, ev_w=power_w, dc_voltage_v=volt, dc_current_a=current_a)

    def follow(self, power_w: float, closed: bool) -> None:
        self.stage_w, self.closed = power_w, closed

    def on_car(self, event: iso.Event) -> None:
        if isinstance(event, iso.StateChanged) and event.state is iso.State.CABLE_CHECK:
            self.pilot = Pilot.C
        elif isinstance(event, iso.SetPointReceived):
            self.followed.append(event.set_point_w)
        elif isinstance(event, iso.PowerDeliveryChanged):
            self.pilot = Pilot.C if event.on else Pilot.B
        elif isinstance(event, iso.SessionEnded):
            self.pilot, self.ended = Pilot.B, event

    def set_point(self, power_w: float) -> SetPoint:
        now_s = self.clock.now_s()
        reason = Reason(code=ReasonCode.HOLD)
        return SetPoint(charger_id="charger", power_w=power_w, at_s=now_s, expires_s=now_s + 30, reason=reason)


async def until(holds: Callable[[], Any], within_s: float = 20.0) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError("it did not come true in time")
        await asyncio.sleep(0.02)


@asynccontextmanager
async def plugged(bench: Bench, pilot_timings: PilotTimings | None = None) -> AsyncIterator[Iso15118Charger]:
    """The driver with the car in its charge loop."""
    async with bench.server:
        port = free_udp_port()
        section = ChargerSection(
            interface="lo",
            sdp_port=port,
            services=["dc_bpt", "dc", "ac_bpt", "ac"],
            expiry_s=EXPIRY_S,
            lab_v20_without_tls=True,
            power_stage=PowerStageSection(port=bench.server.port),
        )
        driver = Iso15118Charger(
            section, CHARGER, USUAL, bench.clock, timings=iso.Timings().scaled(10), pilot_timings=pilot_timings
        )
        running = asyncio.create_task(driver.run(bench.board))
        guard = asyncio.create_task(bench.stage.guard())
        client = iso.EvccClient(
            "lo",
            bench.car,
            iso.CarPlan(bench.service, loop_interval_s=0.05, lab_v20_without_tls=True),
            bench.on_car,
            timings=iso.Timings().scaled(10),
            sdp_port=port,
        )
        car = asyncio.create_task(client.run())
        try:
            await until(lambda: len(bench.followed) > 2)
            yield driver
        finally:
            for task in (car, running, guard):
                task.cancel()
            await asyncio.gather(car, running, guard, return_exceptions=True)


@pytest.mark.parametrize(
    ("service", "power_w"),
    [(iso.Service.DC_BPT, 6_000.0), (iso.Service.DC_BPT, -4_000.0), (iso.Service.AC_BPT, -4_200.0)],
)
async def test_a_set_point_reaches_car_and_stage_and_expires_at_both(service: iso.Service, power_w: float) -> None:
    bench = Bench(service)
    async with plugged(bench) as driver:
        await until(lambda: bench.closed)
        driver.set_point(bench.set_point(power_w))
        await until(lambda: bench.followed[-1] == power_w and bench.stage_w == power_w)
        await until(lambda: bench.board.sessions["charger"].ev.power_w == power_w)
        session = bench.board.sessions["charger"]
        assert session.protocol == f"ISO 15118-20 {service.name}, dynamic"
        assert session.ev.connected
        assert session.ev.can_discharge
        assert session.ev.soc == pytest.approx(0.6, abs=0.02)
        # Nobody renews it.
        await until(lambda: bench.followed[-1] == 0.0 and bench.stage_w == 0.0, within_s=EXPIRY_S + 10)


async def test_the_session_ends_in_order_when_asked() -> None:
    bench = Bench()
    async with plugged(bench) as driver:
        await until(lambda: bench.closed)
        driver.set_point(bench.set_point(3_000.0))
        await until(lambda: bench.stage_w == 3_000.0)
        driver.stop_session("asked")
        await until(lambda: bench.ended is not None)
        assert bench.ended is not None
        assert bench.ended.proper
        await until(lambda: not bench.closed and bench.stage_w == 0.0)
        assert bench.board.sessions["charger"].state == "ended"


async def test_a_contactor_that_does_not_close_is_told_and_ends_the_session() -> None:
    bench = Bench()
    bench.stage.hardware.defects.stuck_open = True
    async with plugged(bench, PilotTimings(close_s=0.3)):
        await until(lambda: bench.ended is not None)
        line = bench.book.get("charger")
        assert line is not None
        assert line.shown.level is HealthLevel.FAILED
        assert "does not close its contactor" in line.shown.text


async def test_the_driver_stopped_ends_the_session_and_opens_the_contactor() -> None:
    bench = Bench()
    async with plugged(bench) as driver:
        await until(lambda: bench.closed)
        driver.set_point(bench.set_point(3_000.0))
        await until(lambda: bench.stage_w == 3_000.0)
    assert bench.ended is not None
    assert bench.stage_w == 0.0
    assert not bench.closed
