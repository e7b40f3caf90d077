"""The car as a plan should see it: a day ahead, not only at this moment.

What a car tells is true now. A nearly full one tells that it takes little, an empty one that it gives nothing, and one
that is away tells nothing; a plan that took that for the whole of tomorrow would be wrong.
"""

from dataclasses import replace

from energy.model import Ev, EvState, Wishes

TAPERS_FROM_SOC = 0.85
EMPTY_WITHIN_SOC = 0.05


def planned_car(now: EvState, usual: Ev, wishes: Wishes, now_s: float, left_with_wh: float | None) -> EvState:
    """``now``, with the limits that hold over the day, and an estimate of the charge of a car that is away.

    ``usual`` is the home file's car; ``left_with_wh`` the charge with which the car left, as far as it is known.
    """
    if not now.connected:
        return replace(now, soc=_away_soc(now.ev, wishes, now_s, left_with_wh))
    ev, soc = now.ev, now.soc
    if soc is not None and soc > TAPERS_FROM_SOC:
        ev = replace(ev, charge_max_w=max(ev.charge_max_w, usual.charge_max_w))
    if soc is not None and soc < ev.soc_min + EMPTY_WITHIN_SOC:
        ev = replace(ev, discharge_max_w=max(ev.discharge_max_w, usual.discharge_max_w))
    return replace(now, ev=ev)


def _away_soc(ev: Ev, wishes: Wishes, now_s: float, left_with_wh: float | None) -> float | None:
    """What is left by now, if the trip takes its energy evenly; None where nobody knows."""
    if left_with_wh is None or ev.capacity_wh <= 0:
        return None
    used_wh = 0.0
    for absence in wishes.absences:
        if absence.from_s <= now_s < absence.to_s:
            used_wh = absence.used_wh * (now_s - absence.from_s) / (absence.to_s - absence.from_s)
    return min(max((left_with_wh - used_wh) / ev.capacity_wh, 0.0), 1.0)
