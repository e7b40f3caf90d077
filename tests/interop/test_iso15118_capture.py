"""Wireshark's own reader opens a capture of ours, checksums and all, and finds the messages inside TLS."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.interop, pytest.mark.timeout(120)]


def tshark(path: Path, *words: str) -> list[str]:
    command = ["tshark", "-r", str(path), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


@pytest.mark.skipif(shutil.which("tshark") is None, reason="no `tshark` command (Debian: tshark)")
@pytest.mark.parametrize("end", ["secc", "car"])
def test_tshark_reads_the_messages_of_a_captured_session(lab: Any, tmp_path: Path, end: str) -> None:
    environment = lab.home_environment(tmp_path / "home")
    twoway = [sys.executable, "-m", "app.cli"]
    made = subprocess.run([*twoway, "pki", "make", "--car"], cwd=lab.root, env=environment, check=False)
    assert made.returncode == 0
    capture, port = tmp_path / "case.pcapng", "15197"
    common = ["--interface", "lo", "--sdp-port", port, "--timeout-scale", "20"]
    captured = ["--capture", str(capture)]
    secc = [*twoway, "secc", *common, "--once", *(captured if end == "secc" else [])]
    car = [*twoway, "car", *common, "--loops", "2", *(captured if end == "car" else [])]
    log = tmp_path / "secc.log"
    with lab.running(secc, log, cwd=lab.root, env=environment) as charger:
        lab.wait_for_text(log, "waiting for a car", 30)
        with lab.running(car, tmp_path / "car.log", cwd=lab.root, env=environment) as vehicle:
            assert vehicle.wait(60) == 0
        assert charger.wait(30) == 0
    assert tshark(capture, "-Y", "_ws.malformed || tcp.analysis.flags || _ws.expert.severity == error") == []
    bad = "tcp.checksum.status == 0 || udp.checksum.status == 0"
    checks = ("-o", "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE")
    assert tshark(capture, *checks, "-Y", bad) == []
    inside = [line for line in tshark(capture, "-Y", "tls.app_data", "-T", "fields", "-e", "data") if line]
    assert inside[0].startswith("01fe8001")
    _, summary = lab.read_lines(log)
    assert len("".join(inside).split("01fe8")) - 1 >= summary["messages"] - 2
