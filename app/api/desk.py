"""What the API asks of the engine: the desk where the window's questions are answered.

Answers come from memory or from the store's reader; nothing here waits for hardware. A refusal is ``Refused``, with
one sentence for the person who asked.
"""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Literal, Protocol

from app.api.schema import (
    CaptureOut,
    DecisionsOut,
    EventOut,
    HealthOut,
    HistoryOut,
    HomeSnapshot,
    InstallerOut,
    LoadNow,
    MessageOut,
    PastPlanOut,
    PlanOut,
    RecordingOut,
    SessionOut,
    SummaryOut,
    WishesOut,
)


class Refused(Exception):
    """The engine will not do that: one sentence says why and the way out."""

    def __init__(self, problem: str, *, status: int = 409, line: int | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.status = status
        self.line = line


StreamEvent = tuple[Literal["home", "plan", "events", "health", "session", "message"], str]
"""Name of the stream's event and its body as JSON text (the schema's model of that name)."""


class Desk(Protocol):
    """The engine's side of the API."""

    def snapshot(self) -> HomeSnapshot:
        """The Home page's picture."""
        ...

    def plan(self) -> PlanOut | None:
        """The plan in force; None before the first."""
        ...

    async def preview(self, wishes: WishesOut) -> PlanOut:
        """The plan that these wishes would give; nothing changes."""
        ...

    async def set_wishes(self, wishes: WishesOut) -> WishesOut:
        """Take new wishes, on disk before this returns, and plan anew."""
        ...

    async def boost(self, minutes: float) -> WishesOut:
        """Charge at full power for so long; 0 ends it."""
        ...

    async def pause(self, paused: bool) -> WishesOut:
        """Stop charging and discharging, or go on."""
        ...

    async def put_off(self, name: str) -> LoadNow:
        """A machine does not run in its present window, a person says."""
        ...

    async def stop_session(self) -> None:
        """End the car's session in order."""
        ...

    def events(self) -> list[EventOut]:
        """Grid events: coming, active, and the last days' done ones."""
        ...

    async def opt_out(self, source: str, event_id: str, opted_out: bool) -> EventOut:
        """Decline an event, or take it up again."""
        ...

    async def service_csv(self, source: str, event_id: str) -> str:
        """An event's service second by second, as CSV. Raises ``Refused`` (404) for an event that is not kept."""
        ...

    def messages(self, limit: int) -> list[MessageOut]:
        """The latest protocol messages, newest last."""
        ...

    async def sessions(self, limit: int) -> list[SessionOut]:
        """The latest car sessions, newest first."""
        ...

    async def history(self, start: datetime, end: datetime, points: int) -> HistoryOut:
        """Readings, decimated to at most so many points."""
        ...

    async def summary(self, period: Literal["day", "month", "year"], date: datetime) -> SummaryOut:
        """Energy by path and money of the local day, month or year that holds ``date``."""
        ...

    async def decisions(self, start: datetime, end: datetime, limit: int) -> DecisionsOut:
        """What the charger was told between two times and why, newest first, at most so many."""
        ...

    async def past_plan(self, at: datetime) -> PastPlanOut:
        """The plan that was in force then; ``Refused`` where none is kept."""
        ...

    def export_csv(self, start: datetime, end: datetime) -> AsyncIterator[str]:
        """Readings as CSV, line by line."""
        ...

    def installer(self) -> InstallerOut:
        """Devices, links, limits and the home file."""
        ...

    async def write_home(self, toml: str, *, dry_run: bool) -> InstallerOut:
        """Check a new home file and write it (with a backup); it holds after a restart of the engine."""
        ...

    async def reset_charger(self) -> InstallerOut:
        """Clear the charger's fault, on a person's word; what is still wrong is told anew."""
        ...

    async def recordings(self) -> list[RecordingOut]:
        """The last sessions that were recorded, the newest first."""
        ...

    async def recording(self, recording_id: str) -> bytes:
        """One of them, as JSON lines."""
        ...

    def capture(self) -> CaptureOut:
        """How the packet capture stands."""
        ...

    async def begin_capture(self, minutes: float) -> CaptureOut:
        """Capture the sessions that begin from now on; 0 minutes end it and keep the file."""
        ...

    async def captured(self) -> tuple[str, bytes]:
        """The capture's file name and content."""
        ...

    async def delete_capture(self) -> None:
        """End it, and leave nothing of it."""
        ...

    def health(self) -> list[HealthOut]:
        """Every driver and link."""
        ...

    def stream(self) -> AsyncIterator[StreamEvent]:
        """Live events until the client goes, the first a full ``home``; a slow client loses only old ones."""
        ...
