"""Fractions, percent and whole seconds, as all generations write them."""


def percent(fraction: float | None) -> int | None:
    """A fraction 0..1 as whole percent, held inside 0..100; None stays None."""
    return None if fraction is None else max(0, min(100, round(fraction * 100)))


def fraction(percent_value: int | None) -> float | None:
    """Whole percent as a fraction 0..1; None stays None."""
    return None if percent_value is None else percent_value / 100


def seconds(value: float | None) -> int | None:
    """Seconds for an xs:unsignedInt field; None stays None."""
    return None if value is None else max(0, min(2**32 - 1, round(value)))
