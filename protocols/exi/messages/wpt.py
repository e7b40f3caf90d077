"""The -20 messages of wireless power transfer (ISO 15118-20, the WPT schema)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec

from protocols.exi.messages.common_types import (
    ChargeLoopReqType,
    ChargeLoopResType,
    ChargeParameterDiscoveryReqType,
    ChargeParameterDiscoveryResType,
    IdentifierType,
    NumericIDType,
    ProcessingType,
    RationalNumberType,
    V2GRequestType,
    V2GResponseType,
)
from protocols.exi.schema import (
    ONE_OF,
    Binary,
    Element,
    Occurs,
    Short,
    Text,
    UnsignedByte,
    UnsignedShort,
)

BSSIDType = Annotated[str, Text(max_length=12)]
IPAddressType = Annotated[str, Text(max_length=39)]
WPT_DataContainerType = Annotated[bytes, Binary(max_length=256)]
WPT_DataContainers = Annotated[list[WPT_DataContainerType], Occurs(0, 16)]


class WPT_FinePositioningMethodType(StrEnum):
    Manual = "Manual"
    LF_TxEV = "LF_TxEV"
    LF_TxPrimaryDevice = "LF_TxPrimaryDevice"
    LPE = "LPE"
    Proprietary = "Proprietary"


class WPT_PairingMethodType(StrEnum):
    External_confirmation = "External confirmation"
    LPE = "LPE"
    LF_TxEV = "LF_TxEV"
    LF_TxPrimaryDevice = "LF_TxPrimaryDevice"
    Optical = "Optical"
    Proprietary = "Proprietary"


class WPT_AlignmentCheckMethodType(StrEnum):
    PowerCheck = "PowerCheck"
    LPE = "LPE"
    Proprietary = "Proprietary"


class WPT_EVPCChargeDiagnosticsType(StrEnum):
    EVPCNoIssue = "EVPCNoIssue"
    EVPCTempOverheatDetected = "EVPCTempOverheatDetected"
    EVPCPowerTransferAnomalyDetected = "EVPCPowerTransferAnomalyDetected"
    EVPCAnomalyDetected = "EVPCAnomalyDetected"


class WPT_SPCChargeDiagnosticsType(StrEnum):
    SPCNoIssue = "SPCNoIssue"
    SPCFODDetected = "SPCFODDetected"
    SPCLOPDetected = "SPCLOPDetected"
    SPCTempOverheatDetected = "SPCTempOverheatDetected"
    SPCPowerTransferAnomalyDetected = "SPCPowerTransferAnomalyDetected"
    SPCAnomalyDetected = "SPCAnomalyDetected"


class WPT_PowerClassType(StrEnum):
    MF_WPT1 = "MF-WPT1"
    MF_WPT2 = "MF-WPT2"
    MF_WPT3 = "MF-WPT3"
    MF_WPT4 = "MF-WPT4"


class WPT_EVResultType(StrEnum):
    EVResultUnknown = "EVResultUnknown"
    EVResultSuccess = "EVResultSuccess"
    EVResultFailed = "EVResultFailed"


class WPT_FinePositioningSetupReq(V2GRequestType):
    """The vehicle's ways to position, pair and check the alignment."""

    EVProcessing: ProcessingType
    EVDeviceFinePositioningMethodList: WPT_FinePositioningMethodListType
    EVDevicePairingMethodList: WPT_PairingMethodListType
    EVDeviceAlignmentCheckMethodList: WPT_AlignmentCheckMethodListType
    NaturalOffset: UnsignedShort
    VendorSpecificDataContainer: WPT_DataContainers = msgspec.field(default_factory=list)
    LF_SystemSetupData: WPT_LF_SystemSetupDataType | None = None


class WPT_FinePositioningSetupRes(V2GResponseType):
    """The primary device's ways to position, pair and check the alignment."""

    PrimaryDeviceFinePositioningMethodList: WPT_FinePositioningMethodListType
    PrimaryDevicePairingMethodList: WPT_PairingMethodListType
    PrimaryDeviceAlignmentCheckMethodList: WPT_AlignmentCheckMethodListType
    NaturalOffset: UnsignedShort
    VendorSpecificDataContainer: WPT_DataContainers = msgspec.field(default_factory=list)
    LF_SystemSetupData: WPT_LF_SystemSetupDataType | None = None


class WPT_FinePositioningReq(V2GRequestType):
    """Asks for, or reports, one step of fine positioning."""

    EVProcessing: ProcessingType
    EVResultCode: WPT_EVResultType
    VendorSpecificDataContainer: WPT_DataContainers = msgspec.field(default_factory=list)
    WPT_LF_DataPackageList: WPT_LF_DataPackageListType | None = None


class WPT_FinePositioningRes(V2GResponseType):
    """Answers one step of fine positioning."""

    EVSEProcessing: ProcessingType
    VendorSpecificDataContainer: WPT_DataContainers = msgspec.field(default_factory=list)
    WPT_LF_DataPackageList: WPT_LF_DataPackageListType | None = None


class WPT_PairingReq(V2GRequestType):
    """Reports what the vehicle saw of the primary device's code."""

    EVProcessing: ProcessingType
    ObservedIDCode: NumericIDType | None = None
    EVResultCode: WPT_EVResultType
    VendorSpecificDataContainer: WPT_DataContainers = msgspec.field(default_factory=list)


class WPT_PairingRes(V2GResponseType):
    """Reports what the primary device saw, or which other SECC to ask."""

    EVSEProcessing: ProcessingType
    ObservedIDCode: NumericIDType | None = None
    AlternativeSECCList: AlternativeSECCListType | None = None
    VendorSpecificDataContainer: WPT_DataContainers = msgspec.field(default_factory=list)


class WPT_ChargeParameterDiscoveryReq(ChargeParameterDiscoveryReqType):
    """The vehicle device's power, clearance and frequency."""

    EVPCMaxReceivablePower: RationalNumberType
    SDMaxGroundClearence: UnsignedShort
    SDMinGroundClearence: UnsignedShort
    EVPCNaturalFrequency: RationalNumberType
    EVPCDeviceLocalControl: bool
    VendorSpecificDataContainer: WPT_DataContainers = msgspec.field(default_factory=list)


class WPT_ChargeParameterDiscoveryRes(ChargeParameterDiscoveryResType):
    """The supply device's power, clearance and coil current."""

    PDInputPowerClass: WPT_PowerClassType
    SDMinOutputPower: RationalNumberType
    SDMaxOutputPower: RationalNumberType
    SDMaxGroundClearanceSupport: UnsignedShort
    SDMinGroundClearanceSupport: UnsignedShort
    PDMinCoilCurrent: RationalNumberType
    PDMaxCoilCurrent: RationalNumberType
    SDManufacturerSpecificDataContainer: WPT_DataContainers = msgspec.field(default_factory=list)


class WPT_AlignmentCheckReq(V2GRequestType):
    """Asks for a check of the alignment."""

    EVProcessing: ProcessingType
    TargetCoilCurrent: RationalNumberType | None = None
    EVResultCode: WPT_EVResultType
    VendorSpecificDataContainer: WPT_DataContainers = msgspec.field(default_factory=list)


class WPT_AlignmentCheckRes(V2GResponseType):
    """Answers with the power and current of the check."""

    EVSEProcessing: ProcessingType
    PowerTransmitted: RationalNumberType | None = None
    SupplyDeviceCurrent: RationalNumberType | None = None
    VendorSpecificDataContainer: WPT_DataContainers = msgspec.field(default_factory=list)


class WPT_ChargeLoopReq(ChargeLoopReqType):
    """The power that the vehicle asks for and gets."""

    EVPCPowerRequest: RationalNumberType
    EVPCPowerOutput: RationalNumberType
    EVPCChargeDiagnostics: WPT_EVPCChargeDiagnosticsType
    EVPCOperatingFrequency: RationalNumberType | None = None
    EVPCPowerControlParameter: WPT_EVPCPowerControlParameterType | None = None
    ManufacturerSpecificDataContainer: WPT_DataContainers = msgspec.field(default_factory=list)


class WPT_ChargeLoopRes(ChargeLoopResType):
    """The power that the supply device gives, and its limits."""

    EVPCPowerRequest: RationalNumberType
    SDPowerInput: RationalNumberType | None = None
    SPCMaxOutputPowerLimit: RationalNumberType
    SPCMinOutputPowerLimit: RationalNumberType
    SPCChargeDiagnostics: WPT_SPCChargeDiagnosticsType
    SPCOperatingFrequency: RationalNumberType | None = None
    SPCPowerControlParameter: WPT_SPCPowerControlParameterType | None = None
    ManufacturerSpecificDataContainer: WPT_DataContainers = msgspec.field(default_factory=list)


class WPT_FinePositioningMethodListType(Element):
    """Ways to position."""

    WPT_FinePositioningMethod: Annotated[list[WPT_FinePositioningMethodType], Occurs(1, 8)]


class WPT_PairingMethodListType(Element):
    """Ways to pair."""

    WPT_PairingMethod: Annotated[list[WPT_PairingMethodType], Occurs(1, 8)]


class WPT_AlignmentCheckMethodListType(Element):
    """Ways to check the alignment."""

    WPT_AlignmentCheckMethod: Annotated[list[WPT_AlignmentCheckMethodType], Occurs(1, 8)]


class WPT_EVPCPowerControlParameterType(Element):
    """What the vehicle device measures and wants at its coil."""

    EVPCCoilCurrentRequest: RationalNumberType
    EVPCCoilCurrentInformation: RationalNumberType
    EVPCCurrentOutputInformation: RationalNumberType
    EVPCVoltageOutputInformation: RationalNumberType


class WPT_SPCPowerControlParameterType(Element):
    """What the supply device measures at its coil."""

    SPCPrimaryDeviceCoilCurrentInformation: RationalNumberType


class WPT_LF_SystemSetupDataType(Element):
    """The low-frequency system of one side: transmitters or receivers."""

    LF_TransmitterSetupData: Annotated[WPT_LF_TransmitterDataType | None, ONE_OF] = None
    LF_ReceiverSetupData: Annotated[WPT_LF_ReceiverDataType | None, ONE_OF] = None


class WPT_LF_TransmitterDataType(Element):
    """Low-frequency transmitters and their signals."""

    NumberOfTransmitters: UnsignedByte
    SignalFrequency: RationalNumberType
    TxSpecData: Annotated[list[WPT_TxRxSpecDataType], Occurs(2, 255)]
    TxPackageSpecData: WPT_TxRxPackageSpecDataType | None = None


class WPT_LF_ReceiverDataType(Element):
    """Low-frequency receivers."""

    NumberOfReceivers: UnsignedByte
    RxSpecData: Annotated[list[WPT_TxRxSpecDataType], Occurs(2, 255)]


class WPT_TxRxSpecDataType(Element):
    """Where a transmitter or receiver is, and where it looks."""

    TxRxIdentifier: NumericIDType
    TxRxPosition: WPT_CoordinateXYZType
    TxRxOrientation: WPT_CoordinateXYZType


class WPT_CoordinateXYZType(Element):
    """A point or a direction."""

    Coord_X: Short
    Coord_Y: Short
    Coord_Z: Short


class WPT_TxRxPackageSpecDataType(Element):
    """The pulses of a package."""

    PulseSequenceOrder: Annotated[list[WPT_TxRxPulseOrderType], Occurs(2, 255)]
    PulseSeparationTime: UnsignedShort
    PulseDuration: UnsignedShort
    PackageSeparationTime: UnsignedShort


class WPT_TxRxPulseOrderType(Element):
    """Which transmitter sends which pulse."""

    IndexNumber: UnsignedShort
    TxRxIdentifier: NumericIDType


class WPT_LF_TxDataListType(Element):
    """What the transmitters sent."""

    WPT_LF_TxDataList: WPT_LF_TxDataType


class WPT_LF_TxDataType(Element):
    """What a transmitter sent."""

    TxIdentifier: NumericIDType
    EIRP: RationalNumberType


class WPT_LF_RxDataListType(Element):
    """What the receivers heard."""

    WPT_LF_RxDataList: WPT_LF_RxDataType


class WPT_LF_RxDataType(Element):
    """What a receiver heard."""

    RxIdentifier: NumericIDType
    RSSIData: WPT_LF_RxRSSIListType


class WPT_LF_RxRSSIListType(Element):
    """Signal strengths."""

    RSSIDataList: WPT_LF_RxRSSIType


class WPT_LF_RxRSSIType(Element):
    """The strength of one transmitter's signal."""

    TxIdentifier: NumericIDType
    RSSI: RationalNumberType


class WPT_LF_DataPackageListType(Element):
    """Packages of a measurement."""

    NumPackages: UnsignedByte
    WPT_LF_DataPackage: WPT_LF_DataPackageType


class WPT_LF_DataPackageType(Element):
    """One package: sent or heard."""

    PackageIndex: UnsignedByte
    LF_TxData: Annotated[WPT_LF_TxDataListType | None, ONE_OF] = None
    LF_RxData: Annotated[WPT_LF_RxDataListType | None, ONE_OF] = None


class AlternativeSECCListType(Element):
    """Other chargers to ask."""

    AlternativeSECC: Annotated[list[AlternativeSECCType], Occurs(1, 8)]


class AlternativeSECCType(Element):
    """Where another charger is to be found."""

    SSID: IdentifierType | None = None
    BSSID: BSSIDType | None = None
    IPAddress: IPAddressType | None = None
    Port: UnsignedShort | None = None
