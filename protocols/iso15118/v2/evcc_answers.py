"""What the EVCC takes from each answer of ISO 15118-2. Each function returns why the session cannot go on, or None."""

from collections.abc import Callable
from typing import Any

from protocols.exi.messages.v2 import (
    AuthorizationRes,
    CableCheckRes,
    CertificateInstallationRes,
    CertificateUpdateRes,
    ChargeParameterDiscoveryRes,
    ChargingStatusRes,
    CurrentDemandRes,
    MeteringReceiptRes,
    PaymentDetailsRes,
    PowerDeliveryRes,
    PreChargeRes,
    ServiceDetailRes,
    ServiceDiscoveryRes,
    SessionSetupRes,
    WeldingDetectionRes,
)
from protocols.exi.messages.v2_types import (
    AC_EVSEChargeParameterType,
    AC_EVSEStatusType,
    DC_EVSEStatusType,
    EnergyTransferModeType,
    EVSENotificationType,
    EVSEProcessingType,
    isolationLevelType,
    paymentOptionType,
    responseCodeType,
)
from protocols.exi.namespaces import V2
from protocols.iso15118.costs import cheapest
from protocols.iso15118.credentials import NotCredible
from protocols.iso15118.events import (
    ContractAccepted,
    ContractInstalled,
    ContractRefused,
    LimitsReceived,
    MeteringConfirmed,
    MeterReceived,
    SchedulesReceived,
    ServiceSelected,
    SessionStarted,
    SetPointReceived,
)
from protocols.iso15118.schedule import power_at
from protocols.iso15118.secc_side import Envelope
from protocols.iso15118.services import ControlMode, Energy, MobilityNeeds, ValueAdded
from protocols.iso15118.table import Outcome
from protocols.iso15118.v2 import certificates, evse_fields
from protocols.iso15118.v2.evcc_requests import credentials_of
from protocols.iso15118.v2.schedules import read_schedules
from protocols.iso15118.v2.services import CERTIFICATE_SERVICE, HTTPS, INSTALLATION, INTERNET_SERVICE, UPDATE
from protocols.iso15118.v2.trip import Trip
from protocols.iso15118.v2.values import number

Mode, Payment = EnergyTransferModeType, paymentOptionType
WANTED_MODES = {Energy.AC: (Mode.AC_three_phase_core, Mode.AC_single_phase_core), Energy.DC: evse_fields.DC_MODES}
"""The most wanted first."""
NOT_SAFE = (isolationLevelType.Fault, isolationLevelType.Invalid)


def take(trip: Trip, envelope: Envelope, now: float) -> str | None:
    """Take in any answer; those without content need nothing."""
    taker = TAKERS.get(type(envelope.body))
    return None if taker is None else taker(trip, envelope, now)


def _session_setup(trip: Trip, envelope: Envelope, now: float) -> str | None:
    message = _body(envelope)
    resumed = message.ResponseCode is responseCodeType.OK_OldSessionJoined
    trip.emit(SessionStarted(now, message.EVSEID, envelope.session_id.hex().upper(), resumed))
    return None


def _service_discovery(trip: Trip, envelope: Envelope, now: float) -> str | None:
    message: ServiceDiscoveryRes = _body(envelope)
    offered = message.ChargeService.SupportedEnergyTransferMode.EnergyTransferMode
    trip.mode = next((mode for mode in WANTED_MODES[trip.plan.service.energy] if mode in offered), None)
    if trip.mode is None:
        energy = trip.plan.service.energy.upper()
        trip.leave(Outcome.TERMINATE, f"{energy} is not offered, only {', '.join(offered)}", gave_up=True)
        return None
    trip.payments_offered = tuple(message.PaymentOptionList.PaymentOption)
    offered_beside = {service.ServiceID for service in message.ServiceList.Service} if message.ServiceList else set()
    trip.beside = {service: its_set for service, its_set in _wanted(trip).items() if service in offered_beside}
    _choose_payment(trip)
    return None


def _wanted(trip: Trip) -> dict[int, int]:
    """Services beside charging that we would use, with the parameter set of each."""
    wanted = {INTERNET_SERVICE: HTTPS} if ValueAdded.INTERNET in trip.plan.value_added else {}
    contracts, plan = trip.contracts, trip.plan
    if contracts is None or not plan.by_contract:
        return wanted
    if contracts.contract is not None:
        return {**wanted, CERTIFICATE_SERVICE: UPDATE} if plan.install_contract else wanted
    return {**wanted, CERTIFICATE_SERVICE: INSTALLATION} if contracts.provisioning is not None else wanted


def _choose_payment(trip: Trip) -> None:
    """By contract where we have one, or can get one; else by external means; else there is nothing for us here."""
    contracts, offered = trip.contracts, trip.payments_offered
    can_pay = contracts is not None and (contracts.contract is not None or trip.certificate_set is not None)
    if Payment.Contract in offered and trip.plan.by_contract and can_pay:
        trip.payment = Payment.Contract
        return
    trip.payment = Payment.ExternalPayment
    trip.beside.pop(CERTIFICATE_SERVICE, None)
    if Payment.ExternalPayment not in offered:
        trip.leave(Outcome.TERMINATE, "the charger takes contracts only, and the car brings none", gave_up=True)


def _service_detail(trip: Trip, envelope: Envelope, now: float) -> str | None:
    message: ServiceDetailRes = _body(envelope)
    if message.ServiceID not in trip.beside:
        return f"the charger told the details of service {message.ServiceID}, which was not asked about"
    trip.detailed.add(message.ServiceID)
    parameters = message.ServiceParameterList
    offered = [one.ParameterSetID for one in parameters.ParameterSet] if parameters else []
    # Some chargers tell no sets of a service that they have.
    if offered and trip.beside[message.ServiceID] not in offered:
        del trip.beside[message.ServiceID]
        _choose_payment(trip)
    return None


def _provision(trip: Trip, envelope: Envelope, now: float) -> str | None:
    message: CertificateInstallationRes | CertificateUpdateRes = _body(envelope)
    contracts = credentials_of(trip)
    trip.beside.pop(CERTIFICATE_SERVICE, None)
    try:
        contracts.take_contract(V2, certificates.received(message, envelope.signature), now)
        trip.emit(ContractInstalled(now, contracts.emaid))
    except NotCredible as doubt:
        trip.emit(ContractRefused(now, str(doubt)))
        # An old contract that was to be renewed may still do.
        if contracts.contract is None:
            trip.leave(Outcome.TERMINATE, f"the contract certificate is refused: {doubt}", gave_up=True)
    return None


def _payment_details(trip: Trip, envelope: Envelope, now: float) -> str | None:
    trip.challenge = _body(envelope).GenChallenge
    return None


def _authorization(trip: Trip, envelope: Envelope, now: float) -> str | None:
    if _body(envelope).EVSEProcessing is EVSEProcessingType.Ongoing_WaitingForCustomerInteraction:
        # A driver looking for the card is not the charger's delay.
        trip.began_s = now
    finished = _body(envelope).EVSEProcessing is EVSEProcessingType.Finished
    if finished and trip.payment is paymentOptionType.Contract and trip.contracts is not None:
        trip.emit(ContractAccepted(now, trip.contracts.emaid))
    return None


def _charge_parameters(trip: Trip, envelope: Envelope, now: float) -> str | None:
    message: ChargeParameterDiscoveryRes = _body(envelope)
    if message.EVSEProcessing is not EVSEProcessingType.Finished:
        return None
    parameter = message.EVSEChargeParameter
    ac = isinstance(parameter, AC_EVSEChargeParameterType)
    if ac != (trip.plan.service.energy is Energy.AC):
        return f"the charger answered with {type(parameter).__name__} for {trip.mode}"
    if isinstance(parameter, AC_EVSEChargeParameterType):
        trip.nominal_v = number(parameter.EVSENominalVoltage)
    first = not trip.schedules
    trip.evse_limits = evse_fields.read_limits(parameter, trip.phases)
    trip.schedules = list(message.SASchedules.SAScheduleTuple) if message.SASchedules else []
    if not trip.schedules:
        return "the charger finished its schedules and offers none"
    offered = [one.SAScheduleTupleID for one in trip.schedules]
    wanted = trip.plan.resume.schedule_id if trip.plan.resume is not None else None
    seen, report = read_schedules(trip.schedules), trip.car.report(now)
    chosen = offered.index(wanted) if wanted in offered else cheapest(seen, report.needs, trip.car.limits)
    trip.schedule_id = offered[chosen]
    if first:
        trip.emit(ServiceSelected(now, trip.plan.service, ControlMode.SCHEDULED, MobilityNeeds.FROM_CAR))
    trip.emit(LimitsReceived(now, trip.evse_limits))
    trip.emit(SchedulesReceived(now, seen, chosen))
    return None


def _cable_check(trip: Trip, envelope: Envelope, now: float) -> str | None:
    message: CableCheckRes = _body(envelope)
    status = message.DC_EVSEStatus
    if message.EVSEProcessing is EVSEProcessingType.Finished and status.EVSEIsolationStatus in NOT_SAFE:
        return f"the insulation test ended with {status.EVSEIsolationStatus}"
    _heed_stop(trip, status)
    return None


def _voltage(trip: Trip, envelope: Envelope, now: float) -> str | None:
    message: PreChargeRes | WeldingDetectionRes = _body(envelope)
    trip.evse_voltage_v = number(message.EVSEPresentVoltage)
    _heed_stop(trip, message.DC_EVSEStatus)
    return None


def _power_delivery(trip: Trip, envelope: Envelope, now: float) -> str | None:
    message: PowerDeliveryRes = _body(envelope)
    _heed(trip, message.EVSEStatus)
    return None


def _charging_status(trip: Trip, envelope: Envelope, now: float) -> str | None:
    message: ChargingStatusRes = _body(envelope)
    _heed(trip, message.AC_EVSEStatus)
    if message.AC_EVSEStatus.RCD:
        trip.leave(Outcome.TERMINATE, "the charger's residual current device has found a fault", gave_up=True)
    return _loop(trip, message, None, None, now)


def _current_demand(trip: Trip, envelope: Envelope, now: float) -> str | None:
    message: CurrentDemandRes = _body(envelope)
    _heed(trip, message.DC_EVSEStatus)
    trip.evse_voltage_v, current_a = number(message.EVSEPresentVoltage), number(message.EVSEPresentCurrent)
    return _loop(trip, message, trip.evse_voltage_v, current_a, now)


def _loop(
    trip: Trip,
    message: ChargingStatusRes | CurrentDemandRes,
    voltage_v: float | None,
    current_a: float | None,
    now: float,
) -> str | None:
    trip.set_point_w = evse_fields.read_set_point(message, trip.evse_limits, trip.phases)
    trip.receipt_for = message if message.ReceiptRequired else None
    if message.MeterInfo is not None:
        trip.emit(MeterReceived(now, evse_fields.read_meter(message.MeterInfo)))
    trip.car.follow(min(trip.set_point_w, _committed(trip, now)), now)
    trip.emit(SetPointReceived(now, trip.set_point_w, voltage_v, current_a))
    return None


def _committed(trip: Trip, now: float) -> float:
    """What the schedule allows now, W. Where it has run out the car holds still and asks for another, [V2G2-305]."""
    if not trip.allowed:
        return trip.evse_limits.max_charge_w
    allowed_w = power_at(trip.allowed, now - trip.allowed_since_s)
    if allowed_w is None:
        trip.renegotiating = True
    return allowed_w or 0.0


def _metering_receipt(trip: Trip, envelope: Envelope, now: float) -> str | None:
    message: MeteringReceiptRes = _body(envelope)
    signed = trip.payment is Payment.Contract
    trip.emit(MeteringConfirmed(now, evse_fields.read_meter(trip.meter()), signed=signed))
    trip.receipt_for = None
    _heed(trip, message.EVSEStatus)
    return None


def _heed(trip: Trip, status: AC_EVSEStatusType | DC_EVSEStatusType) -> None:
    """Do what the charger wants."""
    _heed_stop(trip, status)
    if status.EVSENotification is EVSENotificationType.ReNegotiation and trip.power_on:
        trip.renegotiating = True


def _heed_stop(trip: Trip, status: AC_EVSEStatusType | DC_EVSEStatusType) -> None:
    """Leave in order when asked to, which is no failure, or when the charger is in no state to charge."""
    if status.EVSENotification is EVSENotificationType.StopCharging:
        trip.leave(Outcome.TERMINATE, f"the charger asked for it ({status.EVSENotification})")
    elif isinstance(status, DC_EVSEStatusType) and status.EVSEStatusCode in evse_fields.STOP_CODES:
        trip.leave(Outcome.TERMINATE, f"the charger is in state {status.EVSEStatusCode}", gave_up=True)


def _body(envelope: Envelope) -> Any:
    return envelope.body


TAKERS: dict[type, Callable[[Trip, Envelope, float], str | None]] = {
    SessionSetupRes: _session_setup,
    ServiceDiscoveryRes: _service_discovery,
    ServiceDetailRes: _service_detail,
    CertificateInstallationRes: _provision,
    CertificateUpdateRes: _provision,
    PaymentDetailsRes: _payment_details,
    AuthorizationRes: _authorization,
    ChargeParameterDiscoveryRes: _charge_parameters,
    CableCheckRes: _cable_check,
    PreChargeRes: _voltage,
    WeldingDetectionRes: _voltage,
    PowerDeliveryRes: _power_delivery,
    ChargingStatusRes: _charging_status,
    CurrentDemandRes: _current_demand,
    MeteringReceiptRes: _metering_receipt,
}
