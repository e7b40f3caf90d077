"""The -20 messages of AC and AC_BPT (ISO 15118-20, the AC schema). Power in W, frequency in Hz."""

from __future__ import annotations

from typing import Annotated

from protocols.exi.messages.common_types import (
    ChargeLoopReqType,
    ChargeLoopResType,
    ChargeParameterDiscoveryReqType,
    ChargeParameterDiscoveryResType,
    Dynamic_CLReqControlModeType,
    Dynamic_CLResControlModeType,
    RationalNumberType,
    Scheduled_CLReqControlModeType,
    Scheduled_CLResControlModeType,
)
from protocols.exi.schema import (
    SUBSTITUTION,
    Element,
)


class AC_ChargeParameterDiscoveryReq(ChargeParameterDiscoveryReqType):
    """The EV's AC limits."""

    AC_CPDReqEnergyTransferMode: Annotated[
        AC_CPDReqEnergyTransferModeType | BPT_AC_CPDReqEnergyTransferModeType,
        SUBSTITUTION,
    ]


class AC_ChargeParameterDiscoveryRes(ChargeParameterDiscoveryResType):
    """The EVSE's AC limits."""

    AC_CPDResEnergyTransferMode: Annotated[
        AC_CPDResEnergyTransferModeType | BPT_AC_CPDResEnergyTransferModeType,
        SUBSTITUTION,
    ]


class AC_ChargeLoopReq(ChargeLoopReqType):
    """The EV's present values and limits in the AC charge loop."""

    CLReqControlMode: Annotated[
        BPT_Dynamic_AC_CLReqControlModeType
        | BPT_Scheduled_AC_CLReqControlModeType
        | Dynamic_AC_CLReqControlModeType
        | Scheduled_AC_CLReqControlModeType,
        SUBSTITUTION,
    ]


class AC_ChargeLoopRes(ChargeLoopResType):
    """The EVSE's set-points in the AC charge loop."""

    EVSETargetFrequency: RationalNumberType | None = None
    CLResControlMode: Annotated[
        BPT_Dynamic_AC_CLResControlModeType
        | BPT_Scheduled_AC_CLResControlModeType
        | Dynamic_AC_CLResControlModeType
        | Scheduled_AC_CLResControlModeType,
        SUBSTITUTION,
    ]


class AC_CPDReqEnergyTransferModeType(Element):
    """Charging limits of the EV in W, per phase where L2 and L3 are given."""

    EVMaximumChargePower: RationalNumberType
    EVMaximumChargePower_L2: RationalNumberType | None = None
    EVMaximumChargePower_L3: RationalNumberType | None = None
    EVMinimumChargePower: RationalNumberType
    EVMinimumChargePower_L2: RationalNumberType | None = None
    EVMinimumChargePower_L3: RationalNumberType | None = None


class AC_CPDResEnergyTransferModeType(Element):
    """Charging limits of the EVSE in W, nominal frequency in Hz."""

    EVSEMaximumChargePower: RationalNumberType
    EVSEMaximumChargePower_L2: RationalNumberType | None = None
    EVSEMaximumChargePower_L3: RationalNumberType | None = None
    EVSEMinimumChargePower: RationalNumberType
    EVSEMinimumChargePower_L2: RationalNumberType | None = None
    EVSEMinimumChargePower_L3: RationalNumberType | None = None
    EVSENominalFrequency: RationalNumberType
    MaximumPowerAsymmetry: RationalNumberType | None = None
    EVSEPowerRampLimitation: RationalNumberType | None = None
    EVSEPresentActivePower: RationalNumberType | None = None
    EVSEPresentActivePower_L2: RationalNumberType | None = None
    EVSEPresentActivePower_L3: RationalNumberType | None = None


class BPT_AC_CPDReqEnergyTransferModeType(AC_CPDReqEnergyTransferModeType):
    """The same with discharging limits."""

    EVMaximumDischargePower: RationalNumberType
    EVMaximumDischargePower_L2: RationalNumberType | None = None
    EVMaximumDischargePower_L3: RationalNumberType | None = None
    EVMinimumDischargePower: RationalNumberType
    EVMinimumDischargePower_L2: RationalNumberType | None = None
    EVMinimumDischargePower_L3: RationalNumberType | None = None


class BPT_AC_CPDResEnergyTransferModeType(AC_CPDResEnergyTransferModeType):
    """The same with discharging limits."""

    EVSEMaximumDischargePower: RationalNumberType
    EVSEMaximumDischargePower_L2: RationalNumberType | None = None
    EVSEMaximumDischargePower_L3: RationalNumberType | None = None
    EVSEMinimumDischargePower: RationalNumberType
    EVSEMinimumDischargePower_L2: RationalNumberType | None = None
    EVSEMinimumDischargePower_L3: RationalNumberType | None = None


class Scheduled_AC_CLReqControlModeType(Scheduled_CLReqControlModeType):
    """Scheduled mode: present power in W and var; limits only when they change."""

    EVMaximumChargePower: RationalNumberType | None = None
    EVMaximumChargePower_L2: RationalNumberType | None = None
    EVMaximumChargePower_L3: RationalNumberType | None = None
    EVMinimumChargePower: RationalNumberType | None = None
    EVMinimumChargePower_L2: RationalNumberType | None = None
    EVMinimumChargePower_L3: RationalNumberType | None = None
    EVPresentActivePower: RationalNumberType
    EVPresentActivePower_L2: RationalNumberType | None = None
    EVPresentActivePower_L3: RationalNumberType | None = None
    EVPresentReactivePower: RationalNumberType | None = None
    EVPresentReactivePower_L2: RationalNumberType | None = None
    EVPresentReactivePower_L3: RationalNumberType | None = None


class Scheduled_AC_CLResControlModeType(Scheduled_CLResControlModeType):
    """Scheduled mode: optional targets."""

    EVSETargetActivePower: RationalNumberType | None = None
    EVSETargetActivePower_L2: RationalNumberType | None = None
    EVSETargetActivePower_L3: RationalNumberType | None = None
    EVSETargetReactivePower: RationalNumberType | None = None
    EVSETargetReactivePower_L2: RationalNumberType | None = None
    EVSETargetReactivePower_L3: RationalNumberType | None = None
    EVSEPresentActivePower: RationalNumberType | None = None
    EVSEPresentActivePower_L2: RationalNumberType | None = None
    EVSEPresentActivePower_L3: RationalNumberType | None = None


class BPT_Scheduled_AC_CLReqControlModeType(Scheduled_AC_CLReqControlModeType):
    """Scheduled mode with discharging limits."""

    EVMaximumDischargePower: RationalNumberType | None = None
    EVMaximumDischargePower_L2: RationalNumberType | None = None
    EVMaximumDischargePower_L3: RationalNumberType | None = None
    EVMinimumDischargePower: RationalNumberType | None = None
    EVMinimumDischargePower_L2: RationalNumberType | None = None
    EVMinimumDischargePower_L3: RationalNumberType | None = None


class BPT_Scheduled_AC_CLResControlModeType(Scheduled_AC_CLResControlModeType):
    """Scheduled mode, bidirectional."""


class Dynamic_AC_CLReqControlModeType(Dynamic_CLReqControlModeType):
    """Dynamic mode: limits and present power in each request."""

    EVMaximumChargePower: RationalNumberType
    EVMaximumChargePower_L2: RationalNumberType | None = None
    EVMaximumChargePower_L3: RationalNumberType | None = None
    EVMinimumChargePower: RationalNumberType
    EVMinimumChargePower_L2: RationalNumberType | None = None
    EVMinimumChargePower_L3: RationalNumberType | None = None
    EVPresentActivePower: RationalNumberType
    EVPresentActivePower_L2: RationalNumberType | None = None
    EVPresentActivePower_L3: RationalNumberType | None = None
    EVPresentReactivePower: RationalNumberType
    EVPresentReactivePower_L2: RationalNumberType | None = None
    EVPresentReactivePower_L3: RationalNumberType | None = None


class Dynamic_AC_CLResControlModeType(Dynamic_CLResControlModeType):
    """Dynamic mode: the power set-point the EV must follow."""

    EVSETargetActivePower: RationalNumberType
    EVSETargetActivePower_L2: RationalNumberType | None = None
    EVSETargetActivePower_L3: RationalNumberType | None = None
    EVSETargetReactivePower: RationalNumberType | None = None
    EVSETargetReactivePower_L2: RationalNumberType | None = None
    EVSETargetReactivePower_L3: RationalNumberType | None = None
    EVSEPresentActivePower: RationalNumberType | None = None
    EVSEPresentActivePower_L2: RationalNumberType | None = None
    EVSEPresentActivePower_L3: RationalNumberType | None = None


class BPT_Dynamic_AC_CLReqControlModeType(Dynamic_AC_CLReqControlModeType):
    """Dynamic mode with discharging limits and the V2X energy range."""

    EVMaximumDischargePower: RationalNumberType
    EVMaximumDischargePower_L2: RationalNumberType | None = None
    EVMaximumDischargePower_L3: RationalNumberType | None = None
    EVMinimumDischargePower: RationalNumberType
    EVMinimumDischargePower_L2: RationalNumberType | None = None
    EVMinimumDischargePower_L3: RationalNumberType | None = None
    EVMaximumV2XEnergyRequest: RationalNumberType | None = None
    EVMinimumV2XEnergyRequest: RationalNumberType | None = None


class BPT_Dynamic_AC_CLResControlModeType(Dynamic_AC_CLResControlModeType):
    """Dynamic mode, bidirectional: the target may be negative (discharge)."""
