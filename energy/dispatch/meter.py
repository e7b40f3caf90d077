"""The house behind a meter that tells late.

House load is what the meter says less what our own devices took *when it measured*. By how much it lags behind the
chargers' own figures nobody tells. With the wrong lag every move of ours comes back as a move of the house that never
was, and a loop that answers its own answer swings.

So a row of possible lags is kept. A wrong one makes the house jump whenever our devices move; that is held against it.
Between the lags that are left the house lies in an interval, and the estimate moves only as far as the interval
forces it to. Where the true lag is among them, an estimate of a constant house only ever comes nearer: whatever the
delays are, it cannot swing.
"""

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from energy.model import Readings

LAGS_S = tuple(float(lag) for lag in range(13))
"""A meter may be so much later than the chargers' own figures, s."""
_KEPT_S = LAGS_S[-1] + 4.0
_SPACING_S = 0.2
"""Samples closer than this are one."""
_MOVED_W = 60.0
"""Our devices must move by more than this for a reading to teach a lag."""
_DOUBT = 1e5
"""A lag whose house jumped by less than this more than the best one's may be the true one, W²."""
_PRIOR = 2e5
"""What is held against every lag but the one expected, before anything is seen, W²."""
_MOST = 1e7
_FADE = 0.995

Samples = tuple[tuple[float, float], ...]
"""(time, W), in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterState:
    """What is remembered of the meter and of our own devices."""

    taken: Mapping[str, Samples] = field(default_factory=dict)
    """By device: what it took of late, > 0 charges."""
    against: tuple[float, ...] = ()
    """What is held against each lag, W²."""
    by_lag_w: tuple[float, ...] = ()
    """The house at the last reading, by lag."""
    read: tuple[float, float] | None = None
    """Time and power of the last reading."""
    house_w: float | None = None
    own_w: Mapping[str, float] = field(default_factory=dict)
    """By device: what it took when the meter measured."""

    @property
    def lag_s(self) -> float | None:
        """How much later than the chargers' figures the meter is; None: nothing has shown it yet."""
        if not self.against or max(self.against) <= _PRIOR:
            return None
        return LAGS_S[self.against.index(min(self.against))]


def observed(
    state: MeterState, readings: Readings, own: Sequence[tuple[str, float, float]], now_s: float, expected_lag_s: float
) -> MeterState:
    """The state with a reading of the grid, finite and fresh, and what our devices say of themselves.

    ``own``: (device, W, time it was measured), finite.
    """
    if state.read is not None and readings.at_s < state.read[0]:
        # A clock that was set back: nothing that was timed before can be laid beside what comes.
        state = MeterState(against=state.against)
    taken = {name: _with_sample(state.taken.get(name, ()), min(at_s, now_s), power_w) for name, power_w, at_s in own}
    grid_w = readings.grid_w or 0.0
    if state.read == (readings.at_s, grid_w) and state.house_w is not None and taken.keys() == state.own_w.keys():
        return replace(state, taken=taken)
    against = state.against or tuple(0.0 if abs(lag - expected_lag_s) < 0.5 else _PRIOR for lag in LAGS_S)
    if all(len(samples) == 1 or _still(samples) for samples in taken.values()):
        own_w = {name: samples[-1][1] for name, samples in taken.items()}
        house_w = grid_w - sum(own_w.values())
        by_lag = (house_w,) * len(LAGS_S)
        return MeterState(
            taken=taken,
            against=against,
            by_lag_w=by_lag,
            read=(readings.at_s, grid_w),
            house_w=house_w,
            own_w=own_w,
        )
    each = [[_at(samples, readings.at_s - lag) for lag in LAGS_S] for samples in taken.values()]
    totals = [sum(column) for column in zip(*each, strict=True)]
    by_lag = tuple(grid_w - total for total in totals)
    if state.by_lag_w and state.read is not None and max(totals) - min(totals) > _MOVED_W:
        moves = [(grid_w - new) - (state.read[1] - old) for new, old in zip(by_lag, state.by_lag_w, strict=True)]
        ours = max(abs(move) for move in moves)
        jumps = [(new - old) ** 2 for new, old in zip(by_lag, state.by_lag_w, strict=True)]
        # A meter that moves by more than our devices can have moved it tells of the house, not of its lag.
        if ours > _MOVED_W and abs(grid_w - state.read[1]) <= 1.3 * ours + 200.0:
            calmest = min(jumps)
            against = tuple(min(_MOST, a * _FADE + j - calmest) for a, j in zip(against, jumps, strict=True))
            least = min(against)
            against = tuple(a - least for a in against)
    window = _window(against)
    best = against.index(min(against))
    low, high = min(by_lag[k] for k in window), max(by_lag[k] for k in window)
    house_w = by_lag[best] if state.house_w is None else min(max(state.house_w, low), high)
    nearest = min(window, key=lambda k: abs(by_lag[k] - house_w))
    return MeterState(
        taken=taken,
        against=against,
        by_lag_w=by_lag,
        read=(readings.at_s, grid_w),
        house_w=house_w,
        own_w={name: row[nearest] for name, row in zip(taken, each, strict=True)},
    )


def _window(against: tuple[float, ...]) -> list[int]:
    """The lags that may be true, with the best one's neighbours: the true lag is no whole number of seconds."""
    best = against.index(min(against))
    bound = against[best] + _DOUBT
    return [k for k, a in enumerate(against) if a <= bound or abs(k - best) <= 1]


def _with_sample(samples: Samples, at_s: float, power_w: float) -> Samples:
    if samples and at_s < samples[-1][0] - 1.0:
        return ((at_s, power_w),)
    if samples and at_s <= samples[-1][0]:
        return samples if samples[-1][1] == power_w else (*samples[:-1], (samples[-1][0], power_w))
    if len(samples) > 1 and at_s - samples[-2][0] < _SPACING_S:
        return (*samples[:-1], (at_s, power_w))
    samples = (*samples, (at_s, power_w))
    first = 0
    # One sample from before the window stays: it says what was taken at the window's beginning.
    while len(samples) - first > 2 and samples[first + 1][0] < at_s - _KEPT_S:
        first += 1
    return samples[first:]


def _still(samples: Samples) -> bool:
    power_w = samples[-1][1]
    return all(other == power_w for _, other in samples)


def _at(samples: Samples, at_s: float) -> float:
    """What was taken at ``at_s``: linear between samples, constant outside."""
    k = bisect_right(samples, (at_s, math.inf))
    if k == 0:
        return samples[0][1]
    if k == len(samples):
        return samples[-1][1]
    (t0, w0), (t1, w1) = samples[k - 1], samples[k]
    return w0 + (w1 - w0) * (at_s - t0) / (t1 - t0)
