"""The store as the engine sees it: asynchronous, never in the way of the one-second tick.

All writing happens on one thread of its own, all reading on another. ``reading`` returns at once and is on disk
within about a second; what is awaited is on disk when the await returns.
"""

import asyncio
import csv
import io
import logging
import sqlite3
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Self, TypeVar
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from app.store import bookings, telemetry
from app.store.bookings import Row
from app.store.calendar import Period, calendar
from app.store.errors import StoreError, StoreFault, store_error
from app.store.rows import (
    CHANNELS,
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
    WeatherRow,
)
from app.store.telemetry import Retention
from app.store.vault import Vault, connect

log = logging.getLogger(__name__)
T = TypeVar("T")

_FLUSH_S = 1.0
"""Real time between two commits of telemetry."""
_WAITING_ROWS = 3_600
"""Readings kept in memory while the disk refuses them; then the oldest go."""
_TIDY_S = 3_600.0
"""Time of the readings between two rounds of forgetting."""
_PLANS_DAYS = 90.0


def _stamp() -> str:
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")


class Store:
    """One home's store. ``await Store.open(path)``, use it from one event loop, ``await close()``."""

    def __init__(self, vault: Vault, writer: ThreadPoolExecutor, retention: Retention) -> None:
        """Use ``open``."""
        self._vault = vault
        self._writer = writer
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="store reader")
        self._retention = retention
        self._reading_db: tuple[int, Database] | None = None
        self._waiting: deque[ReadingRow | ReasonRow] = deque(maxlen=_WAITING_ROWS)
        self._flushing: Future[None] | None = None
        self._flushed_at_s = time.monotonic()
        self._rolled_s = -1.0
        self._tidied_s: float | None = None
        self._closed = False
        self.trouble: StoreError | None = None
        """Why readings cannot be written at present; None: they can."""

    @classmethod
    async def open(cls, path: Path, retention: Retention | None = None) -> Self:
        """Open or create the store, bring it to this program's shape, check it.

        A damaged file is put aside and a new one begun (see ``notice``). Raises ``StoreError`` where there is no
        way on: the file is newer than this program, the disk full, the folder closed to us.
        """
        writer = ThreadPoolExecutor(1, thread_name_prefix="store writer")
        loop = asyncio.get_running_loop()
        try:
            vault = await loop.run_in_executor(writer, Vault, path, _stamp)
        except BaseException:
            writer.shutdown(wait=False)
            raise
        return cls(vault, writer, retention or Retention())

    @property
    def notice(self) -> str:
        """What the homeowner should know of the file: empty, or that a damaged one was put aside."""
        return self._vault.notice

    async def close(self) -> None:
        """Write what waits, and let go of the file. Never raises for what could not be written."""
        if self._closed:
            return
        self._closed = True
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._writer, self._flush)
        await loop.run_in_executor(self._reader, self._close_reader)
        await loop.run_in_executor(self._writer, self._vault.close)
        self._reader.shutdown(wait=False)
        self._writer.shutdown(wait=False)

    # -- telemetry: returns at once ------------------------------------------------------------------------

    def reading(self, row: ReadingRow) -> None:
        """Take a reading; it is on disk within about a second. Never waits, never raises for a bad disk."""
        self._wait_to_be_written(row)

    def reason(self, row: ReasonRow) -> None:
        """Take a change of set-point and why; like ``reading``."""
        self._wait_to_be_written(row)

    def _wait_to_be_written(self, row: ReadingRow | ReasonRow) -> None:
        if self._closed:
            return
        self._waiting.append(row)
        due = time.monotonic() - self._flushed_at_s >= _FLUSH_S
        if due and (self._flushing is None or self._flushing.done()):
            self._flushed_at_s = time.monotonic()
            self._flushing = self._writer.submit(self._flush)

    def _flush(self) -> None:
        """On the writer's thread: one commit for all that waits."""
        rows: list[ReadingRow | ReasonRow] = []
        while self._waiting:
            rows.append(self._waiting.popleft())
        if not rows:
            return
        try:
            self._vault.run(lambda vault: self._write(vault.swift, rows))
        except StoreError as error:
            if self.trouble is None or self.trouble.fault is not error.fault:
                log.error("readings wait: %s", error)
            self.trouble = error
            self._waiting.extendleft(reversed(rows[-(_WAITING_ROWS - len(self._waiting)) :]))
            return
        self.trouble = None

    def _write(self, db: Database, rows: Sequence[ReadingRow | ReasonRow]) -> None:
        readings = [row for row in rows if isinstance(row, ReadingRow)]
        reasons = [row for row in rows if isinstance(row, ReasonRow)]
        if reasons:
            bookings.book(db, reasons)
        if not readings:
            return
        telemetry.write(db, readings)
        now_s = readings[-1].at_s
        if now_s // 60 != self._rolled_s // 60:
            telemetry.roll_up(db, now_s)
            self._rolled_s = now_s
        if self._tidied_s is None or abs(now_s - self._tidied_s) >= _TIDY_S:
            self._tidied_s = now_s
            telemetry.forget(db, now_s, self._retention)
            bookings.forget(db, now_s - _PLANS_DAYS * 86_400)

    # -- bookings: on disk when the await returns ----------------------------------------------------------

    async def _sure(self, work: Callable[[Database], T]) -> T:
        if self._closed:
            raise StoreError(StoreFault.CLOSED, self._vault.path)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._writer, self._vault.run, lambda vault: work(vault.sure))

    async def book(self, *rows: Row) -> None:
        """Accounts, sessions, events, deliveries, commands, plans, settings: one commit, on disk when this returns.

        Raises ``StoreError``; then none of them is booked.
        """
        await self._sure(lambda db: bookings.book(db, rows))

    async def set_setting(self, key: str, value: Any, now_s: float) -> None:
        """Keep any JSON value (the wishes, say) under a key; on disk when this returns."""
        await self.book(SettingRow(key=key, value=value, at_s=now_s))

    # -- reading -------------------------------------------------------------------------------------------

    async def _read(self, work: Callable[[Database], T]) -> T:
        if self._closed:
            raise StoreError(StoreFault.CLOSED, self._vault.path)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._reader, self._read_now, work)

    def _read_now(self, work: Callable[[Database], T]) -> T:
        """On the reader's thread."""
        try:
            return work(self._reader_db())
        except (sqlite3.Error, OSError) as error:
            problem = store_error(error, self._vault.path)
        if problem.fault is not StoreFault.CORRUPT:
            raise problem
        # Only the writer may put a damaged file aside; it meets the damage by the same question.
        return self._writer.submit(self._vault.run, lambda vault: work(vault.swift)).result()

    def _reader_db(self) -> Database:
        generation = self._vault.generation
        if self._reading_db is None or self._reading_db[0] != generation:
            self._close_reader()
            db = connect(self._vault.path, "NORMAL")
            db.execute("PRAGMA query_only = ON")
            self._reading_db = (generation, db)
        return self._reading_db[1]

    def _close_reader(self) -> None:
        if self._reading_db is not None:
            self._reading_db[1].close()
            self._reading_db = None

    async def settings(self) -> dict[str, Any]:
        """All settings."""
        return await self._read(bookings.settings)

    async def history(self, from_s: float, to_s: float, max_points: int) -> tuple[int, list[HistoryBucket]]:
        """Length of a bucket in s, and at most ``max_points`` buckets; those without readings are absent."""
        return await self._read(lambda db: telemetry.history(db, from_s, to_s, max_points))

    async def accounts(self, edges_s: Sequence[float]) -> list[AccountSum]:
        """Energy by path and money between each two neighbouring edges."""
        return await self._read(lambda db: bookings.account_sums(db, edges_s))

    async def summary(self, period: Period, day: date, tz: ZoneInfo) -> list[tuple[str, AccountSum]]:
        """The local day by hours, the month by days, the year by months: a label and the sum of each."""
        made = calendar(period, day, tz)
        return list(zip(made.labels, await self.accounts(made.edges_s), strict=True))

    async def imported(self, from_s: float, to_s: float) -> list[tuple[float, float, float]]:
        """(start, length s, Wh imported) of each interval of accounts."""
        return await self._read(lambda db: bookings.imported(db, from_s, to_s))

    async def last_account_s(self) -> float | None:
        """End of the last interval booked, from which a restarted engine goes on; None: nothing is booked."""
        return await self._read(bookings.last_account_s)

    async def sessions(self, limit: int = 100) -> list[SessionRow]:
        """The latest car sessions, newest first."""
        return await self._read(lambda db: bookings.sessions(db, limit))

    async def weather(self, since_s: float) -> list[WeatherRow]:
        """Weather from ``since_s`` on, as it was last told."""
        return await self._read(lambda db: bookings.weather(db, since_s))

    async def events(self, since_s: float) -> list[EventRow]:
        """Grid events that are not over, or ended after ``since_s``."""
        return await self._read(lambda db: bookings.events(db, since_s))

    async def deliveries(self, source: str, event_id: str) -> list[DeliveryRow]:
        """What was delivered for an event."""
        return await self._read(lambda db: bookings.deliveries(db, source, event_id))

    async def service_seconds(self, source: str, event_id: str, since_s: float) -> list[SecondsRow]:
        """An event's service second by second, a row a minute, from ``since_s`` on."""
        return await self._read(lambda db: bookings.service_seconds(db, source, event_id, since_s))

    async def commands(self, limit: int = 100) -> list[CommandRow]:
        """The latest commands, newest first."""
        return await self._read(lambda db: bookings.commands(db, limit))

    async def reasons(self, from_s: float, to_s: float, limit: int = 1_000) -> list[ReasonRow]:
        """Changes of set-point within a time, in order."""
        return await self._read(lambda db: bookings.reasons(db, from_s, to_s, limit))

    async def next_reason_s(self, charger_id: str, at_s: float) -> float | None:
        """When a charger's next change of set-point is kept, at or after a time; None: none is."""
        return await self._read(lambda db: bookings.next_reason_s(db, charger_id, at_s))

    async def last_plan(self, at_s: float | None = None) -> PlanRow | None:
        """The plan in force at a time (None: the latest)."""
        return await self._read(lambda db: bookings.last_plan(db, at_s))

    async def export_csv(self, from_s: float, to_s: float) -> AsyncIterator[str]:
        """Readings as CSV, some thousand lines at a time: ISO 8601 UTC time, W, fraction, Hz; empty: not known."""
        yield _csv([["time", *CHANNELS]])
        at_s = from_s
        while rows := await self._read(lambda db, at_s=at_s: telemetry.export(db, at_s, to_s)):  # type: ignore[misc]
            yield _csv([[_iso(row.at_s), *(getattr(row, channel) for channel in CHANNELS)] for row in rows])
            at_s = rows[-1].at_s + 1

    async def flush(self) -> None:
        """Have all readings taken so far written (tests, shutdown)."""
        await asyncio.get_running_loop().run_in_executor(self._writer, self._flush)


def _iso(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _csv(rows: list[list[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
