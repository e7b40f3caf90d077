"""The car finds its EVSE over the virtual power line, and nobody else's."""

import pytest

from protocols.slac.ev_table import State
from protocols.slac.events import EvseHeard, LinkLost, Matched, MatchingFailed, StateChanged, ToggleAsked
from protocols.slac.frames import read_frame
from protocols.slac.messages import (
    AttenCharInd,
    AttenCharRsp,
    MnbcSoundInd,
    SlacMatchReq,
    SlacParmReq,
    StartAttenCharInd,
    ValidateCnf,
    ValidateReq,
)
from protocols.slac.modem import Cable

IPV6 = bytes.fromhex("02000000010002000000000186dd") + bytes(50)
NEAR, FAR = Cable(attenuation_db=5), Cable(attenuation_db=35)


def heard_by(lab, host):
    return [read_frame(raw).message for to, raw in lab.delivered if to == host and raw[12:14] == b"\x88\xe1"]


def test_it_reaches_matched_and_only_then_ipv6_passes(lab):
    evse = lab.add_evse("evse", NEAR)
    lab.send("ev", IPV6)
    lab.plug_in()
    event = lab.run(5, until=Matched)
    assert isinstance(event, Matched)
    assert event.evse_mac == evse.mac
    assert event.attempts == 1
    assert 3 < event.attenuation_db < 7
    assert evse.matched_with == lab.ev.mac
    assert not [raw for host, raw in lab.delivered if raw == IPV6]
    lab.send("ev", IPV6)
    lab.run(0.1)
    assert [host for host, raw in lab.delivered if raw == IPV6] == ["evse"]


def test_the_order_and_number_of_messages_is_the_standards(lab):
    lab.add_evse("evse", NEAR)
    lab.plug_in()
    lab.run(5, until=Matched)
    messages = heard_by(lab, "evse")
    assert sum(isinstance(one, StartAttenCharInd) for one in messages) == 3
    assert [one.count for one in messages if isinstance(one, MnbcSoundInd)] == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]
    assert sum(isinstance(one, SlacParmReq | SlacMatchReq | AttenCharRsp) for one in messages) == 3
    states = [event.state for event in lab.of(StateChanged)]
    assert states == [
        *(State.PARAMETERS, State.SOUNDING, State.ATTENUATION, State.MATCH, State.JOINING, State.MATCHED),
    ]


@pytest.mark.parametrize("seed", range(8))
def test_of_two_evses_on_a_noisy_cable_the_right_one_is_chosen(new_lab, seed):
    lab = new_lab(seed)
    lab.add_evse("neighbour", Cable(attenuation_db=16, noise_db=4, loss=0.05))
    evse = lab.add_evse("ours", Cable(attenuation_db=5, noise_db=4, loss=0.05))
    lab.plug_in()
    event = lab.run(15, until=Matched)
    assert event is not None
    assert event.evse_mac == evse.mac
    assert lab.evses["neighbour"].matched_with is None


def test_an_evse_that_hears_too_badly_is_not_ours(lab):
    lab.add_evse("far", FAR)
    lab.plug_in()
    event = lab.run(30, until=MatchingFailed)
    assert "20 dB is most" in event.reason
    assert lab.ev.state is State.UNMATCHED
    assert 3 <= event.attempts <= 10, "TT_matching_rate between, TT_matching_repetition over all"
    assert lab.evses["far"].matched_with is None


class Pilot:
    def __init__(self):
        self.toggles = 0


def test_one_that_may_be_ours_is_validated_by_toggling_the_pilot(lab):
    pilot = Pilot()
    evse = lab.add_evse("evse", Cable(attenuation_db=15), toggles_seen=lambda: pilot.toggles)
    lab.plug_in()
    asked = lab.run(5, until=ToggleAsked)
    assert 1 <= asked.toggles <= 3
    pilot.toggles += asked.toggles
    assert lab.run(8, until=Matched).evse_mac == evse.mac


def test_validation_disproves_a_neighbour_that_hears_better(lab):
    pilot = Pilot()
    lab.add_evse("neighbour", Cable(attenuation_db=12))
    ours = lab.add_evse("ours", Cable(attenuation_db=17), toggles_seen=lambda: pilot.toggles)
    lab.plug_in()
    for _ in range(2):
        pilot.toggles += lab.run(8, until=ToggleAsked).toggles
    assert lab.run(8, until=Matched).evse_mac == ours.mac


def test_a_repeated_answer_to_step_1_does_not_end_the_toggling(lab):
    pilot = Pilot()
    evse = lab.add_evse("evse", Cable(attenuation_db=15), toggles_seen=lambda: pilot.toggles)
    lab.plug_in()
    asked = lab.run(5, until=ToggleAsked)
    lab.send("evse", evse.to_ev(ValidateCnf(result=1)))
    lab.run(0.1)
    assert lab.ev.state is State.TOGGLING
    pilot.toggles += asked.toggles
    assert lab.run(8, until=Matched)


def test_where_no_evse_can_validate_the_best_is_taken(lab):
    best = lab.add_evse("best", Cable(attenuation_db=12), validates=False)
    lab.add_evse("other", Cable(attenuation_db=17), validates=False)
    lab.plug_in()
    assert lab.run(8, until=Matched).evse_mac == best.mac
    asked = [one for one in heard_by(lab, "best") if isinstance(one, ValidateReq)]
    assert len(asked) == 3, "once, and C_EV_match_retry times again"


def test_without_validation_nothing_is_toggled(new_lab):
    lab = new_lab(validate=False)
    lab.add_evse("evse", Cable(attenuation_db=15))
    lab.plug_in()
    assert lab.run(8, until=Matched)
    assert not lab.of(ToggleAsked)


def test_no_evse_at_all(lab):
    lab.plug_in()
    event = lab.run(20, until=MatchingFailed)
    assert event.reason == "no EVSE answered CM_SLAC_PARM.REQ"
    assert lab.ev.next_timer() is None


@pytest.mark.parametrize(
    ("deaf_to", "words"),
    [
        (StartAttenCharInd, "CM_ATTEN_CHAR.IND"),
        (SlacMatchReq, "did not answer CM_SLAC_MATCH.REQ"),
        (SlacParmReq, "CM_SLAC_PARM.REQ"),
    ],
)
def test_an_evse_that_falls_silent_fails_the_run_with_a_sentence(lab, deaf_to, words):
    lab.add_evse("evse", NEAR, silent_on=(deaf_to,))
    lab.plug_in()
    assert words in lab.run(30, until=MatchingFailed).reason


def test_an_evse_that_loses_our_answer_repeats_and_is_answered_again(lab):
    lab.add_evse("evse", NEAR, silent_on=(AttenCharRsp, SlacMatchReq))
    lab.plug_in()
    lab.run(1.6)
    answers = [raw for host, raw in lab.delivered if host == "evse" and raw[15:17] == b"\x6f\x60"]
    accounts = [raw for host, raw in lab.delivered if host == "ev" and raw[15:17] == b"\x6e\x60"]
    assert len(accounts) >= 2
    assert len(answers) >= 2


def test_the_wrong_key_does_not_join_and_the_run_fails(lab):
    evse = lab.add_evse("evse", NEAR)
    lab.plug_in()
    lab.run(0.3)
    evse.nmk = bytes(16)
    event = lab.run(40, until=MatchingFailed)
    assert "has not joined" in event.reason
    assert not lab.of(Matched)


def test_a_lost_link_is_noticed_and_comes_back_after_a_new_match(lab):
    lab.add_evse("evse", NEAR)
    lab.plug_in()
    assert lab.run(5, until=Matched)
    lab.line.cut("ev", "evse")
    cut_s = lab.now
    lost = lab.run(3, until=LinkLost)
    assert lost.time_s - cut_s < 1.1, "TP_match_leave"
    assert lab.ev.state is State.UNMATCHED
    assert lab.line.modems["ev"].nmk != lab.line.modems["evse"].nmk, "the network was left"
    lab.line.lay("ev", "evse", NEAR)
    lab.plug_in()
    assert lab.run(5, until=Matched)


def test_leaving_gives_the_modem_a_key_of_its_own(lab):
    lab.add_evse("evse", NEAR)
    lab.plug_in()
    lab.run(5, until=Matched)
    lab.ev.leave(lab.now)
    lab._take_ev()
    lab.send("ev", IPV6)
    lab.run(0.2)
    assert lab.ev.state is State.UNMATCHED
    assert not [raw for host, raw in lab.delivered if raw == IPV6]


def test_accounts_that_come_late_are_not_awaited(lab):
    lab.add_evse("mute", Cable(attenuation_db=3), silent_on=(StartAttenCharInd,))
    good = lab.add_evse("good", Cable(attenuation_db=6))
    lab.plug_in()
    assert lab.run(5, until=Matched).evse_mac == good.mac
    assert len(lab.of(EvseHeard)) == 1
    assert [one for one in heard_by(lab, "ev") if isinstance(one, AttenCharInd)]
