"""The car's half of a dialect: what it knows about this session, its requests, and what it takes from answers."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from protocols.exi.schema import Element
from protocols.iso15118.car import CarModel, CarPlan
from protocols.iso15118.connection import PLAIN, ConnectionSecurity
from protocols.iso15118.credentials import CarCredentials
from protocols.iso15118.events import Event
from protocols.iso15118.paused import PausedSession
from protocols.iso15118.secc_side import Envelope
from protocols.iso15118.services import Service
from protocols.iso15118.table import Outcome, State
from protocols.iso15118.timings import Timings
from protocols.iso15118.v2gtp import PayloadType


@dataclass(frozen=True, slots=True)
class EvccContext:
    """What every EVCC side is given when the handshake has chosen its dialect."""

    car: CarModel
    plan: CarPlan
    timings: Timings
    emit: Callable[[Event], None]
    security: ConnectionSecurity = PLAIN
    credentials: CarCredentials | None = None


@dataclass(slots=True)
class EvccSide(ABC):
    """One session as the car sees it. A generation adds its own fields.

    The engine sets `session_id` from SessionSetupRes and `power_on` with PowerDelivery; it reads `leaving`, `reason`
    and `gave_up` when the session ends.
    """

    context: EvccContext
    session_id: bytes = bytes(8)
    power_on: bool = False
    leaving: Outcome | None = None
    reason: str = ""
    gave_up: bool = False
    renegotiating: bool = False
    """A new schedule is wanted, by the charger or by the car."""
    wants_standby: bool = False
    next_service: Service | None = None
    """What to select when the service is negotiated anew."""

    @property
    def car(self) -> CarModel:
        """The car itself."""
        return self.context.car

    @property
    def plan(self) -> CarPlan:
        """What it set out to do."""
        return self.context.plan

    def emit(self, event: Event) -> None:
        """Tell the application."""
        self.context.emit(event)

    def leave(self, how: Outcome, reason: str, *, gave_up: bool = False) -> None:
        """From now on, make for the exit in order; the first reason stands. `gave_up`: it is no success."""
        if self.leaving is None:
            self.leaving, self.reason, self.gave_up = how, reason, gave_up

    def paused_session(self, now: float) -> PausedSession | None:
        """What the car keeps to come back to this session; None: nothing to keep."""
        return None

    def mind_the_car(self, now: float) -> None:
        """In the charge loop: leave if the car wants to."""
        reason = self.car.wants_to_stop(now)
        if reason is not None:
            self.leave(Outcome.TERMINATE, reason)

    @abstractmethod
    def request(self, state: State, now: float) -> Element | None:
        """What to ask next in this state, leaving or not: a request body that the table allows here.

        None: not yet, a side stream has to finish first. `ValueError` ends the session with its sentence.
        """

    def side_requests(self, state: State, free: frozenset[PayloadType], now: float) -> Iterable[Element]:
        """What to ask on side streams, beside whatever the main stream waits for: at most one request a stream.

        `free` are the streams with nothing outstanding. Called whenever something happened.
        """
        return ()

    def another_way(self, request: Element) -> bool:
        """After a refusal that ends nothing (WARNING_...): whether there is something else to try in this state."""
        return False

    @abstractmethod
    def take(self, envelope: Envelope, now: float) -> str | None:
        """Take in an answer without FAILED code; returns why the session cannot go on, or None."""

    @abstractmethod
    def wrap(self, body: Element, now: float) -> Element:
        """The document that carries this request body: sets what the header needs (session, time, signature)."""
