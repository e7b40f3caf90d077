"""The car's end of a session: a sans-I/O engine that runs whichever dialect the charger chose of those it proposed.

It is used as `secc.SeccSession` is: `connected`, `receive`, `data_to_send`, `next_event`, `next_timer`, `on_timer`.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from protocols.exi.messages.app_protocol import supportedAppProtocolRes
from protocols.exi.namespaces import APP_PROTOCOL
from protocols.exi.schema import Element
from protocols.iso15118.car import CarModel, CarPlan
from protocols.iso15118.connection import PLAIN, ConnectionSecurity
from protocols.iso15118.credentials import CarCredentials
from protocols.iso15118.dialect import Dialect, failed, response_code
from protocols.iso15118.evcc_side import EvccContext, EvccSide
from protocols.iso15118.events import PowerDeliveryChanged, ProtocolChosen, Sender, SessionPaused
from protocols.iso15118.handshake import chosen, propose, secure_enough
from protocols.iso15118.link import Link, Stream, TimerKey
from protocols.iso15118.registry import dialects
from protocols.iso15118.secc_side import Envelope
from protocols.iso15118.services import Service
from protocols.iso15118.table import HANDSHAKE, Exchange, Outcome, State
from protocols.iso15118.timings import EVCC_COMMUNICATION_SETUP, Timer, Timings
from protocols.iso15118.v2gtp import PayloadType


class _Asked(NamedTuple):
    """A request that waits for its response."""

    exchange: Exchange
    body: Element


class EvccSession(Link):
    """This car's session with one charger."""

    me: Sender = "evcc"
    peer: Sender = "secc"

    def __init__(
        self,
        car: CarModel,
        plan: CarPlan,
        timings: Timings | None = None,
        *,
        security: ConnectionSecurity = PLAIN,
        credentials: CarCredentials | None = None,
    ) -> None:
        super().__init__(timings or Timings(), security)
        self.energy = plan.service.energy
        self._car, self._plan, self._credentials = car, plan, credentials
        self._side: EvccSide | None = None
        self._proposed: list[Dialect] = []
        self._stop_reason: str | None = None
        self._asked: dict[Stream, _Asked] = {}
        self._on_wish: Callable[[str, Any], None] = lambda name, value: None
        self._looping_in: State | None = None
        self._running: dict[TimerKey, Timer] = {("setup", None): EVCC_COMMUNICATION_SETUP}

    @property
    def side(self) -> EvccSide:
        """What the car knows of this session; raises `LookupError` before the handshake."""
        if self._side is None:
            raise LookupError("no protocol has been agreed on yet")
        return self._side

    def connected(self, now: float) -> None:
        """Propose what the plan wants and this connection allows."""
        plan = self._plan
        wanted = [dialect for dialect in dialects(plan.wanted_protocols) if dialect.serves((plan.service,))]
        self._proposed = [one for one in wanted if secure_enough(one, self.security.level, plan.lab_v20_without_tls)]
        if not self._proposed:
            names = ", ".join(f"{one.title} (needs {one.least_secured.words})" for one in wanted) or "nothing"
            self.end(now, f"the car has nothing to propose over {self.security.level.words}: its plan wants {names}")
            return
        self._start_timer("setup", self.timings.of(EVCC_COMMUNICATION_SETUP), now)
        request = propose(self._proposed)
        self._send(APP_PROTOCOL, PayloadType.APP_PROTOCOL, HANDSHAKE.request, request, now)
        self._await(HANDSHAKE, request, None, now)

    def tell_wishes(self, to: Callable[[str, Any], None]) -> None:
        """Tell each wish of the application (`stop` to `standby`) before it counts: for a recording."""
        self._on_wish = to

    def stop(self, reason: str) -> None:
        """End the session in order, from the next request on."""
        self._on_wish("stop", reason)
        if self._side is None:
            self._stop_reason = reason
        else:
            self._side.leave(Outcome.TERMINATE, reason)

    def pause(self, reason: str) -> None:
        """Leave in order, to come back: see the event `SessionPaused`. Raises `LookupError` before the handshake."""
        self._wished("pause", reason).leave(Outcome.PAUSE, reason)

    def renegotiate_schedule(self) -> None:
        """Ask for a new schedule while power flows on. Raises `LookupError` before the handshake."""
        self._wished("renegotiate_schedule", None).renegotiating = True

    def renegotiate_service(self, service: Service | None = None) -> None:
        """Stop, and go back to the choice of a service: this one, or the same again. Raises `LookupError` as above."""
        side = self._wished("renegotiate_service", service)
        side.next_service = service
        side.leave(Outcome.OTHER_SERVICE, "the car wants another service")

    def standby(self, on: bool) -> None:
        """Open the contactors and stay, or close them again. Raises `LookupError` before the handshake."""
        self._wished("standby", on).wants_standby = on

    def _wished(self, name: str, value: Any) -> EvccSide:
        side = self.side
        self._on_wish(name, value)
        return side

    # Asking.

    def _ask(self, dialect: Dialect, now: float) -> None:
        """Send what comes next in this state."""
        try:
            body = self.side.request(self.state, now)
            if body is None:
                self._start_timer("pace", self.timings.poll_s, now)
            else:
                self._send_request(dialect, body, None, now)
        except ValueError as error:
            # A car model that reports what no wire number can carry.
            self.end(now, f"the next request in state {self.state} could not be written: {error}")
            return
        self._watch_loop(dialect, now)
        self._ask_beside(dialect, now)

    def _ask_beside(self, dialect: Dialect, now: float) -> None:
        """Send what the side streams want, whatever the main one waits for."""
        if self.ended:
            return
        free = frozenset(
            stream
            for stream in dialect.table.side_streams
            if stream not in self._asked and ("pace", stream) not in self._deadlines
        )
        try:
            for body in self.side.side_requests(self.state, free, now):
                self._send_request(dialect, body, self._exchange(dialect, body).side_stream, now)
        except ValueError as error:
            self.end(now, f"a request beside state {self.state} could not be written: {error}")

    def _send_request(self, dialect: Dialect, body: Element, stream: Stream, now: float) -> None:
        exchange = self._exchange(dialect, body)
        document = self.side.wrap(body, now)
        self._send(exchange.namespace, stream or exchange.payload_type, exchange.request, document, now)
        self._await(exchange, body, stream, now)

    @staticmethod
    def _exchange(dialect: Dialect, body: Element) -> Exchange:
        return dialect.table.exchanges[type(body).__name__.removesuffix("Type")]

    def _await(self, exchange: Exchange, body: Element, stream: Stream, now: float) -> None:
        self._asked[stream] = _Asked(exchange, body)
        self._start_timer("answer", self.timings.of(exchange.answer_within), now, stream)

    def _watch_loop(self, dialect: Dialect, now: float) -> None:
        """Bound the time that the car repeats itself in one state."""
        if self.state is self._looping_in:
            return
        self._looping_in = self.state
        self._stop_timer("loop")
        timer = dialect.table.loop_timers.get(self.state)
        if timer is not None:
            self._running["loop", None] = timer
            self._start_timer("loop", self.timings.of(timer), now)

    # Taking answers.

    def _handle_handshake(self, message: Element, now: float) -> None:
        if not isinstance(message, supportedAppProtocolRes):
            self.end(now, f"the charger answered {HANDSHAKE.request} with {type(message).__name__}")
            return
        self._asked.clear()
        self._stop_timer("answer")
        if message.ResponseCode.startswith("Failed"):
            titles = ", ".join(dialect.title for dialect in self._proposed)
            self.end(now, f"the charger would speak none of {titles} ({message.ResponseCode})")
            return
        dialect = chosen(message, self._proposed)
        if dialect is None:
            self.end(now, f"the charger chose protocol {message.SchemaID}, which was not proposed")
            return
        self.dialect = dialect
        shown = None if self._credentials is None else self._credentials.fitting(dialect.namespace)
        self._side = dialect.evcc(EvccContext(self._car, self._plan, self.timings, self._emit, self.security, shown))
        if self._stop_reason is not None:
            self._side.leave(Outcome.TERMINATE, self._stop_reason)
        self._emit(ProtocolChosen(now, dialect.name, self.security.level))
        self._go(State.SESSION_SETUP, now)
        self._ask(dialect, now)

    def _handle(self, dialect: Dialect, envelope: Envelope, payload_type: PayloadType, now: float) -> None:
        name = envelope.name
        asked = self._asked.get(payload_type)
        stream: Stream = payload_type if asked is not None else None
        asked = asked or self._asked.get(None)
        if asked is None or name not in dialect.table.responses:
            self.end(now, f"the charger sent {name} unasked in state {self.state}")
            return
        exchange, request = asked
        if name != exchange.response:
            self.end(now, f"the charger answered {exchange.request} with {name}")
            return
        if payload_type is not (stream or exchange.payload_type):
            self.end(now, f"the charger sent {name} with payload type {payload_type.name}")
            return
        del self._asked[stream]
        self._stop_timer("answer", stream)
        if failed(envelope.body):
            self.end(now, f"the charger answered {exchange.request} with {response_code(envelope.body)}")
            return
        problem = self._session_problem(envelope) or self._take(envelope, now)
        if problem is not None:
            self.end(now, problem)
        elif stream is None:
            self._advance(dialect, exchange, request, envelope.body, now)
        else:
            self._advance_beside(dialect, exchange, dialect.outcome_of(request, envelope.body), stream, now)

    def _take(self, envelope: Envelope, now: float) -> str | None:
        try:
            return self.side.take(envelope, now)
        except ValueError as error:
            return f"{envelope.name} could not be taken: {error}"

    def _session_problem(self, envelope: Envelope) -> str | None:
        if self.state is State.SESSION_SETUP:
            self._stop_timer("setup")
            self.side.session_id = envelope.session_id
        elif envelope.session_id != self.side.session_id:
            return f"the charger answered for session {envelope.session_id.hex().upper()}, which is not this one"
        return None

    def _advance(self, dialect: Dialect, exchange: Exchange, request: Element, response: Element, now: float) -> None:
        side = self.side
        outcome = dialect.outcome_of(request, response)
        try:
            state = dialect.table.next_state(self.state, exchange.request, outcome, self.energy)
        except LookupError as error:
            self.end(now, f"the charger's answer to {exchange.request} leads nowhere: {error}")
            return
        if outcome is Outcome.REFUSED and not side.another_way(request):
            reason = f"{exchange.request} was answered {response_code(response)}"
            side.leave(Outcome.TERMINATE, reason, gave_up=True)
        elif outcome in (Outcome.START, Outcome.STOP, Outcome.STANDBY):
            self._switch_power(outcome is Outcome.START, now, standby=outcome is Outcome.STANDBY)
        if state is State.ENDED:
            proper, paused = not side.gave_up, outcome is Outcome.PAUSE
            kept = side.paused_session(now) if paused else None
            if kept is not None:
                self._emit(SessionPaused(now, kept))
            # Whatever made the car give up, it is not the charger's last word.
            self._in_hand = b""
            self.end(now, side.reason or "session stopped", proper=proper, paused=paused)
            return
        self._go(state, now)
        if state is State.AUTHORIZATION and _waits_for_customer(response):
            self._stop_timer("loop")
        if exchange.paced:
            self._start_timer("pace", side.plan.loop_interval_s, now)
            self._ask_beside(dialect, now)
        elif outcome is Outcome.ONGOING:
            self._start_timer("pace", self.timings.poll_s, now)
        else:
            self._ask(dialect, now)

    def _advance_beside(
        self, dialect: Dialect, exchange: Exchange, outcome: Outcome, stream: PayloadType, now: float
    ) -> None:
        """A side stream may have to be asked again; the main sequence does not notice."""
        if outcome is not Outcome.ONGOING:
            self._stop_timer("loop", stream)
            self._ask_beside(dialect, now)
            return
        self._start_timer("pace", self.timings.poll_s, now, stream)
        limit = exchange.ongoing_within
        if limit is not None and ("loop", stream) not in self._deadlines:
            self._running["loop", stream] = limit
            self._start_timer("loop", self.timings.of(limit), now, stream)

    def _switch_power(self, on: bool, now: float, *, standby: bool = False) -> None:
        self.side.power_on = on
        if not on:
            self.side.car.follow(0.0, now)
        self._emit(PowerDeliveryChanged(now, on=on, standby=standby))

    # Time.

    def _expired(self, timer: str, stream: Stream, now: float) -> None:
        if timer == "pace" and self.dialect is not None:
            if stream is None:
                self._ask(self.dialect, now)
            else:
                self._ask_beside(self.dialect, now)
            return
        self.end(now, self._timeout_reason(timer, stream))

    def _timeout_reason(self, timer: str, stream: Stream) -> str:
        if timer == "answer" and stream in self._asked:
            exchange = self._asked[stream].exchange
            limit = exchange.answer_within
            return f"no answer to {exchange.request} within {self.timings.of(limit):g} s ({limit})"
        limit = self._running[timer, stream]
        where = f"in state {self.state}" if stream is None else f"on the stream {stream.name}"
        return f"the charger was not ready within {self.timings.of(limit):g} s {where} ({limit})"

    def _before_end(self, now: float) -> None:
        if self._side is not None and self._side.power_on:
            self._switch_power(False, now)


def _waits_for_customer(response: Element) -> bool:
    return getattr(response, "EVSEProcessing", None) == "Ongoing_WaitingForCustomerInteraction"
