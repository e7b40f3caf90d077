"""What planning does when something is missing, late or wrong: a stated step, in words, that ends by itself."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from app.clock import FastClock
from app.engine.health import HealthBook
from app.engine.ladder import FALLBACKS, Fallback, FallbackStep, told
from app.engine.plan_job import make_plan
from app.engine.plan_types import Co2, PlanDone, PlanJob, RunningLoad, TankNow
from app.engine.planner import HEALTH_NAME, PlanKeeper
from app.ports import HealthLevel
from energy.forecast import History, SolarSite
from energy.model import (
    BatteryState,
    Charger,
    Connection,
    Departure,
    Ev,
    EvState,
    HeatTank,
    HomeBattery,
    Plug,
    Risk,
    ShiftableLoad,
    SolarArray,
    Wishes,
)
from energy.plan.types import Plan
from energy.tariffs import Fixed, Prices, TariffError

T0 = 1_713_261_600.0  # 2024-04-16T10:00:00Z
BERLIN = ZoneInfo("Europe/Berlin")
Until = Callable[..., Awaitable[None]]


def job(now_s: float = T0, **more: object) -> PlanJob:
    ev = Ev(ev_id="car", capacity_wh=60_000, charge_max_w=11_000, discharge_max_w=10_000)
    values = {
        "now_s": now_s,
        "tz": "Europe/Berlin",
        "horizon_h": 12.0,
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
        "risk": Risk.BOLD,
        "events": (),
        "links": (),
        "previous": None,
    }
    return PlanJob(**(values | more))  # type: ignore[arg-type]


def kinds(done: PlanDone) -> set[Fallback]:
    return {step.kind for step in done.steps}


def is_whole(plan: Plan) -> bool:
    return bool(plan.steps) and all(np.isfinite([step.ev_w, step.grid_w]).all() for step in plan.steps)


class Broken:
    """A tariff that gives what it is told to."""

    def __init__(self, import_value: float, n: int | None = None, known_until_s: float = float("inf")) -> None:
        self._value, self._n, self._until_s = import_value, n, known_until_s

    def prices(self, edges_s: np.ndarray) -> Prices:
        n = len(edges_s) - 1 if self._n is None else self._n
        values = np.full(n, self._value)
        return Prices(import_eur_per_kwh=values, export_eur_per_kwh=np.full(n, 0.05), known_until_s=self._until_s)


class NoPrices:
    def prices(self, edges_s: np.ndarray) -> Prices:
        raise TariffError("There is no day-ahead price at all: load prices first.")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -1e12], ids=["nan", "inf", "absurd"])
def test_a_history_that_cannot_be_used_gives_way_to_a_typical_household(bad: float) -> None:
    past = History(T0 - np.arange(400.0)[::-1] * 1800.0 - 1800.0, np.full(400, bad))
    done = make_plan(job(load=past, solar=past, site=SolarSite(peak_w=9000, latitude_deg=50.0, longitude_deg=9.0)))
    assert is_whole(done.plan)
    load_w = [step.load_w for step in done.plan.steps]
    assert max(load_w) < 20_000.0
    assert min(load_w) >= 0.0


def test_a_first_day_is_told_and_nothing_is_wrong() -> None:
    done = make_plan(job())
    assert kinds(done) == {Fallback.LOAD_TYPICAL}
    assert all(step.quiet for step in done.steps)


@pytest.mark.parametrize(
    "tariff",
    [NoPrices(), Broken(np.nan), Broken(np.inf), Broken(9_999.0), Broken(0.3, n=3)],
    ids=["none", "nan", "inf", "per MWh", "too few"],
)
def test_prices_that_cannot_be_used_give_way_to_the_home_files(tariff: object) -> None:
    done = make_plan(job(tariff=tariff, spare_prices=(0.41, 0.07)))
    assert Fallback.PRICES_MISSING in kinds(done)
    assert {step.import_eur_per_kwh for step in done.plan.steps} == {0.41}
    assert [p.kept for p in done.plan.promises if p.kind.value == "departure"] == [True]
    # And back again, as soon as there are prices.
    assert Fallback.PRICES_MISSING not in kinds(make_plan(job()))


def test_prices_that_are_not_published_yet_are_told_with_their_time() -> None:
    done = make_plan(job(tariff=Broken(0.3, known_until_s=T0 + 5 * 3600)))
    [step] = [step for step in done.steps if step.kind is Fallback.PRICES_EXPECTED]
    assert told([step], BERLIN) == "from 17:00, prices are not published yet: what the past weeks let expect is used"


def test_a_solver_that_fails_leaves_a_simple_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    from energy.plan import planner as room

    class NoSolver:
        def __getattr__(self, _name: str) -> object:
            raise room.SolverError("no answer")

    monkeypatch.setattr("app.engine.plan_job._planner", None)
    monkeypatch.setattr(room, "Programme", lambda *_args, **_kw: NoSolver())
    done = make_plan(job())
    monkeypatch.setattr("app.engine.plan_job._planner", None)
    assert not done.plan.optimal
    assert done.solver == "simple rule"
    assert Fallback.SIMPLE_RULE in kinds(done)
    assert is_whole(done.plan)


def test_every_step_has_words_that_take_what_a_step_carries() -> None:
    for kind in Fallback:
        text = told([FallbackStep(kind=kind, from_s=T0, name="Cellar", why="it is tired")], BERLIN)
        assert text
        assert "{" not in text
    assert set(FALLBACKS) == set(Fallback)


def test_a_plan_takes_everything_that_a_home_has() -> None:
    battery = HomeBattery(battery_id="cellar", capacity_wh=10_000, charge_max_w=5_000, discharge_max_w=5_000)
    tank = HeatTank(tank_id="water", power_max_w=3_000, capacity_wh=8_000)
    wash = ShiftableLoad(load_id="wash", power_w=(2_000.0, 500.0), earliest_s=T0, latest_s=T0 + 4 * 3600)
    done = make_plan(
        job(
            batteries=(BatteryState(battery=battery, soc=0.6, at_s=T0),),
            tanks=(TankNow(tank=tank, stored_share=0.5, draw_wh_per_day=4_000),),
            loads=(wash,),
            arrays=(SolarArray(array_id="roof", peak_w=9_000, curtailable=True),),
            site=SolarSite(peak_w=9_000, latitude_deg=50.0, longitude_deg=9.0),
            co2=Co2(g_per_kwh=350.0),
            risk=Risk.CAREFUL,
        )
    )
    plan = done.plan
    assert plan.optimal
    assert [store.store_id for store in plan.batteries] == ["cellar"]
    assert [store.store_id for store in plan.tanks] == ["water"]
    [run] = plan.loads
    assert run.start_s is not None
    assert T0 - 1 <= run.start_s <= T0 + 3.5 * 3600 + 1


def test_a_run_that_has_begun_is_part_of_the_load() -> None:
    quiet = make_plan(job())
    run = RunningLoad(start_s=T0 - 900, slot_s=900.0, power_w=(5_000.0, 2_000.0, 1_000.0))
    busy = make_plan(job(running=(run,)))
    more_wh = [
        (b.load_w - q.load_w) * (b.end_s - b.start_s) / 3600
        for b, q in zip(busy.plan.steps, quiet.plan.steps, strict=True)
    ]
    assert sum(more_wh) == pytest.approx(750.0, abs=1.0)  # what is left of it


def test_co2_of_days_past_stands_in_and_none_at_all_is_told() -> None:
    hours = T0 - np.arange(72.0)[::-1] * 3600.0 - 3600.0
    known = Co2(at_s=hours, g_per_kwh=np.full(72, 300.0))
    assert Fallback.CO2_MISSING not in kinds(make_plan(job(co2=known)))
    old = Co2(at_s=hours - 30 * 86_400.0, g_per_kwh=np.full(72, 300.0))
    assert Fallback.CO2_MISSING in kinds(make_plan(job(co2=old)))


# ---- late and dead --------------------------------------------------------------------------------------------------


class Keeper:
    def __init__(self) -> None:
        self.clock = FastClock(T0, 1.0)
        self.book = HealthBook(self.clock)
        self.made: list[PlanDone] = []
        self.late_s = 0.0
        self.keeper = PlanKeeper(
            clock=self.clock,
            every_s=3600.0,
            job=lambda: job(self.clock.now_s(), horizon_h=1.0),
            on_plan=lambda done, _why: self.made.append(done),
            book=self.book,
            tz=BERLIN,
            late_real_s=15.0,
        )

    @property
    def text(self) -> str:
        line = self.book.get(HEALTH_NAME)
        return line.shown.text if line is not None else ""


@pytest.fixture
async def home() -> AsyncIterator[Keeper]:
    home = Keeper()
    running = asyncio.create_task(home.keeper.run())
    yield home
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_worker_that_hangs_is_replaced_and_the_old_plan_holds_until_its_steps_end(
    home: Keeper, until: Until
) -> None:
    await until(lambda: len(home.made) == 1 and home.keeper.settled, within_s=60)
    hung = home.keeper.worker_pid or 0
    os.kill(hung, signal.SIGSTOP)
    home.keeper._worker._timeout_s = 1.0
    home.keeper.ask("anew")
    await until(lambda: home.keeper.stats.failures == 1)
    home.keeper._worker._timeout_s = 30.0
    [step, *_] = home.keeper.steps()
    assert step.kind is Fallback.OLD_PLAN
    assert step.from_s == home.made[0].plan.steps[-1].end_s
    assert "the last one goes on until" in home.text
    line = home.book.get(HEALTH_NAME)
    assert line is not None
    assert line.shown.level is HealthLevel.WARNING
    # Where its steps have ended, the dispatch's own rule is what is left.
    [first] = home.made
    ended = replace(first.plan, plugs=tuple(replace(plug, steps=plug.steps[:1]) for plug in first.plan.plugs))
    home.keeper.done = replace(first, plan=replace(ended, plugs=_past(ended)))
    assert [step.kind for step in home.keeper.steps()] == [Fallback.NO_PLAN]
    # It recovers by itself.
    await until(lambda: len(home.made) >= 2, within_s=60)
    assert home.keeper.worker_pid != hung
    assert all(step.quiet for step in home.keeper.steps())
    line = home.book.get(HEALTH_NAME)
    assert line is not None
    assert line.shown.level is HealthLevel.OK


def _past(plan: Plan) -> tuple[object, ...]:
    """The plan's plugs with their steps two hours ago."""
    return tuple(
        replace(
            plug,
            steps=tuple(replace(s, start_s=s.start_s - 7200, end_s=s.end_s - 7200) for s in plug.steps),
        )
        for plug in plan.plugs
    )
