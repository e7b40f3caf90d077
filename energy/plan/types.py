"""What a plan is made from and what it says. Plain, frozen, picklable: a worker process makes plans."""

import bisect
from dataclasses import dataclass, field
from enum import StrEnum

from energy.asks import FloatArray
from energy.forecast import Forecast
from energy.grid_events import GridEvent
from energy.links import LinkRule, LinkState
from energy.model import Charger, Connection, EvState, Reason, Wishes


class PlanInputError(ValueError):
    """A plan was asked for from numbers that cannot be planned with; the message names them and the way out."""


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
    charger: Charger
    ev_state: EvState
    wishes: Wishes
    events: tuple[GridEvent, ...] = ()
    links: tuple[tuple[LinkRule, LinkState], ...] = ()
    previous: "Plan | None" = None
    """The plan that is running; it wins ties, so that plans do not flip."""


class PromiseKind(StrEnum):
    """What a plan tries to keep, in the order in which it gives way: the last gives way first.

    The fuse, the charger's and the car's own bounds are not promises: they never give way.
    """

    IMPORT_LIMIT = "import_limit"
    EXPORT_LIMIT = "export_limit"
    TRIP = "trip"
    DEPARTURE = "departure"
    RESERVE = "reserve"
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
class Plan:
    """What to do in each step, what it costs, and which promises it keeps."""

    made_s: float
    steps: tuple[Step, ...]
    promises: tuple[Promise, ...]
    money: Money
    optimal: bool
    """False: the solver failed and a simple rule made this plan."""
    gap_eur: float = 0.0
    """At most this much dearer than the best plan imaginable."""
    notes: tuple[str, ...] = ()
    """Sentences for the log about what was unusual."""
    stats: dict[str, float] = field(default_factory=dict)

    def at(self, now_s: float) -> Step | None:
        """The step that holds at ``now_s``, or None before the first and after the last."""
        k = bisect.bisect_right(self.steps, now_s, key=lambda step: step.start_s) - 1
        return self.steps[k] if k >= 0 and now_s < self.steps[k].end_s else None

    @property
    def missed(self) -> tuple[Promise, ...]:
        """The promises that give way."""
        return tuple(promise for promise in self.promises if not promise.kept)
