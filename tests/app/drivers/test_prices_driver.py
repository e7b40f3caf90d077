"""Prices over a real socket: a provider that answers, fails, lies, is late, and comes back."""

import json
from collections.abc import Callable
from contextlib import asynccontextmanager
from datetime import datetime
from zoneinfo import ZoneInfo

import httpx
import numpy as np
import pytest
import uvicorn

from app.clock import StepClock
from app.config.tariff import ProviderSection
from app.drivers import prices
from app.drivers.prices import PriceDriver, options_from, price_client
from app.drivers.prices_file import PriceFile
from app.drivers.prices_pace import midnight_s, overdue, retry_s, wait_s
from app.drivers.prices_standing import is_frozen, standing
from app.ports import HealthLevel
from energy.tariffs import PriceSeries

BERLIN = ZoneInfo("Europe/Berlin")
NOW_S = datetime(2025, 10, 2, 10, 0, tzinfo=BERLIN).timestamp()
AFTERNOON_S = datetime(2025, 10, 2, 14, 0, tzinfo=BERLIN).timestamp()


def market(at_s: float) -> float:
    """A price a MWh that is never the same on two days."""
    return 50.0 + (at_s / 3600.0) % 37.0


def awattar(from_s: float, to_s: float, price: Callable[[float], float] = market) -> bytes:
    rows = [
        {"start_timestamp": t * 1000, "end_timestamp": (t + 3600) * 1000, "marketprice": price(t), "unit": "Eur/MWh"}
        for t in range(int(from_s), int(to_s), 3600)
    ]
    return json.dumps({"data": rows}).encode()


class Provider:
    """A little server whose answers are a list of callables; the last one goes on."""

    def __init__(self) -> None:
        self.answers: list[Callable[[dict[str, str]], tuple[int, dict[str, str], bytes]]] = []
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []

    def reply(self, body: bytes = b"", status: int = 200, **headers: str) -> None:
        self.answers = [lambda _query: (status, headers, body)]

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] != "http":
            return
        text = scope["query_string"].decode()
        self.asked.append(text)
        self.headers.append({k.decode(): v.decode() for k, v in scope["headers"]})
        query = dict(pair.split("=", 1) for pair in text.split("&") if "=" in pair)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        status, headers, body = answer(query)
        named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": named})
        await send({"type": "http.response.body", "body": body})


class Shelf:
    def __init__(self) -> None:
        self.kept: dict[str, PriceSeries] = {}

    def series(self, name: str) -> PriceSeries:
        return self.kept.get(name, PriceSeries(np.empty(0), np.empty(0)))

    def take(self, name: str, series: PriceSeries) -> None:
        self.kept[name] = series


class Board:
    def __init__(self) -> None:
        self.health = None

    def publish_health(self, _source, health) -> None:
        self.health = health


@asynccontextmanager
async def serve(app):
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="off"))
    config = server.config
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        await server.shutdown()


class Bench:
    """A driver before a provider, with a clock of the test's own."""

    def __init__(self, port: int, provider: Provider, kind: str = "awattar", currency: str = "EUR") -> None:
        self.clock = StepClock(NOW_S, 1.0)
        self.shelf, self.board, self.provider = Shelf(), Board(), provider
        section = ProviderSection(kind=kind, url=f"http://127.0.0.1:{port}/market", area="DE", secret="x")
        self.driver = PriceDriver(
            "prices",
            section,
            options_from(section, token="s3cret", currency=currency),
            tz=BERLIN,
            clock=self.clock,
            shelf=self.shelf,
            chance=lambda: 0.5,
        )

    async def look(self) -> float:
        async with price_client() as client:
            return await self.driver.look(client, self.board)

    @property
    def known_until(self) -> str:
        return datetime.fromtimestamp(self.shelf.series("prices").end_s, BERLIN).strftime("%d %H:%M")


@pytest.fixture
async def bench():
    provider = Provider()
    async with serve(provider) as port:
        yield Bench(port, provider)


def published(until_day: int):
    """Answers with all that is asked for until the local midnight that ends 2025-10-``until_day``."""
    end_s = datetime(2025, 10, until_day + 1, tzinfo=BERLIN).timestamp()

    def answer(query):
        return 200, {}, awattar(int(query["start"]) / 1e3, min(int(query["end"]) / 1e3, end_s))

    return answer


async def test_the_first_time_weeks_are_asked_for_then_what_is_missing(bench):
    bench.provider.answers = [published(2), published(3)]
    pause_s = await bench.look()
    assert bench.known_until == "03 00:00"
    assert len(bench.shelf.series("prices").at_s) == 61 * 24
    assert bench.board.health.level is HealthLevel.OK
    assert bench.board.health.text == "known until 2025-10-03 00:00"
    # At ten o'clock it looks each hour, until the watch begins before one.
    assert 3200 < pause_s < 4000
    bench.clock.advance_to(AFTERNOON_S)
    assert await bench.look() >= 120 or bench.known_until == "04 00:00"
    assert bench.known_until == "04 00:00"
    start = int(dict(p.split("=") for p in bench.provider.asked[-1].split("&"))["start"]) / 1000
    assert start == midnight_s(AFTERNOON_S, -1, BERLIN)
    assert bench.provider.headers[0]["authorization"] == "Bearer s3cret"


async def test_after_a_failure_it_goes_on_with_what_is_known_and_recovers(bench):
    bench.provider.answers = [published(2)]
    await bench.look()
    bench.clock.advance_to(AFTERNOON_S)
    bench.provider.reply(status=503, Retry_After="900")
    assert await bench.look() == 900.0
    health = bench.board.health
    assert health.level is HealthLevel.WARNING
    assert "answers 503" in health.text
    assert "known until 2025-10-03 00:00, then what the past weeks let expect holds" in health.text
    bench.provider.reply(status=503)
    waits = [await bench.look() for _ in range(10)]
    assert waits == sorted(waits)
    assert waits[-1] <= 1800.0
    bench.provider.answers = [published(3)]
    await bench.look()
    assert (bench.board.health.level, bench.known_until) == (HealthLevel.OK, "04 00:00")


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (401, b"", "refuses the token (401): check its secret"),
        (429, b"", "patience"),
        (302, b"", "has moved"),
        (400, b"bad area", "check area and url"),
        (404, b"", "answers 404"),
        (200, b"<html>maintenance</html>", "no JSON"),
        (200, b'{"data": [{"start_timestamp": 1759356000000, "end_timestamp": 1759359600000}]}', "no number"),
        (200, b'{"data": [{"start_timestamp": 1759356000000', "no JSON"),
        (200, awattar(NOW_S, NOW_S + 7200, lambda _t: 1e6), "cannot be true"),
        (200, b" " * (prices.MOST_BYTES + 10), "without end"),
    ],
)
async def test_what_cannot_be_used_is_told_in_one_sentence_without_the_token(bench, status, body, words):
    bench.provider.reply(body, status=status, location="http://127.0.0.1:1/elsewhere")
    await bench.look()
    health = bench.board.health
    assert words in health.text
    assert health.level is HealthLevel.FAILED
    assert "no price is known: the home file's own holds" in health.text
    assert "s3cret" not in health.text
    assert "start=" not in health.text
    assert bench.shelf.kept == {}
    assert len(bench.provider.asked) == 1


async def test_nobody_answers():
    bench = Bench(1, Provider())
    await bench.look()
    assert "does not answer (ConnectError)" in bench.board.health.text


async def test_not_published_yet(bench):
    bench.provider.reply(status=204)
    await bench.look()
    assert bench.board.health.text == "no price is known: the home file's own holds"
    bench.provider.answers = [published(2)]
    await bench.look()
    bench.clock.advance_to(AFTERNOON_S)
    # In the early afternoon it asks every few minutes, and is not worried.
    assert 100 < await bench.look() < 300
    assert bench.board.health.level is HealthLevel.OK
    bench.clock.advance_to(AFTERNOON_S + 3 * 3600)
    assert 400 < await bench.look() < 800
    assert bench.board.health.level is HealthLevel.WARNING
    assert "the next are late" in bench.board.health.text
    bench.clock.advance_to(AFTERNOON_S + 16 * 3600)
    await bench.look()
    assert "no price is known for now: what the past weeks let expect holds" in bench.board.health.text


async def test_a_short_answer_counts_as_far_as_it_goes(bench):
    bench.clock.advance_to(AFTERNOON_S)
    end_s = midnight_s(AFTERNOON_S, 1, BERLIN) + 20 * 3600.0
    bench.provider.answers = [lambda q: (200, {}, awattar(int(q["start"]) / 1e3, end_s))]
    assert 100 < await bench.look() < 300
    assert bench.known_until == "03 20:00"


async def test_tomorrow_that_is_today_again_is_not_believed(bench):
    bench.clock.advance_to(AFTERNOON_S)
    today_s = midnight_s(AFTERNOON_S, 0, BERLIN)

    def frozen(query):
        return 200, {}, awattar(today_s, today_s + 48 * 3600, lambda t: market(today_s + (t - today_s) % 86_400))

    bench.provider.answers = [frozen, published(3)]
    await bench.look()
    assert bench.known_until == "03 00:00"
    assert "today's prices for tomorrow" in bench.board.health.text
    assert bench.board.health.level is HealthLevel.WARNING
    await bench.look()
    assert (bench.board.health.level, bench.known_until) == (HealthLevel.OK, "04 00:00")


async def test_another_currency_is_not_taken():
    provider = Provider()
    async with serve(provider) as port:
        bench = Bench(port, provider, currency="SEK")
        provider.answers = [published(2)]
        await bench.look()
        assert "aWATTar counts in EUR, this home in SEK: not taken" in bench.board.health.text
        assert bench.shelf.kept == {}


async def test_a_question_that_is_too_long_is_asked_again_for_today(bench):
    bench.provider.answers = [lambda _q: (413, {}, b""), published(2)]
    await bench.look()
    await bench.look()
    assert len(bench.shelf.series("prices").at_s) == 24
    assert bench.board.health.level is HealthLevel.OK


async def test_pages_are_followed_and_end():
    provider = Provider()
    async with serve(provider) as port:
        bench = Bench(port, provider, kind="octopus", currency="GBP")
        begin_s = midnight_s(NOW_S, 0, BERLIN)

        def page(query):
            number = int(query.get("page", 1))
            start = datetime.fromtimestamp(begin_s + (number - 1) * 1800, ZoneInfo("UTC"))
            end = datetime.fromtimestamp(begin_s + number * 1800, ZoneInfo("UTC"))
            row = {"value_inc_vat": number, "valid_from": start.isoformat(), "valid_to": end.isoformat()}
            following = f"http://127.0.0.1:{port}/market?page={number + 1}"
            return 200, {}, json.dumps({"results": [row], "next": following}).encode()

        provider.answers = [page]
        await bench.look()
        assert len(provider.asked) == prices.MOST_PAGES
        assert bench.shelf.series("prices").eur_per_kwh[:3].tolist() == [0.01, 0.02, 0.03]


async def test_what_came_before_a_failure_is_kept_the_newest_first():
    provider = Provider()
    async with serve(provider) as port:
        bench = Bench(port, provider, kind="nord_pool")

        def day(query):
            noon = datetime.fromisoformat(query["date"]).replace(hour=12, tzinfo=BERLIN)
            if query["date"] == "2025-09-29":
                return 500, {}, b""
            row = {
                "deliveryStart": noon.isoformat(),
                "deliveryEnd": noon.replace(hour=13).isoformat(),
                "entryPerArea": {"DE": 10.0 + noon.day},
            }
            return 200, {}, json.dumps({"multiAreaEntries": [row], "currency": "EUR"}).encode()

        provider.answers = [day]
        await bench.look()
        assert bench.shelf.series("prices").eur_per_kwh.tolist() == pytest.approx([0.040, 0.011, 0.012, 0.013])
        assert "answers 500" in bench.board.health.text


async def test_it_runs_by_home_time_until_it_is_cancelled(bench):
    import asyncio

    bench.provider.answers = [published(2), published(3)]
    task = asyncio.create_task(bench.driver.run(bench.board))
    deadline = asyncio.get_running_loop().time() + 10.0
    while bench.known_until != "04 00:00" if bench.shelf.kept else True:
        assert asyncio.get_running_loop().time() < deadline
        assert not task.done()
        bench.clock.advance_to(bench.clock.now_s() + 60.0)
        await asyncio.sleep(0.005)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_token_that_no_header_can_carry(bench):
    bench.driver._options = options_from(
        ProviderSection(kind="awattar", url=bench.driver._options.url), token="naïve\n€", currency="EUR"
    )
    await bench.look()
    assert "check its secret" in bench.board.health.text


# The pace, and the words.


@pytest.mark.parametrize(
    ("clock", "known_days", "low", "high"),
    [
        ("10:00", 1, 3_000, 4_000),
        ("12:30", 1, 800, 1_200),
        ("12:46", 1, 100, 300),
        ("13:30", 1, 100, 300),
        ("15:00", 1, 400, 800),
        ("15:00", 2, 3_000, 4_000),
        ("00:05", 1, 3_000, 4_000),
    ],
)
def test_when_to_ask_next(clock, known_days, low, high):
    hour, minute = map(int, clock.split(":"))
    now_s = datetime(2025, 10, 26, hour, minute, tzinfo=BERLIN).timestamp()
    for chance in (0.0, 1.0):
        known = midnight_s(now_s, known_days, BERLIN)
        assert low <= wait_s(now_s, known_until_s=known, publish="13:00", tz=BERLIN, chance=chance) <= high


def test_back_off_and_patience():
    assert retry_s(1, asked_to_wait_s=None, chance=1.0) == 20.0
    assert retry_s(1, asked_to_wait_s=None, chance=0.0) == 10.0
    assert retry_s(500, asked_to_wait_s=None, chance=1.0) == 1800.0
    assert retry_s(1, asked_to_wait_s=120.0, chance=0.5) == 120.0
    assert retry_s(1, asked_to_wait_s=1e9, chance=0.5) == 6 * 3600.0
    assert prices._asked_to_wait_s("120") == 120.0
    assert prices._asked_to_wait_s("soon") is None
    assert prices._asked_to_wait_s("Wed, 01 Jan 2020 00:00:00 GMT") == 0.0
    assert prices._asked_to_wait_s("") is None


def test_late_prices_and_the_change_of_clocks():
    short = datetime(2025, 3, 30, 17, 0, tzinfo=BERLIN).timestamp()
    assert midnight_s(short, 1, BERLIN) - midnight_s(short, 0, BERLIN) == 23 * 3600
    assert overdue(short, known_until_s=midnight_s(short, 1, BERLIN), publish="13:00", tz=BERLIN)
    assert not overdue(short, known_until_s=midnight_s(short, 2, BERLIN), publish="13:00", tz=BERLIN)
    assert not overdue(short - 3 * 3600, known_until_s=midnight_s(short, 1, BERLIN), publish="13:00", tz=BERLIN)
    level, text = standing(-np.inf, short, publish="13:00", tz=BERLIN)
    assert (level, text) == (HealthLevel.FAILED, "no price is known: the home file's own holds")


def test_what_is_frozen():
    start_s = midnight_s(AFTERNOON_S, 0, BERLIN)
    hours = np.arange(48)

    def series(price):
        return PriceSeries(start_s + 3600.0 * hours, np.asarray(price, dtype=float))

    assert is_frozen(series(hours % 24), AFTERNOON_S, BERLIN)
    assert not is_frozen(series(hours), AFTERNOON_S, BERLIN)
    assert not is_frozen(series(np.ones(48)), AFTERNOON_S, BERLIN)
    assert not is_frozen(series(hours % 24).between(0, start_s + 30 * 3600), AFTERNOON_S, BERLIN)


# A file.

CSV = "time_utc,price_eur_per_mwh\n2025-10-02T06:00:00Z,{}\n2025-10-02T07:00:00Z,90\n"


def test_a_file_is_read_again_when_it_changes(tmp_path):
    path, shelf, board = tmp_path / "p.csv", Shelf(), Board()
    path.write_text(CSV.format(80))
    driver = PriceFile("prices", path, tz=BERLIN, clock=StepClock(NOW_S, 1.0), shelf=shelf)
    driver.look()
    assert shelf.kept == {}
    path.write_text(CSV.format(1234))
    driver.look()
    assert shelf.series("prices").eur_per_kwh[0] == pytest.approx(1.234)
    path.write_text("half a li")
    driver.look()
    driver._say(board)
    assert board.health.level is HealthLevel.WARNING
    assert "p.csv: the first line must name" in board.health.text
    assert "its last prices hold" in board.health.text
    path.unlink()
    driver.look()
    assert shelf.series("prices").eur_per_kwh[0] == pytest.approx(1.234)
    path.write_text(CSV.format(70.5))
    driver.look()
    driver._say(board)
    assert shelf.series("prices").eur_per_kwh[0] == pytest.approx(0.0705)
    assert "half" not in board.health.text


def test_the_client_sends_no_token_elsewhere():
    client = price_client()
    assert not client.follow_redirects
    assert isinstance(client, httpx.AsyncClient)
