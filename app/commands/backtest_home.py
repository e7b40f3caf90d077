"""A home file as the home that is replayed: its car, charger, connection, departures and contract."""

from dataclasses import dataclass, replace
from datetime import time
from pathlib import Path

from app.config.home import HomeConfig
from app.config.load import load_home
from app.engine.fixed import fixed
from app.engine.tariff import EXPORT, IMPORT, NO_SERIES, files, tariff
from app.errors import UserError
from energy.backtest.home import BacktestHome, Outing
from energy.model import Risk
from energy.tariffs import PriceSeries, Tariff, TariffError

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class FileContract:
    """The home file's contract on any market prices."""

    config: HomeConfig
    export_series: PriceSeries

    def __call__(self, series: PriceSeries) -> Tariff:
        """With these prices in the place of those that its provider would bring."""
        return tariff(self.config, Path(), {IMPORT: series, EXPORT: self.export_series})


def home_of(path: Path) -> BacktestHome:
    """The home that a home file describes. Raises ``UserError`` where it cannot be replayed."""
    config = load_home(path)
    if config.charger is None:
        raise UserError(f"{path} has no charger: a replay needs one; add a [charger] section")
    facts = fixed(config)
    week = tuple(
        Outing(
            days=tuple(_DAYS.index(day) for day in row.days),
            leaves_h=_hours(row.time),
            away_h=row.away_hours,
            used_wh=row.used_wh,
            target_soc=row.target_soc,
        )
        for row in config.departure
        if row.away_hours > 0
    )
    if not week:
        raise UserError(f"{path}: the car never leaves; give a [[departure]] its away_hours and used_wh")
    try:
        known = files(config, path.parent)
        contract = FileContract(config, known.get(EXPORT, NO_SERIES))
        contract(known.get(IMPORT, NO_SERIES))
    except TariffError as error:
        raise UserError(f"{path}: {error}") from None
    return replace(
        BacktestHome(),
        name=config.home.name,
        tz=config.home.timezone,
        connection=facts.connection,
        charger=facts.charger,
        ev=facts.car,
        week=week,
        site=facts.site,
        contract=contract,
        contract_words=_words(config),
        reserve_soc=config.wishes.reserve_soc,
        export_allowed=config.wishes.export_allowed,
        risk=Risk(config.wishes.risk),
    )


def _words(config: HomeConfig) -> str:
    section = config.tariff
    left_out = " Peak and capacity charges are not replayed." if section.peak or section.capacity else ""
    return f"The home file's ({section.kind})." + left_out


def _hours(text: str) -> float:
    at = time.fromisoformat(text)
    return at.hour + at.minute / 60.0
