"""What the station and the app say to each other: typed events out, typed facts in.

Signs and units are the house's: power in W, > 0 charges the car, < 0 discharges it; energy in Wh, two registers that
only grow; state of charge 0..1; time in POSIX seconds of home time. Converted to the wire's words in ``wire``.
"""

from dataclasses import dataclass
from enum import StrEnum

import msgspec

from protocols.ocpp.versions import Version


class ConnectorStatus(StrEnum):
    """ConnectorStatusEnumType."""

    AVAILABLE = "Available"
    OCCUPIED = "Occupied"
    RESERVED = "Reserved"
    UNAVAILABLE = "Unavailable"
    FAULTED = "Faulted"


class ChargingState(StrEnum):
    """ChargingStateEnumType. A set-point of 0 W is ``SUSPENDED_EVSE``: a pause, never the transaction's end."""

    CHARGING = "Charging"
    """Energy flows, either way."""
    EV_CONNECTED = "EVConnected"
    SUSPENDED_EV = "SuspendedEV"
    SUSPENDED_EVSE = "SuspendedEVSE"
    IDLE = "Idle"


class OperationMode(StrEnum):
    """OperationModeEnumType (2.1): who decides the power in a schedule period."""

    IDLE = "Idle"
    CHARGING_ONLY = "ChargingOnly"
    CENTRAL_SETPOINT = "CentralSetpoint"
    EXTERNAL_SETPOINT = "ExternalSetpoint"
    EXTERNAL_LIMITS = "ExternalLimits"
    CENTRAL_FREQUENCY = "CentralFrequency"
    LOCAL_FREQUENCY = "LocalFrequency"
    LOCAL_LOAD_BALANCING = "LocalLoadBalancing"


# ----- What the app tells -----


class IdToken(msgspec.Struct, frozen=True, kw_only=True):
    """Who charges. The type is one of IdTokenEnumType: "Central", "Local", "eMAID", "MacAddress" …"""

    value: str
    type: str = "Central"
    evcc_id: str | None = None
    """The car's EVCCID from ISO 15118; tells the CSMS whom it may let discharge (Q01.FR.02)."""


class MeterSample(msgspec.Struct, frozen=True, kw_only=True):
    """One reading of the charger's meter. What is not known is None and is not sent."""

    at_s: float
    import_wh: float | None = None
    """Register of energy into the car, Wh, only grows."""
    export_wh: float | None = None
    """Register of energy out of the car, Wh, only grows."""
    power_w: float | None = None
    """> 0 charges: sent as Power.Active.Import; < 0: as Power.Active.Export."""
    soc: float | None = None
    """0..1."""
    setpoint_w: float | None = None
    """What the car was asked for, signed; sent in 2.1 only (Power.Active.Setpoint)."""
    frequency_hz: float | None = None
    voltage_v: float | None = None


class ChargingNeeds(msgspec.Struct, frozen=True, kw_only=True):
    """What the car asks for, for NotifyEVChargingNeeds. Powers are W ≥ 0 each way, energies Wh."""

    mode: str
    """The agreed EnergyTransferModeEnumType: "DC_BPT", "AC_BPT", "DC", "AC_three_phase", "AC_single_phase" …"""
    available_modes: tuple[str, ...] = ()
    dynamic_control: bool | None = None
    departure_s: float | None = None
    charge_max_w: float = 0.0
    charge_min_w: float = 0.0
    discharge_max_w: float = 0.0
    discharge_min_w: float = 0.0
    charge_max_a: float | None = None
    charge_min_a: float | None = None
    discharge_max_a: float | None = None
    voltage_max_v: float | None = None
    voltage_min_v: float | None = None
    target_energy_wh: float | None = None
    """Energy still wanted until the target."""
    min_energy_wh: float | None = None
    max_energy_wh: float | None = None
    min_v2x_energy_wh: float | None = None
    max_v2x_energy_wh: float | None = None
    capacity_wh: float | None = None
    soc: float | None = None
    target_soc: float | None = None


# ----- What the station tells -----


@dataclass(frozen=True, slots=True)
class LinkUp:
    """The CSMS is connected, in this version."""

    version: Version


@dataclass(frozen=True, slots=True)
class LinkDown:
    """The CSMS is not connected (or a new try failed); the reason in one line."""

    reason: str


@dataclass(frozen=True, slots=True)
class BootAnswer:
    """The CSMS's answer to BootNotification. Nothing is reported to it before ``accepted``."""

    status: str
    interval_s: float
    """Heartbeat interval when accepted, else the wait before the next try."""
    csms_time_s: float
    """The CSMS's clock, POSIX seconds."""

    @property
    def accepted(self) -> bool:
        """May we report?"""
        return self.status == "Accepted"


@dataclass(frozen=True, slots=True)
class Guidance:
    """What the backend's charging profiles ask from ``start_s`` until ``end_s``.

    None means that the backend asks nothing there. A ``charge_max_w`` of 0 is a pause: the transaction goes on.
    """

    start_s: float
    end_s: float
    """Home time; ``inf``: until told otherwise."""
    charge_max_w: float | None = None
    """Most power into the car, W ≥ 0."""
    discharge_max_w: float | None = None
    """Most power out of the car, W ≥ 0; 0: it must not discharge."""
    setpoint_w: float | None = None
    """Signed, > 0 charges; already inside the two limits."""
    mode: OperationMode | None = None
    """Mode of the leading transaction profile; None: no such profile."""
    profile_ids: tuple[int, ...] = ()
    """The profiles that lead here."""

    def same_wish(self, other: "Guidance") -> bool:
        """Is it the same, the times aside?"""
        mine = (self.charge_max_w, self.discharge_max_w, self.setpoint_w, self.mode)
        return mine == (other.charge_max_w, other.discharge_max_w, other.setpoint_w, other.mode)


@dataclass(frozen=True, slots=True)
class GuidanceChanged:
    """What the backend asks has changed: now ``guidance`` holds. Also told when only the schedule ahead changed."""

    evse_id: int
    guidance: Guidance


@dataclass(frozen=True, slots=True)
class RemoteStart:
    """The CSMS asks to start. On disk until ``Station.command_done(command_id)``; told again after a restart."""

    command_id: int
    remote_start_id: int
    evse_id: int
    id_token: IdToken


@dataclass(frozen=True, slots=True)
class RemoteStop:
    """The CSMS asks to end a transaction. On disk until ``Station.command_done(command_id)``."""

    command_id: int
    transaction_id: str


@dataclass(frozen=True, slots=True)
class Authorisation:
    """The CSMS's word on an id token; ``status`` "Offline" when it could not be asked."""

    id_token: str
    status: str
    allowed_modes: tuple[str, ...] = ()
    """Energy transfer modes that the CSMS allows (2.1); empty: it does not say."""

    @property
    def accepted(self) -> bool:
        """May this token charge?"""
        return self.status == "Accepted"


@dataclass(frozen=True, slots=True)
class TransactionDeauthorised:
    """The CSMS answered a transaction event with a token status other than Accepted (TxCtrlr.StopTxOnInvalidId)."""

    transaction_id: str
    status: str


@dataclass(frozen=True, slots=True)
class NeedsAnswer:
    """The CSMS's answer to NotifyEVChargingNeeds: Accepted, Rejected, Processing, NoChargingProfile or Failed."""

    evse_id: int
    status: str


@dataclass(frozen=True, slots=True)
class AllowedModes:
    """The CSMS changed which energy transfer modes a transaction may use (2.1, Q02): renegotiate with the car."""

    transaction_id: str
    modes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AvailabilityAsked:
    """The CSMS takes an EVSE (0: the whole station) out of use or back; takes effect when no transaction runs."""

    evse_id: int
    operative: bool


@dataclass(frozen=True, slots=True)
class MessageGivenUp:
    """The CSMS refused this booking as often as MessageAttempts allows; it is kept aside on disk, never deleted."""

    transaction_id: str
    seq_no: int
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class MessageSeen:
    """One OCPP message, for the installer's log; ``direction`` is "in" or "out"."""

    direction: str
    action: str
    body: dict[str, object]


Event = (
    LinkUp
    | LinkDown
    | BootAnswer
    | GuidanceChanged
    | RemoteStart
    | RemoteStop
    | Authorisation
    | TransactionDeauthorised
    | NeedsAnswer
    | AllowedModes
    | AvailabilityAsked
    | MessageGivenUp
    | MessageSeen
)
