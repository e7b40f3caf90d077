"""Whole contracts against sums done by hand: bands, fees, taxes, caps, pay for exports, days of 23 and 25 hours."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from energy.tariffs import (
    Contract,
    DayAhead,
    Export,
    Fee,
    Fixed,
    NoPrices,
    PriceSeries,
    Schedule,
    TariffError,
    TimeOfUse,
    make_tariff,
)
from energy.tariffs.local import easter, holidays_of, local_clock
from energy.tariffs.schedule import parse_bands

BERLIN = "Europe/Berlin"


def local(text: str, tz: str = BERLIN) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(tz)).timestamp()


def hours(start: str, count: int, tz: str = BERLIN) -> np.ndarray:
    return local(start, tz) + 3600.0 * np.arange(count + 1)


def schedule(*rows: dict, base: float = 0.0, tz: str = BERLIN, holidays: tuple[str, ...] = ()) -> Schedule:
    return Schedule(base=base, bands=parse_bands(rows, "price"), tz=tz, holidays=holidays)


def market(start: str, *prices: float) -> DayAhead:
    edges = hours(start, len(prices))
    return DayAhead(series=PriceSeries(edges[:-1], np.array(prices)), tz=BERLIN)


# Local time, days and seasons.


def test_local_hours_over_the_change_of_clocks():
    days, clock = local_clock(hours("2024-03-31T00:00", 4)[:-1], BERLIN)
    assert clock.tolist() == [0, 1, 3, 4]
    assert set(days.tolist()) == {date(2024, 3, 31).toordinal()}
    assert local_clock(hours("2024-10-27T00:00", 5)[:-1], BERLIN)[1].tolist() == [0, 1, 2, 2, 3]
    quarter = local_clock(np.array([datetime(2024, 6, 1, 0, 20, tzinfo=UTC).timestamp()]), "Asia/Kathmandu")[1]
    assert quarter[0] == pytest.approx(6 + 5 / 60)


@pytest.mark.parametrize(
    ("day", "count", "night"), [("2024-03-31", 23, 6), ("2024-10-27", 25, 8), ("2024-06-01", 24, 7)]
)
def test_a_night_band_has_an_hour_less_or_more_when_the_clocks_change(day, count, night):
    tariff = schedule({"from": "00:00", "to": "07:00", "price": 0.1}, base=0.3)
    assert np.count_nonzero(tariff.means(hours(f"{day}T00:00", count)) == 0.1) == night


def test_a_step_across_a_bands_edge_pays_each_part():
    tariff = schedule({"from": "07:00", "to": "07:20", "price": 0.6}, base=0.3)
    assert tariff.means(hours("2024-06-01T07:00", 1)) == pytest.approx([0.4])
    assert tariff.means(hours("2024-06-01T06:30", 1)) == pytest.approx([0.3 + 0.3 / 3])
    whole_day = tariff.means(hours("2024-06-01T00:00", 24)[[0, -1]])
    assert whole_day == pytest.approx([0.3 + 0.3 / 72])


def test_weekday_weekend_holiday_and_season():
    rows = (
        {"from": "00:00", "to": "24:00", "price": 1.0, "days": ["holiday"]},
        {"from": "06:00", "to": "22:00", "price": 3.0, "days": ["weekday"], "season": ["11-01", "03-31"]},
        {"from": "06:00", "to": "22:00", "price": 2.0, "days": ["weekday"]},
    )
    tariff = schedule(*rows, base=0.5, holidays=("12-25", "easter+1", "2024-05-09"))

    def at(text):
        return float(tariff.at(np.array([local(text)]))[0])

    assert at("2024-11-01T12:00") == 3.0  # a Friday, the season's first day
    assert at("2024-03-29T12:00") == 3.0
    assert at("2024-10-31T12:00") == at("2024-04-02T12:00") == 2.0
    assert at("2024-11-02T12:00") == 0.5  # a Saturday
    assert at("2024-12-25T12:00") == at("2024-04-01T12:00") == at("2024-05-09T12:00") == 1.0
    assert at("2024-12-25T23:59") == 1.0
    assert at("2025-05-09T12:00") == 2.0  # that holiday was of another year


def test_a_holiday_counts_as_a_sunday_where_no_band_names_it():
    tariff = schedule({"price": 1.0, "days": ["sun"]}, {"price": 2.0, "days": ["wed"]}, holidays=("12-25",))
    assert tariff.at(np.array([local("2024-12-25T12:00"), local("2024-12-18T12:00")])).tolist() == [1.0, 2.0]


def test_easter():
    assert [easter(y) for y in (2024, 2025, 2026, 2038)] == [
        date(2024, 3, 31),
        date(2025, 4, 20),
        date(2026, 4, 5),
        date(2038, 4, 25),
    ]
    assert holidays_of(2023, ("02-29",)) == frozenset()


@pytest.mark.parametrize("rule", ["christmas", "13-01", "easter+x", "2024-02-30", ""])
def test_a_holiday_that_is_no_day_is_named(rule):
    with pytest.raises(TariffError, match="holiday"):
        schedule(holidays=(rule,))


@pytest.mark.parametrize(
    "row",
    [
        {"price": 1, "season": ["11-31", "03-01"]},
        {"price": 1, "season": ["11-01"]},
        {"price": 1, "days": ["everyday"]},
        {"from": "7:75", "price": 1},
        {"from": "24:30", "price": 1},
        {"price": "dear"},
        3,
    ],
)
def test_a_band_that_cannot_be_read(row):
    with pytest.raises(TariffError, match="band"):
        parse_bands([row], "price")
    with pytest.raises(TariffError, match="number"):
        schedule(base=float("inf"))


# Fees, taxes, caps.


def test_grid_fees_by_the_hour_and_in_some_quarters_only():
    # §14a module 3: three bands in the first and fourth quarter of the year.
    grid = schedule(
        {"from": "17:00", "to": "21:00", "price": 0.15, "season": ["10-01", "03-31"]},
        {"from": "00:00", "to": "06:00", "price": 0.02, "season": ["10-01", "03-31"]},
        base=0.08,
    )
    contract = Contract(energy=market("2024-12-02T04:00", *[0.1] * 20), fees=(Fee(per_kwh=grid),), vat=0.19)
    prices = contract.prices(hours("2024-12-02T05:00", 16)).import_eur_per_kwh
    assert prices[0] == pytest.approx((0.10 + 0.02) * 1.19)
    assert prices[1] == pytest.approx((0.10 + 0.08) * 1.19)
    assert prices[12] == pytest.approx((0.10 + 0.15) * 1.19)
    summer = Contract(energy=market("2024-07-01T17:00", 0.1), fees=(Fee(per_kwh=grid),), vat=0.19)
    assert summer.prices(hours("2024-07-01T17:00", 1)).import_eur_per_kwh == pytest.approx([0.18 * 1.19])


def test_percent_untaxed_fees_and_negative_prices():
    fees = (Fee(percent=10.0), Fee(per_kwh=Schedule(base=0.05), taxed=False))
    contract = Contract(energy=market("2024-06-01T00:00", 0.2, -0.3), fees=fees, vat=0.2)
    found = contract.prices(hours("2024-06-01T00:00", 2))
    # No percentage is taken of a price below nothing; VAT is.
    assert found.import_eur_per_kwh == pytest.approx([0.2 * 1.2 + 0.02 * 1.2 + 0.05, -0.3 * 1.2 + 0.05])
    assert found.export_eur_per_kwh == pytest.approx([0.2, -0.3])


def test_a_price_with_its_vat_is_not_taxed_again():
    contract = Contract(energy=Fixed(import_eur_per_kwh=0.3), fees=(Fee(per_kwh=Schedule(base=0.1)),), vat=0.2)
    edges = hours("2024-06-01T00:00", 1)
    assert contract.prices(edges).import_eur_per_kwh == pytest.approx([0.48])
    held = Contract(energy=contract.energy, fees=contract.fees, vat=0.2, energy_with_vat=True)
    assert held.prices(edges).import_eur_per_kwh == pytest.approx([0.42])


def test_cap_and_floor_hold_for_the_price_with_all_on_it():
    contract = Contract(
        energy=market("2024-06-01T00:00", 0.99, -0.2, 0.5), vat=0.05, cap_per_kwh=1.0, floor_per_kwh=0.0
    )
    found = contract.prices(hours("2024-06-01T00:00", 3))
    assert found.import_eur_per_kwh == pytest.approx([1.0, 0.0, 0.525])
    assert found.export_eur_per_kwh == pytest.approx([0.99, -0.2, 0.5])


# Exports.


def paid(export: Export, *prices: float) -> list[float]:
    contract = Contract(energy=market("2024-06-01T10:00", *prices), vat=0.21, export=export)
    return contract.prices(hours("2024-06-01T10:00", len(prices))).export_eur_per_kwh.tolist()


def test_what_exports_are_paid():
    feed_in = Fixed(import_eur_per_kwh=0.08)
    assert paid(Export(energy=feed_in), 0.2, -0.1) == pytest.approx([0.08, 0.08])
    assert paid(Export(energy=feed_in, unpaid_below_zero=True), 0.2, -0.1) == pytest.approx([0.08, 0.0])
    assert paid(Export(share=0.9, fee_per_kwh=0.01), 0.2, -0.1) == pytest.approx([0.17, -0.10])
    assert paid(Export(floor_per_kwh=0.0, cap_per_kwh=0.15), 0.2, -0.1) == pytest.approx([0.15, 0.0])
    assert paid(Export(vat=0.1), 0.2) == pytest.approx([0.22])
    assert paid(Export(energy=Fixed(import_eur_per_kwh=0.0)), 0.2) == [0.0]
    evening = TimeOfUse(imported=schedule({"from": "11:00", "to": "12:00", "price": 0.3}, base=0.1))
    assert paid(Export(energy=evening), 0.2, 0.2, 0.2) == pytest.approx([0.1, 0.3, 0.1])


def test_exports_may_follow_a_market_of_their_own():
    assert paid(Export(energy=market("2024-06-01T10:00", 0.05, 0.06)), 0.2, 0.3) == pytest.approx([0.05, 0.06])
    # A fee below a price below zero: it is not paid for, but what it costs is not forgiven either.
    rule = Export(unpaid_below_zero=True, market=market("2024-06-01T10:00", -0.01, 0.01))
    assert paid(rule, 0.2, 0.3) == pytest.approx([0.0, 0.3])


def test_what_is_known_is_what_both_sides_know():
    edges = hours("2024-06-01T10:00", 2)
    contract = Contract(
        energy=market("2024-06-01T10:00", 0.1, 0.2), export=Export(energy=market("2024-06-01T10:00", 0.1))
    )
    assert contract.prices(edges).known_until_s == edges[1]
    fixed = Contract(energy=Fixed(import_eur_per_kwh=0.3))
    assert fixed.prices(edges).known_until_s == np.inf


def test_without_any_price_the_fallback_holds_as_paid():
    empty = DayAhead(series=PriceSeries(np.empty(0), np.empty(0)))
    edges = hours("2024-06-01T10:00", 2)
    with pytest.raises(NoPrices):
        Contract(energy=empty, vat=0.2).prices(edges)
    fallback = Fixed(import_eur_per_kwh=0.32, export_eur_per_kwh=0.08)
    found = Contract(energy=empty, vat=0.2, fallback=fallback, export=Export()).prices(edges)
    assert found.import_eur_per_kwh.tolist() == [0.32, 0.32]
    assert found.export_eur_per_kwh.tolist() == [0.08, 0.08]
    assert found.known_until_s == edges[0]
    old = Contract(energy=market("2024-05-01T10:00", 0.1, 0.2), fallback=fallback)
    assert old.prices(edges).import_eur_per_kwh.tolist() == [0.32, 0.32]


def test_a_quarter_hourly_market_is_averaged_over_longer_steps():
    at_s = local("2024-06-01T10:00") + 900.0 * np.arange(8)
    tariff = DayAhead(series=PriceSeries(at_s, np.arange(8) / 10.0))
    assert tariff.prices(hours("2024-06-01T10:00", 2)).import_eur_per_kwh == pytest.approx([0.15, 0.55])
    assert tariff.prices(at_s[:3]).import_eur_per_kwh == pytest.approx([0.0, 0.1])


def test_time_of_use_keeps_its_words():
    options = {"import_eur_per_kwh": 0.3, "bands": [{"from": "08:00", "to": "20:00", "import": 0.5, "export": 0.2}]}
    found = make_tariff("time_of_use", options).prices(hours("2024-06-01T07:00", 2, "UTC"))
    assert found.import_eur_per_kwh.tolist() == [0.3, 0.5]
    assert found.export_eur_per_kwh.tolist() == [0.0, 0.2]
    for strange in ({"colour": 1}, {"bands": [{"from": "1:00"}]}, {"holidays": ["x"]}):
        with pytest.raises(TariffError):
            make_tariff("time_of_use", options | strange)
