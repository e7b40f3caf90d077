"""What the ISO 15118 interop tests share: two network namespaces with a wire, programs in them, the foreign stack."""

import contextlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOREIGN_PYTHON = ROOT / ".interop" / "iso15118" / "bin" / "python"
FOREIGN_SECC = Path(__file__).with_name("programs") / "iso15118_secc.py"
PATIENCE = "8"
"""How many times longer than the standard we wait: the Java codec on a busy machine is slower than it allows."""


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(neighbour("combinations").Combinations())


def neighbour(name: str) -> ModuleType:
    """A module beside this one, which no test can import by name."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    if spec is None or spec.loader is None:
        raise ImportError(name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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


class Lab:
    """Programs on either end of the wire."""

    root = ROOT

    @staticmethod
    def home_environment(home: Path) -> dict[str, str]:
        """An environment in which our programs keep all their files in `home`."""
        return {**os.environ, "TWOWAY_HOME_DIR": str(home)}

    @staticmethod
    def import_certificates(environment: dict[str, str], file: Path, role: str) -> None:
        """`twoway pki import`, as a person would."""
        command = [sys.executable, "-m", "app.cli", "pki", "import", "--role", str(role), str(file)]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    @staticmethod
    def inside(space: str, *command: str) -> list[str]:
        return ["ip", "netns", "exec", space, *command]

    @staticmethod
    def twoway(space: str, *words: str, tls: bool = False) -> list[str]:
        words = words if tls else (*words, "--no-tls")
        return Lab.inside(space, sys.executable, "-m", "app.cli", *words, "--timeout-scale", PATIENCE)

    @staticmethod
    def foreign_evcc(space: str, config: Path) -> list[str]:
        return Lab.inside(space, str(FOREIGN_PYTHON), "-m", "iso15118.evcc.main", str(config))

    @staticmethod
    def foreign_secc(space: str) -> list[str]:
        return Lab.inside(space, str(FOREIGN_PYTHON), str(FOREIGN_SECC))

    @staticmethod
    def foreign_environment(interface: str, folder: Path, **more: str) -> dict[str, str]:
        return {
            **os.environ,
            "NETWORK_INTERFACE": interface,
            "LOG_LEVEL": "INFO",
            "PKI_PATH": f"{folder}/",
            "AUTH_MODES": "EIM",
            "SECC_ENFORCE_TLS": "False",
            "ENABLE_TLS_1_3": "False",
            "PROTOCOLS": "ISO_15118_20_AC,ISO_15118_20_DC",
            **more,
        }

    @staticmethod
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

    @staticmethod
    def read_lines(path: Path) -> tuple[list[dict], dict]:
        """The JSON lines of one of our ends, and its summary."""
        lines = [json.loads(line) for line in path.read_text().splitlines() if line.startswith("{")]
        assert lines, path.read_text()
        assert "summary" in lines[-1], lines[-1]
        return lines[:-1], lines[-1]["summary"]

    @staticmethod
    def wait_for_text(path: Path, text: str, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if path.exists() and text in path.read_text():
                return
            time.sleep(0.05)
        pytest.fail(f"{text!r} did not appear within {seconds:g} s: {path.read_text()}")


@pytest.fixture(scope="session")
def foreign_pki() -> ModuleType:
    return neighbour("foreign_pki")


@pytest.fixture(scope="session")
def lab() -> type[Lab]:
    return Lab
