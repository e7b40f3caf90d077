"""Recorded sessions of another's stack, played to each of our ends in turn."""

import gzip
import json
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from protocols.exi import APP_PROTOCOL, V2, decode, encode, to_json
from protocols.exi.messages import v2, v2_types
from protocols.iso15118 import (
    CarPlan,
    ConnectionSecurity,
    EvccSession,
    Evse,
    EvseOffer,
    SeccSession,
    Service,
    SimulatedCar,
)
from protocols.iso15118.credentials import Chain, Fragments
from protocols.iso15118.events import ContractAccepted, LoopAnswered, MessageSeen, PreChargeRequested, SessionEnded
from protocols.iso15118.power import EvseReadings
from protocols.iso15118.services import ProtocolName
from protocols.iso15118.signature import verify
from protocols.iso15118.v2gtp import PayloadType, V2gtpStream, pack
from protocols.pki import read_der

GOLDEN = Path(__file__).resolve().parents[2] / "golden"
SESSIONS = {"ac": Service.AC, "dc": Service.DC, "ac_tls_pnc": Service.AC}
HANDSHAKE = "supportedAppProtocol"
START_S = 1_795_351_000.0
TLS = ConnectionSecurity("TLSv1.2")


def recording(name: str) -> list[dict[str, Any]]:
    """Its messages; the fragments in between, which were only signed, left out."""
    with gzip.open(GOLDEN / f"session_v2_{name}.jsonl.gz", "rt", encoding="utf-8") as recorded:
        lines = [json.loads(line) for line in recorded]
    return [line for line in lines if "V2G_Message" in line["json"] or line["message"].startswith(HANDSHAKE)]


def wire(line: dict[str, Any]) -> bytes:
    return pack(PayloadType.V2_MAINSTREAM, bytes.fromhex(line["exi"]))


def document(line: dict[str, Any]) -> dict[str, Any]:
    return line["json"]["V2G_Message"]


def body(line: dict[str, Any]) -> dict[str, Any]:
    return document(line)["Body"][line["message"]]


def events_of(session: Any) -> list[Any]:
    found = []
    while (event := session.next_event()) is not None:
        found.append(event)
    return found


class Believing:
    """Takes the recorded contract, whose root is not ours; its signatures are really verified."""

    installs_contracts = False
    providers = ()
    signed = 0

    def contract_holder(self, namespace: str, chain: Chain, emaid: str | None, now: float) -> str:
        return str(emaid)

    def check_signature(self, namespace: str, fragments: Fragments, signature: Any, signer: bytes) -> None:
        verify(namespace, fragments, signature, read_der(signer).public_key())
        self.signed += 1

    def new_contract(self, namespace: str, wanted: Any, now: float) -> None:
        return None


@pytest.mark.parametrize("name", SESSIONS)
def test_our_charger_answers_a_recorded_car(name: str) -> None:
    lines = recording(name)
    contract = name.endswith("pnc")
    told = {line["message"]: line for line in lines}
    session_id = bytes.fromhex(document(told["SessionSetupRes"])["Header"]["SessionID"])
    evse, credentials = Evse(EvseOffer(protocols=(ProtocolName.V2,))), Believing()
    evse.set_power(2_500)
    options: dict[str, Any] = {}
    if contract:
        # The recorded car signed the challenge that it was given then.
        details = decode(V2, bytes.fromhex(told["PaymentDetailsRes"]["exi"]))
        options = {
            "security": TLS,
            "credentials": credentials,
            "make_challenge": lambda: details.Body.BodyElement.GenChallenge,
        }
    secc = SeccSession(evse, make_session_id=lambda: session_id, **options)
    secc.connected(START_S)
    now, events = START_S, []
    requests = [line for line in lines if line["sender"] == "evcc"]
    responses = {id(asked): answer for asked, answer in pairwise(lines) if asked["sender"] == "evcc"}
    for request in requests:
        response = responses.get(id(request))
        now += 0.1
        if response is not None and response["message"] == "CableCheckRes":
            evse.insulation_ok = True if body(response)["EVSEProcessing"] == "Finished" else evse.insulation_ok
        secc.receive(wire(request), now)
        (packet,) = V2gtpStream().receive(secc.data_to_send())
        first = request["message"].startswith(HANDSHAKE)
        answer = to_json(decode(APP_PROTOCOL if first else V2, packet.payload))
        if response is not None and not first:
            theirs, ours = document(response), answer["V2G_Message"]
            assert ours["Header"]["SessionID"] == theirs["Header"]["SessionID"]
            assert list(ours["Body"]) == [response["message"]]
            assert ours["Body"][response["message"]]["ResponseCode"] == body(response)["ResponseCode"]
        for event in events_of(secc):
            events.append(event)
            if isinstance(event, PreChargeRequested):
                evse.readings = EvseReadings(voltage_v=event.target_v)
    (end,) = [event for event in events if isinstance(event, SessionEnded)]
    assert end.proper, end
    loops = [event for event in events if isinstance(event, LoopAnswered)]
    assert len(loops) == len([one for one in requests if one["message"] in ("ChargingStatusReq", "CurrentDemandReq")])
    assert {event.set_point_w for event in loops} == {2_500.0}
    assert credentials.signed == contract
    assert len([event for event in events if isinstance(event, ContractAccepted)]) == contract


@pytest.mark.parametrize("name", ["ac", "dc"])
def test_our_car_completes_a_session_with_a_recorded_charger(name: str) -> None:
    recorded: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in recording(name):
        if line["sender"] == "secc":
            recorded[line["message"].removesuffix("Res")].append(line)
    if name == "dc":
        # The recording ends with SessionStopReq; its answer is the other session's, under this one's name.
        recorded["SessionStop"] = [{"exi": stopped(document(recorded["SessionSetup"][0])["Header"]["SessionID"])}]
    car = SimulatedCar(max_loops=6)
    plan = CarPlan(SESSIONS[name], protocols=(ProtocolName.V2,), pre_charge_patience_s=0.0)
    evcc, now = EvccSession(car, plan), START_S
    evcc.connected(now)
    events: list[Any] = []
    for _ in range(200):
        for packet in V2gtpStream().receive(evcc.data_to_send()):
            first = not events
            request = decode(APP_PROTOCOL if first else V2, packet.payload)
            asked = type(request if first else request.Body.BodyElement).__name__.removesuffix("Req")
            answers = recorded[asked]
            # The last answer of its kind stands for all that follow.
            evcc.receive(wire(answers.pop(0) if len(answers) > 1 else answers[0]), now)
            events += events_of(evcc)
        due = evcc.next_timer()
        if evcc.ended or due is None:
            break
        if not evcc._out:
            now = due
            evcc.on_timer(now)
    events += events_of(evcc)
    (end,) = [event for event in events if isinstance(event, SessionEnded)]
    assert end.proper, end
    assert car.loops >= 6
    sent = {
        event.name.removesuffix("Req") for event in events if isinstance(event, MessageSeen) and event.sender == "evcc"
    }
    assert sent == set(recorded)


def stopped(session_id: str) -> str:
    header = v2_types.MessageHeaderType(SessionID=bytes.fromhex(session_id))
    answer = v2.SessionStopRes(ResponseCode=v2_types.responseCodeType.OK)
    return encode(V2, v2.V2G_Message(Header=header, Body=v2.BodyType(BodyElement=answer))).hex()
