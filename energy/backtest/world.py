"""The home by the minute: the one place where a strategy's command becomes power, charge and a record.

Load, sun and price hold through a minute. A command that differs from the power that flows takes the charger's reaction
time and its ramp to arrive: for that part of the minute the old power goes on, and is scored so.
"""

from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from energy.asks import FloatArray
from energy.backtest.data import Minutes
from energy.backtest.home import BacktestHome, departures_of, efficiency_at, tariff_of, trips_of
from energy.model import Departure
from energy.twin import Battery, Trip

MINUTE_S = 60.0


class Course:
    """What is the same for every strategy: minutes, prices, trips."""

    def __init__(self, home: BacktestHome, minutes: Minutes, count: int) -> None:
        """``count`` minutes are lived and scored; ``minutes`` may go on beyond them."""
        self.home, self.minutes, self.count = home, minutes, count
        self.start_s = minutes.start_s
        total = minutes.count
        self.end_s = self.start_s + MINUTE_S * total
        edges_s = self.start_s + MINUTE_S * np.arange(total + 1, dtype=np.float64)
        prices = tariff_of(home, minutes.market).prices(edges_s)
        self.import_eur, self.export_eur = prices.import_eur_per_kwh, prices.export_eur_per_kwh
        self.house_w = minutes.load_w - minutes.solar_w
        self.trips: tuple[Trip, ...] = trips_of(home, self.start_s, self.end_s + 4 * 86400.0)
        self.departures: tuple[Departure, ...] = departures_of(home, self.start_s, self.end_s + 4 * 86400.0)
        self.connected = np.ones(total, dtype=bool)
        self.drive_wh = np.zeros(total)
        """Energy that trips take in each minute."""
        for trip in self.trips:
            first, last = ((s - self.start_s) / MINUTE_S for s in (trip.from_s, trip.to_s))
            a, b = max(0, int(np.floor(first))), min(total, int(np.ceil(last)))
            if a < b:
                self.connected[a:b] = False
                self.drive_wh[a:b] += trip.used_wh * MINUTE_S / (trip.to_s - trip.from_s)
        self.due_at = np.full(total, total, dtype=np.int64)
        """The minute of the next departure."""
        self.due_soc = np.zeros(total)
        """What is promised then."""
        for departure in reversed(self.departures):
            at = int((departure.at_s - self.start_s) // MINUTE_S)
            if at > 0:
                self.due_at[: min(at, total)] = at
                self.due_soc[: min(at, total)] = departure.target_soc

    def at_s(self, k: int) -> float:
        """The beginning of a minute."""
        return self.start_s + MINUTE_S * k

    def battery(self) -> Battery:
        """The car's battery at the start."""
        home = self.home
        charger, ev = home.charger, home.ev
        charge_w = min(charger.charge_max_w, ev.charge_max_w)
        discharge_w = min(charger.discharge_max_w, ev.discharge_max_w)
        return Battery(
            capacity_wh=ev.capacity_wh,
            soc=min(home.first_soc, ev.soc_max),
            charge_max_w=charge_w,
            discharge_max_w=discharge_w,
            soc_min=ev.soc_min,
            soc_max=ev.soc_max,
            taper_from_soc=ev.taper_from_soc,
            efficiency_at=efficiency_at(charger.charge_curve, charger.charge_efficiency, charge_w),
            discharge_efficiency_at=efficiency_at(charger.discharge_curve, charger.discharge_efficiency, discharge_w),
        )


@dataclass(slots=True)
class World:
    """A car's life so far. Everything but ``course`` goes into a checkpoint."""

    course: Course
    battery: Battery
    at: int = 0
    """The minute that comes next."""
    power_w: float = 0.0
    """What flows now."""
    ev_w: FloatArray = field(default_factory=lambda: np.zeros(0))
    """(count,) power of the settled part of each minute."""
    before_w: FloatArray = field(default_factory=lambda: np.zeros(0))
    """(count,) power of the part before …"""
    before_s: FloatArray = field(default_factory=lambda: np.zeros(0))
    """… and how long it was, s."""
    soc: FloatArray = field(default_factory=lambda: np.zeros(0))
    """(count,) at the end of each minute."""
    planned_w: FloatArray = field(default_factory=lambda: np.zeros(0))
    """(count,) what the plan said; NaN where there is none."""
    lacked_wh: FloatArray = field(default_factory=lambda: np.zeros(0))
    """(count,) what trips lacked."""

    def __getstate__(self) -> dict[str, Any]:
        """For a checkpoint: all but the course."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name != "course"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            setattr(self, name, value)

    @staticmethod
    def new(course: Course) -> "World":
        """At the start."""
        n = course.count
        return World(
            course=course,
            battery=course.battery(),
            ev_w=np.zeros(n),
            before_w=np.zeros(n),
            before_s=np.zeros(n),
            soc=np.zeros(n),
            planned_w=np.full(n, np.nan),
            lacked_wh=np.zeros(n),
        )

    def step(self, command_w: float) -> None:
        """Live one minute with this command for the charger."""
        course, battery, k = self.course, self.battery, self.at
        if not course.connected[k]:
            self.power_w = 0.0
            self.lacked_wh[k] = battery.drive(float(course.drive_wh[k]))
        else:
            charger = course.home.charger
            if 0.0 < command_w < charger.charge_min_w:
                command_w = 0.0
            change_w = abs(command_w - self.power_w)
            if change_w > 1.0:
                before_s = min(MINUTE_S, charger.reaction_s + 0.5 * change_w / max(charger.ramp_w_per_s, 1.0))
                self.before_s[k] = before_s
                self.before_w[k] = battery.step(self.power_w, before_s)
                self.ev_w[k] = self.power_w = battery.step(command_w, MINUTE_S - before_s)
            else:
                self.ev_w[k] = self.power_w = battery.step(command_w, MINUTE_S)
        self.soc[k] = battery.soc
        self.at = k + 1
