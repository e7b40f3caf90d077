"""Every limit as a bound on the car's power; applied last, so that nothing gets around it."""

from dataclasses import dataclass

from energy.dispatch.types import DispatchState, House, View, Want
from energy.limits import Bound
from energy.model import Reason, ReasonCode

HOUSE_ONLY = Reason(code=ReasonCode.LIMIT_EXPORT, params={"limit_w": 0.0, "house_only": 1.0})
"""Keeping the car's energy in the house is a choice, not a limit."""


@dataclass(slots=True)
class Bounds:
    """Bounds on the car's power, W signed."""

    charge: tuple[Bound, ...]
    """Upper ones, ≥ 0: charger, car, battery."""
    discharge: tuple[Bound, ...]
    """Lower ones, ≤ 0."""
    import_: tuple[Bound, ...]
    """Upper ones from the connection; below 0 where the house alone is over its limit."""
    export: tuple[Bound, ...]
    """Lower ones from the connection; above 0 where the roof alone is over its limit."""


def bounds(view: View, state: DispatchState, want: Want) -> Bounds:
    """All bounds that hold at this moment."""
    limits = view.limits
    charge = [limits.charge_w]
    discharge = [Bound(-limits.discharge_w.value, limits.discharge_w.reason)]
    soc = view.ev_state.soc
    if not view.ev_state.connected or view.wishes.paused:
        code = ReasonCode.NO_CAR if not view.ev_state.connected else ReasonCode.PAUSED
        stop = Bound(0.0, Reason(code=code))
        charge.append(stop)
        discharge.append(stop)
    if soc is None:
        discharge.append(Bound(0.0, Reason(code=ReasonCode.LIMIT_CAR, params={"soc": "unknown"})))
    else:
        if soc >= limits.soc_max:
            charge.append(Bound(0.0, Reason(code=ReasonCode.FULL, params={"target_soc": soc})))
        if soc <= limits.reserve_soc.value or state.at_reserve:
            discharge.append(Bound(0.0, limits.reserve_soc.reason))
    house = view.house
    if house is None:
        stale = Reason(code=ReasonCode.METER_STALE, params={"age_s": view.now_s - view.readings.at_s})
        return Bounds((*charge, Bound(_charge_unseen_w(view, state), stale)), (*discharge, Bound(0.0, stale)), (), ())
    guard_w = view.config.guard_w
    import_w, export_w = limits.import_w.value - guard_w, max(0.0, limits.export_w.value - guard_w)
    # What is only claimed by others leaves less room, but does not make the car help them.
    most_w = max(import_w - house.most_w, min(0.0, import_w - house.sure_most_w))
    least_w = min(-export_w - house.least_w, max(0.0, -export_w - house.sure_least_w))
    import_ = [Bound(most_w, limits.import_w.reason)]
    export = [Bound(least_w, limits.export_w.reason)]
    phases = phase_room(view, house)
    if phases is not None:
        most_w, least_w = phases[0] - guard_w, guard_w - phases[1]
        if not house.first:
            # Who ranks first helps a full phase; the others only keep off it.
            most_w, least_w = max(most_w, 0.0), min(least_w, 0.0)
        import_.append(Bound(most_w, limits.phase_w.reason))
        export.append(Bound(least_w, limits.phase_w.reason))
    if view.config.unbalance_w is not None and (even := _unbalance_room(house, view.config.unbalance_w)) is not None:
        uneven = Reason(code=ReasonCode.LIMIT_FUSE, params={"unbalance_w": view.config.unbalance_w})
        charge.append(Bound(even[0], uneven))
        discharge.append(Bound(-even[1], uneven))
    if not (want.exports and view.wishes.export_allowed):
        discharge.append(Bound(-max(0.0, house.kept_w), HOUSE_ONLY))
    return Bounds(tuple(charge), tuple(discharge), tuple(import_), tuple(export))


def cut(power_w: float, bounds: Bounds, least_w: float, must: bool) -> float:
    """Power within every bound.

    The connection's bounds may ask the car to help (discharge while the house alone is over its limit); it helps as
    far as its own bounds allow. Between 0 and ``least_w`` a charger pauses, or runs at ``least_w`` where it ``must``
    and may.
    """
    most, least = _min(bounds.charge), _max(bounds.discharge)
    most_grid, least_grid = _min(bounds.import_, float("inf")), _max(bounds.export, float("-inf"))
    result = min(max(power_w, least), most)
    if result < least_grid:
        result = min(least_grid, most)
    if result > most_grid:
        result = max(most_grid, least)
    if 0.0 < result < least_w:
        room = min(most, most_grid)
        raised = must or result < least_grid
        result = least_w if raised and least_w <= room and power_w > 0 else 0.0
    return result


def cutting(power_w: float, bounds: Bounds) -> tuple[Reason, ...]:
    """The reasons of the bounds that cut this power, tightest first; not the home's own choice to export nothing."""
    tops = [b for b in (*bounds.charge, *bounds.import_) if power_w > b.value + 1.0]
    bottoms = [b for b in (*bounds.discharge, *bounds.export) if power_w < b.value - 1.0]
    if not tops and not bottoms:
        return ()
    tops.sort(key=lambda b: b.value)
    bottoms.sort(key=lambda b: -b.value)
    return tuple([b.reason for b in (*tops, *bottoms) if b.reason is not HOUSE_ONLY])


def phase_room(view: View, house: House) -> tuple[float, float] | None:
    """Most charging and most discharging that each phase's fuse leaves to the car, W; None: not measured by phase.

    A charger with fewer phases than the house may hang on any of them, until it has shown which: then the fullest
    counts.
    """
    fuse_w = view.limits.phase_w.value
    if house.share:
        carried = [
            (s, m, lo) for s, m, lo in zip(house.share, house.phase_most_w, house.phase_least_w, strict=True) if s
        ]
        return min((fuse_w - m) / s for s, m, _ in carried), min((fuse_w + lo) / s for s, _, lo in carried)
    if not house.phase_most_w:
        return None
    used = max(1, min(view.limits.charger.phases, len(house.phase_most_w)))
    # Which phase carries the car is not known, so neither is what each carries without it.
    most = (fuse_w - max(house.phase_most_w)) * used + house.own_w
    least = (fuse_w + min(house.phase_least_w)) * used - house.own_w
    return most, least


def _unbalance_room(house: House, unbalance_w: float) -> tuple[float, float] | None:
    """Most charging and most discharging, W ≥ 0, that keep the phases as near to each other as they must be."""
    rows = list(zip(house.share, house.phase_most_w, house.phase_least_w, strict=True)) if house.share else []
    bare = [(m, lo) for s, m, lo in rows if not s]
    if not bare:
        return None
    lowest, highest = min(lo for _, lo in bare), max(m for m, _ in bare)
    most = min((unbalance_w - (m - lowest)) / s for s, m, _ in rows if s)
    least = min((unbalance_w - (highest - lo)) / s for s, _, lo in rows if s)
    return max(0.0, most), max(0.0, least)


def _charge_unseen_w(view: View, state: DispatchState) -> float:
    """Charging power that cannot blow the fuse while the meter is silent: what the highest load of late leaves."""
    if state.house_peak_w is None:
        return 0.0
    phases = max(1, view.limits.connection.phases)
    used = max(1, min(view.limits.charger.phases, phases))
    peak_w = max(0.0, state.house_peak_w)
    # The peak may all have been on one phase.
    peak_w += view.others_w
    by_phase = (view.limits.phase_w.value - peak_w) * used
    return max(0.0, min(0.5 * (view.limits.import_w.value - peak_w), by_phase))


def _min(bounds: tuple[Bound, ...], default: float = 0.0) -> float:
    return min([b.value for b in bounds], default=default)


def _max(bounds: tuple[Bound, ...], default: float = 0.0) -> float:
    return max([b.value for b in bounds], default=default)
