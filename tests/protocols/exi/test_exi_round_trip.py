"""Messages made up from the definitions: both ways of coding write the same bytes and read the same message back."""

import json
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protocols.exi import APP_PROTOCOL, DIN, V2, V20_AC, V20_ACDP, V20_COMMON, V20_DC, V20_WPT, from_json, to_json, walk
from protocols.exi.codec import codec_of
from protocols.exi.messages import xmldsig
from protocols.exi.model import (
    BooleanValue,
    ElementValue,
    EnumValue,
    Field,
    Value,
    choice_groups,
    model_of,
)
from protocols.exi.schema import Binary, Element, IntegerRange, Text
from protocols.exi.sets import schema_set

LIST_LENGTH = 3

texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
ids = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.\-]{0,8}", fullmatch=True)


def values(target: Value) -> st.SearchStrategy[Any]:
    match target:
        case BooleanValue():
            return st.booleans()
        case EnumValue(enum):
            return st.sampled_from(list(enum))
        case ElementValue(cls):
            return elements(cls)
        case IntegerRange(minimum, maximum):
            low, high = (minimum if minimum is not None else -(2**200)), (maximum if maximum is not None else 2**200)
            edges = [v for v in (low, 0, 127, 128, 16383, 16384, -1, -128, -129, high) if low <= v <= high]
            return st.integers(low, high) | st.sampled_from(edges)
        case Text(max_length=longest, is_id=is_id):
            return ids if is_id else texts.map(lambda t: t[:longest])
        case Binary(min_length=shortest, max_length=longest):
            return st.binary(min_size=shortest, max_size=min(longest or 300, shortest + 300))


def field_values(field: Field) -> st.SearchStrategy[Any]:
    one = st.one_of([values(a.value) for a in field.alternatives if a.value is not None])
    if field.is_list:
        most = min(field.maximum, field.minimum + LIST_LENGTH)
        return st.lists(one, min_size=field.minimum, max_size=most)
    return one if field.minimum else st.none() | one


@cache
def elements(cls: type[Element]) -> st.SearchStrategy[Element]:
    plain: dict[str, st.SearchStrategy[Any]] = {}
    choices = []
    for group in choice_groups(model_of(cls).fields):
        if group[0].choice is None:
            plain[group[0].name] = field_values(group[0])
        else:
            options = [values(f.alternatives[0].value).map(lambda v, n=f.name: {n: v}) for f in group]
            choices.append(st.one_of(options if group[0].choice.required else [*options, st.just({})]))
    made = st.builds(
        lambda fields, chosen: cls(**fields, **{k: v for part in chosen for k, v in part.items()}),
        st.fixed_dictionaries(plain),
        st.tuples(*choices),
    )
    return made.filter(WHOLE.get(cls, lambda _: True))


def _pairs(key: Any) -> bool:
    return (key.P is None) == (key.Q is None) and (key.Seed is None) == (key.PgenCounter is None)


WHOLE = {
    xmldsig.DSAKeyValueType: _pairs,
    xmldsig.KeyValueType: lambda key: (key.DSAKeyValue is None) != (key.RSAKeyValue is None),
    xmldsig.KeyInfoType: lambda info: any(v for k, v in to_json(info)["KeyInfo"].items() if k != "Id"),
    xmldsig.PGPDataType: lambda data: data.PGPKeyID is not None or data.PGPKeyPacket is not None,
    xmldsig.X509DataType: lambda data: any(to_json(data)["X509Data"].values()),
}
"""What the particles of types with other content than a row of fields ask for."""


@pytest.mark.parametrize("namespace", [APP_PROTOCOL, V2, V20_COMMON, V20_AC, V20_DC, V20_WPT, V20_ACDP, DIN])
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_both_ways_agree(namespace: str, data: st.DataObject) -> None:
    messages = schema_set(namespace).messages
    name = data.draw(st.sampled_from(sorted(n for n in messages if n.endswith(("Req", "Res")))))
    message = data.draw(elements(messages[name]))

    document = codec_of(namespace).encode(message)

    assert walk.write_document(schema_set(namespace), message) == document
    assert codec_of(namespace).decode(document) == message
    assert walk.read_document(schema_set(namespace), document) == message
    assert from_json(namespace, json.loads(json.dumps(to_json(message)))) == message


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(signature=elements(xmldsig.SignatureType))
def test_signatures_agree_as_documents_of_their_own(signature: xmldsig.SignatureType) -> None:
    document = codec_of(V20_DC).encode(signature)

    assert walk.write_document(schema_set(V20_DC), signature) == document
    assert codec_of(V20_DC).decode(document) == signature
    assert walk.read_document(schema_set(V20_DC), document) == signature
