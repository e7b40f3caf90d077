"""What a home may read from a device: the names, their roles, and what is believable.

One table for all devices. A profile or a SunSpec model maps registers to these names, in these units and signs:
``grid_w`` > 0 imports, ``battery_w`` > 0 charges, ``ev_w`` > 0 charges the car, ``solar_w`` >= 0, SoC 0..1.
``.1``, ``.2``, ``.3`` are the phases.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Role(StrEnum):
    """What a device is in the home. A hybrid inverter is three of them at once."""

    METER = "meter"
    INVERTER = "inverter"
    STORAGE = "storage"
    POWER_STAGE = "power_stage"
    SWITCH = "switch"


@dataclass(frozen=True, slots=True)
class Quantity:
    """One readable (or writable) thing.

    ``low`` and ``high`` bound what a home can show: outside is a broken reading, not a number to act on.
    ``counter`` never falls; ``lively`` changes with every breath of the grid, so it may not stand still for long.
    ``command`` is written, not read.
    """

    name: str
    low: float
    high: float
    counter: bool = False
    lively: bool = False
    command: bool = False


def _table() -> dict[str, Quantity]:
    power, energy = 200_000.0, 1e10
    rows = [
        Quantity("grid_w", -power, power, lively=True),
        Quantity("frequency_hz", 40.0, 70.0, lively=True),
        Quantity("import_wh", 0.0, energy, counter=True),
        Quantity("export_wh", 0.0, energy, counter=True),
        Quantity("ac_w", -power, power, lively=True),
        Quantity("solar_w", -500.0, power, lively=True),
        Quantity("solar_wh", 0.0, energy, counter=True),
        Quantity("soc", 0.0, 1.0),
        Quantity("battery_w", -power, power, lively=True),
        Quantity("storage_wh", 0.0, 1e7),
        Quantity("charge_wh", 0.0, energy, counter=True),
        Quantity("discharge_wh", 0.0, energy, counter=True),
        Quantity("ev_w", -power, power, lively=True),
        Quantity("setpoint_w", -power, power),
        Quantity("expiry_left_s", 0.0, 60.0),
        Quantity("max_charge_w", 0.0, power),
        Quantity("max_discharge_w", 0.0, power),
        Quantity("phases", 1.0, 3.0),
        Quantity("pilot", 0.0, 6.0),
        Quantity("contactor", 0.0, 1.0),
        Quantity("fault", 0.0, 65_534.0),
        Quantity("dc_voltage_v", 0.0, 1_500.0),
        Quantity("dc_current_a", -500.0, 500.0),
        Quantity("duty", 0.0, 1.0),
        Quantity("diode", 0.0, 1.0),
        Quantity("isolation", 0.0, 4.0),
        Quantity("isolation_ohm", 0.0, 1e9),
        Quantity("welding", 0.0, 4.0),
        Quantity("cable_a", 0.0, 100.0),
        Quantity("switch", 0.0, 1.0),
        Quantity("switch_w", -500.0, power, lively=True),
        Quantity("tank_c", -20.0, 120.0),
        Quantity("command_switch", 0.0, 1.0, command=True),
        Quantity("command_limit", 0.0, 1.0, command=True),
        Quantity("command_setpoint_w", -power, power, command=True),
        Quantity("command_expiry_s", 1.0, 60.0, command=True),
        Quantity("command_contactor", 0.0, 1.0, command=True),
        Quantity("command_duty", 0.0, 1.0, command=True),
        Quantity("command_isolation", 0.0, 1.0, command=True),
        Quantity("command_precharge_v", 0.0, 1_500.0, command=True),
        Quantity("command_precharge_a", 0.0, 500.0, command=True),
        Quantity("command_welding", 0.0, 1.0, command=True),
        Quantity("command_reset", 0.0, 1.0, command=True),
    ]
    for phase in (1, 2, 3):
        rows += [
            Quantity(f"phase_w.{phase}", -power, power, lively=True),
            Quantity(f"current_a.{phase}", -500.0, 500.0, lively=True),
            Quantity(f"voltage_v.{phase}", 0.0, 300.0, lively=True),
        ]
    return {row.name: row for row in rows}


QUANTITIES = MappingProxyType(_table())

# A device plays a role when it gives the quantity without which the role is worth nothing.
ROLE_NEEDS = MappingProxyType(
    {
        Role.METER: ("grid_w",),
        Role.INVERTER: ("solar_w",),
        Role.STORAGE: ("soc",),
        Role.POWER_STAGE: ("pilot", "ev_w"),
        Role.SWITCH: ("switch",),
    }
)
