"""The VEN on the wire: a thin asyncio skin of ``ven.Ven`` on httpx.

It never blocks the loop, never reads more than ``_MAX_BODY`` of an answer, gives up on a silent or trickling
server after ``_EXCHANGE_S``, and follows no redirect, so that a token goes nowhere but to the VTN.
"""

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import httpx

from protocols.openadr.changes import VenChange
from protocols.openadr.exchange import Request
from protocols.openadr.reports import ReportDue, ReportValues
from protocols.openadr.ven import Ven

_MAX_BODY = 16 * 2**20
_LONG_BODY = 64 * 2**10
_EXCHANGE_S = 30.0
_LONGEST_SLEEP_S = 3_600.0
_SHORTEST_SLEEP_S = 0.05
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class InsecureUrlError(ValueError):
    """A VTN's address that would send the credentials in the clear."""


class _UnreadableError(Exception):
    """An answer that cannot be read; the message says why."""


def check_url(url: str) -> str:
    """The URL without a trailing slash; plain http is taken only on this machine."""
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise InsecureUrlError(f"“{url}” is no address of a utility: it must begin with https://")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise InsecureUrlError(f"“{url}” would send the credentials unencrypted: use https://")
    return url.rstrip("/")


class VenClient:
    """Runs a ``Ven`` against the VTN at ``base_url`` until cancelled.

    ``on_change`` is told each ``VenChange``; ``on_report`` is asked for the values of each report that falls
    due, and answers None when there is nothing to report; ``on_exchange`` is told each request and the status of
    its answer (None: there was none). ``clock`` gives POSIX seconds and ``sleep`` waits that many of its seconds
    (a demo's run faster); an exchange's time-outs are real time always.
    """

    def __init__(
        self,
        ven: Ven,
        base_url: str,
        *,
        on_change: Callable[[VenChange], Awaitable[None]],
        on_report: Callable[[ReportDue], Awaitable[ReportValues | None]],
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        on_exchange: Callable[[Request, int | None], None] | None = None,
        verify: ssl.SSLContext | bool = True,
    ) -> None:
        """``verify``: as httpx takes it; an own context for a utility's private certificate authority."""
        self.ven = ven
        self._base_url = check_url(base_url)
        self._on_change = on_change
        self._on_report = on_report
        self._clock = clock
        self._sleep = sleep
        self._on_exchange = on_exchange or (lambda request, status: None)
        self._verify = verify
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Look at once whether something is due (after ``ven.poll_now`` or ``ven.report``)."""
        self._wake.set()

    async def run(self) -> None:
        """Poll and report until cancelled. Trouble with the link never ends it."""
        timeout = httpx.Timeout(10.0)
        async with httpx.AsyncClient(verify=self._verify, timeout=timeout, follow_redirects=False) as http:
            while True:
                request = self.ven.next_request(self._clock())
                if request is not None:
                    await self._exchange(http, request)
                self.ven.on_timer(self._clock())
                await self._tell()
                if request is None:
                    await self._rest()

    async def _tell(self) -> None:
        while (item := self.ven.next_event()) is not None:
            if isinstance(item, VenChange):
                await self._on_change(item)
                continue
            values = await self._on_report(item)
            if values:
                self.ven.report(item, values)

    async def _rest(self) -> None:
        """Until something is due, or someone wakes us."""
        wait_s = min(self.ven.next_timer() - self._clock(), _LONGEST_SLEEP_S)
        # Due already, yet nothing to do: never spin.
        waits: list[asyncio.Future[Any]] = [
            asyncio.ensure_future(self._sleep(max(wait_s, _SHORTEST_SLEEP_S))),
            asyncio.ensure_future(self._wake.wait()),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        self._wake.clear()

    async def _exchange(self, http: httpx.AsyncClient, request: Request) -> None:
        status: int | None = None
        try:
            async with asyncio.timeout(_EXCHANGE_S):
                status, body, retry_after_s = await self._send(http, request)
        except TimeoutError:
            self.ven.failed(request, f"no whole answer within {_EXCHANGE_S:.0f} s", self._clock())
        except (httpx.HTTPError, httpx.InvalidURL, InsecureUrlError, _UnreadableError, OSError) as problem:
            self.ven.failed(request, str(problem) or type(problem).__name__, self._clock())
        except BaseException:
            self.ven.failed(request, "the request was broken off", self._clock())
            raise
        else:
            self.ven.receive(request, status, body, self._clock(), retry_after_s)
        self._on_exchange(request, status)

    async def _send(self, http: httpx.AsyncClient, request: Request) -> tuple[int, Any, float | None]:
        url = request.url
        url = self._base_url + url if url.startswith("/") else check_url(url)
        headers = {"Accept": "application/json"}
        if request.token is not None:
            headers["Authorization"] = f"Bearer {request.token}"
        async with http.stream(
            request.method,
            url,
            params=list(request.params) or None,
            data=dict(request.form) if request.form is not None else None,
            json=request.body,
            headers=headers,
        ) as response:
            content = bytearray()
            async for chunk in response.aiter_bytes():
                content += chunk
                if len(content) > _MAX_BODY:
                    raise _UnreadableError(f"the answer is longer than {_MAX_BODY >> 20} MiB")
            body = await _decode(bytes(content), response.is_success)
            return response.status_code, body, _retry_after(response)


async def _decode(content: bytes, must_be_json: bool) -> Any:
    """JSON; a long text is read beside the loop, so that it delays no tick (measured on 6.5 MiB: 0.09 s, not 0.5)."""
    if len(content) < _LONG_BODY:
        return read_json(content, must_be_json)
    return await asyncio.to_thread(read_json, content, must_be_json)


def read_json(content: bytes, must_be_json: bool = True) -> Any:
    """JSON as a tolerant reader takes it: NaN and giant numbers pass here, and cost only their own event."""
    if not content:
        return None
    try:
        return json.loads(content, parse_int=_whole_number)
    except (ValueError, RecursionError) as problem:
        if not must_be_json:
            return None
        reason = "it is nested too deep" if isinstance(problem, RecursionError) else str(problem)
        raise _UnreadableError(f"the answer is no JSON: {reason[:100]}") from problem


def _whole_number(digits: str) -> int | float:
    return int(digits) if len(digits) < 20 else float(digits)


def _retry_after(response: httpx.Response) -> float | None:
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdigit() else None
