"""What a store must hold at each moment, lowered to what it can.

The *fastest course* charges with all that the bounds allow, from now on: no plan can hold more at any moment. A target
or reserve above it is lowered to it, so that the programme is feasible by construction and what gives way gives way
exactly as far as it must.
"""

from dataclasses import dataclass

import numpy as np

from energy.asks import FloatArray
from energy.grid_events import GridEventKind
from energy.model import Departure, Plug
from energy.plan.bounds import BoolArray, StepBounds
from energy.plan.store import Soft, Taper
from energy.plan.types import PlanInput, StepAsks

RESERVE_SLACK = 0.02
"""A charge this far below the reserve is held, not raised: noise on the state of charge starts no charging."""
SURE = 0.95
"""A departure less sure than this is weighed with its chance; a surer one is a promise."""
MISSED_PER_KWH = 1.0
"""What a kWh is taken to cost that is missing when the car leaves: charging on the way, and the bother."""
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
    """All departures of the horizon, those that are not sure too."""
    trip_kwh: FloatArray
    """As far as the fastest course can serve it."""
    trip_short_kwh: FloatArray
    taper: Taper


def floors(
    inp: PlanInput,
    plug: Plug,
    asked: StepAsks,
    bounds: StepBounds,
    gain: FloatArray,
    drain: FloatArray,
    headroom: "Headroom | None" = None,
) -> Floors:
    """Floors and ceilings of a car for these bounds; ``gain`` and ``drain`` are kWh stored per kW over each step."""
    ev, present = plug.ev_state.ev, bounds.present
    capacity = ev.capacity_wh / 1e3
    trip_kwh, soc = bounds.trip_kwh, plug.ev_state.soc
    if soc is None:
        # Connected: taken as empty. Away: taken to come home with its reserve, whatever the trip takes.
        soc = ev.soc_min if plug.ev_state.connected else max(ev.soc_min, plug.wishes.reserve_soc)
        trip_kwh = trip_kwh if plug.ev_state.connected else np.zeros(len(trip_kwh))
    start = min(max(soc, 0.0), 1.0) * capacity
    top = max(ev.soc_max * capacity, start)
    taper = _taper(plug, top)
    charge_max = bounds.charge_all.min(axis=0)
    most = np.full(len(present) + 1, top)
    if headroom is not None:
        # Where the charge is too high for it already, it comes down as fast as it can.
        lowest = slowest_course(start, bounds.discharge_max, drain, trip_kwh)
        most = np.maximum(most - headroom.above, lowest)
    reach, served, short = fastest_course(start, most, charge_max, gain, trip_kwh, taper)

    reserve = _reserve(plug, asked, present, capacity)
    least = np.concatenate([[start], np.where(present, ev.soc_min * capacity, 0.0)])
    least = np.maximum(least, _held_reserve(reserve, start, served, RESERVE_SLACK * capacity))
    if headroom is not None:
        least = least + headroom.below
    targets = _targets(inp, plug)
    for node, departure in targets:
        if departure.chance >= SURE:
            least[node] = max(least[node], min(departure.target_soc, ev.soc_max) * capacity)
    least = np.minimum(least, reach) - _TINY_KWH
    most = most + _TINY_KWH
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


@dataclass(frozen=True, slots=True)
class Headroom:
    """Energy kept free at the nodes (N + 1,) kWh for a frequency service."""

    below: FloatArray
    above: FloatArray


def keeps_what_it_can(with_service: Floors, without: Floors, capacity: float) -> bool:
    """Does a service leave every promise as well kept as it would be without it?"""
    wanted = without.reserve.copy()
    for node, departure in without.targets:
        wanted[node] = max(wanted[node], departure.target_soc * capacity)
    return bool(np.all(with_service.reach >= np.minimum(without.reach, wanted) - 1e-6))


def fastest_course(
    start: float,
    most: FloatArray,
    charge_max: FloatArray,
    gain: FloatArray,
    outflow: FloatArray,
    taper: Taper,
    keep: FloatArray | None = None,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Stored energy (N + 1,) when charging with all that is allowed up to ``most`` (N + 1,); outflow served as far as
    it lasts, and what is lacking."""
    count = len(charge_max)
    reach, served = [start], outflow.tolist()
    stored, slope, level = start, taper.slope, taper.level_kw
    keeps = [1.0] * count if keep is None else keep.tolist()
    rows = zip(charge_max.tolist(), gain.tolist(), keeps, most[1:].tolist(), strict=True)
    for t, (power, gained, kept, top) in enumerate(rows):
        stored *= kept
        tapered = (level - slope * stored) / (1.0 + slope * gained)
        stored = max(stored, min(top, stored + gained * max(0.0, min(power, tapered))))
        if served[t] > stored:
            served[t] = stored
        stored -= served[t]
        reach.append(stored)
    given = np.array(served)
    return np.array(reach), given, outflow - given


def hopes(inp: PlanInput, plug: Plug, held: Floors, caution: float) -> tuple[Soft, ...]:
    """What it would cost to be without the charge when a departure comes early, or one that is not sure comes."""
    edges = inp.edges_s
    capacity = plug.ev_state.ev.capacity_wh / 1e3
    level, price = np.zeros(len(edges)), np.zeros(len(edges))
    for node, departure in held.targets:
        goal = min(departure.target_soc, plug.ev_state.ev.soc_max) * capacity
        if departure.chance < SURE and departure.chance > 0:
            level[node] = max(level[node], goal)
            price[node] += departure.chance * MISSED_PER_KWH * caution
        if departure.early_chance > 0 and departure.early_h > 0:
            from_s = departure.at_s - departure.early_h * 3600.0
            span_s = np.minimum(edges[1:], departure.at_s) - np.maximum(edges[:-1], max(from_s, inp.now_s))
            # Of the hours that are left: what did not happen until now makes the rest no likelier.
            chance = departure.early_chance * departure.chance * np.maximum(span_s, 0.0) / (departure.early_h * 3600.0)
            touched = chance > 0
            level[1:][touched] = np.maximum(level[1:][touched], goal)
            price[1:] += chance * MISSED_PER_KWH * caution
    return (Soft(level, price),) if price.any() else ()


def slowest_course(start: float, discharge_max: FloatArray, drain: FloatArray, outflow: FloatArray) -> FloatArray:
    """Stored energy (N + 1,) when discharging with all that is allowed: no plan can hold less at any moment."""
    given = np.concatenate([[0.0], np.cumsum(discharge_max * drain + outflow)])
    stored: FloatArray = np.maximum(start - given, 0.0)
    return stored


def _taper(plug: Plug, top: float) -> Taper:
    """From ``taper_from_soc`` to ``top`` (kWh) power falls in a line to a tenth."""
    ev = plug.ev_state.ev
    span = top - min(ev.taper_from_soc, ev.soc_max) * ev.capacity_wh / 1e3
    if span <= 1e-3 or ev.taper_from_soc >= ev.soc_max:
        return Taper()
    power_kw = min(ev.charge_max_w, plug.charger.charge_max_w) / 1e3
    slope = 0.9 * power_kw / span
    return Taper(0.1 * power_kw + slope * top, slope)


def _held_reserve(reserve: FloatArray, start: float, trip_kwh: FloatArray, slack: float) -> FloatArray:
    """The reserve as a floor: until the next trip a charge just below it is held, not raised."""
    before_trip = np.concatenate([[True], np.cumsum(trip_kwh) == 0])
    near = before_trip & (start < reserve) & (start >= reserve - slack)
    return np.where(near, start, reserve)


def _reserve(plug: Plug, asked: StepAsks, present: BoolArray, capacity: float) -> FloatArray:
    """Charge to keep at each node (N + 1), kWh: the homeowner's or the grid's, the larger. Unknown charge: none."""
    if plug.ev_state.soc is None:
        return np.zeros(len(present) + 1)
    soc_max = plug.ev_state.ev.soc_max
    reserve = np.full(len(present), min(plug.wishes.reserve_soc, soc_max))
    if GridEventKind.RESERVE in asked:
        reserve = np.fmax(reserve, np.minimum(asked[GridEventKind.RESERVE].value, soc_max))
    reserve = np.where(present, reserve, 0.0) * capacity
    return np.concatenate([reserve[:1], reserve])


def _targets(inp: PlanInput, plug: Plug) -> Targets:
    """Departures within the horizon and the last node that is not after each."""
    edges = inp.edges_s
    targets = []
    for departure in sorted(plug.wishes.departures, key=lambda d: d.at_s):
        if inp.now_s < departure.at_s <= edges[-1]:
            node = int(np.searchsorted(edges, departure.at_s + 1e-6, side="right")) - 1
            targets.append((max(1, node), departure))
    return tuple(targets)
