"""The words in which messages are defined: a typed class is an XML type, its fields are its elements in schema order.

How a field reads:

- ``Name: T`` is a required element, ``Name: T | None = None`` an optional one;
- ``Annotated[list[T], Occurs(1, 8)]`` is a repeated element;
- ``Annotated[T, ATTRIBUTE]`` is an attribute;
- neighbouring fields with ``ONE_OF`` (or ``AT_MOST_ONE``) are a choice: exactly (at most) one is set;
- ``Annotated[A | B, SUBSTITUTION]`` is the head of a substitution group: the class of the value tells which member
  stands in the document, under the name of its class without the suffix "Type".

A class is named after its schema type ("…Type"), a message after its element. Two class variables say the rare rest:
``mixed`` that text may stand between the elements, ``content`` the order of the elements where it is not simply that
of the fields.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, dataclass_transform

import msgspec

UNBOUNDED = 2**31


class _KeywordOnly(msgspec.StructMeta):
    """Makes the fields of every definition keyword-only: msgspec does not inherit `kw_only`."""

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> _KeywordOnly:
        return super().__new__(mcs, name, bases, namespace, kw_only=True)


@dataclass_transform(kw_only_default=True, field_specifiers=(msgspec.field,))
class Element(msgspec.Struct, metaclass=_KeywordOnly):
    """Base of every message and of every complex type inside one."""

    mixed: ClassVar[bool] = False
    content: ClassVar[Particle | None] = None


@dataclass(frozen=True)
class Name:
    """The element of one field."""

    field: str


@dataclass(frozen=True)
class Anything:
    """An element of any name: it takes an event code, and is refused where it stands."""


@dataclass(frozen=True)
class Sequence:
    """Particles one after the other."""

    parts: tuple[Particle, ...]


@dataclass(frozen=True)
class Alternatives:
    """One of several particles."""

    parts: tuple[Particle, ...]


@dataclass(frozen=True)
class Repeat:
    """A particle in a row, from `minimum` to `maximum` times."""

    part: Particle
    minimum: int
    maximum: int


Particle = Name | Anything | Sequence | Alternatives | Repeat


@dataclass(frozen=True)
class IntegerRange:
    """Inclusive bounds; None on both sides leaves it open (xs:integer).

    `outliers` are numbers beyond the bounds that peers send all the same: EXI then carries them as text.
    """

    minimum: int | None
    maximum: int | None
    outliers: tuple[int, ...] = field(default=(), compare=False)


@dataclass(frozen=True)
class Text:
    """A string with bounds on its code points; `is_id` asks for an XML name without a colon (xs:ID, xs:IDREF)."""

    max_length: int | None = None
    is_id: bool = False
    min_length: int = 0


@dataclass(frozen=True)
class Binary:
    """Bytes with bounds on their number; `as_hex` only tells how JSON shows them (else base64)."""

    min_length: int = 0
    max_length: int | None = None
    as_hex: bool = False


@dataclass(frozen=True)
class Occurs:
    """How often a repeated element stands in a row."""

    minimum: int
    maximum: int


@dataclass(frozen=True)
class Choice:
    """Marks neighbouring fields as alternatives of each other."""

    required: bool


@dataclass(frozen=True)
class Marker:
    """Marks a field with a role that has no parameters."""

    role: str


ONE_OF = Choice(required=True)
AT_MOST_ONE = Choice(required=False)
ATTRIBUTE = Marker("attribute")
SUBSTITUTION = Marker("substitution")
CONTENT = Marker("content")
"""The character content of an element that also has attributes."""

Byte = Annotated[int, IntegerRange(-(2**7), 2**7 - 1)]
Short = Annotated[int, IntegerRange(-(2**15), 2**15 - 1)]
Int = Annotated[int, IntegerRange(-(2**31), 2**31 - 1)]
Long = Annotated[int, IntegerRange(-(2**63), 2**63 - 1)]
UnsignedByte = Annotated[int, IntegerRange(0, 2**8 - 1)]
UnsignedShort = Annotated[int, IntegerRange(0, 2**16 - 1)]
UnsignedInt = Annotated[int, IntegerRange(0, 2**32 - 1)]
UnsignedLong = Annotated[int, IntegerRange(0, 2**64 - 1)]
Integer = Annotated[int, IntegerRange(None, None)]
String = Annotated[str, Text()]
AnyURI = Annotated[str, Text()]
ID = Annotated[str, Text(is_id=True)]
Base64Binary = Annotated[bytes, Binary()]
