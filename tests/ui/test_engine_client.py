import json

import pytest
from pytestqt.qtbot import QtBot
from sample_desk import SampleEngine, snapshot

from app.api import schema as s
from app.api.desk import Refused
from ui.client import engine as engine_module
from ui.client.engine import Engine, Problem

WAIT_MS = 15_000


def live(qtbot: QtBot, client: Engine) -> None:
    client.connect_now()
    qtbot.waitUntil(lambda: client.link.state == "live" and client.home is not None, timeout=WAIT_MS)


def test_the_first_snapshot_makes_it_live_and_the_rest_is_asked_for(qtbot: QtBot, client: Engine) -> None:
    live(qtbot, client)
    qtbot.waitUntil(lambda: None not in (client.plan, client.events, client.health), timeout=WAIT_MS)
    qtbot.waitUntil(lambda: len(client.messages) == 40, timeout=WAIT_MS)
    assert client.home is not None
    assert client.home.facts.name == "Lindenweg 12"


def test_live_changes_arrive_and_old_snapshots_are_dropped(qtbot: QtBot, client: Engine, sample: SampleEngine) -> None:
    live(qtbot, client)
    qtbot.waitUntil(lambda: client.health is not None, timeout=WAIT_MS)
    newest = snapshot(sequence=9, now=snapshot().now.replace(minute=50))
    old = snapshot(sequence=8, now=snapshot().now.replace(minute=1))
    sample.call(lambda: [sample.desk.push("home", x.model_dump_json()) for x in (newest, old)])
    sample.call(lambda: sample.desk.push("from_a_newer_engine", "{}"))
    sample.call(lambda: sample.desk.push("health", json.dumps([])))
    qtbot.waitUntil(lambda: client.health == [], timeout=WAIT_MS)
    assert client.home is not None
    assert client.home.sequence == 9


def test_an_engine_that_goes_and_comes_back_elsewhere_is_found_again(
    qtbot: QtBot, client: Engine, sample: SampleEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "RETRY_MS", (50, 50, 100))
    live(qtbot, client)
    kept = client.home
    sample.stop()
    qtbot.waitUntil(lambda: client.link.state == "away", timeout=WAIT_MS)
    since = client.link.since
    assert client.home is kept, "the last picture stays"
    qtbot.wait(300)
    assert client.link.since == since, "trying again does not move the time since when it is away"
    sample.start()
    qtbot.waitUntil(lambda: client.link.state == "live", timeout=WAIT_MS)


def test_no_engine_at_all_is_away_at_once_with_a_sentence(qtbot: QtBot, tmp_path: object) -> None:
    client = Engine(tmp_path / "none.json")  # type: ignore[operator]
    client.connect_now()
    assert client.link.state == "away"
    assert client.link.problem == "", "that no engine runs is no fault to be told of"
    problems: list[Problem] = []
    client.get("/home", "home", lambda _home: None, problems.append)
    assert "nothing was changed" in problems[0].text
    client.close()


def test_a_silent_stream_counts_as_away(qtbot: QtBot, client: Engine) -> None:
    live(qtbot, client)
    client._silence.start(1)
    qtbot.waitUntil(lambda: client.link.state == "away", timeout=WAIT_MS)


def test_a_wrong_token_is_told_in_the_engines_words(
    qtbot: QtBot, client: Engine, sample: SampleEngine, tmp_path: object
) -> None:
    token = tmp_path / "wrong"  # type: ignore[operator]
    token.write_text("nonsense")
    content = json.loads(sample.run_file.read_text())
    sample.run_file.write_text(json.dumps({**content, "token_file": str(token)}))
    client.connect_now()
    qtbot.waitUntil(lambda: client.link.state == "away", timeout=WAIT_MS)
    assert "Bearer" in client.link.problem


def test_a_refusal_arrives_as_one_sentence_with_its_line(qtbot: QtBot, client: Engine, sample: SampleEngine) -> None:
    live(qtbot, client)
    sample.desk.refuse = Refused("Not while the car is away.", status=409, line=7)
    problems: list[Problem] = []
    client.post("/car/boost", s.BoostIn(minutes=5), "wishes", lambda _wishes: None, problems.append)
    qtbot.waitUntil(lambda: bool(problems), timeout=WAIT_MS)
    assert problems == [Problem("Not while the car is away.", 7, 409)]


def test_a_stream_of_another_version_is_told_and_does_not_break_the_client(
    qtbot: QtBot, client: Engine, sample: SampleEngine
) -> None:
    live(qtbot, client)
    sample.call(lambda: sample.desk.push("home", '{"now": "yesterday"}'))
    qtbot.waitUntil(lambda: "another version" in client.link.problem, timeout=WAIT_MS)
    assert client.home is not None
