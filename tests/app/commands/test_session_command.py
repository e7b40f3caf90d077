"""``twoway session`` on recordings that ``secc`` and ``car`` make, on the lines that they print, and on rubbish."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from app.cli import main
from app.commands import session

GOLDEN = Path(__file__).resolve().parents[2] / "golden"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with secc.rec, car.rec and car.jsonl of one session."""
    folder = tmp_path_factory.mktemp("recorded")
    twoway = [sys.executable, "-m", "app.cli"]
    common = ["--interface", "lo", "--no-tls", "--timeout-scale", "20", "--sdp-port"]
    secc = subprocess.Popen(
        [*twoway, "secc", *common, "0", "--once", "--power=-2500", "--record", str(folder / "secc.rec")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert secc.stderr is not None
        port = secc.stderr.readline().split()[-1]
        car = [*twoway, "car", *common, port, "--loops", "3", "--record", str(folder / "car.rec")]
        done = subprocess.run(car, capture_output=True, text=True, timeout=60, check=True)
        assert secc.wait(30) == 0
    finally:
        secc.kill()
        secc.communicate()
    (folder / "car.jsonl").write_text(done.stdout)
    return folder


def shown(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["session", *words]) == 0
    return capsys.readouterr().out


def test_show_prints_a_row_a_message(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(capsys, "show", str(recorded / "secc.rec")).splitlines()
    assert lines[0] == "ISO 15118-20 (DC), without TLS, recorded by the charger"
    assert lines[1].startswith("time (UTC)")
    assert "supportedAppProtocolReq" in lines[2]
    loops = [line for line in lines if "DC_ChargeLoopRes" in line]
    assert len(loops) == 3
    assert all("-2500 W" in line and "<- charger" in line for line in loops)
    assert any("PresentSOC=50 %" in line for line in lines)
    assert lines[-1].endswith("messages; ended properly: stopped by the car")


def test_show_takes_names_and_patterns(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(
        capsys, "show", str(recorded / "car.rec"), "--messages", "*ChargeLoop*", "--messages", "SessionStopReq"
    )
    assert len(text.splitlines()) == 3 + 7
    assert main(["session", "show", str(recorded / "car.rec"), "--messages", "Nothing"]) == 1
    assert "no message named Nothing" in capsys.readouterr().err


def test_show_as_json(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = [json.loads(line) for line in shown(capsys, "show", "--json", str(recorded / "secc.rec")).splitlines()]
    assert [row["number"] for row in found] == list(range(1, len(found) + 1))
    assert {row["sender"] for row in found} == {"evcc", "secc"}
    assert [row["set_point_w"] for row in found if row["message"] == "DC_ChargeLoopRes"] == [-2500.0] * 3
    setup = next(row for row in found if row["message"] == "SessionSetupReq")
    assert setup["json"]["EVCCID"] == "TWOWAYSIM0001"
    assert setup["since_s"] >= 0
    assert setup["time"].endswith("Z")


@pytest.mark.parametrize("name", ["secc.rec", "car.rec"])
def test_replay_runs_our_end_again(recorded: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    text = shown(capsys, "replay", str(recorded / name))
    assert "messages come out as they were" in text
    assert text.rstrip().endswith("verdict: as it should be")
    verdict = json.loads(shown(capsys, "replay", "--json", str(recorded / name)))
    assert verdict["clean"]
    assert verdict["own_messages"] * 2 == verdict["messages"] == verdict["same_bytes"]


def test_the_lines_of_a_command_are_read_too(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    verdict = json.loads(shown(capsys, "replay", "--json", str(recorded / "car.jsonl")))
    assert verdict["clean"]
    assert verdict["own_messages"] is None
    assert "DC_ChargeLoopReq" in shown(capsys, "show", str(recorded / "car.jsonl"))


def test_a_finding_is_an_exit_status_of_one(recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = (recorded / "secc.rec").read_text().splitlines()
    dropped = next(index for index, line in enumerate(lines) if '"message"' in line and '"secc"' in line)
    (tmp_path / "spoiled.rec").write_text("\n".join(lines[:dropped] + lines[dropped + 1 :]))
    assert main(["session", "replay", str(tmp_path / "spoiled.rec")]) == 1
    assert "! " in capsys.readouterr().out


def test_a_recording_cut_off_is_shown_up_to_there(
    recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = (recorded / "secc.rec").read_bytes()
    (tmp_path / "cut.rec").write_bytes(data[: len(data) // 2])
    assert "the file is not whole" in shown(capsys, "show", str(tmp_path / "cut.rec"))
    assert main(["session", "replay", str(tmp_path / "cut.rec")]) == 1


@pytest.mark.parametrize("name", ["session_v20_dc_bpt", "session_v2_ac_tls_pnc", "session_din_dc"])
def test_golden_sessions(capsys: pytest.CaptureFixture[str], name: str) -> None:
    path = str(GOLDEN / f"{name}.jsonl.gz")
    assert "verdict: as it should be" in shown(capsys, "replay", path)
    assert "SessionSetupReq" in shown(capsys, "show", path)


@pytest.mark.parametrize("action", ["show", "replay"])
@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "no session in it"),
        (b"rubbish\nmore\n", "not JSON"),
        (b"\x00\xff\xfe", "not text"),
        (b'{"kind":"header","version":2}\n', "version 2"),
        (None, "cannot be read"),
    ],
)
def test_what_is_no_recording_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], action: str, content: bytes | None, told: str
) -> None:
    path = tmp_path / "x.rec"
    if content is not None:
        path.write_bytes(content)
    assert main(["session", action, str(path)]) == 1
    error = capsys.readouterr().err
    assert told in error
    assert str(path) in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("name", ["session_din_dc", "session_v2_dc"])
def test_the_older_generations_set_point_is_the_power_limit(capsys: pytest.CaptureFixture[str], name: str) -> None:
    text = shown(capsys, "show", "--json", str(GOLDEN / f"{name}.jsonl.gz"), "--messages", "CurrentDemandRes")
    assert {json.loads(line)["set_point_w"] for line in text.splitlines()} == {10_000.0}


def test_a_file_without_end_is_read_no_further_than_a_session(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    endless = Path("/dev/zero")
    if not endless.exists():
        pytest.skip("this system has no /dev/zero")
    monkeypatch.setattr(session, "MAX_BYTES", 1 << 20)
    assert main(["session", "replay", str(endless)]) == 1
    assert "more than 1 MiB is no session of a car" in capsys.readouterr().err
