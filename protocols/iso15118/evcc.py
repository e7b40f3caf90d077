"""The car's end of a session: a sans-I/O state machine driven by the same `table.py` as the charger's.

It is used as `secc.SeccSession` is: `connected`, `receive`, `data_to_send`, `next_event`, `next_timer`, `on_timer`.
"""

from collections.abc import Callable

from protocols.exi.messages.common_types import MessageHeaderType, ProcessingType
from protocols.exi.schema import Element
from protocols.iso15118 import evcc_answers, evcc_requests
from protocols.iso15118.car import CarModel, CarPlan
from protocols.iso15118.evcc_requests import Trip
from protocols.iso15118.events import PowerDeliveryChanged, Sender
from protocols.iso15118.link import Link
from protocols.iso15118.outcome import failed, outcome_of, response_code
from protocols.iso15118.table import EXCHANGES, LOOP_TIMERS, RESPONSES, Exchange, Outcome, State, next_state
from protocols.iso15118.timings import Timings, clause_of
from protocols.iso15118.v2gtp import PayloadType

REQUESTS: dict[State, Callable[[Trip, float], Element]] = {
    State.HANDSHAKE: evcc_requests.handshake,
    State.SESSION_SETUP: evcc_requests.session_setup,
    State.AUTHORIZATION_SETUP: evcc_requests.authorization_setup,
    State.AUTHORIZATION: evcc_requests.authorization,
    State.SERVICE_DISCOVERY: evcc_requests.service_discovery,
    State.SERVICE_DETAIL: evcc_requests.service_detail,
    State.SERVICE_SELECTION: evcc_requests.service_selection,
    State.CHARGE_PARAMETERS: evcc_requests.charge_parameters,
    State.SCHEDULE_EXCHANGE: evcc_requests.schedule_exchange,
    State.CABLE_CHECK: evcc_requests.cable_check,
    State.PRE_CHARGE: evcc_requests.pre_charge,
    State.POWER_DELIVERY: evcc_requests.power_delivery,
    State.CHARGE_LOOP: evcc_requests.charge_loop,
    State.WELDING_DETECTION: evcc_requests.welding_detection,
    State.SESSION_STOP: evcc_requests.session_stop,
}
"""What the car asks in each state while all goes well."""


class EvccSession(Link):
    """This car's session with one charger."""

    me: Sender = "evcc"
    peer: Sender = "secc"

    def __init__(self, car: CarModel, plan: CarPlan, timings: Timings | None = None) -> None:
        super().__init__(timings or Timings())
        self.energy = plan.service.energy
        self.trip = Trip(car, plan, self._emit)
        self._waiting_for: tuple[Exchange, Element] | None = None
        self._loop_state: State | None = None

    def connected(self, now: float) -> None:
        """Send the first request."""
        self._start_timer("setup", self.timings.communication_setup_s, now)
        self._ask(now)

    def stop(self, reason: str) -> None:
        """End the session in order, from the next request on."""
        self.trip.leave(Outcome.TERMINATE, reason)

    def _ask(self, now: float) -> None:
        """Send what comes next in this state."""
        try:
            request = self._next_request(now)
            name = type(request).__name__
            exchange = EXCHANGES[name]
            self._send(exchange.namespace, self._payload_type(exchange), request, now)
        except ValueError as error:
            # A car model that reports what no wire number can carry.
            self.end(now, f"the next request in state {self.state} could not be written: {error}")
            return
        self._waiting_for = (exchange, request)
        self._start_timer("answer", getattr(self.timings, exchange.evcc_timer), now)
        self._watch_loop(now)

    def _payload_type(self, exchange: Exchange) -> PayloadType:
        if self.state is State.CHARGE_LOOP and exchange.side_stream is not None:
            return exchange.side_stream
        return exchange.payload_type

    def _next_request(self, now: float) -> Element:
        trip = self.trip
        if self.state is State.CHARGE_LOOP:
            reason = trip.car.wants_to_stop(now)
            if reason is not None and trip.leaving is None:
                trip.leave(Outcome.TERMINATE, reason)
            if trip.leaving is None and trip.turn_to_renegotiate():
                return evcc_requests.renegotiate(trip, now)
        if trip.leaving is None or self.state in (State.HANDSHAKE, State.SESSION_SETUP, State.WELDING_DETECTION):
            return REQUESTS[self.state](trip, now)
        if self.state in (State.CHARGE_LOOP, State.POWER_DELIVERY, State.CABLE_CHECK):
            return evcc_requests.power_off(trip, now)
        return evcc_requests.session_stop(trip, now)

    def _watch_loop(self, now: float) -> None:
        """Bound the time that the car repeats itself in one state."""
        if self.state is self._loop_state:
            return
        self._loop_state = self.state
        self._stop_timer("loop")
        timer = LOOP_TIMERS.get(self.state)
        if timer is not None:
            self._start_timer("loop", getattr(self.timings, timer), now)

    def _handle(self, name: str, message: Element, payload_type: PayloadType, now: float) -> None:
        if self._waiting_for is None or name not in RESPONSES:
            self.end(now, f"the charger sent {name} unasked in state {self.state}")
            return
        exchange, request = self._waiting_for
        if name != exchange.response:
            self.end(now, f"the charger answered {exchange.request} with {name}")
            return
        self._waiting_for = None
        self._stop_timer("answer")
        if failed(message):
            self.end(now, f"the charger answered {exchange.request} with {response_code(message)}")
            return
        problem = self._session_problem(message) or evcc_answers.take(self.trip, message, now)
        if problem is not None:
            self.end(now, problem)
            return
        self._advance(exchange, request, message, now)

    def _session_problem(self, message: Element) -> str | None:
        if self.state is State.HANDSHAKE:
            return None
        header: MessageHeaderType = message.Header  # type: ignore[attr-defined]
        if self.state is State.SESSION_SETUP:
            self._stop_timer("setup")
            self.trip.session_id = header.SessionID
        elif header.SessionID != self.trip.session_id:
            return f"the charger answered for session {header.SessionID.hex().upper()}, which is not this one"
        return None

    def _advance(self, exchange: Exchange, request: Element, response: Element, now: float) -> None:
        outcome = outcome_of(request, response)
        try:
            state = next_state(self.state, exchange.request, outcome, self.energy)
        except LookupError as error:
            self.end(now, f"the charger's answer to {exchange.request} leads nowhere: {error}")
            return
        if outcome is Outcome.REFUSED:
            reason = f"{exchange.request} was answered {response_code(response)}"
            self.trip.leave(Outcome.TERMINATE, reason, gave_up=True)
        elif outcome in (Outcome.START, Outcome.STOP):
            self._switch_power(outcome is Outcome.START, now)
        if state is State.ENDED:
            proper, paused = not self.trip.gave_up, outcome is Outcome.PAUSE
            self.end(now, self.trip.reason or "session stopped", proper=proper, paused=paused)
            return
        self._go(state, now)
        if _waits_for_customer(response):
            self._stop_timer("loop")
        if exchange.request.endswith("ChargeLoopReq"):
            self._start_timer("pace", self.trip.plan.loop_interval_s, now)
        elif outcome is Outcome.ONGOING:
            self._start_timer("pace", self.timings.poll_s, now)
        else:
            self._ask(now)

    def _switch_power(self, on: bool, now: float) -> None:
        self.trip.power_on = on
        if not on:
            self.trip.car.follow(0.0, now)
        self._emit(PowerDeliveryChanged(now, on=on))

    def _expired(self, timer: str, now: float) -> None:
        if timer == "pace":
            self._ask(now)
            return
        self.end(now, self._timeout_reason(timer))

    def _timeout_reason(self, timer: str) -> str:
        if timer == "answer" and self._waiting_for is not None:
            exchange = self._waiting_for[0]
            limit_s = getattr(self.timings, exchange.evcc_timer)
            clause = clause_of(exchange.evcc_timer)
            return f"no answer to {exchange.request} within {limit_s:g} s ({clause})"
        field = "communication_setup_s" if timer == "setup" else LOOP_TIMERS[self._loop_state or self.state]
        limit_s = getattr(self.timings, field)
        return f"the charger was not ready within {limit_s:g} s in state {self.state} ({clause_of(field)})"

    def _before_end(self, now: float) -> None:
        if self.trip.power_on:
            self._switch_power(False, now)


def _waits_for_customer(response: Element) -> bool:
    waiting = ProcessingType.Ongoing_WaitingForCustomerInteraction
    return getattr(response, "EVSEProcessing", None) == waiting
