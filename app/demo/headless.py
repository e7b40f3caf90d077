"""The demo without a screen: a day in lockstep, and its report."""

import asyncio
import contextlib
import logging
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from app.api.reason_text import brief
from app.clock import StepClock, utc
from app.config.load import load_home
from app.config.secrets import read_secrets, write_secret
from app.demo import home_file, report
from app.demo.actors import VEN_SECRET, Actors
from app.demo.audit import Audit, Rules
from app.demo.certificates import car_security, make_certificates
from app.demo.lockstep import Pacemaker
from app.demo.setting import Setting, remember_past
from app.engine.engine import STORE_NAME, Engine, Options
from app.errors import UserError
from protocols.iso15118 import Timings

log = logging.getLogger(__name__)

TIMINGS_FACTOR = 10.0
LOOP_INTERVAL_S = 0.004
STAGE_INTERVAL_S = 0.02
LOW_SPEED, LOW_STEP_S, STEP_S = 30.0, 1.0, 30.0


def step_for(speed: float) -> float:
    """A second at low speeds, half a minute at high ones."""
    return LOW_STEP_S if speed <= LOW_SPEED else STEP_S


async def run(setting: Setting, *, speed: float, step_s: float, folder: Path, frequency_w: float) -> dict[str, Any]:
    """Run the demo in ``folder`` (empty); returns the report."""
    clock = StepClock(setting.start_s, speed)
    world = setting.world(settles_at_once=True)
    timings = Timings().scaled(TIMINGS_FACTOR)
    await remember_past(folder / STORE_NAME, setting)
    began = time.monotonic()
    make_certificates(folder)
    security = car_security(folder)
    async with Actors(world, clock, loop_interval_s=LOOP_INTERVAL_S, timings=timings, car_security=security) as actors:
        engine = await _engine(setting, actors, clock, folder, speed, step_s, frequency_w)
        audit = Audit(
            rules=Rules(
                connection=engine.fixed.connection,
                charge_max_w=home_file.CHARGE_W,
                discharge_max_w=home_file.DISCHARGE_W,
                reserve_soc=engine.config.wishes.reserve_soc,
                soc_min=world.battery.soc_min,
                target_soc=home_file.TARGET_SOC,
                wear_eur_per_kwh=engine.config.car.wear_per_kwh,
            ),
            script=setting.script,
            tariff=engine.tariff,
        )
        audit.begin(world, home_file.TARGET_SOC)
        pacemaker = Pacemaker(engine, actors, clock, audit, step_s=step_s, speed=speed)
        running = asyncio.create_task(engine.run(), name="engine")
        pacing = asyncio.create_task(pacemaker.run(setting.end_s, _progress(setting, engine, actors, began)))
        try:
            await asyncio.wait({running, pacing}, return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                running.result()
            await pacing
            wall_s = time.monotonic() - began
        finally:
            pacing.cancel()
            running.cancel()
            await asyncio.gather(running, pacing, return_exceptions=True)
        booked = await report.read_store(folder / STORE_NAME, setting.start_s, setting.end_s, engine.refill_per_kwh())
        return report.build(
            setting=setting,
            actors=actors,
            audit=audit,
            engine=engine,
            pace=pacemaker.stats,
            step_s=step_s,
            speed=speed,
            wall_s=wall_s,
            booked=booked,
        )


async def _engine(
    setting: Setting, actors: Actors, clock: StepClock, folder: Path, speed: float, step_s: float, frequency_w: float
) -> Engine:
    path = folder / "home.toml"
    text = home_file.home_toml(
        "Demo home",
        actors.addresses,
        setting.prices_file,
        home_file.Pace.at(speed, step_s),
        solar_peak_w=setting.house.solar_peak_w,
        frequency_w=frequency_w,
        away_h=setting.away_h,
    )
    path.write_text(text, encoding="utf-8")
    write_secret(folder / "secrets.toml", home_file.SECRET_NAME, VEN_SECRET)
    return await Engine.open(
        load_home(path),
        home_file=path,
        state_dir=folder,
        clock=clock,
        secrets=read_secrets(folder / "secrets.toml"),
        options=Options(paced=True, demo=True, timings_factor=TIMINGS_FACTOR, stage_interval_s=STAGE_INTERVAL_S),
    )


def _progress(setting: Setting, engine: Engine, actors: Actors, began: float) -> Callable[[], None]:
    """A live line on a terminal, a line each home hour elsewhere."""
    live = sys.stderr.isatty()
    shown_s = [float("-inf"), 0.0]
    every_s = 0.0 if live else 3600.0

    def show() -> None:
        now_s, real = engine.clock.now_s(), time.monotonic()
        if now_s - shown_s[0] < every_s or (live and real - shown_s[1] < 0.1):
            return
        shown_s[0], shown_s[1] = now_s, real
        flows, soc = actors.world.flows, actors.world.battery.soc
        latest = engine.dispatcher.latest
        why = brief(latest.set_point.reason.code) if latest is not None else ""
        done = (now_s - setting.start_s) / (setting.end_s - setting.start_s)
        line = (
            f"{utc(now_s).astimezone(setting.tz):%a %H:%M} {done:4.0%}  grid {flows.grid_w:6.0f} W  solar "
            f"{flows.solar_w:5.0f}  house {flows.load_w:5.0f}  car {flows.ev_w:6.0f} W {soc:4.0%}  {why:<22}"
            f"{(now_s - setting.start_s) / max(0.01, real - began):5.0f}x"
        )
        print(f"\r{line}" if live else line, end="" if live else "\n", file=sys.stderr, flush=True)

    return show


@contextlib.contextmanager
def working_folder(keep: Path | None) -> Iterator[Path]:
    """``keep``, which must be new or empty; or a folder that is gone afterwards. Raises ``UserError``."""
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="twoway-demo-") as folder:
            yield Path(folder)
        return
    if keep.exists() and (not keep.is_dir() or any(keep.iterdir())):
        raise UserError(f"--keep {keep}: give a folder that is new or empty")
    keep.mkdir(parents=True, exist_ok=True)
    yield keep.absolute()
