"""The charger's side of the pilot: each way through its table, at the standard's times."""

import random
from pathlib import Path

import pytest

from protocols.iec61851 import (
    DIGITAL,
    STATE_F,
    X1,
    CarTakesTooMuch,
    ContactorFailed,
    Inlet,
    InletConfig,
    InletState,
    Outlet,
    OutletChanged,
    OutletConfig,
    OutletState,
    Pilot,
    PilotTimings,
    diagram,
    duty_for,
)
from protocols.iec61851.outlet import _HOLDS
from protocols.iec61851.table import FACES, ROWS, When

S = OutletState
BASIC = OutletConfig(digital=False)
TIMES = PilotTimings()


class Wire:
    """An outlet and the time; ``until`` runs its timers."""

    def __init__(self, config: OutletConfig | None = None) -> None:
        self.outlet = Outlet(config)
        self.now = 1_000.0
        self.states: list[tuple[float, S]] = []
        self.events: list[object] = []

    def sees(self, *pilots: Pilot) -> S:
        for pilot in pilots:
            self.outlet.measured(pilot, self.now)
        return self.look()

    def look(self) -> S:
        while (event := self.outlet.next_event()) is not None:
            self.events.append(event)
            if isinstance(event, OutletChanged):
                self.states.append((event.time_s - 1_000.0, event.state))
        return self.outlet.state

    def after(self, seconds: float) -> S:
        end = self.now + seconds
        while (due := self.outlet.next_timer()) is not None and due <= end:
            self.now = max(self.now, due)
            self.outlet.on_timer(self.now)
            if self.outlet.next_timer() == due:
                raise AssertionError("a timer stood still")
        self.now = end
        return self.look()


def charging(power_a: float = 16.0, config: OutletConfig = BASIC) -> Wire:
    wire = Wire(config)
    wire.outlet.offer(power_a, wire.now)
    assert wire.sees(Pilot.A, Pilot.B) is S.READY
    assert wire.outlet.duty == duty_for(power_a)
    assert not wire.outlet.contactor
    assert wire.sees(Pilot.C) is S.CHARGING
    assert wire.outlet.contactor
    return wire


def in_session(config: OutletConfig | None = None) -> Wire:
    wire = Wire(config)
    wire.sees(Pilot.A, Pilot.B)
    wire.outlet.session_began(wire.now)
    wire.outlet.power(True, wire.now)
    assert wire.look() is S.DIGITAL
    assert not wire.outlet.contactor, "the car is in B"
    wire.sees(Pilot.C)
    assert wire.outlet.contactor
    return wire


def test_a_digital_session_is_offered_first_and_basic_charging_when_none_comes() -> None:
    wire = Wire()
    assert wire.sees(Pilot.A) is S.VACANT
    assert wire.outlet.duty == X1
    wire.outlet.offer(16.0, wire.now)
    wire.sees(Pilot.B)
    assert wire.outlet.duty == DIGITAL
    wire.after(200.0)
    assert wire.states == [
        (0.0, S.OFFERING),
        (40.0, S.TOGGLING),
        (44.0, S.OFFERING),
        (84.0, S.TOGGLING),
        (88.0, S.OFFERING),
        (128.0, S.STEPPING),
        (131.0, S.READY),
    ]
    assert wire.outlet.duty == duty_for(16.0)
    assert wire.outlet.basic


def test_without_basic_charging_the_digital_offer_stays() -> None:
    wire = Wire(OutletConfig(basic=False))
    wire.sees(Pilot.B)
    wire.after(1_000.0)
    assert wire.states[-1][1] is S.OFFERING
    assert wire.outlet.duty == DIGITAL
    wire.outlet.wake(wire.now)
    wire.after(0.0)
    assert wire.look() is S.TOGGLING, "told to wake it, it toggles once more"


def test_a_matched_modem_gives_the_session_its_own_time() -> None:
    wire = Wire(OutletConfig(basic=False))
    wire.sees(Pilot.B)
    wire.after(39.0)
    wire.outlet.matched(wire.now)
    assert wire.after(59.0) is S.OFFERING
    assert wire.after(2.0) is S.TOGGLING


def test_our_own_state_f_is_no_fault_of_the_pilot() -> None:
    wire = Wire()
    wire.sees(Pilot.B)
    wire.after(40.0)
    assert wire.outlet.duty == STATE_F
    assert wire.sees(Pilot.F) is S.TOGGLING
    wire.after(4.0)
    assert wire.sees(Pilot.F) is S.OFFERING, "a reading as old as the last signal"
    wire.after(1.5)
    assert wire.sees(Pilot.F) is S.BROKEN
    assert wire.outlet.duty == X1
    wire.now += 1.0
    wire.sees(Pilot.B)
    assert wire.after(6.0) is S.OFFERING, "well again for a while"


@pytest.mark.parametrize("bad", [Pilot.E, Pilot.F])
def test_a_bad_pilot_opens_at_once(bad: Pilot) -> None:
    wire = charging()
    wire.after(2.0)
    assert wire.sees(bad) is S.BROKEN
    assert not wire.outlet.contactor
    wire.after(3.0)
    wire.sees(bad)
    assert wire.after(4.0) is S.BROKEN, "the time begins anew with each bad reading"


def test_what_pulls_without_a_diode_is_no_car() -> None:
    wire = charging()
    wire.outlet.measured(Pilot.C, wire.now, diode=False)
    assert wire.look() is S.BROKEN
    assert not wire.outlet.contactor


@pytest.mark.parametrize(("pilot", "state"), [(Pilot.A, S.VACANT), (Pilot.B, S.READY)])
def test_the_contactor_opens_in_the_same_call_as_the_car_leaves(pilot: Pilot, state: S) -> None:
    wire = charging()
    assert wire.sees(pilot) is state
    assert not wire.outlet.contactor


def test_less_is_offered_at_once_and_more_after_five_seconds() -> None:
    wire = charging(16.0)
    wire.outlet.offer(10.0, wire.now)
    assert wire.outlet.duty == duty_for(10.0)
    wire.now += 2.0
    wire.outlet.offer(14.0, wire.now)
    assert wire.outlet.duty == duty_for(10.0)
    wire.after(2.9)
    assert wire.outlet.duty == duty_for(10.0)
    wire.after(0.2)
    assert wire.outlet.duty == duty_for(14.0)
    assert wire.outlet.state is S.CHARGING


def test_nothing_on_offer_stops_the_car_first_and_opens_after_six_seconds() -> None:
    wire = charging()
    wire.outlet.offer(0.0, wire.now)
    assert (wire.look(), wire.outlet.duty, wire.outlet.contactor) == (S.STOPPING, X1, True)
    assert wire.after(5.9) is S.STOPPING
    assert wire.after(0.2) is S.PAUSED
    assert not wire.outlet.contactor


def test_a_car_that_stops_by_itself_is_paused_and_goes_on_after_a_step_of_x1() -> None:
    wire = charging()
    wire.outlet.offer(5.0, wire.now)
    wire.sees(Pilot.B)
    assert wire.outlet.state is S.PAUSED
    wire.now += 1.0
    wire.outlet.offer(8.0, wire.now)
    assert wire.look() is S.PAUSED
    assert wire.after(2.1) is S.READY
    assert wire.outlet.duty == duty_for(8.0)
    assert wire.sees(Pilot.C) is S.CHARGING


def test_a_sleeping_basic_car_sees_one_more_edge_and_no_endless_row_of_them() -> None:
    wire = charging()
    wire.outlet.offer(0.0, wire.now)
    wire.sees(Pilot.B)
    wire.after(3_600.0)
    wire.outlet.offer(10.0, wire.now)
    wire.states.clear()
    wire.after(3_600.0)
    assert [state for _, state in wire.states] == [S.READY, S.STEPPING, S.READY]


def test_a_car_that_takes_too_much_is_stopped_after_its_time_to_follow() -> None:
    wire = charging(16.0)
    wire.outlet.offer(8.0, wire.now)
    wire.outlet.flows(16.0, wire.now)
    assert wire.look() is S.CHARGING
    wire.now += 5.1
    wire.outlet.flows(9.5, wire.now)
    assert wire.look() is S.CHARGING, "within what two meters may differ"
    wire.outlet.flows(16.0, wire.now)
    assert wire.look() is S.STOPPING
    assert CarTakesTooMuch(wire.now, 16.0, 8.0) in wire.events
    wire.after(10.0)
    wire.outlet.offer(8.0, wire.now)
    assert wire.after(60.0) is S.PAUSED, "not again before it was unplugged"
    assert wire.sees(Pilot.A, Pilot.B) is S.READY


@pytest.mark.parametrize(("ventilation", "state"), [(False, S.REFUSED), (True, S.CHARGING)])
def test_state_d_charges_only_where_there_is_ventilation(ventilation: bool, state: S) -> None:
    wire = Wire(OutletConfig(digital=False, ventilation=ventilation))
    wire.outlet.offer(16.0, wire.now)
    assert wire.sees(Pilot.B, Pilot.D) is state
    assert wire.outlet.contactor is ventilation
    if not ventilation:
        assert wire.outlet.duty == X1
        wire.sees(Pilot.B)
        assert wire.after(4.0) is S.READY


def test_a_session_commands_the_contactor_with_the_car_s_consent() -> None:
    wire = in_session()
    assert wire.outlet.duty == DIGITAL
    wire.outlet.power(False, wire.now)
    assert not wire.outlet.contactor
    wire.outlet.power(True, wire.now)
    assert wire.outlet.contactor
    wire.sees(Pilot.B)
    assert not wire.outlet.contactor


def test_a_session_s_end_in_order_rests_until_somebody_wakes() -> None:
    wire = in_session()
    wire.outlet.session_ended(wire.now, proper=True)
    assert (wire.look(), wire.outlet.duty, wire.outlet.contactor) == (S.RESTING, X1, False)
    assert wire.sees(Pilot.C) is S.RESTING, "an old reading is no wish"
    assert wire.sees(Pilot.B, Pilot.C) is S.OFFERING, "the car woke us: B, C"
    wire.outlet.session_began(wire.now)
    wire.outlet.session_ended(wire.now, proper=True)
    wire.sees(Pilot.B)
    wire.outlet.wake(wire.now)
    assert wire.look() is S.OFFERING
    assert wire.outlet.duty == DIGITAL


def test_a_broken_session_opens_at_once_and_is_offered_anew() -> None:
    wire = in_session()
    wire.outlet.session_ended(wire.now, proper=False)
    assert (wire.look(), wire.outlet.contactor) == (S.TOGGLING, False)
    assert wire.after(4.1) is S.OFFERING


def test_a_session_that_breaks_under_ac_load_gives_the_car_six_seconds() -> None:
    wire = in_session()
    wire.outlet.session_ended(wire.now, proper=False, may_take=True)
    assert (wire.look(), wire.outlet.duty, wire.outlet.contactor) == (S.STOPPING, X1, True)
    wire.after(6.0)
    assert wire.look() is S.TOGGLING
    assert not wire.outlet.contactor


def test_a_session_may_come_while_the_car_charges_basically() -> None:
    wire = Wire(OutletConfig(timings=PilotTimings(digital_tries=0)))
    wire.outlet.offer(16.0, wire.now)
    wire.sees(Pilot.B)
    wire.after(50.0)
    assert wire.sees(Pilot.C) is S.CHARGING
    wire.outlet.session_began(wire.now)
    assert wire.look() is S.STOPPING
    wire.sees(Pilot.B)
    assert wire.outlet.state is S.DIGITAL


def test_the_session_s_first_message_may_come_before_the_pilot_is_read() -> None:
    wire = Wire()
    wire.outlet.session_began(wire.now)
    assert wire.sees(Pilot.B) is S.DIGITAL


def test_a_welded_contactor_makes_the_charger_unavailable_until_it_is_mended() -> None:
    wire = charging()
    wire.sees(Pilot.B)
    for _ in range(6):
        wire.now += 0.5
        wire.outlet.mirror(True, wire.now)
    assert wire.look() is S.UNAVAILABLE
    assert wire.outlet.duty == STATE_F
    assert [e.welded for e in wire.events if isinstance(e, ContactorFailed)] == [True]
    assert "welded" in wire.outlet.faults["contactor"]
    wire.sees(Pilot.A, Pilot.B)
    assert wire.outlet.state is S.UNAVAILABLE
    wire.outlet.mend("contactor", wire.now)
    assert wire.look() is S.READY


def test_one_old_reading_of_the_mirror_is_no_weld() -> None:
    wire = charging()
    wire.outlet.mirror(True, wire.now)
    wire.sees(Pilot.B)
    wire.outlet.mirror(True, wire.now)
    wire.now += 30.0
    wire.outlet.mirror(True, wire.now)
    wire.outlet.mirror(False, wire.now + 0.1)
    assert wire.look() is S.READY


def test_a_contactor_that_does_not_close_is_given_up_after_three_seconds() -> None:
    wire = charging()
    for _ in range(6):
        wire.outlet.mirror(False, wire.now)
        wire.now += 0.5
    assert wire.outlet.contactor
    for _ in range(2):
        wire.outlet.mirror(False, wire.now)
        wire.now += 0.5
    wire.look()
    assert [e.welded for e in wire.events if isinstance(e, ContactorFailed)] == [False]
    assert not wire.outlet.contactor
    wire.outlet.mend("stage", wire.now)
    assert wire.outlet.stuck, "another fault's end is not this one's"
    wire.outlet.retry(wire.now)
    assert wire.outlet.contactor


def test_what_the_pilot_shows_before_it_was_ever_told_is_no_fault() -> None:
    wire = Wire()
    assert wire.sees(Pilot.F) is S.VACANT
    wire.now += 0.5
    assert wire.sees(Pilot.A) is S.VACANT
    wire.now += 1.0
    assert wire.sees(Pilot.F) is S.BROKEN


def test_faults_add_up_and_all_must_be_mended() -> None:
    wire = in_session()
    wire.outlet.break_down("stage", "fault 7", wire.now)
    wire.outlet.break_down("isolation", "too low", wire.now)
    assert (wire.look(), wire.outlet.contactor, wire.outlet.duty) == (S.UNAVAILABLE, False, STATE_F)
    wire.outlet.mend("stage", wire.now)
    assert wire.look() is S.UNAVAILABLE
    wire.outlet.session_ended(wire.now, proper=False)
    wire.outlet.mend("isolation", wire.now)
    assert wire.look() is S.OFFERING


def test_every_condition_has_a_meaning_and_every_state_a_face_and_a_way_in_and_out() -> None:
    assert _HOLDS.keys() == set(When) == {row.when for row in ROWS}
    assert FACES.keys() == set(S)
    assert {row.next for row in ROWS} | {S.VACANT} == set(S)
    assert {state for row in ROWS for state in row.states} == set(S)
    page = Path(diagram.__file__).with_name("STATES.md").read_text("utf-8")
    assert page == diagram.page(), "draw it anew: python -m protocols.iec61851.diagram > protocols/iec61851/STATES.md"


def test_a_day_of_random_cars_never_closes_onto_one_that_does_not_ask() -> None:
    rng = random.Random(61851)
    wire = Wire(OutletConfig(timings=PilotTimings(digital_s=20.0, digital_tries=1)))
    outlet = wire.outlet
    for _ in range(20_000):
        wire.now += rng.choice((0.0, 0.1, 0.5, 1.0, 7.0, 30.0))
        deed = rng.randrange(11)
        if deed < 4:
            outlet.measured(
                rng.choice((*Pilot, Pilot.B, Pilot.C, Pilot.C, None)),
                wire.now,
                diode=rng.choice((None, True, True, True, True, False)),
            )
        elif deed == 4:
            outlet.offer(rng.choice((0.0, 5.9, 6.0, 16.0, 32.0)), wire.now)
        elif deed == 5 and rng.random() < 0.2:
            outlet.session_began(wire.now)
        elif deed == 6:
            outlet.session_ended(wire.now, proper=rng.random() < 0.5, may_take=rng.random() < 0.5)
        elif deed == 7:
            outlet.power(rng.random() < 0.7, wire.now)
        elif deed == 8:
            outlet.wake(wire.now)
        elif deed == 9:
            outlet.mirror(rng.choice((True, False, None)), wire.now)
        else:
            outlet.mend("contactor", wire.now)
        wire.after(0.0)
        if outlet.contactor:
            assert outlet.pilot is Pilot.C
            assert outlet.state in (S.CHARGING, S.STOPPING, S.DIGITAL)
            assert not outlet.faults
        assert 0.0 <= outlet.duty <= 1.0
    assert {state for _, state in wire.states} == set(S)


# Both ends on one wire.


class Both(Wire):
    """An outlet and a car, stepped together."""

    def __init__(self, config: OutletConfig, car: InletConfig | None = None) -> None:
        super().__init__(config)
        self.car = Inlet(car)

    def run(self, seconds: float, step_s: float = 0.05) -> None:
        for _ in range(round(seconds / step_s)):
            self.car.sees(self.outlet.duty, self.now)
            self.car.on_timer(self.now)
            self.outlet.measured(self.car.pilot, self.now)
            self.after(step_s)


def test_both_ends_charge_change_pause_and_go_on() -> None:
    both = Both(BASIC)
    both.outlet.offer(16.0, both.now)
    both.car.plug(32.0, both.now)
    both.run(1.0)
    assert (both.outlet.state, both.car.pilot) == (S.READY, Pilot.B)
    both.car.wants(True, both.now)
    both.run(1.0)
    assert both.outlet.contactor
    assert both.car.limit_a == pytest.approx(16.0, abs=0.05)
    both.outlet.offer(8.0, both.now)
    both.run(2.0)
    assert both.car.limit_a == pytest.approx(8.0, abs=0.05)
    both.outlet.offer(0.0, both.now)
    both.run(TIMES.car_stop_s)
    assert (both.outlet.state, both.car.pilot, both.car.limit_a) == (S.PAUSED, Pilot.B, 0.0)
    both.outlet.offer(10.0, both.now)
    both.run(10.0)
    assert both.outlet.state is S.CHARGING
    both.car.unplug()
    both.run(0.1)
    assert both.outlet.state is S.VACANT


def test_a_thin_cable_bounds_the_car() -> None:
    both = Both(BASIC)
    both.outlet.offer(32.0, both.now)
    both.car.plug(13.0, both.now)
    both.car.wants(True, both.now)
    both.run(1.0)
    assert both.car.limit_a == 13.0


def test_a_sleeping_car_is_woken_by_the_edge() -> None:
    both = Both(BASIC, InletConfig(sleep_s=60.0))
    both.car.plug(32.0, both.now)
    both.run(70.0, step_s=0.5)
    assert both.car.state is InletState.ASLEEP
    both.car.wants(True, both.now)
    both.run(5.0)
    assert both.outlet.state is S.PAUSED
    both.outlet.offer(16.0, both.now)
    both.run(5.0)
    assert both.outlet.state is S.CHARGING


def test_a_car_that_needs_air_stands_in_d() -> None:
    both = Both(BASIC, InletConfig(ventilation=True))
    both.outlet.offer(16.0, both.now)
    both.car.plug(32.0, both.now)
    both.car.wants(True, both.now)
    both.run(2.0)
    assert S.REFUSED in {state for _, state in both.states}
    assert not both.outlet.contactor


def test_a_car_without_basic_charging_waits_for_its_session() -> None:
    both = Both(OutletConfig(basic=False), InletConfig(basic=False))
    both.car.plug(32.0, both.now)
    both.run(1.0)
    assert both.car.digital
    both.outlet.session_began(both.now)
    both.outlet.power(True, both.now)
    both.car.wants(True, both.now)
    both.run(1.0)
    assert both.outlet.contactor
    assert both.car.limit_a == 32.0


def test_no_car_is_slower_than_the_standard() -> None:
    with pytest.raises(ValueError, match="follows within 5 s"):
        Inlet(InletConfig(follow_s=6.0))
