"""``twoway backtest`` as a person uses it: one home, many homes, stopped and taken up again, and mistyped."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.cli import main
from energy.backtest.data import parse_market, twin_house
from energy.forecast import SolarSite

DATA = Path(__file__).parents[2] / "data" / "energy"
HOUSE, PRICES = DATA / "house_fr_week_2024-09.csv", DATA / "prices_nl_2024-09.csv"
QUICK = ["--strategies", "timer", "--start", "2024-09-09", "--days", "1"]


def options(tmp_path, *more, house=HOUSE, prices=PRICES):
    return ["backtest", "--house", str(house), "--prices", str(prices), "--report", str(tmp_path / "r.json"), *more]


def refused(capsys, *words):
    """What is said of a command that is not carried out, in one line."""
    try:
        status = main(list(words))
    except SystemExit as left:
        status = left.code
    told = capsys.readouterr().err
    assert status in (1, 2), told
    assert "Traceback" not in told
    assert len(told.strip().splitlines()) == 1, told
    return told


def without_timings(path):
    report = json.loads(path.read_text())
    report.pop("timings")
    return json.dumps(report)


def test_a_day_is_replayed_with_report_table_and_page(tmp_path, capsys):
    page = tmp_path / "r.html"
    words = ["--strategies", "timer,own", "--start", "2024-09-09", "--days", "1"]
    assert main(options(tmp_path, *words, "--page", str(page))) == 0
    out = capsys.readouterr().out
    assert "Perfect foresight" in out
    report = json.loads((tmp_path / "r.json").read_text())
    assert report["schema"] == "twoway.backtest/1"
    assert set(report["strategies"]) == {"arrival", "timer", "own", "foresight"}
    assert report["strategies"]["own"]["plans"]["plans"] > 40
    assert report["strategies"]["own"]["departures_missed"] == 0
    assert (tmp_path / "r.days.csv").read_text().startswith("date,arrival_cost_eur")
    html = page.read_text()
    assert html.count("<svg") >= 4
    assert "http" not in html, "a page that fetches nothing"
    assert "nan" not in html.lower().replace("finance", "")
    assert not (tmp_path / "r.json.partial").exists()


def test_the_same_command_makes_the_same_report(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    for folder in ("a", "b"):
        assert main(options(tmp_path / folder, *QUICK)) == 0
    assert without_timings(tmp_path / "a" / "r.json") == without_timings(tmp_path / "b" / "r.json")


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (("--strategies", "tmier"), "there is no 'tmier'"),
        (("--start", "2025-09-09"), "choose one of them"),
        (("--start", "soon"), "is no date"),
        (("--start", "2024-09-09", "--days", "99"), "ask for no more"),
        (("--days", "0"), "whole number above 0"),
        (("--timezone", "Paris"), "no time zone is called"),
        (("--capacity-kwh", "9999"), "1 to 300 kWh"),
        (("--cluster", "tcp://127.0.0.1:1"), "needs --homes"),
        (("--resume",), "leave out --resume"),
        (("--page", "/nowhere/at/all.html"), "there is no folder"),
        (("--home", "missing.toml"), "missing.toml"),
    ],
)
def test_mistakes_are_told_in_one_sentence(tmp_path, capsys, more, says):
    assert says in refused(capsys, *options(tmp_path, *more))


def test_data_that_cannot_be_used_is_told(tmp_path, capsys):
    bad = tmp_path / "house.csv"
    bad.write_text("time,load\n1,2\n")
    assert "no column time_utc" in refused(capsys, *options(tmp_path, house=bad))
    assert "cannot be read" in refused(capsys, *options(tmp_path, house=tmp_path / "none.csv"))
    assert "are needed" in refused(capsys, "backtest", "--report", str(tmp_path / "r.json"))


@pytest.mark.timeout(300)
def test_stopped_by_the_keyboard_and_taken_up_again(tmp_path, capsys):
    """Ctrl-C in the middle; --resume ends with the report of a run that was never stopped."""
    words = ["--strategies", "own", "--start", "2024-09-09", "--days", "3"]
    (tmp_path / "whole").mkdir()
    assert main(options(tmp_path / "whole", *words)) == 0
    command = [sys.executable, "-m", "app.cli", *options(tmp_path, *words)]
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, start_new_session=True
    )
    partial = tmp_path / "r.json.partial"
    deadline = time.monotonic() + 200
    while not (partial / "own.part").exists() and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=90)
    assert process.returncode == 130, told
    assert "--resume" in told
    assert partial.is_dir()
    assert not (tmp_path / "r.json").exists()
    capsys.readouterr()
    assert "another --seed" in refused(capsys, *options(tmp_path, *words, "--resume", "--seed", "9"))
    assert main(options(tmp_path, *words, "--resume")) == 0
    assert without_timings(tmp_path / "r.json") == without_timings(tmp_path / "whole" / "r.json")
    assert not partial.exists()


@pytest.mark.timeout(120)
def test_asked_to_end_it_stops_in_order(tmp_path):
    """SIGTERM to all its processes, as a service manager or a shutdown sends it."""
    command = [sys.executable, "-m", "app.cli", *options(tmp_path, "--strategies", "own")]
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, start_new_session=True
    )
    partial = tmp_path / "r.json.partial"
    deadline = time.monotonic() + 60
    while not list(partial.glob("*.part")) and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGTERM)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130, told
    assert "--resume" in told
    assert partial.is_dir()


@pytest.mark.timeout(120)
def test_a_made_up_house_on_real_prices(tmp_path, capsys):
    assert main(options(tmp_path, *QUICK, "--seed", "7", house="twin")) == 0
    capsys.readouterr()
    report = json.loads((tmp_path / "r.json").read_text())
    assert report["data"]["house"] == {"name": "twin", "step_min": 1.0}
    assert any("made-up household (seed 7)" in note for note in report["data"]["notes"])
    one, same, other = (
        twin_house(parse_market(PRICES.read_text()), seed=seed, site=SolarSite(peak_w=5000.0)) for seed in (7, 7, 8)
    )
    assert one.load_w.tolist() == same.load_w.tolist() != other.load_w.tolist()
    assert one.table.end_s >= parse_market(PRICES.read_text()).table.end_s


def test_a_damaged_or_foreign_checkpoint_is_none(tmp_path):
    import pickle

    from app.commands.backtest_keep import Kept

    kept = Kept(tmp_path)
    kept.save("good", {"a": 1}, now=True)
    assert kept.load("good") == {"a": 1}
    (tmp_path / "bad.part").write_bytes(b"\x80\x05nonsense")
    assert kept.load("bad") is None
    (tmp_path / "foreign.part").write_bytes(pickle.dumps(os.system))
    assert kept.load("foreign") is None


@pytest.mark.timeout(300)
def test_a_street_of_homes(tmp_path, capsys):
    """Two homes that can be replayed, one that cannot: one line about it, and the rest goes on."""
    street = tmp_path / "street"
    for name in ("a", "b", "c"):
        (street / name).mkdir(parents=True)
        (street / name / "house.csv").write_text(HOUSE.read_text())
    (street / "b" / "house.csv").write_text("time_utc,load_w,pv_w\nsoon,1,2\n")
    (street / "prices.csv").write_text(PRICES.read_text())
    page = tmp_path / "street.html"
    words = ["backtest", "--homes", str(street), "--report", str(tmp_path / "r.json"), "--page", str(page)]
    assert main([*words, *QUICK, "--workers", "1"]) == 0
    out = capsys.readouterr().out
    assert "2 homes replayed, 1 not" in out
    assert "'soon' is no time" in out
    report = json.loads((tmp_path / "r.json").read_text())
    assert [bool(row.get("failed")) for row in report["homes"]] == [False, True, False]
    assert report["strategies"]["timer"]["saved_eur"]["p50"] == report["homes"][0]["timer_saved_eur"]
    assert (tmp_path / "r.homes.csv").read_text().count("\n") == 4
    assert "2 homes" in page.read_text()


def test_streets_that_are_none(tmp_path, capsys):
    words = ["backtest", "--report", str(tmp_path / "r.json"), "--homes"]
    assert "is no folder" in refused(capsys, *words, str(tmp_path / "none"))
    assert "no folder with a house" in refused(capsys, *words, str(tmp_path))
    (tmp_path / "h").mkdir()
    (tmp_path / "h" / "house.csv").write_text(HOUSE.read_text())
    assert "has no prices" in refused(capsys, *words, str(tmp_path))
    (tmp_path / "prices.csv").write_text(PRICES.read_text())
    told = refused(capsys, *words, str(tmp_path), *QUICK, "--cluster", "tcp://127.0.0.1:1")
    assert "no Dask scheduler answers" in told


@pytest.mark.timeout(300)
def test_a_street_on_a_given_cluster(tmp_path, capsys):
    import distributed

    street = tmp_path / "street"
    (street / "a").mkdir(parents=True)
    (street / "a" / "house.csv").write_text(HOUSE.read_text())
    (street / "a" / "prices_2024.csv").write_text(PRICES.read_text())
    words = ["backtest", "--homes", str(street), "--report", str(tmp_path / "r.json"), *QUICK]
    with distributed.LocalCluster(
        n_workers=1, processes=False, protocol="tcp", host="127.0.0.1", dashboard_address=None
    ) as cluster:
        assert main([*words, "--cluster", cluster.scheduler_address]) == 0
    assert "1 homes replayed, 0 not" in capsys.readouterr().out
    assert json.loads((tmp_path / "r.json").read_text())["homes"][0]["name"] == "a"
