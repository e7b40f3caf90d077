"""What the grid asks, folded: from any number of events to one value per kind, now or step by step.

One rule for every kind, read from ``grid_events.KINDS``: where a kind has a tighter side, the tighter value holds
whoever sent it; where it has none, the more important event holds (lower ``priority``), and among equals the
smaller power.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from energy.grid_events import KINDS, GridEvent, GridEventKind

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Held:
    """One value that holds now, and who asked for it."""

    value: float
    """In the kind's unit."""
    event_id: str
    source: str
    until_s: float
    """End of the interval it comes from; ``inf``: until cancelled."""
    priority: int = 100


Asks = Mapping[GridEventKind, Held]
"""At most one value per kind."""


@dataclass(frozen=True, slots=True)
class StepAsk:
    """One kind's values over a row of steps."""

    value: FloatArray
    """(N,), the kind's unit; NaN where nothing is asked."""
    event_ids: tuple[str, ...]
    """(N,), "" where nothing is asked."""


def asks_at(events: Iterable[GridEvent], now_s: float) -> dict[GridEventKind, Held]:
    """What holds at ``now_s`` for every kind that is asked."""
    held: dict[GridEventKind, Held] = {}
    for event in events:
        if event.opted_out and KINDS[event.kind].may_opt_out:
            continue
        for interval in event.intervals:
            if interval.start_s <= now_s < interval.end_s and math.isfinite(interval.value):
                new = Held(interval.value, event.event_id, event.source, interval.end_s, event.priority)
                old = held.get(event.kind)
                if old is None or _outranks(event.kind, new.value, new.priority, old.value, old.priority):
                    held[event.kind] = new
                break
    return held


def asks_by_step(events: Iterable[GridEvent], edges_s: FloatArray) -> dict[GridEventKind, StepAsk]:
    """What holds in each of the N steps between the N + 1 ``edges_s``.

    A kind with a tighter side holds in every step that it touches; the others hold in the steps whose middle
    they cover.
    """
    count = len(edges_s) - 1
    middles = (edges_s[:-1] + edges_s[1:]) / 2
    values: dict[GridEventKind, FloatArray] = {}
    owners: dict[GridEventKind, list[GridEvent | None]] = {}
    for event in events:
        facts = KINDS[event.kind]
        if event.opted_out and facts.may_opt_out:
            continue
        for interval in event.intervals:
            if not math.isfinite(interval.value) or interval.end_s <= interval.start_s:
                continue
            if facts.lower_is_tighter is None:
                first = int(np.searchsorted(middles, interval.start_s, side="left"))
                last = int(np.searchsorted(middles, interval.end_s, side="left"))
            else:
                first = max(0, int(np.searchsorted(edges_s, interval.start_s, side="right")) - 1)
                last = int(np.searchsorted(edges_s, interval.end_s, side="left"))
            if first >= min(last, count):
                continue
            row = values.setdefault(event.kind, np.full(count, np.nan))
            owner = owners.setdefault(event.kind, [None] * count)
            for k in range(first, min(last, count)):
                held = owner[k]
                if held is None or _outranks(event.kind, interval.value, event.priority, float(row[k]), held.priority):
                    row[k] = interval.value
                    owner[k] = event
    return {
        kind: StepAsk(row, tuple("" if e is None else e.event_id for e in owners[kind])) for kind, row in values.items()
    }


def _outranks(kind: GridEventKind, new: float, new_priority: int, old: float, old_priority: int) -> bool:
    """Does the new value hold rather than the old one?"""
    lower_is_tighter = KINDS[kind].lower_is_tighter
    if lower_is_tighter is not None:
        return new < old if lower_is_tighter else new > old
    if new_priority != old_priority:
        return new_priority < old_priority
    return abs(new) < abs(old)
