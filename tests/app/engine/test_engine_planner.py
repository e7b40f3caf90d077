"""Planning beside the tick: asked often it plans once, killed it plans again, failing it says so."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from app.clock import FastClock
from app.engine.health import HealthBook
from app.engine.plan_job import PlanDone, PlanJob, plan_record
from app.engine.planner import HEALTH_NAME, PlanKeeper
from app.ports import HealthLevel
from energy.forecast import SolarSite
from energy.model import Charger, Connection, Departure, Ev, EvState, Plug, Wishes
from energy.tariffs import Fixed

T0 = 1_713_261_600.0
Until = Callable[..., Awaitable[None]]


def job(now_s: float, **more: object) -> PlanJob:
    ev = Ev(ev_id="car", capacity_wh=60_000, charge_max_w=11_000, discharge_max_w=10_000)
    values = {
        "now_s": now_s,
        "tz": "Europe/Berlin",
        "horizon_h": 24.0,
        "step_s": 900.0,
        "load": None,
        "solar": None,
        "site": SolarSite(peak_w=0.0),
        "tariff": Fixed(import_eur_per_kwh=0.3, export_eur_per_kwh=0.1),
        "connection": Connection(phases=3, fuse_a=25.0),
        "plugs": (
            Plug(
                charger=Charger(charger_id="charger", phases=3, charge_max_w=11_000, discharge_max_w=10_000),
                ev_state=EvState(connected=True, ev=ev, soc=0.5, can_charge=True, can_discharge=True, at_s=now_s),
                wishes=Wishes(departures=(Departure(at_s=now_s + 8 * 3600, target_soc=0.8),)),
            ),
        ),
        "events": (),
        "links": (),
        "previous": None,
    }
    return PlanJob(**(values | more))  # type: ignore[arg-type]


class Keeper:
    def __init__(self) -> None:
        self.clock = FastClock(T0, 1.0)
        self.book = HealthBook(self.clock)
        self.made: list[PlanDone] = []
        self.jobs = 0
        self.broken = False
        self.keeper = PlanKeeper(clock=self.clock, every_s=3600.0, job=self.job, on_plan=self.on_plan, book=self.book)

    def job(self) -> PlanJob:
        self.jobs += 1
        return job(self.clock.now_s(), **({"horizon_h": float("nan")} if self.broken else {}))

    def on_plan(self, done: PlanDone, _why: str) -> None:
        self.made.append(done)


@pytest.fixture
async def home() -> AsyncIterator[Keeper]:
    home = Keeper()
    running = asyncio.create_task(home.keeper.run())
    yield home
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_the_first_plan_comes_by_itself_and_many_changes_make_one_more(home: Keeper, until: Until) -> None:
    await until(lambda: len(home.made) == 1 and home.keeper.settled, within_s=40)
    [departure] = [p for p in home.made[0].plan.promises if p.kind.value == "departure"]
    assert departure.kept
    for _ in range(20):
        home.keeper.ask("something")
    await until(lambda: len(home.made) == 2 and home.keeper.settled)
    assert home.jobs == 2
    record = plan_record(home.made[0], "start")
    assert len(record["start_s"]) == len(record["ev_w"]) == len(record["reason"])


async def test_a_killed_worker_is_replaced_and_the_old_plan_holds_meanwhile(home: Keeper, until: Until) -> None:
    await until(lambda: len(home.made) == 1 and home.keeper.settled, within_s=40)
    os.kill(home.keeper.worker_pid or 0, signal.SIGKILL)
    home.keeper.ask("anew")
    assert home.keeper.done is home.made[0]
    await until(lambda: len(home.made) == 2, within_s=40)
    assert home.book.get(HEALTH_NAME).shown.level is HealthLevel.OK  # type: ignore[union-attr]


async def test_numbers_that_cannot_be_planned_with_are_told_and_the_old_plan_holds(home: Keeper, until: Until) -> None:
    await until(lambda: len(home.made) == 1 and home.keeper.settled, within_s=40)
    home.broken = True
    home.keeper.ask("broken")
    await until(lambda: home.keeper.stats.failures > 0)
    line = home.book.get(HEALTH_NAME)
    assert line is not None
    assert line.shown.level is HealthLevel.WARNING
    assert "the last one goes on" in line.shown.text
    assert home.keeper.done is home.made[0]
    home.broken = False
    await until(lambda: len(home.made) == 2, within_s=20)
