"""What keeps each step from going further than it does: a limit, a promise, or the price alone."""

import numpy as np
import numpy.typing as npt

from energy.asks import FloatArray, StepAsk
from energy.model import Plug
from energy.plan.bounds import BoolArray
from energy.plan.course import Course
from energy.plan.prepare import Prepared

_NEAR_KW = 0.02
_NEAR_SHARE = 0.005
"""Of the battery: closer than this to a floor or ceiling is at it."""


def binds(
    prepared: Prepared,
    course: Course,
    charging: BoolArray,
    discharging: BoolArray,
    by_fuse: BoolArray,
    plug: Plug | None,
) -> list[str]:
    """One word for each step, the first that holds.

    ``away``, ``event`` (a set-point or emergency), ``frequency`` (its band is kept free), ``import_limit``,
    ``export_limit`` (at the connection), ``fuse``, ``charger``, ``car`` (also near full), ``limit`` (what a high load
    leaves under the fuse, or a limit of the car's power), ``full``, ``departure``, ``reserve``, ``surplus`` (the roof
    gives no more), ``load`` (the house takes no more), ``price``. ``by_fuse``: the connection's limit is its fuse.
    ``plug`` tells the charger's own bounds from the car's; without it the charger is named.
    """
    n, bounds = prepared.numbers, prepared.bounds
    count = len(n.dt_h)
    refuses = plug is not None and plug.ev_state.connected and not plug.ev_state.can_charge
    idle = ~charging & ~discharging
    near_kwh = _NEAR_SHARE * prepared.capacity_kwh + 1e-3
    stored = course.stored_kwh
    at_top = stored[1:] >= n.stored_max[1:] - near_kwh
    at_floor = stored[1:] <= n.stored_min[1:] + near_kwh
    due = np.zeros(count, dtype=bool)
    for node, _ in prepared.floors.targets:
        due[node - 1] = True
    at_target = at_floor & due
    charges_full = charging & (course.charge_kw >= n.charge_max - _NEAR_KW)
    gives_full = discharging & (course.discharge_kw >= n.discharge_max - _NEAR_KW)
    level = n.taper.level_kw - n.taper.slope * stored[1:]
    tapers = charging & (n.taper.slope > 0) & (course.charge_kw >= level - _NEAR_KW)
    at_import = course.grid_kw >= n.import_max - _NEAR_KW
    at_export = -course.grid_kw >= n.export_max - _NEAR_KW
    balanced = np.abs(course.grid_kw) <= _NEAR_KW
    own_in, own_in_name = _own(n.charge_max, plug, charge=True)
    own_out, own_out_name = _own(n.discharge_max, plug, charge=False)
    rows: tuple[tuple[BoolArray, str], ...] = (
        (~bounds.present, "away"),
        (_holds(prepared.emergency, count, 1.0) | _holds(prepared.asked_power, count), "event"),
        (charging & at_import & by_fuse, "fuse"),
        (charging & at_import, "import_limit"),
        (tapers, "car"),
        (charges_full & (n.charge_max >= own_in - _NEAR_KW), own_in_name),
        (gives_full & (n.discharge_max >= own_out - _NEAR_KW), own_out_name),
        ((charges_full | gives_full) & prepared.frequency_kept & _holds(prepared.frequency, count, 1.0), "frequency"),
        (discharging & at_export, "export_limit"),
        (gives_full & balanced, "load"),
        (charges_full | gives_full, "limit"),
        (~discharging & at_top, "full"),
        (idle & bounds.crowded & by_fuse, "fuse"),
        (idle & bounds.blocked & refuses, "car"),
        (idle & bounds.blocked, "import_limit"),
        (charging & at_target, "departure"),
        (charging & at_floor & (prepared.floors.reserve[1:] > stored[1:] - near_kwh), "reserve"),
        (charging & balanced, "surplus"),
        (discharging & balanced, "load"),
        (~charging & at_target, "departure"),
        (~charging & at_floor, "reserve"),
    )
    names: list[str] = np.select([row[0] for row in rows], [row[1] for row in rows], "price").tolist()
    return names


def _own(limit_kw: FloatArray, plug: Plug | None, *, charge: bool) -> tuple[float, str]:
    """The smaller of the charger's and the car's own power, kW, and whose it is."""
    if plug is None:
        return _most(limit_kw), "charger"
    charger, ev = plug.charger, plug.ev_state.ev
    of_charger, of_car = charger.charge_max_w, ev.charge_max_w
    if not charge:
        of_charger, of_car = charger.discharge_max_w, ev.discharge_max_w
    return (of_car / 1e3, "car") if of_car < of_charger else (of_charger / 1e3, "charger")


def _holds(ask: StepAsk | None, count: int, least: float = -np.inf) -> npt.NDArray[np.bool_]:
    if ask is None:
        return np.zeros(count, dtype=bool)
    found: npt.NDArray[np.bool_] = np.isfinite(ask.value) & (np.nan_to_num(ask.value) >= least)
    return found


def _most(values: FloatArray) -> float:
    return float(values.max(initial=0.0))
