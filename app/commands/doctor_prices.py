"""Are the home's prices there, and fresh until when? A provider is asked once, as the engine would."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

from app.commands.doctor_findings import Finding, fail, ok, warn
from app.config.home import HomeConfig
from app.config.paths import secrets_file
from app.config.secrets import SecretsError, read_secrets
from app.config.tariff import ProviderSection
from app.drivers.prices_pace import midnight_s
from app.drivers.prices_standing import is_frozen, local_minute, standing
from app.engine.tariff import price_files, providers, tariff
from app.ports import HealthLevel
from energy.tariffs import TariffError
from energy.tariffs.providers import PROVIDERS

USUAL_LOCAL = "13:00"


def prices(home: HomeConfig, home_path: Path) -> Iterator[Finding]:
    """One line for the contract, or for each series that it stands on."""
    try:
        tariff(home, home_path.parent)
    except TariffError as error:
        yield fail("prices", str(error).rstrip("."), "mend [tariff], or the file that it names")
        return
    found = [_file(name, path, home) for name, path in price_files(home, home_path.parent).items()]
    found += [_provider(name, row, home, home_path) for name, row in providers(home).items()]
    yield from found or [ok("prices", f"a tariff of kind {home.tariff.kind}: always known")]


def _file(name: str, path: Path, home: HomeConfig) -> Finding:
    from app.drivers.prices_file import read_series

    known_until_s = read_series(path, home.home.currency).end_s
    return _judged(name, str(path), known_until_s, home, USUAL_LOCAL, "have somebody write newer prices into it")


def _provider(name: str, row: ProviderSection, home: HomeConfig, home_path: Path) -> Finding:
    from app.drivers.prices import PriceError, ask, options_from, price_client

    provider, tz, now_s = PROVIDERS[row.kind], ZoneInfo(home.home.timezone), time.time()
    try:
        token = read_secrets(secrets_file(home_path)).get(row.secret) if row.secret else ""
    except SecretsError as error:
        what, _, remedy = str(error).rpartition(": ")
        return fail(name, what, remedy)
    options = options_from(row, token=token, currency=home.home.currency)
    until_s = float("-inf")

    async def look() -> str:
        """What is wrong with the answer; empty: nothing."""
        nonlocal until_s
        async with price_client() as client:
            for request in provider.requests(options, midnight_s(now_s, 0, tz), midnight_s(now_s, 2, tz)):
                answer = await ask(client, provider.parse, request, options)
                if len(answer.series.at_s) == 0:
                    continue
                if answer.currency and answer.currency != options.currency:
                    return f"it counts in {answer.currency[:12]}, this home in {options.currency}"
                if is_frozen(answer.series, now_s, tz):
                    return "it gives today's prices for tomorrow"
                until_s = max(until_s, answer.series.end_s)
        return ""

    try:
        trouble = asyncio.run(look())
    except PriceError as error:
        return fail(name, str(error), "the home goes on with what it knows; mend [tariff.provider]")
    if trouble:
        return fail(name, f"{provider.title}: {trouble}", "mend [tariff.provider], or currency in [home]")
    return _judged(name, provider.title, until_s, home, row.publish or provider.publish_local, "wait, or ask its maker")


def _judged(name: str, source: str, until_s: float, home: HomeConfig, publish: str, remedy: str) -> Finding:
    now_s, tz = time.time(), ZoneInfo(home.home.timezone)
    level, text = standing(until_s, now_s, publish=publish, tz=tz)
    if level is HealthLevel.OK:
        return ok(name, f"{source}: {text}")
    ended = f", the last price ended {local_minute(until_s, tz)}" if until_s > 0 else ""
    return warn(name, f"{source}: {text}{ended}", remedy)
