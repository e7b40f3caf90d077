"""The SECC's answers while power flows: the charge loop, and the meter reading that the car confirms."""

from protocols.exi.messages.ac import AC_ChargeLoopReq, AC_ChargeLoopRes
from protocols.exi.messages.common import MeteringConfirmationReq, MeteringConfirmationRes
from protocols.exi.messages.common_types import ResponseCodeType
from protocols.exi.messages.dc import DC_ChargeLoopReq, DC_ChargeLoopRes
from protocols.iso15118.events import LoopAnswered, MeteringConfirmed, SetPointExpired
from protocols.iso15118.evse import Notification
from protocols.iso15118.power import CarReport
from protocols.iso15118.refusal import Refusal
from protocols.iso15118.v20 import car_fields, evse_fields
from protocols.iso15118.v20.agreement import Agreement
from protocols.iso15118.v20.rational import rational
from protocols.iso15118.v20.secc_contract import check_reading
from protocols.iso15118.v20.secc_status import loop_code, meter, read_meter, read_receipt, satisfied, status

OK = ResponseCodeType.OK


def ac_charge_loop(agreed: Agreement, request: AC_ChargeLoopReq, now: float) -> AC_ChargeLoopRes:
    """One turn of the loop; the answer carries the set-point of this very moment."""
    power_w, _ = _turn(agreed, request, now)
    evse, service = agreed.evse, agreed.chosen_service
    targets = evse_fields.ac_targets(
        power_w,
        evse.readings,
        evse.phase_shares,
        agreed.control_mode,
        service.bidirectional,
        agreed.mobility,
    )
    notice = status(agreed, now)
    return AC_ChargeLoopRes(
        Header=agreed.header(now),
        ResponseCode=loop_code(agreed),
        EVSEStatus=notice,
        **meter(agreed, request.MeterInfoRequested, now),
        CLResControlMode=targets,
    )


def dc_charge_loop(agreed: Agreement, request: DC_ChargeLoopReq, now: float) -> DC_ChargeLoopRes:
    """One turn of the loop; the answer carries the set-point of this very moment."""
    power_w, report = _turn(agreed, request, now)
    limits, readings = agreed.limits, agreed.evse.readings
    targets = evse_fields.dc_targets(
        power_w,
        limits,
        agreed.evse.offer,
        agreed.control_mode,
        agreed.chosen_service.bidirectional,
        agreed.mobility,
    )
    wanted_w = power_w if report.target_w is None else report.target_w
    notice = status(agreed, now)
    return DC_ChargeLoopRes(
        Header=agreed.header(now),
        ResponseCode=loop_code(agreed),
        EVSEStatus=notice,
        **meter(agreed, request.MeterInfoRequested, now),
        EVSEPresentCurrent=rational(readings.current_a),
        EVSEPresentVoltage=rational(readings.voltage_v),
        EVSEPowerLimitAchieved=abs(wanted_w) > abs(power_w),
        EVSECurrentLimitAchieved=_reached(readings.current_a, limits.max_charge_a, limits.max_discharge_a),
        EVSEVoltageLimitAchieved=limits.max_v is not None and readings.voltage_v >= limits.max_v,
        CLResControlMode=targets,
    )


def _turn(agreed: Agreement, request: AC_ChargeLoopReq | DC_ChargeLoopReq, now: float) -> tuple[float, CarReport]:
    """Take the car's report; return the set-point to answer with, and the report."""
    expected = car_fields.LOOP_TYPES[agreed.chosen_service, agreed.control_mode]
    if type(request.CLReqControlMode) is not expected:
        raise Refusal(
            ResponseCodeType.FAILED,
            f"the car sent {type(request.CLReqControlMode).__name__} where it had agreed to {expected.__name__}",
        )
    report = car_fields.read_loop(request, agreed.car_limits)
    agreed.car_limits = report.limits
    agreed.meter_at_start = agreed.meter_at_start or agreed.evse.meter
    expired_w = agreed.evse.expire(now)
    if expired_w is not None:
        agreed.emit(SetPointExpired(now, expired_w))
    power_w = agreed.evse.power_w(now) if agreed.power_on else 0.0
    power_w = agreed.car_limits.clip(agreed.limits.clip(power_w))
    agreed.emit(LoopAnswered(now, report, power_w))
    return power_w, report


def metering_confirmation(agreed: Agreement, request: MeteringConfirmationReq, now: float) -> MeteringConfirmationRes:
    """The car's receipt for our reading, which we must have asked for."""
    if agreed.evse.notification is not Notification.MeteringConfirmation:
        raise Refusal(ResponseCodeType.FAILED_SequenceError, "the car confirmed a reading nobody asked about")
    data = request.SignedMeteringData
    if data.SessionID != agreed.session_id:
        raise Refusal(ResponseCodeType.FAILED_MeteringSignatureNotValid, "the car confirmed another session's reading")
    # A receipt may be left out of what is signed, but not be another.
    if not any(info == data.MeterInfo and data.Receipt in (None, costs) for info, costs in agreed.readings_sent):
        raise Refusal(
            ResponseCodeType.FAILED_MeteringSignatureNotValid, "the car confirmed a reading that it was not given"
        )
    check_reading(agreed, request, now)
    satisfied(agreed, Notification.MeteringConfirmation)
    agreed.readings_sent.clear()
    reading, receipt = read_meter(data.MeterInfo), read_receipt(data.Receipt)
    agreed.emit(MeteringConfirmed(now, reading, signed=bool(agreed.contract_leaf), receipt=receipt))
    return MeteringConfirmationRes(Header=agreed.header(now), ResponseCode=OK)


def _reached(current_a: float, max_charge_a: float | None, max_discharge_a: float | None) -> bool:
    limit = max_charge_a if current_a >= 0 else max_discharge_a
    return limit is not None and abs(current_a) >= limit > 0
