"""A power line and its modems, simulated, sans-I/O: for tests and for the demo.

Each host has a modem of its own, as in reality. A modem keeps what is meant for it (the key, the question for its
link), carries the matching's messages to every modem on the line, measures the sounds that it hears for its host, and
lets everything else pass only between modems of one logical network, once they have joined it.

    line = PowerLine(random.Random(7))
    line.attach("evse"); line.attach("ev")
    line.lay("ev", "evse", Cable(attenuation_db=6))
    for host, frame in line.receive("ev", frame, now): ...   # what goes out to which host
"""

from dataclasses import dataclass
from random import Random

from protocols.slac.frames import ETHERNET, HOMEPLUG, Frame, message_type, read_frame
from protocols.slac.layout import FrameError
from protocols.slac.messages import (
    GROUPS,
    NMK_OCTETS,
    QUALCOMM,
    AttenCharInd,
    AttenCharRsp,
    AttenProfileInd,
    LinkStatusCnf,
    LinkStatusReq,
    MnbcSoundInd,
    SetKeyCnf,
    SetKeyReq,
    SlacMatchCnf,
    SlacMatchReq,
    SlacParmCnf,
    SlacParmReq,
    StartAttenCharInd,
    ValidateCnf,
    ValidateReq,
)

MATCHING = frozenset(
    kind.TYPE
    for kind in (
        *(SlacParmReq, SlacParmCnf, StartAttenCharInd, MnbcSoundInd, AttenCharInd, AttenCharRsp),
        *(ValidateReq, ValidateCnf, SlacMatchReq, SlacMatchCnf),
    )
)
"""What stations may say to each other before they share a key."""
STATIONS_OWN = frozenset({SetKeyReq.TYPE, SetKeyCnf.TYPE, AttenProfileInd.TYPE})
"""Between a host and its modem alone, as are all vendors' messages (from 0xA000)."""
VENDORS = 0xA000
MOST_DB = 255


@dataclass(frozen=True, slots=True)
class Cable:
    """What lies between two modems. `tilt_db` is how much more the highest carriers lose than the lowest."""

    attenuation_db: float = 5.0
    noise_db: float = 1.0
    tilt_db: float = 4.0
    loss: float = 0.0
    """Share of the frames that are lost, 0..1."""


@dataclass(slots=True)
class Modem:
    """One modem, and the host behind it."""

    name: str
    mac: bytes
    nmk: bytes
    key_since_s: float = float("-inf")
    host_mac: bytes | None = None
    """Learnt from the host's own frames."""


class PowerLine:
    """Modems on one line. Where no cable is laid, two modems do not hear each other."""

    def __init__(self, random: Random, *, join_s: float = 0.5) -> None:
        """`join_s` is how long two modems with one key take to find each other."""
        self.modems: dict[str, Modem] = {}
        self._cables: dict[frozenset[str], Cable] = {}
        self._random = random
        self._join_s = join_s

    def attach(self, name: str) -> Modem:
        """A new modem with a key that no other has."""
        mac = QUALCOMM + bytes((0x5C, 0, len(self.modems) + 1))
        self.modems[name] = Modem(name, mac, self._random.randbytes(NMK_OCTETS))
        return self.modems[name]

    def lay(self, one: str, other: str, cable: Cable) -> None:
        """Lay a cable between two modems, or change it."""
        self._cables[frozenset((one, other))] = cable

    def cut(self, one: str, other: str) -> None:
        """Take the cable away: the plug is out."""
        self._cables.pop(frozenset((one, other)), None)

    def linked(self, one: Modem, now: float) -> bool:
        """Whether this modem is in a network with another one."""
        return any(self._together(one, other, now) for other in self.modems.values() if other is not one)

    def receive(self, name: str, raw: bytes, now: float) -> list[tuple[str, bytes]]:
        """A host has sent this frame to its modem: (host, frame) that come out, in order."""
        modem = self.modems[name]
        if len(raw) < ETHERNET.size:
            return []
        destination, source, ethertype = ETHERNET.unpack_from(raw)
        if not source[0] & 1:
            modem.host_mac = bytes(source)
        if ethertype != HOMEPLUG:
            return [
                (other.name, raw) for other in self._hearing(modem, destination) if self._together(modem, other, now)
            ]
        code = message_type(raw)
        if code in MATCHING:
            return self._carry(modem, raw, destination)
        if code is None or code in STATIONS_OWN or code >= VENDORS:
            return self._answer(modem, raw, now)
        return [(other.name, raw) for other in self._hearing(modem, destination) if self._together(modem, other, now)]

    def _together(self, one: Modem, other: Modem, now: float) -> bool:
        joined = now - max(one.key_since_s, other.key_since_s) >= self._join_s
        return one.nmk == other.nmk and joined and frozenset((one.name, other.name)) in self._cables

    def _hearing(self, sender: Modem, destination: bytes) -> list[Modem]:
        """Those a frame goes to: all on the line, or the one whose host it is addressed to."""
        reached = []
        for modem in self.modems.values():
            cable = self._cables.get(frozenset((sender.name, modem.name)))
            if modem is sender or cable is None or self._random.random() < cable.loss:
                continue
            if destination[0] & 1 or modem.host_mac in (None, destination):
                reached.append(modem)
        return reached

    def _carry(self, sender: Modem, raw: bytes, destination: bytes) -> list[tuple[str, bytes]]:
        out = []
        for modem in self._hearing(sender, destination):
            out.append((modem.name, raw))
            if message_type(raw) == MnbcSoundInd.TYPE:
                out.append((modem.name, self._profile(sender, modem, raw)))
        return out

    def _profile(self, sender: Modem, hearer: Modem, raw: bytes) -> bytes:
        """What a modem tells its host of one sound ([V2G3-A09-43])."""
        source = ETHERNET.unpack_from(raw)[1]
        cable = self._cables[frozenset((sender.name, hearer.name))]
        aag = bytes(
            min(MOST_DB, max(0, round(self._random.gauss(cable.attenuation_db + cable.tilt_db * part, cable.noise_db))))
            for part in (group / (GROUPS - 1) - 0.5 for group in range(GROUPS))
        )
        profile = AttenProfileInd(pev_mac=source, aag=aag)
        return Frame(hearer.host_mac or b"\xff" * 6, hearer.mac, profile).to_bytes()

    def _answer(self, modem: Modem, raw: bytes, now: float) -> list[tuple[str, bytes]]:
        try:
            frame = read_frame(raw, exact=False)
        except FrameError:
            return []
        match frame.message:
            case SetKeyReq() as request:
                if request.new_key != modem.nmk:
                    modem.nmk, modem.key_since_s = request.new_key, now
                answer: SetKeyCnf | LinkStatusCnf = SetKeyCnf(your_nonce=request.my_nonce)
            case LinkStatusReq():
                answer = LinkStatusCnf(link=int(self.linked(modem, now)))
            case _:
                return []
        return [(modem.name, Frame(frame.source, modem.mac, answer).to_bytes())]
