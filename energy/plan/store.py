"""One mechanism for everything that stores: a car, a house battery, a tank of hot water, hours of work to be done.

A store is charged and discharged between bounds, gains and drains, loses a share, gives what is drawn from it, and
must hold what was promised. What the promises ask beyond what can be had is lowered beforehand (``floors``).
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from energy.asks import FloatArray
from energy.model import Curve

TRIP_PER_KWH_H = 400.0
DEPARTURE_PER_KWH = 100.0
RESERVE_PER_KWH_H = 20.0
WORK_PER_KWH = 10.0
COMFORT_PER_KWH_H = 5.0
EVENT_PER_KWH = 5.0
"""What a kWh counts that a promise is short of, where several stores must share too little for all: the order in which
they give way, far above any price, and near enough to one another for the solver's numbers. Where a store is alone
its floors are lowered exactly, and none of this is needed."""


class StoreKind(StrEnum):
    """What a store is."""

    CAR = "car"
    BATTERY = "battery"
    TANK = "tank"
    WORK = "work"
    """So many hours of a machine: charged at its power, full when done."""


@dataclass(frozen=True, slots=True)
class Taper:
    """A car near full takes less: charging power is at most ``level_kw − slope · stored`` at the step's end."""

    level_kw: float = 1e4
    slope: float = 0.0
    """kW per kWh; 0: no taper."""


@dataclass(frozen=True, slots=True)
class Soft:
    """Money for each kWh by which the store is below (or above) a level at the nodes; (N + 1,)."""

    level: FloatArray
    price: FloatArray
    """Currency/kWh at this node, ≥ 0."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """What of the power at the grid side gets into the store, or out of it; with what the power stage itself uses."""

    efficiency: float
    curve: Curve = ()
    standby_kw: float = 0.0

    def at(self, power_kw: FloatArray) -> FloatArray:
        """One-way efficiency at these powers."""
        if not self.curve:
            return np.full(np.shape(power_kw), self.efficiency)
        watts, shares = zip(*self.curve, strict=True)
        found: FloatArray = np.interp(np.asarray(power_kw) * 1e3, watts, shares)
        return found

    @property
    def is_curved(self) -> bool:
        """Does it depend on power at all?"""
        return bool(self.curve) or self.standby_kw > 0


@dataclass(frozen=True, slots=True)
class Expected:
    """Powers (N,) kW at which a store is expected to run: its efficiencies are those there."""

    charge: FloatArray
    discharge: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """The numbers of one store; (N,) by step or (N + 1,) by node. kW at the grid side, kWh stored, currency/kWh."""

    store_id: str
    kind: StoreKind
    capacity_kwh: float
    dt_h: FloatArray
    """(N,) hours of each step."""
    charge_max: FloatArray
    """(S, N) own bounds, and what the connection leaves it when it is alone."""
    discharge_max: FloatArray
    """(S, N)"""
    charge_min_kw: float
    """Least power: between 0 and this it must pause. The programme does not know it; ``repair`` mends its answer."""
    charge_gain: FloatArray
    """kWh stored per kW over the step."""
    discharge_drain: FloatArray
    keep: FloatArray
    """Share of what is stored that is still there a step later; 1: no loss."""
    outflow: FloatArray
    """kWh that trips or taps take, as far as the fastest course can serve it."""
    outflow_short: FloatArray | None = None
    """What the fastest course cannot serve of it."""
    start: float
    least: FloatArray
    """(N + 1,) floor that can be kept when the store is alone."""
    wanted: FloatArray
    """(N + 1,) floor as it was asked for: reserve, comfort, work done."""
    most: FloatArray
    """(N + 1,)"""
    taper: Taper
    charge_cost: FloatArray
    """Extra cost of a kWh into it: ties, boost."""
    discharge_cost: FloatArray
    end_value: float
    """Worth of a kWh stored at the end."""
    wear: float
    """Cost of a kWh discharged, as billed."""
    charging: Conversion
    discharging: Conversion
    run: Expected | None = None
    """None: it makes no odds."""
    share: tuple[float, ...]
    """Of its power on each phase of the house."""
    low: tuple[Soft, ...] = ()
    high: tuple[Soft, ...] = ()
    yields: tuple[Soft, ...] = ()
    """What its floors count, when several stores must share what is too little for all."""
    own_use: bool = False
    """What it gives may not be exported."""
    surplus_only: bool = False
    """It may take nothing from the grid."""
    charge_low: FloatArray | None = None
    """(N,) power that it is decided to run at least at; None: nothing is decided."""
    previous_kw: FloatArray | None = None
    """Net power in the running plan, NaN where that does not reach; None: there is none."""

    @property
    def top(self) -> float:
        """The most it ever holds, kWh."""
        return float(self.most[1:].max())

    @property
    def outflow_wanted(self) -> FloatArray:
        """What trips or taps take, whether it can be had or not, kWh by step."""
        return self.outflow if self.outflow_short is None else self.outflow + self.outflow_short

    @property
    def has_losses(self) -> bool:
        """Does it lose by standing?"""
        return bool(np.any(self.keep < 1.0))
