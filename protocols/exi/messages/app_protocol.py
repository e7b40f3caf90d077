"""The handshake before any session: which protocol to speak (ISO 15118-20, the AppProtocol schema)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from protocols.exi.schema import (
    Element,
    IntegerRange,
    Occurs,
    Text,
    UnsignedByte,
    UnsignedInt,
)

IdType = UnsignedByte
ProtocolNameType = Annotated[str, Text(max_length=30)]
ProtocolNamespaceType = Annotated[str, Text(max_length=100)]
PriorityType = Annotated[int, IntegerRange(1, 20)]


class ResponseCodeType(StrEnum):
    OK_SuccessfulNegotiation = "OK_SuccessfulNegotiation"
    OK_SuccessfulNegotiationWithMinorDeviation = "OK_SuccessfulNegotiationWithMinorDeviation"
    Failed_NoNegotiation = "Failed_NoNegotiation"


class supportedAppProtocolReq(Element):
    """The EV offers the protocols it speaks, before any session."""

    AppProtocol: Annotated[list[AppProtocolType], Occurs(1, 20)]


class supportedAppProtocolRes(Element):
    """The EVSE picks one of the offered protocols by its SchemaID, or none."""

    ResponseCode: ResponseCodeType
    SchemaID: IdType | None = None


class AppProtocolType(Element):
    """One offered protocol; priority 1 is the most wanted."""

    ProtocolNamespace: ProtocolNamespaceType
    VersionNumberMajor: UnsignedInt
    VersionNumberMinor: UnsignedInt
    SchemaID: IdType
    Priority: PriorityType
