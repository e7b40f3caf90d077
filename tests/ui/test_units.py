from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QLocale

from ui.models.units import DASH, Format, duration

EN = Format(timezone="Europe/Berlin", currency="EUR", locale=QLocale("en"))
DE = Format(timezone="Europe/Berlin", currency="EUR", locale=QLocale("de"))
NOW = datetime(2026, 11, 24, 17, 42, tzinfo=UTC)


def plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u2212", "-")


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (EN.power(3421), "3.4 kW"),
        (EN.power(-3421), "3.4 kW"),
        (EN.signed_power(-3421), "-3.4 kW"),
        (EN.signed_power(-12), "0.0 kW"),
        (EN.energy(12_640), "12.6 kWh"),
        (EN.energy(1_234_567), "1,235 kWh"),
        (DE.power(3421), "3,4 kW"),
        (EN.percent(0.805), "80 %"),
        (EN.money(-1.5), "-1.50 €"),
        (EN.money(1.5, signed=True), "+1.50 €"),
        (EN.money(-0.001), "0.00 €"),
        (Format(currency="GBP", locale=QLocale("en")).money(-2), "-£2.00"),
        (Format(currency="CHF", locale=QLocale("en")).money(2), "2.00 CHF"),
        (EN.price(0.384), "0.38 €/kWh"),
        (EN.frequency(49.876), "49.88 Hz"),
        (EN.clock(NOW), "18:42"),
        (EN.when(NOW, NOW), "18:42"),
        (EN.when(NOW + timedelta(hours=12), NOW), "tomorrow 06:42"),
        (EN.when(NOW - timedelta(hours=19), NOW), "yesterday 23:42"),
        (EN.when(NOW + timedelta(days=3), NOW), "Fri 18:42"),
        (EN.when(NOW + timedelta(days=9), NOW), "3 Dec 18:42"),
    ],
)
def test_figures(shown: object, expected: str) -> None:
    assert plain(shown.text) == expected  # type: ignore[attr-defined]


def test_unknown_is_a_dash_with_its_reason_and_never_zero() -> None:
    for write in (EN.power, EN.energy, EN.percent, EN.money, EN.price, EN.frequency, EN.clock):
        shown = write(None, "The meter is silent.")  # type: ignore[operator]
        assert (shown.text, shown.why) == (DASH, "The meter is silent.")


def test_an_unknown_zone_falls_to_utc() -> None:
    assert Format(timezone="Mars/Olympus").clock(NOW).text == "17:42"


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        (timedelta(minutes=135), "2 h 15 min"),
        (timedelta(), "0 min"),
        (timedelta(days=3), "3 d"),
        (timedelta(hours=1), "1 h"),
    ],
)
def test_durations(span: timedelta, expected: str) -> None:
    assert plain(duration(span)) == expected


@given(st.floats(-1e7, 1e7), st.integers(0, 3))
def test_no_number_is_minus_zero(value: float, decimals: int) -> None:
    text = EN.number(value, decimals)
    assert not (text.startswith("\u2212") and not text.strip("\u22120.,"))
