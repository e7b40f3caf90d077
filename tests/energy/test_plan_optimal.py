"""Plans against the exact answer of a mixed-integer programme of its own (``plan_exact``), on small random homes."""

from dataclasses import replace

import numpy as np
import plan_exact
import pytest
from scipy import sparse

from energy.forecast import Forecast
from energy.model import (
    BatteryState,
    Departure,
    HomeBattery,
    Plug,
    ShiftableLoad,
    SolarArray,
    Wishes,
)
from energy.plan import ArrayForecast, PeakCharge, Planner, Terms
from energy.plan.prepare import prepare

HOUR = 3600.0
STEPS = 24


_PLANNER = Planner()


def small_home(home, seed, *, least_w=0.0, negative=False, second=False, battery=False, load=False, sun=True, peak=0.0):
    """A day by hours; every car must be full to its most at the end, so that only the battery's end has a worth."""
    rng = np.random.default_rng(seed)
    edges = home.now_s + HOUR * np.arange(STEPS + 1)
    hours = (edges[:-1] / HOUR) % 24
    price = 0.20 + 0.15 * rng.random(STEPS)
    if negative:
        price = price - 0.4 * (rng.random(STEPS) < 0.25)
    ev = replace(home.ev, soc_min=0.1, soc_max=0.9, taper_from_soc=1.0)
    plugs = []
    for k in range(1 + second):
        departures = (
            Departure(at_s=home.now_s + 15 * HOUR, target_soc=0.7),
            Departure(at_s=float(edges[-1]), target_soc=0.9),
        )
        plugs.append(
            Plug(
                charger=replace(home.charger, charger_id=f"c{k}", charge_min_w=least_w),
                ev_state=home.ev_state(ev=ev, soc=float(rng.uniform(0.3, 0.6))),
                wishes=Wishes(departures=departures, reserve_soc=0.1),
            )
        )
    pack = HomeBattery(battery_id="b", capacity_wh=10_000.0, charge_max_w=4000.0, discharge_max_w=4000.0, soc_min=0.1)
    work = ShiftableLoad(
        load_id="l",
        power_w=(2000.0, 500.0, 1000.0),
        slot_s=HOUR,
        earliest_s=home.now_s + 2 * HOUR,
        latest_s=home.now_s + 20 * HOUR,
    )
    sunshine = sun * 6000 * rng.uniform(0.3, 1) * np.clip(np.cos((hours - 13) / 7 * np.pi / 2), 0, 1)
    roof = ArrayForecast(
        array=SolarArray(array_id="a", peak_w=8000.0, curtailable=True), solar=Forecast.exact(sunshine)
    )
    inp = home.plan_input(
        edges_s=edges,
        price=price,
        pay=price - 0.1,
        load_w=300 + 900 * rng.random(STEPS),
        solar_w=sunshine,
        batteries=(BatteryState(battery=pack, soc=0.5),) * battery,
        loads=(work,) * load,
        arrays=(roof,) * negative,
        terms=Terms(peaks=(PeakCharge(eur_per_kw=peak, so_far_w=2000.0, until_s=1e12),) * (peak > 0)),
    )
    return replace(inp, plugs=tuple(plugs))


def exact_cost(inp):
    """The same home for the exact programme; what a stored kWh is worth at the end is a given of both."""
    dt_h = np.diff(inp.edges_s) / HOUR
    house = (inp.load.mean_w - inp.solar.mean_w) / 1e3
    limits = inp.connection
    model = plan_exact.Exact(
        dt_h,
        house,
        inp.import_eur_per_kwh,
        inp.export_eur_per_kwh,
        np.full(len(dt_h), limits.import_max_w / 1e3),
        np.full(len(dt_h), limits.export_max_w / 1e3),
    )
    worths = [store.end_value for store in prepare(inp).stores]
    for k, plug in enumerate(inp.plugs):
        charger, ev = plug.charger, plug.ev_state.ev
        capacity = ev.capacity_wh / 1e3
        floor = np.full(len(dt_h), ev.soc_min * capacity)
        for departure in plug.wishes.departures:
            node = int(np.searchsorted(inp.edges_s, departure.at_s + 1)) - 2
            floor[node] = departure.target_soc * capacity
        cell = plan_exact.Cell(
            start=plug.ev_state.soc * capacity,
            floor=floor,
            top=ev.soc_max * capacity,
            charge_max=np.full(len(dt_h), charger.charge_max_w / 1e3),
            discharge_max=np.full(len(dt_h), charger.discharge_max_w / 1e3),
            charge_min=charger.charge_min_w / 1e3,
            wear=ev.wear_eur_per_kwh,
            end_value=worths[k],
        )
        model.cell(f"car{k}", cell)
    for k, state in enumerate(inp.batteries):
        battery = state.battery
        capacity = battery.capacity_wh / 1e3
        cell = plan_exact.Cell(
            start=state.soc * capacity,
            floor=np.full(len(dt_h), battery.soc_min * capacity),
            top=battery.soc_max * capacity,
            charge_max=np.full(len(dt_h), battery.charge_max_w / 1e3),
            discharge_max=np.full(len(dt_h), battery.discharge_max_w / 1e3),
            wear=battery.wear_eur_per_kwh,
            end_value=worths[len(inp.plugs) + k],
        )
        model.cell(f"battery{k}", cell)
    for k, load in enumerate(inp.loads):
        starts = [
            t
            for t, at_s in enumerate(inp.edges_s)
            if load.earliest_s <= at_s and at_s + len(load.power_w) * HOUR <= load.latest_s
        ]
        profiles = np.zeros((len(starts), len(dt_h)))
        for row, t in zip(profiles, starts, strict=True):
            row[t : t + len(load.power_w)] = np.array(load.power_w) / 1e3
        model.run(f"load{k}", profiles)
    if any(part.array.curtailable for part in inp.arrays):
        model.curtail(inp.solar.mean_w / 1e3)
    for peak in inp.terms.peaks:
        model.peak(sparse.identity(len(dt_h)), peak.eur_per_kw, peak.so_far_w / 1e3)
    return model.solve()


def gaps(home, seeds, **kind):
    """What each plan costs above the exact answer, as a share of all that its bills turn over."""
    found = []
    for seed in seeds:
        inp = small_home(home, seed, **kind)
        plan = _PLANNER.solve(inp)
        assert plan.optimal
        assert plan.missed == ()
        best = exact_cost(inp)
        grid = np.array([step.grid_w for step in plan.steps]) / 1e3
        turnover = float((np.abs(grid) * inp.import_eur_per_kwh.clip(0.05)).sum())
        found.append((plan.money.planned_eur - best) / max(turnover, 1.0))
    return np.array(found)


LINEAR = {
    "plain": {},
    "battery": {"battery": True},
    "two cars": {"second": True},
    "peak charge": {"peak": 3.0},
}
WHOLE = {
    "negative prices": ({"negative": True}, 1e-3),
    "a run": ({"load": True}, 1e-3),
    "least power": ({"least_w": 4140.0}, 5e-3),
    "least power, battery, run": ({"least_w": 4140.0, "battery": True, "load": True}, 1e-2),
    "least power, two cars, battery, negative": (
        {"least_w": 4140.0, "second": True, "battery": True, "negative": True},
        1e-2,
    ),
}
"""What takes binaries in the exact programme, and what it typically may cost to do without them."""


@pytest.mark.parametrize("name", LINEAR)
def test_linear_homes_are_planned_exactly_but_for_ties(home, name, monkeypatch):
    found = gaps(home, range(6), **LINEAR[name])
    assert found.min() >= -1e-5, "no plan is cheaper than the exact answer"
    assert np.median(found) <= 5e-4
    assert found.max() <= 2e-3
    monkeypatch.setattr("energy.plan.worth.EARLY_PER_KWH", 0.0)
    monkeypatch.setattr("energy.plan.assets.MIN_GAIN_PER_KWH", 0.0)
    assert gaps(home, range(6), **LINEAR[name]) == pytest.approx(0.0, abs=1e-4)


@pytest.mark.parametrize("name", WHOLE)
def test_homes_with_binaries_are_planned_nearly_exactly_without_them(home, name):
    kind, typical = WHOLE[name]
    found = gaps(home, range(3), **kind)
    # A target counts as kept within 0.2 % of charge: so much may be saved on it.
    assert found.min() >= -5e-3, "no plan is cheaper than the exact answer"
    assert np.median(found) <= typical
    assert found.max() <= 5e-2
