"""The power stage: commands that are enabled, bounded and expiring; a dead-man that outlives its master."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.modbus.link import ModbusLink, RefusedError
from protocols.modbus.powerstage import Deadman, PowerStage, PowerStageError
from protocols.modbus.profile import load_profile
from protocols.modbus.readings import Pilot
from protocols.modbus.server import ModbusServer
from protocols.modbus.simulated import SimulatedPowerStage, StageValues

PROFILE = load_profile("twoway-power-stage")


class Bench:
    """A simulated stage on a bench: its values, its clock, and what it was told to follow."""

    def __init__(self):
        self.now_s = 1_000.0
        self.values = StageValues(pilot=Pilot.C)
        self.followed = []
        self.stage = SimulatedPowerStage(
            measure=lambda: self.values,
            follow=lambda power_w, closed: self.followed.append((power_w, closed)),
            max_charge_w=11_000,
            max_discharge_w=7_400,
            clock=lambda: self.now_s,
        )


@pytest.fixture
async def bench():
    return Bench()


@pytest.fixture
async def client(bench):
    async with ModbusServer({3: bench.stage.unit()}) as server:
        link = ModbusLink("127.0.0.1", server.port)
        yield PowerStage(link, PROFILE, 3, clock=time.time)
        await link.close()


async def test_it_reads_what_the_stage_measures(bench, client):
    bench.values = StageValues(
        pilot=Pilot.D,
        ev_w=-6543.0,
        voltage_v=(230.1, 231.2, 229.9),
        current_a=(-9.48, -9.5, -9.46),
        dc_voltage_v=402.5,
        dc_current_a=-16.2,
        frequency_hz=49.987,
        import_wh=1_234_567,
        export_wh=89,
        fault=0,
    )
    reading = await client.read()
    for name in ("pilot", "ev_w", "dc_voltage_v", "dc_current_a", "frequency_hz", "import_wh", "export_wh", "fault"):
        assert getattr(reading, name) == pytest.approx(getattr(bench.values, name)), name
    assert reading.voltage_v == pytest.approx(bench.values.voltage_v)
    assert reading.current_a == pytest.approx(bench.values.current_a)
    assert (reading.max_charge_w, reading.max_discharge_w, reading.phases) == (11_000, 7_400, 3)
    assert (reading.setpoint_w, reading.expiry_left_s, reading.contactor) == (0, 0, False)
    assert reading.faults == ()


async def test_it_follows_a_set_point_of_both_signs_until_it_expires_by_its_own_clock(bench, client):
    await client.contactor(True)
    await client.write_setpoint(-5_000, 30)
    assert bench.followed == [(0.0, True), (-5_000.0, True)]
    bench.now_s += 29.9
    assert (await client.read()).setpoint_w == -5_000
    await client.write_setpoint(7_000, 10)
    bench.now_s += 9.9
    reading = await client.read()
    assert (reading.setpoint_w, reading.expiry_left_s) == (7_000, pytest.approx(0.1))
    bench.now_s += 0.2
    reading = await client.read()
    assert (reading.setpoint_w, reading.contactor) == (0, True)
    assert bench.followed[-1] == (0.0, True)


async def test_nothing_flows_while_the_contactor_is_open(bench, client):
    await client.write_setpoint(5_000, 30)
    assert bench.followed == []
    await client.contactor(True)
    assert bench.followed[-1] == (5_000.0, True)
    await client.contactor(False)
    assert bench.followed[-1] == (0.0, False)
    await client.contactor(True)
    assert bench.followed[-1] == (0.0, True), "opening ended the set-point"


@pytest.mark.parametrize("pilot", [Pilot.A, Pilot.B, Pilot.E, Pilot.F])
async def test_the_contactor_closes_only_for_a_car_that_asks(bench, client, pilot):
    bench.values = StageValues(pilot=pilot)
    with pytest.raises(RefusedError, match="illegal value"):
        await client.contactor(True)
    bench.values = StageValues(pilot=Pilot.C)
    await client.contactor(True)
    await client.write_setpoint(3_000, 30)
    bench.values = StageValues(pilot=pilot)
    assert (await client.read()).contactor is False
    assert bench.followed[-1] == (0.0, False), "a car that leaves is switched off"


@pytest.mark.parametrize("power_w", [11_001, -7_401, 2e9])
async def test_the_stage_refuses_what_is_beyond_it_and_goes_on(bench, client, power_w):
    await client.contactor(True)
    await client.write_setpoint(1_000, 30)
    with pytest.raises(RefusedError, match="illegal value"):
        await client.write_setpoint(power_w, 30)
    assert (await client.read()).setpoint_w == 1_000


@pytest.mark.parametrize("expiry_s", [0, 0.9, 60.1, 1_800, float("nan")])
async def test_no_set_point_without_a_short_expiry_leaves_this_house(client, expiry_s):
    with pytest.raises(PowerStageError, match="must expire within 1 to 60 s"):
        await client.write_setpoint(1_000, expiry_s)


@pytest.mark.parametrize("power_w", [float("nan"), float("inf")])
async def test_no_number_no_set_point(client, power_w):
    with pytest.raises(PowerStageError, match="give a number"):
        await client.write_setpoint(power_w, 30)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        (40, [0, 1000]),  # a set-point without its expiry
        (42, [30]),  # an expiry alone
        (40, [0, 1000, 0]),  # expiry 0
        (40, [0, 1000, 61]),  # too long
        (40, [0, 1000, 1800]),
        (41, [1000, 30]),  # half a set-point
        (43, [2]),  # no such contactor command
        (40, [0, 1000, 30, 1]),  # two commands in one
        (10, [0, 1000]),  # a register that is only read
    ],
)
async def test_the_stage_itself_takes_no_half_commands(bench, client, address, words):
    await client.contactor(True)
    with pytest.raises(RefusedError):
        await client.device.link.write(3, address, words)
    reading = await client.read()
    assert (reading.setpoint_w, reading.contactor) == (0, True)


async def test_a_profile_that_is_not_writable_is_never_written(bench):
    read_only = replace(PROFILE, writable=False, commands={})
    async with ModbusServer({3: bench.stage.unit()}) as server:
        link = ModbusLink("127.0.0.1", server.port)
        stage = PowerStage(link, read_only, 3, clock=time.time)
        assert (await stage.read()).pilot is Pilot.C
        for command in (stage.write_setpoint(1_000, 30), stage.contactor(True)):
            with pytest.raises(PowerStageError, match="writable = true"):
                await command
        await link.close()
    assert bench.followed == []


async def test_a_profile_without_an_expiring_set_point_is_not_driven():
    link = ModbusLink("127.0.0.1", 1)
    commands = {"command_setpoint_w": PROFILE.commands["command_setpoint_w"]}
    with pytest.raises(PowerStageError, match="lacks 'command_expiry_s'"):
        PowerStage(link, replace(PROFILE, commands=commands), clock=time.time)
    apart = dict(PROFILE.commands) | {"command_expiry_s": PROFILE.commands["command_contactor"]}
    with pytest.raises(PowerStageError, match="must follow command_setpoint_w at 42"):
        PowerStage(link, replace(PROFILE, commands=apart), clock=time.time)


async def test_the_guard_acts_though_nobody_reads(eventually):
    followed = []
    stage = SimulatedPowerStage(measure=lambda: StageValues(pilot=Pilot.C), follow=lambda *told: followed.append(told))
    guard = asyncio.create_task(stage.guard())
    async with ModbusServer({1: stage.unit()}) as server:
        link = ModbusLink("127.0.0.1", server.port)
        client = PowerStage(link, PROFILE, clock=time.time)
        await client.contactor(True)
        await client.write_setpoint(-4_000, 1)
        await link.close()
        assert followed[-1] == (-4_000.0, True)
        await eventually(lambda: followed[-1] == (0.0, True))
    guard.cancel()


@given(st.lists(st.tuples(st.floats(-1e4, 1e4), st.floats(1, 60), st.floats(0, 100)), max_size=20))
def test_a_dead_man_never_follows_anything_longer_than_it_was_told(steps):
    man, now_s, written = Deadman(), 0.0, (0.0, 0.0)
    for power_w, expiry_s, wait_s in steps:
        man.write(power_w, expiry_s, now_s)
        written = (power_w, now_s + expiry_s)
        now_s += wait_s
        assert man.power_w(now_s) == (written[0] if now_s < written[1] else 0.0)
        assert 0.0 <= man.left_s(now_s) <= 60.0 + 1e-9
    man.drop()
    assert man.power_w(now_s) == 0.0


MASTER = """
import asyncio, sys, time
from protocols.modbus.link import ModbusLink
from protocols.modbus.powerstage import PowerStage
from protocols.modbus.profile import load_profile

async def main():
    stage = PowerStage(ModbusLink("127.0.0.1", int(sys.argv[1])), load_profile("twoway-power-stage"), clock=time.time)
    await stage.contactor(True)
    while True:
        await stage.write_setpoint(9_000, 2)
        print("renewed", flush=True)
        await asyncio.sleep(0.2)

asyncio.run(main())
"""


async def test_kill_9_of_the_master_brings_the_stage_to_zero(eventually):
    followed = []
    stage = SimulatedPowerStage(measure=lambda: StageValues(pilot=Pilot.C), follow=lambda *told: followed.append(told))
    guard = asyncio.create_task(stage.guard())
    async with ModbusServer({1: stage.unit()}) as server:
        command = [sys.executable, "-c", textwrap.dedent(MASTER), str(server.port)]
        master = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            await eventually(lambda: (9_000.0, True) in followed, within_s=30)
            os.kill(master.pid, signal.SIGKILL)
            killed_s = time.monotonic()
            await eventually(lambda: followed[-1] == (0.0, True), within_s=60)
        finally:
            master.kill()
            master.wait()
        assert time.monotonic() - killed_s < 60
    guard.cancel()
