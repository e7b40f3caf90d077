"""What a car may do in each step: its own limits, wishes and absences as bounds on its power."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from energy.asks import FloatArray
from energy.model import Plug
from energy.plan.site import Site, phase_share
from energy.plan.types import PlanInput

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepBounds:
    """Bounds by step (N,), kW ≥ 0; with scenarios those of the expected course, and all of them in ``*_all``."""

    house_kw: FloatArray
    """Expected load less solar, signed."""
    import_limit: FloatArray
    """At the connection."""
    export_limit: FloatArray
    charge_all: FloatArray
    """(S, N) at the charger; what the high load of the forecast leaves under the fuse and every limit."""
    discharge_all: FloatArray
    """(S, N)"""
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
    crowded: BoolArray
    """By that of the connection: the house may take all that it carries."""
    share: tuple[float, ...]
    """Of the car's power on each phase of the house."""

    @property
    def charge_max(self) -> FloatArray:
        """(N,) expected."""
        row: FloatArray = self.charge_all[0]
        return row

    @property
    def discharge_max(self) -> FloatArray:
        """(N,) expected."""
        row: FloatArray = self.discharge_all[0]
        return row


def step_bounds(inp: PlanInput, plug: Plug, site: Site, *, alone: bool) -> StepBounds:
    """The bounds of every step, before any frequency service.

    ``alone``: nothing else shares the connection, so that what leaves the car for the house is a bound of its own.
    """
    starts = inp.edges_s[:-1]
    charger, state, wishes = plug.charger, plug.ev_state, plug.wishes
    ev = state.ev
    share = phase_share(charger.phases, charger.on_phases, site.phases)
    present, trip_kwh = _presence(inp, plug)
    until_s = wishes.boost_until_s if wishes.boost_until_s is not None else float("-inf")
    boost = starts < until_s

    charge_own = min(charger.charge_max_w, ev.charge_max_w) / 1e3 * (state.can_charge or not state.connected)
    charge = np.minimum(max(0.0, charge_own), site.charge_cap)
    room = site.alone_kw(share)
    may_charge = present & (site.level < 1) & (not wishes.paused)
    charge_max = np.where(may_charge, np.clip(np.minimum(charge, room), 0.0, None), 0.0)
    charge_min_kw = max(charger.charge_min_w, ev.charge_min_w) / 1e3

    able = wishes.v2g_allowed and (state.can_discharge or not state.connected)
    discharge_own = min(charger.discharge_max_w, ev.discharge_max_w) / 1e3 * able
    discharge = np.minimum(max(0.0, discharge_own), site.discharge_cap)
    may_discharge = present & ~boost & _free_to_discharge(plug, inp.now_s, starts) & (not wishes.paused)
    if state.soc is None:
        may_discharge = np.zeros(len(starts), dtype=bool)
    discharge_max = np.broadcast_to(discharge, site.house_kw.shape)
    if alone:
        discharge_max = np.minimum(np.minimum(discharge_max, site.feed_max), site.phase_feed / max(share))
        if not wishes.export_allowed:
            discharge_max = np.minimum(discharge_max, site.house_kw)
    return StepBounds(
        house_kw=site.house_kw[0],
        import_limit=site.import_limit,
        export_limit=site.export_limit,
        charge_all=np.where(charge_max < charge_min_kw, 0.0, charge_max),
        discharge_all=np.where(may_discharge, np.clip(discharge_max, 0.0, None), 0.0),
        charge_min_kw=charge_min_kw,
        present=present,
        trip_kwh=trip_kwh,
        boost=boost,
        level=site.level,
        blocked=present & ((room[0] <= 0) | (charge <= 0) | (site.level >= 1)),
        crowded=present & (room[0] <= 0),
        share=share,
    )


def with_band(bounds: StepBounds, charge_kw: FloatArray, discharge_kw: FloatArray) -> StepBounds:
    """The bounds with the power (N,) of a frequency service kept free."""
    charge_max = np.maximum(bounds.charge_all - charge_kw, 0.0)
    return replace(
        bounds,
        charge_all=np.where(charge_max < bounds.charge_min_kw, 0.0, charge_max),
        discharge_all=np.maximum(bounds.discharge_all - discharge_kw, 0.0),
    )


def _presence(inp: PlanInput, plug: Plug) -> tuple[BoolArray, FloatArray]:
    """Where the car is expected at home, and the kWh that trips take by step.

    A connected car is at home now whatever was expected; a car that is away without a known return stays away: the
    engine plans anew when it comes.
    """
    edges = inp.edges_s
    count = len(edges) - 1
    present = np.ones(count, dtype=bool)
    trip = np.zeros(count)
    back_known = False
    for absence in plug.wishes.absences:
        if absence.to_s <= edges[0] or absence.from_s >= edges[-1] or absence.to_s <= absence.from_s:
            continue
        running = absence.from_s <= inp.now_s
        if running and plug.ev_state.connected:
            continue
        back_known |= running
        # What a running trip has used already is not known: all of it is still to come, out of the last known charge.
        from_s = max(absence.from_s, float(edges[0]))
        away = (edges[1:] > from_s) & (edges[:-1] < absence.to_s)
        present &= ~away
        inside = np.clip(np.minimum(edges[1:], absence.to_s) - np.maximum(edges[:-1], from_s), 0.0, None)
        trip += max(absence.used_wh, 0.0) / 1e3 * inside / (absence.to_s - from_s)
    if not plug.ev_state.connected and not back_known:
        present[:] = False
    return present, trip


def _free_to_discharge(plug: Plug, now_s: float, starts: FloatArray) -> BoolArray:
    """False while the car is connected though a trip should have begun: it may leave at any moment."""
    free = np.ones(len(starts), dtype=bool)
    for absence in plug.wishes.absences:
        if plug.ev_state.connected and absence.from_s <= now_s < absence.to_s:
            free &= starts >= absence.to_s
    return free
