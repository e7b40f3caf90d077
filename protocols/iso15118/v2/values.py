"""Physical values as ISO 15118-2 carries them: Value * 10 ** Multiplier in a unit (8.5.2.7)."""

import math

from protocols.exi.messages.v2_types import PhysicalValueType, unitSymbolType
from protocols.exi.small_peers import ascii_text

A, V, W, WH, S = unitSymbolType.A, unitSymbolType.V, unitSymbolType.W, unitSymbolType.Wh, unitSymbolType.s

FINEST = {A: -2, V: -1}
"""The finest multiplier that we send, else 0: finer than a meter reads is only more to misread."""
COARSEST, MAX_VALUE = 3, 2**15 - 1
_SECONDS = {unitSymbolType.h: 3600.0, unitSymbolType.m: 60.0, unitSymbolType.s: 1.0}


def physical(value: float, unit: unitSymbolType) -> PhysicalValueType:
    """The wire form, cut towards zero: a limit written so is never larger than it was.

    Raises `ValueError` for what no such value can carry (NaN, infinity, beyond 32.767 million).
    """
    if not math.isfinite(value) or abs(value) > MAX_VALUE * 10**COARSEST:
        raise ValueError(f"{value} {unit} does not fit an ISO 15118-2 value")
    multiplier = FINEST.get(unit, 0)
    while abs(value) / 10**multiplier > MAX_VALUE + 1 - 1e-6:
        multiplier += 1
    # The nudge undoes binary noise: 230.1 / 0.1 is 2300.9999999999998.
    mantissa = int(value / 10**multiplier + math.copysign(1e-6, value))
    while multiplier < 0 and mantissa % 10 == 0:
        multiplier += 1
        mantissa //= 10
    return PhysicalValueType(Multiplier=multiplier, Unit=unit, Value=mantissa)


def optional_physical(value: float | None, unit: unitSymbolType) -> PhysicalValueType | None:
    """`physical`, where None stays None."""
    return None if value is None else physical(value, unit)


def number(value: PhysicalValueType) -> float:
    """The number itself, in the unit that its element asks for; times in seconds."""
    return float(value.Value * 10.0**value.Multiplier) * _SECONDS.get(value.Unit, 1.0)


def optional_number(value: PhysicalValueType | None) -> float | None:
    """`number`, where None stays None."""
    return None if value is None else number(value)


def plain(text: str, length: int) -> str:
    """As much of a text as any peer takes: peers built on libcbv2g read ASCII only."""
    return ascii_text(text, length)
