"""Ethernet frames on one interface of this machine (Linux AF_PACKET), for asyncio. Needs CAP_NET_RAW.

The socket's filter lets HomePlug frames (0x88E1) through whole; of other frames nothing comes, or, where a peer is
watched, the 14 octets of their header, so that its frames can be counted but not read.
"""

import asyncio
import contextlib
import ctypes
import errno
import socket
import struct
import sys
from collections.abc import Callable

from protocols.slac.frames import ETHERNET, HOMEPLUG
from protocols.slac.privilege import GRANT

SO_ATTACH_FILTER = 26
PACKET_VNET_HDR = 15
SOL_PACKET = 263
ETH_P_ALL = 0x0003
PACKET_OUTGOING = 4
VNET_HEADER = bytes(10)
"""An empty virtio_net_hdr: no check sum to be filled in, no segmentation."""
FRAME_MOST = 1 << 17
AT_ONCE = 64
"""Frames read before others have their turn: a flood may not stop the timers."""


class WireError(Exception):
    """The interface cannot be used; the text is one sentence with the way out."""


def open_socket(interface: str, *, vnet: bool = False) -> socket.socket:
    """A raw socket on `interface`, deaf until `hear`. `vnet`: each frame has a virtio_net_hdr before it, so that what
    the kernel left to be filled in by hardware (check sums, segments) can be handed on as it is. Raises `WireError`.
    """
    if sys.platform != "linux":
        raise WireError("SLAC needs Linux: raw Ethernet frames are not to be had on this system")
    try:
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    except PermissionError:
        raise WireError(f"raw Ethernet frames need CAP_NET_RAW: {GRANT}") from None
    try:
        if vnet:
            sock.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
        sock.setblocking(False)
        sock.bind((interface, 0))
    except OSError as error:
        sock.close()
        if error.errno == errno.ENODEV:
            names = ", ".join(name for _, name in socket.if_nameindex())
            raise WireError(f"there is no network interface {interface!r}; this machine has: {names}") from None
        raise WireError(f"interface {interface!r} cannot be used ({error.strerror}); is it up?") from error
    return sock


def mac_of(sock: socket.socket) -> bytes:
    """The hardware address of the interface that the socket is bound to."""
    return bytes(sock.getsockname()[4])


def let_in(sock: socket.socket, peer: bytes | None = None) -> None:
    """Let HomePlug frames in whole, and of the frames that `peer` sends otherwise the header."""
    _attach(sock, _homeplug_and_headers_of(peer))


def hear(sock: socket.socket, interface: str, *, everything: bool = False) -> None:
    """Begin to listen: to HomePlug frames, or to `everything` there is. Raises `WireError`."""
    if not everything:
        let_in(sock)
    try:
        sock.bind((interface, ETH_P_ALL))
    except OSError as error:
        raise WireError(f"interface {interface!r} cannot be listened to ({error.strerror}); is it up?") from error


class Wire:
    """One open socket in the event loop: frames come by a call, `send` sends."""

    def __init__(self, sock: socket.socket, on_frame: Callable[[bytes], None], on_loss: Callable[[str], None]) -> None:
        """`on_loss` is told once, with a reason, when the interface is gone for good or down."""
        self._sock = sock
        self._on_frame = on_frame
        self._on_loss = on_loss
        self.dropped = 0
        """Frames that could not be sent: the queue was full."""
        asyncio.get_running_loop().add_reader(sock, self._read)

    def send(self, raw: bytes) -> None:
        """Send one frame; what the interface cannot take now is dropped, as a power line would."""
        try:
            self._sock.send(raw)
        except (BlockingIOError, InterruptedError):
            self.dropped += 1
        except OSError as error:
            self.dropped += 1
            if error.errno in (errno.ENETDOWN, errno.ENODEV, errno.ENXIO):
                self._lose(error)

    def close(self) -> None:
        """Stop listening, and close the socket."""
        if self._sock.fileno() >= 0:
            asyncio.get_running_loop().remove_reader(self._sock)
            self._sock.close()

    def _read(self) -> None:
        for _ in range(AT_ONCE):
            try:
                raw, address = self._sock.recvfrom(FRAME_MOST)
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                self._lose(error)
                return
            # A packet socket also sees what this machine sends itself.
            if address[2] != PACKET_OUTGOING:
                self._on_frame(raw)
                if self._sock.fileno() < 0:
                    return

    def _lose(self, error: OSError) -> None:
        name = "the interface"
        with contextlib.suppress(OSError, IndexError):
            name = f"interface {self._sock.getsockname()[0]!r}"
        self.close()
        self._on_loss(f"{name} is gone or down ({error.strerror})")


def _homeplug_and_headers_of(peer: bytes | None) -> list[tuple[int, int, int, int]]:
    """A classic BPF programme; a return value is how many octets of the frame come in."""
    load_half, load_word, equal, take = 0x28, 0x20, 0x15, 0x06
    whole, header, nothing = FRAME_MOST, ETHERNET.size, 0
    if peer is None:
        return [(load_half, 0, 0, 12), (equal, 0, 1, HOMEPLUG), (take, 0, 0, whole), (take, 0, 0, nothing)]
    high, low = struct.unpack(">IH", peer)
    return [
        *((load_half, 0, 0, 12), (equal, 0, 1, HOMEPLUG), (take, 0, 0, whole)),
        *((load_word, 0, 0, 6), (equal, 0, 3, high), (load_half, 0, 0, 10), (equal, 0, 1, low)),
        *((take, 0, 0, header), (take, 0, 0, nothing)),
    ]


def _attach(sock: socket.socket, programme: list[tuple[int, int, int, int]]) -> None:
    code = b"".join(struct.pack("HBBI", *line) for line in programme)
    memory = ctypes.create_string_buffer(code)
    sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HL", len(programme), ctypes.addressof(memory)))
