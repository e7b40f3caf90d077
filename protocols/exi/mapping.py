"""Messages as JSON: element names as in the schema, hexBinary in upper-case hex, base64Binary in base64."""

from __future__ import annotations

import base64
import binascii
import difflib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from typing import Any

from protocols.exi.bits import Refused
from protocols.exi.elements import table_of
from protocols.exi.errors import ExiError
from protocols.exi.model import (
    BooleanValue,
    ElementValue,
    EnumValue,
    Field,
    SimpleValue,
    Value,
    element_name,
    model_of,
)
from protocols.exi.schema import Binary, Element, IntegerRange, Text
from protocols.exi.sets import schema_set

Json = Any
Conversion = Callable[[Any], Any]

_SHOWN = 40
_FEW = 12
"""Characters of a wrong value, and words of an enumeration, that an error still shows."""


def to_json(message: Element) -> dict[str, Json]:
    """`{name: content}` of a message, ready for `json.dumps`; what is not set is left out.

    Integers may exceed 64 bits (certificate serial numbers).
    """
    return {element_name(type(message)): _element_to_json(message)}


def from_json(namespace: str, document: Json) -> Element:
    """The message that `to_json` gave; ExiError names message and element where the document does not fit.

    Bounds of values are checked by `encode`.
    """
    messages = schema_set(namespace).messages
    if not isinstance(document, dict) or len(document) != 1:
        raise ExiError("A message in JSON is an object with one key, the message's name.")
    ((name, content),) = document.items()
    if name not in messages:
        raise ExiError(f"{name!s:.80} is no message of {namespace}.")
    with _told(name):
        return _element_from_json(messages[name], content)


def fragment_to_json(namespace: str, name: str, content: Any) -> dict[str, Json]:
    """`{name: content}` of what `decode_fragment` gave."""
    if isinstance(content, Element):
        return {name: _element_to_json(content)}
    convert = _writing_one(next(v for v in _values(namespace, name) if not isinstance(v, ElementValue)))
    return {name: content if convert is None else convert(content)}


def fragment_from_json(namespace: str, document: Json) -> tuple[str, Any]:
    """Name and content, ready for `encode_fragment`; ExiError as in `from_json`."""
    if not isinstance(document, dict) or len(document) != 1:
        raise ExiError("A fragment in JSON is an object with one key, the element's name.")
    ((name, content),) = document.items()
    of_kind = [v for v in _values(namespace, name) if isinstance(v, ElementValue) == isinstance(content, dict)]
    if not of_kind:
        raise ExiError(f"{name!s:.80}: it may not be {_shown(content)} in a fragment of {namespace}.")
    value = of_kind[0]
    with _told(str(name)):
        if isinstance(value, ElementValue):
            return name, _element_from_json(value.cls, content)
        return name, _reading_simple(value)(content)


def _values(namespace: str, name: Any) -> tuple[Value, ...]:
    table = table_of(namespace)
    if not isinstance(name, str) or name not in table.codes:
        raise ExiError(f"{name!s:.80} is no element of {namespace}.")
    return table.slots[table.codes[name]].values


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Turns a refusal into the sentence that the caller reads."""
    try:
        yield
    except _RefusedAt as refusal:
        where = f"{name}: element {'/'.join(refusal.path)}" if refusal.path else name
        raise ExiError(f"{where}: {refusal}.") from None


class _RefusedAt(Refused):
    """A refusal that learns its path on the way up."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.path: list[str] = []


# To JSON.


def _element_to_json(element: Element) -> dict[str, Json]:
    result: dict[str, Json] = {}
    for name, key, convert in _writing_plan(element.__class__):
        value = getattr(element, name)
        if value is None:
            continue
        if convert is not None:
            value = convert(value)
            if value is None:
                continue
        result[key or element_name(type(getattr(element, name)))] = value
    return result


@cache
def _writing_plan(cls: type[Element]) -> tuple[tuple[str, str, Conversion | None], ...]:
    """For each field its key (none where the class of the value decides) and its conversion, if it needs one."""
    return tuple(
        (f.name, "" if f.is_substitution else f.alternatives[0].name, _writing(f)) for f in model_of(cls).fields
    )


def _writing(field: Field) -> Conversion | None:
    one = _element_to_json if field.is_substitution else _writing_one(field.alternatives[0].value)
    if not field.is_list:
        return one
    if one is None:
        return lambda items: list(items) or None
    return lambda items: [one(item) for item in items] or None


def _writing_one(target: Value | None) -> Conversion | None:
    match target:
        case ElementValue():
            return _element_to_json
        case EnumValue():
            return str
        case Binary(as_hex=True):
            return lambda data: data.hex().upper()
        case Binary():
            return lambda data: base64.b64encode(data).decode()
        case _:
            return None


# From JSON.


def _element_from_json(cls: type[Element], content: Json) -> Element:
    if not isinstance(content, dict):
        raise _RefusedAt(f"it must be an object, not {_shown(content)}")
    plan, required = _reading_plan(cls)
    values: dict[str, Any] = {}
    for key, item in content.items():
        if key not in plan:
            raise _RefusedAt(f"{key!s:.80} is not known here; known: {', '.join(plan) or 'nothing'}")
        name, convert = plan[key]
        if name in values:
            raise _RefusedAt(f"{key} may not stand beside another {name}")
        try:
            values[name] = convert(item)
        except _RefusedAt as refusal:
            refusal.path.insert(0, key)
            raise
    for name, names in required:
        if name not in values:
            raise _RefusedAt(f"{names} is missing")
    return cls(**values)


@cache
def _reading_plan(
    cls: type[Element],
) -> tuple[dict[str, tuple[str, Conversion]], tuple[tuple[str, str], ...]]:
    """For each key its field and conversion; and each required field with the keys that would do."""
    fields = model_of(cls).fields
    plan = {a.name: (f.name, _reading(f, a.value)) for f in fields for a in f.alternatives if a.value is not None}
    required = tuple(
        (f.name, " or ".join(a.name for a in f.alternatives if a.value is not None))
        for f in fields
        if f.minimum and f.choice is None
    )
    return plan, required


def _reading(field: Field, target: Value) -> Conversion:
    one = partial(_element_from_json, target.cls) if isinstance(target, ElementValue) else _reading_simple(target)
    return partial(_list_from_json, one) if field.is_list else one


def _list_from_json(one: Conversion, items: Json) -> list[Any]:
    if not isinstance(items, list):
        raise _RefusedAt(f"it must be an array, not {_shown(items)}")
    return [one(item) for item in items]


def _reading_simple(target: SimpleValue) -> Conversion:
    match target:
        case BooleanValue():
            return partial(_of_type, bool, "true or false")
        case IntegerRange():
            return partial(_of_type, int, "a whole number")
        case Text():
            return partial(_of_type, str, "a string")
        case EnumValue(enum):
            return partial(_member, {str(m): m for m in enum})
        case Binary(as_hex=True):
            return partial(_bytes, bytes.fromhex, "hexadecimal")
        case Binary():
            return partial(_bytes, partial(base64.b64decode, validate=True), "base64")


def _of_type(kind: type, words: str, item: Json) -> Any:
    if type(item) is not kind:
        raise _RefusedAt(f"it must be {words}, not {_shown(item)}")
    return item


def _member(members: dict[str, Any], item: Json) -> Any:
    if not isinstance(item, str) or item not in members:
        raise _RefusedAt(f"{_shown(item)} is not one of {_some(item, tuple(members))}")
    return members[item]


def _bytes(decode: Conversion, form: str, item: Json) -> Any:
    if not isinstance(item, str):
        raise _RefusedAt(f"it must be a string of {form}, not {_shown(item)}")
    try:
        return decode(item)
    except (ValueError, binascii.Error):
        raise _RefusedAt(f"{_shown(item)} is no {form}") from None


def _shown(value: Json) -> str:
    """``value`` as it stands in the JSON, shortened."""
    text = json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _some(word: Json, words: tuple[str, ...]) -> str:
    """All of a few words; of many, those that come near ``word``."""
    if len(words) <= _FEW:
        return ", ".join(words)
    near = difflib.get_close_matches(str(word)[:_SHOWN], words) or words[:3]
    return f"the {len(words)} known: {', '.join(near)}, …"
