"""The EVCC's requests, one function a message."""

from protocols.exi.messages.ac import AC_ChargeLoopReq, AC_ChargeParameterDiscoveryReq
from protocols.exi.messages.common import (
    AuthorizationReq,
    AuthorizationSetupReq,
    AuthorizationType,
    CertificateInstallationReq,
    ChannelSelectionType,
    ChargeProgressType,
    ChargingSessionType,
    Dynamic_EVPPTControlModeType,
    EIM_AReqAuthorizationModeType,
    EVPowerProfileEntryListType,
    EVPowerProfileType,
    PowerDeliveryReq,
    PowerScheduleEntryType,
    PowerToleranceAcceptanceType,
    Scheduled_EVPPTControlModeType,
    ScheduleExchangeReq,
    SelectedServiceListType,
    SelectedServiceType,
    ServiceDetailReq,
    ServiceDiscoveryReq,
    ServiceIDListType,
    ServiceSelectionReq,
    SessionSetupReq,
    SessionStopReq,
)
from protocols.exi.messages.common_types import MessageHeaderType, ProcessingType
from protocols.exi.messages.dc import (
    DC_CableCheckReq,
    DC_ChargeLoopReq,
    DC_ChargeParameterDiscoveryReq,
    DC_PreChargeReq,
    DC_WeldingDetectionReq,
)
from protocols.exi.schema import Element
from protocols.iso15118.outlet import SAFE_VOLTAGE_V, pre_charged
from protocols.iso15118.schedule import DAY_S, Steps, merged
from protocols.iso15118.services import ControlMode, Energy
from protocols.iso15118.table import Outcome
from protocols.iso15118.v20 import car_fields, evcc_contract
from protocols.iso15118.v20.evcc_contract import Way
from protocols.iso15118.v20.rational import rational
from protocols.iso15118.v20.schedules import read_schedule
from protocols.iso15118.v20.trip import Trip

MAX_SUPPORTING_POINTS = 1024
MOST_EXTRAS = 16

_STOP_WORDS = {
    Outcome.TERMINATE: ChargingSessionType.Terminate,
    Outcome.PAUSE: ChargingSessionType.Pause,
    Outcome.OTHER_SERVICE: ChargingSessionType.ServiceRenegotiation,
}


def session_setup(trip: Trip, now: float) -> SessionSetupReq:
    """A new session, or back to the paused one."""
    header = MessageHeaderType(SessionID=trip.plan.old_session_id, TimeStamp=int(now))
    return SessionSetupReq(Header=header, EVCCID=trip.car.evcc_id)


def authorization_setup(trip: Trip, now: float) -> AuthorizationSetupReq:
    """Which ways to authorise are there?"""
    return AuthorizationSetupReq(Header=trip.header(now))


def authorization(trip: Trip, now: float) -> AuthorizationReq | CertificateInstallationReq:
    """The way that is tried now: by contract, perhaps asking for one first, or by external means."""
    match trip.authorisation.way:
        case Way.INSTALL:
            return evcc_contract.ask_for_contract(trip.context, trip.header(now))
        case Way.CONTRACT:
            return evcc_contract.show_contract(trip.context, trip.header(now), trip.authorisation.challenge)
        case Way.EXTERNAL:
            pass
    return AuthorizationReq(
        Header=trip.header(now),
        SelectedAuthorizationService=AuthorizationType.EIM,
        EIM_AReqAuthorizationMode=EIM_AReqAuthorizationModeType(),
    )


def go_on(trip: Trip, now: float) -> Element:
    """A session taken up again: straight to the limits if both ends know the service, else from the start."""
    return authorization_setup(trip, now) if trip.parameter_set is None else charge_parameters(trip, now)


def service_discovery(trip: Trip, now: float) -> ServiceDiscoveryReq:
    """Which of the services that we know are there?"""
    known = ServiceIDListType(ServiceID=[int(trip.service), *map(int, trip.plan.value_added)])
    return ServiceDiscoveryReq(Header=trip.header(now), SupportedServiceIDs=known)


def service_detail(trip: Trip, now: float) -> ServiceDetailReq:
    """The parameter sets of ours."""
    return ServiceDetailReq(Header=trip.header(now), ServiceID=int(trip.service))


def service_selection(trip: Trip, now: float) -> ServiceDetailReq | ServiceSelectionReq:
    """The set that `evcc_answers` has found to be ours; before that, details of what we take besides."""
    unknown = next((extra for extra, sets in trip.value_added.items() if not sets), None)
    if unknown is not None:
        return ServiceDetailReq(Header=trip.header(now), ServiceID=int(unknown))
    set_id = trip.parameter_set.id if trip.parameter_set else 0
    selected = SelectedServiceType(ServiceID=int(trip.service), ParameterSetID=set_id)
    extras = [
        SelectedServiceType(ServiceID=int(extra), ParameterSetID=one)
        for extra, sets in trip.value_added.items()
        for one in sets
    ]
    return ServiceSelectionReq(
        Header=trip.header(now),
        SelectedEnergyTransferService=selected,
        SelectedVASList=SelectedServiceListType(SelectedService=extras[:MOST_EXTRAS]) if extras else None,
    )


def charge_parameters(trip: Trip, now: float) -> Element:
    """Our limits."""
    service = trip.service
    target_soc = trip.report(now).needs.target_soc
    mode = car_fields.limits_element(trip.car.limits, service, target_soc)
    if service.energy is Energy.AC:
        return AC_ChargeParameterDiscoveryReq(Header=trip.header(now), AC_CPDReqEnergyTransferMode=mode)  # type: ignore[arg-type]
    return DC_ChargeParameterDiscoveryReq(Header=trip.header(now), DC_CPDReqEnergyTransferMode=mode)  # type: ignore[arg-type]


def schedule_exchange(trip: Trip, now: float) -> ScheduleExchangeReq:
    """What we need by when."""
    needs = trip.report(now).needs
    fields = car_fields.schedule_request_fields(needs, trip.control_mode, trip.service)
    return ScheduleExchangeReq(
        Header=trip.header(now),
        MaximumSupportingPoints=MAX_SUPPORTING_POINTS,
        **fields,  # type: ignore[arg-type]
    )


def cable_check(trip: Trip, now: float) -> DC_CableCheckReq:
    """Is the insulation tested?"""
    return DC_CableCheckReq(Header=trip.header(now))


def pre_charge(trip: Trip, now: float) -> DC_PreChargeReq:
    """Bring the outlet to the battery's voltage."""
    battery_v = trip.car.report(now).voltage_v or 0.0
    processing = ProcessingType.Finished if pre_charged(trip, battery_v, now) else ProcessingType.Ongoing
    return DC_PreChargeReq(
        Header=trip.header(now),
        EVProcessing=processing,
        EVPresentVoltage=rational(battery_v),
        EVTargetVoltage=rational(battery_v),
    )


def power_delivery(trip: Trip, now: float) -> PowerDeliveryReq:
    """Close the contactors."""
    return _with_profile(trip, now, ChargeProgressType.Start)


def change_of_power(trip: Trip, now: float) -> PowerDeliveryReq | None:
    """In the charge loop: into standby, out of it, or over to the schedule that the side stream brought."""
    if trip.wants_standby and trip.power_on:
        return PowerDeliveryReq(
            Header=trip.header(now), EVProcessing=ProcessingType.Finished, ChargeProgress=ChargeProgressType.Standby
        )
    if not trip.power_on and not trip.wants_standby:
        return _with_profile(trip, now, ChargeProgressType.Start)
    if trip.renegotiated and trip.power_on:
        trip.renegotiating = trip.renegotiated = False
        return _with_profile(trip, now, ChargeProgressType.ScheduleRenegotiation)
    return None


def _with_profile(trip: Trip, now: float, progress: ChargeProgressType) -> PowerDeliveryReq:
    anchor_s, steps = _profile(trip, now)
    discharging = bool(steps) and steps[0][1] < 0
    channel = ChannelSelectionType.Discharge if discharging else ChannelSelectionType.Charge
    scheduled = trip.control_mode is ControlMode.SCHEDULED
    entries = [PowerScheduleEntryType(Duration=round(s), Power=rational(w)) for s, w in steps]
    profile = EVPowerProfileType(
        TimeAnchor=anchor_s,
        EVPowerProfileEntries=EVPowerProfileEntryListType(EVPowerProfileEntry=entries),
    )
    if scheduled:
        profile.Scheduled_EVPPTControlMode = Scheduled_EVPPTControlModeType(
            SelectedScheduleTupleID=trip.schedule_id,
            PowerToleranceAcceptance=PowerToleranceAcceptanceType.PowerToleranceConfirmed,
        )
    else:
        profile.Dynamic_EVPPTControlMode = Dynamic_EVPPTControlModeType()
    return PowerDeliveryReq(
        Header=trip.header(now),
        EVProcessing=ProcessingType.Finished,
        ChargeProgress=progress,
        EVPowerProfile=profile,
        BPT_ChannelSelection=channel if trip.service.bidirectional else None,
    )


def _profile(trip: Trip, now: float) -> tuple[int, Steps]:
    """What we mean to draw, and from when: the chosen schedule as far as the car can, or its limit for a day."""
    limits, selected = trip.car.limits, trip.schedule
    if selected is not None:
        steps = tuple(merged((s, limits.clip(w)) for s, w in read_schedule(selected).plan))
        return selected.ChargingSchedule.PowerSchedule.TimeAnchor, steps
    return int(now), ((DAY_S, limits.clip(trip.evse_limits.max_charge_w)),)


def charge_loop(trip: Trip, now: float) -> Element:
    """Where the car stands."""
    plan, report = trip.plan, trip.report(now)
    mode = car_fields.loop_element(report, trip.service, trip.control_mode)
    display = car_fields.display_element(report, report.needs)
    if trip.service.energy is Energy.AC:
        return AC_ChargeLoopReq(
            Header=trip.header(now),
            DisplayParameters=display,
            MeterInfoRequested=plan.ask_for_meter,
            CLReqControlMode=mode,  # type: ignore[arg-type]
        )
    return DC_ChargeLoopReq(
        Header=trip.header(now),
        DisplayParameters=display,
        MeterInfoRequested=plan.ask_for_meter,
        EVPresentVoltage=rational(report.voltage_v or 0.0),
        CLReqControlMode=mode,  # type: ignore[arg-type]
    )


def power_off(trip: Trip, now: float) -> PowerDeliveryReq:
    """Open the contactors."""
    return PowerDeliveryReq(
        Header=trip.header(now), EVProcessing=ProcessingType.Finished, ChargeProgress=ChargeProgressType.Stop
    )


def welding_detection(trip: Trip, now: float) -> DC_WeldingDetectionReq:
    """Has the voltage gone?"""
    processing = ProcessingType.Finished if trip.evse_voltage_v < SAFE_VOLTAGE_V else ProcessingType.Ongoing
    return DC_WeldingDetectionReq(Header=trip.header(now), EVProcessing=processing)


def session_stop(trip: Trip, now: float) -> SessionStopReq:
    """Good-bye, or see you later."""
    return SessionStopReq(
        Header=trip.header(now),
        ChargingSession=_STOP_WORDS[trip.leaving or Outcome.TERMINATE],
        EVTerminationExplanation=trip.reason[:160] or None,
    )
