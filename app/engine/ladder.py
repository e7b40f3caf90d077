"""When something that planning needs is missing, late or wrong: which step is taken instead, in words.

Each step is one row of a table. Steps are taken one by one, several at once where several things are missing, and each
ends by itself as soon as what was missing is there again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from zoneinfo import ZoneInfo


class Fallback(StrEnum):
    """What stands in for what."""

    PRICES_EXPECTED = "prices_expected"
    """From a time on prices are not published: what the past weeks let expect is taken."""
    PRICES_MISSING = "prices_missing"
    """The tariff gave no usable price: the home file's own are taken."""
    LOAD_TYPICAL = "load_typical"
    """The house's history cannot be used: a typical household is taken."""
    SOLAR_TYPICAL = "solar_typical"
    """The roof's history cannot be used: clear days and clouds of the season are taken."""
    SCENARIOS_MISSING = "scenarios_missing"
    """Uncertain days could not be laid out: the plan goes by what is expected."""
    BATTERY_SILENT = "battery_silent"
    """A house battery does not answer: it is left out of the plan."""
    TANK_SILENT = "tank_silent"
    CO2_MISSING = "co2_missing"
    SIMPLE_RULE = "simple_rule"
    """The optimiser gave no answer: a simple rule made the plan."""
    OLD_PLAN = "old_plan"
    """No new plan came: the last one goes on until its steps end."""
    NO_PLAN = "no_plan"
    """There is no plan for now: the dispatch keeps the promises by its own rule."""
    METER_SILENT = "meter_silent"
    """The grid's meter is silent: the plan goes by its forecasts, the set-points by the dispatch's safe rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FallbackRow:
    """How one step is told."""

    words: str
    """With ``{from}``, ``{name}`` or ``{why}`` where the step carries them."""
    quiet: bool = False
    """Nothing is wrong: every home is there at times (a first day, tomorrow's prices in the morning)."""


FALLBACKS = MappingProxyType(
    {
        Fallback.PRICES_EXPECTED: FallbackRow(
            words="from {from}, prices are not published yet: what the past weeks let expect is used",
            quiet=True,
        ),
        Fallback.PRICES_MISSING: FallbackRow(words="prices are missing ({why}): those of the home file are used"),
        Fallback.LOAD_TYPICAL: FallbackRow(
            words="the house's own history is too short or cannot be used: a typical household is assumed", quiet=True
        ),
        Fallback.SOLAR_TYPICAL: FallbackRow(
            words="the roof's own history is too short or cannot be used: typical days of the season are assumed",
            quiet=True,
        ),
        Fallback.SCENARIOS_MISSING: FallbackRow(
            words="uncertain days could not be laid out ({why}): the plan goes by what is expected"
        ),
        Fallback.BATTERY_SILENT: FallbackRow(
            words="{name} tells no charge or takes no orders: it is left out of the plan"
        ),
        Fallback.TANK_SILENT: FallbackRow(words="{name} does not tell its temperature: it is left out of the plan"),
        Fallback.CO2_MISSING: FallbackRow(words="the grid's CO2 is not known for these days: it is left out"),
        Fallback.SIMPLE_RULE: FallbackRow(words="the optimiser gave no answer: a simple rule made the plan"),
        Fallback.OLD_PLAN: FallbackRow(
            words="no new plan ({why}); the last one goes on until {from}, the next attempt is under way"
        ),
        Fallback.NO_PLAN: FallbackRow(
            words="no plan ({why}); departures and reserve are kept by a simple rule, the next attempt is under way"
        ),
        Fallback.METER_SILENT: FallbackRow(
            words="the grid's meter is silent: the plan goes by its forecasts, and the car takes no more than is safe"
        ),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FallbackStep:
    """One step that is taken now."""

    kind: Fallback
    from_s: float | None = None
    name: str = ""
    why: str = ""

    @property
    def quiet(self) -> bool:
        """Is nothing wrong?"""
        return FALLBACKS[self.kind].quiet

    def words(self, tz: ZoneInfo) -> str:
        """One clause, in the home's local time."""
        at = "" if self.from_s is None else f"{datetime.fromtimestamp(self.from_s, tz):%H:%M}"
        return FALLBACKS[self.kind].words.format(**{"from": at, "name": self.name, "why": self.why})


def told(steps: Iterable[FallbackStep], tz: ZoneInfo) -> str:
    """All steps in one sentence; empty: the plan stands on all that it needs."""
    return "; ".join(step.words(tz) for step in steps)
