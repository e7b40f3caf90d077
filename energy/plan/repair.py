"""Make the programme's answer fit real devices.

The linear programme may charge and discharge at once (it gains from the losses when energy costs less than nothing)
and may charge with less than a charger's least power. Both are mended without a solver's binaries:

- a step that does both keeps its net direction, and the programme is solved once more with the other one closed;
- a step with power below the least is closed where, at the optimum's worth of a stored kWh, charging with the least
  power would not pay (a weak surplus that a three-phase charger would fill up with dear import), and the programme is
  solved once more;
- what is left below the least is gathered into blocks at the least power that run ahead of the programme's charge, so
  that every target stays kept. The cost of all this is measured against the first programme, a bound on the best.
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from energy.asks import FloatArray
from energy.plan.bounds import BoolArray
from energy.plan.floors import fastest_course
from energy.plan.prepare import Problem
from energy.plan.programme import Solution
from energy.plan.store import Store, StoreKind

BOTH_WAYS_KW = 1e-3
_EVEN = 1e-4
"""Less than this is no gain, currency a step."""
_BLOCK_H = 0.25
"""A block at least power lasts about this long: contactors are not for flapping."""
_TINY_KWH = 1e-7


def one_direction(problem: Problem, solution: Solution) -> Problem | None:
    """The problem with one direction closed where the solution uses both; None when it nowhere does.

    Where importing earns money the home's stores are taken as one: filling one out of another only burns energy.
    """
    charging, discharging = solution.charge_kw > BOTH_WAYS_KW, solution.discharge_kw > BOTH_WAYS_KW
    both = charging & discharging
    charges = solution.charge_kw >= solution.discharge_kw
    if len(problem.stores) > 1:
        burns = (problem.worth.planned_in < 0) & charging.any(axis=0) & discharging.any(axis=0)
        net = solution.charge_kw.sum(axis=0) >= solution.discharge_kw.sum(axis=0)
        both = both | (burns & (charging | discharging) & (charging != net))
        charges = np.where(burns, net, charges)
    if not both.any():
        return None
    stores = tuple(
        replace(
            store,
            charge_max=np.where(both[k] & ~charges[k], 0.0, store.charge_max),
            discharge_max=np.where(both[k] & charges[k], 0.0, store.discharge_max),
        )
        for k, store in enumerate(problem.stores)
    )
    return replace(problem, stores=stores)


def net(solution: Solution) -> Solution:
    """The solution with what flows both ways at once taken off both: a charger has one direction."""
    both = np.minimum(solution.charge_kw, solution.discharge_kw)
    return replace(solution, charge_kw=solution.charge_kw - both, discharge_kw=solution.discharge_kw - both)


def close_unworthy(problem: Problem, solution: Solution) -> Problem | None:
    """The problem with charging closed in steps where it would run below the least power and not pay at it.

    None when there is no such step, or when closing them would cost a promise.
    """
    stores = [
        _without_unworthy(problem, solution, k)
        if store.charge_min_kw > 0 and store.kind is not StoreKind.WORK
        else store
        for k, store in enumerate(problem.stores)
    ]
    if all(new is old for new, old in zip(stores, problem.stores, strict=True)):
        return None
    return replace(problem, stores=tuple(stores))


def _without_unworthy(problem: Problem, solution: Solution, k: int) -> Store:
    store, least_kw = problem.stores[k], problem.stores[k].charge_min_kw
    charge = solution.charge_kw[k]
    weak = (charge > BOTH_WAYS_KW) & (charge < least_kw - 1e-6)
    if not weak.any():
        return store
    dt_h = problem.site.dt_h
    rest = _rest_kw(problem, solution, k)
    rise = _bill(problem, rest + least_kw) - _bill(problem, rest) + store.charge_cost * least_kw * dt_h
    close = weak & (solution.stored_worth[k] * store.charge_gain * least_kw < rise - _EVEN)
    if not close.any():
        return store
    closed = np.where(close, 0.0, store.charge_max)
    reach, _, _ = fastest_course(
        store.start, store.most, closed.min(axis=0), store.charge_gain, store.outflow, store.taper, store.keep
    )
    return store if np.any(reach < store.least - 1e-9) else replace(store, charge_max=closed)


def _rest_kw(problem: Problem, solution: Solution, k: int) -> FloatArray:
    """The connection's power without this store."""
    others = [j for j in range(len(problem.stores)) if j != k]
    rest: FloatArray = (
        problem.site.house_kw[0]
        + solution.curtailed_kw
        + (solution.charge_kw[others] - solution.discharge_kw[others]).sum(axis=0)
    )
    return rest


def _bill(problem: Problem, grid_kw: FloatArray) -> FloatArray:
    money = problem.worth
    cost: FloatArray = problem.site.dt_h * np.where(grid_kw > 0, money.planned_in, money.price_out) * grid_kw
    return cost


def decided(store: Store, on: BoolArray) -> Store:
    """A store of which it is decided when it charges: with its least power at least; how much more is still open."""
    most = store.charge_max.min(axis=0)
    on = on & (most >= store.charge_min_kw)
    return replace(
        store,
        charge_low=np.where(on, store.charge_min_kw, 0.0),
        charge_max=np.where(on, store.charge_max, 0.0),
        discharge_max=np.where(on, 0.0, store.discharge_max),
    )


def better_pattern(problem: Problem, solution: Solution, k: int) -> BoolArray:
    """In which steps a store had best charge, at the prices of a solution: of the connection, and of a stored kWh.

    Each step takes what is worth most by itself: to do as it does, to rest, or to charge with the least power, with
    what the sun leaves, or with all; a step for which it makes no odds stays as it is.
    """
    store = problem.stores[k]
    least_kw, most = store.charge_min_kw, store.charge_max[0]
    charge, discharge, worth = solution.charge_kw[k], solution.discharge_kw[k], solution.stored_worth[k]
    rest = _rest_kw(problem, solution, k)
    dt_h = problem.site.dt_h

    def value(charge_kw: FloatArray, discharge_kw: FloatArray) -> FloatArray:
        stored = worth * (store.charge_gain * charge_kw - store.discharge_drain * discharge_kw)
        own = (store.charge_cost * charge_kw + store.discharge_cost * discharge_kw) * dt_h
        gained: FloatArray = stored - own - _bill(problem, rest + charge_kw - discharge_kw)
        return gained

    nothing = np.zeros_like(charge)
    able = most >= least_kw
    level = np.where(store.taper.slope > 0, store.taper.level_kw - store.taper.slope * solution.stored_kwh[k, 1:], most)
    full_kw = np.clip(np.minimum(most, level), least_kw, None)
    charges = np.max(
        [value(p, nothing) for p in (np.full_like(charge, least_kw), np.clip(-rest, least_kw, full_kw), full_kw)],
        axis=0,
    )
    rests = np.maximum(value(nothing, discharge), value(nothing, nothing))
    on = charge > BOTH_WAYS_KW
    pattern: BoolArray = able & np.where(on, charges >= rests - _EVEN, charges > rests + _EVEN)
    return pattern


def thermostat(store: Store) -> BoolArray:
    """The steps in which a tank heats with its least power when it heats only as its floor asks, and if that fits."""
    on = []
    level, least_kw = store.start, store.charge_min_kw
    rows = zip(
        store.charge_max.min(axis=0).tolist(),
        store.charge_gain.tolist(),
        store.keep.tolist(),
        store.outflow.tolist(),
        store.least[1:].tolist(),
        strict=True,
    )
    for most, gain, keep, out, floor in rows:
        rest = level * keep - out
        fits = most >= least_kw and rest + gain * least_kw <= store.top
        on.append(fits and rest < floor + _TINY_KWH)
        level = max(0.0, rest + gain * least_kw * on[-1])
    return np.array(on)


def first_patterns(problem: Problem, solution: Solution, charge_kw: list[FloatArray]) -> list[npt.NDArray[np.bool_]]:
    """Guesses (D, N) when stores with a least power charge.

    As in the running plan, where there is one: asking again must not find anything dearer. In blocks ahead of the
    solution; where it uses at least half of the least power; and, for tanks, in blocks behind what is drawn, since
    ahead of it does not fit into a small one.
    """
    blocks = np.stack([c > BOTH_WAYS_KW for c in charge_kw])
    least = np.array([max(store.charge_min_kw, BOTH_WAYS_KW) for store in problem.stores])[:, None]
    rounded = solution.charge_kw >= 0.5 * least
    behind = [
        thermostat(store) if store.kind is StoreKind.TANK and store.charge_min_kw > 0 else blocks[k]
        for k, store in enumerate(problem.stores)
    ]
    running = [
        blocks[k]
        if store.previous_kw is None
        else np.where(np.isfinite(store.previous_kw), store.previous_kw > BOTH_WAYS_KW, blocks[k])
        for k, store in enumerate(problem.stores)
    ]
    before = [np.stack(running)] if any(store.previous_kw is not None for store in problem.stores) else []
    return [*before, blocks, rounded, np.stack(behind)]


def pinned(store: Store, charge_kw: FloatArray) -> Store:
    """A store whose charging is decided to the watt."""
    return replace(store, charge_low=charge_kw, charge_max=np.broadcast_to(charge_kw, store.charge_max.shape))


def pointless(problem: Problem, discharge_kw: FloatArray) -> FloatArray:
    """Discharging (D, N) without what would not even feed the power stage itself."""
    floor = np.array([store.discharging.standby_kw for store in problem.stores])[:, None]
    kept: FloatArray = np.where(discharge_kw > floor, discharge_kw, 0.0)
    return kept


def whole_pieces(store: Store, charge_kw: FloatArray, price: FloatArray) -> FloatArray:
    """Work in pieces at its own power or not at all: the steps that the programme uses most, dearest last.

    The last piece is a part of a step: its mean power is lower.
    """
    power, dt_h = store.charge_min_kw, store.dt_h
    todo = float((charge_kw * dt_h).sum())
    most = store.charge_max.min(axis=0)
    order = np.lexsort((np.arange(len(price)), np.round(price, 9), -np.round(charge_kw / max(power, 1e-9), 3)))
    pieces = np.zeros_like(charge_kw)
    for t in order.tolist():
        if todo <= _TINY_KWH:
            break
        if most[t] >= power > 0:
            pieces[t] = min(power, todo / dt_h[t])
            todo -= pieces[t] * dt_h[t]
    return pieces


def least_power(store: Store, charge_kw: FloatArray, stored_kwh: FloatArray) -> FloatArray:
    """Charging power by step (N,) kW that is 0 or at least the store's and never stores less than the solution.

    Only a store that is nearly full may end up to one step's least charge short.
    """
    least_kw = store.charge_min_kw
    if least_kw <= 0 or not np.any((charge_kw > BOTH_WAYS_KW) & (charge_kw < least_kw - 1e-9)):
        return np.where(charge_kw > BOTH_WAYS_KW, charge_kw, 0.0) if least_kw > 0 else charge_kw
    wanted, most_kw = charge_kw.tolist(), store.charge_max[0].tolist()
    gains, most, stored = store.charge_gain.tolist(), store.most.tolist(), stored_kwh.tolist()
    power, lead = np.zeros_like(charge_kw), np.zeros_like(charge_kw)
    ahead = 0.0
    block = least_kw * _BLOCK_H
    running = False
    for t, want in enumerate(wanted):
        gain, top_kw = gains[t], most_kw[t]
        need = want * gain - ahead
        now = 0.0
        if want <= BOTH_WAYS_KW or top_kw < least_kw:
            running = False
        elif want >= least_kw:
            now = min(max(least_kw, need / gain), top_kw)
            running = True
        else:
            running = need > 1e-9 or (running and ahead < block)
            if running:
                now = min(max(least_kw, need / gain), top_kw)
        room = most[t + 1] - stored[t] - ahead
        if now * gain > room + least_kw * gain:
            now, running = 0.0, False
        # What does not fit into the store is not ahead.
        ahead = min(ahead + (now - want) * gain, most[t + 1] - stored[t + 1])
        power[t], lead[t] = now, ahead
    spare = stored_kwh[1:] + lead - np.maximum(store.least[1:], 0.0)
    return _without_crumbs(store, power, spare, block / 2)


def _without_crumbs(store: Store, power: FloatArray, spare: FloatArray, crumb_kwh: float) -> FloatArray:
    """Blocks of less than ``crumb_kwh`` left out where no promise needs them: they earn less than they wear.

    ``spare`` is what is stored beyond the floor at each step's end (N,) kWh.
    """
    on = np.concatenate([[False], power > 0, [False]])
    starts, ends = np.flatnonzero(on[1:] & ~on[:-1]), np.flatnonzero(~on[1:] & on[:-1])
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        stored = store.charge_gain[start:end] * power[start:end]
        if stored.sum() < crumb_kwh and spare[start:].min() > stored.sum() + 1e-6:
            spare[start:end] -= np.cumsum(stored)
            spare[end:] -= stored.sum()
            power[start:end] = 0.0
    return power
