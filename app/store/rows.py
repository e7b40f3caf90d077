"""What is stored, as typed rows. Power in W, energy in Wh, time in POSIX seconds, charge as a fraction 0..1.

Money is in the home's currency. None: not known (never 0).
"""

from dataclasses import dataclass, field
from typing import Any

CHANNELS = ("grid_w", "solar_w", "load_w", "ev_w", "soc", "frequency_hz", "battery_w", "battery_soc")
"""What a reading measures, in the order of the columns."""

PATHS = (
    *("solar_house", "solar_car", "solar_battery", "solar_grid"),
    *("grid_house", "grid_car", "grid_battery"),
    *("car_house", "car_battery", "car_grid"),
    *("battery_house", "battery_car", "battery_grid"),
)
"""Ways of energy through the home."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingRow:
    """The home at one second; a second row for the same second replaces the first."""

    at_s: float
    grid_w: float | None = None
    solar_w: float | None = None
    load_w: float | None = None
    ev_w: float | None = None
    soc: float | None = None
    frequency_hz: float | None = None
    battery_w: float | None = None
    """All house batteries together, > 0 charges."""
    battery_soc: float | None = None
    """Their charge, 0..1 of all their capacity."""


@dataclass(frozen=True, slots=True)
class Spread:
    """A channel over a bucket of time."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class HistoryBucket:
    """Readings from ``at_s`` for one bucket's length; a channel never measured in it is absent."""

    at_s: float
    count: int
    """Readings that it sums up."""
    channels: dict[str, Spread]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """Energy and money of one interval of accounts. Booking the same ``at_s`` again replaces it."""

    at_s: float
    """Start of the interval."""
    span_s: float
    solar_house_wh: float = 0.0
    solar_car_wh: float = 0.0
    solar_grid_wh: float = 0.0
    grid_house_wh: float = 0.0
    grid_car_wh: float = 0.0
    car_house_wh: float = 0.0
    car_grid_wh: float = 0.0
    solar_battery_wh: float = 0.0
    grid_battery_wh: float = 0.0
    car_battery_wh: float = 0.0
    battery_house_wh: float = 0.0
    battery_car_wh: float = 0.0
    battery_grid_wh: float = 0.0
    cost: float | None = None
    """What the interval cost at the connection; negative when it earned."""
    baseline_cost: float | None = None
    """What it would have cost without V2G, charging on arrival."""
    wear: float | None = None
    """Wear of the battery."""
    ahead_wh: float | None = None
    """Charge that the car gained on the counterfactual's meanwhile; negative: it lived on its store."""
    co2_g: float | None = None
    """Emitted for what was imported."""


@dataclass(frozen=True, slots=True)
class AccountSum:
    """Accounts summed over a stretch of time."""

    start_s: float
    end_s: float
    paths_wh: dict[str, float]
    cost: float | None
    baseline_cost: float | None
    wear: float | None
    ahead_wh: float | None = None
    co2_g: float | None = None

    def saved(self, refill_per_kwh: float) -> float | None:
        """Money saved against no V2G, wear paid; None: not known for this stretch.

        Charge that is ahead of the counterfactual's counts at ``refill_per_kwh``, what it costs to put a kWh into the
        car; so what was discharged today and is refilled tomorrow is no saving of today.
        """
        if self.cost is None or self.baseline_cost is None:
            return None
        return self.baseline_cost - self.cost - (self.wear or 0.0) + (self.ahead_wh or 0.0) / 1e3 * refill_per_kwh


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """One car session; written again as it goes on, last when it ends."""

    session_id: str
    start_s: float
    end_s: float | None = None
    """None: it goes on."""
    protocol: str = ""
    evcc_id: str | None = None
    charged_wh: float = 0.0
    discharged_wh: float = 0.0
    soc_start: float | None = None
    soc_end: float | None = None
    ended: str = ""
    """Why it ended, in words."""
    unplugged_s: float | None = None
    """When the car was unplugged after it; None: it was not, or nobody saw it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeatherRow:
    """Weather around one instant, as it was last told."""

    at_s: float
    temperature_c: float | None = None
    cloud_share: float | None = None
    ghi_w_m2: float | None = None
    dni_w_m2: float | None = None
    dhi_w_m2: float | None = None
    solar_w: float | None = None
    """The roof's own power, from a provider that forecasts that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondsRow:
    """One minute of an event's service, second by second."""

    source: str
    event_id: str
    at_s: float
    """The minute's beginning."""
    body: list[list[float]]
    """Time, asked W, baseline W, power W, 1 where it could be served; as ``energy.service_account`` signs them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """One grid event, as it stands."""

    source: str
    event_id: str
    kind: str
    title: str = ""
    start_s: float
    end_s: float | None = None
    """None: until cancelled."""
    status: str = "coming"
    opted_out: bool = False
    received_s: float = 0.0
    problem: str = ""
    body: dict[str, Any] = field(default_factory=dict)
    """Intervals and whatever else the engine wants back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRow:
    """What was delivered for an event at one time."""

    source: str
    event_id: str
    at_s: float
    asked_w: float | None = None
    delivered_w: float | None = None
    baseline_w: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRow:
    """Something that somebody commanded: a homeowner's stop, a backend's start, a transaction's message."""

    at_s: float
    source: str
    name: str
    body: dict[str, Any] = field(default_factory=dict)
    outcome: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonRow:
    """A change of set-point, and why."""

    at_s: float
    charger_id: str
    power_w: float
    code: str
    params: dict[str, Any] = field(default_factory=dict)
    limited_by: list[Any] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A plan, in the engine's own form."""

    made_at_s: float
    body: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingRow:
    """Any JSON value kept under a key, booked with other rows in one commit."""

    key: str
    value: Any
    at_s: float
