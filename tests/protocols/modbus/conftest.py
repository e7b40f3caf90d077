"""Helpers: a raw Modbus server that answers whatever a test wants, and polling with a deadline."""

import asyncio
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest

CUT = b"cut"
"""An answer that closes the connection instead."""


@dataclass
class Request:
    """One request as it came over the wire."""

    tid: int
    unit: int
    function: int
    address: int
    count: int

    def reply(
        self,
        words: list[int],
        *,
        tid: int | None = None,
        unit: int | None = None,
        function: int | None = None,
        byte_count: int | None = None,
    ) -> bytes:
        """A reply with ``words``; the rest as asked, unless a test bends it."""
        data = struct.pack(f">{len(words)}H", *words)
        size = len(data) if byte_count is None else byte_count
        pdu = bytes([self.function if function is None else function, size]) + data
        return self._frame(pdu, tid, unit)

    def refuse(self, code: int) -> bytes:
        """A Modbus exception."""
        return self._frame(bytes([self.function | 0x80, code]), None, None)

    def _frame(self, pdu: bytes, tid: int | None, unit: int | None) -> bytes:
        return (
            struct.pack(
                ">HHHB",
                self.tid if tid is None else tid,
                0,
                len(pdu) + 1,
                self.unit if unit is None else unit,
            )
            + pdu
        )


Answer = Callable[[Request], bytes | None]


@dataclass
class HostileServer:
    """Answers with ``answer(request)``: bytes as they are, None for silence, CUT to hang up."""

    answer: Answer = lambda request: request.reply([0] * request.count)
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    _server: asyncio.Server | None = None
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            for writer in self._writers:
                writer.transport.abort()
            self._writers.clear()
            await self._server.wait_closed()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        try:
            while True:
                head = await reader.readexactly(7)
                tid, _, length, unit = struct.unpack(">HHHB", head)
                body = await reader.readexactly(length - 1)
                function, address, count = struct.unpack(">BHH", body[:5])
                request = Request(tid, unit, function, address, count)
                self.requests.append(request)
                answer = self.answer(request)
                if answer == CUT:
                    break
                if answer is not None:
                    writer.write(answer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()


@pytest.fixture
async def hostile() -> AsyncIterator[HostileServer]:
    """A started hostile server; set its ``answer``."""
    server = HostileServer()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def cut() -> bytes:
    """The answer that hangs up."""
    return CUT


@pytest.fixture
def eventually() -> Callable[..., Awaitable[None]]:
    """Wait until ``condition()`` holds, or fail after ``within_s``."""

    async def wait(condition: Callable[[], bool], within_s: float = 10.0) -> None:
        deadline = time.monotonic() + within_s
        while not condition():
            if time.monotonic() > deadline:
                pytest.fail(f"did not come true within {within_s} s")
            await asyncio.sleep(0.01)

    return wait
