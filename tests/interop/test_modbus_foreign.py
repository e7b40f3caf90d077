"""Our simulated devices read by the SunSpec Alliance's client, and our reader against a foreign server."""

import asyncio
import contextlib
import json
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from protocols.modbus.device import ModbusDevice
from protocols.modbus.fields import decode_fields
from protocols.modbus.link import ModbusLink, RefusedError
from protocols.modbus.models import models
from protocols.modbus.server import ModbusServer, Unit
from protocols.modbus.simulated import simulated_inverter, simulated_meter

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(__file__).parent / "programs"
PYSUNSPEC2 = ROOT / ".interop" / "pysunspec2" / "bin" / "python"
MODBUS_SERIAL = ROOT / ".interop" / "modbus-serial" / "node_modules"

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(
        not PYSUNSPEC2.exists(), reason="pysunspec2 is not installed: run tests/interop/setup_pysunspec2.sh"
    ),
]
needs_node = pytest.mark.skipif(
    not (shutil.which("node") and MODBUS_SERIAL.exists()),
    reason="no foreign Modbus server: install Node and run tests/interop/setup_modbus_serial.sh",
)


async def sunspec(program, *words, stdin=""):
    """What one of our little programs prints when it is run with pysunspec2's Python."""
    process = await asyncio.create_subprocess_exec(
        PYSUNSPEC2,
        PROGRAMS / program,
        *map(str, words),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(stdin.encode()), 60)
    assert process.returncode == 0, err.decode()
    return json.loads(out)


async def read_by_us(port, unit=1):
    link = ModbusLink("127.0.0.1", port)
    try:
        return await (await ModbusDevice.find(link, unit, clock=lambda: 0.0)).poll()
    finally:
        await link.close()


METER = {
    "grid_w": -2345.0,
    "phase_w.1": -2000.0,
    "phase_w.2": -345.0,
    "current_a.1": 8.75,
    "voltage_v.1": 230.5,
    "voltage_v.3": 229.5,
    "frequency_hz": 49.75,
    "import_wh": 7_654_321.0,
    "export_wh": 1.0,
}


@pytest.mark.parametrize("model_id", [201, 203, 204, 211, 213])
async def test_pysunspec2_reads_our_meter_as_we_do(model_id):
    image = simulated_meter("SN-42", model_id)
    image.update(METER)
    async with ModbusServer({5: Unit(image)}) as server:
        theirs = await sunspec("sunspec_read.py", server.port, 5)
        ours = await read_by_us(server.port, 5)
    common, meter = theirs["models"]
    assert theirs["base"] == 40_000
    assert (common["Mn"], common["Md"], common["SN"]) == ("Twoway", "Simulated meter", "SN-42")
    for mapped in models()[model_id].quantities:
        assert meter[mapped.point] == pytest.approx(ours.values[mapped.quantity]), mapped
        assert ours.values[mapped.quantity] == pytest.approx(METER.get(mapped.quantity)), mapped


@pytest.mark.parametrize("model_id", [101, 103, 111, 113])
async def test_pysunspec2_reads_our_inverter_as_we_do(model_id):
    image = simulated_inverter("SN-43", model_id)
    image.update({"ac_w": 6789.0, "solar_wh": 4_000_000.0, "frequency_hz": 50.0})
    async with ModbusServer({2: Unit(image)}) as server:
        _, inverter = (await sunspec("sunspec_read.py", server.port, 2))["models"]
        ours = await read_by_us(server.port, 2)
    assert (inverter["W"], inverter["WH"], inverter["Hz"]) == (6789, 4_000_000, 50)
    assert inverter["DCW"] is None
    assert ours.values["solar_w"] == 6789


async def test_our_point_tables_are_the_alliances():
    theirs = await sunspec("sunspec_definitions.py", *models())
    for model_id, model in models().items():
        names = {(*row,) for row in theirs[str(model_id)]["points"]}
        rows = [(p.name, p.kind.name, p.words, p.exponent) for p in model.points.values()]
        # Names of the phase-to-phase voltages differ among 201 to 204; place and type do not.
        different = {name for name, *_ in set(rows) ^ names}
        assert different <= {f"{kind}{pair}" for kind in ("PPVph", "PhVph") for pair in ("AB", "BC", "CA")}, model_id
        assert [row[1:] for row in rows] == [tuple(row[1:]) for row in theirs[str(model_id)]["points"]], model_id
        groups = [[[p.name, p.kind.name, p.words, p.exponent] for p in model.group_points.values()]]
        assert theirs[str(model_id)]["group_points"] == (groups if model.group_points else [])


FOREIGN = [
    [1, {"Mn": "Foreign Works", "Md": "Hybrid 10", "Vr": "3.1", "SN": "F-1"}],
    [103, {"W": 512, "W_SF": 1, "Hz": 5001, "Hz_SF": -2, "WH": 123_456, "WH_SF": 2, "PhVphA": 2301, "V_SF": -1}],
    [203, {"W": -123, "W_SF": 1, "AphA": -530, "A_SF": -2, "TotWhImp": 777, "TotWhExp": 5, "TotWh_SF": 1}],
    [713, {"SoC": 755, "Pct_SF": -1, "WHAvail": 75, "WH_SF": 2}],
]


HYBRID_INPUTS = [
    {"ID": 1, "IDStr": "MPPT 1", "DCW": 3100, "DCWH": 5_000},
    {"ID": 2, "IDStr": "MPPT 2", "DCW": 65535, "DCWH": 4_000},
    {"ID": 3, "IDStr": "StCha 3", "DCW": 1200, "DCWH": 300},
    {"ID": 4, "IDStr": "StDisCha 4", "DCW": 0, "DCWH": 200},
]
HYBRID = [
    [1, {"Mn": "Foreign Works"}],
    [113, {"W": 1850.0, "Hz": 50.0}],
    [160, {"DCW_SF": 0, "DCWH_SF": 1, "N": 4, "module": HYBRID_INPUTS}],
    [124, {"ChaState": 5150, "ChaState_SF": -2}],
]


@contextlib.asynccontextmanager
async def foreign_server(models, base):
    """The port of a foreign server with the registers that pysunspec2 makes of ``models``."""
    words = await sunspec("sunspec_registers.py", stdin=json.dumps(models))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        "node",
        PROGRAMS / "modbus_server.js",
        MODBUS_SERIAL,
        str(port),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        process.stdin.write(json.dumps({"base": base, "words": words}).encode() + b"\n")
        assert await asyncio.wait_for(process.stdout.readline(), 30) == b"ready\n"
        yield port
    finally:
        process.kill()
        await process.wait()


@needs_node
async def test_we_tell_a_foreign_hybrids_battery_from_its_roof():
    async with foreign_server(HYBRID, 40_000) as port:
        sample = await read_by_us(port)
    expected = {
        "solar_w": 3100,
        "solar_wh": 90_000,
        "battery_w": 1200,
        "charge_wh": 3000,
        "discharge_wh": 2000,
        "ac_w": 1850,
        "soc": 0.515,
    }
    assert {name: sample.values[name] for name in expected} == pytest.approx(expected)


@needs_node
@pytest.mark.parametrize("base", [0, 40_000, 50_000])
async def test_we_read_foreign_registers_from_a_foreign_server(base):
    async with foreign_server(FOREIGN, base) as port:
        link = ModbusLink("127.0.0.1", port)
        device = await ModbusDevice.find(link, 1, clock=lambda: 0.0)
        sample = await device.poll()
        with pytest.raises(RefusedError):
            await link.write(1, base + 10, [1])
        again = await device.poll()
        await link.close()
    assert (device.identity.maker, device.identity.serial) == ("Foreign Works", "F-1")
    assert device.roles == {"meter", "inverter", "storage"}
    expected = {
        "solar_w": 5120,
        "solar_wh": 12_345_600,
        "voltage_v.1": 230.1,
        "voltage_v.2": None,
        "grid_w": -1230,
        "import_wh": 7770,
        "export_wh": 50,
        "soc": 0.755,
        "storage_wh": 7500,
    }
    assert {name: sample.values[name] for name in expected} == pytest.approx(expected)
    assert again.values == sample.values


def test_the_reader_finds_every_quantity_that_a_model_maps():
    for model_id in (203, 213):
        image = simulated_meter(model=model_id)
        image.update(METER)
        read = decode_fields(image.fields, image.memory)
        assert {name: read[name] for name in METER} == pytest.approx(METER)
