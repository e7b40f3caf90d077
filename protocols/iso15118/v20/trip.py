"""What the EVCC knows about its session of ISO 15118-20."""

from dataclasses import dataclass, field

from protocols.exi.messages.common import ScheduleTupleType
from protocols.exi.messages.common_types import MessageHeaderType
from protocols.exi.schema import Element
from protocols.iso15118.evcc_side import EvccSide
from protocols.iso15118.power import Limits
from protocols.iso15118.services import ControlMode
from protocols.iso15118.v20.evcc_contract import Authorisation
from protocols.iso15118.v20.parameter_sets import ParameterSet


@dataclass(slots=True)
class Trip(EvccSide):
    """Where this session stands, and where it wants to go."""

    parameter_set: ParameterSet | None = None
    evse_limits: Limits = field(default_factory=lambda: Limits(0.0))
    schedules: list[ScheduleTupleType] = field(default_factory=list)
    evse_voltage_v: float = 0.0
    set_point_w: float = 0.0
    renegotiating: bool = False
    renegotiated: bool = False
    asked_for_schedule: bool = False
    pre_charging_since_s: float | None = None
    authorisation: Authorisation = field(default_factory=Authorisation)

    def turn_to_renegotiate(self) -> bool:
        """While a new schedule is wanted, every other request asks for it: the loop in between must not starve."""
        self.asked_for_schedule = self.renegotiating and (self.renegotiated or not self.asked_for_schedule)
        return self.asked_for_schedule

    @property
    def control_mode(self) -> ControlMode:
        """The agreed control mode; before a service is selected nothing depends on it."""
        return self.parameter_set.control_mode if self.parameter_set else ControlMode.DYNAMIC

    def header(self, now: float) -> MessageHeaderType:
        """The header of the next message."""
        return MessageHeaderType(SessionID=self.session_id, TimeStamp=int(now))

    def wrap(self, body: Element, now: float) -> Element:
        """The header is inside each message, which has put it there."""
        return body
