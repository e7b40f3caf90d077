"""Which elements each namespace declares, and which namespaces make up a schema set.

The document grammar lists all global elements of a set, sorted by name. A set's definitions are imported when the set
is first asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from types import ModuleType

from protocols.exi import namespaces
from protocols.exi.errors import ExiError
from protocols.exi.model import element_name
from protocols.exi.schema import Element

Declared = dict[str, type[Element] | None]
"""Global elements; None where this package carries no document of that name (abstract or simple elements)."""


@dataclass(frozen=True)
class SchemaSet:
    """A namespace with everything its schema imports. The same type in another set is another grammar."""

    namespace: str
    declared: tuple[tuple[str, Declared], ...]

    @cached_property
    def roots(self) -> tuple[tuple[str, type[Element] | None], ...]:
        """All global elements, sorted by local name, then by namespace."""
        slots = [(name, namespace, cls) for namespace, elements in self.declared for name, cls in elements.items()]
        return tuple((name, cls) for name, _, cls in sorted(slots, key=lambda slot: slot[:2]))

    @cached_property
    def messages(self) -> dict[str, type[Element]]:
        """The elements that a document may have as its root."""
        return {name: cls for name, cls in self.roots if cls is not None}


@cache
def schema_set(namespace: str) -> SchemaSet:
    """The set of a namespace; ExiError for one that is not known."""
    if namespace not in SETS:
        raise ExiError(f"The namespace {namespace} is not known; known are {', '.join(SETS)}.")
    return SchemaSet(namespace, tuple((name, _DECLARED[name]()) for name in SETS[namespace]))


def _messages(module: ModuleType) -> Declared:
    """The requests and responses that a module defines."""
    classes = [v for v in vars(module).values() if isinstance(v, type) and issubclass(v, Element)]
    return {c.__name__: c for c in classes if c.__module__ == module.__name__ and c.__name__.endswith(("Req", "Res"))}


def _elements(*classes: type[Element]) -> Declared:
    return {element_name(c): c for c in classes}


def _app_protocol() -> Declared:
    from protocols.exi.messages import app_protocol

    return _messages(app_protocol)


def _xmldsig() -> Declared:
    from protocols.exi.messages import xmldsig

    return {
        **_elements(
            xmldsig.SignatureType,
            xmldsig.SignatureValueType,
            xmldsig.SignedInfoType,
            xmldsig.CanonicalizationMethodType,
            xmldsig.SignatureMethodType,
            xmldsig.ReferenceType,
            xmldsig.TransformsType,
            xmldsig.TransformType,
            xmldsig.DigestMethodType,
            xmldsig.KeyInfoType,
            xmldsig.KeyValueType,
            xmldsig.RetrievalMethodType,
            xmldsig.X509DataType,
            xmldsig.PGPDataType,
            xmldsig.SPKIDataType,
            xmldsig.ObjectType,
            xmldsig.ManifestType,
            xmldsig.SignaturePropertiesType,
            xmldsig.SignaturePropertyType,
            xmldsig.DSAKeyValueType,
            xmldsig.RSAKeyValueType,
        ),
        "DigestValue": None,
        "KeyName": None,
        "MgmtData": None,
    }


def _v20_common_types() -> Declared:
    return {"CLReqControlMode": None, "CLResControlMode": None}


def _v20_common() -> Declared:
    from protocols.exi.messages import common

    return {
        **_messages(common),
        **_elements(common.SignedInstallationDataType, common.SignedMeteringDataType),
    }


def _v20_ac() -> Declared:
    from protocols.exi.messages import ac

    return {
        **_messages(ac),
        **_elements(
            ac.AC_CPDReqEnergyTransferModeType,
            ac.AC_CPDResEnergyTransferModeType,
            ac.BPT_AC_CPDReqEnergyTransferModeType,
            ac.BPT_AC_CPDResEnergyTransferModeType,
            ac.Scheduled_AC_CLReqControlModeType,
            ac.Scheduled_AC_CLResControlModeType,
            ac.BPT_Scheduled_AC_CLReqControlModeType,
            ac.BPT_Scheduled_AC_CLResControlModeType,
            ac.Dynamic_AC_CLReqControlModeType,
            ac.Dynamic_AC_CLResControlModeType,
            ac.BPT_Dynamic_AC_CLReqControlModeType,
            ac.BPT_Dynamic_AC_CLResControlModeType,
        ),
    }


def _v20_dc() -> Declared:
    from protocols.exi.messages import dc

    return {
        **_messages(dc),
        **_elements(
            dc.DC_CPDReqEnergyTransferModeType,
            dc.DC_CPDResEnergyTransferModeType,
            dc.BPT_DC_CPDReqEnergyTransferModeType,
            dc.BPT_DC_CPDResEnergyTransferModeType,
            dc.Scheduled_DC_CLReqControlModeType,
            dc.Scheduled_DC_CLResControlModeType,
            dc.BPT_Scheduled_DC_CLReqControlModeType,
            dc.BPT_Scheduled_DC_CLResControlModeType,
            dc.Dynamic_DC_CLReqControlModeType,
            dc.Dynamic_DC_CLResControlModeType,
            dc.BPT_Dynamic_DC_CLReqControlModeType,
            dc.BPT_Dynamic_DC_CLResControlModeType,
        ),
    }


def _v20_wpt() -> Declared:
    from protocols.exi.messages import wpt

    return _messages(wpt)


def _v20_acdp() -> Declared:
    from protocols.exi.messages import acdp

    return _messages(acdp)


_HEADS = (
    "SASchedules",
    "Entry",
    "TimeInterval",
    "EVSEStatus",
    "EVStatus",
    "EVChargeParameter",
    "EVSEChargeParameter",
    "EVPowerDeliveryParameter",
)
"""Heads of substitution groups, alike in -2 and DIN."""


def _v2() -> Declared:
    from protocols.exi.messages import v2

    return _elements(v2.V2G_Message)


def _v2_body() -> Declared:
    from protocols.exi.messages import v2

    return {**_messages(v2), "BodyElement": None}


def _v2_types() -> Declared:
    from protocols.exi.messages import v2_types

    return {
        **_elements(
            v2_types.SAScheduleListType,
            v2_types.SalesTariffEntryType,
            v2_types.PMaxScheduleEntryType,
            v2_types.RelativeTimeIntervalType,
            v2_types.AC_EVSEStatusType,
            v2_types.DC_EVSEStatusType,
            v2_types.DC_EVStatusType,
            v2_types.AC_EVChargeParameterType,
            v2_types.DC_EVChargeParameterType,
            v2_types.AC_EVSEChargeParameterType,
            v2_types.DC_EVSEChargeParameterType,
            v2_types.DC_EVPowerDeliveryParameterType,
        ),
        **dict.fromkeys(_HEADS),
    }


def _din() -> Declared:
    from protocols.exi.messages import din

    return {**_elements(din.V2G_Message), "BodyElement": None}


def _din_body() -> Declared:
    from protocols.exi.messages import din

    return _messages(din)


def _din_types() -> Declared:
    from protocols.exi.messages import din_types

    return {
        **_elements(
            din_types.ServiceChargeType,
            din_types.SAScheduleListType,
            din_types.SalesTariffEntryType,
            din_types.PMaxScheduleEntryType,
            din_types.RelativeTimeIntervalType,
            din_types.AC_EVSEStatusType,
            din_types.DC_EVSEStatusType,
            din_types.DC_EVStatusType,
            din_types.AC_EVChargeParameterType,
            din_types.DC_EVChargeParameterType,
            din_types.AC_EVSEChargeParameterType,
            din_types.DC_EVSEChargeParameterType,
            din_types.DC_EVPowerDeliveryParameterType,
        ),
        **dict.fromkeys(_HEADS),
    }


_DECLARED: dict[str, Callable[[], Declared]] = {
    namespaces.APP_PROTOCOL: _app_protocol,
    namespaces.XMLDSIG: _xmldsig,
    namespaces.V20_COMMON_TYPES: _v20_common_types,
    namespaces.V20_COMMON: _v20_common,
    namespaces.V20_AC: _v20_ac,
    namespaces.V20_DC: _v20_dc,
    namespaces.V20_WPT: _v20_wpt,
    namespaces.V20_ACDP: _v20_acdp,
    namespaces.V2: _v2,
    namespaces.V2_BODY: _v2_body,
    namespaces.V2_TYPES: _v2_types,
    namespaces.DIN: _din,
    namespaces.DIN_BODY: _din_body,
    namespaces.DIN_TYPES: _din_types,
}

_V20_IMPORTS = (namespaces.V20_COMMON_TYPES, namespaces.XMLDSIG)

SETS: dict[str, tuple[str, ...]] = {
    namespaces.APP_PROTOCOL: (namespaces.APP_PROTOCOL,),
    namespaces.XMLDSIG: (namespaces.XMLDSIG,),
    namespaces.V20_COMMON: (namespaces.V20_COMMON, *_V20_IMPORTS),
    namespaces.V20_AC: (namespaces.V20_AC, *_V20_IMPORTS),
    namespaces.V20_DC: (namespaces.V20_DC, *_V20_IMPORTS),
    namespaces.V20_WPT: (namespaces.V20_WPT, *_V20_IMPORTS),
    namespaces.V20_ACDP: (namespaces.V20_ACDP, *_V20_IMPORTS),
    namespaces.V2: (namespaces.V2, namespaces.V2_BODY, namespaces.V2_TYPES, namespaces.XMLDSIG),
    namespaces.DIN: (namespaces.DIN, namespaces.DIN_BODY, namespaces.DIN_TYPES, namespaces.XMLDSIG),
}
"""The namespace of each set, and the namespaces whose elements are in it."""
