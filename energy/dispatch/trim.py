"""Learn how far the charger misses its set-point, and ask for that much more or less.

Commercial V2G chargers have been measured to miss by −740 to +440 W at full power (DTU): untrimmed, feeding the house
would export, and a fuse would be passed by a charger that takes more than it is told.
"""

from dataclasses import replace

from energy.dispatch.types import DispatchState, View

_STEADY_W = 100.0
"""A command that changed by less is the same command."""
_SETTLE_S = 3.0
"""Beside the charger's own reaction time."""
_LEARN_S = 8.0
_MOST_W = 800.0
_MOST_SHARE = 0.15
"""A larger miss is no bias: the car tapers, pauses or does not follow."""


def learned(view: View, state: DispatchState) -> DispatchState:
    """The state with what the last command and the measured power teach."""
    command_w, measured_w = state.command_w, view.ev_state.power_w
    fresh = abs(view.now_s - view.ev_state.at_s) <= view.config.stale_s
    settled = view.now_s - state.steady_since_s >= view.limits.charger.reaction_s + _SETTLE_S
    if state.at_s is None or not fresh or not settled or command_w * measured_w <= 0:
        return state
    miss_w = command_w - measured_w
    if abs(miss_w) > max(300.0, _MOST_SHARE * abs(command_w)):
        return state
    share = min(1.0, max(0.0, view.now_s - state.at_s) / _LEARN_S)
    trim_w = state.trim_w + share * (miss_w - state.trim_w)
    trim_w = min(max(trim_w, -_MOST_W), _MOST_W)
    return state if trim_w == state.trim_w else replace(state, trim_w=trim_w)


def commanded(view: View, state: DispatchState, power_w: float) -> tuple[float, float, float]:
    """The command that makes the charger deliver ``power_w``, within its bounds; the trim; since when it stands."""
    turned = power_w * state.command_w <= 0
    trim_w = 0.0 if turned else state.trim_w
    command_w = 0.0
    if power_w > 0:
        most_w = view.limits.charge_w.value
        command_w = min(max(power_w + trim_w, view.limits.charge_min_w), max(most_w, 0.0))
    elif power_w < 0:
        command_w = min(max(power_w + trim_w, -view.limits.discharge_w.value), 0.0)
    changed = turned or abs(command_w - state.command_w) > _STEADY_W
    since_s = view.now_s if changed else state.steady_since_s
    return command_w, trim_w, since_s
