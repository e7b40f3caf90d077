"""EMAID and PCID: read in any spelling, refused with a sentence, check digits right."""

import pytest

from protocols.pki.identifiers import (
    IdentifierError,
    emaid_check_digit,
    emaid_is_consistent,
    normalise_emaid,
    normalise_pcid,
)

PUBLISHED = {
    "NN123ABCDEFGHI": "T",
    "FRXYZ123456789": "2",
    "ITA1B2C3E4F5G6": "4",
    "ESZU8WOX834H1D": "R",
    "PT73902837ABCZ": "Z",
    "DE83DUIEN83QGZ": "D",
    "DE83DUIEN83ZGQ": "M",
    "DE8AA001234567": "0",
}
"""Contract IDs and check digits that several public implementations agree on."""


@pytest.mark.parametrize(("emaid", "digit"), PUBLISHED.items())
def test_check_digits(emaid, digit):
    assert emaid_check_digit(emaid) == digit
    assert emaid_is_consistent(emaid + digit)
    assert emaid_is_consistent(emaid)
    wrong = "A" if digit != "A" else "B"
    assert not emaid_is_consistent(emaid + wrong)


@pytest.mark.parametrize(
    "spelling", ["DE83DUIEN83QGZD", "de-83d-uien83qgz-d", "DE*83D*UIEN83QGZ*D", " de 83D uien83qgzd "]
)
def test_one_emaid_in_many_spellings(spelling):
    assert normalise_emaid(spelling) == "DE83DUIEN83QGZD"


@pytest.mark.parametrize(
    "text", ["", "DE", "DE83DUIEN83QG", "DE83DUIEN83QGZDX", "1E83DUIEN83QGZ", "DE83DÜIEN83QGZ", "x" * 500]
)
def test_no_emaid(text):
    with pytest.raises(IdentifierError, match="is no EMAID"):
        normalise_emaid(text)


@pytest.mark.parametrize("text", ["WVW12345678901234", "wvw-123456789012345"])
def test_pcid(text):
    assert normalise_pcid(text).startswith("WVW1234567890123")


@pytest.mark.parametrize(
    "text", ["", "OEMProvCert", "WVW1234567890123", "WVW1234567890123456", "WVW１２３４５６７８９０１２３４"]
)
def test_no_pcid(text):
    with pytest.raises(IdentifierError, match="is no PCID"):
        normalise_pcid(text)
