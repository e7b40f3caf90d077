"""What a plan is made from and what it says. Plain, frozen, picklable: a worker process makes plans."""

import bisect
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from energy.asks import FloatArray, StepAsk
from energy.forecast import Forecast, Scenario
from energy.frequency import DroopCurve
from energy.grid_events import GridEvent, GridEventKind
from energy.links import LinkRule, LinkState
from energy.model import (
    BatteryState,
    Charger,
    Connection,
    EvState,
    Plug,
    Reason,
    Risk,
    ShiftableLoad,
    SolarArray,
    TankState,
    Wishes,
)

StepAsks = Mapping[GridEventKind, StepAsk]
"""What the grid asks over the steps of a plan."""


class PlanInputError(ValueError):
    """A plan was asked for from numbers that cannot be planned with; the message names them and the way out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayForecast:
    """A part of the roof and what it is expected to give; part of the plan's whole solar forecast."""

    array: SolarArray
    solar: Forecast


@dataclass(frozen=True, slots=True, kw_only=True)
class PeakCharge:
    """Money for the highest import of a billing period: "so much a kW of the month's highest quarter hour"."""

    eur_per_kw: float
    """For each kW by which the period's bill grows."""
    so_far_w: float
    """The highest mean import of the period until now, W; below it nothing costs more."""
    until_s: float
    """End of the billing period."""
    average_s: float = 900.0
    """Length of the intervals whose mean counts."""
    hours: tuple[tuple[float, float], ...] = ()
    """Local hours of day (from, to) in which it counts; empty: always."""
    windows_s: tuple[tuple[float, float], ...] | None = None
    """(from, to) POSIX s, in which it counts within the horizon, with days, holidays, seasons and clock changes already
    worked out; where given, ``hours`` is not looked at. ``()``: never, None: ``hours`` tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityBand:
    """Money for each kWh that is imported above a contracted power."""

    above_w: float
    eur_per_kwh: float
    """Beside the energy's own price."""
    windows_s: tuple[tuple[float, float], ...] | None = None
    """(from, to) POSIX s, in which it holds; None: always."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a contract costs beside its prices by the kWh."""

    peaks: tuple[PeakCharge, ...] = ()
    bands: tuple[CapacityBand, ...] = ()
    co2_eur_per_kg: float = 0.0
    """What the homeowner is willing to pay to keep one kg of CO2 out of the air."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanInput:
    """Everything a plan depends on. Arrays have one entry for each of the N steps between ``edges_s``."""

    now_s: float
    edges_s: FloatArray
    """(N + 1,) POSIX s, increasing; see ``energy.horizon.make_edges``."""
    load: Forecast
    """House load without the car, W ≥ 0."""
    solar: Forecast
    """W ≥ 0."""
    import_eur_per_kwh: FloatArray
    """(N,) price of imported energy with everything on it, finite."""
    export_eur_per_kwh: FloatArray
    """(N,) pay for exported energy, finite."""
    connection: Connection
    plugs: tuple[Plug, ...]
    """Every charger of the home and its car; at least one."""
    batteries: tuple[BatteryState, ...] = ()
    arrays: tuple[ArrayForecast, ...] = ()
    """Parts of ``solar`` that are told apart; those that are curtailable may be curtailed."""
    loads: tuple[ShiftableLoad, ...] = ()
    tanks: tuple[TankState, ...] = ()
    terms: Terms = field(default_factory=Terms)
    co2_g_per_kwh: FloatArray | None = None
    """(N,) of imported energy; None: not known."""
    scenarios: tuple[Scenario, ...] = ()
    """Other ways in which load and sun may go, beside the forecasts' means; empty: none are looked at."""
    risk: Risk = Risk.BALANCED
    events: tuple[GridEvent, ...] = ()
    links: tuple[tuple[LinkRule, LinkState], ...] = ()
    previous: "Plan | None" = None
    """The plan that is running; it wins ties, so that plans do not flip."""
    frequency_curve: DroopCurve | None = None
    """The service that frequency events ask for; None: FCR, as in dispatch."""
    tz: str = "UTC"
    """Where the hours of day of ``terms`` are counted."""
    time_limit_s: float = 10.0
    """A plan that takes the solver longer is made by the simple rule."""

    @property
    def charger(self) -> Charger:
        """The first plug's."""
        return self.plugs[0].charger

    @property
    def ev_state(self) -> EvState:
        """The first plug's."""
        return self.plugs[0].ev_state

    @property
    def wishes(self) -> Wishes:
        """The first plug's."""
        return self.plugs[0].wishes


class PromiseKind(StrEnum):
    """What a plan tries to keep, in the order in which it gives way: the last gives way first.

    The fuse, the charger's and the car's own bounds are not promises: they never give way.
    """

    IMPORT_LIMIT = "import_limit"
    EXPORT_LIMIT = "export_limit"
    TRIP = "trip"
    DEPARTURE = "departure"
    RESERVE = "reserve"
    LOAD = "load"
    COMFORT = "comfort"
    EVENT_FREQUENCY = "event_frequency"
    EVENT_SETPOINT = "event_setpoint"
    EVENT_SOC = "event_soc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """One thing that was asked of the plan, and how far it keeps it."""

    kind: PromiseKind
    deadline_s: float
    wanted: float
    """W for limits and set-points, Wh for trips, fraction for charge."""
    planned: float
    short_by: float
    """Same unit, ≥ 0; 0 when it is kept."""
    kept: bool
    event_id: str = ""
    of: str = ""
    """The charger, battery, load or tank that it is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a plan. Powers are means over the step."""

    start_s: float
    end_s: float
    ev_w: float
    """> 0 charges."""
    grid_w: float
    """Expected at the connection, > 0 imports."""
    load_w: float
    solar_w: float
    soc: float | None
    """At the step's end; None: not known."""
    import_eur_per_kwh: float
    export_eur_per_kwh: float
    reason: Reason
    feeds_house: bool = False
    """The car follows the house's load (grid at 0), not ``ev_w``: right whatever the load turns out to be."""
    takes_surplus: bool = False
    """The car takes solar surplus beyond ``ev_w``."""
    exports: bool = False
    """The car's energy may reach the grid in this step."""
    present: bool = True
    """Is the car expected to be connected?"""
    stored_eur_per_kwh: float = 0.0
    """Worth of one more kWh in the battery, read from the optimum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """What the horizon costs, in the home's currency; negative: earns."""

    planned_eur: float
    """Energy bill and battery wear, less what the charge at the end is worth."""
    baseline_eur: float
    """The same without V2G, charging at full power on arrival; same trips, same valuation."""

    @property
    def saved_eur(self) -> float:
        """Baseline less plan."""
        return self.baseline_eur - self.planned_eur


@dataclass(frozen=True, slots=True, kw_only=True)
class PlugPlan:
    """One charger's part of a plan."""

    charger_id: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StorePlan:
    """A house battery's or a tank's part; one entry for each step of the plan."""

    store_id: str
    power_w: tuple[float, ...]
    """> 0 charges."""
    share: tuple[float, ...]
    """Stored at the step's end, 0..1 of the capacity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadPlan:
    """When a shiftable load runs."""

    load_id: str
    power_w: tuple[float, ...]
    """Mean by step."""
    start_s: float | None
    """When it begins, None: it does not fit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to do in each step, what it costs, and which promises it keeps."""

    made_s: float
    plugs: tuple[PlugPlan, ...]
    """One for each plug of the input, in its order."""
    promises: tuple[Promise, ...]
    money: Money
    optimal: bool
    """False: the solver failed and a simple rule made this plan."""
    gap_eur: float = 0.0
    """At most this much dearer than the best plan imaginable."""
    notes: tuple[str, ...] = ()
    """Sentences for the log about what was unusual."""
    stats: dict[str, float] = field(default_factory=dict)
    batteries: tuple[StorePlan, ...] = ()
    tanks: tuple[StorePlan, ...] = ()
    loads: tuple[LoadPlan, ...] = ()
    curtailed_w: tuple[float, ...] = ()
    """Solar power that is not taken, mean by step; empty: none."""

    @property
    def steps(self) -> tuple[Step, ...]:
        """The first plug's."""
        return self.plugs[0].steps

    def steps_of(self, charger_id: str) -> tuple[Step, ...]:
        """One charger's steps; none for a charger that is not in the plan."""
        return next((plug.steps for plug in self.plugs if plug.charger_id == charger_id), ())

    def index_at(self, now_s: float) -> int | None:
        """Which step holds at ``now_s``; None before the first and after the last."""
        steps = self.steps
        k = bisect.bisect_right(steps, now_s, key=lambda step: step.start_s) - 1
        return k if k >= 0 and now_s < steps[k].end_s else None

    def at(self, now_s: float, charger_id: str | None = None) -> Step | None:
        """A charger's step (None: the first plug's) that holds at ``now_s``; None outside the plan or unknown."""
        k = self.index_at(now_s)
        steps = self.steps if charger_id is None else self.steps_of(charger_id)
        return steps[k] if k is not None and steps else None

    @property
    def missed(self) -> tuple[Promise, ...]:
        """The promises that give way."""
        return tuple(promise for promise in self.promises if not promise.kept)
