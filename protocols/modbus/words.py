"""Registers to numbers and back: the value types of SunSpec and of the profiles.

A type's "not implemented" pattern decodes to ``None``: a missing value must never look like a number.
Patterns: SunSpec Device Information Model Specification 1.1, table "Data types".
An accumulator's 0 stays 0, though SunSpec also lets it mean "not implemented": a counter that never counted
reads 0 Wh either way.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

Value = float | int | str


class WordsError(ValueError):
    """A value that does not fit its register type, or a type nobody knows."""


@dataclass(frozen=True, slots=True)
class WordType:
    """How ``words`` 16-bit registers make one value.

    ``code`` is the big-endian :mod:`struct` code ("" for text), ``missing`` the unsigned patterns that mean "no value".
    """

    name: str
    words: int
    code: str
    missing: frozenset[int] = frozenset()

    @property
    def is_text(self) -> bool:
        """Whether the registers hold characters instead of a number."""
        return not self.code


def _types() -> dict[str, WordType]:
    """Every type by name; text has as many words as its point says."""
    rows: tuple[tuple[str, int, str, tuple[int, ...]], ...] = (
        ("int16", 1, "h", (0x8000,)),
        ("uint16", 1, "H", (0xFFFF,)),
        ("count", 1, "H", (0xFFFF,)),
        ("enum16", 1, "H", (0xFFFF,)),
        ("bitfield16", 1, "H", (0xFFFF,)),
        ("sunssf", 1, "h", (0x8000,)),
        ("pad", 1, "H", (0x8000,)),
        ("int32", 2, "i", (0x80000000,)),
        ("uint32", 2, "I", (0xFFFFFFFF,)),
        ("bitfield32", 2, "I", (0xFFFFFFFF, 0x80000000)),
        ("acc32", 2, "I", (0xFFFFFFFF,)),
        ("float32", 2, "f", ()),
        ("int64", 4, "q", (0x8000000000000000,)),
        ("uint64", 4, "Q", (0xFFFFFFFFFFFFFFFF,)),
        ("acc64", 4, "Q", (0xFFFFFFFFFFFFFFFF,)),
        ("float64", 4, "d", ()),
        ("string", 1, "", ()),
    )
    return {name: WordType(name, words, code, frozenset(missing)) for name, words, code, missing in rows}


TYPES = MappingProxyType(_types())


def decode(
    kind: WordType, words: Sequence[int], *, low_word_first: bool = False, missing: frozenset[int] = frozenset()
) -> Value | None:
    """The value in ``words``, or None where the device says it has none.

    ``missing`` adds patterns (unsigned, after word order is put right) that this device uses besides the type's own.
    NaN and infinities are missing. Text ends at its first NUL and is stripped; empty text is missing.
    """
    data = struct.pack(f">{len(words)}H", *(reversed(words) if low_word_first else words))
    if kind.is_text:
        return data.split(b"\0", 1)[0].decode("utf-8", "replace").strip() or None
    if len(words) != kind.words:
        raise WordsError(f"{kind.name} takes {kind.words} registers, not {len(words)}")
    pattern = int.from_bytes(data, "big")
    if pattern in kind.missing or pattern in missing:
        return None
    value: int | float = struct.unpack(f">{kind.code}", data)[0]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def encode(kind: WordType, value: Value | None, words: int, *, low_word_first: bool = False) -> list[int]:
    """``value`` as registers; None becomes the type's "not implemented" pattern (NaN, empty text, 0 if it has none).

    Raises WordsError where the number does not fit.
    """
    if kind.is_text:
        data = str(value or "").encode()[: 2 * words].ljust(2 * words, b"\0")
    elif value is None:
        data = _missing_bytes(kind)
    else:
        try:
            number = float(value) if kind.code in "fd" else round(float(value))
            data = struct.pack(f">{kind.code}", number)
        except (struct.error, ValueError, OverflowError) as exc:
            raise WordsError(f"{value!r} does not fit {kind.name}") from exc
    registers = list(struct.unpack(f">{len(data) // 2}H", data))
    return registers[::-1] if low_word_first else registers


def _missing_bytes(kind: WordType) -> bytes:
    if kind.code in ("f", "d"):
        return struct.pack(f">{kind.code}", math.nan)
    return min(kind.missing, default=0).to_bytes(2 * kind.words, "big")
