"""Idealised hardware for both ends: for the command line, laboratories and tests, where nothing real is attached.

The digital twin with its household lives elsewhere; this is just enough physics to be honest about energy.
"""

from dataclasses import dataclass, field

from protocols.iso15118.events import (
    CableCheckRequested,
    Event,
    LoopAnswered,
    PowerDeliveryChanged,
    PreChargeRequested,
    SessionEnded,
)
from protocols.iso15118.evse import Evse
from protocols.iso15118.power import CarReport, EnergyNeeds, EvseReadings, Limits, MeterReading

TAPER_FROM_SOC = 0.9
"""From here on a battery takes less and less, down to nothing when full."""
EMPTY_VOLTAGE_V, FULL_VOLTAGE_V = 340.0, 420.0
JOULES_PER_WH = 3600.0
PRE_CHARGE_OFFSET_V = 1.0

DEFAULT_CAR_LIMITS = Limits(
    max_charge_w=11_000,
    min_charge_w=0,
    max_discharge_w=10_000,
    min_discharge_w=0,
    max_charge_a=150,
    min_charge_a=0,
    max_discharge_a=30,
    min_discharge_a=0,
    max_v=450,
    min_v=250,
)


@dataclass(slots=True)
class SimulatedCar:
    """A battery with losses, a taper when nearly full and a floor it does not discharge below.

    `speed` lets its time run faster than the clock; `max_loops` and `max_seconds` of charge loop end the session,
    `stop_at_target` too.
    """

    evcc_id: str = "TWOWAYSIM0001"
    capacity_wh: float = 60_000.0
    soc: float = 0.5
    target_soc: float = 0.8
    floor_soc: float = 0.2
    departure_s: float | None = None
    efficiency: float = 0.95
    rated: Limits = DEFAULT_CAR_LIMITS
    speed: float = 1.0
    max_loops: int | None = None
    max_seconds: float | None = None
    stop_at_target: bool = False
    ev_w: float = 0.0
    loops: int = 0
    charged_wh: float = 0.0
    discharged_wh: float = 0.0
    _since_s: float | None = None
    _began_s: float | None = None

    @property
    def limits(self) -> Limits:
        """The rated limits, less near the ends of the battery."""
        taper = max(0.0, min(1.0, (1.0 - self.soc) / (1.0 - TAPER_FROM_SOC)))
        rated = self.rated
        return Limits(
            max_charge_w=rated.max_charge_w * taper,
            max_discharge_w=rated.max_discharge_w if self.soc > self.floor_soc else 0.0,
            max_charge_a=rated.max_charge_a,
            min_charge_a=rated.min_charge_a,
            max_discharge_a=rated.max_discharge_a,
            min_discharge_a=rated.min_discharge_a,
            max_v=rated.max_v,
            min_v=rated.min_v,
        )

    @property
    def voltage_v(self) -> float:
        """Open-circuit voltage, linear in the state of charge."""
        return EMPTY_VOLTAGE_V + (FULL_VOLTAGE_V - EMPTY_VOLTAGE_V) * self.soc

    def report(self, now: float) -> CarReport:
        """Where the battery stands at `now`."""
        self._advance(now)
        return CarReport(
            limits=self.limits,
            needs=self._needs(now),
            soc=self.soc,
            ev_w=self.ev_w,
            target_w=self.ev_w,
            voltage_v=self.voltage_v,
            complete=self.soc >= self.target_soc,
            capacity_wh=self.capacity_wh,
        )

    def follow(self, power_w: float, now: float) -> None:
        """Take the set-point as far as the battery can."""
        self._advance(now)
        self.ev_w = self.limits.clip(power_w)
        self.loops += 1
        if self._began_s is None:
            self._began_s = now

    def wants_to_stop(self, now: float) -> str | None:
        """After so many loops or seconds, or at the target."""
        self._advance(now)
        if self.max_loops is not None and self.loops >= self.max_loops:
            return f"{self.max_loops} charge loops done"
        if self.max_seconds is not None and now - (self._began_s or now) >= self.max_seconds:
            return f"{self.max_seconds:g} s done"
        if self.stop_at_target and self.soc >= self.target_soc:
            return f"target of {self.target_soc:.0%} reached"
        return None

    def _needs(self, now: float) -> EnergyNeeds:
        departure = None if self.departure_s is None else max(0.0, self.departure_s - now)
        return EnergyNeeds(
            departure_in_s=departure,
            target_wh=(self.target_soc - self.soc) * self.capacity_wh,
            max_wh=(1.0 - self.soc) * self.capacity_wh,
            min_wh=(self.floor_soc - self.soc) * self.capacity_wh,
            max_v2x_wh=(1.0 - self.soc) * self.capacity_wh,
            min_v2x_wh=(self.floor_soc - self.soc) * self.capacity_wh,
            min_soc=self.floor_soc,
            target_soc=self.target_soc,
        )

    def _advance(self, now: float) -> None:
        """Let the power that flowed until now do its work."""
        elapsed_s = 0.0 if self._since_s is None else max(0.0, now - self._since_s) * self.speed
        self._since_s = now
        outside_wh = self.ev_w * elapsed_s / JOULES_PER_WH
        if outside_wh >= 0:
            self.charged_wh += outside_wh
            inside_wh = outside_wh * self.efficiency
        else:
            self.discharged_wh -= outside_wh
            inside_wh = outside_wh / self.efficiency
        self.soc = max(0.0, min(1.0, self.soc + inside_wh / self.capacity_wh))
        self.ev_w = self.limits.clip(self.ev_w)


@dataclass(slots=True)
class IdealStage:
    """A power stage that does at once what it is told, and the meter behind it.

    Feed it every event of the session; it answers by writing to the `Evse`.
    """

    evse: Evse
    meter_id: str = "TWOWAY-SIM"
    charged_wh: float = 0.0
    discharged_wh: float = 0.0
    _power_w: float = 0.0
    _voltage_v: float = 0.0
    _since_s: float | None = field(default=None)

    def handle(self, event: Event) -> None:
        """React to one event of the session."""
        match event:
            case CableCheckRequested():
                self.evse.insulation_ok = True
            case PreChargeRequested(target_v=target_v):
                # A real outlet settles a little beside its target, never on it.
                self._voltage_v = max(0.0, target_v - PRE_CHARGE_OFFSET_V)
                self._show()
            case LoopAnswered(time_s=now, report=report, set_point_w=power_w):
                self._meter(now)
                self._power_w = power_w
                self._voltage_v = report.voltage_v or self.evse.offer.nominal_voltage_v
                self._show(now)
            case PowerDeliveryChanged(time_s=now, on=False) | SessionEnded(time_s=now):
                self._meter(now)
                self._power_w = self._voltage_v = 0.0
                self._show(now)
            case _:
                pass

    def _meter(self, now: float) -> None:
        elapsed_s = 0.0 if self._since_s is None else max(0.0, now - self._since_s)
        self._since_s = now
        energy_wh = self._power_w * elapsed_s / JOULES_PER_WH
        self.charged_wh += max(0.0, energy_wh)
        self.discharged_wh += max(0.0, -energy_wh)

    def _show(self, now: float | None = None) -> None:
        current_a = self._power_w / self._voltage_v if self._voltage_v else 0.0
        self.evse.readings = EvseReadings(self._power_w, self._voltage_v, current_a)
        self.evse.meter = MeterReading(self.meter_id, round(self.charged_wh), round(self.discharged_wh), now)
