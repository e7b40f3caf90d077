"""The SECC's answers on the parking status stream: a car that arrives in its space, and one that leaves."""

from protocols.exi.messages.common import (
    EVCheckOutStatusType,
    EVSECheckOutStatusType,
    VehicleCheckInReq,
    VehicleCheckInRes,
    VehicleCheckOutReq,
    VehicleCheckOutRes,
)
from protocols.exi.messages.common_types import ResponseCodeType
from protocols.iso15118.events import VehicleCheckedIn, VehicleCheckedOut
from protocols.iso15118.refusal import Refusal
from protocols.iso15118.services import ValueAdded
from protocols.iso15118.v20.agreement import Agreement


def check_in(agreed: Agreement, request: VehicleCheckInReq, now: float) -> VehicleCheckInRes:
    """Where the car is to stand."""
    _selected(agreed)
    agreed.emit(VehicleCheckedIn(now, request.EVCheckInStatus, request.ParkingMethod))
    return VehicleCheckInRes(
        Header=agreed.header(now), ResponseCode=ResponseCodeType.OK, ParkingSpace=agreed.evse.parking_space
    )


def check_out(agreed: Agreement, request: VehicleCheckOutReq, now: float) -> VehicleCheckOutRes:
    """Whether the car may leave: completed when it says so itself, or when the charger lets it go."""
    _selected(agreed)
    agreed.emit(VehicleCheckedOut(now, request.EVCheckOutStatus, float(request.CheckOutTime)))
    free = agreed.evse.may_leave and not agreed.power_on
    done = free or request.EVCheckOutStatus is EVCheckOutStatusType.Completed
    return VehicleCheckOutRes(
        Header=agreed.header(now),
        ResponseCode=ResponseCodeType.OK,
        EVSECheckOutStatus=EVSECheckOutStatusType.Completed if done else EVSECheckOutStatusType.Scheduled,
    )


def _selected(agreed: Agreement) -> None:
    if ValueAdded.PARKING_STATUS not in agreed.value_added:
        raise Refusal(
            ResponseCodeType.FAILED_SequenceError,
            "the car told its parking status, a service that it has not selected",
        )
