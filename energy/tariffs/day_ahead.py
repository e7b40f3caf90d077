"""Prices of the day-ahead market, hourly or by the quarter hour, with what is added to them."""

from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from energy.asks import FloatArray
from energy.tariffs.base import Markup, NoPrices, Prices, TariffError, register
from energy.tariffs.outlook import Outlook
from energy.tariffs.series import PriceSeries, parse_prices

OUTLOOK_DAYS = 14.0
"""Prices that ended longer ago tell nothing of today's."""


@register("day_ahead")
@dataclass(frozen=True, kw_only=True)
class DayAhead:
    """A dynamic tariff: market price and mark-up; export is paid the market price less fees."""

    OPTIONS: ClassVar = frozenset({"series", "csv", "tz", *(option.name for option in fields(Markup))})

    series: PriceSeries
    markup: Markup = field(default_factory=Markup)
    tz: str = "UTC"
    """Where the home stands: prices have the shape of a local day."""

    @classmethod
    def from_options(cls, options: dict[str, Any]) -> "DayAhead":
        """From ``series`` (a ``PriceSeries``) or ``csv`` (its text), ``tz``, and the mark-up's own options."""
        text = options.pop("csv", None)
        series = options.pop("series", None)
        tz = str(options.pop("tz", "UTC"))
        if series is None:
            if text is None:
                raise TariffError("The tariff 'day_ahead' needs its prices: give it a CSV file of them.")
            series = parse_prices(str(text))
        try:
            return cls(series=series, markup=Markup(**options), tz=tz)
        except TypeError as error:
            raise TariffError(f"The tariff 'day_ahead' has a strange option: {error}.") from error

    def prices(self, edges_s: FloatArray) -> Prices:
        """Time-weighted mean of the known prices in each step, and of the expected ones where none is known.

        Raises ``NoPrices`` where there are none at all, or only of weeks ago.
        """
        energy = self._asked(edges_s)
        return Prices(
            import_eur_per_kwh=self.markup.imported(energy),
            export_eur_per_kwh=self.markup.exported(energy),
            known_until_s=self.series.end_s,
        )

    @cached_property
    def _outlook(self) -> Outlook:
        return Outlook(self.series, self.tz)

    @cached_property
    def _answered(self) -> dict[bytes, FloatArray]:
        return {}

    def _asked(self, edges_s: FloatArray) -> FloatArray:
        """The market's prices; a contract asks the same for import, export and the market's sign, one after another."""
        question = edges_s.tobytes()
        if question not in self._answered:
            self._answered.clear()
            self._answered[question] = self._market(edges_s)
        return self._answered[question]

    def _market(self, edges_s: FloatArray) -> FloatArray:
        if len(self.series.at_s) == 0:
            raise NoPrices("There is no day-ahead price at all: load prices first.")
        mean = self.series.mean_by_step(edges_s)
        unknown = ~np.isfinite(mean)
        if not unknown.any():
            return mean
        if edges_s[0] > self.series.end_s + OUTLOOK_DAYS * 86400.0:
            raise NoPrices("The last day-ahead price is weeks old: load newer ones.")
        mean[unknown] = self._outlook.at(((edges_s[:-1] + edges_s[1:]) / 2)[unknown])
        return mean
