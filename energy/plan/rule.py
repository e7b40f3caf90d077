"""Plans without a solver: the fallback that cannot fail, and the counterfactual that savings are told against."""

from dataclasses import replace

import numpy as np

from energy.asks import FloatArray
from energy.model import ShiftableLoad
from energy.plan.course import Courses, follow
from energy.plan.prepare import Problem
from energy.plan.repair import least_power, thermostat
from energy.plan.runs import Run, earliest_run
from energy.plan.site import phase_share
from energy.plan.store import Store, StoreKind
from energy.plan.within import settled

DEFAULT_GOAL_SOC = 0.8
"""Charge on arrival stops here where no departure asks for more: what most cars are set to."""


def simple_plan(problem: Problem) -> tuple[Courses, tuple[Run, ...]]:
    """Every store charged to its floors in the cheapest steps, one after the other; nothing is ever discharged."""
    runs, work = earliest_runs(problem, cheapest=True)
    room = problem.site.net_max.min(axis=0) - work
    charges = []
    for store in problem.stores:
        most = np.minimum(store.charge_max.min(axis=0), np.maximum(room, 0.0))
        charge = _by_rule(store, most, problem.worth.price_in)
        room = room - charge
        charges.append(charge)
    nothing = np.zeros(problem.site.steps)
    return settled(problem, charges, [nothing for _ in charges], nothing, work), runs


def _by_rule(store: Store, most: FloatArray, price: FloatArray) -> FloatArray:
    able = replace(store, charge_max=np.where(most >= store.charge_min_kw, most, 0.0)[None, :])
    if store.kind is StoreKind.TANK:
        heats = keep_warm(store, most)
        return heats if store.charge_min_kw <= 0 else np.where(thermostat(able), store.charge_min_kw, 0.0)
    charge = cheapest_charging(store, able.charge_max[0], price)
    if store.charge_min_kw <= 0 or store.kind is StoreKind.WORK:
        return charge
    stored = store.start + np.concatenate([[0.0], np.cumsum(charge * store.charge_gain - store.outflow)])
    return least_power(able, charge, stored)


def charge_on_arrival(problem: Problem) -> Courses:
    """The counterfactual: no discharging, full power whenever a car is there until its goal is stored; batteries rest,
    tanks are kept warm, loads run as soon as they may."""
    _, work = earliest_runs(problem, cheapest=False)
    charges = []
    for k, store in enumerate(problem.stores):
        most = store.charge_max[0]
        if store.kind is StoreKind.CAR:
            charges.append(_at_once(store, most, _goal_kwh(problem, k)))
        elif store.kind is StoreKind.WORK:
            charges.append(_at_once(store, most, store.capacity_kwh))
        elif store.kind is StoreKind.TANK:
            charges.append(keep_warm(store, most))
        else:
            charges.append(np.zeros_like(most))
    return follow(problem, charges, [np.zeros_like(c) for c in charges], work_kw=work)


def earliest_runs(problem: Problem, *, cheapest: bool) -> tuple[tuple[Run, ...], FloatArray]:
    """Loads of one run at their cheapest start by price alone, or at their first."""
    price = problem.worth.price_in if cheapest else np.zeros(problem.site.steps)
    work = np.zeros(problem.site.steps)
    runs = []
    for load in problem.runs:
        runs.append(earliest_run(load, problem.inp.edges_s, price, room_for(problem, load, work)))
        work = work + runs[-1].power_kw
    return tuple(runs), work


def room_for(problem: Problem, load: ShiftableLoad, taken_kw: FloatArray) -> FloatArray:
    """(N,) kW that the connection leaves a load beside what others take; nothing in an emergency."""
    site = problem.site
    share = phase_share(site.phases, load.on_phases, site.phases)
    room: FloatArray = np.where(site.level < 1, site.alone_kw(share).min(axis=0) - taken_kw, 0.0)
    return room


def cheapest_charging(store: Store, most: FloatArray, price: FloatArray) -> FloatArray:
    """Charging power by step (N,) kW that keeps every floor the fastest course can keep.

    Each floor in turn is reached with the cheapest steps before it. Slower to pay than the programme, but it cannot
    fail.
    """
    charge = np.zeros(len(most))
    gain = store.charge_gain
    used = np.concatenate([[0.0], np.cumsum(store.outflow)])
    for node in range(1, len(most) + 1):
        stored = store.start + float(charge[:node] @ gain[:node]) - used[node]
        lacking = float(store.least[node]) - stored
        if lacking <= 1e-6:
            continue
        room = np.maximum(store.most[1:] - (store.start + np.cumsum(charge * gain) - used[1:]), 0.0)
        for t in np.argsort(price[:node], kind="stable"):
            able = min((most[t] - charge[t]) * gain[t], room[t:].min(), lacking)
            if able > 0:
                charge[t] += able / gain[t]
                room[t:] -= able
                lacking -= able
            if lacking <= 1e-6:
                break
    return charge


def keep_warm(store: Store, most: FloatArray) -> FloatArray:
    """Charging that holds the floor and no more, as a thermostat does."""
    charge = []
    level = store.start
    rows = zip(
        most.tolist(),
        store.charge_gain.tolist(),
        store.keep.tolist(),
        store.outflow.tolist(),
        store.wanted[1:].tolist(),
        strict=True,
    )
    for power, gain, keep, out, floor in rows:
        needed = max(0.0, floor + out - level * keep) / gain
        charge.append(min(power, needed))
        level = max(0.0, level * keep + gain * charge[-1] - out)
    return np.array(charge)


def _at_once(store: Store, most: FloatArray, goal_kwh: float) -> FloatArray:
    charge = []
    level = store.start
    for power, gain, out in zip(most.tolist(), store.charge_gain.tolist(), store.outflow.tolist(), strict=True):
        charge.append(min(max(0.0, goal_kwh - level) / gain, power))
        level = max(0.0, level + gain * charge[-1] - out)
    return np.array(charge)


def _goal_kwh(problem: Problem, k: int) -> float:
    seen, plug = problem.plugs[k], problem.inp.plugs[k]
    wanted = [departure.target_soc for _, departure in seen.floors.targets] or [DEFAULT_GOAL_SOC]
    goal = min(max(*wanted, plug.wishes.reserve_soc), plug.ev_state.ev.soc_max)
    return goal * seen.capacity_kwh
