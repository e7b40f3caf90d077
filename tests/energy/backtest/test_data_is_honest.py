"""What a file says is kept, what it lacks is told, and what cannot be is refused in one sentence."""

import numpy as np
import pytest

from energy.backtest.data import DataError, overlap, parse_house, parse_market
from energy.backtest.minutes import load_by_minute, solar_by_minute


def rows(columns, values, step_min=30, first="2024-03-01T00:00:00+00:00"):
    """CSV text of even steps."""
    from datetime import datetime, timedelta

    at = datetime.fromisoformat(first)
    lines = [f"time_utc,{columns}"]
    for k, value in enumerate(values):
        lines.append(f"{(at + timedelta(minutes=step_min * k)).isoformat()},{value}")
    return "\n".join(lines) + "\n"


def day_of_house(**changes):
    values = [f"{300 + k % 7},{max(0, 40 * (24 - abs(24 - k)) - 400)}" for k in range(96)]
    for k, value in changes.items():
        values[int(k[1:])] = value
    return rows("load_w,pv_w", values)


def test_each_interval_keeps_its_mean(street):
    house = street.house
    for by_minute, mean_w in ((load_by_minute, house.load_w), (solar_by_minute, house.solar_w)):
        minutes = by_minute(mean_w, 1800.0, 7)
        np.testing.assert_allclose(minutes.reshape(-1, 30).mean(axis=1), mean_w, atol=1e-9)
        assert (minutes >= 0).all()
        assert np.array_equal(minutes, by_minute(mean_w, 1800.0, 7))
        assert not np.array_equal(minutes, by_minute(mean_w, 1800.0, 8))
    # It varies as a house does: a minute is further from its mean than a few watts.
    assert (load_by_minute(house.load_w, 1800.0, 7).reshape(-1, 30).std(axis=1) > 100.0).mean() > 0.2


def test_minutes_of_a_file_by_the_minute_are_its_own():
    mean_w = np.arange(10.0)
    assert np.array_equal(load_by_minute(mean_w, 60.0, 1), mean_w)
    assert np.array_equal(solar_by_minute(mean_w, 60.0, 1), mean_w)


def test_gaps_are_bridged_and_told():
    house = parse_house(day_of_house(_3=",0", _4=",0"))
    assert house.load_w[3:5] == pytest.approx([303.0 - 1 / 3 + 1 / 3 - 0.0, 304.0], abs=2.0)
    assert any("load_w lacks 1 h" in note for note in house.notes)


def test_rows_that_are_missing_are_gaps():
    text = day_of_house()
    lines = text.splitlines()
    house = parse_house("\n".join(lines[:10] + lines[14:]))
    assert house.table.count == 96
    assert np.isfinite(house.load_w).all()
    assert any("lacks 2 h" in note for note in house.notes)


def test_a_spreadsheets_semicolons_and_decimal_commas_are_read():
    plain = rows("load_w,pv_w", [f"{300.5 + k},{k}" for k in range(48)])
    german = plain.replace(",", ";").replace(".", ",")
    for text in (german, "\ufeff" + german.replace("\n", "\r\n"), plain.replace(",", ";")):
        assert parse_house(text).load_w.tolist() == parse_house(plain).load_w.tolist()
    assert parse_market(
        "time_utc;price_eur_per_mwh\n2024-03-01T00:00Z;-50,5\n2024-03-01T01:00Z;8\n"
    ).series.eur_per_kwh[0] == pytest.approx(-0.0505)


def test_a_silent_inverter_is_night():
    dark = {f"_{k}": "300," for k in range(96) if k % 48 < 14 or k % 48 > 38}
    house = parse_house(day_of_house(**dark))
    assert house.solar_w[5] == 0.0
    assert not any("pv_w" in note for note in house.notes)


def test_absurd_values_are_taken_as_missing_and_told():
    house = parse_house(day_of_house(_5="1e9,0", _6="-500,0", _7="nan,0"))
    assert house.load_w.max() < 1000.0
    assert house.load_w.min() >= 0.0
    assert any("beyond 200 kW" in note for note in house.notes)
    assert any("below 0" in note for note in house.notes)
    market = parse_market(rows("price_eur_per_mwh", [50.0, 99999999.0, 60.0], 60))
    assert market.series.eur_per_kwh == pytest.approx([0.05, 0.055, 0.06])
    assert any("taken as missing" in note for note in market.notes)


def test_a_frozen_instrument_is_told():
    house = parse_house(rows("load_w,pv_w", ["417.5,0"] * 96))
    assert any("does not move" in note for note in house.notes)


def test_prices_by_the_kwh_or_mwh_are_the_same():
    one = parse_market(rows("price_eur_per_mwh", [80.0, -20.0], 60))
    other = parse_market(rows("price_eur_per_kwh", [0.08, -0.02], 60))
    np.testing.assert_allclose(one.series.eur_per_kwh, other.series.eur_per_kwh)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no column time_utc"),
        ("time_utc,load_w\n2024-01-01T00:00:00Z,5\n", "no column pv_w"),
        ("time_utc,load_w,pv_w\n2024-01-01T00:00:00Z,5,0\n", "at least two"),
        ("time_utc,load_w,pv_w\nyesterday,5,0\n", "'yesterday' is no time"),
        ("time_utc,load_w,pv_w\n2024-01-01T00:00:00Z,five,0\n", "line 2: load_w is 'five'"),
        (
            "time_utc,load_w,pv_w\n2024-01-01T00:30:00Z,5,0\n2024-01-01T00:00:00Z,5,0\n",
            "line 3: 2024-01-01T00:00:00Z does not come after",
        ),
        (
            "time_utc,load_w,pv_w\n2024-01-01T00:00:00Z,5,0\n2024-01-01T00:30:00Z,5,0\n2024-01-01T01:00:00Z,5,0\n"
            "2024-01-01T01:13:00Z,5,0\n",
            "01:13:00Z does not fit",
        ),
        ("time_utc,load_w,pv_w\n2024-01-01T00:00:00Z,,0\n2024-01-01T00:30:00Z,,0\n", "no reading at all"),
        ("time_utc,load_w,pv_w\n2024-01-01T00:00:00Z,1,0\n2024-01-01T00:00:07Z,1,0\n", "whole minutes"),
    ],
)
def test_what_cannot_be_used_is_refused_in_a_sentence(text, says):
    with pytest.raises(DataError, match=r"^house") as told:
        parse_house(text)
    assert says in str(told.value)
    assert "\n" not in str(told.value)


def test_files_of_different_years_do_not_meet():
    market = parse_market(rows("price_eur_per_mwh", [50.0] * 48, 60, first="2023-03-01T00:00:00+00:00"))
    with pytest.raises(DataError, match="do not share a whole day"):
        overlap(parse_house(day_of_house()), market)
