"""What an instrument cannot have meant is left out of a history, and said.

A meter that shows one value for a day is stuck, a house does not take a megawatt, and neither load nor sun is
negative. Forecasts are made from the rest: a hole is better than a lie.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from energy.asks import FloatArray
from energy.forecast.history import History

Flags = npt.NDArray[np.bool_]

MOST_W = 100_000.0
"""More than a home's connection carries, whatever it is."""
_STUCK_H = 12.0
"""A load that does not move for so long is no load."""
_STUCK_W = 1e-6
_FAR_ABOVE = 25.0
"""Times what is reached in one of a hundred intervals."""
_NOISE_W = 50.0
"""An inverter's own use at night reads as a few watts below zero: that is 0, not a fault."""
_ENOUGH = 200
"""Intervals from which on the usual height is known."""


class Fault(StrEnum):
    """Why readings are left out."""

    STUCK = "stuck"
    TOO_HIGH = "too_high"
    NEGATIVE = "negative"


_WORDS = {
    Fault.STUCK: "stood still",
    Fault.TOO_HIGH: "were higher than can be",
    Fault.NEGATIVE: "were below zero",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryNote:
    """Readings of one kind of fault that were left out."""

    fault: Fault
    count: int
    """Intervals."""
    first_s: float
    last_s: float
    worst_w: float

    def sentence(self, of: str) -> str:
        """For the log and the doctor, ``of`` being "load" or "solar"; dates in UTC."""
        first, last = (datetime.fromtimestamp(at_s, UTC).date().isoformat() for at_s in (self.first_s, self.last_s))
        span = f"on {first}" if first == last else f"between {first} and {last}"
        return f"{self.count} readings of {of} {span} {_WORDS[self.fault]} ({self.worst_w:.0f} W) and are left out."


def clean(
    history: History, *, most_w: float = MOST_W, still_at_zero: bool = False
) -> tuple[History, tuple[HistoryNote, ...]]:
    """The history with what cannot be true as NaN, and a note for each kind of it.

    ``most_w``: what the connection (or the roof) can carry, W. ``still_at_zero``: an unmoved 0 is natural (a roof at
    night, under snow). A value that is no number is a gap, not a fault.
    """
    power = np.array(history.mean_w, dtype=np.float64)
    power[~np.isfinite(power)] = np.nan
    notes: list[HistoryNote] = []

    def leave_out(fault: Fault, found: Flags) -> None:
        if found.any():
            at_s, worst = history.at_s[found], power[found]
            notes.append(
                HistoryNote(
                    fault=fault,
                    count=int(found.sum()),
                    first_s=float(at_s.min()),
                    last_s=float(at_s.max()),
                    worst_w=float(worst[np.abs(worst).argmax()]),
                )
            )
            power[found] = np.nan

    leave_out(Fault.NEGATIVE, power < -_NOISE_W)
    leave_out(Fault.TOO_HIGH, power > _limit_w(power, most_w))
    leave_out(Fault.STUCK, _stuck(history.at_s, power, still_at_zero))
    return History(history.at_s, np.maximum(power, 0.0)), tuple(notes)


def _limit_w(power: FloatArray, most_w: float) -> float:
    known = power[np.isfinite(power)]
    if len(known) < _ENOUGH:
        return most_w
    return min(most_w, max(_FAR_ABOVE * float(np.quantile(known, 0.99)), 2_000.0))


def _stuck(at_s: FloatArray, power: FloatArray, still_at_zero: bool) -> Flags:
    """Which intervals belong to a stretch in which nothing moves for ``_STUCK_H``."""
    if len(power) < 2:
        return np.zeros(len(power), dtype=np.bool_)
    same = np.abs(np.diff(power)) <= _STUCK_W
    run = np.concatenate([[0], np.cumsum(~same)])
    _, index, count = np.unique(run, return_inverse=True, return_counts=True)
    first, last = np.full(len(count), np.inf), np.full(len(count), -np.inf)
    np.minimum.at(first, index, at_s)
    np.maximum.at(last, index, at_s)
    long = ((last - first) >= _STUCK_H * 3600.0) & (count >= 4)
    stuck: Flags = long[index] & np.isfinite(power)
    return stuck & (power > _STUCK_W) if still_at_zero else stuck
