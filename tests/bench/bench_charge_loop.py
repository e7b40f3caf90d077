"""From a new set-point to the charge-loop answer that carries it, over TCP on loopback, beside the target of 50 ms.

The set-point changes right when the car asks, so the car's own interval is left out. The bare round trip of the
same bytes over the same kind of connection, without any session, stands beside it.
"""

import asyncio
import contextlib
import socket
import statistics
import time

from protocols.iso15118 import (
    CarPlan,
    ControlMode,
    EvccClient,
    Event,
    Evse,
    EvseOffer,
    IdealStage,
    MessageSeen,
    SeccServer,
    Service,
    SetPointReceived,
    SimulatedCar,
    Timings,
)
from protocols.iso15118.wire.network import is_loopback

LOOPS = 2000
TARGET_MS = 50.0


async def session(service: Service, mode: ControlMode) -> list[float]:
    """Milliseconds from each set-point to its arrival at the car."""
    interface = next(name for _, name in socket.if_nameindex() if is_loopback(name))
    evse = Evse(EvseOffer(lab_v20_without_tls=True))
    stage = IdealStage(evse)
    server = SeccServer(interface, evse, stage.handle, timings=Timings().scaled(10), sdp_port=0)
    await server.start()
    took: list[float] = []
    wanted_w, asked = 0.0, 0.0

    def on_event(event: Event) -> None:
        nonlocal wanted_w, asked
        if isinstance(event, MessageSeen) and event.name.endswith("ChargeLoopReq"):
            wanted_w, asked = -3_000.0 if wanted_w > 0 else 4_000.0, time.perf_counter()
            evse.set_power(wanted_w)
        elif isinstance(event, SetPointReceived) and abs(event.set_point_w - wanted_w) < 1:
            took.append((time.perf_counter() - asked) * 1000)

    plan = CarPlan(service, mode, loop_interval_s=0.001, lab_v20_without_tls=True)
    car = SimulatedCar(max_loops=LOOPS)
    client = EvccClient(interface, car, plan, on_event, timings=Timings().scaled(10), sdp_port=server.sdp_port)
    end = await client.run()
    await server.stop()
    if not end.proper or len(took) < LOOPS * 0.99:
        raise SystemExit(f"the session did not go as it should: {end.reason}, {len(took)} set-points")
    return took


async def bare() -> list[float]:
    """Milliseconds of a bare round trip of 60 bytes."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                writer.write(await reader.readexactly(60))

    server = await asyncio.start_server(echo, "::1", 0)
    reader, writer = await asyncio.open_connection("::1", server.sockets[0].getsockname()[1])
    took = []
    for _ in range(LOOPS):
        begun = time.perf_counter()
        writer.write(bytes(60))
        await reader.readexactly(60)
        took.append((time.perf_counter() - begun) * 1000)
    writer.close()
    await writer.wait_closed()
    server.close()
    # Let the other side notice before the loop goes.
    await asyncio.sleep(0.05)
    return took


def show(name: str, took: list[float]) -> None:
    """One line: median, p99, and the share of the target."""
    p99 = statistics.quantiles(took, n=100)[98]
    print(f"{name:<22}{statistics.median(took):>9.3f}{p99:>9.3f}{p99 / TARGET_MS:>12.1%}")


def main() -> None:
    """Measure every service that goes both ways."""
    print(f"{'':<22}{'median ms':>9}{'p99 ms':>9}{'of target':>12}")
    show("bare TCP round trip", asyncio.run(bare()))
    for service in (Service.AC_BPT, Service.DC_BPT):
        for mode in ControlMode:
            show(f"{service.name} {mode.name.lower()}", asyncio.run(session(service, mode)))


if __name__ == "__main__":
    main()
