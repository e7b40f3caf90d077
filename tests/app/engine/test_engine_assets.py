"""A home with a battery, a machine and a relay, engine and all: seen, planned, commanded, told; nothing on a wire."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.api.desk import Refused
from app.api.schema import WishesOut
from app.clock import FastClock
from app.config.load import load_home
from app.config.secrets import Secrets
from app.engine.accounts import Flow
from app.engine.assets import unplanned_w
from app.engine.desk import EngineDesk
from app.engine.engine import Engine, Options
from app.engine.fixed import battery_of
from app.engine.hands import Hands
from app.engine.ladder import Fallback
from app.ports import SwitchState
from energy.model import BatteryState, Readings

T0 = datetime(2024, 4, 16, 15, 0, tzinfo=UTC).timestamp()  # 17:00 in Berlin
Until = Callable[..., Awaitable[None]]
HOME = """
[home]
timezone = "Europe/Berlin"
[connection]
phases = 3
fuse_a = 25
[[meter]]
name = "meter"
[[battery]]
name = "cellar"
profile = "twoway-battery"
capacity_wh = 10_000
charge_max_w = 5000
discharge_max_w = 5000
reserve_soc = 0.1
controllable = true
[[battery]]
name = "garage"
profile = "twoway-battery"
unit = 2
capacity_wh = 5_000
charge_max_w = 2500
discharge_max_w = 2500
[[load]]
name = "dishwasher"
course_w = [1800, 400, 1500, 200]
earliest = "18:00"
latest = "23:00"
[[tank]]
name = "water"
power_max_w = 3000
capacity_wh = 8000
cold_c = 40
hot_c = 60
[tank.switch]
unit = 3
[charger]
interface = "lo"
sdp_port = 1
[co2]
g_per_kwh = 400
"""


class Relay:
    name = "water"

    def __init__(self) -> None:
        self.closed: list[bool] = []

    def set_switch(self, closed: bool) -> None:
        self.closed.append(closed)


class Cellar:
    name = "cellar"
    battery = None

    def __init__(self) -> None:
        self.told: list[float | None] = []

    def set_power(self, power_w: float | None) -> None:
        self.told.append(power_w)


async def opened(folder: Path) -> Engine:
    path = folder / "home.toml"
    path.write_text(HOME)
    engine = await Engine.open(
        load_home(path),
        home_file=path,
        state_dir=folder,
        clock=FastClock(T0, 1.0),
        secrets=Secrets({}, folder / "secrets.toml"),
        options=Options(),
    )
    # Its wires are other rooms' tests: here news come from the test.
    engine.drivers.clear()
    return engine


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Engine]:
    engine = await opened(tmp_path)
    running = asyncio.create_task(engine.run())
    yield engine
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def tell(
    engine: Engine, *, grid_w: float = 900.0, cellar_w: float = 0.0, garage_w: float = 0.0, soc: float = 0.6
) -> None:
    now_s = engine.clock.now_s()
    for name, power_w, obeys in (("cellar", cellar_w, True), ("garage", garage_w, False)):
        section = next(row for row in engine.config.battery if row.name == name)
        state = BatteryState(battery=battery_of(section), soc=soc, power_w=power_w, at_s=now_s)
        engine.board.publish_battery(name, state, obeys=obeys)
    engine.board.publish_readings("meter", Readings(at_s=now_s, grid_w=grid_w))


async def test_the_balance_knows_every_battery(engine: Engine) -> None:
    tell(engine, grid_w=200.0, cellar_w=-1500.0, garage_w=300.0)
    desk = EngineDesk(engine)
    picture = desk.snapshot()
    assert (picture.flow.battery_w, picture.flow.load_w) == (-1200.0, 1400.0)
    shown = {battery.name: battery for battery in picture.batteries}
    assert (shown["cellar"].commanded, shown["garage"].commanded) == (True, False)
    assert (shown["cellar"].power_w, shown["cellar"].soc) == (-1500.0, 0.6)
    # What obeys nobody is forecast as load.
    assert unplanned_w(engine.fixed, engine.board, -1200.0) == 300.0


async def test_figures_of_a_battery_that_cannot_be_true_are_refused(engine: Engine) -> None:
    tell(engine, cellar_w=-1000.0)
    tell(engine, cellar_w=900_000.0)
    assert engine.board.readings().battery_w == -1000.0
    tell(engine, cellar_w=-500.0, soc=7.0)
    state = engine.board.battery("cellar")
    assert state is not None
    assert (state.power_w, state.soc) == (-500.0, None)


async def test_what_is_silent_is_left_out_of_the_plan_and_comes_back(engine: Engine) -> None:
    job = engine.plan_job()
    assert job is not None
    assert {step.kind for step in job.steps} == {
        Fallback.METER_SILENT,
        Fallback.BATTERY_SILENT,
        Fallback.TANK_SILENT,
    }
    assert job.batteries == ()
    tell(engine)
    engine.board.publish_switch("water", SwitchState(at_s=engine.clock.now_s(), closed=False, tank_c=50.0))
    job = engine.plan_job(WishesOut(risk="careful", battery_reserve_soc={"cellar": 0.3}))
    assert job is not None
    assert job.steps == ()
    [battery] = job.batteries
    assert (battery.battery.battery_id, battery.battery.reserve_soc) == ("cellar", 0.3)
    [tank] = job.tanks
    assert tank.stored_share == 0.5
    assert next(load.load_id for load in job.loads) == "dishwasher"
    assert job.risk.value == "careful"


async def test_a_plan_moves_what_it_may_and_the_page_says_when(engine: Engine, until: Until) -> None:
    tell(engine)
    desk = EngineDesk(engine)
    engine.planner.ask("the test")
    await until(lambda: (tell(engine), desk.plan() is not None and desk.plan().stores)[1], within_s=60)
    plan = desk.plan()
    assert plan is not None
    assert [store.name for store in plan.stores if store.kind == "battery"] == ["cellar"]
    [machine] = desk.snapshot().loads
    assert machine.state == "advised"
    assert machine.start is not None
    assert machine.end is not None
    assert machine.end.timestamp() <= datetime(2024, 4, 16, 21, 0, tzinfo=UTC).timestamp()
    done = await desk.put_off("dishwasher")
    assert done.state == "done"
    with pytest.raises(Refused, match="no machine called"):
        await desk.put_off("toaster")


async def test_orders_follow_the_decision_and_a_limit_comes_before_comfort(engine: Engine) -> None:
    relay, cellar = Relay(), Cellar()
    engine.hands = Hands(engine.fixed, engine.board, engine.loads, [relay, cellar], lambda: None)
    now_s = engine.clock.now_s()
    engine.board.publish_switch("water", SwitchState(at_s=now_s, closed=False, tank_c=41.0))
    # No plan says anything of the tank: what comfort needs is heated, until comfort is there with a margin.
    tell(engine, grid_w=900.0)
    assert relay.closed[-1]
    # Without a plan for it the battery feeds what the meter imports.
    for _ in range(3):
        tell(engine, grid_w=900.0)
    assert cellar.told[-1] is not None
    assert cellar.told[-1] < -300.0
    # Over the fuse what can wait opens.
    tell(engine, grid_w=25_000.0)
    assert not relay.closed[-1]
    tell(engine, grid_w=900.0)
    assert relay.closed[-1]
    engine.board.publish_switch("water", SwitchState(at_s=now_s, closed=True, tank_c=47.0))
    tell(engine, grid_w=900.0)
    assert not relay.closed[-1]


async def test_accounts_book_the_batteries_paths_and_what_the_grid_emitted(tmp_path: Path) -> None:
    engine = await opened(tmp_path)
    clock = engine.clock
    assert isinstance(clock, FastClock)
    rows = []
    engine.accounts._book = lambda row, _memory: rows.append(row)
    for second in range(0, 121, 10):
        engine.accounts.add(
            Flow(
                at_s=T0 + second,
                load_w=1_000.0,
                solar_w=0.0,
                ev_w=0.0,
                connected=False,
                soc=None,
                import_price=0.3,
                export_price=0.1,
                battery_w=-600.0,
                co2_g_per_kwh=400.0,
            )
        )
    assert [row.span_s for row in rows] == [60.0, 60.0]
    assert rows[0].battery_house_wh == pytest.approx(10.0)
    assert rows[0].grid_house_wh == pytest.approx(400 / 60)
    assert rows[0].co2_g == pytest.approx(400 / 60 / 1000 * 400)
    # The home without V2G has the same battery.
    assert rows[0].baseline_cost == pytest.approx(rows[0].cost)
    await engine.store.close()
