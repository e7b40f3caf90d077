"""What is sent to the planning worker and what comes back: plain, picklable data, and the one function between.

Forecasts are made in the worker too: they are sums over weeks of history. Only there is the solver imported.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from energy.forecast import History, SolarSite, forecast_load, forecast_solar
from energy.grid_events import GridEvent
from energy.horizon import make_edges
from energy.links import LinkRule, LinkState
from energy.model import Charger, Connection, EvState, Plug, Wishes
from energy.plan.types import Plan, PlanInput
from energy.tariffs import Tariff

if TYPE_CHECKING:
    from energy.plan.planner import Planner

TARGET = "app.engine.plan_job:make_plan"
"""What the worker calls."""


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
    tariff: Tariff
    connection: Connection
    charger: Charger
    ev_state: EvState
    wishes: Wishes
    events: tuple[GridEvent, ...]
    links: tuple[tuple[LinkRule, LinkState], ...]
    previous: Plan | None


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


_planner: "Planner | None" = None
"""The worker's own: it keeps compiled programmes."""


def make_plan(job: PlanJob) -> PlanDone:
    """Forecast and plan. Raises ``PlanInputError`` for numbers that cannot be planned with."""
    global _planner
    if _planner is None:
        from energy.plan.planner import Planner

        _planner = Planner()
    edges = make_edges(job.now_s, hours=job.horizon_h, step_s=job.step_s, coarse_step_s=_coarse_s(job.step_s))
    load = forecast_load(job.load, edges, now_s=job.now_s, tz=job.tz)
    solar = forecast_solar(job.solar, edges, now_s=job.now_s, site=job.site, tz=job.tz)
    prices = job.tariff.prices(edges)
    plan = _planner.solve(
        PlanInput(
            now_s=job.now_s,
            edges_s=edges,
            load=load,
            solar=solar,
            import_eur_per_kwh=prices.import_eur_per_kwh,
            export_eur_per_kwh=prices.export_eur_per_kwh,
            connection=job.connection,
            plugs=(Plug(charger=job.charger, ev_state=job.ev_state, wishes=job.wishes),),
            events=job.events,
            links=job.links,
            previous=job.previous,
        )
    )
    return PlanDone(
        plan=plan,
        load_low_w=_list(load.p10_w),
        load_high_w=_list(load.p90_w),
        solar_low_w=_list(solar.p10_w),
        solar_high_w=_list(solar.p90_w),
        solver="HiGHS" if plan.optimal else "simple rule",
    )


def plan_record(done: PlanDone, why: str) -> dict[str, Any]:
    """The plan as the store keeps it: what was meant to happen and why, in about eight kilobytes."""
    plan = done.plan
    return {
        "why": why,
        "took_s": round(done.took_s, 4),
        "optimal": plan.optimal,
        "planned": round(plan.money.planned_eur, 4),
        "baseline": round(plan.money.baseline_eur, 4),
        "notes": list(plan.notes),
        "start_s": [step.start_s for step in plan.steps],
        "ev_w": [step.ev_w for step in plan.steps],
        "soc": [step.soc for step in plan.steps],
        "reason": [step.reason.code.value for step in plan.steps],
        "missed": [
            {"kind": p.kind.value, "deadline_s": p.deadline_s, "wanted": p.wanted, "planned": p.planned}
            for p in plan.missed
        ],
    }


def _coarse_s(step_s: float) -> float:
    """Quarter hours later on, or a multiple of the fine step where that does not divide them."""
    return 900.0 if step_s <= 900.0 and 900.0 % step_s == 0 else step_s


def _list(values: Any) -> tuple[float, ...]:
    return tuple(float(v) for v in values)
