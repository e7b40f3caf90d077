"""A whole engine stops and starts: the car that slept on its cable is known again; plans reach the charger."""

import asyncio
import time
from pathlib import Path
from typing import Any

from app.clock import WallClock
from app.config.load import load_home
from app.config.secrets import Secrets
from app.drivers.charger import Iso15118Charger
from app.drivers.charger_sleep import Sleep
from app.engine.engine import Engine, Options
from protocols import iso15118 as iso
from protocols.iso15118.paused import PausedSession

HOME = """
[home]
timezone = "Europe/Berlin"
currency = "DKK"
[connection]
fuse_a = 25
[charger]
interface = "lo"
sdp_port = 1
power_stage.profile = "simulated"
"""


async def opened(folder: Path) -> tuple[Engine, Iso15118Charger]:
    path = folder / "home.toml"
    path.write_text(HOME)
    engine = await Engine.open(
        load_home(path),
        home_file=path,
        state_dir=folder,
        clock=WallClock(),
        secrets=Secrets({}, folder / "secrets.toml"),
        options=Options(),
    )
    # Its wire to the car is other rooms' tests.
    engine.drivers.clear()
    assert isinstance(engine.charger, Iso15118Charger)
    return engine, engine.charger


async def stopped(running: "asyncio.Task[None]") -> None:
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def until(holds: Any, within_s: float = 40.0) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError("it did not come true in time")
        await asyncio.sleep(0.05)


async def test_a_sleeping_car_over_a_restart_of_the_engine(tmp_path: Path) -> None:
    session = PausedSession(bytes(range(8)), "EVCC1", protocol=iso.ProtocolName.V20_DC, service=iso.Service.DC_BPT)
    sleep = Sleep(session, "ISO 15118-20 DC_BPT, dynamic", time.time() - 60.0, 1_000.0, 0.0, 0.6, 50_000.0, True)
    engine, charger = await opened(tmp_path)
    running = asyncio.create_task(engine.run())
    charger.sleeper._remember(sleep.to_plain())
    await until(lambda: charger.evse.schedules, within_s=60.0)
    prices = charger.evse.schedules[0].charge_prices
    assert prices is not None
    assert prices.currency == "DKK"
    await stopped(running)
    engine, charger = await opened(tmp_path)
    assert charger.evse.paused == session
    running = asyncio.create_task(engine.run())
    charger.sleeper.forget()
    await asyncio.sleep(0.1)
    await stopped(running)
    engine, charger = await opened(tmp_path)
    assert charger.evse.paused is None
    await engine.store.close()
