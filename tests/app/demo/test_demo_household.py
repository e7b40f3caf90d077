"""The demo's data: gaps are bridged honestly, and a bad file gets one clear sentence."""

import gzip
from pathlib import Path

import pytest

from app.demo.household import read_house, read_prices
from app.errors import UserError

HEAD = "time_utc,load_w,pv_w\n"


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_the_built_in_home_is_whole() -> None:
    house, prices = read_house(), read_prices()
    assert house.load_w.end_s - house.load_w.start_s == 29 * 86_400
    assert prices.start_s <= house.load_w.start_s
    assert prices.end_s >= house.load_w.end_s
    assert 3000 < house.solar_peak_w < 6000
    assert house.solar_w.at(house.load_w.start_s) == 0.0  # missing at night is no sun


def test_short_gaps_are_bridged_long_ones_take_another_day(tmp_path: Path) -> None:
    lines = [f"2024-04-{day:02d}T{hour:02d}:00:00Z,{100 * day + hour},0" for day in (1, 2) for hour in range(24)]
    lines[24 + 3] = "2024-04-02T03:00:00Z,,0"
    for hour in range(10, 16):
        lines[24 + hour] = f"2024-04-02T{hour:02d}:00:00Z,,0"
    house = read_house(write(tmp_path / "house.csv", HEAD + "\n".join(lines)))
    assert house.load_w.value[24 + 3] == pytest.approx(203)
    assert house.load_w.value[24 + 12] == pytest.approx(112)


def test_gzip_and_a_time_without_a_zone_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "house.csv.gz"
    path.write_bytes(gzip.compress((HEAD + "2024-04-01T00:00:00,1,2\n2024-04-01T00:30:00,3,4\n").encode()))
    assert read_house(path).load_w.at(1_711_929_600.0 + 60) == 1.0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (HEAD + "2024-04-01T00:00:00Z,abc,0\n", "line 2: 'abc' in load_w is no number"),
        (HEAD + "2024-04-01T00:00:00Z,nan,0\n", "line 2: nan in load_w cannot be true"),
        (HEAD + "yesterday,1,0\n", "line 2: 'yesterday' is no time"),
        (HEAD + "2024-04-01T00:00:00Z,1,0\n2024-03-01T00:00:00Z,1,0\n", "line 3: the time"),
        (HEAD + "2024-04-01T00:00:00Z,1\n", "line 2: fields are missing"),
        ("when,what\n1,2\n", "line 1: no column time_utc, load_w, pv_w"),
        (HEAD, "holds 0 lines of data"),
    ],
)
def test_a_bad_file_is_named_with_line_and_remedy(tmp_path: Path, text: str, says: str) -> None:
    path = write(tmp_path / "house.csv", text)
    with pytest.raises(UserError) as error:
        read_house(path)
    assert str(error.value).startswith(str(path))
    assert says in str(error.value)


def test_a_missing_or_broken_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        read_prices(tmp_path / "none.csv")
    broken = tmp_path / "prices.csv.gz"
    broken.write_bytes(gzip.compress(b"time_utc,price_eur_per_mwh\n" * 50)[:30])
    with pytest.raises(UserError, match="cannot be read"):
        read_prices(broken)
