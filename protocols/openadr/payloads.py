"""The payload types of OpenADR 3 events, and what a value of each must be. A table, read by the event parser.

Source: OpenADR 3.1.0 Definition, "Event Enumerations". Private types are legal: they are carried unjudged, and
whoever maps events to actions says that it does not act on them.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Value = float | str | bool | tuple[float, float]
"""A number, a text, a truth, or a point (x, y)."""

_ABSURD = 1e9
"""Numbers beyond this belong to no home: a lost decimal point, or an attack."""
_LONGEST_TEXT = 1_024


@dataclass(frozen=True, slots=True)
class PayloadRule:
    """What a payload type may hold."""

    read: Callable[[object], Value]
    """Value as typed here, or ``ValueError`` telling what is wrong."""
    packed: bool = True
    """Several values share the interval evenly (prices); False: they are one value (a curve)."""


def _finite(raw: object) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise ValueError(f"{str(raw)[:40]!r} is no number")
    number = float(raw)
    if not math.isfinite(number) or abs(number) > _ABSURD:
        raise ValueError(f"{number:g} is no sensible number")
    return number


def number(low: float = -_ABSURD, high: float = _ABSURD) -> Callable[[object], Value]:
    """Reader of a finite number within ``low`` .. ``high``."""

    def read(raw: object) -> Value:
        value = _finite(raw)
        if not low <= value <= high:
            raise ValueError(f"{value:g} is {f'below {low:g}' if value < low else f'above {high:g}'}")
        return value

    return read


def level(raw: object) -> Value:
    """SIMPLE: a whole number 0..3."""
    value = _finite(raw)
    if value not in (0, 1, 2, 3):
        raise ValueError(f"{value:g} is none of the levels 0, 1, 2, 3")
    return value


def text(raw: object) -> Value:
    """A text, cut to what a screen can show."""
    if not isinstance(raw, str):
        raise ValueError(f"{str(raw)[:40]!r} is no text")
    return raw[:_LONGEST_TEXT]


def point(raw: object) -> Value:
    """A pair (x, y)."""
    if not isinstance(raw, dict) or not {"x", "y"} <= raw.keys():
        raise ValueError(f"{str(raw)[:40]!r} is no point with x and y")
    return _finite(raw["x"]), _finite(raw["y"])


def anything(raw: object) -> Value:
    """A private type's value: whatever JSON the standard allows there."""
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, str):
        return text(raw)
    return point(raw) if isinstance(raw, dict) else _finite(raw)


_AMOUNT = PayloadRule(number(low=0))
_MONEY = PayloadRule(number())
_ALERT = PayloadRule(text, packed=False)

RULES: dict[str, PayloadRule] = {
    "SIMPLE": PayloadRule(level),
    "PRICE": _MONEY,
    "PRICE_ALTERNATE": _MONEY,
    "EXPORT_PRICE": _MONEY,
    "GHG": _AMOUNT,
    "CHARGE_STATE_SETPOINT": _AMOUNT,
    # The table gives it a minimum of 0: export is asked by other types.
    "DISPATCH_SETPOINT": _AMOUNT,
    "DISPATCH_SETPOINT_RELATIVE": PayloadRule(number()),
    "DISPATCH_INSTRUCTION": PayloadRule(text, packed=False),
    "CONTROL_SETPOINT": PayloadRule(anything, packed=False),
    "CONTROL_LEVEL_OFFSET": PayloadRule(number(-10, 10)),
    "CONTROL_LEVEL_OFFSET_PERCENT": PayloadRule(number(-1, 1)),
    "CURVE": PayloadRule(point, packed=False),
    "OLS": PayloadRule(number(0, 1)),
    **{
        f"{direction}_CAPACITY_{what}": _MONEY if what.endswith(("FEE", "PRICE")) else _AMOUNT
        for direction in ("IMPORT", "EXPORT")
        for what in ("SUBSCRIPTION", "RESERVATION", "RESERVATION_FEE", "AVAILABLE", "AVAILABLE_PRICE", "LIMIT")
    },
    **{
        f"ALERT_{what}": _ALERT
        for what in (
            "GRID_EMERGENCY",
            "BLACK_START",
            "POSSIBLE_OUTAGE",
            "FLEX_ALERT",
            "FIRE",
            "FREEZING",
            "WIND",
            "TSUNAMI",
            "AIR_QUALITY",
            "OTHER",
        )
    },
}

PRIVATE_RULE = PayloadRule(anything, packed=False)


def read_values(payload_type: str, raw: Any) -> tuple[Value, ...]:
    """The values of one payload; a ``ValueError`` names the type and what is wrong with it."""
    if not isinstance(raw, list):
        raise ValueError(f"the values of {payload_type} are no list")
    rule = RULES.get(payload_type, PRIVATE_RULE)
    if not raw:
        if rule is _ALERT:
            return ("",)  # an alert without words is still an alert
        raise ValueError(f"{payload_type} has no value")
    try:
        return tuple(rule.read(value) for value in raw)
    except ValueError as problem:
        raise ValueError(f"{payload_type}: {problem}") from None
