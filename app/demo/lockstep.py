"""Lockstep: a day of the demo home in minutes, without time-lapse artefacts.

Home time stands still while the wires work. Each step: the world shows new load, sun and frequency; the engine reads
the meter over Modbus, decides, and the set-point travels to the stage and in the charge loop to the car; when car and
stage both stand at it, the powers are *settled*, are integrated for the step's length, and the next step begins. So a
limit counts as broken only when the engine's decision breaks it, not because a wire is slower than a hurried clock;
what happens within a step (a charger's ramp, a second of reaction) is not simulated here, see the live demo for that.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from app.clock import StepClock
from app.demo.actors import Actors
from app.demo.audit import Audit
from app.engine.engine import Engine
from protocols.modbus.readings import Pilot

POLL_S = 0.001
READING_S = 2.0
PLAN_S = 45.0
CAR_S = 15.0
POWER_S = 2.0
SETTLED_W = 2.0
LOOPS = 2
"""Charge-loop exchanges after a decision, so that its answer has reached the car."""


class DemoBroken(Exception):
    """The demo cannot go on; one sentence."""


@dataclass(slots=True)
class PaceStats:
    """How the steps went."""

    steps: int = 0
    late: dict[str, int] = field(default_factory=dict)
    """Steps that went on without: a reading, a plan, the car, the power."""
    busy_s: float = 0.0

    def missed(self, what: str) -> None:
        """One step did not wait any longer for this."""
        self.late[what] = self.late.get(what, 0) + 1


class Pacemaker:
    """Steps home time."""

    def __init__(
        self,
        engine: Engine,
        actors: Actors,
        clock: StepClock,
        audit: Audit,
        *,
        step_s: float,
        speed: float,
    ) -> None:
        """``speed``: home seconds in a real second, at most."""
        self._engine = engine
        self._actors = actors
        self._world = actors.world
        self._clock = clock
        self._audit = audit
        self._step_s = step_s
        self._speed = speed
        self.stats = PaceStats()

    async def run(self, end_s: float, progress: Callable[[], None]) -> None:
        """Step until ``end_s``. Raises ``DemoBroken`` when a simulated thing died."""
        await self._settle(self._clock.now_s())
        first_s, first_real_s = self._clock.now_s(), time.monotonic()
        while self._clock.now_s() < end_s - 1e-6:
            began = time.monotonic()
            # A step ends where the car comes or goes, so that a promise is judged at its very instant.
            turn_s = self._world.script.next_turn_s(self._clock.now_s())
            now_s = min(self._clock.now_s() + self._step_s, end_s, turn_s)
            self._audit.step(self._world, now_s - self._clock.now_s())
            self._world.move_to(now_s)
            self._clock.advance_to(now_s)
            await self._settle(now_s)
            self.stats.steps += 1
            self.stats.busy_s += time.monotonic() - began
            fault = self._actors.failed()
            if fault is not None:
                raise DemoBroken(f"a simulated device died: {type(fault).__name__}: {fault}") from fault
            progress()
            # At most ``speed`` over the whole: a step that waited for a plan is made good by the next ones.
            due_s = first_real_s + (now_s - first_s) / self._speed
            await asyncio.sleep(max(0.0, due_s - time.monotonic()))
        self._audit.finish(self._clock.now_s())

    async def _settle(self, now_s: float) -> None:
        engine = self._engine
        if not await self._until(lambda: self._read_at(now_s), READING_S):
            self.stats.missed("reading")
            engine.dispatcher.tick()
        if not await self._until(self._car_settled, CAR_S):
            self.stats.missed("car")
        if not await self._until(lambda: engine.planner.settled, PLAN_S):
            self.stats.missed("plan")
        loops = self._actors.car.car.loops + LOOPS
        if not await self._until(lambda: self._power_settled(loops), POWER_S):
            self.stats.missed("power")

    def _read_at(self, now_s: float) -> bool:
        latest = self._engine.dispatcher.latest
        return latest is not None and latest.readings.at_s >= now_s - 1e-6

    def _car_settled(self) -> bool:
        """A car that has come is in its charge loop, one that leaves is off the cable."""
        car = self._actors.car
        if not self._world.at_home:
            return self._world.pilot is Pilot.A
        session = self._engine.dispatcher.session()
        resting = car.resting and session is not None and session.ev.connected
        return resting or (car.looping and session is not None and session.ev.soc is not None)

    def _power_settled(self, loops: int) -> bool:
        """Stage, car and the engine's picture all stand at the newest decision."""
        latest, session = self._engine.dispatcher.latest, self._engine.dispatcher.session()
        if latest is None or session is None:
            return True
        if abs(session.ev.power_w - self._world.ev_w) > SETTLED_W:
            return False
        if not self._actors.car.looping:
            return True
        told = abs(self._world.stage_w - latest.set_point.power_w) <= SETTLED_W
        return told and self._actors.car.car.loops >= loops

    async def _until(self, holds: Callable[[], bool], within_s: float) -> bool:
        deadline = time.monotonic() + within_s
        while not holds():
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(POLL_S)
        return True
