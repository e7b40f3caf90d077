"""Registers mapped to quantities: the one form that SunSpec models and profiles both become.

Sans-I/O. A device is a tuple of fields; a poll fills a register memory; decoding gives a number or None for each
quantity. Several fields of one quantity add up (the strings of a roof, or a meter that keeps import and export apart).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from protocols.modbus.blocks import Function, Span
from protocols.modbus.words import WordType, decode, encode

Memory = dict[tuple[Function, int], int]
"""Registers read so far: (function, address) -> word."""

MAX_EXPONENT = 10


@dataclass(frozen=True, slots=True)
class Field:
    """One value in the device.

    value = raw * 10 ** exponent register * factor, where ``factor`` carries unit and sign to those of
    :mod:`protocols.modbus.quantities`. An ``optional`` field that is missing leaves the sum of its quantity as it is;
    any other missing field makes the whole quantity missing.
    """

    quantity: str
    span: Span
    kind: WordType
    factor: float = 1.0
    low_word_first: bool = False
    missing: frozenset[int] = frozenset()
    exponent: Span | None = None
    optional: bool = False

    @property
    def spans(self) -> tuple[Span, ...]:
        """All registers the value needs."""
        return (self.span,) if self.exponent is None else (self.span, self.exponent)


def spans_of(fields: Iterable[Field]) -> tuple[Span, ...]:
    """All registers that ``fields`` need."""
    return tuple(span for field in fields for span in field.spans)


def store(memory: Memory, span: Span, words: Sequence[int]) -> None:
    """Put the reply to ``span`` into ``memory``."""
    for offset, word in enumerate(words):
        memory[span.function, span.address + offset] = word


def decode_fields(fields: Iterable[Field], memory: Memory) -> dict[str, float | None]:
    """The quantities of ``fields``, in their own units and signs; None where the device gave no value."""
    parts: dict[str, list[tuple[float | None, bool]]] = {}
    for field in fields:
        parts.setdefault(field.quantity, []).append((_number(field, memory), field.optional))
    return {quantity: _total(numbers) for quantity, numbers in parts.items()}


def encode_field(field: Field, value: float) -> list[int]:
    """Registers that make ``field`` read ``value``. Raises WordsError where it does not fit."""
    return encode(field.kind, value / field.factor, field.span.count, low_word_first=field.low_word_first)


def words_at(span: Span, memory: Memory) -> list[int] | None:
    """The registers of ``span``, or None where not all were read."""
    words = [memory.get((span.function, address)) for address in range(span.address, span.end)]
    known = [word for word in words if word is not None]
    return known if len(known) == span.count else None


def _number(field: Field, memory: Memory) -> float | None:
    words = words_at(field.span, memory)
    if words is None:
        return None
    raw = decode(field.kind, words, low_word_first=field.low_word_first, missing=field.missing)
    if raw is None or isinstance(raw, str):
        return None
    if field.exponent is None:
        return raw * field.factor
    exponent = _exponent(field.exponent, memory)
    return None if exponent is None else _scaled(raw, exponent) * field.factor


def _exponent(span: Span, memory: Memory) -> int | None:
    """A SunSpec scale factor: -10..10, anything else is missing and makes its value unknowable."""
    word = memory.get((span.function, span.address))
    if word is None:
        return None
    signed = word - 0x10000 if word & 0x8000 else word
    return signed if -MAX_EXPONENT <= signed <= MAX_EXPONENT else None


def _scaled(raw: float, exponent: int) -> float:
    # Dividing keeps 2302 * 10^-1 at 230.2, where multiplying by 0.1 would not.
    return raw * 10.0**exponent if exponent >= 0 else raw / 10.0**-exponent


def _total(numbers: Sequence[tuple[float | None, bool]]) -> float | None:
    present = [number for number, _ in numbers if number is not None]
    needed_missing = any(number is None and not optional for number, optional in numbers)
    return None if needed_missing or not present else sum(present)
