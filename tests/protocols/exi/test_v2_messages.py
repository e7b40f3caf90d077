"""Messages of ISO 15118-2 beyond the corpus: full lists, any characters, and what is refused."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protocols.exi import V2, ExiError, decode, encode, from_json, to_json, walk
from protocols.exi.codec import codec_of
from protocols.exi.messages import v2, v2_types, xmldsig
from protocols.exi.sets import schema_set

HEADER = v2_types.MessageHeaderType(SessionID=bytes(range(8)))
WATTS = v2_types.PhysicalValueType(Multiplier=0, Unit=v2_types.unitSymbolType.W, Value=11_000)
OK = v2_types.responseCodeType.OK
INTERVAL = v2_types.RelativeTimeIntervalType(start=0, duration=86_400)


def message(body, header=HEADER):
    return v2.V2G_Message(Header=header, Body=v2.BodyType(BodyElement=body))


def both_ways(whole):
    """The document, written and read alike by compiled code and by the walk."""
    document = codec_of(V2).encode(whole)
    assert walk.write_document(schema_set(V2), whole) == document
    assert codec_of(V2).decode(document) == whole
    assert walk.read_document(schema_set(V2), document) == whole
    assert from_json(V2, to_json(whole)) == whole
    return document


def receipt(schedule_id):
    meter = v2_types.MeterInfoType(MeterID="M")
    return message(v2.MeteringReceiptReq(SessionID=bytes(8), SAScheduleTupleID=schedule_id, MeterInfo=meter))


def power_limits(count):
    entries = [v2_types.PMaxScheduleEntryType(TimeInterval=INTERVAL, PMax=WATTS)] * count
    return v2_types.PMaxScheduleType(PMaxScheduleEntry=entries)


def tariff(count, costs):
    cost = v2_types.CostType(
        costKind=v2_types.costKindType.CarbonDioxideEmission, amount=2**32 - 1, amountMultiplier=-3
    )
    consumption = v2_types.ConsumptionCostType(startValue=WATTS, Cost=[cost] * costs)
    entry = v2_types.SalesTariffEntryType(TimeInterval=INTERVAL, EPriceLevel=255, ConsumptionCost=[consumption] * costs)
    return v2_types.SalesTariffType(Id="id1", SalesTariffID=255, NumEPriceLevels=255, SalesTariffEntry=[entry] * count)


def parameters(tuples, entries, tariff_entries, costs=3):
    one = v2_types.SAScheduleTupleType(
        SAScheduleTupleID=255, PMaxSchedule=power_limits(entries), SalesTariff=tariff(tariff_entries, costs)
    )
    return message(
        v2.ChargeParameterDiscoveryRes(
            ResponseCode=OK,
            EVSEProcessing=v2_types.EVSEProcessingType.Finished,
            SASchedules=v2_types.SAScheduleListType(SAScheduleTuple=[one] * tuples),
            EVSEChargeParameter=v2_types.AC_EVSEChargeParameterType(
                AC_EVSEStatus=v2_types.AC_EVSEStatusType(
                    NotificationMaxDelay=65_535,
                    EVSENotification=v2_types.EVSENotificationType.ReNegotiation,
                    RCD=True,
                ),
                EVSENominalVoltage=WATTS,
                EVSEMaxCurrent=WATTS,
            ),
        )
    )


def chain(certificates):
    subordinate = v2_types.SubCertificatesType(Certificate=[bytes(800)] * certificates)
    return v2_types.CertificateChainType(Id="id2", Certificate=bytes(range(250)) * 3, SubCertificates=subordinate)


FULL = {
    "schedules": parameters(3, 1024, 1024),
    "services": message(
        v2.ServiceDiscoveryRes(
            ResponseCode=OK,
            PaymentOptionList=v2_types.PaymentOptionListType(PaymentOption=list(v2_types.paymentOptionType)),
            ChargeService=v2_types.ChargeServiceType(
                ServiceID=1,
                ServiceCategory=v2_types.serviceCategoryType.EVCharging,
                FreeService=False,
                SupportedEnergyTransferMode=v2_types.SupportedEnergyTransferModeType(
                    EnergyTransferMode=list(v2_types.EnergyTransferModeType)
                ),
            ),
            ServiceList=v2_types.ServiceListType(
                Service=[
                    v2_types.ServiceType(
                        ServiceID=65_535,
                        ServiceName="x" * 32,
                        ServiceCategory=v2_types.serviceCategoryType.OtherCustom,
                        ServiceScope="ß" * 64,
                        FreeService=True,
                    )
                ]
                * 8
            ),
        )
    ),
    "parameter sets": message(
        v2.ServiceDetailRes(
            ResponseCode=OK,
            ServiceID=2,
            ServiceParameterList=v2_types.ServiceParameterListType(
                ParameterSet=[
                    v2_types.ParameterSetType(
                        ParameterSetID=-(2**15),
                        Parameter=[v2_types.ParameterType(Name="Protocol", intValue=-(2**31))] * 16,
                    )
                ]
                * 255
            ),
        )
    ),
    "selection": message(
        v2.PaymentServiceSelectionReq(
            SelectedPaymentOption=v2_types.paymentOptionType.Contract,
            SelectedServiceList=v2_types.SelectedServiceListType(
                SelectedService=[v2_types.SelectedServiceType(ServiceID=1, ParameterSetID=32_767)] * 16
            ),
        )
    ),
    "profile": message(
        v2.PowerDeliveryReq(
            ChargeProgress=v2.chargeProgressType.Renegotiate,
            SAScheduleTupleID=255,
            ChargingProfile=v2_types.ChargingProfileType(
                ProfileEntry=[
                    v2_types.ProfileEntryType(
                        ChargingProfileEntryStart=2**32 - 1,
                        ChargingProfileEntryMaxPower=WATTS,
                        ChargingProfileEntryMaxNumberOfPhasesInUse=3,
                    )
                ]
                * 24
            ),
        )
    ),
    "certificates": message(
        v2.CertificateUpdateReq(
            Id="id1",
            ContractSignatureCertChain=chain(4),
            eMAID="DE8AA1A2B3C4D59",
            ListOfRootCertificateIDs=v2_types.ListOfRootCertificateIDsType(
                RootCertificateID=[xmldsig.X509IssuerSerialType(X509IssuerName="CN=Ä", X509SerialNumber=2**159)] * 20
            ),
        )
    ),
}


@pytest.mark.parametrize("name", FULL)
def test_every_list_at_its_maximum(name):
    document = both_ways(FULL[name])
    assert decode(V2, document + b"\x00\x00") == FULL[name]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda: parameters(4, 1, 1), "SAScheduleTuple has 4 entries, 1 to 3 are allowed"),
        (lambda: parameters(1, 1025, 1), "PMaxScheduleEntry has 1025 entries, 1 to 1024 are allowed"),
        (lambda: parameters(1, 1, 1025), "SalesTariffEntry has 1025 entries, 1 to 1024 are allowed"),
        (lambda: parameters(1, 1, 1, costs=4), "ConsumptionCost has 4 entries, at most 3 are allowed"),
        (lambda: parameters(0, 1, 1), "SAScheduleTuple has 0 entries, 1 to 3 are allowed"),
    ],
)
def test_a_list_beyond_its_bounds_is_refused(change, sentence):
    with pytest.raises(ExiError, match=rf"^V2G_Message: element Body/ChargeParameterDiscoveryRes/.*{sentence}\.$"):
        encode(V2, change())


@pytest.mark.parametrize(
    "text", ["Ladesäule", "充電スタンド", "⚡🔌🚗", "\u0000\u007f\u0080\u07ff\uffff\U0010ffff", ""]
)
def test_strings_beyond_ascii(text):
    whole = message(v2.SessionSetupRes(ResponseCode=OK, EVSEID=text, EVSETimeStamp=-1))
    both_ways(whole)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(evse_id=st.text(st.characters(exclude_categories=("Cs",)), max_size=37), stamp=st.integers(-(2**63), 2**63 - 1))
def test_any_name_and_time(evse_id, stamp):
    both_ways(message(v2.SessionSetupRes(ResponseCode=OK, EVSEID=evse_id, EVSETimeStamp=stamp)))


def test_a_schedule_of_zero_in_a_receipt_travels_as_text():
    """EXIficient writes 0, which the type excludes, as an untyped value; each other number has its 8 bits."""
    document = both_ways(receipt(0))
    assert both_ways(receipt(1)) != document
    assert len(document) > len(both_ways(receipt(255)))


@pytest.mark.parametrize("number", [-1, 256, 2**70])
def test_other_numbers_beyond_the_bounds_are_refused(number):
    with pytest.raises(ExiError, match=rf"SAScheduleTupleID: {number} is not within 1 to 255|longer than any number"):
        encode(V2, receipt(number))


def test_an_outlier_of_another_form_is_refused():
    """Only the very text that a peer writes; a flip in it, or in the codes around it, is told as what it is."""
    document = encode(V2, receipt(0))
    bits = int.from_bytes(document, "big")
    length = len(document) * 8
    start = format(bits, f"0{length}b").index("1110" + "00000011" + "00110000" + "100")
    for offset in range(1, 23):
        flipped = (bits ^ 1 << (length - 1 - start - offset)).to_bytes(len(document), "big")
        with pytest.raises(ExiError, match=r"^V2G_Message: element Body/MeteringReceiptReq.*\.$"):
            decode(V2, flipped)
        with pytest.raises(ExiError):
            walk.read_document(schema_set(V2), flipped)


def test_elsewhere_a_schedule_of_zero_is_refused():
    with pytest.raises(ExiError, match="SAScheduleTupleID: 0 is not within 1 to 255"):
        encode(V2, message(v2.PowerDeliveryReq(ChargeProgress=v2.chargeProgressType.Stop, SAScheduleTupleID=0)))


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({"V2G_Message": {"Header": {"SessionID": "00"}}}, "Body is missing"),
        (
            {"V2G_Message": {"Header": {"SessionID": "00"}, "Body": {"SesionSetupReq": {}}}},
            "is not known here; known: ",
        ),
        (
            {"V2G_Message": {"Header": {"SessionID": "00"}, "Body": {"ChargingStatusReq": {}, "SessionStopReq": {}}}},
            "SessionStopReq may not stand beside another BodyElement|ChargingSession is missing",
        ),
        ({"V2G_Message": {"Header": {"SessionID": "0"}, "Body": {}}}, 'SessionID: "0" is no hexadecimal'),
    ],
)
def test_json_that_does_not_fit(document, sentence):
    with pytest.raises(ExiError, match=sentence):
        encode(V2, from_json(V2, document))


def test_an_empty_body_is_a_document():
    both_ways(message(None))


def test_a_session_id_too_long_is_refused():
    with pytest.raises(ExiError, match="Header/SessionID: it has 9 bytes, at most 8 are allowed"):
        encode(V2, message(v2.ChargingStatusReq(), v2_types.MessageHeaderType(SessionID=bytes(9))))
