"""The capture file, read back block by block: lengths, checksums, sequence numbers, and the keys before the packets."""

import itertools
import os
import stat
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from protocols.iso15118 import Capture, TransportError
from protocols.iso15118.wire import capture, pcapng
from protocols.iso15118.wire.capture import SEGMENT_BYTES

CHARGER, CAR = ("fe80::1", 50_000), ("fe80::2", 40_000)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "case.pcapng"


def make(path: Path) -> Capture:
    clock = itertools.count(1_800_000_000)
    return Capture(path, "eth1", lambda: float(next(clock)))


def blocks(data: bytes) -> Iterator[tuple[int, bytes]]:
    position = 0
    while position < len(data):
        kind, length = struct.unpack_from("<II", data, position)
        assert length % 4 == 0
        assert struct.unpack_from("<I", data, position + length - 4) == (length,)
        yield kind, data[position + 8 : position + length - 4]
        position += length


def frames(path: Path) -> list[bytes]:
    found = []
    for kind, body in blocks(path.read_bytes()):
        if kind == pcapng.ENHANCED_PACKET:
            _, _, _, captured, original = struct.unpack_from("<IIIII", body)
            assert captured == original
            found.append(body[20 : 20 + captured])
    return found


def checked(frame: bytes) -> tuple[int, bytes]:
    """Protocol and payload of a frame whose IPv6 length and checksum are right."""
    assert frame[12:14] == b"\x86\xdd"
    ip, payload = frame[14:54], frame[54:]
    assert struct.unpack_from(">H", ip, 4) == (len(payload),)
    pseudo = ip[8:40] + struct.pack(">II", len(payload), ip[6])
    words = pseudo + payload + bytes(len(payload) % 2)
    total = sum(struct.unpack(f">{len(words) // 2}H", words))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    assert total == 0xFFFF
    return ip[6], payload


def test_the_file_begins_as_a_section_with_one_interface_and_is_private(path: Path) -> None:
    path.write_text("what stood there before, for all to read")
    path.chmod(0o644)
    make(path).close()
    (kind, section), (second, interface) = blocks(path.read_bytes())
    assert kind == pcapng.SECTION_HEADER
    assert section[:4] == b"\x4d\x3c\x2b\x1a"
    assert second == pcapng.INTERFACE_DESCRIPTION
    assert b"eth1" in interface
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_datagrams_are_whole_udp_packets(path: Path) -> None:
    found = make(path)
    found.datagram(("fe80::2%eth1", 40_000), ("ff02::1", 15118), b"where are you?")
    found.close()
    (frame,) = frames(path)
    protocol, payload = checked(frame)
    assert protocol == pcapng.UDP
    assert struct.unpack_from(">HHH", payload) == (40_000, 15118, 8 + 14)
    assert payload[8:] == b"where are you?"
    assert frame[:6] == b"\x33\x33\x00\x00\x00\x01"


@pytest.mark.parametrize("outgoing", [True, False])
def test_a_connection_has_the_numbers_that_tcp_would_have(path: Path, outgoing: bool) -> None:
    found = make(path)
    connection = found.connection()
    connection.opened(CHARGER, CAR, outgoing=outgoing)
    long = bytes(range(256)) * 12
    connection.moved(long, sent=True)
    connection.moved(b"short", sent=False)
    connection.closed()
    connection.closed()
    found.close()
    sent: dict[int, bytes] = {40_000: b"", 50_000: b""}
    following: dict[int, int] = {}
    flags = []
    for frame in frames(path):
        protocol, payload = checked(frame)
        assert protocol == pcapng.TCP
        source, _, sequence, _, offset, flag = struct.unpack_from(">HHIIBB", payload)
        assert sequence == following.get(source, 0)
        body = payload[(offset >> 4) * 4 :]
        assert len(body) <= SEGMENT_BYTES
        sent[source] += body
        following[source] = sequence + len(body) + bool(flag & (pcapng.SYN | pcapng.FIN))
        flags.append(flag)
    assert sent == {50_000: long, 40_000: b"short"}
    assert flags[:3] == [pcapng.SYN, pcapng.SYN | pcapng.ACK, pcapng.ACK]
    assert flags[-2:] == [pcapng.FIN | pcapng.ACK] * 2


def test_the_keys_stand_in_the_file(path: Path) -> None:
    found = make(path)
    found.key_log("CLIENT_RANDOM 00 11")
    found.close()
    (body,) = [body for kind, body in blocks(path.read_bytes()) if kind == pcapng.DECRYPTION_SECRETS]
    kind, length = struct.unpack_from("<II", body)
    assert kind == pcapng.TLS_KEY_LOG
    assert body[8 : 8 + length] == b"CLIENT_RANDOM 00 11\n"


def test_it_stops_at_its_largest_size(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture, "MAX_FILE_BYTES", 5000)
    found = make(path)
    for _ in range(100):
        found.datagram(CAR, CHARGER, bytes(200))
    assert found.full
    found.close()
    found.datagram(CAR, CHARGER, b"after the end")
    assert path.stat().st_size < 6000
    assert len(list(blocks(path.read_bytes()))) > 3


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(TransportError, match="cannot be written"):
        make(tmp_path / "nowhere" / "x.pcapng")
    with pytest.raises(TransportError, match="no plain file"):
        make(tmp_path)
    assert tmp_path.is_dir()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_a_disk_that_filled_up_is_no_trouble_at_the_end_either(path: Path) -> None:
    capture = Capture(path, "lo", lambda: 0.0)
    os.dup2(os.open("/dev/full", os.O_WRONLY), capture._file.fileno())
    capture.datagram(("fe80::1", 1), ("fe80::2", 2), b"lost")
    assert capture.full
    capture.close()
