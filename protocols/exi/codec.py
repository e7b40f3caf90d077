"""Documents in and out."""

from __future__ import annotations

from protocols.exi import walk
from protocols.exi.schema import Element
from protocols.exi.sets import schema_set


def encode(namespace: str, message: Element) -> bytes:
    """The EXI document of `message` in the schema set of `namespace`."""
    return walk.write_document(schema_set(namespace), message)


def decode(namespace: str, data: bytes) -> Element:
    """The message in the EXI document `data`."""
    return walk.read_document(schema_set(namespace), data)
