"""A whole day of a real house: twin, forecasts, plans and dispatch together, and no limit broken."""

import csv
import io
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from energy.accounts import EnergyByPath, Shadow, bill_eur, saving, shadow_step, split_paths
from energy.dispatch import DispatchState, dispatch
from energy.forecast import History, SolarSite, forecast_load, forecast_solar
from energy.grid_events import GridEventKind
from energy.horizon import make_edges
from energy.limits import gather
from energy.model import Absence, Charger, Departure, Readings, Wishes
from energy.plan import PlanInput
from energy.tariffs import DayAhead, Markup, parse_prices
from energy.twin import Battery, CarTwin, GridTwin, HomeTwin, HouseSeries, PowerStage, Trip

DATA = Path(__file__).parents[1] / "data" / "energy"
NOON = datetime(2024, 9, 10, 12, tzinfo=UTC).timestamp()
HOUR = 3600.0
TZ = "Europe/Paris"


def house_columns():
    """Times, load and solar of the real house; empty is NaN."""
    rows = list(csv.DictReader(io.StringIO((DATA / "house_fr_week_2024-09.csv").read_text())))
    at_s = np.array([datetime.fromisoformat(row["time_utc"]).timestamp() for row in rows])
    load, solar = (np.array([float(row[c]) if row[c] else np.nan for row in rows]) for c in ("load_w", "pv_w"))
    return at_s, load, solar


@dataclass
class Day:
    """What a simulated day left behind."""

    paths: EnergyByPath = field(default_factory=EnergyByPath)
    bill_eur: float = 0.0
    violations: list = field(default_factory=list)
    departures: list = field(default_factory=list)
    plans: int = 0
    missed: list = field(default_factory=list)
    turns: int = 0
    saving: object = None


def live(home, planner, *, hours=24.0, dt_s=10.0, events=(), blind_s=(0.0, 0.0), fuse_a=25.0, charge_min_w=0.0):
    """Run the home; ``blind_s`` is a stretch in which the meter is silent."""
    at_s, load, solar = house_columns()
    series = parse_prices((DATA / "prices_nl_2024-09.csv").read_text())
    tariff = DayAhead(series=series, markup=Markup(fees_eur_per_kwh=0.10, tax=0.21, export_fees_eur_per_kwh=0.02))
    by_hour = tariff.prices(NOON + HOUR * np.arange(26))
    paid_by_hour, earned_by_hour = by_hour.import_eur_per_kwh, by_hour.export_eur_per_kwh
    connection = type(home.connection)(phases=3, fuse_a=fuse_a, export_limit_w=10_000.0)
    charger = Charger(
        charger_id="c1", phases=3, charge_max_w=11_000.0, discharge_max_w=10_000.0, charge_min_w=charge_min_w
    )
    seven = NOON + 19 * HOUR
    trip = Trip(from_s=seven, to_s=seven + 10 * HOUR, used_wh=9000.0)
    wishes = Wishes(
        departures=(Departure(at_s=seven, target_soc=0.8),),
        absences=(Absence(from_s=trip.from_s, to_s=trip.to_s, used_wh=trip.used_wh),),
    )
    twin = HomeTwin(
        car=CarTwin(battery=Battery(capacity_wh=60_000.0, soc=0.45), trips=(trip,)),
        stage=PowerStage(charge_min_w=charge_min_w, delay_s=2.0),
        house=HouseSeries.of(float(at_s[0]), 1800.0, load, solar),
        grid=GridTwin(seed=1),
    )
    shadow = Shadow(capacity_wh=60_000.0, stored_wh=27_000.0, charge_max_w=11_000.0, goal_soc=0.8)
    site = SolarSite(peak_w=5000.0, latitude_deg=45.0, longitude_deg=3.0)
    day, state, plan, last_sign = Day(), DispatchState(), None, 0
    now_s, over_since, seen = NOON, None, None
    while now_s < NOON + hours * HOUR:
        picture = twin.step(now_s, dt_s)
        now_s += dt_s
        ev_state = picture.ev_state(home.ev)
        hour = int((now_s - dt_s - NOON) // HOUR)
        paid, earned = float(paid_by_hour[hour]), float(earned_by_hour[hour])
        day.paths += split_paths(load_w=picture.load_w, solar_w=picture.solar_w, ev_w=picture.ev_w, dt_s=dt_s)
        day.bill_eur += bill_eur(picture.grid_w, dt_s, paid, earned)
        away_s = max(0.0, min(now_s, trip.to_s) - max(now_s - dt_s, trip.from_s))
        shadow = shadow_step(
            shadow,
            load_w=picture.load_w,
            solar_w=picture.solar_w,
            connected=picture.connected,
            trip_wh=trip.used_wh * away_s / (trip.to_s - trip.from_s),
            dt_s=dt_s,
            import_eur_per_kwh=paid,
            export_eur_per_kwh=earned,
        )
        if round(now_s - NOON) % 900 < dt_s or plan is None:
            edges = make_edges(now_s, hours=30, fine_hours=6)
            prices = tariff.prices(edges)
            known = at_s < now_s
            plan = planner.solve(
                PlanInput(
                    now_s=now_s,
                    edges_s=edges,
                    load=forecast_load(History(at_s[known], load[known]), edges, now_s=now_s, tz=TZ),
                    solar=forecast_solar(History(at_s[known], solar[known]), edges, now_s=now_s, tz=TZ, site=site),
                    import_eur_per_kwh=prices.import_eur_per_kwh,
                    export_eur_per_kwh=prices.export_eur_per_kwh,
                    connection=connection,
                    charger=charger,
                    ev_state=ev_state,
                    wishes=wishes,
                    events=events,
                    previous=plan,
                )
            )
            day.plans += 1
            day.missed += plan.missed
        limits = gather(
            connection=connection, charger=charger, ev_state=ev_state, wishes=wishes, events=events, now_s=now_s
        )
        readings = picture.readings()
        if blind_s[0] <= now_s - NOON < blind_s[1]:
            readings = seen or Readings(at_s=NOON)
        seen = readings
        point, state = dispatch(
            state, readings=readings, ev_state=ev_state, plan=plan, limits=limits, wishes=wishes, now_s=now_s
        )
        twin.command(point.power_w, now_s, point.expires_s)
        # Dispatch may take one tick and the charger its delay to answer a jump of the house; no longer.
        car_over = picture.ev_w > 0 and picture.grid_w > limits.import_w.value
        car_over |= picture.ev_w < 0 and -picture.grid_w > limits.export_w.value
        over_since = (over_since or now_s) if car_over else None
        if over_since is not None and now_s - over_since > 2 * dt_s:
            day.violations.append((now_s - NOON, picture.grid_w, picture.ev_w, point))
        sign = int(np.sign(round(point.power_w)))
        day.turns += sign != last_sign
        last_sign = sign
        if abs(now_s - seven) < dt_s / 2:
            day.departures.append(picture.soc)
    day.saving = saving(
        bill_eur=day.bill_eur,
        discharged_wh=day.paths.discharged_wh,
        wear_eur_per_kwh=home.ev.wear_eur_per_kwh,
        stored_wh=twin.car.battery.soc * 60_000.0,
        shadow=shadow,
        refill_eur_per_kwh=0.22,
    )
    return day


def test_a_day_keeps_its_promises_and_saves(home, planner):
    day = live(home, planner)
    assert day.violations == []
    assert day.departures
    assert day.departures[0] >= 0.8 - 0.01
    assert day.missed == []
    assert day.saving.saved_eur > 0.5
    assert day.paths.car_to_house_wh > 1000
    assert day.turns < 60


def test_a_small_fuse_and_a_least_power_are_kept_too(home, planner):
    day = live(home, planner, fuse_a=16.0, charge_min_w=4140.0, hours=20.0)
    assert day.violations == []
    assert day.departures[0] >= 0.8 - 0.02


def test_a_grid_limit_in_the_night_is_kept_and_the_target_still_met(home, planner, event):
    asked = event(GridEventKind.IMPORT_LIMIT, NOON + 11 * HOUR, NOON + 15 * HOUR, 4200.0)
    day = live(home, planner, events=(asked,), hours=20.0)
    assert day.violations == []
    assert day.departures[0] >= 0.8 - 0.01


def test_a_blind_meter_breaks_nothing(home, planner):
    day = live(home, planner, blind_s=(10 * HOUR, 14 * HOUR), hours=16.0)
    assert day.violations == []


def test_an_evening_by_the_second(home, planner):
    day = live(home, planner, dt_s=1.0, hours=2.0)
    assert day.violations == []
    assert day.turns <= 4
