"""Bad input of every kind, as a table: what is said, or what is planned all the same.

``REFUSED``: numbers that cannot be planned with; one sentence names them. ``STRANGE``: what can be planned with though
nobody meant it; the plan keeps every limit (``plan_judge``) and says which promise gives way. What the engine puts in
the place of a missing or frozen source is proved with the engine; here forecasts and prices alone are looked at.
"""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from plan_judge import broken

from energy.forecast import Basis, Forecast, History, Scenario, clean, forecast_load, forecast_solar
from energy.forecast.sun import SolarSite
from energy.grid_events import EventInterval, GridEvent, GridEventKind
from energy.horizon import make_edges
from energy.model import (
    Absence,
    BatteryState,
    Connection,
    Departure,
    HeatTank,
    HomeBattery,
    ShiftableLoad,
    SolarArray,
    TankState,
    Wishes,
)
from energy.plan import ArrayForecast, CapacityBand, PeakCharge, PlanInputError, Planner, PromiseKind, Terms
from energy.tariffs import DayAhead, NoPrices, TariffError, parse_prices

HOUR = 3600.0
STEPS = 48
NONE, INF = float("nan"), float("inf")
ZERO = np.zeros(STEPS)
_PLANNER = Planner()


def half_hours(home, **changes):
    return home.plan_input(edges_s=home.now_s + 1800.0 * np.arange(STEPS + 1), **changes)


def charger(**fields):
    return lambda home: {"charger": replace(home.charger, **fields)}


def car(soc=0.5, **fields):
    return lambda home: {"ev_state": home.ev_state(ev=replace(home.ev, **fields), soc=soc)}


def wish(**fields):
    """Times in hours from now."""

    def build(home):
        at = {
            "departures": lambda rows: tuple(Departure(at_s=home.now_s + h * HOUR, target_soc=soc) for h, soc in rows),
            "absences": lambda rows: tuple(
                Absence(from_s=home.now_s + a * HOUR, to_s=home.now_s + b * HOUR, used_wh=wh) for a, b, wh in rows
            ),
            "boost_until_s": lambda h: home.now_s + h * HOUR,
        }
        return {"wishes": Wishes(**{name: at.get(name, lambda v: v)(value) for name, value in fields.items()})}

    return build


def battery(soc=0.5, **fields):
    pack = HomeBattery(battery_id="b", capacity_wh=10_000.0, charge_max_w=3000.0, discharge_max_w=3000.0)
    return {"batteries": (BatteryState(battery=replace(pack, **fields), soc=soc),)}


def tank(stored_share=0.5, demand_w=(), **fields):
    hot = HeatTank(tank_id="t", power_max_w=2000.0, capacity_wh=5000.0)
    return {"tanks": (TankState(tank=replace(hot, **fields), stored_share=stored_share, demand_w=demand_w),)}


def load(**fields):
    latest_h = fields.pop("within_h", 10)

    def build(home):
        at_s = home.now_s
        wash = ShiftableLoad(load_id="l", power_w=(2000.0,), earliest_s=at_s, latest_s=at_s + latest_h * HOUR)
        return {"loads": (replace(wash, **fields),)}

    return build


def scenario(**fields):
    return {"scenarios": (Scenario(**({"load_w": ZERO, "solar_w": ZERO, "probability": 1.0} | fields)),)}


def peak(**fields):
    charge = PeakCharge(**({"eur_per_kw": 5.0, "so_far_w": 0.0, "until_s": 1e12} | fields))
    return {"terms": Terms(peaks=(charge,))}


def roof(solar):
    return {"arrays": (ArrayForecast(array=SolarArray(array_id="a", peak_w=1.0, curtailable=True), solar=solar),)}


def events(*asked):
    """(kind, from hour, to hour, value)."""

    def build(home):
        return {
            "events": tuple(
                GridEvent(
                    event_id=f"e{k}",
                    source="utility",
                    kind=kind,
                    intervals=(EventInterval(start_s=home.now_s + a * HOUR, end_s=home.now_s + b * HOUR, value=value),),
                )
                for k, (kind, a, b, value) in enumerate(asked)
            )
        }

    return build


REFUSED = {
    "no import price": ({"price": NONE}, "The import price has no number at step 0"),
    "endless export price": ({"pay": INF}, "The export price has no number"),
    "no load forecast": ({"load_w": NONE}, "The load forecast has no number"),
    "endless sun": ({"solar_w": INF}, "The solar forecast has no number"),
    "CO2 for other steps": ({"co2_g_per_kwh": ZERO[:5]}, "The CO2 of the grid has 5 values for 48 steps"),
    "an array without a forecast": (roof(Forecast.exact(ZERO + NONE)), "The solar forecast of a has no number"),
    "a scenario for other steps": (scenario(load_w=ZERO[:3]), "The load of the scenario 0 has 3 values"),
    "a scenario of no chance": (scenario(probability=NONE), "probability of the scenario is no number"),
    "no time": ({"now_s": NONE}, "The present time is nan"),
    "a time zone on Mars": ({"tz": "Mars/Base"}, "No time zone is called 'Mars/Base'"),
    "a car fuller than full": (car(soc=1.4), "The state of charge is 1.4"),
    "a charge that is no number": (car(soc=NONE), "The state of charge is nan"),
    "a car of no number": (car(capacity_wh=NONE), "capacity_wh of the car is no number"),
    "an endless car": (car(capacity_wh=INF), "The car's capacity_wh is inf"),
    "wear that pays": (car(wear_eur_per_kwh=-1.0), "The car's wear_eur_per_kwh is -1"),
    "an endless charger": (charger(charge_max_w=INF), "The charger's charge_max_w is inf"),
    "a charger that takes back": (charger(discharge_max_w=-5.0), "The charger's discharge_max_w is -5"),
    "a charger that loses all": (charger(charge_efficiency=0.0), "The charger's efficiencies"),
    "a curve that loses all": (charger(charge_curve=((0.0, 0.0), (9e3, 0.0))), "efficiency curves must rise"),
    "a curve backwards": (charger(discharge_curve=((9e3, 0.9), (0.0, 0.5))), "efficiency curves must rise"),
    "a target of no number": (wish(departures=[(2, NONE)]), "target_soc of the departure is no number"),
    "an endless target": (wish(departures=[(2, INF)]), "The departure's target_soc is inf"),
    "a trip that charges": (wish(absences=[(2, 4, -9000.0)]), "The absence's used_wh is -9000"),
    "a reserve below nothing": (wish(reserve_soc=-0.1), "The wishes' reserve_soc is -0.1"),
    "a battery fuller than full": (battery(soc=1.7), "The state of charge of the battery b is 1.7"),
    "two batteries of one name": ({"batteries": battery()["batteries"] * 2}, "Two batteries are called 'b'"),
    "two tanks of one name": ({"tanks": tank()["tanks"] * 2}, "Two tanks are called 't'"),
    "a house that takes less than nothing": ({"load_w": -500.0}, "The load forecast is -500 W"),
    "a battery below nothing": (battery(capacity_wh=-5.0), "The battery b's capacity_wh is -5"),
    "a battery that loses all": (battery(discharge_efficiency=0.0), "The battery b's efficiencies"),
    "a tank's demand for other steps": (tank(demand_w=(1.0, 2.0)), "The demand of the tank t has 2 values"),
    "a tank that gives no heat": (tank(heat_per_electric=0.0), "heat_per_electric of the tank t is 0"),
    "a tank of no number": (tank(stored_share=NONE), "What the tank t holds is nan"),
    "a load without power": (load(power_w=()), "power_w of the load l must be"),
    "a load in slots of nothing": (load(slot_s=0.0), "slot_s of the load l is 0"),
    "an endless load": (load(run_h=INF), "run_h of the load l is inf"),
    "a peak over nothing": (peak(average_s=0.0), "means over 0.0 s"),
    "a peak of no price": (peak(eur_per_kw=NONE), "eur_per_kw of the peak charge is no number"),
    "a band of no power": (
        {"terms": Terms(bands=(CapacityBand(above_w=NONE, eur_per_kwh=1.0),))},
        "above_w of",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_planned_with_is_named(home, name):
    change, sentence = REFUSED[name]
    with pytest.raises(PlanInputError) as refused:
        _PLANNER.solve(half_hours(home, **(change(home) if callable(change) else change)))
    assert sentence in str(refused.value)
    assert str(refused.value).endswith(".")


_K, _P = GridEventKind, PromiseKind
STRANGE = {
    "prices beyond all reason": ({"price": 1e6}, set()),
    "prices far below zero": ({"price": -1e4, "pay": -1e4}, set()),
    "pay far above the price": ({"pay": 50.0}, set()),
    "a departure in the past": (wish(departures=[(-3, 0.9)]), set()),
    "a departure now": (wish(departures=[(0, 0.9)]), set()),
    "a departure beyond the horizon": (wish(departures=[(90, 1.0)]), set()),
    "a departure at no time": (wish(departures=[(INF, 1.0)]), set()),
    "a departure in five minutes": (wish(departures=[(0.09, 0.9)]), {_P.DEPARTURE}),
    "more than full": (wish(departures=[(20, 1.3)]), {_P.DEPARTURE}),
    "two departures that contradict": (wish(departures=[(9, 0.9), (9, 0.2)]), set()),
    "a reserve above the battery": (wish(reserve_soc=3.0), {_P.RESERVE}),
    "a trip longer than the battery": (wish(absences=[(4, 9, 500_000.0)]), {_P.TRIP}),
    "trips one in the other": (wish(absences=[(4, 9, 9000.0), (5, 8, 9000.0)]), set()),
    "a return before the start": (wish(absences=[(9, 4, 9000.0)]), set()),
    "a boost without end": (wish(boost_until_s=INF), set()),
    "a car a little fuller than full": (car(soc=1.005), set()),
    "a car emptier than it may be": (car(soc=0.0, soc_min=0.3), {_P.RESERVE}),
    "a car whose bounds are swapped": (car(soc_min=0.9, soc_max=0.2), set()),
    "a car without a battery": (car(capacity_wh=0.0), set()),
    "a charger that needs more than it can": (charger(charge_min_w=99_000.0), set()),
    "a charger on nine phases": (charger(phases=9, on_phases=(7, 8)), set()),
    "no fuse": ({"connection": Connection(phases=3, fuse_a=0.0)}, set()),
    "a house above its fuse": ({"load_w": 30_000.0}, {_P.IMPORT_LIMIT}),
    "no import and no export": (events((_K.IMPORT_LIMIT, 0, 24, 0.0), (_K.EXPORT_LIMIT, 0, 24, 0.0)), set()),
    "limits that contradict": (events((_K.IMPORT_LIMIT, 0, 9, 9000.0), (_K.IMPORT_LIMIT, 0, 9, 1000.0)), set()),
    "a limit below nothing": (events((_K.CHARGE_LIMIT, 0, 24, -5000.0)), set()),
    "a limit of no number": (events((_K.IMPORT_LIMIT, 0, 24, NONE)), set()),
    "set-points that contradict": (
        events((_K.EV_SETPOINT, 1, 2, 11_000.0), (_K.EV_SETPOINT, 1, 2, -9000.0)),
        set(),
    ),
    "a set-point above every limit": (events((_K.SITE_SETPOINT, 1, 2, 90_000.0)), {_P.EVENT_SETPOINT}),
    "an event that ends before it begins": (events((_K.IMPORT_LIMIT, 5, 2, 0.0)), set()),
    "a charge that nobody can reach": (events((_K.SOC_SETPOINT, 0, 0.5, 1.0)), {_P.EVENT_SOC}),
    "a battery without a reading": (battery(soc=None), set()),
    "a battery that needs more than full": (battery(reserve_soc=2.0), {_P.RESERVE}),
    "a tank without a size": (tank(capacity_wh=0.0), set()),
    "a tank that is asked for too much": (tank(demand_w=(9000.0,) * STEPS), {_P.COMFORT}),
    "a load whose time is over": (load(within_h=-2), {_P.LOAD}),
    "a load that does not fit": (load(within_h=1, run_h=4.0), {_P.LOAD}),
    "an array above the whole roof": (roof(Forecast.exact(ZERO + 5000.0)), set()),
    "a peak's period that is over": (peak(until_s=0.0), set()),
}


@pytest.mark.parametrize("name", STRANGE)
def test_what_nobody_meant_is_planned_all_the_same(home, name):
    change, missed = STRANGE[name]
    inp = half_hours(home, **(change(home) if callable(change) else change))
    plan = _PLANNER.solve(inp)
    assert plan.optimal, plan.notes
    assert broken(inp, plan) == []
    assert np.isfinite(plan.money.planned_eur)
    assert missed <= {promise.kind for promise in plan.missed}
    if not missed:
        assert {promise.kind for promise in plan.missed} <= {_P.RESERVE, _P.EXPORT_LIMIT}


def test_the_sentence_about_an_unknown_charge(home):
    assert "taken as empty" in _PLANNER.solve(half_hours(home, ev_state=home.ev_state(soc=None))).notes[0]
    assert "left alone" in _PLANNER.solve(half_hours(home, **battery(soc=None))).notes[0]


def test_a_late_solver_leaves_the_simple_rule_and_recovers_by_itself(home):
    departure = Departure(at_s=home.now_s + 12 * HOUR, target_soc=0.8)
    inp = half_hours(home, price=np.linspace(0.1, 0.4, STEPS), wishes=Wishes(departures=(departure,)))
    late = _PLANNER.solve(replace(inp, time_limit_s=0.0))
    assert not late.optimal
    assert "it took longer than 0 s" in late.notes[0]
    assert late.missed == ()
    assert broken(inp, late) == []
    again = _PLANNER.solve(replace(inp, previous=late))
    assert again.optimal
    assert again.notes == ()
    assert again.money.planned_eur <= late.money.planned_eur + 1e-6


@pytest.mark.parametrize(("day", "hours"), [("2024-03-31", 23), ("2024-10-27", 25)])
def test_days_that_lose_or_gain_an_hour(home, day, hours):
    zone = ZoneInfo("Europe/Amsterdam")
    start_s = datetime.fromisoformat(day).replace(tzinfo=zone).timestamp()
    edges = make_edges(start_s, hours=hours, fine_hours=hours, step_s=900)
    assert datetime.fromtimestamp(edges[-1], zone).hour == 0
    morning = Departure(at_s=start_s + (hours - 16) * HOUR, target_soc=0.8)
    assert datetime.fromtimestamp(morning.at_s, zone).hour == 8
    price = np.linspace(0.1, 0.4, len(edges) - 1)
    inp = replace(
        home.plan_input(edges_s=edges, price=price, wishes=Wishes(departures=(morning,))),
        now_s=start_s,
        tz="Europe/Amsterdam",
        terms=Terms(peaks=(PeakCharge(eur_per_kw=5.0, so_far_w=0.0, until_s=1e12, hours=((7.0, 9.0),)),)),
    )
    plan = _PLANNER.solve(inp)
    assert plan.optimal
    assert plan.missed == ()
    assert broken(inp, plan) == []


def past(home, days=20):
    """Half hours of an ordinary house until now."""
    at_s = home.now_s - 1800.0 * np.arange(days * 48, 0, -1)
    return at_s, 300 + 900 * np.exp(-((((at_s / HOUR) % 24) - 19) ** 2)) + 20 * np.sin(at_s)


def frozen(power):
    power[-200:] = 431.0


def absurd(power):
    power[100] = 4e6


def below_zero(power):
    power[50:60] = -3000.0


def full_of_holes(power):
    power[::3] = np.nan


def endless(power):
    power[7] = np.inf


HISTORIES = {
    "frozen": (frozen, "stood still"),
    "absurd": (absurd, "were higher than can be"),
    "below zero": (below_zero, "were below zero"),
    "full of holes": (full_of_holes, ""),
    "endless": (endless, ""),
}


@pytest.mark.parametrize("name", HISTORIES)
def test_readings_that_cannot_be_are_left_out_and_said(home, name):
    spoil, sentence = HISTORIES[name]
    at_s, power = past(home)
    good = forecast_load(History(at_s, power.copy()), home.plan_input().edges_s, now_s=home.now_s)
    spoil(power)
    _, notes = clean(History(at_s, power))
    assert [note.sentence("load") for note in notes if sentence in note.sentence("load")] or not sentence
    made = forecast_load(History(at_s, power), home.plan_input().edges_s, now_s=home.now_s)
    assert sane(made)
    assert np.abs(made.mean_w - good.mean_w).mean() < 150.0
    assert _PLANNER.solve(replace(home.plan_input(), load=made)).optimal


@pytest.mark.parametrize(
    "history",
    [
        None,
        History(np.array([]), np.array([])),
        History(np.array([0.0]), np.array([500.0])),
        History(1e12 + 1800.0 * np.arange(500), np.full(500, 300.0)),
        History(1.6e9 + 1800.0 * np.arange(500), np.full(500, np.nan)),
    ],
    ids=["none", "empty", "one reading long ago", "readings of the future", "only holes"],
)
def test_without_readings_a_typical_house_and_sun_stand_in(home, history):
    edges = home.plan_input().edges_s
    made = forecast_load(history, edges, now_s=home.now_s)
    assert sane(made)
    assert made.basis is Basis.DEFAULT
    site = SolarSite(peak_w=5000.0, latitude_deg=52.0, longitude_deg=5.0)
    sun = forecast_solar(history, edges, now_s=home.now_s, site=site)
    assert sane(sun)
    assert _PLANNER.solve(replace(home.plan_input(), load=made, solar=sun)).optimal


def sane(forecast):
    """Numbers, none negative, quantiles in order."""
    rows = np.stack([forecast.p10_w, forecast.p50_w, forecast.p90_w])
    return bool(
        np.isfinite(rows).all()
        and np.isfinite(forecast.mean_w).all()
        and rows.min() >= 0
        and (np.diff(rows, axis=0) >= -1e-9).all()
    )


PRICES = {
    "no prices": ("time_utc,price_eur_per_mwh\n", "there is no price"),
    "no columns": ("when,what\n1,2\n", "the first line must name time_utc"),
    "no number": ("time_utc,price_eur_per_mwh\n2024-06-10T00:00:00Z,dear\n", "dear"),
    "no time": ("time_utc,price_eur_per_mwh\nyesterday,85\n", "yesterday"),
    "beyond reason": ("time_utc,price_eur_per_kwh\n2024-06-10T00:00:00Z,85000\n", "cannot be true"),
}


@pytest.mark.parametrize("name", PRICES)
def test_prices_that_cannot_be_are_refused_by_their_line(name):
    text, sentence = PRICES[name]
    with pytest.raises(TariffError) as refused:
        parse_prices(text)
    assert sentence in str(refused.value)


def test_late_prices_are_expected_from_the_last_days_and_old_ones_refused(home):
    """Prices until tonight: the days beyond are an expectation and said to be one; weeks-old ones are none."""
    hours = home.now_s - 5 * 24 * HOUR + HOUR * np.arange(5 * 24 + 8)
    rows = [f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ},{80 + at % 7}" for at in hours]
    tariff = DayAhead(series=parse_prices("\n".join(["time_utc,price_eur_per_mwh", *rows])))
    prices = tariff.prices(make_edges(home.now_s, hours=36))
    assert np.isfinite(prices.import_eur_per_kwh).all()
    assert prices.known_until_s == pytest.approx(home.now_s + 8 * HOUR)
    with pytest.raises(NoPrices, match="weeks old"):
        tariff.prices(make_edges(home.now_s + 60 * 24 * HOUR, hours=36))
