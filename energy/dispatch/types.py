"""What dispatch is told, what it remembers, and what its rooms hand to each other.

What lives for one call only is not frozen: that makes it several times quicker to make.
"""

from dataclasses import dataclass, field

from energy.dispatch.meter import MeterState
from energy.dispatch.phases import PhaseState
from energy.dispatch.reaction import Learned, Probe
from energy.frequency import DroopCurve, ServiceState
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
    frequency_stale_s: float = 3.0
    """A frequency older than this is not answered."""
    meter_lag_s: float = 0.0
    """How much later than the chargers' own figures the meter is expected to be, until it has shown it."""
    unbalance_w: float | None = None
    """Most difference between two phases at the connection that our devices may make (VDE-AR-N 4100: 4,600 VA)."""
    keep_chance: float = 0.8
    """A departure at least so sure is kept between plans, whatever the plan expected."""


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
    meter: MeterState = field(default_factory=MeterState)
    phases: PhaseState = field(default_factory=PhaseState)
    learned: Learned = field(default_factory=Learned)
    """What the charger has shown of its delay and ramp."""
    probe: Probe | None = None
    service: ServiceState = field(default_factory=ServiceState)
    corrected_wh: float = 0.0
    """Energy by which set-points departed from the plan's power so far, Wh ≥ 0, both ways added up."""
    behind: bool = False
    """Is a promise being kept that the plan alone would have missed?"""


@dataclass(slots=True, kw_only=True)
class House:
    """What the rest of the home does, as far as one charger is concerned. W, signed, > 0 takes from the grid."""

    at_s: float
    """When the meter said so."""
    follow_w: float
    """Load less solar, with what devices of a higher rank do: what this one may feed or take."""
    most_w: float
    """As much as everything else may take at once, devices on their way to a command included …"""
    least_w: float
    """… and as little."""
    sure_most_w: float
    """As ``most_w``, without what is only claimed: beyond a limit with this, the charger must help."""
    sure_least_w: float
    every_w: float
    """Load less solar with all that devices of a higher rank claim, whichever way."""
    kept_w: float
    """What may be fed without anything of it reaching the grid."""
    phase_most_w: tuple[float, ...] = ()
    """By phase, without this charger; empty: not measured by phase, or not known which phases carry it."""
    phase_least_w: tuple[float, ...] = ()
    share: tuple[float, ...] = ()
    """Which part of this charger's power each phase carries; empty: not known."""
    own_w: float = 0.0
    """What this charger took when the meter measured."""
    first: bool = True
    """Does nobody rank higher?"""


@dataclass(slots=True, kw_only=True)
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
    house: House | None
    """None: the meter is stale, or a charger's own figure is."""
    house_w: float | None
    """``house.follow_w``: load less solar, signed, W."""
    answer_w: float = 0.0
    """What frequency asks for beside, signed, W."""
    others_w: float = 0.0
    """What other devices may be charging with while the meter is silent, W ≥ 0."""


@dataclass(slots=True, kw_only=True)
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
    ends_s: float | None = None
    """Whoever asked for it asked until then: the set-point does not outlive it."""
    behind: bool = False
    """Against the plan, for a promise that it would miss."""
