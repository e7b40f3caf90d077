"""The car's state, limits and wishes in DIN messages, written by the EVCC and read back by the SECC."""

from protocols.exi.messages.din import CurrentDemandReq
from protocols.exi.messages.din_types import (
    ChargingProfileType,
    DC_EVChargeParameterType,
    DC_EVErrorCodeType,
    DC_EVStatusType,
    ProfileEntryType,
    SAScheduleListType,
)
from protocols.iso15118.din.values import amperes, number, optional_number, volts, watt_hours, watts
from protocols.iso15118.power import CarReport, EnergyNeeds, Limits
from protocols.iso15118.schedule import DAY_S, Steps
from protocols.iso15118.values import fraction, percent

FULL_PERCENT = 100
UNTOLD_CURRENT_A, UNTOLD_VOLTAGE_V = 0.0, 0.0
HARMLESS = frozenset({DC_EVErrorCodeType.NO_ERROR, DC_EVErrorCodeType.NoData})


def status_element(report: CarReport, ready: bool = True) -> DC_EVStatusType:
    """The car's state."""
    return DC_EVStatusType(EVReady=ready, EVErrorCode=DC_EVErrorCodeType.NO_ERROR, EVRESSSOC=percent(report.soc) or 0)


def fault(status: DC_EVStatusType) -> str | None:
    """What is wrong with the car, or None."""
    if status.EVErrorCode in HARMLESS:
        return None
    return f"the car reports {status.EVErrorCode}"


def limits_element(report: CarReport) -> DC_EVChargeParameterType:
    """The car's limits and wishes before power flows."""
    limits, needs = report.limits, report.needs
    return DC_EVChargeParameterType(
        DC_EVStatus=status_element(report),
        EVMaximumCurrentLimit=amperes(limits.max_charge_a or UNTOLD_CURRENT_A),
        EVMaximumPowerLimit=watts(limits.max_charge_w),
        EVMaximumVoltageLimit=volts(limits.max_v or UNTOLD_VOLTAGE_V),
        EVEnergyCapacity=None if report.capacity_wh is None else watt_hours(report.capacity_wh),
        EVEnergyRequest=None if needs.target_wh is None else watt_hours(max(0.0, needs.target_wh)),
        FullSOC=FULL_PERCENT,
        BulkSOC=percent(needs.target_soc),
    )


def read_charge_parameters(element: DC_EVChargeParameterType) -> CarReport:
    """What the car tells before power flows; it never says by when it wants its energy."""
    return CarReport(
        limits=_read_limits(element),
        needs=EnergyNeeds(
            target_wh=optional_number(element.EVEnergyRequest), target_soc=fraction(element.BulkSOC or element.FullSOC)
        ),
        soc=fraction(element.DC_EVStatus.EVRESSSOC),
        capacity_wh=optional_number(element.EVEnergyCapacity),
    )


def _read_limits(element: DC_EVChargeParameterType) -> Limits:
    """Without a power, it is what current and voltage make."""
    current_a = max(0.0, number(element.EVMaximumCurrentLimit))
    voltage_v = max(0.0, number(element.EVMaximumVoltageLimit))
    power_w = optional_number(element.EVMaximumPowerLimit)
    return Limits(
        max_charge_w=max(0.0, current_a * voltage_v if power_w is None else power_w),
        max_charge_a=current_a,
        max_v=voltage_v,
    )


def profile_element(schedule: SAScheduleListType | None, most_w: float) -> ChargingProfileType | None:
    """What the car will take at most of the schedule offered first."""
    if schedule is None:
        return None
    chosen = schedule.SAScheduleTuple[0]
    entries = [
        ProfileEntryType(
            ChargingProfileEntryStart=entry.TimeInterval.start,
            ChargingProfileEntryMaxPower=max(0, min(entry.PMax, int(most_w))),
        )
        for entry in chosen.PMaxSchedule.PMaxScheduleEntry
    ]
    return ChargingProfileType(SAScheduleTupleID=chosen.SAScheduleTupleID, ProfileEntry=entries)


def read_profile(profile: ChargingProfileType | None) -> Steps:
    """The same as steps; the last one lasts for the rest of a day."""
    entries = [] if profile is None else profile.ProfileEntry
    ends = [float(entry.ChargingProfileEntryStart) for entry in entries[1:]]
    return tuple(
        (max(0.0, end - entry.ChargingProfileEntryStart), float(entry.ChargingProfileEntryMaxPower))
        for entry, end in zip(entries, [*ends, DAY_S], strict=False)
    )


def loop_element(report: CarReport) -> CurrentDemandReq:
    """One turn of the charge loop: where the car stands, and what it takes of what is offered."""
    limits, voltage_v = report.limits, report.voltage_v or 0.0
    current_a = (report.target_w or 0.0) / voltage_v if voltage_v else 0.0
    return CurrentDemandReq(
        DC_EVStatus=status_element(report),
        EVTargetCurrent=amperes(max(0.0, current_a)),
        EVMaximumVoltageLimit=volts(limits.max_v or UNTOLD_VOLTAGE_V),
        EVMaximumCurrentLimit=amperes(limits.max_charge_a or UNTOLD_CURRENT_A),
        EVMaximumPowerLimit=watts(limits.max_charge_w),
        BulkChargingComplete=report.complete,
        ChargingComplete=report.complete,
        EVTargetVoltage=volts(limits.max_v or voltage_v),
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
