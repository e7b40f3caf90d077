"""What the car does with a charger that is not as it should be."""

from collections.abc import Callable
from typing import Any

import pytest

from protocols.exi import encode
from protocols.exi.messages.app_protocol import ResponseCodeType as HandshakeCode
from protocols.exi.messages.app_protocol import supportedAppProtocolRes
from protocols.exi.messages.common import AuthorizationType
from protocols.exi.messages.common_types import MessageHeaderType, ProcessingType, ResponseCodeType
from protocols.exi.namespaces import APP_PROTOCOL, V20_COMMON
from protocols.iso15118 import (
    CarPlan,
    ConnectionSecurity,
    ControlMode,
    EvccSession,
    Evse,
    EvseOffer,
    Notification,
    Service,
    SessionEnded,
    SimulatedCar,
    State,
)
from protocols.iso15118.events import LoopAnswered, PreChargeUnmatched, ServiceSelected
from protocols.iso15118.refusal import least
from protocols.iso15118.registry import dialect
from protocols.iso15118.services import ProtocolName
from protocols.iso15118.v2gtp import PayloadType, pack
from protocols.iso15118.v20.rational import rational
from protocols.iso15118.v20.secc import ANSWERS

message_class = dialect(ProtocolName.V20_DC).message_class

TLS = ConnectionSecurity("TLSv1.3")

Tamper = Callable[[str, Callable[[Any], None]], None]


@pytest.fixture
def tamper(monkeypatch: pytest.MonkeyPatch) -> Tamper:
    """Changes one kind of answer before it goes out."""

    def change(request: str, how: Callable[[Any], None]) -> None:
        honest = ANSWERS[request]

        def dishonest(agreed: Any, message: Any, now: float) -> Any:
            answer = honest(agreed, message, now)
            how(answer)
            return answer

        monkeypatch.setitem(ANSWERS, request, dishonest)

    return change


def set_to(**values: Any) -> Callable[[Any], None]:
    def change(answer: Any) -> None:
        for name, value in values.items():
            setattr(answer, name, value)

    return change


@pytest.mark.parametrize(
    ("request_name", "values", "match"),
    [
        (
            "AuthorizationSetupReq",
            {"AuthorizationServices": [AuthorizationType.PnC]},
            "no authorisation that this car has",
        ),
        (
            "ServiceDetailReq",
            {"Header": MessageHeaderType(SessionID=b"\xee" * 8, TimeStamp=1)},
            "session EEEEEEEEEEEEEEEE",
        ),
        ("ServiceSelectionReq", {"ResponseCode": ResponseCodeType.FAILED}, "answered ServiceSelectionReq with FAILED"),
    ],
)
def test_an_answer_that_ends_the_session(
    conversation: Any, tamper: Tamper, request_name: str, values: dict[str, Any], match: str
) -> None:
    tamper(request_name, set_to(**values))
    talk = conversation(plan=CarPlan(Service.AC))
    talk.run()
    assert match in talk.evcc_end.reason
    assert not talk.evcc_end.proper
    assert talk.secc.ended


def test_a_control_mode_that_is_not_offered(conversation: Any) -> None:
    talk = conversation(
        evse=Evse(EvseOffer(control_modes=(ControlMode.DYNAMIC,))), plan=CarPlan(Service.AC, ControlMode.SCHEDULED)
    )
    talk.run()
    assert "no SCHEDULED control mode is offered" in talk.evcc_end.reason
    assert talk.secc_end.proper


@pytest.mark.parametrize("service", [Service.AC, Service.DC])
def test_a_charger_that_wants_a_pause_instead(conversation: Any, tamper: Tamper, service: Service) -> None:
    tamper("ScheduleExchangeReq", set_to(GoToPause=True))
    talk = conversation(plan=CarPlan(service))
    talk.run()
    assert talk.secc_end.paused
    assert talk.secc_of(LoopAnswered) == []


@pytest.mark.parametrize("first", list(ControlMode))
def test_a_car_without_a_wish_takes_what_is_offered_first(conversation: Any, first: ControlMode) -> None:
    second = next(mode for mode in ControlMode if mode is not first)
    talk = conversation(evse=Evse(EvseOffer(control_modes=(first, second))), plan=CarPlan(Service.DC_BPT))
    talk.run()
    assert talk.secc_end.proper
    assert talk.secc_of(ServiceSelected)[0].control_mode is first


def test_a_simulated_car_goes_on_without_voltage_but_says_so(conversation: Any, tamper: Tamper) -> None:
    for request in ("DC_PreChargeReq", "DC_WeldingDetectionReq"):
        tamper(request, set_to(EVSEPresentVoltage=rational(1)))
    talk = conversation(plan=CarPlan(Service.DC_BPT, pre_charge_patience_s=2.0))
    talk.run()
    assert talk.evcc_end.proper
    (unmatched,) = talk.evcc_of(PreChargeUnmatched)
    assert (unmatched.evse_voltage_v, unmatched.battery_v) == (1.0, pytest.approx(380.0))


def test_a_welded_contactor_ends_the_session(conversation: Any, tamper: Tamper) -> None:
    tamper("DC_WeldingDetectionReq", set_to(EVSEPresentVoltage=rational(380)))
    talk = conversation(plan=CarPlan(Service.DC))
    talk.run()
    assert "not ready within 60 s in state welding_detection" in talk.evcc_end.reason


def test_an_answer_nobody_asked_for(conversation: Any) -> None:
    talk = conversation(plan=CarPlan(Service.DC), car=SimulatedCar())
    # Between an answer in the loop and the next request the car waits for nothing.
    talk.run(until=lambda: talk.car.loops == 2 and not talk.evcc._out)
    answer = least(message_class("SessionStopRes"))
    talk.evcc.receive(pack(PayloadType.MAINSTREAM, encode(V20_COMMON, answer)), talk.now)
    talk._drain()
    assert "unasked" in talk.evcc_end.reason
    assert talk.car.ev_w == 0


def test_another_answer_than_was_asked_for(conversation: Any) -> None:
    talk = conversation()
    talk.run(until=lambda: talk.evcc.state is State.AUTHORIZATION_SETUP)
    answer = least(message_class("SessionStopRes"))
    talk.evcc.receive(pack(PayloadType.MAINSTREAM, encode(V20_COMMON, answer)), talk.now)
    talk._drain()
    assert "answered AuthorizationSetupReq with SessionStopRes" in talk.evcc_end.reason


def test_a_choice_that_was_not_proposed() -> None:
    evcc = EvccSession(SimulatedCar(), CarPlan(), security=TLS)
    evcc.connected(0.0)
    answer = supportedAppProtocolRes(ResponseCode=HandshakeCode.OK_SuccessfulNegotiation, SchemaID=9)
    evcc.receive(pack(PayloadType.APP_PROTOCOL, encode(APP_PROTOCOL, answer)), 0.1)
    events = [event for event in iter(evcc.next_event, None) if isinstance(event, SessionEnded)]
    assert "chose protocol 9" in events[0].reason


def test_the_schedule_of_the_other_control_mode_is_refused(conversation: Any) -> None:
    talk = conversation(plan=CarPlan(Service.AC, ControlMode.DYNAMIC))
    talk.run(until=lambda: talk.evcc_of(ServiceSelected))
    talk.evcc.side.parameter_set = talk.secc.side.sets[1]
    talk.run()
    assert "asked for the other one's schedule" in talk.secc_end.reason


def test_a_metering_confirmation_for_another_session(conversation: Any) -> None:
    talk = conversation(plan=CarPlan(Service.AC), car=SimulatedCar())
    talk.run(until=lambda: talk.car.loops == 2)
    talk.evse.notify(Notification.MeteringConfirmation)
    request = least(message_class("MeteringConfirmationReq"))
    request.Header = talk.secc.side.header(talk.now)
    talk.secc.receive(pack(PayloadType.METERING_CONFIRMATION, encode(V20_COMMON, request)), talk.now)
    talk._drain()
    assert "FAILED_MeteringSignatureNotValid" in talk.secc_end.reason


def test_a_car_that_passes_over_what_it_cannot_do(conversation: Any) -> None:
    """A metering confirmation needs a contract key, which an EIM car has not."""
    talk = conversation(plan=CarPlan(Service.AC))
    talk.evse.notify(Notification.MeteringConfirmation)
    talk.run()
    assert talk.evcc_end.proper
    assert talk.car.loops >= 5


def test_only_authorization_may_wait_for_a_customer(conversation: Any, tamper: Tamper) -> None:
    """A charger that says so during the cable check would hold the car for ever."""
    tamper("DC_CableCheckReq", set_to(EVSEProcessing=ProcessingType.Ongoing_WaitingForCustomerInteraction))
    talk = conversation(plan=CarPlan(Service.DC))
    talk.run()
    assert "V2G_EVCC_CableCheck_Timeout" in talk.evcc_end.reason
