"""A car that paused its session and sleeps on the cable: what is kept of it, over a restart of the engine too."""

from dataclasses import dataclass
from typing import Any

import msgspec

from app.ports import CarSession
from protocols.iso15118.paused import PausedSession


@dataclass(frozen=True, slots=True)
class Sleep:
    """The session's context for its resumption, and what was known of the car."""

    session: PausedSession
    protocol: str
    since_s: float
    """Home time at which the session began."""
    charged_wh: float
    discharged_wh: float
    soc: float | None
    capacity_wh: float
    can_discharge: bool
    departure_s: float | None = None
    target_soc: float | None = None

    @classmethod
    def of(cls, paused: PausedSession, picture: CarSession) -> "Sleep":
        """What to keep as the car goes to sleep."""
        return cls(
            session=paused,
            protocol=picture.protocol,
            since_s=picture.since_s,
            charged_wh=picture.charged_wh,
            discharged_wh=picture.discharged_wh,
            soc=picture.ev.soc,
            capacity_wh=picture.ev.ev.capacity_wh,
            can_discharge=picture.ev.can_discharge,
            departure_s=picture.departure_s,
            target_soc=picture.target_soc,
        )

    def to_plain(self) -> dict[str, Any]:
        """What JSON can hold."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain

    @classmethod
    def from_plain(cls, plain: Any) -> "Sleep":
        """What ``to_plain`` gave. Raises ``ValueError`` with one sentence where it is not that."""
        try:
            return msgspec.convert(plain, cls)
        except msgspec.ValidationError as error:
            raise ValueError(f"this is no session of a sleeping car: {error}") from None
