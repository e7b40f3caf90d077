"""The ports: what the engine asks of a driver, and what a driver gives.

A driver joins one protocol to the energy side. It converts units and signs at its own door, publishes readings on
the board, and (a charger) takes a signed set-point that expires. Data flows one way:
drivers → board → dispatch → set-points → chargers.

A driver fails alone: ``run`` may raise whatever it likes; the supervisor logs it, shows it as health, backs off and
runs it again.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from energy.grid_events import GridEvent
from energy.model import Charger, EvState, Readings, SetPoint


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


class Board(Protocol):
    """Where drivers publish. Each call may wake the dispatch at once."""

    def publish_readings(self, source: str, readings: Readings) -> None:
        """A new picture from the meter or the inverter; fields that the source does not measure are None."""
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


DriverFactory = Callable[..., Driver]
