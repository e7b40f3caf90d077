"""The home's plan as schedules, and what it asks of a session: numbers in, acts out."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.drivers.charger_plan import (
    IDLE_FOR_S,
    PAUSE_EVERY_S,
    PAUSE_WAIT_S,
    RENEGOTIATE_EVERY_S,
    WAKE_EVERY_S,
    Act,
    PlanDesk,
    Situation,
)
from app.drivers.charger_schedule import MAX_STEPS, difference_wh, idle_until_s, offer
from energy.model import Reason, ReasonCode
from energy.plan.types import Money, Plan, PlugPlan, Promise, PromiseKind, Step
from protocols import iso15118 as iso

T0 = 1_713_279_600.0
LIMITS = iso.Limits(max_charge_w=11_000, max_discharge_w=10_000)
CHARGING = Situation(charging=True, scheduled=True, paused=False)
DYNAMIC = Situation(charging=True, scheduled=False, paused=False)
ASLEEP = Situation(charging=False, scheduled=False, paused=True)


def step(number: int, ev_w: float = 0.0, length_s: float = 900.0, **more: Any) -> Step:
    given = {"grid_w": 500.0, "load_w": 500.0, "solar_w": 0.0, "soc": 0.5} | more
    given |= {"import_eur_per_kwh": more.get("import_eur_per_kwh", 0.30)}
    given |= {"export_eur_per_kwh": more.get("export_eur_per_kwh", 0.08)}
    start_s = T0 + number * length_s
    return Step(start_s=start_s, end_s=start_s + length_s, ev_w=ev_w, reason=Reason(code=ReasonCode.HOLD), **given)


def plan(*steps: Step) -> Plan:
    return Plan(
        made_s=T0,
        plugs=(PlugPlan(charger_id="charger", steps=steps),),
        promises=(),
        money=Money(planned_eur=0.0, baseline_eur=0.0),
        optimal=True,
    )


def flat(*powers: float, length_s: float = 3600.0) -> Plan:
    return plan(*(step(number, power, length_s) for number, power in enumerate(powers)))


def schedule(made: Plan, now_s: float = T0, *, discharge: bool = True) -> iso.Schedule:
    found = offer(made, "EUR", LIMITS).schedule(now_s, discharge=discharge)
    assert found is not None
    return found


def test_charging_and_discharging_stand_apart_as_magnitudes() -> None:
    made = schedule(flat(0.0, 7_000.0, -4_000.0))
    assert made.charge == ((3600.0, 0.0), (3600.0, 7_000.0), (3600.0, 0.0))
    assert made.discharge == ((3600.0, 0.0), (3600.0, 0.0), (3600.0, 4_000.0))


def test_equal_neighbours_are_one_step_and_watts_go_up_to_the_next_hundred() -> None:
    made = schedule(flat(6_901.0, 6_999.0, 7_000.0, 20_000.0))
    assert made.charge == ((3 * 3600.0, 7_000.0), (3600.0, 11_000.0))


def test_where_the_car_follows_house_or_sun_it_has_all_the_room() -> None:
    made = schedule(
        plan(
            step(0, -1_000.0, feeds_house=True),
            step(1, 2_000.0, takes_surplus=True),
            step(2, 2_000.0, grid_w=-300.0),
            step(3, 2_000.0, present=False),
        )
    )
    assert made.discharge == ((900.0, 10_000.0), (1800.0, 0.0), (900.0, 0.0))
    assert made.charge == ((900.0, 0.0), (1800.0, 11_000.0), (900.0, 0.0))


def test_it_begins_now_wherever_the_plan_stands() -> None:
    made = schedule(flat(7_000.0, 0.0), T0 + 3000.0)
    assert made.charge == ((600.0, 7_000.0), (3600.0, 0.0))
    assert made.charge_prices == iso.Prices("EUR", ((4200.0, 0.30),))
    assert offer(flat(7_000.0), "EUR", LIMITS).schedule(T0 + 3600.0, discharge=True) is None


def test_prices_of_both_ways_in_the_home_s_money() -> None:
    made = plan(
        step(0, import_eur_per_kwh=0.31, export_eur_per_kwh=0.05),
        step(1, import_eur_per_kwh=0.31, export_eur_per_kwh=0.05),
        step(2, import_eur_per_kwh=-0.02, export_eur_per_kwh=-0.10),
    )
    found = offer(made, "DKK", LIMITS).schedule(T0, discharge=True)
    assert found is not None
    assert found.charge_prices == iso.Prices("DKK", ((1800.0, 0.31), (900.0, -0.02)))
    assert found.discharge_prices == iso.Prices("DKK", ((1800.0, 0.05), (900.0, -0.10)))
    assert schedule(made, discharge=False).discharge_prices is None
    assert schedule(made, discharge=False).discharge == ()


@given(st.lists(st.floats(-12_000, 12_000), min_size=1, max_size=150))
def test_however_long_the_plan_few_steps_with_room_for_all_of_it(powers: list[float]) -> None:
    made = offer(flat(*powers, length_s=900.0), "EUR", LIMITS)
    assert len(made.rooms) <= MAX_STEPS
    assert (made.rooms[0].start_s, made.rooms[-1].end_s) == (T0, T0 + 900.0 * len(powers))
    for number, power in enumerate(powers):
        at_s = T0 + number * 900.0 + 1.0
        (room,) = [room for room in made.rooms if room.start_s <= at_s < room.end_s]
        if abs(power) > 50.0:
            assert room.charge_w >= min(power, LIMITS.max_charge_w)
            assert room.discharge_w >= min(-power, LIMITS.max_discharge_w)
        assert 0.0 <= room.charge_w <= LIMITS.max_charge_w
        assert 0.0 <= room.discharge_w <= LIMITS.max_discharge_w


def test_two_offers_differ_by_the_energy_between_them() -> None:
    old, new = offer(flat(7_000.0, 0.0), "EUR", LIMITS), offer(flat(5_000.0, -1_000.0), "EUR", LIMITS)
    assert difference_wh(old.rooms, new.rooms, T0, T0 + 7200.0) == pytest.approx(3_000.0)
    assert difference_wh(old.rooms, new.rooms, T0 + 1800.0, T0 + 3600.0) == pytest.approx(1_000.0)
    assert difference_wh(old.rooms, old.rooms, T0, T0 + 7200.0) == 0.0


def test_idle_until_the_plan_wants_something() -> None:
    assert idle_until_s(flat(0.0, 20.0, 3_000.0), T0 + 60.0) == T0 + 7200.0
    assert idle_until_s(flat(3_000.0, 0.0), T0 + 60.0) == T0 + 60.0
    assert idle_until_s(plan(step(0), step(1, feeds_house=True)), T0) == T0 + 900.0
    assert idle_until_s(flat(0.0), T0 + 9_999.0) == T0 + 9_999.0


def test_a_car_that_leaves_it_to_the_charger_is_told_what_the_home_promised() -> None:
    def promise(kind: PromiseKind, deadline_s: float, wanted: float) -> Promise:
        return Promise(kind=kind, deadline_s=deadline_s, wanted=wanted, planned=wanted, short_by=0.0, kept=True)

    there = desk()
    assert there.mobility(T0) is None
    promises = (
        promise(PromiseKind.RESERVE, T0 + 60.0, 0.3),
        promise(PromiseKind.DEPARTURE, T0 + 90_000.0, 0.9),
        promise(PromiseKind.DEPARTURE, T0 + 3_600.0, 0.8),
    )
    there.plan_changed(replace(flat(0.0), promises=promises))
    assert there.mobility(T0 + 600.0) == iso.EnergyNeeds(departure_in_s=3_000.0, target_soc=0.8, min_soc=0.3)
    assert there.mobility(T0 + 99_000.0) is None


# What it asks of a session.


def desk(made: Plan | None = None, *, pauses: bool = False) -> PlanDesk:
    found = PlanDesk("EUR", LIMITS, pause_when_idle=pauses)
    if made is not None:
        found.plan_changed(made)
    return found


def test_a_schedule_is_renegotiated_when_the_plan_changes_materially_and_not_too_often() -> None:
    there = desk(flat(7_000.0, 7_000.0, 0.0))
    there.exchanged()
    assert there.act(CHARGING, 7_000.0, T0) is None
    there.plan_changed(flat(6_700.0, 7_000.0, 0.0))
    assert there.act(CHARGING, 7_000.0, T0 + 1) is None, "300 Wh are not worth it"
    there.plan_changed(flat(0.0, 7_000.0, 7_000.0))
    assert there.act(DYNAMIC, 7_000.0, T0 + 2) is None, "dynamic: the set-point steers"
    assert there.act(CHARGING, 7_000.0, T0 + 2) is Act.RENEGOTIATE
    assert there.act(CHARGING, 7_000.0, T0 + 3) is None
    assert there.act(CHARGING, 7_000.0, T0 + RENEGOTIATE_EVERY_S + 3) is Act.RENEGOTIATE, "the car did not answer"
    there.exchanged()
    assert there.act(CHARGING, 7_000.0, T0 + 3 * RENEGOTIATE_EVERY_S) is None


def test_a_schedule_that_runs_out_is_renewed() -> None:
    there = desk(flat(7_000.0, 7_000.0))
    there.exchanged()
    there.plan_changed(flat(7_000.0, 7_000.0, 7_000.0, 7_000.0))
    assert there.act(CHARGING, 7_000.0, T0 + 1800.0) is None
    assert there.act(CHARGING, 7_000.0, T0 + 4000.0) is Act.RENEGOTIATE


def test_a_car_that_was_given_no_plan_gets_the_first_one() -> None:
    there = desk()
    there.exchanged()
    assert there.act(CHARGING, 7_000.0, T0) is None
    there.plan_changed(flat(7_000.0))
    assert there.act(CHARGING, 7_000.0, T0) is Act.RENEGOTIATE


def test_a_car_sleeps_while_the_plan_wants_nothing_for_long() -> None:
    there = desk(flat(0.0, 0.0, 3_000.0), pauses=True)
    assert there.act(DYNAMIC, 500.0, T0) is None, "the dispatch wants power now"
    assert there.act(DYNAMIC, 0.0, T0) is Act.PAUSE
    assert there.act(DYNAMIC, 0.0, T0 + 1) is None
    assert there.act(ASLEEP, 0.0, T0 + 10) is None
    assert there.act(ASLEEP, 3_000.0, T0 + 7200) is Act.WAKE
    assert there.act(ASLEEP, 3_000.0, T0 + 7201) is None
    assert there.act(ASLEEP, 3_000.0, T0 + 7201 + WAKE_EVERY_S) is Act.WAKE


def test_a_car_that_does_not_pause_is_left_alone_for_an_hour() -> None:
    there = desk(flat(*[0.0] * 6), pauses=True)
    assert there.act(DYNAMIC, 0.0, T0) is Act.PAUSE
    assert there.act(DYNAMIC, 0.0, T0 + PAUSE_WAIT_S) is Act.NOT_PAUSE
    assert there.act(DYNAMIC, 0.0, T0 + PAUSE_WAIT_S + 1) is None
    assert there.act(DYNAMIC, 0.0, T0 + PAUSE_EVERY_S + 1) is Act.PAUSE


def test_a_pause_is_withdrawn_when_power_is_wanted_again() -> None:
    there = desk(flat(*[0.0] * 6), pauses=True)
    assert there.act(DYNAMIC, 0.0, T0) is Act.PAUSE
    assert there.act(DYNAMIC, -2_000.0, T0 + 5) is Act.NOT_PAUSE


def test_no_pause_when_the_home_did_not_ask_for_it_nor_for_half_an_hour_only() -> None:
    assert desk(flat(*[0.0] * 6)).act(DYNAMIC, 0.0, T0) is None
    soon = plan(step(0, 0.0, IDLE_FOR_S - 60.0), step(1, 3_000.0, IDLE_FOR_S))
    assert desk(soon, pauses=True).act(DYNAMIC, 0.0, T0) is None
    silent = Situation(charging=True, scheduled=False, paused=False, pauses=False)
    assert desk(flat(*[0.0] * 6), pauses=True).act(silent, 0.0, T0) is None
