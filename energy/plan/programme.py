"""The linear programme: compiled once per shape, re-solved with new numbers.

    minimise    Σ dt (p_in · (imp + over_imp) − p_out · (exp + over_exp))      the energy bill
              + Σ (cost_c · c + cost_d · d)                                    wear, ties, boost
              + Σ dt · PENALTY (over_imp + over_exp) − v · e_N                 the house's own excess; worth of the rest
    subject to  imp + over_imp − exp − over_exp = house + c − d                balance at the connection
                e_{t+1} = e_t + kc · c − kd · d − trip                         the battery

with every limit a bound on one variable, which the solver's presolve takes out again. Whatever could make it infeasible
is taken out beforehand (``energy.plan.prepare``): promises that cannot be kept are lowered to what can, exactly and in
order, instead of being priced. Power in kW, energy in kWh, money in the home's currency.
"""

from dataclasses import dataclass, field
from typing import Any

import cvxpy
import numpy as np

from energy.asks import FloatArray

cp: Any = cvxpy  # its functions are typed only in part

EXCESS_PENALTY_PER_KWH = 50.0
"""What keeps the house's own excess over a limit small, per kWh."""
EVENT_PENALTY_PER_KWH = 5.0
"""What a kWh beside an asked set-point counts: above any price, below every promise to the homeowner."""


class SolverError(RuntimeError):
    """The solver gave no optimum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """The programme's numbers; (N,) unless told. kW, kWh, currency/kWh, hours."""

    dt_h: FloatArray
    house_kw: FloatArray
    """Load less solar, signed."""
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
    taper: "Taper"
    asked_low: FloatArray | None = None
    """Least power asked of the car (kW, signed) where the grid asks for one, else −inf; None: nothing asked."""
    asked_high: FloatArray | None = None
    soc_low: FloatArray | None = None
    """(N + 1,) stored energy asked at nodes, kWh, else 0."""
    soc_high: FloatArray | None = None
    """(N + 1,) else a number above the battery's size."""


@dataclass(frozen=True, slots=True)
class Taper:
    """A car near full takes less: charging power is at most ``level_kw − slope · stored`` at the step's end."""

    level_kw: float = 1e4
    slope: float = 0.0
    """kW per kWh; 0: no taper."""


@dataclass(frozen=True, slots=True)
class Solution:
    """The optimum; (N,) unless told."""

    charge_kw: FloatArray
    discharge_kw: FloatArray
    stored_kwh: FloatArray
    """(N + 1,)"""
    stored_worth: FloatArray
    """Worth of one more kWh stored at the step's end, currency/kWh."""
    objective: float
    solver_time_s: float = 0.0


_FREE = 1e3
"""kW that no home reaches: an asked bound that does not bind."""


@dataclass(slots=True)
class Programme:
    """The compiled problem for ``steps`` steps, with or without set-points asked by the grid."""

    steps: int
    with_asks: bool = False
    _parameters: dict[str, Any] = field(default_factory=dict)
    _variables: dict[str, Any] = field(default_factory=dict)
    _battery: Any = None
    problem: Any = None
    """The CVXPY problem: for benchmarks and tests that look at its matrices."""

    def __post_init__(self) -> None:
        """Build the symbolic problem; CVXPY compiles it at the first solve."""
        n = self.steps
        p = self._parameters
        for name in _VECTORS:
            p[name] = cp.Parameter(n, name=name)
        for name in ("stored_min", "stored_max"):
            p[name] = cp.Parameter(n + 1, name=name)
        for name in ("end_value", "taper_level", "taper_slope"):
            p[name] = cp.Parameter(name=name)

        charge, discharge, imported, exported, over_import, over_export = (
            cp.Variable(n, name=name, bounds=[0, None])
            for name in ("charge", "discharge", "imported", "exported", "over_import", "over_export")
        )
        stored = cp.Variable(n + 1, name="stored")
        self._variables = {"charge": charge, "discharge": discharge, "stored": stored}
        self._battery = (
            stored[1:]
            == stored[:-1]
            + cp.multiply(p["charge_gain"], charge)
            - cp.multiply(p["discharge_drain"], discharge)
            - p["trip_kwh"]
        )
        balance = imported + over_import - exported - over_export == p["house_kw"] + charge - discharge
        cost = (
            p["price_in_dt"] @ (imported + over_import)
            - p["price_out_dt"] @ (exported + over_export)
            + p["charge_cost_dt"] @ charge
            + p["discharge_cost_dt"] @ discharge
            + p["excess_dt"] @ (over_import + over_export)
            - p["end_value"] * stored[n]
        )
        # CVXPY takes parameters as native bounds too, but then the problem is no longer DPP and is compiled anew
        # at each solve.
        constraints = [
            self._battery,
            balance,
            charge <= p["charge_max"],
            charge + p["taper_slope"] * stored[1:] <= p["taper_level"],
            discharge <= p["discharge_max"],
            imported <= p["import_max"],
            exported <= p["export_max"],
            stored >= p["stored_min"],
            stored <= p["stored_max"],
        ]
        if self.with_asks:
            cost, constraints = self._add_asks(cost, constraints, charge - discharge, stored)
        self.problem = cp.Problem(cp.Minimize(cost), constraints)

    def _add_asks(self, cost: Any, constraints: list[Any], power: Any, stored: Any) -> tuple[Any, list[Any]]:
        """Soft set-points of power and charge: what misses them is priced."""
        n, p = self.steps, self._parameters
        low, high = cp.Parameter(n), cp.Parameter(n)
        soc_low, soc_high = cp.Parameter(n + 1), cp.Parameter(n + 1)
        p.update(asked_low=low, asked_high=high, soc_low=soc_low, soc_high=soc_high)
        under, over = cp.Variable(n, nonneg=True), cp.Variable(n, nonneg=True)
        soc_under, soc_over = cp.Variable(n + 1, nonneg=True), cp.Variable(n + 1, nonneg=True)
        cost = (
            cost
            + (p["excess_dt"] * (EVENT_PENALTY_PER_KWH / EXCESS_PENALTY_PER_KWH)) @ (under + over)
            + EVENT_PENALTY_PER_KWH * cp.sum(soc_under + soc_over)
        )
        asks = [
            power + under >= low,
            power - over <= high,
            stored + soc_under >= soc_low,
            stored - soc_over <= soc_high,
        ]
        return cost, constraints + asks

    def solve(self, numbers: Numbers, time_limit_s: float = 10.0) -> Solution:
        """The optimum for these numbers. Raises ``SolverError`` when HiGHS finds none."""
        try:
            self._fill(numbers)
            # warm_start=False: CVXPY's warm start of HiGHS makes an LP 1.4 to 5 times slower.
            self.problem.solve(solver=cp.HIGHS, warm_start=False, time_limit=time_limit_s, highs_options={"threads": 1})
        except (cp.SolverError, ValueError) as error:
            raise SolverError(str(error)) from error
        if self.problem.status not in (cp.OPTIMAL, cp.OPTIMAL_INACCURATE):
            raise SolverError(f"HiGHS ended with status {self.problem.status}.")
        v = self._variables
        worth = np.asarray(self._battery.dual_value, dtype=np.float64)
        return Solution(
            charge_kw=np.maximum(v["charge"].value, 0.0),
            discharge_kw=np.maximum(v["discharge"].value, 0.0),
            stored_kwh=np.asarray(v["stored"].value, dtype=np.float64),
            stored_worth=worth,
            objective=float(self.problem.value),
            solver_time_s=float(self.problem.solver_stats.solve_time or 0.0),
        )

    def _fill(self, numbers: Numbers) -> None:
        p = self._parameters
        for name in _PLAIN:
            p[name].value = getattr(numbers, name)
        p["price_in_dt"].value = numbers.price_in * numbers.dt_h
        p["price_out_dt"].value = numbers.price_out * numbers.dt_h
        p["charge_cost_dt"].value = numbers.charge_cost * numbers.dt_h
        p["discharge_cost_dt"].value = numbers.discharge_cost * numbers.dt_h
        p["excess_dt"].value = EXCESS_PENALTY_PER_KWH * numbers.dt_h
        p["end_value"].value = numbers.end_value
        p["taper_level"].value, p["taper_slope"].value = numbers.taper.level_kw, numbers.taper.slope
        if self.with_asks:
            for name, free in (("asked_low", -_FREE), ("asked_high", _FREE), ("soc_low", 0.0), ("soc_high", 1e6)):
                given = getattr(numbers, name)
                size = self.steps + name.startswith("soc")
                p[name].value = np.full(size, free) if given is None else np.clip(given, -1e6, 1e6)


_PLAIN = (
    "charge_max",
    "discharge_max",
    "import_max",
    "export_max",
    "stored_min",
    "stored_max",
    "trip_kwh",
    "charge_gain",
    "discharge_drain",
    "house_kw",
)
_VECTORS = (
    *(name for name in _PLAIN if not name.startswith("stored")),
    "price_in_dt",
    "price_out_dt",
    "charge_cost_dt",
    "discharge_cost_dt",
    "excess_dt",
)
