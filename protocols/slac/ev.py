"""The car's side of SLAC, sans-I/O: it finds the EVSE at the other end of its cable and joins that one's network.

    ev = EvSide(mac)
    ev.plugged_in(now)                    # pilot state B was seen
    ev.receive(frame, now)                # each frame of ethertype 0x88E1
    ev.on_timer(now)                      # when next_timer() is due
    for frame in ev.frames_to_send(): ... # after each of these
    while (event := ev.next_event()): ...
    ev.leave(now)                         # unplugged, state E, or the session is over

Time is an argument (POSIX seconds that never jump), randomness another. Whatever comes in, in whatever order, ends in
a state of `ev_table.py`; a broken or foreign frame is an event, never an exception.
"""

import secrets
from collections import deque
from collections.abc import Callable

from protocols.slac.attempt import Attempt, Random
from protocols.slac.ev_table import AWAITED, LEAVE, NEXT, START, TIMER, TIMERS, Outcome, State
from protocols.slac.events import (
    Event,
    EvseHeard,
    FrameIgnored,
    LinkLost,
    Matched,
    MatchingFailed,
    StateChanged,
    ToggleAsked,
)
from protocols.slac.frames import Frame, mac_text, read_frame
from protocols.slac.keys import nid_of
from protocols.slac.layout import FrameError
from protocols.slac.messages import (
    BROADCAST,
    LOCAL_MODEM,
    NMK_OCTETS,
    RUN_ID_OCTETS,
    AmpMapCnf,
    AmpMapReq,
    AttenCharInd,
    AttenCharRsp,
    LinkStatusCnf,
    LinkStatusReq,
    Message,
    SetKeyCnf,
    SetKeyReq,
    SlacMatchCnf,
    SlacMatchReq,
    SlacParmCnf,
    SlacParmReq,
    ValidateCnf,
    ValidateReq,
)
from protocols.slac.timings import Timings
from protocols.slac.watch import LinkWatch

KEY_AGAIN_POLLS = 5
"""A modem that has not confirmed its key is given it again after so many questions for its link."""


class EvSide:
    """One car on one power line."""

    def __init__(
        self,
        mac: bytes,
        *,
        timings: Timings | None = None,
        modem_mac: bytes = LOCAL_MODEM,
        validate: bool = True,
        random: Random = secrets.token_bytes,
    ) -> None:
        """`mac` is the car's host. Without `validate` an EVSE that is only potentially ours is taken for ours."""
        self.mac = mac
        self.state = State.UNMATCHED
        self.attempts = 0
        self._timings = timings or Timings()
        self._modem_mac = modem_mac
        self._validate = validate
        self._random = random
        self._attempt = Attempt(bytes(RUN_ID_OCTETS))
        self._began_s = 0.0
        self._joined = False
        self._watch = LinkWatch(self._timings, 0.0)
        self._deadline_s: float | None = None
        self._frames: list[bytes] = []
        self._events: deque[Event] = deque()
        self._enter: dict[State, Callable[[float], None]] = {
            State.UNMATCHED: self._rest,
            State.PARAMETERS: self._ask_parameters,
            State.SOUNDING: self._sound,
            State.ATTENUATION: self._await_accounts,
            State.VALIDATION: self._ask_validation,
            State.TOGGLING: self._toggle,
            State.MATCH: self._ask_match,
            State.JOINING: self._join,
            State.MATCHED: self._be_matched,
            State.WAITING: self._wait,
        }
        self._expired: dict[State, Callable[[float], Outcome]] = {
            State.PARAMETERS: self._parameters_over,
            State.SOUNDING: self._sounded,
            State.ATTENUATION: self._choose,
            State.VALIDATION: self._validation_over,
            State.TOGGLING: lambda now: self._attempt.not_validated(),
            State.MATCH: self._match_over,
            State.JOINING: self._join_over,
            State.MATCHED: self._ask_link,
            State.WAITING: self._waited,
        }

    # What the owner calls.

    def plugged_in(self, now: float) -> None:
        """Begin matching (a transition to pilot state B, or a re-match); nothing where it has begun already."""
        if self.state is State.UNMATCHED:
            self._began_s, self.attempts = now, 0
            self._go(START, Outcome.DONE, now)

    def leave(self, now: float) -> None:
        """Leave the logical network and be unmatched: unplugged, pilot state E, D-LINK_TERMINATE or D-LINK_ERROR."""
        self._go(LEAVE, Outcome.DONE, now)

    def pause(self, paused: bool) -> None:
        """D-LINK_PAUSE: the match stays; silence is no loss."""
        self._watch.paused = paused

    def receive(self, raw: bytes, now: float) -> None:
        """Take one Ethernet frame."""
        try:
            frame = read_frame(raw)
        except FrameError as error:
            self._ignore(now, str(error), raw)
            return
        message = frame.message
        if frame.source == self.mac or frame.destination not in (self.mac, BROADCAST):
            return
        if message.NAME not in AWAITED.get(self.state, ()):
            self._ignore(now, f"{message.NAME} is not awaited in state {self.state}", raw)
            return
        outcome = self._take(frame, now)
        if outcome is None:
            self._ignore(now, f"{message.NAME} from {mac_text(frame.source)} belongs to another run or station", raw)
            return
        self._go(message.NAME, outcome, now)

    def next_timer(self) -> float | None:
        """When `on_timer` is due; None: never."""
        return self._deadline_s

    def on_timer(self, now: float) -> None:
        """Time has passed; harmless if too early."""
        if self._deadline_s is not None and now >= self._deadline_s:
            self._deadline_s = None
            self._go(TIMER, self._expired[self.state](now), now)

    def frames_to_send(self) -> list[bytes]:
        """Take what is to be sent, in order."""
        frames, self._frames = self._frames, []
        return frames

    def next_event(self) -> Event | None:
        """Take the next event."""
        return self._events.popleft() if self._events else None

    # The engine: one trigger, one row, one entry.

    def _go(self, trigger: str, outcome: Outcome, now: float) -> None:
        following = NEXT.get((self.state, trigger, outcome))
        if following is None:
            return
        previous, self.state = self.state, following
        if following is not previous:
            self._attempt.sent = 0
            self._events.append(StateChanged(time_s=now, state=following, previous=previous))
        timer = TIMERS.get(following)
        self._deadline_s = now + getattr(self._timings, timer) if timer else None
        self._enter[following](now)

    def _take(self, frame: Frame, now: float) -> Outcome | None:
        """Judge one awaited message; None: it is not for us."""
        match frame.message:
            case SlacParmCnf() as answer:
                return self._take_parameters(answer, frame.source)
            case AttenCharInd() as account:
                return self._take_account(account, frame.source, now)
            case ValidateCnf() as answer:
                return self._take_validation(answer, frame.source)
            case SlacMatchCnf() as answer:
                return self._take_match(answer, frame.source, now)
            case SetKeyCnf():
                self._attempt.key_taken = True
                return Outcome.STAY
            case LinkStatusCnf() as answer:
                return self._take_link(answer, now)
            case AmpMapReq() as request:
                return self._take_amplitudes(request, frame.source)
            case _:
                return None

    def _send(self, destination: bytes, message: Message) -> None:
        self._frames.append(Frame(destination, self.mac, message).to_bytes())

    def _ignore(self, now: float, reason: str, raw: bytes) -> None:
        self._events.append(FrameIgnored(time_s=now, reason=reason, raw=bytes(raw)))

    # Unmatched, and between two attempts.

    def _rest(self, now: float) -> None:
        self._leave_network()

    def _wait(self, now: float) -> None:
        self._leave_network()

    def _waited(self, now: float) -> Outcome:
        if now - self._began_s < self._timings.matching_repetition_s:
            return Outcome.AGAIN
        self._events.append(MatchingFailed(time_s=now, reason=self._attempt.reason, attempts=self.attempts))
        return Outcome.FAILED

    def _leave_network(self) -> None:
        # A station has no word for leaving: a key that nobody else has is the way out ([V2G3-A09-121]).
        if self._joined:
            self._joined = False
            self._set_key(self._random(NMK_OCTETS))

    def _set_key(self, nmk: bytes, nid: bytes | None = None) -> None:
        self._send(self._modem_mac, SetKeyReq(nid=nid if nid is not None else nid_of(nmk), new_key=nmk))

    # Parameters.

    def _ask_parameters(self, now: float) -> None:
        if self._attempt.sent == 0:
            self.attempts += 1
            self._attempt = Attempt(self._random(RUN_ID_OCTETS))
        self._attempt.sent += 1
        self._send(BROADCAST, SlacParmReq(run_id=self._attempt.run_id))

    def _take_parameters(self, answer: SlacParmCnf, evse_mac: bytes) -> Outcome | None:
        if answer.run_id != self._attempt.run_id or answer.forwarding_sta != self.mac:
            return None
        self._attempt.note_answer(evse_mac)
        return Outcome.STAY

    def _parameters_over(self, now: float) -> Outcome:
        if self._attempt.answered:
            return Outcome.DONE
        return self._attempt.again(self._timings, "no EVSE answered CM_SLAC_PARM.REQ")

    # Sounds, and what the EVSEs say of them.

    def _sound(self, now: float) -> None:
        attempt = self._attempt
        if attempt.sent == 0:
            attempt.results_until_s = now + self._timings.atten_results_s
        self._send(BROADCAST, attempt.next_sound(self.mac, self._timings, self._random))
        attempt.sent += 1

    def _sounded(self, now: float) -> Outcome:
        return Outcome.DONE if self._attempt.all_sounded(self._timings) else Outcome.AGAIN

    def _await_accounts(self, now: float) -> None:
        self._deadline_s = now if self._attempt.all_heard else max(now, self._attempt.results_until_s)

    def _take_account(self, account: AttenCharInd, evse_mac: bytes, now: float) -> Outcome | None:
        attempt = self._attempt
        ours = account.run_id == attempt.run_id and account.source_address == self.mac
        if not ours or evse_mac not in attempt.answered:
            return None
        self._send(evse_mac, AttenCharRsp(source_address=self.mac, run_id=attempt.run_id))
        if evse_mac not in attempt.heard and self.state in (State.SOUNDING, State.ATTENUATION):
            heard = attempt.note_account(evse_mac, account)
            self._events.append(
                EvseHeard(time_s=now, evse_mac=evse_mac, attenuation_db=heard.attenuation_db, sounds=heard.sounds)
            )
        return self._choose(now) if attempt.all_heard and self.state is State.ATTENUATION else Outcome.STAY

    def _choose(self, now: float) -> Outcome:
        return self._attempt.choose(self._timings, validate=self._validate)

    # Validation over the pilot.

    def _ask_validation(self, now: float) -> None:
        self._attempt.sent += 1
        self._send(self._attempt.to_validate[0].evse_mac, ValidateReq())

    def _take_validation(self, answer: ValidateCnf, evse_mac: bytes) -> Outcome | None:
        attempt = self._attempt
        if evse_mac != attempt.to_validate[0].evse_mac:
            return None
        toggled = self.state is State.TOGGLING
        return attempt.judge_toggles(answer) if toggled else attempt.judge_readiness(answer)

    def _validation_over(self, now: float) -> Outcome:
        if self._attempt.sent <= self._timings.match_retries:
            return Outcome.AGAIN
        return self._attempt.next_to_validate()

    def _toggle(self, now: float) -> None:
        attempt, timings = self._attempt, self._timings
        attempt.toggles = 1 + self._random(1)[0] % timings.toggles_most
        window_s = min(timings.toggle_window_most_s, 2 * timings.toggle_state_s * (attempt.toggles + 1))
        units = max(1, round(window_s * 10) - 1)
        self._send(attempt.to_validate[0].evse_mac, ValidateReq(timer=min(units, 255)))
        self._deadline_s = now + (units + 1) / 10 + timings.match_response_s
        self._events.append(ToggleAsked(time_s=now, toggles=attempt.toggles, state_s=timings.toggle_state_s))

    # The match.

    def _ask_match(self, now: float) -> None:
        attempt = self._attempt
        attempt.sent += 1
        request = SlacMatchReq(pev_mac=self.mac, evse_mac=attempt.chosen, run_id=attempt.run_id)
        self._send(attempt.chosen, request)

    def _match_over(self, now: float) -> Outcome:
        evse = mac_text(self._attempt.chosen)
        return self._attempt.again(self._timings, f"EVSE {evse} did not answer CM_SLAC_MATCH.REQ")

    def _take_match(self, answer: SlacMatchCnf, evse_mac: bytes, now: float) -> Outcome | None:
        attempt = self._attempt
        chosen = attempt.chosen
        if (answer.run_id, answer.pev_mac, answer.evse_mac, evse_mac) != (attempt.run_id, self.mac, chosen, chosen):
            return None
        attempt.confirmed, attempt.join_since_s = answer, now
        self._watch = LinkWatch(self._timings, now)
        return Outcome.DONE

    def _join(self, now: float) -> None:
        answer = self._attempt.confirmed
        if answer is not None:
            self._joined = True
            self._set_key(answer.nmk, answer.nid)

    def _join_over(self, now: float) -> Outcome:
        attempt, waited_s = self._attempt, now - self._attempt.join_since_s
        if waited_s >= self._timings.match_join_s:
            what = "has not joined the EVSE's network" if attempt.key_taken else "did not answer CM_SET_KEY.REQ"
            return attempt.fail(f"our modem {what} within {waited_s:.0f} s")
        if attempt.key_taken and not self._watch.modem_tells and waited_s >= self._timings.assumed_join_s:
            return Outcome.DONE
        attempt.sent += 1
        if not attempt.key_taken and attempt.sent % KEY_AGAIN_POLLS == 0:
            self._join(now)
        return self._ask_link(now)

    def _ask_link(self, now: float) -> Outcome:
        self._send(self._modem_mac, LinkStatusReq())
        self._deadline_s = now + self._timings.link_poll_s
        return Outcome.STAY

    def _be_matched(self, now: float) -> None:
        attempt = self._attempt
        chosen = attempt.candidates[0]
        nid = attempt.confirmed.nid if attempt.confirmed is not None else b""
        self._events.append(
            Matched(
                time_s=now,
                evse_mac=chosen.evse_mac,
                nid=nid,
                attenuation_db=chosen.attenuation_db,
                attempts=self.attempts,
            )
        )

    def _take_link(self, answer: LinkStatusCnf, now: float) -> Outcome:
        self._watch.told(answer.link == 1)
        if self.state is State.JOINING:
            return Outcome.DONE if self._watch.linked and self._attempt.key_taken else Outcome.STAY
        loss = self._watch.loss(now)
        if loss is None:
            return Outcome.STAY
        self._events.append(LinkLost(time_s=now, reason=loss))
        return Outcome.LOST

    def _take_amplitudes(self, request: AmpMapReq, evse_mac: bytes) -> Outcome | None:
        if request.amlen == 0 or evse_mac != self._attempt.chosen:
            return None
        self._send(evse_mac, AmpMapCnf())
        return Outcome.STAY
