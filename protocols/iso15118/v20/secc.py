"""The charger's side of ISO 15118-20: who answers what."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from protocols.exi.schema import Element
from protocols.iso15118.v20 import (
    secc_contract,
    secc_loop,
    secc_parking,
    secc_pause,
    secc_power,
    secc_schedule,
    secc_services,
    secc_setup,
)
from protocols.iso15118.v20.agreement import Agreement

ANSWERS: dict[str, Callable[[Agreement, Any, float], Element]] = {
    "SessionSetupReq": secc_pause.session_setup,
    "AuthorizationSetupReq": secc_setup.authorization_setup,
    "CertificateInstallationReq": secc_contract.certificate_installation,
    "AuthorizationReq": secc_setup.authorization,
    "ServiceDiscoveryReq": secc_services.service_discovery,
    "ServiceDetailReq": secc_services.service_detail,
    "ServiceSelectionReq": secc_services.service_selection,
    "AC_ChargeParameterDiscoveryReq": secc_schedule.ac_charge_parameters,
    "DC_ChargeParameterDiscoveryReq": secc_schedule.dc_charge_parameters,
    "ScheduleExchangeReq": secc_schedule.schedule_exchange,
    "DC_CableCheckReq": secc_power.cable_check,
    "DC_PreChargeReq": secc_power.pre_charge,
    "PowerDeliveryReq": secc_power.power_delivery,
    "AC_ChargeLoopReq": secc_loop.ac_charge_loop,
    "DC_ChargeLoopReq": secc_loop.dc_charge_loop,
    "MeteringConfirmationReq": secc_loop.metering_confirmation,
    "DC_WeldingDetectionReq": secc_power.welding_detection,
    "VehicleCheckInReq": secc_parking.check_in,
    "VehicleCheckOutReq": secc_parking.check_out,
    "SessionStopReq": secc_pause.session_stop,
}
"""Every request that the table allows is here."""


class V20SeccSide(Agreement):
    """An agreement that answers."""

    answers: ClassVar[Mapping[str, Callable[[Any, Any, float], Element]]] = ANSWERS
