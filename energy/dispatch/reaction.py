"""Learn how long the charger takes: from a command to its first watt, and how fast its power then moves.

Only a sharp step teaches: a command that jumps and then stands until the power is there. What was learned decides
which services a home may offer, so it is measured at the charger, never taken from a data sheet.
"""

from dataclasses import dataclass, replace

STEP_W = 800.0
"""A command must jump by this much to teach."""
_STANDS_W = 150.0
"""… and then change by less than this until the power is there."""
_FIRST_SHARE, _LAST_SHARE = 0.1, 0.9
_LONGEST_S = 40.0
_WEIGHT = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What a charger has shown of itself; None: nothing yet."""

    reaction_s: float | None = None
    """From a set-point to the first tenth of its step, s."""
    ramp_w_per_s: float | None = None
    steps: int = 0
    """How many steps have taught it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One step of the command that is being watched."""

    at_s: float
    from_w: float
    to_w: float
    there: bool = False
    """Has the first tenth of the step been seen?"""
    steepest: float = 0.0
    """Fastest move towards the step so far, W/s."""
    seen: tuple[float, float] | None = None
    """Time and power of the sample before."""


def started(probe: Probe | None, before_w: float, command_w: float, power_w: float, now_s: float) -> Probe | None:
    """The probe after a new command: a sharp step from rest begins one, a further change ends it."""
    if probe is not None and abs(command_w - probe.to_w) <= _STANDS_W:
        return probe
    at_rest = abs(power_w - before_w) <= max(200.0, 0.15 * abs(before_w))
    if abs(command_w - before_w) >= STEP_W and at_rest:
        return Probe(at_s=now_s, from_w=power_w, to_w=command_w, seen=(now_s, power_w))
    return None


def watched(probe: Probe | None, learned: Learned, power_w: float, at_s: float) -> tuple[Probe | None, Learned]:
    """The probe and what is known after the charger's own figure ``power_w`` of ``at_s``."""
    if probe is None or probe.seen is None or at_s <= probe.seen[0]:
        return probe, learned
    if at_s - probe.at_s > _LONGEST_S:
        return None, learned
    span_w = probe.to_w - probe.from_w
    share = (power_w - probe.from_w) / span_w
    # Between two looks it may have been quicker: the steepest stretch is what is sure.
    steepest = max(probe.steepest, (power_w - probe.seen[1]) / span_w * abs(span_w) / (at_s - probe.seen[0]))
    there = probe.there
    if not there and share >= _FIRST_SHARE:
        there = True
        # By the sample that shows it: what is promised to a grid must not be hoped for between two looks.
        took_s = at_s - probe.at_s
        learned = replace(learned, reaction_s=_mean(learned.reaction_s, took_s), steps=learned.steps + 1)
    if there and share >= _LAST_SHARE:
        return None, replace(learned, ramp_w_per_s=_mean(learned.ramp_w_per_s, steepest))
    return replace(probe, there=there, steepest=steepest, seen=(at_s, power_w)), learned


def _mean(old: float | None, new: float) -> float:
    return new if old is None else old + _WEIGHT * (new - old)
