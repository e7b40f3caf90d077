"""Whole ISO 15118-2 sessions with somebody else's EVCC and SECC, plain and paid by external means."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

MODES = {"ac": "AC_three_phase_core", "dc": "DC_extended"}
LOOP_ANSWERS = {"ac": "ChargingStatusRes", "dc": "CurrentDemandRes"}
CHARGE_W = 4000.0
LOOPS = 12

pytestmark = [pytest.mark.interop, pytest.mark.slow, pytest.mark.timeout(180)]


def bodies(lines: list[dict], name: str) -> list[dict]:
    found = [line["json"]["Body"] for line in lines if line["kind"] == "message" and line["message"] == name]
    return [body[name] for body in found]


def number(element: dict) -> float:
    return element["Value"] * 10.0 ** element["Multiplier"]


def set_points(lines: list[dict], energy: str) -> list[float]:
    """What the charge-loop answers on the wire allowed, in W."""
    answers = bodies(lines, LOOP_ANSWERS[energy])
    if energy == "dc":
        return [number(answer["EVSEMaximumPowerLimit"]) for answer in answers]
    return [number(answer["EVSEMaxCurrent"]) * 230 * 3 for answer in answers]


@pytest.mark.combination(
    protocol="ISO 15118-2",
    service="{energy}",
    security="plain",
    authorization="EIM",
    ours="SECC",
    theirs="EVCC, EcoG iso15118",
)
@pytest.mark.parametrize("energy", MODES)
def test_foreign_evcc_completes_a_session_with_our_secc(
    lab: Any, cable: Any, foreign_stack: None, tmp_path: Path, energy: str
) -> None:
    config = tmp_path / "evcc.json"
    config.write_text(
        json.dumps(
            {
                "supportedEnergyServices": [energy.upper()],
                "energyTransferMode": MODES[energy],
                "supportedProtocols": ["ISO_15118_2"],
                "useTls": False,
                "enforceTls": False,
                "isCertInstallNeeded": False,
                "sdpRetryCycles": 10,
                "chargeLoopCycle": LOOPS,
                "chargeLoopDelay": 0,
            }
        )
    )
    secc = lab.twoway(cable.charger, "secc", "--interface", cable.charger_interface, "--once", f"--power={CHARGE_W}")
    environment = lab.foreign_environment(cable.car_interface, tmp_path)
    ours, theirs = tmp_path / "secc.jsonl", tmp_path / "evcc.log"
    with lab.running(secc, ours, cwd=lab.root) as charger:
        lab.wait_for_text(ours, "waiting for a car", 20)
        with lab.running(lab.foreign_evcc(cable.car, config), theirs, env=environment, cwd=tmp_path) as car:
            status = charger.wait(90)
            assert status == 0, ours.read_text()[-2000:] + theirs.read_text()[-2000:]
            assert car.wait(30) == 0, theirs.read_text()[-2000:]

    lines, summary = lab.read_lines(ours)
    assert summary["proper"], summary
    assert (summary["protocol"], summary["service"]) == ("iso15118-2", energy)
    assert summary["charge_loops"] >= LOOPS - 1
    assert set_points(lines, energy) == pytest.approx([CHARGE_W] * summary["charge_loops"], abs=10)
    assert "Communication session terminated" in theirs.read_text()


@pytest.fixture(scope="module")
def foreign_secc(lab: Any, cable: Any, foreign_stack: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("foreign_secc")
    log = folder / "secc.log"
    environment = lab.foreign_environment(cable.charger_interface, folder, PROTOCOLS="ISO_15118_2")
    with lab.running(lab.foreign_secc(cable.charger), log, env=environment, cwd=folder):
        # Its JVM takes seconds to read a first message.
        time.sleep(5)
        yield log


@pytest.mark.combination(
    protocol="ISO 15118-2",
    service="{energy}",
    security="plain",
    authorization="EIM",
    ours="EVCC",
    theirs="SECC, EcoG iso15118",
)
@pytest.mark.parametrize("energy", MODES)
def test_our_car_completes_a_session_with_the_foreign_secc(
    lab: Any, cable: Any, foreign_secc: Path, tmp_path: Path, energy: str
) -> None:
    ours = tmp_path / "car.jsonl"
    car = lab.twoway(
        cable.car,
        *("car", "--interface", cable.car_interface, "--protocol", "iso15118-2", "--service", energy),
        *("--loops", str(LOOPS), "--interval", "0.1"),
    )
    with lab.running(car, ours, cwd=lab.root) as process:
        status = process.wait(90)
    assert status == 0, ours.read_text()[-2000:] + foreign_secc.read_text()[-2000:]

    lines, summary = lab.read_lines(ours)
    assert summary["proper"], summary
    assert (summary["protocol"], summary["service"]) == ("iso15118-2", energy)
    assert summary["charge_loops"] == LOOPS
    assert len(set_points(lines, energy)) == LOOPS
    assert summary["charged_wh"] > 0
