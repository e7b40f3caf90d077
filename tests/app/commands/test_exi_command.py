"""``twoway exi`` as a user calls it."""

import argparse
import gzip
import io
import json
import sys
from pathlib import Path

import pytest

from app.commands import exi
from app.errors import UserError

GOLDEN = Path(__file__).parents[2] / "golden"
HEADER = {"SessionID": "32C8F4AB797D2E34", "TimeStamp": 1795350692}
SETUP = {"AuthorizationSetupReq": {"Header": HEADER}}
SETUP_EXI = "80080419647a55bcbe971a0a4c18bd8062"


@pytest.fixture
def call(monkeypatch, capsys):
    """Runs the command with words and standard input; gives status and standard output."""

    def run(*words, given=""):
        parser = argparse.ArgumentParser()
        exi.add_arguments(parser)
        data = given if isinstance(given, bytes) else given.encode()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), encoding="utf-8"))
        status = exi.run(parser.parse_args(words))
        return status, capsys.readouterr().out

    return run


def batch(call, action, lines, *options):
    status, output = call(action, "--batch", *options, given="".join(line + "\n" for line in lines))
    return status, [json.loads(line) for line in output.splitlines()]


@pytest.mark.parametrize("namespace", ["common", "COMMON", "urn:iso:std:iso:15118:-20:CommonMessages"])
def test_one_document(call, namespace):
    status, output = call("decode", "--namespace", namespace, SETUP_EXI)
    assert (status, json.loads(output)) == (0, SETUP)
    assert call("encode", "-", "--namespace", namespace, given=output) == (0, SETUP_EXI + "\n")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["decode", "--namespace", "commn", SETUP_EXI], '"commn" is not known; known are sap .*, common'),
        (["decode", SETUP_EXI], "--namespace: sap"),
        (["decode", "--namespace", "dc"], "--batch"),
        (["decode", "--namespace", "dc", "80zz"], "'80zz' is no hexadecimal"),
        (["decode", "--namespace", "dc", "8030"], "DC_CableCheckRes: .* ends too early"),
        (["encode", "--namespace", "dc", "{"], "This is no JSON"),
        (["encode", "--namespace", "dc", '{"DC_CableCheckReq":{}}'], "Header is missing"),
        (["decode", "--batch", SETUP_EXI], "leave the document out"),
    ],
)
def test_a_mistake_is_one_sentence(call, words, sentence):
    with pytest.raises(UserError, match=sentence):
        call(*words)


@pytest.mark.parametrize("name", ["sap", "session_v20_dc_bpt", "session_v2_ac_tls_pnc", "fragments"])
def test_a_batch_gives_the_missing_half_in_order(call, name):
    with gzip.open(GOLDEN / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
        documents = [json.loads(line) for line in file]
    without_json = [json.dumps({k: v for k, v in d.items() if k != "json"}) for d in documents]
    without_exi = [json.dumps({k: v for k, v in d.items() if k != "exi"}) for d in documents]
    assert batch(call, "decode", without_json) == (0, documents)
    assert batch(call, "encode", without_exi) == (0, documents)


def test_a_bad_line_is_answered_in_its_place(call):
    good = json.dumps({"namespace": "common", "exi": SETUP_EXI, "id": 7})
    lines = [
        good,
        "no json",
        "",
        "[" * 100_000,
        "[]",
        '{"exi":"80"}',
        '{"namespace":"common"}',
        '{"namespace":5,"exi":"80"}',
        '{"namespace":"common","exi":5,"id":8}',
        '{"namespace":"common","exi":"zz"}',
        '{"namespace":"dc","exi":"8030","json":"stale"}',
        good,
    ]
    status, answers = batch(call, "decode", lines)
    assert status == 1
    assert len(answers) == len(lines)
    assert answers[0] == answers[-1] == {"namespace": "common", "exi": SETUP_EXI, "id": 7, "json": SETUP}
    assert all(a["error"].endswith(".") for a in answers[1:-1])
    assert answers[1]["line"] == "no json"
    assert (answers[8]["id"], answers[8]["exi"]) == (8, 5)
    assert "ends too early" in answers[10]["error"]
    assert "json" not in answers[10]


def test_a_batch_survives_bytes_that_are_no_text(call):
    status, output = call(
        "decode", "--batch", given=b"\xff\xfe\n" + b'\xef\xbb\xbf{"namespace":"sap","exi":"80400040"}\r\n'
    )
    assert status == 1
    assert [set(json.loads(line)) for line in output.splitlines()] == [
        {"line", "error"},
        {"namespace", "exi", "json"},
    ]


def test_a_batch_encodes_numbers_beyond_64_bits_and_any_character(call):
    issuer = {"X509IssuerName": "CN=ä🔌", "X509SerialNumber": 2**150}
    message = {
        "CertificateInstallationReq": {
            "Header": HEADER,
            "OEMProvisioningCertificateChain": {"Certificate": "AQI=", "Id": "id1"},
            "ListOfRootCertificateIDs": {"RootCertificateID": [issuer]},
            "MaximumContractCertificateChains": 1,
        }
    }
    status, answers = batch(call, "encode", [json.dumps({"json": message})], "--namespace", "common")
    assert status == 0
    status, back = batch(call, "decode", [json.dumps({"exi": answers[0]["exi"]})], "--namespace", "common")
    assert (status, back[0]["json"]) == (0, message)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_what_is_no_json_number_never_comes_out_again(call, number):
    status, output = call("decode", "--batch", given=f'{{"namespace":"sap","exi":"80400040","n":{number}}}\n')
    assert status == 1
    answer = json.loads(output, parse_constant=pytest.fail)
    assert number in answer["error"]


def test_a_wrong_word_is_answered_with_those_that_come_near_it(call):
    document = {"DC_CableCheckRes": {"Header": HEADER, "ResponseCode": "FAILED_SequenceEror", "EVSEProcessing": None}}
    status, answers = batch(call, "encode", [json.dumps({"namespace": "dc", "json": document})])
    assert status == 1
    assert "FAILED_SequenceError" in answers[0]["error"]
    assert len(answers[0]["error"]) < 250


def test_values_are_shown_as_they_stand_in_the_json(call):
    lines = [
        '{"namespace":null,"exi":"80400040"}',
        '{"namespace":"sap","exi":null}',
    ]
    _, answers = batch(call, "decode", lines)
    assert all("null" in a["error"] and "None" not in a["error"] for a in answers)
    _, answers = batch(call, "encode", ['{"namespace":"sap","json":{"supportedAppProtocolRes":null}}'])
    assert "not null" in answers[0]["error"]


def test_a_binary_file_on_standard_input_is_one_sentence(call):
    with pytest.raises(UserError, match="no hexadecimal"):
        call("decode", "--namespace", "sap", "-", given=b"\x7fELF\xff\xfe")


FORMS = ("--fragment", "--document")
AUTHORIZATION = {"AuthorizationReq": {"Id": "id1", "GenChallenge": "Rcq/nC4jdgPcUqr8aA39Qw=="}}
AUTHORIZATION_EXI = "8004015a590c40822e55fce1711bb01ee29557e3406fea19e8"
INFO = {
    "SignedInfo": {
        "CanonicalizationMethod": {"Algorithm": "a"},
        "SignatureMethod": {"Algorithm": "b"},
        "Reference": [{"DigestMethod": {"Algorithm": "c"}, "DigestValue": "AAEC"}],
    }
}


@pytest.mark.parametrize("options", [(), ("--fragment",)])
def test_a_bare_body_of_v2_is_a_fragment(call, options):
    status, output = call("decode", "--namespace", "v2", *options, AUTHORIZATION_EXI)
    assert (status, json.loads(output)) == (0, AUTHORIZATION)
    assert call("encode", "--namespace", "v2", *options, json.dumps(AUTHORIZATION)) == (0, AUTHORIZATION_EXI + "\n")


def test_a_fragment_is_another_thing_than_a_document(call):
    made = {form: call("encode", "--namespace", "xmldsig", form, json.dumps(INFO))[1] for form in FORMS}
    assert made["--fragment"] != made["--document"]
    for form, exi_text in made.items():
        assert json.loads(call("decode", "--namespace", "xmldsig", form, exi_text)[1]) == INFO
    assert call("encode", "--namespace", "xmldsig", json.dumps(INFO))[1] == made["--fragment"]


def test_a_line_says_for_itself_what_it_is(call):
    lines = [{"namespace": "xmldsig", "json": INFO, "fragment": said} for said in (True, False, 5)]
    status, answers = batch(call, "encode", [json.dumps(line) for line in lines])
    assert status == 1
    assert answers[0]["exi"] != answers[1]["exi"]
    assert "'fragment' is true or false, not 5" in answers[2]["error"]


def test_what_is_neither_document_nor_fragment_keeps_the_documents_reason(call):
    with pytest.raises(UserError, match="V2G_Message: element Header"):
        call("decode", "--namespace", "v2", "8098")
