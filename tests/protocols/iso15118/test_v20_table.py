"""The transition table as a graph, and the diagram drawn from it."""

import pytest

from protocols.exi import decode, encode
from protocols.iso15118.diagram import mermaid
from protocols.iso15118.evcc import REQUESTS
from protocols.iso15118.link import NAMESPACES
from protocols.iso15118.refusal import least, message_class
from protocols.iso15118.secc import ANSWERS
from protocols.iso15118.table import (
    EXCHANGES,
    LOOP_TIMERS,
    TRANSITIONS,
    Energy,
    Outcome,
    State,
    allowed,
    next_state,
)
from protocols.iso15118.timings import Timings


@pytest.mark.parametrize("energy", list(Energy))
def test_every_state_of_a_branch_is_reached_and_left(energy: Energy) -> None:
    rows = [row for row in TRANSITIONS if row.energy in (None, energy)]
    reached, frontier = set(), {State.HANDSHAKE}
    while frontier:
        state = frontier.pop()
        reached.add(state)
        frontier |= {row.next for row in rows if row.state is state} - reached
    only_dc = {State.CABLE_CHECK, State.PRE_CHARGE, State.WELDING_DETECTION}
    assert reached == set(State) - (only_dc if energy is Energy.AC else set())
    for state in reached - {State.ENDED}:
        assert any(row.state is state and row.next is not state for row in rows), state


def test_rows_are_unambiguous() -> None:
    for energy in Energy:
        keys = [(r.state, r.request, r.outcome) for r in TRANSITIONS if r.energy in (None, energy)]
        assert len(keys) == len(set(keys))


def test_table_machines_and_codec_know_the_same_messages() -> None:
    assert {row.request for row in TRANSITIONS} == set(ANSWERS)
    assert set(REQUESTS) == set(State) - {State.ENDED}
    for exchange in EXCHANGES.values():
        assert message_class(exchange.request)
        assert message_class(exchange.response)
        assert NAMESPACES[exchange.payload_type] == exchange.namespace
        assert hasattr(Timings(), exchange.evcc_timer)
        assert hasattr(Timings(), exchange.secc_timer)
    assert all(hasattr(Timings(), timer) for timer in LOOP_TIMERS.values())


def test_no_row_no_way() -> None:
    assert not allowed(State.CHARGE_LOOP, "SessionStopReq", Energy.AC)
    assert not allowed(State.CABLE_CHECK, "DC_CableCheckReq", Energy.AC)
    with pytest.raises(LookupError, match="no transition"):
        next_state(State.CHARGE_LOOP, "SessionStopReq", Outcome.TERMINATE, Energy.AC)


def test_the_least_form_of_every_message_can_be_written() -> None:
    for exchange in EXCHANGES.values():
        for name in (exchange.request, exchange.response):
            message = least(message_class(name))
            assert decode(exchange.namespace, encode(exchange.namespace, message)) == message
    assert least(message_class("AuthorizationSetupRes")).EIM_ASResAuthorizationMode is not None


def test_an_unknown_message_name() -> None:
    with pytest.raises(LookupError, match="NoSuchReq"):
        message_class("NoSuchReq")


@pytest.mark.parametrize("energy", list(Energy))
def test_the_diagram_shows_every_row_of_its_branch(energy: Energy) -> None:
    drawn = mermaid(energy)
    assert drawn.startswith("stateDiagram-v2\n    [*] --> handshake\n")
    assert "charge_loop --> charge_loop" in drawn
    assert ("pre_charge" in drawn) == (energy is Energy.DC)
    assert "session_stop --> [*] : SessionStopReq (pause)" in drawn
