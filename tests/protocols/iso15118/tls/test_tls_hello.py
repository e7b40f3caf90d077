"""The ClientHello reader against cut, flipped and made-up bytes."""

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.iso15118.wire.tls import V2, V20, HelloError, TlsClient, TlsServer, read_hello
from protocols.iso15118.wire.tls.hello import MAX_HELLO_BYTES


def hello_bytes(*profiles: Any) -> bytes:
    client = TlsClient(profiles, lambda chain, profile: None, check_staple=lambda response, chain: None)
    client.begin()
    return client.data_to_send()


def test_what_a_20_car_says() -> None:
    hello = read_hello(hello_bytes(V20))
    assert hello is not None
    assert hello.versions == (0x0304,)
    assert hello.suites[:2] == (0x1302, 0x1303)
    assert hello.groups == (0x0019, 0x001E)
    assert hello.signatures == (0x0603, 0x0808)
    assert hello.wants_status
    assert V20.misfit(hello) is None
    assert V2.misfit(hello) == "no TLSv1.2"


def test_what_a_2_car_says() -> None:
    hello = read_hello(hello_bytes(V2))
    assert hello is not None
    assert hello.versions == (0x0303,)
    assert V2.misfit(hello) is None


def test_every_cut_is_incomplete() -> None:
    whole = hello_bytes(V20)
    for end in range(len(whole)):
        assert read_hello(whole[:end]) is None


def test_a_hello_may_come_in_many_records() -> None:
    whole = hello_bytes(V20)
    body = whole[5:]
    cut = b"".join(b"\x16\x03\x01\x00" + bytes((len(part),)) + part for part in (body[:3], body[3:50], body[50:200]))
    rest = body[200:]
    assert read_hello(cut) is None
    assert read_hello(cut + b"\x16\x03\x01" + len(rest).to_bytes(2) + rest) == read_hello(whole)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"\x01\xfe\x80\x01\x00", "which is not TLS"),
        (b"GET / HTTP/1.1", "which is not TLS"),
        (b"\x16\x03\x01\x00\x00", "has 0 bytes"),
        (b"\x16\x03\x01\xff\xff", "has 65535 bytes"),
        (b"\x16\x03\x01\x00\x04\x02\x00\x00\x00", "of type 2"),
        (b"\x16\x03\x01\x00\x04\x01\xff\xff\xff", "promises 16777215"),
        (b"\x16\x03\x01\x00\x06\x01\x00\x00\x02\x03\x03", "past the end"),
        (b"\x16\x03\x01\x00\x01\x01" * 6000, "promises"),
    ],
)
def test_what_is_no_hello_says_so(data: bytes, told: str) -> None:
    with pytest.raises(HelloError, match=told):
        read_hello(data)


def test_every_flipped_bit_is_a_hello_or_an_error() -> None:
    whole = hello_bytes(V20, V2)
    for index in range(len(whole) * 8):
        flipped = bytearray(whole)
        flipped[index // 8] ^= 1 << index % 8
        with contextlib.suppress(HelloError):
            read_hello(flipped)


@given(st.binary(max_size=400))
@settings(max_examples=300, deadline=None)
def test_any_bytes_end_in_a_value_or_an_error(data: bytes) -> None:
    for start in (b"", b"\x16\x03\x01", b"\x16\x03\x01" + len(data).to_bytes(2) + b"\x01"):
        with contextlib.suppress(HelloError):
            read_hello(start + data)


@given(st.binary(min_size=1, max_size=2000))
@settings(max_examples=100, deadline=None)
def test_a_server_survives_any_bytes(data: bytes) -> None:
    server = TlsServer([])
    for byte in range(0, len(data), 100):
        assert server.receive(data[byte : byte + 100]) == b""
    assert len(server.data_to_send()) <= 7


def test_a_server_keeps_no_more_than_a_hello() -> None:
    server = TlsServer([])
    for _ in range(MAX_HELLO_BYTES // 512 + 2):
        server.receive(b"\x16\x03\x01\x02\x00\x01\x00\x3f\xff" + bytes(508))
    assert server.failure is not None
    assert server.data_to_send()[0] == 21
