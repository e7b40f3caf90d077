"""The home file's tariff as a contract, and the price of this moment."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Any

import numpy as np

from app.config.home import HomeConfig
from app.config.tariff import BandSection, ExportSection, FeeSection, HoursSection, PeakSection, ProviderSection
from app.drivers.prices_file import read_series
from energy.tariffs import (
    Capacity,
    Contract,
    DayAhead,
    Export,
    Fee,
    Fixed,
    Peak,
    PriceSeries,
    Schedule,
    Tariff,
    TimeOfUse,
    make_tariff,
    options_of,
)
from energy.tariffs.providers import PROVIDERS
from energy.tariffs.schedule import parse_bands

IMPORT, EXPORT = "prices", "export prices"
"""Names of the two series that a home may follow; also of their lines in the health book."""
NO_SERIES = PriceSeries(np.empty(0), np.empty(0))
_MINUTE_S, _HOUR_S = 60.0, 3600.0


def tariff(config: HomeConfig, folder: Path, series: Mapping[str, PriceSeries] | None = None) -> Contract:
    """The contract that the home file describes.

    ``series`` holds its market prices by name, ``IMPORT`` or ``EXPORT``; None: those of the files in ``folder``.
    Raises ``TariffError`` with one sentence.
    """
    known = files(config, folder) if series is None else series
    section, tz = config.tariff, config.home.timezone
    energy, market = _energy(config, known), _is_market(config)
    days: dict[str, Any] = {"tz": tz, "holidays": tuple(section.holidays)}
    fees = [Fee(per_kwh=Schedule(base=section.markup_per_kwh))] if market and section.markup_per_kwh else []
    with_vat = not market if section.vat_included is None else section.vat_included
    if section.vat_included is None and section.provider is not None and section.provider.kind in PROVIDERS:
        provider = PROVIDERS[section.provider.kind]
        with_vat = provider.with_vat and section.provider.price in ("", *provider.prices[:1])
    return Contract(
        energy=energy,
        fees=(*fees, *(_fee(row, days) for row in section.fees)),
        vat=section.vat,
        energy_with_vat=with_vat,
        cap_per_kwh=section.cap_per_kwh,
        floor_per_kwh=section.floor_per_kwh,
        export=_export(section.export, config, known, days),
        peaks=tuple(_peak(row, days) for row in section.peak),
        capacity=tuple(
            Capacity(above_w=row.above_w, eur_per_kwh=row.per_kwh, when=_when(row.hours, days))
            for row in section.capacity
        ),
        monthly_eur=section.monthly,
        co2_eur_per_kg=config.co2.per_kg,
        tz=tz,
    )


def with_fallback(contract: Contract, config: HomeConfig) -> Contract:
    """The same; where no price is known at all, the home file's own hold: a bill needs some."""
    section = config.tariff
    spare = Fixed(import_eur_per_kwh=section.import_per_kwh, export_eur_per_kwh=section.export_per_kwh)
    return replace(contract, fallback=spare)


def files(config: HomeConfig, folder: Path) -> Mapping[str, PriceSeries]:
    """The series that stand in files beside the home file. Raises ``TariffError``."""
    currency = config.home.currency
    return {name: read_series(path, currency) for name, path in price_files(config, folder).items()}


def price_files(config: HomeConfig, folder: Path) -> Mapping[str, Path]:
    """Which files hold prices, by the name of the series."""
    named = {name: row.file for name, row in _sources(config).items() if row.kind == "file"}
    if config.tariff.file is not None:
        named[IMPORT] = config.tariff.file
    return {name: folder / file for name, file in named.items() if file}


def publish_local(config: HomeConfig, name: str) -> str | None:
    """When the home file says that tomorrow's prices appear; None: it does not."""
    row = _sources(config).get(name)
    return row.publish if row is not None else None


def providers(config: HomeConfig) -> Mapping[str, ProviderSection]:
    """Whom to ask for prices, by the name of the series."""
    return {name: row for name, row in _sources(config).items() if row.kind != "file"}


def _sources(config: HomeConfig) -> Mapping[str, ProviderSection]:
    section = config.tariff
    named = {IMPORT: section.provider, EXPORT: section.export.provider if section.export is not None else None}
    return {name: row for name, row in named.items() if row is not None}


def _energy(config: HomeConfig, known: Mapping[str, PriceSeries]) -> Tariff:
    """Of what the home offers each kind takes what it knows; ``[tariff.options]`` is for what only that kind knows.

    Mark-up and VAT of a market price are the contract's to put on.
    """
    section = config.tariff
    windows = [{"from": start, "to": end, "import": price} for start, end, price in section.windows]
    offered: dict[str, Any] = {
        "import_eur_per_kwh": section.import_per_kwh,
        "export_eur_per_kwh": section.export_per_kwh,
        "bands": _rows(section.bands, "import") + windows,
        "holidays": list(section.holidays),
        "tz": config.home.timezone,
    }
    if not _is_market(config):
        offered |= {"fees_eur_per_kwh": section.markup_per_kwh, "tax": section.vat}
    if IMPORT in known or section.provider is not None:
        offered["series"] = known.get(IMPORT, NO_SERIES)
    takes = options_of(section.kind)
    return make_tariff(section.kind, {name: offered[name] for name in takes & offered.keys()} | section.options)


def _is_market(config: HomeConfig) -> bool:
    return config.tariff.kind == "day_ahead"


def _export(
    section: ExportSection | None, config: HomeConfig, known: Mapping[str, PriceSeries], days: dict[str, Any]
) -> Export | None:
    if section is None:
        return None
    own = DayAhead(series=known.get(EXPORT, NO_SERIES), tz=days["tz"]) if section.provider is not None else None
    pay: Tariff | None
    if section.kind == "spot":
        pay = own
    elif section.kind == "time_of_use":
        bands = parse_bands(_rows(section.bands, "price"), "price")
        pay = TimeOfUse(imported=Schedule(base=section.per_kwh, bands=bands, **days))
    else:
        pay = Fixed(import_eur_per_kwh=0.0 if section.kind == "none" else section.per_kwh)
    return Export(
        energy=pay,
        share=section.share,
        fee_per_kwh=section.fee_per_kwh,
        vat=section.vat,
        floor_per_kwh=section.floor_per_kwh,
        cap_per_kwh=section.cap_per_kwh,
        unpaid_below_zero=section.unpaid_when_negative,
        market=own,
    )


def _fee(section: FeeSection, days: dict[str, Any]) -> Fee:
    bands = parse_bands(_rows(section.bands, "price"), "price")
    schedule = Schedule(base=section.per_kwh, bands=bands, **days)
    return Fee(per_kwh=schedule, percent=section.percent, taxed=section.taxed, name=section.name)


def _peak(section: PeakSection, days: dict[str, Any]) -> Peak:
    return Peak(
        eur_per_kw=section.per_kw,
        period=section.period,
        average_s=section.average_min * 60.0,
        count=section.days,
        least_w=section.least_w,
        steps=tuple(section.steps),
        when=_when(section.hours, days),
        tz=days["tz"],
    )


def _when(hours: Sequence[HoursSection], days: dict[str, Any]) -> Schedule | None:
    if not hours:
        return None
    rows = [row.model_dump(by_alias=True) | {"holds": 1.0} for row in hours]
    return Schedule(base=0.0, bands=parse_bands(rows, "holds"), **days)


def _rows(bands: Sequence[BandSection], value: str) -> list[dict[str, Any]]:
    return [row.model_dump(by_alias=True, exclude={"price"}) | {value: row.price} for row in bands]


class PriceNow:
    """Import and export price of this moment, looked up once a minute."""

    def __init__(self, contract: Tariff) -> None:
        self._tariff = contract
        self._minute = -1
        self._prices = (0.0, 0.0)
        self._hour = -1
        self._mean = 0.0

    def take(self, contract: Tariff) -> None:
        """New prices: look them up at once."""
        self._tariff = contract
        self._minute = self._hour = -1

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


KEPT_DAYS = 170.0
"""Older prices teach nothing."""


class TariffKeeper:
    """The contract as it stands, and the series behind it, which come while the home runs and survive a restart."""

    def __init__(
        self,
        config: HomeConfig,
        folder: Path,
        remembered: Any = None,
        remember: Callable[[dict[str, Any]], None] = lambda _memory: None,
    ) -> None:
        """``remembered`` is what ``remember`` was last given. Raises ``TariffError``."""
        self._config = config
        self._folder = folder
        self._remember = remember
        self.files = price_files(config, folder)
        self._sources = {name: _source(row) for name, row in providers(config).items()}
        self._series = dict(files(config, folder)) | dict(_restored(remembered, self._sources))
        self.on_change: list[Callable[[], None]] = []
        self._contract = tariff(config, folder, self._series)
        self.now = PriceNow(with_fallback(self._contract, config))

    @property
    def contract(self) -> Contract:
        """What holds now."""
        return self._contract

    def series(self, name: str) -> PriceSeries:
        """The prices that came from outside under this name."""
        return self._series.get(name, NO_SERIES)

    def take(self, name: str, series: PriceSeries) -> None:
        """New prices under ``name``: whoever plans by them is told. Raises ``TariffError`` and changes nothing."""
        if name in self._sources:
            series = series.between(series.end_s - KEPT_DAYS * 86_400.0, inf)
        if _same(series, self._series.get(name, NO_SERIES)):
            return
        changed = self._series | {name: series}
        self._contract = tariff(self._config, self._folder, changed)
        self._series = changed
        self.now.take(with_fallback(self._contract, self._config))
        sources = self._sources.items()
        self._remember({key: _kept(changed[key], source) for key, source in sources if key in changed})
        for told in self.on_change:
            told()


def _same(one: PriceSeries, other: PriceSeries) -> bool:
    return np.array_equal(one.at_s, other.at_s) and np.array_equal(one.eur_per_kwh, other.eur_per_kwh)


def _source(row: ProviderSection) -> str:
    """Prices of another source are not ours."""
    return " ".join((row.kind, row.url, row.area, row.price, row.home))


def _kept(series: PriceSeries, source: str) -> dict[str, Any]:
    at_s = [round(t) for t in series.at_s.tolist()]
    return {"source": source, "at_s": at_s, "per_kwh": [round(p, 6) for p in series.eur_per_kwh.tolist()]}


def _restored(memory: Any, sources: Mapping[str, str]) -> Mapping[str, PriceSeries]:
    found: dict[str, PriceSeries] = {}
    for name, source in sources.items():
        try:
            kept = memory[name]
            at_s, price = np.array(kept["at_s"], dtype=np.float64), np.array(kept["per_kwh"], dtype=np.float64)
        except (KeyError, TypeError, ValueError):
            continue
        fits = kept.get("source") == source and len(at_s) == len(price) > 0 and np.isfinite(price).all()
        if fits and bool((np.diff(at_s) > 0).all()):
            found[name] = PriceSeries(at_s, price)
    return found
