"""A house battery in the closed loop, over real Modbus: it feeds the house, the meter settles, and it outlives us."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from app.clock import WallClock
from app.config.load import load_home
from app.config.secrets import Secrets
from app.engine.engine import Engine, Options
from protocols.modbus.server import ModbusServer, Unit
from protocols.modbus.simulated import simulated_meter
from protocols.modbus.simulated_assets import BatteryValues, SimulatedBattery

Until = Callable[..., Awaitable[None]]
HOME = """
[connection]
phases = 3
fuse_a = 25
[[meter]]
name = "meter"
port = {port}
interval_s = 0.2
[[battery]]
name = "cellar"
profile = "twoway-battery"
port = {port}
unit = 2
interval_s = 0.2
capacity_wh = 10_000
charge_max_w = 4000
discharge_max_w = 4000
controllable = true
expiry_s = 5
"""


@dataclass
class House:
    """A load, and a battery that rests while nobody commands it; its power follows at once."""

    load_w: float = 1_500.0
    soc: float = 0.6
    battery: SimulatedBattery = field(init=False)

    def __post_init__(self) -> None:
        self.battery = SimulatedBattery(self.values, max_charge_w=4000, max_discharge_w=4000)

    @property
    def battery_w(self) -> float:
        return self.battery.ordered_w() or 0.0

    def values(self) -> BatteryValues:
        return BatteryValues(soc=self.soc, battery_w=self.battery_w, storage_wh=self.soc * 10_000)

    @property
    def grid_w(self) -> float:
        return self.load_w + self.battery_w


async def test_the_battery_feeds_the_house_and_its_own_dead_man_ends_it(tmp_path: Path, until: Until) -> None:
    house, meter = House(), simulated_meter()
    show = Unit(meter, on_read=lambda: meter.update({"grid_w": house.grid_w, "frequency_hz": 50.0}))
    async with ModbusServer({1: show, 2: house.battery.unit()}) as server:
        path = tmp_path / "home.toml"
        path.write_text(HOME.format(port=server.port))
        clock = WallClock()
        engine = await Engine.open(
            load_home(path),
            home_file=path,
            state_dir=tmp_path,
            clock=clock,
            secrets=Secrets({}, tmp_path / "secrets.toml"),
            options=Options(),
        )
        running = asyncio.create_task(engine.run())
        try:
            # No charger, so no plan: what is left of the ladder is the dispatch's own rule.
            await until(lambda: house.battery_w < -1_300.0, within_s=40)
            await until(lambda: abs(house.grid_w) < 120.0, within_s=20)
            house.load_w = 2_600.0
            # How late the meter is has to be learned once …
            await until(lambda: abs(house.grid_w) < 120.0 and house.battery_w < -2_300.0, within_s=60)
            # … and is known from then on.
            house.load_w = 800.0
            await until(lambda: abs(house.grid_w) < 120.0 and house.battery_w > -900.0, within_s=20)
            house.load_w = 2_600.0
            await until(lambda: abs(house.grid_w) < 120.0 and house.battery_w < -2_300.0, within_s=20)
            # At its reserve it rests, whatever the meter says.
            house.soc = 0.04
            await until(lambda: abs(house.battery_w) < 1.0, within_s=20)
            house.soc = 0.6
            await until(lambda: house.battery_w < -2_300.0, within_s=20)
            picture = engine.board.readings()
            assert picture.battery_w is not None
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        # Nobody renews what it was told: it ends in the battery itself.
        await until(lambda: house.battery.ordered_w() is None, within_s=20)
