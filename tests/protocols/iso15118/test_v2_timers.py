"""The timers of ISO 15118-2, each run out once, on a clock that costs no time."""

from typing import Any

import pytest

from protocols.iso15118 import CarPlan, Evse, EvseOffer, Service, SimulatedCar, State, Timings
from protocols.iso15118.connection import PLAIN
from protocols.iso15118.events import AnswerLate, CableCheckRequested, MessageSeen, PowerDeliveryChanged, StateChanged
from protocols.iso15118.services import ProtocolName
from protocols.iso15118.timings import EVCC_COMMUNICATION_SETUP
from protocols.iso15118.v2.table import EXCHANGES, READY_TO_CHARGE, SEQUENCE, TABLE

STATES = sorted(
    TABLE.states - {State.HANDSHAKE, State.ENDED, State.CERTIFICATE, State.PAYMENT_DETAILS, State.METERING_RECEIPT}
)


def begun(conversation: Any, service: Service = Service.DC, **options: Any) -> Any:
    plan = CarPlan(service, protocols=(ProtocolName.V2,))
    defaults = {"plan": plan, "security": PLAIN, "car": SimulatedCar(), "evse": charger()}
    return conversation(**{**defaults, **options})


def charger(**offer: Any) -> Evse:
    return Evse(EvseOffer(protocols=(ProtocolName.V2,), **offer))


def leaving(state: State) -> SimulatedCar:
    gone = state in (State.WELDING_DETECTION, State.SESSION_STOP)
    return SimulatedCar(max_loops=1 if gone else None)


def test_figures_are_the_standards() -> None:
    assert {exchange.next_within for exchange in EXCHANGES} == {SEQUENCE}
    assert SEQUENCE.seconds == 60
    assert {e.request: e.answer_within.seconds for e in EXCHANGES if e.answer_within.seconds != 2} == {
        "ServiceDetailReq": 5,
        "PaymentDetailsReq": 5,
        "CertificateInstallationReq": 5,
        "CertificateUpdateReq": 5,
        "PowerDeliveryReq": 5,
        "CurrentDemandReq": 0.25,
    }
    assert {state: timer.seconds for state, timer in TABLE.loop_timers.items()} == {
        State.AUTHORIZATION: 60,
        State.CHARGE_PARAMETERS: 60,
        State.CABLE_CHECK: 40,
        State.PRE_CHARGE: 7,
        State.WELDING_DETECTION: 60,
    }
    assert (READY_TO_CHARGE.seconds, EVCC_COMMUNICATION_SETUP.seconds) == (150, 20)
    for exchange in EXCHANGES:
        assert exchange.perform_within is not None
        assert exchange.perform_within.seconds < exchange.answer_within.seconds


@pytest.mark.parametrize("state", STATES)
def test_a_car_that_falls_silent(conversation: Any, state: State) -> None:
    talk = begun(conversation, car=leaving(state))
    talk.run(until=lambda: talk.secc.state is state)
    since = talk.now
    talk.secc.on_timer(since + 59)
    assert not talk.secc.ended
    talk.secc.on_timer(since + 60)
    talk._drain()
    assert "fell silent for 60 s" in talk.secc_end.reason
    assert not talk.secc_end.proper
    assert [event.on for event in talk.secc_of(PowerDeliveryChanged)][-1:] != [True]


DC_ONLY = (State.CABLE_CHECK, State.PRE_CHARGE, State.WELDING_DETECTION)


@pytest.mark.parametrize(
    ("service", "state"),
    [*((Service.DC, state) for state in STATES), *((Service.AC, state) for state in STATES if state not in DC_ONLY)],
)
def test_a_charger_that_does_not_answer(conversation: Any, service: Service, state: State) -> None:
    talk = begun(conversation, service, car=leaving(state))
    talk.run(until=lambda: talk.evcc.state is state)
    while not talk.evcc.data_to_send():
        talk.tick()
    talk._drain()
    (*_, asked) = [event.name for event in talk.evcc_of(MessageSeen) if event.sender == "evcc"]
    limit_s = TABLE.exchanges[asked].answer_within.seconds
    talk.evcc.on_timer(talk.now + limit_s * 0.9)
    assert not talk.evcc.ended
    talk.evcc.on_timer(talk.now + limit_s)
    talk._drain()
    assert f"no answer to {asked} within {limit_s:g} s" in talk.evcc_end.reason
    assert talk.car.ev_w == 0


def entered(talk: Any, state: State) -> float:
    return next(event.time_s for event in talk.evcc_of(StateChanged) if event.state is state)


def test_a_cable_check_without_end_is_refused_before_the_car_loses_patience(conversation: Any) -> None:
    talk = begun(conversation, with_stage=False).run()
    assert "insulation test gave no result within 38 s" in talk.secc_end.reason
    assert talk.evcc_end.time_s - entered(talk, State.CABLE_CHECK) == pytest.approx(38, abs=0.2)


def test_the_car_bounds_a_cable_check_by_itself(conversation: Any) -> None:
    timings = Timings(overrides={"V2G_SECC_CableCheck_Performance_Time": 1e9})
    talk = begun(conversation, with_stage=False, timings=timings).run()
    assert "V2G_EVCC_CableCheck_Timeout" in talk.evcc_end.reason
    assert talk.evcc_end.time_s - entered(talk, State.CABLE_CHECK) == pytest.approx(40, abs=0.01)


def test_a_pre_charge_without_end(conversation: Any) -> None:
    talk = begun(conversation, with_stage=False)

    def insulate(event: object) -> None:
        if isinstance(event, CableCheckRequested):
            talk.evse.insulation_ok = True

    talk.listeners.append(insulate)
    talk.run()
    assert "V2G_EVCC_PreCharge_Timeout" in talk.evcc_end.reason
    assert talk.evcc_end.time_s - entered(talk, State.PRE_CHARGE) == pytest.approx(7, abs=0.01)
    assert talk.secc_of(PowerDeliveryChanged) == []


def test_a_schedule_that_never_comes(conversation: Any) -> None:
    timings = Timings(overrides={"V2G_SECC_Ongoing_Performance_Time": 1e9})
    talk = begun(conversation, timings=timings)
    talk.evse.planning = True
    talk.run(steps=20_000)
    assert "V2G_EVCC_Ongoing_Timeout" in talk.evcc_end.reason
    assert talk.evcc_end.time_s - entered(talk, State.CHARGE_PARAMETERS) == pytest.approx(60, abs=0.01)


def test_a_driver_who_never_comes_costs_no_timer(conversation: Any) -> None:
    """Waiting for the customer is not the charger's delay: neither 60 s nor 150 s count."""
    talk = begun(conversation, evse=charger(automatic_authorization=False))
    talk.run(until=lambda: talk.now > 1_800_000_400.0, steps=50_000)
    assert not talk.evcc.ended


def test_slow_steps_together_are_bounded(conversation: Any) -> None:
    """Each step within its time, all of them together not: the car leaves in order."""
    timings = Timings(overrides={"V2G_EVCC_ReadyToCharge_Timeout": 30.0})
    talk = begun(conversation, with_stage=False, timings=timings)
    began = talk.now
    talk.run(steps=20_000)
    assert "V2G_EVCC_ReadyToCharge_Timeout" in talk.evcc_end.reason
    assert talk.evcc_end.time_s - began == pytest.approx(30, abs=0.3)
    assert not talk.evcc_end.proper
    assert talk.secc_end.proper, "SessionStop came"


def test_a_long_session_is_not_bounded(conversation: Any) -> None:
    talk = begun(conversation, car=SimulatedCar(max_seconds=400.0))
    talk.run(steps=20_000)
    assert talk.evcc_end.proper
    assert talk.now - 1_800_000_000 > 400


def test_an_answer_that_leaves_late_is_told_once_for_each_kind_of_request(conversation: Any) -> None:
    """The state machine answers at once; what takes its time is the machine that it runs on."""
    talk = begun(conversation, car=SimulatedCar(max_loops=5))
    slow = {"CurrentDemandReq": 0.030, "SessionSetupReq": 1.4, "PowerDeliveryReq": 10.0}
    asked: list[str] = []

    def hear(event: Any) -> None:
        if isinstance(event, MessageSeen) and event.sender == "evcc":
            asked.append(event.name)

    talk.listeners.append(hear)
    carry = talk.secc.data_to_send

    def carry_slowly() -> bytes:
        data = carry()
        if data:
            talk.secc.sent(talk.now + slow.get(asked[-1], 0.0))
        return data

    talk.secc.data_to_send = carry_slowly
    talk.run()
    assert talk.secc_end.proper, talk.secc_end
    late = talk.secc_of(AnswerLate)
    assert [event.request for event in late] == ["PowerDeliveryReq", "CurrentDemandReq"]
    assert [event.took_s for event in late] == pytest.approx([10.0, 0.030])
    assert "V2G_SECC_Msg_Performance_Time" in late[0].limit
