"""Does the home's weather come, and how far ahead? A provider is asked once, as the engine would."""

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from app.commands.doctor_findings import Finding, fail, ok, warn
from app.config.home import HomeConfig
from app.config.paths import secrets_file
from app.config.secrets import SecretsError, read_secrets
from app.config.weather import NAME


def weather(home: HomeConfig, home_path: Path) -> Iterator[Finding]:
    """One line, for a home that names a source of weather."""
    section = home.weather
    if section is None:
        return
    from app.drivers.weather import OLD_S, WITHOUT, weather_source
    from app.drivers.weather_shapes import WeatherError

    try:
        key = read_secrets(secrets_file(home_path)).get(section.secret) if section.secret else ""
    except SecretsError as error:
        what, _, remedy = str(error).rpartition(": ")
        yield fail(NAME, what, remedy)
        return
    place = {"latitude_deg": home.home.latitude, "longitude_deg": home.home.longitude}
    source = weather_source(section, home_path.parent, **place, key=key)
    try:
        told = asyncio.run(source.fetch(past_days=0))
    except WeatherError as error:
        yield fail(NAME, str(error), f"{WITHOUT}; mend [weather]")
        return
    if told is None:
        return
    until_s = float(told.weather.at_s[-1])
    until = f"{source.shown}, known until {datetime.fromtimestamp(until_s, UTC):%Y-%m-%d %H:%M} UTC"
    if until_s < time.time() + OLD_S:
        yield warn(NAME, until, f"{WITHOUT}; have newer weather written, or ask the provider's maker")
    elif told.remarks:
        yield warn(NAME, f"{until}; {'; '.join(told.remarks)}", "the rest is used; ask the provider's maker")
    else:
        yield ok(NAME, until)
