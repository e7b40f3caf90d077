"""A home lived through in one process: twin, forecasts, plans and dispatch, with nothing but numbers between them.

For tests and benchmarks, where the demo's wires would only cost time. Scored at the twin's own step, not at the plan's:
a plan that is scored on its own five-minute means flatters itself.
"""

from dataclasses import dataclass, field

import numpy as np

from energy.accounts import EnergyByPath, Saving, Shadow, bill_eur, saving, shadow_step, split_paths
from energy.asks import FloatArray
from energy.forecast import Forecast, History, SolarSite, forecast_load, forecast_solar
from energy.grid_events import GridEvent
from energy.horizon import make_edges
from energy.limits import Limits
from energy.model import Charger, Connection, Ev, EvState, Readings, SetPoint, Wishes
from energy.pilot import MakesPlans, Outlook, Pilot
from energy.plan.types import Promise
from energy.tariffs import Tariff
from energy.twin import HomeTwin, TwinPicture


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What is lived through."""

    connection: Connection
    charger: Charger
    ev: Ev
    wishes: Wishes
    """For the whole time: departures and absences of every day."""
    tariff: Tariff
    load_history: History
    """As measured; only what lies before a plan is shown to it."""
    solar_history: History
    site: SolarSite
    tz: str = "UTC"
    events: tuple[GridEvent, ...] = ()
    dt_s: float = 10.0
    replan_s: float = 900.0
    horizon_h: float = 30.0
    goal_soc: float = 0.8
    """Where the counterfactual's car stops charging."""
    foresight: bool = False
    """Plan with the twin's own load and sun to come: a bound on what forecasts could win."""
    blind: tuple[float, float] = (0.0, 0.0)
    """From when to when the meter is silent, POSIX s."""


@dataclass(slots=True, kw_only=True)
class Lived:
    """What came of it."""

    paths: EnergyByPath = field(default_factory=EnergyByPath)
    bill_eur: float = 0.0
    violations: list[str] = field(default_factory=list)
    """A limit passed with the car's doing for longer than dispatch and charger need to answer, one line each."""
    departures: list[tuple[float, float, float]] = field(default_factory=list)
    """(time, target, charge) of each departure that was passed."""
    plans: int = 0
    gave_way: list[Promise] = field(default_factory=list)
    turns: int = 0
    """How often the set-point went between charging, resting and discharging."""
    saving: Saving | None = None


def live(twin: HomeTwin, scene: Scene, planner: MakesPlans, start_s: float, hours: float) -> Lived:
    """Live in ``twin`` from ``start_s`` for ``hours``."""
    return _Life(twin, scene, planner, start_s).through(hours)


class _Life:
    def __init__(self, twin: HomeTwin, scene: Scene, planner: MakesPlans, start_s: float) -> None:
        self.twin, self.scene, self.planner = twin, scene, planner
        self.now_s, self.start_s = start_s, start_s
        self.lived = Lived()
        self.pilot = Pilot(
            planner=planner,
            outlook=Outlook(
                load=lambda now_s, edges: self._forecast(now_s, edges, 0),
                solar=lambda now_s, edges: self._forecast(now_s, edges, 1),
                prices=lambda now_s, edges: scene.tariff.prices(edges),
                edges=lambda now_s: make_edges(now_s, hours=scene.horizon_h, fine_hours=6.0),
            ),
            connection=scene.connection,
            charger=scene.charger,
            replan_s=scene.replan_s,
        )
        self.over_since_s: float | None = None
        self.last_sign = 0
        self.seen: Readings | None = None
        battery = twin.car.battery
        self.shadow = Shadow(
            capacity_wh=battery.capacity_wh,
            stored_wh=battery.soc * battery.capacity_wh,
            charge_max_w=min(battery.charge_max_w, scene.charger.charge_max_w),
            goal_soc=scene.goal_soc,
            import_limit_w=scene.connection.import_max_w,
        )

    def through(self, hours: float) -> Lived:
        scene, lived = self.scene, self.lived
        quarters: FloatArray = self.start_s + 900.0 * np.arange(int(hours * 4) + 2, dtype=np.float64)
        prices = scene.tariff.prices(quarters)
        charge_cost_eur = 0.0
        while self.now_s < self.start_s + hours * 3600.0:
            quarter = int((self.now_s - self.start_s) // 900.0)
            paid, earned = float(prices.import_eur_per_kwh[quarter]), float(prices.export_eur_per_kwh[quarter])
            picture = self.twin.step(self.now_s, scene.dt_s)
            self.now_s += scene.dt_s
            moved = self._book(picture, paid, earned)
            charge_cost_eur += (moved.grid_to_car_wh * paid + moved.solar_to_car_wh * earned) / 1e3
            ev_state = picture.ev_state(scene.ev)
            if self.pilot.due(self.now_s, picture.connected):
                plan = self.pilot.make_plan(ev_state, scene.wishes, self.now_s, scene.events)
                lived.plans += 1
                lived.gave_way += plan.missed
            self._act(picture, ev_state)
        battery = self.twin.car.battery
        charged_kwh = lived.paths.charged_wh / 1e3
        lived.saving = saving(
            bill_eur=lived.bill_eur,
            discharged_wh=lived.paths.discharged_wh,
            wear_eur_per_kwh=scene.ev.wear_eur_per_kwh,
            stored_wh=battery.soc * battery.capacity_wh,
            shadow=self.shadow,
            refill_eur_per_kwh=charge_cost_eur / charged_kwh
            if charged_kwh > 1
            else float(prices.import_eur_per_kwh.mean()),
        )
        return lived

    def _book(self, picture: TwinPicture, paid: float, earned: float) -> EnergyByPath:
        scene, lived = self.scene, self.lived
        moved = split_paths(load_w=picture.load_w, solar_w=picture.solar_w, ev_w=picture.ev_w, dt_s=scene.dt_s)
        lived.paths += moved
        lived.bill_eur += bill_eur(picture.grid_w, scene.dt_s, paid, earned)
        began_s = self.now_s - scene.dt_s
        trip_wh = sum(
            trip.used_wh / (trip.to_s - trip.from_s) * max(0.0, min(self.now_s, trip.to_s) - max(began_s, trip.from_s))
            for trip in self.twin.car.trips
        )
        self.shadow = shadow_step(
            self.shadow,
            load_w=picture.load_w,
            solar_w=picture.solar_w,
            connected=picture.connected,
            trip_wh=trip_wh,
            dt_s=scene.dt_s,
            import_eur_per_kwh=paid,
            export_eur_per_kwh=earned,
        )
        for departure in scene.wishes.departures:
            if began_s < departure.at_s <= self.now_s:
                lived.departures.append((departure.at_s, departure.target_soc, picture.soc))
        return moved

    def _forecast(self, now_s: float, edges: FloatArray, which: int) -> Forecast:
        scene = self.scene
        if scene.foresight:
            middles = ((edges[:-1] + edges[1:]) / 2).tolist()
            return Forecast.exact(np.array([self.twin.house.at(moment)[which] for moment in middles]))
        if which == 0:
            return forecast_load(scene.load_history, edges, now_s=now_s, tz=scene.tz)
        return forecast_solar(scene.solar_history, edges, now_s=now_s, site=scene.site, tz=scene.tz)

    def _act(self, picture: TwinPicture, ev_state: EvState) -> None:
        scene, now_s = self.scene, self.now_s
        if self.seen is None or not scene.blind[0] <= now_s < scene.blind[1]:
            self.seen = picture.readings()
        point = self.pilot.act(self.seen, ev_state, scene.wishes, now_s, scene.events)
        self.twin.command(point.power_w, now_s, point.expires_s)
        sign = (point.power_w > 0) - (point.power_w < 0)
        self.lived.turns += sign != self.last_sign
        self.last_sign = sign
        if self.pilot.limits is not None:
            self._judge(picture, self.pilot.limits, point)

    def _judge(self, picture: TwinPicture, limits: Limits, point: SetPoint) -> None:
        """One tick and the charger's delay are what it takes to answer a jump of the house; longer is a violation."""
        over = picture.ev_w > 0 and picture.grid_w > limits.import_w.value
        over |= picture.ev_w < 0 and -picture.grid_w > limits.export_w.value
        self.over_since_s = (self.over_since_s or self.now_s) if over else None
        if self.over_since_s is not None and self.now_s - self.over_since_s > 2 * self.scene.dt_s:
            at, code = self.now_s, point.reason.code
            self.lived.violations.append(
                f"{at:.0f} s: grid {picture.grid_w:.0f} W with the car at {picture.ev_w:.0f} W ({code})"
            )
