"""The relaxed grammar of an element name that has several types (EXI 1.0, 8.5.3), as far as signatures need it.

It allows every attribute and every element of the schema set in any order. Carried are attributes and text, both as
strings: that is all of eMAID in ISO 15118-2, the one such name in any of the sets.
"""

from __future__ import annotations

from typing import Any

from protocols.exi.bits import BitReader, BitWriter, Refused
from protocols.exi.elements import ElementTable, attribute_name
from protocols.exi.model import ElementValue, Field, Value, model_of
from protocols.exi.schema import Element, Text
from protocols.exi.walk import write_simple

_NOT_CARRIED = "something other than attributes and text stands here, which is not carried"


class RelaxedGrammar:
    """Two states. The first has codes for all attributes, an attribute of any name, all elements, an element of any
    name, the end and text; the second, after text or an element, lacks those of attributes."""

    def __init__(self, table: ElementTable) -> None:
        self._attributes = table.attributes
        self._later_end = len(table.slots) + 1
        self._later_width = (self._later_end + 2).bit_length()
        self._first_text = len(self._attributes) + 1 + self._later_end + 1
        self._first_width = (self._first_text + 1).bit_length()

    def write(self, content: Any, writer: BitWriter) -> None:
        """Appends an element of attributes and text, or only text."""
        text: Any = content
        if isinstance(content, Element):
            model = model_of(type(content))
            for field in sorted(model.attributes, key=lambda f: self._code(type(content), f)):
                value = getattr(content, field.name)
                if value is not None or field.minimum:
                    writer.put(self._code(type(content), field), self._first_width)
                    write_simple(_text_of(field), value, writer)
            text = getattr(content, _text_field(model.elements).name)
        writer.put(self._first_text, self._first_width)
        write_simple(Text(), text, writer)
        writer.put(self._later_end, self._later_width)

    def read(self, values: tuple[Value, ...], reader: BitReader) -> Any:
        """The content as that of `values` which has just the attributes that stand there."""
        found: dict[int, str] = {}
        while (code := reader.bits(self._first_width)) < len(self._attributes):
            if code in found:
                raise Refused(f"the attribute {self._attributes[code][0]} stands twice")
            found[code] = reader.text(0, None)
        if code != self._first_text:
            raise Refused(_NOT_CARRIED)
        text = reader.text(0, None)
        if reader.bits(self._later_width) != self._later_end:
            raise Refused(_NOT_CARRIED)
        return self._made(values, found, text)

    def _made(self, values: tuple[Value, ...], attributes: dict[int, str], text: str) -> Any:
        for value in values:
            if not isinstance(value, ElementValue):
                if not attributes:
                    return text
                continue
            model = model_of(value.cls)
            fields = {self._code(value.cls, f): f for f in model.attributes}
            if attributes.keys() <= fields.keys() and all(c in attributes for c, f in fields.items() if f.minimum):
                named = {fields[code].name: content for code, content in attributes.items()}
                return value.cls(**named, **{_text_field(model.elements).name: text})
        raise Refused("its attributes fit none of its types")

    def _code(self, cls: type[Element], field: Field) -> int:
        return self._attributes.index(attribute_name(cls, field))


def _text_of(field: Field) -> Text:
    value = field.alternatives[0].value
    if not isinstance(value, Text):
        raise Refused(f"{field.name} is no string, which is not carried here")
    return value


def _text_field(fields: tuple[Field, ...]) -> Field:
    if len(fields) != 1 or not fields[0].is_content:
        raise Refused("elements inside an element of several types are not carried")
    return fields[0]
