"""What happens on one cable: the pilot's state machine, the power stage that it commands, and the modem.

Sans-I/O: time is an argument (POSIX seconds that never jump), the stage and the modem are ports. The driver tells what
the stage reads and what the session wants; here it becomes duty cycle, contactor and tests, and news for the driver.
A set-point in basic charging is a current on offer; it expires here as it does in the stage.
"""

from collections.abc import Callable
from dataclasses import dataclass

from app.ports import LinkNews, Matching, PowerStage, StageAbility, StageReading
from protocols.iec61851 import (
    READY,
    CarTakesTooMuch,
    Check,
    Circuit,
    ContactorFailed,
    Outlet,
    OutletChanged,
    OutletConfig,
    OutletState,
    When,
)
from protocols.iec61851.hardware import DONE

SILENT_S = 15.0
"""A power stage that tells nothing for this long is none: nothing is known of pilot and contactor any more."""

REMATCH_S = 30.0
"""How soon a car that was not matched is tried again, where it has no other way to charge."""

MATCHING_STATES = frozenset({OutletState.OFFERING, OutletState.DIGITAL})
"""Where a modem may be on the line; everywhere else it is taken off, to begin anew with the next offer."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """The plug was pulled, or the modem lost its link: a session that runs is over. ``why`` is a sentence."""

    why: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something on the cable is wrong; ``ends``: no session can go on with it."""

    text: str
    ends: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """The isolation test is done."""

    ok: bool
    text: str = ""


News = Pulled | Trouble | Verdict | OutletChanged


class Cable:
    """One outlet at work."""

    def __init__(
        self,
        stage: PowerStage,
        config: OutletConfig,
        circuit: Circuit,
        on_news: Callable[[News], None],
        *,
        matching: Matching | None = None,
    ) -> None:
        """``config`` holds as far as the stage can: without a pilot of our own there is no basic charging."""
        self.outlet = Outlet(config)
        self.circuit = circuit
        self.stage = stage
        self.matching = matching
        self.may_take = False
        """AC: the car itself takes the current, so it is given time to stop."""
        self._on_news = on_news
        self._shown = (self.outlet.duty, False)
        self._heard_s: float | None = None
        self._offer_until_s: float | None = None
        self._rematch_s: float | None = None
        self._asleep = False
        """The session is paused: the modem keeps the link of a car that may be silent."""
        self._testing = False
        self._isolated = False
        """This session's test was passed: what fails now, fails under power."""
        self._welding = False

    # What the driver tells.

    def read(self, reading: StageReading, now: float) -> None:
        """One reading of the stage."""
        outlet = self.outlet
        self._heard_s = now
        outlet.mend("silent", now)
        if reading.fault:
            outlet.break_down("stage", reading.fault, now)
        else:
            outlet.mend("stage", now)
        outlet.measured(reading.pilot, now, diode=reading.diode)
        if StageAbility.CONTACTOR in self.stage.abilities:
            # One that switches by itself contradicts nobody.
            outlet.mirror(reading.contactor, now)
        flows = [abs(ampere) for ampere in reading.phase_a if ampere is not None]
        if outlet.basic and flows:
            outlet.flows(max(flows), now)
        self._judge_isolation(reading)
        self._judge_welding(reading)
        if self._isolated and reading.isolation is Check.FAILED and outlet.contactor:
            # The next session tests it anew.
            outlet.power(False, now)
            text = f"the isolation failed under power ({_kilo_ohm(reading.isolation_ohm)}): look at cable and car"
            self._on_news(Trouble(text, ends=True))
        self._apply(now)

    def offer(self, power_w: float, until_s: float, now: float, *, cable_a: float | None = None) -> None:
        """The set-point, for basic charging: W, nothing below zero; it is 0 W again at ``until_s``."""
        current_a = self.circuit.current_a(power_w)
        if cable_a is not None:
            current_a = min(current_a, cable_a)
        self._offer_until_s = until_s
        self.outlet.offer(current_a, now)
        self._apply(now)

    def session_began(self, now: float) -> None:
        """A digital session commands the outlet from here on."""
        self.outlet.session_began(now)
        self._apply(now)

    def session_ended(self, now: float, *, proper: bool, paused: bool = False) -> None:
        """It is over, or ``paused``: contactor open, pre-charge off, tests forgotten."""
        self._testing = self._isolated = self._welding = False
        self.stage.pre_charge(0.0, 0.0)
        self.outlet.session_ended(now, proper=proper, may_take=self.may_take)
        self.may_take = False
        if paused and self.matching is not None and self.outlet.state is OutletState.RESTING:
            self._asleep = True
            self.matching.pause()
        self._apply(now)

    def power(self, on: bool, now: float) -> None:
        """The session asks for the contactor, or no longer."""
        self.outlet.power(on, now)
        self._apply(now)

    def check_isolation(self) -> None:
        """Test the isolation; ``Verdict`` tells."""
        self._testing = True
        self.stage.check_isolation()

    def check_welding(self) -> None:
        """Look, after the contactor opened, whether the outlet is dead."""
        if StageAbility.WELDING in self.stage.abilities:
            self._welding = True
            self.stage.check_welding()

    def wake(self, now: float) -> None:
        """Power is wanted of a car that may sleep."""
        self.outlet.wake(now)
        self._apply(now)

    def finish(self, now: float) -> None:
        """Basic charging: this car gets nothing more, until it is unplugged."""
        self.outlet.finish(now)
        self._apply(now)

    def link(self, news: LinkNews, now: float) -> None:
        """What the modem tells."""
        if news is LinkNews.MATCHED:
            self.outlet.matched(now)
        else:
            self._asleep = False
            if news is LinkNews.LOST:
                self._on_news(Pulled("the power-line link to the car was lost"))
            self.outlet.unmatched(now)
            self._rematch_s = now + REMATCH_S
        self._apply(now)

    @property
    def resettable(self) -> bool:
        """Whether a fault stands that ``reset`` may clear: a contactor's, or one of a stage that takes a reset."""
        ours = "contactor" in self.outlet.faults or self.outlet.stuck
        return ours or ("stage" in self.outlet.faults and StageAbility.RESET in self.stage.abilities)

    def reset(self, now: float) -> None:
        """A person has looked after the fault."""
        self.stage.reset_fault()
        self.outlet.mend("contactor", now)
        self.outlet.retry(now)
        self._apply(now)

    # Time.

    def next_timer(self) -> float | None:
        """When to call ``on_timer``."""
        silent_s = None if self._heard_s is None else self._heard_s + SILENT_S
        due = (self.outlet.next_timer(), silent_s, self._offer_until_s, self._rematch_s)
        return min((at_s for at_s in due if at_s is not None), default=None)

    def on_timer(self, now: float) -> None:
        """What was waited for is due."""
        if self._offer_until_s is not None and now >= self._offer_until_s:
            self._offer_until_s = None
            self.outlet.offer(0.0, now)
        if self._heard_s is not None and now >= self._heard_s + SILENT_S:
            self._heard_s = None
            self.outlet.break_down("silent", "the power stage does not answer", now)
        if self._rematch_s is not None and now >= self._rematch_s:
            self._rematch_s = None
            if self.matching is not None and self.outlet.state is OutletState.OFFERING:
                # A car that can nothing but speak is asked for as long as it is here.
                self.matching.start()
        self.outlet.on_timer(now)
        self._apply(now)

    # What follows.

    def _apply(self, now: float) -> None:
        """Bring stage and modem to where the outlet stands, then tell what happened."""
        outlet = self.outlet
        duty, closed = self._shown
        self._shown = (outlet.duty, outlet.contactor)
        # Open before anything else.
        if outlet.contactor is not closed:
            self.stage.set_contactor(outlet.contactor)
        if outlet.duty != duty:
            self.stage.set_pilot(outlet.duty)
        while (event := outlet.next_event()) is not None:
            match event:
                case OutletChanged():
                    self._changed(event)
                case ContactorFailed(welded=welded):
                    self._on_news(Trouble(_CONTACTOR[welded], ends=True))
                case CarTakesTooMuch(current_a=current_a, offered_a=offered_a):
                    text = f"the car takes {current_a:.1f} A of {offered_a:.1f} A on offer: it is offered nothing more"
                    self._on_news(Trouble(text, ends=False))

    def _changed(self, event: OutletChanged) -> None:
        if self.matching is not None:
            self._match(self.matching, event)
        self._on_news(event)
        if event.why is When.GONE:
            self._on_news(Pulled("the plug was pulled"))
        elif event.state is OutletState.UNAVAILABLE:
            self._on_news(Trouble("; ".join(self.outlet.faults.values()), ends=True))
        elif event.state is OutletState.BROKEN:
            self._on_news(Trouble(_BAD_PILOT, ends=True))
        elif event.state is OutletState.REFUSED:
            self._on_news(Trouble(_NO_VENTILATION, ends=False))

    def _match(self, matching: Matching, event: OutletChanged) -> None:
        """What the pilot's new state means for the modem."""
        if self._asleep and event.state in MATCHING_STATES:
            # The link of a car that wakes stands. Where it does not, the offer runs out, and it is matched anew.
            self._asleep = False
            matching.wake()
        elif event.state is OutletState.OFFERING:
            matching.start()
        elif self._asleep and event.state is OutletState.RESTING:
            pass
        elif event.state not in MATCHING_STATES and (self._asleep or event.previous in MATCHING_STATES):
            self._asleep = False
            matching.stop()

    def _judge_isolation(self, reading: StageReading) -> None:
        """A stage that cannot be asked measures by itself once the pilot is in C, and shows a fault where it is bad."""
        if not self._testing:
            return
        verdict: Verdict | None = None
        if reading.fault:
            verdict = Verdict(False, reading.fault)
        elif StageAbility.ISOLATION not in self.stage.abilities or reading.isolation is None:
            verdict = Verdict(True) if reading.pilot in READY else None
        elif reading.isolation in DONE:
            verdict = _VERDICTS[reading.isolation](reading.isolation_ohm)
        if verdict is not None:
            self._testing, self._isolated = False, verdict.ok
            self._on_news(verdict)

    def _judge_welding(self, reading: StageReading) -> None:
        if self._welding and reading.welding in DONE:
            self._welding = False
            if reading.welding is Check.FAILED:
                self._on_news(Trouble("the outlet stays live after opening: a contactor is welded", ends=False))


_CONTACTOR = {
    True: "the power stage's contactor is welded: it does not open; switch the charger off and have it looked at",
    False: "the power stage does not close its contactor: look at stage and pilot",
}
_BAD_PILOT = "the pilot is shorted, dead, or pulled by what is no car: look at plug and cable"
_NO_VENTILATION = "the car charges in ventilated rooms only, and this one is not said to be one"


def _kilo_ohm(resistance_ohm: float | None) -> str:
    return "too low" if resistance_ohm is None else f"{resistance_ohm / 1000:.0f} kΩ"


_VERDICTS: dict[Check, Callable[[float | None], Verdict]] = {
    Check.PASSED: lambda _ohm: Verdict(True),
    Check.WARNING: lambda ohm: Verdict(True, f"the isolation is doubtful ({_kilo_ohm(ohm)})"),
    Check.FAILED: lambda ohm: Verdict(False, f"the isolation test failed ({_kilo_ohm(ohm)}): look at cable and car"),
}
