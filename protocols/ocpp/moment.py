"""The two times of a station: one for the wire, one for the home."""

from typing import NamedTuple


class Moment(NamedTuple):
    """Now, twice. A wire runs in real time whatever speed the home is shown at."""

    now: float
    """Monotonic seconds: time-outs, back-off, heartbeat."""
    at: float
    """Home time, POSIX seconds: timestamps and charging profiles."""
