"""What the Events page shows: what the grid asked, what was delivered, what it brought."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ui.i18n import tr
from ui.models.units import Format, Shown

if TYPE_CHECKING:
    from app.api import schema as s


def opt_out_question(event: "s.EventOut") -> str:
    """What happens when one opts out, said before it is done."""
    return event.opt_out_consequence or tr("Your home will not take part in this event.")


def event_title(event: "s.EventOut") -> str:
    """What an event asks, in a few words."""
    return event.title or event.kind.replace("_", " ").capitalize()


def event_time(event: "s.EventOut", fmt: Format, now: datetime) -> str:
    """When an event holds."""
    start, end = fmt.when(event.start, now).text, fmt.when(event.end, now).text if event.end else ""
    if event.status == "active":
        return tr("now, until {time}", time=end) if end else tr("now, until it is cancelled")
    if event.end is not None and fmt.local(event.end).date() == fmt.local(event.start).date():
        end = fmt.clock(event.end).text
    return tr("{start} to {end}", start=start, end=end) if end else tr("from {start}", start=start)


def status_words(event: "s.EventOut") -> str:
    """An event's state in a word or two."""
    if event.opted_out:
        return tr("opted out")
    return {
        "coming": tr("coming"),
        "active": tr("active now"),
        "done": tr("done"),
        "cancelled": tr("cancelled"),
        "quarantined": tr("not followed"),
    }.get(event.status, event.status)


ICONS = {
    "coming": "clock",
    "active": "radio-tower",
    "done": "circle-check",
    "cancelled": "x",
    "quarantined": "triangle-alert",
}


def sorted_events(events: "list[s.EventOut]") -> "list[s.EventOut]":
    """Active first, then coming by time, then the past, newest first."""
    order = {"active": 0, "coming": 1, "quarantined": 2}
    coming = sorted((e for e in events if e.status in order), key=lambda e: (order[e.status], e.start))
    past = sorted((e for e in events if e.status not in order), key=lambda e: e.start, reverse=True)
    return [*coming, *past]


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """Asked and delivered over time, in kW where the event asks for power."""

    asked_edge_s: list[float]
    asked: list[float]
    asked_unit: str
    delivered_s: list[float]
    delivered_kw: list[float]


def curves(event: "s.EventOut", now: datetime) -> Curves:
    """The two curves of an event."""
    end = event.end or max(now, event.start)
    power = event.unit in {"W", "KW", "kW"}
    factor = 1 / 1000 if event.unit == "W" else 1.0
    return Curves(
        asked_edge_s=[t.timestamp() for t, _ in event.values] + [end.timestamp()],
        asked=[value * factor for _, value in event.values],
        asked_unit="kW" if power else event.unit,
        delivered_s=[t.timestamp() for t, _ in event.delivered_w],
        delivered_kw=[w / 1000 for _, w in event.delivered_w],
    )


def facts(event: "s.EventOut", fmt: Format, now: datetime) -> list[tuple[str, Shown]]:
    """An event's figures."""
    later = tr("Known once the event has begun.")
    return [
        (tr("When"), Shown(event_time(event, fmt, now))),
        (tr("From"), Shown(event.source)),
        (tr("State"), Shown(status_words(event))),
        (tr("Delivered"), fmt.energy(event.delivered_wh, later)),
        (
            tr("Earned"),
            fmt.money(event.money, tr("Known when the utility's terms name a price.") if event.delivered_wh else later),
        ),
    ]
