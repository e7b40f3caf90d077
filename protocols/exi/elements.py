"""Every element that a schema set declares, global ones and those inside types: what a fragment may start with.

Two elements of one name and namespace may have different types (eMAID in ISO 15118-2): their content is then coded by
a grammar that allows everything (EXI 1.0, 8.5.3).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import import_module

from protocols.exi import messages, namespaces
from protocols.exi.model import ElementValue, Field, Value, model_of
from protocols.exi.schema import Element
from protocols.exi.sets import SchemaSet, schema_set

QName = tuple[str, str]
"""Local name, then namespace: the order in which EXI sorts."""

_HOME = {
    "app_protocol": namespaces.APP_PROTOCOL,
    "xmldsig": namespaces.XMLDSIG,
    "common_types": namespaces.V20_COMMON_TYPES,
    "common": namespaces.V20_COMMON,
    "ac": namespaces.V20_AC,
    "dc": namespaces.V20_DC,
    "wpt": namespaces.V20_WPT,
    "acdp": namespaces.V20_ACDP,
    "v2": namespaces.V2_BODY,
    "v2_types": namespaces.V2_TYPES,
    "din": namespaces.DIN_BODY,
    "din_types": namespaces.DIN_TYPES,
}
"""The namespace in which each module of definitions stands."""

_ELSEWHERE = {
    ("v2", "V2G_Message"): namespaces.V2,
    ("v2_types", "MessageHeaderType"): namespaces.V2_HEADER,
    ("din", "V2G_Message"): namespaces.DIN,
    ("din", "BodyType"): namespaces.DIN,
    ("din_types", "MessageHeaderType"): namespaces.DIN_HEADER,
}
"""Types that stand in another namespace than the rest of their module."""

_UNQUALIFIED_ELEMENTS = frozenset({namespaces.APP_PROTOCOL})
"""Namespaces that only their global elements carry."""
_QUALIFIED_ATTRIBUTES = frozenset({namespaces.V2_BODY, namespaces.V2_TYPES, namespaces.V20_COMMON})
"""Namespaces whose attributes carry the namespace too."""


@dataclass(frozen=True)
class ElementSlot:
    """An element name of a schema set and what it may hold; nothing for the head of a substitution group."""

    label: str
    """The local name; with the namespace in front, as {namespace}name, where a namesake comes first."""
    qname: QName
    values: tuple[Value, ...]


class ElementTable:
    """All element and attribute names of one schema set, in the order of their codes."""

    def __init__(self, schema_set: SchemaSet) -> None:
        self.globals = {
            (name, namespace): cls for namespace, declared in schema_set.declared for name, cls in declared.items()
        }
        self.classes = _types_of({namespace for namespace, _ in schema_set.declared})

    @cached_property
    def slots(self) -> tuple[ElementSlot, ...]:
        """All elements, each name once."""
        found: dict[QName, list[Value]] = {
            qname: [ElementValue(cls)] if cls is not None else [] for qname, cls in self.globals.items()
        }
        for cls in self.classes:
            for qname, value in self._elements_in(cls):
                values = found.setdefault(qname, [])
                if value is not None and value not in values:
                    values.append(value)
        names = sorted(found)
        first = dict(reversed(names))
        return tuple(
            ElementSlot(
                name if first[name] == namespace else f"{{{namespace}}}{name}", (name, namespace), tuple(values)
            )
            for name, namespace in names
            for values in [found[name, namespace]]
        )

    @cached_property
    def codes(self) -> dict[str, int]:
        """The code of each label."""
        return {slot.label: code for code, slot in enumerate(self.slots)}

    @cached_property
    def attributes(self) -> tuple[QName, ...]:
        """The names of all attributes, sorted."""
        return tuple(sorted({attribute_name(cls, f) for cls in self.classes for f in model_of(cls).attributes}))

    def _elements_in(self, cls: type[Element]) -> Iterator[tuple[QName, Value | None]]:
        for field in model_of(cls).elements:
            if field.is_content:
                continue
            for alternative in field.alternatives:
                yield self.qname(cls, field, alternative.name, alternative.value), alternative.value

    def qname(self, cls: type[Element], field: Field, name: str, value: Value | None) -> QName:
        """A substitution and a signature are references to global elements; all else is declared in its type."""
        if field.is_substitution:
            return next(qname for qname in self.globals if qname[0] == name)
        if isinstance(value, ElementValue) and self.globals.get((name, namespaces.XMLDSIG)) is value.cls:
            return name, namespaces.XMLDSIG
        namespace = namespace_of(_declaring(cls, field.name))
        return name, "" if namespace in _UNQUALIFIED_ELEMENTS else namespace


@cache
def table_of(namespace: str) -> ElementTable:
    """The elements of the schema set of `namespace`; ExiError for one that is not known."""
    return ElementTable(schema_set(namespace))


def _types_of(schemas: set[str]) -> tuple[type[Element], ...]:
    """All types that these namespaces define, whether any element has them or not."""
    modules = [import_module(f"{messages.__name__}.{name}") for name, home in _HOME.items() if home in schemas]
    return tuple(
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Element) and value.__module__ == module.__name__
    )


def attribute_name(cls: type[Element], field: Field) -> QName:
    """The full name of an attribute of `cls`; in most schemas attributes have no namespace."""
    namespace = namespace_of(_declaring(cls, field.name))
    return field.name, namespace if namespace in _QUALIFIED_ATTRIBUTES else ""


def namespace_of(cls: type[Element]) -> str:
    """The namespace whose schema defines the type `cls`."""
    module = cls.__module__.rpartition(".")[2]
    return _ELSEWHERE.get((module, cls.__name__)) or _HOME[module]


def _declaring(cls: type[Element], field: str) -> type[Element]:
    """The class in which a field of `cls` was first declared."""
    return next(
        c for c in reversed(cls.__mro__) if issubclass(c, Element) and field in vars(c).get("__annotations__", ())
    )
