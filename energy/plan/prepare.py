"""From the home to the programme's numbers.

What cannot be kept gives way here, before the solver sees it, and exactly: the *fastest* course (charge with all that
the limits allow, from now on) shows the most charge that can be had at any moment; a target or reserve above it is
lowered to it. So the programme is feasible by construction, and the order is plain:

1. the fuse, the charger's and the car's own bounds never give way; limits of the grid never, as far as the car goes
   (the house's own load above a limit is helped, not promised);
2. what a trip takes, the departure target and the reserve give way only to 1, and only to what is possible;
3. frequency service gives way to 2, asked set-points to 2 and to boost;
4. money gives way to all of them.
"""

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from energy.asks import FloatArray, StepAsk, asks_by_step
from energy.grid_events import GridEventKind
from energy.links import LinkPhase, is_limited
from energy.model import Departure
from energy.plan.programme import Numbers
from energy.plan.types import PlanInput, PlanInputError

BoolArray = npt.NDArray[np.bool_]

RESERVE_SLACK = 0.02
"""A charge this far below the reserve is held, not raised: noise on the state of charge starts no charging."""
MIN_GAIN_PER_KWH = 0.004
"""A cycle that earns less than this is not worth the wear of doing it."""
EARLY_PER_KWH_H = 5e-5
"""Among equal prices the earlier hour wins: a target reached early survives an early departure."""
KEEP_PER_KWH = 1e-3
"""Among nearly equal choices the running plan's wins: plans do not flip on noise."""
BOOST_PER_KWH = 20.0
EMERGENCY_PER_KWH = 1.0
"""What a kWh imported during a high emergency counts, beside its price."""


@dataclass(slots=True, kw_only=True)
class Prepared:
    """The numbers, and what the other rooms need to speak about them. (N,) unless told."""

    numbers: Numbers
    edges_s: FloatArray
    present: BoolArray
    load_w: FloatArray
    solar_w: FloatArray
    price_in: FloatArray
    """As paid; the programme's may differ where export pays more than import."""
    price_out: FloatArray
    price_event: tuple[str, ...]
    import_limit_kw: FloatArray
    export_limit_kw: FloatArray
    charge_min_kw: float
    start_kwh: float
    capacity_kwh: float
    reserve_kwh: FloatArray
    """(N + 1,) as wanted."""
    reach_kwh: FloatArray
    """(N + 1,) the fastest course."""
    targets: tuple[tuple[int, Departure], ...]
    """Node and departure."""
    trip_short_kwh: FloatArray
    asked_power: StepAsk | None
    asked_soc: StepAsk | None
    frequency: StepAsk | None
    frequency_kept: bool
    emergency: StepAsk | None
    boost: BoolArray
    blocked: BoolArray
    """Charging is stopped by a limit in this step."""
    notes: list[str] = field(default_factory=list)


def prepare(inp: PlanInput) -> Prepared:
    """Check the input and turn it into numbers. Raises ``PlanInputError`` for what cannot be planned with."""
    _check(inp)
    asked = asks_by_step(inp.events, inp.edges_s)
    serve = asked.get(GridEventKind.FREQUENCY)
    if serve is None:
        return _build(inp, asked, None)
    served = _build(inp, asked, serve)
    free = _build(inp, asked, None)
    kept = bool(np.all(served.reach_kwh >= np.minimum(free.reach_kwh, _floors_wanted(free)) - 1e-6))
    chosen = served if kept else free
    chosen.frequency, chosen.frequency_kept = serve, kept
    return chosen


def _check(inp: PlanInput) -> None:
    """One clear sentence for each thing that makes planning impossible."""
    edges = inp.edges_s
    count = len(edges) - 1
    if count < 1 or not np.all(np.isfinite(edges)) or not np.all(np.diff(edges) > 0):
        raise PlanInputError("The plan's steps must be at least one, finite and increasing: use make_edges().")
    series = {
        "load forecast": (inp.load.mean_w, inp.load.p10_w, inp.load.p90_w),
        "solar forecast": (inp.solar.mean_w, inp.solar.p10_w, inp.solar.p90_w),
        "import price": (inp.import_eur_per_kwh,),
        "export price": (inp.export_eur_per_kwh,),
    }
    for name, arrays in series.items():
        for values in arrays:
            if len(values) != count:
                raise PlanInputError(f"The {name} has {len(values)} values for {count} steps: align it to edges_s.")
            bad = np.flatnonzero(~np.isfinite(values))
            if len(bad):
                raise PlanInputError(
                    f"The {name} has no number at step {bad[0]} ({len(bad)} in all): fill it before planning."
                )
    scalars = {
        "battery capacity": inp.ev_state.ev.capacity_wh,
        "fuse current": inp.connection.fuse_a,
        "charger power": inp.charger.charge_max_w,
        "reserve": inp.wishes.reserve_soc,
    }
    for name, value in scalars.items():
        if not np.isfinite(value) or value < 0:
            raise PlanInputError(f"The {name} is {value}: it must be a number of 0 or more.")
    if not (0 < inp.charger.charge_efficiency <= 1 and 0 < inp.charger.discharge_efficiency <= 1):
        raise PlanInputError("The charger's efficiencies must lie above 0 and up to 1.")
    soc = inp.ev_state.soc
    if soc is not None and not (np.isfinite(soc) and -0.01 <= soc <= 1.01):
        raise PlanInputError(f"The state of charge is {soc}: it must lie in 0..1, or be None when not known.")


def _build(inp: PlanInput, asked: dict[GridEventKind, StepAsk], serve: StepAsk | None) -> Prepared:
    edges = inp.edges_s
    count = len(edges) - 1
    dt_h = np.diff(edges) / 3600.0
    starts = edges[:-1]
    ev, charger, wishes = inp.ev_state.ev, inp.charger, inp.wishes
    notes: list[str] = []

    load_kw, solar_kw = inp.load.mean_w / 1e3, inp.solar.mean_w / 1e3
    house_kw = load_kw - solar_kw
    house_high_kw = (inp.load.p90_w - inp.solar.p10_w) / 1e3
    import_limit, export_limit, charge_max, discharge_max = _power_limits(inp, asked)

    present, trip_kwh = _presence(inp)
    boost = (starts < wishes.boost_until_s) if wishes.boost_until_s is not None else np.zeros(count, dtype=bool)
    emergency = asked.get(GridEventKind.EMERGENCY)
    level = np.nan_to_num(emergency.value) if emergency is not None else np.zeros(count)

    phase_kw = inp.connection.fuse_a * inp.connection.voltage_v / 1e3
    used_phases = max(1, min(charger.phases, inp.connection.phases))
    by_phase = (phase_kw - np.maximum(house_high_kw, 0.0) / max(1, inp.connection.phases)) * used_phases
    room_kw = np.minimum(import_limit - house_high_kw, by_phase)
    blocked = (room_kw <= 0) | (charge_max <= 0) | (level >= 1)
    charge_max = np.clip(np.minimum(charge_max, room_kw), 0.0, None)
    discharge_max = np.clip(np.minimum(discharge_max, export_limit + house_kw), 0.0, None)
    if not wishes.export_allowed:
        discharge_max = np.minimum(discharge_max, np.maximum(house_kw, 0.0))
    if wishes.paused:
        charge_max, discharge_max = np.zeros(count), np.zeros(count)
    charge_max = np.where(present & (level < 1), charge_max, 0.0)
    discharge_max = np.where(present & ~boost & _free_to_discharge(inp, starts), discharge_max, 0.0)
    if serve is not None:
        band = np.nan_to_num(np.maximum(serve.value, 0.0)) / 1e3
        charge_max = np.maximum(charge_max - band, 0.0)
        discharge_max = np.maximum(discharge_max - band, 0.0)
    charge_min_kw = max(charger.charge_min_w, ev.charge_min_w) / 1e3
    charge_max = np.where(charge_max < charge_min_kw, 0.0, charge_max)

    capacity = ev.capacity_wh / 1e3
    soc = inp.ev_state.soc
    if soc is None:
        soc = ev.soc_min
        discharge_max = np.zeros(count)
        if inp.ev_state.connected:
            notes.append("The car does not tell its charge: it is taken as empty and is not discharged.")
        else:
            notes.append("The car is away with an unknown charge: it is taken to come home with its reserve.")
            soc, trip_kwh = max(soc, wishes.reserve_soc), np.zeros(count)
    start = min(max(soc, 0.0), 1.0) * capacity
    gain = charger.charge_efficiency * dt_h
    drain = dt_h / charger.discharge_efficiency
    top = max(ev.soc_max * capacity, start)
    reach, trip_kwh, trip_short = fastest_course(start, top, gain * charge_max, trip_kwh)

    reserve = _reserve(inp, asked, present, capacity) * (inp.ev_state.soc is not None)
    targets = _targets(inp, edges)
    floor = np.concatenate([[start], np.where(present, ev.soc_min * capacity, 0.0)])
    if start >= float(reserve[0]) - RESERVE_SLACK * capacity:
        before_trip = np.concatenate([[True], np.cumsum(trip_kwh) == 0])
        reserve_floor = np.where(before_trip, np.minimum(reserve, start), reserve)
    else:
        reserve_floor = reserve
    floor = np.maximum(floor, reserve_floor)
    for node, departure in targets:
        floor[node] = max(floor[node], min(departure.target_soc, ev.soc_max) * capacity)
    floor = np.minimum(floor, reach) - 1e-7
    floor[0] = start
    ceiling = np.full(count + 1, top + 1e-7)
    ceiling[0] = start

    price_in, price_out, price_event = _prices(inp, asked)
    planned_in = np.maximum(price_in, price_out) + np.where(level >= 2, EMERGENCY_PER_KWH, 0.0)
    early = EARLY_PER_KWH_H * (starts - edges[0] + np.diff(edges) / 2) / 3600.0
    keep_charge, keep_discharge = _kept_decisions(inp, starts)
    numbers = Numbers(
        dt_h=dt_h,
        house_kw=house_kw,
        price_in=planned_in,
        price_out=price_out,
        charge_cost=early - KEEP_PER_KWH * keep_charge - np.where(boost, BOOST_PER_KWH, 0.0),
        discharge_cost=ev.wear_eur_per_kwh + MIN_GAIN_PER_KWH + early - KEEP_PER_KWH * keep_discharge,
        charge_max=charge_max,
        discharge_max=discharge_max,
        import_max=import_limit,
        export_max=export_limit,
        stored_min=floor,
        stored_max=ceiling,
        trip_kwh=trip_kwh,
        charge_gain=gain,
        discharge_drain=drain,
        end_value=_end_value(price_in, price_out, house_kw, dt_h, present, capacity, float(trip_kwh.sum()), inp),
    )
    asked_power = _asked_power(asked, house_kw)
    asked_soc = asked.get(GridEventKind.SOC_SETPOINT)
    if asked_power is not None or asked_soc is not None:
        numbers = _with_asks(numbers, asked_power, asked_soc, capacity)
    return Prepared(
        numbers=numbers,
        edges_s=edges,
        present=present,
        load_w=inp.load.mean_w,
        solar_w=inp.solar.mean_w,
        price_in=price_in,
        price_out=price_out,
        price_event=price_event,
        import_limit_kw=import_limit,
        export_limit_kw=export_limit,
        charge_min_kw=charge_min_kw,
        start_kwh=start,
        capacity_kwh=capacity,
        reserve_kwh=reserve,
        reach_kwh=reach,
        targets=targets,
        trip_short_kwh=trip_short,
        asked_power=asked_power,
        asked_soc=asked_soc,
        frequency=None,
        frequency_kept=True,
        emergency=emergency,
        boost=boost,
        blocked=blocked & present,
        notes=notes,
    )


def _power_limits(
    inp: PlanInput, asked: dict[GridEventKind, StepAsk]
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Import, export, charge and discharge limits by step, kW, before the house's load is known."""
    starts = inp.edges_s[:-1]
    count = len(starts)
    ev, charger = inp.ev_state.ev, inp.charger
    may_charge = inp.ev_state.can_charge or not inp.ev_state.connected
    may_discharge = inp.wishes.v2g_allowed and (inp.ev_state.can_discharge or not inp.ev_state.connected)
    own = {
        GridEventKind.IMPORT_LIMIT: inp.connection.import_max_w,
        GridEventKind.EXPORT_LIMIT: inp.connection.export_max_w,
        GridEventKind.CHARGE_LIMIT: min(charger.charge_max_w, ev.charge_max_w) * may_charge,
        GridEventKind.DISCHARGE_LIMIT: min(charger.discharge_max_w, ev.discharge_max_w) * may_discharge,
    }
    limits: dict[GridEventKind, FloatArray] = {}
    for kind, own_w in own.items():
        limit = np.full(count, max(0.0, own_w))
        if kind in asked:
            limit = np.fmin(limit, np.maximum(asked[kind].value, 0.0))
        limits[kind] = limit
    for rule, state in inp.links:
        if not is_limited(state):
            continue
        lasts_s = rule.fail_safe_s if state.phase is LinkPhase.FAIL_SAFE else rule.heartbeat_timeout_s
        since_s = state.fail_safe_since_s if state.phase is LinkPhase.FAIL_SAFE else state.since_s
        held = starts < since_s + lasts_s
        held[0] = True
        fail_safe = {
            GridEventKind.IMPORT_LIMIT: rule.import_w,
            GridEventKind.EXPORT_LIMIT: rule.export_w,
            GridEventKind.CHARGE_LIMIT: rule.charge_w,
            GridEventKind.DISCHARGE_LIMIT: rule.discharge_w,
        }
        for kind, limit_w in fail_safe.items():
            if limit_w is not None:
                limits[kind] = np.where(held, np.minimum(limits[kind], max(0.0, limit_w)), limits[kind])
    imported, exported, charge, discharge = (limits[kind] / 1e3 for kind in own)
    return imported, exported, charge, discharge


def _presence(inp: PlanInput) -> tuple[BoolArray, FloatArray]:
    """Where the car is expected at home, and the kWh that trips take by step.

    A connected car is at home now whatever was expected; a car that is away without a known return stays away: the
    engine plans anew when it comes.
    """
    edges = inp.edges_s
    count = len(edges) - 1
    present = np.ones(count, dtype=bool)
    trip = np.zeros(count)
    back_known = False
    for absence in inp.wishes.absences:
        if absence.to_s <= edges[0] or absence.from_s >= edges[-1] or absence.to_s <= absence.from_s:
            continue
        running = absence.from_s <= inp.now_s
        if running and inp.ev_state.connected:
            continue
        back_known |= running
        # What a running trip has used already is not known: all of it is still to come, out of the last known charge.
        from_s = max(absence.from_s, float(edges[0]))
        away = (edges[1:] > from_s) & (edges[:-1] < absence.to_s)
        present &= ~away
        inside = np.clip(np.minimum(edges[1:], absence.to_s) - np.maximum(edges[:-1], from_s), 0.0, None)
        trip += max(absence.used_wh, 0.0) / 1e3 * inside / (absence.to_s - from_s)
    if not inp.ev_state.connected and not back_known:
        present[:] = False
    return present, trip


def _free_to_discharge(inp: PlanInput, starts: FloatArray) -> BoolArray:
    """False while the car is connected though a trip should have begun: it may leave at any moment."""
    free = np.ones(len(starts), dtype=bool)
    for absence in inp.wishes.absences:
        if inp.ev_state.connected and absence.from_s <= inp.now_s < absence.to_s:
            free &= starts >= absence.to_s
    return free


def fastest_course(
    start: float, top: float, most_kwh: FloatArray, trip_kwh: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Stored energy when charging with all that is allowed; trips served as far as it lasts, and what is lacking."""
    reach = np.empty(len(most_kwh) + 1)
    reach[0] = stored = start
    served = trip_kwh.copy()
    for t in range(len(most_kwh)):
        stored = min(top, stored + most_kwh[t])
        served[t] = min(trip_kwh[t], stored)
        stored -= served[t]
        reach[t + 1] = stored
    return reach, served, trip_kwh - served


def _reserve(inp: PlanInput, asked: dict[GridEventKind, StepAsk], present: BoolArray, capacity: float) -> FloatArray:
    """Charge to keep at each node (N + 1), kWh: the homeowner's or the grid's, the larger."""
    reserve = np.full(len(present), min(inp.wishes.reserve_soc, inp.ev_state.ev.soc_max))
    if GridEventKind.RESERVE in asked:
        reserve = np.fmax(reserve, np.minimum(asked[GridEventKind.RESERVE].value, inp.ev_state.ev.soc_max))
    reserve = np.where(present, reserve, 0.0) * capacity
    return np.concatenate([reserve[:1], reserve])


def _targets(inp: PlanInput, edges: FloatArray) -> tuple[tuple[int, Departure], ...]:
    """Departures within the horizon and the last node that is not after each."""
    targets = []
    for departure in sorted(inp.wishes.departures, key=lambda d: d.at_s):
        if inp.now_s < departure.at_s <= edges[-1]:
            node = int(np.searchsorted(edges, departure.at_s + 1e-6, side="right")) - 1
            targets.append((max(1, node), departure))
    return tuple(targets)


def _floors_wanted(prepared: Prepared) -> FloatArray:
    wanted = prepared.reserve_kwh.copy()
    for node, departure in prepared.targets:
        wanted[node] = max(wanted[node], departure.target_soc * prepared.capacity_kwh)
    return wanted


def _prices(inp: PlanInput, asked: dict[GridEventKind, StepAsk]) -> tuple[FloatArray, FloatArray, tuple[str, ...]]:
    """Prices by step with the grid's price events in place, and the event that set them ("" where none)."""
    price_in, price_out = inp.import_eur_per_kwh, inp.export_eur_per_kwh
    owner = [""] * len(price_in)
    imported, exported = asked.get(GridEventKind.IMPORT_PRICE), asked.get(GridEventKind.EXPORT_PRICE)
    for ask in (imported, exported):
        if ask is not None:
            owner = [new or old for new, old in zip(ask.event_ids, owner, strict=True)]
    if imported is not None:
        price_in = np.where(np.isfinite(imported.value), imported.value, price_in)
    if exported is not None:
        price_out = np.where(np.isfinite(exported.value), exported.value, price_out)
    return price_in, price_out, tuple(owner)


def _kept_decisions(inp: PlanInput, starts: FloatArray) -> tuple[FloatArray, FloatArray]:
    """1 where the running plan charges, and 1 where it discharges."""
    charge, discharge = np.zeros(len(starts)), np.zeros(len(starts))
    previous = inp.previous
    if previous is not None and previous.steps:
        began = np.array([step.start_s for step in previous.steps])
        power = np.array([step.ev_w for step in previous.steps])
        index = np.searchsorted(began, starts + 1e-3, side="right") - 1
        inside = (index >= 0) & (starts < previous.steps[-1].end_s)
        was = np.where(inside, power[np.maximum(index, 0)], 0.0)
        charge, discharge = (was > 50.0).astype(float), (was < -50.0).astype(float)
    return charge, discharge


def _end_value(
    price_in: FloatArray,
    price_out: FloatArray,
    house_kw: FloatArray,
    dt_h: FloatArray,
    present: BoolArray,
    capacity: float,
    trip_kwh: float,
    inp: PlanInput,
) -> float:
    """Worth of a kWh stored at the horizon's end: what refilling the next quarter of the battery would cost.

    Refilling takes the cheapest offers of the horizon's last day: solar surplus at the pay for export, the rest from
    the grid. At least 0: charge is never a burden.
    """
    need = max(0.25 * capacity, trip_kwh)
    last_day = np.cumsum(dt_h[::-1])[::-1] <= 24.0 + 1e-9
    surplus = np.maximum(-house_kw, 0.0) * dt_h * present * last_day
    charge_kw = min(inp.charger.charge_max_w, inp.ev_state.ev.charge_max_w) / 1e3
    grid = charge_kw * dt_h * last_day
    price = np.concatenate([price_out, price_in])
    amount = np.concatenate([surplus, grid])
    order = np.argsort(price, kind="stable")
    filled = np.cumsum(amount[order])
    k = min(int(np.searchsorted(filled, need)), len(order) - 1)
    return max(0.0, float(price[order[k]])) / inp.charger.charge_efficiency


def _asked_power(asked: dict[GridEventKind, StepAsk], house_kw: FloatArray) -> StepAsk | None:
    """Set-points as power of the car, kW; the connection's are less what the house is expected to take."""
    ev = asked.get(GridEventKind.EV_SETPOINT)
    site = asked.get(GridEventKind.SITE_SETPOINT)
    if ev is None and site is None:
        return None
    value = np.full(len(house_kw), np.nan)
    ids = [""] * len(house_kw)
    if site is not None:
        value = site.value / 1e3 - house_kw
        ids = list(site.event_ids)
    if ev is not None:
        value = np.where(np.isfinite(ev.value), ev.value / 1e3, value)
        ids = [new or old for new, old in zip(ev.event_ids, ids, strict=True)]
    return StepAsk(value, tuple(ids))


def _with_asks(numbers: Numbers, power: StepAsk | None, soc: StepAsk | None, capacity: float) -> Numbers:
    """The numbers with soft set-points added."""
    count = len(numbers.dt_h)
    low = high = None
    if power is not None:
        reachable = np.clip(power.value, -numbers.discharge_max, numbers.charge_max)
        low = np.where(np.isfinite(reachable), reachable, -np.inf)
        high = np.where(np.isfinite(reachable), reachable, np.inf)
    soc_low, soc_high = np.zeros(count + 1), np.full(count + 1, 1e6)
    if soc is not None:
        for node in asked_soc_nodes(soc):
            soc_low[node] = soc_high[node] = min(max(float(soc.value[node - 1]), 0.0), 1.0) * capacity
    return replace(numbers, asked_low=low, asked_high=high, soc_low=soc_low, soc_high=soc_high)


def asked_soc_nodes(soc: StepAsk) -> list[int]:
    """Nodes at which an asked charge is due: where its interval ends."""
    ids = (*soc.event_ids, "")
    values = np.append(soc.value, np.nan)
    return [t + 1 for t in range(len(soc.value)) if ids[t] and (ids[t + 1] != ids[t] or values[t + 1] != values[t])]
