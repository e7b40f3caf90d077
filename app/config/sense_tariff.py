"""Does a home file's tariff make sense, beyond its schema?"""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from app.config.home import HomeConfig
from app.config.locate import KeyPath
from app.config.problems import Flaw, did_you_mean
from app.config.tariff import ProviderSection
from energy import tariffs
from energy.tariffs.providers import PROVIDERS

_OWN_PRICES = "add a section [tariff.export.provider]"


def _tariff(home: HomeConfig, folder: Path) -> Iterator[Flaw]:
    tariff = home.tariff
    market = tariff.kind == "day_ahead"
    if tariff.kind not in tariffs.kinds():
        yield Flaw(
            ("tariff", "kind"), f'no tariff is called "{tariff.kind}"', did_you_mean(tariff.kind, tariffs.kinds())
        )
    if market and tariff.file is None and tariff.provider is None:
        yield Flaw(
            ("tariff", "kind"),
            "a day-ahead tariff without its prices",
            'add file = "prices.csv", or a section [tariff.provider]',
        )
    if tariff.provider is not None and (not market or tariff.file is not None):
        what = "from a provider and from a file" if market else f'for a "{tariff.kind}" tariff, which has its own'
        remedy = 'keep one of the two; a provider goes with kind = "day_ahead"'
        yield Flaw(("tariff", "provider"), f"prices {what}", remedy)
    if tariff.kind == "time_of_use" and not tariff.windows and not tariff.bands:
        yield Flaw(
            ("tariff", "kind"), "a time-of-use tariff without windows", 'add windows = [["22:00", "06:00", 0.19]]'
        )
    if tariff.file is not None:
        yield from there(("tariff", "file"), tariff.file, folder)
    floor, cap = tariff.floor_per_kwh, tariff.cap_per_kwh
    if floor is not None and cap is not None and floor > cap:
        yield Flaw(("tariff", "floor_per_kwh"), f"the floor {floor:g} is above the cap {cap:g}", "lower it")
    for rule in tariff.holidays:
        try:
            tariffs.check_holiday(rule)
        except tariffs.TariffError as error:
            what, _, remedy = str(error).partition(": ")
            yield Flaw(("tariff", "holidays"), what, remedy)
    for number, row in enumerate(tariff.peak):
        tops = [top for top, _ in row.steps]
        if tops != sorted(set(tops)):
            yield Flaw(
                ("tariff", "peak", number, "steps"), "the steps do not rise", "write them as [[2000, 15], [5000, 25]]"
            )
        elif bool(row.steps) == bool(row.per_kw):
            yield Flaw(("tariff", "peak", number), "a peak costs either per_kw or by steps", "write one of the two")


def _price_sources(home: HomeConfig, folder: Path) -> Iterator[Flaw]:
    export = home.tariff.export
    if home.tariff.provider is not None:
        yield from _provider(("tariff", "provider"), home.tariff.provider, folder)
    if export is None:
        return
    own = export.provider is not None
    if export.provider is not None:
        yield from _provider(("tariff", "export", "provider"), export.provider, folder)
    if home.tariff.kind != "day_ahead" and not own:
        if export.kind == "spot":
            what = "exports are paid by the market, and no market's prices are known"
            yield Flaw(("tariff", "export", "kind"), what, _OWN_PRICES)
        if export.unpaid_when_negative:
            what = "the market's price is asked for, and no market's prices are known"
            yield Flaw(("tariff", "export", "unpaid_when_negative"), what, _OWN_PRICES)
    floor, cap = export.floor_per_kwh, export.cap_per_kwh
    if floor is not None and cap is not None and floor > cap:
        what = f"the floor {floor:g} is above the cap {cap:g}"
        yield Flaw(("tariff", "export", "floor_per_kwh"), what, "lower it")


def _provider(path: KeyPath, row: ProviderSection, folder: Path) -> Iterator[Flaw]:
    if row.kind == "file":
        if row.file is None:
            yield Flaw((*path, "file"), "a file of prices without its name", 'add file = "prices.csv"')
        else:
            yield from there((*path, "file"), row.file, folder)
        return
    provider = PROVIDERS[row.kind]
    if not row.url.startswith(("http://", "https://")) or not names_a_host(row.url):
        yield Flaw((*path, "url"), f'"{row.url}" is no address to ask', "write the one that the provider documents")
    for key, given, remedy in (
        ("area", row.area, 'add area = "…", the bidding zone in its own words'),
        ("token", row.secret, 'add secret = "NAME", and NAME = "…" to secrets.toml'),
    ):
        if key in provider.needs and not given:
            yield Flaw(path, f"{provider.title} is asked without {key}", remedy)
    if row.price and row.price not in provider.prices:
        known = ", ".join(provider.prices) or "none: leave it out"
        yield Flaw((*path, "price"), f'{provider.title} has no price "{row.price}"', f"known are {known}")


def there(path: KeyPath, file: str, folder: Path) -> Iterator[Flaw]:
    """A flaw where a file that the home names is not there."""
    if not _is_file(folder / file):
        yield Flaw(path, f'there is no file "{file}"', f"put it in {folder}, or give its full path")


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name too long, a folder that may not be entered
        return False


def names_a_host(url: str) -> bool:
    """Is there a host in this address, and nothing strange?"""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0 and not any(c.isspace() for c in url)
    except ValueError:
        return False


TARIFF_CHECKS = (_tariff, _price_sources)
