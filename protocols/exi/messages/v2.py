"""The messages of ISO 15118-2:2013 (schemas MsgDef, MsgHeader, MsgBody, MsgDataTypes; Edition 1).

Every document is a `V2G_Message`; its body holds one of the requests and responses below.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from protocols.exi.messages.v2_types import (
    AC_EVChargeParameterType,
    AC_EVSEChargeParameterType,
    AC_EVSEStatusType,
    CertificateChainType,
    ChargeServiceType,
    ChargingProfileType,
    ContractSignatureEncryptedPrivateKeyType,
    DC_EVChargeParameterType,
    DC_EVPowerDeliveryParameterType,
    DC_EVSEChargeParameterType,
    DC_EVSEStatusType,
    DC_EVStatusType,
    DiffieHellmanPublickeyType,
    EMAIDType,
    EnergyTransferModeType,
    EVSEProcessingType,
    ListOfRootCertificateIDsType,
    MessageHeaderType,
    MeterInfoType,
    PaymentOptionListType,
    PhysicalValueType,
    SAIDType,
    SAScheduleListType,
    SelectedServiceListType,
    ServiceListType,
    ServiceParameterListType,
    certificateType,
    eMAIDType,
    evccIDType,
    evseIDType,
    genChallengeType,
    paymentOptionType,
    responseCodeType,
    serviceCategoryType,
    serviceIDType,
    serviceScopeType,
    sessionIDType,
)
from protocols.exi.schema import (
    ATTRIBUTE,
    ID,
    SUBSTITUTION,
    Element,
    IntegerRange,
    Long,
    Short,
    UnsignedShort,
)


class chargeProgressType(StrEnum):
    Start = "Start"
    Stop = "Stop"
    Renegotiate = "Renegotiate"


class chargingSessionType(StrEnum):
    Terminate = "Terminate"
    Pause = "Pause"


class V2G_Message(Element):
    """The one document of this protocol."""

    Header: MessageHeaderType
    Body: BodyType


class BodyBaseType(Element):
    """What every request and response starts with: nothing."""


class V2GResponse(BodyBaseType):
    """What every response starts with."""

    ResponseCode: responseCodeType


class SessionSetupReq(BodyBaseType):
    """Opens a session, or resumes the paused one named in the header; EVCCID is the EV's MAC address."""

    EVCCID: evccIDType


class SessionSetupRes(V2GResponse):
    """Gives the session its identity and names the EVSE; the time is in POSIX seconds."""

    EVSEID: evseIDType
    EVSETimeStamp: Long | None = None


class ServiceDiscoveryReq(BodyBaseType):
    """Asks for the services, or for those of one scope and category."""

    ServiceScope: serviceScopeType | None = None
    ServiceCategory: serviceCategoryType | None = None


class ServiceDiscoveryRes(V2GResponse):
    """Lists ways to pay, the charging service and value-added services."""

    PaymentOptionList: PaymentOptionListType
    ChargeService: ChargeServiceType
    ServiceList: ServiceListType | None = None


class ServiceDetailReq(BodyBaseType):
    """Asks for the parameter sets of one service."""

    ServiceID: serviceIDType


class ServiceDetailRes(V2GResponse):
    """Lists the parameter sets of one service."""

    ServiceID: serviceIDType
    ServiceParameterList: ServiceParameterListType | None = None


class PaymentServiceSelectionReq(BodyBaseType):
    """Selects the way to pay and the services."""

    SelectedPaymentOption: paymentOptionType
    SelectedServiceList: SelectedServiceListType


class PaymentServiceSelectionRes(V2GResponse):
    """Confirms the selection."""


class PaymentDetailsReq(BodyBaseType):
    """Shows the contract."""

    eMAID: eMAIDType
    ContractSignatureCertChain: CertificateChainType


class PaymentDetailsRes(V2GResponse):
    """Gives the challenge that the EV has to sign; the time is in POSIX seconds."""

    GenChallenge: genChallengeType
    EVSETimeStamp: Long


class AuthorizationReq(BodyBaseType):
    """Asks for authorisation; with a contract the challenge comes back, and the element is signed."""

    Id: Annotated[ID | None, ATTRIBUTE] = None
    GenChallenge: genChallengeType | None = None


class AuthorizationRes(V2GResponse):
    """Says whether authorisation is finished or still going on."""

    EVSEProcessing: EVSEProcessingType


class ChargeParameterDiscoveryReq(BodyBaseType):
    """The way to transfer energy, and what the EV wants and can do."""

    MaxEntriesSAScheduleTuple: UnsignedShort | None = None
    RequestedEnergyTransferMode: EnergyTransferModeType
    EVChargeParameter: Annotated[AC_EVChargeParameterType | DC_EVChargeParameterType, SUBSTITUTION]


class ChargeParameterDiscoveryRes(V2GResponse):
    """What the EVSE can do, and schedules to choose from once it has finished."""

    EVSEProcessing: EVSEProcessingType
    SASchedules: Annotated[SAScheduleListType | None, SUBSTITUTION] = None
    EVSEChargeParameter: Annotated[AC_EVSEChargeParameterType | DC_EVSEChargeParameterType, SUBSTITUTION]


class PowerDeliveryReq(BodyBaseType):
    """Begins, ends or renegotiates charging by the schedule named."""

    ChargeProgress: chargeProgressType
    SAScheduleTupleID: SAIDType
    ChargingProfile: ChargingProfileType | None = None
    EVPowerDeliveryParameter: Annotated[DC_EVPowerDeliveryParameterType | None, SUBSTITUTION] = None


class PowerDeliveryRes(V2GResponse):
    """Says whether power flows, or has stopped."""

    EVSEStatus: Annotated[AC_EVSEStatusType | DC_EVSEStatusType, SUBSTITUTION]


class MeteringReceiptReq(BodyBaseType):
    """Confirms a meter reading; with a contract the element is signed. Some EVs send 0 for no schedule."""

    Id: Annotated[ID | None, ATTRIBUTE] = None
    SessionID: sessionIDType
    SAScheduleTupleID: Annotated[int | None, IntegerRange(1, 255, outliers=(0,))] = None
    MeterInfo: MeterInfoType


class MeteringReceiptRes(V2GResponse):
    """Takes the confirmation."""

    EVSEStatus: Annotated[AC_EVSEStatusType | DC_EVSEStatusType, SUBSTITUTION]


class SessionStopReq(BodyBaseType):
    """Ends or pauses the session."""

    ChargingSession: chargingSessionType


class SessionStopRes(V2GResponse):
    """Confirms the end."""


class CertificateUpdateReq(BodyBaseType):
    """Asks for a new contract certificate with the old one; signed with the old one."""

    Id: Annotated[ID, ATTRIBUTE]
    ContractSignatureCertChain: CertificateChainType
    eMAID: eMAIDType
    ListOfRootCertificateIDs: ListOfRootCertificateIDsType


class CertificateUpdateRes(V2GResponse):
    """A new contract certificate with its key encrypted; RetryCounter says when to ask again."""

    SAProvisioningCertificateChain: CertificateChainType
    ContractSignatureCertChain: CertificateChainType
    ContractSignatureEncryptedPrivateKey: ContractSignatureEncryptedPrivateKeyType
    DHpublickey: DiffieHellmanPublickeyType
    eMAID: EMAIDType
    RetryCounter: Short | None = None


class CertificateInstallationReq(BodyBaseType):
    """Asks for the first contract certificate; signed with the certificate that the maker of the EV put into it."""

    Id: Annotated[ID, ATTRIBUTE]
    OEMProvisioningCert: certificateType
    ListOfRootCertificateIDs: ListOfRootCertificateIDsType


class CertificateInstallationRes(V2GResponse):
    """A contract certificate with its key encrypted."""

    SAProvisioningCertificateChain: CertificateChainType
    ContractSignatureCertChain: CertificateChainType
    ContractSignatureEncryptedPrivateKey: ContractSignatureEncryptedPrivateKeyType
    DHpublickey: DiffieHellmanPublickeyType
    eMAID: EMAIDType


class ChargingStatusReq(BodyBaseType):
    """The AC charge loop: the EV asks how things are."""


class ChargingStatusRes(V2GResponse):
    """The AC charge loop: limit, meter and status."""

    EVSEID: evseIDType
    SAScheduleTupleID: SAIDType
    EVSEMaxCurrent: PhysicalValueType | None = None
    MeterInfo: MeterInfoType | None = None
    ReceiptRequired: bool | None = None
    AC_EVSEStatus: AC_EVSEStatusType


class CableCheckReq(BodyBaseType):
    """Asks for the insulation test."""

    DC_EVStatus: DC_EVStatusType


class CableCheckRes(V2GResponse):
    """Says whether the insulation test is finished."""

    DC_EVSEStatus: DC_EVSEStatusType
    EVSEProcessing: EVSEProcessingType


class PreChargeReq(BodyBaseType):
    """Asks the EVSE to match the EV's voltage."""

    DC_EVStatus: DC_EVStatusType
    EVTargetVoltage: PhysicalValueType
    EVTargetCurrent: PhysicalValueType


class PreChargeRes(V2GResponse):
    """The voltage at the EVSE's output."""

    DC_EVSEStatus: DC_EVSEStatusType
    EVSEPresentVoltage: PhysicalValueType


class CurrentDemandReq(BodyBaseType):
    """The DC charge loop: the EV's targets and limits; remaining times in Unit."""

    DC_EVStatus: DC_EVStatusType
    EVTargetCurrent: PhysicalValueType
    EVMaximumVoltageLimit: PhysicalValueType | None = None
    EVMaximumCurrentLimit: PhysicalValueType | None = None
    EVMaximumPowerLimit: PhysicalValueType | None = None
    BulkChargingComplete: bool | None = None
    ChargingComplete: bool
    RemainingTimeToFullSoC: PhysicalValueType | None = None
    RemainingTimeToBulkSoC: PhysicalValueType | None = None
    EVTargetVoltage: PhysicalValueType


class CurrentDemandRes(V2GResponse):
    """The DC charge loop: present values, limits, meter and status."""

    DC_EVSEStatus: DC_EVSEStatusType
    EVSEPresentVoltage: PhysicalValueType
    EVSEPresentCurrent: PhysicalValueType
    EVSECurrentLimitAchieved: bool
    EVSEVoltageLimitAchieved: bool
    EVSEPowerLimitAchieved: bool
    EVSEMaximumVoltageLimit: PhysicalValueType | None = None
    EVSEMaximumCurrentLimit: PhysicalValueType | None = None
    EVSEMaximumPowerLimit: PhysicalValueType | None = None
    EVSEID: evseIDType
    SAScheduleTupleID: SAIDType
    MeterInfo: MeterInfoType | None = None
    ReceiptRequired: bool | None = None


class WeldingDetectionReq(BodyBaseType):
    """Asks for the voltage while the EV tests its contactors."""

    DC_EVStatus: DC_EVStatusType


class WeldingDetectionRes(V2GResponse):
    """The voltage at the EVSE's output."""

    DC_EVSEStatus: DC_EVSEStatusType
    EVSEPresentVoltage: PhysicalValueType


AnyBody = (
    AuthorizationReq
    | AuthorizationRes
    | CableCheckReq
    | CableCheckRes
    | CertificateInstallationReq
    | CertificateInstallationRes
    | CertificateUpdateReq
    | CertificateUpdateRes
    | ChargeParameterDiscoveryReq
    | ChargeParameterDiscoveryRes
    | ChargingStatusReq
    | ChargingStatusRes
    | CurrentDemandReq
    | CurrentDemandRes
    | MeteringReceiptReq
    | MeteringReceiptRes
    | PaymentDetailsReq
    | PaymentDetailsRes
    | PaymentServiceSelectionReq
    | PaymentServiceSelectionRes
    | PowerDeliveryReq
    | PowerDeliveryRes
    | PreChargeReq
    | PreChargeRes
    | ServiceDetailReq
    | ServiceDetailRes
    | ServiceDiscoveryReq
    | ServiceDiscoveryRes
    | SessionSetupReq
    | SessionSetupRes
    | SessionStopReq
    | SessionStopRes
    | WeldingDetectionReq
    | WeldingDetectionRes
)
"""Every request and response."""


class BodyType(Element):
    """What a message is about."""

    BodyElement: Annotated[AnyBody | None, SUBSTITUTION] = None
