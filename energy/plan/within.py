"""A course cut to what the home's things may do together.

The programme keeps these limits by itself. What is done to its answer afterwards (least powers, whole pieces of work,
or no programme at all) may pass them by a little; here what is too much is taken off, the last store first.
"""

from dataclasses import dataclass

import numpy as np

from energy.asks import FloatArray
from energy.plan.course import Courses, follow
from energy.plan.fill import taken_by_phase
from energy.plan.prepare import Problem
from energy.plan.store import StoreKind

_TINY_KW = 1e-6
_ROUNDS = 4
"""Less charging is more export and the other way round: what is cut on one side may need a cut on the other."""


@dataclass(frozen=True, slots=True)
class _Row:
    """Σ weight · power ≤ limit, the power of each store in one direction, less what flows the other way."""

    weights: tuple[float, ...]
    relief: tuple[float, ...]
    limit: FloatArray


def within_limits(problem: Problem, charge: list[FloatArray], discharge: list[FloatArray], work_kw: FloatArray) -> bool:
    """Cut powers (D, N), in place, until every common limit of the expected course is kept. Was there anything to cut?

    What would run below its least power pauses.
    """
    into, out = _rows(problem, work_kw)
    least = [store.charge_min_kw if store.kind is not StoreKind.WORK else 0.0 for store in problem.stores]
    changed = False
    for _ in range(_ROUNDS):
        cut = _cut(charge, discharge, into, least)
        cut |= _cut(discharge, charge, out, [0.0] * len(least))
        changed |= cut
        if not cut:
            break
    return changed


def settled(
    problem: Problem,
    charge_kw: list[FloatArray],
    discharge_kw: list[FloatArray],
    curtailed_kw: FloatArray,
    work_kw: FloatArray,
) -> Courses:
    """The course of these powers where none passes a store's own bounds or a common limit."""
    courses = follow(problem, charge_kw, discharge_kw, curtailed_kw, work_kw)
    room = np.minimum(problem.site.fuse_room + problem.site.house_kw[0], problem.site.import_limit)
    passed = np.maximum(courses.grid_kw - room, 0.0) * (curtailed_kw > _TINY_KW)
    if np.any(passed > _TINY_KW):
        # Sunshine before promises: where too much would be imported, less is left on the roof.
        curtailed_kw = np.maximum(curtailed_kw - passed, 0.0)
        courses = follow(problem, charge_kw, discharge_kw, curtailed_kw, work_kw)
    if len(problem.stores) > 1 or problem.runs:
        for _ in range(_ROUNDS):
            charge, discharge = [c.charge_kw for c in courses.stores], [c.discharge_kw for c in courses.stores]
            # What is left on the roof is not there for the house: at the connection it counts as work does.
            if not within_limits(problem, charge, discharge, work_kw + curtailed_kw):
                break
            courses = follow(problem, charge, discharge, curtailed_kw, work_kw)
    excess = np.maximum(-courses.grid_kw - problem.site.export_limit, 0.0)
    more = np.minimum(excess, problem.site.curtailable_kw[0] - curtailed_kw)
    if np.all(more <= _TINY_KW):
        return courses
    powers = [c.charge_kw for c in courses.stores], [c.discharge_kw for c in courses.stores]
    return follow(problem, *powers, curtailed_kw + np.maximum(more, 0.0), work_kw)


def _rows(problem: Problem, work_kw: FloatArray) -> tuple[list[_Row], list[_Row]]:
    """What limits charging, and what limits discharging."""
    site, stores = problem.site, problem.stores
    house = site.house_kw[0] + work_kw
    every, none = (1.0,) * len(stores), (0.0,) * len(stores)
    cars = tuple(float(store.kind is StoreKind.CAR) for store in stores)
    own = tuple(float(store.own_use) for store in stores)
    surplus_only = tuple(float(store.surplus_only) for store in stores)
    surplus = np.maximum(-house, 0.0)
    room = np.maximum(np.minimum(site.fuse_room - work_kw, site.import_limit - house) - site.standby_kw, 0.0)
    into = [_Row(every, every, room)]
    out = [_Row(every, every, np.maximum(site.export_limit + house, 0.0)), _Row(own, every, np.maximum(house, 0.0))]
    if any(surplus_only):
        into.append(_Row(surplus_only, none, surplus))
    if np.isfinite(site.charge_cap).any():
        into += [_Row(cars, none, site.charge_cap), _Row(every, every, site.charge_cap + surplus)]
    if np.isfinite(site.discharge_cap).any():
        out.append(_Row(cars, none, site.discharge_cap))
    # Things that hang on all phases alike are held by the fuse as a whole, sunshine and all, as in the programme.
    uneven = any(len(set(store.share)) > 1 or sum(store.share) > 1.0 + _TINY_KW for store in stores)
    uneven = uneven or any(share > 1.0 / site.phases + _TINY_KW for share in problem.run_share)
    taken = taken_by_phase(problem, work_kw)
    for phase in range(site.phases * uneven):
        share = tuple(store.share[phase] for store in stores)
        into.append(_Row(share, share, np.maximum(site.phase_room - taken[phase], 0.0)))
        out.append(_Row(share, share, site.phase_feed))
    return into, out


def _cut(power: list[FloatArray], other: list[FloatArray], rows: list[_Row], least: list[float]) -> bool:
    """Take off ``power``, in place, what is above a row. Was there anything?"""
    changed = False
    for row in rows:
        total = sum((w * p for w, p in zip(row.weights, power, strict=True)), np.zeros(len(row.limit)))
        back = sum((w * p for w, p in zip(row.relief, other, strict=True)), np.zeros(len(row.limit)))
        excess = np.maximum(total - back - row.limit - _TINY_KW, 0.0)
        if not excess.any():
            continue
        changed = True
        for k in reversed(range(len(power))):
            if row.weights[k] <= 0:
                continue
            less = np.maximum(power[k] - excess / row.weights[k], 0.0)
            less = np.where((less < power[k]) & (less < least[k] - _TINY_KW), 0.0, less)
            excess = np.maximum(excess - (power[k] - less) * row.weights[k], 0.0)
            power[k] = less
    return changed
