"""The SECC's answers around the power: insulation, pre-charge, contactors, welding."""

import math

from protocols.exi.messages.common import PowerDeliveryReq, PowerDeliveryRes, PowerToleranceAcceptanceType
from protocols.exi.messages.common_types import ProcessingType, ResponseCodeType
from protocols.exi.messages.dc import (
    DC_CableCheckReq,
    DC_CableCheckRes,
    DC_PreChargeReq,
    DC_PreChargeRes,
    DC_WeldingDetectionReq,
    DC_WeldingDetectionRes,
)
from protocols.iso15118.events import CableCheckRequested, PowerDeliveryChanged, PreChargeRequested
from protocols.iso15118.evse import Notification
from protocols.iso15118.refusal import Refusal
from protocols.iso15118.schedule import DAY_S, Steps, keeps_to, remaining
from protocols.iso15118.services import ControlMode
from protocols.iso15118.table import Outcome
from protocols.iso15118.v20.agreement import Agreement
from protocols.iso15118.v20.outcome import requested_outcome
from protocols.iso15118.v20.rational import number, rational
from protocols.iso15118.v20.schedules import read_profile
from protocols.iso15118.v20.secc_status import satisfied, status
from protocols.iso15118.v20.table import CABLE_CHECK_PERFORMANCE

OK = ResponseCodeType.OK
TOLERANCE_CODES = {
    PowerToleranceAcceptanceType.PowerToleranceConfirmed: ResponseCodeType.OK_PowerToleranceConfirmed,
    PowerToleranceAcceptanceType.PowerToleranceNotConfirmed: ResponseCodeType.WARNING_PowerToleranceNotConfirmed,
}


def cable_check(agreed: Agreement, request: DC_CableCheckReq, now: float) -> DC_CableCheckRes:
    """Ongoing until the application has tested the insulation, or has taken too long."""
    if agreed.checking_cable_since_s is None:
        agreed.checking_cable_since_s = now
        agreed.evse.insulation_ok = None
        agreed.emit(CableCheckRequested(now))
    if agreed.evse.insulation_ok is False:
        raise Refusal(ResponseCodeType.FAILED, "the insulation test failed")
    waited_s, patience_s = now - agreed.checking_cable_since_s, agreed.timings.of(CABLE_CHECK_PERFORMANCE)
    if not agreed.evse.insulation_ok and waited_s >= patience_s:
        raise Refusal(ResponseCodeType.FAILED, f"the insulation test had no result within {patience_s:g} s")
    processing = ProcessingType.Finished if agreed.evse.insulation_ok else ProcessingType.Ongoing
    return DC_CableCheckRes(Header=agreed.header(now), ResponseCode=OK, EVSEProcessing=processing)


def pre_charge(agreed: Agreement, request: DC_PreChargeReq, now: float) -> DC_PreChargeRes:
    """The voltage at the outlet while it is brought to the car's, never beyond what the charger may give."""
    target_v = max(0.0, min(number(request.EVTargetVoltage), agreed.limits.max_v or math.inf))
    if target_v != agreed.pre_charge_v:
        agreed.pre_charge_v = target_v
        agreed.emit(PreChargeRequested(now, target_v))
    return DC_PreChargeRes(
        Header=agreed.header(now), ResponseCode=OK, EVSEPresentVoltage=rational(agreed.evse.readings.voltage_v)
    )


def power_delivery(agreed: Agreement, request: PowerDeliveryReq, now: float) -> PowerDeliveryRes:
    """Contactors on and off, and the plan that the car will keep to."""
    code = _tolerance_code(request)
    outcome = requested_outcome(request)
    if outcome is Outcome.STANDBY and not agreed.evse.offer.standby_allowed:
        code = ResponseCodeType.WARNING_StandbyNotAllowed
    elif outcome in (Outcome.START, Outcome.RENEGOTIATE):
        profile = _profile_from_now(request, now)
        _check_profile(agreed, request, profile, now)
        if agreed.evse.contactor_fault:
            raise Refusal(ResponseCodeType.FAILED_ContactorError, "the charger's contactor did not close")
        # A new schedule alone does not end standby.
        if outcome is Outcome.START or agreed.power_on:
            satisfied(agreed, Notification.ExitStandby)
            agreed.power_on = True
            agreed.evse.paused = None
            agreed.emit(PowerDeliveryChanged(now, on=True, profile=profile))
    elif outcome in (Outcome.STOP, Outcome.STANDBY):
        agreed.power_on = False
        agreed.evse.notification = None if outcome is Outcome.STOP else agreed.evse.notification
        agreed.emit(PowerDeliveryChanged(now, on=False, standby=outcome is Outcome.STANDBY))
    return PowerDeliveryRes(Header=agreed.header(now), ResponseCode=code, EVSEStatus=status(agreed, now))


def _tolerance_code(request: PowerDeliveryReq) -> ResponseCodeType:
    """Whether the car stays near its profile ([V2G20-1944] ff.). We offer no tolerance, so nothing hangs on it here."""
    selected = request.EVPowerProfile.Scheduled_EVPPTControlMode if request.EVPowerProfile else None
    accepted = None if selected is None else selected.PowerToleranceAcceptance
    return OK if accepted is None else TOLERANCE_CODES[accepted]


def _profile_from_now(request: PowerDeliveryReq, now: float) -> Steps:
    """The car's plan from this moment on. Some cars leave the anchor at zero: theirs begins now."""
    steps, profile = read_profile(request.EVPowerProfile), request.EVPowerProfile
    late_s = int(now) - (profile.TimeAnchor if profile else 0)
    return remaining(steps, late_s) if 0 < late_s < DAY_S else steps


def _check_profile(agreed: Agreement, request: PowerDeliveryReq, planned: Steps, now: float) -> None:
    profile = request.EVPowerProfile
    if agreed.control_mode is not ControlMode.SCHEDULED:
        return
    selected = profile.Scheduled_EVPPTControlMode if profile else None
    if profile is None or selected is None:
        raise Refusal(
            ResponseCodeType.FAILED_EVPowerProfileInvalid,
            f"PowerDeliveryReq({request.ChargeProgress}) came without a scheduled power profile",
        )
    if not planned:
        raise Refusal(ResponseCodeType.FAILED_EVPowerProfileInvalid, "the car's power profile is over before it begins")
    tuple_id = selected.SelectedScheduleTupleID
    if not 1 <= tuple_id <= len(agreed.schedules):
        raise Refusal(
            ResponseCodeType.FAILED_ScheduleSelectionInvalid,
            f"the car selected schedule {tuple_id}, which was not offered",
        )
    schedule = agreed.schedules[tuple_id - 1]
    # A car may count the schedule's steps from its offer, as it was told, or anew from its own start.
    left = schedule.later(int(now) - agreed.schedules_from_s)
    if not (keeps_to(planned, left) or keeps_to(read_profile(profile), schedule)):
        raise Refusal(
            ResponseCodeType.FAILED_EVPowerProfileViolation,
            f"the car's power profile leaves the limits of schedule {tuple_id}",
        )
    agreed.schedule_id = tuple_id


def welding_detection(agreed: Agreement, request: DC_WeldingDetectionReq, now: float) -> DC_WeldingDetectionRes:
    """The voltage at the outlet, which falls unless a contactor of the car is welded."""
    return DC_WeldingDetectionRes(
        Header=agreed.header(now), ResponseCode=OK, EVSEPresentVoltage=rational(agreed.evse.readings.voltage_v)
    )
