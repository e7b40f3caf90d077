"""What is issued is what the table says, and tells its role."""

from datetime import timedelta

import pytest
from cryptography import x509

from protocols.pki import PROFILES, Algorithm, Policy, Role, TrustStore, issue, new, new_root, recognise
from protocols.pki.algorithms import is_signed, sign
from protocols.pki.expiry import expiring
from protocols.pki.reading import extension

USAGES = ("digital_signature", "content_commitment", "key_encipherment", "key_agreement", "key_cert_sign", "crl_sign")


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_each_certificate_tells_its_role(algorithm, worlds, homes):
    for family in (worlds(algorithm), homes(algorithm)):
        assert {role: recognise(one.certificate) for role, one in family.members.items()} == {
            role: role for role in family.members
        }


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OCSP])
def test_each_certificate_is_what_the_table_says(role, worlds):
    row, certificate = PROFILES[role], worlds(Algorithm.P521)[role].certificate
    constraints = extension(certificate, x509.BasicConstraints)
    usage = extension(certificate, x509.KeyUsage)
    assert (constraints.ca, constraints.path_length) == (row.is_ca, row.path_length)
    assert {name for name in USAGES if getattr(usage, name)} == row.key_usage
    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc <= timedelta(
        days=row.lifetime_days + 2000
    )


def test_certificates_fit_into_the_messages(worlds):
    """A certificate has 800 bytes in ISO 15118-2 and 1600 in -20."""
    for algorithm, limit in ((Algorithm.P256, 800), (Algorithm.P521, 1600), (Algorithm.ED448, 1600)):
        assert max(len(der) for one in worlds(algorithm).members.values() for der in one.chain_der) <= limit


def test_an_ed448_key_only_signs(worlds):
    usage = extension(worlds(Algorithm.ED448)[Role.CONTRACT].certificate, x509.KeyUsage)
    assert usage.digital_signature
    assert not usage.key_agreement
    assert not usage.key_encipherment


def test_none_outlasts_its_issuer(at):
    root = new_root(Role.PRIVATE_ROOT, "r", Algorithm.P521, at - timedelta(days=40 * 365 - 10))
    assert new(Role.SECC, "x", root, at).certificate.not_valid_after_utc == root.certificate.not_valid_after_utc


def test_what_may_not_be_issued(worlds, at):
    world = worlds(Algorithm.P521)
    with pytest.raises(ValueError, match="no certificate authority"):
        new(Role.SECC, "x", world[Role.CONTRACT], at)
    with pytest.raises(ValueError, match="made by new_root"):
        issue(Role.V2G_ROOT, "x", world[Role.SECC].key.public_key(), world[Role.V2G_ROOT], at)
    with pytest.raises(ValueError, match="is no root"):
        new_root(Role.SECC, "x", Algorithm.P521, at)
    with pytest.raises(ValueError, match="holds roots only"):
        TrustStore({Role.SECC: [world[Role.SECC].certificate]})


def test_secp256r1_for_20_is_never_the_default():
    assert Algorithm.P256 not in Policy.V20.allowed
    assert Algorithm.P256 in Policy.INTEROP.allowed


@pytest.mark.parametrize(("algorithm", "length"), [(Algorithm.P256, 64), (Algorithm.P521, 132), (Algorithm.ED448, 114)])
def test_signatures_as_xml_carries_them(algorithm, length, worlds):
    one = worlds(algorithm)[Role.CONTRACT]
    public = one.certificate.public_key()
    signature = sign(one.key, b"data")
    assert len(signature) == length
    assert is_signed(public, b"data", signature)
    assert not is_signed(public, b"date", signature)
    for bad in (b"", signature[:-1], signature + b"\0", bytes(length), b"\xff" * length):
        assert not is_signed(public, b"data", bad)


def test_stores_join_and_keep_roles_apart(worlds, homes):
    store = worlds(Algorithm.P521).store | homes(Algorithm.P256).store | homes(Algorithm.P256).store
    assert len(store) == 5
    assert len(store.of(Role.PRIVATE_ROOT)) == 2
    assert store.role_of(worlds(Algorithm.P521)[Role.MO_ROOT].certificate) is Role.MO_ROOT
    assert store.role_of(worlds(Algorithm.ED448)[Role.MO_ROOT].certificate) is None


def test_only_current_roots(worlds, at):
    store = worlds(Algorithm.P521).store
    assert len(store.current(at)) == 4
    assert len(store.current(at + timedelta(days=50 * 365))) == 0


def test_what_ends_soon_is_told_most_urgent_first(worlds, at):
    world = worlds(Algorithm.P521)
    certificates = [(role, one.certificate) for role, one in world.members.items()]
    assert expiring(certificates, at) == ()
    rows = expiring(certificates, at + timedelta(days=80))
    assert {row.role for row in rows} == {Role.SECC, Role.CPS}
    assert "ends in 9 days" in str(rows[0])
    rows = expiring(certificates, at + timedelta(days=715))
    assert [row.days_left for row in rows] == sorted(row.days_left for row in rows)
    assert rows[0].days_left < 0
    assert "expired on" in str(rows[0])


def test_a_store_can_be_asked_what_ends(worlds, at):
    rows = expiring(worlds(Algorithm.P521).store, at + timedelta(days=40 * 365 - 100))
    assert {row.role for row in rows} == {Role.V2G_ROOT, Role.MO_ROOT, Role.OEM_ROOT, Role.PRIVATE_ROOT}
