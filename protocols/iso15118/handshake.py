"""supportedAppProtocol: which dialect both ends will speak (ISO 15118-2 and -20, 8.2; alike in DIN SPEC 70121).

The car proposes, with a priority each; the charger takes the one that the car wants most among those that it offers
and that this connection is secured well enough for.
"""

from collections.abc import Sequence
from typing import NamedTuple

from protocols.exi.messages.app_protocol import (
    AppProtocolType,
    ResponseCodeType,
    supportedAppProtocolReq,
    supportedAppProtocolRes,
)
from protocols.iso15118.dialect import Dialect
from protocols.iso15118.secured import Secured

MAX_PROPOSALS = 5
"""Peers built on libcbv2g hold no more."""


class Choice(NamedTuple):
    """The charger's answer; without a dialect, `problem` says why there is none."""

    response: supportedAppProtocolRes
    dialect: Dialect | None
    problem: str = ""


def choose(
    request: supportedAppProtocolReq, offered: Sequence[Dialect], secured: Secured, lab_v20_without_tls: bool
) -> Choice:
    """The charger's choice by the car's priorities: a lower number is wanted more."""
    by_namespace = {dialect.namespace: dialect for dialect in offered}
    unsafe: list[Dialect] = []
    for wanted in sorted(request.AppProtocol, key=lambda protocol: protocol.Priority):
        dialect = by_namespace.get(wanted.ProtocolNamespace)
        if dialect is None or wanted.VersionNumberMajor != dialect.major:
            continue
        if not secure_enough(dialect, secured, lab_v20_without_tls):
            unsafe.append(dialect)
            continue
        exact = wanted.VersionNumberMinor == dialect.minor
        code = (
            ResponseCodeType.OK_SuccessfulNegotiation
            if exact
            else ResponseCodeType.OK_SuccessfulNegotiationWithMinorDeviation
        )
        return Choice(supportedAppProtocolRes(ResponseCode=code, SchemaID=wanted.SchemaID), dialect)
    refusal = supportedAppProtocolRes(ResponseCode=ResponseCodeType.Failed_NoNegotiation)
    return Choice(refusal, None, _why_not(request, offered, unsafe, secured))


def secure_enough(dialect: Dialect, secured: Secured, lab_v20_without_tls: bool) -> bool:
    """Whether this dialect may be spoken over such a connection."""
    return lab_v20_without_tls or secured >= dialect.least_secured


def _why_not(
    request: supportedAppProtocolReq, offered: Sequence[Dialect], unsafe: Sequence[Dialect], secured: Secured
) -> str:
    if unsafe:
        titles = ", ".join(dialect.title for dialect in unsafe)
        return f"{titles} needs {unsafe[0].least_secured.words}, and this connection has {secured.words}"
    proposed = ", ".join(
        f"{one.ProtocolNamespace} {one.VersionNumberMajor}.{one.VersionNumberMinor}" for one in request.AppProtocol
    )
    ours = ", ".join(dialect.title for dialect in offered) or "nothing"
    return f"no common protocol: the car proposed {proposed}; this charger offers {ours}"


def propose(dialects: Sequence[Dialect]) -> supportedAppProtocolReq:
    """The car's proposal, the most wanted first; `proposed` reads the answer."""
    return supportedAppProtocolReq(
        AppProtocol=[
            AppProtocolType(
                ProtocolNamespace=dialect.namespace,
                VersionNumberMajor=dialect.major,
                VersionNumberMinor=dialect.minor,
                SchemaID=number,
                Priority=number,
            )
            for number, dialect in enumerate(dialects[:MAX_PROPOSALS], start=1)
        ]
    )


def chosen(response: supportedAppProtocolRes, dialects: Sequence[Dialect]) -> Dialect | None:
    """The dialect that the charger took; None if it names one that was not proposed."""
    if response.SchemaID is None:
        return dialects[0] if len(dialects) == 1 else None
    return dialects[response.SchemaID - 1] if 1 <= response.SchemaID <= len(dialects[:MAX_PROPOSALS]) else None
