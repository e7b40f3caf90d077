"""A car: a battery that tapers near full and empty, and trips that take it away."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """Away from ``from_s`` to ``to_s``, taking ``used_wh`` from the battery."""

    from_s: float
    to_s: float
    used_wh: float


@dataclass(slots=True, kw_only=True)
class Battery:
    """A battery behind a converter. Power is at the grid side of the charger, > 0 charges."""

    capacity_wh: float
    soc: float
    charge_max_w: float = 11000.0
    discharge_max_w: float = 11000.0
    soc_min: float = 0.05
    soc_max: float = 1.0
    taper_from_soc: float = 0.9
    """From here on charging power falls, to a tenth at ``soc_max``."""
    efficiency_at: tuple[tuple[float, float], ...] = ((0.0, 0.5), (0.05, 0.78), (0.15, 0.88), (0.4, 0.94), (1.0, 0.95))
    """(share of full power, one-way efficiency), linear between: part load wastes more."""
    discharge_efficiency_at: tuple[tuple[float, float], ...] | None = None
    """The same for discharging; None: as for charging."""

    def limits_w(self) -> tuple[float, float]:
        """Most charging and most discharging power now, W ≥ 0 each."""
        if self.soc >= self.soc_max:
            charge = 0.0
        elif self.soc > self.taper_from_soc:
            left = (self.soc_max - self.soc) / max(self.soc_max - self.taper_from_soc, 1e-9)
            charge = self.charge_max_w * (0.1 + 0.9 * left)
        else:
            charge = self.charge_max_w
        return charge, 0.0 if self.soc <= self.soc_min else self.discharge_max_w

    def efficiency(self, power_w: float) -> float:
        """One-way efficiency at this power, 0..1."""
        full = max(self.charge_max_w if power_w >= 0 else self.discharge_max_w, 1.0)
        curve = self.efficiency_at
        if power_w < 0 and self.discharge_efficiency_at is not None:
            curve = self.discharge_efficiency_at
        return _on_curve(curve, abs(power_w) / full)

    def step(self, power_w: float, dt_s: float) -> float:
        """Take ``power_w`` for ``dt_s``; gives what the battery really took, W. Energy is conserved to the last Wh."""
        charge_max, discharge_max = self.limits_w()
        power_w = min(max(power_w, -discharge_max), charge_max)
        if dt_s <= 0 or self.capacity_wh <= 0 or power_w == 0:
            return 0.0 if self.capacity_wh <= 0 else power_w
        efficiency = self.efficiency(power_w)
        into_w = power_w * efficiency if power_w > 0 else power_w / efficiency
        stored = self.soc * self.capacity_wh
        wanted = into_w * dt_s / 3600.0
        floor_wh, top_wh = self.soc_min * self.capacity_wh, self.soc_max * self.capacity_wh
        moved = min(max(wanted, min(floor_wh - stored, 0.0)), max(top_wh - stored, 0.0))
        self.soc = (stored + moved) / self.capacity_wh
        return power_w * (moved / wanted) if wanted else 0.0

    def drive(self, used_wh: float) -> float:
        """Take a trip's energy; gives what was lacking, Wh ≥ 0."""
        stored = self.soc * self.capacity_wh
        taken = min(stored, max(used_wh, 0.0))
        if self.capacity_wh > 0:
            self.soc = (stored - taken) / self.capacity_wh
        return max(used_wh, 0.0) - taken


@dataclass(slots=True, kw_only=True)
class CarTwin:
    """A battery and its trips."""

    battery: Battery
    trips: Sequence[Trip] = ()
    short_wh: float = 0.0
    """What trips lacked so far."""
    _driven: dict[float, float] = field(default_factory=dict)

    def trip_at(self, now_s: float) -> Trip | None:
        """The trip that is under way, if any."""
        return next((trip for trip in self.trips if trip.from_s <= now_s < trip.to_s), None)

    def connected(self, now_s: float) -> bool:
        """Is it plugged in at home?"""
        return self.trip_at(now_s) is None

    def step(self, now_s: float, dt_s: float, power_w: float) -> float:
        """Live from ``now_s`` for ``dt_s`` with this power at the charger; gives the power that flowed, W."""
        end_s = now_s + dt_s
        for trip in self.trips:
            overlap = min(end_s, trip.to_s) - max(now_s, trip.from_s)
            if overlap > 0:
                self.short_wh += self.battery.drive(trip.used_wh * overlap / (trip.to_s - trip.from_s))
        if not self.connected(now_s):
            return 0.0
        return self.battery.step(power_w, dt_s)


def _on_curve(curve: tuple[tuple[float, float], ...], share: float) -> float:
    """The curve's value, linear between its points: called half a million times for a year, so without numpy."""
    left_x, left_y = curve[0]
    if share <= left_x:
        return left_y
    for right_x, right_y in curve[1:]:
        if share <= right_x:
            return left_y + (right_y - left_y) * (share - left_x) / (right_x - left_x)
        left_x, left_y = right_x, right_y
    return left_y
