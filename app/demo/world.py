"""The demo home's world: house, roof, car, cable and grid, as the simulated devices measure them.

Physics come from ``energy.twin``; this joins them to the wires: the power stage follows what Modbus told it, the car
follows what ISO 15118 told it, and power flows only as far as both agree. Powers are the grid side's, > 0 charges.
"""

from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

import numpy as np

from app.demo.household import Household
from app.demo.script import Script, Trip
from energy.twin import Battery, GridTwin
from energy.twin import PowerStage as StageTwin
from protocols.modbus.readings import Phases, Pilot
from protocols.modbus.simulated import StageValues

LOAD_SHARE = (0.4, 0.35, 0.25)
"""How the house's load lies on the phases; roof and charger lie evenly."""
PHASES = 3
JOULES_PER_WH = 3600.0
EMPTY_V, FULL_V = 340.0, 420.0
"""The battery's voltage, linear in its charge."""
COURSE_W = (1_900.0, 300.0, 1_800.0, 150.0)
"""The dishwasher's course, by the quarter of an hour."""
MACHINE_SLOT_S = 900.0
_NOISE_MEMORY_S = 300.0
_LOAD_NOISE, _CLOUD_NOISE = 0.20, 0.15


@dataclass(slots=True)
class Totals:
    """Energy counted so far, Wh ≥ 0."""

    imported_wh: float = 0.0
    exported_wh: float = 0.0
    solar_wh: float = 0.0
    charged_wh: float = 0.0
    discharged_wh: float = 0.0


@dataclass(frozen=True, slots=True)
class Flows:
    """The powers of one moment, W; frequency in Hz."""

    load_w: float
    solar_w: float
    ev_w: float
    frequency_hz: float

    @property
    def grid_w(self) -> float:
        """At the connection, > 0 imports."""
        return self.load_w + self.ev_w - self.solar_w

    @property
    def phase_w(self) -> tuple[float, float, float]:
        """The same by phase."""
        even = (self.ev_w - self.solar_w) / PHASES
        first, second, third = (self.load_w * share + even for share in LOAD_SHARE)
        return first, second, third


@dataclass(slots=True)
class Machine:
    """The dishwasher behind its relay: it begins its course when it is given power, and is ready again when over."""

    course_w: tuple[float, ...]
    """Mean power of each quarter of an hour."""
    began_s: float | None = None
    _held: bool = False
    """Was its relay closed when it was last asked?"""

    def power_w(self, now_s: float) -> float:
        """What it draws."""
        if self.began_s is None:
            return 0.0
        k = int((now_s - self.began_s) // MACHINE_SLOT_S)
        return self.course_w[k] if 0 <= k < len(self.course_w) else 0.0

    def follow(self, closed: bool, now_s: float) -> None:
        """Its relay is closed or open; a course that has begun is finished."""
        over = self.began_s is None or now_s >= self.began_s + MACHINE_SLOT_S * len(self.course_w)
        if closed and over and not self._held:
            self.began_s = now_s
        self._held = closed


@dataclass(slots=True, kw_only=True)
class World:
    """Everything that is simulated, at one moment of home time."""

    house: Household
    script: Script
    tz: ZoneInfo
    battery: Battery
    start_s: float
    seed: int = 1
    stage: StageTwin = field(default_factory=lambda: StageTwin(delay_s=0.5))
    machine: Machine = field(default_factory=lambda: Machine(COURSE_W))
    settles_at_once: bool = False
    """True in lockstep: the power stage's delay and ramp are over within a step."""
    now_s: float = field(init=False)
    pilot: Pilot = Pilot.A
    totals: Totals = field(default_factory=Totals)
    car_w: float = 0.0
    """What the car was told by the charge loop."""
    stage_w: float = 0.0
    """What the stage was told by Modbus; 0 with its contactor open."""
    driven_short_wh: float = 0.0
    left: list[tuple[Trip, float]] = field(default_factory=list)
    """Each departure, and the charge with which the car left."""
    _driven: set[float] = field(default_factory=set)
    _grid: GridTwin = field(init=False)
    _rng: np.random.Generator = field(init=False)
    _noise: tuple[float, float] = (0.0, 0.0)
    _base: tuple[float, float, float] = (0.0, 0.0, 50.0)

    def __post_init__(self) -> None:
        """Begin at ``start_s``."""
        self.now_s = self.start_s
        self._rng = np.random.default_rng(self.seed)
        self._grid = GridTwin(seed=self.seed)
        self.stage.charge_max_w, self.stage.discharge_max_w = self.battery.charge_max_w, self.battery.discharge_max_w
        self._look(0.0)
        # Trips that ended before the beginning are driven already: the battery's charge is given.
        self._driven = {trip.leave_s for trip in self.script.trips if trip.leave_s <= self.start_s}

    # What happens.

    @property
    def at_home(self) -> bool:
        """Is the car here?"""
        return self.script.away(self.now_s) is None

    def move_to(self, now_s: float) -> None:
        """Go on to ``now_s`` with the powers of now, then look at house, roof and grid anew."""
        dt_s = now_s - self.now_s
        if dt_s <= 0:
            return
        flows = self.flows
        taken_w = self.battery.step(flows.ev_w, dt_s)
        self._count(replace(flows, ev_w=taken_w), dt_s)
        if not self.settles_at_once:
            self.stage.step(self.now_s, dt_s)
        self.now_s = now_s
        self._look(dt_s)
        trip = self.script.away(now_s)
        if trip is not None and trip.leave_s not in self._driven:
            self._driven.add(trip.leave_s)
            self.left.append((trip, self.battery.soc))
            self.driven_short_wh += self.battery.drive(trip.used_wh)

    def follow_stage(self, power_w: float, closed: bool) -> None:
        """The power stage has a new set-point, or its contactor moved."""
        self.stage_w = power_w if closed else 0.0
        # Its own dead-man lives in the register map, in real time.
        self.stage.command(self.stage_w, self.now_s, float("inf"))

    def follow_relay(self, closed: bool) -> tuple[float, None]:
        """The dishwasher's relay is asked; what flows through it, and no temperature."""
        self.machine.follow(closed, self.now_s)
        return self.machine.power_w(self.now_s) if closed else 0.0, None

    def follow_loop(self, power_w: float) -> None:
        """The car has a new set-point from the charge loop."""
        self.car_w = power_w

    # What can be measured.

    @property
    def ev_w(self) -> float:
        """What flows into the car: what stage, car and battery all agree to."""
        if self.pilot not in (Pilot.C, Pilot.D) or not self.at_home:
            return 0.0
        stage_w = self.stage_w if self.settles_at_once else self.stage.power_w
        if stage_w * self.car_w <= 0:
            return 0.0
        charge_w, discharge_w = self.battery.limits_w()
        if stage_w > 0:
            return min(stage_w, self.car_w, charge_w)
        return max(stage_w, self.car_w, -discharge_w)

    @property
    def flows(self) -> Flows:
        """The powers of now."""
        load_w, solar_w, frequency_hz = self._base
        return Flows(load_w, solar_w, self.ev_w, frequency_hz)

    @property
    def voltage_v(self) -> float:
        """The car's battery."""
        return EMPTY_V + (FULL_V - EMPTY_V) * self.battery.soc

    def meter(self) -> dict[str, float | None]:
        """What the grid meter shows, by quantity."""
        flows = self.flows
        phase_w = flows.phase_w
        volts = [self._grid.phase_voltage_v(w) for w in phase_w]
        values: dict[str, float | None] = {
            "grid_w": flows.grid_w,
            "frequency_hz": flows.frequency_hz,
            "import_wh": self.totals.imported_wh,
            "export_wh": self.totals.exported_wh,
        }
        for k, (watt, volt) in enumerate(zip(phase_w, volts, strict=True), start=1):
            values |= {f"phase_w.{k}": watt, f"voltage_v.{k}": volt, f"current_a.{k}": watt / volt}
        return values

    def inverter(self) -> dict[str, float | None]:
        """What the inverter shows, by quantity."""
        return {"ac_w": self.flows.solar_w, "solar_wh": self.totals.solar_wh, "frequency_hz": self.flows.frequency_hz}

    def power_stage(self) -> StageValues:
        """What the power stage's electronics measure."""
        flows, volt = self.flows, self._grid.voltage_v
        current = flows.ev_w / PHASES / volt
        phases: Phases = (volt, volt, volt)
        energised = self.pilot in (Pilot.C, Pilot.D)
        return StageValues(
            pilot=self.pilot,
            ev_w=flows.ev_w,
            voltage_v=phases,
            current_a=(current, current, current),
            dc_voltage_v=self.voltage_v if energised else 0.0,
            dc_current_a=flows.ev_w / self.voltage_v,
            frequency_hz=flows.frequency_hz,
            import_wh=self.totals.charged_wh,
            export_wh=self.totals.discharged_wh,
        )

    # Private.

    def _look(self, dt_s: float) -> None:
        keep = float(np.exp(-dt_s / _NOISE_MEMORY_S)) if dt_s else 0.0
        kick = float(np.sqrt(1.0 - keep * keep))
        load_noise, cloud_noise = (keep * n + kick * float(self._rng.standard_normal()) for n in self._noise)
        self._noise = (load_noise, cloud_noise)
        frequency_hz = self._grid.step(self.now_s - dt_s, dt_s) if dt_s else 50.0
        self._base = (
            max(20.0, self.house.load_w.at(self.now_s) * (1.0 + _LOAD_NOISE * load_noise))
            + self.machine.power_w(self.now_s),
            max(0.0, self.house.solar_w.at(self.now_s) * (1.0 + _CLOUD_NOISE * cloud_noise)),
            frequency_hz + self.script.dip_hz(self.now_s),
        )

    def _count(self, flows: Flows, dt_s: float) -> None:
        hours = dt_s / JOULES_PER_WH
        self.totals.imported_wh += max(0.0, flows.grid_w) * hours
        self.totals.exported_wh += max(0.0, -flows.grid_w) * hours
        self.totals.solar_wh += flows.solar_w * hours
        self.totals.charged_wh += max(0.0, flows.ev_w) * hours
        self.totals.discharged_wh += max(0.0, -flows.ev_w) * hours
