"""The home file: good ones load, bad ones say line, what and remedy, and writing loses nothing."""

import os
import re
import stat
import textwrap
from pathlib import Path

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from app.config.home import HomeConfig
from app.config.load import check_home, edit_home, load_home, write_home
from app.config.problems import HomeFileError, dotted

GOOD = """\
# The Millers' home
[home]
name = "Millers"       # as on the bell
timezone = "Europe/Vienna"

[connection]
fuse_a = 35

[[meter]]
name = "meter"
host = "192.0.2.10"

[[inverter]]
name = "roof"
profile = "huawei-sun2000"
host = "192.0.2.11"

[charger]
services = ["dc_bpt", "dc"]

[charger.power_stage]
host = "192.0.2.12"

[[departure]]
time = "06:45"
target_soc = 0.9

[utility]
url = "https://vtn.example"
"""


def write(folder, text):
    path = folder / "home.toml"
    path.write_text(text)
    return path


def problems(folder, text):
    with pytest.raises(HomeFileError) as error:
        load_home(write(folder, text))
    lines = str(error.value).splitlines()
    assert lines == [f"{folder / 'home.toml'}:{problem}" for problem in error.value.problems]
    assert all(problem.remedy and " — " in line for problem, line in zip(error.value.problems, lines, strict=True))
    return error.value.problems


def test_a_good_file_loads(tmp_path):
    home = load_home(write(tmp_path, GOOD))
    assert home.home.name == "Millers"
    assert home.inverter[0].profile == "huawei-sun2000"
    assert home.charger.power_stage.host == "192.0.2.12"
    assert home.utility.url == "https://vtn.example"


def test_the_smallest_home_is_a_fuse(tmp_path):
    assert load_home(write(tmp_path, "[connection]\nfuse_a = 25\n")).charger is None


def test_a_byte_order_mark_is_no_problem(tmp_path):
    path = tmp_path / "home.toml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert load_home(path).home.name == "Millers"


@pytest.mark.parametrize(
    ("old", "new", "line_of", "parts"),
    [
        # syntax
        ('"Millers"       #', "Millers       #", "name = Millers", ["not readable", "in quotes"]),
        ('time = "06:45"', "time = 06:45", "time = 06:45", ["not readable", 'time = "07:00"']),
        ("[connection]", "[connection", "[connection", ["not readable", "close the section"]),
        ("fuse_a = 35", "fuse_a 35", "fuse_a 35", ["not readable", "key = value"]),
        ("fuse_a = 35", "fuse_a = 35\nfuse_a = 25", "fuse_a = 25", ["already given"]),
        ("[utility]", "[home]", "[home]", ["already given"]),
        ("fuse_a = 35", "fuse_a = 35,5", "fuse_a = 35,5", ["not readable"]),
        ("fuse_a = 35", "fuse_a = True", "fuse_a = True", ["small letters"]),
        # unknown
        ('timezone = "', 'time_zone = "', "time_zone", ["time_zone is not a known key", "did you mean 'timezone'?"]),
        ("[[departure]]", "[[departures]]", "[[departures]]", ["not a known section", "'departure'"]),
        ("[utility]", "[backend]\nstaton_id = 'x'\n[utility]", "staton_id", ["did you mean 'station_id'?"]),
        ("[charger.power_stage]\nhost", "[charger.power_stage]\nhots", "hots", ["did you mean 'host'?"]),
        ("[home]", "[qqqqqq]\na = 1\n[home]", "[qqqqqq]", ["qqqqqq", "known are home, connection"]),
        # missing
        ('name = "meter"\n', "", "[[meter]]", ["meter 1: name is missing", "add name = … to [meter 1]"]),
        ('url = "https://vtn.example"\n', "", "[utility]", ["utility.url is missing"]),
        ("[connection]\nfuse_a = 35\n", "", None, ["connection is missing", "add a section [connection]"]),
        # wrong type
        ("fuse_a = 35", 'fuse_a = "35"', 'fuse_a = "35"', ['fuse_a is "35"', "a number, without quotes"]),
        ('name = "meter"', "name = 5", "name = 5", ["meter 1: name is 5", "text in quotes"]),
        ("[[meter]]", "[meter]", "[meter]", ["[[meter]] with double brackets"]),
        ("[utility]", "[[utility]]", "[[utility]]", ["utility is a list", "[utility] with single brackets"]),
        ('services = ["dc_bpt", "dc"]', 'services = "dc"', "services", ['services is "dc"', "a list"]),
        ("fuse_a = 35", "fuse_a = 35\nphases = 2", "phases = 2", ["phases is 2", "1 or 3"]),
        ("fuse_a = 35", "fuse_a = [35]", "fuse_a = [35]", ["fuse_a is a list"]),
        # out of range
        ("fuse_a = 35", "fuse_a = -1", "fuse_a = -1", ["fuse_a is -1", "more than 0"]),
        ("fuse_a = 35", "fuse_a = 1e9", "fuse_a = 1e9", ["at most 250"]),
        ("fuse_a = 35", "fuse_a = nan", "fuse_a = nan", ["nan", "write a number"]),
        ("target_soc = 0.9", "target_soc = 90", "target_soc = 90", ["target_soc is 90", "at most 1"]),
        ("target_soc = 0.9", "target_soc = inf", "target_soc = inf", ["write a number"]),
        ('"06:45"', '"25:00"', '"25:00"', ['time is "25:00"', '"07:00"']),
        ('"06:45"', "06:45:00", "06:45:00", ["time of day"]),
        (
            '["dc_bpt", "dc"]',
            '[\n  "dc_bpt",\n  "dcc",\n]',
            '"dcc"',
            ["services 2", "'ac', 'ac_bpt', 'dc', 'dc_bpt', 'mcs' or 'mcs_bpt'"],
        ),
        ('host = "192.0.2.10"', 'host = ""', 'host = ""', ["only a name"]),
        # nonsense that a schema cannot see
        ("Europe/Vienna", "Europe/Wien", "Europe/Wien", ["no time zone"]),
        ("Europe/Vienna", "Europe/Viena", "Europe/Viena", ["did you mean 'Europe/Vienna'?"]),
        ('name = "roof"', 'name = "meter"', 'name = "meter"', ["already the name of the meter"]),
        ('"huawei-sun2000"', '"huawei-sun200"', "huawei-sun200", ["did you mean huawei-sun2000"]),
        ('"huawei-sun2000"', '"eastron-sdm630"', "eastron-sdm630", ["is no inverter", "meter"]),
        ("https://vtn", "vtn", "vtn.example", ["begin it with https://"]),
        ("[utility]", '[tariff]\nkind = "fixd"\n[utility]', "fixd", ["did you mean 'fixed'?"]),
        ("[utility]", '[tariff]\nfile = "p.csv"\n[utility]', "p.csv", ['no file "p.csv"']),
        ("[utility]", '[frequency]\ncurve = "fcrr"\n[utility]', "fcrr", ["did you mean 'fcr'?"]),
        ("[utility]", "[car]\nsoc_min = 0.9\nsoc_max = 0.5\n[utility]", "soc_min", ["not below soc_max"]),
        (
            "[utility]",
            "[wishes]\nreserve_soc = 0.9\n[car]\nsoc_max = 0.8\n[utility]",
            "reserve_soc",
            ["the reserve 0.9 is above the car's"],
        ),
        ("fuse_a = 35", "fuse_a = 35\nphases = 1", "[charger]", ["behind a connection with 1"]),
    ],
)
def test_a_bad_file_names_the_line_and_the_remedy(tmp_path, old, new, line_of, parts):
    text = GOOD.replace(old, new, 1)
    assert text != GOOD
    found = problems(tmp_path, text)
    lines = text.splitlines()
    matching = [p for p in found if all(part in str(p) for part in parts)]
    assert matching, [str(p) for p in found]
    if line_of is not None:
        wanted = [number for number, line in enumerate(lines, start=1) if line_of in line]
        assert {p.line for p in matching} & set(wanted), matching


def test_the_second_problem_shows_with_the_first(tmp_path):
    text = GOOD.replace("fuse_a = 35", "fuse_a = -1").replace('host = "192.0.2.10"', "hots = 1").replace("0.9", "9")
    assert [p.what.split()[0] for p in problems(tmp_path, text)] == ["connection.fuse_a", "meter", "departure"]
    twice = GOOD.replace("Vienna", "Viena").replace('"roof"', '"meter"')
    assert len(problems(tmp_path, twice)) == 2


def test_a_section_given_twice_as_a_list_points_at_the_right_one(tmp_path):
    text = GOOD + '\n[[meter]]\nname = "two"\nunit = 2\n\n[[meter]]\nname = "three"\nunit = 999\n'
    (problem,) = problems(tmp_path, text)
    assert text.splitlines()[problem.line - 1] == "unit = 999"
    assert problem.what == "meter 3: unit is 999"


def test_dotted_keys_and_inline_tables_have_lines_too(tmp_path):
    text = "connection.fuse_a = 35\nhome = { name = 'x', timezone = 'Mars/Base' }\ncharger.power_stage.unit = -1\n"
    assert [p.line for p in problems(tmp_path, text)] == [3]
    assert [p.line for p in problems(tmp_path, text.replace("-1", "1"))] == [2]


def test_files_that_cannot_be_read_say_so(tmp_path):
    for path, part in ((tmp_path / "none.toml", "no such file"), (tmp_path, "cannot be read")):
        with pytest.raises(HomeFileError, match=part):
            load_home(path)
    path = tmp_path / "latin.toml"
    path.write_bytes(b'[home]\n\nname = "M\xfcller"\n')
    with pytest.raises(HomeFileError, match=r"latin.toml:3: not UTF-8"):
        load_home(path)
    path.write_bytes(b"#" * 1_000_001)
    with pytest.raises(HomeFileError, match="far too long"):
        load_home(path)
    path.write_text("a = " + "[" * 100_000)
    with pytest.raises(HomeFileError):
        load_home(path)


def problem_lines(text, path):
    """Lines of the problems in ``text``; none if it is a home. Any other error is a bug."""
    try:
        check_home(text, path)
    except HomeFileError as error:
        return [problem.line for problem in error.problems]
    return []


@given(st.text(max_size=200))
def test_any_text_is_a_home_or_problems_with_lines(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "home.toml"
    assert all(1 <= line <= text.count("\n") + 1 for line in problem_lines(text, path))


@given(st.data())
def test_a_damaged_good_file_is_a_home_or_problems_with_lines(tmp_path_factory, data):
    at = data.draw(st.integers(0, len(GOOD) - 1))
    text = (
        GOOD[:at]
        + data.draw(st.sampled_from(["", "\n", '"', "[", "]", "=", "9", "x", "#", "'''", "\x00"]))
        + GOOD[at + 1 :]
    )
    path = tmp_path_factory.getbasetemp() / "home.toml"
    assert all(1 <= line <= text.count("\n") + 1 for line in problem_lines(text, path))


# Writing


def test_a_change_keeps_comments_order_and_everything_else(tmp_path):
    text = edit_home(GOOD, {("connection", "fuse_a"): 25, ("meter", 0, "host"): "192.0.2.99"})
    expected = GOOD.replace("fuse_a = 35", "fuse_a = 25").replace("192.0.2.10", "192.0.2.99")
    assert text == expected


def test_sections_and_elements_come_and_go():
    text = edit_home(
        GOOD,
        {
            ("meter", 1): {"name": "second", "host": "192.0.2.20"},
            ("backend",): {"url": "wss://csms.example"},
            ("wishes", "reserve_soc"): 0.3,
            ("charger", "power_stage", "unit"): 7,
            ("utility",): None,
            ("departure", 0): None,
            ("frequency", "curve"): None,
        },
    )
    home = HomeConfig.model_validate(tomlkit.parse(text).unwrap())
    assert [m.name for m in home.meter] == ["meter", "second"]
    assert home.backend.url == "wss://csms.example"
    assert home.wishes.reserve_soc == 0.3
    assert home.charger.power_stage.unit == 7
    assert home.utility is None
    assert home.departure == []
    assert "# as on the bell" in text


def test_an_element_that_is_not_there_cannot_be_changed():
    with pytest.raises(KeyError):
        edit_home(GOOD, {("meter", 5): {"name": "x"}})


def test_writing_keeps_what_stood_there_and_its_mode(tmp_path):
    path = write(tmp_path, GOOD)
    path.chmod(0o640)
    changed = GOOD.replace("35", "25")
    assert write_home(path, changed).connection.fuse_a == 25
    assert path.read_text() == changed
    assert (tmp_path / "home.toml.bak").read_text() == GOOD
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert sorted(p.name for p in tmp_path.iterdir()) == ["home.toml", "home.toml.bak"]


def test_a_bad_text_is_never_written(tmp_path):
    path = write(tmp_path, GOOD)
    with pytest.raises(HomeFileError):
        write_home(path, GOOD.replace("fuse_a", "fuze_a"))
    assert path.read_text() == GOOD
    assert [p.name for p in tmp_path.iterdir()] == ["home.toml"]


def test_a_disk_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    path = write(tmp_path, GOOD)

    def full(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_home(path, GOOD.replace("35", "25"))
    assert path.read_text() == GOOD
    assert not list(tmp_path.glob(".home.toml.*"))


def test_a_first_home_file_makes_its_folder(tmp_path):
    path = tmp_path / "new" / "home.toml"
    write_home(path, textwrap.dedent(GOOD))
    assert load_home(path).home.name == "Millers"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("meter", 1, "host"), "meter 2: host"),
        (("charger", "power_stage", "unit"), "charger.power_stage.unit"),
        (("charger", "services", 0), "charger.services 1"),
        (("home",), "home"),
    ],
)
def test_paths_are_said_as_people_say_them(path, text):
    assert dotted(path) == text


@pytest.mark.parametrize(
    ("added", "parts"),
    [
        ('[[meter]]\nname = "m"\nhost = "http://192.0.2.1/"', ("host", "only a name or an address")),
        ('[[meter]]\nname = "m"\nhost = "192.0.2.1:502"', ("host", "port is a key")),
        ('[[meter]]\nname = "m"\nhost = " "', ("host",)),
        ('[[meter]]\nname = ""', ("name", "at least 1 character")),
        ('[charger]\ninterface = ""', ("interface", "at least 1 character")),
        ('[charger]\nevse_id = "short"', ("evse_id", "at least 7 characters")),
        ('[charger]\ntls = false\nprotocols = ["iso15118-20"]', ("not offered without TLS", "lab_v20_without_tls")),
        ('[charger]\nprotocols = ["din70121"]\nservices = ["ac"]', ("no car can charge by din70121", "add a protocol")),
        ('[charger]\nprotocols = ["basic"]\nservices = ["dc"]', ("no car can charge by basic", "add a protocol")),
        ('[charger]\nprotocols = ["iso15118"]', ("protocols",)),
        ("[charger]\nprotocols = []", ("protocols",)),
        ("[charger]\ndc_min_v = 500\ndc_max_v = 400", ("dc_min_v 500 is not below", "lower it")),
        ('[charger]\ntls = false\nauthorization = "pnc"', ("Plug & Charge needs TLS", "tls = true")),
        (f'[tariff]\nkind = "day_ahead"\nfile = "{"x" * 300}"', ("no file",)),
        (f'[[meter]]\nname = "m"\nprofile = "{"x" * 300}"', ("no profile is called",)),
        ('[[meter]]\nname = "m"\nprofile = "../profiles/sma-hybrid"', ("no profile is called",)),
        ('[tariff]\nkind = "day_ahead"', ("prices", "add file")),
        ('[tariff]\nkind = "time_of_use"', ("windows", "add windows")),
        ('[backend]\nurl = "ws://"', ("names no host",)),
        ('[utility]\nurl = "http://[::1"', ("names no host",)),
        ('[utility]\nurl = "http://host:99999/"', ("names no host",)),
    ],
)
def test_what_no_engine_could_use_is_told_before_it_starts(added, parts, tmp_path):
    (problem,) = problems(tmp_path, f"[connection]\nfuse_a = 35\n\n{added}\n")
    assert problem.line > 3
    for part in parts:
        assert part in str(problem)


@pytest.mark.parametrize("host", ["192.0.2.1", "fe80::1%eth0", "::1", "meter.lan"])
def test_a_host_is_a_name_or_an_address(host):
    home = check_home(f'connection.fuse_a = 35\n[[meter]]\nname = "m"\nhost = "{host}"\n', Path("home.toml"))
    assert home.meter[0].host == host


def test_numbers_and_sections_without_end_are_told_with_their_line(tmp_path):
    assert "shorter" in str(problems(tmp_path, "[connection]\nfuse_a = " + "9" * 5000)[0])
    assert problems(tmp_path, "[connection]\nfuse_a = " + "9" * 5000)[0].line == 2
    assert "without end" in str(problems(tmp_path, "a." * 3000 + "b = 1\n")[0])


def test_a_pipe_is_no_home_file_and_does_not_hang(tmp_path):
    pipe = tmp_path / "home.toml"
    os.mkfifo(pipe)
    with pytest.raises(HomeFileError, match="no plain file"):
        load_home(pipe)


def test_the_home_in_the_readme_is_a_home():
    readme = Path(__file__).parents[3] / "README.md"
    (text,) = re.findall(r"```toml\n(.*?)```", readme.read_text("utf-8"), re.DOTALL)
    assert check_home(text, readme).tariff.kind == "time_of_use"


MINIMAL = "[connection]\nfuse_a = 25\n\n"


def test_a_charger_may_be_written_as_a_list_of_one(tmp_path):
    home = check_home(MINIMAL + '[[charger]]\nname = "garage"\n', tmp_path / "home.toml")
    assert home.charger.name == "garage"
    with pytest.raises(HomeFileError, match="2 chargers in one home: Twoway drives one"):
        check_home(MINIMAL + '[[charger]]\nname = "a"\n[[charger]]\nname = "b"\n', tmp_path / "home.toml")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('[[load]]\nname = "w"\n', 4, "without its power"),
        ('[[load]]\nname = "w"\npower_w = 9\nearliest = "10:00"\nlatest = "10:30"\n', 8, "does not fit between"),
        ('[[load]]\nname = "w"\ncourse_w = [5.0]\nin_pieces = true\n', 7, "cannot be cut in pieces"),
        ('[[inverter]]\nname = "r"\ncurtailable = true\n', 4, "without its size"),
        ("[co2]\nper_kg = 0.1\n", 5, "without its amount"),
        ('[co2]\nfile = "none.csv"\n', 5, "there is no file"),
        (
            '[[battery]]\nname = "b"\ncapacity_wh=9000\ncharge_max_w=1\ndischarge_max_w=1\nsoc_min=0.9\nsoc_max=0.5\n',
            9,
            "is not below soc_max",
        ),
    ],
)
def test_batteries_and_machines_that_make_no_sense_are_told(tmp_path, text, line, words):
    with pytest.raises(HomeFileError) as told:
        check_home(MINIMAL + text, tmp_path / "home.toml")
    assert words in str(told.value)
    assert [problem.line for problem in told.value.problems] == [line]
