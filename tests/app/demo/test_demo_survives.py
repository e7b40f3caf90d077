"""What may die without harm: the window, and the engine itself."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.engine.engine import STORE_NAME

Wait = Callable[..., Any]


def booked(home: Any) -> tuple[int, float]:
    """Intervals and energy in the accounts."""
    with sqlite3.connect(home.demo.folder / STORE_NAME) as db:
        return db.execute("SELECT count(*), total(grid_car_wh + solar_car_wh) FROM accounts").fetchone()


def boosted(home: Any, wait: Wait) -> str:
    """A session that charges at full power; its id."""
    session_id = wait(home.session_id)
    assert home.post("car/boost", {"minutes": 60}).status_code == 200
    wait(lambda: (home.stage().ev_w or 0.0) > 5_000)
    return session_id


@pytest.mark.slow
def test_the_engine_killed_the_charger_falls_to_0_and_a_restart_resumes(home: Any, wait: Wait) -> None:
    before_id = boosted(home, wait)
    wait(lambda: booked(home)[1] > 50)
    engine = home.demo.engine
    engine.send_signal(signal.SIGKILL)
    engine.wait()
    intervals, energy_wh = booked(home)
    # The stage's own clock, real seconds: the home file says 5, the promise is 60.
    wait(lambda: home.stage().ev_w == 0.0, within_s=60)
    assert home.stage().setpoint_w == 0.0

    home.demo.start_engine()
    after_id = wait(home.session_id)
    assert after_id != before_id
    wait(lambda: (home.stage().ev_w or 0.0) > 5_000)  # the boost was wished before the crash
    wait(lambda: booked(home)[0] > intervals)
    assert booked(home)[1] >= energy_wh
    records = {row["session_id"]: row for row in wait(lambda: home.demo.ask("sessions"))}
    assert records[before_id]["end"] is not None
    assert records[before_id]["ended"] == "the engine was stopped while the car was connected"


@pytest.mark.slow
def test_the_window_killed_the_session_does_not_notice(home: Any, wait: Wait) -> None:
    session_id = boosted(home, wait)
    window = subprocess.Popen(
        [sys.executable, "-m", "ui", "--run-file", str(home.demo.run_file)],
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
    )
    try:
        # A window that reads the stream keeps a connection open.
        wait(lambda: window.poll() is not None or connected_to(window.pid), within_s=20)
        assert window.poll() is None
    finally:
        window.kill()
        window.wait()
    messages = home.demo.snapshot()["car"]["messages"]
    wait(lambda: home.demo.snapshot()["car"]["messages"] > messages + 20)
    assert home.session_id() == session_id
    assert (home.stage().ev_w or 0.0) > 5_000


@pytest.mark.slow
def test_sigterm_stops_in_order_and_a_second_engine_is_refused_meanwhile(home: Any, wait: Wait) -> None:
    session_id = boosted(home, wait)
    command = [sys.executable, "-m", "app.cli", "engine", "--home", str(home.demo.home_path)]
    command += ["--state-dir", str(home.demo.folder), "--run-file", str(home.demo.folder / "other.json")]
    second = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert second.returncode == 1
    assert "An engine runs already" in second.stderr
    assert "Traceback" not in second.stderr
    assert home.session_id() == session_id

    engine = home.demo.engine
    engine.send_signal(signal.SIGTERM)
    assert engine.wait(20) == 0
    stage = home.stage()
    assert (stage.ev_w, stage.contactor) == (0.0, False)
    assert not home.demo.run_file.exists()
    with sqlite3.connect(home.demo.folder / STORE_NAME) as db:
        end_s, ended = db.execute("SELECT end_s, ended FROM sessions WHERE session_id = ?", (session_id,)).fetchone()
    assert end_s is not None
    assert ended != "the engine was stopped while the car was connected"


def connected_to(pid: int) -> bool:
    """Has this process a connection over TCP?"""
    process = Path(f"/proc/{pid}")
    try:
        sockets = {str(link.readlink()) for link in (process / "fd").iterdir()}
        table = (process / "net/tcp").read_text().splitlines()[1:]
    except OSError:
        return False
    return any(line.split()[3] == "01" and f"socket:[{line.split()[9]}]" in sockets for line in table)
