"""The virtual power line on real interfaces: each host's modem is one end of a veth pair, the host has the other.

Frames pass with what the kernel left open in them (check sums, segments), so TCP and TLS work through it.
"""

import functools
import random
from collections.abc import Callable, Sequence

from protocols.slac.modem import Cable, PowerLine
from protocols.slac.wire import VNET_HEADER, Wire, hear, open_socket


class ModemWires:
    """A `PowerLine` whose modems sit on interfaces of this machine."""

    def __init__(
        self,
        interfaces: Sequence[str],
        clock: Callable[[], float],
        *,
        on_loss: Callable[[str], None] = lambda reason: None,
        join_s: float = 0.5,
        seed: int | None = None,
        on_frame: Callable[[str, bytes, list[tuple[str, bytes]]], None] | None = None,
    ) -> None:
        """`on_frame(from, frame, [(to, frame), ...])` sees all that is carried. Raises `WireError`."""
        self.line = PowerLine(random.Random(seed), join_s=join_s)
        self._clock = clock
        self._on_frame = on_frame
        self._wires: dict[str, Wire] = {}
        try:
            for name in interfaces:
                self.line.attach(name)
                sock = open_socket(name, vnet=True)
                try:
                    hear(sock, name, everything=True)
                except BaseException:
                    sock.close()
                    raise
                self._wires[name] = Wire(sock, functools.partial(self._carry, name), on_loss)
        except BaseException:
            self.close()
            raise

    def lay(self, one: str, other: str, cable: Cable) -> None:
        """Lay a cable between two interfaces."""
        self.line.lay(one, other, cable)

    def close(self) -> None:
        """Close all interfaces."""
        for wire in self._wires.values():
            wire.close()

    def _carry(self, name: str, raw: bytes) -> None:
        header, frame = raw[: len(VNET_HEADER)], raw[len(VNET_HEADER) :]
        carried = self.line.receive(name, frame, self._clock())
        for host, out in carried:
            # A frame that the modem made itself has nothing left open; one that it only passes on keeps its header.
            self._wires[host].send((header if out is frame else VNET_HEADER) + out)
        if self._on_frame is not None:
            self._on_frame(name, frame, carried)
