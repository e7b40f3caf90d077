"""Twoway itself as a strategy: its forecasts, its planner every quarter of an hour, its dispatch every minute."""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from energy.asks import FloatArray
from energy.backtest.data import House, Market
from energy.backtest.home import tariff_of, wishes_of
from energy.backtest.world import Course, World
from energy.dispatch import DispatchState
from energy.forecast import Forecast, History, forecast_load, forecast_solar
from energy.model import EvState, Readings, Wishes
from energy.pilot import Outlook, Pilot
from energy.plan.types import Plan
from energy.tariffs import Prices, Tariff
from energy.tariffs.published import AsPublished

STEPS = ((3.0, 300.0), (12.0, 900.0), (36.0, 1800.0), (60.0, 3600.0))
"""(until h from now, step s): a plan looks two and a half days ahead, since tomorrow's evening is worth what the day
after lets it be."""
REPLAN_S = 900.0


class KnownPrices:
    """Day-ahead prices as they were known: the next local day's from the hour of publication on, no others."""

    def __init__(self, course: Course, market: Market) -> None:
        self._home = course.home
        self._published = AsPublished(market.series, publish_local=course.home.published, tz=course.home.tz)
        self._until_s = -np.inf
        self._tariff: Tariff | None = None

    def __call__(self, now_s: float, edges_s: FloatArray) -> Prices:
        """Prices of the steps: published ones as they are, the rest as the tariff expects them."""
        until_s = self._published.known_until_s(now_s)
        if self._tariff is None or until_s != self._until_s:
            # One object from one publication to the next: what it expects is learned once.
            self._tariff, self._until_s = tariff_of(self._home, self._published.known(now_s)), until_s
        return self._tariff.prices(edges_s)


class TrueTariff:
    """Prices as they will be, whenever they are published: for what publication costs."""

    def __init__(self, course: Course, market: Market) -> None:
        self._tariff = tariff_of(course.home, market.series)

    def __call__(self, now_s: float, edges_s: FloatArray) -> Prices:
        """Prices of the steps."""
        return self._tariff.prices(edges_s)


class TrueCourse:
    """Load or sun to come as they will be: a forecast without error, for what forecasts cost."""

    def __init__(self, course: Course, power_w: FloatArray) -> None:
        self._start_s = course.start_s
        self._sum = np.concatenate([[0.0], np.cumsum(power_w)])
        # After the last minute the last day comes again.
        self._last = power_w[-1440:]

    def __call__(self, now_s: float, edges_s: FloatArray) -> Forecast:
        """The mean of the minutes of each step."""
        at = (edges_s - self._start_s) / 60.0
        return Forecast.exact(np.diff(self._upto(at)) / np.diff(at))

    def _upto(self, at: FloatArray) -> FloatArray:
        count = len(self._sum) - 1
        inside = np.interp(at, np.arange(count + 1), self._sum)
        beyond = np.maximum(at - count, 0.0)
        rounds, rest = np.divmod(beyond, len(self._last))
        tail = np.concatenate([[0.0], np.cumsum(self._last)])
        return np.asarray(inside + rounds * tail[-1] + np.interp(rest, np.arange(len(tail)), tail))


class LearnedLoad:
    """The home's own forecast of its load, from what was measured before."""

    def __init__(self, course: Course, house: House) -> None:
        self._at_s = house.table.at_s
        self._step_s, self._load_w, self._tz = house.table.step_s, house.load_w, course.home.tz

    def __call__(self, now_s: float, edges_s: FloatArray) -> Forecast:
        """Load of each step, W."""
        known = _past(self._at_s, self._step_s, now_s)
        history = History(self._at_s[:known], self._load_w[:known])
        return forecast_load(history, edges_s, now_s=now_s, tz=self._tz)


class LearnedSolar:
    """The home's own forecast of its roof."""

    def __init__(self, course: Course, house: House) -> None:
        self._at_s = house.table.at_s
        self._step_s, self._solar_w = house.table.step_s, house.solar_w
        self._tz, self._site = course.home.tz, course.home.site

    def __call__(self, now_s: float, edges_s: FloatArray) -> Forecast:
        """Sun of each step, W."""
        known = _past(self._at_s, self._step_s, now_s)
        history = History(self._at_s[:known], self._solar_w[:known])
        return forecast_solar(history, edges_s, now_s=now_s, site=self._site, tz=self._tz)


def _past(at_s: FloatArray, step_s: float, now_s: float) -> int:
    """How many intervals were over by now: all are handed on, since a window that moved would be learned from anew."""
    return int(np.searchsorted(at_s, now_s - step_s + 1e-6, side="right"))


@dataclass(slots=True)
class Ours:
    """The strategy. Only what it remembers goes into a checkpoint; ``attach`` gives it the rest."""

    name: str
    plans: int = 0
    not_optimal: int = 0
    moved_kwh: float = 0.0
    """By how much successive plans differ over their next twelve hours, summed."""
    moved_plans: int = 0
    """Plans whose next two hours differ from the last plan's by more than half a kWh."""
    gave_way: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)
    """Minutes by the reason of the set-point."""
    _pilot: Pilot | None = None
    _wishes: Wishes | None = None
    _wishes_day: int = -1
    _kept: tuple[DispatchState, Plan | None, float, bool] | None = None

    def attach(self, course: Course, house: House, market: Market, *, perfect: bool, known: bool) -> None:
        """Give it the world's data, and its planner. ``known``: prices too, before they are published."""
        # Two seconds to import, and most processes of a replay make no plans.
        from energy.plan import Planner

        load: Any = TrueCourse(course, course.minutes.load_w) if perfect else LearnedLoad(course, house)
        solar: Any = TrueCourse(course, course.minutes.solar_w) if perfect else LearnedSolar(course, house)
        prices: Any = TrueTariff(course, market) if known else KnownPrices(course, market)
        self._pilot = Pilot(
            planner=Planner(),
            outlook=Outlook(load=load, solar=solar, prices=prices, edges=steps_from),
            connection=course.home.connection,
            charger=course.home.charger,
            risk=course.home.risk,
            config=course.home.dispatch,
            replan_s=REPLAN_S,
        )
        if self._kept is not None:
            self._pilot.state, self._pilot.plan, self._pilot.planned_s, self._pilot.was_connected = self._kept

    def decide(self, world: World) -> float:
        """The set-point for the next minute, W."""
        pilot, course, k = self._pilot, world.course, world.at
        if pilot is None:
            raise ValueError("The strategy was not given its data: call attach first.")
        now_s = course.at_s(k)
        connected = bool(course.connected[k])
        if self._wishes is None or k // 1440 != self._wishes_day:
            self._wishes_day = k // 1440
            self._wishes = wishes_of(course.home, course.trips, course.departures, now_s)
        if not connected:
            pilot.planned_s, pilot.was_connected = float("-inf"), False
            pilot.state = DispatchState()
            return 0.0
        ev_state = EvState(
            connected=True,
            ev=course.home.ev,
            soc=world.battery.soc,
            power_w=world.power_w,
            can_discharge=True,
            at_s=now_s,
        )
        if pilot.due(now_s, connected):
            self._wishes = wishes_of(course.home, course.trips, course.departures, now_s)
            before = pilot.plan
            plan = pilot.make_plan(ev_state, self._wishes, now_s)
            # The next plan is due at the next quarter, whenever this one was made.
            pilot.planned_s = now_s // REPLAN_S * REPLAN_S
            self._count(before, plan, now_s)
        load_w, solar_w = float(course.minutes.load_w[k]), float(course.minutes.solar_w[k])
        readings = Readings(at_s=now_s, grid_w=load_w - solar_w + world.power_w, solar_w=solar_w, solar_at_s=now_s)
        point = pilot.act(readings, ev_state, self._wishes, now_s)
        code = point.reason.code.value
        self.reasons[code] = self.reasons.get(code, 0) + 1
        step = pilot.plan.at(now_s) if pilot.plan is not None else None
        if step is not None:
            world.planned_w[k] = step.ev_w
        return point.power_w

    def told(self) -> dict[str, float]:
        """Figures about the plans, for the report."""
        hours = max(self.plans, 1) * REPLAN_S / 3600.0
        return {
            "plans": float(self.plans),
            "not_optimal": float(self.not_optimal),
            "changed": float(self.moved_plans),
            "moved_kwh_per_hour": self.moved_kwh / hours,
            **{f"gave_way_{kind}": float(count) for kind, count in sorted(self.gave_way.items())},
        }

    def _count(self, before: Plan | None, plan: Plan, now_s: float) -> None:
        self.plans += 1
        self.not_optimal += not plan.optimal
        for promise in plan.missed:
            self.gave_way[promise.kind.value] = self.gave_way.get(promise.kind.value, 0) + 1
        if before is not None and before.index_at(now_s) is not None:
            moved, soon = differs_kwh(before, plan, now_s)
            self.moved_kwh += moved
            self.moved_plans += soon > 0.5

    def __getstate__(self) -> dict[str, Any]:
        kept = self._kept
        if self._pilot is not None:
            p = self._pilot
            kept = (p.state, p.plan, p.planned_s, p.was_connected)
        plain = ("name", "plans", "not_optimal", "moved_kwh", "moved_plans", "gave_way", "reasons")
        return {
            **{key: getattr(self, key) for key in plain},
            "_wishes": self._wishes,
            "_wishes_day": self._wishes_day,
            "_kept": kept,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._pilot = None
        for key, value in state.items():
            setattr(self, key, value)


def differs_kwh(before: Plan, plan: Plan, now_s: float) -> tuple[float, float]:
    """Energy by which two plans' courses for the car differ: over the next twelve hours, and over the next two."""
    far_s, near_s = now_s + 12 * 3600.0, now_s + 2 * 3600.0
    grid: FloatArray = now_s + 900.0 * np.arange(48, dtype=np.float64)
    power = [_held(p, grid) for p in (before, plan)]
    gap = np.abs(power[0] - power[1]) * 0.25 / 1e3
    return float(gap[grid < far_s].sum()), float(gap[grid < near_s].sum())


def _held(plan: Plan, at_s: FloatArray) -> FloatArray:
    starts = np.array([step.start_s for step in plan.steps])
    power = np.array([step.ev_w for step in plan.steps])
    k = np.searchsorted(starts, at_s + 1.0, side="right") - 1
    return np.where(k >= 0, power[np.maximum(k, 0)], 0.0)


def steps_from(now_s: float) -> FloatArray:
    """The edges of a plan's steps: fine first, then coarser; each a multiple of its step, so that plans share them."""
    edges = [math.floor(now_s / STEPS[0][1]) * STEPS[0][1]]
    for k, (until_h, step_s) in enumerate(STEPS):
        coarser = STEPS[min(k + 1, len(STEPS) - 1)][1]
        end_s = math.ceil((edges[0] + until_h * 3600.0) / coarser) * coarser
        edges += np.arange(edges[-1] + step_s, end_s + 1.0, step_s).tolist()
    return np.array(edges)
