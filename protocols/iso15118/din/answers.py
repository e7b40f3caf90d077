"""The SECC's answers in DIN SPEC 70121, one function a message; requirement numbers are those of its chapter 8."""

from protocols.exi.messages.din import (
    CableCheckReq,
    CableCheckRes,
    ChargeParameterDiscoveryReq,
    ChargeParameterDiscoveryRes,
    ContractAuthenticationReq,
    ContractAuthenticationRes,
    CurrentDemandReq,
    CurrentDemandRes,
    PowerDeliveryReq,
    PowerDeliveryRes,
    PreChargeReq,
    PreChargeRes,
    ServiceDiscoveryReq,
    ServiceDiscoveryRes,
    ServicePaymentSelectionReq,
    ServicePaymentSelectionRes,
    SessionSetupReq,
    SessionSetupRes,
    SessionStopReq,
    SessionStopRes,
    WeldingDetectionReq,
    WeldingDetectionRes,
)
from protocols.exi.messages.din_types import (
    DC_EVChargeParameterType,
    DC_EVSEStatusCodeType,
    DC_EVSEStatusType,
    DC_EVStatusType,
    EVRequestedEnergyTransferType,
    EVSEProcessingType,
    EVSESupportedEnergyTransferType,
    IsolationLevelType,
    PaymentOptionsType,
    PaymentOptionType,
    ResponseCodeType,
    ServiceCategoryType,
    ServiceChargeType,
    ServiceTagType,
)
from protocols.iso15118.din import car_fields, evse_fields
from protocols.iso15118.din.agreement import Agreement
from protocols.iso15118.din.table import PLANNING
from protocols.iso15118.din.values import amperes, evse_id_bytes, number, volts
from protocols.iso15118.events import (
    AuthorizationRequested,
    CableCheckRequested,
    LimitsReceived,
    LoopAnswered,
    NeedsReceived,
    PowerDeliveryChanged,
    PreChargeRequested,
    ServiceSelected,
    SessionStarted,
    SetPointExpired,
)
from protocols.iso15118.refusal import Refusal
from protocols.iso15118.schedule import unplanned
from protocols.iso15118.services import ControlMode, MobilityNeeds, Service

OK = ResponseCodeType.OK
CHARGE_SERVICE_ID = 1
OFFERED, REQUESTED = EVSESupportedEnergyTransferType.DC_extended, EVRequestedEnergyTransferType.DC_extended
"""DC over the Combo connector's own pins."""


def session_setup(agreed: Agreement, request: SessionSetupReq, now: float) -> SessionSetupRes:
    """Always a new session: there is no pause to come back from."""
    agreed.session_id = agreed.context.make_session_id()
    agreed.evse.paused = None
    agreed.emit(SessionStarted(now, request.EVCCID.hex().upper(), agreed.session_id.hex().upper(), False))
    return SessionSetupRes(
        ResponseCode=ResponseCodeType.OK_NewSessionEstablished,
        EVSEID=evse_id_bytes(agreed.evse.offer.evse_id),
        DateTimeNow=int(now),
    )


def service_discovery(agreed: Agreement, request: ServiceDiscoveryReq, now: float) -> ServiceDiscoveryRes:
    """DC charging, paid for by external means, whatever the car looks for: there is nothing else."""
    tag = ServiceTagType(ServiceID=CHARGE_SERVICE_ID, ServiceCategory=ServiceCategoryType.EVCharging)
    return ServiceDiscoveryRes(
        ResponseCode=OK,
        PaymentOptions=PaymentOptionsType(PaymentOption=[PaymentOptionType.ExternalPayment]),
        ChargeService=ServiceChargeType(
            ServiceTag=tag, FreeService=agreed.evse.offer.free_of_charge, EnergyTransferType=OFFERED
        ),
    )


def service_payment_selection(
    agreed: Agreement, request: ServicePaymentSelectionReq, now: float
) -> ServicePaymentSelectionRes:
    """External payment [V2G-DC-395] and the charging service alone [V2G-DC-396]."""
    if request.SelectedPaymentOption is not PaymentOptionType.ExternalPayment:
        raise Refusal(
            ResponseCodeType.FAILED_PaymentSelectionInvalid,
            f"the car selected payment by {request.SelectedPaymentOption}, which was not offered",
        )
    selected = [service.ServiceID for service in request.SelectedServiceList.SelectedService]
    if selected != [CHARGE_SERVICE_ID]:
        raise Refusal(
            ResponseCodeType.FAILED_ServiceSelectionInvalid,
            f"the car selected the services {selected[:8]}; only {CHARGE_SERVICE_ID} was offered",
        )
    agreed.emit(ServiceSelected(now, Service.DC, ControlMode.SCHEDULED, MobilityNeeds.FROM_CAR))
    return ServicePaymentSelectionRes(ResponseCode=OK)


def contract_authentication(
    agreed: Agreement, request: ContractAuthenticationReq, now: float
) -> ContractAuthenticationRes:
    """Yes, no, or "the user is still looking for the card"."""
    evse = agreed.evse
    if evse.authorized is False:
        raise Refusal(ResponseCodeType.FAILED, "the authorisation was refused")
    done = evse.offer.automatic_authorization or bool(evse.authorized)
    if not done and not agreed.asked_for_authorization:
        agreed.asked_for_authorization = True
        agreed.emit(AuthorizationRequested(now))
    return ContractAuthenticationRes(ResponseCode=OK, EVSEProcessing=_processing(done))


def charge_parameters(
    agreed: Agreement, request: ChargeParameterDiscoveryReq, now: float
) -> ChargeParameterDiscoveryRes:
    """Both ends' limits, and a schedule; "ongoing" while the application plans.

    After a while the limits are offered unplanned, rather than let the car give up.
    """
    wanted, element = request.EVRequestedEnergyTransferType, request.EVChargeParameter
    if wanted is not REQUESTED:
        raise Refusal(
            ResponseCodeType.FAILED_WrongEnergyTransferType, f"the car asked for {wanted}, offered is {OFFERED}"
        )
    if not isinstance(element, DC_EVChargeParameterType):
        raise Refusal(ResponseCodeType.FAILED_WrongChargeParameter, "the car sent AC parameters for DC charging")
    report = agreed.hear(car_fields.read_charge_parameters(element))
    least_v = agreed.limits.min_v
    if least_v is not None and (report.limits.max_v or 0.0) < least_v:
        raise Refusal(
            ResponseCodeType.FAILED_WrongChargeParameter,
            f"the car takes up to {report.limits.max_v:.0f} V, the charger gives from {least_v:.0f} V",
        )
    if agreed.planning_since_s is None:
        agreed.planning_since_s = now
        agreed.evse.planning = agreed.evse.planning or agreed.evse.offer.plans_each_request
        agreed.emit(LimitsReceived(now, report.limits))
        agreed.emit(NeedsReceived(now, report.needs))
    done = not agreed.evse.planning or now - agreed.planning_since_s >= agreed.timings.of(PLANNING)
    schedule = agreed.evse.schedules[0] if agreed.evse.schedules else unplanned(agreed.limits)
    return ChargeParameterDiscoveryRes(
        ResponseCode=OK,
        EVSEProcessing=_processing(done),
        SASchedules=evse_fields.schedule_element(schedule),
        EVSEChargeParameter=evse_fields.limits_element(agreed.limits, _status(agreed, IsolationLevelType.Invalid)),
    )


def cable_check(agreed: Agreement, request: CableCheckReq, now: float) -> CableCheckRes:
    """Ongoing until the application has tested the insulation."""
    _check_car(request.DC_EVStatus)
    if not agreed.asked_for_cable_check:
        agreed.asked_for_cable_check = True
        agreed.evse.insulation_ok = None
        agreed.emit(CableCheckRequested(now))
    if agreed.evse.insulation_ok is False:
        raise Refusal(ResponseCodeType.FAILED, "the insulation test failed")
    done = bool(agreed.evse.insulation_ok)
    status = _status(
        agreed,
        IsolationLevelType.Valid if done else IsolationLevelType.Invalid,
        None if done else DC_EVSEStatusCodeType.EVSE_IsolationMonitoringActive,
    )
    return CableCheckRes(ResponseCode=OK, DC_EVSEStatus=status, EVSEProcessing=_processing(done))


def pre_charge(agreed: Agreement, request: PreChargeReq, now: float) -> PreChargeRes:
    """The voltage at the outlet while it is brought to the car's.

    A voltage that we cannot give is passed over: some cars begin with a wrong one, and time ends what stays wrong.
    """
    _check_car(request.DC_EVStatus)
    target_v, most_v = number(request.EVTargetVoltage), agreed.limits.max_v
    within = target_v >= 0 and (most_v is None or target_v <= most_v)
    if within and target_v != agreed.pre_charge_v:
        agreed.pre_charge_v = target_v
        agreed.emit(PreChargeRequested(now, target_v))
    return PreChargeRes(
        ResponseCode=OK, DC_EVSEStatus=_status(agreed), EVSEPresentVoltage=volts(agreed.evse.readings.voltage_v)
    )


def power_delivery(agreed: Agreement, request: PowerDeliveryReq, now: float) -> PowerDeliveryRes:
    """Contactors on and off.

    A profile that goes beyond the schedule is not refused ([V2G-DC-399] would have it): many cars send one, and the
    present limits bound them anyway.
    """
    if request.ReadyToChargeState:
        _check_start(agreed, request)
        agreed.power_on = True
        profile = car_fields.read_profile(request.ChargingProfile)
        agreed.emit(PowerDeliveryChanged(now, on=True, profile=profile))
    else:
        agreed.power_on = False
        agreed.evse.notification = None
        agreed.emit(PowerDeliveryChanged(now, on=False))
    return PowerDeliveryRes(ResponseCode=OK, EVSEStatus=_status(agreed))


def _check_start(agreed: Agreement, request: PowerDeliveryReq) -> None:
    if request.EVPowerDeliveryParameter is not None:
        _check_car(request.EVPowerDeliveryParameter.DC_EVStatus)
    profile = request.ChargingProfile
    if profile is not None and profile.SAScheduleTupleID != evse_fields.SCHEDULE_ID:
        raise Refusal(  # [V2G-DC-400]
            ResponseCodeType.FAILED_TariffSelectionInvalid,
            f"the car selected schedule {profile.SAScheduleTupleID}, which was not offered",
        )
    status = _status(agreed)
    if status.EVSEStatusCode is not DC_EVSEStatusCodeType.EVSE_Ready:  # [V2G-DC-401]
        raise Refusal(
            ResponseCodeType.FAILED_PowerDeliveryNotApplied,
            f"the car wanted power while the charger was in state {status.EVSEStatusCode}",
        )


def current_demand(agreed: Agreement, request: CurrentDemandReq, now: float) -> CurrentDemandRes:
    """One turn of the loop; the answer carries the set-point of this very moment, which is never below 0."""
    _check_car(request.DC_EVStatus)
    evse = agreed.evse
    limits, readings = agreed.limits, evse.readings
    report = agreed.hear(car_fields.read_loop(request, agreed.car, agreed.outlet_v))
    expired_w = evse.expire(now)
    if expired_w is not None:
        agreed.emit(SetPointExpired(now, expired_w))
    power_w = 0.0 if evse.contactor_fault else report.limits.clip(limits.clip(evse.power_w(now)))
    if evse.notification not in evse_fields.STOPPING:
        # A new schedule or a receipt cannot be asked for here; the next limits say all there is to say.
        evse.notification = None
    agreed.emit(LoopAnswered(now, report, power_w))
    targets = evse_fields.set_point_fields(power_w, limits, readings)
    return CurrentDemandRes(
        ResponseCode=OK,
        DC_EVSEStatus=_status(agreed),
        EVSEPresentVoltage=volts(readings.voltage_v),
        EVSEPresentCurrent=amperes(readings.current_a),
        EVSECurrentLimitAchieved=number(request.EVTargetCurrent) > number(targets["EVSEMaximumCurrentLimit"]),
        EVSEVoltageLimitAchieved=limits.max_v is not None and readings.voltage_v >= limits.max_v,
        EVSEPowerLimitAchieved=(report.target_w or 0.0) > power_w,
        **targets,
    )


def welding_detection(agreed: Agreement, request: WeldingDetectionReq, now: float) -> WeldingDetectionRes:
    """The voltage at the outlet, which falls unless a contactor of the car is welded."""
    return WeldingDetectionRes(
        ResponseCode=OK, DC_EVSEStatus=_status(agreed), EVSEPresentVoltage=volts(agreed.evse.readings.voltage_v)
    )


def session_stop(agreed: Agreement, request: SessionStopReq, now: float) -> SessionStopRes:
    """The end."""
    return SessionStopRes(ResponseCode=OK)


def _processing(done: bool) -> EVSEProcessingType:
    return EVSEProcessingType.Finished if done else EVSEProcessingType.Ongoing


def _status(
    agreed: Agreement,
    isolation: IsolationLevelType = IsolationLevelType.Valid,
    code: DC_EVSEStatusCodeType | None = None,
) -> DC_EVSEStatusType:
    return evse_fields.status(agreed.evse, isolation, code)


def _check_car(status: DC_EVStatusType) -> None:
    problem = car_fields.fault(status)
    if problem is not None:
        raise Refusal(ResponseCodeType.FAILED, problem)
