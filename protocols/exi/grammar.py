"""The schema-informed, non-strict grammar of a type: in each state, which events may come and how they are coded.

Events in a state are numbered attributes first (sorted), then elements in schema order, elements of any name, the end
of the element, mixed text (EXI 1.0, 8.5.4). As the grammars are not strict, each state keeps one more code as an escape
to undeclared content, so the number of bits is that of the number of events.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cache, cached_property

from protocols.exi.model import Alternative, Field, TypeModel, model_of
from protocols.exi.schema import (
    UNBOUNDED,
    Alternatives,
    Anything,
    Element,
    Name,
    Particle,
    Repeat,
    Sequence,
)

Rest = tuple[Particle, ...]
"""What is still to come, as particles one after the other."""


class Kind(Enum):
    """What an event is."""

    ATTRIBUTE = "attribute"
    ELEMENT = "element"
    CONTENT = "character content"
    END = "end of the element"
    TEXT = "text between elements"
    ANYTHING = "an element of any name"


@dataclass(frozen=True)
class Event:
    """One event that a state allows, and the state after it."""

    kind: Kind
    after: State
    field: Field | None = None
    alternative: Alternative | None = None


class State:
    """A point in the content of a type, and what may follow there."""

    def __init__(self, grammar: Grammar, rest: Rest) -> None:
        self._grammar = grammar
        self._rest = rest

    @cached_property
    def events(self) -> tuple[Event, ...]:
        """The events allowed here, in the order of their codes."""
        return tuple(self._grammar.events_after(self._rest))

    @cached_property
    def width(self) -> int:
        """Bits of an event code here, the escape included."""
        return len(self.events).bit_length()


class Grammar:
    """The states of one type. Long lists never unroll: a state is computed when it is asked for."""

    def __init__(self, model: TypeModel) -> None:
        self.model = model
        self._fields = {f.name: f for f in model.fields}
        self._states: dict[Rest, State] = {}

    @cached_property
    def particles(self) -> Rest:
        """The whole content: one particle for each attribute, then the elements."""
        return tuple(_attribute(f) for f in self.model.attributes) + self.model.particles

    @cached_property
    def start(self) -> State:
        """Where the content begins."""
        return self.state(self.particles)

    def state(self, rest: Rest) -> State:
        """The state in which `rest` is still to come."""
        if rest not in self._states:
            self._states[rest] = State(self, rest)
        return self._states[rest]

    def events_after(self, rest: Rest) -> Iterator[Event]:
        """The events that may come when `rest` is still to come."""
        names, may_end = _first(rest)
        for name, after in names:
            if isinstance(name, Name):
                field = self._fields[name.field]
                for alternative in field.alternatives:
                    yield Event(_kind(field), self.state(after), field, alternative)
        for name, after in names:
            if isinstance(name, Anything):
                yield Event(Kind.ANYTHING, self.state(after))
        if may_end:
            yield Event(Kind.END, self.state(()))
        if self.model.cls.mixed and not self._awaits_attribute(rest):
            yield Event(Kind.TEXT, self.state(rest))

    def _awaits_attribute(self, rest: Rest) -> bool:
        return any(isinstance(p, Name) and self._fields[p.field].is_attribute for p in rest)


def _attribute(field: Field) -> Particle:
    return Name(field.name) if field.minimum else Repeat(Name(field.name), 0, 1)


def _kind(field: Field) -> Kind:
    if field.is_attribute:
        return Kind.ATTRIBUTE
    return Kind.CONTENT if field.is_content else Kind.ELEMENT


def _first(state: Rest) -> tuple[list[tuple[Name | Anything, Rest]], bool]:
    """The names that may come first, each with the state after it, and whether nothing need come at all."""
    if not state:
        return [], True
    head, rest = state[0], state[1:]
    match head:
        case Name() | Anything():
            return [(head, rest)], False
        case Sequence(parts):
            return _first(parts + rest)
        case Alternatives(parts):
            found = [_first((part, *rest)) for part in parts]
            return [name for names, _ in found for name in names], any(end for _, end in found)
        case Repeat(part, minimum, maximum):
            if maximum == 0:
                return _first(rest)
            left = maximum if maximum == UNBOUNDED else maximum - 1
            again = Repeat(part, max(minimum - 1, 0), left)
            names, _ = _first((part, again, *rest))
            if minimum > 0:
                return names, False
            more, may_end = _first(rest)
            return names + more, may_end


@cache
def grammar_of(cls: type[Element]) -> Grammar:
    """The grammar of one class."""
    return Grammar(model_of(cls))
