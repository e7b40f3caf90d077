"""What can go wrong with the store, typed, each with a sentence for a person."""

import sqlite3
from enum import StrEnum
from pathlib import Path


class StoreFault(StrEnum):
    """Kinds of trouble."""

    FULL = "full"
    READ_ONLY = "read_only"
    CORRUPT = "corrupt"
    NEWER = "newer"
    BUSY = "busy"
    CLOSED = "closed"
    UNREADABLE = "unreadable"


_SENTENCES = {
    StoreFault.FULL: "The disk is full, so {path} cannot be written: free some space.",
    StoreFault.READ_ONLY: "{path} cannot be written: give the engine write access to its folder.",
    StoreFault.CORRUPT: "{path} is damaged.",
    StoreFault.NEWER: "{path} was written by a newer Twoway ({detail}): update this one, or choose another folder.",
    StoreFault.BUSY: "{path} is held by another program: is a second engine running?",
    StoreFault.CLOSED: "The store {path} is closed.",
    StoreFault.UNREADABLE: "{path} cannot be opened or written ({detail}): check that it is a plain file of yours, "
    "or choose another folder.",
}

_BY_CODE = {
    sqlite3.SQLITE_FULL: StoreFault.FULL,
    sqlite3.SQLITE_READONLY: StoreFault.READ_ONLY,
    sqlite3.SQLITE_PERM: StoreFault.READ_ONLY,
    sqlite3.SQLITE_CORRUPT: StoreFault.CORRUPT,
    sqlite3.SQLITE_NOTADB: StoreFault.CORRUPT,
    sqlite3.SQLITE_BUSY: StoreFault.BUSY,
    sqlite3.SQLITE_LOCKED: StoreFault.BUSY,
}


class StoreError(Exception):
    """The store could not do it; the home goes on without it."""

    def __init__(self, fault: StoreFault, path: Path, detail: str = "") -> None:
        super().__init__(_SENTENCES[fault].format(path=path, detail=detail))
        self.fault = fault
        self.path = path


def store_error(error: Exception, path: Path) -> StoreError:
    """The typed form of whatever SQLite or the operating system raised."""
    # The extended code's low byte is the primary one.
    code = getattr(error, "sqlite_errorcode", None)
    fault = _BY_CODE.get(code & 0xFF) if isinstance(code, int) else None
    if fault is None and isinstance(error, PermissionError):
        fault = StoreFault.READ_ONLY
    return StoreError(fault or StoreFault.UNREADABLE, path, str(error))
