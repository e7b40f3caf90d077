"""What the backend's charging profiles ask, in the internal form of grid events.

OCPP's limits bind the charger, not the connection: CHARGE_LIMIT, DISCHARGE_LIMIT and EV_SETPOINT.
"""

import math
from collections.abc import Callable, Sequence

from energy.grid_events import EventInterval, GridEvent, GridEventKind
from protocols.ocpp import Guidance

AHEAD_S = 48 * 3600.0
"""How far profiles are laid out: farther than any plan looks."""

_VALUES: dict[GridEventKind, Callable[[Guidance], float | None]] = {
    GridEventKind.CHARGE_LIMIT: lambda step: step.charge_max_w,
    GridEventKind.DISCHARGE_LIMIT: lambda step: step.discharge_max_w,
    GridEventKind.EV_SETPOINT: lambda step: step.setpoint_w,
}


def grid_events(steps: Sequence[Guidance], source: str, received_s: float) -> list[GridEvent]:
    """One event a kind, its intervals in order; kinds that nobody asks for are absent."""
    found = []
    for kind, value_of in _VALUES.items():
        intervals = _intervals(steps, value_of)
        if intervals:
            numbers = sorted({number for step in steps if value_of(step) is not None for number in step.profile_ids})
            found.append(
                GridEvent(
                    event_id=f"profiles.{kind.value}",
                    source=source,
                    kind=kind,
                    intervals=tuple(intervals),
                    received_s=received_s,
                    title="Charging profile " + ", ".join(map(str, numbers)),
                )
            )
    return found


def _intervals(steps: Sequence[Guidance], value_of: Callable[[Guidance], float | None]) -> list[EventInterval]:
    """Neighbours of one value joined; what lasts to the end of the look ahead is taken to last."""
    joined: list[EventInterval] = []
    for index, step in enumerate(steps):
        value = value_of(step)
        if value is None:
            continue
        end_s = math.inf if index == len(steps) - 1 else step.end_s
        if joined and joined[-1].end_s == step.start_s and joined[-1].value == value:
            start_s = joined.pop().start_s
        else:
            start_s = step.start_s
        joined.append(EventInterval(start_s=start_s, end_s=end_s, value=value))
    return joined
