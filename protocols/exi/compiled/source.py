"""Python source under construction, and how much of a message is written into one function."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from protocols.exi.grammar import Grammar, State, grammar_of
from protocols.exi.model import Alternative, ElementValue, Field, TypeModel, choice_groups, model_of
from protocols.exi.schema import UNBOUNDED, Element, IntegerRange, Name, Particle, Repeat

INLINE_LIMIT = 12
"""Types with at most so many values are written into the code of the element around them."""


class Lines:
    """Lines of Python with indentation, fresh variable names, and the objects they refer to."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.objects: dict[str, Any] = {}
        self._depth = 0
        self._names = 0

    @property
    def depth(self) -> int:
        """How deep the next line stands; 1 is the body of the function."""
        return self._depth

    def line(self, text: str) -> None:
        """Appends one line at the present depth."""
        self.lines.append("    " * self._depth + text)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Everything inside stands one step deeper, under `head`."""
        self.line(head)
        self._depth += 1
        yield
        self._depth -= 1

    def fresh(self, prefix: str = "v") -> str:
        """A variable name not used before."""
        self._names += 1
        return f"{prefix}{self._names}"

    def constant(self, name: str, value: Any) -> str:
        """Makes `value` known to the code as `name`; TypeError if that name is taken by something else."""
        if self.objects.setdefault(name, value) != value:
            raise TypeError(f"Two definitions in one schema set are called {name}.")
        return name


@dataclass(frozen=True, eq=False)
class Slot:
    """A place in the content of a plain type: one field, or the fields of one choice."""

    options: tuple[tuple[Field, Alternative], ...]
    minimum: int
    maximum: int
    before: State
    after: State
    again: State | None
    """In a list that is not full: what may come after one more item."""
    must: State | None = None
    """In a list of at least two: what comes after one item, while more are asked for."""

    @property
    def field(self) -> Field:
        """The field, where there is only one."""
        return self.options[0][0]

    @property
    def is_list(self) -> bool:
        """Whether the field is repeated."""
        return self.field.is_list

    @property
    def is_choice(self) -> bool:
        """Whether several fields share this place."""
        return self.field.choice is not None


@dataclass(frozen=True, eq=False)
class Layout:
    """The slots of a plain type in the order of the wire."""

    model: TypeModel
    slots: tuple[Slot, ...]
    end: State


@cache
def layout_of(cls: type[Element]) -> Layout | None:
    """The slots of a type, or None where its content is not a plain row of them."""
    model = model_of(cls)
    lists = [f for f in model.fields if f.is_list]
    if not model.is_plain or cls.mixed or any(_is_odd(f) for f in lists):
        return None
    if any(isinstance(a.value, IntegerRange) and a.value.outliers for f in model.fields for a in f.alternatives):
        return None
    grammar = grammar_of(cls)
    groups = [(f,) for f in model.attributes] + choice_groups(model.elements)
    rests = [grammar.particles[i:] for i in range(len(groups) + 1)]
    slots = tuple(_slot(group, grammar, rests[i], rests[i + 1]) for i, group in enumerate(groups))
    return Layout(model, slots, grammar.state(()))


def _slot(group: tuple[Field, ...], grammar: Grammar, rest: tuple[Particle, ...], after: tuple[Particle, ...]) -> Slot:
    field = group[0]
    again = None
    if field.is_list and field.maximum > 1:
        left = field.maximum if field.maximum == UNBOUNDED else field.maximum - 1
        again = grammar.state((Repeat(Name(field.name), 0, left), *after))
    must = None
    if field.minimum > 1:
        must = grammar.state((Repeat(Name(field.name), field.minimum - 1, field.maximum - 1), *after))
    minimum = int(field.choice.required) if field.choice else field.minimum
    return Slot(
        options=tuple((f, a) for f in group for a in f.alternatives),
        minimum=minimum,
        maximum=field.maximum,
        before=grammar.state(rest),
        after=grammar.state(after),
        again=again,
        must=must,
    )


def _is_odd(field: Field) -> bool:
    """Whether a list is of a kind that compiled code does not write: of any member of a substitution group, or of at
    least two items and without a limit, or of just so many."""
    return field.is_substitution or (field.minimum > 1 and field.maximum in (field.minimum, UNBOUNDED))


@cache
def weight_of(cls: type[Element]) -> int:
    """How many values a type writes; too many for inlining where it has lists or no plain layout."""
    layout = layout_of(cls)
    too_many = INLINE_LIMIT + 1
    if layout is None or any(s.is_list for s in layout.slots):
        return too_many
    return sum(_weight(a) for s in layout.slots for _, a in s.options)


def is_inlined(cls: type[Element]) -> bool:
    """Whether the code of this type stands in that of the element around it."""
    return weight_of(cls) <= INLINE_LIMIT


def _weight(alternative: Alternative) -> int:
    value = alternative.value
    if isinstance(value, ElementValue) and is_inlined(value.cls):
        return weight_of(value.cls)
    return 1
