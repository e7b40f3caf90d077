"""Joins the plan's desk to one session: the schedule is ready when a car asks, and what is to be done is passed on."""

import logging
from collections.abc import Callable

from app.clock import Clock
from app.drivers.charger_plan import Act, PlanDesk, Situation
from app.drivers.charger_session import PAUSED, V20, SessionPicture
from energy.plan.types import Plan
from protocols import iso15118 as iso

log = logging.getLogger(__name__)


class PlanFollower:
    """Reads the session's picture, writes to the charger's ``Evse``."""

    def __init__(
        self, desk: PlanDesk, evse: iso.Evse, picture: SessionPicture, clock: Clock, wake: Callable[[], None]
    ) -> None:
        """``clock`` is home time."""
        self._desk = desk
        self._evse = evse
        self._picture = picture
        self._clock = clock
        self._wake = wake
        self._scheduled = False
        self._protocol: iso.ProtocolName | None = None

    def plan_changed(self, plan: Plan) -> None:
        """The home has a new plan."""
        self._desk.plan_changed(plan)
        self._offer()

    def take(self, event: iso.Event) -> None:
        """One event of the session, after the picture has taken it."""
        match event:
            case iso.ProtocolChosen(protocol=protocol):
                self._protocol = protocol
            case iso.ServiceSelected(control_mode=mode):
                self._scheduled = mode is iso.ControlMode.SCHEDULED
                self._offer()
            case iso.NeedsReceived():
                # The answer is on its way with the schedule that stood.
                self._desk.exchanged()
            case iso.SessionEnded():
                self._desk.session_over()
            case _:
                pass

    def follow(self, power_w: float, *, in_session: bool) -> None:
        """The dispatch's newest set-point: what does it, with the plan, ask of the session?"""
        self._offer()
        state = self._picture.now.state
        situation = Situation(
            charging=in_session and state == iso.State.CHARGE_LOOP,
            scheduled=self._scheduled,
            paused=state == PAUSED and not in_session,
            pauses=self._protocol in V20,
        )
        act = self._desk.act(situation, power_w, self._clock.now_s())
        if act is None:
            return
        log.info("the plan asks of the session: %s", act)
        asked = self._evse.notification
        if act is Act.WAKE:
            self._wake()
        elif act is Act.NOT_PAUSE and asked is iso.Notification.Pause:
            self._evse.notification = None
        elif act in _NOTIFICATIONS and asked is None:
            self._evse.notify(_NOTIFICATIONS[act])

    def _offer(self) -> None:
        """Have the schedule that holds from now on ready for a car that asks."""
        now_s = self._clock.now_s()
        schedule = self._desk.schedule(now_s, discharge=self._picture.now.ev.can_discharge)
        if schedule is not None:
            self._evse.offer_schedules(schedule)
        self._evse.mobility = self._desk.mobility(now_s)


_NOTIFICATIONS = {
    Act.PAUSE: iso.Notification.Pause,
    Act.RENEGOTIATE: iso.Notification.ScheduleRenegotiation,
}
