"""The home as one of its devices meets it: the house, and what the other devices do beside it.

Devices have ranks. Who ranks higher says first what it claims; who ranks lower keeps to what that leaves. A limit is
kept against the worst that the others may be doing at this moment: what they were measured to take, what they were
told last, what they claim.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from energy.dispatch import meter, phases
from energy.dispatch.meter import MeterState
from energy.dispatch.phases import PhaseState
from energy.dispatch.types import DispatchConfig, House
from energy.model import EvState, Readings


@dataclass(slots=True, kw_only=True)
class Device:
    """Something of ours that takes or gives power."""

    name: str
    power_w: float
    """As it says itself, > 0 charges."""
    at_s: float
    """When it was measured."""
    phases: int
    on_phases: tuple[int, ...] = ()


@dataclass(slots=True)
class Move:
    """What another device is about to do, W signed."""

    name: str
    told_w: float
    """By its command, this moment's or the last."""
    claim_w: float | None = None
    """What it would take if it had all the room; None: it ranks lower and claims nothing."""
    decided: bool = False
    """Is ``told_w`` of this moment? Else it may stop at once: what it gives now is no room for others."""


@dataclass(slots=True, kw_only=True)
class Seen:
    """What the instruments told, taken apart into the house and our devices."""

    at_s: float
    house_w: float
    """Load less solar."""
    own_w: Mapping[str, float]
    """By device, when the meter measured."""
    phase_w: tuple[float, ...] = ()
    """At the connection, by phase; empty: not measured so."""
    share: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """By device, which part of it each phase carries; one that is missing has not shown it yet."""


def see(
    metered: MeterState,
    phased: PhaseState,
    readings: Readings,
    devices: Sequence[Device],
    now_s: float,
    config: DispatchConfig,
) -> tuple[Seen, MeterState, PhaseState]:
    """Take a fresh reading of the grid apart; every device's figure is finite and known."""
    own = [(device.name, device.power_w, device.at_s) for device in devices]
    metered = meter.observed(metered, readings, own, now_s, config.meter_lag_s)
    share: dict[str, tuple[float, ...]] = {}
    phase_w = phases_of(readings)
    if phase_w:
        phased = phases.watched(phased, phase_w, readings.at_s, metered.own_w)
        for device in devices:
            used = max(1, min(device.phases, len(phase_w)))
            carried = phases.shares(phased, device.name, len(phase_w), used, device.on_phases)
            if carried is not None:
                share[device.name] = carried
    seen = Seen(at_s=readings.at_s, house_w=metered.house_w or 0.0, own_w=metered.own_w, phase_w=phase_w, share=share)
    return seen, metered, phased


def house_for(seen: Seen, name: str, others: Sequence[Move] = (), spare_w: float = 0.0) -> House:
    """The home as the device ``name`` meets it.

    ``spare_w``: what a house battery could still give before this device must help the house, W ≥ 0.
    """
    house_w = seen.house_w
    own_w, share = seen.own_w.get(name, 0.0), seen.share.get(name, ())
    most = least = sure_most = sure_least = feed = take = every = kept = house_w
    for move in others:
        was_w, told_w, claim_w = seen.own_w.get(move.name, 0.0), move.told_w, move.claim_w
        low, high = (was_w, told_w) if was_w < told_w else (told_w, was_w)
        sure_most += high
        sure_least += low
        if claim_w is not None:
            low, high = min(low, claim_w), max(high, claim_w)
            every += claim_w
            if claim_w < 0.0:
                feed += claim_w
            else:
                take += claim_w
        most += high if move.decided else max(high, 0.0)
        least += low if move.decided else min(low, 0.0)
        if low < 0.0:
            kept += low
    phase_most, phase_least = _by_phase(seen, name, own_w, share, others)
    return House(
        at_s=seen.at_s,
        follow_w=feed if feed > 0.0 else min(take, 0.0),
        most_w=most,
        least_w=least,
        sure_most_w=sure_most - spare_w,
        sure_least_w=sure_least,
        kept_w=kept,
        every_w=every,
        phase_most_w=phase_most,
        phase_least_w=phase_least,
        share=share,
        own_w=own_w,
        first=all(move.claim_w is None for move in others),
    )


def _by_phase(
    seen: Seen, name: str, own_w: float, share: tuple[float, ...], others: Sequence[Move]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Most and least on each phase without the device's own share of it."""
    if not seen.phase_w:
        return (), ()
    bare = tuple(w - s * own_w for w, s in zip(seen.phase_w, share, strict=True)) if share else seen.phase_w
    if not others:
        return bare, bare
    most, least = list(bare), list(bare)
    for move in others:
        was_w = seen.own_w.get(move.name, 0.0)
        claim_w = move.told_w if move.claim_w is None else move.claim_w
        stops_w = claim_w if move.decided else 0.0
        more = max(move.told_w, claim_w, was_w, stops_w) - was_w
        less = min(move.told_w, claim_w, was_w, stops_w) - was_w
        # Where it is not known which phases carry it, all of it may come on any.
        carried = seen.share.get(move.name, (1.0,) * len(bare))
        for i, part in enumerate(carried):
            most[i] += part * more
            least[i] += part * less
    return tuple(most), tuple(least)


def phases_of(readings: Readings) -> tuple[float, ...]:
    """Grid power by phase; empty where one of them is not known."""
    measured = tuple(w for w in readings.phase_w if w is not None and math.isfinite(w))
    return measured if len(measured) == len(readings.phase_w) else ()


def is_fresh(readings: Readings, now_s: float, config: DispatchConfig) -> bool:
    """Is the grid known now?"""
    if readings.grid_w is None or not math.isfinite(readings.grid_w):
        return False
    # A reading from the future is a clock that was set: as untrustworthy as an old one.
    return -config.stale_s <= now_s - readings.at_s <= config.stale_s


def is_known(ev_state: EvState, now_s: float, config: DispatchConfig) -> bool:
    """Is it known what the charger takes?"""
    if not math.isfinite(ev_state.power_w):
        return False
    return not ev_state.connected or abs(now_s - ev_state.at_s) <= config.car_stale_s
