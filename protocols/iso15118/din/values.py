"""Numbers and identifiers as DIN SPEC 70121 carries them."""

import re

from protocols.exi.messages.din_types import PhysicalValueType, UnitSymbolType
from protocols.iso15118.values import decimal

NO_EVSE_ID = b"\x00"
"""What a charger without a number of DIN SPEC 91286 sends."""
_NUMBER = re.compile(r"\+?[0-9][0-9*]*")


def amperes(value: float) -> PhysicalValueType:
    """A current; as in `values.decimal`, cut towards zero, ValueError for what no such number carries."""
    return _quantity(value, UnitSymbolType.A)


def volts(value: float) -> PhysicalValueType:
    """A voltage."""
    return _quantity(value, UnitSymbolType.V)


def watts(value: float) -> PhysicalValueType:
    """A power."""
    return _quantity(value, UnitSymbolType.W)


def watt_hours(value: float) -> PhysicalValueType:
    """An energy."""
    return _quantity(value, UnitSymbolType.Wh)


def _quantity(value: float, unit: UnitSymbolType) -> PhysicalValueType:
    mantissa, multiplier = decimal(value)
    return PhysicalValueType(Multiplier=multiplier, Unit=unit, Value=mantissa)


def number(value: PhysicalValueType) -> float:
    """The number alone: the unit is optional, and each element allows only one."""
    return float(value.Value * 10.0**value.Multiplier)


def optional_number(value: PhysicalValueType | None) -> float | None:
    """`number`, where None stays None."""
    return None if value is None else number(value)


def evse_id_bytes(evse_id: str) -> bytes:
    """A number of DIN SPEC 91286 ("+49*898*6360"), two signs to a byte with A for the star; else `NO_EVSE_ID`."""
    digits = evse_id.removeprefix("+").replace("*", "A")
    if not _NUMBER.fullmatch(evse_id) or len(digits) % 2 or len(digits) > 64:
        return NO_EVSE_ID
    return bytes.fromhex(digits)


def evse_id_text(evse_id: bytes) -> str:
    """The same read back: digits and stars, or the bytes as hexadecimal where they are no such number."""
    digits = evse_id.hex().upper()
    return digits.replace("A", "*") if re.fullmatch("[0-9A]+", digits) else digits
