"""What the home's plan asks of a session: schedules offered and renegotiated, a car sent to sleep and woken.

Pure: home time is an argument, what is to be done is the answer. In Scheduled mode the schedule says what may flow, and
the dispatch's set-point, told in each turn of the loop, what shall flow now; the car takes the lesser of the two. So a
fuse or a grid event acts at once, in either mode, and what the plan did not foresee is renegotiated.
"""

from dataclasses import dataclass
from enum import StrEnum

from app.drivers.charger_schedule import IDLE_W, Offer, difference_wh, idle_until_s, offer
from energy.plan.types import Plan, PromiseKind
from protocols import iso15118 as iso

MATERIAL_WH = 1_000.0
"""A plan that differs by more than this over the coming hours is worth a renegotiation."""
LOOK_AHEAD_S = 12 * 3600.0
RENEGOTIATE_EVERY_S = 300.0
RUNS_OUT_S = 3600.0
"""A schedule that ends sooner than this is renewed, if the plan goes further."""
IDLE_FOR_S = 1800.0
"""Power that is wanted again within half an hour is not worth a pause."""
PAUSE_WAIT_S = 60.0
PAUSE_EVERY_S = 3600.0
"""A car that did not pause when it was asked to is asked again after this long."""
WAKE_EVERY_S = 300.0


class Act(StrEnum):
    """What is to be done with the session."""

    RENEGOTIATE = "renegotiate"
    PAUSE = "pause"
    NOT_PAUSE = "not_pause"
    """The car did not pause in time, or power is wanted again: ask no longer."""
    WAKE = "wake"


@dataclass(frozen=True, slots=True)
class Situation:
    """Where the session stands."""

    charging: bool
    """In its charge loop."""
    scheduled: bool
    paused: bool
    pauses: bool = True
    """Does its protocol let the charger ask for a pause?"""


class PlanDesk:
    """One charger's plan."""

    def __init__(self, currency: str, limits: iso.Limits, *, pause_when_idle: bool) -> None:
        self._currency = currency
        self._limits = limits
        self._pauses = pause_when_idle
        self._plan: Plan | None = None
        self._offer: Offer | None = None
        self._agreed: Offer | None = None
        self._asked_s = float("-inf")
        self._pause_asked_s: float | None = None
        self._pause_after_s = float("-inf")
        self._woke_s = float("-inf")

    def plan_changed(self, plan: Plan) -> None:
        """A new plan is in force."""
        self._plan, self._offer = plan, offer(plan, self._currency, self._limits)

    def schedule(self, now_s: float, *, discharge: bool) -> iso.Schedule | None:
        """What to offer a car that asks now; None: there is no plan."""
        return self._offer.schedule(now_s, discharge=discharge) if self._offer is not None else None

    def mobility(self, now_s: float) -> iso.EnergyNeeds | None:
        """What the home promised its driver, for a car that leaves it to the charger to know; None: nothing."""
        promises = self._plan.promises if self._plan is not None else ()
        coming = [p for p in promises if p.kind is PromiseKind.DEPARTURE and p.deadline_s > now_s]
        if not coming:
            return None
        first = min(coming, key=lambda promise: promise.deadline_s)
        reserve = max((p.wanted for p in promises if p.kind is PromiseKind.RESERVE), default=None)
        return iso.EnergyNeeds(
            departure_in_s=first.deadline_s - now_s,
            target_soc=first.wanted,
            min_soc=None if reserve is None else min(reserve, first.wanted),
        )

    def exchanged(self) -> None:
        """The car has been given the schedule that stood."""
        self._agreed = self._offer

    def session_over(self) -> None:
        """Forget what was agreed."""
        self._agreed, self._pause_asked_s = None, None
        self._asked_s = self._pause_after_s = float("-inf")

    def act(self, situation: Situation, power_w: float, now_s: float) -> Act | None:
        """What to do now; ``power_w`` is the dispatch's set-point. Each answer is given once."""
        if situation.paused:
            return self._wake(power_w, now_s)
        if not situation.charging:
            return None
        act = self._pause(power_w, now_s) if situation.pauses else None
        return act or (self._renegotiate(now_s) if situation.scheduled else None)

    def _wake(self, power_w: float, now_s: float) -> Act | None:
        wanted = abs(power_w) > IDLE_W
        if not wanted or now_s - self._woke_s < WAKE_EVERY_S:
            return None
        self._woke_s = now_s
        return Act.WAKE

    def _pause(self, power_w: float, now_s: float) -> Act | None:
        if not self._pauses or self._plan is None:
            return None
        idle = abs(power_w) <= IDLE_W and idle_until_s(self._plan, now_s) - now_s >= IDLE_FOR_S
        if self._pause_asked_s is not None:
            if idle and now_s - self._pause_asked_s < PAUSE_WAIT_S:
                return None
            self._pause_asked_s = None
            return Act.NOT_PAUSE
        if not idle or now_s < self._pause_after_s:
            return None
        self._pause_asked_s, self._pause_after_s = now_s, now_s + PAUSE_EVERY_S
        return Act.PAUSE

    def _renegotiate(self, now_s: float) -> Act | None:
        agreed, new = self._agreed, self._offer
        if new is None or agreed is new or now_s - self._asked_s < RENEGOTIATE_EVERY_S:
            return None
        # A car that was told of no plan got the charger's limits for a day: every plan is news to it.
        if agreed is not None:
            to_s = min(now_s + LOOK_AHEAD_S, agreed.end_s, new.end_s)
            apart_wh = difference_wh(agreed.rooms, new.rooms, now_s, to_s)
            runs_out = agreed.end_s - now_s < RUNS_OUT_S < new.end_s - now_s
            if apart_wh < MATERIAL_WH and not runs_out:
                return None
        self._asked_s = now_s
        return Act.RENEGOTIATE
