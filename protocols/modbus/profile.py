"""Profiles: devices without SunSpec as data, one product a file in ``resources/profiles/``.

A new device is a new file. Its keys are explained in ``resources/profiles/README.md``; the loader takes nothing it does
not know, and says which file, which key, and the way out.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic import Field as Key

from protocols.modbus.blocks import ADDRESSES, MAX_WORDS, Function, Span
from protocols.modbus.fields import Field
from protocols.modbus.quantities import QUANTITIES, ROLE_NEEDS, Role
from protocols.modbus.words import TYPES

SUNSPEC = "sunspec"
"""The name that stands for no profile: the device tells its own model chain."""

SIMULATED = "simulated"
"""The name that stands for no hardware at all: a power stage of the laboratory."""

PROFILES_DIR = Path(__file__).parents[2] / "resources" / "profiles"


class ProfileError(ValueError):
    """A profile that cannot be used: file, key, what is wrong, and the remedy, in one line."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A product's register map. ``commands`` may be written, only where ``writable``."""

    name: str
    vendor: str
    product: str
    port: int
    unit: int
    max_words: int
    max_gap: int
    timeout_s: float
    connect_delay_s: float
    writable: bool
    fields: tuple[Field, ...]
    commands: Mapping[str, Field]
    ranges: Mapping[str, tuple[float, float]]

    @property
    def roles(self) -> frozenset[Role]:
        """What the product is in the home, told by what it gives."""
        return roles_of(field.quantity for field in self.fields)


def roles_of(quantities: Any) -> frozenset[Role]:
    """The roles that ``quantities`` (an iterable of names) can fill."""
    given = set(quantities)
    return frozenset(role for role, needs in ROLE_NEEDS.items() if given.issuperset(needs))


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Row(_Strict):
    quantity: str
    address: int = Key(ge=0, lt=ADDRESSES)
    type: str | None = None
    function: Literal["holding", "input"] | None = None
    word_order: Literal["high_first", "low_first"] | None = None
    factor: int | float = 1.0
    missing: list[int] | None = None
    optional: bool = False


class _Defaults(_Strict):
    type: str | None = None
    function: Literal["holding", "input"] = "holding"
    word_order: Literal["high_first", "low_first"] = "high_first"
    missing: list[int] = []


class _File(_Strict):
    vendor: str = Key(min_length=1)
    product: str = Key(min_length=1)
    source: str = Key(min_length=1)
    note: str = ""
    port: int = Key(default=502, ge=1, le=65_535)
    unit: int = Key(default=1, ge=0, le=247)
    max_words: int = Key(default=MAX_WORDS, ge=1, le=MAX_WORDS)
    max_gap: int = Key(default=8, ge=0, le=MAX_WORDS)
    timeout_s: int | float = Key(default=1.0, gt=0, le=30)
    connect_delay_s: int | float = Key(default=0.0, ge=0, le=10)
    writable: bool = False
    defaults: _Defaults = _Defaults()
    fields: list[_Row] = Key(min_length=1)
    ranges: dict[str, tuple[int | float, int | float]] = {}


def profile_names(folder: Path = PROFILES_DIR) -> tuple[str, ...]:
    """The names of all products in ``folder``, sorted."""
    return tuple(sorted(path.stem for path in folder.glob("*.toml")))


def load_profile(name: str, folder: Path = PROFILES_DIR) -> Profile:
    """The profile called ``name`` (its file's name without .toml). Raises ProfileError."""
    known = profile_names(folder)
    if name not in known:
        near = difflib.get_close_matches(name, known, n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(known)}"
        raise ProfileError(f"no profile is called '{name:.80}': {hint}")
    return read_profile(folder / f"{name}.toml")


def read_profile(path: Path) -> Profile:
    """The profile in ``path``. Raises ProfileError."""
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise ProfileError(f"{path.name}: not readable as TOML: {exc}") from exc
    except OSError as exc:
        raise ProfileError(f"{path.name}: cannot be opened: {exc.strerror}") from exc
    try:
        file = _File.model_validate(_as_tuples(data))
    except ValidationError as exc:
        raise ProfileError(f"{path.name}: {_first_error(exc)}") from exc
    return _profile(path, file)


def _profile(path: Path, file: _File) -> Profile:
    reads: list[Field] = []
    commands: dict[str, Field] = {}
    for number, row in enumerate(file.fields, start=1):
        field = _field(f"{path.name}: field {number} ({row.quantity})", row, file)
        if not QUANTITIES[row.quantity].command:
            reads.append(field)
        elif field.span.function is Function.HOLDING and file.writable:
            commands[row.quantity] = field
        else:
            raise ProfileError(
                f"{path.name}: field {number} ({row.quantity}): a command needs function 'holding' and "
                "'writable = true' at the top: set both once the map is checked against the maker's manual"
            )
    for quantity in file.ranges:
        _known(f"{path.name}: ranges", quantity, tuple(QUANTITIES))
    profile = Profile(
        name=path.stem,
        vendor=file.vendor,
        product=file.product,
        port=file.port,
        unit=file.unit,
        max_words=file.max_words,
        max_gap=file.max_gap,
        timeout_s=float(file.timeout_s),
        connect_delay_s=float(file.connect_delay_s),
        writable=file.writable,
        fields=tuple(reads),
        commands=MappingProxyType(commands),
        ranges=MappingProxyType({quantity: (float(low), float(high)) for quantity, (low, high) in file.ranges.items()}),
    )
    if not profile.roles:
        needs = "; ".join(f"{role}: {' and '.join(needed)}" for role, needed in ROLE_NEEDS.items())
        raise ProfileError(f"{path.name}: fields fill no role: give what one of them needs ({needs})")
    return profile


def _field(where: str, row: _Row, file: _File) -> Field:
    _known(where, row.quantity, tuple(QUANTITIES))
    name = row.type or file.defaults.type
    if name is None:
        raise ProfileError(f"{where}: no type: give 'type' here or in [defaults]")
    numbers = tuple(kind for kind, word in TYPES.items() if not word.is_text)
    kind = TYPES[_known(f"{where}: type", name, numbers)]
    if not row.factor:
        raise ProfileError(f"{where}: factor is 0: leave it out where the register needs no scaling")
    if row.address + kind.words > ADDRESSES or kind.words > file.max_words:
        raise ProfileError(f"{where}: {kind.name} at {row.address} does not fit: check address and max_words")
    return Field(
        quantity=row.quantity,
        span=Span(Function[(row.function or file.defaults.function).upper()], row.address, kind.words),
        kind=kind,
        factor=float(row.factor),
        low_word_first=(row.word_order or file.defaults.word_order) == "low_first",
        missing=frozenset(file.defaults.missing if row.missing is None else row.missing),
        optional=row.optional,
    )


def _known(where: str, word: str, words: tuple[str, ...]) -> str:
    if word in words:
        return word
    near = difflib.get_close_matches(word, words, n=1)
    hint = f"did you mean '{near[0]}'?" if near else f"known are {', '.join(sorted(words))}"
    raise ProfileError(f"{where}: '{word}' is not known: {hint}")


def _as_tuples(data: dict[str, Any]) -> dict[str, Any]:
    """TOML has no pairs: make the ranges' two-element lists what the strict model expects."""
    ranges = data.get("ranges")
    if not isinstance(ranges, dict):
        return data
    return data | {"ranges": {key: tuple(v) if isinstance(v, list) else v for key, v in ranges.items()}}


_SECTIONS: tuple[tuple[str, type[BaseModel]], ...] = (("fields", _Row), ("defaults", _Defaults))


def _first_error(error: ValidationError) -> str:
    """The first thing wrong: its key, what, and a remedy where one can be guessed."""
    # A misspelt key is reported as unknown and as missing: the first tells more.
    row = min(error.errors(include_url=False), key=lambda row: row["type"] != "extra_forbidden")
    parts = [str(part + 1) if isinstance(part, int) else str(part) for part in row["loc"]]
    key = " ".join(parts)
    if row["type"] == "extra_forbidden":
        section = next((model for name, model in _SECTIONS if parts[0] == name), _File)
        near = difflib.get_close_matches(parts[-1], section.model_fields, n=1)
        remedy = f"did you mean '{near[0]}'?" if near else f"known are {', '.join(section.model_fields)}"
        return f"{key}: this key is not known: {remedy}"
    if row["type"] == "missing":
        return f"{key}: missing: add it (README.md in this folder shows how)"
    return f"{key}: {row['msg'].lower()}, not {row['input']!r}"
