"""The timers of DIN SPEC 70121, each run out once, on a clock that costs no time."""

from typing import Any

import pytest

from protocols.iso15118 import CarPlan, Evse, EvseOffer, Service, SimulatedCar, State
from protocols.iso15118.connection import PLAIN
from protocols.iso15118.din.table import EXCHANGES, READY_TO_CHARGE, SEQUENCE, TABLE
from protocols.iso15118.events import CableCheckRequested, PowerDeliveryChanged, StateChanged
from protocols.iso15118.services import ProtocolName

PLAN = CarPlan(Service.DC, protocols=(ProtocolName.DIN,))


def begun(conversation: Any, **options: Any) -> Any:
    return conversation(**{"plan": PLAN, "security": PLAIN, "car": SimulatedCar(), **options})


def test_figures_are_the_standards() -> None:
    assert {exchange.next_within for exchange in EXCHANGES} == {SEQUENCE}
    assert SEQUENCE.seconds == 60
    assert {e.request: e.answer_within.seconds for e in EXCHANGES if e.answer_within.seconds != 2} == {
        "CurrentDemandReq": 0.25
    }
    assert {state: timer.seconds for state, timer in TABLE.loop_timers.items()} == {
        State.CABLE_CHECK: 40,
        State.PRE_CHARGE: 7,
        State.POWER_DELIVERY: 7,
    }
    assert READY_TO_CHARGE.seconds == 150


@pytest.mark.parametrize("state", sorted(TABLE.states - {State.HANDSHAKE, State.ENDED}))
def test_a_car_that_falls_silent(conversation: Any, state: State) -> None:
    car = SimulatedCar(max_loops=1 if state is State.WELDING_DETECTION else None)
    talk = begun(conversation, car=car)
    talk.run(until=lambda: talk.secc.state is state)
    since = talk.now
    talk.secc.on_timer(since + 59)
    assert not talk.secc.ended
    talk.secc.on_timer(since + 60)
    talk._drain()
    assert "fell silent for 60 s" in talk.secc_end.reason
    assert not talk.secc_end.proper
    assert [event.on for event in talk.secc_of(PowerDeliveryChanged)][-1:] != [True]


@pytest.mark.parametrize(
    ("state", "limit_s", "name"),
    [
        (State.SESSION_SETUP, 2.0, "SessionSetupReq"),
        (State.CHARGE_PARAMETERS, 2.0, "ChargeParameterDiscoveryReq"),
        (State.CHARGE_LOOP, 0.25, "CurrentDemandReq"),
        (State.WELDING_DETECTION, 2.0, "WeldingDetectionReq"),
    ],
)
def test_a_charger_that_does_not_answer(conversation: Any, state: State, limit_s: float, name: str) -> None:
    car = SimulatedCar(max_loops=1 if state is State.WELDING_DETECTION else None)
    talk = begun(conversation, car=car)
    talk.run(until=lambda: talk.evcc.state is state)
    while not talk.evcc.data_to_send():
        talk.tick()
    asked = talk.now
    talk.evcc.on_timer(asked + limit_s * 0.9)
    assert not talk.evcc.ended
    talk.evcc.on_timer(asked + limit_s)
    talk._drain()
    assert f"no answer to {name} within {limit_s:g} s" in talk.evcc_end.reason
    assert talk.car.ev_w == 0


def entered(talk: Any, state: State) -> float:
    return next(event.time_s for event in talk.evcc_of(StateChanged) if event.state is state)


def test_a_cable_check_without_end(conversation: Any) -> None:
    talk = begun(conversation, with_stage=False).run()
    assert not talk.evcc_end.proper
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
    assert talk.evcc_end.time_s - entered(talk, State.PRE_CHARGE) == pytest.approx(7, abs=0.2)
    assert talk.secc_of(PowerDeliveryChanged) == []


def test_an_authorization_without_end(conversation: Any) -> None:
    """The car bounds all steps together, and leaves in order."""
    talk = begun(conversation, evse=Evse(EvseOffer(automatic_authorization=False)))
    began = talk.now
    talk.run(steps=20_000)
    assert talk.evcc_end.time_s - began == pytest.approx(150, abs=0.3)
    assert "not ready within 150 s" in talk.evcc_end.reason
    assert not talk.evcc_end.proper
    assert talk.secc_end.proper  # SessionStop came


def test_a_long_session_is_not_bounded(conversation: Any) -> None:
    talk = begun(conversation, car=SimulatedCar(max_seconds=400.0))
    talk.run(steps=20_000)
    assert talk.evcc_end.proper
    assert talk.now - 1_800_000_000 > 400
