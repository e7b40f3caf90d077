"""What a given course of the car does to the battery, the connection and the bill."""

from dataclasses import dataclass

import numpy as np

from energy.asks import FloatArray
from energy.plan.prepare import Prepared


@dataclass(frozen=True, slots=True)
class Course:
    """A whole horizon of charging and discharging; (N,) unless told. kW, kWh, currency."""

    charge_kw: FloatArray
    discharge_kw: FloatArray
    stored_kwh: FloatArray
    """(N + 1,)"""
    grid_kw: FloatArray
    """> 0 imports."""
    cost: float
    """Bill and wear, less the worth of the charge at the end."""


def follow(prepared: Prepared, charge_kw: FloatArray, discharge_kw: FloatArray) -> Course:
    """The course of these powers. A full battery takes no more and an empty one gives no more."""
    numbers = prepared.numbers
    stored = np.empty(len(charge_kw) + 1)
    stored[0] = level = prepared.floors.start
    charge, discharge = charge_kw.copy(), discharge_kw.copy()
    top = float(numbers.stored_max[1:].max())
    for t in range(len(charge)):
        room, left = max(0.0, top - level), max(0.0, level)
        charge[t] = min(charge[t], room / numbers.charge_gain[t])
        discharge[t] = min(discharge[t], left / numbers.discharge_drain[t])
        level += numbers.charge_gain[t] * charge[t] - numbers.discharge_drain[t] * discharge[t]
        level = max(0.0, level - numbers.trip_kwh[t])
        stored[t + 1] = level
    grid = numbers.house_kw + charge - discharge
    bill = numbers.dt_h * (
        prepared.worth.price_in * np.maximum(grid, 0.0)
        - prepared.worth.price_out * np.maximum(-grid, 0.0)
        + prepared.wear * discharge
    )
    cost = float(bill.sum() - numbers.end_value * stored[-1])
    return Course(charge, discharge, stored, grid, cost)


def charge_on_arrival(prepared: Prepared, goal_kwh: float) -> Course:
    """The counterfactual: no discharging, full power whenever the car is there until ``goal_kwh`` is stored."""
    numbers = prepared.numbers
    level = prepared.floors.start
    charge = np.zeros(len(numbers.dt_h))
    for t in range(len(charge)):
        wanted = max(0.0, goal_kwh - level) / numbers.charge_gain[t]
        charge[t] = min(wanted, float(numbers.charge_max[t]))
        level = max(0.0, level + numbers.charge_gain[t] * charge[t] - numbers.trip_kwh[t])
    return follow(prepared, charge, np.zeros_like(charge))
