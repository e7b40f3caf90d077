"""What the car may do in each step: every limit, wish and absence as bounds on its power."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from energy.asks import FloatArray, StepAsk
from energy.grid_events import GridEventKind
from energy.links import LinkPhase, is_limited
from energy.plan.types import PlanInput

BoolArray = npt.NDArray[np.bool_]
StepAsks = Mapping[GridEventKind, StepAsk]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepBounds:
    """Bounds by step (N,), kW ≥ 0."""

    house_kw: FloatArray
    """Expected load less solar, signed."""
    import_limit: FloatArray
    """At the connection."""
    export_limit: FloatArray
    charge_max: FloatArray
    """At the charger; what the high load of the forecast leaves under the fuse and every limit."""
    discharge_max: FloatArray
    charge_min_kw: float
    """Least charging power; where less is allowed ``charge_max`` is 0."""
    present: BoolArray
    """Is the car expected at home?"""
    trip_kwh: FloatArray
    """What trips take."""
    boost: BoolArray
    level: FloatArray
    """Of an emergency; 0 where there is none."""
    blocked: BoolArray
    """Charging is stopped by a limit."""


def step_bounds(inp: PlanInput, asked: StepAsks) -> StepBounds:
    """The bounds of every step, before any frequency service."""
    starts = inp.edges_s[:-1]
    wishes = inp.wishes
    house_kw = (inp.load.mean_w - inp.solar.mean_w) / 1e3
    import_limit, export_limit, charge, discharge = _power_limits(inp, asked)
    present, trip_kwh = _presence(inp)
    until_s = wishes.boost_until_s if wishes.boost_until_s is not None else float("-inf")
    boost = starts < until_s
    emergency = asked.get(GridEventKind.EMERGENCY)
    level = np.zeros(len(starts)) if emergency is None else np.nan_to_num(emergency.value)

    room = _room_kw(inp, import_limit)
    may_charge = present & (level < 1) & (not wishes.paused)
    charge_max = np.where(may_charge, np.clip(np.minimum(charge, room), 0.0, None), 0.0)
    charge_min_kw = max(inp.charger.charge_min_w, inp.ev_state.ev.charge_min_w) / 1e3

    may_discharge = present & ~boost & _free_to_discharge(inp, starts) & (not wishes.paused)
    if inp.ev_state.soc is None:
        may_discharge = np.zeros(len(starts), dtype=bool)
    discharge_max = np.minimum(discharge, export_limit + house_kw)
    if not wishes.export_allowed:
        discharge_max = np.minimum(discharge_max, house_kw)
    return StepBounds(
        house_kw=house_kw,
        import_limit=import_limit,
        export_limit=export_limit,
        charge_max=np.where(charge_max < charge_min_kw, 0.0, charge_max),
        discharge_max=np.where(may_discharge, np.clip(discharge_max, 0.0, None), 0.0),
        charge_min_kw=charge_min_kw,
        present=present,
        trip_kwh=trip_kwh,
        boost=boost,
        level=level,
        blocked=present & ((room <= 0) | (charge <= 0) | (level >= 1)),
    )


def with_band(bounds: StepBounds, serve: StepAsk) -> StepBounds:
    """The bounds with the power of a frequency service kept free on both sides."""
    band = np.nan_to_num(np.maximum(serve.value, 0.0)) / 1e3
    charge_max = np.maximum(bounds.charge_max - band, 0.0)
    return replace(
        bounds,
        charge_max=np.where(charge_max < bounds.charge_min_kw, 0.0, charge_max),
        discharge_max=np.maximum(bounds.discharge_max - band, 0.0),
    )


def _room_kw(inp: PlanInput, import_limit: FloatArray) -> FloatArray:
    """Charging power that the connection leaves; may be below 0.

    Under the fuse a high load and little sun are counted with; under a limit of the grid the expected ones, since
    dispatch keeps it to the watt and a hold on sunshine that is sure to come would only give it away.
    """
    mean_kw = (inp.load.mean_w - inp.solar.mean_w) / 1e3
    high_kw = (inp.load.p90_w - inp.solar.p10_w) / 1e3
    phases = max(1, inp.connection.phases)
    phase_kw = inp.connection.fuse_a * inp.connection.voltage_v / 1e3
    used = max(1, min(inp.charger.phases, phases))
    by_phase = (phase_kw - np.maximum(high_kw, 0.0) / phases) * used
    fuse_kw = inp.connection.import_max_w / 1e3
    return np.minimum(np.minimum(fuse_kw - high_kw, by_phase), import_limit - mean_kw)


def _power_limits(inp: PlanInput, asked: StepAsks) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Import, export, charge and discharge limits by step, kW, before the house's load is known."""
    starts = inp.edges_s[:-1]
    count = len(starts)
    ev, charger = inp.ev_state.ev, inp.charger
    may_charge = inp.ev_state.can_charge or not inp.ev_state.connected
    may_discharge = inp.wishes.v2g_allowed and (inp.ev_state.can_discharge or not inp.ev_state.connected)
    own = {
        GridEventKind.IMPORT_LIMIT: inp.connection.import_max_w,
        GridEventKind.EXPORT_LIMIT: inp.connection.export_max_w,
        GridEventKind.CHARGE_LIMIT: min(charger.charge_max_w, ev.charge_max_w) * may_charge,
        GridEventKind.DISCHARGE_LIMIT: min(charger.discharge_max_w, ev.discharge_max_w) * may_discharge,
    }
    limits: dict[GridEventKind, FloatArray] = {}
    for kind, own_w in own.items():
        limit = np.full(count, max(0.0, own_w))
        if kind in asked:
            limit = np.fmin(limit, np.maximum(asked[kind].value, 0.0))
        limits[kind] = limit
    for rule, state in inp.links:
        if not is_limited(state):
            continue
        lasts_s = rule.fail_safe_s if state.phase is LinkPhase.FAIL_SAFE else rule.heartbeat_timeout_s
        since_s = state.fail_safe_since_s if state.phase is LinkPhase.FAIL_SAFE else state.since_s
        held = starts < since_s + lasts_s
        held[0] = True
        fail_safe = {
            GridEventKind.IMPORT_LIMIT: rule.import_w,
            GridEventKind.EXPORT_LIMIT: rule.export_w,
            GridEventKind.CHARGE_LIMIT: rule.charge_w,
            GridEventKind.DISCHARGE_LIMIT: rule.discharge_w,
        }
        for kind, limit_w in fail_safe.items():
            if limit_w is not None:
                limits[kind] = np.where(held, np.minimum(limits[kind], max(0.0, limit_w)), limits[kind])
    imported, exported, charge, discharge = (limits[kind] / 1e3 for kind in own)
    return imported, exported, charge, discharge


def _presence(inp: PlanInput) -> tuple[BoolArray, FloatArray]:
    """Where the car is expected at home, and the kWh that trips take by step.

    A connected car is at home now whatever was expected; a car that is away without a known return stays away: the
    engine plans anew when it comes.
    """
    edges = inp.edges_s
    count = len(edges) - 1
    present = np.ones(count, dtype=bool)
    trip = np.zeros(count)
    back_known = False
    for absence in inp.wishes.absences:
        if absence.to_s <= edges[0] or absence.from_s >= edges[-1] or absence.to_s <= absence.from_s:
            continue
        running = absence.from_s <= inp.now_s
        if running and inp.ev_state.connected:
            continue
        back_known |= running
        # What a running trip has used already is not known: all of it is still to come, out of the last known charge.
        from_s = max(absence.from_s, float(edges[0]))
        away = (edges[1:] > from_s) & (edges[:-1] < absence.to_s)
        present &= ~away
        inside = np.clip(np.minimum(edges[1:], absence.to_s) - np.maximum(edges[:-1], from_s), 0.0, None)
        trip += max(absence.used_wh, 0.0) / 1e3 * inside / (absence.to_s - from_s)
    if not inp.ev_state.connected and not back_known:
        present[:] = False
    return present, trip


def _free_to_discharge(inp: PlanInput, starts: FloatArray) -> BoolArray:
    """False while the car is connected though a trip should have begun: it may leave at any moment."""
    free = np.ones(len(starts), dtype=bool)
    for absence in inp.wishes.absences:
        if inp.ev_state.connected and absence.from_s <= inp.now_s < absence.to_s:
            free &= starts >= absence.to_s
    return free
