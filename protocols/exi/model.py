"""Reads the typed definitions and turns each class into a plain table of its fields and value types."""

from __future__ import annotations

import types
import typing
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from protocols.exi.schema import (
    ATTRIBUTE,
    CONTENT,
    SUBSTITUTION,
    Alternatives,
    Binary,
    Choice,
    Element,
    IntegerRange,
    Name,
    Occurs,
    Particle,
    Repeat,
    Text,
)


@dataclass(frozen=True)
class BooleanValue:
    """xs:boolean."""


@dataclass(frozen=True)
class EnumValue:
    """One of the members of an enumeration, coded by their order."""

    enum: type[StrEnum]


@dataclass(frozen=True)
class ElementValue:
    """A complex type."""

    cls: type[Element]


SimpleValue = BooleanValue | IntegerRange | Text | Binary | EnumValue
Value = SimpleValue | ElementValue


@dataclass(frozen=True)
class Alternative:
    """An element name a field may take; no value marks the abstract head of a substitution group."""

    name: str
    value: Value | None


@dataclass(frozen=True)
class Field:
    """A field of a class: an attribute, an element, or the character content."""

    name: str
    alternatives: tuple[Alternative, ...]
    minimum: int
    maximum: int
    is_list: bool = False
    is_attribute: bool = False
    is_content: bool = False
    choice: Choice | None = None

    @property
    def is_substitution(self) -> bool:
        """Whether the class of the value decides the element's name."""
        return any(isinstance(a.value, ElementValue) and a.name != self.name for a in self.alternatives)


@dataclass(frozen=True, eq=False)
class TypeModel:
    """A class: attributes in their order on the wire, then elements (or character content) in schema order."""

    cls: type[Element]
    attributes: tuple[Field, ...]
    elements: tuple[Field, ...]
    particles: tuple[Particle, ...]

    @property
    def is_plain(self) -> bool:
        """Whether the content is simply the fields in order."""
        return self.cls.content is None

    @property
    def fields(self) -> tuple[Field, ...]:
        """All fields, attributes first."""
        return self.attributes + self.elements


def element_name(cls: type[Element]) -> str:
    """The name under which a value of this class stands in a document: the class name without "Type"."""
    return cls.__name__.removesuffix("Type")


@cache
def model_of(cls: type[Element]) -> TypeModel:
    """The model of one class; TypeError for a definition this package does not understand."""
    hints = typing.get_type_hints(cls, include_extras=True)
    fields = [_field(cls, name, hints[name]) for name in cls.__struct_fields__]
    elements = tuple(f for f in fields if not f.is_attribute)
    attributes = sorted((f for f in fields if f.is_attribute), key=lambda f: f.name)
    particles = _sequence_of(elements) if cls.content is None else (cls.content,)
    return TypeModel(cls, tuple(attributes), elements, particles)


def _field(cls: type[Element], name: str, hint: Any) -> Field:
    core, notes, optional = _unwrap(hint)
    occurs = next((n for n in notes if isinstance(n, Occurs)), None)
    if typing.get_origin(core) is list:
        if occurs is None:
            raise TypeError(f"{cls.__name__}.{name} is a list without Occurs.")
        core, notes, _ = _unwrap(typing.get_args(core)[0])
    choice = next((n for n in notes if isinstance(n, Choice)), None)
    is_attribute, is_content = ATTRIBUTE in notes, CONTENT in notes
    if SUBSTITUTION in notes:
        alternatives = _substitution_group(name, core)
    else:
        alternatives = (Alternative(name, _value(cls, name, core, notes)),)
    return Field(
        name,
        alternatives,
        minimum=occurs.minimum if occurs else int(not optional),
        maximum=occurs.maximum if occurs else 1,
        is_list=occurs is not None,
        is_attribute=is_attribute,
        is_content=is_content,
        choice=choice,
    )


def _unwrap(hint: Any) -> tuple[Any, tuple[Any, ...], bool]:
    """Splits a type hint into its bare type, all its annotations, and whether None is allowed."""
    notes: tuple[Any, ...] = ()
    optional = False
    while True:
        if typing.get_origin(hint) is typing.Annotated:
            notes += hint.__metadata__
            hint = hint.__origin__
        elif isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
            members = [m for m in typing.get_args(hint) if m is not types.NoneType]
            if len(members) == len(typing.get_args(hint)):
                return hint, notes, optional
            optional = True
            if len(members) > 1:
                return typing.Union[tuple(members)], notes, True  # noqa: UP007
            hint = members[0]
        else:
            return hint, notes, optional


def _value(cls: type[Element], name: str, core: Any, notes: tuple[Any, ...]) -> Value:
    if core is bool:
        return BooleanValue()
    if isinstance(core, type) and issubclass(core, StrEnum):
        return EnumValue(core)
    if isinstance(core, type) and issubclass(core, Element):
        return ElementValue(core)
    for note in notes:
        if isinstance(note, IntegerRange | Text | Binary):
            return note
    raise TypeError(f"{cls.__name__}.{name} has no EXI representation.")


def _substitution_group(head: str, core: Any) -> tuple[Alternative, ...]:
    """Members and head sorted by name; a head that no member implements keeps its slot without a value."""
    members = typing.get_args(core) or (core,)
    slots: dict[str, Value | None] = {head: None}
    slots.update({element_name(m): ElementValue(m) for m in members})
    return tuple(Alternative(name, slots[name]) for name in sorted(slots))


def _sequence_of(fields: tuple[Field, ...]) -> tuple[Particle, ...]:
    """One particle for each field, neighbouring fields of a choice together."""
    particles: list[Particle] = []
    for group in choice_groups(fields):
        choice = group[0].choice
        if choice is not None:
            names = Alternatives(tuple(Name(f.name) for f in group))
            particles.append(names if choice.required else Repeat(names, 0, 1))
        else:
            field = group[0]
            single = field.minimum == field.maximum == 1
            particles.append(Name(field.name) if single else Repeat(Name(field.name), field.minimum, field.maximum))
    return tuple(particles)


def choice_groups(fields: tuple[Field, ...]) -> list[tuple[Field, ...]]:
    """The fields, those of one choice as one group."""
    groups: list[list[Field]] = []
    for field in fields:
        if field.choice is not None and groups and groups[-1][0].choice == field.choice:
            groups[-1].append(field)
        else:
            groups.append([field])
    return [tuple(g) for g in groups]
