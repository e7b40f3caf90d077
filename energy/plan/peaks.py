"""The intervals whose mean import a peak charge looks at, as groups of a plan's steps."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
from scipy import sparse

from energy.asks import FloatArray
from energy.plan.types import PeakCharge, PlanInput


@dataclass(frozen=True, slots=True)
class Averages:
    """How a plan's steps fall into intervals: hashable, so that it can be part of a shape.

    Which intervals count is not part of it: windows move with every plan, the way steps fall into intervals comes round
    every quarter of an hour, and for each a programme is compiled.
    """

    group: tuple[int, ...]
    """(N,) the interval that each step belongs to."""
    dt_s: tuple[float, ...]
    """(N,)"""

    @property
    def count(self) -> int:
        """Number of intervals."""
        return self.group[-1] + 1

    def matrix(self) -> sparse.csr_matrix:
        """(count, N) means over the intervals, of what of them is still to come."""
        group, dt = np.array(self.group), np.array(self.dt_s)
        share = dt / np.bincount(group, weights=dt)[group]
        return sparse.csr_matrix((share, (group, np.arange(len(group)))), shape=(self.count, len(group)))


@dataclass(frozen=True, slots=True)
class Peak:
    """One peak charge on the steps of one plan."""

    means: Averages
    counts: npt.NDArray[np.bool_]
    """(count,) does the interval count?"""

    def highest_kw(self, import_kw: FloatArray) -> float:
        """The highest mean import that counts."""
        held = (self.means.matrix() @ import_kw)[self.counts]
        return float(held.max(initial=0.0))


def peaks_of(inp: PlanInput) -> tuple[Peak, ...]:
    """For each peak charge of the contract."""
    return tuple(_one(inp, peak) for peak in inp.terms.peaks)


def inside(windows_s: tuple[tuple[float, float], ...] | None, starts_s: FloatArray) -> npt.NDArray[np.bool_]:
    """(N,) whether a step begins in one of the windows; None: always."""
    if windows_s is None:
        return np.ones(len(starts_s), dtype=bool)
    found = np.zeros(len(starts_s), dtype=bool)
    for begin_s, end_s in windows_s:
        found |= (starts_s >= begin_s) & (starts_s < end_s)
    return found


def _one(inp: PlanInput, peak: PeakCharge) -> Peak:
    starts = inp.edges_s[:-1]
    counts = starts < peak.until_s
    if peak.windows_s is not None:
        counts &= inside(peak.windows_s, starts)
    elif peak.hours:
        zone = ZoneInfo(inp.tz)
        local = [datetime.fromtimestamp(at_s, zone) for at_s in starts.tolist()]
        hour = np.array([at.hour + at.minute / 60.0 + at.second / 3600.0 for at in local])
        counts &= np.any([_within(hour, begin, end) for begin, end in peak.hours], axis=0)
    _, group = np.unique(np.floor(starts / peak.average_s + 1e-9), return_inverse=True)
    means = Averages(tuple(group.tolist()), tuple(np.diff(inp.edges_s).tolist()))
    return Peak(means, np.bincount(group, weights=counts) > 0)


def _within(hour: np.ndarray, begin: float, end: float) -> np.ndarray:
    """Hours from ``begin`` to ``end``; past midnight where the end is not after the begin."""
    return (hour >= begin) & (hour < end) if begin < end else (hour >= begin) | (hour < end)
