"""Every asset of a home as a store: the car, the battery, the tank, the hours of work."""

import numpy as np

from energy.asks import FloatArray, StepAsk
from energy.grid_events import GridEventKind
from energy.model import BatteryState, Charger, HomeBattery, Plug, ShiftableLoad, TankState
from energy.plan.bounds import StepBounds
from energy.plan.floors import RESERVE_SLACK, Floors, fastest_course, hopes
from energy.plan.site import Site, phase_share
from energy.plan.store import (
    COMFORT_PER_KWH_H,
    DEPARTURE_PER_KWH,
    EVENT_PER_KWH,
    RESERVE_PER_KWH_H,
    TRIP_PER_KWH_H,
    WORK_PER_KWH,
    Conversion,
    Expected,
    Soft,
    Store,
    StoreKind,
    Taper,
)
from energy.plan.types import PlanInput, StepAsks
from energy.plan.worth import BOOST_PER_KWH, KEEP_PER_KWH, MIN_GAIN_PER_KWH, Kept, Worth, end_value, kept

_TINY_KWH = 1e-7
_LEAST_FEED_KW = 0.3
"""A house takes at least about this much: what feeding it is expected to run at."""


def expected_power(site: Site, charge_kw: float, discharge_kw: float) -> Expected:
    """Before anything is planned: charging at full power, discharging as the house takes it."""
    house = np.clip(site.house_kw[0], _LEAST_FEED_KW, max(discharge_kw, _LEAST_FEED_KW))
    return Expected(np.full(site.steps, max(charge_kw, 0.0)), house)


def conversions(device: Charger | HomeBattery) -> tuple[Conversion, Conversion]:
    """A charger's or a battery's ways in and out."""
    standby_kw = device.standby_w / 1e3
    curves = (device.charge_curve, device.discharge_curve) if isinstance(device, Charger) else ((), ())
    return (
        Conversion(device.charge_efficiency, curves[0], standby_kw),
        Conversion(device.discharge_efficiency, curves[1], standby_kw),
    )


def standby_cost(conversion: Conversion, power_kw: FloatArray, price: FloatArray) -> FloatArray:
    """What the power stage's own use adds to each kWh at this power."""
    if conversion.standby_kw <= 0:
        return np.zeros_like(price)
    cost: FloatArray = conversion.standby_kw / np.maximum(power_kw, 0.1) * np.maximum(price, 0.0)
    return cost


def car_store(
    inp: PlanInput, plug: Plug, site: Site, money: Worth, bounds: StepBounds, held: Floors, asked: StepAsks
) -> Store:
    """The car at a plug."""
    ev, state = plug.ev_state.ev, plug.ev_state
    capacity = ev.capacity_wh / 1e3
    charging, discharging = conversions(plug.charger)
    most_kw = min(plug.charger.charge_max_w, ev.charge_max_w) / 1e3
    run = expected_power(site, most_kw, float(bounds.discharge_all.max(initial=0.0)))
    steps = () if inp.previous is None else inp.previous.steps_of(plug.charger.charger_id)
    before = kept(inp, steps, np.array([step.ev_w for step in steps]))
    need = max(0.25 * capacity, float(held.trip_kwh.sum()))
    low, high = _asked_charge(asked.get(GridEventKind.SOC_SETPOINT), capacity)
    return Store(
        store_id=plug.charger.charger_id,
        kind=StoreKind.CAR,
        capacity_kwh=capacity,
        dt_h=site.dt_h,
        charge_max=bounds.charge_all,
        discharge_max=bounds.discharge_all,
        charge_min_kw=bounds.charge_min_kw,
        charge_gain=charging.at(run.charge) * site.dt_h,
        discharge_drain=site.dt_h / discharging.at(run.discharge),
        keep=np.ones(site.steps),
        outflow=held.trip_kwh,
        outflow_short=held.trip_short_kwh,
        start=held.start,
        least=held.least,
        wanted=held.reserve,
        most=held.most,
        taper=held.taper,
        charge_cost=_charge_cost(money, before)
        - np.where(bounds.boost, BOOST_PER_KWH, 0.0)
        + standby_cost(charging, run.charge, money.price_in),
        discharge_cost=_discharge_cost(ev.wear_eur_per_kwh, money, before)
        + standby_cost(discharging, run.discharge, money.price_in),
        end_value=end_value(
            site,
            money,
            need_kwh=need,
            charge_kw=most_kw,
            efficiency=plug.charger.charge_efficiency,
            present=bounds.present.astype(float),
        ),
        wear=ev.wear_eur_per_kwh,
        charging=charging,
        discharging=discharging,
        run=run,
        share=bounds.share,
        low=(*hopes(inp, plug, held, site.outlook.caution), *low),
        high=(*_high_charge(plug, capacity, site), *high),
        yields=_car_yields(held, site),
        own_use=not plug.wishes.export_allowed and state.connected,
        previous_kw=before.known_kw,
    )


def battery_store(inp: PlanInput, state: BatteryState, site: Site, money: Worth, asked: StepAsks) -> Store:
    """A house battery. Not known how full: it is left alone."""
    battery, count = state.battery, site.steps
    capacity = battery.capacity_wh / 1e3
    known = state.soc is not None
    start = min(max(state.soc if state.soc is not None else battery.soc_min, 0.0), 1.0) * capacity
    charging, discharging = conversions(battery)
    charge_kw, discharge_kw = battery.charge_max_w / 1e3 * known, battery.discharge_max_w / 1e3 * known
    run = expected_power(site, charge_kw, discharge_kw)
    gain, drain = charging.at(run.charge) * site.dt_h, site.dt_h / discharging.at(run.discharge)
    share = phase_share(site.phases, battery.on_phases, site.phases)
    charge_max = np.minimum(charge_kw, site.alone_kw(share)) * (site.level < 1)
    reserve = np.full(count, max(battery.reserve_soc, battery.soc_min))
    if GridEventKind.RESERVE in asked:
        reserve = np.fmax(reserve, asked[GridEventKind.RESERVE].value)
    wanted = np.minimum(np.concatenate([reserve[:1], reserve]), battery.soc_max) * capacity
    # As for a car: a charge just below the reserve is held, not raised.
    wanted = np.where(start >= wanted - RESERVE_SLACK * capacity, np.minimum(wanted, start), wanted)
    top = np.full(count + 1, max(battery.soc_max * capacity, start))
    reach, _, _ = fastest_course(start, top, charge_max.min(axis=0), gain, np.zeros(count), Taper())
    least = np.minimum(wanted, reach) - _TINY_KWH
    most = top + _TINY_KWH
    least[0] = most[0] = start
    before = _kept(inp, "batteries", battery.battery_id)
    return Store(
        store_id=battery.battery_id,
        kind=StoreKind.BATTERY,
        capacity_kwh=capacity,
        dt_h=site.dt_h,
        charge_max=charge_max,
        discharge_max=np.full(charge_max.shape, discharge_kw),
        charge_min_kw=0.0,
        charge_gain=gain,
        discharge_drain=drain,
        keep=np.ones(count),
        outflow=np.zeros(count),
        start=start,
        least=least,
        wanted=wanted,
        most=most,
        taper=Taper(),
        charge_cost=_charge_cost(money, before) + standby_cost(charging, run.charge, money.price_in),
        discharge_cost=_discharge_cost(battery.wear_eur_per_kwh, money, before)
        + standby_cost(discharging, run.discharge, money.price_in),
        end_value=end_value(
            site,
            money,
            need_kwh=0.5 * capacity,
            charge_kw=charge_kw if battery.may_charge_from_grid else 0.0,
            efficiency=battery.charge_efficiency,
            present=np.ones(count),
        )
        * known,
        wear=battery.wear_eur_per_kwh,
        charging=charging,
        discharging=discharging,
        run=run,
        share=share,
        yields=(_by_hour(least, RESERVE_PER_KWH_H, site.dt_h),),
        own_use=not battery.may_export,
        surplus_only=not battery.may_charge_from_grid,
        previous_kw=before.known_kw,
    )


def tank_store(inp: PlanInput, state: TankState, site: Site, money: Worth) -> Store:
    """A buffer of heat: what is drawn from it is its trip, what it loses by standing its share."""
    tank, count = state.tank, site.steps
    capacity = tank.capacity_wh / 1e3
    start = min(max(state.stored_share, 0.0), 1.0) * capacity
    share = phase_share(site.phases, tank.on_phases, site.phases)
    charge_max = np.minimum(max(0.0, tank.power_max_w) / 1e3, site.alone_kw(share)) * (site.level < 1)
    least_kw = tank.power_min_w / 1e3
    charge_max = np.where(charge_max < least_kw, 0.0, charge_max)
    gain = tank.heat_per_electric * site.dt_h
    keep = np.power(1.0 - min(max(tank.loss_share_per_h, 0.0), 0.99), site.dt_h)
    demand_w = np.asarray(state.demand_w if len(state.demand_w) else np.zeros(count), dtype=np.float64)
    outflow = np.maximum(demand_w, 0.0) / 1e3 * site.dt_h
    top = np.full(count + 1, max(capacity, start))
    reach, served, _ = fastest_course(start, top, charge_max.min(axis=0), gain, outflow, Taper(), keep)
    wanted = np.full(count + 1, min(max(tank.comfort_share, 0.0), 1.0) * capacity)
    least = np.minimum(wanted, reach) - _TINY_KWH
    most = top + _TINY_KWH
    least[0] = most[0] = start
    before = _kept(inp, "tanks", tank.tank_id)
    value = end_value(
        site,
        money,
        need_kwh=0.25 * capacity / tank.heat_per_electric,
        charge_kw=tank.power_max_w / 1e3,
        efficiency=tank.heat_per_electric,
        present=np.ones(count),
    )
    return Store(
        store_id=tank.tank_id,
        kind=StoreKind.TANK,
        capacity_kwh=capacity,
        dt_h=site.dt_h,
        charge_max=charge_max,
        discharge_max=np.zeros_like(charge_max),
        charge_min_kw=least_kw,
        charge_gain=gain,
        discharge_drain=site.dt_h,
        keep=keep,
        outflow=served,
        outflow_short=outflow - served,
        start=start,
        least=least,
        wanted=wanted,
        most=most,
        taper=Taper(),
        charge_cost=_charge_cost(money, before),
        discharge_cost=np.zeros(count),
        end_value=value,
        wear=0.0,
        charging=Conversion(tank.heat_per_electric),
        discharging=Conversion(1.0),
        share=share,
        yields=(_by_hour(least, COMFORT_PER_KWH_H, site.dt_h),),
        previous_kw=before.known_kw,
    )


def work_store(inp: PlanInput, load: ShiftableLoad, site: Site, money: Worth) -> Store:
    """A machine that must run so many hours in pieces of any length: full when its work is done."""
    edges, count = inp.edges_s, site.steps
    power_kw = max(0.0, load.power_w[0]) / 1e3
    todo = max(0.0, (load.run_h or 0.0) - max(0.0, load.done_h)) * power_kw
    inside = (edges[:-1] >= min(load.earliest_s, edges[-2]) - 1e-6) & (edges[1:] <= load.latest_s + 1e-6)
    inside |= (edges[:-1] <= load.earliest_s) & (edges[1:] > load.earliest_s) & (edges[1:] <= load.latest_s)
    share = phase_share(site.phases, load.on_phases, site.phases)
    charge_max = np.where(inside & (site.alone_kw(share) >= power_kw) & (site.level < 1), power_kw, 0.0)
    top = np.full(count + 1, todo)
    gain = site.dt_h
    reach, _, _ = fastest_course(0.0, top, charge_max.min(axis=0), gain, np.zeros(count), Taper())
    due = min(max(1, int(np.searchsorted(edges, load.latest_s + 1e-6, side="right")) - 1), count)
    wanted = np.zeros(count + 1)
    if load.latest_s <= edges[-1]:
        wanted[due:] = todo
    else:
        # Due after the horizon: in step with the time that passes, so that nothing piles up at the end.
        wanted[-1] = todo * min(1.0, max(0.0, (edges[-1] - inp.now_s) / (load.latest_s - inp.now_s)))
    least = np.minimum(wanted, reach) - _TINY_KWH
    most = top + _TINY_KWH
    least[0] = most[0] = 0.0
    before = _kept(inp, "loads", load.load_id)
    price = np.zeros(count + 1)
    price[due] = WORK_PER_KWH
    return Store(
        store_id=load.load_id,
        kind=StoreKind.WORK,
        capacity_kwh=todo,
        dt_h=site.dt_h,
        charge_max=charge_max,
        discharge_max=np.zeros_like(charge_max),
        charge_min_kw=power_kw,
        charge_gain=gain,
        discharge_drain=site.dt_h,
        keep=np.ones(count),
        outflow=np.zeros(count),
        start=0.0,
        least=least,
        wanted=wanted,
        most=most,
        taper=Taper(),
        charge_cost=_charge_cost(money, before),
        discharge_cost=np.zeros(count),
        end_value=0.0,
        wear=0.0,
        charging=Conversion(1.0),
        discharging=Conversion(1.0),
        share=share,
        yields=(Soft(np.maximum(least, 0.0), price),),
        previous_kw=before.known_kw,
    )


def _charge_cost(money: Worth, before: Kept) -> FloatArray:
    cost: FloatArray = money.early - KEEP_PER_KWH * before.charges
    return cost


def _discharge_cost(wear: float, money: Worth, before: Kept) -> FloatArray:
    cost: FloatArray = wear + MIN_GAIN_PER_KWH + money.early - KEEP_PER_KWH * before.discharges
    return cost


def _kept(inp: PlanInput, row: str, name: str) -> Kept:
    """What the running plan has a battery, tank or load do."""
    previous = inp.previous
    if previous is None:
        return kept(inp, (), np.zeros(0))
    power = {
        "batteries": {part.store_id: part.power_w for part in previous.batteries},
        "tanks": {part.store_id: part.power_w for part in previous.tanks},
        "loads": {part.load_id: part.power_w for part in previous.loads},
    }[row].get(name, ())
    return kept(inp, previous.steps, np.array(power))


def _asked_charge(ask: StepAsk | None, capacity: float) -> tuple[tuple[Soft, ...], tuple[Soft, ...]]:
    """A charge that the grid asks for: what misses it is priced on both sides."""
    if ask is None:
        return (), ()
    count = len(ask.value)
    low, high, price = np.zeros(count + 1), np.full(count + 1, 1e6), np.zeros(count + 1)
    for node in asked_soc_nodes(ask):
        low[node] = high[node] = min(max(float(ask.value[node - 1]), 0.0), 1.0) * capacity
        price[node] = EVENT_PER_KWH
    return (Soft(low, price),), (Soft(high, price),)


def asked_soc_nodes(soc: StepAsk) -> list[int]:
    """Nodes at which an asked charge is due: where its interval ends."""
    ids = (*soc.event_ids, "")
    values = np.append(soc.value, np.nan)
    return [t + 1 for t in range(len(soc.value)) if ids[t] and (ids[t + 1] != ids[t] or values[t + 1] != values[t])]


def _high_charge(plug: Plug, capacity: float, site: Site) -> tuple[Soft, ...]:
    """What standing nearly full wears."""
    ev = plug.ev_state.ev
    if ev.high_soc_eur_per_kwh_day <= 0 or ev.high_soc >= ev.soc_max:
        return ()
    price = np.concatenate([[0.0], ev.high_soc_eur_per_kwh_day / 24.0 * site.dt_h])
    return (Soft(np.full(site.steps + 1, ev.high_soc * capacity), price),)


def _car_yields(held: Floors, site: Site) -> tuple[Soft, ...]:
    """What a car's floors count where several stores share too little: trips, departures, the rest by the hour."""
    due = np.zeros(len(held.least))
    for node, _ in held.targets:
        due[node] = DEPARTURE_PER_KWH
    trip = np.concatenate([[0.0], np.where(held.trip_kwh > 0, TRIP_PER_KWH_H * site.dt_h, 0.0)])
    return (
        Soft(np.zeros(len(held.least)), trip),
        Soft(np.maximum(held.least, 0.0), np.concatenate([[0.0], RESERVE_PER_KWH_H * site.dt_h]) + due),
    )


def _by_hour(level: FloatArray, per_kwh_h: float, dt_h: FloatArray) -> Soft:
    return Soft(np.maximum(level, 0.0), np.concatenate([[0.0], per_kwh_h * dt_h]))
