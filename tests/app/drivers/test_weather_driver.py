"""Weather from a provider or a file: read as documented, doubted where it must be, and never the home's undoing."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from app.clock import StepClock
from app.config.weather import WeatherSection
from app.drivers.weather import WeatherDriver, WeatherFile, weather_source
from app.drivers.weather_shapes import WeatherError, read_open_meteo, read_weather_csv
from app.engine.weather import WeatherKeeper
from app.ports import HealthLevel

NOW_S = 1_718_960_400.0  # 2024-06-21T09:00:00Z
START_S = NOW_S - 9 * 3600.0
HOURS = 96


def forecast(start="2024-06-21", hours=HOURS, offset_s=0, **changes):
    """An answer as Open-Meteo documents it."""
    day = np.datetime64(start)
    times = [str(day + np.timedelta64(k, "h"))[:16] for k in range(hours)]
    hour = np.arange(hours) % 24
    sun = np.maximum(0.0, np.sin((hour - 5) / 15 * np.pi)) * 800
    answer = {
        "latitude": 48.0,
        "longitude": 9.0,
        "generationtime_ms": 0.2,
        "utc_offset_seconds": offset_s,
        "timezone": "GMT",
        "elevation": 400.0,
        "hourly_units": {
            "time": "iso8601",
            "temperature_2m": "°C",
            "cloud_cover": "%",
            "shortwave_radiation": "W/m²",
            "direct_normal_irradiance": "W/m²",
            "diffuse_radiation": "W/m²",
        },
        "hourly": {
            "time": times,
            "temperature_2m": (15 + 8 * np.sin((hour - 9) / 24 * 2 * np.pi)).round(1).tolist(),
            "cloud_cover": [40] * hours,
            "shortwave_radiation": sun.round(1).tolist(),
            "direct_normal_irradiance": (sun * 0.9).round(1).tolist(),
            "diffuse_radiation": (sun * 0.3).round(1).tolist(),
        },
    }
    answer["hourly"] |= changes
    return answer


def body(answer):
    return json.dumps(answer).encode()


def test_an_hour_s_mean_stands_in_its_middle():
    told = read_open_meteo(body(forecast()))
    weather = told.weather
    assert told.remarks == ()
    assert weather.at_s[0] == START_S + 1800
    answer = forecast()["hourly"]
    # Radiation at 13:00 is the mean from 12 to 13; the temperature of that hour lies between its ends.
    assert weather.column("ghi_w_m2", np.array([START_S + 12.5 * 3600]))[0] == answer["shortwave_radiation"][13]
    expected = (answer["temperature_2m"][12] + answer["temperature_2m"][13]) / 2
    assert weather.column("temperature_c", np.array([START_S + 12.5 * 3600]))[0] == pytest.approx(expected)
    assert weather.cloud_share[0] == 0.4


def test_local_times_and_numbers_are_the_same_instants():
    plain = read_open_meteo(body(forecast())).weather
    shifted = forecast(offset_s=7200)
    shifted["hourly"]["time"] = [str(np.datetime64(t) + np.timedelta64(2, "h"))[:16] for t in shifted["hourly"]["time"]]
    seconds = forecast(time=[START_S + 3600 * k for k in range(HOURS)])
    for answer in (shifted, seconds):
        assert np.array_equal(read_open_meteo(body(answer)).weather.at_s, plain.at_s)


def test_fahrenheit_is_understood_and_an_unknown_unit_is_not_taken():
    answer = forecast()
    answer["hourly_units"]["temperature_2m"] = "°F"
    answer["hourly"]["temperature_2m"] = [50.0 + k % 9 for k in range(HOURS)]
    assert read_open_meteo(body(answer)).weather.temperature_c[0] == pytest.approx(10.28, abs=0.01)
    answer["hourly_units"]["temperature_2m"] = "K"
    told = read_open_meteo(body(answer))
    assert np.isnan(told.weather.temperature_c).all()
    assert 'temperature_2m comes in "K"' in told.remarks


def test_null_is_not_known_and_never_zero():
    holes = [None if 10 <= k < 20 else 12.0 + k % 5 for k in range(HOURS)]
    weather = read_open_meteo(body(forecast(temperature_2m=holes))).weather
    assert np.isnan(weather.temperature_c[9:20]).all()
    assert np.isfinite(weather.temperature_c[[8, 20]]).all()
    assert np.isfinite(weather.ghi_w_m2).all()


@pytest.mark.parametrize(
    ("changes", "remark", "column"),
    [
        ({"temperature_2m": [999.0] * HOURS}, "cannot be true", "temperature_c"),
        ({"temperature_2m": [12.5] * HOURS}, "stands still", "temperature_c"),
        ({"shortwave_radiation": [1e9] * HOURS}, "cannot be true", "ghi_w_m2"),
        ({"cloud_cover": [40] * 5}, "not one value for each time", "cloud_share"),
    ],
)
def test_absurd_or_frozen_columns_are_left_out_with_a_word(changes, remark, column):
    told = read_open_meteo(body(forecast(**changes)))
    assert np.isnan(getattr(told.weather, column)).all()
    assert any(remark in said for said in told.remarks)
    assert np.isfinite(told.weather.dni_w_m2).any()


def test_one_absurd_value_alone_is_left_out():
    values = forecast()["hourly"]["temperature_2m"]
    values[30] = -400.0
    weather = read_open_meteo(body(forecast(temperature_2m=values))).weather
    assert np.isnan(weather.temperature_c[29:31]).all()
    assert np.isfinite(weather.temperature_c).sum() == HOURS - 3


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"<html>busy</html>",
        b"[1, 2]",
        b'{"hourly": 5}',
        b"[" * 100_000,
        body({"error": True, "reason": "Cannot initialize WeatherVariable"}),
        body({"hourly": {"time": ["noon", "later"]}}),
        body({"hourly": {"time": ["2024-06-21T01:00", "2024-06-21T00:00"], "cloud_cover": [1, 2]}}),
        body({"hourly": {"time": [], "cloud_cover": []}}),
        body({"hourly": {"time": [1e300, 2e300], "cloud_cover": [1, 2]}}),
        body({"hourly": {"time": ["2024-06-21T00:00", "2024-06-21T01:00"]}}),
        body({"hourly": {"time": ["2024-06-21T00:00", "2024-06-21T01:00"], "cloud_cover": ["a", {}]}}),
        b'{"hourly": {"time": [1, 2], "cloud_cover": [NaN, Infinity]}}',
    ],
)
def test_what_is_no_forecast_is_refused_in_one_sentence(raw):
    with pytest.raises(WeatherError) as told:
        read_open_meteo(raw)
    assert 5 < len(str(told.value)) < 300
    assert "\n" not in str(told.value)


def test_a_csv_names_its_columns():
    weather = read_weather_csv(
        "time_utc,temperature_c,pv_forecast_w\n2024-06-21T09:00:00Z,18,1000\n2024-06-21T10:00:00Z,,2000\n"
    ).weather
    assert weather.at_s[0] == NOW_S + 1800
    assert weather.solar_w.tolist() == [1000.0, 2000.0]
    assert np.isnan(weather.temperature_c[1])


@pytest.mark.parametrize(
    "text", ["", "a,b\n1,2\n", "time_utc,temperature_c\nnoon,5\nlate,6\n", "time_utc,ghi_w_m2\n2024-06-21,x\n"]
)
def test_a_bad_csv_is_refused(text):
    with pytest.raises(WeatherError):
        read_weather_csv(text)


class Board:
    """Keeps the last health."""

    def __init__(self):
        self.health = None

    def publish_health(self, source, health):
        assert source == "weather"
        self.health = health


class Provider:
    """A provider that answers as it is told."""

    def __init__(self):
        self.answer, self.status, self.asked = body(forecast()), 200, []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked.append(parse_qs(urlsplit(self.path).query))
                self.send_response(outer.status)
                if outer.status == 302:
                    self.send_header("Location", "http://127.0.0.1:9/")
                self.send_header("Content-Length", str(len(outer.answer)))
                self.end_headers()
                self.wfile.write(outer.answer)

            def log_message(self, *_args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1/forecast"


@pytest.fixture
def provider():
    found = Provider()
    thread = threading.Thread(target=found.server.serve_forever, daemon=True)
    thread.start()
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.fixture
def home(provider, tmp_path):
    """(driver, keeper, board, rows that were kept, clock)."""
    rows, clock = [], StepClock(NOW_S, 1.0)
    keeper = WeatherKeeper(rows.extend)
    section = WeatherSection(kind="open_meteo", url=provider.url)
    source = weather_source(section, tmp_path, latitude_deg=48.1, longitude_deg=9.2, key="k3y")
    driver = WeatherDriver(source, poll_s=3600, clock=clock, shelf=keeper, chance=lambda: 0.5)
    return driver, keeper, Board(), rows, clock


async def test_a_provider_is_asked_as_documented_and_what_it_tells_is_kept(provider, home):
    driver, keeper, board, rows, _ = home
    assert await driver.look(board) == 3600
    [asked] = provider.asked
    assert (asked["latitude"], asked["longitude"], asked["timezone"]) == (["48.1000"], ["9.2000"], ["GMT"])
    assert asked["hourly"][0].startswith("temperature_2m,cloud_cover,shortwave_radiation")
    assert (asked["past_days"], asked["apikey"]) == (["92"], ["k3y"])
    assert (board.health.level, len(rows)) == (HealthLevel.OK, HOURS - 1)
    assert "known until 2024-06-24" in board.health.text
    assert "k3y" not in str(board.health)
    told = []
    keeper.on_change.append(lambda: told.append(True))
    await driver.look(board)
    assert (len(rows), told) == (HOURS - 1, [])
    changed = forecast()
    changed["hourly"]["cloud_cover"][-1] = 100
    provider.answer = body(changed)
    await driver.look(board)
    assert (len(rows), told) == (HOURS, [True])
    again = WeatherKeeper(lambda _rows: None)
    again.restore(sorted({row.at_s: row for row in rows}.values(), key=lambda row: row.at_s))
    assert again.weather.packed() == keeper.weather.packed()


@pytest.mark.parametrize(
    ("status", "answer", "word"),
    [
        (500, b"", "answers 500"),
        (302, b"", "answers 302"),
        (200, b"{", "no JSON"),
        (400, body({"error": True, "reason": "Latitude must be in range"}), "Latitude must be in range"),
    ],
)
async def test_a_failing_provider_costs_a_sentence_and_nothing_else(provider, home, status, answer, word):
    driver, keeper, board, _, clock = home
    await driver.look(board)
    before = keeper.weather.packed()
    provider.status, provider.answer = status, answer
    first_s = await driver.look(board)
    second_s = await driver.look(board)
    assert first_s < second_s < 3600
    assert keeper.weather.packed() == before
    assert board.health.level is HealthLevel.WARNING
    assert word in board.health.text
    clock.advance_to(NOW_S + 5 * 86_400.0)
    await driver.look(board)
    assert board.health.level is HealthLevel.FAILED
    assert "go on without weather" in board.health.text
    provider.status, provider.answer = 200, body(forecast(start="2024-06-26"))
    assert await driver.look(board) == 3600
    assert board.health.level is HealthLevel.OK


async def test_a_forecast_that_ends_today_is_old(provider, home):
    driver, _, board, _, _ = home
    provider.answer = body(forecast(hours=12))
    await driver.look(board)
    assert board.health.level is HealthLevel.WARNING
    assert "old" in board.health.text


async def test_nobody_there_is_a_sentence(tmp_path):
    section = WeatherSection(kind="open_meteo", url="http://127.0.0.1:9/v1/forecast")
    source = weather_source(section, tmp_path, latitude_deg=0, longitude_deg=0)
    board, keeper = Board(), WeatherKeeper(lambda _rows: None)
    driver = WeatherDriver(source, poll_s=3600, clock=StepClock(NOW_S, 1.0), shelf=keeper)
    assert await driver.look(board) < 60
    assert "does not answer" in board.health.text
    assert keeper.weather is None


def test_the_doctor_asks_the_provider_once(provider, tmp_path):
    from app.commands.doctor_weather import weather
    from app.config.home import HomeConfig

    def found(**section):
        home = HomeConfig.model_validate({"connection": {"fuse_a": 25}, "weather": {"kind": "open_meteo"} | section})
        return [str(finding) for finding in weather(home, tmp_path / "home.toml")]

    [line] = found(url=provider.url)
    assert line.startswith("warn  weather:")
    assert "known until 2024-06-24" in line
    assert len(provider.asked) == 1
    provider.answer = b"{"
    [line] = found(url=provider.url)
    assert line.startswith("fail  weather: the answer is no JSON")
    [line] = found(kind="csv", file="none.csv")
    assert "none.csv cannot be read" in line


async def test_a_file_is_read_again_when_it_changes(tmp_path):
    path = tmp_path / "weather.csv"
    path.write_text("time_utc,temperature_c\n2024-06-21T09:00:00Z,18\n2024-06-21T10:00:00Z,19\n")
    source = WeatherFile(path)
    assert (await source.fetch(past_days=0)).weather.temperature_c.tolist() == [18.0, 19.0]
    assert await source.fetch(past_days=0) is None
    path.write_text("time_utc,temperature_c\n2024-06-21T09:00:00Z,18\n2024-06-21T10:00:00Z,25.5\n")
    assert (await source.fetch(past_days=0)).weather.temperature_c[1] == 25.5
    path.unlink()
    with pytest.raises(WeatherError, match="cannot be read"):
        await source.fetch(past_days=0)
