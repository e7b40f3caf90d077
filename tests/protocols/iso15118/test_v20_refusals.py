"""What may not come: each refused with the standard's code, then the end of that session only."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.exi import decode, encode
from protocols.exi.messages.app_protocol import AppProtocolType, supportedAppProtocolReq
from protocols.exi.messages.common import (
    ChargeProgressType,
    PowerDeliveryReq,
    SelectedServiceListType,
    SelectedServiceType,
    ServiceDetailReq,
    ServiceSelectionReq,
)
from protocols.exi.messages.common_types import MessageHeaderType, ProcessingType, ResponseCodeType
from protocols.exi.messages.dc import DC_CableCheckReq
from protocols.exi.namespaces import APP_PROTOCOL, V20_AC, V20_COMMON
from protocols.exi.schema import Element
from protocols.iso15118 import CarPlan, ControlMode, Evse, EvseOffer, Notification, Service, SimulatedCar, State
from protocols.iso15118.connection import ConnectionSecurity
from protocols.iso15118.events import CableCheckRequested, LoopAnswered, MessageIgnored, PayloadSeen, SessionEnded
from protocols.iso15118.power import EvseReadings, Limits
from protocols.iso15118.refusal import least
from protocols.iso15118.registry import dialect
from protocols.iso15118.secc import SeccSession
from protocols.iso15118.services import Energy, ProtocolName
from protocols.iso15118.simulation import DEFAULT_CAR_LIMITS
from protocols.iso15118.table import HANDSHAKE_REQUEST
from protocols.iso15118.v2gtp import PayloadType, V2gtpStream, pack
from protocols.iso15118.v20.dialect import GRAMMARS
from protocols.iso15118.v20.secc import ANSWERS
from protocols.iso15118.v20.table import TABLE

message_class = dialect(ProtocolName.V20_DC).message_class

WIRE = {**GRAMMARS, PayloadType.APP_PROTOCOL: APP_PROTOCOL}
TLS = ConnectionSecurity("TLSv1.3")
START_S = 1_800_000_000.0
REQUESTS = [name for name in TABLE.exchanges if name != "supportedAppProtocolReq"]


def answers(secc: SeccSession) -> list[Element]:
    return [
        decode(WIRE[PayloadType(packet.payload_type)], packet.payload)
        for packet in V2gtpStream().receive(secc.data_to_send())
    ]


def send(secc: SeccSession, message: Element, payload_type: PayloadType | None = None) -> Element:
    """Send one request as the car would; returns the one answer."""
    exchange = TABLE.exchanges[type(message).__name__]
    wire = pack(payload_type or exchange.payload_type, encode(exchange.namespace, message))
    secc.receive(wire, START_S)
    (answer,) = answers(secc)
    return answer


def end_of(secc: SeccSession) -> SessionEnded:
    ends = []
    while (event := secc.next_event()) is not None:
        if isinstance(event, SessionEnded):
            ends.append(event)
    (end,) = ends
    return end


def header(secc: SeccSession) -> MessageHeaderType:
    return MessageHeaderType(SessionID=secc.side.session_id, TimeStamp=int(START_S))


@pytest.fixture
def secc_in(conversation: Any) -> Callable[..., SeccSession]:
    """A charger brought to a state by a real car."""

    def bring(state: State, service: Service = Service.DC_BPT, **options: Any) -> SeccSession:
        mode = options.pop("mode", ControlMode.DYNAMIC)
        talk = conversation(plan=CarPlan(service, mode), car=SimulatedCar(max_loops=3), **options)
        if state is not State.HANDSHAKE:
            talk.run(until=lambda: talk.secc.state is state and talk.evcc.state is state)
        talk.secc.data_to_send()
        while talk.secc.next_event() is not None:
            pass
        return talk.secc

    return bring


NOT_ON_THE_WAY = {
    State.HANDSHAKE,
    State.RESUMED,
    State.CERTIFICATE_INSTALLATION,
    State.SESSION_STOP,
    State.ENDED,
}
STATES = sorted(TABLE.states - NOT_ON_THE_WAY)


@pytest.mark.parametrize("state", STATES)
def test_every_request_out_of_order_gets_its_own_response(secc_in: Callable[..., SeccSession], state: State) -> None:
    for name in REQUESTS:
        if TABLE.allowed(state, name, Energy.DC):
            continue
        secc = secc_in(state)
        request = least(message_class(name))
        request.Header = header(secc)
        answer = send(secc, request)
        assert type(answer).__name__ == TABLE.exchanges[name].response
        assert answer.ResponseCode is ResponseCodeType.FAILED_SequenceError
        end = end_of(secc)
        assert not end.proper
        assert name in end.reason
        assert str(state) in end.reason


def test_every_allowed_request_has_an_answer() -> None:
    assert {row.request for row in TABLE.transitions} - {HANDSHAKE_REQUEST} <= set(ANSWERS)


@pytest.mark.parametrize("state", [s for s in STATES if s is not State.SESSION_SETUP])
def test_another_sessions_message(secc_in: Callable[..., SeccSession], state: State) -> None:
    secc = secc_in(state)
    request = least(message_class("SessionStopReq"))
    request.Header = MessageHeaderType(SessionID=b"\xff" * 8, TimeStamp=1)
    answer = send(secc, request)
    assert answer.ResponseCode is ResponseCodeType.FAILED_UnknownSession
    assert "FFFFFFFFFFFFFFFF" in end_of(secc).reason


def test_a_progress_that_does_not_fit_the_state(secc_in: Callable[..., SeccSession]) -> None:
    secc = secc_in(State.POWER_DELIVERY)
    request = PowerDeliveryReq(
        Header=header(secc),
        EVProcessing=ProcessingType.Finished,
        ChargeProgress=ChargeProgressType.ScheduleRenegotiation,
    )
    assert send(secc, request).ResponseCode is ResponseCodeType.FAILED_SequenceError


def test_pre_charge_must_be_finished_before_power(secc_in: Callable[..., SeccSession]) -> None:
    """[V2G20-2005]: after an ongoing DC_PreChargeReq only another one may come."""
    secc = secc_in(State.PRE_CHARGE)
    request = PowerDeliveryReq(
        Header=header(secc), EVProcessing=ProcessingType.Finished, ChargeProgress=ChargeProgressType.Start
    )
    assert send(secc, request).ResponseCode is ResponseCodeType.FAILED_SequenceError


@pytest.mark.parametrize(
    ("service_id", "set_id", "vas"), [(1, 1, False), (99, 1, False), (6, 9, False), (6, 0, False), (6, 1, True)]
)
def test_a_selection_that_was_not_offered(
    secc_in: Callable[..., SeccSession], service_id: int, set_id: int, vas: bool
) -> None:
    secc = secc_in(State.SERVICE_SELECTION)
    selected = SelectedServiceType(ServiceID=service_id, ParameterSetID=set_id)
    request = ServiceSelectionReq(
        Header=header(secc),
        SelectedEnergyTransferService=selected,
        SelectedVASList=SelectedServiceListType(SelectedService=[selected]) if vas else None,
    )
    answer = send(secc, request)
    assert answer.ResponseCode is ResponseCodeType.FAILED_ServiceSelectionInvalid
    assert str(service_id) in end_of(secc).reason


def test_details_of_a_service_that_was_not_offered(secc_in: Callable[..., SeccSession]) -> None:
    secc = secc_in(State.SERVICE_DETAIL)
    answer = send(secc, ServiceDetailReq(Header=header(secc), ServiceID=5))
    assert answer.ResponseCode is ResponseCodeType.FAILED_ServiceIDInvalid


@pytest.mark.parametrize(
    "limits",
    [
        Limits(max_charge_w=1_000, min_charge_w=2_000, max_v=400, min_v=200),
        Limits(max_charge_w=9_000, max_v=100, min_v=50),
    ],
)
def test_charge_parameters_that_cannot_be(conversation: Any, limits: Limits) -> None:
    class OddCar(SimulatedCar):
        limits = property(lambda self: self.rated)

    talk = conversation(plan=CarPlan(Service.DC), car=OddCar(rated=limits))
    talk.run()
    assert "FAILED_WrongChargeParameter" in talk.secc_end.reason
    assert "FAILED_WrongChargeParameter" in talk.evcc_end.reason


def test_limits_of_another_service(secc_in: Callable[..., SeccSession]) -> None:
    secc = secc_in(State.CHARGE_PARAMETERS, Service.DC_BPT)
    request = least(message_class("DC_ChargeParameterDiscoveryReq"))
    request.DC_CPDReqEnergyTransferMode = least(message_class("DC_CPDReqEnergyTransferModeType"))
    request.Header = header(secc)
    assert send(secc, request).ResponseCode is ResponseCodeType.FAILED_WrongChargeParameter


def test_a_loop_request_of_another_mode(secc_in: Callable[..., SeccSession]) -> None:
    secc = secc_in(State.CHARGE_LOOP, Service.DC_BPT)
    request = least(message_class("DC_ChargeLoopReq"))
    request.CLReqControlMode = least(message_class("Scheduled_DC_CLReqControlModeType"))
    request.Header = header(secc)
    answer = send(secc, request)
    assert answer.ResponseCode is ResponseCodeType.FAILED
    assert "Scheduled_DC_CLReqControlModeType" in end_of(secc).reason


def scheduled_start(secc: SeccSession, tuple_id: int, power_w: int) -> PowerDeliveryReq:
    request = least(message_class("PowerDeliveryReq"))
    request.Header = header(secc)
    request.EVProcessing, request.ChargeProgress = ProcessingType.Finished, ChargeProgressType.Start
    profile = least(message_class("EVPowerProfileType"))
    profile.Dynamic_EVPPTControlMode = None
    profile.Scheduled_EVPPTControlMode = least(message_class("Scheduled_EVPPTControlModeType"))
    profile.Scheduled_EVPPTControlMode.SelectedScheduleTupleID = tuple_id
    (entry,) = profile.EVPowerProfileEntries.EVPowerProfileEntry
    entry.Duration, entry.Power.Value = 3600, power_w
    request.EVPowerProfile = profile
    return request


@pytest.mark.parametrize(
    ("tuple_id", "power_w", "code"),
    [
        (7, 5_000, ResponseCodeType.FAILED_ScheduleSelectionInvalid),
        (1, 20_000, ResponseCodeType.FAILED_EVPowerProfileViolation),
        (1, 5_000, ResponseCodeType.OK),
    ],
)
def test_profiles_are_checked_against_the_schedule(
    secc_in: Callable[..., SeccSession], tuple_id: int, power_w: int, code: ResponseCodeType
) -> None:
    secc = secc_in(State.POWER_DELIVERY, Service.AC, mode=ControlMode.SCHEDULED)
    assert send(secc, scheduled_start(secc, tuple_id, power_w)).ResponseCode is code


def test_a_profile_that_is_over(secc_in: Callable[..., SeccSession]) -> None:
    secc = secc_in(State.POWER_DELIVERY, Service.AC, mode=ControlMode.SCHEDULED)
    request = scheduled_start(secc, 1, 5_000)
    request.EVPowerProfile.TimeAnchor = int(START_S) - 7_200
    assert send(secc, request).ResponseCode is ResponseCodeType.FAILED_EVPowerProfileInvalid
    assert "over before it begins" in end_of(secc).reason


def test_a_missing_profile_in_scheduled_mode(secc_in: Callable[..., SeccSession]) -> None:
    secc = secc_in(State.POWER_DELIVERY, Service.AC, mode=ControlMode.SCHEDULED)
    request = PowerDeliveryReq(
        Header=header(secc), EVProcessing=ProcessingType.Finished, ChargeProgress=ChargeProgressType.Start
    )
    assert send(secc, request).ResponseCode is ResponseCodeType.FAILED_EVPowerProfileInvalid


def test_insulation_and_contactor_faults(conversation: Any) -> None:
    talk = conversation(plan=CarPlan(Service.DC), with_stage=False)
    talk.run(until=lambda: talk.secc_of(CableCheckRequested))
    talk.evse.insulation_ok = False
    talk.run()
    assert "insulation" in talk.secc_end.reason

    stuck = conversation(plan=CarPlan(Service.AC))
    stuck.evse.contactor_fault = True
    stuck.run()
    assert "FAILED_ContactorError" in stuck.evcc_end.reason


def test_standby_is_a_warning_and_power_stays(secc_in: Callable[..., SeccSession]) -> None:
    secc = secc_in(State.CHARGE_LOOP, Service.AC)
    request = PowerDeliveryReq(
        Header=header(secc), EVProcessing=ProcessingType.Finished, ChargeProgress=ChargeProgressType.Standby
    )
    assert send(secc, request).ResponseCode is ResponseCodeType.WARNING_StandbyNotAllowed
    assert secc.state is State.CHARGE_LOOP
    assert secc.side.power_on


def test_standby_where_it_is_allowed(secc_in: Callable[..., SeccSession]) -> None:
    secc = secc_in(State.CHARGE_LOOP, Service.AC, evse=Evse(EvseOffer(standby_allowed=True)))
    request = PowerDeliveryReq(
        Header=header(secc), EVProcessing=ProcessingType.Finished, ChargeProgress=ChargeProgressType.Standby
    )
    assert send(secc, request).ResponseCode is ResponseCodeType.OK
    assert not secc.side.power_on
    assert secc.state is State.CHARGE_LOOP


@pytest.mark.parametrize(
    ("offer", "notification", "code"),
    [
        (EvseOffer(pause_allowed=False), Notification.Pause, "FAILED_PauseNotAllowed"),
        (
            EvseOffer(service_renegotiation=False),
            Notification.ServiceRenegotiation,
            "FAILED_NoServiceRenegotiationSupported",
        ),
    ],
)
def test_what_this_charger_does_not_allow(
    conversation: Any, offer: EvseOffer, notification: Notification, code: str
) -> None:
    talk = conversation(evse=Evse(offer), plan=CarPlan(Service.AC), car=SimulatedCar())
    talk.listeners.append(lambda event: talk.evse.notify(notification) if isinstance(event, LoopAnswered) else None)
    talk.run()
    assert code in talk.evcc_end.reason


def test_a_metering_confirmation_nobody_asked_for(secc_in: Callable[..., SeccSession]) -> None:
    secc = secc_in(State.CHARGE_LOOP)
    request = least(message_class("MeteringConfirmationReq"))
    request.Header = header(secc)
    answer = send(secc, request, PayloadType.METERING_CONFIRMATION)
    assert answer.ResponseCode is ResponseCodeType.FAILED_SequenceError


def test_the_wrong_payload_type(secc_in: Callable[..., SeccSession]) -> None:
    secc = secc_in(State.SERVICE_DISCOVERY)
    request = least(message_class("ServiceDiscoveryReq"))
    request.Header = header(secc)
    answer = send(secc, request, PayloadType.SCHEDULE_RENEGOTIATION)
    assert answer.ResponseCode is ResponseCodeType.FAILED_SequenceError


def test_an_unknown_payload_type_is_dropped_and_the_session_goes_on(
    secc_in: Callable[..., SeccSession],
) -> None:
    secc = secc_in(State.CABLE_CHECK)
    secc.receive(pack(0xA123, b"whatever"), START_S)
    assert isinstance(secc.next_event(), PayloadSeen)
    assert isinstance(secc.next_event(), MessageIgnored)
    answer = send(secc, DC_CableCheckReq(Header=header(secc)))
    assert answer.ResponseCode is ResponseCodeType.OK


@pytest.mark.parametrize(
    ("wire", "match"),
    [
        (pack(PayloadType.MAINSTREAM, b"\x80\xff\xff\xff"), "malformed EXI"),
        (pack(PayloadType.MAINSTREAM, b""), "malformed EXI"),
        (pack(PayloadType.MAINSTREAM, b"\x80\x08\x04"), "malformed EXI"),
        (pack(PayloadType.APP_PROTOCOL, b"\x80\x40\x00\x40"), "payload type 0x8001 came"),
        (b"GET / HTTP/1.1\r\n", "not V2GTP"),
        (bytes.fromhex("01fe8002ffffffff"), "not V2GTP"),
    ],
)
def test_hostile_bytes_end_this_session_with_a_reason(
    secc_in: Callable[..., SeccSession], wire: bytes, match: str
) -> None:
    secc = secc_in(State.AUTHORIZATION)
    secc.receive(wire, START_S)
    assert match in end_of(secc).reason
    assert secc.ended


def test_a_response_where_a_request_belongs(secc_in: Callable[..., SeccSession]) -> None:
    secc = secc_in(State.AUTHORIZATION)
    response = least(message_class("SessionStopRes"))
    secc.receive(pack(PayloadType.MAINSTREAM, encode(V20_COMMON, response)), START_S)
    assert "no request" in end_of(secc).reason


def test_nothing_is_answered_after_the_end(secc_in: Callable[..., SeccSession]) -> None:
    secc = secc_in(State.CHARGE_LOOP)
    bad = pack(PayloadType.DC, b"\x80")
    good = least(message_class("SessionStopReq"))
    good.Header = header(secc)
    secc.receive(bad + pack(PayloadType.MAINSTREAM, encode(V20_COMMON, good)), START_S)
    assert answers(secc) == []
    assert end_of(secc).proper is False


def test_readings_that_no_number_can_carry_end_the_session_not_the_charger(
    secc_in: Callable[..., SeccSession],
) -> None:
    secc = secc_in(State.CHARGE_LOOP, Service.AC)
    secc.side.evse.readings = EvseReadings(power_w=float("nan"))
    request = least(message_class("AC_ChargeLoopReq"))
    request.CLReqControlMode = least(message_class("Dynamic_AC_CLReqControlModeType"))
    request.Header = header(secc)
    secc.receive(pack(PayloadType.AC, encode(V20_AC, request)), START_S)
    assert "could not be answered" in end_of(secc).reason


def test_the_car_that_reports_nonsense_ends_its_session(conversation: Any) -> None:
    talk = conversation(plan=CarPlan(Service.AC), car=SimulatedCar(capacity_wh=1e12))
    talk.run()
    assert "could not be written" in talk.evcc_end.reason
    assert not talk.secc_end.proper


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=80), st.sampled_from(list(GRAMMARS)))
def test_noise_never_raises(noise: bytes, payload_type: PayloadType) -> None:
    secc = SeccSession(Evse(), security=TLS)
    secc.connected(START_S)
    handshake = supportedAppProtocolReq(
        AppProtocol=[
            AppProtocolType(
                ProtocolNamespace=V20_AC, VersionNumberMajor=1, VersionNumberMinor=0, SchemaID=3, Priority=1
            )
        ]
    )
    secc.receive(pack(PayloadType.APP_PROTOCOL, encode(APP_PROTOCOL, handshake)), START_S)
    secc.data_to_send()
    secc.receive(pack(payload_type, noise), START_S)
    secc.receive(noise, START_S)
    assert secc.ended or secc.state in (State.SESSION_SETUP, State.AUTHORIZATION_SETUP)


@pytest.mark.parametrize(
    ("priorities", "chosen"), [((1, 2), 10), ((2, 1), 11)], ids=["first wanted most", "second wanted most"]
)
def test_the_cars_priority_decides(priorities: tuple[int, int], chosen: int) -> None:
    secc = SeccSession(Evse(), security=TLS)
    offers = [
        AppProtocolType(
            ProtocolNamespace=f"urn:iso:std:iso:15118:-20:{energy}",
            VersionNumberMajor=1,
            VersionNumberMinor=0,
            SchemaID=schema_id,
            Priority=priority,
        )
        for energy, schema_id, priority in zip(("AC", "DC"), (10, 11), priorities, strict=True)
    ]
    answer = send(secc, supportedAppProtocolReq(AppProtocol=offers))
    assert answer.SchemaID == chosen


def test_an_unknown_major_version_is_no_match_but_an_unknown_minor_is_a_deviation() -> None:
    def offer(major: int, minor: int) -> supportedAppProtocolReq:
        return supportedAppProtocolReq(
            AppProtocol=[
                AppProtocolType(
                    ProtocolNamespace=V20_AC,
                    VersionNumberMajor=major,
                    VersionNumberMinor=minor,
                    SchemaID=1,
                    Priority=1,
                )
            ]
        )

    assert send(SeccSession(Evse(), security=TLS), offer(2, 0)).ResponseCode == "Failed_NoNegotiation"
    deviation = send(SeccSession(Evse(), security=TLS), offer(1, 7)).ResponseCode
    assert deviation == "OK_SuccessfulNegotiationWithMinorDeviation"


def test_default_car_limits_are_plausible_here(conversation: Any) -> None:
    talk = conversation(car=SimulatedCar(rated=DEFAULT_CAR_LIMITS, max_loops=1))
    talk.run()
    assert talk.secc_end.proper
