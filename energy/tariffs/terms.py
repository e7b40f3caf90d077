"""What a contract costs beside its prices by the kWh: peaks of the month, contracted power.

The plan is told what the next kW would cost (``PeakCharge``, ``CapacityBand``); the bill is worked out from the means
of import that were really there.
"""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np

from energy.asks import FloatArray
from energy.forecast.history import History
from energy.plan.types import CapacityBand, PeakCharge
from energy.tariffs.base import TariffError
from energy.tariffs.local import local_clock, zone
from energy.tariffs.schedule import Schedule

PeriodKind = Literal["day", "month", "year"]
AHEAD_S = 4 * 86400.0
"""How far windows are worked out: further than any plan reaches."""
_HOUR_S = 3600.0

Span = tuple[float, float]


def periods(kind: PeriodKind, start_s: float, end_s: float, tz: ZoneInfo) -> Iterator[Span]:
    """The local days, months or years that lie in ``start_s`` .. ``end_s``, whole, in order."""
    day = datetime.fromtimestamp(start_s, tz).date()
    first = {"day": day, "month": day.replace(day=1), "year": day.replace(month=1, day=1)}[kind]
    while (begin_s := datetime.combine(first, time(), tzinfo=tz).timestamp()) < end_s:
        if kind == "day":
            first += timedelta(days=1)
        elif kind == "month":
            first = (first + timedelta(days=32)).replace(day=1)
        else:
            first = first.replace(year=first.year + 1)
        yield begin_s, datetime.combine(first, time(), tzinfo=tz).timestamp()


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak:
    """Money for the highest mean import of a billing period."""

    eur_per_kw: float = 0.0
    """For a whole period. An average over twelve months' peaks: a year's price divided by 12."""
    period: PeriodKind = "month"
    average_s: float = 900.0
    """Length of the intervals whose mean counts: a quarter of an hour, or an hour."""
    count: int = 1
    """The mean of this many highest days counts (Norway, Sweden: often 3)."""
    least_w: float = 0.0
    """At least so much is billed (Flanders: 2,500 W)."""
    steps: tuple[tuple[float, float], ...] = ()
    """Instead of a price a kW, a ladder: (up to W, price of the period), rising; above the last, the last."""
    when: Schedule | None = None
    """Import counts where this is not 0; None: always."""
    tz: str = "UTC"

    def __post_init__(self) -> None:
        """Refuse what cannot be billed."""
        zone(self.tz)
        if self.average_s not in (900.0, 1800.0, 3600.0):
            raise TariffError(
                "A peak is a mean over a quarter, a half or a whole hour: set average_min to 15, 30 or 60."
            )
        if self.count < 1:
            raise TariffError("A peak is a mean over at least one day: set days to 1 or more.")
        if list(self.steps) != sorted(set(self.steps)) or any(not width > 0 for width in _widths(self.steps)):
            raise TariffError("The steps of a peak must rise: write them as [[2000, 15.0], [5000, 25.0]].")

    def charges(self, now_s: float, imported: History | None) -> tuple[PeakCharge, ...]:
        """What further peaks cost: in the period that runs, and in the next where a plan may reach into it."""
        spans = list(periods(self.period, now_s, now_s + AHEAD_S, zone(self.tz)))
        return tuple(
            self._charge(max(start_s, now_s), end_s, self._by_day(imported, start_s, end_s), coming=start_s > now_s)
            for start_s, end_s in spans
        )

    def cost_eur(self, imported: History, start_s: float, end_s: float) -> float:
        """The bill of the periods that begin in ``start_s`` .. ``end_s``, as far as ``imported`` tells."""
        spans = (span for span in periods(self.period, start_s, end_s, zone(self.tz)) if span[0] >= start_s - 1.0)
        return sum(self._cost(self._billed_w(self._by_day(imported, *span))) for span in spans)

    def _charge(self, from_s: float, until_s: float, by_day: dict[int, float], *, coming: bool) -> PeakCharge:
        today = int(local_clock(np.array([from_s]), self.tz)[0][0])
        others = sorted((peak for day, peak in by_day.items() if day != today), reverse=True)
        # A higher peak today matters once it is among the days that count, and above today's own.
        floor_w = max(by_day.get(today, 0.0), others[self.count - 1] if len(others) >= self.count else 0.0)
        billed_w = self._billed_w(by_day)
        per_kw, free_w = self._next_kw(billed_w)
        if free_w > billed_w:
            # The mean of the days may grow this far; this day alone may grow by so many times more.
            floor_w += (free_w - billed_w) * self.count
        # The interval that runs counts as a whole: a plan's first step began before now.
        begin_s = from_s // self.average_s * self.average_s
        windows: tuple[Span, ...] | None = ((begin_s, until_s),) if coming else None
        if self.when is not None:
            windows = self.when.windows(begin_s, min(until_s, begin_s + AHEAD_S))
        return PeakCharge(
            eur_per_kw=per_kw / self.count,
            so_far_w=floor_w,
            until_s=until_s,
            average_s=self.average_s,
            windows_s=windows,
        )

    def _next_kw(self, billed_w: float) -> tuple[float, float]:
        """Price of the next kW, and up to which billed power nothing costs more."""
        if not self.steps:
            return self.eur_per_kw, max(self.least_w, billed_w)
        for (top_w, cost), (next_w, dearer) in itertools.pairwise(self.steps):
            if billed_w <= top_w:
                # A ladder is no slope: within its step all is free, the next step's rise is spread over its width.
                return (dearer - cost) / (next_w - top_w) * 1e3, top_w
        return 0.0, max(billed_w, self.steps[-1][0])

    def _cost(self, billed_w: float) -> float:
        if not self.steps:
            return max(billed_w, self.least_w) / 1e3 * self.eur_per_kw
        return next((cost for top_w, cost in self.steps if billed_w <= top_w), self.steps[-1][1])

    def _billed_w(self, by_day: dict[int, float]) -> float:
        return sum(sorted(by_day.values(), reverse=True)[: self.count]) / self.count

    def _by_day(self, imported: History | None, start_s: float, end_s: float) -> dict[int, float]:
        """The highest mean that counts, by local day, W."""
        if imported is None or len(imported.at_s) == 0:
            return {}
        fits = (imported.at_s >= start_s) & (imported.at_s < end_s) & np.isfinite(imported.mean_w)
        keys, place = np.unique(imported.at_s[fits] // self.average_s, return_inverse=True)
        if len(keys) == 0:
            return {}
        given_s = float(np.median(np.diff(imported.at_s))) if len(imported.at_s) > 1 else 900.0
        mean_w = np.bincount(place, imported.mean_w[fits]) * min(1.0, given_s / self.average_s)
        starts_s: FloatArray = keys * self.average_s
        if self.when is not None:
            counts = self.when.at(starts_s + self.average_s / 2) != 0.0
            starts_s, mean_w = starts_s[counts], mean_w[counts]
        days = local_clock(starts_s, self.tz)[0]
        found: dict[int, float] = {}
        for day, watt in zip(days.tolist(), mean_w.tolist(), strict=True):
            found[day] = max(found.get(day, 0.0), watt)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """A contracted power: import above it costs more (Italy, Spain: make it dear where the meter cuts off)."""

    above_w: float
    eur_per_kwh: float
    when: Schedule | None = None
    """It holds where this is not 0; None: always."""

    def band(self, now_s: float) -> CapacityBand:
        """For a plan that is made now."""
        begin_s = now_s // _HOUR_S * _HOUR_S
        windows = None if self.when is None else self.when.windows(begin_s, begin_s + AHEAD_S)
        return CapacityBand(above_w=self.above_w, eur_per_kwh=self.eur_per_kwh, windows_s=windows)

    def cost_eur(self, imported: History, start_s: float, end_s: float) -> float:
        """What was paid for import above the contracted power, beside the energy's own price."""
        fits = (imported.at_s >= start_s) & (imported.at_s < end_s) & np.isfinite(imported.mean_w)
        at_s, mean_w = imported.at_s[fits], imported.mean_w[fits]
        if len(at_s) == 0:
            return 0.0
        lasts_s = float(np.median(np.diff(imported.at_s))) if len(imported.at_s) > 1 else 900.0
        holds = np.ones(len(at_s)) if self.when is None else (self.when.at(at_s + lasts_s / 2) != 0.0).astype(float)
        above_w: FloatArray = np.maximum(0.0, mean_w - self.above_w) * holds
        return float(above_w.sum()) * lasts_s / 3.6e6 * self.eur_per_kwh


def monthly_eur(per_month: float, start_s: float, end_s: float, tz: str) -> float:
    """A standing charge's share of ``start_s`` .. ``end_s``, by the length of each month."""
    if per_month == 0.0 or not math.isfinite(end_s - start_s):
        return 0.0
    months = ((a, b) for a, b in periods("month", start_s, end_s, zone(tz)) if b > start_s)
    share = sum((min(end_s, b) - max(start_s, a)) / (b - a) for a, b in months)
    return per_month * share


def _widths(steps: tuple[tuple[float, float], ...]) -> list[float]:
    return [b[0] - a[0] for a, b in itertools.pairwise(steps)]
