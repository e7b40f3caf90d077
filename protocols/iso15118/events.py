"""What a session tells its application. Every event carries `time_s`, POSIX seconds."""

from dataclasses import dataclass
from typing import Literal

from protocols.exi.schema import Element
from protocols.iso15118.connection import ConnectionSecurity
from protocols.iso15118.paused import PausedSession
from protocols.iso15118.power import CarReport, EnergyNeeds, Limits, MeterReading
from protocols.iso15118.schedule import Receipt, Schedule
from protocols.iso15118.secured import Secured
from protocols.iso15118.services import ControlMode, MobilityNeeds, ProtocolName, Service, ValueAdded
from protocols.iso15118.table import State

Sender = Literal["evcc", "secc"]


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all events."""

    time_s: float


@dataclass(frozen=True, slots=True)
class PayloadSeen(Event):
    """One whole V2GTP message, either way, before anything else is made of it: what a recorder wants."""

    sender: Sender
    payload_type: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class MessageSeen(Event):
    """One message, either way. `state` is where the session stood when it came or went.

    `message` is the whole document: in ISO 15118-2 and DIN SPEC 70121 a V2G_Message whose body `name` names.
    `payload` is its EXI, as it travelled under `payload_type`.
    """

    sender: Sender
    namespace: str
    name: str
    message: Element
    state: State
    payload_type: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class ProtocolChosen(Event):
    """The handshake is over: what both ends speak from here on, and how well the connection is protected."""

    protocol: ProtocolName
    secured: Secured


@dataclass(frozen=True, slots=True)
class StateChanged(Event):
    """The session went on to another state."""

    state: State
    previous: State


@dataclass(frozen=True, slots=True)
class SessionEnded(Event):
    """The last event of a session.

    `proper`: closed by SessionStop as the standard wants; else `reason` says in one sentence what happened.
    `evidence`: the first bytes of the message that ended it, in hexadecimal, where a message did.
    """

    proper: bool
    reason: str
    paused: bool = False
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class ConnectionOpened(Event):
    """The connection stands, secured as it will be; the first message comes next."""

    security: ConnectionSecurity


@dataclass(frozen=True, slots=True)
class SessionStarted(Event):
    """A car (or, on the car's side, a charger) is there. `resumed`: it came back to a paused session."""

    peer_id: str
    session_id: str
    resumed: bool


@dataclass(frozen=True, slots=True)
class AuthorizationRequested(Event):
    """The car asks to be authorised by external means; answer with `Evse.authorize`."""


@dataclass(frozen=True, slots=True)
class ContractAccepted(Event):
    """Plug & Charge: the contract (EMAID, normalised) by which this session is paid, proven and good."""

    emaid: str


@dataclass(frozen=True, slots=True)
class ContractRefused(Event):
    """Plug & Charge: why a contract, its signature or a wish for one was not believed, in one sentence."""

    reason: str


@dataclass(frozen=True, slots=True)
class ContractInstalled(Event):
    """A contract went into the car (car's side: was checked and kept)."""

    emaid: str


@dataclass(frozen=True, slots=True)
class ServiceSelected(Event):
    """What this session will do, and who steers it."""

    service: Service
    control_mode: ControlMode
    mobility_needs: MobilityNeeds


@dataclass(frozen=True, slots=True)
class LimitsReceived(Event):
    """The other end's limits, before power flows."""

    limits: Limits


@dataclass(frozen=True, slots=True)
class NeedsReceived(Event):
    """What the car wants by when; `renegotiation`: asked anew while power flows.

    Car's side: what the driver told the charger, where it was agreed that the charger knows (MobilityNeeds 2).
    """

    needs: EnergyNeeds
    renegotiation: bool = False


@dataclass(frozen=True, slots=True)
class CableCheckRequested(Event):
    """DC: test the insulation; answer with `Evse.insulation_ok`."""


@dataclass(frozen=True, slots=True)
class PreChargeRequested(Event):
    """DC: bring the outlet to this voltage, which the charger's limits allow; the readings answer."""

    target_v: float


@dataclass(frozen=True, slots=True)
class PreChargeUnmatched(Event):
    """A simulated car goes on although the charger's voltage is not its battery's; a real one would stop here."""

    evse_voltage_v: float
    battery_v: float


@dataclass(frozen=True, slots=True)
class PowerDeliveryChanged(Event):
    """Close or open the contactors. `profile` is what the car plans: (duration in s, signed power in W)."""

    on: bool
    standby: bool = False
    profile: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class LoopAnswered(Event):
    """One turn of the charge loop: what the car reported, and the set-point that the answer carried."""

    report: CarReport
    set_point_w: float


@dataclass(frozen=True, slots=True)
class SetPointReceived(Event):
    """Car's side: the set-point that the charger's answer carried, signed W; its readings beside it."""

    set_point_w: float
    evse_voltage_v: float | None
    evse_current_a: float | None


@dataclass(frozen=True, slots=True)
class SchedulesReceived(Event):
    """Car's side: the schedules that the charger offers, and which of them the car keeps to (`costs.cheapest`)."""

    schedules: tuple[Schedule, ...]
    chosen: int = 0


@dataclass(frozen=True, slots=True)
class MeterReceived(Event):
    """Car's side: the charger's meter reading, and what the energy has cost, where it offers prices (-20)."""

    reading: MeterReading
    receipt: Receipt | None = None


@dataclass(frozen=True, slots=True)
class SetPointExpired(Event):
    """Nobody renewed the set-point in time: it is 0 W from now on."""

    expired_w: float


@dataclass(frozen=True, slots=True)
class MeteringConfirmed(Event):
    """The car returned our meter reading; `signed`: with its contract's signature, which holds.

    On the car's side: the charger has taken it.
    """

    reading: MeterReading
    signed: bool = False
    receipt: Receipt | None = None


@dataclass(frozen=True, slots=True)
class SessionPaused(Event):
    """Comes before `SessionEnded(paused=True)`: what to keep, on either side, until the session goes on."""

    paused: PausedSession


@dataclass(frozen=True, slots=True)
class ValueAddedSelected(Event):
    """The car also takes these services."""

    services: tuple[ValueAdded, ...]


@dataclass(frozen=True, slots=True)
class VehicleCheckedIn(Event):
    """Parking status: how far the car has got into its space; `status` is CheckIn, Processing or Completed."""

    status: str
    method: str


@dataclass(frozen=True, slots=True)
class VehicleCheckedOut(Event):
    """Parking status: the car is about to leave; `leaves_at_s` in POSIX seconds."""

    status: str
    leaves_at_s: float


@dataclass(frozen=True, slots=True)
class NotificationIgnored(Event):
    """The car did not do what it was asked within the time it was given."""

    notification: str
    max_delay_s: float


@dataclass(frozen=True, slots=True)
class AnswerLate(Event):
    """An answer of ours left later than the standard allows, `limit`; told once for each kind of request."""

    request: str
    took_s: float
    limit: str


@dataclass(frozen=True, slots=True)
class MessageIgnored(Event):
    """A message with a payload type that means nothing here was dropped, as the standard asks."""

    payload_type: int
