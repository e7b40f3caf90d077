"""The SECC's answers of ISO 15118-2 from the charge parameters to the end: the part in which power flows."""

from protocols.exi.messages.v2 import (
    CableCheckReq,
    CableCheckRes,
    ChargeParameterDiscoveryReq,
    ChargeParameterDiscoveryRes,
    ChargingStatusReq,
    ChargingStatusRes,
    CurrentDemandReq,
    CurrentDemandRes,
    PowerDeliveryReq,
    PowerDeliveryRes,
    PreChargeReq,
    PreChargeRes,
    SessionStopReq,
    SessionStopRes,
    WeldingDetectionReq,
    WeldingDetectionRes,
    chargingSessionType,
)
from protocols.exi.messages.v2_types import (
    AC_EVChargeParameterType,
    DC_EVSEStatusCodeType,
    DC_EVSEStatusType,
    DC_EVStatusType,
    EVSEProcessingType,
    SAScheduleListType,
    isolationLevelType,
    responseCodeType,
)
from protocols.iso15118.events import (
    CableCheckRequested,
    LimitsReceived,
    LoopAnswered,
    NeedsReceived,
    PowerDeliveryChanged,
    PreChargeRequested,
    ServiceSelected,
    SessionPaused,
    SetPointExpired,
)
from protocols.iso15118.paused import PausedSession
from protocols.iso15118.refusal import Refusal
from protocols.iso15118.schedule import keeps_to, unplanned
from protocols.iso15118.services import ControlMode, Energy, MobilityNeeds, ProtocolName, Service
from protocols.iso15118.table import Outcome
from protocols.iso15118.v2 import car_fields, evse_fields
from protocols.iso15118.v2.agreement import Agreement
from protocols.iso15118.v2.outcome import requested_outcome
from protocols.iso15118.v2.schedules import read_profile, schedule_list
from protocols.iso15118.v2.secc_contract import receipt_wanted
from protocols.iso15118.v2.table import CABLE_CHECK_PERFORMANCE, ONGOING_PERFORMANCE
from protocols.iso15118.v2.tariffs import signed
from protocols.iso15118.v2.values import A, V, number, physical

Code, Processing, Isolation = responseCodeType, EVSEProcessingType, isolationLevelType
OK = responseCodeType.OK
SERVICES = {Energy.AC: Service.AC, Energy.DC: Service.DC}
TOLERANCE_W = 50.0
"""Cars round their currents and profiles, and a rounding may miss a limit by so much."""


def charge_parameters(
    agreed: Agreement, request: ChargeParameterDiscoveryReq, now: float
) -> ChargeParameterDiscoveryRes:
    """Both ends' limits, what the car wants by when, and what we offer; "ongoing" while the application plans.

    Past V2G_SECC_Ongoing_Performance_Time the limits are offered unplanned, rather than let the car give up.
    """
    _take_parameters(agreed, request, now)
    schedules = _schedules(agreed, request.MaxEntriesSAScheduleTuple, now)
    return ChargeParameterDiscoveryRes(
        ResponseCode=OK,
        EVSEProcessing=Processing.Finished if schedules else Processing.Ongoing,
        SASchedules=schedules,
        EVSEChargeParameter=(
            evse_fields.ac_parameter(agreed.evse, agreed.phases)
            if agreed.energy is Energy.AC
            else evse_fields.dc_parameter(agreed.limits, _dc_status(agreed))
        ),
    )


def _take_parameters(agreed: Agreement, request: ChargeParameterDiscoveryReq, now: float) -> None:
    mode, parameter = request.RequestedEnergyTransferMode, request.EVChargeParameter
    if mode not in agreed.modes or (agreed.mode is not None and agreed.mode is not mode):
        raise Refusal(Code.FAILED_WrongEnergyTransferMode, f"the car requested {mode}, which is not offered")
    if isinstance(parameter, AC_EVChargeParameterType) != (evse_fields.energy_of(mode) is Energy.AC):
        raise Refusal(Code.FAILED_WrongChargeParameter, f"the car sent {type(parameter).__name__} for {mode}")
    first = agreed.mode is None
    agreed.select(mode)
    limits = car_fields.read_limits(parameter, agreed.phases, agreed.evse.offer.nominal_voltage_v)
    problem = car_fields.implausible(limits, agreed.evse.limits, agreed.energy is Energy.DC)
    if problem is not None:
        raise Refusal(Code.FAILED_WrongChargeParameter, problem)
    agreed.take(car_fields.read_report(parameter, limits), now)
    if first:
        service = SERVICES[evse_fields.energy_of(mode)]
        agreed.emit(ServiceSelected(now, service, ControlMode.SCHEDULED, MobilityNeeds.FROM_CAR))
    if agreed.planning_since_s is None:
        agreed.planning_since_s = now
        agreed.emit(LimitsReceived(now, limits))
        agreed.emit(NeedsReceived(now, agreed.car.needs, renegotiation=agreed.renegotiating))


def _schedules(agreed: Agreement, max_entries: int | None, now: float) -> SAScheduleListType | None:
    """What the car may choose from; None while the application plans."""
    waited_s = now - (agreed.planning_since_s or now)
    if agreed.evse.planning and waited_s < agreed.timings.of(ONGOING_PERFORMANCE):
        return None
    agreed.planning_since_s, agreed.renegotiating = None, False
    agreed.evse.planning = False
    agreed.schedules = agreed.evse.schedules or (unplanned(agreed.limits),)
    return signed(agreed, schedule_list(agreed.schedules, max_entries))


def cable_check(agreed: Agreement, request: CableCheckReq, now: float) -> CableCheckRes:
    """Ongoing until the application has tested the insulation."""
    _heed_fault(request.DC_EVStatus)
    if agreed.cable_check_since_s is None:
        agreed.cable_check_since_s = now
        agreed.evse.insulation_ok = None
        agreed.emit(CableCheckRequested(now))
    finished, patience_s = agreed.evse.insulation_ok, agreed.timings.of(CABLE_CHECK_PERFORMANCE)
    if finished is None and now - agreed.cable_check_since_s > patience_s:
        raise Refusal(Code.FAILED, f"the insulation test gave no result within {patience_s:g} s")
    if finished is False:
        raise Refusal(Code.FAILED, "the insulation test failed")
    agreed.isolation = Isolation.Valid if finished else Isolation.Invalid
    code = DC_EVSEStatusCodeType.EVSE_Ready if finished else DC_EVSEStatusCodeType.EVSE_IsolationMonitoringActive
    return CableCheckRes(
        ResponseCode=OK,
        DC_EVSEStatus=evse_fields.dc_status(agreed.evse, agreed.isolation, code),
        EVSEProcessing=Processing.Finished if finished else Processing.Ongoing,
    )


def pre_charge(agreed: Agreement, request: PreChargeReq, now: float) -> PreChargeRes:
    """The voltage at the outlet while it is brought to the car's."""
    _heed_fault(request.DC_EVStatus)
    target_v = number(request.EVTargetVoltage)
    if target_v != agreed.pre_charge_v:
        agreed.pre_charge_v = target_v
        agreed.emit(PreChargeRequested(now, target_v))
    return PreChargeRes(
        ResponseCode=OK,
        DC_EVSEStatus=_dc_status(agreed),
        EVSEPresentVoltage=physical(agreed.evse.readings.voltage_v, V),
    )


def power_delivery(agreed: Agreement, request: PowerDeliveryReq, now: float) -> PowerDeliveryRes:
    """Contactors on and off, the plan that the car will keep to, and the way back to another plan."""
    match requested_outcome(request):
        case Outcome.START:
            _start(agreed, request, now)
        case Outcome.RENEGOTIATE:
            _renegotiate(agreed, now)
        case _:
            _power_off(agreed, now)
            agreed.evse.notification = None
    status = evse_fields.status(agreed.evse, agreed.energy, agreed.isolation)
    return PowerDeliveryRes(ResponseCode=OK, EVSEStatus=status)


def _start(agreed: Agreement, request: PowerDeliveryReq, now: float) -> None:
    if agreed.energy is Energy.DC and agreed.pre_charge_v is None:
        raise Refusal(Code.FAILED_SequenceError, "PowerDeliveryReq (start) came without any PreChargeReq")
    if not 1 <= request.SAScheduleTupleID <= len(agreed.schedules):
        raise Refusal(
            Code.FAILED_TariffSelectionInvalid,
            f"the car selected schedule {request.SAScheduleTupleID}, which was not offered",
        )
    profile = read_profile(request.ChargingProfile)
    if not keeps_to(profile, agreed.schedules[request.SAScheduleTupleID - 1], TOLERANCE_W):
        raise Refusal(
            Code.FAILED_ChargingProfileInvalid,
            f"the car's charging profile leaves the limits of schedule {request.SAScheduleTupleID}",
        )
    if agreed.evse.contactor_fault:
        raise Refusal(Code.FAILED_ContactorError, "the charger's contactor did not close")
    agreed.schedule_id, agreed.power_on = request.SAScheduleTupleID, True
    agreed.evse.paused = None
    agreed.emit(PowerDeliveryChanged(now, on=True, profile=profile))


def _renegotiate(agreed: Agreement, now: float) -> None:
    """In AC power flows on; in DC the sequence goes through cable check and pre-charge once more."""
    agreed.renegotiating = True
    if agreed.evse.notification in evse_fields.RENEGOTIATIONS:
        agreed.evse.notification = None
    if agreed.energy is Energy.DC:
        _power_off(agreed, now)
        agreed.cable_check_since_s = agreed.pre_charge_v = None
        agreed.isolation = Isolation.Invalid


def _power_off(agreed: Agreement, now: float) -> None:
    agreed.power_on = False
    agreed.emit(PowerDeliveryChanged(now, on=False))


def charging_status(agreed: Agreement, request: ChargingStatusReq, now: float) -> ChargingStatusRes:
    """One turn of the AC loop; the answer carries the set-point of this very moment."""
    report = agreed.report(now)
    power_w = report.limits.clip(_set_point(agreed, now))
    agreed.emit(LoopAnswered(now, report, power_w))
    meter = evse_fields.meter_info(agreed.evse.meter)
    current_a = evse_fields.ac_current(power_w, agreed.phases, agreed.evse.offer.nominal_voltage_v)
    return ChargingStatusRes(
        ResponseCode=OK,
        EVSEID=agreed.evse.offer.evse_id,
        SAScheduleTupleID=agreed.schedule_id,
        EVSEMaxCurrent=physical(current_a, A),
        MeterInfo=meter,
        ReceiptRequired=receipt_wanted(agreed, meter),
        AC_EVSEStatus=evse_fields.ac_status(agreed.evse),
    )


def current_demand(agreed: Agreement, request: CurrentDemandReq, now: float) -> CurrentDemandRes:
    """One turn of the DC loop; the answer carries the set-point of this very moment as the present limits.

    The car asks for a current (`CarReport.target_w`), so what flows is the less of both.
    """
    _heed_fault(request.DC_EVStatus)
    readings = agreed.evse.readings
    voltage_v = readings.voltage_v or agreed.pre_charge_v or number(request.EVTargetVoltage)
    report = agreed.car = car_fields.read_loop(request, agreed.report(now), voltage_v)
    set_point_w = report.limits.clip(_set_point(agreed, now))
    wanted_w = report.target_w or 0.0
    agreed.emit(LoopAnswered(now, report, set_point_w))
    limits, meter = agreed.limits, evse_fields.meter_info(agreed.evse.meter)
    wanted_a = number(request.EVTargetCurrent)
    return CurrentDemandRes(
        ResponseCode=OK,
        DC_EVSEStatus=_dc_status(agreed),
        EVSEPresentVoltage=physical(readings.voltage_v, V),
        EVSEPresentCurrent=physical(readings.current_a, A),
        EVSECurrentLimitAchieved=limits.max_charge_a is not None and wanted_a >= limits.max_charge_a > 0,
        EVSEVoltageLimitAchieved=limits.max_v is not None and readings.voltage_v >= limits.max_v,
        EVSEPowerLimitAchieved=wanted_w >= set_point_w - TOLERANCE_W,
        **evse_fields.dc_set_point(set_point_w, limits, readings),
        EVSEID=agreed.evse.offer.evse_id,
        SAScheduleTupleID=agreed.schedule_id,
        MeterInfo=meter,
        ReceiptRequired=receipt_wanted(agreed, meter),
    )


def _set_point(agreed: Agreement, now: float) -> float:
    """What the home wants now, W, 0 or more: this generation knows no discharging."""
    expired_w = agreed.evse.expire(now)
    if expired_w is not None:
        agreed.emit(SetPointExpired(now, expired_w))
    power_w = agreed.evse.power_w(now) if agreed.power_on else 0.0
    return agreed.limits.clip(power_w)


def welding_detection(agreed: Agreement, request: WeldingDetectionReq, now: float) -> WeldingDetectionRes:
    """The voltage at the outlet, which falls unless a contactor of the car is welded."""
    return WeldingDetectionRes(
        ResponseCode=OK,
        DC_EVSEStatus=_dc_status(agreed),
        EVSEPresentVoltage=physical(agreed.evse.readings.voltage_v, V),
    )


def session_stop(agreed: Agreement, request: SessionStopReq, now: float) -> SessionStopRes:
    """The end, or a pause."""
    if request.ChargingSession is chargingSessionType.Terminate:
        agreed.evse.paused = None
    if request.ChargingSession is chargingSessionType.Pause:
        if not agreed.evse.offer.pause_allowed:
            raise Refusal(Code.FAILED, "the car wanted to pause, which is not allowed here")
        agreed.evse.paused = _paused(agreed, now)
        agreed.emit(SessionPaused(now, agreed.evse.paused))
    return SessionStopRes(ResponseCode=OK)


def _paused(agreed: Agreement, now: float) -> PausedSession:
    return PausedSession(
        agreed.session_id,
        agreed.evcc_id,
        protocol=ProtocolName.V2,
        peer=agreed.peer,
        service=None if agreed.energy is None else SERVICES[agreed.energy],
        control_mode=ControlMode.SCHEDULED,
        authorized=agreed.authorized,
        emaid=agreed.emaid,
        schedules=agreed.schedules,
        schedule_id=agreed.schedule_id,
        paused_at_s=now,
        details={"payment": str(agreed.payment), **({} if agreed.mode is None else {"mode": str(agreed.mode)})},
    )


def _dc_status(agreed: Agreement) -> DC_EVSEStatusType:
    return evse_fields.dc_status(agreed.evse, agreed.isolation)


def _heed_fault(status: DC_EVStatusType) -> None:
    problem = car_fields.fault(status)
    if problem is not None:
        raise Refusal(Code.FAILED, problem)
