"""``twoway slac``: wrong words and missing things end in one line; lines are JSON."""

import json
import os
import sys

import pytest

from app.cli import main

is_root = sys.platform == "linux" and os.geteuid() == 0


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        ([], 2, "ACTION"),
        (["dance"], 2, "dance"),
        (["ev"], 2, "--interface"),
        (["ev", "--interface", "lo", "--direct-db", "-1"], 2, "is not a number from 0"),
        (["evse", "--interface", "lo", "--timeout-scale", "0"], 2, "not a number above 0"),
        (["modem", "--host", "lo"], 2, "at least two modems"),
        (["modem", "--host", "a", "--host", "b", "--cable", "a=5"], 2, "is not IF:IF=DB"),
        (["modem", "--host", "a", "--host", "b", "--cable", "a:c=5"], 2, "names c, which no --host names"),
    ],
)
def test_wrong_words(words, status, told, capsys):
    try:
        ended = main(["slac", *words])
    except SystemExit as exit_:
        ended = exit_.code
    err = capsys.readouterr().err
    assert ended == status
    assert told in err
    assert err.count("\n") == 1
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "words",
    [
        ["ev", "--interface", "nosuch0"],
        ["evse", "--interface", "nosuch0"],
        ["modem", "--host", "nosuch0", "--host", "nosuch1"],
    ],
)
def test_an_interface_that_is_not_there_is_one_line(words, capsys):
    assert main(["slac", *words]) == 1
    told = capsys.readouterr().err.strip().splitlines()[-1]
    assert told.startswith("twoway slac: ")
    assert "no network interface 'nosuch0'" in told or "CAP_NET_RAW" in told or "needs Linux" in told


@pytest.mark.skipif(not is_root, reason="raw Ethernet frames need root on Linux")
def test_a_car_alone_fails_with_a_reason(capsys):
    assert main(["slac", "ev", "--interface", "lo", "--once", "--timeout-scale", "0.05"]) == 1
    lines = [json.loads(one) for one in capsys.readouterr().out.splitlines()]
    assert all({"time", "who", "event"} <= set(one) for one in lines)
    (failed,) = [one for one in lines if one["event"] == "failed"]
    assert failed["reason"] == "no EVSE answered CM_SLAC_PARM.REQ"


@pytest.mark.skipif(is_root, reason="root may do it")
@pytest.mark.parametrize("words", [["lab", "up"], ["demo"]])
def test_the_laboratory_wants_root(words, capsys):
    assert main(["slac", *words]) == 1
    assert "need root" in capsys.readouterr().err


def test_a_charger_on_no_interface_is_one_sentence(capsys):
    assert main(["slac", "evse", "--interface", "nosuch0"]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert "no network interface 'nosuch0'" in told.err
