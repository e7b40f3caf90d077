"""Is what the device says believable?

Sans-I/O. A value out of range is thrown away; a device that stands still, or a counter that runs backwards, is flagged
and kept: the caller decides what a doubtful value is worth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from protocols.modbus.quantities import QUANTITIES


class FaultKind(StrEnum):
    """Why a value is missing or doubtful."""

    RANGE = "out of range"
    FROZEN = "frozen"
    BACKWARDS = "counter ran backwards"
    REFUSED = "refused by the device"


@dataclass(frozen=True, slots=True)
class Fault:
    """One doubt: about ``quantity`` ("" for the whole device), with the value that raised it."""

    kind: FaultKind
    quantity: str = ""
    value: float | None = None

    def __str__(self) -> str:
        what = self.quantity or "device"
        return f"{what}: {self.kind}" + ("" if self.value is None else f" ({self.value:g})")


FROZEN_AFTER_S = 300.0
FROZEN_AFTER_READS = 60


@dataclass(slots=True)
class Checks:
    """Believability of one device's values over time.

    ``ranges`` narrows the bounds of :mod:`protocols.modbus.quantities` for this product. ``frozen_after_s`` is how
    long all lively values may stay the same to the last digit (and for at least FROZEN_AFTER_READS reads); None never
    doubts. A device at rest, with no power flowing, may stand still.
    """

    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    frozen_after_s: float | None = FROZEN_AFTER_S
    _counters: dict[str, float] = field(default_factory=dict)
    _picture: tuple[tuple[str, float | None], ...] = ()
    _since_s: float = 0.0
    _reads: int = 0

    def apply(self, values: Mapping[str, float | None], now_s: float) -> tuple[dict[str, float | None], list[Fault]]:
        """``values`` without what cannot be, and the faults found."""
        kept: dict[str, float | None] = {}
        faults: list[Fault] = []
        for quantity, value in values.items():
            if value is not None and not self._in_range(quantity, value):
                faults.append(Fault(FaultKind.RANGE, quantity, value))
                value = None
            kept[quantity] = value
        faults += self._backwards(kept)
        if self._frozen(kept, now_s):
            faults.append(Fault(FaultKind.FROZEN))
        return kept, faults

    def _in_range(self, quantity: str, value: float) -> bool:
        row = QUANTITIES[quantity]
        low, high = self.ranges.get(quantity, (row.low, row.high))
        return low <= value <= high

    def _backwards(self, values: Mapping[str, float | None]) -> list[Fault]:
        faults = []
        for quantity, value in values.items():
            if value is None or not QUANTITIES[quantity].counter:
                continue
            if value < self._counters.get(quantity, value):
                faults.append(Fault(FaultKind.BACKWARDS, quantity, value))
            self._counters[quantity] = value
        return faults

    def _frozen(self, values: Mapping[str, float | None], now_s: float) -> bool:
        picture = tuple((q, v) for q, v in values.items() if QUANTITIES[q].lively)
        if picture != self._picture:
            self._picture, self._since_s, self._reads = picture, now_s, 0
        self._reads += 1
        moving = any(value for quantity, value in picture if quantity.endswith("_w") or quantity.startswith("phase_w"))
        return (
            self.frozen_after_s is not None
            and moving
            and self._reads >= FROZEN_AFTER_READS
            and now_s - self._since_s >= self.frozen_after_s
        )
