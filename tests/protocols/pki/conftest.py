"""Whole families of certificates, made once, and a forge for odd ones."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from protocols.pki.algorithms import Algorithm, Policy, kind_of
from protocols.pki.homes import CertificateSet, car_set, home_set, public_set
from protocols.pki.issue import Identity
from protocols.pki.names import subject
from protocols.pki.profiles import PROFILES, Role, key_usage
from protocols.pki.reading import is_self_issued

AT = datetime(2027, 3, 1, 12, tzinfo=UTC)


@cache
def world(algorithm: Algorithm) -> CertificateSet:
    """A home, a car, a public network: one of each role; the charger's certificate is the public one."""
    members: dict[Role, Identity] = {}
    for make in (home_set, car_set, public_set):
        members |= make(algorithm, AT).members
    return CertificateSet(members)


@cache
def home(algorithm: Algorithm) -> CertificateSet:
    return home_set(algorithm, AT)


def forged(
    role: Role,
    by: Identity,
    *,
    name: str = "Odd",
    domain: str | None = "",
    begins: datetime = AT - timedelta(days=1),
    ends: datetime = AT + timedelta(days=30),
    key: Any = None,
    hash_: Any = None,
    constraints: x509.BasicConstraints | None = None,
    usage: frozenset[str] | None = None,
    extended: x509.ObjectIdentifier | None = None,
    extra: tuple[x509.ExtensionType, bool] | None = None,
) -> Identity:
    """A certificate like ``role``'s, but for what is given."""
    row = PROFILES[role]
    key = key or ec.generate_private_key(ec.SECP521R1())
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject(name, row.domain if domain == "" else domain, "Forge"))
        .issuer_name(by.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(constraints or x509.BasicConstraints(row.is_ca, row.path_length), critical=True)
        .add_extension(key_usage(row.key_usage if usage is None else usage), critical=True)
    )
    if extended or row.extended:
        builder = builder.add_extension(x509.ExtendedKeyUsage([extended or row.extended]), critical=False)
    if extra is not None:
        builder = builder.add_extension(*extra)
    certificate = builder.sign(by.key, hash_ or kind_of(by.key).hash)
    return Identity(certificate, key, () if is_self_issued(by.certificate) else by.chain)


@pytest.fixture(scope="session")
def at() -> datetime:
    return AT


@pytest.fixture(scope="session")
def worlds() -> Callable[[Algorithm], CertificateSet]:
    return world


@pytest.fixture(scope="session")
def homes() -> Callable[[Algorithm], CertificateSet]:
    return home


@pytest.fixture(scope="session")
def forge() -> Callable[..., Identity]:
    return forged


@pytest.fixture(scope="session")
def policies() -> dict[Algorithm, Policy]:
    return {Algorithm.P256: Policy.V2, Algorithm.P521: Policy.V20, Algorithm.ED448: Policy.V20}
