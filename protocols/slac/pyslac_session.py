"""pyslac's EVSE session, on our wire and behind our checks.

pyslac 0.8.3 knows the order of an EVSE's messages; what it lacks is put around it here:

- It reads fields at fixed places of frames that it has not measured. Here each frame is read by `frames.read_frame`
  first; broken, foreign and other cars' frames never reach it.
- It opens its socket itself and takes a short frame together with the next one. Here frames come whole, from a queue.
- A sound that is lost makes it give up after 1 s. Here what came within TT_EVSE_match_MNBC is averaged.
- A car that begins anew waits up to 10 s for it. Here the run is broken off at once ([V2G3-A09-16]).
- It knows no CM_VALIDATE; the car is told so (result "failure"), and need not wait for three time-outs.
- It sets up the root logger for debugging when it is imported, and writes keys there. Both are undone.

Its pause of 10 s after CM_SET_KEY is an argument here.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from protocols.slac.frames import Frame, mac_text, read_frame
from protocols.slac.keys import fresh_nmk, nid_of
from protocols.slac.layout import FrameError
from protocols.slac.messages import (
    BROADCAST,
    GROUPS,
    AmpMapCnf,
    AmpMapReq,
    AttenProfileInd,
    LinkStatusCnf,
    Message,
    SetKeyCnf,
    SetKeyReq,
    SlacMatchCnf,
    SlacMatchReq,
    SlacParmReq,
    StartAttenCharInd,
    ValidateCnf,
    ValidateReq,
)
from protocols.slac.timings import Timings


@contextmanager
def _root_logger_kept() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)


with _root_logger_kept():
    from pyslac import session as pyslac_session
    from pyslac.environment import Config
    from pyslac.session import SlacEvseSession, SlacSession

for _name in ("slac_session", "slac_utils", "async_linux_socket"):
    # At DEBUG it writes the network's key; at ERROR, a whole traceback for each car that goes away.
    logging.getLogger(_name).setLevel(logging.CRITICAL)

UNMATCHED, MATCHING, MATCHED = (
    pyslac_session.STATE_UNMATCHED,
    pyslac_session.STATE_MATCHING,
    pyslac_session.STATE_MATCHED,
)
QUEUE_MOST = 256
"""Frames that wait; a flood pushes out its own oldest."""
LARGEST_READ = 128
"""pyslac looks at no octet beyond this; frames are padded with zeros up to here."""
KEY_ANSWER_S = 5.0
"""How long a modem may take to answer CM_SET_KEY.REQ."""
VALIDATION_FAILURE = 3
_EXACT = (SlacParmReq, StartAttenCharInd)
"""What begins a run has to be a matching without security (Table A.2); pyslac does not look. Later messages of odd
cars, which write their VIN where zeros belong, or a length with its octets swapped, are let through.
"""


class RunRestarted(Exception):
    """The car has begun a new run; the one that was going on is void."""


class EvseSession(SlacEvseSession):  # type: ignore[misc]
    """One EVSE: `receive` puts frames in, `send` takes them out; `set_up`, `await_car`, `characterise` do the work."""

    def __init__(
        self,
        mac: bytes,
        send: Callable[[bytes], None],
        *,
        timings: Timings | None = None,
        settle_s: float = 10.0,
        patience: float = 1.0,
        on_ignored: Callable[[str], None] = lambda reason: None,
    ) -> None:
        """`settle_s` is how long a modem takes to work again after it was given a key; `patience` multiplies the time
        that pyslac waits for each frame, for cars slower than the standard.
        """
        # pyslac's own constructor would open a socket.
        self.timings = timings or Timings()
        self.iface, self.evse_id = "", ""
        self.evse_plc_mac = pyslac_session.EVSE_PLC_MAC
        self.config = Config(
            slac_init_timeout=self.timings.evse_init_s,
            slac_atten_results_timeout=round(self.timings.evse_match_mnbc_s * 1000),
        )
        SlacSession.__init__(self, state=UNMATCHED, evse_mac=mac)
        self.mac = mac
        self.link_answers: deque[bool] = deque(maxlen=16)
        """What the modem said of its link."""
        self.asked_anew = False
        """Whether the matched car has begun to match anew. It gets no answer as long as there is a link."""
        self._send = send
        self._settle_s = settle_s
        self._patience = patience
        self._on_ignored = on_ignored
        self._queue: asyncio.Queue[bytes] = asyncio.Queue()
        self._again: bytes | None = None
        self._confirmed = b""
        self._setting_key = False

    # What the helper calls.

    def receive(self, raw: bytes) -> None:
        """A HomePlug frame came in."""
        try:
            frame = read_frame(raw, exact=False)
            if isinstance(frame.message, _EXACT):
                read_frame(raw)
        except FrameError as error:
            self._on_ignored(str(error))
            return
        if frame.destination not in (self.mac, BROADCAST) or frame.source == self.mac:
            return
        message = frame.message
        match message:
            case LinkStatusCnf():
                self.link_answers.append(message.link == 1)
            case AmpMapReq() if self._from_our_car(frame) and message.amlen:
                self.put_message(frame.source, AmpMapCnf())
            case ValidateReq() if self._from_our_car(frame):
                self.put_message(frame.source, ValidateCnf(result=VALIDATION_FAILURE))
            case SlacMatchReq(run_id=run_id) if self.state == MATCHED and run_id == self.run_id and self._confirmed:
                # Our confirmation was lost.
                self._send(self._confirmed)
            case SlacParmReq() if self.state == MATCHED:
                self.asked_anew = self.asked_anew or self._from_our_car(frame)
            case _ if self._belongs(frame):
                if self._queue.qsize() >= QUEUE_MOST:
                    self._queue.get_nowait()
                self._queue.put_nowait(raw)
            case _:
                self._on_ignored(f"{message.NAME} from {mac_text(frame.source)} belongs to another run or station")

    def put_message(self, destination: bytes, message: Message) -> None:
        """Send a message of ours."""
        self._send(Frame(destination, self.mac, message).to_bytes())

    def send_key_change(self) -> None:
        """Give the modem a key that nobody keeps, and do not wait: the last word before the process ends."""
        nmk = fresh_nmk()
        self.put_message(self.evse_plc_mac, SetKeyReq(nid=nid_of(nmk), new_key=nmk))

    async def set_up(self) -> None:
        """Give the modem a fresh key, and so leave any network. Raises TimeoutError where no modem answers."""
        self._void()
        # pyslac sleeps for a constant of its module.
        pyslac_session.SLAC_SETTLE_TIME = self._settle_s
        self._setting_key = True
        try:
            async with asyncio.timeout(KEY_ANSWER_S + self._settle_s):
                await self.evse_set_key()
        finally:
            self._setting_key = False
        self._void()

    async def await_car(self) -> None:
        """Wait for a car's CM_SLAC_PARM.REQ and answer it. Raises TimeoutError after TT_EVSE_SLAC_init."""
        self.state = UNMATCHED
        async with asyncio.timeout(self.timings.evse_init_s):
            await self.evse_slac_parm()

    async def characterise(self) -> None:
        """From the sounds to the match; returns when the car has been given the key. Any exception: this run failed."""
        try:
            await self.atten_charac_routine()
        except BaseException:
            self.state = UNMATCHED
            raise

    # What pyslac calls.

    def reset_socket(self) -> None:
        """Forget what came before, but for the request that made us begin anew."""
        while not self._queue.empty():
            self._queue.get_nowait()
        if self._again is not None:
            self._queue.put_nowait(self._again)
            self._again = None

    async def send_frame(self, frame_to_send: bytes) -> None:
        """Send what pyslac has packed."""
        raw = bytes(frame_to_send).ljust(60, b"\0")
        if raw[15:17] == SlacMatchCnf.TYPE.to_bytes(2, "little"):
            self._confirmed = raw
        self._send(raw)

    async def rcv_frame(self, rcv_frame_size: int, timeout: float) -> bytes:
        """The next frame that belongs to this run, whole. Raises TimeoutError, RunRestarted."""
        # Not wait_for: Python 3.11's loses a cancellation that comes in the same turn as the frame.
        async with asyncio.timeout(float(timeout) * self._patience):
            raw = await self._queue.get()
        if self.state == MATCHING and isinstance(read_frame(raw, exact=False).message, SlacParmReq):
            self._again = raw
            raise RunRestarted
        return raw.ljust(LARGEST_READ, b"\0")

    async def cm_sounds_loop(self) -> None:
        """Average what the modem tells of the sounds, until all came or TT_EVSE_match_MNBC is over."""
        totals, sounds = [0] * GROUPS, 0
        loop = asyncio.get_running_loop()
        until_s = loop.time() + self.time_out_ms / 1000
        while sounds < (self.num_expected_sounds or 0) and (left_s := until_s - loop.time()) > 0:
            try:
                raw = await self.rcv_frame(LARGEST_READ, left_s / self._patience)
            except TimeoutError:
                break
            message = read_frame(raw, exact=False).message
            if isinstance(message, AttenProfileInd):
                totals = [total + one for total, one in zip(totals, message.aag, strict=True)]
                sounds += 1
        if sounds == 0:
            raise ValueError("the modem told of no sound (CM_ATTEN_PROFILE.IND)")
        self.num_total_sounds, self.num_groups = sounds, GROUPS
        self.aag = [min(255, round(total / sounds)) for total in totals]

    # Whose frame is it?

    def _from_our_car(self, frame: Frame) -> bool:
        return bool(self.state != UNMATCHED and frame.source == self.pev_mac)

    def _belongs(self, frame: Frame) -> bool:
        message = frame.message
        if self._setting_key or isinstance(message, SetKeyCnf):
            # pyslac takes whatever comes then for the answer.
            return self._setting_key and isinstance(message, SetKeyCnf)
        if isinstance(message, SlacParmReq):
            anew = self._from_our_car(frame) and bool(message.run_id != self.run_id)
            return anew or bool(self.state == UNMATCHED)
        if isinstance(message, AttenProfileInd):
            return bool(message.pev_mac == self.pev_mac) and len(message.aag) == GROUPS
        ours = getattr(message, "run_id", None) == self.run_id and self._from_our_car(frame)
        return bool(ours) and self.state == MATCHING

    def _void(self) -> None:
        nmk, nid = self.nmk, self.nid
        SlacSession.__init__(self, state=UNMATCHED, evse_mac=self.mac, nmk=nmk, nid=nid)
        self._again, self._confirmed, self.asked_anew = None, b"", False
        self.reset_socket()


__all__ = ["MATCHED", "EvseSession", "RunRestarted"]
