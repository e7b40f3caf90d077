"""A recorded session of another's stack, played to each of our ends in turn."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from protocols.exi import APP_PROTOCOL, DIN, decode, to_json
from protocols.iso15118 import CarPlan, EvccSession, Evse, SeccSession, Service, SimulatedCar, Timings
from protocols.iso15118.events import LoopAnswered, MessageSeen, SessionEnded, SetPointReceived
from protocols.iso15118.power import EvseReadings
from protocols.iso15118.services import ProtocolName
from protocols.iso15118.v2gtp import PayloadType, V2gtpStream, pack

RECORDING = Path(__file__).resolve().parents[2] / "golden" / "session_din_dc.jsonl.gz"
START_S = 1_795_351_145.0


@pytest.fixture(scope="module")
def lines() -> list[dict[str, Any]]:
    with gzip.open(RECORDING, "rt", encoding="utf-8") as recorded:
        return [json.loads(line) for line in recorded]


def wire(line: dict[str, Any]) -> bytes:
    return pack(PayloadType.V2_MAINSTREAM, bytes.fromhex(line["exi"]))


def events_of(session: Any) -> list[Any]:
    found = []
    while (event := session.next_event()) is not None:
        found.append(event)
    return found


def test_our_charger_answers_a_recorded_car(lines: list[dict[str, Any]]) -> None:
    evse = Evse()
    evse.set_power(2_500)
    secc = SeccSession(evse, make_session_id=lambda: bytes.fromhex("39828364503F5719"))
    secc.connected(START_S)
    now = START_S
    for request, response in zip(lines[::2], lines[1::2], strict=True):
        assert (request["sender"], response["sender"]) == ("evcc", "secc")
        now += 0.1
        if response["message"] == "CableCheckRes":
            body = response["json"]["V2G_Message"]["Body"]["CableCheckRes"]
            evse.insulation_ok = True if body["EVSEProcessing"] == "Finished" else evse.insulation_ok
        if response["message"] == "PreChargeRes":
            evse.readings = EvseReadings(0.0, 500.0, 0.0)
        secc.receive(wire(request), now)
        (packet,) = V2gtpStream().receive(secc.data_to_send())
        answer = decode(APP_PROTOCOL if request is lines[0] else DIN, packet.payload)
        name = type(answer).__name__ if request is lines[0] else type(answer.Body.BodyElement).__name__
        assert name == response["message"]
        if request is not lines[0]:
            theirs, ours = response["json"]["V2G_Message"], to_json(answer)["V2G_Message"]
            assert ours["Header"] == theirs["Header"]
            assert ours["Body"][name]["ResponseCode"] == theirs["Body"][name]["ResponseCode"]
    events = events_of(secc)
    assert not secc.ended
    assert [event.set_point_w for event in events if isinstance(event, LoopAnswered)] == [2_500, 2_500]
    (first, second) = [event.report for event in events if isinstance(event, LoopAnswered)]
    assert (first.soc, second.soc) == (0.3, 0.4)
    assert (first.limits.max_charge_w, first.limits.max_charge_a, first.target_w) == (80_000, 32, 500)
    secc.connection_lost(now, "the recording ends")
    assert isinstance(events_of(secc)[-1], SessionEnded)


def test_our_car_hears_a_recorded_charger(lines: list[dict[str, Any]]) -> None:
    plan = CarPlan(Service.DC, protocols=(ProtocolName.DIN,), pre_charge_patience_s=0.45)
    evcc = EvccSession(SimulatedCar(), plan, Timings())
    now = START_S
    evcc.connected(now)
    events: list[Any] = []
    for request, response in zip(lines[::2], lines[1::2], strict=True):
        while not (sent := evcc.data_to_send()):
            now = evcc.next_timer() or now
            evcc.on_timer(now)
        (packet,) = V2gtpStream().receive(sent)
        events += events_of(evcc)
        assert [event.name for event in events if isinstance(event, MessageSeen)][-1] == request["message"]
        assert packet.payload_type == PayloadType.V2_MAINSTREAM
        evcc.receive(wire(response), now)
    events += events_of(evcc)
    assert not evcc.ended, events[-1]
    received = [event for event in events if isinstance(event, SetPointReceived)]
    assert [event.evse_voltage_v for event in received] == [1, 1]
    assert received[0].set_point_w == 300  # 300 A at 1 V
    assert evcc.side.session_id.hex().upper() == "39828364503F5719"
