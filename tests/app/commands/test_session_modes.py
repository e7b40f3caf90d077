"""The modes of ``twoway secc`` and ``twoway car``: what a person types, and whole sessions in two processes."""

import argparse
import json
import logging
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from app.cli import main
from app.commands.session_modes import (
    CAR_DOES,
    CHARGER_ASKS,
    Agenda,
    PausedFile,
    add_car_modes,
    add_charger_modes,
    offer_of,
    plan_of,
    read_paused,
    read_schedules,
    timed,
)
from app.errors import UserError
from protocols.iso15118 import (
    MobilityNeeds,
    PausedSession,
    PowerDeliveryChanged,
    SessionPaused,
    SessionStarted,
)
from protocols.iso15118.services import ValueAdded

PAUSED = PausedSession(session_id=b"\x01" * 8, evcc_id="CAR", charged_wh=12.5)


def charger(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="secc")
    add_charger_modes(parser)
    return parser.parse_args(words)


def car(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="car")
    add_car_modes(parser)
    return parser.parse_args(words)


# What a person types


@pytest.mark.parametrize("word", CHARGER_ASKS)
def test_every_word_of_a_charger_is_taken(word: str) -> None:
    assert charger("--ask", f"1.5:{word}").ask == [(1.5, word)]


@pytest.mark.parametrize("word", CAR_DOES)
def test_every_word_of_a_car_is_taken(word: str) -> None:
    assert car("--do", f"0:{word}", "--do", f"2:{word}").do == [(0.0, word), (2.0, word)]


@pytest.mark.parametrize(
    "text", ["", "pause", ":pause", "1:", "1:pauze", "x:pause", "-1:pause", "nan:pause", "1:2:stop"]
)
def test_a_moment_that_is_none(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        timed(CHARGER_ASKS)(text)


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (("secc", "--ask", "1:meters"), "pause, stop, schedule, service, exit-standby, meter"),
        (("secc", "--authorize", "maybe"), "'maybe' is neither at-once nor no nor a number of seconds"),
        (("secc", "--authorize", "-1"), "--authorize"),
        (("secc", "--value-added", "tea"), "'internet', 'parking'"),
        (("car", "--do", "1:meter"), "pause, stop, schedule, service, standby, exit-standby"),
        (("car", "--mobility-needs", "me"), "'car', 'charger'"),
    ],
)
def test_wrong_words_are_one_line_and_status_2(
    words: tuple[str, ...], names: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main([words[0], "--interface", "lo", *words[1:]])
    assert left.value.code == 2
    error = capsys.readouterr().err
    assert names in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(("text", "meant"), [("at-once", "at-once"), ("no", "no"), ("0", 0.0), ("2.5", 2.5)])
def test_who_authorises_and_when(text: str, meant: str | float) -> None:
    args = charger("--authorize", text)
    assert args.authorize == meant
    assert offer_of(args)["automatic_authorization"] is (meant == "at-once")


def test_what_a_charger_offers() -> None:
    plain = offer_of(charger())
    assert (plain["pause_allowed"], plain["standby_allowed"], plain["service_renegotiation"]) == (True, False, True)
    assert plain["value_added"] == ()
    words = ("--no-pause", "--standby", "--no-service-renegotiation", "--value-added", "parking")
    other = offer_of(charger(*words, "--value-added", "internet", "--value-added", "parking"))
    assert (other["pause_allowed"], other["standby_allowed"], other["service_renegotiation"]) == (False, True, False)
    assert other["value_added"] == (ValueAdded.PARKING_STATUS, ValueAdded.INTERNET)


def test_what_a_car_plans() -> None:
    plan = plan_of(car("--mobility-needs", "charger", "--value-added", "internet"))
    assert plan == {
        "mobility_needs": MobilityNeeds.FROM_CHARGER,
        "value_added": (ValueAdded.INTERNET,),
        "resume": None,
    }


def test_nothing_to_resume_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no paused session: begin one without --resume"):
        plan_of(car("--resume", "--paused", str(tmp_path / "none.json")))


# Schedules


def schedules(folder: Path, text: str) -> Path:
    path = folder / "schedule.json"
    path.write_text(text)
    return path


def test_schedules_as_the_help_shows_them(tmp_path: Path) -> None:
    text = """[{"charge": [[3600, 11000], [3600, 0]], "discharge": [[7200, 5000]],
    "charge_prices": {"currency": "EUR", "steps": [[3600, 0.31], [3600, 0.24]]}}]"""
    (one,) = read_schedules(schedules(tmp_path, text))
    assert one.charge == ((3600, 11000), (3600, 0))
    assert one.discharge == ((7200, 5000),)
    assert one.charge_prices is not None
    assert one.charge_prices.steps[1] == (3600, 0.24)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "holds no schedules"),
        ("{", "holds no schedules"),
        ("[" * 100_000, "holds no schedules"),
        ('{"charge": [[1, 1]]}', "Expected `array`"),
        ("[]", "holds 0 schedules: one to three"),
        (
            '[{"charge": [[1, 1]]}, {"charge": [[1, 1]]}, {"charge": [[1, 1]]}, {"charge": [[1, 1]]}]',
            "holds 4 schedules",
        ),
        ('[{"charg": [[1, 1]]}]', "`charge`"),
        ('[{"charge": [[0, 1]]}]', "more than 0 s"),
        ('[{"charge": [[3600, -1]]}]', "from 0"),
        ('[{"charge": [[3600, 1e30]]}]', "1e\\+30"),
        ('[{"charge": [[1e999, 1]]}]', "holds no schedules"),
        ('[{"charge": [[1, 1]], "charge_prices": {"currency": "EURO", "steps": [[1, 1]]}}]', "'EURO' is no currency"),
        ('[{"charge": [[1, 1]], "discharge_prices": {"currency": "€", "steps": [[1, 1]]}}]', "is no currency"),
    ],
)
def test_schedules_that_cannot_be_offered_are_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    path = schedules(tmp_path, text)
    with pytest.raises(UserError, match=sentence) as refused:
        read_schedules(path)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_of_schedules_that_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(UserError, match="cannot be read"):
            read_schedules(path)


# A paused session's file


def started(*, resumed: bool) -> SessionStarted:
    return SessionStarted(0.0, "CAR", "01", resumed)


def test_a_paused_session_is_kept_for_its_owner_and_read_again(tmp_path: Path) -> None:
    path = tmp_path / "ü" / "paused.json"
    PausedFile(path).handle(SessionPaused(1.0, PAUSED))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_paused(path) == PAUSED


def test_it_is_forgotten_where_power_flows_again_and_not_before(tmp_path: Path) -> None:
    path = tmp_path / "paused.json"
    kept = PausedFile(path)
    kept.handle(SessionPaused(1.0, PAUSED))
    kept.handle(started(resumed=True))
    assert path.exists(), "a link that is lost now may come back"
    kept.handle(PowerDeliveryChanged(2.0, on=False))
    assert path.exists()
    kept.handle(PowerDeliveryChanged(2.0, on=True))
    assert not path.exists()


def test_it_is_forgotten_where_another_session_began(tmp_path: Path) -> None:
    path = tmp_path / "paused.json"
    kept = PausedFile(path)
    kept.handle(SessionPaused(1.0, PAUSED))
    kept.handle(started(resumed=False))
    assert not path.exists()
    kept.handle(started(resumed=False))


def test_without_a_file_nothing_is_kept() -> None:
    PausedFile(None).handle(SessionPaused(1.0, PAUSED))
    PausedFile(None).handle(started(resumed=False))


def test_a_place_that_vanished_is_a_warning_and_no_end(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    with caplog.at_level(logging.WARNING):
        PausedFile(tmp_path / "file" / "paused.json").handle(SessionPaused(1.0, PAUSED))
    assert "the paused session is not kept in" in caplog.text


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff\xfe", b"no", b"[" * 100_000, b'{"session_id": 1}'])
def test_a_file_that_holds_none_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "paused.json"
    path.write_bytes(content)
    with pytest.raises(UserError, match="remove it to begin anew") as refused:
        read_paused(path)
    assert str(path) in str(refused.value)


def test_no_file_is_no_paused_session(tmp_path: Path) -> None:
    assert read_paused(tmp_path / "none") is None
    with pytest.raises(UserError, match=r"cannot be read: Is a directory$"):
        read_paused(tmp_path)


# The agenda


@dataclass
class Done:
    """An agenda, and what it did."""

    agenda: Agenda = field(init=False)
    words: list[str] = field(default_factory=list)

    def __init__(self, *items: tuple[float, str]) -> None:
        self.words = []
        self.agenda = Agenda(items, self.words.append)

    def tell(self, time_s: float, *, on: bool | None = None) -> list[str]:
        """What is done by an event of this time: power on, off, or any other."""
        self.words.clear()
        event = SessionStarted(time_s, "", "", False) if on is None else PowerDeliveryChanged(time_s, on)
        self.agenda.handle(event)
        return list(self.words)


def test_seconds_count_from_power_delivery() -> None:
    done = Done((5, "pause"))
    assert done.tell(100) == []
    assert done.tell(200, on=False) == []
    assert done.tell(300, on=True) == []
    assert done.tell(304.9) == []
    assert done.tell(305) == ["pause"]
    assert done.tell(306) == [], "each once"


def test_they_count_from_the_first_time_that_power_flowed() -> None:
    done = Done((5, "stop"))
    done.tell(0, on=True)
    done.tell(3, on=False)
    done.tell(4, on=True)
    assert done.tell(5) == ["stop"]


def test_what_is_due_is_done_in_order() -> None:
    done = Done((2, "stop"), (0, "standby"), (1, "exit-standby"), (1, "pause"))
    assert done.tell(10, on=True) == ["standby"]
    assert done.tell(12) == ["exit-standby", "pause", "stop"]


# Whole sessions


@dataclass
class End:
    """What one end said."""

    status: int
    lines: list[dict[str, Any]]
    errors: list[str]

    @property
    def summary(self) -> dict[str, Any]:
        found: dict[str, Any] = self.lines[-1]["summary"]
        return found

    def names(self) -> list[str]:
        return [line["message"] for line in self.lines if line.get("kind") == "message"]

    def bodies(self, name: str) -> list[dict[str, Any]]:
        return [line["json"] for line in self.lines if line.get("message") == name]


Meet = Callable[..., tuple[End, End]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A charger and a car that trust each other."""
    folder = tmp_path_factory.mktemp("home")
    command = [sys.executable, "-m", "app.cli", "pki", "make", "--car"]
    subprocess.run(command, env={**os.environ, "TWOWAY_HOME_DIR": str(folder)}, capture_output=True, check=True)
    return folder


@pytest.fixture
def meet(home: Path, tmp_path: Path) -> Iterator[Meet]:
    """One session between two processes, recorded at both ends; whatever it is, both recordings must replay."""
    processes: list[subprocess.Popen[str]] = []

    def start(*words: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "app.cli", *words, "--interface", "lo", "--timeout-scale", "20"]
        environment = {**os.environ, "TWOWAY_HOME_DIR": str(home)}
        # Into a file: nobody reads a pipe while the other end talks, and a full one holds the session up.
        with (tmp_path / f"{words[0]}.out").open("w") as out:
            process = subprocess.Popen(command, env=environment, stdout=out, stderr=subprocess.PIPE, text=True)
        processes.append(process)
        return process

    def run(secc_words: str = "", car_words: str = "") -> tuple[End, End]:
        files = [tmp_path / "secc.jsonl", tmp_path / "car.jsonl"]
        secc = start("secc", "--sdp-port", "0", "--once", "--record", str(files[0]), *secc_words.split())
        assert secc.stderr is not None
        line = secc.stderr.readline()
        assert "waiting for a car" in line, line + secc.communicate()[1]
        port = line.split()[-1]
        car_s = start("car", "--sdp-port", port, "--interval", "0.02", "--record", str(files[1]), *car_words.split())
        ends = []
        for process, name in ((car_s, "car"), (secc, "secc")):
            _, error = process.communicate(timeout=90)
            lines = [json.loads(line) for line in (tmp_path / f"{name}.out").read_text().splitlines()]
            ends.append(End(process.returncode, lines, error.splitlines()))
        for file in files:
            assert main(["session", "replay", str(file)]) == 0, file
        return ends[1], ends[0]

    yield run
    for process in processes:
        if process.poll() is None:
            process.kill()
            process.communicate()


@pytest.mark.parametrize("who", ["car", "charger"])
def test_a_pause_is_taken_up_by_other_processes(meet: Meet, tmp_path: Path, who: str) -> None:
    files = [tmp_path / "secc-paused.json", tmp_path / "car-paused.json"]
    common = (f"--no-tls --paused {files[0]}", f"--no-tls --paused {files[1]} --duration 60")
    ask, do = ("", " --do 0.1:pause") if who == "car" else (" --ask 0.1:pause", "")
    for end in meet(common[0] + ask, common[1] + do):
        assert end.status == 0, end.errors
        assert (end.summary["proper"], end.summary["paused"], end.summary["resumed"]) == (True, True, False)
    first = PausedSession.from_plain(json.loads(files[0].read_text())).session_id.hex().upper()
    assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600, 0o600]

    secc, car_end = meet(common[0], common[1] + " --do 0.1:stop --resume")
    for end in (secc, car_end):
        assert end.status == 0, end.errors
        assert (end.summary["proper"], end.summary["paused"], end.summary["resumed"]) == (True, False, True)
        assert (end.summary["service"], end.summary["control_mode"]) == ("dc_bpt", "dynamic")
    assert secc.summary["session"] == car_end.summary["session"] == first
    assert "AuthorizationReq" not in secc.names(), "it goes on where it stood"
    assert [file.exists() for file in files] == [False, False]


def test_a_pause_under_tls_by_contract_in_the_older_standard(meet: Meet, tmp_path: Path) -> None:
    files = [tmp_path / "secc-paused.json", tmp_path / "car-paused.json"]
    car_words = f"--protocol iso15118-2 --service ac --authorization pnc --duration 60 --paused {files[1]}"
    secc, car_end = meet(f"--paused {files[0]}", f"{car_words} --do 0.1:pause")
    assert (secc.status, car_end.status) == (0, 0), car_end.errors
    assert secc.summary["paused"]
    secc, car_end = meet(f"--paused {files[0]}", f"{car_words} --do 0.1:stop --resume")
    assert (secc.status, car_end.status) == (0, 0), car_end.errors
    assert (secc.summary["resumed"], car_end.summary["resumed"]) == (True, True)
    assert secc.summary["contract"] == "USTWOC00000001"


def test_standby_and_back(meet: Meet) -> None:
    secc, car_end = meet(
        "--no-tls --standby", "--no-tls --do 0.1:standby --do 0.4:exit-standby --do 0.8:stop --duration 60"
    )
    assert (secc.status, car_end.status) == (0, 0), car_end.errors
    assert "Standby" in {body["ChargeProgress"] for body in secc.bodies("PowerDeliveryReq")}
    assert car_end.summary["reason"] == "stopped by the user"


def test_a_new_schedule_at_either_s_wish(meet: Meet, tmp_path: Path) -> None:
    prices = {"currency": "EUR", "steps": [[3600, 0.31]]}
    path = schedules(tmp_path, json.dumps([{"charge": [[3600, 11000]], "charge_prices": prices}]))
    secc, car_end = meet(
        f"--no-tls --ask 0.1:schedule --schedule {path}",
        "--no-tls --control-mode scheduled --do 0.6:schedule --do 1.2:stop --duration 60",
    )
    assert (secc.status, car_end.status) == (0, 0), car_end.errors
    assert secc.names().count("ScheduleExchangeReq") >= 3
    offered = secc.bodies("ScheduleExchangeRes")[-1]["Scheduled_SEResControlMode"]["ScheduleTuple"][0]
    assert offered["ChargingSchedule"]["AbsolutePriceSchedule"]["Currency"] == "EUR"


@pytest.mark.parametrize(("secc_words", "car_words"), [("--ask 0.1:service", ""), ("", "--do 0.1:service")])
def test_the_service_is_chosen_again(meet: Meet, secc_words: str, car_words: str) -> None:
    secc, car_end = meet(f"--no-tls {secc_words}", f"--no-tls --loops 20 {car_words}")
    assert (secc.status, car_end.status) == (0, 0), car_end.errors
    assert secc.names().count("ServiceSelectionReq") == 2
    assert secc.names().count("SessionSetupReq") == 1


@pytest.mark.parametrize(
    ("car_words", "request_name"),
    [("", "MeteringConfirmationReq"), ("--protocol iso15118-2 --service ac", "MeteringReceiptReq")],
)
def test_the_meter_is_confirmed_by_contract_under_tls(meet: Meet, car_words: str, request_name: str) -> None:
    secc, car_end = meet("--ask 0.1:meter --power 5000", f"--authorization pnc --duration 1 {car_words}")
    assert (secc.status, car_end.status) == (0, 0), car_end.errors
    assert secc.summary["contract"] == "USTWOC00000001"
    assert secc.summary["security"]["tls"] in ("TLSv1.2", "TLSv1.3")
    assert request_name in secc.names()


def test_what_is_not_allowed_is_refused(meet: Meet) -> None:
    secc, car_end = meet("--no-tls --no-pause", "--no-tls --do 0.1:pause --duration 60")
    assert (secc.status, car_end.status) == (1, 1)
    assert "not allowed" in secc.summary["reason"]


def test_a_card_that_comes_later_and_one_that_never_comes(meet: Meet) -> None:
    secc, car_end = meet("--no-tls --authorize 0.5", "--no-tls --loops 2")
    assert (secc.status, car_end.status) == (0, 0), car_end.errors
    assert secc.names().count("AuthorizationReq") > 1
    _, car_end = meet("--no-tls --authorize no", "--no-tls --loops 2")
    assert car_end.status == 1
    assert "EIMAuthorizationFailure" in car_end.summary["reason"]


def test_services_besides_energy(meet: Meet) -> None:
    secc, car_end = meet("--no-tls --value-added parking", "--no-tls --value-added parking --duration 1")
    assert (secc.status, car_end.status) == (0, 0), car_end.errors
    assert secc.bodies("ServiceSelectionReq")[0]["SelectedVASList"]["SelectedService"][0]["ServiceID"] == 66
