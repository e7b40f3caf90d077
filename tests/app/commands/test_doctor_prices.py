"""``twoway doctor`` on prices: fresh until when, from a file, from a provider, or always known."""

import json
import threading
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from app.commands.doctor_findings import Level
from app.commands.doctor_prices import prices
from app.config.load import check_home


def look(tmp_path, tariff: str):
    path = tmp_path / "home.toml"
    home = check_home(f"[home]\ntimezone = 'UTC'\n[connection]\nfuse_a = 35\n[tariff]\n{tariff}\n", path)
    return list(prices(home, path))


def csv(start_s: float, hours: int) -> str:
    rows = (datetime.fromtimestamp(start_s + 3600.0 * k, UTC).isoformat() + f",{50 + k % 31}" for k in range(hours))
    return "\n".join(["time_utc,price_eur_per_mwh", *rows]) + "\n"


@pytest.fixture
def provider():
    class Answer(BaseHTTPRequestHandler):
        status, body = 200, b""

        def do_GET(self):
            self.send_response(self.status)
            self.end_headers()
            self.wfile.write(self.body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Answer.url = f"http://127.0.0.1:{server.server_port}/market"
    yield Answer
    server.shutdown()
    server.server_close()


def test_a_fixed_tariff_is_always_known(tmp_path):
    [found] = look(tmp_path, 'kind = "fixed"')
    assert (found.level, found.text) == (Level.OK, "a tariff of kind fixed: always known")


def test_a_file_is_fresh_or_old_or_broken(tmp_path):
    path = tmp_path / "p.csv"
    midnight_s = time.time() // 86_400 * 86_400
    path.write_text(csv(midnight_s, 72))
    text = 'kind = "day_ahead"\nfile = "p.csv"'
    [found] = look(tmp_path, text)
    assert found.level is Level.OK
    assert "known until" in found.text
    path.write_text(csv(midnight_s - 5 * 86_400, 24))
    [found] = look(tmp_path, text)
    assert found.level is Level.WARN
    assert "the last price ended" in found.text
    path.write_text("price\n1\n")
    [found] = look(tmp_path, text)
    assert found.level is Level.FAIL
    assert "first line" in found.text


def test_a_provider_is_asked(tmp_path, provider):
    text = f'kind = "day_ahead"\nprovider = {{ kind = "awattar", url = "{provider.url}" }}'
    start_ms = int(time.time() // 86_400 * 86_400_000)
    rows = [
        {
            "start_timestamp": start_ms + k * 3_600_000,
            "end_timestamp": start_ms + (k + 1) * 3_600_000,
            "marketprice": 50.0 + k,
            "unit": "Eur/MWh",
        }
        for k in range(48)
    ]
    provider.body = json.dumps({"data": rows}).encode()
    [found] = look(tmp_path, text)
    assert found.level is Level.OK
    assert "aWATTar: known until" in found.text
    provider.body = json.dumps({"data": [row | {"marketprice": 1.0 + k % 24} for k, row in enumerate(rows)]}).encode()
    [found] = look(tmp_path, text)
    assert "today's prices for tomorrow" in found.text
    provider.body = b'{"data": []}'
    [found] = look(tmp_path, text)
    assert found.level is Level.WARN
    provider.status = 401
    [found] = look(tmp_path, text)
    assert found.level is Level.FAIL
    assert "check its secret" in found.text


def test_a_secret_that_is_missing_is_named(tmp_path):
    [found] = look(
        tmp_path, 'kind = "day_ahead"\nprovider = { kind = "tibber", url = "http://a.example", secret = "t" }'
    )
    assert found.level is Level.FAIL
    assert '"t"' in found.text
