"""Real families of certificates in TLS: each thing that can be wrong has its sentence here and its alert over there."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.x509 import Certificate

from protocols.iso15118.wire import trust
from protocols.iso15118.wire.tls import V2, V20, V20_INTEROP, TlsClient, TlsProfile, TlsServer
from protocols.pki import Algorithm, Identity, Responder, Role, TrustStore, car_set, home_set, new, public_set

NOW = dt.datetime.now(dt.UTC)
YEAR = dt.timedelta(days=365)


def now() -> dt.datetime:
    return NOW


class World:
    """A home, a public charge point operator, and a car; each trusts what it should."""

    def __init__(self, algorithm: Algorithm = Algorithm.P521, profile: TlsProfile = V20) -> None:
        self.profile = profile
        self.home, self.public = home_set(algorithm, NOW), public_set(algorithm, NOW)
        self.car = car_set(algorithm, NOW)
        self.secc_store = self.car.store
        self.car_store = self.home.store | self.public.store
        self.secc: Identity = self.home[Role.SECC]
        self.vehicle: Identity = self.car[Role.VEHICLE]
        self.staple: Callable[[], bytes] | None = None
        self.require_ocsp = False
        self.secc_clock = self.car_clock = now

    def join(self, wire: Any) -> tuple[TlsClient, TlsServer]:
        offer = trust.secc_offer(self.profile, self.secc, self.secc_store, self.secc_clock, self.staple)
        server = TlsServer([offer])
        client = TlsClient(
            [self.profile],
            trust.check_peer(Role.SECC, self.car_store, self.car_clock),
            trust.credential(self.vehicle),
            check_staple=trust.check_staple(self.car_store, self.car_clock, required=self.require_ocsp),
        )
        client.begin()
        wire(client, server).run()
        return client, server


def stapled(issuer: Identity, certificate: Certificate, *, revoked: bool = False, at: dt.datetime = NOW) -> bytes:
    serial = certificate.serial_number
    since = {serial: NOW - dt.timedelta(hours=1)} if revoked else {}
    return Responder(issuer.certificate, issuer, {serial: certificate}, since).staple(certificate, at)


@pytest.mark.parametrize("algorithm", [Algorithm.P521, Algorithm.ED448])
def test_a_home_and_its_car(wire: Any, algorithm: Algorithm) -> None:
    client, server = World(algorithm).join(wire)
    assert (client.failure, server.failure) == (None, None)
    assert server.facts is not None


def test_a_public_charger_and_a_provisioning_certificate(wire: Any) -> None:
    world = World()
    world.secc, world.vehicle = world.public[Role.SECC], world.car[Role.PROVISIONING]
    client, server = world.join(wire)
    assert (client.failure, server.failure) == (None, None)


def test_p_256_is_for_interop_and_for_2_only(wire: Any) -> None:
    assert World(Algorithm.P256, V20_INTEROP).join(wire)[1].failure is None
    assert World(Algorithm.P256, V2).join(wire)[1].failure is None
    client, server = World(Algorithm.P256, V20).join(wire)
    assert client.facts is None
    assert server.failure is not None
    assert "ecdsa_secp256r1_sha256" in server.failure


def expired_car(world: World) -> None:
    world.secc_clock = lambda: NOW + 25 * YEAR


def early_car(world: World) -> None:
    world.secc_clock = lambda: NOW - YEAR


def forged_car(world: World) -> None:
    issuer = world.car[Role.OEM_SUB2]
    forger = Identity(issuer.certificate, Algorithm.P521.new_key(), issuer.above)
    world.vehicle = new(Role.VEHICLE, "FORGED", forger, NOW)


def strange_car(world: World) -> None:
    world.secc_store = TrustStore()


def car_with_a_contract(world: World) -> None:
    world.vehicle = world.car[Role.CONTRACT]


def car_without_its_chain(world: World) -> None:
    world.vehicle = Identity(world.vehicle.certificate, world.vehicle.key)


@pytest.mark.parametrize(
    ("spoil", "sentence", "alert"),
    [
        (expired_car, "expired on", "certificate_expired"),
        (early_car, "is valid only from", "bad_certificate"),
        (forged_car, "not signed by", "decrypt_error"),
        (strange_car, "nor is it a trusted root", "unknown_ca"),
        (car_with_a_contract, "", "unsupported_certificate"),
        (car_without_its_chain, "was not sent along", "unknown_ca"),
    ],
)
def test_what_is_wrong_with_the_car(wire: Any, spoil: Callable[[World], None], sentence: str, alert: str) -> None:
    world = World()
    spoil(world)
    client, server = world.join(wire)
    assert server.facts is None
    assert server.failure is not None
    assert client.failure is not None
    assert sentence in server.failure
    assert "\n" not in server.failure
    assert f"(TLS alert {alert})" in client.failure


def expired_charger(world: World) -> None:
    world.car_clock = lambda: NOW + 3 * YEAR


def early_charger(world: World) -> None:
    world.car_clock = lambda: NOW - YEAR


def forged_charger(world: World) -> None:
    world.secc = home_set(Algorithm.P521, NOW)[Role.SECC]


def charger_below_another_ca_of_that_name(world: World) -> None:
    world.secc = world.public[Role.SECC]
    twin = public_set(Algorithm.P521, NOW)[Role.CPO_SUB2]
    world.secc = Identity(world.secc.certificate, world.secc.key, (twin.certificate, *world.secc.above[1:]))


def strange_charger(world: World) -> None:
    world.car_store = TrustStore()


def charger_that_is_a_car(world: World) -> None:
    world.secc = world.car[Role.VEHICLE]


@pytest.mark.parametrize(
    ("spoil", "sentence", "alert"),
    [
        (expired_charger, "expired on", "certificate_expired"),
        (early_charger, "is valid only from", "bad_certificate"),
        (forged_charger, "not signed by", "decrypt_error"),
        (charger_below_another_ca_of_that_name, "not signed by", "decrypt_error"),
        (strange_charger, "", "unknown_ca"),
        (charger_that_is_a_car, "", "unsupported_certificate"),
    ],
)
def test_what_is_wrong_with_the_charger(wire: Any, spoil: Callable[[World], None], sentence: str, alert: str) -> None:
    world = World()
    spoil(world)
    client, server = world.join(wire)
    assert client.facts is None
    assert client.failure is not None
    assert server.failure is not None
    assert sentence in client.failure
    assert f"(TLS alert {alert})" in server.failure


def test_a_good_staple_passes_and_is_told(wire: Any) -> None:
    world = World()
    world.secc, world.require_ocsp = world.public[Role.SECC], True
    response = stapled(world.public[Role.CPO_SUB2], world.secc.certificate)
    world.staple = lambda: response
    client, _ = world.join(wire)
    assert client.failure is None
    assert client.facts is not None
    assert client.facts.ocsp_response == response


def test_a_public_charger_without_a_staple_is_refused_where_it_is_required(wire: Any) -> None:
    world = World()
    world.secc, world.require_ocsp = world.public[Role.SECC], True
    client, server = world.join(wire)
    assert client.failure is not None
    assert server.failure is not None
    assert "no OCSP response came" in client.failure
    assert "bad_certificate_status_response" in server.failure


def test_a_private_environment_needs_no_staple(wire: Any) -> None:
    world = World()
    world.require_ocsp = True
    assert world.join(wire)[0].failure is None


@pytest.mark.parametrize(
    ("response_of", "sentence"),
    [
        (lambda w: stapled(w.public[Role.CPO_SUB2], w.secc.certificate, revoked=True), "revoked"),
        (lambda w: stapled(w.public[Role.CPO_SUB2], w.secc.certificate, at=NOW - YEAR), ""),
        (lambda w: stapled(new(Role.OCSP, "x", w.car[Role.OEM_SUB2], NOW), w.secc.certificate), ""),
    ],
)
def test_a_bad_staple_is_refused(wire: Any, response_of: Callable[[World], bytes], sentence: str) -> None:
    world = World()
    world.secc, world.require_ocsp = world.public[Role.SECC], True
    response = response_of(world)
    world.staple = lambda: response
    client, _ = world.join(wire)
    assert client.facts is None
    assert client.failure is not None
    assert sentence in client.failure
