"""The security options of ``twoway secc`` and ``car``, with certificates of ``twoway pki make``, in two processes."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

Words = tuple[str, ...]


def twoway(home: Path, *words: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", *words],
        env={**os.environ, "TWOWAY_HOME_DIR": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


@dataclass
class Both:
    """What either end said."""

    status: int
    car: dict[str, Any]
    secc: dict[str, Any]
    car_error: str


def summary(output: str) -> dict[str, Any]:
    lines = [json.loads(line) for line in output.splitlines()]
    found: dict[str, Any] = lines[-1]["summary"] if lines else {}
    return found


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A charger and a car that trust each other, for -20 and -2."""
    folder = tmp_path_factory.mktemp("home")
    twoway(folder, "pki", "make", "--car")
    return folder


@pytest.fixture
def join(home: Path) -> Iterator[Callable[..., Both]]:
    processes: list[subprocess.Popen[str]] = []

    def start(folder: Path, *words: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "app.cli", *words, "--interface", "lo", "--timeout-scale", "20"]
        pipe = subprocess.PIPE
        environment = {**os.environ, "TWOWAY_HOME_DIR": str(folder)}
        processes.append(subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True))
        return processes[-1]

    def run(secc_words: Words = (), car_words: Words = (), *, car_home: Path = home, once: bool = True) -> Both:
        secc = start(home, "secc", "--sdp-port", "0", *(("--once",) if once else ()), *secc_words)
        assert secc.stderr is not None
        line = secc.stderr.readline()
        assert "waiting for a car" in line, line
        car = start(car_home, "car", "--sdp-port", line.split()[-1], "--loops", "2", *car_words)
        car_out, car_error = car.communicate(timeout=60)
        if not once:
            secc.terminate()
        secc_out, _ = secc.communicate(timeout=60)
        return Both(car.returncode, summary(car_out), summary(secc_out), car_error)

    yield run
    for process in processes:
        if process.poll() is None:
            process.kill()
            process.communicate()


def test_tls_1_3_is_the_default(join: Callable[..., Both]) -> None:
    both = join()
    assert both.status == 0, both.car_error
    assert both.car_error == ""
    assert both.car["security"]["tls"] == both.secc["security"]["tls"] == "TLSv1.3"
    assert both.secc["security"]["group"] == "secp521r1"
    assert "TWO00000000000001A" in both.secc["security"]["peer"]
    assert both.car["security"]["issuer"].startswith("DC=PE")
    assert both.car["security"]["not_after"].endswith("Z")


def test_tls_1_2_for_a_car_of_2(join: Callable[..., Both]) -> None:
    both = join((), ("--protocol", "iso15118-2", "--service", "dc"))
    assert both.status == 0, both.car_error
    assert (both.secc["security"]["tls"], both.secc["security"]["cipher"]) == ("TLSv1.2", "ECDHE-ECDSA-AES128-SHA256")
    assert both.secc["security"]["peer"] is None


def test_a_car_of_another_home_is_told_what_to_import(join: Callable[..., Both], tmp_path: Path) -> None:
    twoway(tmp_path, "pki", "make", "--car", "--name", "Other")
    both = join(car_home=tmp_path, once=False)
    assert both.status == 1
    assert "nor is it a trusted root: import it" in both.car["reason"]
    assert "the car does not trust the root of our certificate" in both.secc["reason"]


def test_din_goes_without_tls_where_it_is_offered(join: Callable[..., Both]) -> None:
    both = join(("--tls", "offered"), ("--protocol", "din70121", "--service", "dc"))
    assert both.status == 0, both.car_error
    assert both.secc["security"] == {"tls": None, "lab_switch": False}


def test_20_without_tls_is_refused_without_the_charger_s_lab_switch(join: Callable[..., Both]) -> None:
    both = join(("--tls", "offered"), ("--no-tls",), once=False)
    assert both.status == 1
    assert "needs TLS 1.3, and this connection has no TLS" in both.secc["reason"]
    assert both.car["security"] == {"tls": None, "lab_switch": True}


def test_a_charger_that_requires_tls_says_so_to_a_car_without(join: Callable[..., Both]) -> None:
    both = join((), ("--no-tls",), once=False)
    assert both.status == 1
    assert both.car == both.secc == {}
    assert "insists on TLS" in both.car_error


def test_keys_and_packets_are_private_files_with_a_warning(join: Callable[..., Both], tmp_path: Path) -> None:
    keys, packets = tmp_path / "keys.txt", tmp_path / "case.pcapng"
    both = join((), ("--key-log", str(keys), "--capture", str(packets)))
    assert both.status == 0
    assert both.car_error.count("delete it") == 2
    assert "CLIENT_TRAFFIC_SECRET_0 " in keys.read_text()
    assert keys.read_bytes().splitlines()[0] in packets.read_bytes()
    assert {path.stat().st_mode & 0o777 for path in (keys, packets)} == {0o600}
