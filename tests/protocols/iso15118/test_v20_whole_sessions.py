"""Our car with our charger, from the handshake to the end, in memory."""

from itertools import pairwise
from typing import Any

import pytest

from protocols.exi import encode
from protocols.exi.messages.common import (
    Dynamic_SMDTControlModeType,
    MeteringConfirmationReq,
    SessionSetupRes,
    SignedMeteringDataType,
)
from protocols.exi.messages.common_types import ResponseCodeType
from protocols.exi.namespaces import V20_COMMON
from protocols.iso15118 import (
    CarPlan,
    ControlMode,
    Evse,
    EvseOffer,
    MobilityNeeds,
    Notification,
    Schedule,
    Service,
    SimulatedCar,
    State,
)
from protocols.iso15118.events import (
    AuthorizationRequested,
    CableCheckRequested,
    LimitsReceived,
    LoopAnswered,
    MessageSeen,
    MeteringConfirmed,
    MeterReceived,
    NeedsReceived,
    PowerDeliveryChanged,
    PreChargeRequested,
    ServiceSelected,
    SessionEnded,
    SessionStarted,
    SetPointExpired,
    SetPointReceived,
    StateChanged,
)
from protocols.iso15118.power import EnergyNeeds, Limits, MeterReading
from protocols.iso15118.schedule import Prices
from protocols.iso15118.services import Energy, ProtocolName
from protocols.iso15118.v2gtp import PayloadType, pack
from protocols.iso15118.v20.rational import number
from protocols.iso15118.v20.secc_status import meter_element

COMMON_START = [
    "supportedAppProtocol",
    "SessionSetup",
    "AuthorizationSetup",
    "Authorization",
    "ServiceDiscovery",
    "ServiceDetail",
    "ServiceSelection",
]
AC_SEQUENCE = [*COMMON_START, "AC_ChargeParameterDiscovery", "ScheduleExchange", "PowerDelivery"]
DC_SEQUENCE = [
    *COMMON_START,
    "DC_ChargeParameterDiscovery",
    "ScheduleExchange",
    "DC_CableCheck",
    "DC_PreCharge",
    "PowerDelivery",
]


def pairs(events: list[MessageSeen]) -> list[str]:
    """Message pairs in order, repetitions folded into one."""
    found: list[str] = []
    for event in events:
        if event.name.endswith("Req") and (not found or found[-1] != event.name[:-3]):
            found.append(event.name[:-3])
    return found


@pytest.mark.parametrize("mode", list(ControlMode))
@pytest.mark.parametrize("service", list(Service))
def test_every_service_in_both_control_modes(conversation: Any, service: Service, mode: ControlMode) -> None:
    talk = conversation(evse=Evse(EvseOffer(services=tuple(Service))), plan=CarPlan(service, mode))
    talk.evse.set_power(5_000)
    talk.run()
    assert talk.secc_end.proper, talk.secc_end
    assert talk.evcc_end.proper, talk.evcc_end
    dc = service.energy is Energy.DC
    expected = [*DC_SEQUENCE, "DC_ChargeLoop"] if dc else [*AC_SEQUENCE, "AC_ChargeLoop"]
    expected += ["PowerDelivery", *(["DC_WeldingDetection"] if dc else []), "SessionStop"]
    assert pairs(talk.secc_of(MessageSeen)) == expected
    selected = talk.secc_of(ServiceSelected)[0]
    assert (selected.service, selected.control_mode) == (service, mode)
    assert talk.car.loops >= 5
    assert talk.car.charged_wh > 0
    assert [event.set_point_w for event in talk.secc_of(LoopAnswered)] == [5_000] * 5


@pytest.mark.parametrize("mode", list(ControlMode))
@pytest.mark.parametrize("service", [Service.AC_BPT, Service.DC_BPT])
def test_both_signs_reach_the_car_and_the_newest_set_point_wins(
    conversation: Any, service: Service, mode: ControlMode
) -> None:
    talk = conversation(plan=CarPlan(service, mode), car=SimulatedCar(max_loops=4))
    wanted = iter([4_000.0, -3_000.0, 2_000.0, -1_000.0, 0.0])
    talk.evse.set_power(9_999)  # overwritten before the first answer

    def steer(event: object) -> None:
        if isinstance(event, LoopAnswered) or (isinstance(event, PowerDeliveryChanged) and event.on):
            talk.evse.set_power(next(wanted))

    talk.listeners.append(steer)
    talk.run()
    received = [round(event.set_point_w, -1) for event in talk.evcc_of(SetPointReceived)]
    assert received == [4_000, -3_000, 2_000, -1_000]
    assert talk.car.discharged_wh > 0
    assert talk.car.charged_wh > 0


def test_a_one_way_service_never_discharges(conversation: Any) -> None:
    talk = conversation(plan=CarPlan(Service.DC))
    talk.evse.set_power(-5_000)
    talk.run()
    assert {event.set_point_w for event in talk.secc_of(LoopAnswered)} == {0.0}
    assert talk.car.discharged_wh == 0


def test_set_points_stay_inside_both_ends_limits(conversation: Any) -> None:
    talk = conversation(plan=CarPlan(Service.DC_BPT))
    talk.evse.limits = Limits(max_charge_w=6_000, max_discharge_w=50_000, max_v=1000, min_v=100)
    talk.evse.set_power(30_000)

    def steer(event: object) -> None:
        if isinstance(event, LoopAnswered):
            talk.evse.set_power(-30_000)

    talk.listeners.append(steer)
    talk.run()
    sent = [event.set_point_w for event in talk.secc_of(LoopAnswered)]
    assert sent[0] == 6_000  # the charger's limit
    assert sent[1] == -10_000  # the car's limit


def test_a_set_point_that_nobody_renews_becomes_zero(conversation: Any) -> None:
    talk = conversation(plan=CarPlan(Service.AC_BPT), car=SimulatedCar(max_seconds=2.0))
    talk.evse.set_power(-4_000, valid_until_s=talk.now + 1.0)
    talk.run()
    sent = [event.set_point_w for event in talk.secc_of(LoopAnswered)]
    assert sent[0] == -4_000
    assert sent[-1] == 0
    assert [event.expired_w for event in talk.secc_of(SetPointExpired)] == [-4_000]


def test_a_set_point_must_be_a_number() -> None:
    with pytest.raises(ValueError, match="finite"):
        Evse().set_power(float("nan"))


def test_what_the_car_says_reaches_the_application(conversation: Any) -> None:
    car = SimulatedCar(soc=0.41, target_soc=0.8, max_loops=3)
    talk = conversation(plan=CarPlan(Service.DC_BPT), car=car)
    car.departure_s = talk.now + 3_600
    talk.run()
    assert talk.secc_of(SessionStarted)[0].peer_id == car.evcc_id
    limits = talk.secc_of(LimitsReceived)[0].limits
    assert (limits.max_charge_w, limits.max_discharge_w, limits.max_v) == (11_000, 10_000, 450)
    needs = talk.secc_of(NeedsReceived)[0].needs
    assert needs.departure_in_s == pytest.approx(3_600, abs=2)
    assert needs.target_wh == pytest.approx(0.39 * 60_000, abs=20)
    report = talk.secc_of(LoopAnswered)[0].report
    assert report.soc == 0.41
    assert report.needs.target_soc == 0.8
    assert report.capacity_wh == 60_000


def test_order_of_events_around_power(conversation: Any) -> None:
    talk = conversation(plan=CarPlan(Service.DC))
    talk.run()
    kinds = (CableCheckRequested, PreChargeRequested, PowerDeliveryChanged, SessionEnded)
    order = [type(event).__name__ for event in talk.secc_events if isinstance(event, kinds)]
    assert order == [
        "CableCheckRequested",
        "PreChargeRequested",
        "PowerDeliveryChanged",
        "PowerDeliveryChanged",
        "SessionEnded",
    ]
    assert [event.on for event in talk.secc_of(PowerDeliveryChanged)] == [True, False]
    assert talk.secc_of(StateChanged)[-1].state is State.ENDED


def test_authorization_waits_for_the_user(conversation: Any) -> None:
    offer = EvseOffer(automatic_authorization=False)
    talk = conversation(evse=Evse(offer))
    talk.run(until=lambda: talk.now > 1_800_000_000.0 + 200)  # far beyond the ongoing time-out of 60 s
    assert talk.secc.state is State.AUTHORIZATION
    assert len(talk.secc_of(AuthorizationRequested)) == 1
    talk.evse.authorize(True)
    talk.run()
    assert talk.secc_end.proper


def test_authorization_refused_ends_in_order(conversation: Any) -> None:
    talk = conversation(evse=Evse(EvseOffer(automatic_authorization=False)))
    talk.listeners.append(
        lambda event: talk.evse.authorize(False) if isinstance(event, AuthorizationRequested) else None
    )
    talk.run()
    assert talk.secc_end.proper
    assert not talk.evcc_end.proper
    assert "WARNING_EIMAuthorizationFailure" in talk.evcc_end.reason


def test_a_service_that_is_not_offered(conversation: Any) -> None:
    talk = conversation(evse=Evse(EvseOffer(services=(Service.DC,))), plan=CarPlan(Service.DC_BPT))
    talk.run()
    assert not talk.evcc_end.proper
    assert "DC_BPT is not offered" in talk.evcc_end.reason


def test_no_common_protocol(conversation: Any) -> None:
    talk = conversation(evse=Evse(EvseOffer(services=(Service.AC,))), plan=CarPlan(Service.DC))
    talk.run()
    assert "no common protocol" in talk.secc_end.reason
    assert "Failed_NoNegotiation" in talk.evcc_end.reason


def test_planning_makes_the_car_wait_and_then_follow(conversation: Any) -> None:
    talk = conversation(plan=CarPlan(Service.AC_BPT, ControlMode.SCHEDULED))
    talk.evse.planning = True
    talk.run(until=lambda: talk.now > 1_800_000_000.0 + 5)
    assert talk.secc.state is State.SCHEDULE_EXCHANGE
    prices = Prices("EUR", ((3_600.0, 0.31), (3_600.0, 0.12)))
    talk.evse.offer_schedules(
        Schedule(charge=((3_600.0, 6_000.0), (3_600.0, 9_000.0)), discharge=((7_200.0, 5_000.0),), charge_prices=prices)
    )
    talk.run()
    assert talk.secc_end.proper
    profile = talk.secc_of(PowerDeliveryChanged)[0].profile
    assert profile == ((3_600.0, 6_000.0), (3_600.0, 9_000.0))


def test_prices_reach_a_car_in_dynamic_mode(conversation: Any) -> None:
    talk = conversation(plan=CarPlan(Service.DC_BPT, ControlMode.DYNAMIC))
    prices = Prices("EUR", ((3_600.0, 0.31), (3_600.0, 0.12)))
    talk.evse.offer_schedules(Schedule(charge=((7_200.0, 6_000.0),), charge_prices=prices))
    talk.run()
    (answer,) = [e.message for e in talk.evcc_of(MessageSeen) if e.name == "ScheduleExchangeRes"]
    stacks = answer.Dynamic_SEResControlMode.AbsolutePriceSchedule.PriceRuleStacks.PriceRuleStack
    assert [number(stack.PriceRule[0].EnergyFee) for stack in stacks] == pytest.approx([0.31, 0.12])


def test_planning_for_too_long_offers_the_limits(conversation: Any) -> None:
    talk = conversation(plan=CarPlan(Service.AC, ControlMode.SCHEDULED))
    talk.evse.planning = True
    talk.run()
    assert talk.secc_end.proper
    assert talk.secc_of(PowerDeliveryChanged)[0].profile[0][1] == pytest.approx(11_000, abs=3)


def test_one_to_three_schedules() -> None:
    with pytest.raises(ValueError, match="one to three"):
        Evse().offer_schedules()


@pytest.mark.parametrize(
    "plan",
    [
        CarPlan(Service.AC, ControlMode.SCHEDULED),
        CarPlan(Service.DC_BPT, ControlMode.SCHEDULED),
        CarPlan(Service.AC, protocols=(ProtocolName.V2,)),
        CarPlan(Service.DC, protocols=(ProtocolName.DIN,)),
    ],
    ids=["v20-ac", "v20-dc-bpt", "v2-ac", "din"],
)
@pytest.mark.parametrize(
    "schedule",
    [
        Schedule(charge=tuple((600.5, 1_000.0 * step) for step in range(1, 11)), discharge=((900.25, 2_000.0),) * 9),
        Schedule(charge=((0.2, 9_000.0), (3_600.0, 5_000.0))),
        Schedule(charge=(), discharge=((3_600.0, 5_000.0),)),
    ],
    ids=["half seconds", "a step of no second", "no charging"],
)
def test_a_car_that_keeps_to_its_schedule_is_believed(conversation: Any, plan: CarPlan, schedule: Schedule) -> None:
    evse = Evse()
    evse.offer_schedules(schedule)
    talk = conversation(evse=evse, plan=plan).run()
    assert talk.secc_end.proper, talk.secc_end.reason


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        (Schedule(charge=((0.0, 5_000.0),)), "more than 0 s, not 0 s"),
        (Schedule(charge=((60.0, -5.0),)), "a power in a schedule must be from 0"),
        (Schedule(charge=((60.0, float("nan")),)), "not nan"),
        (Schedule(charge=((60.0, 1e9),)), "not 1e.09"),
        (Schedule(charge=((60.0, 5.0),), charge_prices=Prices("EUR", ())), "prices in EUR need a step"),
        (Schedule(charge=((60.0, 5.0),), discharge_levels=((60.0, -1.0),)), "a level in a schedule"),
    ],
)
def test_what_is_no_schedule_is_refused_at_the_door(schedule: Schedule, words: str) -> None:
    evse = Evse()
    with pytest.raises(ValueError, match=words):
        evse.offer_schedules(schedule)
    assert evse.schedules == ()


def test_a_meter_named_longer_than_the_wire_is_told_all_the_same(conversation: Any) -> None:
    talk = conversation(plan=CarPlan(Service.AC), with_stage=False)
    talk.evse.meter = MeterReading("DE*TWY*E" + "Zähler" * 5, 42, 0)
    talk.run(until=lambda: bool(talk.evcc_of(MeterReceived)))
    assert len(talk.evcc_of(MeterReceived)[0].reading.meter_id) == 32


@pytest.mark.parametrize("protocol", [ProtocolName.V20_AC, ProtocolName.V2])
@pytest.mark.parametrize("delay_s", [-5, 70_000])
def test_no_delay_is_longer_than_the_wire_can_tell(conversation: Any, protocol: ProtocolName, delay_s: int) -> None:
    talk = conversation(plan=CarPlan(Service.AC, protocols=(protocol,)), car=SimulatedCar())
    talk.run(until=lambda: len(talk.secc_of(LoopAnswered)) == 2)
    talk.evse.notify(Notification.Terminate, delay_s)
    talk.run()
    assert talk.secc_end.proper, talk.secc_end.reason


@pytest.mark.parametrize("service", [Service.AC, Service.DC_BPT])
def test_the_charger_can_end_a_session(conversation: Any, service: Service) -> None:
    talk = conversation(plan=CarPlan(service), car=SimulatedCar())
    talk.listeners.append(
        lambda event: talk.evse.notify(Notification.Terminate) if isinstance(event, LoopAnswered) else None
    )
    talk.run()
    assert talk.secc_end.proper
    assert len(talk.secc_of(LoopAnswered)) == 2
    assert "Terminate" in talk.evcc_end.reason


def test_pause_and_resume(conversation: Any) -> None:
    evse = Evse()
    talk = conversation(evse=evse, car=SimulatedCar())
    talk.listeners.append(lambda event: evse.notify(Notification.Pause) if isinstance(event, LoopAnswered) else None)
    talk.run()
    assert talk.secc_end.proper
    assert talk.secc_end.paused
    assert talk.evcc_end.paused
    session_id = talk.secc.side.session_id

    back = conversation(evse=evse, plan=CarPlan(resume_session_id=session_id))
    back.run()
    assert back.secc_of(SessionStarted)[0].resumed
    assert back.evcc_of(SessionStarted)[0].resumed
    assert back.secc.side.session_id == session_id
    assert evse.paused is None


def test_another_car_does_not_get_the_paused_session(conversation: Any) -> None:
    evse = Evse()
    talk = conversation(evse=evse, car=SimulatedCar())
    talk.listeners.append(lambda event: evse.notify(Notification.Pause) if isinstance(event, LoopAnswered) else None)
    talk.run()
    stolen = CarPlan(resume_session_id=talk.secc.side.session_id)
    back = conversation(evse=evse, plan=stolen, car=SimulatedCar(evcc_id="OTHER", max_loops=1))
    back.run()
    (setup,) = [e.message for e in back.secc_of(MessageSeen) if isinstance(e.message, SessionSetupRes)]
    assert setup.ResponseCode is ResponseCodeType.OK_NewSessionEstablished
    assert setup.Header.SessionID != talk.secc.side.session_id


def test_service_renegotiation_goes_round_again(conversation: Any) -> None:
    talk = conversation(plan=CarPlan(Service.DC_BPT), car=SimulatedCar(max_loops=8))
    asked = []

    def once(event: object) -> None:
        if isinstance(event, LoopAnswered) and not asked:
            asked.append(event)
            talk.evse.notify(Notification.ServiceRenegotiation)

    talk.listeners.append(once)
    talk.run()
    assert talk.secc_end.proper
    assert len(talk.secc_of(ServiceSelected)) == 2
    assert len(talk.secc_of(CableCheckRequested)) == 2
    assert len(talk.secc_of(PreChargeRequested)) == 2


@pytest.mark.parametrize("mode", list(ControlMode))
def test_schedule_renegotiation_while_power_flows(conversation: Any, mode: ControlMode) -> None:
    talk = conversation(plan=CarPlan(Service.AC_BPT, mode))
    talk.evse.offer_schedules(Schedule(charge=((3_600.0, 6_000.0),)))
    asked = []

    def once(event: object) -> None:
        if isinstance(event, LoopAnswered) and not asked:
            asked.append(event)
            talk.evse.offer_schedules(Schedule(charge=((3_600.0, 3_000.0),)))
            talk.evse.notify(Notification.ScheduleRenegotiation)

    talk.listeners.append(once)
    talk.run()
    assert talk.secc_end.proper
    assert [event.renegotiation for event in talk.secc_of(NeedsReceived)] == [False, True]
    on = [event for event in talk.secc_of(PowerDeliveryChanged) if event.on]
    assert len(on) == 2
    if mode is ControlMode.SCHEDULED:
        assert [event.profile[0][1] for event in on] == [6_000, 3_000]
    assert talk.secc_of(LoopAnswered)[-1].time_s > on[1].time_s


def test_the_loop_goes_on_while_a_new_schedule_is_planned(conversation: Any) -> None:
    """The SECC waits half a second for the next loop request, however long the planning takes beside it."""
    talk = conversation(plan=CarPlan(Service.DC_BPT, ControlMode.SCHEDULED), car=SimulatedCar(max_seconds=20))
    talk.run(until=lambda: talk.car.loops == 2)
    began = talk.now
    talk.evse.planning = True
    talk.evse.notify(Notification.ScheduleRenegotiation)
    talk.run(until=lambda: talk.now > began + 5)
    talk.evse.offer_schedules(Schedule(charge=((3_600.0, 3_000.0),)))
    talk.run()
    assert talk.secc_end.proper
    assert talk.evcc_end.proper
    last = [event for event in talk.secc_of(PowerDeliveryChanged) if event.on][-1]
    assert last.profile[0][1] == 3_000
    gaps = [event.time_s for event in talk.secc_of(LoopAnswered)]
    assert max(b - a for a, b in pairwise(gaps)) <= 0.5


def test_what_the_driver_told_the_charger_goes_to_a_car_that_wants_it(conversation: Any) -> None:
    talk = conversation(plan=CarPlan(Service.AC, mobility_needs=MobilityNeeds.FROM_CHARGER))
    talk.evse.mobility = EnergyNeeds(departure_in_s=3_600, target_soc=0.75, min_soc=0.3)
    talk.run()
    assert talk.secc_of(ServiceSelected)[0].mobility_needs is MobilityNeeds.FROM_CHARGER
    loops = [e.message for e in talk.secc_of(MessageSeen) if e.name == "AC_ChargeLoopRes"]
    assert loops[0].CLResControlMode.TargetSOC == 75
    assert loops[0].CLResControlMode.DepartureTime == 3_600


def test_metering_confirmation_is_answered_when_asked_for(conversation: Any) -> None:
    talk = conversation(plan=CarPlan(Service.AC), car=SimulatedCar())
    talk.run(until=lambda: talk.secc.state is State.CHARGE_LOOP and bool(talk.secc_of(LoopAnswered)))
    talk.evse.notify(Notification.MeteringConfirmation)
    talk.listeners.append(lambda event: setattr(talk.evse, "meter", MeterReading("M1", 42, 0)))
    wanted = meter_element(MeterReading("M1", 42, 0), bidirectional=False)
    talk.run(until=lambda: (wanted, None) in talk.secc.side.readings_sent)
    data = SignedMeteringDataType(
        Id="id1",
        SessionID=talk.secc.side.session_id,
        MeterInfo=meter_element(MeterReading("M1", 42, 0), bidirectional=False),
    )
    data.Dynamic_SMDTControlMode = Dynamic_SMDTControlModeType()
    request = MeteringConfirmationReq(Header=talk.secc.side.header(talk.now), SignedMeteringData=data)
    talk.secc.receive(pack(PayloadType.METERING_CONFIRMATION, encode(V20_COMMON, request)), talk.now)
    talk._drain()
    assert talk.secc_of(MeteringConfirmed)[0].reading.charged_wh == 42
    assert talk.secc.state is State.CHARGE_LOOP
    assert talk.evse.notification is None


def test_meter_readings_go_out_when_asked_for(conversation: Any) -> None:
    talk = conversation(plan=CarPlan(Service.AC_BPT), car=SimulatedCar(max_loops=20))
    talk.evse.set_power(-5_000)
    talk.run()
    loops = [e.message for e in talk.secc_of(MessageSeen) if e.name == "AC_ChargeLoopRes"]
    assert loops[-1].MeterInfo.BPT_DischargedEnergyReadingWh >= 1
    assert loops[-1].MeterInfo.ChargedEnergyReadingWh == 0
