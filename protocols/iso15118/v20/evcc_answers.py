"""What the EVCC takes from each answer. Each function returns why the session cannot go on, or None."""

from collections.abc import Callable
from typing import Any

from protocols.exi.messages.ac import AC_ChargeLoopRes, AC_ChargeParameterDiscoveryRes
from protocols.exi.messages.common import (
    AuthorizationRes,
    AuthorizationSetupRes,
    CertificateInstallationRes,
    EVSECheckOutStatusType,
    MeteringConfirmationRes,
    PowerDeliveryRes,
    ScheduleExchangeRes,
    ServiceDetailRes,
    ServiceDiscoveryRes,
    SessionSetupRes,
    SessionStopRes,
    VehicleCheckInRes,
    VehicleCheckOutRes,
)
from protocols.exi.messages.common_types import (
    EVSENotificationType,
    EVSEStatusType,
    ProcessingType,
    ResponseCodeType,
)
from protocols.exi.messages.dc import (
    DC_ChargeLoopRes,
    DC_ChargeParameterDiscoveryRes,
    DC_PreChargeRes,
    DC_WeldingDetectionRes,
)
from protocols.exi.schema import Element
from protocols.iso15118.costs import cheapest
from protocols.iso15118.events import (
    ContractAccepted,
    LimitsReceived,
    MeteringConfirmed,
    MeterReceived,
    NeedsReceived,
    SchedulesReceived,
    ServiceSelected,
    SessionStarted,
    SetPointReceived,
)
from protocols.iso15118.services import MobilityNeeds, ValueAdded
from protocols.iso15118.table import Outcome
from protocols.iso15118.v20 import evcc_contract, evse_fields
from protocols.iso15118.v20.evcc_contract import Authorisation, Way
from protocols.iso15118.v20.parameter_sets import read_parameter_set
from protocols.iso15118.v20.rational import number
from protocols.iso15118.v20.schedules import read_schedule
from protocols.iso15118.v20.secc_status import read_meter, read_receipt
from protocols.iso15118.v20.trip import Reading, Trip

STOP_NOTIFICATIONS = {
    EVSENotificationType.Terminate: Outcome.TERMINATE,
    EVSENotificationType.Pause: Outcome.PAUSE,
    EVSENotificationType.ServiceRenegotiation: Outcome.OTHER_SERVICE,
}


def take(trip: Trip, message: Element, now: float) -> str | None:
    """Take in any answer; those without content need nothing."""
    taker = TAKERS.get(type(message))
    return None if taker is None else taker(trip, message, now)


def _session_setup(trip: Trip, message: SessionSetupRes, now: float) -> str | None:
    resumed = message.ResponseCode is ResponseCodeType.OK_OldSessionJoined
    trip.emit(SessionStarted(now, message.EVSEID, message.Header.SessionID.hex().upper(), resumed))
    if resumed and trip.plan.resume is not None:
        trip.take_up(trip.plan.resume)
        if (chosen := trip.parameter_set) is not None:
            trip.emit(ServiceSelected(now, trip.service, chosen.control_mode, chosen.mobility_needs))
    return None


def _authorization_setup(trip: Trip, message: AuthorizationSetupRes, now: float) -> str | None:
    found = evcc_contract.ways(trip.context, message)
    if not found:
        return "the charger offers no authorisation that this car has: it wants a contract (Plug & Charge)"
    mode = message.PnC_ASResAuthorizationMode
    trip.authorisation = Authorisation(found, mode.GenChallenge if mode else b"")
    return None


def _authorization(trip: Trip, message: AuthorizationRes, now: float) -> str | None:
    paid = trip.authorisation.way is Way.CONTRACT and message.ResponseCode is ResponseCodeType.OK
    means = evcc_contract.credentials(trip.context)
    if paid and means is not None and message.EVSEProcessing is ProcessingType.Finished:
        trip.emit(ContractAccepted(now, means.emaid))
    return None


def _certificate_installation(trip: Trip, message: CertificateInstallationRes, now: float) -> str | None:
    if message.EVSEProcessing is ProcessingType.Finished and not message.ResponseCode.startswith("WARNING"):
        trip.authorisation.take_contract(trip.context, message, now)
    return None


def _service_discovery(trip: Trip, message: ServiceDiscoveryRes, now: float) -> str | None:
    offered = [service.ServiceID for service in message.EnergyTransferServiceList.Service]
    if trip.service not in offered:
        trip.leave(Outcome.TERMINATE, f"service {trip.service.name} is not offered, only {offered}", gave_up=True)
    extras = [service.ServiceID for service in message.VASList.Service] if message.VASList else []
    trip.value_added = {extra: [] for extra in trip.plan.value_added if extra in extras}
    return None


def _service_detail(trip: Trip, message: ServiceDetailRes, now: float) -> str | None:
    if message.ServiceID in trip.value_added:
        sets_of_it = [one.ParameterSetID for one in message.ServiceParameterList.ParameterSet]
        trip.value_added[ValueAdded(message.ServiceID)] = sets_of_it
        return None
    sets = [read_parameter_set(one) for one in message.ServiceParameterList.ParameterSet]
    wanted, mobility_needs = trip.plan.control_mode, trip.plan.mobility_needs
    fitting = sorted(
        (one for one in sets if one and wanted in (None, one.control_mode)),
        key=lambda one: one.mobility_needs is not mobility_needs,
    )
    if not fitting:
        mode = "known" if wanted is None else wanted.name
        trip.leave(Outcome.TERMINATE, f"no {mode} control mode is offered", gave_up=True)
        return None
    trip.parameter_set = chosen = fitting[0]
    trip.emit(ServiceSelected(now, trip.service, chosen.control_mode, chosen.mobility_needs))
    return None


def _ac_charge_parameters(trip: Trip, message: AC_ChargeParameterDiscoveryRes, now: float) -> str | None:
    trip.evse_limits = evse_fields.read_limits(message.AC_CPDResEnergyTransferMode)
    trip.emit(LimitsReceived(now, trip.evse_limits))
    return None


def _dc_charge_parameters(trip: Trip, message: DC_ChargeParameterDiscoveryRes, now: float) -> str | None:
    trip.evse_limits = evse_fields.read_limits(message.DC_CPDResEnergyTransferMode)
    trip.emit(LimitsReceived(now, trip.evse_limits))
    return None


def _schedule_exchange(trip: Trip, message: ScheduleExchangeRes, now: float) -> str | None:
    if message.EVSEProcessing is not ProcessingType.Finished:
        return None
    scheduled = message.Scheduled_SEResControlMode
    trip.schedules = list(scheduled.ScheduleTuple) if scheduled else []
    if trip.schedules:
        offered = tuple(read_schedule(one) for one in trip.schedules)
        trip.chosen = cheapest(offered, trip.report(now).needs, trip.car.limits)
        trip.emit(SchedulesReceived(now, offered, trip.chosen))
    _mobility(trip, message.Dynamic_SEResControlMode, now)
    trip.renegotiated = trip.renegotiating
    if message.GoToPause:
        trip.leave(Outcome.PAUSE, "the charger asked for a pause instead of charging")
    return None


def _voltage(trip: Trip, message: DC_PreChargeRes | DC_WeldingDetectionRes, now: float) -> str | None:
    trip.evse_voltage_v = number(message.EVSEPresentVoltage)
    return None


def _power_delivery(trip: Trip, message: PowerDeliveryRes, now: float) -> str | None:
    _status(trip, message.EVSEStatus)
    return None


def _charge_loop(trip: Trip, message: AC_ChargeLoopRes | DC_ChargeLoopRes, now: float) -> str | None:
    reading = None
    if message.MeterInfo is not None:
        reading = Reading(message.MeterInfo, message.Receipt)
        trip.emit(MeterReceived(now, read_meter(reading.meter), read_receipt(reading.receipt)))
    _status(trip, message.EVSEStatus, reading)
    _mobility(trip, message.CLResControlMode, now)
    trip.set_point_w = evse_fields.read_set_point(message, trip.evse_limits)
    voltage_v, current_a = None, None
    if isinstance(message, DC_ChargeLoopRes):
        voltage_v, current_a = evse_fields.read_readings(message)
        trip.evse_voltage_v = voltage_v
    trip.car.follow(trip.set_point_w, now)
    trip.emit(SetPointReceived(now, trip.set_point_w, voltage_v, current_a))
    return None


def _session_stop(trip: Trip, message: SessionStopRes, now: float) -> str | None:
    # After a renegotiation the session goes on, with the same wishes unless the car has said others.
    if trip.leaving is Outcome.OTHER_SERVICE:
        trip.leaving, trip.reason, trip.pre_charging_since_s = None, "", None
        trip.selected, trip.next_service = trip.next_service or trip.selected, None
        trip.parameter_set, trip.told, trip.renegotiated, trip.renegotiating = None, None, False, False
    return None


def _check_in(trip: Trip, message: VehicleCheckInRes, now: float) -> str | None:
    trip.check_ins += 1
    return None


def _check_out(trip: Trip, message: VehicleCheckOutRes, now: float) -> str | None:
    trip.checked_out = message.EVSECheckOutStatus is EVSECheckOutStatusType.Completed
    return None


def _metering_confirmation(trip: Trip, message: MeteringConfirmationRes, now: float) -> str | None:
    if trip.reading is not None:
        meter, receipt = read_meter(trip.reading.meter), read_receipt(trip.reading.receipt)
        trip.emit(MeteringConfirmed(now, meter, signed=True, receipt=receipt))
    return None


def _status(trip: Trip, status: EVSEStatusType | None, reading: Reading | None = None) -> None:
    """Heed what the charger wants, with the next request: well within the time that it gives."""
    if status is None:
        trip.reading = None
        return
    wanted = status.EVSENotification
    if wanted in STOP_NOTIFICATIONS:
        trip.leave(STOP_NOTIFICATIONS[wanted], f"the charger asked for it ({wanted})")
    elif wanted is EVSENotificationType.ScheduleRenegotiation and trip.power_on:
        trip.renegotiating = True
    elif wanted is EVSENotificationType.ExitStandby:
        trip.wants_standby = False
    elif wanted is EVSENotificationType.MeteringConfirmation and reading is not None and trip.reading is None:
        # Only a contract has a key to confirm with, so a car that pays otherwise passes over it.
        means = evcc_contract.credentials(trip.context)
        if means is not None and means.contract is not None:
            trip.reading = trip.reading_to_confirm = reading


def _mobility(trip: Trip, element: object, now: float) -> None:
    """Departure and targets that the charger's side knows, where it was agreed that it does."""
    told = evse_fields.read_mobility(element)
    chosen = trip.parameter_set
    if told is None or chosen is None or chosen.mobility_needs is not MobilityNeeds.FROM_CHARGER:
        return
    if told != trip.told:
        trip.emit(NeedsReceived(now, told, renegotiation=trip.power_on))
    trip.told, trip.told_at_s = told, now


TAKERS: dict[type, Callable[[Trip, Any, float], str | None]] = {
    SessionSetupRes: _session_setup,
    AuthorizationSetupRes: _authorization_setup,
    AuthorizationRes: _authorization,
    CertificateInstallationRes: _certificate_installation,
    ServiceDiscoveryRes: _service_discovery,
    ServiceDetailRes: _service_detail,
    AC_ChargeParameterDiscoveryRes: _ac_charge_parameters,
    DC_ChargeParameterDiscoveryRes: _dc_charge_parameters,
    ScheduleExchangeRes: _schedule_exchange,
    DC_PreChargeRes: _voltage,
    DC_WeldingDetectionRes: _voltage,
    PowerDeliveryRes: _power_delivery,
    AC_ChargeLoopRes: _charge_loop,
    DC_ChargeLoopRes: _charge_loop,
    MeteringConfirmationRes: _metering_confirmation,
    VehicleCheckInRes: _check_in,
    VehicleCheckOutRes: _check_out,
    SessionStopRes: _session_stop,
}
