"""Which promises a course keeps, and by how much the others fall short."""

import numpy as np

from energy.asks import FloatArray, StepAsk
from energy.plan.assets import asked_soc_nodes
from energy.plan.course import Course, Courses
from energy.plan.floors import SURE
from energy.plan.prepare import Prepared, Problem
from energy.plan.runs import Run
from energy.plan.store import Store, StoreKind
from energy.plan.types import Promise, PromiseKind

_POWER_W = 20.0
_SOC = 0.002
_WH = 20.0
_ORDER = {kind: rank for rank, kind in enumerate(PromiseKind)}


def promises(problem: Problem, courses: Courses, runs: tuple[Run, ...]) -> tuple[Promise, ...]:
    """Every promise of the horizon in the order of ``PromiseKind``."""
    found = _limits(problem, courses)
    for k, store in enumerate(problem.stores):
        course = courses.stores[k]
        if store.kind is StoreKind.CAR:
            seen = problem.plugs[k]
            found += _trips(seen, store, course)
            found += _departures(seen, course, store.store_id)
            there = np.concatenate([[True], seen.bounds.present])
            found += _floor(problem, store, course, PromiseKind.RESERVE, there if seen.bounds.present.any() else None)
            found += _asked_charge(seen, course, store.store_id)
        elif store.kind is StoreKind.BATTERY and store.wanted.max() > 0:
            found += _floor(problem, store, course, PromiseKind.RESERVE, np.ones(len(store.wanted), dtype=bool))
        elif store.kind is StoreKind.TANK:
            found += _floor(problem, store, course, PromiseKind.COMFORT, np.ones(len(store.wanted), dtype=bool))
        elif store.kind is StoreKind.WORK:
            found += _work(problem, store, course)
    found += [_run(problem, run) for run in runs]
    found += _asked(problem, courses)
    return tuple(sorted(found, key=lambda promise: _ORDER[promise.kind]))


def _promise(
    kind: PromiseKind,
    deadline_s: float,
    wanted: float,
    planned: float,
    short_by: float,
    grain: float,
    event_id: str = "",
    of: str = "",
) -> Promise:
    kept = short_by <= grain
    return Promise(
        kind=kind,
        deadline_s=deadline_s,
        wanted=wanted,
        planned=planned,
        short_by=0.0 if kept else short_by,
        kept=kept,
        event_id=event_id,
        of=of,
    )


def _limits(problem: Problem, courses: Courses) -> list[Promise]:
    """A limit that the house itself is expected to break, at its worst step."""
    found = []
    site = problem.site
    sides = (
        (PromiseKind.IMPORT_LIMIT, site.import_limit, courses.grid_kw),
        (PromiseKind.EXPORT_LIMIT, site.export_limit, -courses.grid_kw),
    )
    for kind, limit, power in sides:
        excess_w = (power - limit) * 1e3
        t = int(np.argmax(excess_w))
        if excess_w[t] > _POWER_W:
            wanted, planned = float(limit[t]) * 1e3, float(power[t]) * 1e3
            at_s = float(problem.inp.edges_s[t])
            found.append(_promise(kind, at_s, wanted, planned, float(excess_w[t]), _POWER_W))
    return found


def _trips(seen: Prepared, store: Store, course: Course) -> list[Promise]:
    """What trips take and the battery has not: by the fastest course, or where stores share too little."""
    wanted = store.outflow_wanted
    # The car neither charges nor discharges on its way: what the battery lost is what the trip had.
    short_wh = np.where(wanted > 0, np.maximum(wanted + np.diff(course.stored_kwh), 0.0), 0.0) * 1e3
    if short_wh.sum() <= _WH:
        return []
    first = int(np.argmax(short_wh > 0))
    total = float(wanted.sum()) * 1e3
    at_s = float(seen.edges_s[first])
    short = float(short_wh.sum())
    return [_promise(PromiseKind.TRIP, at_s, total, total - short, short, _WH, of=store.store_id)]


def _departures(seen: Prepared, course: Course, of: str) -> list[Promise]:
    """Those that are sure, and those that the homeowner asked for; what is only learned and unsure is no promise."""
    capacity = max(seen.capacity_kwh, 1e-9)
    found = []
    for node, departure in seen.floors.targets:
        if departure.learned and departure.chance < SURE:
            continue
        soc = min(1.0, max(0.0, float(course.stored_kwh[node]) / capacity))
        short = departure.target_soc - soc
        found.append(_promise(PromiseKind.DEPARTURE, departure.at_s, departure.target_soc, soc, short, _SOC, of=of))
    return found


def _floor(
    problem: Problem, store: Store, course: Course, kind: PromiseKind, there: np.ndarray | None
) -> list[Promise]:
    """A floor that always holds, at the node where it falls shortest; kept again where it is next reached."""
    if there is None or store.capacity_kwh <= 0:
        return []
    edges = problem.inp.edges_s
    short = np.where(there, store.wanted - course.stored_kwh, -np.inf) / store.capacity_kwh
    node = int(np.argmax(short))
    wanted = float(store.wanted[node]) / store.capacity_kwh
    again = np.flatnonzero((short <= _SOC) & (np.arange(len(short)) >= node) & there)
    deadline_s = float(edges[again[0]] if len(again) else edges[-1])
    planned = max(0.0, float(course.stored_kwh[node]) / store.capacity_kwh)
    return [_promise(kind, deadline_s, wanted, planned, float(short[node]), _SOC, of=store.store_id)]


def _work(problem: Problem, store: Store, course: Course) -> list[Promise]:
    """Hours of work, Wh, at the time they are due within the horizon."""
    if store.capacity_kwh <= 0:
        return []
    node = int(np.argmax(store.wanted >= store.wanted[-1] - 1e-9))
    wanted, planned = float(store.wanted[node]) * 1e3, float(course.stored_kwh[node]) * 1e3
    at_s = float(problem.inp.edges_s[node])
    return [_promise(PromiseKind.LOAD, at_s, wanted, planned, wanted - planned, _WH, of=store.store_id)]


def _run(problem: Problem, run: Run) -> Promise:
    """One run, Wh."""
    load = run.load
    wanted = sum(max(w, 0.0) for w in load.power_w) * load.slot_s / 3600.0
    end_s = (run.start_s or 0.0) + len(load.power_w) * load.slot_s
    late = run.start_s is None or end_s > load.latest_s + 1.0
    planned = 0.0 if late else wanted
    return _promise(PromiseKind.LOAD, load.latest_s, wanted, planned, wanted - planned, _WH, of=load.load_id)


def _asked(problem: Problem, courses: Courses) -> list[Promise]:
    """What the grid offered or asked for, one promise an event."""
    edges = problem.inp.edges_s
    found = _frequency(problem)
    cars = [courses.stores[k] for k in range(len(problem.plugs))]
    for ask, stores in ((problem.asked_power, cars), (problem.asked_site, list(courses.stores))):
        if ask is None:
            continue
        power_w = sum((c.charge_kw - c.discharge_kw for c in stores), np.zeros(len(edges) - 1)) * 1e3
        if ask is problem.asked_site:
            power_w = power_w + courses.work_kw * 1e3
        for event_id in dict.fromkeys(i for i in ask.event_ids if i):
            steps = np.array([i == event_id for i in ask.event_ids])
            off = np.abs(ask.value * 1e3 - power_w) * steps
            t = int(np.nanargmax(np.where(steps, off, -1.0)))
            wanted, planned = float(ask.value[t]) * 1e3, float(power_w[t])
            end_s = float(edges[1:][steps][-1])
            found.append(
                _promise(PromiseKind.EVENT_SETPOINT, end_s, wanted, planned, float(off[t]), _POWER_W, event_id)
            )
    return found


def _frequency(problem: Problem) -> list[Promise]:
    """The power that is offered in the event's weakest step."""
    ask = problem.plugs[0].frequency
    if ask is None:
        return []
    edges = problem.inp.edges_s
    offered: FloatArray = sum(
        (seen.band.power_kw * 1e3 for seen in problem.plugs if seen.band is not None), np.zeros(len(edges) - 1)
    )
    found = []
    for event_id in dict.fromkeys(i for i in ask.event_ids if i):
        steps = np.array([i == event_id for i in ask.event_ids])
        lacking = np.where(steps, np.nan_to_num(ask.value) - offered, -np.inf)
        t = int(np.argmax(lacking))
        end_s = float(edges[1:][steps][-1])
        wanted, short = float(ask.value[t]), float(lacking[t])
        found.append(_promise(PromiseKind.EVENT_FREQUENCY, end_s, wanted, wanted - short, short, _POWER_W, event_id))
    return found


def _asked_charge(seen: Prepared, course: Course, of: str) -> list[Promise]:
    ask: StepAsk | None = seen.asked_soc
    if ask is None or seen.capacity_kwh <= 0:
        return []
    found = []
    for node in asked_soc_nodes(ask):
        wanted = float(ask.value[node - 1])
        planned = float(course.stored_kwh[node]) / seen.capacity_kwh
        off = abs(wanted - planned)
        at_s, event_id = float(seen.edges_s[node]), ask.event_ids[node - 1]
        found.append(_promise(PromiseKind.EVENT_SOC, at_s, wanted, planned, off, 5 * _SOC, event_id, of))
    return found
