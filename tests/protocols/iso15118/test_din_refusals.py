"""What a charger and a car of DIN SPEC 70121 refuse, with which code, and how they end."""

import re
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from protocols.exi import DIN, decode, encode
from protocols.exi.messages import din
from protocols.exi.messages.din_types import (
    AC_EVChargeParameterType,
    AC_EVSEChargeParameterType,
    ChargingProfileType,
    DC_EVErrorCodeType,
    DC_EVSEStatusCodeType,
    EVRequestedEnergyTransferType,
    EVSESupportedEnergyTransferType,
    IsolationLevelType,
    PaymentOptionType,
    ProfileEntryType,
    ResponseCodeType,
    SelectedServiceType,
)
from protocols.iso15118 import CarPlan, Evse, EvseOffer, Notification, Service, SimulatedCar, State
from protocols.iso15118.connection import PLAIN
from protocols.iso15118.din import DIALECTS
from protocols.iso15118.din.envelope import wrapped
from protocols.iso15118.din.table import EXCHANGES, TABLE
from protocols.iso15118.din.values import amperes, number, volts, watts
from protocols.iso15118.events import LoopAnswered, PowerDeliveryChanged, PreChargeRequested
from protocols.iso15118.power import Limits
from protocols.iso15118.refusal import least
from protocols.iso15118.services import ProtocolName
from protocols.iso15118.v2gtp import PayloadType, V2gtpStream, pack

PLAN = CarPlan(Service.DC, protocols=(ProtocolName.DIN,))
CODES = ResponseCodeType


@pytest.fixture
def reached(conversation: Callable[..., Any]) -> Callable[..., Any]:
    """A conversation whose charger waits in some state, with nothing on the wire."""

    def make(state: State, **options: Any) -> Any:
        car = SimulatedCar(max_loops=1 if state is State.WELDING_DETECTION else None)
        talk = conversation(**{"plan": PLAN, "security": PLAIN, "car": car, **options})
        talk.run(until=lambda: talk.secc.state is state)
        talk.secc.data_to_send()
        return talk

    return make


def ask(talk: Any, body: Any, session_id: bytes | None = None) -> Any:
    """Send a request in the car's place; the answer's body."""
    document = wrapped(body, talk.secc.side.session_id if session_id is None else session_id)
    talk.secc.receive(pack(PayloadType.V2_MAINSTREAM, encode(DIN, document)), talk.now)
    talk._drain()
    (packet,) = V2gtpStream().receive(talk.secc.data_to_send())
    return decode(DIN, packet.payload).Body.BodyElement


def changed(body: Any, **fields: Any) -> Any:
    return msgspec.structs.replace(body, **fields)


def made(name: str, **fields: Any) -> Any:
    """A request with all else at its least."""
    return changed(least(DIALECTS[0].message_class(name)), **fields)


CAR = made("CableCheckReq").DC_EVStatus
BROKEN = changed(CAR, EVErrorCode=DC_EVErrorCodeType.FAILED_EVRESSMalfunction)
LIMITS = changed(made("ChargeParameterDiscoveryReq").EVChargeParameter, EVMaximumVoltageLimit=volts(400))
CHARGE_PARAMETERS = made(
    "ChargeParameterDiscoveryReq",
    EVRequestedEnergyTransferType=EVRequestedEnergyTransferType.DC_extended,
    EVChargeParameter=LIMITS,
)
SELECTION = made("ServicePaymentSelectionReq", SelectedPaymentOption=PaymentOptionType.ExternalPayment)
PROFILE = ChargingProfileType(
    SAScheduleTupleID=2,
    ProfileEntry=[ProfileEntryType(ChargingProfileEntryStart=0, ChargingProfileEntryMaxPower=100)],
)


@pytest.mark.parametrize(
    ("state", "request_body", "code", "words"),
    [
        (
            State.PAYMENT_SELECTION,
            changed(SELECTION, SelectedPaymentOption=PaymentOptionType.Contract),
            CODES.FAILED_PaymentSelectionInvalid,
            "payment by Contract",
        ),
        (State.PAYMENT_SELECTION, SELECTION, CODES.FAILED_ServiceSelectionInvalid, r"services \[0\]"),
        (
            State.PAYMENT_SELECTION,
            changed(
                SELECTION,
                SelectedServiceList=changed(
                    SELECTION.SelectedServiceList,
                    SelectedService=[SelectedServiceType(ServiceID=1), SelectedServiceType(ServiceID=2)],
                ),
            ),
            CODES.FAILED_ServiceSelectionInvalid,
            r"services \[1, 2\]",
        ),
        (
            State.CHARGE_PARAMETERS,
            changed(CHARGE_PARAMETERS, EVRequestedEnergyTransferType=EVRequestedEnergyTransferType.AC_three_phase_core),
            CODES.FAILED_WrongEnergyTransferType,
            "asked for AC_three_phase_core",
        ),
        (
            State.CHARGE_PARAMETERS,
            changed(CHARGE_PARAMETERS, EVChargeParameter=least(AC_EVChargeParameterType)),
            CODES.FAILED_WrongChargeParameter,
            "AC parameters",
        ),
        (
            State.CHARGE_PARAMETERS,
            changed(CHARGE_PARAMETERS, EVChargeParameter=changed(LIMITS, EVMaximumVoltageLimit=volts(100))),
            CODES.FAILED_WrongChargeParameter,
            "up to 100 V, the charger gives from 150 V",
        ),
        (State.CABLE_CHECK, made("CableCheckReq", DC_EVStatus=BROKEN), CODES.FAILED, "the car reports"),
        (State.PRE_CHARGE, made("PreChargeReq", DC_EVStatus=BROKEN), CODES.FAILED, "the car reports"),
        (
            State.PRE_CHARGE,
            made("PowerDeliveryReq", ReadyToChargeState=True),
            CODES.FAILED_SequenceError,
            r"PowerDeliveryReq \(start\) came in state pre_charge",
        ),
        (
            State.POWER_DELIVERY,
            made("PowerDeliveryReq", ReadyToChargeState=True, ChargingProfile=PROFILE),
            CODES.FAILED_TariffSelectionInvalid,
            "selected schedule 2",
        ),
        (State.CHARGE_LOOP, made("CurrentDemandReq", DC_EVStatus=BROKEN), CODES.FAILED, "the car reports"),
        (
            State.CHARGE_LOOP,
            made("PowerDeliveryReq", ReadyToChargeState=True),
            CODES.FAILED_SequenceError,
            r"PowerDeliveryReq \(start\) came in state charge_loop",
        ),
        (State.CHARGE_LOOP, din.SessionStopReq(), CODES.FAILED_SequenceError, "came in state charge_loop"),
        (State.CHARGE_LOOP, made("PreChargeReq"), CODES.FAILED_SequenceError, "came in state charge_loop"),
    ],
)
def test_the_charger_refuses(reached: Any, state: State, request_body: Any, code: str, words: str) -> None:
    talk = reached(state)
    powered = state is State.CHARGE_LOOP
    answer = ask(talk, request_body)
    assert type(answer).__name__ == type(request_body).__name__.replace("Req", "Res")
    assert answer.ResponseCode is code
    assert not talk.secc_end.proper
    assert talk.secc_end.reason.startswith(f"{code}: ")
    assert re.search(words, talk.secc_end.reason), talk.secc_end.reason
    assert talk.secc_end.evidence.startswith("809A")
    assert [event.on for event in talk.secc_of(PowerDeliveryChanged)] == ([True, False] if powered else [])


@pytest.mark.parametrize("state", sorted(TABLE.states - {State.HANDSHAKE, State.ENDED}))
@pytest.mark.parametrize("name", [exchange.request for exchange in EXCHANGES])
def test_what_has_no_row_is_a_sequence_error(reached: Any, state: State, name: str) -> None:
    if TABLE.allowed(state, name, None):
        pytest.skip("allowed here")
    talk = reached(state)
    answer = ask(talk, made(name))
    assert type(answer).__name__ == name.replace("Req", "Res")
    assert answer.ResponseCode is CODES.FAILED_SequenceError
    assert talk.secc.ended


@pytest.mark.parametrize("session_id", [b"", bytes(8), b"\x01" * 8, b"\x00"])
@pytest.mark.parametrize("state", [State.SERVICE_DISCOVERY, State.CHARGE_LOOP, State.WELDING_DETECTION])
def test_another_session_is_unknown(reached: Any, state: State, session_id: bytes) -> None:
    talk = reached(state)
    request = {State.CHARGE_LOOP: "CurrentDemandReq", State.WELDING_DETECTION: "WeldingDetectionReq"}
    answer = ask(talk, made(request.get(state, "ServiceDiscoveryReq")), session_id)
    assert answer.ResponseCode is CODES.FAILED_UnknownSession
    assert talk.secc.ended


def test_a_second_session_setup_is_out_of_order(reached: Any) -> None:
    talk = reached(State.SERVICE_DISCOVERY)
    assert ask(talk, din.SessionSetupReq(EVCCID=bytes(6))).ResponseCode is CODES.FAILED_SequenceError


def test_a_driver_who_is_not_allowed(reached: Any) -> None:
    talk = reached(State.AUTHORIZATION, evse=Evse(EvseOffer(automatic_authorization=False)))
    talk.evse.authorize(False)
    answer = ask(talk, din.ContractAuthenticationReq())
    assert answer.ResponseCode is CODES.FAILED
    assert "authorisation was refused" in talk.secc_end.reason


def test_bad_insulation(reached: Any) -> None:
    talk = reached(State.CABLE_CHECK, with_stage=False)
    ask(talk, made("CableCheckReq"))
    talk.evse.insulation_ok = False
    answer = ask(talk, made("CableCheckReq"))
    assert answer.ResponseCode is CODES.FAILED
    assert "insulation test failed" in talk.secc_end.reason


@pytest.mark.parametrize("wrong_v", [1001, -1])
def test_a_pre_charge_that_we_cannot_give_is_passed_over(reached: Any, wrong_v: float) -> None:
    talk = reached(State.PRE_CHARGE)
    assert ask(talk, made("PreChargeReq", EVTargetVoltage=volts(wrong_v))).ResponseCode is CODES.OK
    assert talk.secc_of(PreChargeRequested) == []
    answer = ask(talk, made("PreChargeReq", EVTargetVoltage=volts(400)))
    assert answer.ResponseCode is CODES.OK
    assert [event.target_v for event in talk.secc_of(PreChargeRequested)] == [400]


@pytest.mark.parametrize("trouble", ["notification", "contactor"])
def test_no_power_when_the_charger_is_not_ready(reached: Any, trouble: str) -> None:
    talk = reached(State.POWER_DELIVERY)
    if trouble == "contactor":
        talk.evse.contactor_fault = True
    else:
        talk.evse.notify(Notification.Terminate)
    answer = ask(talk, made("PowerDeliveryReq", ReadyToChargeState=True))
    assert answer.ResponseCode is CODES.FAILED_PowerDeliveryNotApplied
    assert talk.secc_of(PowerDeliveryChanged) == []


def test_a_stop_is_never_refused(reached: Any) -> None:
    talk = reached(State.CHARGE_LOOP)
    stop = made("PowerDeliveryReq", ReadyToChargeState=False, ChargingProfile=PROFILE)
    assert ask(talk, stop).ResponseCode is CODES.OK
    assert [event.on for event in talk.secc_of(PowerDeliveryChanged)] == [True, False]


def test_what_a_car_tells_below_zero_is_zero(reached: Any) -> None:
    talk = reached(State.CHARGE_LOOP)
    body = made(
        "CurrentDemandReq",
        EVTargetCurrent=amperes(-10),
        EVMaximumPowerLimit=watts(-1),
        EVMaximumCurrentLimit=amperes(-1),
    )
    talk.evse.set_power(5_000)
    answer = ask(talk, body)
    event = talk.secc_of(LoopAnswered)[-1]
    assert (event.set_point_w, event.report.target_w, event.report.limits.max_charge_a) == (0, 0, 0)
    assert number(answer.EVSEMaximumPowerLimit) == 0


def test_readings_that_no_number_carries_end_the_session_not_the_charger(reached: Any) -> None:
    talk = reached(State.CHARGE_LOOP)
    talk.evse.limits = Limits(11_000, max_v=1e12)
    document = wrapped(made("CurrentDemandReq"), talk.secc.side.session_id)
    talk.secc.receive(pack(PayloadType.V2_MAINSTREAM, encode(DIN, document)), talk.now)
    talk._drain()
    assert "CurrentDemandReq could not be answered" in talk.secc_end.reason
    assert [event.on for event in talk.secc_of(PowerDeliveryChanged)] == [True, False]


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (encode(DIN, din.SessionStopReq()), "SessionStopReq is no message"),
        (encode(DIN, changed(wrapped(din.SessionStopReq(), b""), Body=din.BodyType())), "the body is empty"),
        (encode(DIN, wrapped(din.SessionStopRes(ResponseCode=CODES.OK), b"")), "SessionStopRes, which is no request"),
        (b"\x80\xff\xff", "malformed EXI"),
        (b"", "malformed EXI"),
    ],
)
def test_documents_that_are_no_request(reached: Any, payload: bytes, words: str) -> None:
    talk = reached(State.SERVICE_DISCOVERY)
    talk.secc.receive(pack(PayloadType.V2_MAINSTREAM, payload), talk.now)
    talk._drain()
    assert words in talk.secc_end.reason


# The car.


def answer_with(talk: Any, state: State, change: Callable[[Any], Any]) -> Any:
    """Let the charger's next answer in this state arrive changed."""
    talk.run(until=lambda: talk.secc.state is state and not talk.evcc.ended and talk.evcc.state is state)
    to_secc = talk.evcc.data_to_send()
    while not to_secc:
        talk.tick()
        to_secc = talk.evcc.data_to_send()
    talk.secc.receive(to_secc, talk.now)
    talk._drain()
    (packet,) = V2gtpStream().receive(talk.secc.data_to_send())
    document = decode(DIN, packet.payload)
    document = changed(document, Body=din.BodyType(BodyElement=change(document.Body.BodyElement)))
    talk.evcc.receive(pack(PayloadType.V2_MAINSTREAM, encode(DIN, document)), talk.now)
    talk._drain()
    return talk.run()


def with_status(code: DC_EVSEStatusCodeType, isolation: IsolationLevelType | None = None) -> Callable[[Any], Any]:
    def change(body: Any) -> Any:
        status = changed(body.DC_EVSEStatus, EVSEStatusCode=code)
        return changed(
            body, DC_EVSEStatus=status if isolation is None else changed(status, EVSEIsolationStatus=isolation)
        )

    return change


@pytest.mark.parametrize(
    ("state", "change", "words"),
    [
        (
            State.SERVICE_DISCOVERY,
            lambda body: changed(
                body,
                ChargeService=changed(
                    body.ChargeService, EnergyTransferType=EVSESupportedEnergyTransferType.AC_three_phase_core
                ),
            ),
            "AC_three_phase_core instead of DC",
        ),
        (
            State.SERVICE_DISCOVERY,
            lambda body: changed(
                body, PaymentOptions=changed(body.PaymentOptions, PaymentOption=[PaymentOptionType.Contract])
            ),
            "no payment by external means",
        ),
        (
            State.CHARGE_PARAMETERS,
            lambda body: changed(body, EVSEChargeParameter=least(AC_EVSEChargeParameterType)),
            "AC limits",
        ),
        (
            State.CHARGE_LOOP,
            with_status(DC_EVSEStatusCodeType.EVSE_EmergencyShutdown),
            "EVSE_EmergencyShutdown",
        ),
        (State.CHARGE_LOOP, with_status(DC_EVSEStatusCodeType.Reserved_B), "Reserved_B"),
        (
            State.CHARGE_LOOP,
            lambda body: changed(body, ResponseCode=CODES.FAILED),
            "answered CurrentDemandReq with FAILED",
        ),
        (State.PRE_CHARGE, with_status(DC_EVSEStatusCodeType.EVSE_UtilityInterruptEvent), "UtilityInterruptEvent"),
    ],
)
def test_the_car_leaves(reached: Any, state: State, change: Callable[[Any], Any], words: str) -> None:
    talk = reached(State.SESSION_SETUP)
    answer_with(talk, state, change)
    assert talk.evcc.ended
    assert words in talk.evcc_end.reason
    assert talk.secc.ended
    assert sum(event.on for event in talk.secc_of(PowerDeliveryChanged)) == sum(
        not event.on for event in talk.secc_of(PowerDeliveryChanged)
    )


@pytest.mark.parametrize(
    "isolation", [IsolationLevelType.Fault, IsolationLevelType.Invalid, IsolationLevelType.Warning]
)
def test_the_car_minds_the_insulation(reached: Any, isolation: IsolationLevelType) -> None:
    talk = reached(State.SESSION_SETUP, car=SimulatedCar(max_loops=2))
    talk.run(until=lambda: talk.secc.state is State.CABLE_CHECK and talk.evse.insulation_ok)
    answer_with(talk, State.CABLE_CHECK, with_status(DC_EVSEStatusCodeType.EVSE_Ready, isolation))
    if isolation is IsolationLevelType.Warning:
        assert talk.evcc_end.proper
    else:
        assert not talk.evcc_end.proper
        assert f"insulation is {isolation}" in talk.evcc_end.reason
        assert talk.secc_of(PowerDeliveryChanged) == []


@pytest.mark.parametrize(
    "name", [exchange.response for exchange in EXCHANGES if exchange.response != "CurrentDemandRes"]
)
def test_an_answer_to_another_question(reached: Any, name: str) -> None:
    talk = reached(State.CHARGE_LOOP)
    talk.run(until=lambda: talk.evcc.state is State.CHARGE_LOOP and talk.car.loops > 1)
    while not talk.evcc.data_to_send():
        talk.tick()
    document = wrapped(made(name), talk.evcc.side.session_id)
    talk.evcc.receive(pack(PayloadType.V2_MAINSTREAM, encode(DIN, document)), talk.now)
    talk._drain()
    assert f"answered CurrentDemandReq with {name}" in talk.evcc_end.reason
    assert talk.car.ev_w == 0
