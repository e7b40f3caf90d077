"""When to speak up outside the window: only for what asks for a decision, or breaks a promise."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ui.i18n import tr
from ui.models.events import event_time, event_title
from ui.models.home import format_of

if TYPE_CHECKING:
    from app.api import schema as s


@dataclass(frozen=True, slots=True)
class Notice:
    """One notification and the page that it leads to."""

    title: str
    text: str
    page: str


def notices(before: "s.HomeSnapshot | None", now: "s.HomeSnapshot") -> list[Notice]:
    """What changed between two snapshots that its owner must hear of. The first snapshot says nothing."""
    if before is None:
        return []
    return [notice for find in (_promise, _decision, _failure) if (notice := find(before, now)) is not None]


def _promise(before: "s.HomeSnapshot", now: "s.HomeSnapshot") -> Notice | None:
    ready = now.ready_by
    broken_before = before.ready_by.on_track is False and before.ready_by.at == ready.at
    if ready.on_track is not False or ready.at is None or broken_before:
        return None
    fmt = format_of(now)
    text = tr(
        "By {time} the car will have {planned} instead of {target}.",
        time=fmt.when(ready.at, now.now).text,
        planned=fmt.percent(ready.planned_soc).text,
        target=fmt.percent(ready.target_soc).text,
    )
    return Notice(tr("The car will not be ready in time"), text, "car")


def _decision(before: "s.HomeSnapshot", now: "s.HomeSnapshot") -> Notice | None:
    event = now.event
    if event is None or not event.may_opt_out or event.opted_out or event.status not in {"coming", "active"}:
        return None
    if before.event is not None and (before.event.source, before.event.event_id) == (event.source, event.event_id):
        return None
    text = tr("{when}. You may opt out.", when=event_time(event, format_of(now), now.now))
    return Notice(event_title(event), text, "events")


def _failure(before: "s.HomeSnapshot", now: "s.HomeSnapshot") -> Notice | None:
    """A meter or charger that fails stops the car: that breaks every promise."""
    failed = {h.name: h for h in now.health if h.level == "failed"}
    failed_before = {h.name for h in before.health if h.level == "failed"}
    new = [h for name, h in failed.items() if name not in failed_before]
    if not new:
        return None
    title = tr("{name} does not work", name=new[0].name)
    return Notice(title, new[0].text or tr("The car waits until it answers again."), "installer")
