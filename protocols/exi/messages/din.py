"""The messages of DIN SPEC 70121:2012 (schemas MsgDef and MsgBody): one document, whose body holds one of them."""

from __future__ import annotations

from typing import Annotated

from protocols.exi.messages.din_types import (
    AC_EVChargeParameterType,
    AC_EVSEChargeParameterType,
    AC_EVSEStatusType,
    CertificateChainType,
    CertificateType,
    ChargingProfileType,
    ContractIDType,
    DC_EVChargeParameterType,
    DC_EVPowerDeliveryParameterType,
    DC_EVSEChargeParameterType,
    DC_EVSEStatusType,
    DC_EVStatusType,
    DHParamsType,
    EvccIDType,
    EVRequestedEnergyTransferType,
    EvseIDType,
    EVSEProcessingType,
    GenChallengeType,
    ListOfRootCertificateIDsType,
    MessageHeaderType,
    MeterInfoType,
    PaymentOptionsType,
    PaymentOptionType,
    PhysicalValueType,
    PrivateKeyType,
    ResponseCodeType,
    SAIDType,
    SAScheduleListType,
    SelectedServiceListType,
    ServiceCategoryType,
    ServiceChargeType,
    ServiceIDType,
    ServiceParameterListType,
    ServiceScopeType,
    ServiceTagListType,
    SessionIDType,
)
from protocols.exi.schema import ATTRIBUTE, ID, SUBSTITUTION, Element, Long, Short


class V2G_Message(Element):
    """Every DIN document."""

    Header: MessageHeaderType
    Body: BodyType


class BodyBaseType(Element):
    """What may stand in a body."""


class V2GResponse(BodyBaseType):
    """What every response starts with."""

    ResponseCode: ResponseCodeType


class SessionSetupReq(BodyBaseType):
    """Opens a session; EVCCID is the car's MAC address."""

    EVCCID: EvccIDType


class SessionSetupRes(V2GResponse):
    """Gives the session its identity; DateTimeNow is POSIX seconds."""

    EVSEID: EvseIDType
    DateTimeNow: Long | None = None


class ServiceDiscoveryReq(BodyBaseType):
    """Asks for the services."""

    ServiceScope: ServiceScopeType | None = None
    ServiceCategory: ServiceCategoryType | None = None


class ServiceDiscoveryRes(V2GResponse):
    """Lists the ways to pay and the services."""

    PaymentOptions: PaymentOptionsType
    ChargeService: ServiceChargeType
    ServiceList: ServiceTagListType | None = None


class ServiceDetailReq(BodyBaseType):
    """Asks for the parameter sets of one service."""

    ServiceID: ServiceIDType


class ServiceDetailRes(V2GResponse):
    """Lists the parameter sets of one service."""

    ServiceID: ServiceIDType
    ServiceParameterList: ServiceParameterListType | None = None


class ServicePaymentSelectionReq(BodyBaseType):
    """Selects the way to pay and the services."""

    SelectedPaymentOption: PaymentOptionType
    SelectedServiceList: SelectedServiceListType


class ServicePaymentSelectionRes(V2GResponse):
    """Confirms the selection."""


class PaymentDetailsReq(BodyBaseType):
    """Shows the contract certificate."""

    ContractID: ContractIDType
    ContractSignatureCertChain: CertificateChainType


class PaymentDetailsRes(V2GResponse):
    """Gives the challenge to sign; DateTimeNow is POSIX seconds."""

    GenChallenge: GenChallengeType
    DateTimeNow: Long


class ContractAuthenticationReq(BodyBaseType):
    """Asks for authorisation."""

    Id: Annotated[ID | None, ATTRIBUTE] = None
    GenChallenge: GenChallengeType | None = None


class ContractAuthenticationRes(V2GResponse):
    """Says whether authorisation is finished or still going on."""

    EVSEProcessing: EVSEProcessingType


class ChargeParameterDiscoveryReq(BodyBaseType):
    """The EV's limits."""

    EVRequestedEnergyTransferType: EVRequestedEnergyTransferType
    EVChargeParameter: Annotated[DC_EVChargeParameterType | AC_EVChargeParameterType, SUBSTITUTION]


class ChargeParameterDiscoveryRes(V2GResponse):
    """The EVSE's limits, and the schedules it offers."""

    EVSEProcessing: EVSEProcessingType
    SASchedules: Annotated[SAScheduleListType, SUBSTITUTION]
    EVSEChargeParameter: Annotated[DC_EVSEChargeParameterType | AC_EVSEChargeParameterType, SUBSTITUTION]


class PowerDeliveryReq(BodyBaseType):
    """Asks the EVSE to switch its output on or off."""

    ReadyToChargeState: bool
    ChargingProfile: ChargingProfileType | None = None
    EVPowerDeliveryParameter: Annotated[DC_EVPowerDeliveryParameterType | None, SUBSTITUTION] = None


class PowerDeliveryRes(V2GResponse):
    """Says whether the output is as asked."""

    EVSEStatus: Annotated[DC_EVSEStatusType | AC_EVSEStatusType, SUBSTITUTION]


class ChargingStatusReq(BodyBaseType):
    """The AC charge loop."""


class ChargingStatusRes(V2GResponse):
    """The state of AC charging."""

    EVSEID: EvseIDType
    SAScheduleTupleID: SAIDType
    EVSEMaxCurrent: PhysicalValueType | None = None
    MeterInfo: MeterInfoType | None = None
    ReceiptRequired: bool
    AC_EVSEStatus: AC_EVSEStatusType


class MeteringReceiptReq(BodyBaseType):
    """Confirms a meter reading."""

    Id: Annotated[ID | None, ATTRIBUTE] = None
    SessionID: SessionIDType
    SAScheduleTupleID: SAIDType | None = None
    MeterInfo: MeterInfoType


class MeteringReceiptRes(V2GResponse):
    """Takes the confirmation."""

    AC_EVSEStatus: AC_EVSEStatusType


class SessionStopReq(BodyBaseType):
    """Ends the session."""


class SessionStopRes(V2GResponse):
    """Confirms the end."""


class CertificateUpdateReq(BodyBaseType):
    """Asks for a new contract certificate in place of the old one."""

    Id: Annotated[ID | None, ATTRIBUTE] = None
    ContractSignatureCertChain: CertificateChainType
    ContractID: ContractIDType
    ListOfRootCertificateIDs: ListOfRootCertificateIDsType
    DHParams: DHParamsType


class CertificateUpdateRes(V2GResponse):
    """The new contract certificate; RetryCounter in days, or -1 for never."""

    Id: Annotated[ID, ATTRIBUTE]
    ContractSignatureCertChain: CertificateChainType
    ContractSignatureEncryptedPrivateKey: PrivateKeyType
    DHParams: DHParamsType
    ContractID: ContractIDType
    RetryCounter: Short


class CertificateInstallationReq(BodyBaseType):
    """Asks for a contract certificate with the one from the car's maker."""

    Id: Annotated[ID | None, ATTRIBUTE] = None
    OEMProvisioningCert: CertificateType
    ListOfRootCertificateIDs: ListOfRootCertificateIDsType
    DHParams: DHParamsType


class CertificateInstallationRes(V2GResponse):
    """The contract certificate."""

    Id: Annotated[ID, ATTRIBUTE]
    ContractSignatureCertChain: CertificateChainType
    ContractSignatureEncryptedPrivateKey: PrivateKeyType
    DHParams: DHParamsType
    ContractID: ContractIDType


class CableCheckReq(BodyBaseType):
    """Asks for the insulation test."""

    DC_EVStatus: DC_EVStatusType


class CableCheckRes(V2GResponse):
    """Says whether the insulation test is finished, and what it found."""

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
    """The EV's targets and limits in the charge loop."""

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
    """The EVSE's present values and limits in the charge loop."""

    DC_EVSEStatus: DC_EVSEStatusType
    EVSEPresentVoltage: PhysicalValueType
    EVSEPresentCurrent: PhysicalValueType
    EVSECurrentLimitAchieved: bool
    EVSEVoltageLimitAchieved: bool
    EVSEPowerLimitAchieved: bool
    EVSEMaximumVoltageLimit: PhysicalValueType | None = None
    EVSEMaximumCurrentLimit: PhysicalValueType | None = None
    EVSEMaximumPowerLimit: PhysicalValueType | None = None


class WeldingDetectionReq(BodyBaseType):
    """Asks for the voltage while the EV tests its contactors."""

    DC_EVStatus: DC_EVStatusType


class WeldingDetectionRes(V2GResponse):
    """The voltage at the EVSE's output."""

    DC_EVSEStatus: DC_EVSEStatusType
    EVSEPresentVoltage: PhysicalValueType


class BodyType(Element):
    """At most one message."""

    BodyElement: Annotated[
        CableCheckReq
        | CableCheckRes
        | CertificateInstallationReq
        | CertificateInstallationRes
        | CertificateUpdateReq
        | CertificateUpdateRes
        | ChargeParameterDiscoveryReq
        | ChargeParameterDiscoveryRes
        | ChargingStatusReq
        | ChargingStatusRes
        | ContractAuthenticationReq
        | ContractAuthenticationRes
        | CurrentDemandReq
        | CurrentDemandRes
        | MeteringReceiptReq
        | MeteringReceiptRes
        | PaymentDetailsReq
        | PaymentDetailsRes
        | PowerDeliveryReq
        | PowerDeliveryRes
        | PreChargeReq
        | PreChargeRes
        | ServiceDetailReq
        | ServiceDetailRes
        | ServiceDiscoveryReq
        | ServiceDiscoveryRes
        | ServicePaymentSelectionReq
        | ServicePaymentSelectionRes
        | SessionSetupReq
        | SessionSetupRes
        | SessionStopReq
        | SessionStopRes
        | WeldingDetectionReq
        | WeldingDetectionRes
        | None,
        SUBSTITUTION,
    ] = None
