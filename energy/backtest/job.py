"""One home's replay as a job: what it is made from, its strategies in order, and what comes of it.

Nothing here reads a clock or a file: whoever runs a job hands in where checkpoints are kept and whom to tell.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from energy.asks import FloatArray
from energy.backtest.data import DAY_S, House, Market, Minutes, by_minute, overlap
from energy.backtest.foresight import BLOCK, Foreseeing, Foresight
from energy.backtest.home import BacktestHome
from energy.backtest.lives import Decides, Life, best_rule, fastest
from energy.backtest.ours import Ours
from energy.backtest.score import Score, flows, score
from energy.backtest.simple import OnArrival, Rule, RuleWords, Timer
from energy.backtest.world import Course, World

ARRIVAL, TIMER, RULE, OWN, PERFECT, FORESIGHT = "arrival", "timer", "rule", "own", "perfect", "foresight"
KNOWN = "known"
STRATEGIES = (ARRIVAL, TIMER, RULE, OWN, PERFECT, KNOWN, FORESIGHT)
"""In the report's order. Arrival and foresight are always lived: everything is measured between them."""
USUAL = tuple(name for name in STRATEGIES if name != KNOWN)
"""What is lived unless other strategies are chosen."""
PLANNED = (OWN, PERFECT, KNOWN)
"""The product itself, knowing more and more."""
COST = {ARRIVAL: 1.0, TIMER: 1.0, RULE: 25.0, OWN: 320.0, PERFECT: 240.0, KNOWN: 240.0, FORESIGHT: 45.0}
"""Roughly how long each takes, for the progress told; relative to the first."""
TAIL_DAYS = 3
"""The minutes go on so long after the period, where there are data, to find what the last charge is worth."""
CO2_G_PER_KWH = 268.0
CO2_SOURCE = "yearly mean of the Dutch mix in 2023 (Ember), the same in every hour"
_STEP = 360


class Stopped(Exception):
    """The job was asked to stop; what was lived so far is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Everything that a replay depends on."""

    home: BacktestHome
    house: House
    market: Market
    start_s: float
    days: int
    seed: int = 1
    strategies: tuple[str, ...] = USUAL

    def course(self) -> Course:
        """The minutes that all strategies share."""
        _, last_s = overlap(self.house, self.market)
        end_s = min(self.start_s + (self.days + TAIL_DAYS) * DAY_S, last_s)
        minutes: Minutes = by_minute(self.house, self.market, self.start_s, end_s, self.seed)
        return Course(self.home, minutes, self.days * BLOCK)

    def notes(self) -> tuple[str, ...]:
        """What was mended in the data."""
        return (*self.house.notes, *self.market.notes)


class Keeps(Protocol):
    """Where lives are kept between two runs."""

    def load(self, name: str) -> object | None:
        """What was kept under this name."""
        ...

    def save(self, name: str, what: object, *, now: bool = False) -> None:
        """Keep it, whole or not at all; unless ``now``, not more often than it is worth."""
        ...


class Tells(Protocol):
    """Who watches: is told the share done of a strategy, and raises ``Stopped`` to stop."""

    def __call__(self, name: str, share: float) -> None:
        """0..1."""
        ...


@dataclass(slots=True)
class Results:
    """What came of a job or of a part of it."""

    worlds: dict[str, World] = field(default_factory=dict)
    told: dict[str, dict[str, float]] = field(default_factory=dict)
    """Figures about plans, by strategy."""
    reasons: dict[str, dict[str, int]] = field(default_factory=dict)
    foresight: Foresight | None = None
    fastest_soc: FloatArray | None = None
    rule: RuleWords | None = None
    rules_tried: int = 0

    def add(self, other: "Results") -> None:
        """Another part's."""
        self.worlds |= other.worlds
        self.told |= other.told
        self.reasons |= other.reasons
        self.foresight = self.foresight or other.foresight
        self.fastest_soc = other.fastest_soc if self.fastest_soc is None else self.fastest_soc
        self.rule = self.rule or other.rule
        self.rules_tried = self.rules_tried or other.rules_tried


def parts(strategies: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Strategies for each of two processes, about equally long."""
    chosen = [name for name in STRATEGIES if name in strategies or name in (ARRIVAL, FORESIGHT)]
    if OWN in chosen:
        return tuple(name for name in chosen if name != OWN), (OWN,)
    if PERFECT in chosen:
        return tuple(name for name in chosen if name != PERFECT), (PERFECT,)
    return (tuple(chosen),)


def run(job: Job, names: Sequence[str], keeps: Keeps, tell: Tells) -> Results:
    """Live the strategies called ``names``. Raises ``Stopped`` when ``tell`` does, with everything kept."""
    course = job.course()
    results = Results()
    if FORESIGHT in names:
        results.fastest_soc = fastest(course)
        results.foresight = _foresight(course, results.fastest_soc, keeps, tell)
    for name in sorted(names, key=lambda name: name in PLANNED):
        strategy = _strategy(name, job, course, results, keeps, tell)
        life = _kept_life(keeps.load(name), course) or Life(strategy, World.new(course))
        if isinstance(life.strategy, Ours):
            life.strategy.attach(course, job.house, job.market, perfect=name != OWN, known=name == KNOWN)
        elif isinstance(life.strategy, Foreseeing):
            life.strategy.foresight = results.foresight
        _live(life, name, keeps, tell)
        results.worlds[name] = life.world
        if isinstance(life.strategy, Ours):
            results.told[name], results.reasons[name] = life.strategy.told(), dict(life.strategy.reasons)
    return results


def scores(job: Job, results: Results) -> tuple[dict[str, Score], Course]:
    """Every strategy scored alike, in the report's order."""
    course = job.course()
    if results.foresight is None or results.fastest_soc is None:
        raise ValueError("Without foresight nothing can be scored: run that part too.")
    results.foresight.course = course
    co2 = course.minutes.co2_g_per_kwh
    factor = np.full(course.count, CO2_G_PER_KWH) if co2 is None else co2
    found = {}
    for name in STRATEGIES:
        if name in results.worlds:
            world = results.worlds[name]
            world.course = course
            found[name] = score(
                name,
                course,
                world,
                results.foresight,
                results.fastest_soc,
                factor,
                results.told.get(name),
                results.reasons.get(name),
            )
    return found, course


def _foresight(course: Course, fastest_soc: FloatArray, keeps: Keeps, tell: Tells) -> Foresight:
    kept = keeps.load("worth")
    if isinstance(kept, Foresight):
        kept.course = course
        return kept
    foresight = Foresight.solve(course, fastest_soc, lambda share: tell(FORESIGHT, 0.5 * share))
    keeps.save("worth", foresight)
    return foresight


def _strategy(name: str, job: Job, course: Course, results: Results, keeps: Keeps, tell: Tells) -> Decides:
    if name == ARRIVAL:
        return OnArrival(goal_soc=job.home.goal_soc)
    if name == TIMER:
        return Timer(goal_soc=job.home.goal_soc)
    if name == RULE:
        results.rule, results.rules_tried = _best_words(course, results, keeps, tell)
        return Rule(results.rule)
    if name == FORESIGHT:
        return Foreseeing()
    return Ours(name)


def _best_words(course: Course, results: Results, keeps: Keeps, tell: Tells) -> tuple[RuleWords, int]:
    kept = keeps.load("words")
    if isinstance(kept, tuple):
        return kept
    foresight = results.foresight
    if foresight is None:
        raise ValueError("The best rule is chosen by a cost that needs foresight: run that part too.")

    def cost(world: World) -> float:
        return float(flows(course, world).cost_eur.sum()) - foresight.worth_eur(float(world.soc[-1]))

    found = best_rule(course, cost, lambda share: tell(RULE, 0.9 * share))
    keeps.save("words", found)
    return found


def _kept_life(kept: object | None, course: Course) -> Life | None:
    if not isinstance(kept, Life):
        return None
    kept.world.course = course
    return kept


def _live(life: Life, name: str, keeps: Keeps, tell: Tells) -> None:
    count = life.world.course.count
    before: Callable[[float], float] = {
        FORESIGHT: lambda share: 0.5 + 0.5 * share,
        RULE: lambda share: 0.9 + 0.1 * share,
    }.get(name, lambda share: share)
    while life.world.at < count:
        life.go_on(min(count, (life.world.at // _STEP + 1) * _STEP))
        try:
            tell(name, before(life.world.at / count))
        except Stopped:
            keeps.save(name, life, now=True)
            raise
        keeps.save(name, life, now=life.world.at >= count)
    tell(name, 1.0)
