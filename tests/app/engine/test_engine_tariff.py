"""From the home file's [tariff] to prices; a new kind of contract needs nothing here."""

import gzip
import json
import re
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from app.config.load import check_home
from app.config.problems import HomeFileError
from app.engine.imports import ImportQuarters
from app.engine.tariff import IMPORT, TariffKeeper, tariff
from app.store import AccountRow, Store
from energy.tariffs import Prices, PriceSeries, TariffError
from energy.tariffs.base import _REGISTRY, register

EDGES = np.array([0.0, 3600.0])


def home(tmp_path, text: str):
    return check_home(f"[connection]\nfuse_a = 35\n[tariff]\n{text}\n", tmp_path / "home.toml")


@pytest.fixture
def happy_hour():
    @register("happy_hour")
    @dataclass(frozen=True, slots=True, kw_only=True)
    class HappyHour:
        import_eur_per_kwh: float
        discount: float

        def prices(self, edges_s):
            count = len(edges_s) - 1
            return Prices(
                import_eur_per_kwh=np.full(count, self.import_eur_per_kwh - self.discount),
                export_eur_per_kwh=np.zeros(count),
                known_until_s=np.inf,
            )

    yield HappyHour
    del _REGISTRY["happy_hour"]


@pytest.mark.usefixtures("happy_hour")
def test_a_new_kind_takes_the_homes_words_and_its_own(tmp_path):
    config = home(tmp_path, 'kind = "happy_hour"\nimport_per_kwh = 0.30\noptions = { discount = 0.05 }')
    assert tariff(config, tmp_path).prices(EDGES).import_eur_per_kwh[0] == pytest.approx(0.25)
    with pytest.raises(TariffError, match="no option 'disount'"):
        tariff(home(tmp_path, 'kind = "happy_hour"\noptions = { disount = 0.05 }'), tmp_path)


def test_market_prices_with_fees_and_tax(tmp_path):
    rows = "time_utc,price_eur_per_mwh\n1970-01-01T00:00:00Z,100\n1970-01-01T01:00:00Z,200\n"
    (tmp_path / "prices.csv.gz").write_bytes(gzip.compress(rows.encode()))
    text = 'kind = "day_ahead"\nfile = "prices.csv.gz"\nmarkup_per_kwh = 0.1\nvat = 0.5'
    prices = tariff(home(tmp_path, text), tmp_path).prices(EDGES)
    assert prices.import_eur_per_kwh[0] == pytest.approx(0.3)
    assert prices.export_eur_per_kwh[0] == pytest.approx(0.1)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00bad", gzip.compress(b"time_utc,price_eur_per_mwh\n" * 50)[:-30]])
def test_a_price_file_that_cannot_be_read_names_it_and_the_way_out(tmp_path, content):
    (tmp_path / "p.csv").write_bytes(content)
    with pytest.raises(TariffError, match=r"p\.csv.*(UTF-8|first line)"):
        tariff(home(tmp_path, 'kind = "day_ahead"\nfile = "p.csv"'), tmp_path)


# The whole contract.

WINTER = datetime(2025, 1, 6, tzinfo=ZoneInfo("Europe/Berlin")).timestamp()  # a Monday, and a holiday in places
HOURS = WINTER + 3600.0 * np.arange(25)

WHOLE = """
kind = "time_of_use"
import_per_kwh = 0.24
vat = 0.19
vat_included = false
bands = [{ from = "10:00", to = "12:00", price = 0.10, days = ["weekday"] }]
windows = [["22:00", "06:00", 0.12], ["10:00", "14:00", 0.20]]
holidays = ["01-01"]
cap_per_kwh = 0.42
monthly = 10.0

[[tariff.fees]]
per_kwh = 0.08
bands = [{ from = "17:00", to = "21:00", price = 0.12, season = ["10-01", "03-31"] }]

[[tariff.fees]]
percent = 10
taxed = false

[[tariff.peak]]
per_kw = 4.0
least_w = 2500
hours = [{ from = "07:00", to = "20:00", days = ["weekday"] }]

[[tariff.capacity]]
above_w = 9200
per_kwh = 0.5

[tariff.export]
kind = "time_of_use"
per_kwh = 0.05
bands = [{ from = "12:00", to = "14:00", price = 0.02 }]
"""


def test_the_home_files_contract_as_sums_by_hand(tmp_path):
    contract = tariff(home(tmp_path, WHOLE), tmp_path)
    found = contract.prices(HOURS)
    assert found.import_eur_per_kwh[0] == pytest.approx((0.12 + 0.08) * 1.19 + 0.012)
    assert found.import_eur_per_kwh[10] == pytest.approx((0.10 + 0.08) * 1.19 + 0.010)
    assert found.import_eur_per_kwh[12] == pytest.approx((0.20 + 0.08) * 1.19 + 0.020)
    assert found.import_eur_per_kwh[18] == 0.42  # 0.4524 without the cap
    assert found.export_eur_per_kwh[[11, 12]] == pytest.approx([0.05, 0.02])
    terms = contract.terms(WINTER, None)
    assert terms.peaks[0].so_far_w == 2500.0
    assert terms.peaks[0].windows_s[0] == (WINTER + 7 * 3600.0, WINTER + 20 * 3600.0)
    assert terms.bands[0].eur_per_kwh == 0.5
    assert contract.monthly_eur == 10.0


def test_an_export_without_pay_where_the_market_is_below_zero(tmp_path):
    rows = "time_utc,price_eur_per_mwh\n1970-01-01T00:00:00Z,-20\n1970-01-01T01:00:00Z,60\n"
    (tmp_path / "p.csv").write_text(rows)
    text = 'kind = "day_ahead"\n{}\n[tariff.export]\nkind = "fixed"\nper_kwh = 0.08\nunpaid_when_negative = true\n'
    for named in ('file = "p.csv"', 'provider = { kind = "file", file = "p.csv" }'):
        config = home(tmp_path, text.format(named))
        found = tariff(config, tmp_path).prices(np.array([0.0, 3600.0, 7200.0]))
        assert found.export_eur_per_kwh.tolist() == [0.0, 0.08]
    spot = 'kind = "day_ahead"\nfile = "p.csv"\n[tariff.export]\nkind = "spot"\nshare = 0.9\nfee_per_kwh = 0.01\n'
    assert tariff(home(tmp_path, spot), tmp_path).prices(
        np.array([3600.0, 7200.0])
    ).export_eur_per_kwh == pytest.approx([0.044])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('kind = "day_ahead"', "tariff.provider"),
        ('kind = "fixed"\nprovider = { kind = "awattar", url = "https://a.example/x" }', 'a "fixed" tariff'),
        ('kind = "day_ahead"\nprovider = { kind = "awattar" }', "no address"),
        (
            'kind = "day_ahead"\nprovider = { kind = "entsoe", url = "https://a.example/x", area = "X" }',
            "without token",
        ),
        ('kind = "day_ahead"\nprovider = { kind = "nord_pool", url = "https://a.example/x" }', "without area"),
        ('kind = "day_ahead"\nprovider = { kind = "octopus", url = "https://a.example/x", price = "best" }', "inc_vat"),
        ('kind = "day_ahead"\nprovider = { kind = "file" }', "without its name"),
        ('kind = "day_ahead"\nprovider = { kind = "file", file = "gone.csv" }', "no file"),
        ('kind = "day_ahead"\nprovider = { kind = "tibbr" }', "tibber"),
        ('holidays = ["yule"]', "yule"),
        ("cap_per_kwh = 0.1\nfloor_per_kwh = 0.2", "above the cap"),
        ('export = { kind = "spot" }', "tariff.export.provider"),
        ("export = { unpaid_when_negative = true }", "tariff.export.provider"),
        ("export = { cap_per_kwh = 0.1, floor_per_kwh = 0.2 }", "above the cap"),
        ("peak = [{ per_kw = 1, steps = [[2000, 1]] }]", "one of the two"),
        ("peak = [{ steps = [[5000, 1], [2000, 2]] }]", "do not rise"),
        ('bands = [{ price = 0.1, days = ["caturday"] }]', "caturday"),
        ('bands = [{ form = "10:00", price = 0.1 }]', "did you mean 'from'"),
        ('bands = [{ from = "10:00" }]', "price"),
        ("fees = [{ percent = -1 }]", "at least 0"),
    ],
)
def test_what_makes_no_sense_is_named_with_its_way_out(tmp_path, text, words):
    with pytest.raises(HomeFileError, match=re.escape(words)):
        home(tmp_path, text)


def test_vat_goes_on_what_does_not_hold_it_yet(tmp_path):
    base = 'kind = "day_ahead"\nvat = 0.5\nprovider = {{ kind = "{}", url = "https://a.example/x"{} }}'
    for kind, more, held in (
        ("awattar", "", False),
        ("octopus", "", True),
        ("octopus", ', price = "exc_vat"', False),
        ("tibber", ', secret = "t"', True),
        ("tibber", ', secret = "t", price = "energy"', False),
    ):
        config = home(tmp_path, base.format(kind, more))
        assert tariff(config, tmp_path).energy_with_vat is held, (kind, more)


# Prices that come while the home runs.

PROVIDED = """kind = "day_ahead"
import_per_kwh = 0.30
export_per_kwh = 0.07
markup_per_kwh = 0.1
provider = { kind = "awattar", url = "https://a.example/x" }"""


def series(start_s: float, *prices: float) -> PriceSeries:
    return PriceSeries(start_s + 3600.0 * np.arange(len(prices)), np.array(prices))


def test_new_prices_hold_at_once_and_survive_a_restart(tmp_path):
    config = home(tmp_path, PROVIDED)
    memory, told = {}, []
    keeper = TariffKeeper(config, tmp_path, remember=memory.update)
    keeper.on_change.append(lambda: told.append(1))
    # Nothing is known: bills go by the home file's own, plans are told that there is nothing.
    assert keeper.now.at(WINTER) == (0.30, 0.07)
    with pytest.raises(TariffError):
        keeper.contract.prices(HOURS)
    keeper.take(IMPORT, series(WINTER, 0.2, 0.25))
    assert keeper.now.at(WINTER) == pytest.approx((0.3, 0.2))
    assert keeper.contract.prices(HOURS[:3]).import_eur_per_kwh == pytest.approx([0.30, 0.35])
    keeper.take(IMPORT, series(WINTER, 0.2, 0.25))
    assert len(told) == 1
    again = TariffKeeper(config, tmp_path, json.loads(json.dumps(memory)))
    assert again.series(IMPORT).eur_per_kwh.tolist() == [0.2, 0.25]
    assert again.contract.prices(HOURS[:3]).import_eur_per_kwh == pytest.approx([0.30, 0.35])


@pytest.mark.parametrize(
    "spoilt",
    [
        None,
        {},
        [],
        {"prices": None},
        {"prices": {"source": "awattar https://a.example/x   ", "at_s": [0], "per_kwh": []}},
        {"prices": {"source": "awattar https://a.example/x   ", "at_s": [5, 1], "per_kwh": [1, 2]}},
        {"prices": {"source": "awattar https://a.example/x   ", "at_s": ["x"], "per_kwh": [1]}},
        {"prices": {"source": "tibber https://other.example   ", "at_s": [0], "per_kwh": [1]}},
    ],
)
def test_a_memory_that_is_spoilt_or_of_another_provider_is_left(tmp_path, spoilt):
    assert len(TariffKeeper(home(tmp_path, PROVIDED), tmp_path, spoilt).series(IMPORT).at_s) == 0


def test_prices_that_the_contract_cannot_take_change_nothing(tmp_path):
    keeper = TariffKeeper(home(tmp_path, PROVIDED), tmp_path)
    keeper.take(IMPORT, series(WINTER, 0.2))
    long = PriceSeries(WINTER + 3600.0 * np.arange(24 * 200), np.full(24 * 200, 0.2))
    keeper.take(IMPORT, long)
    assert len(keeper.series(IMPORT).at_s) == 170 * 24


# Past import.


def test_quarters_of_import_from_booked_minutes():
    quarters = ImportQuarters()
    assert quarters.history(0.0) is None
    quarters.add(AccountRow(at_s=WINTER + 840.0, span_s=120.0, grid_house_wh=30.0, grid_car_wh=90.0, car_grid_wh=500.0))
    quarters.add(AccountRow(at_s=WINTER + 960.0, span_s=60.0, grid_house_wh=60.0, solar_house_wh=70.0))
    quarters.add(AccountRow(at_s=WINTER + 960.0, span_s=0.0, grid_house_wh=60.0))
    found = quarters.history(WINTER)
    assert found.at_s.tolist() == [WINTER, WINTER + 900.0]
    assert found.mean_w.tolist() == pytest.approx([60.0 * 4, 120.0 * 4])
    assert quarters.history(WINTER + 900.0).at_s.tolist() == [WINTER + 900.0]


async def test_past_import_survives_a_restart(tmp_path):
    store = await Store.open(tmp_path / "home.sqlite")
    rows = [AccountRow(at_s=WINTER + 60.0 * k, span_s=60.0, grid_house_wh=50.0, grid_car_wh=50.0) for k in range(30)]
    await store.book(*rows, AccountRow(at_s=WINTER - 60.0, span_s=60.0, grid_house_wh=9_000.0))
    booked = await store.imported(WINTER, WINTER + 86_400.0)
    await store.close()
    quarters = ImportQuarters()
    for row in booked:
        quarters.put(*row)
    assert quarters.history(WINTER).mean_w.tolist() == pytest.approx([6_000.0, 6_000.0])
