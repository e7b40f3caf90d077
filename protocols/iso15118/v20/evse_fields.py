"""Limits, set-points and readings in the SECC's answers, written by the SECC and read back by the EVCC.

How a set-point travels (ISO 15118-20, 8.3.5.4 and 8.3.5.5): AC has an element for it, EVSETargetActivePower,
signed here as everywhere. DC has none: the charger's present limits are the set-point. Charging is bounded by
EVSEMaximumChargePower and discharging by EVSEMaximumDischargePower, and the one that is not wanted now is 0.
In dynamic mode the car follows; in scheduled mode it may stay below.
"""

from typing import Any

from protocols.exi.messages.ac import (
    AC_ChargeLoopRes,
    AC_CPDResEnergyTransferModeType,
    BPT_AC_CPDResEnergyTransferModeType,
    BPT_Dynamic_AC_CLResControlModeType,
    BPT_Scheduled_AC_CLResControlModeType,
    Dynamic_AC_CLResControlModeType,
    Scheduled_AC_CLResControlModeType,
)
from protocols.exi.messages.dc import (
    BPT_DC_CPDResEnergyTransferModeType,
    BPT_Dynamic_DC_CLResControlModeType,
    BPT_Scheduled_DC_CLResControlModeType,
    DC_ChargeLoopRes,
    DC_CPDResEnergyTransferModeType,
    Dynamic_DC_CLResControlModeType,
    Scheduled_DC_CLResControlModeType,
)
from protocols.iso15118.evse import EvseOffer
from protocols.iso15118.power import EnergyNeeds, EvseReadings, Limits
from protocols.iso15118.services import ControlMode
from protocols.iso15118.v20.rational import by_phase, number, optional_number, per_phase, phase_sum, rational
from protocols.iso15118.values import fraction, percent, seconds

AcLimits = AC_CPDResEnergyTransferModeType | BPT_AC_CPDResEnergyTransferModeType
DcLimits = DC_CPDResEnergyTransferModeType | BPT_DC_CPDResEnergyTransferModeType
AcTargets = (
    Dynamic_AC_CLResControlModeType
    | Scheduled_AC_CLResControlModeType
    | BPT_Dynamic_AC_CLResControlModeType
    | BPT_Scheduled_AC_CLResControlModeType
)
DcTargets = (
    Dynamic_DC_CLResControlModeType
    | Scheduled_DC_CLResControlModeType
    | BPT_Dynamic_DC_CLResControlModeType
    | BPT_Scheduled_DC_CLResControlModeType
)

UNTOLD_VOLTAGE_V, UNTOLD_CURRENT_A = 1000.0, 500.0
"""Where a home gives no DC voltage or current of its own: the reach of a CCS connector."""


def ac_limits_element(limits: Limits, offer: EvseOffer, bidirectional: bool) -> AcLimits:
    """The SECC's answer to AC_ChargeParameterDiscoveryReq."""
    fields: dict[str, Any] = {
        **per_phase("EVSEMaximumChargePower", limits.max_charge_w, offer.phases),
        **per_phase("EVSEMinimumChargePower", limits.min_charge_w, offer.phases),
        "EVSENominalFrequency": rational(offer.nominal_frequency_hz),
    }
    if not bidirectional:
        return AC_CPDResEnergyTransferModeType(**fields)
    return BPT_AC_CPDResEnergyTransferModeType(
        **fields,
        **per_phase("EVSEMaximumDischargePower", offer.discharge(limits.max_discharge_w), offer.phases),
        **per_phase("EVSEMinimumDischargePower", offer.discharge(limits.min_discharge_w), offer.phases),
    )


def dc_limits_element(limits: Limits, offer: EvseOffer, bidirectional: bool) -> DcLimits:
    """The SECC's answer to DC_ChargeParameterDiscoveryReq."""
    fields: dict[str, Any] = {
        "EVSEMaximumChargePower": rational(limits.max_charge_w),
        "EVSEMinimumChargePower": rational(limits.min_charge_w),
        "EVSEMaximumChargeCurrent": rational(_or(limits.max_charge_a, UNTOLD_CURRENT_A)),
        "EVSEMinimumChargeCurrent": rational(_or(limits.min_charge_a, 0.0)),
        "EVSEMaximumVoltage": rational(_or(limits.max_v, UNTOLD_VOLTAGE_V)),
        "EVSEMinimumVoltage": rational(_or(limits.min_v, 0.0)),
    }
    if not bidirectional:
        return DC_CPDResEnergyTransferModeType(**fields)
    return BPT_DC_CPDResEnergyTransferModeType(
        **fields,
        EVSEMaximumDischargePower=rational(offer.discharge(limits.max_discharge_w)),
        EVSEMinimumDischargePower=rational(offer.discharge(limits.min_discharge_w)),
        EVSEMaximumDischargeCurrent=rational(offer.discharge(_or(limits.max_discharge_a, UNTOLD_CURRENT_A))),
        EVSEMinimumDischargeCurrent=rational(offer.discharge(_or(limits.min_discharge_a, 0.0))),
    )


def read_limits(element: AcLimits | DcLimits) -> Limits:
    """The charger's limits as the EVCC understands them."""

    def power(name: str) -> float:
        # Some peers write discharge limits below zero.
        return abs(phase_sum(element, name) or 0.0)

    def other(name: str) -> float | None:
        return optional_number(getattr(element, name, None))

    return Limits(
        max_charge_w=power("EVSEMaximumChargePower"),
        min_charge_w=power("EVSEMinimumChargePower"),
        max_discharge_w=power("EVSEMaximumDischargePower"),
        min_discharge_w=power("EVSEMinimumDischargePower"),
        max_charge_a=other("EVSEMaximumChargeCurrent"),
        min_charge_a=other("EVSEMinimumChargeCurrent"),
        max_discharge_a=other("EVSEMaximumDischargeCurrent"),
        min_discharge_a=other("EVSEMinimumDischargeCurrent"),
        max_v=other("EVSEMaximumVoltage"),
        min_v=other("EVSEMinimumVoltage"),
    )


def ac_targets(
    power_w: float,
    readings: EvseReadings,
    shares: tuple[float, ...],
    mode: ControlMode,
    bidirectional: bool,
    mobility: EnergyNeeds | None,
) -> AcTargets:
    """The set-point (signed W) and present power of an AC charge-loop answer; `shares` spread it over the phases."""
    present_w = readings.phases_w or tuple(readings.power_w * share for share in shares)
    fields: dict[str, Any] = {
        **by_phase("EVSETargetActivePower", [power_w * share for share in shares]),
        **by_phase("EVSEPresentActivePower", present_w),
    }
    if mode is ControlMode.SCHEDULED:
        scheduled = BPT_Scheduled_AC_CLResControlModeType if bidirectional else Scheduled_AC_CLResControlModeType
        return scheduled(**fields)
    dynamic = BPT_Dynamic_AC_CLResControlModeType if bidirectional else Dynamic_AC_CLResControlModeType
    return dynamic(**fields, **mobility_fields(mobility))


def dc_targets(
    power_w: float,
    limits: Limits,
    offer: EvseOffer,
    mode: ControlMode,
    bidirectional: bool,
    mobility: EnergyNeeds | None,
) -> DcTargets:
    """The set-point (signed W) as the present limits of a DC charge-loop answer."""
    charge_w, discharge_w = max(0.0, power_w), max(0.0, -power_w)
    fields: dict[str, Any] = {
        "EVSEMaximumChargePower": rational(charge_w),
        "EVSEMinimumChargePower": rational(min(charge_w, limits.min_charge_w)),
        "EVSEMaximumChargeCurrent": rational(_or(limits.max_charge_a, UNTOLD_CURRENT_A)),
        "EVSEMaximumVoltage": rational(_or(limits.max_v, UNTOLD_VOLTAGE_V)),
    }
    discharge_fields: dict[str, Any] = {
        "EVSEMaximumDischargePower": rational(offer.discharge(discharge_w)),
        "EVSEMinimumDischargePower": rational(offer.discharge(min(discharge_w, limits.min_discharge_w))),
        "EVSEMaximumDischargeCurrent": rational(offer.discharge(_or(limits.max_discharge_a, UNTOLD_CURRENT_A))),
        "EVSEMinimumVoltage": rational(_or(limits.min_v, 0.0)),
    }
    if mode is ControlMode.SCHEDULED:
        if bidirectional:
            return BPT_Scheduled_DC_CLResControlModeType(**fields, **discharge_fields)
        return Scheduled_DC_CLResControlModeType(**fields)
    if bidirectional:
        return BPT_Dynamic_DC_CLResControlModeType(**fields, **discharge_fields, **mobility_fields(mobility))
    return Dynamic_DC_CLResControlModeType(**fields, **mobility_fields(mobility))


def mobility_fields(mobility: EnergyNeeds | None) -> dict[str, Any]:
    """What the driver told the charger's side, for the dynamic-mode answers that can carry it."""
    if mobility is None:
        return {}
    return {
        "DepartureTime": seconds(mobility.departure_in_s),
        "MinimumSOC": percent(mobility.min_soc),
        "TargetSOC": percent(mobility.target_soc),
    }


def read_mobility(element: object) -> EnergyNeeds | None:
    """What the charger's side knows about departure and targets; None: nothing."""
    departure = getattr(element, "DepartureTime", None)
    minimum, target = getattr(element, "MinimumSOC", None), getattr(element, "TargetSOC", None)
    if departure is None and minimum is None and target is None:
        return None
    departure_in_s = None if departure is None else float(departure)
    return EnergyNeeds(departure_in_s, min_soc=fraction(minimum), target_soc=fraction(target))


def read_set_point(message: AC_ChargeLoopRes | DC_ChargeLoopRes, limits: Limits) -> float:
    """The signed set-point in W that a charge-loop answer carries; `limits` fill in what it leaves out."""
    element = message.CLResControlMode
    if isinstance(message, AC_ChargeLoopRes):
        target = phase_sum(element, "EVSETargetActivePower")
        return limits.max_charge_w if target is None else target
    charge = optional_number(getattr(element, "EVSEMaximumChargePower", None))
    discharge = optional_number(getattr(element, "EVSEMaximumDischargePower", None))
    charge_w = limits.max_charge_w if charge is None else charge
    # Some peers write discharge limits below zero. Subtracting from 0.0 never gives -0.0.
    return charge_w if charge_w > 0 else 0.0 - abs(discharge or 0.0)


def read_readings(message: DC_ChargeLoopRes) -> tuple[float, float]:
    """The charger's (voltage in V, current in A)."""
    return number(message.EVSEPresentVoltage), number(message.EVSEPresentCurrent)


def _or(value: float | None, default: float) -> float:
    return default if value is None else value
