"""Our car with our charger in ISO 15118-2, from the handshake to the end, in memory."""

from collections.abc import Callable
from typing import Any

import pytest

from protocols.exi.messages import v2, v2_types
from protocols.iso15118 import (
    CarPlan,
    Evse,
    EvseOffer,
    Notification,
    Prices,
    Schedule,
    Service,
    SimulatedCar,
    State,
)
from protocols.iso15118.connection import PLAIN
from protocols.iso15118.events import (
    AuthorizationRequested,
    CableCheckRequested,
    LimitsReceived,
    LoopAnswered,
    MessageSeen,
    NeedsReceived,
    PowerDeliveryChanged,
    PreChargeRequested,
    SchedulesReceived,
    ServiceSelected,
    SessionPaused,
    SessionStarted,
    SetPointExpired,
    SetPointReceived,
    ValueAddedSelected,
)
from protocols.iso15118.paused import PausedSession
from protocols.iso15118.power import EvseReadings, Limits, MeterReading
from protocols.iso15118.services import ControlMode, ProtocolName, ValueAdded
from protocols.iso15118.v2.values import number
from protocols.iso15118.values import mac_address

SETUP = ["supportedAppProtocol", "SessionSetup", "ServiceDiscovery", "PaymentServiceSelection", "Authorization"]
SEQUENCES = {
    Service.AC: [*SETUP, "ChargeParameterDiscovery", "PowerDelivery", "ChargingStatus", "PowerDelivery", "SessionStop"],
    Service.DC: [
        *(*SETUP, "ChargeParameterDiscovery", "CableCheck", "PreCharge", "PowerDelivery", "CurrentDemand"),
        *("PowerDelivery", "WeldingDetection", "SessionStop"),
    ],
}
BOTH = pytest.mark.parametrize("service", [Service.AC, Service.DC])


def charger(**offer: Any) -> Evse:
    return Evse(EvseOffer(protocols=(ProtocolName.V2,), **offer))


@pytest.fixture
def talk(conversation: Callable[..., Any]) -> Callable[..., Any]:
    """Makes a conversation in ISO 15118-2."""

    def make(service: Service = Service.AC, **options: Any) -> Any:
        plan = options.pop("plan", {})
        defaults = {
            "evse": charger(),
            "plan": CarPlan(service, protocols=(ProtocolName.V2,), **plan),
            "security": PLAIN,
        }
        return conversation(**{**defaults, **options})

    return make


def pairs(session: Any) -> list[str]:
    """Message pairs in order, repetitions folded into one."""
    found: list[str] = []
    for event in session.secc_of(MessageSeen):
        if event.name.endswith("Req") and (not found or found[-1] != event.name[:-3]):
            found.append(event.name[:-3])
    return found


def bodies(session: Any, kind: type) -> list[Any]:
    documents = [event.message for event in session.secc_of(MessageSeen)]
    found = [document.Body.BodyElement for document in documents if isinstance(document, v2.V2G_Message)]
    return [body for body in found if isinstance(body, kind)]


def ended_well(session: Any) -> None:
    assert session.secc_end.proper, session.secc_end
    assert session.evcc_end.proper, session.evcc_end


@BOTH
def test_a_whole_session(talk: Any, service: Service) -> None:
    session = talk(service)
    session.evse.set_power(5_000)
    session.run()
    ended_well(session)
    assert pairs(session) == SEQUENCES[service]
    (selected,) = session.secc_of(ServiceSelected)
    assert (selected.service, selected.control_mode) == (service, ControlMode.SCHEDULED)
    assert not selected.service.bidirectional
    for kind in (LimitsReceived, NeedsReceived, SessionStarted):
        assert len(session.secc_of(kind)) == 1
    assert len(session.secc_of(CableCheckRequested)) == (service is Service.DC)
    assert len(session.secc_of(PreChargeRequested)) == (service is Service.DC)
    assert [event.on for event in session.secc_of(PowerDeliveryChanged)] == [True, False]
    assert [event.set_point_w for event in session.secc_of(LoopAnswered)] == [5_000] * 5
    assert [event.set_point_w for event in session.evcc_of(SetPointReceived)] == pytest.approx([5_000] * 5, abs=10)
    assert session.evcc_of(SessionStarted)[0].peer_id == "DE*TWO*E0001"
    assert len(session.secc_of(SessionStarted)[0].peer_id) == 12
    assert session.car.charged_wh > 0


def test_what_the_charger_learns_of_a_car_in_dc(talk: Any) -> None:
    session = talk(Service.DC, car=SimulatedCar(max_loops=5, soc=0.4, departure_s=1_800_003_600.0))
    session.evse.set_power(6_000)
    session.run()
    (needs,) = session.secc_of(NeedsReceived)
    assert needs.needs.departure_in_s == pytest.approx(3_600, abs=1)
    assert needs.needs.target_wh == pytest.approx(24_000)
    report = session.secc_of(LoopAnswered)[-1].report
    assert (report.soc, report.capacity_wh) == (0.4, 60_000)
    assert report.target_w == pytest.approx(6_000, rel=0.01)
    assert report.needs.departure_in_s == pytest.approx(3_600 - 0.9, abs=1)


def test_an_ac_car_says_once_what_it_wants_and_clock_and_meter_count_it_down(talk: Any) -> None:
    session = talk(car=SimulatedCar(max_loops=6, departure_s=1_800_000_010.0), plan={"loop_interval_s": 1.0})
    session.evse.set_power(11_000)
    session.run()
    reports = [event.report for event in session.secc_of(LoopAnswered)]
    assert [round(report.needs.departure_in_s) for report in reports] == [10, 9, 8, 7, 6, 5]
    assert reports[0].needs.target_wh == 18_000
    assert reports[-1].needs.target_wh == pytest.approx(18_000 - session.evse.meter.charged_wh, abs=8)


@BOTH
def test_a_set_point_changes_expires_and_never_discharges(talk: Any, service: Service) -> None:
    wanted = [7_000.0, -4_000.0, 3_000.0, 2_000.0, 2_000.0, 2_000.0]
    session = talk(service, car=SimulatedCar(max_loops=6))
    turn = iter(wanted[1:])

    def steer(event: Any) -> None:
        if isinstance(event, LoopAnswered):
            power_w = next(turn, 2_000.0)
            session.evse.set_power(power_w, session.now + 0.5 if power_w == 2_000.0 else 1e12)

    session.listeners.append(steer)
    session.evse.set_power(wanted[0])
    session.run()
    ended_well(session)
    sent = [event.set_point_w for event in session.secc_of(LoopAnswered)]
    assert sent == [7_000, 0, 3_000, 2_000, 2_000, 2_000]
    assert session.car.discharged_wh == 0


def test_a_set_point_that_nobody_renews_expires(talk: Any) -> None:
    session = talk(car=SimulatedCar(max_loops=5))
    session.evse.set_power(4_000, valid_until_s=session.now + 0.5)
    session.run()
    assert [event.set_point_w for event in session.secc_of(LoopAnswered)] == [4_000, 4_000, 4_000, 0, 0]
    assert [event.expired_w for event in session.secc_of(SetPointExpired)] == [4_000]


def test_the_answer_is_bounded_by_car_and_charger(talk: Any) -> None:
    session = talk(Service.DC)
    session.evse.limits = Limits(max_charge_w=20_000, max_charge_a=40, max_v=500, min_v=150)
    session.evse.set_power(50_000)
    session.run()
    answers = bodies(session, v2.CurrentDemandRes)
    assert {number(one.EVSEMaximumPowerLimit) for one in answers} == {11_000}
    assert all(number(one.EVSEMaximumCurrentLimit) <= 40 for one in answers)
    assert number(answers[-1].EVSEPresentVoltage) > 300
    assert answers[-1].EVSEPowerLimitAchieved


@pytest.mark.parametrize(("phases", "mode"), [(3, "AC_three_phase_core"), (1, "AC_single_phase_core")])
def test_phases_make_the_current(talk: Any, phases: int, mode: str) -> None:
    session = talk(evse=charger(phases=phases))
    session.evse.set_power(3_450)
    session.run()
    assert bodies(session, v2.ChargeParameterDiscoveryReq)[0].RequestedEnergyTransferMode == mode
    answers = bodies(session, v2.ChargingStatusRes)
    assert [number(one.EVSEMaxCurrent) for one in answers] == pytest.approx([15 / phases] * 5, abs=0.01)
    received = [event.set_point_w for event in session.evcc_of(SetPointReceived)]
    assert received == pytest.approx([3_450] * 5, abs=1)


# Schedules.


PLANNED = Schedule(
    charge=((3_600.0, 7_000.0), (3_600.0, 7_000.0), (7_200.0, 0.0), (10_800.0, 11_000.0)),
    charge_prices=Prices("EUR", ((7_200.0, 0.30), (7_200.0, 0.45), (10_800.0, -0.05))),
)


def test_schedules_and_tariffs_are_those_of_the_home(talk: Any) -> None:
    session = talk()
    session.evse.offer_schedules(PLANNED, Schedule(charge=((86_400.0, 3_000.0),)))
    session.evse.set_power(5_000)
    session.run()
    ended_well(session)
    (answer,) = bodies(session, v2.ChargeParameterDiscoveryRes)
    first, second = answer.SASchedules.SAScheduleTuple
    entries = first.PMaxSchedule.PMaxScheduleEntry
    assert [(one.TimeInterval.start, number(one.PMax)) for one in entries] == [(0, 7_000), (7_200, 0), (14_400, 11_000)]
    assert [one.TimeInterval.duration for one in entries] == [None, None, 10_800]
    tariff = first.SalesTariff
    assert [one.EPriceLevel for one in tariff.SalesTariffEntry] == [2, 3, 1]
    assert [one.ConsumptionCost[0].Cost[0].amount for one in tariff.SalesTariffEntry] == [67, 100, 0]
    assert (second.SAScheduleTupleID, second.SalesTariff) == (2, None)
    (started, _) = session.secc_of(PowerDeliveryChanged)
    assert [step[0] for step in started.profile[:3]] == [7_200, 7_200, 10_800]
    assert [step[1] for step in started.profile[:3]] == pytest.approx([7_000, 0, 11_000], abs=5)


def test_a_schedule_that_only_discharges_holds_the_car_still(talk: Any) -> None:
    session = talk()
    session.evse.offer_schedules(Schedule(charge=(), discharge=((3_600.0, 5_000.0),)))
    session.evse.set_power(-5_000)
    session.run()
    ended_well(session)
    assert session.secc_of(PowerDeliveryChanged)[0].profile[0] == (86_400, 0)
    assert session.car.charged_wh == session.car.discharged_wh == 0


def test_what_people_wrote_goes_out_so_that_any_peer_reads_it(talk: Any) -> None:
    session = talk(with_stage=False)
    prices = Prices("EUR", ((3_600.0, 0.3),), description="Ökostrom für alle, die nachts laden wollen")
    session.evse.offer_schedules(Schedule(((3_600.0, 5_000.0),), charge_prices=prices))
    session.evse.meter = MeterReading("Zähler im Keller, zweiter von links", 12, 0)
    session.run()
    ended_well(session)
    (answer,) = bodies(session, v2.ChargeParameterDiscoveryRes)
    description = answer.SASchedules.SAScheduleTuple[0].SalesTariff.SalesTariffDescription
    meter = bodies(session, v2.ChargingStatusRes)[0].MeterInfo
    assert (description, meter.MeterID) == ("Okostrom fur alle, die nachts la", "Zahler im Keller, zweiter von li")


def test_levels_without_money(talk: Any) -> None:
    session = talk()
    session.evse.offer_schedules(Schedule(((7_200.0, 7_000.0),), charge_levels=((3_600.0, 2.0), (3_600.0, 0.0))))
    session.run()
    ended_well(session)
    (answer,) = bodies(session, v2.ChargeParameterDiscoveryRes)
    tariff = answer.SASchedules.SAScheduleTuple[0].SalesTariff
    assert [one.EPriceLevel for one in tariff.SalesTariffEntry] == [2, 1]
    assert (tariff.NumEPriceLevels, tariff.SalesTariffDescription) == (2, None)
    assert not any(one.ConsumptionCost for one in tariff.SalesTariffEntry)


def test_a_car_asks_anew_when_its_schedule_runs_out(talk: Any) -> None:
    session = talk(car=SimulatedCar(max_loops=14), plan={"loop_interval_s": 1.0})
    session.evse.offer_schedules(Schedule(((5.0, 7_000.0),)))
    session.evse.set_power(7_000)
    session.run()
    ended_well(session)
    assert [one.renegotiation for one in session.secc_of(NeedsReceived)] == [False, True, True]


def test_the_car_keeps_to_its_schedule_whatever_the_charger_says_later(talk: Any) -> None:
    session = talk()
    session.evse.offer_schedules(Schedule(((86_400.0, 4_000.0),)))
    session.evse.set_power(9_000)
    session.run(until=lambda: len(session.secc_of(LoopAnswered)) == 3)
    assert session.car.ev_w == pytest.approx(4_000, abs=5)


def test_a_long_schedule_is_cut_to_what_any_peer_holds(talk: Any) -> None:
    steps = tuple((900.0, 1_000.0 + n) for n in range(96))
    session = talk()
    session.evse.offer_schedules(
        Schedule(charge=steps, charge_prices=Prices("EUR", tuple((900.0, n) for n in range(96))))
    )
    session.run()
    ended_well(session)
    (answer,) = bodies(session, v2.ChargeParameterDiscoveryRes)
    (only,) = answer.SASchedules.SAScheduleTuple
    assert len(only.PMaxSchedule.PMaxScheduleEntry) == 12
    assert len(only.SalesTariff.SalesTariffEntry) == 12
    assert len(bodies(session, v2.PowerDeliveryReq)[0].ChargingProfile.ProfileEntry) <= 24


def test_the_car_waits_while_the_home_plans(talk: Any) -> None:
    session = talk()
    session.evse.planning = True
    session.run(until=lambda: len(bodies(session, v2.ChargeParameterDiscoveryReq)) == 8)
    assert {one.EVSEProcessing for one in bodies(session, v2.ChargeParameterDiscoveryRes)} == {"Ongoing"}
    session.evse.offer_schedules(PLANNED)
    session.run()
    ended_well(session)
    assert len(session.secc_of(NeedsReceived)) == 1


def test_a_home_that_plans_too_long_is_passed_over(talk: Any) -> None:
    session = talk()
    session.evse.planning = True
    session.run(steps=50_000)
    ended_well(session)
    assert session.now - 1_800_000_000.0 == pytest.approx(56, abs=1)


# Who may charge.


def test_the_driver_is_asked_for_and_comes_late(talk: Any) -> None:
    session = talk(evse=charger(automatic_authorization=False))
    session.run(until=lambda: session.now > 1_800_000_200.0, steps=50_000)
    assert len(session.secc_of(AuthorizationRequested)) == 1
    session.evse.authorize(True)
    session.run()
    ended_well(session)


def test_the_driver_is_refused(talk: Any) -> None:
    session = talk(evse=charger(automatic_authorization=False))
    session.run(until=lambda: bool(session.secc_of(AuthorizationRequested)))
    session.evse.authorize(False)
    session.run()
    assert "FAILED: the driver was not authorised" in session.secc_end.reason
    assert "AuthorizationReq with FAILED" in session.evcc_end.reason


# Services beside charging.


@pytest.mark.parametrize("offered", [(), (ValueAdded.INTERNET,)])
def test_internet_for_a_car_that_wants_it(talk: Any, offered: tuple[ValueAdded, ...]) -> None:
    session = talk(evse=charger(value_added=offered), plan={"value_added": (ValueAdded.INTERNET,)}).run()
    ended_well(session)
    (asked,) = bodies(session, v2.PaymentServiceSelectionReq)
    selected = [one.ServiceID for one in asked.SelectedServiceList.SelectedService]
    assert selected == ([1, 3] if offered else [1])
    assert [event.services for event in session.secc_of(ValueAddedSelected)] == ([offered] if offered else [])
    assert len(bodies(session, v2.ServiceDetailReq)) == len(offered)


def test_a_car_that_wants_no_internet_gets_none(talk: Any) -> None:
    session = talk(evse=charger(value_added=(ValueAdded.INTERNET,))).run()
    ended_well(session)
    assert len(bodies(session, v2.ServiceDiscoveryRes)[0].ServiceList.Service) == 1
    assert not session.secc_of(ValueAddedSelected)


@pytest.mark.parametrize("in_money", [True, False])
@BOTH
def test_the_car_keeps_to_the_cheapest_schedule_of_those_that_bring_enough(
    talk: Any, service: Service, in_money: bool
) -> None:
    def at(price: float, power_w: float = 11_000.0) -> Schedule:
        steps = ((86_400.0, price),)
        money = {"charge_prices": Prices("EUR", steps)} if in_money else {"charge_levels": steps}
        return Schedule(((86_400.0, power_w),), **money)

    session = talk(service, car=SimulatedCar(departure_s=1_800_000_000.0 + 86_400, max_loops=5))
    session.evse.offer_schedules(at(40), at(25, 9_000.0), at(10, 500.0))
    session.run()
    ended_well(session)
    (told,) = session.evcc_of(SchedulesReceived)
    assert told.chosen == 1, "18 kWh are needed, and the third gives 12 in a day"
    assert [one.charge_levels[0][1] for one in told.schedules] == ([100, 62, 25] if in_money else [3, 2, 1])
    assert session.secc.side.schedule_id == 2
    assert {one.SAScheduleTupleID for one in bodies(session, v2.PowerDeliveryReq)} == {2}


# Other ways out of the charge loop.


@BOTH
def test_the_charger_stops(talk: Any, service: Service) -> None:
    session = talk(service, car=SimulatedCar(max_loops=1_000))
    session.run(until=lambda: len(session.secc_of(LoopAnswered)) == 3)
    session.evse.notify(Notification.Terminate)
    session.run()
    ended_well(session)
    assert "StopCharging" in session.evcc_end.reason
    assert len(session.secc_of(LoopAnswered)) <= 5


@pytest.mark.parametrize("state", [State.CHARGE_PARAMETERS, State.CABLE_CHECK, State.PRE_CHARGE])
def test_a_stop_before_power_flows_is_an_orderly_end_for_the_car_too(talk: Any, state: State) -> None:
    session = talk(Service.DC)
    session.run(until=lambda: session.secc.state is state)
    session.evse.notify(Notification.Terminate)
    session.run()
    ended_well(session)
    assert "StopCharging" in session.evcc_end.reason
    assert pairs(session)[-1] == "SessionStop"
    assert not session.secc_of(LoopAnswered)


@BOTH
def test_the_charger_renegotiates(talk: Any, service: Service) -> None:
    session = talk(service, car=SimulatedCar(max_loops=12))
    session.evse.set_power(6_000)
    session.run(until=lambda: len(session.secc_of(LoopAnswered)) == 3)
    session.evse.offer_schedules(Schedule(charge=((86_400.0, 4_000.0),)))
    session.evse.notify(Notification.ScheduleRenegotiation)
    session.run()
    ended_well(session)
    assert [one.renegotiation for one in session.secc_of(NeedsReceived)] == [False, True]
    progress = [one.ChargeProgress for one in bodies(session, v2.PowerDeliveryReq)]
    assert progress == ["Start", "Renegotiate", "Start", "Stop"]
    last = bodies(session, v2.PowerDeliveryReq)[2]
    assert number(last.ChargingProfile.ProfileEntry[0].ChargingProfileEntryMaxPower) == 4_000
    # In DC the cable is checked anew, without power on it; in AC power flows on.
    switched = [event.on for event in session.secc_of(PowerDeliveryChanged)]
    assert switched == ([True, False, True, False] if service is Service.DC else [True, True, False])
    assert len(session.secc_of(CableCheckRequested)) == (2 if service is Service.DC else 0)
    assert session.evse.notification is None


def test_the_car_renegotiates(talk: Any) -> None:
    session = talk(car=SimulatedCar(max_loops=8))
    session.run(until=lambda: len(session.secc_of(LoopAnswered)) == 3)
    session.evcc.renegotiate_schedule()
    session.run()
    ended_well(session)
    assert len(bodies(session, v2.ChargeParameterDiscoveryReq)) == 2


# Pause.


@BOTH
def test_a_pause_and_the_way_back(talk: Any, service: Service) -> None:
    session = talk(service, car=SimulatedCar(max_loops=1_000))
    session.evse.offer_schedules(PLANNED, Schedule(charge=((86_400.0, 3_000.0),)))
    session.run(until=lambda: len(session.secc_of(LoopAnswered)) == 3)
    session.evcc.pause("cheap power comes at night")
    session.run()
    ended_well(session)
    assert session.secc_end.paused
    assert session.evcc_end.paused
    (kept,) = session.secc_of(SessionPaused)
    (mine,) = session.evcc_of(SessionPaused)
    assert session.evse.paused == kept.paused
    assert (mine.paused.session_id, mine.paused.schedule_id) == (kept.paused.session_id, 1)

    back = talk(service, evse=session.evse, plan={"resume": mine.paused})
    back.run()
    ended_well(back)
    assert back.secc_of(SessionStarted)[0].resumed
    assert back.evcc_of(SessionStarted)[0].resumed
    assert back.secc.side.session_id == kept.paused.session_id
    (offer,) = bodies(back, v2.ServiceDiscoveryRes)
    assert len(offer.ChargeService.SupportedEnergyTransferMode.EnergyTransferMode) == 1
    assert session.evse.paused is None


def test_a_link_lost_on_the_way_back_leaves_the_session_to_come_back_to(talk: Any) -> None:
    session = talk(car=SimulatedCar(max_loops=1_000))
    session.run(until=lambda: len(session.secc_of(LoopAnswered)) == 2)
    session.evcc.pause("night")
    session.run()
    (mine,) = session.evcc_of(SessionPaused)
    lost = talk(evse=session.evse, plan={"resume": mine.paused})
    lost.run(until=lambda: bool(lost.secc_of(SessionStarted)))
    lost.secc.connection_lost(lost.now, "the cable shook")
    again = talk(evse=session.evse, plan={"resume": mine.paused})
    again.run()
    ended_well(again)
    assert again.secc_of(SessionStarted)[0].resumed
    assert session.evse.paused is None


def test_a_resumed_session_asks_no_driver_again(talk: Any) -> None:
    session = talk(evse=charger(automatic_authorization=False), car=SimulatedCar(max_loops=1_000))
    session.run(until=lambda: bool(session.secc_of(AuthorizationRequested)))
    session.evse.authorize(True)
    session.run(until=lambda: len(session.secc_of(LoopAnswered)) == 2)
    session.evcc.pause("night")
    session.run()
    back = talk(evse=session.evse, plan={"resume_session_id": session.secc.side.session_id})
    back.run()
    ended_well(back)
    assert not back.secc_of(AuthorizationRequested)


def test_a_pause_before_any_authorization_lets_nobody_in(talk: Any) -> None:
    session = talk(evse=charger(automatic_authorization=False))
    session.run(until=lambda: bool(session.secc_of(AuthorizationRequested)))
    session.evcc.pause("a way around the driver's card")
    session.run()
    assert session.secc_end.paused
    back = talk(evse=session.evse, plan={"resume_session_id": session.secc.side.session_id})
    back.run(until=lambda: bool(back.secc_of(AuthorizationRequested)))
    assert back.secc_of(SessionStarted)[0].resumed
    assert not back.secc_of(LoopAnswered)


def test_a_contract_before_the_pause_is_no_card_after_it(talk: Any) -> None:
    evse = charger(automatic_authorization=False)
    evse.paused = PausedSession(
        bytes.fromhex("0102030405060701"),
        mac_address(SimulatedCar().evcc_id).hex().upper(),
        protocol=ProtocolName.V2,
        authorized=True,
        emaid="DETWO0000000017",
        details={"payment": "Contract"},
    )
    back = talk(evse=evse, plan={"resume_session_id": evse.paused.session_id})
    back.run(until=lambda: bool(back.secc_of(AuthorizationRequested)))
    assert back.secc_of(SessionStarted)[0].resumed


def test_another_car_does_not_get_the_paused_session(talk: Any) -> None:
    session = talk(car=SimulatedCar(max_loops=1_000))
    session.run(until=lambda: len(session.secc_of(LoopAnswered)) == 2)
    session.evcc.pause("night")
    session.run()
    other = talk(
        evse=session.evse,
        car=SimulatedCar(evcc_id="02:00:00:00:00:01", max_loops=2),
        plan={"resume_session_id": session.secc.side.session_id},
    )
    other.run()
    ended_well(other)
    (started,) = other.secc_of(SessionStarted)
    assert (started.resumed, started.peer_id) == (False, "020000000001")
    assert other.secc.side.session_id != session.secc.side.session_id


def test_a_charger_that_allows_no_pause(talk: Any) -> None:
    session = talk(evse=charger(pause_allowed=False), car=SimulatedCar(max_loops=1_000))
    session.run(until=lambda: len(session.secc_of(LoopAnswered)) == 2)
    session.evcc.pause("night")
    session.run()
    assert "pause" in session.secc_end.reason
    assert not session.secc_end.proper


# Faults.


def test_a_failed_insulation_test_ends_the_session(talk: Any) -> None:
    session = talk(Service.DC, with_stage=False)
    session.run(until=lambda: bool(session.secc_of(CableCheckRequested)))
    session.evse.insulation_ok = False
    session.run()
    assert "insulation test failed" in session.secc_end.reason
    assert not session.secc_of(PowerDeliveryChanged)


def test_a_strict_car_refuses_a_voltage_that_never_comes(talk: Any) -> None:
    session = talk(Service.DC, with_stage=False)
    session.run(until=lambda: bool(session.secc_of(CableCheckRequested)))
    session.evse.insulation_ok = True
    session.evse.readings = EvseReadings(voltage_v=100.0)
    began = session.now
    session.run()
    assert "V2G_EVCC_PreCharge_Timeout" in session.evcc_end.reason
    assert session.now - began == pytest.approx(7.0, abs=0.3)


def test_a_car_that_is_full_before_it_begins_leaves_in_order(talk: Any) -> None:
    session = talk(Service.DC, car=SimulatedCar(max_loops=0))
    session.run()
    ended_well(session)
    assert not session.secc_of(LoopAnswered)


@pytest.mark.parametrize("state", [State.AUTHORIZATION, State.CABLE_CHECK, State.PRE_CHARGE, State.CHARGE_LOOP])
def test_the_driver_comes_back_at_any_moment(talk: Any, state: State) -> None:
    session = talk(Service.DC, evse=charger(), car=SimulatedCar(max_loops=1_000))
    session.run(until=lambda: session.evcc.state is state)
    session.evcc.stop("the driver came back")
    session.run()
    ended_well(session)
    assert session.evcc_end.reason == "the driver came back"
    assert not session.secc.side.power_on


@pytest.mark.parametrize("code", list(v2_types.responseCodeType))
def test_every_code_reads_as_what_it_is(code: v2_types.responseCodeType) -> None:
    from protocols.iso15118.dialect import failed

    assert failed(v2.SessionStopRes(ResponseCode=code)) == code.startswith("FAILED")
