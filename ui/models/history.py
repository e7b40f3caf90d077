"""What the History page shows: bars by path of energy, money, cycles; and how one walks through the calendar."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from ui.i18n import tr
from ui.models import reasons
from ui.models.home import PATHS, QUIET_W, path_name
from ui.models.units import NBSP, Format, Shown
from ui.theme.tokens import Source

if TYPE_CHECKING:
    from app.api import schema as s

Period = Literal["day", "month", "year"]

LINES = 12
"""Decisions that are asked for at once."""
SHADES = {"house": 1.0, "car": 0.62, "battery": 0.46, "grid": 0.32}
"""A path has its source's colour; where it goes tells how strong."""


@dataclass(frozen=True, slots=True)
class Part:
    """One path's part of a bar."""

    path: str
    name: str
    source: Source
    shade: float
    energy_wh: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One hour, day or month."""

    label: str
    parts: tuple[Part, ...]
    saved: Shown

    @property
    def total_wh(self) -> float:
        """Height of the bar."""
        return sum(part.energy_wh for part in self.parts)


def _parts(paths_wh: dict[str, float]) -> tuple[Part, ...]:
    return tuple(
        Part(path, path_name(path), source, SHADES[path.rpartition("_")[2]], max(0.0, paths_wh.get(path, 0.0)))
        for path, source in PATHS
    )


def bars(summary: "s.SummaryOut", fmt: Format) -> list[Bar]:
    """The bars of a summary."""
    return [Bar(b.label, _parts(b.paths_wh), fmt.money(b.saved)) for b in summary.buckets]


def totals(summary: "s.SummaryOut") -> list[Part]:
    """The paths that carried energy, the greatest first."""
    return sorted((p for p in _parts(summary.paths_wh) if p.energy_wh >= 50), key=lambda p: -p.energy_wh)


def figures(summary: "s.SummaryOut", fmt: Format) -> list[tuple[str, Shown]]:
    """Money and cycles."""
    later = tr("Known after the first full hour.")
    cycles = Shown("—", tr("Known once the car has given energy back."))
    if summary.cycles is not None:
        cycles = Shown(fmt.number(summary.cycles, 2 if summary.cycles < 10 else 0))
    return [
        (tr("Energy cost"), fmt.money(summary.cost, later)),
        (tr("Full cycles of the battery"), cycles),
    ]


def emitted(summary: "s.SummaryOut", fmt: Format) -> Shown | None:
    """CO2 of what was imported, kg; None where the home file does not tell what the grid emits."""
    if summary.co2_g is None:
        return None
    kg = summary.co2_g / 1e3
    return Shown(f"{fmt.number(kg, 1 if kg < 100 else 0)}{NBSP}kg")


@dataclass(frozen=True, slots=True)
class DecisionLine:
    """What the car was told for a while, and why."""

    time: str
    power: str
    sentence: str
    facts: str


def decision_line(found: "s.DecisionOut", fmt: Format) -> DecisionLine:
    """One decision in words; times are told as from when it was made."""
    begin = fmt.clock(found.at).text
    return DecisionLine(
        time=f"{begin} – {fmt.clock(found.until).text}" if found.until is not None else tr("since {time}", time=begin),
        power=_power(found, fmt),
        sentence=reasons.why(found.reason, found.limited_by, fmt, found.at),
        facts=reasons.facts(found.reason, fmt, found.at),
    )


def _power(found: "s.DecisionOut", fmt: Format) -> str:
    most_w = max(found.least_w, found.most_w, key=abs)
    if abs(most_w) < QUIET_W:
        return "" if found.reason.code == "no_car" else tr("Car rests")
    figures = sorted({abs(found.least_w), abs(found.most_w)}) if found.least_w * found.most_w > 0 else [abs(most_w)]
    shown = [fmt.power(watt).text for watt in figures]
    if len(set(shown)) == 2:
        shown[0] = shown[0].split(NBSP)[0]
    words = " – ".join(dict.fromkeys(shown))
    return f"{tr('Car charges') if most_w > 0 else tr('Car feeds')} · {words}"


def saved_words(summary: "s.SummaryOut") -> str:
    """What the page's big number says."""
    if summary.saved is not None and summary.saved < -0.005:
        return tr("more than without V2G")
    return tr("saved against a home without V2G")


def title(period: Period, date: datetime, fmt: Format) -> str:
    """The name of a day, month or year."""
    if period == "day":
        return fmt.short_day(date)
    return fmt.month(date) if period == "month" else str(fmt.local(date).year)


def step(period: Period, date: datetime, way: int, fmt: Format) -> datetime:
    """The same hour, one day, month or year on (``way`` 1) or back (−1); noon, so that no clock change matters."""
    local = fmt.local(date).replace(hour=12, minute=0, second=0, microsecond=0)
    if period == "day":
        return (local.replace(tzinfo=None) + timedelta(days=way)).replace(tzinfo=local.tzinfo)
    if period == "year":
        return local.replace(year=local.year + way, day=min(local.day, 28))
    month = local.month - 1 + way
    return local.replace(year=local.year + month // 12, month=month % 12 + 1, day=1)
