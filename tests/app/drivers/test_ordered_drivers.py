"""Batteries, relays and limits over real Modbus: read with the house's signs, commanded with an end in the device."""

import asyncio
import time

import pytest

from app.clock import WallClock
from app.config.assets import BatterySection, SwitchSection
from app.config.home import ModbusSection
from app.drivers.modbus import Links, WrongDeviceError
from app.drivers.orders import BatteryDriver, LimitDriver, SwitchDriver
from app.engine.fixed import battery_of
from app.ports import HealthLevel
from protocols.modbus.blocks import Function, Span
from protocols.modbus.fields import store
from protocols.modbus.image import DEFAULT_EXPONENTS, sunspec_image
from protocols.modbus.models import models
from protocols.modbus.server import ModbusServer, Unit
from protocols.modbus.simulated import simulated_meter
from protocols.modbus.simulated_assets import BatteryValues, SimulatedBattery, SimulatedSwitch
from protocols.modbus.sunspec import BASES, Identity


class Notes:
    """A board that only takes notes."""

    def __init__(self):
        self.batteries, self.switches, self.health = [], [], []

    def publish_battery(self, source, state, *, obeys):
        self.batteries.append((source, state, obeys))

    def publish_switch(self, source, state):
        self.switches.append((source, state))

    def publish_health(self, source, health):
        self.health.append((source, health))


@pytest.fixture
def notes():
    return Notes()


@pytest.fixture
async def run(notes):
    tasks = []

    def start(driver):
        tasks.append(asyncio.create_task(driver.run(notes)))
        return tasks[-1]

    yield start
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def until(condition, within_s=15.0):
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"did not come true within {within_s} s")
        await asyncio.sleep(0.01)


def battery_section(port, **more):
    given = {"name": "battery", "profile": "twoway-battery", "port": port, "interval_s": 0.2, "controllable": True}
    size = {"capacity_wh": 10_000, "charge_max_w": 5000, "discharge_max_w": 5000, "expiry_s": 5}
    return BatterySection(**(given | size | more))


def battery_driver(section):
    return BatteryDriver(section, battery_of(section), WallClock(), Links())


async def test_a_battery_is_read_follows_orders_and_goes_back_to_its_own_rule(notes, run):
    now = [100.0]
    device = SimulatedBattery(lambda: BatteryValues(soc=0.5, battery_w=-1200.0, storage_wh=5000), clock=lambda: now[0])
    async with ModbusServer({1: device.unit()}) as server:
        driver = battery_driver(battery_section(server.port))
        run(driver)
        await until(lambda: notes.batteries)
        _, state, obeys = notes.batteries[-1]
        assert (state.soc, state.power_w, obeys) == (pytest.approx(0.5), -1200.0, True)
        assert device.ordered_w() is None
        driver.set_power(-3000.0)
        await until(lambda: device.ordered_w() == -3000.0)
        driver.set_power(9000.0)
        await until(lambda: device.ordered_w() == 5000.0)  # no more than it can
        now[0] += 5.1
        assert device.ordered_w() is None


async def test_an_order_is_renewed_only_while_somebody_stands_behind_it(notes, run):
    device = SimulatedBattery(lambda: BatteryValues(soc=0.5, battery_w=0.0, storage_wh=5000))
    writes = []
    unit = device.unit()

    def counted(address, words):
        writes.append(time.monotonic())
        return unit.on_write(address, words)

    async with ModbusServer({1: Unit(unit.image, unit.on_read, counted)}) as server:
        driver = battery_driver(battery_section(server.port))
        run(driver)
        driver.set_power(1000.0)
        await until(lambda: writes)
        count = len(notes.batteries)
        driver.set_power(1000.0)
        await until(lambda: len(notes.batteries) > count + 3)
        assert len(writes) == 1  # the same order, and its time has hardly begun
        await until(lambda: device.ordered_w() is None, within_s=20)  # nobody asked again


async def test_a_battery_that_is_not_to_be_commanded_is_only_shown(notes, run):
    device = SimulatedBattery(lambda: BatteryValues(soc=0.4, battery_w=300.0, storage_wh=4000))
    async with ModbusServer({1: device.unit()}) as server:
        driver = battery_driver(battery_section(server.port, controllable=False))
        run(driver)
        driver.set_power(-3000.0)
        await until(lambda: len(notes.batteries) > 3)
        assert notes.batteries[-1][2] is False
        assert device.ordered_w() is None


async def test_a_meter_is_no_battery(notes):
    async with ModbusServer({1: Unit(simulated_meter())}) as server:
        with pytest.raises(WrongDeviceError, match="no battery"):
            await asyncio.wait_for(battery_driver(battery_section(server.port, profile="sunspec")).run(notes), 10)


def storage_device(taken, *, timer=0):
    """A battery inverter: SunSpec 103 and 124; ``taken`` gets each write."""
    exponents = {**DEFAULT_EXPONENTS, "WChaMax_SF": 0, "InOutWRte_SF": -2}
    image = sunspec_image(Identity("Maker", "Hybrid", "1", "1"), [103, 124], exponents=exponents)
    image.update({"ac_w": 1500.0, "soc": 0.6})
    points, start = models()[124].points, BASES[0] + 2 + 68 + 52
    for name, value in (("WChaMax", 5000), ("InOutWRte_RvrtTms", timer)):
        store(image.memory, Span(Function.HOLDING, start + points[name].offset, 1), [value])

    def write(address, words):
        taken.append((address - start, list(words)))
        return True

    return Unit(image, on_write=write), points


async def test_a_sunspec_storage_is_bound_to_the_rate_with_its_timer(notes, run):
    taken = []
    unit, points = storage_device(taken)
    async with ModbusServer({1: unit}) as server:
        driver = battery_driver(battery_section(server.port, profile="sunspec", expiry_s=20))
        run(driver)
        await until(lambda: notes.batteries)
        _, state, obeys = notes.batteries[-1]
        # What a battery inverter of its own feeds into the house, its battery gives.
        assert (state.power_w, state.soc, obeys) == (-1500.0, pytest.approx(0.6), True)
        driver.set_power(-2500.0)
        await until(lambda: len(taken) == 2)
    half = 5000  # 50 % in hundredths
    assert taken[0] == (points["OutWRte"].offset, [half, -half & 0xFFFF, 0, 20])
    assert taken[1] == (points["StorCtl_Mod"].offset, [3])


async def test_a_storage_without_a_revert_timer_is_never_commanded(notes, run):
    taken = []
    unit, _ = storage_device(taken, timer=0xFFFF)
    async with ModbusServer({1: unit}) as server:
        driver = battery_driver(battery_section(server.port, profile="sunspec"))
        run(driver)
        driver.set_power(1000.0)
        await until(lambda: notes.health and notes.health[-1][1].level is HealthLevel.WARNING)
    assert "no revert timer" in notes.health[-1][1].text
    assert not taken
    assert not driver.obeys


async def test_a_battery_that_refuses_an_order_is_still_read_and_asked_again(notes, run, monkeypatch):
    monkeypatch.setattr("app.drivers.orders.ASK_AGAIN_S", 0.5)
    device = SimulatedBattery(lambda: BatteryValues(soc=0.5, battery_w=0.0, storage_wh=5000))
    unit, willing = device.unit(), [False]

    def moody(address, words):
        return willing[0] and unit.on_write(address, words)

    async with ModbusServer({1: Unit(unit.image, unit.on_read, moody)}) as server:
        driver = battery_driver(battery_section(server.port))
        run(driver)
        await until(lambda: notes.batteries)
        driver.set_power(1000.0)
        await until(lambda: notes.batteries[-1][2] is False)
        assert "it follows its own rule" in driver._refusal
        willing[0] = True
        await until(lambda: driver.set_power(1000.0) or device.ordered_w() == 1000.0)
        await until(lambda: notes.batteries[-1][2] is True)


async def test_a_relay_closes_and_opens_by_itself(notes, run):
    now = [0.0]
    device = SimulatedSwitch(lambda closed: (750.0 if closed else 0.0, 48.5), clock=lambda: now[0])
    async with ModbusServer({3: device.unit()}) as server:
        driver = SwitchDriver("pump", SwitchSection(port=server.port, unit=3, expiry_s=5), WallClock(), Links())
        run(driver)
        await until(lambda: notes.switches)
        assert notes.switches[-1][1].tank_c == pytest.approx(48.5)
        driver.set_switch(True)
        await until(lambda: notes.switches[-1][1].closed and notes.switches[-1][1].power_w == 750.0)
        now[0] += 5.1
        assert not device.closed


async def test_an_inverter_takes_a_limit_with_its_timer(notes, run):
    taken = []
    exponents = {**DEFAULT_EXPONENTS, "WMaxLimPct_SF": -2}
    image = sunspec_image(Identity("Maker", "Roof", "1", "1"), [103, 123], exponents=exponents)
    start, points = BASES[0] + 2 + 68 + 52, models()[123].points
    store(image.memory, Span(Function.HOLDING, start + points["WMaxLimPct_RvrtTms"].offset, 1), [0])

    def write(address, words):
        taken.append((address - start, list(words)))
        return True

    async with ModbusServer({1: Unit(image, on_write=write)}) as server:
        section = ModbusSection(name="roof", port=server.port, peak_w=8000, curtailable=True)
        driver = LimitDriver(section, WallClock(), Links())
        run(driver)
        driver.set_limit(0.25)
        await until(lambda: len(taken) == 2)
        assert taken == [(points["WMaxLimPct"].offset, [2500, 0, 30]), (points["WMaxLim_Ena"].offset, [1])]
        driver.set_limit(None)
        await until(lambda: len(taken) == 4)
        assert taken[-1] == (points["WMaxLim_Ena"].offset, [0])
