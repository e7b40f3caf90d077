"""The car's side on a real interface: joins one `EvSide` to one `Wire`, with timers from the event loop."""

import asyncio
from collections.abc import Callable

from protocols.slac.ev import EvSide
from protocols.slac.events import Event
from protocols.slac.frames import ETHERNET, HOMEPLUG
from protocols.slac.wire import Wire, hear, mac_of, open_socket

OnEvent = Callable[[Event], None]


class EvStation:
    """The car's host on one interface.

    station = EvStation("eth1", on_event, timings=..., clock=...)   # WireError: one sentence
    station.plugged_in(); ...; station.leave(); station.close()
    """

    def __init__(
        self,
        interface: str,
        on_event: OnEvent,
        clock: Callable[[], float],
        make: Callable[[bytes], EvSide] = EvSide,
        on_loss: Callable[[str], None] = lambda reason: None,
    ) -> None:
        """`make` gets the interface's MAC address. `on_loss` hears when the interface goes away."""
        self._clock = clock
        self._on_event = on_event
        self._timer: asyncio.TimerHandle | None = None
        sock = open_socket(interface)
        try:
            self.ev = make(mac_of(sock))
            hear(sock, interface)
        except BaseException:
            sock.close()
            raise
        self._wire = Wire(sock, self._receive, on_loss)

    def plugged_in(self) -> None:
        """The pilot is in state B: match."""
        self.ev.plugged_in(self._clock())
        self._flush()

    def leave(self) -> None:
        """Unplugged, or the session is over: leave the network."""
        self.ev.leave(self._clock())
        self._flush()

    def close(self) -> None:
        """Leave, and close the interface."""
        self.leave()
        if self._timer is not None:
            self._timer.cancel()
        self._wire.close()

    def _receive(self, raw: bytes) -> None:
        if len(raw) >= ETHERNET.size and ETHERNET.unpack_from(raw)[2] == HOMEPLUG:
            self.ev.receive(raw, self._clock())
            self._flush()

    def _on_timer(self) -> None:
        self.ev.on_timer(self._clock())
        self._flush()

    def _flush(self) -> None:
        for raw in self.ev.frames_to_send():
            self._wire.send(raw)
        if self._timer is not None:
            self._timer.cancel()
        due_s = self.ev.next_timer()
        loop = asyncio.get_running_loop()
        self._timer = None if due_s is None else loop.call_later(max(0.0, due_s - self._clock()), self._on_timer)
        while (event := self.ev.next_event()) is not None:
            self._on_event(event)
