"""The one transition table that drives both sides of an ISO 15118-20 session.

A state is what the SECC may be asked next. A row says: in this state, this request, answered with this outcome,
leads there. The SECC refuses with FAILED_SequenceError what has no row; the EVCC reads from the same rows where
an answer has taken it; `diagram.py` draws them. Sources: ISO 15118-20:2022, 8.6.6 (Figures 215 and 216) and the
[V2G20-...] requirements named at the rows.
"""

from enum import StrEnum
from typing import Any, NamedTuple

from protocols.exi.namespaces import APP_PROTOCOL, V20_AC, V20_COMMON, V20_DC
from protocols.iso15118.v2gtp import PayloadType


class State(StrEnum):
    """What the SECC waits for."""

    HANDSHAKE = "handshake"
    SESSION_SETUP = "session_setup"
    AUTHORIZATION_SETUP = "authorization_setup"
    AUTHORIZATION = "authorization"
    SERVICE_DISCOVERY = "service_discovery"
    SERVICE_DETAIL = "service_detail"
    SERVICE_SELECTION = "service_selection"
    CHARGE_PARAMETERS = "charge_parameters"
    SCHEDULE_EXCHANGE = "schedule_exchange"
    CABLE_CHECK = "cable_check"
    PRE_CHARGE = "pre_charge"
    POWER_DELIVERY = "power_delivery"
    CHARGE_LOOP = "charge_loop"
    WELDING_DETECTION = "welding_detection"
    SESSION_STOP = "session_stop"
    ENDED = "ended"


class Outcome(StrEnum):
    """How a request was answered, as far as the next state depends on it."""

    DONE = "done"
    ONGOING = "ongoing"
    REFUSED = "refused"
    START = "start"
    STOP = "stop"
    STANDBY = "standby"
    RENEGOTIATE = "renegotiate"
    TERMINATE = "terminate"
    PAUSE = "pause"
    OTHER_SERVICE = "other_service"


class Energy(StrEnum):
    """The two kinds of energy transfer; a service is one of them."""

    AC = "ac"
    DC = "dc"


class Exchange(NamedTuple):
    """A request and its response: where they are defined, how they travel, how long each side waits.

    `evcc_timer` bounds the EVCC's wait for the response, `secc_timer` the SECC's wait for the next request;
    both name a field of `Timings`. `side_stream` marks the multiplexed messages, which run beside the main
    sequence under a payload type of their own (Table 12).
    """

    request: str
    response: str
    namespace: str = V20_COMMON
    payload_type: PayloadType = PayloadType.MAINSTREAM
    evcc_timer: str = "evcc_message_s"
    secc_timer: str = "secc_sequence_s"
    side_stream: PayloadType | None = None


class Transition(NamedTuple):
    """One row. `energy` None holds for AC and DC."""

    state: State
    request: str
    outcome: Outcome
    next: State
    energy: Energy | None = None


_LOOP: dict[str, Any] = {"evcc_timer": "evcc_message_charge_loop_s", "secc_timer": "secc_sequence_charge_loop_s"}

EXCHANGES: dict[str, Exchange] = {
    exchange.request: exchange
    for exchange in (
        Exchange("supportedAppProtocolReq", "supportedAppProtocolRes", APP_PROTOCOL, PayloadType.APP_PROTOCOL),
        Exchange("SessionSetupReq", "SessionSetupRes"),
        Exchange("AuthorizationSetupReq", "AuthorizationSetupRes"),
        Exchange("AuthorizationReq", "AuthorizationRes"),
        Exchange("CertificateInstallationReq", "CertificateInstallationRes"),
        Exchange("ServiceDiscoveryReq", "ServiceDiscoveryRes"),
        Exchange("ServiceDetailReq", "ServiceDetailRes", evcc_timer="evcc_message_service_detail_s"),
        Exchange("ServiceSelectionReq", "ServiceSelectionRes"),
        Exchange("AC_ChargeParameterDiscoveryReq", "AC_ChargeParameterDiscoveryRes", V20_AC, PayloadType.AC),
        Exchange("DC_ChargeParameterDiscoveryReq", "DC_ChargeParameterDiscoveryRes", V20_DC, PayloadType.DC),
        Exchange("ScheduleExchangeReq", "ScheduleExchangeRes", side_stream=PayloadType.SCHEDULE_RENEGOTIATION),
        Exchange("DC_CableCheckReq", "DC_CableCheckRes", V20_DC, PayloadType.DC),
        Exchange("DC_PreChargeReq", "DC_PreChargeRes", V20_DC, PayloadType.DC),
        Exchange("PowerDeliveryReq", "PowerDeliveryRes"),
        Exchange("AC_ChargeLoopReq", "AC_ChargeLoopRes", V20_AC, PayloadType.AC, **_LOOP),
        Exchange("DC_ChargeLoopReq", "DC_ChargeLoopRes", V20_DC, PayloadType.DC, **_LOOP),
        Exchange(
            "MeteringConfirmationReq",
            "MeteringConfirmationRes",
            side_stream=PayloadType.METERING_CONFIRMATION,
        ),
        Exchange("DC_WeldingDetectionReq", "DC_WeldingDetectionRes", V20_DC, PayloadType.DC),
        Exchange("SessionStopReq", "SessionStopRes"),
        Exchange("VehicleCheckInReq", "VehicleCheckInRes"),
        Exchange("VehicleCheckOutReq", "VehicleCheckOutRes"),
    )
}

_S, _O, _E = State, Outcome, Energy

_STOPPABLE = [s for s in State if s not in (_S.HANDSHAKE, _S.SESSION_SETUP, _S.CHARGE_LOOP, _S.ENDED)]
"""Where SessionStopReq is allowed: not while power flows, which PowerDeliveryReq(Stop) has to end first."""

TRANSITIONS: tuple[Transition, ...] = (
    Transition(_S.HANDSHAKE, "supportedAppProtocolReq", _O.DONE, _S.SESSION_SETUP),
    Transition(_S.SESSION_SETUP, "SessionSetupReq", _O.DONE, _S.AUTHORIZATION_SETUP),
    Transition(_S.AUTHORIZATION_SETUP, "AuthorizationSetupReq", _O.DONE, _S.AUTHORIZATION),
    Transition(_S.AUTHORIZATION, "AuthorizationReq", _O.ONGOING, _S.AUTHORIZATION),  # [V2G20-1582]
    Transition(_S.AUTHORIZATION, "AuthorizationReq", _O.REFUSED, _S.AUTHORIZATION),
    Transition(_S.AUTHORIZATION, "AuthorizationReq", _O.DONE, _S.SERVICE_DISCOVERY),
    Transition(_S.SERVICE_DISCOVERY, "ServiceDiscoveryReq", _O.DONE, _S.SERVICE_DETAIL),
    Transition(_S.SERVICE_DETAIL, "ServiceDetailReq", _O.DONE, _S.SERVICE_SELECTION),
    Transition(_S.SERVICE_SELECTION, "ServiceDetailReq", _O.DONE, _S.SERVICE_SELECTION),
    Transition(_S.SERVICE_SELECTION, "ServiceSelectionReq", _O.DONE, _S.CHARGE_PARAMETERS),
    Transition(_S.CHARGE_PARAMETERS, "AC_ChargeParameterDiscoveryReq", _O.DONE, _S.SCHEDULE_EXCHANGE, _E.AC),
    Transition(_S.CHARGE_PARAMETERS, "DC_ChargeParameterDiscoveryReq", _O.DONE, _S.SCHEDULE_EXCHANGE, _E.DC),
    Transition(_S.SCHEDULE_EXCHANGE, "ScheduleExchangeReq", _O.ONGOING, _S.SCHEDULE_EXCHANGE),
    Transition(_S.SCHEDULE_EXCHANGE, "ScheduleExchangeReq", _O.DONE, _S.POWER_DELIVERY, _E.AC),
    Transition(_S.SCHEDULE_EXCHANGE, "ScheduleExchangeReq", _O.DONE, _S.CABLE_CHECK, _E.DC),
    Transition(_S.CABLE_CHECK, "DC_CableCheckReq", _O.ONGOING, _S.CABLE_CHECK, _E.DC),
    Transition(_S.CABLE_CHECK, "DC_CableCheckReq", _O.DONE, _S.PRE_CHARGE, _E.DC),
    # A car that will pause goes from the schedule straight to PowerDelivery(Stop), [V2G20-2122].
    Transition(_S.CABLE_CHECK, "PowerDeliveryReq", _O.STOP, _S.SESSION_STOP, _E.DC),
    Transition(_S.PRE_CHARGE, "DC_PreChargeReq", _O.ONGOING, _S.PRE_CHARGE, _E.DC),  # [V2G20-2005]
    Transition(_S.PRE_CHARGE, "DC_PreChargeReq", _O.DONE, _S.POWER_DELIVERY, _E.DC),  # [V2G20-2006]
    Transition(_S.POWER_DELIVERY, "PowerDeliveryReq", _O.ONGOING, _S.POWER_DELIVERY),
    Transition(_S.POWER_DELIVERY, "PowerDeliveryReq", _O.REFUSED, _S.POWER_DELIVERY),
    Transition(_S.POWER_DELIVERY, "PowerDeliveryReq", _O.START, _S.CHARGE_LOOP),
    Transition(_S.POWER_DELIVERY, "PowerDeliveryReq", _O.STANDBY, _S.CHARGE_LOOP),
    Transition(_S.POWER_DELIVERY, "PowerDeliveryReq", _O.STOP, _S.SESSION_STOP, _E.AC),
    Transition(_S.POWER_DELIVERY, "PowerDeliveryReq", _O.STOP, _S.WELDING_DETECTION, _E.DC),
    Transition(_S.CHARGE_LOOP, "AC_ChargeLoopReq", _O.DONE, _S.CHARGE_LOOP, _E.AC),
    Transition(_S.CHARGE_LOOP, "DC_ChargeLoopReq", _O.DONE, _S.CHARGE_LOOP, _E.DC),
    Transition(_S.CHARGE_LOOP, "MeteringConfirmationReq", _O.DONE, _S.CHARGE_LOOP),
    Transition(_S.CHARGE_LOOP, "ScheduleExchangeReq", _O.ONGOING, _S.CHARGE_LOOP),
    Transition(_S.CHARGE_LOOP, "ScheduleExchangeReq", _O.DONE, _S.CHARGE_LOOP),
    Transition(_S.CHARGE_LOOP, "PowerDeliveryReq", _O.ONGOING, _S.CHARGE_LOOP),
    Transition(_S.CHARGE_LOOP, "PowerDeliveryReq", _O.REFUSED, _S.CHARGE_LOOP),
    Transition(_S.CHARGE_LOOP, "PowerDeliveryReq", _O.START, _S.CHARGE_LOOP),
    Transition(_S.CHARGE_LOOP, "PowerDeliveryReq", _O.STANDBY, _S.CHARGE_LOOP),
    Transition(_S.CHARGE_LOOP, "PowerDeliveryReq", _O.RENEGOTIATE, _S.CHARGE_LOOP),
    Transition(_S.CHARGE_LOOP, "PowerDeliveryReq", _O.STOP, _S.SESSION_STOP, _E.AC),
    Transition(_S.CHARGE_LOOP, "PowerDeliveryReq", _O.STOP, _S.WELDING_DETECTION, _E.DC),
    Transition(_S.WELDING_DETECTION, "DC_WeldingDetectionReq", _O.ONGOING, _S.WELDING_DETECTION, _E.DC),
    Transition(_S.WELDING_DETECTION, "DC_WeldingDetectionReq", _O.DONE, _S.SESSION_STOP, _E.DC),
    *(Transition(s, "SessionStopReq", _O.TERMINATE, _S.ENDED) for s in _STOPPABLE),
    *(Transition(s, "SessionStopReq", _O.PAUSE, _S.ENDED) for s in _STOPPABLE),
    *(
        Transition(s, "SessionStopReq", _O.OTHER_SERVICE, _S.SERVICE_DISCOVERY)  # [V2G20-1477]
        for s in (_S.WELDING_DETECTION, _S.SESSION_STOP)
    ),
)

LOOP_TIMERS: dict[State, str] = {
    State.AUTHORIZATION: "evcc_ongoing_s",
    State.SCHEDULE_EXCHANGE: "evcc_ongoing_s",
    State.CABLE_CHECK: "evcc_cable_check_s",
    State.PRE_CHARGE: "evcc_pre_charge_s",
    State.WELDING_DETECTION: "evcc_ongoing_s",
}
"""How long the EVCC may be kept repeating itself in one state."""

RESPONSES: dict[str, Exchange] = {exchange.response: exchange for exchange in EXCHANGES.values()}

_NEXT = {(t.state, t.request, t.outcome, t.energy): t.next for t in TRANSITIONS}
_ALLOWED = {(t.state, t.request, t.energy) for t in TRANSITIONS}


def allowed(state: State, request: str, energy: Energy | None) -> bool:
    """Whether this request may come in this state. `energy` None: no service has been selected yet."""
    return (state, request, None) in _ALLOWED or (state, request, energy) in _ALLOWED


def next_state(state: State, request: str, outcome: Outcome, energy: Energy | None) -> State:
    """Where the row leads; raises `LookupError` where there is none, which `allowed` and the outcome rule out."""
    for key in ((state, request, outcome, energy), (state, request, outcome, None)):
        if key in _NEXT:
            return _NEXT[key]
    raise LookupError(f"no transition from {state} by {request} ({outcome})")
