"""Server-sent events, sans I/O: bytes in, events out (WHATWG HTML, 9.2.6 "Interpreting an event stream")."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass

MAX_EVENT_CHARS = 16_000_000
"""An event longer than this is dropped: a stream that never ends its event must not fill the memory."""


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One event of the stream."""

    name: str
    data: str


class EventStreamParser:
    """Give it the bytes as they come, cut anywhere."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")(errors="replace")
        self._rest = ""
        self._name = ""
        self._data: list[str] = []
        self._length = 0
        self._after_cr = False

    def feed(self, chunk: bytes) -> Iterator[StreamEvent]:
        """Take some bytes; yields the events that are complete with them."""
        for line in self._lines(self._decoder.decode(chunk)):
            if line:
                self._field(line)
                continue
            if self._data and self._length <= MAX_EVENT_CHARS:
                yield StreamEvent(self._name or "message", "\n".join(self._data))
            self._name, self._data, self._length = "", [], 0

    def _lines(self, text: str) -> Iterator[str]:
        # A line ends with CR, LF or CRLF; a CR at the end of a chunk may be half of a CRLF.
        if self._after_cr and text:
            text = text.removeprefix("\n")
            self._after_cr = False
        self._after_cr = self._after_cr or text.endswith("\r")
        *lines, last = (self._rest + text).replace("\r\n", "\n").replace("\r", "\n").split("\n")
        self._rest = last[: MAX_EVENT_CHARS + 1]
        yield from lines

    def _field(self, line: str) -> None:
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            self._name = value
        elif field == "data":
            self._length += len(value)
            if self._length <= MAX_EVENT_CHARS:
                self._data.append(value)
