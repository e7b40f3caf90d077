"""Pause, standby and resume: what both ends remember, and what a restart between does to it."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

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
)
from protocols.iso15118.connection import ConnectionSecurity, PeerCertificate
from protocols.iso15118.events import (
    AuthorizationRequested,
    LoopAnswered,
    MessageSeen,
    PowerDeliveryChanged,
    ServiceSelected,
    SessionPaused,
    SessionStarted,
    SetPointReceived,
)
from protocols.iso15118.paused import PausedSession
from protocols.iso15118.table import State


def slept(conversation: Any, evse: Evse, plan: CarPlan, **options: Any) -> Any:
    """A session that its charger sent to sleep after a while."""
    talk = conversation(evse=evse, plan=plan, car=SimulatedCar(), **options)
    talk.evse.set_power(8_000)
    began = talk.now
    talk.run(until=lambda: talk.now > began + 40)
    evse.notify(Notification.Pause)
    talk.run()
    assert talk.secc_end.paused, talk.secc_end
    assert talk.evcc_end.paused, talk.evcc_end
    return talk


def kept(talk: Any) -> tuple[PausedSession, PausedSession]:
    """What charger and car keep, gone through JSON as over a restart."""
    (secc,), (evcc,) = talk.secc_of(SessionPaused), talk.evcc_of(SessionPaused)
    return tuple(  # type: ignore[return-value]
        PausedSession.from_plain(json.loads(json.dumps(event.paused.to_plain()))) for event in (secc, evcc)
    )


def names(talk: Any) -> list[str]:
    return [event.name for event in talk.secc_of(MessageSeen) if event.name.endswith("Req")]


@pytest.mark.parametrize("mode", list(ControlMode))
@pytest.mark.parametrize("service", [Service.AC_BPT, Service.DC_BPT, Service.MCS])
def test_a_session_goes_on_where_it_stood_after_both_ends_restarted(
    conversation: Any, service: Service, mode: ControlMode
) -> None:
    offer = EvseOffer(services=tuple(Service), automatic_authorization=False)
    evse = Evse(offer, authorized=True)
    talk = conversation(evse=evse, plan=CarPlan(service, mode), car=SimulatedCar())
    evse.authorize(accepted=True)
    talk.run(until=lambda: talk.car.loops >= 3)
    evse.notify(Notification.Pause)
    talk.run()
    secc_kept, evcc_kept = kept(talk)
    assert (secc_kept.service, secc_kept.control_mode) == (evcc_kept.service, evcc_kept.control_mode) == (service, mode)

    after = Evse(offer, paused=secc_kept)
    back = conversation(evse=after, plan=CarPlan(service, resume=evcc_kept))
    back.run()
    assert back.secc_end.proper, back.secc_end
    assert back.evcc_end.proper, back.evcc_end
    assert [event.resumed for event in (*back.secc_of(SessionStarted), *back.evcc_of(SessionStarted))] == [True, True]
    assert back.secc.side.session_id == secc_kept.session_id
    assert names(back)[2].endswith("ChargeParameterDiscoveryReq"), "neither authorization nor services anew"
    assert not back.secc_of(AuthorizationRequested)
    assert back.secc_of(ServiceSelected)[0].control_mode is mode
    assert back.evcc_of(ServiceSelected)[0].control_mode is mode
    assert back.secc_of(LoopAnswered)


def test_a_car_without_its_context_begins_at_authorization_and_is_still_known(conversation: Any) -> None:
    offer = EvseOffer(automatic_authorization=False)
    talk = conversation(evse=Evse(offer), car=SimulatedCar())
    talk.evse.authorize(accepted=True)
    talk.run(until=lambda: talk.car.loops >= 2)
    talk.evcc.pause("the driver is away")
    talk.run()
    back = conversation(evse=talk.evse, plan=CarPlan(resume_session_id=talk.secc.side.session_id))
    back.run()
    assert back.secc_end.proper
    assert names(back)[2:4] == ["AuthorizationSetupReq", "AuthorizationReq"]
    assert not back.secc_of(AuthorizationRequested), "what was authorized stays so"


def test_energy_before_the_pause_counts(conversation: Any) -> None:
    evse = Evse()
    talk = slept(conversation, evse, CarPlan(Service.AC))
    paused, _ = kept(talk)
    assert paused.charged_wh > 50
    assert paused.discharged_wh == 0
    back = conversation(
        evse=evse, car=SimulatedCar(), plan=CarPlan(Service.AC, resume=talk.evcc_of(SessionPaused)[0].paused)
    )
    evse.set_power(8_000)
    back.run(until=lambda: back.secc_of(LoopAnswered) and back.now > talk.now + 40)
    evse.notify(Notification.Pause)
    back.run()
    assert kept(back)[0].charged_wh > paused.charged_wh * 1.5


@pytest.mark.parametrize(
    "change",
    [
        {"session_id": b"\x99" * 8},
        {"evcc_id": "ANOTHERCAR"},
        {"peer": "CN=another car"},
        {"service": Service.MCS},
        {"parameter_set_id": 9},
    ],
)
def test_what_does_not_fit_becomes_a_new_session(conversation: Any, change: dict[str, Any]) -> None:
    talk = slept(conversation, Evse(), CarPlan(Service.DC))
    secc_kept, evcc_kept = kept(talk)
    after = Evse(paused=replace(secc_kept, **change))
    back = conversation(evse=after, plan=CarPlan(Service.DC, resume=evcc_kept))
    back.run()
    assert back.secc_end.proper
    assert [event.resumed for event in (*back.secc_of(SessionStarted), *back.evcc_of(SessionStarted))] == [False, False]
    assert back.secc.side.session_id != secc_kept.session_id
    assert names(back)[2] == "AuthorizationSetupReq"


def test_the_cars_certificate_must_be_the_same(conversation: Any) -> None:
    def tls(name: str) -> ConnectionSecurity:
        return ConnectionSecurity("TLSv1.3", peer=PeerCertificate(name, "CN=OEM", datetime(2030, 1, 1, tzinfo=UTC)))

    evse = Evse()
    talk = slept(conversation, evse, CarPlan(Service.AC), security=tls("CN=car one"))
    resume = talk.evcc_of(SessionPaused)[0].paused
    asleep = talk.secc_of(SessionPaused)[0].paused
    for name, resumed in (("CN=car two", False), ("CN=car one", True)):
        evse.paused = asleep
        back = conversation(evse=evse, plan=CarPlan(Service.AC, resume=resume), security=tls(name))
        back.run()
        assert back.secc_of(SessionStarted)[0].resumed is resumed


def test_a_charger_that_wants_to_pause_before_power_says_so_with_the_schedule(conversation: Any) -> None:
    talk = conversation(plan=CarPlan(Service.DC, ControlMode.SCHEDULED))
    talk.run(until=lambda: talk.secc.state is State.CHARGE_PARAMETERS)
    talk.evse.notify(Notification.Pause)
    talk.run()
    assert talk.secc_end.paused
    assert not [event for event in talk.secc_of(PowerDeliveryChanged) if event.on]


def test_a_link_lost_while_waking_up_does_not_lose_the_session(conversation: Any) -> None:
    talk = slept(conversation, Evse(), CarPlan(Service.DC))
    secc_kept, evcc_kept = kept(talk)
    after = Evse(paused=secc_kept)
    for _ in range(2):
        waking = conversation(evse=after, plan=CarPlan(Service.DC, resume=evcc_kept))
        waking.run(until=lambda waking=waking: waking.secc.state is State.CABLE_CHECK)
        waking.secc.connection_lost(waking.now, "reset")
        waking._drain()
        assert waking.secc_of(SessionStarted)[0].resumed
    back = conversation(evse=after, plan=CarPlan(Service.DC, resume=evcc_kept))
    back.run()
    assert back.secc_of(SessionStarted)[0].resumed
    assert back.secc_end.proper
    assert after.paused is None


def test_plain_data_that_is_no_paused_session() -> None:
    for nonsense in ({}, [], {"session_id": 7, "evcc_id": "x"}, None):
        with pytest.raises(ValueError, match="no paused session"):
            PausedSession.from_plain(nonsense)


def test_schedules_survive_being_kept() -> None:
    session = PausedSession(
        b"\x01" * 8, "CAR", schedules=(Schedule(charge=((60.0, 5.0),), charge_levels=((60.0, 1.0),)),)
    )
    assert PausedSession.from_plain(json.loads(json.dumps(session.to_plain()))) == session


def test_standby_and_back_by_the_cars_wish_and_the_chargers(conversation: Any) -> None:
    talk = conversation(
        evse=Evse(EvseOffer(standby_allowed=True)), plan=CarPlan(Service.AC_BPT), car=SimulatedCar(max_seconds=60)
    )
    talk.evse.set_power(5_000)
    talk.run(until=lambda: talk.car.loops >= 3)
    talk.evcc.standby(on=True)
    talk.run(until=lambda: not talk.secc.side.power_on)
    assert talk.secc_of(PowerDeliveryChanged)[-1].standby
    began = talk.now
    talk.run(until=lambda: talk.now > began + 3)
    quiet = [event for event in talk.evcc_of(SetPointReceived) if event.time_s > began]
    assert quiet
    assert {event.set_point_w for event in quiet} == {0.0}
    talk.evse.notify(Notification.ExitStandby)
    talk.run(until=lambda: talk.secc.side.power_on)
    assert talk.evse.notification is None
    talk.run(until=lambda: talk.evcc_of(SetPointReceived)[-1].set_point_w == 5_000)
    talk.evcc.standby(on=True)
    talk.run(until=lambda: not talk.secc.side.power_on)
    talk.evcc.standby(on=False)
    talk.run(until=lambda: talk.secc.side.power_on)
    talk.run()
    assert talk.secc_end.proper
    assert talk.evcc_end.proper


def test_a_car_goes_on_where_standby_is_not_allowed(conversation: Any) -> None:
    talk = conversation(plan=CarPlan(Service.AC), car=SimulatedCar(max_loops=10))
    talk.run(until=lambda: talk.car.loops >= 3)
    talk.evcc.standby(on=True)
    talk.run()
    assert talk.secc_end.proper
    assert talk.evcc_end.proper
    assert talk.car.loops >= 10
    assert [event.on for event in talk.secc_of(PowerDeliveryChanged)] == [True, False]


def test_a_session_in_standby_can_be_paused(conversation: Any) -> None:
    talk = conversation(evse=Evse(EvseOffer(standby_allowed=True)), plan=CarPlan(Service.DC), car=SimulatedCar())
    talk.run(until=lambda: talk.car.loops >= 3)
    talk.evcc.standby(on=True)
    talk.run(until=lambda: not talk.secc.side.power_on)
    talk.evse.notify(Notification.Pause)
    talk.run()
    assert talk.secc_end.paused


def test_mobility_needs_come_back_with_the_session(conversation: Any) -> None:
    plan = CarPlan(Service.AC, mobility_needs=MobilityNeeds.FROM_CHARGER)
    talk = slept(conversation, Evse(), plan)
    assert {one.mobility_needs for one in kept(talk)} == {MobilityNeeds.FROM_CHARGER}
