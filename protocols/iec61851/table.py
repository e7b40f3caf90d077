"""The charger's pilot as one table: states, what each puts on the wire, and what leads from one to another.

The rows are looked at in order, each time anything is told, until none holds any more: so nothing depends on which of
two things was seen first, and a lost edge is made good by the next look. ``outlet.py`` knows what the conditions mean;
``diagram.py`` draws the rows.
"""

from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from protocols.iec61851.duty import DIGITAL, STATE_F, X1


class OutletState(StrEnum):
    """Where the charger's side of the pilot stands."""

    VACANT = "vacant"
    """No car."""
    OFFERING = "offering"
    """5 %: a car is here, a digital session is waited for."""
    TOGGLING = "toggling"
    """State F for some seconds: a car that slept through the offer wakes, one that lost its link begins anew."""
    STEPPING = "stepping"
    """X1 before another duty cycle is shown."""
    READY = "ready"
    """The duty cycle offers a current; the car takes nothing yet."""
    CHARGING = "charging"
    """Basic charging."""
    STOPPING = "stopping"
    """X1, the contactor still closed: the car has some seconds to stop by itself."""
    PAUSED = "paused"
    """X1: a basic car is here, and nothing is offered."""
    REFUSED = "refused"
    """The car wants ventilation that is not there."""
    DIGITAL = "digital"
    """A digital session commands."""
    RESTING = "resting"
    """X1 after a digital session; the car may sleep."""
    BROKEN = "broken"
    """The pilot is shorted, dead, or pulled by what is no car."""
    UNAVAILABLE = "unavailable"
    """State F: the charger has a fault."""


class Closes(StrEnum):
    """Who may have the contactor closed in a state."""

    NOBODY = "nobody"
    CAR = "car"
    """The car, by state C (or D, ventilated)."""
    SESSION = "session"
    """The same, and the session must have asked too."""


class Face(NamedTuple):
    """What a state shows. ``duty`` None: the current on offer. ``timer`` names a field of ``PilotTimings``."""

    duty: float | None = X1
    closes: Closes = Closes.NOBODY
    timer: str | None = None


class When(StrEnum):
    """The conditions of the rows."""

    FAULT = "fault"
    NO_FAULT = "no fault"
    BAD_PILOT = "pilot bad"
    GONE = "no car"
    PRESENT_DIGITAL = "car here"
    PRESENT_BASIC = "car here, no digital offer"
    WAITS = "car waits (B)"
    WANTS = "car wants energy (C)"
    VENTILATE = "car wants ventilation (D) that is not there"
    WOKE = "car woke (B, then C)"
    WAKE = "told to wake the car"
    SESSION = "digital session"
    ENDED = "session ended"
    BROKE = "session broke"
    BROKE_TAKING = "session broke under load"
    RETRY = "digital offer due again"
    NO_CURRENT = "nothing on offer"
    GREEDY = "car takes too much"
    TIME = "time is up"
    TIME_TRIES = "time is up, tries left"
    TIME_BASIC = "time is up, tries used"
    TIME_CURRENT = "time is up, current on offer"
    TIME_NUDGE = "time is up, first time"


class Row(NamedTuple):
    """In one of these states, under this condition, go there."""

    states: tuple[OutletState, ...]
    when: When
    next: OutletState


_S, _W = OutletState, When

FACES: MappingProxyType[OutletState, Face] = MappingProxyType(
    {
        _S.VACANT: Face(),
        _S.OFFERING: Face(DIGITAL, timer="digital_s"),
        _S.TOGGLING: Face(STATE_F, timer="step_ef_s"),
        _S.STEPPING: Face(timer="step_x1_s"),
        _S.READY: Face(None, timer="wake_s"),
        _S.CHARGING: Face(None, Closes.CAR),
        _S.STOPPING: Face(closes=Closes.CAR, timer="stop_s"),
        _S.PAUSED: Face(timer="step_x1_s"),
        _S.REFUSED: Face(),
        _S.DIGITAL: Face(DIGITAL, Closes.SESSION),
        _S.RESTING: Face(),
        _S.BROKEN: Face(timer="recover_s"),
        _S.UNAVAILABLE: Face(STATE_F),
    }
)

_ALL = tuple(OutletState)
_WELL = tuple(state for state in _ALL if state is not _S.UNAVAILABLE)
_SOUND = tuple(state for state in _WELL if state is not _S.BROKEN)
_WITH_CAR = tuple(state for state in _SOUND if state is not _S.VACANT)

ROWS: tuple[Row, ...] = (
    Row(_WELL, _W.FAULT, _S.UNAVAILABLE),
    Row(_SOUND, _W.BAD_PILOT, _S.BROKEN),
    Row(_WITH_CAR, _W.GONE, _S.VACANT),
    Row((_S.UNAVAILABLE,), _W.NO_FAULT, _S.VACANT),
    Row((_S.BROKEN,), _W.TIME, _S.VACANT),
    Row((_S.VACANT,), _W.PRESENT_DIGITAL, _S.OFFERING),
    Row((_S.VACANT,), _W.PRESENT_BASIC, _S.READY),
    Row((_S.OFFERING, _S.TOGGLING, _S.STEPPING, _S.READY, _S.PAUSED, _S.RESTING, _S.REFUSED), _W.SESSION, _S.DIGITAL),
    Row((_S.OFFERING,), _W.TIME_TRIES, _S.TOGGLING),
    Row((_S.OFFERING,), _W.TIME_BASIC, _S.STEPPING),
    Row((_S.TOGGLING,), _W.TIME, _S.OFFERING),
    Row((_S.STEPPING,), _W.TIME, _S.READY),
    Row((_S.READY, _S.CHARGING, _S.STOPPING), _W.VENTILATE, _S.REFUSED),
    Row((_S.READY,), _W.NO_CURRENT, _S.PAUSED),
    Row((_S.READY,), _W.WANTS, _S.CHARGING),
    Row((_S.READY,), _W.TIME_NUDGE, _S.STEPPING),
    Row((_S.CHARGING,), _W.SESSION, _S.STOPPING),
    Row((_S.CHARGING,), _W.GREEDY, _S.STOPPING),
    Row((_S.CHARGING,), _W.NO_CURRENT, _S.STOPPING),
    Row((_S.CHARGING,), _W.WAITS, _S.READY),
    Row((_S.STOPPING,), _W.WAITS, _S.PAUSED),
    Row((_S.STOPPING,), _W.TIME, _S.PAUSED),
    Row((_S.PAUSED,), _W.RETRY, _S.TOGGLING),
    Row((_S.PAUSED,), _W.TIME_CURRENT, _S.READY),
    Row((_S.REFUSED,), _W.WAITS, _S.PAUSED),
    Row((_S.REFUSED,), _W.WANTS, _S.PAUSED),
    Row((_S.DIGITAL,), _W.ENDED, _S.RESTING),
    Row((_S.DIGITAL,), _W.BROKE_TAKING, _S.STOPPING),
    Row((_S.DIGITAL,), _W.BROKE, _S.TOGGLING),
    Row((_S.RESTING,), _W.WAKE, _S.OFFERING),
    Row((_S.RESTING,), _W.WOKE, _S.OFFERING),
)
