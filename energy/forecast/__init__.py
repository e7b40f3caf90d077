"""Load and solar to come, from history and weather, with a spread.

A single house is hard to predict (half of its mean load is a good error), so every forecast carries quantiles, one
that had no history to stand on says so (``Forecast.basis``), and each is scored on days that it had not seen, beside
simple averages (``Forecast.scores``). A missing value is NaN and stays missing: it never becomes 0.
"""

from energy.forecast.clean import Fault, HistoryNote, clean
from energy.forecast.history import History
from energy.forecast.load import HISTORY_DAYS, forecast_load
from energy.forecast.presence import Presence, Stay, learn_presence, with_habits
from energy.forecast.scenarios import make_scenarios
from energy.forecast.score import Score, score_sentence
from energy.forecast.solar import forecast_solar
from energy.forecast.spread import Basis, Forecast, Scenario
from energy.forecast.sun import SolarSite, clear_sky_w, weather_roof_w
from energy.forecast.weather import Weather

__all__ = [
    "HISTORY_DAYS",
    "Basis",
    "Fault",
    "Forecast",
    "History",
    "HistoryNote",
    "Presence",
    "Scenario",
    "Score",
    "SolarSite",
    "Stay",
    "Weather",
    "clean",
    "clear_sky_w",
    "forecast_load",
    "forecast_solar",
    "learn_presence",
    "make_scenarios",
    "score_sentence",
    "weather_roof_w",
    "with_habits",
]
