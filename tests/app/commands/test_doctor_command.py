"""``twoway doctor``: what is wrong is found, said once, with its remedy and in the exit status."""

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from app import cli
from app.commands import doctor_home, doctor_machine
from app.commands.doctor_findings import Level, guarded, ok
from app.config.paths import OVERRIDE
from protocols.modbus.server import ModbusServer, Unit
from protocols.modbus.simulated import simulated_inverter, simulated_meter


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv(OVERRIDE, str(tmp_path))
    return tmp_path


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def doctor(capsys, *words):
    """Exit status and findings of a run, by check."""
    status = cli.main(["doctor", "--json", *map(str, words)])
    rows = json.loads(capsys.readouterr().out)
    assert status == int(any(row["level"] == "fail" for row in rows))
    return status, rows


def home(folder, text="", port=None):
    path = folder / "home.toml"
    path.write_text(f"connection.fuse_a = 35\nengine.api_port = {port or free_port()}\n{text}")
    return path


def of(rows, check):
    return [(row["level"], row["text"]) for row in rows if row["check"] == check]


def test_without_a_home_file_the_machine_is_looked_at(capsys):
    status, rows = doctor(capsys)
    assert {"Python", "libraries", "IPv6", "clock", "disk", "home file"} <= {row["check"] for row in rows}
    assert of(rows, "Python")[0][0] == "ok"
    assert status == 0


def test_lines_for_people_begin_with_the_level_and_end_with_a_sum(capsys, own_folder):
    path = home(own_folder, "[[metre]]\n")
    assert cli.main(["doctor", "--home", str(path)]) == 1
    *lines, _, last = capsys.readouterr().out.splitlines()
    assert all(line.startswith(("ok    ", "warn  ", "fail  ")) for line in lines)
    assert f"fail  home file: {path}:3: metre is not a known section — did you mean 'meter'?" in lines
    assert last.startswith("1 to mend")


def test_the_standard_home_file_is_found_by_itself(capsys, own_folder):
    home(own_folder)
    assert of(doctor(capsys)[1], "home file") == [("ok", f"{own_folder / 'home.toml'} is well")]


def test_a_missing_home_file_is_a_failure(capsys, own_folder):
    status, rows = doctor(capsys, "--home", own_folder / "none.toml")
    assert status == 1
    assert "no such file" in of(rows, "home file")[0][1]


def test_a_missing_home_file_is_one_failure_where_the_home_has_certificates(capsys, own_folder):
    assert cli.main(["pki", "make", "--profile", "v2"]) == 0
    capsys.readouterr()
    _, rows = doctor(capsys, "--home", own_folder / "elsewhere" / "none.toml")
    assert [row["check"] for row in rows if row["level"] == "fail"] == ["home file"]


def test_secrets_with_a_loose_mode_or_missing(capsys, own_folder):
    path = home(own_folder, '[utility]\nurl = "https://vtn.example"\nsecret = "vtn"\n')
    secrets = own_folder / "secrets.toml"
    _, rows = doctor(capsys, "--home", path)
    assert of(rows, "secrets") == [("fail", f'"vtn" is not in {secrets}')]
    secrets.write_text('vtn = "hunter2"\n')
    secrets.chmod(0o644)
    _, rows = doctor(capsys, "--home", path)
    (row,) = [row for row in rows if row["check"] == "secrets"]
    assert (row["level"], row["remedy"]) == ("fail", f"chmod 600 {secrets}")
    secrets.chmod(0o600)
    _, rows = doctor(capsys, "--home", path)
    assert of(rows, "secrets") == [("ok", f"{secrets}: owner only")]
    assert "hunter2" not in json.dumps(rows)


@pytest.fixture
def fake_engine():
    """An engine's API, as far as the doctor asks; set ``answers`` by path."""

    class Engine(BaseHTTPRequestHandler):
        answers = {"/api/v1/health": {"engine_version": "9.9", "pid": 42}}  # noqa: RUF012
        tokens: list = []  # noqa: RUF012

        def do_GET(self):
            self.tokens.append(self.headers.get("Authorization"))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(self.answers.get(self.path, "<html>")).encode())

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Engine)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Engine.port = server.server_port
    yield Engine
    server.shutdown()
    server.server_close()


def test_an_engines_port_free_answered_or_held_by_a_stranger(capsys, own_folder, fake_engine):
    path = home(own_folder)
    assert of(doctor(capsys, "--home", path)[1], "engine") == [("ok", "none runs; its port is free")]
    path = home(own_folder, port=fake_engine.port)
    level, text = of(doctor(capsys, "--home", path)[1], "engine")[0]
    assert (level, "version 9.9, process 42" in text) == ("ok", True)
    fake_engine.answers = {}
    level, text = of(doctor(capsys, "--home", path)[1], "engine")[0]
    assert (level, "something else answers" in text) == ("fail", True)


def test_a_running_engine_is_asked_instead_of_its_devices(capsys, own_folder, fake_engine):
    meter_port = free_port()
    path = home(own_folder, f'[[meter]]\nname = "m"\nport = {meter_port}\n')
    token = own_folder / "token"
    token.write_text("t0ken\n")
    (own_folder / "run").mkdir()
    run_file = {"url": f"http://127.0.0.1:{fake_engine.port}/", "token_file": str(token), "api_version": "1"}
    (own_folder / "run" / "engine.json").write_text(json.dumps(run_file))
    fake_engine.answers["/api/v1/devices"] = [
        {"name": "m", "level": "failed", "text": "no cable"},
        {"name": "backend", "level": "ok"},
    ]
    with socket.create_server(("127.0.0.1", meter_port)) as meter:
        status, rows = doctor(capsys, "--home", path)
        meter.setblocking(False)
        with pytest.raises(BlockingIOError):
            meter.accept()
    assert status == 1
    assert of(rows, "m") == [("fail", "engine: no cable")]
    assert of(rows, "backend") == [("ok", "engine: ok")]
    assert "Bearer t0ken" in fake_engine.tokens
    assert "t0ken" not in json.dumps(rows)
    token.unlink()
    assert of(doctor(capsys, "--home", path)[1], "devices")[0][0] == "warn"


def test_a_charger_without_its_interface_and_with_a_taken_port(capsys, own_folder):
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as taken:
        taken.bind(("::", 0))
        port = taken.getsockname()[1]
        path = home(
            own_folder, f'[charger]\ninterface = "plc99"\nsdp_port = {port}\npower_stage.port = {free_port()}\n'
        )
        assert of(doctor(capsys, "--home", path)[1], "charger") == [("fail", "there is no interface plc99")]
        path.write_text(path.read_text().replace("plc99", "lo"))
        assert ("warn", f"port {port} is taken") in of(doctor(capsys, "--home", path)[1], "charger")


async def test_devices_that_answer_that_are_the_wrong_ones_and_that_do_not():
    from app.config.load import check_home

    meter, inverter = simulated_meter(), simulated_inverter()
    meter.update({"grid_w": 640.0})
    async with ModbusServer({1: Unit(meter), 2: Unit(inverter)}) as server:
        found = {}
        for name, unit, port in (("good", 1, server.port), ("wrong", 2, server.port), ("silent", 1, free_port())):
            text = f'[connection]\nfuse_a = 35\n[[meter]]\nname = "{name}"\nport = {port}\nunit = {unit}\n'
            (section,) = check_home(text, doctor_home.Path("x.toml")).meter
            found[name] = await doctor_home._instrument(name, section, doctor_home.Role.METER)
        empty = await doctor_home._instrument(
            "empty", section.model_copy(update={"port": server.port, "unit": 2}), doctor_home.Role.INVERTER
        )
    assert (found["good"].level, "grid_w 640 W" in found["good"].text) == (Level.OK, True)
    assert (found["wrong"].level, "is no meter" in found["wrong"].text) == (Level.FAIL, True)
    assert (found["silent"].level, "Modbus TCP is switched on" in found["silent"].remedy) == (Level.FAIL, True)
    assert (empty.level, "gives no solar_w" in empty.text) == (Level.FAIL, True)


def test_every_device_of_the_home_is_asked(capsys, own_folder):
    text = f'[[meter]]\nname = "m"\nport = {free_port()}\n[[inverter]]\nname = "r"\nport = {free_port()}\n'
    status, rows = doctor(capsys, "--home", home(own_folder, text + f"[charger.power_stage]\nport = {free_port()}\n"))
    assert status == 1
    assert [of(rows, name)[0][0] for name in ("m", "r", "charger power stage")] == ["fail"] * 3


# The machine


def test_an_old_python_is_named(monkeypatch):
    monkeypatch.setattr(doctor_machine, "MIN_PYTHON", (9, 0))
    (finding,) = doctor_machine.python()
    assert (finding.level, finding.remedy) == (Level.FAIL, "install Python 3.11 or newer")


@pytest.mark.parametrize(
    ("wanted", "part"),
    [("no-such-package-here>=1", "is missing"), ("pytest<1", "wanted <1"), ('x; extra == "dev"', "")],
)
def test_libraries_that_are_missing_or_of_another_version(monkeypatch, wanted, part):
    monkeypatch.setattr(doctor_machine.importlib.metadata, "requires", lambda _name: [wanted])
    (finding,) = doctor_machine.libraries()
    assert part in finding.text
    assert finding.level is (Level.FAIL if part else Level.OK)


def test_missing_window_libraries_name_their_debian_packages(monkeypatch):
    monkeypatch.setattr(doctor_machine.ctypes.util, "find_library", lambda name: None if name == "xcb-cursor" else name)
    findings = list(doctor_machine.window())
    assert findings[0].level is Level.WARN
    assert findings[0].remedy == "apt-get install libxcb-cursor0"


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("fe800000000000000000000000000001 02 40 20 80 eth1\n", Level.OK),
        ("00000000000000000000000000000001 01 80 10 80 lo\n", Level.WARN),
        ("", Level.WARN),
    ],
)
def test_link_local_addresses(tmp_path, monkeypatch, text, level):
    path = tmp_path / "if_inet6"
    path.write_text(text)
    found = doctor_machine.addresses(path)
    monkeypatch.setattr(doctor_machine, "addresses", lambda: found)
    (finding,) = doctor_machine.ipv6()
    assert finding.level is level


@pytest.mark.parametrize(("mask", "allowed"), [("0000000000002000", True), ("0000000000001fff", False)])
def test_raw_sockets_by_capability(tmp_path, mask, allowed):
    path = tmp_path / "status"
    path.write_text(f"Name:\tx\nCapEff:\t{mask}\n")
    assert doctor_machine.has_raw_sockets(path) is allowed


def test_a_clock_that_lost_its_time(monkeypatch):
    monkeypatch.setattr(doctor_machine.time, "time", lambda: 86_400.0)
    assert next(iter(doctor_machine.clock())).level is Level.FAIL
    monkeypatch.undo()
    monkeypatch.setattr(doctor_machine, "_synchronised", lambda: False)
    assert next(iter(doctor_machine.clock())).remedy == "timedatectl set-ntp true"


def test_a_full_disk(monkeypatch, own_folder):
    monkeypatch.setattr(doctor_machine, "MIN_FREE_BYTES", 10**18)
    (finding,) = doctor_machine.disk(doctor_machine.Paths(own_folder, own_folder / "a" / "b", own_folder))
    assert finding.level is Level.WARN
    assert str(own_folder) in finding.text


def test_a_check_that_breaks_is_a_finding_and_not_the_end():
    def broken():
        yield ok("x", "first")
        raise KeyError("boom")

    first, second = guarded("x", broken)
    assert (first.level, second.level) == (Level.OK, Level.FAIL)
    assert "KeyError" in second.text


def test_a_folder_that_cannot_be_entered_ends_no_check_up(capsys, own_folder, monkeypatch):
    # A name too long fails for root too, where a mode would not.
    monkeypatch.setenv(OVERRIDE, str(own_folder / ("x" * 300)))
    status, rows = doctor(capsys)
    assert status == 1
    assert not any("broke" in row["text"] for row in rows)
    assert "cannot be read" in next(row["text"] for row in rows if row["check"] == "home file")


def test_a_home_file_that_links_to_itself_is_there_and_wrong(capsys, own_folder):
    (own_folder / "home.toml").symlink_to("home.toml")
    status, rows = doctor(capsys)
    assert status == 1
    assert "cannot be read" in next(row["text"] for row in rows if row["check"] == "home file")
