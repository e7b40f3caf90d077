"""A simulated device's registers: the reader's maps, turned around.

Sans-I/O. An image holds words and takes values by quantity; what it can hold is what the reader can read, so a new
profile is a new simulated device too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from protocols.modbus.blocks import Function, Span
from protocols.modbus.fields import Field, Memory, encode_field, store, words_at
from protocols.modbus.models import COMMON, MPPT, Model, Point, models
from protocols.modbus.profile import Profile
from protocols.modbus.sunspec import BASES, END_ID, MARKER, Identity, discover
from protocols.modbus.words import Value, WordsError, WordType, encode


@dataclass(slots=True)
class RegisterImage:
    """Registers of one unit, and the fields by which values are put into them."""

    fields: tuple[Field, ...]
    memory: Memory = field(default_factory=dict)

    def update(self, values: Mapping[str, float | None]) -> None:
        """Show ``values`` from now on; None shows the type's "not implemented" pattern.

        Quantities that the device does not know are left out. A value is held at the end of the register's range
        where it does not fit: a simulated device must not stop the house.
        """
        rows: dict[str, list[Field]] = {}
        for row in self.fields:
            rows.setdefault(row.quantity, []).append(row)
        for quantity, value in values.items():
            self._put(rows.get(quantity, []), value)

    def _put(self, rows: Sequence[Field], value: float | None) -> None:
        """The first row that can hold ``value`` takes it, the others of the same quantity hold 0."""
        if value is None:
            for row in rows:
                words = encode(row.kind, None, row.span.count, low_word_first=row.low_word_first)
                store(self.memory, row.span, words)
            return
        rest: float = value
        for row in rows:
            scaled = self._fixed(row)
            try:
                words = encode_field(scaled, rest)
                rest = 0.0
            except WordsError:
                words = encode_field(scaled, 0.0) if len(rows) > 1 else _held(scaled, rest)
            store(self.memory, row.span, words)

    def _fixed(self, row: Field) -> Field:
        """``row`` with the scale factor that stands in the image, as part of its plain factor."""
        if row.exponent is None:
            return row
        (word,) = words_at(row.exponent, self.memory) or (0,)
        exponent = word - 0x10000 if word & 0x8000 else word
        factor = row.factor * 10.0**exponent
        return Field(row.quantity, row.span, row.kind, factor, row.low_word_first)


def profile_image(profile: Profile) -> RegisterImage:
    """A device that ``profile`` describes; every value missing until it is set."""
    image = RegisterImage(profile.fields)
    image.update({row.quantity: None for row in profile.fields})
    for command in profile.commands.values():
        store(image.memory, command.span, [0] * command.span.count)
    return image


DEFAULT_EXPONENTS: Mapping[str, int] = {
    "A_SF": -2,
    "V_SF": -1,
    "Hz_SF": -2,
    "W_SF": 0,
    "TotWh_SF": 0,
    "WH_SF": 0,
    "DCA_SF": -2,
    "DCV_SF": -1,
    "DCW_SF": 0,
    "DCWH_SF": 0,
    "ChaState_SF": -1,
    "Pct_SF": -1,
}


def sunspec_image(
    identity: Identity,
    model_ids: Iterable[int],
    *,
    base: int = BASES[0],
    exponents: Mapping[str, int] = DEFAULT_EXPONENTS,
    inputs: Sequence[str] = (),
) -> RegisterImage:
    """A SunSpec device with ``identity`` and, after the common model, ``model_ids`` in that order.

    ``inputs`` labels the direct-current inputs of model 160. Every value is missing until it is set; a scale factor
    that ``exponents`` does not name is missing too, as are the values that hang on it.
    """
    memory: Memory = {}
    store(memory, Span(Function.HOLDING, base, 2), MARKER)
    address = base + 2
    for model_id in (COMMON, *model_ids):
        address = _place(memory, address, model_id, models()[model_id], exponents, inputs)
    store(memory, Span(Function.HOLDING, address, 2), (END_ID, 0))
    _place_texts(memory, base + 2, identity)
    return RegisterImage(_fields_of(memory, base), memory)


def _place(
    memory: Memory, address: int, model_id: int, model: Model, exponents: Mapping[str, int], inputs: Sequence[str]
) -> int:
    """Write one model; returns where the next begins."""
    groups = inputs if model_id == MPPT else ()
    length = model.length + len(groups) * model.group_length
    _place_points(memory, address, model.points, exponents)
    store(memory, Span(Function.HOLDING, address, 2), (model_id, length))
    start = address + 2 + model.length
    for number, label in enumerate(groups, start=1):
        _place_points(memory, start, model.group_points, exponents)
        _set(memory, start, model.group_points["ID"], number)
        _set(memory, start, model.group_points["IDStr"], label)
        start += model.group_length
    if groups:
        _set(memory, address, model.points["N"], len(groups))
    return address + 2 + length


def _place_points(memory: Memory, start: int, points: Mapping[str, Point], exponents: Mapping[str, int]) -> None:
    for point in points.values():
        _set(memory, start, point, exponents.get(point.name) if point.kind.name == "sunssf" else None)


def _place_texts(memory: Memory, address: int, identity: Identity) -> None:
    points = models()[COMMON].points
    texts = {"Mn": identity.maker, "Md": identity.model, "Vr": identity.version, "SN": identity.serial}
    for name, text in texts.items():
        _set(memory, address, points[name], text)


def _set(memory: Memory, start: int, point: Point, value: Value | None) -> None:
    span = Span(Function.HOLDING, start + point.offset, point.words)
    store(memory, span, encode(point.kind, value, point.words))


def _fields_of(memory: Memory, base: int) -> tuple[Field, ...]:
    """The image's fields, found as a reader finds them."""
    steps = discover((base,))
    span = next(steps)
    while True:
        try:
            span = steps.send(words_at(span, memory))
        except StopIteration as found:
            fields: tuple[Field, ...] = found.value.fields
            return fields


def _held(row: Field, value: float) -> list[int]:
    """The register's end that lies nearest to ``value``."""
    low, high = _bounds(row.kind)
    raw = value / row.factor
    return encode(row.kind, high if raw > 0 else low, row.span.count, low_word_first=row.low_word_first)


def _bounds(kind: WordType) -> tuple[int, int]:
    """The numbers that ``kind`` can hold, leaving its "not implemented" pattern out."""
    bits = 16 * kind.words
    signed = kind.code.islower()
    return (1 - 2 ** (bits - 1), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 2)
