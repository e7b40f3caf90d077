"""The charger driver without a word from the car: pilot and stage over real Modbus, a car that only has a pilot."""

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
from app.ports import CarSession, HealthLevel
from energy.model import Charger, Connection, Ev, Reason, ReasonCode, SetPoint
from protocols.iec61851 import X1, Inlet, InletConfig, OutletState, PilotTimings, duty_for
from protocols.modbus.server import ModbusServer
from protocols.modbus.simulated import SimulatedPowerStage, StageValues

CHARGER = Charger(charger_id="charger", phases=3, charge_max_w=11_040, discharge_max_w=10_000)
USUAL = Ev(ev_id="car", capacity_wh=60_000, charge_max_w=11_000, discharge_max_w=10_000)
QUICK = PilotTimings(digital_s=0.2, digital_tries=1, step_ef_s=0.2, step_x1_s=0.2, duty_reaction_s=1.0, settle_s=0.3)


class Garage:
    """A car with a pilot and nothing else, on a simulated power stage behind Modbus."""

    def __init__(self, car: InletConfig | None = None) -> None:
        self.inlet = Inlet(car)
        self.stage = SimulatedPowerStage(
            measure=self.measure, follow=lambda _power, closed: None, max_charge_w=11_040.0
        )
        self.server = ModbusServer({1: self.stage.unit()})
        self.clock = WallClock()
        self.book = HealthBook(self.clock)
        self.board = HouseBoard(self.clock, Connection(phases=3, fuse_a=25.0), self.book)
        self.greed_a = 0.0
        self.hold_w: float | None = None
        """What the dispatch wants, renewed as it does; None: nobody renews."""

    def measure(self) -> StageValues:
        now = time.monotonic()
        self.inlet.sees(self.stage.hardware.duty, now)
        self.inlet.on_timer(now)
        taken_a = self.inlet.limit_a + self.greed_a if self.stage.closed else 0.0
        return StageValues(pilot=self.inlet.pilot, ev_w=taken_a * 690.0, current_a=(taken_a, taken_a, taken_a))

    def plug(self) -> None:
        self.inlet.plug(32.0, time.monotonic())
        self.inlet.wants(True, time.monotonic())

    @property
    def session(self) -> CarSession:
        return self.board.sessions["charger"]

    async def renew(self, driver: Iso15118Charger) -> None:
        while True:
            if self.hold_w is not None:
                driver.set_point(self.set_point(self.hold_w))
            await asyncio.sleep(0.2)

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
async def at_work(
    garage: Garage, protocols: list[Any], timings: PilotTimings = QUICK
) -> AsyncIterator[Iso15118Charger]:
    async with garage.server:
        section = ChargerSection(
            sdp_port=free_udp_port(),
            services=["ac"],
            protocols=protocols,
            expiry_s=5.0,
            power_stage=PowerStageSection(port=garage.server.port),
        )
        driver = Iso15118Charger(section, CHARGER, USUAL, garage.clock, pilot_timings=timings, stage_interval_s=0.05)
        running = asyncio.create_task(driver.run(garage.board))
        guard = asyncio.create_task(garage.stage.guard())
        dispatch = asyncio.create_task(garage.renew(driver))
        try:
            await until(lambda: driver.stage.reading is not None)
            yield driver
        finally:
            for task in (dispatch, running, guard):
                task.cancel()
            await asyncio.gather(dispatch, running, guard, return_exceptions=True)


async def test_a_car_that_does_not_speak_charges_by_duty_cycle() -> None:
    garage = Garage()
    async with at_work(garage, ["iso15118-2", "basic"]) as driver:
        garage.plug()
        await until(lambda: driver.cable.outlet.basic)
        garage.hold_w = 11_040.0
        await until(lambda: garage.stage.closed and garage.session.ev.power_w == pytest.approx(11_040.0, abs=50))
        session = garage.session
        assert session.protocol == "basic charging, IEC 61851"
        assert (session.authorization, session.encryption) == ("basic", "")
        assert session.session_id is not None
        assert (session.ev.can_charge, session.ev.can_discharge, session.ev.soc) == (True, False, None)
        assert (session.charger.charge_min_w, session.charger.discharge_max_w) == (4_140.0, 0.0)
        garage.hold_w = 5_520.0
        await until(lambda: garage.stage.hardware.duty == duty_for(8.0))
        await until(lambda: garage.session.ev.power_w == pytest.approx(5_520.0, abs=60))
        # No energy comes back from a car that nobody speaks with.
        garage.hold_w = -7_000.0
        await until(lambda: garage.stage.hardware.duty == X1)
        await until(lambda: not garage.stage.closed)
    assert garage.stage.hardware.duty == X1


async def test_what_nobody_renews_is_offered_no_longer() -> None:
    garage = Garage()
    async with at_work(garage, ["basic"]) as driver:
        garage.plug()
        await until(lambda: driver.cable.outlet.state is OutletState.PAUSED)
        garage.hold_w = 11_040.0
        await until(lambda: garage.stage.closed)
        garage.hold_w = None
        await until(lambda: not garage.stage.closed, within_s=15.0)
        assert garage.stage.hardware.duty == X1


async def test_a_car_that_leaves_is_gone_and_the_next_one_begins_anew() -> None:
    garage = Garage()
    async with at_work(garage, ["basic"]) as driver:
        garage.plug()
        await until(lambda: driver.cable.outlet.basic)
        garage.hold_w = 11_040.0
        await until(lambda: garage.stage.closed)
        first = garage.session.session_id
        garage.inlet.unplug()
        await until(lambda: garage.session.state == "unplugged")
        assert not garage.stage.closed
        garage.plug()
        await until(lambda: driver.cable.outlet.basic)
        garage.hold_w = 11_040.0
        await until(lambda: garage.stage.closed)
        assert garage.session.session_id not in (None, first)


async def test_a_session_without_words_can_be_stopped_too() -> None:
    garage = Garage()
    async with at_work(garage, ["basic"]) as driver:
        garage.plug()
        await until(lambda: driver.cable.outlet.basic)
        garage.hold_w = 11_040.0
        await until(lambda: garage.stage.closed)
        driver.stop_session("asked")
        await until(lambda: not garage.stage.closed)
        assert (garage.session.state, garage.session.ev.can_charge) == ("ended", False)
        await asyncio.sleep(0.6)
        assert not garage.stage.closed


async def test_ventilation_that_is_not_there_is_told() -> None:
    garage = Garage(InletConfig(ventilation=True))
    async with at_work(garage, ["basic"]) as driver:
        garage.plug()
        await until(lambda: driver.cable.outlet.state is OutletState.PAUSED)
        garage.hold_w = 11_040.0
        await until(lambda: (line := garage.book.get("charger")) is not None and "ventilated" in line.shown.text)
        assert not garage.stage.closed


async def test_a_greedy_car_is_told_and_stopped() -> None:
    garage = Garage()
    async with at_work(garage, ["basic"]) as driver:
        garage.plug()
        await until(lambda: driver.cable.outlet.basic)
        garage.hold_w = 5_520.0
        await until(lambda: garage.stage.closed)
        garage.greed_a = 8.0
        await until(lambda: not garage.stage.closed)
        line = garage.book.get("charger")
        assert line is not None
        assert line.shown.level is HealthLevel.WARNING
        assert "on offer" in line.shown.text


async def test_a_welded_contactor_keeps_every_car_out_until_somebody_looked_after_it() -> None:
    garage = Garage()
    async with at_work(garage, ["basic"], PilotTimings(mirror_s=0.3, step_x1_s=0.1, wake_s=1.0)) as driver:
        garage.stage.hardware.defects.welded = True
        garage.plug()
        await until(lambda: driver.cable.outlet.basic)
        garage.hold_w = 5_520.0
        await until(lambda: garage.stage.closed)
        garage.inlet.unplug()
        await until(lambda: driver.cable.outlet.state is OutletState.UNAVAILABLE)
        line = garage.book.get("charger")
        assert line is not None
        assert line.shown.level is HealthLevel.FAILED
        assert "welded" in line.shown.text
        assert driver.resettable
        garage.stage.hardware.defects.welded = False
        driver.reset_fault()
        assert not driver.resettable
        await until(lambda: driver.cable.outlet.state is OutletState.VACANT)
        assert line.shown.level is HealthLevel.OK or garage.book.get("charger").shown.level is HealthLevel.OK  # type: ignore[union-attr]
