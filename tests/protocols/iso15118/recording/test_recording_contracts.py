"""Plug & Charge recorded: signatures are random, and yet our own ends run again byte for byte."""

import datetime as dt
from typing import Any

import pytest

from protocols.iso15118 import EvccSecurity, SeccSecurity, Service
from protocols.iso15118.contracts import CarContracts, ChargerContracts, ProvisioningService
from protocols.iso15118.credentials import ContractWanted
from protocols.iso15118.recording import read_sessions, replay
from protocols.iso15118.wire import trust
from protocols.iso15118.wire.tls import V20
from protocols.pki import Algorithm, CertificateSet, Identity, Role, TrustStore, car_set, new, public_set

NOW = dt.datetime.now(dt.UTC)


def now() -> dt.datetime:
    return NOW


@pytest.fixture(scope="module")
def world() -> CertificateSet:
    return CertificateSet({**car_set(Algorithm.P521, NOW).members, **public_set(Algorithm.P521, NOW).members})


def securities(world: CertificateSet, charger: ChargerContracts, car: CarContracts) -> dict[str, Any]:
    offer = trust.secc_offer(V20, world[Role.SECC], world.store, now)
    vehicle = trust.credential(world[Role.VEHICLE])
    check = trust.check_peer(Role.SECC, world.store, now)
    return {
        "secc_security": SeccSecurity((offer,), allow_plain=False, contracts=charger),
        "evcc_security": EvccSecurity(check, vehicle, profiles=(V20,), contracts=car),
    }


async def test_a_session_by_contract_runs_again(record: Any, world: CertificateSet) -> None:
    car = CarContracts(world.store, world[Role.CONTRACT], world[Role.PROVISIONING])
    recordings = await record(Service.AC_BPT, **securities(world, ChargerContracts(world.store), car))
    for role in ("secc", "evcc"):
        (session,) = read_sessions(recordings.data(role))
        asked = next(message for message in session.messages if message.name == "AuthorizationReq")
        assert asked.json["SelectedAuthorizationService"] == "PnC"
        verdict = replay(session)
        assert verdict.findings == []
        assert verdict.driven is not None


async def test_a_session_by_the_older_of_two_contracts_runs_again(record: Any, world: CertificateSet) -> None:
    """What the car has for another generation is recorded as the same port's answers."""

    class OfTheOtherGeneration(CarContracts):
        def fitting(self, namespace: str) -> CarContracts:
            return self.older or self

    older = OfTheOtherGeneration(world.store, world[Role.CONTRACT], world[Role.PROVISIONING])
    car = OfTheOtherGeneration(world.store, older=older)
    recordings = await record(Service.AC_BPT, **securities(world, ChargerContracts(world.store), car))
    (session,) = read_sessions(recordings.data("evcc"))
    assert any(line.get("name") == "sign_with_contract" for line in session.lines)
    verdict = replay(session)
    assert verdict.findings == []
    assert verdict.driven is not None


async def test_a_refused_contract_runs_again(record: Any, world: CertificateSet) -> None:
    car = CarContracts(world.store, world[Role.CONTRACT], world[Role.PROVISIONING])
    strangers = ChargerContracts(TrustStore())
    recordings = await record(Service.AC_BPT, **securities(world, strangers, car))
    (session,) = read_sessions(recordings.data("secc"))
    assert any(line.get("doubt") for line in session.lines)
    verdict = replay(session)
    assert verdict.findings == []
    assert verdict.driven is not None


async def test_what_cannot_be_recorded_is_told(record: Any, world: CertificateSet) -> None:
    """An issued contract comes with the means to sign it, which no file can hold."""

    class Operator:
        def contract_for(self, pcid: str, wanted: ContractWanted, at: dt.datetime) -> Identity:
            return new(Role.CONTRACT, "USTWOC00000009", world[Role.MO_SUB2], at, key=Algorithm.P521.new_key())

    charger = ChargerContracts(world.store, service=ProvisioningService(world[Role.CPS], Operator()))
    car = CarContracts(world.store, None, world[Role.PROVISIONING])
    recordings = await record(Service.AC_BPT, **securities(world, charger, car))
    (session,) = read_sessions(recordings.data("secc"))
    verdict = replay(session)
    assert verdict.findings == []
    assert verdict.driven is None
    assert "new_contract" in verdict.not_driven
