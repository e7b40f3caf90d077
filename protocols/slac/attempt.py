"""One run of the car's matching process: what it has gathered, and what follows from it. No frames, no time."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum

from protocols.slac.choice import Heard, Verdict, average_db, judge, ranked
from protocols.slac.ev_table import Outcome
from protocols.slac.messages import AttenCharInd, MnbcSoundInd, SlacMatchCnf, StartAttenCharInd, ValidateCnf
from protocols.slac.timings import Timings

EVSES_MOST = 16
"""A parking deck may answer, a flood may not fill the memory."""
RANDOM_OCTETS = 16

Random = Callable[[int], bytes]


class Validated(IntEnum):
    """`result` of CM_VALIDATE.CNF (Table A.6)."""

    NOT_READY = 0
    READY = 1
    SUCCESS = 2
    FAILURE = 3
    NOT_REQUIRED = 4


@dataclass(slots=True)
class Attempt:
    """What one run of the matching process has gathered."""

    run_id: bytes
    answered: list[bytes] = field(default_factory=list)
    """EVSEs that answered CM_SLAC_PARM.REQ."""
    heard: dict[bytes, Heard] = field(default_factory=dict)
    candidates: list[Heard] = field(default_factory=list)
    """EVSEs that may be ours, the best first."""
    to_validate: list[Heard] = field(default_factory=list)
    sent: int = 0
    """Of the state's own message."""
    results_until_s: float = 0.0
    toggles: int = 0
    confirmed: SlacMatchCnf | None = None
    join_since_s: float = 0.0
    key_taken: bool = False
    reason: str = ""
    """Why it failed, as one clause."""

    @property
    def all_heard(self) -> bool:
        """Whether each EVSE that answered has told how it heard us."""
        return len(self.heard) == len(self.answered)

    @property
    def chosen(self) -> bytes:
        """The EVSE that is matched with."""
        return self.candidates[0].evse_mac

    def fail(self, reason: str) -> Outcome:
        """Remember why."""
        self.reason = reason
        return Outcome.FAILED

    def again(self, timings: Timings, reason: str) -> Outcome:
        """Once more, unless C_EV_match_retry repetitions were in vain."""
        return Outcome.AGAIN if self.sent <= timings.match_retries else self.fail(reason)

    def note_answer(self, evse_mac: bytes) -> None:
        """An EVSE has heard our request."""
        if evse_mac not in self.answered and len(self.answered) < EVSES_MOST:
            self.answered.append(evse_mac)

    def next_sound(self, mac: bytes, timings: Timings, random: Random) -> StartAttenCharInd | MnbcSoundInd:
        """Announcements first, then sounds, which count down."""
        announcements = timings.start_atten_char_inds
        if self.sent < announcements:
            window = min(255, max(1, round(timings.evse_match_mnbc_s * 10)))
            return StartAttenCharInd(num_sounds=timings.sounds, time_out=window, forwarding_sta=mac, run_id=self.run_id)
        left = announcements + timings.sounds - self.sent - 1
        return MnbcSoundInd(count=left, run_id=self.run_id, random=random(RANDOM_OCTETS))

    def all_sounded(self, timings: Timings) -> bool:
        """Whether the last sound is out."""
        return self.sent >= timings.start_atten_char_inds + timings.sounds

    def note_account(self, evse_mac: bytes, account: AttenCharInd) -> Heard:
        """An EVSE has told how it heard us."""
        heard = Heard(evse_mac, average_db(account.aag), account.num_sounds)
        self.heard[evse_mac] = heard
        return heard

    def choose(self, timings: Timings, *, validate: bool) -> Outcome:
        """Which EVSE is ours, by how well each heard us."""
        if not self.heard:
            return self.fail("no EVSE told how it heard our sounds (CM_ATTEN_CHAR.IND)")
        self.candidates = ranked(self.heard.values(), timings)
        if not self.candidates:
            best = min(heard.attenuation_db for heard in self.heard.values())
            return self.fail(
                f"no EVSE heard us well: the best by {best:.0f} dB, where {timings.indirect_db} dB is most"
            )
        self.to_validate = list(self.candidates)
        sure = judge(self.candidates[0], timings) is Verdict.FOUND
        return Outcome.FOUND if sure or not validate else Outcome.UNSURE

    # Validation over the pilot (A.9.3): one EVSE after another.

    def next_to_validate(self) -> Outcome:
        """One EVSE less to ask; where none is left, the best of those that were not disproved is ours."""
        self.to_validate.pop(0)
        self.sent = 0
        return Outcome.AGAIN if self.to_validate else Outcome.FOUND

    def not_validated(self) -> Outcome:
        """The same after the toggles."""
        return Outcome.UNSURE if self.next_to_validate() is Outcome.AGAIN else Outcome.FOUND

    def judge_readiness(self, answer: ValidateCnf) -> Outcome:
        """Step 1: is the EVSE ready to count?"""
        match answer.result:
            case Validated.READY:
                return Outcome.DONE
            case Validated.NOT_READY:
                # Asked again when the timer is over.
                return Outcome.STAY
            case Validated.NOT_REQUIRED:
                self.candidates = [self.to_validate[0]]
                return Outcome.FOUND
            case _:
                return self.next_to_validate()

    def judge_toggles(self, answer: ValidateCnf) -> Outcome:
        """Step 2: did it count as often as we toggled?"""
        tested = self.to_validate[0]
        if answer.result not in (Validated.SUCCESS, Validated.FAILURE):
            # An answer to step 1, repeated or late; the timer ends the wait.
            return Outcome.STAY
        if answer.result == Validated.SUCCESS and answer.toggle_num == self.toggles:
            self.candidates = [tested]
            return Outcome.FOUND
        # It counted otherwise: it is at the end of another cable.
        self.candidates.remove(tested)
        if not self.candidates:
            return self.fail("no EVSE saw our pilot toggle as often as it did (CM_VALIDATE.CNF)")
        return self.not_validated()
