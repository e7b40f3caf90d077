"""What the Home page shows: the flow picture, the sentence, what comes next, and its three cards."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ui.i18n import tr
from ui.models import reasons
from ui.models.events import event_time, event_title
from ui.models.units import DASH, Format, Shown
from ui.theme.tokens import Source

if TYPE_CHECKING:
    from app.api import schema as s

QUIET_W = 30.0
"""Less than this is meter noise: shown as 0.0 kW, without movement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One end of a flow."""

    value: Shown
    caption: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """One line of the picture: its power towards the house, W (> 0 into the house), and whose colour it carries."""

    to_house_w: float = 0.0
    source: Source = "grid"

    @property
    def flowing(self) -> bool:
        """Is there more than noise?"""
        return abs(self.to_house_w) >= QUIET_W


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """The whole flow picture."""

    grid: Node
    roof: Node
    house: Node
    car: Node
    grid_wire: Wire
    roof_wire: Wire
    car_wire: Wire
    battery: Node | None = None
    """None: the home has none."""
    battery_wire: Wire = Wire()
    battery_soc: float | None = None
    car_connected: bool
    soc: float | None
    soc_text: Shown
    target: float | None
    reserve: float | None
    stale: bool
    words: str
    """The picture for a screen reader."""


def format_of(snapshot: "s.HomeSnapshot") -> Format:
    """The home's way of writing figures."""
    return Format(timezone=snapshot.facts.timezone, currency=snapshot.facts.currency)


def picture(snapshot: "s.HomeSnapshot") -> Picture:
    """The flow picture of a snapshot."""
    fmt, flow, car = format_of(snapshot), snapshot.flow, snapshot.car
    ev_w = flow.ev_w if flow.ev_w is not None else car.power_w
    grid = Node(value=fmt.power(flow.grid_w, _why(flow.missing, "grid_w")), caption=_grid_words(flow.grid_w))
    roof = Node(value=fmt.power(flow.solar_w, _why(flow.missing, "solar_w")), caption=tr("Roof"))
    house = Node(value=fmt.power(flow.load_w, _why(flow.missing, "load_w")), caption=tr("House"))
    car_node = Node(
        value=fmt.power(ev_w, _why(flow.missing, "ev_w")) if car.connected else Shown(""),
        caption=_car_words(ev_w) if car.connected else tr("No car plugged in"),
    )
    battery = _battery_node(snapshot, fmt)
    soc_text = fmt.percent(car.soc, car.soc_missing or tr("The car has not told its charge yet."))
    return Picture(
        grid=grid,
        roof=roof,
        house=house,
        car=car_node,
        grid_wire=Wire(
            to_house_w=flow.grid_w or 0.0, source="grid" if (flow.grid_w or 0) > 0 else _export_source(snapshot)
        ),
        roof_wire=Wire(to_house_w=flow.solar_w or 0.0, source="solar"),
        car_wire=Wire(
            to_house_w=-(ev_w or 0.0) if car.connected else 0.0,
            source="car" if (ev_w or 0) < 0 else _charge_source(snapshot),
        ),
        battery=battery,
        battery_wire=Wire(
            to_house_w=-(flow.battery_w or 0.0),
            source="battery" if (flow.battery_w or 0) < 0 else _charge_source(snapshot),
        ),
        battery_soc=battery_soc(snapshot),
        car_connected=car.connected,
        soc=car.soc if car.connected else None,
        soc_text=soc_text if car.connected else Shown(""),
        target=snapshot.ready_by.target_soc,
        reserve=snapshot.wishes.reserve_soc,
        stale=flow.stale,
        words=_words(grid, roof, house, car_node, soc_text if car.connected else None, battery, flow.battery_w),
    )


def _why(missing: dict[str, str], field: str) -> str:
    return missing.get(field, tr("No instrument of this home measures it."))


def _grid_words(grid_w: float | None) -> str:
    if grid_w is None or abs(grid_w) < QUIET_W:
        return tr("Grid")
    return tr("From the grid") if grid_w > 0 else tr("To the grid")


def _car_words(ev_w: float | None) -> str:
    if ev_w is None or abs(ev_w) < QUIET_W:
        return tr("Car rests")
    return tr("Car charges") if ev_w > 0 else tr("Car feeds")


def _export_source(snapshot: "s.HomeSnapshot") -> Source:
    """Whose power leaves for the grid: the car's, where it feeds more than the roof has over."""
    flow = snapshot.flow
    fed_w = max(0.0, -(flow.ev_w or 0.0))
    stored_w = max(0.0, -(flow.battery_w or 0.0))
    spare_w = max(0.0, (flow.solar_w or 0.0) - (flow.load_w or 0.0))
    if max(fed_w, stored_w) <= spare_w:
        return "solar"
    return "car" if fed_w >= stored_w else "battery"


def _charge_source(snapshot: "s.HomeSnapshot") -> Source:
    """Whose power charges the car: the greater part's."""
    flow = snapshot.flow
    return "solar" if (flow.solar_w or 0.0) - (flow.load_w or 0.0) > max(0.0, flow.grid_w or 0.0) else "grid"


def battery_soc(snapshot: "s.HomeSnapshot") -> float | None:
    """Charge of all house batteries that tell it, 0..1 of their capacity."""
    known = [b for b in snapshot.batteries if b.soc is not None]
    capacity_wh = sum(b.capacity_wh for b in known)
    return sum((b.soc or 0.0) * b.capacity_wh for b in known) / capacity_wh if capacity_wh > 0 else None


def _battery_node(snapshot: "s.HomeSnapshot", fmt: Format) -> Node | None:
    if not snapshot.batteries:
        return None
    power_w, soc = snapshot.flow.battery_w, battery_soc(snapshot)
    caption = tr("Battery") if soc is None else f"{tr('Battery')} · {fmt.percent(soc).text}"
    return Node(value=fmt.power(power_w, tr("The battery does not answer.")), caption=caption)


def _battery_words(battery_w: float | None) -> str:
    if battery_w is None or abs(battery_w) < QUIET_W:
        return tr("Battery")
    return tr("Battery charges") if battery_w > 0 else tr("Battery feeds")


def _words(
    grid: Node, roof: Node, house: Node, car: Node, soc: Shown | None, battery: Node | None, battery_w: float | None
) -> str:
    parts = [f"{node.caption}: {node.value.text or DASH}" for node in (roof, house, grid)]
    parts.append(f"{car.caption}: {car.value.text}" if car.value.text else car.caption)
    if battery is not None:
        parts.append(f"{_battery_words(battery_w)}: {battery.value.text or DASH}")
    if soc is not None:
        parts.append(tr("Car's charge: {soc}", soc=soc.text))
    return ". ".join(parts) + "."


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStep:
    """What comes next."""

    time: str
    words: str
    power: str


def why_sentence(snapshot: "s.HomeSnapshot") -> str:
    """One sentence: what the car does, and why."""
    if snapshot.set_point is None:
        return tr("The engine has not told the charger anything yet.")
    reason, step = snapshot.set_point.reason, snapshot.next_step
    if "until_s" not in reason.params and step is not None:
        # What the plan does now holds until its next step.
        reason = reason.model_copy(update={"params": {**reason.params, "until_s": step.at.timestamp()}})
    return reasons.why(reason, list(snapshot.set_point.limited_by), format_of(snapshot), snapshot.now)


def why_facts(snapshot: "s.HomeSnapshot") -> str:
    """What is behind the sentence: what a kWh in the car is worth, and what the next best choice would cost."""
    if snapshot.set_point is None:
        return ""
    return reasons.facts(snapshot.set_point.reason, format_of(snapshot), snapshot.now)


def next_step(snapshot: "s.HomeSnapshot") -> NextStep | None:
    """What the plan does next; None where nothing changes."""
    step = snapshot.next_step
    if step is None:
        return None
    fmt = format_of(snapshot)
    return NextStep(
        time=fmt.when(step.at, snapshot.now).text,
        words=reasons.label(step.reason.code),
        power=fmt.power(step.power_w).text if abs(step.power_w) >= QUIET_W else "",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyCard:
    """The promise to the homeowner."""

    time: Shown
    target: str
    verdict: str
    state: str
    """"ok", "limit" (broken) or "" (nothing to promise)."""
    soc: float | None
    target_soc: float | None


def ready_card(snapshot: "s.HomeSnapshot") -> ReadyCard:
    """The card *Ready by*."""
    fmt, ready = format_of(snapshot), snapshot.ready_by
    target = tr("with {soc}", soc=fmt.percent(ready.target_soc).text) if ready.target_soc is not None else ""
    if ready.at is not None:
        day = fmt.when(ready.at, snapshot.now).text.removesuffix(fmt.clock(ready.at).text).strip()
        target = f"{day or tr('today')} {target}".strip()
    verdict, state = "", ""
    if ready.at is None:
        verdict = tr("No departure is set. Say when you need the car, and it will be ready.")
    elif ready.usual_chance is not None and ready.on_track is not False:
        verdict = tr(
            "Nobody asked for it: the car usually leaves then ({chance} of such days).",
            chance=fmt.percent(ready.usual_chance).text,
        )
    elif ready.on_track is None:
        verdict = tr("The plan is being made.")
    elif ready.on_track:
        state = "ok"
        verdict = tr("On track")
        if ready.ready_at is not None and ready.ready_at > snapshot.now:
            verdict = tr("On track, ready {time}", time=fmt.when(ready.ready_at, snapshot.now).text)
    else:
        state = "limit"
        verdict = tr(
            "{energy} short: the car will have {soc}.",
            energy=fmt.energy(ready.short_by_wh).text,
            soc=fmt.percent(ready.planned_soc).text,
        )
    return ReadyCard(
        time=fmt.clock(ready.at, tr("No departure is set.")),
        target=target,
        verdict=verdict,
        state=state,
        soc=snapshot.car.soc if snapshot.car.connected else None,
        target_soc=ready.target_soc,
    )


PATHS: tuple[tuple[str, Source], ...] = (
    ("solar_house", "solar"),
    ("solar_car", "solar"),
    ("solar_battery", "solar"),
    ("solar_grid", "solar"),
    ("grid_house", "grid"),
    ("grid_car", "grid"),
    ("grid_battery", "grid"),
    ("car_house", "car"),
    ("car_battery", "car"),
    ("car_grid", "car"),
    ("battery_house", "battery"),
    ("battery_car", "battery"),
    ("battery_grid", "battery"),
)
"""Paths of energy, and the source whose colour each carries."""


def path_name(path: str) -> str:
    """A path of energy in words."""
    return {
        "solar_house": tr("Roof to house"),
        "solar_car": tr("Roof to car"),
        "solar_battery": tr("Roof to battery"),
        "solar_grid": tr("Roof to grid"),
        "grid_house": tr("Grid to house"),
        "grid_car": tr("Grid to car"),
        "grid_battery": tr("Grid to battery"),
        "car_house": tr("Car to house"),
        "car_battery": tr("Car to battery"),
        "car_grid": tr("Car to grid"),
        "battery_house": tr("Battery to house"),
        "battery_car": tr("Battery to car"),
        "battery_grid": tr("Battery to grid"),
    }.get(path, path)


@dataclass(frozen=True, slots=True, kw_only=True)
class TodayCard:
    """The day so far."""

    known: bool
    saved: Shown
    saved_words: str
    cost: Shown
    paths: tuple[tuple[str, Source, Shown, float], ...]
    """Name, source, energy and its share of the largest."""


def today_card(snapshot: "s.HomeSnapshot") -> TodayCard:
    """The card *Today*."""
    fmt, today = format_of(snapshot), snapshot.today
    shown = [(p, source, today.paths_wh.get(p, 0.0)) for p, source in PATHS if today.paths_wh.get(p, 0.0) >= 50]
    most = max((wh for _, _, wh in shown), default=1.0)
    loss = today.saved is not None and today.saved < -0.005
    known = today.saved is not None or today.cost is not None
    words = tr("more than without V2G, so far") if loss else tr("saved against a home without V2G")
    if not known:
        words = tr("The day is young: what it costs and what V2G saves shows here after the first hour.")
    return TodayCard(
        known=known,
        saved=fmt.money(abs(today.saved) if today.saved is not None else None, tr("Known after the first full hour.")),
        saved_words=words,
        cost=fmt.money(today.cost, tr("Known after the first full hour.")),
        paths=tuple((path_name(p), source, fmt.energy(wh), wh / most) for p, source, wh in shown),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class GridCard:
    """The grid's wish, now or next."""

    title: str
    words: str
    event: "s.EventOut | None"
    active: bool


def grid_card(snapshot: "s.HomeSnapshot") -> GridCard:
    """The card *Grid*."""
    event = snapshot.event
    if event is None:
        return GridCard(title="", words=tr("The grid asks nothing of your home now."), event=None, active=False)
    fmt, now = format_of(snapshot), snapshot.now
    active = event.status == "active"
    return GridCard(
        title=event_title(event),
        words=event_time(event, fmt, now) + (" · " + tr("you opted out") if event.opted_out else ""),
        event=event,
        active=active,
    )
