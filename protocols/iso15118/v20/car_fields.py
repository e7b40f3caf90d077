"""Limits, needs and readings in the EVCC's requests, written by the EVCC and read back by the SECC.

(ISO 15118-20, 8.3.5.3 to 8.3.5.5.)
"""

from typing import Any

from protocols.exi.messages.ac import (
    AC_ChargeLoopReq,
    AC_CPDReqEnergyTransferModeType,
    BPT_AC_CPDReqEnergyTransferModeType,
    BPT_Dynamic_AC_CLReqControlModeType,
    BPT_Scheduled_AC_CLReqControlModeType,
    Dynamic_AC_CLReqControlModeType,
    Scheduled_AC_CLReqControlModeType,
)
from protocols.exi.messages.common import (
    Dynamic_SEReqControlModeType,
    Scheduled_SEReqControlModeType,
    ScheduleExchangeReq,
)
from protocols.exi.messages.common_types import DisplayParametersType
from protocols.exi.messages.dc import (
    BPT_DC_CPDReqEnergyTransferModeType,
    BPT_Dynamic_DC_CLReqControlModeType,
    BPT_Scheduled_DC_CLReqControlModeType,
    DC_ChargeLoopReq,
    DC_CPDReqEnergyTransferModeType,
    Dynamic_DC_CLReqControlModeType,
    Scheduled_DC_CLReqControlModeType,
)
from protocols.exi.schema import Element
from protocols.iso15118.power import CarReport, EnergyNeeds, Limits
from protocols.iso15118.services import ControlMode, Energy, Service
from protocols.iso15118.v20.rational import (
    by_phase,
    number,
    optional_number,
    optional_rational,
    phase_sum,
    rational,
    read_phases,
)
from protocols.iso15118.values import fraction, percent, seconds

Modes = dict[tuple[Service, ControlMode], type[Element]]

LIMIT_TYPES: dict[Service, type[Element]] = {
    Service.AC: AC_CPDReqEnergyTransferModeType,
    Service.AC_BPT: BPT_AC_CPDReqEnergyTransferModeType,
    Service.DC: DC_CPDReqEnergyTransferModeType,
    Service.DC_BPT: BPT_DC_CPDReqEnergyTransferModeType,
    Service.MCS: DC_CPDReqEnergyTransferModeType,
    Service.MCS_BPT: BPT_DC_CPDReqEnergyTransferModeType,
}
"""What a ChargeParameterDiscoveryReq must carry for each service, else FAILED_WrongChargeParameter."""

LOOP_TYPES: Modes = {
    (Service.AC, ControlMode.SCHEDULED): Scheduled_AC_CLReqControlModeType,
    (Service.AC, ControlMode.DYNAMIC): Dynamic_AC_CLReqControlModeType,
    (Service.AC_BPT, ControlMode.SCHEDULED): BPT_Scheduled_AC_CLReqControlModeType,
    (Service.AC_BPT, ControlMode.DYNAMIC): BPT_Dynamic_AC_CLReqControlModeType,
    (Service.DC, ControlMode.SCHEDULED): Scheduled_DC_CLReqControlModeType,
    (Service.DC, ControlMode.DYNAMIC): Dynamic_DC_CLReqControlModeType,
    (Service.DC_BPT, ControlMode.SCHEDULED): BPT_Scheduled_DC_CLReqControlModeType,
    (Service.DC_BPT, ControlMode.DYNAMIC): BPT_Dynamic_DC_CLReqControlModeType,
    (Service.MCS, ControlMode.SCHEDULED): Scheduled_DC_CLReqControlModeType,
    (Service.MCS, ControlMode.DYNAMIC): Dynamic_DC_CLReqControlModeType,
    (Service.MCS_BPT, ControlMode.SCHEDULED): BPT_Scheduled_DC_CLReqControlModeType,
    (Service.MCS_BPT, ControlMode.DYNAMIC): BPT_Dynamic_DC_CLReqControlModeType,
}
"""What a ChargeLoopReq must carry for each service and control mode."""


NO_LIMITS = Limits(max_charge_w=0.0)


def limits_element(limits: Limits, service: Service, target_soc: float | None) -> Element:
    """The car's limits for a ChargeParameterDiscoveryReq."""
    fields: dict[str, Any] = _power_limits(limits, service.bidirectional)
    if service.energy is Energy.DC:
        fields |= {
            "EVMaximumChargeCurrent": rational(limits.max_charge_a or 0.0),
            "EVMinimumChargeCurrent": rational(limits.min_charge_a or 0.0),
            "EVMaximumVoltage": rational(limits.max_v or 0.0),
            "EVMinimumVoltage": rational(limits.min_v or 0.0),
            "TargetSOC": percent(target_soc),
        }
    if service.energy is Energy.DC and service.bidirectional:
        fields |= {
            "EVMaximumDischargeCurrent": rational(limits.max_discharge_a or 0.0),
            "EVMinimumDischargeCurrent": rational(limits.min_discharge_a or 0.0),
        }
    element: Element = LIMIT_TYPES[service](**fields)
    return element


def _power_limits(limits: Limits, bidirectional: bool) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "EVMaximumChargePower": rational(limits.max_charge_w),
        "EVMinimumChargePower": rational(limits.min_charge_w),
    }
    if bidirectional:
        fields |= {
            "EVMaximumDischargePower": rational(limits.max_discharge_w),
            "EVMinimumDischargePower": rational(limits.min_discharge_w),
        }
    return fields


def read_limits(element: object, known: Limits = NO_LIMITS) -> Limits:
    """The car's limits from a ChargeParameterDiscoveryReq or a ChargeLoopReq; `known` stands where it is silent."""

    def power(name: str, default: float) -> float:
        # Some cars write discharge limits below zero.
        value = phase_sum(element, name)
        return default if value is None else abs(value)

    def other(name: str, default: float | None) -> float | None:
        value = optional_number(getattr(element, name, None))
        return default if value is None else value

    return Limits(
        max_charge_w=power("EVMaximumChargePower", known.max_charge_w),
        min_charge_w=power("EVMinimumChargePower", known.min_charge_w),
        max_discharge_w=power("EVMaximumDischargePower", known.max_discharge_w),
        min_discharge_w=power("EVMinimumDischargePower", known.min_discharge_w),
        max_charge_a=other("EVMaximumChargeCurrent", known.max_charge_a),
        min_charge_a=other("EVMinimumChargeCurrent", known.min_charge_a),
        max_discharge_a=other("EVMaximumDischargeCurrent", known.max_discharge_a),
        min_discharge_a=other("EVMinimumDischargeCurrent", known.min_discharge_a),
        max_v=other("EVMaximumVoltage", known.max_v),
        min_v=other("EVMinimumVoltage", known.min_v),
    )


def implausible(limits: Limits, evse: Limits, dc: bool) -> str | None:
    """Why no power can flow between these two ends, or None: the grounds for FAILED_WrongChargeParameter."""
    if limits.min_charge_w > limits.max_charge_w:
        return f"the car's least charging power, {limits.min_charge_w:.0f} W, is above its greatest"
    if limits.min_discharge_w > limits.max_discharge_w:
        return f"the car's least discharging power, {limits.min_discharge_w:.0f} W, is above its greatest"
    if dc and limits.max_v is not None and evse.min_v is not None and limits.max_v < evse.min_v:
        return f"the car takes up to {limits.max_v:.0f} V, the charger gives from {evse.min_v:.0f} V"
    if dc and limits.min_v is not None and evse.max_v is not None and limits.min_v > evse.max_v:
        return f"the car takes from {limits.min_v:.0f} V, the charger gives up to {evse.max_v:.0f} V"
    return None


def schedule_request_fields(needs: EnergyNeeds, mode: ControlMode, service: Service) -> dict[str, Element]:
    """The control-mode part of a ScheduleExchangeReq."""
    if mode is ControlMode.SCHEDULED:
        scheduled = Scheduled_SEReqControlModeType(
            DepartureTime=seconds(needs.departure_in_s),
            EVTargetEnergyRequest=optional_rational(needs.target_wh),
            EVMaximumEnergyRequest=optional_rational(needs.max_wh),
            EVMinimumEnergyRequest=optional_rational(needs.min_wh),
        )
        return {"Scheduled_SEReqControlMode": scheduled}
    dynamic = Dynamic_SEReqControlModeType(
        DepartureTime=seconds(needs.departure_in_s) or 0,
        MinimumSOC=percent(needs.min_soc),
        TargetSOC=percent(needs.target_soc),
        **_required_energy(needs),
        **(_v2x_energy(needs) if service.bidirectional else {}),
    )
    return {"Dynamic_SEReqControlMode": dynamic}


def read_schedule_request(message: ScheduleExchangeReq) -> EnergyNeeds:
    """The car's needs; a departure of 0 s in dynamic mode means that it does not know."""
    element = message.Dynamic_SEReqControlMode or message.Scheduled_SEReqControlMode
    return read_needs(element)


def read_needs(element: object) -> EnergyNeeds:
    """The car's needs from a ScheduleExchangeReq's or a ChargeLoopReq's control mode."""

    def energy(name: str) -> float | None:
        return optional_number(getattr(element, name, None))

    departure = getattr(element, "DepartureTime", None)
    return EnergyNeeds(
        departure_in_s=float(departure) if departure else None,
        target_wh=energy("EVTargetEnergyRequest"),
        max_wh=energy("EVMaximumEnergyRequest"),
        min_wh=energy("EVMinimumEnergyRequest"),
        max_v2x_wh=energy("EVMaximumV2XEnergyRequest"),
        min_v2x_wh=energy("EVMinimumV2XEnergyRequest"),
        min_soc=fraction(getattr(element, "MinimumSOC", None)),
        target_soc=fraction(getattr(element, "TargetSOC", None)),
    )


def loop_element(report: CarReport, service: Service, mode: ControlMode) -> Element:
    """The control-mode part of a ChargeLoopReq."""
    dc = service.energy is Energy.DC
    limits, needs = report.limits, report.needs
    fields = _power_limits(limits, service.bidirectional)
    if mode is ControlMode.DYNAMIC:
        fields |= {"DepartureTime": seconds(needs.departure_in_s), **_required_energy(needs)}
        fields |= _v2x_energy(needs) if service.bidirectional else {}
    else:
        fields |= {
            "EVTargetEnergyRequest": optional_rational(needs.target_wh),
            "EVMaximumEnergyRequest": optional_rational(needs.max_wh),
            "EVMinimumEnergyRequest": optional_rational(needs.min_wh),
        }
    if dc:
        fields |= _dc_loop_fields(report, mode, service.bidirectional)
    else:
        fields |= by_phase("EVPresentActivePower", report.phases_w or (report.ev_w or 0.0,))
        if mode is ControlMode.DYNAMIC:
            fields["EVPresentReactivePower"] = rational(0.0)
    element: Element = LOOP_TYPES[service, mode](**fields)
    return element


def _dc_loop_fields(report: CarReport, mode: ControlMode, bidirectional: bool) -> dict[str, Any]:
    limits, voltage = report.limits, report.voltage_v or 0.0
    fields = {
        "EVMaximumChargeCurrent": rational(limits.max_charge_a or 0.0),
        "EVMaximumVoltage": rational(limits.max_v or 0.0),
        "EVMinimumVoltage": rational(limits.min_v or 0.0),
    }
    if bidirectional:
        fields["EVMaximumDischargeCurrent"] = rational(limits.max_discharge_a or 0.0)
    if mode is ControlMode.SCHEDULED:
        current = (report.target_w or 0.0) / voltage if voltage else 0.0
        fields |= {"EVTargetCurrent": rational(current), "EVTargetVoltage": rational(limits.max_v or voltage)}
    return fields


def _required_energy(needs: EnergyNeeds) -> dict[str, Any]:
    return {
        "EVTargetEnergyRequest": rational(needs.target_wh or 0.0),
        "EVMaximumEnergyRequest": rational(needs.max_wh or 0.0),
        "EVMinimumEnergyRequest": rational(needs.min_wh or 0.0),
    }


def _v2x_energy(needs: EnergyNeeds) -> dict[str, Any]:
    return {
        "EVMaximumV2XEnergyRequest": optional_rational(needs.max_v2x_wh),
        "EVMinimumV2XEnergyRequest": optional_rational(needs.min_v2x_wh),
    }


def display_element(report: CarReport, needs: EnergyNeeds) -> DisplayParametersType:
    """What the car lets the charger show."""
    return DisplayParametersType(
        PresentSOC=percent(report.soc),
        MinimumSOC=percent(needs.min_soc),
        TargetSOC=percent(needs.target_soc),
        ChargingComplete=report.complete,
        BatteryEnergyCapacity=optional_rational(report.capacity_wh),
    )


def read_loop(message: AC_ChargeLoopReq | DC_ChargeLoopReq, known: Limits) -> CarReport:
    """One charge-loop request. `known` are the limits told before, which stand where it is silent."""
    element = message.CLReqControlMode
    limits = read_limits(element, known)
    needs = read_needs(element)
    display = message.DisplayParameters or DisplayParametersType()
    if display.TargetSOC is not None or display.MinimumSOC is not None:
        needs = _with_soc(needs, display)
    common: dict[str, Any] = {
        "limits": limits,
        "needs": needs,
        "soc": fraction(display.PresentSOC),
        "complete": bool(display.ChargingComplete),
        "capacity_wh": optional_number(display.BatteryEnergyCapacity),
    }
    if isinstance(message, AC_ChargeLoopReq):
        phases_w = read_phases(element, "EVPresentActivePower")
        return CarReport(**common, ev_w=sum(phases_w), phases_w=phases_w)
    voltage = number(message.EVPresentVoltage)
    current = optional_number(getattr(element, "EVTargetCurrent", None))
    target_w = None if current is None else current * voltage
    return CarReport(**common, voltage_v=voltage, target_w=target_w)


def _with_soc(needs: EnergyNeeds, display: DisplayParametersType) -> EnergyNeeds:
    return EnergyNeeds(
        departure_in_s=needs.departure_in_s,
        target_wh=needs.target_wh,
        max_wh=needs.max_wh,
        min_wh=needs.min_wh,
        max_v2x_wh=needs.max_v2x_wh,
        min_v2x_wh=needs.min_v2x_wh,
        min_soc=fraction(display.MinimumSOC) if display.MinimumSOC is not None else needs.min_soc,
        target_soc=fraction(display.TargetSOC) if display.TargetSOC is not None else needs.target_soc,
    )
