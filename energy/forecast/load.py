"""House load to come.

Several ways say how a day will go: yesterday, the mean of a week, of a month, and with three weeks of history two
ridge regressions, learned anew each day. Each is scored on the days that it had not seen, and counts by its score
(``score.rolling_weights``). With less than a week a typical household is mixed in; with nothing it stands alone.
How the last hours went corrects the next ones.
"""

from dataclasses import replace
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from energy.asks import FloatArray
from energy.forecast import bands
from energy.forecast.clean import MOST_W, Flags, clean
from energy.forecast.day_model import COMING_DAYS, DayModel, PastDays
from energy.forecast.features import PLAIN, IntArray, load_features, mean_days
from energy.forecast.history import SLOT_S, SLOTS, History, at_hours, day_grid, local_slots
from energy.forecast.regression import DailySums, Fits
from energy.forecast.spread import Basis, Forecast
from energy.forecast.weather import HEATING_DAYS, Weather, heating_columns
from energy.forecast.weighing import WALK_DAYS, Weighed, weigh

# A household's typical day, by hour, relative to its mean: low at night, a bump at noon, a peak in the evening.
_SHAPE = np.array(
    [
        *(0.55, 0.48, 0.45, 0.44, 0.46, 0.55, 0.80, 1.05, 1.10, 1.05, 1.02, 1.10),
        *(1.20, 1.10, 1.00, 0.98, 1.05, 1.30, 1.60, 1.70, 1.60, 1.40, 1.10, 0.80),
    ]
)
TYPICAL_LOAD_W = 450.0
"""Mean load of a home of which nothing is known (about 3,900 kWh a year)."""
_WIDE = (0.35, 0.85, 2.2)
"""p10, p50, p90 of a home of which nothing is known, relative to its mean."""
_TRUST_DAYS = 7
"""Days of history that replace the typical household's day."""
_LEARN_DAYS = 21
"""Days of history with which the regressions begin."""
_FIRST_LEARNED = 7
"""The first days have too little before them to learn from."""
_WAYS = ((60, PLAIN, 0.01), (180, None, 0.01))
"""The regressions: days that one learns from, how many of the columns (None: all), and its ridge."""
HISTORY_DAYS = 250
"""Days of history that a forecast makes use of."""
_RECENT_H = 3.0
_RECENT_FADE_H = 4.0
_RECENT_TRUST = 0.5


def forecast_load(
    history: History | None,
    edges_s: FloatArray,
    *,
    now_s: float,
    tz: str = "UTC",
    typical_w: float = TYPICAL_LOAD_W,
    most_w: float = MOST_W,
    weather: Weather | None = None,
) -> Forecast:
    """Load in each of the steps between ``edges_s`` (N + 1), W.

    ``typical_w`` is the mean load to assume while there is no history; ``most_w`` what the connection can carry at
    all. ``weather`` (past hours too) counts where it is known for some weeks. What depends on the day alone is learned
    once a day and remembered by the history's content. Raises ``ZoneInfoNotFoundError`` for an unknown ``tz``.
    """
    zone = ZoneInfo(tz)
    middles = (edges_s[:-1] + edges_s[1:]) / 2
    dates, hours = local_slots(middles, zone)
    typical_day = np.repeat(_SHAPE / _SHAPE.mean(), 2)
    past = PastDays.before(now_s, history, zone, HISTORY_DAYS)
    told = None if weather is None else (weather.at_s.tobytes(), weather.temperature_c.tobytes())
    model = None if past is None else _model(past, most_w, told)
    if model is None:
        mean = at_hours(typical_day * typical_w, hours)
        low, mid, high = (mean * factor for factor in _WIDE)
        return Forecast.of(mean, low, mid, high, Basis.DEFAULT)
    trust = min(1.0, model.known / _TRUST_DAYS)
    # A large house is large from its first day on: what is assumed is when it uses how much of it, not the level.
    shape = typical_day * float(model.day(model.today).mean())
    curves = {
        day: trust * model.day(day) + (1 - trust) * shape for day in np.unique(np.append(dates, model.today)).tolist()
    }
    mean = np.empty(len(middles))
    for day in np.unique(dates).tolist():
        mean[dates == day] = at_hours(curves[day], hours[dates == day])
    lead_h = np.maximum(middles - now_s, 0.0) / 3600.0
    mean += _recent_error(history, curves[model.today], now_s, zone, most_w) * np.exp(-lead_h / _RECENT_FADE_H)
    relative = trust * model.weighed.relative + (1 - trust) * (np.array(_WIDE) - 1.0)[:, None]
    low, mid, high = (mean + bands.heights(mean) * at_hours(part, hours) for part in relative)
    basis = Basis.HISTORY if model.known >= _TRUST_DAYS else Basis.FEW_DAYS
    made = Forecast.of(mean, low, mid, high, basis)
    return replace(made, scores=model.weighed.scores, notes=model.notes)


@lru_cache(maxsize=8)
def _model(past_days: PastDays, most_w: float, told: tuple[bytes, bytes] | None) -> DayModel | None:
    """What the days before today teach; ``told`` are times and temperatures. None: nothing is known."""
    history, notes = clean(past_days.history, most_w=most_w)
    grid = day_grid(history, past_days.midnight_s, past_days.zone, most_days=HISTORY_DAYS)
    known = grid.days_known
    if known == 0:
        return None
    measured = grid.full[int(np.argmax(np.isfinite(grid.full).any(axis=1))) :]
    past = _filled(measured)
    count = len(past)
    weekdays = np.array([(day + 6) % 7 for day in range(grid.today - count, grid.today)])
    heating = np.zeros((count + 1, SLOTS, 0))
    if told is not None:
        weather = Weather.of(np.frombuffer(told[0]), temperature_c=np.frombuffer(told[1]))
        heating = heating_columns(weather, past_days.slots_s(count, HEATING_DAYS), count)
    first = max(1, count - WALK_DAYS)
    rows = np.arange(first, count + 1)
    ways = _simple(past, rows)
    fits: tuple[Fits, ...] = ()
    if known >= _LEARN_DAYS:
        fits, learned = _walk(past, np.isfinite(measured), weekdays, rows, heating)
        ways = np.concatenate([ways, learned])
    found = weigh(ways, measured[first:])
    coming = _coming(past, weekdays, fits, found, heating)
    return DayModel(today=grid.today, known=known, days=coming, weighed=found, notes=notes)


def _coming(
    past: FloatArray, weekdays: IntArray, fits: tuple[Fits, ...], found: Weighed, heating: FloatArray
) -> FloatArray:
    """(8, 48) W: the coming days, each as if it were the next; the last whole day stands for those between."""
    ahead = np.arange(COMING_DAYS)
    rows = np.full(COMING_DAYS, len(past))
    ways = _simple(past, rows)
    if fits:
        columns = load_features(past, weekdays, rows, (weekdays[-1] + 1 + ahead) % 7)
        there = heating[np.minimum(len(past) + ahead, len(heating) - 1)]
        learned = [
            fit.all(np.concatenate([columns[:, :, :take], there], axis=2))
            for fit, (_, take, _) in zip(fits, _WAYS, strict=True)
        ]
        ways = np.concatenate([ways, learned])
    return found.mean(ways)


def _walk(
    past: FloatArray, known: Flags, weekdays: IntArray, rows: IntArray, heating: FloatArray
) -> tuple[tuple[Fits, ...], FloatArray]:
    """The regressions of the last day, and what each would have said at each of ``rows`` (NaN: nothing yet)."""
    count = len(past)
    begin = max(_FIRST_LEARNED, int(rows[0]) - max(days for days, _, _ in _WAYS))
    all_rows = np.arange(begin, count + 1)
    columns = load_features(past, weekdays, all_rows, np.append(weekdays, (weekdays[-1] + 1) % 7)[all_rows])
    early = rows < _LEARN_DAYS
    fits, said = [], []
    for days, take, ridge in _WAYS:
        chosen = np.concatenate([columns[:, :, :take], heating[all_rows]], axis=2)
        sums = DailySums(chosen[:-1], past[begin:], known[begin:])
        ends = np.maximum(rows, begin + 1) - begin
        found = sums.fits(np.maximum(ends - days, 0), ends, ridge)
        forecast = found.all(chosen[np.maximum(rows - begin, 0)])
        forecast[early] = np.nan
        fits.append(Fits(found.level[-1:], found.shift[-1:], found.weights[-1:]))
        said.append(forecast)
    return tuple(fits), np.stack(said)


def _simple(past: FloatArray, rows: IntArray) -> FloatArray:
    """(3, R, 48): yesterday, the mean of seven days, half that and half the mean of 28."""
    week = mean_days(past, rows, 7)
    return np.stack([past[rows - 1], week, (week + mean_days(past, rows, 28)) / 2])


def _filled(days: FloatArray) -> FloatArray:
    """The days with each gap taken from the slot's mean, so that no gap reads as 0."""
    count = np.isfinite(days).sum(axis=0)
    overall = float(np.nanmean(days))
    by_slot = np.where(count > 0, np.nansum(days, axis=0) / np.maximum(count, 1), np.repeat(_SHAPE, 2) * overall)
    return np.where(np.isfinite(days), days, by_slot)


def _recent_error(history: History | None, curve: FloatArray, now_s: float, zone: ZoneInfo, most_w: float) -> float:
    """How much more than the forecast the last hours took, W; halved, since it fades."""
    if history is None:
        return 0.0
    begin_s = now_s - (_RECENT_H + SLOT_S / 3600.0) * 3600.0
    fits = (history.at_s >= begin_s) & (history.at_s < now_s)
    at_s, power = history.at_s[fits], history.mean_w[fits]
    fits = np.isfinite(power) & (power >= 0) & (power <= most_w)
    if not fits.any():
        return 0.0
    _, hours = local_slots(at_s[fits], zone)
    slots = np.minimum((hours * 2).astype(np.int64), SLOTS - 1)
    return float(np.mean(power[fits] - curve[slots])) * _RECENT_TRUST
