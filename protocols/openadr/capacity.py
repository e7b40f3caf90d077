"""What holds when no limit does: the capacity that the home has subscribed to.

3.1.0 User Guide, 8.10.1: when the scheduled IMPORT/EXPORT_CAPACITY_LIMIT values are exhausted (the link is
down, say), the VEN uses the IMPORT/EXPORT_CAPACITY_SUBSCRIPTION values as default limits. 8.10.2: a granted
RESERVATION comes on top. The rule needs no clock and no link state: a subscription holds wherever no limit does.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from protocols.openadr.model import AdrEvent, resolve
from protocols.openadr.payloads import Value
from protocols.openadr.units import power_w

Direction = Literal["IMPORT", "EXPORT"]


@dataclass(frozen=True, slots=True)
class CapacityStretch:
    """The default limit over a stretch of time."""

    start_s: float
    end_s: float
    capacity_w: float
    event_id: str
    """The event whose subscription it is."""


def _held(
    events: Iterable[AdrEvent], payload_type: str, from_s: float, to_s: float
) -> list[tuple[float, float, tuple[str, float]]]:
    """Who holds when for one payload type: the higher priority, then the tighter; (event id, W)."""
    claims: list[tuple[tuple[float, float], float, float, tuple[str, float]]] = []
    for event in events:
        signal = event.signal(payload_type)
        for interval in event.occurrences(signal, from_s, to_s) if signal else ():
            watts = _watts(interval.value, signal.units if signal else None)
            if watts is not None:
                claims.append(((event.rank, watts), interval.start_s, interval.end_s, (event.event_id, watts)))
    return resolve(claims)


def _watts(value: Value, units: str | None) -> float | None:
    return power_w(value, units) if isinstance(value, float) else None


class _Cursor:
    """Reads who holds at moments that only go forward."""

    def __init__(self, held: list[tuple[float, float, tuple[str, float]]]) -> None:
        self._held = held
        self._index = 0

    def at(self, now_s: float) -> tuple[str, float] | None:
        while self._index < len(self._held) and self._held[self._index][1] <= now_s:
            self._index += 1
        if self._index < len(self._held) and self._held[self._index][0] <= now_s:
            return self._held[self._index][2]
        return None


def default_limits(
    events: Iterable[AdrEvent], direction: Direction, from_s: float, to_s: float
) -> tuple[CapacityStretch, ...]:
    """Stretches of ``from_s`` .. ``to_s`` without a CAPACITY_LIMIT but with a subscription, in order, W ≥ 0."""
    events = list(events)
    limits = _held(events, f"{direction}_CAPACITY_LIMIT", from_s, to_s)
    subscribed = _held(events, f"{direction}_CAPACITY_SUBSCRIPTION", from_s, to_s)
    reserved = _held(events, f"{direction}_CAPACITY_RESERVATION", from_s, to_s)
    edges = sorted(
        {max(from_s, min(to_s, edge)) for held in (limits, subscribed, reserved) for h in held for edge in h[:2]}
    )
    limit, base_of, extra_of = _Cursor(limits), _Cursor(subscribed), _Cursor(reserved)
    found: list[CapacityStretch] = []
    for left_s, right_s in pairwise(edges):
        base, extra = base_of.at(left_s), extra_of.at(left_s)
        if base is None or limit.at(left_s) is not None:
            continue
        capacity_w = base[1] + (extra[1] if extra else 0.0)
        if found and found[-1].end_s == left_s and found[-1].capacity_w == capacity_w:
            left_s = found.pop().start_s
        found.append(CapacityStretch(left_s, right_s, capacity_w, base[0]))
    return tuple(found)
