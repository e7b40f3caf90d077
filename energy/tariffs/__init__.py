"""Tariffs: import and export prices for every step, whatever the contract.

``make_tariff("day_ahead", {...}).prices(edges_s)`` gives ``Prices``. A new contract is one module here with a
``@register`` line, imported below.
"""

from energy.tariffs.base import Markup, Prices, Tariff, TariffError, kinds, make_tariff, options_of
from energy.tariffs.day_ahead import DayAhead, PriceSeries, parse_prices
from energy.tariffs.fixed import Fixed
from energy.tariffs.time_of_use import Band, TimeOfUse

__all__ = [
    "Band",
    "DayAhead",
    "Fixed",
    "Markup",
    "PriceSeries",
    "Prices",
    "Tariff",
    "TariffError",
    "TimeOfUse",
    "kinds",
    "make_tariff",
    "options_of",
    "parse_prices",
]
