"""Which EVSE is ours? The one that hears us best, if it hears us well enough (ISO 15118-3, A.9.2)."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from protocols.slac.timings import Timings


class Verdict(StrEnum):
    """What an attenuation says."""

    FOUND = "found"
    POTENTIALLY_FOUND = "potentially found"
    NOT_FOUND = "not found"


@dataclass(frozen=True, slots=True)
class Heard:
    """One EVSE's account of our sounds."""

    evse_mac: bytes
    attenuation_db: float
    sounds: int


def average_db(aag: bytes) -> float:
    """The mean attenuation over all groups of carriers, dB; infinite where none was measured."""
    return sum(aag) / len(aag) if aag else float("inf")


def judge(heard: Heard, timings: Timings) -> Verdict:
    """At most `direct_db`: it is ours. At most `indirect_db`: it may be. Above, or no sound heard: it is not."""
    if heard.sounds == 0 or heard.attenuation_db > timings.indirect_db:
        return Verdict.NOT_FOUND
    return Verdict.FOUND if heard.attenuation_db <= timings.direct_db else Verdict.POTENTIALLY_FOUND


def ranked(accounts: Iterable[Heard], timings: Timings) -> list[Heard]:
    """Those that may be ours, the least attenuated first; of two alike the one that heard more sounds."""
    possible = [heard for heard in accounts if judge(heard, timings) is not Verdict.NOT_FOUND]
    return sorted(possible, key=lambda heard: (heard.attenuation_db, -heard.sounds, heard.evse_mac))
