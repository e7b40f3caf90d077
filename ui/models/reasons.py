"""Typed reasons in words.

Each code has a short label, for lists and the plan's readout, and sentences for "now", the most telling first: the
first sentence whose figures the reason brings is the one that is said.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from string import Formatter
from typing import Protocol

from ui.i18n import mark, tr
from ui.models.units import Format


class ReasonLike(Protocol):
    """A ``ReasonOut``, or anything with its two fields."""

    code: str
    params: dict[str, float | str]


@dataclass(frozen=True, slots=True)
class Wording:
    """The words for one reason code; fields in braces are the reason's params."""

    label: str
    sentences: tuple[str, ...]


WORDINGS: dict[str, Wording] = {
    "no_car": Wording(mark("No car"), (mark("No car is plugged in."),)),
    "paused": Wording(mark("Paused"), (mark("Paused by you: the car neither charges nor feeds until you go on."),)),
    "boost": Wording(
        mark("Boost"),
        (
            mark("Charging at full power until {until_s}, because you asked for a boost."),
            mark("Charging at full power, because you asked for a boost."),
        ),
    ),
    "charge_cheap": Wording(
        mark("Charge cheaply"),
        (
            mark(
                "Charging the car until {until_s}, because the grid costs {price_eur_per_kwh} now, and "
                "{mean_price_eur_per_kwh} on average."
            ),
            mark(
                "Charging the car, because the grid costs {price_eur_per_kwh} now, and {mean_price_eur_per_kwh} on "
                "average."
            ),
            mark("Charging the car until {until_s}, because the grid costs only {price_eur_per_kwh} now."),
            mark("Charging the car, because the grid costs only {price_eur_per_kwh} now."),
            mark("Charging the car, because the grid is cheap now."),
        ),
    ),
    "charge_solar": Wording(
        mark("Charge from the roof"),
        (
            mark("Charging the car from the roof until {until_s}: the sun gives more than the house needs."),
            mark("Charging the car from the roof: the sun gives more than the house needs."),
        ),
    ),
    "charge_for_departure": Wording(
        mark("Charge for the departure"),
        (
            mark("Charging the car, so that it has {target_soc} at {deadline_s}."),
            mark("Charging the car, so that it is ready at {deadline_s}."),
            mark("Charging the car for its next departure."),
        ),
    ),
    "charge_to_reserve": Wording(
        mark("Charge to the reserve"),
        (
            mark("Charging the car up to its reserve of {reserve_soc}, which you keep for the unexpected."),
            mark("Charging the car up to its reserve, which you keep for the unexpected."),
        ),
    ),
    "feed_house": Wording(
        mark("Feed the house"),
        (
            mark(
                "Feeding the house from the car until {until_s}, because the grid costs {price_eur_per_kwh} and the "
                "car refills at {refill_price_eur_per_kwh} ({refill_s})."
            ),
            mark(
                "Feeding the house from the car, because the grid costs {price_eur_per_kwh} and the car refills at "
                "{refill_price_eur_per_kwh} ({refill_s})."
            ),
            mark("Feeding the house from the car until {until_s}, because the grid costs {price_eur_per_kwh}."),
            mark("Feeding the house from the car, because the grid costs {price_eur_per_kwh}."),
            mark("Feeding the house from the car, because the grid is dear now."),
        ),
    ),
    "export_dear": Wording(
        mark("Sell to the grid"),
        (
            mark(
                "Selling from the car to the grid until {until_s}, because it pays {price_eur_per_kwh} and the car "
                "refills at {refill_price_eur_per_kwh} ({refill_s})."
            ),
            mark(
                "Selling from the car to the grid, because it pays {price_eur_per_kwh} and the car refills at "
                "{refill_price_eur_per_kwh} ({refill_s})."
            ),
            mark("Selling from the car to the grid, because it pays {price_eur_per_kwh} now."),
            mark("Selling from the car to the grid, because it pays well now."),
        ),
    ),
    "wait_for_cheaper": Wording(
        mark("Wait for a better price"),
        (
            mark(
                "Waiting until {until_s}: the car then charges at {price_eur_per_kwh}, and the grid costs "
                "{now_price_eur_per_kwh} now."
            ),
            mark(
                "Waiting until {until_s}: what the car gives is then worth {later_price_eur_per_kwh}, and "
                "{now_price_eur_per_kwh} now."
            ),
            mark("Waiting until {until_s}: the price is better then."),
            mark("Waiting: the car charges later, at a better price."),
        ),
    ),
    "full": Wording(
        mark("Full"),
        (mark("The car is at {target_soc} and needs nothing more."), mark("The car is full and needs nothing more.")),
    ),
    "hold": Wording(
        mark("Hold the charge"), (mark("Holding the car's charge: right now there is nothing to gain either way."),)
    ),
    "limit_fuse": Wording(
        mark("Main fuse"),
        (
            mark("Held to {limit_w}, because the main fuse carries no more."),
            mark("Held back to protect the main fuse."),
        ),
    ),
    "limit_import": Wording(
        mark("Grid's import limit"),
        (
            mark("Held back, because the grid allows the home {limit_w} at the most until {until_s}."),
            mark("Held back, because the grid allows the home {limit_w} at the most now."),
            mark("Held back, because the grid limits what the home may draw now."),
        ),
    ),
    "limit_export": Wording(
        mark("Grid's export limit"),
        (
            mark("Held back, because the home may export {limit_w} at the most."),
            mark("Held back, because the home may export no more."),
        ),
    ),
    "limit_car": Wording(
        mark("Car's own limit"),
        (mark("Held to {limit_w}: the car takes or gives no more."), mark("Held back by the car's own limit.")),
    ),
    "limit_charger": Wording(
        mark("Charger's limit"),
        (mark("Held to {limit_w}: the charger can do no more."), mark("Held back by the charger's limit.")),
    ),
    "v2g_off": Wording(
        mark("V2G is off"),
        (mark("The car does not discharge, because you have switched V2G off."),),
    ),
    "limit_reserve": Wording(
        mark("Reserve"),
        (
            mark("The car stopped feeding at its reserve of {reserve_soc}, which you keep for the unexpected."),
            mark("The car stopped feeding at its reserve, which you keep for the unexpected."),
        ),
    ),
    "event_setpoint": Wording(
        mark("Asked by the utility"),
        (
            mark("Following the utility, which asks for {power_w} until {until_s}."),
            mark("Following the utility's event until {until_s}."),
            mark("Following the utility's event."),
        ),
    ),
    "event_price": Wording(
        mark("Utility's price"),
        (
            mark(
                "Feeding from the car, because the utility's price is {price_eur_per_kwh} and the car refills at "
                "{refill_price_eur_per_kwh} ({refill_s})."
            ),
            mark("Following the utility's price of {price_eur_per_kwh} until {until_s}."),
            mark("Following the utility's price of {price_eur_per_kwh}."),
            mark("Following the utility's price event."),
        ),
    ),
    "event_emergency": Wording(
        mark("Grid emergency"),
        (
            mark("Helping the grid in an emergency until {until_s}: the utility asked for it."),
            mark("Helping the grid in an emergency: the utility asked for it."),
        ),
    ),
    "frequency": Wording(
        mark("Grid frequency"),
        (
            mark("Steadying the grid with {answer_w}: its frequency is {frequency_hz}."),
            mark("Steadying the grid, whose frequency is {frequency_hz}."),
            mark("Steadying the grid's frequency."),
        ),
    ),
    "meter_stale": Wording(
        mark("Meter silent"),
        (mark("Standing still, because the meter has not answered: without it the fuse cannot be watched."),),
    ),
    "link_silent": Wording(
        mark("Grid link silent"),
        (
            mark("Held to {limit_w}, the safe limit, because the link to the grid is silent."),
            mark("Held to the safe limit, because the link to the grid is silent."),
        ),
    ),
    "no_plan": Wording(mark("No plan yet"), (mark("Waiting for the first plan; it comes within a minute."),)),
}


def label(code: str) -> str:
    """Two or three words for a reason; an unknown code of a newer engine is shown as it is."""
    wording = WORDINGS.get(code)
    return tr(wording.label) if wording else code.replace("_", " ")


def sentence(reason: ReasonLike, fmt: Format, now: datetime) -> str:
    """One sentence for a reason."""
    wording = WORDINGS.get(reason.code)
    if wording is None:
        return reason.code.replace("_", " ").capitalize() + "."
    have = {name for name, value in reason.params.items() if isinstance(value, str) or math.isfinite(value)}
    chosen = next((text for text in wording.sentences if _fields_of(text) <= have), wording.sentences[-1])
    words = {name: _figure(name, reason.params[name], fmt, now) for name in _fields_of(chosen)}
    prices = {name: float(reason.params[name]) for name in words if name.endswith("_per_kwh")}
    if len(set(prices.values())) == 2 and len({words[name] for name in prices}) == 1:
        # Two prices that a cent cannot tell apart, in a sentence about their difference.
        words |= {name: fmt.money(price, decimals=3).text for name, price in prices.items()}
    return tr(chosen, **words)


def why(reason: ReasonLike, limited_by: list[ReasonLike], fmt: Format, now: datetime) -> str:
    """The sentence for a set-point: its reason, then the limit that cuts it, if another one does."""
    text = sentence(reason, fmt, now)
    if limited_by and limited_by[0].code != reason.code:
        text += " " + sentence(limited_by[0], fmt, now)
    return text


def _fields_of(text: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name)


def _figure(name: str, value: float | str, fmt: Format, now: datetime) -> str:
    """A param in words; the end of its name tells the unit, as everywhere in the house."""
    if isinstance(value, str):
        return value
    for ending, write in _WRITERS.items():
        if name.endswith(ending):
            return write(value, fmt, now)
    return fmt.number(value, 1)


def _clock(value: float, fmt: Format, now: datetime) -> str:
    return fmt.when(datetime.fromtimestamp(value, UTC), now).text


_WRITERS: dict[str, Callable[[float, Format, datetime], str]] = {
    # In a sentence everybody knows that a kilowatt-hour is meant, and "€/kWh" would break at its slash.
    "_per_kwh": lambda value, fmt, _now: fmt.money(value).text,
    "_w": lambda value, fmt, _now: fmt.power(value).text,
    "_wh": lambda value, fmt, _now: fmt.energy(value).text,
    "soc": lambda value, fmt, _now: fmt.percent(value).text,
    "_hz": lambda value, fmt, _now: fmt.frequency(value).text,
    "_s": _clock,
}


def known_params() -> Mapping[str, frozenset[str]]:
    """Code → all the params that its sentences can say."""
    return {code: frozenset().union(*map(_fields_of, w.sentences)) for code, w in WORDINGS.items()}
