"""Older files are brought forward, newer ones refused, damaged ones put aside; a full disk stops nothing."""

import sqlite3
from pathlib import Path

import pytest
from sqlite_utils import Database

from app.store import AccountRow, CommandRow, ReadingRow, Store, StoreError, StoreFault
from app.store.migrate import migrate, migrations, version_of

T0 = 1_767_225_600.0
NEWEST = len(migrations())


@pytest.mark.parametrize("version", range(NEWEST + 1))
async def test_a_file_of_every_older_version_is_brought_forward_with_what_it_holds(path: Path, version: int) -> None:
    db = Database(path)
    assert migrate(db, path, up_to=version) == version
    if version >= 1:
        db.table("readings").insert({"at_s": int(T0), "grid_w": 5.0})
    if version >= 2:
        db.table("commands").insert({"at_s": T0, "source": "x", "name": "y", "body": "{}", "outcome": ""})
    db.close()
    store = await Store.open(path)
    try:
        assert version_of(store._vault.sure) == NEWEST
        await store.set_setting("a", 1, T0)
        assert await store.settings() == {"a": 1}
        _, buckets = await store.history(T0, T0 + 1, 10)
        assert len(buckets) == min(version, 1)
        assert len(await store.commands()) == (version >= 2)
    finally:
        await store.close()


def test_a_migration_that_fails_leaves_the_file_as_it_was(path: Path) -> None:
    db = Database(path)
    migrate(db, path, up_to=1)
    db.execute("CREATE TABLE sessions (in_the_way)")
    with pytest.raises(sqlite3.OperationalError):
        migrate(db, path)
    assert version_of(db) == 1
    assert "accounts" not in db.table_names()


async def test_a_newer_file_is_refused_untouched(path: Path) -> None:
    await (await Store.open(path)).close()
    db = Database(path)
    db.execute(f"PRAGMA user_version = {NEWEST + 1}")
    db.close()
    with pytest.raises(StoreError, match="newer Twoway") as caught:
        await Store.open(path)
    assert caught.value.fault is StoreFault.NEWER
    assert [f.name for f in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b"SQLite format 3\x00" + b"\xff" * 8000])
async def test_a_file_that_is_none_is_put_aside_and_a_new_one_begun(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    store = await Store.open(path)
    try:
        await store.book(AccountRow(at_s=T0, span_s=900))
        assert await store.last_account_s() == T0 + 900
        aside = [f for f in path.parent.iterdir() if "damaged" in f.name]
        assert [f.read_bytes() for f in aside] == [content]
        assert aside[0].name in store.notice
    finally:
        await store.close()


async def test_only_the_owner_may_read_the_store(path: Path) -> None:
    for content in (b"", b"not a database at all" * 100):
        if content:
            path.write_bytes(content)
        store = await Store.open(path)
        await store.book(AccountRow(at_s=T0, span_s=900))
        modes = {f.name: f.stat().st_mode & 0o777 for f in path.parent.iterdir() if "damaged" not in f.name}
        await store.close()
        assert set(modes.values()) == {0o600}, modes


async def _full_of_readings(path: Path) -> None:
    store = await Store.open(path)
    await store.book(*[AccountRow(at_s=T0 + 900 * n, span_s=900, cost=1.0) for n in range(20)])
    await store.set_setting("wishes", {"reserve_soc": 0.4}, T0)
    for second in range(3_500):
        store.reading(ReadingRow(at_s=T0 + second, grid_w=second * 1.1))
    await store.close()


def _spoil(path: Path, table: str) -> None:
    """Overwrite the pages of a table, its first one left alone."""
    db = sqlite3.connect(path)
    size = db.execute("PRAGMA page_size").fetchone()[0]
    root = db.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()[0]
    db.close()
    content = bytearray(path.read_bytes())
    content[(root - 1) * size : root * size] = b"\xa5" * size
    path.write_bytes(content)


async def test_bookings_and_wishes_are_saved_from_a_damaged_file(path: Path) -> None:
    await _full_of_readings(path)
    _spoil(path, "readings")
    store = await Store.open(path)
    try:
        assert "21 bookings" in store.notice
        assert await store.last_account_s() == T0 + 20 * 900
        assert await store.settings() == {"wishes": {"reserve_soc": 0.4}}
        assert (await store.history(T0, T0 + 4000, 100))[1] == []
    finally:
        await store.close()


async def test_damage_found_while_running_stops_nothing(path: Path) -> None:
    await _full_of_readings(path)
    store = await Store.open(path)
    try:
        assert store.notice == ""
        _spoil(path, "readings")
        store._vault.swift.execute("PRAGMA shrink_memory")
        assert (await store.history(T0, T0 + 3_500, 10_000))[1] == []
        assert "damaged" in store.notice
        store.reading(ReadingRow(at_s=T0 + 9_000, grid_w=7.0))
        await store.flush()
        assert store.trouble is None
        assert len((await store.history(T0, T0 + 10_000, 20_000))[1]) == 1
        assert await store.last_account_s() == T0 + 20 * 900
    finally:
        await store.close()


async def test_a_full_disk_refuses_bookings_and_keeps_readings_waiting(store: Store) -> None:
    for db in (store._vault.swift, store._vault.sure):
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {pages}")
    rows = [CommandRow(at_s=T0, source="x", name="y" * 5_000) for _ in range(10)]
    with pytest.raises(StoreError, match="free some space") as caught:
        await store.book(*rows)
    assert caught.value.fault is StoreFault.FULL
    assert await store.commands() == []
    for second in range(2_000):
        store.reading(ReadingRow(at_s=T0 + second, grid_w=1.0))
    await store.flush()
    assert store.trouble is not None
    assert store.trouble.fault is StoreFault.FULL
    for db in (store._vault.swift, store._vault.sure):
        db.execute("PRAGMA max_page_count = 1000000")
    await store.flush()
    assert store.trouble is None
    _, buckets = await store.history(T0, T0 + 2_000, 10_000)
    assert len(buckets) == 2_000
    await store.book(*rows)


async def test_readings_that_wait_are_bounded(store: Store) -> None:
    for db in (store._vault.swift, store._vault.sure):
        db.execute(f"PRAGMA max_page_count = {db.execute('PRAGMA page_count').fetchone()[0]}")
    for second in range(20_000):
        store.reading(ReadingRow(at_s=T0 + second, grid_w=1.0))
    await store.flush()
    assert len(store._waiting) <= 3_600
    assert store._waiting[-1].at_s == T0 + 19_999


async def test_a_file_that_may_not_be_written_is_one_sentence(path: Path) -> None:
    await (await Store.open(path)).close()
    store = await Store.open(path)
    try:
        store._vault.sure.execute("PRAGMA query_only = ON")
        with pytest.raises(StoreError, match="write access") as caught:
            await store.book(AccountRow(at_s=T0, span_s=1.0))
        assert caught.value.fault is StoreFault.READ_ONLY
    finally:
        await store.close()


@pytest.mark.parametrize("place", ["a_file/home.db", "."])
async def test_a_place_where_no_file_can_be_is_one_sentence(tmp_path: Path, place: str) -> None:
    (tmp_path / "a_file").write_text("in the way")
    with pytest.raises(StoreError, match="cannot be opened or written"):
        await Store.open(tmp_path / place)


async def test_a_file_held_by_another_program_says_so(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.store.vault._BUSY_MS", 50)
    await (await Store.open(path)).close()
    other = sqlite3.connect(path)
    other.execute("BEGIN IMMEDIATE")
    store = await Store.open(path)
    try:
        with pytest.raises(StoreError, match="second engine") as caught:
            await store.book(AccountRow(at_s=T0, span_s=1.0))
        assert caught.value.fault is StoreFault.BUSY
    finally:
        other.close()
        await store.close()
