"""Which reports are due when, over all events: the VEN's calendar of duties."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from protocols.openadr.model import AdrEvent, AdrInterval, ReportDescriptor
from protocols.openadr.reports import ReportDue, reports_of


@dataclass(slots=True)
class _Duty:
    """One descriptor of one event, and its next report."""

    event: AdrEvent
    reports: Iterator[ReportDue]
    upcoming: ReportDue | None


def _ad_hoc(event: AdrEvent, descriptor: ReportDescriptor, from_s: float, every_s: float) -> Iterator[ReportDue]:
    """Reports whose time the VTN leaves to us: one for every ``every_s`` that the event lasts."""
    number = 0
    start_s = max(event.start_s, from_s)
    while descriptor.repeat in (-1, 1) or number < descriptor.repeat:
        end_s = min(start_s + every_s, event.end_s)
        if end_s <= start_s:
            return
        span = AdrInterval(number, start_s, end_s)
        yield ReportDue(event.event_id, event.program_id, descriptor, number, end_s, (span,))
        start_s, number = end_s, number + 1


class ReportAgenda:
    """The reports that events ask for, in order of time. Sans-I/O: time is an argument."""

    def __init__(self, ad_hoc_every_s: float = 900.0) -> None:
        self._ad_hoc_every_s = ad_hoc_every_s
        self._duties: dict[str, list[_Duty]] = {}

    def plan(self, event: AdrEvent, now_s: float) -> None:
        """Take up (anew) what ``event`` asks for, from ``now_s`` on."""
        self._duties[event.event_id] = [self._duty(event, d, now_s) for d in event.descriptors]

    def plan_all(self, events: Iterable[AdrEvent], now_s: float) -> None:
        """Reckon all duties anew, after the clock was set."""
        for event in events:
            self.plan(event, now_s)

    def _duty(self, event: AdrEvent, descriptor: ReportDescriptor, now_s: float) -> _Duty:
        if descriptor.frequency == 0 or not event.spans:
            reports = _ad_hoc(event, descriptor, now_s, self._ad_hoc_every_s)
        else:
            reports = reports_of(event, descriptor, now_s)
        return _Duty(event, reports, next(reports, None))

    def drop(self, event_id: str) -> None:
        """Owe nothing more on that event."""
        self._duties.pop(event_id, None)

    def next_s(self) -> float:
        """When the next report is due; ``inf``: none is."""
        return min((d.upcoming.due_s for ds in self._duties.values() for d in ds if d.upcoming), default=math.inf)

    def due(self, now_s: float) -> list[ReportDue]:
        """The reports due by ``now_s``, each once; of several missed ones of a descriptor only the latest."""
        found: list[ReportDue] = []
        for duties in self._duties.values():
            for duty in duties:
                latest = None
                while duty.upcoming is not None and duty.upcoming.due_s <= now_s:
                    latest, duty.upcoming = duty.upcoming, next(duty.reports, None)
                if latest is not None:
                    found.append(latest)
        self._duties = {event_id: ds for event_id, ds in self._duties.items() if any(d.upcoming for d in ds)}
        return sorted(found, key=lambda report: report.due_s)
