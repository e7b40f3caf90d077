"""Whole devices over the wire: found, polled, in trouble, and beside others in trouble."""

import asyncio
import time
from dataclasses import replace

import pytest

from protocols.modbus.blocks import Function, Span
from protocols.modbus.checks import FaultKind
from protocols.modbus.device import ModbusDevice
from protocols.modbus.image import profile_image, sunspec_image
from protocols.modbus.link import LinkError, ModbusLink
from protocols.modbus.profile import load_profile, profile_names
from protocols.modbus.quantities import Role
from protocols.modbus.server import ModbusServer, Unit
from protocols.modbus.simulated import simulated_inverter, simulated_meter
from protocols.modbus.sunspec import Identity, SunSpecError

NOW_S = 1_800_000_000.0


def clock():
    return NOW_S


@pytest.fixture
async def links():
    made = []

    def link(port, **more):
        made.append(ModbusLink("127.0.0.1", port, **more))
        return made[-1]

    yield link
    for one in made:
        await one.close()


async def test_a_meter_and_an_inverter_behind_one_link(links):
    meter, inverter = simulated_meter("M-1"), simulated_inverter("I-2")
    async with ModbusServer({1: Unit(meter), 2: Unit(inverter)}) as server:
        link = links(server.port)
        first = await ModbusDevice.find(link, 1, clock=clock)
        second = await ModbusDevice.find(link, 2, clock=clock)
        assert (first.roles, second.roles) == ({Role.METER}, {Role.INVERTER})
        assert (first.identity.serial, second.identity.serial) == ("M-1", "I-2")
        meter.update({"grid_w": -1500.0, "frequency_hz": 50.02})
        inverter.update({"ac_w": 4000.0, "solar_wh": 77.0})
        reading = (await first.poll()).meter()
        assert (reading.grid_w, reading.frequency_hz, reading.at_s) == (-1500.0, 50.02, NOW_S)
        assert reading.import_wh is None
        assert (await second.poll()).inverter().solar_w == 4000.0
        meter.update({"grid_w": 2.0})
        assert (await first.poll()).meter().grid_w == 2.0, "each poll asks anew"


async def test_a_meter_costs_one_request_a_poll(links, hostile):
    image = simulated_meter()
    image.update({"grid_w": 1.0})
    hostile.answer = answers_from(image.memory)
    device = await ModbusDevice.find(links(hostile.port), 1, clock=clock)
    before = len(hostile.requests)
    await device.poll()
    assert len(hostile.requests) == before + 1


@pytest.mark.parametrize("name", profile_names())
async def test_every_profile_is_a_simulated_device_that_reads_back(links, name):
    profile = load_profile(name)
    image = profile_image(profile)
    wanted = {field.quantity: 1.0 for field in profile.fields} | {"frequency_hz": 50.0, "grid_w": -750.0}
    image.update(wanted)
    async with ModbusServer({profile.unit: Unit(image)}) as server:
        sample = await ModbusDevice.from_profile(links(server.port), profile, clock=clock).poll()
    for quantity, value in sample.values.items():
        # An energy counter in units of 0.1 kWh cannot show 1 Wh.
        assert value == pytest.approx(wanted[quantity], abs=100 if quantity.endswith("_wh") else 0.01)
    assert sample.faults == ()


def answers_from(memory, refuse=lambda request: None):
    """A hostile server's honest side: answers from a register memory, refuses what is not there."""

    def answer(request):
        code = refuse(request)
        function = Function(request.function)
        words = [memory.get((function, request.address + offset)) for offset in range(request.count)]
        if code is None and None in words:
            code = 2
        return request.refuse(code) if code is not None else request.reply(words)

    return answer


async def test_no_sunspec_device_says_what_to_check(links, hostile):
    hostile.answer = lambda request: request.refuse(2)
    with pytest.raises(SunSpecError, match="unit number"):
        await ModbusDevice.find(links(hostile.port), 1, clock=clock)


async def test_refused_registers_are_missing_and_named_the_rest_is_read(links, hostile):
    image = profile_image(load_profile("huawei-sun2000"))
    image.update({"grid_w": 320.0, "soc": 0.5, "voltage_v.1": 230.0})

    def refuse(request):
        return 2 if request.address <= 37101 < request.address + request.count else None

    hostile.answer = answers_from(image.memory, refuse)
    device = ModbusDevice.from_profile(
        links(hostile.port), replace(load_profile("huawei-sun2000"), connect_delay_s=0.0), clock=clock
    )
    last = await device.poll()
    assert last.values["grid_w"] == 320.0
    assert last.values["soc"] == 0.5
    assert last.values["voltage_v.1"] is None
    assert (FaultKind.REFUSED, "voltage_v.1") in [(fault.kind, fault.quantity) for fault in last.faults]
    asked = len(hostile.requests)
    await device.poll()
    assert all(request.address != 37101 for request in hostile.requests[asked:]), "left alone for a while"


async def test_a_device_that_refuses_everything_is_an_error_not_an_empty_reading(links, hostile):
    hostile.answer = lambda request: request.refuse(2)
    device = ModbusDevice.from_profile(links(hostile.port), load_profile("eastron-sdm630"), clock=clock)
    with pytest.raises(LinkError, match="refuses every register"):
        await device.poll()


@pytest.mark.parametrize("code", [4, 6, 11])
async def test_an_exception_storm_is_given_room_and_survived(links, hostile, code):
    image = simulated_meter()
    image.update({"grid_w": 42.0})
    storm = [False]
    hostile.answer = answers_from(image.memory, lambda request: code if storm[0] else None)
    device = await ModbusDevice.find(links(hostile.port), 1, clock=clock)
    storm[0] = True
    asked = len(hostile.requests)
    until = time.monotonic() + 1.2
    polls = 0
    while time.monotonic() < until:
        with pytest.raises(LinkError):
            await device.poll()
        polls += 1
        await asyncio.sleep(0.01)
    assert len(hostile.requests) - asked <= 4 < polls, "the device is left alone while it is in trouble"
    storm[0] = False
    deadline = time.monotonic() + 10
    while True:
        try:
            sample = await device.poll()
            break
        except LinkError:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.02)
    assert sample.values["grid_w"] == 42.0
    assert sample.faults == ()


async def test_a_silent_device_does_not_hold_up_another(links, hostile):
    hostile.answer = lambda request: None
    image = simulated_meter()
    image.update({"grid_w": 5.0})
    async with ModbusServer({1: Unit(image)}) as server:
        good = await ModbusDevice.find(links(server.port), 1, clock=clock)
        patient = replace(load_profile("eastron-sdm630"), timeout_s=20.0)
        silent = ModbusDevice.from_profile(links(hostile.port), patient, clock=clock)
        waiting = asyncio.create_task(silent.poll())
        while not hostile.requests:
            await asyncio.sleep(0.01)
        for _ in range(20):
            assert (await good.poll()).values["grid_w"] == 5.0
        assert not waiting.done()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)


async def test_a_meter_outage_is_survived_without_finding_it_again(links):
    image = simulated_meter()
    image.update({"grid_w": 5.0})
    server = ModbusServer({1: Unit(image)})
    await server.start()
    port = server.port
    device = await ModbusDevice.find(links(port, timeout_s=0.4), 1, clock=clock)
    await server.stop()
    with pytest.raises(LinkError):
        await device.poll()
    async with ModbusServer({1: Unit(image)}, port=port):
        deadline = time.monotonic() + 10
        while True:
            try:
                assert (await device.poll()).values["grid_w"] == 5.0
                break
            except LinkError:
                assert time.monotonic() < deadline
                await asyncio.sleep(0.02)


async def test_sentinels_and_absurd_values_over_the_wire(links):
    image = sunspec_image(Identity("ACME"), [213])
    image.update({"grid_w": 9e9, "voltage_v.1": None, "frequency_hz": 50.0})
    async with ModbusServer({1: Unit(image)}) as server:
        device = await ModbusDevice.find(links(server.port), 1, clock=clock)
        sample = await device.poll()
    assert sample.values["grid_w"] is None
    assert sample.values["voltage_v.1"] is None
    assert sample.values["frequency_hz"] == 50.0
    assert [(fault.kind, fault.quantity) for fault in sample.faults] == [(FaultKind.RANGE, "grid_w")]


async def test_the_simulated_server_refuses_writes_strangers_and_holes(links):
    from protocols.modbus.link import RefusedError

    async with ModbusServer({1: Unit(simulated_meter())}) as server:
        link = links(server.port)
        with pytest.raises(RefusedError, match="2 "):
            await link.write(1, 40_072, [1])
        with pytest.raises(RefusedError, match="11 "):
            await link.read(9, Span(Function.HOLDING, 40_000, 2))
        with pytest.raises(RefusedError, match="2 "):
            await link.read(1, Span(Function.HOLDING, 39_999, 2))
        with pytest.raises(RefusedError, match="2 "):
            await link.read(1, Span(Function.INPUT, 40_000, 2))


async def test_a_taken_port_is_one_sentence(hostile):
    with pytest.raises(OSError, match=rf"cannot listen on 127.0.0.1:{hostile.port}: choose a free port"):
        await ModbusServer({1: Unit(simulated_meter())}, port=hostile.port).start()
