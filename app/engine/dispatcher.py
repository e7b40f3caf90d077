"""The one-second tick: gathers the picture, asks ``energy.dispatch``, and hands the set-point to the charger.

It also runs at once on a new grid reading, in the meter driver's own call, and when the engine says so: reading,
decision and the charge loop's next answer are plain function calls in one process. A tick that fails hands out
nothing, and the set-point in the hardware runs out by itself.
"""

import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from app.clock import Clock
from app.engine.board import HouseBoard, Topic
from app.engine.fixed import Fixed
from app.engine.health import HealthBook
from app.engine.links import LinkBook
from app.ports import CarSession, ChargerDriver, Health, HealthLevel
from energy.dispatch import CarNow, DispatchState, Learned, SiteCommand, SiteState, dispatch_site
from energy.grid_events import GridEvent
from energy.limits import Limits, gather
from energy.model import BatteryState, Charger, EvState, Readings, SetPoint, Wishes
from energy.plan.types import Plan

log = logging.getLogger(__name__)

HEALTH_NAME = "dispatch"
TICK_S = 1.0
QUICKEST_REAL_S = 0.25
"""However fast home time runs, the timer ticks no faster than this in real time; readings tick besides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """All that one decision was made from, and what it is."""

    now_s: float
    readings: Readings
    session: CarSession | None
    ev_state: EvState
    wishes: Wishes
    limits: Limits
    plan: Plan | None
    set_point: SetPoint
    """The charger's."""
    command: SiteCommand
    """Everything that is commanded: the charger, batteries, the roof."""


class Dispatcher:
    """Decides for one charger, and what stands beside it."""

    def __init__(
        self,
        *,
        fixed: Fixed,
        clock: Clock,
        board: HouseBoard,
        book: HealthBook,
        links: LinkBook,
        charger: ChargerDriver | None,
        wishes: Callable[[], Wishes],
        events: Callable[[], tuple[GridEvent, ...]],
        plan: Callable[[], Plan | None],
        on_decision: Callable[[Picture], None],
        on_links: Callable[[tuple[str, ...]], None],
        batteries: Callable[[], tuple[BatteryState, ...]] = tuple,
        learned: object = None,
        on_learned: Callable[[dict[str, dict[str, Any]]], None] = lambda _learned: None,
    ) -> None:
        """``on_decision`` is told every decision, after the charger; ``on_links`` the links whose fail-safe changed.

        ``batteries``: those that take orders, as they are now. ``on_learned`` is told, in JSON's own types, what the
        chargers have shown of their delay; ``learned`` is what it was told before a restart.
        """
        self._fixed = fixed
        self._clock = clock
        self._board = board
        self._book = book
        self._links = links
        self._charger = charger
        self._wishes = wishes
        self._events = events
        self._plan = plan
        self._batteries = batteries
        self._on_decision = on_decision
        self._on_links = on_links
        self._state = SiteState(cars=remembered(learned))
        self._on_learned = on_learned
        self._last_tick_s = float("-inf")
        self._session_key: object = None
        self._inside = False
        self.latest: Picture | None = None
        self.ticks = 0
        board.listen(Topic.READINGS, self._on_readings)
        board.listen(Topic.SESSION, self._on_session)

    async def run(self) -> None:
        """Tick until cancelled, also while no instrument says anything."""
        interval_s = max(TICK_S, QUICKEST_REAL_S * self._clock.speed)
        while True:
            await self._clock.sleep(interval_s)
            if self._clock.now_s() - self._last_tick_s >= interval_s * 0.5:
                self.tick()

    def tick(self) -> None:
        """Decide now."""
        # A charger may publish from within its set_point; that must not decide once more.
        if self._inside:
            return
        self._inside = True
        try:
            self._decide()
        except Exception as error:
            log.exception("the dispatch failed; the set-point is not renewed")
            self._book.put(HEALTH_NAME, Health(level=HealthLevel.FAILED, text=f"no decision: {error}"))
        else:
            if self.ticks == 1 or self._failed():
                self._book.put(HEALTH_NAME, Health(level=HealthLevel.OK))
        finally:
            self._inside = False

    def session(self) -> CarSession | None:
        """What the charger says of its cable."""
        return self._board.sessions.get(self._fixed.charger.charger_id)

    def _decide(self) -> None:
        now_s = self._clock.now_s()
        self._last_tick_s = now_s
        changed = self._links.tick(now_s)
        if changed:
            self._on_links(changed)
        session = self.session()
        charger = self._measured(session.charger if session is not None else self._fixed.charger)
        nobody = EvState(connected=False, ev=self._fixed.car, can_charge=False, at_s=now_s)
        wishes, plan, readings = self._wishes(), self._plan(), self._board.readings()
        ev_state = session.ev if session is not None else nobody
        limits = gather(
            connection=self._fixed.connection,
            charger=charger,
            ev_state=ev_state,
            wishes=wishes,
            events=self._events(),
            links=self._links.binding(),
            now_s=now_s,
        )
        before = self._state
        command, self._state = dispatch_site(
            before,
            readings=readings,
            cars=(CarNow(ev_state=ev_state, limits=limits, wishes=wishes),),
            batteries=self._batteries(),
            curtailable_w=sum(array.peak_w for array in self._fixed.arrays if array.curtailable),
            plan=plan,
            now_s=now_s,
            config=self._fixed.dispatch,
        )
        [set_point] = command.set_points
        if self._charger is not None:
            self._charger.set_point(set_point)
        for note in command.notes:
            self._book.complain(HEALTH_NAME, note)
        if self._state.learned != before.learned:
            self._on_learned({name: asdict(known) for name, known in self._state.learned.items()})
        self.ticks += 1
        self.latest = Picture(
            now_s=now_s,
            readings=readings,
            session=session,
            ev_state=self._as_metered(ev_state, charger.charger_id, readings),
            wishes=wishes,
            limits=limits,
            plan=plan,
            set_point=set_point,
            command=command,
        )
        self._on_decision(self.latest)

    def _as_metered(self, state: EvState, charger_id: str, readings: Readings) -> EvState:
        """The car's state with the power that flowed when the grid was measured.

        House load is the grid's reading less the car's power: a newer power beside an older reading would make a
        phantom load or surplus of the difference.
        """
        metered = self._state.meter
        if metered.read is None or metered.read[0] != readings.at_s or charger_id not in metered.own_w:
            return state
        return replace(state, power_w=metered.own_w[charger_id])

    def _measured(self, charger: Charger) -> Charger:
        """The charger with the delay and ramp that it has shown."""
        known = self._state.learned.get(charger.charger_id)
        if known is None or known.reaction_s is None:
            return charger
        ramp = charger.ramp_w_per_s if known.ramp_w_per_s is None else known.ramp_w_per_s
        return replace(charger, reaction_s=known.reaction_s, ramp_w_per_s=ramp)

    def _failed(self) -> bool:
        line = self._book.get(HEALTH_NAME)
        return line is not None and line.said.level is HealthLevel.FAILED

    def _on_readings(self, source: str) -> None:
        readings, published = self._board.readings(), self._board.readings_of(source)
        if published is not None and published.grid_w is not None and published.at_s == readings.at_s:
            self.tick()

    def _on_session(self, source: str) -> None:
        session = self._board.sessions[source]
        state = session.ev
        key = (state.connected, state.can_charge, state.can_discharge, state.ev, session.session_id)
        if key != self._session_key:
            self._session_key = key
            self.tick()


def remembered(learned: object) -> dict[str, DispatchState]:
    """Each charger's state as the settings kept it; what cannot be read is learned anew."""
    states: dict[str, DispatchState] = {}
    for name, known in learned.items() if isinstance(learned, dict) else ():
        try:
            states[str(name)] = DispatchState(learned=Learned(**known))
        except TypeError:
            log.warning("what was learned of %s cannot be read: it is learned anew", name)
    return states
