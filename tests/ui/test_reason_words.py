from datetime import UTC, datetime

from app.api.schema import ReasonOut
from ui.models import reasons
from ui.models.units import Format

NOW = datetime(2026, 11, 24, 17, 42, tzinfo=UTC)
FMT = Format(timezone="Europe/Berlin", currency="EUR")
FIGURES: dict[str, float | str] = {
    "until_s": NOW.timestamp() + 3600,
    "price_eur_per_kwh": 0.38,
    "refill_price_eur_per_kwh": 0.11,
    "refill_s": NOW.timestamp() + 30_000,
}


def test_the_most_telling_sentence_is_said() -> None:
    reason = ReasonOut(code="feed_house", params=FIGURES)
    said = reasons.sentence(reason, FMT, NOW).replace("\u00a0", " ")
    assert said == (
        "Feeding the house from the car until 19:42, because the grid costs 0.38 € and the car refills at "
        "0.11 € (tomorrow 03:02)."
    )
    fewer = ReasonOut(code="feed_house", params={"price_eur_per_kwh": 0.38})
    assert "until" not in reasons.sentence(fewer, FMT, NOW)


def test_the_limit_that_cuts_is_added_once() -> None:
    reason = ReasonOut(code="charge_cheap")
    cut = ReasonOut(code="limit_fuse", params={"limit_w": 4200.0})
    assert "main fuse" in reasons.why(reason, [cut], FMT, NOW)
    assert reasons.why(cut, [cut], FMT, NOW).count("main fuse") == 1


def test_a_code_of_a_newer_engine_is_shown_as_it_is() -> None:
    assert reasons.label("heat_pump") == "heat pump"
    assert reasons.sentence(ReasonOut(code="heat_pump"), FMT, NOW) == "Heat pump."


def test_two_prices_that_a_cent_cannot_tell_apart_get_a_third_decimal() -> None:
    close = {"now_price_eur_per_kwh": 0.2629, "price_eur_per_kwh": 0.2557, "until_s": NOW.timestamp()}
    said = reasons.sentence(ReasonOut(code="wait_for_cheaper", params=close), FMT, NOW)
    assert "0.256" in said
    assert "0.263" in said


def test_a_time_without_end_is_not_said() -> None:
    endless = ReasonOut(code="event_emergency", params={"until_s": float("inf")})
    assert reasons.sentence(endless, FMT, NOW) == "Helping the grid in an emergency: the utility asked for it."


def test_the_facts_behind_a_reason_are_said_in_the_homes_money() -> None:
    behind = {
        "worth_eur_per_kwh": 0.314,
        "next_choice": "hold",
        "next_cost_eur": 0.42,
        "block_until_s": NOW.timestamp() + 3600,
        "binds": "charger",
    }
    said = reasons.facts(ReasonOut(code="charge_cheap", params=behind), FMT, NOW).replace("\u00a0", " ")
    assert said == (
        "A kWh in the car is worth 0.31 €. Holding until 19:42 instead would cost 0.42 €. The charger can do no more."
    )
