"""What may not be read or written, and the sentence that says so."""

import subprocess
import sys

import msgspec
import pytest

from protocols.exi import APP_PROTOCOL, V20_COMMON, V20_DC, ExiError, decode, encode, from_json, prepare
from protocols.exi.messages import app_protocol, common, common_types, dc, xmldsig

HEADER = common_types.MessageHeaderType(SessionID=bytes(8), TimeStamp=1_700_000_000)
WATTS = common_types.RationalNumberType(Exponent=0, Value=7)
OFFER = app_protocol.AppProtocolType(
    ProtocolNamespace=V20_DC, VersionNumberMajor=1, VersionNumberMinor=0, SchemaID=1, Priority=1
)


def test_a_list_one_too_long_is_refused_when_writing():
    encode(APP_PROTOCOL, app_protocol.supportedAppProtocolReq(AppProtocol=[OFFER] * 20))
    with pytest.raises(ExiError, match="AppProtocol has 21 entries, 1 to 20 are allowed"):
        encode(APP_PROTOCOL, app_protocol.supportedAppProtocolReq(AppProtocol=[OFFER] * 21))
    with pytest.raises(ExiError, match="AppProtocol has 0 entries"):
        encode(APP_PROTOCOL, app_protocol.supportedAppProtocolReq(AppProtocol=[]))


def test_a_full_list_has_no_code_for_one_more_and_so_a_shorter_end():
    """After 20 of 20 entries only the end may come: one bit, and a set one is an escape."""
    document = bytearray(encode(APP_PROTOCOL, app_protocol.supportedAppProtocolReq(AppProtocol=[OFFER] * 20)))
    assert decode(APP_PROTOCOL, bytes(document)).AppProtocol == [OFFER] * 20
    one = len(encode(APP_PROTOCOL, app_protocol.supportedAppProtocolReq(AppProtocol=[OFFER])))
    two = len(encode(APP_PROTOCOL, app_protocol.supportedAppProtocolReq(AppProtocol=[OFFER] * 2)))
    assert one < two < len(document)
    document[-1] ^= 0xFF
    with pytest.raises(ExiError, match="escape"):
        decode(APP_PROTOCOL, bytes(document))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"EVCCID": "x" * 256}, "EVCCID: it has 256 characters, at most 255 are allowed"),
        ({"EVCCID": 5}, "EVCCID: it must be a string, not int"),
        ({"EVCCID": None}, "SessionSetupReq: EVCCID is missing"),
        ({"EVCCID": "\ud800"}, "EVCCID: it has half a surrogate pair"),
        ({"Header": None}, "Header"),
        ({"Header": WATTS}, "Header: it must be a MessageHeaderType, not RationalNumberType"),
        ({"Header": msgspec.structs.replace(HEADER, SessionID=bytes(7))}, "it has 7 bytes, 8 are allowed"),
        ({"Header": msgspec.structs.replace(HEADER, SessionID="0" * 8)}, "SessionID: it must be bytes, not str"),
        ({"Header": msgspec.structs.replace(HEADER, TimeStamp=-1)}, "TimeStamp: -1 is not within 0 to"),
        ({"Header": msgspec.structs.replace(HEADER, TimeStamp=2**64)}, "is not within 0 to"),
        ({"Header": msgspec.structs.replace(HEADER, TimeStamp=10**9999)}, "a number of 33216 bits is longer"),
        ({"Header": msgspec.structs.replace(HEADER, TimeStamp=1.5)}, "it must be a whole number, not 1.5"),
        ({"Header": msgspec.structs.replace(HEADER, TimeStamp=True)}, "it must be a whole number, not True"),
    ],
)
def test_values_that_do_not_fit_are_refused_when_writing(change, sentence):
    message = common.SessionSetupReq(Header=HEADER, EVCCID="WMIV1234567890ABCDEX")
    encode(V20_COMMON, message)
    with pytest.raises(ExiError, match=sentence):
        encode(V20_COMMON, msgspec.structs.replace(message, **change))


@pytest.mark.parametrize(
    ("chosen", "fits"),
    [
        ({}, False),
        ({"boolValue": True}, True),
        ({"finiteString": "three phases"}, True),
        ({"rationalNumber": WATTS}, True),
        ({"boolValue": True, "intValue": 1}, False),
        ({"byteValue": 128}, False),
        ({"boolValue": 1}, False),
    ],
)
def test_a_choice_takes_exactly_one(chosen, fits):
    parameter = common.ParameterType(Name="Connector", **chosen)
    offer = common.ParameterSetType(ParameterSetID=1, Parameter=[parameter])
    message = common.ServiceDetailRes(
        Header=HEADER,
        ResponseCode=common_types.ResponseCodeType.OK,
        ServiceID=6,
        ServiceParameterList=common.ServiceParameterListType(ParameterSet=[offer]),
    )
    if fits:
        assert decode(V20_COMMON, encode(V20_COMMON, message)) == message
    else:
        with pytest.raises(ExiError, match=r"ServiceDetailRes: element .*Parameter\[1\]"):
            encode(V20_COMMON, message)


def test_a_substitution_takes_only_its_members():
    message = dc.DC_ChargeLoopReq(
        Header=HEADER, MeterInfoRequested=False, EVPresentVoltage=WATTS, CLReqControlMode=WATTS
    )
    with pytest.raises(ExiError, match="CLReqControlMode must be one of BPT_Dynamic_DC_CLReqControlMode, "):
        encode(V20_DC, message)


def test_an_id_must_be_an_xml_name():
    signature = xmldsig.SignatureType(
        Id="no name",
        SignedInfo=xmldsig.SignedInfoType(
            CanonicalizationMethod=xmldsig.CanonicalizationMethodType(Algorithm="a"),
            SignatureMethod=xmldsig.SignatureMethodType(Algorithm="b"),
            Reference=[
                xmldsig.ReferenceType(DigestMethod=xmldsig.DigestMethodType(Algorithm="c"), DigestValue=bytes(64))
            ],
        ),
        SignatureValue=xmldsig.SignatureValueType(value=bytes(132)),
    )
    with pytest.raises(ExiError, match="Id: 'no name' is no XML ID"):
        encode(V20_DC, signature)
    valid = msgspec.structs.replace(signature, Id="id1")
    assert decode(V20_DC, encode(V20_DC, valid)) == valid


def test_a_message_of_another_set_is_refused():
    with pytest.raises(ExiError, match="SessionStopReq: it is no message of urn:iso:std:iso:15118:-20:DC"):
        encode(V20_DC, common.SessionStopReq(Header=HEADER, ChargingSession=common.ChargingSessionType.Pause))
    with pytest.raises(ExiError, match="str: it is no message"):
        encode(V20_DC, "DC_CableCheckReq")


def test_an_unknown_namespace_names_the_known_ones():
    with pytest.raises(ExiError, match="urn:nobody is not known; known are urn:iso:15118:2:2010:AppProtocol"):
        decode("urn:nobody", b"\x80")


def test_the_sentence_names_message_element_and_bit():
    document = encode(V20_DC, dc.DC_CableCheckReq(Header=HEADER))
    with pytest.raises(
        ExiError, match=r"^DC_CableCheckReq: element Header/SessionID at bit 17: the document ends too early\.$"
    ):
        decode(V20_DC, document[:3])


def test_a_string_table_hit_is_refused():
    document = encode(V20_COMMON, common.SessionSetupReq(Header=HEADER, EVCCID=""))
    bits = int.from_bytes(document, "big")
    hits = 0
    for shift in range(24):
        if bits >> shift & 255 == 2:
            altered = (bits & ~(255 << shift) | 1 << shift).to_bytes(len(document), "big")
            with pytest.raises(ExiError, match=r"EVCCID at bit \d+: .*string-table hit"):
                decode(V20_COMMON, altered)
            hits += 1
            break
    assert hits == 1


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        (5, "is an object with one key"),
        ({}, "is an object with one key"),
        ({"DC_Nothing": {}}, "DC_Nothing is no message of"),
        ({"DC_CableCheckReq": {}}, "DC_CableCheckReq: Header is missing"),
        ({"DC_CableCheckReq": {"Headr": 1}}, "Headr is not known here; known: Header"),
        ({"DC_CableCheckReq": {"Header": {"SessionID": "XY", "TimeStamp": 1}}}, 'SessionID: "XY" is no hexadecimal'),
        ({"DC_CableCheckReq": {"Header": {"SessionID": "00", "TimeStamp": "1"}}}, "TimeStamp: it must be a whole"),
        ({"DC_CableCheckReq": {"Header": []}}, "Header: it must be an object"),
    ],
)
def test_json_that_does_not_fit(document, sentence):
    with pytest.raises(ExiError, match=sentence):
        from_json(V20_DC, document)


def test_a_serial_number_has_a_length_that_both_directions_keep():
    def serial(number):
        return xmldsig.X509IssuerSerialType(X509IssuerName="CN=A", X509SerialNumber=number)

    for number in (2**518 - 1, -(2**518)):
        data = xmldsig.X509DataType(X509IssuerSerial=[serial(number)])
        assert decode(V20_DC, encode(V20_DC, data)) == data
    for number in (2**518, -(2**518) - 1):
        with pytest.raises(ExiError, match="longer than any number allowed"):
            encode(V20_DC, xmldsig.X509DataType(X509IssuerSerial=[serial(number)]))


def test_prepared_codecs_do_the_same():
    prepare(APP_PROTOCOL, V20_DC)
    message = dc.DC_CableCheckReq(Header=HEADER)
    assert decode(V20_DC, encode(V20_DC, message)) == message
    offer = app_protocol.supportedAppProtocolReq(AppProtocol=(OFFER, OFFER))
    assert decode(APP_PROTOCOL, bytearray(encode(APP_PROTOCOL, offer))).AppProtocol == [OFFER, OFFER]


def test_a_long_schedule_takes_all_its_entries():
    """1,024 steps: far beyond one window of the decoder and one number of the encoder."""
    steps = [
        common.PowerScheduleEntryType(
            Duration=900 + i, Power=common_types.RationalNumberType(Exponent=0, Value=i - 512)
        )
        for i in range(1024)
    ]
    message = common.ScheduleExchangeRes(
        Header=HEADER,
        ResponseCode=common_types.ResponseCodeType.OK,
        EVSEProcessing=common_types.ProcessingType.Finished,
        Scheduled_SEResControlMode=common.Scheduled_SEResControlModeType(
            ScheduleTuple=[
                common.ScheduleTupleType(
                    ScheduleTupleID=number,
                    ChargingSchedule=common.ChargingScheduleType(
                        PowerSchedule=common.PowerScheduleType(
                            TimeAnchor=0,
                            PowerScheduleEntries=common.PowerScheduleEntryListType(PowerScheduleEntry=steps),
                        )
                    ),
                )
                for number in (1, 2, 3)
            ]
        ),
    )
    document = encode(V20_COMMON, message)
    assert len(document) > 20_000
    assert decode(V20_COMMON, document) == message
    for length in range(0, len(document), 997):
        with pytest.raises(ExiError):
            decode(V20_COMMON, document[:length])


def test_checks_hold_without_assertions():
    """Under ``python -O`` as well: no check is an assert."""
    program = (
        "from protocols.exi import APP_PROTOCOL, ExiError, decode\n"
        "for data in (b'', b'\\x80', b'\\x80\\xff\\xff', b'\\x80' + b'\\xff' * 65536):\n"
        "    try:\n"
        "        decode(APP_PROTOCOL, data)\n"
        "    except ExiError:\n"
        "        print('refused')\n"
    )
    done = subprocess.run([sys.executable, "-O", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["refused"] * 4
