"""The SunSpec information models this house reads, loaded from ``resources/sunspec/``."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from protocols.modbus.words import TYPES, WordType

SUNSPEC_DIR = Path(__file__).parents[2] / "resources" / "sunspec"

COMMON = 1
MPPT = 160
STORAGE = frozenset({124, 713})


@dataclass(frozen=True, slots=True)
class Point:
    """One point: ``offset`` in words from its model's (or group's) start; ``exponent`` its scale factor, or ""."""

    name: str
    offset: int
    words: int
    kind: WordType
    exponent: str


@dataclass(frozen=True, slots=True)
class Mapped:
    """A quantity taken from ``point``, times ``factor``."""

    quantity: str
    point: str
    factor: float = 1.0


@dataclass(frozen=True, slots=True)
class Model:
    """One model's layout. ``length`` counts the words after ID and L, without the groups."""

    ids: tuple[int, ...]
    points: Mapping[str, Point]
    quantities: tuple[Mapped, ...]
    group_points: Mapping[str, Point]
    group_quantities: tuple[Mapped, ...]

    @property
    def length(self) -> int:
        """Words of the fixed part, without ID and L."""
        return _size(self.points) - 2

    @property
    def group_length(self) -> int:
        """Words of one repeated group; 0 where there is none."""
        return _size(self.group_points)


@dataclass(frozen=True, slots=True)
class Quirk:
    """How a maker differs: turns the signs of ``negate``; the battery is on these inputs of model 160 (0: not told)."""

    maker: str
    negate: frozenset[str] = frozenset()
    charge_input: int = 0
    discharge_input: int = 0


@functools.cache
def models() -> Mapping[int, Model]:
    """Every known model by its ID."""
    found: dict[int, Model] = {}
    for path in sorted(SUNSPEC_DIR.glob("*.toml")):
        data = tomllib.loads(path.read_text("utf-8"))
        if "models" in data:
            model = _model(data)
            found |= dict.fromkeys(model.ids, model)
    return MappingProxyType(found)


@functools.cache
def quirks() -> tuple[Quirk, ...]:
    """Makers known to differ from what is taken for granted here."""
    data = tomllib.loads((SUNSPEC_DIR / "quirks.toml").read_text("utf-8"))
    return tuple(Quirk(**row | {"negate": frozenset(row.get("negate", ()))}) for row in data["quirk"])


def quirk_of(maker: str) -> Quirk:
    """What is known of ``maker``; nothing for most."""
    return next((row for row in quirks() if row.maker.lower() == maker.lower()), Quirk(maker))


def _model(data: dict[str, Any]) -> Model:
    return Model(
        ids=tuple(data["models"]),
        points=_points(data["points"]),
        quantities=_mapped(data.get("quantities", {})),
        group_points=_points(data.get("group_points", [])),
        group_quantities=_mapped(data.get("group_quantities", {})),
    )


def _points(rows: list[list[Any]]) -> Mapping[str, Point]:
    points: dict[str, Point] = {}
    offset = 0
    for name, kind, words, exponent, _unit in rows:
        points[name] = Point(name, offset, words, TYPES[kind], exponent)
        offset += words
    return MappingProxyType(points)


def _mapped(table: dict[str, Any]) -> tuple[Mapped, ...]:
    return tuple(
        Mapped(quantity, row) if isinstance(row, str) else Mapped(quantity, row["point"], row["factor"])
        for quantity, row in table.items()
    )


def _size(points: Mapping[str, Point]) -> int:
    return sum(point.words for point in points.values())
