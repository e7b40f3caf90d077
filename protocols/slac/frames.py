"""Ethernet frames of type 0x88E1 with one management message each: bytes to `Frame` and back."""

import struct
from dataclasses import dataclass

from protocols.slac.layout import MAC_OCTETS, FrameError
from protocols.slac.messages import MESSAGES, Message

HOMEPLUG = 0x88E1
ETHERNET = struct.Struct(">6s6sH")
LEAST_OCTETS, MOST_OCTETS = 60, 1514
"""Of an Ethernet frame without its check sum: shorter ones are padded, longer ones are not Ethernet's."""

_VERSION_SHORT, _VERSION = 0, 1
"""MMV 0 has no word on fragments; vendors use it. All messages of Green PHY have MMV 1."""
_HEADER = struct.Struct("<BHH")
_SHORT_HEADER = struct.Struct("<BH")


@dataclass(frozen=True, slots=True)
class Frame:
    """One message on its way."""

    destination: bytes
    source: bytes
    message: Message

    def to_bytes(self) -> bytes:
        """The whole frame, padded. Raises `FrameError` for a value that does not fit its field."""
        for mac in (self.destination, self.source):
            if len(mac) != MAC_OCTETS:
                raise FrameError(f"a MAC address has {MAC_OCTETS} octets, not {len(mac)}")
        message = self.message
        header = (
            _SHORT_HEADER.pack(_VERSION_SHORT, message.TYPE)
            if message.VENDOR
            else _HEADER.pack(_VERSION, message.TYPE, 0)
        )
        raw = ETHERNET.pack(self.destination, self.source, HOMEPLUG) + header + message.payload()
        if len(raw) > MOST_OCTETS:
            raise FrameError(f"{message.NAME} would be {len(raw)} octets long, more than a frame's {MOST_OCTETS}")
        return raw.ljust(LEAST_OCTETS, b"\0")


def message_type(raw: bytes) -> int | None:
    """The type that a frame's header names, known or not; None where it is no whole HomePlug header."""
    at = ETHERNET.size
    if len(raw) < at + _SHORT_HEADER.size or ETHERNET.unpack_from(raw)[2] != HOMEPLUG:
        return None
    version, code = _SHORT_HEADER.unpack_from(raw, at)
    if version == _VERSION_SHORT:
        return int(code)
    return int(code) if version == _VERSION and len(raw) >= at + _HEADER.size else None


def read_frame(raw: bytes, *, exact: bool = True) -> Frame:
    """The message in a frame. Raises `FrameError` with one sentence for everything that is not one of ours, whole.

    Without `exact`, fields that the standard fixes may deviate, as some cars' do; lengths may not.
    """
    if len(raw) > MOST_OCTETS:
        raise FrameError(f"a frame of {len(raw)} octets is longer than Ethernet allows ({MOST_OCTETS})")
    if len(raw) < ETHERNET.size + _SHORT_HEADER.size:
        raise FrameError(f"a frame of {len(raw)} octets is too short for a HomePlug header")
    destination, source, ethertype = ETHERNET.unpack_from(raw)
    if ethertype != HOMEPLUG:
        raise FrameError(f"ethertype 0x{ethertype:04X} is not HomePlug (0x{HOMEPLUG:04X})")
    code = message_type(raw)
    if code is None:
        raise FrameError(f"a frame of {len(raw)} octets with HomePlug version {raw[ETHERNET.size]} has no known header")
    kind = MESSAGES.get(code)
    if kind is None:
        raise FrameError(f"message type 0x{code:04X} is not one that we know")
    version = raw[ETHERNET.size]
    if version != (_VERSION_SHORT if kind.VENDOR else _VERSION):
        raise FrameError(f"{kind.NAME} came with HomePlug version {version}")
    header = _SHORT_HEADER if kind.VENDOR else _HEADER
    if not kind.VENDOR and _HEADER.unpack_from(raw, ETHERNET.size)[2] != 0:
        raise FrameError(f"{kind.NAME} came in fragments, which none of our messages needs")
    return Frame(destination, source, kind.read(raw[ETHERNET.size + header.size :], exact=exact))


def mac_text(mac: bytes) -> str:
    """Hexadecimal with colons."""
    return mac.hex(":")


def read_mac(text: str) -> bytes:
    """A MAC address as people write it; raises ValueError with one sentence."""
    digits = text.replace(":", "").replace("-", "")
    try:
        mac = bytes.fromhex(digits)
    except ValueError:
        mac = b""
    if len(mac) != MAC_OCTETS or len(digits) != 2 * MAC_OCTETS:
        raise ValueError(f"{text!r:.40} is no MAC address like 02:00:00:00:00:01")
    return mac
