"""What the voltage at a DC outlet has to be before a car moves its contactors, alike everywhere (IEC 61851-23)."""

from typing import Protocol

from protocols.iso15118.car import CarPlan
from protocols.iso15118.events import Event, PreChargeUnmatched

PRE_CHARGE_TOLERANCE_V = 20.0
"""How near the outlet must come to the battery before the contactors may close."""
SAFE_VOLTAGE_V = 60.0
"""Below this a welded contactor is ruled out."""


class PreCharging(Protocol):
    """The car's side of a session, as far as it waits for the voltage."""

    evse_voltage_v: float
    pre_charging_since_s: float | None

    @property
    def plan(self) -> CarPlan:
        """How long a simulated car waits."""

    def emit(self, event: Event) -> None:
        """Tell the application."""


def matched(outlet_v: float, battery_v: float) -> bool:
    """Whether the contactors may close."""
    return abs(outlet_v - battery_v) <= PRE_CHARGE_TOLERANCE_V


def pre_charged(side: PreCharging, battery_v: float, now: float) -> bool:
    """Whether the car goes on: the voltage fits, or a simulated car's patience is at an end, which it tells."""
    if matched(side.evse_voltage_v, battery_v):
        return True
    if side.pre_charging_since_s is None:
        side.pre_charging_since_s = now
    patience_s = side.plan.pre_charge_patience_s
    if patience_s is None or now - side.pre_charging_since_s < patience_s:
        return False
    side.emit(PreChargeUnmatched(now, side.evse_voltage_v, battery_v))
    return True
