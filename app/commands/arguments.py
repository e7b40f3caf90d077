"""What a person types after an option, checked where it is typed: argparse types with words of their own."""

import argparse
import re

MOST_W = 1e7


def positive(text: str) -> float:
    """A number above 0."""
    value = _number(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a number above 0")
    return value


def watts(text: str) -> float:
    """A power that every protocol can tell: above 0, below 10 MW."""
    value = _number(text)
    if not 0 < value < MOST_W:
        raise argparse.ArgumentTypeError(f"{text} is not a number of watts above 0 and below {MOST_W:g}")
    return value


def not_negative(text: str) -> float:
    """A number from 0."""
    value = _number(text)
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a number from 0")
    return value


def percent(text: str) -> float:
    """Percent, as a fraction 0..1."""
    value = _number(text)
    if not 0 <= value <= 100:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 100 %")
    return value / 100


def whole(text: str) -> int:
    """A whole number above 0."""
    if not (_is_whole(text) and int(text)):
        raise argparse.ArgumentTypeError(f"{text!r:.20} is not a whole number above 0")
    return int(text)


def whole_from_0(text: str) -> int:
    """A whole number from 0."""
    if not _is_whole(text):
        raise argparse.ArgumentTypeError(f"{text!r:.20} is not a whole number from 0")
    return int(text)


def port(text: str) -> int:
    """A port, 0 for any that is free."""
    if not (_is_whole(text) and int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r:.20} is not a port from 0 to 65535")
    return int(text)


def identifier(text: str) -> str:
    """What the standard's identifierType takes (1 to 255 characters)."""
    if not (0 < len(text) <= 255 and text.isprintable()):
        raise argparse.ArgumentTypeError("an identifier has 1 to 255 characters")
    return text


def evse_id(text: str) -> str:
    """A charger's ID that every generation can tell."""
    if not (7 <= len(text) <= 37 and text.isascii() and text.isprintable()):
        raise argparse.ArgumentTypeError(f"{text!r:.40} is no EVSEID: 7 to 37 characters, like DE*TWO*E0001")
    return text


def contract_id(text: str) -> str:
    """An EMAID, as a contract certificate may carry it: separators and check digit are its issuer's affair."""
    if not re.fullmatch(r"[A-Za-z]{2}[A-Za-z0-9*\-]{7,22}", text):
        raise argparse.ArgumentTypeError(f"{text!r:.40} is no contract's ID, which looks like DE-8AA-C12345678")
    return text


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r:.20} is not a number") from None
