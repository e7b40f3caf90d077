"""What the home has beside its car, as a plan should see it now: batteries, tanks; and who of them is silent."""

from dataclasses import replace

from app.api.schema import WishesOut
from app.engine.board import HouseBoard
from app.engine.fixed import Fixed
from app.engine.ladder import Fallback, FallbackStep
from app.engine.plan_types import TankNow
from energy.model import BatteryState

SWITCH_HOLDS_S = 300.0
"""A tank's temperature does not change in less."""


def planned_batteries(fixed: Fixed, board: HouseBoard, wishes: WishesOut) -> tuple[BatteryState, ...]:
    """The batteries that Twoway commands and that tell their charge, with the reserve that is wished for."""
    states = (board.battery(b.battery_id) for b in fixed.batteries if b.battery_id in board.obeying)
    return tuple(_with_reserve(state, wishes) for state in states if state is not None and state.soc is not None)


def planned_tanks(fixed: Fixed, board: HouseBoard, now_s: float) -> tuple[TankNow, ...]:
    """The tanks that tell their temperature."""
    found: list[TankNow] = []
    for section, tank in zip(fixed.config.tank, fixed.tanks, strict=True):
        state = board.switches.get(section.name)
        if state is None or state.tank_c is None or now_s - state.at_s > SWITCH_HOLDS_S:
            continue
        share = (state.tank_c - section.cold_c) / (section.hot_c - section.cold_c)
        found.append(
            TankNow(tank=tank, stored_share=min(max(share, 0.0), 1.0), draw_wh_per_day=section.draw_wh_per_day)
        )
    return tuple(found)


def silent(fixed: Fixed, board: HouseBoard, now_s: float) -> tuple[FallbackStep, ...]:
    """A step for each thing that a plan must go without."""
    steps: list[FallbackStep] = []
    if fixed.config.meter:
        readings = board.readings()
        if readings.grid_w is None or now_s - readings.at_s > fixed.stale_s:
            steps.append(FallbackStep(kind=Fallback.METER_SILENT))
    for battery in fixed.batteries:
        state = board.battery(battery.battery_id)
        if state is None or state.soc is None or battery.battery_id not in board.obeying:
            steps.append(FallbackStep(kind=Fallback.BATTERY_SILENT, name=battery.battery_id))
    told = {now.tank.tank_id for now in planned_tanks(fixed, board, now_s)}
    steps += [FallbackStep(kind=Fallback.TANK_SILENT, name=t.tank_id) for t in fixed.tanks if t.tank_id not in told]
    return tuple(steps)


def battery_soc(board: HouseBoard) -> float | None:
    """Charge of all batteries that tell it, 0..1 of their capacity."""
    states = [state for name in board.batteries if (state := board.battery(name)) is not None and state.soc is not None]
    capacity_wh = sum(state.battery.capacity_wh for state in states)
    if capacity_wh <= 0:
        return None
    return sum((state.soc or 0.0) * state.battery.capacity_wh for state in states) / capacity_wh


def unplanned_w(fixed: Fixed, board: HouseBoard, battery_w: float) -> float:
    """Of the batteries' power, what those draw that live by their own rule: the forecast takes it for load."""
    ours = {battery.battery_id for battery in fixed.batteries} & board.obeying
    states = (board.battery(name) for name in board.batteries if name in ours)
    return battery_w - sum(state.power_w for state in states if state is not None)


def _with_reserve(state: BatteryState, wishes: WishesOut) -> BatteryState:
    battery = state.battery
    reserve = wishes.battery_reserve_soc.get(battery.battery_id, battery.reserve_soc)
    return replace(state, battery=replace(battery, reserve_soc=min(reserve, battery.soc_max)))
