"""The steps that a plan looks at: fine first, coarser later."""

import math

import numpy as np

from energy.asks import FloatArray


def make_edges(
    now_s: float,
    *,
    hours: float = 36.0,
    step_s: float = 300.0,
    fine_hours: float = 12.0,
    coarse_step_s: float = 900.0,
) -> FloatArray:
    """Edges of the steps from the one that holds ``now_s``, POSIX s, increasing, (N + 1,).

    Steps of ``step_s`` for at least ``fine_hours``, up to a multiple of ``coarse_step_s``; then coarse ones for the
    rest of ``hours``. Every edge is a multiple of its step, so that plans made minutes apart share their edges
    and no step lies across a change of price. POSIX time has no 23 h or 25 h days: neither has this grid.

    Raises ``ValueError`` when the coarse step is no multiple of the fine one or a length is not positive.
    """
    if not (math.isfinite(now_s) and hours > 0 and step_s > 0 and coarse_step_s > 0 and fine_hours >= 0):
        raise ValueError("A horizon needs a finite time and positive lengths: check hours and step_s.")
    if coarse_step_s % step_s:
        raise ValueError("The coarse step must be a multiple of the fine step: for example 900 s and 300 s.")
    start = math.floor(now_s / step_s) * step_s
    end = math.ceil((start + hours * 3600.0) / step_s) * step_s
    if fine_hours >= hours:
        return np.arange(start, end + step_s / 2, step_s)
    switch = math.ceil((start + fine_hours * 3600.0) / coarse_step_s) * coarse_step_s
    fine = np.arange(start, switch, step_s)
    count = max(1, round((hours - fine_hours) * 3600.0 / coarse_step_s))
    coarse = switch + coarse_step_s * np.arange(count + 1)
    return np.concatenate([fine, coarse])
