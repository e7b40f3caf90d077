"""The power stage is looked at more often than the meter, however fast that is."""

from pathlib import Path

import pytest

from app.clock import FastClock, WallClock
from app.config.home import ConnectionSection, HomeConfig, ModbusSection
from app.config.secrets import Secrets
from app.engine.drivers import Workshop, stage_interval_s
from app.engine.fixed import fixed


@pytest.mark.parametrize(
    ("meter_s", "speed", "stage_s"),
    [(1.0, 1.0, 0.5), (10.0, 1.0, 0.5), (0.4, 1.0, 0.2), (0.2, 1.0, 0.1), (10.0, 20.0, 0.25)],
)
def test_two_looks_at_the_stage_to_each_of_the_meter(
    meter_s: float, speed: float, stage_s: float, tmp_path: Path
) -> None:
    meter = ModbusSection(name="meter", interval_s=meter_s)
    config = HomeConfig(connection=ConnectionSection(fuse_a=35), meter=[meter])
    clock = WallClock() if speed == 1.0 else FastClock(0.0, speed)
    shop = Workshop(config=config, fixed=fixed(config), clock=clock, secrets=Secrets({}, tmp_path), state_dir=tmp_path)
    assert stage_interval_s(shop) == pytest.approx(stage_s)
