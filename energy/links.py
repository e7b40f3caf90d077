"""One fail-safe rule for every grid link that may go silent, as a table.

The model is EEBUS "Limitation of Power Consumption" (LPC) 1.0: start limited; a heartbeat older than 120 s brings the
fail-safe limit, for at least two hours; it ends only with a heartbeat *and* a limit write after it, or with 120 s of
heartbeat alone. A polled link counts each answered poll as a heartbeat.
"""

from dataclasses import dataclass, replace
from enum import StrEnum


class LinkPhase(StrEnum):
    """How far a link is trusted."""

    START = "start"
    """Nothing heard yet: the fail-safe limits hold."""
    CONTROLLED = "controlled"
    """Alive: what its events ask holds, no more."""
    FAIL_SAFE = "fail_safe"
    """Silent: the fail-safe limits hold."""
    RETURNING = "returning"
    """Heard again, no limit written yet: the fail-safe limits still hold."""
    AUTONOMOUS = "autonomous"
    """Silent for so long that the fail-safe time is over: only the house's own limits hold."""


class LinkInput(StrEnum):
    """What can happen to a link."""

    HEARTBEAT = "heartbeat"
    LIMIT_WRITE = "limit_write"
    SILENT = "silent"
    """Timer: no heartbeat for ``heartbeat_timeout_s``."""
    SETTLED = "settled"
    """Timer: heartbeats alone for ``settle_s``."""
    FAIL_SAFE_OVER = "fail_safe_over"
    """Timer: ``fail_safe_s`` since the fail-safe began."""


_P, _I = LinkPhase, LinkInput
TRANSITIONS: dict[tuple[LinkPhase, LinkInput], LinkPhase] = {
    (_P.START, _I.HEARTBEAT): _P.RETURNING,
    (_P.START, _I.SILENT): _P.FAIL_SAFE,
    (_P.CONTROLLED, _I.SILENT): _P.FAIL_SAFE,
    (_P.FAIL_SAFE, _I.HEARTBEAT): _P.RETURNING,
    (_P.FAIL_SAFE, _I.FAIL_SAFE_OVER): _P.AUTONOMOUS,
    (_P.RETURNING, _I.LIMIT_WRITE): _P.CONTROLLED,
    (_P.RETURNING, _I.SETTLED): _P.CONTROLLED,
    (_P.RETURNING, _I.SILENT): _P.FAIL_SAFE,
    (_P.AUTONOMOUS, _I.HEARTBEAT): _P.CONTROLLED,
}
"""Every transition; a pair that is not here changes nothing."""

LIMITED = frozenset({LinkPhase.START, LinkPhase.FAIL_SAFE, LinkPhase.RETURNING})
"""Phases in which the fail-safe limits hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRule:
    """What was agreed with one link's owner for the time it is silent. A limit of None is no limit."""

    source: str
    """The name its events carry."""
    import_w: float | None = None
    """Fail-safe import limit at the connection, W ≥ 0."""
    export_w: float | None = None
    """Fail-safe export limit at the connection, W ≥ 0."""
    charge_w: float | None = None
    """Fail-safe limit of the charger's power into the car, W ≥ 0 (§14a EnWG: 4,200 W)."""
    discharge_w: float | None = None
    """Fail-safe limit of the charger's power out of the car, W ≥ 0."""
    heartbeat_timeout_s: float = 120.0
    settle_s: float = 120.0
    fail_safe_s: float = 7200.0
    """How long the fail-safe limits hold at least; ``inf``: until the link is back (CSIP-AUS)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkState:
    """Where one link stands."""

    phase: LinkPhase = LinkPhase.START
    since_s: float = 0.0
    """When the phase began."""
    heartbeat_s: float | None = None
    """Last heartbeat."""
    fail_safe_since_s: float = 0.0
    """When the link first fell silent; a heartbeat that does not last does not restart it."""


def start(now_s: float) -> LinkState:
    """A link as the engine starts: limited, nothing heard."""
    return LinkState(since_s=now_s, fail_safe_since_s=now_s)


def heard(rule: LinkRule, state: LinkState, now_s: float) -> LinkState:
    """The state after a heartbeat (or an answered poll) at ``now_s``."""
    state = tick(rule, state, now_s)
    return _apply(replace(state, heartbeat_s=now_s), LinkInput.HEARTBEAT, now_s)


def limit_written(rule: LinkRule, state: LinkState, now_s: float) -> LinkState:
    """The state after the link wrote or confirmed a limit at ``now_s``. It does not stand for a heartbeat."""
    return _apply(tick(rule, state, now_s), LinkInput.LIMIT_WRITE, now_s)


def tick(rule: LinkRule, state: LinkState, now_s: float) -> LinkState:
    """The state after every timer that has run out by ``now_s``."""
    for _ in range(len(LinkPhase)):
        due = next_timer(rule, state)
        if due is None or due[0] > now_s:
            break
        state = _apply(state, due[1], due[0])
    return state


def next_timer(rule: LinkRule, state: LinkState) -> tuple[float, LinkInput] | None:
    """The next timer of this phase and when it runs out, or None."""
    last = max(state.heartbeat_s if state.heartbeat_s is not None else state.since_s, 0.0)
    silent = (last + rule.heartbeat_timeout_s, LinkInput.SILENT)
    if state.phase is LinkPhase.FAIL_SAFE:
        return state.fail_safe_since_s + rule.fail_safe_s, LinkInput.FAIL_SAFE_OVER
    if state.phase is LinkPhase.RETURNING:
        return min(silent, (state.since_s + rule.settle_s, LinkInput.SETTLED))
    if state.phase is LinkPhase.AUTONOMOUS:
        return None
    return silent


def is_limited(state: LinkState) -> bool:
    """Do the fail-safe limits hold?"""
    return state.phase in LIMITED


def _apply(state: LinkState, event: LinkInput, at_s: float) -> LinkState:
    phase = TRANSITIONS.get((state.phase, event))
    if phase is None:
        return state
    begins = phase is LinkPhase.FAIL_SAFE and state.phase is not LinkPhase.RETURNING
    return replace(
        state,
        phase=phase,
        since_s=at_s,
        fail_safe_since_s=at_s if begins else state.fail_safe_since_s,
    )
