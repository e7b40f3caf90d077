"""What a house battery does beside the cars: its plan, and what is left between house and roof.

It is decided last: it is the quickest, has no least power, and so takes what the others leave. It feeds the house, not
the cars, and takes the roof's surplus, not the cars' energy, unless the plan says so.
"""

import math
from dataclasses import dataclass, replace

from energy.dispatch.types import DispatchConfig, House
from energy.grid_events import GridEventKind
from energy.limits import Limits
from energy.model import BatteryState
from energy.plan.types import Plan

_IDLE_W = 50.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryMemory:
    """What is remembered of one battery."""

    power_w: float = 0.0
    """Its last command."""
    at_s: float | None = None
    at_reserve: bool = False
    looked: tuple[float, int] | None = None
    """Which plan and step ``later_eur_per_kwh`` was read from."""
    later_eur_per_kwh: float | None = None
    """What a kWh in it earns when the plan discharges it next."""


@dataclass(slots=True)
class BatteryPlan:
    """What the plan says of a battery now."""

    power_w: float
    grid_w: float
    """Expected at the connection."""
    cars_w: float
    """Expected into (or out of) all cars."""
    export_eur_per_kwh: float


def charge_room(state: BatteryState, memory: BatteryMemory) -> tuple[float, float]:
    """Most charging and most discharging that the battery itself allows now, W ≥ 0."""
    battery, soc = state.battery, state.soc
    if soc is None or not math.isfinite(soc) or not -0.01 <= soc <= 1.01:
        return 0.0, 0.0
    most = battery.charge_max_w if soc < battery.soc_max else 0.0
    floor = max(battery.soc_min, battery.reserve_soc)
    least = battery.discharge_max_w if soc > floor and not memory.at_reserve else 0.0
    return max(0.0, most), max(0.0, least)


def remembered(memory: BatteryMemory, state: BatteryState, config: DispatchConfig) -> BatteryMemory:
    """The memory with where the battery stands to its reserve."""
    soc = state.soc
    if soc is None:
        return memory
    floor = max(state.battery.soc_min, state.battery.reserve_soc)
    at_reserve = soc <= floor or (memory.at_reserve and soc < floor + config.reserve_margin_soc)
    return memory if at_reserve == memory.at_reserve else replace(memory, at_reserve=at_reserve)


def planned(plan: Plan | None, k: int | None, battery_id: str) -> BatteryPlan | None:
    """What the plan says for step ``k``; None: it says nothing of this battery."""
    if plan is None or k is None:
        return None
    for store in plan.batteries:
        if store.store_id == battery_id and k < len(store.power_w):
            break
    else:
        return None
    step = plan.steps[k]
    cars_w = sum([plug.steps[k].ev_w for plug in plan.plugs if k < len(plug.steps)])
    return BatteryPlan(store.power_w[k], step.grid_w, cars_w, step.export_eur_per_kwh)


def worth_later(memory: BatteryMemory, plan: Plan | None, k: int | None, state: BatteryState) -> BatteryMemory:
    """The memory with what a kWh stored now will earn; read once for each step of a plan."""
    if plan is None or k is None:
        return replace(memory, looked=None, later_eur_per_kwh=None)
    if memory.looked == (plan.made_s, k):
        return memory
    battery = state.battery
    store = next((store for store in plan.batteries if store.store_id == battery.battery_id), None)
    later = None
    if store is not None:
        for power_w, step in zip(store.power_w[k:], plan.steps[k:], strict=False):
            if power_w < -_IDLE_W:
                price = step.export_eur_per_kwh if step.grid_w < -_IDLE_W else step.import_eur_per_kwh
                later = price * battery.discharge_efficiency - battery.wear_eur_per_kwh
                break
    return replace(memory, looked=(plan.made_s, k), later_eur_per_kwh=later)


@dataclass(slots=True, kw_only=True)
class Rest:
    """What cars and house leave for the battery, W."""

    surplus_w: float
    """From the roof, beyond house and charging cars, ≥ 0."""
    feedable_w: float
    """The house's need that no car feeds, ≥ 0."""
    every_w: float
    """At the connection without this battery, signed."""
    cars_charge_w: float
    """Into all cars and higher-ranked batteries together, ≥ 0."""


def wanted_w(
    state: BatteryState,
    memory: BatteryMemory,
    plan: BatteryPlan | None,
    rest: Rest,
    limits: Limits,
    config: DispatchConfig,
) -> float:
    """What the battery should do if no limit stood in the way; W, > 0 charges."""
    feed = max(0.0, rest.feedable_w - config.follow_import_w)
    take = max(0.0, rest.surplus_w - config.follow_import_w)
    emergency = limits.asks.get(GridEventKind.EMERGENCY)
    if emergency is not None and emergency.value >= 1:
        return -feed if emergency.value >= 2 else 0.0
    asked = limits.asks.get(GridEventKind.SITE_SETPOINT)
    if asked is not None:
        return asked.value - rest.every_w
    if plan is None:
        return take if take > 0.0 else -feed
    if plan.power_w > _IDLE_W:
        return max(plan.power_w, take) if plan.grid_w > _IDLE_W else take
    if plan.power_w < -_IDLE_W:
        if plan.grid_w < -_IDLE_W and state.battery.may_export:
            return plan.power_w
        if plan.cars_w > _IDLE_W:
            # The plan moves energy from the battery into a car: as much as it says, and no more.
            feed = max(feed, min(-plan.power_w, max(0.0, rest.every_w - config.follow_import_w)))
        return -feed if plan.grid_w <= _IDLE_W else max(-feed, plan.power_w)
    later = memory.later_eur_per_kwh
    if later is not None and later * state.battery.charge_efficiency > plan.export_eur_per_kwh:
        return take
    return 0.0


def bounded_w(
    power_w: float,
    state: BatteryState,
    memory: BatteryMemory,
    house: House,
    rest: Rest,
    limits: Limits,
    devices_limit_w: float,
    config: DispatchConfig,
) -> float:
    """The power within every bound; the connection's may make it help, as far as its own allow."""
    most, least = charge_room(state, memory)
    if not state.battery.may_charge_from_grid:
        most = min(most, rest.surplus_w)
    if not state.battery.may_export:
        least = min(least, max(0.0, house.kept_w))
    most = min(most, max(rest.surplus_w, devices_limit_w - rest.cars_charge_w, 0.0))
    guard_w, fuse_w = config.guard_w, limits.phase_w.value
    most_grid = limits.import_w.value - guard_w - house.sure_most_w
    least_grid = -max(0.0, limits.export_w.value - guard_w) - house.sure_least_w
    if house.phase_most_w:
        share = house.share or (1.0,) * len(house.phase_most_w)
        carried = [(s, m, lo) for s, m, lo in zip(share, house.phase_most_w, house.phase_least_w, strict=True) if s]
        most_grid = min(most_grid, *((fuse_w - m) / s - guard_w for s, m, _ in carried))
        least_grid = max(least_grid, *(guard_w - (fuse_w + lo) / s for s, _, lo in carried))
    result = min(max(power_w, -least), most)
    if result < least_grid:
        result = min(least_grid, most)
    if result > most_grid:
        result = max(most_grid, -least)
    return result


def calmed_w(power_w: float, memory: BatteryMemory, now_s: float, config: DispatchConfig) -> float:
    """Not worth a message below the dead-band, and no faster away from 0 than the ramp."""
    last_w = memory.power_w
    if abs(power_w - last_w) < config.settle_w and power_w * last_w > 0:
        return last_w
    elapsed_s = 1.0 if memory.at_s is None else min(max(now_s - memory.at_s, 0.0), 5.0)
    most = config.ramp_w_per_s * elapsed_s
    if power_w > max(last_w, 0.0):
        return min(power_w, max(last_w, 0.0) + most)
    if power_w < min(last_w, 0.0):
        return max(power_w, min(last_w, 0.0) - most)
    return power_w
