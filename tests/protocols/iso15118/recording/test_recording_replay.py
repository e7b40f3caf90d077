"""What was recorded runs again byte for byte; what was changed since is found and named."""

import asyncio
import errno
import json
import math
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from protocols.iso15118 import ControlMode, Evse, Notification, SeccServer, Service
from protocols.iso15118.recording import RecordingError, Session, read_sessions, replay
from protocols.iso15118.recording.recorder import Recorder
from protocols.iso15118.timings import Timings

GOLDEN = sorted((Path(__file__).resolve().parents[3] / "golden").glob("session_*.jsonl.gz"))
ROLES = ["secc", "evcc"]
HEADER = b'{"kind":"header","version":1,"role":"secc","timings":{}}\n'


@pytest.mark.parametrize("mode", list(ControlMode))
@pytest.mark.parametrize("service", [Service.AC, Service.AC_BPT, Service.DC, Service.DC_BPT])
async def test_both_ends_run_again_byte_for_byte(record: Any, service: Service, mode: ControlMode) -> None:
    recordings = await record(service, mode)
    for role in ROLES:
        (session,) = read_sessions(recordings.data(role))
        verdict = replay(session)
        assert verdict.findings == []
        assert verdict.driven is not None
        assert verdict.driven.same * 2 == len(session.messages) > 20
        assert verdict.walk.same_bytes == len(session.messages)
        assert verdict.walk.state == "ended"


@pytest.mark.parametrize("notification", list(Notification))
async def test_what_the_charger_asks_for_runs_again_too(record: Any, notification: Notification) -> None:
    recordings = await record(notification=notification)
    for role in ROLES:
        (session,) = read_sessions(recordings.data(role))
        verdict = replay(session)
        assert verdict.findings == []
        assert verdict.driven is not None


def stopped_by_the_driver(client: Any, _: Any) -> None:
    client.stop("the driver came back")


def gone(_: Any, running: Any) -> None:
    running.cancel()


@pytest.mark.parametrize(
    ("trouble", "proper", "reason"),
    [
        (stopped_by_the_driver, True, "stopped by the car"),
        (gone, False, "connection lost in state charge_loop"),
    ],
)
async def test_a_session_that_ends_otherwise_runs_again_too(
    record: Any, trouble: Any, proper: bool, reason: str
) -> None:
    recordings = await record(trouble=trouble)
    for role in ROLES:
        (session,) = read_sessions(recordings.data(role))
        verdict = replay(session)
        assert verdict.findings == []
        assert verdict.driven is not None
        assert session.end is not None
        assert session.end["proper"] is proper
    (session,) = read_sessions(recordings.data("secc"))
    assert session.end is not None
    assert reason in session.end["reason"]


def lines_of(recordings: Any, role: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in getattr(recordings, role)]


def data_of(lines: list[dict[str, Any]]) -> bytes:
    return "\n".join(json.dumps(line) for line in lines).encode()


def messages(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [line for line in lines if line["kind"] == "message"]


def findings_of(lines: list[dict[str, Any]]) -> list[str]:
    (session,) = read_sessions(data_of(lines))
    return replay(session).findings


def sessions_or_sentence(data: bytes) -> list[Session]:
    """The sessions, each of them replayed; none if the file is refused, as it may be, in one line."""
    refusals: list[str] = []
    sessions: list[Session] = []
    try:
        sessions = read_sessions(data)
    except RecordingError as error:
        refusals.append(str(error))
    assert all("\n" not in refusal for refusal in refusals)
    for session in sessions:
        replay(session)
    return sessions


def other_bytes(lines: list[dict[str, Any]]) -> None:
    """Another session ID in one of our answers."""
    answer = messages(lines)[7]
    answer["hex"] = answer["hex"].replace(answer["hex"][6:12], "ABCDEF", 1)


def other_input(lines: list[dict[str, Any]]) -> None:
    changed = [line for line in lines if line["kind"] == "inputs" and "_power_w" in line["values"]]
    changed[1]["values"]["_power_w"] = 1234.0


def left_out(lines: list[dict[str, Any]]) -> None:
    for message in messages(lines)[6:8]:
        lines.remove(message)


def late(lines: list[dict[str, Any]]) -> None:
    start = lines.index(messages(lines)[9])
    for line in lines[start:]:
        if "time_s" in line:
            line["time_s"] += 120


def broken_message(lines: list[dict[str, Any]]) -> None:
    messages(lines)[5]["hex"] = "8000"


def other_end(lines: list[dict[str, Any]]) -> None:
    lines[-1]["proper"] = False


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (other_bytes, "does otherwise now: its message 4"),
        (other_input, "does otherwise now: its message"),
        (left_out, "the table has no such row"),
        (late, "allowed are 40 s (V2G_EVCC_Msg_Timeout"),
        (broken_message, "message 6 cannot be read"),
        (other_end, "it ended otherwise: stopped by the car"),
    ],
)
def test_what_is_not_as_it_was_is_named(recordings: Any, spoil: Callable[[Any], None], told: str) -> None:
    lines = lines_of(recordings, "secc")
    spoil(lines)
    findings = findings_of(lines)
    assert any(told in finding for finding in findings), findings
    assert all("\n" not in finding for finding in findings)


def test_a_car_that_answers_otherwise_is_found(recordings: Any) -> None:
    lines = lines_of(recordings, "evcc")
    for line in lines:
        if line["kind"] == "port" and line["name"] == "report":
            line["value"]["soc"] = 0.11
    assert any("does otherwise now" in finding for finding in findings_of(lines))


@pytest.mark.parametrize("role", ROLES)
def test_every_cut_is_read_up_to_there_or_refused_in_a_sentence(recordings: Any, role: str) -> None:
    data = recordings.data(role)
    whole = len(read_sessions(data)[0].messages)
    for end in range(0, len(data), 97):
        sessions = sessions_or_sentence(data[:end])
        assert all(len(session.messages) <= whole for session in sessions)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "no session in it"),
        (b"\xff\xfe", "is not text"),
        (b"\x1f\x8bnonsense", "compression is damaged"),
        (b"hello\nworld\n", "line 1 is not JSON"),
        (b"[1, 2]\n{}", "line 1 is no JSON object"),
        (b"{}\n", "has no kind"),
        (b'{"kind":"message","time_s":1,"sender":"evcc","stream":"0x8001","hex":"80"}\n', "begins with its header"),
        (b'{"kind":"header","version":9}\n', "version 9"),
        (b'{"kind":"header"}\n', "line 1 is no line of a session"),
        (HEADER + b'{"kind":"message","hex":"xy"}\n', "line 2 is no line of a session"),
        (b'{"sender":"cat","namespace":"n","message":"aReq","exi":"80"}\n', "neither evcc nor secc"),
        (b'{"sender":"evcc","namespace":7,"message":"aReq","exi":"80"}\n', "are text"),
        (b'{"kind":"header","version":1,"role":"cat","timings":{}}\n', "neither secc nor evcc"),
        (HEADER + b'{"kind":"timer","time_s":NaN}\n', "line 2: its time is nan, which is no POSIX time"),
        (b"[" * 200_000, "no session in it"),
    ],
)
def test_what_is_no_recording_is_told_in_a_sentence(data: bytes, told: str) -> None:
    with pytest.raises(RecordingError, match=told):
        read_sessions(data)


@pytest.mark.parametrize("line", range(0, 60, 7))
@pytest.mark.parametrize("value", [None, -1, "x", [], {}, 1e999])
def test_any_value_changed_in_a_line_ends_in_a_finding_or_a_sentence(recordings: Any, line: int, value: Any) -> None:
    lines = lines_of(recordings, "secc")
    spoiled = lines[line % len(lines)]
    for key in list(spoiled):
        before, spoiled[key] = spoiled[key], value
        sessions_or_sentence(data_of(lines))
        spoiled[key] = before


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.name.removesuffix(".jsonl.gz"))
def test_other_peoples_sessions_keep_the_table(path: Path) -> None:
    (session,) = read_sessions(path.read_bytes())
    verdict = replay(session)
    assert verdict.findings == []
    assert verdict.driven is None
    assert "messages only" in verdict.lines[-1]


def test_a_full_disk_ends_the_recording_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    def full(_: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    recorder = Recorder(full, "secc", 0.0, Timings())
    recorder.timer(1.0)
    assert caplog.text.count("No space left") == 1


async def test_silence_runs_again_too() -> None:
    lines: list[str] = []
    server = SeccServer(
        "lo", Evse(), lambda event: None, timings=Timings(factor=0.005), sdp_port=0, record=lambda: lines.append
    )
    await server.start()
    _, writer = await asyncio.open_connection("::1", server.port)
    async with asyncio.timeout(20):
        while not lines or '"end"' not in lines[-1]:
            await asyncio.sleep(0.01)
    writer.close()
    await server.stop()
    (session,) = read_sessions("\n".join(lines).encode())
    assert session.end is not None
    assert "fell silent" in session.end["reason"]
    assert replay(session).findings == []


WILD: list[Any] = [None, -1, 0, 2**70, 1e308, math.inf, math.nan, "", "x", "0xFFFFFFF", "8080", [], {}, [1], True]


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every spot of a JSON value where another value can stand."""
    inside = list(value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ())
    for key, inner in inside:
        yield value, key
        yield from places(inner)


@pytest.mark.parametrize("seed", range(120))
def test_wild_files_end_in_findings_or_a_sentence(recordings: Any, seed: int) -> None:
    chance = random.Random(seed)
    lines = lines_of(recordings, chance.choice(ROLES))
    for _ in range(chance.randint(1, 3)):
        container, key = chance.choice(list(places(lines)))
        container[key] = chance.choice(WILD)
    if chance.random() < 0.2:
        chance.shuffle(lines)
    for session in sessions_or_sentence(data_of(lines)):
        assert all("\n" not in line for line in replay(session).lines)
