"""The fail-safe rule of a silent link, walked through its table."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy.links import (
    LIMITED,
    TRANSITIONS,
    LinkInput,
    LinkPhase,
    LinkRule,
    heard,
    is_limited,
    limit_written,
    next_timer,
    start,
    tick,
)

RULE = LinkRule(source="utility", import_w=4200.0)
P = LinkPhase


def controlled(now_s=0.0):
    """A link that was heard and wrote a limit."""
    return limit_written(RULE, heard(RULE, start(now_s), now_s), now_s)


def test_it_starts_limited_and_a_heartbeat_with_a_limit_frees_it():
    state = start(0.0)
    assert is_limited(state)
    state = heard(RULE, state, 10.0)
    assert state.phase is P.RETURNING
    assert is_limited(state)
    state = limit_written(RULE, state, 11.0)
    assert state.phase is P.CONTROLLED
    assert not is_limited(state)


def test_a_limit_without_a_heartbeat_frees_nothing():
    assert is_limited(limit_written(RULE, start(0.0), 1.0))
    silent = tick(RULE, controlled(), 500.0)
    assert silent.phase is P.FAIL_SAFE
    assert limit_written(RULE, silent, 510.0).phase is P.FAIL_SAFE


def test_heartbeats_alone_free_it_after_two_minutes():
    state = tick(RULE, controlled(), 121.0)
    assert state.phase is P.FAIL_SAFE
    for now_s in range(200, 320, 20):
        state = heard(RULE, state, float(now_s))
        assert is_limited(state)
    assert not is_limited(tick(RULE, heard(RULE, state, 319.0), 320.0))


def test_silence_of_two_minutes_is_still_fine_and_more_is_not():
    state = controlled(0.0)
    assert not is_limited(tick(RULE, state, 119.9))
    late = tick(RULE, state, 10_000_000.0)
    assert late.phase is P.AUTONOMOUS
    assert tick(RULE, state, 120.0).phase is P.FAIL_SAFE
    assert tick(RULE, state, 120.0 + 7199.0).phase is P.FAIL_SAFE
    assert tick(RULE, state, 120.0 + 7200.0).phase is P.AUTONOMOUS


def test_after_the_fail_safe_time_only_the_house_s_own_limits_hold_until_it_is_heard():
    state = tick(RULE, controlled(), 8000.0)
    assert state.phase is P.AUTONOMOUS
    state = heard(RULE, state, 9000.0)
    assert state.phase is P.CONTROLLED
    assert tick(RULE, state, 9121.0).phase is P.FAIL_SAFE


def test_a_link_that_stammers_does_not_make_the_fail_safe_longer():
    state = tick(RULE, controlled(), 120.0)
    state = heard(RULE, state, 3000.0)
    state = tick(RULE, state, 3121.0)
    # The one heartbeat was not followed by others, nor by a limit: 120 s of it alone settle the link.
    assert state.phase in (P.CONTROLLED, P.FAIL_SAFE)
    state = tick(RULE, state, 3200.0)
    assert state.phase is P.FAIL_SAFE


def test_a_fail_safe_for_ever_stays():
    rule = LinkRule(source="csip", export_w=1500.0, fail_safe_s=float("inf"))
    assert tick(rule, start(0.0), 1e9).phase is P.FAIL_SAFE


def test_the_table_names_no_transition_into_the_start_and_reaches_every_phase():
    assert P.START not in TRANSITIONS.values()
    assert set(TRANSITIONS.values()) | {P.START} == set(P)
    assert {phase for phase, _ in TRANSITIONS} == set(P)
    assert P.CONTROLLED not in LIMITED


@pytest.mark.parametrize(("phase", "event"), list(product(P, LinkInput)))
def test_every_pair_leads_to_a_phase(phase, event):
    assert TRANSITIONS.get((phase, event), phase) in set(P)


@given(st.lists(st.tuples(st.sampled_from(["heard", "limit", "tick"]), st.floats(0, 1000)), max_size=40))
def test_no_silence_goes_unnoticed(steps):
    state, now_s, last_heard_s = start(0.0), 0.0, 0.0
    for what, wait_s in steps:
        now_s += wait_s
        if what == "heard":
            state, last_heard_s = heard(RULE, state, now_s), now_s
        elif what == "limit":
            state = limit_written(RULE, state, now_s)
        else:
            state = tick(RULE, state, now_s)
        timer = next_timer(RULE, state)
        assert timer is None or timer[0] > now_s
        if state.phase is P.CONTROLLED:
            assert now_s - last_heard_s < RULE.heartbeat_timeout_s
