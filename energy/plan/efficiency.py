"""Efficiency and standby by power: a line through the power that is planned.

The programme is linear: it takes one efficiency a step. Before anything is planned that is the one at the power to be
expected (a car is charged at full power, and feeds a house that takes a few hundred watts). Once there is a plan it is
the one at the planned power, and where that differs enough the programme is solved once more.
"""

from dataclasses import replace

import numpy as np

from energy.asks import FloatArray
from energy.plan.assets import standby_cost
from energy.plan.floors import fastest_course
from energy.plan.prepare import Problem
from energy.plan.store import Expected, Store

_ON_KW = 1e-2
_MATTERS_KWH = 0.15
"""Stored energy over the horizon by which true and assumed efficiency may differ."""
_TINY_KWH = 1e-7


def at_planned_power(problem: Problem, charge_kw: FloatArray, discharge_kw: FloatArray) -> Problem | None:
    """The problem with efficiencies and standby as they are at the planned powers (D, N); None: it makes no odds."""
    stores = tuple(
        _at(store, charge_kw[k], discharge_kw[k], problem.worth.price_in) for k, store in enumerate(problem.stores)
    )
    if all(new is old for new, old in zip(stores, problem.stores, strict=True)):
        return None
    return replace(problem, stores=stores)


def _at(store: Store, charge: FloatArray, discharge: FloatArray, price: FloatArray) -> Store:
    run = store.run
    if run is None or not (store.charging.is_curved or store.discharging.is_curved):
        return store
    now = Expected(
        np.where(charge > _ON_KW, charge, run.charge), np.where(discharge > _ON_KW, discharge, run.discharge)
    )
    gain, drain = store.charging.at(now.charge) * store.dt_h, store.dt_h / store.discharging.at(now.discharge)
    in_cost = standby_cost(store.charging, now.charge, price) - standby_cost(store.charging, run.charge, price)
    out_cost = standby_cost(store.discharging, now.discharge, price) - standby_cost(
        store.discharging, run.discharge, price
    )
    off_kwh = np.abs(gain - store.charge_gain) @ charge + np.abs(drain - store.discharge_drain) @ discharge
    off_eur = np.abs(in_cost * store.dt_h) @ charge + np.abs(out_cost * store.dt_h) @ discharge
    if off_kwh < _MATTERS_KWH and off_eur < _MATTERS_KWH * 0.1:
        return store
    reach, served, short = fastest_course(
        store.start, store.most, store.charge_max.min(axis=0), gain, store.outflow_wanted, store.taper, store.keep
    )
    least = np.minimum(store.least, reach - _TINY_KWH)
    least[0] = store.start
    return replace(
        store,
        charge_gain=gain,
        discharge_drain=drain,
        charge_cost=store.charge_cost + in_cost,
        discharge_cost=store.discharge_cost + out_cost,
        outflow=served,
        outflow_short=short,
        least=least,
        run=now,
    )
