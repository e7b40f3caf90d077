"""pyslac's session behind our checks, and our car, over the virtual line in one process: no root, no wire."""

import asyncio
import contextlib
import json
import random
import sys

import pytest

if sys.platform != "linux":
    pytest.skip("pyslac needs Linux", allow_module_level=True)

from protocols.slac import pyslac_session
from protocols.slac.ev import EvSide
from protocols.slac.events import LinkLost, Matched, MatchingFailed
from protocols.slac.evse import Matcher, read_command
from protocols.slac.frames import ETHERNET, HOMEPLUG, Frame, read_frame
from protocols.slac.messages import (
    BROADCAST,
    GROUPS,
    LOCAL_MODEM,
    AmpMapReq,
    AttenCharRsp,
    AttenProfileInd,
    LinkStatusReq,
    MnbcSoundInd,
    SetKeyCnf,
    SlacMatchReq,
    SlacParmReq,
    StartAttenCharInd,
    ValidateReq,
)
from protocols.slac.modem import Cable, PowerLine
from protocols.slac.pyslac_session import QUEUE_MOST, EvseSession
from protocols.slac.timings import Timings

EV_MAC, EVSE_MAC = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")
STRANGER = bytes.fromhex("020000000099")
SLOW = Timings(atten_results_s=3.0, matching_repetition_s=30.0)
"""Of the car: this machine may be busy."""


class Street:
    """One charger, one car, one line, in the event loop."""

    def __init__(self, **evse_timings: float) -> None:
        self.loop = asyncio.get_running_loop()
        self.line = PowerLine(random.Random(3), join_s=0.1)
        for name in ("ev", "evse"):
            self.line.attach(name)
        self.line.lay("ev", "evse", Cable())
        self.told: list[dict] = []
        self.events: list[object] = []
        self.sent: list[bytes] = []
        self.deaf = False
        self.mangle = lambda raw: raw
        timings = Timings(link_poll_s=0.05, assumed_join_s=0.5, match_join_s=2.0, **evse_timings)
        self.session = EvseSession(
            EVSE_MAC, lambda raw: self.send("evse", raw), timings=timings, settle_s=0.0, patience=3.0
        )
        self.matcher = Matcher(self.session, lambda event, **facts: self.told.append({"event": event, **facts}))
        self.ev = EvSide(EV_MAC, timings=SLOW, random=random.Random(4).randbytes)
        self.clock = asyncio.create_task(self._tick())

    def send(self, name: str, raw: bytes) -> None:
        self.sent.append(raw)
        for host, out in self.line.receive(name, self.mangle(raw), self.loop.time()):
            self.loop.call_soon(self.deliver, host, out)

    def deliver(self, host: str, raw: bytes) -> None:
        if ETHERNET.unpack_from(raw)[2] != HOMEPLUG:
            return
        if host == "evse" and not self.deaf:
            self.session.receive(raw)
        elif host == "ev":
            self.ev.receive(raw, self.loop.time())
            self.flush()

    def flush(self) -> None:
        for raw in self.ev.frames_to_send():
            self.send("ev", raw)
        while (event := self.ev.next_event()) is not None:
            self.events.append(event)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(0.005)
            self.ev.on_timer(self.loop.time())
            self.flush()

    def plug_in(self) -> None:
        self.ev.plugged_in(self.loop.time())
        self.flush()

    async def event(self, kind: type, count: int = 1) -> object:
        async with asyncio.timeout(12):
            while len([one for one in self.events if isinstance(one, kind)]) < count:
                await asyncio.sleep(0.01)
        return [one for one in self.events if isinstance(one, kind)][-1]

    async def news(self, event: str, count: int = 1) -> dict:
        async with asyncio.timeout(12):
            while len([one for one in self.told if one["event"] == event]) < count:
                await asyncio.sleep(0.01)
        return [one for one in self.told if one["event"] == event][-1]

    async def close(self) -> None:
        self.clock.cancel()
        await self.matcher.close()


@pytest.fixture
async def street():
    made = Street()
    yield made
    await made.close()


def hostile(rng: random.Random) -> bytes:
    """Something that a broken or wicked neighbour could send."""
    pieces = [
        Frame(BROADCAST, STRANGER, SlacParmReq(run_id=rng.randbytes(8))).to_bytes(),
        Frame(EVSE_MAC, STRANGER, AttenCharRsp(source_address=EV_MAC, run_id=rng.randbytes(8))).to_bytes(),
        Frame(EVSE_MAC, STRANGER, AttenProfileInd(pev_mac=EV_MAC, aag=rng.randbytes(rng.randrange(256)))).to_bytes(),
        Frame(EVSE_MAC, EV_MAC, SlacMatchReq(pev_mac=EV_MAC, evse_mac=EVSE_MAC, run_id=rng.randbytes(8))).to_bytes(),
        Frame(BROADCAST, EV_MAC, StartAttenCharInd(forwarding_sta=EV_MAC, run_id=rng.randbytes(8))).to_bytes(),
        Frame(EVSE_MAC, STRANGER, SetKeyCnf(result=1)).to_bytes(),
        rng.randbytes(rng.randrange(100)),
    ]
    raw = rng.choice(pieces)
    return raw[: rng.randrange(len(raw) + 1)] if rng.random() < 0.5 else raw


async def test_both_reach_matched_and_share_the_key(street):
    await street.news("network")
    street.matcher.match()
    street.plug_in()
    matched = await street.event(Matched)
    told = await street.news("matched")
    assert told["ev_mac"] == "02:00:00:00:00:01"
    assert told["nid"] == matched.nid.hex()
    assert 1 <= told["sounds"] <= 10
    assert street.line.modems["ev"].nmk == street.line.modems["evse"].nmk == street.session.nmk
    assert "nmk" not in json.dumps(street.told), "the key stays where it is"


async def test_a_lost_link_is_told_and_the_next_match_has_another_key(street):
    await street.news("network")
    street.matcher.match()
    street.plug_in()
    await street.news("matched")
    await street.event(Matched)
    first = street.session.nmk
    street.line.cut("ev", "evse")
    assert "no link" in (await street.news("lost"))["reason"]
    await street.event(LinkLost)
    street.line.lay("ev", "evse", Cable())
    await street.news("network", 2)
    street.matcher.match()
    street.plug_in()
    await street.news("matched", 2)
    assert street.session.nmk != first


async def test_where_the_modem_tells_no_link_the_car_tells_that_it_is_lost(street):
    mute = Frame(LOCAL_MODEM, EVSE_MAC, LinkStatusReq()).to_bytes()
    street.mangle = lambda raw: b"" if raw == mute else raw
    await street.news("network")
    street.matcher.match()
    street.plug_in()
    await street.news("matched")
    again = Frame(BROADCAST, EV_MAC, SlacParmReq(run_id=b"anewanew")).to_bytes()
    street.session.receive(again.replace(EV_MAC, STRANGER))
    await asyncio.sleep(0.2)
    assert not [one for one in street.told if one["event"] == "lost"]
    street.session.receive(again)
    assert (await street.news("lost"))["reason"] == "the car began to match anew"


async def test_a_matched_car_that_asks_anew_gets_no_answer_while_the_link_stands(street):
    await street.news("network")
    street.matcher.match()
    street.plug_in()
    await street.news("matched")
    street.sent.clear()
    street.session.receive(Frame(BROADCAST, EV_MAC, SlacParmReq(run_id=b"anewanew")).to_bytes())
    await asyncio.sleep(0.3)
    assert not [raw for raw in street.sent if raw[15:17] == b"\x65\x60"]
    assert not [one for one in street.told if one["event"] == "lost"]


async def test_leaving_throws_the_car_out(street):
    await street.news("network")
    await street.matcher.leave()
    await street.news("left")
    assert len([one for one in street.told if one["event"] == "network"]) == 1, "nobody knew that key"
    street.matcher.match()
    street.plug_in()
    await street.news("matched")
    await street.event(Matched)
    await street.matcher.leave()
    await street.news("left", 2)
    await street.event(LinkLost)
    assert street.line.modems["ev"].nmk != street.line.modems["evse"].nmk


async def test_a_hostile_neighbour_does_not_keep_the_car_from_matching(street):
    rng = random.Random(11)
    await street.news("network")
    street.matcher.match()

    async def shout():
        while True:
            for _ in range(3):
                street.session.receive(hostile(rng))
            await asyncio.sleep(0.02)

    shouting = asyncio.create_task(shout())
    try:
        street.plug_in()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(8):
                await street.event(Matched)
    finally:
        shouting.cancel()
    # A stranger that asks first keeps pyslac busy for a while; when it is quiet, the car comes through.
    street.plug_in()
    await street.news("matched")


async def test_a_flood_is_bounded(street):
    await street.news("network")
    for number in range(5000):
        street.session.receive(Frame(BROADCAST, STRANGER, SlacParmReq(run_id=number.to_bytes(8, "big"))).to_bytes())
    assert street.session._queue.qsize() <= QUEUE_MOST


async def test_silence_is_told_as_no_slac():
    street = Street(evse_init_s=0.3)
    try:
        await street.news("network")
        street.matcher.match()
        await street.news("no_slac")
        street.matcher.match()
        street.line.cut("ev", "evse")
        await street.news("no_slac", 2)
    finally:
        await street.close()


async def test_a_car_that_falls_silent_is_told_and_the_next_one_matches():
    street = Street(evse_init_s=2.0)
    try:
        await street.news("network")
        street.matcher.match()
        street.send("ev", Frame(BROADCAST, EV_MAC, SlacParmReq(run_id=b"12345678")).to_bytes())
        failed = await street.news("attempt_failed")
        assert "stopped answering" in failed["reason"]
        street.plug_in()
        await street.news("matched")
    finally:
        await street.close()


async def test_a_car_with_the_wrong_key_is_told_and_the_next_one_gets_another(street):
    await street.news("network")
    right = street.session.nmk
    street.mangle = lambda raw: raw.replace(right, bytes(16))
    street.matcher.match()
    street.plug_in()
    assert "has not joined" in (await street.news("failed"))["reason"]
    assert not [one for one in street.told if one["event"] == "matched"]
    await street.news("network", 2)
    assert street.session.nmk != right
    street.mangle = lambda raw: raw
    street.ev.leave(street.loop.time())
    street.matcher.match()
    street.plug_in()
    await street.news("matched")


async def test_a_run_with_security_is_not_ours(street):
    await street.news("network")
    street.matcher.match()
    await asyncio.sleep(0.05)
    for field in (19, 20):
        raw = bytearray(Frame(BROADCAST, EV_MAC, SlacParmReq(run_id=b"12345678")).to_bytes())
        raw[field] = 0xFF
        street.session.receive(bytes(raw))
    await asyncio.sleep(0.1)
    assert not [one for one in street.told if one["event"] == "matching"]


async def test_what_nobody_foresaw_is_told(street, monkeypatch):
    told = []
    await street.news("network")
    await street.matcher.close()

    async def broken():
        raise RuntimeError("boom")

    monkeypatch.setattr(street.session, "await_car", broken)
    street.matcher = Matcher(street.session, lambda event, **facts: None, on_failure=told.append)
    street.matcher.match()
    async with asyncio.timeout(5):
        while not told:
            await asyncio.sleep(0.01)
    assert told == ["the matching failed unforeseen (RuntimeError: boom)"]


async def test_a_car_that_begins_anew_is_not_kept_waiting(street):
    await street.news("network")
    street.matcher.match()
    street.send("ev", Frame(BROADCAST, EV_MAC, SlacParmReq(run_id=b"12345678")).to_bytes())
    await street.news("matching")
    street.plug_in()
    await street.news("matched")
    assert (await street.event(Matched)).attempts <= 3, "pyslac alone would have let it wait for 10 s"


async def test_no_modem_is_told(street, monkeypatch):
    monkeypatch.setattr(pyslac_session, "KEY_ANSWER_S", 0.1)
    await street.news("network")
    street.deaf = True
    street.matcher.match()
    await asyncio.sleep(0.05)
    await street.matcher.leave()
    assert "no modem answers" in (await street.news("error"))["reason"]


async def test_validation_and_amplitudes_are_answered(street):
    await street.news("network")
    street.matcher.match()
    street.plug_in()
    await street.news("matched")
    street.sent.clear()
    street.session.receive(Frame(EVSE_MAC, EV_MAC, ValidateReq()).to_bytes())
    street.session.receive(Frame(EVSE_MAC, EV_MAC, AmpMapReq(amlen=2, amdata=b"\x11")).to_bytes())
    street.session.receive(Frame(EVSE_MAC, STRANGER, AmpMapReq(amlen=2, amdata=b"\x11")).to_bytes())
    answers = [read_frame(raw) for raw in street.sent]
    assert [(one.destination, one.message.NAME, one.message.result) for one in answers] == [
        (EV_MAC, "CM_VALIDATE.CNF", 3),
        (EV_MAC, "CM_AMP_MAP.CNF", 0),
    ]


async def test_a_lost_confirmation_is_repeated(street):
    await street.news("network")
    street.matcher.match()
    street.plug_in()
    await street.news("matched")
    confirmed = [raw for raw in street.sent if raw[15:17] == b"\x7d\x60"]
    asked = SlacMatchReq(pev_mac=EV_MAC, evse_mac=EVSE_MAC, run_id=street.session.run_id)
    street.session.receive(Frame(EVSE_MAC, EV_MAC, asked).to_bytes())
    assert [raw for raw in street.sent if raw[15:17] == b"\x7d\x60"] == confirmed * 2


async def test_the_car_gives_up_where_the_charger_is_deaf(street):
    street.deaf = True
    street.ev = EvSide(EV_MAC, timings=Timings(matching_repetition_s=1.0))
    street.plug_in()
    await street.event(MatchingFailed)


@pytest.mark.parametrize("state", [0, 1, 2], ids=["unmatched", "matching", "matched"])
async def test_every_truncation_and_bit_flip_is_survived_in_every_state(state):
    sent: list[bytes] = []
    session = EvseSession(EVSE_MAC, sent.append)
    session.state, session.pev_mac, session.run_id = state, EV_MAC, b"12345678"
    run = {"run_id": b"12345678"}
    for message in (
        SlacParmReq(**run),
        StartAttenCharInd(forwarding_sta=EV_MAC, **run),
        MnbcSoundInd(count=3, random=bytes(16), **run),
        AttenProfileInd(pev_mac=EV_MAC, aag=bytes(GROUPS)),
        AttenCharRsp(source_address=EV_MAC, **run),
        SlacMatchReq(pev_mac=EV_MAC, evse_mac=EVSE_MAC, **run),
        ValidateReq(),
        AmpMapReq(amlen=2, amdata=b"\x11"),
        SetKeyCnf(),
    ):
        raw = Frame(EVSE_MAC, EV_MAC, message).to_bytes()
        for size in range(len(raw)):
            session.receive(raw[:size])
        for at in range(len(raw) * 8):
            flipped = bytearray(raw)
            flipped[at // 8] ^= 1 << at % 8
            session.receive(bytes(flipped))
    # What is left for pyslac is whole, and no longer than it reads.
    while not session._queue.empty():
        read_frame(session._queue.get_nowait(), exact=False)
    assert all(len(raw) >= 60 for raw in sent)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"nonsense\n", "is not JSON"),
        (b"[" * 4000, "is not JSON"),
        (bytes(4096), "is not JSON"),
        (b"\xff\xfe{\x00", "is not JSON"),
        (b"{}\n", "asks for nothing known"),
        (b'{"do": "dance"}\n', "asks for nothing known"),
        (b'["match"]\n', "asks for nothing known"),
    ],
)
def test_commands_that_are_none(line, words):
    with pytest.raises(ValueError, match=words):
        read_command(line)


def test_commands():
    assert read_command(b'{"do": "match"}') == ("match", True)
    assert read_command(b'{"do": "pause", "on": false}') == ("pause", False)
