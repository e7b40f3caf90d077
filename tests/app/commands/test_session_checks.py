"""Options of ``twoway secc`` and ``twoway car`` that contradict each other, and files that they cannot write."""

import logging
import stat
from pathlib import Path

import pytest

from app.cli import main
from app.commands.session_security import append, open_private
from app.errors import UserError

LO = ("--interface", "lo", "--sdp-port", "40001")


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """The status and the one sentence; a session must not begin."""
    try:
        status = main([words[0], *LO, *words[1:]])
    except SystemExit as left:
        status = int(left.code or 0)
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1, told.err
    return status, told.err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("secc --no-tls --install-contracts", "--install-contracts needs TLS"),
        ("secc --no-tls --accept DE8AAC12345678", "leave --no-tls out"),
        ("secc --authorization eim --accept DE8AAC12345678", "--authorization eim takes none"),
        ("secc --authorization eim --install-contracts", "leave one of them out"),
        ("secc --accept x", "'x' is no contract's ID"),
        ("secc --accept=", "no contract's ID"),
        ("secc --no-tls --protocol din70121 --service ac", "--protocol din70121 and --service do not go together"),
        ("secc --no-tls --max-power 1e30", "watts above 0 and below 1e+07"),
        ("secc --no-tls --max-power 0", "watts above 0"),
        ("car --no-tls --authorization pnc", "--authorization pnc needs TLS"),
        ("car --no-tls --install-contract", "--install-contract needs TLS"),
        ("car --protocol din70121 --service dc --authorization pnc", "which din70121 does not know"),
        ("car --no-tls --service ac --protocol iso15118-20-dc", "a car cannot ask in it for ac"),
        ("car --no-tls --service ac --protocol iso15118-2 --protocol din70121", "--protocol din70121"),
        ("car --no-tls --sdp-port 0", "--sdp-port 0 is for a charger"),
        ("car --no-tls --resume", "--resume needs --paused FILE"),
        ("car --no-tls --control-mode scheduled --mobility-needs charger", "dynamic mode only"),
    ],
)
def test_a_contradiction_is_one_sentence_and_status_2(
    words: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, told = refused(capsys, *words.split())
    assert status == 2
    assert sentence in told


@pytest.mark.parametrize("pair", [("record", "capture"), ("record", "key-log"), ("capture", "paused")])
def test_two_options_for_one_file(pair: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, same = tmp_path / "x", tmp_path / "." / "x"
    status, told = refused(capsys, "car", "--no-tls", f"--{pair[0]}", str(file), f"--{pair[1]}", str(same))
    assert status == 2
    assert "name the same file" in told
    assert not file.exists()


@pytest.mark.parametrize("option", ["record", "capture", "key-log", "paused"])
@pytest.mark.parametrize("command", ["secc", "car"])
def test_a_place_that_cannot_be_written(
    command: str, option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for place in (tmp_path, tmp_path / "none" / "x"):
        status, told = refused(capsys, command, "--no-tls", f"--{option}", str(place))
        assert status == 1
        assert str(place) in told


def test_a_file_that_others_could_read_is_made_the_owner_s(tmp_path: Path) -> None:
    path = tmp_path / "ü.jsonl"
    path.write_text("what stood there")
    path.chmod(0o644)
    with open_private(path) as file:
        file.write("new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text() == "new"


def test_a_key_log_is_appended_to_and_made_the_owner_s(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "keys.txt"
    path.write_text("older keys\n")
    path.chmod(0o644)
    main(["car", *LO, "--no-tls", "--timeout-scale", "0.01", "--key-log", str(path)])
    assert "no charger answered" in capsys.readouterr().err
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text() == "older keys\n"


def test_a_full_disk_ends_the_file_and_not_the_session(caplog: pytest.LogCaptureFixture) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    file = open_private(full)
    with caplog.at_level(logging.WARNING):
        append(file, "a line")
        append(file, "another")
    assert caplog.text.count("/dev/full cannot be written, and ends here: No space left on device") == 1


def test_open_private_says_why_not(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be written: Is a directory"):
        open_private(tmp_path)
