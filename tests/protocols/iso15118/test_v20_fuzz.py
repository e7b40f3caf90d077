"""Any sequence of messages, valid one by one: no exception, one answer to each request, and a reason at the end."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.exi import decode, encode
from protocols.exi.messages.app_protocol import AppProtocolType, supportedAppProtocolReq, supportedAppProtocolRes
from protocols.exi.messages.common_types import MessageHeaderType
from protocols.exi.namespaces import APP_PROTOCOL, V20_AC, V20_DC
from protocols.iso15118 import (
    CarPlan,
    ConnectionSecurity,
    EvccSession,
    Evse,
    EvseOffer,
    Notification,
    SeccSession,
    Service,
    SimulatedCar,
    State,
)
from protocols.iso15118.events import SessionEnded
from protocols.iso15118.refusal import least
from protocols.iso15118.registry import dialect
from protocols.iso15118.services import ControlMode, Energy, ProtocolName, ValueAdded
from protocols.iso15118.table import HANDSHAKE
from protocols.iso15118.v2gtp import PayloadType, V2gtpStream, pack
from protocols.iso15118.v20.car_fields import LIMIT_TYPES, LOOP_TYPES
from protocols.iso15118.v20.dialect import GRAMMARS
from protocols.iso15118.v20.table import TABLE

message_class = dialect(ProtocolName.V20_DC).message_class

WIRE = {**GRAMMARS, PayloadType.APP_PROTOCOL: APP_PROTOCOL}
TLS = ConnectionSecurity("TLSv1.3")
START_S = 1_800_000_000.0
NAMESPACE_OF = {Energy.AC: V20_AC, Energy.DC: V20_DC}
SESSION_ID = b"\x11" * 8

names = st.sampled_from([name for name in TABLE.exchanges if name != "supportedAppProtocolReq"])
services = st.sampled_from(list(Service))
modes = st.sampled_from(list(ControlMode))


def request(name: str, service: Service, mode: ControlMode, data: st.DataObject) -> Any:
    """A request whose free choices are drawn: most lead somewhere, some nowhere."""
    made = least(message_class(name))
    made.Header = MessageHeaderType(SessionID=SESSION_ID, TimeStamp=1)
    for field in made.__struct_fields__:
        value = getattr(made, field)
        if hasattr(type(value), "__members__"):
            setattr(made, field, data.draw(st.sampled_from(list(type(value)))))
    if name == "ServiceDetailReq":
        made.ServiceID = int(service)
    if name == "ServiceSelectionReq":
        made.SelectedEnergyTransferService.ServiceID = int(service)
        made.SelectedEnergyTransferService.ParameterSetID = data.draw(st.integers(1, 3))
    if name.endswith("ChargeParameterDiscoveryReq") and name.startswith(service.energy.upper()):
        setattr(made, f"{name[:2]}_CPDReqEnergyTransferMode", least(LIMIT_TYPES[service]))
    if name.endswith("ChargeLoopReq") and name.startswith(service.energy.upper()):
        made.CLReqControlMode = least(LOOP_TYPES[service, mode])
    return made


@settings(max_examples=150, deadline=None)
@given(services, modes, st.lists(names, min_size=1, max_size=25), st.booleans(), st.data())
def test_a_charger_answers_or_ends_whatever_the_order(
    service: Service, mode: ControlMode, order: list[str], in_order_first: bool, data: st.DataObject
) -> None:
    evse = Evse(
        EvseOffer(services=tuple(Service), value_added=tuple(ValueAdded), standby_allowed=True), insulation_ok=True
    )
    secc = SeccSession(evse, security=TLS, make_session_id=lambda: SESSION_ID)
    secc.connected(START_S)
    offered = AppProtocolType(
        ProtocolNamespace=NAMESPACE_OF[service.energy],
        VersionNumberMajor=1,
        VersionNumberMinor=0,
        SchemaID=1,
        Priority=1,
    )
    handshake = supportedAppProtocolReq(AppProtocol=[offered])
    start = [name for name in TABLE.exchanges if not name.startswith(("AC", "DC", "Cert"))][1:7]
    now = START_S
    for name in ["supportedAppProtocolReq", *(start if in_order_first else []), *order]:
        exchange = TABLE.exchanges[name]
        message = handshake if name == "supportedAppProtocolReq" else request(name, service, mode, data)
        now += 0.1
        streams = [exchange.payload_type, exchange.side_stream or exchange.payload_type]
        evse.notification = data.draw(st.sampled_from([None, *Notification]))
        secc.receive(pack(data.draw(st.sampled_from(streams)), encode(exchange.namespace, message)), now)
        packets = V2gtpStream().receive(secc.data_to_send())
        assert len(packets) == 1
        answer = decode(WIRE[PayloadType(packets[0].payload_type)], packets[0].payload)
        assert type(answer).__name__ == exchange.response
        if secc.ended:
            break
    if not secc.ended:
        assert secc.next_timer() is not None
        secc.on_timer(now + 1_000)
    events = []
    while (event := secc.next_event()) is not None:
        events.append(event)
    (end,) = [event for event in events if isinstance(event, SessionEnded)]
    assert end.reason
    assert events[-1] is end
    assert not secc.side.power_on


@pytest.mark.parametrize("state", sorted(TABLE.states - {State.ENDED}))
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_a_car_never_trips_over_an_answer(state: State, data: st.DataObject) -> None:
    evse = Evse()
    secc = SeccSession(evse, security=TLS)
    evcc = EvccSession(SimulatedCar(max_loops=2), CarPlan(pre_charge_patience_s=0.0), security=TLS)
    now = START_S
    secc.connected(now)
    evcc.connected(now)
    for _ in range(200):
        if evcc.state is state or evcc.ended:
            break
        evse.insulation_ok = True
        wire = evcc.data_to_send()
        if wire:
            secc.receive(wire, now)
            evcc.receive(secc.data_to_send(), now)
        else:
            now = evcc.next_timer() or now
            evcc.on_timer(now)
    name = data.draw(st.sampled_from(list(TABLE.responses)))
    exchange = TABLE.responses[name]
    payload_type = data.draw(st.sampled_from([exchange.payload_type, exchange.side_stream or exchange.payload_type]))
    answer = least(supportedAppProtocolRes if exchange is HANDSHAKE else message_class(name))
    payload = encode(exchange.namespace, answer)
    if data.draw(st.booleans()):
        payload = payload[: data.draw(st.integers(0, len(payload)))] + data.draw(st.binary(max_size=8))
    evcc.receive(pack(payload_type, payload), now)
    for _ in range(3):
        due = evcc.next_timer()
        if due is not None:
            evcc.on_timer(due)
    events = []
    while (event := evcc.next_event()) is not None:
        events.append(event)
    assert sum(isinstance(event, SessionEnded) for event in events) == int(evcc.ended)
