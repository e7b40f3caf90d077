"""One Modbus TCP connection, shared by all units behind it: the thin asyncio skin over pymodbus.

pymodbus 3.16.1 passes a reply with fewer registers than asked, one to another function code, and one with transaction
number 0, all with ``isError()`` False; it waits three time-outs for a silent device and then backs off up to 300 s.
So here: one try a request, our own time-out, every reply checked, and a connection that is dropped at the first doubt
and built again on the next request, at most RETRY_MAX_S after the last attempt.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException
from pymodbus.pdu import ExceptionResponse, ModbusPDU

from protocols.modbus.blocks import Function, Span

TIMEOUT_S = 1.0
RETRY_MIN_S = 0.1
RETRY_MAX_S = 0.8

WRITE_MULTIPLE = 16

EXCEPTION_NAMES = {
    1: "illegal function",
    2: "illegal address",
    3: "illegal value",
    4: "device failure",
    5: "acknowledged, still working",
    6: "device busy",
    8: "memory parity error",
    10: "gateway path unavailable",
    11: "gateway target does not answer",
}

_NOBODY_THERE = frozenset({errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ETIMEDOUT})

T = TypeVar("T")

PYMODBUS_TIMEOUT_S = 60.0
"""pymodbus' own time-out stays out of the way of ours."""

# It logs whole frame dumps at "error" for what reaches our callers as an exception anyway.
logging.getLogger("pymodbus").setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class Pace:
    """How patient a device wants its master: ``settle_s`` of quiet after connecting, ``timeout_s`` for an answer."""

    timeout_s: float = TIMEOUT_S
    settle_s: float = 0.0


class LinkError(OSError):
    """The device cannot be talked to just now: not connected, silent, or answering nonsense."""


class RefusedError(Exception):
    """The device answered with a Modbus exception; ``code`` is its number."""

    def __init__(self, code: int, what: str) -> None:
        super().__init__(f"{what}: the device refuses with {code} ({EXCEPTION_NAMES.get(code, 'unknown code')})")
        self.code = code


class ModbusLink:
    """A connection to ``host``:``port``. Connects by itself on the first request, and again after each failure.

    Requests are answered one by one (a device behind a serial gateway can do no better); each takes at most the
    time-out, so a silent unit costs its neighbours on the same link that long, and other links nothing.
    """

    def __init__(self, host: str, port: int = 502, *, timeout_s: float = TIMEOUT_S) -> None:
        """``timeout_s`` holds for connecting, and for every request that comes without a pace of its own."""
        self.host = host
        self.port = port
        self.pace = Pace(timeout_s)
        self._client: AsyncModbusTcpClient | None = None
        self._lost = asyncio.Event()
        self._lock = asyncio.Lock()
        self._retry_s = RETRY_MIN_S
        self._retry_at_s = 0.0
        self._why_not = ""
        self._closed = False
        self._last_tid = 0

    @property
    def connected(self) -> bool:
        """Whether the connection stands, as far as is known."""
        return self._client is not None and not self._lost.is_set()

    async def read(self, unit: int, span: Span, pace: Pace | None = None) -> list[int]:
        """The words of ``span`` from ``unit``: exactly as many as asked.

        Raises LinkError (try again later) or RefusedError (the device says no).
        """

        async def ask(client: AsyncModbusTcpClient) -> ModbusPDU:
            read = client.read_input_registers if span.function is Function.INPUT else client.read_holding_registers
            return await read(span.address, count=span.count, device_id=unit)

        reply = await self._request(unit, int(span.function), ask, pace or self.pace)
        words = list(reply.registers)
        if len(words) != span.count:
            self._drop()
            raise LinkError(f"{self} unit {unit} answered {len(words)} registers where {span.count} were asked")
        return words

    async def write(self, unit: int, address: int, words: Sequence[int], pace: Pace | None = None) -> None:
        """Write ``words`` from ``address`` on in one request, so that they take effect together.

        Raises LinkError or RefusedError; after LinkError it is unknown whether the device took them.
        """

        async def ask(client: AsyncModbusTcpClient) -> ModbusPDU:
            return await client.write_registers(address, list(words), device_id=unit)

        reply = await self._request(unit, WRITE_MULTIPLE, ask, pace or self.pace)
        if (reply.address, reply.count) != (address, len(words)):
            self._drop()
            raise LinkError(f"{self} unit {unit} confirmed another write than the one sent")

    async def close(self) -> None:
        """Close for good."""
        self._closed = True
        self._drop()

    async def _request(
        self, unit: int, function: int, ask: Callable[[AsyncModbusTcpClient], Awaitable[ModbusPDU]], pace: Pace
    ) -> ModbusPDU:
        async with self._lock:
            client = await self._connected_client(pace.settle_s)
            try:
                reply = await self._first(ask(client), pace.timeout_s)
            except BaseException as exc:
                # A cancelled request leaves its reply on the wire: the connection cannot be trusted either.
                self._drop()
                if isinstance(exc, (ModbusException, TimeoutError, OSError, ValueError)):
                    raise LinkError(f"{self} unit {unit} does not answer") from exc
                raise
            if reply.function_code & 0x7F != function or reply.dev_id != unit or not reply.transaction_id:
                self._drop()
                raise LinkError(f"{self} unit {unit} answered another question than the one asked")
        if isinstance(reply, ExceptionResponse):
            raise RefusedError(reply.exception_code, f"{self} unit {unit}, function {function}")
        return reply

    async def _first(self, request: Awaitable[T], timeout_s: float) -> T:
        """The reply, or OSError as soon as the connection breaks, or TimeoutError."""
        task = asyncio.ensure_future(request)
        lost = asyncio.ensure_future(self._lost.wait())
        try:
            await asyncio.wait({task, lost}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            raise ConnectionResetError if self._lost.is_set() else TimeoutError
        finally:
            lost.cancel()
            task.cancel()

    async def _connected_client(self, settle_s: float) -> AsyncModbusTcpClient:
        if self._client is not None and not self._lost.is_set():
            return self._client
        if self._closed:
            raise LinkError(f"{self} is closed")
        self._drop()
        now_s = asyncio.get_running_loop().time()
        if now_s < self._retry_at_s:
            # The last attempt's words again: a link that is down tells one story, not two by turns.
            raise LinkError(self._why_not or f"{self} is not connected")
        self._retry_s = min(2 * self._retry_s, RETRY_MAX_S)
        self._retry_at_s = now_s + self._retry_s
        lost = asyncio.Event()
        client = AsyncModbusTcpClient(
            self.host,
            port=self.port,
            timeout=PYMODBUS_TIMEOUT_S,
            retries=0,
            reconnect_delay=0,
            trace_connect=lambda up: None if up else lost.set(),
        )
        create = client.ctx.call_create

        async def connect() -> object:
            # pymodbus would log why it failed, and return False.
            try:
                return await create()
            except OSError as error:
                self._why_not = self._diagnosis(error)
                raise

        client.ctx.call_create = connect
        try:
            # Not wait_for, which in Python 3.11 can swallow a cancellation that comes with the connection.
            async with asyncio.timeout(self.pace.timeout_s):
                connected = await client.connect()
        except (OSError, UnicodeError) as error:
            self._why_not = self._diagnosis(error)
            connected = False
        if not connected:
            client.close()
            raise LinkError(self._why_not or f"{self} is not connected")
        # pymodbus counts from 1 anew; a gateway's late reply to the last connection must not fit this one's requests.
        client.ctx.next_tid = self._last_tid
        self._client, self._lost = client, lost
        await asyncio.sleep(settle_s)
        self._retry_s, self._why_not = RETRY_MIN_S, ""
        return client

    def _diagnosis(self, error: Exception) -> str:
        """Why there is no connection, and the way out."""
        if isinstance(error, (socket.gaierror, UnicodeError)):
            return f"{self}: no machine has this name: check the spelling, or give the address in numbers"
        if isinstance(error, TimeoutError) or (isinstance(error, OSError) and error.errno in _NOBODY_THERE):
            return f"{self} does not answer: check address, cable and power"
        return f"{self} refuses the connection: check address, port and that Modbus TCP is switched on"

    def _drop(self) -> None:
        if self._client is not None:
            self._last_tid = self._client.ctx.next_tid
            self._client.close()
            self._client = None

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"
