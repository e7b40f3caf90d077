"""Planning, beside the tick and never in its way: every few minutes, and soon after something has changed.

The sums run in a worker process. A worker that dies or hangs is replaced, and the plan that was running goes on until
its steps end; without any plan the dispatch follows its own simple rule. Each such step is said in words, here and in
the window, and ends by itself (``app.engine.ladder``).
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from app.clock import Clock
from app.engine.health import HealthBook
from app.engine.ladder import Fallback, FallbackStep, told
from app.engine.plan_job import TARGET, PlanDone, PlanJob
from app.engine.worker import Worker, WorkerFailed
from app.ports import Health, HealthLevel

log = logging.getLogger(__name__)

HEALTH_NAME = "planner"
_UTC = ZoneInfo("UTC")
DEBOUNCE_REAL_S = 0.05
"""Changes come in bunches: a car that is plugged in tells a dozen things in a moment."""
RETRY_REAL_S = 1.0
LATE_REAL_S = 60.0
"""A plan that takes longer is given up; the worker's first start takes a few seconds."""


@dataclass(slots=True)
class PlanStats:
    """How planning went so far."""

    made: int = 0
    fallbacks: int = 0
    failures: int = 0
    took_s: list[float] | None = None
    """Each plan's time in the worker, newest last, at most the last 5,000."""

    def add(self, done: PlanDone) -> None:
        """Count one plan."""
        self.made += 1
        self.fallbacks += not done.plan.optimal
        self.took_s = [*(self.took_s or [])[-4_999:], done.took_s]


class PlanKeeper:
    """Keeps a plan in force."""

    def __init__(
        self,
        *,
        clock: Clock,
        every_s: float,
        job: Callable[[], PlanJob | None],
        on_plan: Callable[[PlanDone, str], None],
        book: HealthBook,
        tz: ZoneInfo = _UTC,
        late_real_s: float = LATE_REAL_S,
    ) -> None:
        """``job`` gathers what there is now (None: nothing to plan); ``on_plan(done, why)`` is told each new plan."""
        self._clock = clock
        self._every_s = every_s
        self._job = job
        self._on_plan = on_plan
        self._book = book
        self._tz = tz
        self._failed = ""
        """Why the last attempt gave no plan; empty: it gave one."""
        self._worker = Worker(TARGET, timeout_s=late_real_s)
        self._asked = asyncio.Event()
        self._why = "start"
        self._busy = False
        self._due_s = float("-inf")
        self.done: PlanDone | None = None
        self.stats = PlanStats()

    @property
    def settled(self) -> bool:
        """Nothing is asked for and nothing is being made."""
        return not self._busy and not self._asked.is_set() and self._clock.now_s() < self._due_s

    @property
    def worker_pid(self) -> int | None:
        """The planning process, while it lives."""
        return self._worker.pid

    def steps(self) -> tuple[FallbackStep, ...]:
        """How planning gets by now without what it has not; empty: the plan in force stands on all that it needs."""
        made = self.done.steps if self.done is not None else ()
        if not self._failed:
            return made
        if self.done is None or self.done.plan.at(self._clock.now_s()) is None:
            return (FallbackStep(kind=Fallback.NO_PLAN, why=self._failed),)
        end_s = self.done.plan.steps[-1].end_s
        return (FallbackStep(kind=Fallback.OLD_PLAN, from_s=end_s, why=self._failed), *made)

    def ask(self, why: str) -> None:
        """Plan anew soon; asking again meanwhile costs nothing."""
        if not self._asked.is_set():
            self._why = why
            self._asked.set()

    async def preview(self, job: PlanJob) -> PlanDone:
        """A plan for this job only; the plan in force stays. Raises ``WorkerFailed``."""
        answer = await self._worker.call(job)
        done: PlanDone = answer.value
        return replace(done, took_s=answer.took_s)

    async def run(self) -> None:
        """Plan until cancelled."""
        self.ask("start")
        try:
            while True:
                await self._wait()
                self._busy = True
                why = self._why if self._asked.is_set() else "time"
                await asyncio.sleep(DEBOUNCE_REAL_S)
                self._asked.clear()
                self._due_s = self._clock.now_s() + self._every_s
                ok = await self._plan(why)
                self._busy = False
                if not ok:
                    await asyncio.sleep(RETRY_REAL_S)
                    self.ask("again")
        finally:
            self._worker.stop()

    async def _wait(self) -> None:
        """Until asked, or until the next plan is due."""
        due = asyncio.ensure_future(self._until_due())
        asked = asyncio.ensure_future(self._asked.wait())
        try:
            await asyncio.wait({due, asked}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (due, asked):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    async def _until_due(self) -> None:
        await self._clock.sleep(max(0.0, self._due_s - self._clock.now_s()))

    async def _plan(self, why: str) -> bool:
        job = self._job()
        if job is None:
            return True
        began = time.monotonic()
        try:
            done = await self.preview(job)
        except WorkerFailed as error:
            self.stats.failures += 1
            self._failed = str(error)
            self._say()
            return False
        self.done, self._failed = done, ""
        self.stats.add(done)
        for note in done.plan.notes:
            log.info("plan: %s", note)
        self._say()
        log.debug("plan (%s) in %.3f s, %.3f s with the way there", why, done.took_s, time.monotonic() - began)
        self._on_plan(done, why)
        return True

    def _say(self) -> None:
        steps, stats = self.steps(), self.stats
        level = HealthLevel.OK if all(step.quiet for step in steps) else HealthLevel.WARNING
        details: dict[str, str | float | int | bool | None] = {"plans": stats.made, "failures": stats.failures}
        self._book.put(HEALTH_NAME, Health(level=level, text=told(steps, self._tz), details=details))
