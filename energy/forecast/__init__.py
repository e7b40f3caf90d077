"""Load and solar to come, from history, with a spread.

A single house is hard to predict (half of its mean load is a good error), so every forecast carries quantiles, and
one that had no history to stand on says so (``Forecast.basis``). A missing value is NaN and stays missing: it never
becomes 0.
"""

from energy.forecast.history import History
from energy.forecast.load import forecast_load
from energy.forecast.solar import SolarSite, clear_sky_w, forecast_solar
from energy.forecast.spread import Basis, Forecast, Scenario

__all__ = [
    "Basis",
    "Forecast",
    "History",
    "Scenario",
    "SolarSite",
    "clear_sky_w",
    "forecast_load",
    "forecast_solar",
]
