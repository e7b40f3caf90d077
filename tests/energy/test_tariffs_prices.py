"""Tariffs: each kind's prices, and clear words for what cannot be read."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from energy.horizon import make_edges
from energy.tariffs import DayAhead, Markup, PriceSeries, TariffError, kinds, make_tariff, parse_prices

START = datetime(2024, 3, 30, tzinfo=UTC).timestamp()


def test_every_kind_is_found_and_an_unknown_one_named():
    assert kinds() == ("day_ahead", "fixed", "time_of_use")
    with pytest.raises(TariffError, match=r"'moon'.*fixed"):
        make_tariff("moon", {})
    with pytest.raises(TariffError, match="no option 'colour'"):
        make_tariff("fixed", {"import_eur_per_kwh": 0.3, "colour": 1})
    with pytest.raises(TariffError, match="lacks"):
        make_tariff("fixed", {})
    with pytest.raises(TariffError, match="number"):
        make_tariff("fixed", {"import_eur_per_kwh": float("nan")})


def test_fixed_is_the_same_all_day():
    prices = make_tariff("fixed", {"import_eur_per_kwh": 0.3, "export_eur_per_kwh": 0.08}).prices(make_edges(START))
    assert set(prices.import_eur_per_kwh) == {0.3}
    assert set(prices.export_eur_per_kwh) == {0.08}


def test_night_and_day_follow_the_local_clock_over_a_short_day():
    tariff = make_tariff(
        "time_of_use",
        {
            "import_eur_per_kwh": 0.35,
            "tz": "Europe/Amsterdam",
            "bands": [{"from": "23:00", "to": "07:00", "import": 0.20, "export": 0.01}],
        },
    )
    # In the night to 2024-03-31 two o'clock is three o'clock: the night has seven hours.
    edges = START + 12 * 3600 + 3600.0 * np.arange(25)
    prices = tariff.prices(edges)
    assert np.count_nonzero(prices.import_eur_per_kwh == 0.20) == 7
    cheap = edges[:-1][prices.import_eur_per_kwh == 0.20]
    assert {datetime.fromtimestamp(s, ZoneInfo("Europe/Amsterdam")).hour for s in cheap} == {23, 0, 1, 3, 4, 5, 6}
    assert prices.export_eur_per_kwh[prices.import_eur_per_kwh == 0.20] == pytest.approx(0.01)


def test_weekends_may_differ_and_the_first_band_wins():
    tariff = make_tariff(
        "time_of_use",
        {
            "import_eur_per_kwh": 0.3,
            "bands": [
                {"from": "00:00", "to": "24:00", "import": 0.1, "days": ["sat", "sun"]},
                {"from": "08:00", "to": "20:00", "import": 0.5},
            ],
        },
    )
    saturday = tariff.prices(START + 3600.0 * np.arange(25)).import_eur_per_kwh
    monday = tariff.prices(START + 2 * 86400 + 3600.0 * np.arange(25)).import_eur_per_kwh
    assert set(saturday) == {0.1}
    assert np.count_nonzero(monday == 0.5) == 12


@pytest.mark.parametrize(
    "band",
    [
        {"from": "25:00", "to": "07:00", "import": 0.2},
        {"to": "07:00", "import": 0.2},
        {"from": "1", "to": "2", "import": "dear"},
        {"from": "1", "to": "2", "import": 0.2, "days": ["caturday"]},
        "night",
    ],
)
def test_a_band_that_cannot_be_read_is_explained(band):
    with pytest.raises(TariffError, match="band"):
        make_tariff("time_of_use", {"import_eur_per_kwh": 0.3, "bands": [band]})


def test_an_unknown_zone_is_named():
    with pytest.raises(TariffError, match="Mars/Base"):
        make_tariff("time_of_use", {"import_eur_per_kwh": 0.3, "tz": "Mars/Base"})


CSV = """time_utc,price_eur_per_mwh
2024-03-30T00:00:00Z,100
2024-03-30T01:00:00Z,-20
2024-03-30T02:00:00Z,
2024-03-30T03:00:00Z,60
"""


def test_day_ahead_reads_csv_marks_up_and_averages_over_steps():
    series = parse_prices(CSV)
    tariff = DayAhead(series=series, markup=Markup(fees_eur_per_kwh=0.10, tax=0.21, export_fees_eur_per_kwh=0.01))
    prices = tariff.prices(START + 1800.0 * np.arange(0, 5))
    assert prices.import_eur_per_kwh == pytest.approx(
        [(0.1 + 0.1) * 1.21, (0.1 + 0.1) * 1.21, (-0.02 + 0.1) * 1.21, (-0.02 + 0.1) * 1.21]
    )
    assert prices.export_eur_per_kwh[2] == pytest.approx(-0.03)
    two_hours = tariff.prices(START + 7200.0 * np.arange(2))
    assert two_hours.export_eur_per_kwh[0] == pytest.approx((0.1 - 0.02) / 2 - 0.01)


def test_beyond_the_known_prices_the_same_hour_of_the_last_day_stands_in():
    hours = np.arange(24)
    series = PriceSeries(START + 3600.0 * hours, hours / 100.0)
    prices = DayAhead(series=series).prices(START + 3600.0 * np.arange(12, 61))
    assert prices.known_until_s == START + 86400
    assert prices.import_eur_per_kwh[:12] == pytest.approx(hours[12:] / 100)
    assert prices.import_eur_per_kwh[12:36] == pytest.approx(hours / 100)
    assert np.isfinite(prices.import_eur_per_kwh).all()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "first line"),
        ("a,b\n1,2\n", "first line"),
        ("time_utc,price_eur_per_mwh\nyesterday,5\n", "line 2"),
        ("time_utc,price_eur_per_mwh\n2024-01-01T00:00Z,dear\n", "line 2"),
        ("time_utc,price_eur_per_mwh\n2024-01-01T00:00Z,nan\n", "line 2.*no number"),
        ("time_utc,price_eur_per_mwh\n2024-01-01T00:00Z,\n", "no price"),
    ],
)
def test_a_csv_that_cannot_be_read_names_the_line(text, words):
    with pytest.raises(TariffError, match=words):
        parse_prices(text)


def test_day_ahead_needs_its_prices():
    with pytest.raises(TariffError, match="needs its prices"):
        make_tariff("day_ahead", {})
    with pytest.raises(TariffError, match="strange option"):
        make_tariff("day_ahead", {"csv": CSV, "vat": 1})
