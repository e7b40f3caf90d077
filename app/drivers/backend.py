"""The backend's link: the home as an OCPP charging station to a CSMS, as a driver.

Brings the backend's charging profiles to the board as grid events (``backend_events``), books the car's sessions as
transactions that survive a power cut (``backend_session``), and obeys remote start and stop. While the link is down
known profiles stay in force and bookings wait on disk.
"""

import asyncio
import logging
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

from app.clock import Clock
from app.config.home import BackendSection
from app.drivers.backend_events import AHEAD_S, grid_events
from app.drivers.backend_session import EVSE, BackendSession
from app.ports import Board, CarSession, Health, HealthLevel
from energy.model import Charger
from protocols import ocpp

log = logging.getLogger(__name__)

HEARTBEAT_S = 20.0
"""Real seconds between signs of life to the board while the link stands; the WebSocket's own ping proves it."""
_HOUR_S = 3600.0


class BackendDriver:
    """Implements ``app.ports.Driver``, ``Report`` and ``SessionWatcher``."""

    def __init__(
        self,
        section: BackendSection,
        clock: Clock,
        state_dir: Path,
        secret: str = "",
        *,
        charger: Charger | None = None,
        dc: bool = True,
        stop_session: Callable[[str], None] | None = None,
    ) -> None:
        """``secret``: the basic-auth password, from the secrets file. ``charger``: what the backend is told that the
        charger can do; ``stop_session``: ends the car's session in order. Raises ValueError for a bad section.
        """
        self.name = section.name
        self.stop_session = stop_session
        self._section, self._clock = section, clock
        self._disk_path = state_dir / (re.sub(r"[^\w-]", "_", section.name) + "-ocpp.db")
        self._config = ocpp.StationConfig(
            station_id=section.station_id,
            url=section.url,
            password=secret or None,
            versions=tuple(ocpp.Version(version) for version in section.versions),
            evses=(_evse(charger, dc),),
            sample_s=section.sample_s,
        )
        self._client: ocpp.OcppClient | None = None
        self._session: BackendSession | None = None
        self._last_session: CarSession | None = None
        self._board: Board | None = None
        self._laid_out_hour = -1.0
        self._version = ""
        self._given_up = 0
        self._level, self._text = HealthLevel.STARTING, ""
        self._told: tuple[object, ...] = ()
        self._handlers: dict[type[ocpp.Event], Callable[..., None]] = {
            ocpp.MessageSeen: self._on_message,
            ocpp.LinkUp: self._on_link_up,
            ocpp.LinkDown: self._on_link_down,
            ocpp.BootAnswer: self._on_boot,
            ocpp.GuidanceChanged: self._on_guidance,
            ocpp.RemoteStart: self._on_remote_start,
            ocpp.RemoteStop: self._on_remote_stop,
            ocpp.Authorisation: self._on_authorisation,
            ocpp.TransactionDeauthorised: self._on_deauthorised,
            ocpp.NeedsAnswer: self._on_needs_answer,
            ocpp.MessageGivenUp: self._on_given_up,
            ocpp.AvailabilityAsked: self._on_availability,
        }

    async def run(self, board: Board) -> None:
        """Keep the link until cancelled. Raises DiskUnusable where the bookings' file cannot be used."""
        self._board = board
        self._client = ocpp.OcppClient(self._config, self._disk_path, self._clock.now_s)
        self._session = BackendSession(self._client, self._section.id_token, self._clock.now_s())
        if self._last_session is not None:
            self._session.take(self._last_session, self._clock.now_s())
        self._say(HealthLevel.STARTING, "connecting")
        self._publish_events()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._client.run(), name=f"{self.name} link")
                tasks.create_task(self._listen(self._client), name=f"{self.name} events")
                tasks.create_task(self._beat(self._client, board), name=f"{self.name} heartbeat")
        finally:
            self._client = self._session = None

    def session_changed(self, session: CarSession) -> None:
        """The charger's newest picture of the car."""
        self._last_session = session
        if self._session is None:
            return
        try:
            self._session.take(session, self._clock.now_s())
        except sqlite3.Error as problem:  # a full disk: what was not written is told again with the next picture
            self._say(HealthLevel.FAILED, f"bookings cannot be written to {self._disk_path}: {problem}")

    def report(self, figures: dict[str, float], now_s: float) -> None:
        """Take ``set_point_w`` and ``frequency_hz`` for the next meter values."""
        if self._session is not None:
            self._session.figures(figures.get("set_point_w"), figures.get("frequency_hz"))

    # What the backend says.

    async def _listen(self, client: ocpp.OcppClient) -> None:
        async for event in client.events():
            handler = self._handlers.get(type(event))
            if handler is not None:
                handler(event)

    def _on_message(self, event: ocpp.MessageSeen) -> None:
        if self._board is not None:
            self._board.publish_message(self.name, event.direction, event.action, event.body)
            if event.direction == "in" and self._client is not None and self._client.online:
                self._board.publish_heartbeat(self.name)

    def _on_link_up(self, event: ocpp.LinkUp) -> None:
        self._version = event.version.value
        self._say(HealthLevel.STARTING, "connected, not yet accepted")

    def _on_link_down(self, event: ocpp.LinkDown) -> None:
        self._say(HealthLevel.WARNING, f"the backend is away: {event.reason}")

    def _on_boot(self, event: ocpp.BootAnswer) -> None:
        if event.accepted:
            self._say(HealthLevel.OK, "")
        else:
            self._say(
                HealthLevel.WARNING, f"the backend answers {event.status}; asking again in {event.interval_s:g} s"
            )

    def _on_guidance(self, _event: ocpp.GuidanceChanged) -> None:
        self._publish_events()

    def _on_remote_start(self, event: ocpp.RemoteStart) -> None:
        if self._session is not None:
            self._session.remote_start(event, self._clock.now_s())

    def _on_remote_stop(self, event: ocpp.RemoteStop) -> None:
        if self._session is not None and self._session.remote_stop(event, self._clock.now_s()) and self.stop_session:
            self.stop_session("the backend asks for it")

    def _on_authorisation(self, event: ocpp.Authorisation) -> None:
        if not event.accepted and event.status != "Offline":
            self._refused(event.status)

    def _on_deauthorised(self, event: ocpp.TransactionDeauthorised) -> None:
        self._refused(event.status)

    def _refused(self, status: str) -> None:
        text = f"the backend does not accept the home's token ({status}): charging goes on outside its contract"
        self._say(HealthLevel.WARNING, text)
        if self._session is not None:
            self._session.refused(self._clock.now_s())

    def _on_needs_answer(self, event: ocpp.NeedsAnswer) -> None:
        if event.status == "Rejected":
            self._say(HealthLevel.WARNING, "the backend rejects the car's energy transfer mode")

    def _on_given_up(self, event: ocpp.MessageGivenUp) -> None:
        self._given_up += 1
        self._say(HealthLevel.WARNING, f"the backend refused a booking ({event.code}): it is kept aside on disk")

    def _on_availability(self, event: ocpp.AvailabilityAsked) -> None:
        level, text = (HealthLevel.OK, "") if event.operative else (HealthLevel.WARNING, "out of use by the backend")
        self._say(level, text)

    # To the board.

    async def _beat(self, client: ocpp.OcppClient, board: Board) -> None:
        while True:
            if client.online:
                board.publish_heartbeat(self.name)
            if self._clock.now_s() // _HOUR_S != self._laid_out_hour:
                self._publish_events()
            self._say(self._level, self._text)
            await asyncio.sleep(min(HEARTBEAT_S, _HOUR_S / self._clock.speed))

    def _publish_events(self) -> None:
        if self._client is None or self._board is None:
            return
        # Laid out from the full hour, so that the same profiles give the same events all through it.
        self._laid_out_hour = self._clock.now_s() // _HOUR_S
        start_s = self._laid_out_hour * _HOUR_S
        steps = self._client.guidance_ahead(EVSE, AHEAD_S, from_s=start_s)
        self._board.publish_events(self.name, grid_events(steps, self.name, start_s))

    def _say(self, level: HealthLevel, text: str) -> None:
        """Tell the health, if it or its details have changed."""
        self._level, self._text = level, text
        if self._board is None:
            return
        details: dict[str, str | float | int | bool | None] = {
            "version": self._version or None,
            "address": self._section.url,
            "station": self._section.station_id,
            "bookings waiting": self._client.waiting if self._client is not None else None,
            "bookings refused": self._given_up,
        }
        told = (level, text, tuple(details.values()))
        if told != self._told:
            self._told = told
            self._board.publish_health(
                self.name, Health(level=level, text=text, since_s=self._clock.now_s(), details=details)
            )


def _evse(charger: Charger | None, dc: bool) -> ocpp.Evse:
    if charger is None:
        return ocpp.Evse()
    one_way = "DC" if dc else "AC_single_phase" if charger.phases == 1 else "AC_three_phase"
    modes = (one_way, "DC_BPT" if dc else "AC_BPT") if charger.discharge_max_w > 0 else (one_way,)
    return ocpp.Evse(
        dc=dc,
        phases=charger.phases,
        charge_max_w=charger.charge_max_w,
        discharge_max_w=charger.discharge_max_w,
        modes=modes,
    )
