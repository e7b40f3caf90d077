"""Framing: what is malformed is answered as OCPP-J says, and nothing that arrives raises."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.ocpp import schemas
from protocols.ocpp.rpc import Answered, CallFailed, CallReceived, FrameRefused, Rpc, SendReceived
from protocols.ocpp.versions import Version

HEARTBEAT = {"currentTime": "2026-11-22T12:00:00Z"}


def replies(rpc: Rpc) -> list[list[object]]:
    return [orjson.loads(frame) for frame in rpc.take_output()]


@pytest.mark.parametrize(
    ("frame", "message_id", "code"),
    [
        ("", "-1", "RpcFrameworkError"),
        ("not json", "-1", "RpcFrameworkError"),
        (b"\xff\xfe", "-1", "RpcFrameworkError"),
        ("{}", "-1", "RpcFrameworkError"),
        ("[]", "-1", "RpcFrameworkError"),
        ("[true]", "-1", "RpcFrameworkError"),
        ("[NaN]", "-1", "RpcFrameworkError"),
        ("[1e999]", "-1", "RpcFrameworkError"),
        ('["2","a","Reset",{}]', "a", "RpcFrameworkError"),
        ("[2]", "-1", "RpcFrameworkError"),
        ('[2,7,"Reset",{}]', "-1", "RpcFrameworkError"),
        ('[2,"","Reset",{}]', "-1", "RpcFrameworkError"),
        (f'[2,"{"x" * 37}","Reset",{{}}]', "-1", "RpcFrameworkError"),
        ('[2,"a","Reset"]', "a", "RpcFrameworkError"),
        ('[2,"a","Reset",{},1]', "a", "RpcFrameworkError"),
        ('[2,"a",["Reset"],{}]', "a", "RpcFrameworkError"),
        ('[2,"a","Reset",[]]', "a", "FormatViolation"),
        ('[2,"a","Reset","OnIdle"]', "a", "FormatViolation"),
        ('[2,"a","Reset",{}]', "a", "OccurrenceConstraintViolation"),
        ('[2,"a","Reset",{"type":1}]', "a", "TypeConstraintViolation"),
        ('[2,"a","Reset",{"type":"Soon"}]', "a", "PropertyConstraintViolation"),
        ('[2,"a","Reset",{"type":"OnIdle","evseId":-1}]', "a", "PropertyConstraintViolation"),
        ('[2,"a","Reset",{"type":"OnIdle","why":1}]', "a", "FormatViolation"),
        ('[2,"a","Dance",{}]', "a", "NotImplemented"),
        ('[2,"a","../../SetChargingProfile",{}]', "a", "NotImplemented"),
        ('[7,"a",{}]', "a", "MessageTypeNotSupported"),
        ('[-2,"a",{}]', "a", "MessageTypeNotSupported"),
        ("[" * 900 + "]" * 900, "-1", "RpcFrameworkError"),
        ("[" * 100_000, "-1", "RpcFrameworkError"),
    ],
)
def test_malformed_call_is_answered_with_its_error(frame: str | bytes, message_id: str, code: str) -> None:
    rpc = Rpc(Version.V21)
    rpc.receive(frame)
    (reply,) = replies(rpc)
    assert reply[:3] == [4, message_id, code]
    assert len(str(reply[3])) <= 255
    assert isinstance(rpc.next_event(), FrameRefused)
    assert rpc.next_event() is None


def test_time_format_is_checked() -> None:
    rpc = Rpc(Version.V21)
    rpc.call("Heartbeat", {}, now=0.0, message_id="h")
    rpc.take_output()
    rpc.receive(orjson.dumps([3, "h", {"currentTime": "not a date"}]))
    failed = rpc.next_event()
    assert isinstance(failed, CallFailed)
    assert failed.code == "FormatViolation"


@pytest.mark.parametrize("version", list(Version))
def test_every_schema_compiles_and_bounds_its_integers(version: Version) -> None:
    names = schemas._names(version)
    assert len(names) > 120
    for name in names:
        schemas._compiled(version, name)
    for value in (2**31, -(2**31) - 1, 1e308, 3.0):
        assert schemas.check_request(version, "GetChargingProfiles", {"requestId": value, "chargingProfile": {}})
    for value in (2**31 - 1, -(2**31)):
        payload = {"requestId": value, "chargingProfile": {}}
        assert schemas.check_request(version, "GetChargingProfiles", payload) is None


def test_types_5_and_6_belong_to_2_1() -> None:
    for kind in (5, 6):
        old = Rpc(Version.V201)
        old.receive(orjson.dumps([kind, "a", "NotifyPeriodicEventStream", {}]))
        assert replies(old)[0][:3] == [4, "a", "MessageTypeNotSupported"]
    new = Rpc(Version.V21)
    new.receive(orjson.dumps([6, "a", "NotifyPeriodicEventStream", {"id": 1}]))
    assert new.next_event() == SendReceived("NotifyPeriodicEventStream", {"id": 1})
    new.receive(orjson.dumps([5, "a", "FormatViolation", "no", {}]))
    assert isinstance(new.next_event(), FrameRefused)
    new.receive(orjson.dumps([6, "a", 5]))
    new.receive(orjson.dumps([5]))
    assert new.take_output() == [], "neither is ever answered"


def test_one_call_at_a_time_and_its_answer() -> None:
    rpc = Rpc(Version.V21)
    rpc.call("Heartbeat", {}, now=0.0, message_id="h")
    with pytest.raises(RuntimeError, match="Heartbeat is still unanswered"):
        rpc.call("Heartbeat", {}, now=0.0)
    rpc.receive(orjson.dumps([3, "other", HEARTBEAT]))
    assert isinstance(rpc.next_event(), FrameRefused)
    assert rpc.busy
    rpc.receive(orjson.dumps([3, "h", HEARTBEAT]))
    assert rpc.next_event() == Answered("h", "Heartbeat", {}, HEARTBEAT)
    assert not rpc.busy


@pytest.mark.parametrize("answer", [[3, "h", {}], [3, "h", []], [3, "h"], [3, "h", {"currentTime": 5}]])
def test_invalid_answer_is_told_back_in_2_1_only(answer: list[object]) -> None:
    for version, told in ((Version.V21, 1), (Version.V201, 0)):
        rpc = Rpc(version)
        rpc.call("Heartbeat", {}, now=0.0, message_id="h")
        rpc.take_output()
        rpc.receive(orjson.dumps(answer))
        assert [reply[:2] for reply in replies(rpc)] == [[5, "h"]] * told
        assert isinstance(rpc.next_event(), CallFailed)
        assert not rpc.busy


def test_call_error_and_silence_end_a_call() -> None:
    rpc = Rpc(Version.V21, call_timeout_s=30.0)
    rpc.call("Heartbeat", {}, now=0.0, message_id="h")
    rpc.receive('[4,"h"]')
    failed = rpc.next_event()
    assert isinstance(failed, CallFailed)
    assert failed.code == "GenericError"
    rpc.call("Heartbeat", {}, now=100.0, message_id="i")
    assert rpc.next_timer() == 130.0
    rpc.on_timer(129.9)
    assert rpc.busy
    rpc.on_timer(130.0)
    failed = rpc.next_event()
    assert isinstance(failed, CallFailed)
    assert failed.code == "Timeout"
    rpc.receive(orjson.dumps([3, "i", HEARTBEAT]))
    assert isinstance(rpc.next_event(), FrameRefused), "an answer that comes too late belongs to nothing"


def test_what_we_send_keeps_to_the_schema() -> None:
    rpc = Rpc(Version.V21)
    with pytest.raises(ValueError, match="StatusNotification"):
        rpc.call("StatusNotification", {"evseId": 1}, now=0.0)
    assert not rpc.busy
    rpc.receive('[2,"a","ClearCache",null]')
    call = rpc.next_event()
    assert isinstance(call, CallReceived)
    assert call.payload == {}
    with pytest.raises(ValueError, match="ClearCache"):
        rpc.reply(call, {"status": "Perhaps"})
    assert rpc.take_output() == []


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
frames = st.lists(json_values, max_size=5) | st.tuples(
    st.integers(0, 7), st.text(max_size=40), st.sampled_from(["Reset", "SetChargingProfile", "x"]), json_values
).map(list)


@given(st.lists(frames, max_size=4), st.sampled_from(list(Version)))
def test_no_frame_raises_or_starts_a_quarrel(odd: list[list[object]], version: Version) -> None:
    one, other = Rpc(version), Rpc(version)
    for frame in odd:
        try:
            one.receive(orjson.dumps(frame))
        except TypeError:  # orjson cannot write an integer above 64 bits
            continue
    for _ in range(3):  # whatever was answered, the answers are not answered
        for reply in one.take_output():
            other.receive(reply)
        assert other.take_output() == []


@given(st.binary(max_size=60))
def test_no_bytes_raise(data: bytes) -> None:
    rpc = Rpc(Version.V21)
    rpc.receive(data)
    assert len(rpc.take_output()) <= 1
