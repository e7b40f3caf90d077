"""What the car should do now: the first rule with an answer."""

import math
from collections.abc import Callable
from dataclasses import replace

from energy.dispatch.told import at_rest, worth_of
from energy.dispatch.types import View, Want
from energy.grid_events import GridEventKind
from energy.model import Ev, Reason, ReasonCode

_IDLE_W = 50.0
_LATE_FACTOR = 1.2
_LATE_MARGIN_S = 1800.0
_BEHIND_FACTOR = 1.02
_BEHIND_MARGIN_S = 60.0
"""With a plan, it is late when no more than this is left: the plan knows best until then."""


def wanted(view: View) -> Want:
    """The first rule's answer, with the answer to frequency on top."""
    for rule in RULES:
        want = rule(view)
        if want is not None:
            return _with_frequency(view, want)
    return _with_frequency(view, _no_plan(view))


def _no_car(view: View) -> Want | None:
    if view.ev_state.connected:
        return None
    return Want(power_w=0.0, reason=Reason(code=ReasonCode.NO_CAR), at_once=True)


def _paused(view: View) -> Want | None:
    if not view.wishes.paused:
        return None
    return Want(power_w=0.0, reason=Reason(code=ReasonCode.PAUSED), at_once=True)


def _emergency(view: View) -> Want | None:
    """Level 1: take nothing; from level 2 on: feed the house as well."""
    held = view.limits.asks.get(GridEventKind.EMERGENCY)
    if held is None or held.value < 1:
        return None
    power_w = 0.0
    if held.value >= 2 and view.house_w is not None:
        power_w = -max(0.0, view.house_w - view.config.follow_import_w)
    params: dict[str, float | str] = {
        "event_id": held.event_id,
        "source": held.source,
        "level": held.value,
        "until_s": held.until_s,
    }
    reason = Reason(code=ReasonCode.EVENT_EMERGENCY, params=params)
    return Want(power_w=power_w, reason=reason, at_once=True, ends_s=held.until_s)


def _boost(view: View) -> Want | None:
    until_s = view.wishes.boost_until_s
    soc = view.ev_state.soc
    if until_s is None or view.now_s >= until_s or (soc is not None and soc >= view.limits.soc_max):
        return None
    reason = Reason(code=ReasonCode.BOOST, params={"until_s": until_s})
    return Want(power_w=view.limits.charge_w.value, reason=reason, must=True)


def _asked(view: View) -> Want | None:
    """A set-point of the grid. The plan may say that a promise to the homeowner leaves less of it."""
    for kind in (GridEventKind.EV_SETPOINT, GridEventKind.SITE_SETPOINT):
        held = view.limits.asks.get(kind)
        if held is None:
            continue
        if kind is GridEventKind.SITE_SETPOINT:
            if view.house is None:
                continue
            power_w = held.value - view.house.every_w
        else:
            power_w = held.value
        params: dict[str, float | str] = {
            "event_id": held.event_id,
            "source": held.source,
            "until_s": held.until_s,
            "power_w": held.value,
        }
        if (planned_w := _planned_instead(view, held.event_id)) is not None:
            power_w = planned_w
        reason = Reason(code=ReasonCode.EVENT_SETPOINT, params=params)
        return Want(power_w=power_w, reason=reason, exports=True, must=power_w > 0, ends_s=held.until_s)
    return None


def _planned_instead(view: View, event_id: str) -> float | None:
    """What the plan does in this step where a promise to the homeowner leaves less than was asked; else None."""
    step = view.step
    if step is None or step.reason.params.get("event_id") != event_id:
        return None
    asked_w = step.reason.params.get("asked_ev_w")
    gives_way = isinstance(asked_w, float) and abs(step.ev_w - asked_w) > _IDLE_W
    return step.ev_w if gives_way else None


def _behind(view: View) -> Want | None:
    """Reality left the forecast: to leave with its charge, the car must now charge with all that it can take."""
    step, soc = view.step, view.ev_state.soc
    if step is None or not step.present or soc is None:
        return None
    full_w = min(view.limits.charge_w.value, view.limits.import_w.value)
    if full_w <= _IDLE_W or step.ev_w >= full_w - _IDLE_W:
        return None
    for departure in view.wishes.departures:
        if departure.at_s <= view.now_s or departure.chance < view.config.keep_chance:
            continue
        needed_s = charging_s(view.ev_state.ev, soc, departure.target_soc, full_w * _efficiency(view))
        if needed_s > 0.0 and view.now_s >= departure.at_s - needed_s * _BEHIND_FACTOR - _BEHIND_MARGIN_S:
            params: dict[str, float | str] = {
                "deadline_s": departure.at_s,
                "target_soc": departure.target_soc,
                "plan": "behind",
            }
            reason = Reason(code=ReasonCode.CHARGE_FOR_DEPARTURE, params=params)
            return Want(power_w=view.limits.charge_w.value, reason=reason, must=True, behind=True)
    return None


def charging_s(ev: Ev, soc: float, target_soc: float, stored_w: float) -> float:
    """How long it takes to ``target_soc`` with ``stored_w`` into the battery, and less while the car tapers; s."""
    goal = min(target_soc, ev.soc_max)
    if goal <= soc or stored_w <= 0.0:
        return 0.0
    knee = min(ev.taper_from_soc, ev.soc_max)
    seconds = max(0.0, min(goal, knee) - soc)
    if goal > knee:
        span = max(ev.soc_max - knee, 1e-9)
        begin, end = (0.1 + 0.9 * (ev.soc_max - x) / span for x in (max(soc, knee), goal))
        seconds += span / 0.9 * math.log(begin / end)
    return seconds * ev.capacity_wh / stored_w * 3600.0


def _efficiency(view: View) -> float:
    return view.limits.charger.charge_efficiency


def _follow_plan(view: View) -> Want | None:
    step = view.step
    if step is None:
        return None
    if not step.present:
        # The car is here though the plan expects it away: until the next plan, the safe thing.
        return None
    house_w, reason = view.house_w, step.reason
    if step.exports:
        return Want(power_w=step.ev_w, reason=reason, exports=True)
    if step.ev_w > _IDLE_W and step.grid_w > _IDLE_W:
        power_w = step.ev_w
        if step.takes_surplus and house_w is not None:
            power_w = max(power_w, -house_w)
        return Want(power_w=power_w, reason=reason, must=True)
    if house_w is None:
        return Want(power_w=0.0, reason=Reason(code=ReasonCode.METER_STALE), at_once=True)
    if house_w > 0 and (step.feeds_house or step.ev_w < -_IDLE_W):
        power_w = -max(0.0, house_w - view.config.follow_import_w)
        if not step.feeds_house:
            power_w = max(power_w, step.ev_w)
        if reason.code not in _FEEDING:
            reason = Reason(
                code=ReasonCode.FEED_HOUSE,
                params={"price_eur_per_kwh": step.import_eur_per_kwh, **worth_of(step)},
            )
        return Want(power_w=power_w, reason=reason)
    # Where less is used or more shines than planned, a kWh that is worth more in the car than at the grid stays here.
    worth_it = step.ev_w < -_IDLE_W and step.stored_eur_per_kwh * _efficiency(view) > step.export_eur_per_kwh
    if step.takes_surplus or step.ev_w > _IDLE_W or worth_it:
        return _surplus(view, reason)
    return Want(power_w=0.0, reason=at_rest(reason, step))


_FEEDING = frozenset({ReasonCode.FEED_HOUSE, ReasonCode.EXPORT_DEAR, ReasonCode.EVENT_PRICE})


def _surplus(view: View, idle: Reason) -> Want:
    """Charge with what the roof leaves over; ``idle`` is the reason while there is nothing."""
    surplus_w = max(0.0, -(view.house_w or 0.0) - view.config.follow_import_w)
    if surplus_w <= _IDLE_W:
        reason = at_rest(idle, view.step)
    elif idle.code is ReasonCode.CHARGE_SOLAR:
        reason = idle
    else:
        price = {} if view.step is None else {"price_eur_per_kwh": view.step.export_eur_per_kwh}
        reason = Reason(code=ReasonCode.CHARGE_SOLAR, params={**price, **worth_of(view.step)})
    return Want(power_w=surplus_w, reason=reason, surplus=True)


def _no_plan(view: View) -> Want:
    """Without a plan: to the reserve, in time for the next departure, else surplus only; never discharge."""
    soc = view.ev_state.soc
    reserve = view.limits.reserve_soc.value
    full = view.limits.charge_w.value
    if soc is not None and soc < reserve - 0.02:
        reason = Reason(code=ReasonCode.CHARGE_TO_RESERVE, params={"reserve_soc": reserve})
        return Want(power_w=full, reason=reason, must=True)
    capacity_wh = view.ev_state.ev.capacity_wh
    usable_w = full * view.limits.charger.charge_efficiency
    for departure in view.wishes.departures:
        if departure.at_s <= view.now_s or usable_w <= 0:
            continue
        lacking_wh = max(0.0, departure.target_soc - (soc or 0.0)) * capacity_wh
        needed_s = lacking_wh / usable_w * 3600.0 * _LATE_FACTOR + _LATE_MARGIN_S
        if lacking_wh > 0 and view.now_s >= departure.at_s - needed_s:
            params: dict[str, float | str] = {
                "deadline_s": departure.at_s,
                "target_soc": departure.target_soc,
                "plan": "none",
            }
            return Want(power_w=full, reason=Reason(code=ReasonCode.CHARGE_FOR_DEPARTURE, params=params), must=True)
    idle = Reason(code=ReasonCode.NO_PLAN)
    if view.house_w is None:
        return Want(power_w=0.0, reason=idle)
    return _surplus(view, idle)


RULES: tuple[Callable[[View], Want | None], ...] = (
    _no_car,
    _paused,
    _emergency,
    _boost,
    _asked,
    _behind,
    _follow_plan,
)
"""In order of rank; where none has an answer, ``_no_plan`` has."""


def _with_frequency(view: View, want: Want) -> Want:
    held = view.limits.asks.get(GridEventKind.FREQUENCY)
    frequency_hz = view.readings.frequency_hz
    if held is None or frequency_hz is None or abs(view.answer_w) < _IDLE_W:
        return want
    # Around what would really flow: an answer from a base point that limits cut anyway would be none.
    base_w = min(max(want.power_w, -view.limits.discharge_w.value), view.limits.charge_w.value)
    if view.house is not None:
        base_w = min(base_w, max(0.0, view.limits.import_w.value - view.config.guard_w - view.house.most_w))
    params: dict[str, float | str] = {
        "frequency_hz": frequency_hz,
        "answer_w": view.answer_w,
        "base_w": base_w,
        "event_id": held.event_id,
    }
    return replace(
        want,
        power_w=base_w + view.answer_w,
        reason=Reason(code=ReasonCode.FREQUENCY, params=params),
        exports=True,
        surplus=False,
        at_once=True,
    )
