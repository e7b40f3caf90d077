"""A whole home each second: every charger in order of urgency, then the batteries, then what the roof must leave.

One charger alone is ``dispatch``; here the same core decides for each, beside what the others claim and do.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from energy.asks import Held
from energy.dispatch import batteries as battery
from energy.dispatch.batteries import BatteryMemory, Rest
from energy.dispatch.dispatch import Decided, decide, device_of
from energy.dispatch.houses import Device, Move, Seen, house_for, is_fresh, is_known, see
from energy.dispatch.meter import MeterState
from energy.dispatch.phases import PhaseState
from energy.dispatch.reaction import Learned
from energy.dispatch.roof import RoofState, roof_limit, switched
from energy.dispatch.types import DispatchConfig, DispatchState
from energy.grid_events import GridEventKind
from energy.limits import Bound, Limits
from energy.model import BatteryState, EvState, Readings, ReasonCode, SetPoint, ShiftableLoad, Wishes
from energy.plan.types import Plan, Step

_DEFAULT = DispatchConfig()
_GRID_CODES = frozenset({ReasonCode.LIMIT_IMPORT, ReasonCode.LINK_SILENT})


@dataclass(frozen=True, slots=True, kw_only=True)
class CarNow:
    """One charger with the car at it."""

    ev_state: EvState
    limits: Limits
    """``energy.limits.gather`` for this charger; names it."""
    wishes: Wishes

    @property
    def charger_id(self) -> str:
        """Of the charger."""
        return self.limits.charger.charger_id


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteState:
    """What is remembered from one call to the next."""

    meter: MeterState = field(default_factory=MeterState)
    phases: PhaseState = field(default_factory=PhaseState)
    cars: Mapping[str, DispatchState] = field(default_factory=dict)
    batteries: Mapping[str, BatteryMemory] = field(default_factory=dict)
    roof: RoofState = field(default_factory=RoofState)

    @property
    def learned(self) -> dict[str, Learned]:
        """By charger: what it has shown of its delay and ramp."""
        return {name: state.learned for name, state in self.cars.items() if state.learned.steps}

    @property
    def corrected_wh(self) -> float:
        """Energy by which the cars' set-points departed from the plan, Wh ≥ 0."""
        return sum(state.corrected_wh for state in self.cars.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteCommand:
    """What everything in the home shall do now. Set-points expire; the rest holds as long as they do."""

    set_points: tuple[SetPoint, ...]
    """One for each charger, in the order of ``cars``."""
    battery_w: Mapping[str, float]
    """By battery, > 0 charges."""
    expires_s: float
    solar_limit_w: float | None = None
    """Most power that the curtailable arrays may give together, W; None: all they can."""
    curtail_w: float = 0.0
    """How much of the roof's present power that takes away, W ≥ 0."""
    switches: Mapping[str, bool] = field(default_factory=dict)
    """By shiftable load: on?"""
    tank_w: Mapping[str, float] = field(default_factory=dict)
    """By tank, electric."""
    notes: tuple[str, ...] = ()
    """Sentences about what is unusual."""


def dispatch_site(
    state: SiteState,
    *,
    readings: Readings,
    cars: Sequence[CarNow],
    batteries: Sequence[BatteryState] = (),
    loads: Sequence[ShiftableLoad] = (),
    curtailable_w: float = 0.0,
    plan: Plan | None,
    now_s: float,
    config: DispatchConfig = _DEFAULT,
) -> tuple[SiteCommand, SiteState]:
    """Every set-point of the home for now, and the state to hand back at the next call.

    ``cars``: at least one charger, also where no car is connected. ``batteries``: those that take orders.
    ``curtailable_w``: nominal power of the arrays that can be told to give less, W ≥ 0. Powers are signed at the
    grid side, > 0 charges. Never raises for a strange reading; what is not known leads to less power.
    """
    site = _Site(state, readings, cars, batteries, plan, now_s, config)
    site.decide_cars()
    site.decide_batteries()
    k, limits = site.k, cars[0].limits
    roof, solar_limit_w, curtail_w = roof_limit(
        state.roof, readings, site.left_w(), site.export_limit_w(), curtailable_w, now_s, config
    )
    room_w = None if site.seen is None else limits.import_w.value - config.guard_w - site.most_w()
    roof, switches = switched(roof, plan, k, loads, room_w, now_s)
    tanks = {} if plan is None or k is None else {t.store_id: t.power_w[k] for t in plan.tanks if k < len(t.power_w)}
    points = {name: decided.set_point for name, decided in site.decided.items()}
    command = SiteCommand(
        set_points=tuple(points[car.charger_id] for car in cars),
        battery_w={name: memory.power_w for name, memory in site.stores.items()},
        expires_s=now_s + min(config.expires_s, 60.0),
        solar_limit_w=solar_limit_w,
        curtail_w=curtail_w,
        switches=switches,
        tank_w=tanks,
        notes=tuple(d.state.service.refused for d in site.decided.values() if d.state.service.refused),
    )
    return command, SiteState(
        meter=site.meter,
        phases=site.phases,
        cars={name: decided.state for name, decided in site.decided.items()},
        batteries=site.stores,
        roof=roof,
    )


class _Site:
    """One call's working memory."""

    def __init__(
        self,
        state: SiteState,
        readings: Readings,
        cars: Sequence[CarNow],
        batteries: Sequence[BatteryState],
        plan: Plan | None,
        now_s: float,
        config: DispatchConfig,
    ) -> None:
        self.state, self.readings, self.plan = state, readings, plan
        self.now_s, self.config = now_s, config
        self.k = None if plan is None else plan.index_at(now_s)
        self.alone = len(cars) == 1
        self.cars = list(cars) if self.alone else sorted(cars, key=self._urgency)
        self.batteries = batteries
        self.meter, self.phases = state.meter, state.phases
        self.stores: dict[str, BatteryMemory] = {}
        self.decided: dict[str, Decided] = {}
        self.moves: list[Move] = []
        """Of those that are decided, in their order."""
        self.seen = self._look()

    def _urgency(self, car: CarNow) -> tuple[bool, float, str]:
        """Who charges comes before who feeds; then the nearest promise that lacks charge, and last of all to feed."""
        step = self._step(car.charger_id)
        feeds = step is not None and step.ev_w < 0.0
        soc, nearest = car.ev_state.soc, math.inf
        for departure in car.wishes.departures:
            lacks = soc is None or not soc >= departure.target_soc
            if lacks and self.now_s < departure.at_s < nearest:
                nearest = departure.at_s
        return feeds, -nearest if feeds else nearest, car.charger_id

    def _step(self, charger_id: str) -> Step | None:
        plan, k = self.plan, self.k
        if plan is None or k is None:
            return None
        alone = len(plan.plugs) == 1 and self.alone
        steps = plan.steps if alone else plan.steps_of(charger_id)
        return steps[k] if k < len(steps) else None

    def _look(self) -> Seen | None:
        now_s, config = self.now_s, self.config
        if not is_fresh(self.readings, now_s, config):
            return None
        if not all(is_known(car.ev_state, now_s, config) for car in self.cars):
            return None
        devices = [device_of(car.limits.charger, car.ev_state) for car in self.cars]
        devices += [
            Device(name=b.battery.battery_id, power_w=b.power_w, at_s=b.at_s, phases=3, on_phases=b.battery.on_phases)
            for b in self.batteries
            if self._tells(b)
        ]
        seen, self.meter, self.phases = see(self.meter, self.phases, self.readings, devices, now_s, config)
        return seen

    def _tells(self, state: BatteryState) -> bool:
        return math.isfinite(state.power_w) and abs(self.now_s - state.at_s) <= self.config.car_stale_s

    def decide_cars(self) -> None:
        """Each charger beside what those before it claim and those after it still do."""
        stores = [self._store_move(b) for b in self.batteries]
        spare_w = sum([self._spare_w(b) for b in self.batteries])
        left = self._devices_limit_w()
        for rank, car in enumerate(self.cars):
            name = car.charger_id
            before = self.state.cars.get(name, DispatchState())
            after = [Move(c.charger_id, self._last_w(c.charger_id)) for c in self.cars[rank + 1 :]]
            others = [*self.moves, *stores, *after]
            house = None if self.seen is None else house_for(self.seen, name, others, spare_w)
            decided = decide(
                before,
                house=house,
                readings=self.readings,
                ev_state=car.ev_state,
                plan=self.plan,
                step=self._step(name),
                limits=self._shared(car, left, after),
                wishes=car.wishes,
                now_s=self.now_s,
                config=self.config,
                others_w=0.0 if house is not None else sum(max(0.0, move.told_w) for move in others),
            )
            self.decided[name] = decided
            self.moves.append(Move(name, decided.set_point.power_w, decided.claim_w, decided=True))

    def decide_batteries(self) -> None:
        """Each battery with what house and cars leave."""
        limits, now_s, config = self.cars[0].limits, self.now_s, self.config
        sum_limit_w = self._devices_limit_w()
        for state in self.batteries:
            name = state.battery.battery_id
            memory = battery.remembered(self.state.batteries.get(name, BatteryMemory()), state, config)
            memory = battery.worth_later(memory, self.plan, self.k, state)
            power_w = 0.0
            if self.seen is not None and self._tells(state):
                told = [Move(move.name, move.told_w, move.told_w, decided=True) for move in self.moves]
                later = [
                    self._store_move(b)
                    for b in self.batteries
                    if b.battery.battery_id not in self.stores and b is not state
                ]
                house = house_for(self.seen, name, [*told, *later])
                rest = self._rest(told)
                plan = battery.planned(self.plan, self.k, name)
                wanted_w = battery.wanted_w(state, memory, plan, rest, limits, config)
                calm_w = battery.calmed_w(wanted_w, memory, now_s, config)
                power_w = battery.bounded_w(calm_w, state, memory, house, rest, limits, sum_limit_w, config)
            self.stores[name] = replace(memory, power_w=round(power_w, 1), at_s=now_s)
            self.moves.append(Move(name, self.stores[name].power_w))

    def left_w(self) -> float | None:
        """At the connection when every command is followed, W signed; None: not known."""
        return None if self.seen is None else self.seen.house_w + sum(move.told_w for move in self.moves)

    def most_w(self) -> float:
        """As much as may be taken at the connection at this moment, W."""
        seen = self.seen
        if seen is None:
            return float("inf")
        return seen.house_w + sum(max(seen.own_w.get(m.name, 0.0), m.told_w) for m in self.moves)

    def export_limit_w(self) -> float:
        """Most export: the connection's limit, and none beyond what the plan expects where it curtails."""
        limit_w = self.cars[0].limits.export_w.value
        plan, k = self.plan, self.k
        if plan is None or k is None or k >= len(plan.curtailed_w) or plan.curtailed_w[k] < 50.0:
            return limit_w
        return min(limit_w, max(0.0, -plan.steps[k].grid_w))

    def _rest(self, told: Sequence[Move]) -> Rest:
        house_w = 0.0 if self.seen is None else self.seen.house_w
        charge = sum([move.told_w for move in told if move.told_w > 0.0])
        discharge = sum([move.told_w for move in told if move.told_w < 0.0])
        return Rest(
            surplus_w=max(0.0, -(house_w + charge)),
            feedable_w=max(0.0, house_w + discharge),
            every_w=house_w + charge + discharge,
            cars_charge_w=charge,
        )

    def _last_w(self, name: str) -> float:
        state = self.state.cars.get(name)
        return 0.0 if state is None else state.command_w

    def _store_move(self, state: BatteryState) -> Move:
        """A battery before it is decided: what it was told last, and what the plan gives it."""
        name = state.battery.battery_id
        memory = self.state.batteries.get(name, BatteryMemory())
        plan = battery.planned(self.plan, self.k, name)
        most, least = battery.charge_room(state, memory)
        claim_w = 0.0 if plan is None else min(max(plan.power_w, -least), most)
        return Move(name, memory.power_w, claim_w)

    def _spare_w(self, state: BatteryState) -> float:
        if self.seen is None or not self._tells(state):
            return 0.0
        name = state.battery.battery_id
        _, least = battery.charge_room(state, self.state.batteries.get(name, BatteryMemory()))
        return max(0.0, least + min(self.seen.own_w.get(name, 0.0), 0.0))

    def _devices_limit_w(self) -> float:
        """Most power that the grid allows all controllable devices together, W; ``inf``: it says nothing."""
        found = math.inf
        for car in self.cars:
            bound = car.limits.charge_w
            if bound.value < found and bound.reason.code in _GRID_CODES:
                found = bound.value
        return found

    def _shared(self, car: CarNow, limit_w: float, after: Sequence[Move]) -> Limits:
        """The car's limits with what is asked of all devices together less what the others do of it."""
        limits, charge = car.limits, car.limits.charge_w
        if len(self.cars) == 1:
            return limits
        if math.isfinite(limit_w):
            others_w = sum(max(0.0, m.told_w, m.claim_w or 0.0) for m in self.moves)
            others_w += sum(self._taken_beyond(m) for m in after)
            room = Bound(max(0.0, limit_w - others_w), self._limiting(limit_w).reason)
            charge = charge.tighter(room)
        asks = self._remaining(limits)
        if charge is limits.charge_w and asks is limits.asks:
            return limits
        return replace(limits, asks=asks, charge_w=charge)

    def _taken_beyond(self, move: Move) -> float:
        """What a lower-ranked device takes until it has made way, W ≥ 0."""
        was_w = 0.0 if self.seen is None else self.seen.own_w.get(move.name, 0.0)
        return max(0.0, was_w, move.told_w)

    def _limiting(self, limit_w: float) -> Bound:
        bounds = (car.limits.charge_w for car in self.cars)
        return next(b for b in bounds if b.value == limit_w and b.reason.code in _GRID_CODES)

    def _remaining(self, limits: Limits) -> dict[GridEventKind, Held]:
        """Set-points and frequency service are asked of the home once: the next car gets what is left of them."""
        asks = limits.asks
        if not self.moves or not asks:
            return asks
        for kind, done_w in (
            (GridEventKind.EV_SETPOINT, sum(m.claim_w or 0.0 for m in self.moves)),
            (GridEventKind.FREQUENCY, self._served_w()),
        ):
            held = asks.get(kind)
            if held is None or done_w == 0.0:
                continue
            value = held.value - done_w
            if kind is GridEventKind.FREQUENCY or value * held.value < 0:
                value = max(0.0, value) if held.value >= 0 else min(0.0, value)
            asks = {**asks, kind: replace(held, value=value)}
        return asks

    def _served_w(self) -> float:
        """Power with which higher-ranked cars stand for frequency already, W ≥ 0."""
        found = 0.0
        for car in self.cars:
            decided = self.decided.get(car.charger_id)
            held = car.limits.asks.get(GridEventKind.FREQUENCY)
            service = None if decided is None else decided.state.service
            if service is None or held is None or service.refused or service.frequency_hz is None:
                continue
            found = max(found, min(held.value, car.limits.charge_w.value, car.limits.discharge_w.value))
        return found
