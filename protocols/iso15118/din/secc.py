"""The charger's side of DIN SPEC 70121: who answers what."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from protocols.exi.schema import Element
from protocols.iso15118.din import answers
from protocols.iso15118.din.agreement import Agreement

ANSWERS: dict[str, Callable[[Agreement, Any, float], Element]] = {
    "SessionSetupReq": answers.session_setup,
    "ServiceDiscoveryReq": answers.service_discovery,
    "ServicePaymentSelectionReq": answers.service_payment_selection,
    "ContractAuthenticationReq": answers.contract_authentication,
    "ChargeParameterDiscoveryReq": answers.charge_parameters,
    "CableCheckReq": answers.cable_check,
    "PreChargeReq": answers.pre_charge,
    "PowerDeliveryReq": answers.power_delivery,
    "CurrentDemandReq": answers.current_demand,
    "WeldingDetectionReq": answers.welding_detection,
    "SessionStopReq": answers.session_stop,
}
"""Every request that the table allows is here."""


class DinSeccSide(Agreement):
    """An agreement that answers."""

    answers: ClassVar[Mapping[str, Callable[[Any, Any, float], Element]]] = ANSWERS
