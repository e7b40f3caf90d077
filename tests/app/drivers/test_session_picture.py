"""What a car tells is believed as far as a home could plan with it."""

import pytest

from app.drivers.charger_session import SessionPicture
from energy.model import Charger, Ev
from protocols.iso15118.events import LoopAnswered
from protocols.iso15118.power import CarReport, EnergyNeeds, Limits

USUAL_WH = 60_000.0


@pytest.mark.parametrize(
    ("told_wh", "believed_wh"),
    [(77_000.0, 77_000.0), (None, USUAL_WH), (0.0, USUAL_WH), (-1.0, USUAL_WH), (0.5, USUAL_WH), (1e130, USUAL_WH)],
)
def test_a_battery_that_cannot_be_is_not_believed(told_wh: float | None, believed_wh: float) -> None:
    charger = Charger(charger_id="one", phases=3, charge_max_w=11_000.0, discharge_max_w=11_000.0)
    picture = SessionPicture(charger, Ev(ev_id="car", capacity_wh=USUAL_WH, charge_max_w=11_000.0))
    report = CarReport(Limits(7_000.0), EnergyNeeds(max_wh=30_000.0), soc=0.5, capacity_wh=told_wh)
    picture.take(LoopAnswered(0.0, report, 5_000.0), 0.0)
    assert picture.now.ev.ev.capacity_wh == believed_wh
    assert picture.now.ev.ev.charge_max_w == 7_000.0
