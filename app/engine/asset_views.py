"""Batteries, machines and tanks in the API's words."""

from typing import Literal

from app.api import schema as s
from app.config.sense_assets import run_h
from app.engine.assets import planned_tanks
from app.engine.engine import Engine
from app.engine.loads import LoadState
from app.engine.views import when
from energy.plan.types import PromiseKind


def battery_views(engine: Engine) -> list[s.BatteryNow]:
    """Every battery of the home file, as it is now."""
    board, fixed, plan = engine.board, engine.fixed, engine.plan
    planned = {store.store_id: store for store in plan.batteries} if plan is not None else {}
    at = plan.index_at(engine.clock.now_s()) if plan is not None else None
    found: list[s.BatteryNow] = []
    for section in engine.config.battery:
        state = board.battery(section.name)
        wished = engine.wishes.wishes.battery_reserve_soc
        store = planned.get(section.name)
        found.append(
            s.BatteryNow(
                name=section.name,
                soc=state.soc if state is not None else None,
                power_w=state.power_w if state is not None else None,
                capacity_wh=section.capacity_wh,
                reserve_soc=wished.get(section.name, section.reserve_soc),
                commanded=any(b.battery_id == section.name for b in fixed.batteries) and section.name in board.obeying,
                target_w=store.power_w[at] if store is not None and at is not None else None,
            )
        )
    return found


def load_views(engine: Engine) -> list[s.LoadNow]:
    """Every machine of the home file whose work can wait."""
    now_s, plan = engine.clock.now_s(), engine.plan
    late = {p.of for p in plan.missed if p.kind is PromiseKind.LOAD} if plan is not None else set()
    found: list[s.LoadNow] = []
    for section in engine.config.load:
        state, start_s = engine.loads.state(section, plan, now_s)
        end_s = None if start_s is None or section.in_pieces else start_s + run_h(section) * 3600.0
        found.append(
            s.LoadNow(
                name=section.name,
                state=_STATES[state, section.switch is not None],
                start=when(start_s) if start_s is not None else None,
                end=when(end_s) if end_s is not None else None,
                switched=section.switch is not None,
                problem=f"It is not done by {section.latest}: the home has no room for it."
                if section.name in late
                else "",
            )
        )
    return found


_STATES: dict[tuple[LoadState, bool], Literal["advised", "planned", "running", "done", "waiting"]] = {
    (LoadState.WAITING, False): "waiting",
    (LoadState.WAITING, True): "waiting",
    (LoadState.COMING, False): "advised",
    (LoadState.COMING, True): "planned",
    (LoadState.RUNNING, False): "running",
    (LoadState.RUNNING, True): "running",
    (LoadState.DONE, False): "done",
    (LoadState.DONE, True): "done",
}


def tank_views(engine: Engine) -> list[s.TankNow]:
    """Every tank of the home file, as it is now."""
    board, now_s = engine.board, engine.clock.now_s()
    shares = {now.tank.tank_id: now.stored_share for now in planned_tanks(engine.fixed, board, now_s)}
    found: list[s.TankNow] = []
    for section in engine.config.tank:
        state = board.switches.get(section.name)
        fresh = section.name in shares and state is not None
        found.append(
            s.TankNow(
                name=section.name,
                temperature_c=state.tank_c if fresh and state is not None else None,
                stored_share=shares.get(section.name),
                heating=state.closed if fresh and state is not None else None,
            )
        )
    return found
