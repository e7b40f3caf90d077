"""What is known when, what is expected beyond, and what a series says of its own holes."""

import gzip
import pickle
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from energy.tariffs import (
    AsPublished,
    Contract,
    DayAhead,
    Export,
    Fee,
    NoPrices,
    PriceSeries,
    Schedule,
    TariffError,
    as_known,
    parse_prices,
)
from energy.tariffs.outlook import Outlook

NL = "Europe/Amsterdam"
BESIDE = Path(__file__).resolve().parents[3] / "shared/data/prices_nl_day_ahead_hourly_2024.csv.gz"


def local(text: str, tz: str = NL) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(tz)).timestamp()


def days(start: str, count: int, price, step_s: float = 3600.0, tz: str = NL) -> PriceSeries:
    """``price(local datetime)`` over whole local days."""
    zone = ZoneInfo(tz)
    first = datetime.fromisoformat(start).date()
    end = datetime.combine(first + timedelta(days=count), datetime.min.time(), tzinfo=zone).timestamp()
    at_s = np.arange(local(start, tz), end, step_s)
    return PriceSeries(at_s, np.array([price(datetime.fromtimestamp(t, zone)) for t in at_s.tolist()]))


def by_hour(moment: datetime) -> float:
    return 0.01 * moment.hour


def test_tomorrow_is_known_from_one_in_the_afternoon():
    view = AsPublished(days("2024-06-01", 10, by_hour), tz=NL)
    assert view.known_until_s(local("2024-06-03T12:59")) == local("2024-06-04T00:00")
    assert view.known_until_s(local("2024-06-03T13:00")) == local("2024-06-05T00:00")
    assert view.known(local("2024-06-03T13:00")).end_s == local("2024-06-05T00:00")
    assert view.at(local("2024-06-03T09:00")).series.end_s == local("2024-06-04T00:00")
    # Over the change of clocks it is still the local midnight.
    spring = AsPublished(days("2024-03-25", 10, by_hour), tz=NL)
    assert spring.known_until_s(local("2024-03-30T14:00")) - local("2024-03-31T00:00") == 23 * 3600.0
    assert spring.known(local("2024-03-30T14:00")).end_s == local("2024-04-01T00:00")


def test_nothing_of_what_is_not_published_leaks_into_what_is_expected():
    dear = PriceSeries(
        *(lambda s: (s.at_s, np.where(s.at_s >= local("2024-06-20T00:00"), 3.0, s.eur_per_kwh)))(
            days("2024-05-01", 60, by_hour)
        )
    )
    edges = local("2024-06-19T12:00") + 3600.0 * np.arange(37)
    found = AsPublished(dear, tz=NL).at(edges[0]).prices(edges)
    assert found.known_until_s == local("2024-06-20T00:00")
    assert found.import_eur_per_kwh[:12] == pytest.approx(0.01 * np.arange(12, 24))
    assert found.import_eur_per_kwh[12:] == pytest.approx(0.01 * np.arange(24), abs=1e-3)
    assert AsPublished(dear, tz=NL).prices(edges).import_eur_per_kwh[-1] == 3.0


def test_one_object_from_one_publication_to_the_next():
    view = AsPublished(days("2024-06-01", 10, by_hour), tz=NL)
    first = view.at(local("2024-06-03T13:00"))
    assert view.at(local("2024-06-04T12:45")) is first
    assert view.at(local("2024-06-04T13:00")) is not first
    assert pickle.loads(pickle.dumps(view)).at(local("2024-06-03T13:00")).series.end_s == first.series.end_s


def test_a_contract_as_it_was_known():
    view = AsPublished(days("2024-06-01", 30, by_hour), tz=NL)
    fees = (Fee(per_kwh=Schedule(base=0.1)),)
    contract = Contract(
        energy=view, fees=fees, vat=0.21, export=Export(energy=view, unpaid_below_zero=True, market=view)
    )
    now_s = local("2024-06-20T10:00")
    edges = now_s + 3600.0 * np.arange(25)
    known, truth = contract.at(now_s).prices(edges), contract.prices(edges)
    assert known.known_until_s == local("2024-06-21T00:00")
    assert known.import_eur_per_kwh[:14] == pytest.approx(truth.import_eur_per_kwh[:14])
    assert truth.import_eur_per_kwh[0] == pytest.approx((0.10 + 0.1) * 1.21)
    fixed = Contract(energy=DayAhead(series=view.series))
    assert as_known(fixed.energy, now_s) is fixed.energy


@pytest.mark.parametrize("options", [{"tz": "Mars/Base"}, {"publish_local": "noon"}])
def test_a_view_that_cannot_be(options):
    with pytest.raises(TariffError):
        AsPublished(days("2024-06-01", 1, by_hour), **options)


# What is expected.


def test_with_one_day_it_is_that_day_and_with_a_few_the_blend():
    one = Outlook(days("2024-06-01", 1, by_hour), NL)
    ahead = local("2024-06-02T00:30") + 3600.0 * np.arange(72)
    assert one.at(ahead) == pytest.approx(0.01 * np.tile(np.arange(24), 3))
    rising = Outlook(days("2024-06-01", 4, lambda m: 0.1 * m.day), NL)
    assert rising.at(np.array([local("2024-06-05T10:00")])) == pytest.approx([(0.4 + 0.25) / 2])


def test_a_learned_day_follows_the_kind_of_day():
    def price(moment: datetime) -> float:
        return 0.1 + 0.01 * moment.hour - (0.08 if moment.weekday() >= 5 else 0.0)

    known = days("2024-02-01", 100, price)  # ends with Friday, 2024-05-10
    assert datetime.fromtimestamp(known.end_s, ZoneInfo(NL)).weekday() == 5
    ahead = local("2024-05-11T00:30") + 3600.0 * np.arange(24)
    truth = np.array([price(datetime.fromtimestamp(t, ZoneInfo(NL))) for t in ahead.tolist()])
    off = np.sqrt(np.mean((Outlook(known, NL).at(ahead) - truth) ** 2))
    yesterday = np.sqrt(np.mean((0.1 + 0.01 * np.arange(24) - truth) ** 2))
    assert off < 0.7 * yesterday


def test_days_of_23_and_25_hours_and_quarters_of_an_hour():
    for start, step_s in (
        ("2024-03-20", 3600.0),
        ("2024-10-16", 3600.0),
        ("2024-03-20", 900.0),
        ("2024-10-16", 1800.0),
    ):
        known = days(start, 14, lambda m: 0.01 * m.hour + 0.001 * m.minute / 15, step_s)
        ahead = known.end_s + step_s * (np.arange(86_400 / step_s) + 0.5)
        truth = [0.01 * m.hour + 0.001 * (m.minute * 60 // step_s) * step_s / 900 for m in map(_nl, ahead.tolist())]
        assert Outlook(known, NL).at(ahead) == pytest.approx(truth, abs=5e-4)


def _nl(at_s: float) -> datetime:
    return datetime.fromtimestamp(at_s, ZoneInfo(NL))


def test_a_day_published_in_part_is_expected_from_its_part():
    usual = days("2024-06-01", 20, by_hour)
    part = days("2024-06-21", 1, lambda m: by_hour(m) + 0.12)
    known = usual.merged(part.between(-np.inf, local("2024-06-21T12:00")))
    found = DayAhead(series=known, tz=NL).prices(local("2024-06-21T00:00") + 3600.0 * np.arange(25))
    assert found.import_eur_per_kwh[:12] == pytest.approx(part.eur_per_kwh[:12])
    # Half the day is known to be 12 ct dearer: half of that is expected of the rest.
    assert found.import_eur_per_kwh[12:] == pytest.approx(usual.eur_per_kwh[12:24] + 0.06)


def test_a_hole_in_the_past_is_no_price_that_went_on():
    series = days("2024-06-01", 20, by_hour)
    lost = (series.at_s >= local("2024-06-10T05:00")) & (series.at_s < local("2024-06-12T05:00"))
    holed = PriceSeries(series.at_s[~lost], series.eur_per_kwh[~lost])
    edges = local("2024-06-10T00:00") + 3600.0 * np.arange(49)
    assert np.isnan(holed.mean_by_step(edges)).sum() == 43
    found = DayAhead(series=holed, tz=NL).prices(edges)
    assert found.import_eur_per_kwh == pytest.approx(np.tile(0.01 * np.arange(24), 2), abs=0.04)
    assert np.isfinite(found.import_eur_per_kwh).all()


def test_far_ahead_it_stays_finite_and_weeks_old_prices_tell_nothing():
    tariff = DayAhead(series=days("2024-06-01", 30, by_hour), tz=NL)
    ahead = tariff.prices(tariff.series.end_s + 3600.0 * np.arange(24 * 40))
    assert np.isfinite(ahead.import_eur_per_kwh).all()
    with pytest.raises(NoPrices, match="weeks old"):
        tariff.prices(tariff.series.end_s + 15 * 86400.0 + 3600.0 * np.arange(3))
    with pytest.raises(NoPrices, match="load prices"):
        DayAhead(series=PriceSeries(np.empty(0), np.empty(0))).prices(np.arange(3.0))
    single = DayAhead(series=PriceSeries(np.array([local("2024-06-01T05:00")]), np.array([0.2])), tz=NL)
    assert single.prices(local("2024-06-01T00:00") + 3600.0 * np.arange(30)).import_eur_per_kwh == pytest.approx(0.2)


def test_before_the_first_price_something_is_expected_too():
    tariff = DayAhead(series=days("2024-06-10", 5, by_hour), tz=NL)
    assert tariff.prices(local("2024-06-01T00:00") + 3600.0 * np.arange(25)).import_eur_per_kwh == pytest.approx(
        0.01 * np.arange(24)
    )


def test_on_a_real_year_it_is_better_than_yesterday_and_than_the_week():
    if not BESIDE.exists():
        pytest.skip("the year of real prices lies beside the checkout, not in it")
    series = parse_prices(gzip.decompress(BESIDE.read_bytes()).decode())
    view = AsPublished(series, tz=NL)
    off: dict[str, list[float]] = {"ours": [], "yesterday": [], "week": []}
    for day in range(60, 365):
        now_s = local("2024-01-01T12:00") + day * 86400.0
        edges = view.known_until_s(now_s) + 3600.0 * np.arange(25)
        back = [series.mean_by_step(edges - n * 86400.0) for n in range(8)]
        if not np.isfinite(back).all():
            continue
        ours = view.at(now_s).prices(edges).import_eur_per_kwh
        for name, guess in (("ours", ours), ("yesterday", back[1]), ("week", np.mean(back[1:], axis=0))):
            off[name].append(float(np.mean((guess - back[0]) ** 2)))
    rmse = {name: float(np.sqrt(np.mean(rows))) for name, rows in off.items()}
    assert rmse["ours"] < 0.92 * min(rmse["yesterday"], rmse["week"])


# Series.


def test_newer_prices_replace_older_ones_where_they_overlap():
    old = PriceSeries(3600.0 * np.arange(4), np.array([0.1, 0.2, 0.3, 0.4]))
    new = PriceSeries(3600.0 + 900.0 * np.arange(8), np.full(8, 0.9))
    both = old.merged(new)
    assert both.at_s.tolist() == [0.0, *(3600.0 + 900.0 * np.arange(8)), 10_800.0]
    assert both.eur_per_kwh[[0, 1, -1]].tolist() == [0.1, 0.9, 0.4]
    empty = PriceSeries(np.empty(0), np.empty(0))
    assert old.merged(empty) is old
    assert empty.merged(old) is old
    assert empty.end_s == -np.inf
    assert old.merged(old).at_s.tolist() == old.at_s.tolist()
    apart = old.merged(PriceSeries(np.array([36_000.0]), np.array([0.5])))
    assert np.isnan(apart.mean_by_step(np.array([14_400.0, 18_000.0, 36_000.0, 39_600.0]))).tolist() == [
        True,
        True,
        False,
    ]


def test_a_price_that_cannot_be_true_is_named_with_its_line():
    with pytest.raises(TariffError, match=r"line 2.*unit"):
        parse_prices("time_utc,price_eur_per_kwh\n2024-01-01T00:00Z,85.2\n")
