"""The charger's data link as one table: from the plug to the match, and back out of every error.

The states follow ISO 15118-3:2015, clauses 6.4 and 7: what the pilot shows meanwhile (X1: no PWM; X2: 5 %; E/F), when
the logical network is left, what higher layers are told (D-LINK_READY), and how a failed or lost link comes back.
Sans-I/O: what the pilot shows, the helper's news and requests of higher layers go in, `Action`s come out, time is an
argument. `diagram.py` draws the rows.
"""

from collections import deque
from enum import StrEnum
from typing import NamedTuple

from protocols.slac.timings import Timings


class LinkState(StrEnum):
    """Where the data link stands."""

    UNPLUGGED = "unplugged"
    MATCHING = "matching"
    MATCHED = "matched"
    PAUSED = "paused"
    RETRY_EF = "state E/F: no SLAC came"
    LEAVING_X1 = "state X1: leaving the network"
    ERROR_EF = "state E/F: after an error"
    ENDED = "ended"
    GIVEN_UP = "given up"


class Trigger(StrEnum):
    """What happens to it."""

    PLUGGED = "pilot B, C or D"
    UNPLUGGED = "pilot A"
    MATCHED = "matched"
    NO_SLAC = "no SLAC request within TT_EVSE_SLAC_init"
    FAILED = "matching failed"
    LOST = "link lost"
    TERMINATE = "D-LINK_TERMINATE.request"
    ERROR = "D-LINK_ERROR.request"
    PAUSE = "D-LINK_PAUSE.request"
    WAKE = "wake-up"
    TIMER = "timer"


class Action(StrEnum):
    """What is to be done about it, in this order."""

    LINK_DOWN = "D-LINK_READY.indication(no link)"
    LINK_UP = "D-LINK_READY.indication(link established)"
    LEAVE = "leave the logical network"
    MATCH = "match"
    PILOT_X1 = "pilot X1"
    PILOT_5_PERCENT = "pilot X2, 5 %"
    PILOT_EF = "pilot E/F"
    GIVE_UP = "no high-level communication"


class Row(NamedTuple):
    """In this state this trigger leads there; `spent`: there instead, when the retries are spent; `idle_pilot`: there
    instead, when the pilot is not ours to change.
    """

    state: LinkState
    trigger: Trigger
    next: LinkState
    spent: LinkState | None = None
    idle_pilot: LinkState | None = None


_S, _T = LinkState, Trigger
_PLUGGED = tuple(state for state in LinkState if state is not _S.UNPLUGGED)
_LINKED = frozenset({_S.MATCHED, _S.PAUSED})

ROWS = (
    Row(_S.UNPLUGGED, _T.PLUGGED, _S.MATCHING),
    *(Row(state, _T.UNPLUGGED, _S.UNPLUGGED) for state in _PLUGGED),
    Row(_S.MATCHING, _T.MATCHED, _S.MATCHED),
    # [V2G3-M06-07]: E/F for T_step_EF, then 5 % again, C_sequ_retry times; then X1.
    Row(_S.MATCHING, _T.NO_SLAC, _S.RETRY_EF, spent=_S.GIVEN_UP, idle_pilot=_S.GIVEN_UP),
    Row(_S.MATCHING, _T.FAILED, _S.RETRY_EF, spent=_S.GIVEN_UP, idle_pilot=_S.GIVEN_UP),
    Row(_S.RETRY_EF, _T.TIMER, _S.MATCHING),
    # A lost link is what D-LINK_ERROR.request asks for: [V2G3-M07-05] to [V2G3-M07-09], X2, X1, E/F, X2.
    *(Row(state, _T.LOST, _S.LEAVING_X1, idle_pilot=_S.ENDED) for state in (_S.MATCHED, _S.PAUSED)),
    *(Row(state, _T.ERROR, _S.LEAVING_X1, idle_pilot=_S.ENDED) for state in (_S.MATCHING, _S.MATCHED, _S.PAUSED)),
    Row(_S.LEAVING_X1, _T.TIMER, _S.ERROR_EF),
    Row(_S.ERROR_EF, _T.TIMER, _S.MATCHING),
    # [V2G3-M09-17]: terminated links are unmatched; a paused one stays matched, without PWM ([V2G3-M07-19/20]).
    *(Row(state, _T.TERMINATE, _S.ENDED) for state in _PLUGGED if state not in (_S.ENDED, _S.GIVEN_UP)),
    Row(_S.MATCHED, _T.PAUSE, _S.PAUSED),
    Row(_S.PAUSED, _T.WAKE, _S.MATCHED),
    Row(_S.ENDED, _T.WAKE, _S.MATCHING),
    Row(_S.GIVEN_UP, _T.WAKE, _S.MATCHING),
)

NEXT = {(row.state, row.trigger): row for row in ROWS}

TIMERS = {_S.RETRY_EF: "step_ef_s", _S.LEAVING_X1: "step_x1_s", _S.ERROR_EF: "step_ef_s"}
"""The field of `Timings` that ends a state."""

ENTRY: dict[LinkState, tuple[Action, ...]] = {
    _S.UNPLUGGED: (Action.LEAVE, Action.PILOT_X1),
    _S.MATCHING: (Action.MATCH, Action.PILOT_5_PERCENT),
    _S.MATCHED: (Action.PILOT_5_PERCENT,),
    _S.PAUSED: (Action.PILOT_X1,),
    _S.RETRY_EF: (Action.PILOT_EF,),
    _S.LEAVING_X1: (Action.PILOT_X1, Action.LEAVE),
    _S.ERROR_EF: (Action.PILOT_EF,),
    _S.ENDED: (Action.LEAVE, Action.PILOT_X1),
    _S.GIVEN_UP: (Action.LEAVE, Action.PILOT_X1, Action.GIVE_UP),
}
"""What entering a state does, besides telling higher layers that the link came or went."""

_PILOT = frozenset({Action.PILOT_X1, Action.PILOT_5_PERCENT, Action.PILOT_EF})


class DataLink:
    """One charger's link. With `drives_pilot` off the pilot is somebody else's to change, or shows a nominal duty cycle
    while basic charging goes on ([V2G3-M07-12]): then nothing is asked of it, a failure ends the attempt, and who has
    the pilot begins anew (`Trigger.WAKE`).
    """

    def __init__(self, timings: Timings | None = None, *, drives_pilot: bool = True) -> None:
        self.state = LinkState.UNPLUGGED
        self.reason = ""
        """Why the link last failed or ended."""
        self._timings = timings or Timings()
        self._drives_pilot = drives_pilot
        self._retries = 0
        self._deadline_s: float | None = None
        self._actions: deque[Action] = deque()

    @property
    def linked(self) -> bool:
        """Whether there is a link (paused or not)."""
        return self.state in _LINKED

    def happen(self, trigger: Trigger, now: float, reason: str = "") -> None:
        """Something happened; in a state that has no row for it, nothing comes of it."""
        row = NEXT.get((self.state, trigger))
        if row is None:
            return
        following = row.next
        if row.spent is not None:
            self._retries += 1
            if self._retries > self._timings.sequence_retries:
                following = row.spent
        if row.idle_pilot is not None and not self._drives_pilot:
            following = row.idle_pilot
        if trigger is not Trigger.TIMER:
            self.reason = reason or str(trigger)
        previous, self.state = self.state, following
        if following in (LinkState.UNPLUGGED, LinkState.MATCHED):
            # [V2G3-M08-02]: a match resets all counters.
            self._retries = 0
        timer = TIMERS.get(following)
        self._deadline_s = now + getattr(self._timings, timer) if timer else None
        if previous in _LINKED and following not in _LINKED:
            self._actions.append(Action.LINK_DOWN)
        self._actions.extend(act for act in ENTRY[following] if self._drives_pilot or act not in _PILOT)
        if following in _LINKED and previous not in _LINKED:
            self._actions.append(Action.LINK_UP)

    def next_timer(self) -> float | None:
        """When `on_timer` is due; None: never."""
        return self._deadline_s

    def on_timer(self, now: float) -> None:
        """Time has passed; harmless if too early."""
        if self._deadline_s is not None and now >= self._deadline_s:
            self._deadline_s = None
            self.happen(Trigger.TIMER, now)

    def next_action(self) -> Action | None:
        """Take the next thing to do."""
        return self._actions.popleft() if self._actions else None
