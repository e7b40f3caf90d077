"""The words for every typed reason, in one table: the window translates them, everything else says them in English.

``app.api.reason_text`` says them. Texts in ``mark`` are found by ``python -m ui.translate``; fields in braces are
the reason's params, the end of whose name tells the unit.
"""

from dataclasses import dataclass


def mark(text: str) -> str:
    """The text as it is: marks it for translation."""
    return text


@dataclass(frozen=True, slots=True)
class Wording:
    """The words for one reason code."""

    label: str
    """Two or three words, for lists."""
    brief: str
    """For a terminal's status line; not translated."""
    sentences: tuple[str, ...]
    """The most telling first: the first one whose figures the reason brings is said."""


WORDINGS: dict[str, Wording] = {
    "no_car": Wording(mark("No car"), "no car", (mark("No car is plugged in."),)),
    "paused": Wording(
        mark("Paused"), "paused", (mark("Paused by you: the car neither charges nor feeds until you go on."),)
    ),
    "boost": Wording(
        mark("Boost"),
        "boost",
        (
            mark("Charging at full power until {until_s}, because you asked for a boost."),
            mark("Charging at full power, because you asked for a boost."),
        ),
    ),
    "charge_cheap": Wording(
        mark("Charge cheaply"),
        "charging: cheap now",
        (
            mark(
                "Charging the car until {until_s}, because the grid costs {price_eur_per_kwh}, and "
                "{mean_price_eur_per_kwh} on average."
            ),
            mark(
                "Charging the car, because the grid costs {price_eur_per_kwh}, and {mean_price_eur_per_kwh} on average."
            ),
            mark("Charging the car until {until_s}, because the grid costs only {price_eur_per_kwh}."),
            mark("Charging the car, because the grid costs only {price_eur_per_kwh}."),
            mark("Charging the car, because the grid is cheap."),
        ),
    ),
    "charge_solar": Wording(
        mark("Charge from the roof"),
        "charging from the roof",
        (
            mark("Charging the car from the roof until {until_s}: the sun gives more than the house needs."),
            mark("Charging the car from the roof: the sun gives more than the house needs."),
        ),
    ),
    "charge_for_departure": Wording(
        mark("Charge for the departure"),
        "charging to be ready",
        (
            mark("Charging the car, so that it has {target_soc} at {deadline_s}."),
            mark("Charging the car, so that it is ready at {deadline_s}."),
            mark("Charging the car for its next departure."),
        ),
    ),
    "charge_to_reserve": Wording(
        mark("Charge to the reserve"),
        "charging the reserve",
        (
            mark("Charging the car up to its reserve of {reserve_soc}, which you keep for the unexpected."),
            mark("Charging the car up to its reserve, which you keep for the unexpected."),
        ),
    ),
    "feed_house": Wording(
        mark("Feed the house"),
        "feeding the house",
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
            mark("Feeding the house from the car, because the grid is dear."),
        ),
    ),
    "export_dear": Wording(
        mark("Sell to the grid"),
        "selling to the grid",
        (
            mark(
                "Selling from the car to the grid until {until_s}, because it pays {price_eur_per_kwh} and the car "
                "refills at {refill_price_eur_per_kwh} ({refill_s})."
            ),
            mark(
                "Selling from the car to the grid, because it pays {price_eur_per_kwh} and the car refills at "
                "{refill_price_eur_per_kwh} ({refill_s})."
            ),
            mark("Selling from the car to the grid, because it pays {price_eur_per_kwh}."),
            mark("Selling from the car to the grid, because it pays well."),
        ),
    ),
    "wait_for_cheaper": Wording(
        mark("Wait for a better price"),
        "waiting for the price",
        (
            mark(
                "Waiting until {until_s}: the car then charges at {price_eur_per_kwh}, and the grid costs "
                "{now_price_eur_per_kwh} until then."
            ),
            mark(
                "Waiting until {until_s}: a kWh from the car then earns {later_price_eur_per_kwh}, and "
                "{now_price_eur_per_kwh} until then."
            ),
            mark("Waiting until {until_s}: the price is better then."),
            mark("Waiting: the car charges later, at a better price."),
        ),
    ),
    "wait_for_sun": Wording(
        mark("Wait for the sun"),
        "waiting for the sun",
        (mark("Waiting for the sun: the roof gives too little for the car now."),),
    ),
    "roof_feeds": Wording(
        mark("The roof feeds"),
        "the roof feeds",
        (mark("The car rests: the house needs nothing from it now."),),
    ),
    "full": Wording(
        mark("Full"),
        "full",
        (mark("The car is at {target_soc} and needs nothing more."), mark("The car is full and needs nothing more.")),
    ),
    "hold": Wording(
        mark("Hold the charge"),
        "nothing to gain",
        (mark("Holding the car's charge: there is nothing to gain either way."),),
    ),
    "limit_fuse": Wording(
        mark("Main fuse"),
        "held by the fuse",
        (
            mark("Held back from {wanted_w}, because phase {phase} of the main fuse carries {limit_w} at the most."),
            mark("Held back, because phase {phase} of the main fuse carries {limit_w} at the most."),
            mark("Held back, because the load on the phases may differ by {unbalance_w} at the most."),
            mark("Held back from {wanted_w}, because the main fuse carries {limit_w} at the most."),
            mark("Held back, because the main fuse carries {limit_w} at the most."),
            mark("Held back to protect the main fuse."),
        ),
    ),
    "limit_import": Wording(
        mark("Grid's import limit"),
        "held: import limit",
        (
            mark("Held back from {wanted_w}, because the grid allows the home {limit_w} at the most until {until_s}."),
            mark("Held back, because the grid allows the home {limit_w} at the most until {until_s}."),
            mark("Held back, because the grid allows the home {limit_w} at the most now."),
            mark("Held back, because the grid limits what the home may draw now."),
        ),
    ),
    "limit_export": Wording(
        mark("Grid's export limit"),
        "held: export limit",
        (
            mark("Held back from {wanted_w}, because the home may export {limit_w} at the most."),
            mark("Held back, because the home may export {limit_w} at the most."),
            mark("Held back, because the home may export no more."),
        ),
    ),
    "limit_car": Wording(
        mark("Car's own limit"),
        "held by the car",
        (
            mark("Held to {limit_w} instead of {wanted_w}: the car takes or gives no more."),
            mark("Held to {limit_w}: the car takes or gives no more."),
            mark("Held back by the car's own limit."),
        ),
    ),
    "limit_charger": Wording(
        mark("Charger's limit"),
        "held by the charger",
        (
            mark("Held to {limit_w} instead of {wanted_w}: the charger can do no more."),
            mark("Held to {limit_w}: the charger can do no more."),
            mark("Held back by the charger's limit."),
        ),
    ),
    "v2g_off": Wording(
        mark("V2G is off"),
        "discharging is off",
        (mark("The car does not discharge, because you have switched V2G off."),),
    ),
    "limit_reserve": Wording(
        mark("Reserve"),
        "keeping the reserve",
        (
            mark("The car stopped feeding at its reserve of {reserve_soc}, which you keep for the unexpected."),
            mark("The car stopped feeding at its reserve, which you keep for the unexpected."),
        ),
    ),
    "event_setpoint": Wording(
        mark("Asked by the utility"),
        "set by an event",
        (
            mark("Following the utility, which asks for {power_w} until {until_s}."),
            mark("Following the utility's event until {until_s}."),
            mark("Following the utility's event."),
        ),
    ),
    "event_price": Wording(
        mark("Utility's price"),
        "for an event's price",
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
        "emergency event",
        (
            mark("Helping the grid in an emergency until {until_s}: the utility asked for it."),
            mark("Helping the grid in an emergency: the utility asked for it."),
        ),
    ),
    "frequency": Wording(
        mark("Grid frequency"),
        "helping the frequency",
        (
            mark("Steadying the grid with {answer_w}: its frequency is {frequency_hz}."),
            mark("Steadying the grid, whose frequency is {frequency_hz}."),
            mark("Steadying the grid's frequency."),
        ),
    ),
    "meter_stale": Wording(
        mark("Meter silent"),
        "the meter is silent",
        (mark("Standing still, because the meter has not answered: without it the fuse cannot be watched."),),
    ),
    "link_silent": Wording(
        mark("Grid link silent"),
        "the link is silent",
        (
            mark("Held to {limit_w}, the safe limit, because the link to the grid is silent."),
            mark("Held to the safe limit, because the link to the grid is silent."),
        ),
    ),
    "no_plan": Wording(
        mark("No plan yet"), "no plan yet", (mark("Waiting for the first plan; it comes within a minute."),)
    ),
}


WORTH = mark("A kWh in the car is worth {worth_eur_per_kwh}.")
WORTH_CHANGES = mark("A kWh in the car is worth {worth_eur_per_kwh}, and {worth_later_eur_per_kwh} from {later_s}.")

BINDS: dict[str, str] = {
    "charger": mark("The charger can do no more."),
    "car": mark("The car takes or gives no more."),
    "fuse": mark("The main fuse carries no more."),
    "limit": mark("More is not allowed now."),
    "import_limit": mark("The grid allows no more."),
    "export_limit": mark("The home may export no more."),
    "frequency": mark("Some power is kept free to steady the grid."),
}
"""What keeps the step from going further, where the sentence itself does not tell (price, surplus, load, full …)."""

COSTS, EVEN, MISSES, EATS = "costs", "even", "departure", "reserve"
NEXT: dict[str, dict[str, str]] = {
    "hold": {
        COSTS: mark("Holding until {block_until_s} instead would cost {next_cost_eur}."),
        EVEN: mark("Holding instead would cost the same."),
        MISSES: mark("Holding until {block_until_s} instead would miss the departure's target."),
        EATS: mark("Holding until {block_until_s} instead would leave less than the reserve."),
    },
    "charge": {
        COSTS: mark("Charging until {block_until_s} instead would cost {next_cost_eur}."),
        EVEN: mark("Charging instead would cost the same."),
        MISSES: mark("Charging until {block_until_s} instead would miss the departure's target."),
        EATS: mark("Charging until {block_until_s} instead would leave less than the reserve."),
    },
    "discharge": {
        COSTS: mark("Feeding from the car until {block_until_s} instead would cost {next_cost_eur}."),
        EVEN: mark("Feeding from the car instead would cost the same."),
        MISSES: mark("Feeding from the car until {block_until_s} instead would miss the departure's target."),
        EATS: mark("Feeding from the car until {block_until_s} instead would leave less than the reserve."),
    },
}
"""The next best choice, by what would come of it."""
