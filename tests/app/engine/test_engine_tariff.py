"""From the home file's [tariff] to prices; a new kind of contract needs nothing here."""

import gzip
from dataclasses import dataclass

import numpy as np
import pytest

from app.config.load import check_home
from app.engine.tariff import tariff
from energy.tariffs import Prices, TariffError
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
