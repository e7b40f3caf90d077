"""The standard's timers, each run out once, on a clock that costs no time."""

from typing import Any

import pytest

from protocols.iso15118 import CarPlan, Evse, EvseOffer, Service, SimulatedCar, State, Timings
from protocols.iso15118.connection import ConnectionSecurity
from protocols.iso15118.events import CableCheckRequested, PowerDeliveryChanged
from protocols.iso15118.secc import SeccSession
from protocols.iso15118.timings import EVCC_COMMUNICATION_SETUP, SECC_SEQUENCE
from protocols.iso15118.v20.table import TABLE

TLS = ConnectionSecurity("TLSv1.3")
START_S = 1_800_000_000.0


def test_figures_are_the_standards() -> None:
    exchanges = TABLE.exchanges
    assert {e.next_within.seconds for e in exchanges.values() if not e.paced} == {60}
    assert {e.next_within.seconds for e in exchanges.values() if e.paced} == {0.5}
    assert {e.answer_within.seconds for e in exchanges.values() if e.paced} == {0.5}
    assert exchanges["SessionSetupReq"].answer_within.seconds == 2
    assert exchanges["ServiceDetailReq"].answer_within.seconds == 5
    loops = {state: timer.seconds for state, timer in TABLE.loop_timers.items()}
    assert (loops[State.AUTHORIZATION], loops[State.CABLE_CHECK], loops[State.PRE_CHARGE]) == (60, 40, 10)
    assert EVCC_COMMUNICATION_SETUP.seconds == 20


def test_scaling_leaves_polls_and_counts_alone() -> None:
    slow = Timings().scaled(4)
    assert (slow.of(SECC_SEQUENCE), slow.of(TABLE.exchanges["AC_ChargeLoopReq"].answer_within)) == (240, 2)
    assert (slow.sdp_attempts, slow.poll_s) == (50, 0.1)
    assert slow.scaled(0.5).of(SECC_SEQUENCE) == 120


def test_less_patience_is_less_patience_with_discovery_too() -> None:
    hasty = Timings().scaled(0.1)
    assert (hasty.sdp_attempts, hasty.sdp_retry_s) == (5, 0.25)
    assert Timings().scaled(1e-6).sdp_attempts == 1


def test_a_car_that_never_speaks() -> None:
    secc = SeccSession(Evse(), security=TLS)
    secc.connected(START_S)
    assert secc.next_timer() == START_S + 60
    secc.on_timer(START_S + 60)
    assert secc.ended


@pytest.mark.parametrize(
    ("state", "limit_s"),
    [(State.SERVICE_DETAIL, 60.0), (State.SCHEDULE_EXCHANGE, 60.0), (State.CHARGE_LOOP, 0.5)],
)
def test_a_car_that_falls_silent(conversation: Any, state: State, limit_s: float) -> None:
    talk = conversation(plan=CarPlan(Service.DC_BPT), car=SimulatedCar())
    in_loop = state is not State.CHARGE_LOOP
    talk.run(until=lambda: talk.secc.state is state and (in_loop or talk.car.loops > 2))
    silent_since = talk.now
    talk.secc.on_timer(silent_since + limit_s * 0.9)
    assert not talk.secc.ended
    talk.secc.on_timer(silent_since + limit_s + 0.2)
    talk._drain()
    assert "fell silent" in talk.secc_end.reason
    assert f"{limit_s:g} s" in talk.secc_end.reason
    assert not talk.secc_end.proper
    if state is State.CHARGE_LOOP:
        assert [event.on for event in talk.secc_of(PowerDeliveryChanged)] == [True, False]


@pytest.mark.parametrize(
    ("state", "limit_s", "request_name"),
    [
        (State.HANDSHAKE, 2.0, "supportedAppProtocolReq"),
        (State.SERVICE_DETAIL, 5.0, "ServiceDetailReq"),
        (State.POWER_DELIVERY, 2.0, "PowerDeliveryReq"),
        (State.CHARGE_LOOP, 0.5, "AC_ChargeLoopReq"),
    ],
)
def test_a_charger_that_does_not_answer(conversation: Any, state: State, limit_s: float, request_name: str) -> None:
    talk = conversation(plan=CarPlan(Service.AC), car=SimulatedCar())
    talk.run(until=lambda: talk.evcc.state is state)
    asked_at = talk.now
    talk.evcc.on_timer(asked_at + limit_s * 0.9)
    assert not talk.evcc.ended
    talk.evcc.on_timer(asked_at + limit_s)
    talk._drain()
    assert f"no answer to {request_name} within {limit_s:g} s" in talk.evcc_end.reason
    assert talk.car.ev_w == 0


EACH = sorted(name for name in TABLE.exchanges if not name.startswith(("Certificate", "Metering", "Vehicle")))
"""Every message of a session by external means on the main stream."""


def asking(conversation: Any, name: str) -> Any:
    """A conversation in which the car has just sent this request, and nobody has heard it."""
    service = Service.AC if name.startswith("AC") else Service.DC
    talk = conversation(plan=CarPlan(service), car=SimulatedCar(max_loops=2))
    for _ in range(500):
        wire = talk.evcc.data_to_send()
        if wire and talk.evcc._asked[None].exchange.request == name:
            talk.lost = wire
            return talk
        if wire:
            talk.secc.receive(wire, talk.now)
            talk._drain()
            talk.evcc.receive(talk.secc.data_to_send(), talk.now)
            talk._drain()
        else:
            assert talk.tick()
    raise AssertionError(name)


@pytest.mark.parametrize("name", EACH)
def test_how_long_the_car_waits_for_each_answer(conversation: Any, name: str) -> None:
    talk = asking(conversation, name)
    limit_s = 0.5 if "Loop" in name else 5.0 if name == "ServiceDetailReq" else 2.0
    asked_s = talk.now
    talk.evcc.on_timer(asked_s + limit_s - 0.01)
    assert not talk.evcc.ended
    talk.evcc.on_timer(asked_s + limit_s)
    talk._drain()
    assert f"no answer to {name} within {limit_s:g} s (V2G_EVCC_Msg_Timeout" in talk.evcc_end.reason
    assert talk.evcc.next_timer() is None


@pytest.mark.parametrize("name", [name for name in EACH if name != "SessionStopReq"])
def test_how_long_the_charger_waits_for_what_follows_each_message(conversation: Any, name: str) -> None:
    talk = asking(conversation, name)
    talk.secc.receive(talk.lost, talk.now)
    talk._drain()
    limit_s = 0.5 if "Loop" in name else 60.0
    powered = talk.secc.side.power_on
    heard_s = talk.now
    talk.secc.on_timer(heard_s + limit_s - 0.01)
    assert not talk.secc.ended
    talk.secc.on_timer(heard_s + limit_s)
    talk._drain()
    assert f"fell silent for {limit_s:g} s" in talk.secc_end.reason
    assert "V2G_SECC_Sequence_Timeout" in talk.secc_end.reason
    if powered:
        assert talk.secc_of(PowerDeliveryChanged)[-1].on is False


def test_a_message_that_drips_in_does_not_hold_the_charger(conversation: Any) -> None:
    talk = conversation()
    slow = talk.evcc.data_to_send()
    for second in range(70):
        now = START_S + second
        if talk.secc.next_timer() is not None and talk.secc.next_timer() <= now:
            talk.secc.on_timer(now)
        talk.secc.receive(slow[second // 40 : second // 40 + 1], now)
    talk._drain()
    assert talk.secc.ended


def test_communication_setup(conversation: Any) -> None:
    slow = Timings(overrides={"V2G_EVCC_Msg_Timeout": 30.0})
    talk = conversation(timings=slow)
    talk.evcc.on_timer(START_S + 20)
    talk._drain()
    assert "within 20 s" in talk.evcc_end.reason


def test_schedules_that_never_come(conversation: Any) -> None:
    talk = conversation(plan=CarPlan(Service.AC), timings=Timings(overrides={"V2G_SECC_Ongoing_Performance_Time": 1e9}))
    talk.evse.planning = True
    talk.run()
    assert talk.now == pytest.approx(START_S + 60, abs=0.2)
    assert "V2G_EVCC_Ongoing_Timeout" in talk.evcc_end.reason


def test_cable_check_that_never_ends(conversation: Any) -> None:
    talk = conversation(plan=CarPlan(Service.DC), with_stage=False)
    talk.run()
    assert talk.now == pytest.approx(START_S + 38, abs=0.2)
    assert "no result within 38 s" in talk.secc_end.reason
    assert "DC_CableCheckReq with FAILED" in talk.evcc_end.reason


def test_a_charger_that_lets_the_cable_check_go_on_too_long(conversation: Any) -> None:
    patient = Timings(overrides={"V2G_SECC_CableCheck_Performance_Time": 1e9})
    talk = conversation(plan=CarPlan(Service.DC), with_stage=False, timings=patient)
    talk.run()
    assert talk.now == pytest.approx(START_S + 40, abs=0.2)
    assert "V2G_EVCC_CableCheck_Timeout" in talk.evcc_end.reason


def test_pre_charge_that_never_gets_there(conversation: Any) -> None:
    talk = conversation(plan=CarPlan(Service.DC), with_stage=False)
    talk.run(until=lambda: talk.secc_of(CableCheckRequested))
    talk.evse.insulation_ok = True
    talk.run()
    assert "V2G_EVCC_PreCharge_Timeout" in talk.evcc_end.reason
    assert talk.evcc.state is State.ENDED


def test_waiting_for_the_customer_has_no_limit(conversation: Any) -> None:
    talk = conversation(evse=Evse(EvseOffer(automatic_authorization=False)))
    talk.run(until=lambda: talk.now > START_S + 300, steps=10_000)
    assert not talk.evcc.ended


def test_no_timer_outlives_the_session(conversation: Any) -> None:
    talk = conversation()
    talk.run()
    assert talk.secc.next_timer() is None
    assert talk.evcc.next_timer() is None


def test_connection_lost_at_any_moment_ends_at_once(conversation: Any) -> None:
    for state in TABLE.states - {State.ENDED, State.RESUMED, State.CERTIFICATE_INSTALLATION}:
        talk = conversation(plan=CarPlan(Service.DC_BPT))
        talk.run(until=lambda talk=talk, state=state: talk.secc.state is state)
        talk.secc.connection_lost(talk.now, "reset")
        talk._drain()
        assert "connection lost" in talk.secc_end.reason
        assert talk.evse.readings.power_w == 0
