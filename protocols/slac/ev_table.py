"""The car's matching process as one table: states, what leads from one to the next, and how long each may last.

Sources: ISO 15118-3:2015, A.9 and Figures A.2 to A.7, Table A.1. `ev.py` runs on these rows, `diagram.py` draws them.
"""

from enum import StrEnum
from typing import NamedTuple

from protocols.slac.messages import (
    AmpMapReq,
    AttenCharInd,
    LinkStatusCnf,
    SetKeyCnf,
    SlacMatchCnf,
    SlacParmCnf,
    ValidateCnf,
)


class State(StrEnum):
    """Where the car stands. All but UNMATCHED and MATCHED are the standard's "Matching"."""

    UNMATCHED = "unmatched"
    PARAMETERS = "parameters"
    SOUNDING = "sounding"
    ATTENUATION = "attenuation"
    VALIDATION = "validation"
    TOGGLING = "toggling"
    MATCH = "match"
    JOINING = "joining"
    MATCHED = "matched"
    WAITING = "waiting"


class Outcome(StrEnum):
    """What came of a trigger. STAY has no row: nothing changes, and the timer runs on."""

    STAY = "stay"
    DONE = "done"
    AGAIN = "again"
    FOUND = "EVSE found"
    UNSURE = "EVSE potentially found"
    FAILED = "failed"
    LOST = "link lost"


START, LEAVE, TIMER = "plugged in", "leave", "timer"
"""Triggers beside the names of messages."""


class Row(NamedTuple):
    """In this state this trigger, judged so, leads there; entering a state does what the state is for."""

    state: State
    trigger: str
    outcome: Outcome
    next: State


_S, _O = State, Outcome

ROWS = (
    Row(_S.UNMATCHED, START, _O.DONE, _S.PARAMETERS),
    # All EVSEs that hear us answer; the timer's end decides. [V2G3-A09-09] [V2G3-A09-10]
    Row(_S.PARAMETERS, TIMER, _O.DONE, _S.SOUNDING),
    Row(_S.PARAMETERS, TIMER, _O.AGAIN, _S.PARAMETERS),
    Row(_S.PARAMETERS, TIMER, _O.FAILED, _S.WAITING),
    # Three announcements, ten sounds, one each interval.
    Row(_S.SOUNDING, TIMER, _O.AGAIN, _S.SOUNDING),
    Row(_S.SOUNDING, TIMER, _O.DONE, _S.ATTENUATION),
    # Until each EVSE has told its account, or TT_EV_atten_results is over. [V2G3-A09-30] [V2G3-A09-31]
    Row(_S.ATTENUATION, AttenCharInd.NAME, _O.FOUND, _S.MATCH),
    Row(_S.ATTENUATION, AttenCharInd.NAME, _O.UNSURE, _S.VALIDATION),
    Row(_S.ATTENUATION, AttenCharInd.NAME, _O.FAILED, _S.WAITING),
    Row(_S.ATTENUATION, TIMER, _O.FOUND, _S.MATCH),
    Row(_S.ATTENUATION, TIMER, _O.UNSURE, _S.VALIDATION),
    Row(_S.ATTENUATION, TIMER, _O.FAILED, _S.WAITING),
    # Validation over the pilot, A.9.3: step 1 asks one EVSE after another, step 2 toggles.
    Row(_S.VALIDATION, ValidateCnf.NAME, _O.DONE, _S.TOGGLING),
    Row(_S.VALIDATION, ValidateCnf.NAME, _O.FOUND, _S.MATCH),
    Row(_S.VALIDATION, ValidateCnf.NAME, _O.AGAIN, _S.VALIDATION),
    Row(_S.VALIDATION, TIMER, _O.AGAIN, _S.VALIDATION),
    Row(_S.VALIDATION, TIMER, _O.FOUND, _S.MATCH),
    Row(_S.TOGGLING, ValidateCnf.NAME, _O.FOUND, _S.MATCH),
    Row(_S.TOGGLING, ValidateCnf.NAME, _O.UNSURE, _S.VALIDATION),
    Row(_S.TOGGLING, ValidateCnf.NAME, _O.FAILED, _S.WAITING),
    Row(_S.TOGGLING, TIMER, _O.FOUND, _S.MATCH),
    Row(_S.TOGGLING, TIMER, _O.UNSURE, _S.VALIDATION),
    # [V2G3-A09-94] [V2G3-A09-95]
    Row(_S.MATCH, SlacMatchCnf.NAME, _O.DONE, _S.JOINING),
    Row(_S.MATCH, TIMER, _O.AGAIN, _S.MATCH),
    Row(_S.MATCH, TIMER, _O.FAILED, _S.WAITING),
    # The key goes to our own modem; then it is asked until it has joined, for TT_match_join.
    Row(_S.JOINING, LinkStatusCnf.NAME, _O.DONE, _S.MATCHED),
    Row(_S.JOINING, TIMER, _O.DONE, _S.MATCHED),
    Row(_S.JOINING, TIMER, _O.FAILED, _S.WAITING),
    Row(_S.MATCHED, LinkStatusCnf.NAME, _O.LOST, _S.UNMATCHED),
    # [V2G3-A09-124] [V2G3-A09-125]
    Row(_S.WAITING, TIMER, _O.AGAIN, _S.PARAMETERS),
    Row(_S.WAITING, TIMER, _O.FAILED, _S.UNMATCHED),
    # D-LINK_TERMINATE.request, D-LINK_ERROR.request, state E or unplugged: [V2G3-M09-17] [V2G3-M07-13] [V2G3-M09-19]
    *(Row(state, LEAVE, _O.DONE, _S.UNMATCHED) for state in State),
)

NEXT: dict[tuple[State, str, Outcome], State] = {(row.state, row.trigger, row.outcome): row.next for row in ROWS}

AWAITED: dict[State, frozenset[str]] = {
    _S.PARAMETERS: frozenset({SlacParmCnf.NAME}),
    _S.SOUNDING: frozenset({AttenCharInd.NAME}),
    _S.ATTENUATION: frozenset({AttenCharInd.NAME}),
    _S.VALIDATION: frozenset({ValidateCnf.NAME, AttenCharInd.NAME}),
    _S.TOGGLING: frozenset({ValidateCnf.NAME}),
    _S.MATCH: frozenset({SlacMatchCnf.NAME, AttenCharInd.NAME}),
    _S.JOINING: frozenset({SetKeyCnf.NAME, LinkStatusCnf.NAME}),
    _S.MATCHED: frozenset({LinkStatusCnf.NAME, AmpMapReq.NAME}),
}
"""The messages that a state takes; all others are ignored in it. An EVSE that missed our CM_ATTEN_CHAR.RSP repeats
its account, which is answered as long as it may come."""

TIMERS: dict[State, str] = {
    _S.PARAMETERS: "match_response_s",
    _S.SOUNDING: "batch_interval_s",
    _S.VALIDATION: "match_response_s",
    _S.MATCH: "match_response_s",
    _S.JOINING: "link_poll_s",
    _S.MATCHED: "link_poll_s",
    _S.WAITING: "matching_rate_s",
}
"""The field of `Timings` that a state's timer is. ATTENUATION and TOGGLING end at a moment that was set before."""
