"""Helpers for the OCPP room: a home clock to turn by hand, a station without a wire, and one with."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from protocols.ocpp import Event, Evse, OcppClient, SimulatedCsms, StationConfig, Version
from protocols.ocpp.disk import Disk
from protocols.ocpp.moment import Moment
from protocols.ocpp.station import Station

NOON = 1_795_348_800.0
"""2026-11-22 12:00 UTC."""


class HomeClock:
    """Home time that only moves when told."""

    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def home() -> HomeClock:
    return HomeClock()


class Desk:
    """A station with both ends of its wire in hand; wire time moves only when told."""

    def __init__(self, config: StationConfig, disk: Disk) -> None:
        self.config, self.disk = config, disk
        self.now, self.at = 100.0, NOON
        ids = iter(range(1, 1_000_000))
        self.new_id = lambda: f"id-{next(ids)}"
        self.station = Station(config, disk, new_id=self.new_id)
        self._calls = iter(range(1, 1_000_000))

    @property
    def moment(self) -> Moment:
        return Moment(self.now, self.at)

    def restart(self) -> None:
        """The engine is killed and starts again on the same disk."""
        self.station = Station(self.config, self.disk, new_id=self.new_id)

    def sent(self) -> list[list[Any]]:
        return [orjson.loads(frame) for frame in self.station.link.take_output()]

    def one(self) -> list[Any]:
        frames = self.sent()
        assert len(frames) == 1, frames
        return frames[0]

    def hear(self, frame: object) -> None:
        self.station.link.receive(orjson.dumps(frame), self.moment)

    def answer(self, call: list[Any], payload: dict[str, Any] | None = None) -> None:
        """Answer a CALL of the station's."""
        self.hear([3, call[1], {} if payload is None else payload])

    def ask(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Ask the station; its answer's payload, or ``{"error": code}``. Other frames stay unread in ``rest``."""
        message_id = f"ask-{next(self._calls)}"
        self.hear([2, message_id, action, payload])
        frames = self.sent()
        self.rest = [frame for frame in frames if frame[1] != message_id]
        frame = next(frame for frame in frames if frame[1] == message_id)
        return frame[2] if frame[0] == 3 else {"error": frame[2]}

    def boot(self, version: Version = Version.V21, status: str = "Accepted", interval: int = 300) -> None:
        """Connect, boot, and answer the status notifications."""
        self.station.connected(version, self.moment)
        call = self.one()
        assert call[2] == "BootNotification"
        self.answer(call, {"status": status, "interval": interval, "currentTime": "2026-11-22T12:00:00Z"})
        for call in self.sent():
            assert call[2] == "StatusNotification"
            self.answer(call)

    def told(self) -> list[Event]:
        told = []
        while (event := self.station.next_event()) is not None:
            told.append(event)
        return told

    def told_of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.told() if isinstance(event, kind)]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    disk = Disk(tmp_path / "station.db")
    yield disk
    disk.close()


@pytest.fixture
def desk(disk: Disk) -> Desk:
    return Desk(StationConfig(station_id="HOME-1", url="ws://csms"), disk)


@pytest.fixture
def ac_desk(disk: Disk) -> Desk:
    evse = Evse(dc=False, phases=3, modes=("AC_three_phase", "AC_BPT"))
    return Desk(StationConfig(station_id="HOME-1", url="ws://csms", evses=(evse,)), disk)


async def wait_for(condition: Callable[[], Any], what: str, timeout_s: float = 15.0) -> Any:
    """Poll until it holds."""
    end = time.monotonic() + timeout_s
    while not (value := condition()):
        if time.monotonic() > end:
            pytest.fail(f"waited {timeout_s} s for {what}")
        await asyncio.sleep(0.01)
    return value


@pytest.fixture
def until() -> Callable[..., Any]:
    return wait_for


class Online:
    """A client at work and what it told."""

    def __init__(self, client: OcppClient) -> None:
        self.client = client
        self.told: list[Event] = []
        self.obey: Callable[[Event], None] = lambda event: None

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.told if isinstance(event, kind)]


@contextlib.asynccontextmanager
async def running(config: StationConfig, path: Path, now: Callable[[], float]) -> AsyncIterator[Online]:
    """A client whose back-off is short enough for tests."""
    client = OcppClient(config, path, now, jitter=lambda: 0.0)
    client._station.model._set["ocppcommctrlr///retrybackoffwaitminimum/"] = "0.05"
    online = Online(client)

    async def read() -> None:
        async for event in client.events():
            online.told.append(event)
            online.obey(event)

    tasks = [asyncio.create_task(client.run()), asyncio.create_task(read())]
    try:
        yield online
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
def run_client() -> Callable[..., Any]:
    return running


@pytest.fixture
async def csms(home: HomeClock) -> AsyncIterator[SimulatedCsms]:
    async with SimulatedCsms(home) as csms:
        yield csms


def profile(**changes: Any) -> dict[str, Any]:
    """A SetChargingProfile payload: 5 kW as the whole home's default; changed at its three levels by name."""
    period = {"startPeriod": 0, "limit": 5000.0} | changes.pop("period", {})
    period = {key: value for key, value in period.items() if value is not None}
    schedule = {"id": 1, "chargingRateUnit": "W", "chargingSchedulePeriod": [period]} | changes.pop("schedule", {})
    wire = {
        "id": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": [schedule],
    } | changes
    if wire["chargingProfileKind"] in ("Absolute", "Recurring"):
        schedule.setdefault("startSchedule", "2026-11-22T12:00:00Z")
    return wire


@pytest.fixture
def make_profile() -> Callable[..., dict[str, Any]]:
    return profile
