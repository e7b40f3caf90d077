"""Sessions over the loopback interface, recorded at both ends."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

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
    LoopAnswered,
    Notification,
    SeccSecurity,
    SeccServer,
    Service,
    SimulatedCar,
    Timings,
)


@dataclass
class Recordings:
    """The lines of both ends."""

    secc: list[str] = field(default_factory=list)
    evcc: list[str] = field(default_factory=list)

    def data(self, role: str) -> bytes:
        return "".join(f"{line}\n" for line in getattr(self, role)).encode()


Record = Callable[..., Awaitable[Recordings]]


async def record_session(
    service: Service = Service.DC_BPT,
    mode: ControlMode | None = None,
    *,
    trouble: Callable[[EvccClient, asyncio.Task[object]], None] | None = None,
    notification: Notification | None = None,
    secc_security: SeccSecurity | None = None,
    evcc_security: EvccSecurity | None = None,
) -> Recordings:
    """A whole session whose set-point changes with every turn of the loop.

    Trouble, or the charger's wish, may come in its second turn.
    """
    recordings = Recordings()
    evse = Evse(EvseOffer(lab_v20_without_tls=True))
    stage = IdealStage(evse)
    turns = 0

    def on_event(event: Event) -> None:
        nonlocal turns
        stage.handle(event)
        if isinstance(event, LoopAnswered):
            turns += 1
            evse.set_power(-3000.0 if turns % 2 else 2000.5, valid_until_s=event.time_s + 60)
            if turns == 2 and notification is not None:
                evse.notify(notification)
            if turns == 2 and trouble is not None:
                trouble(client, running)

    patient = Timings().scaled(20)
    server = SeccServer(
        "lo", evse, on_event, timings=patient, sdp_port=0, security=secc_security, record=lambda: recordings.secc.append
    )
    await server.start()
    plan = CarPlan(service, mode, loop_interval_s=0.01, lab_v20_without_tls=True)
    client = EvccClient(
        "lo",
        SimulatedCar(max_loops=8 if notification else 4),
        plan,
        lambda event: None,
        timings=patient,
        sdp_port=server.sdp_port,
        security=evcc_security,
        record=lambda: recordings.evcc.append,
    )
    async with asyncio.timeout(30):
        running = asyncio.create_task(client.run())
        with contextlib.suppress(asyncio.CancelledError):
            assert (await running).proper or trouble is not None
        while server.session is not None:
            await asyncio.sleep(0.01)
    await server.stop()
    return recordings


@pytest.fixture
def record() -> Record:
    return record_session


@pytest.fixture(scope="session")
def recordings() -> Recordings:
    """One DC_BPT session, for tests that only read."""
    return asyncio.run(record_session())
