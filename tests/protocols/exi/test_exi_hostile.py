"""Input made to hurt: nothing but an ExiError comes back, and the two ways of decoding always agree."""

import gc
import random

import pytest

from protocols.exi import APP_PROTOCOL, V2, V20_AC, V20_ACDP, V20_COMMON, V20_DC, V20_WPT, ExiError, decode, walk
from protocols.exi.codec import codec_of
from protocols.exi.sets import schema_set

NAMESPACES = (APP_PROTOCOL, V2, V20_COMMON, V20_AC, V20_DC, V20_WPT, V20_ACDP)


def both(outcome, namespace, data):
    """What compiled code and the walk make of a document; decode itself must not raise anything else."""
    fast = outcome(codec_of(namespace).decode, data)
    slow = outcome(walk.read_document, schema_set(namespace), data)
    return fast, slow


def test_a_truncation_is_refused(golden_sample):
    for document in golden_sample:
        size = len(document.exi)
        for length in {*range(min(size, 60)), *range(0, size, 23), *range(max(size - 9, 0), size)}:
            with pytest.raises(ExiError, match=r"\.$"):
                decode(document.namespace, document.exi[:length])


def test_a_flipped_bit_is_refused_or_read_the_same_by_both(golden_sample, outcome):
    flips = random.Random(15118)
    for document in golden_sample:
        bits = range(len(document.exi) * 8)
        for position in flips.sample(bits, min(len(bits), 80 if len(document.exi) < 200 else 10)):
            data = bytearray(document.exi)
            data[position >> 3] ^= 128 >> (position & 7)
            fast, slow = both(outcome, document.namespace, bytes(data))
            assert fast == slow, (document.message, position)


@pytest.mark.parametrize("namespace", NAMESPACES)
@pytest.mark.parametrize("octet", [0x00, 0x55, 0x7F, 0x80, 0xAA, 0xFF])
def test_floods(namespace, octet, outcome):
    flood = bytes([octet]) * 65536
    for code in range(1 << 6):
        data = b"\x80" + bytes([code << 2]) + flood
        fast, slow = both(outcome, namespace, data)
        assert fast == slow


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_noise(namespace, outcome):
    noise = random.Random(namespace)
    for _ in range(400):
        data = b"\x80" + noise.randbytes(noise.randrange(400))
        fast, slow = both(outcome, namespace, data)
        assert fast == slow


def test_padding_after_a_document_is_accepted(golden_sample):
    for document in golden_sample:
        message = decode(document.namespace, document.exi)
        for padding in (b"\x00", b"\x00" * 16, b"\xff" * 3, bytes(5000)):
            assert codec_of(document.namespace).decode(document.exi + padding) == message


@pytest.mark.parametrize("data", [b"", b"\x80", b"$EXI\x80", b"\x00" * 40, b"\xa0" + b"\x00" * 40])
@pytest.mark.parametrize("namespace", NAMESPACES)
def test_no_document_at_all(namespace, data):
    with pytest.raises(ExiError):
        decode(namespace, data)


def test_a_v2gtp_header_is_recognised(golden_sample):
    document = golden_sample[0]
    frame = bytes.fromhex("01fe8002") + len(document.exi).to_bytes(4, "big") + document.exi
    with pytest.raises(ExiError, match="starts with a V2GTP header, whose 8 bytes are no part of it"):
        decode(document.namespace, frame)


def test_refusals_leave_nothing_behind():
    """A thousand refused documents keep no traceback, no frame and no document alive."""

    def refuse(times):
        for _ in range(times):
            with pytest.raises(ExiError):
                decode(V20_DC, b"\x80\x30\xff\xff\xff\xff")
        gc.collect()
        return len(gc.get_objects())

    refuse(10)
    before = refuse(10)
    assert refuse(1000) - before < 500
