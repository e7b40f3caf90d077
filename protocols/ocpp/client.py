"""The station on the network: a thin asyncio skin on ``websockets`` around ``station.Station``.

It connects, negotiates the version, reconnects with back-off and jitter, feeds frames and time in, and writes frames
out. All state is in the sans-I/O parts. Facts from the app are plain calls that never wait, from any task of the same
event loop, also while an event is being handled.
"""

import asyncio
import logging
import random
from collections import deque
from collections.abc import AsyncIterator, Callable
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar
from urllib.parse import quote

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI, NegotiationError
from websockets.headers import build_authorization_basic
from websockets.typing import Subprotocol

from protocols.ocpp import events
from protocols.ocpp.away import why_away
from protocols.ocpp.backoff import BackOff
from protocols.ocpp.config import StationConfig
from protocols.ocpp.disk import Disk
from protocols.ocpp.events import Event, Guidance
from protocols.ocpp.memory import OpenTransaction
from protocols.ocpp.moment import Moment
from protocols.ocpp.pace import Pace
from protocols.ocpp.rpc import MAX_FRAME_BYTES
from protocols.ocpp.station import Station
from protocols.ocpp.versions import Version

_log = logging.getLogger(__name__)

_HOME_TICK_S = 0.5
_MOST_UNREAD = 1_000
_MOST_UNWRITTEN = 100
_STABLE_S = 30.0
"""A link that stood this long was no failure: the back-off begins anew."""


class NoVersion(Exception):
    """The CSMS completed the handshake without agreeing to an OCPP version."""


P = ParamSpec("P")
R = TypeVar("R")


def _fact(method: Callable[Concatenate[Station, Moment, P], R]) -> "Callable[Concatenate[OcppClient, P], R]":
    """A method of the station as one of the client: at this moment, and what it sets off goes out."""

    @wraps(method)
    def told(client: "OcppClient", /, *args: P.args, **kwargs: P.kwargs) -> R:
        result = method(client._station, client._moment(), *args, **kwargs)
        client._flush()
        return result

    return told


class OcppClient:
    """One station, connected for as long as ``run`` runs."""

    def __init__(
        self,
        config: StationConfig,
        disk_path: Path | str,
        now: Callable[[], float],
        *,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """``now`` gives home time, POSIX seconds. Raises DiskUnusable for a file that cannot be used."""
        self.config = config
        self._disk = Disk(disk_path)
        self._now = now
        self._station = Station(config, self._disk)
        self._back_off = BackOff(jitter)
        self._socket: ClientConnection | None = None
        self._wake = asyncio.Event()
        self._written = asyncio.Event()
        self._events: deque[Event] = deque()
        self._told = asyncio.Event()
        self._closed = False

    # ----- Facts and questions from the app -----

    @property
    def online(self) -> bool:
        """Is the CSMS connected and has it accepted us?"""
        return self._station.link.online

    @property
    def waiting(self) -> int:
        """Bookings that the CSMS has not confirmed."""
        return len(self._station.outbox)

    @property
    def open_transactions(self) -> list[OpenTransaction]:
        """Also those that were open when the engine last ended: end them, or go on with them."""
        return self._station.transactions.open

    @property
    def pending_stops(self) -> frozenset[str]:
        """See ``Station.pending_stops``; each is told again as a RemoteStop when ``run`` begins."""
        return self._station.pending_stops()

    def registers(self, evse_id: int) -> tuple[float, float]:
        """See ``Transactions.registers``: where the energy registers stood, import and export in Wh."""
        return self._station.transactions.registers(evse_id)

    status_changed = _fact(Station.status_changed)
    authorise = _fact(Station.authorise)
    transaction_started = _fact(Station.transaction_started)
    transaction_updated = _fact(Station.transaction_updated)
    meter_sample = _fact(Station.meter_sample)
    transaction_ended = _fact(Station.transaction_ended)
    charging_needs = _fact(Station.charging_needs)

    def command_done(self, command_id: int) -> None:
        """See ``Station.command_done``."""
        self._station.command_done(command_id)

    def guidance(self, evse_id: int) -> Guidance:
        """What the backend's profiles ask now."""
        return self._station.guidance(evse_id, self._now())

    def guidance_ahead(self, evse_id: int, horizon_s: float, from_s: float | None = None) -> tuple[Guidance, ...]:
        """What they ask over ``horizon_s`` home seconds from now (or ``from_s``) on, in steps without gaps."""
        return self._station.guidance_ahead(evse_id, self._now() if from_s is None else from_s, horizon_s)

    async def events(self) -> AsyncIterator[Event]:
        """What the backend asks and how the link fares; for one reader. Ends when ``run`` ends."""
        while True:
            while self._events:
                yield self._events.popleft()
            if self._closed:
                return
            self._told.clear()
            await self._told.wait()

    # ----- The network -----

    async def run(self) -> None:
        """Keep the link until cancelled. Raises only for a defect of ours."""
        self._station.resume(self._moment())
        self._flush()
        ticker = asyncio.create_task(self._tick(), name="ocpp-home-time")
        try:
            while True:
                await self._one_link()
                await asyncio.sleep(self._wait_s())
        finally:
            ticker.cancel()
            self._closed = True
            self._told.set()
            self._disk.close()

    async def _one_link(self) -> None:
        """Connect once, in the first version that the CSMS takes, and serve the link until it is gone."""
        began = asyncio.get_running_loop().time()
        reason = "no version offered"
        for offer in self._offers():
            try:
                socket = await self._connect(offer)
            except (NoVersion, NegotiationError) as problem:
                reason = str(problem)
                continue  # a backend that does not know one version may know the next
            except (OSError, InvalidHandshake, InvalidURI, UnicodeError, EOFError) as problem:
                reason = why_away(problem)
                break
            try:
                reason = await self._serve(socket)
            finally:
                self._socket = None
                await socket.close()
            break
        if asyncio.get_running_loop().time() - began > _STABLE_S:
            self._back_off.reset()
        self._station.disconnected(reason, self._moment())
        self._flush()

    def _offers(self) -> list[tuple[Version, ...]]:
        """First all versions at once, then each alone."""
        versions = self.config.versions
        return [versions] + ([(version,) for version in versions] if len(versions) > 1 else [])

    async def _connect(self, offer: tuple[Version, ...]) -> ClientConnection:
        url = f"{self.config.url.rstrip('/')}/{quote(self.config.station_id, safe='')}"
        headers = {}
        if self.config.password is not None:
            headers["Authorization"] = build_authorization_basic(self.config.station_id, self.config.password)
        ping_s = self._station.model.number("OCPPCommCtrlr", "WebSocketPingInterval") or None
        socket = await connect(
            url,
            subprotocols=[Subprotocol(version.subprotocol) for version in offer],
            additional_headers=headers,
            max_size=MAX_FRAME_BYTES,
            ping_interval=ping_s,
            ping_timeout=ping_s,
            open_timeout=15,
            close_timeout=2,
        )
        if Version.of_subprotocol(socket.subprotocol) is None:
            await socket.close()
            names = ", ".join(version.value for version in offer)
            raise NoVersion(f"the backend agreed to none of OCPP {names}")
        return socket

    async def _serve(self, socket: ClientConnection) -> str:
        """Serve one connection; returns why it ended."""
        self._socket = socket
        version = Version.of_subprotocol(socket.subprotocol) or self.config.versions[0]
        self._station.connected(version, self._moment())
        self._flush()
        reader = asyncio.create_task(self._read(socket), name="ocpp-read")
        try:
            while not reader.done():
                self._wake.clear()  # before looking, so that what comes while sending is not missed
                for frame in self._station.link.take_output():
                    await socket.send(frame)
                self._written.set()
                if self._station.link.hang_up is not None:
                    return self._station.link.hang_up
                await self._idle(reader)
                self._station.link.on_timer(self._moment())
                self._flush()
            return reader.result()
        except ConnectionClosed as closed:
            return why_away(closed)
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)

    async def _read(self, socket: ClientConnection) -> str:
        link, pace = self._station.link, Pace()
        try:
            async for frame in socket:
                before = link.unasked
                link.receive(frame, self._moment())
                self._flush()
                if link.unasked > before:
                    await asyncio.sleep(pace.wait_s(link.unasked - before, asyncio.get_running_loop().time()))
                while link.backlog > _MOST_UNWRITTEN:
                    self._written.clear()  # a peer that asks and does not read is not read either
                    await self._written.wait()
        except ConnectionClosed as closed:
            return why_away(closed)
        return "closed by the backend"

    async def _idle(self, reader: "asyncio.Task[str]") -> None:
        """Until something is to be sent, a timer is due, or the link is gone."""
        due = self._station.link.next_timer()
        wait_s = None if due is None else max(0.0, due - asyncio.get_running_loop().time())
        waker = asyncio.create_task(self._wake.wait())
        try:
            await asyncio.wait({waker, reader}, timeout=wait_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waker.cancel()

    async def _tick(self) -> None:
        """Profiles begin and end in home time, which may run at any speed."""
        while True:
            await asyncio.sleep(_HOME_TICK_S)
            self._station.home_time(self._moment())
            self._flush()

    def _wait_s(self) -> float:
        number = self._station.model.number
        return self._back_off.next_wait_s(
            number("OCPPCommCtrlr", "RetryBackOffWaitMinimum"),
            number("OCPPCommCtrlr", "RetryBackOffRandomRange"),
            number("OCPPCommCtrlr", "RetryBackOffRepeatTimes"),
        )

    def _moment(self) -> Moment:
        return Moment(asyncio.get_running_loop().time(), self._now())

    def _flush(self) -> None:
        """Hand on what the station has to tell, and wake the writer."""
        while (event := self._station.next_event()) is not None:
            if isinstance(event, events.MessageSeen) and len(self._events) > _MOST_UNREAD:
                continue  # the log may have holes where nobody reads; orders may not
            self._events.append(event)
            self._told.set()
            if isinstance(event, events.BootAnswer) and event.accepted:
                self._back_off.reset()
        self._wake.set()
