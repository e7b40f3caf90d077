"""A whole engine, a simulated stage, a car on the loopback: what an installer asks of it over the API.

Recorded sessions and a capture are handed out; a latched fault is reset; a laboratory's switch is shown everywhere.
"""

import asyncio
import socket
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.api.server import build_app
from app.api.tokens import Tokens
from app.cable_tls import CableTls
from app.cli import main
from app.clock import WallClock
from app.config.load import load_home
from app.config.secrets import Secrets
from app.drivers.charger import LAB, Iso15118Charger
from app.drivers.simulated_stage import SimulatedStage
from app.engine.desk import EngineDesk
from app.engine.drivers import certificate_folder
from app.engine.engine import Engine, Options
from app.ports import HealthLevel
from protocols import iso15118 as iso

LAB_HOME = """
[home]
name = "Lindenweg 12"
timezone = "Europe/Berlin"
[connection]
fuse_a = 25
[charger]
interface = "lo"
sdp_port = {port}
services = ["dc_bpt", "dc"]
power_stage.profile = "simulated"
"""
LAB_SWITCH = "tls = false\nlab_v20_without_tls = true\n"
SECRETS_BLOCK = (0x0000000A).to_bytes(4, "little")
"""pcapng: what opens the sessions."""
Until = Callable[..., Awaitable[None]]


def free_udp_port() -> int:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        sock.bind(("::1", 0))
        return int(sock.getsockname()[1])


@dataclass
class House:
    """An engine at work, and a client with an installer's token."""

    engine: Engine
    api: httpx.AsyncClient
    charger: Iso15118Charger
    folder: Path

    async def get(self, path: str) -> Any:
        return (await self.api.get(path)).raise_for_status().json()

    async def drive(self, protocols: tuple[iso.ProtocolName, ...], security: iso.EvccSecurity) -> iso.SessionEnded:
        """One whole session."""
        plan = iso.CarPlan(
            iso.Service.DC_BPT if protocols == (iso.ProtocolName.V20_DC,) else iso.Service.DC,
            protocols=protocols,
            loop_interval_s=0.05,
            lab_v20_without_tls=True,
        )
        server = self.charger._server
        assert server is not None
        client = iso.EvccClient(
            "lo",
            iso.SimulatedCar(soc=0.6, max_loops=3),
            plan,
            lambda _event: None,
            timings=iso.Timings().scaled(10),
            security=security,
            sdp_port=server.sdp_port,
        )
        return await asyncio.wait_for(client.run(), 60)


@pytest.fixture
async def open_house(tmp_path: Path, until: Until) -> AsyncIterator[Callable[[str], Awaitable[House]]]:
    running: list[asyncio.Task[None]] = []
    clients: list[httpx.AsyncClient] = []

    async def make(more: str) -> House:
        path = tmp_path / "home.toml"
        path.write_text(LAB_HOME.format(port=free_udp_port()) + more)
        engine = await Engine.open(
            load_home(path),
            home_file=path,
            state_dir=tmp_path / "state",
            clock=WallClock(),
            secrets=Secrets({}, tmp_path / "secrets.toml"),
            options=Options(timings_factor=10.0),
        )
        app = build_app(EngineDesk(engine), Tokens(tmp_path / "state"))
        token = (tmp_path / "state" / "token").read_text().strip()
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url="http://127.0.0.1/api/v1/",
            headers={"Authorization": f"Bearer {token}"},
            timeout=60,
        )
        clients.append(client)
        running.append(asyncio.create_task(engine.run()))
        charger = engine.charger
        assert isinstance(charger, Iso15118Charger)
        await until(lambda: charger._server is not None and charger._server.port, within_s=60)
        return House(engine, client, charger, tmp_path)

    yield make
    for client in clients:
        await client.aclose()
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


async def test_recorded_sessions_are_kept_and_replay(
    open_house: Any, until: Until, capsys: pytest.CaptureFixture[str]
) -> None:
    house = await open_house(LAB_SWITCH)
    assert await house.get("installer/recordings") == []
    ended = await house.drive((iso.ProtocolName.V20_DC,), iso.EvccSecurity())
    assert ended.proper, ended.reason
    await until(lambda: house.engine.support.recordings()[0].proper, within_s=10)
    (line,) = await house.get("installer/recordings")
    assert (line["proper"], line["paused"]) == (True, False)
    answer = await house.api.get(f"installer/recordings/{line['id']}")
    assert line["id"] in answer.headers["content-disposition"]
    assert len(answer.content) == line["bytes"]
    (kept,) = (house.folder / "state" / "sessions").iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    saved = house.folder / "saved.jsonl"
    saved.write_bytes(answer.content)
    for file in (saved, kept):
        assert await asyncio.to_thread(main, ["session", "replay", str(file)]) == 0, capsys.readouterr().err


@pytest.mark.parametrize("name", ["session-nonsense", "..%2Fhome.sqlite", "%2Fetc%2Fpasswd"])
async def test_no_other_file_is_handed_out(open_house: Any, name: str) -> None:
    house = await open_house(LAB_SWITCH)
    answer = await house.api.get(f"installer/recordings/{name}")
    assert answer.status_code == 404
    assert answer.json()["problem"]


async def test_a_capture_begins_on_request_holds_the_keys_and_is_deleted(open_house: Any) -> None:
    house = await open_house("")
    assert await house.get("installer/capture") == {"running": False, "left_s": 0.0, "bytes": None}
    assert (await house.api.get("installer/capture/file")).status_code == 404
    assert (await house.api.post("installer/capture", json={"minutes": -1})).status_code == 422
    began = (await house.api.post("installer/capture", json={"minutes": 5})).json()
    assert began["running"]
    assert 290 < began["left_s"] <= 300
    folder = certificate_folder(house.engine._shop)
    ended = await house.drive((iso.ProtocolName.V2,), CableTls(folder).evcc((iso.ProtocolName.V2,)))
    assert ended.proper, ended.reason
    stopped = (await house.api.post("installer/capture", json={"minutes": 0})).json()
    assert not stopped["running"]
    answer = await house.api.get("installer/capture/file")
    assert len(answer.content) == stopped["bytes"]
    assert SECRETS_BLOCK in answer.content
    assert b"CLIENT_RANDOM" in answer.content
    (file,) = (house.folder / "state" / "captures").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    # What comes after its end is not in it.
    ended = await house.drive((iso.ProtocolName.V2,), CableTls(folder).evcc((iso.ProtocolName.V2,)))
    assert ended.proper, ended.reason
    assert file.stat().st_size == stopped["bytes"]
    assert (await house.api.delete("installer/capture")).status_code == 204
    assert not file.exists()
    assert (await house.get("installer/capture"))["bytes"] is None


async def test_a_capture_ends_by_itself(open_house: Any, until: Until) -> None:
    house = await open_house(LAB_SWITCH)
    await house.api.post("installer/capture", json={"minutes": 0.01})
    await until(lambda: not house.engine.support.capture().running)
    assert (await house.get("installer/capture"))["bytes"] > 0
    assert house.charger._server.capture is None


async def test_a_laboratory_s_switch_is_shown_everywhere(open_house: Any, until: Until) -> None:
    house = await open_house(LAB_SWITCH)
    home, page = await house.get("home"), await house.get("installer")
    assert page["unprotected_by_switch"] is True
    for lines in (home["health"], [device["health"] for device in page["devices"]]):
        charger = next(line for line in lines if line["name"] == "charger")
        assert LAB in charger["text"]
        assert charger["details"]["lab_v20_without_tls"] is True


async def test_a_home_without_the_switch_says_nothing_of_it(open_house: Any) -> None:
    house = await open_house("")
    page = await house.get("installer")
    assert page["unprotected_by_switch"] is False
    assert LAB not in str(page["devices"]) + str(await house.get("home"))


async def test_a_latched_fault_is_reset_by_an_installer(open_house: Any, until: Until) -> None:
    house = await open_house(LAB_SWITCH)
    refused = await house.api.post("installer/charger/reset")
    assert refused.status_code == 409
    assert "no fault" in refused.json()["problem"]
    stage = house.charger.stage
    assert isinstance(stage, SimulatedStage)
    stage.hardware.defects.welded = True
    house.charger.cable.outlet.break_down("contactor", "the contactor is welded", house.charger._steady())
    house.charger.cable.on_timer(house.charger._steady())

    def level() -> HealthLevel | None:
        line = house.engine.book.get("charger")
        return line.shown.level if line is not None else None

    assert level() is HealthLevel.FAILED
    device = next(one for one in (await house.get("installer"))["devices"] if one["role"] == "charger")
    assert device["resettable"] is True
    owner = {"Authorization": f"Bearer {(house.folder / 'state' / 'token.homeowner').read_text().strip()}"}
    assert (await house.api.post("installer/charger/reset", headers=owner)).status_code == 403
    assert level() is HealthLevel.FAILED
    stage.hardware.defects.welded = False
    after = (await house.api.post("installer/charger/reset")).json()
    device = next(one for one in after["devices"] if one["role"] == "charger")
    assert device["resettable"] is False
    assert level() is HealthLevel.OK
    commands = await house.engine.store.commands()
    assert [(command.name, command.source) for command in commands] == [("reset charger", "installer")]
