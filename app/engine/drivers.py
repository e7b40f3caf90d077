"""From the home file's sections to drivers: one table. A new kind of thing is one more row.

Heavy protocol packages are imported only where the home has such a thing.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.clock import Clock
from app.config.assets import switched
from app.config.home import ChargerSection, HomeConfig
from app.config.paths import secrets_file, standard_paths
from app.config.secrets import Secrets
from app.drivers.modbus import Links
from app.engine.fixed import Fixed, battery_of
from app.ports import ChargerDriver, Driver, Matching

if TYPE_CHECKING:
    from app.engine.tariff import TariffKeeper
    from app.engine.weather import WeatherKeeper
    from app.pki import CertificateFolder
    from protocols.iso15118 import SeccSecurity
    from protocols.iso15118.recording import Sink

QUICKEST_STAGE_S = 0.1
PAUSED_SETTING = "paused_session"

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class Workshop:
    """What drivers are made with."""

    config: HomeConfig
    fixed: Fixed
    clock: Clock
    secrets: Secrets
    state_dir: Path
    timings_factor: float = 1.0
    """ISO 15118's time-outs are this many times the standard's: for laboratories on a busy machine."""
    stage_interval_s: float = 0.5
    """Real seconds between two looks at the power stage."""
    home_file: Path | None = None
    """Beside it lie the secrets."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What was remembered when the engine ran last."""
    remember: Callable[[str, Any], None] = lambda _key, _value: None
    """Keep a setting, in JSON's own types, over a restart."""
    record: Callable[[], "Sink"] | None = None
    """Where the lines of each session of the car go."""
    charger: ChargerDriver | None = None
    """Made before the links that may stop its session."""
    links: Links = field(default_factory=Links)
    tariffs: "TariffKeeper | None" = None
    """Whom new prices are told."""
    weather: "WeatherKeeper | None" = None
    """Whom new weather is told."""

    def secret(self, name: str | None) -> str:
        """A secret's value; empty where the home file names none. Raises ``SecretsError``."""
        return self.secrets.get(name) if name else ""


def _instruments(shop: Workshop) -> Iterable[Driver]:
    from app.drivers.modbus import instrument_drivers

    return instrument_drivers(shop.config.meter, shop.config.inverter, shop.clock, shop.links)


def _assets(shop: Workshop) -> Iterable[Driver]:
    """House batteries, relays, and the limits of inverters that can be curtailed."""
    config = shop.config
    limits = [row for row in config.inverter if row.curtailable]
    if not (config.battery or config.load or config.tank or limits):
        return
    from app.drivers.orders import BatteryDriver, LimitDriver, SwitchDriver

    meter_s = config.meter[0].interval_s if config.meter else float("inf")
    for row in config.battery:
        yield BatteryDriver(row, battery_of(row), shop.clock, shop.links, meter_interval_s=meter_s)
    for name, switch in switched(config.load, config.tank):
        yield SwitchDriver(name, switch, shop.clock, shop.links)
    for inverter in limits:
        yield LimitDriver(inverter, shop.clock, shop.links)


def _charger(shop: Workshop) -> Iterable[Driver]:
    section = shop.config.charger
    if section is None:
        return ()
    from app.drivers.charger import Iso15118Charger
    from protocols.iso15118 import Timings

    timings = Timings() if shop.timings_factor == 1.0 else Timings().scaled(shop.timings_factor)
    charger = Iso15118Charger(
        section,
        shop.fixed.charger,
        shop.fixed.car,
        shop.clock,
        links=shop.links,
        timings=timings,
        stage_interval_s=stage_interval_s(shop),
        matching=_matching(shop, section),
        make_security=_security(shop, section),
        voltage_v=shop.config.connection.voltage_v,
        currency=shop.config.home.currency,
        paused=shop.settings.get(PAUSED_SETTING),
        remember_paused=lambda paused: shop.remember(PAUSED_SETTING, paused),
        record=shop.record,
    )
    shop.charger = charger
    return (charger,)


def _matching(shop: Workshop, section: ChargerSection) -> Matching | None:
    if not section.slac.enabled:
        return None
    from app.drivers.slac import SlacMatching

    return SlacMatching(section.slac, section.interface, shop.clock, name=f"{section.name} power line")


def _security(shop: Workshop, section: ChargerSection) -> "Callable[[], SeccSecurity]":
    """What the charger insists on; asked at each start, so that a new certificate needs no new engine."""
    from protocols.iso15118 import SeccSecurity

    if not section.tls:
        return SeccSecurity
    from app.cable_tls import CableTls, now
    from app.pki.contracts import charger_contracts
    from app.pki.making import ensure_home

    folder = certificate_folder(shop)
    # What may go without TLS by its standard may here too; -20 may not, unless the laboratory's switch is set.
    plain = section.lab_v20_without_tls or not {"iso15118-2", "din70121"}.isdisjoint(section.protocols)

    def security() -> SeccSecurity:
        if ensure_home(folder, now()):
            log.info("this home had no certificates and was given a set of its own, in %s", folder.path)
        contracts = charger_contracts(folder) if section.authorization == "pnc" else None
        return CableTls(folder, allow_plain=plain).secc().with_contracts(contracts)

    return security


def certificate_folder(shop: Workshop) -> "CertificateFolder":
    """Where this home's certificates lie."""
    from app.pki import CertificateFolder

    paths = standard_paths()
    return CertificateFolder(shop.state_dir / paths.certificates.name, secrets_file(shop.home_file or paths.home_file))


def _certificates(shop: Workshop) -> Iterable[Driver]:
    if shop.config.charger is None or not shop.config.charger.tls:
        return ()
    from app.drivers.certificates import CertificateWatch

    return (CertificateWatch(certificate_folder(shop)),)


def stage_interval_s(shop: Workshop) -> float:
    """Real seconds between two looks at the power stage: at least two to each reading of the grid's meter.

    House load is the meter's power less the car's. With a car's power older than what the last set-point changed, the
    dispatch would answer its own answer, and swing.
    """
    if not shop.config.meter:
        return shop.stage_interval_s
    meter_s = shop.config.meter[0].interval_s / shop.clock.speed
    return min(shop.stage_interval_s, max(QUICKEST_STAGE_S, meter_s / 2))


def _utility(shop: Workshop) -> Iterable[Driver]:
    section = shop.config.utility
    if section is None:
        return ()
    from app.drivers.utility import UtilityDriver

    return (UtilityDriver(section, shop.clock, shop.secret(section.secret)),)


def _backend(shop: Workshop) -> Iterable[Driver]:
    section = shop.config.backend
    if section is None:
        return ()
    from app.drivers.backend import BackendDriver

    charger = shop.config.charger
    dc = charger is not None and any(not service.startswith("ac") for service in charger.services)
    driver = BackendDriver(
        section,
        shop.clock,
        shop.state_dir,
        shop.secret(section.secret),
        charger=shop.fixed.charger if charger is not None else None,
        dc=dc,
        stop_session=shop.charger.stop_session if shop.charger is not None else None,
    )
    return (driver,)


def _prices(shop: Workshop) -> Iterable[Driver]:
    """Who brings prices while the home runs: providers, and files that change."""
    if shop.tariffs is None:
        return
    from app.drivers.prices_file import PriceFile
    from app.engine.tariff import providers, publish_local

    config, tz = shop.config, shop.fixed.tz
    for name, path in shop.tariffs.files.items():
        yield PriceFile(
            name,
            path,
            tz=tz,
            clock=shop.clock,
            shelf=shop.tariffs,
            currency=config.home.currency,
            publish=publish_local(config, name),
        )
    for name, section in providers(config).items():
        from app.drivers.prices import PriceDriver, options_from

        options = options_from(section, token=shop.secret(section.secret), currency=config.home.currency)
        yield PriceDriver(name, section, options, tz=tz, clock=shop.clock, shelf=shop.tariffs)


def _weather(shop: Workshop) -> Iterable[Driver]:
    section, home = shop.config.weather, shop.config.home
    if section is None or shop.weather is None:
        return
    from app.drivers.weather import WeatherDriver, weather_source

    source = weather_source(
        section,
        (shop.home_file or Path()).parent,
        latitude_deg=home.latitude,
        longitude_deg=home.longitude,
        key=shop.secret(section.secret),
    )
    yield WeatherDriver(source, poll_s=section.poll_s, clock=shop.clock, shelf=shop.weather)


REGISTRY: tuple[Callable[[Workshop], Iterable[Any]], ...] = (
    _instruments,
    _assets,
    _charger,
    _certificates,
    _prices,
    _weather,
    _utility,
    _backend,
)


def make_drivers(shop: Workshop) -> list[Driver]:
    """Every driver of the home. Raises ``ValueError``s and ``UserError``s for what an installer must mend."""
    return [driver for factory in REGISTRY for driver in factory(shop)]
