"""How it stands with prices: which step of falling back holds, in a sentence. Light: no network here."""

from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

import numpy as np

from app.drivers.prices_pace import midnight_s, overdue
from app.ports import HealthLevel
from energy.tariffs import PriceSeries
from energy.tariffs.day_ahead import OUTLOOK_DAYS


class Shelf(Protocol):
    """Where prices are kept."""

    def series(self, name: str) -> PriceSeries:
        """What is known under this name."""
        ...

    def take(self, name: str, series: PriceSeries) -> None:
        """New prices under this name."""
        ...


def is_frozen(series: PriceSeries, now_s: float, tz: ZoneInfo) -> bool:
    """Is tomorrow the same as today, price by price? A market's never is, unless all of a day's are one price."""
    today_s, tomorrow_s, end_s = (midnight_s(now_s, days, tz) for days in (0, 1, 2))
    today, tomorrow = series.between(today_s, tomorrow_s), series.between(tomorrow_s, end_s)
    if len(tomorrow.at_s) < 12 or len(today.at_s) != len(tomorrow.at_s) or np.ptp(tomorrow.eur_per_kwh) == 0.0:
        return False
    return bool(np.array_equal(today.eur_per_kwh, tomorrow.eur_per_kwh))


def standing(
    known_until_s: float, now_s: float, *, publish: str, tz: ZoneInfo, trouble: str = ""
) -> tuple[HealthLevel, str]:
    """How it stands with prices, in a sentence: which step of falling back holds."""
    if known_until_s < now_s - OUTLOOK_DAYS * 86_400.0:
        step, level = "no price is known: the home file's own holds", HealthLevel.FAILED
    elif known_until_s <= now_s:
        step, level = "no price is known for now: what the past weeks let expect holds", HealthLevel.WARNING
    else:
        step, level = f"known until {local_minute(known_until_s, tz)}", HealthLevel.OK
        if overdue(now_s, known_until_s=known_until_s, publish=publish, tz=tz):
            step, level = f"{step}, the next are late: then what the past weeks let expect holds", HealthLevel.WARNING
        elif trouble:
            step, level = f"{step}, then what the past weeks let expect holds", HealthLevel.WARNING
    return level, f"{trouble}; {step}" if trouble else step


def local_minute(at_s: float, tz: ZoneInfo) -> str:
    """An instant as people write it."""
    return f"{datetime.fromtimestamp(at_s, tz):%Y-%m-%d %H:%M}"
