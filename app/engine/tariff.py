"""The home file's tariff, and the price of this moment."""

from pathlib import Path
from typing import Any

import numpy as np

from app.config.home import HomeConfig
from app.csv_text import read_csv_text
from app.errors import UserError
from energy.tariffs import Tariff, TariffError, make_tariff, options_of, parse_prices

_MINUTE_S, _HOUR_S = 60.0, 3600.0


def tariff(config: HomeConfig, folder: Path) -> Tariff:
    """The contract that the home file describes; ``folder`` is where its price file is looked for.

    Of what the home offers each kind takes what it knows; ``[tariff.options]`` is for what only that kind knows.
    Raises ``TariffError`` with one sentence.
    """
    section = config.tariff
    offered: dict[str, Any] = {
        "import_eur_per_kwh": section.import_per_kwh,
        "export_eur_per_kwh": section.export_per_kwh,
        "fees_eur_per_kwh": section.markup_per_kwh,
        "tax": section.vat,
        "bands": [{"from": start, "to": end, "import": price} for start, end, price in section.windows],
        "tz": config.home.timezone,
    }
    if section.file is not None:
        path = folder / section.file
        offered["series"] = parse_prices(_text(path), name=str(path))
    known = options_of(section.kind)
    return make_tariff(section.kind, {name: offered[name] for name in known & offered.keys()} | section.options)


def _text(path: Path) -> str:
    try:
        return read_csv_text(path)
    except UserError as error:
        raise TariffError(f"The price file {error}.") from error


class PriceNow:
    """Import and export price of this moment, looked up once a minute."""

    def __init__(self, contract: Tariff) -> None:
        self._tariff = contract
        self._minute = -1
        self._prices = (0.0, 0.0)
        self._hour = -1
        self._mean = 0.0

    def at(self, now_s: float) -> tuple[float, float]:
        """(import, export), currency/kWh."""
        minute = int(now_s // _MINUTE_S)
        if minute != self._minute:
            found = self._tariff.prices(np.array([minute * _MINUTE_S, (minute + 1) * _MINUTE_S]))
            self._prices = (float(found.import_eur_per_kwh[0]), float(found.export_eur_per_kwh[0]))
            self._minute = minute
        return self._prices

    def mean_ahead(self, now_s: float) -> float:
        """Mean import price of the coming day, currency/kWh: what a missing charge will cost."""
        hour = int(now_s // _HOUR_S)
        if hour != self._hour:
            found = self._tariff.prices((hour + np.arange(25.0)) * _HOUR_S)
            self._mean = float(found.import_eur_per_kwh.mean())
            self._hour = hour
        return self._mean
