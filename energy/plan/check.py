"""What cannot be planned with is refused here, one clear sentence for each."""

import math
from dataclasses import fields
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from energy.asks import FloatArray
from energy.model import BatteryState, Curve, Plug, ShiftableLoad, TankState
from energy.plan.types import PlanInput, PlanInputError

_SIZES = {
    "connection": ("fuse_a", "voltage_v"),
    "charger": ("charge_max_w", "discharge_max_w", "charge_min_w", "standby_w"),
    "car": (
        "capacity_wh",
        "charge_max_w",
        "discharge_max_w",
        "charge_min_w",
        "wear_eur_per_kwh",
        "high_soc_eur_per_kwh_day",
    ),
    "battery": ("capacity_wh", "charge_max_w", "discharge_max_w", "standby_w", "wear_eur_per_kwh", "reserve_soc"),
    "wishes": ("reserve_soc",),
    "departure": ("target_soc", "chance", "early_chance", "early_h"),
    "absence": ("used_wh",),
    "tank": ("power_max_w", "power_min_w", "capacity_wh", "loss_share_per_h", "comfort_share"),
    "load": ("done_h",),
    "peak charge": ("eur_per_kw", "so_far_w"),
    "capacity band": ("above_w", "eur_per_kwh"),
    "terms": ("co2_eur_per_kg",),
    "scenario": ("probability",),
}
"""What must be a finite number of 0 or more, by what it is of."""


def check(inp: PlanInput) -> None:
    """Raise ``PlanInputError`` naming the first number that makes planning impossible."""
    edges = inp.edges_s
    count = len(edges) - 1
    if count < 1 or not np.all(np.isfinite(edges)) or not np.all(np.diff(edges) > 0):
        raise PlanInputError("The plan's steps must be at least one, finite and increasing: use make_edges().")
    if not math.isfinite(inp.now_s):
        raise PlanInputError(f"The present time is {inp.now_s}: give it as POSIX seconds.")
    series: list[tuple[str, FloatArray]] = [
        *(("load forecast", values) for values in (inp.load.mean_w, inp.load.p10_w, inp.load.p90_w)),
        *(("solar forecast", values) for values in (inp.solar.mean_w, inp.solar.p10_w, inp.solar.p90_w)),
        ("import price", inp.import_eur_per_kwh),
        ("export price", inp.export_eur_per_kwh),
        *((f"solar forecast of {part.array.array_id}", part.solar.mean_w) for part in inp.arrays),
        *((f"load of the scenario {one.name or k}", one.load_w) for k, one in enumerate(inp.scenarios)),
        *((f"sun of the scenario {one.name or k}", one.solar_w) for k, one in enumerate(inp.scenarios)),
        *(
            (f"demand of the tank {state.tank.tank_id}", np.asarray(state.demand_w, dtype=np.float64))
            for state in inp.tanks
            if state.demand_w
        ),
    ]
    if inp.co2_g_per_kwh is not None:
        series.append(("CO2 of the grid", inp.co2_g_per_kwh))
    for name, values in series:
        _check_series(name, values, count)
    for name, values in series[:6]:
        if values.min() < 0:
            raise PlanInputError(f"The {name} is {values.min():g} W at a step: load and sun are 0 or more.")
    _check_home(inp)


def _check_series(name: str, values: FloatArray, count: int) -> None:
    if len(values) != count:
        raise PlanInputError(f"The {name} has {len(values)} values for {count} steps: align it to edges_s.")
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        raise PlanInputError(f"The {name} has no number at step {bad[0]} ({len(bad)} in all): fill it before planning.")


def _check_names(what: str, names: list[str]) -> None:
    """Each thing is told apart by its name: two of one name would share one part of the plan."""
    twice = next((name for k, name in enumerate(names) if name in names[:k]), None)
    if twice is not None:
        raise PlanInputError(f"Two {what} are called {twice!r}: give each a name of its own.")


def _check_home(inp: PlanInput) -> None:
    """Every number of the home and the wishes is one, and sizes are not negative."""
    if not inp.plugs:
        raise PlanInputError("A plan needs at least one plug: give it the home's usual charger and car.")
    _check_names("chargers", [plug.charger.charger_id for plug in inp.plugs])
    _check_names("batteries", [state.battery.battery_id for state in inp.batteries])
    _check_names("tanks", [state.tank.tank_id for state in inp.tanks])
    _check_names("loads", [load.load_id for load in inp.loads])
    _check_part("connection", inp.connection)
    for plug in inp.plugs:
        _check_plug(plug)
    for battery in inp.batteries:
        _check_battery(battery)
    for tank in inp.tanks:
        _check_tank(tank)
    for load in inp.loads:
        _check_load(load)
    for scenario in inp.scenarios:
        _check_part("scenario", scenario)
    _check_part("terms", inp.terms)
    for band in inp.terms.bands:
        _check_part("capacity band", band)
    for peak in inp.terms.peaks:
        _check_part("peak charge", peak)
        if not 0 < peak.average_s < math.inf:
            raise PlanInputError(f"A peak charge looks at means over {peak.average_s} s: for example 900 s.")
    try:
        ZoneInfo(inp.tz)
    except (KeyError, ValueError) as error:
        raise PlanInputError(f"No time zone is called {inp.tz!r}: for example Europe/Amsterdam.") from error


def _check_plug(plug: Plug) -> None:
    charger, ev, wishes = plug.charger, plug.ev_state.ev, plug.wishes
    for name, part in (("charger", charger), ("car", ev), ("wishes", wishes)):
        _check_part(name, part)
    for departure in wishes.departures:
        _check_part("departure", departure)
    for absence in wishes.absences:
        _check_part("absence", absence)
    _check_efficiencies("charger", charger.charge_efficiency, charger.discharge_efficiency)
    _check_curve(charger.charge_curve)
    _check_curve(charger.discharge_curve)
    _check_soc("state of charge", plug.ev_state.soc)


def _check_battery(state: BatteryState) -> None:
    battery = state.battery
    _check_part("battery", battery, battery.battery_id)
    _check_efficiencies(f"battery {battery.battery_id}", battery.charge_efficiency, battery.discharge_efficiency)
    _check_soc(f"state of charge of the battery {battery.battery_id}", state.soc)


def _check_tank(state: TankState) -> None:
    tank = state.tank
    _check_part("tank", tank, tank.tank_id)
    if not 0 < tank.heat_per_electric < math.inf:
        raise PlanInputError(
            f"heat_per_electric of the tank {tank.tank_id} is {tank.heat_per_electric}: 1 for a heating rod, "
            "about 3 for a heat pump."
        )
    if not math.isfinite(state.stored_share):
        raise PlanInputError(f"What the tank {tank.tank_id} holds is {state.stored_share}: it must be a share of 0..1.")


def _check_load(load: ShiftableLoad) -> None:
    _check_part("load", load, load.load_id)
    if not load.power_w or not all(0 <= power < math.inf for power in load.power_w):
        raise PlanInputError(f"power_w of the load {load.load_id} must be one or more numbers of 0 or more, in W.")
    if not 0 < load.slot_s < math.inf:
        raise PlanInputError(f"slot_s of the load {load.load_id} is {load.slot_s}: it must be above 0.")
    if load.run_h is not None and not 0 <= load.run_h < math.inf:
        raise PlanInputError(f"run_h of the load {load.load_id} is {load.run_h}: it must be a number of 0 or more.")


def _check_efficiencies(name: str, *shares: float) -> None:
    if not all(0 < share <= 1 for share in shares):
        raise PlanInputError(f"The {name}'s efficiencies must lie above 0 and up to 1.")


def _check_curve(curve: Curve) -> None:
    watts = [at_w for at_w, _ in curve]
    if not all(0 < share <= 1 for _, share in curve) or watts != sorted(watts):
        raise PlanInputError("The charger's efficiency curves must rise in W, with efficiencies above 0 and up to 1.")


def _check_soc(name: str, soc: float | None) -> None:
    if soc is not None and not (math.isfinite(soc) and -0.01 <= soc <= 1.01):
        raise PlanInputError(f"The {name} is {soc}: it must lie in 0..1, or be None when not known.")


def _check_part(name: str, part: Any, part_id: str = "") -> None:
    """No field of it is NaN, and its sizes are finite and not negative."""
    whose = f"{name} {part_id}".rstrip()
    ending = "'" if whose.endswith("s") else "'s"
    for field in fields(part):
        value = getattr(part, field.name)
        if isinstance(value, float) and math.isnan(value):
            raise PlanInputError(f"{field.name} of the {whose} is no number: correct it before planning.")
    for size in _SIZES[name]:
        value = getattr(part, size)
        if value < 0 or math.isinf(value):
            raise PlanInputError(f"The {whose}{ending} {size} is {value}: it must be a number of 0 or more.")
