"""Reports that events ask for: when each is due, which intervals it covers, and its JSON.

A ``reportDescriptor`` is a small programme over the event's intervals, numbered 0, 1, 2 … (and on, when the
event repeats). The k-th report covers ``num_intervals`` intervals from ``start_interval + k × frequency``;
a historical one is due when the last of them ends, a forecast when the first begins.
Source: OpenADR 3.1.0 User Guide, 7.5 "Report Management".
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from protocols.openadr.model import AdrEvent, AdrInterval, ReportDescriptor
from protocols.openadr.times import format_duration, format_time
from protocols.openadr.versions import Version

ALL_RESOURCES = "AGGREGATED_REPORT"
"""Resource name of a report that sums all resources."""
_MANY = 10_000


@dataclass(frozen=True, slots=True)
class ReportDue:
    """One report to be filled in."""

    event_id: str
    program_id: str
    descriptor: ReportDescriptor
    number: int
    """Which report of this descriptor, from 0."""
    due_s: float
    intervals: tuple[AdrInterval, ...]
    """The stretches to report on, without values."""

    @property
    def name(self) -> str:
        """Stable name: the same report sent again bears the same."""
        return f"{self.event_id}.{self.descriptor.payload_type}.{self.number}"


ReportValues = Mapping[str, Sequence[float | str | None]]
"""By resource name, one value for each interval of the report; None: not measured."""


_INTEGERS = {
    "startInterval": "start_interval",
    "numIntervals": "num_intervals",
    "frequency": "frequency",
    "repeat": "repeat",
}
_BOOLEANS = {"aggregate": "aggregate", "historical": "historical"}
_TEXTS = {"readingType": "reading_type", "units": "units"}


def read_descriptors(raw: object, notes: list[str]) -> tuple[ReportDescriptor, ...]:
    """The descriptors of an event. A bad one costs its report, never the event: it goes to ``notes``."""
    if raw is None:
        return ()
    if not isinstance(raw, list):
        notes.append("reportDescriptors is no list; no report will be sent")
        return ()
    found: list[ReportDescriptor] = []
    for item in raw:
        try:
            found.append(_descriptor(item))
        except ValueError as problem:
            notes.append(f"a report cannot be sent: {problem}")
    return tuple(found)


def _descriptor(raw: object) -> ReportDescriptor:
    if not isinstance(raw, dict) or not isinstance(raw.get("payloadType"), str) or not raw["payloadType"]:
        raise ValueError("its descriptor has no payloadType")
    members: dict[str, Any] = {}
    for wire, name in _INTEGERS.items():
        value = raw.get(wire)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int) or not -1 <= value <= _MANY:
            raise ValueError(f"{wire} of its descriptor is {str(value)[:20]}, not a whole number from -1 up")
        members[name] = value
    for table, kind in ((_BOOLEANS, bool), (_TEXTS, str)):
        for wire, name in table.items():
            if raw.get(wire) is None:
                continue
            if not isinstance(raw[wire], kind):
                raise ValueError(f"{wire} of its descriptor is {str(raw[wire])[:20]}")
            members[name] = raw[wire]
    return ReportDescriptor(raw["payloadType"][:128], **members)


def _window(event: AdrEvent, first: int, count: int) -> tuple[AdrInterval, ...]:
    """Intervals ``first`` .. ``first + count`` of the event, repetitions counted on; fewer where it ends."""
    found: list[AdrInterval] = []
    size = len(event.spans)
    for index in range(max(first, 0), first + count):
        cycle, position = divmod(index, size)
        if cycle and event.repeat_s is None:
            break
        offset_s = cycle * (event.repeat_s or 0.0)
        span = event.spans[position]
        start_s, end_s = span.start_s + offset_s, min(span.end_s + offset_s, event.end_s)
        if start_s >= event.end_s:
            break
        found.append(replace(span, start_s=start_s, end_s=end_s))
    return tuple(found)


def reports_of(event: AdrEvent, descriptor: ReportDescriptor, from_s: float) -> Iterator[ReportDue]:
    """The reports of a descriptor in order, without end where the event has none.

    Reports whose time had passed before ``from_s`` are left out, except the latest of them (User Guide 7.5,
    "do it now event reporting").
    """
    size = len(event.spans)
    if not size or descriptor.frequency == 0:
        return
    count = descriptor.num_intervals
    start = descriptor.start_interval
    if count == -1:
        count = size - max(start, 0) if start < size else size
    if start == -1:
        start = size - count if descriptor.historical else 0
    count = max(1, min(count, _MANY))
    step = descriptor.frequency if descriptor.frequency > 0 else count
    number = _first_number(event, start, count, step, descriptor, from_s)
    while descriptor.repeat == -1 or number < descriptor.repeat:
        window = _window(event, start + number * step, count)
        if not window:
            return
        due_s = window[-1].end_s if descriptor.historical else window[0].start_s
        if math.isinf(due_s):
            return
        yield ReportDue(event.event_id, event.program_id, descriptor, number, due_s, window)
        number += 1


def _first_number(
    event: AdrEvent, start: int, count: int, step: int, descriptor: ReportDescriptor, from_s: float
) -> int:
    """Number of the latest report that was due by ``from_s``, found by bisection; 0 where none was."""

    def passed(number: int) -> bool:
        window = _window(event, start + number * step, count)
        if not window:
            return False
        return (window[-1].end_s if descriptor.historical else window[0].start_s) <= from_s

    if not passed(1):
        return 0
    low, high = 1, 2
    while passed(high):
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if passed(middle) else (low, middle)
    return low if descriptor.repeat == -1 else min(low, descriptor.repeat - 1)


def report_json(version: Version, due: ReportDue, client_name: str, values: ReportValues) -> dict[str, Any]:
    """The report as this version writes it. Missing values are said to be missing (``DATA_QUALITY``)."""
    descriptor = due.descriptor
    body: dict[str, Any] = {
        "eventID": due.event_id,
        "clientName": client_name,
        "reportName": due.name,
        "payloadDescriptors": [
            {"objectType": "REPORT_PAYLOAD_DESCRIPTOR", "payloadType": descriptor.payload_type}
            | ({"readingType": descriptor.reading_type} if descriptor.reading_type else {})
            | ({"units": descriptor.units} if descriptor.units else {})
        ],
        "resources": [
            {
                "resourceName": ALL_RESOURCES if descriptor.aggregate else name,
                "intervals": [
                    _interval_json(interval, descriptor.payload_type, value)
                    for interval, value in zip(due.intervals, row, strict=True)
                ],
            }
            for name, row in values.items()
        ],
    }
    if version.report_names_program:
        body["programID"] = due.program_id
    return body


def _interval_json(interval: AdrInterval, payload_type: str, value: float | str | None) -> dict[str, Any]:
    if isinstance(value, float) and not math.isfinite(value):
        value = None
    payloads: list[dict[str, Any]] = (
        [{"type": "DATA_QUALITY", "values": ["MISSING"]}]
        if value is None
        else [{"type": payload_type, "values": [value]}]
    )
    period: dict[str, Any] = {"start": format_time(interval.start_s)}
    period["duration"] = format_duration(round(interval.end_s - interval.start_s, 3))
    return {"id": interval.interval_id, "intervalPeriod": period, "payloads": payloads}
