"""A small simulated CSMS: the other end of the wire for the demo home and for tests. Real OCPP, strictly checked.

It accepts stations, authorises tokens, books transactions (duplicates found), asks on a script, and shows what it
booked. It can be told to misbehave, to see what a station makes of it.
"""

import asyncio
import base64
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import unquote

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from protocols.ocpp import wire
from protocols.ocpp.bookings import Booking
from protocols.ocpp.rpc import MAX_FRAME_BYTES, Answered, CallFailed, CallReceived, FrameRefused, Rpc
from protocols.ocpp.schemas import Json
from protocols.ocpp.versions import Version

_log = logging.getLogger(__name__)

TRANSACTION = "$transaction"
"""In a scripted payload: stands for the id of the station's open transaction, which the call waits for."""


class CallRefused(Exception):
    """The station answered with a CALLERROR, an invalid payload, or not at all."""


@dataclass(frozen=True, slots=True)
class ScriptedCall:
    """Something that the backend will ask, once, at home time ``at_s`` or as soon after as it can."""

    at_s: float
    action: str
    payload: Json


@dataclass(slots=True)
class Misbehaviour:
    """Switches for tests; all off: a good CSMS."""

    silent: bool = False
    """Take everything, answer nothing."""
    forget_answers: int = 0
    """Book this many transaction events without answering: they will come again."""
    refuse: dict[str, str] = field(default_factory=dict)
    """CALLERROR code by action."""
    no_subprotocol_for: frozenset[str] = frozenset()
    """Complete the handshake without a subprotocol when any of these is offered, then stay silent."""
    boot_statuses: list[str] = field(default_factory=list)
    """Statuses of the next BootNotifications; then Accepted."""
    boot_interval_s: int = 300


@dataclass(slots=True)
class _Session:
    station_id: str
    socket: ServerConnection
    rpc: Rpc
    accepted: bool = False
    waiting: "asyncio.Queue[tuple[str, Json, asyncio.Future[Json]]]" = field(default_factory=asyncio.Queue)
    answer: "asyncio.Future[Json] | None" = None


class SimulatedCsms:
    """One CSMS on loopback; ``async with`` it."""

    def __init__(
        self,
        now: Callable[[], float],
        *,
        versions: Sequence[Version] = tuple(Version),
        password: str | None = None,
        tokens: frozenset[str] | None = None,
        allowed_modes: tuple[str, ...] = ("DC", "DC_BPT", "AC_three_phase", "AC_BPT"),
        script: Sequence[ScriptedCall] = (),
        needs_status: str = "Accepted",
    ) -> None:
        """``now`` gives home time; ``tokens``: the id tokens it knows (None: all)."""
        self.misbehaviour = Misbehaviour()
        self.bookings: dict[str, Booking] = {}
        self.messages: list[tuple[str, str, str, Json]] = []
        """Everything said: station, "in" or "out", action (a response has its request's), payload."""
        self.problems: list[str] = []
        """What no strict CSMS lets pass; empty for a good station."""
        self.url = ""
        self._now, self._versions, self._password, self._tokens = now, tuple(versions), password, tokens
        self._allowed_modes, self._needs_status = allowed_modes, needs_status
        self._script = sorted(script, key=lambda call: call.at_s)
        self._sessions: dict[str, _Session] = {}
        self._known: set[str] = set()
        self._server: Server | None = None
        self._scripter: asyncio.Task[None] | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; port 0: any free one. ``url`` tells where."""
        self._server = await serve(
            self._serve,
            host,
            port,
            subprotocols=[Subprotocol(version.subprotocol) for version in self._versions],
            select_subprotocol=self._select,
            process_request=self._admit,
            max_size=MAX_FRAME_BYTES,
            ping_interval=None,
        )
        self.url = f"ws://{host}:{next(iter(self._server.sockets)).getsockname()[1]}"
        self._scripter = asyncio.create_task(self._play(), name="csms-script")

    async def stop(self) -> None:
        """Close every connection and stop listening; what is booked stays."""
        if self._scripter is not None:
            self._scripter.cancel()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    async def __aenter__(self) -> "SimulatedCsms":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def stations(self) -> dict[str, Version]:
        """Stations that are connected and accepted, and in which version."""
        return {name: s.rpc.version for name, s in self._sessions.items() if s.accepted}

    def said(self, action: str, direction: str = "in") -> list[Json]:
        """Payloads of the requests of that action so far."""
        return [payload for _, way, name, payload in self.messages if (way, name) == (direction, action)]

    async def hang_up(self, station_id: str) -> None:
        """Cut a station's connection."""
        if station_id in self._sessions:
            await self._sessions[station_id].socket.close()

    async def call(self, station_id: str, action: str, payload: Json, timeout_s: float = 10.0) -> Json:
        """Ask a station; returns its valid answer. Raises CallRefused, or ValueError for an invalid payload."""
        session = self._sessions.get(station_id)
        if session is None:
            raise CallRefused(f"{station_id} is not connected")
        answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        session.waiting.put_nowait((action, payload, answer))
        await self._pump(session)
        return await asyncio.wait_for(answer, timeout_s)

    # ----- The wire -----

    def _select(self, connection: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
        if self.misbehaviour.no_subprotocol_for & set(offered):
            return None
        ours = [Subprotocol(version.subprotocol) for version in self._versions]
        return next((name for name in ours if name in offered), None)

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        if self._password is None:
            return None
        user = unquote(request.path.rsplit("/", 1)[-1])
        wanted = base64.b64encode(f"{user}:{self._password}".encode()).decode()
        if request.headers.get("Authorization") == f"Basic {wanted}":
            return None
        return connection.respond(HTTPStatus.UNAUTHORIZED, "wrong password\n")

    async def _serve(self, socket: ServerConnection) -> None:
        station_id = unquote(socket.request.path.rsplit("/", 1)[-1]) if socket.request is not None else ""
        version = Version.of_subprotocol(socket.subprotocol)
        if version is None:
            await socket.wait_closed()
            return
        session = _Session(station_id, socket, Rpc(version), accepted=station_id in self._known)
        self._sessions[station_id] = session
        try:
            async for frame in socket:
                session.rpc.receive(frame)
                await self._drain(session)
        except ConnectionClosed:
            pass
        finally:
            if self._sessions.get(station_id) is session:
                del self._sessions[station_id]
            self._fail_calls(session)

    def _fail_calls(self, session: _Session) -> None:
        pending = [session.answer] if session.answer is not None else []
        while not session.waiting.empty():
            pending.append(session.waiting.get_nowait()[2])
        for answer in pending:
            if not answer.done():
                answer.set_exception(CallRefused(f"{session.station_id} went away"))

    async def _drain(self, session: _Session) -> None:
        while (event := session.rpc.next_event()) is not None:
            if isinstance(event, CallReceived):
                self.messages.append((session.station_id, "in", event.action, event.payload))
                if not self.misbehaviour.silent:
                    self._answer(session, event)
            elif isinstance(event, FrameRefused):
                self.problems.append(f"{session.station_id}: {event.code} {event.text}")
            elif session.answer is not None and isinstance(event, Answered | CallFailed):
                answer, session.answer = session.answer, None
                if isinstance(event, Answered) and not answer.done():
                    self.messages.append((session.station_id, "in", f"{event.action}Response", event.payload))
                    answer.set_result(event.payload)
                elif isinstance(event, CallFailed) and not answer.done():
                    answer.set_exception(CallRefused(f"{event.action}: {event.code} {event.text}"))
        await self._pump(session)

    async def _pump(self, session: _Session) -> None:
        if not session.rpc.busy and not session.waiting.empty():
            action, payload, answer = session.waiting.get_nowait()
            try:
                session.rpc.call(action, payload, asyncio.get_running_loop().time())
            except ValueError as problem:
                answer.set_exception(problem)
            else:
                session.answer = answer
                self.messages.append((session.station_id, "out", action, payload))
        for frame in session.rpc.take_output():
            await session.socket.send(frame)

    # ----- What it answers -----

    def _answer(self, session: _Session, call: CallReceived) -> None:
        refusal = self.misbehaviour.refuse.get(call.action)
        if not session.accepted and call.action != "BootNotification":
            self.problems.append(f"{session.station_id}: {call.action} before it was accepted")
            refusal = "SecurityError"
        if refusal is not None:
            session.rpc.refuse(call, refusal, "refused")
            return
        payload = self._payload_for(session, call)
        if payload is not None:
            session.rpc.reply(call, payload)
            self.messages.append((session.station_id, "out", f"{call.action}Response", payload))

    def _payload_for(self, session: _Session, call: CallReceived) -> Json | None:
        """The answer, or None for silence."""
        match call.action:
            case "BootNotification":
                return self._boot(session)
            case "Heartbeat":
                return {"currentTime": wire.time_text(self._now())}
            case "Authorize":
                return self._authorise(session, call.payload)
            case "TransactionEvent":
                return self._book(session, call.payload)
            case "NotifyEVChargingNeeds":
                return {"status": self._needs_status}
            case "DataTransfer":
                return {"status": "UnknownVendorId"}
            case "PullDynamicScheduleUpdate":
                return {"status": "Rejected"}
            case _:
                return {}

    def _boot(self, session: _Session) -> Json:
        statuses = self.misbehaviour.boot_statuses
        status = statuses.pop(0) if statuses else "Accepted"
        session.accepted = status == "Accepted"
        if session.accepted:
            self._known.add(session.station_id)
        return {
            "status": status,
            "currentTime": wire.time_text(self._now()),
            "interval": self.misbehaviour.boot_interval_s,
        }

    def _authorise(self, session: _Session, payload: Json) -> Json:
        answer: Json = {"idTokenInfo": {"status": self._token_status(payload["idToken"])}}
        if session.rpc.version is Version.V21 and self._allowed_modes:
            answer["allowedEnergyTransfer"] = list(self._allowed_modes)
        return answer

    def _token_status(self, token: Json) -> str:
        return "Accepted" if self._tokens is None or token["idToken"] in self._tokens else "Unknown"

    def _book(self, session: _Session, event: Json) -> Json | None:
        transaction_id = event["transactionInfo"]["transactionId"]
        booking = self.bookings.setdefault(transaction_id, Booking(transaction_id, session.station_id))
        booking.book(event)
        if self.misbehaviour.forget_answers > 0:
            self.misbehaviour.forget_answers -= 1
            return None
        return {"idTokenInfo": {"status": self._token_status(event["idToken"])}} if "idToken" in event else {}

    # ----- The script -----

    async def _play(self) -> None:
        """Ask what is due of each connected station; home time may run at any speed."""
        while True:
            await asyncio.sleep(0.1)
            while self._script and self._script[0].at_s <= self._now():
                payload = self._filled(self._script[0].payload)
                if payload is None or not self.stations:
                    break
                call = self._script.pop(0)
                for station_id in self.stations:
                    try:
                        await self.call(station_id, call.action, payload)
                    except (CallRefused, TimeoutError, ConnectionClosed) as problem:
                        _log.warning("scripted %s: %s", call.action, problem)

    def _filled(self, payload: Json) -> Json | None:
        """With the open transaction's id in place; None while there is none."""
        if TRANSACTION not in str(payload):
            return payload
        running = next((b.transaction_id for b in self.bookings.values() if not b.ended), None)
        return None if running is None else _replaced(payload, running)


def _replaced(payload: Json, transaction_id: str) -> Json:
    return {
        key: transaction_id
        if value == TRANSACTION
        else _replaced(value, transaction_id)
        if isinstance(value, dict)
        else value
        for key, value in payload.items()
    }
