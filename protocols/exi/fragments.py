"""EXI fragments: one element out of a message, as it is digested and signed (EXI 1.0, 8.5.2).

A fragment begins with any element that the schema set declares, not only with a global one, and ends with a code of its
own.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from protocols.exi import walk
from protocols.exi.bits import BitReader, BitWriter, Refused, padded_bytes
from protocols.exi.codec import STUMBLES, codec_of
from protocols.exi.compiled.runtime import Bad, Document
from protocols.exi.elements import ElementSlot, table_of
from protocols.exi.model import ElementValue, Value, element_name
from protocols.exi.relaxed import RelaxedGrammar
from protocols.exi.schema import Element


def encode_fragment(namespace: str, content: Any, name: str | None = None, *, relaxed: bool = True) -> bytes:
    """The EXI fragment of one element in the schema set of `namespace`; ExiError names the element.

    `name` is needed where the type alone does not tell it (a CertificateChainType as "ContractSignatureCertChain"). For
    a name with several types, `relaxed` chooses the standard's grammar, which EXIficient writes too; without it the
    element is coded by its own type, as libcbv2g does.
    """
    fragments = _fragments_of(namespace)
    label = element_name(type(content)) if name is None else name
    try:
        return fragments.encode(label, content)
    except STUMBLES:
        return fragments.write(label, content, relaxed)


def decode_fragment(namespace: str, data: bytes, *, relaxed: bool = True) -> tuple[str, Any]:
    """Name and content of the element in the EXI fragment `data`, padding after it allowed; ExiError as in `decode`.

    `relaxed` as in `encode_fragment`.
    """
    fragments = _fragments_of(namespace)
    try:
        return fragments.decode(bytes(data))
    except STUMBLES:
        return fragments.read(data, relaxed)


class Fragments:
    """Fragments of one schema set: compiled code where a name has one complex type, the walk for the rest."""

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace
        self.table = table_of(namespace)
        self._codec = codec_of(namespace)
        self._relaxed = RelaxedGrammar(self.table)
        self._end = len(self.table.slots) + 1
        """After the elements come the code of an element of any name and that of the end."""
        self._width = self._end.bit_length()

    def encode(self, label: str, content: Any) -> bytes:
        """The fragment by compiled code; one of the stumbles where that does not do."""
        code = self.table.codes[label]
        kind = content.__class__
        if self.table.slots[code].values != (ElementValue(kind),):
            raise Bad
        start = (1 << 8 | walk.HEADER) << self._width | code
        return padded_bytes(self._codec.encoder(kind)(content, start) << self._width | self._end)

    def decode(self, data: bytes) -> tuple[str, Element]:
        """Name and content by compiled code; one of the stumbles where that does not do."""
        document = Document(data)
        window, left = document.window(0)
        left -= 8 + self._width
        root = window >> left
        slot = self.table.slots[root & (1 << self._width) - 1]
        (value,) = slot.values
        if not isinstance(value, ElementValue) or root >> self._width != walk.HEADER:
            raise Bad
        element, window, left = self._codec.decoder(value.cls)(document, window, left)
        if left < document.padding + self._width:
            window, left = document.window(document.end - left)
        left -= self._width
        if left < document.padding or window >> left & (1 << self._width) - 1 != self._end:
            raise Bad
        return slot.label, element

    def write(self, label: str, content: Any, relaxed: bool) -> bytes:
        """The fragment by the walk; ExiError says what is wrong."""
        writer = BitWriter()
        path = [label]
        with walk.explained(path, None):
            code = self.table.codes.get(label)
            if code is None:
                raise Refused(f"it is no element of {self.namespace}")
            writer.put(walk.HEADER, 8)
            writer.put(code, self._width)
            slot = self.table.slots[code]
            value = _matching(slot, content)
            if len(slot.values) > 1 and relaxed:
                self._relaxed.write(content, writer)
            elif isinstance(value, ElementValue):
                walk.write_element(content, writer, path)
            else:
                writer.put(0, 1)
                walk.write_simple(value, content, writer)
                writer.put(0, 1)
            writer.put(self._end, self._width)
        return writer.to_bytes()

    def read(self, data: bytes, relaxed: bool) -> tuple[str, Any]:
        """Name and content by the walk; ExiError says what is wrong."""
        reader = BitReader(data)
        path = [f"The fragment of {self.namespace}"]
        with walk.explained(path, reader):
            walk.read_header(reader)
            code = reader.bits(self._width)
            if code >= len(self.table.slots):
                raise Refused("its element is not declared in the schema")
            slot = self.table.slots[code]
            path[0] = slot.label
            content = self._read_content(slot, reader, path, relaxed)
            if reader.bits(self._width) != self._end:
                raise Refused("another element follows where the fragment should end")
        return slot.label, content

    def _read_content(self, slot: ElementSlot, reader: BitReader, path: list[str], relaxed: bool) -> Any:
        if not slot.values:
            raise Refused("it is abstract and cannot stand in a fragment")
        if len(slot.values) > 1 and relaxed:
            return self._relaxed.read(slot.values, reader)
        value = next((v for v in slot.values if isinstance(v, ElementValue)), slot.values[0])
        if isinstance(value, ElementValue):
            return walk.read_element(value.cls, reader, path)
        walk.read_only_event(reader)
        content = walk.read_simple(value, reader)
        walk.read_only_event(reader)
        return content


def _matching(slot: ElementSlot, content: Any) -> Value:
    """The type of `content` among those that the element may have."""
    for value in slot.values:
        if isinstance(value, ElementValue):
            if value.cls is type(content):
                return value
        elif not isinstance(content, Element):
            return value
    names = " or ".join(v.cls.__name__ if isinstance(v, ElementValue) else "a simple value" for v in slot.values)
    raise Refused(f"it must be {names}, not {type(content).__name__}" if names else "it is abstract")


@cache
def _fragments_of(namespace: str) -> Fragments:
    return Fragments(namespace)
