"""The pure function that the engine calls each second, for one charger."""

import math
from dataclasses import dataclass, replace

from energy.dispatch import reaction
from energy.dispatch.bounds import HOUSE_ONLY, bounds, cut, cutting
from energy.dispatch.houses import Device, house_for, is_fresh, is_known, see
from energy.dispatch.steady import steadied
from energy.dispatch.told import at_rest, cut_short, told
from energy.dispatch.trim import commanded, learned
from energy.dispatch.types import DispatchConfig, DispatchState, House, View, Want
from energy.dispatch.wanted import wanted
from energy.frequency import CURVES, Servant, ServiceState, served
from energy.grid_events import GridEventKind
from energy.limits import Limits
from energy.model import Charger, EvState, Readings, Reason, ReasonCode, SetPoint, Wishes
from energy.plan.types import Plan, Step

_PEAK_FADE_PER_S = 1 / 3600.0
"""The remembered peak of the house halves in about 40 minutes."""
_DEFAULT = DispatchConfig()
_NO_SERVICE = ServiceState()


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
    house, state = _house(state, readings, ev_state, limits, now_s, config)
    step = plan.at(now_s) if plan is not None else None
    decided = decide(
        state,
        house=house,
        readings=readings,
        ev_state=ev_state,
        plan=plan,
        step=step,
        limits=limits,
        wishes=wishes,
        now_s=now_s,
        config=config,
    )
    return decided.set_point, decided.state


@dataclass(slots=True)
class Decided:
    """One charger's set-point, and what the others must know of it."""

    set_point: SetPoint
    state: DispatchState
    want: Want
    claim_w: float
    """What it would do if the connection left it all the room: who ranks lower makes way for that."""


def decide(
    state: DispatchState,
    *,
    house: House | None,
    readings: Readings,
    ev_state: EvState,
    plan: Plan | None,
    step: Step | None,
    limits: Limits,
    wishes: Wishes,
    now_s: float,
    config: DispatchConfig,
    others_w: float = 0.0,
) -> Decided:
    """One charger's set-point beside a house that may hold other devices; see ``dispatch``."""
    ev_state = _sane(ev_state)
    state = _at_reserve(state, ev_state, limits, config)
    service = _service(state, house, readings, ev_state, limits, wishes, now_s, config)
    view = View(
        now_s=now_s,
        readings=readings,
        ev_state=ev_state,
        limits=limits,
        wishes=wishes,
        plan=plan,
        step=step,
        config=config,
        house=house,
        house_w=None if house is None else house.follow_w,
        answer_w=service.answer_w,
        others_w=others_w,
    )
    state = learned(view, state)
    want = wanted(view)
    calm_w, state = steadied(view, state, want)
    held = bounds(view, state, want)
    power_w = cut(calm_w, held, limits.charge_min_w, want.must)
    limited_by = cutting(want.power_w, held)
    if limited_by:
        limited_by = told(limited_by, view, want)
    reason = cut_short(_reason(want, power_w, limited_by), limited_by)
    if want.surplus and power_w == 0.0:
        # A surplus too small or too young to start on.
        reason = at_rest(reason, step)
    before_w = state.command_w
    command_w, trim_w, steady_since_s = commanded(view, state, power_w)
    sign = (power_w > 0) - (power_w < 0)
    probe, known = state.probe, state.learned
    if math.isfinite(ev_state.power_w):
        probe, known = reaction.watched(probe, known, ev_state.power_w, min(ev_state.at_s, now_s))
    probe = reaction.started(probe, before_w, command_w, ev_state.power_w, now_s)
    state = replace(
        state,
        power_w=power_w,
        command_w=command_w,
        trim_w=trim_w,
        steady_since_s=steady_since_s,
        house_peak_w=_peak_w(state, house, now_s),
        at_s=now_s,
        on_surplus=want.surplus and power_w > 0,
        turned_s=now_s if sign else state.turned_s,
        turned_sign=sign or state.turned_sign,
        probe=probe,
        learned=known,
        service=service,
        behind=want.behind,
        corrected_wh=state.corrected_wh + _corrected_wh(view, state, power_w),
    )
    lives_s = min(config.expires_s, 60.0)
    if want.ends_s is not None:
        lives_s = min(lives_s, max(want.ends_s - now_s, 1.0))
    set_point = SetPoint(
        charger_id=limits.charger.charger_id,
        power_w=round(command_w, 1),
        at_s=now_s,
        expires_s=now_s + lives_s,
        reason=reason,
        limited_by=limited_by,
    )
    most = min([b.value for b in held.charge])
    least = max([b.value for b in held.discharge if b.reason is not HOUSE_ONLY])
    return Decided(set_point, state, want, min(max(want.power_w, min(least, 0.0)), max(most, 0.0)))


def _house(
    state: DispatchState,
    readings: Readings,
    ev_state: EvState,
    limits: Limits,
    now_s: float,
    config: DispatchConfig,
) -> tuple[House | None, DispatchState]:
    """The house as one charger alone meets it; None when meter or charger cannot be trusted."""
    if not is_fresh(readings, now_s, config) or not is_known(ev_state, now_s, config):
        return None, state
    device = device_of(limits.charger, ev_state)
    seen, metered, phased = see(state.meter, state.phases, readings, (device,), now_s, config)
    return house_for(seen, device.name), replace(state, meter=metered, phases=phased)


def device_of(charger: Charger, ev_state: EvState) -> Device:
    """A charger as the meter's reading is taken apart."""
    return Device(
        name=charger.charger_id,
        power_w=ev_state.power_w,
        at_s=ev_state.at_s,
        phases=charger.phases,
        on_phases=charger.on_phases,
    )


def _service(
    state: DispatchState,
    house: House | None,
    readings: Readings,
    ev_state: EvState,
    limits: Limits,
    wishes: Wishes,
    now_s: float,
    config: DispatchConfig,
) -> ServiceState:
    held = limits.asks.get(GridEventKind.FREQUENCY)
    if held is None or not ev_state.connected or wishes.paused or house is None:
        return _NO_SERVICE
    at_s = readings.frequency_at_s if readings.frequency_at_s is not None else readings.at_s
    stale_s = config.frequency_stale_s if readings.frequency_at_s is not None else config.stale_s
    charger, known = limits.charger, state.learned
    servant = Servant(
        reaction_s=charger.reaction_s if known.reaction_s is None else known.reaction_s,
        ramp_w_per_s=charger.ramp_w_per_s if known.ramp_w_per_s is None else known.ramp_w_per_s,
        capacity_wh=ev_state.ev.capacity_wh,
        soc=ev_state.soc,
        reserve_soc=limits.reserve_soc.value,
    )
    return served(
        state.service,
        config.curve or CURVES["fcr"],
        servant,
        frequency_hz=readings.frequency_hz,
        fresh=abs(now_s - at_s) <= stale_s,
        power_w=held.value,
        now_s=now_s,
    )


def _corrected_wh(view: View, state: DispatchState, power_w: float) -> float:
    """Energy since the last call by which the set-point departs from the plan, Wh ≥ 0."""
    step = view.step
    if step is None or not step.present or not view.ev_state.connected or state.at_s is None:
        return 0.0
    elapsed_s = min(max(view.now_s - state.at_s, 0.0), 60.0)
    return abs(power_w - step.ev_w) * elapsed_s / 3600.0


def _sane(ev_state: EvState) -> EvState:
    """A state of charge that is no fraction is not known."""
    soc = ev_state.soc
    if soc is None or (math.isfinite(soc) and -0.01 <= soc <= 1.01):
        return ev_state
    return replace(ev_state, soc=None)


def _peak_w(state: DispatchState, house: House | None, now_s: float) -> float | None:
    """The highest house of late, fading; while the meter is silent nothing says that the load went away."""
    if house is None:
        return state.house_peak_w
    elapsed_s = 0.0 if state.at_s is None else min(max(now_s - state.at_s, 0.0), 3600.0)
    return max(house.most_w, (state.house_peak_w or 0.0) * math.exp(-elapsed_s * _PEAK_FADE_PER_S))


def _at_reserve(state: DispatchState, ev_state: EvState, limits: Limits, config: DispatchConfig) -> DispatchState:
    soc, reserve = ev_state.soc, limits.reserve_soc.value
    if soc is None:
        return state
    at_reserve = soc <= reserve or (state.at_reserve and soc < reserve + config.reserve_margin_soc)
    return state if at_reserve == state.at_reserve else replace(state, at_reserve=at_reserve)


def _reason(want: Want, power_w: float, limited_by: tuple[Reason, ...]) -> Reason:
    """The want's reason, unless a limit left nothing of it or turned it round."""
    if limited_by and want.power_w != 0.0 and power_w * want.power_w <= 0.0:
        return limited_by[0]
    if limited_by and want.power_w == 0.0 and power_w != 0.0:
        return limited_by[0]
    if want.reason.code is ReasonCode.HOLD and limited_by:
        return limited_by[0]
    return want.reason
