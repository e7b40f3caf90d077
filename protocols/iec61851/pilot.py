"""The control pilot as data: what each voltage on it means (IEC 61851-1, annex A, tables A.2 to A.4).

The charger drives ±12 V behind 1 kΩ; the car pulls the positive half down with a resistor behind a diode. So the
positive level tells the car's state, and a negative level that is not the full −12 V tells that the diode is missing:
then something else than a car is pulling.
"""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Pilot(StrEnum):
    """Pilot states of IEC 61851-1: A no car, B car there, C wants energy, D too (ventilated), E and F errors."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"
    F = "F"


@dataclass(frozen=True, slots=True)
class Level:
    """One state's level at the charger, and the car's resistance (Ω, to earth) that makes it."""

    state: Pilot
    volt: float
    low_v: float
    high_v: float
    car_ohm: float | None
    meaning: str


LEVELS: tuple[Level, ...] = (
    Level(Pilot.A, 12.0, 11.0, 13.0, None, "no car is connected"),
    Level(Pilot.B, 9.0, 8.0, 10.0, 2740.0, "a car is connected and takes no energy"),
    Level(Pilot.C, 6.0, 5.0, 7.0, 882.0, "the car is ready to take energy"),
    Level(Pilot.D, 3.0, 2.0, 4.0, 246.0, "the car is ready to take energy if the room is ventilated"),
    Level(Pilot.E, 0.0, -1.0, 1.0, 0.0, "the pilot is shorted to earth, or the charger has no power"),
    Level(Pilot.F, -12.0, -13.0, -11.0, None, "the charger is not available"),
)
BY_STATE = MappingProxyType({level.state: level for level in LEVELS})

WITH_CAR = frozenset({Pilot.B, Pilot.C, Pilot.D})
READY = frozenset({Pilot.C, Pilot.D})
SOURCE_OHM = 1000.0
"""Behind which the charger drives its ±12 V."""
PWM_HZ = 1000.0
PWM_HZ_TOLERANCE = 0.005
"""Relative, of the charger's oscillator; a car accepts more."""
CAR_HZ_TOLERANCE = 0.02


@dataclass(frozen=True, slots=True)
class PilotReading:
    """The state that was measured; None between two bands. ``diode`` is None where the signal has no negative half."""

    state: Pilot | None
    oscillating: bool
    diode: bool | None = None

    @property
    def name(self) -> str:
        """The standard's name: B1 without the oscillator, B2 with it; so for A, C and D. "?" between bands."""
        if self.state is None:
            return "?"
        return self.state.value if self.state in (Pilot.E, Pilot.F) else f"{self.state}{2 if self.oscillating else 1}"


def level_of(volt: float) -> Pilot | None:
    """The state of one level; None between two bands, where the last state holds on until it is clear."""
    return next((level.state for level in LEVELS if level.low_v <= volt <= level.high_v), None)


def read_pilot(high_v: float, low_v: float | None = None) -> PilotReading:
    """What the charger measured: the positive level and, while it oscillates, the negative one (else None)."""
    state = level_of(high_v)
    if low_v is None:
        return PilotReading(state, oscillating=False)
    return PilotReading(state, oscillating=True, diode=level_of(low_v) is Pilot.F)


def frequency_ok(frequency_hz: float, *, seen_by_car: bool = False) -> bool:
    """Whether a pulse train of this frequency is a control pilot."""
    tolerance = CAR_HZ_TOLERANCE if seen_by_car else PWM_HZ_TOLERANCE
    return abs(frequency_hz - PWM_HZ) <= PWM_HZ * tolerance
