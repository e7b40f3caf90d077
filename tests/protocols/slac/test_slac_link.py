"""The charger's data link: what the pilot is asked for, when the network is left, and how a link comes back."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.slac import diagram
from protocols.slac.link import ENTRY, NEXT, ROWS, Action, DataLink, LinkState, Trigger
from protocols.slac.timings import Timings, name_of
from protocols.slac.watch import LinkWatch

A, T, S = Action, Trigger, LinkState
NOW = 100.0


def done(link: DataLink) -> list[Action]:
    actions = []
    while (action := link.next_action()) is not None:
        actions.append(action)
    return actions


def matched(**rest: bool) -> DataLink:
    link = DataLink(**rest)
    link.happen(T.PLUGGED, NOW)
    link.happen(T.MATCHED, NOW)
    done(link)
    return link


def test_plug_match_unplug():
    link = DataLink()
    link.happen(T.PLUGGED, NOW)
    assert done(link) == [A.MATCH, A.PILOT_5_PERCENT]
    link.happen(T.MATCHED, NOW)
    assert done(link) == [A.PILOT_5_PERCENT, A.LINK_UP]
    assert link.linked
    link.happen(T.UNPLUGGED, NOW)
    assert done(link) == [A.LINK_DOWN, A.LEAVE, A.PILOT_X1]
    assert link.state is S.UNPLUGGED


def test_no_slac_steps_through_e_or_f_twice_and_then_rests_in_x1():
    link, now = DataLink(), NOW
    link.happen(T.PLUGGED, now)
    done(link)
    for _ in range(Timings().sequence_retries):
        link.happen(T.NO_SLAC, now)
        assert done(link) == [A.PILOT_EF]
        assert link.next_timer() == now + 4.0
        link.on_timer(now + 3.9)
        assert done(link) == []
        now += 4.0
        link.on_timer(now)
        assert done(link) == [A.MATCH, A.PILOT_5_PERCENT]
    link.happen(T.NO_SLAC, now)
    assert done(link) == [A.LEAVE, A.PILOT_X1, A.GIVE_UP]
    assert link.state is S.GIVEN_UP
    assert link.next_timer() is None


def test_a_match_resets_the_retries():
    link = matched()
    for _ in range(Timings().sequence_retries + 2):
        link.happen(T.LOST, NOW, "cut")
        link.on_timer(NOW + 3)
        link.on_timer(NOW + 7)
        assert link.state is S.MATCHING
        link.happen(T.NO_SLAC, NOW)
        assert link.state is S.RETRY_EF
        link.on_timer(NOW + 4)
        link.happen(T.MATCHED, NOW)


def test_a_lost_link_goes_x2_x1_ef_x2_and_matches_anew():
    link = matched()
    link.happen(T.LOST, NOW, "the modem has no link")
    assert link.reason == "the modem has no link"
    assert done(link) == [A.LINK_DOWN, A.PILOT_X1, A.LEAVE]
    link.on_timer(NOW + 3)
    assert done(link) == [A.PILOT_EF]
    link.on_timer(NOW + 7)
    assert done(link) == [A.MATCH, A.PILOT_5_PERCENT]
    link.happen(T.MATCHED, NOW + 8)
    assert done(link) == [A.PILOT_5_PERCENT, A.LINK_UP]


def test_an_error_of_the_session_does_the_same():
    link = matched()
    link.happen(T.ERROR, NOW)
    assert done(link) == [A.LINK_DOWN, A.PILOT_X1, A.LEAVE]


def test_terminate_is_unmatched_and_pause_is_not():
    link = matched()
    link.happen(T.PAUSE, NOW)
    assert done(link) == [A.PILOT_X1]
    assert link.linked
    link.happen(T.WAKE, NOW)
    assert done(link) == [A.PILOT_5_PERCENT]
    link.happen(T.TERMINATE, NOW)
    assert done(link) == [A.LINK_DOWN, A.LEAVE, A.PILOT_X1]
    assert not link.linked


def test_unplugged_in_the_middle_of_a_step():
    link = matched()
    link.happen(T.LOST, NOW)
    done(link)
    link.happen(T.UNPLUGGED, NOW + 1)
    assert done(link) == [A.LEAVE, A.PILOT_X1]
    link.on_timer(NOW + 60)
    assert link.state is S.UNPLUGGED
    assert done(link) == []


def test_a_pilot_that_is_not_ours_is_left_alone():
    link = matched(drives_pilot=False)
    link.happen(T.LOST, NOW, "cut")
    assert done(link) == [A.LINK_DOWN, A.LEAVE]
    assert link.state is S.ENDED
    link.happen(T.WAKE, NOW)
    assert done(link) == [A.MATCH]
    link.happen(T.NO_SLAC, NOW)
    assert done(link) == [A.LEAVE, A.GIVE_UP]


def test_every_state_is_entered_left_and_said():
    assert set(ENTRY) == set(S)
    assert len(NEXT) == len(ROWS)
    for state in S:
        assert (state, T.UNPLUGGED) in NEXT or state is S.UNPLUGGED
        assert state is S.UNPLUGGED or any(state in (row.next, row.spent, row.idle_pilot) for row in ROWS)


@given(st.lists(st.tuples(st.sampled_from(T), st.floats(0, 10))), st.booleans())
def test_any_order_keeps_the_promises(steps, drives_pilot):
    link, now, up = DataLink(drives_pilot=drives_pilot), NOW, False
    for trigger, wait in steps:
        now += wait
        link.on_timer(now)
        link.happen(trigger, now)
        for action in done(link):
            if action is A.LINK_UP:
                assert not up
                up = True
            elif action is A.LINK_DOWN:
                assert up
                up = False
            assert drives_pilot or action not in (A.PILOT_EF, A.PILOT_X1, A.PILOT_5_PERCENT)
        assert up == link.linked
    link.happen(T.UNPLUGGED, now)
    assert not link.linked
    assert link.next_timer() is None


def test_the_diagrams_are_drawn_from_the_tables():
    for text, states in (
        (diagram.data_link(), S),
        (diagram.matching(), ["UNMATCHED", "SOUNDING", "TOGGLING", "MATCHED"]),
    ):
        assert text.startswith("stateDiagram-v2\n")
        for state in states:
            assert getattr(state, "name", state) in text


def test_every_timer_names_the_standard():
    assert "Table A.1" in name_of("match_response_s")
    assert Timings().scaled(2).match_join_s == 24.0
    assert Timings().scaled(2).batch_interval_s == Timings().batch_interval_s


def test_one_answer_without_a_link_is_no_loss():
    watch = LinkWatch(Timings(), NOW)
    for linked in (True, False, False, True, False, False):
        watch.told(linked)
        assert watch.loss(NOW) is None
    watch.told(False)
    assert "3 times" in watch.loss(NOW)


@pytest.mark.parametrize(("tells", "paused", "lost"), [*itertools.product((True, False), (True, False), [None])])
def test_silence_is_a_loss_only_where_the_modem_tells_nothing(tells, paused, lost):
    watch = LinkWatch(Timings(), NOW)
    watch.paused = paused
    if tells:
        watch.told(True)
    assert watch.loss(NOW + 59) is None
    told = watch.loss(NOW + 61)
    assert (told is not None) == (not tells and not paused)
    watch.heard(NOW + 61)
    assert watch.loss(NOW + 62) is lost
