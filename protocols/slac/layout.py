"""How the fields of a management message lie in its bytes: a table each, read and written by the same few lines.

Every length is checked before a byte is looked at, by code that `python -O` keeps: a guard made of `assert` cost a
well-known stack its neck (CVE-2026-22790). What does not fit is refused with one sentence that names the field.
"""

from typing import Any, NamedTuple

MAC_OCTETS = 6


class FrameError(ValueError):
    """A frame that is none of ours, or broken; the text is one sentence."""


class Part(NamedTuple):
    """One field. `octets` 0 takes as many as the field `counted_by` says (`per_octet` of what it counts share one).

    A part without a name is reserved: zeros when sent, anything when read. `fixed` is what the standard's table
    prescribes: anything else is refused.
    """

    name: str
    octets: int = 1
    fixed: int | bytes | None = None
    number: bool = True
    counted_by: str = ""
    per_octet: int = 1


def number(name: str, octets: int = 1, fixed: int | None = None) -> Part:
    """An unsigned number, its least octet first."""
    return Part(name, octets, fixed)


def octets(name: str, size: int, fixed: bytes | None = None) -> Part:
    """A string of octets."""
    return Part(name, size, fixed, number=False)


def counted(name: str, counted_by: str, per_octet: int = 1) -> Part:
    """A string of octets whose length another, earlier field tells."""
    return Part(name, 0, number=False, counted_by=counted_by, per_octet=per_octet)


def reserved(size: int) -> Part:
    """Octets without meaning."""
    return Part("", size, number=False)


def read(message: str, parts: tuple[Part, ...], payload: bytes, *, exact: bool = True) -> dict[str, Any]:
    """The named values of `payload`; octets after the last part are padding. Raises `FrameError`.

    Without `exact`, `fixed` parts may say what they like; lengths are checked all the same.
    """
    values: dict[str, Any] = {}
    at = 0
    for part in parts:
        size = part.octets or -(-values[part.counted_by] // part.per_octet)
        raw = payload[at : at + size]
        if len(raw) < size:
            raise FrameError(
                f"{message} is cut short: {part.name or 'a reserved field'} needs {size} octets, {len(raw)} are there"
            )
        at += size
        if not part.name:
            continue
        value = int.from_bytes(raw, "little") if part.number else bytes(raw)
        if exact and part.fixed is not None and value != part.fixed:
            raise FrameError(f"{message}: {part.name} is {_shown(value)}, but has to be {_shown(part.fixed)}")
        values[part.name] = value
    return values


def write(message: str, parts: tuple[Part, ...], values: dict[str, Any]) -> bytes:
    """The octets of `values`. Raises `FrameError` for what does not fit its field."""
    out = bytearray()
    for part in parts:
        if not part.name:
            out += bytes(part.octets)
            continue
        value = values[part.name]
        size = part.octets or -(-values[part.counted_by] // part.per_octet)
        if part.number:
            if not 0 <= value < 1 << 8 * size:
                raise FrameError(f"{message}: {part.name} = {value} does not fit in {size} octets")
            out += value.to_bytes(size, "little")
        else:
            if len(value) != size:
                raise FrameError(f"{message}: {part.name} has {len(value)} octets instead of {size}")
            out += value
    return bytes(out)


def _shown(value: int | bytes) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
