"""``twoway why``: the engine's reasons in a terminal."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from app import cli

HOLD = {"code": "hold", "params": {"worth_eur_per_kwh": 0.2}, "text": "Holding. A kWh in the car is worth 0.20 EUR."}
FUSE = {"code": "limit_fuse", "params": {}, "text": "Held back from 11.0 kW."}
POINT = {"power_w": 8000.0, "reason": HOLD, "limited_by": [FUSE]}
FACTS = {"timezone": "Europe/Berlin"}


def decision(at, until=None):
    powers = {"power_w": -500.0, "least_w": -1500.0, "most_w": -500.0}
    return {"at": at, "until": until, "reason": HOLD, "limited_by": [], **powers}


PAGES = {
    "2026-11-22T23:00:00Z": {
        "decisions": [decision("2026-11-22T12:00:00Z")],
        "before": "2026-11-22T12:00:00Z",
    },
    "2026-11-22T12:00:00Z": {
        "decisions": [decision("2026-11-22T06:00:00Z", "2026-11-22T12:00:00Z")],
        "before": None,
    },
}
PLAN = {
    "start": ["2026-11-22T06:00:00Z", "2026-11-22T06:15:00Z", "2026-11-22T06:30:00Z"],
    "ev_w": [1000.0, 3000.0, 0.0],
    "reasons": [FUSE, FUSE, HOLD],
}


class Engine(BaseHTTPRequestHandler):
    """Answers like the engine's API."""

    def do_GET(self):
        path = urlsplit(self.path)
        asked = parse_qs(path.query)
        answers = {"/api/v1/home": lambda: {"facts": FACTS, "set_point": POINT}, "/api/v1/plan": lambda: PLAN}
        if path.path == "/api/v1/history/decisions":
            body, status = PAGES[asked["to"][0]], 200
        elif self.headers["Authorization"] != "Bearer secret":
            body, status = {"problem": "This needs a token."}, 401
        else:
            body, status = answers[path.path](), 200
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_args):
        """Quiet."""


@pytest.fixture
def run_file(tmp_path):
    server = HTTPServer(("127.0.0.1", 0), Engine)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    (tmp_path / "token").write_text("secret\n")
    path = tmp_path / "engine.json"
    url = f"http://127.0.0.1:{server.server_port}"
    path.write_text(json.dumps({"url": url, "token_file": str(tmp_path / "token"), "api_version": "1"}))
    yield path
    server.shutdown()
    server.server_close()


def why(run_file, *words):
    return cli.main(["why", "--run-file", str(run_file), *words])


def test_now_is_told_with_the_limit_that_cuts(run_file, capsys):
    assert why(run_file) == 0
    assert capsys.readouterr().out == (
        "+8.0 kW. Holding. A kWh in the car is worth 0.20 EUR. Held back from 11.0 kW.\n"
    )


def test_a_day_is_told_in_order_over_all_pages(run_file, capsys):
    assert why(run_file, "--day", "2026-11-22") == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("07:00 - 13:00  -1.5 to -0.5 kW  Holding.")
    assert second.startswith("13:00 - now    -1.5 to -0.5 kW  Holding.")


def test_the_plan_is_a_line_for_each_reason(run_file, capsys):
    assert why(run_file, "--plan") == 0
    assert capsys.readouterr().out.splitlines() == [
        "Sun 07:00   +2.0 kW  Held back from 11.0 kW.",
        "Sun 07:30   +0.0 kW  Holding. A kWh in the car is worth 0.20 EUR.",
    ]


def test_programs_get_every_figure(run_file, capsys):
    assert why(run_file, "--json") == 0
    assert json.loads(capsys.readouterr().out) == POINT


def test_what_goes_wrong_is_one_sentence(run_file, tmp_path, capsys):
    assert why(run_file, "--day", "yesterday") == 1
    assert why(tmp_path / "nowhere.json") == 1
    (tmp_path / "token").write_text("wrong")
    assert why(run_file) == 1
    wrong_day, no_engine, no_token = capsys.readouterr().err.splitlines()
    assert "is no date" in wrong_day
    assert "No engine runs here" in no_engine
    assert "This needs a token." in no_token
