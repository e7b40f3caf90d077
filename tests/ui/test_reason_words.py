from datetime import UTC, datetime

import pytest

from app.api.schema import ReasonOut
from energy.model import ReasonCode
from ui.models import reasons
from ui.models.units import Format

NOW = datetime(2026, 11, 24, 17, 42, tzinfo=UTC)
FMT = Format(timezone="Europe/Berlin", currency="EUR")
FIGURES: dict[str, float | str] = {
    "until_s": NOW.timestamp() + 3600,
    "deadline_s": NOW.timestamp() + 40_000,
    "price_eur_per_kwh": 0.38,
    "refill_price_eur_per_kwh": 0.11,
    "limit_w": 4200.0,
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


@pytest.mark.parametrize("code", [code.value for code in ReasonCode])
def test_every_reason_of_the_energy_floor_has_words(code: str) -> None:
    assert code in reasons.WORDINGS
    bare = reasons.sentence(ReasonOut(code=code), FMT, NOW)
    full = reasons.sentence(ReasonOut(code=code, params=FIGURES), FMT, NOW)
    for text in (bare, full):
        assert text.endswith(".")
        assert "{" not in text
        assert "_" not in text
    assert 0 < len(reasons.label(code)) <= 26


def test_no_words_for_codes_that_do_not_exist() -> None:
    assert reasons.WORDINGS.keys() == {code.value for code in ReasonCode}


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


def test_every_figure_of_a_sentence_is_one_that_is_given() -> None:
    """A template with a misspelt param would never be said."""
    for code, params in reasons.known_params().items():
        assert params <= FIGURES.keys(), code


def test_two_prices_that_a_cent_cannot_tell_apart_get_a_third_decimal() -> None:
    close = {"now_price_eur_per_kwh": 0.2629, "price_eur_per_kwh": 0.2557, "until_s": NOW.timestamp()}
    said = reasons.sentence(ReasonOut(code="wait_for_cheaper", params=close), FMT, NOW)
    assert "0.256" in said
    assert "0.263" in said


def test_a_time_without_end_is_not_said() -> None:
    endless = ReasonOut(code="event_emergency", params={"until_s": float("inf")})
    assert reasons.sentence(endless, FMT, NOW) == "Helping the grid in an emergency: the utility asked for it."
