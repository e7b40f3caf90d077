"""Which elements each namespace's schema set declares: the document grammar lists them all, sorted by name."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from types import ModuleType

from protocols.exi import namespaces
from protocols.exi.errors import ExiError
from protocols.exi.messages import ac, acdp, app_protocol, common, dc, din, din_types, v2, v2_types, wpt, xmldsig
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


def _messages(module: ModuleType) -> Declared:
    """The requests and responses that a module defines."""
    classes = [v for v in vars(module).values() if isinstance(v, type) and issubclass(v, Element)]
    return {c.__name__: c for c in classes if c.__module__ == module.__name__ and c.__name__.endswith(("Req", "Res"))}


def _elements(*classes: type[Element]) -> Declared:
    return {element_name(c): c for c in classes}


_XMLDSIG: Declared = {
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

_COMMON_TYPES: Declared = {"CLReqControlMode": None, "CLResControlMode": None}

_IMPORTED_BY_V20 = ((namespaces.V20_COMMON_TYPES, _COMMON_TYPES), (namespaces.XMLDSIG, _XMLDSIG))

_COMMON: Declared = {
    **_messages(common),
    **_elements(common.SignedInstallationDataType, common.SignedMeteringDataType),
}

_AC: Declared = {
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

_DC: Declared = {
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

_DIN_TYPES: Declared = {
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
    "SASchedules": None,
    "Entry": None,
    "TimeInterval": None,
    "EVSEStatus": None,
    "EVStatus": None,
    "EVChargeParameter": None,
    "EVSEChargeParameter": None,
    "EVPowerDeliveryParameter": None,
}

_DIN: tuple[tuple[str, Declared], ...] = (
    (namespaces.DIN, {**_elements(din.V2G_Message), "BodyElement": None}),
    (namespaces.DIN_BODY, _messages(din)),
    (namespaces.DIN_TYPES, _DIN_TYPES),
    (namespaces.XMLDSIG, _XMLDSIG),
)

_V2_TYPES: Declared = {
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
    "SASchedules": None,
    "Entry": None,
    "TimeInterval": None,
    "EVSEStatus": None,
    "EVStatus": None,
    "EVChargeParameter": None,
    "EVSEChargeParameter": None,
    "EVPowerDeliveryParameter": None,
}

_V2: tuple[tuple[str, Declared], ...] = (
    (namespaces.V2, _elements(v2.V2G_Message)),
    (namespaces.V2_BODY, {**_messages(v2), "BodyElement": None}),
    (namespaces.V2_TYPES, _V2_TYPES),
    (namespaces.XMLDSIG, _XMLDSIG),
)

SETS: dict[str, SchemaSet] = {
    s.namespace: s
    for s in (
        SchemaSet(namespaces.APP_PROTOCOL, ((namespaces.APP_PROTOCOL, _messages(app_protocol)),)),
        SchemaSet(namespaces.XMLDSIG, ((namespaces.XMLDSIG, _XMLDSIG),)),
        SchemaSet(namespaces.V20_COMMON, ((namespaces.V20_COMMON, _COMMON), *_IMPORTED_BY_V20)),
        SchemaSet(namespaces.V20_AC, ((namespaces.V20_AC, _AC), *_IMPORTED_BY_V20)),
        SchemaSet(namespaces.V20_DC, ((namespaces.V20_DC, _DC), *_IMPORTED_BY_V20)),
        SchemaSet(namespaces.V20_WPT, ((namespaces.V20_WPT, _messages(wpt)), *_IMPORTED_BY_V20)),
        SchemaSet(namespaces.V20_ACDP, ((namespaces.V20_ACDP, _messages(acdp)), *_IMPORTED_BY_V20)),
        SchemaSet(namespaces.V2, _V2),
        SchemaSet(namespaces.DIN, _DIN),
    )
}


def schema_set(namespace: str) -> SchemaSet:
    """The set of a namespace; ExiError for one that is not known."""
    try:
        return SETS[namespace]
    except KeyError:
        raise ExiError(f"The namespace {namespace} is not known; known are {', '.join(SETS)}.") from None
