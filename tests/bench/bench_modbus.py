"""Modbus: one whole, checked meter reading, beside a read of each register alone and beside pysunspec2.

All ask the same simulated SunSpec meter (model 203), which runs in a process of its own. Then 50 such meters at 1 Hz:
what share of a core they take, and how long a reading takes. Run it as a script (tests/interop/setup_pysunspec2.sh
first, for the peer).
"""

import argparse
import asyncio
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from protocols.modbus.device import ModbusDevice  # noqa: E402
from protocols.modbus.fields import spans_of  # noqa: E402
from protocols.modbus.link import ModbusLink  # noqa: E402
from protocols.modbus.server import ModbusServer, Unit  # noqa: E402
from protocols.modbus.simulated import simulated_meter  # noqa: E402

PEER = ROOT / ".interop" / "pysunspec2" / "bin" / "python"
PEER_PROGRAM = """
import statistics, sys, time
import sunspec2.modbus.client as client
device = client.SunSpecModbusClientDeviceTCP(slave_id=1, ipaddr="127.0.0.1", ipport=int(sys.argv[1]))
device.scan()
meter, times = device.models[203][0], []
for _ in range(int(sys.argv[2])):
    start = time.perf_counter()
    meter.read()
    times.append(time.perf_counter() - start)
print(statistics.median(times))
"""
METERS = 50


async def serve() -> None:
    """The simulated meter, until standard input closes."""
    meter = simulated_meter()
    meter.update({"grid_w": 1234.0, "voltage_v.1": 230.0, "frequency_hz": 50.0, "import_wh": 1.0, "export_wh": 2.0})
    async with ModbusServer({unit: Unit(meter) for unit in range(1, METERS + 1)}) as server:
        print(server.port, flush=True)
        await asyncio.to_thread(sys.stdin.read)


async def median_of(call: object, repeats: int) -> float:
    """Median seconds of ``await call()``."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        await call()  # type: ignore[operator]
        times.append(time.perf_counter() - start)
    return statistics.median(times)


async def compare(port: int, repeats: int) -> None:
    """One meter, three ways."""
    link = ModbusLink("127.0.0.1", port)
    device = await ModbusDevice.find(link, 1, clock=time.time)

    async def one_by_one() -> None:
        for span in spans_of(device.fields):
            await link.read(1, span)

    ours = await median_of(device.poll, repeats)
    single = await median_of(one_by_one, max(3, repeats // 10))
    await link.close()
    print(f"one reading, block read, decoded and checked   {ours * 1e3:7.2f} ms")
    print(f"the same registers one by one                  {single * 1e3:7.2f} ms   {single / ours:5.1f} times ours")
    if PEER.exists():
        command = [PEER, "-c", PEER_PROGRAM, str(port), str(repeats)]
        peer = float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        print(f"pysunspec2, the same model                     {peer * 1e3:7.2f} ms   {peer / ours:5.1f} times ours")
    else:
        print("pysunspec2 is not installed: run tests/interop/setup_pysunspec2.sh for the peer's figure")


async def many(port: int, seconds: int) -> None:
    """50 meters, each on a connection of its own, at 1 Hz."""
    took: list[float] = []

    async def keep_reading(unit: int) -> None:
        link = ModbusLink("127.0.0.1", port)
        device = await ModbusDevice.find(link, unit, clock=time.time)
        await asyncio.sleep(unit / METERS)
        for _ in range(seconds):
            start = time.perf_counter()
            await device.poll()
            took.append(time.perf_counter() - start)
            await asyncio.sleep(max(0.0, 1.0 - (time.perf_counter() - start)))
        await link.close()

    cpu, wall = time.process_time(), time.perf_counter()
    await asyncio.gather(*(keep_reading(unit) for unit in range(1, METERS + 1)))
    share = (time.process_time() - cpu) / (time.perf_counter() - wall)
    p99 = sorted(took)[int(0.99 * len(took))]
    print(
        f"{METERS} meters at 1 Hz: {share:.1%} of a core; a reading takes {statistics.median(took) * 1e3:.1f} ms",
        end="",
    )
    print(f" (p99 {p99 * 1e3:.1f} ms, {len(took)} readings)")


def main() -> None:
    """Run all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--repeats", type=int, default=300)
    parser.add_argument("--seconds", type=int, default=5, help="how long 50 meters are read")
    args = parser.parse_args()
    if args.serve:
        asyncio.run(serve())
        return
    command = [sys.executable, __file__, "--serve"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as meter:
        if meter.stdout is None or meter.stdin is None:
            raise SystemExit("the simulated meter has no pipes")
        port = int(meter.stdout.readline())
        asyncio.run(compare(port, args.repeats))
        asyncio.run(many(port, args.seconds))
        meter.stdin.close()


if __name__ == "__main__":
    main()
