"""The account of one service to the grid: what was asked, what would have been, what came, and how soon.

Folded moment by moment, so that it stands at any time and after a restart is the same again. Two shapes settle every
kind of ask: a set-point is to be met, a ceiling is not to be passed. Power of one direction is signed so that asked
and delivered compare; for a limit of export or of discharge the caller turns the sign of all three.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

STEP_W = 200.0
"""A change of what is asked by less than this is no step whose answer is timed."""
ANSWERED_SHARE = 0.9
"""A step is answered when so much of it is there."""
LONGEST_GAP_S = 5.0
"""Time without a moment beyond this counts as not available."""
GRACE_S = 60.0
"""So long a step that is being answered is timed; after that, what is missing counts as not kept."""
_CEILING_TOLERANCE_W = 50.0
_SETPOINT_TOLERANCE_W, _SETPOINT_TOLERANCE_SHARE = 100.0, 0.05


class Shape(StrEnum):
    """How power compares with what is asked."""

    SETPOINT = "setpoint"
    CEILING = "ceiling"


class Baseline(StrEnum):
    """What would have been, and how that is known."""

    CHARGE_ON_ARRIVAL = "charge_on_arrival"
    """The same house, sun and trips at that moment, with a car that charges at full power from its arrival on and
    never discharges."""
    BASE_POINT = "base_point"
    """What the same car did at that moment beside the answer: the set-point less the answer to frequency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One look at a service, W signed."""

    at_s: float
    asked_w: float
    baseline_w: float
    power_w: float
    able: bool = True
    """Could it be served: instruments fresh, car there, not refused?"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step of what was asked that is being answered."""

    at_s: float
    from_w: float
    to_w: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAccount:
    """What settles one event."""

    shape: Shape
    baseline: Baseline
    asked_wh: float = 0.0
    """Change against the baseline that was asked, ≥ 0 …"""
    delivered_wh: float = 0.0
    """… and that came; more than asked does not count."""
    baseline_wh: float = 0.0
    energy_wh: float = 0.0
    """What flowed, signed."""
    span_s: float = 0.0
    able_s: float = 0.0
    over_s: float = 0.0
    """Time beyond a ceiling, or away from a set-point whose step was answered."""
    worst_w: float = 0.0
    """Farthest beyond the ceiling, or away from the set-point after its answer."""
    overshoot_w: float = 0.0
    """Farthest past a set-point, in the direction of its step."""
    answered: int = 0
    """Steps that were answered, and how soon: """
    response_s: float | None = None
    """Of the slowest of them, from the ask to nine tenths of the step."""
    response_sum_s: float = 0.0
    unanswered: int = 0
    """Steps that another step or the end overtook."""
    step: Step | None = None
    last_step: Step | None = None
    last: Moment | None = None

    @property
    def share(self) -> float | None:
        """Delivered part of what was asked, 0..1; None: nothing was asked."""
        return self.delivered_wh / self.asked_wh if self.asked_wh > 1e-6 else None

    @property
    def availability(self) -> float | None:
        """Part of the time in which it could be served, 0..1; None: it has not begun."""
        return self.able_s / self.span_s if self.span_s > 0.0 else None

    @property
    def mean_response_s(self) -> float | None:
        """Mean over all answered steps."""
        return self.response_sum_s / self.answered if self.answered else None


def counted(account: ServiceAccount, moment: Moment) -> ServiceAccount:
    """The account with one more moment; one that is not later than the last changes nothing."""
    last = account.last
    if last is not None and moment.at_s <= last.at_s:
        return account
    account = _timed(account, moment)
    if last is None:
        return replace(account, last=moment)
    gap_s = moment.at_s - last.at_s
    dt_s = min(gap_s, LONGEST_GAP_S)
    asked_w, came_w = _change(account.shape, moment)
    away_w = _away_w(account, moment)
    tolerance_w = _CEILING_TOLERANCE_W
    if account.shape is Shape.SETPOINT:
        tolerance_w = max(_SETPOINT_TOLERANCE_W, _SETPOINT_TOLERANCE_SHARE * abs(moment.asked_w))
    hours = dt_s / 3600.0
    return replace(
        account,
        asked_wh=account.asked_wh + asked_w * hours,
        delivered_wh=account.delivered_wh + came_w * hours,
        baseline_wh=account.baseline_wh + moment.baseline_w * hours,
        energy_wh=account.energy_wh + moment.power_w * hours,
        span_s=account.span_s + gap_s,
        able_s=account.able_s + (dt_s if moment.able else 0.0),
        over_s=account.over_s + (dt_s if away_w > tolerance_w else 0.0),
        worst_w=max(account.worst_w, away_w),
        overshoot_w=max(account.overshoot_w, _overshoot_w(account, moment)),
        last=moment,
    )


def closed(account: ServiceAccount) -> ServiceAccount:
    """The account at the event's end: a step that is still open was not answered."""
    return account if account.step is None else replace(account, step=None, unanswered=account.unanswered + 1)


def _timed(account: ServiceAccount, moment: Moment) -> ServiceAccount:
    """Begin, go on with, or end the timing of a step."""
    last, step = account.last, account.step
    if last is None or abs(moment.asked_w - last.asked_w) >= STEP_W:
        from_w = moment.power_w if last is None else last.power_w
        needs_w = moment.asked_w - from_w
        if account.shape is Shape.CEILING:
            needs_w = min(needs_w, 0.0)
        overtaken = account.unanswered + (step is not None)
        begun = Step(at_s=moment.at_s, from_w=from_w, to_w=moment.asked_w) if abs(needs_w) >= STEP_W else None
        account, step = replace(account, step=begun, unanswered=overtaken), begun
    if step is None:
        return account
    progress = (moment.power_w - step.from_w) / (step.to_w - step.from_w)
    if progress < ANSWERED_SHARE:
        return account
    took_s = moment.at_s - step.at_s
    return replace(
        account,
        step=None,
        last_step=step,
        answered=account.answered + 1,
        response_s=took_s if account.response_s is None else max(account.response_s, took_s),
        response_sum_s=account.response_sum_s + took_s,
    )


def _change(shape: Shape, moment: Moment) -> tuple[float, float]:
    """(change against the baseline that is asked, and what of it came), W ≥ 0."""
    wanted_w = moment.asked_w - moment.baseline_w
    if shape is Shape.CEILING:
        wanted_w = min(wanted_w, 0.0)
    came_w = (moment.power_w - moment.baseline_w) * (1.0 if wanted_w >= 0.0 else -1.0)
    return abs(wanted_w), min(max(came_w, 0.0), abs(wanted_w))


def _away_w(account: ServiceAccount, moment: Moment) -> float:
    if account.step is not None and moment.at_s - account.step.at_s <= GRACE_S:
        return 0.0
    if account.shape is Shape.CEILING:
        return max(0.0, moment.power_w - moment.asked_w)
    return abs(moment.power_w - moment.asked_w)


def _overshoot_w(account: ServiceAccount, moment: Moment) -> float:
    step = account.last_step
    if step is None or account.shape is Shape.CEILING or abs(moment.asked_w - step.to_w) > STEP_W:
        return 0.0
    return max(0.0, (moment.power_w - moment.asked_w) * (1.0 if step.to_w > step.from_w else -1.0))
