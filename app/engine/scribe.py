"""The scribe: takes what is to be booked from the tick, without making it wait, and brings it to the store in order.

What the disk refuses is kept and tried again; the home goes on meanwhile, and its health says so.
"""

import asyncio
import logging
from collections import deque
from typing import Any

from app.clock import Clock
from app.engine.health import HealthBook
from app.ports import Health, HealthLevel
from app.store import ReadingRow, ReasonRow, Store, StoreError
from app.store.bookings import Row

log = logging.getLogger(__name__)

HEALTH_NAME = "store"
RETRY_REAL_S = 2.0
KEPT = 100_000
"""Bookings kept in memory while the disk refuses them: over two months of a home's minutes."""
_BATCH = 500

Setting = tuple[str, Any]


class Scribe:
    """Books in the order in which it was told."""

    def __init__(self, store: Store, clock: Clock, book: HealthBook) -> None:
        self._store = store
        self._clock = clock
        self._health = book
        self._waiting: deque[Row | Setting] = deque(maxlen=KEPT)
        self._refused: StoreError | None = None
        self._lock = asyncio.Lock()
        self._news = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def reading(self, row: ReadingRow) -> None:
        """Telemetry: on disk within about a second."""
        self._store.reading(row)

    def reason(self, row: ReasonRow) -> None:
        """A change of set-point and why: like a reading."""
        self._store.reason(row)

    def book(self, *rows: Row) -> None:
        """Rows that must not be lost; written soon, in order."""
        self._take(*rows)

    def remember(self, key: str, value: Any) -> None:
        """A setting; in order with the rows."""
        self._take((key, value))

    async def book_surely(self, *rows: Row) -> None:
        """On disk when this returns, after all that was told before. Raises ``StoreError``; then it is not booked."""
        async with self._lock:
            while self._waiting:
                if not await self._write_some() and self._refused is not None:
                    raise self._refused
            await self._store.book(*rows)

    async def drained(self) -> None:
        """Until all that was told so far is on disk (or was refused)."""
        await self._idle.wait()

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            while self._waiting:
                async with self._lock:
                    written = await self._write_some()
                if not written:
                    await asyncio.sleep(RETRY_REAL_S)
            self._idle.set()

    async def finish(self) -> None:
        """Write what waits, once; never raises."""
        while self._waiting and await self._write_some():
            pass
        self._idle.set()

    def _take(self, *items: Row | Setting) -> None:
        self._waiting.extend(items)
        self._idle.clear()
        self._news.set()

    async def _write_some(self) -> bool:
        """One batch: rows up to the next setting in one commit, or one setting."""
        if not self._waiting:
            return True
        rows: list[Row] = []
        for item in self._waiting:
            if isinstance(item, tuple) or len(rows) == _BATCH:
                break
            rows.append(item)
        try:
            if rows:
                await self._store.book(*rows)
            else:
                key, value = self._waiting[0]  # type: ignore[misc]
                await self._store.set_setting(key, value, self._clock.now_s())
        except StoreError as error:
            self._refused = error
            self._say(HealthLevel.FAILED, f"{error} {len(self._waiting)} bookings wait in memory.")
            return False
        for _ in range(max(1, len(rows))):
            self._waiting.popleft()
        trouble = self._store.trouble
        if trouble is not None:
            self._say(HealthLevel.WARNING, str(trouble))
        else:
            self._say(HealthLevel.WARNING if self._store.notice else HealthLevel.OK, self._store.notice)
        return True

    def _say(self, level: HealthLevel, text: str) -> None:
        self._health.put(HEALTH_NAME, Health(level=level, text=text))
