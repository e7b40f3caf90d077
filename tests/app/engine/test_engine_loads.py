"""Machines that can wait: placed by the plan, begun once, kept over a restart, never late without a plan."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from app.config.assets import LoadSection, SwitchSection
from app.config.home import ChargerSection, ConnectionSection, HomeConfig
from app.engine.fixed import fixed
from app.engine.loads import LoadBook, LoadState
from energy.model import Reason, ReasonCode
from energy.plan.types import LoadPlan, Money, Plan, PlugPlan, Step

TZ = ZoneInfo("Europe/Berlin")
H = 3600.0


def at(hour: float, day: int = 16) -> float:
    return datetime(2024, 4, day, int(hour), round(hour % 1 * 60), tzinfo=TZ).timestamp()


def book(*loads: LoadSection, remembered=None, kept=None) -> LoadBook:
    config = HomeConfig(connection=ConnectionSection(fuse_a=25), charger=ChargerSection(), load=list(loads))
    return LoadBook(fixed(config), (kept if kept is not None else {}).__setitem__, remembered)


def plan(
    now_s: float, start_s: float | None, name: str = "dishwasher", power_w: float = 1000.0, hours: int = 24
) -> Plan:
    steps = tuple(
        Step(
            start_s=now_s + k * H,
            end_s=now_s + (k + 1) * H,
            ev_w=0.0,
            grid_w=0.0,
            load_w=0.0,
            solar_w=0.0,
            soc=None,
            import_eur_per_kwh=0.3,
            export_eur_per_kwh=0.1,
            reason=Reason(code=ReasonCode.HOLD),
        )
        for k in range(hours)
    )
    on = tuple(power_w if start_s is not None and step.start_s <= start_s < step.end_s else 0.0 for step in steps)
    run = LoadPlan(load_id=name, power_w=on, start_s=start_s)
    money = Money(planned_eur=0.0, baseline_eur=0.0)
    return Plan(
        made_s=now_s,
        plugs=(PlugPlan(charger_id="charger", steps=steps),),
        promises=(),
        money=money,
        optimal=True,
        loads=(run,),
    )


DISHWASHER = LoadSection(name="dishwasher", course_w=[1800, 400, 1500, 200], earliest="10:00", latest="18:00")
PUMP = LoadSection(
    name="pump", power_w=750, run_h=2, in_pieces=True, earliest="06:00", latest="22:00", switch=SwitchSection()
)
NIGHT = LoadSection(name="dryer", power_w=2000, run_h=1.1, earliest="22:00", latest="06:00", days=["tue"])


def test_a_plan_may_place_todays_and_tomorrows_run():
    found = book(DISHWASHER).planned(at(9), 36 * H)
    assert [load.load_id for load in found] == ["dishwasher", "dishwasher 2024-04-17"]
    assert (found[0].earliest_s, found[0].latest_s) == (at(10), at(18))
    assert found[0].power_w == (1800, 400, 1500, 200)
    assert found[0].run_h is None


def test_a_window_over_midnight_belongs_to_the_day_on_which_it_begins():
    [load] = book(NIGHT).planned(at(3, day=17), 12 * H)  # Wednesday night, still Tuesday's window
    assert load.latest_s == at(6, day=17)
    assert load.earliest_s == at(3, day=17)
    # 66 minutes are four whole quarters and 6 minutes of a fifth.
    assert sum(load.power_w) * 0.25 == pytest.approx(2000 * 1.1)
    assert book(NIGHT).planned(at(7, day=17), 12 * H) == ()


def test_a_run_begins_when_the_plan_says_and_is_no_longer_moved():
    kept = {}
    loads = book(DISHWASHER, kept=kept)
    asked = plan(at(9), at(12))
    assert not loads.follow(asked, at(11))
    assert loads.state(DISHWASHER, asked, at(11)) == (LoadState.COMING, at(12))
    assert loads.follow(asked, at(12))
    assert loads.wants("dishwasher")
    assert loads.state(DISHWASHER, asked, at(12.5)) == (LoadState.RUNNING, at(12))
    assert [load.load_id for load in loads.planned(at(12.5), 24 * H)] == []
    [run] = loads.running(at(12.5))
    assert (run.start_s, run.power_w) == (at(12), (1800, 400, 1500, 200))
    # A new plan without it, and a restart in between, change nothing.
    again = book(DISHWASHER, remembered=kept["loads"])
    assert not again.follow(plan(at(12.5), None), at(12.75))
    assert again.wants("dishwasher")
    assert again.follow(None, at(13))
    assert not again.wants("dishwasher")
    assert again.state(DISHWASHER, None, at(13))[0] is LoadState.DONE
    assert again.planned(at(14), 8 * H) == ()


def test_without_a_plan_it_starts_at_the_last_moment():
    loads = book(DISHWASHER)
    assert not loads.follow(None, at(16.9))
    assert loads.follow(None, at(17))
    assert loads.wants("dishwasher")


def test_hours_in_pieces_are_counted_and_what_is_left_is_made_up_in_time():
    loads = book(PUMP)
    first = plan(at(8), at(8), "pump", 750.0)
    assert loads.follow(first, at(8))
    for quarter in (8.25, 8.5, 8.75):
        loads.follow(first, at(quarter))
    loads.follow(first, at(9))  # the plan's hour is over
    assert not loads.wants("pump")
    [load, *_] = loads.planned(at(9), 20 * H)
    assert load.done_h == pytest.approx(1.0)
    loads.follow(None, at(20.9))
    assert not loads.wants("pump")
    loads.follow(None, at(21))
    assert loads.wants("pump")


def test_what_a_person_puts_off_does_not_run_today():
    loads = book(DISHWASHER)
    loads.follow(plan(at(9), at(12)), at(10))
    assert loads.put_off("dishwasher")
    loads.follow(None, at(17.5))
    assert not loads.wants("dishwasher")
    assert [load.load_id for load in loads.planned(at(11), 36 * H)] == ["dishwasher 2024-04-17"]
    assert not loads.put_off("nobody")


def test_a_book_that_cannot_be_read_is_begun_anew():
    loads = book(DISHWASHER, remembered={"dishwasher": {"strange": 1}})
    assert [load.load_id for load in loads.planned(at(9), 12 * H)] == ["dishwasher"]
