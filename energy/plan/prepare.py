"""From the home to the programme's numbers.

What cannot be kept gives way here, before the solver sees it, and exactly: the *fastest* course (charge with all that
the limits allow, from now on) shows the most charge that can be had at any moment; a target or reserve above it is
lowered to it. So the programme is feasible by construction, and the order is plain:

1. the fuse, the charger's and the car's own bounds never give way; limits of the grid never, as far as what is
   controllable goes (the house's own load above a limit is helped, not promised);
2. what a trip takes, the departure target and the reserve give way only to 1, and only to what is possible;
3. frequency service gives way to 2, asked set-points to 2 and to boost;
4. money gives way to all of them.

Where several stores compete for one connection, each is lowered as if it were alone; if that is too much for all of
them together, the programme's soft form shares what there is by the table of penalties in ``store``.
"""

from dataclasses import dataclass, replace

import numpy as np

from energy.asks import FloatArray, StepAsk, asks_by_step
from energy.grid_events import GridEventKind
from energy.model import Plug, ShiftableLoad
from energy.plan.assets import battery_store, car_store, conversions, expected_power, tank_store, work_store
from energy.plan.bounds import StepBounds, step_bounds, with_band
from energy.plan.check import check
from energy.plan.floors import Floors, floors, keeps_what_it_can
from energy.plan.peaks import Peak, peaks_of
from energy.plan.service import Band, bands
from energy.plan.site import Site, phase_share, site_of
from energy.plan.store import Store, Taper
from energy.plan.types import PlanInput, StepAsks
from energy.plan.worth import Worth, worth


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """One car and what it sees of the home; (N,) unless told. kW, kWh, currency/kWh, hours."""

    dt_h: FloatArray
    house_kw: FloatArray
    """Load less solar, signed, and what the home's other stores and loads are planned to take."""
    price_in: FloatArray
    price_out: FloatArray
    """Never above ``price_in``."""
    charge_cost: FloatArray
    """Extra cost of a kWh into the car."""
    discharge_cost: FloatArray
    charge_max: FloatArray
    discharge_max: FloatArray
    import_max: FloatArray
    export_max: FloatArray
    stored_min: FloatArray
    """(N + 1,)"""
    stored_max: FloatArray
    """(N + 1,)"""
    trip_kwh: FloatArray
    charge_gain: FloatArray
    """kWh stored per kW over the step."""
    discharge_drain: FloatArray
    end_value: float
    taper: Taper


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """One plug's numbers, and what the other rooms need to speak about them."""

    plug: Plug
    numbers: Numbers
    edges_s: FloatArray
    bounds: StepBounds
    floors: Floors
    worth: Worth
    load_w: FloatArray
    solar_w: FloatArray
    capacity_kwh: float
    wear: float
    """Cost of a kWh discharged."""
    asked_power: StepAsk | None
    """Set-points as power of the car, kW."""
    asked_soc: StepAsk | None
    frequency: StepAsk | None
    frequency_kept: bool
    band: Band | None
    """Its own part of the service."""
    emergency: StepAsk | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A whole home in numbers: what the programme solves and the rest of the room reads."""

    inp: PlanInput
    site: Site
    worth: Worth
    stores: tuple[Store, ...]
    """The cars, in the order of the plugs; then batteries, tanks, work in pieces."""
    plugs: tuple[Prepared, ...]
    runs: tuple[ShiftableLoad, ...]
    """Loads of one uninterrupted run."""
    run_share: tuple[float, ...]
    """The most that any of them puts of its power on each phase."""
    asked_power: StepAsk | None
    """Set-points of all cars together, kW; NaN where none."""
    asked_site: StepAsk | None
    """Set-points of the connection as power of all that stores, kW; NaN where none."""
    peaks: tuple[Peak, ...]
    """Of each peak charge of the contract."""
    notes: tuple[str, ...] = ()


def prepare(inp: PlanInput) -> Problem:
    """Check the input and turn it into numbers. Raises ``PlanInputError`` for what cannot be planned with."""
    check(inp)
    asked = asks_by_step(inp.events, inp.edges_s)
    site = site_of(inp, asked)
    money = worth(inp, asked, site)
    alone = len(inp.plugs) == 1 and not (inp.batteries or inp.tanks or inp.loads)
    open_bounds = tuple(step_bounds(inp, plug, site, alone=alone) for plug in inp.plugs)
    service, why_not = bands(inp, asked, open_bounds)
    asked_power, asked_site = _asked_power(asked, site)
    stores, plugs = [], []
    for plug, bounds, band in zip(inp.plugs, open_bounds, service, strict=True):
        bounds, held, kept = _car(inp, plug, asked, site, bounds, band)
        store = car_store(inp, plug, site, money, bounds, held, asked)
        stores.append(store)
        plugs.append(
            Prepared(
                plug=plug,
                numbers=_numbers(store, site, money, site.house_kw[0]),
                edges_s=inp.edges_s,
                bounds=bounds,
                floors=held,
                worth=money,
                load_w=inp.load.mean_w,
                solar_w=inp.solar.mean_w,
                capacity_kwh=store.capacity_kwh,
                wear=store.wear,
                asked_power=_merged(asked_power, asked_site),
                asked_soc=asked.get(GridEventKind.SOC_SETPOINT),
                frequency=asked.get(GridEventKind.FREQUENCY),
                frequency_kept=kept,
                band=band if kept else None,
                emergency=asked.get(GridEventKind.EMERGENCY),
            )
        )
    pieces = [load for load in inp.loads if load.run_h is not None]
    stores += [battery_store(inp, state, site, money, asked) for state in inp.batteries]
    stores += [tank_store(inp, state, site, money) for state in inp.tanks]
    stores += [work_store(inp, load, site, money) for load in pieces]
    return Problem(
        inp=inp,
        site=site,
        worth=money,
        stores=tuple(stores),
        plugs=tuple(plugs),
        runs=tuple(load for load in inp.loads if load.run_h is None),
        run_share=_run_share(inp, site),
        asked_power=asked_power,
        asked_site=asked_site,
        peaks=peaks_of(inp),
        notes=(*_notes(inp), *why_not),
    )


def _run_share(inp: PlanInput, site: Site) -> tuple[float, ...]:
    shares = [phase_share(site.phases, load.on_phases, site.phases) for load in inp.loads if load.run_h is None]
    return tuple(max((share[phase] for share in shares), default=0.0) for phase in range(site.phases))


def _car(
    inp: PlanInput, plug: Plug, asked: StepAsks, site: Site, bounds: StepBounds, band: Band | None
) -> tuple[StepBounds, Floors, bool]:
    """A car's bounds and floors, with its part of a frequency service if no promise stands against it."""
    charging, discharging = conversions(plug.charger)
    most_kw = min(plug.charger.charge_max_w, plug.ev_state.ev.charge_max_w) / 1e3
    run = expected_power(site, most_kw, float(bounds.discharge_all.max(initial=0.0)))
    stored, drained = charging.at(run.charge), 1.0 / discharging.at(run.discharge)
    gain, drain = stored * site.dt_h, drained * site.dt_h
    held = floors(inp, plug, asked, bounds, gain, drain)
    if band is None:
        return bounds, held, GridEventKind.FREQUENCY not in asked
    narrow = with_band(bounds, band.charge_kw, band.discharge_kw)
    narrow_held = floors(inp, plug, asked, narrow, gain, drain, band.headroom(stored, drained))
    if keeps_what_it_can(narrow_held, held, plug.ev_state.ev.capacity_wh / 1e3):
        return narrow, narrow_held, True
    return bounds, held, False


def seen_by(problem: Problem, index: int, house_kw: FloatArray) -> Prepared:
    """A plug's view once the rest of the home is planned: ``house_kw`` holds all but its own car.

    Its bounds are what the rest leaves of the connection.
    """
    store, site = problem.stores[index], problem.site
    rest = house_kw - site.house_kw[0]
    room = np.maximum(np.minimum(site.fuse_room - rest, site.import_limit - house_kw), 0.0)
    feeds = np.maximum(house_kw if store.own_use else site.export_limit + house_kw, 0.0)
    numbers = _numbers(store, site, problem.worth, house_kw)
    numbers = replace(
        numbers,
        charge_max=np.minimum(numbers.charge_max, room),
        discharge_max=np.minimum(numbers.discharge_max, feeds),
    )
    return replace(problem.plugs[index], numbers=numbers)


def _numbers(store: Store, site: Site, money: Worth, house_kw: FloatArray) -> Numbers:
    return Numbers(
        dt_h=site.dt_h,
        house_kw=house_kw,
        price_in=money.planned_in,
        price_out=money.price_out,
        charge_cost=store.charge_cost,
        discharge_cost=store.discharge_cost,
        charge_max=store.charge_max[0],
        discharge_max=store.discharge_max[0],
        import_max=site.import_limit,
        export_max=site.export_limit,
        stored_min=store.least,
        stored_max=store.most,
        trip_kwh=store.outflow,
        charge_gain=store.charge_gain,
        discharge_drain=store.discharge_drain,
        end_value=store.end_value,
        taper=store.taper,
    )


def _notes(inp: PlanInput) -> tuple[str, ...]:
    notes = []
    for plug in inp.plugs:
        if plug.ev_state.soc is not None:
            continue
        if plug.ev_state.connected:
            notes.append("The car does not tell its charge: it is taken as empty and is not discharged.")
        else:
            notes.append("The car is away with an unknown charge: it is taken to come home with its reserve.")
    for state in inp.batteries:
        if state.soc is None:
            notes.append(f"The battery {state.battery.battery_id} does not tell its charge: it is left alone.")
    return tuple(notes)


def _asked_power(asked: StepAsks, site: Site) -> tuple[StepAsk | None, StepAsk | None]:
    """Set-points of the cars, kW, and of the connection less what the house is expected to take.

    Where both are asked, the cars' holds.
    """
    ev, whole = asked.get(GridEventKind.EV_SETPOINT), asked.get(GridEventKind.SITE_SETPOINT)
    cars = None if ev is None else StepAsk(ev.value / 1e3, ev.event_ids)
    if whole is None:
        return cars, None
    value, ids = whole.value / 1e3 - site.house_kw[0], whole.event_ids
    if ev is not None:
        value = np.where(np.isfinite(ev.value), np.nan, value)
        ids = tuple("" if taken else own for own, taken in zip(ids, ev.event_ids, strict=True))
    return cars, StepAsk(value, ids)


def _merged(first: StepAsk | None, second: StepAsk | None) -> StepAsk | None:
    """Both asks in one; where both ask, the first."""
    if first is None or second is None:
        return first or second
    taken = np.isfinite(first.value)
    ids = tuple(a or b for a, b in zip(first.event_ids, second.event_ids, strict=True))
    return StepAsk(np.where(taken, first.value, second.value), ids)
