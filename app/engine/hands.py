"""What stands beside the charger is told what to do: batteries, the roof's limit, relays of machines and tanks.

Called after each decision. Every order is given anew and expires in its device, so an engine that dies leaves nothing
switched on. A limit of the grid comes before comfort: over it, all that can be interrupted opens.
"""

from collections.abc import Callable, Iterable

from app.engine.abilities import is_battery, switches, takes_limit
from app.engine.board import HouseBoard
from app.engine.dispatcher import Picture
from app.engine.fixed import Fixed
from app.engine.loads import LoadBook
from app.ports import BatteryDriver, LimitDriver
from energy.plan.types import Plan

OVER_W = 50.0
"""The meter may be so far above a limit before relays open."""
LEAST_SHARE = 0.1
"""A tank is not switched on for less of a step than this."""
COMFORT_BAND = 0.1
"""Without a plan a tank is heated this far above what comfort needs."""


class Hands:
    """Everything of one home that takes orders, beside its charger."""

    def __init__(
        self,
        fixed: Fixed,
        board: HouseBoard,
        loads: LoadBook,
        drivers: Iterable[object],
        on_change: Callable[[], None],
    ) -> None:
        """``on_change``: a machine's run began or ended."""
        self._fixed = fixed
        self._board = board
        self._loads = loads
        found = list(drivers)
        self._batteries: list[BatteryDriver] = list(filter(is_battery, found))
        self._switches = {driver.name: driver for driver in filter(switches, found)}
        self._limits: list[LimitDriver] = list(filter(takes_limit, found))
        self._on_change = on_change
        self._heating: set[str] = set()

    def act(self, picture: Picture) -> None:
        """Give every order that the decision, the plan and the meter ask for now."""
        plan, now_s = picture.plan, picture.now_s
        if self._loads.follow(plan, now_s):
            self._on_change()
        for battery in self._batteries:
            battery.set_power(picture.command.battery_w.get(battery.name))
        self._limit(picture)
        over = self._over(picture)
        for section in self._loads.sections:
            driver = self._switches.get(section.name)
            if driver is not None:
                # A run that may not be interrupted goes on: half a wash is worse than a late one.
                driver.set_switch(self._loads.wants(section.name) and not (over and section.in_pieces))
        for tank in self._fixed.tanks:
            driver = self._switches.get(tank.tank_id)
            if driver is not None:
                driver.set_switch(self._heats(tank.tank_id, plan, now_s) and not over)

    def _limit(self, picture: Picture) -> None:
        peak_w = sum(array.peak_w for array in self._fixed.arrays if array.curtailable)
        limit_w = picture.command.solar_limit_w
        share = None if limit_w is None or peak_w <= 0 else min(max(limit_w / peak_w, 0.0), 1.0)
        for limit in self._limits:
            limit.set_limit(share)

    def _over(self, picture: Picture) -> bool:
        """Is more imported than may be?"""
        grid_w = picture.readings.grid_w
        return grid_w is not None and grid_w > picture.limits.import_w.value + OVER_W

    def _heats(self, name: str, plan: Plan | None, now_s: float) -> bool:
        """For as much of the step as the plan has power for; without a plan only what comfort needs."""
        section = next(row for row in self._fixed.config.tank if row.name == name)
        state = self._board.switches.get(name)
        tank_c = state.tank_c if state is not None else None
        if tank_c is None or tank_c >= section.hot_c:
            return self._held(name, False)
        at = plan.index_at(now_s) if plan is not None else None
        store = next((row for row in plan.tanks if row.store_id == name), None) if plan is not None else None
        if plan is None or at is None or store is None:
            share = (tank_c - section.cold_c) / (section.hot_c - section.cold_c)
            return self._held(name, share < section.comfort_share + COMFORT_BAND * (name in self._heating))
        step = plan.steps[at]
        part = store.power_w[at] / section.power_max_w if section.power_max_w > 0 else 0.0
        passed = (now_s - step.start_s) / max(step.end_s - step.start_s, 1.0)
        return self._held(name, part >= LEAST_SHARE and passed < part)

    def _held(self, name: str, heats: bool) -> bool:
        self._heating = self._heating | {name} if heats else self._heating - {name}
        return heats
