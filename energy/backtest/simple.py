"""What a car does without a plan: charge on arrival, a timer, the best simple rule."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from energy.asks import FloatArray
from energy.backtest.home import local_minutes
from energy.backtest.world import Course, World

_MARGIN = 1.1
"""Charging for a departure begins so much earlier than it must."""


@dataclass(slots=True)
class OnArrival:
    """No V2G: full power from the moment it is plugged in until it holds ``goal_soc`` (or what is promised)."""

    goal_soc: float
    name: str = "arrival"

    def decide(self, world: World) -> float:
        """Power for the next minute, W."""
        k, course = world.at, world.course
        goal = max(self.goal_soc, float(course.due_soc[k]))
        return _up_to(world, goal) if course.connected[k] else 0.0


@dataclass(slots=True)
class Timer:
    """No V2G: as on arrival, but only between two hours of the night, and at the last moment for a departure."""

    goal_soc: float
    from_h: float = 23.0
    to_h: float = 6.0
    name: str = "timer"
    _hours: FloatArray | None = None

    def decide(self, world: World) -> float:
        """Power for the next minute, W."""
        k, course = world.at, world.course
        if not course.connected[k]:
            return 0.0
        if self._hours is None:
            self._hours = local_minutes(course.home.tz, course.start_s, course.count)[1]
        hour = float(self._hours[k])
        inside = self.from_h <= hour or hour < self.to_h if self.from_h > self.to_h else self.from_h <= hour < self.to_h
        if inside:
            return _up_to(world, max(self.goal_soc, float(course.due_soc[k])))
        return _up_to(world, float(course.due_soc[k])) if _must_begin(world) else 0.0

    def __getstate__(self) -> tuple[float, float, float, str]:
        return self.goal_soc, self.from_h, self.to_h, self.name

    def __setstate__(self, state: tuple[float, float, float, str]) -> None:
        self.goal_soc, self.from_h, self.to_h, self.name = state
        self._hours = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleWords:
    """What the simple rule can be told."""

    cheap_share: float
    """Charge from the grid in this cheapest share of each day's hours …"""
    fill_soc: float
    """… up to here."""
    dear_share: float
    """Feed the house in this dearest share of each day's hours."""
    export_share: float
    """Discharge fully, to the grid too, in this dearest share; 0: never."""
    floor_soc: float
    """But not below this."""

    def words(self) -> str:
        """For the report."""
        export = f", sell in the dearest {self.export_share:.0%}" if self.export_share else ""
        return (
            f"take solar surplus; charge to {self.fill_soc:.0%} in the cheapest {self.cheap_share:.0%} of a day's "
            f"hours; feed the house in the dearest {self.dear_share:.0%}{export}, not below {self.floor_soc:.0%}; "
            "charge for a departure at the last moment"
        )


FIRST_WORDS = RuleWords(cheap_share=0.25, fill_soc=0.8, dear_share=0.5, export_share=0.0, floor_soc=0.3)
CHOICES: dict[str, tuple[float, ...]] = {
    "dear_share": (0.25, 0.5, 0.75, 1.0),
    "cheap_share": (0.0, 0.1, 0.17, 0.25, 0.4),
    "fill_soc": (0.5, 0.65, 0.8, 0.95),
    "floor_soc": (0.2, 0.35, 0.5),
    "export_share": (0.0, 0.05, 0.1),
}
"""What is tried, one word after the other, until nothing gets better."""


@dataclass(slots=True)
class Rule:
    """Price by the share of the day, the house from the car, the sun into the car."""

    words: RuleWords
    name: str = "rule"
    _rank: FloatArray | None = None

    def decide(self, world: World) -> float:
        """Power for the next minute, W."""
        k, course = world.at, world.course
        if not course.connected[k]:
            return 0.0
        if self._rank is None:
            self._rank = daily_rank(course)
        words, battery = self.words, world.battery
        if _must_begin(world):
            return _up_to(world, float(course.due_soc[k]))
        rank, house_w = float(self._rank[k]), float(course.house_w[k])
        floor = max(words.floor_soc, course.home.reserve_soc)
        if battery.soc > floor:
            if rank > 1.0 - words.export_share and words.export_share:
                return -min(battery.discharge_max_w, course.home.connection.export_max_w + house_w)
            if house_w > 0 and rank > 1.0 - words.dear_share:
                return -min(battery.discharge_max_w, house_w)
        if rank < words.cheap_share and battery.soc < words.fill_soc:
            return _up_to(world, words.fill_soc)
        return min(max(-house_w, 0.0), battery.limits_w()[0])

    def __getstate__(self) -> tuple[RuleWords, str]:
        return self.words, self.name

    def __setstate__(self, state: tuple[RuleWords, str]) -> None:
        self.words, self.name = state
        self._rank = None


def tried_words(best: RuleWords, word: str) -> Iterator[RuleWords]:
    """The other choices for one word."""
    for value in CHOICES[word]:
        if value != getattr(best, word):
            yield replace(best, **{word: value})


def daily_rank(course: Course) -> FloatArray:
    """Each minute's price by the share of its local day's minutes that are cheaper (the middle of equals), 0..1."""
    days, _ = local_minutes(course.home.tz, course.start_s, course.minutes.count)
    price = course.import_eur
    rank = np.empty(len(price))
    edges = np.concatenate([[0], np.flatnonzero(np.diff(days)) + 1, [len(days)]])
    for a, b in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        day = np.sort(price[a:b])
        below, upto = np.searchsorted(day, price[a:b], "left"), np.searchsorted(day, price[a:b], "right")
        rank[a:b] = (below + upto) / 2 / (b - a)
    return rank


def _up_to(world: World, goal_soc: float) -> float:
    """Full power while the car holds less, within what the connection leaves; the last minute just what lacks."""
    battery, course, k = world.battery, world.course, world.at
    goal_soc = min(goal_soc, battery.soc_max)
    lacking_wh = (goal_soc - battery.soc) * battery.capacity_wh
    if lacking_wh <= 1.0:
        return 0.0
    full = battery.limits_w()[0]
    room = course.home.connection.import_max_w - float(course.house_w[k])
    wanted = lacking_wh * 60.0 / max(battery.efficiency(full), 0.1)
    least = course.home.charger.charge_min_w
    power = min(full, room, max(wanted, least))
    return power if power >= least else 0.0


def _must_begin(world: World) -> bool:
    """Is it time to charge for the next departure?"""
    battery, course, k = world.battery, world.course, world.at
    lacking_wh = (float(course.due_soc[k]) - battery.soc) * battery.capacity_wh
    if lacking_wh <= 0:
        return False
    full = battery.charge_max_w
    needed_min = lacking_wh / (full * battery.efficiency(full)) * 60.0 * _MARGIN + 5.0
    if course.due_soc[k] > battery.taper_from_soc:
        needed_min += 60.0
    return float(course.due_at[k]) - k <= needed_min
