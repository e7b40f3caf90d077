"""Hourly (or quarter-hourly) prices of the day-ahead market, with what is added to them."""

import csv
import io
import math
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any, ClassVar

import numpy as np

from energy.asks import FloatArray
from energy.tariffs.base import Markup, Prices, TariffError, register


@dataclass(frozen=True, slots=True)
class PriceSeries:
    """Market prices; each holds from its time to the next one's (the last as long as the one before it)."""

    at_s: FloatArray
    """(M,) increasing, POSIX s."""
    eur_per_kwh: FloatArray
    """(M,) finite."""

    @property
    def end_s(self) -> float:
        """Where the known prices end."""
        if len(self.at_s) == 0:
            return -math.inf
        step = self.at_s[-1] - self.at_s[-2] if len(self.at_s) > 1 else 3600.0
        return float(self.at_s[-1] + step)


def parse_prices(text: str, *, name: str = "prices") -> PriceSeries:
    """Prices from CSV text with ``time_utc`` (ISO 8601) and ``price_eur_per_mwh`` or ``price_eur_per_kwh``.

    Empty prices are left out. Raises ``TariffError`` naming the line that cannot be read.
    """
    rows = csv.DictReader(io.StringIO(text))
    columns = rows.fieldnames or []
    unit = next((c for c in ("price_eur_per_kwh", "price_eur_per_mwh") if c in columns), None)
    if "time_utc" not in columns or unit is None:
        raise TariffError(f"{name}: the first line must name time_utc and price_eur_per_mwh or price_eur_per_kwh.")
    scale = 1e-3 if unit == "price_eur_per_mwh" else 1.0
    found: dict[float, float] = {}
    for row in rows:
        cell = (row[unit] or "").strip()
        if not cell:
            continue
        try:
            moment = datetime.fromisoformat((row["time_utc"] or "").strip())
            price = float(cell) * scale
        except ValueError as error:
            raise TariffError(f"{name}, line {rows.line_num}: {error}; write 2024-01-31T13:00:00Z,85.2.") from error
        if not math.isfinite(price):
            raise TariffError(f"{name}, line {rows.line_num}: the price {cell!r} is no number.")
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        found[moment.timestamp()] = price
    if not found:
        raise TariffError(f"{name}: there is no price in it.")
    times = sorted(found)
    return PriceSeries(np.array(times), np.array([found[t] for t in times]))


@register("day_ahead")
@dataclass(frozen=True, slots=True, kw_only=True)
class DayAhead:
    """A dynamic tariff: market price and mark-up; export is paid the market price less fees."""

    OPTIONS: ClassVar = frozenset({"series", "csv", *(option.name for option in fields(Markup))})

    series: PriceSeries
    markup: Markup = field(default_factory=Markup)

    @classmethod
    def from_options(cls, options: dict[str, Any]) -> "DayAhead":
        """From ``series`` (a ``PriceSeries``) or ``csv`` (its text), and the mark-up's own options."""
        text = options.pop("csv", None)
        series = options.pop("series", None)
        if series is None:
            if text is None:
                raise TariffError("The tariff 'day_ahead' needs its prices: give it a CSV file of them.")
            series = parse_prices(str(text))
        try:
            return cls(series=series, markup=Markup(**options))
        except TypeError as error:
            raise TariffError(f"The tariff 'day_ahead' has a strange option: {error}.") from error

    def prices(self, edges_s: FloatArray) -> Prices:
        """Time-weighted mean of the known prices in each step.

        Where none is known the same hour of the last known day stands in, and so on backwards; then the mean of all.
        """
        energy = _mean_by_step(self.series, edges_s)
        return Prices(
            import_eur_per_kwh=self.markup.imported(energy),
            export_eur_per_kwh=self.markup.exported(energy),
            known_until_s=self.series.end_s,
        )


def _mean_by_step(series: PriceSeries, edges_s: FloatArray) -> FloatArray:
    if len(series.at_s) == 0:
        raise TariffError("There is no day-ahead price at all: load prices first.")
    mean = _known_mean(series, edges_s)
    for days in range(1, 8):
        unknown = ~np.isfinite(mean)
        if not unknown.any():
            break
        earlier = _known_mean(series, edges_s - days * 86400.0)
        mean = np.where(unknown, earlier, mean)
    return np.where(np.isfinite(mean), mean, float(series.eur_per_kwh.mean()))


def _known_mean(series: PriceSeries, edges_s: FloatArray) -> FloatArray:
    """(N,) mean of the known prices in each step; NaN for a step that they do not wholly cover."""
    knots = np.append(series.at_s, series.end_s)
    area = np.concatenate([[0.0], np.cumsum(series.eur_per_kwh * np.diff(knots))])
    total = np.interp(edges_s, knots, area)
    inside = (edges_s[:-1] >= knots[0] - 1e-6) & (edges_s[1:] <= knots[-1] + 1e-6)
    with np.errstate(invalid="ignore"):
        return np.where(inside, np.diff(total) / np.diff(edges_s), np.nan)
