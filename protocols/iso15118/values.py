"""Decimal numbers, fractions, percent, whole seconds and identities, as all generations write them."""

import hashlib
import math
import re

MAX_VALUE = 2**15 - 1
FINEST, COARSEST = -3, 3
"""The powers of ten that all generations use."""
_MAC_BYTES = 6


def decimal(value: float, finest: int = FINEST) -> tuple[int, int]:
    """A number as (16-bit value, power of ten), cut towards zero: a limit written so is never larger than it was.

    Raises `ValueError` for what no such number can carry (NaN, infinity, beyond 32.767 million).
    """
    if not math.isfinite(value) or abs(value) > MAX_VALUE * 10**COARSEST:
        raise ValueError(f"{value} does not fit an ISO 15118 number")
    exponent = finest
    while abs(value) / 10**exponent > MAX_VALUE + 1 - 1e-6:
        exponent += 1
    # The nudge undoes binary noise: 230.1 / 0.1 is 2300.9999999999998.
    mantissa = int(value / 10**exponent + math.copysign(1e-6, value))
    while exponent < 0 and mantissa % 10 == 0:
        exponent += 1
        mantissa //= 10
    return mantissa, exponent


def mac_address(evcc_id: str) -> bytes:
    """The car's identity in -2 and DIN, its MAC address.

    An identity that is none (-20 allows any text) becomes a locally administered address of its own.
    """
    digits = re.sub("[:-]", "", evcc_id)
    if re.fullmatch(f"[0-9A-Fa-f]{{{2 * _MAC_BYTES}}}", digits):
        return bytes.fromhex(digits)
    digest = hashlib.sha256(evcc_id.encode("utf-8", "surrogatepass")).digest()
    return bytes([digest[0] & 0xFC | 0x02, *digest[1:_MAC_BYTES]])


def percent(fraction: float | None) -> int | None:
    """A fraction 0..1 as whole percent, held inside 0..100; None stays None."""
    return None if fraction is None else max(0, min(100, round(fraction * 100)))


def fraction(percent_value: int | None) -> float | None:
    """Whole percent as a fraction 0..1; None stays None."""
    return None if percent_value is None else percent_value / 100


def seconds(value: float | None) -> int | None:
    """Seconds for an xs:unsignedInt field; None stays None."""
    return None if value is None else max(0, min(2**32 - 1, round(value)))
