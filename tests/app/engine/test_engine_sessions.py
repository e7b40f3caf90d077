"""The record of car sessions, and the picture that a charger's events make."""

from dataclasses import replace

import pytest

from app.drivers.charger_session import SessionPicture, state_of_charge
from app.drivers.charger_sleep import Sleep
from app.engine.sessions import SessionRecord
from app.ports import CarSession, StageReading
from app.store import SessionRow
from energy.model import Charger, Ev, EvState
from protocols import iso15118 as iso
from protocols.iec61851 import Pilot
from protocols.iso15118.paused import PausedSession

CAR = Ev(ev_id="usual", capacity_wh=60_000, charge_max_w=11_000)
CHARGER = Charger(charger_id="charger", phases=3, charge_max_w=11_000, discharge_max_w=10_000)
LIMITS = iso.Limits(max_charge_w=7_400, max_discharge_w=5_000)
T0 = 1_713_279_600.0


def stage(pilot: Pilot, ev_w: float = 0.0, import_wh: float = 0.0, export_wh: float = 0.0) -> StageReading:
    return StageReading(at_s=T0, pilot=pilot, ev_w=ev_w, import_wh=import_wh, export_wh=export_wh)


def started() -> iso.SessionStarted:
    return iso.SessionStarted(T0, "EVCC1", "0A", resumed=False)


def selected(service: iso.Service = iso.Service.DC_BPT) -> iso.ServiceSelected:
    return iso.ServiceSelected(T0, service, iso.ControlMode.DYNAMIC, iso.MobilityNeeds.FROM_CAR)


def looped(soc: float, **needs: float) -> iso.LoopAnswered:
    report = iso.CarReport(limits=LIMITS, needs=iso.EnergyNeeds(**needs), soc=soc, capacity_wh=50_000)
    return iso.LoopAnswered(T0, report, 0.0)


def test_the_car_tells_its_limits_charge_and_departure() -> None:
    picture = SessionPicture(CHARGER, CAR)
    picture.stage(stage(Pilot.B), T0)
    assert (picture.now.state, picture.now.ev.connected, picture.now.ev.can_charge) == ("plugged", True, False)
    for event in (started(), selected(), looped(0.5, departure_in_s=3600.0, target_soc=0.8)):
        picture.take(event, T0)
    now = picture.now
    assert (now.session_id, now.evcc_id, now.protocol) == ("0A", "EVCC1", "ISO 15118-20 DC_BPT, dynamic")
    assert (now.ev.soc, now.ev.ev.capacity_wh, now.ev.ev.charge_max_w, now.ev.ev.discharge_max_w) == (
        0.5,
        50_000,
        7_400,
        5_000,
    )
    assert now.ev.can_discharge
    assert (now.departure_s, now.target_soc) == (T0 + 3600, 0.8)


def test_a_charging_only_service_does_not_discharge() -> None:
    picture = SessionPicture(CHARGER, CAR)
    picture.take(started(), T0)
    picture.take(selected(iso.Service.DC), T0)
    assert not picture.now.ev.can_discharge


def test_the_cable_s_first_message_may_come_before_the_stage_is_asked() -> None:
    picture = SessionPicture(CHARGER, CAR)
    picture.take(started(), T0)
    picture.take(selected(), T0)
    picture.stage(stage(Pilot.B), T0)
    assert picture.now.session_id == "0A"
    assert picture.now.ev.can_charge


def test_energy_counts_from_the_plug_and_a_pulled_plug_ends_all() -> None:
    picture = SessionPicture(CHARGER, CAR)
    picture.stage(stage(Pilot.B, import_wh=5_000, export_wh=70), T0)
    picture.take(started(), T0)
    picture.stage(stage(Pilot.C, ev_w=-3_000, import_wh=5_400, export_wh=100), T0)
    assert (picture.now.charged_wh, picture.now.discharged_wh, picture.now.ev.power_w) == (400, 30, -3_000)
    picture.take(iso.SessionEnded(T0, True, "stopped by the car"), T0)
    assert (picture.now.state, picture.now.ev.can_charge, picture.now.ev.connected) == ("ended", False, True)
    picture.stage(stage(Pilot.A), T0 + 1)
    assert (picture.now.state, picture.now.ev.connected, picture.now.session_id) == ("unplugged", False, None)


def test_a_meter_that_falls_silent_takes_nothing_back() -> None:
    picture = SessionPicture(CHARGER, CAR)
    picture.stage(stage(Pilot.B, import_wh=5_000, export_wh=70), T0)
    picture.stage(stage(Pilot.C, import_wh=5_400, export_wh=100), T0)
    picture.stage(StageReading(at_s=T0, pilot=Pilot.C), T0)
    assert (picture.now.charged_wh, picture.now.discharged_wh) == (400, 30)


def asleep() -> Sleep:
    session = PausedSession(bytes([10]), "EVCC1")
    return Sleep(session, "ISO 15118-20 DC_BPT, dynamic", T0 - 600.0, 1_000.0, 50.0, 0.6, 50_000.0, True)


def test_a_car_that_slept_counts_on_and_resumes_its_record() -> None:
    picture = SessionPicture(CHARGER, CAR)
    picture.asleep(asleep())
    picture.stage(stage(Pilot.B, import_wh=9_000, export_wh=500), T0)
    assert (picture.now.state, picture.now.session_id, picture.now.ev.soc) == ("paused", "0A", 0.6)
    assert (picture.now.ev.can_charge, picture.now.ev.can_discharge) == (True, True)
    picture.take(iso.StateChanged(T0, iso.State.SESSION_SETUP, iso.State.HANDSHAKE), T0)
    picture.take(iso.SessionStarted(T0, "EVCC1", "0A", resumed=True), T0)
    picture.stage(stage(Pilot.C, import_wh=9_200, export_wh=500), T0)
    assert (picture.now.since_s, picture.now.charged_wh, picture.now.discharged_wh) == (T0 - 600.0, 1_200, 50)


def test_the_next_car_is_not_taken_for_the_one_that_slept() -> None:
    picture = SessionPicture(CHARGER, CAR)
    picture.asleep(asleep())
    picture.stage(stage(Pilot.A), T0)
    picture.stage(stage(Pilot.B), T0)
    assert (picture.now.state, picture.now.session_id) == ("plugged", None)


@pytest.mark.parametrize(
    ("soc", "max_wh", "fine"), [(0.62, 22_650.0, 0.6225), (0.62, 10_000.0, 0.62), (None, 1.0, None)]
)
def test_the_charge_is_finer_than_percent_where_the_car_also_tells_energy(
    soc: float | None, max_wh: float, fine: float | None
) -> None:
    report = iso.CarReport(limits=LIMITS, needs=iso.EnergyNeeds(max_wh=max_wh), soc=soc)
    assert state_of_charge(report, 60_000) == (pytest.approx(fine) if fine is not None else None)


def test_one_record_a_session_written_each_minute_and_closed_with_a_reason() -> None:
    rows: list[SessionRow] = []
    record = SessionRecord(rows.append)
    state = EvState(connected=True, ev=CAR, soc=0.5)
    session = CarSession(charger=CHARGER, ev=state, session_id="0A", state="charge_loop", since_s=T0)
    for second in range(0, 121):
        record.take("charger", replace(session, charged_wh=second), T0 + second)
    assert len(rows) == 3
    gone = CarSession(charger=CHARGER, ev=replace(state, connected=False, soc=None))
    record.take("charger", gone, T0 + 130)
    assert (rows[-1].end_s, rows[-1].charged_wh, rows[-1].ended) == (T0 + 130, 120, "the car was unplugged")
    record.take("charger", gone, T0 + 131)
    assert len(rows) == 4
