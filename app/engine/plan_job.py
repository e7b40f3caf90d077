"""What the planning worker does: forecasts, prices and scenarios gathered, then one plan.

Forecasts are made in the worker too: they are sums over weeks of history. Only there is the solver imported.
"""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from app.engine.kept_reasons import columns
from app.engine.ladder import Fallback, FallbackStep
from app.engine.plan_material import gather
from app.engine.plan_types import PlanDone, PlanJob
from energy.horizon import make_edges
from energy.plan.types import PlanInput, PlugPlan

if TYPE_CHECKING:
    from energy.plan.planner import Planner

__all__ = ["TARGET", "PlanDone", "PlanJob", "make_plan", "plan_record"]

TARGET = "app.engine.plan_job:make_plan"
"""What the worker calls."""


_planner: "Planner | None" = None
"""The worker's own: it keeps compiled programmes."""


def make_plan(job: PlanJob) -> PlanDone:
    """Forecast and plan. Raises ``PlanInputError`` for numbers that cannot be planned with."""
    global _planner
    if _planner is None:
        from energy.plan.planner import Planner

        _planner = Planner()
    edges = make_edges(job.now_s, hours=job.horizon_h, step_s=job.step_s, coarse_step_s=_coarse_s(job.step_s))
    found = gather(job, edges)
    plan = _planner.solve(
        PlanInput(
            now_s=job.now_s,
            edges_s=edges,
            load=found.load,
            solar=found.solar,
            import_eur_per_kwh=found.import_eur_per_kwh,
            export_eur_per_kwh=found.export_eur_per_kwh,
            connection=job.connection,
            plugs=job.plugs,
            batteries=job.batteries,
            arrays=found.arrays,
            loads=job.loads,
            tanks=found.tanks,
            terms=job.terms,
            co2_g_per_kwh=found.co2_g_per_kwh,
            scenarios=found.scenarios,
            risk=job.risk,
            events=job.events,
            links=job.links,
            previous=job.previous,
        )
    )
    rule = () if plan.optimal else (FallbackStep(kind=Fallback.SIMPLE_RULE),)
    return PlanDone(
        plan=plan,
        load_low_w=_list(found.load.p10_w),
        load_high_w=_list(found.load.p90_w),
        solar_low_w=_list(found.solar.p10_w),
        solar_high_w=_list(found.solar.p90_w),
        solver="HiGHS" if plan.optimal else "simple rule",
        steps=(*job.steps, *found.steps, *rule),
        load_scores=found.load.scores,
        solar_scores=found.solar.scores,
        load_notes=found.load.notes,
        solar_notes=found.solar.notes,
    )


def plan_record(done: PlanDone, why: str) -> dict[str, Any]:
    """The plan as the store keeps it: what was meant to happen and why, every step's figures and facts with it."""
    plan = done.plan
    record: dict[str, Any] = {
        "why": why,
        "took_s": round(done.took_s, 4),
        "optimal": plan.optimal,
        "planned": round(plan.money.planned_eur, 4),
        "baseline": round(plan.money.baseline_eur, 4),
        "notes": list(plan.notes),
        "fallbacks": [step.kind.value for step in done.steps],
        "start_s": [step.start_s for step in plan.steps],
        "ev_w": [step.ev_w for step in plan.steps],
        "soc": [step.soc for step in plan.steps],
        "reason": [step.reason.code.value for step in plan.steps],
        "reason_params": columns([step.reason for step in plan.steps]),
        "missed": [
            {"kind": p.kind.value, "deadline_s": p.deadline_s, "wanted": p.wanted, "planned": p.planned}
            for p in plan.missed
        ],
    }
    for of, scores in (("load", done.load_scores), ("solar", done.solar_scores)):
        if scores:
            record[f"{of}_scores"] = [asdict(score) for score in scores]
    if len(plan.plugs) > 1:
        record["plugs"] = {plug.charger_id: _plug_record(plug) for plug in plan.plugs[1:]}
    if plan.batteries:
        record["battery_w"] = {store.store_id: list(store.power_w) for store in plan.batteries}
    if plan.loads:
        record["loads"] = {load.load_id: load.start_s for load in plan.loads}
    return record


def _plug_record(plug: PlugPlan) -> dict[str, Any]:
    """Another charger's part of the plan."""
    return {
        "ev_w": [step.ev_w for step in plug.steps],
        "soc": [step.soc for step in plug.steps],
        "reason": [step.reason.code.value for step in plug.steps],
        "reason_params": columns([step.reason for step in plug.steps]),
    }


def _coarse_s(step_s: float) -> float:
    """Quarter hours later on, or a multiple of the fine step where that does not divide them."""
    return 900.0 if step_s <= 900.0 and 900.0 % step_s == 0 else step_s


def _list(values: Any) -> tuple[float, ...]:
    return tuple(float(v) for v in values)
