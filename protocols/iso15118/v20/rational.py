"""Numbers as ISO 15118-20 carries them: Value * 10 ** Exponent, with 16 bits for the value (8.3.5.3.8)."""

import math
from typing import Any

from protocols.exi.messages.common_types import RationalNumberType

MAX_VALUE = 2**15 - 1
FINEST, COARSEST = -3, 3
"""The exponents that the standard uses."""

PHASE_SUFFIXES = ("", "_L2", "_L3")


def rational(value: float) -> RationalNumberType:
    """The wire form, cut towards zero: a limit written so is never larger than it was.

    Raises `ValueError` for what no such number can carry (NaN, infinity, beyond 32.767 million).
    """
    if not math.isfinite(value) or abs(value) > MAX_VALUE * 10**COARSEST:
        raise ValueError(f"{value} does not fit an ISO 15118 number")
    exponent = FINEST
    while abs(value) / 10**exponent > MAX_VALUE + 1 - 1e-6:
        exponent += 1
    # The nudge undoes binary noise: 230.1 / 0.1 is 2300.9999999999998.
    mantissa = int(value / 10**exponent + math.copysign(1e-6, value))
    while exponent < 0 and mantissa % 10 == 0:
        exponent += 1
        mantissa //= 10
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
