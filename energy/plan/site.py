"""What all of a home's things share: the connection, the phases, the roof, and how the day may go.

Everything here is a matter of the whole home. What one car or battery may do by itself is in ``bounds`` and ``assets``.
"""

from dataclasses import dataclass

import numpy as np

from energy.asks import FloatArray
from energy.grid_events import GridEventKind
from energy.links import LinkPhase, is_limited
from energy.plan.risk import Outlook, outlook
from energy.plan.types import PlanInput, StepAsks


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """By step (N,) unless told; kW. Scenario 0 is what is expected: the forecasts' means."""

    dt_h: FloatArray
    house_kw: FloatArray
    """(S, N) load less solar, signed."""
    curtailable_kw: FloatArray
    """(S, N) solar that could be left on the roof."""
    weights: FloatArray
    """(S,) how much each scenario counts; they sum to 1."""
    outlook: Outlook
    import_limit: FloatArray
    """At the connection."""
    export_limit: FloatArray
    charge_cap: FloatArray
    """Of all cars together, and of all that is controllable beyond what the sun gives; ``inf`` where none."""
    discharge_cap: FloatArray
    """Of all cars together."""
    fuse_room: FloatArray
    """What a high load and little sun leave under the fuse, all phases together, signed."""
    phase_room: FloatArray
    """The same on one phase."""
    phase_feed: FloatArray
    """What one phase carries outwards, with the expected load."""
    phases: int
    standby_kw: float
    """What power stages use while they are on, all together."""
    level: FloatArray
    """Of an emergency; 0 where there is none."""

    @property
    def steps(self) -> int:
        """N."""
        return len(self.dt_h)

    @property
    def scenarios(self) -> int:
        """S."""
        return len(self.weights)

    @property
    def net_max(self) -> FloatArray:
        """(S, N) most power that all stores together may take, ≥ 0.

        Under the fuse a high load and little sun are counted with; under a limit of the grid the expected ones, since
        dispatch keeps it to the watt and a hold on sunshine that is sure to come would only give it away.
        """
        room: FloatArray = np.maximum(
            np.minimum(self.fuse_room, self.import_limit - self.house_kw) - self.standby_kw, 0.0
        )
        return room

    @property
    def feed_max(self) -> FloatArray:
        """(S, N) most power that all stores together may give, ≥ 0."""
        room: FloatArray = np.maximum(self.export_limit + self.house_kw, 0.0)
        return room

    def alone_kw(self, share: tuple[float, ...]) -> FloatArray:
        """(S, N) charging power that the connection leaves to a thing that is alone; ``share`` is its phases'."""
        phase = np.maximum((self.phase_room - self.standby_kw / self.phases) / max(share), 0.0)
        room: FloatArray = np.minimum(self.net_max, phase)
        return room


def site_of(inp: PlanInput, asked: StepAsks) -> Site:
    """The home's common numbers."""
    count = len(inp.edges_s) - 1
    view = outlook(inp.risk, tuple(s.probability for s in inp.scenarios))
    loads, suns = [inp.load.mean_w], [inp.solar.mean_w]
    if len(view.weights) > 1:
        loads += [scenario.load_w for scenario in inp.scenarios]
        suns += [scenario.solar_w for scenario in inp.scenarios]
    load_kw, solar_kw = np.stack(loads) / 1e3, np.stack(suns) / 1e3
    imported, exported, charge, discharge = _limits(inp, asked)
    phases = max(1, inp.connection.phases)
    phase_kw = inp.connection.fuse_a * inp.connection.voltage_v / 1e3
    high_kw = (inp.load.p90_w - inp.solar.p10_w) / 1e3
    emergency = asked.get(GridEventKind.EMERGENCY)
    return Site(
        dt_h=np.diff(inp.edges_s) / 3600.0,
        house_kw=load_kw - solar_kw,
        curtailable_kw=_curtailable(inp, solar_kw),
        weights=np.asarray(view.weights),
        outlook=view,
        import_limit=imported,
        export_limit=exported,
        charge_cap=charge,
        discharge_cap=discharge,
        fuse_room=inp.connection.import_max_w / 1e3 - high_kw,
        phase_room=phase_kw - np.maximum(high_kw, 0.0) / phases,
        phase_feed=np.maximum(phase_kw + (load_kw[0] - solar_kw[0]) / phases, 0.0),
        phases=phases,
        standby_kw=sum(_stages(inp)) / 1e3,
        level=np.zeros(count) if emergency is None else np.nan_to_num(emergency.value),
    )


def _stages(inp: PlanInput) -> list[float]:
    return [plug.charger.standby_w for plug in inp.plugs] + [state.battery.standby_w for state in inp.batteries]


def phase_share(phases: int, on_phases: tuple[int, ...], house_phases: int) -> tuple[float, ...]:
    """How a thing's power is spread over the house's phases.

    One that hangs on fewer phases than the house has, nobody knows on which, is counted on each of them.
    """
    used = max(1, min(phases, house_phases))
    known = tuple(phase for phase in on_phases if 0 <= phase < house_phases)
    if known:
        return tuple(1.0 / len(known) if phase in known else 0.0 for phase in range(house_phases))
    return (1.0 / used,) * house_phases


def _curtailable(inp: PlanInput, solar_kw: FloatArray) -> FloatArray:
    """Power of the arrays that may be told to give less; in a scenario the same share of its sun."""
    parts = [part.solar.mean_w for part in inp.arrays if part.array.curtailable]
    if not parts:
        return np.zeros_like(solar_kw)
    able = np.minimum(np.sum(parts, axis=0), inp.solar.mean_w)
    share = np.divide(able, inp.solar.mean_w, out=np.zeros_like(able), where=inp.solar.mean_w > 0)
    curtailable: FloatArray = share * solar_kw
    return curtailable


def _limits(inp: PlanInput, asked: StepAsks) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Import, export, charge and discharge limits by step, kW, before the house's load is known."""
    starts = inp.edges_s[:-1]
    own = {
        GridEventKind.IMPORT_LIMIT: inp.connection.import_max_w,
        GridEventKind.EXPORT_LIMIT: inp.connection.export_max_w,
        GridEventKind.CHARGE_LIMIT: np.inf,
        GridEventKind.DISCHARGE_LIMIT: np.inf,
    }
    limits: dict[GridEventKind, FloatArray] = {}
    for kind, own_w in own.items():
        limit = np.full(len(starts), max(0.0, own_w))
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
