"""What a plan is made from, gathered in the worker: forecasts, prices, scenarios. What fails is replaced, and told.

Nothing here may cost the home its plan: each part has a stand-in (see ``app.engine.ladder``), and only numbers that
cannot be planned with at all are left to the planner to refuse.
"""

import logging
import math
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from app.engine.ladder import Fallback, FallbackStep
from app.engine.plan_types import Co2, PlanJob, TankNow
from energy.asks import FloatArray
from energy.forecast import Basis, Forecast, Scenario, forecast_load, forecast_solar, make_scenarios
from energy.model import Risk, TankState
from energy.plan.types import ArrayForecast
from energy.tariffs import Prices

log = logging.getLogger(__name__)

ABSURD_PER_KWH = 50.0
"""A price beyond this is a unit mixed up, not a price."""
SCENARIOS = {Risk.CAREFUL: 4, Risk.BALANCED: 4, Risk.BOLD: 0}
"""How many ways of the coming days a plan looks at; the bold one looks at what is expected."""
_DRAW_FROM_H, _DRAW_TO_H = 6, 22


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """All of it, and what stood in for what was missing."""

    load: Forecast
    solar: Forecast
    import_eur_per_kwh: FloatArray
    export_eur_per_kwh: FloatArray
    arrays: tuple[ArrayForecast, ...]
    tanks: tuple[TankState, ...]
    co2_g_per_kwh: FloatArray | None
    scenarios: tuple[Scenario, ...]
    steps: tuple[FallbackStep, ...]


def gather(job: PlanJob, edges: FloatArray) -> Material:
    """Everything that a plan needs for the steps between ``edges``."""
    steps: list[FallbackStep] = []
    load, solar = _with_runs(_load(job, edges, steps), job, edges), _solar(job, edges, steps)
    prices = _prices(job, edges, steps)
    return Material(
        load=load,
        solar=solar,
        import_eur_per_kwh=prices.import_eur_per_kwh,
        export_eur_per_kwh=prices.export_eur_per_kwh,
        arrays=_arrays(job, solar),
        tanks=tuple(_tank(now, edges, job.tz) for now in job.tanks),
        co2_g_per_kwh=_co2(job.co2, edges, steps),
        scenarios=_scenarios(job, load, solar, edges, steps),
        steps=tuple(steps),
    )


def _load(job: PlanJob, edges: FloatArray, steps: list[FallbackStep]) -> Forecast:
    try:
        most_w = job.connection.import_max_w + job.site.peak_w
        found = forecast_load(job.load, edges, now_s=job.now_s, tz=job.tz, most_w=most_w, weather=job.weather)
        _whole(found)
    except (ValueError, ArithmeticError, IndexError, np.linalg.LinAlgError) as error:
        log.warning("the load's forecast failed (%s): a typical household is assumed", error)
        found = forecast_load(None, edges, now_s=job.now_s, tz=job.tz)
    if found.basis is Basis.DEFAULT:
        steps.append(FallbackStep(kind=Fallback.LOAD_TYPICAL))
    return found


def _with_runs(load: Forecast, job: PlanJob, edges: FloatArray) -> Forecast:
    """The forecast with the machines' runs that have begun on top."""
    extra_w = np.zeros(len(edges) - 1)
    for run in job.running:
        knots = run.start_s + run.slot_s * np.arange(len(run.power_w) + 1)
        energy = np.concatenate([[0.0], np.cumsum(np.array(run.power_w) * run.slot_s)])
        extra_w += np.diff(np.interp(edges, knots, energy)) / np.diff(edges)
    if not extra_w.any():
        return load
    return replace(
        load,
        mean_w=load.mean_w + extra_w,
        p10_w=load.p10_w + extra_w,
        p50_w=load.p50_w + extra_w,
        p90_w=load.p90_w + extra_w,
    )


def _solar(job: PlanJob, edges: FloatArray, steps: list[FallbackStep]) -> Forecast:
    try:
        found = forecast_solar(job.solar, edges, now_s=job.now_s, site=job.site, tz=job.tz, weather=job.weather)
        _whole(found)
    except (ValueError, ArithmeticError, IndexError, np.linalg.LinAlgError) as error:
        log.warning("the roof's forecast failed (%s): typical days are assumed", error)
        found = forecast_solar(None, edges, now_s=job.now_s, site=job.site, tz=job.tz)
    if found.basis is Basis.DEFAULT and job.site.peak_w > 0:
        steps.append(FallbackStep(kind=Fallback.SOLAR_TYPICAL))
    return found


def _scenarios(
    job: PlanJob, load: Forecast, solar: Forecast, edges: FloatArray, steps: list[FallbackStep]
) -> tuple[Scenario, ...]:
    count = SCENARIOS[job.risk]
    if not count:
        return ()
    try:
        return make_scenarios(load, solar, edges, count=count)
    except (ValueError, ArithmeticError, IndexError) as error:
        steps.append(FallbackStep(kind=Fallback.SCENARIOS_MISSING, why=str(error)))
        return ()


def _whole(found: Forecast) -> None:
    """Raises ValueError for a forecast with holes."""
    for values in (found.mean_w, found.p10_w, found.p50_w, found.p90_w):
        if not np.isfinite(values).all():
            raise ValueError("a forecast with holes")


def _prices(job: PlanJob, edges: FloatArray, steps: list[FallbackStep]) -> Prices:
    """The tariff's prices; where it has none that can be used, the home file's own."""
    why = ""
    try:
        found = job.tariff.prices(edges)
    except (ValueError, ArithmeticError, IndexError, KeyError, TypeError) as error:
        why = str(error).rstrip(".") or type(error).__name__
    else:
        why = _absurd(found, len(edges) - 1)
    if why:
        spare_in, spare_out = job.spare_prices
        steps.append(FallbackStep(kind=Fallback.PRICES_MISSING, why=why))
        ones = np.ones(len(edges) - 1)
        return Prices(import_eur_per_kwh=spare_in * ones, export_eur_per_kwh=spare_out * ones, known_until_s=job.now_s)
    # A market's last day ends at midnight; steps that begin before are known.
    if found.known_until_s < edges[-1] - 1.0:
        steps.append(FallbackStep(kind=Fallback.PRICES_EXPECTED, from_s=max(found.known_until_s, job.now_s)))
    return found


def _absurd(found: Prices, n: int) -> str:
    for name, values in (("import", found.import_eur_per_kwh), ("export", found.export_eur_per_kwh)):
        if len(values) != n or not np.isfinite(values).all():
            return f"the {name} price has holes"
        worst = float(np.abs(values).max(initial=0.0))
        if worst > ABSURD_PER_KWH:
            return f"the {name} price of {worst:.0f} a kWh cannot be true"
    return ""


def _arrays(job: PlanJob, solar: Forecast) -> tuple[ArrayForecast, ...]:
    """The roof's parts, each with its share by nominal power."""
    total_w = sum(array.peak_w for array in job.arrays)
    if total_w <= 0:
        return ()
    return tuple(ArrayForecast(array=array, solar=_part(solar, array.peak_w / total_w)) for array in job.arrays)


def _part(whole: Forecast, share: float) -> Forecast:
    return replace(
        whole,
        mean_w=whole.mean_w * share,
        p10_w=whole.p10_w * share,
        p50_w=whole.p50_w * share,
        p90_w=whole.p90_w * share,
    )


def _tank(now: TankNow, edges: FloatArray, tz: str) -> TankState:
    zone = ZoneInfo(tz)
    middles = (edges[:-1] + edges[1:]) / 2
    by_day_w = now.draw_wh_per_day / (_DRAW_TO_H - _DRAW_FROM_H)
    drawn = [_DRAW_FROM_H <= datetime.fromtimestamp(at_s, zone).hour < _DRAW_TO_H for at_s in middles.tolist()]
    return TankState(
        tank=now.tank,
        stored_share=min(max(now.stored_share, 0.0), 1.0),
        demand_w=tuple(by_day_w if awake else 0.0 for awake in drawn),
    )


def _co2(co2: Co2 | None, edges: FloatArray, steps: list[FallbackStep]) -> FloatArray | None:
    """Mean of each step; the last known day at the same hour where the series has ended."""
    if co2 is None:
        return None
    n = len(edges) - 1
    if co2.at_s is None:
        return np.full(n, co2.g_per_kwh, dtype=np.float64)
    known_s, known_g = co2.at_s, np.asarray(co2.g_per_kwh, dtype=np.float64)
    middles = (edges[:-1] + edges[1:]) / 2
    if len(known_s) == 0 or middles[0] < known_s[0]:
        steps.append(FallbackStep(kind=Fallback.CO2_MISSING))
        return None
    end_s = float(known_s[-1]) + (float(known_s[-1] - known_s[-2]) if len(known_s) > 1 else 3600.0)
    days_back = np.maximum(0.0, np.ceil((middles - end_s + 1.0) / 86_400.0))
    if days_back.max(initial=0.0) > 7 or not math.isfinite(end_s):
        steps.append(FallbackStep(kind=Fallback.CO2_MISSING))
        return None
    at = np.searchsorted(known_s, middles - days_back * 86_400.0, side="right") - 1
    found: FloatArray = known_g[np.maximum(at, 0)]
    return found
