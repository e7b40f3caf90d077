"""The car as a plan sees it."""

import pytest

from app.engine.planned_car import planned_car
from energy.model import Absence, Ev, EvState, Wishes

USUAL = Ev(ev_id="car", capacity_wh=60_000, charge_max_w=11_000, discharge_max_w=10_000)
NOBODY_AWAY = Wishes()


@pytest.mark.parametrize(
    ("soc", "told_w", "planned_w"),
    [(0.98, 1_500.0, 11_000.0), (0.5, 7_400.0, 7_400.0), (None, 7_400.0, 7_400.0)],
)
def test_a_nearly_full_car_will_take_full_power_again(soc: float | None, told_w: float, planned_w: float) -> None:
    told = Ev(ev_id="car", capacity_wh=60_000, charge_max_w=told_w, discharge_max_w=5_000)
    seen = planned_car(EvState(connected=True, ev=told, soc=soc), USUAL, NOBODY_AWAY, 0.0, None)
    assert (seen.ev.charge_max_w, seen.ev.discharge_max_w) == (planned_w, 5_000)


def test_an_empty_car_will_give_again() -> None:
    told = Ev(ev_id="car", capacity_wh=60_000, charge_max_w=7_400, discharge_max_w=0.0)
    seen = planned_car(EvState(connected=True, ev=told, soc=0.06), USUAL, NOBODY_AWAY, 0.0, None)
    assert seen.ev.discharge_max_w == 10_000


def test_a_car_that_is_away_has_used_its_share_of_the_trip() -> None:
    away = EvState(connected=False, ev=USUAL)
    trip = Wishes(absences=(Absence(from_s=1_000, to_s=2_000, used_wh=12_000),))
    assert planned_car(away, USUAL, trip, 1_500.0, 48_000.0).soc == pytest.approx(0.7)
    assert planned_car(away, USUAL, trip, 1_500.0, None).soc is None
    assert planned_car(away, USUAL, NOBODY_AWAY, 1_500.0, 48_000.0).soc == pytest.approx(0.8)
