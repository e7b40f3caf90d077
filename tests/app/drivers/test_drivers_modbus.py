"""The Modbus drivers on a board: readings with the house's signs, health in words, outages survived."""

import asyncio
import time

import pytest

from app.clock import WallClock
from app.config.home import ModbusSection, PowerStageSection
from app.drivers.modbus import Gives, InstrumentDriver, Links, WrongDeviceError, instrument_drivers
from app.drivers.power_stage import ModbusStage
from app.ports import HealthLevel
from protocols.modbus.image import profile_image
from protocols.modbus.profile import load_profile
from protocols.modbus.readings import Pilot
from protocols.modbus.server import ModbusServer, Unit
from protocols.modbus.simulated import SimulatedPowerStage, StageValues, simulated_inverter, simulated_meter


class Notes:
    """A board that only takes notes."""

    def __init__(self):
        self.readings = []
        self.health = []

    def publish_readings(self, source, readings):
        self.readings.append((source, readings))

    def publish_health(self, source, health):
        self.health.append((source, health))

    @property
    def level(self):
        return self.health[-1][1].level if self.health else None


@pytest.fixture
def notes():
    return Notes()


@pytest.fixture
async def run(notes):
    """Run drivers until the test ends."""
    tasks = []

    def start(*drivers):
        tasks.extend(asyncio.create_task(driver.run(notes)) for driver in drivers)
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


def section(port, **more):
    return ModbusSection(**{"name": "meter", "port": port, "interval_s": 0.2} | more)


async def test_a_sunspec_meter_and_inverter_reach_the_board(notes, run):
    meter, inverter = simulated_meter("SN-1"), simulated_inverter()
    meter.update({"grid_w": -1200.0, "phase_w.1": -700.0, "phase_w.2": -500.0, "frequency_hz": 50.01})
    inverter.update({"ac_w": 3300.0})
    async with ModbusServer({1: Unit(meter), 2: Unit(inverter)}) as server:
        drivers = instrument_drivers(
            [section(server.port)], [section(server.port, name="roof", unit=2)], WallClock(), Links()
        )
        run(*drivers)
        await until(lambda: {source for source, _ in notes.readings} == {"meter", "roof"})
        by_source = dict(notes.readings)
        assert (by_source["meter"].grid_w, by_source["meter"].frequency_hz) == (-1200.0, 50.01)
        assert by_source["meter"].phase_w == (-700.0, -500.0, None)
        assert by_source["meter"].solar_w is None
        assert (by_source["roof"].solar_w, by_source["roof"].grid_w) == (3300.0, None)
        assert by_source["roof"].solar_at_s == pytest.approx(time.time(), abs=60)
        health = dict(notes.health)["meter"]
        assert health.level is HealthLevel.OK
        assert (health.details["serial"], health.details["maker"]) == ("SN-1", "Twoway")


async def test_a_hybrid_by_profile_gives_grid_and_roof_over_one_connection(notes, run):
    image = profile_image(load_profile("huawei-sun2000"))
    image.update({"grid_w": 250.0, "solar_w": 1800.0})
    more = {"profile": "huawei-sun2000"}
    links = Links()
    async with ModbusServer({1: Unit(image)}) as server:
        assert links.get("127.0.0.1", server.port) is links.get("127.0.0.1", server.port)
        run(
            *instrument_drivers(
                [section(server.port, **more)], [section(server.port, name="roof", **more)], WallClock(), links
            )
        )
        await until(lambda: {source for source, _ in notes.readings} == {"meter", "roof"})
    assert dict(notes.readings)["meter"].grid_w == 250.0
    assert dict(notes.readings)["meter"].phase_w == ()
    assert dict(notes.readings)["roof"].solar_w == 1800.0


async def test_an_outage_shows_as_failed_and_ends_by_itself(notes, run):
    meter = simulated_meter()
    meter.update({"grid_w": 1.0})
    server = ModbusServer({1: Unit(meter)})
    await server.start()
    port = server.port
    run(InstrumentDriver(section(port), Gives.GRID, WallClock()))
    await until(lambda: notes.level is HealthLevel.OK)
    await server.stop()
    await until(lambda: notes.level is HealthLevel.FAILED)
    assert "asking again" in notes.health[-1][1].text
    count = len(notes.readings)
    await asyncio.sleep(0.5)
    assert len(notes.readings) == count, "no reading is made up"
    async with ModbusServer({1: Unit(meter)}, port=port):
        await until(lambda: notes.level is HealthLevel.OK)
        await until(lambda: len(notes.readings) > count)


async def test_a_doubtful_value_is_a_warning_and_the_rest_goes_on(notes, run):
    meter = simulated_meter(model=213)
    meter.update({"grid_w": 500.0, "frequency_hz": 999.0})
    async with ModbusServer({1: Unit(meter)}) as server:
        run(InstrumentDriver(section(server.port), Gives.GRID, WallClock()))
        await until(lambda: notes.level is HealthLevel.WARNING)
    assert "frequency_hz: out of range (999)" in notes.health[-1][1].text
    assert (notes.readings[-1][1].grid_w, notes.readings[-1][1].frequency_hz) == (500.0, None)


async def test_a_meter_that_answers_without_its_power_is_a_warning(notes, run):
    meter = simulated_meter()
    meter.update({"grid_w": None})
    async with ModbusServer({1: Unit(meter)}) as server:
        run(InstrumentDriver(section(server.port), Gives.GRID, WallClock()))
        await until(lambda: notes.level is HealthLevel.WARNING)
        assert "tells no power" in notes.health[-1][1].text
        meter.update({"grid_w": 500.0})
        await until(lambda: notes.level is HealthLevel.OK)


async def test_a_sleeping_inverter_is_no_warning(notes, run):
    roof = simulated_inverter()
    roof.update({"ac_w": None})
    async with ModbusServer({1: Unit(roof)}) as server:
        run(InstrumentDriver(section(server.port), Gives.SOLAR, WallClock()))
        await until(lambda: len(notes.readings) > 1)
    assert {health.level for _, health in notes.health} == {HealthLevel.OK}


async def test_the_wrong_device_is_said_not_guessed(notes, run):
    inverter = simulated_inverter()
    async with ModbusServer({1: Unit(inverter)}) as server:
        task = run(InstrumentDriver(section(server.port), Gives.GRID, WallClock()))
        with pytest.raises(WrongDeviceError, match=r"is no meter \(it is: inverter\)"):
            await asyncio.wait_for(task, 15)
    assert notes.readings == []


# The power stage


class Stage:
    """A simulated power stage behind a driver."""

    def __init__(self):
        self.values = StageValues(pilot=Pilot.C, ev_w=0.0)
        self.followed = [(0.0, False)]
        self.simulated = SimulatedPowerStage(
            measure=lambda: self.values, follow=lambda *told: self.followed.append(told)
        )
        self.readings = []


@pytest.fixture
async def stage():
    return Stage()


@pytest.fixture
async def driver(stage, run):
    async with ModbusServer({4: stage.simulated.unit()}) as server:
        driver = ModbusStage(
            PowerStageSection(port=server.port, unit=4), WallClock(), interval_s=0.1, on_reading=stage.readings.append
        )
        driver.task = run(driver)
        await until(lambda: stage.readings)
        yield driver


async def test_set_points_of_both_signs_reach_the_stage(stage, driver):
    driver.set_contactor(True)
    await until(lambda: stage.followed[-1] == (0.0, True))
    driver.set_power(-5000.0, time.time() + 30)
    await until(lambda: stage.followed[-1] == (-5000.0, True))
    driver.set_power(7000.0, time.time() + 30)
    await until(lambda: stage.followed[-1] == (7000.0, True))
    await until(lambda: driver.reading.setpoint_w == 7000.0)
    assert stage.readings[-1].contactor is True


async def test_nobody_renews_a_set_point_that_the_dispatch_does_not(stage, driver):
    driver.set_contactor(True)
    driver.set_power(4000.0, time.time() + 2.0)
    await until(lambda: (4000.0, True) in stage.followed)
    await until(lambda: driver.reading.setpoint_w == 0.0 and stage.followed[-1] == (0.0, True))


async def test_an_expired_set_point_is_not_written(stage, driver):
    driver.set_contactor(True)
    await until(lambda: stage.followed[-1] == (0.0, True))
    driver.set_power(4000.0, time.time() - 1)
    seen = len(stage.readings)
    await until(lambda: len(stage.readings) > seen + 3)
    assert stage.followed[-1] == (0.0, True)


async def test_a_refused_command_is_a_warning_and_readings_go_on(stage, driver, notes):
    driver.set_power(99_000.0, time.time() + 30)
    await until(lambda: notes.level is HealthLevel.WARNING)
    assert "refuses with 3" in notes.health[-1][1].text
    await until(lambda: notes.level is HealthLevel.OK)
    assert stage.followed == [(0.0, False)]


async def test_a_contactor_that_may_not_close_yet_closes_when_it_may(stage, driver, notes):
    stage.values = StageValues(pilot=Pilot.B)
    driver.set_contactor(True)
    await until(lambda: notes.level is HealthLevel.WARNING)
    stage.values = StageValues(pilot=Pilot.C)
    await until(lambda: stage.followed[-1] == (0.0, True))
    await until(lambda: notes.level is HealthLevel.OK)


async def test_a_fault_of_the_stage_is_shown(stage, driver, notes):
    stage.values = StageValues(pilot=Pilot.F, fault=7)
    await until(lambda: notes.level is HealthLevel.FAILED)
    assert "fault 7" in notes.health[-1][1].text


async def test_leaving_opens_the_contactor(stage, driver):
    driver.set_contactor(True)
    driver.set_power(3000.0, time.time() + 30)
    await until(lambda: stage.followed[-1] == (3000.0, True))
    driver.task.cancel()
    await asyncio.gather(driver.task, return_exceptions=True)
    assert stage.followed[-1] == (0.0, False)
