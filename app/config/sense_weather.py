"""Does a home file's weather make sense, beyond its schema?"""

from collections.abc import Iterator
from pathlib import Path

from app.config.home import HomeConfig
from app.config.problems import Flaw
from app.config.sense_tariff import names_a_host, there


def _weather(home: HomeConfig, folder: Path) -> Iterator[Flaw]:
    section = home.weather
    if section is None:
        return
    if section.kind == "csv":
        if section.file is None:
            yield Flaw(("weather", "kind"), "weather from a file without its file", 'add file = "weather.csv"')
        else:
            yield from there(("weather", "file"), section.file, folder)
        if section.url:
            yield Flaw(("weather", "url"), "an address beside a file", "take one of them out")
        return
    if not section.url:
        remedy = 'add url = "https://…/v1/forecast", as the provider documents it, or of a server of your own'
        yield Flaw(("weather", "kind"), "a weather provider without its address", remedy)
    elif not section.url.startswith(("http://", "https://")) or not names_a_host(section.url):
        yield Flaw(
            ("weather", "url"), f'"{section.url}" is no address to ask', "write the one that the provider documents"
        )
    if section.file is not None:
        yield Flaw(("weather", "file"), "a file beside a provider", "take one of them out")


WEATHER_CHECKS = (_weather,)
