"""V2GTP, the eight-byte envelope around every message on the wire.

ISO 15118-20, 7.8.3: version 0x01, its inverse 0xFE, payload type (16 bits), payload length (32 bits), big-endian.
The parser takes bytes as they come, one at a time or many messages in one segment, and never buffers more than
the length limit: a header that promises four gigabytes is refused when it is read, not when memory is full.
"""

import struct
from enum import IntEnum
from typing import NamedTuple

HEADER = struct.Struct(">BBHI")
VERSION, INVERSE_VERSION = 0x01, 0xFE
MAX_PAYLOAD_BYTES = 65_536
"""Far above any real message (the largest certificate chains stay under 20 kB), far below harm."""


class PayloadType(IntEnum):
    """Payload types of ISO 15118-20, Table 12."""

    APP_PROTOCOL = 0x8001
    V2_MAINSTREAM = 0x8001
    MAINSTREAM = 0x8002
    AC = 0x8003
    DC = 0x8004
    ACDP = 0x8005
    WPT = 0x8006
    SCHEDULE_RENEGOTIATION = 0x8101
    METERING_CONFIRMATION = 0x8102
    ACDP_SYSTEM_STATUS = 0x8103
    PARKING_STATUS = 0x8104
    SDP_REQUEST = 0x9000
    SDP_RESPONSE = 0x9001


class V2gtpError(ValueError):
    """The bytes are no V2GTP message; the connection that sent them cannot be read on."""

    before: "tuple[V2gtpMessage, ...]" = ()
    """Whole messages that came in one piece with the bytes that are none."""


class V2gtpMessage(NamedTuple):
    """One payload and its type. The type stays a plain number: unknown types are for the session to judge."""

    payload_type: int
    payload: bytes


def pack(payload_type: int, payload: bytes) -> bytes:
    """Put the header before `payload`."""
    return HEADER.pack(VERSION, INVERSE_VERSION, payload_type, len(payload)) + payload


def unpack(datagram: bytes) -> V2gtpMessage:
    """Read exactly one message from a datagram; raise `V2gtpError` if it is anything else."""
    stream = V2gtpStream()
    messages = stream.receive(datagram)
    if len(messages) != 1 or stream.pending_bytes:
        raise V2gtpError(f"a datagram of {len(datagram)} bytes is not one whole V2GTP message")
    return messages[0]


class V2gtpStream:
    """Cuts a byte stream into V2GTP messages."""

    def __init__(self, max_payload_bytes: int = MAX_PAYLOAD_BYTES) -> None:
        self._buffer = bytearray()
        self._max = max_payload_bytes

    @property
    def pending_bytes(self) -> int:
        """Bytes held that do not yet make a whole message."""
        return len(self._buffer)

    def receive(self, data: bytes) -> list[V2gtpMessage]:
        """Take bytes; return the messages now whole, in order.

        Raises `V2gtpError` on a header that lies, with the messages `before` it.
        """
        self._buffer += data
        messages: list[V2gtpMessage] = []
        try:
            while (message := self._next()) is not None:
                messages.append(message)
        except V2gtpError as error:
            error.before = tuple(messages)
            raise
        return messages

    def _next(self) -> V2gtpMessage | None:
        if len(self._buffer) < HEADER.size:
            return None
        version, inverse, payload_type, length = HEADER.unpack_from(self._buffer)
        if (version, inverse) != (VERSION, INVERSE_VERSION):
            raise V2gtpError(f"the V2GTP header begins 0x{version:02X}{inverse:02X}, expected 0x01FE")
        if length > self._max:
            raise V2gtpError(f"the V2GTP header promises {length} bytes, more than the limit of {self._max}")
        end = HEADER.size + length
        if len(self._buffer) < end:
            return None
        message = V2gtpMessage(payload_type, bytes(self._buffer[HEADER.size : end]))
        del self._buffer[:end]
        return message
