"""Forecasts, plan and dispatch joined as the engine joins them, with nothing but numbers between them.

What ``simulate`` lives through at seconds and ``backtest`` at minutes is decided here, by the same planner, the same
forecasts' form and the same dispatch that run a home.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from energy.asks import FloatArray
from energy.dispatch import DispatchConfig, DispatchState, dispatch
from energy.forecast import Forecast
from energy.grid_events import GridEvent
from energy.limits import Limits, gather
from energy.model import Charger, Connection, EvState, Plug, Readings, Risk, SetPoint, Wishes
from energy.plan.types import Plan, PlanInput
from energy.tariffs import Prices


class MakesPlans(Protocol):
    """``energy.plan.Planner``, or anything like it."""

    def solve(self, inp: PlanInput) -> Plan:
        """A plan."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What can be known of the steps to come at some moment: ``(now_s, edges_s)`` gives each."""

    load: Callable[[float, FloatArray], Forecast]
    solar: Callable[[float, FloatArray], Forecast]
    prices: Callable[[float, FloatArray], Prices]
    edges: Callable[[float], FloatArray]


@dataclass(slots=True, kw_only=True)
class Pilot:
    """One home's decisions over time."""

    planner: MakesPlans
    outlook: Outlook
    connection: Connection
    charger: Charger
    risk: Risk = Risk.BALANCED
    config: DispatchConfig = field(default_factory=DispatchConfig)
    replan_s: float = 900.0
    state: DispatchState = field(default_factory=DispatchState)
    plan: Plan | None = None
    planned_s: float = float("-inf")
    limits: Limits | None = None
    """What held at the last command."""
    _limits_of: tuple[object, ...] = ()
    was_connected: bool = False
    """When the last plan was made."""

    def due(self, now_s: float, connected: bool) -> bool:
        """Is it time for a new plan: the old one's age, or a car that came or went?"""
        return now_s >= self.planned_s + self.replan_s or connected != self.was_connected

    def make_plan(self, ev_state: EvState, wishes: Wishes, now_s: float, events: Sequence[GridEvent] = ()) -> Plan:
        """Plan anew from what is known now."""
        edges = self.outlook.edges(now_s)
        prices = self.outlook.prices(now_s, edges)
        self.plan = self.planner.solve(
            PlanInput(
                now_s=now_s,
                edges_s=edges,
                load=self.outlook.load(now_s, edges),
                solar=self.outlook.solar(now_s, edges),
                import_eur_per_kwh=prices.import_eur_per_kwh,
                export_eur_per_kwh=prices.export_eur_per_kwh,
                connection=self.connection,
                plugs=(Plug(charger=self.charger, ev_state=ev_state, wishes=wishes),),
                events=tuple(events),
                previous=self.plan,
                risk=self.risk,
            )
        )
        self.planned_s = now_s
        self.was_connected = ev_state.connected
        return self.plan

    def act(
        self, readings: Readings, ev_state: EvState, wishes: Wishes, now_s: float, events: Sequence[GridEvent] = ()
    ) -> SetPoint:
        """The set-point for now."""
        # Without events the limits hang on these alone; a year asks for them half a million times.
        same = (ev_state.connected, ev_state.can_charge, ev_state.can_discharge, wishes) if not events else ()
        if self.limits is None or not same or same != self._limits_of:
            self.limits = gather(
                connection=self.connection,
                charger=self.charger,
                ev_state=ev_state,
                wishes=wishes,
                events=events,
                now_s=now_s,
            )
            self._limits_of = same
        point, self.state = dispatch(
            self.state,
            readings=readings,
            ev_state=ev_state,
            plan=self.plan,
            limits=self.limits,
            wishes=wishes,
            now_s=now_s,
            config=self.config,
        )
        return point
