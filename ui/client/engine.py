"""The engine as the window knows it: its latest answers, a signal for each change, and requests that never wait.

The stream is the heartbeat: while it flows the engine is *live*; when it breaks or falls silent the engine is *away*,
the last answers stay, and the client reconnects by itself with growing pauses, reading the run file anew each time.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from PySide6.QtCore import QObject, QTimer, QUrl, QUrlQuery, Signal
from PySide6.QtNetwork import QNetworkAccessManager, QNetworkProxy, QNetworkReply, QNetworkRequest
from shiboken6 import isValid

from ui.client.runfile import EngineAddress, RunFileError, read_run_file
from ui.client.sse import EventStreamParser, StreamEvent
from ui.i18n import tr

if TYPE_CHECKING:
    from pydantic import BaseModel

    from app.api import schema as s

T = TypeVar("T")

RETRY_MS = (250, 500, 1000, 2000, 4000, 8000)
"""Pauses before each attempt to reconnect; the last one repeats."""
SILENCE_MS = 25_000
"""The engine says something at least every 10 s; a stream silent for longer than this is dead."""
REQUEST_MS = 30_000
KEPT_MESSAGES = 500


@dataclass(frozen=True, slots=True)
class Link:
    """How the window stands with the engine."""

    state: Literal["connecting", "live", "away"]
    since: datetime
    """UTC; for "away": when the engine was heard last (or when the window began to look for it)."""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a request was not granted: one sentence for the person who asked."""

    text: str
    line: int | None = None
    status: int = 0


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who waits for an answer."""

    kind: str
    on_answer: Callable[[Any], None]
    on_problem: Callable[[Problem], None]


class Engine(QObject):
    """The client. ``home_changed`` and its siblings carry models of ``app.api.schema``."""

    home_changed = Signal(object)
    plan_changed = Signal(object)
    events_changed = Signal(object)
    health_changed = Signal(object)
    session_changed = Signal(object)
    message_came = Signal(object)
    link_changed = Signal(object)

    def __init__(self, run_file: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.home: s.HomeSnapshot | None = None
        self.plan: s.PlanOut | None = None
        self.events: list[s.EventOut] | None = None
        self.health: list[s.HealthOut] | None = None
        self.messages: list[s.MessageOut] = []
        self.link = Link("connecting", datetime.now(UTC))
        self._run_file = run_file
        self._address: EngineAddress | None = None
        self._network = QNetworkAccessManager(self)
        # A web proxy of the desktop has no business between two processes of one machine.
        self._network.setProxy(QNetworkProxy(QNetworkProxy.ProxyType.NoProxy))
        self._network.finished.connect(self._on_finished)
        self._asked: dict[int, _Asked] = {}
        self._number = 0
        self._stream: QNetworkReply | None = None
        self._parser = EventStreamParser()
        self._sequence = -1
        self._attempt = 0
        self._retry = QTimer(self, singleShot=True)
        self._retry.timeout.connect(self.connect_now)
        self._silence = QTimer(self, singleShot=True, interval=SILENCE_MS)
        self._silence.timeout.connect(self._on_silence)

    # ---- the stream -------------------------------------------------------------------------------------------------

    def connect_now(self) -> None:
        """Reach for the engine at once."""
        self._retry.stop()
        self._drop_stream()
        try:
            self._address = read_run_file(self._run_file)
        except RunFileError as error:
            self._lost(str(error))
            return
        # A new engine counts its snapshots from the start again.
        self._parser, self._sequence = EventStreamParser(), -1
        request = self._request("/stream", {})
        request.setRawHeader(b"Accept", b"text/event-stream")
        request.setTransferTimeout(0)
        self._stream = self._network.get(request)
        self._stream.readyRead.connect(self._on_bytes)
        self._silence.start()

    def close(self) -> None:
        """Let go of the engine for good."""
        self._retry.stop()
        self._asked.clear()
        self._drop_stream()

    def _drop_stream(self) -> None:
        self._silence.stop()
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.readyRead.disconnect(self._on_bytes)
            stream.abort()

    def _on_bytes(self) -> None:
        if self._stream is None or _status(self._stream) != 200:
            return
        self._silence.start()
        for event in self._parser.feed(bytes(self._stream.readAll().data())):
            self._take(event)

    def _on_finished(self, reply: QNetworkReply) -> None:
        """Every request's end, the stream's too: one bound slot, so that no reply holds a closure which holds it."""
        reply.deleteLater()
        if reply is self._stream:
            problem = _problem_of(reply, bytes(reply.readAll().data())).text if _status(reply) not in (0, 200) else ""
            self._stream = None
            self._silence.stop()
            self._lost(problem)
            return
        asked = self._asked.pop(reply.property("number") or 0, None)
        if asked is not None:
            _answer(reply, asked)

    def _on_silence(self) -> None:
        self._drop_stream()
        self._lost("")

    def _lost(self, problem: str) -> None:
        if self.link.state != "away" or self.link.problem != problem:
            since = self.link.since if self.link.state == "away" else datetime.now(UTC)
            self._set_link(Link("away", since, problem))
        self._retry.start(RETRY_MS[min(self._attempt, len(RETRY_MS) - 1)])
        self._attempt += 1

    def _set_link(self, link: Link) -> None:
        self.link = link
        self.link_changed.emit(link)

    def _take(self, event: StreamEvent) -> None:
        # Imported late: the schema's models cost a fifth of a second, and the shell paints without them.
        from pydantic import ValidationError

        from ui.client.decode import decode

        try:
            self._keep(event.name, decode(event.name, event.data))
        except ValidationError:
            problem = tr(
                "The engine speaks another version of its interface: update the window and the engine together."
            )
            if self.link.problem != problem:
                self._set_link(Link(self.link.state, self.link.since, problem))
            return
        self._attempt = 0
        if self.link.state != "live":
            self._set_link(Link("live", datetime.now(UTC)))
            self._catch_up()
        elif self.link.problem:
            self._set_link(Link("live", self.link.since))

    def _keep(self, name: str, body: Any) -> None:
        match name:
            case "home":
                if body.sequence >= self._sequence:
                    self.home, self._sequence = body, body.sequence
                    self.home_changed.emit(body)
            case "plan":
                self.plan = body
                self.plan_changed.emit(body)
            case "events":
                self.events = body
                self.events_changed.emit(body)
            case "health":
                self.health = body
                self.health_changed.emit(body)
            case "session":
                self.session_changed.emit(body)
            case "message":
                self.messages = [*self.messages[1 - KEPT_MESSAGES :], body]
                self.message_came.emit(body)

    def _catch_up(self) -> None:
        """The stream tells changes; what stood before is asked for once."""
        for name, path in (("plan", "/plan"), ("events", "/events"), ("health", "/devices")):
            self.get(path, name, partial(self._keep_first, name, getattr(self, name)), _ignore)
        self.get("/messages", "messages", self._keep_messages, _ignore, {"limit": "200"})

    def _keep_first(self, name: str, before: Any, body: Any) -> None:
        """Take an answer, unless the stream has brought something newer while it was on its way."""
        if getattr(self, name) is before:
            self._keep(name, body)

    def _keep_messages(self, messages: "list[s.MessageOut]") -> None:
        self.messages = messages
        self.message_came.emit(None)

    # ---- requests ---------------------------------------------------------------------------------------------------

    def get(
        self,
        path: str,
        kind: str,
        on_answer: Callable[[Any], None],
        on_problem: Callable[[Problem], None],
        query: Mapping[str, str] | None = None,
    ) -> None:
        """``GET path``; the answer arrives as the model that ``ui.client.decode`` knows as ``kind``, or as "bytes"."""
        self._send(b"GET", path, None, kind, on_answer, on_problem, query or {})

    def put(
        self,
        path: str,
        body: "BaseModel",
        kind: str,
        on_answer: Callable[[Any], None],
        on_problem: Callable[[Problem], None],
    ) -> None:
        """``PUT path`` with a model of the schema."""
        self._send(b"PUT", path, body.model_dump_json().encode(), kind, on_answer, on_problem, {})

    def post(
        self,
        path: str,
        body: "BaseModel | None",
        kind: str,
        on_answer: Callable[[Any], None],
        on_problem: Callable[[Problem], None],
    ) -> None:
        """``POST path`` with a model of the schema, or without a body."""
        data = body.model_dump_json().encode() if body is not None else b""
        self._send(b"POST", path, data, kind, on_answer, on_problem, {})

    def delete(self, path: str, on_answer: Callable[[Any], None], on_problem: Callable[[Problem], None]) -> None:
        """``DELETE path``; the answer is None."""
        self._send(b"DELETE", path, None, "", on_answer, on_problem, {})

    def _send(
        self,
        verb: bytes,
        path: str,
        body: bytes | None,
        kind: str,
        on_answer: Callable[[Any], None],
        on_problem: Callable[[Problem], None],
        query: Mapping[str, str],
    ) -> None:
        if self._address is None:
            on_problem(Problem(tr("The engine is away: nothing was changed.")))
            return
        request = self._request(path, query)
        request.setHeader(QNetworkRequest.KnownHeaders.ContentTypeHeader, "application/json")
        request.setTransferTimeout(REQUEST_MS)
        self._number += 1
        self._asked[self._number] = _Asked(kind, on_answer, on_problem)
        reply = self._network.sendCustomRequest(request, verb, body or b"")
        reply.setProperty("number", self._number)

    def _request(self, path: str, query: Mapping[str, str]) -> QNetworkRequest:
        if self._address is None:
            raise RunFileError("No engine has been found yet.")
        url = QUrl(self._address.url + "/api/v1" + path)
        if query:
            items = QUrlQuery()
            for key, value in query.items():
                items.addQueryItem(key, value.replace("+", "%2B"))
            url.setQuery(items)
        request = QNetworkRequest(url)
        request.setRawHeader(b"Authorization", b"Bearer " + self._address.token.encode())
        return request


def _alive(callback: Callable[[Any], None]) -> bool:
    """Is the page that asked still there? It may have been built anew while the answer was on its way."""
    function = callback.func if isinstance(callback, partial) else callback
    owner = getattr(function, "__self__", None)
    return not isinstance(owner, QObject) or isValid(owner)


def _answer(reply: QNetworkReply, asked: _Asked) -> None:
    if not _alive(asked.on_answer):
        return
    data = bytes(reply.readAll().data())
    if not 200 <= _status(reply) < 300:
        asked.on_problem(_problem_of(reply, data))
        return
    if asked.kind in ("", "bytes"):
        asked.on_answer(data if asked.kind else None)
        return
    from pydantic import ValidationError

    from ui.client.decode import decode

    try:
        answer = decode(asked.kind, data)
    except ValidationError:
        words = tr("The engine's answer cannot be read: update the window and the engine together.")
        asked.on_problem(Problem(words))
        return
    asked.on_answer(answer)


def _status(reply: QNetworkReply) -> int:
    status = reply.attribute(QNetworkRequest.Attribute.HttpStatusCodeAttribute)
    return int(status) if status is not None else 0


def _problem_of(reply: QNetworkReply, data: bytes) -> Problem:
    status = _status(reply)
    if status == 0:
        return Problem(tr("The engine does not answer: nothing was changed. The window reconnects by itself."))
    try:
        body = json.loads(data)
        line = body.get("line")
        return Problem(str(body["problem"]), line if isinstance(line, int) else None, status)
    except (ValueError, KeyError, TypeError, AttributeError):
        return Problem(tr("The engine answered with error {status}.", status=str(status)), None, status)


def _ignore(_problem: Problem) -> None:
    """For what the stream brings later anyway."""
