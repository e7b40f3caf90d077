"""An event in neutral terms: typed values over absolute time, whatever version of OpenADR brought it."""

import heapq
import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, TypeVar

from protocols.openadr.payloads import Value
from protocols.openadr.versions import Target

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class AdrInterval:
    """One stretch of time with its value."""

    interval_id: int
    """The VTN's own number, to be used in reports."""
    start_s: float
    end_s: float
    """``inf``: until the event is changed or cancelled."""
    values: tuple[Value, ...] = ()
    """One value, or several for types that are lists by nature (curves, instructions)."""

    @property
    def value(self) -> Value:
        """The value, or the first of several."""
        return self.values[0]


@dataclass(frozen=True, slots=True)
class AdrSignal:
    """All values of one payload type in an event, in order and without overlap."""

    payload_type: str
    intervals: tuple[AdrInterval, ...]
    units: str | None = None
    """As the VTN wrote it (``KW``, ``KWH`` …); None: not said."""
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class PayloadUnits:
    """What a payload descriptor says of a payload type."""

    units: str | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class ReportDescriptor:
    """What a VTN wants reported on an event."""

    payload_type: str
    reading_type: str | None = None
    units: str | None = None
    aggregate: bool = False
    start_interval: int = -1
    num_intervals: int = -1
    historical: bool = True
    frequency: int = -1
    """Intervals between reports; -1: as many as one covers; 0: the VEN chooses."""
    repeat: int = 1
    """How many reports; -1: as long as the event lasts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdrEvent:
    """One event, complete and consistent."""

    event_id: str
    program_id: str
    name: str = ""
    priority: int | None = None
    """Lower is higher; None: unspecified, after all others."""
    modified: str = ""
    """``modificationDateTime`` as sent; a change of it is a new version of the event."""
    modified_s: float | None = None
    targets: tuple[Target, ...] = ()
    signals: tuple[AdrSignal, ...] = ()
    spans: tuple[AdrInterval, ...] = ()
    """The event's intervals as the VTN numbers them, without values: what reports refer to."""
    descriptors: tuple[ReportDescriptor, ...] = ()
    start_s: float
    end_s: float
    repeat_s: float | None = None
    """The intervals repeat with this period until ``end_s``; None: they do not."""
    notes: tuple[str, ...] = field(default=(), compare=False)
    """What was passed over without harm, in words."""

    @property
    def rank(self) -> float:
        """Priority to sort by; the lowest goes first."""
        return math.inf if self.priority is None else self.priority

    def signal(self, payload_type: str) -> AdrSignal | None:
        """The signal of that type, or None."""
        return next((s for s in self.signals if s.payload_type == payload_type), None)

    def occurrences(self, signal: AdrSignal, from_s: float, to_s: float) -> tuple[AdrInterval, ...]:
        """The intervals that touch ``from_s`` .. ``to_s``, repetitions laid out, cut at the event's end."""
        lo_s, hi_s = max(from_s, self.start_s), min(to_s, self.end_s)
        if hi_s <= lo_s:
            return ()
        first, last = 0, 0
        if self.repeat_s is not None:
            first = int((lo_s - self.start_s) // self.repeat_s)
            last = int((hi_s - self.start_s) // self.repeat_s)
        found: list[AdrInterval] = []
        for cycle in range(first, last + 1):
            offset_s = cycle * (self.repeat_s or 0.0)
            for interval in signal.intervals:
                start_s = interval.start_s + offset_s
                end_s = min(interval.end_s + offset_s, self.end_s)
                if start_s < hi_s and end_s > lo_s:
                    found.append(replace(interval, start_s=start_s, end_s=end_s))
        return tuple(found)

    def at(self, payload_type: str, now_s: float) -> AdrInterval | None:
        """The interval of that type which holds at ``now_s``, or None."""
        signal = self.signal(payload_type)
        if signal is None:
            return None
        found = self.occurrences(signal, now_s, now_s + 1e-3)
        return next((i for i in found if i.start_s <= now_s < i.end_s), None)


def resolve(claims: Iterable[tuple[Any, float, float, T]]) -> list[tuple[float, float, T]]:
    """Who holds when: of claims (key, start_s, end_s, thing) that overlap, the one with the smallest key.

    The answer is in order, without overlap and without stretches that nobody claims.
    """
    ordered = sorted(claims, key=lambda claim: claim[1])
    edges = sorted({claim[1] for claim in ordered} | {claim[2] for claim in ordered})
    running: list[tuple[Any, int, float, T]] = []
    held: list[tuple[float, float, T]] = []
    upcoming = 0
    for left_s, right_s in pairwise(edges):
        while upcoming < len(ordered) and ordered[upcoming][1] <= left_s:
            key, _, end_s, thing = ordered[upcoming]
            heapq.heappush(running, (key, -upcoming, end_s, thing))
            upcoming += 1
        while running and running[0][2] <= left_s:
            heapq.heappop(running)
        if not running:
            continue
        thing = running[0][3]
        if held and held[-1][1] == left_s and held[-1][2] is thing:
            left_s = held.pop()[0]
        held.append((left_s, right_s, thing))
    return held


def without_overlap(intervals: Iterable[AdrInterval]) -> tuple[AdrInterval, ...]:
    """The same in order and without overlap: where two overlap, the one that started later holds."""
    found = tuple(intervals)
    if all(a.end_s <= b.start_s for a, b in pairwise(found)):
        return found
    held = resolve((-i.start_s, i.start_s, i.end_s, i) for i in found)
    return tuple(replace(interval, start_s=start_s, end_s=end_s) for start_s, end_s, interval in held)
