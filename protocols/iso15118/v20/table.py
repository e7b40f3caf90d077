"""The one transition table of ISO 15118-20, for both ends.

Sources: ISO 15118-20:2022, 8.6.6 (Figures 215 and 216) and the [V2G20-...] requirements named at the rows.
"""

from functools import partial
from typing import Any

from protocols.exi.namespaces import V20_AC, V20_COMMON, V20_DC
from protocols.iso15118.services import Energy
from protocols.iso15118.table import Exchange, Outcome, State, Table, Transition
from protocols.iso15118.timings import Timer
from protocols.iso15118.v2gtp import PayloadType

SEQUENCE = Timer("V2G_SECC_Sequence_Timeout", 60.0, "Table 215, [V2G20-441]")
SEQUENCE_IN_LOOP = Timer(
    "V2G_SECC_Sequence_Timeout in the charge loop", 0.5, "Tables 216 and 217, [V2G20-1500] [V2G20-1502]"
)
ANSWER = Timer("V2G_EVCC_Msg_Timeout", 2.0, "Table 215")
ANSWER_LONG = Timer(
    "V2G_EVCC_Msg_Timeout of long answers", 5.0, "ServiceDetailReq and CertificateInstallationReq, Table 215"
)
ANSWER_IN_LOOP = Timer("V2G_EVCC_Msg_Timeout of the charge loop", 0.5, "Tables 216 and 217")
ONGOING = Timer("V2G_EVCC_Ongoing_Timeout", 60.0, "Table 215")
ONGOING_PERFORMANCE = Timer("V2G_SECC_Ongoing_Performance_Time", 55.0, "Table 215")
CABLE_CHECK = Timer("V2G_EVCC_CableCheck_Timeout", 40.0, "Table 217")
CABLE_CHECK_PERFORMANCE = Timer("V2G_SECC_CableCheck_Performance_Time", 38.0, "2 s before the car gives up")
PRE_CHARGE = Timer("V2G_EVCC_PreCharge_Timeout", 10.0, "Table 217")

PERFORM = Timer("V2G_SECC_Msg_Performance_Time", 1.5, "Table 215")
PERFORM_LONG = Timer("V2G_SECC_Msg_Performance_Time of long answers", 4.5, "Table 215")

_common = partial(
    Exchange,
    namespace=V20_COMMON,
    payload_type=PayloadType.MAINSTREAM,
    answer_within=ANSWER,
    next_within=SEQUENCE,
    perform_within=PERFORM,
)
_ac = partial(_common, namespace=V20_AC, payload_type=PayloadType.AC)
_dc = partial(_common, namespace=V20_DC, payload_type=PayloadType.DC)
_loop: dict[str, Any] = {
    "answer_within": ANSWER_IN_LOOP,
    "next_within": SEQUENCE_IN_LOOP,
    "perform_within": None,
    "paced": True,
}
_long: dict[str, Any] = {"answer_within": ANSWER_LONG, "perform_within": PERFORM_LONG}
_parking: dict[str, Any] = {"side_stream": PayloadType.PARKING_STATUS, "ongoing_within": ONGOING}

EXCHANGES = (
    _common("SessionSetupReq", "SessionSetupRes"),
    _common("AuthorizationSetupReq", "AuthorizationSetupRes"),
    _common("AuthorizationReq", "AuthorizationRes"),
    _common("CertificateInstallationReq", "CertificateInstallationRes", **_long),
    _common("ServiceDiscoveryReq", "ServiceDiscoveryRes"),
    _common("ServiceDetailReq", "ServiceDetailRes", **_long),
    _common("ServiceSelectionReq", "ServiceSelectionRes"),
    _ac("AC_ChargeParameterDiscoveryReq", "AC_ChargeParameterDiscoveryRes"),
    _dc("DC_ChargeParameterDiscoveryReq", "DC_ChargeParameterDiscoveryRes"),
    _common(
        "ScheduleExchangeReq",
        "ScheduleExchangeRes",
        side_stream=PayloadType.SCHEDULE_RENEGOTIATION,
        ongoing_within=ONGOING,
    ),
    _dc("DC_CableCheckReq", "DC_CableCheckRes"),
    _dc("DC_PreChargeReq", "DC_PreChargeRes"),
    _common("PowerDeliveryReq", "PowerDeliveryRes"),
    _ac("AC_ChargeLoopReq", "AC_ChargeLoopRes", **_loop),
    _dc("DC_ChargeLoopReq", "DC_ChargeLoopRes", **_loop),
    _common("MeteringConfirmationReq", "MeteringConfirmationRes", side_stream=PayloadType.METERING_CONFIRMATION),
    _dc("DC_WeldingDetectionReq", "DC_WeldingDetectionRes"),
    _common("SessionStopReq", "SessionStopRes"),
    _common("VehicleCheckInReq", "VehicleCheckInRes", **_parking),
    _common("VehicleCheckOutReq", "VehicleCheckOutRes", **_parking),
)

_S, _O, _E = State, Outcome, Energy

_STOPPABLE = (
    _S.RESUMED,
    _S.AUTHORIZATION_SETUP,
    _S.CERTIFICATE_INSTALLATION,
    _S.AUTHORIZATION,
    _S.SERVICE_DISCOVERY,
    _S.SERVICE_DETAIL,
    _S.SERVICE_SELECTION,
    _S.CHARGE_PARAMETERS,
    _S.SCHEDULE_EXCHANGE,
    _S.CABLE_CHECK,
    _S.PRE_CHARGE,
    _S.POWER_DELIVERY,
    _S.WELDING_DETECTION,
    _S.SESSION_STOP,
)
"""Where SessionStopReq is allowed: not while power flows, which PowerDeliveryReq(Stop) has to end first."""

PARKED = (
    _S.CHARGE_PARAMETERS,
    _S.SCHEDULE_EXCHANGE,
    _S.CABLE_CHECK,
    _S.PRE_CHARGE,
    _S.POWER_DELIVERY,
    _S.CHARGE_LOOP,
    _S.WELDING_DETECTION,
    _S.SESSION_STOP,
)
"""Where a car that selected the parking status service may check in and out, beside the main sequence."""

_ONLY_DC = (_S.CABLE_CHECK, _S.PRE_CHARGE, _S.WELDING_DETECTION)

TRANSITIONS: tuple[Transition, ...] = (
    Transition(_S.SESSION_SETUP, "SessionSetupReq", _O.DONE, _S.AUTHORIZATION_SETUP),
    Transition(_S.SESSION_SETUP, "SessionSetupReq", _O.RESUMED, _S.RESUMED),
    # Authorization and service still hold, so a car goes on with its parameters; it may also begin from the start.
    Transition(_S.RESUMED, "AuthorizationSetupReq", _O.DONE, _S.AUTHORIZATION),
    Transition(_S.RESUMED, "AC_ChargeParameterDiscoveryReq", _O.DONE, _S.SCHEDULE_EXCHANGE, _E.AC),
    Transition(_S.RESUMED, "DC_ChargeParameterDiscoveryReq", _O.DONE, _S.SCHEDULE_EXCHANGE, _E.DC),
    Transition(_S.AUTHORIZATION_SETUP, "AuthorizationSetupReq", _O.DONE, _S.AUTHORIZATION),
    Transition(_S.AUTHORIZATION, "AuthorizationReq", _O.ONGOING, _S.AUTHORIZATION),  # [V2G20-1582]
    Transition(_S.AUTHORIZATION, "AuthorizationReq", _O.REFUSED, _S.AUTHORIZATION),
    Transition(_S.AUTHORIZATION, "AuthorizationReq", _O.DONE, _S.SERVICE_DISCOVERY),
    *(
        row
        for s in (_S.AUTHORIZATION, _S.CERTIFICATE_INSTALLATION)
        for row in (
            Transition(s, "CertificateInstallationReq", _O.ONGOING, _S.CERTIFICATE_INSTALLATION),
            Transition(s, "CertificateInstallationReq", _O.REFUSED, _S.AUTHORIZATION),
            Transition(s, "CertificateInstallationReq", _O.DONE, _S.AUTHORIZATION),
        )
    ),
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
    Transition(_S.CHARGE_LOOP, "MeteringConfirmationReq", _O.DONE, _S.CHARGE_LOOP, beside=True),
    Transition(_S.CHARGE_LOOP, "ScheduleExchangeReq", _O.ONGOING, _S.CHARGE_LOOP, beside=True),
    Transition(_S.CHARGE_LOOP, "ScheduleExchangeReq", _O.DONE, _S.CHARGE_LOOP, beside=True),
    Transition(_S.CHARGE_LOOP, "PowerDeliveryReq", _O.ONGOING, _S.CHARGE_LOOP),
    Transition(_S.CHARGE_LOOP, "PowerDeliveryReq", _O.REFUSED, _S.CHARGE_LOOP),
    Transition(_S.CHARGE_LOOP, "PowerDeliveryReq", _O.START, _S.CHARGE_LOOP),
    Transition(_S.CHARGE_LOOP, "PowerDeliveryReq", _O.STANDBY, _S.CHARGE_LOOP),
    Transition(_S.CHARGE_LOOP, "PowerDeliveryReq", _O.RENEGOTIATE, _S.CHARGE_LOOP),
    Transition(_S.CHARGE_LOOP, "PowerDeliveryReq", _O.STOP, _S.SESSION_STOP, _E.AC),
    Transition(_S.CHARGE_LOOP, "PowerDeliveryReq", _O.STOP, _S.WELDING_DETECTION, _E.DC),
    *(
        Transition(s, request, outcome, s, _E.DC if s in _ONLY_DC else None, beside=True)
        for s in PARKED
        for request in ("VehicleCheckInReq", "VehicleCheckOutReq")
        for outcome in (_O.ONGOING, _O.DONE)
    ),
    Transition(_S.WELDING_DETECTION, "DC_WeldingDetectionReq", _O.ONGOING, _S.WELDING_DETECTION, _E.DC),
    Transition(_S.WELDING_DETECTION, "DC_WeldingDetectionReq", _O.DONE, _S.SESSION_STOP, _E.DC),
    *(Transition(s, "SessionStopReq", _O.TERMINATE, _S.ENDED) for s in _STOPPABLE),
    *(Transition(s, "SessionStopReq", _O.PAUSE, _S.ENDED) for s in _STOPPABLE),
    *(
        Transition(s, "SessionStopReq", _O.OTHER_SERVICE, _S.SERVICE_DISCOVERY)  # [V2G20-1477]
        for s in (_S.WELDING_DETECTION, _S.SESSION_STOP)
    ),
)

LOOP_TIMERS = {
    State.AUTHORIZATION: ONGOING,
    State.CERTIFICATE_INSTALLATION: ONGOING,
    State.SCHEDULE_EXCHANGE: ONGOING,
    State.CABLE_CHECK: CABLE_CHECK,
    State.PRE_CHARGE: PRE_CHARGE,
    State.WELDING_DETECTION: ONGOING,
}

TABLE = Table.of(EXCHANGES, TRANSITIONS, LOOP_TIMERS)
