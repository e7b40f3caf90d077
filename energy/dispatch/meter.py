"""The house behind a meter that tells late.

House load is what the meter says less what our own devices took *when it measured*. By how much it lags behind the
chargers' own figures nobody tells. With the wrong lag every move of ours comes back as a move of the house that never
was, and a loop that answers its own answer swings.

So a row of possible lags is kept. A wrong one makes the house jump whenever our devices move; that is held against it.
Between the lags that are left the house lies in an interval, and the estimate moves only as far as the interval
forces it to. Where the true lag is among them, an estimate of a constant house only ever comes nearer: whatever the
delays are, it cannot swing.
"""

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
    window: tuple[int, ...] = ()
    """Which lags may be the true one, the best first; empty: to be found."""
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
    if all(_still(samples) for samples in taken.values()):
        own_w = {name: samples[-1][1] for name, samples in taken.items()}
        house_w = grid_w - sum(own_w.values())
        by_lag = (house_w,) * len(LAGS_S)
        return MeterState(
            taken=taken,
            against=against,
            by_lag_w=by_lag,
            read=(readings.at_s, grid_w),
            house_w=house_w,
            window=state.window,
            own_w=own_w,
        )
    each = [_by_lag(samples, readings.at_s) for samples in taken.values()]
    totals = each[0] if len(each) == 1 else [sum(column) for column in zip(*each, strict=True)]
    by_lag = tuple(grid_w - total for total in totals)
    window = state.window
    if state.by_lag_w and state.read is not None and max(totals) - min(totals) > _MOVED_W:
        moved_w = grid_w - state.read[1]
        jumps = [new - old for new, old in zip(by_lag, state.by_lag_w, strict=True)]
        ours_w = max(moved_w - min(jumps), max(jumps) - moved_w)
        # A meter that moves by more than our devices can have moved it tells of the house, not of its lag.
        if ours_w > _MOVED_W and abs(moved_w) <= 1.3 * ours_w + 200.0:
            held = [a * _FADE + jump * jump for a, jump in zip(against, jumps, strict=True)]
            least = min(held)
            against = tuple([a - least if a - least < _MOST else _MOST for a in held])
            window = ()
    if not window:
        window = _window(against)
    low = high = house_w = by_lag[window[0]]
    for k in window:
        low, high = min(low, by_lag[k]), max(high, by_lag[k])
    if state.house_w is not None:
        house_w = min(max(state.house_w, low), high)
    nearest = min(window, key=lambda k: abs(by_lag[k] - house_w))
    return MeterState(
        taken=taken,
        against=against,
        by_lag_w=by_lag,
        read=(readings.at_s, grid_w),
        house_w=house_w,
        window=window,
        own_w={name: row[nearest] for name, row in zip(taken, each, strict=True)},
    )


def _window(against: tuple[float, ...]) -> tuple[int, ...]:
    """The lags that may be true, with the best one's neighbours: the true lag is no whole number of seconds."""
    best = against.index(min(against))
    bound = against[best] + _DOUBT
    return (best, *[k for k, a in enumerate(against) if k != best and (a <= bound or -1 <= k - best <= 1)])


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


def _by_lag(samples: Samples, at_s: float) -> list[float]:
    """What was taken at ``at_s`` less each lag: linear between samples, constant outside."""
    last = len(samples) - 1
    if samples[0][1] == samples[last][1] and _still(samples):
        return [samples[0][1]] * len(LAGS_S)
    row, k = [], last
    for lag in LAGS_S:
        moment = at_s - lag
        while k >= 0 and samples[k][0] > moment:
            k -= 1
        if k < 0:
            row.append(samples[0][1])
        elif k == last:
            row.append(samples[last][1])
        else:
            (t0, w0), (t1, w1) = samples[k], samples[k + 1]
            row.append(w0 + (w1 - w0) * (moment - t0) / (t1 - t0))
    return row
