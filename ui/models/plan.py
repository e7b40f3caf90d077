"""What the Plan page shows: the series of its lanes, the readout of a step, what a new departure changes."""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ui.i18n import tr
from ui.models import reasons
from ui.models.home import QUIET_W
from ui.models.units import Format, Shown

if TYPE_CHECKING:
    from app.api import schema as s

DEPARTURE_STEP = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A plan as numbers to draw: ``edge_s`` has one element more than the others (POSIX seconds)."""

    edge_s: list[float]
    import_price: list[float]
    export_price: list[float]
    solar_kw: list[float]
    load_kw: list[float]
    load_low_kw: list[float]
    load_high_kw: list[float]
    charge_kw: list[float]
    feed_kw: list[float]
    soc_percent: list[float]
    """At the edges; NaN while the car is away or its charge unknown."""
    reserve_percent: list[float]
    flags: list[tuple[float, float]]
    """Departures: POSIX seconds and target in percent."""


def series(plan: "s.PlanOut", soc_now: float | None) -> Series:
    """The lanes of a plan; ``soc_now`` (0..1) is where the charge's line begins."""
    unknown = float("nan")
    socs = [unknown if soc is None or away else soc * 100 for soc, away in zip(plan.soc, plan.away, strict=True)]
    return Series(
        edge_s=[t.timestamp() for t in plan.start] + [plan.end.timestamp()],
        import_price=plan.import_price,
        export_price=plan.export_price,
        solar_kw=[w / 1000 for w in plan.solar_w],
        load_kw=[w / 1000 for w in plan.load_w],
        load_low_kw=[w / 1000 for w in plan.load_low_w or plan.load_w],
        load_high_kw=[w / 1000 for w in plan.load_high_w or plan.load_w],
        charge_kw=[max(0.0, w) / 1000 for w in plan.ev_w],
        feed_kw=[min(0.0, w) / 1000 for w in plan.ev_w],
        soc_percent=[unknown if soc_now is None else soc_now * 100, *socs],
        reserve_percent=[soc * 100 for soc in plan.reserve_soc],
        flags=[(p.deadline.timestamp(), p.wanted * 100) for p in departures(plan) if p.deadline is not None],
    )


def departures(plan: "s.PlanOut") -> "list[s.PromiseOut]":
    """The plan's departures, in order of time."""
    found = [p for p in plan.promises if p.kind == "departure" and p.deadline is not None]
    return sorted(found, key=lambda p: p.deadline or datetime.max.replace(tzinfo=UTC))


def step_at(plan: "s.PlanOut", time: datetime) -> int | None:
    """Number of the step that holds ``time``; None outside the plan."""
    if not plan.start or not plan.start[0] <= time < plan.end:
        return None
    return bisect_right(plan.start, time) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Readout:
    """The numbers and the reason of one step."""

    time: str
    figures: tuple[tuple[str, Shown], ...]
    reason: str
    """In a few words."""
    sentence: str
    facts: str


def readout(plan: "s.PlanOut", step: int, fmt: Format, now: datetime) -> Readout:
    """One step in words and figures."""
    start = plan.start[step]
    end = plan.start[step + 1] if step + 1 < len(plan.start) else plan.end
    ev_w = plan.ev_w[step]
    car = tr("Car charges") if ev_w >= QUIET_W else tr("Car feeds") if ev_w <= -QUIET_W else tr("Car rests")
    away = tr("The car is expected to be away.")
    return Readout(
        time=f"{fmt.when(start, now).text} – {fmt.clock(end).text}",
        figures=(
            (tr("Buy"), fmt.price(plan.import_price[step])),
            (tr("Sell"), fmt.price(plan.export_price[step])),
            (tr("Roof"), fmt.power(plan.solar_w[step])),
            (tr("House"), fmt.power(plan.load_w[step])),
            (car, fmt.power(ev_w)),
            (tr("Charge"), fmt.percent(plan.soc[step], away if plan.away[step] else "")),
            *_others(plan, step, fmt),
        ),
        reason=reasons.label(plan.reasons[step].code),
        sentence=reasons.sentence(plan.reasons[step], fmt, now),
        facts=reasons.facts(plan.reasons[step], fmt, now),
    )


def _others(plan: "s.PlanOut", step: int, fmt: Format) -> list[tuple[str, Shown]]:
    """What house batteries do in a step, and which machines and tanks run."""
    found: list[tuple[str, Shown]] = []
    stores = [(store, store.power_w[step]) for store in plan.stores if step < len(store.power_w)]
    batteries = [power_w for store, power_w in stores if store.kind == "battery"]
    if batteries:
        power_w = sum(batteries)
        words = tr("Battery charges") if power_w >= QUIET_W else tr("Battery feeds")
        found.append((words if abs(power_w) >= QUIET_W else tr("Battery"), fmt.power(power_w)))
    running = [(store.name, power_w) for store, power_w in stores if store.kind == "tank" and power_w >= QUIET_W]
    running += [
        (load.name, load.power_w[step])
        for load in plan.loads
        if step < len(load.power_w) and load.power_w[step] >= QUIET_W
    ]
    if running:
        found.append((", ".join(name for name, _ in running), fmt.power(sum(power_w for _, power_w in running))))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The page's big number and its words."""

    cost: Shown
    words: str
    saving: str


def header(plan: "s.PlanOut", fmt: Format, now: datetime) -> Header:
    """What the plan costs, and against what."""
    saving = ""
    if plan.baseline_cost is not None:
        difference = plan.baseline_cost - plan.cost
        amount = fmt.money(abs(difference)).text
        saving = tr("{amount} less than without V2G", amount=amount)
        if difference < 0:
            saving = tr("{amount} more than without V2G", amount=amount)
    if plan.fallback:
        saving = tr("A simple plan: the optimiser had no answer in time, and tries again.")
    return Header(
        cost=fmt.money(plan.cost),
        words=tr("planned until {time}", time=fmt.when(plan.end, now).text),
        saving=saving,
    )


def forecast_words(plan: "s.PlanOut", fmt: Format) -> str:
    """How good the forecasts were, a sentence for each; empty while it is too early to tell."""
    sentences = []
    for found in plan.forecasts:
        # In watts: in kW the two would often read the same.
        off = {"off": f"{fmt.number(found.mean_error_w, 0)} W"}
        if found.simple_mean_error_w is None:
            text = tr("House forecast: off by {off} on average.", **off)
            if found.of == "solar":
                text = tr("Roof forecast: off by {off} on average.", **off)
        else:
            off["simple"] = f"{fmt.number(found.simple_mean_error_w, 0)} W"
            text = tr("House forecast: off by {off} on average; simple averages {simple}.", **off)
            if found.of == "solar":
                text = tr("Roof forecast: off by {off} on average; simple averages {simple}.", **off)
        sentences.append(text)
    return " ".join(sentences)


def broken_promises(plan: "s.PlanOut", fmt: Format, now: datetime) -> list[str]:
    """One sentence for each promise that the plan cannot keep."""
    sentences = []
    for promise in plan.promises:
        if promise.kept:
            continue
        figures = {"wanted": promise.wanted, "planned": promise.planned}
        percent = promise.unit in {"soc", "fraction"}
        power = promise.unit == "W"
        shown = {
            name: (
                fmt.percent(v) if percent else fmt.power(v) if power else Shown(f"{fmt.number(v, 1)} {promise.unit}")
            ).text
            for name, v in figures.items()
        }
        names = {
            "departure": tr("Departure"),
            "reserve": tr("Reserve"),
            "event_setpoint": tr("Utility's event"),
        }
        name = names.get(promise.kind, promise.kind.replace("_", " ").capitalize())
        when = fmt.when(promise.deadline, now).text if promise.deadline else ""
        sentences.append(
            tr("{name} {time}: {planned} instead of {wanted}.", name=name, time=when, **shown).replace(" :", ":")
        )
    return sentences


def difference(old: "s.PlanOut", new: "s.PlanOut", at: datetime, fmt: Format, now: datetime) -> str:
    """What a new departure changes, before it is accepted."""
    change = new.cost - old.cost
    if abs(change) < 0.005:
        money = tr("it costs the same")
    else:
        amount = fmt.money(abs(change)).text
        money = (
            tr("it costs {amount} more", amount=amount) if change > 0 else tr("it costs {amount} less", amount=amount)
        )
    text = tr("Leaving {time}: {money}.", time=fmt.when(at, now).text, money=money)
    return " ".join([text, *broken_promises(new, fmt, now)])
