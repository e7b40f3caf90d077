"""XML signatures: those of a foreign session hold, ours hold, and whatever was altered is named."""

import copy
import gzip
import hashlib
import json
from pathlib import Path

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa

from protocols.exi import V2, V20_COMMON, XMLDSIG, decode, encode, encode_fragment
from protocols.exi.messages import common, common_types, v2_types, xmldsig
from protocols.iso15118.signature import Form, Fragment, SignatureProblem, sign, verify
from protocols.pki.algorithms import sign as sign_bytes

GOLDEN = Path(__file__).parents[2] / "golden"
SIZES = {"secp256r1": 64, "secp521r1": 132, "Ed448": 114}
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
SHA512 = "http://www.w3.org/2001/04/xmlenc#sha512"
KEYS, OTHERS = (
    {
        "secp256r1": ec.generate_private_key(ec.SECP256R1()),
        "secp521r1": ec.generate_private_key(ec.SECP521R1()),
        "Ed448": ed448.Ed448PrivateKey.generate(),
    }
    for _ in range(2)
)
CHAIN = common.ContractCertificateChainType(
    Certificate=bytes(800), SubCertificates=common.SubCertificatesType(Certificate=[bytes(1600)] * 3)
)
CONTRACT = Fragment(
    "id1", common.PnC_AReqAuthorizationModeType(Id="id1", GenChallenge=bytes(16), ContractCertificateChain=CHAIN)
)
EMAID = Fragment("id4", v2_types.EMAIDType(Id="id4", value="UKSWI123456791A"), "eMAID")
INSTALLED = [
    Fragment("id1", v2_types.CertificateChainType(Id="id1", Certificate=b"leaf"), "ContractSignatureCertChain"),
    Fragment(
        "id2",
        v2_types.ContractSignatureEncryptedPrivateKeyType(Id="id2", value=bytes(48)),
        "ContractSignatureEncryptedPrivateKey",
    ),
    Fragment("id3", v2_types.DiffieHellmanPublickeyType(Id="id3", value=bytes(65)), "DHpublickey"),
    EMAID,
]


@pytest.fixture(scope="module")
def foreign():
    """The messages of a Plug & Charge session between two programs that are not ours, by name."""
    with gzip.open(GOLDEN / "session_v2_ac_tls_pnc.jsonl.gz", "rt", encoding="utf-8") as lines:
        found = [json.loads(line) for line in lines]
    whole = [d for d in found if "V2G_Message" in d["json"]]
    return {d["message"]: decode(V2, bytes.fromhex(d["exi"])) for d in whole}


@pytest.fixture(scope="module")
def contract_key(foreign):
    chain = foreign["PaymentDetailsReq"].Body.BodyElement.ContractSignatureCertChain
    return x509.load_der_x509_certificate(chain.Certificate).public_key()


def signed_body(message):
    body = message.Body.BodyElement
    return [Fragment(body.Id, body)], message.Header.Signature


def test_the_signature_of_a_foreign_car_holds(foreign, contract_key):
    fragments, signature = signed_body(foreign["AuthorizationReq"])
    assert verify(V2, fragments, signature, contract_key) is Form.STANDALONE


def test_the_digest_of_a_foreign_tariff_holds(foreign):
    message = foreign["ChargeParameterDiscoveryRes"]
    (schedule,) = message.Body.BodyElement.SASchedules.SAScheduleTuple
    (reference,) = message.Header.Signature.SignedInfo.Reference
    assert "#" + schedule.SalesTariff.Id == reference.URI
    assert hashlib.sha256(encode_fragment(V2, schedule.SalesTariff)).digest() == reference.DigestValue


def test_one_altered_bit_of_a_foreign_signature_is_found(foreign, contract_key):
    fragments, signature = signed_body(foreign["AuthorizationReq"])
    for bit in range(0, 512, 37):
        altered = copy.deepcopy(signature)
        value = bytearray(altered.SignatureValue.value)
        value[bit // 8] ^= 1 << bit % 8
        altered.SignatureValue.value = bytes(value)
        with pytest.raises(SignatureProblem, match="was not made by the key"):
            verify(V2, fragments, altered, contract_key)
    other = msgspec.structs.replace(fragments[0].content, GenChallenge=bytes(16))
    with pytest.raises(SignatureProblem, match="the digest of #id1 does not match"):
        verify(V2, [Fragment("id1", other)], signature, contract_key)


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize("curve", KEYS)
@pytest.mark.parametrize(
    ("namespace", "fragments"), [(V20_COMMON, [CONTRACT]), (V2, INSTALLED)], ids=["contract", "installation"]
)
def test_ours_hold_in_both_forms(curve, form, namespace, fragments):
    key = KEYS[curve]
    signature = sign(namespace, fragments, key, form)
    assert len(signature.SignatureValue.value) == SIZES[curve]
    digest = SHA256 if curve == "secp256r1" else SHA512
    assert {r.DigestMethod.Algorithm for r in signature.SignedInfo.Reference} == {digest}
    assert verify(namespace, fragments, signature, key.public_key()) is form
    with pytest.raises(SignatureProblem, match="was not made by the key"):
        verify(namespace, fragments, signature, OTHERS[curve].public_key())


def test_the_two_forms_are_a_byte_apart():
    info = sign(V2, INSTALLED[:1], KEYS["secp256r1"]).SignedInfo
    assert len(encode_fragment(V2, info)) == len(encode_fragment(XMLDSIG, info)) + 1 == 210


def test_an_emaid_is_believed_in_both_codings():
    """EXIficient signs the relaxed fragment, libcbv2g that of the complex type."""
    key = KEYS["secp256r1"]
    signature = sign(V2, [EMAID], key)
    digests = {
        hashlib.sha256(encode_fragment(V2, EMAID.content, "eMAID", relaxed=way)).digest() for way in (True, False)
    }
    assert len(digests) == 2
    info = signature.SignedInfo
    for digest in digests:
        info.Reference[0].DigestValue = digest
        signature.SignatureValue.value = sign_bytes(key, encode_fragment(XMLDSIG, info))
        assert verify(V2, [EMAID], signature, key.public_key()) is Form.STANDALONE


@pytest.mark.parametrize(
    ("alter", "sentence"),
    [
        (lambda s: s.SignedInfo.Reference.pop(), "is over #id1, #id2, #id3, and should be over #id1, #id2, #id3, #id4"),
        (lambda s: s.SignedInfo.Reference.append(s.SignedInfo.Reference[0]), "is over #id1, #id2, #id3, #id4"),
        (lambda s: setattr(s.SignedInfo.Reference[1], "URI", None), "is over #id1, #id3, #id4, None"),
        (lambda s: setattr(s.SignedInfo.Reference[2], "DigestValue", b""), "the digest of #id3 does not match"),
        (
            lambda s: setattr(
                s.SignedInfo.Reference[3].DigestMethod, "Algorithm", "http://www.w3.org/2000/09/xmldsig#sha1"
            ),
            "the digest of #id4 is made by http://www.w3.org/2000/09/xmldsig#sha1, unknown here",
        ),
        (
            lambda s: setattr(s.SignedInfo.SignatureMethod, "Algorithm", "http://www.w3.org/2000/09/xmldsig#hmac-sha1"),
            "it was made by http://www.w3.org/2000/09/xmldsig#hmac-sha1, and the signer's key is secp256r1",
        ),
        (
            lambda s: setattr(s.SignedInfo.CanonicalizationMethod, "Algorithm", "http://www.w3.org/2006/12/xml-c14n11"),
            "is over http://www.w3.org/2006/12/xml-c14n11, not over canonical EXI",
        ),
        (lambda s: setattr(s.SignatureValue, "value", b""), "was not made by the key"),
        (lambda s: setattr(s.SignatureValue, "value", bytes(64)), "was not made by the key"),
        (lambda s: setattr(s.SignatureValue, "value", b"\xff" * 64), "was not made by the key"),
        (lambda s: setattr(s.SignatureValue, "value", s.SignatureValue.value + b"\0"), "was not made by the key"),
        (lambda s: setattr(s.SignedInfo, "Id", "id9"), "was not made by the key"),
    ],
)
def test_whatever_was_altered_is_named(alter, sentence):
    key = KEYS["secp256r1"]
    signature = sign(V2, INSTALLED, key)
    alter(signature)
    with pytest.raises(SignatureProblem, match=sentence):
        verify(V2, INSTALLED, signature, key.public_key())


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        (rsa.generate_private_key(65537, 1024), "RSA"),
        (ec.generate_private_key(ec.SECP384R1()), "secp384r1"),
        (None, "NoneType"),
    ],
)
def test_other_kinds_of_keys_are_named(key, sentence):
    with pytest.raises(SignatureProblem, match=sentence):
        sign(V2, INSTALLED, key)
    with pytest.raises(SignatureProblem, match=sentence):
        verify(V2, INSTALLED, sign(V2, INSTALLED, KEYS["secp256r1"]), key.public_key() if key else None)


def test_what_cannot_be_encoded_is_no_signature():
    signature = sign(V2, [EMAID], KEYS["secp256r1"])
    odd = Fragment("id4", v2_types.EMAIDType(Id="no name", value="x"), "eMAID")
    with pytest.raises(SignatureProblem, match="the element #id4 cannot be digested: eMAID: 'no name' is no XML ID"):
        verify(V2, [odd], signature, KEYS["secp256r1"].public_key())


def test_thousands_of_references_are_not_looked_at():
    signature = sign(V2, [EMAID], KEYS["secp256r1"])
    signature.SignedInfo.Reference *= 5000
    with pytest.raises(SignatureProblem, match="should be over #id4"):
        verify(V2, [EMAID], signature, KEYS["secp256r1"].public_key())


def test_a_signature_survives_the_wire():
    """Encoded in a message's header, decoded, and verified."""
    signature = sign(V20_COMMON, [CONTRACT], KEYS["secp521r1"], Form.COMBINED)
    message = common.AuthorizationReq(
        Header=common_types.MessageHeaderType(SessionID=bytes(8), TimeStamp=1, Signature=signature),
        SelectedAuthorizationService=common.AuthorizationType.PnC,
        PnC_AReqAuthorizationMode=CONTRACT.content,
    )
    received = decode(V20_COMMON, encode(V20_COMMON, message))
    assert isinstance(received.Header.Signature, xmldsig.SignatureType)
    mode = received.PnC_AReqAuthorizationMode
    assert verify(V20_COMMON, [Fragment(mode.Id, mode)], received.Header.Signature, KEYS["secp521r1"].public_key())
