"""The demo's world as a process of its own: ``python -m app.demo.twin`` (started by ``twoway demo``).

It has no contact with the engine but the wires. Kill the engine, and the world goes on: the power stage's dead-man
takes the charger to 0 W, the car waits on its cable.
"""

import argparse
import asyncio
import contextlib
import json
import logging
import os
import signal
from dataclasses import asdict
from pathlib import Path

from app.clock import FastClock
from app.config.load import write_whole
from app.demo.actors import Actors
from app.demo.certificates import car_security
from app.demo.script import AWAY_H
from app.demo.setting import Setting, make_setting
from app.logs import setup_logs

log = logging.getLogger(__name__)

ADDRESSES_NAME = "addresses.json"
TICK_REAL_S = 0.1
LOOP_INTERVAL_S = 0.2


async def run(setting: Setting, clock: FastClock, folder: Path, parent: int | None) -> None:
    """Play the world until SIGTERM, or until the process that started it is gone."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    world = setting.world(settles_at_once=False)
    async with Actors(world, clock, loop_interval_s=LOOP_INTERVAL_S, car_security=car_security(folder)) as actors:
        write_whole(folder / ADDRESSES_NAME, json.dumps(asdict(actors.addresses)), 0o600)
        while not stop.is_set():
            world.move_to(clock.now_s())
            fault = actors.failed()
            if fault is not None:
                log.error("a simulated device died", exc_info=fault)
                raise fault
            if parent is not None and os.getppid() != parent:
                log.info("the process that started the demo is gone")
                break
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), TICK_REAL_S)


def main() -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m app.demo.twin", description="The demo home's simulated world.")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--house", type=Path)
    parser.add_argument("--prices", type=Path)
    parser.add_argument("--start", required=True, help="ISO time")
    parser.add_argument("--hours", type=float, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--speed", type=float, required=True)
    parser.add_argument("--origin", type=float, required=True, help="monotonic seconds at which home time was --start")
    parser.add_argument("--away-hours", type=float, default=AWAY_H)
    parser.add_argument("--parent", type=int)
    args = parser.parse_args()
    setup_logs(args.folder / "twin-logs", console=False)
    setting = make_setting(
        house=args.house,
        prices=args.prices,
        start=args.start,
        hours=args.hours,
        seed=args.seed,
        live=True,
        away_h=args.away_hours,
    )
    clock = FastClock(setting.start_s, args.speed, args.origin)
    asyncio.run(run(setting, clock, args.folder, args.parent))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
