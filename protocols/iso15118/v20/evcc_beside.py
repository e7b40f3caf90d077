"""What the car asks on the multiplexed streams, beside the main sequence and without holding it up.

A new schedule, the confirmation of a meter reading, and the parking status: each has a stream of its own, so that the
charge loop goes on at its pace whatever these wait for.
"""

from collections.abc import Iterator

from protocols.exi.messages.common import (
    Dynamic_SMDTControlModeType,
    EVCheckInStatusType,
    EVCheckOutStatusType,
    MeteringConfirmationReq,
    ParkingMethodType,
    Scheduled_SMDTControlModeType,
    SignedMeteringDataType,
    VehicleCheckInReq,
    VehicleCheckOutReq,
)
from protocols.exi.namespaces import V20_COMMON
from protocols.exi.schema import Element
from protocols.iso15118.services import ControlMode, ValueAdded
from protocols.iso15118.signature import Fragment
from protocols.iso15118.table import Outcome, State
from protocols.iso15118.v2gtp import PayloadType
from protocols.iso15118.v20 import evcc_contract
from protocols.iso15118.v20.evcc_requests import schedule_exchange
from protocols.iso15118.v20.table import PARKED
from protocols.iso15118.v20.trip import Reading, Trip

CHECK_IN = tuple(EVCheckInStatusType)
READING_ID = "id1"


def requests(trip: Trip, state: State, free: frozenset[PayloadType], now: float) -> Iterator[Element]:
    """At most one request for each stream that is free."""
    if state is State.CHARGE_LOOP and trip.power_on and trip.leaving is None:
        if PayloadType.SCHEDULE_RENEGOTIATION in free and trip.renegotiating and not trip.renegotiated:
            yield schedule_exchange(trip, now)
        if PayloadType.METERING_CONFIRMATION in free and trip.reading_to_confirm is not None:
            reading, trip.reading_to_confirm = trip.reading_to_confirm, None
            yield metering_confirmation(trip, reading, now)
    if PayloadType.PARKING_STATUS in free and ValueAdded.PARKING_STATUS in trip.value_added and state in PARKED:
        if trip.leaving is None and trip.check_ins < len(CHECK_IN):
            yield check_in(trip, now)
        elif must_check_out(trip) and not trip.power_on:
            yield check_out(trip, now)


def must_check_out(trip: Trip) -> bool:
    """Whether the car may not yet say good-bye: it has checked in, and not out."""
    goes = trip.leaving in (Outcome.TERMINATE, Outcome.PAUSE)
    selected = ValueAdded.PARKING_STATUS in trip.value_added
    return goes and selected and trip.check_ins > 0 and not trip.checked_out


def metering_confirmation(trip: Trip, reading: Reading, now: float) -> MeteringConfirmationReq:
    """The charger's reading, signed by the contract that pays. Raises `NotCredible` without one."""
    data = SignedMeteringDataType(
        Id=READING_ID, SessionID=trip.session_id, MeterInfo=reading.meter, Receipt=reading.receipt
    )
    if trip.control_mode is ControlMode.SCHEDULED:
        data.Scheduled_SMDTControlMode = Scheduled_SMDTControlModeType(SelectedScheduleTupleID=trip.schedule_id)
    else:
        data.Dynamic_SMDTControlMode = Dynamic_SMDTControlModeType()
    request = MeteringConfirmationReq(Header=trip.header(now), SignedMeteringData=data)
    means = evcc_contract.credentials(trip.context)
    if means is not None:
        request.Header.Signature = means.sign_with_contract(V20_COMMON, [Fragment(data.Id, data)])
    return request


def check_in(trip: Trip, now: float) -> VehicleCheckInReq:
    """Arriving, step by step: the driver parks."""
    return VehicleCheckInReq(
        Header=trip.header(now), EVCheckInStatus=CHECK_IN[trip.check_ins], ParkingMethod=ParkingMethodType.Manual
    )


def check_out(trip: Trip, now: float) -> VehicleCheckOutReq:
    """May the car leave?"""
    first = not trip.asked_to_leave
    trip.asked_to_leave = True
    status = EVCheckOutStatusType.CheckOut if first else EVCheckOutStatusType.Processing
    return VehicleCheckOutReq(Header=trip.header(now), EVCheckOutStatus=status, CheckOutTime=int(now))
