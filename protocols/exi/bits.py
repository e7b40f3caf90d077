"""Reading bits and EXI's basic values one at a time, each read bounded and checked (EXI 1.0, section 7.1)."""

from __future__ import annotations

import re

MAX_INTEGER_GROUPS = 74
"""Longest integer taken, in groups of seven bits, far beyond any certificate's serial number."""
MAX_MAGNITUDE = 2 ** (7 * MAX_INTEGER_GROUPS) - 1
"""Largest number that fits; a negative one is one less than its magnitude says."""


_XML_ID = re.compile(r"[^\W\d][\w.\-·]*")


class Refused(Exception):
    """A value that may not stand where it stands; the text is the reason."""


class BitReader:
    """Reads from `data`, most significant bit first; `position` counts bits from its start."""

    def __init__(self, data: bytes, position: int = 0) -> None:
        self.data = data
        self.position = position

    @property
    def bits_left(self) -> int:
        """Bits not read yet."""
        return len(self.data) * 8 - self.position

    def bits(self, count: int) -> int:
        """The next `count` bits as a number."""
        start = self.position
        end = start + count
        if end > len(self.data) * 8:
            raise Refused("the document ends too early")
        last = (end + 7) >> 3
        chunk = int.from_bytes(self.data[start >> 3 : last], "big")
        self.position = end
        return chunk >> (last * 8 - end) & ((1 << count) - 1)

    def unsigned(self) -> int:
        """An unsigned integer: groups of seven bits, least significant first."""
        value = 0
        for group in range(MAX_INTEGER_GROUPS):
            octet = self.bits(8)
            value |= (octet & 127) << (7 * group)
            if octet < 128:
                return value
        raise Refused("the number is longer than any number allowed")

    def signed(self) -> int:
        """A sign bit, then the magnitude (less one if negative)."""
        negative = self.bits(1)
        magnitude = self.unsigned()
        return ~magnitude if negative else magnitude

    def text(self, min_length: int, max_length: int | None) -> str:
        """A string given in full; ISO 15118 never refers to a string table."""
        length = self.unsigned()
        if length < 2:
            raise Refused("the string is a string-table hit, which ISO 15118 does not use")
        length -= 2
        if length < min_length or (max_length is not None and length > max_length):
            raise Refused(f"the string has {length} characters, {bounds(min_length, max_length)} are allowed")
        if length * 8 > self.bits_left:
            raise Refused("the document ends too early")
        return "".join(self._character() for _ in range(length))

    def binary(self, min_length: int, max_length: int | None) -> bytes:
        """A number of bytes, then the bytes."""
        length = self.unsigned()
        if length < min_length or (max_length is not None and length > max_length):
            raise Refused(f"{length} bytes stand where {bounds(min_length, max_length)} are allowed")
        return self.bits(length * 8).to_bytes(length, "big")

    def _character(self) -> str:
        point = self.unsigned()
        if point > 0x10FFFF or 0xD800 <= point < 0xE000:
            raise Refused(f"{point:#x} is no character")
        return chr(point)


LONG = 1 << 1024
"""Numbers of collected bits beyond this are put aside in lists: to shift a long one costs."""


class BitWriter:
    """Collects bits in numbers that start with a one, so that leading zeros count."""

    def __init__(self, bits: int = 1) -> None:
        self._parts: list[int] = []
        self._last = bits

    @property
    def bits(self) -> int:
        """All bits so far as one number, after a leading one."""
        return join([*self._parts, self._last])

    def put(self, value: int, count: int) -> None:
        """Appends `value` in `count` bits."""
        if self._last > LONG:
            self._parts.append(self._last)
            self._last = 1
        self._last = self._last << count | value

    def unsigned(self, value: int) -> None:
        """Appends groups of seven bits, least significant first."""
        while value > 127:
            self.put(value & 127 | 128, 8)
            value >>= 7
        self.put(value, 8)

    def signed(self, value: int) -> None:
        """Appends a sign bit, then the magnitude."""
        self.put(value < 0, 1)
        self.unsigned(~value if value < 0 else value)

    def text(self, value: str) -> None:
        """Appends a string in full."""
        self.unsigned(len(value) + 2)
        for character in value:
            self.unsigned(ord(character))

    def binary(self, value: bytes) -> None:
        """Appends the number of bytes and the bytes."""
        self.unsigned(len(value))
        self.put(int.from_bytes(value, "big"), len(value) * 8)

    def to_bytes(self) -> bytes:
        """The bits so far, filled up with zeros to whole bytes."""
        return padded_bytes(self.bits)


def join(parts: list[int]) -> int:
    """The bits of all parts as one number, pair by pair, so that the work stays near linear."""
    while len(parts) > 1:
        pairs = [_append(first, second) for first, second in zip(parts[::2], parts[1::2], strict=False)]
        parts = pairs + parts[len(pairs) * 2 :]
    return parts[0]


def _append(first: int, second: int) -> int:
    count = second.bit_length() - 1
    return first << count | second ^ 1 << count


def padded_bytes(bits: int) -> bytes:
    """The bits after the leading one, filled up with zeros to whole bytes."""
    count = bits.bit_length() - 1
    padding = -count % 8
    return (bits << padding).to_bytes((count + padding) // 8 + 1, "big")[1:]


def is_xml_id(text: str) -> bool:
    """Whether `text` is an XML name without a colon, as xs:ID asks."""
    return _XML_ID.fullmatch(text) is not None


def bounds(minimum: int, maximum: int | None) -> str:
    """A range in words."""
    if maximum is None:
        return f"at least {minimum}"
    if not minimum:
        return f"at most {maximum}" if maximum else "0"
    return str(minimum) if minimum == maximum else f"{minimum} to {maximum}"
