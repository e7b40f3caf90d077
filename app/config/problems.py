"""What is wrong in a home file, in a person's words: what, and the remedy.

tomllib and pydantic speak to programmers; the tables here speak for them.
"""

import difflib
import re
import tomllib
import typing
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from app.config.home import HomeConfig
from app.config.locate import KeyPath
from app.errors import UserError

EXAMPLE = "resources/home.example.toml"
"""A home file that shows every key."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing to mend, with its line in the file."""

    line: int
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.line}: {self.what} — {self.remedy}"


class HomeFileError(UserError):
    """A home file that cannot be used; each line of the text is ``FILE:LINE: what — remedy``."""

    def __init__(self, path: Path, problems: Sequence[Problem]) -> None:
        self.path = path
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(f"{path}:{problem}" for problem in self.problems))


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing to mend, with its key's path; ``path`` may name what is not there yet."""

    path: KeyPath
    what: str
    remedy: str


_SYNTAX: tuple[tuple[str, str], ...] = (
    (
        "Invalid value",
        'write text in quotes, as in name = "Meter"; numbers with a point; true and false in small letters',
    ),
    ("Cannot overwrite a value", "this key was already given: keep one of the two"),
    (
        "Cannot declare",
        "this section was already given: keep one, or use [[double brackets]] where several are allowed",
    ),
    ("Expected newline", 'write one setting a line, text and times in quotes, as in time = "07:00"'),
    ("Expected '='", "write key = value"),
    ("Unclosed array", "close the list with ]"),
    ("Unterminated string", 'close the text with "'),
    ("Illegal character '\\n'", 'close the text with " on the same line'),
    ('Expected "\'"', "close the text with '"),
    ("Expected ']'", "close the section's name with ], or ]] where it begins with [["),
    ("Unescaped", "write \\\\ for a backslash, or put the text in 'single quotes'"),
    ("Invalid statement", "begin the line with a key of letters, digits, - and _, or with [section]"),
    ("Invalid initial character", "write a { … } table on one line, or as a [section] of its own"),
)


def syntax_problem(error: tomllib.TOMLDecodeError, text: str) -> Problem:
    """A text that is no TOML."""
    message = str(error)
    found = re.search(r"at line (\d+)", message)
    line = int(found.group(1)) if found else max(1, text.rstrip().count("\n") + 1)
    what = re.sub(r" \(at (line \d+, column \d+|end of document)\)$", "", message)
    remedy = next((remedy for start, remedy in _SYNTAX if what.startswith(start)), f"write it as {EXAMPLE} does")
    return Problem(line, f"not readable: {what[:1].lower()}{what[1:]}", remedy)


def schema_flaws(error: ValidationError) -> list[Flaw]:
    """What pydantic found, each with its remedy."""
    return [_schema_flaw(details) for details in error.errors(include_url=False)]


def dotted(path: KeyPath) -> str:
    """``meter 2: host`` for ("meter", 1, "host"): elements are counted from 1, as people do."""
    words: list[str] = []
    for part in path:
        if isinstance(part, int) and words:
            words[-1] += f" {part + 1}:"
        else:
            words.append(str(part))
    text = ""
    for word in words:
        text += word if not text else f" {word}" if text.endswith(":") else f".{word}"
    return text.rstrip(":")


def did_you_mean(word: str, words: Sequence[str]) -> str:
    """A remedy for a word that is not among ``words``."""
    near = difflib.get_close_matches(word, words, n=1)
    return f"did you mean '{near[0]}'?" if near else f"known are {', '.join(words)}"


def _schema_flaw(details: ErrorDetails) -> Flaw:
    path: KeyPath = tuple(details["loc"])
    kind = details["type"]
    given = details.get("input")
    name = dotted(path)
    if kind == "extra_forbidden":
        fields = _model_at(path[:-1]).model_fields
        known = tuple(field.alias or name for name, field in fields.items())
        word = str(path[-1])
        return Flaw(path, f"{name} is not a known {'section' if len(path) == 1 else 'key'}", did_you_mean(word, known))
    if kind == "missing":
        what = f"{name} is missing"
        section = len(path) == 1
        return Flaw(
            path, what, f"add a section [{name}]" if section else f"add {path[-1]} = … to [{dotted(path[:-1])}]"
        )
    return Flaw(path, *_value_flaw(name, path, kind, given, details.get("ctx", {})))


_BOUNDS: dict[str, tuple[str, str]] = {
    "greater_than_equal": ("ge", "at least"),
    "greater_than": ("gt", "more than"),
    "less_than_equal": ("le", "at most"),
    "less_than": ("lt", "less than"),
}
_TYPES: dict[str, str] = {
    "float_type": "a number, without quotes",
    "int_type": "a whole number, without quotes",
    "int_from_float": "a whole number",
    "string_type": 'text in quotes, as in "Meter"',
    "bool_type": "true or false, without quotes",
    "list_type": "a list, as in [1, 2]",
    "tuple_type": "a list, as in [1, 2]",
    "finite_number": "a number",
}
_PATTERNS: tuple[tuple[str, str], ...] = (
    ("[01]", 'a time of day, as in "07:00"'),
    ("[A-Z]{3}", 'three capital letters, as in "EUR"'),
    (r"[^\s/@?#:]", 'only a name or an address, as in "192.168.1.20"; the port is a key of its own'),
)


def _value_flaw(name: str, path: KeyPath, kind: str, given: Any, ctx: dict[str, Any]) -> tuple[str, str]:
    shown = _shown(given)
    if kind in _BOUNDS:
        key, words = _BOUNDS[kind]
        return f"{name} is {shown}", f"it must be {words} {ctx[key]:g}"
    if kind == "literal_error":
        return f"{name} is {shown}", f"it must be {ctx['expected']}"
    if kind == "string_pattern_mismatch":
        form = next(
            (form for start, form in _PATTERNS if start in str(ctx.get("pattern"))), f"like {ctx.get('pattern')}"
        )
        return f"{name} is {shown}", f"write {form}"
    if kind in ("string_too_short", "string_too_long"):
        length = f"at least {ctx['min_length']}" if "min_length" in ctx else f"at most {ctx['max_length']}"
        return f"{name} is {shown}", f"write {length} character{'s' if length != 'at least 1' else ''}"
    if kind == "list_type" and _is_section(path):
        return f"{name} is one section", f"write [[{name}]] with double brackets: there may be several"
    if kind == "model_type":
        return f"{name} is {shown}", f"write it as a section [{name}] with single brackets, once"
    if kind in _TYPES:
        return f"{name} is {shown}", f"write {_TYPES[kind]}"
    return f"{name} is {shown}", f"see this key in {EXAMPLE}"


def _shown(given: Any) -> str:
    if isinstance(given, bool):
        return str(given).lower()
    if isinstance(given, dict):
        return "a section"
    if isinstance(given, list):
        return "a list"
    text = f'"{given}"' if isinstance(given, str) else str(given)
    return text if len(text) <= 40 else f"{text[:37]}…"


def _is_section(path: KeyPath) -> bool:
    return len(path) == 1 and _element_model(HomeConfig.model_fields[str(path[0])].annotation) is not None


def _model_at(path: KeyPath) -> type[BaseModel]:
    """The schema's model at ``path``; the nearest one around it where the path ends in a value."""
    model: type[BaseModel] = HomeConfig
    for part in path:
        field = model.model_fields.get(part) if isinstance(part, str) else None
        inner = _element_model(field.annotation) if field else None
        model = inner or model
    return model


def _element_model(annotation: Any) -> type[BaseModel] | None:
    """The model inside ``X``, ``X | None`` or ``list[X]``."""
    if isinstance(annotation, type):
        return annotation if issubclass(annotation, BaseModel) else None
    return next(filter(None, map(_element_model, typing.get_args(annotation))), None)
