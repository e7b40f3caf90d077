"""The EVCC's requests in DIN SPEC 70121, one function a state."""

from protocols.exi.messages.din import (
    BodyBaseType,
    CableCheckReq,
    ChargeParameterDiscoveryReq,
    ContractAuthenticationReq,
    CurrentDemandReq,
    PowerDeliveryReq,
    PreChargeReq,
    ServiceDiscoveryReq,
    ServicePaymentSelectionReq,
    SessionSetupReq,
    SessionStopReq,
    WeldingDetectionReq,
)
from protocols.exi.messages.din_types import (
    DC_EVPowerDeliveryParameterType,
    PaymentOptionType,
    SelectedServiceListType,
    SelectedServiceType,
)
from protocols.iso15118.din import car_fields
from protocols.iso15118.din.table import WELDING
from protocols.iso15118.din.trip import Trip
from protocols.iso15118.din.values import amperes, volts
from protocols.iso15118.outlet import SAFE_VOLTAGE_V, pre_charged
from protocols.iso15118.table import Outcome
from protocols.iso15118.values import mac_address

PRE_CHARGE_CURRENT_A = 1.0
"""No more than 2 A may flow while the outlet is brought to the battery's voltage (IEC 61851-23, CC.5.2)."""


def session_setup(trip: Trip, now: float) -> SessionSetupReq:
    """A new session."""
    return SessionSetupReq(EVCCID=mac_address(trip.car.evcc_id))


def service_discovery(trip: Trip, now: float) -> ServiceDiscoveryReq:
    """What is there?"""
    return ServiceDiscoveryReq()


def payment_selection(trip: Trip, now: float) -> ServicePaymentSelectionReq:
    """The charging service, paid for by external means."""
    selected = SelectedServiceType(ServiceID=trip.service_id)
    return ServicePaymentSelectionReq(
        SelectedPaymentOption=PaymentOptionType.ExternalPayment,
        SelectedServiceList=SelectedServiceListType(SelectedService=[selected]),
    )


def authorization(trip: Trip, now: float) -> ContractAuthenticationReq:
    """May we?"""
    return ContractAuthenticationReq()


def charge_parameters(trip: Trip, now: float) -> ChargeParameterDiscoveryReq:
    """Our limits and wishes."""
    return ChargeParameterDiscoveryReq(
        EVRequestedEnergyTransferType=trip.energy_transfer_type,
        EVChargeParameter=car_fields.limits_element(trip.car.report(now)),
    )


def cable_check(trip: Trip, now: float) -> CableCheckReq:
    """Is the insulation tested?"""
    return CableCheckReq(DC_EVStatus=car_fields.status_element(trip.car.report(now)))


def pre_charge(trip: Trip, now: float) -> PreChargeReq:
    """Bring the outlet to the battery's voltage."""
    report = trip.car.report(now)
    return PreChargeReq(
        DC_EVStatus=car_fields.status_element(report),
        EVTargetVoltage=volts(report.voltage_v or 0.0),
        EVTargetCurrent=amperes(PRE_CHARGE_CURRENT_A),
    )


def power_on(trip: Trip, now: float) -> BodyBaseType:
    """Close the contactors, once the voltage fits."""
    battery_v = trip.car.report(now).voltage_v or 0.0
    if not pre_charged(trip, battery_v, now):
        return pre_charge(trip, now)
    profile = car_fields.profile_element(trip.schedule, trip.car.limits.max_charge_w)
    return PowerDeliveryReq(
        ReadyToChargeState=True, ChargingProfile=profile, EVPowerDeliveryParameter=_progress(trip, now)
    )


def current_demand(trip: Trip, now: float) -> CurrentDemandReq:
    """Where the car stands, and what it takes of what is offered."""
    return car_fields.loop_element(trip.car.report(now))


def power_off(trip: Trip, now: float) -> PowerDeliveryReq:
    """Open the contactors."""
    return PowerDeliveryReq(ReadyToChargeState=False, EVPowerDeliveryParameter=_progress(trip, now))


def _progress(trip: Trip, now: float) -> DC_EVPowerDeliveryParameterType:
    report = trip.car.report(now)
    return DC_EVPowerDeliveryParameterType(
        DC_EVStatus=car_fields.status_element(report),
        BulkChargingComplete=report.complete,
        ChargingComplete=report.complete,
    )


def welding_detection(trip: Trip, now: float) -> BodyBaseType:
    """Has the voltage gone? Then good-bye; and at last good-bye all the same."""
    if trip.welding_since_s is None:
        trip.welding_since_s = now
    elif trip.evse_voltage_v < SAFE_VOLTAGE_V:
        return session_stop(trip, now)
    elif now - trip.welding_since_s >= trip.context.timings.of(WELDING):
        trip.leaving = None
        trip.leave(Outcome.TERMINATE, f"the outlet still has {trip.evse_voltage_v:g} V: welded?", gave_up=True)
        return session_stop(trip, now)
    return WeldingDetectionReq(DC_EVStatus=car_fields.status_element(trip.car.report(now)))


def session_stop(trip: Trip, now: float) -> SessionStopReq:
    """Good-bye."""
    return SessionStopReq()
