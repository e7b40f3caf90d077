"""Files as people are given them: every form, any order, each refusal one sentence."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs7,
    pkcs12,
)

from protocols.pki import Algorithm, CertificateProblem, Role, Trouble
from protocols.pki.bundle import chains_of, key_to_pem, read_bundle, to_pem, to_pkcs12

PASS = "s3cret"


@pytest.fixture
def world(worlds):
    return worlds(Algorithm.P521)


@pytest.fixture
def contract(world):
    return world[Role.CONTRACT]


def read(data, passphrase=None):
    return chains_of(read_bundle(data if isinstance(data, bytes) else data.encode(), passphrase))


def refused(trouble, data, passphrase=None):
    with pytest.raises(CertificateProblem) as caught:
        read(data, passphrase)
    assert caught.value.trouble is trouble, str(caught.value)
    return str(caught.value)


def test_pem_in_any_order_with_root_and_key(world, contract):
    root = world[Role.MO_ROOT].certificate
    text = key_to_pem(contract.key, PASS) + to_pem([root, *reversed(contract.chain)])
    chains = {chain.certificate: chain for chain in read(text, PASS)}
    assert chains[contract.certificate].certificates == contract.chain
    assert chains[contract.certificate].key is not None
    assert chains[root].certificates == (root,)
    assert chains[root].key is None


def test_pem_with_text_around_and_windows_line_ends(contract):
    text = "Bag Attributes\n  friendlyName: x\n" + to_pem(contract.chain).replace("\n", "\r\n") + "bye\n"
    assert read(text)[0].certificates == contract.chain


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_pkcs12(algorithm, worlds):
    identity = worlds(algorithm)[Role.CONTRACT]
    chain = read(to_pkcs12(identity, PASS), PASS)[0]
    assert chain.certificates == identity.chain
    assert chain.key is not None


def test_pkcs12_without_a_certificate_name_or_passphrase(contract):
    data = pkcs12.serialize_key_and_certificates(None, contract.key, contract.certificate, None, NoEncryption())
    assert read(data)[0].key is not None


def test_pkcs7_and_der(contract):
    certificates = list(contract.chain)
    assert read(pkcs7.serialize_certificates(certificates, Encoding.DER))[0].certificates == contract.chain
    assert read(pkcs7.serialize_certificates(certificates, Encoding.PEM))[0].certificates == contract.chain
    assert read(contract.chain_der[0])[0].certificates == contract.chain[:1]


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_keys_in_their_forms(encoding, form, contract):
    encrypted = form is PrivateFormat.PKCS8 or encoding is Encoding.PEM
    how = BestAvailableEncryption(PASS.encode()) if encrypted else NoEncryption()
    data = contract.key.private_bytes(encoding, form, how)
    assert len(read_bundle(data, PASS).keys) == 1
    if encrypted:
        assert "give its passphrase" in refused(Trouble.WRONG_KEY, data)
        assert "does not open it" in refused(Trouble.WRONG_KEY, data, "wrong")


def test_no_wrong_passphrase_is_taken_for_damage(contract):
    data = contract.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, BestAvailableEncryption(PASS.encode()))
    for number in range(1500):  # one in 256 looks well padded
        assert "does not open it" in refused(Trouble.WRONG_KEY, data, f"wrong {number}")


def test_a_passphrase_that_is_not_needed_does_no_harm(contract):
    assert read(to_pem(contract.chain) + key_to_pem(contract.key, None), PASS)[0].key is not None


@pytest.mark.parametrize("passphrase", [None, "wrong"])
def test_a_locked_pkcs12(passphrase, contract):
    refused(Trouble.WRONG_KEY, to_pkcs12(contract, PASS), passphrase)


def test_a_key_without_its_certificate(world, contract):
    text = to_pem(contract.chain) + key_to_pem(world[Role.CPS].key, None)
    assert "belongs to no certificate" in refused(Trouble.WRONG_KEY, text)


def test_a_key_of_a_kind_that_the_standard_does_not_know(contract):
    key = rsa.generate_private_key(65537, 2048)
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    assert "RSA 2048" in refused(Trouble.UNSUPPORTED_ALGORITHM, text)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        bytes(100),
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        b"-----BEGIN CERTIFICATE-----\n" + b"A" * 100,
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        b"x" * 1_000_001,
    ],
)
def test_what_is_nothing_of_the_kind(data):
    assert "no certificates can be read" in refused(Trouble.UNREADABLE, data)


def test_half_a_file(contract):
    pem = to_pem(contract.chain).encode()
    assert len(read(pem[: len(pem) // 2])[0].certificates) == 1
    p12 = to_pkcs12(contract, PASS)
    refused(Trouble.UNREADABLE, p12[: len(p12) // 2], PASS)


def test_certificates_that_issue_each_other_in_a_circle_end(forge, world):
    one = forge(Role.MO_SUB1, world[Role.MO_ROOT], name="one")
    two = forge(Role.MO_SUB2, one, name="two")
    back = forge(Role.MO_SUB1, two, name="one")
    assert isinstance(two.certificate, x509.Certificate)
    assert chains_of(read_bundle(to_pem([two.certificate, back.certificate]).encode())) == ()
