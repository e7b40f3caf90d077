"""The -20 messages of DC and DC_BPT (ISO 15118-20, the DC schema). Power in W, current in A, voltage in V."""

from __future__ import annotations

from typing import Annotated

from protocols.exi.messages.common_types import (
    ChargeLoopReqType,
    ChargeLoopResType,
    ChargeParameterDiscoveryReqType,
    ChargeParameterDiscoveryResType,
    Dynamic_CLReqControlModeType,
    Dynamic_CLResControlModeType,
    PercentValueType,
    ProcessingType,
    RationalNumberType,
    Scheduled_CLReqControlModeType,
    Scheduled_CLResControlModeType,
    V2GRequestType,
    V2GResponseType,
)
from protocols.exi.schema import (
    SUBSTITUTION,
    Element,
)


class DC_ChargeParameterDiscoveryReq(ChargeParameterDiscoveryReqType):
    """The EV's DC limits."""

    DC_CPDReqEnergyTransferMode: Annotated[
        BPT_DC_CPDReqEnergyTransferModeType | DC_CPDReqEnergyTransferModeType,
        SUBSTITUTION,
    ]


class DC_ChargeParameterDiscoveryRes(ChargeParameterDiscoveryResType):
    """The EVSE's DC limits."""

    DC_CPDResEnergyTransferMode: Annotated[
        BPT_DC_CPDResEnergyTransferModeType | DC_CPDResEnergyTransferModeType,
        SUBSTITUTION,
    ]


class DC_CableCheckReq(V2GRequestType):
    """Asks for the insulation test."""


class DC_CableCheckRes(V2GResponseType):
    """Says whether the insulation test is finished."""

    EVSEProcessing: ProcessingType


class DC_PreChargeReq(V2GRequestType):
    """Asks the EVSE to match the EV's voltage."""

    EVProcessing: ProcessingType
    EVPresentVoltage: RationalNumberType
    EVTargetVoltage: RationalNumberType


class DC_PreChargeRes(V2GResponseType):
    """The voltage at the EVSE's output."""

    EVSEPresentVoltage: RationalNumberType


class DC_ChargeLoopReq(ChargeLoopReqType):
    """The EV's present voltage, targets and limits in the DC charge loop."""

    EVPresentVoltage: RationalNumberType
    CLReqControlMode: Annotated[
        BPT_Dynamic_DC_CLReqControlModeType
        | BPT_Scheduled_DC_CLReqControlModeType
        | Dynamic_DC_CLReqControlModeType
        | Scheduled_DC_CLReqControlModeType,
        SUBSTITUTION,
    ]


class DC_ChargeLoopRes(ChargeLoopResType):
    """The EVSE's present values and limits in the DC charge loop."""

    EVSEPresentCurrent: RationalNumberType
    EVSEPresentVoltage: RationalNumberType
    EVSEPowerLimitAchieved: bool
    EVSECurrentLimitAchieved: bool
    EVSEVoltageLimitAchieved: bool
    CLResControlMode: Annotated[
        BPT_Dynamic_DC_CLResControlModeType
        | BPT_Scheduled_DC_CLResControlModeType
        | Dynamic_DC_CLResControlModeType
        | Scheduled_DC_CLResControlModeType,
        SUBSTITUTION,
    ]


class DC_WeldingDetectionReq(V2GRequestType):
    """Asks for the voltage while the EV tests its contactors."""

    EVProcessing: ProcessingType


class DC_WeldingDetectionRes(V2GResponseType):
    """The voltage at the EVSE's output."""

    EVSEPresentVoltage: RationalNumberType


class DC_CPDReqEnergyTransferModeType(Element):
    """Charging limits of the EV in W, A and V; target SOC in percent."""

    EVMaximumChargePower: RationalNumberType
    EVMinimumChargePower: RationalNumberType
    EVMaximumChargeCurrent: RationalNumberType
    EVMinimumChargeCurrent: RationalNumberType
    EVMaximumVoltage: RationalNumberType
    EVMinimumVoltage: RationalNumberType
    TargetSOC: PercentValueType | None = None


class DC_CPDResEnergyTransferModeType(Element):
    """Charging limits of the EVSE in W, A and V."""

    EVSEMaximumChargePower: RationalNumberType
    EVSEMinimumChargePower: RationalNumberType
    EVSEMaximumChargeCurrent: RationalNumberType
    EVSEMinimumChargeCurrent: RationalNumberType
    EVSEMaximumVoltage: RationalNumberType
    EVSEMinimumVoltage: RationalNumberType
    EVSEPowerRampLimitation: RationalNumberType | None = None


class BPT_DC_CPDReqEnergyTransferModeType(DC_CPDReqEnergyTransferModeType):
    """The same with discharging limits."""

    EVMaximumDischargePower: RationalNumberType
    EVMinimumDischargePower: RationalNumberType
    EVMaximumDischargeCurrent: RationalNumberType
    EVMinimumDischargeCurrent: RationalNumberType


class BPT_DC_CPDResEnergyTransferModeType(DC_CPDResEnergyTransferModeType):
    """The same with discharging limits."""

    EVSEMaximumDischargePower: RationalNumberType
    EVSEMinimumDischargePower: RationalNumberType
    EVSEMaximumDischargeCurrent: RationalNumberType
    EVSEMinimumDischargeCurrent: RationalNumberType


class Scheduled_DC_CLReqControlModeType(Scheduled_CLReqControlModeType):
    """Scheduled mode: target current and voltage; limits only when they change."""

    EVTargetCurrent: RationalNumberType
    EVTargetVoltage: RationalNumberType
    EVMaximumChargePower: RationalNumberType | None = None
    EVMinimumChargePower: RationalNumberType | None = None
    EVMaximumChargeCurrent: RationalNumberType | None = None
    EVMaximumVoltage: RationalNumberType | None = None
    EVMinimumVoltage: RationalNumberType | None = None


class Scheduled_DC_CLResControlModeType(Scheduled_CLResControlModeType):
    """Scheduled mode: limits only when they change."""

    EVSEMaximumChargePower: RationalNumberType | None = None
    EVSEMinimumChargePower: RationalNumberType | None = None
    EVSEMaximumChargeCurrent: RationalNumberType | None = None
    EVSEMaximumVoltage: RationalNumberType | None = None


class BPT_Scheduled_DC_CLReqControlModeType(Scheduled_DC_CLReqControlModeType):
    """Scheduled mode with discharging limits."""

    EVMaximumDischargePower: RationalNumberType | None = None
    EVMinimumDischargePower: RationalNumberType | None = None
    EVMaximumDischargeCurrent: RationalNumberType | None = None


class BPT_Scheduled_DC_CLResControlModeType(Scheduled_DC_CLResControlModeType):
    """Scheduled mode with discharging limits."""

    EVSEMaximumDischargePower: RationalNumberType | None = None
    EVSEMinimumDischargePower: RationalNumberType | None = None
    EVSEMaximumDischargeCurrent: RationalNumberType | None = None
    EVSEMinimumVoltage: RationalNumberType | None = None


class Dynamic_DC_CLReqControlModeType(Dynamic_CLReqControlModeType):
    """Dynamic mode: the EV's limits in each request."""

    EVMaximumChargePower: RationalNumberType
    EVMinimumChargePower: RationalNumberType
    EVMaximumChargeCurrent: RationalNumberType
    EVMaximumVoltage: RationalNumberType
    EVMinimumVoltage: RationalNumberType


class Dynamic_DC_CLResControlModeType(Dynamic_CLResControlModeType):
    """Dynamic mode: the limits that steer the power; the EV follows them."""

    EVSEMaximumChargePower: RationalNumberType
    EVSEMinimumChargePower: RationalNumberType
    EVSEMaximumChargeCurrent: RationalNumberType
    EVSEMaximumVoltage: RationalNumberType


class BPT_Dynamic_DC_CLReqControlModeType(Dynamic_DC_CLReqControlModeType):
    """Dynamic mode with discharging limits and the V2X energy range."""

    EVMaximumDischargePower: RationalNumberType
    EVMinimumDischargePower: RationalNumberType
    EVMaximumDischargeCurrent: RationalNumberType
    EVMaximumV2XEnergyRequest: RationalNumberType | None = None
    EVMinimumV2XEnergyRequest: RationalNumberType | None = None


class BPT_Dynamic_DC_CLResControlModeType(Dynamic_DC_CLResControlModeType):
    """Dynamic mode with discharging limits."""

    EVSEMaximumDischargePower: RationalNumberType
    EVSEMinimumDischargePower: RationalNumberType
    EVSEMaximumDischargeCurrent: RationalNumberType
    EVSEMinimumVoltage: RationalNumberType
