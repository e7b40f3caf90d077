"""Sessions in a row in one process: nothing is left behind, nothing drifts.

`make test` runs a few rounds, `make soak` (TWOWAY_SOAK_SESSIONS=1000) a thousand sessions, with the figures printed.
"""

import asyncio
import gc
import os
import random
import socket
import statistics
import sys
import threading
import time
import tracemalloc
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from protocols.iso15118 import (
    CarPlan,
    ControlMode,
    EvccClient,
    EvccSecurity,
    Event,
    Evse,
    EvseOffer,
    IdealStage,
    Notification,
    ProtocolName,
    SeccSecurity,
    SeccServer,
    Service,
    SessionEnded,
    SimulatedCar,
    Timings,
)
from protocols.iso15118.contracts import CarContracts, ChargerContracts
from protocols.iso15118.events import (
    ContractAccepted,
    LoopAnswered,
    PowerDeliveryChanged,
    SessionPaused,
    SessionStarted,
    StateChanged,
)
from protocols.iso15118.paused import PausedSession
from protocols.iso15118.wire import network, trust
from protocols.iso15118.wire.network import is_loopback, steady_now
from protocols.iso15118.wire.tls import V20
from protocols.pki import Algorithm, CertificateSet, Role, car_set, public_set

SESSIONS = int(os.environ.get("TWOWAY_SOAK_SESSIONS", "70"))
WARM_ROUNDS = 2
"""Rounds before the first measurement: codecs are compiled and caches filled by then."""
LOOPBACK = "lo"
PATIENT = Timings(poll_s=0.01).scaled(20)
"""A busy machine may stall for longer than the half second of a charge loop."""
MOST_OBJECTS, MOST_OBJECTS_A_SESSION = 300, 0.1
MOST_BYTES, MOST_BYTES_A_SESSION = 64_000, 100
"""A session that stays behind has thousands of objects."""


def has_ipv6_loopback() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return is_loopback(LOOPBACK)


needs_loopback = pytest.mark.skipif(not has_ipv6_loopback(), reason="this machine has no IPv6 on loopback (::1)")


@dataclass
class World:
    """A charger on loopback that takes every kind of car, and what it told."""

    evse: Evse
    server: SeccServer
    certificates: CertificateSet
    ends: Counter[str] = field(default_factory=Counter)
    powered: bool = False
    last_end: SessionEnded | None = None
    last_contract: str = ""
    resumed: bool = False
    proper: int = 0

    def hear(self, event: Event) -> None:
        match event:
            case SessionEnded():
                self.last_end = event
                self.proper += event.proper
                self.ends[event.reason.split(":")[0][:40]] += 1
            case PowerDeliveryChanged(on=on):
                self.powered = on
            case SessionStarted(resumed=resumed):
                self.resumed = resumed
            case ContractAccepted(emaid=emaid):
                self.last_contract = emaid
            case _:
                pass

    def security(self, *, contract: bool) -> EvccSecurity:
        store = self.certificates.store
        return EvccSecurity(
            trust.check_peer(Role.SECC, store, calendar),
            trust.credential(self.certificates[Role.VEHICLE]),
            profiles=(V20,),
            contracts=CarContracts(store, self.certificates[Role.CONTRACT]) if contract else None,
        )


def calendar() -> datetime:
    return datetime.now(UTC)


def certificates() -> CertificateSet:
    at = calendar()
    return CertificateSet({**car_set(Algorithm.P521, at).members, **public_set(Algorithm.P521, at).members})


def plan(service: Service, mode: ControlMode | None = None, *protocols: ProtocolName) -> CarPlan:
    return CarPlan(service, mode, protocols=protocols, lab_v20_without_tls=True, loop_interval_s=0.001)


def nothing(event: Event) -> None:
    """Nobody listens."""


async def charge(
    world: World,
    wanted: CarPlan,
    security: EvccSecurity | None = None,
    on_event: Callable[[Event], None] = nothing,
    **options: Any,
) -> SessionEnded:
    """One proper session of a car; the charger's end is awaited too."""
    world.last_end = None
    car = SimulatedCar(**{"max_loops": 3, **options})
    client = EvccClient(
        LOOPBACK,
        car,
        wanted,
        on_event,
        timings=PATIENT,
        sdp_port=world.server.sdp_port,
        security=security or EvccSecurity(),
    )
    ended = await client.run()
    await over(world)
    return ended


async def over(world: World) -> None:
    async with asyncio.timeout(30):
        while world.last_end is None or world.server.session is not None:
            await asyncio.sleep(0.001)


def kind_of(wanted: CarPlan) -> Callable[[World], Awaitable[None]]:
    async def run(world: World) -> None:
        ended = await charge(world, wanted)
        assert ended.proper, ended

    return run


async def over_tls(world: World) -> None:
    ended = await charge(world, plan(Service.DC, ControlMode.SCHEDULED), world.security(contract=False))
    assert ended.proper, ended


async def by_contract(world: World) -> None:
    world.last_contract = ""
    ended = await charge(world, plan(Service.DC_BPT, ControlMode.DYNAMIC), world.security(contract=True))
    assert ended.proper, ended
    assert world.last_contract


async def ended_by_the_charger(world: World) -> None:
    def stop(event: Event) -> None:
        if isinstance(event, StateChanged) and event.state == "charge_loop":
            world.evse.notify(Notification.Terminate)

    ended = await charge(world, plan(Service.DC, None, ProtocolName.DIN), on_event=stop, max_loops=1000)
    assert ended.proper, ended


async def paused_and_resumed(world: World) -> None:
    """The charger asks for a pause; the car comes back to the same session."""
    kept: list[PausedSession] = []

    def watch(event: Event) -> None:
        if isinstance(event, StateChanged) and event.state == "charge_loop":
            world.evse.notify(Notification.Pause)
        if isinstance(event, SessionPaused):
            kept.append(event.paused)

    wanted = plan(Service.DC_BPT, ControlMode.DYNAMIC)
    first = await charge(world, wanted, on_event=watch, max_loops=1000)
    assert first.paused, first
    again = await charge(world, replace(wanted, resume=kept[0]))
    assert again.proper, again
    assert world.resumed


async def cut_in_the_loop(world: World) -> None:
    """The car is gone while power flows."""
    world.last_end = None
    client: EvccClient
    reached = asyncio.Event()

    def watch(event: Event) -> None:
        if isinstance(event, PowerDeliveryChanged) and event.on:
            reached.set()

    client = EvccClient(
        LOOPBACK,
        SimulatedCar(max_loops=1000),
        plan(Service.AC, None, ProtocolName.V2),
        watch,
        timings=PATIENT,
        sdp_port=world.server.sdp_port,
    )
    running = asyncio.ensure_future(client.run())
    async with asyncio.timeout(30):
        await reached.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await over(world)
    assert world.last_end is not None
    assert not world.last_end.proper
    assert not world.powered


async def noise(world: World) -> None:
    """A stranger who speaks no V2GTP."""
    world.last_end = None
    _, writer = await asyncio.open_connection("::1", world.server.ports[min(world.server.ports, key=int)])
    writer.write(random.Random(1).randbytes(400))
    await over(world)
    writer.close()
    await asyncio.gather(writer.wait_closed(), return_exceptions=True)


async def a_stray(world: World) -> None:
    """A connection that says nothing and closes."""
    world.last_end = None
    _, writer = await asyncio.open_connection("::1", world.server.ports[max(world.server.ports, key=int)])
    writer.close()
    await asyncio.gather(writer.wait_closed(), return_exceptions=True)
    await over(world)


KINDS: dict[str, Callable[[World], Awaitable[None]]] = {
    "-20 AC dynamic": kind_of(plan(Service.AC, ControlMode.DYNAMIC)),
    "-20 AC_BPT scheduled": kind_of(plan(Service.AC_BPT, ControlMode.SCHEDULED)),
    "-20 AC_BPT dynamic": kind_of(plan(Service.AC_BPT, ControlMode.DYNAMIC)),
    "-20 DC dynamic": kind_of(plan(Service.DC, ControlMode.DYNAMIC)),
    "-20 DC scheduled, TLS 1.3": over_tls,
    "-20 DC_BPT dynamic, TLS 1.3, by contract": by_contract,
    "-2 AC": kind_of(plan(Service.AC, None, ProtocolName.V2)),
    "-2 DC": kind_of(plan(Service.DC, None, ProtocolName.V2)),
    "DIN DC": kind_of(plan(Service.DC, None, ProtocolName.DIN)),
    "DIN DC, ended by the charger": ended_by_the_charger,
    "-20 DC_BPT, paused and resumed": paused_and_resumed,
    "-2 AC, cut in the loop": cut_in_the_loop,
    "noise": noise,
    "a stray connection": a_stray,
}
PROPER = (1,) * 10 + (2,) + (0,) * 3
"""How many sessions of each kind end as the standard wants."""


@dataclass(frozen=True)
class Figures:
    """What one process holds at one moment."""

    objects: int
    traced_bytes: int
    files: int
    tasks: int
    timers: int
    threads: int
    resident_kib: int

    @classmethod
    def now(cls) -> "Figures":
        # The interpreter's own cache of attribute names keeps up to 4,096 strings alive.
        getattr(sys, "_clear_type_cache", lambda: None)()
        for _ in range(3):
            gc.collect()
        loop = asyncio.get_running_loop()
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return cls(
            objects=len(gc.get_objects()),
            traced_bytes=tracemalloc.get_traced_memory()[0],
            files=len(list(Path("/proc/self/fd").iterdir())),
            tasks=len(asyncio.all_tasks()),
            timers=sum(not handle.cancelled() for handle in getattr(loop, "_scheduled", ())),
            threads=threading.active_count(),
            resident_kib=pages * os.sysconf("SC_PAGE_SIZE") // 1024,
        )


async def settled() -> None:
    """Closed transports are let go of in the next turns of the event loop."""
    for _ in range(20):
        await asyncio.sleep(0.001)


@needs_loopback
@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are counted in /proc, which Linux has")
@pytest.mark.timeout(3600)
async def test_sessions_in_a_row_leave_nothing_behind(capsys: pytest.CaptureFixture[str]) -> None:
    evse = Evse(EvseOffer(lab_v20_without_tls=True))
    evse.set_power(6_000)
    held = certificates()
    offer = trust.secc_offer(V20, held[Role.SECC], held.store, calendar)
    security = SeccSecurity((offer,), contracts=ChargerContracts(held.store))
    stage = IdealStage(evse)
    server = SeccServer(
        LOOPBACK,
        evse,
        lambda event: (stage.handle(event), world.hear(event)),
        timings=PATIENT,
        security=security,
        sdp_port=0,
    )
    world = World(evse, server, held)
    await server.start()
    took: dict[str, list[float]] = {name: [] for name in KINDS}
    before: Figures | None = None
    names = list(KINDS)
    count = max(SESSIONS, (WARM_ROUNDS + 1) * len(names))
    tracemalloc.start()
    try:
        for number in range(count):
            if number == WARM_ROUNDS * len(names):
                await settled()
                before = Figures.now()
            name = names[number % len(names)]
            begun = time.monotonic()
            await KINDS[name](world)
            took[name].append(time.monotonic() - begun)
            assert not world.powered
        await settled()
        after = Figures.now()
    finally:
        tracemalloc.stop()
        await server.stop(grace_s=0.1)
    assert before is not None
    measured = count - WARM_ROUNDS * len(names)
    with capsys.disabled():
        if "TWOWAY_SOAK_SESSIONS" in os.environ:
            show(count, measured, before, after, took, world)
    assert world.proper == sum(PROPER[number % len(PROPER)] for number in range(count))
    assert left_behind(before, after, measured) == []


def left_behind(before: Figures, after: Figures, sessions: int) -> list[str]:
    """What there is more of than so many sessions may leave."""
    allowed = {
        "objects": MOST_OBJECTS + MOST_OBJECTS_A_SESSION * sessions,
        "traced_bytes": MOST_BYTES + MOST_BYTES_A_SESSION * sessions,
        "resident_kib": float("inf"),
    }
    grown = {name: getattr(after, name) - getattr(before, name) for name in Figures.__dataclass_fields__}
    return [f"{more} more {name}" for name, more in grown.items() if more > allowed.get(name, 0)]


async def test_what_stays_behind_would_be_told() -> None:
    tracemalloc.start()
    try:
        before = Figures.now()
        kept = [CarPlan(loop_interval_s=float(number)) for number in range(1000)]
        opened = socket.socket()
        waiting = asyncio.ensure_future(asyncio.sleep(60))
        await asyncio.sleep(0)
        after = Figures.now()
    finally:
        tracemalloc.stop()
    waiting.cancel()
    opened.close()
    told = left_behind(before, after, 10)
    assert [line.split()[-1] for line in told] == ["objects", "traced_bytes", "files", "tasks", "timers"]
    assert len(kept) == 1000


def show(
    count: int, measured: int, before: Figures, after: Figures, took: dict[str, list[float]], world: World
) -> None:
    print(f"\n{count} sessions in one process; held after {count - measured} of them and after all:")
    for name in Figures.__dataclass_fields__:
        first, last = getattr(before, name), getattr(after, name)
        print(f"  {name:<14}{first:>12,}{last:>12,}{last - first:>+10,}")
    print("  median ms      first half  second half")
    for name, times in took.items():
        half = len(times) // 2
        first_ms, last_ms = (1000 * statistics.median(part) for part in (times[:half], times[half:]))
        print(f"    {name:<42}{first_ms:>8.1f}{last_ms:>8.1f}")
    drift_ms = 1000 * abs(steady_now() - network._ORIGIN_S - time.monotonic())
    print(f"  the sessions' clock is {drift_ms:.3f} ms beside the machine's")
    for reason, times_seen in world.ends.most_common():
        print(f"  {times_seen:>6} × {reason}")


@pytest.mark.parametrize(
    "wanted",
    [
        CarPlan(Service.DC_BPT, ControlMode.DYNAMIC),
        CarPlan(Service.AC, protocols=(ProtocolName.V2,)),
        CarPlan(Service.DC, protocols=(ProtocolName.DIN,)),
    ],
    ids=["v20", "v2", "din"],
)
def test_timers_do_not_drift_over_many_sessions(conversation: Callable[..., Any], wanted: CarPlan) -> None:
    """The hundredth session of a charger runs by the clock exactly as the first did."""
    evse = Evse()
    evse.set_power(5_000)

    def course(begin_s: float) -> list[tuple[str, float]]:
        talk = conversation(evse=evse, plan=wanted, car=SimulatedCar(max_loops=4), now=begin_s)
        talk.run()
        assert talk.secc_end.proper, talk.secc_end
        kinds = (StateChanged, LoopAnswered, SessionEnded)
        return [(type(e).__name__, round(e.time_s - begin_s, 6)) for e in talk.secc_events if isinstance(e, kinds)]

    first = course(1_800_000_000.0)
    assert len(first) > 10
    for number in range(1, 100):
        assert course(1_800_000_000.0 + 1000 * number) == first
