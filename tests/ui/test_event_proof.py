"""The one line that says how well a grid event was served."""

from app.api.schema import AccountOut
from ui.models.events import proof
from ui.models.units import Format

FMT = Format()


def account(**changes: object) -> AccountOut:
    fields = {
        "baseline": "charge_on_arrival",
        "asked_wh": 1000.0,
        "delivered_wh": 970.0,
        "baseline_wh": 0.0,
        "energy_wh": -970.0,
    }
    return AccountOut(**(fields | changes))


def test_the_line_says_response_share_and_availability() -> None:
    said = proof(account(share=0.97, response_s=4.2, availability=1.0), FMT).replace("\u00a0", " ")
    assert said == "answered in 4.2 s · 97 % of what was asked · available 100 % of the time"


def test_what_was_not_kept_is_said() -> None:
    assert "beyond the limit for 12 s" in proof(account(over_s=12.0), FMT)


def test_nothing_measured_is_no_figure() -> None:
    assert proof(account(), FMT) == "Known once the event has begun."
