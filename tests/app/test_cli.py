"""The command line as a stranger meets it."""

import subprocess
import sys
from pathlib import Path

import pytest

from app import cli
from app.errors import UserError


def test_help_lists_every_command(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["--help"])
    assert stop.value.code == 0
    text = capsys.readouterr().out
    assert all(name in text for name in cli.COMMANDS)


@pytest.mark.parametrize(("word", "hint"), [("enigne", "'engine'"), ("Demo", "'demo'"), ("fly", "window, engine")])
def test_a_typing_error_is_answered_with_what_was_meant(word, hint, capsys):
    assert cli.main([word]) == 2
    told = capsys.readouterr().err
    assert hint in told
    assert len(told.splitlines()) == 1


def test_a_users_mistake_is_one_line_without_a_traceback(monkeypatch, capsys):
    import app.commands.exi as command

    def refuse(_args):
        raise UserError("The file x is missing: name another.")

    monkeypatch.setattr(command, "run", refuse)
    assert cli.main(["exi", "decode", "--batch"]) == 1
    assert capsys.readouterr().err == "twoway exi: The file x is missing: name another.\n"


@pytest.mark.parametrize("words", [[], ["--home", "x.toml"]])
def test_without_a_command_it_is_the_window(words, monkeypatch):
    import app.commands.window as command

    seen = []
    monkeypatch.setattr(command, "run", lambda args: seen.append(args.command) or 0)
    assert cli.main(words) == 0
    assert seen == ["window"]


def test_as_a_module_too_mistakes_are_one_line():
    ran = subprocess.run(
        [sys.executable, "-m", "app.cli", "exi", "decode", "--namespace", "sap", "zz"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 1
    assert len(ran.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "words",
    [
        ["secc"],
        ["secc", "--interface", "lo", "--service", "foo"],
        ["secc", "--interface", "lo", "--power", "abc"],
        ["secc", "--interface", "lo", "--power=60:1,0:2"],
        ["secc", "--interface", "lo", "--power=nan:1"],
        ["secc", "--interface", "lo", "--sdp-port", "99999"],
        ["secc", "--interface", "lo", "--max-power", "lots"],
        ["secc", "--interface", "lo", "--evse-id", ""],
        ["secc", "--interface", "lo", "--evse-id", "x" * 38],
        ["secc", "--interface", "lo", "--evse-id", "DE*TWO"],
        ["car", "--interface", "lo", "--loops", "0"],
        ["car", "--interface", "lo", "--soc", "nan"],
        ["car", "--interface", "lo", "--evcc-id", ""],
        ["engine", "--port", "99999"],
        ["engine", "--port", "-1"],
        ["exi", "decde"],
        ["demo", "--nonsense"],
        ["--nonsense"],
    ],
)
def test_wrong_words_are_one_line_that_says_where_to_look(words, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(words)
    assert stop.value.code == 2
    told = capsys.readouterr().err
    assert len(told.splitlines()) == 1
    assert "--help" in told


def test_ctrl_c_is_no_traceback_even_while_a_command_is_loaded(monkeypatch):
    def interrupt(_name):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli.importlib, "import_module", interrupt)
    assert cli.main(["car", "--interface", "lo"]) == 130


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_a_full_disk_is_one_line():
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "app.cli", "exi", "decode", "--batch"],
            input="{}\n",
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert ran.returncode == 1
    assert len(ran.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "words", [["exi", "decode"], ["exi", "decode", "80"], ["exi", "decode", "--namespace", "x", "80"]]
)
def test_words_that_do_not_go_together_are_status_2(words, capsys):
    assert cli.main(words) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
