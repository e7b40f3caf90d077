"""A queue of transaction events emptied over loopback, beside the PyPI ``ocpp`` library on both ends, in the same run.

    python tests/bench/bench_ocpp.py [--events 600] [--rounds 3]

Ours: each event is read from the queue on disk, checked against its schema, sent, checked by the CSMS, answered,
checked, and deleted from disk. The library's: the same event built from its dataclasses, with its own checks, no disk.
Both as the standard says: one request outstanding at a time.
"""

import argparse
import asyncio
import logging
import statistics
import tempfile
import time
from pathlib import Path

from ocpp.routing import on
from ocpp.v21 import ChargePoint, call, call_result
from ocpp.v21 import datatypes as types
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from protocols.ocpp import MeterSample, OcppClient, SimulatedCsms, StationConfig

START_S = 1_795_348_800.0


def sample(number: int) -> MeterSample:
    """One reading, one a minute."""
    at_s = START_S + 60.0 * number
    return MeterSample(at_s=at_s, import_wh=100.0 * number, export_wh=5.0, power_w=6000.0, soc=0.5)


async def ours(events: int) -> float:
    """Events a second."""
    with tempfile.TemporaryDirectory() as folder:
        async with SimulatedCsms(lambda: START_S) as csms:
            config = StationConfig(station_id="BENCH", url=csms.url)
            client = OcppClient(config, Path(folder) / "queue.db", lambda: START_S)
            client.transaction_started(1, sample=sample(0))
            for number in range(1, events):
                client.meter_sample(1, sample(number))
            running = asyncio.create_task(client.run())
            while not client.online:
                await asyncio.sleep(0.001)
            begun, waiting = time.perf_counter(), client.waiting
            while client.waiting:
                await asyncio.sleep(0.002)
            took_s = time.perf_counter() - begun
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            (booking,) = csms.bookings.values()
            if booking.order != list(range(events)) or csms.problems:
                raise SystemExit(f"not every event arrived once, in order: {csms.problems}")
            return waiting / took_s


class LibraryCsms(ChargePoint):  # type: ignore[misc]
    """The library's server."""

    @on("TransactionEvent")  # type: ignore[untyped-decorator]
    async def on_event(self, **_: object) -> call_result.TransactionEvent:
        """Book nothing."""
        return call_result.TransactionEvent()


def library_event(number: int) -> call.TransactionEvent:
    """The same event in the library's dataclasses."""
    measured = {
        "Energy.Active.Import.Register": (100.0 * number, "Wh"),
        "Energy.Active.Export.Register": (5.0, "Wh"),
        "Power.Active.Import": (6000.0, "W"),
        "Power.Active.Export": (0.0, "W"),
        "SoC": (50.0, "Percent"),
    }
    values = [
        types.SampledValueType(
            value=value,
            measurand=name,
            context="Sample.Periodic",
            location="Outlet",
            unit_of_measure=types.UnitOfMeasureType(unit=unit),
        )
        for name, (value, unit) in measured.items()
    ]
    now = "2026-11-22T12:00:00Z"
    return call.TransactionEvent(
        event_type="Updated",
        timestamp=now,
        trigger_reason="MeterValuePeriodic",
        seq_no=number,
        transaction_info=types.TransactionType(transaction_id="t", charging_state="Charging"),
        evse=types.EVSEType(id=1, connector_id=1),
        meter_value=[types.MeterValueType(timestamp=now, sampled_value=values)],
    )


async def library(events: int) -> float:
    """Events a second."""

    async def handle(socket: ServerConnection) -> None:
        await LibraryCsms("BENCH", socket).start()

    async with serve(handle, "127.0.0.1", 0, subprotocols=["ocpp2.1"]) as server:  # type: ignore[list-item]
        port = next(iter(server.sockets)).getsockname()[1]
        async with connect(f"ws://127.0.0.1:{port}/BENCH", subprotocols=["ocpp2.1"]) as socket:  # type: ignore[list-item]
            station = ChargePoint("BENCH", socket)
            running = asyncio.create_task(station.start())
            begun = time.perf_counter()
            for number in range(events):
                await station.call(library_event(number))
            took_s = time.perf_counter() - begun
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            return events / took_s


def main() -> None:
    """Print medians and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--events", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    logging.disable(logging.ERROR)
    rates: dict[str, list[float]] = {"ours, queue on disk": [], "ocpp library, no queue": []}
    for _ in range(asked.rounds):
        rates["ours, queue on disk"].append(asyncio.run(ours(asked.events)))
        rates["ocpp library, no queue"].append(asyncio.run(library(max(50, asked.events // 4))))
    medians = {name: statistics.median(values) for name, values in rates.items()}
    for name, median in medians.items():
        print(f"{name:24s} {median:8.0f} events/s   (of {asked.rounds} rounds)")
    print(f"ratio {medians['ours, queue on disk'] / medians['ocpp library, no queue']:.1f}")


if __name__ == "__main__":
    main()
