"""The charger's side of ISO 15118-2: who answers what."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from protocols.exi.schema import Element
from protocols.iso15118.v2 import secc_contract, secc_power, secc_setup
from protocols.iso15118.v2.agreement import Agreement

ANSWERS: dict[str, Callable[[Agreement, Any, float], Element]] = {
    "SessionSetupReq": secc_setup.session_setup,
    "ServiceDiscoveryReq": secc_setup.service_discovery,
    "ServiceDetailReq": secc_setup.service_detail,
    "PaymentServiceSelectionReq": secc_setup.payment_service_selection,
    "CertificateInstallationReq": secc_contract.certificate_installation,
    "CertificateUpdateReq": secc_contract.certificate_update,
    "PaymentDetailsReq": secc_contract.payment_details,
    "AuthorizationReq": secc_contract.authorization,
    "ChargeParameterDiscoveryReq": secc_power.charge_parameters,
    "CableCheckReq": secc_power.cable_check,
    "PreChargeReq": secc_power.pre_charge,
    "PowerDeliveryReq": secc_power.power_delivery,
    "ChargingStatusReq": secc_power.charging_status,
    "CurrentDemandReq": secc_power.current_demand,
    "MeteringReceiptReq": secc_contract.metering_receipt,
    "WeldingDetectionReq": secc_power.welding_detection,
    "SessionStopReq": secc_power.session_stop,
}
"""Every request that the table allows is here."""


class V2SeccSide(Agreement):
    """An agreement that answers."""

    answers: ClassVar[Mapping[str, Callable[[Any, Any, float], Element]]] = ANSWERS
