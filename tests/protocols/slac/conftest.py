"""A matching without a wire: virtual time, the virtual power line, and an EVSE's side of a few lines."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from protocols.slac.ev import EvSide
from protocols.slac.events import Event
from protocols.slac.frames import Frame, read_frame
from protocols.slac.keys import nid_of
from protocols.slac.layout import FrameError
from protocols.slac.messages import (
    GROUPS,
    LOCAL_MODEM,
    AttenCharInd,
    AttenCharRsp,
    AttenProfileInd,
    Message,
    SetKeyReq,
    SlacMatchCnf,
    SlacMatchReq,
    SlacParmCnf,
    SlacParmReq,
    StartAttenCharInd,
    ValidateCnf,
    ValidateReq,
)
from protocols.slac.modem import Cable, PowerLine
from protocols.slac.timings import Timings

EV_MAC = bytes.fromhex("020000000001")
T0 = 1_000_000.0


@dataclass
class EvseDouble:
    """The charger's part as the standard has it, told in the order of its messages; it never misses a beat."""

    mac: bytes
    nmk: bytes
    toggles_seen: Callable[[], int] = lambda: 0
    validates: bool = True
    silent_on: tuple[type[Message], ...] = ()
    run_id: bytes = b""
    ev_mac: bytes = b""
    profiles: list[bytes] = field(default_factory=list)
    results_due_s: float | None = None
    toggles_due_s: float | None = None
    matched_with: bytes | None = None
    toggles_before: int = 0

    def set_up(self) -> bytes:
        return Frame(LOCAL_MODEM, self.mac, SetKeyReq(nid=nid_of(self.nmk), new_key=self.nmk)).to_bytes()

    def to_ev(self, message: Message) -> bytes:
        return Frame(self.ev_mac, self.mac, message).to_bytes()

    def receive(self, raw: bytes, now: float) -> list[bytes]:
        try:
            frame = read_frame(raw)
        except FrameError:
            return []
        if isinstance(frame.message, self.silent_on):
            return []
        match frame.message:
            case SlacParmReq() as ask:
                self.run_id, self.ev_mac, self.profiles = ask.run_id, frame.source, []
                self.results_due_s = None
                return [self.to_ev(SlacParmCnf(forwarding_sta=frame.source, run_id=ask.run_id))]
            case StartAttenCharInd():
                self.results_due_s = self.results_due_s or now + Timings().evse_match_mnbc_s
            case AttenProfileInd() as profile:
                self.profiles.append(profile.aag)
            case AttenCharRsp():
                self.results_due_s = None
            case ValidateReq() as ask if self.validates and ask.timer == 0:
                self.toggles_before = self.toggles_seen()
                return [self.to_ev(ValidateCnf(result=1))]
            case ValidateReq() as ask if self.validates:
                self.toggles_due_s = now + (ask.timer + 1) / 10
            case SlacMatchReq() as ask if ask.evse_mac == self.mac and ask.run_id == self.run_id:
                self.matched_with = frame.source
                return [
                    self.to_ev(
                        SlacMatchCnf(
                            pev_mac=frame.source,
                            evse_mac=self.mac,
                            run_id=ask.run_id,
                            nid=nid_of(self.nmk),
                            nmk=self.nmk,
                        )
                    )
                ]
        return []

    def tick(self, now: float) -> list[bytes]:
        if self.results_due_s is not None and now >= self.results_due_s:
            self.results_due_s = now + Timings().match_response_s
            heard = len(self.profiles)
            sums = [sum(column) for column in zip(*self.profiles, strict=True)] or [255] * GROUPS
            aag = bytes(round(total / max(1, heard)) for total in sums)
            return [self.to_ev(AttenCharInd(source_address=self.ev_mac, run_id=self.run_id, num_sounds=heard, aag=aag))]
        if self.toggles_due_s is not None and now >= self.toggles_due_s:
            self.toggles_due_s = None
            return [self.to_ev(ValidateCnf(result=2, toggle_num=self.toggles_seen() - self.toggles_before))]
        return []


class Lab:
    """One car, some EVSEs, one power line; `run` lets virtual time pass in steps of 10 ms."""

    def __init__(self, seed: int = 1, *, validate: bool = True, timings: Timings | None = None) -> None:
        self.random = random.Random(seed)
        self.now = T0
        self.line = PowerLine(self.random, join_s=0.5)
        self.line.attach("ev")
        self.ev = EvSide(EV_MAC, random=self.random.randbytes, validate=validate, timings=timings)
        self.evses: dict[str, EvseDouble] = {}
        self.events: list[Event] = []
        self.delivered: list[tuple[str, bytes]] = []
        self._under_way: list[tuple[float, int, str, bytes]] = []
        self._count = itertools.count()

    def add_evse(self, name: str, cable: Cable, **rest: object) -> EvseDouble:
        self.line.attach(name)
        self.line.lay("ev", name, cable)
        mac = bytes((2, 0, 0, 0, 1, len(self.evses)))
        evse = EvseDouble(mac, self.random.randbytes(16), **rest)  # type: ignore[arg-type]
        self.evses[name] = evse
        self.send(name, evse.set_up())
        return evse

    def send(self, name: str, raw: bytes) -> None:
        for host, out in self.line.receive(name, raw, self.now):
            heapq.heappush(self._under_way, (self.now + 0.002, next(self._count), host, out))

    def plug_in(self) -> None:
        self.ev.plugged_in(self.now)
        self._take_ev()

    def run(self, seconds: float, until: type[Event] | None = None) -> Event | None:
        end_s = self.now + seconds
        seen = len(self.events)
        while self.now < end_s:
            self.now += 0.01
            while self._under_way and self._under_way[0][0] <= self.now:
                _, _, host, raw = heapq.heappop(self._under_way)
                self._deliver(host, raw)
            self.ev.on_timer(self.now)
            self._take_ev()
            for name, evse in self.evses.items():
                for raw in evse.tick(self.now):
                    self.send(name, raw)
            if until is not None:
                for event in self.events[seen:]:
                    if isinstance(event, until):
                        return event
        return None

    def of(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]

    def _deliver(self, host: str, raw: bytes) -> None:
        self.delivered.append((host, raw))
        if host == "ev":
            self.ev.receive(raw, self.now)
            self._take_ev()
            return
        for answer in self.evses[host].receive(raw, self.now):
            self.send(host, answer)

    def _take_ev(self) -> None:
        for raw in self.ev.frames_to_send():
            self.send("ev", raw)
        while (event := self.ev.next_event()) is not None:
            self.events.append(event)


@pytest.fixture
def lab() -> Lab:
    return Lab()


@pytest.fixture
def new_lab() -> type[Lab]:
    return Lab
