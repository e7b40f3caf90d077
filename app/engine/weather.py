"""The weather that the home knows, past and to come; it comes while the home runs, and survives a restart."""

import math
from collections.abc import Callable, Sequence
from dataclasses import fields

import numpy as np

from app.store.rows import WeatherRow
from energy.forecast import HISTORY_DAYS, Weather

_COLUMNS = tuple(field.name for field in fields(Weather))
KEPT_S = HISTORY_DAYS * 86_400.0


class WeatherKeeper:
    """Implements ``app.drivers.weather.WeatherShelf``."""

    def __init__(self, write: Callable[[Sequence[WeatherRow]], None]) -> None:
        """``write`` keeps rows on disk."""
        self._write = write
        self.weather: Weather | None = None
        self.on_change: list[Callable[[], None]] = []

    def restore(self, rows: Sequence[WeatherRow]) -> None:
        """What the store remembers, in order of time."""
        if rows:
            self.weather = Weather(
                **{name: np.array([_number(getattr(row, name)) for row in rows], dtype=np.float64) for name in _COLUMNS}
            )

    def take(self, weather: Weather) -> None:
        """News: kept, and told to whoever plans by it, where it says something new."""
        before = self.weather
        merged = weather if before is None else before.then(weather)
        merged = _since(merged, float(merged.at_s[-1]) - KEPT_S)
        if before is not None and merged.packed() == before.packed():
            return
        self.weather = merged
        known = {} if before is None else {row.at_s: row for row in _rows(before)}
        told = set(weather.at_s.tolist())
        self._write([row for row in _rows(merged) if row.at_s in told and known.get(row.at_s) != row])
        for tell in self.on_change:
            tell()


def _since(weather: Weather, at_s: float) -> Weather:
    keep = weather.at_s >= at_s
    return Weather(**{name: getattr(weather, name)[keep] for name in _COLUMNS})


def _rows(weather: Weather) -> list[WeatherRow]:
    names = [name for name in _COLUMNS if name != "at_s"]
    columns = [getattr(weather, name).tolist() for name in names]
    cells = [[value if math.isfinite(value) else None for value in row] for row in zip(*columns, strict=True)]
    return [
        WeatherRow(at_s=at_s, **dict(zip(names, row, strict=True)))
        for at_s, row in zip(weather.at_s.tolist(), cells, strict=True)
    ]


def _number(value: float | None) -> float:
    return np.nan if value is None else value
