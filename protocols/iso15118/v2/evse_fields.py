"""The charger's state, limits and set-point in ISO 15118-2, written by the SECC and read back by the EVCC.

How a set-point travels: there is no element for it, the present limits of each answer are it. In AC that is
EVSEMaxCurrent, a current per phase; in DC EVSEMaximumPowerLimit and EVSEMaximumCurrentLimit. The standard leaves
EVSEMaxCurrent out with a contract; we send it then too, as a home has no other way to steer, and peers take it.
"""

from protocols.exi.messages.v2 import ChargingStatusRes, CurrentDemandRes
from protocols.exi.messages.v2_types import (
    AC_EVSEChargeParameterType,
    AC_EVSEStatusType,
    DC_EVSEChargeParameterType,
    DC_EVSEStatusCodeType,
    DC_EVSEStatusType,
    EnergyTransferModeType,
    EVSENotificationType,
    MeterInfoType,
    PhysicalValueType,
    isolationLevelType,
)
from protocols.iso15118.evse import Evse, EvseOffer, Notification
from protocols.iso15118.power import EvseReadings, Limits, MeterReading
from protocols.iso15118.services import Energy
from protocols.iso15118.v2.values import A, V, W, number, optional_number, physical, plain

Mode, Code = EnergyTransferModeType, DC_EVSEStatusCodeType
AC_MODES = {Mode.AC_single_phase_core: 1, Mode.AC_three_phase_core: 3}
"""Phases of each AC mode."""
DC_MODES = (Mode.DC_extended, Mode.DC_core, Mode.DC_combo_core, Mode.DC_unique)
UNTOLD_CURRENT_A, UNTOLD_VOLTAGE_V = 500.0, 1000.0
"""Where a home gives no DC voltage or current of its own: the reach of a CCS connector."""
PEAK_CURRENT_RIPPLE_A = 0.0
MAX_METER_ID = 32

NOTIFICATIONS = {
    Notification.Terminate: EVSENotificationType.StopCharging,
    Notification.Pause: EVSENotificationType.StopCharging,
    Notification.ServiceRenegotiation: EVSENotificationType.ReNegotiation,
    Notification.ScheduleRenegotiation: EVSENotificationType.ReNegotiation,
}
"""What of our wishes ISO 15118-2 can say; whether a stop becomes a pause is for the car to choose."""
RENEGOTIATIONS = (Notification.ServiceRenegotiation, Notification.ScheduleRenegotiation)
STOP_CODES = frozenset(Code) - {Code.EVSE_Ready, Code.EVSE_NotReady, Code.EVSE_IsolationMonitoringActive}


def offered_modes(offer: EvseOffer) -> tuple[EnergyTransferModeType, ...]:
    """The ways of energy transfer that this charger has."""
    energies = {service.energy for service in offer.services}
    ac = [mode for mode, phases in AC_MODES.items() if phases <= offer.phases] if Energy.AC in energies else []
    # A home's DC connector is CCS 2, which is the extended one; it carries cars that ask for the core pins too.
    dc = [Mode.DC_extended, Mode.DC_core] if Energy.DC in energies else []
    return (*reversed(ac), *dc)


def energy_of(mode: EnergyTransferModeType) -> Energy:
    """AC or DC."""
    return Energy.AC if mode in AC_MODES else Energy.DC


def ac_status(evse: Evse) -> AC_EVSEStatusType:
    """What the EVSE wants of the car."""
    return AC_EVSEStatusType(NotificationMaxDelay=_delay(evse), EVSENotification=_notification(evse), RCD=False)


def dc_status(
    evse: Evse, isolation: isolationLevelType, code: DC_EVSEStatusCodeType = Code.EVSE_Ready
) -> DC_EVSEStatusType:
    """The same with the state of the insulation."""
    if evse.contactor_fault:
        code = Code.EVSE_Malfunction
    elif _notification(evse) is EVSENotificationType.StopCharging:
        code = Code.EVSE_Shutdown
    return DC_EVSEStatusType(
        NotificationMaxDelay=_delay(evse),
        EVSENotification=_notification(evse),
        EVSEIsolationStatus=isolation,
        EVSEStatusCode=code,
    )


def status(evse: Evse, energy: Energy | None, isolation: isolationLevelType) -> AC_EVSEStatusType | DC_EVSEStatusType:
    """The one that this session's kind of energy transfer has."""
    return ac_status(evse) if energy is Energy.AC else dc_status(evse, isolation)


def _notification(evse: Evse) -> EVSENotificationType:
    if evse.notification is None:
        return EVSENotificationType.NONE
    return NOTIFICATIONS.get(evse.notification, EVSENotificationType.NONE)


def _delay(evse: Evse) -> int:
    return 0 if _notification(evse) is EVSENotificationType.NONE else evse.notification_max_delay_s


def ac_current(power_w: float, phases: int, nominal_voltage_v: float) -> float:
    """Amperes a phase that make this power."""
    return max(0.0, power_w) / (phases * nominal_voltage_v)


def ac_parameter(evse: Evse, phases: int) -> AC_EVSEChargeParameterType:
    """The charger's AC limits."""
    nominal_v = evse.offer.nominal_voltage_v
    return AC_EVSEChargeParameterType(
        AC_EVSEStatus=ac_status(evse),
        EVSENominalVoltage=physical(nominal_v, V),
        EVSEMaxCurrent=physical(ac_current(evse.limits.max_charge_w, phases, nominal_v), A),
    )


def dc_parameter(limits: Limits, status: DC_EVSEStatusType) -> DC_EVSEChargeParameterType:
    """The charger's DC limits."""
    return DC_EVSEChargeParameterType(
        DC_EVSEStatus=status,
        EVSEMaximumCurrentLimit=physical(_or(limits.max_charge_a, UNTOLD_CURRENT_A), A),
        EVSEMaximumPowerLimit=physical(limits.max_charge_w, W),
        EVSEMaximumVoltageLimit=physical(_or(limits.max_v, UNTOLD_VOLTAGE_V), V),
        EVSEMinimumCurrentLimit=physical(_or(limits.min_charge_a, 0.0), A),
        EVSEMinimumVoltageLimit=physical(_or(limits.min_v, 0.0), V),
        EVSEPeakCurrentRipple=physical(PEAK_CURRENT_RIPPLE_A, A),
    )


def read_limits(element: AC_EVSEChargeParameterType | DC_EVSEChargeParameterType, phases: int) -> Limits:
    """The charger's limits as the EVCC understands them."""
    if isinstance(element, AC_EVSEChargeParameterType):
        current_a, voltage_v = number(element.EVSEMaxCurrent), number(element.EVSENominalVoltage)
        return Limits(max_charge_w=max(0.0, current_a * voltage_v * phases), max_charge_a=current_a, max_v=voltage_v)
    return Limits(
        max_charge_w=max(0.0, number(element.EVSEMaximumPowerLimit)),
        max_charge_a=number(element.EVSEMaximumCurrentLimit),
        min_charge_a=number(element.EVSEMinimumCurrentLimit),
        max_v=number(element.EVSEMaximumVoltageLimit),
        min_v=number(element.EVSEMinimumVoltageLimit),
    )


def dc_set_point(power_w: float, limits: Limits, readings: EvseReadings) -> dict[str, PhysicalValueType]:
    """The set-point (W, 0 or more) as the present limits of a CurrentDemandRes."""
    current_a = _or(limits.max_charge_a, UNTOLD_CURRENT_A)
    if readings.voltage_v > 0:
        current_a = min(current_a, power_w / readings.voltage_v)
    return {
        "EVSEMaximumVoltageLimit": physical(_or(limits.max_v, UNTOLD_VOLTAGE_V), V),
        "EVSEMaximumCurrentLimit": physical(current_a, A),
        "EVSEMaximumPowerLimit": physical(power_w, W),
    }


def read_set_point(message: ChargingStatusRes | CurrentDemandRes, known: Limits, phases: int) -> float:
    """The set-point in W, 0 or more; `known`, the charger's first limits, stand where the answer leaves it out."""
    if isinstance(message, ChargingStatusRes):
        current_a = optional_number(message.EVSEMaxCurrent)
        if current_a is None:
            return known.max_charge_w
        return max(0.0, current_a) * (known.max_v or 0.0) * phases
    bounds = [known.max_charge_w]
    power_w, current_a = (
        optional_number(message.EVSEMaximumPowerLimit),
        optional_number(message.EVSEMaximumCurrentLimit),
    )
    if power_w is not None:
        bounds = [power_w]
    voltage_v = number(message.EVSEPresentVoltage)
    if current_a is not None and voltage_v > 0:
        bounds.append(current_a * voltage_v)
    return max(0.0, min(bounds))


def meter_info(meter: MeterReading | None) -> MeterInfoType | None:
    """The charger's meter, as far as it counts what is charged."""
    if meter is None:
        return None
    return MeterInfoType(
        MeterID=plain(meter.meter_id, MAX_METER_ID),
        MeterReading=meter.charged_wh,
        SigMeterReading=meter.signature or None,
        MeterStatus=meter.status,
        TMeter=None if meter.time_s is None else int(meter.time_s),
    )


def read_meter(info: MeterInfoType) -> MeterReading:
    """The same, read back."""
    return MeterReading(
        info.MeterID, info.MeterReading or 0, 0, info.TMeter, info.SigMeterReading or b"", info.MeterStatus
    )


def _or(value: float | None, default: float) -> float:
    return default if value is None else value
