"""The charger's half of a dialect: what has been agreed on so far, and the answers."""

import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from protocols.exi.messages.xmldsig import SignatureType
from protocols.exi.schema import Element
from protocols.iso15118.connection import PLAIN, ConnectionSecurity
from protocols.iso15118.credentials import ChargerCredentials
from protocols.iso15118.events import Event
from protocols.iso15118.evse import Evse
from protocols.iso15118.services import Energy
from protocols.iso15118.timings import Timings

NO_SESSION = bytes(8)
"""The session ID of a car that has no session yet."""


def new_session_id() -> bytes:
    """Eight random bytes from the system's source, never all zero: that means "no session yet" on the wire."""
    return secrets.token_bytes(7) + b"\x01"


def new_challenge() -> bytes:
    """Sixteen random bytes from the system's source, for a contract's key to sign."""
    return secrets.token_bytes(16)


class Envelope(NamedTuple):
    """A document from the wire, taken apart: the same whether the header is inside the message or around it.

    `name` is the request's or response's element name as in the table, `body` what answers and takers are given
    (-20: the message itself; -2 and DIN: the body element inside V2G_Message).
    """

    name: str
    body: Element
    session_id: bytes
    signature: SignatureType | None = None


@dataclass(frozen=True, slots=True)
class SeccContext:
    """What every SECC side is given when the handshake has chosen its dialect."""

    evse: Evse
    timings: Timings
    emit: Callable[[Event], None]
    make_session_id: Callable[[], bytes] = new_session_id
    make_challenge: Callable[[], bytes] = new_challenge
    security: ConnectionSecurity = PLAIN
    credentials: ChargerCredentials | None = None


@dataclass(slots=True)
class SeccSide(ABC):
    """One session's agreement, and its answers by request name. A generation adds its own fields and `answers`.

    The engine reads `session_id` (set by the answer to SessionSetupReq), `energy` (None until known) and `power_on`
    (the contactors; the engine emits PowerDeliveryChanged(on=False) if the session ends while it is set).
    """

    context: SeccContext
    session_id: bytes = NO_SESSION
    energy: Energy | None = None
    power_on: bool = False
    evcc_id: str = ""
    received: Envelope | None = None
    """The request being answered, for those who need its signature."""

    answers: ClassVar[Mapping[str, Callable[[Any, Any, float], Element]]]
    """Who answers what: (side, request body, now) -> response body. May raise `Refusal`; `ValueError` ends the session
    with its sentence."""

    @property
    def evse(self) -> Evse:
        """The charger itself."""
        return self.context.evse

    @property
    def timings(self) -> Timings:
        """How long things take here."""
        return self.context.timings

    def emit(self, event: Event) -> None:
        """Tell the application."""
        self.context.emit(event)

    def answer(self, envelope: Envelope, now: float) -> Element:
        """The response body; raises `Refusal`."""
        self.received = envelope
        return self.answers[envelope.name](self, envelope.body, now)

    @abstractmethod
    def wrap(self, body: Element, now: float) -> Element:
        """The document that carries this response body: sets what the header needs (session, time, signature)."""
