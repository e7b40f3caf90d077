"""Whole DIN SPEC 70121 sessions with somebody else's EVCC and SECC, over a veth pair between two network namespaces.

The foreign EVCC enforces the standard's 0.25 s for a CurrentDemand, which its own SECC is too slow for: ours is not.
"""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

LOOPS = 8
CHARGE_W = 4000.0

pytestmark = [pytest.mark.interop, pytest.mark.slow, pytest.mark.timeout(180)]


def number(element: dict) -> float:
    return element["Value"] * 10.0 ** element["Multiplier"]


def bodies(lines: list[dict], name: str) -> list[dict]:
    return [line["json"]["Body"][name] for line in lines if line["kind"] == "message" and line["message"] == name]


def test_both_our_ends_find_each_other(lab: Any, cable: Any, tmp_path: Path) -> None:
    ours, others = tmp_path / "secc.jsonl", tmp_path / "car.jsonl"
    secc = lab.twoway(cable.charger, "secc", "--interface", cable.charger_interface, "--once", "--power=4000")
    car = lab.twoway(
        cable.car,
        *("car", "--interface", cable.car_interface, "--service", "dc", "--protocol", "din70121", "--loops", "5"),
    )
    with lab.running(secc, ours, cwd=lab.root) as charger:
        lab.wait_for_text(ours, "waiting for a car", 20)
        with lab.running(car, others, cwd=lab.root) as vehicle:
            assert vehicle.wait(60) == 0, others.read_text()[-2000:]
        assert charger.wait(30) == 0, ours.read_text()[-2000:]
    for path in (ours, others):
        lines, summary = lab.read_lines(path)
        assert summary["proper"], summary
        assert summary["protocol"] == "din70121"
        assert summary["charged_wh"] > 0
        answers = bodies(lines, "CurrentDemandRes")
        assert [number(answer["EVSEMaximumPowerLimit"]) for answer in answers] == [CHARGE_W] * 5


@pytest.mark.combination(
    protocol="DIN SPEC 70121",
    service="dc",
    security="plain",
    authorization="EIM",
    ours="SECC",
    theirs="EVCC, EcoG iso15118",
)
def test_foreign_evcc_completes_a_session_with_our_secc(
    lab: Any, cable: Any, foreign_stack: None, tmp_path: Path
) -> None:
    config = tmp_path / "evcc.json"
    config.write_text(
        json.dumps(
            {
                "supportedEnergyServices": ["DC"],
                "energyTransferMode": "DC_extended",
                "supportedProtocols": ["DIN_SPEC_70121"],
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
        cable.charger, "secc", "--interface", cable.charger_interface, "--once", f"--power=-3000,{CHARGE_W}"
    )
    evcc = lab.foreign_evcc(cable.car, config)
    environment = lab.foreign_environment(cable.car_interface, tmp_path, PROTOCOLS="DIN_SPEC_70121")
    ours, theirs = tmp_path / "secc.jsonl", tmp_path / "evcc.log"
    with lab.running(secc, ours, cwd=lab.root) as charger:
        lab.wait_for_text(ours, "waiting for a car", 20)
        with lab.running(evcc, theirs, env=environment, cwd=tmp_path) as car:
            status = charger.wait(90)
            assert status == 0, ours.read_text()[-2000:] + theirs.read_text()[-4000:]
            assert car.wait(30) == 0, theirs.read_text()[-2000:]
    lines, summary = lab.read_lines(ours)
    assert summary["proper"], summary
    assert summary["protocol"] == "din70121"
    assert summary["service"] == "dc"
    assert summary["charge_loops"] >= LOOPS - 1
    sent = [number(answer["EVSEMaximumPowerLimit"]) for answer in bodies(lines, "CurrentDemandRes")]
    assert (min(sent), max(sent)) == (0, CHARGE_W)
    assert len(bodies(lines, "WeldingDetectionRes")) >= 1
    assert "Communication session stopped successfully" in theirs.read_text()


@pytest.fixture(scope="module")
def foreign_secc(lab: Any, cable: Any, foreign_stack: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("foreign_secc")
    log = folder / "secc.log"
    environment = lab.foreign_environment(cable.charger_interface, folder, PROTOCOLS="DIN_SPEC_70121")
    with lab.running(lab.foreign_secc(cable.charger), log, env=environment, cwd=folder):
        # Its JVM takes seconds to read a first message.
        time.sleep(5)
        yield log


@pytest.mark.combination(
    protocol="DIN SPEC 70121",
    service="dc",
    security="plain",
    authorization="EIM",
    ours="EVCC",
    theirs="SECC, EcoG iso15118",
)
def test_our_car_completes_a_session_with_the_foreign_secc(
    lab: Any, cable: Any, foreign_secc: Path, tmp_path: Path
) -> None:
    ours = tmp_path / "car.jsonl"
    car = lab.twoway(
        cable.car,
        *("car", "--interface", cable.car_interface, "--service", "dc", "--protocol", "din70121"),
        *("--loops", str(LOOPS), "--interval", "0.1"),
    )
    with lab.running(car, ours, cwd=lab.root) as process:
        status = process.wait(90)
    assert status == 0, ours.read_text()[-2000:] + foreign_secc.read_text()[-4000:]
    lines, summary = lab.read_lines(ours)
    assert summary["proper"], summary
    assert summary["protocol"] == "din70121"
    assert summary["charge_loops"] == LOOPS
    assert summary["charged_wh"] > 0
    assert len(bodies(lines, "CurrentDemandRes")) == LOOPS
