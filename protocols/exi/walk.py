"""Reads and writes documents by walking the grammar event by event: slow, exact, and clear about what is wrong.

The compiled codec is the fast way. It calls here for the few types whose content is not plain, and when it has refused
something, to say in one sentence what and where.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from protocols.exi.bits import MAX_MAGNITUDE, BitReader, BitWriter, Refused, bounds, is_xml_id
from protocols.exi.errors import ExiError
from protocols.exi.grammar import Event, Grammar, Kind, State, grammar_of
from protocols.exi.model import (
    Alternative,
    BooleanValue,
    ElementValue,
    EnumValue,
    Field,
    SimpleValue,
    Value,
)
from protocols.exi.schema import UNBOUNDED, Binary, Element, IntegerRange, Text
from protocols.exi.sets import SchemaSet

HEADER = 0x80
"""EXI header without options: the distinguishing bits 10, no options, final version 1."""
_V2GTP = b"\x01\xfe"
_ESCAPE = "an escape to xsi:type, xsi:nil or an undeclared element stands here, which is not allowed"
_UNTYPED, _UNTYPED_WIDTH = 0b110, 3
_END_AFTER_UNTYPED, _END_AFTER_UNTYPED_WIDTH = 0b100, 3
"""After the escape bit of a simple value: character content of no type, the last of seven events (EXI 1.0, 8.5.4.4.1);
then the escape again and the first of the three events left, the end."""
N_BIT_LIMIT = 4096
"""A bounded integer with at most so many values takes a fixed number of bits."""


def read_document(schema_set: SchemaSet, data: bytes) -> Element:
    """The message in `data`; ExiError names message, element and bit position."""
    reader = BitReader(data)
    roots = schema_set.roots
    path = [f"The document of {schema_set.namespace}"]
    with explained(path, reader):
        read_header(reader)
        code = reader.bits(len(roots).bit_length())
        if code >= len(roots):
            raise Refused("its root is not declared in the schema")
        name, cls = roots[code]
        if cls is None:
            raise Refused(f"{name} cannot be the root of a document")
        path[0] = name
        return read_element(cls, reader, path)


def read_header(reader: BitReader) -> None:
    """The one byte before the root."""
    if reader.data.startswith(_V2GTP):
        raise Refused("it starts with a V2GTP header, whose 8 bytes are no part of it")
    if reader.bits(8) != HEADER:
        raise Refused("it does not start with the EXI header 0x80")


def read_element(cls: type[Element], reader: BitReader, path: list[str]) -> Element:
    """The content of one element of type `cls`, up to and with its end."""
    state = grammar_of(cls).start
    values: dict[str, Any] = {}
    while True:
        event = _read_event(state, reader)
        if event.kind is Kind.END:
            return cls(**values)
        field, alternative = event.field, event.alternative
        if field is None or alternative is None or alternative.value is None:
            raise Refused(_not_carried(event))
        taken = values.setdefault(field.name, []) if field.is_list else None
        path.append(alternative.name if taken is None else f"{alternative.name}[{len(taken) + 1}]")
        value = _read_value(event.kind, alternative.value, reader, path)
        path.pop()
        if taken is None:
            values[field.name] = value
        else:
            taken.append(value)
        state = event.after


def _read_event(state: State, reader: BitReader) -> Event:
    code = reader.bits(state.width)
    if code >= len(state.events):
        raise Refused(_ESCAPE)
    return state.events[code]


def _read_value(kind: Kind, value: Value, reader: BitReader, path: list[str]) -> Any:
    if isinstance(value, ElementValue):
        return read_element(value.cls, reader, path)
    if kind is not Kind.ELEMENT:
        return read_simple(value, reader)
    if isinstance(value, IntegerRange) and value.outliers:
        if reader.bits(1):
            return _read_outlier(value, reader)
    else:
        read_only_event(reader)
    result = read_simple(value, reader)
    read_only_event(reader)
    return result


def _read_outlier(value: IntegerRange, reader: BitReader) -> int:
    if reader.bits(_UNTYPED_WIDTH) != _UNTYPED:
        raise Refused(_ESCAPE)
    text = reader.text(0, max(len(str(n)) for n in value.outliers))
    number = next((n for n in value.outliers if str(n) == text), None)
    if number is None:
        raise Refused(f"the text {text!r} stands where a number is expected")
    if reader.bits(_END_AFTER_UNTYPED_WIDTH) != _END_AFTER_UNTYPED:
        raise Refused(_ESCAPE)
    return number


def read_only_event(reader: BitReader) -> None:
    """The one event that may stand here, in one bit."""
    if reader.bits(1):
        raise Refused(_ESCAPE)


def read_simple(value: SimpleValue, reader: BitReader) -> Any:
    """One simple value, checked against its bounds."""
    match value:
        case BooleanValue():
            return bool(reader.bits(1))
        case EnumValue(enum):
            members = list(enum)
            code = reader.bits((len(members) - 1).bit_length())
            if code >= len(members):
                raise Refused(f"{code} is no member of {enum.__name__}")
            return members[code]
        case IntegerRange(minimum, maximum):
            number = _read_integer(minimum, maximum, reader)
            _check_range(number, minimum, maximum)
            return number
        case Text(min_length=shortest, max_length=longest):
            return reader.text(shortest, longest)
        case Binary(min_length=min_length, max_length=max_length):
            return reader.binary(min_length, max_length)


def _read_integer(minimum: int | None, maximum: int | None, reader: BitReader) -> int:
    if minimum is None:
        return reader.signed()
    if maximum is not None and maximum - minimum < N_BIT_LIMIT:
        return minimum + reader.bits((maximum - minimum).bit_length())
    return reader.unsigned() if minimum >= 0 else reader.signed()


def write_document(schema_set: SchemaSet, message: Element) -> bytes:
    """The document of `message`; ExiError names message and element."""
    writer = BitWriter()
    roots = schema_set.roots
    path = [type(message).__name__]
    with explained(path, None):
        code = next((i for i, (_, cls) in enumerate(roots) if cls is type(message)), None)
        if code is None:
            raise Refused(f"it is no message of {schema_set.namespace}")
        path[0] = roots[code][0]
        writer.put(HEADER, 8)
        writer.put(code, len(roots).bit_length())
        write_element(message, writer, path)
    return writer.to_bytes()


def write_element(element: Element, writer: BitWriter, path: list[str]) -> None:
    """Appends the content of one element, up to and with its end."""
    grammar = grammar_of(type(element))
    state = grammar.start
    for field, alternative, value, step in _contents(grammar, element, path):
        path.append(step)
        state, kind = _write_event(state, field, alternative, writer)
        _write_value(kind, alternative, value, writer, path)
        path.pop()
    end = next((i for i, e in enumerate(state.events) if e.kind is Kind.END), None)
    if end is None:
        raise Refused(f"{_expected(state)} is missing")
    writer.put(end, state.width)


def _contents(grammar: Grammar, element: Element, path: list[str]) -> Iterator[tuple[Field, Alternative, Any, str]]:
    """What is set in `element`, in the order in which it is written, with its step of the path."""
    for field in grammar.model.fields:
        value = getattr(element, field.name)
        if field.is_list:
            if not isinstance(value, list | tuple):
                raise Refused(f"{field.name} must be a list, not {type(value).__name__}")
            if not field.minimum <= len(value) <= field.maximum:
                most = None if field.maximum == UNBOUNDED else field.maximum
                raise Refused(f"{field.name} has {len(value)} entries, {bounds(field.minimum, most)} are allowed")
            for number, item in enumerate(value, 1):
                alternative = _alternative(field, item)
                yield field, alternative, item, f"{alternative.name}[{number}]"
        elif value is not None:
            alternative = _alternative(field, value)
            yield field, alternative, value, alternative.name


def _alternative(field: Field, value: Any) -> Alternative:
    if not field.is_substitution:
        return field.alternatives[0]
    for alternative in field.alternatives:
        if isinstance(alternative.value, ElementValue) and alternative.value.cls is type(value):
            return alternative
    names = ", ".join(a.name for a in field.alternatives if a.value is not None)
    raise Refused(f"{field.name} must be one of {names}, not {type(value).__name__}")


def _write_event(state: State, field: Field, alternative: Alternative, writer: BitWriter) -> tuple[State, Kind]:
    for code, event in enumerate(state.events):
        if event.field is field and event.alternative is alternative:
            writer.put(code, state.width)
            return event.after, event.kind
    raise Refused(f"it may not stand here; expected is {_expected(state)}")


def _write_value(kind: Kind, alternative: Alternative, value: Any, writer: BitWriter, path: list[str]) -> None:
    target = alternative.value
    if isinstance(target, ElementValue):
        if type(value) is not target.cls:
            raise Refused(f"it must be a {target.cls.__name__}, not {type(value).__name__}")
        write_element(value, writer, path)
    elif kind is Kind.ELEMENT and _is_outlier(target, value):
        writer.put(1 << _UNTYPED_WIDTH | _UNTYPED, _UNTYPED_WIDTH + 1)
        writer.text(str(value))
        writer.put(_END_AFTER_UNTYPED, _END_AFTER_UNTYPED_WIDTH)
    elif target is not None:
        if kind is Kind.ELEMENT:
            writer.put(0, 1)
        write_simple(target, value, writer)
        if kind is Kind.ELEMENT:
            writer.put(0, 1)


def _is_outlier(target: Value | None, value: Any) -> bool:
    return isinstance(target, IntegerRange) and type(value) is int and value in target.outliers


def write_simple(target: SimpleValue, value: Any, writer: BitWriter) -> None:
    """Appends one simple value, checked against its type and bounds."""
    match target:
        case BooleanValue():
            if type(value) is not bool:
                raise Refused(f"it must be true or false, not {value!r:.80}")
            writer.put(value, 1)
        case EnumValue(enum):
            members: list[str] = list(enum)
            if not isinstance(value, str) or value not in members:
                raise Refused(f"{value!r:.80} is no member of {enum.__name__}")
            writer.put(members.index(value), (len(members) - 1).bit_length())
        case IntegerRange(minimum, maximum):
            if type(value) is not int:
                raise Refused(f"it must be a whole number, not {value!r:.80}")
            _check_range(value, minimum, maximum)
            _write_integer(value, minimum, maximum, writer)
        case Text():
            _check_text(value, target)
            writer.text(value)
        case Binary(min_length=shortest, max_length=longest):
            if type(value) is not bytes:
                raise Refused(f"it must be bytes, not {type(value).__name__}")
            if len(value) < shortest or (longest is not None and len(value) > longest):
                raise Refused(f"it has {len(value)} bytes, {bounds(shortest, longest)} are allowed")
            writer.binary(value)


def _write_integer(value: int, minimum: int | None, maximum: int | None, writer: BitWriter) -> None:
    if minimum is not None and maximum is not None and maximum - minimum < N_BIT_LIMIT:
        writer.put(value - minimum, (maximum - minimum).bit_length())
    elif minimum is not None and minimum >= 0:
        writer.unsigned(value)
    else:
        writer.signed(value)


def _check_range(number: int, minimum: int | None, maximum: int | None) -> None:
    if not ~MAX_MAGNITUDE <= number <= MAX_MAGNITUDE:
        raise Refused(f"a number of {number.bit_length()} bits is longer than any number allowed")
    if (minimum is not None and number < minimum) or (maximum is not None and number > maximum):
        raise Refused(f"{number} is not within {minimum} to {maximum}")


def _check_text(value: Any, target: Text) -> None:
    if not isinstance(value, str):
        raise Refused(f"it must be a string, not {type(value).__name__}")
    shortest, longest = target.min_length, target.max_length
    if len(value) < shortest or (longest is not None and len(value) > longest):
        raise Refused(f"it has {len(value)} characters, {bounds(shortest, longest)} are allowed")
    if any("\ud800" <= c <= "\udfff" for c in value):
        raise Refused("it has half a surrogate pair, which is no character")
    if target.is_id and not is_xml_id(value):
        raise Refused(f"{value!r:.80} is no XML ID (a letter or _, then letters, digits, '.', '-', '_')")


def _not_carried(event: Event) -> str:
    if event.alternative is not None:
        return f"{event.alternative.name} is abstract and cannot stand in a document"
    return f"{event.kind.value} stands here, which is not carried"


def _expected(state: State) -> str:
    names = [e.alternative.name for e in state.events if e.alternative and e.alternative.value]
    if any(e.kind is Kind.END for e in state.events):
        names.append("the end")
    return " or ".join(names)


@contextmanager
def explained(path: list[str], reader: BitReader | None) -> Iterator[None]:
    """Turns a refusal into the sentence that the caller reads."""
    try:
        yield
    except Refused as refusal:
        where = path[0] if len(path) == 1 else f"{path[0]}: element {'/'.join(path[1:])}"
        position = f" at bit {reader.position}" if reader else ""
        raise ExiError(f"{where}{position}: {refusal}.") from None
