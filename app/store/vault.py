"""The file itself: its two connections, its shape, and what happens when it is damaged. Synchronous.

Two writing connections to one file in WAL mode: ``swift`` (synchronous NORMAL: a power cut may lose the last
seconds, never corrupt) for telemetry, ``sure`` (synchronous FULL: on disk before a commit returns) for money,
commands, events and sessions. Both belong to one thread, so they never wait for each other.
"""

import logging
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from sqlite_utils import Database

from app.store.errors import StoreError, StoreFault, store_error
from app.store.migrate import migrate

log = logging.getLogger(__name__)
T = TypeVar("T")

_BUSY_MS = 5_000
_CHECKED_BYTES = 256 * 2**20
"""Files up to this size are checked whole when opened (about a second); larger ones as they are used."""
_SALVAGED = ("accounts", "sessions", "grid_events", "deliveries", "service_seconds", "commands", "settings")


class Vault:
    """One store file, opened for writing. Not thread-safe: use it from one thread."""

    def __init__(self, path: Path, stamp: Callable[[], str]) -> None:
        """``stamp`` gives a text for the name of a file set aside (a date and time)."""
        self.path = path
        self.notice = ""
        """What happened to the file, for the homeowner: empty when nothing did."""
        self.generation = 0
        """Grows when a new file takes the place of a damaged one."""
        self._stamp = stamp
        self._open: tuple[Database, Database] | None = None
        self._begin()

    @property
    def swift(self) -> Database:
        """For telemetry."""
        return self._connections()[0]

    @property
    def sure(self) -> Database:
        """For what must be on disk when a commit returns."""
        return self._connections()[1]

    def _connections(self) -> tuple[Database, Database]:
        if self._open is None:
            raise StoreError(StoreFault.CLOSED, self.path)
        return self._open

    def run(self, work: Callable[["Vault"], T]) -> T:
        """Do some work; in a damaged file, put that aside and do it again in a new one. Raises ``StoreError``."""
        try:
            return work(self)
        except (sqlite3.Error, OSError) as error:
            problem = store_error(error, self.path)
        if problem.fault is not StoreFault.CORRUPT:
            raise problem
        try:
            self._replace()
            return work(self)
        except (sqlite3.Error, OSError) as error:
            raise store_error(error, self.path) from error

    def close(self) -> None:
        """Write everything into the one file and let go of it."""
        if self._open is not None:
            for db in self._open:
                with suppress(sqlite3.Error):
                    db.close()
            self._open = None

    def _begin(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # When people are at home is nobody else's business.
            self.path.touch(mode=0o600)
            try:
                self._open = self._connect()
            except sqlite3.DatabaseError as error:
                if store_error(error, self.path).fault is not StoreFault.CORRUPT:
                    raise
                self._replace()
        except (sqlite3.Error, OSError) as error:
            raise store_error(error, self.path) from error

    def _connect(self) -> tuple[Database, Database]:
        swift = connect(self.path, "NORMAL")
        try:
            if self.path.stat().st_size <= _CHECKED_BYTES:
                found = swift.execute("PRAGMA quick_check(1)").fetchone()[0]
                if found != "ok":
                    damage = sqlite3.DatabaseError(found)
                    damage.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
                    raise damage
            migrate(swift, self.path)
            return swift, connect(self.path, "FULL")
        except BaseException:
            swift.close()
            raise

    def _replace(self) -> None:
        """Put the damaged file aside, begin a new one, and save what can be read of the bookings."""
        self.close()
        aside = self.path.with_name(f"{self.path.name}.damaged-{self._stamp()}")
        for suffix in ("", "-wal", "-shm"):
            part = self.path.with_name(self.path.name + suffix)
            if part.exists():
                part.rename(aside.with_name(aside.name + suffix))
        self.path.touch(mode=0o600)
        self._open = self._connect()
        self.generation += 1
        saved = _salvage(aside, self.sure)
        self.notice = (
            f"The store {self.path.name} was damaged and has been put aside as {aside.name};"
            f" a new one was begun with {saved} bookings saved from it. Older readings are in the old file."
        )
        log.error("%s", self.notice)


def connect(path: Path, synchronous: str) -> Database:
    """A connection in WAL mode, usable from whichever thread owns it."""
    connection = sqlite3.connect(path, timeout=_BUSY_MS / 1_000, check_same_thread=False)
    try:
        db = Database(connection)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute(f"PRAGMA synchronous = {synchronous}")
        db.execute("PRAGMA foreign_keys = ON")
    except BaseException:
        connection.close()
        raise
    return db


def _salvage(damaged: Path, into: Database) -> int:
    """Copy the bookings that can still be read, table by table, until each one's first unreadable page."""
    saved = 0
    try:
        source = sqlite3.connect(f"{damaged.as_uri()}?mode=ro", uri=True)
    except sqlite3.Error:
        return 0
    try:
        source.row_factory = sqlite3.Row
        for table in _SALVAGED:
            saved += _salvage_table(source, into, table)
    finally:
        source.close()
    return saved


def _salvage_table(source: sqlite3.Connection, into: Database, table: str) -> int:
    known = {column.name for column in into.table(table).columns}
    saved = 0
    with suppress(sqlite3.Error), into.atomic():
        rows = source.execute(f"SELECT * FROM {table}")  # noqa: S608 - a name of our own
        while True:
            try:
                row = rows.fetchone()
            except sqlite3.Error:
                break
            if row is None:
                break
            into.table(table).insert({k: row[k] for k in row.keys() if k in known}, replace=True)  # noqa: SIM118
            saved += 1
    return saved
