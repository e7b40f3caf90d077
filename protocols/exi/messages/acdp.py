"""The -20 messages of automated connection devices, beside those of DC (ISO 15118-20, the ACDP schema)."""

from __future__ import annotations

from enum import StrEnum

from protocols.exi.messages.common_types import (
    PercentValueType,
    ProcessingType,
    RationalNumberType,
    V2GRequestType,
    V2GResponseType,
)
from protocols.exi.schema import (
    Element,
    Short,
)


class EVCPStatusType(StrEnum):
    StateA = "StateA"
    StateB = "StateB"
    StateC = "StateC"
    StateD = "StateD"
    StateE = "StateE"


class ErrorCodeType(StrEnum):
    OK_NoEVError = "OK_NoEVError"
    FAILED = "FAILED"
    FAILED_EmergencyEvent = "FAILED_EmergencyEvent"
    FAILED_Breaker = "FAILED_Breaker"
    FAILED_RESSTemperatureInhibit = "FAILED_RESSTemperatureInhibit"
    FAILED_RESS = "FAILED_RESS"
    FAILED_ChargingCurrentDifferential = "FAILED_ChargingCurrentDifferential"
    FAILED_ChargingVoltageOutOfRange = "FAILED_ChargingVoltageOutOfRange"
    FAILED_Reserved1 = "FAILED_Reserved1"
    FAILED_Reserved2 = "FAILED_Reserved2"


class IsolationStatusType(StrEnum):
    Invalid = "Invalid"
    Safe = "Safe"
    Warning = "Warning"
    Fault = "Fault"


class ElectricalChargingDeviceStatusType(StrEnum):
    State_A = "State_A"
    State_B = "State_B"
    State_C = "State_C"
    State_D = "State_D"


class MechanicalChargingDeviceStatusType(StrEnum):
    Home = "Home"
    Moving = "Moving"
    EndPosition = "EndPosition"


class ACDP_VehiclePositioningReq(V2GRequestType):
    """Tells whether the vehicle still moves, and whether it helps with positioning."""

    EVMobilityStatus: bool
    EVPositioningSupport: bool


class ACDP_VehiclePositioningRes(V2GResponseType):
    """Guides the vehicle under (or over) the connection device."""

    EVSEProcessing: ProcessingType
    EVSEPositioningSupport: bool
    EVRelativeXDeviation: Short
    EVRelativeYDeviation: Short
    ContactWindowXc: Short
    ContactWindowYc: Short
    EVInChargePosition: bool


class ACDP_ConnectReq(V2GRequestType):
    """Asks the device to connect."""

    EVElectricalChargingDeviceStatus: ElectricalChargingDeviceStatusType


class ACDP_ConnectRes(V2GResponseType):
    """Says how far the connection is."""

    EVSEProcessing: ProcessingType
    EVSEElectricalChargingDeviceStatus: ElectricalChargingDeviceStatusType
    EVSEMechanicalChargingDeviceStatus: MechanicalChargingDeviceStatusType


class ACDP_DisconnectReq(ACDP_ConnectReq):
    """Asks the device to disconnect."""


class ACDP_DisconnectRes(ACDP_ConnectRes):
    """Says how far the disconnection is."""


class ACDP_SystemStatusReq(V2GRequestType):
    """The vehicle's technical status, all the while."""

    EVTechnicalStatus: EVTechnicalStatusType


class ACDP_SystemStatusRes(V2GResponseType):
    """The device's technical status, all the while."""

    EVSEMechanicalChargingDeviceStatus: MechanicalChargingDeviceStatusType
    EVSEReadyToCharge: bool
    EVSEIsolationStatus: IsolationStatusType
    EVSEDisabled: bool
    EVSEUtilityInterruptEvent: bool
    EVSEEmergencyShutdown: bool
    EVSEMalfunction: bool
    EVInChargePosition: bool
    EVAssociationStatus: bool


class EVTechnicalStatusType(Element):
    """What the vehicle tells of itself; SOC in percent."""

    EVReadyToCharge: bool
    EVImmobilizationRequest: bool
    EVImmobilized: bool | None = None
    EVWLANStrength: RationalNumberType | None = None
    EVCPStatus: EVCPStatusType | None = None
    EVSOC: PercentValueType | None = None
    EVErrorCode: ErrorCodeType | None = None
    EVTimeout: bool | None = None
