"""Which promises a course keeps, and by how much the others fall short."""

import numpy as np

from energy.plan.course import Course
from energy.plan.prepare import Prepared, asked_soc_nodes
from energy.plan.types import Promise, PromiseKind

_POWER_W = 20.0
_SOC = 0.002
_WH = 20.0


def promises(prepared: Prepared, course: Course) -> tuple[Promise, ...]:
    """Every promise of the horizon in the order of ``PromiseKind``."""
    return (
        *_limits(prepared, course),
        *_trips(prepared),
        *_departures(prepared, course),
        *_reserve(prepared, course),
        *_asked(prepared, course),
    )


def _promise(
    kind: PromiseKind,
    deadline_s: float,
    wanted: float,
    planned: float,
    short_by: float,
    grain: float,
    event_id: str = "",
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
    )


def _limits(prepared: Prepared, course: Course) -> list[Promise]:
    """A limit that the house itself is expected to break, at its worst step."""
    found = []
    sides = (
        (PromiseKind.IMPORT_LIMIT, prepared.bounds.import_limit, course.grid_kw),
        (PromiseKind.EXPORT_LIMIT, prepared.bounds.export_limit, -course.grid_kw),
    )
    for kind, limit, power in sides:
        excess_w = (power - limit) * 1e3
        t = int(np.argmax(excess_w))
        if excess_w[t] > _POWER_W:
            wanted, planned = float(limit[t]) * 1e3, float(power[t]) * 1e3
            at_s = float(prepared.edges_s[t])
            found.append(_promise(kind, at_s, wanted, planned, float(excess_w[t]), _POWER_W))
    return found


def _trips(prepared: Prepared) -> list[Promise]:
    short_wh = prepared.floors.trip_short_kwh * 1e3
    if short_wh.sum() <= _WH:
        return []
    first = int(np.argmax(short_wh > 0))
    served = float(prepared.numbers.trip_kwh.sum()) * 1e3
    total = served + float(short_wh.sum())
    at_s = float(prepared.edges_s[first])
    return [_promise(PromiseKind.TRIP, at_s, total, served, float(short_wh.sum()), _WH)]


def _departures(prepared: Prepared, course: Course) -> list[Promise]:
    capacity = max(prepared.capacity_kwh, 1e-9)
    found = []
    for node, departure in prepared.floors.targets:
        soc = min(1.0, max(0.0, float(course.stored_kwh[node]) / capacity))
        short = departure.target_soc - soc
        found.append(_promise(PromiseKind.DEPARTURE, departure.at_s, departure.target_soc, soc, short, _SOC))
    return found


def _reserve(prepared: Prepared, course: Course) -> list[Promise]:
    """The reserve, at the step where it falls shortest while the car is there."""
    if not prepared.bounds.present.any() or prepared.capacity_kwh <= 0:
        return []
    there = np.concatenate([[True], prepared.bounds.present])
    short = np.where(there, prepared.floors.reserve - course.stored_kwh, -np.inf) / prepared.capacity_kwh
    node = int(np.argmax(short))
    wanted = float(prepared.floors.reserve[node]) / prepared.capacity_kwh
    if wanted <= 0:
        return []
    again = np.flatnonzero((short <= _SOC) & (np.arange(len(short)) >= node) & there)
    deadline_s = float(prepared.edges_s[again[0]] if len(again) else prepared.edges_s[-1])
    planned = max(0.0, float(course.stored_kwh[node]) / prepared.capacity_kwh)
    return [_promise(PromiseKind.RESERVE, deadline_s, wanted, planned, float(short[node]), _SOC)]


def _asked(prepared: Prepared, course: Course) -> list[Promise]:
    """What the grid offered or asked for, one promise an event."""
    found = []
    edges = prepared.edges_s
    if prepared.frequency is not None:
        ask = prepared.frequency
        for event_id in dict.fromkeys(i for i in ask.event_ids if i):
            steps = np.array([i == event_id for i in ask.event_ids])
            wanted = float(ask.value[steps].max())
            lacking = 0.0 if prepared.frequency_kept else wanted
            end_s = float(edges[1:][steps][-1])
            found.append(
                _promise(PromiseKind.EVENT_FREQUENCY, end_s, wanted, wanted - lacking, lacking, _POWER_W, event_id)
            )
    if prepared.asked_power is not None:
        ask = prepared.asked_power
        power_w = (course.charge_kw - course.discharge_kw) * 1e3
        for event_id in dict.fromkeys(i for i in ask.event_ids if i):
            steps = np.array([i == event_id for i in ask.event_ids])
            off = np.abs(ask.value * 1e3 - power_w) * steps
            t = int(np.nanargmax(np.where(steps, off, -1.0)))
            wanted, planned = float(ask.value[t]) * 1e3, float(power_w[t])
            end_s = float(edges[1:][steps][-1])
            found.append(
                _promise(PromiseKind.EVENT_SETPOINT, end_s, wanted, planned, float(off[t]), _POWER_W, event_id)
            )
    if prepared.asked_soc is not None and prepared.capacity_kwh > 0:
        for node in asked_soc_nodes(prepared.asked_soc):
            wanted = float(prepared.asked_soc.value[node - 1])
            planned = float(course.stored_kwh[node]) / prepared.capacity_kwh
            event_id = prepared.asked_soc.event_ids[node - 1]
            off_soc = abs(wanted - planned)
            found.append(
                _promise(PromiseKind.EVENT_SOC, float(edges[node]), wanted, planned, off_soc, 5 * _SOC, event_id)
            )
    return found
