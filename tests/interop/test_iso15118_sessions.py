"""Whole ISO 15118-20 sessions with somebody else's EVCC and SECC, over a veth pair between two network namespaces."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

SERVICES = ["ac", "ac_bpt", "dc", "dc_bpt"]
MODES = ["dynamic", "scheduled"]
CHARGE_W, DISCHARGE_W = 4000.0, 3000.0
LOOPS = 12

pytestmark = [pytest.mark.interop, pytest.mark.slow, pytest.mark.timeout(180)]


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
def test_both_our_ends_find_each_other_by_multicast(lab: Any, cable: Any, tmp_path: Path, service: str) -> None:
    ours, others = tmp_path / "secc.jsonl", tmp_path / "car.jsonl"
    secc = lab.twoway(cable.charger, "secc", "--interface", cable.charger_interface, "--once", "--power=-2500")
    car = lab.twoway(cable.car, "car", "--interface", cable.car_interface, "--service", service, "--loops", "5")
    with lab.running(secc, ours, cwd=lab.root) as charger:
        lab.wait_for_text(ours, "waiting for a car", 20)
        with lab.running(car, others, cwd=lab.root) as vehicle:
            assert vehicle.wait(60) == 0, others.read_text()[-2000:]
        assert charger.wait(30) == 0, ours.read_text()[-2000:]
    for path in (ours, others):
        lines, summary = lab.read_lines(path)
        assert summary["proper"], summary
        assert summary["discharged_wh"] > 0
        assert set_points(lines) == pytest.approx([-2500] * 5, abs=1)


@pytest.mark.combination(
    protocol="ISO 15118-20",
    service="{service}",
    mode="{mode}",
    security="plain",
    authorization="EIM",
    ours="SECC",
    theirs="EVCC, EcoG iso15118",
)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("service", SERVICES)
def test_foreign_evcc_completes_a_session_with_our_secc(
    lab: Any, cable: Any, foreign_stack: None, tmp_path: Path, service: str, mode: str
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
    secc = lab.twoway(
        cable.charger,
        *("secc", "--interface", cable.charger_interface, "--once"),
        *("--control-mode", mode, f"--power={-DISCHARGE_W},{CHARGE_W}"),
    )
    evcc = lab.foreign_evcc(cable.car, config)
    environment = lab.foreign_environment(cable.car_interface, tmp_path)
    ours, theirs = tmp_path / "secc.jsonl", tmp_path / "evcc.log"
    with lab.running(secc, ours, cwd=lab.root) as charger:
        lab.wait_for_text(ours, "waiting for a car", 20)
        with lab.running(evcc, theirs, env=environment, cwd=tmp_path) as car:
            status = charger.wait(90)
            assert status == 0, ours.read_text()[-2000:] + theirs.read_text()[-2000:]
            assert car.wait(30) == 0, theirs.read_text()[-2000:]

    lines, summary = lab.read_lines(ours)
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
def foreign_secc(lab: Any, cable: Any, foreign_stack: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("foreign_secc")
    log = folder / "secc.log"
    command = lab.foreign_secc(cable.charger)
    environment = lab.foreign_environment(cable.charger_interface, folder)
    with lab.running(command, log, env=environment, cwd=folder):
        # Its JVM takes seconds to read a first message.
        time.sleep(5)
        yield log


@pytest.mark.combination(
    protocol="ISO 15118-20",
    service="{service}",
    mode="{mode}",
    security="plain",
    authorization="EIM",
    ours="EVCC",
    theirs="SECC, EcoG iso15118",
)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("service", SERVICES)
def test_our_car_completes_a_session_with_the_foreign_secc(
    lab: Any, cable: Any, foreign_secc: Path, tmp_path: Path, service: str, mode: str
) -> None:
    ours = tmp_path / "car.jsonl"
    car = lab.twoway(
        cable.car,
        *("car", "--interface", cable.car_interface, "--service", service, "--control-mode", mode),
        *("--loops", str(LOOPS), "--interval", "0.1"),
    )
    with lab.running(car, ours, cwd=lab.root) as process:
        status = process.wait(90)
    assert status == 0, ours.read_text()[-2000:] + foreign_secc.read_text()[-2000:]

    lines, summary = lab.read_lines(ours)
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
