"""``twoway engine``: a mistake is one clear line; a missing device is no mistake."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

HOME = """
[home]
name = "Test home"
[connection]
fuse_a = 25
[[meter]]
name = "meter"
host = "127.0.0.1"
port = {port}
"""


def command(folder: Path, *more: str) -> list[str]:
    base = [sys.executable, "-m", "app.cli", "engine", "--home", str(folder / "home.toml")]
    return [*base, "--state-dir", str(folder / "state"), "--run-file", str(folder / "engine.json"), *more]


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@pytest.fixture
def folder(tmp_path: Path, closed_port: int) -> Path:
    (tmp_path / "home.toml").write_text(HOME.format(port=closed_port))
    return tmp_path


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield int(taken.getsockname()[1])


def refused(line: list[str]) -> str:
    done = subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr.strip().splitlines()[-1]


def test_a_mistake_in_the_home_file_names_its_line(folder: Path) -> None:
    path = folder / "home.toml"
    path.write_text(path.read_text().replace("fuse_a = 25", "fuse = 25"))
    said = refused(command(folder))
    assert f"{path}:" in said
    assert "fuse" in said


def test_a_taken_port_is_told_with_the_way_out(folder: Path, taken_port: int) -> None:
    said = refused(command(folder, "--port", str(taken_port)))
    assert f"cannot listen on 127.0.0.1:{taken_port}" in said
    assert "--port" in said


def test_a_meter_that_is_not_there_is_shown_and_the_rest_runs(folder: Path, closed_port: int) -> None:
    engine = subprocess.Popen(command(folder, "--port", "0"), stderr=subprocess.PIPE)
    try:
        picture = ask(folder, engine)
        meter = next(line for line in picture["health"] if line["name"] == "meter")
        assert meter["level"] == "failed"
        assert f"127.0.0.1:{closed_port}" in meter["text"]
        assert picture["flow"]["grid_w"] is None
        assert str(closed_port) in picture["flow"]["missing"]["grid_w"]
        run_file = folder / "engine.json"
        token_file = Path(json.loads(run_file.read_text())["token_file"])
        assert token_file.stat().st_mode & 0o077 == 0
        assert run_file.stat().st_mode & 0o077 == 0
    finally:
        engine.send_signal(signal.SIGTERM)
        assert engine.wait(20) == 0
    assert not run_file.exists()


def ask(folder: Path, engine: "subprocess.Popen[bytes]") -> dict:
    """The home's picture, once the meter's health is known."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        assert engine.poll() is None
        try:
            told = json.loads((folder / "engine.json").read_text())
            token = Path(told["token_file"]).read_text().strip()
            headers = {"Authorization": f"Bearer {token}"}
            picture = httpx.get(f"{told['url']}/api/v1/home", headers=headers, trust_env=False).json()
            if any(line["name"] == "meter" and line["level"] == "failed" for line in picture["health"]):
                return picture
        except (OSError, ValueError, httpx.HTTPError):
            pass
        time.sleep(0.1)
    raise AssertionError("the engine did not answer in time")
