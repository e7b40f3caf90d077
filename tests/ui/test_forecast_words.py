"""How good the forecasts are, and what is only usual, in the homeowner's words."""

from datetime import timedelta

from sample_desk import NOW, plan, snapshot

from app.api import schema as s
from ui.models import home, units
from ui.models import plan as model

FMT = units.Format(timezone="Europe/Berlin", currency="EUR")


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def test_both_forecasts_are_told_beside_simple_averages() -> None:
    load = s.ForecastOut(of="load", mean_error_w=310, rmse_w=420, simple_mean_error_w=340, band_share=0.8, days=28)
    solar = s.ForecastOut(of="solar", mean_error_w=512, rmse_w=715, days=9)
    told = plan().model_copy(update={"forecasts": [load, solar]})
    assert plain(model.forecast_words(told, FMT)) == (
        "House forecast: off by 310 W on average; simple averages 340 W. Roof forecast: off by 512 W on average."
    )
    assert model.forecast_words(plan().model_copy(update={"forecasts": []}), FMT) == ""


def test_a_usual_departure_is_told_as_usual() -> None:
    usual = s.ReadyBy(at=NOW + timedelta(hours=9), target_soc=0.5, usual_chance=0.8)
    card = home.ready_card(snapshot(ready_by=usual))
    assert plain(card.verdict) == "Nobody asked for it: the car usually leaves then (80 % of such days)."
    asked = home.ready_card(snapshot(ready_by=usual.model_copy(update={"usual_chance": None})))
    assert "usually" not in asked.verdict
    short = usual.model_copy(update={"on_track": False, "short_by_wh": 2000.0, "planned_soc": 0.4})
    assert "short" in home.ready_card(snapshot(ready_by=short)).verdict
