"""Batteries, machines and planning's stand-ins, in words."""

from datetime import timedelta

from sample_desk import NOW, plan, snapshot, with_assets

from app.api import schema as s
from ui.models import assets
from ui.models import home as model
from ui.models.plan import readout
from ui.models.units import Format

FMT = Format(timezone="Europe/Berlin", currency="EUR")


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def test_the_card_says_when_to_start_what_runs_and_what_is_kept() -> None:
    dishwasher, pump, battery, tank = assets.rows(snapshot(**with_assets()))
    assert (dishwasher.figure, dishwasher.may_put_off) == ("tomorrow 00:00", True)
    assert (pump.figure, pump.may_put_off) == ("runs", False)
    assert plain(battery.words) == "It feeds 1.0 kW. 10 % are kept for a blackout."
    assert tank.figure == "48.5 °C"


def test_a_silent_battery_is_no_zero() -> None:
    [line] = assets.rows(snapshot(batteries=[s.BatteryNow(name="Cellar", capacity_wh=10_000)]))
    assert line.limit
    assert line.words == "It does not answer."
    shown = model.picture(snapshot(batteries=[s.BatteryNow(name="Cellar", capacity_wh=10_000)]))
    assert shown.battery is not None
    assert shown.battery.value.text == "—"
    assert not shown.battery_wire.flowing
    assert model.picture(snapshot()).battery is None


def test_what_is_usual_is_told_apart_from_what_is_wrong() -> None:
    wrong, usual = assets.planning_words(with_assets()["planning"], FMT, NOW)
    assert wrong == "Garage battery is left out of the plan: it tells no charge or takes no orders."
    assert usual.startswith(
        "From tomorrow 00:00, prices are not published yet: what the past weeks let expect is used."
    )
    late = s.FallbackOut(kind="old_plan", since=NOW + timedelta(hours=2), text="…")
    assert "goes on until 20:42" in plain(assets.planning_words([late], FMT, NOW)[0])
    # A step that this window does not know yet is told in the engine's own words.
    strange = s.FallbackOut(kind="martians", text="the sun is behind the moon")
    assert assets.planning_words([strange], FMT, NOW)[0] == "The sun is behind the moon."


def test_a_steps_readout_tells_batteries_and_machines_where_there_are_some() -> None:

    bare = plan()
    assert len(readout(bare, 3, FMT, NOW).figures) == 6
    n = len(bare.start)
    stores = [s.StoreOut(name="Cellar", kind="battery", power_w=[-1500.0] * n, share=[0.5] * n)]
    loads = [s.RunOut(name="Dishwasher", start=NOW, power_w=[1900.0, 0.0] + [0.0] * (n - 2))]
    shown = readout(bare.model_copy(update={"stores": stores, "loads": loads}), 0, FMT, NOW).figures[6:]
    assert [(caption, plain(value.text)) for caption, value in shown] == [
        ("Battery feeds", "1.5 kW"),
        ("Dishwasher", "1.9 kW"),
    ]


def test_every_way_to_take_risks_has_a_sentence() -> None:
    keys = [key for key, _ in assets.risk_choices()]
    assert keys == ["careful", "balanced", "bold"]
    assert len({assets.risk_words(key) for key in keys}) == 3


def test_a_blackout_reserve_is_one_more_wish(window: object) -> None:
    car = window.page("car")  # type: ignore[attr-defined]
    window.desk.change(**with_assets())  # type: ignore[attr-defined]
    window.wait(lambda: "Cellar battery" in car.editor.blackout._boxes)  # type: ignore[attr-defined]
    window.wait(lambda: car.editor._wishes is not None)  # type: ignore[attr-defined]
    assert not car.editor.dirty
    box = car.editor.blackout._boxes["Cellar battery"]
    assert box.value() == 10
    box.setValue(35)
    assert car.editor.dirty
    assert car.editor.wishes().battery_reserve_soc == {"Cellar battery": 0.35}
    # A snapshot that comes meanwhile does not take it back.
    car.editor.show_batteries(with_assets()["batteries"])
    assert box.value() == 35


def test_put_off_and_risk_reach_the_engine(window: object) -> None:
    page = window.page("home")  # type: ignore[attr-defined]
    window.desk.change(**with_assets())  # type: ignore[attr-defined]
    window.wait(lambda: page.assets.isVisible())  # type: ignore[attr-defined]
    page._put_off("Dishwasher")
    window.wait(lambda: bool(window.asked("put off")))  # type: ignore[attr-defined]
    car = window.page("car")  # type: ignore[attr-defined]
    window.wait(lambda: car.editor._wishes is not None)  # type: ignore[attr-defined]
    car.editor.risk._click("careful")
    assert car.editor.dirty
    assert car.editor.wishes().risk == "careful"
