"""The API's schema, version 1: all that the window, an integrator or a remote gateway may know of the engine.

Units and signs are the house's (``grid_w`` > 0 imports, ``ev_w`` > 0 charges, SoC 0..1); times are aware UTC
datetimes in ISO 8601; money is in ``HomeFacts.currency``. A value that is not known is null, and where a person would
ask why, a neighbouring ``…_missing`` says so in one sentence.

Paths are listed in ``app.api.server``; the OpenAPI page is served at ``/api/v1/openapi.json`` and ``/docs``.
"""

from datetime import datetime, time
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.api import reason_text as reason_text

API_VERSION = "1"

Fraction = Annotated[float, Field(ge=0, le=1)]
Level = Literal["starting", "ok", "warning", "failed", "off"]
Encryption = Literal["", "none", "tls12", "tls13"]
"""How a session's wire is protected; empty: not known (yet)."""
Authorization = Literal["", "eim", "pnc", "basic"]
"""By external means, by contract (Plug & Charge), or none at all (IEC 61851)."""
Risk = Literal["careful", "balanced", "bold"]
"""How the plan decides where the coming days are uncertain: for the worse of them, for all, for what is likely."""
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Model(BaseModel):
    """Strict where it reads, complete where it writes."""

    model_config = ConfigDict(extra="forbid")


class ReasonOut(Model):
    """A typed reason; the window words it in the user's language from code and params (``reason_text``)."""

    code: str
    params: dict[str, float | str] = {}
    """Figures of the sentence, and the facts behind the decision: ``binds`` (what keeps it from going further),
    ``worth_eur_per_kwh``, ``worth_later_eur_per_kwh`` from ``later_s`` on (what a kWh in the car is worth),
    ``next_choice`` (hold, charge, discharge) with ``next_cost_eur`` (what it would have cost more until
    ``block_until_s``) or ``next_breaks`` (the promise that it would break); of a set-point that a limit cuts,
    ``wanted_w`` and ``phase``."""
    text: str = ""
    """The same in plain English, times local to the home."""


class Flow(Model):
    """What flows now."""

    at: datetime | None = None
    """Time of the meter's reading."""
    grid_w: float | None = None
    solar_w: float | None = None
    load_w: float | None = None
    ev_w: float | None = None
    battery_w: float | None = None
    """All house batteries together, > 0 charges; null: none is read."""
    frequency_hz: float | None = None
    stale: bool = False
    """The readings are older than their instrument's limit."""
    missing: dict[str, str] = {}
    """Field name → one sentence why it is null."""


class CertificateOut(Model):
    """One certificate: of the home's store, or what a session's peer showed."""

    role: str
    """Its role in the public-key infrastructure, e.g. ``secc``, ``vehicle``, ``contract``, ``v2g-root``."""
    subject: str
    issuer: str
    valid_from: datetime | None = None
    valid_to: datetime
    problem: str = ""
    """One sentence where it cannot be used, or soon cannot; empty where all is well."""
    usable: bool = True


class CarNow(Model):
    """The car and its session."""

    connected: bool = False
    name: str = ""
    soc: Fraction | None = None
    soc_missing: str = ""
    capacity_wh: float | None = None
    power_w: float | None = None
    can_discharge: bool = False
    protocol: str = ""
    state: str = ""
    session_id: str | None = None
    evcc_id: str | None = None
    since: datetime | None = None
    charged_wh: float = 0.0
    discharged_wh: float = 0.0
    messages: int = 0
    charge_max_w: float | None = None
    discharge_max_w: float | None = None
    encryption: Encryption = ""
    cipher: str = ""
    unprotected_by_switch: bool = False
    """This session should be encrypted by its standard, and a laboratory's switch lets it go on without."""
    authorization: Authorization = ""
    contract: str = ""
    """The EMAID of the contract that pays for the session, where one does."""
    certificate: CertificateOut | None = None
    """What the car showed of itself when the connection was made."""


class BatteryNow(Model):
    """One house battery."""

    name: str
    soc: Fraction | None = None
    power_w: float | None = None
    """> 0 charges; null: it is silent."""
    capacity_wh: float
    reserve_soc: Fraction = 0.0
    """Kept for a blackout."""
    commanded: bool = False
    """Twoway's plan moves it; false: it lives by its own rule."""
    target_w: float | None = None
    """What the plan wants of it now."""


class LoadNow(Model):
    """One machine whose work can wait."""

    name: str
    state: Literal["advised", "planned", "running", "done", "waiting"]
    """advised: a person starts it at ``start``; planned: Twoway switches it then; waiting: nothing is due yet."""
    start: datetime | None = None
    """When it (next) runs; null: not today, or it does not fit."""
    end: datetime | None = None
    switched: bool = False
    """Twoway switches it; false: the window says when to start it."""
    problem: str = ""
    """One sentence where its run does not fit, or the relay does not follow."""


class TankNow(Model):
    """One heat buffer."""

    name: str
    temperature_c: float | None = None
    stored_share: Fraction | None = None
    heating: bool | None = None


class FallbackOut(Model):
    """What stands in for something that planning needs and has not."""

    kind: str
    """prices_expected, prices_missing, load_typical, solar_typical, battery_silent, simple_rule, old_plan, no_plan …"""
    since: datetime | None = None
    """From (or until) when, where that matters."""
    name: str = ""
    """The battery or tank that it is about."""
    text: str
    """One clause in English; the window words it by ``kind``."""
    quiet: bool = False
    """Nothing is wrong: every home is there at times."""


class ReadyBy(Model):
    """The next promise to the homeowner."""

    at: datetime | None = None
    target_soc: Fraction | None = None
    planned_soc: float | None = None
    """State of charge that the plan reaches by then."""
    on_track: bool | None = None
    short_by_wh: float = 0.0
    ready_at: datetime | None = None
    """When the plan reaches the target."""
    usual_chance: Fraction | None = None
    """How likely the car leaves then, where that was learned from its habits; None: somebody said so."""


class Today(Model):
    """The home's day so far, in local time."""

    saved: float | None = None
    """Money against "no V2G, charge on arrival"."""
    cost: float | None = None
    paths_wh: dict[str, float] = {}
    """solar_house, solar_car, solar_battery, solar_grid, grid_house, grid_car, grid_battery, car_house, car_battery,
    car_grid, battery_house, battery_car, battery_grid."""
    co2_g: float | None = None
    """Emitted for what was imported; null: the home file does not tell what the grid emits."""


class AccountOut(Model):
    """What settles one event; ``/events/{source}/{event_id}/account.csv`` has it second by second."""

    baseline: Literal["charge_on_arrival", "base_point"]
    """How it is known what would have been. charge_on_arrival: the same house, sun and trips at that moment with a car
    that charges at full power from its arrival on; base_point: what the car was to do beside its answer to frequency.
    """
    asked_wh: float
    """Change against the baseline that was asked, ≥ 0."""
    delivered_wh: float
    """Of that, what came."""
    baseline_wh: float
    energy_wh: float
    """What flowed, as the baseline is signed."""
    share: Fraction | None = None
    response_s: float | None = None
    """From the ask to nine tenths of it, of the slowest step that was answered."""
    mean_response_s: float | None = None
    steps_answered: int = 0
    steps_unanswered: int = 0
    overshoot_w: float = 0.0
    over_s: float = 0.0
    """Time beyond a limit, or away from a set-point, after the response."""
    worst_w: float = 0.0
    availability: Fraction | None = None


class EventOut(Model):
    """One grid event."""

    source: str
    event_id: str
    kind: str
    title: str = ""
    unit: str = ""
    start: datetime
    end: datetime | None
    """null: until cancelled."""
    values: list[tuple[datetime, float]] = []
    """Start of each interval and its value."""
    status: Literal["coming", "active", "done", "cancelled", "quarantined"] = "coming"
    opted_out: bool = False
    may_opt_out: bool = False
    opt_out_consequence: str = ""
    """One sentence, shown before the homeowner presses it."""
    delivered_w: list[tuple[datetime, float]] = []
    """What was delivered against the baseline (sign: > 0 as asked), a point a bucket."""
    delivered_wh: float | None = None
    account: AccountOut | None = None
    """null: it asks for no power, or has not begun."""
    money: float | None = None
    problem: str = ""


class SetPointOut(Model):
    """What the charger was last told."""

    power_w: float
    at: datetime
    expires: datetime
    reason: ReasonOut
    limited_by: list[ReasonOut] = []


class NextStep(Model):
    """What comes next in the plan."""

    at: datetime
    reason: ReasonOut
    power_w: float


class HealthOut(Model):
    """One driver or link."""

    name: str
    level: Level
    text: str = ""
    since: datetime | None = None
    restarts: int = 0
    details: dict[str, str | float | int | bool | None] = {}


class HomeFacts(Model):
    """What does not change while the engine runs."""

    name: str
    timezone: str
    currency: str
    fuse_a: float
    phases: int
    import_max_w: float
    export_max_w: float
    demo: bool = False
    speed: float = 1.0
    """Home seconds in a real second (demo only)."""
    engine_version: str = ""
    api_version: str = API_VERSION


class HomeSnapshot(Model):
    """Everything that the Home page shows: the answer of ``GET /home`` and the stream's ``home`` event."""

    now: datetime
    """Home time."""
    facts: HomeFacts
    flow: Flow
    car: CarNow
    set_point: SetPointOut | None = None
    next_step: NextStep | None = None
    ready_by: ReadyBy = ReadyBy()
    today: Today = Today()
    batteries: list[BatteryNow] = []
    loads: list[LoadNow] = []
    tanks: list[TankNow] = []
    planning: list[FallbackOut] = []
    """How planning gets by without what it has not; empty: the plan stands on all that it needs."""
    event: EventOut | None = None
    """The event that holds now, or the next."""
    wishes: "WishesOut"
    health: list[HealthOut] = []
    sequence: int = 0
    """Grows with each snapshot; a client may drop older ones."""


class PromiseOut(Model):
    """One promise of a plan, kept or not."""

    kind: str
    """departure, reserve, event_setpoint …"""
    deadline: datetime | None = None
    wanted: float
    planned: float
    short_by: float
    unit: str
    kept: bool


class ForecastOut(Model):
    """How good one forecast was of late, each made at its midnight, beside the best of the simple averages."""

    of: Literal["load", "solar"]
    mean_error_w: float
    rmse_w: float
    simple_mean_error_w: float | None = None
    """Of the best among yesterday and the means of seven and 28 days."""
    band_share: Fraction | None = None
    """Part of the readings within the likely range; 0.8 is right."""
    days: int
    left_out: list[str] = []
    """Sentences about readings that cannot be true and do not count."""


class PlanOut(Model):
    """A plan: parallel lists, one element a step; step i lasts until ``start[i+1]``, the last until ``end``."""

    made_at: datetime
    end: datetime
    start: list[datetime]
    ev_w: list[float]
    soc: list[float | None]
    """State of charge at the END of each step."""
    load_w: list[float]
    load_low_w: list[float] = []
    load_high_w: list[float] = []
    solar_w: list[float]
    solar_low_w: list[float] = []
    solar_high_w: list[float] = []
    grid_w: list[float]
    import_price: list[float]
    export_price: list[float]
    price_known_until: datetime | None = None
    """From here on prices are not published yet but expected from those of the last weeks; None: all are known."""
    reserve_soc: list[float]
    away: list[bool]
    reasons: list[ReasonOut]
    promises: list[PromiseOut] = []
    cost: float
    """Planned money over the horizon, currency."""
    baseline_cost: float | None = None
    """The same without V2G, charging on arrival."""
    solve_s: float
    solver: str
    fallback: bool = False
    """True: the optimiser could not answer and a simple rule made this plan."""
    stores: list["StoreOut"] = []
    """House batteries and tanks."""
    loads: list["RunOut"] = []
    curtailed_w: list[float] = []
    """Solar power that is not taken, by step; empty: none."""
    planning: list[FallbackOut] = []
    forecasts: list[ForecastOut] = []
    """Empty while it is too early to tell."""


class StoreOut(Model):
    """A house battery's or a tank's part of a plan, by step."""

    name: str
    kind: Literal["battery", "tank"]
    power_w: list[float]
    """> 0 charges."""
    share: list[float]
    """Stored at the step's end, 0..1."""


class RunOut(Model):
    """When a machine runs by the plan."""

    name: str
    start: datetime | None = None
    """null: it does not fit."""
    power_w: list[float]


class WeeklyDeparture(Model):
    """A repeated wish."""

    days: list[Weekday]
    time: time
    """Local time of the home."""
    target_soc: Fraction


class OneOffDeparture(Model):
    """A single wish; it replaces the weekly one of that day."""

    at: datetime
    target_soc: Fraction


class WishesOut(Model):
    """What the homeowner asks for; ``PUT /wishes`` takes the same."""

    weekly: list[WeeklyDeparture] = []
    one_off: OneOffDeparture | None = None
    reserve_soc: Fraction = 0.2
    boost_until: datetime | None = None
    paused: bool = False
    v2g_allowed: bool = True
    export_allowed: bool = True
    risk: Risk = "balanced"
    learn_habits: bool = True
    """Expect the car to leave and return as it usually does, on days of which nothing else is said."""
    battery_reserve_soc: dict[str, Fraction] = {}
    """House battery's name → charge kept for a blackout; a battery that is not named keeps its home file's."""


class BoostIn(Model):
    """``POST /car/boost``."""

    minutes: Annotated[float, Field(ge=0, le=1440)]
    """0 ends a boost."""


class PauseIn(Model):
    """``POST /car/pause``."""

    paused: bool


class OptOutIn(Model):
    """``POST /events/{source}/{event_id}/opt-out``."""

    opted_out: bool


class MessageOut(Model):
    """One protocol message, for the details drawer."""

    at: datetime
    source: str
    direction: Literal["in", "out"]
    name: str
    body: dict[str, Any] = {}


class SessionOut(Model):
    """One car session, of the history."""

    session_id: str
    start: datetime
    end: datetime | None
    protocol: str
    evcc_id: str | None = None
    charged_wh: float
    discharged_wh: float
    soc_start: float | None = None
    soc_end: float | None = None
    ended: str = ""


class HistoryPoint(Model):
    """One bucket of readings."""

    at: datetime
    grid_w: float | None = None
    solar_w: float | None = None
    load_w: float | None = None
    ev_w: float | None = None
    soc: float | None = None
    battery_w: float | None = None
    battery_soc: float | None = None


class HistoryOut(Model):
    """``GET /history?from=&to=&points=``: decimated by the engine."""

    start: datetime
    end: datetime
    bucket_s: float
    points: list[HistoryPoint]


class DecisionOut(Model):
    """What the charger was told for a while, and why: set-points in a row with one reason and the same limits."""

    at: datetime
    until: datetime | None = None
    """When the next decision came; null: it holds, or nothing is known of what came next."""
    charger_id: str
    power_w: float
    """The first set-point of the row, > 0 charges."""
    least_w: float
    most_w: float
    changes: int
    """Set-points that are kept of it."""
    reason: ReasonOut
    """Of the first set-point."""
    limited_by: list[ReasonOut] = []


class DecisionsOut(Model):
    """``GET /history/decisions?from=&to=&limit=``: newest first."""

    decisions: list[DecisionOut]
    before: datetime | None = None
    """Older ones within the time asked for: ask again with ``to`` set to this; null: these are all."""


class PastPlanOut(Model):
    """``GET /history/plan?at=``: the plan that was in force then, as it was kept; parallel lists as in ``PlanOut``."""

    made_at: datetime
    why: str
    """What it was made for."""
    cost: float | None = None
    baseline_cost: float | None = None
    start: list[datetime]
    ev_w: list[float]
    soc: list[float | None]
    reasons: list[ReasonOut]


class SummaryBucket(Model):
    """One hour, day or month."""

    label: str
    start: datetime
    paths_wh: dict[str, float] = {}
    saved: float | None = None
    cost: float | None = None
    co2_g: float | None = None


class SummaryOut(Model):
    """``GET /history/summary?period=day|month|year&date=``."""

    period: Literal["day", "month", "year"]
    start: datetime
    end: datetime
    buckets: list[SummaryBucket]
    paths_wh: dict[str, float]
    saved: float | None = None
    cost: float | None = None
    co2_g: float | None = None
    """Emitted for what was imported; null: not known for this period."""
    cycles: float | None = None
    """Full equivalent cycles of the car's battery."""


class DeviceOut(Model):
    """One device of the home file, with what it answers now."""

    name: str
    role: Literal["meter", "inverter", "battery", "switch", "charger", "power_stage"]
    address: str
    profile: str
    health: HealthOut
    readings: dict[str, float | str | None] = {}
    resettable: bool = False
    """A charger's fault stands that ``POST /installer/charger/reset`` may clear, once somebody has looked after it."""


class RecordingOut(Model):
    """One line of ``GET /installer/recordings``: a session as it was recorded. Its times are the machine's own."""

    id: str
    """``GET /installer/recordings/{id}`` gives the file, for ``twoway session show`` and ``replay``."""
    began: datetime
    bytes: int
    proper: bool | None = None
    """Whether it ended in order; null: it has not ended, or the engine was killed."""
    paused: bool = False
    reason: str = ""
    """Why it ended."""


class CaptureIn(Model):
    """``POST /installer/capture``: the sessions that begin in the next minutes; 0 ends it and keeps the file."""

    minutes: float = Field(ge=0, le=1440)


class CaptureOut(Model):
    """``GET /installer/capture``: a packet capture (pcapng) with the keys that open the sessions in it."""

    running: bool
    left_s: float = 0
    """Real seconds until it ends by itself."""
    bytes: int | None = None
    """Size of what ``GET /installer/capture/file`` gives; null: there is none."""


class InstallerOut(Model):
    """``GET /installer``: the home as a checklist."""

    devices: list[DeviceOut]
    links: list[HealthOut]
    certificates: list[CertificateOut] | None = None
    """Null while they are being looked at."""
    unprotected_by_switch: bool = False
    """The charger's laboratory switch is set: ISO 15118-20 without TLS is let through."""
    limits: dict[str, float | None]
    """fuse_a, import_max_w, export_max_w, failsafe_import_w, charge_max_w, discharge_max_w."""
    home_file: str
    home_toml: str
    """The home file's text, secrets are not in it."""


class HomeTomlIn(Model):
    """``PUT /installer/home``: a new home file; refused with its first problem's line and remedy, or written."""

    toml: str
    dry_run: bool = False


class ProblemOut(Model):
    """Body of every 4xx and 5xx answer."""

    problem: str
    """One sentence that names the thing and the way out."""
    line: int | None = None


class About(Model):
    """``GET /health``, the only path that needs no token."""

    engine_version: str
    api_version: str
    started: datetime
    pid: int


HomeSnapshot.model_rebuild()
PlanOut.model_rebuild()
