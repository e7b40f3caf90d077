"""What a device said, typed: the readings that leave this house's Modbus door.

Units are in the names. Signs: ``grid_w`` > 0 imports, ``battery_w`` and ``ev_w`` > 0 charge, ``solar_w`` >= 0.
None is "missing": never read as 0. ``at_s`` is POSIX seconds at which the registers were asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from protocols.iec61851.hardware import CHECKS, Check
from protocols.iec61851.pilot import Pilot as Pilot
from protocols.modbus.checks import Fault

Phases: TypeAlias = tuple[float | None, float | None, float | None]
"""Values of L1, L2, L3."""

STALE_AFTER_S = 5.0
"""A reading older than this is not acted upon, unless the home file says otherwise."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What all readings share. ``faults`` names each value that was thrown away or is doubtful, and why."""

    at_s: float
    faults: tuple[Fault, ...]

    def age_s(self, now_s: float) -> float:
        """Seconds since the device was asked. A clock that stepped back makes it 0, not negative."""
        return max(0.0, now_s - self.at_s)

    def is_stale(self, now_s: float, max_age_s: float = STALE_AFTER_S) -> bool:
        """Whether the reading is too old to act upon; one from the future is too: the clock stepped."""
        return abs(now_s - self.at_s) > max_age_s


@dataclass(frozen=True, slots=True)
class MeterReading(Reading):
    """The grid connection. ``current_a`` is as the meter reports it: many give it without a sign."""

    grid_w: float | None
    phase_w: Phases
    current_a: Phases
    voltage_v: Phases
    frequency_hz: float | None
    import_wh: float | None
    export_wh: float | None


@dataclass(frozen=True, slots=True)
class InverterReading(Reading):
    """The roof. ``ac_w`` is what the inverter feeds into the house (on hybrids with the battery's part)."""

    solar_w: float | None
    solar_wh: float | None
    ac_w: float | None
    current_a: Phases
    voltage_v: Phases
    frequency_hz: float | None


@dataclass(frozen=True, slots=True)
class StorageReading(Reading):
    """A house battery. ``soc`` is 0..1, ``storage_wh`` the energy that is left."""

    soc: float | None
    battery_w: float | None
    charge_wh: float | None
    discharge_wh: float | None
    storage_wh: float | None


PILOTS: tuple[Pilot | None, ...] = (None, Pilot.A, Pilot.B, Pilot.C, Pilot.D, Pilot.E, Pilot.F)
"""Pilot states by their register value; 0 is unknown."""


@dataclass(frozen=True, slots=True)
class PowerStageReading(Reading):
    """A charger's power stage. ``setpoint_w`` is what it follows now: 0 once the set-point has expired.

    ``import_wh`` counts energy into the car, ``export_wh`` out of it. ``fault`` is 0 when all is well. ``contactor`` is
    the mirror contact where the stage has one. ``isolation`` and ``welding`` tell how its tests stand, ``duty`` is what
    the pilot shows, ``cable_a`` what the cable carries, ``diode`` whether the pilot's negative half is whole.
    """

    pilot: Pilot | None
    contactor: bool | None
    ev_w: float | None
    setpoint_w: float | None
    expiry_left_s: float | None
    voltage_v: Phases
    current_a: Phases
    dc_voltage_v: float | None
    dc_current_a: float | None
    frequency_hz: float | None
    import_wh: float | None
    export_wh: float | None
    max_charge_w: float | None
    max_discharge_w: float | None
    phases: int | None
    fault: int | None
    duty: float | None = None
    diode: bool | None = None
    isolation: Check | None = None
    isolation_ohm: float | None = None
    welding: Check | None = None
    cable_a: float | None = None


Values: TypeAlias = Mapping[str, float | None]


def meter_reading(at_s: float, values: Values, faults: tuple[Fault, ...]) -> MeterReading:
    """A meter's values by quantity, as a reading."""
    return MeterReading(
        at_s=at_s,
        faults=faults,
        grid_w=values.get("grid_w"),
        phase_w=_phases(values, "phase_w"),
        current_a=_phases(values, "current_a"),
        voltage_v=_phases(values, "voltage_v"),
        frequency_hz=values.get("frequency_hz"),
        import_wh=values.get("import_wh"),
        export_wh=values.get("export_wh"),
    )


def inverter_reading(at_s: float, values: Values, faults: tuple[Fault, ...]) -> InverterReading:
    """An inverter's values by quantity, as a reading; its own consumption at night is no solar power."""
    solar_w = values.get("solar_w")
    return InverterReading(
        at_s=at_s,
        faults=faults,
        solar_w=None if solar_w is None else max(0.0, solar_w),
        solar_wh=values.get("solar_wh"),
        ac_w=values.get("ac_w"),
        current_a=_phases(values, "current_a"),
        voltage_v=_phases(values, "voltage_v"),
        frequency_hz=values.get("frequency_hz"),
    )


def storage_reading(at_s: float, values: Values, faults: tuple[Fault, ...]) -> StorageReading:
    """A house battery's values by quantity, as a reading."""
    return StorageReading(
        at_s=at_s,
        faults=faults,
        soc=values.get("soc"),
        battery_w=values.get("battery_w"),
        charge_wh=values.get("charge_wh"),
        discharge_wh=values.get("discharge_wh"),
        storage_wh=values.get("storage_wh"),
    )


def power_stage_reading(at_s: float, values: Values, faults: tuple[Fault, ...]) -> PowerStageReading:
    """A power stage's values by quantity, as a reading."""
    pilot, contactor = _whole(values, "pilot"), _whole(values, "contactor")
    return PowerStageReading(
        at_s=at_s,
        faults=faults,
        pilot=None if pilot is None or not 0 <= pilot < len(PILOTS) else PILOTS[pilot],
        contactor=None if contactor is None else contactor == 1,
        ev_w=values.get("ev_w"),
        setpoint_w=values.get("setpoint_w"),
        expiry_left_s=values.get("expiry_left_s"),
        voltage_v=_phases(values, "voltage_v"),
        current_a=_phases(values, "current_a"),
        dc_voltage_v=values.get("dc_voltage_v"),
        dc_current_a=values.get("dc_current_a"),
        frequency_hz=values.get("frequency_hz"),
        import_wh=values.get("import_wh"),
        export_wh=values.get("export_wh"),
        max_charge_w=values.get("max_charge_w"),
        max_discharge_w=values.get("max_discharge_w"),
        phases=_whole(values, "phases"),
        fault=_whole(values, "fault"),
        duty=values.get("duty"),
        diode=None if (diode := _whole(values, "diode")) is None else diode == 1,
        isolation=_check(values, "isolation"),
        isolation_ohm=values.get("isolation_ohm"),
        welding=_check(values, "welding"),
        cable_a=values.get("cable_a"),
    )


def _phases(values: Values, quantity: str) -> Phases:
    return (values.get(f"{quantity}.1"), values.get(f"{quantity}.2"), values.get(f"{quantity}.3"))


def _whole(values: Values, quantity: str) -> int | None:
    value = values.get(quantity)
    return None if value is None else round(value)


def _check(values: Values, quantity: str) -> Check | None:
    number = _whole(values, quantity)
    return None if number is None or not 0 <= number < len(CHECKS) else CHECKS[number]
