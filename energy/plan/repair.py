"""Make the programme's answer fit a real charger.

The linear programme may charge and discharge at once (it gains from the losses when energy costs less than nothing)
and may charge with less than the charger's least power. Both are mended without a solver's binaries:

- a step that does both keeps its net direction, and the programme is solved once more with the other one closed;
- a step with power below the least is closed where, at the optimum's worth of a stored kWh, charging with the least
  power would not pay (a weak surplus that a three-phase charger would fill up with dear import), and the programme is
  solved once more;
- what is left below the least is gathered into blocks at the least power that run ahead of the programme's charge, so
  that every target stays kept. The cost of all this is measured against the first programme, a bound on the best.
"""

from dataclasses import replace

import numpy as np

from energy.asks import FloatArray
from energy.plan.floors import fastest_course
from energy.plan.programme import Numbers, Solution

BOTH_WAYS_KW = 1e-3
_EVEN = 1e-4
"""Less than this is no gain, currency a step."""
_BLOCK_H = 0.25
"""A block at least power lasts about this long: contactors are not for flapping."""


def one_direction(numbers: Numbers, solution: Solution) -> Numbers | None:
    """The numbers with one direction closed where the solution uses both; None when it nowhere does."""
    both = (solution.charge_kw > BOTH_WAYS_KW) & (solution.discharge_kw > BOTH_WAYS_KW)
    if not both.any():
        return None
    charges = solution.charge_kw >= solution.discharge_kw
    return replace(
        numbers,
        charge_max=np.where(both & ~charges, 0.0, numbers.charge_max),
        discharge_max=np.where(both & charges, 0.0, numbers.discharge_max),
    )


def net(solution: Solution) -> Solution:
    """The solution with what flows both ways at once taken off both: a charger has one direction."""
    both = np.minimum(solution.charge_kw, solution.discharge_kw)
    return replace(solution, charge_kw=solution.charge_kw - both, discharge_kw=solution.discharge_kw - both)


def close_unworthy(numbers: Numbers, solution: Solution, least_kw: float) -> Numbers | None:
    """The numbers with charging closed in steps where it would run below ``least_kw`` and not pay at it.

    None when there is no such step, or when closing them would cost a promise.
    """
    weak = (solution.charge_kw > BOTH_WAYS_KW) & (solution.charge_kw < least_kw - 1e-6)
    if not weak.any():
        return None
    grid = numbers.house_kw + least_kw
    rise = _bill(numbers, grid) - _bill(numbers, numbers.house_kw) + numbers.charge_cost * least_kw * numbers.dt_h
    close = weak & (solution.stored_worth * numbers.charge_gain * least_kw < rise - _EVEN)
    if not close.any():
        return None
    closed = np.where(close, 0.0, numbers.charge_max)
    reach, _, _ = fastest_course(
        float(numbers.stored_min[0]),
        float(numbers.stored_max[1:].max()),
        closed,
        numbers.charge_gain,
        numbers.trip_kwh,
        numbers.taper,
    )
    if np.any(reach < numbers.stored_min - 1e-9):
        return None
    return replace(numbers, charge_max=closed)


def _bill(numbers: Numbers, grid_kw: FloatArray) -> FloatArray:
    cost: FloatArray = numbers.dt_h * np.where(grid_kw > 0, numbers.price_in, numbers.price_out) * grid_kw
    return cost


def least_power(numbers: Numbers, solution: Solution, least_kw: float) -> FloatArray:
    """Charging power by step (N,) kW that is 0 or at least ``least_kw`` and never stores less than the solution.

    Only a battery that is nearly full may end up to one step's least charge short.
    """
    wanted = solution.charge_kw
    if least_kw <= 0:
        return wanted
    stored = solution.stored_kwh
    power, lead = np.zeros_like(wanted), np.zeros_like(wanted)
    ahead = 0.0
    block = least_kw * _BLOCK_H
    running = False
    for t in range(len(wanted)):
        gain, most = float(numbers.charge_gain[t]), float(numbers.charge_max[t])
        need = float(wanted[t]) * gain - ahead
        if wanted[t] <= BOTH_WAYS_KW or most < least_kw:
            running = False
        elif wanted[t] >= least_kw:
            power[t] = min(max(least_kw, need / gain), most)
            running = True
        else:
            running = need > 1e-9 or (running and ahead < block)
            if running:
                power[t] = min(max(least_kw, need / gain), most)
        room = float(numbers.stored_max[t + 1] - stored[t]) - ahead
        if power[t] * gain > room + least_kw * gain:
            power[t], running = 0.0, False
        # What does not fit into the battery is not ahead.
        ahead = min(ahead + (power[t] - float(wanted[t])) * gain, float(numbers.stored_max[t + 1] - stored[t + 1]))
        lead[t] = ahead
    spare = stored[1:] + lead - np.maximum(numbers.stored_min[1:], 0.0)
    return _without_crumbs(numbers, power, spare, block / 2)


def _without_crumbs(numbers: Numbers, power: FloatArray, spare: FloatArray, crumb_kwh: float) -> FloatArray:
    """Blocks of less than ``crumb_kwh`` left out where no promise needs them: they earn less than they wear.

    ``spare`` is what is stored beyond the floor at each step's end (N,) kWh.
    """
    on = np.concatenate([[False], power > 0, [False]])
    starts, ends = np.flatnonzero(on[1:] & ~on[:-1]), np.flatnonzero(~on[1:] & on[:-1])
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        stored = numbers.charge_gain[start:end] * power[start:end]
        if stored.sum() < crumb_kwh and spare[start:].min() > stored.sum() + 1e-6:
            spare[start:end] -= np.cumsum(stored)
            spare[end:] -= stored.sum()
            power[start:end] = 0.0
    return power
