"""V2GTP and SDP: what is on the wire, and what liars do to it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.iso15118.v2gtp import (
    MAX_PAYLOAD_BYTES,
    PayloadType,
    V2gtpError,
    V2gtpMessage,
    V2gtpStream,
    pack,
    unpack,
)
from protocols.iso15118.wire.sdp import SdpRequest, SdpResponse, Security, read_request, read_response


def test_header_as_on_the_wire() -> None:
    assert pack(PayloadType.DC, b"\x80\x01").hex() == "01fe8004" + "00000002" + "8001"


@given(st.lists(st.tuples(st.integers(0, 0xFFFF), st.binary(max_size=60)), max_size=6), st.data())
def test_any_cut_of_the_stream_gives_the_same_messages(messages: list[tuple[int, bytes]], data: st.DataObject) -> None:
    wire = b"".join(pack(*message) for message in messages)
    stream, found = V2gtpStream(), []
    while wire:
        size = data.draw(st.integers(1, len(wire)))
        found += stream.receive(wire[:size])
        wire = wire[size:]
    assert found == [V2gtpMessage(*message) for message in messages]
    assert stream.pending_bytes == 0


def test_one_byte_at_a_time() -> None:
    stream = V2gtpStream()
    found = [m for byte in pack(0x8002, b"abc") * 2 for m in stream.receive(bytes((byte,)))]
    assert [m.payload for m in found] == [b"abc", b"abc"]


def test_length_zero_is_an_empty_message() -> None:
    assert V2gtpStream().receive(pack(0x8002, b"")) == [V2gtpMessage(0x8002, b"")]


@pytest.mark.parametrize("length", [0xFFFFFFFF, MAX_PAYLOAD_BYTES + 1])
def test_promise_of_too_much_is_refused_with_the_header(length: int) -> None:
    with pytest.raises(V2gtpError, match=str(length)):
        V2gtpStream().receive(bytes.fromhex("01fe8002") + length.to_bytes(4, "big"))


@pytest.mark.parametrize("start", ["02fd", "01ff", "00fe", "4745"])
def test_other_versions_and_other_protocols_are_refused(start: str) -> None:
    with pytest.raises(V2gtpError, match="0x01FE"):
        V2gtpStream().receive(bytes.fromhex(start) + bytes(6))


@pytest.mark.parametrize("datagram", [b"", b"\x01", pack(1, b"x")[:-1], pack(1, b"x") + b"y", pack(1, b"") * 2])
def test_a_datagram_is_one_whole_message(datagram: bytes) -> None:
    with pytest.raises(V2gtpError):
        unpack(datagram)


def test_sdp_as_on_the_wire() -> None:
    assert SdpRequest(Security.NONE).to_bytes().hex() == "01fe9000000000021000"
    response = SdpResponse("fe80::1", 50000, Security.TLS)
    assert response.to_bytes().hex() == "01fe900100000014" + "fe80" + "00" * 13 + "01" + "c350" + "0000"


@pytest.mark.parametrize("security", list(Security))
def test_sdp_round_trip(security: Security) -> None:
    assert read_request(SdpRequest(security).to_bytes()) == SdpRequest(security)
    response = SdpResponse("fe80::a:b", 49200, security)
    assert read_response(response.to_bytes()) == response


@pytest.mark.parametrize(
    ("payload_type", "payload", "match"),
    [
        (PayloadType.SDP_RESPONSE, b"\x10\x00", "SDP_REQUEST was expected"),
        (PayloadType.SDP_REQUEST, b"\x10", "of 1 bytes"),
        (PayloadType.SDP_REQUEST, b"\x10\x00\x00", "of 3 bytes"),
        (PayloadType.SDP_REQUEST, b"\x05\x00", "security byte 0x05"),
        (PayloadType.SDP_REQUEST, b"\x10\x10", "transport byte 0x10"),
    ],
)
def test_bad_sdp_requests_say_what_is_wrong(payload_type: PayloadType, payload: bytes, match: str) -> None:
    with pytest.raises(V2gtpError, match=match):
        read_request(pack(payload_type, payload))


def test_sdp_answer_with_port_zero_is_refused() -> None:
    with pytest.raises(V2gtpError, match="port 0"):
        read_response(pack(PayloadType.SDP_RESPONSE, bytes(16) + b"\x00\x00\x10\x00"))


@given(st.binary(max_size=40))
def test_noise_is_refused_cleanly(noise: bytes) -> None:
    for read in (read_request, read_response):
        try:
            read(noise)
        except V2gtpError:
            continue
