"""The home's plan as a schedule that a car can hold: a few steps of what may flow each way, and what energy costs.

A plan says what is expected; the dispatch then follows the real house within it. So each step of the schedule is the
room that the plan gives: where the car takes the roof's surplus it may take all that the charger can, where it feeds
the house it may give all. Signs: the wire's schedules are magnitudes, charging and discharging apart. Pure.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

from energy.plan.types import Plan, Step
from protocols import iso15118 as iso

MAX_STEPS = 12
"""What the smallest peers hold."""
ROUND_W = 100.0
"""A plan's watts are expectations: nobody needs the last ones, and equal neighbours join."""
IDLE_W = 50.0
JOULES_PER_WH = 3600.0


@dataclass(frozen=True, slots=True)
class Room:
    """What may flow in one span of home time, W ≥ 0 each way."""

    start_s: float
    end_s: float
    charge_w: float
    discharge_w: float

    @property
    def length_s(self) -> float:
        """Seconds."""
        return self.end_s - self.start_s

    def joined(self, other: "Room") -> "Room":
        """One span for both, with room for either."""
        charge_w, discharge_w = max(self.charge_w, other.charge_w), max(self.discharge_w, other.discharge_w)
        return Room(self.start_s, other.end_s, charge_w, discharge_w)

    def lost_to(self, joined: "Room") -> float:
        """How much more ``joined`` allows here, Wh."""
        more_w = joined.charge_w - self.charge_w + joined.discharge_w - self.discharge_w
        return more_w * self.length_s / JOULES_PER_WH


@dataclass(frozen=True, slots=True)
class Offer:
    """A plan, ready to be offered at any moment it covers. Prices are (until, import, export), currency a kWh."""

    rooms: tuple[Room, ...]
    prices: tuple[tuple[float, float, float], ...]
    currency: str

    @property
    def end_s(self) -> float:
        """Where it ends, home time."""
        return self.rooms[-1].end_s if self.rooms else float("-inf")

    def schedule(self, now_s: float, *, discharge: bool) -> iso.Schedule | None:
        """The schedule from now on; None where nothing is left of the plan.

        The wire counts whole seconds, and a car's profile is held against the offer to the second: so each edge is one.
        """
        now_s = _whole(now_s)
        left = [replace(room, start_s=max(room.start_s, now_s)) for room in self.rooms if room.end_s > now_s]
        if not left:
            return None
        rows = [row for row in self.prices if row[0] > now_s]
        edges = [now_s, *(until_s for until_s, _, _ in rows)]
        lengths = [end_s - start_s for start_s, end_s in pairwise(edges)]
        buying = iso.Prices(self.currency, tuple(zip(lengths, (row[1] for row in rows), strict=True)))
        selling = iso.Prices(self.currency, tuple(zip(lengths, (row[2] for row in rows), strict=True)))
        return iso.Schedule(
            charge=tuple((room.length_s, room.charge_w) for room in left),
            discharge=tuple((room.length_s, room.discharge_w) for room in left) if discharge else (),
            charge_prices=buying,
            discharge_prices=selling if discharge else None,
        )


def offer(plan: Plan, currency: str, limits: iso.Limits, max_steps: int = MAX_STEPS) -> Offer:
    """What this plan lets a car do at a charger with these limits, in at most ``max_steps`` spans."""
    rooms = _fewer([_room(step, limits) for step in plan.steps if _whole(step.end_s) > _whole(step.start_s)], max_steps)
    prices: list[tuple[float, float, float]] = []
    for step in plan.steps:
        row = (_whole(step.end_s), round(step.import_eur_per_kwh, 4), round(step.export_eur_per_kwh, 4))
        if prices and prices[-1][1:] == row[1:]:
            prices.pop()
        prices.append(row)
    return Offer(tuple(rooms), tuple(prices), currency)


def idle_until_s(plan: Plan, now_s: float) -> float:
    """Until when this plan wants nothing of the car (home time); ``now_s`` where it does now."""
    until_s = now_s
    for step in plan.steps:
        if step.end_s <= now_s:
            continue
        if step.start_s > until_s or step.takes_surplus or step.feeds_house or abs(step.ev_w) > IDLE_W:
            break
        until_s = step.end_s
    return until_s


def difference_wh(old: Iterable[Room], new: Iterable[Room], from_s: float, to_s: float) -> float:
    """How much the room for the car's energy differs between two offers, Wh, from now to an instant."""
    total_wh = 0.0
    olds, news = tuple(old), tuple(new)
    edges = sorted(
        {from_s, to_s}
        | {edge for room in (*olds, *news) for edge in (room.start_s, room.end_s) if from_s < edge < to_s}
    )
    for start_s, end_s in pairwise(edges):
        one, other = _at(olds, start_s), _at(news, start_s)
        if one is not None and other is not None:
            apart_w = abs(one.charge_w - other.charge_w) + abs(one.discharge_w - other.discharge_w)
            total_wh += apart_w * (end_s - start_s) / JOULES_PER_WH
    return total_wh


def _at(rooms: tuple[Room, ...], now_s: float) -> Room | None:
    return next((room for room in rooms if room.start_s <= now_s < room.end_s), None)


def _room(step: Step, limits: iso.Limits) -> Room:
    start_s, end_s = _whole(step.start_s), _whole(step.end_s)
    if not step.present:
        return Room(start_s, end_s, 0.0, 0.0)
    # The dispatch follows the sun beyond what was expected of it, unless the grid was meant to help.
    sunny = step.takes_surplus or (step.ev_w > IDLE_W and step.grid_w <= IDLE_W)
    charge_w = limits.max_charge_w if sunny else _rounded(step.ev_w, limits.max_charge_w)
    discharge_w = limits.max_discharge_w if step.feeds_house else _rounded(-step.ev_w, limits.max_discharge_w)
    return Room(start_s, end_s, charge_w, discharge_w)


def _whole(at_s: float) -> float:
    return float(round(at_s))


def _rounded(power_w: float, most_w: float) -> float:
    """Up to the next full hundred: a schedule is a ceiling."""
    if power_w <= IDLE_W:
        return 0.0
    return min(-(-power_w // ROUND_W) * ROUND_W, most_w)


def _fewer(rooms: list[Room], most: int) -> list[Room]:
    """Join neighbours, those first that lose least, until at most ``most`` are left; equal ones are always joined."""
    rooms = list(rooms)
    costs = [_cost(one, other) for one, other in pairwise(rooms)]
    while costs:
        at = min(range(len(costs)), key=costs.__getitem__)
        if len(rooms) <= most and costs[at] > 0.0:
            break
        rooms[at : at + 2] = [rooms[at].joined(rooms[at + 1])]
        del costs[at]
        for changed in (at - 1, at):
            if 0 <= changed < len(costs):
                costs[changed] = _cost(rooms[changed], rooms[changed + 1])
    return rooms


def _cost(one: Room, other: Room) -> float:
    """What joining these two loses, Wh."""
    joined = one.joined(other)
    return one.lost_to(joined) + other.lost_to(joined)
