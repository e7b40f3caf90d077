"""Writes a packet capture (pcapng) from bytes alone: made-up Ethernet, IPv6, UDP and TCP headers around what our own
sockets sent and received, and the TLS secrets in the file, so that Wireshark shows the messages inside.

Sources: draft-ietf-opsawg-pcapng (blocks), RFC 8200 (IPv6), RFC 9293 (TCP), RFC 768 (UDP). No checksum is left out:
a reader that verifies them is content.
"""

import ipaddress
import struct

SECTION_HEADER, INTERFACE_DESCRIPTION = 0x0A0D0D0A, 0x00000001
ENHANCED_PACKET, DECRYPTION_SECRETS = 0x00000006, 0x0000000A
TLS_KEY_LOG = 0x544C534B
LINKTYPE_ETHERNET = 1
OPTION_COMMENT, OPTION_NAME, OPTION_RESOLUTION, OPTION_APPLICATION = 1, 2, 9, 4
NANOSECONDS = 9

TCP, UDP = 6, 17
FIN, SYN, PSH, ACK = 0x01, 0x02, 0x08, 0x10
ETHERTYPE_IPV6 = 0x86DD


def block(kind: int, body: bytes) -> bytes:
    """One pcapng block: its length stands before and after it."""
    body += bytes(-len(body) % 4)
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


def option(code: int, value: bytes) -> bytes:
    """One option of a block."""
    return struct.pack("<HH", code, len(value)) + value + bytes(-len(value) % 4)


def file_start(application: str, interface: str) -> bytes:
    """The section's header and its one interface."""
    header = struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + option(OPTION_APPLICATION, application.encode()) + bytes(4)
    description = (
        struct.pack("<HHI", LINKTYPE_ETHERNET, 0, 0)
        + option(OPTION_NAME, interface.encode())
        + option(OPTION_RESOLUTION, bytes((NANOSECONDS,)))
        + bytes(4)
    )
    return block(SECTION_HEADER, header) + block(INTERFACE_DESCRIPTION, description)


def packet(time_s: float, frame: bytes) -> bytes:
    """One frame at POSIX `time_s`."""
    ticks = round(time_s * 1e9)
    head = struct.pack("<IIIII", 0, ticks >> 32, ticks & 0xFFFF_FFFF, len(frame), len(frame))
    return block(ENHANCED_PACKET, head + frame)


def secrets(key_log: str) -> bytes:
    """Lines of a TLS key log; they have to stand before the packets that they open."""
    data = key_log.encode()
    return block(DECRYPTION_SECRETS, struct.pack("<II", TLS_KEY_LOG, len(data)) + data)


def udp(source: tuple[str, int], target: tuple[str, int], data: bytes) -> bytes:
    """A frame with one datagram."""
    header = struct.pack(">HHHH", source[1], target[1], 8 + len(data), 0)
    return _frame(UDP, source[0], target[0], header + data, checksum_at=6)


def tcp(
    source: tuple[str, int], target: tuple[str, int], data: bytes, *, sequence: int, acknowledged: int, flags: int
) -> bytes:
    """A frame with one segment."""
    header = struct.pack(
        ">HHIIBBHHH",
        source[1],
        target[1],
        sequence & 0xFFFF_FFFF,
        acknowledged & 0xFFFF_FFFF,
        5 << 4,
        flags,
        65535,
        0,
        0,
    )
    return _frame(TCP, source[0], target[0], header + data, checksum_at=16)


def _frame(protocol: int, source: str, target: str, payload: bytes, *, checksum_at: int) -> bytes:
    source_ip, target_ip = _packed(source), _packed(target)
    pseudo = source_ip + target_ip + struct.pack(">II", len(payload), protocol)
    summed = _checksum(pseudo + payload)
    payload = payload[:checksum_at] + struct.pack(">H", summed) + payload[checksum_at + 2 :]
    ip = struct.pack(">IHBB", 6 << 28, len(payload), protocol, 64) + source_ip + target_ip
    return _mac(target_ip) + _mac(source_ip) + struct.pack(">H", ETHERTYPE_IPV6) + ip + payload


def _packed(address: str) -> bytes:
    return ipaddress.IPv6Address(address.partition("%")[0]).packed


def _mac(ip: bytes) -> bytes:
    """A made-up, locally administered address; multicast as RFC 2464 has it."""
    return b"\x33\x33" + ip[-4:] if ip[0] == 0xFF else b"\x02\x00" + ip[-4:]


def _checksum(data: bytes) -> int:
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return (~total & 0xFFFF) or 0xFFFF
