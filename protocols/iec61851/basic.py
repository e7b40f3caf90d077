"""Basic charging: a power set-point as a current a phase, told by the duty cycle alone.

There is no way back for energy: a set-point below zero offers nothing, and so does one below 6 A a phase, at which
no car charges.
"""

import math
from dataclasses import dataclass

from protocols.iec61851.duty import MAX_A, MIN_A, X1, duty_for

PROTOCOL = "basic charging, IEC 61851"


@dataclass(frozen=True, slots=True)
class Circuit:
    """What the charger is wired to. ``max_a`` is the least of fuse, contactor and cable, A a phase."""

    phases: int = 3
    voltage_v: float = 230.0
    max_a: float = 16.0

    @property
    def max_w(self) -> float:
        """The most that can be offered, W."""
        return self.phases * self.voltage_v * min(self.max_a, MAX_A)

    @property
    def min_w(self) -> float:
        """The least at which a car charges, W."""
        return self.phases * self.voltage_v * MIN_A

    def current_a(self, power_w: float) -> float:
        """What to offer a phase for this set-point (W, > 0 charges): 0, or 6 A up to ``max_a``.

        Raises ``ValueError`` if it is not a finite number.
        """
        if not math.isfinite(power_w):
            raise ValueError(f"a set-point must be a finite number of watts, not {power_w}")
        wanted_a = min(power_w / (self.phases * self.voltage_v), self.max_a, MAX_A)
        # A set-point of exactly 6 A must not fail by the last bit of a division.
        return wanted_a if wanted_a >= MIN_A - 1e-9 else 0.0

    def duty(self, power_w: float) -> float:
        """The same as a duty cycle; X1 where nothing is offered."""
        current_a = self.current_a(power_w)
        return duty_for(max(current_a, MIN_A)) if current_a else X1
