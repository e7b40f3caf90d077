"""Reads what a session left behind: our recordings, the JSON lines that ``twoway secc`` and ``car`` print, and files of
EXI documents (one a line, with sender and namespace, as the golden corpus has them; gzip or not).
"""

import json
import zlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from protocols.exi import decode, encode, from_json, to_json
from protocols.exi.errors import ExiError
from protocols.exi.namespaces import APP_PROTOCOL
from protocols.exi.schema import Element
from protocols.iso15118.dialect import Dialect
from protocols.iso15118.recording.plain import Line, RecordingError, revive
from protocols.iso15118.registry import GENERATIONS, dialects
from protocols.iso15118.timings import Timings
from protocols.iso15118.v2gtp import PayloadType

MAX_BYTES = 256 * 1024 * 1024
"""Larger files are no session of a car."""
LATEST_S = 32_503_680_000
"""The year 3000."""
GZIP = b"\x1f\x8b"


SHAPES: dict[str, tuple[tuple[str, type], ...]] = {
    "inputs": (("values", dict),),
    "opened": (("security", dict),),
    "message": (("sender", str), ("stream", str), ("hex", str)),
    "port": (("name", str),),
    "gap": (("name", str),),
    "wish": (("name", str),),
    "end": (("proper", bool), ("paused", bool), ("reason", str)),
    "stop": (("reason", str),),
    "cut": (("reason", str),),
    "lost": (("reason", str),),
}
"""What a recording's lines have to hold, by kind."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One message. `time_s` None: the file tells none. `problem`: why there is no `document`."""

    time_s: float | None
    sender: str
    stream: int
    payload: bytes
    namespace: str
    name: str
    document: Element | None = None
    problem: str = ""

    @property
    def json(self) -> dict[str, Any]:
        """The message's body by the standard's element names; empty if it could not be read."""
        if self.document is None:
            return {}
        whole = to_json(self.document)
        body = whole.get("V2G_Message", {}).get("Body", whole)
        found: dict[str, Any] = body.get(self.name) or {}
        return found


@dataclass(slots=True)
class Session:
    """One session of a file. `lines` are those of a recording of ours, else empty."""

    messages: list[Recorded] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    dialect: Dialect | None = None
    cut: str = ""
    """Where a damaged file stops."""

    @property
    def header(self) -> Line:
        """The recording's header; empty for the other kinds of files."""
        return self.lines[0] if self.lines else {}

    @property
    def end(self) -> Line | None:
        """How it ended, if the file tells."""
        return next((line for line in reversed(self.lines) if line["kind"] == "end"), None)


def read_sessions(data: bytes) -> list[Session]:
    """The sessions of a file's bytes, in order. Raises `RecordingError`; a file cut off in its last line is read up to
    there, and its last session says so."""
    lines, cut = _lines(data)
    sessions: list[Session] = []
    for number, line in lines:
        try:
            _take(sessions, line)
        except RecordingError as error:
            raise RecordingError(f"line {number}: {error}") from error
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise RecordingError(f"line {number} is no line of a session ({type(error).__name__}: {error})") from error
    if not sessions:
        raise RecordingError("there is no session in it")
    sessions[-1].cut = cut
    return sessions


def _lines(data: bytes) -> tuple[list[tuple[int, Line]], str]:
    cut = ""
    if data[:2] == GZIP:
        inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            data = inflate.decompress(data, MAX_BYTES)
        except zlib.error as error:
            raise RecordingError(f"its compression is damaged ({error})") from error
        cut = "" if inflate.eof else "the compressed file is cut off"
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise RecordingError(f"it is not text (byte {error.start})") from error
    rows = text.split("\n")
    found: list[tuple[int, Line]] = []
    for number, row in enumerate(rows, 1):
        if not row.strip():
            continue
        try:
            line = json.loads(row)
        except (ValueError, RecursionError) as error:
            if number == len(rows):
                cut = f"line {number} is cut off"
                break
            raise RecordingError(f"line {number} is not JSON") from error
        if not isinstance(line, dict):
            raise RecordingError(f"line {number} is no JSON object")
        found.append((number, line))
    return found, cut


def _take(sessions: list[Session], line: Line) -> None:
    """Add one line to the session that it belongs to."""
    kind = line.get("kind")
    if "time_s" in line and not 0 <= line["time_s"] < LATEST_S:
        raise RecordingError(f"its time is {line['time_s']!r:.40}, which is no POSIX time")
    if kind == "header":
        if line["version"] != 1:
            raise RecordingError(f"it is a recording of version {line['version']!r:.20}; this program reads version 1")
        if line["role"] not in ("secc", "evcc"):
            raise RecordingError(f"the role {line['role']!r:.20} is neither secc nor evcc")
        revive(line["timings"], Timings)
        sessions.append(Session(lines=[line]))
        return
    if "exi" in line or (kind == "message" and "json" in line) or kind in ("state", "connection") or "summary" in line:
        _take_foreign(sessions, line)
        return
    if not isinstance(kind, str):
        raise RecordingError("it has no kind: this is no recording of a session")
    if not sessions or not sessions[-1].lines:
        raise RecordingError("a recording begins with its header")
    session = sessions[-1]
    for name, wanted in SHAPES.get(kind, ()):
        if not isinstance(line[name], wanted):
            raise RecordingError(f"its {name} is {line[name]!r:.40}, which is no {wanted.__name__}")
    session.lines.append(line)
    if kind == "message":
        stream = int(line["stream"], 16)
        if not 0 <= stream <= 0xFFFF:
            raise RecordingError(f"the payload type {line['stream']!r:.20} is no 16-bit number")
        _add(session, float(line["time_s"]), line["sender"], stream, bytes.fromhex(line["hex"]))


def _take_foreign(sessions: list[Session], line: Line) -> None:
    """A line that ``twoway secc`` printed, or one of a file of EXI documents."""
    if "summary" in line or line.get("kind") in ("state", "connection"):
        return
    name, namespace = line["message"], line["namespace"]
    if not isinstance(name, str) or not isinstance(namespace, str):
        raise RecordingError("message and namespace are text")
    if name == "supportedAppProtocolReq" or not sessions:
        sessions.append(Session())
    session = sessions[-1]
    if "exi" in line:
        if not name.endswith(("Req", "Res")) or _is_fragment(line):
            return
        _add(session, None, line["sender"], _stream(session, namespace), bytes.fromhex(line["exi"]), namespace)
        return
    time_s = datetime.fromisoformat(line["time"]).timestamp()
    body = line["json"]
    try:
        payload = encode(namespace, from_json(namespace, body if "V2G_Message" in body else {name: body}))
    except (ExiError, ValueError) as error:
        raise RecordingError(f"the {name} cannot be encoded: {error}") from error
    _add(session, time_s, line["sender"], _stream(session, namespace), payload, namespace)


def _is_fragment(line: Line) -> bool:
    """Files of documents may hold, between the messages, what gets signed: a bare body, which is no document."""
    meaning = line.get("json", {})
    name = next(iter(meaning), "") if isinstance(meaning, dict) else ""
    return bool(":2013:MsgDef" in line["namespace"] and name != "V2G_Message")


def _stream(session: Session, namespace: str) -> int:
    if namespace == APP_PROTOCOL:
        return PayloadType.APP_PROTOCOL
    grammars = session.dialect.grammars if session.dialect else {}
    return next((stream for stream, known in grammars.items() if known == namespace), PayloadType.MAINSTREAM)


def _add(
    session: Session, time_s: float | None, sender: str, stream: int, payload: bytes, namespace: str | None = None
) -> None:
    if sender not in ("evcc", "secc"):
        raise RecordingError(f"the sender {sender!r:.20} is neither evcc nor secc")
    if namespace is None:
        grammars = session.dialect.grammars if session.dialect else {PayloadType.APP_PROTOCOL: APP_PROTOCOL}
        namespace = next((known for number, known in grammars.items() if number == stream), "")
    message = _read(session, time_s, sender, stream, payload, namespace)
    session.messages.append(message)
    if session.dialect is None and message.name == "supportedAppProtocolRes":
        session.dialect = _chosen(session)


def _read(session: Session, time_s: float | None, sender: str, stream: int, payload: bytes, namespace: str) -> Recorded:
    if not namespace:
        return Recorded(time_s, sender, stream, payload, "", "?", problem=f"payload type 0x{stream:04X} means nothing")
    try:
        document = decode(namespace, payload)
        name = type(document).__name__
        if session.dialect is not None and namespace != APP_PROTOCOL:
            name = session.dialect.unwrap(document).name
    except (ExiError, ValueError) as error:
        return Recorded(time_s, sender, stream, payload, namespace, "?", problem=str(error))
    return Recorded(time_s, sender, stream, payload, namespace, name, document)


def _chosen(session: Session) -> Dialect | None:
    """What the handshake agreed on, from its two messages."""
    answer: Any = session.messages[-1].document
    asked: Any = next((m.document for m in reversed(session.messages) if m.name == "supportedAppProtocolReq"), None)
    if answer is None or asked is None or answer.ResponseCode.startswith("Failed"):
        return None
    number = answer.SchemaID if answer.SchemaID is not None else asked.AppProtocol[0].SchemaID
    wanted = next((one.ProtocolNamespace for one in asked.AppProtocol if one.SchemaID == number), None)
    return next((one for one in dialects(GENERATIONS) if one.namespace == wanted), None)
