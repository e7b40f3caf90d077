"""Whatever comes, in whatever order, ends in a state of the table, with bounded memory; the next car can match."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.slac.attempt import EVSES_MOST
from protocols.slac.ev import EvSide
from protocols.slac.ev_table import NEXT, ROWS, State
from protocols.slac.events import FrameIgnored, Matched
from protocols.slac.frames import Frame
from protocols.slac.messages import (
    BROADCAST,
    AmpMapReq,
    AttenCharInd,
    LinkStatusCnf,
    SetKeyCnf,
    SlacMatchCnf,
    SlacParmCnf,
    ValidateCnf,
)
from protocols.slac.modem import Cable

EV, EVSE, MALLORY = (bytes((2, 0, 0, 0, 0, n)) for n in (1, 2, 3))
T0 = 1000.0


def fixed_random(size: int) -> bytes:
    return bytes(size)


def drain(ev: EvSide) -> list[object]:
    events = []
    while (event := ev.next_event()) is not None:
        events.append(event)
    return events


RUNS = st.sampled_from([bytes(8), b"otherrun"])
MACS = st.sampled_from([EV, EVSE, MALLORY])
MESSAGES = st.one_of(
    st.builds(SlacParmCnf, forwarding_sta=MACS, run_id=RUNS),
    st.builds(
        AttenCharInd,
        source_address=MACS,
        run_id=RUNS,
        num_sounds=st.integers(0, 12),
        aag=st.binary(max_size=255),
    ),
    st.builds(ValidateCnf, toggle_num=st.integers(0, 255), result=st.integers(0, 255)),
    st.builds(
        SlacMatchCnf,
        pev_mac=MACS,
        evse_mac=MACS,
        run_id=RUNS,
        nid=st.binary(min_size=7, max_size=7),
        nmk=st.binary(min_size=16, max_size=16),
    ),
    st.builds(SetKeyCnf, result=st.integers(0, 255)),
    st.builds(LinkStatusCnf, link=st.integers(0, 255)),
    st.builds(AmpMapReq, amlen=st.just(2), amdata=st.binary(min_size=1, max_size=1)),
    st.builds(AmpMapReq, amlen=st.just(0), amdata=st.just(b"")),
)
FRAMES = st.one_of(
    st.builds(
        lambda destination, source, message: Frame(destination, source, message).to_bytes(),
        st.sampled_from([EV, BROADCAST, MALLORY]),
        MACS,
        MESSAGES,
    ),
    st.binary(max_size=120),
)
STEPS = st.one_of(FRAMES, st.floats(0, 3), st.sampled_from(["plug", "leave"]))


@settings(max_examples=150)
@given(st.lists(STEPS, max_size=60))
def test_any_order_of_frames_and_times_is_survived(steps):
    now = T0
    ev = EvSide(EV, random=fixed_random)
    ev.plugged_in(now)
    for step in steps:
        if isinstance(step, bytes):
            ev.receive(step, now)
        elif step == "plug":
            ev.plugged_in(now)
        elif step == "leave":
            ev.leave(now)
            assert ev.state is State.UNMATCHED
        else:
            now += step
            ev.on_timer(now)
        assert len(ev.frames_to_send()) <= 4
        assert len(drain(ev)) <= 6
        assert ev.next_timer() is not None or ev.state is State.UNMATCHED, "it would stand still for ever"
    # However it stood: the car can be plugged out, and in again.
    ev.leave(now)
    ev.frames_to_send()
    ev.plugged_in(now)
    assert ev.state is State.PARAMETERS
    assert len(ev.frames_to_send()) == 1


@given(st.lists(st.floats(0.001, 5), max_size=200))
def test_silence_ends_unmatched(waits):
    now = T0
    ev = EvSide(EV, random=fixed_random)
    ev.plugged_in(now)
    for wait in waits:
        now += wait
        ev.on_timer(now)
    while (due := ev.next_timer()) is not None:
        assert due <= now + 15
        now = max(due, now)
        ev.on_timer(now)
    assert ev.state is State.UNMATCHED
    assert len(ev.frames_to_send()) < 100


def test_a_flood_of_answers_is_bounded(lab):
    lab.plug_in()
    run_id = lab.ev._attempt.run_id
    for number in range(5000):
        mac = b"\x02\x00\x00" + number.to_bytes(3, "big")
        answer = SlacParmCnf(forwarding_sta=lab.ev.mac, run_id=run_id)
        lab.ev.receive(Frame(lab.ev.mac, mac, answer).to_bytes(), lab.now)
    assert len(lab.ev._attempt.answered) == EVSES_MOST


def test_a_stranger_cannot_answer_for_the_chosen_evse(lab):
    lab.add_evse("evse", Cable(attenuation_db=5))
    lab.plug_in()
    while lab.ev.state is not State.MATCH and lab.now < 2_000_000:
        lab.run(0.01)
    run_id = lab.ev._attempt.run_id
    forged = SlacMatchCnf(pev_mac=lab.ev.mac, evse_mac=MALLORY, run_id=run_id, nid=bytes(7), nmk=bytes(16))
    lab.ev.receive(Frame(lab.ev.mac, MALLORY, forged).to_bytes(), lab.now)
    assert lab.ev.state is State.MATCH
    assert isinstance(drain(lab.ev)[-1], FrameIgnored)
    assert lab.run(5, until=Matched)


def test_ignored_frames_say_why(lab):
    lab.ev.receive(b"\0" * 60, lab.now)
    lab.ev.receive(Frame(lab.ev.mac, EVSE, SetKeyCnf()).to_bytes(), lab.now)
    reasons = [event.reason for event in drain(lab.ev)]
    assert reasons == [
        "ethertype 0x0000 is not HomePlug (0x88E1)",
        "CM_SET_KEY.CNF is not awaited in state unmatched",
    ]


def test_every_row_is_there_once_and_every_state_can_be_left():
    assert len(NEXT) == len(ROWS)
    for state in State:
        assert any(row.state is state and row.next is not state for row in ROWS) or state is State.UNMATCHED
        assert any(row.next is state for row in ROWS)


def test_it_holds_without_assertions_too():
    """`python -O` strips asserts: no check of ours may be one."""
    here = Path(__file__).resolve()
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from protocols.slac.frames import read_frame\n"
        "from protocols.slac.layout import FrameError\n"
        "from protocols.slac.ev import EvSide\n"
        "refused = 0\n"
        "frame = bytes.fromhex('02000000000102000000000288e1016d6000' + '00')\n"
        "for kind in range(0x6000, 0x6100):\n"
        "    for size in range(0, 120):\n"
        "        raw = frame[:15] + kind.to_bytes(2, 'little') + b'\\0\\0' + b'\\xff' * size\n"
        "        try: read_frame(raw)\n"
        "        except FrameError: refused += 1\n"
        "        ev = EvSide(frame[:6]); ev.plugged_in(0.0); ev.receive(raw, 0.0)\n"
        "if refused < 20000: sys.exit('only %d were refused' % refused)\n"
        "if __debug__: sys.exit('assertions are on')\n"
    )
    done = subprocess.run(
        [sys.executable, "-O", "-c", code, str(here.parents[3])], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_nobody_guards_with_assert():
    room = Path(__file__).resolve().parents[3] / "protocols" / "slac"
    for path in sorted(room.glob("*.py")):
        assert "\n    assert " not in path.read_text(), path.name


@pytest.mark.parametrize("wrong", [b"", b"\x02", bytes(5)])
def test_short_frames_do_not_reach_the_virtual_modem_either(lab, wrong):
    assert lab.line.receive("ev", wrong, lab.now) == []
