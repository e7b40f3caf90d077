"""What the battery must hold at each moment, lowered to what it can.

The *fastest course* charges with all that the bounds allow, from now on: no plan can hold more at any moment. A target
or reserve above it is lowered to it, so that the programme is feasible by construction and what gives way gives way
exactly as far as it must.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from energy.asks import FloatArray, StepAsk
from energy.grid_events import GridEventKind
from energy.model import Departure
from energy.plan.bounds import BoolArray, StepBounds
from energy.plan.programme import Taper
from energy.plan.types import PlanInput

RESERVE_SLACK = 0.02
"""A charge this far below the reserve is held, not raised: noise on the state of charge starts no charging."""
_TINY_KWH = 1e-7

Targets = tuple[tuple[int, Departure], ...]
"""Node and departure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Floors:
    """Stored energy at the nodes (N + 1,) kWh, and what trips take by step (N,)."""

    start: float
    least: FloatArray
    most: FloatArray
    reach: FloatArray
    """The fastest course."""
    reserve: FloatArray
    """As wanted."""
    targets: Targets
    trip_kwh: FloatArray
    """As far as the fastest course can serve it."""
    trip_short_kwh: FloatArray
    taper: Taper


def floors(inp: PlanInput, asked: Mapping[GridEventKind, StepAsk], bounds: StepBounds, gain: FloatArray) -> Floors:
    """Floors and ceilings for these bounds; ``gain`` is kWh stored per kW over each step."""
    ev, present = inp.ev_state.ev, bounds.present
    capacity = ev.capacity_wh / 1e3
    trip_kwh, soc = bounds.trip_kwh, inp.ev_state.soc
    if soc is None:
        # Connected: taken as empty. Away: taken to come home with its reserve, whatever the trip takes.
        soc = ev.soc_min if inp.ev_state.connected else max(ev.soc_min, inp.wishes.reserve_soc)
        trip_kwh = trip_kwh if inp.ev_state.connected else np.zeros(len(trip_kwh))
    start = min(max(soc, 0.0), 1.0) * capacity
    top = max(ev.soc_max * capacity, start)
    taper = _taper(inp, top)
    reach, served, short = fastest_course(start, top, bounds.charge_max, gain, trip_kwh, taper)

    reserve = _reserve(inp, asked, present, capacity)
    least = np.concatenate([[start], np.where(present, ev.soc_min * capacity, 0.0)])
    least = np.maximum(least, _held_reserve(reserve, start, served, RESERVE_SLACK * capacity))
    targets = _targets(inp)
    for node, departure in targets:
        least[node] = max(least[node], min(departure.target_soc, ev.soc_max) * capacity)
    least = np.minimum(least, reach) - _TINY_KWH
    most = np.full(len(reach), top + _TINY_KWH)
    least[0] = most[0] = start
    return Floors(
        start=start,
        least=least,
        most=most,
        reach=reach,
        reserve=reserve,
        targets=targets,
        trip_kwh=served,
        trip_short_kwh=short,
        taper=taper,
    )


def keeps_what_it_can(with_service: Floors, without: Floors, capacity: float) -> bool:
    """Does a service leave every promise as well kept as it would be without it?"""
    wanted = without.reserve.copy()
    for node, departure in without.targets:
        wanted[node] = max(wanted[node], departure.target_soc * capacity)
    return bool(np.all(with_service.reach >= np.minimum(without.reach, wanted) - 1e-6))


def fastest_course(
    start: float, top: float, charge_max: FloatArray, gain: FloatArray, trip_kwh: FloatArray, taper: Taper
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Stored energy when charging with all that is allowed; trips served as far as it lasts, and what is lacking."""
    reach = np.empty(len(charge_max) + 1)
    reach[0] = stored = start
    served = trip_kwh.copy()
    for t in range(len(charge_max)):
        tapered = (taper.level_kw - taper.slope * stored) / (1.0 + taper.slope * gain[t])
        stored = min(top, stored + gain[t] * max(0.0, min(charge_max[t], tapered)))
        served[t] = min(trip_kwh[t], stored)
        stored -= served[t]
        reach[t + 1] = stored
    return reach, served, trip_kwh - served


def _taper(inp: PlanInput, top: float) -> Taper:
    """From ``taper_from_soc`` to ``top`` (kWh) power falls in a line to a tenth."""
    ev = inp.ev_state.ev
    span = top - min(ev.taper_from_soc, ev.soc_max) * ev.capacity_wh / 1e3
    if span <= 1e-3 or ev.taper_from_soc >= ev.soc_max:
        return Taper()
    power_kw = min(ev.charge_max_w, inp.charger.charge_max_w) / 1e3
    slope = 0.9 * power_kw / span
    return Taper(0.1 * power_kw + slope * top, slope)


def _held_reserve(reserve: FloatArray, start: float, trip_kwh: FloatArray, slack: float) -> FloatArray:
    """The reserve as a floor: until the next trip a charge just below it is held, not raised."""
    before_trip = np.concatenate([[True], np.cumsum(trip_kwh) == 0])
    near = before_trip & (start < reserve) & (start >= reserve - slack)
    return np.where(near, start, reserve)


def _reserve(inp: PlanInput, asked: Mapping[GridEventKind, StepAsk], present: BoolArray, capacity: float) -> FloatArray:
    """Charge to keep at each node (N + 1), kWh: the homeowner's or the grid's, the larger. Unknown charge: none."""
    if inp.ev_state.soc is None:
        return np.zeros(len(present) + 1)
    reserve = np.full(len(present), min(inp.wishes.reserve_soc, inp.ev_state.ev.soc_max))
    if GridEventKind.RESERVE in asked:
        reserve = np.fmax(reserve, np.minimum(asked[GridEventKind.RESERVE].value, inp.ev_state.ev.soc_max))
    reserve = np.where(present, reserve, 0.0) * capacity
    return np.concatenate([reserve[:1], reserve])


def _targets(inp: PlanInput) -> Targets:
    """Departures within the horizon and the last node that is not after each."""
    edges = inp.edges_s
    targets = []
    for departure in sorted(inp.wishes.departures, key=lambda d: d.at_s):
        if inp.now_s < departure.at_s <= edges[-1]:
            node = int(np.searchsorted(edges, departure.at_s + 1e-6, side="right")) - 1
            targets.append((max(1, node), departure))
    return tuple(targets)
