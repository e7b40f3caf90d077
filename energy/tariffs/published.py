"""A year of prices, seen as they were known at the time: tomorrow's appear when they are published."""

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

from energy.asks import FloatArray
from energy.tariffs.base import Prices, TariffError
from energy.tariffs.day_ahead import DayAhead
from energy.tariffs.local import zone
from energy.tariffs.outlook import MEMORY_DAYS
from energy.tariffs.series import PriceSeries

_KEPT_DAYS = MEMORY_DAYS + 20.0


@dataclass(kw_only=True)
class _Memory:
    until_s: float = float("nan")
    tariff: DayAhead | None = None


@dataclass(frozen=True)
class AsPublished:
    """A tariff whose own ``prices`` are the whole truth, for the bill; ``at(now_s)`` is what is known, for the plan."""

    series: PriceSeries
    publish_local: str = "13:00"
    """When the prices of tomorrow appear."""
    tz: str = "UTC"
    _memory: _Memory = field(default_factory=_Memory, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse what is no zone or time."""
        zone(self.tz)
        try:
            time.fromisoformat(self.publish_local)
        except ValueError as error:
            raise TariffError(f'{self.publish_local!r} is no time of day: write "13:00".') from error

    def prices(self, edges_s: FloatArray) -> Prices:
        """What really holds."""
        return self._whole.prices(edges_s)

    def at(self, now_s: float) -> DayAhead:
        """The same tariff as it was known at ``now_s``; one object from one publication to the next."""
        until_s = self.known_until_s(now_s)
        memory = self._memory
        if memory.tariff is None or memory.until_s != until_s:
            known = self.series.between(until_s - _KEPT_DAYS * 86400.0, until_s)
            memory.until_s, memory.tariff = until_s, DayAhead(series=known, tz=self.tz)
        return memory.tariff

    def known(self, now_s: float) -> PriceSeries:
        """The prices that are published at ``now_s``."""
        return self.series.between(-float("inf"), self.known_until_s(now_s))

    def known_until_s(self, now_s: float) -> float:
        """The local midnight at which the published prices end."""
        local = datetime.fromtimestamp(now_s, zone(self.tz))
        days = 2 if local.time() >= time.fromisoformat(self.publish_local) else 1
        midnight = datetime.combine(local.date() + timedelta(days=days), time(), tzinfo=local.tzinfo)
        return midnight.timestamp()

    @property
    def _whole(self) -> DayAhead:
        return DayAhead(series=self.series, tz=self.tz)

    def __getstate__(self) -> dict[str, Any]:
        """What was remembered is quickly made again."""
        return {"series": self.series, "publish_local": self.publish_local, "tz": self.tz, "_memory": _Memory()}
