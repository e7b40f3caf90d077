"""Whole ISO 15118-20 sessions with somebody else's EVCC and SECC, over a veth pair between two network namespaces."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOREIGN_PYTHON = ROOT / ".interop" / "iso15118" / "bin" / "python"
FOREIGN_SECC = Path(__file__).with_name("programs") / "iso15118_secc.py"
SERVICES = ["ac", "ac_bpt", "dc", "dc_bpt"]
MODES = ["dynamic", "scheduled"]
CHARGE_W, DISCHARGE_W = 4000.0, 3000.0
LOOPS = 12
PATIENCE = "8"
"""How many times longer than the standard we wait: the Java codec on a busy machine is slower than it allows."""

pytestmark = [pytest.mark.interop, pytest.mark.slow, pytest.mark.timeout(180)]


def missing_network() -> str | None:
    if sys.platform != "linux" or os.geteuid() != 0:
        return "network namespaces need root on Linux"
    if shutil.which("ip") is None:
        return "no `ip` command (Debian: iproute2)"
    return None


def missing_stack() -> str | None:
    if shutil.which("java") is None:
        return "no Java for the foreign EXI codec (Debian: openjdk-17-jre-headless)"
    if not FOREIGN_PYTHON.exists():
        return "the foreign stack is not installed (tests/interop/setup_iso15118.sh)"
    return None


@dataclass(frozen=True)
class Cable:
    """Two namespaces with a wire between them."""

    charger: str
    car: str
    charger_interface: str = "tw0"
    car_interface: str = "tw1"


@pytest.fixture(scope="module")
def foreign_stack() -> None:
    reason = missing_stack()
    if reason is not None:
        pytest.skip(reason)


def ip(*words: str, check: bool = True) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if check and done.returncode != 0:
        pytest.skip(f"network namespaces cannot be made here: ip {' '.join(words)}: {done.stderr.strip()}")


@pytest.fixture(scope="module")
def cable() -> Iterator[Cable]:
    reason = missing_network()
    if reason is not None:
        pytest.skip(reason)
    cable = Cable(f"twoway-secc-{os.getpid()}", f"twoway-evcc-{os.getpid()}")
    try:
        ip("netns", "add", cable.charger)
        ip("netns", "add", cable.car)
        ip(
            *("link", "add", cable.charger_interface, "netns", cable.charger),
            *("type", "veth", "peer", "name", cable.car_interface, "netns", cable.car),
        )
        for space, interface in ((cable.charger, cable.charger_interface), (cable.car, cable.car_interface)):
            # Without duplicate address detection the link-local address works at once.
            no_dad = f"echo 0 > /proc/sys/net/ipv6/conf/{interface}/accept_dad"
            ip("netns", "exec", space, "sh", "-c", no_dad, check=False)
            ip("-n", space, "link", "set", "lo", "up")
            ip("-n", space, "link", "set", interface, "up")
        wait_for_addresses(cable)
        yield cable
    finally:
        ip("netns", "del", cable.charger, check=False)
        ip("netns", "del", cable.car, check=False)


def wait_for_addresses(cable: Cable) -> None:
    deadline = time.monotonic() + 10
    for space, interface in ((cable.charger, cable.charger_interface), (cable.car, cable.car_interface)):
        while time.monotonic() < deadline:
            shown = subprocess.run(
                ["ip", "-n", space, "-6", "addr", "show", "dev", interface, "scope", "link"],
                capture_output=True,
                text=True,
                check=False,
            ).stdout
            if "fe80:" in shown and "tentative" not in shown:
                break
            time.sleep(0.1)
        else:
            pytest.skip(f"{interface} got no IPv6 link-local address within 10 s")


def inside(space: str, *command: str) -> list[str]:
    return ["ip", "netns", "exec", space, *command]


def twoway(space: str, *words: str) -> list[str]:
    return inside(space, sys.executable, "-m", "app.cli", *words, "--no-tls", "--timeout-scale", PATIENCE)


def foreign_environment(interface: str, folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        "NETWORK_INTERFACE": interface,
        "LOG_LEVEL": "INFO",
        "PKI_PATH": f"{folder}/",
        "AUTH_MODES": "EIM",
        "SECC_ENFORCE_TLS": "False",
        "ENABLE_TLS_1_3": "False",
        "PROTOCOLS": "ISO_15118_20_AC,ISO_15118_20_DC",
    }


@contextlib.contextmanager
def running(command: list[str], log: Path, **options: object) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, **options)  # type: ignore[call-overload]
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def read_lines(path: Path) -> tuple[list[dict], dict]:
    """The JSON lines of one of our ends, and its summary."""
    lines = [json.loads(line) for line in path.read_text().splitlines() if line.startswith("{")]
    assert lines, path.read_text()
    assert "summary" in lines[-1], lines[-1]
    return lines[:-1], lines[-1]["summary"]


def number(element: dict | None) -> float:
    return 0.0 if element is None else element["Value"] * 10.0 ** element["Exponent"]


def set_points(lines: list[dict]) -> list[float]:
    """What the charge-loop answers on the wire asked for, signed W."""
    found = []
    for line in lines:
        if line["kind"] != "message" or not line["message"].endswith("ChargeLoopRes"):
            continue
        mode = next(value for key, value in line["json"].items() if key.endswith("CLResControlMode"))
        if line["message"].startswith("AC"):
            found.append(sum(number(mode.get(f"EVSETargetActivePower{phase}")) for phase in ("", "_L2", "_L3")))
        else:
            charge_w = number(mode["EVSEMaximumChargePower"])
            found.append(charge_w or -number(mode.get("EVSEMaximumDischargePower")))
    return found


@pytest.mark.parametrize("service", ["ac_bpt", "dc_bpt"])
def test_both_our_ends_find_each_other_by_multicast(cable: Cable, tmp_path: Path, service: str) -> None:
    ours, others = tmp_path / "secc.jsonl", tmp_path / "car.jsonl"
    secc = twoway(cable.charger, "secc", "--interface", cable.charger_interface, "--once", "--power=-2500")
    car = twoway(cable.car, "car", "--interface", cable.car_interface, "--service", service, "--loops", "5")
    with running(secc, ours, cwd=ROOT) as charger:
        wait_for_text(ours, "waiting for a car", 20)
        with running(car, others, cwd=ROOT) as vehicle:
            assert vehicle.wait(60) == 0, others.read_text()[-2000:]
        assert charger.wait(30) == 0, ours.read_text()[-2000:]
    for path in (ours, others):
        lines, summary = read_lines(path)
        assert summary["proper"], summary
        assert summary["discharged_wh"] > 0
        assert set_points(lines) == pytest.approx([-2500] * 5, abs=1)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("service", SERVICES)
def test_foreign_evcc_completes_a_session_with_our_secc(
    cable: Cable, foreign_stack: None, tmp_path: Path, service: str, mode: str
) -> None:
    config = tmp_path / "evcc.json"
    config.write_text(
        json.dumps(
            {
                "supportedEnergyServices": [service.upper()],
                "supportedProtocols": [f"ISO_15118_20_{service[:2].upper()}"],
                "useTls": False,
                "enforceTls": False,
                "isCertInstallNeeded": False,
                "sdpRetryCycles": 10,
                "chargeLoopCycle": LOOPS,
                "chargeLoopDelay": 0,
            }
        )
    )
    secc = twoway(
        cable.charger,
        *("secc", "--interface", cable.charger_interface, "--once"),
        *("--control-mode", mode, f"--power={-DISCHARGE_W},{CHARGE_W}"),
    )
    evcc = inside(cable.car, str(FOREIGN_PYTHON), "-m", "iso15118.evcc.main", str(config))
    environment = foreign_environment(cable.car_interface, tmp_path)
    ours, theirs = tmp_path / "secc.jsonl", tmp_path / "evcc.log"
    with running(secc, ours, cwd=ROOT) as charger:
        wait_for_text(ours, "waiting for a car", 20)
        with running(evcc, theirs, env=environment, cwd=tmp_path) as car:
            status = charger.wait(90)
            assert status == 0, ours.read_text()[-2000:] + theirs.read_text()[-2000:]
            assert car.wait(30) == 0, theirs.read_text()[-2000:]

    lines, summary = read_lines(ours)
    assert summary["proper"], summary
    assert summary["service"] == service
    assert summary["control_mode"] == mode
    assert summary["charge_loops"] >= LOOPS - 1
    assert summary["peer"] == "WMIV1234567890ABCDEX"
    sent = set_points(lines)
    assert max(sent) == pytest.approx(CHARGE_W, abs=1)
    assert min(sent) == pytest.approx(-DISCHARGE_W if "bpt" in service else 0.0, abs=1)
    if "bpt" in service:
        assert summary["discharged_wh"] > 0
    assert "Communication session terminated" in theirs.read_text()


@pytest.fixture(scope="module")
def foreign_secc(cable: Cable, foreign_stack: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("foreign_secc")
    log = folder / "secc.log"
    command = inside(cable.charger, str(FOREIGN_PYTHON), str(FOREIGN_SECC))
    environment = foreign_environment(cable.charger_interface, folder)
    with running(command, log, env=environment, cwd=folder):
        # Its JVM takes seconds to read a first message.
        time.sleep(5)
        yield log


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("service", SERVICES)
def test_our_car_completes_a_session_with_the_foreign_secc(
    cable: Cable, foreign_secc: Path, tmp_path: Path, service: str, mode: str
) -> None:
    ours = tmp_path / "car.jsonl"
    car = twoway(
        cable.car,
        *("car", "--interface", cable.car_interface, "--service", service, "--control-mode", mode),
        *("--loops", str(LOOPS), "--interval", "0.1"),
    )
    with running(car, ours, cwd=ROOT) as process:
        status = process.wait(90)
    assert status == 0, ours.read_text()[-2000:] + foreign_secc.read_text()[-2000:]

    lines, summary = read_lines(ours)
    assert summary["proper"], summary
    assert summary["service"] == service
    assert summary["control_mode"] == mode
    assert summary["charge_loops"] == LOOPS
    received = set_points(lines)
    # In AC its simulator adds 10 W on L2 and on L3.
    assert max(received) == pytest.approx(CHARGE_W, abs=25)
    assert summary["charged_wh"] > 0
    if "bpt" in service:
        assert min(received) == pytest.approx(-DISCHARGE_W, abs=25)
        assert summary["discharged_wh"] > 0


def wait_for_text(path: Path, text: str, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if path.exists() and text in path.read_text():
            return
        time.sleep(0.05)
    pytest.fail(f"{text!r} did not appear within {seconds:g} s: {path.read_text()}")
