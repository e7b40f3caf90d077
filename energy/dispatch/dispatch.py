"""The pure function that the engine calls each second."""

import math
from dataclasses import replace

from energy.dispatch.bounds import bounds, cut
from energy.dispatch.steady import steadied
from energy.dispatch.trim import commanded, learned
from energy.dispatch.types import DispatchConfig, DispatchState, View, Want
from energy.dispatch.wanted import wanted
from energy.limits import Limits
from energy.model import EvState, Readings, Reason, ReasonCode, SetPoint, Wishes
from energy.plan.types import Plan

_PEAK_FADE_PER_S = 1 / 3600.0
"""The remembered peak of the house halves in about 40 minutes."""
_DEFAULT = DispatchConfig()


def dispatch(
    state: DispatchState,
    *,
    readings: Readings,
    ev_state: EvState,
    plan: Plan | None,
    limits: Limits,
    wishes: Wishes,
    now_s: float,
    config: DispatchConfig = _DEFAULT,
) -> tuple[SetPoint, DispatchState]:
    """The charger's set-point for now, why, and the state to hand back at the next call.

    Powers are signed at the charger's grid side: > 0 charges. Never raises for a strange reading: what is missing,
    stale or no number is treated as not known, and what is not known leads to less power.
    """
    house_w = _house_w(readings, ev_state, now_s, config)
    state = _remember(state, house_w, ev_state, limits, now_s, config)
    view = View(
        now_s=now_s,
        readings=readings,
        ev_state=_sane(ev_state),
        limits=limits,
        wishes=wishes,
        plan=plan,
        step=plan.at(now_s) if plan is not None else None,
        config=config,
        house_w=house_w,
    )
    state = learned(view, state)
    want = wanted(view)
    calm_w, state = steadied(view, state, want)
    held = bounds(view, state, want)
    power_w, _ = cut(calm_w, held, limits.charge_min_w, want.must)
    _, limited_by = cut(want.power_w, held, limits.charge_min_w, want.must)
    limited_by = tuple(reason for reason in limited_by if not _is_own_choice(reason))
    reason = _reason(want, power_w, limited_by)
    command_w, state = commanded(view, state, power_w)
    sign = (power_w > 0) - (power_w < 0)
    state = replace(
        state,
        power_w=power_w,
        at_s=now_s,
        on_surplus=want.surplus and power_w > 0,
        turned_s=now_s if sign else state.turned_s,
        turned_sign=sign or state.turned_sign,
    )
    return (
        SetPoint(
            charger_id=limits.charger.charger_id,
            power_w=round(command_w, 1),
            at_s=now_s,
            expires_s=now_s + min(config.expires_s, 60.0),
            reason=reason,
            limited_by=limited_by,
        ),
        state,
    )


def _house_w(readings: Readings, ev_state: EvState, now_s: float, config: DispatchConfig) -> float | None:
    """Load less solar, from the grid meter less the car; None when meter or charger cannot be trusted."""
    grid_w = readings.grid_w
    if grid_w is None or not math.isfinite(grid_w) or not math.isfinite(ev_state.power_w):
        return None
    age_s = now_s - readings.at_s
    # A reading from the future is a clock that was set: as untrustworthy as an old one.
    if not -config.stale_s <= age_s <= config.stale_s:
        return None
    if ev_state.connected and not abs(now_s - ev_state.at_s) <= config.car_stale_s:
        return None
    return grid_w - ev_state.power_w


def _sane(ev_state: EvState) -> EvState:
    """A state of charge that is no fraction is not known."""
    soc = ev_state.soc
    if soc is None or (math.isfinite(soc) and -0.01 <= soc <= 1.01):
        return ev_state
    return replace(ev_state, soc=None)


def _remember(
    state: DispatchState,
    house_w: float | None,
    ev_state: EvState,
    limits: Limits,
    now_s: float,
    config: DispatchConfig,
) -> DispatchState:
    elapsed_s = 0.0 if state.at_s is None else min(max(now_s - state.at_s, 0.0), 3600.0)
    peak_w = state.house_peak_w
    if house_w is not None:
        # While the meter is silent the peak does not fade: nothing says that the load went away.
        faded_w = (peak_w or 0.0) * math.exp(-elapsed_s * _PEAK_FADE_PER_S)
        peak_w = max(house_w, faded_w)
    soc, reserve = ev_state.soc, limits.reserve_soc.value
    at_reserve = state.at_reserve
    if soc is not None:
        at_reserve = soc <= reserve or (at_reserve and soc < reserve + config.reserve_margin_soc)
    return replace(state, house_peak_w=peak_w, at_reserve=at_reserve)


def _is_own_choice(reason: Reason) -> bool:
    """Keeping the car's energy in the house is a choice, not a limit."""
    return reason.params.get("house_only") == 1.0


def _reason(want: Want, power_w: float, limited_by: tuple[Reason, ...]) -> Reason:
    """The want's reason, unless a limit left nothing of it or turned it round."""
    if limited_by and want.power_w != 0.0 and power_w * want.power_w <= 0.0:
        return limited_by[0]
    if limited_by and want.power_w == 0.0 and power_w != 0.0:
        return limited_by[0]
    if want.reason.code is ReasonCode.HOLD and limited_by:
        return limited_by[0]
    return want.reason
