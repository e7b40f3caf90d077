"""Learn on which phases a charger hangs, from its own steps: the phase that moves when it moves is its phase.

A single-phase charger may hang on any phase of the house, and wiring plans lie. Until its steps have shown it, every
phase counts as the one that carries it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

_STEP_W = 300.0
"""The charger must move by this much between two readings, and nothing else of ours."""
_MOST_W2 = 6e5
"""No step counts for more: one alone may be a coincidence."""
_ENOUGH_W2 = 1.1e6
"""Sum of the steps' squares that makes it known."""
_FADE = 0.98
_LEAST_SHARE = 0.15
"""A phase with less than this of the charger's power does not carry it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseState:
    """Sums over the chargers' steps."""

    read: tuple[float, tuple[float, ...]] | None = None
    """Time and phase powers of the last reading."""
    own_w: Mapping[str, float] = field(default_factory=dict)
    moved: Mapping[str, tuple[float, tuple[float, ...]]] = field(default_factory=dict)
    """By device: sum of its own steps' squares, and of its steps times each phase's."""


def watched(state: PhaseState, phase_w: tuple[float, ...], at_s: float, own_w: Mapping[str, float]) -> PhaseState:
    """The state after a reading by phase; ``own_w`` is what each device took when the meter measured."""
    if state.read is not None and state.read[0] == at_s:
        return state
    after = replace(state, read=(at_s, phase_w), own_w=own_w)
    if state.read is None or len(state.read[1]) != len(phase_w) or state.own_w.keys() != own_w.keys():
        return after
    steps = [(name, own_w[name] - before_w) for name, before_w in state.own_w.items()]
    movers = [(name, step) for name, step in steps if abs(step) > 0.2 * _STEP_W]
    if len(movers) != 1 or abs(movers[0][1]) < _STEP_W:
        return after
    name, step = movers[0]
    squares, products = state.moved.get(name, (0.0, (0.0,) * len(phase_w)))
    moves = zip(products, phase_w, state.read[1], strict=True)
    weight = min(1.0, _MOST_W2 / (step * step))
    sums = (
        squares * _FADE + weight * step * step,
        tuple(p * _FADE + weight * step * (new - old) for p, new, old in moves),
    )
    return replace(after, moved={**state.moved, name: sums})


def shares(
    state: PhaseState, name: str, phases: int, used: int, on_phases: tuple[int, ...]
) -> tuple[float, ...] | None:
    """Which part of a device's power each of the house's ``phases`` carries, summing to 1; None: not known.

    ``used``: how many phases the device has; ``on_phases``: where the installer says that it hangs. What it showed
    itself counts more.
    """
    squares, products = state.moved.get(name, (0.0, ()))
    if squares >= _ENOUGH_W2 and len(products) == phases:
        slopes = [p / squares for p in products]
        if 0.6 <= sum(slopes) <= 1.4:
            carrying = sorted(range(phases), key=lambda i: -slopes[i])[: max(1, used)]
            carrying = [i for i in carrying if slopes[i] >= _LEAST_SHARE]
            return tuple(1.0 / len(carrying) if i in carrying else 0.0 for i in range(phases))
    if used >= phases:
        return (1.0 / phases,) * phases
    known = [i for i in on_phases if 0 <= i < phases]
    if known:
        return tuple(1.0 / len(known) if i in known else 0.0 for i in range(phases))
    return None
