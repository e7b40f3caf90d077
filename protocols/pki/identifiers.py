"""The two names that a car carries: its contract's (EMAID) and its provisioning certificate's (PCID)."""

import re

from protocols.pki.names import printable

EMAID = re.compile(r"[A-Z]{2}[A-Z0-9]{3}[A-Z0-9]{9}[A-Z0-9]?", re.ASCII)
PCID = re.compile(r"[A-Z0-9]{17,18}", re.ASCII)
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

Pair = tuple[int, int]


class IdentifierError(ValueError):
    """No EMAID, or no PCID: one sentence says what is wrong."""


def bare_id(text: str) -> str:
    """An identifier as it is compared and authenticated: letters and digits alone, in capitals."""
    return "".join(char for char in text if char.isalnum()).upper()


def normalise_emaid(text: str) -> str:
    """An EMAID without separators, in capitals: country, provider, nine characters, and a check digit if it has one.

    A check digit is not judged: test contracts in the field have invented ones. Raises IdentifierError.
    """
    bare = bare_id(text)
    if EMAID.fullmatch(bare) is None or not text.isprintable():
        raise IdentifierError(
            f"'{printable(text)}' is no EMAID: it has two letters for the country, three characters for the provider "
            "and nine for the contract, as in DE-8AA-C12345678"
        )
    return bare


def emaid_is_consistent(emaid: str) -> bool:
    """Whether a normalised EMAID's check digit is right; true where it has none."""
    return len(emaid) == 14 or emaid_check_digit(emaid[:14]) == emaid[14]


def emaid_check_digit(emaid: str) -> str:
    """The check digit of 14 characters, by the eMI³ method.

    A character is two bits and two trits. Each place multiplies the bits by a power of one matrix over GF(2), the trits
    by a power of another over GF(3); the check digit brings both sums to nought.
    """
    bits, trits = (0, 0), (0, 0)
    bit_row, trit_row = (0, 1), (0, 1)
    for char in emaid:
        bits = _plus(bits, _times(_bits(char), bit_row, 2), 2)
        trits = _plus(trits, _times(_trits(char), trit_row, 3), 3)
        bit_row, trit_row = _next(bit_row, 2), _next(trit_row, 3)
    return next(
        char
        for char in ALPHABET
        if _plus(bits, _times(_bits(char), bit_row, 2), 2) == (0, 0)
        and _plus(trits, _times(_trits(char), trit_row, 3), 3) == (0, 0)
    )


def normalise_pcid(text: str) -> str:
    """A PCID without separators, in capitals: the maker's three characters (WMI), then its own 14 or 15.

    Raises IdentifierError.
    """
    bare = bare_id(text)
    if PCID.fullmatch(bare) is None:
        raise IdentifierError(
            f"'{printable(text)}' is no PCID: it has 17 or 18 letters and digits, the first three of them the maker's"
        )
    return bare


def _bits(char: str) -> Pair:
    return divmod(ALPHABET.index(char) // 9, 2)


def _trits(char: str) -> Pair:
    return divmod(ALPHABET.index(char) % 9, 3)


def _times(vector: Pair, row: Pair, base: int) -> Pair:
    """``vector`` times the matrix power whose first row is ``row``; its second is the power's next."""
    below = _next(row, base)
    return ((vector[0] * row[0] + vector[1] * below[0]) % base, (vector[0] * row[1] + vector[1] * below[1]) % base)


def _next(row: Pair, base: int) -> Pair:
    """``row`` times the matrix ((0, 1), (1, base − 1))."""
    return (row[1] % base, (row[0] + row[1] * (base - 1)) % base)


def _plus(first: Pair, second: Pair, base: int) -> Pair:
    return ((first[0] + second[0]) % base, (first[1] + second[1]) % base)
