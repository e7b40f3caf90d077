"""What the cable tells of the car, folded event by event into the engine's ``CarSession``.

Pure: events and stage readings in, a picture out. Signs are the same on both sides (> 0 charges); the outlet's power
is taken as the grid side's, the converter's loss is in the charger's efficiencies.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from app.drivers.charger_sleep import Sleep
from app.ports import CarSession, ShownCertificate, StageReading
from energy.model import Charger, Ev, EvState
from protocols.iec61851 import PROTOCOL, WITH_CAR, Circuit, Outlet, OutletState, Pilot
from protocols.iso15118 import events as e
from protocols.iso15118.power import CarReport, EnergyNeeds, Limits
from protocols.iso15118.secured import Secured
from protocols.iso15118.services import ControlMode, ProtocolName
from protocols.iso15118.table import State

_SOC_STEP = 0.011
"""The wire's state of charge is in whole percent."""
_LEAST_WH, _MOST_WH = 1_000.0, 5_000_000.0
"""A battery that a car tells smaller or larger is none that could be planned with: what was known before stands."""
UNPLUGGED = "unplugged"
PAUSED = "paused"
WAITING = "plugged"
TITLES = {
    ProtocolName.V20_DC: "ISO 15118-20",
    ProtocolName.V20_AC: "ISO 15118-20",
    ProtocolName.V2: "ISO 15118-2",
    ProtocolName.DIN: "DIN SPEC 70121",
}
V20 = frozenset({ProtocolName.V20_DC, ProtocolName.V20_AC})
ENCRYPTION: dict[Secured, Literal["none", "tls12", "tls13"]] = {
    Secured.NONE: "none",
    Secured.TLS_1_2: "tls12",
    Secured.TLS_1_3: "tls13",
}
TAKES_CURRENT = frozenset({OutletState.READY, OutletState.CHARGING, OutletState.PAUSED, OutletState.STEPPING})
"""Where a car in basic charging can be given power."""


class SessionPicture:
    """The newest picture of the cable; ``car`` is what the home assumes until the car tells better."""

    def __init__(self, charger: Charger, car: Ev, circuit: Circuit | None = None) -> None:
        """``circuit``: what basic charging has to offer."""
        self._usual = car
        self._charger = charger
        self._circuit = circuit or Circuit(charger.phases)
        self._sleep: Sleep | None = None
        self._cipher = ""
        self._shown: ShownCertificate | None = None
        self._protocol = ProtocolName.V20_DC
        self._plugged = False
        self._in_session = False
        self._counters: tuple[float, float] | None = None
        self._handlers: dict[type[e.Event], Callable[[e.Event, float], None]] = {
            e.ConnectionOpened: self._opened,
            e.ContractAccepted: self._paid,
            e.ProtocolChosen: self._chosen,
            e.SessionStarted: self._started,
            e.ServiceSelected: self._selected,
            e.LimitsReceived: self._limits,
            e.NeedsReceived: self._needs,
            e.LoopAnswered: self._looped,
            e.StateChanged: self._state,
            e.MessageSeen: self._message,
            e.SessionEnded: self._ended,
        }
        self.now = self._empty()

    def _empty(self) -> CarSession:
        state = EvState(connected=False, ev=self._usual, can_charge=False)
        return CarSession(charger=self._charger, ev=state, state=UNPLUGGED)

    def take(self, event: e.Event, now_s: float) -> None:
        """Fold one protocol event in; ``now_s`` is home time."""
        handler = self._handlers.get(type(event))
        if handler is not None:
            handler(event, now_s)

    def stage(self, reading: StageReading, now_s: float, *, plugged: bool | None = None) -> None:
        """Fold the power stage's reading in: is a car plugged, what flows, what has flown.

        ``plugged`` is what the pilot's state machine believes, which sees through a signal that is not the car's.
        """
        plugged = reading.pilot in WITH_CAR if plugged is None else plugged
        if reading.pilot is Pilot.A:
            self._sleep = None
        if plugged != self._plugged:
            self._plugged = plugged
            self._counters = None
            # The cable's first message may be here before the stage was asked: then the picture has begun already.
            if not (plugged and self._in_session):
                self.now = self._found(now_s) if plugged else replace(self._empty(), since_s=now_s)
            self._sleep = None
        if not plugged and not self._in_session:
            self.now = replace(self.now, ev=replace(self.now.ev, power_w=reading.ev_w or 0.0, at_s=now_s))
            return
        ev = replace(self.now.ev, connected=True, power_w=reading.ev_w or 0.0, at_s=now_s)
        self.now = replace(self.now, ev=ev)
        if reading.import_wh is not None and reading.export_wh is not None:
            self._count(reading.import_wh, reading.export_wh)

    def _count(self, charged_wh: float, discharged_wh: float) -> None:
        """The meter's counters, from what they showed when the car was plugged in."""
        if self._counters is None:
            # Of a car that sleeps since before, what it had been given counts on.
            self._counters = charged_wh - self.now.charged_wh, discharged_wh - self.now.discharged_wh
        self.now = replace(
            self.now,
            charged_wh=max(0.0, charged_wh - self._counters[0]),
            discharged_wh=max(0.0, discharged_wh - self._counters[1]),
        )

    def _found(self, now_s: float) -> CarSession:
        """A car is on the cable: a new one, or the one that slept there."""
        sleep = self._sleep
        if sleep is None:
            return replace(self._empty(), since_s=now_s, state=WAITING)
        ev = EvState(
            connected=True,
            ev=replace(self._usual, ev_id=sleep.session.evcc_id, capacity_wh=sleep.capacity_wh),
            soc=sleep.soc,
            can_charge=True,
            can_discharge=sleep.can_discharge,
            at_s=now_s,
        )
        return CarSession(
            charger=self._charger,
            ev=ev,
            session_id=sleep.session.session_id.hex().upper(),
            evcc_id=sleep.session.evcc_id,
            protocol=sleep.protocol,
            state=PAUSED,
            since_s=sleep.since_s,
            departure_s=sleep.departure_s,
            target_soc=sleep.target_soc,
            charged_wh=sleep.charged_wh,
            discharged_wh=sleep.discharged_wh,
        )

    def outlet(self, outlet: Outlet, now_s: float) -> None:
        """Fold in where the pilot stands: without a digital session it may steer the car by itself."""
        if self._in_session or not outlet.connected or (self.now.state == PAUSED and not outlet.basic):
            return
        if not outlet.basic:
            if self.now.authorization == "basic":
                self.now = replace(self._empty(), since_s=now_s, state=WAITING)
            return
        if self.now.authorization != "basic":
            # Nobody on this wire gives a session a name.
            self.now = replace(
                self._empty(), since_s=now_s, session_id=f"IEC61851-{int(now_s * 1000):X}", authorization="basic"
            )
        circuit, charger = self._circuit, self._charger
        charger = replace(
            charger,
            charge_max_w=min(charger.charge_max_w, circuit.max_w),
            charge_min_w=max(charger.charge_min_w, circuit.min_w),
            discharge_max_w=0.0,
            reports_soc=False,
        )
        takes = outlet.state in TAKES_CURRENT and not outlet.finished
        ev = replace(self.now.ev, connected=True, can_charge=takes, can_discharge=False, soc=None, at_s=now_s)
        self.now = replace(self.now, charger=charger, ev=ev, protocol=PROTOCOL, state=_state_of(outlet))

    def asleep(self, sleep: Sleep) -> None:
        """A car that paused before this engine started is still on the cable, unless the stage says otherwise."""
        self._sleep = sleep

    def _opened(self, event: e.Event, _now_s: float) -> None:
        if isinstance(event, e.ConnectionOpened):
            self._cipher, peer = event.security.cipher, event.security.peer
            self._shown = None
            if peer is not None:
                until_s = peer.not_after.timestamp()
                self._shown = ShownCertificate(subject=peer.common_name, issuer=peer.issuer, valid_to_s=until_s)

    def _paid(self, event: e.Event, _now_s: float) -> None:
        if isinstance(event, e.ContractAccepted):
            self.now = replace(self.now, authorization="pnc", contract=event.emaid)

    def _chosen(self, event: e.Event, now_s: float) -> None:
        if isinstance(event, e.ProtocolChosen):
            if self.now.authorization == "basic":
                self.now = replace(self._empty(), since_s=now_s, state=WAITING)
            self._protocol = event.protocol
            self.now = replace(
                self.now,
                protocol=TITLES[event.protocol],
                encryption=ENCRYPTION[event.secured],
                cipher=self._cipher,
                authorization="",
                certificate=self._shown,
                contract="",
                unprotected_by_switch=event.protocol in V20 and event.secured < Secured.TLS_1_3,
            )

    def _started(self, event: e.Event, now_s: float) -> None:
        if isinstance(event, e.SessionStarted):
            self._in_session = True
            ev = replace(self.now.ev.ev, ev_id=event.peer_id or self._usual.ev_id)
            self.now = replace(
                self.now,
                session_id=event.session_id,
                evcc_id=event.peer_id,
                since_s=self.now.since_s if event.resumed and self.now.session_id == event.session_id else now_s,
                ev=replace(self.now.ev, ev=ev, connected=True),
            )

    def _selected(self, event: e.Event, now_s: float) -> None:
        if isinstance(event, e.ServiceSelected):
            mode = "dynamic" if event.control_mode is ControlMode.DYNAMIC else "scheduled"
            steered = f", {mode}" if self._protocol in V20 else ""
            can_discharge = event.service.bidirectional and self._charger.discharge_max_w > 0
            self.now = replace(
                self.now,
                protocol=f"{TITLES[self._protocol]} {event.service.name}{steered}",
                authorization=self.now.authorization or "eim",
                ev=replace(self.now.ev, can_discharge=can_discharge, can_charge=True, at_s=now_s),
            )

    def _limits(self, event: e.Event, now_s: float) -> None:
        if isinstance(event, e.LimitsReceived):
            self._take_limits(event.limits, now_s)

    def _take_limits(self, limits: Limits, now_s: float) -> None:
        ev = replace(
            self.now.ev.ev,
            charge_max_w=limits.max_charge_w,
            discharge_max_w=limits.max_discharge_w,
            charge_min_w=limits.min_charge_w,
        )
        self.now = replace(self.now, ev=replace(self.now.ev, ev=ev, at_s=now_s))

    def _needs(self, event: e.Event, now_s: float) -> None:
        if isinstance(event, e.NeedsReceived):
            self._take_needs(event.needs, now_s)

    def _take_needs(self, needs: EnergyNeeds, now_s: float) -> None:
        departure_s = self.now.departure_s
        if needs.departure_in_s is not None:
            told_s = now_s + needs.departure_in_s
            # Whole seconds on the wire: the same departure is not told anew each time.
            departure_s = told_s if departure_s is None or abs(told_s - departure_s) > 90.0 else departure_s
        target = needs.target_soc if needs.target_soc is not None else self.now.target_soc
        self.now = replace(self.now, departure_s=departure_s, target_soc=target)

    def _looped(self, event: e.Event, now_s: float) -> None:
        if isinstance(event, e.LoopAnswered):
            report = event.report
            self._take_limits(report.limits, now_s)
            self._take_needs(report.needs, now_s)
            told_wh = report.capacity_wh or 0.0
            capacity = told_wh if _LEAST_WH <= told_wh <= _MOST_WH else self.now.ev.ev.capacity_wh
            ev = replace(self.now.ev.ev, capacity_wh=capacity)
            state = replace(self.now.ev, ev=ev, soc=state_of_charge(report, capacity), at_s=now_s)
            self.now = replace(self.now, ev=state)

    def _state(self, event: e.Event, _now_s: float) -> None:
        if isinstance(event, e.StateChanged) and event.state is not State.ENDED:
            self.now = replace(self.now, state=event.state.value)

    def _message(self, _event: e.Event, _now_s: float) -> None:
        self.now = replace(self.now, messages=self.now.messages + 1)

    def _ended(self, event: e.Event, now_s: float) -> None:
        if not isinstance(event, e.SessionEnded):
            return
        self._in_session = False
        if event.paused:
            # It sleeps: it can be woken, and then takes and gives what it did before.
            self.now = replace(self.now, state=PAUSED)
            return
        ev = replace(self.now.ev, can_charge=False, can_discharge=False, at_s=now_s)
        self.now = replace(self.now, ev=ev, state="ended")


def _state_of(outlet: Outlet) -> str:
    """The pilot's words, but for "paused": that is a car that can be woken, here it only waits."""
    if outlet.finished:
        return "ended"
    return "waiting" if outlet.state is OutletState.PAUSED else outlet.state.value


def state_of_charge(report: CarReport, capacity_wh: float) -> float | None:
    """The state of charge, finer than the wire's whole percent where the car also tells the energy to full."""
    if report.soc is None or not report.needs.max_wh or capacity_wh <= 0:
        return report.soc
    fine = 1.0 - report.needs.max_wh / capacity_wh
    return min(max(fine, 0.0), 1.0) if abs(fine - report.soc) < _SOC_STEP else report.soc
