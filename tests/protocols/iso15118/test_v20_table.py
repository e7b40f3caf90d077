"""The transition table of -20 as a graph, and the diagram drawn from it."""

import pytest

from protocols.exi import decode, encode
from protocols.iso15118.diagram import main, mermaid
from protocols.iso15118.refusal import least
from protocols.iso15118.registry import dialect
from protocols.iso15118.services import Energy, ProtocolName
from protocols.iso15118.table import HANDSHAKE, HANDSHAKE_REQUEST, Outcome, State
from protocols.iso15118.v20.evcc import REQUESTS
from protocols.iso15118.v20.secc import ANSWERS
from protocols.iso15118.v20.table import TABLE

V20 = dialect(ProtocolName.V20_DC)
ONLY_DC = {State.CABLE_CHECK, State.PRE_CHARGE, State.WELDING_DETECTION}
OWN = [exchange for exchange in TABLE.exchanges.values() if exchange is not HANDSHAKE]


@pytest.mark.parametrize("energy", list(Energy))
def test_every_state_of_a_branch_is_reached_and_left(energy: Energy) -> None:
    rows = [row for row in TABLE.transitions if row.energy in (None, energy)]
    reached, frontier = set(), {State.HANDSHAKE}
    while frontier:
        state = frontier.pop()
        reached.add(state)
        frontier |= {row.next for row in rows if row.state is state} - reached
    assert reached == TABLE.states - (ONLY_DC if energy is Energy.AC else set())
    for state in reached - {State.ENDED}:
        assert any(row.state is state and row.next is not state for row in rows), state


def test_rows_are_unambiguous() -> None:
    for energy in Energy:
        keys = [(r.state, r.request, r.outcome, r.beside) for r in TABLE.transitions if r.energy in (None, energy)]
        assert len(keys) == len(set(keys))


def test_table_sides_and_codec_know_the_same_messages() -> None:
    assert {row.request for row in TABLE.transitions} == {*ANSWERS, HANDSHAKE_REQUEST}
    assert set(REQUESTS) == TABLE.states - {State.HANDSHAKE, State.ENDED}
    for exchange in OWN:
        assert V20.message_class(exchange.request)
        assert V20.message_class(exchange.response)
        assert V20.grammars[exchange.payload_type] == exchange.namespace


def test_every_timer_has_a_name_a_clause_and_one_figure() -> None:
    timers = [timer for e in OWN for timer in (e.answer_within, e.next_within, e.perform_within) if timer is not None]
    timers += TABLE.loop_timers.values()
    assert all(timer.clause and timer.seconds > 0 for timer in timers)
    assert len({timer.name for timer in timers}) == len({(timer.name, timer.seconds) for timer in timers})


def test_no_row_no_way() -> None:
    assert not TABLE.allowed(State.CHARGE_LOOP, "SessionStopReq", Energy.AC)
    assert not TABLE.allowed(State.CABLE_CHECK, "DC_CableCheckReq", Energy.AC)
    assert not TABLE.leads_on(State.CHARGE_LOOP, "SessionStopReq", Outcome.TERMINATE, Energy.AC)
    with pytest.raises(LookupError, match="no transition"):
        TABLE.next_state(State.CHARGE_LOOP, "SessionStopReq", Outcome.TERMINATE, Energy.AC)


def test_the_least_form_of_every_message_can_be_written() -> None:
    for exchange in OWN:
        for name in (exchange.request, exchange.response):
            message = least(V20.message_class(name))
            assert decode(exchange.namespace, encode(exchange.namespace, message)) == message
    assert least(V20.message_class("AuthorizationSetupRes")).EIM_ASResAuthorizationMode is not None


def test_an_unknown_message_name() -> None:
    with pytest.raises(LookupError, match="NoSuchReq"):
        V20.message_class("NoSuchReq")


@pytest.mark.parametrize("energy", list(Energy))
def test_the_diagram_shows_every_row_of_its_branch(energy: Energy) -> None:
    drawn = mermaid(TABLE, energy)
    assert drawn.startswith("stateDiagram-v2\n    [*] --> handshake\n")
    assert "charge_loop --> charge_loop" in drawn
    assert ("pre_charge" in drawn) == (energy is Energy.DC)
    assert "session_stop --> [*] : SessionStopReq (pause)" in drawn


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 0, "cable_check"),
        (["iso15118-20-ac"], 0, "AC_ChargeLoopReq"),
        (["iso15118-20-dc", "timers"], 0, "| DC_ChargeLoopReq | 0.5 | 0.5 |"),
        (["din70121", "ac"], 2, "has no branch ac"),
        (["morse"], 2, "no protocol is named morse"),
    ],
)
def test_the_diagram_command(capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, said: str) -> None:
    assert main(arguments) == code
    assert said in "".join(capsys.readouterr())
