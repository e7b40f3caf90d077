"""The linear programme: compiled once per shape, re-solved with new numbers.

All stores and scenarios lie behind one another in one vector (store, scenario, step), so that the number of
expressions, and CVXPY's own time, stays the same however many there are.

    minimise    Σ_s w_s Σ dt (p_out · net + (p_in − p_out) · imp)              the energy bill
              + Σ dt (cost_c · c + cost_d · d)                                 wear, ties, boost
              + Σ price · (under + over)                                       priced levels, limits, set-points, peaks
              − v · e_N                                                        worth of what is stored at the end
    subject to  imp ≥ net = house + Σ (c − d) + curtailed,  imp ≥ 0            the connection
                e_t = keep · e_{t−1} + gain · c − drain · d − outflow          each store

``imp`` needs no twin for export: since importing never costs less than export pays (``Worth.planned_in``), the
programme keeps it at the larger of net and 0 by itself. Whatever could make it infeasible is taken out beforehand
(``energy.plan.prepare``). Power in kW, energy in kWh, money in the home's currency.
"""

import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import cvxpy
import numpy as np
from scipy import sparse

from energy.asks import FloatArray
from energy.plan.shape import Shape

cp: Any = cvxpy  # its functions are typed only in part
Values = dict[str, FloatArray | float]


class SolverError(RuntimeError):
    """The solver gave no optimum."""


class InfeasibleError(SolverError):
    """There is none: promises that can each be kept cannot be kept together."""


@dataclass(frozen=True, slots=True)
class Solution:
    """The optimum, of the expected course unless told; D stores, N steps."""

    charge_kw: FloatArray
    """(D, N)"""
    discharge_kw: FloatArray
    """(D, N)"""
    stored_kwh: FloatArray
    """(D, N + 1)"""
    stored_worth: FloatArray
    """(D, N) worth of one more kWh stored at the step's end, currency/kWh."""
    curtailed_kw: FloatArray
    """(N,)"""
    marginal: FloatArray
    """(N,) what one more kWh of house load would cost, currency/kWh."""
    pull: FloatArray
    """(S, N) what one more kW of load in every scenario's step adds to the objective: a slope of a convex function."""
    objective: float
    solver_time_s: float = 0.0


@dataclass(slots=True)
class Programme:
    """The compiled problem for one shape."""

    shape: Shape
    problem: Any = None
    """The CVXPY problem: for benchmarks and tests that look at its matrices."""
    _parameters: dict[str, Any] = field(default_factory=dict)
    _variables: dict[str, Any] = field(default_factory=dict)
    _rows: list[Any] = field(default_factory=list)
    _costs: list[tuple[Any, Any, Any]] = field(default_factory=list)
    """Price, what it is paid for, and which scenario each entry belongs to."""
    _loaded: list[tuple[Any, float]] = field(default_factory=list)
    """Rows in which the house's load stands on the larger side, and its sign there."""
    _balance: Any = None
    _bill: Any = None

    def __post_init__(self) -> None:
        """Build the symbolic problem; CVXPY compiles it at the first solve."""
        self._stores()
        self._connection()
        self._sharing()
        self._terms()
        self._asks()
        self._foresight()
        self.problem = cp.Problem(cp.Minimize(self._objective()), self._rows)

    # The parts of the programme ------------------------------------------------------------------------------------

    def _stores(self) -> None:
        """Charge, discharge and what is stored, with all the levels that have a price."""
        shape = self.shape
        count = shape.stores * shape.scenarios * shape.steps
        each = self._each()
        charge, discharge = self._variable("charge", count), self._variable("discharge", count)
        stored = self._variables["stored"] = cp.Variable(count, name="stored")
        shift = sparse.diags([np.ones(shape.steps - 1)], [-1], shape=(shape.steps, shape.steps))
        before = sparse.kron(sparse.identity(shape.stores * shape.scenarios), shift, format="csr") @ stored
        if shape.losses:
            before = cp.multiply(self._parameter("keep", count), before)
        self._balance = stored == before + cp.multiply(self._parameter("gain", count), charge) - cp.multiply(
            self._parameter("drain", count), discharge
        ) + self._parameter("inflow", count)
        self._rows += [
            self._balance,
            charge <= self._parameter("charge_max", count),
            discharge <= self._parameter("discharge_max", count),
            stored >= self._parameter("stored_min", count),
            stored <= self._parameter("stored_max", count),
        ]
        if shape.taper:
            level, slope = self._parameter("taper_level", count), self._parameter("taper_slope", count)
            self._rows.append(charge + cp.multiply(slope, stored) <= level)
        if shape.decided:
            self._rows.append(charge >= self._parameter("charge_low", count))
        self._pay("charge_cost", charge, each)
        self._pay("discharge_cost", discharge, each)
        last = np.zeros(shape.steps)
        last[-1] = 1.0
        ends = sparse.kron(sparse.identity(shape.stores * shape.scenarios), last[None, :], format="csr")
        self._pay("end_cost", ends @ stored, np.tile(np.arange(shape.scenarios), shape.stores))
        for k in range(shape.lows + shape.yields):
            under = self._variable(f"under_{k}", count)
            self._rows.append(stored + under >= self._parameter(f"low_{k}", count))
            self._pay(f"low_price_{k}", under, each)
        for k in range(shape.highs):
            over = self._variable(f"over_{k}", count)
            self._rows.append(stored - over <= self._parameter(f"high_{k}", count))
            self._pay(f"high_price_{k}", over, each)

    def _connection(self) -> None:
        """What is imported, and how far the house's own load is above a limit."""
        shape, count = self.shape, self.shape.scenarios * self.shape.steps
        imported = self._variable("imported", count)
        net = self._sum() @ self._power()
        if shape.curtail:
            curtailed = self._variable("curtailed", count)
            self._rows.append(curtailed <= self._parameter("curtailable", count))
            self._pay("curtail_cost", curtailed, self._by_scenario())
            net = net + curtailed
        house = self._parameter("house", count)
        self._add(imported - net >= house, +1.0)
        self._pay("import_cost", imported, self._by_scenario())
        if shape.over_import:
            over = self._variable("over_import", count)
            self._add(over - net >= house - self._parameter("import_max", count), +1.0)
            self._pay("excess", over, self._by_scenario())
        if shape.over_export:
            over = self._variable("over_export", count)
            self._add(over + net >= -house - self._parameter("export_max", count), -1.0)
            self._pay("excess", over, self._by_scenario())

    def _sharing(self) -> None:
        """Rows that hold for several stores together."""
        shape = self.shape
        count = shape.scenarios * shape.steps
        charge, discharge = self._variables["charge"], self._variables["discharge"]
        if shape.joint:
            net = self._sum() @ self._power()
            self._add(-net >= -self._parameter("net_max", count), +1.0)
            self._add(net >= -self._parameter("feed_max", count), -1.0)
        for phase in range(len(shape.phases[0]) if shape.phases else 0):
            part = self._sum(weights=[share[phase] for share in shape.phases]) @ self._power()
            self._rows += [
                part <= self._parameter(f"phase_max_{phase}", count),
                part >= -self._parameter("phase_feed", count),
            ]
        if shape.own_use:
            others = self._sum() @ charge - self._sum(shape.own_use) @ discharge
            self._add(others >= -self._parameter("own_need", count), -1.0)
        if shape.surplus_only:
            taken = self._sum(shape.surplus_only) @ charge
            if shape.curtail:
                taken = taken + self._variables["curtailed"]
            self._rows.append(taken <= self._parameter("surplus", count))
        if shape.caps:
            self._rows += [
                self._sum(shape.cars) @ charge <= self._parameter("cars_charge_max", count),
                self._sum(shape.cars) @ discharge <= self._parameter("cars_discharge_max", count),
                self._sum() @ self._power() <= self._parameter("drawn_max", count),
            ]

    def _terms(self) -> None:
        """Capacity bands and peak charges of the contract."""
        shape, count = self.shape, self.shape.scenarios * self.shape.steps
        imported = self._variables["imported"]
        for k in range(shape.bands):
            above = self._variable(f"above_{k}", count)
            self._rows.append(above >= imported - self._parameter(f"band_{k}", count))
            self._pay(f"band_price_{k}", above, self._by_scenario())
        for k, peak in enumerate(shape.peaks):
            top = self._variable(f"peak_{k}", shape.scenarios)
            means = sparse.kron(sparse.identity(shape.scenarios), peak.matrix(), format="csr") @ imported
            spread = sparse.kron(sparse.identity(shape.scenarios), np.ones((peak.count, 1)), format="csr")
            self._rows.append(spread @ top >= means - self._parameter(f"so_far_{k}", shape.scenarios * peak.count))
            self._pay(f"peak_price_{k}", top, np.arange(shape.scenarios))

    def _asks(self) -> None:
        """Set-points that the grid asks for: what misses them is priced."""
        shape, count = self.shape, self.shape.scenarios * self.shape.steps
        for name, on, sum_of in (
            ("cars", shape.asks_cars, self._sum(shape.cars)),
            ("site", shape.asks_site, self._sum()),
        ):
            if not on:
                continue
            power = sum_of @ self._power()
            under, over = self._variable(f"{name}_under", count), self._variable(f"{name}_over", count)
            self._rows += [
                power + under >= self._parameter(f"{name}_low", count),
                power - over <= self._parameter(f"{name}_high", count),
            ]
            self._pay("missed", under + over, self._by_scenario())

    def _foresight(self) -> None:
        """What all scenarios share at first, and what a change against the running plan costs."""
        shape = self.shape
        charge, discharge = self._variables["charge"], self._variables["discharge"]
        if shape.near:
            first = self._first(shape.near, range(shape.scenarios))
            spread = sparse.kron(
                sparse.identity(shape.stores),
                sparse.kron(np.ones((shape.scenarios, 1)), sparse.identity(shape.near)),
                format="csr",
            )
            size = shape.stores * shape.scenarios * shape.near
            for name, power, follows in (("buy", charge, "near_surplus"), ("sell", discharge, "near_need")):
                shared = self._variable(name, shape.stores * shape.near)
                follow = first @ power - spread @ shared
                self._rows += [follow >= 0, follow <= self._parameter(follows, size)]
        if shape.steady:
            size = shape.stores * shape.steady
            change = self._variable("change", size)
            moved = self._first(shape.steady, [0]) @ self._power() - self._parameter("previous", size)
            self._rows += [change >= moved, change >= -moved]
            self._pay("change_cost", change, np.zeros(size, dtype=int))

    def _objective(self) -> Any:
        """The bill of all scenarios, and of the bad ones beside it."""
        if not self.shape.tail:
            return sum(price @ paid for price, paid, _ in self._costs)
        scenarios = self.shape.scenarios
        bill = cp.Variable(scenarios, name="bill")
        total = sum(
            sparse.csr_matrix((np.ones(len(of)), (of, np.arange(len(of)))), shape=(scenarios, len(of)))
            @ cp.multiply(price, paid)
            for price, paid, of in self._costs
        )
        self._bill = bill == total
        threshold, worse = cp.Variable(name="threshold"), self._variable("worse", scenarios)
        self._rows += [self._bill, worse >= bill - threshold]
        weights, tail = self._parameter("bill_weights", scenarios), self._parameter("tail_weights", scenarios)
        return weights @ bill + self._parameter("fear", None) * threshold + tail @ worse

    # Words in which the parts are written ---------------------------------------------------------------------------

    def _variable(self, name: str, count: int) -> Any:
        self._variables[name] = cp.Variable(count, name=name, bounds=[0, None])
        return self._variables[name]

    def _parameter(self, name: str, count: int | None) -> Any:
        if name not in self._parameters:
            self._parameters[name] = cp.Parameter(name=name) if count is None else cp.Parameter(count, name=name)
        return self._parameters[name]

    def _pay(self, name: str, paid: Any, scenario: Any) -> None:
        self._costs.append((self._parameter(name, paid.shape[0]), paid, scenario))

    def _add(self, row: Any, load_sign: float) -> None:
        """A row whose right side grows (or falls) with the house's load."""
        self._rows.append(row)
        self._loaded.append((row, load_sign))

    def _power(self) -> Any:
        return self._variables["charge"] - self._variables["discharge"]

    def _sum(self, stores: Iterable[int] | None = None, weights: list[float] | None = None) -> Any:
        """(S·N, D·S·N) adding up the stores."""
        shape = self.shape
        row = np.ones(shape.stores) if weights is None else np.array(weights)
        if stores is not None:
            row = np.isin(np.arange(shape.stores), list(stores)).astype(float)
        return sparse.kron(row[None, :], sparse.identity(shape.scenarios * shape.steps), format="csr")

    def _first(self, steps: int, scenarios: Iterable[int]) -> Any:
        """Picks the first ``steps`` of every store in these scenarios."""
        shape = self.shape
        pick = sparse.identity(shape.scenarios, format="csr")[list(scenarios)]
        head = sparse.identity(shape.steps, format="csr")[:steps]
        return sparse.kron(sparse.identity(shape.stores), sparse.kron(pick, head), format="csr")

    def _by_scenario(self) -> Any:
        return np.repeat(np.arange(self.shape.scenarios), self.shape.steps)

    def _each(self) -> Any:
        return np.tile(self._by_scenario(), self.shape.stores)

    # Solving --------------------------------------------------------------------------------------------------------

    def solve(self, values: Values, time_limit_s: float = 10.0) -> Solution:
        """The optimum for these values (``energy.plan.fill``). Raises ``SolverError`` when HiGHS finds none."""
        try:
            for name, parameter in self._parameters.items():
                # As ``parameter.value =`` does, without checking again what is built right (a tenth of the time).
                parameter.save_value(np.asarray(values[name], dtype=np.float64))
            # warm_start=False: CVXPY's warm start of HiGHS makes an LP 1.4 to 5 times slower.
            with warnings.catch_warnings():
                # CVXPY warns of an answer that the time limit cut short; the status says so too.
                warnings.simplefilter("ignore", UserWarning)
                self.problem.solve(solver=cp.HIGHS, warm_start=False, time_limit=time_limit_s, highs_options=_OPTIONS)
        except (cp.SolverError, ValueError) as error:
            raise SolverError(str(error)) from error
        if self.problem.status in (cp.INFEASIBLE, cp.INFEASIBLE_INACCURATE):
            raise InfeasibleError("the promises cannot be kept together")
        if self.problem.status == cp.USER_LIMIT:
            raise SolverError(f"it took longer than {time_limit_s:g} s")
        if self.problem.status != cp.OPTIMAL:
            raise SolverError(f"HiGHS ended with status {self.problem.status}")
        return self._read(values)

    def _read(self, values: Values) -> Solution:
        shape = self.shape
        size = (shape.stores, shape.scenarios, shape.steps)
        weight = self._weight(values)
        stored = self._variables["stored"].value.reshape(size)[:, 0]
        start = np.asarray(values["start"])[:, None]
        pull = np.asarray(values["export_cost"]).reshape(size[1:]).copy()
        if shape.tail:
            pull *= self._bill_weights()[:, None]
        for row, sign in self._loaded:
            pull += sign * np.asarray(row.dual_value).reshape(size[1:])
        curtailed = self._variables["curtailed"].value if shape.curtail else np.zeros(shape.scenarios * shape.steps)
        worth = np.asarray(self._balance.dual_value, dtype=np.float64).reshape(size)[:, 0] / weight
        return Solution(
            charge_kw=np.maximum(self._variables["charge"].value.reshape(size)[:, 0], 0.0),
            discharge_kw=np.maximum(self._variables["discharge"].value.reshape(size)[:, 0], 0.0),
            stored_kwh=np.concatenate([start, stored], axis=1),
            stored_worth=worth,
            curtailed_kw=np.maximum(curtailed[: shape.steps], 0.0),
            marginal=pull[0] / (weight * np.asarray(values["dt_h"])),
            pull=pull,
            objective=float(self.problem.value),
            solver_time_s=float(self.problem.solver_stats.solve_time or 0.0),
        )

    def _weight(self, values: Values) -> float:
        """How much the expected course counts in the objective."""
        if self.shape.tail:
            return max(float(self._bill_weights()[0]), 1e-6)
        return float(np.asarray(values["weights"])[0])

    def _bill_weights(self) -> FloatArray:
        return np.abs(np.asarray(self._bill.dual_value, dtype=np.float64))


_OPTIONS = {"threads": 1, "simplex_dual_edge_weight_strategy": 0}
"""One thread, and the plainest pricing: such programmes take a few hundred cheap pivots."""
