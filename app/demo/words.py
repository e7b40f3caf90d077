"""The demo's words in a terminal: one line of the home's state, and what is new in it."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from app.api.reason_text import brief


def status_line(picture: dict[str, Any]) -> str:
    """One line of the home's state in its local time, from the API's snapshot."""
    flow, car, point = picture["flow"], picture["car"], picture["set_point"]
    soc = f"{car['soc']:4.0%}" if car["soc"] is not None else "   —"
    why = brief(point["reason"]["code"]) if point else ""
    troubled = [h["name"] for h in picture["health"] if h["level"] in ("failed", "warning")]
    saved = picture["today"]["saved"]
    return (
        f"{_local(picture, picture['now']):%a %H:%M:%S}  grid {_watt(flow['grid_w'])}  solar {_watt(flow['solar_w'])}  "
        f"house {_watt(flow['load_w'])}  car {_watt(flow['ev_w'])} {soc}  {why:<22}"
        # Plus 0.0: a thousandth of a cent lost is not -0.00.
        + (f"  saved {round(saved, 2) + 0.0:.2f} {picture['facts']['currency']}" if saved is not None else "")
        + (f"  look at: {', '.join(troubled)}" if troubled else "")
    ).rstrip()


def news(picture: dict[str, Any]) -> list[str]:
    """Sentences on the plan's promise and the event at hand: each is worth telling once."""
    told, ready, event = [], picture["ready_by"], picture["event"]
    if ready["at"] is not None and ready["target_soc"] is not None:
        by = _local(picture, ready["at"])
        told.append(f"The plan: {ready['target_soc']:.0%} for the departure, {by:%a %H:%M}.")
    if event is not None and event["status"] in ("coming", "active"):
        start = _local(picture, event["start"])
        until = f" to {_local(picture, event['end']):%H:%M}" if event["end"] is not None else ""
        told.append(
            f"{event['status'].capitalize()} event: {event['title'] or event['kind']}, {start:%a %H:%M}{until}."
        )
    return told


def fitted(line: str, wide: int) -> str:
    """The line in so many columns: without blanks and units where they do not fit, cut as a last resort."""
    return line if len(line) <= wide else " ".join(word for word in line.split() if word != "W")[:wide]


def _local(picture: dict[str, Any], at: str) -> datetime:
    return datetime.fromisoformat(at).astimezone(ZoneInfo(picture["facts"]["timezone"]))


def _watt(value: float | None) -> str:
    return "     —" if value is None else f"{value:6.0f} W"
