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
    """One peak charge's intervals: hashable, so that it can be part of a shape."""

    group: tuple[int, ...]
    """(N,) the interval that each step belongs to; −1: it does not count."""
    dt_s: tuple[float, ...]
    """(N,)"""

    @property
    def count(self) -> int:
        """Number of intervals."""
        return max(self.group, default=-1) + 1

    def matrix(self) -> sparse.csr_matrix:
        """(count, N) means over the intervals, of what of them is still to come."""
        group, dt = np.array(self.group), np.array(self.dt_s)
        inside = group >= 0
        total = np.bincount(group[inside], weights=dt[inside], minlength=self.count)
        steps = np.flatnonzero(inside)
        return sparse.csr_matrix(
            (dt[inside] / total[group[inside]], (group[inside], steps)), shape=(self.count, len(group))
        )


def averages(inp: PlanInput) -> tuple[Averages, ...]:
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


def _one(inp: PlanInput, peak: PeakCharge) -> Averages:
    starts = inp.edges_s[:-1]
    slot = np.floor(starts / peak.average_s + 1e-9)
    counts = starts < peak.until_s
    if peak.windows_s is not None:
        counts &= inside(peak.windows_s, starts)
    elif peak.hours:
        zone = ZoneInfo(inp.tz)
        local = [datetime.fromtimestamp(at_s, zone) for at_s in starts.tolist()]
        hour = np.array([at.hour + at.minute / 60.0 + at.second / 3600.0 for at in local])
        counts &= np.any([_within(hour, begin, end) for begin, end in peak.hours], axis=0)
    group = np.full(len(starts), -1)
    _, index = np.unique(slot[counts], return_inverse=True)
    group[counts] = index
    return Averages(tuple(group.tolist()), tuple(np.diff(inp.edges_s).tolist()))


def _within(hour: np.ndarray, begin: float, end: float) -> np.ndarray:
    """Hours from ``begin`` to ``end``; past midnight where the end is not after the begin."""
    return (hour >= begin) & (hour < end) if begin < end else (hour >= begin) | (hour < end)
