"""Our dataclasses as JSON values and back, by their type hints: what a recording's lines are made of."""

import json
from typing import Any, get_type_hints

import msgspec

Line = dict[str, Any]


class RecordingError(ValueError):
    """A file is no recording, or is damaged; one sentence says where."""


def plain(value: Any) -> Any:
    """`value` in JSON's types. Raises `TypeError` for what has no place in a recording."""
    return msgspec.to_builtins(value)


def revive(value: Any, kind: Any) -> Any:
    """The value that `plain` made of one of this kind. Raises `RecordingError`."""
    try:
        return msgspec.convert(value, kind, strict=False)
    except (msgspec.ValidationError, TypeError, ValueError) as error:
        raise RecordingError(f"a recorded value is no {getattr(kind, '__name__', kind)}: {error}") from error


def to_line(line: Line) -> str:
    """One line of the file. Infinity is written as Python's json does: a set-point may be valid for ever."""
    return json.dumps(line, ensure_ascii=False, separators=(",", ":"))


def hints_of(kind: type) -> dict[str, Any]:
    """The types of a class's fields, or of what a port's members give."""
    return get_type_hints(kind)


def member_kind(port: type, name: str) -> Any:
    """What the method or property `name` of a port returns. Raises `RecordingError` for a name that it has not."""
    for base in port.__mro__:
        member = base.__dict__.get(name)
        if member is not None:
            return get_type_hints(member.fget if isinstance(member, property) else member)["return"]
    raise RecordingError(f"{port.__name__} has no {name} any more: the recording was made by another version")
