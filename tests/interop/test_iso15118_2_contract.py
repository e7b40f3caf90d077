"""Plug & Charge in ISO 15118-2 under TLS 1.2 with somebody else's EVCC and SECC, AC and DC."""

import datetime as dt
import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.x509.oid import NameOID

from protocols.pki import Role
from protocols.pki.bundle import key_to_pem, to_pem

MODES = {"ac": "AC_three_phase_core", "dc": "DC_extended"}
LOOPS = 6
CHARGER = (
    *(Role.V2G_ROOT, Role.MO_ROOT, Role.SECC),
    # For cars that have no contract yet.
    *(Role.OEM_ROOT, Role.OEM_SUB1, Role.OEM_SUB2, Role.CPS, Role.CONTRACT),
)
NEW_CAR = (Role.V2G_ROOT, Role.PROVISIONING)
CAR = (*NEW_CAR, Role.CONTRACT)
INSTALLED = pytest.mark.parametrize("installed", [False, True], ids=["held", "installed"])

pytestmark = [pytest.mark.interop, pytest.mark.slow, pytest.mark.timeout(180)]


@dataclass(frozen=True)
class World:
    """One family of certificates, as each side keeps its files."""

    charger: dict[str, str]
    """The environment of our charger; those of our car likewise."""
    car: dict[str, str]
    new_car: dict[str, str]
    foreign: Path
    """PKI_PATH."""
    emaid: str


@pytest.fixture(scope="module")
def world(lab: Any, tmp_path_factory: pytest.TempPathFactory, foreign_pki: Any) -> World:
    family = foreign_pki.foreign_world(dt.datetime.now(dt.UTC))

    def home(roles: tuple[Role, ...]) -> dict[str, str]:
        folder = tmp_path_factory.mktemp("home")
        environment: dict[str, str] = lab.home_environment(folder)
        for role in roles:
            identity, file = family[role], folder / f"{role}.pem"
            file.write_text(to_pem(identity.chain) + ("" if role.is_root else key_to_pem(identity.key, None)))
            lab.import_certificates(environment, file, role)
        return environment

    foreign = tmp_path_factory.mktemp("foreign")
    foreign_pki.write_foreign_pki(foreign, family)
    (emaid,) = family[Role.CONTRACT].certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return World(home(CHARGER), home(CAR), home(NEW_CAR), foreign, str(emaid.value))


def told(summary: dict[str, Any], energy: str) -> None:
    assert summary["proper"], summary
    assert (summary["protocol"], summary["service"]) == ("iso15118-2", energy)
    assert summary["security"]["tls"] == "TLSv1.2"


@pytest.mark.combination(
    protocol="ISO 15118-2",
    service="{energy}",
    mode="{installed}",
    security="TLS 1.2",
    authorization="PnC",
    ours="SECC",
    theirs="EVCC, EcoG iso15118",
)
@INSTALLED
@pytest.mark.parametrize("energy", MODES)
def test_foreign_evcc_charges_by_contract_at_our_secc(
    lab: Any, cable: Any, foreign_stack: None, world: World, tmp_path: Path, energy: str, installed: bool
) -> None:
    config = tmp_path / "evcc.json"
    config.write_text(
        json.dumps(
            {
                "supportedEnergyServices": [energy.upper()],
                "energyTransferMode": MODES[energy],
                "supportedProtocols": ["ISO_15118_2"],
                "useTls": True,
                "enforceTls": True,
                "isCertInstallNeeded": installed,
                "sdpRetryCycles": 10,
                "chargeLoopCycle": LOOPS,
                "chargeLoopDelay": 0,
            }
        )
    )
    secc = lab.twoway(
        cable.charger,
        *("secc", "--interface", cable.charger_interface, "--once", "--power=4000", "--install-contracts"),
        tls=True,
    )
    environment = lab.foreign_environment(cable.car_interface, world.foreign)
    ours, theirs = tmp_path / "secc.jsonl", tmp_path / "evcc.log"
    with lab.running(secc, ours, cwd=lab.root, env=world.charger) as charger:
        lab.wait_for_text(ours, "waiting for a car", 20)
        with lab.running(lab.foreign_evcc(cable.car, config), theirs, env=environment, cwd=tmp_path) as car:
            assert charger.wait(90) == 0, ours.read_text()[-2000:] + theirs.read_text()[-2000:]
            assert car.wait(30) == 0, theirs.read_text()[-2000:]
    lines, summary = lab.read_lines(ours)
    told(summary, energy)
    assert summary["contract"] == world.emaid
    assert summary["charge_loops"] >= LOOPS - 1
    said = {line.get("message") for line in lines}
    assert {"PaymentDetailsReq", "AuthorizationReq"} <= said
    assert ("CertificateInstallationReq" in said) is installed


@pytest.fixture(scope="module")
def foreign_secc(
    lab: Any, cable: Any, foreign_stack: None, world: World, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    log = tmp_path_factory.mktemp("foreign_secc") / "secc.log"
    environment = lab.foreign_environment(
        cable.charger_interface,
        world.foreign,
        PROTOCOLS="ISO_15118_2",
        AUTH_MODES="EIM,PNC",
        SECC_ENFORCE_TLS="True",
    )
    with lab.running(lab.foreign_secc(cable.charger), log, env=environment, cwd=log.parent):
        time.sleep(5)  # its JVM takes seconds to read a first message
        yield log


@pytest.mark.combination(
    protocol="ISO 15118-2",
    service="{energy}",
    mode="{installed}",
    security="TLS 1.2",
    authorization="PnC",
    ours="EVCC",
    theirs="SECC, EcoG iso15118",
)
@INSTALLED
@pytest.mark.parametrize("energy", MODES)
def test_our_car_charges_by_contract_at_the_foreign_secc(
    lab: Any, cable: Any, foreign_secc: Path, world: World, tmp_path: Path, energy: str, installed: bool
) -> None:
    ours = tmp_path / "car.jsonl"
    shutil.copytree(world.new_car["TWOWAY_HOME_DIR"], tmp_path / "home")
    environment = {**world.new_car, "TWOWAY_HOME_DIR": str(tmp_path / "home")} if installed else world.car
    car = lab.twoway(
        cable.car,
        *("car", "--interface", cable.car_interface, "--protocol", "iso15118-2", "--service", energy),
        # It staples nothing.
        *("--loops", str(LOOPS), "--interval", "0.1", "--authorization", "pnc", "--ocsp", "checked"),
        tls=True,
    )
    with lab.running(car, ours, cwd=lab.root, env=environment) as process:
        status = process.wait(90)
    assert status == 0, ours.read_text()[-2000:] + foreign_secc.read_text()[-2000:]
    lines, summary = lab.read_lines(ours)
    told(summary, energy)
    assert summary["charge_loops"] == LOOPS
    (selected,) = [line["json"]["Body"] for line in lines if line.get("message") == "PaymentServiceSelectionReq"]
    assert selected["PaymentServiceSelectionReq"]["SelectedPaymentOption"] == "Contract"
    assert ("CertificateInstallationRes" in {line.get("message") for line in lines}) is installed
