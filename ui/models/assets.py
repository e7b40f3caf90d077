"""Batteries, machines and tanks in words; how planning gets by without what it has not; the ways to take risks."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ui.i18n import tr
from ui.models.home import QUIET_W, format_of
from ui.models.units import DASH, Format

if TYPE_CHECKING:
    from datetime import datetime

    from app.api import schema as s


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetRow:
    """One line of the card: a name, what it does, and why or until when."""

    name: str
    figure: str
    words: str
    icon: str
    limit: bool = False
    """Something is wrong with it."""
    may_put_off: bool = False


def rows(home: "s.HomeSnapshot") -> tuple[AssetRow, ...]:
    """Machines first, since a person may have to start one; then batteries and tanks."""
    fmt = format_of(home)
    return (
        *(_machine(load, fmt, home.now) for load in home.loads),
        *(_battery(battery, fmt) for battery in home.batteries),
        *(_tank(tank, fmt) for tank in home.tanks),
    )


def _machine(load: "s.LoadNow", fmt: Format, now: "datetime") -> AssetRow:
    start = fmt.when(load.start, now).text if load.start is not None else ""
    figure, words = "", tr("Nothing is due.")
    if load.state == "advised":
        figure, words = start, tr("Start it then: power is cheapest for it.")
        if load.start is not None and load.start <= now:
            figure = tr("now")
    elif load.state == "planned":
        figure, words = start, tr("Twoway switches it on.")
    elif load.state == "running":
        until = fmt.clock(load.end).text if load.end is not None else ""
        figure = tr("runs")
        words = tr("until {time}", time=until) if until else tr("as long as power is cheap")
        if not load.switched and until:
            words = tr("until {time}, if you started it", time=until)
    elif load.state == "done":
        figure = "✓"
        words = tr("Next, {time}", time=start) if start else tr("Done for this time.")
    elif load.problem:
        words = load.problem
    return AssetRow(
        name=load.name,
        figure=figure,
        words=words,
        icon="machine",
        limit=bool(load.problem),
        may_put_off=load.state in ("advised", "planned"),
    )


def _battery(battery: "s.BatteryNow", fmt: Format) -> AssetRow:
    figure = fmt.percent(battery.soc).text if battery.soc is not None else DASH
    power_w = battery.power_w
    if power_w is None:
        words = tr("It does not answer.")
    elif abs(power_w) < QUIET_W:
        words = tr("It rests.")
    else:
        shown = fmt.power(abs(power_w)).text
        words = tr("It charges with {power}.", power=shown) if power_w > 0 else tr("It feeds {power}.", power=shown)
    if not battery.commanded and power_w is not None:
        words += " " + tr("It follows its own rule.")
    if battery.reserve_soc > 0:
        words += " " + tr("{soc} are kept for a blackout.", soc=fmt.percent(battery.reserve_soc).text)
    return AssetRow(name=battery.name, figure=figure, words=words, icon="house-battery", limit=power_w is None)


def _tank(tank: "s.TankNow", fmt: Format) -> AssetRow:
    if tank.temperature_c is None:
        return AssetRow(name=tank.name, figure=DASH, words=tr("It does not answer."), icon="zap", limit=True)
    words = tr("It is being heated.") if tank.heating else tr("It rests.")
    return AssetRow(name=tank.name, figure=f"{fmt.number(tank.temperature_c, 1)} °C", words=words, icon="zap")


def planning_words(steps: "list[s.FallbackOut]", fmt: Format, now: "datetime") -> tuple[str, str]:
    """What stands in for what: (where something is wrong, where every home is at times); empty: nothing does."""
    wrong = [_step_words(step, fmt, now) for step in steps if not step.quiet]
    usual = [_step_words(step, fmt, now) for step in steps if step.quiet]
    return " ".join(wrong), " ".join(usual)


def _step_words(step: "s.FallbackOut", fmt: Format, now: "datetime") -> str:
    time = fmt.when(step.since, now).text if step.since is not None else ""
    words = {
        "prices_expected": tr(
            "From {time}, prices are not published yet: what the past weeks let expect is used.", time=time
        ),
        "prices_missing": tr("Prices are missing: those of the home file are used."),
        "load_typical": tr("Your house's own days are too few yet: a typical household is assumed."),
        "solar_typical": tr("Your roof's own days are too few yet: typical days of the season are assumed."),
        "scenarios_missing": tr("The plan goes by what is expected alone: uncertain days could not be laid out."),
        "battery_silent": tr("{name} is left out of the plan: it tells no charge or takes no orders.", name=step.name),
        "tank_silent": tr("{name} is left out of the plan: it does not tell its temperature.", name=step.name),
        "co2_missing": tr("What the grid emits is not known for these days: it is left out."),
        "simple_rule": tr("The optimiser gave no answer: a simple rule made this plan."),
        "old_plan": tr("A new plan is late: the last one goes on until {time}. It is tried again.", time=time),
        "no_plan": tr("There is no plan: departures and reserve are kept by a simple rule. It is tried again."),
        "meter_silent": tr(
            "The meter is silent: the plan goes by its forecasts, and the car takes no more than is safe."
        ),
    }
    return words.get(step.kind, f"{step.text[:1].upper()}{step.text[1:]}.")


def risk_choices() -> tuple[tuple[str, str], ...]:
    """The ways to take risks, and their names."""
    return (("careful", tr("Careful")), ("balanced", tr("Balanced")), ("bold", tr("Bold")))


def risk_words(risk: str) -> str:
    """One sentence about a way."""
    return {
        "careful": tr("Keeps more in hand on uncertain days; that may cost a little."),
        "balanced": tr("Weighs good days against bad ones."),
        "bold": tr("Plans for what is most likely, and takes the rare bad day."),
    }.get(risk, "")
