"""A chain holds, or one sentence tells the installer what to do: every kind of trouble, made for real."""

from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from protocols.pki import (
    Algorithm,
    CertificateProblem,
    Policy,
    Role,
    Trouble,
    TrustStore,
    new,
    new_root,
    read_der,
    verify_chain,
)

LEAVES = [Role.SECC, Role.CPS, Role.CONTRACT, Role.PROVISIONING, Role.VEHICLE]


@pytest.fixture
def world(worlds):
    return worlds(Algorithm.P521)


def refused(trouble, chain, role, at, store, policy=Policy.V20, **more):
    """The sentence of the refusal, which must be of that kind."""
    with pytest.raises(CertificateProblem) as caught:
        verify_chain(chain, role, at, store, policy, **more)
    assert caught.value.trouble is trouble, str(caught.value)
    text = str(caught.value)
    assert "\n" not in text
    return text


@pytest.mark.parametrize("algorithm", list(Algorithm))
@pytest.mark.parametrize("role", LEAVES)
def test_every_leaf_holds_to_its_own_root(role, algorithm, worlds, policies, at):
    world = worlds(algorithm)
    verified = verify_chain(world[role].chain, role, at, world.store, policies[algorithm])
    assert len(verified.path) == 4
    assert verified.root_role.is_root
    assert verified.leaf == world[role].certificate


def test_in_a_private_environment_the_charger_stands_directly_below_the_root(homes, at):
    home = homes(Algorithm.P521)
    verified = verify_chain(home[Role.SECC].chain, Role.SECC, at, home.store)
    assert (len(verified.path), verified.root_role) == (2, Role.PRIVATE_ROOT)


def test_sub_cas_may_come_in_any_order_twice_and_with_the_root(world, at):
    leaf, *above = world[Role.CONTRACT].chain
    jumbled = [leaf, world[Role.MO_ROOT].certificate, *reversed(above), *above]
    assert verify_chain(jumbled, Role.CONTRACT, at, world.store).path[1:3] == tuple(above)


def test_a_car_may_show_its_provisioning_certificate_in_tls(world, at):
    assert verify_chain(world[Role.PROVISIONING].chain, Role.VEHICLE, at, world.store)


def test_expired(world, at):
    chain, later = world[Role.CONTRACT].chain, at + timedelta(days=800)
    text = refused(Trouble.EXPIRED, chain, Role.CONTRACT, later, world.store)
    assert "expired on 2029-02-27" in text
    assert "71 days ago" in text


def test_a_root_expires_too(world, at):
    later = at + timedelta(days=41 * 365)
    old = replace(world[Role.VEHICLE])
    assert "expired" in refused(Trouble.EXPIRED, old.chain, Role.VEHICLE, later, world.store)


def test_not_yet_valid_asks_for_the_clock(world, at):
    text = refused(Trouble.NOT_YET_VALID, world[Role.SECC].chain, Role.SECC, at - timedelta(days=2), world.store)
    assert "valid only from 2027-02-28 12:00 UTC" in text
    assert "is the clock right?" in text


def test_wrongly_signed_by_a_root_of_the_same_name(world, at):
    impostor = new_root(Role.MO_ROOT, "MO root secp521r1", Algorithm.P521, at)
    store = TrustStore({Role.MO_ROOT: [impostor.certificate]})
    text = refused(Trouble.WRONGLY_SIGNED, world[Role.CONTRACT].chain, Role.CONTRACT, at, store)
    assert "'MO sub1 secp521r1' is not signed by 'MO root secp521r1'" in text


def test_an_altered_certificate_is_wrongly_signed(world, at):
    leaf = world[Role.CONTRACT].certificate
    der = leaf.public_bytes(Encoding.DER).replace(b"USTWOC00000001", b"USTWOC00000002")
    chain = (read_der(der), *world[Role.CONTRACT].above)
    assert "USTWOC00000002" in refused(Trouble.WRONGLY_SIGNED, chain, Role.CONTRACT, at, world.store)


def test_an_unknown_root_is_named_with_what_is_trusted(world, homes, at):
    store = homes(Algorithm.P521).store
    text = refused(Trouble.UNKNOWN_ROOT, world[Role.SECC].chain, Role.SECC, at, store)
    assert "'V2G root secp521r1', which issued 'CPO sub1 secp521r1'" in text
    assert "trusted now: 'Home private root secp521r1' (private-root)" in text


def test_an_empty_store_says_none(world, at):
    text = refused(Trouble.UNKNOWN_ROOT, world[Role.CONTRACT].chain, Role.CONTRACT, at, TrustStore())
    assert "trusted now: none" in text


def test_a_self_signed_stranger_is_an_unknown_root(forge, at, world):
    key = ec.generate_private_key(ec.SECP521R1())
    root = new_root(Role.V2G_ROOT, "x", Algorithm.P521, at)
    alone = forge(Role.SECC, replace(root, key=key), name="x", key=key)
    refused(Trouble.UNKNOWN_ROOT, alone.chain, Role.SECC, at, world.store)


@pytest.mark.parametrize(("left_out", "missing"), [(1, "CPO sub2"), (2, "CPO sub1")])
def test_a_missing_link_is_named(left_out, missing, world, at):
    chain = [one for depth, one in enumerate(world[Role.SECC].chain) if depth != left_out]
    store = TrustStore({Role.V2G_ROOT: [world[Role.V2G_ROOT].certificate]})
    with pytest.raises(CertificateProblem, match=missing) as caught:
        verify_chain(chain, Role.SECC, at, store)
    assert caught.value.trouble in (Trouble.BROKEN_CHAIN, Trouble.UNKNOWN_ROOT)


def test_a_leaf_alone_is_a_broken_chain_where_sub_cas_are_the_rule(world, at):
    text = refused(Trouble.BROKEN_CHAIN, world[Role.CONTRACT].chain[:1], Role.CONTRACT, at, world.store)
    assert "'MO sub2 secp521r1', which issued 'USTWOC00000001', was not sent along" in text


def test_a_charger_alone_may_be_of_an_untaught_private_environment(homes, at):
    """The commonest case at home: the car does not know the home's root yet."""
    text = refused(Trouble.UNKNOWN_ROOT, homes(Algorithm.P521)[Role.SECC].chain, Role.SECC, at, TrustStore())
    assert "'Home private root secp521r1', which issued" in text
    assert "import it as v2g-root or private-root if you trust it" in text


def test_no_certificate_at_all(world, at):
    assert "a contract certificate was expected" in refused(Trouble.BROKEN_CHAIN, [], Role.CONTRACT, at, world.store)


def test_too_many_certificates_are_not_even_looked_at(world, at):
    chain = world[Role.CONTRACT].chain * 3
    assert "at most 4" in refused(Trouble.BROKEN_CHAIN, chain, Role.CONTRACT, at, world.store)


def test_a_chain_with_three_sub_cas_is_too_long(world, forge, at):
    root = world[Role.MO_ROOT]
    first = forge(Role.MO_SUB1, root, name="one", constraints=x509.BasicConstraints(True, None))
    second = forge(Role.MO_SUB1, first, name="two", constraints=x509.BasicConstraints(True, None))
    third = forge(Role.MO_SUB2, second, name="three")
    leaf = forge(Role.CONTRACT, third)
    assert "longer than" in refused(Trouble.BROKEN_CHAIN, leaf.chain, Role.CONTRACT, at, world.store)


@pytest.mark.parametrize("shown", [Role.CONTRACT, Role.VEHICLE, Role.CPS, Role.CPO_SUB2, Role.V2G_ROOT])
def test_another_role_than_expected(shown, world, at):
    text = refused(Trouble.WRONG_ROLE, world[shown].chain, Role.SECC, at, world.store)
    assert "and a charger's certificate was expected" in text
    assert shown.words in text


def test_a_root_of_another_role_cannot_vouch(world, at):
    store = TrustStore({Role.OEM_ROOT: [world[Role.MO_ROOT].certificate]})
    text = refused(Trouble.WRONG_ROLE, world[Role.CONTRACT].chain, Role.CONTRACT, at, store)
    assert "trusted here as a car maker's root" in text


def test_a_private_root_vouches_for_chargers_only(homes, world, forge, at):
    home = homes(Algorithm.P521)
    contract = forge(Role.CONTRACT, home[Role.PRIVATE_ROOT])
    refused(Trouble.WRONG_ROLE, contract.chain, Role.CONTRACT, at, home.store)


@pytest.mark.parametrize("domain", [None, "MO", "something"])
def test_a_charger_without_its_domain_component(domain, homes, forge, at):
    home = homes(Algorithm.P521)
    odd = forge(Role.SECC, home[Role.PRIVATE_ROOT], domain=domain)
    refused(Trouble.WRONG_ROLE, odd.chain, Role.SECC, at, home.store)


def test_a_contract_without_domain_component_is_taken_as_the_field_has_them(world, forge, at):
    odd = forge(Role.CONTRACT, world[Role.MO_SUB2], domain=None)
    assert verify_chain(odd.chain, Role.CONTRACT, at, world.store).name == "Odd"


def test_a_charger_that_may_only_be_a_client(homes, forge, at):
    home = homes(Algorithm.P521)
    odd = forge(Role.SECC, home[Role.PRIVATE_ROOT], extended=ExtendedKeyUsageOID.CLIENT_AUTH)
    refused(Trouble.WRONG_ROLE, odd.chain, Role.SECC, at, home.store)


def test_the_wrong_id(world, at):
    chain = world[Role.CONTRACT].chain
    assert verify_chain(chain, Role.CONTRACT, at, world.store, expected_id="us-two-c00000001")
    text = refused(Trouble.WRONG_ID, chain, Role.CONTRACT, at, world.store, expected_id="DE8AAC12345678")
    assert "'USTWOC00000001's, and 'DE8AAC12345678' was expected" in text


def test_secp256r1_is_for_15118_2_and_for_the_interop_profile(worlds, at):
    old = worlds(Algorithm.P256)
    chain = old[Role.SECC].chain
    assert verify_chain(chain, Role.SECC, at, old.store, Policy.V2)
    assert verify_chain(chain, Role.SECC, at, old.store, Policy.INTEROP)
    text = refused(Trouble.UNSUPPORTED_ALGORITHM, chain, Role.SECC, at, old.store, Policy.V20)
    assert "has a secp256r1 key" in text
    assert "secp521r1 or Ed448 (the interop profile takes it)" in text


def test_secp521r1_is_not_for_15118_2(world, at):
    refused(Trouble.UNSUPPORTED_ALGORITHM, world[Role.SECC].chain, Role.SECC, at, world.store, Policy.V2)


@pytest.mark.parametrize(
    ("make", "called"),
    [
        (lambda: ec.generate_private_key(ec.SECP384R1()), "secp384r1"),
        (lambda: rsa.generate_private_key(65537, 2048), "RSA 2048"),
    ],
)
def test_other_keys_are_named_and_refused(make, called, world, forge, at):
    odd = forge(Role.CONTRACT, world[Role.MO_SUB2], key=make())
    assert f"has a {called} key" in refused(
        Trouble.UNSUPPORTED_ALGORITHM, odd.chain, Role.CONTRACT, at, world.store, Policy.INTEROP
    )


def test_a_weak_hash_is_refused(world, forge, at):
    odd = forge(Role.CONTRACT, world[Role.MO_SUB2], hash_=hashes.SHA224())
    text = refused(Trouble.UNSUPPORTED_ALGORITHM, odd.chain, Role.CONTRACT, at, world.store)
    assert "SHA224" in text


def test_sha_1_is_called_weak_not_altered(world, forge, at):
    """No library signs so any more: the algorithm's name in a good certificate is changed to it."""
    odd = forge(Role.CONTRACT, world[Role.MO_SUB2], hash_=hashes.SHA256())
    der = odd.certificate.public_bytes(Encoding.DER)
    sha_256, sha_1 = bytes.fromhex("06082a8648ce3d040302"), bytes.fromhex("06072a8648ce3d0401")
    assert der.count(sha_256) == 2
    sequence = der.replace(b"\x30\x0a" + sha_256, b"\x30\x09" + sha_1)
    shorter = len(der) - len(sequence)
    fixed = _with_length(sequence, 0, -shorter)
    fixed = _with_length(fixed, 4, -shorter // 2)
    chain = [read_der(fixed), *odd.above]
    assert "signed with SHA1, which is too weak" in refused(
        Trouble.UNSUPPORTED_ALGORITHM, chain, Role.CONTRACT, at, world.store
    )


def _with_length(der, place, change):
    """``der`` with the two-byte length of the sequence at ``place`` changed."""
    length = int.from_bytes(der[place + 2 : place + 4], "big") + change
    return der[: place + 2] + length.to_bytes(2, "big") + der[place + 4 :]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"constraints": x509.BasicConstraints(False, None)}, "no certificate authority"),
        ({"usage": frozenset({"digital_signature"})}, "may not sign certificates"),
    ],
)
def test_a_sub_ca_that_may_not_issue(changes, why, world, forge, at):
    sub = forge(Role.MO_SUB2, world[Role.MO_SUB1], name="bad sub", **changes)
    leaf = forge(Role.CONTRACT, sub)
    assert why in refused(Trouble.NOT_ALLOWED, leaf.chain, Role.CONTRACT, at, world.store)


def test_the_path_length_is_kept(world, forge, at):
    extra = forge(Role.MO_SUB2, world[Role.MO_SUB2], name="one too many")
    leaf = forge(Role.CONTRACT, extra)
    store = TrustStore({Role.MO_ROOT: [world[Role.MO_SUB1].certificate]})
    assert "more sub-CAs" in refused(Trouble.NOT_ALLOWED, leaf.chain, Role.CONTRACT, at, store)


def test_a_leaf_whose_key_may_not_sign(world, forge, at):
    odd = forge(Role.CONTRACT, world[Role.MO_SUB2], usage=frozenset({"key_agreement"}))
    refused(Trouble.NOT_ALLOWED, odd.chain, Role.CONTRACT, at, world.store)


def test_an_unknown_critical_extension_is_refused_an_uncritical_one_is_not(world, forge, at):
    strange = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\x05\x00")
    odd = forge(Role.CONTRACT, world[Role.MO_SUB2], extra=(strange, True))
    assert "1.3.6.1.4.1.99999.1" in refused(Trouble.NOT_ALLOWED, odd.chain, Role.CONTRACT, at, world.store)
    fine = forge(Role.CONTRACT, world[Role.MO_SUB2], extra=(strange, False))
    assert verify_chain(fine.chain, Role.CONTRACT, at, world.store)


def test_of_a_root_renewed_with_the_same_key_the_valid_one_counts(world, at):
    old = world[Role.MO_ROOT]
    later = at + timedelta(days=40 * 365 + 60)
    fresh = new_root(Role.MO_ROOT, "MO root secp521r1", Algorithm.P521, later - timedelta(days=100), key=old.key)
    sub1 = new(Role.MO_SUB1, "s1", fresh, later - timedelta(days=90))
    sub2 = new(Role.MO_SUB2, "s2", sub1, later - timedelta(days=90))
    leaf = new(Role.CONTRACT, "USTWOC00000001", sub2, later - timedelta(days=90))
    store = TrustStore({Role.MO_ROOT: [old.certificate, fresh.certificate]})
    assert verify_chain(leaf.chain, Role.CONTRACT, later, store).root == fresh.certificate


def test_a_name_with_control_characters_cannot_break_the_line(world, forge, at):
    odd = forge(Role.CONTRACT, world[Role.MO_SUB2], name="evil\nline\x1b[31m", ends=at - timedelta(hours=1))
    text = refused(Trouble.EXPIRED, odd.chain, Role.CONTRACT, at, world.store)
    assert "evil?line?[31m" in text


def test_a_leaf_that_names_nobody_or_two(world, at):
    from cryptography.x509.oid import NameOID

    above = world[Role.MO_SUB2]
    key = ec.generate_private_key(ec.SECP521R1())
    for names in ([], ["USTWOC00000001", "USTWOC00000002"]):
        parts = [x509.NameAttribute(NameOID.COMMON_NAME, name) for name in names]
        parts.append(x509.NameAttribute(NameOID.DOMAIN_COMPONENT, "MO"))
        certificate = (
            x509.CertificateBuilder()
            .subject_name(x509.Name(parts))
            .issuer_name(above.certificate.subject)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(at)
            .not_valid_after(at + timedelta(days=1))
            .sign(above.key, hashes.SHA512())
        )
        text = refused(Trouble.NOT_ALLOWED, [certificate, *above.chain], Role.CONTRACT, at, world.store)
        assert "names no one, or several" in text
