"""Interfaces, link-local addresses, and a clock that never jumps. The only place that asks the machine for them."""

import errno
import random
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from protocols.iso15118.wire.sdp import SDP_MULTICAST, SDP_PORT

LOOPBACK_NAMES = ("lo", "lo0", "loopback")
DYNAMIC_PORTS = range(49_152, 65_536)
"""Where the SECC's TCP port has to lie (the dynamic range of RFC 6335)."""


class TransportError(Exception):
    """The network cannot carry a session; the text is one sentence with the way out."""


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface with the address we use on it."""

    name: str
    index: int
    address: str

    @property
    def loopback(self) -> bool:
        """Whether it reaches only this machine; it has no multicast, so discovery is unicast there."""
        return is_loopback(self.name)

    def socket_address(self, address: str, port: int) -> tuple[str, int, int, int]:
        """An IPv6 socket address on this interface."""
        return (address, port, 0, 0 if self.loopback else self.index)


REMEDIES = {
    errno.EADDRINUSE: "does another SECC run here?",
    errno.EACCES: "a port below 1024 is the administrator's: take another",
}
"""What to do about a port that cannot be opened."""


def is_loopback(name: str) -> bool:
    """By name: all systems we know call it so."""
    return name in LOOPBACK_NAMES or name.startswith("loopback")


def find_interface(name: str) -> Interface:
    """The interface and its address; raises `TransportError` naming the ones there are."""
    names = {one: index for index, one in socket.if_nameindex()}
    if name not in names:
        raise TransportError(f"there is no network interface {name!r}; this machine has: {', '.join(names)}")
    address = "::1" if is_loopback(name) else _link_local_address(name, names[name])
    return Interface(name, names[name], address)


def _link_local_address(name: str, index: int) -> str:
    # Connecting a UDP socket sends nothing; it makes the system choose the source address.
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((SDP_MULTICAST, SDP_PORT, 0, index))
            address = str(probe.getsockname()[0]).partition("%")[0]
        except OSError as error:
            raise TransportError(
                f"interface {name!r} has no IPv6 link-local address ({error.strerror}); is it up, with IPv6 on?"
            ) from error
    if not address.startswith("fe80:"):
        raise TransportError(f"interface {name!r} has no IPv6 link-local address; is it up, with IPv6 on?")
    return address


def listening_socket(interface: Interface) -> socket.socket:
    """A TCP socket on a free port of the dynamic range."""
    for port in random.sample(DYNAMIC_PORTS, 50):
        sock = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        try:
            sock.bind(interface.socket_address(interface.address, port))
        except OSError as error:
            sock.close()
            failure = error
            continue
        sock.setblocking(False)
        return sock
    raise TransportError(f"no TCP port could be opened on {interface.name!r}: {failure.strerror}")


def discovery_socket(interface: Interface, port: int) -> socket.socket:
    """The SECC's UDP socket for SDP requests."""
    sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    try:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind((interface.address if interface.loopback else "::", port))
        if not interface.loopback:
            group = socket.inet_pton(socket.AF_INET6, SDP_MULTICAST) + interface.index.to_bytes(4, sys.byteorder)
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group)
        sock.setblocking(False)
    except OSError as error:
        sock.close()
        remedy = REMEDIES.get(error.errno or 0, "is IPv6 on?")
        raise TransportError(
            f"UDP port {port} for SDP cannot be opened on {interface.name!r} ({error.strerror}); {remedy}"
        ) from error
    return sock


def asking_socket(interface: Interface) -> socket.socket:
    """The EVCC's UDP socket for SDP: on any free port of this interface's address."""
    sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    try:
        sock.bind(interface.socket_address(interface.address, 0))
        if not interface.loopback:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, interface.index)
        sock.setblocking(False)
    except OSError as error:
        sock.close()
        raise TransportError(
            f"no UDP socket could be opened on {interface.name!r} ({error.strerror}); is it up, with IPv6 on?"
        ) from error
    return sock


_ORIGIN_S = time.time() - time.monotonic()
"""Taken once, so that all clocks of this process agree even if the system's clock is set meanwhile."""


def steady_now() -> float:
    """POSIX seconds that only ever go forward, whatever is done to the system's clock."""
    return _ORIGIN_S + time.monotonic()


def steady_clock() -> Callable[[], float]:
    """The clock that sessions run on; compare set-point expiries with no other."""
    return steady_now
