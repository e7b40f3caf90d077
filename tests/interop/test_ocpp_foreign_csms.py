"""Our station through a whole session with a strict foreign CSMS (npm ocpp-rpc), in 2.1 and in 2.0.1."""

import asyncio
import json
import shutil
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from protocols.ocpp import (
    Authorisation,
    ChargingNeeds,
    ChargingState,
    ConnectorStatus,
    Event,
    GuidanceChanged,
    IdToken,
    LinkDown,
    MeterSample,
    NeedsAnswer,
    OcppClient,
    RemoteStart,
    RemoteStop,
    StationConfig,
    Version,
)

ROOT = Path(__file__).parents[2]
MODULES = ROOT / ".interop" / "ocpp-rpc" / "node_modules"
PROGRAM = Path(__file__).parent / "programs" / "csms.js"
PASSWORD = "open sesame"

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(
        not (shutil.which("node") and (MODULES / "ocpp-rpc").exists()),
        reason="no foreign CSMS: install Node and run tests/interop/setup_ocpp_rpc.sh",
    ),
]


class ForeignCsms:
    """The Node program, its lines sorted as they come."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.lines: list[dict[str, Any]] = []

    async def read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self.lines.append(json.loads(line))

    def of(self, kind: str) -> list[Any]:
        return [line[kind] for line in self.lines if kind in line]

    def said(self, action: str) -> list[dict[str, Any]]:
        return [line["payload"] for line in self.lines if line.get("said") == action]

    def order(self, **line: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(line).encode() + b"\n")

    async def ask(self, action: str, payload: dict[str, Any]) -> Any:
        """The station's answer, or its error code."""
        before = len(self.of("answer")) + len(self.of("refused"))
        self.order(ask=action, payload=payload)
        await until(lambda: len(self.of("answer")) + len(self.of("refused")) > before, f"an answer to {action}")
        return next(line for line in reversed(self.lines) if "answer" in line or "refused" in line)


async def until(condition: Callable[[], Any], what: str, timeout_s: float = 30.0) -> None:
    end = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > end:
            pytest.fail(f"waited {timeout_s} s for {what}")
        await asyncio.sleep(0.01)


@asynccontextmanager
async def foreign_csms(*protocols: str) -> AsyncIterator[ForeignCsms]:
    process = await asyncio.create_subprocess_exec(
        "node",
        str(PROGRAM),
        "0",
        PASSWORD,
        *protocols,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={"NODE_PATH": str(MODULES), "PATH": "/usr/bin:/bin:" + str(Path(shutil.which("node") or "").parent)},
    )
    csms = ForeignCsms(process)
    reader = asyncio.create_task(csms.read())
    try:
        await until(lambda: csms.of("listening"), "the foreign CSMS to listen")
        yield csms
    finally:
        process.kill()
        await process.wait()
        reader.cancel()


class Home:
    """Our station and what it told; its clock is turned by hand."""

    def __init__(self, url: str, path: Path, versions: tuple[Version, ...] = tuple(Version), **more: Any) -> None:
        self.at = time.time()
        config = StationConfig(station_id="HOME|7", url=url, versions=versions, **({"password": PASSWORD} | more))
        self.client = OcppClient(config, path, lambda: self.at, jitter=lambda: 0.0)
        self.told: list[Event] = []

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.told if isinstance(event, kind)]

    async def __aenter__(self) -> "Home":
        self._tasks = [asyncio.create_task(self.client.run()), asyncio.create_task(self._read())]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _read(self) -> None:
        async for event in self.client.events():
            self.told.append(event)

    def sample(self, imported: float, exported: float, power: float | None = None) -> MeterSample:
        return MeterSample(
            at_s=self.at, import_wh=imported, export_wh=exported, power_w=power, soc=0.55, setpoint_w=power
        )


def tx_profile(transaction_id: str, period: dict[str, Any]) -> dict[str, Any]:
    return {
        "evseId": 1,
        "chargingProfile": {
            "id": 11,
            "stackLevel": 1,
            "chargingProfilePurpose": "TxProfile",
            "chargingProfileKind": "Relative",
            "transactionId": transaction_id,
            "chargingSchedule": [
                {"id": 1, "chargingRateUnit": "W", "chargingSchedulePeriod": [{"startPeriod": 0} | period]}
            ],
        },
    }


@pytest.mark.parametrize("version", list(Version))
async def test_a_whole_session_with_a_strict_foreign_csms(tmp_path: Path, version: Version) -> None:
    """Boot to end, with profile, remote start and stop, and an hour offline; not one violation of the schemas."""
    new = version is Version.V21
    async with foreign_csms(version.subprotocol) as csms:
        port = csms.of("listening")[0]
        async with Home(f"ws://127.0.0.1:{port}/ocpp", tmp_path / "q.db") as home:
            client = home.client
            await until(lambda: client.online, "the boot")
            assert csms.lines[1] == {"station": "HOME|7", "protocol": version.subprotocol}

            # Remote start, authorisation, start, needs.
            start = {"remoteStartId": 5, "evseId": 1, "idToken": {"idToken": "DRIVER", "type": "Central"}}
            assert await csms.ask("RequestStartTransaction", start) == {"answer": {"status": "Accepted"}}
            await until(lambda: home.of(RemoteStart), "the remote start")
            token = IdToken(value="DRIVER", evcc_id="0A1B2C3D4E5F")
            client.status_changed(1, ConnectorStatus.OCCUPIED)
            client.authorise(token)
            await until(lambda: home.of(Authorisation), "the authorisation")
            assert home.of(Authorisation)[0].accepted
            transaction_id = client.transaction_started(
                1, id_token=token, remote_start_id=5, trigger="RemoteStart", sample=home.sample(1000, 200)
            )
            needs = ChargingNeeds(
                mode="DC_BPT",
                available_modes=("DC", "DC_BPT"),
                dynamic_control=True,
                departure_s=home.at + 36_000,
                charge_max_w=11_000,
                discharge_max_w=10_000,
                target_energy_wh=20_000,
                min_v2x_energy_wh=-5_000,
                soc=0.55,
                target_soc=0.8,
            )
            client.charging_needs(1, needs)
            await until(lambda: home.of(NeedsAnswer), "the needs' answer")
            client.transaction_updated(1, state=ChargingState.CHARGING)

            # A charging profile takes effect: a limit in 2.0.1, a set-point that discharges in 2.1.
            period = {"operationMode": "CentralSetpoint", "setpoint": -4200.0} if new else {"limit": 4200.0}
            answer = await csms.ask("SetChargingProfile", tx_profile(transaction_id, period))
            assert answer == {"answer": {"status": "Accepted"}}
            await until(lambda: home.of(GuidanceChanged), "the guidance")
            guidance = client.guidance(1)
            assert (guidance.setpoint_w if new else guidance.charge_max_w) == (-4200.0 if new else 4200.0)
            composite = await csms.ask("GetCompositeSchedule", {"evseId": 1, "duration": 600})
            assert composite["answer"]["schedule"]["chargingSchedulePeriod"][0]["startPeriod"] == 0
            bad = await csms.ask("SetChargingProfile", tx_profile("unknown", period))
            assert bad["answer"]["status"] == "Rejected"
            assert "answer" in await csms.ask("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"})
            reported = {"requestId": 2, "chargingProfile": {"chargingProfilePurpose": "TxProfile"}}
            assert await csms.ask("GetChargingProfiles", reported) == {"answer": {"status": "Accepted"}}
            assert (await csms.ask("TriggerMessage", {"requestedMessage": "Heartbeat"}))["answer"][
                "status"
            ] == "Accepted"
            await until(lambda: csms.said("Heartbeat") and csms.said("ReportChargingProfiles"), "heartbeat and report")
            assert await csms.ask("GetLocalListVersion", {}) == {"refused": "NotSupported"}
            home.at += 60
            client.meter_sample(1, home.sample(1000, 270, -4200.0))
            await until(lambda: client.waiting == 0, "everything to arrive")

            # An hour offline.
            csms.order(close=True)
            await until(lambda: not client.online, "the link to fall")
            for minute in range(60):
                home.at += 60
                client.meter_sample(1, home.sample(1000, 270 + 70 * (minute + 1), -4200.0))
            assert client.waiting == 60
            csms.order(listen=True)
            await until(lambda: client.waiting == 0, "the queue to empty")

            # Remote stop and end.
            assert await csms.ask("RequestStopTransaction", {"transactionId": transaction_id}) == {
                "answer": {"status": "Accepted"}
            }
            await until(lambda: home.of(RemoteStop), "the remote stop")
            client.transaction_ended(1, reason="Remote", trigger="RemoteStop", sample=home.sample(1000, 4470))
            client.status_changed(1, ConnectorStatus.AVAILABLE)
            await until(lambda: client.waiting == 0, "the end")

        events = csms.said("TransactionEvent")
        assert [event["seqNo"] for event in events] == list(range(len(events))), "once, in order"
        assert {event["transactionInfo"]["transactionId"] for event in events} == {transaction_id}
        assert (events[0]["eventType"], events[-1]["eventType"]) == ("Started", "Ended")
        assert events[0]["transactionInfo"]["remoteStartId"] == 5
        offline = [event for event in events if event.get("offline")]
        assert len(offline) == 60
        assert [event["timestamp"] for event in events] == sorted(event["timestamp"] for event in events)
        (needs_said,) = csms.said("NotifyEVChargingNeeds")
        assert needs_said["chargingNeeds"]["requestedEnergyTransfer"] == ("DC_BPT" if new else "DC")
        assert ("v2xChargingParameters" in needs_said["chargingNeeds"]) is new
        assert len(csms.said("BootNotification")) == 1
        assert csms.of("violation") == []
        assert csms.of("bad") == []


async def test_backend_that_knows_2_0_1_only_gets_2_0_1(tmp_path: Path) -> None:
    async with foreign_csms("ocpp2.0.1") as csms:
        async with Home(f"ws://127.0.0.1:{csms.of('listening')[0]}", tmp_path / "q.db") as home:
            await until(lambda: home.client.online, "the boot")
        assert csms.of("protocol") == ["ocpp2.0.1"]


async def test_wrong_password_is_told_plainly(tmp_path: Path) -> None:
    async with foreign_csms("ocpp2.1") as csms:
        url = f"ws://127.0.0.1:{csms.of('listening')[0]}"
        async with Home(url, tmp_path / "q.db", password="wrong") as home:
            await until(lambda: home.of(LinkDown), "the refusal")
            assert "the password is wrong" in home.of(LinkDown)[0].reason
