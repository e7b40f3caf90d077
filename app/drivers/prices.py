"""Prices from a provider: asked over HTTP at the right hours, checked, kept, and told to whoever plans.

Nothing that a provider does may cost the home its plan. What is missing, late or wrong falls back by stated steps, each
said in the health line, and recovers by itself: the prices that are known; then what the past weeks let expect; then
the home file's own price.
"""

import asyncio
import logging
import random
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

import httpx
import numpy as np

from app.clock import Clock
from app.config.tariff import ProviderSection
from app.drivers.prices_pace import midnight_s, retry_s, wait_s
from app.drivers.prices_standing import Shelf, is_frozen, local_minute, standing
from app.errors import UserError
from app.ports import Board, Health
from energy.tariffs import PriceSeries, TariffError
from energy.tariffs.providers import PROVIDERS, Answer, Options, Request

log = logging.getLogger(__name__)

HISTORY_DAYS = 60
"""What is asked for at the first time: the shape of past days is what days to come are expected from."""
MOST_BYTES = 8_000_000
MOST_PAGES = 12
ANSWER_S = 60.0
NAP_S = 60.0
"""A machine that slept wakes to a clock that jumped: waits are short naps."""
_EMPTY = PriceSeries(np.empty(0), np.empty(0))


class PriceError(UserError):
    """Prices could not be had; one sentence without tokens."""

    def __init__(self, text: str, *, asked_to_wait_s: float | None = None, refused: bool = False) -> None:
        super().__init__(text)
        self.asked_to_wait_s = asked_to_wait_s
        self.refused = refused
        """The question itself was wrong: asking for less may help."""


def options_from(section: ProviderSection, *, token: str, currency: str) -> Options:
    """The home file's words as the provider's."""
    return Options(
        url=section.url,
        area=section.area,
        token=token,
        currency=currency,
        price=section.price,
        resolution=section.resolution,
        home=section.home,
    )


class PriceDriver:
    """Implements ``app.ports.Driver`` for one provider."""

    def __init__(
        self,
        name: str,
        section: ProviderSection,
        options: Options,
        *,
        tz: ZoneInfo,
        clock: Clock,
        shelf: Shelf,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """``name`` is the series', and the line's in the health book."""
        self.name = name
        self._options = options
        self._provider = PROVIDERS[section.kind]
        self._publish = section.publish or self._provider.publish_local
        self._tz = tz
        self._clock = clock
        self._shelf = shelf
        self._chance = chance
        self._failures = 0
        self._no_history = False

    async def run(self, board: Board) -> None:
        """Ask until cancelled."""
        async with price_client() as client:
            while True:
                pause_s = await self.look(client, board)
                due_s = self._clock.now_s() + pause_s
                while (left_s := due_s - self._clock.now_s()) > 0.0:
                    await self._clock.sleep(min(left_s, NAP_S))

    async def look(self, client: httpx.AsyncClient, board: Board) -> float:
        """Ask once, take what came, say how it stands; how long to wait until the next time, s."""
        answer, error = await self._ask(client)
        trouble = self._take(answer) or (str(error) if error is not None else "")
        self._failures = self._failures + 1 if trouble else 0
        self._say(board, trouble)
        if trouble:
            patience_s = error.asked_to_wait_s if error is not None else None
            return retry_s(self._failures, asked_to_wait_s=patience_s, chance=self._chance())
        known_until_s = self._shelf.series(self.name).end_s
        return wait_s(
            self._clock.now_s(),
            known_until_s=known_until_s,
            publish=self._publish,
            tz=self._tz,
            chance=self._chance(),
        )

    async def _ask(self, client: httpx.AsyncClient) -> tuple[Answer, PriceError | None]:
        """All that is missing, the newest first; what came before something failed is kept."""
        now_s = self._clock.now_s()
        known = self._shelf.series(self.name)
        from_s, to_s = midnight_s(now_s, 0, self._tz), midnight_s(now_s, 2, self._tz)
        if not self._no_history:
            oldest_s = midnight_s(now_s, -HISTORY_DAYS, self._tz)
            # Yesterday is asked for again: what was missing of it may have come.
            from_s = max(oldest_s, min(known.end_s, from_s) - 86_400.0)
        series, currency = _EMPTY, self._options.currency
        for request in reversed(self._provider.requests(self._options, from_s, to_s)):
            try:
                answer = await ask(client, self._provider.parse, request, self._options)
            except PriceError as error:
                self._no_history = self._no_history or error.refused
                return Answer(series=series, currency=currency), error
            if len(answer.series.at_s):
                series, currency = series.merged(answer.series), answer.currency
        return Answer(series=series, currency=currency), None

    def _take(self, answer: Answer) -> str:
        """Keep what can be believed; what cannot is told in a sentence."""
        title, now_s = self._provider.title, self._clock.now_s()
        if len(answer.series.at_s) == 0:
            return ""
        if answer.currency and answer.currency != self._options.currency:
            return f"{title} counts in {answer.currency[:12]}, this home in {self._options.currency}: not taken"
        series, trouble = answer.series, ""
        if is_frozen(series, now_s, self._tz):
            trouble = f"{title} gives today's prices for tomorrow, to the last digit: tomorrow's are not taken"
            series = series.between(-np.inf, midnight_s(now_s, 1, self._tz))
        try:
            self._shelf.take(self.name, self._shelf.series(self.name).merged(series))
        except TariffError as error:
            return str(error)
        return trouble

    def _say(self, board: Board, trouble: str) -> None:
        now_s = self._clock.now_s()
        known = self._shelf.series(self.name)
        level, text = standing(known.end_s, now_s, publish=self._publish, tz=self._tz, trouble=trouble)
        details: dict[str, str | float | int | bool | None] = {
            "provider": self._provider.title,
            "address": Request(url=self._options.url).shown,
            "prices": len(known.at_s),
            "known_until": local_minute(known.end_s, self._tz) if len(known.at_s) else None,
            "failures": self._failures,
        }
        board.publish_health(self.name, Health(level=level, text=text, since_s=now_s, details=details))


def price_client() -> httpx.AsyncClient:
    """A client as prices are asked with: certificates checked, no redirects, so that no token goes elsewhere."""
    return httpx.AsyncClient(timeout=httpx.Timeout(20.0), follow_redirects=False, headers={"User-Agent": "twoway"})


async def ask(
    client: httpx.AsyncClient, parse: Callable[[bytes, Options], Answer], request: Request, options: Options
) -> Answer:
    """One question with all pages of its answer. Raises ``PriceError``."""
    series, currency = _EMPTY, options.currency
    for _page in range(MOST_PAGES):
        try:
            async with asyncio.timeout(ANSWER_S):
                body = await _fetch(client, request)
            answer = parse(body, options) if body is not None else Answer(series=_EMPTY, currency=options.currency)
        except TimeoutError:
            raise PriceError(f"{request.shown} does not answer in time") from None
        except httpx.InvalidURL:
            raise PriceError(f"{request.shown} is no address: mend url") from None
        except httpx.HTTPError as error:
            # The text of a library's error may quote the address, and with it a token.
            raise PriceError(f"{request.shown} does not answer ({type(error).__name__})") from None
        except TariffError as error:
            raise PriceError(str(error).rstrip(".")) from error
        except UnicodeError:
            raise PriceError(f"{request.shown} cannot be asked with this token: check its secret") from None
        if len(answer.series.at_s):
            series, currency = series.merged(answer.series), answer.currency
        if not answer.next_url:
            break
        request = Request(url=answer.next_url, headers=request.headers)
    return Answer(series=series, currency=currency)


async def _fetch(client: httpx.AsyncClient, request: Request) -> bytes | None:
    """The body; None: there is none yet."""
    method = "GET" if request.body is None else "POST"
    async with client.stream(method, request.url, headers=dict(request.headers), content=request.body) as response:
        status = response.status_code
        if status == httpx.codes.NO_CONTENT:
            return None
        # A refusal may say why in the provider's own form (ENTSO-E: 400 with a document), which parsing tells.
        if status != httpx.codes.OK and status != httpx.codes.BAD_REQUEST:
            raise _refusal(response, request)
        body = bytearray()
        async for part in response.aiter_bytes():
            body += part
            if len(body) > MOST_BYTES:
                raise PriceError(f"{request.shown} answers without end")
    if status == httpx.codes.BAD_REQUEST and not body.lstrip().startswith(b"<"):
        raise PriceError(f"{request.shown} does not understand the question (400): check area and url", refused=True)
    return bytes(body)


def _refusal(response: httpx.Response, request: Request) -> PriceError:
    status = response.status_code
    wait = _asked_to_wait_s(response.headers.get("Retry-After", ""))
    if status in (401, 403):
        return PriceError(f"{request.shown} refuses the token ({status}): check its secret", asked_to_wait_s=wait)
    if status == 429:
        return PriceError(f"{request.shown} asks for patience (429)", asked_to_wait_s=wait)
    if 300 <= status < 400:
        return PriceError(f"{request.shown} has moved ({status}): mend url", asked_to_wait_s=wait)
    refused = status in (404, 413, 414, 416, 422)
    return PriceError(f"{request.shown} answers {status}", asked_to_wait_s=wait, refused=refused)


def _asked_to_wait_s(text: str) -> float | None:
    """Seconds of a Retry-After header, in either of its forms."""
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        until = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    aware = until if until.tzinfo is not None else until.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.now(UTC)).total_seconds())
