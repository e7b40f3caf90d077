"""What is particular to the messages of DIN SPEC 70121."""

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protocols.exi import DIN, ExiError, decode, encode, from_json, to_json
from protocols.exi.messages import din, din_types

HEADER = din_types.MessageHeaderType(SessionID=bytes(range(8)))
EV_STATUS = din_types.DC_EVStatusType(EVReady=True, EVErrorCode=din_types.DC_EVErrorCodeType.NO_ERROR, EVRESSSOC=50)
EVSE_STATUS = din_types.DC_EVSEStatusType(
    EVSEStatusCode=din_types.DC_EVSEStatusCodeType.EVSE_Ready,
    NotificationMaxDelay=0,
    EVSENotification=din_types.EVSENotificationType.None_,
)


def message(body):
    return din.V2G_Message(Header=HEADER, Body=din.BodyType(BodyElement=body))


def round_trip(body):
    return decode(DIN, encode(DIN, message(body))).Body.BodyElement


def schedule(entries):
    steps = [
        din_types.PMaxScheduleEntryType(
            TimeInterval=din_types.RelativeTimeIntervalType(start=900 * i, duration=900), PMax=i - 512
        )
        for i in range(entries)
    ]
    return din_types.SAScheduleListType(
        SAScheduleTuple=[
            din_types.SAScheduleTupleType(
                SAScheduleTupleID=1, PMaxSchedule=din_types.PMaxScheduleType(PMaxScheduleID=1, PMaxScheduleEntry=steps)
            )
        ]
    )


def discovery(entries):
    volts = din_types.PhysicalValueType(Multiplier=0, Value=500)
    return din.ChargeParameterDiscoveryRes(
        ResponseCode=din_types.ResponseCodeType.OK,
        EVSEProcessing=din_types.EVSEProcessingType.Finished,
        SASchedules=schedule(entries),
        EVSEChargeParameter=din_types.DC_EVSEChargeParameterType(
            DC_EVSEStatus=EVSE_STATUS,
            EVSEMaximumCurrentLimit=volts,
            EVSEMaximumVoltageLimit=volts,
            EVSEMinimumCurrentLimit=volts,
            EVSEMinimumVoltageLimit=volts,
            EVSEPeakCurrentRipple=volts,
        ),
    )


@pytest.mark.parametrize("entries", [1, 2, 12, 1024])
def test_a_schedule_has_any_number_of_entries(entries):
    assert round_trip(discovery(entries)) == discovery(entries)


def test_a_schedule_has_at_least_one_entry():
    with pytest.raises(ExiError, match="PMaxScheduleEntry has 0 entries, at least 1"):
        encode(DIN, message(discovery(0)))


@pytest.mark.parametrize("unit", [None, *din_types.UnitSymbolType])
def test_a_value_may_go_without_a_unit(unit):
    value = din_types.PhysicalValueType(Multiplier=-3, Unit=unit, Value=-32768)
    body = din.PreChargeReq(DC_EVStatus=EV_STATUS, EVTargetVoltage=value, EVTargetCurrent=value)
    assert round_trip(body) == body
    json = to_json(message(body))
    assert from_json(DIN, json) == message(body)
    assert json["V2G_Message"]["Body"]["PreChargeReq"]["EVTargetVoltage"].get("Unit") == (unit and unit.value)


@pytest.mark.parametrize("length", [0, 1, 8])
def test_a_session_id_has_up_to_eight_bytes(length):
    document = din.V2G_Message(Header=din_types.MessageHeaderType(SessionID=bytes(length)), Body=din.BodyType())
    assert decode(DIN, encode(DIN, document)) == document
    with pytest.raises(ExiError, match="SessionID: it has 9 bytes, at most 8 are allowed"):
        encode(DIN, msgspec.structs.replace(document, Header=din_types.MessageHeaderType(SessionID=bytes(9))))


def test_the_longest_chain_of_certificates():
    chain = din_types.CertificateChainType(
        Certificate=b"\x30" * 1200, SubCertificates=din_types.SubCertificatesType(Certificate=[b"\x31" * 1200] * 9)
    )
    body = din.CertificateInstallationRes(
        Id="id1",
        ResponseCode=din_types.ResponseCodeType.OK_CertificateExpiresSoon,
        ContractSignatureCertChain=chain,
        ContractSignatureEncryptedPrivateKey=bytes(128),
        DHParams=bytes(256),
        ContractID="DE-ÄÖÜ-\U0001f697-C00000000000",
    )
    assert round_trip(body) == body
    with pytest.raises(ExiError, match="ContractSignatureEncryptedPrivateKey: it has 129 bytes, at most 128"):
        encode(DIN, message(msgspec.structs.replace(body, ContractSignatureEncryptedPrivateKey=bytes(129))))


def test_a_list_of_costs_may_be_empty():
    tariff = din_types.SalesTariffType(
        Id="tariff",
        SalesTariffID=1,
        NumEPriceLevels=2,
        SalesTariffEntry=[
            din_types.SalesTariffEntryType(
                TimeInterval=din_types.RelativeTimeIntervalType(start=0),
                EPriceLevel=level,
                ConsumptionCost=[
                    din_types.ConsumptionCostType(
                        startValue=0,
                        Cost=[din_types.CostType(costKind=din_types.CostKindType.CarbonDioxideEmission, amount=7)] * i,
                    )
                    for i in range(level)
                ],
            )
            for level in range(4)
        ],
    )
    body = discovery(1)
    body.SASchedules.SAScheduleTuple[0].SalesTariff = tariff
    assert round_trip(body) == body


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (din.SessionSetupReq(EVCCID=bytes(9)), "Body/SessionSetupReq/EVCCID: it has 9 bytes, at most 8 are allowed"),
        (din.ServiceDetailReq(ServiceID=65536), "ServiceID: 65536 is not within 0 to 65535"),
        (din.CableCheckReq(DC_EVStatus=EVSE_STATUS), "DC_EVStatus: it must be a DC_EVStatusType, not DC_EVSEStatus"),
        (din.CableCheckReq(DC_EVStatus=msgspec.structs.replace(EV_STATUS, EVReady=1)), "EVReady: it must be"),
        (din.CableCheckReq(DC_EVStatus=msgspec.structs.replace(EV_STATUS, EVErrorCode="FAILED")), "EVErrorCode: "),
        (EV_STATUS, "BodyElement must be one of CableCheckReq, "),
    ],
)
def test_what_does_not_fit_is_refused(body, sentence):
    with pytest.raises(ExiError, match=sentence):
        encode(DIN, message(body))


def test_the_abstract_body_element_cannot_stand_in_a_document():
    """Its name comes first, so its code is 0 where CableCheckReq has 1."""
    document = encode(DIN, message(din.CableCheckReq(DC_EVStatus=EV_STATUS)))
    before = 8 + 7 + 1 + (1 + 1 + 8 + 64 + 1) + 2 + 1
    shift = len(document) * 8 - before - 6
    number = int.from_bytes(document, "big")
    assert number >> shift & 63 == 1
    with pytest.raises(ExiError, match="BodyElement is abstract"):
        decode(DIN, (number ^ 1 << shift).to_bytes(len(document), "big"))


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.binary(max_size=60), start=st.sampled_from([b"", b"\x80", b"\x80\x9a", b"\x80\x9a\x02"]))
def test_any_bytes_are_a_message_or_one_refusal(start, data):
    try:
        found = decode(DIN, start + data)
    except ExiError:
        return
    assert decode(DIN, encode(DIN, found)) == found
