"""OCPP-J's remote procedure calls as a sans-I/O peer: frames in, typed events out, both for a station and a CSMS.

Source: OCPP 2.1 part 4 (OCPP-J), chapter 4, and the same of 2.0.1. What it guarantees:

- one CALL of ours is outstanding at a time, and it times out (``now`` is an argument, any monotonic seconds);
- each malformed CALL is answered with the CALLERROR that the standard names; an answer is never answered, except by
  CALLRESULTERROR in 2.1, so that two confused peers cannot feed each other;
- nothing that arrives raises.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import orjson

from protocols.ocpp import schemas
from protocols.ocpp.schemas import Json, Violation
from protocols.ocpp.versions import Version

CALL, CALLRESULT, CALLERROR, CALLRESULTERROR, SEND = 2, 3, 4, 5, 6
MAX_FRAME_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 64
"""Deepest nesting taken; the deepest official message has 11 levels."""
UNREADABLE_ID = "-1"
"""Message id of a CALLERROR to a frame whose own id cannot be read (OCPP-J 4.2.3)."""
_MAX_ID = 36


@dataclass(frozen=True, slots=True)
class CallReceived:
    """The peer asks; the payload is valid. Answer with ``Rpc.reply`` or ``Rpc.refuse``."""

    message_id: str
    action: str
    payload: Json


@dataclass(frozen=True, slots=True)
class Answered:
    """The peer answered our CALL with a valid payload."""

    message_id: str
    action: str
    request: Json
    payload: Json


@dataclass(frozen=True, slots=True)
class CallFailed:
    """Our CALL came to nothing: a CALLERROR, an invalid answer, or silence (code ``Timeout``)."""

    message_id: str
    action: str
    request: Json
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class SendReceived:
    """An unconfirmed message (2.1)."""

    action: str
    payload: Json


@dataclass(frozen=True, slots=True)
class FrameRefused:
    """A frame that was not understood; told for the log, already answered where the standard asks for it."""

    code: str
    text: str


RpcEvent = CallReceived | Answered | CallFailed | SendReceived | FrameRefused


class Refused(Exception):
    """Raised in answering a request: answer it with a CALLERROR of this code."""

    def __init__(self, code: str, text: str) -> None:
        """``code``: an RPC framework error code."""
        super().__init__(text)
        self.code = code


TIMEOUT = "Timeout"
"""``CallFailed.code`` when no answer came in time; no code of the wire."""


@dataclass(frozen=True, slots=True)
class _Outstanding:
    message_id: str
    action: str
    payload: Json
    deadline: float


class Rpc:
    """One end of one connection."""

    def __init__(
        self,
        version: Version,
        *,
        call_timeout_s: float = 30.0,
        new_id: Callable[[], str] = lambda: str(uuid4()),
    ) -> None:
        """``new_id`` makes message ids: unique for ever on this station's connections, at most 36 characters."""
        self.version = version
        self.call_timeout_s = call_timeout_s
        self._new_id = new_id
        self._outstanding: _Outstanding | None = None
        self._output: deque[str] = deque()
        self._events: deque[RpcEvent] = deque()

    # ----- What goes out -----

    @property
    def busy(self) -> bool:
        """Is a CALL of ours waiting for its answer?"""
        return self._outstanding is not None

    def call(self, action: str, payload: Json, now: float, message_id: str | None = None) -> str:
        """Send a CALL; only when not ``busy``. Returns its message id.

        Raises ValueError for a payload that the schema refuses (ours to mend, so it never reaches the wire) and
        RuntimeError while another CALL is outstanding.
        """
        if self._outstanding is not None:
            raise RuntimeError(f"{self._outstanding.action} is still unanswered")
        violation = schemas.check_request(self.version, action, payload)
        if violation is not None:
            raise ValueError(f"{action}: {violation.text}")
        message_id = message_id or self._new_id()
        self._outstanding = _Outstanding(message_id, action, payload, now + self.call_timeout_s)
        self._send([CALL, message_id, action, payload])
        return message_id

    def reply(self, call: CallReceived, payload: Json) -> None:
        """Answer a CALL. Raises ValueError for a payload that the schema refuses; then nothing is sent."""
        violation = schemas.check_response(self.version, call.action, payload)
        if violation is not None:
            raise ValueError(f"{call.action} response: {violation.text}")
        self._send([CALLRESULT, call.message_id, payload])

    def refuse(self, call: CallReceived, code: str, text: str = "") -> None:
        """Answer a CALL with a CALLERROR."""
        self._send([CALLERROR, call.message_id, code, text[:255], {}])

    def take_output(self) -> list[str]:
        """The frames to write to the wire now, in order."""
        frames = list(self._output)
        self._output.clear()
        return frames

    @property
    def backlog(self) -> int:
        """Frames that wait to be taken."""
        return len(self._output)

    def _send(self, frame: list[Any]) -> None:
        self._output.append(orjson.dumps(frame).decode())

    # ----- Time -----

    def next_timer(self) -> float | None:
        """When ``on_timer`` is due."""
        return None if self._outstanding is None else self._outstanding.deadline

    def on_timer(self, now: float) -> None:
        """Give up on an unanswered CALL."""
        if self._outstanding is not None and now >= self._outstanding.deadline:
            self._fail(TIMEOUT, f"no answer within {self.call_timeout_s:g} s")

    # ----- What comes in -----

    def next_event(self) -> RpcEvent | None:
        """The next thing that happened, or None."""
        return self._events.popleft() if self._events else None

    def receive(self, data: str | bytes) -> None:
        """Take one frame."""
        try:
            frame = _parse(data)
        except ValueError as problem:
            self._refuse_frame(None, "RpcFrameworkError", str(problem))
            return
        kind = frame[0] if frame else None
        if type(kind) is not int:
            self._refuse_frame(frame, "RpcFrameworkError", "a message begins with its type, a number")
            return
        handler = self._HANDLERS.get(kind)
        if handler is None or (kind in (CALLRESULTERROR, SEND) and self.version is Version.V201):
            self._refuse_frame(frame, "MessageTypeNotSupported", f"message type {kind}")
            return
        handler(self, frame)

    def _on_call(self, frame: list[Any]) -> None:
        message_id = _id_of(frame)
        if message_id is None:
            self._refuse_frame(frame, "RpcFrameworkError", "message id must be a string of 1 to 36 characters")
        elif len(frame) != 4:
            self._refuse_frame(frame, "RpcFrameworkError", f"a CALL has 4 elements, this has {len(frame)}")
        elif not isinstance(frame[2], str):
            self._refuse_frame(frame, "RpcFrameworkError", "the action must be a string")
        else:
            payload = {} if frame[3] is None else frame[3]
            if violation := self._violation_of(frame[2], payload):
                self._refuse_frame(frame, violation.code, violation.text)
            else:
                self._events.append(CallReceived(message_id, frame[2], payload))

    def _violation_of(self, action: str, payload: Any) -> Violation | None:
        if not schemas.knows(self.version, action):
            return Violation("NotImplemented", f"OCPP {self.version.value} has no action {action[:50]}")
        if not isinstance(payload, dict):
            return Violation("FormatViolation", "the payload must be an object")
        return schemas.check_request(self.version, action, payload)

    def _on_result(self, frame: list[Any]) -> None:
        waiting = self._matching(frame)
        if waiting is None:
            return
        payload = frame[2] if len(frame) == 3 else None
        if not isinstance(payload, dict):
            violation: Violation | None = Violation("RpcFrameworkError", "a CALLRESULT is [3, id, {payload}]")
        else:
            violation = schemas.check_response(self.version, waiting.action, payload)
        if violation is None:
            self._outstanding = None
            self._events.append(Answered(waiting.message_id, waiting.action, waiting.payload, payload or {}))
            return
        if self.version is not Version.V201:
            self._send([CALLRESULTERROR, waiting.message_id, violation.code, violation.text, {}])
        self._fail(violation.code, f"invalid answer: {violation.text}")

    def _on_error(self, frame: list[Any]) -> None:
        if self._matching(frame) is not None:
            code = frame[2] if len(frame) > 2 and isinstance(frame[2], str) else "GenericError"
            text = frame[3] if len(frame) > 3 and isinstance(frame[3], str) else ""
            self._fail(code, text)

    def _on_result_error(self, frame: list[Any]) -> None:
        code, text = (str(part)[:255] for part in (*frame[2:4], "", "")[:2])
        self._events.append(FrameRefused(code, f"the peer could not use our answer: {text}"))

    def _on_send(self, frame: list[Any]) -> None:
        # A SEND is never answered, so one that is not understood is only told.
        if len(frame) == 4 and isinstance(frame[2], str) and isinstance(frame[3], dict):
            self._events.append(SendReceived(frame[2], frame[3]))
        else:
            self._events.append(FrameRefused("FormatViolation", "a SEND that is not [6, id, action, {payload}]"))

    _HANDLERS = {  # noqa: RUF012 - a table of this class's own methods, never changed
        CALL: _on_call,
        CALLRESULT: _on_result,
        CALLERROR: _on_error,
        CALLRESULTERROR: _on_result_error,
        SEND: _on_send,
    }

    def _matching(self, frame: list[Any]) -> _Outstanding | None:
        waiting = self._outstanding
        if waiting is not None and len(frame) > 1 and frame[1] == waiting.message_id:
            return waiting
        self._events.append(FrameRefused("RpcFrameworkError", "an answer to nothing that was asked"))
        return None

    def _fail(self, code: str, text: str) -> None:
        waiting, self._outstanding = self._outstanding, None
        if waiting is not None:
            self._events.append(CallFailed(waiting.message_id, waiting.action, waiting.payload, code, text))

    def _refuse_frame(self, frame: list[Any] | None, code: str, text: str) -> None:
        self._events.append(FrameRefused(code, text))
        message_id = _id_of(frame) or UNREADABLE_ID
        self._send([CALLERROR, message_id, code, text[:255], {}])


def _id_of(frame: list[Any] | None) -> str | None:
    value = frame[1] if frame is not None and len(frame) > 1 else None
    return value if isinstance(value, str) and 0 < len(value) <= _MAX_ID else None


def _parse(data: str | bytes) -> list[Any]:
    """A frame as a list; ValueError in one clear line otherwise."""
    if len(data) > MAX_FRAME_BYTES:
        raise ValueError(f"a frame of {len(data)} bytes is too long")
    try:
        frame = orjson.loads(data)
    except orjson.JSONDecodeError as problem:
        raise ValueError(f"not JSON: {problem.msg}") from None
    except UnicodeEncodeError:  # a str with lone surrogates cannot have come as UTF-8
        raise ValueError("not UTF-8") from None
    if not isinstance(frame, list):
        raise ValueError("a message is a JSON array")
    if _brackets(data) > MAX_DEPTH and _deeper_than(frame, MAX_DEPTH):
        raise ValueError(f"nested deeper than {MAX_DEPTH} levels")
    return frame


def _brackets(data: str | bytes) -> int:
    """As many levels as there can be at most; spares nearly every message the walk."""
    if isinstance(data, bytes):
        return data.count(b"[") + data.count(b"{")
    return data.count("[") + data.count("{")


def _deeper_than(value: Any, levels: int) -> bool:
    """Breadth first, so that hostile depth costs no stack."""
    layer = [value]
    for _ in range(levels):
        layer = [
            child
            for node in layer
            for child in (node.values() if isinstance(node, dict) else node)
            if isinstance(child, dict | list)
        ]
        if not layer:
            return False
    return True
