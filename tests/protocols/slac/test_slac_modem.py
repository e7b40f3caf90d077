"""The virtual modem: what it keeps to itself, what it carries, and for whom."""

import random

import pytest

from protocols.slac.choice import average_db
from protocols.slac.frames import Frame, read_frame
from protocols.slac.keys import nid_of
from protocols.slac.messages import (
    BROADCAST,
    GROUPS,
    LOCAL_MODEM,
    AttenProfileInd,
    LinkStatusCnf,
    LinkStatusReq,
    MnbcSoundInd,
    SetKeyCnf,
    SetKeyReq,
    SlacParmReq,
)
from protocols.slac.modem import Cable, PowerLine

EV, EVSE, OTHER = (bytes((2, 0, 0, 0, 0, n)) for n in (1, 2, 3))
HOSTS = {"ev": EV, "evse": EVSE, "other": OTHER}
NMK = bytes(range(16))


@pytest.fixture
def line() -> PowerLine:
    """Three hosts that their modems know; cables from the car to both chargers."""
    made = PowerLine(random.Random(1), join_s=1.0)
    for name in HOSTS:
        made.attach(name)
    for name, mac in HOSTS.items():
        made.receive(name, Frame(LOCAL_MODEM, mac, LinkStatusReq()).to_bytes(), 0.0)
    made.lay("ev", "evse", Cable(attenuation_db=5))
    made.lay("ev", "other", Cable(attenuation_db=25))
    return made


def give_key(line: PowerLine, *names: str, now: float = 0.0) -> None:
    for name in names:
        out = line.receive(name, key_frame(HOSTS[name]), now)
        assert [(host, type(read_frame(raw).message)) for host, raw in out] == [(name, SetKeyCnf)]


def key_frame(source: bytes) -> bytes:
    return Frame(LOCAL_MODEM, source, SetKeyReq(nid=nid_of(NMK), new_key=NMK)).to_bytes()


def data(destination: bytes, source: bytes) -> bytes:
    return destination + source + b"\x86\xdd" + bytes(50)


def link(line: PowerLine, name: str, now: float) -> int:
    ((host, raw),) = line.receive(name, Frame(LOCAL_MODEM, HOSTS[name], LinkStatusReq()).to_bytes(), now)
    answer = read_frame(raw).message
    assert host == name
    assert isinstance(answer, LinkStatusCnf)
    return answer.link


def test_the_key_stays_with_the_own_modem_and_joins_after_a_while(line):
    give_key(line, "ev", "evse")
    assert link(line, "ev", 0.9) == 0
    assert link(line, "ev", 1.1) == link(line, "evse", 1.1) == 1
    assert link(line, "other", 1.1) == 0


def test_data_passes_only_within_one_network(line):
    assert line.receive("ev", data(BROADCAST, EV), 5.0) == []
    give_key(line, "ev", "evse")
    assert line.receive("ev", data(BROADCAST, EV), 0.5) == []
    assert [host for host, _ in line.receive("ev", data(BROADCAST, EV), 5.0)] == ["evse"]
    assert [host for host, _ in line.receive("evse", data(EV, EVSE), 5.0)] == ["ev"]
    assert line.receive("evse", data(OTHER, EVSE), 5.0) == []
    line.cut("ev", "evse")
    assert line.receive("ev", data(BROADCAST, EV), 5.0) == []


def test_the_same_key_again_does_not_break_the_link(line):
    give_key(line, "ev", "evse")
    give_key(line, "ev", now=5.0)
    assert link(line, "ev", 5.1) == 1


def test_matching_goes_to_all_on_the_line_and_each_sound_is_measured_by_each(line):
    ask = Frame(BROADCAST, EV, SlacParmReq(run_id=bytes(8))).to_bytes()
    assert line.receive("ev", ask, 0.0) == [("evse", ask), ("other", ask)]
    sound = Frame(BROADCAST, EV, MnbcSoundInd(count=0, run_id=bytes(8), random=bytes(16))).to_bytes()
    out = line.receive("ev", sound, 0.0)
    assert [host for host, _ in out] == ["evse", "evse", "other", "other"]
    profiles = {host: read_frame(raw).message for host, raw in out if raw != sound}
    assert {type(profile) for profile in profiles.values()} == {AttenProfileInd}
    assert all(profile.pev_mac == EV and len(profile.aag) == GROUPS for profile in profiles.values())
    assert 4 < average_db(profiles["evse"].aag) < 6
    assert 24 < average_db(profiles["other"].aag) < 26


@pytest.mark.parametrize(
    "message",
    [AttenProfileInd(pev_mac=EV, aag=bytes(58)), SetKeyCnf(), LinkStatusCnf(link=1)],
    ids=lambda one: one.NAME,
)
def test_nobody_can_play_the_modem_of_another_host(line, message):
    give_key(line, "ev", "evse")
    assert line.receive("ev", Frame(EVSE, EV, message).to_bytes(), 5.0) == []


def test_a_lossy_cable_loses_its_share(line):
    line.lay("ev", "evse", Cable(loss=0.5))
    line.cut("ev", "other")
    ask = Frame(BROADCAST, EV, SlacParmReq(run_id=bytes(8))).to_bytes()
    passed = sum(bool(line.receive("ev", ask, 0.0)) for _ in range(400))
    assert 140 < passed < 260


def test_attenuation_stays_within_an_octet(line):
    line.lay("ev", "evse", Cable(attenuation_db=255, noise_db=30))
    line.lay("ev", "other", Cable(attenuation_db=0, noise_db=30))
    sound = Frame(BROADCAST, EV, MnbcSoundInd(count=0, run_id=bytes(8), random=bytes(16))).to_bytes()
    assert len(line.receive("ev", sound, 0.0)) == 4
