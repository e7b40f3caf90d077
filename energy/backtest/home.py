"""The home that is replayed, where no home file tells another: a commuting car of 60 kWh at a V2G charger.

The car is the middle of those that can discharge at home (57.5 to 64.8 kWh, 11 kW each way on AC or DC: Tesla Model 3,
VW ID.3, Skoda Enyaq, Kia Niro); the week is a commuter's.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from energy.asks import FloatArray
from energy.dispatch import DispatchConfig
from energy.forecast import SolarSite
from energy.forecast.history import local_slots
from energy.model import Absence, Charger, Connection, Curve, Departure, Ev, Risk, Wishes
from energy.tariffs import DayAhead, Markup, PriceSeries, Tariff
from energy.twin import Trip

WORKDAYS = (0, 1, 2, 3, 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outing:
    """What the car does every week."""

    days: tuple[int, ...]
    """0 is Monday."""
    leaves_h: float
    """Local hour of day."""
    away_h: float
    used_wh: float
    target_soc: float
    """Promised at departure."""


COMMUTE = (
    Outing(days=WORKDAYS, leaves_h=7.5, away_h=10.0, used_wh=9000.0, target_soc=0.8),
    Outing(days=(5,), leaves_h=10.0, away_h=4.0, used_wh=6000.0, target_soc=0.6),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestHome:
    """What does not change through the year. Powers in W, money in the home's currency."""

    name: str = "home"
    tz: str = "Europe/Paris"
    connection: Connection = field(default_factory=lambda: Connection(phases=3, fuse_a=25.0))
    charger: Charger = field(
        default_factory=lambda: Charger(
            charger_id="charger",
            phases=3,
            charge_max_w=11_000.0,
            discharge_max_w=10_000.0,
            reaction_s=2.0,
        )
    )
    ev: Ev = field(
        default_factory=lambda: Ev(ev_id="car", capacity_wh=60_000.0, charge_max_w=11_000.0, discharge_max_w=11_000.0)
    )
    week: tuple[Outing, ...] = COMMUTE
    site: SolarSite = field(default_factory=lambda: SolarSite(peak_w=5000.0, latitude_deg=45.0, longitude_deg=3.0))
    markup: Markup = field(default_factory=lambda: Markup(fees_eur_per_kwh=0.10, tax=0.21))
    """On the market's price, where no ``contract`` is told."""
    contract: Callable[[PriceSeries], Tariff] | None = None
    """A home file's contract on these market prices."""
    contract_words: str = ""
    reserve_soc: float = 0.2
    first_soc: float = 0.6
    goal_soc: float = 0.8
    """Where the car that knows no V2G stops charging."""
    export_allowed: bool = True
    risk: Risk = Risk.BALANCED
    dispatch: DispatchConfig = field(default_factory=lambda: DispatchConfig(follow_import_w=10.0, settle_w=20.0))
    """A minute's mean has no noise: it needs less of a margin than a meter that is read every second."""
    public_eur_per_kwh: float = 0.60
    """What a kWh costs that a trip lacks and buys on the way."""
    published: str = "13:00"
    """Local time at which tomorrow's prices become known."""


def efficiency_at(curve: Curve, constant: float, full_w: float) -> tuple[tuple[float, float], ...]:
    """A charger's efficiency as the twin's battery takes it: by share of full power."""
    if not curve:
        return ((0.0, constant), (1.0, constant))
    return tuple((power_w / max(full_w, 1.0), efficiency) for power_w, efficiency in curve)


def trips_of(home: BacktestHome, start_s: float, end_s: float) -> tuple[Trip, ...]:
    """Every trip that touches the time from ``start_s`` to ``end_s``, by local clock, in order, none over another."""
    found = sorted(_outings(home, start_s, end_s), key=lambda row: row[0])
    trips: list[Trip] = []
    for from_s, to_s, outing in found:
        if trips and from_s < trips[-1].to_s:
            continue
        trips.append(Trip(from_s=from_s, to_s=to_s, used_wh=outing.used_wh))
    return tuple(trips)


def departures_of(home: BacktestHome, start_s: float, end_s: float) -> tuple[Departure, ...]:
    """The promise before each trip of ``trips_of``."""
    targets = {from_s: outing.target_soc for from_s, _, outing in _outings(home, start_s, end_s)}
    return tuple(
        Departure(at_s=trip.from_s, target_soc=targets[trip.from_s]) for trip in trips_of(home, start_s, end_s)
    )


def wishes_of(home: BacktestHome, trips: Sequence[Trip], departures: Sequence[Departure], now_s: float) -> Wishes:
    """What the homeowner asks for in the three days to come."""
    end_s = now_s + 4 * 86400.0
    return Wishes(
        departures=tuple(d for d in departures if now_s < d.at_s < end_s),
        absences=tuple(
            Absence(from_s=t.from_s, to_s=t.to_s, used_wh=t.used_wh)
            for t in trips
            if t.to_s > now_s and t.from_s < end_s
        ),
        reserve_soc=home.reserve_soc,
        export_allowed=home.export_allowed,
    )


def tariff_of(home: BacktestHome, series: PriceSeries) -> Tariff:
    """What is paid and earned on these market prices."""
    if home.contract is not None:
        return home.contract(series)
    return DayAhead(series=series, markup=home.markup, tz=home.tz)


def local_minutes(tz: str, start_s: float, count: int) -> tuple[np.ndarray, FloatArray]:
    """Local date ordinals and hours of day of each minute from ``start_s``."""
    return local_slots(start_s + 60.0 * np.arange(count, dtype=np.float64), ZoneInfo(tz))


def _outings(home: BacktestHome, start_s: float, end_s: float) -> list[tuple[float, float, Outing]]:
    zone = ZoneInfo(home.tz)
    day = datetime.fromtimestamp(start_s, zone).date() - timedelta(days=8)
    last = datetime.fromtimestamp(end_s, zone).date()
    rows = []
    while day <= last:
        for outing in home.week:
            if day.weekday() in outing.days:
                from_s = _local_s(day, outing.leaves_h, zone)
                # By the clock on the wall: on a day of 23 or 25 hours one is home at the usual time.
                to_s = _local_s(day, outing.leaves_h + outing.away_h, zone)
                if to_s > start_s and from_s < end_s and to_s > from_s:
                    rows.append((from_s, to_s, outing))
        day += timedelta(days=1)
    return rows


def _local_s(day: date, hour: float, zone: ZoneInfo) -> float:
    naive = datetime(day.year, day.month, day.day) + timedelta(minutes=round(hour * 60))
    return naive.replace(tzinfo=zone).timestamp()
