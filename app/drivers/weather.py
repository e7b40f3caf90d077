"""Weather from a provider or a file: asked hourly, checked, kept, and told to whoever forecasts.

Nothing here may cost the home its plan: without weather the forecasts stand on the home's own history, as before, and
the health line says why in a sentence.
"""

import asyncio
import logging
import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import httpx

from app.clock import Clock
from app.config.weather import NAME, WeatherSection
from app.csv_text import read_csv_text
from app.drivers.prices_pace import retry_s
from app.drivers.weather_shapes import OPEN_METEO, Told, WeatherError, read_open_meteo, read_weather_csv
from app.errors import UserError
from app.ports import Board, Health, HealthLevel
from energy.forecast import Weather

log = logging.getLogger(__name__)

PAST_DAYS = 92
"""What is asked for at the first time, the most that the interface gives: what the past tells of this roof and house is
learned at once."""
AHEAD_DAYS = 4
MOST_BYTES = 8_000_000
ANSWER_S = 30.0
NAP_S = 60.0
"""A machine that slept wakes to a clock that jumped: waits are short naps."""
OLD_S = 6 * 3_600.0
"""A forecast that does not reach so far ahead is old."""
WITHOUT = "the forecasts go on without weather"


class WeatherShelf(Protocol):
    """Where weather is kept."""

    @property
    def weather(self) -> Weather | None:
        """All that is known."""
        ...

    def take(self, weather: Weather) -> None:
        """News; what is told anew replaces what was told before."""
        ...


class WeatherSource(Protocol):
    """The port: weather by the hour, past and ahead."""

    shown: str
    """What is asked, without secrets, for the installer."""

    async def fetch(self, *, past_days: int) -> Told | None:
        """What is told now; None: nothing new. Raises ``WeatherError`` with one sentence."""
        ...


class OpenMeteo:
    """A server that speaks as Open-Meteo's forecast API is documented."""

    def __init__(self, section: WeatherSection, *, latitude_deg: float, longitude_deg: float, key: str = "") -> None:
        self.shown = section.url
        self._url = section.url
        self._query = {
            "latitude": f"{latitude_deg:.4f}",
            "longitude": f"{longitude_deg:.4f}",
            "hourly": ",".join(OPEN_METEO),
            "forecast_days": str(AHEAD_DAYS),
            "timezone": "GMT",
        } | ({"apikey": key} if key else {})

    async def fetch(self, *, past_days: int) -> Told | None:
        """Ask once."""
        try:
            async with asyncio.timeout(ANSWER_S):
                return read_open_meteo(await self._body(self._query | {"past_days": str(past_days)}))
        except TimeoutError:
            raise WeatherError("the provider does not answer in time") from None
        except httpx.InvalidURL:
            raise WeatherError("the provider's url is no address") from None
        except httpx.HTTPError as error:
            # The text of a library's error may quote the address, and with it a key.
            raise WeatherError(f"the provider does not answer ({type(error).__name__})") from None

    async def _body(self, query: dict[str, str]) -> bytes:
        """The answer's body; a refusal (400) says why in the same form."""
        # No redirects: a key goes to nobody else.
        client = httpx.AsyncClient(timeout=httpx.Timeout(20.0), follow_redirects=False)
        async with client, client.stream("GET", self._url, params=query) as response:
            body = bytearray()
            async for part in response.aiter_bytes():
                body += part
                if len(body) > MOST_BYTES:
                    raise WeatherError("the provider answers without end")
        if response.status_code not in (httpx.codes.OK, httpx.codes.BAD_REQUEST):
            raise WeatherError(f"the provider answers {response.status_code}")
        return bytes(body)


class WeatherFile:
    """A CSV file that somebody else writes."""

    def __init__(self, path: Path) -> None:
        self.shown = path.name
        self._path = path
        self._read: tuple[int, int] | None = None

    async def fetch(self, *, past_days: int) -> Told | None:
        """Read it, if it has changed."""
        try:
            found = self._path.stat()
            if self._read == (found.st_mtime_ns, found.st_size):
                return None
            told = read_weather_csv(await asyncio.to_thread(read_csv_text, self._path))
        except OSError as error:
            raise WeatherError(f"{self._path.name} cannot be read ({error.strerror})") from None
        except UserError as error:
            raise WeatherError(str(error).rstrip(".")) from None
        self._read = (found.st_mtime_ns, found.st_size)
        return told


class WeatherDriver:
    """Implements ``app.ports.Driver`` for one source of weather."""

    def __init__(
        self,
        source: WeatherSource,
        *,
        poll_s: float,
        clock: Clock,
        shelf: WeatherShelf,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """``chance`` in 0..1 spreads homes over time."""
        self.name = NAME
        self._source = source
        self._poll_s = poll_s
        self._clock = clock
        self._shelf = shelf
        self._chance = chance
        self._failures = 0
        self._remarks: tuple[str, ...] = ()

    async def run(self, board: Board) -> None:
        """Ask until cancelled."""
        while True:
            due_s = self._clock.now_s() + await self.look(board)
            while (left_s := due_s - self._clock.now_s()) > 0.0:
                await self._clock.sleep(min(left_s, NAP_S))

    async def look(self, board: Board) -> float:
        """Ask once, take what came, say how it stands; how long to wait until the next time, s."""
        trouble = ""
        try:
            told = await self._source.fetch(past_days=PAST_DAYS if self._is_new() else 2)
            if told is not None:
                self._remarks = told.remarks
                self._shelf.take(told.weather)
        except WeatherError as error:
            trouble = str(error)
        self._failures = self._failures + 1 if trouble else 0
        self._say(board, trouble)
        if trouble:
            return retry_s(self._failures, asked_to_wait_s=None, chance=self._chance())
        return self._poll_s * (0.9 + 0.2 * self._chance())

    def _is_new(self) -> bool:
        known = self._shelf.weather
        return known is None or float(known.at_s[0]) > self._clock.now_s() - (PAST_DAYS - 30) * 86_400.0

    def _say(self, board: Board, trouble: str) -> None:
        now_s = self._clock.now_s()
        known = self._shelf.weather
        until_s = float(known.at_s[-1]) if known is not None else None
        if until_s is None or until_s < now_s:
            level, standing = HealthLevel.FAILED, f"no weather is known for now: {WITHOUT}"
        elif until_s < now_s + OLD_S:
            level, standing = HealthLevel.WARNING, f"the forecast is old, it ends at {_when(until_s)}: then {WITHOUT}"
        else:
            level, standing = HealthLevel.OK, f"known until {_when(until_s)}"
        if trouble and level is HealthLevel.OK:
            level = HealthLevel.WARNING
        if self._remarks and level is HealthLevel.OK:
            level = HealthLevel.WARNING
        text = "; ".join(part for part in (trouble, *self._remarks, standing) if part)
        details: dict[str, str | float | int | bool | None] = {
            "source": self._source.shown,
            "hours": 0 if known is None else len(known.at_s),
            "failures": self._failures,
        }
        board.publish_health(self.name, Health(level=level, text=text, since_s=now_s, details=details))


def weather_source(
    section: WeatherSection, folder: Path, *, latitude_deg: float, longitude_deg: float, key: str = ""
) -> WeatherSource:
    """The source that the home file names; ``folder`` is the home file's."""
    if section.kind == "csv":
        return WeatherFile(folder / (section.file or ""))
    return OpenMeteo(section, latitude_deg=latitude_deg, longitude_deg=longitude_deg, key=key)


def _when(at_s: float) -> str:
    return f"{datetime.fromtimestamp(at_s, UTC):%Y-%m-%d %H:%M} UTC"
