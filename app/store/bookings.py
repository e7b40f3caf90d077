"""What must not be lost: accounts, sessions, events, deliveries, commands, settings; and plans and reasons.

Functions on an open ``Database``; who calls them chooses the connection, and with it how sure a commit is.
"""

import json
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import pairwise
from typing import Any

from sqlite_utils import Database

from app.store.rows import (
    PATHS,
    AccountRow,
    AccountSum,
    CommandRow,
    DeliveryRow,
    EventRow,
    PlanRow,
    ReasonRow,
    SecondsRow,
    SessionRow,
    SettingRow,
    WeatherRow,
)

_BOOKED = {
    AccountRow: "accounts",
    SessionRow: "sessions",
    EventRow: "grid_events",
    DeliveryRow: "deliveries",
    SecondsRow: "service_seconds",
    CommandRow: "commands",
    ReasonRow: "reasons",
    PlanRow: "plans",
    SettingRow: "settings",
    WeatherRow: "weather",
}
Row = (
    AccountRow
    | SessionRow
    | EventRow
    | DeliveryRow
    | SecondsRow
    | CommandRow
    | ReasonRow
    | PlanRow
    | SettingRow
    | WeatherRow
)

_ACTIVE = ("coming", "active")
_WEATHER_LONGER_S = 310 * 86_400.0
"""Weather of a year teaches what this house and roof make of it."""


_JSON = {"body", "params", "limited_by", "value"}
"""Columns that hold JSON."""


def book(db: Database, rows: Sequence[Row]) -> None:
    """Write rows of any kind in one commit; a row with a known key replaces it."""
    with db.atomic():
        for row in rows:
            members = {k: json.dumps(v) if k in _JSON else v for k, v in asdict(row).items()}
            if isinstance(row, PlanRow | SecondsRow):
                members["body"] = _packed(members["body"])
            db.table(_BOOKED[type(row)]).insert(members, replace=True)


def settings(db: Database) -> dict[str, Any]:
    """All settings."""
    return {key: json.loads(value) for key, value in db.execute("SELECT key, value FROM settings")}


def _rows(db: Database, sql: str, *parameters: Any) -> Iterable[dict[str, Any]]:
    return db.query(sql, parameters)


def account_sums(db: Database, edges_s: Sequence[float]) -> list[AccountSum]:
    """Accounts between each two neighbouring edges; an interval belongs to where it starts."""
    sums = ", ".join(f"coalesce(sum({path}_wh), 0.0) AS {path}" for path in PATHS)
    sql = (
        f"SELECT {sums}, sum(cost) AS cost, sum(baseline_cost) AS baseline_cost, sum(wear) AS wear,"  # noqa: S608
        " sum(ahead_wh) AS ahead_wh, sum(co2_g) AS co2_g FROM accounts WHERE at_s >= ? AND at_s < ?"
    )
    found: list[AccountSum] = []
    for start_s, end_s in pairwise(edges_s):
        [row] = _rows(db, sql, start_s, end_s)
        paths = {path: float(row[path]) for path in PATHS}
        money = (row["cost"], row["baseline_cost"], row["wear"], row["ahead_wh"], row["co2_g"])
        found.append(AccountSum(start_s, end_s, paths, *money))
    return found


def imported(db: Database, from_s: float, to_s: float) -> list[tuple[float, float, float]]:
    """(start, length s, Wh imported) of each interval that was booked in a time, in order."""
    sums = " + ".join(f"coalesce({path}_wh, 0.0)" for path in PATHS if path.startswith("grid_"))
    sql = f"SELECT at_s, span_s, {sums} FROM accounts WHERE at_s >= ? AND at_s < ? ORDER BY at_s"  # noqa: S608
    return [(float(at_s), float(span_s), float(wh)) for at_s, span_s, wh in db.execute(sql, (from_s, to_s))]


def last_account_s(db: Database) -> float | None:
    """End of the last interval booked: where a restarted engine goes on; None: nothing is booked."""
    found = db.execute("SELECT at_s + span_s FROM accounts ORDER BY at_s DESC LIMIT 1").fetchone()
    return None if found is None else float(found[0])


def sessions(db: Database, limit: int) -> list[SessionRow]:
    """The latest sessions, newest first."""
    return [SessionRow(**row) for row in _rows(db, "SELECT * FROM sessions ORDER BY start_s DESC LIMIT ?", limit)]


def weather(db: Database, since_s: float) -> list[WeatherRow]:
    """Weather from ``since_s`` on, by time."""
    return [WeatherRow(**row) for row in _rows(db, "SELECT * FROM weather WHERE at_s >= ? ORDER BY at_s", since_s)]


def events(db: Database, since_s: float) -> list[EventRow]:
    """Events not over yet, and those that ended (or were cancelled) after ``since_s``; by their start."""
    sql = (
        "SELECT * FROM grid_events WHERE status IN (?, ?) OR coalesce(end_s, received_s) >= ? OR received_s >= ?"
        " ORDER BY start_s"
    )
    return [
        EventRow(**row | {"body": json.loads(row["body"]), "opted_out": bool(row["opted_out"])})
        for row in _rows(db, sql, *_ACTIVE, since_s, since_s)
    ]


def deliveries(db: Database, source: str, event_id: str) -> list[DeliveryRow]:
    """What was delivered for an event, in order of time."""
    sql = "SELECT * FROM deliveries WHERE source = ? AND event_id = ? ORDER BY at_s"
    return [DeliveryRow(**row) for row in _rows(db, sql, source, event_id)]


def service_seconds(db: Database, source: str, event_id: str, since_s: float) -> list[SecondsRow]:
    """An event's service second by second, a row a minute, in order of time."""
    sql = "SELECT * FROM service_seconds WHERE source = ? AND event_id = ? AND at_s >= ? ORDER BY at_s"
    rows = _rows(db, sql, source, event_id, since_s)
    return [SecondsRow(**{**row, "body": json.loads(_unpacked(row["body"]))}) for row in rows]


def commands(db: Database, limit: int) -> list[CommandRow]:
    """The latest commands, newest first."""
    sql = "SELECT at_s, source, name, body, outcome FROM commands ORDER BY id DESC LIMIT ?"
    return [CommandRow(**row | {"body": json.loads(row["body"])}) for row in _rows(db, sql, limit)]


def reasons(db: Database, from_s: float, to_s: float, limit: int) -> list[ReasonRow]:
    """Changes of set-point within a time, in order, at most ``limit`` of the latest."""
    sql = "SELECT * FROM reasons WHERE at_s >= ? AND at_s < ? ORDER BY at_s DESC LIMIT ?"
    found = [
        ReasonRow(**row | {"params": json.loads(row["params"]), "limited_by": json.loads(row["limited_by"])})
        for row in _rows(db, sql, from_s, to_s, limit)
    ]
    return found[::-1]


def next_reason_s(db: Database, charger_id: str, at_s: float) -> float | None:
    """When a charger's next change of set-point is kept, at or after ``at_s``; None: none is."""
    sql = "SELECT min(at_s) FROM reasons WHERE at_s >= ? AND charger_id = ?"
    found = db.execute(sql, (at_s, charger_id)).fetchone()[0]
    return None if found is None else float(found)


def last_plan(db: Database, at_s: float | None) -> PlanRow | None:
    """The plan that was in force at ``at_s`` (None: the latest)."""
    where, parameters = ("", ()) if at_s is None else ("WHERE made_at_s <= ?", (at_s,))
    sql = f"SELECT made_at_s, body FROM plans {where} ORDER BY made_at_s DESC LIMIT 1"  # noqa: S608
    found = db.execute(sql, parameters).fetchone()
    return None if found is None else PlanRow(float(found[0]), json.loads(_unpacked(found[1])))


def _packed(body: str) -> bytes:
    """A plan with every step's reason is thirty kilobytes of figures that are much alike; packed it is a few."""
    return zlib.compress(body.encode())


def _unpacked(body: str | bytes) -> str:
    """Plans of earlier versions are plain text."""
    return body if isinstance(body, str) else zlib.decompress(body).decode()


def forget(db: Database, before_s: float) -> None:
    """Delete plans and reasons from before that time, and weather from long before; bookings stay for ever."""
    with db.atomic():
        db.execute("DELETE FROM plans WHERE made_at_s < ?", (before_s,))
        db.execute("DELETE FROM reasons WHERE at_s < ?", (before_s,))
        db.execute("DELETE FROM weather WHERE at_s < ?", (before_s - _WEATHER_LONGER_S,))
