"""The charger's side of ISO 15118-20: who answers what."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from protocols.exi.schema import Element
from protocols.iso15118.v20 import secc_contract, secc_power, secc_setup
from protocols.iso15118.v20.agreement import Agreement

ANSWERS: dict[str, Callable[[Agreement, Any, float], Element]] = {
    "SessionSetupReq": secc_setup.session_setup,
    "AuthorizationSetupReq": secc_setup.authorization_setup,
    "CertificateInstallationReq": secc_contract.certificate_installation,
    "AuthorizationReq": secc_setup.authorization,
    "ServiceDiscoveryReq": secc_setup.service_discovery,
    "ServiceDetailReq": secc_setup.service_detail,
    "ServiceSelectionReq": secc_setup.service_selection,
    "AC_ChargeParameterDiscoveryReq": secc_power.ac_charge_parameters,
    "DC_ChargeParameterDiscoveryReq": secc_power.dc_charge_parameters,
    "ScheduleExchangeReq": secc_power.schedule_exchange,
    "DC_CableCheckReq": secc_power.cable_check,
    "DC_PreChargeReq": secc_power.pre_charge,
    "PowerDeliveryReq": secc_power.power_delivery,
    "AC_ChargeLoopReq": secc_power.ac_charge_loop,
    "DC_ChargeLoopReq": secc_power.dc_charge_loop,
    "MeteringConfirmationReq": secc_power.metering_confirmation,
    "DC_WeldingDetectionReq": secc_power.welding_detection,
    "SessionStopReq": secc_power.session_stop,
}
"""Every request that the table allows is here."""


class V20SeccSide(Agreement):
    """An agreement that answers."""

    answers: ClassVar[Mapping[str, Callable[[Any, Any, float], Element]]] = ANSWERS
