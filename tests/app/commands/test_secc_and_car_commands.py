"""``twoway secc`` and ``twoway car`` as a user runs them: two processes on loopback, without root."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.cli import main
from app.commands.secc import PowerProfile
from protocols.iso15118.wire.network import is_loopback
from protocols.iso15118.wire.sdp import SdpRequest, Security, read_response

ROOT = Path(__file__).resolve().parents[3]
LOOPBACK = next((name for _, name in socket.if_nameindex() if is_loopback(name)), "")
PATIENT = ["--timeout-scale", "20", "--no-tls"]

Command = Callable[..., subprocess.Popen[str]]


def free_udp_port() -> int:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        sock.bind(("::1", 0))
        return int(sock.getsockname()[1])


@pytest.fixture
def sdp_port() -> str:
    try:
        return str(free_udp_port())
    except OSError:
        pytest.skip("this machine has no IPv6 on loopback (::1)")


@pytest.fixture
def twoway(sdp_port: str) -> Iterator[Command]:
    """Starts one end as a process of its own, on the discovery port of this test."""
    processes: list[subprocess.Popen[str]] = []

    def start(command: str, *words: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "app.cli", command),
                *("--interface", LOOPBACK, "--sdp-port", sdp_port),
                *(*PATIENT, *words),
            ],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.communicate()


def wait_until_listening(process: subprocess.Popen[str]) -> None:
    assert process.stderr is not None
    line = process.stderr.readline()
    assert "waiting for a car" in line, line


def read(output: str) -> tuple[list[dict], dict]:
    lines = [json.loads(line) for line in output.splitlines()]
    return lines[:-1], lines[-1]["summary"]


def test_one_session_between_the_two_commands(twoway: Command) -> None:
    secc = twoway("secc", "--once", "--power=-3000,4000")
    wait_until_listening(secc)
    car = twoway("car", "--service", "ac_bpt", "--control-mode", "scheduled", "--loops", "4", "--interval", "0.05")
    car_out, car_err = car.communicate(timeout=60)
    secc_out, _ = secc.communicate(timeout=60)
    assert (car.returncode, secc.returncode) == (0, 0), car_err
    assert "not encrypted" in car_err
    for output in (car_out, secc_out):
        lines, summary = read(output)
        assert summary["proper"]
        assert (summary["service"], summary["control_mode"]) == ("ac_bpt", "scheduled")
        assert summary["charge_loops"] == 4
        assert summary["security"] == {"tls": None, "lab_switch": True}
        # Three phases share it, each cut to a tenth of a watt.
        assert summary["least_set_point_w"] == pytest.approx(-3000, abs=0.3)
        assert summary["most_set_point_w"] == pytest.approx(4000, abs=0.3)
        assert summary["charged_wh"] > 0
        assert summary["discharged_wh"] > 0
        messages = [line for line in lines if line["kind"] == "message"]
        assert summary["messages"] == len(messages)
        assert set(messages[0]) == {"time", "kind", "sender", "namespace", "message", "state", "json"}
        assert [m["message"] for m in messages[:3]] == [
            "supportedAppProtocolReq",
            "supportedAppProtocolRes",
            "SessionSetupReq",
        ]
        assert messages[2]["json"]["EVCCID"] == "TWOWAYSIM0001"
        states = [line["state"] for line in lines if line["kind"] == "state"]
        assert states[0] == "session_setup"
        assert states[-1] == "ended"


def test_a_signal_stops_both_in_order(twoway: Command) -> None:
    secc = twoway("secc")
    wait_until_listening(secc)
    car = twoway("car", "--service", "dc_bpt", "--duration", "600")
    assert car.stdout is not None
    for line in car.stdout:
        if '"message":"DC_ChargeLoopRes"' in line:
            break
    car.send_signal(signal.SIGTERM)
    rest, _ = car.communicate(timeout=60)
    assert car.returncode == 0, rest[-500:]
    assert json.loads(rest.splitlines()[-1])["summary"]["reason"] == "stopped by the user"
    # The other end goes on serving until it is stopped too.
    time.sleep(0.1)
    assert secc.poll() is None
    secc.send_signal(signal.SIGINT)
    out, _ = secc.communicate(timeout=60)
    assert secc.returncode == 0
    assert json.loads(out.splitlines()[-1])["summary"]["proper"]


def test_the_charger_asks_the_car_to_leave(twoway: Command) -> None:
    secc = twoway("secc", "--once", "--stop-after", "0.2")
    wait_until_listening(secc)
    car = twoway("car", "--duration", "600")
    out, _ = car.communicate(timeout=60)
    assert car.returncode == 0
    assert "Terminate" in read(out)[1]["reason"]
    assert secc.wait(30) == 0


def test_an_improper_end_is_an_exit_status_of_one(twoway: Command) -> None:
    secc = twoway("secc", "--once")
    wait_until_listening(secc)
    car = twoway("car", "--duration", "600")
    assert car.stdout is not None
    for line in car.stdout:
        if '"message":"DC_ChargeLoopRes"' in line:
            break
    car.kill()
    out, _ = secc.communicate(timeout=60)
    assert secc.returncode == 1
    assert "connection lost" in read(out)[1]["reason"]


def discovered_port(sdp_port: str) -> int:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        sock.settimeout(30)
        sock.sendto(SdpRequest(Security.NONE).to_bytes(), ("::1", int(sdp_port)))
        return read_response(sock.recv(100)).port


@pytest.mark.parametrize("stray", [b"", b"GET / HTTP/1.1\r\n\r\n", b"\x01\xfe\x80\x01\0\0\0\x02\xff\xff"])
def test_a_stray_connection_is_not_the_one_session(twoway: Command, sdp_port: str, stray: bytes) -> None:
    secc = twoway("secc", "--once")
    wait_until_listening(secc)
    with socket.create_connection(("::1", discovered_port(sdp_port)), timeout=30) as connection:
        connection.sendall(stray)
    assert secc.stdout is not None
    told = next(line for line in secc.stdout if "summary" in line)
    assert json.loads(told)["summary"]["messages"] == 0
    car = twoway("car", "--loops", "1")
    car.communicate(timeout=60)
    out, _ = secc.communicate(timeout=60)
    assert (car.returncode, secc.returncode) == (0, 0)
    assert read(out)[1]["charge_loops"] == 1


def test_a_hasty_car_looks_for_a_charger_less_long(sdp_port: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--interface", LOOPBACK, "--sdp-port", sdp_port, "--no-tls", "--timeout-scale", "0.01"]
    assert main(["car", *words]) == 1
    assert "within 0.25 s" in capsys.readouterr().err


def test_stopped_before_a_charger_was_found(twoway: Command) -> None:
    car = twoway("car")
    time.sleep(1.5)
    car.send_signal(signal.SIGINT)
    _, err = car.communicate(timeout=60)
    assert car.returncode != 0
    assert "Traceback" not in err


@pytest.mark.parametrize("command", ["secc", "car"])
def test_an_unknown_interface_is_one_clear_line(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--interface", "nosuchif0", "--no-tls"]) == 1
    error = capsys.readouterr().err
    assert "nosuchif0" in error
    assert LOOPBACK in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("command", ["secc", "car"])
def test_without_certificates_the_way_out_is_told(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, "--interface", LOOPBACK, "--certificates", str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert "twoway pki make" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "moments", "watts"),
    [
        ("-3000", [(0, 0), (9, 5)], [-3000, -3000]),
        ("5000,-3000", [(0, 0), (0, 1), (0, 2)], [5000, -3000, 5000]),
        ("0:5000,60:-3000", [(0, 9), (59, 0), (60, 0)], [5000, 5000, -3000]),
        ("5:1000", [(0, 0), (5, 0)], [0, 1000]),
    ],
)
def test_what_a_power_profile_means(text: str, moments: list[tuple[float, int]], watts: list[float]) -> None:
    profile = PowerProfile(text)
    assert [profile.at(*moment) for moment in moments] == watts


@pytest.mark.parametrize("text", ["", "x", "1000,", "0:1000,500", "nan", "1e9", "1:2:x"])
def test_what_is_no_power_profile(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_status:
        main(["secc", "--interface", LOOPBACK, f"--power={text}"])
    assert exit_status.value.code == 2
    assert "--power" in capsys.readouterr().err


def test_a_second_car_is_turned_away_and_the_first_goes_on(twoway: Command) -> None:
    secc = twoway("secc", "--once")
    wait_until_listening(secc)
    # Slowly: nobody reads what it prints while the second one tries, and a full pipe would hold it up.
    first = twoway("car", "--duration", "600", "--interval", "3")
    assert first.stdout is not None
    for line in first.stdout:
        if '"message":"DC_ChargeLoopRes"' in line:
            break
    second = twoway("car", "--duration", "600")
    out, _ = second.communicate(timeout=60)
    assert second.returncode == 1
    assert not read(out)[1]["proper"]
    first.send_signal(signal.SIGTERM)
    first.communicate(timeout=60)
    assert first.returncode == 0
    _, told = secc.communicate(timeout=60)
    assert secc.returncode == 0
    assert all(line.startswith("twoway secc: ") for line in told.splitlines())
    assert "a second car" in told
