"""What may not come in ISO 15118-2: each refused with the standard's code, then the end of that session only."""

from collections.abc import Callable
from typing import Any

import pytest

from protocols.exi import V2, decode, encode
from protocols.exi.messages import v2, v2_types
from protocols.exi.schema import Element
from protocols.iso15118 import CarPlan, Evse, EvseOffer, Schedule, SeccSession, Service, SimulatedCar, State
from protocols.iso15118.connection import PLAIN
from protocols.iso15118.events import LoopAnswered, PowerDeliveryChanged, SessionEnded
from protocols.iso15118.power import Limits
from protocols.iso15118.refusal import least
from protocols.iso15118.registry import dialect
from protocols.iso15118.services import Energy, ProtocolName, ValueAdded
from protocols.iso15118.table import HANDSHAKE_REQUEST
from protocols.iso15118.v2.secc import ANSWERS
from protocols.iso15118.v2.table import TABLE
from protocols.iso15118.v2.values import A, V, W, physical
from protocols.iso15118.v2gtp import PayloadType, V2gtpStream, pack

START_S = 1_800_000_000.0
DIALECT = dialect(ProtocolName.V2)
REQUESTS = [name for name in TABLE.exchanges if name != HANDSHAKE_REQUEST]
ELSEWHERE = {State.HANDSHAKE, State.ENDED, State.CERTIFICATE, State.PAYMENT_DETAILS, State.METERING_RECEIPT}
STATES = sorted(TABLE.states - ELSEWHERE)
STATUS = v2_types.DC_EVStatusType(EVReady=True, EVErrorCode=v2_types.DC_EVErrorCodeType.NO_ERROR, EVRESSSOC=50)
BATTERY_HOT = v2_types.DC_EVStatusType(
    EVReady=False, EVErrorCode=v2_types.DC_EVErrorCodeType.FAILED_RESSTemperatureInhibit, EVRESSSOC=50
)


def send(secc: SeccSession, body: Element, session_id: bytes | None = None) -> Any:
    """Send one request as the car would; returns the body of the one answer."""
    known = secc.side.session_id if session_id is None else session_id
    content: Any = body
    document = v2.V2G_Message(Header=v2_types.MessageHeaderType(SessionID=known), Body=v2.BodyType(BodyElement=content))
    secc.receive(pack(PayloadType.V2_MAINSTREAM, encode(V2, document)), START_S)
    (packet,) = V2gtpStream().receive(secc.data_to_send())
    answer: Any = decode(V2, packet.payload)
    return answer.Body.BodyElement


def events_of(secc: SeccSession) -> list[Any]:
    found = []
    while (event := secc.next_event()) is not None:
        found.append(event)
    return found


def end_of(secc: SeccSession) -> SessionEnded:
    (end,) = [event for event in events_of(secc) if isinstance(event, SessionEnded)]
    return end


@pytest.fixture
def secc_in(conversation: Any) -> Callable[..., SeccSession]:
    """A charger brought to a state by a real car."""

    def bring(state: State, service: Service = Service.DC, **options: Any) -> SeccSession:
        gone = state in (State.WELDING_DETECTION, State.SESSION_STOP)
        defaults = {
            "evse": Evse(EvseOffer(protocols=(ProtocolName.V2,))),
            "plan": CarPlan(service, protocols=(ProtocolName.V2,)),
            "car": SimulatedCar(max_loops=1 if gone else None),
            "security": PLAIN,
        }
        talk = conversation(**{**defaults, **options})
        talk.run(until=lambda: talk.secc.state is state)
        talk.secc.data_to_send()
        events_of(talk.secc)
        return talk.secc

    return bring


@pytest.mark.parametrize("state", STATES)
def test_every_request_out_of_order_gets_its_own_response(secc_in: Callable[..., SeccSession], state: State) -> None:
    for name in REQUESTS:
        if TABLE.allowed(state, name, Energy.DC):
            continue
        secc = secc_in(state)
        answer = send(secc, least(DIALECT.message_class(name)))
        assert type(answer).__name__ == TABLE.exchanges[name].response
        assert answer.ResponseCode == "FAILED_SequenceError"
        assert getattr(answer, "EVSEID", "DE*TWO*E0001") == "DE*TWO*E0001"
        end = end_of(secc)
        assert not end.proper
        assert name in end.reason
        assert str(state) in end.reason
        assert not secc.side.power_on


def test_every_allowed_request_has_an_answer() -> None:
    assert {row.request for row in TABLE.transitions} - {HANDSHAKE_REQUEST} == set(ANSWERS)


@pytest.mark.parametrize("state", [state for state in STATES if state is not State.SESSION_SETUP])
def test_another_sessions_message(secc_in: Callable[..., SeccSession], state: State) -> None:
    secc = secc_in(state)
    answer = send(secc, least(v2.SessionStopReq), session_id=b"\xff" * 8)
    assert answer.ResponseCode == "FAILED_UnknownSession"
    assert "FFFFFFFFFFFFFFFF" in end_of(secc).reason


def delivery(progress: str, schedule_id: int = 1, power_w: float | None = None) -> v2.PowerDeliveryReq:
    profile = None
    if power_w is not None:
        entry = v2_types.ProfileEntryType(
            ChargingProfileEntryStart=0, ChargingProfileEntryMaxPower=physical(power_w, W)
        )
        profile = v2_types.ChargingProfileType(ProfileEntry=[entry])
    return v2.PowerDeliveryReq(
        ChargeProgress=v2.chargeProgressType(progress), SAScheduleTupleID=schedule_id, ChargingProfile=profile
    )


@pytest.mark.parametrize(
    ("state", "service", "progress"),
    [
        (State.POWER_DELIVERY, Service.AC, "Renegotiate"),
        (State.CHARGE_LOOP, Service.AC, "Start"),
        (State.CHARGE_LOOP, Service.DC, "Start"),
        (State.PRE_CHARGE, Service.DC, "Renegotiate"),
        (State.PRE_CHARGE, Service.DC, "Start"),
    ],
)
def test_power_delivery_that_leads_nowhere(
    secc_in: Callable[..., SeccSession], state: State, service: Service, progress: str
) -> None:
    secc = secc_in(state, service)
    answer = send(secc, delivery(progress))
    assert answer.ResponseCode == "FAILED_SequenceError"
    assert [event.on for event in events_of(secc) if isinstance(event, PowerDeliveryChanged)] in ([], [False])


# What was not offered.


def selection(*services: int, payment: str = "ExternalPayment") -> v2.PaymentServiceSelectionReq:
    chosen = [v2_types.SelectedServiceType(ServiceID=service) for service in services]
    return v2.PaymentServiceSelectionReq(
        SelectedPaymentOption=v2_types.paymentOptionType(payment),
        SelectedServiceList=v2_types.SelectedServiceListType(SelectedService=chosen),
    )


@pytest.mark.parametrize(
    ("request_", "code", "words"),
    [
        (v2.ServiceDetailReq(ServiceID=7), "FAILED_ServiceIDInvalid", "service 7"),
        (selection(2), "FAILED_NoChargeServiceSelected", "not the charging service"),
        (selection(1, 3), "FAILED_ServiceSelectionInvalid", "service 3"),
        (selection(1, payment="Contract"), "FAILED_PaymentSelectionInvalid", "Contract"),
    ],
)
def test_services_and_payment(secc_in: Callable[..., SeccSession], request_: Element, code: str, words: str) -> None:
    secc = secc_in(State.PAYMENT_SELECTION)
    assert send(secc, request_).ResponseCode == code
    assert words in end_of(secc).reason


@pytest.mark.parametrize(("parameter_set", "code"), [(4, "OK"), (None, "OK"), (5, "FAILED_ServiceSelectionInvalid")])
def test_parameter_sets(secc_in: Callable[..., SeccSession], parameter_set: int | None, code: str) -> None:
    offer = EvseOffer(protocols=(ProtocolName.V2,), value_added=(ValueAdded.INTERNET,))
    request = selection(1, 3)
    request.SelectedServiceList.SelectedService[1].ParameterSetID = parameter_set
    assert send(secc_in(State.PAYMENT_SELECTION, evse=Evse(offer)), request).ResponseCode == code


@pytest.mark.parametrize(
    ("scope", "category", "found"),
    [
        (None, None, 1),
        (None, "Internet", 1),
        (None, "OtherCustom", 0),
        ("home", None, 0),
    ],
)
def test_services_of_one_kind(
    secc_in: Callable[..., SeccSession], scope: str | None, category: str | None, found: int
) -> None:
    offer = EvseOffer(protocols=(ProtocolName.V2,), value_added=(ValueAdded.INTERNET,))
    wanted = None if category is None else v2_types.serviceCategoryType(category)
    request = v2.ServiceDiscoveryReq(ServiceScope=scope, ServiceCategory=wanted)
    answer = send(secc_in(State.SERVICE_DISCOVERY, evse=Evse(offer)), request)
    assert len(answer.ServiceList.Service if answer.ServiceList else []) == found


def test_the_details_of_charging_are_none(secc_in: Callable[..., SeccSession]) -> None:
    answer = send(secc_in(State.PAYMENT_SELECTION), v2.ServiceDetailReq(ServiceID=1))
    assert (answer.ResponseCode, answer.ServiceParameterList) == ("OK", None)


def ac(current_a: float = 16.0, least_a: float = 6.0) -> v2_types.AC_EVChargeParameterType:
    return v2_types.AC_EVChargeParameterType(
        EAmount=physical(10_000, v2_types.unitSymbolType.Wh),
        EVMaxVoltage=physical(230, V),
        EVMaxCurrent=physical(current_a, A),
        EVMinCurrent=physical(least_a, A),
    )


def dc(max_v: float = 400.0, most_a: float = 100.0) -> v2_types.DC_EVChargeParameterType:
    return v2_types.DC_EVChargeParameterType(
        DC_EVStatus=STATUS, EVMaximumCurrentLimit=physical(most_a, A), EVMaximumVoltageLimit=physical(max_v, V)
    )


@pytest.mark.parametrize(
    ("mode", "parameter", "code"),
    [
        ("DC_unique", dc(), "FAILED_WrongEnergyTransferMode"),
        ("AC_three_phase_core", dc(), "FAILED_WrongChargeParameter"),
        ("DC_extended", ac(), "FAILED_WrongChargeParameter"),
        ("DC_extended", dc(max_v=100.0), "FAILED_WrongChargeParameter"),
        ("DC_extended", dc(most_a=-1.0), "FAILED_WrongChargeParameter"),
        ("AC_three_phase_core", ac(current_a=5.0), "FAILED_WrongChargeParameter"),
        ("AC_single_phase_core", ac(), "OK"),
        ("DC_core", dc(), "OK"),
    ],
)
def test_charge_parameters(secc_in: Callable[..., SeccSession], mode: str, parameter: Any, code: str) -> None:
    secc = secc_in(State.CHARGE_PARAMETERS)
    request = v2.ChargeParameterDiscoveryReq(
        RequestedEnergyTransferMode=v2_types.EnergyTransferModeType(mode), EVChargeParameter=parameter
    )
    assert send(secc, request).ResponseCode == code
    assert secc.ended is (code != "OK")


def test_a_charger_without_dc_refuses_it(secc_in: Callable[..., SeccSession]) -> None:
    offer = EvseOffer(protocols=(ProtocolName.V2,), services=(Service.AC,), phases=1)
    secc = secc_in(State.CHARGE_PARAMETERS, Service.AC, evse=Evse(offer))
    for mode in ("DC_extended", "AC_three_phase_core"):
        assert v2_types.EnergyTransferModeType(mode) not in secc.side.modes  # type: ignore[attr-defined]
    request = v2.ChargeParameterDiscoveryReq(
        RequestedEnergyTransferMode=v2_types.EnergyTransferModeType.DC_extended, EVChargeParameter=dc()
    )
    assert send(secc, request).ResponseCode == "FAILED_WrongEnergyTransferMode"


def test_a_car_may_not_change_between_ac_and_dc(conversation: Any) -> None:
    talk = conversation(
        evse=Evse(EvseOffer(protocols=(ProtocolName.V2,))),
        plan=CarPlan(Service.AC, protocols=(ProtocolName.V2,)),
        car=SimulatedCar(),
        security=PLAIN,
    )
    talk.run(until=lambda: len(talk.secc_of(LoopAnswered)) == 2)
    assert send(talk.secc, delivery("Renegotiate")).ResponseCode == "OK"
    request = v2.ChargeParameterDiscoveryReq(
        RequestedEnergyTransferMode=v2_types.EnergyTransferModeType.DC_extended, EVChargeParameter=dc()
    )
    assert send(talk.secc, request).ResponseCode == "FAILED_WrongEnergyTransferMode"


# Schedules and profiles.


@pytest.mark.parametrize(
    ("schedule_id", "power_w", "code"),
    [
        (1, 7_000, "OK"),
        (1, None, "OK"),
        (1, 7_030, "OK"),
        (1, 7_100, "FAILED_ChargingProfileInvalid"),
        (2, 3_000, "OK"),
        (2, 7_000, "FAILED_ChargingProfileInvalid"),
        (3, 1_000, "FAILED_TariffSelectionInvalid"),
        (255, None, "FAILED_TariffSelectionInvalid"),
    ],
)
def test_profiles(secc_in: Callable[..., SeccSession], schedule_id: int, power_w: float | None, code: str) -> None:
    evse = Evse(EvseOffer(protocols=(ProtocolName.V2,)))
    evse.offer_schedules(Schedule(((86_400.0, 7_000.0),)), Schedule(((86_400.0, 3_000.0),)))
    secc = secc_in(State.POWER_DELIVERY, Service.AC, evse=evse)
    assert send(secc, delivery("Start", schedule_id, power_w)).ResponseCode == code


def test_a_stop_is_taken_whatever_schedule_it_names(secc_in: Callable[..., SeccSession]) -> None:
    secc = secc_in(State.CHARGE_LOOP, Service.AC)
    assert send(secc, delivery("Stop", 77)).ResponseCode == "OK"
    assert not secc.side.power_on


def test_a_contactor_that_does_not_close(secc_in: Callable[..., SeccSession]) -> None:
    evse = Evse(EvseOffer(protocols=(ProtocolName.V2,)), contactor_fault=True)
    secc = secc_in(State.POWER_DELIVERY, Service.AC, evse=evse)
    assert send(secc, delivery("Start")).ResponseCode == "FAILED_ContactorError"
    assert not secc.side.power_on


@pytest.mark.parametrize("state", [State.CABLE_CHECK, State.PRE_CHARGE, State.CHARGE_LOOP])
def test_a_car_that_reports_a_fault(secc_in: Callable[..., SeccSession], state: State) -> None:
    secc = secc_in(state)
    request: Any = {
        State.CABLE_CHECK: v2.CableCheckReq(DC_EVStatus=BATTERY_HOT),
        State.PRE_CHARGE: v2.PreChargeReq(
            DC_EVStatus=BATTERY_HOT, EVTargetVoltage=physical(400, V), EVTargetCurrent=physical(0, A)
        ),
        State.CHARGE_LOOP: v2.CurrentDemandReq(
            DC_EVStatus=BATTERY_HOT,
            EVTargetCurrent=physical(0, A),
            ChargingComplete=False,
            EVTargetVoltage=physical(400, V),
        ),
    }[state]
    assert send(secc, request).ResponseCode == "FAILED"
    assert "FAILED_RESSTemperatureInhibit" in end_of(secc).reason
    assert not secc.side.power_on


def test_a_reading_that_no_number_can_carry_ends_the_session_and_not_the_charger(
    secc_in: Callable[..., SeccSession],
) -> None:
    evse = Evse(EvseOffer(protocols=(ProtocolName.V2,)))
    secc = secc_in(State.CHARGE_PARAMETERS, evse=evse)
    evse.limits = Limits(max_charge_w=float("nan"))
    request = v2.ChargeParameterDiscoveryReq(
        RequestedEnergyTransferMode=v2_types.EnergyTransferModeType.DC_extended, EVChargeParameter=dc()
    )
    content: Any = request
    document = v2.V2G_Message(
        Header=v2_types.MessageHeaderType(SessionID=secc.side.session_id), Body=v2.BodyType(BodyElement=content)
    )
    secc.receive(pack(PayloadType.V2_MAINSTREAM, encode(V2, document)), START_S)
    assert "could not be answered" in end_of(secc).reason


def test_a_message_without_a_body_is_no_message(secc_in: Callable[..., SeccSession]) -> None:
    secc = secc_in(State.CHARGE_LOOP)
    header = v2_types.MessageHeaderType(SessionID=secc.side.session_id)
    document = encode(V2, v2.V2G_Message(Header=header, Body=v2.BodyType()))
    secc.receive(pack(PayloadType.V2_MAINSTREAM, document), START_S)
    events = events_of(secc)
    assert "the body of the V2G_Message is empty" in events[-1].reason
    assert [event.on for event in events if isinstance(event, PowerDeliveryChanged)] == [False]


def test_a_bare_body_is_no_message(secc_in: Callable[..., SeccSession]) -> None:
    secc = secc_in(State.CHARGE_LOOP)
    secc.receive(pack(PayloadType.V2_MAINSTREAM, encode(V2, v2.ChargingStatusReq())), START_S)
    assert "is no V2G_Message, only a part of one" in end_of(secc).reason


# The car's side.


def test_the_car_leaves_a_charger_that_has_not_its_way_to_charge(conversation: Any) -> None:
    offer = EvseOffer(protocols=(ProtocolName.V2,), services=(Service.AC,))
    evse = Evse(offer)
    talk = conversation(evse=evse, plan=CarPlan(Service.DC, protocols=(ProtocolName.V2,)), security=PLAIN).run()
    assert "DC is not offered, only AC_three_phase_core, AC_single_phase_core" in talk.evcc_end.reason
    assert not talk.evcc_end.proper
    assert talk.secc_end.proper


def test_the_car_does_not_charge_over_bad_insulation(conversation: Any) -> None:
    talk = conversation(
        evse=Evse(EvseOffer(protocols=(ProtocolName.V2,))),
        plan=CarPlan(Service.DC, protocols=(ProtocolName.V2,)),
        security=PLAIN,
    )
    talk.run(until=lambda: talk.evcc.state is State.CABLE_CHECK)
    assert talk.evcc.data_to_send()
    status = v2_types.DC_EVSEStatusType(
        NotificationMaxDelay=0,
        EVSENotification=v2_types.EVSENotificationType.NONE,
        EVSEIsolationStatus=v2_types.isolationLevelType.Fault,
        EVSEStatusCode=v2_types.DC_EVSEStatusCodeType.EVSE_Ready,
    )
    answer = v2.CableCheckRes(
        ResponseCode=v2_types.responseCodeType.OK,
        DC_EVSEStatus=status,
        EVSEProcessing=v2_types.EVSEProcessingType.Finished,
    )
    document = encode(V2, talk.secc.side.wrap(answer, talk.now))
    talk.evcc.receive(pack(PayloadType.V2_MAINSTREAM, document), talk.now)
    talk._drain()
    assert "insulation test ended with Fault" in talk.evcc_end.reason
