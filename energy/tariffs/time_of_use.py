"""Prices by time of day and day of week, in local time."""

import math
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from energy.asks import FloatArray
from energy.forecast.history import local_slots
from energy.tariffs.base import Prices, TariffError, register

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """One stretch of the day with its price."""

    from_hour: float
    """Local, 0..24."""
    to_hour: float
    """Up to 24; below ``from_hour``: over midnight."""
    import_eur_per_kwh: float
    export_eur_per_kwh: float | None = None
    """None: the tariff's own."""
    days: tuple[int, ...] = tuple(range(7))
    """0 is Monday; the day on which the local clock stands."""


@register("time_of_use")
@dataclass(frozen=True, slots=True, kw_only=True)
class TimeOfUse:
    """A day and night tariff, or any other fixed schedule. The first band that fits holds, else the base price."""

    import_eur_per_kwh: float
    export_eur_per_kwh: float = 0.0
    bands: tuple[Band, ...] = ()
    tz: str = "UTC"

    @classmethod
    def from_options(cls, options: dict[str, Any]) -> "TimeOfUse":
        """From a config's table: ``bands`` is a list of ``{from, to, import, export?, days?}``, hours as "HH:MM"."""
        bands = tuple(_band(row) for row in options.pop("bands", ()))
        try:
            return cls(bands=bands, **options)
        except TypeError as error:
            raise TariffError(f"The tariff 'time_of_use' has a strange or missing option: {error}.") from error

    def __post_init__(self) -> None:
        """Refuse what is no price or zone."""
        try:
            ZoneInfo(self.tz)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise TariffError(f"No time zone is called {self.tz!r}: write one like Europe/Paris.") from error
        values = [self.import_eur_per_kwh, self.export_eur_per_kwh]
        values += [band.import_eur_per_kwh for band in self.bands]
        try:
            fine = all(math.isfinite(value) for value in values)
        except TypeError:
            fine = False
        if not fine:
            raise TariffError("A price of the time-of-use tariff is no number.")

    def prices(self, edges_s: FloatArray) -> Prices:
        """The price at each step's middle: put band edges on step edges."""
        middles = (edges_s[:-1] + edges_s[1:]) / 2
        days, hours = local_slots(middles, ZoneInfo(self.tz))
        weekday = np.mod(days + 6, 7)
        imported = np.full(len(middles), float(self.import_eur_per_kwh))
        exported = np.full(len(middles), float(self.export_eur_per_kwh))
        for band in reversed(self.bands):
            inside = np.isin(weekday, band.days) & _between(hours, band.from_hour, band.to_hour)
            imported[inside] = band.import_eur_per_kwh
            if band.export_eur_per_kwh is not None:
                exported[inside] = band.export_eur_per_kwh
        return Prices(import_eur_per_kwh=imported, export_eur_per_kwh=exported, known_until_s=math.inf)


def _between(hours: FloatArray, start: float, end: float) -> Any:
    if start <= end:
        return (hours >= start) & (hours < end)
    return (hours >= start) | (hours < end)


def _band(row: Any) -> Band:
    try:
        days = tuple(_DAYS.index(day) for day in row.get("days", _DAYS))
        export = row.get("export")
        return Band(
            from_hour=_hour(row["from"]),
            to_hour=_hour(row["to"]),
            import_eur_per_kwh=float(row["import"]),
            export_eur_per_kwh=None if export is None else float(export),
            days=days,
        )
    except (KeyError, ValueError, AttributeError, TypeError) as error:
        raise TariffError(
            f"A band of the time-of-use tariff cannot be read ({error}): "
            'write {from = "07:00", to = "23:00", import = 0.32}, and days from mon to sun.'
        ) from error


def _hour(text: Any) -> float:
    hour, _, minute = str(text).partition(":")
    value = int(hour) + int(minute or 0) / 60.0
    if not 0 <= value <= 24:
        raise ValueError(f"{text} is no time of day")
    return value
