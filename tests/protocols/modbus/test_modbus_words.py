"""Registers to numbers: every type both ways, every "not implemented" pattern missing."""

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.modbus.blocks import Function, Span
from protocols.modbus.fields import Field, decode_fields, encode_field, store
from protocols.modbus.words import TYPES, WordsError, decode, encode

NUMBERS = [kind for kind in TYPES.values() if not kind.is_text]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("int16", [0x8000]),
        ("uint16", [0xFFFF]),
        ("enum16", [0xFFFF]),
        ("int32", [0x8000, 0]),
        ("uint32", [0xFFFF, 0xFFFF]),
        ("acc32", [0xFFFF, 0xFFFF]),
        ("int64", [0x8000, 0, 0, 0]),
        ("uint64", [0xFFFF] * 4),
        ("float32", [0x7FC0, 0]),
        ("float32", [0x7F80, 0]),
        ("float64", [0x7FF8, 0, 0, 0]),
        ("sunssf", [0x8000]),
        ("string", [0, 0]),
    ],
)
def test_not_implemented_patterns_are_missing(name, words):
    assert decode(TYPES[name], words) is None


def test_a_pattern_of_the_device_itself_is_missing_too():
    kind = TYPES["int32"]
    assert decode(kind, [0x7FFF, 0xFFFF]) == 2**31 - 1
    assert decode(kind, [0x7FFF, 0xFFFF], missing=frozenset({0x7FFFFFFF})) is None
    assert decode(kind, [0xFFFF, 0x7FFF], missing=frozenset({0x7FFFFFFF}), low_word_first=True) is None


def test_an_accumulator_at_zero_is_zero():
    assert decode(TYPES["acc32"], [0, 0]) == 0


@pytest.mark.parametrize("kind", NUMBERS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("low_word_first", [False, True])
def test_missing_survives_the_way_there_and_back(kind, low_word_first):
    words = encode(kind, None, kind.words, low_word_first=low_word_first)
    expected = None if kind.missing or kind.code in "fd" else 0
    assert decode(kind, words, low_word_first=low_word_first) == expected


@given(st.integers(-(2**31) + 1, 2**31 - 1), st.booleans())
def test_int32_there_and_back_in_both_word_orders(value, low_word_first):
    words = encode(TYPES["int32"], value, 2, low_word_first=low_word_first)
    assert decode(TYPES["int32"], words, low_word_first=low_word_first) == value


def test_low_word_first_is_what_carlo_gavazzi_sends():
    # -1234.5 W in tenths, low word first
    high, low = struct.unpack(">2H", struct.pack(">i", -12345))
    assert decode(TYPES["int32"], [low, high], low_word_first=True) == -12345


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_float32_there_and_back(value):
    assert decode(TYPES["float32"], encode(TYPES["float32"], value, 2)) == value


@pytest.mark.parametrize(
    ("name", "value"), [("uint16", -1), ("int16", 40_000), ("uint16", math.inf), ("float32", 1e300)]
)
def test_what_does_not_fit_is_refused(name, value):
    with pytest.raises(WordsError, match="does not fit"):
        encode(TYPES[name], value, TYPES[name].words)


def test_text_ends_at_nul_and_survives_bad_bytes():
    assert decode(TYPES["string"], [0x4142, 0x4300, 0x5858]) == "ABC"
    assert decode(TYPES["string"], [0xFF41, 0x2020]) == "\ufffdA"


def field(quantity, address, kind="int16", **more):
    word = TYPES[kind]
    return Field(quantity, Span(Function.HOLDING, address, word.words), word, **more)


def values(fields, words):
    memory = {}
    store(memory, Span(Function.HOLDING, 0, len(words)), words)
    return decode_fields(fields, memory)


def test_scale_factors_and_their_absence():
    exponent = Span(Function.HOLDING, 1, 1)
    volt = field("voltage_v.1", 0, "uint16", exponent=exponent)
    assert values([volt], [2302, 0xFFFF]) == {"voltage_v.1": 230.2}
    assert values([volt], [23, 1]) == {"voltage_v.1": 230.0}
    assert values([volt], [2302, 0x8000]) == {"voltage_v.1": None}, "scale unknown: value unknown"
    assert values([volt], [2302, 11]) == {"voltage_v.1": None}, "no scale factor is that large"
    assert values([volt], [2302]) == {"voltage_v.1": None}, "scale register not read"


def test_fields_of_one_quantity_add_up_and_a_needed_one_that_is_missing_spoils_the_sum():
    grid = [field("grid_w", 0), field("grid_w", 1, factor=-1.0)]
    assert values(grid, [0, 300]) == {"grid_w": -300}
    assert values(grid, [100, 0x8000]) == {"grid_w": None}
    strings = [field("solar_w", 0, optional=True), field("solar_w", 1, optional=True)]
    assert values(strings, [100, 0x8000]) == {"solar_w": 100}
    assert values(strings, [0x8000, 0x8000]) == {"solar_w": None}


def test_encode_field_turns_scale_and_sign_around():
    row = field("grid_w", 0, "int32", factor=-0.1)
    words = encode_field(row, 1234.5)
    assert values([row], words)["grid_w"] == pytest.approx(1234.5)
