"""Reads a ClientHello before anyone answers it: one port speaks TLS 1.3 for -20 and TLS 1.2 for -2, and the first
bytes of the car tell which (RFC 8446, 4.1.2; RFC 5246, 7.4.1.2).

The parser takes bytes as they come and checks every length against what is really there. It decides nothing and
verifies nothing: OpenSSL reads the same bytes again, by its own rules.
"""

from dataclasses import dataclass

MAX_HELLO_BYTES = 16_384
"""Far above any real ClientHello (post-quantum shares make 2 kB), and all that is kept of a peer before TLS begins."""

RECORD_HEADER = 5
HANDSHAKE, CLIENT_HELLO = 22, 1
EXTENSION_GROUPS, EXTENSION_SIGNATURES, EXTENSION_VERSIONS = 10, 13, 43
EXTENSION_STATUS_REQUEST = 5


class HelloError(ValueError):
    """The bytes are no ClientHello; the text says what they are."""


@dataclass(frozen=True, slots=True)
class ClientHello:
    """What a car's TLS can do, in its order. Numbers are those of the IANA registries."""

    versions: tuple[int, ...]
    suites: tuple[int, ...]
    groups: tuple[int, ...] = ()
    signatures: tuple[int, ...] = ()
    wants_status: bool = False


def read_hello(data: bytes | bytearray) -> ClientHello | None:
    """The ClientHello at the start of a connection; None while it is incomplete. Raises `HelloError`."""
    handshake = bytearray()
    position = 0
    while len(data) - position >= RECORD_HEADER:
        kind, major, minor = data[position : position + 3]
        length = int.from_bytes(data[position + 3 : position + RECORD_HEADER])
        if kind != HANDSHAKE or major != 3 or minor > 4:
            raise HelloError(f"it begins 0x{bytes(data[position : position + 3]).hex().upper()}, which is not TLS")
        if not 0 < length <= MAX_HELLO_BYTES:
            raise HelloError(f"its first TLS record has {length} bytes")
        position += RECORD_HEADER
        handshake += data[position : position + length]
        position += length
        body = _body(handshake)
        if body is not None:
            return _parse(body)
    if data and data[0] != HANDSHAKE:
        raise HelloError(f"it begins 0x{bytes(data[:3]).hex().upper()}, which is not TLS")
    if len(data) >= MAX_HELLO_BYTES:
        raise HelloError(f"its ClientHello is longer than {MAX_HELLO_BYTES} bytes")
    return None


def _body(handshake: bytearray) -> bytes | None:
    """The ClientHello's body once all of it is there."""
    if handshake and handshake[0] != CLIENT_HELLO:
        raise HelloError(f"its first handshake message is of type {handshake[0]}, not a ClientHello")
    if len(handshake) < 4:
        return None
    length = int.from_bytes(handshake[1:4])
    if length > MAX_HELLO_BYTES:
        raise HelloError(f"its ClientHello promises {length} bytes, more than the limit of {MAX_HELLO_BYTES}")
    return bytes(handshake[4 : 4 + length]) if len(handshake) >= 4 + length else None


class _Reader:
    """Takes bytes from the front; never past the end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def __bool__(self) -> bool:
        return self._position < len(self._data)

    def take(self, count: int) -> bytes:
        end = self._position + count
        if end > len(self._data):
            raise HelloError("a length in its ClientHello points past the end")
        part, self._position = self._data[self._position : end], end
        return part

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size))

    def vector(self, size: int) -> "_Reader":
        """A field that begins with its own length, `size` bytes wide."""
        return _Reader(self.take(self.number(size)))

    def numbers(self) -> tuple[int, ...]:
        """All the rest, as 16-bit numbers."""
        found = []
        while self:
            found.append(self.number(2))
        return tuple(found)


def _parse(body: bytes) -> ClientHello:
    reader = _Reader(body)
    legacy_version = reader.number(2)
    reader.take(32)  # random
    reader.vector(1)  # session id
    suites = reader.vector(2).numbers()
    reader.vector(1)  # compression methods
    extensions: dict[int, _Reader] = {}
    if reader:
        block = reader.vector(2)
        while block:
            number = block.number(2)
            extensions[number] = block.vector(2)
    versions = _list(extensions, EXTENSION_VERSIONS, 1)
    return ClientHello(
        versions=versions or (legacy_version,),
        suites=suites,
        groups=_list(extensions, EXTENSION_GROUPS, 2),
        signatures=_list(extensions, EXTENSION_SIGNATURES, 2),
        wants_status=EXTENSION_STATUS_REQUEST in extensions,
    )


def _list(extensions: dict[int, _Reader], number: int, size: int) -> tuple[int, ...]:
    reader = extensions.get(number)
    return reader.vector(size).numbers() if reader is not None else ()
