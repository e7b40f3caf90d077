"""A small course of a few days, real or made up."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from energy.backtest.data import House, Market, Minutes, by_minute, parse_house, parse_market
from energy.backtest.home import BacktestHome
from energy.backtest.world import Course
from energy.tariffs import PriceSeries

DATA = Path(__file__).parents[2] / "data" / "energy"
FIRST_S = 1_725_746_400.0
"""2024-09-08 00:00 in Paris."""


class Street:
    """Makes courses."""

    first_s = FIRST_S

    @property
    def house(self) -> House:
        """The real house, ten days."""
        return parse_house((DATA / "house_fr_week_2024-09.csv").read_text())

    @property
    def market(self) -> Market:
        """Six days of real prices, three of them the house's too."""
        return parse_market((DATA / "prices_nl_2024-09.csv").read_text())

    def real(self, days=2, home=None, seed=1):
        """The real days from 8 September on; a third day follows."""
        minutes = by_minute(self.house, self.market, FIRST_S + 7200.0, FIRST_S + 7200.0 + 3 * 86400.0, seed)
        return Course(home or self.home(), minutes, days * 1440)

    def made_up(self, hours=6, home=None, seed=1):
        """Hours of random load, sun and prices from noon on, all of them to be lived."""
        rng = np.random.default_rng(seed)
        n = hours * 60
        start_s = FIRST_S + 12 * 3600.0
        prices = rng.uniform(-0.1, 0.5, 4 * hours)
        minutes = Minutes(
            start_s=start_s,
            load_w=rng.uniform(0, 3000, n),
            solar_w=rng.uniform(0, 4000, n) * (rng.random(n) < 0.5),
            market=PriceSeries(start_s + 900.0 * np.arange(4 * hours), prices),
        )
        return Course(home or self.home(week=()), minutes, n)

    @staticmethod
    def home(charger=None, ev=None, **fields):
        """The default home with changes to its charger, its car and itself."""
        home = BacktestHome()
        return replace(
            home,
            charger=replace(home.charger, **(charger or {})),
            ev=replace(home.ev, **(ev or {})),
            **fields,
        )


@pytest.fixture
def street() -> Street:
    return Street()
