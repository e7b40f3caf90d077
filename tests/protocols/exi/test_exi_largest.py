"""The largest there is: every list at its maximum in every set, the longest strings, the largest certificate chains.

That these bytes are also EXIficient's shows tests/interop/test_exi_exificient.py, on the same made-up messages.
"""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "fuzz"))

from exi_samples import FullList, Longest, lists_of, made, roots_of

from protocols.exi import V2, V20_COMMON, ExiError, decode, encode, encode_fragment, walk
from protocols.exi.elements import table_of
from protocols.exi.messages import common, common_types, v2, v2_types, xmldsig
from protocols.exi.schema import UNBOUNDED
from protocols.exi.sets import SETS, schema_set
from protocols.iso15118.v2gtp import MAX_PAYLOAD_BYTES

HEADER = common_types.MessageHeaderType(SessionID=bytes(8), TimeStamp=1_700_000_000)
CERTIFICATE = bytes(range(256)) * 6 + bytes(64)
TEXTS = ["Säule", "Ж中", "🚗🔌", "\U0010ffff", "a\U0001f697é\x7f\x80߿ࠀ￿", "\x00\t\n"]


@pytest.mark.parametrize("namespace", SETS)
def test_every_list_at_its_maximum(namespace):
    signature = roots_of(namespace).get("Signature")
    for root, owner, field in lists_of(namespace):
        if owner.__module__ == xmldsig.__name__ and root is not signature:
            continue
        message = made(root, FullList(owner, field))
        data = encode(namespace, message)
        assert decode(namespace, data) == message, (root, field.name)
        assert walk.read_document(schema_set(namespace), data) == message
        assert walk.write_document(schema_set(namespace), message) == data


@pytest.mark.parametrize("namespace", SETS)
def test_a_list_one_beyond_its_maximum_is_refused(namespace):
    labels = {v.cls: slot.label for slot in table_of(namespace).slots for v in slot.values if hasattr(v, "cls")}
    lists = {(owner, field.name): field for _, owner, field in lists_of(namespace) if field.maximum != UNBOUNDED}
    for (owner, name), field in lists.items():
        element = made(owner, FullList(owner, field))
        items = getattr(element, name)
        setattr(element, name, [*items, items[0]])
        with pytest.raises(ExiError, match=f"{name} has {field.maximum + 1} entries"):
            encode_fragment(namespace, element, labels[owner])


@pytest.mark.parametrize("namespace", SETS)
def test_the_longest_values(namespace):
    for root in roots_of(namespace).values():
        message = made(root, Longest(root.__name__))
        data = encode(namespace, message)
        assert decode(namespace, data) == message
        assert len(data) < MAX_PAYLOAD_BYTES


@pytest.mark.parametrize("text", TEXTS)
def test_any_character_there_is(text):
    message = common.SessionSetupReq(Header=HEADER, EVCCID=text * 20)
    data = encode(V20_COMMON, message)
    assert decode(V20_COMMON, data) == message
    assert walk.write_document(schema_set(V20_COMMON), message) == data


def test_the_largest_chains_of_v20_fit_in_one_message():
    subs = common.SubCertificatesType(Certificate=[CERTIFICATE] * 3)
    chain = common.ContractCertificateChainType(Certificate=CERTIFICATE, SubCertificates=subs)
    message = common.CertificateInstallationRes(
        Header=HEADER,
        ResponseCode=common_types.ResponseCodeType.OK,
        EVSEProcessing=common_types.ProcessingType.Finished,
        CPSCertificateChain=common.CertificateChainType(Certificate=CERTIFICATE, SubCertificates=subs),
        SignedInstallationData=common.SignedInstallationDataType(
            Id="id1",
            ContractCertificateChain=chain,
            ECDHCurve=common.ECDHCurveType.SECP521,
            DHPublicKey=bytes(133),
            SECP521_EncryptedPrivateKey=bytes(94),
        ),
        RemainingContractCertificateChains=255,
    )
    data = encode(V20_COMMON, message)
    assert len(CERTIFICATE) == 1600
    assert 8 * 1600 < len(data) < 8 * 1600 + 400
    assert decode(V20_COMMON, data) == message
    subs.Certificate.append(CERTIFICATE)
    with pytest.raises(ExiError, match="Certificate has 4 entries, 1 to 3 are allowed"):
        encode(V20_COMMON, message)
    subs.Certificate[:] = [CERTIFICATE + b"!"]
    with pytest.raises(ExiError, match=r"Certificate\[1\]: it has 1601 bytes, at most 1600 are allowed"):
        encode(V20_COMMON, message)


def test_the_largest_chains_of_v2_fit_in_one_message():
    def chain(name):
        subs = v2_types.SubCertificatesType(Certificate=[CERTIFICATE[:800]] * 4)
        return v2_types.CertificateChainType(Id=name, Certificate=CERTIFICATE[:800], SubCertificates=subs)

    body = v2.CertificateInstallationRes(
        ResponseCode=v2_types.responseCodeType.OK,
        SAProvisioningCertificateChain=chain("id1"),
        ContractSignatureCertChain=chain("id2"),
        ContractSignatureEncryptedPrivateKey=v2_types.ContractSignatureEncryptedPrivateKeyType(
            Id="id3", value=bytes(48)
        ),
        DHpublickey=v2_types.DiffieHellmanPublickeyType(Id="id4", value=bytes(65)),
        eMAID=v2_types.EMAIDType(Id="id5", value="DE8AACD4ABCDEF1"),
    )
    header = v2_types.MessageHeaderType(SessionID=bytes(8))
    message = v2.V2G_Message(Header=header, Body=v2.BodyType(BodyElement=body))
    data = encode(V2, message)
    assert 10 * 800 < len(data) < 10 * 800 + 300
    assert decode(V2, data) == message
