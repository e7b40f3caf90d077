"""The last resort and the slow things: giving less from the roof, and switching machines as the plan says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from energy.dispatch.types import DispatchConfig
from energy.model import Readings, ShiftableLoad
from energy.plan.types import Plan

_RELEASE_PER_S = 0.02
"""A curtailed roof is let up by this share of its nominal power in a second."""
_MARGIN_W = 100.0
_ON_W = 1.0
_LEAST_ON_S = 600.0
"""A machine that may be interrupted runs at least this long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoofState:
    """What is remembered."""

    solar_limit_w: float | None = None
    at_s: float | None = None
    on_since_s: Mapping[str, float] = field(default_factory=dict)
    """By load that runs."""
    ran: Mapping[str, float] = field(default_factory=dict)
    """By load whose run is over: until when it need not run again."""


def roof_limit(
    state: RoofState,
    readings: Readings,
    left_w: float | None,
    export_limit_w: float,
    curtailable_w: float,
    now_s: float,
    config: DispatchConfig,
) -> tuple[RoofState, float | None, float]:
    """Most that the curtailable arrays may give, W (None: all), and what that takes away at this moment, W ≥ 0.

    ``left_w`` is the power at the connection when every other command is followed. While the meter is silent the last
    limit stands: nothing says that it is not needed any more.
    """
    if curtailable_w <= 0.0:
        return state, None, 0.0
    elapsed_s = 1.0 if state.at_s is None else min(max(now_s - state.at_s, 0.0), 10.0)
    limit_w = state.solar_limit_w
    solar_w = readings.solar_w if readings.solar_w is not None else curtailable_w
    if left_w is None:
        return state, limit_w, 0.0 if limit_w is None else max(0.0, solar_w - limit_w)
    room_w = max(0.0, export_limit_w - config.guard_w) + left_w
    cut_w = 0.0
    if room_w < 0.0:
        cut_w = min(-room_w, solar_w)
        limit_w = max(0.0, min(solar_w, curtailable_w) - cut_w)
    elif limit_w is not None and room_w > _MARGIN_W:
        limit_w += min(room_w - _MARGIN_W, _RELEASE_PER_S * curtailable_w * elapsed_s)
        if limit_w >= curtailable_w:
            limit_w = None
    return replace(state, solar_limit_w=limit_w, at_s=now_s), limit_w, cut_w


def switched(
    state: RoofState,
    plan: Plan | None,
    k: int | None,
    loads: Sequence[ShiftableLoad],
    room_w: float | None,
    now_s: float,
) -> tuple[RoofState, dict[str, bool]]:
    """Which loads run now. A run that has begun goes on to its end; one that does not fit under the limit waits.

    ``room_w``: what the import limit leaves, W; None: not known.
    """
    running, ran = dict(state.on_since_s), dict(state.ran)
    wanted = _planned_on(plan, k)
    for load in loads:
        name, since_s = load.load_id, running.get(load.load_id)
        if since_s is not None and not _goes_on(load, since_s, wanted.get(name), now_s):
            del running[name]
            since_s = None
            if load.run_h is None:
                ran[name] = load.latest_s
        due = now_s >= load.latest_s - _run_s(load) and now_s < load.latest_s and plan is None
        over = ran.get(name) == load.latest_s
        if since_s is None and not over and (wanted.get(name, False) or due) and now_s >= load.earliest_s:
            power_w = max(load.power_w, default=0.0)
            if room_w is None or power_w <= room_w:
                running[name] = now_s
                room_w = None if room_w is None else room_w - power_w
    known = {load.load_id for load in loads}
    running = {name: since for name, since in running.items() if name in known}
    switches = {load.load_id: load.load_id in running for load in loads}
    # The plan may know of loads that nobody described here.
    switches |= {name: on for name, on in wanted.items() if name not in known}
    ran = {name: until_s for name, until_s in ran.items() if name in known}
    return replace(state, on_since_s=running, ran=ran), switches


def _planned_on(plan: Plan | None, k: int | None) -> dict[str, bool]:
    if plan is None or k is None:
        return {}
    return {load.load_id: k < len(load.power_w) and load.power_w[k] > _ON_W for load in plan.loads}


def _run_s(load: ShiftableLoad) -> float:
    if load.run_h is None:
        return len(load.power_w) * load.slot_s
    return max(0.0, load.run_h - load.done_h) * 3600.0


def _goes_on(load: ShiftableLoad, since_s: float, wanted: bool | None, now_s: float) -> bool:
    ran_s = now_s - since_s
    if ran_s < 0.0:
        # A clock that was set back.
        return bool(wanted)
    if load.run_h is None:
        return ran_s < _run_s(load)
    if load.done_h >= load.run_h:
        return False
    return ran_s < _LEAST_ON_S or bool(wanted)
