"""An event as a VTN sends it, turned into typed intervals in absolute time; a bad one is refused with a reason.

One OpenADR event may carry several payload types (prices and greenhouse gas, import and export limits): each
becomes an ``AdrSignal``. Packed values are unpacked, overlaps resolved, randomised starts applied, so that a
reader needs to know nothing of OpenADR's timing rules (3.1.0 User Guide, 7.3 to 7.5).
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from protocols.openadr.model import AdrEvent, AdrInterval, AdrSignal, PayloadUnits, without_overlap
from protocols.openadr.payloads import PRIVATE_RULE, RULES, Value, read_values
from protocols.openadr.reports import read_descriptors
from protocols.openadr.times import means_now, parse_duration, parse_time
from protocols.openadr.versions import read_targets

MAX_INTERVALS = 10_000
"""More (after unpacking) is refused: a year of hourly prices fits, an attack does not."""
_SHORTEST_REPEATED_S = 60.0
"""Mean length of the values of an event that repeats: shorter ones would fill days with too many."""
_ID_LENGTH = 128

Shift = Callable[[str], float]
"""From a key to a number in -1..1, uniform and always the same for a key: the draw for ``randomizeStart``."""


class BadEventError(ValueError):
    """This event cannot be acted on; the message says why, for the utility to read."""


@dataclass(frozen=True, slots=True)
class _Period:
    start: str | None = None
    duration_s: float = 0.0
    randomize_s: float | None = None


def _object(raw: object, what: str) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise BadEventError(f"{what} is no object")
    return raw


def _text(raw: object, what: str, longest: int = _ID_LENGTH) -> str:
    if not isinstance(raw, str) or not 0 < len(raw) <= longest:
        raise BadEventError(f"{what} is missing or no text of 1 to {longest} characters")
    return raw


def _period(raw: object, default: _Period, where: str) -> _Period:
    """An ``intervalPeriod`` over the event's default; a start is never inherited by an interval."""
    if raw is None:
        return _Period(None, default.duration_s)
    members = _object(raw, f"intervalPeriod of {where}")
    start = members.get("start")
    duration_s = default.duration_s
    if members.get("duration") is not None:
        duration_s = parse_duration(members["duration"])
        if duration_s < 0:
            raise BadEventError(f"{where} has the negative duration {members['duration']}")
    randomize_s = None
    if members.get("randomizeStart") is not None:
        randomize_s = abs(parse_duration(members["randomizeStart"]))
        if math.isinf(randomize_s):
            raise BadEventError(f"{where} is to start at a random moment within for ever")
    return _Period(None if start is None else str(start), duration_s, randomize_s)


def read_units(raw: object) -> dict[str, PayloadUnits]:
    """Payload descriptors of an event or a program, by payload type."""
    if raw is None:
        return {}
    if not isinstance(raw, list):
        raise BadEventError("payloadDescriptors is no list")
    found: dict[str, PayloadUnits] = {}
    for item in raw:
        members = _object(item, "a payload descriptor")
        units, currency = members.get("units"), members.get("currency")
        for name, value in (("units", units), ("currency", currency)):
            if value is not None and not isinstance(value, str):
                raise BadEventError(f"{name} of a payload descriptor is no text: {str(value)[:40]}")
        found[_text(members.get("payloadType"), "payloadType of a descriptor")] = PayloadUnits(units, currency)
    return found


def _spans(
    raws: list[Any], default: _Period, event_id: str, now_s: float, shift: Shift
) -> list[tuple[AdrInterval, dict[str, Any]]]:
    """Each raw interval with its absolute start and end; ends of open ones are settled by their successor."""
    found: list[tuple[AdrInterval, dict[str, Any]]] = []
    cursor_s: float | None = None
    open_ended = False
    offset_s = (default.randomize_s or 0.0) * shift(event_id)
    for index, raw in enumerate(raws):
        members = _object(raw, f"interval {index}")
        interval_id = members.get("id", index)
        if isinstance(interval_id, bool) or not isinstance(interval_id, int):
            raise BadEventError(f"the id of interval {index} is no whole number")
        where = f"interval {interval_id}"
        period = _period(members.get("intervalPeriod"), default, where)
        if period.randomize_s is not None:
            offset_s = period.randomize_s * shift(f"{event_id}/{interval_id}")
        start = period.start
        if start is None or means_now(start):
            start = (default.start or start) if cursor_s is None else None
        if start is None:
            start_s = _follow(cursor_s, where)
        else:
            start_s = (now_s if means_now(start) else parse_time(start)) + offset_s
            if open_ended:
                found[-1] = (replace(found[-1][0], end_s=max(start_s, found[-1][0].start_s)), found[-1][1])
        # 3.0.1: PT0S means instantaneous or for ever; for every type we act on, until something follows.
        open_ended = period.duration_s == 0
        cursor_s = start_s + (period.duration_s or math.inf)
        found.append((AdrInterval(interval_id, start_s, cursor_s), members))
    return found


def _follow(cursor_s: float | None, where: str) -> float:
    if cursor_s is None:
        raise BadEventError(f"{where} has no start, and the event has none either")
    if math.isinf(cursor_s):
        raise BadEventError(f"{where} follows an interval without an end, so it never starts")
    return cursor_s


def _unpack(span: AdrInterval, payload_type: str, values: tuple[Value, ...]) -> Iterable[AdrInterval]:
    """Packed values share their interval evenly."""
    if len(values) == 1 or not RULES.get(payload_type, PRIVATE_RULE).packed:
        yield AdrInterval(span.interval_id, span.start_s, span.end_s, values)
        return
    if math.isinf(span.end_s):
        raise BadEventError(f"{len(values)} values of {payload_type} share an interval without an end")
    step_s = (span.end_s - span.start_s) / len(values)
    edges_s = [span.start_s + index * step_s for index in range(len(values))] + [span.end_s]
    for (start_s, end_s), value in zip(pairwise(edges_s), values, strict=True):
        yield AdrInterval(span.interval_id, start_s, end_s, (value,))


def _signals(
    spans: list[tuple[AdrInterval, dict[str, Any]]], units: Mapping[str, PayloadUnits]
) -> tuple[AdrSignal, ...]:
    by_type: dict[str, list[AdrInterval]] = {}
    count = 0
    for span, members in spans:
        payloads = members.get("payloads")
        if not isinstance(payloads, list):
            raise BadEventError(f"interval {span.interval_id} has no list of payloads")
        for raw in payloads:
            payload = _object(raw, f"a payload of interval {span.interval_id}")
            payload_type = _text(payload.get("type"), f"the type of a payload in interval {span.interval_id}")
            values = read_values(payload_type, payload.get("values"))
            count += len(values)
            if count > MAX_INTERVALS:
                raise BadEventError(f"more than {MAX_INTERVALS} values")
            by_type.setdefault(payload_type, []).extend(_unpack(span, payload_type, values))
    nothing = PayloadUnits()
    return tuple(
        AdrSignal(name, without_overlap(found), *_both(units.get(name, nothing))) for name, found in by_type.items()
    )


def _both(units: PayloadUnits) -> tuple[str | None, str | None]:
    return units.units, units.currency


def _extent(spans: Iterable[AdrInterval], duration: object) -> tuple[float, float, float | None]:
    """Start, end and period of repetition of an event."""
    spans = list(spans)
    start_s, end_s = min(s.start_s for s in spans), max(s.end_s for s in spans)
    if duration is None:
        return start_s, end_s, None
    duration_s = parse_duration(duration)
    if duration_s < 0:
        raise BadEventError(f"the event has the negative duration {duration}")
    length_s = end_s - start_s
    if duration_s == 0 or math.isinf(length_s):
        return start_s, start_s + (duration_s or length_s), None
    if duration_s <= length_s:
        return start_s, start_s + duration_s, None
    return start_s, start_s + duration_s, length_s


def _priority(raw: object) -> int | None:
    if raw is None:
        return None
    if isinstance(raw, bool) or not isinstance(raw, int) or raw < 0:
        raise BadEventError(f"the priority {str(raw)[:40]} is no whole number from 0 up")
    return raw


def parse_event(
    raw: object, now_s: float, shift: Shift, program_units: Mapping[str, Mapping[str, PayloadUnits]] | None = None
) -> AdrEvent:
    """The event in absolute time, or ``BadEventError`` with the one reason why not.

    ``now_s`` is what "now" means for an event that starts now: give the moment the event was first seen, so
    that it does not begin anew at every poll. ``program_units`` are the programs' payload descriptors by
    program id, used where the event has none of its own.
    """
    try:
        return _parse_event(_object(raw, "the event"), now_s, shift, program_units or {})
    except BadEventError:
        raise
    except (ValueError, OverflowError, RecursionError) as problem:
        raise BadEventError(str(problem)) from problem


def _parse_event(
    raw: dict[str, Any],
    now_s: float,
    shift: Shift,
    program_units: Mapping[str, Mapping[str, PayloadUnits]],
) -> AdrEvent:
    event_id = _text(raw.get("id"), "id")
    program_id = _text(raw.get("programID"), "programID")
    default = _period(raw.get("intervalPeriod"), _Period(), "the event")
    intervals = raw.get("intervals")
    if intervals is None:
        intervals = []
    if not isinstance(intervals, list):
        raise BadEventError("intervals is no list")
    if len(intervals) > MAX_INTERVALS:
        raise BadEventError(f"{len(intervals)} intervals; at most {MAX_INTERVALS} are taken")
    spans = _spans(intervals, default, event_id, now_s, shift)
    units = dict(program_units.get(program_id, {})) | read_units(raw.get("payloadDescriptors"))
    notes: list[str] = []
    descriptors = read_descriptors(raw.get("reportDescriptors"), notes)
    signals = _signals(spans, units)
    shown = tuple(span for span, _ in spans) or _implied(default, event_id, now_s, shift)
    # A period without intervals is implied to repeat, for reports (User Guide 8.7).
    duration = raw.get("duration") or ("P9999Y" if shown and not spans else None)
    start_s, end_s, repeat_s = _extent(shown, duration) if shown else (now_s, math.inf, None)
    most = max([len(spans), *(len(signal.intervals) for signal in signals)])
    if repeat_s is not None and repeat_s < _SHORTEST_REPEATED_S * most:
        raise BadEventError(f"{max(most, 1)} values repeat every {repeat_s:g} s")
    modified = str(raw.get("modificationDateTime") or "")[:_ID_LENGTH]
    return AdrEvent(
        event_id=event_id,
        program_id=program_id,
        name=str(raw.get("eventName") or "")[:_ID_LENGTH],
        priority=_priority(raw.get("priority")),
        modified=modified,
        modified_s=time_or_none(modified),
        targets=read_targets(raw.get("targets")),
        signals=signals,
        spans=shown,
        descriptors=descriptors,
        start_s=start_s,
        end_s=end_s,
        repeat_s=repeat_s,
        notes=tuple(notes),
    )


def _implied(default: _Period, event_id: str, now_s: float, shift: Shift) -> tuple[AdrInterval, ...]:
    """The one interval that an event's period implies when it lists none (a report-only event)."""
    if not default.duration_s:
        return ()
    return tuple(
        span
        for span, _ in _spans(
            [{"id": 0}], replace(default, start=default.start or "0001-01-01"), event_id, now_s, shift
        )
    )


def time_or_none(text: str) -> float | None:
    """POSIX seconds, or None for what is no time: metadata that some VTNs get wrong harmlessly."""
    try:
        return parse_time(text)
    except ValueError:
        return None
