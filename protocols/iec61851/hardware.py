"""A charger's electronics behind the outlet, simulated: small exact physics, and defects to order.

Contactors take time and have a mirror contact that tells the truth; the isolation test and the welding check take
time and give a verdict; pre-charge ramps the outlet's voltage. The caller's clock, seconds. Who puts it behind a
register map (``protocols.modbus.simulated``) or behind a port says what else is measured.
"""

import math
from dataclasses import dataclass, field
from enum import StrEnum

from protocols.iec61851.duty import X1
from protocols.iec61851.pilot import Pilot


class Check(StrEnum):
    """How a test that the electronics make by themselves stands."""

    IDLE = "idle"
    RUNNING = "running"
    PASSED = "passed"
    WARNING = "warning"
    FAILED = "failed"


CHECKS: tuple[Check, ...] = tuple(Check)
"""By their register value."""

DONE = frozenset({Check.PASSED, Check.WARNING, Check.FAILED})

WARNING_OHM_PER_V, FAULT_OHM_PER_V = 500.0, 100.0
"""IEC 61851-23: below the first the isolation is doubtful, below the second it is a fault."""


def isolation_verdict(resistance_ohm: float, max_v: float) -> Check:
    """What this resistance to earth means at an outlet that reaches ``max_v``."""
    if resistance_ohm < FAULT_OHM_PER_V * max_v:
        return Check.FAILED
    return Check.WARNING if resistance_ohm < WARNING_OHM_PER_V * max_v else Check.PASSED


@dataclass(slots=True)
class Defects:
    """What is broken; all well by default."""

    welded: bool = False
    """The contactor does not open again once closed."""
    stuck_open: bool = False
    """It does not close."""
    isolation_ohm: float = 5e6
    live: bool = False
    """The outlet stays live after opening: a contactor of the car is welded."""
    pilot: Pilot | None = None
    """The pilot reads this whatever the car does."""
    meter_dead: bool = False
    """No power, no voltage, no counters any more."""
    code: int = 0
    """The electronics report this fault."""


@dataclass(slots=True)
class Hardware:
    """One outlet's contactor, tests and pre-charge."""

    max_v: float = 500.0
    contactor_s: float = 0.05
    isolation_s: float = 1.0
    welding_s: float = 0.5
    ramp_v_per_s: float = 400.0
    defects: Defects = field(default_factory=Defects)
    duty: float = X1
    """On the pilot now."""
    _commanded: bool = False
    _switched_s: float = -math.inf
    _was_closed: bool = False
    _isolation_since_s: float | None = None
    _welding_since_s: float | None = None
    _ramp: tuple[float, float, float] | None = None
    """Pre-charge: (began at, from V, to V)."""

    def switch(self, closed: bool, now: float) -> None:
        """Close or open the contactor; closing ends pre-charge."""
        if closed == self._commanded:
            return
        self._was_closed = self.closed(now)
        self._commanded, self._switched_s = closed, now
        if closed:
            self._ramp = None

    def closed(self, now: float) -> bool:
        """What the mirror contact tells."""
        moved = now - self._switched_s >= self.contactor_s
        closed = self._commanded if moved else self._was_closed
        if self.defects.stuck_open:
            return False
        return closed or (self.defects.welded and (self._was_closed or self._commanded))

    def check_isolation(self, now: float) -> None:
        """Begin the isolation test anew."""
        self._isolation_since_s = now

    def isolation(self, now: float) -> Check:
        """How the isolation test stands."""
        if self._isolation_since_s is None:
            return Check.IDLE
        if now - self._isolation_since_s < self.isolation_s:
            return Check.RUNNING
        return isolation_verdict(self.defects.isolation_ohm, self.max_v)

    def isolation_ohm(self, now: float) -> float | None:
        """What it measured; None before it has."""
        return self.defects.isolation_ohm if self.isolation(now) in DONE else None

    def pre_charge(self, voltage_v: float, now: float) -> None:
        """Bring the outlet to this voltage; 0 ends it. Never beyond what the outlet can."""
        here_v = self.pre_charge_v(now) or 0.0
        self._ramp = (now, here_v, min(voltage_v, self.max_v)) if voltage_v > 0 else None

    def pre_charge_v(self, now: float) -> float | None:
        """The outlet's voltage while pre-charging; None while it is not."""
        if self._ramp is None:
            return None
        since_s, from_v, to_v = self._ramp
        most_v = self.ramp_v_per_s * max(0.0, now - since_s)
        return from_v + min(max(to_v - from_v, -most_v), most_v)

    def check_welding(self, now: float) -> None:
        """Begin the welding check anew: with the contactor open, does the outlet stay live?"""
        self._welding_since_s = now

    def welding(self, now: float) -> Check:
        """How the welding check stands."""
        if self._welding_since_s is None:
            return Check.IDLE
        if now - self._welding_since_s < self.welding_s:
            return Check.RUNNING
        return Check.FAILED if self.defects.live or (self.closed(now) and not self._commanded) else Check.PASSED

    def rest(self) -> None:
        """The session is over: forget its tests and pre-charge."""
        self._isolation_since_s = self._welding_since_s = self._ramp = None

    def reset(self, now: float) -> None:
        """A fault reset: the reported code goes, and what was tested is to be tested anew. A weld stays one."""
        self.defects.code = 0
        self.rest()
        self.switch(False, now)
