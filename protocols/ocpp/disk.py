"""One SQLite file that a station keeps: what must outlive a power cut before anybody is told that it is done.

``synchronous = FULL``: a commit that returned is on the platter. At one booking a minute that costs nothing; on a
slow SD card a commit may take tens of milliseconds, so only bookings, commands and profiles go here.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id TEXT NOT NULL UNIQUE,
    periodic INTEGER NOT NULL,
    offline INTEGER NOT NULL,
    refused INTEGER NOT NULL DEFAULT 0,
    record BLOB NOT NULL
);
CREATE TABLE given_up (id INTEGER PRIMARY KEY, record BLOB NOT NULL, code TEXT NOT NULL, text TEXT NOT NULL);
CREATE TABLE open_transaction (transaction_id TEXT PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE command (id INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB NOT NULL);
CREATE TABLE profile (profile_id INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class DiskUnusable(Exception):
    """The station's file cannot be used; the message names it and the way out."""


class Disk:
    """The open file."""

    def __init__(self, path: Path | str) -> None:
        """Open or create it; ``":memory:"`` for a station that forgets. Raises DiskUnusable."""
        self.path = path
        try:
            self.db = sqlite3.connect(path, isolation_level=None)
            self.db.execute("PRAGMA journal_mode = WAL")
            self.db.execute("PRAGMA synchronous = FULL")
            self._prepare()
        except sqlite3.Error as problem:
            raise DiskUnusable(
                f"{path}: {problem}. It holds bookings that the backend has not seen: move it aside (do not "
                "delete it) and start again, or make its folder writable."
            ) from problem

    def _prepare(self) -> None:
        version = int(self.db.execute("PRAGMA user_version").fetchone()[0])
        if version > _SCHEMA_VERSION:
            raise DiskUnusable(f"{self.path} was written by a newer Twoway (format {version}); update Twoway.")
        if version == 0:
            with self.commit():
                for statement in filter(None, map(str.strip, _SCHEMA.split(";"))):
                    self.db.execute(statement)
                self.db.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")

    @contextmanager
    def commit(self) -> Iterator[None]:
        """All of the block is on disk when it ends, or nothing of it. Blocks may nest; the outermost commits."""
        if self.db.in_transaction:
            yield
            return
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    @contextmanager
    def hasty(self) -> Iterator[None]:
        """A block whose loss in a power cut only costs doing something twice; it does not wait for the platter."""
        self.db.execute("PRAGMA synchronous = NORMAL")
        try:
            yield
        finally:
            self.db.execute("PRAGMA synchronous = FULL")

    def close(self) -> None:
        """Give the file back."""
        self.db.close()
