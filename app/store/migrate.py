"""The store's shape: numbered SQL files, applied in order, each whole or not at all.

The number of the last one applied is SQLite's ``user_version``. A file from a newer program is refused rather than
guessed at.
"""

import sqlite3
from importlib import resources
from pathlib import Path

from sqlite_utils import Database

from app.store.errors import StoreError, StoreFault


def migrations() -> list[str]:
    """The scripts in order; number n (from 1) is the n-th."""
    folder = resources.files("app.store") / "migrations"
    scripts = sorted((f for f in folder.iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
    return [script.read_text("utf-8") for script in scripts]


def version_of(db: Database) -> int:
    """How many migrations this file has seen."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def migrate(db: Database, path: Path, up_to: int | None = None) -> int:
    """Bring the file to the newest shape (or that of ``up_to``); returns its version.

    Raises ``StoreError`` (NEWER) for a file that is ahead of this program.
    """
    scripts = migrations()
    version = version_of(db)
    if version > len(scripts):
        raise StoreError(StoreFault.NEWER, path, f"version {version}, this one knows {len(scripts)}")
    for number, script in enumerate(scripts[version:up_to], start=version + 1):
        with db.atomic():
            for statement in _statements(script):
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {number}")
    return version_of(db)


def _statements(script: str) -> list[str]:
    """The statements of a script; ``executescript`` would commit behind the transaction's back."""
    found: list[str] = []
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            found.append(pending)
            pending = ""
    return found
