"""The store: one SQLite file a home, written beside the engine's tick, never in its way.

Public API (all times POSIX seconds, W, Wh, fractions; rows are in ``app.store.rows``)
---------------------------------------------------------------------------------------
::

    store = await Store.open(path)              # StoreError: newer file, full or closed disk
    if store.notice: …                          # a damaged file was put aside; bookings were saved from it

    store.reading(ReadingRow(at_s=…, grid_w=…)) # returns at once; on disk within about a second
    store.reason(ReasonRow(…))                  # likewise
    store.trouble                               # StoreError while readings cannot be written, else None

    await store.book(AccountRow(…), SessionRow(…), EventRow(…), DeliveryRow(…), CommandRow(…), PlanRow(…),
                     SettingRow(…))         # one commit, on disk (fsync) when the await returns
    await store.set_setting("wishes", {...}, now_s)   # a SettingRow alone

    bucket_s, buckets = await store.history(from_s, to_s, max_points)    # mean, low, high of each channel
    await store.summary("day" | "month" | "year", date, tz)  # [(label, AccountSum)]: energy by path, cost, saved
    await store.accounts(edges_s); await store.imported(from_s, to_s); await store.last_account_s()
    await store.sessions(limit); await store.events(since_s); await store.weather(since_s)
    await store.deliveries(source, event_id); await store.service_seconds(source, event_id, since_s)
    await store.commands(limit); await store.reasons(from_s, to_s); await store.last_plan(at_s)
    await store.settings()                      # {key: value}
    async for text in store.export_csv(from_s, to_s): …
    await store.close()

A booking with a known key replaces the earlier one (accounts: ``at_s``; sessions: ``session_id``; events: ``source``
and ``event_id``), so that booking again after a crash is harmless. Everything awaited may raise ``StoreError``
(``fault``, and a sentence for the homeowner); the home goes on.
"""

from app.store.calendar import Calendar, Period, calendar
from app.store.errors import StoreError, StoreFault
from app.store.rows import (
    CHANNELS,
    PATHS,
    AccountRow,
    AccountSum,
    CommandRow,
    DeliveryRow,
    EventRow,
    HistoryBucket,
    PlanRow,
    ReadingRow,
    ReasonRow,
    SecondsRow,
    SessionRow,
    SettingRow,
    Spread,
    WeatherRow,
)
from app.store.store import Store
from app.store.telemetry import Retention

__all__ = [
    "CHANNELS",
    "PATHS",
    "AccountRow",
    "AccountSum",
    "Calendar",
    "CommandRow",
    "DeliveryRow",
    "EventRow",
    "HistoryBucket",
    "Period",
    "PlanRow",
    "ReadingRow",
    "ReasonRow",
    "Retention",
    "SecondsRow",
    "SessionRow",
    "SettingRow",
    "Spread",
    "Store",
    "StoreError",
    "StoreFault",
    "WeatherRow",
    "calendar",
]
