"""What a person may type after ``twoway demo``: a mistake is told before the run, in one sentence."""

from pathlib import Path

import pytest

from app import cli
from app.demo import headless, live, report
from app.errors import UserError


@pytest.fixture(autouse=True)
def no_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """No home is started: a mistake that is not refused fails the test."""

    def started(*_args: object, **_more: object) -> None:
        raise AssertionError("the demo was started")

    monkeypatch.setattr(headless, "run", started)
    monkeypatch.setattr(live, "run", started)


def refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    try:
        code = cli.main(["demo", *words])
    except SystemExit as stop:
        code = int(stop.code or 0)
    told = capsys.readouterr().err
    assert len(told.splitlines()) == 1
    return code, told


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--seed", "-1"], "not a whole number from 0"),
        (["--seed", "1.5"], "not a whole number from 0"),
        (["--frequency", "nan"], "nan is not a number from 0"),
        (["--frequency", "inf"], "inf is not a number from 0"),
        (["--frequency=-5"], "-5 is not a number from 0"),
        (["--frequency", "1e9"], "more than 1,000,000"),
        (["--hours", "x"], "'x' is not a number"),
        (["--hours", "0"], "0 is not a number above 0"),
        (["--speed", "nan"], "nan is not a number above 0"),
        (["--report", "x.json"], "--report needs --headless"),
        (["--hours", "2"], "--hours needs --headless"),
        (["--step", "2"], "--step needs --headless"),
    ],
)
def test_wrong_words_end_with_2(words: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, told = refused(words, capsys)
    assert code == 2
    assert says in told


@pytest.mark.parametrize("start", ["9999-12-31", "0001-01-01", "2023-01-01", "9999-12-31T23:59"])
@pytest.mark.parametrize("words", [["--headless"], []])
def test_a_start_beyond_the_data_is_refused(start: str, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    from app.demo.setting import make_setting

    if words:
        code, told = refused([*words, "--start", start], capsys)
        assert code == 1
    else:
        with pytest.raises(UserError) as error:
            make_setting(house=None, prices=None, start=start, hours=72, seed=1, live=True)
        told = str(error.value)
    assert "does not cover" in told


def test_more_hours_than_the_data_has_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    code, told = refused(["--headless", "--hours", "1000000"], capsys)
    assert code == 1
    assert "does not cover" in told


@pytest.mark.parametrize("name", ["folder", "none/x.json", "file/x.json"])
def test_a_report_that_cannot_be_written_is_refused_before_the_run(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    code, told = refused(["--headless", "--report", str(tmp_path / name)], capsys)
    assert code == 1
    assert f"--report {tmp_path / name} cannot be written" in told


def test_looking_whether_the_report_can_be_written_leaves_everything_as_it_was(tmp_path: Path) -> None:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_text("kept")
    report.check_writable(old)
    report.check_writable(new)
    assert old.read_text() == "kept"
    assert not new.exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this machine has no /dev/full")
def test_a_disk_that_is_full_at_the_end_does_not_take_the_summary(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def ran(*_args: object, **_more: object) -> dict[str, bool]:
        return {"ok": True}

    monkeypatch.setattr(headless, "run", ran)
    monkeypatch.setattr(report, "summary", lambda _found: "24 h in 60 s")
    assert cli.main(["demo", "--headless", "--report", "/dev/full"]) == 1
    told = capsys.readouterr()
    assert told.out == "24 h in 60 s\n"
    assert len(told.err.splitlines()) == 1
    assert "No space left" in told.err


def test_help_gives_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["demo", "--help"])
    assert capsys.readouterr().out.count("\n  twoway demo") >= 2
