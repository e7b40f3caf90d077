"""What one day's forecasts stand on: the days before it, as content to be learned from once, and what was learned.

A home plans a hundred times a day, and what the days before today teach is the same each time. So it is remembered by
the content that it was learned from: the same numbers, from whichever object, give the same model.
"""

from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import numpy as np

from energy.asks import FloatArray
from energy.forecast.clean import HistoryNote
from energy.forecast.history import DAY_S, SLOT_S, SLOTS, History
from energy.forecast.weighing import Weighed

COMING_DAYS = 8


@dataclass(frozen=True, slots=True)
class PastDays:
    """A history up to a local midnight; equal content is equal."""

    zone: ZoneInfo
    today: int
    """Ordinal of the date that begins then."""
    at_s: bytes
    mean_w: bytes

    @staticmethod
    def before(now_s: float, history: History | None, zone: ZoneInfo, days: int) -> "PastDays | None":
        """The ``days`` local days before that of ``now_s``; None: nothing is known."""
        if history is None or not len(history.at_s):
            return None
        midnight = datetime.combine(datetime.fromtimestamp(now_s, zone).date(), time(), zone)
        end_s = midnight.timestamp()
        fits = (history.at_s < end_s) & (history.at_s >= end_s - (days + 1) * DAY_S)
        at_s, mean_w = (np.asarray(values[fits], dtype=np.float64) for values in (history.at_s, history.mean_w))
        return PastDays(zone, midnight.toordinal(), at_s.tobytes(), mean_w.tobytes())

    @property
    def history(self) -> History:
        """Read-only."""
        return History(np.frombuffer(self.at_s), np.frombuffer(self.mean_w))

    @property
    def midnight_s(self) -> float:
        """When today begins."""
        return _midnight_s(self.today, self.zone)

    def slots_s(self, days: int, coming: int) -> FloatArray:
        """(days + coming, 48) middles of the slots of ``days`` days before today and ``coming`` from it on, POSIX s."""
        midnights = [_midnight_s(self.today + k, self.zone) for k in range(-days, coming)]
        return np.asarray(np.array(midnights)[:, None] + SLOT_S * (np.arange(SLOTS) + 0.5)[None, :])


def _midnight_s(ordinal: int, zone: ZoneInfo) -> float:
    return datetime.combine(date.fromordinal(ordinal), time(), zone).timestamp()


@dataclass(frozen=True, slots=True, kw_only=True)
class DayModel:
    """What the days before today teach."""

    today: int
    known: int
    """Days with readings."""
    days: FloatArray
    """(8, 48) W: today and the seven days after it."""
    weighed: Weighed
    notes: tuple[HistoryNote, ...]

    def day(self, date_: int) -> FloatArray:
        """(48,) W for a date from today on; beyond a week, the same weekday's."""
        ahead = max(0, date_ - self.today)
        curve: FloatArray = self.days[ahead if ahead < COMING_DAYS else 1 + (ahead - 1) % 7]
        return curve
