"""Machines whose work can wait: when each may run, when it does, and what is left of it.

One run a window; a window begins on the days that the home file names. A machine with a switch is switched, another is
started by a person when the window says so, and is then taken to run: where nobody did, ``put_off`` says so. Without a
plan the last moment counts: it starts when it would otherwise be late.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, time, timedelta
from enum import StrEnum
from typing import Any

from app.clock import utc
from app.config.assets import LoadSection
from app.config.sense_assets import SLOT_H, run_h
from app.engine.fixed import Fixed
from app.engine.plan_types import RunningLoad
from app.engine.wishes import WEEKDAYS, local_s
from energy.model import ShiftableLoad
from energy.plan.types import Plan

log = logging.getLogger(__name__)

SETTING = "loads"
_SLOT_S = SLOT_H * 3600.0
_LATE_MARGIN_S = 60.0
_ON_W = 1.0
_LONGEST_TICK_S = 900.0


class LoadState(StrEnum):
    """How a machine's next run stands."""

    WAITING = "waiting"
    COMING = "coming"
    RUNNING = "running"
    DONE = "done"


@dataclass(slots=True)
class _Run:
    """One window's run."""

    day: str
    """Local date on which the window begins."""
    started_s: float | None = None
    done_h: float = 0.0
    at_s: float | None = None
    on: bool = False
    put_off: bool = False
    """A person said that it does not run in this window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """From when until when a run must be done."""

    day: date
    earliest_s: float
    latest_s: float

    def id_of(self, name: str, first: bool) -> str:
        """The machine's name in a plan: alone for its present window, with the date for a later one."""
        return name if first else f"{name} {self.day.isoformat()}"


class LoadBook:
    """Every machine of the home file."""

    def __init__(
        self, fixed: Fixed, remember: Callable[[str, Any], None], remembered: Mapping[str, Any] | None = None
    ) -> None:
        """``remember(key, value)`` keeps the book over a restart; ``remembered`` is what was kept."""
        self._fixed = fixed
        self._remember = remember
        self._runs = _restored(remembered or {})

    @property
    def sections(self) -> list[LoadSection]:
        """The machines, as the home file tells them."""
        return self._fixed.config.load

    def windows(self, section: LoadSection, now_s: float, until_s: float) -> list[Window]:
        """The windows that are open or open before ``until_s``, in order."""
        tz = self._fixed.tz
        day = utc(now_s).astimezone(tz).date() - timedelta(days=1)
        found: list[Window] = []
        while local_s(day, _clock(section.earliest), tz) < until_s:
            if WEEKDAYS[day.weekday()] in section.days:
                earliest_s = local_s(day, _clock(section.earliest), tz)
                end = day if section.latest > section.earliest else day + timedelta(days=1)
                latest_s = local_s(end, _clock(section.latest), tz)
                if latest_s > now_s:
                    found.append(Window(day=day, earliest_s=earliest_s, latest_s=latest_s))
            day += timedelta(days=1)
        return found

    def planned(self, now_s: float, horizon_s: float) -> tuple[ShiftableLoad, ...]:
        """What a plan made now may place; a run that has begun is no longer moved."""
        found: list[ShiftableLoad] = []
        for section in self.sections:
            for number, window in enumerate(self.windows(section, now_s, now_s + horizon_s)):
                run = self._run(section, window)
                whole = window.latest_s <= now_s + horizon_s
                if run.put_off or self._done(section, run, now_s) or run.started_s is not None:
                    continue
                if not whole and number > 0:
                    # A window that the horizon cuts off is the next plan's.
                    continue
                found.append(
                    ShiftableLoad(
                        load_id=window.id_of(section.name, number == 0),
                        power_w=tuple(section.course_w) or _even(section),
                        slot_s=_SLOT_S,
                        earliest_s=max(window.earliest_s, now_s),
                        latest_s=window.latest_s,
                        run_h=section.run_h if section.in_pieces else None,
                        done_h=run.done_h,
                    )
                )
        return tuple(found)

    def running(self, now_s: float) -> tuple[RunningLoad, ...]:
        """Runs that have begun and cannot be interrupted."""
        return tuple(
            RunningLoad(start_s=run.started_s, slot_s=_SLOT_S, power_w=tuple(section.course_w) or _even(section))
            for section in self.sections
            if not section.in_pieces
            and (run := self._runs.get(section.name)) is not None
            and run.started_s is not None
            and not self._done(section, run, now_s)
        )

    def follow(self, plan: Plan | None, now_s: float) -> bool:
        """Begin and end runs as the plan says; True: one began or ended."""
        changed = False
        for section in self.sections:
            window = next(iter(self.windows(section, now_s, now_s + 86_400.0 * 8)), None)
            if window is None:
                continue
            run = self._run(section, window)
            if self._runs.get(section.name) is not run and not self._still_runs(section, now_s):
                self._runs[section.name] = run
            run = self._runs[section.name]
            changed |= self._step(section, window, run, plan, now_s)
        if changed:
            self._remember(SETTING, {name: asdict(run) for name, run in self._runs.items()})
        return changed

    def wants(self, name: str) -> bool:
        """Shall the machine run now?"""
        run = self._runs.get(name)
        return run is not None and run.on

    def put_off(self, name: str) -> bool:
        """It does not run in this window, a person says; False: there is no such machine."""
        run = self._runs.get(name)
        if run is None:
            return False
        run.put_off, run.on, run.started_s = True, False, None
        self._remember(SETTING, {key: asdict(kept) for key, kept in self._runs.items()})
        return True

    def state(self, section: LoadSection, plan: Plan | None, now_s: float) -> tuple[LoadState, float | None]:
        """How it stands, and when it (next) begins."""
        run = self._runs.get(section.name)
        if run is not None and run.started_s is not None and not self._done(section, run, now_s):
            return LoadState.RUNNING, run.started_s
        if run is not None and run.on:
            return LoadState.RUNNING, now_s
        placed = [row for row in plan.loads if row.load_id.startswith(section.name)] if plan is not None else []
        starts = [row.start_s for row in placed if row.start_s is not None and row.load_id == section.name]
        if run is not None and (run.put_off or self._done(section, run, now_s)):
            later = [row.start_s for row in placed if row.start_s is not None and row.start_s > now_s]
            return LoadState.DONE, min(later, default=None)
        return (LoadState.COMING, starts[0]) if starts else (LoadState.WAITING, None)

    def _step(self, section: LoadSection, window: Window, run: _Run, plan: Plan | None, now_s: float) -> bool:
        was_on = run.on
        if run.on and section.in_pieces and run.at_s is not None:
            run.done_h += min(max(now_s - run.at_s, 0.0), _LONGEST_TICK_S) / 3600.0
        run.at_s = now_s
        if run.put_off or (now_s < window.earliest_s and run.started_s is None):
            run.on = False
        elif section.in_pieces:
            left_s = (section.run_h - run.done_h) * 3600.0
            last_chance = now_s >= window.latest_s - left_s - _LATE_MARGIN_S
            run.on = left_s > 0 and (_planned_w(plan, section.name, now_s) > _ON_W or last_chance)
        else:
            if run.started_s is None and self._due(section, window, plan, now_s):
                run.started_s = now_s
            run.on = run.started_s is not None and not self._done(section, run, now_s)
        return run.on != was_on

    def _due(self, section: LoadSection, window: Window, plan: Plan | None, now_s: float) -> bool:
        if now_s >= window.latest_s - run_h(section) * 3600.0 - _LATE_MARGIN_S:
            return True
        start_s = next((row.start_s for row in plan.loads if row.load_id == section.name), None) if plan else None
        return start_s is not None and start_s <= now_s

    def _still_runs(self, section: LoadSection, now_s: float) -> bool:
        """A run that began in a window that has closed since goes on to its end."""
        run = self._runs.get(section.name)
        return run is not None and not section.in_pieces and run.on and not self._done(section, run, now_s)

    def _run(self, section: LoadSection, window: Window) -> _Run:
        run = self._runs.get(section.name)
        return run if run is not None and run.day == window.day.isoformat() else _Run(day=window.day.isoformat())

    @staticmethod
    def _done(section: LoadSection, run: _Run, now_s: float) -> bool:
        if section.in_pieces:
            return run.done_h >= section.run_h
        return run.started_s is not None and now_s >= run.started_s + run_h(section) * 3600.0


def _restored(remembered: Mapping[str, Any]) -> dict[str, _Run]:
    try:
        return {name: _Run(**run) for name, run in remembered.items()}
    except TypeError as error:
        log.warning("which machines have run today is not known any more: %s", error)
        return {}


def _planned_w(plan: Plan | None, load_id: str, now_s: float) -> float:
    at = plan.index_at(now_s) if plan is not None else None
    row = next((row for row in plan.loads if row.load_id == load_id), None) if plan is not None else None
    return row.power_w[at] if row is not None and at is not None and at < len(row.power_w) else 0.0


def _even(section: LoadSection) -> tuple[float, ...]:
    """A run at one power, by the slot; its last slot holds what is left of the time."""
    if section.in_pieces:
        return (section.power_w,)
    slots = section.run_h / SLOT_H
    whole = int(slots)
    rest = slots - whole
    return (section.power_w,) * whole + ((section.power_w * rest,) if rest > 1e-6 else ())


def _clock(at: str) -> time:
    return time.fromisoformat(at)
