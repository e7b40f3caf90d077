"""What the engine's tests share."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from app.clock import StepClock
from app.engine.board import HouseBoard
from app.engine.health import HealthBook
from energy.model import Connection

NOW_S = 1_713_261_600.0  # 2024-04-16T10:00:00Z


@pytest.fixture
def clock() -> StepClock:
    return StepClock(NOW_S, 1.0)


@pytest.fixture
def book(clock: StepClock) -> HealthBook:
    return HealthBook(clock)


@pytest.fixture
def board(clock: StepClock, book: HealthBook) -> HouseBoard:
    return HouseBoard(clock, Connection(phases=3, fuse_a=25.0), book)


@pytest.fixture
def until() -> Callable[..., Awaitable[None]]:
    async def wait(holds: Callable[[], object], within_s: float = 10.0) -> None:
        deadline = time.monotonic() + within_s
        while not holds():
            if time.monotonic() > deadline:
                raise AssertionError("it did not come true in time")
            await asyncio.sleep(0.01)

    return wait
