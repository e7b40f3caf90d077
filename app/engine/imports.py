"""Energy imported in past quarters of an hour, for peak tariffs: booked minute by minute, kept by the store."""

import numpy as np

from app.store.rows import PATHS, AccountRow
from energy.forecast import History

QUARTER_S = 900.0
IMPORTS = tuple(path for path in PATHS if path.startswith("grid_"))
"""Ways of energy that begin at the grid."""


class ImportQuarters:
    """Wh by quarter of an hour of POSIX time."""

    def __init__(self) -> None:
        self._wh: dict[int, float] = {}

    def add(self, row: AccountRow) -> None:
        """What was just booked; across a quarter's end it counts to both sides by time."""
        imported_wh = sum(getattr(row, f"{path}_wh") for path in IMPORTS)
        self.put(row.at_s, row.span_s, imported_wh)

    def put(self, at_s: float, span_s: float, imported_wh: float) -> None:
        """Energy that was imported evenly over a stretch of time."""
        if not span_s > 0.0:
            return
        end_s = at_s + span_s
        while at_s < end_s:
            quarter = int(at_s // QUARTER_S)
            until_s = min(end_s, (quarter + 1) * QUARTER_S)
            self._wh[quarter] = self._wh.get(quarter, 0.0) + imported_wh * (until_s - at_s) / span_s
            at_s = until_s

    def history(self, since_s: float) -> History | None:
        """Mean import of each quarter since then, W; older ones are forgotten. None: nothing is known.

        Of a quarter that is known in part: at least that.
        """
        oldest = int(since_s // QUARTER_S)
        self._wh = {quarter: wh for quarter, wh in self._wh.items() if quarter >= oldest}
        if not self._wh:
            return None
        quarters = np.array(sorted(self._wh), dtype=np.float64)
        mean_w = np.array([self._wh[int(quarter)] for quarter in quarters]) * 3600.0 / QUARTER_S
        return History(quarters * QUARTER_S, mean_w)
