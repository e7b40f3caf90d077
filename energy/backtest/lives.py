"""Strategies by name, each lived in blocks, so that it can be watched, stopped and taken up again."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from energy.asks import FloatArray
from energy.backtest.simple import CHOICES, FIRST_WORDS, OnArrival, Rule, RuleWords, tried_words
from energy.backtest.world import Course, World


class Decides(Protocol):
    """A strategy: what is known at the beginning of a minute in, the charger's power for it out."""

    name: str

    def decide(self, world: World) -> float:
        """W, > 0 charges. It looks at ``world`` and must not look ahead, unless it is foresight."""
        ...


@dataclass(slots=True)
class Life:
    """A strategy and its world. Both go into a checkpoint, the course does not."""

    strategy: Decides
    world: World

    def go_on(self, until: int) -> None:
        """Live to the beginning of minute ``until``."""
        world, decide = self.world, self.strategy.decide
        while world.at < until:
            world.step(decide(world))


def lived(strategy: Decides, course: Course) -> World:
    """A whole period at once."""
    life = Life(strategy, World.new(course))
    life.go_on(course.count)
    return life.world


def fastest(course: Course) -> FloatArray:
    """Charge by minute of a car that always charges, over all minutes there are: nobody can hold more."""
    whole = Course(course.home, course.minutes, course.minutes.count)
    return lived(OnArrival(goal_soc=1.0, name="fastest"), whole).soc


def best_rule(
    course: Course,
    cost: Callable[[World], float],
    each_try: Callable[[float], None] = lambda share: None,
) -> tuple[RuleWords, int]:
    """The simple rule that costs least on this very period (nobody could know it before), and how many were tried.

    One word after the other is tried at all its values, and again, until nothing costs less.
    """
    best, least = FIRST_WORDS, np.inf
    tried: dict[RuleWords, float] = {}
    whole = sum(len(values) for values in CHOICES.values()) * 2

    def money(words: RuleWords) -> float:
        if words not in tried:
            tried[words] = cost(lived(Rule(words), course))
            each_try(min(1.0, len(tried) / whole))
        return tried[words]

    least = money(best)
    for _ in range(3):
        before = least
        for word in CHOICES:
            for words in tried_words(best, word):
                if money(words) < least - 1e-9:
                    best, least = words, tried[words]
        if least >= before - 1e-9:
            break
    return best, len(tried)
