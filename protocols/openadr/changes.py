"""What a VEN tells its home: changes of events. (Reports that fall due are ``reports.ReportDue``.)"""

from dataclasses import dataclass
from enum import StrEnum

from protocols.openadr.model import AdrEvent


class ChangeKind(StrEnum):
    """What happened to an event."""

    NEW = "new"
    CHANGED = "changed"
    CANCELLED = "cancelled"
    COMPLETED = "completed"
    QUARANTINED = "quarantined"
    """It cannot be acted on; ``reason`` says why. An earlier good version of it stays in force."""


@dataclass(frozen=True, slots=True)
class VenChange:
    """One change of one event."""

    kind: ChangeKind
    event_id: str
    event: AdrEvent | None = None
    """The event as it is in force after the change; for cancelled and completed: as it was."""
    reason: str = ""
