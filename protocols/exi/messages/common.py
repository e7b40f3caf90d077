"""The -20 messages that do not depend on the way energy is transferred (ISO 15118-20, the CommonMessages schema)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from protocols.exi.messages.common_types import (
    DescriptionType,
    EVSEStatusType,
    IdentifierType,
    ListOfRootCertificateIDsType,
    MeterInfoType,
    NameType,
    NumericIDType,
    PercentValueType,
    ProcessingType,
    RationalNumberType,
    ReceiptType,
    SessionIDType,
    V2GRequestType,
    V2GResponseType,
)
from protocols.exi.schema import (
    AT_MOST_ONE,
    ATTRIBUTE,
    ID,
    ONE_OF,
    Binary,
    Byte,
    Element,
    Int,
    IntegerRange,
    Occurs,
    Short,
    Text,
    UnsignedByte,
    UnsignedInt,
    UnsignedLong,
    UnsignedShort,
)

GenChallengeType = Annotated[bytes, Binary(min_length=16, max_length=16)]
ServiceIDType = UnsignedShort
MaxSupportingPointsScheduleTupleType = Annotated[int, IntegerRange(12, 1024)]
DHPublicKeyType = Annotated[bytes, Binary(min_length=133, max_length=133)]
SECP521_EncryptedPrivateKeyType = Annotated[bytes, Binary(min_length=94, max_length=94)]
X448_EncryptedPrivateKeyType = Annotated[bytes, Binary(min_length=84, max_length=84)]
TPM_EncryptedPrivateKeyType = Annotated[bytes, Binary(min_length=206, max_length=206)]
CurrencyType = Annotated[str, Text(max_length=3)]
LanguageType = Annotated[str, Text(max_length=3)]
CertificateType = Annotated[bytes, Binary(max_length=1600)]


class AuthorizationType(StrEnum):
    EIM = "EIM"
    PnC = "PnC"


class ChargeProgressType(StrEnum):
    Start = "Start"
    Stop = "Stop"
    Standby = "Standby"
    ScheduleRenegotiation = "ScheduleRenegotiation"


class ChannelSelectionType(StrEnum):
    Charge = "Charge"
    Discharge = "Discharge"


class ECDHCurveType(StrEnum):
    SECP521 = "SECP521"
    X448 = "X448"


class ChargingSessionType(StrEnum):
    Pause = "Pause"
    Terminate = "Terminate"
    ServiceRenegotiation = "ServiceRenegotiation"


class EVCheckInStatusType(StrEnum):
    CheckIn = "CheckIn"
    Processing = "Processing"
    Completed = "Completed"


class EVCheckOutStatusType(StrEnum):
    CheckOut = "CheckOut"
    Processing = "Processing"
    Completed = "Completed"


class EVSECheckOutStatusType(StrEnum):
    Scheduled = "Scheduled"
    Completed = "Completed"


class ParkingMethodType(StrEnum):
    AutoParking = "AutoParking"
    MVGuideManual = "MVGuideManual"
    Manual = "Manual"


class PowerToleranceAcceptanceType(StrEnum):
    PowerToleranceNotConfirmed = "PowerToleranceNotConfirmed"
    PowerToleranceConfirmed = "PowerToleranceConfirmed"


class SessionSetupReq(V2GRequestType):
    """Opens a session, or resumes the paused one named in the header."""

    EVCCID: IdentifierType


class SessionSetupRes(V2GResponseType):
    """Gives the session its identity and names the EVSE."""

    EVSEID: IdentifierType


class AuthorizationSetupReq(V2GRequestType):
    """Asks which ways to authorise there are."""


class AuthorizationSetupRes(V2GResponseType):
    """Lists the ways to authorise."""

    AuthorizationServices: Annotated[list[AuthorizationType], Occurs(1, 2)]
    CertificateInstallationService: bool
    EIM_ASResAuthorizationMode: Annotated[EIM_ASResAuthorizationModeType | None, ONE_OF] = None
    PnC_ASResAuthorizationMode: Annotated[PnC_ASResAuthorizationModeType | None, ONE_OF] = None


class AuthorizationReq(V2GRequestType):
    """Authorises by external means (EIM) or by contract certificate (PnC)."""

    SelectedAuthorizationService: AuthorizationType
    EIM_AReqAuthorizationMode: Annotated[EIM_AReqAuthorizationModeType | None, ONE_OF] = None
    PnC_AReqAuthorizationMode: Annotated[PnC_AReqAuthorizationModeType | None, ONE_OF] = None


class AuthorizationRes(V2GResponseType):
    """Says whether authorisation is finished or still going on."""

    EVSEProcessing: ProcessingType


class ServiceDiscoveryReq(V2GRequestType):
    """Asks for the services, or for those among the named ones."""

    SupportedServiceIDs: ServiceIDListType | None = None


class ServiceDiscoveryRes(V2GResponseType):
    """Lists energy transfer services and value-added services."""

    ServiceRenegotiationSupported: bool
    EnergyTransferServiceList: ServiceListType
    VASList: ServiceListType | None = None


class ServiceDetailReq(V2GRequestType):
    """Asks for the parameter sets of one service."""

    ServiceID: ServiceIDType


class ServiceDetailRes(V2GResponseType):
    """Lists the parameter sets of one service."""

    ServiceID: ServiceIDType
    ServiceParameterList: ServiceParameterListType


class ServiceSelectionReq(V2GRequestType):
    """Selects one energy transfer service and any value-added services."""

    SelectedEnergyTransferService: SelectedServiceType
    SelectedVASList: SelectedServiceListType | None = None


class ServiceSelectionRes(V2GResponseType):
    """Confirms the selection."""


class ScheduleExchangeReq(V2GRequestType):
    """Tells the EV's needs and wishes so that the EVSE can plan."""

    MaximumSupportingPoints: MaxSupportingPointsScheduleTupleType
    Dynamic_SEReqControlMode: Annotated[Dynamic_SEReqControlModeType | None, ONE_OF] = None
    Scheduled_SEReqControlMode: Annotated[Scheduled_SEReqControlModeType | None, ONE_OF] = None


class ScheduleExchangeRes(V2GResponseType):
    """Gives schedules to choose from (scheduled mode) or targets (dynamic mode)."""

    EVSEProcessing: ProcessingType
    GoToPause: bool | None = None
    Dynamic_SEResControlMode: Annotated[Dynamic_SEResControlModeType | None, ONE_OF] = None
    Scheduled_SEResControlMode: Annotated[Scheduled_SEResControlModeType | None, ONE_OF] = None


class PowerDeliveryReq(V2GRequestType):
    """Starts, stops, pauses or renegotiates the power transfer."""

    EVProcessing: ProcessingType
    ChargeProgress: ChargeProgressType
    EVPowerProfile: EVPowerProfileType | None = None
    BPT_ChannelSelection: ChannelSelectionType | None = None


class PowerDeliveryRes(V2GResponseType):
    """Confirms the change of power transfer."""

    EVSEStatus: EVSEStatusType | None = None


class MeteringConfirmationReq(V2GRequestType):
    """Returns the meter reading with the EV's signature."""

    SignedMeteringData: SignedMeteringDataType


class MeteringConfirmationRes(V2GResponseType):
    """Confirms the signed reading."""


class SessionStopReq(V2GRequestType):
    """Ends or pauses the session, or goes back to service selection."""

    ChargingSession: ChargingSessionType
    EVTerminationCode: NameType | None = None
    EVTerminationExplanation: DescriptionType | None = None


class SessionStopRes(V2GResponseType):
    """Confirms the end of the session."""


class CertificateInstallationReq(V2GRequestType):
    """Asks for contract certificates with the OEM provisioning certificate."""

    OEMProvisioningCertificateChain: SignedCertificateChainType
    ListOfRootCertificateIDs: ListOfRootCertificateIDsType
    MaximumContractCertificateChains: UnsignedByte
    PrioritizedEMAIDs: EMAIDListType | None = None


class CertificateInstallationRes(V2GResponseType):
    """Delivers one contract certificate chain and its encrypted key."""

    EVSEProcessing: ProcessingType
    CPSCertificateChain: CertificateChainType
    SignedInstallationData: SignedInstallationDataType
    RemainingContractCertificateChains: UnsignedByte


class VehicleCheckInReq(V2GRequestType):
    """Reports the arrival of the vehicle (wireless and automated connection)."""

    EVCheckInStatus: EVCheckInStatusType
    ParkingMethod: ParkingMethodType
    VehicleFrame: Short | None = None
    DeviceOffset: Short | None = None
    VehicleTravel: Short | None = None


class VehicleCheckInRes(V2GResponseType):
    """Guides the vehicle to its parking space."""

    ParkingSpace: Short | None = None
    DeviceLocation: Short | None = None
    TargetDistance: Short | None = None


class VehicleCheckOutReq(V2GRequestType):
    """Reports the departure of the vehicle."""

    EVCheckOutStatus: EVCheckOutStatusType
    CheckOutTime: UnsignedLong


class VehicleCheckOutRes(V2GResponseType):
    """Says when the vehicle may leave."""

    EVSECheckOutStatus: EVSECheckOutStatusType


class PnC_ASResAuthorizationModeType(Element):
    """Plug and Charge: the challenge to sign, and the providers known here."""

    GenChallenge: GenChallengeType
    SupportedProviders: SupportedProvidersListType | None = None


class SupportedProvidersListType(Element):
    """Mobility operators whose contracts are accepted."""

    ProviderID: Annotated[list[NameType], Occurs(1, 128)]


class EIM_ASResAuthorizationModeType(Element):
    """External identification: nothing more to say."""


class PnC_AReqAuthorizationModeType(Element):
    """Plug and Charge: the challenge back, with the contract chain; signed under Id."""

    Id: Annotated[ID, ATTRIBUTE]
    GenChallenge: GenChallengeType
    ContractCertificateChain: ContractCertificateChainType


class EIM_AReqAuthorizationModeType(Element):
    """External identification: nothing more to say."""


class ServiceIDListType(Element):
    """Services by number."""

    ServiceID: Annotated[list[ServiceIDType], Occurs(1, 16)]


class ServiceType(Element):
    """One service, and whether it costs nothing."""

    ServiceID: ServiceIDType
    FreeService: bool


class ServiceListType(Element):
    """Services on offer."""

    Service: Annotated[list[ServiceType], Occurs(1, 8)]


class SelectedServiceType(Element):
    """A service and the parameter set chosen for it."""

    ServiceID: ServiceIDType
    ParameterSetID: ServiceIDType


class SelectedServiceListType(Element):
    """Chosen value-added services."""

    SelectedService: Annotated[list[SelectedServiceType], Occurs(1, 16)]


class ParameterType(Element):
    """One named parameter with one value."""

    Name: Annotated[NameType, ATTRIBUTE]
    boolValue: Annotated[bool | None, ONE_OF] = None
    byteValue: Annotated[Byte | None, ONE_OF] = None
    shortValue: Annotated[Short | None, ONE_OF] = None
    intValue: Annotated[Int | None, ONE_OF] = None
    rationalNumber: Annotated[RationalNumberType | None, ONE_OF] = None
    finiteString: Annotated[NameType | None, ONE_OF] = None


class ParameterSetType(Element):
    """Parameters that go together."""

    ParameterSetID: ServiceIDType
    Parameter: Annotated[list[ParameterType], Occurs(1, 32)]


class ServiceParameterListType(Element):
    """Parameter sets to choose from."""

    ParameterSet: Annotated[list[ParameterSetType], Occurs(1, 32)]


class ScheduleTupleType(Element):
    """A charging schedule and, for BPT, the discharging one beside it."""

    ScheduleTupleID: NumericIDType
    ChargingSchedule: ChargingScheduleType
    DischargingSchedule: ChargingScheduleType | None = None


class ChargingScheduleType(Element):
    """Power over time, with its price if known."""

    PowerSchedule: PowerScheduleType
    AbsolutePriceSchedule: Annotated[AbsolutePriceScheduleType | None, AT_MOST_ONE] = None
    PriceLevelSchedule: Annotated[PriceLevelScheduleType | None, AT_MOST_ONE] = None


class Scheduled_SEReqControlModeType(Element):
    """Scheduled mode: needs, and what the EV would offer to the grid."""

    DepartureTime: UnsignedInt | None = None
    EVTargetEnergyRequest: RationalNumberType | None = None
    EVMaximumEnergyRequest: RationalNumberType | None = None
    EVMinimumEnergyRequest: RationalNumberType | None = None
    EVEnergyOffer: EVEnergyOfferType | None = None


class Scheduled_SEResControlModeType(Element):
    """Scheduled mode: up to three schedules, one of which the EV selects."""

    ScheduleTuple: Annotated[list[ScheduleTupleType], Occurs(1, 3)]


class Dynamic_SEReqControlModeType(Element):
    """Dynamic mode: departure in seconds and energy needs, V2X range included."""

    DepartureTime: UnsignedInt
    MinimumSOC: PercentValueType | None = None
    TargetSOC: PercentValueType | None = None
    EVTargetEnergyRequest: RationalNumberType
    EVMaximumEnergyRequest: RationalNumberType
    EVMinimumEnergyRequest: RationalNumberType
    EVMaximumV2XEnergyRequest: RationalNumberType | None = None
    EVMinimumV2XEnergyRequest: RationalNumberType | None = None


class Dynamic_SEResControlModeType(Element):
    """Dynamic mode: targets and prices."""

    DepartureTime: UnsignedInt | None = None
    MinimumSOC: PercentValueType | None = None
    TargetSOC: PercentValueType | None = None
    AbsolutePriceSchedule: Annotated[AbsolutePriceScheduleType | None, AT_MOST_ONE] = None
    PriceLevelSchedule: Annotated[PriceLevelScheduleType | None, AT_MOST_ONE] = None


class SignedInstallationDataType(Element):
    """A contract chain with its private key, encrypted for the vehicle; signed under Id."""

    Id: Annotated[ID, ATTRIBUTE]
    ContractCertificateChain: ContractCertificateChainType
    ECDHCurve: ECDHCurveType
    DHPublicKey: DHPublicKeyType
    SECP521_EncryptedPrivateKey: Annotated[SECP521_EncryptedPrivateKeyType | None, ONE_OF] = None
    X448_EncryptedPrivateKey: Annotated[X448_EncryptedPrivateKeyType | None, ONE_OF] = None
    TPM_EncryptedPrivateKey: Annotated[TPM_EncryptedPrivateKeyType | None, ONE_OF] = None


class SignedMeteringDataType(Element):
    """A meter reading that the EV signs under Id."""

    Id: Annotated[ID, ATTRIBUTE]
    SessionID: SessionIDType
    MeterInfo: MeterInfoType
    Receipt: ReceiptType | None = None
    Dynamic_SMDTControlMode: Annotated[Dynamic_SMDTControlModeType | None, ONE_OF] = None
    Scheduled_SMDTControlMode: Annotated[Scheduled_SMDTControlModeType | None, ONE_OF] = None


class Scheduled_SMDTControlModeType(Element):
    """Scheduled mode: the schedule the reading belongs to."""

    SelectedScheduleTupleID: NumericIDType


class Dynamic_SMDTControlModeType(Element):
    """Dynamic mode: nothing more to say."""


class TargetPositionType(Element):
    """Offset of the target position."""

    TargetOffsetX: UnsignedShort
    TargetOffsetY: UnsignedShort


class PowerScheduleType(Element):
    """Power over time from TimeAnchor (POSIX seconds) on."""

    TimeAnchor: UnsignedLong
    AvailableEnergy: RationalNumberType | None = None
    PowerTolerance: RationalNumberType | None = None
    PowerScheduleEntries: PowerScheduleEntryListType


class PowerScheduleEntryListType(Element):
    """The steps of a power schedule."""

    PowerScheduleEntry: Annotated[list[PowerScheduleEntryType], Occurs(1, 1024)]


class PowerScheduleEntryType(Element):
    """Power for Duration seconds; per phase where L2 and L3 are given."""

    Duration: UnsignedInt
    Power: RationalNumberType
    Power_L2: RationalNumberType | None = None
    Power_L3: RationalNumberType | None = None


class PriceScheduleType(Element):
    """What every price schedule starts with."""

    TimeAnchor: UnsignedLong
    PriceScheduleID: NumericIDType
    PriceScheduleDescription: DescriptionType | None = None


class PriceLevelScheduleType(PriceScheduleType):
    """Relative price levels over time."""

    Id: Annotated[ID | None, ATTRIBUTE] = None
    NumberOfPriceLevels: UnsignedByte
    PriceLevelScheduleEntries: PriceLevelScheduleEntryListType


class PriceLevelScheduleEntryListType(Element):
    """The steps of a price level schedule."""

    PriceLevelScheduleEntry: Annotated[list[PriceLevelScheduleEntryType], Occurs(1, 1024)]


class PriceLevelScheduleEntryType(Element):
    """A price level for Duration seconds."""

    Duration: UnsignedInt
    PriceLevel: UnsignedByte


class AbsolutePriceScheduleType(PriceScheduleType):
    """Prices in money over time, with taxes and overstay fees."""

    Id: Annotated[ID | None, ATTRIBUTE] = None
    Currency: CurrencyType
    Language: LanguageType
    PriceAlgorithm: IdentifierType
    MinimumCost: RationalNumberType | None = None
    MaximumCost: RationalNumberType | None = None
    TaxRules: TaxRuleListType | None = None
    PriceRuleStacks: PriceRuleStackListType
    OverstayRules: OverstayRuleListType | None = None
    AdditionalSelectedServices: AdditionalServiceListType | None = None


class TaxRuleListType(Element):
    """Taxes that may apply."""

    TaxRule: Annotated[list[TaxRuleType], Occurs(1, 10)]


class TaxRuleType(Element):
    """One tax and what it applies to."""

    TaxRuleID: NumericIDType
    TaxRuleName: NameType | None = None
    TaxRate: RationalNumberType
    TaxIncludedInPrice: bool | None = None
    AppliesToEnergyFee: bool
    AppliesToParkingFee: bool
    AppliesToOverstayFee: bool
    AppliesMinimumMaximumCost: bool


class PriceRuleStackListType(Element):
    """Price rules over time."""

    PriceRuleStack: Annotated[list[PriceRuleStackType], Occurs(1, 1024)]


class PriceRuleStackType(Element):
    """Price rules, by power range, for Duration seconds."""

    Duration: UnsignedInt
    PriceRule: Annotated[list[PriceRuleType], Occurs(1, 8)]


class PriceRuleType(Element):
    """Prices from PowerRangeStart on; CO2 in g per kWh, fee periods in seconds."""

    EnergyFee: RationalNumberType
    ParkingFee: RationalNumberType | None = None
    ParkingFeePeriod: UnsignedInt | None = None
    CarbonDioxideEmission: UnsignedShort | None = None
    RenewableGenerationPercentage: UnsignedByte | None = None
    PowerRangeStart: RationalNumberType


class OverstayRuleListType(Element):
    """What staying on after charging costs."""

    OverstayTimeThreshold: UnsignedInt | None = None
    OverstayPowerThreshold: RationalNumberType | None = None
    OverstayRule: Annotated[list[OverstayRuleType], Occurs(1, 5)]


class OverstayRuleType(Element):
    """The fee from StartTime seconds on, for each OverstayFeePeriod seconds."""

    OverstayRuleDescription: DescriptionType | None = None
    StartTime: UnsignedInt
    OverstayFee: RationalNumberType
    OverstayFeePeriod: UnsignedInt


class AdditionalServiceListType(Element):
    """Other services on the bill."""

    AdditionalService: Annotated[list[AdditionalServiceType], Occurs(1, 5)]


class AdditionalServiceType(Element):
    """Another service and its fee."""

    ServiceName: NameType
    ServiceFee: RationalNumberType


class EVPowerProfileEntryListType(Element):
    """The steps of the EV's own power profile."""

    EVPowerProfileEntry: Annotated[list[PowerScheduleEntryType], Occurs(1, 2048)]


class EVPowerProfileType(Element):
    """The power profile the EV will follow, from TimeAnchor (POSIX seconds) on."""

    TimeAnchor: UnsignedLong
    Dynamic_EVPPTControlMode: Annotated[Dynamic_EVPPTControlModeType | None, ONE_OF] = None
    Scheduled_EVPPTControlMode: Annotated[Scheduled_EVPPTControlModeType | None, ONE_OF] = None
    EVPowerProfileEntries: EVPowerProfileEntryListType


class Scheduled_EVPPTControlModeType(Element):
    """Scheduled mode: the schedule the profile follows."""

    SelectedScheduleTupleID: NumericIDType
    PowerToleranceAcceptance: PowerToleranceAcceptanceType | None = None


class Dynamic_EVPPTControlModeType(Element):
    """Dynamic mode: nothing more to say."""


class EVEnergyOfferType(Element):
    """Energy the EV offers, and its price."""

    EVPowerSchedule: EVPowerScheduleType
    EVAbsolutePriceSchedule: EVAbsolutePriceScheduleType


class EVPowerScheduleType(Element):
    """Power the EV offers from TimeAnchor (POSIX seconds) on."""

    TimeAnchor: UnsignedLong
    EVPowerScheduleEntries: EVPowerScheduleEntryListType


class EVPowerScheduleEntryListType(Element):
    """The steps of the offer."""

    EVPowerScheduleEntry: Annotated[list[EVPowerScheduleEntryType], Occurs(1, 1024)]


class EVPowerScheduleEntryType(Element):
    """Power offered for Duration seconds."""

    Duration: UnsignedInt
    Power: RationalNumberType


class EVAbsolutePriceScheduleType(Element):
    """Prices the EV asks over time."""

    TimeAnchor: UnsignedLong
    Currency: CurrencyType
    PriceAlgorithm: IdentifierType
    EVPriceRuleStacks: EVPriceRuleStackListType


class EVPriceRuleStackListType(Element):
    """The EV's price rules over time."""

    EVPriceRuleStack: Annotated[list[EVPriceRuleStackType], Occurs(1, 1024)]


class EVPriceRuleStackType(Element):
    """The EV's price rules, by power range, for Duration seconds."""

    Duration: UnsignedInt
    EVPriceRule: Annotated[list[EVPriceRuleType], Occurs(1, 8)]


class EVPriceRuleType(Element):
    """The EV's price from PowerRangeStart on."""

    EnergyFee: RationalNumberType
    PowerRangeStart: RationalNumberType


class EMAIDListType(Element):
    """Contracts by e-mobility account, most wanted first."""

    EMAID: Annotated[list[IdentifierType], Occurs(1, 8)]


class SubCertificatesType(Element):
    """The sub-CA certificates of a chain."""

    Certificate: Annotated[list[CertificateType], Occurs(1, 3)]


class CertificateChainType(Element):
    """A certificate (DER) and its sub-CA certificates."""

    Certificate: CertificateType
    SubCertificates: SubCertificatesType | None = None


class SignedCertificateChainType(Element):
    """A certificate chain that is signed under Id."""

    Id: Annotated[ID, ATTRIBUTE]
    Certificate: CertificateType
    SubCertificates: SubCertificatesType | None = None


class ContractCertificateChainType(Element):
    """A contract certificate (DER) and its sub-CA certificates."""

    Certificate: CertificateType
    SubCertificates: SubCertificatesType
