"""Fragments: what gets signed, byte for byte as EXIficient writes it, and what is refused."""

import gzip
import json
from pathlib import Path

import pytest

from protocols.exi import (
    V2,
    V20_COMMON,
    XMLDSIG,
    ExiError,
    decode_fragment,
    encode_fragment,
    fragment_from_json,
    fragment_to_json,
)
from protocols.exi.elements import table_of
from protocols.exi.fragments import Fragments
from protocols.exi.messages import v2, v2_types
from protocols.exi.model import ElementValue
from protocols.exi.sets import SETS

GOLDEN = Path(__file__).parents[2] / "golden"
EMAID = v2_types.EMAIDType(Id="id1", value="UKSWI123456791A")


def lines(name):
    with gzip.open(GOLDEN / f"{name}.jsonl.gz", "rt", encoding="utf-8") as found:
        return [json.loads(line) for line in found]


@pytest.fixture(scope="module")
def recorded():
    """Fragments that EXIficient wrote, and those that a foreign session signed."""
    session = [d for d in lines("session_v2_ac_tls_pnc") if len(d["json"]) == 1 and "V2G_Message" not in d["json"]]
    signed = [d for d in session if not next(iter(d["json"])).startswith("supportedApp")]
    assert [next(iter(d["json"])) for d in signed] == ["AuthorizationReq", "SignedInfo", "SalesTariff", "SignedInfo"]
    return lines("fragments") + signed


def test_every_recorded_fragment_is_read_and_written(recorded):
    for line in recorded:
        namespace, data = line["namespace"], bytes.fromhex(line["exi"])
        name, content = decode_fragment(namespace, data)
        assert fragment_to_json(namespace, name, content) == line["json"]
        assert fragment_from_json(namespace, json.loads(json.dumps(line["json"]))) == (name, content)
        assert encode_fragment(namespace, content, name) == data


def test_compiled_code_and_the_walk_agree(recorded, outcome):
    for line in recorded:
        fragments, data = Fragments(line["namespace"]), bytes.fromhex(line["exi"])
        read = fragments.read(data, relaxed=True)
        assert outcome(fragments.decode, data) in (read, "refused")
        assert fragments.write(*read, relaxed=True) == data


def test_compiled_code_takes_what_is_signed(recorded):
    for line in recorded:
        if line["message"] in ("AuthorizationReq", "SignedInfo", "SalesTariff", "PnC_AReqAuthorizationMode"):
            data = bytes.fromhex(line["exi"])
            fragments = Fragments(line["namespace"])
            assert fragments.encode(*fragments.decode(data)) == data


def test_signed_info_in_both_forms_of_the_field(recorded):
    """209 bytes by the signature schema alone, 210 by the whole set of -2."""
    line = next(d for d in recorded if d["message"] == "SignedInfo" and "ecdsa-sha256" in str(d["json"]))
    name, content = decode_fragment(XMLDSIG, bytes.fromhex(line["exi"]))
    assert name == "SignedInfo"
    assert len(encode_fragment(XMLDSIG, content)) == 209
    assert len(encode_fragment(V2, content)) == 210
    assert decode_fragment(V2, encode_fragment(V2, content)) == (name, content)


def test_a_name_with_two_types_is_relaxed_or_complex():
    relaxed = bytes.fromhex("80ec0202b4b218c0045552d4d5d24c4c8ccd0d4d8dce4c507d3d00")
    assert encode_fragment(V2, EMAID, "eMAID") == relaxed
    assert decode_fragment(V2, relaxed) == ("eMAID", EMAID)
    typed = encode_fragment(V2, EMAID, "eMAID", relaxed=False)
    assert typed == bytes.fromhex("80ec02b4b218845552d4d5d24c4c8ccd0d4d8dce4c505e80")
    assert decode_fragment(V2, typed, relaxed=False) == ("eMAID", EMAID)
    simple = encode_fragment(V2, EMAID.value, "eMAID")
    assert decode_fragment(V2, simple) == ("eMAID", EMAID.value)


def test_namesakes_are_told_apart_by_their_namespace():
    table = table_of(V2)
    assert {"DC_EVStatus", "{urn:iso:15118:2:2013:MsgDataTypes}DC_EVStatus"} <= table.codes.keys()
    status = v2_types.DC_EVStatusType(EVReady=True, EVErrorCode=v2_types.DC_EVErrorCodeType.NO_ERROR, EVRESSSOC=50)
    for label in ("DC_EVStatus", "{urn:iso:15118:2:2013:MsgDataTypes}DC_EVStatus"):
        assert decode_fragment(V2, encode_fragment(V2, status, label)) == (label, status)


@pytest.mark.parametrize("namespace", SETS)
def test_no_element_has_two_types_but_one(namespace):
    several = [slot.label for slot in table_of(namespace).slots if len(slot.values) > 1]
    assert several == (["eMAID"] if namespace == V2 else [])


def test_padding_after_a_fragment_is_accepted(recorded):
    for line in recorded[::20]:
        data = bytes.fromhex(line["exi"])
        assert decode_fragment(line["namespace"], data + bytes(5)) == decode_fragment(line["namespace"], data)


def test_every_truncation_of_what_is_signed_is_refused(recorded):
    for line in recorded:
        data = bytes.fromhex(line["exi"])
        if line["message"] in ("AuthorizationReq", "eMAID", "SignedInfo") and len(data) < 400:
            for length in range(len(data)):
                with pytest.raises(ExiError, match=r"\.$"):
                    decode_fragment(line["namespace"], data[:length])


def test_every_flipped_bit_ends_in_a_value_or_one_error(recorded, outcome):
    for line in recorded:
        data = bytes.fromhex(line["exi"])
        if line["message"] in ("AuthorizationReq", "eMAID", "DHpublickey") and len(data) < 120:
            fragments = Fragments(line["namespace"])
            for bit in range(len(data) * 8):
                altered = bytearray(data)
                altered[bit >> 3] ^= 128 >> (bit & 7)
                outcome(decode_fragment, line["namespace"], bytes(altered))
                fast, slow = outcome(fragments.decode, bytes(altered)), outcome(fragments.read, bytes(altered), True)
                assert fast in (slow, "refused")


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (EMAID, None, "EMAID: it is no element of urn:iso:15118:2:2013:MsgDef"),
        (EMAID, "DHpublickey", "DHpublickey: it must be DiffieHellmanPublickeyType, not EMAIDType"),
        (EMAID, "BodyElement", "BodyElement: it is abstract"),
        (7, "EVSEID", "EVSEID: it must be a string, not int"),
        ("x" * 38, "EVSEID", "EVSEID: it has 38 characters, at most 37 are allowed"),
        (v2.AuthorizationReq(Id="no name"), None, "AuthorizationReq: element Id: 'no name' is no XML ID"),
        (v2_types.EMAIDType(Id="no name", value="x"), "eMAID", "eMAID: 'no name' is no XML ID"),
        (v2_types.EMAIDType(Id="id1", value=5), "eMAID", "eMAID: it must be a string, not int"),
    ],
)
def test_what_is_no_fragment_is_refused_when_writing(content, name, sentence):
    with pytest.raises(ExiError, match=sentence):
        encode_fragment(V2, content, name)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ("", r"The fragment of .* at bit 0: the document ends too early"),
        ("81", "does not start with the EXI header"),
        ("01fe8001", "starts with a V2GTP header"),
        ("80ff", "its element is not declared in the schema"),
        ("8007", "BodyElement at bit 16: it is abstract"),
        ("80ec8008aaa5a9aba49899199a1a9b1b9c98a0fa0000", "eMAID at bit .*: another element follows"),
    ],
)
def test_what_is_no_fragment_is_refused_when_reading(data, sentence):
    with pytest.raises(ExiError, match=sentence):
        decode_fragment(V2, bytes.fromhex(data))


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({"eMAID": 5}, "eMAID: it must be a string, not 5"),
        ({"EVSEID": {}}, "EVSEID: it may not be {} in a fragment"),
        ({"Nothing": {}}, "Nothing is no element of"),
        ({"eMAID": {"Id": "id1"}}, "eMAID: value is missing"),
        ({}, "an object with one key"),
    ],
)
def test_json_that_is_no_fragment(document, sentence):
    with pytest.raises(ExiError, match=sentence):
        fragment_from_json(V2, document)


def test_all_names_of_the_common_set_can_be_looked_up():
    table = table_of(V20_COMMON)
    signed = ("SignedInstallationData", "SignedMeteringData", "PnC_AReqAuthorizationMode", "AbsolutePriceSchedule")
    for name in (*signed, "OEMProvisioningCertificateChain"):
        (value,) = table.slots[table.codes[name]].values
        assert isinstance(value, ElementValue)
