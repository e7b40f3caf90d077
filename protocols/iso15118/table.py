"""The words of a transition table, which drives both ends of a session; each generation has a table of its own.

A state is what the SECC may be asked next. A row says: in this state, this request, answered with this outcome,
leads there. The SECC refuses with FAILED_SequenceError what has no row; the EVCC reads from the same rows where
an answer has taken it; `diagram.py` draws them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from protocols.exi.namespaces import APP_PROTOCOL
from protocols.iso15118.services import Energy
from protocols.iso15118.timings import HANDSHAKE_MESSAGE, SECC_SEQUENCE, Timer
from protocols.iso15118.v2gtp import PayloadType

HANDSHAKE_REQUEST = "supportedAppProtocolReq"


class State(StrEnum):
    """What the SECC waits for. One generation uses some of them, the next one others."""

    HANDSHAKE = "handshake"
    SESSION_SETUP = "session_setup"
    RESUMED = "resumed"
    AUTHORIZATION_SETUP = "authorization_setup"
    CERTIFICATE_INSTALLATION = "certificate_installation"
    AUTHORIZATION = "authorization"
    SERVICE_DISCOVERY = "service_discovery"
    SERVICE_DETAIL = "service_detail"
    SERVICE_SELECTION = "service_selection"
    PAYMENT_SELECTION = "payment_selection"
    PAYMENT_DETAILS = "payment_details"
    CERTIFICATE = "certificate"
    CHARGE_PARAMETERS = "charge_parameters"
    SCHEDULE_EXCHANGE = "schedule_exchange"
    CABLE_CHECK = "cable_check"
    PRE_CHARGE = "pre_charge"
    POWER_DELIVERY = "power_delivery"
    CHARGE_LOOP = "charge_loop"
    METERING_RECEIPT = "metering_receipt"
    WELDING_DETECTION = "welding_detection"
    SESSION_STOP = "session_stop"
    ENDED = "ended"


class Outcome(StrEnum):
    """How a request was answered, as far as the next state depends on it."""

    DONE = "done"
    ONGOING = "ongoing"
    REFUSED = "refused"
    START = "start"
    STOP = "stop"
    STANDBY = "standby"
    RENEGOTIATE = "renegotiate"
    TERMINATE = "terminate"
    PAUSE = "pause"
    OTHER_SERVICE = "other_service"
    EXTERNAL = "external"
    """Payment by external means was selected (-2, DIN)."""
    RESUMED = "resumed"
    """The paused session goes on."""
    CONTRACT = "contract"
    """Payment by contract was selected (-2)."""
    RECEIPT = "receipt"
    """The charger wants its meter reading confirmed before anything else (-2)."""


class Exchange(NamedTuple):
    """A request and its response: where they are defined, how they travel, how long each side waits.

    `answer_within` bounds the EVCC's wait for the response, `next_within` the SECC's wait for the request that
    follows it; `perform_within` is the time in which the SECC has to have answered (`events.AnswerLate`).
    `paced`: the EVCC repeats it at the car's own pace (`CarPlan.loop_interval_s`), which makes the charge loop.
    `side_stream` marks the multiplexed messages, which may run beside the main sequence under a payload type of
    their own; `ongoing_within` bounds how long the EVCC asks again there (on the main stream `Table.loop_timers` does).
    """

    request: str
    response: str
    namespace: str
    payload_type: PayloadType
    answer_within: Timer
    next_within: Timer
    perform_within: Timer | None = None
    paced: bool = False
    side_stream: PayloadType | None = None
    ongoing_within: Timer | None = None


class Transition(NamedTuple):
    """One row. `energy` None holds for AC and DC.

    `beside`: on the request's side stream only, and the state stays as it is; else on the main stream only.
    """

    state: State
    request: str
    outcome: Outcome
    next: State
    energy: Energy | None = None
    beside: bool = False


HANDSHAKE = Exchange(
    HANDSHAKE_REQUEST,
    "supportedAppProtocolRes",
    APP_PROTOCOL,
    PayloadType.APP_PROTOCOL,
    HANDSHAKE_MESSAGE,
    SECC_SEQUENCE,
)
_AFTER_HANDSHAKE = Transition(State.HANDSHAKE, HANDSHAKE_REQUEST, Outcome.DONE, State.SESSION_SETUP)


@dataclass(frozen=True)
class Table:
    """One generation's sequence. `of` makes it from what its standard says; the handshake is added."""

    exchanges: Mapping[str, Exchange]
    transitions: tuple[Transition, ...]
    loop_timers: Mapping[State, Timer]
    """How long the EVCC may be kept repeating itself in one state."""
    responses: Mapping[str, Exchange] = field(init=False)
    side_streams: frozenset[PayloadType] = field(init=False)
    _next: dict[tuple[State, str, Outcome, Energy | None, bool], State] = field(init=False, repr=False)
    _allowed: set[tuple[State, str, Energy | None, bool]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        known = object.__setattr__
        known(self, "responses", {exchange.response: exchange for exchange in self.exchanges.values()})
        beside = frozenset(exchange.side_stream for exchange in self.exchanges.values() if exchange.side_stream)
        known(self, "side_streams", beside)
        known(self, "_next", {(t.state, t.request, t.outcome, t.energy, t.beside): t.next for t in self.transitions})
        known(self, "_allowed", {(t.state, t.request, t.energy, t.beside) for t in self.transitions})

    @classmethod
    def of(
        cls, exchanges: Iterable[Exchange], transitions: Iterable[Transition], loop_timers: Mapping[State, Timer]
    ) -> "Table":
        """The table of these rows behind the handshake."""
        by_request = {exchange.request: exchange for exchange in (HANDSHAKE, *exchanges)}
        return cls(by_request, (_AFTER_HANDSHAKE, *transitions), loop_timers)

    @property
    def states(self) -> frozenset[State]:
        """The states that this generation has."""
        return frozenset(state for row in self.transitions for state in (row.state, row.next))

    def allowed(self, state: State, request: str, energy: Energy | None, *, beside: bool = False) -> bool:
        """Whether this request may come in this state. `energy` None: no service has been selected yet."""
        keys = (state, request, None, beside), (state, request, energy, beside)
        return any(key in self._allowed for key in keys)

    def leads_on(
        self, state: State, request: str, outcome: Outcome, energy: Energy | None, *, beside: bool = False
    ) -> bool:
        """Whether there is a row for this outcome."""
        keys = (state, request, outcome, energy, beside), (state, request, outcome, None, beside)
        return any(key in self._next for key in keys)

    def next_state(self, state: State, request: str, outcome: Outcome, energy: Energy | None) -> State:
        """Where the row leads; raises `LookupError` where there is none, which `leads_on` tells before."""
        for key in ((state, request, outcome, energy, False), (state, request, outcome, None, False)):
            if key in self._next:
                return self._next[key]
        raise LookupError(f"no transition from {state} by {request} ({outcome})")
