"""Whatever bytes a peer sends, the answer is a verified chain or one CertificateProblem."""

import contextlib

from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.pki import (
    Algorithm,
    CertificateProblem,
    Responder,
    Role,
    check_response,
    read_der,
    recognise,
    verify_chain,
)
from protocols.pki.bundle import chains_of, read_bundle, to_pem
from protocols.pki.provisioning import ProvisioningError, Sealed, SealedV20, open_v2, open_v20

spots = st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 7)), min_size=1, max_size=4)


def flipped(data, places):
    bad = bytearray(data)
    for place, bit in places:
        bad[int(place * len(bad))] ^= 1 << bit
    return bytes(bad)


@settings(max_examples=250)
@given(places=spots, depth=st.integers(0, 2))
def test_flipped_bits_in_a_chain(places, depth, worlds, at):
    world = worlds(Algorithm.P521)
    sent = list(world[Role.CONTRACT].chain_der)
    sent[depth] = flipped(sent[depth], places)
    with contextlib.suppress(CertificateProblem):
        chain = [read_der(der) for der in sent]
        recognise(chain[depth])
        verified = verify_chain(chain, Role.CONTRACT, at, world.store)
        # Only a flip outside of what is signed may pass (the signature's count of unused bits is such a place).
        assert [one.tbs_certificate_bytes for one in verified.path[:3]] == [
            one.tbs_certificate_bytes for one in world[Role.CONTRACT].chain
        ]


@settings(max_examples=100)
@given(cut=st.floats(0, 1))
def test_cut_off_certificates(cut, worlds):
    der = worlds(Algorithm.P521)[Role.CONTRACT].chain_der[0]
    with contextlib.suppress(CertificateProblem):
        assert read_der(der[: int(cut * len(der))]).public_bytes(Encoding.DER) == der


@settings(max_examples=200)
@given(places=spots)
def test_flipped_bits_in_an_ocsp_response(places, homes, at):
    home = homes(Algorithm.P521)
    root, secc = home[Role.PRIVATE_ROOT], home[Role.SECC].certificate
    staple = Responder(root.certificate, root, {secc.serial_number: secc}, {}).staple(secc, at)
    bad = flipped(staple, places)
    with contextlib.suppress(CertificateProblem):
        status = check_response(bad, secc, root.certificate, at)
        assert status is None or bad == staple or status.this_update == at


@settings(max_examples=100)
@given(request=st.binary(max_size=200))
def test_any_bytes_to_the_responder(request, homes, at):
    root = homes(Algorithm.P521)[Role.PRIVATE_ROOT]
    assert Responder(root.certificate, root, {}, {}).answer(request, at)


@settings(max_examples=100)
@given(places=spots)
def test_flipped_bits_in_a_file(places, worlds):
    pem = to_pem(worlds(Algorithm.P256)[Role.CONTRACT].chain).encode()
    with contextlib.suppress(CertificateProblem):
        chains_of(read_bundle(flipped(pem, places), "pass"))


@settings(max_examples=100)
@given(dh=st.binary(max_size=140), key=st.binary(max_size=100))
def test_any_bytes_as_a_sealed_key(dh, key, worlds):
    v2, v20 = worlds(Algorithm.P256), worlds(Algorithm.P521)
    with contextlib.suppress(ProvisioningError):
        open_v2(Sealed(dh, key), v2[Role.PROVISIONING].key, v2[Role.CONTRACT].certificate)
        raise AssertionError("opened")
    from protocols.pki.provisioning import EcdhCurve

    with contextlib.suppress(ProvisioningError):
        open_v20(
            SealedV20(EcdhCurve.SECP521, dh, key),
            v20[Role.PROVISIONING].key,
            "TWO00000000000001A",
            v20[Role.CONTRACT].certificate,
        )
        raise AssertionError("opened")
