"""A live demo home: world and engine in processes of their own."""

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.clock import WallClock
from app.config.load import edit_home
from app.demo.live import LiveDemo, authorised
from app.demo.setting import make_setting, remember_past
from app.engine.engine import STORE_NAME
from protocols.modbus.link import ModbusLink
from protocols.modbus.powerstage import PowerStage
from protocols.modbus.profile import load_profile
from protocols.modbus.readings import PowerStageReading

EXPIRY_S = 5.0
"""Real seconds; short, so that the tests are."""

Wait = Callable[..., Any]


@pytest.fixture
def wait() -> Wait:
    """Poll until something holds; gives what it is."""

    def until(holds: Callable[[], Any], within_s: float = 30.0) -> Any:
        deadline = time.monotonic() + within_s
        while not (found := holds()):
            if time.monotonic() > deadline:
                raise AssertionError("it did not come true in time")
            time.sleep(0.1)
        return found

    return until


class Home:
    """A live demo under test."""

    def __init__(self, demo: LiveDemo, stage_port: int) -> None:
        self.demo = demo
        self._stage_port = stage_port

    def stage(self) -> PowerStageReading:
        """What the power stage shows, asked over Modbus by somebody who is not the engine."""

        async def look() -> PowerStageReading:
            link = ModbusLink("127.0.0.1", self._stage_port)
            try:
                stage = PowerStage(link, load_profile("twoway-power-stage"), 1, clock=WallClock().now_s)
                return await stage.read()
            finally:
                await link.close()

        return asyncio.run(look())

    def post(self, path: str, body: dict[str, Any]) -> httpx.Response:
        """Command the engine as the window does."""
        url, headers = authorised(self.demo.run_file)
        return httpx.post(f"{url}/api/v1/{path}", json=body, headers=headers, timeout=5.0, trust_env=False)

    def session_id(self) -> str | None:
        """The car's session, while it is in its charge loop."""
        picture = self.demo.snapshot()
        looping = picture is not None and picture["car"]["state"] == "charge_loop"
        return picture["car"]["session_id"] if picture is not None and looping else None


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """The car comes home a few seconds after the start; home time runs twenty times as fast."""
    setting = make_setting(house=None, prices=None, start="2024-04-16T17:29", hours=24, seed=1, live=True)
    demo = LiveDemo(setting, tmp_path, 20.0)
    asyncio.run(remember_past(tmp_path / STORE_NAME, setting))
    try:
        addresses = demo.start_twin()
        demo.write_home(addresses)
        text = demo.home_path.read_text()
        demo.home_path.write_text(edit_home(text, {("charger", "expiry_s"): EXPIRY_S}))
        demo.start_engine()
        yield Home(demo, addresses.stage_port)
    finally:
        demo.stop()
