"""What a car's matching process tells, each with the time it happened at (POSIX seconds)."""

from dataclasses import dataclass

from protocols.slac.ev_table import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something happened."""

    time_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChanged(Event):
    """The process went on."""

    state: State
    previous: State


@dataclass(frozen=True, slots=True, kw_only=True)
class EvseHeard(Event):
    """An EVSE has told how it heard our sounds."""

    evse_mac: bytes
    attenuation_db: float
    sounds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ToggleAsked(Event):
    """The pilot is to go from B to C and back `toggles` times, each state `state_s` seconds long."""

    toggles: int
    state_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched(Event):
    """D-LINK_READY.indication, link established: IPv6 goes now, and only to this EVSE."""

    evse_mac: bytes
    nid: bytes
    attenuation_db: float
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchingFailed(Event):
    """D-LINK_READY.indication, no link: no attempt within TT_matching_repetition came to a match."""

    reason: str
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkLost(Event):
    """The link had been there, and is gone."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameIgnored(Event):
    """A frame came that says nothing to us; the sentence tells why."""

    reason: str
    raw: bytes
