"""Adversarial orders, lies on the wire and silence against both ends of every dialect (see `hostility.py`)."""

import importlib.util
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protocols.iso15118 import PowerDeliveryChanged, SeccSession, SessionEnded

HOSTILITY = Path(__file__).with_name("hostility.py")
NAMES = ["v20-ac", "v20-ac-bpt", "v20-dc", "v20-dc-bpt", "v2-ac", "v2-dc", "din-dc"]
CONTRACTS = ["v20-dc-bpt-contract", "v2-ac-contract"]
"""With real keys, which take time: fewer of these."""
seeds = st.integers(0, 2**32 - 1)


def budget(examples: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """So many sessions a test; each takes some 10 ms, and more on a busy machine."""
    return settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="session")
def hostility() -> ModuleType:
    """The module beside this one, which no test can import by name."""
    spec = importlib.util.spec_from_file_location("hostility", HOSTILITY)
    if spec is None or spec.loader is None:
        raise ImportError(str(HOSTILITY))
    module = importlib.util.module_from_spec(spec)
    sys.modules["hostility"] = module
    spec.loader.exec_module(module)
    return module


def test_every_plan_is_tried(hostility: ModuleType) -> None:
    assert list(hostility.PLANS) == NAMES + CONTRACTS


@pytest.mark.parametrize("name", NAMES)
@budget(120)
@given(seed=seeds)
def test_any_input_ends_in_a_value_or_one_sentence(hostility: ModuleType, name: str, seed: int) -> None:
    hostility.hostile_session(name, seed)


@pytest.mark.parametrize("name", CONTRACTS)
@budget(12)
@given(seed=seeds)
def test_and_so_it_does_where_contracts_are_at_stake(hostility: ModuleType, name: str, seed: int) -> None:
    hostility.hostile_session(name, seed)


@pytest.mark.parametrize("name", NAMES + CONTRACTS)
def test_without_lies_all_goes_well(hostility: ModuleType, name: str) -> None:
    wire = hostility.Wire(name, random.Random(7), lies=0.0)
    wire.evse.authorize(True)
    wire.run()
    assert wire.secc.ended.proper, wire.secc.ended
    assert wire.evcc.ended.proper, wire.evcc.ended


@pytest.mark.parametrize("name", NAMES)
@budget(60)
@given(seed=seeds, wishes=st.sampled_from([0.02, 0.06, 0.2]))
def test_whatever_driver_and_home_ask_for_our_ends_stay_in_order(
    hostility: ModuleType, name: str, seed: int, wishes: float
) -> None:
    wire = hostility.Wire(name, random.Random(seed), lies=0.0, wishes=wishes)
    wire.honest_until = None
    wire.evse.authorize(True)
    wire.run()
    # In DIN a charger that wants an end refuses power, [V2G-DC-401]; nothing else may go wrong.
    if "FAILED_PowerDeliveryNotApplied" not in wire.secc.ended.reason or name != "din-dc":
        assert "FAILED" not in wire.secc.ended.reason + wire.evcc.ended.reason
        assert wire.secc.ended.proper, wire.secc.ended


@pytest.mark.parametrize("name", NAMES)
def test_the_lies_reach_far_and_end_in_many_ways(hostility: ModuleType, name: str) -> None:
    states, reasons = set(), Counter()
    for seed in range(60):
        wire = hostility.Wire(name, random.Random(seed), lies=0.15)
        wire.secc.listeners.append(lambda event: states.add(getattr(event, "state", None)))
        wire.run()
        reasons[wire.secc.ended.reason] += 1
    assert {"charge_loop", "ended"} <= states
    assert len(reasons) > 15


def test_the_same_checks_hold_without_assertions() -> None:
    """Under ``python -O``: no check of ours is an assert."""
    command = [sys.executable, "-O", str(HOSTILITY), "8"]
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(command, cwd=root, env={"PYTHONPATH": str(root)}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "72 hostile sessions, optimised: True" in done.stdout


def test_a_charger_that_left_the_power_on_would_be_caught(
    hostility: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SeccSession, "_before_end", lambda self, now: None)
    with pytest.raises(hostility.Broken, match="left the power on"):
        hostility.hostile_sessions("din-dc", range(200))


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (SessionEnded(0.0, False, "again"), "after its end"),
        (PowerDeliveryChanged(0.0, on=True), "after its end"),
    ],
)
def test_a_word_after_the_end_would_be_caught(hostility: ModuleType, event: object, words: str) -> None:
    wire = hostility.Wire("din-dc", random.Random(1), lies=0.0)
    wire.secc.lose(wire.now)
    wire.secc.link._emit(event)
    with pytest.raises(hostility.Broken, match=words):
        wire.secc.wait(wire.now)


def test_a_session_without_a_timer_would_be_caught(hostility: ModuleType) -> None:
    wire = hostility.Wire("din-dc", random.Random(1), lies=0.0)
    wire.secc.link._deadlines.clear()
    with pytest.raises(hostility.Broken, match="waits without a timer"):
        wire.secc.wait(wire.now)
