"""Find a SunSpec device by its model chain, and map its points to quantities.

Sans-I/O: :func:`discover` is a generator that yields the registers it wants and is sent their words, or None where the
device refuses them. Sources: SunSpec Device Information Model Specification 1.1, chapter 6 (base addresses, chain).

Signs taken here: a meter's W is positive when importing (quirks.toml names makers who send the other sign); an
inverter's W is positive when generating.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from protocols.modbus.blocks import ADDRESSES, MAX_WORDS, Function, Span
from protocols.modbus.fields import Field
from protocols.modbus.models import COMMON, MPPT, STORAGE, Mapped, Model, Point, Quirk, models, quirk_of
from protocols.modbus.words import decode

BASES = (40_000, 50_000, 0)
MARKER = (0x5375, 0x6E53)  # "SunS"
END_ID = 0xFFFF
MAX_MODELS = 64
"""No real device comes near; one whose chain is longer answers the same words everywhere."""

Asking: TypeAlias = Generator[Span, Sequence[int] | None, "SunSpecDevice"]
Reading: TypeAlias = Generator[Span, Sequence[int] | None, tuple[int, ...]]


class SunSpecError(ValueError):
    """The device is no SunSpec device, or its chain is broken; the text says where."""


@dataclass(frozen=True, slots=True)
class ModelAt:
    """A model of the chain: ``address`` of its ID register, ``length`` as the device states it."""

    model_id: int
    address: int
    length: int


@dataclass(frozen=True, slots=True)
class Identity:
    """What the common model says; empty text where the device keeps silent."""

    maker: str = ""
    model: str = ""
    version: str = ""
    serial: str = ""


@dataclass(frozen=True, slots=True)
class SunSpecDevice:
    """A found device: who it is, its chain, and its registers as fields."""

    base: int
    identity: Identity
    chain: tuple[ModelAt, ...]
    fields: tuple[Field, ...]


def discover(bases: Sequence[int] = BASES) -> Asking:
    """Look for the marker at ``bases``, walk the chain, read who it is. Raises SunSpecError."""
    base = yield from _find_marker(bases)
    chain = yield from _walk(base + 2)
    identity = yield from _identity(chain)
    quirk = quirk_of(identity.maker)
    fields: list[Field] = []
    for at in chain:
        model = models().get(at.model_id)
        if model is None:
            continue
        taken = {field.quantity for field in fields}
        fields += [field for field in _model_fields(at, model) if field.quantity not in taken]
        if at.model_id == MPPT:
            has_battery = any(other.model_id in STORAGE for other in chain)
            fields += yield from _mppt_fields(at, model, quirk if has_battery else Quirk(""))
    return SunSpecDevice(base, identity, chain, _with_signs(_with_solar(fields), quirk))


def _find_marker(bases: Sequence[int]) -> Generator[Span, Sequence[int] | None, int]:
    for base in bases:
        words = yield Span(Function.HOLDING, base, 2)
        if words is not None and tuple(words) == MARKER:
            return base
    raise SunSpecError(
        f"no SunSpec marker at {', '.join(map(str, bases))}: check that SunSpec is switched on in the device and "
        "that the unit number is right, or use a profile"
    )


def _walk(address: int) -> Generator[Span, Sequence[int] | None, tuple[ModelAt, ...]]:
    """Follow the chain from its first model's ID register on to its end marker."""
    chain: list[ModelAt] = []
    while len(chain) < MAX_MODELS:
        words = (yield Span(Function.HOLDING, address, 2)) if address + 2 <= ADDRESSES else None
        if words is None and not chain:
            raise SunSpecError(f"the model chain cannot be read at {address}")
        # Some devices refuse the end marker, or end on 0: what was found until then is whole.
        if words is None or words[0] in (END_ID, 0):
            return tuple(chain)
        model_id, length = words
        if address + 2 + length > ADDRESSES:
            raise SunSpecError(f"model {model_id} at {address} says it is {length} registers long: past the last one")
        chain.append(ModelAt(model_id, address, length))
        address += 2 + length
    raise SunSpecError(f"the model chain does not end after {MAX_MODELS} models: not a SunSpec device")


def _identity(chain: tuple[ModelAt, ...]) -> Generator[Span, Sequence[int] | None, Identity]:
    at = next((at for at in chain if at.model_id == COMMON), None)
    if at is None:
        return Identity()
    words = yield Span(Function.HOLDING, at.address, min(at.length + 2, MAX_WORDS))
    if words is None:
        return Identity()
    points = models()[COMMON].points
    return Identity(*(_text(points[name], words) for name in ("Mn", "Md", "Vr", "SN")))


def _text(point: Point, words: Sequence[int]) -> str:
    return str(decode(point.kind, words[point.offset : point.offset + point.words]) or "")


def _model_fields(at: ModelAt, model: Model) -> list[Field]:
    """Fields of the model's fixed part; points past the length that the device states do not exist there."""
    return [
        _field(mapped, model.points[mapped.point], at.address, at, model)
        for mapped in model.quantities
        if model.points[mapped.point].offset + model.points[mapped.point].words <= at.length + 2
    ]


def _field(mapped: Mapped, point: Point, start: int, at: ModelAt, model: Model) -> Field:
    exponent = model.points.get(point.exponent)
    return Field(
        quantity=mapped.quantity,
        span=Span(Function.HOLDING, start + point.offset, point.words),
        kind=point.kind,
        factor=mapped.factor,
        exponent=None if exponent is None else Span(Function.HOLDING, at.address + exponent.offset, 1),
    )


def _mppt_fields(at: ModelAt, model: Model, quirk: Quirk) -> Generator[Span, Sequence[int] | None, list[Field]]:
    """The direct-current inputs: solar strings, and on hybrids the battery's charging and discharging side.

    Which inputs are the battery's is told by their labels, or by what is known of the maker. Without any the inverter's
    AC side tells the solar power better, so the strings are left out.
    """
    start, length = at.address + 2 + model.length, model.group_length
    starts = [start + number * length for number in range((at.length - model.length) // length)]
    signs: list[int] = []
    label = model.group_points[_group_point(model, "label")]
    for start in starts:
        words = yield Span(Function.HOLDING, start + label.offset, label.words)
        signs.append(_battery_sign(str(decode(label.kind, words or []) or "")))
    if not any(signs) and 0 < max(quirk.charge_input, quirk.discharge_input) <= len(signs):
        signs[quirk.charge_input - 1], signs[quirk.discharge_input - 1] = 1, -1
    if not any(signs):
        return []
    fields: list[Field] = []
    for start, sign in zip(starts, signs, strict=True):
        quantity, counter = _INPUT_QUANTITIES[sign]
        for mapped in (
            Mapped(quantity, _group_point(model, "power_w"), sign or 1),
            Mapped(counter, _group_point(model, "energy_wh")),
        ):
            field = _field(mapped, model.group_points[mapped.point], start, at, model)
            fields.append(replace(field, optional=True))
    return fields


_INPUT_QUANTITIES = {
    1: ("battery_w", "charge_wh"),
    -1: ("battery_w", "discharge_wh"),
    0: ("solar_w", "solar_wh"),
}
"""Power and counter of an input, by the sign that its power has in the battery's."""


def _group_point(model: Model, quantity: str) -> str:
    return next(mapped.point for mapped in model.group_quantities if mapped.quantity == quantity)


def _battery_sign(label: str) -> int:
    """+1 for an input that charges a battery, -1 for one that discharges it, 0 for a solar string."""
    text = label.lower().replace("_", "").replace(" ", "")
    if text.startswith("stdis"):
        return -1
    return 1 if text.startswith("stcha") else 0


def _with_solar(fields: Sequence[Field]) -> list[Field]:
    """Solar power is the strings' where they are known, else what the inverter feeds into the house."""
    if any(field.quantity == "solar_w" for field in fields):
        # The inverter's own counter includes the battery's energy: the strings' counters, all optional, replace it.
        return [field for field in fields if field.quantity != "solar_wh" or field.optional]
    return [*fields, *(replace(field, quantity="solar_w") for field in fields if field.quantity == "ac_w")]


def _with_signs(fields: Sequence[Field], quirk: Quirk) -> tuple[Field, ...]:
    return tuple(replace(f, factor=-f.factor) if f.quantity in quirk.negate else f for f in fields)
