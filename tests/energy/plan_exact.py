"""The exact answer, as a mixed-integer programme of its own: true binaries for direction, least power and starts.

Written from the meaning of the numbers alone, for homes of a few stores and hours. Its ``cost`` is what a plan's
``Money.planned_eur`` means: the bill and the wear, less the worth of what is stored at the end.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One battery; (N,) arrays by step, kW and kWh."""

    start: float
    floor: np.ndarray
    top: float
    charge_max: np.ndarray
    discharge_max: np.ndarray
    charge_min: float = 0.0
    charge_eff: float = 0.95
    discharge_eff: float = 0.95
    wear: float = 0.0
    end_value: float = 0.0


class Exact:
    """Builds rows over named blocks of N columns."""

    def __init__(self, dt_h, house_kw, price_in, price_out, import_max, export_max):
        self.n = len(dt_h)
        self.dt = dt_h
        self.blocks = {}
        self.lower, self.upper, self.cost, self.whole = [], [], [], []
        self.rows, self.low, self.high = [], [], []
        self.constant = 0.0
        self.house = house_kw
        self.import_max = np.maximum(import_max, house_kw)
        self.export_max = np.maximum(export_max, -house_kw)
        self.net = []
        self.block("in", 0.0, self.import_max, price_in * dt_h)
        self.block("out", 0.0, self.export_max, -price_out * dt_h)
        if np.any(price_out > price_in):
            importing = self.block("importing", 0.0, 1.0, 0.0, whole=True)
            self.row([("in", 1.0), (importing, -self.import_max)], -np.inf, 0.0)
            self.row([("out", 1.0), (importing, self.export_max)], -np.inf, self.export_max)

    def block(self, name, lower, upper, cost, *, whole=False, size=None):
        size = size or self.n
        self.blocks[name] = (len(self.lower), size)
        for column, value in ((self.lower, lower), (self.upper, upper), (self.cost, cost), (self.whole, float(whole))):
            column.extend(np.broadcast_to(np.asarray(value, dtype=float), size).tolist())
        return name

    def row(self, terms, low, high):
        """N rows: the sum of blocks, each with a factor by row or a matrix."""
        self.rows.append(terms)
        self.low.append(np.broadcast_to(np.asarray(low, dtype=float), self.n))
        self.high.append(np.broadcast_to(np.asarray(high, dtype=float), self.n))

    def cell(self, name, cell):
        """A battery, one direction at a time."""
        binary = self.block(f"{name}.on", 0.0, 1.0, 0.0, whole=True)
        charge = self.block(f"{name}.c", 0.0, cell.charge_max, 0.0)
        discharge = self.block(f"{name}.d", 0.0, cell.discharge_max, cell.wear * self.dt)
        stored = self.block(f"{name}.e", cell.floor, cell.top, 0.0)
        self.cost[self.blocks[stored][0] + self.n - 1] -= cell.end_value
        back = sparse.eye(self.n) - sparse.eye(self.n, k=-1)
        first = np.zeros(self.n)
        first[0] = cell.start
        flow = [(stored, back), (charge, -cell.charge_eff * self.dt), (discharge, self.dt / cell.discharge_eff)]
        self.row(flow, first, first)
        self.row([(charge, 1.0), (binary, -cell.charge_max)], -np.inf, 0.0)
        self.row([(discharge, 1.0), (binary, cell.discharge_max)], -np.inf, cell.discharge_max)
        if cell.charge_min > 0:
            running = self.block(f"{name}.run", 0.0, 1.0, 0.0, whole=True)
            self.row([(charge, 1.0), (running, -cell.charge_min)], 0.0, np.inf)
            self.row([(charge, 1.0), (running, -cell.charge_max)], -np.inf, 0.0)
        self.net += [(charge, -1.0), (discharge, 1.0)]

    def run(self, name, profiles):
        """One of these courses (K, N), kW."""
        start = self.block(name, 0.0, 1.0, 0.0, whole=True, size=len(profiles))
        one = sparse.csr_matrix(np.vstack([np.ones(len(profiles)), np.zeros((self.n - 1, len(profiles)))]))
        only = np.zeros(self.n)
        only[0] = 1.0
        self.row([(start, one)], only, only)
        self.net.append((start, -sparse.csr_matrix(np.asarray(profiles).T)))

    def curtail(self, most_kw):
        """Sun that may be left on the roof."""
        self.block("curtailed", 0.0, most_kw, 0.0)
        self.net.append(("curtailed", -1.0))

    def peak(self, matrix, eur_per_kw, so_far_kw):
        """Money for the highest mean import above what was."""
        self.block("peak", 0.0, np.inf, eur_per_kw, size=1)
        padded = sparse.vstack([matrix, sparse.csr_matrix((self.n - matrix.shape[0], self.n))])
        ones = np.r_[np.ones(matrix.shape[0]), np.zeros(self.n - matrix.shape[0])]
        self.row([("in", padded), ("peak", -sparse.csr_matrix(ones[:, None]))], -np.inf, so_far_kw * ones)

    def solve(self, gap=1e-5):
        """The least cost. Raises ``ValueError`` where there is no answer."""
        self.row([("in", 1.0), ("out", -1.0), *self.net], self.house, self.house)
        columns = len(self.cost)
        parts = []
        for terms in self.rows:
            whole = sparse.lil_matrix((self.n, columns))
            for name, factor in terms:
                at, size = self.blocks[name]
                matrix = factor if sparse.issparse(factor) else sparse.diags(np.broadcast_to(factor, self.n))
                whole[:, at : at + size] = matrix
            parts.append(whole.tocsr())
        found = milp(
            np.array(self.cost),
            integrality=np.array(self.whole),
            bounds=Bounds(np.array(self.lower), np.array(self.upper)),
            constraints=LinearConstraint(sparse.vstack(parts), np.concatenate(self.low), np.concatenate(self.high)),
            options={"mip_rel_gap": gap, "time_limit": 20},
        )
        if found.x is None:
            raise ValueError(f"The exact programme has no answer: {found.message}")
        self.values = {name: found.x[at : at + size] for name, (at, size) in self.blocks.items()}
        return float(found.fun)
