"""Recorded sessions of other people's stacks, played to each of our ends in turn."""

from collections import defaultdict
from typing import Any

import pytest

from protocols.exi import decode
from protocols.exi.namespaces import APP_PROTOCOL
from protocols.iso15118 import (
    CarPlan,
    ConnectionSecurity,
    ControlMode,
    EvccSession,
    Evse,
    EvseOffer,
    SeccSession,
    Service,
    SimulatedCar,
)
from protocols.iso15118.events import LoopAnswered, MessageSeen, PreChargeRequested, SessionEnded
from protocols.iso15118.power import EvseReadings
from protocols.iso15118.v2gtp import PayloadType, V2gtpStream, pack
from protocols.iso15118.v20.dialect import GRAMMARS
from protocols.iso15118.v20.table import TABLE

SESSIONS = ["ac", "ac_bpt", "dc", "dc_bpt"]
WIRE = {**GRAMMARS, PayloadType.APP_PROTOCOL: APP_PROTOCOL}
TLS = ConnectionSecurity("TLSv1.3")
START_S = 1_795_350_000.0


def wire(line: dict[str, Any]) -> bytes:
    request = line["message"].removesuffix("Res").removesuffix("Req") + "Req"
    return pack(TABLE.exchanges[request].payload_type, bytes.fromhex(line["exi"]))


def body(line: dict[str, Any]) -> dict[str, Any]:
    return line["json"][line["message"]]


@pytest.mark.parametrize("name", SESSIONS)
def test_our_charger_answers_a_recorded_car(golden_session: Any, name: str) -> None:
    lines = list(golden_session(name))
    session_id = next(body(line)["Header"]["SessionID"] for line in lines if line["message"] == "SessionSetupRes")
    evse = Evse(EvseOffer(control_modes=(ControlMode.SCHEDULED, ControlMode.DYNAMIC)))
    evse.set_power(-2_500 if "bpt" in name else 2_500)
    secc = SeccSession(evse, security=TLS, make_session_id=lambda: bytes.fromhex(session_id))
    secc.connected(START_S)
    events: list[object] = []
    now = START_S
    for request, response in zip(lines[::2], lines[1::2], strict=True):
        assert (request["sender"], response["sender"]) == ("evcc", "secc")
        now += 0.1
        if body(response).get("EVSEProcessing") == "Finished":
            evse.insulation_ok = True if "CableCheck" in response["message"] else evse.insulation_ok
        secc.receive(wire(request), now)
        (packet,) = V2gtpStream().receive(secc.data_to_send())
        answer = decode(WIRE[PayloadType(packet.payload_type)], packet.payload)
        assert type(answer).__name__ == response["message"], request
        # The recorded charger says plain OK to a car that confirms the power tolerance, against [V2G20-1944].
        code = answer.ResponseCode.replace("OK_PowerToleranceConfirmed", "OK")
        assert code == body(response)["ResponseCode"], request
        assert packet.payload_type == TABLE.exchanges[request["message"]].payload_type
        while (event := secc.next_event()) is not None:
            events.append(event)
            if isinstance(event, PreChargeRequested):
                evse.readings = EvseReadings(voltage_v=event.target_v)
    (end,) = [event for event in events if isinstance(event, SessionEnded)]
    assert end.proper
    loops = [event for event in events if isinstance(event, LoopAnswered)]
    assert len(loops) == 10
    assert loops[-1].report.soc == 1.0
    # In scheduled DC the recorded car told no limits in the loop; those of before still bound it.
    assert {event.set_point_w for event in loops} == {-2_500.0 if "bpt" in name else 2_500.0}


@pytest.mark.parametrize("name", SESSIONS)
def test_our_car_completes_a_session_with_a_recorded_charger(golden_session: Any, name: str) -> None:
    recorded: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in golden_session(name):
        if line["sender"] == "secc":
            recorded[line["message"].removesuffix("Res")].append(line)
    car = SimulatedCar(max_loops=6)
    plan = CarPlan(Service[name.upper()], ControlMode.SCHEDULED, pre_charge_patience_s=0.0)
    evcc = EvccSession(car, plan, security=TLS)
    now = START_S
    evcc.connected(now)
    for _ in range(200):
        for packet in V2gtpStream().receive(evcc.data_to_send()):
            request = decode(WIRE[PayloadType(packet.payload_type)], packet.payload)
            answers = recorded[type(request).__name__.removesuffix("Req")]
            # The last answer of its kind stands for all that follow.
            evcc.receive(wire(answers.pop(0) if len(answers) > 1 else answers[0]), now)
        due = evcc.next_timer()
        if evcc.ended or due is None:
            break
        if not evcc._out:
            now = due
            evcc.on_timer(now)
    events = []
    while (event := evcc.next_event()) is not None:
        events.append(event)
    (end,) = [event for event in events if isinstance(event, SessionEnded)]
    assert end.proper, end
    assert car.loops >= 6
    sent = {event.name for event in events if isinstance(event, MessageSeen) and event.sender == "evcc"}
    assert {name.removesuffix("Req") for name in sent} == set(recorded)
