"""From the home to the programme's numbers.

What cannot be kept gives way here, before the solver sees it, and exactly: the *fastest* course (charge with all that
the limits allow, from now on) shows the most charge that can be had at any moment; a target or reserve above it is
lowered to it. So the programme is feasible by construction, and the order is plain:

1. the fuse, the charger's and the car's own bounds never give way; limits of the grid never, as far as the car goes
   (the house's own load above a limit is helped, not promised);
2. what a trip takes, the departure target and the reserve give way only to 1, and only to what is possible;
3. frequency service gives way to 2, asked set-points to 2 and to boost;
4. money gives way to all of them.
"""

from dataclasses import dataclass, replace

import numpy as np

from energy.asks import FloatArray, StepAsk, asks_by_step
from energy.grid_events import GridEventKind
from energy.plan.bounds import StepAsks, StepBounds, step_bounds, with_band
from energy.plan.check import check
from energy.plan.floors import Floors, floors, keeps_what_it_can
from energy.plan.programme import Numbers
from energy.plan.types import PlanInput
from energy.plan.worth import Worth, worth


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """The numbers, and what the other rooms need to speak about them."""

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
    emergency: StepAsk | None
    notes: tuple[str, ...] = ()


def prepare(inp: PlanInput) -> Prepared:
    """Check the input and turn it into numbers. Raises ``PlanInputError`` for what cannot be planned with."""
    check(inp)
    asked = asks_by_step(inp.events, inp.edges_s)
    dt_h = np.diff(inp.edges_s) / 3600.0
    gain = inp.charger.charge_efficiency * dt_h
    capacity = inp.ev_state.ev.capacity_wh / 1e3
    bounds = step_bounds(inp, asked)
    held = floors(inp, asked, bounds, gain)
    serve = asked.get(GridEventKind.FREQUENCY)
    frequency_kept = True
    if serve is not None:
        narrow = with_band(bounds, serve)
        narrow_held = floors(inp, asked, narrow, gain)
        frequency_kept = keeps_what_it_can(narrow_held, held, capacity)
        if frequency_kept:
            bounds, held = narrow, narrow_held
    money = worth(inp, asked, bounds, held.trip_kwh)
    asked_power = _asked_power(asked, bounds.house_kw)
    asked_soc = asked.get(GridEventKind.SOC_SETPOINT)
    numbers = Numbers(
        dt_h=dt_h,
        house_kw=bounds.house_kw,
        price_in=money.planned_in,
        price_out=money.price_out,
        charge_cost=money.charge_cost,
        discharge_cost=money.discharge_cost,
        charge_max=bounds.charge_max,
        discharge_max=bounds.discharge_max,
        import_max=bounds.import_limit,
        export_max=bounds.export_limit,
        stored_min=held.least,
        stored_max=held.most,
        trip_kwh=held.trip_kwh,
        charge_gain=gain,
        discharge_drain=dt_h / inp.charger.discharge_efficiency,
        end_value=money.end_value,
        taper=held.taper,
    )
    if asked_power is not None or asked_soc is not None:
        numbers = _with_asks(numbers, asked_power, asked_soc, capacity)
    return Prepared(
        numbers=numbers,
        edges_s=inp.edges_s,
        bounds=bounds,
        floors=held,
        worth=money,
        load_w=inp.load.mean_w,
        solar_w=inp.solar.mean_w,
        capacity_kwh=capacity,
        wear=inp.ev_state.ev.wear_eur_per_kwh,
        asked_power=asked_power,
        asked_soc=asked_soc,
        frequency=serve,
        frequency_kept=frequency_kept,
        emergency=asked.get(GridEventKind.EMERGENCY),
        notes=_notes(inp),
    )


def _notes(inp: PlanInput) -> tuple[str, ...]:
    if inp.ev_state.soc is not None:
        return ()
    if inp.ev_state.connected:
        return ("The car does not tell its charge: it is taken as empty and is not discharged.",)
    return ("The car is away with an unknown charge: it is taken to come home with its reserve.",)


def _asked_power(asked: StepAsks, house_kw: FloatArray) -> StepAsk | None:
    """Set-points as power of the car, kW; the connection's are less what the house is expected to take."""
    ev = asked.get(GridEventKind.EV_SETPOINT)
    site = asked.get(GridEventKind.SITE_SETPOINT)
    if ev is None and site is None:
        return None
    value = np.full(len(house_kw), np.nan)
    ids = [""] * len(house_kw)
    if site is not None:
        value = site.value / 1e3 - house_kw
        ids = list(site.event_ids)
    if ev is not None:
        value = np.where(np.isfinite(ev.value), ev.value / 1e3, value)
        ids = [new or old for new, old in zip(ev.event_ids, ids, strict=True)]
    return StepAsk(value, tuple(ids))


def _with_asks(numbers: Numbers, power: StepAsk | None, soc: StepAsk | None, capacity: float) -> Numbers:
    """The numbers with soft set-points added."""
    count = len(numbers.dt_h)
    low = high = None
    if power is not None:
        reachable = np.clip(power.value, -numbers.discharge_max, numbers.charge_max)
        low = np.where(np.isfinite(reachable), reachable, -np.inf)
        high = np.where(np.isfinite(reachable), reachable, np.inf)
    soc_low, soc_high = np.zeros(count + 1), np.full(count + 1, 1e6)
    if soc is not None:
        for node in asked_soc_nodes(soc):
            soc_low[node] = soc_high[node] = min(max(float(soc.value[node - 1]), 0.0), 1.0) * capacity
    return replace(numbers, asked_low=low, asked_high=high, soc_low=soc_low, soc_high=soc_high)


def asked_soc_nodes(soc: StepAsk) -> list[int]:
    """Nodes at which an asked charge is due: where its interval ends."""
    ids = (*soc.event_ids, "")
    values = np.append(soc.value, np.nan)
    return [t + 1 for t in range(len(soc.value)) if ids[t] and (ids[t + 1] != ids[t] or values[t + 1] != values[t])]
