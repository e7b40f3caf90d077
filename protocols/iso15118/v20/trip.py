"""What the EVCC knows about its session of ISO 15118-20."""

from dataclasses import dataclass, field, replace
from typing import NamedTuple

from protocols.exi.messages.common import ScheduleTupleType
from protocols.exi.messages.common_types import MessageHeaderType, MeterInfoType, ReceiptType
from protocols.exi.schema import Element
from protocols.iso15118.evcc_side import EvccSide
from protocols.iso15118.paused import PausedSession
from protocols.iso15118.power import CarReport, EnergyNeeds, Limits
from protocols.iso15118.services import ControlMode, Energy, ProtocolName, Service, ValueAdded
from protocols.iso15118.v20.evcc_contract import Authorisation
from protocols.iso15118.v20.parameter_sets import ParameterSet


class Reading(NamedTuple):
    """The charger's meter, and what the energy has cost."""

    meter: MeterInfoType
    receipt: ReceiptType | None


@dataclass(slots=True)
class Trip(EvccSide):
    """Where this session stands, and where it wants to go."""

    parameter_set: ParameterSet | None = None
    evse_limits: Limits = field(default_factory=lambda: Limits(0.0))
    schedules: list[ScheduleTupleType] = field(default_factory=list)
    chosen: int = 0
    """Which of the schedules the car keeps to."""
    evse_voltage_v: float = 0.0
    set_point_w: float = 0.0
    renegotiated: bool = False
    """The new schedule is there; what is left is to commit to it."""
    selected: Service | None = None
    value_added: dict[ValueAdded, list[int]] = field(default_factory=dict)
    """Services besides energy, with their parameter sets; none yet: still to be asked for."""
    told: EnergyNeeds | None = None
    told_at_s: float = 0.0
    reading: Reading | None = None
    """What the car was asked to confirm, until it is asked no more."""
    reading_to_confirm: Reading | None = None
    check_ins: int = 0
    asked_to_leave: bool = False
    checked_out: bool = False
    pre_charging_since_s: float | None = None
    authorisation: Authorisation = field(default_factory=Authorisation)

    @property
    def schedule_id(self) -> int:
        """The schedule that the car keeps to; 1 where there is none to choose."""
        return self.schedule.ScheduleTupleID if self.schedule else 1

    @property
    def schedule(self) -> ScheduleTupleType | None:
        """That schedule; None in dynamic mode."""
        return self.schedules[self.chosen] if self.schedules else None

    def report(self, now: float) -> CarReport:
        """Where the car stands; departure and targets are the charger's where it knows them better."""
        report, told = self.car.report(now), self.told
        if told is None:
            return report
        departure = None if told.departure_in_s is None else max(0.0, told.departure_in_s - (now - self.told_at_s))
        needs = replace(report.needs, departure_in_s=departure, min_soc=told.min_soc, target_soc=told.target_soc)
        return replace(report, needs=needs)

    def paused_session(self, now: float) -> PausedSession | None:
        """This session, to be taken up again where it stood."""
        chosen = self.parameter_set
        if chosen is None:
            return None
        peer = self.context.security.peer
        return PausedSession(
            self.session_id,
            self.car.evcc_id,
            protocol=ProtocolName.V20_AC if self.service.energy is Energy.AC else ProtocolName.V20_DC,
            peer="" if peer is None else peer.subject,
            service=self.service,
            control_mode=chosen.control_mode,
            mobility_needs=chosen.mobility_needs,
            parameter_set_id=chosen.id,
            authorized=True,
            paused_at_s=now,
        )

    def take_up(self, paused: PausedSession) -> None:
        """The charger knows the session that this car paused: what was agreed then holds again."""
        if paused.service is None or paused.parameter_set_id is None or paused.control_mode is None:
            return
        self.selected = paused.service
        self.parameter_set = ParameterSet(paused.parameter_set_id, paused.control_mode, paused.mobility_needs)

    @property
    def service(self) -> Service:
        """What this car came for, or asked for since."""
        return self.selected or self.plan.service

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
