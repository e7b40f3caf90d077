"""The home in numbers: what is fixed, what the homeowner wishes, what is measured, what is commanded.

Every other room of this floor speaks in these types. Power in W, energy in Wh, current in A, time in POSIX
seconds, state of charge as a fraction 0..1; a value that is not known is ``None``, never 0.
"""

from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """The house's connection to the grid, as the network operator and the fuse box allow it."""

    phases: int
    fuse_a: float
    """Rated current of the main fuse, A a phase."""
    voltage_v: float = 230.0
    export_limit_w: float | None = None
    """Most power that may be exported, W ≥ 0; None: as much as the fuse carries."""

    @property
    def import_max_w(self) -> float:
        """Most power that the fuse carries, all phases together, W."""
        return self.phases * self.fuse_a * self.voltage_v

    @property
    def export_max_w(self) -> float:
        """Most power that may be exported, W ≥ 0."""
        return self.import_max_w if self.export_limit_w is None else min(self.export_limit_w, self.import_max_w)


Curve = tuple[tuple[float, float], ...]
"""(x, y) with x increasing; linear between, constant outside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Charger:
    """What one charger can do. Ask for capabilities, never for a brand."""

    charger_id: str
    phases: int
    charge_max_w: float
    """Most power into the car, W at the grid side, ≥ 0."""
    discharge_max_w: float = 0.0
    """Most power out of the car, W at the grid side, ≥ 0; 0: cannot discharge."""
    charge_min_w: float = 0.0
    """Least power at which it charges at all (6 A on AC), W; between 0 and this it must pause."""
    charge_efficiency: float = 0.95
    discharge_efficiency: float = 0.95
    charge_curve: Curve = ()
    """One-way efficiency by power, (W at the grid side, 0..1) rising in W; empty: always the same."""
    discharge_curve: Curve = ()
    standby_w: float = 0.0
    """Own use while its power stage is on, W; not part of the efficiencies."""
    on_phases: tuple[int, ...] = ()
    """The house's phases (0, 1, 2) that it hangs on; empty: evenly on all, or not known."""
    reports_soc: bool = True
    reaction_s: float = 1.0
    """Measured delay from a set-point to its power, s."""
    ramp_w_per_s: float = 3350.0
    """How fast its power rises, measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ev:
    """The car that is connected (or the home's usual car while none is)."""

    ev_id: str
    capacity_wh: float
    charge_max_w: float
    discharge_max_w: float = 0.0
    charge_min_w: float = 0.0
    soc_min: float = 0.05
    """The car's own lower bound: it refuses to discharge below, fraction."""
    soc_max: float = 1.0
    taper_from_soc: float = 0.9
    """From here on the car is expected to take less and less, a tenth of its power at ``soc_max``; 1: never less."""
    wear_eur_per_kwh: float = 0.02
    """Cost of moving one kWh through the battery, in the home's currency per kWh discharged."""
    high_soc: float = 0.8
    """Above this the battery ages by standing full, fraction."""
    high_soc_eur_per_kwh_day: float = 0.0
    """Cost of holding one kWh above ``high_soc`` for a day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """A promise: at this time the car has this charge."""

    at_s: float
    target_soc: float
    chance: float = 1.0
    """How sure the departure is; what was learned from habits is less than certain."""
    early_chance: float = 0.0
    """Chance that the car leaves before ``at_s`` …"""
    early_h: float = 4.0
    """… spread evenly over so many hours before it."""
    learned: bool = False
    """From habits, not from the homeowner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """A time when the car is expected to be away, and the charge that the trip takes."""

    from_s: float
    to_s: float
    used_wh: float
    learned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the homeowner asks for; changed in the window, kept in the store."""

    departures: tuple[Departure, ...] = ()
    absences: tuple[Absence, ...] = ()
    reserve_soc: float = 0.2
    """Charge kept for the unexpected: never discharged below for money, fraction."""
    boost_until_s: float | None = None
    """Charge at full power until then (or full), whatever it costs."""
    paused: bool = False
    v2g_allowed: bool = True
    """May the car discharge to the house and the grid at all?"""
    export_allowed: bool = True
    """May the car's energy be exported, or feed only the house?"""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvState:
    """The car as it is now."""

    connected: bool
    ev: Ev
    soc: float | None = None
    """State of charge; None: connected car does not tell, or no car."""
    power_w: float = 0.0
    """Present power at the grid side of the charger, > 0 charges."""
    can_charge: bool = True
    can_discharge: bool = False
    """Does this session allow power out of the car (a BPT service, both sides agree)?"""
    at_s: float = 0.0
    """Time of this reading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plug:
    """One charger, the car at it (or the usual one while none is), and what is wished of them."""

    charger: Charger
    ev_state: EvState
    wishes: Wishes = field(default_factory=Wishes)


class Risk(StrEnum):
    """How the home decides where the future is not known."""

    CAREFUL = "careful"
    """Plans for the worse days: more charge in hand, some money left on the table."""
    BALANCED = "balanced"
    BOLD = "bold"
    """Plans for what is most likely, and takes the rare bad day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeBattery:
    """A battery that stands in the house. Powers at its grid side, W ≥ 0."""

    battery_id: str
    capacity_wh: float
    charge_max_w: float
    discharge_max_w: float
    soc_min: float = 0.05
    soc_max: float = 1.0
    reserve_soc: float = 0.0
    """Kept for a blackout, fraction."""
    charge_efficiency: float = 0.95
    discharge_efficiency: float = 0.95
    standby_w: float = 0.0
    wear_eur_per_kwh: float = 0.02
    """As for a car: a kWh discharged."""
    on_phases: tuple[int, ...] = ()
    may_charge_from_grid: bool = True
    may_export: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryState:
    """A house battery as it is now."""

    battery: HomeBattery
    soc: float | None
    power_w: float = 0.0
    """> 0 charges."""
    at_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftableLoad:
    """Work that a machine must do, at a time of the planner's choice."""

    load_id: str
    power_w: tuple[float, ...]
    """Mean power in each ``slot_s`` of one run, W ≥ 0, in order; one value where it runs at one power."""
    slot_s: float = 900.0
    earliest_s: float
    latest_s: float
    """It is done by then."""
    run_h: float | None = None
    """None: one run, not interrupted. Else: so many hours at ``power_w[0]`` in pieces of any length."""
    done_h: float = 0.0
    """Of ``run_h``, what is done already."""
    on_phases: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatTank:
    """A buffer of heat, filled by electricity: a hot-water tank, a heat pump with its store."""

    tank_id: str
    power_max_w: float
    """Electric, W."""
    capacity_wh: float
    """Heat between its coldest useful and its hottest state, Wh."""
    heat_per_electric: float = 1.0
    """Heat gained from a unit of electricity: 1 for a heating rod, the coefficient of performance for a heat pump."""
    loss_share_per_h: float = 0.01
    """Part of what is stored that is lost in an hour."""
    comfort_share: float = 0.2
    """Not below this share of the capacity, as long as it can be had."""
    power_min_w: float = 0.0
    on_phases: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TankState:
    """A tank as it is now, and the heat that will be drawn from it."""

    tank: HeatTank
    stored_share: float
    """Of its capacity, 0..1."""
    demand_w: tuple[float, ...] = ()
    """Heat drawn, mean W in each step of the plan; empty: none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SolarArray:
    """One part of the roof."""

    array_id: str
    peak_w: float
    curtailable: bool = False
    """Can Twoway (or its inverter, told so) make it give less?"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """What the house's instruments say, as one picture."""

    at_s: float
    """Time of the grid reading, the one that matters for the limits."""
    grid_w: float | None = None
    solar_w: float | None = None
    phase_w: tuple[float | None, ...] = ()
    """Grid power by phase, > 0 imports; empty: not measured by phase."""
    frequency_hz: float | None = None
    solar_at_s: float | None = None
    frequency_at_s: float | None = None
    """Time of the frequency; None: ``at_s``."""
    battery_w: float | None = None
    """All house batteries together, > 0 charges; None: none is read, and theirs counts as load."""

    def load_w(self, ev_w: float) -> float | None:
        """House load without car and batteries, W ≥ 0, by the balance grid = load + ev + battery − solar."""
        if self.grid_w is None:
            return None
        return max(0.0, self.grid_w - ev_w - (self.battery_w or 0.0) + (self.solar_w or 0.0))


class ReasonCode(StrEnum):
    """Why a set-point is what it is. The window and the history word them; see ui's translations."""

    NO_CAR = "no_car"
    PAUSED = "paused"
    BOOST = "boost"
    CHARGE_CHEAP = "charge_cheap"
    CHARGE_SOLAR = "charge_solar"
    CHARGE_FOR_DEPARTURE = "charge_for_departure"
    CHARGE_TO_RESERVE = "charge_to_reserve"
    FEED_HOUSE = "feed_house"
    EXPORT_DEAR = "export_dear"
    WAIT_FOR_CHEAPER = "wait_for_cheaper"
    WAIT_FOR_SUN = "wait_for_sun"
    """The plan charges from the roof, which has nothing over now."""
    ROOF_FEEDS = "roof_feeds"
    """The plan feeds the house, which needs nothing from the car now."""
    FULL = "full"
    HOLD = "hold"
    """Nothing to gain either way."""
    LIMIT_FUSE = "limit_fuse"
    LIMIT_IMPORT = "limit_import"
    LIMIT_EXPORT = "limit_export"
    LIMIT_CAR = "limit_car"
    LIMIT_CHARGER = "limit_charger"
    LIMIT_RESERVE = "limit_reserve"
    V2G_OFF = "v2g_off"
    """The homeowner does not let the car discharge."""
    EVENT_SETPOINT = "event_setpoint"
    EVENT_PRICE = "event_price"
    EVENT_EMERGENCY = "event_emergency"
    FREQUENCY = "frequency"
    METER_STALE = "meter_stale"
    LINK_SILENT = "link_silent"
    NO_PLAN = "no_plan"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One typed reason, with the figures that a sentence about it needs."""

    code: ReasonCode
    params: dict[str, float | str] = field(default_factory=dict)
    """Figures for the sentence: ``until_s``, ``price_eur_per_kwh``, ``refill_price_eur_per_kwh``, ``limit_w``,
    ``reserve_soc``, ``event_id``, ``target_soc``, ``deadline_s``, ``frequency_hz`` …; the facts that every planned step
    has (``energy.plan.explain``); of a limit that cuts, ``wanted_w`` and ``phase``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPoint:
    """What the charger shall do, until it expires."""

    charger_id: str
    power_w: float
    """Signed, grid side: > 0 charges, < 0 discharges."""
    at_s: float
    expires_s: float
    """The hardware falls to 0 W then unless renewed; at most 60 s after ``at_s``."""
    reason: Reason
    limited_by: tuple[Reason, ...] = ()
    """The limits that cut the wanted power, tightest first."""
