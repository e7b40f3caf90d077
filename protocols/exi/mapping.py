"""Messages as JSON: element names as in the schema, hexBinary in upper-case hex, base64Binary in base64."""

from __future__ import annotations

import base64
import binascii
from functools import cache
from typing import Any

from protocols.exi.bits import Refused
from protocols.exi.errors import ExiError
from protocols.exi.model import (
    Alternative,
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
        raise ExiError(f"{name} is no message of {namespace}.")
    path: list[str] = []
    try:
        return _element_from_json(messages[name], content, path)
    except Refused as refusal:
        where = f"{name}: element {'/'.join(path)}" if path else name
        raise ExiError(f"{where}: {refusal}.") from None


def _element_to_json(element: Element) -> dict[str, Json]:
    result: dict[str, Json] = {}
    for field in model_of(type(element)).fields:
        value = getattr(element, field.name)
        if value is None or (field.is_list and not value):
            continue
        alternative = field.alternatives[0]
        name = element_name(type(value)) if field.is_substitution else alternative.name
        if field.is_list:
            result[name] = [_value_to_json(alternative.value, item) for item in value]
        else:
            result[name] = _value_to_json(alternative.value, value)
    return result


def _value_to_json(target: Value | None, value: Any) -> Json:
    if isinstance(value, Element):
        return _element_to_json(value)
    if isinstance(target, Binary):
        return value.hex().upper() if target.as_hex else base64.b64encode(value).decode()
    return str(value) if isinstance(target, EnumValue) else value


@cache
def _fields_by_key(cls: type[Element]) -> dict[str, tuple[Field, Alternative]]:
    return {a.name: (f, a) for f in model_of(cls).fields for a in f.alternatives if a.value is not None}


def _element_from_json(cls: type[Element], content: Json, path: list[str]) -> Element:
    if not isinstance(content, dict):
        raise Refused(f"it must be an object, not {content!r:.40}")
    fields = _fields_by_key(cls)
    values: dict[str, Any] = {}
    for key, item in content.items():
        if key not in fields:
            known = ", ".join(fields) or "nothing"
            raise Refused(f"{key} is not known here; known: {known}")
        field, alternative = fields[key]
        if field.name in values:
            raise Refused(f"{key} may not stand beside another {field.name}")
        path.append(key)
        values[field.name] = _field_from_json(field, alternative, item, path)
        path.pop()
    for field in model_of(cls).fields:
        required = field.minimum if field.is_list else field.minimum and field.choice is None
        if required and field.name not in values:
            raise Refused(f"{' or '.join(a.name for a in field.alternatives if a.value)} is missing")
    return cls(**values)


def _field_from_json(field: Field, alternative: Alternative, item: Json, path: list[str]) -> Any:
    target = alternative.value
    if target is None:
        raise Refused("it is abstract")
    if not field.is_list:
        return _value_from_json(target, item, path)
    if not isinstance(item, list):
        raise Refused(f"it must be an array, not {item!r:.40}")
    return [_value_from_json(target, entry, path) for entry in item]


def _value_from_json(target: Value, item: Json, path: list[str]) -> Any:
    if isinstance(target, ElementValue):
        return _element_from_json(target.cls, item, path)
    return _simple_from_json(target, item)


def _simple_from_json(target: SimpleValue, item: Json) -> Any:
    match target:
        case BooleanValue():
            if type(item) is not bool:
                raise Refused(f"it must be true or false, not {item!r:.40}")
            return item
        case IntegerRange():
            if type(item) is not int:
                raise Refused(f"it must be a whole number, not {item!r:.40}")
            return item
        case EnumValue(enum):
            members: list[str] = list(enum)
            if not isinstance(item, str) or item not in members:
                raise Refused(f"{item!r:.40} is not one of {', '.join(members)}")
            return enum(item)
        case Text():
            if not isinstance(item, str):
                raise Refused(f"it must be a string, not {item!r:.40}")
            return item
        case Binary(as_hex=as_hex):
            return _bytes_from_json(item, as_hex)


def _bytes_from_json(item: Json, as_hex: bool) -> bytes:
    form = "hexadecimal" if as_hex else "base64"
    if not isinstance(item, str):
        raise Refused(f"it must be a string of {form}, not {item!r:.40}")
    try:
        return bytes.fromhex(item) if as_hex else base64.b64decode(item, validate=True)
    except (ValueError, binascii.Error):
        raise Refused(f"{item!r:.40} is no {form}") from None
