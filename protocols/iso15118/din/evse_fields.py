"""The charger's state, limits, schedule and readings in DIN messages, written by the SECC and read back by the EVCC.

There is no element for a set-point: the present limits of each CurrentDemandRes are it, and the car asks for no more.
"""

from collections.abc import Iterator

from protocols.exi.messages.din import CurrentDemandRes
from protocols.exi.messages.din_types import (
    DC_EVSEChargeParameterType,
    DC_EVSEStatusCodeType,
    DC_EVSEStatusType,
    EVSENotificationType,
    IsolationLevelType,
    PhysicalValueType,
    PMaxScheduleEntryType,
    PMaxScheduleType,
    RelativeTimeIntervalType,
    SAScheduleListType,
    SAScheduleTupleType,
)
from protocols.iso15118.din.values import amperes, number, optional_number, volts, watts
from protocols.iso15118.evse import Evse, Notification
from protocols.iso15118.power import EvseReadings, Limits
from protocols.iso15118.schedule import DAY_S, Schedule, Steps

UNTOLD_CURRENT_A, UNTOLD_VOLTAGE_V = 400.0, 1000.0
"""What stands for a limit that the application did not tell."""
PEAK_CURRENT_RIPPLE_A = 0.0
MAX_STEPS = 5
"""Cars built on libcbv2g hold no longer list."""
MAX_PMAX_W = 2**15 - 1
"""PMax has no multiplier: more than this is not said there, but in the limits."""
SCHEDULE_ID = 1
STOPPING = frozenset({Notification.Terminate, Notification.Pause, Notification.ServiceRenegotiation})
"""What we may want of a car that knows no pause and no other service: that it stops."""
STOP_CODES = frozenset(DC_EVSEStatusCodeType) - {
    DC_EVSEStatusCodeType.EVSE_Ready,
    DC_EVSEStatusCodeType.EVSE_NotReady,
    DC_EVSEStatusCodeType.EVSE_IsolationMonitoringActive,
}


def status(evse: Evse, isolation: IsolationLevelType, code: DC_EVSEStatusCodeType | None = None) -> DC_EVSEStatusType:
    """The EVSE's state: `code`, or that it is ready, unless there is a reason to stop."""
    stop = evse.notification in STOPPING
    if stop:
        code = DC_EVSEStatusCodeType.EVSE_Shutdown
    if evse.contactor_fault:
        code = DC_EVSEStatusCodeType.EVSE_Malfunction
    return DC_EVSEStatusType(
        EVSEIsolationStatus=isolation,
        EVSEStatusCode=code or DC_EVSEStatusCodeType.EVSE_Ready,
        NotificationMaxDelay=evse.notification_max_delay_s if stop else 0,
        EVSENotification=EVSENotificationType.StopCharging if stop else EVSENotificationType.None_,
    )


def stop_reason(status: DC_EVSEStatusType) -> str | None:
    """Why the charger wants an end, or None."""
    if status.EVSEStatusCode in STOP_CODES:
        return f"the charger is in state {status.EVSEStatusCode}"
    if status.EVSENotification is EVSENotificationType.StopCharging:
        return "the charger asked for it (StopCharging)"
    return None


def limits_element(limits: Limits, status: DC_EVSEStatusType) -> DC_EVSEChargeParameterType:
    """The limits before power flows."""
    return DC_EVSEChargeParameterType(
        DC_EVSEStatus=status,
        EVSEMaximumCurrentLimit=amperes(_or(limits.max_charge_a, UNTOLD_CURRENT_A)),
        EVSEMaximumPowerLimit=watts(limits.max_charge_w),
        EVSEMaximumVoltageLimit=volts(_or(limits.max_v, UNTOLD_VOLTAGE_V)),
        EVSEMinimumCurrentLimit=amperes(_or(limits.min_charge_a, 0.0)),
        EVSEMinimumVoltageLimit=volts(_or(limits.min_v, 0.0)),
        EVSEPeakCurrentRipple=amperes(PEAK_CURRENT_RIPPLE_A),
    )


def read_limits(element: DC_EVSEChargeParameterType) -> Limits:
    """The charger's limits; without a power, what current and voltage make."""
    current_a, voltage_v = number(element.EVSEMaximumCurrentLimit), number(element.EVSEMaximumVoltageLimit)
    power_w = optional_number(element.EVSEMaximumPowerLimit)
    return Limits(
        max_charge_w=max(0.0, current_a * voltage_v if power_w is None else power_w),
        max_charge_a=current_a,
        min_charge_a=number(element.EVSEMinimumCurrentLimit),
        max_v=voltage_v,
        min_v=number(element.EVSEMinimumVoltageLimit),
    )


def schedule_element(schedule: Schedule) -> SAScheduleListType:
    """One schedule from now on, in as few steps as any car holds."""
    pmax = PMaxScheduleType(PMaxScheduleID=SCHEDULE_ID, PMaxScheduleEntry=[*_entries(schedule.charge[:MAX_STEPS])])
    return SAScheduleListType(SAScheduleTuple=[SAScheduleTupleType(SAScheduleTupleID=SCHEDULE_ID, PMaxSchedule=pmax)])


def _entries(steps: Steps) -> Iterator[PMaxScheduleEntryType]:
    """The steps, the last one drawn out to the end of the day, which the list has to cover."""
    start_s = 0.0
    for left, (duration_s, power_w) in zip(range(len(steps) - 1, -1, -1), steps, strict=True):
        lasts_s = duration_s if left else max(duration_s, DAY_S - start_s)
        yield PMaxScheduleEntryType(
            TimeInterval=RelativeTimeIntervalType(start=round(start_s), duration=round(lasts_s)),
            PMax=max(0, min(MAX_PMAX_W, int(power_w))),
        )
        start_s += lasts_s


def set_point_fields(power_w: float, limits: Limits, readings: EvseReadings) -> dict[str, PhysicalValueType]:
    """The set-point (W, 0 or more) as the present limits of a CurrentDemandRes."""
    current_a = _or(limits.max_charge_a, UNTOLD_CURRENT_A)
    if readings.voltage_v > 0:
        current_a = min(current_a, power_w / readings.voltage_v)
    return {
        "EVSEMaximumVoltageLimit": volts(_or(limits.max_v, UNTOLD_VOLTAGE_V)),
        "EVSEMaximumCurrentLimit": amperes(current_a),
        "EVSEMaximumPowerLimit": watts(power_w),
    }


def read_set_point(message: CurrentDemandRes, known: Limits) -> float:
    """The set-point in W; `known` stands where the answer leaves its power out."""
    power_w = optional_number(message.EVSEMaximumPowerLimit)
    current_a = optional_number(message.EVSEMaximumCurrentLimit)
    bounds = [known.max_charge_w if power_w is None else power_w]
    voltage_v = number(message.EVSEPresentVoltage)
    if current_a is not None and voltage_v > 0:
        bounds.append(current_a * voltage_v)
    return max(0.0, min(bounds))


def _or(value: float | None, default: float) -> float:
    return default if value is None else value
