"""The SECC's answers from the charge parameters to the end: the part in which power flows."""

from protocols.exi.messages.ac import (
    AC_ChargeLoopReq,
    AC_ChargeLoopRes,
    AC_ChargeParameterDiscoveryReq,
    AC_ChargeParameterDiscoveryRes,
)
from protocols.exi.messages.common import (
    ChargingSessionType,
    Dynamic_SEResControlModeType,
    MeteringConfirmationReq,
    MeteringConfirmationRes,
    PowerDeliveryReq,
    PowerDeliveryRes,
    Scheduled_SEResControlModeType,
    ScheduleExchangeReq,
    ScheduleExchangeRes,
    SessionStopReq,
    SessionStopRes,
)
from protocols.exi.messages.common_types import (
    EVSENotificationType,
    EVSEStatusType,
    MeterInfoType,
    ProcessingType,
    ResponseCodeType,
)
from protocols.exi.messages.dc import (
    DC_CableCheckReq,
    DC_CableCheckRes,
    DC_ChargeLoopReq,
    DC_ChargeLoopRes,
    DC_ChargeParameterDiscoveryReq,
    DC_ChargeParameterDiscoveryRes,
    DC_PreChargeReq,
    DC_PreChargeRes,
    DC_WeldingDetectionReq,
    DC_WeldingDetectionRes,
)
from protocols.iso15118.events import (
    CableCheckRequested,
    LimitsReceived,
    LoopAnswered,
    MeteringConfirmed,
    NeedsReceived,
    PowerDeliveryChanged,
    PreChargeRequested,
    SetPointExpired,
)
from protocols.iso15118.evse import Notification, PausedSession
from protocols.iso15118.power import CarReport, EnergyNeeds, Limits, MeterReading
from protocols.iso15118.refusal import Refusal
from protocols.iso15118.schedule import keeps_to, unplanned
from protocols.iso15118.services import ControlMode, Energy, MobilityNeeds, Service
from protocols.iso15118.table import Outcome
from protocols.iso15118.v20 import car_fields, evse_fields
from protocols.iso15118.v20.agreement import Agreement
from protocols.iso15118.v20.outcome import requested_outcome
from protocols.iso15118.v20.rational import number, rational
from protocols.iso15118.v20.schedules import price_element, read_profile, schedule_element
from protocols.iso15118.v20.table import ONGOING_PERFORMANCE

OK = ResponseCodeType.OK


def ac_charge_parameters(
    agreed: Agreement, request: AC_ChargeParameterDiscoveryReq, now: float
) -> AC_ChargeParameterDiscoveryRes:
    """Both ends' AC limits."""
    service = _take_limits(agreed, request.AC_CPDReqEnergyTransferMode, now)
    evse = agreed.evse
    mode = evse_fields.ac_limits_element(evse.limits, evse.offer, service.bidirectional)
    return AC_ChargeParameterDiscoveryRes(Header=agreed.header(now), ResponseCode=OK, AC_CPDResEnergyTransferMode=mode)


def dc_charge_parameters(
    agreed: Agreement, request: DC_ChargeParameterDiscoveryReq, now: float
) -> DC_ChargeParameterDiscoveryRes:
    """Both ends' DC limits."""
    service = _take_limits(agreed, request.DC_CPDReqEnergyTransferMode, now)
    mode = evse_fields.dc_limits_element(agreed.evse.limits, agreed.evse.offer, service.bidirectional)
    return DC_ChargeParameterDiscoveryRes(Header=agreed.header(now), ResponseCode=OK, DC_CPDResEnergyTransferMode=mode)


def _take_limits(agreed: Agreement, element: object, now: float) -> Service:
    service = _service(agreed)
    expected = car_fields.LIMIT_TYPES[service]
    limits = car_fields.read_limits(element)
    problem = car_fields.implausible(limits, agreed.evse.limits, service.energy is Energy.DC)
    if type(element) is not expected:
        problem = f"the car sent {type(element).__name__} for service {service.name}"
    if problem is not None:
        raise Refusal(ResponseCodeType.FAILED_WrongChargeParameter, problem)
    agreed.car_limits = limits
    agreed.emit(LimitsReceived(now, limits))
    return service


def schedule_exchange(agreed: Agreement, request: ScheduleExchangeReq, now: float) -> ScheduleExchangeRes:
    """What the car wants by when, and what we offer; "ongoing" while the application plans.

    Past V2G_SECC_Ongoing_Performance_Time the limits are offered unplanned, rather than let the car give up.
    """
    mode = _control_mode(agreed)
    scheduled = request.Scheduled_SEReqControlMode is not None
    if scheduled != (mode is ControlMode.SCHEDULED):
        raise Refusal(
            ResponseCodeType.FAILED, f"the car selected {mode.name} mode but asked for the other one's schedule"
        )
    if agreed.planning_since_s is None:
        agreed.planning_since_s = now
        agreed.emit(NeedsReceived(now, car_fields.read_schedule_request(request), renegotiation=agreed.power_on))
    waited_s = now - agreed.planning_since_s
    ongoing = agreed.evse.planning and waited_s < agreed.timings.of(ONGOING_PERFORMANCE)
    if not ongoing:
        agreed.planning_since_s = None
        _satisfied(agreed, Notification.ScheduleRenegotiation)
    agreed.schedules = agreed.evse.schedules or (unplanned(_limits(agreed)),)
    response = ScheduleExchangeRes(
        Header=agreed.header(now),
        ResponseCode=OK,
        EVSEProcessing=ProcessingType.Ongoing if ongoing else ProcessingType.Finished,
    )
    if scheduled:
        response.Scheduled_SEResControlMode = _schedules(agreed, request.MaximumSupportingPoints, int(now))
    else:
        prices = agreed.schedules[0].charge_prices
        response.Dynamic_SEResControlMode = Dynamic_SEResControlModeType(
            **evse_fields.mobility_fields(_mobility(agreed)),
            AbsolutePriceSchedule=None if prices is None else price_element(prices, int(now), 1),
        )
    return response


def _schedules(agreed: Agreement, max_points: int, anchor_s: int) -> Scheduled_SEResControlModeType:
    service = _service(agreed)
    phases = agreed.evse.offer.phases if service.energy is Energy.AC else 1
    return Scheduled_SEResControlModeType(
        ScheduleTuple=[
            schedule_element(schedule, number, anchor_s, phases, service.bidirectional, max_points)
            for number, schedule in enumerate(agreed.schedules, start=1)
        ]
    )


def cable_check(agreed: Agreement, request: DC_CableCheckReq, now: float) -> DC_CableCheckRes:
    """Ongoing until the application has tested the insulation."""
    if not agreed.asked_for_cable_check:
        agreed.asked_for_cable_check = True
        agreed.evse.insulation_ok = None
        agreed.emit(CableCheckRequested(now))
    if agreed.evse.insulation_ok is False:
        raise Refusal(ResponseCodeType.FAILED, "the insulation test failed")
    processing = ProcessingType.Finished if agreed.evse.insulation_ok else ProcessingType.Ongoing
    return DC_CableCheckRes(Header=agreed.header(now), ResponseCode=OK, EVSEProcessing=processing)


def pre_charge(agreed: Agreement, request: DC_PreChargeReq, now: float) -> DC_PreChargeRes:
    """The voltage at the outlet while it is brought to the car's."""
    target_v = number(request.EVTargetVoltage)
    if target_v != agreed.pre_charge_v:
        agreed.pre_charge_v = target_v
        agreed.emit(PreChargeRequested(now, target_v))
    return DC_PreChargeRes(
        Header=agreed.header(now), ResponseCode=OK, EVSEPresentVoltage=rational(agreed.evse.readings.voltage_v)
    )


def power_delivery(agreed: Agreement, request: PowerDeliveryReq, now: float) -> PowerDeliveryRes:
    """Contactors on and off, and the plan that the car will keep to."""
    code = OK
    outcome = requested_outcome(request)
    if outcome is Outcome.STANDBY and not agreed.evse.offer.standby_allowed:
        code = ResponseCodeType.WARNING_StandbyNotAllowed
    elif outcome in (Outcome.START, Outcome.RENEGOTIATE):
        _check_profile(agreed, request)
        if agreed.evse.contactor_fault:
            raise Refusal(ResponseCodeType.FAILED_ContactorError, "the charger's contactor did not close")
        _satisfied(agreed, Notification.ExitStandby)
        agreed.power_on = True
        agreed.emit(PowerDeliveryChanged(now, on=True, profile=read_profile(request.EVPowerProfile)))
    elif outcome in (Outcome.STOP, Outcome.STANDBY):
        agreed.power_on = False
        agreed.evse.notification = None if outcome is Outcome.STOP else agreed.evse.notification
        agreed.emit(PowerDeliveryChanged(now, on=False, standby=outcome is Outcome.STANDBY))
    return PowerDeliveryRes(Header=agreed.header(now), ResponseCode=code, EVSEStatus=_status(agreed))


def _check_profile(agreed: Agreement, request: PowerDeliveryReq) -> None:
    profile = request.EVPowerProfile
    if _control_mode(agreed) is not ControlMode.SCHEDULED:
        return
    selected = profile.Scheduled_EVPPTControlMode if profile else None
    if profile is None or selected is None:
        raise Refusal(
            ResponseCodeType.FAILED_EVPowerProfileInvalid,
            f"PowerDeliveryReq({request.ChargeProgress}) came without a scheduled power profile",
        )
    tuple_id = selected.SelectedScheduleTupleID
    if not 1 <= tuple_id <= len(agreed.schedules):
        raise Refusal(
            ResponseCodeType.FAILED_ScheduleSelectionInvalid,
            f"the car selected schedule {tuple_id}, which was not offered",
        )
    if not keeps_to(read_profile(profile), agreed.schedules[tuple_id - 1]):
        raise Refusal(
            ResponseCodeType.FAILED_EVPowerProfileViolation,
            f"the car's power profile leaves the limits of schedule {tuple_id}",
        )


def ac_charge_loop(agreed: Agreement, request: AC_ChargeLoopReq, now: float) -> AC_ChargeLoopRes:
    """One turn of the loop; the answer carries the set-point of this very moment."""
    power_w, _ = _turn(agreed, request, now)
    evse, service = agreed.evse, _service(agreed)
    targets = evse_fields.ac_targets(
        power_w,
        evse.readings,
        evse.offer.phases,
        _control_mode(agreed),
        service.bidirectional,
        _mobility(agreed),
    )
    return AC_ChargeLoopRes(
        Header=agreed.header(now),
        ResponseCode=OK,
        EVSEStatus=_status(agreed),
        MeterInfo=_meter(agreed) if request.MeterInfoRequested else None,
        CLResControlMode=targets,
    )


def dc_charge_loop(agreed: Agreement, request: DC_ChargeLoopReq, now: float) -> DC_ChargeLoopRes:
    """One turn of the loop; the answer carries the set-point of this very moment."""
    power_w, report = _turn(agreed, request, now)
    limits, readings = _limits(agreed), agreed.evse.readings
    targets = evse_fields.dc_targets(
        power_w,
        limits,
        agreed.evse.offer,
        _control_mode(agreed),
        _service(agreed).bidirectional,
        _mobility(agreed),
    )
    wanted_w = power_w if report.target_w is None else report.target_w
    return DC_ChargeLoopRes(
        Header=agreed.header(now),
        ResponseCode=OK,
        EVSEStatus=_status(agreed),
        MeterInfo=_meter(agreed) if request.MeterInfoRequested else None,
        EVSEPresentCurrent=rational(readings.current_a),
        EVSEPresentVoltage=rational(readings.voltage_v),
        EVSEPowerLimitAchieved=abs(wanted_w) > abs(power_w),
        EVSECurrentLimitAchieved=_reached(readings.current_a, limits.max_charge_a, limits.max_discharge_a),
        EVSEVoltageLimitAchieved=limits.max_v is not None and readings.voltage_v >= limits.max_v,
        CLResControlMode=targets,
    )


def _turn(agreed: Agreement, request: AC_ChargeLoopReq | DC_ChargeLoopReq, now: float) -> tuple[float, CarReport]:
    """Take the car's report; return the set-point to answer with, and the report."""
    expected = car_fields.LOOP_TYPES[_service(agreed), _control_mode(agreed)]
    if type(request.CLReqControlMode) is not expected:
        raise Refusal(
            ResponseCodeType.FAILED,
            f"the car sent {type(request.CLReqControlMode).__name__} where it had agreed to {expected.__name__}",
        )
    report = car_fields.read_loop(request, agreed.car_limits)
    agreed.car_limits = report.limits
    expired_w = agreed.evse.expire(now)
    if expired_w is not None:
        agreed.emit(SetPointExpired(now, expired_w))
    power_w = agreed.evse.power_w(now) if agreed.power_on else 0.0
    power_w = agreed.car_limits.clip(_limits(agreed).clip(power_w))
    agreed.emit(LoopAnswered(now, report, power_w))
    return power_w, report


def metering_confirmation(agreed: Agreement, request: MeteringConfirmationReq, now: float) -> MeteringConfirmationRes:
    """The car's receipt for our reading, which we must have asked for."""
    if agreed.evse.notification is not Notification.MeteringConfirmation:
        raise Refusal(ResponseCodeType.FAILED_SequenceError, "the car confirmed a reading nobody asked about")
    data = request.SignedMeteringData
    if data.SessionID != agreed.session_id:
        raise Refusal(ResponseCodeType.FAILED_MeteringSignatureNotValid, "the car confirmed another session's reading")
    _satisfied(agreed, Notification.MeteringConfirmation)
    info = data.MeterInfo
    reading = MeterReading(
        info.MeterID, info.ChargedEnergyReadingWh, info.BPT_DischargedEnergyReadingWh or 0, info.MeterTimestamp
    )
    agreed.emit(MeteringConfirmed(now, reading))
    return MeteringConfirmationRes(Header=agreed.header(now), ResponseCode=OK)


def welding_detection(agreed: Agreement, request: DC_WeldingDetectionReq, now: float) -> DC_WeldingDetectionRes:
    """The voltage at the outlet, which falls unless a contactor of the car is welded."""
    return DC_WeldingDetectionRes(
        Header=agreed.header(now), ResponseCode=OK, EVSEPresentVoltage=rational(agreed.evse.readings.voltage_v)
    )


def session_stop(agreed: Agreement, request: SessionStopReq, now: float) -> SessionStopRes:
    """The end, a pause, or back to the choice of a service."""
    offer = agreed.evse.offer
    if request.ChargingSession is ChargingSessionType.Pause:
        if not offer.pause_allowed:
            raise Refusal(ResponseCodeType.FAILED_PauseNotAllowed, "the car wanted to pause, which is not allowed")
        agreed.evse.paused = PausedSession(agreed.session_id, agreed.evcc_id)
    if request.ChargingSession is ChargingSessionType.ServiceRenegotiation:
        if not offer.service_renegotiation:
            raise Refusal(
                ResponseCodeType.FAILED_NoServiceRenegotiationSupported,
                "the car wanted another service, which is not offered here",
            )
        agreed.service = agreed.parameter_set = agreed.pre_charge_v = None
        agreed.asked_for_cable_check = False
    return SessionStopRes(Header=agreed.header(now), ResponseCode=OK)


def _service(agreed: Agreement) -> Service:
    if agreed.service is None:
        raise Refusal(ResponseCodeType.FAILED_NoEnergyTransferServiceSelected, "no service has been selected")
    return agreed.service


def _control_mode(agreed: Agreement) -> ControlMode:
    if agreed.parameter_set is None:
        raise Refusal(ResponseCodeType.FAILED_NoEnergyTransferServiceSelected, "no service has been selected")
    return agreed.parameter_set.control_mode


def _limits(agreed: Agreement) -> Limits:
    limits = agreed.evse.limits
    return limits if _service(agreed).bidirectional else limits.without_discharge()


def _mobility(agreed: Agreement) -> EnergyNeeds | None:
    chosen = agreed.parameter_set
    from_charger = chosen is not None and chosen.mobility_needs is MobilityNeeds.FROM_CHARGER
    return agreed.evse.mobility if from_charger else None


def _status(agreed: Agreement) -> EVSEStatusType | None:
    notification = agreed.evse.notification
    if notification is None:
        return None
    delay = agreed.evse.notification_max_delay_s
    return EVSEStatusType(NotificationMaxDelay=delay, EVSENotification=EVSENotificationType(notification))


def _satisfied(agreed: Agreement, notification: Notification) -> None:
    if agreed.evse.notification is notification:
        agreed.evse.notification = None


def _meter(agreed: Agreement) -> MeterInfoType | None:
    meter = agreed.evse.meter
    if meter is None:
        return None
    return MeterInfoType(
        MeterID=meter.meter_id,
        ChargedEnergyReadingWh=meter.charged_wh,
        BPT_DischargedEnergyReadingWh=meter.discharged_wh if _service(agreed).bidirectional else None,
        MeterTimestamp=None if meter.time_s is None else int(meter.time_s),
    )


def _reached(current_a: float, max_charge_a: float | None, max_discharge_a: float | None) -> bool:
    limit = max_charge_a if current_a >= 0 else max_discharge_a
    return limit is not None and abs(current_a) >= limit > 0
