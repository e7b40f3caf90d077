"""What the -20 messages share: header, status, meter readings, receipts (ISO 15118-20, the CommonTypes schema)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec

from protocols.exi.messages.xmldsig import SignatureType, X509IssuerSerialType
from protocols.exi.schema import (
    Binary,
    Byte,
    Element,
    IntegerRange,
    Occurs,
    Short,
    Text,
    UnsignedInt,
    UnsignedLong,
    UnsignedShort,
)

NumericIDType = Annotated[int, IntegerRange(1, 2**32 - 1)]
SessionIDType = Annotated[bytes, Binary(min_length=8, max_length=8, as_hex=True)]
PercentValueType = Annotated[int, IntegerRange(0, 100)]
IdentifierType = Annotated[str, Text(max_length=255)]
NameType = Annotated[str, Text(max_length=80)]
DescriptionType = Annotated[str, Text(max_length=160)]
MeterIDType = Annotated[str, Text(max_length=32)]
MeterSignatureType = Annotated[bytes, Binary(max_length=64)]


class EVSENotificationType(StrEnum):
    Pause = "Pause"
    ExitStandby = "ExitStandby"
    Terminate = "Terminate"
    ScheduleRenegotiation = "ScheduleRenegotiation"
    ServiceRenegotiation = "ServiceRenegotiation"
    MeteringConfirmation = "MeteringConfirmation"


class ProcessingType(StrEnum):
    Finished = "Finished"
    Ongoing = "Ongoing"
    Ongoing_WaitingForCustomerInteraction = "Ongoing_WaitingForCustomerInteraction"


class ResponseCodeType(StrEnum):
    OK = "OK"
    OK_CertificateExpiresSoon = "OK_CertificateExpiresSoon"
    OK_NewSessionEstablished = "OK_NewSessionEstablished"
    OK_OldSessionJoined = "OK_OldSessionJoined"
    OK_PowerToleranceConfirmed = "OK_PowerToleranceConfirmed"
    WARNING_AuthorizationSelectionInvalid = "WARNING_AuthorizationSelectionInvalid"
    WARNING_CertificateExpired = "WARNING_CertificateExpired"
    WARNING_CertificateNotYetValid = "WARNING_CertificateNotYetValid"
    WARNING_CertificateRevoked = "WARNING_CertificateRevoked"
    WARNING_CertificateValidationError = "WARNING_CertificateValidationError"
    WARNING_ChallengeInvalid = "WARNING_ChallengeInvalid"
    WARNING_EIMAuthorizationFailure = "WARNING_EIMAuthorizationFailure"
    WARNING_eMSPUnknown = "WARNING_eMSPUnknown"
    WARNING_EVPowerProfileViolation = "WARNING_EVPowerProfileViolation"
    WARNING_GeneralPnCAuthorizationError = "WARNING_GeneralPnCAuthorizationError"
    WARNING_NoCertificateAvailable = "WARNING_NoCertificateAvailable"
    WARNING_NoContractMatchingPCIDFound = "WARNING_NoContractMatchingPCIDFound"
    WARNING_PowerToleranceNotConfirmed = "WARNING_PowerToleranceNotConfirmed"
    WARNING_ScheduleRenegotiationFailed = "WARNING_ScheduleRenegotiationFailed"
    WARNING_StandbyNotAllowed = "WARNING_StandbyNotAllowed"
    WARNING_WPT = "WARNING_WPT"
    FAILED = "FAILED"
    FAILED_AssociationError = "FAILED_AssociationError"
    FAILED_ContactorError = "FAILED_ContactorError"
    FAILED_EVPowerProfileInvalid = "FAILED_EVPowerProfileInvalid"
    FAILED_EVPowerProfileViolation = "FAILED_EVPowerProfileViolation"
    FAILED_MeteringSignatureNotValid = "FAILED_MeteringSignatureNotValid"
    FAILED_NoEnergyTransferServiceSelected = "FAILED_NoEnergyTransferServiceSelected"
    FAILED_NoServiceRenegotiationSupported = "FAILED_NoServiceRenegotiationSupported"
    FAILED_PauseNotAllowed = "FAILED_PauseNotAllowed"
    FAILED_PowerDeliveryNotApplied = "FAILED_PowerDeliveryNotApplied"
    FAILED_PowerToleranceNotConfirmed = "FAILED_PowerToleranceNotConfirmed"
    FAILED_ScheduleRenegotiation = "FAILED_ScheduleRenegotiation"
    FAILED_ScheduleSelectionInvalid = "FAILED_ScheduleSelectionInvalid"
    FAILED_SequenceError = "FAILED_SequenceError"
    FAILED_ServiceIDInvalid = "FAILED_ServiceIDInvalid"
    FAILED_ServiceSelectionInvalid = "FAILED_ServiceSelectionInvalid"
    FAILED_SignatureError = "FAILED_SignatureError"
    FAILED_UnknownSession = "FAILED_UnknownSession"
    FAILED_WrongChargeParameter = "FAILED_WrongChargeParameter"


class MessageHeaderType(Element):
    """Header of every -20 message; TimeStamp is POSIX seconds."""

    SessionID: SessionIDType
    TimeStamp: UnsignedLong
    Signature: SignatureType | None = None


class V2GMessageType(Element):
    """What every -20 message starts with."""

    Header: MessageHeaderType


class V2GRequestType(V2GMessageType):
    """What every request starts with."""


class V2GResponseType(V2GMessageType):
    """What every response starts with."""

    ResponseCode: ResponseCodeType


class ChargeParameterDiscoveryReqType(V2GRequestType):
    """Base of the charge parameter requests of AC and DC."""


class ChargeParameterDiscoveryResType(V2GResponseType):
    """Base of the charge parameter responses of AC and DC."""


class ChargeLoopReqType(V2GRequestType):
    """Base of the charge loop requests of AC and DC."""

    DisplayParameters: DisplayParametersType | None = None
    MeterInfoRequested: bool


class ChargeLoopResType(V2GResponseType):
    """Base of the charge loop responses of AC and DC."""

    EVSEStatus: EVSEStatusType | None = None
    MeterInfo: MeterInfoType | None = None
    Receipt: ReceiptType | None = None


class CLReqControlModeType(Element):
    """Abstract head of what the EV sends in the charge loop."""


class CLResControlModeType(Element):
    """Abstract head of what the EVSE sends in the charge loop."""


class Scheduled_CLReqControlModeType(CLReqControlModeType):
    """Scheduled mode: the EV keeps its own schedule, so energy requests are optional."""

    EVTargetEnergyRequest: RationalNumberType | None = None
    EVMaximumEnergyRequest: RationalNumberType | None = None
    EVMinimumEnergyRequest: RationalNumberType | None = None


class Scheduled_CLResControlModeType(CLResControlModeType):
    """Scheduled mode, common part of AC and DC."""


class Dynamic_CLReqControlModeType(CLReqControlModeType):
    """Dynamic mode: the EVSE decides; DepartureTime in seconds from the header's TimeStamp."""

    DepartureTime: UnsignedInt | None = None
    EVTargetEnergyRequest: RationalNumberType
    EVMaximumEnergyRequest: RationalNumberType
    EVMinimumEnergyRequest: RationalNumberType


class Dynamic_CLResControlModeType(CLResControlModeType):
    """Dynamic mode: targets the EVSE wants acknowledged within AckMaxDelay seconds."""

    DepartureTime: UnsignedInt | None = None
    MinimumSOC: PercentValueType | None = None
    TargetSOC: PercentValueType | None = None
    AckMaxDelay: UnsignedShort | None = None


class DisplayParametersType(Element):
    """What the EV lets the EVSE show; SOC in percent, remaining times in seconds."""

    PresentSOC: PercentValueType | None = None
    MinimumSOC: PercentValueType | None = None
    TargetSOC: PercentValueType | None = None
    MaximumSOC: PercentValueType | None = None
    RemainingTimeToMinimumSOC: UnsignedInt | None = None
    RemainingTimeToTargetSOC: UnsignedInt | None = None
    RemainingTimeToMaximumSOC: UnsignedInt | None = None
    ChargingComplete: bool | None = None
    BatteryEnergyCapacity: RationalNumberType | None = None
    InletHot: bool | None = None


class EVSEStatusType(Element):
    """What the EVSE asks the EV to do, within NotificationMaxDelay seconds."""

    NotificationMaxDelay: UnsignedShort
    EVSENotification: EVSENotificationType


class RationalNumberType(Element):
    """The number Value * 10 ** Exponent, in the unit that the element's name implies (W, A, V, Wh, Hz)."""

    Exponent: Byte
    Value: Short


class MeterInfoType(Element):
    """A meter reading; energy in Wh since the session began, reactive energy in varh."""

    MeterID: MeterIDType
    ChargedEnergyReadingWh: UnsignedLong
    BPT_DischargedEnergyReadingWh: UnsignedLong | None = None
    CapacitiveEnergyReadingVARh: UnsignedLong | None = None
    BPT_InductiveEnergyReadingVARh: UnsignedLong | None = None
    MeterSignature: MeterSignatureType | None = None
    MeterStatus: Short | None = None
    MeterTimestamp: UnsignedLong | None = None


class DetailedCostType(Element):
    """An amount of money and the price of one unit."""

    Amount: RationalNumberType
    CostPerUnit: RationalNumberType


class DetailedTaxType(Element):
    """The tax that one rule added."""

    TaxRuleID: NumericIDType
    Amount: RationalNumberType


class ReceiptType(Element):
    """What the session has cost so far; TimeAnchor is POSIX seconds."""

    TimeAnchor: UnsignedLong
    EnergyCosts: DetailedCostType | None = None
    OccupancyCosts: DetailedCostType | None = None
    AdditionalServicesCosts: DetailedCostType | None = None
    OverstayCosts: DetailedCostType | None = None
    TaxCosts: Annotated[list[DetailedTaxType], Occurs(0, 10)] = msgspec.field(default_factory=list)


class ListOfRootCertificateIDsType(Element):
    """Root certificates the EV trusts."""

    RootCertificateID: Annotated[list[X509IssuerSerialType], Occurs(1, 20)]
