"""Perfect foresight: the least that the period can cost to one who knows every minute of it, and a course that does.

**The bound.** What a charge is worth at a minute, V(stored), is found backwards from the end. Each minute's cost as a
function of the energy moved is replaced by its lower convex hull over every power the charger can have (full charge,
its least power, the surplus, nothing, the house's load, full discharge, and the points between where its efficiency
bends), at that minute's own prices, load and sun. Then V is convex and made of straight pieces, and one step back is an
exact merge of two sorted lists of slopes: no grid, no rounding, no solver's tolerance. The hull can only be cheaper
than the truth, and the charger's reaction time is left out, so nothing that lives in the same minutes can cost less.
Near full the battery takes less: there V is what the limit allows, exact as well. Targets at departure are promises
here as for everybody: lowered to what a car that charges from arrival reaches, and kept.

**The course** takes, minute by minute, the real power whose cost and following worth are least. It lives in the same
world as every other strategy, so that it is scored alike; how far it stays above the bound is told in the report.

After the period the minutes go on for up to three days, if there are data: what the charge left at the end is worth is
read from V there, for every strategy alike (``worth_eur``).
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from energy.asks import FloatArray
from energy.backtest.world import Course, World
from energy.model import Curve

BLOCK = 1440
_LATE_EUR_PER_KWH = 50.0
"""What keeps the promise at departure."""
_RESERVE_EUR_PER_KWH_MIN = 0.02
"""What keeps charge below the reserve from lasting."""
KEPT_SOC = 0.005
"""A target is kept when no more than this is lacking, by everybody."""
_SAME = 1e-9
_MOST_PIECES = 300


@dataclass(slots=True)
class Worth:
    """Cost to come as a function of stored energy: convex, in straight pieces over 0 .. capacity, kWh."""

    at_empty: float
    slopes: FloatArray
    """Rising, currency/kWh."""
    lengths: FloatArray
    """kWh."""

    def cost(self, stored_kwh: FloatArray | float) -> FloatArray:
        """Cost to come at these charges."""
        edges = np.concatenate([[0.0], np.cumsum(self.lengths)])
        values = self.at_empty + np.concatenate([[0.0], np.cumsum(self.slopes * self.lengths)])
        return np.asarray(np.interp(stored_kwh, edges, values), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Hull:
    """A minute's cost over the energy moved, as its lower convex hull."""

    slopes: FloatArray
    """Over what is *taken* from the battery, so that they merge with V; from the least stored to the most."""
    lengths: FloatArray
    """kWh; 0: unused."""
    top_cost: float
    """Of storing the most."""
    up: float
    """The most that can be stored, kWh."""


@dataclass(frozen=True, slots=True)
class Taper:
    """Near full a minute stores at most ``level − slope · stored`` kWh."""

    begins: float
    """kWh stored."""
    level: float
    slope: float
    least: float
    """At full charge, kWh."""


@dataclass(slots=True)
class Foresight:
    """V at every day's beginning; ``of_block`` finds the minutes between."""

    course: Course
    targets: dict[int, float] = field(default_factory=dict)
    """Minute of departure and the charge to be held then, kWh."""
    floors: FloatArray = field(default_factory=lambda: np.zeros(0))
    """(minutes,) kWh that nobody goes below."""
    at_blocks: list[Worth] = field(default_factory=list)
    """(blocks + 1)"""

    def __getstate__(self) -> tuple[dict[int, float], FloatArray, list[Worth]]:
        """For a checkpoint: all but the course."""
        return self.targets, self.floors, self.at_blocks

    def __setstate__(self, state: tuple[dict[int, float], FloatArray, list[Worth]]) -> None:
        self.targets, self.floors, self.at_blocks = state

    @staticmethod
    def solve(
        course: Course, fastest_soc: FloatArray, each_block: Callable[[float], None] = lambda share: None
    ) -> "Foresight":
        """Backwards through all minutes. ``fastest_soc``: charge by minute of a car that always charges.

        ``each_block`` is told the share that is done; it may raise to stop.
        """
        total = course.minutes.count
        capacity = _usable_kwh(course)
        targets = _targets(course, fastest_soc)
        foresight = Foresight(course, targets, _floors(course, targets))
        blocks = -(-total // BLOCK)
        worth = _end(course)
        foresight.at_blocks = [worth] * (blocks + 1)
        for block in range(blocks - 1, -1, -1):
            worth = foresight._backwards(block, worth, capacity)[-1]
            foresight.at_blocks[block] = worth
            each_block((blocks - block) / blocks)
        return foresight

    def of_block(self, block: int) -> list[Worth]:
        """V at the beginning of each minute of a block, and at its end."""
        capacity = _usable_kwh(self.course)
        found = [self.at_blocks[block + 1]]
        found += self._backwards(block, self.at_blocks[block + 1], capacity)
        return found[::-1]

    def at_minute(self, k: int) -> Worth:
        """V at the beginning of minute ``k``."""
        block, rest = divmod(k, BLOCK)
        return self.at_blocks[block] if rest == 0 else self.of_block(block)[rest]

    def bound_eur(self) -> float:
        """The least cost of the period, wear counted and the charge at its end credited as ``worth_eur`` does."""
        stored = self.course.battery().soc * self.course.home.ev.capacity_wh / 1e3
        return float(self.at_blocks[0].cost(stored)) - self._base()

    def worth_eur(self, soc: float) -> float:
        """What a charge at the period's end is worth against an empty car."""
        return self._base() - float(self._at_end().cost(soc * self.course.home.ev.capacity_wh / 1e3))

    def _base(self) -> float:
        """Cost to come after the period of a car that stands there with its first charge."""
        return float(self._at_end().cost(self.course.battery().soc * self.course.home.ev.capacity_wh / 1e3))

    def _at_end(self) -> Worth:
        count = self.course.count
        return self.at_blocks[-1] if count >= self.course.minutes.count else self.at_minute(count)

    def _backwards(self, block: int, worth: Worth, capacity: float) -> "list[Worth]":
        course = self.course
        first, last = block * BLOCK, min((block + 1) * BLOCK, course.minutes.count)
        slopes, lengths, top_cost, up = hulls(course, first, last)
        taper, floors = _taper(course), self.floors[first:last]
        home = course.home
        short = home.public_eur_per_kwh
        found = []
        for k in range(last - 1, first - 1, -1):
            i = k - first
            if not course.connected[k]:
                taken = course.drive_wh[k] / 1e3
                if taken > 0:
                    worth = _driven(worth, float(taken), short, capacity)
                else:
                    worth = Worth(worth.at_empty, worth.slopes, worth.lengths)
                worth.at_empty += float(top_cost[i])
            else:
                hull = Hull(slopes[i], lengths[i], float(top_cost[i]), float(up[i]))
                worth = _merged(worth, hull, taper, capacity)
                if floors[i] > 0:
                    worth = _raised(worth, float(floors[i]), _RESERVE_EUR_PER_KWH_MIN)
            target = self.targets.get(k)
            if target is not None:
                worth = _raised(worth, target, _LATE_EUR_PER_KWH)
            if len(worth.slopes) > _MOST_PIECES:
                worth = _joined(worth)
            found.append(worth)
        return found


@dataclass(slots=True)
class Foreseeing:
    """The strategy that knows everything to come."""

    name: str = "foresight"
    foresight: Foresight | None = None
    _block: int = -1
    _worths: list[Worth] = field(default_factory=list)

    def decide(self, world: World) -> float:
        """The power whose cost in this minute and worth after it are least together."""
        k, course = world.at, world.course
        if not course.connected[k] or self.foresight is None:
            return 0.0
        block = k // BLOCK
        if block != self._block:
            self._block, self._worths = block, self.foresight.of_block(block)
        battery = world.battery
        power, moved, cost = choices(course, k, k + 1)
        capacity = course.home.ev.capacity_wh / 1e3
        stored = battery.soc * capacity
        charge_max, _ = battery.limits_w()
        power, moved, cost = power[0], moved[0], cost[0]
        after = stored + moved
        floor = max(battery.soc_min, course.home.reserve_soc) * capacity
        allowed = (power <= charge_max + 1.0) & ((power >= 0) | (after >= floor))
        allowed |= power == 0
        if course.home.charger.charge_min_w <= charge_max < course.home.charger.charge_max_w:
            # Near full the battery takes less than any of the choices: what it takes is one more.
            power = np.append(power, charge_max)
            extra = charge_max * battery.efficiency(charge_max) / 60e3
            moved, after = np.append(moved, extra), np.append(after, stored + extra)
            cost = np.append(cost, _minute_cost(course, k, charge_max))
            allowed = np.append(allowed, True)
        total = cost + self._worths[k % BLOCK + 1].cost(np.minimum(after, capacity * course.home.ev.soc_max))
        total[~allowed] = np.inf
        return float(power[int(np.argmin(total))])

    def __getstate__(self) -> tuple[str, Foresight | None]:
        return self.name, self.foresight

    def __setstate__(self, state: tuple[str, Foresight | None]) -> None:
        self.name, self.foresight = state
        self._block, self._worths = -1, []


def choices(course: Course, first: int, last: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """(minutes, K) powers that matter at the charger W, energy stored by each kWh, cost of the minute; by power."""
    home, charger, ev = course.home, course.home.charger, course.home.ev
    house = course.house_w[first:last]
    connection = home.connection
    top = np.clip(np.minimum(min(charger.charge_max_w, ev.charge_max_w), connection.import_max_w - house), 0.0, None)
    top = np.where(top < charger.charge_min_w, 0.0, top)
    bottom = np.clip(
        np.minimum(min(charger.discharge_max_w, ev.discharge_max_w), connection.export_max_w + house), 0.0, None
    )
    if not home.export_allowed:
        bottom = np.minimum(bottom, np.maximum(house, 0.0))
    least = np.minimum(charger.charge_min_w, top)
    surplus = np.clip(-house, 0.0, top)
    surplus = np.where(surplus < charger.charge_min_w, 0.0, surplus)
    load = np.minimum(np.maximum(house, 0.0), bottom)
    shares = (0.25, 0.5, 0.75)
    between = [top * s for s in shares] if charger.charge_curve else []
    between = [np.where(w < charger.charge_min_w, 0.0, w) for w in between]
    below = [-bottom * s for s in shares] if charger.discharge_curve else []
    power = np.stack([-bottom, *below, -load, np.zeros(len(house)), least, surplus, *between, top], axis=1)
    power.sort(axis=1)
    battery = course.battery()
    share_in = np.maximum(power, 0.0) / max(battery.charge_max_w, 1.0)
    share_out = np.maximum(-power, 0.0) / max(battery.discharge_max_w, 1.0)
    gain = _on(battery.efficiency_at, share_in)
    loss = _on(battery.discharge_efficiency_at or battery.efficiency_at, share_out)
    moved = np.where(power >= 0, power * gain, power / np.maximum(loss, 1e-9)) / 60e3
    grid = (house[:, None] + power) / 60e3
    price_in, price_out = course.import_eur[first:last, None], course.export_eur[first:last, None]
    cost = np.where(grid > 0, grid * price_in, grid * price_out) + np.maximum(-power, 0.0) / 60e3 * ev.wear_eur_per_kwh
    return power, moved, cost


def _on(curve: Curve, at: FloatArray) -> FloatArray:
    return np.asarray(np.interp(at, [x for x, _ in curve], [y for _, y in curve]), dtype=np.float64)


def _minute_cost(course: Course, k: int, power_w: float) -> float:
    grid = (float(course.house_w[k]) + power_w) / 60e3
    price = course.import_eur[k] if grid > 0 else course.export_eur[k]
    return grid * float(price) + max(0.0, -power_w) / 60e3 * course.home.ev.wear_eur_per_kwh


def hulls(course: Course, first: int, last: int) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """The lower convex hull of each minute's cost over the energy moved.

    Gives its slopes (minutes, K) over what is *taken* from the battery, so that they merge with V, and their lengths in
    kWh (0: unused); what the minute costs that stores the most (for an absent car: the house alone), and that most.
    """
    _, moved, cost = choices(course, first, last)
    count, k_points = moved.shape
    rows = np.arange(count)
    slopes = np.zeros((count, k_points - 1))
    lengths = np.zeros((count, k_points - 1))
    here = np.zeros(count, dtype=np.int64)
    for step in range(k_points - 1):
        x, y = moved[rows, here], cost[rows, here]
        dx = moved - x[:, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = np.where(dx > 1e-12, (cost - y[:, None]) / dx, np.inf)
        best = slope.min(axis=1)
        # The farthest of those that lie on the same line.
        far = k_points - 1 - np.argmax((slope <= best[:, None] + 1e-12)[:, ::-1], axis=1)
        go = np.isfinite(best)
        slopes[:, step] = np.where(go, best, 0.0)
        lengths[:, step] = np.where(go, moved[rows, far] - x, 0.0)
        here = np.where(go, far, here)
    present = course.connected[first:last]
    grid = course.house_w[first:last] / 60e3
    idle = np.where(grid > 0, grid * course.import_eur[first:last], grid * course.export_eur[first:last])
    # V_t(s) = min over Δ of g(Δ) + V(s + Δ): with y = −Δ the hull is read from its far end, slopes turned round.
    return -slopes, lengths, np.where(present, cost[:, -1], idle), moved[:, -1]


def _merged(worth: Worth, hull: Hull, taper: Taper | None, capacity: float) -> Worth:
    """One minute back: both sorted lists of slopes in one, then cut to what the battery holds."""
    used = hull.lengths > 0
    slopes, lengths = hull.slopes[used], hull.lengths[used]
    all_slopes = np.concatenate([worth.slopes, slopes])
    all_lengths = np.concatenate([worth.lengths, lengths])
    order = np.argsort(all_slopes, kind="stable")
    all_slopes, all_lengths = all_slopes[order], all_lengths[order]
    # The merged function begins at −up, where V is at empty and the minute stores its most.
    free = _cut(worth.at_empty + hull.top_cost, -hull.up, all_slopes, all_lengths, capacity)
    if taper is None or hull.up <= taper.least:
        return free
    own = order >= len(worth.slopes)
    ends = np.cumsum(all_lengths) - hull.up
    stored_most = hull.up - np.concatenate([[0.0], np.cumsum(np.where(own, all_lengths, 0.0))])
    """The best energy to store, at each edge of the merged pieces; it falls from piece to piece."""
    edges = np.concatenate([[-hull.up], ends])
    if float(np.interp(taper.begins, edges, stored_most)) <= taper.least:
        return free
    return _tapered(free, worth, hull, taper, edges, stored_most, capacity)


def _tapered(
    free: Worth,
    worth: Worth,
    hull: Hull,
    taper: Taper,
    edges: FloatArray,
    best: FloatArray,
    capacity: float,
) -> Worth:
    """The merged function where the battery, near full, takes less than would be best: there it takes what it can.

    Cost and V are convex, so the best within the limit is the limit itself; every kink of both is a node.
    """
    used = hull.lengths > 0
    # The minute's own cost by energy stored, from the least to the most.
    steps = hull.lengths[used]
    stored = hull.up - np.concatenate([np.cumsum(steps[::-1])[::-1], [0.0]])
    rise = -hull.slopes[used] * steps
    cost = hull.top_cost - np.concatenate([np.cumsum(rise[::-1])[::-1], [0.0]])
    after_edges = np.concatenate([[0.0], np.cumsum(worth.lengths)])
    nodes = np.concatenate(
        [
            [taper.begins, capacity],
            edges[(edges > taper.begins) & (edges < capacity)],
            # Where the limit leads onto an edge of V …
            (after_edges - taper.level) / (1.0 - taper.slope),
            # … or onto an edge of the minute's cost.
            (taper.level - stored) / taper.slope,
            [(taper.level - hull.up) / taper.slope],
        ]
    )
    nodes = np.unique(np.clip(nodes, taper.begins, capacity))
    limit = np.minimum(taper.level - taper.slope * nodes, hull.up)
    over = np.interp(nodes, edges, best) - limit
    cross = np.flatnonzero((over[:-1] > 0) != (over[1:] > 0))
    if len(cross):
        share = over[cross] / (over[cross] - over[cross + 1])
        nodes = np.unique(np.concatenate([nodes, nodes[cross] + share * (nodes[cross + 1] - nodes[cross])]))
        limit = np.minimum(taper.level - taper.slope * nodes, hull.up)
        over = np.interp(nodes, edges, best) - limit
    at_limit = np.interp(limit, stored, cost) + worth.cost(np.minimum(nodes + limit, capacity))
    value = np.where(over > 1e-12, at_limit, free.cost(nodes))
    keep = np.concatenate([[True], np.diff(nodes) > 1e-9])
    nodes, value = nodes[keep], value[keep]
    ends = np.cumsum(free.lengths)
    k = int(np.searchsorted(ends, taper.begins - 1e-12))
    begin = float(ends[k - 1]) if k else 0.0
    slopes = np.concatenate([free.slopes[: k + 1], np.diff(value) / np.diff(nodes)])
    lengths = np.concatenate([free.lengths[:k], [taper.begins - begin], np.diff(nodes)])
    lengths[-1] += capacity - float(nodes[-1])
    return Worth(free.at_empty, np.maximum.accumulate(slopes), lengths)


def _cut(value: float, start: float, slopes: FloatArray, lengths: FloatArray, capacity: float) -> Worth:
    """The function from ``start`` (≤ 0) on, cut to 0 .. capacity."""
    ends = np.cumsum(lengths) + start
    a = int(np.searchsorted(ends, 1e-12, side="right"))
    b = int(np.searchsorted(ends, capacity - 1e-12, side="left")) + 1
    begin = float(ends[a - 1]) if a else start
    value += float(slopes[:a] @ lengths[:a])
    kept, sizes = slopes[a:b], lengths[a:b].copy()
    value += float(kept[0]) * -begin
    sizes[0] += begin
    over = float(ends[min(b, len(ends)) - 1]) - capacity
    if over > 0:
        sizes[-1] -= over
    return Worth(value, kept, sizes)


def _driven(worth: Worth, taken: float, short: float, capacity: float) -> Worth:
    """A minute on the road: what the car lacks is bought on the way."""
    slopes = np.concatenate([[min(-short, float(worth.slopes[0]))], worth.slopes])
    lengths = np.concatenate([[taken], worth.lengths])
    return _cut(worth.at_empty - float(slopes[0]) * taken, 0.0, slopes, lengths, capacity)


def _raised(worth: Worth, below: float, eur_per_kwh: float) -> Worth:
    """A price on each kWh that is lacking to ``below``."""
    ends = np.cumsum(worth.lengths)
    k = int(np.searchsorted(ends, below - 1e-12))
    if k >= len(ends):
        return Worth(worth.at_empty + eur_per_kwh * below, worth.slopes - eur_per_kwh, worth.lengths)
    begin = float(ends[k - 1]) if k else 0.0
    left, right = below - begin, float(ends[k]) - below
    slope = float(worth.slopes[k])
    slopes = np.concatenate([worth.slopes[:k] - eur_per_kwh, [slope - eur_per_kwh, slope], worth.slopes[k + 1 :]])
    lengths = np.concatenate([worth.lengths[:k], [left, max(right, 0.0)], worth.lengths[k + 1 :]])
    return Worth(worth.at_empty + eur_per_kwh * below, slopes, lengths)


def _joined(worth: Worth) -> Worth:
    """Pieces of the same slope as one."""
    new = np.concatenate([[True], np.diff(worth.slopes) > _SAME])
    starts = np.flatnonzero(new)
    return Worth(worth.at_empty, worth.slopes[starts], np.add.reduceat(worth.lengths, starts))


def _targets(course: Course, fastest_soc: FloatArray) -> dict[int, float]:
    capacity = course.home.ev.capacity_wh / 1e3
    targets = {}
    for departure in course.departures:
        k = round((departure.at_s - course.start_s) / 60.0)
        if 0 < k < course.minutes.count:
            able = float(fastest_soc[k - 1])
            targets[k] = max(0.0, min(departure.target_soc, able) - KEPT_SOC) * capacity
    return targets


def _floors(course: Course, targets: dict[int, float]) -> FloatArray:
    """The reserve, where a car that kept its promise comes home with less: that.

    Nobody discharges below the reserve, but nobody has to charge to it at once either.
    """
    capacity = course.home.ev.capacity_wh / 1e3
    reserve = max(0.0, course.home.reserve_soc - KEPT_SOC) * capacity
    least = min(reserve, course.battery().soc * capacity)
    floors = np.empty(course.minutes.count)
    before = 0
    for k in sorted(targets):
        floors[before:k] = least
        away = np.flatnonzero(course.connected[k:])
        used = float(course.drive_wh[k : k + int(away[0])].sum() if len(away) else course.drive_wh[k:].sum()) / 1e3
        least = min(reserve, max(0.0, targets[k] - used))
        before = k
    floors[before:] = least
    return floors


def _end(course: Course) -> Worth:
    """At the last minute of all a kWh is worth what refilling costs at the cheap fifth of the last days' prices."""
    cheap = max(0.0, float(np.quantile(course.import_eur[-3 * BLOCK :], 0.2)))
    return Worth(0.0, np.array([-cheap / course.home.charger.charge_efficiency]), np.array([_usable_kwh(course)]))


def _taper(course: Course) -> Taper | None:
    """As the twin's battery takes charge near full, at its best efficiency; None: it never takes less."""
    battery = course.battery()
    top, begins = (soc * battery.capacity_wh / 1e3 for soc in (battery.soc_max, battery.taper_from_soc))
    if top - begins < 1e-3:
        return None
    full = battery.charge_max_w * max(y for _, y in battery.efficiency_at) / 60e3
    slope = 0.9 * full / (top - begins)
    return Taper(begins, 0.1 * full + slope * top, slope, 0.1 * full)


def _usable_kwh(course: Course) -> float:
    """What the car holds when it is as full as it gets."""
    return course.home.ev.capacity_wh / 1e3 * course.home.ev.soc_max
