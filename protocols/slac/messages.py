"""The HomePlug Green PHY management messages that ISO 15118-3 uses, typed; their bytes are the tables `PARTS`.

Sources: ISO 15118-3:2015, Annex A, Tables A.2 to A.8, as public implementations show them; the vendor's link status
as in Qualcomm's published tools. Names of fields are the standard's. Attenuations are whole dB, one octet a group of
carriers. `fixed` parts are what those tables prescribe: [V2G3-A09-09], [V2G3-A09-47], [V2G3-A09-95] and their like say
that a message which deviates is ignored, so reading one raises `FrameError`.
"""

from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

from protocols.slac.layout import MAC_OCTETS, FrameError, Part, counted, number, octets, read, reserved, write

BROADCAST = bytes(b"\xff" * MAC_OCTETS)
LOCAL_MODEM = bytes.fromhex("00b052000001")
"""Every Qualcomm modem answers its own host under this address."""
QUALCOMM = bytes.fromhex("00b052")

GROUPS = 58
"""Groups of carriers in a Green PHY attenuation profile (Table A.4)."""
RUN_ID_OCTETS, NID_OCTETS, NMK_OCTETS = 8, 7, 16

REQ, CNF, IND, RSP = 0, 1, 2, 3

_APPLICATION = (number("application_type", fixed=0), number("security_type", fixed=0))
"""0: matching of EV and EVSE; 0: no security."""
_RUN_ID = octets("run_id", RUN_ID_OCTETS)
_STATION_ID = 17
_ZERO_ID = bytes(_STATION_ID)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One management message. `VENDOR` ones have the short header of MMV 0."""

    NAME: ClassVar[str] = ""
    TYPE: ClassVar[int] = 0
    VENDOR: ClassVar[bool] = False
    PARTS: ClassVar[tuple[Part, ...]] = ()

    def payload(self) -> bytes:
        """The octets after the header. Raises `FrameError` for a value that does not fit."""
        given: dict[str, Any] = {field.name: getattr(self, field.name) for field in fields(self)}
        counts = {part.counted_by: len(given[part.name]) for part in self.PARTS if part.counted_by not in ("", *given)}
        constants = {part.name: part.fixed for part in self.PARTS if part.fixed is not None}
        return write(self.NAME, self.PARTS, constants | counts | given)

    @classmethod
    def read(cls, payload: bytes, *, exact: bool = True) -> Self:
        """The message in these octets; `FrameError` says what is wrong with them."""
        values = read(cls.NAME, cls.PARTS, payload, exact=exact)
        return cls(**{field.name: values[field.name] for field in fields(cls)})


@dataclass(frozen=True, slots=True, kw_only=True)
class SlacParmReq(Message):
    """EV to all: who hears me? (Table A.2)."""

    NAME, TYPE = "CM_SLAC_PARM.REQ", 0x6064 | REQ
    PARTS = (*_APPLICATION, _RUN_ID)
    run_id: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SlacParmCnf(Message):
    """EVSE to EV: I hear you; send so many sounds (Table A.2). `time_out` is in 100 ms."""

    NAME, TYPE = "CM_SLAC_PARM.CNF", 0x6064 | CNF
    PARTS = (
        octets("msound_target", MAC_OCTETS, BROADCAST),
        number("num_sounds"),
        number("time_out"),
        number("resp_type", fixed=1),
        octets("forwarding_sta", MAC_OCTETS),
        *_APPLICATION,
        _RUN_ID,
    )
    num_sounds: int = 10
    time_out: int = 6
    forwarding_sta: bytes
    run_id: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class StartAttenCharInd(Message):
    """EV to all: sounds are coming (Table A.4)."""

    NAME, TYPE = "CM_START_ATTEN_CHAR.IND", 0x6068 | IND
    PARTS = (
        *_APPLICATION,
        number("num_sounds"),
        number("time_out"),
        number("resp_type", fixed=1),
        octets("forwarding_sta", MAC_OCTETS),
        _RUN_ID,
    )
    num_sounds: int = 10
    time_out: int = 6
    forwarding_sta: bytes
    run_id: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class MnbcSoundInd(Message):
    """EV to all: one sound, `count` more follow (Table A.4)."""

    NAME, TYPE = "CM_MNBC_SOUND.IND", 0x6074 | IND
    PARTS = (
        *_APPLICATION,
        octets("sender_id", _STATION_ID, _ZERO_ID),
        number("count"),
        _RUN_ID,
        reserved(8),
        octets("random", 16),
    )
    count: int
    run_id: bytes
    random: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class AttenProfileInd(Message):
    """A modem to its EVSE: how much of one sound arrived (Table A.4)."""

    NAME, TYPE = "CM_ATTEN_PROFILE.IND", 0x6084 | IND
    PARTS = (octets("pev_mac", MAC_OCTETS), number("num_groups"), reserved(1), counted("aag", "num_groups"))
    pev_mac: bytes
    aag: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class AttenCharInd(Message):
    """EVSE to EV: what I heard, averaged over the sounds (Table A.4)."""

    NAME, TYPE = "CM_ATTEN_CHAR.IND", 0x606C | IND
    PARTS = (
        *_APPLICATION,
        octets("source_address", MAC_OCTETS),
        _RUN_ID,
        octets("source_id", _STATION_ID, _ZERO_ID),
        octets("resp_id", _STATION_ID, _ZERO_ID),
        number("num_sounds"),
        number("num_groups"),
        counted("aag", "num_groups"),
    )
    source_address: bytes
    run_id: bytes
    num_sounds: int
    aag: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class AttenCharRsp(Message):
    """EV to EVSE: your profile came (Table A.4)."""

    NAME, TYPE = "CM_ATTEN_CHAR.RSP", 0x606C | RSP
    PARTS = (
        *_APPLICATION,
        octets("source_address", MAC_OCTETS),
        _RUN_ID,
        octets("source_id", _STATION_ID, _ZERO_ID),
        octets("resp_id", _STATION_ID, _ZERO_ID),
        number("result", fixed=0),
    )
    source_address: bytes
    run_id: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidateReq(Message):
    """EV to EVSE: watch the pilot (Table A.6). `timer` 0: are you ready?; else count for (timer + 1) x 100 ms."""

    NAME, TYPE = "CM_VALIDATE.REQ", 0x6078 | REQ
    PARTS = (number("signal_type", fixed=0), number("timer"), number("result"))
    timer: int = 0
    result: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidateCnf(Message):
    """EVSE to EV: so many toggles seen, or why not (Table A.6). `result` is a `Validation`."""

    NAME, TYPE = "CM_VALIDATE.CNF", 0x6078 | CNF
    PARTS = (number("signal_type", fixed=0), number("toggle_num"), number("result"))
    toggle_num: int = 0
    result: int = 1


_MATCH = (
    octets("pev_id", _STATION_ID, _ZERO_ID),
    octets("pev_mac", MAC_OCTETS),
    octets("evse_id", _STATION_ID, _ZERO_ID),
    octets("evse_mac", MAC_OCTETS),
    _RUN_ID,
    reserved(8),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SlacMatchReq(Message):
    """EV to the EVSE it chose: take me in (Table A.7)."""

    NAME, TYPE = "CM_SLAC_MATCH.REQ", 0x607C | REQ
    PARTS = (*_APPLICATION, number("mvf_length", 2, 0x3E), *_MATCH)
    pev_mac: bytes
    evse_mac: bytes
    run_id: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SlacMatchCnf(Message):
    """EVSE to EV: the logical network's name and key (Table A.7)."""

    NAME, TYPE = "CM_SLAC_MATCH.CNF", 0x607C | CNF
    PARTS = (
        *_APPLICATION,
        number("mvf_length", 2, 0x56),
        *_MATCH,
        octets("nid", NID_OCTETS),
        reserved(1),
        octets("nmk", NMK_OCTETS),
    )
    pev_mac: bytes
    evse_mac: bytes
    run_id: bytes
    nid: bytes
    nmk: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SetKeyReq(Message):
    """A host to its own modem: be in this network (Table A.8)."""

    NAME, TYPE = "CM_SET_KEY.REQ", 0x6008 | REQ
    PARTS = (
        number("key_type", fixed=1),
        octets("my_nonce", 4),
        octets("your_nonce", 4),
        number("pid"),
        number("prn", 2),
        number("pmn"),
        number("cco_capability"),
        octets("nid", NID_OCTETS),
        number("new_eks", fixed=1),
        octets("new_key", NMK_OCTETS),
    )
    my_nonce: bytes = bytes(4)
    your_nonce: bytes = bytes(4)
    pid: int = 4
    prn: int = 0
    pmn: int = 0
    cco_capability: int = 0
    nid: bytes
    new_key: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SetKeyCnf(Message):
    """The modem to its host. `result` says nothing: widespread firmware answers 1 for success, the standard 0."""

    NAME, TYPE = "CM_SET_KEY.CNF", 0x6008 | CNF
    PARTS = (
        number("result"),
        octets("my_nonce", 4),
        octets("your_nonce", 4),
        number("pid"),
        number("prn", 2),
        number("pmn"),
        number("cco_capability"),
    )
    result: int = 0
    my_nonce: bytes = bytes(4)
    your_nonce: bytes = bytes(4)
    pid: int = 4
    prn: int = 0
    pmn: int = 0
    cco_capability: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AmpMapReq(Message):
    """Either end to the other: send more softly. `amlen` carriers of 4 bits each, the first in the lower half."""

    NAME, TYPE = "CM_AMP_MAP.REQ", 0x601C | REQ
    PARTS = (number("amlen", 2), counted("amdata", "amlen", per_octet=2))
    amlen: int
    amdata: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class AmpMapCnf(Message):
    """The answer: 0 is success."""

    NAME, TYPE = "CM_AMP_MAP.CNF", 0x601C | CNF
    PARTS = (number("result"),)
    result: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkStatusReq(Message):
    """A host to its own modem: are you linked? (Qualcomm's VS_PL_LNK_STATUS)."""

    NAME, TYPE, VENDOR = "LINK_STATUS.REQ", 0xA0B8 | REQ, True
    PARTS = (octets("oui", 3, QUALCOMM),)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkStatusCnf(Message):
    """The modem's answer: `link` 1 where it has joined a network that has another station."""

    NAME, TYPE, VENDOR = "LINK_STATUS.CNF", 0xA0B8 | CNF, True
    PARTS = (octets("oui", 3, QUALCOMM), number("status"), number("link"))
    status: int = 0
    link: int = 0


MESSAGES: dict[int, type[Message]] = {
    one.TYPE: one
    for one in (
        *(SlacParmReq, SlacParmCnf, StartAttenCharInd, MnbcSoundInd, AttenProfileInd, AttenCharInd, AttenCharRsp),
        *(ValidateReq, ValidateCnf, SlacMatchReq, SlacMatchCnf, SetKeyReq, SetKeyCnf, AmpMapReq, AmpMapCnf),
        *(LinkStatusReq, LinkStatusCnf),
    )
}
"""All that we speak, by type."""

__all__ = ["MESSAGES", "FrameError", "Message"]
