"""The car's side of the control pilot, sans-I/O: for the simulated car, and to try the charger's side against.

inlet = Inlet()
inlet.plug(32.0, now)                 # the cable's rating
inlet.sees(0.05, now)                 # each duty cycle on the wire
inlet.wants(True, now)                # energy is wanted: by the battery, or by the digital session
inlet.pilot, inlet.limit_a            # the resistor it shows; the most it takes, A a phase
"""

from dataclasses import dataclass, field
from enum import StrEnum

from protocols.iec61851.duty import STATE_F, X1, Offer, Read, read_duty
from protocols.iec61851.pilot import Pilot
from protocols.iec61851.timings import PilotTimings

_NOTHING = Read(Offer.NOTHING)


class InletState(StrEnum):
    """Where the car stands."""

    UNPLUGGED = "unplugged"
    WAITING = "waiting"
    TAKING = "taking"
    STOPPING = "stopping"
    """It takes nothing any more, its switch is still closed."""
    ASLEEP = "asleep"
    """After a while of X1: only an edge of the pilot wakes it."""


@dataclass(frozen=True, slots=True)
class InletConfig:
    """What kind of car it is. Times in s; those of the standard are its upper bounds."""

    ventilation: bool = False
    """Does it charge in ventilated rooms only (state D)?"""
    basic: bool = True
    """Does it charge by the duty cycle alone?"""
    follow_s: float = 1.0
    """How soon it follows a changed offer; the standard gives it 5 s."""
    stop_s: float = 0.5
    """How soon its switch opens once it takes nothing; the standard gives it 3 s."""
    sleep_s: float | None = None
    """X1 for this long sends it to sleep; None: it never sleeps."""
    timings: PilotTimings = field(default_factory=PilotTimings)


class Inlet:
    """One car's pilot."""

    def __init__(self, config: InletConfig | None = None) -> None:
        """Raises ``ValueError`` for a car that is slower than the standard lets it be."""
        self.config = config or InletConfig()
        times = self.config.timings
        if self.config.follow_s > times.duty_reaction_s or self.config.stop_s > times.car_stop_s:
            raise ValueError(
                f"a car follows within {times.duty_reaction_s:g} s and opens within {times.car_stop_s:g} s"
            )
        self.state = InletState.UNPLUGGED
        self.limit_a = 0.0
        """The most it takes now, A a phase."""
        self._cable_a = 0.0
        self._duty = X1
        self._read = _NOTHING
        self._wants = False
        self._due_s: float | None = None

    @property
    def pilot(self) -> Pilot:
        """The state that its resistor makes."""
        if self.state is InletState.UNPLUGGED:
            return Pilot.A
        if self.state in (InletState.TAKING, InletState.STOPPING):
            return Pilot.D if self.config.ventilation else Pilot.C
        return Pilot.B

    @property
    def digital(self) -> bool:
        """Is a digital session asked for by the charger, and does the car see it?"""
        awake = self.state not in (InletState.UNPLUGGED, InletState.ASLEEP)
        return awake and self._read.offer is Offer.DIGITAL

    def plug(self, cable_a: float, now: float) -> None:
        """The cable is in; ``cable_a`` is its rating."""
        self._cable_a = cable_a
        self.state = InletState.WAITING
        self._after(None, now)
        self._look(now)

    def unplug(self) -> None:
        """The cable is out."""
        self.state, self.limit_a, self._due_s = InletState.UNPLUGGED, 0.0, None

    def sees(self, duty: float, now: float) -> None:
        """The duty cycle on the wire now. Raises ``ValueError`` for what is none."""
        read = read_duty(duty)
        edge = (self._duty in (X1, STATE_F)) != (duty in (X1, STATE_F))
        self._duty, changed = duty, read != self._read
        self._read = read
        if self.state is InletState.ASLEEP and edge:
            self.state = InletState.WAITING
        if changed or edge:
            self._after(None, now)
            self._look(now)

    def wants(self, energy: bool, now: float) -> None:
        """Energy is wanted, or no longer."""
        self._wants = energy
        self._look(now)

    def next_timer(self) -> float | None:
        """When to call ``on_timer``."""
        return self._due_s

    def on_timer(self, now: float) -> None:
        """What was waited for is due."""
        if self._due_s is None or now < self._due_s:
            return
        self._due_s = None
        if self.state is InletState.STOPPING:
            self.state = InletState.WAITING
            self._look(now)
        elif self.state is InletState.TAKING:
            self.limit_a = self._offered_a()
        elif self.state is InletState.WAITING:
            self.state = InletState.ASLEEP

    def _look(self, now: float) -> None:
        """What the offer and the wish lead to."""
        if self.state in (InletState.UNPLUGGED, InletState.ASLEEP):
            return
        may = self._wants and self._offered_a() > 0
        if may and self.state is not InletState.TAKING:
            self.state, self.limit_a = InletState.TAKING, self._offered_a()
            self._after(None, now)
        elif may and self.limit_a != self._offered_a():
            self._after(self.config.follow_s, now)
        elif not may and self.state is InletState.TAKING:
            self.state, self.limit_a = InletState.STOPPING, 0.0
            self._after(self.config.stop_s, now)
        elif self.state is InletState.WAITING and self._duty == X1 and self._due_s is None:
            self._after(self.config.sleep_s, now)

    def _offered_a(self) -> float:
        """What it may take now: with a digital session the session says how much, the cable bounds it."""
        match self._read.offer:
            case Offer.DIGITAL:
                return self._cable_a
            case Offer.CURRENT if self.config.basic:
                return min(self._read.current_a, self._cable_a)
            case _:
                return 0.0

    def _after(self, seconds: float | None, now: float) -> None:
        self._due_s = None if seconds is None else now + seconds
