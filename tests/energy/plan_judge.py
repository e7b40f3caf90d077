"""A second opinion on plans: what a plan does, worked out anew from its powers, without the planner's own rooms.

``broken(inp, plan)`` gives a sentence for everything that a plan does and must not. It knows the home's physics and
the meaning of what was asked, nothing of how the plan was made.
"""

import math

import numpy as np

from energy.grid_events import KINDS, GridEventKind
from energy.links import LinkPhase, is_limited
from energy.plan import PromiseKind

W = 3.0
"""Powers are told to a tenth of a watt; so many may add up."""


class Ledger:
    """Sentences about what is broken; the first step of each kind is enough."""

    def __init__(self):
        self.found = []

    def check(self, words, excess, limit=W):
        """``excess`` by step must not be above ``limit``."""
        excess = np.nan_to_num(np.atleast_1d(np.asarray(excess, dtype=float)), nan=np.inf)
        if len(excess) and excess.max() > limit:
            t = int(np.argmax(excess > limit))
            self.found.append(f"{words} at step {t}: {excess[t]:.4g} over")


def broken(inp, plan):
    """Sentences, none for a plan that is right."""
    ledger = Ledger()
    count = len(inp.edges_s) - 1
    if [p.charger_id for p in plan.plugs] != [p.charger.charger_id for p in inp.plugs]:
        return ["the plan's plugs are not the home's"]
    if any(len(p.steps) != count for p in plan.plugs):
        return ["a plug has not one step for each of the plan's"]
    powers = np.array([[step.ev_w for step in plug.steps] for plug in plan.plugs])
    if not np.all(np.isfinite(powers)):
        return ["a power is no number"]
    for plug, row, planned in zip(inp.plugs, powers, plan.plugs, strict=True):
        _car(ledger, inp, plug, row, [step.soc for step in planned.steps])
    others = _batteries(ledger, inp, plan) + _tanks(ledger, inp, plan) + _loads(ledger, inp, plan)
    curtailed = np.array(plan.curtailed_w) if plan.curtailed_w else np.zeros(count)
    able = sum((a.solar.mean_w for a in inp.arrays if a.array.curtailable), np.zeros(count))
    ledger.check("more is curtailed than can be", curtailed - able)
    ledger.check("less than nothing is curtailed", -curtailed)
    _connection(ledger, inp, plan, powers, others, curtailed)
    _promises(ledger, inp, plan)
    return ledger.found


def money_eur(inp, plan, worths):
    """The bill and the wear of a plan, less the worth of what is stored at its end.

    ``worths`` (currency/kWh) are of the cars, then the batteries; for homes without tanks and loads.
    """
    hours = np.diff(inp.edges_s) / 3600.0
    first = plan.plugs[0].steps
    grid = np.array([step.grid_w for step in first]) / 1e3
    price = np.array([step.import_eur_per_kwh for step in first])
    pay = np.array([step.export_eur_per_kwh for step in first])
    imported = np.maximum(grid, 0.0)
    total = float(hours @ (price * imported - pay * np.maximum(-grid, 0.0)))
    for band in inp.terms.bands:
        total += band.eur_per_kwh * float(hours @ np.maximum(imported - band.above_w / 1e3, 0.0))
    for peak in inp.terms.peaks:
        counts = inp.edges_s[:-1] < peak.until_s
        highest = float(imported[counts].max(initial=0.0))
        total += peak.eur_per_kw * max(0.0, highest - peak.so_far_w / 1e3)
    cars, batteries = zip(inp.plugs, plan.plugs, strict=True), zip(inp.batteries, plan.batteries, strict=True)
    moved = [(plug.ev_state.ev, [step.ev_w for step in own.steps], own.steps[-1].soc) for plug, own in cars]
    moved += [(state.battery, own.power_w, own.share[-1]) for state, own in batteries]
    for (device, power_w, share), worth in zip(moved, worths, strict=True):
        total += device.wear_eur_per_kwh * float(hours @ np.maximum(-np.array(power_w), 0.0)) / 1e3
        total -= worth * (share or 0.0) * device.capacity_wh / 1e3
    return total


def limit_by_step(inp, kind):
    """The tightest value that events and silent links ask of each step, W; ``inf`` where none."""
    count = len(inp.edges_s) - 1
    limit = np.full(count, np.inf)
    begins, ends = inp.edges_s[:-1], inp.edges_s[1:]
    for event in inp.events:
        if event.kind is not kind or (event.opted_out and KINDS[kind].may_opt_out):
            continue
        for interval in event.intervals:
            if math.isfinite(interval.value) and interval.end_s > interval.start_s:
                touched = (begins < interval.end_s) & (ends > interval.start_s)
                limit = np.where(touched, np.minimum(limit, max(interval.value, 0.0)), limit)
    names = {
        GridEventKind.IMPORT_LIMIT: "import_w",
        GridEventKind.EXPORT_LIMIT: "export_w",
        GridEventKind.CHARGE_LIMIT: "charge_w",
        GridEventKind.DISCHARGE_LIMIT: "discharge_w",
    }
    for rule, state in inp.links:
        value = getattr(rule, names[kind])
        if is_limited(state) and value is not None:
            fail_safe = state.phase is LinkPhase.FAIL_SAFE
            until = (
                state.fail_safe_since_s + rule.fail_safe_s if fail_safe else state.since_s + rule.heartbeat_timeout_s
            )
            held = begins < until
            held[0] = True
            limit = np.where(held, np.minimum(limit, value), limit)
    return limit


def present_by_step(inp, plug):
    """Is the car at home in the whole step, and what its trips take by step, Wh."""
    begins, ends = inp.edges_s[:-1], inp.edges_s[1:]
    there, used = np.ones(len(begins), dtype=bool), np.zeros(len(begins))
    back_known = False
    for absence in plug.wishes.absences:
        if absence.to_s <= begins[0] or absence.from_s >= ends[-1] or absence.to_s <= absence.from_s:
            continue
        running = absence.from_s <= inp.now_s
        if running and plug.ev_state.connected:
            continue
        back_known |= running
        start = max(absence.from_s, begins[0])
        there &= ~((ends > start) & (begins < absence.to_s))
        inside = np.clip(np.minimum(ends, absence.to_s) - np.maximum(begins, start), 0.0, None)
        used += absence.used_wh * inside / (absence.to_s - start)
    if not plug.ev_state.connected and not back_known:
        there[:] = False
    return there, used


def stored_by_power(power_w, one_way):
    """Wh stored (or drained) per Wh at the grid side, by step."""
    charge_eff, discharge_eff, charge_curve, discharge_curve = one_way
    inward = np.interp(power_w, *np.array(charge_curve).T) if charge_curve else charge_eff
    outward = np.interp(-power_w, *np.array(discharge_curve).T) if discharge_curve else discharge_eff
    return np.where(power_w > 0, power_w * inward, power_w / outward)


def _car(ledger, inp, plug, power, soc):
    charger, ev, state, wishes = plug.charger, plug.ev_state.ev, plug.ev_state, plug.wishes
    name = charger.charger_id
    hours = np.diff(inp.edges_s) / 3600.0
    ledger.check(f"{name} charges above its most", power - min(charger.charge_max_w, ev.charge_max_w))
    ledger.check(f"{name} discharges above its most", -power - min(charger.discharge_max_w, ev.discharge_max_w))
    there, used = present_by_step(inp, plug)
    ledger.check(f"{name} moves power while its car is away", np.where(there, 0.0, np.abs(power)))
    may_charge = state.can_charge or not state.connected
    may_discharge = wishes.v2g_allowed and (state.can_discharge or not state.connected) and state.soc is not None
    if wishes.paused or not may_charge:
        ledger.check(f"{name} charges though it may not", power)
    if wishes.paused or not may_discharge:
        ledger.check(f"{name} discharges though it may not", -power)
    least = max(charger.charge_min_w, ev.charge_min_w)
    known = [value for value in soc if value is not None]
    if (state.soc is None) != (not known) and ev.capacity_wh > 0:
        ledger.found.append(f"{name}'s charge is told though it is not known, or the other way round")
    if state.soc is None or not known or ev.capacity_wh < 1000:
        return
    soc = np.array(known)
    before = np.concatenate([[min(max(state.soc, 0.0), 1.0)], soc[:-1]])
    full = soc >= min(0.99 * ev.soc_max, max(ev.taper_from_soc, 0.5))
    ledger.check(f"{name} charges with less than its least power", np.where((power > W) & ~full, least - power, 0.0))
    one_way = (
        charger.charge_efficiency,
        charger.discharge_efficiency,
        charger.charge_curve,
        charger.discharge_curve,
    )
    moved = stored_by_power(power, one_way) * hours
    expected = np.maximum(before * ev.capacity_wh + moved - used, 0.0)
    grain = 5.0 + 2e-5 * ev.capacity_wh
    if state.connected:
        ledger.check(f"{name}'s charge does not follow from its power", np.abs(soc * ev.capacity_wh - expected), grain)
    top = max(ev.soc_max, before[0])
    ledger.check(f"{name}'s car is fuller than it may be", soc - top, 2e-3)
    drained = power < -W
    ledger.check(f"{name}'s car is drained below its least", np.where(drained, min(ev.soc_min, 1.0) - soc, 0.0), 2e-3)
    # A charge that begins a little below the reserve is held there, not raised.
    reserve = min(wishes.reserve_soc, ev.soc_max) - 0.02
    ledger.check(f"{name}'s reserve is sold", np.where(drained, reserve - soc, 0.0), 2e-3)


def _batteries(ledger, inp, plan):
    """Battery powers, (B, N)."""
    count = len(inp.edges_s) - 1
    rows = np.zeros((0, count))
    hours = np.diff(inp.edges_s) / 3600.0
    if [s.battery.battery_id for s in inp.batteries] != [b.store_id for b in plan.batteries]:
        ledger.found.append("the plan's batteries are not the home's")
        return _Rows(rows, [])
    for state, planned in zip(inp.batteries, plan.batteries, strict=True):
        battery, power = state.battery, np.array(planned.power_w)
        name = battery.battery_id
        ledger.check(f"{name} charges above its most", power - battery.charge_max_w)
        ledger.check(f"{name} discharges above its most", -power - battery.discharge_max_w)
        rows = np.vstack([rows, power])
        if state.soc is None:
            ledger.check(f"{name} runs though its charge is not known", np.abs(power))
            continue
        soc = np.array(planned.share)
        before = np.concatenate([[state.soc], soc[:-1]])
        moved = stored_by_power(power, (battery.charge_efficiency, battery.discharge_efficiency, (), ())) * hours
        off = np.abs((soc - before) * battery.capacity_wh - moved)
        ledger.check(f"{name}'s charge does not follow from its power", off, 5.0 + 2e-5 * battery.capacity_wh)
        ledger.check(f"{name} is fuller than it may be", soc - max(battery.soc_max, state.soc), 2e-3)
        floor = np.minimum(max(battery.soc_min, min(battery.reserve_soc, battery.soc_max)), state.soc)
        ledger.check(f"{name}'s reserve is sold", np.where(power < -W, floor - soc, 0.0), 2e-3)
    return _Rows(rows, [state.battery.on_phases for state in inp.batteries])


def _tanks(ledger, inp, plan):
    count = len(inp.edges_s) - 1
    rows = np.zeros((0, count))
    if [s.tank.tank_id for s in inp.tanks] != [t.store_id for t in plan.tanks]:
        ledger.found.append("the plan's tanks are not the home's")
        return _Rows(rows, [])
    for state, planned in zip(inp.tanks, plan.tanks, strict=True):
        power, level = np.array(planned.power_w), np.array(planned.share)
        name = state.tank.tank_id
        ledger.check(f"{name} heats above its most", power - state.tank.power_max_w)
        ledger.check(f"{name} gives power back", -power)
        ledger.check(
            f"{name}'s level is beyond its size", np.maximum(level - max(1.0, state.stored_share), -level), 1e-3
        )
        on = power > W
        full = level >= 0.99
        ledger.check(
            f"{name} heats with less than its least", np.where(on & ~full, state.tank.power_min_w - power, 0.0)
        )
        rows = np.vstack([rows, power])
    return _Rows(rows, [state.tank.on_phases for state in inp.tanks])


def _loads(ledger, inp, plan):
    count = len(inp.edges_s) - 1
    rows = np.zeros((0, count))
    begins, ends = inp.edges_s[:-1], inp.edges_s[1:]
    hours = (ends - begins) / 3600.0
    if [one.load_id for one in inp.loads] != [one.load_id for one in plan.loads]:
        ledger.found.append("the plan's loads are not the home's")
        return _Rows(rows, [])
    for load, planned in zip(inp.loads, plan.loads, strict=True):
        power = np.array(planned.power_w)
        name = load.load_id
        rows = np.vstack([rows, power])
        ledger.check(f"{name} gives power", -power)
        ledger.check(f"{name} takes more than it can", power - max(load.power_w))
        late = (begins >= load.latest_s) | (ends <= load.earliest_s)
        ledger.check(f"{name} runs outside its time", np.where(late, power, 0.0))
        needed_wh = sum(load.power_w) * load.slot_s / 3600.0
        if load.run_h is not None:
            needed_wh = max(0.0, load.run_h - load.done_h) * load.power_w[0]
        took_wh = float(power @ hours)
        short = [p for p in plan.promises if p.kind is PromiseKind.LOAD and p.of == name and not p.kept]
        in_horizon = load.latest_s <= ends[-1] and load.earliest_s < load.latest_s
        if took_wh > needed_wh + 20.0:
            ledger.found.append(f"{name} runs for {took_wh:.0f} Wh where {needed_wh:.0f} do its work")
        if in_horizon and needed_wh - took_wh > 50.0 and not short:
            ledger.found.append(f"{name} lacks {needed_wh - took_wh:.0f} Wh and no promise says so")
    return _Rows(rows, [load.on_phases for load in inp.loads])


class _Rows:
    """Powers (things, N) and the phases that each hangs on."""

    def __init__(self, power, on_phases):
        self.power, self.on_phases = power, list(on_phases)

    def __add__(self, other):
        return _Rows(np.vstack([self.power, other.power]), self.on_phases + other.on_phases)


def _connection(ledger, inp, plan, powers, others, curtailed):
    """The balance, and every limit that cars and stores share, beyond the house's own excess."""
    connection = inp.connection
    house = inp.load.mean_w - inp.solar.mean_w
    own = powers.sum(axis=0) + others.power.sum(axis=0)
    told = np.array([step.grid_w for step in plan.steps])
    stages = [plug.charger.standby_w for plug in inp.plugs] + [state.battery.standby_w for state in inp.batteries]
    on = np.abs(np.vstack([powers, others.power[: len(inp.batteries)]])) > 1.0
    standby = np.array(stages) @ on
    grid = house + own + curtailed + standby
    ledger.check("grid_w is not what the powers sum up to", np.abs(told - grid))
    import_limit = np.minimum(limit_by_step(inp, GridEventKind.IMPORT_LIMIT), connection.import_max_w)
    export_limit = np.minimum(limit_by_step(inp, GridEventKind.EXPORT_LIMIT), connection.export_max_w)
    ledger.check("import above its limit", grid - np.maximum(import_limit, house + standby))
    ledger.check("export above its limit", -grid - np.maximum(export_limit, -house))
    phase_w = connection.fuse_a * connection.voltage_v
    hung = [plug.charger.on_phases or _whole(plug.charger.phases, connection.phases) for plug in inp.plugs]
    hung += [on or tuple(range(connection.phases)) for on in others.on_phases]
    # A phase that the house does not have tells nothing.
    whole = tuple(range(connection.phases))
    hung = [tuple(phase for phase in on if phase in whole) or (on and whole) for on in hung]
    rows = np.vstack([powers, others.power])
    for phase in range(connection.phases):
        shares = np.array([(phase in on) / len(on) if on else 0.0 for on in hung])
        on_phase = house / connection.phases + shares @ rows + curtailed / connection.phases
        ledger.check(f"phase {phase} above its fuse", on_phase - np.maximum(phase_w, house / connection.phases))
    charge_limit = limit_by_step(inp, GridEventKind.CHARGE_LIMIT)
    discharge_limit = limit_by_step(inp, GridEventKind.DISCHARGE_LIMIT)
    ledger.check("the cars charge above what is allowed", np.maximum(powers, 0.0).sum(axis=0) - charge_limit)
    ledger.check("the cars discharge above what is allowed", np.maximum(-powers, 0.0).sum(axis=0) - discharge_limit)
    _own_use(ledger, inp, powers, others, grid)


def _whole(phases, house_phases):
    """The phases of a thing that hangs on all of them; none told for one that hangs on some, nobody knows which."""
    return tuple(range(house_phases)) if phases >= house_phases else ()


def _own_use(ledger, inp, powers, others, grid):
    """Energy that may only feed the house does not reach the grid."""
    batteries = others.power[: len(inp.batteries)]
    held = [not plug.wishes.export_allowed for plug in inp.plugs] + [not s.battery.may_export for s in inp.batteries]
    rows = np.vstack([powers, batteries])
    kept = np.array(held)
    from_kept = np.maximum(-rows[kept], 0.0).sum(axis=0)
    from_free = np.maximum(-rows[~kept], 0.0).sum(axis=0)
    exported = np.maximum(-grid, 0.0)
    surplus = np.maximum(inp.solar.mean_w - inp.load.mean_w, 0.0)
    ledger.check(
        "what may feed only the house is exported",
        np.where(from_kept > W, np.minimum(exported - from_free - surplus, from_kept), 0.0),
    )


def _promises(ledger, inp, plan):
    """What a promise says is what the course does."""
    for promise in plan.promises:
        if not (np.isfinite(promise.short_by) and promise.short_by >= 0 and promise.kept == (promise.short_by == 0)):
            ledger.found.append(f"the promise {promise.kind} contradicts itself: short by {promise.short_by}")
    for plug, planned in zip(inp.plugs, plan.plugs, strict=True):
        capacity = plug.ev_state.ev.capacity_wh
        if plug.ev_state.soc is None or capacity < 1000:
            continue
        for departure in plug.wishes.departures:
            if not inp.now_s < departure.at_s <= inp.edges_s[-1]:
                continue
            said = [
                p
                for p in plan.promises
                if p.kind is PromiseKind.DEPARTURE
                and p.deadline_s == departure.at_s
                and p.wanted == departure.target_soc
                and p.of in ("", planned.charger_id)
            ]
            if not said:
                ledger.found.append(f"nothing is said about the departure of {planned.charger_id}")
                continue
            node = max(1, int(np.searchsorted(inp.edges_s, departure.at_s + 1e-6, side="right")) - 1)
            short = departure.target_soc - planned.steps[node - 1].soc
            if all(abs(p.short_by - max(short, 0.0)) > 5e-3 for p in said):
                words = f"is said to be short by {said[0].short_by:.4f}: it is {short:.4f}"
                ledger.found.append(f"a departure of {planned.charger_id} {words}")
