"""What load and roof did, by the half hour: the memory that forecasts are made from."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from energy.forecast import HISTORY_DAYS, History

SPAN_S = 1800.0
DAYS_KEPT = HISTORY_DAYS + 2


@dataclass(slots=True)
class _Mean:
    weight_s: float = 0.0
    sum_ws: float = 0.0

    def add(self, value: float, weight_s: float) -> None:
        self.weight_s += weight_s
        self.sum_ws += value * weight_s


@dataclass(slots=True)
class HalfHours:
    """Time-weighted means of one power, by half hour of POSIX time."""

    _means: dict[int, _Mean] = field(default_factory=dict)

    def add(self, at_s: float, power_w: float, lasted_s: float) -> None:
        """``power_w`` held for ``lasted_s`` from ``at_s`` on."""
        if lasted_s > 0:
            self._means.setdefault(int(at_s // SPAN_S), _Mean()).add(power_w, lasted_s)

    def load(self, means: Iterable[tuple[float, float, float]]) -> None:
        """Take what a store remembers: (start, mean W, how long it held, s)."""
        for at_s, mean_w, lasted_s in means:
            self.add(at_s, mean_w, lasted_s)

    def history(self, now_s: float) -> History | None:
        """The half hours of the last weeks, forgetting older ones; None: none yet."""
        oldest = int((now_s - DAYS_KEPT * 86_400.0) // SPAN_S)
        self._means = {k: m for k, m in self._means.items() if k >= oldest}
        if not self._means:
            return None
        keys = sorted(self._means)
        means = [self._means[k].sum_ws / self._means[k].weight_s for k in keys]
        return History(np.array(keys, dtype=np.float64) * SPAN_S, np.array(means))
