"""A store in a folder of its own, closed whatever happens."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.store import Store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(path)
    yield opened
    await opened.close()
