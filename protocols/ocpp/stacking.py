"""Which profile leads when: from installed profiles to what the backend asks now, and over the hours ahead.

Pure. Source: OCPP 2.1 part 2, chapter K 3.5 and 3.6, table 96 (SC.01), V2X.03 and V2X.04: of each purpose the highest
stack level that has a period now; a TxProfile overrules the TxDefaultProfile; over the purposes the tightest limits.
"""

import math
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from protocols.ocpp.events import Guidance
from protocols.ocpp.profiles import Kind, Period, Profile, Purpose

MAX_STEPS = 1024
"""Most steps of a look ahead, as many as one schedule may have."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What decides which profiles apply on one EVSE."""

    evse_id: int
    transaction_id: str | None = None
    energy_ready_s: float | None = None
    """When the car was connected and authorised: relative schedules begin there (K01.FR.42)."""
    offline_since_s: float | None = None


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A profile's period at a moment (None: it has none), and until when that stays so."""

    period: Period | None
    until_s: float


def guidance_at(profiles: Iterable[Profile], situation: Situation, at_s: float) -> Guidance:
    """What is asked at home time ``at_s``, and until when that holds."""
    relevant = [profile for profile in profiles if _concerns(profile, situation)]
    ends: list[float] = []
    maximum = _leading(relevant, Purpose.MAX, situation, at_s, ends)
    own = _leading(relevant, Purpose.TX, situation, at_s, ends)
    if own is None:
        own = _leading(relevant, Purpose.TX_DEFAULT, situation, at_s, ends)
    periods = [period for _, period in (pair for pair in (maximum, own) if pair is not None)]
    charge_max_w = min((p.charge_max_w for p in periods if p.charge_max_w is not None), default=None)
    discharge_max_w = min((p.discharge_max_w for p in periods if p.discharge_max_w is not None), default=None)
    setpoint_w = own[1].setpoint_w if own is not None else None
    if setpoint_w is not None:
        setpoint_w = min(setpoint_w, math.inf if charge_max_w is None else charge_max_w)  # V2X.03
        setpoint_w = max(setpoint_w, -math.inf if discharge_max_w is None else -discharge_max_w)  # V2X.04
    return Guidance(
        start_s=at_s,
        end_s=min(ends, default=math.inf),
        charge_max_w=charge_max_w,
        discharge_max_w=discharge_max_w,
        setpoint_w=setpoint_w,
        mode=own[1].mode if own is not None else None,
        profile_ids=tuple(pair[0].profile_id for pair in (maximum, own) if pair is not None),
    )


def guidance_ahead(
    profiles: Iterable[Profile], situation: Situation, at_s: float, horizon_s: float
) -> tuple[Guidance, ...]:
    """What is asked from ``at_s`` over ``horizon_s`` seconds: steps in order, without gaps, equal ones joined."""
    known = list(profiles)
    steps: list[Guidance] = []
    end_s = at_s + horizon_s
    while at_s < end_s and len(steps) < MAX_STEPS:
        step = guidance_at(known, situation, at_s)
        step_end_s = min(max(step.end_s, math.nextafter(at_s, math.inf)), end_s)
        if steps and steps[-1].same_wish(step):
            step = _spanning(steps.pop(), step, step_end_s)
        else:
            step = _spanning(step, step, step_end_s)
        steps.append(step)
        at_s = step_end_s
    return tuple(steps)


def _spanning(first: Guidance, wish: Guidance, end_s: float) -> Guidance:
    return Guidance(
        first.start_s, end_s, wish.charge_max_w, wish.discharge_max_w, wish.setpoint_w, wish.mode, wish.profile_ids
    )


def _concerns(profile: Profile, situation: Situation) -> bool:
    if profile.purpose is Purpose.TX:
        return situation.transaction_id is not None and profile.transaction_id == situation.transaction_id
    return profile.evse_id in (0, situation.evse_id)


def _leading(
    profiles: list[Profile], purpose: Purpose, situation: Situation, at_s: float, ends: list[float]
) -> tuple[Profile, Period] | None:
    """The highest profile with a period now; ``ends`` gathers when that could change."""
    stack = sorted((p for p in profiles if p.purpose is purpose), key=lambda p: -p.stack_level)
    for profile in stack:
        stretch = _stretch(profile, situation, at_s)
        if stretch.until_s < math.inf:
            ends.append(stretch.until_s)
        if stretch.period is not None:
            return profile, stretch.period
    return None


def _stretch(profile: Profile, situation: Situation, at_s: float) -> _Stretch:
    if at_s < profile.valid_from_s:
        return _Stretch(None, profile.valid_from_s)
    if at_s >= profile.valid_to_s:
        return _Stretch(None, math.inf)
    stretch = _scheduled(profile, situation, at_s)
    until_s = min(stretch.until_s, profile.valid_to_s)
    if profile.max_offline_s is not None and situation.offline_since_s is not None:  # K01.FR.101
        lapse_s = situation.offline_since_s + profile.max_offline_s
        if at_s >= lapse_s:
            return _Stretch(None, math.inf)
        until_s = min(until_s, lapse_s)
    return _Stretch(stretch.period, until_s)


def _scheduled(profile: Profile, situation: Situation, at_s: float) -> _Stretch:
    start_s = situation.energy_ready_s if profile.kind is Kind.RELATIVE else profile.start_s
    if start_s is None:
        return _Stretch(None, math.inf)
    if at_s < start_s:  # K01.FR.30
        return _Stretch(None, start_s)
    again_s = math.inf
    if profile.recurrence_s is not None:
        start_s += math.floor((at_s - start_s) / profile.recurrence_s) * profile.recurrence_s
        again_s = start_s + profile.recurrence_s
    end_s = min(again_s, start_s + (math.inf if profile.duration_s is None else profile.duration_s))
    if at_s >= end_s:  # K01.FR.13: what is below in the stack, until it recurs
        return _Stretch(None, again_s)
    index = bisect_right(profile.periods, at_s - start_s, key=lambda period: period.start_s)
    if index < len(profile.periods):
        end_s = min(end_s, start_s + profile.periods[index].start_s)
    return _Stretch(profile.periods[index - 1], end_s)
