"""The home file's sections for what a plan moves beside the car: batteries, machines, tanks; and the grid's CO2."""

from typing import Annotated

from pydantic import Field

from app.config.parts import EVERY_DAY, ClockTime, Efficiency, Fraction, Host, ModbusPlace, Name, Port, Section, Watt
from app.config.parts import Weekday as Weekday

Expiry = Annotated[float, Field(ge=5, le=60)]


class BatterySection(ModbusPlace):
    """``[[battery]]``: a battery that stands in the house. Powers at its grid side."""

    capacity_wh: Annotated[float, Field(ge=100, le=1_000_000)]
    charge_max_w: Watt
    discharge_max_w: Watt
    controllable: bool = False
    """Twoway commands it; else it follows its own rule, is shown, and counts as load in forecast and plan."""
    soc_min: Fraction = 0.05
    soc_max: Fraction = 1.0
    reserve_soc: Fraction = 0.0
    """Kept for a blackout."""
    charge_efficiency: Efficiency = 0.95
    discharge_efficiency: Efficiency = 0.95
    standby_w: Watt = 0.0
    wear_per_kwh: Annotated[float, Field(ge=0, le=10)] = 0.02
    may_charge_from_grid: bool = True
    may_export: bool = True
    expiry_s: Expiry = 30.0
    """A command that is not renewed for this long ends in the battery itself."""


class SwitchSection(Section):
    """``[load.switch]`` and ``[tank.switch]``: a relay that Twoway closes, over Modbus TCP."""

    profile: str = "twoway-switch"
    """The name of a file in resources/profiles."""
    host: Host = "127.0.0.1"
    port: Port = 502
    unit: Annotated[int, Field(ge=0, le=255)] = 1
    expiry_s: Expiry = 30.0


class LoadSection(Section):
    """``[[load]]``: a machine whose work can wait. Without a switch the window says when to start it."""

    name: Name
    power_w: Watt = 0.0
    """Mean power while it runs …"""
    course_w: Annotated[list[Watt], Field(max_length=192)] = []
    """… or that of each quarter of an hour of one run, in order."""
    run_h: Annotated[float, Field(gt=0, le=24)] = 1.0
    """How long one run lasts; where ``course_w`` is given, that says."""
    in_pieces: bool = False
    """Its hours may lie apart (a pool's pump); else one run without a break."""
    earliest: ClockTime = "00:00"
    latest: ClockTime = "23:59"
    """It is done by then; before ``earliest``: on the next day."""
    days: Annotated[list[Weekday], Field(min_length=1)] = list(EVERY_DAY)
    """Weekdays on which ``earliest`` lies."""
    switch: SwitchSection | None = None


class TankSection(Section):
    """``[[tank]]``: hot water, or a heat pump's store; its switch tells its temperature, too."""

    name: Name
    power_max_w: Watt
    capacity_wh: Annotated[float, Field(ge=100, le=1_000_000)]
    """Heat between ``cold_c`` and ``hot_c``."""
    cold_c: Annotated[float, Field(ge=0, le=95)] = 35.0
    hot_c: Annotated[float, Field(ge=0, le=95)] = 60.0
    heat_per_electric: Annotated[float, Field(ge=0.5, le=8)] = 1.0
    loss_share_per_h: Fraction = 0.01
    comfort_share: Fraction = 0.2
    draw_wh_per_day: Annotated[float, Field(ge=0, le=1_000_000)] = 0.0
    """Heat that the household draws in a day, taken as even from 06:00 to 22:00."""
    switch: SwitchSection


class Co2Section(Section):
    """``[co2]``: what the grid's electricity emits, and what the homeowner would pay to avoid it."""

    g_per_kwh: Annotated[float, Field(ge=0, le=5_000)] | None = None
    """Always the same."""
    file: str | None = None
    """CSV of ``time_utc,g_per_kwh``; relative to the home file."""
    per_kg: Annotated[float, Field(ge=0, le=100)] = 0.0
    """Currency per kg that the plan may pay to keep it out of the air."""


def switched(loads: list[LoadSection], tanks: list[TankSection]) -> list[tuple[str, SwitchSection]]:
    """Every relay of a home, with the name of what it switches."""
    return [(row.name, row.switch) for row in loads if row.switch is not None] + [(t.name, t.switch) for t in tanks]
