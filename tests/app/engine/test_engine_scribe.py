"""The scribe: in order, never in the way, and patient with a bad disk."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from app.clock import StepClock
from app.engine import scribe as scribe_module
from app.engine.health import HealthBook
from app.engine.scribe import HEALTH_NAME, Scribe
from app.ports import HealthLevel
from app.store import AccountRow, Store, StoreError, StoreFault

Until = Callable[..., Awaitable[None]]


@pytest.fixture
async def store(tmp_path: Path):
    opened = await Store.open(tmp_path / "home.sqlite")
    yield opened
    await opened.close()


async def test_all_that_was_told_is_on_disk_in_order(store: Store, clock: StepClock, book: HealthBook) -> None:
    scribe = Scribe(store, clock, book)
    writing = asyncio.create_task(scribe.run())
    for minute in range(5):
        scribe.book(AccountRow(at_s=minute * 60.0, span_s=60.0, grid_house_wh=1.0, cost=0.1))
        scribe.remember("accounts", {"minute": minute})
    await asyncio.wait_for(scribe.drained(), 10)
    writing.cancel()
    [total] = await store.accounts([0.0, 1e9])
    assert total.paths_wh["grid_house"] == 5.0
    assert (await store.settings())["accounts"] == {"minute": 4}


async def test_what_must_be_sure_comes_after_the_rest(store: Store, clock: StepClock, book: HealthBook) -> None:
    scribe = Scribe(store, clock, book)
    scribe.book(AccountRow(at_s=0.0, span_s=60.0, grid_house_wh=1.0))
    await scribe.book_surely(AccountRow(at_s=0.0, span_s=60.0, grid_house_wh=2.0))
    await scribe.finish()
    [total] = await store.accounts([0.0, 1e9])
    assert total.paths_wh["grid_house"] == 2.0


async def test_what_the_disk_refuses_waits_and_the_health_says_so(
    store: Store, clock: StepClock, book: HealthBook, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scribe_module, "RETRY_REAL_S", 0.01)
    good = store.book
    full = True

    async def book_rows(*rows: Any) -> None:
        if full:
            raise StoreError(StoreFault.FULL, Path("home.sqlite"))
        await good(*rows)

    monkeypatch.setattr(store, "book", book_rows)
    scribe = Scribe(store, clock, book)
    writing = asyncio.create_task(scribe.run())
    scribe.book(AccountRow(at_s=0.0, span_s=60.0, grid_house_wh=1.0))
    await until(lambda: (line := book.get(HEALTH_NAME)) is not None and line.shown.level is HealthLevel.FAILED)
    assert "free some space" in book.get(HEALTH_NAME).shown.text  # type: ignore[union-attr]
    full = False
    await asyncio.wait_for(scribe.drained(), 10)
    writing.cancel()
    [total] = await store.accounts([0.0, 1e9])
    assert total.paths_wh["grid_house"] == 1.0
    assert book.get(HEALTH_NAME).shown.level is HealthLevel.OK  # type: ignore[union-attr]
