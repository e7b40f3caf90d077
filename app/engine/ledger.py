"""Grid events as the homeowner sees them: what was asked, what was delivered, what was declined.

Delivery is measured against a baseline: the power at the connection that "no V2G, charge on arrival" would have had
at that moment. ``delivered_w`` > 0 goes the way that was asked, whichever that is.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from app.store.rows import DeliveryRow, EventRow, SecondsRow
from energy import service_account as service
from energy.grid_events import KINDS, EventInterval, GridEvent, GridEventKind
from energy.service_account import Baseline, ServiceAccount, Shape

BUCKET_S = 60.0
QUIET_S = service.LONGEST_GAP_S - 0.5
"""A line so often while frequency asks for nothing."""
KEPT_S = 3 * 86_400.0
"""How long an event that is over stays on the page."""

_PRICES = frozenset({GridEventKind.IMPORT_PRICE, GridEventKind.EXPORT_PRICE})

Key = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What one decision measured, for the events that are active."""

    now_s: float
    grid_w: float
    ev_w: float
    baseline_ev_w: float
    """The car's power without V2G, charging on arrival."""
    answer_w: float = 0.0
    """What the grid's frequency asks of the car, signed …"""
    base_w: float | None = None
    """… beside what it was to do anyway; None: ``ev_w`` less the answer."""
    ev_now_w: float | None = None
    """The car's power as the charger tells it, while ``ev_w`` is as old as the meter's reading; None: the same."""
    able: bool = True
    """Can the home serve?"""


@dataclass(slots=True)
class Entry:
    """One event and its delivery."""

    event: GridEvent
    status: str = "coming"
    problem: str = ""
    delivered: list[DeliveryRow] = field(default_factory=list)
    account: ServiceAccount | None = None
    """What settles it; None: it asks for no power, or nothing was measured yet."""
    _seconds: list[list[float]] = field(default_factory=list)
    _sum_w: float = 0.0
    _asked_w: float = 0.0
    _baseline_w: float = 0.0
    _count: int = 0
    _bucket: int | None = None

    @property
    def delivered_wh(self) -> float | None:
        """Energy delivered the asked way; None before anything was measured."""
        if not self.delivered:
            return None
        return sum((row.delivered_w or 0.0) for row in self.delivered) * BUCKET_S / 3600.0

    def open_seconds(self) -> list[SecondsRow]:
        """The seconds that are not on disk yet."""
        if not self._seconds or self._bucket is None:
            return []
        event = self.event
        at_s = self._bucket * BUCKET_S
        return [SecondsRow(source=event.source, event_id=event.event_id, at_s=at_s, body=list(self._seconds))]

    @property
    def money(self) -> float | None:
        """What the delivery was worth at the event's own price; None where the event names none."""
        if self.event.kind not in _PRICES or not self.delivered:
            return None
        hours = BUCKET_S / 3600.0
        return sum((row.delivered_w or 0.0) / 1e3 * hours * (row.asked_w or 0.0) for row in self.delivered)


class EventLedger:
    """Every link's events with their status, opt-outs and deliveries."""

    def __init__(
        self,
        *,
        on_event: Callable[[EventRow], None],
        on_delivery: Callable[[DeliveryRow], None],
        on_seconds: Callable[[SecondsRow], None] = lambda _row: None,
        opted_out: Iterable[Key] = (),
    ) -> None:
        """``on_event`` puts a changed event on disk, ``on_delivery`` a minute of it, ``on_seconds`` its seconds."""
        self._on_seconds = on_seconds
        self._entries: dict[Key, Entry] = {}
        self._on_event = on_event
        self._on_delivery = on_delivery
        self._opted_out = set(opted_out)

    def restore(
        self,
        rows: Iterable[EventRow],
        deliveries: Callable[[str, str], Iterable[DeliveryRow]],
        seconds: Callable[[str, str], Iterable[SecondsRow]] = lambda _source, _event_id: (),
    ) -> None:
        """What the store remembers of the last days."""
        for row in rows:
            intervals = tuple(EventInterval(start_s=a, end_s=_end(b), value=v) for a, b, v in row.body["intervals"])
            event = GridEvent(
                event_id=row.event_id,
                source=row.source,
                kind=GridEventKind(row.kind),
                intervals=intervals,
                received_s=row.received_s,
                title=row.title,
                opted_out=row.opted_out,
            )
            # An id that was used before has older deliveries too.
            own = [d for d in deliveries(row.source, row.event_id) if event.start_s - BUCKET_S < d.at_s < event.end_s]
            entry = Entry(event, row.status, row.problem, own)
            entry.account = settled(event, seconds(row.source, row.event_id), over=row.status == "done")
            self._entries[row.source, row.event_id] = entry
            if row.opted_out:
                self._opted_out.add((row.source, row.event_id))

    def publish(self, source: str, events: Iterable[GridEvent], now_s: float) -> bool:
        """A link's full picture; returns whether anything changed."""
        seen: set[Key] = set()
        changed = False
        for event in events:
            key = (source, event.event_id)
            seen.add(key)
            event = replace(event, opted_out=key in self._opted_out)
            entry = self._entries.get(key)
            if entry is not None and entry.status in ("done", "cancelled") and event.start_s >= entry.event.end_s:
                # Some links use one id again and again (a backend's profiles): what was is kept under its own.
                self._archive(entry)
                entry = None
            if entry is not None:
                event = with_past(event, entry.event, now_s)
                if entry.event == event and entry.status != "cancelled":
                    continue
            else:
                self._entries[key] = entry = Entry(event)
            entry.event, entry.status = event, _status(event, now_s)
            self._write(entry)
            changed = True
        for key, entry in self._entries.items():
            if key[0] == source and key not in seen and entry.status in ("coming", "active"):
                over = entry.event.end_s <= now_s
                entry.status = "done" if over else "cancelled"
                self._write(entry)
                changed = True
        return changed

    def _archive(self, entry: Entry) -> None:
        old = entry.event
        kept = replace(old, event_id=f"{old.event_id}@{old.start_s:.0f}")
        entry.event = kept
        entry.delivered = [replace(row, event_id=kept.event_id) for row in entry.delivered]
        self._entries[kept.source, kept.event_id] = entry
        del self._entries[old.source, old.event_id]
        for row in entry.delivered:
            self._on_delivery(row)
        self._write(entry)

    def opt_out(self, source: str, event_id: str, opted_out: bool) -> Entry:
        """Decline an event or take it up again; the caller books its ``row``.

        Raises ``KeyError`` (unknown) or ``ValueError`` (it binds).
        """
        entry = self._entries[source, event_id]
        if not KINDS[entry.event.kind].may_opt_out:
            raise ValueError("Limits, prices and emergencies bind: this event cannot be declined.")
        (self._opted_out.add if opted_out else self._opted_out.discard)((source, event_id))
        entry.event = replace(entry.event, opted_out=opted_out)
        return entry

    def in_force(self) -> tuple[GridEvent, ...]:
        """What dispatch and plan have to mind: neither over nor cancelled; declined ones carry their mark."""
        return tuple(e.event for e in self._entries.values() if e.status in ("coming", "active"))

    def entries(self, now_s: float) -> list[Entry]:
        """What the page shows, by start; old ones are forgotten."""
        old = [k for k, e in self._entries.items() if e.event.end_s < now_s - KEPT_S]
        for key in old:
            del self._entries[key]
        return sorted(self._entries.values(), key=lambda e: e.event.start_s)

    def get(self, source: str, event_id: str) -> Entry | None:
        """One event."""
        return self._entries.get((source, event_id))

    def tick(self, moment: Moment) -> bool:
        """Let time pass: statuses change, and active events' deliveries are measured. True: a status changed."""
        changed = False
        for entry in self._entries.values():
            if entry.status not in ("coming", "active"):
                continue
            status = _status(entry.event, moment.now_s)
            if status != entry.status:
                entry.status = status
                changed = True
                if status == "done":
                    self._flush(entry)
                    if entry.account is not None:
                        entry.account = service.closed(entry.account)
                self._write(entry)
            if status == "active" and not entry.event.opted_out:
                self._measure(entry, moment)
        return changed

    def _measure(self, entry: Entry, moment: Moment) -> None:
        asked = entry.event.value_at(moment.now_s)
        if asked is None:
            return
        bucket = int(moment.now_s // BUCKET_S)
        if entry._bucket is not None and bucket != entry._bucket:
            self._flush(entry)
        entry._bucket = bucket
        self._account(entry, asked, moment)
        measured = delivery(entry.event.kind, asked, moment)
        if measured is None:
            return
        delivered_w, baseline_w = measured
        entry._sum_w += delivered_w
        entry._asked_w += asked
        entry._baseline_w += baseline_w
        entry._count += 1

    @staticmethod
    def _account(entry: Entry, asked: float, moment: Moment) -> None:
        found = serving(entry.event.kind, asked, moment)
        if found is None:
            return
        shape, baseline, look = found
        before = entry.account or ServiceAccount(shape=shape, baseline=baseline)
        entry.account = service.counted(before, look)
        last_s = entry._seconds[-1][0] if entry._seconds else float("-inf")
        # Between the seconds only what begins or ends the answer to a step is worth a line.
        quiet = entry.event.kind is GridEventKind.FREQUENCY and look.asked_w == look.baseline_w
        every_s = QUIET_S if quiet else 0.95
        if look.at_s - last_s >= every_s or entry.account.step != before.step:
            entry._seconds.append(
                [round(look.at_s, 3), *(round(w, 1) for w in (look.asked_w, look.baseline_w, look.power_w)), look.able]
            )

    def _flush(self, entry: Entry) -> None:
        for seconds in entry.open_seconds():
            self._on_seconds(seconds)
        entry._seconds = []
        if not entry._count or entry._bucket is None:
            return
        row = DeliveryRow(
            source=entry.event.source,
            event_id=entry.event.event_id,
            at_s=entry._bucket * BUCKET_S,
            asked_w=entry._asked_w / entry._count,
            delivered_w=entry._sum_w / entry._count,
            baseline_w=entry._baseline_w / entry._count,
        )
        entry.delivered.append(row)
        entry._sum_w = entry._asked_w = entry._baseline_w = 0.0
        entry._count = 0
        self._on_delivery(row)

    def _write(self, entry: Entry) -> None:
        self._on_event(self.row(entry))

    @staticmethod
    def row(entry: Entry) -> EventRow:
        """The entry as the store keeps it."""
        event = entry.event
        return EventRow(
            source=event.source,
            event_id=event.event_id,
            kind=event.kind.value,
            title=event.title,
            start_s=event.start_s,
            end_s=_finite(event.end_s),
            status=entry.status,
            opted_out=event.opted_out,
            received_s=event.received_s,
            problem=entry.problem,
            body={"intervals": [[i.start_s, _finite(i.end_s), i.value] for i in event.intervals]},
        )


_LIMITS: dict[GridEventKind, int] = {
    GridEventKind.IMPORT_LIMIT: 1,
    GridEventKind.EXPORT_LIMIT: -1,
    GridEventKind.CHARGE_LIMIT: 1,
    GridEventKind.DISCHARGE_LIMIT: -1,
}
"""Kinds that bound power from one side, and the sign of that side."""
_SETPOINTS = frozenset({GridEventKind.EV_SETPOINT, GridEventKind.SITE_SETPOINT})
_AT_CHARGER = frozenset({GridEventKind.CHARGE_LIMIT, GridEventKind.DISCHARGE_LIMIT, GridEventKind.EV_SETPOINT})
"""Kinds that speak of the car's power; the others of the connection's."""
_NOT_POWER = frozenset({GridEventKind.RESERVE, GridEventKind.SOC_SETPOINT})


def delivery(kind: GridEventKind, asked: float, moment: Moment) -> tuple[float, float] | None:
    """(delivered W the asked way, baseline W at the connection or the charger) at this moment.

    Of a limit only what the baseline would have had above it is delivered. None: the kind asks for no power.
    """
    if kind in _NOT_POWER:
        return None
    if kind is GridEventKind.FREQUENCY:
        base_w = moment.ev_w - moment.answer_w if moment.base_w is None else moment.base_w
        came_w = (moment.ev_w - base_w) * (1.0 if moment.answer_w >= 0.0 else -1.0)
        return (min(max(came_w, 0.0), abs(moment.answer_w)), base_w) if moment.answer_w else (0.0, base_w)
    power_w, base_w = moment.ev_w, moment.baseline_ev_w
    if kind not in _AT_CHARGER:
        power_w, base_w = moment.grid_w, moment.grid_w - moment.ev_w + moment.baseline_ev_w
    if kind in _LIMITS:
        sign = _LIMITS[kind]
        return max(0.0, sign * base_w - asked) - max(0.0, sign * power_w - asked), base_w
    if kind in _SETPOINTS:
        return (power_w - base_w) * (1.0 if asked >= base_w else -1.0), base_w
    return base_w - power_w, base_w


def serving(kind: GridEventKind, asked: float, moment: Moment) -> tuple[Shape, Baseline, service.Moment] | None:
    """This moment as the event's account counts it; None: the kind asks for no power that could be settled."""
    ev_w = moment.ev_w if moment.ev_now_w is None else moment.ev_now_w
    shape, method = Shape.SETPOINT, Baseline.CHARGE_ON_ARRIVAL
    if kind is GridEventKind.FREQUENCY:
        method = Baseline.BASE_POINT
        base_w = ev_w - moment.answer_w if moment.base_w is None else moment.base_w
        asked, power_w, sign = base_w + moment.answer_w, ev_w, 1
    elif kind in _SETPOINTS or kind in _LIMITS:
        power_w, base_w = ev_w, moment.baseline_ev_w
        if kind not in _AT_CHARGER:
            power_w, base_w = moment.grid_w, moment.grid_w - moment.ev_w + moment.baseline_ev_w
        shape, sign = (Shape.CEILING, _LIMITS[kind]) if kind in _LIMITS else (shape, 1)
    else:
        return None
    look = service.Moment(
        at_s=moment.now_s, asked_w=asked, baseline_w=sign * base_w, power_w=sign * power_w, able=moment.able
    )
    return shape, method, look


def settled(event: GridEvent, rows: Iterable[SecondsRow], *, over: bool) -> ServiceAccount | None:
    """The account of an event from what the store kept of its seconds."""
    shape = Shape.CEILING if event.kind in _LIMITS else Shape.SETPOINT
    frequency = event.kind is GridEventKind.FREQUENCY
    account = ServiceAccount(shape=shape, baseline=Baseline.BASE_POINT if frequency else Baseline.CHARGE_ON_ARRIVAL)
    for row in rows:
        for at_s, asked_w, baseline_w, power_w, able in row.body:
            if event.start_s <= at_s < event.end_s:
                look = service.Moment(
                    at_s=at_s, asked_w=asked_w, baseline_w=baseline_w, power_w=power_w, able=bool(able)
                )
                account = service.counted(account, look)
    if account.last is None:
        return None
    return service.closed(account) if over else account


def with_past(event: GridEvent, before: GridEvent, now_s: float) -> GridEvent:
    """``event``, with what of ``before`` is past already: some links tell only what is still to come."""
    if event.kind is not before.kind or not before.start_s < event.start_s <= now_s:
        return event
    past = tuple(replace(i, end_s=min(i.end_s, event.start_s)) for i in before.intervals if i.start_s < event.start_s)
    first = event.intervals[0]
    if past and past[-1].end_s == first.start_s and past[-1].value == first.value:
        joined = replace(first, start_s=past[-1].start_s)
        return replace(event, intervals=(*past[:-1], joined, *event.intervals[1:]))
    return replace(event, intervals=(*past, *event.intervals))


def _status(event: GridEvent, now_s: float) -> str:
    if now_s < event.start_s:
        return "coming"
    return "active" if now_s < event.end_s else "done"


def _finite(end_s: float) -> float | None:
    return None if end_s == float("inf") else end_s


def _end(end_s: float | None) -> float:
    return float("inf") if end_s is None else end_s


def seconds_csv(rows: Iterable[SecondsRow]) -> str:
    """Rows of seconds as CSV, time in UTC; a limit of export or discharge is told with power > 0 in its direction."""
    lines = ["time_utc,asked_w,baseline_w,delivered_power_w,able"]
    for row in rows:
        for at_s, asked_w, baseline_w, power_w, able in row.body:
            told = datetime.fromtimestamp(at_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            lines.append(f"{told},{asked_w:.1f},{baseline_w:.1f},{power_w:.1f},{int(able)}")
    return "\n".join(lines) + "\n"
