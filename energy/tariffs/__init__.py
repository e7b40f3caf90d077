"""Tariffs: import and export prices for every step, whatever the contract.

``make_tariff("day_ahead", {...}).prices(edges_s)`` gives ``Prices``. A new kind of energy price is one module here with
a ``@register`` line, imported below. A ``Contract`` is put together from one of them and the rest: fees by the hour,
taxes, caps, pay for exports, peaks and contracted power::

    contract.prices(edges_s)                      import and export price by step, and until when they are published
    contract.terms(now_s, imported)               what a plan is told of peaks; ``imported``: past mean import
    contract.beside_energy_eur(imported, a, b)    what the bill holds beside the kWh
    contract.at(now_s)                            the same with prices as known then, for parts that are ``AsPublished``
"""

from energy.tariffs.base import Markup, NoPrices, Prices, Tariff, TariffError, kinds, make_tariff, options_of
from energy.tariffs.contract import Contract, Export, Fee, as_known
from energy.tariffs.day_ahead import DayAhead
from energy.tariffs.fixed import Fixed
from energy.tariffs.local import check_holiday
from energy.tariffs.published import AsPublished
from energy.tariffs.schedule import Band, Schedule
from energy.tariffs.series import PriceSeries, parse_prices, series_of
from energy.tariffs.terms import Capacity, Peak
from energy.tariffs.time_of_use import TimeOfUse

__all__ = [
    "AsPublished",
    "Band",
    "Capacity",
    "Contract",
    "DayAhead",
    "Export",
    "Fee",
    "Fixed",
    "Markup",
    "NoPrices",
    "Peak",
    "PriceSeries",
    "Prices",
    "Schedule",
    "Tariff",
    "TariffError",
    "TimeOfUse",
    "as_known",
    "check_holiday",
    "kinds",
    "make_tariff",
    "options_of",
    "parse_prices",
    "series_of",
]
