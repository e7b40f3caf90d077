"""What the EVCC takes from each answer. Each function returns why the session cannot go on, or None."""

from collections.abc import Callable
from typing import Any

from protocols.exi.messages.din import (
    CableCheckRes,
    ChargeParameterDiscoveryRes,
    CurrentDemandRes,
    PowerDeliveryRes,
    PreChargeRes,
    ServiceDiscoveryRes,
    ServicePaymentSelectionRes,
    SessionSetupRes,
    WeldingDetectionRes,
)
from protocols.exi.messages.din_types import (
    DC_EVSEChargeParameterType,
    DC_EVSEStatusCodeType,
    DC_EVSEStatusType,
    EVRequestedEnergyTransferType,
    EVSEProcessingType,
    EVSESupportedEnergyTransferType,
    IsolationLevelType,
    PaymentOptionType,
)
from protocols.exi.schema import Element
from protocols.iso15118.din import evse_fields
from protocols.iso15118.din.trip import Trip
from protocols.iso15118.din.values import evse_id_text, number
from protocols.iso15118.events import LimitsReceived, ServiceSelected, SessionStarted, SetPointReceived
from protocols.iso15118.services import ControlMode, MobilityNeeds, Service
from protocols.iso15118.table import Outcome

_OFFERED, _ASKED = EVSESupportedEnergyTransferType, EVRequestedEnergyTransferType
REQUESTS_BY_OFFER = {
    _OFFERED.DC_core: _ASKED.DC_core,
    _OFFERED.DC_extended: _ASKED.DC_extended,
    _OFFERED.DC_combo_core: _ASKED.DC_combo_core,
    _OFFERED.DC_dual: _ASKED.DC_core,
    _OFFERED.AC_core1p_DC_extended: _ASKED.DC_extended,
    _OFFERED.AC_single_DC_core: _ASKED.DC_core,
    _OFFERED.AC_single_phase_three_phase_core_DC_extended: _ASKED.DC_extended,
    _OFFERED.AC_core3p_DC_extended: _ASKED.DC_extended,
}
"""What to ask for where this is offered; the rest is AC."""
INSULATED = frozenset({IsolationLevelType.Valid, IsolationLevelType.Warning})
FAULTS = frozenset({DC_EVSEStatusCodeType.EVSE_EmergencyShutdown, DC_EVSEStatusCodeType.EVSE_Malfunction})


def take(trip: Trip, message: Element, now: float) -> str | None:
    """Take in any answer; those without content need nothing."""
    taker = TAKERS.get(type(message))
    return None if taker is None else taker(trip, message, now)


def _session_setup(trip: Trip, message: SessionSetupRes, now: float) -> str | None:
    trip.emit(SessionStarted(now, evse_id_text(message.EVSEID), trip.session_id.hex().upper(), False))
    return None


def _service_discovery(trip: Trip, message: ServiceDiscoveryRes, now: float) -> str | None:
    if PaymentOptionType.ExternalPayment not in message.PaymentOptions.PaymentOption:
        trip.leave(Outcome.TERMINATE, "the charger takes no payment by external means", gave_up=True)
    offered = message.ChargeService.EnergyTransferType
    asked = REQUESTS_BY_OFFER.get(offered)
    if asked is None:
        trip.leave(Outcome.TERMINATE, f"the charger offers {offered} instead of DC", gave_up=True)
        return None
    trip.energy_transfer_type = asked
    trip.service_id = message.ChargeService.ServiceTag.ServiceID
    return None


def _service_payment_selection(trip: Trip, message: ServicePaymentSelectionRes, now: float) -> str | None:
    trip.emit(ServiceSelected(now, Service.DC, ControlMode.SCHEDULED, MobilityNeeds.FROM_CAR))
    return None


def _charge_parameters(trip: Trip, message: ChargeParameterDiscoveryRes, now: float) -> str | None:
    limits = message.EVSEChargeParameter
    if not isinstance(limits, DC_EVSEChargeParameterType):
        return "the charger answered with AC limits"
    _heed(trip, limits.DC_EVSEStatus)
    if message.EVSEProcessing is EVSEProcessingType.Finished:
        trip.schedule = message.SASchedules
        trip.evse_limits = evse_fields.read_limits(limits)
        trip.emit(LimitsReceived(now, trip.evse_limits))
    return None


def _cable_check(trip: Trip, message: CableCheckRes, now: float) -> str | None:
    status = message.DC_EVSEStatus
    _heed(trip, status)
    if message.EVSEProcessing is not EVSEProcessingType.Finished:
        return None
    if status.EVSEIsolationStatus not in INSULATED:
        trip.leave(Outcome.TERMINATE, f"the insulation is {status.EVSEIsolationStatus or 'not told'}", gave_up=True)
    elif status.EVSEStatusCode is not DC_EVSEStatusCodeType.EVSE_Ready:
        trip.leave(Outcome.TERMINATE, f"the charger is in state {status.EVSEStatusCode}", gave_up=True)
    return None


def _voltage(trip: Trip, message: PreChargeRes | WeldingDetectionRes, now: float) -> str | None:
    _heed(trip, message.DC_EVSEStatus)
    trip.evse_voltage_v = number(message.EVSEPresentVoltage)
    return None


def _power_delivery(trip: Trip, message: PowerDeliveryRes, now: float) -> str | None:
    status = message.EVSEStatus
    if isinstance(status, DC_EVSEStatusType):
        _heed(trip, status)
    return None


def _current_demand(trip: Trip, message: CurrentDemandRes, now: float) -> str | None:
    _heed(trip, message.DC_EVSEStatus)
    trip.evse_voltage_v = number(message.EVSEPresentVoltage)
    set_point_w = evse_fields.read_set_point(message, trip.evse_limits)
    trip.car.follow(set_point_w, now)
    trip.emit(SetPointReceived(now, set_point_w, trip.evse_voltage_v, number(message.EVSEPresentCurrent)))
    return None


def _heed(trip: Trip, status: DC_EVSEStatusType) -> None:
    reason = evse_fields.stop_reason(status)
    if reason is not None:
        trip.leave(Outcome.TERMINATE, reason, gave_up=status.EVSEStatusCode in FAULTS)


TAKERS: dict[type, Callable[[Trip, Any, float], str | None]] = {
    SessionSetupRes: _session_setup,
    ServiceDiscoveryRes: _service_discovery,
    ServicePaymentSelectionRes: _service_payment_selection,
    ChargeParameterDiscoveryRes: _charge_parameters,
    CableCheckRes: _cable_check,
    PreChargeRes: _voltage,
    PowerDeliveryRes: _power_delivery,
    CurrentDemandRes: _current_demand,
    WeldingDetectionRes: _voltage,
}
