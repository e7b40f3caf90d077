"""What SECC and EVCC have agreed on so far in one session of ISO 15118-20."""

from collections import deque
from dataclasses import dataclass, field

from protocols.exi.messages.common_types import MessageHeaderType, MeterInfoType, ReceiptType, ResponseCodeType
from protocols.exi.schema import Element
from protocols.iso15118.costs import Bill
from protocols.iso15118.evse import Notification
from protocols.iso15118.power import EnergyNeeds, Limits, MeterReading
from protocols.iso15118.refusal import Refusal
from protocols.iso15118.schedule import Schedule
from protocols.iso15118.secc_side import SeccSide
from protocols.iso15118.services import ControlMode, MobilityNeeds, Service, ValueAdded
from protocols.iso15118.v20.parameter_sets import ParameterSet, offered_sets


@dataclass(slots=True)
class Agreement(SeccSide):
    """The charger's side of it."""

    asked_for_authorization: bool = False
    service: Service | None = None
    parameter_set: ParameterSet | None = None
    car_limits: Limits = field(default_factory=lambda: Limits(0.0))
    schedules: tuple[Schedule, ...] = ()
    schedules_from_s: int = 0
    """When the schedules on offer begin."""
    planning_since_s: float | None = None
    pre_charge_v: float | None = None
    value_added: tuple[ValueAdded, ...] = ()
    schedule_id: int | None = None
    checking_cable_since_s: float | None = None
    readings_sent: deque[tuple[MeterInfoType, ReceiptType | None]] = field(default_factory=lambda: deque(maxlen=64))
    """What the car may confirm: a signature takes its time, and the loop goes on meanwhile."""
    bill: Bill = field(default_factory=Bill)
    meter_at_start: MeterReading | None = None
    moved_before_wh: tuple[float, float] = (0.0, 0.0)
    """Charged and discharged before the pause that this session came back from."""
    notified: tuple[Notification, float] | None = None
    """What the car has been asked, and since when."""
    ignored: bool = False
    asked_again: bool = False
    """For a new schedule, since the first time led to none."""
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

    @property
    def chosen_service(self) -> Service:
        """The selected service; raises `Refusal` before there is one."""
        if self.service is None:
            raise Refusal(ResponseCodeType.FAILED_NoEnergyTransferServiceSelected, "no service has been selected")
        return self.service

    @property
    def control_mode(self) -> ControlMode:
        """Who steers; raises `Refusal` before a parameter set is selected."""
        if self.parameter_set is None:
            raise Refusal(ResponseCodeType.FAILED_NoEnergyTransferServiceSelected, "no service has been selected")
        return self.parameter_set.control_mode

    @property
    def limits(self) -> Limits:
        """What this charger can do in the selected service."""
        limits = self.evse.limits
        return limits if self.chosen_service.bidirectional else limits.without_discharge()

    @property
    def mobility(self) -> EnergyNeeds | None:
        """What the driver told the charger, if the car wants to know it from here."""
        chosen = self.parameter_set
        from_charger = chosen is not None and chosen.mobility_needs is MobilityNeeds.FROM_CHARGER
        return self.evse.mobility if from_charger else None

    @property
    def moved_wh(self) -> tuple[float, float]:
        """What this session has charged and discharged so far by the charger's meter."""
        charged_wh, discharged_wh = self.moved_before_wh
        start, end = self.meter_at_start, self.evse.meter
        if start is None or end is None:
            return charged_wh, discharged_wh
        return charged_wh + end.charged_wh - start.charged_wh, discharged_wh + end.discharged_wh - start.discharged_wh
