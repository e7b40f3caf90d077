"""A plan's order and its answer, as they cross to the worker and back: plain, frozen, picklable."""

from dataclasses import dataclass, field

from app.engine.ladder import FallbackStep
from energy.asks import FloatArray
from energy.forecast import History, HistoryNote, Score, SolarSite, Weather
from energy.grid_events import GridEvent
from energy.links import LinkRule, LinkState
from energy.model import BatteryState, Connection, HeatTank, Plug, Risk, ShiftableLoad, SolarArray
from energy.plan.types import Plan, Terms
from energy.tariffs import Tariff


@dataclass(frozen=True, slots=True, kw_only=True)
class TankNow:
    """A tank, what is in it, and what the household draws in a day."""

    tank: HeatTank
    stored_share: float
    draw_wh_per_day: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningLoad:
    """A machine's run that has begun: its power is as certain as anything of the house's load."""

    start_s: float
    slot_s: float
    power_w: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Co2:
    """Emissions of imported energy: a series (each value holds until the next), or always the same."""

    at_s: FloatArray | None = None
    g_per_kwh: FloatArray | float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanJob:
    """Everything that one plan depends on."""

    now_s: float
    tz: str
    horizon_h: float
    step_s: float
    load: History | None
    solar: History | None
    site: SolarSite
    weather: Weather | None = None
    """Past hours too; None: nobody tells it."""
    tariff: Tariff
    spare_prices: tuple[float, float] = (0.32, 0.08)
    """Import and export price, currency/kWh, where the tariff has none to give."""
    terms: Terms = field(default_factory=Terms)
    co2: Co2 | None = None
    connection: Connection
    plugs: tuple[Plug, ...]
    batteries: tuple[BatteryState, ...] = ()
    arrays: tuple[SolarArray, ...] = ()
    loads: tuple[ShiftableLoad, ...] = ()
    running: tuple[RunningLoad, ...] = ()
    tanks: tuple[TankNow, ...] = ()
    risk: Risk = Risk.BALANCED
    events: tuple[GridEvent, ...]
    links: tuple[tuple[LinkRule, LinkState], ...]
    previous: Plan | None
    steps: tuple[FallbackStep, ...] = ()
    """What the engine itself knows to be missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDone:
    """A plan, and what its page shows beside it."""

    plan: Plan
    load_low_w: tuple[float, ...]
    """In one case of ten the load is lower, by step."""
    load_high_w: tuple[float, ...]
    solar_low_w: tuple[float, ...]
    solar_high_w: tuple[float, ...]
    solver: str
    took_s: float = 0.0
    """In the worker, forecasts included."""
    steps: tuple[FallbackStep, ...] = ()
    """What stood in for what was missing."""
    load_scores: tuple[Score, ...] = ()
    """How good the load's forecast was of late, first ours, then simple averages; empty: too early to tell."""
    solar_scores: tuple[Score, ...] = ()
    load_notes: tuple[HistoryNote, ...] = ()
    """What was left out of the load's history, as it cannot be true."""
    solar_notes: tuple[HistoryNote, ...] = ()
