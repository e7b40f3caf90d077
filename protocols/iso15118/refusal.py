"""Refusing a request: the response that the standard wants, whatever is known so far.

A refused request is answered with its own response and a FAILED code, and a response has mandatory elements even
then. `least` fills them with the least value that their type allows; nobody reads them beside a FAILED code.
"""

import types
from enum import Enum
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec

from protocols.exi.schema import ONE_OF, Binary, Element, IntegerRange, Occurs, Text


class Refusal(Exception):
    """Raised while answering: send this code, then end the session for this reason.

    `code` is the member of the generation's ResponseCodeType, or its name: "FAILED_SequenceError".
    """

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = str(code), reason


def least(cls: type[Element]) -> Any:
    """An instance with every mandatory element at its least value, and the first alternative of each choice."""
    values: dict[str, Any] = {}
    chosen = False
    hints = _hints(cls)
    for field in msgspec.structs.fields(cls):
        hint = hints[field.name]
        is_choice = ONE_OF in _metadata(hint)
        if field.required or (is_choice and not chosen):
            values[field.name] = _least_value(hint)
        chosen = is_choice
    return cls(**values)


@cache
def _hints(cls: type[Element]) -> dict[str, Any]:
    return get_type_hints(cls, include_extras=True)


def _metadata(hint: Any) -> tuple[Any, ...]:
    return getattr(hint, "__metadata__", ())


def _least_value(hint: Any) -> Any:
    metadata = _metadata(hint)
    base = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    if get_origin(base) in (Union, types.UnionType):
        return _least_value(next(arm for arm in get_args(base) if arm is not type(None)))
    if get_origin(base) is list:
        least_count = next((mark.minimum for mark in metadata if isinstance(mark, Occurs)), 0)
        return [_least_value(get_args(base)[0]) for _ in range(least_count)]
    if base is bool:
        return False
    if base is int:
        bounds = next((mark for mark in metadata if isinstance(mark, IntegerRange)), IntegerRange(0, None))
        return max(0, bounds.minimum or 0)
    if base is str:
        return "id" if any(isinstance(mark, Text) and mark.is_id for mark in metadata) else ""
    if base is bytes:
        return bytes(next((mark.min_length for mark in metadata if isinstance(mark, Binary)), 0))
    if issubclass(base, Enum):
        return next(iter(base))
    return least(base)
