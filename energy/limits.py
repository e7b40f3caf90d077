"""Every source's limits meet here, and the tighter holds.

Sources: the fuse, the connection, grid events from any number of links, links that fell silent, the charger and the
car. Each bound carries the reason that names its source, so that a set-point can say what cut it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from energy.asks import Held, asks_at
from energy.grid_events import GridEvent, GridEventKind
from energy.links import LinkRule, LinkState, is_limited
from energy.model import Charger, Connection, EvState, Reason, ReasonCode, Wishes


@dataclass(frozen=True, slots=True)
class Bound:
    """A number that may not be exceeded, and why."""

    value: float
    reason: Reason

    def tighter(self, other: "Bound") -> "Bound":
        """The smaller of two; the first among equals."""
        return other if other.value < self.value else self


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Everything that holds at one moment. Powers in W ≥ 0."""

    import_w: Bound
    """At the connection, all phases together."""
    export_w: Bound
    phase_w: Bound
    """At the connection, each phase, both directions."""
    charge_w: Bound
    """At the charger."""
    discharge_w: Bound
    charge_min_w: float
    """Below this the charger pauses."""
    soc_max: float
    soc_min: float
    """The car's own lower bound."""
    reserve_soc: Bound
    """Never discharged below; the larger of the homeowner's and the grid's."""
    connection: Connection
    charger: Charger
    asks: dict[GridEventKind, Held] = field(default_factory=dict)
    """Set-points, emergency, frequency, prices that hold now."""
    silent: tuple[str, ...] = ()
    """Links whose fail-safe limits hold."""


def gather(
    *,
    connection: Connection,
    charger: Charger,
    ev_state: EvState,
    wishes: Wishes,
    events: Iterable[GridEvent] = (),
    links: Sequence[tuple[LinkRule, LinkState]] = (),
    now_s: float,
) -> Limits:
    """All limits that hold at ``now_s``."""
    asks = asks_at(events, now_s)
    silent = tuple(rule for rule, state in links if is_limited(state))
    fuse = _bound(connection.import_max_w, ReasonCode.LIMIT_FUSE)
    ev = ev_state.ev
    charge = _bound(max(0.0, charger.charge_max_w), ReasonCode.LIMIT_CHARGER).tighter(
        _bound(max(0.0, ev.charge_max_w), ReasonCode.LIMIT_CAR)
    )
    discharge = _bound(max(0.0, charger.discharge_max_w), ReasonCode.LIMIT_CHARGER).tighter(
        _bound(max(0.0, ev.discharge_max_w), ReasonCode.LIMIT_CAR)
    )
    if not ev_state.can_charge:
        charge = _bound(0.0, ReasonCode.LIMIT_CAR)
    if not ev_state.can_discharge:
        discharge = _bound(0.0, ReasonCode.LIMIT_CAR)
    elif not wishes.v2g_allowed:
        discharge = _bound(0.0, ReasonCode.V2G_OFF)
    reserve = _reserve(min(max(wishes.reserve_soc, ev.soc_min, 0.0), 1.0))
    asked_reserve = asks.get(GridEventKind.RESERVE)
    if asked_reserve is not None and asked_reserve.value > reserve.value:
        reserve = _reserve(min(asked_reserve.value, 1.0), event_id=asked_reserve.event_id)
    return Limits(
        import_w=_tightest(
            fuse,
            asks,
            GridEventKind.IMPORT_LIMIT,
            ReasonCode.LIMIT_IMPORT,
            [(rule.source, rule.import_w) for rule in silent],
        ),
        export_w=_tightest(
            _bound(connection.export_max_w, ReasonCode.LIMIT_EXPORT),
            asks,
            GridEventKind.EXPORT_LIMIT,
            ReasonCode.LIMIT_EXPORT,
            [(rule.source, rule.export_w) for rule in silent],
        ),
        phase_w=_bound(connection.fuse_a * connection.voltage_v, ReasonCode.LIMIT_FUSE),
        charge_w=_tightest(
            charge,
            asks,
            GridEventKind.CHARGE_LIMIT,
            ReasonCode.LIMIT_IMPORT,
            [(rule.source, rule.charge_w) for rule in silent],
        ),
        discharge_w=_tightest(
            discharge,
            asks,
            GridEventKind.DISCHARGE_LIMIT,
            ReasonCode.LIMIT_EXPORT,
            [(rule.source, rule.discharge_w) for rule in silent],
        ),
        charge_min_w=max(charger.charge_min_w, ev.charge_min_w),
        soc_max=ev.soc_max,
        soc_min=ev.soc_min,
        reserve_soc=reserve,
        connection=connection,
        charger=charger,
        asks=asks,
        silent=tuple(rule.source for rule in silent),
    )


def _bound(value: float, code: ReasonCode, **params: float | str) -> Bound:
    return Bound(value, Reason(code=code, params={"limit_w": value, **params}))


def _reserve(soc: float, **params: str) -> Bound:
    return Bound(soc, Reason(code=ReasonCode.LIMIT_RESERVE, params={"reserve_soc": soc, **params}))


def _asked(held: Held, code: ReasonCode) -> Bound:
    value = max(held.value, 0.0)
    params: dict[str, float | str] = {"event_id": held.event_id, "source": held.source, "until_s": held.until_s}
    return Bound(value, Reason(code=code, params={"limit_w": value, **params}))


def _tightest(
    own: Bound,
    asks: dict[GridEventKind, Held],
    kind: GridEventKind,
    code: ReasonCode,
    fail_safe: Sequence[tuple[str, float | None]],
) -> Bound:
    """The smallest of the home's own bound, the one asked, and those of silent links."""
    bound = own
    held = asks.get(kind)
    if held is not None:
        bound = bound.tighter(_asked(held, code))
    for source, limit_w in fail_safe:
        if limit_w is not None:
            bound = bound.tighter(_bound(max(0.0, limit_w), ReasonCode.LINK_SILENT, source=source))
    return bound
