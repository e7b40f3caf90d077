"""The SECC's answers before power flows: both ends' limits, and schedules or targets."""

from protocols.exi.messages.ac import AC_ChargeParameterDiscoveryReq, AC_ChargeParameterDiscoveryRes
from protocols.exi.messages.common import (
    Dynamic_SEResControlModeType,
    Scheduled_SEResControlModeType,
    ScheduleExchangeReq,
    ScheduleExchangeRes,
)
from protocols.exi.messages.common_types import ProcessingType, ResponseCodeType
from protocols.exi.messages.dc import DC_ChargeParameterDiscoveryReq, DC_ChargeParameterDiscoveryRes
from protocols.iso15118.events import LimitsReceived, NeedsReceived
from protocols.iso15118.evse import Notification
from protocols.iso15118.refusal import Refusal
from protocols.iso15118.schedule import Schedule, unplanned
from protocols.iso15118.services import ControlMode, Energy, Service
from protocols.iso15118.v20 import car_fields, evse_fields
from protocols.iso15118.v20.agreement import Agreement
from protocols.iso15118.v20.schedules import price_fields, schedule_element
from protocols.iso15118.v20.secc_status import satisfied
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
    service = agreed.chosen_service
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

    Past V2G_SECC_Ongoing_Performance_Time what there is goes out, planned before or the plain limits, rather than let
    the car give up.
    """
    mode = agreed.control_mode
    scheduled = request.Scheduled_SEReqControlMode is not None
    if scheduled != (mode is ControlMode.SCHEDULED):
        raise Refusal(
            ResponseCodeType.FAILED, f"the car selected {mode.name} mode but asked for the other one's schedule"
        )
    if agreed.planning_since_s is None:
        agreed.planning_since_s = now
        agreed.evse.planning = agreed.evse.planning or agreed.evse.offer.plans_each_request
        agreed.emit(NeedsReceived(now, car_fields.read_schedule_request(request), renegotiation=agreed.power_on))
    waited_s = now - agreed.planning_since_s
    ongoing = agreed.evse.planning and waited_s < agreed.timings.of(ONGOING_PERFORMANCE)
    offered = agreed.evse.schedules or (unplanned(agreed.limits),)
    if not ongoing:
        agreed.planning_since_s, agreed.evse.planning = None, False
        agreed.schedules, agreed.schedules_from_s = offered, int(now)
        satisfied(agreed, Notification.ScheduleRenegotiation)
    pausing = agreed.evse.notification is Notification.Pause and not agreed.power_on and not ongoing
    response = ScheduleExchangeRes(
        Header=agreed.header(now),
        ResponseCode=OK,
        EVSEProcessing=ProcessingType.Ongoing if ongoing else ProcessingType.Finished,
        GoToPause=True if pausing else None,
    )
    if scheduled:
        response.Scheduled_SEResControlMode = _schedules(agreed, offered, request.MaximumSupportingPoints, now)
    else:
        response.Dynamic_SEResControlMode = Dynamic_SEResControlModeType(
            **evse_fields.mobility_fields(agreed.mobility),
            **price_fields(offered[0].charge_prices, int(now), 1, offered[0].charge_levels),
        )
    return response


def _schedules(
    agreed: Agreement, offered: tuple[Schedule, ...], max_points: int, now: float
) -> Scheduled_SEResControlModeType:
    service = agreed.chosen_service
    phases = agreed.evse.offer.phases if service.energy is Energy.AC else 1
    return Scheduled_SEResControlModeType(
        ScheduleTuple=[
            schedule_element(schedule, number, int(now), phases, service.bidirectional, max_points)
            for number, schedule in enumerate(offered, start=1)
        ]
    )
