"""SDP, how a car finds the SECC's address: one UDP request to ff02::1, one answer (ISO 15118-20, 7.10).

The request says whether the car wants TLS; the answer gives the IPv6 address, the TCP port, and what the SECC
will really speak there.
"""

import ipaddress
import struct
from dataclasses import dataclass
from enum import IntEnum

from protocols.iso15118.v2gtp import PayloadType, V2gtpError, pack, unpack

SDP_PORT = 15118
SDP_MULTICAST = "ff02::1"
RESPONSE = struct.Struct(">16sHBB")


class Security(IntEnum):
    """The security byte of SDP."""

    TLS = 0x00
    NONE = 0x10


TCP = 0x00
"""The only transport byte there is."""


@dataclass(frozen=True, slots=True)
class SdpRequest:
    """What a car asks for."""

    security: Security

    def to_bytes(self) -> bytes:
        """The whole datagram."""
        return pack(PayloadType.SDP_REQUEST, bytes((self.security, TCP)))


@dataclass(frozen=True, slots=True)
class SdpResponse:
    """Where the SECC listens. `address` is an IPv6 address without a zone."""

    address: str
    port: int
    security: Security

    def to_bytes(self) -> bytes:
        """The whole datagram."""
        address = ipaddress.IPv6Address(self.address).packed
        return pack(PayloadType.SDP_RESPONSE, RESPONSE.pack(address, self.port, self.security, TCP))


def read_request(datagram: bytes) -> SdpRequest:
    """Read a car's request; raise `V2gtpError` with the reason if it is none."""
    payload = _payload(datagram, PayloadType.SDP_REQUEST, 2)
    return SdpRequest(_security_and_transport(payload))


def read_response(datagram: bytes) -> SdpResponse:
    """Read an SECC's answer; raise `V2gtpError` with the reason if it is none."""
    payload = _payload(datagram, PayloadType.SDP_RESPONSE, RESPONSE.size)
    address, port, _, _ = RESPONSE.unpack(payload)
    if port == 0:
        raise V2gtpError("the SDP answer names port 0")
    return SdpResponse(str(ipaddress.IPv6Address(address)), port, _security_and_transport(payload))


def _payload(datagram: bytes, expected: PayloadType, length: int) -> bytes:
    message = unpack(datagram)
    if message.payload_type != expected:
        raise V2gtpError(f"payload type 0x{message.payload_type:04X} where {expected.name} was expected")
    if len(message.payload) != length:
        raise V2gtpError(f"an {expected.name} of {len(message.payload)} bytes, expected {length}")
    return message.payload


def _security_and_transport(payload: bytes) -> Security:
    security, transport = payload[-2], payload[-1]
    if transport != TCP:
        raise V2gtpError(f"SDP transport byte 0x{transport:02X}, only TCP (0x00) exists")
    try:
        return Security(security)
    except ValueError:
        raise V2gtpError(f"SDP security byte 0x{security:02X}, expected 0x00 (TLS) or 0x10 (none)") from None
