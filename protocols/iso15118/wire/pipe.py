"""Joins one sans-I/O session to one TCP connection, with a TLS layer between them where there is one.

Whatever a peer does, it ends: a handshake that stops, answers that are never read and a close that is never
acknowledged each have their limit.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol, cast

from protocols.iso15118.connection import PLAIN, ConnectionSecurity
from protocols.iso15118.evcc import EvccSession
from protocols.iso15118.events import AnswerLate, ConnectionOpened, Event, SessionEnded
from protocols.iso15118.link import Link
from protocols.iso15118.recording.recorder import Recorder
from protocols.iso15118.secc import SeccSession
from protocols.iso15118.table import State
from protocols.iso15118.wire.security import described
from protocols.iso15118.wire.tls import TlsClient, TlsEnd

log = logging.getLogger(__name__)

OnEvent = Callable[[Event], None]
Clock = Callable[[], float]

MUTE_S = 5.0
"""A connection that has said nothing for this long gives way to a new one: a car speaks within 2 s."""
HANDSHAKE_S = 10.0
"""How long TLS may take to begin; controllers in cars need 1 to 2 s for secp521r1."""
LINGER_S = 5.0
"""How long the last bytes may take to leave once the session is over."""
MAX_UNSENT_BYTES = 262_144
"""A peer that asks and does not read its answers is cut here."""


class Tap(Protocol):
    """Hears what goes over one connection, as it stands on the wire; for a capture."""

    def opened(self, local: tuple[str, int], remote: tuple[str, int], *, outgoing: bool) -> None:
        """The connection is open; `outgoing`: we opened it."""

    def moved(self, data: bytes, *, sent: bool) -> None:
        """Bytes were sent or received."""

    def closed(self) -> None:
        """The connection is gone."""


class SessionPipe(asyncio.Protocol):
    """The answer goes out before the application hears of it."""

    def __init__(
        self,
        link: Link,
        on_event: OnEvent,
        clock: Clock,
        *,
        tls: TlsEnd | None = None,
        tap: Tap | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        self.link = link
        self._on_event = on_event
        self._clock = clock
        self._tls = tls
        self._tap = tap
        self._recorder = recorder
        self._begun = False
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._linger: asyncio.TimerHandle | None = None
        self._opened_s = clock()
        self.ended: asyncio.Future[SessionEnded] = asyncio.get_running_loop().create_future()

    @property
    def mute(self) -> bool:
        """Whether the peer has had time to speak, and has not."""
        return self.link.state is State.HANDSHAKE and self._clock() - self._opened_s > MUTE_S

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is open."""
        self._transport = cast(asyncio.Transport, transport)
        if self._tap is not None:
            local, remote = transport.get_extra_info("sockname"), transport.get_extra_info("peername")
            self._tap.opened(local[:2], remote[:2], outgoing=self.link.me == "evcc")
        if self._tls is None:
            self._begin(PLAIN)
        elif isinstance(self._tls, TlsClient):
            self._tls.begin()
        self.flush()

    def data_received(self, data: bytes) -> None:
        """Bytes from the peer."""
        if self._tls is None:
            self._receive(data)
        else:
            self._receive_by(self._tls, data)
        if self._tap is not None:
            # After the keys that open them, and before the answer.
            self._tap.moved(data, sent=False)
        self.flush()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone, whoever closed it."""
        if self._tap is not None:
            self._tap.closed()
        if self._linger is not None:
            self._linger.cancel()
        reason = str(exc) if exc else "the peer closed it"
        self._lost(self._tls.lost(reason) if self._tls is not None else reason)
        self._transport = None
        self.flush()

    def cut(self, reason: str) -> None:
        """End the session here and now."""
        self._end(reason)
        self.flush()

    def stop(self, reason: str) -> None:
        """Car's side: end the session in order, from the next request on."""
        if isinstance(self.link, EvccSession):
            self.link.stop(reason)

    def flush(self) -> None:
        """Send what is to be sent, tell what is to be told, set the timer."""
        self._send()
        while (event := self.link.next_event()) is not None:
            if self._recorder is not None:
                self._recorder.heard(event)
            if isinstance(event, SessionEnded) and event.evidence:
                log.warning("a session ended: %s; the message was %s", event.reason, event.evidence)
            if isinstance(event, AnswerLate):
                log.warning("%s was answered after %.3f s (%s)", event.request, event.took_s, event.limit)
            if isinstance(event, SessionEnded) and not self.ended.done():
                self.ended.set_result(event)
            self._tell(event)
        self._set_timer()
        if self.link.ended and self._transport is not None and self._linger is None:
            self._linger = asyncio.get_running_loop().call_later(LINGER_S, self._transport.abort)
            self._transport.close()

    def _begin(self, security: ConnectionSecurity) -> None:
        """The session may begin: the connection stands, secured as far as it is going to be."""
        self._begun = True
        self.link.security = security
        now = self._clock()
        if self._recorder is not None:
            self._recorder.opened(now, security)
        self._tell(ConnectionOpened(now, security))
        self.link.connected(now)

    def _receive(self, plain: bytes) -> None:
        if self._recorder is not None:
            self._recorder.inputs()
        self.link.receive(plain, self._clock())

    def _lost(self, reason: str) -> None:
        now = self._clock()
        if self._recorder is not None and not self.link.ended:
            self._recorder.ended_by("lost", now, reason)
        self.link.connection_lost(now, reason)

    def _end(self, reason: str) -> None:
        now = self._clock()
        if self._recorder is not None and not self.link.ended:
            self._recorder.ended_by("cut", now, reason)
        self.link.end(now, reason)

    def _receive_by(self, tls: TlsEnd, data: bytes) -> None:
        plain = tls.receive(data)
        if tls.facts is not None and not self._begun:
            self._begin(described(tls.facts))
        if plain:
            self._receive(plain)
        if tls.failure is not None:
            self._end(tls.failure)
        elif tls.closed:
            self._lost("the peer closed it")

    def _send(self) -> None:
        data = self.link.data_to_send()
        if self._tls is not None:
            self._tls.send(data)
            if self.link.ended:
                self._tls.close()
            data = self._tls.data_to_send()
        if not data or self._transport is None or self._transport.is_closing():
            return
        if self._tap is not None:
            self._tap.moved(data, sent=True)
        self._transport.write(data)
        if isinstance(self.link, SeccSession):
            self.link.sent(self._clock())
        if self._transport.get_write_buffer_size() > MAX_UNSENT_BYTES:
            self._end("the peer does not read what it is sent")
            self._transport.abort()

    def _tell(self, event: Event) -> None:
        try:
            self._on_event(event)
        except Exception:
            # A mistake in a listener must not stop the timers that watch over the power.
            log.exception("a listener failed on %s", type(event).__name__)

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = self.link.next_timer() if self._begun else self._opened_s + HANDSHAKE_S
        if due is not None and not self.link.ended:
            delay = max(0.0, due - self._clock())
            self._timer = asyncio.get_running_loop().call_later(delay, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        if self._begun:
            now = self._clock()
            if self._recorder is not None:
                self._recorder.timer(now)
            self.link.on_timer(now)
        elif self._clock() >= self._opened_s + HANDSHAKE_S:
            peer = self._tls.peer if self._tls is not None else "the peer"
            self._end(f"{peer} did not finish the TLS handshake within {HANDSHAKE_S:g} s")
        self.flush()
