"""The whole demo home in one process."""

from dataclasses import dataclass

from energy.model import Ev, EvState, Readings
from energy.twin.car import CarTwin
from energy.twin.grid import GridTwin
from energy.twin.house import HouseSeries
from energy.twin.power_stage import PowerStage


@dataclass(frozen=True, slots=True, kw_only=True)
class TwinPicture:
    """The home at one moment. Signs as everywhere: grid > 0 imports, ev > 0 charges."""

    at_s: float
    load_w: float
    solar_w: float
    ev_w: float
    grid_w: float
    phase_w: tuple[float, ...]
    soc: float
    connected: bool
    frequency_hz: float
    voltage_v: tuple[float, ...]

    def readings(self) -> Readings:
        """What the home's instruments would say."""
        return Readings(
            at_s=self.at_s,
            grid_w=self.grid_w,
            solar_w=self.solar_w,
            phase_w=self.phase_w,
            frequency_hz=self.frequency_hz,
            solar_at_s=self.at_s,
        )

    def ev_state(self, ev: Ev, can_discharge: bool = True) -> EvState:
        """The car as the charger would report it."""
        return EvState(
            connected=self.connected,
            ev=ev,
            soc=self.soc if self.connected else None,
            power_w=self.ev_w,
            can_discharge=can_discharge and self.connected,
            at_s=self.at_s,
        )


@dataclass(slots=True, kw_only=True)
class HomeTwin:
    """Car, charger, house and grid, stepped together."""

    car: CarTwin
    stage: PowerStage
    house: HouseSeries
    grid: GridTwin
    phases: int = 3
    load_share: tuple[float, ...] = (0.4, 0.35, 0.25)
    """How the house's load lies on the phases; solar and charger lie evenly."""

    def command(self, power_w: float, now_s: float, expires_s: float) -> None:
        """A set-point for the charger."""
        self.stage.command(power_w, now_s, expires_s)

    def step(self, now_s: float, dt_s: float) -> TwinPicture:
        """Live from ``now_s`` to ``now_s + dt_s`` and look."""
        offered_w = self.stage.step(now_s, dt_s)
        taken_w = self.car.step(now_s, dt_s, offered_w)
        if taken_w != offered_w:
            self.stage.power_w = taken_w
        end_s = now_s + dt_s
        load_w, solar_w = self.house.at(end_s)
        load_w += self.stage.standby_w if self.car.connected(end_s) else 0.0
        grid_w = load_w + taken_w - solar_w
        shares = self.load_share if self.phases == len(self.load_share) else (1.0 / self.phases,) * self.phases
        phase_w = tuple(load_w * share + (taken_w - solar_w) / self.phases for share in shares)
        return TwinPicture(
            at_s=end_s,
            load_w=load_w,
            solar_w=solar_w,
            ev_w=taken_w,
            grid_w=grid_w,
            phase_w=phase_w,
            soc=self.car.battery.soc,
            connected=self.car.connected(end_s),
            frequency_hz=self.grid.step(now_s, dt_s),
            voltage_v=tuple(self.grid.phase_voltage_v(w) for w in phase_w),
        )
