"""The engine's recordings: bounded in number and size, private, and no trouble to a session."""

import os
import stat
from pathlib import Path

import pytest

from app.session_shelf import RecordingShelf
from protocols.iso15118.recording import Recorder, read_sessions
from protocols.iso15118.timings import Timings


def record(shelf: RecordingShelf, timers: int = 1) -> None:
    recorder = Recorder(shelf.new(), "secc", 0.0, Timings())
    for number in range(timers):
        recorder.timer(float(number))


def test_the_last_sessions_are_kept(tmp_path: Path) -> None:
    shelf = RecordingShelf(tmp_path / "sessions", keep=3)
    seen: list[Path] = []
    for _ in range(5):
        record(shelf)
        seen.append(shelf.files[-1])
    shelf.close()
    assert shelf.files == seen[2:]
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in shelf.files)
    assert len(read_sessions(shelf.files[0].read_bytes())) == 1


def test_large_sessions_make_room_sooner(tmp_path: Path) -> None:
    shelf = RecordingShelf(tmp_path, max_bytes=4000, max_total_bytes=9000)
    for _ in range(5):
        record(shelf, timers=500)
    shelf.close()
    assert len(shelf.files) == 3
    assert sum(path.stat().st_size for path in shelf.files) <= 9000 + 4000


def test_a_session_without_end_stops_at_its_bound(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    shelf = RecordingShelf(tmp_path, max_bytes=2000)
    record(shelf, timers=500)
    (path,) = shelf.files
    assert path.stat().st_size <= 2000
    assert caplog.text.count("its largest size") == 1
    assert len(read_sessions(path.read_bytes())) == 1


def test_a_place_that_cannot_be_written_is_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    shelf = RecordingShelf(tmp_path / "file" / "sessions")
    record(shelf, timers=3)
    assert caplog.text.count("sessions are not recorded") == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_a_disk_that_filled_up_does_not_keep_the_next_car_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf, real_open = RecordingShelf(tmp_path), os.open
    with monkeypatch.context() as full:
        full.setattr("app.session_shelf.os.open", lambda *_: real_open("/dev/full", os.O_WRONLY))
        record(shelf)
    record(shelf)
    shelf.close()
    assert len(read_sessions(shelf.files[-1].read_bytes())) == 1
