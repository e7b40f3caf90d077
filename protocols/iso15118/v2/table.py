"""The one transition table of ISO 15118-2, for both ends.

Sources: ISO 15118-2:2014, 8.8 (message sequence, SECC states of AC and DC) and Table 109 (timers); the [V2G2-...]
requirements are named at the rows. Where the standard lets a car stop only after one turn of the loop, we always do.
"""

from functools import partial

from protocols.exi.namespaces import V2
from protocols.iso15118.services import Energy
from protocols.iso15118.table import Exchange, Outcome, State, Table, Transition
from protocols.iso15118.timings import Timer
from protocols.iso15118.v2gtp import PayloadType

SEQUENCE = Timer("V2G_SECC_Sequence_Timeout", 60.0, "Table 109, [V2G2-443]")
ANSWER = Timer("V2G_EVCC_Msg_Timeout", 2.0, "Table 109")
LONG_ANSWER = Timer("V2G_EVCC_Msg_Timeout of the slow messages", 5.0, "Table 109")
ANSWER_IN_DC_LOOP = Timer("V2G_EVCC_Msg_Timeout of CurrentDemandReq", 0.25, "Table 109")
PERFORM = Timer("V2G_SECC_Msg_Performance_Time", 1.5, "Table 109")
LONG_PERFORM = Timer("V2G_SECC_Msg_Performance_Time of the slow messages", 4.5, "Table 109")
PERFORM_IN_DC_LOOP = Timer("V2G_SECC_Msg_Performance_Time of CurrentDemandReq", 0.025, "Table 109")
ONGOING = Timer("V2G_EVCC_Ongoing_Timeout", 60.0, "Table 109")
ONGOING_PERFORMANCE = Timer("V2G_SECC_Ongoing_Performance_Time", 55.0, "Table 109")
CABLE_CHECK = Timer("V2G_EVCC_CableCheck_Timeout", 40.0, "Table 109")
CABLE_CHECK_PERFORMANCE = Timer("V2G_SECC_CableCheck_Performance_Time", 38.0, "Table 109")
PRE_CHARGE = Timer("V2G_EVCC_PreCharge_Timeout", 7.0, "Table 109")
READY_TO_CHARGE = Timer("V2G_EVCC_ReadyToCharge_Timeout", 150.0, "Table 109")

_pair = partial(
    Exchange,
    namespace=V2,
    payload_type=PayloadType.V2_MAINSTREAM,
    answer_within=ANSWER,
    next_within=SEQUENCE,
    perform_within=PERFORM,
)
_slow_pair = partial(_pair, answer_within=LONG_ANSWER, perform_within=LONG_PERFORM)

EXCHANGES = (
    _pair("SessionSetupReq", "SessionSetupRes"),
    _pair("ServiceDiscoveryReq", "ServiceDiscoveryRes"),
    _slow_pair("ServiceDetailReq", "ServiceDetailRes"),
    _pair("PaymentServiceSelectionReq", "PaymentServiceSelectionRes"),
    _slow_pair("CertificateInstallationReq", "CertificateInstallationRes"),
    _slow_pair("CertificateUpdateReq", "CertificateUpdateRes"),
    _slow_pair("PaymentDetailsReq", "PaymentDetailsRes"),
    _pair("AuthorizationReq", "AuthorizationRes"),
    _pair("ChargeParameterDiscoveryReq", "ChargeParameterDiscoveryRes"),
    _pair("CableCheckReq", "CableCheckRes"),
    _pair("PreChargeReq", "PreChargeRes"),
    _slow_pair("PowerDeliveryReq", "PowerDeliveryRes"),
    _pair("ChargingStatusReq", "ChargingStatusRes", paced=True),
    _pair(
        "CurrentDemandReq",
        "CurrentDemandRes",
        answer_within=ANSWER_IN_DC_LOOP,
        perform_within=PERFORM_IN_DC_LOOP,
        paced=True,
    ),
    _pair("MeteringReceiptReq", "MeteringReceiptRes"),
    _pair("WeldingDetectionReq", "WeldingDetectionRes"),
    _pair("SessionStopReq", "SessionStopRes"),
)

_S, _O, _E = State, Outcome, Energy

_STOPPABLE = (
    _S.SERVICE_DISCOVERY,
    _S.PAYMENT_SELECTION,
    _S.CERTIFICATE,
    _S.PAYMENT_DETAILS,
    _S.AUTHORIZATION,
    _S.CHARGE_PARAMETERS,
    _S.CABLE_CHECK,
    _S.PRE_CHARGE,
    _S.POWER_DELIVERY,
    _S.WELDING_DETECTION,
    _S.SESSION_STOP,
)
"""Where SessionStopReq is allowed: not while power flows, which PowerDeliveryReq(Stop) has to end first."""

TRANSITIONS: tuple[Transition, ...] = (
    Transition(_S.SESSION_SETUP, "SessionSetupReq", _O.DONE, _S.SERVICE_DISCOVERY),  # [V2G2-543]
    Transition(_S.SERVICE_DISCOVERY, "ServiceDiscoveryReq", _O.DONE, _S.PAYMENT_SELECTION),  # [V2G2-545]
    Transition(_S.PAYMENT_SELECTION, "ServiceDetailReq", _O.DONE, _S.PAYMENT_SELECTION),
    Transition(_S.PAYMENT_SELECTION, "PaymentServiceSelectionReq", _O.EXTERNAL, _S.AUTHORIZATION),
    Transition(_S.PAYMENT_SELECTION, "PaymentServiceSelectionReq", _O.CONTRACT, _S.CERTIFICATE),  # [V2G2-551]
    Transition(_S.CERTIFICATE, "CertificateInstallationReq", _O.DONE, _S.PAYMENT_DETAILS),  # [V2G2-554]
    Transition(_S.CERTIFICATE, "CertificateUpdateReq", _O.DONE, _S.PAYMENT_DETAILS),  # [V2G2-557]
    Transition(_S.CERTIFICATE, "PaymentDetailsReq", _O.DONE, _S.AUTHORIZATION),
    Transition(_S.PAYMENT_DETAILS, "PaymentDetailsReq", _O.DONE, _S.AUTHORIZATION),  # [V2G2-560]
    Transition(_S.AUTHORIZATION, "AuthorizationReq", _O.ONGOING, _S.AUTHORIZATION),
    Transition(_S.AUTHORIZATION, "AuthorizationReq", _O.DONE, _S.CHARGE_PARAMETERS),  # [V2G2-573] [V2G2-687]
    Transition(_S.CHARGE_PARAMETERS, "ChargeParameterDiscoveryReq", _O.ONGOING, _S.CHARGE_PARAMETERS),  # [V2G2-688]
    Transition(_S.CHARGE_PARAMETERS, "ChargeParameterDiscoveryReq", _O.DONE, _S.POWER_DELIVERY, _E.AC),
    Transition(_S.CHARGE_PARAMETERS, "ChargeParameterDiscoveryReq", _O.DONE, _S.CABLE_CHECK, _E.DC),  # [V2G2-582]
    Transition(_S.CABLE_CHECK, "CableCheckReq", _O.ONGOING, _S.CABLE_CHECK, _E.DC),  # [V2G2-621]
    Transition(_S.CABLE_CHECK, "CableCheckReq", _O.DONE, _S.PRE_CHARGE, _E.DC),  # [V2G2-584]
    # The car alone decides when the voltage is near enough, [V2G2-587]; not before it has asked once.
    Transition(_S.PRE_CHARGE, "PreChargeReq", _O.ONGOING, _S.PRE_CHARGE, _E.DC),
    Transition(_S.PRE_CHARGE, "PreChargeReq", _O.DONE, _S.POWER_DELIVERY, _E.DC),
    Transition(_S.PRE_CHARGE, "PowerDeliveryReq", _O.START, _S.CHARGE_LOOP, _E.DC),
    Transition(_S.PRE_CHARGE, "PowerDeliveryReq", _O.STOP, _S.WELDING_DETECTION, _E.DC),
    Transition(_S.POWER_DELIVERY, "PreChargeReq", _O.ONGOING, _S.PRE_CHARGE, _E.DC),
    Transition(_S.POWER_DELIVERY, "PreChargeReq", _O.DONE, _S.POWER_DELIVERY, _E.DC),
    Transition(_S.POWER_DELIVERY, "PowerDeliveryReq", _O.START, _S.CHARGE_LOOP),  # [V2G2-576] [V2G2-590]
    Transition(_S.POWER_DELIVERY, "PowerDeliveryReq", _O.STOP, _S.SESSION_STOP, _E.AC),
    Transition(_S.POWER_DELIVERY, "PowerDeliveryReq", _O.STOP, _S.WELDING_DETECTION, _E.DC),
    Transition(_S.CHARGE_LOOP, "ChargingStatusReq", _O.DONE, _S.CHARGE_LOOP, _E.AC),
    Transition(_S.CHARGE_LOOP, "ChargingStatusReq", _O.RECEIPT, _S.METERING_RECEIPT, _E.AC),  # [V2G2-577]
    Transition(_S.CHARGE_LOOP, "CurrentDemandReq", _O.DONE, _S.CHARGE_LOOP, _E.DC),
    Transition(_S.CHARGE_LOOP, "CurrentDemandReq", _O.RECEIPT, _S.METERING_RECEIPT, _E.DC),  # [V2G2-795]
    Transition(_S.METERING_RECEIPT, "MeteringReceiptReq", _O.DONE, _S.CHARGE_LOOP),  # [V2G2-580] [V2G2-797]
    Transition(_S.METERING_RECEIPT, "PowerDeliveryReq", _O.STOP, _S.SESSION_STOP, _E.AC),
    Transition(_S.METERING_RECEIPT, "PowerDeliveryReq", _O.STOP, _S.WELDING_DETECTION, _E.DC),
    Transition(_S.CHARGE_LOOP, "PowerDeliveryReq", _O.RENEGOTIATE, _S.CHARGE_PARAMETERS),  # [V2G2-813]
    Transition(_S.CHARGE_LOOP, "PowerDeliveryReq", _O.STOP, _S.SESSION_STOP, _E.AC),  # [V2G2-568]
    Transition(_S.CHARGE_LOOP, "PowerDeliveryReq", _O.STOP, _S.WELDING_DETECTION, _E.DC),  # [V2G2-601]
    Transition(_S.WELDING_DETECTION, "WeldingDetectionReq", _O.ONGOING, _S.WELDING_DETECTION, _E.DC),
    Transition(_S.WELDING_DETECTION, "WeldingDetectionReq", _O.DONE, _S.SESSION_STOP, _E.DC),
    Transition(_S.SESSION_STOP, "WeldingDetectionReq", _O.ONGOING, _S.WELDING_DETECTION, _E.DC),  # [V2G2-597]
    Transition(_S.SESSION_STOP, "WeldingDetectionReq", _O.DONE, _S.SESSION_STOP, _E.DC),
    *(Transition(s, "SessionStopReq", _O.TERMINATE, _S.ENDED) for s in _STOPPABLE),
    *(Transition(s, "SessionStopReq", _O.PAUSE, _S.ENDED) for s in _STOPPABLE),
)

LOOP_TIMERS = {
    State.AUTHORIZATION: ONGOING,
    State.CHARGE_PARAMETERS: ONGOING,
    State.CABLE_CHECK: CABLE_CHECK,
    State.PRE_CHARGE: PRE_CHARGE,
    State.WELDING_DETECTION: ONGOING,
}

TABLE = Table.of(EXCHANGES, TRANSITIONS, LOOP_TIMERS)
