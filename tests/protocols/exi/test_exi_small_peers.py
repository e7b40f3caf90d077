"""What an unknown peer may not be able to take is told, and cut where cutting makes sense."""

import gzip
import json
from pathlib import Path

import pytest

from protocols.exi import APP_PROTOCOL, V2, V20_AC, V20_COMMON, V20_DC, decode, encode
from protocols.exi.elements import ElementTable
from protocols.exi.messages import app_protocol, common, common_types, v2, v2_types, xmldsig
from protocols.exi.model import model_of
from protocols.exi.sets import schema_set
from protocols.exi.small_peers import LISTS, fits, limit, trimmed

GOLDEN = Path(__file__).parents[2] / "golden"
HEADER = common_types.MessageHeaderType(SessionID=bytes(8), TimeStamp=1_700_000_000)


def offers(*priorities):
    return app_protocol.supportedAppProtocolReq(
        AppProtocol=[
            app_protocol.AppProtocolType(
                ProtocolNamespace=V20_DC, VersionNumberMajor=1, VersionNumberMinor=0, SchemaID=i, Priority=p
            )
            for i, p in enumerate(priorities)
        ]
    )


def detail(sets, parameters=1, name="Connector"):
    parameter = common.ParameterType(Name=name, intValue=2)
    return common.ServiceDetailRes(
        Header=HEADER,
        ResponseCode=common_types.ResponseCodeType.OK,
        ServiceID=6,
        ServiceParameterList=common.ServiceParameterListType(
            ParameterSet=[
                common.ParameterSetType(ParameterSetID=i, Parameter=[parameter] * parameters) for i in range(sets)
            ]
        ),
    )


def test_offers_are_cut_by_priority():
    message = offers(7, 1, 6, 2, 5, 3, 4)
    assert fits(APP_PROTOCOL, message) == (
        "supportedAppProtocolReq/AppProtocol: 7 entries are more than small peers take (5)."
    )
    cut = trimmed(APP_PROTOCOL, message)
    assert [p.Priority for p in cut.AppProtocol] == [1, 2, 5, 3, 4]
    assert fits(APP_PROTOCOL, cut) is None
    assert len(message.AppProtocol) == 7
    encode(APP_PROTOCOL, cut)


def test_parameter_sets_are_cut_from_the_end():
    assert [s.ParameterSetID for s in trimmed(V20_COMMON, detail(9)).ServiceParameterList.ParameterSet] == [0, 1, 2, 3]
    assert fits(V20_COMMON, detail(4, 8)) is None
    assert trimmed(V20_COMMON, detail(4, 8)) == detail(4, 8)


def test_what_would_change_its_meaning_is_told_and_left():
    message = detail(1, 9)
    assert "Parameter: 9 entries are more than small peers take (8)" in fits(V20_COMMON, message)
    assert trimmed(V20_COMMON, message) == message


@pytest.mark.parametrize(
    ("text", "ascii_text"), [("Säule Süd", "Saule Sud"), ("中", "?"), ("🚗 A", "? A"), ("ﬁx", "fi"), ("plain", "plain")]
)
def test_strings_become_ascii_no_longer_than_they_were(text, ascii_text):
    message = detail(1, name=text)
    assert (fits(V20_COMMON, message) is None) == text.isascii()
    assert trimmed(V20_COMMON, message).ServiceParameterList.ParameterSet[0].Parameter[0].Name == ascii_text
    assert fits(V20_COMMON, trimmed(V20_COMMON, message)) is None


def test_a_long_schedule_of_v2_is_told():
    def message(entries):
        interval = v2_types.RelativeTimeIntervalType(start=0)
        power = v2_types.PhysicalValueType(Multiplier=0, Unit=v2_types.unitSymbolType.W, Value=11000)
        entry = v2_types.PMaxScheduleEntryType(TimeInterval=interval, PMax=power)
        schedule = v2_types.SAScheduleTupleType(
            SAScheduleTupleID=1, PMaxSchedule=v2_types.PMaxScheduleType(PMaxScheduleEntry=[entry] * entries)
        )
        return v2_types.SAScheduleListType(SAScheduleTuple=[schedule])

    assert fits(V2, message(12)) is None
    assert "PMaxScheduleEntry: 13 entries are more than small peers take (12)" in fits(V2, message(13))
    assert len(trimmed(V2, message(13)).SAScheduleTuple[0].PMaxSchedule.PMaxScheduleEntry) == 13
    assert limit(V2, "PMaxScheduleEntry") == 12
    assert limit(V2, "Service") is None


@pytest.mark.parametrize(
    ("serial", "name", "sentence"),
    [
        (2**200, "CN=short", None),
        (2**210, "CN=short", "a number of 211 bits is longer"),
        (1, "CN=" + "x" * 62, "65 characters are more than small peers take"),
    ],
)
def test_what_the_schema_leaves_open_is_limited(serial, name, sentence):
    identity = xmldsig.X509IssuerSerialType(X509IssuerName=name, X509SerialNumber=serial)
    message = v2.CertificateInstallationReq(
        Id="id1",
        OEMProvisioningCert=bytes(800),
        ListOfRootCertificateIDs=v2_types.ListOfRootCertificateIDsType(RootCertificateID=[identity]),
    )
    assert (sentence or "None") in str(fits(V2, message))


@pytest.mark.parametrize("namespace", LISTS)
def test_every_limit_is_of_a_list_in_its_set(namespace):
    table = ElementTable(schema_set(namespace))
    lists = {f.name: f.maximum for cls in table.classes for f in model_of(cls).fields if f.is_list}
    for name, most in LISTS[namespace].items():
        if name in lists or namespace not in (V20_AC, V20_DC):
            assert most <= lists[name]


@pytest.mark.parametrize("name", ["session_v20_ac", "session_v20_dc_bpt", "session_v2_ac_tls_pnc", "session_din_dc"])
def test_real_sessions_fit(name):
    """What foreign programs send is small; only a tariff's text or a certificate's name might not be."""
    with gzip.open(GOLDEN / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in map(json.loads, lines):
            if line["namespace"] != "http://www.w3.org/2000/09/xmldsig#" and len(line["exi"]) > 2:
                if line["namespace"] == V2 and "V2G_Message" not in line["json"]:
                    continue
                message = decode(line["namespace"], bytes.fromhex(line["exi"]))
                problem = fits(line["namespace"], message)
                assert problem is None, problem
                assert trimmed(line["namespace"], message) == message
