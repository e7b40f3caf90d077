"""The book of events: what the VTN has asked, compared with what it asked before.

Fed with whole lists as they are polled; tells the differences. Each event is read alone, so that a malformed one
hides no other; a malformed or replayed new version does not displace the good one before it.
"""

import math
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from protocols.openadr.agenda import ReportAgenda
from protocols.openadr.changes import ChangeKind, VenChange
from protocols.openadr.events import BadEventError, Shift, parse_event, time_or_none
from protocols.openadr.model import AdrEvent, PayloadUnits

_OWN_NAME_KINDS = {"VEN_NAME", "RESOURCE_NAME", "GROUP", "SERVICE_AREA", "POWER_SERVICE_LOCATION"}
"""3.0.1's target types that choose among homes; others (``PROGRAM_NAME`` …) choose among events."""

_UNREAD = object()


@dataclass(slots=True)
class _Entry:
    """What is known of one event id."""

    first_seen_s: float
    raw: object = _UNREAD
    event: AdrEvent | None = None
    reason: str = ""
    """Why the newest version is not in force, when it is not."""
    over: bool = False
    absences: int = 0


class EventLedger:
    """Events by id, and what changed. Sans-I/O: time is an argument."""

    def __init__(self, shift: Shift, agenda: ReportAgenda, own_targets: frozenset[str] = frozenset()) -> None:
        self._shift = shift
        self._agenda = agenda
        self._own_targets = own_targets
        self._programs: frozenset[str] | None = None
        self._program_units: Mapping[str, Mapping[str, PayloadUnits]] = {}
        self._entries: dict[str, _Entry] = {}
        self._listed = False
        self.changes: deque[VenChange] = deque()

    @property
    def events(self) -> tuple[AdrEvent, ...]:
        """The events in force or still to come, most important first."""
        found = [e.event for e in self._entries.values() if e.event is not None and not e.over]
        return tuple(sorted(found, key=lambda event: (event.rank, event.start_s, event.event_id)))

    @property
    def quarantined(self) -> dict[str, str]:
        """Events that cannot be acted on (or whose newest version cannot), with the reason."""
        return {event_id: e.reason for event_id, e in self._entries.items() if e.reason}

    def know_programs(self, programs: frozenset[str] | None, units: Mapping[str, Mapping[str, PayloadUnits]]) -> None:
        """Ids of the programmes taken part in (None: all), and their payload descriptors by programme id."""
        if (programs, units) != (self._programs, self._program_units):
            self._programs, self._program_units = programs, units
            self._read_anew()

    def know_targets(self, own_targets: frozenset[str]) -> None:
        """Names by which events may address this home; empty: the VTN's choice is trusted."""
        if own_targets != self._own_targets:
            self._own_targets = own_targets
            self._read_anew()

    def _read_anew(self) -> None:
        for entry in self._entries.values():
            entry.raw = _UNREAD

    def take(self, raws: Iterable[object], now_s: float, absences_needed: int = 1) -> None:
        """Compare a whole list with what was known.

        ``absences_needed``: so many lists in a row must lack an event before it counts as cancelled. A list
        fetched in several pages may miss one that moved between two pages: give 2 for it.
        """
        seen: set[str] = set()
        for index, raw in enumerate(raws):
            event_id = _id_of(raw, index)
            if event_id not in seen or _modified(raw) > _modified(self._entries[event_id].raw):
                self._take_one(event_id, raw, now_s)
            seen.add(event_id)
        for event_id in [known for known in self._entries if known not in seen]:
            self._absent(event_id, now_s, absences_needed)
        self._listed = True

    def _take_one(self, event_id: str, raw: object, now_s: float) -> None:
        entry = self._entries.setdefault(event_id, _Entry(now_s))
        entry.absences = 0
        if raw == entry.raw:
            return
        entry.raw = raw
        try:
            event = parse_event(raw, self._moment_of_now(entry, raw, now_s), self._shift, self._program_units)
            if entry.event and (event.modified_s or math.inf) < (entry.event.modified_s or -math.inf):
                raise BadEventError(f"it is older than the version in force ({entry.event.modified})")
        except BadEventError as problem:
            self._quarantine(event_id, entry, str(problem))
            return
        entry.reason = ""
        if not self._is_ours(event):
            if entry.event is not None:
                self._end(event_id, entry, ChangeKind.CANCELLED, "it no longer addresses this home")
            return
        known, entry.event = entry.event, event
        entry.over = known is None and event.end_s <= now_s
        self._agenda.plan(event, now_s)
        if known is None and not entry.over:
            self.changes.append(VenChange(ChangeKind.NEW, event_id, event))
        elif known is not None and known != event:
            self.changes.append(VenChange(ChangeKind.CHANGED, event_id, event))

    def _moment_of_now(self, entry: _Entry, raw: object, now_s: float) -> float:
        """What "now" means in an event: when this version of it was first seen, the same at every poll."""
        if entry.event is not None and entry.event.modified == _modified(raw):
            return entry.first_seen_s
        # What stood there before we first asked began when it was written, not at our start.
        written_s = now_s if self._listed else min(now_s, time_or_none(_modified(raw)) or now_s)
        entry.first_seen_s = written_s
        return written_s

    def _quarantine(self, event_id: str, entry: _Entry, problem: str) -> None:
        reason = f"Event {event_id} is not acted on: {problem}."
        if entry.event is not None and not entry.over:
            reason += " The version before it stays in force."
        if reason != entry.reason:
            entry.reason = reason
            self.changes.append(VenChange(ChangeKind.QUARANTINED, event_id, entry.event, reason))

    def _is_ours(self, event: AdrEvent) -> bool:
        if self._programs is not None and event.program_id not in self._programs:
            return False
        choosing = [t.value for t in event.targets if t.kind is None or t.kind in _OWN_NAME_KINDS]
        if not choosing or not self._own_targets:
            return True
        return not self._own_targets.isdisjoint(choosing)

    def _absent(self, event_id: str, now_s: float, absences_needed: int) -> None:
        entry = self._entries[event_id]
        entry.absences += 1
        if entry.absences < absences_needed:
            return
        if entry.event is not None and not entry.over:
            over = entry.event.end_s <= now_s
            self._end(event_id, entry, ChangeKind.COMPLETED if over else ChangeKind.CANCELLED)
        if entry.event is not None and entry.event.end_s > now_s:
            self._agenda.drop(event_id)
        del self._entries[event_id]

    def _end(self, event_id: str, entry: _Entry, kind: ChangeKind, reason: str = "") -> None:
        self.changes.append(VenChange(kind, event_id, entry.event, reason))
        if kind is ChangeKind.CANCELLED:
            self._agenda.drop(event_id)
            entry.event = None
        else:
            entry.over = True

    def on_timer(self, now_s: float) -> None:
        """Complete what has ended; take up again what a clock gone wrong had ended too early."""
        for event_id, entry in self._entries.items():
            if entry.event is None or entry.over == (entry.event.end_s <= now_s):
                continue
            if entry.over:
                entry.over = False
                self.changes.append(VenChange(ChangeKind.NEW, event_id, entry.event, "the clock was set back"))
            else:
                self._end(event_id, entry, ChangeKind.COMPLETED)

    def next_s(self) -> float:
        """When the next event ends; ``inf``: none does."""
        return min((event.end_s for event in self.events), default=math.inf)

    def discard_limits(self) -> None:
        """After a grid outage limits of before mean nothing: forget them until the VTN tells them again."""
        for event_id, entry in list(self._entries.items()):
            if entry.event is None or not any(s.payload_type.endswith("_CAPACITY_LIMIT") for s in entry.event.signals):
                continue
            if not entry.over:
                self._end(event_id, entry, ChangeKind.CANCELLED, "after a grid outage limits are asked anew")
            del self._entries[event_id]


def _id_of(raw: object, index: int) -> str:
    event_id: Any = raw.get("id") if isinstance(raw, dict) else None
    return event_id if isinstance(event_id, str) and event_id else f"(number {index} of the list, without an id)"


def _modified(raw: object) -> str:
    return str(raw.get("modificationDateTime") or "")[:128] if isinstance(raw, dict) else ""
