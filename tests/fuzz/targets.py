"""What is fuzzed: each target takes bytes and must come back, quickly, with nothing but the errors it promises.

A target raises `Broken` where a promise does not hold; any other exception is a finding as well. No check is an
assert, so that all of it holds under ``python -O`` too.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache, partial

from corpus import SESSIONS, frames, samples, session_id
from exi_samples import Maker, made, roots_of

from protocols.exi import (
    APP_PROTOCOL,
    DIN,
    V2,
    V20_AC,
    V20_ACDP,
    V20_COMMON,
    V20_DC,
    V20_WPT,
    XMLDSIG,
    ExiError,
    decode,
    decode_fragment,
    encode,
    encode_fragment,
    walk,
)
from protocols.exi.codec import STUMBLES, codec_of
from protocols.exi.fragments import Fragments
from protocols.exi.sets import SETS, schema_set
from protocols.iso15118 import CarPlan, ConnectionSecurity, EvccSession, Evse, SeccSession, SimulatedCar
from protocols.iso15118.connection import PLAIN
from protocols.iso15118.evse import EvseOffer
from protocols.iso15118.link import Link
from protocols.iso15118.services import ControlMode, ProtocolName, Service
from protocols.iso15118.v2gtp import MAX_PAYLOAD_BYTES, V2gtpError, V2gtpStream
from protocols.iso15118.wire.sdp import read_request, read_response
from protocols.slac.frames import FrameError, read_frame

TLS = ConnectionSecurity("TLSv1.3")
START_S = 1_800_000_000.0
MOST_STEPS = 2_000
MOST_EVENTS = 20_000
PIECES = 64
"""Into so many reads a session's bytes are cut at most."""

Target = Callable[[bytes], None]


class Broken(Exception):
    """A promise that did not hold."""


def exi(namespace: str, data: bytes) -> None:
    """A document is a value in both ways of reading, or refused in both; a value is written and read the same."""
    try:
        fast = codec_of(namespace).decode(data)
    except STUMBLES:
        fast = None
    try:
        slow = walk.read_document(schema_set(namespace), data)
    except ExiError:
        slow = None
    if fast is not None and fast != slow:
        raise Broken("compiled code and the walk read different messages")
    try:
        message = decode(namespace, data)
    except ExiError:
        if slow is not None:
            raise Broken("decode refuses what the walk reads") from None
        return
    if message != slow:
        raise Broken("decode and the walk read different messages")
    try:
        again = encode(namespace, message)
    except ExiError as error:
        _only_because_of_ids(error)
        return
    if decode(namespace, again) != message:
        raise Broken("what was written is read as something else")


def fragment(data: bytes) -> None:
    """The first byte chooses the schema set; then as `exi`."""
    namespace = list(SETS)[data[0] % len(SETS)] if data else next(iter(SETS))
    fragments, data = _fragments(namespace), data[1:]
    try:
        fast = fragments.decode(data)
    except STUMBLES:
        fast = None
    try:
        name, content = decode_fragment(namespace, data)
    except ExiError:
        if fast is not None:
            raise Broken("a fragment that compiled code reads is refused") from None
        return
    if fragments.read(data, relaxed=True) != (name, content):
        raise Broken("compiled code and the walk read different fragments")
    try:
        again = encode_fragment(namespace, content, name)
    except ExiError as error:
        _only_because_of_ids(error)
        return
    if decode_fragment(namespace, again) != (name, content):
        raise Broken("what was written is read as something else")


@cache
def _fragments(namespace: str) -> Fragments:
    return Fragments(namespace)


def _only_because_of_ids(error: ExiError) -> None:
    """An Id is read as it comes and written only if XML allows it; all else that is read can be written."""
    if "is no XML ID" not in str(error):
        raise Broken(f"what was read cannot be written: {error}") from error


def v2gtp(data: bytes) -> None:
    """A stream of frames in any pieces is the same frames, within bounds."""
    whole = _frames_of([data])
    cut = random.Random(len(data))
    places = sorted(cut.randrange(len(data) + 1) for _ in range(7))
    pieces = [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)]
    if _frames_of(pieces) != whole:
        raise Broken("the frames depend on how the bytes were cut")


def _frames_of(pieces: list[bytes]) -> list[object]:
    stream = V2gtpStream()
    found: list[object] = []
    for piece in pieces:
        try:
            found += stream.receive(piece)
        except V2gtpError as error:
            return [*found, *error.before, str(error)]
        if stream.pending_bytes > MAX_PAYLOAD_BYTES + 8:
            raise Broken(f"{stream.pending_bytes} bytes wait for the rest of a frame")
    return found


def sdp(data: bytes) -> None:
    """A datagram is a request, a response, or refused."""
    for read in (read_request, read_response):
        try:
            found = read(data)
        except V2gtpError:
            continue
        if read(found.to_bytes()) != found:
            raise Broken("an SDP message is not written as it was read")


def slac(data: bytes) -> None:
    """An Ethernet frame is one of our messages, or refused."""
    for exact in (True, False):
        try:
            read_frame(data, exact=exact)
        except FrameError:
            continue


def secc(data: bytes) -> None:
    """A charger fed by bytes: the first byte chooses what protects the connection and which session ID it gives."""
    first = data[0] if data else 0
    offer = EvseOffer(evse_id="DE*TWO*E0001", phases=3, protocols=tuple(ProtocolName))
    given = _session_ids()[(first >> 1) % len(SESSIONS)]
    session = SeccSession(
        Evse(offer),
        security=TLS if first & 1 else PLAIN,
        make_session_id=lambda: given,
        make_challenge=lambda: bytes(16),
    )
    _feed(session, data[1:])


def evcc(data: bytes) -> None:
    """A car fed by bytes: the first byte chooses its plan and what protects the connection."""
    first = data[0] if data else 0
    services = (Service.AC, Service.AC_BPT, Service.DC, Service.DC_BPT)
    mode = ControlMode.DYNAMIC if first & 8 else ControlMode.SCHEDULED
    plan = CarPlan(services[first >> 1 & 3], mode, protocols=tuple(ProtocolName))
    session = EvccSession(SimulatedCar(max_loops=3), plan, security=TLS if first & 1 else PLAIN)
    _feed(session, data[1:])


def _feed(session: SeccSession | EvccSession, data: bytes) -> None:
    """The session takes the bytes in pieces and then silence; it must come to its end, within bounds."""
    now = START_S
    session.connected(now)
    size = max(len(data) // PIECES, 1)
    events = _drained(session)
    for start in range(0, len(data), size):
        if session.ended:
            break
        now += 0.01
        session.receive(data[start : start + size], now)
        events += _drained(session)
    for _ in range(MOST_STEPS):
        due = session.next_timer()
        if session.ended or due is None:
            break
        now = max(now, due)
        session.on_timer(now)
        events += _drained(session)
    else:
        raise Broken(f"after {MOST_STEPS} timers the session has not ended")
    if not session.ended:
        raise Broken(f"the session waits in {session.state} and has no timer")
    if events > MOST_EVENTS:
        raise Broken(f"{events} events of {len(data)} bytes")


def _drained(session: Link) -> int:
    session.data_to_send()
    count = 0
    while session.next_event() is not None:
        count += 1
    return count


@cache
def _session_ids() -> tuple[bytes, ...]:
    return tuple(session_id(name) for name in SESSIONS)


NAMES = {
    "sap": APP_PROTOCOL,
    "xmldsig": XMLDSIG,
    "common": V20_COMMON,
    "ac": V20_AC,
    "dc": V20_DC,
    "wpt": V20_WPT,
    "acdp": V20_ACDP,
    "v2": V2,
    "din": DIN,
}
TARGETS: dict[str, Target] = {
    **{f"exi-{name}": partial(exi, namespace) for name, namespace in NAMES.items()},
    "fragment": fragment,
    "v2gtp": v2gtp,
    "sdp": sdp,
    "slac": slac,
    "secc": secc,
    "evcc": evcc,
}


def seeds(name: str, most: int = 400) -> list[bytes]:
    """Where to begin: the corpus, and what each end of the recorded sessions sent."""
    pick = random.Random(name)
    if name == "fragment":
        sets = list(SETS)
        found = [bytes([sets.index(s.namespace)]) + s.exi for s in samples() if s.fragment]
    elif name in ("secc", "evcc"):
        sender = "evcc" if name == "secc" else "secc"
        found = []
        for number, session in enumerate(SESSIONS):
            sent = b"".join(frames(session, sender))
            options = range(2) if name == "secc" else range(16)
            found += [bytes([number << 1 | o if name == "secc" else o]) + sent for o in options]
    elif name in ("v2gtp", "sdp"):
        found = [b"".join(frames(session, sender)) for session in SESSIONS for sender in ("secc", "evcc")]
        if name == "sdp":
            found = [bytes.fromhex("01fe9000000000020000"), bytes.fromhex("01fe900100000014" + "00" * 20)]
    elif name == "slac":
        found = [
            bytes.fromhex("ffffffffffff02000000000188e1") + bytes([1, *code, 0, 0]) + bytes(60)
            for code in _slac_codes()
        ]
    else:
        namespace = NAMES[name.removeprefix("exi-")]
        found = [s.exi for s in samples() if s.namespace == namespace and not s.fragment]
        found += [encode(namespace, made(cls, Maker(root))) for root, cls in roots_of(namespace).items()]
    return pick.sample(found, min(len(found), most))


def _slac_codes() -> list[bytes]:
    from protocols.slac.messages import MESSAGES

    return [int(code).to_bytes(2, "little") for code in MESSAGES]
