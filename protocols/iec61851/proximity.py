"""The proximity contact: what the cable carries, told by a resistor in its plug (IEC 61851-1, table B.2)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CableRow:
    """One rating and the resistances, in Ω, that mean it."""

    rated_a: float
    nominal_ohm: float
    from_ohm: float
    to_ohm: float


CABLES: tuple[CableRow, ...] = (
    CableRow(63.0, 100.0, 50.0, 150.0),
    CableRow(32.0, 220.0, 150.0, 330.0),
    CableRow(20.0, 680.0, 330.0, 1000.0),
    CableRow(13.0, 1500.0, 1000.0, 2700.0),
)
UNPLUGGED_OHM = 4500.0


def cable_rating_a(resistance_ohm: float) -> float | None:
    """What the cable carries, A a phase; None where no plug is in, or its resistor is broken: then nothing may flow.

    On a border the smaller rating holds.
    """
    rows = [row.rated_a for row in CABLES if row.from_ohm <= resistance_ohm <= row.to_ohm]
    return min(rows, default=None)


def plugged(resistance_ohm: float) -> bool:
    """Whether a plug is in the socket at all."""
    return resistance_ohm < UNPLUGGED_OHM
