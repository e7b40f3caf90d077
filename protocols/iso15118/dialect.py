"""One generation of ISO 15118 on the wire, as the two engines (`secc.SeccSession`, `evcc.EvccSession`) drive it.

The engines know framing, the handshake, timers, streams, order, events and the end of a session. They know no
message. A generation is a folder beside this file with its messages' meaning, and nothing in the engines branches on
which one it is. What its author writes:

**A table** (`table.py`)::

    TABLE = Table.of(
        [Exchange("SessionSetupReq", "SessionSetupRes", NAMESPACE, PayloadType.V2_MAINSTREAM,
                  answer_within=Timer("V2G_EVCC_Msg_Timeout", 2.0, "Table 109"), next_within=SEQUENCE), ...],
        [Transition(State.SESSION_SETUP, "SessionSetupReq", Outcome.DONE, State.SERVICE_DISCOVERY), ...],
        {State.AUTHORIZATION: Timer("V2G_EVCC_Ongoing_Timeout", 60.0, "Table 109"), ...},
    )

without the handshake, which `Table.of` adds; the first state behind it is always SESSION_SETUP. `State` and `Outcome`
are shared enums: add a member there if your standard needs one. Every figure is a `Timer` where it is used.
`Exchange.paced` marks the charge loop's request. Request names are element names (in -2 and DIN those of the body).
A multiplexed message has `Exchange.side_stream` and rows of its own with `beside=True`: it leaves the state as it is,
has its own outstanding request and timers, and is refused on the main stream where it has only such a row.

**A SECC side** (`SeccSide` in `secc_side.py`): a dataclass of what has been agreed, `answers` by request name, each
`(side, request_body, now) -> response_body`, and `wrap(response_body, now) -> document`. It raises
`Refusal("FAILED_...", "one sentence")` where the standard wants a FAILED code: the engine sends the request's own
response with that code (its other elements at their least values), emits the sentence and ends the session. A
response that carries a FAILED code of its own is sent and ends the session too. It emits the shared events
(`events.py`) at the same points as `v20` does: SessionStarted, AuthorizationRequested, ServiceSelected,
LimitsReceived, NeedsReceived, CableCheckRequested, PreChargeRequested, PowerDeliveryChanged, LoopAnswered, ... and
reads `side.evse` at the moment it answers. It keeps `session_id`, `energy` (None until the service is known) and
`power_on` true.

**An EVCC side** (`EvccSide` in `evcc_side.py`): `request(state, now)` gives the next request body, `take(envelope,
now)` reads an answer, `wrap` as above. It decides itself how to leave (`leaving` is set by `leave()`), within what
the table allows. It calls `self.mind_the_car(now)` before a charge-loop request. `request` may return None while a
side stream has to finish first; `side_requests` says what goes out beside; `another_way(request)` whether a REFUSED
answer leaves something to try, else the session is given up in order. `paused_session` is what the car keeps.

**The dialect** itself, a subclass of `Dialect` below, and one line in `registry.GENERATIONS`.

Session IDs: the engine compares `Envelope.session_id` of every message behind SessionSetup with the side's, and
refuses with FAILED_UnknownSession. Order: it refuses with FAILED_SequenceError what the table has no row for. A body
that came with the wrong payload type likewise. Documents that cannot be decoded end the session with the bytes in
`SessionEnded.evidence`. `unwrap` raises `ValueError` with one sentence for a document that is no message.

Where two answers lead on differently, `outcome_of(request, response)` says how, from the two bodies alone, since both
ends go by it; `requested_outcome(request)` is what the request decides by itself, so that the SECC refuses, before it
acts, what would lead nowhere (PowerDeliveryReq(Stop) in a state without such a row).

Conventions: a refused but continuing answer (WARNING_... in -20, "ongoing" in all) is an Outcome, never an exception.
Bodies are the typed messages of `protocols.exi.messages`. `now` is POSIX seconds that never jump. Nothing here does
I/O. Signatures go through `context.credentials` (`credentials.py`), None where there is no contract.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from protocols.exi.schema import Element
from protocols.iso15118.evcc_side import EvccContext, EvccSide
from protocols.iso15118.refusal import least
from protocols.iso15118.secc_side import Envelope, SeccContext, SeccSide
from protocols.iso15118.secured import Secured
from protocols.iso15118.services import Energy, ProtocolName, Service
from protocols.iso15118.table import Outcome, Table
from protocols.iso15118.v2gtp import PayloadType


class Dialect(ABC):
    """One protocol of the handshake. Its attributes are data; there is one instance of each."""

    name: ProtocolName
    title: str
    """For people: "ISO 15118-20 (DC)"."""
    namespace: str
    """ProtocolNamespace in supportedAppProtocolReq, with these version numbers."""
    major: int
    minor: int
    energies: tuple[Energy, ...]
    """The kinds of energy transfer that it has."""
    table: Table
    grammars: Mapping[PayloadType, str]
    """The namespace whose grammar reads each payload type; other payload types are ignored."""
    least_secured: Secured
    """A connection below this is refused, unless `EvseOffer.lab_v20_without_tls` (car: the plan's) allows it."""
    messages: tuple[ModuleType, ...]
    """The modules of `protocols.exi.messages` that define its bodies, `ResponseCodeType` in the first that has one."""

    def serves(self, services: tuple[Service, ...]) -> bool:
        """Whether a charger (or car) with these services has anything to do in this dialect."""
        return any(service.energy in self.energies for service in services)

    def message_class(self, name: str) -> type[Element]:
        """The class of a body by its element name. Raises `LookupError` for a name that is not defined."""
        for module in self.messages:
            for candidate in (name, f"{name}Type"):
                found: type[Element] | None = getattr(module, candidate, None)
                if found is not None:
                    return found
        raise LookupError(f"no message of {self.title} is named {name}")

    def refused(self, response: str, code: str) -> Element:
        """The response body `response` with a FAILED code and all else at its least; to be wrapped.

        A code that this generation does not know becomes plain FAILED.
        """
        codes: Any = next(module.ResponseCodeType for module in self.messages if hasattr(module, "ResponseCodeType"))
        body: Any = least(self.message_class(response))
        body.ResponseCode = codes(code) if code in set(codes) else codes("FAILED")
        return body  # type: ignore[no-any-return]

    @abstractmethod
    def unwrap(self, document: Element) -> Envelope:
        """Take a document apart; raises `ValueError` with one sentence if it is no message of this dialect."""

    @abstractmethod
    def requested_outcome(self, request: Element) -> Outcome | None:
        """What the request body alone decides; None where the answer has a say."""

    @abstractmethod
    def outcome_of(self, request: Element, response: Element) -> Outcome:
        """How this pair of bodies leads on. Failures (FAILED_...) end a session and never come here."""

    @abstractmethod
    def secc(self, context: SeccContext) -> SeccSide:
        """The charger's side of a new session."""

    @abstractmethod
    def evcc(self, context: EvccContext) -> EvccSide:
        """The car's side of a new session."""


def response_code(response: Element) -> str:
    """The ResponseCode, which every response has in every generation."""
    return str(getattr(response, "ResponseCode", ""))


def failed(response: Element) -> bool:
    """Whether this response ends the session."""
    return response_code(response).startswith("FAILED")
