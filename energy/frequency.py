"""Answers to the grid's frequency, as curves in a table.

A curve maps the deviation from nominal to a share −1..1 of the power that is served: > 0 charges (frequency high),
< 0 discharges (frequency low). Figures: ENTSO-E SO GL Annex V (FCR), Nordic technical requirements for FCR and FFR,
National Grid ESO Dynamic Containment, EU 2016/631 (LFSM), IEEE 1547-2018 6.5.2.7.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True)
class DroopCurve:
    """One service's answer."""

    name: str
    title: str
    """As grid operators call it."""
    nominal_hz: float = 50.0
    points: tuple[tuple[float, float], ...]
    """(deviation Hz, share), deviations increasing; constant outside, linear between."""
    full_activation_s: float
    """Time within which the whole answer must stand."""
    sustain_s: float = 900.0
    """How long it must be held."""

    def share(self, frequency_hz: float) -> float:
        """Share −1..1 at this frequency; 0 for a reading that no grid has (below 80 % or above 120 % of nominal)."""
        deviation = frequency_hz - self.nominal_hz
        if not abs(deviation) <= 0.2 * self.nominal_hz:
            return 0.0
        xs, ys = zip(*self.points, strict=True)
        return float(np.interp(deviation, xs, ys))


def _symmetric(
    deadband_hz: float, full_hz: float, knees: tuple[tuple[float, float], ...] = ()
) -> tuple[tuple[float, float], ...]:
    up = ((deadband_hz, 0.0), *knees, (full_hz, 1.0))
    return (*((-x, -y) for x, y in reversed(up)), *up)


_LFSM_FULL_HZ = 0.05 * 50.0
"""A droop of 5 % answers with all its power over 5 % of nominal."""

CURVES: dict[str, DroopCurve] = {
    curve.name: curve
    for curve in (
        DroopCurve(name="fcr", title="FCR", points=_symmetric(0.010, 0.200), full_activation_s=30.0),
        DroopCurve(name="fcr_n", title="FCR-N", points=_symmetric(0.0, 0.100), full_activation_s=150.0),
        DroopCurve(name="fcr_d_up", title="FCR-D up", points=((-0.5, -1.0), (-0.1, 0.0)), full_activation_s=7.5),
        DroopCurve(name="fcr_d_down", title="FCR-D down", points=((0.1, 0.0), (0.5, 1.0)), full_activation_s=7.5),
        DroopCurve(
            name="ffr", title="FFR", points=((-0.5, -1.0), (-0.4999, 0.0)), full_activation_s=0.7, sustain_s=30.0
        ),
        DroopCurve(
            name="gb_dc",
            title="Dynamic Containment",
            points=_symmetric(0.015, 0.500, ((0.200, 0.05),)),
            full_activation_s=1.0,
        ),
        DroopCurve(
            name="lfsm_u", title="LFSM-U", points=((-0.2 - _LFSM_FULL_HZ, -1.0), (-0.2, 0.0)), full_activation_s=30.0
        ),
        DroopCurve(
            name="lfsm_o", title="LFSM-O", points=((0.2, 0.0), (0.2 + _LFSM_FULL_HZ, 1.0)), full_activation_s=30.0
        ),
        DroopCurve(
            name="ieee1547",
            title="IEEE 1547",
            nominal_hz=60.0,
            points=_symmetric(0.036, 0.036 + 0.05 * 60.0),
            full_activation_s=5.0,
        ),
    )
}
"""Every service known, by name. Another one is one more row."""


def response_w(curve: DroopCurve, frequency_hz: float | None, power_w: float) -> float:
    """What to add to the car's power, W, signed, when ``power_w`` ≥ 0 is served. Unknown frequency: 0."""
    if frequency_hz is None:
        return 0.0
    return curve.share(frequency_hz) * max(0.0, power_w)


def can_serve(
    curve: DroopCurve, *, reaction_s: float, ramp_w_per_s: float, power_w: float, capacity_wh: float
) -> tuple[bool, str]:
    """Can a charger with this *measured* delay and ramp keep the service's terms, and if not, why not.

    Commercial V2G chargers have been measured with 4 to 7 s of delay: they must not be offered where 1 s is asked.
    """
    needed_s = reaction_s + (power_w / ramp_w_per_s if ramp_w_per_s > 0 else float("inf"))
    if needed_s > curve.full_activation_s:
        return False, (
            f"{curve.name} asks for full power within {curve.full_activation_s:g} s; "
            f"this charger needs {needed_s:.1f} s."
        )
    if power_w * curve.sustain_s / 3600.0 > capacity_wh:
        return False, f"{curve.name} asks to hold {power_w:g} W for {curve.sustain_s:g} s; the battery is too small."
    return True, ""
