"""The plan without a solver: charge to the reserve and for the departures in the cheapest steps, never discharge."""

import numpy as np

from energy.asks import FloatArray
from energy.plan.prepare import Prepared


def simple_charging(prepared: Prepared) -> FloatArray:
    """Charging power by step (N,) kW that keeps every floor the fastest course can keep.

    Each floor in turn is reached with the cheapest steps before it. Slower to pay than the programme, but it cannot
    fail.
    """
    numbers = prepared.numbers
    most = numbers.charge_max
    charge = np.zeros(len(most))
    used = np.concatenate([[0.0], np.cumsum(numbers.trip_kwh)])
    for node in range(1, len(most) + 1):
        floor = float(numbers.stored_min[node])
        stored = prepared.floors.start + float(charge[:node] @ numbers.charge_gain[:node]) - used[node]
        lacking = floor - stored
        if lacking <= 1e-6:
            continue
        room = _room_after(prepared, charge, used)
        for t in np.argsort(numbers.price_in[:node], kind="stable"):
            able = min((most[t] - charge[t]) * numbers.charge_gain[t], room[t:].min(), lacking)
            if able > 0:
                charge[t] += able / numbers.charge_gain[t]
                room[t:] -= able
                lacking -= able
            if lacking <= 1e-6:
                break
    return charge


def _room_after(prepared: Prepared, charge: FloatArray, used: FloatArray) -> FloatArray:
    """How much more fits into the battery at the end of each step, kWh."""
    numbers = prepared.numbers
    stored = prepared.floors.start + np.cumsum(charge * numbers.charge_gain) - used[1:]
    return np.maximum(numbers.stored_max[1:] - stored, 0.0)
