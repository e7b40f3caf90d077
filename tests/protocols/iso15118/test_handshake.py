"""Which protocol both ends will speak: the car's priorities, the charger's offer, the connection's security."""

from typing import Any

import pytest

from protocols.iso15118 import CarPlan, ConnectionSecurity, EvccSession, Evse, EvseOffer, Service, SimulatedCar
from protocols.iso15118.events import MessageSeen, ProtocolChosen, SessionEnded
from protocols.iso15118.handshake import chosen, propose
from protocols.iso15118.registry import GENERATIONS, dialect, dialects, get_ready
from protocols.iso15118.secured import Secured
from protocols.iso15118.services import ProtocolName

PLAIN, TLS_1_2, TLS_1_3 = ConnectionSecurity(), ConnectionSecurity("TLSv1.2"), ConnectionSecurity("TLSv1.3")
ALL = (ProtocolName.V20_DC, ProtocolName.V2, ProtocolName.DIN)


def protocol_of(talk: Any) -> ProtocolName:
    (secc,), (evcc,) = talk.secc_of(ProtocolChosen), talk.evcc_of(ProtocolChosen)
    assert secc.protocol is evcc.protocol
    return secc.protocol


@pytest.mark.parametrize(
    ("wanted", "offered", "security", "spoken"),
    [
        (ALL, tuple(ProtocolName), TLS_1_3, ProtocolName.V20_DC),
        (ALL[::-1], tuple(ProtocolName), TLS_1_3, ProtocolName.DIN),
        ((ProtocolName.V2, ProtocolName.V20_DC), tuple(ProtocolName), TLS_1_3, ProtocolName.V2),
        (ALL, (ProtocolName.DIN, ProtocolName.V2), TLS_1_3, ProtocolName.V2),
        (ALL, (ProtocolName.DIN,), PLAIN, ProtocolName.DIN),
        (ALL, tuple(ProtocolName), TLS_1_2, ProtocolName.V2),
        (ALL, tuple(ProtocolName), PLAIN, ProtocolName.V2),
    ],
)
def test_the_cars_priority_among_what_is_offered_and_safe(
    conversation: Any,
    wanted: tuple[ProtocolName, ...],
    offered: tuple[ProtocolName, ...],
    security: ConnectionSecurity,
    spoken: ProtocolName,
) -> None:
    talk = conversation(
        evse=Evse(EvseOffer(protocols=offered)), plan=CarPlan(Service.DC, protocols=wanted), security=security
    )
    talk.run(until=lambda: talk.evcc_of(ProtocolChosen))
    assert protocol_of(talk) is spoken


@pytest.mark.parametrize("name", sorted(GENERATIONS))
def test_every_protocol_runs_a_whole_session(conversation: Any, name: ProtocolName) -> None:
    service = Service.AC if name is ProtocolName.V20_AC else Service.DC
    talk = conversation(plan=CarPlan(service, protocols=(name,)))
    talk.evse.set_power(4_000)
    talk.run()
    assert protocol_of(talk) is name
    assert talk.secc_end.proper, talk.secc_end
    assert talk.evcc_end.proper, talk.evcc_end
    assert talk.car.loops >= 5


@pytest.mark.parametrize(("charger", "car"), [(True, True), (False, True), (True, False)])
def test_v20_without_tls_is_for_laboratories_on_both_sides(conversation: Any, charger: bool, car: bool) -> None:
    talk = conversation(
        evse=Evse(EvseOffer(lab_v20_without_tls=charger)),
        plan=CarPlan(Service.AC, lab_v20_without_tls=car),
        security=PLAIN,
    )
    talk.run()
    if charger and car:
        assert talk.secc_of(ProtocolChosen)[0].secured is Secured.NONE
        assert talk.secc_end.proper
    elif car:
        assert talk.secc_end.reason == "ISO 15118-20 (AC) needs TLS 1.3, and this connection has no TLS"
        assert "Failed_NoNegotiation" in talk.evcc_end.reason
    else:
        assert "nothing to propose over no TLS" in talk.evcc_end.reason
        assert "needs TLS 1.3" in talk.evcc_end.reason


def test_nothing_in_common_is_told_by_name(conversation: Any) -> None:
    talk = conversation(
        evse=Evse(EvseOffer(protocols=(ProtocolName.V20_DC,))),
        plan=CarPlan(Service.AC, protocols=(ProtocolName.V20_AC,)),
    )
    talk.run()
    assert "urn:iso:std:iso:15118:-20:AC 1.0" in talk.secc_end.reason
    assert "offers ISO 15118-20 (DC)" in talk.secc_end.reason
    assert not talk.secc_end.proper
    (refusal,) = [event.message for event in talk.secc_of(MessageSeen) if event.name == "supportedAppProtocolRes"]
    assert (refusal.ResponseCode, refusal.SchemaID) == ("Failed_NoNegotiation", None)


def test_stopping_before_the_handshake_still_ends_in_order(conversation: Any) -> None:
    talk = conversation(plan=CarPlan(Service.AC))
    talk.evcc.stop("changed one's mind")
    talk.run()
    assert talk.secc_end.proper
    assert talk.evcc_end.reason == "changed one's mind"


def test_what_needs_a_session_says_so_before_there_is_one() -> None:
    evcc = EvccSession(SimulatedCar(), CarPlan())
    with pytest.raises(LookupError, match="no protocol has been agreed on"):
        evcc.renegotiate_schedule()
    evcc.connected(0.0)
    (end,) = [event for event in iter(evcc.next_event, None) if isinstance(event, SessionEnded)]
    assert "needs TLS 1.3" in end.reason
    assert evcc.data_to_send() == b""


def test_the_proposal_keeps_the_order_and_the_answer_is_read_by_its_number() -> None:
    proposed = dialects(tuple(GENERATIONS))
    request = propose(proposed)
    assert [one.Priority for one in request.AppProtocol] == list(range(1, len(proposed) + 1))
    for number, wanted in enumerate(proposed, start=1):
        answer = type("Answer", (), {"SchemaID": number})()
        assert chosen(answer, proposed) is wanted
    nothing = type("Answer", (), {"SchemaID": None})()
    assert chosen(nothing, proposed) is None
    assert chosen(nothing, proposed[:1]) is proposed[0]


def test_dialects_are_known_by_name() -> None:
    for name in GENERATIONS:
        assert dialect(name).name is name
        assert dialect(name).title
    assert dialects(()) == ()
    get_ready(tuple(ProtocolName))


@pytest.mark.parametrize("name", sorted(GENERATIONS))
def test_every_table_is_whole(name: ProtocolName) -> None:
    """What each generation's table must hold for the engines: every row answers, and every state can be left."""
    one = dialect(name)
    table = one.table
    for energy in one.energies:
        keys = [
            (row.state, row.request, row.outcome, row.beside)
            for row in table.transitions
            if row.energy in (None, energy)
        ]
        assert len(keys) == len(set(keys))
    assert {row.request for row in table.transitions} <= set(table.exchanges)
    for exchange in table.exchanges.values():
        assert exchange.answer_within.seconds > 0
        assert exchange.next_within.clause
    for state in table.states:
        assert state == "ended" or any(row.state is state and row.next is not state for row in table.transitions), state
