"""What a given course of the home's stores does to them, the connection and the bill: with the true curves."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from energy.asks import FloatArray
from energy.plan.fill import EXCESS_PENALTY_PER_KWH
from energy.plan.peaks import inside
from energy.plan.prepare import Problem
from energy.plan.store import Conversion, Store

_ON_KW = 1e-3
_TURNS = 12
_ROUND_KWH = 1e-6


@dataclass(frozen=True, slots=True)
class Course:
    """A whole horizon of one store; (N,) unless told. kW, kWh."""

    charge_kw: FloatArray
    discharge_kw: FloatArray
    stored_kwh: FloatArray
    """(N + 1,)"""
    grid_kw: FloatArray
    """At the connection, with all that the home does; > 0 imports."""


@dataclass(frozen=True, slots=True)
class Courses:
    """A whole horizon of the home."""

    stores: tuple[Course, ...]
    grid_kw: FloatArray
    own_use_kw: FloatArray
    """What power stages use while they are on; part of ``grid_kw``."""
    curtailed_kw: FloatArray
    work_kw: FloatArray
    """Loads of one run."""
    cost: float
    """Bill and wear, less the worth of what is stored at the end."""
    excess_kwh: float
    """Beyond the limits of import and export."""

    @property
    def weighed(self) -> float:
        """By this two courses are compared: limits that cannot be kept wholly come before money."""
        return self.cost + EXCESS_PENALTY_PER_KWH * self.excess_kwh


def follow(
    problem: Problem,
    charge_kw: FloatArray | Sequence[FloatArray],
    discharge_kw: FloatArray | Sequence[FloatArray],
    curtailed_kw: FloatArray | None = None,
    work_kw: FloatArray | None = None,
) -> Courses:
    """The course of these powers (D, N). A full store takes no more and an empty one gives no more."""
    site = problem.site
    nothing = np.zeros(site.steps)
    curtailed = nothing if curtailed_kw is None else curtailed_kw
    work = nothing if work_kw is None else work_kw
    runs = [_run(store, c, d) for store, c, d in zip(problem.stores, charge_kw, discharge_kw, strict=True)]
    own_use = sum(
        (
            store.charging.standby_kw * (c > _ON_KW) + store.discharging.standby_kw * (d > _ON_KW)
            for store, (c, d, _) in zip(problem.stores, runs, strict=True)
        ),
        nothing,
    )
    grid = site.house_kw[0] + work + curtailed + own_use + sum(c - d for c, d, _ in runs)
    cost = energy_bill(problem, grid)
    for store, (_, d, stored) in zip(problem.stores, runs, strict=True):
        cost += store.wear * float(site.dt_h @ d) - store.end_value * float(stored[-1])
    stores = tuple(Course(c, d, stored, grid) for c, d, stored in runs)
    excess = np.maximum(grid - site.import_limit, 0.0) + np.maximum(-grid - site.export_limit, 0.0)
    return Courses(stores, grid, own_use, curtailed, work, cost, float(site.dt_h @ excess))


def energy_bill(problem: Problem, grid_kw: FloatArray) -> float:
    """What the connection costs: energy, CO2 as far as the homeowner prices it, bands and peaks."""
    site, money, terms = problem.site, problem.worth, problem.inp.terms
    imported = np.maximum(grid_kw, 0.0)
    bill = float(site.dt_h @ (money.price_in * imported - money.price_out * np.maximum(-grid_kw, 0.0)))
    for band in terms.bands:
        over = np.maximum(imported - band.above_w / 1e3, 0.0) * inside(band.windows_s, problem.inp.edges_s[:-1])
        bill += band.eur_per_kwh * float(site.dt_h @ over)
    for peak, held in zip(terms.peaks, problem.peaks, strict=True):
        bill += peak.eur_per_kw * max(0.0, held.highest_kw(imported) - peak.so_far_w / 1e3)
    return bill


def _run(store: Store, charge_kw: FloatArray, discharge_kw: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """One store's powers, cut where it is full or at its floor, and what it holds (N + 1,)."""
    gain, drain = store.charge_gain, store.discharge_drain
    if store.charging.curve:
        gain = store.charging.at(charge_kw) * store.dt_h
    if store.discharging.curve:
        drain = store.dt_h / store.discharging.at(discharge_kw)
    if not store.has_losses:
        moved = np.concatenate([[store.start], gain * charge_kw - drain * discharge_kw - store.outflow_wanted])
        stored = np.cumsum(moved)
        if np.all(stored <= store.most + _ROUND_KWH) and np.all(stored >= np.maximum(store.least, 0.0) - _ROUND_KWH):
            return charge_kw, discharge_kw, np.maximum(stored, 0.0)
    return _run_cut(store, charge_kw, discharge_kw, gain, drain)


def _run_cut(
    store: Store, charge_kw: FloatArray, discharge_kw: FloatArray, gain: FloatArray, drain: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The same, step by step. Discharging stops at the floor; what is drawn from the store does not."""
    charge, discharge, stored = charge_kw.tolist(), discharge_kw.tolist(), [store.start]
    level, hours, keep = store.start, store.dt_h.tolist(), store.keep.tolist()
    out, floor, top = store.outflow_wanted.tolist(), np.maximum(store.least[1:], 0.0).tolist(), store.top
    rows = zip(gain.tolist(), drain.tolist(), hours, strict=True)
    for t, (gained, drained, hour) in enumerate(rows):
        level = level * keep[t] - out[t]
        if charge[t] * gained > top - level:
            charge[t], gained = _fitting(store.charging, max(0.0, top - level), gained, hour, inward=True)
        if discharge[t] * drained > level - floor[t]:
            spare = max(0.0, level - floor[t])
            discharge[t], drained = _fitting(store.discharging, spare, drained, hour, inward=False)
        level = max(0.0, level + gained * charge[t] - drained * discharge[t])
        stored.append(level)
    return np.array(charge), np.array(discharge), np.array(stored)


def _fitting(
    conversion: Conversion, energy_kwh: float, factor: float, hour: float, *, inward: bool
) -> tuple[float, float]:
    """The power that moves just this energy, and kWh per kW at it: a lower power has another efficiency."""
    if not conversion.curve:
        return energy_kwh / factor, factor
    for _ in range(_TURNS):
        efficiency = float(conversion.at(np.array([energy_kwh / factor]))[0])
        factor = hour * efficiency if inward else hour / efficiency
    return energy_kwh / factor, factor
