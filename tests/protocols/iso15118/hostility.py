"""A lying wire between two real ends, for any dialect: what an adversary could do to either, and what must hold.

Every input ends in a value or in one SessionEnded with a sentence; the charger's power is off when its session is
over; nobody is left waiting without a timer. Checks are no asserts, so that they hold under ``python -O``, where this
file runs by itself: ``python -O hostility.py SEEDS``.
"""

import random
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from typing import Any

import msgspec

from protocols.exi import APP_PROTOCOL, ExiError, encode
from protocols.exi.messages.app_protocol import AppProtocolType, supportedAppProtocolReq
from protocols.exi.schema import Element
from protocols.iso15118 import (
    CarPlan,
    ConnectionSecurity,
    ControlMode,
    EvccSession,
    Evse,
    EvseOffer,
    IdealStage,
    Notification,
    ProtocolName,
    SeccSession,
    Service,
    SimulatedCar,
    State,
)
from protocols.iso15118.connection import PLAIN
from protocols.iso15118.contracts import CarContracts, ChargerContracts, ProvisioningService
from protocols.iso15118.credentials import ContractWanted
from protocols.iso15118.events import Event, PowerDeliveryChanged, SessionEnded
from protocols.iso15118.link import Link
from protocols.iso15118.refusal import least
from protocols.iso15118.registry import dialect
from protocols.iso15118.v2gtp import HEADER, MAX_PAYLOAD_BYTES, PayloadType, V2gtpStream, pack
from protocols.pki import Algorithm, CertificateSet, Identity, Role, car_set, new, public_set
from protocols.pki.homes import Names

START_S = 1_800_000_000.0
TLS = ConnectionSecurity("TLSv1.3")
MOST_STEPS = 400
MOST_EVENTS_A_MESSAGE = 60
LONGEST_SENTENCE = 1000

PLANS = {
    "v20-ac": CarPlan(Service.AC, ControlMode.DYNAMIC),
    "v20-ac-bpt": CarPlan(Service.AC_BPT, ControlMode.SCHEDULED),
    "v20-dc": CarPlan(Service.DC, ControlMode.SCHEDULED),
    "v20-dc-bpt": CarPlan(Service.DC_BPT, ControlMode.DYNAMIC),
    "v2-ac": CarPlan(Service.AC, protocols=(ProtocolName.V2,)),
    "v2-dc": CarPlan(Service.DC, protocols=(ProtocolName.V2,)),
    "din-dc": CarPlan(Service.DC, protocols=(ProtocolName.DIN,)),
    "v20-dc-bpt-contract": CarPlan(Service.DC_BPT, install_contract=True),
    "v2-ac-contract": CarPlan(Service.AC, protocols=(ProtocolName.V2,), install_contract=True),
}
CONTRACT_CURVES = {"v20-dc-bpt-contract": Algorithm.P521, "v2-ac-contract": Algorithm.P256}
"""Plans that pay by contract, with real keys."""


@cache
def world(algorithm: Algorithm) -> CertificateSet:
    """Car, operator, provisioning service: made once, keys cost time."""
    at = datetime.fromtimestamp(START_S, UTC)
    return CertificateSet({**car_set(algorithm, at).members, **public_set(algorithm, at).members})


@dataclass
class Operator:
    """Issues contracts below its sub-CA."""

    by: Identity
    algorithm: Algorithm

    def contract_for(self, pcid: str, wanted: ContractWanted, at: datetime) -> Identity | None:
        return new(Role.CONTRACT, Names().emaid, self.by, at, key=self.algorithm.new_key())


def contracts(algorithm: Algorithm) -> tuple[CarContracts, ChargerContracts]:
    """What the car pays with, and what the charger judges it by."""
    held = world(algorithm)
    makers = held[Role.PROVISIONING].chain[1:]
    service = ProvisioningService(held[Role.CPS], Operator(held[Role.MO_SUB2], algorithm), makers)
    taking = ChargerContracts(held.store, service=service)
    return CarContracts(held.store, held[Role.CONTRACT], held[Role.PROVISIONING]), taking


class Broken(Exception):
    """Something that must hold does not."""


def must(holds: bool, sentence: str) -> None:
    if not holds:
        raise Broken(sentence)


@dataclass
class End:
    """One end of the wire, watched."""

    link: Link
    name: str
    ended: SessionEnded | None = None
    power_on: bool = False
    events: int = 0
    listeners: list[Callable[[Event], None]] = field(default_factory=list)

    def receive(self, data: bytes, now: float) -> bytes:
        """Give it bytes; what it answers."""
        messages = data.count(b"\x01\xfe") + 1
        was_ended = self.link.ended
        self.link.receive(data, now)
        self._drain(MOST_EVENTS_A_MESSAGE * messages)
        sent = self.link.data_to_send()
        must(not (was_ended and sent), f"{self.name} spoke after its end")
        answers = len(V2gtpStream().receive(sent))
        must(answers <= 2 * messages, f"{self.name} sent {answers} messages for {messages}")
        pending = self.link._stream.pending_bytes
        must(was_ended or pending <= MAX_PAYLOAD_BYTES + HEADER.size + len(data), f"{self.name} hoards {pending} bytes")
        self._check()
        return sent

    def wait(self, now: float) -> bytes:
        """Let its timers run."""
        self.link.on_timer(now)
        self._drain(MOST_EVENTS_A_MESSAGE)
        self._check()
        return self.link.data_to_send()

    def lose(self, now: float) -> None:
        """Cut the connection."""
        self.link.connection_lost(now, "the wire was cut")
        self._drain(MOST_EVENTS_A_MESSAGE)
        self._check()

    def _drain(self, most: int) -> None:
        count = 0
        while (event := self.link.next_event()) is not None:
            count += 1
            must(self.ended is None, f"{self.name} told of {event} after its end")
            if isinstance(event, SessionEnded):
                self.ended = event
            elif isinstance(event, PowerDeliveryChanged):
                self.power_on = event.on
            for listener in self.listeners:
                listener(event)
        must(count <= most, f"{self.name} told of {count} events at once")

    def _check(self) -> None:
        must(self.link.ended == (self.ended is not None), f"{self.name} ended without a word, or not at all")
        if self.ended is None:
            must(self.link.next_timer() is not None, f"{self.name} waits without a timer in state {self.link.state}")
            return
        must(self.link.next_timer() is None, f"{self.name} has a timer after its end")
        must(not self.power_on, f"{self.name} left the power on")
        words = self.ended.reason
        must(0 < len(words.strip()) <= LONGEST_SENTENCE, f"{self.name} ended without a sentence: {words!r}")
        must("Traceback" not in words, words)


class Wire:
    """A car, a charger, and whoever sits between them."""

    def __init__(self, name: str, rng: random.Random, lies: float, wishes: float = 0.0) -> None:
        plan, curve = PLANS[name], CONTRACT_CURVES.get(name)
        self.rng, self.lies, self.wishes, self.now = rng, lies, wishes, START_S
        states = dialect(plan.wanted_protocols[0]).table.states - {State.ENDED}
        self.honest_until = rng.choice([None, *sorted(states)])
        security = PLAIN if plan.protocols and curve is None else TLS
        self.evse = Evse(EvseOffer(automatic_authorization=rng.random() < 0.9))
        self.evse.set_power(rng.uniform(-12_000, 12_000))
        self.stage = IdealStage(self.evse)
        self.car = SimulatedCar(max_loops=rng.randrange(1, 12))
        paying, taking = contracts(curve) if curve is not None else (None, None)
        secc = SeccSession(self.evse, security=security, credentials=taking)
        evcc = EvccSession(self.car, plan, security=security, credentials=paying)
        self.secc = End(secc, "the charger", listeners=[self.stage.handle])
        self.evcc = End(evcc, "the car")
        self.said: list[bytes] = []
        self.secc.link.connected(self.now)
        self.evcc.link.connected(self.now)

    def run(self) -> None:
        """Until both are done; then check that silence ends whoever is left."""
        to_secc, to_evcc = self.evcc.link.data_to_send(), b""
        for _ in range(MOST_STEPS):
            if self.secc.ended and self.evcc.ended:
                return
            if not to_secc and not to_evcc:
                to_secc, to_evcc = self._wait()
            for data in self._tampered(to_secc, self.evcc):
                to_evcc += self.secc.receive(data, self.now)
            to_secc = b""
            for data in self._tampered(to_evcc, self.secc):
                to_secc += self.evcc.receive(data, self.now)
            to_evcc = b""
            self._meddle()
        self._fall_silent()

    def _wait(self) -> tuple[bytes, bytes]:
        due = [t for t in (self.secc.link.next_timer(), self.evcc.link.next_timer()) if t is not None]
        if due:
            self.now = max(self.now, min(due)) + (self.rng.random() if self.rng.random() < self.lies else 0.0)
        from_secc, from_evcc = self.secc.wait(self.now), self.evcc.wait(self.now)
        return from_evcc, from_secc

    def _fall_silent(self) -> None:
        for end in (self.secc, self.evcc):
            for _ in range(40):
                due = end.link.next_timer()
                if due is None:
                    break
                self.now = max(self.now, due)
                end.wait(self.now)
            must(end.ended is not None, f"silence does not end {end.name} in state {end.link.state}")

    def _meddle(self) -> None:
        """What the application and the world around it may do at any moment."""
        rng = self.rng
        if self.wishes and rng.random() < self.wishes:
            self._wish()
        if self._honest():
            self.evse.authorize(True)
        elif rng.random() < self.lies / 4:
            self._wish()
        elif rng.random() < self.lies / 4:
            rng.choice(FAULTS)(self)

    def _wish(self) -> None:
        """Something that the driver or the home may ask for, and that must never lead out of order."""
        rng, car = self.rng, self.evcc.link
        if not isinstance(car, EvccSession) or car.ended or car.dialect is None:
            return
        match rng.randrange(6):
            case 0:
                car.stop("the driver came back")
            case 1:
                car.pause("the sun has gone")
            case 2:
                car.renegotiate_schedule()
            case 3:
                car.renegotiate_service()
            case 4:
                car.standby(rng.random() < 0.5)
            case _:
                self.evse.notify(rng.choice(list(Notification)), rng.randrange(60))

    def insulation(self) -> None:
        self.evse.insulation_ok = self.rng.choice([True, False, None])

    def contactor(self) -> None:
        self.evse.contactor_fault = not self.evse.contactor_fault

    def set_point(self) -> None:
        self.evse.set_power(self.rng.uniform(-1e5, 1e5), self.now + self.rng.uniform(-1, 5))

    def authorisation(self) -> None:
        self.evse.authorize(self.rng.random() < 0.5)

    def planning(self) -> None:
        self.evse.planning = not self.evse.planning

    def wire_cut(self) -> None:
        (self.secc if self.rng.random() < 0.5 else self.evcc).lose(self.now)

    # Lies.

    def _honest(self) -> bool:
        """The lies begin where the charger comes to one state: else few sessions would come far."""
        if self.honest_until in (None, self.secc.link.state):
            self.honest_until = None
        return self.honest_until is not None

    def _tampered(self, data: bytes, sender: End) -> list[bytes]:
        """What arrives of what was sent."""
        rng = self.rng
        if not data:
            return []
        self.said.append(data)
        if self._honest() or rng.random() >= self.lies:
            return [data]
        lie = rng.choice(LIES)
        return lie(self, data, sender)

    def flip(self, data: bytes, sender: End) -> list[bytes]:
        """One bit, rather in the message than in its envelope."""
        first = HEADER.size * 8 if self.rng.random() < 0.8 and len(data) > HEADER.size else 0
        bit = self.rng.randrange(first, len(data) * 8)
        changed = bytearray(data)
        changed[bit // 8] ^= 128 >> bit % 8
        return [bytes(changed)]

    def truncate(self, data: bytes, sender: End) -> list[bytes]:
        """The end is missing, and the envelope says so or not."""
        short = data[: self.rng.randrange(len(data))]
        if self.rng.random() < 0.5 or len(short) < HEADER.size:
            return [short]
        return [pack(HEADER.unpack_from(data)[2], short[HEADER.size :])]

    def drop(self, data: bytes, sender: End) -> list[bytes]:
        """Silence."""
        return []

    def repeat(self, data: bytes, sender: End) -> list[bytes]:
        """Again, and perhaps in one segment, and perhaps very often."""
        times = self.rng.choice([2, 2, 3, 50])
        return [data * times] if self.rng.random() < 0.5 else [data] * times

    def replay(self, data: bytes, sender: End) -> list[bytes]:
        """Something said before, by either end."""
        return [self.rng.choice(self.said), *([data] if self.rng.random() < 0.5 else [])]

    def split(self, data: bytes, sender: End) -> list[bytes]:
        """Byte by byte: no lie at all."""
        return [data[i : i + 1] for i in range(len(data))]

    def retype(self, data: bytes, sender: End) -> list[bytes]:
        """Another payload type."""
        kind = self.rng.choice([*PayloadType, 0, 0x8105, 0xFFFF])
        return [pack(kind, data[HEADER.size :])]

    def garble(self, data: bytes, sender: End) -> list[bytes]:
        """Noise, with an envelope or without, or one that promises too much."""
        noise = self.rng.randbytes(self.rng.randrange(200))
        kind = self.rng.choice(list(PayloadType))
        match self.rng.randrange(4):
            case 0:
                return [noise]
            case 1:
                return [pack(kind, noise)]
            case 2:
                return [HEADER.pack(1, 0xFE, kind, self.rng.choice([2**32 - 1, MAX_PAYLOAD_BYTES + 1]))]
            case _:
                return [pack(kind, b"\x80" + noise)]

    def forge(self, data: bytes, sender: End) -> list[bytes]:
        """A message that is valid by itself: any of this dialect or of the handshake, in any words."""
        made = forged(sender.link, self.rng)
        return [data] if made is None else [made]

    def forge_beside(self, data: bytes, sender: End) -> list[bytes]:
        """The same before or after the true one."""
        made = forged(sender.link, self.rng) or b""
        return [made + data] if self.rng.random() < 0.5 else [data, made]

    def hang_up(self, data: bytes, sender: End) -> list[bytes]:
        """The message arrives, and the connection is gone for its sender."""
        sender.lose(self.now)
        return [data]


FAULTS: list[Callable[[Wire], None]] = [
    Wire.insulation,
    Wire.contactor,
    Wire.set_point,
    Wire.authorisation,
    Wire.planning,
    Wire.wire_cut,
]
LIES: list[Callable[[Wire, bytes, End], list[bytes]]] = [
    Wire.flip,
    Wire.flip,
    Wire.truncate,
    Wire.drop,
    Wire.repeat,
    Wire.replay,
    Wire.split,
    Wire.retype,
    Wire.garble,
    Wire.forge,
    Wire.forge,
    Wire.forge,
    Wire.forge_beside,
    Wire.hang_up,
]


def forged(link: Link, rng: random.Random) -> bytes | None:
    """A document that `link` could have sent, in its own session or another one; None where its words do not fit."""
    spoken = link.dialect
    if spoken is None or rng.random() < 0.05:
        return pack(PayloadType.APP_PROTOCOL, encode(APP_PROTOCOL, _handshake(rng)))
    exchange = rng.choice([e for e in spoken.table.exchanges.values() if e.namespace != APP_PROTOCOL])
    name = rng.choice([exchange.request, exchange.response])
    body = least(spoken.message_class(name))
    _shuffle(body, rng)
    try:
        document = link.side.wrap(body, START_S)  # type: ignore[attr-defined]
        if rng.random() < 0.1:
            document.Header.SessionID = rng.randbytes(8)
        return pack(rng.choice([exchange.payload_type] * 9 + list(PayloadType)), encode(exchange.namespace, document))
    except (ExiError, ValueError):
        return None


def _handshake(rng: random.Random) -> supportedAppProtocolReq:
    return supportedAppProtocolReq(
        AppProtocol=[
            AppProtocolType(
                ProtocolNamespace=rng.choice(["urn:iso:std:iso:15118:-20:DC", "urn:din:70121:2012:MsgDef", ""]),
                VersionNumberMajor=rng.randrange(4),
                VersionNumberMinor=rng.randrange(2),
                SchemaID=rng.randrange(256),
                Priority=rng.randrange(1, 21),
            )
            for _ in range(rng.randrange(1, 21))
        ]
    )


def _shuffle(element: Element, rng: random.Random) -> None:
    """Other values of the same kinds, here and there."""
    for name in element.__struct_fields__:
        value: Any = getattr(element, name)
        items = value if isinstance(value, list) else [value]
        for item in items:
            if isinstance(item, msgspec.Struct):
                _shuffle(item, rng)  # type: ignore[arg-type]
        if rng.random() < 0.4:
            setattr(element, name, _other(value, rng))


def _other(value: Any, rng: random.Random) -> Any:
    match value:
        case bool():
            return not value
        case Enum():
            return rng.choice(list(type(value)))
        case int():
            return rng.choice([0, 1, 2, 5, 6, 100, 127, 32767, -1, -32768, 2**31, 2**32 - 1])
        case bytes():
            return rng.randbytes(len(value) or rng.randrange(9))
        case str():
            return rng.choice(["", "id1", "ControlMode", "ä" * 20])
        case _:
            return value


def hostile_session(name: str, seed: int) -> None:
    """One conversation by the plan of this name; raises `Broken` where something does not hold."""
    rng = random.Random(seed)
    Wire(name, rng, lies=rng.choice([0.02, 0.05, 0.15, 0.4])).run()


def hostile_sessions(name: str, seeds: Iterable[int]) -> None:
    """One after the other; says which one broke."""
    for seed in seeds:
        try:
            hostile_session(name, seed)
        except Exception as error:
            raise Broken(f"{name} {seed}: {type(error).__name__}: {error}") from error


def main() -> int:
    """All plans with so many seeds each; for ``python -O``."""
    count = int(sys.argv[1])
    for name in PLANS:
        hostile_sessions(name, range(count))
    print(f"{len(PLANS) * count} hostile sessions, optimised: {not __debug__}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
