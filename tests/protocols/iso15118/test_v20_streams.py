"""Multiplexed streams: schedules, readings and the parking status beside a charge loop that does not notice."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from protocols.exi import decode, encode
from protocols.exi.namespaces import V20_COMMON
from protocols.iso15118 import CarPlan, ControlMode, Evse, EvseOffer, Notification, Schedule, Service, SimulatedCar
from protocols.iso15118.events import (
    LoopAnswered,
    MessageSeen,
    NeedsReceived,
    NotificationIgnored,
    PayloadSeen,
    PowerDeliveryChanged,
    SchedulesReceived,
    VehicleCheckedIn,
    VehicleCheckedOut,
)
from protocols.iso15118.refusal import least
from protocols.iso15118.registry import dialect
from protocols.iso15118.services import ProtocolName, ValueAdded
from protocols.iso15118.table import State
from protocols.iso15118.v2gtp import PayloadType, V2gtpStream, pack
from protocols.iso15118.v20 import evcc_beside

message_class = dialect(ProtocolName.V20_DC).message_class
BESIDE = PayloadType.SCHEDULE_RENEGOTIATION


def in_the_loop(conversation: Any, **options: Any) -> Any:
    talk = conversation(**{"plan": CarPlan(Service.DC_BPT, ControlMode.SCHEDULED), "car": SimulatedCar()} | options)
    talk.run(until=lambda: talk.car.loops >= 2 and talk.secc.state is State.CHARGE_LOOP)
    return talk


def names_on(talk: Any, stream: PayloadType) -> list[str]:
    return [event.name for event in talk.secc_of(MessageSeen) if event.payload_type == stream]


def test_a_new_schedule_comes_beside_the_loop_and_is_committed_on_the_main_stream(conversation: Any) -> None:
    talk = in_the_loop(conversation)
    talk.evse.offer_schedules(Schedule(charge=((3_600.0, 3_000.0),)))
    talk.evse.notify(Notification.ScheduleRenegotiation)
    talk.run(until=lambda: len([e for e in talk.secc_of(PowerDeliveryChanged) if e.on]) == 2)
    assert names_on(talk, BESIDE) == ["ScheduleExchangeReq", "ScheduleExchangeRes"]
    commit = [e for e in talk.secc_of(MessageSeen) if e.name == "PowerDeliveryReq"][-1]
    assert commit.payload_type == PayloadType.MAINSTREAM
    assert commit.message.ChargeProgress == "ScheduleRenegotiation"
    assert talk.evse.notification is None


def test_both_streams_wait_for_answers_at_the_same_time(conversation: Any) -> None:
    talk = in_the_loop(conversation)
    talk.evcc.renegotiate_schedule()
    while not talk.evcc.data_to_send():
        talk.tick()
    # The charger's side has heard nothing yet, and the car waits on both streams.
    assert set(talk.evcc._asked) == {None, BESIDE}


def test_the_car_can_ask_for_a_new_schedule_itself(conversation: Any) -> None:
    talk = in_the_loop(conversation)
    talk.evcc.renegotiate_schedule()
    talk.run(until=lambda: len(talk.secc_of(NeedsReceived)) == 2 and not talk.evcc.side.renegotiating)
    assert talk.secc_of(NeedsReceived)[-1].renegotiation
    assert len(talk.evcc_of(SchedulesReceived)) == 2


def carry(talk: Any, hold: Callable[[bytes], None]) -> None:
    """One round between both ends; what the charger says on the side stream is held back. Then time goes on."""
    asked = talk.evcc.data_to_send()
    if asked:
        talk.secc.receive(asked, talk.now)
    talk._drain()
    answered = V2gtpStream().receive(talk.secc.data_to_send())
    for packet in answered:
        wire = pack(packet.payload_type, packet.payload)
        if packet.payload_type == BESIDE:
            hold(wire)
        else:
            talk.evcc.receive(wire, talk.now)
    talk._drain()
    if not asked and not answered:
        assert talk.tick(), (talk.secc_events[-1], talk.evcc_events[-1])


def test_a_side_answer_that_is_late_does_not_slow_the_loop(conversation: Any) -> None:
    talk = in_the_loop(conversation)
    talk.evcc.renegotiate_schedule()
    held: list[tuple[float, bytes]] = []
    until = talk.now + 4.0
    while talk.now < until:
        carry(talk, lambda wire: held.append((talk.now + 1.5, wire)))
        if held and held[0][0] <= talk.now:
            talk.evcc.receive(held.pop(0)[1], talk.now)
    gaps = [b - a for a, b in pairwise(event.time_s for event in talk.secc_of(LoopAnswered))]
    assert max(gaps) <= 0.5
    assert not talk.evcc.ended
    assert len([event for event in talk.secc_of(PowerDeliveryChanged) if event.on]) == 2


def test_a_side_answer_that_never_comes_ends_the_session_in_its_own_time(conversation: Any) -> None:
    talk = in_the_loop(conversation)
    talk.evcc.renegotiate_schedule()
    asked_s: list[float] = []
    while not talk.evcc.ended:
        carry(talk, lambda wire: asked_s.append(talk.now))
    assert "no answer to ScheduleExchangeReq within 2 s" in talk.evcc_end.reason
    assert talk.now == pytest.approx(asked_s[0] + 2.0, abs=0.01)


def test_chatter_beside_does_not_stand_in_for_the_loop(conversation: Any) -> None:
    talk = in_the_loop(conversation)
    talk.secc.data_to_send()
    quiet_since = talk.now
    request = least(message_class("ScheduleExchangeReq"))
    request.MaximumSupportingPoints = 12
    request.Dynamic_SEReqControlMode = None
    request.Scheduled_SEReqControlMode = least(message_class("Scheduled_SEReqControlMode"))
    request.Header = talk.secc.side.header(quiet_since)
    wire = pack(BESIDE, encode(V20_COMMON, request))
    for step in range(10):
        now = quiet_since + 0.1 * step
        if talk.secc.next_timer() is not None and talk.secc.next_timer() <= now:
            talk.secc.on_timer(now)
        talk.secc.receive(wire, now)
        talk.secc.data_to_send()
    talk._drain()
    assert talk.secc.ended
    assert "fell silent for 0.5 s in state charge_loop" in talk.secc_end.reason
    assert talk.secc_of(PowerDeliveryChanged)[-1].on is False


def test_an_unfinished_side_stream_has_a_silence_of_its_own(conversation: Any) -> None:
    talk = in_the_loop(conversation)
    talk.evse.planning = True
    request = least(message_class("ScheduleExchangeReq"))
    request.MaximumSupportingPoints = 12
    request.Dynamic_SEReqControlMode = None
    request.Scheduled_SEReqControlMode = least(message_class("Scheduled_SEReqControlMode"))
    request.Header = talk.secc.side.header(talk.now)
    began = talk.now
    talk.secc.receive(pack(BESIDE, encode(V20_COMMON, request)), began)
    (answer,) = V2gtpStream().receive(talk.secc.data_to_send())
    assert answer.payload_type == BESIDE
    assert decode(V20_COMMON, answer.payload).EVSEProcessing == "Ongoing"
    talk.run(until=lambda: talk.now > began + 61 or talk.secc.ended, steps=20_000)
    assert "on the stream SCHEDULE_RENEGOTIATION" in talk.secc_end.reason
    assert talk.now >= began + 60


@pytest.mark.parametrize("name", ["VehicleCheckInReq", "VehicleCheckOutReq"])
def test_parking_status_only_for_who_selected_it(conversation: Any, name: str) -> None:
    talk = in_the_loop(conversation)
    request = least(message_class(name))
    request.Header = talk.secc.side.header(talk.now)
    talk.secc.receive(pack(PayloadType.PARKING_STATUS, encode(V20_COMMON, request)), talk.now)
    (answer,) = V2gtpStream().receive(talk.secc.data_to_send())
    assert decode(V20_COMMON, answer.payload).ResponseCode == "FAILED_SequenceError"
    talk._drain()
    assert "has not selected" in talk.secc_end.reason


@pytest.mark.parametrize("service", [Service.AC, Service.DC])
def test_a_car_checks_in_and_out(conversation: Any, service: Service) -> None:
    evse = Evse(EvseOffer(value_added=tuple(ValueAdded)), parking_space=7)
    talk = conversation(evse=evse, plan=CarPlan(service, value_added=(ValueAdded.PARKING_STATUS,)))
    talk.run()
    assert talk.secc_end.proper, talk.secc_end
    assert talk.evcc_end.proper, talk.evcc_end
    assert [event.status for event in talk.secc_of(VehicleCheckedIn)] == ["CheckIn", "Processing", "Completed"]
    assert [event.status for event in talk.secc_of(VehicleCheckedOut)] == ["CheckOut"]
    spaces = {e.message.ParkingSpace for e in talk.evcc_of(MessageSeen) if e.name == "VehicleCheckInRes"}
    assert spaces == {7}


def test_a_car_waits_until_it_may_leave(conversation: Any) -> None:
    evse = Evse(EvseOffer(value_added=(ValueAdded.PARKING_STATUS,)), may_leave=False)
    talk = conversation(evse=evse, plan=CarPlan(Service.AC, value_added=(ValueAdded.PARKING_STATUS,)))
    talk.run(until=lambda: len(talk.secc_of(VehicleCheckedOut)) >= 5)
    assert talk.secc.state is State.SESSION_STOP
    evse.may_leave = True
    talk.run()
    assert talk.evcc_end.proper


def test_a_notification_counts_down_and_is_missed_when_ignored(conversation: Any) -> None:
    """A metering confirmation is what a car without a contract passes over."""
    talk = in_the_loop(conversation)
    talk.evse.notify(Notification.MeteringConfirmation, max_delay_s=3)
    began = talk.now
    talk.run(until=lambda: talk.now > began + 8)
    delays = [
        event.message.EVSEStatus.NotificationMaxDelay
        for event in talk.secc_of(MessageSeen)
        if event.name == "DC_ChargeLoopRes" and event.time_s > began and event.message.EVSEStatus
    ]
    assert delays[0] == 3
    assert delays == sorted(delays, reverse=True)
    assert delays[-1] == 0
    (ignored,) = talk.secc_of(NotificationIgnored)
    assert ignored.notification == "MeteringConfirmation"
    assert ignored.time_s > began + 3
    assert not talk.secc.ended


@pytest.mark.parametrize("complies", [False, True])
def test_a_renegotiation_that_comes_to_nothing_is_asked_for_once_more_with_a_warning(
    conversation: Any, monkeypatch: pytest.MonkeyPatch, complies: bool
) -> None:
    """[V2G20-2235]"""
    talk, ask = in_the_loop(conversation), evcc_beside.requests
    talk.evse.notify(Notification.ScheduleRenegotiation, max_delay_s=3)

    def deaf(*of: Any) -> Any:
        return ask(*of) if complies and talk.secc.side.asked_again else ()

    monkeypatch.setattr(evcc_beside, "requests", deaf)
    began = talk.now
    talk.run(until=lambda: talk.now > began + 15)
    answers = [
        event.message
        for event in talk.secc_of(MessageSeen)
        if event.name == "DC_ChargeLoopRes" and event.time_s > began
    ]
    warned = [one for one in answers if one.ResponseCode == "WARNING_ScheduleRenegotiationFailed"]
    assert warned
    assert warned[0].EVSEStatus.EVSENotification == "ScheduleRenegotiation"
    assert warned[0].EVSEStatus.NotificationMaxDelay == 3
    assert answers[0].ResponseCode == "OK"
    assert len(talk.secc_of(NotificationIgnored)) == (1 if complies else 2)
    assert (answers[-1].ResponseCode == "OK") is complies
    assert (talk.evse.notification is None) is complies
    assert not talk.secc.ended


def test_every_payload_is_told_both_ways(conversation: Any) -> None:
    talk = conversation(plan=CarPlan(Service.AC))
    talk.run()
    raw = [(event.sender, event.payload_type, event.payload) for event in talk.secc_of(PayloadSeen)]
    seen = [(event.sender, event.payload_type, event.payload) for event in talk.secc_of(MessageSeen)]
    assert raw == seen
    assert raw == [(event.sender, event.payload_type, event.payload) for event in talk.evcc_of(PayloadSeen)]


@pytest.mark.parametrize("name", ["ScheduleExchangeReq", "MeteringConfirmationReq"])
def test_what_belongs_beside_the_loop_is_refused_in_its_place(conversation: Any, name: str) -> None:
    """On the main stream it would stand in for a charge-loop request, and stretch half a second to a minute."""
    talk = in_the_loop(conversation)
    request = least(message_class(name))
    request.Header = talk.secc.side.header(talk.now)
    talk.secc.receive(pack(PayloadType.MAINSTREAM, encode(V20_COMMON, request)), talk.now)
    talk._drain()
    assert "FAILED_SequenceError" in talk.secc_end.reason
    assert talk.secc_of(PowerDeliveryChanged)[-1].on is False


def test_the_first_schedule_does_not_come_beside(conversation: Any) -> None:
    talk = conversation(plan=CarPlan(Service.AC))
    talk.run(until=lambda: talk.secc.state is State.SCHEDULE_EXCHANGE)
    request = least(message_class("ScheduleExchangeReq"))
    request.Header = talk.secc.side.header(talk.now)
    talk.secc.receive(pack(BESIDE, encode(V20_COMMON, request)), talk.now)
    talk._drain()
    assert "on the stream SCHEDULE_RENEGOTIATION in state schedule_exchange" in talk.secc_end.reason
