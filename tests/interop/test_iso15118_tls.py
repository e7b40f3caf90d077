"""ISO 15118-20 over TLS 1.3 with somebody else's EVCC and SECC: both certificates, on secp256r1 as they have it."""

import datetime as dt
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from protocols.pki import Role
from protocols.pki.bundle import key_to_pem, to_pem

SERVICES = ["ac", "ac_bpt", "dc", "dc_bpt"]
LOOPS = 6
GIVEN = (Role.V2G_ROOT, Role.OEM_ROOT, Role.MO_ROOT, Role.SECC, Role.PROVISIONING, Role.CONTRACT)

pytestmark = [pytest.mark.interop, pytest.mark.slow, pytest.mark.timeout(180)]


@dataclass(frozen=True)
class World:
    """One family of certificates, as each side keeps its files."""

    home: Path
    """TWOWAY_HOME_DIR."""
    foreign: Path
    """PKI_PATH."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, foreign_pki: Any) -> World:
    at = dt.datetime.now(dt.UTC)
    family, foreign = foreign_pki.foreign_world(at), tmp_path_factory.mktemp("foreign")
    home = tmp_path_factory.mktemp("home")
    for role in GIVEN:
        identity = family[role]
        key = "" if role.is_root else key_to_pem(identity.key, None)
        (home / f"{role}.pem").write_text(to_pem(identity.chain) + key)
    foreign_pki.write_foreign_pki(foreign, family)
    return World(home, foreign)


@pytest.fixture(scope="module")
def environment(lab: Any, world: World) -> dict[str, str]:
    """Ours: the certificates imported as a person would."""
    environment = lab.home_environment(world.home)
    for role in GIVEN:
        lab.import_certificates(environment, world.home / f"{role}.pem", role)
    return environment


def told(summary: dict[str, Any]) -> None:
    assert summary["proper"], summary
    assert summary["security"]["tls"] == "TLSv1.3"
    assert summary["security"]["group"] in ("prime256v1", "secp256r1")


@pytest.mark.combination(
    protocol="ISO 15118-20",
    service="{service}",
    security="TLS 1.3",
    authorization="{authorization}",
    ours="SECC",
    theirs="EVCC, EcoG iso15118",
)
@pytest.mark.parametrize("authorization", ["eim", "any"])
@pytest.mark.parametrize("service", SERVICES)
def test_foreign_evcc_over_tls_with_our_secc(
    lab: Any,
    cable: Any,
    foreign_stack: None,
    world: World,
    environment: dict[str, str],
    tmp_path: Path,
    service: str,
    authorization: str,
) -> None:
    """Where contracts are taken, it charges by its contract."""
    config = tmp_path / "evcc.json"
    config.write_text(
        json.dumps(
            {
                "supportedEnergyServices": [service.upper()],
                "supportedProtocols": [f"ISO_15118_20_{service[:2].upper()}"],
                "useTls": True,
                "enforceTls": True,
                "isCertInstallNeeded": False,
                "sdpRetryCycles": 10,
                "chargeLoopCycle": LOOPS,
                "chargeLoopDelay": 0,
            }
        )
    )
    secc = lab.twoway(
        cable.charger,
        *("secc", "--interface", cable.charger_interface, "--once", "--profile", "interop", "--power=2000,-1500"),
        *("--authorization", authorization),
        tls=True,
    )
    foreign = lab.foreign_environment(cable.car_interface, world.foreign, ENABLE_TLS_1_3="True")
    ours, theirs = tmp_path / "secc.jsonl", tmp_path / "evcc.log"
    with lab.running(secc, ours, cwd=lab.root, env=environment) as charger:
        lab.wait_for_text(ours, "waiting for a car", 20)
        with lab.running(lab.foreign_evcc(cable.car, config), theirs, env=foreign, cwd=tmp_path) as car:
            assert charger.wait(90) == 0, ours.read_text()[-2000:] + theirs.read_text()[-2000:]
            assert car.wait(30) == 0, theirs.read_text()[-2000:]
    _, summary = lab.read_lines(ours)
    told(summary)
    assert summary["service"] == service
    assert "OEM" in summary["security"]["peer"]
    assert (summary["contract"] is not None) == (authorization == "any")


@pytest.fixture(scope="module")
def foreign_secc(
    lab: Any, cable: Any, foreign_stack: None, world: World, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    log = tmp_path_factory.mktemp("foreign_secc") / "secc.log"
    environment = lab.foreign_environment(
        cable.charger_interface, world.foreign, ENABLE_TLS_1_3="True", SECC_ENFORCE_TLS="True", AUTH_MODES="EIM,PNC"
    )
    with lab.running(lab.foreign_secc(cable.charger), log, env=environment, cwd=log.parent):
        time.sleep(5)  # its JVM takes seconds to read a first message
        yield log


@pytest.mark.combination(
    protocol="ISO 15118-20",
    service="{service}",
    security="TLS 1.3",
    authorization="{authorization}",
    ours="EVCC",
    theirs="SECC, EcoG iso15118",
)
@pytest.mark.parametrize("authorization", ["eim", "pnc"])
@pytest.mark.parametrize("service", SERVICES)
def test_our_car_over_tls_with_the_foreign_secc(
    lab: Any,
    cable: Any,
    foreign_secc: Path,
    environment: dict[str, str],
    tmp_path: Path,
    service: str,
    authorization: str,
) -> None:
    ours = tmp_path / "car.jsonl"
    car = lab.twoway(
        cable.car,
        *("car", "--interface", cable.car_interface, "--service", service, "--loops", str(LOOPS)),
        # It staples nothing.
        *("--interval", "0.1", "--profile", "interop", "--ocsp", "checked"),
        *("--authorization", authorization),
        tls=True,
    )
    with lab.running(car, ours, cwd=lab.root, env=environment) as process:
        status = process.wait(90)
    assert status == 0, ours.read_text()[-2000:] + foreign_secc.read_text()[-2000:]
    lines, summary = lab.read_lines(ours)
    told(summary)
    assert summary["charge_loops"] == LOOPS
    asked = next(line["json"] for line in lines if line.get("message") == "AuthorizationReq")
    assert asked["SelectedAuthorizationService"] == {"eim": "EIM", "pnc": "PnC"}[authorization]


def test_our_car_refuses_a_charger_without_an_ocsp_response(
    lab: Any, cable: Any, foreign_secc: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    ours = tmp_path / "car.jsonl"
    car = lab.twoway(
        cable.car, "car", "--interface", cable.car_interface, "--loops", "1", "--profile", "interop", tls=True
    )
    with lab.running(car, ours, cwd=lab.root, env=environment) as process:
        assert process.wait(90) == 1
    assert "no OCSP response came" in lab.read_lines(ours)[1]["reason"]
