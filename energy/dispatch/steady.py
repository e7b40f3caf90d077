"""Against flapping: slow starts on surplus, rest between directions, ramps away from 0. Towards 0 nothing waits."""

from dataclasses import replace

from energy.dispatch.types import DispatchState, View, Want


def steadied(view: View, state: DispatchState, want: Want) -> tuple[float, DispatchState]:
    """The wanted power, calmed, and what to remember."""
    power_w, state = _surplus_power(view, state, want)
    if want.at_once:
        return power_w, state
    power_w = _rested(view, state, power_w)
    return _ramped(view, state, power_w), state


def _surplus_power(view: View, state: DispatchState, want: Want) -> tuple[float, DispatchState]:
    """A charger with a least power starts only on a lasting surplus and rides out a passing cloud."""
    least_w = view.limits.charge_min_w
    if not want.surplus or least_w <= 0:
        if state.surplus_since_s is not None or state.lack_since_s is not None:
            state = replace(state, surplus_since_s=None, lack_since_s=None)
        return want.power_w, state
    config, now_s = view.config, view.now_s
    enough = want.power_w >= least_w
    since = (state.surplus_since_s if state.surplus_since_s is not None else now_s) if enough else None
    lack = None if enough else (state.lack_since_s if state.lack_since_s is not None else now_s)
    state = replace(state, surplus_since_s=since, lack_since_s=lack)
    if state.power_w > 0 and (state.on_surplus or enough):
        rides_on = lack is None or now_s - lack < config.surplus_stop_s
        return (max(want.power_w, least_w) if rides_on else 0.0), state
    starts = since is not None and now_s - since >= config.surplus_start_s
    return (want.power_w if starts else 0.0), state


def _rested(view: View, state: DispatchState, power_w: float) -> float:
    sign = (power_w > 0) - (power_w < 0)
    turns = sign * state.turned_sign < 0
    return 0.0 if turns and view.now_s - state.turned_s < view.config.turn_s else power_w


def _ramped(view: View, state: DispatchState, power_w: float) -> float:
    last_w = state.power_w
    if abs(power_w - last_w) < view.config.settle_w and power_w * last_w > 0:
        return last_w
    elapsed_s = 1.0 if state.at_s is None else min(max(view.now_s - state.at_s, 0.0), 5.0)
    most = view.config.ramp_w_per_s * elapsed_s
    least_w = view.limits.charge_min_w
    if power_w > max(last_w, 0.0):
        return min(power_w, max(max(last_w, 0.0) + most, least_w))
    if power_w < min(last_w, 0.0):
        return max(power_w, min(last_w, 0.0) - most)
    return power_w
