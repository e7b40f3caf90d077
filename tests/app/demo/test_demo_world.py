"""The demo's world, its script, and its auditor: the demo must be able to fail."""

from dataclasses import replace
from datetime import date, time
from zoneinfo import ZoneInfo

import pytest

from app.clock import utc
from app.demo import home_file
from app.demo.audit import Audit, Rules
from app.demo.household import read_house
from app.demo.script import DEFAULT_DAY, Script, Trip, lay_out
from app.demo.world import World
from app.engine.wishes import local_s
from energy.model import Connection
from energy.tariffs import Fixed
from energy.twin import Battery
from protocols.modbus.readings import Pilot

TZ = ZoneInfo(home_file.TIMEZONE)
START_S = local_s(date(2024, 4, 16), time(18, 0), TZ)
RULES = Rules(
    connection=Connection(phases=3, fuse_a=25.0),
    charge_max_w=11_000.0,
    discharge_max_w=10_000.0,
    reserve_soc=0.3,
    soc_min=0.05,
    target_soc=0.8,
    wear_eur_per_kwh=0.02,
)


def world(script: Script | None = None, soc: float = 0.5) -> World:
    return World(
        house=read_house(),
        script=script or lay_out(START_S, START_S + 86_400, TZ),
        tz=TZ,
        battery=Battery(capacity_wh=60_000, soc=soc, charge_max_w=11_000, discharge_max_w=10_000),
        start_s=START_S,
        settles_at_once=True,
    )


def powered(power_w: float, **more: float) -> World:
    home = world(**more)  # type: ignore[arg-type]
    home.pilot = Pilot.C
    home.follow_stage(power_w, closed=True)
    home.follow_loop(power_w)
    return home


def audit_of(home: World) -> Audit:
    audit = Audit(rules=RULES, script=home.script, tariff=Fixed(import_eur_per_kwh=0.3, export_eur_per_kwh=0.1))
    audit.begin(home, 0.8)
    return audit


def test_power_flows_only_as_far_as_stage_car_and_cable_agree() -> None:
    home = powered(5_000.0)
    assert home.ev_w == 5_000.0
    home.follow_loop(3_000.0)
    assert home.ev_w == 3_000.0
    home.follow_loop(-3_000.0)
    assert home.ev_w == 0.0
    home.follow_loop(5_000.0)
    home.follow_stage(5_000.0, closed=False)
    assert home.ev_w == 0.0
    home.follow_stage(5_000.0, closed=True)
    home.pilot = Pilot.B
    assert home.ev_w == 0.0


def test_the_meter_balances_and_counts() -> None:
    home = powered(6_000.0)
    flows, shown = home.flows, home.meter()
    assert shown["grid_w"] == pytest.approx(flows.load_w + 6_000.0 - flows.solar_w)
    assert sum(shown[f"phase_w.{k}"] or 0.0 for k in (1, 2, 3)) == pytest.approx(shown["grid_w"])
    grid_w = flows.grid_w
    home.move_to(START_S + 3600)
    assert home.totals.imported_wh == pytest.approx(grid_w)
    assert home.totals.charged_wh == pytest.approx(6_000.0)
    assert 0.5 < home.battery.soc < 0.6


def test_a_trip_empties_the_battery_once_and_tells_with_what_it_left() -> None:
    trip = Trip(leave_s=START_S + 600, back_s=START_S + 7200, used_wh=6_000)
    home = world(Script(trips=(trip,)), soc=0.5)
    for minute in range(1, 200):
        home.move_to(START_S + 60 * minute)
    assert home.left == [(trip, 0.5)]
    assert home.battery.soc == pytest.approx(0.4)


def test_the_same_seed_gives_the_same_day() -> None:
    first, second, other = world(), world(), replace(world(), seed=2)
    for home in (first, second, other):
        home.move_to(START_S + 60)
    assert first.flows == second.flows
    assert first.flows != other.flows


def test_the_script_holds_in_local_time_and_repeats() -> None:
    script = lay_out(START_S, START_S + 2 * 86_400, TZ, DEFAULT_DAY)
    limits = [a for a in script.utility if a.payload == "IMPORT_CAPACITY_LIMIT"]
    assert [a.start_s for a in limits] == [local_s(date(2024, 4, day), time(17, 45), TZ) for day in (16, 17, 18)]
    assert len({a.key for a in script.utility}) == len(script.utility)
    assert len({b.profile_id for b in script.backend}) == len(script.backend)


@pytest.mark.parametrize(
    ("power_w", "soc", "broken"),
    [
        (11_000.0, 0.5, ["import"]),  # at six the utility's 4.2 kW hold
        (2_000.0, 0.5, []),
        (-5_000.0, 0.5, []),
        (-5_000.0, 0.25, ["reserve while discharging"]),
    ],
)
def test_the_auditor_finds_what_the_car_breaks(power_w: float, soc: float, broken: list[str]) -> None:
    home = powered(power_w, soc=soc)
    audit = audit_of(home)
    audit.step(home, 30.0)
    audit.step(home, 30.0)
    assert [v.what for v in audit.violations] == broken


def test_the_house_s_own_load_over_a_limit_is_told_apart() -> None:
    home = world()
    home._base = (6_000.0, 0.0, 50.0)
    audit = audit_of(home)
    audit.step(home, 30.0)
    assert audit.violations == []
    assert [(v.what, v.limit) for v in audit.own_excess] == [("import", 4_200.0)]


def test_a_missed_departure_is_listed() -> None:
    trip = Trip(leave_s=START_S + 60, back_s=START_S + 600, used_wh=100)
    home = world(Script(trips=(trip,)), soc=0.7)
    audit = audit_of(home)
    home.move_to(START_S + 120)
    [promise] = audit.promises(home)
    assert (promise["soc"], promise["wanted_soc"], promise["kept"]) == (0.7, 0.8, False)


def test_a_promise_is_judged_at_the_departure_not_after_the_trip() -> None:
    trip = Trip(leave_s=START_S + 95, back_s=START_S + 600, used_wh=11_000)
    home = world(Script(trips=(trip,)), soc=0.8)
    audit = audit_of(home)
    for k in range(40):
        audit.step(home, 30.0)
        home.move_to(START_S + 30 * (k + 1))
    assert home.battery.soc == pytest.approx(0.8 - 11 / 60)
    [promise] = audit.promises(home)
    assert (promise["soc"], promise["kept"]) == (0.8, True)
    assert promise["at"] == utc(trip.leave_s).isoformat()


def test_the_script_knows_when_the_car_next_comes_or_goes() -> None:
    script = Script(trips=(Trip(leave_s=100.0, back_s=200.0, used_wh=1.0),))
    assert [script.next_turn_s(now_s) for now_s in (0.0, 99.9, 100.0, 200.0)] == [100.0, 100.0, 200.0, float("inf")]


def test_money_counts_the_charge_that_is_left() -> None:
    home = world(Script(), soc=0.5)
    audit = audit_of(home)
    for k in range(120):
        audit.step(home, 60.0)
        home.move_to(START_S + 60 * (k + 1))
    money = audit.money(home)
    # Doing nothing saves nothing: what was not charged is still to be paid.
    assert money["stored_difference"] < -4
    assert money["saved"] == pytest.approx(0.0, abs=0.6)
