"""The car's state, limits and wishes in ISO 15118-2, written by the EVCC and read back by the SECC."""

from protocols.exi.messages.v2 import CurrentDemandReq
from protocols.exi.messages.v2_types import (
    AC_EVChargeParameterType,
    DC_EVChargeParameterType,
    DC_EVErrorCodeType,
    DC_EVStatusType,
)
from protocols.iso15118.power import CarReport, EnergyNeeds, Limits
from protocols.iso15118.v2.values import WH, A, V, W, number, optional_number, optional_physical, physical
from protocols.iso15118.values import fraction, percent, seconds

HARMLESS = frozenset({DC_EVErrorCodeType.NO_ERROR, DC_EVErrorCodeType.NoData})
FULL = 1.0
LEAST_CURRENT_A = 6.0
"""What a pilot signal can say at least (IEC 61851-1), and so the least that any car takes in AC."""


def status(report: CarReport, ready: bool = True) -> DC_EVStatusType:
    """The car's state."""
    return DC_EVStatusType(EVReady=ready, EVErrorCode=DC_EVErrorCodeType.NO_ERROR, EVRESSSOC=percent(report.soc) or 0)


def fault(element: DC_EVStatusType) -> str | None:
    """What is wrong with the car, or None."""
    return None if element.EVErrorCode in HARMLESS else f"the car reports {element.EVErrorCode}"


def ac_parameter(report: CarReport, nominal_v: float, phases: int) -> AC_EVChargeParameterType:
    """What the car wants and can do in AC; currents are per phase."""
    limits, needs = report.limits, report.needs
    current_a = limits.max_charge_w / (nominal_v * phases)
    if limits.max_charge_a is not None:
        current_a = min(current_a, limits.max_charge_a)
    return AC_EVChargeParameterType(
        DepartureTime=seconds(needs.departure_in_s),
        EAmount=physical(max(0.0, needs.target_wh or 0.0), WH),
        EVMaxVoltage=physical(nominal_v, V),
        EVMaxCurrent=physical(current_a, A),
        EVMinCurrent=physical(min(current_a, LEAST_CURRENT_A), A),
    )


def dc_parameter(report: CarReport) -> DC_EVChargeParameterType:
    """What the car wants and can do in DC."""
    limits, needs = report.limits, report.needs
    return DC_EVChargeParameterType(
        DepartureTime=seconds(needs.departure_in_s),
        DC_EVStatus=status(report),
        EVMaximumCurrentLimit=physical(limits.max_charge_a or 0.0, A),
        EVMaximumPowerLimit=physical(limits.max_charge_w, W),
        EVMaximumVoltageLimit=physical(limits.max_v or 0.0, V),
        EVEnergyCapacity=optional_physical(report.capacity_wh, WH),
        EVEnergyRequest=optional_physical(None if needs.target_wh is None else max(0.0, needs.target_wh), WH),
        FullSOC=percent(FULL),
        BulkSOC=percent(needs.target_soc),
    )


def read_limits(element: AC_EVChargeParameterType | DC_EVChargeParameterType, phases: int, nominal_v: float) -> Limits:
    """The car's limits; where a power is not told, what voltage and current make."""
    if isinstance(element, AC_EVChargeParameterType):
        current_a, least_a = number(element.EVMaxCurrent), number(element.EVMinCurrent)
        return Limits(
            max_charge_w=max(0.0, current_a * nominal_v * phases),
            min_charge_w=max(0.0, least_a * nominal_v * phases),
            max_charge_a=current_a,
            min_charge_a=least_a,
            max_v=number(element.EVMaxVoltage),
        )
    current_a, voltage_v = number(element.EVMaximumCurrentLimit), number(element.EVMaximumVoltageLimit)
    power_w = optional_number(element.EVMaximumPowerLimit)
    return Limits(
        max_charge_w=max(0.0, current_a * voltage_v if power_w is None else power_w),
        max_charge_a=current_a,
        max_v=voltage_v,
    )


def implausible(limits: Limits, evse: Limits, dc: bool) -> str | None:
    """Why no power can flow between these two ends, or None: the grounds for FAILED_WrongChargeParameter."""
    least_a = limits.min_charge_a or 0.0
    if limits.max_charge_a is not None and limits.max_charge_a < least_a:
        return f"the car's least current, {least_a:g} A, is above its greatest, {limits.max_charge_a:g} A"
    if dc and limits.max_v is not None and evse.min_v is not None and limits.max_v < evse.min_v:
        return f"the car takes up to {limits.max_v:g} V, the charger gives from {evse.min_v:g} V"
    return None


def read_needs(element: AC_EVChargeParameterType | DC_EVChargeParameterType) -> EnergyNeeds:
    """What the car wants by when; a departure in 0 s says nothing, and cars that know none send it."""
    departure_s = element.DepartureTime or None
    if isinstance(element, AC_EVChargeParameterType):
        return EnergyNeeds(departure_in_s=departure_s, target_wh=number(element.EAmount))
    return EnergyNeeds(
        departure_in_s=departure_s,
        target_wh=optional_number(element.EVEnergyRequest),
        target_soc=fraction(element.BulkSOC),
    )


def read_report(element: AC_EVChargeParameterType | DC_EVChargeParameterType, limits: Limits) -> CarReport:
    """What is known of the car before the charge loop."""
    if isinstance(element, AC_EVChargeParameterType):
        return CarReport(limits, read_needs(element))
    return CarReport(
        limits,
        read_needs(element),
        soc=fraction(element.DC_EVStatus.EVRESSSOC),
        capacity_wh=optional_number(element.EVEnergyCapacity),
    )


def read_loop(message: CurrentDemandReq, known: CarReport, voltage_v: float) -> CarReport:
    """One CurrentDemandReq at `voltage_v` on the outlet. `known` stands where it is silent."""
    return known.in_dc_loop(
        voltage_v,
        number(message.EVTargetCurrent),
        power_w=optional_number(message.EVMaximumPowerLimit),
        current_a=optional_number(message.EVMaximumCurrentLimit),
        limit_v=optional_number(message.EVMaximumVoltageLimit),
        soc=fraction(message.DC_EVStatus.EVRESSSOC),
        complete=message.ChargingComplete,
    )
