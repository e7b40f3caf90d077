"""What a set-point says of the limits that cut it: what was wanted, and which phase is full."""

from dataclasses import replace

from energy.dispatch.types import House, View, Want
from energy.model import Reason, ReasonCode
from energy.plan.types import Step

_REST: dict[ReasonCode, ReasonCode] = {
    ReasonCode.CHARGE_SOLAR: ReasonCode.WAIT_FOR_SUN,
    ReasonCode.FEED_HOUSE: ReasonCode.ROOF_FEEDS,
    ReasonCode.EXPORT_DEAR: ReasonCode.ROOF_FEEDS,
}
_WORTH = ("worth_eur_per_kwh", "worth_later_eur_per_kwh", "later_s")


def told(limited_by: tuple[Reason, ...], view: View, want: Want) -> tuple[Reason, ...]:
    """The limits with ``wanted_w``, and ``phase`` (from 1) where a phase's fuse is what binds."""
    of_phase = view.limits.phase_w.reason
    found = []
    for reason in limited_by:
        params: dict[str, float | str] = {**reason.params, "wanted_w": want.power_w}
        phase = None if view.house is None or reason is not of_phase else fullest_phase(view.house, view, want.power_w)
        if phase is not None:
            params["phase"] = float(phase)
        found.append(replace(reason, params=params))
    return tuple(found)


def fullest_phase(house: House, view: View, power_w: float) -> int | None:
    """Which phase (from 1) leaves the least room to a power of this direction; None: not measured by phase."""
    fuse_w = view.limits.phase_w.value
    taken = house.phase_most_w if power_w > 0 else tuple(-low for low in house.phase_least_w)
    share = house.share or (1.0,) * len(taken)
    rooms = [((fuse_w - w) / s, n) for n, (w, s) in enumerate(zip(taken, share, strict=True), start=1) if s]
    return min(rooms)[1] if rooms else None


def cut_short(reason: Reason, limited_by: tuple[Reason, ...]) -> Reason:
    """The reason of a step whose power a limit cuts: it is the limit that binds now, whatever did in the plan."""
    if not limited_by or "binds" not in reason.params:
        return reason
    return replace(reason, params={**reason.params, "binds": limited_by[0].code.value})


def at_rest(reason: Reason, step: Step | None) -> Reason:
    """The reason for doing nothing while the plan's own has nothing to follow: no surplus, or no need in the house."""
    code = _REST.get(reason.code)
    if reason.code is ReasonCode.EVENT_PRICE and step is not None and step.ev_w < 0:
        code = ReasonCode.ROOF_FEEDS
    return reason if code is None else Reason(code=code, params=worth_of(step))


def worth_of(step: Step | None) -> dict[str, float | str]:
    """What the plan says that a kWh in the car is worth, for a reason that is not the plan's own."""
    if step is None:
        return {}
    return {name: step.reason.params[name] for name in _WORTH if name in step.reason.params}
