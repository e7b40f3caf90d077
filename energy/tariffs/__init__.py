"""Tariffs: import and export prices for every step, whatever the contract.

``make_tariff("day_ahead", {...}).prices(edges_s)`` gives ``Prices``. A new contract is one module here with a
``@register`` line, imported below.
"""

from energy.tariffs.base import Markup, NoPrices, Prices, Tariff, TariffError, kinds, make_tariff, options_of
from energy.tariffs.day_ahead import DayAhead
from energy.tariffs.fixed import Fixed
from energy.tariffs.published import AsPublished
from energy.tariffs.schedule import Band, Schedule
from energy.tariffs.series import PriceSeries, parse_prices, series_of
from energy.tariffs.time_of_use import TimeOfUse

__all__ = [
    "AsPublished",
    "Band",
    "DayAhead",
    "Fixed",
    "Markup",
    "NoPrices",
    "PriceSeries",
    "Prices",
    "Schedule",
    "Tariff",
    "TariffError",
    "TimeOfUse",
    "kinds",
    "make_tariff",
    "options_of",
    "parse_prices",
    "series_of",
]
