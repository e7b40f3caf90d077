"""What the DIN messages are made of (DIN SPEC 70121:2012, the schemas MsgHeader and MsgDataTypes).

Values are decimal: `Value` times ten to the power of `Multiplier`, in `Unit` where that is said. AC is in the schema,
and so it widens the event codes, but a charger of DIN SPEC 70121 only knows DC.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec

from protocols.exi.messages.xmldsig import SignatureType
from protocols.exi.schema import (
    ATTRIBUTE,
    ID,
    ONE_OF,
    SUBSTITUTION,
    UNBOUNDED,
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
    UnsignedShort,
)

SessionIDType = Annotated[bytes, Binary(max_length=8, as_hex=True)]
EvccIDType = Annotated[bytes, Binary(max_length=8, as_hex=True)]
EvseIDType = Annotated[bytes, Binary(max_length=32, as_hex=True)]
ServiceIDType = UnsignedShort
ServiceNameType = Annotated[str, Text(max_length=32)]
ServiceScopeType = Annotated[str, Text(max_length=32)]
ContractIDType = Annotated[str, Text(max_length=24)]
MeterIDType = Annotated[str, Text(max_length=32)]
MeterStatusType = Short
SigMeterReadingType = Annotated[bytes, Binary(max_length=32)]
GenChallengeType = String
CertificateType = Annotated[bytes, Binary(max_length=1200)]
RootCertificateIDType = Annotated[str, Text(max_length=40)]
DHParamsType = Annotated[bytes, Binary(max_length=256)]
PrivateKeyType = Annotated[bytes, Binary(max_length=128)]
SAIDType = Short
TariffDescriptionType = Annotated[str, Text(max_length=32)]
FaultMsgType = Annotated[str, Text(max_length=64)]
PMaxType = Short
PercentValueType = Annotated[int, IntegerRange(0, 100)]
UnitMultiplierType = Annotated[int, IntegerRange(-3, 3)]


class UnitSymbolType(StrEnum):
    h = "h"
    m = "m"
    s = "s"
    A = "A"
    Ah = "Ah"
    V = "V"
    VA = "VA"
    W = "W"
    W_s = "W/s"
    Wh = "Wh"


class EVSEProcessingType(StrEnum):
    Finished = "Finished"
    Ongoing = "Ongoing"


class EVSENotificationType(StrEnum):
    None_ = "None"
    StopCharging = "StopCharging"
    ReNegotiation = "ReNegotiation"


class ServiceCategoryType(StrEnum):
    EVCharging = "EVCharging"
    Internet = "Internet"
    ContractCertificate = "ContractCertificate"
    OtherCustom = "OtherCustom"


class ValueTypeType(StrEnum):
    bool = "bool"
    byte = "byte"
    short = "short"
    int = "int"
    physicalValue = "physicalValue"
    string = "string"


class EVSESupportedEnergyTransferType(StrEnum):
    AC_single_phase_core = "AC_single_phase_core"
    AC_three_phase_core = "AC_three_phase_core"
    DC_core = "DC_core"
    DC_extended = "DC_extended"
    DC_combo_core = "DC_combo_core"
    DC_dual = "DC_dual"
    AC_core1p_DC_extended = "AC_core1p_DC_extended"
    AC_single_DC_core = "AC_single_DC_core"
    AC_single_phase_three_phase_core_DC_extended = "AC_single_phase_three_phase_core_DC_extended"
    AC_core3p_DC_extended = "AC_core3p_DC_extended"


class EVRequestedEnergyTransferType(StrEnum):
    AC_single_phase_core = "AC_single_phase_core"
    AC_three_phase_core = "AC_three_phase_core"
    DC_core = "DC_core"
    DC_extended = "DC_extended"
    DC_combo_core = "DC_combo_core"
    DC_unique = "DC_unique"


class CostKindType(StrEnum):
    relativePricePercentage = "relativePricePercentage"
    RenewableGenerationPercentage = "RenewableGenerationPercentage"
    CarbonDioxideEmission = "CarbonDioxideEmission"


class PaymentOptionType(StrEnum):
    Contract = "Contract"
    ExternalPayment = "ExternalPayment"


class FaultCodeType(StrEnum):
    ParsingError = "ParsingError"
    NoTLSRootCertificatAvailable = "NoTLSRootCertificatAvailable"
    UnknownError = "UnknownError"


class ResponseCodeType(StrEnum):
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
    FAILED_EVSEPresentVoltageToLow = "FAILED_EVSEPresentVoltageToLow"
    FAILED_MeteringSignatureNotValid = "FAILED_MeteringSignatureNotValid"
    FAILED_WrongEnergyTransferType = "FAILED_WrongEnergyTransferType"


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


class IsolationLevelType(StrEnum):
    Invalid = "Invalid"
    Valid = "Valid"
    Warning = "Warning"
    Fault = "Fault"


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
    """Header of every DIN message; the session id is a zero (of any length) until the EVSE gives one."""

    SessionID: SessionIDType
    Notification: NotificationType | None = None
    Signature: SignatureType | None = None


class NotificationType(Element):
    """A fault of the message that this one answers."""

    FaultCode: FaultCodeType
    FaultMsg: FaultMsgType | None = None


class PhysicalValueType(Element):
    """`Value` times ten to the power of `Multiplier`, in `Unit`."""

    Multiplier: UnitMultiplierType
    Unit: UnitSymbolType | None = None
    Value: Short


class ServiceTagType(Element):
    """What a service is called."""

    ServiceID: ServiceIDType
    ServiceName: ServiceNameType | None = None
    ServiceCategory: ServiceCategoryType
    ServiceScope: ServiceScopeType | None = None


class ServiceType(Element):
    """A service, and whether it is free."""

    ServiceTag: ServiceTagType
    FreeService: bool


class ServiceChargeType(ServiceType):
    """The charging service."""

    EnergyTransferType: EVSESupportedEnergyTransferType


class ServiceTagListType(Element):
    """Services beside charging."""

    Service: Annotated[list[ServiceType], Occurs(1, UNBOUNDED)]


class SelectedServiceType(Element):
    """A service that the EV selects."""

    ServiceID: ServiceIDType
    ParameterSetID: Short | None = None


class SelectedServiceListType(Element):
    """The services that the EV selects."""

    SelectedService: Annotated[list[SelectedServiceType], Occurs(1, UNBOUNDED)]


class ParameterType(Element):
    """A named value of a service."""

    Name: Annotated[String, ATTRIBUTE]
    ValueType: Annotated[ValueTypeType, ATTRIBUTE]
    boolValue: Annotated[bool | None, ONE_OF] = None
    byteValue: Annotated[Byte | None, ONE_OF] = None
    shortValue: Annotated[Short | None, ONE_OF] = None
    intValue: Annotated[Int | None, ONE_OF] = None
    physicalValue: Annotated[PhysicalValueType | None, ONE_OF] = None
    stringValue: Annotated[String | None, ONE_OF] = None


class ParameterSetType(Element):
    """One way to configure a service."""

    ParameterSetID: Short
    Parameter: Annotated[list[ParameterType], Occurs(1, UNBOUNDED)]


class ServiceParameterListType(Element):
    """The ways to configure a service."""

    ParameterSet: Annotated[list[ParameterSetType], Occurs(1, UNBOUNDED)]


class PaymentOptionsType(Element):
    """The ways to pay."""

    PaymentOption: Annotated[list[PaymentOptionType], Occurs(1, UNBOUNDED)]


class SubCertificatesType(Element):
    """The sub-CA certificates of a chain."""

    Certificate: Annotated[list[CertificateType], Occurs(1, UNBOUNDED)]


class CertificateChainType(Element):
    """A certificate (DER) and its sub-CA certificates."""

    Certificate: CertificateType
    SubCertificates: SubCertificatesType | None = None


class ListOfRootCertificateIDsType(Element):
    """The root certificates that the EV has."""

    RootCertificateID: Annotated[list[RootCertificateIDType], Occurs(1, UNBOUNDED)]


class MeterInfoType(Element):
    """A meter reading; TMeter is POSIX seconds."""

    MeterID: MeterIDType
    MeterReading: PhysicalValueType | None = None
    SigMeterReading: SigMeterReadingType | None = None
    MeterStatus: MeterStatusType | None = None
    TMeter: Long | None = None


class RelativeTimeIntervalType(Element):
    """From `start` on, for `duration`, in seconds from now."""

    start: UnsignedInt
    duration: UnsignedInt | None = None


class EntryType(Element):
    """What an entry of a schedule or tariff starts with."""

    TimeInterval: Annotated[RelativeTimeIntervalType, SUBSTITUTION]


class PMaxScheduleEntryType(EntryType):
    """The greatest power (W) of an interval."""

    PMax: PMaxType


class PMaxScheduleType(Element):
    """The greatest power over time."""

    PMaxScheduleID: SAIDType
    PMaxScheduleEntry: Annotated[list[PMaxScheduleEntryType], Occurs(1, UNBOUNDED)]


class CostType(Element):
    """One cost, `amount` times ten to the power of `amountMultiplier`."""

    costKind: CostKindType
    amount: UnsignedInt
    amountMultiplier: UnitMultiplierType | None = None


class ConsumptionCostType(Element):
    """Costs from a consumption of `startValue` on."""

    startValue: UnsignedInt
    Cost: Annotated[list[CostType], Occurs(0, UNBOUNDED)] = msgspec.field(default_factory=list)


class SalesTariffEntryType(EntryType):
    """The price level of an interval, and what it costs."""

    EPriceLevel: UnsignedByte
    ConsumptionCost: Annotated[list[ConsumptionCostType], Occurs(0, UNBOUNDED)] = msgspec.field(default_factory=list)


class SalesTariffType(Element):
    """Price levels over time."""

    Id: Annotated[ID, ATTRIBUTE]
    SalesTariffID: SAIDType
    SalesTariffDescription: TariffDescriptionType | None = None
    NumEPriceLevels: UnsignedByte
    SalesTariffEntry: Annotated[list[SalesTariffEntryType], Occurs(1, UNBOUNDED)]


class SAScheduleTupleType(Element):
    """One offered schedule."""

    SAScheduleTupleID: SAIDType
    PMaxSchedule: PMaxScheduleType
    SalesTariff: SalesTariffType | None = None


class SAScheduleListType(Element):
    """The schedules that the EV may choose from."""

    SAScheduleTuple: Annotated[list[SAScheduleTupleType], Occurs(1, UNBOUNDED)]


class ProfileEntryType(Element):
    """The greatest power (W) that the EV will take from `ChargingProfileEntryStart` seconds on."""

    ChargingProfileEntryStart: UnsignedInt
    ChargingProfileEntryMaxPower: PMaxType


class ChargingProfileType(Element):
    """How the EV will charge within the schedule it chose."""

    SAScheduleTupleID: SAIDType
    ProfileEntry: Annotated[list[ProfileEntryType], Occurs(1, UNBOUNDED)]


class AC_EVSEStatusType(Element):
    """State of an AC EVSE; NotificationMaxDelay in seconds."""

    PowerSwitchClosed: bool
    RCD: bool
    NotificationMaxDelay: UnsignedInt
    EVSENotification: EVSENotificationType


class DC_EVSEStatusType(Element):
    """State of a DC EVSE; NotificationMaxDelay in seconds."""

    EVSEIsolationStatus: IsolationLevelType | None = None
    EVSEStatusCode: DC_EVSEStatusCodeType
    NotificationMaxDelay: UnsignedInt
    EVSENotification: EVSENotificationType


class DC_EVStatusType(Element):
    """State of the EV; EVRESSSOC in percent."""

    EVReady: bool
    EVCabinConditioning: bool | None = None
    EVRESSConditioning: bool | None = None
    EVErrorCode: DC_EVErrorCodeType
    EVRESSSOC: PercentValueType


class AC_EVChargeParameterType(Element):
    """What the EV wants from an AC charger; DepartureTime in seconds from now."""

    DepartureTime: UnsignedInt
    EAmount: PhysicalValueType
    EVMaxVoltage: PhysicalValueType
    EVMaxCurrent: PhysicalValueType
    EVMinCurrent: PhysicalValueType


class DC_EVChargeParameterType(Element):
    """The EV's DC limits, energies and states of charge (percent)."""

    DC_EVStatus: DC_EVStatusType
    EVMaximumCurrentLimit: PhysicalValueType
    EVMaximumPowerLimit: PhysicalValueType | None = None
    EVMaximumVoltageLimit: PhysicalValueType
    EVEnergyCapacity: PhysicalValueType | None = None
    EVEnergyRequest: PhysicalValueType | None = None
    FullSOC: PercentValueType | None = None
    BulkSOC: PercentValueType | None = None


class AC_EVSEChargeParameterType(Element):
    """The EVSE's AC limits."""

    AC_EVSEStatus: AC_EVSEStatusType
    EVSEMaxVoltage: PhysicalValueType
    EVSEMaxCurrent: PhysicalValueType
    EVSEMinCurrent: PhysicalValueType


class DC_EVSEChargeParameterType(Element):
    """The EVSE's DC limits."""

    DC_EVSEStatus: DC_EVSEStatusType
    EVSEMaximumCurrentLimit: PhysicalValueType
    EVSEMaximumPowerLimit: PhysicalValueType | None = None
    EVSEMaximumVoltageLimit: PhysicalValueType
    EVSEMinimumCurrentLimit: PhysicalValueType
    EVSEMinimumVoltageLimit: PhysicalValueType
    EVSECurrentRegulationTolerance: PhysicalValueType | None = None
    EVSEPeakCurrentRipple: PhysicalValueType
    EVSEEnergyToBeDelivered: PhysicalValueType | None = None


class DC_EVPowerDeliveryParameterType(Element):
    """How far charging is, as charging starts or ends."""

    DC_EVStatus: DC_EVStatusType
    BulkChargingComplete: bool | None = None
    ChargingComplete: bool
