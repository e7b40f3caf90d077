"""Every typed reason in words: the one table, in plain English."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from app.api.reason_text import Plain, brief, facts, fields_of, known_params, label, sentence, text
from app.api.reason_words import BINDS, NEXT, WORDINGS, WORTH, WORTH_CHANGES
from energy.model import Reason, ReasonCode

NOW = datetime(2026, 11, 24, 17, 42, tzinfo=UTC)
PLAIN = Plain(tz=ZoneInfo("Europe/Berlin"), currency="EUR", now_s=NOW.timestamp())
FIGURES: dict[str, float | str] = {
    "until_s": NOW.timestamp() + 3600,
    "deadline_s": NOW.timestamp() + 40_000,
    "price_eur_per_kwh": 0.38,
    "refill_price_eur_per_kwh": 0.11,
    "limit_w": 4200.0,
    "wanted_w": 9000.0,
    "unbalance_w": 4600.0,
    "phase": 2.0,
    "power_w": 3000.0,
    "target_soc": 0.8,
    "reserve_soc": 0.3,
    "mean_price_eur_per_kwh": 0.29,
    "now_price_eur_per_kwh": 0.31,
    "later_price_eur_per_kwh": 0.44,
    "refill_s": NOW.timestamp() + 30_000,
    "answer_w": -900.0,
    "age_s": 12.0,
    "frequency_hz": 49.88,
    "event_id": "ev-1",
}
FACTS: dict[str, float | str] = {
    "worth_eur_per_kwh": 0.314,
    "worth_later_eur_per_kwh": 0.12,
    "later_s": NOW.timestamp() + 40_000,
    "next_choice": "hold",
    "next_cost_eur": 0.42,
    "block_until_s": NOW.timestamp() + 7200,
    "binds": "load",
}


def reason(code: str, **params: float | str) -> Reason:
    return Reason(code=ReasonCode(code), params=params)


@pytest.mark.parametrize("code", list(ReasonCode))
def test_every_reason_of_the_energy_floor_has_words(code: ReasonCode) -> None:
    bare, full = sentence(Reason(code=code), PLAIN), text(Reason(code=code, params=FIGURES | FACTS), PLAIN)
    for said in (bare, full):
        assert said.endswith(".")
        assert "{" not in said
        assert "_" not in said
    assert 0 < len(label(code)) <= 26
    assert 0 < len(brief(code)) <= 22
    assert "_" not in brief(code)


def test_no_words_for_codes_that_do_not_exist() -> None:
    assert WORDINGS.keys() == {code.value for code in ReasonCode}


def test_every_figure_of_a_sentence_is_one_that_is_given() -> None:
    """A template with a misspelt param would never be said."""
    for code, params in known_params().items():
        assert params <= FIGURES.keys(), code
    tails = [WORTH, WORTH_CHANGES, *BINDS.values(), *(t for outcomes in NEXT.values() for t in outcomes.values())]
    assert all(fields_of(tail) <= FACTS.keys() for tail in tails)


def test_the_sentence_and_the_facts_behind_it() -> None:
    said = text(reason("feed_house", **FIGURES | FACTS), PLAIN)
    assert said == (
        "Feeding the house from the car until 19:42, because the grid costs 0.38 EUR and the car refills at 0.11 EUR "
        "(tomorrow 03:02). A kWh in the car is worth 0.31 EUR, and 0.12 EUR from tomorrow 05:48. Holding until "
        "20:42 instead would cost 0.42 EUR."
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"worth_later_eur_per_kwh": 0.312, "next_cost_eur": 0.0}, "Holding instead would cost the same."),
        ({"worth_later_eur_per_kwh": 0.312, "next_cost_eur": 0.004}, ""),
        ({"worth_later_eur_per_kwh": 0.312, "next_breaks": "departure"}, "would miss the departure's target."),
        ({"worth_later_eur_per_kwh": 0.312, "next_choice": "discharge"}, "Feeding from the car until 20:42 instead"),
        ({"worth_later_eur_per_kwh": 0.312, "next_cost_eur": 0.0, "binds": "charger"}, "The charger can do no more."),
    ],
)
def test_what_the_next_choice_would_come_to(changes: dict[str, float | str], said: str) -> None:
    told = facts(reason("charge_cheap", **FACTS | changes), PLAIN)
    assert told.startswith("A kWh in the car is worth 0.31 EUR.")
    assert said in told
    if not said:
        assert told == "A kWh in the car is worth 0.31 EUR."


def test_a_limit_is_not_told_twice() -> None:
    assert facts(reason("limit_import", binds="import_limit"), PLAIN) == ""
    assert facts(reason("charge_cheap", binds="import_limit"), PLAIN) == "The grid allows no more."


def test_no_facts_no_words_and_a_newer_engines_facts_are_passed_over() -> None:
    assert facts(reason("no_car", binds="away"), PLAIN) == ""
    assert facts(reason("hold", binds="moon", next_choice="fly", block_until_s=1.0, next_cost_eur=1.0), PLAIN) == ""


def test_a_limit_says_what_was_wanted_and_on_which_phase() -> None:
    fuse = reason("limit_fuse", limit_w=5750.0, wanted_w=11000.0, phase=2)
    assert sentence(fuse, PLAIN) == (
        "Held back from 11.0 kW, because phase 2 of the main fuse carries 5.8 kW at the most."
    )


def test_money_and_time_in_plain_english() -> None:
    assert PLAIN.figure("money", -0.001) == "0.00 EUR"
    assert PLAIN.figure("time", NOW.timestamp() - 86_400) == "yesterday 18:42"
    assert PLAIN.figure("time", NOW.timestamp() + 3 * 86_400) == "Fri 18:42"
    assert PLAIN.figure("time", NOW.timestamp() + 30 * 86_400) == "24 Dec 18:42"
