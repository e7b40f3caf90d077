"""Which registers to read in one request, and what to do when a device refuses a request.

Sans-I/O. A block costs the same from 2 to 125 registers, so neighbours are read together, over small holes too;
a device that refuses the hole gets the block in pieces, and a piece it refuses for good is left alone for a while.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum

MAX_WORDS = 125
"""Registers one request may ask for (Modbus Application Protocol 1.1b3, clause 6.3)."""

PARK_S = 60.0
"""How long a piece that the device refuses is left alone."""

ADDRESSES = 65_536


class Function(IntEnum):
    """Modbus function codes that read registers."""

    HOLDING = 3
    INPUT = 4


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """``count`` registers from ``address`` on, 0-based as on the wire."""

    function: Function
    address: int
    count: int

    @property
    def end(self) -> int:
        """The first address after the span."""
        return self.address + self.count


@dataclass(frozen=True, slots=True)
class Block:
    """One request: ``span`` covers ``parts``, the spans that somebody wants."""

    span: Span
    parts: tuple[Span, ...]

    @property
    def has_holes(self) -> bool:
        """Whether registers are read that nobody asked for."""
        wanted = {address for part in self.parts for address in range(part.address, part.end)}
        return len(wanted) < self.span.count


def plan_blocks(parts: Iterable[Span], *, max_words: int = MAX_WORDS, max_gap: int = 8) -> tuple[Block, ...]:
    """The fewest requests, in address order, of at most ``max_words``, that skip over at most ``max_gap`` words.

    Raises ValueError for a part that no request can carry.
    """
    blocks: list[Block] = []
    for part in sorted(set(parts)):
        if not 0 < part.count <= max_words or part.address < 0 or part.end > ADDRESSES:
            raise ValueError(f"{part} does not fit one request of {max_words} registers")
        last = blocks[-1] if blocks else None
        if last is not None and _fits(last.span, part, max_words, max_gap):
            span = Span(part.function, last.span.address, max(last.span.end, part.end) - last.span.address)
            blocks[-1] = Block(span, (*last.parts, part))
        else:
            blocks.append(Block(part, (part,)))
    return tuple(blocks)


def _fits(span: Span, part: Span, max_words: int, max_gap: int) -> bool:
    return (
        span.function == part.function
        and part.address - span.end <= max_gap
        and max(span.end, part.end) - span.address <= max_words
    )


# Codes by which a device says "not these registers" (clause 7); the others speak of the device's own state.
PERMANENT_CODES = frozenset({1, 2, 3})


@dataclass(slots=True)
class BlockSchedule:
    """The requests of one device, which learns from refusals."""

    blocks: list[Block]
    _parked_until_s: dict[Span, float] = field(default_factory=dict)

    @classmethod
    def of(cls, parts: Iterable[Span], *, max_words: int = MAX_WORDS, max_gap: int = 8) -> BlockSchedule:
        """A schedule of the fewest requests for ``parts``."""
        return cls(list(plan_blocks(parts, max_words=max_words, max_gap=max_gap)))

    def due(self, now_s: float) -> tuple[Block, ...]:
        """The blocks to read now: all but the parked."""
        return tuple(b for b in self.blocks if self._parked_until_s.get(b.span, now_s) <= now_s)

    @property
    def parked(self) -> tuple[Span, ...]:
        """What the device has refused for good, as far as is known."""
        return tuple(self._parked_until_s)

    def accepted(self, block: Block) -> None:
        """The device answered ``block``."""
        self._parked_until_s.pop(block.span, None)

    def refused(self, block: Block, code: int, now_s: float) -> None:
        """The device answered ``block`` with exception ``code``: cut it up, or leave it alone for PARK_S.

        A code that speaks of the device's state (busy, failing) changes nothing: the caller backs off instead.
        """
        if code not in PERMANENT_CODES:
            return
        pieces = _pieces(block)
        if len(pieces) == 1:
            self._parked_until_s[block.span] = now_s + PARK_S
        else:
            at = self.blocks.index(block)
            self.blocks[at : at + 1] = pieces


def _pieces(block: Block) -> tuple[Block, ...]:
    """``block`` without its holes; without holes, each part alone."""
    if block.has_holes:
        return plan_blocks(block.parts, max_words=block.span.count, max_gap=0)
    return tuple(Block(part, (part,)) for part in block.parts)
