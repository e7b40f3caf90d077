"""The home's charger by ISO 15118-20: our SECC on the cable, a Modbus power stage behind it.

Set-points arrive by a plain call and stand at once in the charge loop's next answer and on their way to the stage;
both forget them after ``expiry_s`` of *real* time unless they are renewed, whatever speed the home is shown at.
Signs are the house's on every side: > 0 charges, < 0 discharges (DC writes them as limits, see
``protocols.iso15118.evse_fields``). Losses of the converter are in the charger's efficiencies.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from app.clock import Clock, WallClock
from app.config.home import ChargerSection
from app.drivers.charger_session import SessionPicture
from app.drivers.modbus import Links, PowerStageDriver
from app.ports import Board, Health, HealthLevel
from energy.model import Charger, Ev, SetPoint
from protocols import iso15118 as iso
from protocols.exi import to_json
from protocols.iso15118.network import steady_clock
from protocols.modbus.readings import Pilot, PowerStageReading

log = logging.getLogger(__name__)

SERVICES = {"ac": iso.Service.AC, "ac_bpt": iso.Service.AC_BPT, "dc": iso.Service.DC, "dc_bpt": iso.Service.DC_BPT}
MODES = {"dynamic": iso.ControlMode.DYNAMIC, "scheduled": iso.ControlMode.SCHEDULED}
LOOP_MESSAGES = frozenset({"DC_ChargeLoopReq", "DC_ChargeLoopRes", "AC_ChargeLoopReq", "AC_ChargeLoopRes"})
CONTACTOR_S = 5.0
"""Real seconds that a contactor may take to close."""
LOOP_SHOWN_EVERY_S = 5.0
"""Of the charge loop's many messages one in this many seconds goes to the details drawer."""


class Iso15118Charger:
    """Implements ``app.ports.ChargerDriver``."""

    def __init__(
        self,
        section: ChargerSection,
        charger: Charger,
        car: Ev,
        clock: Clock,
        *,
        links: Links | None = None,
        timings: iso.Timings | None = None,
        stage_interval_s: float = 0.5,
    ) -> None:
        """``clock`` is home time; wires run in real time beside it. ``timings`` other than the standard's are for
        laboratories. Raises ProfileError, PowerStageError for a power stage that cannot be driven.
        """
        self.name = section.name
        self.charger = charger
        self._section = section
        self._clock = clock
        self._wire = WallClock()
        self._timings = timings
        self._steady = steady_clock()
        self.evse = iso.Evse(
            iso.EvseOffer(
                evse_id=section.evse_id,
                services=tuple(SERVICES[name] for name in section.services),
                control_modes=(MODES[section.control_mode],),
                phases=section.phases,
                lab_v20_without_tls=True,
            ),
            limits=iso.Limits(
                max_charge_w=section.charge_max_w,
                min_charge_w=section.charge_min_w,
                max_discharge_w=section.discharge_max_w,
            ),
        )
        self.stage = PowerStageDriver(
            section.power_stage,
            self._wire,
            name=f"{section.name} power stage",
            interval_s=stage_interval_s,
            on_reading=self._on_stage,
            links=links,
        )
        self.picture = SessionPicture(charger, car)
        self._server: iso.SeccServer | None = None
        self._board: Board | None = None
        self._loop_shown_s = float("-inf")
        self._checking_cable = False
        self._closing_since_s: float | None = None
        self.loops = 0
        """Charge-loop exchanges so far."""
        self.sessions = 0
        self._handlers: dict[type[iso.Event], Callable[[Any], None]] = {
            iso.SessionStarted: self._on_started,
            iso.CableCheckRequested: self._on_cable_check,
            iso.PreChargeRequested: self._on_pre_charge,
            iso.PowerDeliveryChanged: self._on_power_delivery,
            iso.LoopAnswered: self._on_loop,
            iso.MessageSeen: self._on_message,
            iso.SessionEnded: self._on_ended,
            iso.SetPointExpired: self._on_expired,
        }

    async def run(self, board: Board) -> None:
        """Serve cars until cancelled; then end the session in order and open the contactor."""
        self._board = board
        self._server = iso.SeccServer(
            self._section.interface,
            self.evse,
            self._on_event,
            timings=self._timings,
            security=iso.SeccSecurity(allow_plain=not self._section.tls),
            sdp_port=self._section.sdp_port,
        )
        await self._server.start()
        self._say(HealthLevel.OK, "")
        # The stage outlives the session's end: it has to open the contactor and tell the last readings.
        stage = asyncio.create_task(self.stage.run(board), name=self.stage.name)
        try:
            await asyncio.shield(stage)
        finally:
            await self._server.stop()
            stage.cancel()
            await asyncio.gather(stage, return_exceptions=True)
            self._server = None

    def set_point(self, set_point: SetPoint) -> None:
        """The newest set-point, for the charge loop and the stage at once."""
        lives_s = self._section.expiry_s
        self.evse.set_power(set_point.power_w, self._steady() + lives_s)
        self.stage.set_power(set_point.power_w, self._wire.now_s() + lives_s)

    def stop_session(self, reason: str) -> None:
        """Ask the car to end the session."""
        log.info("%s: the session is asked to end: %s", self.name, reason)
        self.evse.notify(iso.Notification.Terminate)

    # What the session and the stage tell.

    def _on_event(self, event: iso.Event) -> None:
        handler = self._handlers.get(type(event))
        if handler is not None:
            handler(event)
        self.picture.take(event, self._clock.now_s())
        if not isinstance(event, iso.MessageSeen):
            self._publish()

    def _on_stage(self, reading: PowerStageReading) -> None:
        self._check_cable(reading)
        self._check_contactor(reading)
        self.picture.stage(reading, self._clock.now_s())
        power_w = reading.ev_w or 0.0
        voltage_v = reading.dc_voltage_v or 0.0
        current_a = reading.dc_current_a if reading.dc_current_a is not None else _ratio(power_w, voltage_v)
        self.evse.readings = iso.EvseReadings(power_w, voltage_v, current_a)
        if reading.import_wh is not None and reading.export_wh is not None:
            self.evse.meter = iso.MeterReading(
                self._section.evse_id, round(reading.import_wh), round(reading.export_wh), self._steady()
            )
        self._publish()

    def _on_started(self, event: iso.SessionStarted) -> None:
        self.sessions += 1
        self.evse.contactor_fault = False
        self._say(HealthLevel.OK, f"session with {event.peer_id}")

    def _on_cable_check(self, _event: iso.CableCheckRequested) -> None:
        self._checking_cable = True

    def _check_cable(self, reading: PowerStageReading) -> None:
        """The stage measures the insulation itself once the pilot is in C, and shows a fault where it is bad."""
        if self._checking_cable and (reading.fault or reading.pilot in (Pilot.C, Pilot.D)):
            self._checking_cable = False
            self.evse.insulation_ok = not reading.fault

    def _check_contactor(self, reading: PowerStageReading) -> None:
        """A contactor that was told to close and does not is a fault: the session cannot go on."""
        if self._closing_since_s is None:
            return
        if reading.contactor is not False:
            self._closing_since_s = None
        elif self._wire.now_s() - self._closing_since_s > CONTACTOR_S:
            self._closing_since_s = None
            self.evse.contactor_fault = True
            self._say(HealthLevel.FAILED, "the power stage does not close its contactor: look at stage and pilot")
            self.stop_session("the contactor does not close")

    def _on_pre_charge(self, event: iso.PreChargeRequested) -> None:
        reading = self.stage.reading
        if reading is None or reading.dc_voltage_v is None:
            # A stage that tells no voltage matches the car's by itself.
            self.evse.readings = iso.EvseReadings(0.0, event.target_v, 0.0)

    def _on_power_delivery(self, event: iso.PowerDeliveryChanged) -> None:
        self._closing_since_s = self._wire.now_s() if event.on else None
        self.stage.set_contactor(event.on)

    def _on_loop(self, _event: iso.LoopAnswered) -> None:
        self.loops += 1

    def _on_ended(self, event: iso.SessionEnded) -> None:
        self._checking_cable = False
        self._closing_since_s = None
        self.stage.set_contactor(False)
        if self.evse.contactor_fault:
            return
        level = HealthLevel.OK if event.proper else HealthLevel.WARNING
        self._say(level, "" if event.proper else f"the last session ended: {event.reason}")

    def _on_expired(self, event: iso.SetPointExpired) -> None:
        log.warning("%s: the set-point of %.0f W was not renewed and expired", self.name, event.expired_w)

    def _on_message(self, event: iso.MessageSeen) -> None:
        if self._board is None:
            return
        if event.name in LOOP_MESSAGES and event.sender == "evcc":
            if event.time_s - self._loop_shown_s < LOOP_SHOWN_EVERY_S:
                return
            self._loop_shown_s = event.time_s
        elif event.name in LOOP_MESSAGES and event.time_s - self._loop_shown_s > 0.1:
            return
        direction = "in" if event.sender == "evcc" else "out"
        self._board.publish_message(self.name, direction, event.name, to_json(event.message))

    def _publish(self) -> None:
        if self._board is not None:
            self._board.publish_session(self.name, self.picture.now)

    def _say(self, level: HealthLevel, text: str) -> None:
        server = self._server
        details: dict[str, str | float | int | bool | None] = {
            "interface": self._section.interface,
            "sdp_port": server.sdp_port if server else self._section.sdp_port,
            "port": server.port if server else None,
            "evse_id": self._section.evse_id,
            "sessions": self.sessions,
        }
        if self._board is not None:
            since_s = self._clock.now_s()
            self._board.publish_health(self.name, Health(level=level, text=text, since_s=since_s, details=details))


def _ratio(power_w: float, voltage_v: float) -> float:
    return power_w / voltage_v if voltage_v else 0.0
