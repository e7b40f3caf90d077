"""What an OpenADR event asks of this home: one table from payload type to the internal kind of event.

Every payload type of OpenADR 3 has a row: it is acted on, or shown with the reason why not. A private type has none
and is shown too. Units and signs are converted here: W, currency/kWh, fractions.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from energy.grid_events import EventInterval, GridEvent, GridEventKind
from protocols.openadr.capacity import Direction, default_limits
from protocols.openadr.model import AdrEvent, AdrSignal
from protocols.openadr.payloads import Value
from protocols.openadr.units import per_kwh, power_w

_DAY_S = 86_400.0
_PAST_S = _DAY_S
_AHEAD_S = 3 * _DAY_S
"""How far repeating events are laid out; lay them out anew within ``_AHEAD_S`` less the plan's horizon."""
_UNSPECIFIED_PRIORITY = 100

_OUTAGE_RESERVE = 0.8
"""Charge kept when the utility warns of an outage, fraction."""

Convert = Callable[[Value, str | None], float | None]
"""A value and its units to the kind's unit; None: cannot be told in it."""


@dataclass(frozen=True, slots=True)
class Acted:
    """A payload type that this home acts on."""

    kind: GridEventKind
    convert: Convert


@dataclass(frozen=True, slots=True)
class Shown:
    """A payload type that is shown to the homeowner and not acted on."""

    why: str


def _power(value: Value, units: str | None) -> float | None:
    return power_w(value, units) if isinstance(value, float) else None


def _price(value: Value, units: str | None) -> float | None:
    return per_kwh(value, units) if isinstance(value, float) else None


def _charge(value: Value, units: str | None) -> float | None:
    """Fraction; the Definition writes PERCENT as 0..1, some write 0..100."""
    if not isinstance(value, float) or (units or "PERCENT").upper() != "PERCENT":
        return None
    fraction = value if value <= 1 else value / 100
    return fraction if fraction <= 1 else None


def _level(value: Value, units: str | None) -> float | None:
    """Level 0 of SIMPLE is normal operation: nothing is asked."""
    return value if isinstance(value, float) and value > 0 else None


def _always(number: float) -> Convert:
    def convert(value: Value, units: str | None) -> float:
        return number

    return convert


_DEFAULT_LIMIT = Shown("it holds wherever no limit does, see the default limits")
_MARKET = Shown("this home does not bid for capacity")
_NOTICE = Shown("a notice to people")
_K = GridEventKind

PAYLOADS: dict[str, Acted | Shown] = {
    "SIMPLE": Acted(_K.EMERGENCY, _level),
    "PRICE": Acted(_K.IMPORT_PRICE, _price),
    "EXPORT_PRICE": Acted(_K.EXPORT_PRICE, _price),
    "PRICE_ALTERNATE": Shown("the price of another form of energy"),
    "GHG": Shown("the plan minds money, not emissions"),
    "CHARGE_STATE_SETPOINT": Acted(_K.SOC_SETPOINT, _charge),
    # Consumption of the resource that was registered, the car: never below 0 in OpenADR's table.
    "DISPATCH_SETPOINT": Acted(_K.EV_SETPOINT, _power),
    "DISPATCH_SETPOINT_RELATIVE": Shown("relative to a baseline that the event does not name"),
    "DISPATCH_INSTRUCTION": Shown("its instructions are agreed outside OpenADR"),
    "CONTROL_SETPOINT": Shown("its meaning is agreed outside OpenADR"),
    "CONTROL_LEVEL_OFFSET": Shown("its levels are agreed outside OpenADR"),
    "CONTROL_LEVEL_OFFSET_PERCENT": Shown("its levels are agreed outside OpenADR"),
    "CURVE": Shown("inverter curves are set by the installer"),
    "OLS": Shown("an advised shape of load, not a limit"),
    "IMPORT_CAPACITY_LIMIT": Acted(_K.IMPORT_LIMIT, _power),
    "EXPORT_CAPACITY_LIMIT": Acted(_K.EXPORT_LIMIT, _power),
    **{
        f"{direction}_CAPACITY_{what}": row
        for direction in ("IMPORT", "EXPORT")
        for what, row in {
            "SUBSCRIPTION": _DEFAULT_LIMIT,
            "RESERVATION": _DEFAULT_LIMIT,
            "RESERVATION_FEE": _MARKET,
            "AVAILABLE": _MARKET,
            "AVAILABLE_PRICE": _MARKET,
        }.items()
    },
    "ALERT_GRID_EMERGENCY": Acted(_K.EMERGENCY, _always(3.0)),
    "ALERT_BLACK_START": Acted(_K.EMERGENCY, _always(3.0)),
    "ALERT_FLEX_ALERT": Acted(_K.EMERGENCY, _always(1.0)),
    "ALERT_POSSIBLE_OUTAGE": Acted(_K.RESERVE, _always(_OUTAGE_RESERVE)),
    **{f"ALERT_{what}": _NOTICE for what in ("FIRE", "FREEZING", "WIND", "TSUNAMI", "AIR_QUALITY", "OTHER")},
}

_PRIVATE = Shown("a type of its own, unknown to this home")

_DEFAULT_KINDS: dict[Direction, GridEventKind] = {"IMPORT": _K.IMPORT_LIMIT, "EXPORT": _K.EXPORT_LIMIT}


@dataclass(frozen=True, slots=True)
class ShownEvent:
    """Something that the utility sent and this home does not act on."""

    event_id: str
    payload_type: str
    title: str
    why: str


def grid_events(events: Iterable[AdrEvent], source: str, now_s: float) -> tuple[list[GridEvent], list[ShownEvent]]:
    """All that the utility asks, in the internal form; and what it sent that is only shown, with the reason."""
    events = list(events)
    asked: list[GridEvent] = []
    shown: list[ShownEvent] = []
    for event in events:
        for signal in event.signals:
            row = PAYLOADS.get(signal.payload_type, _PRIVATE)
            if isinstance(row, Shown):
                shown.append(ShownEvent(event.event_id, signal.payload_type, _title(event, signal), row.why))
                continue
            made = _grid_event(event, signal, row, source, now_s)
            if made.intervals:
                asked.append(made)
            elif (
                any(row.convert(i.value, signal.units) is None for i in signal.intervals) and row.convert is not _level
            ):
                why = f"its unit {signal.units} cannot be converted"
                shown.append(ShownEvent(event.event_id, signal.payload_type, _title(event, signal), why))
    for direction in _DEFAULT_KINDS:
        asked += _default_limit(events, direction, source, now_s)
    return asked, shown


def _title(event: AdrEvent, signal: AdrSignal) -> str:
    """The sender's own words: an alert's text, else the event's name."""
    words = signal.intervals[0].value if signal.intervals else ""
    return words if isinstance(words, str) and words else event.name


def _window(event: AdrEvent, now_s: float) -> tuple[float, float]:
    """What is laid out: all of an event, and of a repeating one some days; edges on the hour, to be stable."""
    if event.repeat_s is None:
        return -math.inf, math.inf
    hour_s = now_s // 3_600 * 3_600
    return hour_s - _PAST_S, hour_s + _AHEAD_S


def _grid_event(event: AdrEvent, signal: AdrSignal, row: Acted, source: str, now_s: float) -> GridEvent:
    found = event.occurrences(signal, *_window(event, now_s))
    values = [(i, row.convert(i.value, signal.units)) for i in found]
    return GridEvent(
        event_id=f"{event.event_id}.{signal.payload_type}",
        source=source,
        kind=row.kind,
        intervals=tuple(
            EventInterval(start_s=i.start_s, end_s=i.end_s, value=value) for i, value in values if value is not None
        ),
        priority=_UNSPECIFIED_PRIORITY if event.priority is None else event.priority,
        received_s=event.modified_s or event.start_s,
        title=_title(event, signal),
    )


def _default_limit(events: list[AdrEvent], direction: Direction, source: str, now_s: float) -> list[GridEvent]:
    """The subscribed capacity where no limit holds (3.1.0 User Guide 8.10.1)."""
    hour_s = now_s // 3_600 * 3_600
    stretches = default_limits(events, direction, hour_s - _PAST_S, hour_s + _AHEAD_S)
    if not stretches:
        return []
    return [
        GridEvent(
            event_id=f"default.{direction.lower()}",
            source=source,
            kind=_DEFAULT_KINDS[direction],
            intervals=tuple(EventInterval(start_s=s.start_s, end_s=s.end_s, value=s.capacity_w) for s in stretches),
            title="Subscribed capacity",
        )
    ]
