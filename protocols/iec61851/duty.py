"""Duty cycle and current, both ways (IEC 61851-1, tables A.7 and A.8).

A duty is a fraction of the period: 1.0 is steady +12 V (no energy now; the standard's X1), 0.0 steady −12 V (state F).
5 % asks for digital communication. What the charger sets is rounded down to whole tenths of a percent, so that a car
never reads more than was meant.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

X1 = 1.0
"""Steady +12 V: a car may be here, but takes nothing."""
STATE_F = 0.0
"""Steady −12 V: the charger is not available."""
DIGITAL = 0.05

MIN_A = 6.0
MAX_A = 80.0
_KNEE_A = 51.0
"""Up to here 0.6 A a percent; above it 2.5 A a percent."""
_KNEE_READS_A = 52.5
"""The least that a car reads above the knee."""
_STEP = 10.0
"""Duties are set in tenths of a percent."""


class Offer(StrEnum):
    """What a duty cycle tells the car."""

    NOTHING = "nothing"
    DIGITAL = "digital"
    CURRENT = "current"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of table A.8: up to ``to`` percent (itself included if ``closed``); A = (percent − less) · a_each."""

    to: float
    closed: bool
    offer: Offer
    a_each: float = 0.0
    less: float = 0.0
    fixed_a: float | None = None

    def holds(self, percent: float) -> bool:
        """Whether a duty that no earlier row took is this row's."""
        return percent <= self.to if self.closed else percent < self.to


READ_BY_CAR: tuple[Row, ...] = (
    Row(3.0, False, Offer.NOTHING),
    Row(7.0, True, Offer.DIGITAL),
    Row(8.0, False, Offer.NOTHING),
    Row(10.0, False, Offer.CURRENT, fixed_a=MIN_A),
    Row(85.0, True, Offer.CURRENT, 0.6),
    Row(96.0, True, Offer.CURRENT, 2.5, 64.0),
    Row(97.0, True, Offer.CURRENT, fixed_a=MAX_A),
    Row(math.inf, True, Offer.NOTHING),
)


@dataclass(frozen=True, slots=True)
class Read:
    """What a car makes of a duty: the offer, and the most it may take in A a phase (0 but for ``CURRENT``)."""

    offer: Offer
    current_a: float = 0.0


def read_duty(duty: float) -> Read:
    """The car's reading. Raises ``ValueError`` for what is no fraction."""
    if not 0.0 <= duty <= 1.0:
        raise ValueError(f"a duty cycle is a fraction from 0 to 1, not {duty}")
    percent = round(duty * 100.0, 6)
    row = next(row for row in READ_BY_CAR if row.holds(percent))
    if row.offer is not Offer.CURRENT:
        return Read(row.offer)
    return Read(row.offer, row.fixed_a if row.fixed_a is not None else round((percent - row.less) * row.a_each, 6))


def duty_for(current_a: float) -> float:
    """The charger's duty for this much a phase: below 6 A nothing can be offered, which is X1.

    Raises ``ValueError`` for what is no current that a pilot can tell (0 to 80 A).
    """
    if not 0.0 <= current_a <= MAX_A:
        raise ValueError(f"a control pilot offers 0 to {MAX_A:g} A, not {current_a} A")
    if current_a < MIN_A:
        return X1
    # Between the two lines a car would read less than the second line's duty means: stay on the first.
    below = current_a < _KNEE_READS_A
    percent = min(current_a, _KNEE_A) / 0.6 if below else current_a / 2.5 + 64.0
    return math.floor(round(percent * _STEP, 6)) / (_STEP * 100.0)
