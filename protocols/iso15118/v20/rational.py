"""Numbers as ISO 15118-20 carries them: Value * 10 ** Exponent, with 16 bits for the value (8.3.5.3.8)."""

from collections.abc import Sequence
from typing import Any

from protocols.exi.messages.common_types import RationalNumberType
from protocols.iso15118.values import decimal

PHASE_SUFFIXES = ("", "_L2", "_L3")


def rational(value: float) -> RationalNumberType:
    """The wire form, cut towards zero; raises `ValueError` for what no such number can carry."""
    mantissa, exponent = decimal(value)
    return RationalNumberType(Exponent=exponent, Value=mantissa)


def number(value: RationalNumberType) -> float:
    """The number itself."""
    return float(value.Value * 10.0**value.Exponent)


def optional_rational(value: float | None) -> RationalNumberType | None:
    """`rational`, where None stays None."""
    return None if value is None else rational(value)


def optional_number(value: RationalNumberType | None) -> float | None:
    """`number`, where None stays None."""
    return None if value is None else number(value)


def by_phase(name: str, phases_w: Sequence[float]) -> dict[str, Any]:
    """AC powers phase by phase as keyword arguments."""
    return {name + suffix: rational(power_w) for suffix, power_w in zip(PHASE_SUFFIXES, phases_w, strict=False)}


def read_phases(element: object, name: str) -> tuple[float, ...]:
    """AC powers phase by phase, read back."""
    values = (getattr(element, name + suffix, None) for suffix in PHASE_SUFFIXES)
    return tuple(number(value) for value in values if value is not None)


def per_phase(name: str, power_w: float, phases: int) -> dict[str, Any]:
    """An AC power as keyword arguments: one element, or L1, _L2 and _L3 that share it evenly."""
    suffixes = PHASE_SUFFIXES[:phases]
    return {name + suffix: rational(power_w / len(suffixes)) for suffix in suffixes}


def phase_sum(element: object, name: str) -> float | None:
    """An AC power read back: the sum of the phases given, None if not even the first is."""
    first = getattr(element, name, None)
    if first is None:
        return None
    values = (getattr(element, name + suffix, None) for suffix in PHASE_SUFFIXES)
    return sum(number(value) for value in values if value is not None)
