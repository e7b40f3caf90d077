"""Bytes and messages: the same as other people's, and never more than were there."""

import contextlib
import subprocess
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from protocols.slac.frames import HOMEPLUG, MOST_OCTETS, Frame, mac_text, message_type, read_frame, read_mac
from protocols.slac.keys import fresh_nmk, nid_of
from protocols.slac.layout import FrameError
from protocols.slac.messages import (
    MESSAGES,
    AmpMapCnf,
    AmpMapReq,
    AttenCharInd,
    AttenCharRsp,
    AttenProfileInd,
    LinkStatusCnf,
    LinkStatusReq,
    Message,
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

ONE, OTHER = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")
RUN = bytes(range(8))
EXAMPLES: list[Message] = [
    SlacParmReq(run_id=RUN),
    SlacParmCnf(forwarding_sta=ONE, run_id=RUN),
    StartAttenCharInd(forwarding_sta=ONE, run_id=RUN),
    MnbcSoundInd(count=9, run_id=RUN, random=bytes(range(16))),
    AttenProfileInd(pev_mac=ONE, aag=bytes(range(58))),
    AttenCharInd(source_address=ONE, run_id=RUN, num_sounds=10, aag=bytes(range(58))),
    AttenCharRsp(source_address=ONE, run_id=RUN),
    ValidateReq(timer=5),
    ValidateCnf(toggle_num=3, result=2),
    SlacMatchReq(pev_mac=ONE, evse_mac=OTHER, run_id=RUN),
    SlacMatchCnf(pev_mac=ONE, evse_mac=OTHER, run_id=RUN, nid=RUN[:7], nmk=RUN + RUN),
    SetKeyReq(nid=RUN[:7], new_key=RUN + RUN),
    SetKeyCnf(result=1),
    AmpMapReq(amlen=3, amdata=b"\x21\x03"),
    AmpMapCnf(),
    LinkStatusReq(),
    LinkStatusCnf(link=1),
]
SIZES = {
    "CM_SLAC_PARM.REQ": 29,
    "CM_SLAC_PARM.CNF": 44,
    "CM_START_ATTEN_CHAR.IND": 38,
    "CM_MNBC_SOUND.IND": 71,
    "CM_ATTEN_PROFILE.IND": 85,
    "CM_ATTEN_CHAR.IND": 129,
    "CM_ATTEN_CHAR.RSP": 70,
    "CM_VALIDATE.REQ": 22,
    "CM_VALIDATE.CNF": 22,
    "CM_SLAC_MATCH.REQ": 85,
    "CM_SLAC_MATCH.CNF": 109,
    "CM_SET_KEY.REQ": 57,
    "CM_SET_KEY.CNF": 33,
}
"""Octets before padding, as other implementations document them."""


def framed(message: Message) -> bytes:
    return Frame(OTHER, ONE, message).to_bytes()


def bare_size(message: Message) -> int:
    return 14 + (3 if message.VENDOR else 5) + len(message.payload())


def test_every_message_has_an_example():
    assert {type(one) for one in EXAMPLES} == set(MESSAGES.values())


@pytest.mark.parametrize("message", EXAMPLES, ids=lambda one: one.NAME)
def test_a_message_comes_back_as_it_went(message):
    raw = framed(message)
    assert len(raw) >= 60
    assert read_frame(raw) == Frame(OTHER, ONE, message)
    assert message_type(raw) == message.TYPE
    assert raw[12:14] == b"\x88\xe1"
    assert bare_size(message) == SIZES.get(message.NAME, bare_size(message))


@pytest.mark.parametrize("message", EXAMPLES, ids=lambda one: one.NAME)
def test_every_truncation_is_refused_with_one_sentence(message):
    raw = framed(message)[: bare_size(message)]
    for size in range(len(raw)):
        with pytest.raises(FrameError) as refused:
            read_frame(raw[:size])
        assert "\n" not in str(refused.value)
        assert str(refused.value)


@pytest.mark.parametrize("message", EXAMPLES, ids=lambda one: one.NAME)
def test_every_single_bit_flip_is_a_message_or_a_refusal(message):
    raw = framed(message)
    for at in range(len(raw) * 8):
        flipped = bytearray(raw)
        flipped[at // 8] ^= 1 << at % 8
        for exact in (True, False):
            with contextlib.suppress(FrameError):
                read_frame(bytes(flipped), exact=exact).to_bytes()


def test_the_same_bytes_as_pyslac():
    pyslac = pytest.importorskip("protocols.slac.pyslac_session", reason="pyslac needs Linux")
    assert pyslac
    from pyslac import messages as theirs
    from pyslac.utils import generate_nid

    aag = list(range(58))
    pairs = [
        (EXAMPLES[0], theirs.SlacParmReq(RUN)),
        (EXAMPLES[1], theirs.SlacParmCnf(ONE, RUN)),
        (EXAMPLES[2], theirs.StartAtennChar(10, 6, ONE, RUN)),
        (EXAMPLES[4], theirs.AttenProfile(ONE, aag)),
        (EXAMPLES[5], theirs.AtennChar(ONE, RUN, 10, 58, aag)),
        (EXAMPLES[6], theirs.AtennCharRsp(ONE, RUN, 0, 0, 0)),
        (EXAMPLES[10], theirs.MatchCnf(ONE, OTHER, RUN, RUN[:7], RUN + RUN)),
        (SetKeyReq(nid=RUN[:7], new_key=RUN + RUN, my_nonce=b"\xaa" * 4), theirs.SetKeyReq(RUN[:7], RUN + RUN)),
    ]
    for ours, other in pairs:
        assert ours.payload() == bytes(other.pack_big()), ours.NAME
    nmk = fresh_nmk()
    assert nid_of(nmk) == generate_nid(nmk)


def test_importing_pyslac_leaves_the_logging_alone():
    code = (
        "import logging; before = (logging.getLogger().level, list(logging.getLogger().handlers));"
        "import protocols.slac.pyslac_session;"
        "assert before == (logging.getLogger().level, list(logging.getLogger().handlers));"
        "assert not logging.getLogger('slac_session').isEnabledFor(logging.DEBUG)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if "fcntl" in done.stderr or "AF_PACKET" in done.stderr:
        pytest.skip("pyslac needs Linux")
    assert done.returncode == 0, done.stderr


REFUSALS = [
    (b"", "too short"),
    (bytes(13), "too short"),
    (bytes(2000), "longer than Ethernet allows"),
    (bytes(60), "is not HomePlug"),
    (ONE + OTHER + b"\x88\xe1\x01\xff\x7f" + bytes(60), "not one that we know"),
    (ONE + OTHER + b"\x88\xe1\x07\x64\x60" + bytes(60), "no known header"),
    (ONE + OTHER + b"\x88\xe1\x00\x64\x60" + bytes(60), "HomePlug version 0"),
    (ONE + OTHER + b"\x88\xe1\x01\x64\x60\x21\x00" + bytes(60), "fragments"),
    (ONE + OTHER + b"\x88\xe1\x01\x86\x60\x00\x00" + ONE + b"\xff\x00" + bytes(40), "aag needs 255 octets, 40"),
    (ONE + OTHER + b"\x88\xe1\x01\x1c\x60\x00\x00" + b"\xff\xff" + bytes(40), "amdata needs 32768 octets"),
    (ONE + OTHER + b"\x88\xe1\x01\x65\x60\x00\x00" + bytes(60), "msound_target is 000000000000"),
]


@pytest.mark.parametrize(("raw", "words"), REFUSALS, ids=[words for _, words in REFUSALS])
def test_what_is_refused_and_why(raw, words):
    with pytest.raises(FrameError, match=words):
        read_frame(raw)


def test_what_does_not_fit_is_not_sent():
    with pytest.raises(FrameError, match="run_id has 3 octets instead of 8"):
        framed(SlacParmReq(run_id=b"abc"))
    with pytest.raises(FrameError, match="count = 256"):
        framed(MnbcSoundInd(count=256, run_id=RUN, random=bytes(16)))
    with pytest.raises(FrameError, match="has 6 octets, not 2"):
        Frame(b"ab", ONE, LinkStatusReq()).to_bytes()
    with pytest.raises(FrameError, match=f"more than a frame's {MOST_OCTETS}"):
        framed(AmpMapReq(amlen=4000, amdata=bytes(2000)))


def test_odd_cars_are_read_where_exactness_is_not_asked():
    raw = bytearray(framed(EXAMPLES[9]))
    raw[21:23] = b"\x00\x3e"  # the length's octets the other way round, as some write them
    with pytest.raises(FrameError, match="mvf_length"):
        read_frame(bytes(raw))
    assert isinstance(read_frame(bytes(raw), exact=False).message, SlacMatchReq)


def test_macs_as_people_write_them():
    assert read_mac("02:00:00:00:00:01") == read_mac("02-00-00-00-00-01") == read_mac("020000000001") == ONE
    assert mac_text(ONE) == "02:00:00:00:00:01"
    for wrong in ("", "02:00", "02:00:00:00:00:0g", "02:00:00:00:00:01:02", "02 00 00 00 00 01 "):
        with pytest.raises(ValueError, match="no MAC address"):
            read_mac(wrong)


def test_a_key_of_another_length_is_refused():
    with pytest.raises(ValueError, match="16 octets, not 3"):
        nid_of(b"abc")


@given(st.binary(max_size=200), st.sampled_from(sorted(MESSAGES)), st.booleans())
@example(b"", 0x6065, True)
def test_any_payload_behind_any_type_is_a_message_or_one_refusal(payload, code, exact):
    header = b"\x00" + code.to_bytes(2, "little") if code >= 0xA000 else b"\x01" + code.to_bytes(2, "little") + b"\0\0"
    raw = ONE + OTHER + HOMEPLUG.to_bytes(2, "big") + header + payload
    try:
        frame = read_frame(raw, exact=exact)
    except FrameError:
        return
    assert read_frame(frame.to_bytes()).message == frame.message


@given(st.binary(max_size=1600))
def test_any_bytes_are_a_message_or_one_refusal(raw):
    with pytest.raises(FrameError):
        read_frame(raw)
    assert message_type(raw) is None or raw[12:14] == b"\x88\xe1"
