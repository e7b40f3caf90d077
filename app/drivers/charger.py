"""The home's charger: our SECC and our pilot on one cable, a power stage behind both.

Set-points arrive by a plain call and stand at once in the charge loop's next answer, on the pilot where that steers,
and on their way to the stage; all forget them after ``expiry_s`` of *real* time unless they are renewed, whatever
speed the home is shown at. Signs are the house's on every side: > 0 charges, < 0 discharges (DC writes them as limits,
see ``protocols.iso15118``). Losses of the converter are in the charger's efficiencies.

Data flows one way: session events and stage readings in, through ``cable`` (pilot, contactor, tests) and
``charger_session`` (the picture of the car), out to the stage, the SECC's ``Evse`` and the board.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from app.clock import Clock, WallClock
from app.config.home import ChargerSection
from app.drivers.cable import Cable, News, Pulled, Trouble, Verdict
from app.drivers.charger_follower import PlanFollower
from app.drivers.charger_messages import ShownMessages
from app.drivers.charger_offer import charges_basically, limits_of, offer_of
from app.drivers.charger_plan import PlanDesk
from app.drivers.charger_session import SessionPicture
from app.drivers.charger_sleeper import SleepKeeper
from app.drivers.modbus import Links
from app.drivers.power_stage import make_stage
from app.ports import Board, Health, HealthLevel, LinkNews, Matching, PowerStage, StageAbility, StageReading
from energy.model import Charger, Ev, SetPoint
from energy.plan.types import Plan
from protocols import iso15118 as iso
from protocols.exi import to_json
from protocols.iec61851 import Circuit, OutletChanged, OutletConfig, OutletState, Pilot, PilotTimings
from protocols.iso15118.events import SessionPaused
from protocols.iso15118.recording import Sink
from protocols.iso15118.wire.capture import Capture
from protocols.iso15118.wire.network import steady_clock

log = logging.getLogger(__name__)

PRE_CHARGE_A = 2.0
"""The standard's most current while the voltages are matched."""
MAX_V = 1000.0
END_S = 15.0
"""A car that was asked to end its session, and did not, is cut off."""
LAB = "ISO 15118-20 without TLS: a laboratory's switch is set"


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
        pilot_timings: PilotTimings | None = None,
        stage_interval_s: float = 0.5,
        stage: PowerStage | None = None,
        matching: Matching | None = None,
        make_security: Callable[[], iso.SeccSecurity] = iso.SeccSecurity,
        voltage_v: float = 230.0,
        currency: str = "EUR",
        paused: object = None,
        remember_paused: Callable[[object], None] = lambda _paused: None,
        record: Callable[[], Sink] | None = None,
    ) -> None:
        """``clock`` is home time; wires run in real time beside it. ``timings`` other than the standard's are for
        laboratories. ``stage`` is made from the section where it is None; ``make_security`` is called at each start,
        and what it raises is the driver's failure. ``paused`` is what ``remember_paused`` was told last, if that was
        not None: a car that slept on the cable when the engine stopped. ``record`` tells where a session's lines go.

        Raises ProfileError, PowerStageError for a power stage that cannot be driven.
        """
        self.name = section.name
        self.charger = charger
        self._section = section
        self._clock = clock
        self._wire = WallClock()
        self._timings = timings
        self._steady = steady_clock()
        self._make_security = make_security
        self.evse = iso.Evse(offer_of(section), limits=limits_of(section))
        self.stage = stage or make_stage(
            section.power_stage,
            self._wire,
            name=f"{section.name} power stage",
            interval_s=stage_interval_s,
            links=links,
        )
        self.stage.on_reading = self._on_stage
        self.matching = matching
        if matching is not None:
            matching.on_news = self._on_link
        phase_a = charger.charge_max_w / (section.phases * voltage_v)
        circuit = Circuit(section.phases, voltage_v, phase_a)
        self.cable = Cable(
            self.stage,
            OutletConfig(
                digital=bool(self.evse.offer.protocols),
                basic=charges_basically(section) and StageAbility.PILOT in self.stage.abilities,
                ventilation=section.ventilated,
                timings=pilot_timings or PilotTimings(),
            ),
            circuit,
            self._on_news,
            matching=matching,
        )
        self.picture = SessionPicture(charger, car, circuit)
        desk = PlanDesk(currency, self.evse.limits, pause_when_idle=section.pause_when_idle)
        self.follower = PlanFollower(desk, self.evse, self.picture, clock, self.wake)
        self.sleeper = SleepKeeper(self.evse, self.picture, remember_paused)
        self.sleeper.restore(paused)
        self._record = record
        self._capture: Capture | None = None
        self._server: iso.SeccServer | None = None
        self._board: Board | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._ending: asyncio.TimerHandle | None = None
        self._shown = ShownMessages()
        self._in_session = False
        self._trouble = ""
        self.loops = 0
        """Charge-loop exchanges so far."""
        self.sessions = 0
        self._handlers: dict[type[iso.Event], Callable[[Any], None]] = {
            iso.SessionStarted: self._on_started,
            iso.ServiceSelected: self._on_service,
            iso.CableCheckRequested: self._on_cable_check,
            SessionPaused: self._on_paused,
            iso.PreChargeRequested: self._on_pre_charge,
            iso.PowerDeliveryChanged: self._on_power_delivery,
            iso.StateChanged: self._on_state,
            iso.LoopAnswered: self._on_loop,
            iso.MessageSeen: self._on_message,
            iso.SessionEnded: self._on_ended,
            iso.SetPointExpired: self._on_expired,
        }

    async def run(self, board: Board) -> None:
        """Serve cars until cancelled; then end the session in order and open the contactor."""
        self._board = board
        if self.evse.offer.protocols:
            # Keys are opened slowly by design.
            security = await asyncio.to_thread(self._make_security)
            self._server = iso.SeccServer(
                self._section.interface,
                self.evse,
                self._on_event,
                timings=self._timings,
                security=security,
                sdp_port=self._section.sdp_port,
                record=self._record,
            )
            self.capture(self._capture)
            await self._server.start()
        self._say(HealthLevel.OK, "")
        # The stage outlives the session's end: it has to open the contactor and tell the last readings.
        tasks = [asyncio.create_task(self.stage.run(board), name=self.stage.name)]
        if self.matching is not None:
            tasks.append(asyncio.create_task(self.matching.run(board), name=self.matching.name))
        try:
            await asyncio.shield(asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED))
            for task in tasks:
                if task.done():
                    task.result()
        finally:
            if self._server is not None:
                await self._server.stop()
            for task in reversed(tasks):
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if self._timer is not None:
                self._timer.cancel()
            self._server = None

    def set_point(self, set_point: SetPoint) -> None:
        """The newest set-point, for the charge loop, the pilot and the stage at once."""
        power_w, lives_s = set_point.power_w, self._section.expiry_s
        now, reading = self._steady(), self.stage.reading
        self.evse.set_power(power_w, now + lives_s)
        # No energy comes back but from a car that agreed to give some: whatever was asked, the stage draws none.
        stage_w = power_w if self.picture.now.ev.can_discharge else max(0.0, power_w)
        self.stage.set_power(stage_w, self._wire.now_s() + lives_s)
        with self._timed():
            self.cable.offer(power_w, now + lives_s, now, cable_a=reading.cable_a if reading else None)
        self.follower.follow(power_w, in_session=self._in_session)

    def plan_changed(self, plan: Plan) -> None:
        """The home has a new plan: what a car is offered follows it."""
        self.follower.plan_changed(plan)

    def stop_session(self, reason: str) -> None:
        """Ask the car to end the session."""
        log.info("%s: the session is asked to end: %s", self.name, reason)
        if self._in_session:
            self.evse.notify(iso.Notification.Terminate)
            if self._ending is None:
                loop = asyncio.get_running_loop()
                self._ending = loop.call_later(
                    END_S, self._cut, f"the car did not end the session when asked ({reason})"
                )
        elif self.cable.outlet.basic:
            with self._timed():
                self.cable.finish(self._steady())

    def wake(self) -> None:
        """Power is wanted of a car that may sleep on its cable."""
        with self._timed():
            self.cable.wake(self._steady())

    @property
    def resettable(self) -> bool:
        """Whether a fault stands that ``reset_fault`` may clear."""
        return self.cable.resettable

    def reset_fault(self) -> None:
        """Somebody has looked after the fault. What the stage itself must clear stands until it shows that it has."""
        with self._timed():
            self.cable.reset(self._steady())
        self._trouble = "; ".join(self.cable.outlet.faults.values())
        self._show_contactor()
        self._say(HealthLevel.FAILED if self._trouble else HealthLevel.OK, self._trouble)

    def capture(self, capture: Capture | None) -> None:
        """The sessions that begin from now on are captured there, with the keys that open them; None: no longer."""
        self._capture = capture
        if self._server is not None:
            key_log = None if capture is None else capture.key_log
            self._server.capture = capture
            self._server.security = replace(self._server.security, key_log=key_log)

    # What the session, the stage and the modem tell.

    def _on_event(self, event: iso.Event) -> None:
        handler = self._handlers.get(type(event))
        if handler is not None:
            with self._timed():
                handler(event)
        self.picture.take(event, self._clock.now_s())
        self.follower.take(event)
        if not isinstance(event, iso.MessageSeen | iso.PayloadSeen):
            self._publish()

    def _on_stage(self, reading: StageReading) -> None:
        with self._timed():
            self.cable.read(reading, self._steady())
        self._show_contactor()
        if reading.pilot is Pilot.A:
            self.sleeper.forget()
        now_s = self._clock.now_s()
        self.picture.stage(reading, now_s, plugged=self.cable.outlet.connected)
        self.picture.outlet(self.cable.outlet, now_s)
        power_w = reading.ev_w or 0.0
        voltage_v = reading.dc_voltage_v or 0.0
        current_a = reading.dc_current_a if reading.dc_current_a is not None else _ratio(power_w, voltage_v)
        self.evse.readings = iso.EvseReadings(power_w, voltage_v, current_a)
        if reading.import_wh is not None and reading.export_wh is not None:
            self.evse.meter = iso.MeterReading(
                self._section.evse_id, round(reading.import_wh), round(reading.export_wh), self._steady()
            )
        self._publish()

    def _on_link(self, news: LinkNews) -> None:
        with self._timed():
            self.cable.link(news, self._steady())

    def _on_news(self, news: News) -> None:
        match news:
            case Verdict(ok=ok, text=text):
                self.evse.insulation_ok = ok
                if text:
                    self._trouble = text
                    self._say(HealthLevel.WARNING if ok else HealthLevel.FAILED, text)
            case Pulled(why=why):
                self._cut(why)
            case Trouble(text=text, ends=ends):
                self._on_trouble(text, ends)
            case OutletChanged(state=state, previous=previous, why=why_changed):
                log.info("%s: pilot %s → %s (%s)", self.name, previous, state, why_changed)
                if state is OutletState.VACANT and self._trouble and not self.cable.outlet.faults:
                    self._trouble = ""
                    self._say(HealthLevel.OK, "")

    def _on_trouble(self, text: str, ends: bool) -> None:
        self._trouble = text
        self._say(HealthLevel.FAILED if ends else HealthLevel.WARNING, text)
        self._show_contactor()
        if ends and self._in_session:
            self.stop_session(text)

    def _show_contactor(self) -> None:
        """A session must not begin power that nothing would carry."""
        outlet = self.cable.outlet
        useless = outlet.state in (OutletState.UNAVAILABLE, OutletState.BROKEN)
        self.evse.contactor_fault = useless or outlet.stuck or self.stage.reading is None

    def _cut(self, why: str) -> None:
        """The wire to the car is gone: no word reaches it any more."""
        if self._server is not None and self._in_session:
            self._server.cut(why)

    def _on_started(self, event: iso.SessionStarted) -> None:
        self.sessions += 1
        self._in_session = True
        self._show_contactor()
        self.cable.session_began(self._steady())
        self.sleeper.forget()
        if self.cable.outlet.faults:
            return
        self._trouble = ""
        self._say(HealthLevel.OK, f"session with {event.peer_id}")

    def _on_service(self, event: iso.ServiceSelected) -> None:
        self.cable.may_take = event.service.energy is iso.Energy.AC

    def _on_paused(self, event: SessionPaused) -> None:
        self.sleeper.keep(event.paused)

    def _on_cable_check(self, _event: iso.CableCheckRequested) -> None:
        self.cable.check_isolation()

    def _on_pre_charge(self, event: iso.PreChargeRequested) -> None:
        reading = self.stage.reading
        if reading is None or reading.dc_voltage_v is None:
            # A stage that tells no voltage matches the car's by itself.
            self.evse.readings = iso.EvseReadings(0.0, event.target_v, 0.0)
        self.stage.pre_charge(min(max(event.target_v, 0.0), self.evse.limits.max_v or MAX_V), PRE_CHARGE_A)

    def _on_power_delivery(self, event: iso.PowerDeliveryChanged) -> None:
        self.cable.power(event.on, self._steady())

    def _on_state(self, event: iso.StateChanged) -> None:
        if event.state is iso.State.WELDING_DETECTION:
            self.cable.check_welding()

    def _on_loop(self, _event: iso.LoopAnswered) -> None:
        self.loops += 1

    def _on_ended(self, event: iso.SessionEnded) -> None:
        if self._in_session:
            self._in_session = False
            reading = self.stage.reading
            if reading is not None and (reading.ev_w or 0.0) < 0:
                # A car that feeds nobody must not go on feeding.
                self.cable.may_take = False
            self.cable.session_ended(self._steady(), proper=event.proper, paused=event.paused)
        if self._ending is not None:
            self._ending.cancel()
            self._ending = None
        if self._trouble:
            return
        level = HealthLevel.OK if event.proper else HealthLevel.WARNING
        self._say(level, "" if event.proper else f"the last session ended: {event.reason}")

    def _on_expired(self, event: iso.SetPointExpired) -> None:
        log.warning("%s: the set-point of %.0f W was not renewed and expired", self.name, event.expired_w)

    def _on_message(self, event: iso.MessageSeen) -> None:
        if self._board is not None and self._shown.shows(event):
            direction = "in" if event.sender == "evcc" else "out"
            self._board.publish_message(self.name, direction, event.name, to_json(event.message))

    # Time, and what is shown.

    @contextlib.contextmanager
    def _timed(self) -> Iterator[None]:
        """Whatever is told to the cable may change when it wants to be called."""
        try:
            yield
        finally:
            self._set_timer()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = self.cable.next_timer()
        if due is not None and self._board is not None:
            self._timer = asyncio.get_running_loop().call_later(max(0.0, due - self._steady()), self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        with self._timed():
            self.cable.on_timer(self._steady())

    def _publish(self) -> None:
        if self._board is not None:
            self._board.publish_session(self.name, self.picture.now)

    def _say(self, level: HealthLevel, text: str) -> None:
        server = self._server
        if self._section.lab_v20_without_tls:
            text = f"{text}; {LAB}" if text else LAB
        details: dict[str, str | float | int | bool | None] = {
            "interface": self._section.interface,
            "sdp_port": server.sdp_port if server else self._section.sdp_port,
            "port": server.port if server else None,
            "evse_id": self._section.evse_id,
            "sessions": self.sessions,
            "protocols": ", ".join(self._section.protocols),
            "tls": self._section.tls,
            "lab_v20_without_tls": self._section.lab_v20_without_tls,
        }
        if self._board is not None:
            since_s = self._clock.now_s()
            self._board.publish_health(self.name, Health(level=level, text=text, since_s=since_s, details=details))


def _ratio(power_w: float, voltage_v: float) -> float:
    return power_w / voltage_v if voltage_v else 0.0
