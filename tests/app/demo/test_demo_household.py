"""The demo's data: gaps are bridged honestly, and a bad file gets one clear sentence."""

import gzip
import sqlite3
from pathlib import Path

import pytest

from app.demo.household import read_house, read_prices
from app.demo.setting import Setting, make_setting, remember_past
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


def hourly(*, days: int, without: range) -> str:
    """Rows of these days, those of some hours left out."""
    rows = [f"2024-04-{1 + h // 24:02d}T{h % 24:02d}:00:00Z,{100 + h},0" for h in range(24 * days) if h not in without]
    return HEAD + "\n".join(rows) + "\n"


def test_missing_rows_are_missing_values(tmp_path: Path) -> None:
    short = read_house(write(tmp_path / "short.csv", hourly(days=3, without=range(30, 32)))).load_w
    assert len(short.value) == 72
    assert short.value[31] == pytest.approx(131)
    long = read_house(write(tmp_path / "long.csv", hourly(days=3, without=range(30, 40)))).load_w
    assert len(long.value) == 72
    assert long.value[35] == pytest.approx(100 + 35 - 24)
    assert short.holes() == long.holes() == []


def test_a_hole_of_more_than_a_day_is_named_where_the_demo_meets_it(tmp_path: Path) -> None:
    house = write(tmp_path / "house.csv", hourly(days=20, without=range(5 * 24, 8 * 24)))
    begin_s = read_house(house).load_w.start_s
    assert read_house(house).load_w.holes() == [(begin_s + 5 * 86_400, begin_s + 8 * 86_400)]

    def make(start: str) -> Setting:
        return make_setting(house=house, prices=None, start=start, hours=24, seed=1, live=False)

    with pytest.raises(UserError, match="has a hole from 2024-04-06 00:00 to 2024-04-09 00:00 UTC"):
        make("2024-04-05")
    assert make("2024-04-10").house.load_w.start_s == begin_s


async def test_what_nobody_measured_is_not_remembered(tmp_path: Path) -> None:
    house = write(tmp_path / "house.csv", hourly(days=12, without=range(5 * 24, 8 * 24)))
    setting = make_setting(house=house, prices=None, start="2024-04-10", hours=6, seed=1, live=False)
    await remember_past(tmp_path / "store.sqlite", setting)
    hole_from_s, hole_to_s = setting.house.load_w.holes()[0]
    with sqlite3.connect(tmp_path / "store.sqlite") as db:
        times = [at_s for (at_s,) in db.execute("SELECT at_s FROM readings_quarter")]
    assert times
    assert not [at_s for at_s in times if hole_from_s <= at_s < hole_to_s]


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
    whole = gzip.compress(HEAD.encode() + bytes(k * k % 251 for k in range(5000)))
    for bad in (whole[:30], whole[:40] + b"\xff" * 40 + whole[80:]):
        broken.write_bytes(bad)
        with pytest.raises(UserError, match="cannot be read"):
            read_prices(broken)
