"""One internal form for whatever the grid asks: every link's messages become these.

A new kind of event is added here (one member, one row in ``KINDS``) and handled where ``energy.limits`` folds
events into what holds now.
"""

from dataclasses import dataclass
from enum import StrEnum


class GridEventKind(StrEnum):
    """What is asked."""

    IMPORT_LIMIT = "import_limit"
    """At most this much import at the connection, W ≥ 0."""
    EXPORT_LIMIT = "export_limit"
    """At most this much export at the connection, W ≥ 0."""
    IMPORT_PRICE = "import_price"
    """Price of imported energy, currency/kWh."""
    EXPORT_PRICE = "export_price"
    """Pay for exported energy, currency/kWh."""
    CHARGE_LIMIT = "charge_limit"
    """At most this much power into the car, W ≥ 0 (a backend's charging profile)."""
    DISCHARGE_LIMIT = "discharge_limit"
    """At most this much power out of the car, W ≥ 0."""
    EV_SETPOINT = "ev_setpoint"
    """This power at the charger, signed, W, > 0 charges."""
    SITE_SETPOINT = "site_setpoint"
    """This power at the connection, signed, W, > 0 imports."""
    SOC_SETPOINT = "soc_setpoint"
    """This charge in the car at the interval's end, fraction."""
    RESERVE = "reserve"
    """Keep this charge for the grid or an outage, fraction."""
    EMERGENCY = "emergency"
    """Shed what can be shed; value 1 moderate, 2 high, 3 special (OpenADR SIMPLE)."""
    FREQUENCY = "frequency"
    """Serve frequency with this much power both ways, W ≥ 0."""


@dataclass(frozen=True, slots=True)
class KindFacts:
    """What is true of every event of a kind."""

    unit: str
    lower_is_tighter: bool | None
    """For limits: the tighter of two holds. None: the more important source holds."""
    may_opt_out: bool
    """May the homeowner decline it? Limits and emergencies bind; offers do not."""


_K = GridEventKind
KINDS: dict[GridEventKind, KindFacts] = {
    _K.IMPORT_LIMIT: KindFacts("W", True, False),
    _K.EXPORT_LIMIT: KindFacts("W", True, False),
    _K.IMPORT_PRICE: KindFacts("currency/kWh", None, False),
    _K.EXPORT_PRICE: KindFacts("currency/kWh", None, False),
    _K.CHARGE_LIMIT: KindFacts("W", True, False),
    _K.DISCHARGE_LIMIT: KindFacts("W", True, False),
    _K.EV_SETPOINT: KindFacts("W", None, True),
    _K.SITE_SETPOINT: KindFacts("W", None, True),
    _K.SOC_SETPOINT: KindFacts("fraction", None, True),
    _K.RESERVE: KindFacts("fraction", False, True),
    _K.EMERGENCY: KindFacts("level", False, False),
    _K.FREQUENCY: KindFacts("W", None, True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EventInterval:
    """One stretch of an event with one value, in its kind's unit."""

    start_s: float
    end_s: float
    """``inf``: until cancelled."""
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GridEvent:
    """One thing that one link asks of this home."""

    event_id: str
    """Unique within its source."""
    source: str
    """Name of the link that brought it ("utility", "backend" …)."""
    kind: GridEventKind
    intervals: tuple[EventInterval, ...]
    """In order, without overlap."""
    priority: int = 100
    """Lower is more important; equal: the tighter holds."""
    received_s: float = 0.0
    title: str = ""
    """The sender's own words, for the window."""
    opted_out: bool = False

    @property
    def start_s(self) -> float:
        """When it begins."""
        return self.intervals[0].start_s if self.intervals else 0.0

    @property
    def end_s(self) -> float:
        """When it ends."""
        return self.intervals[-1].end_s if self.intervals else 0.0

    def value_at(self, now_s: float) -> float | None:
        """The value that holds at ``now_s``, or None when none does or the homeowner opted out."""
        if self.opted_out:
            return None
        return next((i.value for i in self.intervals if i.start_s <= now_s < i.end_s), None)
