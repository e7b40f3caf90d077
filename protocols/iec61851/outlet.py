"""The charger's side of the control pilot, sans-I/O: time is an argument, seconds of one steady clock.

    outlet = Outlet(OutletConfig(basic=True))
    outlet.measured(Pilot.B, now)            # each reading of the pilot, of the mirror contact, of the current
    outlet.session_began(now); outlet.power(True, now); outlet.session_ended(now, proper=True)
    outlet.offer(16.0, now)                  # A a phase for basic charging; 0: nothing now
    set_pilot(outlet.duty); set_contactor(outlet.contactor)
    call outlet.on_timer(now) at outlet.next_timer(); while (event := outlet.next_event()) is not None: ...

A digital session is offered first (5 %); where none comes in time the offer is repeated after a step through state F,
and at last, where ``basic`` is allowed, the duty cycle tells a current. The contactor follows the car's state at once:
what opens it within the standard's 100 ms is that ``contactor`` is False as soon as the reading is told. Who drives
the hardware over a slow wire leaves that to the hardware as well.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from protocols.iec61851.duty import MIN_A, STATE_F, duty_for
from protocols.iec61851.pilot import READY, WITH_CAR, Pilot
from protocols.iec61851.table import FACES, ROWS, Closes, OutletState, When
from protocols.iec61851.timings import PilotTimings

GREED, GREED_A = 1.1, 1.0
"""A car takes too much beyond this factor of the offer and this much more: a meter and its car differ a little."""

SEEN_BEFORE_FAULT = 2
"""Earlier readings that must have contradicted the contactor's command as well."""


@dataclass(frozen=True, slots=True)
class OutletConfig:
    """What this outlet offers."""

    digital: bool = True
    basic: bool = True
    ventilation: bool = False
    """Is the room ventilated (or the car outdoors), so that state D may charge?"""
    timings: PilotTimings = field(default_factory=PilotTimings)


@dataclass(frozen=True, slots=True)
class OutletEvent:
    """Base of what an outlet tells."""

    time_s: float


@dataclass(frozen=True, slots=True)
class OutletChanged(OutletEvent):
    """The outlet went on to another state."""

    state: OutletState
    previous: OutletState
    why: When


@dataclass(frozen=True, slots=True)
class ContactorFailed(OutletEvent):
    """The mirror contact contradicts the command. ``welded``: told to open, still closed; else it does not close."""

    welded: bool


@dataclass(frozen=True, slots=True)
class CarTakesTooMuch(OutletEvent):
    """Basic charging: the car did not follow the duty cycle within the standard's time."""

    current_a: float
    offered_a: float


@dataclass(slots=True)
class _Visit:
    """What belongs to the car on the cable, and is forgotten with it."""

    tries: int
    """Steps through state F that are left."""
    nudges: int = 0
    """Edges that are left for a basic car that does not take what it is offered."""
    ended: When | None = None
    """How its last session ended."""
    wake: bool = False
    retry: bool = False
    greedy: bool = False
    """It took too much, or was told to stop: it is offered nothing more."""
    stuck: bool = False
    """The contactor did not close for it."""


class Outlet:
    """One outlet's pilot."""

    def __init__(self, config: OutletConfig | None = None) -> None:
        self.config = config or OutletConfig()
        self.state = OutletState.VACANT
        self.pilot: Pilot | None = None
        """The last state that was clear; None: nothing measured yet."""
        self.faults: dict[str, str] = {}
        """What makes the charger unavailable, and a sentence on it."""
        self.offered_a = 0.0
        """What the duty cycle tells now in basic charging, A a phase."""
        self._times = self.config.timings
        self._events: deque[OutletEvent] = deque()
        self._due: dict[str, float] = {}
        self._wanted_a = 0.0
        self._offer_changed_s = float("-inf")
        self._signal_changed_s: float | None = None
        self._contradicted: tuple[float, int] | None = None
        self._bad = False
        self._session = False
        self._power = False
        self._waited = self._expired = False
        self._visit = _Visit(self._times.digital_tries)

    # What it shows.

    @property
    def duty(self) -> float:
        """What to put on the pilot: a fraction; 1.0 is X1, 0.0 state F."""
        shown = FACES[self.state].duty
        return duty_for(self.offered_a) if shown is None else shown

    @property
    def contactor(self) -> bool:
        """Whether the contactor shall be closed."""
        closes = FACES[self.state].closes
        if closes is Closes.NOBODY or self._visit.stuck or not self._wants():
            return False
        return closes is Closes.CAR or self._power

    @property
    def connected(self) -> bool:
        """Is a car on the cable?"""
        return self.pilot in WITH_CAR

    @property
    def stuck(self) -> bool:
        """Did the contactor not close for this car?"""
        return self._visit.stuck

    @property
    def finished(self) -> bool:
        """Is this car offered nothing more, until it is unplugged?"""
        return self._visit.greedy

    @property
    def basic(self) -> bool:
        """Does the duty cycle steer the car, for want of a digital session?"""
        return self.state in _BASIC

    def next_timer(self) -> float | None:
        """When to call ``on_timer``; None: nothing is waited for."""
        return min(self._due.values(), default=None)

    def next_event(self) -> OutletEvent | None:
        """The next thing to tell; None: all is told."""
        return self._events.popleft() if self._events else None

    # What it is told.

    def measured(self, pilot: Pilot | None, now: float, *, diode: bool | None = None) -> None:
        """One reading of the pilot; None (between bands, or the wire is silent) leaves the last one standing."""
        if pilot is None:
            return
        if self._signal_changed_s is None:
            # What it shows before it was ever told is not ours to judge.
            self._signal_changed_s = now
        error = pilot in (Pilot.E, Pilot.F)
        ours = self.duty == STATE_F or now - self._signal_changed_s < self._times.settle_s
        if error and ours:
            return
        self._bad = error or diode is False
        if self._bad and self.state is OutletState.BROKEN:
            self._start("state", self._times.recover_s, now)
        if not error:
            self.pilot = pilot
            self._waited = self._waited or pilot is Pilot.B
        self._settle(now)

    def mirror(self, closed: bool | None, now: float) -> None:
        """One reading of the contactor's mirror contact; None where there is none.

        A fault must be seen in several readings: one may be older than the command it seems to contradict.
        """
        if closed is None or closed is self.contactor:
            self._contradicted = None
            return
        since_s, seen = self._contradicted or (now, 0)
        self._contradicted = (since_s, seen + 1)
        if seen < SEEN_BEFORE_FAULT or now - since_s < (self._times.mirror_s if closed else self._times.close_s):
            return
        self._contradicted = None
        self._events.append(ContactorFailed(now, welded=closed))
        if closed:
            self.break_down("contactor", "the contactor is welded: it does not open", now)
        else:
            self._visit.stuck = True
            self._settle(now)

    def flows(self, current_a: float, now: float) -> None:
        """The most that the car takes in any phase, A. Beyond the offer it is stopped, after its time to follow."""
        allowed_a = self.offered_a * GREED + GREED_A
        late = now - self._offer_changed_s > self._times.duty_reaction_s
        if self.state is OutletState.CHARGING and late and current_a > allowed_a and not self._visit.greedy:
            self._visit.greedy = True
            self._events.append(CarTakesTooMuch(now, current_a, self.offered_a))
            self._settle(now)

    def offer(self, current_a: float, now: float) -> None:
        """Offer this much for basic charging, A a phase (below 6: nothing). Less holds at once; more waits until the
        car had its time to follow the last change.
        """
        self._wanted_a = current_a if current_a >= MIN_A else 0.0
        self._follow_offer(now)
        self._settle(now)

    def session_began(self, now: float) -> None:
        """A digital session commands from here on."""
        self._session, self._power, self._visit.ended = True, False, None
        self._settle(now)

    def session_ended(self, now: float, *, proper: bool, may_take: bool = False) -> None:
        """The session is over; the contactor opens at once, unless it broke while the car ``may_take`` current (AC):
        then the car has its 6 s to stop first.
        """
        taking = self.contactor and may_take and not proper
        self._session, self._power = False, False
        self._visit.ended = When.ENDED if proper else When.BROKE_TAKING if taking else When.BROKE
        self._visit.retry = taking
        self._settle(now)

    def matched(self, now: float) -> None:
        """The car's modem has found ours: its session has some time to begin."""
        if self.state is OutletState.OFFERING:
            self._start("state", self._times.session_s, now)

    def unmatched(self, now: float) -> None:
        """No modem was found: what would follow when the time is up follows now."""
        if self.state is OutletState.OFFERING:
            self._start("state", 0.0, now)

    def power(self, on: bool, now: float) -> None:
        """The session asks for power, or no longer."""
        self._power = on and self._session
        self._settle(now)

    def wake(self, now: float) -> None:
        """Power is wanted of a car that may sleep: B1 to B2, through X1 or F where the oscillator runs already."""
        self._visit.tries = max(self._visit.tries, 1)
        self._visit.nudges = max(self._visit.nudges, 1)
        self._visit.wake = self.state is OutletState.RESTING
        if self.state in (OutletState.OFFERING, OutletState.READY):
            self._start("state", 0.0, now)
        self._settle(now)

    def finish(self, now: float) -> None:
        """Basic charging: offer this car nothing more, until it is unplugged."""
        self._visit.greedy = True
        self._settle(now)

    def break_down(self, what: str, why: str, now: float) -> None:
        """The charger has a fault: state F, contactor open, until ``mend`` is told the same ``what``."""
        self.faults[what] = why
        self._power = False
        self._settle(now)

    def mend(self, what: str, now: float) -> None:
        """This fault is gone."""
        self.faults.pop(what, None)
        self._settle(now)

    def retry(self, now: float) -> None:
        """Close the contactor again for a car for which it did not."""
        self._visit.stuck = False
        self._settle(now)

    def on_timer(self, now: float) -> None:
        """Call at ``next_timer``; more often does no harm."""
        due = {name for name, at_s in self._due.items() if at_s <= now}
        for name in due:
            del self._due[name]
        self._expired = self._expired or "state" in due
        if "duty" in due:
            self._follow_offer(now)
        self._settle(now)

    # How it decides.

    def _settle(self, now: float) -> None:
        """Take rows until none holds. Each row leads on to a state of its own, so the bound is never met."""
        was, closed = self.duty, self.contactor
        for _ in OutletState:
            row = next((row for row in ROWS if self.state in row.states and _HOLDS[row.when](self)), None)
            if row is None:
                break
            self._go(row.next, row.when, now)
        if self.contactor is not closed:
            self._contradicted = None
        if self.duty != was:
            self._signal_changed_s = now

    def _go(self, state: OutletState, why: When, now: float) -> None:
        previous, self.state = self.state, state
        self._events.append(OutletChanged(now, state, previous, why))
        self._due.pop("state", None)
        self._expired = False
        timer = FACES[state].timer
        if timer is not None:
            self._start("state", getattr(self._times, timer), now)
        entering = _ENTERING.get(state)
        if entering is not None:
            entering(self)
        if why is When.TIME_NUDGE:
            self._visit.nudges -= 1
        if state is OutletState.READY:
            # The first duty of a new offer is shown at once.
            self._offer_changed_s = float("-inf")
            self._follow_offer(now)

    def _enter_vacant(self) -> None:
        self._visit = _Visit(self._times.digital_tries)

    def _enter_toggling(self) -> None:
        self._visit.tries -= 1
        self._visit.retry = False

    def _enter_offering(self) -> None:
        self._visit.wake = False

    def _enter_resting(self) -> None:
        self._waited = self._visit.wake = False
        self._visit.tries = self._times.digital_tries

    def _enter_paused(self) -> None:
        self._visit.nudges = 1

    def _start(self, name: str, seconds: float, now: float) -> None:
        self._due[name] = now + seconds

    def _follow_offer(self, now: float) -> None:
        wanted_a = self._wanted_a
        if wanted_a == self.offered_a:
            return
        since_s = now - self._offer_changed_s
        if wanted_a > self.offered_a and since_s < self._times.duty_reaction_s:
            self._start("duty", self._times.duty_reaction_s - since_s, now)
            return
        self.offered_a, self._offer_changed_s = wanted_a, now

    def _wants(self) -> bool:
        return self.pilot is Pilot.C or (self.pilot is Pilot.D and self.config.ventilation)

    def _lacks_ventilation(self) -> bool:
        return self.pilot is Pilot.D and not self.config.ventilation

    def _offers_current(self) -> bool:
        return self.config.basic and self._wanted_a >= MIN_A and not self._visit.greedy and not self._session


_BASIC = frozenset(
    {
        OutletState.STEPPING,
        OutletState.READY,
        OutletState.CHARGING,
        OutletState.STOPPING,
        OutletState.PAUSED,
        OutletState.REFUSED,
    }
)

_HOLDS: dict[When, Callable[[Outlet], bool]] = {
    When.FAULT: lambda o: bool(o.faults),
    When.NO_FAULT: lambda o: not o.faults,
    When.BAD_PILOT: lambda o: o._bad,
    When.GONE: lambda o: o.pilot is Pilot.A,
    When.PRESENT_DIGITAL: lambda o: o.connected and o.config.digital,
    When.PRESENT_BASIC: lambda o: o.connected and not o.config.digital,
    When.WAITS: lambda o: o.pilot is Pilot.B,
    When.WANTS: lambda o: o._wants(),
    When.VENTILATE: lambda o: o._lacks_ventilation(),
    When.WOKE: lambda o: o._waited and o.pilot in READY,
    When.WAKE: lambda o: o._visit.wake,
    When.SESSION: lambda o: o._session,
    When.ENDED: lambda o: o._visit.ended is When.ENDED,
    When.BROKE: lambda o: o._visit.ended is When.BROKE,
    When.BROKE_TAKING: lambda o: o._visit.ended is When.BROKE_TAKING,
    When.RETRY: lambda o: o._visit.retry and o.config.digital,
    When.NO_CURRENT: lambda o: not o._offers_current(),
    When.GREEDY: lambda o: o._visit.greedy,
    When.TIME: lambda o: o._expired,
    When.TIME_TRIES: lambda o: o._expired and o._visit.tries > 0,
    When.TIME_BASIC: lambda o: o._expired and o._visit.tries <= 0 and o.config.basic,
    When.TIME_CURRENT: lambda o: o._expired and o._offers_current(),
    When.TIME_NUDGE: lambda o: o._expired and o._visit.nudges > 0 and not o._wants(),
}
"""What each condition means."""

_ENTERING: dict[OutletState, Callable[[Outlet], None]] = {
    OutletState.VACANT: Outlet._enter_vacant,
    OutletState.OFFERING: Outlet._enter_offering,
    OutletState.TOGGLING: Outlet._enter_toggling,
    OutletState.RESTING: Outlet._enter_resting,
    OutletState.PAUSED: Outlet._enter_paused,
}
"""What a state begins with."""
