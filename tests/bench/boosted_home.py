"""A home whose car charges with all it may, for benches that jerk at it: an engine of its own, over real wires."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import httpx

from app.clock import FastClock
from app.config.load import edit_home, write_whole
from app.demo.actors import Actors
from app.demo.certificates import car_security, make_certificates
from app.demo.live import LiveDemo, authorised
from app.demo.setting import make_setting
from app.demo.world import World

LOOP_INTERVAL_S = 0.002
"""The car asks again so soon: a real car's interval (0.1 to 0.25 s) is not ours to measure."""
POLL_S = 0.2
"""Of the meter."""

W = TypeVar("W", bound=World)


@asynccontextmanager
async def boosted(
    kind: type[W], folder: Path, changes: Mapping[tuple[Any, ...], Any], *, served_w: float = 0.0
) -> AsyncIterator[W]:
    """A world of this ``kind``, moving, its car told to boost; ``changes`` to its home file.

    ``served_w`` is offered to the grid's frequency.
    """
    setting = make_setting(house=None, prices=None, start="2024-04-16T18:30", hours=24, seed=1, live=True)
    demo = LiveDemo(setting, folder, 1.0, served_w)
    clock = FastClock(setting.start_s, 1.0, demo.origin_s)
    plain = setting.world(settles_at_once=True)
    world = kind(
        house=plain.house,
        script=replace(plain.script, utility=(), backend=(), dips=()),
        tz=plain.tz,
        battery=plain.battery,
        start_s=setting.start_s,
        settles_at_once=True,
    )
    world.battery.soc = 0.4
    make_certificates(folder)
    async with Actors(world, clock, loop_interval_s=LOOP_INTERVAL_S, car_security=car_security(folder)) as actors:
        demo.write_home(actors.addresses)
        polls = {("meter", 0, "interval_s"): POLL_S, ("inverter", 0, "interval_s"): 1.0}
        write_whole(demo.home_path, edit_home(demo.home_path.read_text(), polls | dict(changes)))
        moving = asyncio.create_task(_move(world, clock))
        try:
            await asyncio.to_thread(demo.start_engine)
            await _boost(demo)
            yield world
        finally:
            moving.cancel()
            await asyncio.to_thread(demo.stop)


async def _move(world: World, clock: FastClock) -> None:
    while True:
        world.move_to(clock.now_s())
        await asyncio.sleep(0.1)


async def _boost(demo: LiveDemo) -> None:
    url, headers = authorised(demo.run_file)
    async with httpx.AsyncClient(headers=headers, trust_env=False) as client:
        (await client.post(f"{url}/api/v1/car/boost", json={"minutes": 600})).raise_for_status()
