"""Home time: the clock that plans, tariffs, events and bookings go by.

In a real home it is the wall clock. In the demo home it may run faster, or step by step. Protocol time-outs
never use it: a wire runs in real time whatever speed the home is shown at.
"""

import asyncio
import heapq
import itertools
import time
from datetime import UTC, date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo


class Clock(Protocol):
    """Home time."""

    speed: float
    """Home seconds in one real second (at most, for a stepped clock)."""

    def now_s(self) -> float:
        """POSIX seconds of home time."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait this many home seconds."""
        ...


def utc(now_s: float) -> datetime:
    """The aware datetime of a time in POSIX seconds."""
    return datetime.fromtimestamp(now_s, UTC)


def day_begins_s(day: date, tz: ZoneInfo) -> float:
    """The local midnight with which a day begins, POSIX seconds."""
    return datetime(day.year, day.month, day.day, tzinfo=tz).timestamp()


class WallClock:
    """Home time is real time."""

    speed = 1.0

    def now_s(self) -> float:
        """POSIX seconds."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Wait in real time."""
        await asyncio.sleep(seconds)


class FastClock:
    """Home time runs at a constant speed from a common origin, so that two processes can share it."""

    def __init__(self, start_s: float, speed: float, origin_monotonic_s: float | None = None) -> None:
        """``start_s`` is home time at ``origin_monotonic_s`` (system-wide monotonic clock; None: now)."""
        self.start_s = start_s
        self.speed = speed
        self.origin_monotonic_s = time.monotonic() if origin_monotonic_s is None else origin_monotonic_s

    def now_s(self) -> float:
        """POSIX seconds of home time."""
        return self.start_s + (time.monotonic() - self.origin_monotonic_s) * self.speed

    async def sleep(self, seconds: float) -> None:
        """Wait home seconds, that is, ``seconds / speed`` real ones."""
        await asyncio.sleep(seconds / self.speed)


class StepClock:
    """Home time stands still until a pacemaker advances it: a day replays step by step, as fast as it can."""

    def __init__(self, start_s: float, speed: float) -> None:
        """Begin at ``start_s``; ``speed`` is only told to whoever asks, the pacemaker keeps it."""
        self.speed = speed
        self._now_s = start_s
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = itertools.count()

    def now_s(self) -> float:
        """POSIX seconds of home time."""
        return self._now_s

    async def sleep(self, seconds: float) -> None:
        """Wait until the pacemaker has passed that time."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now_s + seconds, next(self._count), future))
        await future

    def advance_to(self, now_s: float) -> None:
        """Set the time and wake whoever waited for it."""
        self._now_s = max(now_s, self._now_s)
        while self._sleepers and self._sleepers[0][0] <= self._now_s:
            future = heapq.heappop(self._sleepers)[2]
            if not future.done():
                future.set_result(None)
