"""Where the energy went, what it cost, and what it would have cost otherwise.

Every Wh measured goes into exactly one path. The counterfactual "no V2G, charge on arrival" is a second car that
lives through the same house, sun, prices and trips and charges at full power whenever it is there; at the end the
difference in charge between the two is priced, so that neither borrows from the battery.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

_J_PER_WH = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyByPath:
    """Energy moved on each way through the home, Wh ≥ 0."""

    solar_to_house_wh: float = 0.0
    solar_to_car_wh: float = 0.0
    solar_to_grid_wh: float = 0.0
    grid_to_house_wh: float = 0.0
    grid_to_car_wh: float = 0.0
    car_to_house_wh: float = 0.0
    car_to_grid_wh: float = 0.0
    solar_to_battery_wh: float = 0.0
    grid_to_battery_wh: float = 0.0
    car_to_battery_wh: float = 0.0
    battery_to_house_wh: float = 0.0
    battery_to_car_wh: float = 0.0
    battery_to_grid_wh: float = 0.0

    def __add__(self, other: "EnergyByPath") -> "EnergyByPath":
        return EnergyByPath(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)})

    @property
    def imported_wh(self) -> float:
        """From the grid."""
        return self.grid_to_house_wh + self.grid_to_car_wh + self.grid_to_battery_wh

    @property
    def exported_wh(self) -> float:
        """To the grid."""
        return self.solar_to_grid_wh + self.car_to_grid_wh + self.battery_to_grid_wh

    @property
    def charged_wh(self) -> float:
        """Into the car, at the grid side of the charger."""
        return self.solar_to_car_wh + self.grid_to_car_wh + self.battery_to_car_wh

    @property
    def discharged_wh(self) -> float:
        """Out of the car, at the grid side of the charger."""
        return self.car_to_house_wh + self.car_to_grid_wh + self.car_to_battery_wh


def split_paths(*, load_w: float, solar_w: float, ev_w: float, dt_s: float, battery_w: float = 0.0) -> EnergyByPath:
    """The energy of one interval by path; ``load_w`` and ``solar_w`` ≥ 0, ``ev_w`` and ``battery_w`` > 0 charge.

    Each source serves the house first, then the car, then the house battery, then the grid: the sun before the house
    battery, that before the car; the grid fills what is left. Energy is conserved: imported less exported is
    ``(load + ev + battery − solar) · dt``.
    """
    hours = dt_s / _J_PER_WH
    load, solar = max(load_w, 0.0) * hours, max(solar_w, 0.0) * hours
    wanting = {"house": load, "car": max(ev_w, 0.0) * hours, "battery": max(battery_w, 0.0) * hours}
    giving = {"solar": solar, "battery": max(-battery_w, 0.0) * hours, "car": max(-ev_w, 0.0) * hours}
    moved: dict[str, float] = {}
    for source, left in giving.items():
        for sink in wanting:
            if sink == source:
                continue
            taken = min(left, wanting[sink])
            moved[f"{source}_to_{sink}_wh"] = taken
            wanting[sink] -= taken
            left -= taken
        moved[f"{source}_to_grid_wh"] = left
    moved |= {f"grid_to_{sink}_wh": wanted for sink, wanted in wanting.items()}
    return EnergyByPath(**moved)


def bill_eur(grid_w: float, dt_s: float, import_eur_per_kwh: float, export_eur_per_kwh: float) -> float:
    """Cost of one interval at the connection; negative when it earns."""
    energy_kwh = grid_w * dt_s / _J_PER_WH / 1e3
    return energy_kwh * (import_eur_per_kwh if energy_kwh > 0 else export_eur_per_kwh)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadow:
    """The other car, that never heard of V2G, and its bill."""

    capacity_wh: float
    stored_wh: float
    charge_max_w: float
    goal_soc: float = 0.8
    """It charges to this on arrival."""
    import_limit_w: float = float("inf")
    efficiency: float = 0.95
    bill_eur: float = 0.0
    imported_wh: float = 0.0
    trip_short_wh: float = 0.0
    """What its trips lacked (charged elsewhere); the same trips are asked of both cars."""


def shadow_step(
    shadow: Shadow,
    *,
    load_w: float,
    solar_w: float,
    connected: bool,
    trip_wh: float,
    dt_s: float,
    import_eur_per_kwh: float,
    export_eur_per_kwh: float,
    goal_soc: float | None = None,
) -> Shadow:
    """The other car one interval later. ``trip_wh`` is what the trip takes in it; ``goal_soc`` a higher need."""
    hours = dt_s / _J_PER_WH
    house_w = max(load_w, 0.0) - max(solar_w, 0.0)
    goal_wh = max(shadow.goal_soc, goal_soc or 0.0) * shadow.capacity_wh
    charge_w = 0.0
    if connected and hours > 0:
        wanted_w = max(0.0, goal_wh - shadow.stored_wh) / shadow.efficiency / hours
        charge_w = max(0.0, min(wanted_w, shadow.charge_max_w, shadow.import_limit_w - house_w))
    stored = shadow.stored_wh + charge_w * hours * shadow.efficiency
    taken = min(stored, max(trip_wh, 0.0))
    grid_w = house_w + charge_w
    return replace(
        shadow,
        stored_wh=stored - taken,
        bill_eur=shadow.bill_eur + bill_eur(grid_w, dt_s, import_eur_per_kwh, export_eur_per_kwh),
        imported_wh=shadow.imported_wh + max(grid_w, 0.0) * hours,
        trip_short_wh=shadow.trip_short_wh + max(trip_wh, 0.0) - taken,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Saving:
    """What the period cost against the counterfactual, in the home's currency."""

    bill_eur: float
    wear_eur: float
    baseline_bill_eur: float
    stored_difference_eur: float
    """Worth of the charge that the real car has more at the end (negative: less)."""

    @property
    def saved_eur(self) -> float:
        """Baseline less the real bill and wear, with the difference in charge made good."""
        return self.baseline_bill_eur - self.bill_eur - self.wear_eur + self.stored_difference_eur


def saving(
    *,
    bill_eur: float,
    discharged_wh: float,
    wear_eur_per_kwh: float,
    stored_wh: float,
    shadow: Shadow,
    refill_eur_per_kwh: float,
) -> Saving:
    """The honest comparison: bills, wear, and the difference in charge at what refilling it costs.

    ``refill_eur_per_kwh`` is the price at which the missing charge would be bought, at the grid side (the period's
    mean charging price is a fair choice); the counterfactual's energy that trips lacked is bought at it too.
    """
    difference_wh = stored_wh - shadow.stored_wh
    refill = refill_eur_per_kwh / shadow.efficiency / 1e3
    return Saving(
        bill_eur=bill_eur,
        wear_eur=discharged_wh / 1e3 * wear_eur_per_kwh,
        baseline_bill_eur=shadow.bill_eur + shadow.trip_short_wh * refill,
        stored_difference_eur=difference_wh * refill,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How an event was answered."""

    asked_wh: float
    delivered_wh: float
    samples: int
    violations: int
    """Samples beyond the asked limit (limits only)."""
    worst_w: float = 0.0
    """Largest excess over a limit, or largest distance from a set-point, W."""

    @property
    def share(self) -> float:
        """Delivered part of what was asked, 0..1 and more; 1 when nothing was asked."""
        return self.delivered_wh / self.asked_wh if abs(self.asked_wh) > 1e-9 else 1.0


def limit_delivery(
    power_w: Sequence[float],
    baseline_w: Sequence[float],
    limit_w: Sequence[float],
    dt_s: float,
    tolerance_w: float = 50.0,
) -> Delivery:
    """Delivery of a limit: power that ``baseline_w`` would have had above it, and how much of that was kept away.

    All are of one direction, W ≥ 0 (imports, or exports), a sample each ``dt_s``.
    """
    hours = dt_s / _J_PER_WH
    rows = list(zip(power_w, baseline_w, limit_w, strict=True))
    asked = sum(max(0.0, base - limit) for _, base, limit in rows)
    left = sum(max(0.0, power - limit) for power, _, limit in rows)
    excess = [power - limit for power, _, limit in rows]
    return Delivery(
        asked_wh=asked * hours,
        delivered_wh=(asked - left) * hours,
        samples=len(rows),
        violations=sum(x > tolerance_w for x in excess),
        worst_w=max([0.0, *excess]),
    )


def setpoint_delivery(
    power_w: Sequence[float], baseline_w: Sequence[float], asked_w: Sequence[float], dt_s: float
) -> Delivery:
    """Delivery of a set-point: the change asked against the baseline, and the change that came (same sign counts)."""
    hours = dt_s / _J_PER_WH
    asked = delivered = worst = 0.0
    rows = list(zip(power_w, baseline_w, asked_w, strict=True))
    for power, base, target in rows:
        wanted = target - base
        asked += abs(wanted)
        came = (power - base) * (1.0 if wanted >= 0 else -1.0)
        delivered += min(max(came, 0.0), abs(wanted))
        worst = max(worst, abs(power - target))
    return Delivery(
        asked_wh=asked * hours, delivered_wh=delivered * hours, samples=len(rows), violations=0, worst_w=worst
    )
