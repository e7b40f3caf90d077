"""What cannot be planned with is refused here, one clear sentence for each."""

import math
from dataclasses import fields
from typing import Any

import numpy as np

from energy.model import Plug
from energy.plan.types import PlanInput, PlanInputError


def check(inp: PlanInput) -> None:
    """Raise ``PlanInputError`` naming the first number that makes planning impossible."""
    edges = inp.edges_s
    count = len(edges) - 1
    if count < 1 or not np.all(np.isfinite(edges)) or not np.all(np.diff(edges) > 0):
        raise PlanInputError("The plan's steps must be at least one, finite and increasing: use make_edges().")
    series = {
        "load forecast": (inp.load.mean_w, inp.load.p10_w, inp.load.p90_w),
        "solar forecast": (inp.solar.mean_w, inp.solar.p10_w, inp.solar.p90_w),
        "import price": (inp.import_eur_per_kwh,),
        "export price": (inp.export_eur_per_kwh,),
    }
    for name, arrays in series.items():
        for values in arrays:
            if len(values) != count:
                raise PlanInputError(f"The {name} has {len(values)} values for {count} steps: align it to edges_s.")
            bad = np.flatnonzero(~np.isfinite(values))
            if len(bad):
                raise PlanInputError(
                    f"The {name} has no number at step {bad[0]} ({len(bad)} in all): fill it before planning."
                )
    _check_home(inp)


def _check_home(inp: PlanInput) -> None:
    """Every number of the home and the wishes is one, and sizes are not negative."""
    if not inp.plugs:
        raise PlanInputError("A plan needs at least one plug: give it the home's usual charger and car.")
    _check_numbers("connection", inp.connection)
    if inp.connection.fuse_a < 0 or math.isinf(inp.connection.fuse_a):
        raise PlanInputError(f"The fuse_a is {inp.connection.fuse_a}: it must be a number of 0 or more.")
    for plug in inp.plugs:
        _check_plug(plug)


def _check_plug(plug: Plug) -> None:
    ev, wishes = plug.ev_state.ev, plug.wishes
    for name, part in (("charger", plug.charger), ("car", ev), ("wishes", wishes)):
        _check_numbers(name, part)
    for departure in wishes.departures:
        _check_numbers("departure", departure)
    for absence in wishes.absences:
        _check_numbers("absence", absence)
    sizes = {
        "battery's capacity_wh": ev.capacity_wh,
        "charger's charge_max_w": plug.charger.charge_max_w,
        "reserve_soc": wishes.reserve_soc,
    }
    for name, value in sizes.items():
        if value < 0 or math.isinf(value):
            raise PlanInputError(f"The {name} is {value}: it must be a number of 0 or more.")
    if not (0 < plug.charger.charge_efficiency <= 1 and 0 < plug.charger.discharge_efficiency <= 1):
        raise PlanInputError("The charger's efficiencies must lie above 0 and up to 1.")
    soc = plug.ev_state.soc
    if soc is not None and not (np.isfinite(soc) and -0.01 <= soc <= 1.01):
        raise PlanInputError(f"The state of charge is {soc}: it must lie in 0..1, or be None when not known.")


def _check_numbers(name: str, part: Any) -> None:
    for field in fields(part):
        value = getattr(part, field.name)
        if isinstance(value, float) and math.isnan(value):
            raise PlanInputError(f"{field.name} of the {name} is no number: correct it before planning.")
