"""What the Events page shows: what the grid asked, what was delivered, what it brought."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ui.i18n import tr
from ui.models.units import Format, Shown

if TYPE_CHECKING:
    from app.api import schema as s


WINDOW = timedelta(hours=6)


def opt_out_question(event: "s.EventOut") -> str:
    """What happens when one opts out, said before it is done."""
    return event.opt_out_consequence or tr("Your home will not take part in this event.")


def event_title(event: "s.EventOut") -> str:
    """What an event asks, in a few words."""
    # A title without a space is some machine's name for it.
    return event.title if " " in event.title else kind_name(event.kind)


def kind_name(kind: str) -> str:
    """A kind of event in words."""
    return {
        "import_limit": tr("Limit of what the home draws"),
        "export_limit": tr("Limit of what the home gives"),
        "import_price": tr("Price of drawing"),
        "export_price": tr("Pay for giving"),
        "charge_limit": tr("Limit of charging"),
        "discharge_limit": tr("Limit of feeding"),
        "ev_setpoint": tr("Power of the car"),
        "site_setpoint": tr("Power of the home"),
        "soc_setpoint": tr("Charge of the car"),
        "reserve": tr("Reserve for the grid"),
        "emergency": tr("Grid emergency"),
        "frequency": tr("Steadying the grid's frequency"),
    }.get(kind, kind.replace("_", " ").capitalize())


ASKED_AS_CURVE = frozenset({"ev_setpoint", "site_setpoint", "frequency"})
"""Kinds whose asked power compares with what is delivered; a limit is told in words, since it caps something else."""


def asked_words(event: "s.EventOut", fmt: Format) -> str:
    """What was asked, in words; empty where the curve shows it."""
    if event.kind in ASKED_AS_CURVE or not event.values:
        return ""
    figures = dict.fromkeys(_asked_figure(event.unit, value, fmt) for _, value in event.values)
    values = ", ".join(figures)
    return (
        tr("At the most {values}", values=values)
        if event.kind.endswith("_limit")
        else tr("Asked: {values}", values=values)
    )


def _asked_figure(unit: str, value: float, fmt: Format) -> str:
    if unit == "W":
        return fmt.power(value).text
    if unit.endswith("/kWh"):
        return fmt.price(value).text
    return fmt.percent(value).text if unit == "fraction" else fmt.number(value, 0)


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
    asked_kw: list[float]
    """Empty for what is asked in words."""
    delivered_s: list[float]
    delivered_kw: list[float]

    @property
    def empty(self) -> bool:
        """Is there nothing to draw?"""
        return not self.asked_kw and not self.delivered_s


def curves(event: "s.EventOut", now: datetime) -> Curves:
    """The two curves of an event; of one without an end, the last hours."""
    begin = max(event.start, now - WINDOW) if event.end is None else event.start
    end = event.end or max(now, begin + timedelta(minutes=30))
    asked_kw = [value / 1000 for _, value in event.values] if event.kind in ASKED_AS_CURVE else []
    return Curves(
        asked_edge_s=[max(t, begin).timestamp() for t, _ in event.values] + [end.timestamp()],
        asked_kw=asked_kw,
        delivered_s=[t.timestamp() for t, _ in event.delivered_w if t >= begin],
        delivered_kw=[w / 1000 for t, w in event.delivered_w if t >= begin],
    )


def facts(event: "s.EventOut", fmt: Format, now: datetime) -> list[tuple[str, Shown]]:
    """An event's figures."""
    later = tr("Known once the event has begun.")
    rows = [
        (tr("When"), Shown(event_time(event, fmt, now))),
        (tr("From"), Shown(event.source)),
        (tr("State"), Shown(status_words(event))),
        (tr("Delivered"), fmt.energy(event.delivered_wh, later)),
        (
            tr("Earned"),
            fmt.money(event.money, tr("Known when the utility's terms name a price.") if event.delivered_wh else later),
        ),
    ]
    if event.account is not None:
        rows.append((tr("Proof"), Shown(proof(event.account, fmt))))
    return rows


def proof(account: "s.AccountOut", fmt: Format) -> str:
    """How well it was served, in one line."""
    said = []
    if account.response_s is not None:
        said.append(tr("answered in {seconds} s", seconds=fmt.number(account.response_s, 1)))
    if account.share is not None:
        said.append(tr("{share} of what was asked", share=fmt.percent(account.share).text))
    if account.over_s > 0:
        said.append(tr("beyond the limit for {seconds} s", seconds=fmt.number(account.over_s)))
    if account.availability is not None:
        said.append(tr("available {share} of the time", share=fmt.percent(account.availability).text))
    return " · ".join(said) or tr("Known once the event has begun.")
