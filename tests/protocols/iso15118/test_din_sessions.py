"""Our car with our charger in DIN SPEC 70121, from the handshake to the end, in memory."""

from collections.abc import Callable
from typing import Any

import pytest

from protocols.exi.messages.din import ChargeParameterDiscoveryRes, CurrentDemandRes
from protocols.exi.messages.din_types import (
    DC_EVSEStatusCodeType,
    EVSENotificationType,
    EVSEProcessingType,
    IsolationLevelType,
)
from protocols.iso15118 import (
    CarPlan,
    Evse,
    EvseOffer,
    Notification,
    Schedule,
    Service,
    SimulatedCar,
    State,
)
from protocols.iso15118.connection import PLAIN
from protocols.iso15118.din.values import number
from protocols.iso15118.events import (
    AuthorizationRequested,
    CableCheckRequested,
    LimitsReceived,
    LoopAnswered,
    MessageSeen,
    NeedsReceived,
    PowerDeliveryChanged,
    PreChargeRequested,
    PreChargeUnmatched,
    ProtocolChosen,
    ServiceSelected,
    SessionStarted,
    SetPointExpired,
    SetPointReceived,
    StateChanged,
)
from protocols.iso15118.power import EvseReadings, Limits
from protocols.iso15118.services import ProtocolName

PLAN = CarPlan(Service.DC, protocols=(ProtocolName.DIN,))
SEQUENCE = [
    "supportedAppProtocol",
    "SessionSetup",
    "ServiceDiscovery",
    "ServicePaymentSelection",
    "ContractAuthentication",
    "ChargeParameterDiscovery",
    "CableCheck",
    "PreCharge",
    "PowerDelivery",
    "CurrentDemand",
    "PowerDelivery",
    "WeldingDetection",
    "SessionStop",
]


@pytest.fixture
def talk(conversation: Callable[..., Any]) -> Callable[..., Any]:
    """Makes a conversation in DIN."""

    def make(**options: Any) -> Any:
        return conversation(**{"plan": PLAN, "security": PLAIN, **options})

    return make


def pairs(events: list[MessageSeen]) -> list[str]:
    """Message pairs in order, repetitions folded into one."""
    found: list[str] = []
    for event in events:
        if event.name.endswith("Req") and (not found or found[-1] != event.name[:-3]):
            found.append(event.name[:-3])
    return found


def bodies(events: list[MessageSeen], kind: type) -> list[Any]:
    found = [event.message.Body.BodyElement for event in events if hasattr(event.message, "Body")]
    return [body for body in found if isinstance(body, kind)]


def test_a_whole_session(talk: Any) -> None:
    session = talk(evse=Evse(EvseOffer(evse_id="+49*810*000*438")))
    session.evse.set_power(5_000)
    session.run()
    assert session.secc_end.proper, session.secc_end
    assert session.evcc_end.proper, session.evcc_end
    seen = session.secc_of(MessageSeen)
    assert pairs(seen) == SEQUENCE
    assert session.secc_of(ProtocolChosen)[0].protocol is ProtocolName.DIN
    assert session.secc_of(ServiceSelected)[0].service is Service.DC
    for kind in (LimitsReceived, NeedsReceived, CableCheckRequested, PreChargeRequested, SessionStarted):
        assert len(session.secc_of(kind)) == 1
    assert session.secc_of(NeedsReceived)[0].needs.target_soc == 0.8
    assert session.evcc_of(SessionStarted)[0].peer_id == "49*810*000*438"
    assert len(session.secc_of(SessionStarted)[0].peer_id) == 12
    assert [event.on for event in session.secc_of(PowerDeliveryChanged)] == [True, False]
    assert [event.set_point_w for event in session.secc_of(LoopAnswered)] == [5_000] * 5
    assert {round(event.set_point_w, -1) for event in session.evcc_of(SetPointReceived)} == {5_000}
    assert session.car.charged_wh > 0
    report = session.secc_of(LoopAnswered)[-1].report
    assert (report.soc, report.capacity_wh) == (0.5, 60_000)
    assert report.target_w == pytest.approx(5_000, rel=0.01)


def test_every_message_names_the_session(talk: Any) -> None:
    session = talk().run()
    ids = [event.message.Header.SessionID for event in session.secc_of(MessageSeen) if "App" not in event.name]
    assert ids[0] == bytes(8)
    assert len(set(ids[1:])) == 1
    assert len(ids[1]) == 8
    assert ids[1] != bytes(8)


@pytest.mark.parametrize("wanted_w", [-5_000.0, -0.1])
def test_power_never_flows_out_of_the_car(talk: Any, wanted_w: float) -> None:
    session = talk()
    session.evse.set_power(wanted_w)
    session.run()
    assert {event.set_point_w for event in session.secc_of(LoopAnswered)} == {0.0}
    for answer in bodies(session.secc_of(MessageSeen), CurrentDemandRes):
        assert number(answer.EVSEMaximumPowerLimit) == 0
        assert number(answer.EVSEMaximumCurrentLimit) == 0
    assert session.car.discharged_wh == session.car.charged_wh == 0


def test_the_newest_set_point_wins(talk: Any) -> None:
    session = talk(car=SimulatedCar(max_loops=4))
    wanted = iter([4_000.0, -3_000.0, 2_000.0, 1_000.0, 0.0])

    def steer(event: object) -> None:
        if isinstance(event, LoopAnswered) or (isinstance(event, PowerDeliveryChanged) and event.on):
            session.evse.set_power(next(wanted))

    session.listeners.append(steer)
    session.run()
    received = [round(event.set_point_w, -1) for event in session.evcc_of(SetPointReceived)]
    assert received == [4_000, 0, 2_000, 1_000]


def test_set_points_stay_inside_both_ends_limits(talk: Any) -> None:
    session = talk(evse=Evse(limits=Limits(max_charge_w=30_000, max_charge_a=200, max_v=1000, min_v=100)))
    session.evse.set_power(25_000)
    session.run()
    assert {event.set_point_w for event in session.secc_of(LoopAnswered)} == {11_000}  # the car's limit


def test_a_set_point_that_runs_out(talk: Any) -> None:
    session = talk(car=SimulatedCar(max_loops=10))
    session.evse.set_power(4_000, valid_until_s=session.now + 1.0)
    session.run()
    sent = [event.set_point_w for event in session.secc_of(LoopAnswered)]
    assert (sent[0], sent[-1]) == (4_000, 0)
    assert [event.expired_w for event in session.secc_of(SetPointExpired)] == [4_000]


def test_authorization_takes_its_time(talk: Any) -> None:
    session = talk(evse=Evse(EvseOffer(automatic_authorization=False)))
    session.run(until=lambda: session.now > 1_800_000_030)
    assert session.secc.state is State.AUTHORIZATION
    assert len(session.secc_of(AuthorizationRequested)) == 1
    session.evse.authorize(True)
    session.run()
    assert session.secc_end.proper


def test_planning_takes_its_time(talk: Any) -> None:
    session = talk()
    session.evse.planning = True
    session.run(until=lambda: session.now > 1_800_000_010)
    assert session.secc.state is State.CHARGE_PARAMETERS
    assert len(session.secc_of(NeedsReceived)) == 1
    session.evse.offer_schedules(Schedule(charge=((3600.0, 7_000.0), (3600.0, 0.0), (3600.0, 90_000.0))))
    session.run()
    assert session.secc_end.proper
    answers = bodies(session.evcc_of(MessageSeen), ChargeParameterDiscoveryRes)
    assert answers[0].EVSEProcessing is EVSEProcessingType.Ongoing
    entries = answers[-1].SASchedules.SAScheduleTuple[0].PMaxSchedule.PMaxScheduleEntry
    assert [(e.TimeInterval.start, e.TimeInterval.duration, e.PMax) for e in entries] == [
        (0, 3600, 7_000),
        (3600, 3600, 0),
        (7200, 79_200, 32_767),
    ]
    (on, _) = session.secc_of(PowerDeliveryChanged)
    assert on.profile == ((3600, 7_000), (3600, 0), (79_200, 11_000))


def test_a_long_plan_is_cut_to_what_any_car_holds(talk: Any) -> None:
    session = talk()
    session.evse.offer_schedules(Schedule(charge=tuple((900.0, 1_000.0 * i) for i in range(96))))
    session.run()
    (answer,) = bodies(session.evcc_of(MessageSeen), ChargeParameterDiscoveryRes)
    entries = answer.SASchedules.SAScheduleTuple[0].PMaxSchedule.PMaxScheduleEntry
    assert len(entries) == 5
    assert entries[-1].TimeInterval.start + entries[-1].TimeInterval.duration == 86_400


def test_planning_without_end_offers_the_limits(talk: Any) -> None:
    session = talk()
    session.evse.planning = True
    session.run()
    assert session.secc_end.proper


@pytest.mark.parametrize("notification", [Notification.Terminate, Notification.Pause])
def test_the_charger_asks_for_an_end(talk: Any, notification: Notification) -> None:
    session = talk(car=SimulatedCar())
    session.run(until=lambda: session.car.loops > 3)
    session.evse.notify(notification, max_delay_s=5)
    session.run()
    assert session.secc_end.proper
    assert not session.secc_end.paused
    assert "EVSE_Shutdown" in session.evcc_end.reason
    last = bodies(session.secc_of(MessageSeen), CurrentDemandRes)[-1].DC_EVSEStatus
    assert last.EVSEStatusCode is DC_EVSEStatusCodeType.EVSE_Shutdown
    assert last.EVSENotification is EVSENotificationType.StopCharging
    assert last.NotificationMaxDelay == 5


@pytest.mark.parametrize("notification", [Notification.ScheduleRenegotiation, Notification.MeteringConfirmation])
def test_what_this_generation_cannot_ask_for_is_not_asked(talk: Any, notification: Notification) -> None:
    session = talk()
    session.evse.notify(notification)
    session.run()
    assert session.secc_end.proper
    assert session.evse.notification is None
    statuses = {
        answer.DC_EVSEStatus.EVSENotification for answer in bodies(session.secc_of(MessageSeen), CurrentDemandRes)
    }
    assert statuses == {EVSENotificationType.None_}


def test_an_end_before_power_flows(talk: Any) -> None:
    session = talk()
    session.run(until=lambda: session.secc.state is State.CABLE_CHECK)
    session.evse.notify(Notification.Terminate)
    session.run()
    assert session.secc_end.proper
    assert session.secc_of(PowerDeliveryChanged) == []


@pytest.mark.parametrize(
    "state", [s for s in State if s.value in {"service_discovery", "authorization", "cable_check", "power_delivery"}]
)
def test_the_driver_comes_back(talk: Any, state: State) -> None:
    session = talk()
    session.run(until=lambda: session.evcc.state is state)
    session.evcc.stop("the driver came back")
    session.run()
    assert session.secc_end.proper
    assert session.evcc_end.proper
    assert session.evcc_end.reason == "the driver came back"


def test_a_fault_of_the_charger_ends_the_loop(talk: Any) -> None:
    session = talk(car=SimulatedCar())
    session.evse.set_power(5_000)
    session.run(until=lambda: session.car.loops > 3)
    session.evse.contactor_fault = True
    session.run()
    assert session.secc_of(LoopAnswered)[-1].set_point_w == 0
    assert "EVSE_Malfunction" in session.evcc_end.reason
    assert not session.evcc_end.proper
    assert [event.on for event in session.secc_of(PowerDeliveryChanged)] == [True, False]


def test_the_insulation_is_told(talk: Any) -> None:
    session = talk().run()
    levels = [
        event.message.Body.BodyElement.DC_EVSEStatus.EVSEIsolationStatus
        for event in session.secc_of(MessageSeen)
        if event.name in {"CableCheckRes", "PreChargeRes", "CurrentDemandRes"}
    ]
    assert levels[0] is IsolationLevelType.Invalid
    assert set(levels[2:]) == {IsolationLevelType.Valid}


def test_a_charger_without_power_stage(talk: Any) -> None:
    """A simulated car goes on after its patience; a strict one gives up in time."""
    session = talk(plan=CarPlan(Service.DC, protocols=(ProtocolName.DIN,), pre_charge_patience_s=1.0), with_stage=False)
    session.listeners.append(
        lambda event: isinstance(event, CableCheckRequested) and session.evse.__setattr__("insulation_ok", True)
    )
    session.run()
    assert session.evcc_end.proper
    assert len(session.evcc_of(PreChargeUnmatched)) == 1
    strict = talk(with_stage=False)
    strict.listeners.append(
        lambda event: isinstance(event, CableCheckRequested) and strict.evse.__setattr__("insulation_ok", True)
    )
    strict.run()
    assert not strict.evcc_end.proper
    assert "V2G_EVCC_PreCharge_Timeout" in strict.evcc_end.reason


def test_a_welded_contactor_is_told(talk: Any) -> None:
    session = talk()

    def weld(event: object) -> None:
        if isinstance(event, StateChanged) and event.state is State.WELDING_DETECTION:
            session.evse.readings = EvseReadings(0.0, 390.0, 0.0)

    session.listeners.append(weld)
    session.run()
    assert not session.evcc_end.proper
    assert "390 V" in session.evcc_end.reason
    assert session.secc_end.proper  # SessionStop came all the same


def test_the_car_asks_for_energy_that_shrinks(talk: Any) -> None:
    session = talk(car=SimulatedCar(max_loops=200, speed=10.0))
    session.evse.set_power(10_000)
    session.run(steps=20_000)
    targets = [event.report.needs.target_wh for event in session.secc_of(LoopAnswered)]
    assert targets[0] == 18_000
    assert targets[-1] == pytest.approx(18_000 - 10_000 * 199 * 0.2 / 3600, abs=3)


def test_the_next_session_starts_clean(talk: Any) -> None:
    evse = Evse()
    first = talk(evse=evse)
    first.run(until=lambda: first.car.loops > 1)
    evse.notify(Notification.Terminate)
    first.run()
    second = talk(evse=evse).run()
    assert second.secc_end.proper
    assert second.evcc_end.reason == "5 charge loops done"
    assert first.secc.side.session_id != second.secc.side.session_id


@pytest.mark.parametrize("limits", [Limits(11_000), Limits(11_000, max_charge_a=16, max_v=500, min_v=0)])
def test_limits_that_nobody_told(talk: Any, limits: Limits) -> None:
    session = talk(evse=Evse(limits=limits)).run()
    assert session.secc_end.proper, session.secc_end
