"""What compiled encoders and decoders call: everything whose length is only known at run time."""

from __future__ import annotations

from typing import Any

from protocols.exi.bits import BitReader, BitWriter, is_xml_id
from protocols.exi.schema import Element
from protocols.exi.walk import read_element, write_element


class Bad(Exception):
    """Compiled code refuses; it does not say why. Always a new one: an old one would keep its traceback."""


WINDOW_BYTES = 512
"""How much of a long document is looked at as one number: to shift a long one costs."""
RESERVE_BITS = 2048
"""Compiled code reads at most so many bits between two looks at how many are left."""
MAX_BOUNDED_GROUPS = 11
"""Groups of seven bits in which a number of 64 bits is looked for."""
PADDING_BITS = 64
"""Zeros after the document, so that a short look ahead never fails."""

_REFILL_BYTES = RESERVE_BITS // 8


# Encoding: `a` holds the bits so far, after a leading one.


def put_unsigned(a: int, value: int) -> int:
    """Appends groups of seven bits, least significant first."""
    while value > 127:
        a = a << 8 | value & 127 | 128
        value >>= 7
    return a << 8 | value


def put_text(a: int, text: Any, min_length: int, max_length: int) -> int:
    """Appends a string in full."""
    if not isinstance(text, str):
        raise Bad
    count = len(text)
    if not min_length <= count <= max_length:
        raise Bad
    a = put_unsigned(a, count + 2)
    if text.isascii():
        return a << 8 * count | int.from_bytes(text.encode("ascii"), "big")
    for point in map(ord, text):
        if 0xD800 <= point < 0xE000:
            raise Bad
        a = put_unsigned(a, point)
    return a


def put_id(a: int, text: Any, min_length: int, max_length: int) -> int:
    """Appends an xs:ID."""
    if not isinstance(text, str) or not is_xml_id(text):
        raise Bad
    return put_text(a, text, min_length, max_length)


def put_binary(a: int, data: bytes, max_length: int) -> int:
    """Appends the number of bytes and the bytes."""
    count = len(data)
    if count > max_length:
        raise Bad
    return put_unsigned(a, count) << 8 * count | int.from_bytes(data, "big")


def encode_by_walk(element: Element, a: int) -> int:
    """Encodes a type whose content is not plain."""
    writer = BitWriter(a)
    write_element(element, writer, [])
    return writer.bits


# Decoding: `w` is a window on the document as one number, `p` how many of its bits are not read yet.


class Document:
    """The bytes of a document, and where in them the present window ends."""

    __slots__ = ("data", "end", "low", "padding")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.end = 0
        self.low = 0
        """Fewer bits than this left in the window call for another window."""
        self.padding = 0
        """Bits left in the window that are no part of the document."""

    def window(self, position: int, need: int = 0) -> tuple[int, int]:
        """The window from bit `position` on, with at least `need` bits if the document has them."""
        start = position >> 3
        chunk = self.data[start : start + max(WINDOW_BYTES, (need >> 3) + _REFILL_BYTES)]
        end = start + len(chunk)
        if end >= len(self.data):
            chunk += bytes(PADDING_BITS // 8)
            end += PADDING_BITS // 8
            self.low, self.padding = 0, PADDING_BITS
        else:
            self.low, self.padding = RESERVE_BITS, 0
        self.end = end * 8
        return int.from_bytes(chunk, "big"), self.end - position


def more_groups(w: int, p: int, value: int, shift: int, most: int = MAX_BOUNDED_GROUPS) -> tuple[int, int]:
    """The rest of an unsigned integer of which `shift` bits are known, of at most `most` groups."""
    while shift < 7 * most:
        p -= 8
        octet = w >> p & 255
        value |= (octet & 127) << shift
        if octet < 128:
            return value, p
        shift += 7
    raise Bad


def read_text(c: Document, w: int, p: int, min_length: int, max_length: int) -> tuple[str, int, int]:
    """A string given in full."""
    count, w, p = _length(c, w, p)
    count -= 2
    if not min_length <= count <= max_length:
        raise Bad
    w, p = _at_hand(c, w, p, count * 8)
    p -= count * 8
    raw = (w >> p & (1 << count * 8) - 1).to_bytes(count, "big")
    if raw.isascii():
        return raw.decode("ascii"), w, p
    return _read_wide_text(c, w, p + count * 8, count)


def _read_wide_text(c: Document, w: int, p: int, count: int) -> tuple[str, int, int]:
    characters = []
    for _ in range(count):
        if p < c.low:
            w, p = c.window(c.end - p)
        point, p = more_groups(w, p, 0, 0)
        if point > 0x10FFFF or 0xD800 <= point < 0xE000:
            raise Bad
        characters.append(chr(point))
    return "".join(characters), w, p


def read_binary(c: Document, w: int, p: int, min_length: int, max_length: int) -> tuple[bytes, int, int]:
    """A number of bytes, then the bytes."""
    count, w, p = _length(c, w, p)
    if not min_length <= count <= max_length:
        raise Bad
    w, p = _at_hand(c, w, p, count * 8)
    p -= count * 8
    return (w >> p & (1 << count * 8) - 1).to_bytes(count, "big"), w, p


def _length(c: Document, w: int, p: int) -> tuple[int, int, int]:
    if p < c.low:
        w, p = c.window(c.end - p)
    p -= 8
    count = w >> p & 255
    if count > 127:
        count, p = more_groups(w, p, count & 127, 7)
    return count, w, p


def _at_hand(c: Document, w: int, p: int, need: int) -> tuple[int, int]:
    """The same window if `need` bits and the reserve are in it, else the next one."""
    if p - c.padding >= need + c.low:
        return w, p
    if c.padding or need > len(c.data) * 8:
        raise Bad
    return c.window(c.end - p, need)


def decode_by_walk(cls: type[Element], c: Document, w: int, p: int) -> tuple[Element, int, int]:
    """Decodes a type whose content is not plain."""
    reader = BitReader(c.data, c.end - p)
    element = read_element(cls, reader, [])
    return element, *c.window(reader.position)
