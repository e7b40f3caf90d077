"""Live events to any number of clients, none of which can hold up the engine or another client.

Each client has a bounded queue of its own. Of ``home`` only the newest waits; of the rest a slow client loses the
oldest.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable

from pydantic import BaseModel

from app.api.desk import StreamEvent

WAITING = 200


class _Client:
    """One client's queue."""

    def __init__(self) -> None:
        self._home: StreamEvent | None = None
        self._others: deque[StreamEvent] = deque(maxlen=WAITING)
        self._news = asyncio.Event()

    def push(self, event: StreamEvent) -> None:
        if event[0] == "home":
            self._home = event
        else:
            self._others.append(event)
        self._news.set()

    async def pull(self) -> StreamEvent:
        while True:
            if self._home is not None:
                event, self._home = self._home, None
                return event
            if self._others:
                return self._others.popleft()
            self._news.clear()
            await self._news.wait()


class StreamHub:
    """Where the desk puts live events."""

    def __init__(self, first: Callable[[], BaseModel]) -> None:
        """``first`` gives the full ``home`` that every client begins with."""
        self._first = first
        self._clients: set[_Client] = set()

    @property
    def watched(self) -> bool:
        """Does anybody listen? Without, nothing need be put into words."""
        return bool(self._clients)

    def push(self, event: StreamEvent) -> None:
        """To every client; never waits."""
        for client in self._clients:
            client.push(event)

    async def events(self) -> AsyncIterator[StreamEvent]:
        """One client's events until it goes."""
        client = _Client()
        client.push(("home", self._first().model_dump_json()))
        self._clients.add(client)
        try:
            while True:
                yield await client.pull()
        finally:
            self._clients.discard(client)
