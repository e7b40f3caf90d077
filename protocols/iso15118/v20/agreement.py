"""What SECC and EVCC have agreed on so far in one session of ISO 15118-20."""

from dataclasses import dataclass, field

from protocols.exi.messages.common_types import MessageHeaderType
from protocols.exi.schema import Element
from protocols.iso15118.power import Limits
from protocols.iso15118.schedule import Schedule
from protocols.iso15118.secc_side import SeccSide
from protocols.iso15118.services import Service
from protocols.iso15118.v20.parameter_sets import ParameterSet, offered_sets


@dataclass(slots=True)
class Agreement(SeccSide):
    """The charger's side of it."""

    asked_for_authorization: bool = False
    asked_for_cable_check: bool = False
    service: Service | None = None
    parameter_set: ParameterSet | None = None
    car_limits: Limits = field(default_factory=lambda: Limits(0.0))
    schedules: tuple[Schedule, ...] = ()
    planning_since_s: float | None = None
    pre_charge_v: float | None = None
    challenge: bytes = b""
    emaid: str = ""
    contract_leaf: bytes = b""

    def header(self, now: float) -> MessageHeaderType:
        """The header of the next message."""
        return MessageHeaderType(SessionID=self.session_id, TimeStamp=int(now))

    @property
    def sets(self) -> tuple[ParameterSet, ...]:
        """The parameter sets on offer."""
        return offered_sets(self.evse.offer.control_modes)

    @property
    def services(self) -> tuple[Service, ...]:
        """The services on offer in the protocol that was agreed on."""
        return tuple(service for service in self.evse.offer.services if service.energy is self.energy)

    def wrap(self, body: Element, now: float) -> Element:
        """The header is inside each message; only a refusal has not put it there."""
        if not body.Header.TimeStamp:  # type: ignore[attr-defined]
            body.Header = self.header(now)  # type: ignore[attr-defined]
        return body
