"""The record of car sessions: opened when a car is there, written again as it goes on, closed when it leaves."""

from collections.abc import Callable
from dataclasses import replace

from app.ports import CarSession
from app.store.rows import SessionRow

WRITE_EVERY_S = 60.0
LOST = "the engine was stopped while the car was connected"


class SessionRecord:
    """Folds what chargers tell into session rows."""

    def __init__(self, write: Callable[[SessionRow], None]) -> None:
        """``write`` puts a row on disk."""
        self._write = write
        self._open: dict[str, SessionRow] = {}
        self._written_s: dict[str, float] = {}
        self._closed: dict[str, SessionRow] = {}
        """The last session of a car that may still be plugged in."""
        self.latest: SessionRow | None = None
        """The row that was written last."""
        self.started = 0
        self.ended = 0

    def take(self, source: str, session: CarSession, now_s: float) -> None:
        """A charger's news."""
        current = self._open.get(source)
        session_id = session.session_id if session.ev.connected else None
        if not session.ev.connected:
            self._unplugged(source, now_s)
            current = None
        if current is not None and session_id != current.session_id:
            self.close(source, now_s, "a new session began")
            current = None
        if session_id is None or (session.state in ("ended", "paused") and current is None):
            return
        if current is None:
            current = SessionRow(session_id=session_id, start_s=session.since_s, soc_start=session.ev.soc)
            self.started += 1
        updated = replace(
            current,
            protocol=session.protocol,
            evcc_id=session.evcc_id,
            charged_wh=session.charged_wh,
            discharged_wh=session.discharged_wh,
            soc_start=current.soc_start if current.soc_start is not None else session.ev.soc,
            soc_end=session.ev.soc if session.ev.soc is not None else current.soc_end,
        )
        self._open[source] = updated
        if session.state in ("ended", "paused"):
            self.close(source, now_s, f"{session.state} by the car or the home")
        elif now_s - self._written_s.get(source, float("-inf")) >= WRITE_EVERY_S:
            self._written_s[source] = now_s
            self._put(updated)

    def close(self, source: str, now_s: float, why: str) -> None:
        """End the record of this charger's session, if one is open."""
        row = self._open.pop(source, None)
        self._written_s.pop(source, None)
        if row is not None:
            self.ended += 1
            self._closed[source] = replace(row, end_s=now_s, ended=why)
            self._put(self._closed[source])

    def _unplugged(self, source: str, now_s: float) -> None:
        """The car is gone: its session ends, if it has not; either way it is known when the stay ended."""
        row = self._open.pop(source, None)
        if row is not None:
            self.ended += 1
            self._closed[source] = replace(row, end_s=now_s, ended="the car was unplugged")
        self._written_s.pop(source, None)
        last = self._closed.pop(source, None)
        if last is not None:
            self._put(replace(last, unplugged_s=now_s))

    def _put(self, row: SessionRow) -> None:
        self.latest = row
        self._write(row)

    def close_all(self, now_s: float, why: str) -> None:
        """The engine stops."""
        for source in list(self._open):
            self.close(source, now_s, why)
