"""The charger's end of a session: a sans-I/O engine that runs whichever dialect the handshake chose.

Used like this, whatever carries the bytes::

    session = SeccSession(evse, ...)
    session.connected(now)
    session.receive(data, now)
    send(session.data_to_send())
    while (event := session.next_event()) is not None: ...
    call session.on_timer(now) at session.next_timer(); close when session.ended
"""

from collections.abc import Callable

from protocols.exi.messages.app_protocol import supportedAppProtocolReq
from protocols.exi.namespaces import APP_PROTOCOL
from protocols.exi.schema import Element
from protocols.iso15118.connection import PLAIN, ConnectionSecurity
from protocols.iso15118.credentials import ChargerCredentials
from protocols.iso15118.dialect import Dialect, failed, response_code
from protocols.iso15118.events import AnswerLate, PowerDeliveryChanged, ProtocolChosen, Sender
from protocols.iso15118.evse import Evse
from protocols.iso15118.handshake import choose
from protocols.iso15118.link import Link, Stream
from protocols.iso15118.refusal import Refusal
from protocols.iso15118.registry import dialects
from protocols.iso15118.secc_side import Envelope, SeccContext, SeccSide, new_challenge, new_session_id
from protocols.iso15118.table import HANDSHAKE, Exchange, Outcome, State
from protocols.iso15118.timings import Timer, Timings
from protocols.iso15118.v2gtp import PayloadType


class SeccSession(Link):
    """One car's session with this charger."""

    me: Sender = "secc"
    peer: Sender = "evcc"

    def __init__(
        self,
        evse: Evse,
        timings: Timings | None = None,
        *,
        security: ConnectionSecurity = PLAIN,
        credentials: ChargerCredentials | None = None,
        make_session_id: Callable[[], bytes] = new_session_id,
        make_challenge: Callable[[], bytes] = new_challenge,
    ) -> None:
        super().__init__(timings or Timings(), security)
        evse.new_session()
        self._evse, self._credentials = evse, credentials
        self._make_session_id, self._make_challenge = make_session_id, make_challenge
        self._side: SeccSide | None = None
        self._silence: dict[Stream, Timer] = {}
        self._answering: dict[str, float] = {}
        """Which requests came since something was last sent, and when."""
        self._late: set[str] = set()

    @property
    def side(self) -> SeccSide:
        """What has been agreed; raises `LookupError` before the handshake."""
        if self._side is None:
            raise LookupError("no protocol has been agreed on yet")
        return self._side

    def connected(self, now: float) -> None:
        """From here on the car may not fall silent."""
        self._wait(HANDSHAKE.next_within, None, now)

    def _handle_handshake(self, message: Element, now: float) -> None:
        if not isinstance(message, supportedAppProtocolReq):
            self.end(now, f"the car sent {type(message).__name__}, which is no request")
            return
        offer = self._evse.offer
        offered = [dialect for dialect in dialects(offer.protocols) if dialect.serves(offer.services)]
        choice = choose(message, offered, self.security.level, offer.lab_v20_without_tls)
        self._send(APP_PROTOCOL, PayloadType.APP_PROTOCOL, HANDSHAKE.response, choice.response, now)
        if choice.dialect is None:
            self.end(now, choice.problem)
            return
        self.dialect = choice.dialect
        self._side = choice.dialect.secc(
            SeccContext(
                self._evse,
                self.timings,
                self._emit,
                self._make_session_id,
                self._make_challenge,
                self.security,
                self._credentials,
            )
        )
        self.energy = self._side.energy
        self._emit(ProtocolChosen(now, choice.dialect.name, self.security.level))
        self._wait(HANDSHAKE.next_within, None, now)
        self._go(State.SESSION_SETUP, now)

    def _handle(self, dialect: Dialect, envelope: Envelope, payload_type: PayloadType, now: float) -> None:
        exchange = dialect.table.exchanges.get(envelope.name)
        if exchange is None:
            self.end(now, f"the car sent {envelope.name}, which is no request")
            return
        self._answering[exchange.request] = now
        side = self.side
        try:
            self._check(dialect, exchange, envelope, payload_type)
            response = side.answer(envelope, now)
            self._send(exchange.namespace, payload_type, exchange.response, side.wrap(response, now), now)
        except Refusal as refusal:
            response = dialect.refused(exchange.response, refusal.code)
            self._send(exchange.namespace, payload_type, exchange.response, side.wrap(response, now), now)
            self.end(now, f"{refusal.code}: {refusal.reason}")
            return
        except ValueError as error:
            # A reading or limit that no wire number can carry must end this session, not the charger.
            self.end(now, f"{exchange.request} could not be answered: {error}")
            return
        self.energy = side.energy
        if failed(response):
            self.end(now, f"{exchange.request} was answered {response_code(response)}")
            return
        outcome = dialect.outcome_of(envelope.body, response)
        if payload_type is exchange.side_stream:
            self._advance_beside(exchange, outcome, payload_type, now)
        else:
            self._advance(dialect, exchange, outcome, now)

    def sent(self, now: float) -> None:
        """What `data_to_send` gave is on its way: tell of answers later than V2G_SECC_Msg_Performance_Time."""
        asked, self._answering = self._answering, {}
        for request, since_s in asked.items():
            limit = self.dialect.table.exchanges[request].perform_within if self.dialect else None
            if limit is not None and now - since_s > self.timings.of(limit) and request not in self._late:
                self._late.add(request)
                self._emit(AnswerLate(now, request, now - since_s, str(limit)))

    def _check(self, dialect: Dialect, exchange: Exchange, envelope: Envelope, payload_type: PayloadType) -> None:
        """Whether this request may come now at all, before anything acts on it."""
        name, table = exchange.request, dialect.table
        if self.state is not State.SESSION_SETUP and envelope.session_id != self.side.session_id:
            raise Refusal(
                "FAILED_UnknownSession",
                f"{name} named session {envelope.session_id.hex().upper()}, which is not this one",
            )
        if payload_type not in (exchange.payload_type, exchange.side_stream):
            raise Refusal("FAILED_SequenceError", f"{name} came with payload type {payload_type.name}")
        beside, outcome = payload_type is exchange.side_stream, dialect.requested_outcome(envelope.body)
        in_order = table.allowed(self.state, name, self.energy, beside=beside) and (
            outcome is None or table.leads_on(self.state, name, outcome, self.energy, beside=beside)
        )
        if not in_order:
            detail = name if outcome is None else f"{name} ({outcome})"
            where = f" on the stream {payload_type.name}" if beside else ""
            raise Refusal("FAILED_SequenceError", f"{detail} came{where} in state {self.state}")

    def _advance(self, dialect: Dialect, exchange: Exchange, outcome: Outcome, now: float) -> None:
        state = dialect.table.next_state(self.state, exchange.request, outcome, self.energy)
        self._wait(exchange.next_within, None, now)
        if state is State.ENDED:
            paused = outcome is Outcome.PAUSE
            self.end(now, "paused by the car" if paused else "stopped by the car", proper=True, paused=paused)
            return
        self._go(state, now)

    def _advance_beside(self, exchange: Exchange, outcome: Outcome, stream: PayloadType, now: float) -> None:
        """A side stream has a silence of its own while it is unfinished; the main sequence does not notice."""
        if outcome is Outcome.ONGOING:
            self._wait(exchange.next_within, stream, now)
        else:
            self._stop_timer("sequence", stream)

    def _wait(self, timer: Timer, stream: Stream, now: float) -> None:
        self._silence[stream] = timer
        self._start_timer("sequence", self.timings.of(timer), now, stream)

    def _expired(self, timer: str, stream: Stream, now: float) -> None:
        silence = self._silence[stream]
        where = f"in state {self.state}" if stream is None else f"on the stream {stream.name}"
        self.end(now, f"the car fell silent for {self.timings.of(silence):g} s {where} ({silence})")

    def _before_end(self, now: float) -> None:
        if self._side is not None and self._side.power_on:
            self._side.power_on = False
            self._emit(PowerDeliveryChanged(now, on=False))
