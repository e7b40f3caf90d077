"""The one transition table of DIN SPEC 70121, for both ends.

Sources: DIN SPEC 70121:2012, 8.8 and 9.6; the [V2G-DC-...] requirements are named at the rows.
"""

from functools import partial

from protocols.exi.namespaces import DIN
from protocols.iso15118.table import Exchange, Outcome, State, Table, Transition
from protocols.iso15118.timings import Timer
from protocols.iso15118.v2gtp import PayloadType

SEQUENCE = Timer("V2G_SECC_Sequence_Timeout", 60.0, "DIN SPEC 70121, 9.6")
ANSWER = Timer("V2G_EVCC_Msg_Timeout", 2.0, "DIN SPEC 70121, Table 75")
ANSWER_IN_LOOP = Timer("V2G_EVCC_Msg_Timeout of CurrentDemandReq", 0.25, "DIN SPEC 70121, Table 75")
CABLE_CHECK = Timer("V2G_EVCC_CableCheck_Timeout", 40.0, "DIN SPEC 70121, Table 77")
PRE_CHARGE = Timer("V2G_EVCC_PreCharge_Timeout", 7.0, "DIN SPEC 70121, Table 77")
READY_TO_CHARGE = Timer("V2G_EVCC_ReadyToCharge_Timeout", 150.0, "DIN SPEC 70121, Table 77")
"""From SessionSetupReq to PowerDeliveryReq: it bounds authorisation and charge parameters too."""
PLANNING = Timer("time for planning", 60.0, "our own, well within V2G_EVCC_ReadyToCharge_Timeout")
WELDING = Timer("patience for the voltage to fall", 10.0, "our own")

_din = partial(
    Exchange, namespace=DIN, payload_type=PayloadType.V2_MAINSTREAM, answer_within=ANSWER, next_within=SEQUENCE
)

EXCHANGES = (
    _din("SessionSetupReq", "SessionSetupRes"),
    _din("ServiceDiscoveryReq", "ServiceDiscoveryRes"),
    _din("ServicePaymentSelectionReq", "ServicePaymentSelectionRes"),
    _din("ContractAuthenticationReq", "ContractAuthenticationRes"),
    _din("ChargeParameterDiscoveryReq", "ChargeParameterDiscoveryRes"),
    _din("CableCheckReq", "CableCheckRes"),
    _din("PreChargeReq", "PreChargeRes"),
    _din("PowerDeliveryReq", "PowerDeliveryRes"),
    _din("CurrentDemandReq", "CurrentDemandRes", answer_within=ANSWER_IN_LOOP, paced=True),
    _din("WeldingDetectionReq", "WeldingDetectionRes"),
    _din("SessionStopReq", "SessionStopRes"),
    # Known by name only, so that they are refused in their own words: no row allows them.
    _din("ServiceDetailReq", "ServiceDetailRes"),
    _din("PaymentDetailsReq", "PaymentDetailsRes"),
    _din("ChargingStatusReq", "ChargingStatusRes"),
    _din("MeteringReceiptReq", "MeteringReceiptRes"),
    _din("CertificateInstallationReq", "CertificateInstallationRes"),
    _din("CertificateUpdateReq", "CertificateUpdateRes"),
)

_S, _O = State, Outcome

_STOPPABLE = (
    _S.SERVICE_DISCOVERY,
    _S.PAYMENT_SELECTION,
    _S.AUTHORIZATION,
    _S.CHARGE_PARAMETERS,
    _S.CABLE_CHECK,
    _S.PRE_CHARGE,
    _S.POWER_DELIVERY,
    _S.WELDING_DETECTION,
)
"""Where SessionStopReq is allowed: not while power flows, which PowerDeliveryReq has to end first."""

TRANSITIONS = (
    Transition(_S.SESSION_SETUP, "SessionSetupReq", _O.DONE, _S.SERVICE_DISCOVERY),  # [V2G-DC-439]
    Transition(_S.SERVICE_DISCOVERY, "ServiceDiscoveryReq", _O.DONE, _S.PAYMENT_SELECTION),  # [V2G-DC-441]
    Transition(_S.PAYMENT_SELECTION, "ServicePaymentSelectionReq", _O.DONE, _S.AUTHORIZATION),  # [V2G-DC-444]
    Transition(_S.AUTHORIZATION, "ContractAuthenticationReq", _O.ONGOING, _S.AUTHORIZATION),  # [V2G-DC-497]
    Transition(_S.AUTHORIZATION, "ContractAuthenticationReq", _O.DONE, _S.CHARGE_PARAMETERS),  # [V2G-DC-495]
    Transition(_S.CHARGE_PARAMETERS, "ChargeParameterDiscoveryReq", _O.ONGOING, _S.CHARGE_PARAMETERS),  # [V2G-DC-498]
    Transition(_S.CHARGE_PARAMETERS, "ChargeParameterDiscoveryReq", _O.DONE, _S.CABLE_CHECK),  # [V2G-DC-453]
    Transition(_S.CABLE_CHECK, "CableCheckReq", _O.ONGOING, _S.CABLE_CHECK),  # [V2G-DC-499]
    Transition(_S.CABLE_CHECK, "CableCheckReq", _O.DONE, _S.PRE_CHARGE),  # [V2G-DC-455]
    # The car alone decides when the voltage will do; power is never delivered before one pre-charge, [V2G-DC-458].
    Transition(_S.PRE_CHARGE, "PreChargeReq", _O.ONGOING, _S.POWER_DELIVERY),
    Transition(_S.PRE_CHARGE, "PreChargeReq", _O.DONE, _S.POWER_DELIVERY),
    Transition(_S.POWER_DELIVERY, "PreChargeReq", _O.ONGOING, _S.POWER_DELIVERY),
    Transition(_S.POWER_DELIVERY, "PreChargeReq", _O.DONE, _S.POWER_DELIVERY),
    Transition(_S.POWER_DELIVERY, "PowerDeliveryReq", _O.START, _S.CHARGE_LOOP),  # [V2G-DC-462]
    Transition(_S.POWER_DELIVERY, "PowerDeliveryReq", _O.STOP, _S.WELDING_DETECTION),
    Transition(_S.CHARGE_LOOP, "CurrentDemandReq", _O.DONE, _S.CHARGE_LOOP),  # [V2G-DC-465]
    Transition(_S.CHARGE_LOOP, "PowerDeliveryReq", _O.STOP, _S.WELDING_DETECTION),  # [V2G-DC-459]
    # The test is the car's choice, and as often as it likes, [V2G-DC-469].
    Transition(_S.WELDING_DETECTION, "WeldingDetectionReq", _O.ONGOING, _S.WELDING_DETECTION),
    Transition(_S.WELDING_DETECTION, "WeldingDetectionReq", _O.DONE, _S.WELDING_DETECTION),
    *(Transition(s, "SessionStopReq", _O.TERMINATE, _S.ENDED) for s in _STOPPABLE),
)

LOOP_TIMERS = {
    State.CABLE_CHECK: CABLE_CHECK,
    State.PRE_CHARGE: PRE_CHARGE,
    State.POWER_DELIVERY: PRE_CHARGE,
}

TABLE = Table.of(EXCHANGES, TRANSITIONS, LOOP_TIMERS)
