"""The desk over a running engine without hardware: what is asked is answered, what is commanded is on disk first."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, time
from pathlib import Path

import pytest

from app.api.desk import Refused
from app.api.schema import HomeSnapshot, WeeklyDeparture, WishesOut
from app.clock import FastClock
from app.config.load import load_home
from app.config.secrets import Secrets
from app.engine.desk import EngineDesk
from app.engine.engine import Engine, Options
from app.ports import CarSession
from energy.grid_events import EventInterval, GridEvent, GridEventKind
from energy.model import Ev, EvState, Readings

T0 = datetime(2024, 4, 16, 15, 0, tzinfo=UTC).timestamp()
HOME = """
[home]
name = "Test home"
timezone = "Europe/Berlin"
[connection]
phases = 3
fuse_a = 25
[charger]
interface = "lo"
sdp_port = 1
"""
Until = Callable[..., Awaitable[None]]
EV = Ev(ev_id="car", capacity_wh=60_000, charge_max_w=11_000, discharge_max_w=10_000)


async def opened(folder: Path) -> Engine:
    path = folder / "home.toml"
    if not path.exists():
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
async def desk(tmp_path: Path) -> AsyncIterator[EngineDesk]:
    engine = await opened(tmp_path)
    made = EngineDesk(engine)
    running = asyncio.create_task(engine.run())
    yield made
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def engine_of(desk: EngineDesk) -> Engine:
    return desk._engine


def plug(engine: Engine, soc: float = 0.5) -> None:
    state = EvState(connected=True, ev=EV, soc=soc, can_charge=True, can_discharge=True)
    session = CarSession(charger=engine.fixed.charger, ev=state, session_id="0A", state="charge_loop", since_s=T0)
    engine.board.publish_session("charger", session)


def offer(event_id: str = "1") -> GridEvent:
    start_s = T0 + 7200
    return GridEvent(
        event_id=event_id,
        source="utility",
        kind=GridEventKind.EV_SETPOINT,
        intervals=(EventInterval(start_s=start_s, end_s=start_s + 3600, value=-4000),),
        title="Help",
    )


async def test_a_home_without_news_says_what_is_missing(desk: EngineDesk) -> None:
    picture = desk.snapshot()
    assert picture.facts.name == "Test home"
    assert picture.flow.grid_w is None
    assert picture.flow.missing["grid_w"] == "This home has no grid meter: the installer adds one."
    assert not picture.car.connected
    assert picture.car.soc is None
    assert picture.car.soc_missing


async def test_the_picture_follows_the_board(desk: EngineDesk) -> None:
    engine = engine_of(desk)
    plug(engine)
    engine.board.publish_readings("meter", Readings(at_s=engine.clock.now_s(), grid_w=700.0, solar_w=300.0))
    first, second = desk.snapshot(), desk.snapshot()
    assert (first.flow.grid_w, first.flow.solar_w, first.flow.load_w) == (700.0, 300.0, 1000.0)
    assert (first.car.soc, first.car.can_discharge, first.car.session_id) == (0.5, True, "0A")
    assert first.set_point is not None
    assert second.sequence > first.sequence
    HomeSnapshot.model_validate_json(second.model_dump_json())


async def test_wishes_are_on_disk_before_the_answer_and_survive_a_restart(tmp_path: Path) -> None:
    engine = await opened(tmp_path)
    desk = EngineDesk(engine)
    wished = WishesOut(weekly=[WeeklyDeparture(days=["mon"], time=time(6, 30), target_soc=0.9)], reserve_soc=0.4)
    await desk.set_wishes(wished)
    await desk.boost(30)
    # As a crash leaves it: nothing is stopped in order.
    await engine.store.close()
    again = await opened(tmp_path)
    left = EngineDesk(again).snapshot().wishes
    assert (left.weekly, left.reserve_soc) == (wished.weekly, 0.4)
    assert left.boost_until is not None
    commands = await again.store.commands()
    assert [c.name for c in commands] == ["boost"]
    await again.store.close()


async def test_a_boost_and_a_pause_end_each_other(desk: EngineDesk) -> None:
    assert (await desk.boost(30)).boost_until is not None
    paused = await desk.pause(True)
    assert (paused.paused, paused.boost_until) == (True, None)
    boosted = await desk.boost(10)
    assert (boosted.paused, boosted.boost_until is not None) == (False, True)
    assert (await desk.boost(0)).boost_until is None


async def test_a_preview_changes_nothing(desk: EngineDesk, until: Until) -> None:
    engine = engine_of(desk)
    plug(engine, soc=0.3)
    await until(lambda: engine.plan is not None and engine.plan.steps, within_s=40)
    everyday = WeeklyDeparture(days=["mon", "tue", "wed", "thu", "fri", "sat", "sun"], time=time(6), target_soc=1.0)
    before = engine.wishes.wishes
    seen = await desk.preview(WishesOut(weekly=[everyday]))
    assert next(p.wanted for p in seen.promises if p.kind == "departure") == 1.0
    assert max(soc or 0 for soc in seen.soc) > 0.95
    assert engine.wishes.wishes is before
    assert desk.snapshot().ready_by.at is None


async def test_an_offer_can_be_declined_and_says_first_what_follows(desk: EngineDesk) -> None:
    engine = engine_of(desk)
    engine.board.publish_events("utility", [offer()])
    [shown] = desk.events()
    assert (shown.status, shown.may_opt_out, shown.opted_out) == ("coming", True, False)
    assert shown.opt_out_consequence.startswith("From 19:00 to 20:00: the car follows your own plan")
    declined = await desk.opt_out("utility", "1", True)
    assert declined.opted_out
    assert engine.ledger.in_force()[0].opted_out
    assert [e.opted_out for e in await engine.store.events(T0)] == [True]
    with pytest.raises(Refused, match="There is no event"):
        await desk.opt_out("utility", "nothing", True)


async def test_an_event_that_nobody_understands_is_shown_with_its_problem(desk: EngineDesk) -> None:
    class Confused:
        name = "utility"
        quarantined = {"event-9": "PRICE: NaN is no sensible number"}  # noqa: RUF012

    engine_of(desk).drivers.append(Confused())  # type: ignore[arg-type]
    [shown] = [event for event in desk.events() if event.status == "quarantined"]
    assert (shown.event_id, shown.problem) == ("event-9", "PRICE: NaN is no sensible number")


async def test_a_command_without_a_session_is_refused(desk: EngineDesk) -> None:
    with pytest.raises(Refused, match="no car session"):
        await desk.stop_session()


async def test_a_bad_home_file_is_refused_with_its_line_and_nothing_is_written(desk: EngineDesk) -> None:
    path = engine_of(desk).home_file
    with pytest.raises(Refused) as error:
        await desk.write_home(HOME.replace("fuse_a = 25", 'fuse_a = "many"'), dry_run=False)
    assert error.value.line == 7
    assert path.read_text() == HOME
    page = await desk.write_home(HOME.replace("25", "32"), dry_run=True)
    assert "32" in page.home_toml
    assert path.read_text() == HOME
    await desk.write_home(HOME.replace("25", "32"), dry_run=False)
    assert "fuse_a = 32" in path.read_text()


async def test_every_client_gets_the_home_first_and_a_slow_one_holds_up_nobody(desk: EngineDesk) -> None:
    engine = engine_of(desk)
    slow, quick = desk.stream(), desk.stream()
    assert (await anext(slow))[0] == "home"
    assert (await anext(quick))[0] == "home"
    for number in range(300):
        engine.board.publish_message("charger", "in", f"Message{number}", {})
    names = set()
    for _ in range(50):
        names.add((await asyncio.wait_for(anext(quick), 5))[0])
    assert "message" in names
    engine.board.publish_events("utility", [offer()])
    found = ""
    for _ in range(300):
        name, found = await asyncio.wait_for(anext(slow), 5)
        if name == "events":
            break
    assert '"Help"' in found


async def test_history_and_summary_come_from_what_was_measured(desk: EngineDesk, until: Until) -> None:
    engine = engine_of(desk)
    for second in range(5):
        engine.board.publish_readings("meter", Readings(at_s=engine.clock.now_s(), grid_w=600.0 + second))
        await asyncio.sleep(0.3)
    await engine.store.flush()
    start, end = datetime.fromtimestamp(T0 - 60, UTC), datetime.fromtimestamp(T0 + 60, UTC)
    found = await desk.history(start, end, 100)
    assert any(point.grid_w is not None and 599 < point.grid_w < 606 for point in found.points)
    engine.accounts.close()
    await asyncio.wait_for(engine.scribe.drained(), 10)
    day = await desk.summary("day", start)
    assert len(day.buckets) == 24
    assert day.paths_wh["grid_house"] > 0
    lines = [line async for line in desk.export_csv(start, end)]
    assert "".join(lines).startswith("time,grid_w")
