"""What dispatch is told, what it remembers, and what its rooms hand to each other."""

from dataclasses import dataclass

from energy.frequency import DroopCurve
from energy.limits import Limits
from energy.model import EvState, Readings, Reason, Wishes
from energy.plan.types import Plan, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchConfig:
    """Times and margins; the defaults suit a home."""

    expires_s: float = 30.0
    """A set-point lives this long unless renewed; at most 60 s."""
    stale_s: float = 10.0
    """A grid reading older than this is no reading."""
    car_stale_s: float = 120.0
    """A connected car's power older than this is not known, nor then the house's: by now its set-point has expired."""
    ramp_w_per_s: float = 2000.0
    """How fast power may rise away from 0; towards 0 it may jump."""
    settle_w: float = 40.0
    """A change smaller than this is not worth a message."""
    guard_w: float = 50.0
    """Kept free under each limit at the connection, for what the meter does not see."""
    follow_import_w: float = 30.0
    """Import left while the house is fed, so that its noise does not export."""
    turn_s: float = 15.0
    """Rest at 0 between charging and discharging."""
    surplus_start_s: float = 60.0
    """A surplus must last this long before a charger with a least power starts on it."""
    surplus_stop_s: float = 180.0
    """And be gone this long before it stops."""
    reserve_margin_soc: float = 0.01
    """Discharging that stopped at the reserve starts again this far above it."""
    curve: DroopCurve | None = None
    """Answer to frequency while a frequency event holds; None: FCR."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchState:
    """What dispatch remembers from one call to the next."""

    power_w: float = 0.0
    """What the last set-point was to deliver."""
    command_w: float = 0.0
    """The last set-point, trimmed."""
    trim_w: float = 0.0
    """How much more than wanted the charger must be asked for, signed."""
    steady_since_s: float = 0.0
    """Since when the command has not changed much."""
    at_s: float | None = None
    turned_s: float = float("-inf")
    """When power last was other than 0 …"""
    turned_sign: int = 0
    """… and its direction."""
    surplus_since_s: float | None = None
    """Since when the surplus has been enough to start."""
    lack_since_s: float | None = None
    """Since when it has been too small to go on."""
    on_surplus: bool = False
    """Was the last set-point charging on surplus?"""
    at_reserve: bool = False
    house_peak_w: float | None = None
    """Highest house load (less solar) seen of late, W; falls slowly. For when the meter is silent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Everything that holds at this moment."""

    now_s: float
    readings: Readings
    ev_state: EvState
    limits: Limits
    wishes: Wishes
    plan: Plan | None
    step: Step | None
    config: DispatchConfig
    house_w: float | None
    """Load less solar, signed, W; None: the meter is stale."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """What the car should do if no limit stood in the way."""

    power_w: float
    reason: Reason
    exports: bool = False
    """May the car's energy reach the grid?"""
    surplus: bool = False
    """Is it solar surplus that is followed (starts and stops slowly)?"""
    must: bool = False
    """Rather the charger's least power than nothing?"""
    at_once: bool = False
    """Not slowed by ramp and rest: a limit, an emergency, frequency."""
