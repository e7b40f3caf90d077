"""From the intervals of a file to minutes: the variation inside an interval is a stated, seeded model.

Half-hour means flatter every plan: inside them a kettle imports while the roof exports. So each interval is given a
course by the minute whose mean is the interval's own, exactly:

* **load**: what lies above the day's quiet level (its lowest fifth) is used by appliances that run in one piece at 1.2
  to 3 kW, drawn evenly, somewhere in the interval; the quiet level runs through;
* **sun**: between clear and overcast the power wanders (a first-order autoregression with a memory of five minutes),
  most at half clearness and not at all under a clear or a dark sky; clear is the highest power of the same time of day
  within fifteen days before and after.

The same seed gives the same minutes. A series that is by the minute already is left as it is.
"""

import numpy as np

from energy.asks import FloatArray

MODEL = (
    "Inside an interval the load above the day's lowest fifth runs as appliances of 1.2 to 3 kW in one piece, and the "
    "sun wanders between clear and overcast with a memory of five minutes; each interval's mean is kept exactly."
)
_QUIET = 0.2
_APPLIANCE_W = (1200.0, 3000.0)
_MEMORY_MIN = 5.0
_WOBBLE = 0.9
_CLEAR_DAYS = 15


def load_by_minute(mean_w: FloatArray, step_s: float, seed: int) -> FloatArray:
    """Load of each minute of intervals of ``step_s`` (a multiple of 60) with these means, W ≥ 0."""
    count = round(step_s / 60.0)
    if count <= 1:
        return mean_w.copy()
    rng = np.random.default_rng([seed, 1])
    quiet = np.minimum(mean_w, _quiet_level(mean_w, step_s))
    excess = mean_w - quiet
    power = rng.uniform(*_APPLIANCE_W, len(mean_w))
    runs = np.clip(np.ceil(count * excess / power), 1, count)
    begins = rng.integers(0, count, len(mean_w))
    minute = np.arange(count)
    on = np.mod(minute[None, :] - begins[:, None], count) < runs[:, None]
    by_minute = quiet[:, None] + on * (excess * count / runs)[:, None]
    return np.asarray(by_minute.reshape(-1), dtype=np.float64)


def solar_by_minute(mean_w: FloatArray, step_s: float, seed: int) -> FloatArray:
    """Solar power of each minute of intervals with these means, W ≥ 0."""
    count = round(step_s / 60.0)
    if count <= 1:
        return mean_w.copy()
    rng = np.random.default_rng([seed, 2])
    clear = _clear(mean_w, step_s)
    share = np.divide(mean_w, clear, out=np.zeros_like(mean_w), where=clear > 1.0)
    keep = float(np.exp(-1.0 / _MEMORY_MIN))
    kicks = rng.normal(0.0, np.sqrt(1.0 - keep * keep), (len(mean_w), count))
    noise = np.empty_like(kicks)
    level = np.zeros(len(mean_w))
    for k in range(count):
        level = keep * level + kicks[:, k]
        noise[:, k] = level
    wobble = _WOBBLE * 4.0 * share * (1.0 - share)
    factor = np.clip(1.0 + wobble[:, None] * noise, 0.05, None)
    by_minute = mean_w[:, None] * factor / factor.mean(axis=1, keepdims=True)
    return np.asarray(by_minute.reshape(-1), dtype=np.float64)


def held_by_minute(value: FloatArray, step_s: float) -> FloatArray:
    """What holds through an interval, as a price does."""
    return np.repeat(value, max(1, round(step_s / 60.0)))


def _quiet_level(mean_w: FloatArray, step_s: float) -> FloatArray:
    """The lowest fifth of each day's intervals, for each interval."""
    per_day = max(1, round(86400.0 / step_s))
    days = -(-len(mean_w) // per_day)
    padded = np.full(days * per_day, np.nan)
    padded[: len(mean_w)] = mean_w
    level = np.nanquantile(padded.reshape(days, per_day), _QUIET, axis=1)
    return np.repeat(level, per_day)[: len(mean_w)]


def _clear(mean_w: FloatArray, step_s: float) -> FloatArray:
    """The highest power of the same time of day in the days around."""
    per_day = max(1, round(86400.0 / step_s))
    days = -(-len(mean_w) // per_day)
    padded = np.zeros(days * per_day)
    padded[: len(mean_w)] = mean_w
    table = padded.reshape(days, per_day)
    clear = np.stack([table[max(0, d - _CLEAR_DAYS) : d + _CLEAR_DAYS + 1].max(axis=0) for d in range(days)])
    return clear.reshape(-1)[: len(mean_w)]
