"""The standards' timers, as data.

A `Timer` is one figure of a standard with its name and clause; it stands where it is used: in a row of a dialect's
table (`Exchange`, loop timers). `Timings` is what a session makes of them: nothing but tests and laboratories, whose
peers are slower than the standard, ever changes a figure.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Timer:
    """`name` is the standard's own, e.g. V2G_EVCC_Msg_Timeout; `clause` where it says so (a table, a requirement)."""

    name: str
    seconds: float
    clause: str

    def __str__(self) -> str:
        return f"{self.name}, {self.clause}"


EVCC_COMMUNICATION_SETUP = Timer("V2G_EVCC_CommunicationSetup_Timeout", 20.0, "from the link to SessionSetupRes")
HANDSHAKE_MESSAGE = Timer("V2G_EVCC_Msg_Timeout", 2.0, "of supportedAppProtocolReq, alike in all generations")
SECC_SEQUENCE = Timer("V2G_SECC_Sequence_Timeout", 60.0, "alike in all generations")
"""Before a dialect is chosen; afterwards its own table speaks."""


@dataclass(frozen=True, slots=True)
class Timings:
    """How long things really take here: every timer `factor` times as long, or as `overrides` says by its name."""

    factor: float = 1.0
    overrides: Mapping[str, float] = field(default_factory=dict)
    sdp_retry_s: float = 0.25
    """SDP response timeout, ISO 15118-20, 7.10.1."""
    sdp_attempts: int = 50
    """SDP request counter limit, ISO 15118-20, 7.10.1."""
    poll_s: float = 0.1
    """Our own: how soon the EVCC asks again after EVSEProcessing = Ongoing."""

    def of(self, timer: Timer) -> float:
        """Seconds that this timer runs here."""
        return self.overrides.get(timer.name, timer.seconds * self.factor)

    def scaled(self, factor: float) -> "Timings":
        """Every time-out `factor` times as long: for laboratories whose peers are slower than the standard.

        Below 1 the search for a charger is shorter too; it never grows, as an answer to an earlier try counts as well.
        """
        return replace(self, factor=self.factor * factor, sdp_attempts=math.ceil(self.sdp_attempts * min(1.0, factor)))
