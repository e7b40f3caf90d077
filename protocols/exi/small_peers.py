"""What peers with small arrays can take: libcbv2g, the codec in many cars and chargers, has room for less than the
schemas allow, and refuses strings beyond ASCII. When the peer is unknown, send nothing larger.

The limits are those of libcbv2g's generated headers (EVerest/libcbv2g and its copies in other projects, 2023 to 2025).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec

from protocols.exi import namespaces
from protocols.exi.model import Field, model_of
from protocols.exi.schema import Binary, Element, IntegerRange, Text

MAX_TEXT = 64
"""Characters of a string for which the schema gives no limit (algorithm URIs, issuer names, Ids)."""
MAX_BYTES = 350
"""Bytes of a value for which the schema gives no limit (digests, signature values)."""
MAX_INTEGER = 2 ** (7 * 30)
"""Beyond any number for which the schema gives no limit (a certificate's serial number)."""

_SIGNATURE = {"Reference": 4, "Transform": 1}
_V20 = {**_SIGNATURE, "ParameterSet": 4, "Parameter": 8, "PriceRuleStack": 64}
LISTS: dict[str, dict[str, int]] = {
    namespaces.APP_PROTOCOL: {"AppProtocol": 5},
    namespaces.V20_COMMON: _V20,
    namespaces.V20_AC: _V20,
    namespaces.V20_DC: _V20,
    namespaces.V2: {
        **_SIGNATURE,
        "ParameterSet": 5,
        "PMaxScheduleEntry": 12,
        "SalesTariffEntry": 12,
        "RootCertificateID": 5,
    },
    namespaces.DIN: {
        **_SIGNATURE,
        "Service": 1,
        "SelectedService": 16,
        "PaymentOption": 2,
        "ParameterSet": 5,
        "Parameter": 1,
        "Certificate": 1,
        "RootCertificateID": 5,
        "SAScheduleTuple": 5,
        "PMaxScheduleEntry": 5,
        "SalesTariffEntry": 5,
        "ConsumptionCost": 1,
        "Cost": 1,
        "ProfileEntry": 24,
    },
}
"""For each schema set the lists that may hold less than the schema allows, by their element's name."""

_OFFERS = frozenset({"AppProtocol", "ParameterSet"})
"""Lists of offers, best first: a shorter one still says something true."""

E = TypeVar("E", bound=Element)


def limit(namespace: str, name: str) -> int | None:
    """How many elements called `name` an unknown peer takes in a row; None where the schema's own limit holds."""
    return LISTS.get(namespace, {}).get(name)


def fits(namespace: str, message: Element) -> str | None:
    """Why `message` may be too much for an unknown peer, in one sentence; None where it is not."""
    return next((f"{'/'.join(path)}: {problem}." for path, problem in _problems(namespace, message, ())), None)


def trimmed(namespace: str, message: E) -> E:
    """A copy of `message` with fewer offers (by priority where they have one, else the first) and with strings in
    ASCII, letters without their accents and question marks for the rest.

    Schedules, prices and certificates are never cut, for what is left would say something else: build them short, by
    `limit`. Trim before signing; whether the rest fits, `fits` says.
    """
    changes: dict[str, Any] = {}
    for field in model_of(type(message)).fields:
        value = getattr(message, field.name)
        if field.is_list:
            changes[field.name] = [_trimmed_value(namespace, v) for v in _fewer(namespace, field, value)]
        elif value is not None:
            changes[field.name] = _trimmed_value(namespace, value)
    return msgspec.structs.replace(message, **changes)


def _trimmed_value(namespace: str, value: Any) -> Any:
    if isinstance(value, Element):
        return trimmed(namespace, value)
    return ascii_text(value, len(value)) if type(value) is str else value


def ascii_text(text: str, length: int) -> str:
    """As much of a text for people as any peer takes: letters without their accents, question marks for the rest."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return bare.encode("ascii", errors="replace").decode("ascii")[:length]


def _fewer(namespace: str, field: Field, items: list[Any]) -> list[Any]:
    most = limit(namespace, field.name)
    if most is None or len(items) <= most or field.name not in _OFFERS:
        return items
    wanted = sorted(range(len(items)), key=lambda i: (getattr(items[i], "Priority", 0), i))[:most]
    return [items[i] for i in sorted(wanted)]


def _problems(namespace: str, element: Element, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    path = path or (type(element).__name__,)
    for field in model_of(type(element)).fields:
        value = getattr(element, field.name)
        if value is None:
            continue
        here = (*path, field.name)
        items = value if field.is_list else [value]
        most = limit(namespace, field.name)
        if field.is_list and most is not None and len(items) > most:
            yield here, f"{len(items)} entries are more than small peers take ({most})"
        for item in items:
            if isinstance(item, Element):
                yield from _problems(namespace, item, here)
            else:
                problem = _problem_of(field, item)
                if problem:
                    yield here, problem


def _problem_of(field: Field, value: Any) -> str | None:
    match field.alternatives[0].value:
        case Text(max_length=longest):
            if not value.isascii():
                return f"{value!r:.60} is not ASCII, which small peers refuse"
            if longest is None and len(value) > MAX_TEXT:
                return f"{len(value)} characters are more than small peers take ({MAX_TEXT})"
        case Binary(max_length=None) if len(value) > MAX_BYTES:
            return f"{len(value)} bytes are more than small peers take ({MAX_BYTES})"
        case IntegerRange(minimum=None) if abs(value) >= MAX_INTEGER:
            return f"a number of {value.bit_length()} bits is longer than small peers take"
    return None
