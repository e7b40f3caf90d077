"""The one-second tick: gathers the picture, asks ``energy.dispatch``, and hands the set-point to the charger.

It also runs at once on a new grid reading, in the meter driver's own call, and when the engine says so: reading,
decision and the charge loop's next answer are plain function calls in one process. A tick that fails hands out
nothing, and the set-point in the hardware runs out by itself.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from app.clock import Clock
from app.engine.board import HouseBoard, Topic
from app.engine.fixed import Fixed
from app.engine.health import HealthBook
from app.engine.links import LinkBook
from app.ports import CarSession, ChargerDriver, Health, HealthLevel
from energy.dispatch import CarNow, SiteCommand, SiteState, dispatch_site
from energy.grid_events import GridEvent
from energy.limits import Limits, gather
from energy.model import BatteryState, EvState, Readings, SetPoint, Wishes
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
    ) -> None:
        """``on_decision`` is told every decision, after the charger; ``on_links`` the links whose fail-safe changed.

        ``batteries``: those that take orders, as they are now.
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
        self._state = SiteState()
        self._last_tick_s = float("-inf")
        self._session_key: object = None
        self._ev_w_at_reading: tuple[float, float] | None = None
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
        charger = session.charger if session is not None else self._fixed.charger
        nobody = EvState(connected=False, ev=self._fixed.car, can_charge=False, at_s=now_s)
        wishes, plan, readings = self._wishes(), self._plan(), self._board.readings()
        ev_state = self._as_metered(session.ev, readings) if session is not None else nobody
        limits = gather(
            connection=self._fixed.connection,
            charger=charger,
            ev_state=ev_state,
            wishes=wishes,
            events=self._events(),
            links=self._links.binding(),
            now_s=now_s,
        )
        command, self._state = dispatch_site(
            self._state,
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
        self.ticks += 1
        self.latest = Picture(
            now_s=now_s,
            readings=readings,
            session=session,
            ev_state=ev_state,
            wishes=wishes,
            limits=limits,
            plan=plan,
            set_point=set_point,
            command=command,
        )
        self._on_decision(self.latest)

    def _as_metered(self, state: EvState, readings: Readings) -> EvState:
        """The car's state with the power that flowed when the grid was read.

        House load is the grid's reading less the car's power: a newer power beside an older reading would make a
        phantom load or surplus of the difference.
        """
        latched = self._ev_w_at_reading
        if latched is None or latched[0] != readings.at_s:
            return state
        return replace(state, power_w=latched[1])

    def _failed(self) -> bool:
        line = self._book.get(HEALTH_NAME)
        return line is not None and line.said.level is HealthLevel.FAILED

    def _on_readings(self, source: str) -> None:
        readings, published = self._board.readings(), self._board.readings_of(source)
        if published is not None and published.grid_w is not None and published.at_s == readings.at_s:
            session = self.session()
            self._ev_w_at_reading = (readings.at_s, session.ev.power_w if session is not None else 0.0)
            self.tick()

    def _on_session(self, source: str) -> None:
        session = self._board.sessions[source]
        state = session.ev
        key = (state.connected, state.can_charge, state.can_discharge, state.ev, session.session_id)
        if key != self._session_key:
            self._session_key = key
            self.tick()
