"""Elements made up from the definitions, for property tests, fuzzing and comparison with other codecs.

A maker decides what is optional, how long lists are and which values stand there; `made` builds the element.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from protocols.exi.messages import xmldsig
from protocols.exi.model import (
    Alternative,
    BooleanValue,
    ElementValue,
    EnumValue,
    Field,
    SimpleValue,
    choice_groups,
    model_of,
)
from protocols.exi.schema import UNBOUNDED, Binary, Element, IntegerRange, Text
from protocols.exi.sets import schema_set

LETTERS = "abcXYZ 0189-_.äßéЖ中\U0001f697\U0010fffd"
LONG_LIST = 300
"""Items in a list without a maximum, where it should be long."""


class Maker:
    """Chance decides everything; lists are short. Nothing is empty and no string begins or ends with a blank, which
    other codecs may drop."""

    def __init__(self, seed: object = 0, most: int = 3) -> None:
        self.chance = random.Random(repr(seed))
        self.most = most

    def sets(self, owner: type[Element], field: Field) -> bool:
        """Whether an optional field is set."""
        return self.chance.random() < 0.5

    def length(self, owner: type[Element], field: Field) -> int:
        """How many items a list has."""
        return self.chance.randint(field.minimum, min(field.maximum, field.minimum + self.most))

    def pick(self, owner: type[Element], options: list[Any]) -> Any:
        """One of the members of a choice, or of the names that a field may take."""
        return self.chance.choice(options)

    def value(self, target: SimpleValue) -> Any:
        """A simple value."""
        chance = self.chance
        match target:
            case BooleanValue():
                return chance.random() < 0.5
            case EnumValue(enum):
                return chance.choice(list(enum))
            case IntegerRange(minimum, maximum):
                low, high = (-(2**200) if minimum is None else minimum), (2**200 if maximum is None else maximum)
                edges = [v for v in (low, 0, 127, 128, 16383, 16384, -1, -128, -129, 2**31, high) if low <= v <= high]
                return chance.choice([chance.choice(edges), chance.randint(low, high)])
            case Text(max_length=longest, is_id=is_id, min_length=shortest):
                if is_id:
                    return "id" + "".join(chance.choices("abc019-_.", k=chance.randint(0, 6)))
                length = chance.randint(max(shortest, 1), min(longest or 40, shortest + 40))
                inner = "".join(chance.choices(LETTERS, k=length))
                return "x" + inner[1:-1] + "x" if length > 1 else "x"
            case Binary(min_length=shortest, max_length=longest):
                most = min(shortest + 40 if longest is None else longest, shortest + 300)
                return chance.randbytes(chance.randint(max(shortest, 1), most))


class Longest(Maker):
    """Everything optional is set; strings and bytes are as long as they may be; lists have one item."""

    def sets(self, owner: type[Element], field: Field) -> bool:
        """Always."""
        return True

    def length(self, owner: type[Element], field: Field) -> int:
        """One, if none is not allowed."""
        return max(field.minimum, 1)

    def value(self, target: SimpleValue) -> Any:
        """The longest strings and bytes; any number."""
        match target:
            case Text(max_length=longest, is_id=False):
                length = longest or 300
                return "x" + "".join(self.chance.choices("ab\U0001f697ä中", k=length - 2)) + "x" if length > 1 else "x"
            case Binary(max_length=longest):
                return self.chance.randbytes(2000 if longest is None else longest)
            case _:
                return super().value(target)


class FullList(Maker):
    """As little as possible, but one list of one type at its maximum, and what leads there."""

    def __init__(self, owner: type[Element], field: Field) -> None:
        super().__init__((owner.__name__, field.name))
        self.owner = owner
        self.full = field

    def sets(self, owner: type[Element], field: Field) -> bool:
        """Only what leads to the list."""
        return any(self._leads(a) for a in field.alternatives)

    def length(self, owner: type[Element], field: Field) -> int:
        """The most in the one list, one in those that lead to it, else the least."""
        if owner is self.owner and field == self.full:
            return min(field.maximum, LONG_LIST) if field.maximum == UNBOUNDED else field.maximum
        return max(field.minimum, int(self.sets(owner, field)))

    def pick(self, owner: type[Element], options: list[Any]) -> Any:
        """What leads to the list, else the first."""
        for option in options:
            alternatives = option.alternatives if isinstance(option, Field) else [option]
            if any(self._leads(a) for a in alternatives):
                return option
        return options[0]

    def _leads(self, alternative: Alternative) -> bool:
        value = alternative.value
        return isinstance(value, ElementValue) and self.owner in types_in(value.cls)


def made(cls: type[Element], maker: Maker) -> Element:
    """One element of type `cls`."""
    while True:
        element = _made(cls, maker)
        if WHOLE.get(cls, _always)(element):
            return element
        maker = Maker(maker.chance.random())


def _made(cls: type[Element], maker: Maker) -> Element:
    values: dict[str, Any] = {}
    for group in choice_groups(model_of(cls).fields):
        field = group[0]
        if field.choice is not None:
            if field.choice.required or any(maker.sets(cls, f) for f in group):
                chosen = maker.pick(cls, list(group))
                values[chosen.name] = _one(cls, chosen, maker)
        elif field.is_list:
            values[field.name] = [_one(cls, field, maker) for _ in range(maker.length(cls, field))]
        elif field.minimum or maker.sets(cls, field):
            values[field.name] = _one(cls, field, maker)
    return cls(**values)


def _one(cls: type[Element], field: Field, maker: Maker) -> Any:
    options = [a for a in field.alternatives if a.value is not None]
    value = (options[0] if len(options) == 1 else maker.pick(cls, options)).value
    return made(value.cls, maker) if isinstance(value, ElementValue) else maker.value(value)


def _always(_: Element) -> bool:
    return True


def _in_pairs(key: Any) -> bool:
    return (key.P is None) == (key.Q is None) and (key.Seed is None) == (key.PgenCounter is None)


def _has_any(element: Any) -> bool:
    return any(getattr(element, f.name) for f in model_of(type(element)).elements)


WHOLE: dict[type[Element], Callable[[Any], bool]] = {
    xmldsig.DSAKeyValueType: _in_pairs,
    xmldsig.KeyValueType: lambda key: (key.DSAKeyValue is None) != (key.RSAKeyValue is None),
    xmldsig.KeyInfoType: _has_any,
    xmldsig.PGPDataType: lambda data: data.PGPKeyID is not None or data.PGPKeyPacket is not None,
    xmldsig.X509DataType: _has_any,
}
"""What the types of other content than a row of fields ask for."""


@cache
def types_in(cls: type[Element]) -> frozenset[type[Element]]:
    """All types that may stand in an element of type `cls`, itself included."""
    seen: set[type[Element]] = set()
    waiting = [cls]
    while waiting:
        one = waiting.pop()
        if one not in seen:
            seen.add(one)
            values = [a.value for f in model_of(one).fields for a in f.alternatives]
            waiting += [v.cls for v in values if isinstance(v, ElementValue)]
    return frozenset(seen)


NOT_CARRIED = (xmldsig.SignaturePropertyType, xmldsig.SignaturePropertiesType)
"""Their content is always foreign, so that no document of theirs is ever carried."""


def roots_of(namespace: str) -> dict[str, type[Element]]:
    """The documents of a schema set that can be made up."""
    return {n: c for n, c in schema_set(namespace).messages.items() if c not in NOT_CARRIED}


def lists_of(namespace: str) -> Iterator[tuple[type[Element], type[Element], Field]]:
    """For each list of each document: the document's root, the type that has the list, and the list."""
    for root in roots_of(namespace).values():
        for cls in sorted(types_in(root) - set(NOT_CARRIED), key=lambda c: c.__name__):
            for field in model_of(cls).fields:
                if field.is_list:
                    yield root, cls, field
