"""Answers to the grid's frequency, as curves in a table.

A curve maps the deviation from nominal to a share −1..1 of the power that is served: > 0 charges (frequency high),
< 0 discharges (frequency low). Figures: ENTSO-E SO GL Annex V (FCR), Nordic technical requirements for FCR and FFR,
National Grid ESO Dynamic Containment, EU 2016/631 (LFSM), IEEE 1547-2018 6.5.2.7.
"""

from bisect import bisect_right
from dataclasses import dataclass, replace


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
    hold_s: float = 0.0
    """Once given whole, the answer stands at least this long, though the frequency is back."""

    def share(self, frequency_hz: float) -> float:
        """Share −1..1 at this frequency; 0 for a reading that no grid has (below 80 % or above 120 % of nominal)."""
        deviation = frequency_hz - self.nominal_hz
        if not self.believes(frequency_hz):
            return 0.0
        k = bisect_right(self.points, (deviation, float("inf")))
        if k == 0 or k == len(self.points):
            return self.points[k - 1 if k else 0][1]
        (x0, y0), (x1, y1) = self.points[k - 1], self.points[k]
        return y0 + (y1 - y0) * (deviation - x0) / (x1 - x0)

    def believes(self, frequency_hz: float) -> bool:
        """Can a grid have this frequency?"""
        return abs(frequency_hz - self.nominal_hz) <= 0.2 * self.nominal_hz


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
            name="ffr",
            title="FFR",
            points=((-0.5, -1.0), (-0.4999, 0.0)),
            full_activation_s=0.7,
            sustain_s=30.0,
            hold_s=30.0,
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


INSENSITIVE_HZ = 0.002
"""A frequency that moved by less than this since it was last answered is the same (SO GL Annex V allows 10 mHz)."""
RECOVERED_SOC = 0.03
"""Served again after exhaustion from so far above the reserve on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceState:
    """What an answer to frequency remembers."""

    frequency_hz: float | None = None
    """The one answered last."""
    held_until_s: float = float("-inf")
    held_share: float = 0.0
    exhausted: bool = False
    """The reserve was reached while serving: nothing more is given until it has recovered."""
    answer_w: float = 0.0
    refused: str = ""
    """Why the service is not given now, in one sentence; empty: it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Servant:
    """Who answers: a charger as it was measured, and the car at it."""

    reaction_s: float
    ramp_w_per_s: float
    capacity_wh: float
    soc: float | None
    reserve_soc: float


def served(
    state: ServiceState,
    curve: DroopCurve,
    servant: Servant,
    *,
    frequency_hz: float | None,
    fresh: bool,
    power_w: float,
    now_s: float,
) -> ServiceState:
    """The answer to this frequency; ``answer_w`` > 0 charges more. Says why where there is none.

    ``power_w`` ≥ 0 is what the event asks for both ways. Never raises: no reading, an old or an absurd one is no
    answer.
    """
    able, why = can_serve(
        curve,
        reaction_s=servant.reaction_s,
        ramp_w_per_s=servant.ramp_w_per_s,
        power_w=power_w,
        capacity_wh=servant.capacity_wh,
    )
    if not able:
        return ServiceState(refused=why)
    if frequency_hz is None or not fresh:
        return replace(state, frequency_hz=None, answer_w=0.0, refused="The grid's frequency is not known now.")
    if not curve.believes(frequency_hz):
        return replace(
            state, frequency_hz=None, answer_w=0.0, refused=f"A frequency of {frequency_hz:g} Hz cannot be true."
        )
    before = state.frequency_hz
    if before is not None and abs(frequency_hz - before) < INSENSITIVE_HZ:
        frequency_hz = before
    share = curve.share(frequency_hz)
    held_share, held_until_s = state.held_share, state.held_until_s
    if curve.hold_s > 0 and abs(share) > 0.99:
        held_share, held_until_s = share, now_s + curve.hold_s
    elif now_s < held_until_s <= now_s + curve.hold_s:
        share = held_share
    soc = servant.soc
    exhausted = soc is not None and (
        soc <= servant.reserve_soc or (state.exhausted and soc < servant.reserve_soc + RECOVERED_SOC)
    )
    refused = "The reserve is reached: the battery recovers first." if exhausted and share < 0 else ""
    return ServiceState(
        frequency_hz=frequency_hz,
        held_until_s=held_until_s,
        held_share=held_share,
        exhausted=exhausted,
        answer_w=0.0 if refused else share * max(0.0, power_w),
        refused=refused,
    )
