"""The ports: what the engine asks of a driver, and what a driver gives.

A driver joins one protocol to the energy side. It converts units and signs at its own door, publishes readings on
the board, and (a charger) takes a signed set-point that expires. Data flows one way:
drivers → board → dispatch → set-points → chargers.

Behind the charger's driver are two more ports, for what stands on the cable: ``PowerStage`` (pilot, contactor,
converter) and ``Matching`` (the power-line modem). They are asked for what they can, never for a brand.

A driver fails alone: ``run`` may raise whatever it likes; the supervisor logs it, shows it as health, backs off and
runs it again.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, Protocol

from energy.grid_events import GridEvent
from energy.model import BatteryState, Charger, EvState, HomeBattery, Readings, SetPoint
from energy.plan.types import Plan
from protocols.iec61851 import Check, Pilot

if TYPE_CHECKING:
    from protocols.iso15118.wire.capture import Capture


class HealthLevel(StrEnum):
    """How a driver or a link fares."""

    STARTING = "starting"
    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """One driver's health, with a sentence for people."""

    level: HealthLevel
    text: str = ""
    since_s: float = 0.0
    """Home time of the last change of level."""
    details: dict[str, str | float | int | bool | None] = field(default_factory=dict)
    """Facts for the installer: manufacturer, model, address, protocol version, last message …"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCertificate:
    """Who the car is by the certificate that it showed when the connection was made."""

    subject: str
    issuer: str
    valid_to_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CarSession:
    """What a charger driver knows of the session on its cable."""

    charger: Charger
    ev: EvState
    session_id: str | None = None
    evcc_id: str | None = None
    protocol: str = ""
    """"ISO 15118-20 DC_BPT, dynamic", "OCPP 2.1", "Modbus" …"""
    state: str = "unplugged"
    """Protocol state in the standard's words."""
    since_s: float = 0.0
    departure_s: float | None = None
    """The car's own departure time, where it tells one."""
    target_soc: float | None = None
    messages: int = 0
    charged_wh: float = 0.0
    discharged_wh: float = 0.0
    encryption: Literal["", "none", "tls12", "tls13"] = ""
    """"none", "tls12", "tls13"; empty: there is no wire to protect, or nothing is known yet."""
    cipher: str = ""
    unprotected_by_switch: bool = False
    """A laboratory's switch lets a session go on that its standard wants encrypted."""
    authorization: Literal["", "eim", "pnc", "basic"] = ""
    """"eim" by external means, "pnc" by contract, "basic" none at all; empty: not yet."""
    contract: str = ""
    """The EMAID of the contract that pays, where one does."""
    certificate: ShownCertificate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchState:
    """A relay as it is now. None: it does not tell."""

    at_s: float
    closed: bool
    power_w: float | None = None
    tank_c: float | None = None
    """Temperature of the tank that it heats."""


class Board(Protocol):
    """Where drivers publish. Each call may wake the dispatch at once."""

    def publish_readings(self, source: str, readings: Readings) -> None:
        """A new picture from the meter or the inverter; fields that the source does not measure are None."""
        ...

    def publish_battery(self, source: str, state: BatteryState, *, obeys: bool) -> None:
        """A house battery's charge and power, as it tells them now; ``obeys``: it takes orders."""
        ...

    def publish_switch(self, source: str, state: SwitchState) -> None:
        """A relay's contact, and what is measured beside it."""
        ...

    def publish_session(self, source: str, session: CarSession) -> None:
        """The state of the car and its session has changed."""
        ...

    def publish_message(self, source: str, direction: str, name: str, body: dict[str, Any]) -> None:
        """One protocol message, for the installer's details; ``direction`` is "in" or "out"."""
        ...

    def publish_events(self, source: str, events: list[GridEvent]) -> None:
        """All events of that link that are known now (a full picture, not a difference)."""
        ...

    def publish_heartbeat(self, source: str) -> None:
        """The grid link is alive now (feeds the fail-safe rule)."""
        ...

    def publish_health(self, source: str, health: Health) -> None:
        """The driver's own view of its health."""
        ...


class Driver(Protocol):
    """One supervised thing."""

    name: str
    """Unique in the home: "meter", "inverter", "charger", "utility", "backend"."""

    async def run(self, board: Board) -> None:
        """Work until cancelled. Raising means: failed, try again after a back-off."""
        ...


class ChargerDriver(Driver, Protocol):
    """A driver that also takes set-points."""

    charger: Charger

    def set_point(self, set_point: SetPoint) -> None:
        """Take the newest set-point; at once, without waiting; the hardware lets it expire unless renewed."""
        ...

    def stop_session(self, reason: str) -> None:
        """End the car's session in order."""
        ...


class BatteryDriver(Driver, Protocol):
    """A driver of a house battery that also takes orders."""

    battery: HomeBattery

    def set_power(self, power_w: float | None) -> None:
        """Follow ``power_w`` (> 0 charges) until the driver's expiry, in real time; None: its own rule again."""
        ...


class SwitchDriver(Driver, Protocol):
    """A driver of a relay."""

    def set_switch(self, closed: bool) -> None:
        """Close the relay, or open it; unless renewed within its expiry it opens by itself."""
        ...


class LimitDriver(Driver, Protocol):
    """An inverter that can be told to give less."""

    inverter: str
    """The name of the driver that reads it."""

    def set_limit(self, share: float | None) -> None:
        """Give at most ``share`` (0..1) of its nominal power until the expiry; None: as much as it can."""
        ...


class StageAbility(StrEnum):
    """What a power stage can do besides following a set-point. What it cannot, the session goes on without."""

    CONTACTOR = "contactor"
    """Takes a command for its contactor."""
    PILOT = "pilot"
    """Shows the duty cycle that it is told."""
    ISOLATION = "isolation"
    """Tests the isolation of outlet and cable when it is asked to."""
    PRE_CHARGE = "pre_charge"
    """Brings the outlet to a voltage before the contactor closes."""
    WELDING = "welding"
    """Checks that the outlet is dead after the contactor opened."""
    RESET = "reset"
    """Its faults can be reset from here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageReading:
    """What a power stage tells. Signs are the house's: ``ev_w`` > 0 charges. None: it does not tell, or not now."""

    at_s: float
    """Real time of the question, POSIX s."""
    pilot: Pilot | None = None
    diode: bool | None = None
    """False: what pulls the pilot has no diode, so it is no car."""
    contactor: bool | None = None
    """What the mirror contact tells."""
    ev_w: float | None = None
    setpoint_w: float | None = None
    """What it follows now: 0 once the set-point has expired."""
    dc_voltage_v: float | None = None
    dc_current_a: float | None = None
    phase_a: tuple[float | None, ...] = ()
    import_wh: float | None = None
    """Counts energy into the car; ``export_wh`` out of it."""
    export_wh: float | None = None
    isolation: Check | None = None
    isolation_ohm: float | None = None
    welding: Check | None = None
    cable_a: float | None = None
    """What the cable carries, A a phase; None: it is fixed to the charger."""
    fault: str = ""
    """Why the stage does not work; empty: all is well."""


class PowerStage(Driver, Protocol):
    """The electronics behind the outlet: pilot, contactor, converter, and the tests that they make by themselves.

    Commands take effect as soon as the wire allows and are kept up until the stage shows them; the newest wins. The
    stage guards itself: it opens within 100 ms when the pilot leaves C and D, and falls to 0 W when a set-point
    expires.
    """

    abilities: frozenset[StageAbility]
    reading: StageReading | None
    """The newest one."""
    on_reading: Callable[[StageReading], None] | None
    """Told each reading."""

    def set_power(self, power_w: float, expires_s: float) -> None:
        """Follow ``power_w`` (> 0 charges) until ``expires_s`` (real time, POSIX s)."""
        ...

    def set_contactor(self, closed: bool) -> None:
        """Close or open the contactor; opening ends the set-point, too."""
        ...

    def set_pilot(self, duty: float) -> None:
        """Show this duty cycle: 0 to 1, see ``protocols.iec61851.duty``."""
        ...

    def check_isolation(self) -> None:
        """Test the isolation anew; ``StageReading.isolation`` tells how it stands, RUNNING from now on."""
        ...

    def pre_charge(self, voltage_v: float, current_a: float) -> None:
        """Bring the outlet to this voltage with at most this current; 0 V ends it."""
        ...

    def check_welding(self) -> None:
        """Look whether the outlet is dead; ``StageReading.welding`` tells, RUNNING from now on."""
        ...

    def reset_fault(self) -> None:
        """Clear a fault whose cause is gone."""
        ...


class LinkNews(StrEnum):
    """What the power-line modem tells."""

    MATCHED = "matched"
    """The car's modem and ours share a key: messages can flow."""
    FAILED = "failed"
    """No car was matched; a new attempt needs a new ``start``."""
    LOST = "lost"
    """The link that was there is gone, and the session with it."""


class Matching(Driver, Protocol):
    """Brings the car's modem onto our power line (SLAC, ISO 15118-3). One attempt at a time."""

    on_news: Callable[[LinkNews], None] | None
    """Told each news, from the event loop's thread."""

    def start(self) -> None:
        """The pilot offers 5 % to a car: match it. While an attempt or a link is there, nothing new begins."""
        ...

    def stop(self) -> None:
        """The car is gone, or its session over: leave the link and take a fresh key for the next car."""
        ...

    def pause(self) -> None:
        """The session pauses, and the car may sleep: keep the link, a silent modem at the other end is none lost."""
        ...

    def wake(self) -> None:
        """The paused car is offered a session again, on the link that it had."""
        ...


class Report(Protocol):
    """A grid link that reports back: asked by the engine each time new figures stand."""

    def report(self, figures: dict[str, float], now_s: float) -> None:
        """Figures for the utility or the backend: ``grid_w``, ``ev_w``, ``soc``, ``import_wh``, ``export_wh`` …"""
        ...


class SessionWatcher(Protocol):
    """A grid link that books the car's sessions: told each new picture of the car by the engine."""

    def session_changed(self, session: CarSession) -> None:
        """The charger's newest picture of the car; at once, without waiting."""
        ...


class FaultReset(Protocol):
    """A charger whose faults a person can reset, once they have looked after them."""

    @property
    def resettable(self) -> bool:
        """Whether a fault stands that ``reset_fault`` may clear."""
        ...

    def reset_fault(self) -> None:
        """Somebody has looked after the fault; what is still wrong is told anew."""
        ...


class Captured(Protocol):
    """A charger whose packets can be captured, with the keys that open them."""

    def capture(self, capture: "Capture | None") -> None:
        """The sessions that begin from now on go into this file; None: no longer."""
        ...


class PlanWatcher(Protocol):
    """A driver that acts on the plan ahead of its set-points: told each new one by the engine."""

    def plan_changed(self, plan: Plan) -> None:
        """The plan that is in force from now on; at once, without waiting."""
        ...


DriverFactory = Callable[..., Driver]
