"""What the messages of ISO 15118-2:2013 are made of: header, status, values, schedules, services, certificates.

The least lengths of an EVSEID (7) and an eMAID (14) are not asked for: peers send shorter ones, and EXI carries them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec

from protocols.exi.messages.xmldsig import SignatureType, X509IssuerSerialType
from protocols.exi.schema import (
    ATTRIBUTE,
    CONTENT,
    ID,
    ONE_OF,
    SUBSTITUTION,
    Binary,
    Byte,
    Element,
    Int,
    IntegerRange,
    Long,
    Occurs,
    Short,
    String,
    Text,
    UnsignedByte,
    UnsignedInt,
    UnsignedLong,
    UnsignedShort,
)

sessionIDType = Annotated[bytes, Binary(max_length=8, as_hex=True)]
evccIDType = Annotated[bytes, Binary(max_length=6, as_hex=True)]
evseIDType = Annotated[str, Text(max_length=37)]
eMAIDType = Annotated[str, Text(max_length=15)]
serviceIDType = UnsignedShort
serviceNameType = Annotated[str, Text(max_length=32)]
serviceScopeType = Annotated[str, Text(max_length=64)]
SAIDType = Annotated[int, IntegerRange(1, 255)]
percentValueType = Annotated[int, IntegerRange(0, 100)]
unitMultiplierType = Annotated[int, IntegerRange(-3, 3)]
maxNumPhasesType = Annotated[int, IntegerRange(1, 3)]
meterIDType = Annotated[str, Text(max_length=32)]
sigMeterReadingType = Annotated[bytes, Binary(max_length=64)]
tariffDescriptionType = Annotated[str, Text(max_length=32)]
faultMsgType = Annotated[str, Text(max_length=64)]
genChallengeType = Annotated[bytes, Binary(min_length=16, max_length=16)]
certificateType = Annotated[bytes, Binary(max_length=800)]
dHpublickeyType = Annotated[bytes, Binary(max_length=65)]
privateKeyType = Annotated[bytes, Binary(max_length=48)]
startType = Annotated[int, IntegerRange(0, 16_777_214)]
durationType = Annotated[int, IntegerRange(0, 86_400)]


class EVSEProcessingType(StrEnum):
    Finished = "Finished"
    Ongoing = "Ongoing"
    Ongoing_WaitingForCustomerInteraction = "Ongoing_WaitingForCustomerInteraction"


class EVSENotificationType(StrEnum):
    NONE = "None"
    StopCharging = "StopCharging"
    ReNegotiation = "ReNegotiation"


class serviceCategoryType(StrEnum):
    EVCharging = "EVCharging"
    Internet = "Internet"
    ContractCertificate = "ContractCertificate"
    OtherCustom = "OtherCustom"


class EnergyTransferModeType(StrEnum):
    AC_single_phase_core = "AC_single_phase_core"
    AC_three_phase_core = "AC_three_phase_core"
    DC_core = "DC_core"
    DC_extended = "DC_extended"
    DC_combo_core = "DC_combo_core"
    DC_unique = "DC_unique"


class costKindType(StrEnum):
    relativePricePercentage = "relativePricePercentage"
    RenewableGenerationPercentage = "RenewableGenerationPercentage"
    CarbonDioxideEmission = "CarbonDioxideEmission"


class paymentOptionType(StrEnum):
    Contract = "Contract"
    ExternalPayment = "ExternalPayment"


class faultCodeType(StrEnum):
    ParsingError = "ParsingError"
    NoTLSRootCertificatAvailable = "NoTLSRootCertificatAvailable"
    UnknownError = "UnknownError"


class responseCodeType(StrEnum):
    OK = "OK"
    OK_NewSessionEstablished = "OK_NewSessionEstablished"
    OK_OldSessionJoined = "OK_OldSessionJoined"
    OK_CertificateExpiresSoon = "OK_CertificateExpiresSoon"
    FAILED = "FAILED"
    FAILED_SequenceError = "FAILED_SequenceError"
    FAILED_ServiceIDInvalid = "FAILED_ServiceIDInvalid"
    FAILED_UnknownSession = "FAILED_UnknownSession"
    FAILED_ServiceSelectionInvalid = "FAILED_ServiceSelectionInvalid"
    FAILED_PaymentSelectionInvalid = "FAILED_PaymentSelectionInvalid"
    FAILED_CertificateExpired = "FAILED_CertificateExpired"
    FAILED_SignatureError = "FAILED_SignatureError"
    FAILED_NoCertificateAvailable = "FAILED_NoCertificateAvailable"
    FAILED_CertChainError = "FAILED_CertChainError"
    FAILED_ChallengeInvalid = "FAILED_ChallengeInvalid"
    FAILED_ContractCanceled = "FAILED_ContractCanceled"
    FAILED_WrongChargeParameter = "FAILED_WrongChargeParameter"
    FAILED_PowerDeliveryNotApplied = "FAILED_PowerDeliveryNotApplied"
    FAILED_TariffSelectionInvalid = "FAILED_TariffSelectionInvalid"
    FAILED_ChargingProfileInvalid = "FAILED_ChargingProfileInvalid"
    FAILED_MeteringSignatureNotValid = "FAILED_MeteringSignatureNotValid"
    FAILED_NoChargeServiceSelected = "FAILED_NoChargeServiceSelected"
    FAILED_WrongEnergyTransferMode = "FAILED_WrongEnergyTransferMode"
    FAILED_ContactorError = "FAILED_ContactorError"
    FAILED_CertificateNotAllowedAtThisEVSE = "FAILED_CertificateNotAllowedAtThisEVSE"
    FAILED_CertificateRevoked = "FAILED_CertificateRevoked"


class unitSymbolType(StrEnum):
    h = "h"
    m = "m"
    s = "s"
    A = "A"
    V = "V"
    W = "W"
    Wh = "Wh"


class DC_EVSEStatusCodeType(StrEnum):
    EVSE_NotReady = "EVSE_NotReady"
    EVSE_Ready = "EVSE_Ready"
    EVSE_Shutdown = "EVSE_Shutdown"
    EVSE_UtilityInterruptEvent = "EVSE_UtilityInterruptEvent"
    EVSE_IsolationMonitoringActive = "EVSE_IsolationMonitoringActive"
    EVSE_EmergencyShutdown = "EVSE_EmergencyShutdown"
    EVSE_Malfunction = "EVSE_Malfunction"
    Reserved_8 = "Reserved_8"
    Reserved_9 = "Reserved_9"
    Reserved_A = "Reserved_A"
    Reserved_B = "Reserved_B"
    Reserved_C = "Reserved_C"


class isolationLevelType(StrEnum):
    Invalid = "Invalid"
    Valid = "Valid"
    Warning = "Warning"
    Fault = "Fault"
    No_IMD = "No_IMD"


class DC_EVErrorCodeType(StrEnum):
    NO_ERROR = "NO_ERROR"
    FAILED_RESSTemperatureInhibit = "FAILED_RESSTemperatureInhibit"
    FAILED_EVShiftPosition = "FAILED_EVShiftPosition"
    FAILED_ChargerConnectorLockFault = "FAILED_ChargerConnectorLockFault"
    FAILED_EVRESSMalfunction = "FAILED_EVRESSMalfunction"
    FAILED_ChargingCurrentdifferential = "FAILED_ChargingCurrentdifferential"
    FAILED_ChargingVoltageOutOfRange = "FAILED_ChargingVoltageOutOfRange"
    Reserved_A = "Reserved_A"
    Reserved_B = "Reserved_B"
    Reserved_C = "Reserved_C"
    FAILED_ChargingSystemIncompatibility = "FAILED_ChargingSystemIncompatibility"
    NoData = "NoData"


class MessageHeaderType(Element):
    """Header of every message: the session, a fault notice, a signature over an element of the body."""

    SessionID: sessionIDType
    Notification: NotificationType | None = None
    Signature: SignatureType | None = None


class NotificationType(Element):
    """A fault that one side tells the other."""

    FaultCode: faultCodeType
    FaultMsg: faultMsgType | None = None


class PhysicalValueType(Element):
    """The number Value * 10 ** Multiplier in Unit."""

    Multiplier: unitMultiplierType
    Unit: unitSymbolType
    Value: Short


class EVSEStatusType(Element):
    """What the EVSE asks the EV to do, within NotificationMaxDelay seconds."""

    NotificationMaxDelay: UnsignedShort
    EVSENotification: EVSENotificationType


class AC_EVSEStatusType(EVSEStatusType):
    """Status in AC; RCD is true where the residual current device has found a fault."""

    RCD: bool


class DC_EVSEStatusType(EVSEStatusType):
    """Status in DC."""

    EVSEIsolationStatus: isolationLevelType | None = None
    EVSEStatusCode: DC_EVSEStatusCodeType


class DC_EVStatusType(Element):
    """The EV's state in DC; EVRESSSOC in percent."""

    EVReady: bool
    EVErrorCode: DC_EVErrorCodeType
    EVRESSSOC: percentValueType


class ServiceType(Element):
    """A service and whether it costs nothing."""

    ServiceID: serviceIDType
    ServiceName: serviceNameType | None = None
    ServiceCategory: serviceCategoryType
    ServiceScope: serviceScopeType | None = None
    FreeService: bool


class ServiceListType(Element):
    """Value-added services."""

    Service: Annotated[list[ServiceType], Occurs(1, 8)]


class SupportedEnergyTransferModeType(Element):
    """Ways of transferring energy."""

    EnergyTransferMode: Annotated[list[EnergyTransferModeType], Occurs(1, 6)]


class ChargeServiceType(ServiceType):
    """The charging service and the ways it transfers energy."""

    SupportedEnergyTransferMode: SupportedEnergyTransferModeType


class PaymentOptionListType(Element):
    """Ways to pay."""

    PaymentOption: Annotated[list[paymentOptionType], Occurs(1, 2)]


class SelectedServiceType(Element):
    """A service that the EV selects."""

    ServiceID: serviceIDType
    ParameterSetID: Short | None = None


class SelectedServiceListType(Element):
    """Services that the EV selects."""

    SelectedService: Annotated[list[SelectedServiceType], Occurs(1, 16)]


class ParameterType(Element):
    """A named value of one of six types."""

    Name: Annotated[String, ATTRIBUTE]
    boolValue: Annotated[bool | None, ONE_OF] = None
    byteValue: Annotated[Byte | None, ONE_OF] = None
    shortValue: Annotated[Short | None, ONE_OF] = None
    intValue: Annotated[Int | None, ONE_OF] = None
    physicalValue: Annotated[PhysicalValueType | None, ONE_OF] = None
    stringValue: Annotated[String | None, ONE_OF] = None


class ParameterSetType(Element):
    """A set of parameters under a number."""

    ParameterSetID: Short
    Parameter: Annotated[list[ParameterType], Occurs(1, 16)]


class ServiceParameterListType(Element):
    """Parameter sets to choose from."""

    ParameterSet: Annotated[list[ParameterSetType], Occurs(1, 255)]


class SubCertificatesType(Element):
    """Certificates between a leaf and its root (DER)."""

    Certificate: Annotated[list[certificateType], Occurs(1, 4)]


class CertificateChainType(Element):
    """A leaf certificate and those between it and its root (DER)."""

    Id: Annotated[ID | None, ATTRIBUTE] = None
    Certificate: certificateType
    SubCertificates: SubCertificatesType | None = None


class ContractSignatureEncryptedPrivateKeyType(Element):
    """A contract's private key, encrypted for the EV: 16 bytes of initial vector, then the key."""

    Id: Annotated[ID, ATTRIBUTE]
    value: Annotated[privateKeyType, CONTENT]


class DiffieHellmanPublickeyType(Element):
    """The sender's part of the key agreement: an uncompressed point."""

    Id: Annotated[ID, ATTRIBUTE]
    value: Annotated[dHpublickeyType, CONTENT]


class EMAIDType(Element):
    """A contract's name, where it is signed."""

    Id: Annotated[ID, ATTRIBUTE]
    value: Annotated[eMAIDType, CONTENT]


class ListOfRootCertificateIDsType(Element):
    """Root certificates the EV holds."""

    RootCertificateID: Annotated[list[X509IssuerSerialType], Occurs(1, 20)]


class MeterInfoType(Element):
    """A meter reading in Wh, and when it was read (POSIX seconds)."""

    MeterID: meterIDType
    MeterReading: UnsignedLong | None = None
    SigMeterReading: sigMeterReadingType | None = None
    MeterStatus: Short | None = None
    TMeter: Long | None = None


class RelativeTimeIntervalType(Element):
    """Seconds from the moment of the response on; without duration up to the next entry."""

    start: startType
    duration: durationType | None = None


class EntryType(Element):
    """What the entries of power limits and of tariffs share."""

    TimeInterval: Annotated[RelativeTimeIntervalType, SUBSTITUTION]


class PMaxScheduleEntryType(EntryType):
    """The most power from a moment on."""

    PMax: PhysicalValueType


class PMaxScheduleType(Element):
    """The most power over time."""

    PMaxScheduleEntry: Annotated[list[PMaxScheduleEntryType], Occurs(1, 1024)]


class CostType(Element):
    """A cost: `amount` * 10 ** `amountMultiplier` percent, or grams of CO2 a kWh."""

    costKind: costKindType
    amount: UnsignedInt
    amountMultiplier: unitMultiplierType | None = None


class ConsumptionCostType(Element):
    """Costs from a consumption on."""

    startValue: PhysicalValueType
    Cost: Annotated[list[CostType], Occurs(1, 3)]


class SalesTariffEntryType(EntryType):
    """A price level, 1 being the cheapest, from a moment on."""

    EPriceLevel: UnsignedByte | None = None
    ConsumptionCost: Annotated[list[ConsumptionCostType], Occurs(0, 3)] = msgspec.field(default_factory=list)


class SalesTariffType(Element):
    """Prices over time; signed by the mobility operator in Plug & Charge."""

    Id: Annotated[ID | None, ATTRIBUTE] = None
    SalesTariffID: SAIDType
    SalesTariffDescription: tariffDescriptionType | None = None
    NumEPriceLevels: UnsignedByte | None = None
    SalesTariffEntry: Annotated[list[SalesTariffEntryType], Occurs(1, 1024)]


class SAScheduleTupleType(Element):
    """Power limits and prices that belong together."""

    SAScheduleTupleID: SAIDType
    PMaxSchedule: PMaxScheduleType
    SalesTariff: SalesTariffType | None = None


class SAScheduleListType(Element):
    """Schedules to choose from."""

    SAScheduleTuple: Annotated[list[SAScheduleTupleType], Occurs(1, 3)]


class EVChargeParameterType(Element):
    """What AC and DC share; DepartureTime in seconds from now."""

    DepartureTime: UnsignedInt | None = None


class AC_EVChargeParameterType(EVChargeParameterType):
    """What the EV wants and can do in AC."""

    EAmount: PhysicalValueType
    EVMaxVoltage: PhysicalValueType
    EVMaxCurrent: PhysicalValueType
    EVMinCurrent: PhysicalValueType


class DC_EVChargeParameterType(EVChargeParameterType):
    """What the EV wants and can do in DC; FullSOC and BulkSOC in percent."""

    DC_EVStatus: DC_EVStatusType
    EVMaximumCurrentLimit: PhysicalValueType
    EVMaximumPowerLimit: PhysicalValueType | None = None
    EVMaximumVoltageLimit: PhysicalValueType
    EVEnergyCapacity: PhysicalValueType | None = None
    EVEnergyRequest: PhysicalValueType | None = None
    FullSOC: percentValueType | None = None
    BulkSOC: percentValueType | None = None


class AC_EVSEChargeParameterType(Element):
    """What the EVSE can do in AC."""

    AC_EVSEStatus: AC_EVSEStatusType
    EVSENominalVoltage: PhysicalValueType
    EVSEMaxCurrent: PhysicalValueType


class DC_EVSEChargeParameterType(Element):
    """What the EVSE can do in DC."""

    DC_EVSEStatus: DC_EVSEStatusType
    EVSEMaximumCurrentLimit: PhysicalValueType
    EVSEMaximumPowerLimit: PhysicalValueType
    EVSEMaximumVoltageLimit: PhysicalValueType
    EVSEMinimumCurrentLimit: PhysicalValueType
    EVSEMinimumVoltageLimit: PhysicalValueType
    EVSECurrentRegulationTolerance: PhysicalValueType | None = None
    EVSEPeakCurrentRipple: PhysicalValueType
    EVSEEnergyToBeDelivered: PhysicalValueType | None = None


class DC_EVPowerDeliveryParameterType(Element):
    """The EV's state as power delivery begins or ends, in DC."""

    DC_EVStatus: DC_EVStatusType
    BulkChargingComplete: bool | None = None
    ChargingComplete: bool


class ProfileEntryType(Element):
    """The most power the EV will take, from so many seconds on."""

    ChargingProfileEntryStart: UnsignedInt
    ChargingProfileEntryMaxPower: PhysicalValueType
    ChargingProfileEntryMaxNumberOfPhasesInUse: maxNumPhasesType | None = None


class ChargingProfileType(Element):
    """The power the EV will take over time."""

    ProfileEntry: Annotated[list[ProfileEntryType], Occurs(1, 24)]
