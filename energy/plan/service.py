"""Frequency service: which chargers can serve it, with how much power, and what energy they keep free for it."""

from dataclasses import dataclass

import numpy as np

from energy.asks import FloatArray
from energy.frequency import CURVES, DroopCurve, can_serve
from energy.grid_events import GridEventKind
from energy.model import Plug
from energy.plan.bounds import StepBounds
from energy.plan.floors import Headroom
from energy.plan.types import PlanInput, StepAsks


@dataclass(frozen=True, slots=True)
class Band:
    """Power (N,) kW that one charger keeps free each way, and why less than was asked."""

    charge_kw: FloatArray
    discharge_kw: FloatArray
    power_kw: FloatArray
    """The larger of the two: what is offered."""
    sustain_h: float

    def headroom(self, stored_per_kwh: FloatArray, drained_per_kwh: FloatArray) -> Headroom:
        """Energy kept free at the nodes, so that the whole answer can be held as long as the service asks."""
        return Headroom(
            below=_at_nodes(self.discharge_kw * drained_per_kwh) * self.sustain_h,
            above=_at_nodes(self.charge_kw * stored_per_kwh) * self.sustain_h,
        )


def bands(
    inp: PlanInput, asked: StepAsks, bounds: tuple[StepBounds, ...]
) -> tuple[tuple[Band | None, ...], tuple[str, ...]]:
    """Each plug's part of the asked service, None where it has none, and sentences about those that cannot.

    What is asked is shared out by what each charger can do in the step.
    """
    serve = asked.get(GridEventKind.FREQUENCY)
    if serve is None:
        return (None,) * len(bounds), ()
    curve = inp.frequency_curve or CURVES["fcr"]
    shares = [share for _, share in curve.points]
    up, down = min(shares) < 0, max(shares) > 0
    wanted_kw = np.nan_to_num(np.maximum(serve.value, 0.0)) / 1e3
    able = np.stack([_able_kw(b, up=up, down=down) for b in bounds])
    notes: list[str] = []
    # One that cannot serve its part leaves it to the others, which may then be asked for too much: so once more.
    for _ in bounds:
        part = _shared(wanted_kw, able)
        refused = [
            (k, why)
            for k, plug in enumerate(inp.plugs)
            if part[k].any() and (why := _refusal(curve, plug, float(part[k].max()) * 1e3))
        ]
        if not refused:
            break
        for k, why in refused:
            able[k] = 0.0
            notes.append(f"{inp.plugs[k].charger.charger_id} does not serve the grid's frequency: {why}")
    part = _shared(wanted_kw, able)
    sustain_h = curve.sustain_s / 3600.0
    return (
        tuple(Band(row * down, row * up, row, sustain_h) if row.any() else None for row in part),
        tuple(notes),
    )


def _able_kw(bounds: StepBounds, *, up: bool, down: bool) -> FloatArray:
    able = np.full(len(bounds.present), np.inf)
    if up:
        able = np.minimum(able, bounds.discharge_all.min(axis=0))
    if down:
        able = np.minimum(able, bounds.charge_all.min(axis=0))
    return np.where(np.isfinite(able), able, 0.0)


def _shared(wanted_kw: FloatArray, able: FloatArray) -> FloatArray:
    """(plugs, N) parts in proportion to what each can do, at most that."""
    total = able.sum(axis=0)
    share = np.divide(np.minimum(wanted_kw, total), total, out=np.zeros_like(total), where=total > 0)
    parts: FloatArray = able * share
    return parts


def _refusal(curve: DroopCurve, plug: Plug, power_w: float) -> str:
    """Why this charger cannot serve so much; empty: it can."""
    ev = plug.ev_state.ev
    usable_wh = max(0.0, ev.soc_max - max(ev.soc_min, plug.wishes.reserve_soc)) * ev.capacity_wh
    can, why = can_serve(
        curve,
        reaction_s=plug.charger.reaction_s,
        ramp_w_per_s=plug.charger.ramp_w_per_s,
        power_w=power_w,
        capacity_wh=usable_wh,
    )
    return "" if can else why


def _at_nodes(by_step: FloatArray) -> FloatArray:
    """(N + 1,) the larger of the two steps that meet at each node; the first node is as it is."""
    padded = np.concatenate([[0.0], by_step, [0.0]])
    nodes: FloatArray = np.maximum(padded[:-1], padded[1:])
    nodes[0] = 0.0
    return nodes
