"""What a -20 session can be beyond the plain one: megawatts, prices, phases, others' needs, services besides energy."""

from dataclasses import replace
from typing import Any

import pytest
from msgspec.structs import replace as replace_fields

from protocols.exi import encode
from protocols.exi.messages.common import PowerToleranceAcceptanceType
from protocols.exi.namespaces import V20_COMMON, V20_DC
from protocols.iso15118 import (
    CarPlan,
    ControlMode,
    EnergyNeeds,
    Evse,
    EvseOffer,
    EvseReadings,
    IdealStage,
    MobilityNeeds,
    Prices,
    Schedule,
    Service,
    SimulatedCar,
)
from protocols.iso15118.events import (
    CableCheckRequested,
    LoopAnswered,
    MessageSeen,
    MeterReceived,
    NeedsReceived,
    PowerDeliveryChanged,
    PreChargeRequested,
    SchedulesReceived,
    ServiceSelected,
    SetPointReceived,
    ValueAddedSelected,
)
from protocols.iso15118.refusal import least
from protocols.iso15118.registry import dialect
from protocols.iso15118.schedule import DAY_S, Tax
from protocols.iso15118.services import ProtocolName, ValueAdded
from protocols.iso15118.table import State
from protocols.iso15118.v2gtp import PayloadType, pack
from protocols.iso15118.v20.evcc import REQUESTS
from protocols.iso15118.v20.rational import rational, read_phases

message_class = dialect(ProtocolName.V20_DC).message_class
HOUR_S = 3_600.0
START_S = 1_800_000_000.0


def message(talk: Any, name: str, last: bool = False) -> Any:
    found = [event.message for event in talk.evcc_of(MessageSeen) if event.name == name]
    return found[-1 if last else 0]


def parameters(talk: Any) -> dict[str, int]:
    (first, *_) = message(talk, "ServiceDetailRes").ServiceParameterList.ParameterSet
    return {one.Name: one.intValue for one in first.Parameter}


@pytest.mark.parametrize(("service", "connector"), [(Service.MCS, 1), (Service.MCS_BPT, 1), (Service.DC_BPT, 2)])
def test_megawatts_are_direct_current_with_a_coupler_of_their_own(
    conversation: Any, service: Service, connector: int
) -> None:
    talk = conversation(evse=Evse(EvseOffer(services=(service,))), plan=CarPlan(service, ControlMode.SCHEDULED))
    talk.run()
    assert talk.secc_end.proper
    assert parameters(talk)["Connector"] == connector
    assert ("BPTChannel" in parameters(talk)) == service.bidirectional


def test_a_home_charger_offers_no_megawatts_unless_told(conversation: Any) -> None:
    talk = conversation(plan=CarPlan(Service.MCS))
    talk.run()
    assert "service MCS is not offered" in talk.evcc_end.reason


PRICED = Schedule(
    charge=((HOUR_S, 6_000.0), (HOUR_S, 0.0), (HOUR_S, 9_000.0)),
    discharge=((HOUR_S, 0.0), (HOUR_S, 5_000.0), (HOUR_S, 0.0)),
    charge_prices=Prices(
        "EUR",
        ((HOUR_S, 0.31), (2 * HOUR_S, 0.12)),
        taxes=(Tax("VAT", 0.19), Tax("levy", 0.055, included=False)),
        minimum_cost=1.5,
        maximum_cost=20.0,
        description="night tariff",
    ),
    discharge_prices=Prices("EUR", ((3 * HOUR_S, 0.08),)),
)


def test_a_priced_schedule_with_discharging_reaches_the_car_whole_and_it_keeps_to_it(conversation: Any) -> None:
    talk = conversation(plan=CarPlan(Service.DC_BPT, ControlMode.SCHEDULED))
    talk.evse.offer_schedules(PRICED, Schedule(charge=((3 * HOUR_S, 3_000.0),)))
    talk.run()
    assert talk.secc_end.proper, talk.secc_end
    assert parameters(talk)["Pricing"] == 1
    first, second = talk.evcc_of(SchedulesReceived)[0].schedules
    assert first == PRICED
    assert second.charge == ((3 * HOUR_S, 3_000.0),)
    profile = talk.secc_of(PowerDeliveryChanged)[0].profile
    assert profile == ((HOUR_S, 6_000.0), (HOUR_S, -5_000.0), (HOUR_S, 9_000.0))


def at_price(price: float, power_w: float = 11_000.0) -> Schedule:
    return Schedule(((DAY_S, power_w),), charge_prices=Prices("EUR", ((DAY_S, price),)))


def test_the_car_keeps_to_the_cheapest_schedule_that_brings_what_it_needs(conversation: Any) -> None:
    talk = conversation(
        plan=CarPlan(Service.AC, ControlMode.SCHEDULED), car=SimulatedCar(departure_s=START_S + DAY_S, max_loops=5)
    )
    talk.evse.offer_schedules(at_price(0.40), at_price(0.25, 6_000.0), at_price(0.10, 500.0))
    talk.run()
    assert talk.secc_end.proper, talk.secc_end
    assert talk.evcc_of(SchedulesReceived)[0].chosen == 1, "18 kWh are needed, and the third gives 12 in a day"
    assert talk.secc.side.schedule_id == 2
    assert talk.secc_of(PowerDeliveryChanged)[0].profile == ((DAY_S, 6_000.0),)


@pytest.mark.parametrize(
    ("acceptance", "code"),
    [
        ("PowerToleranceConfirmed", "OK_PowerToleranceConfirmed"),
        ("PowerToleranceNotConfirmed", "WARNING_PowerToleranceNotConfirmed"),
        (None, "OK"),
    ],
)
def test_power_flows_whatever_the_car_says_of_a_tolerance_that_is_not_asked(
    conversation: Any, monkeypatch: pytest.MonkeyPatch, acceptance: str | None, code: str
) -> None:
    ask = REQUESTS[State.POWER_DELIVERY]

    def changed(trip: Any, now: float) -> Any:
        request = ask(trip, now)
        request.EVPowerProfile.Scheduled_EVPPTControlMode.PowerToleranceAcceptance = acceptance and (
            PowerToleranceAcceptanceType(acceptance)
        )
        return request

    monkeypatch.setitem(REQUESTS, State.POWER_DELIVERY, changed)
    talk = conversation(plan=CarPlan(Service.AC, ControlMode.SCHEDULED)).run()
    assert message(talk, "PowerDeliveryRes").ResponseCode == code
    assert talk.evcc_end.proper, talk.evcc_end
    assert talk.car.loops >= 5


@pytest.mark.parametrize("mode", list(ControlMode))
def test_price_levels_where_no_money_is_told(conversation: Any, mode: ControlMode) -> None:
    talk = conversation(plan=CarPlan(Service.AC, mode))
    levels = ((HOUR_S, 2.0), (HOUR_S, 0.0), (HOUR_S, 1.0))
    talk.evse.offer_schedules(Schedule(charge=((3 * HOUR_S, 7_000.0),), charge_levels=levels))
    talk.run()
    assert talk.secc_end.proper
    assert parameters(talk)["Pricing"] == 2
    answer = message(talk, "ScheduleExchangeRes")
    if mode is ControlMode.SCHEDULED:
        assert talk.evcc_of(SchedulesReceived)[0].schedules[0].charge_levels == levels
    else:
        schedule = answer.Dynamic_SEResControlMode.PriceLevelSchedule
        assert schedule.NumberOfPriceLevels == 3
        assert [one.PriceLevel for one in schedule.PriceLevelScheduleEntries.PriceLevelScheduleEntry] == [2, 0, 1]


def test_a_plan_for_each_request(conversation: Any) -> None:
    """The application hears what the car needs, and the car waits until it has planned."""
    evse = Evse(EvseOffer(plans_each_request=True))
    talk = conversation(evse=evse, plan=CarPlan(Service.AC, ControlMode.SCHEDULED), car=SimulatedCar())
    planned: list[float] = []

    def plan(event: object) -> None:
        if isinstance(event, NeedsReceived):
            planned.append(event.time_s)
            evse.offer_schedules(Schedule(charge=((HOUR_S, 3_000.0 * len(planned)),)))

    talk.listeners.append(plan)
    talk.run(until=lambda: talk.car.loops >= 3)
    talk.evcc.renegotiate_schedule()
    talk.run(until=lambda: len([e for e in talk.secc_of(PowerDeliveryChanged) if e.on]) == 2)
    assert [event.profile[0][1] for event in talk.secc_of(PowerDeliveryChanged)] == [3_000, 6_000]
    answers = [e.message.EVSEProcessing for e in talk.evcc_of(MessageSeen) if e.name == "ScheduleExchangeRes"]
    assert answers == ["Ongoing", "Finished", "Ongoing", "Finished"]


@pytest.mark.parametrize("service", [Service.AC, Service.DC_BPT])
def test_the_charger_knows_departure_and_target_better(conversation: Any, service: Service) -> None:
    plan = CarPlan(service, ControlMode.DYNAMIC, MobilityNeeds.FROM_CHARGER)
    talk = conversation(plan=plan, car=SimulatedCar(max_seconds=10))
    talk.evse.mobility = EnergyNeeds(departure_in_s=7_200, target_soc=0.7, min_soc=0.4)
    talk.run(until=lambda: talk.car.loops >= 3)
    talk.evse.mobility = EnergyNeeds(departure_in_s=1_800, target_soc=0.9, min_soc=0.4)
    talk.run()
    assert talk.evcc_end.proper
    told = [(event.needs.departure_in_s, event.needs.target_soc) for event in talk.evcc_of(NeedsReceived)]
    assert told == [(7_200, 0.7), (1_800, 0.9)]
    # The car plans by it from then on, and says so.
    needs = talk.secc_of(LoopAnswered)[-1].report.needs
    assert needs.target_soc == 0.9
    assert needs.departure_in_s == pytest.approx(1_800, abs=1)


def test_scheduled_mode_leaves_the_needs_with_the_car(conversation: Any) -> None:
    """[V2G20-2663]: the charger's side is only for dynamic mode."""
    talk = conversation(plan=CarPlan(Service.AC, ControlMode.SCHEDULED, MobilityNeeds.FROM_CHARGER))
    talk.evse.mobility = EnergyNeeds(departure_in_s=7_200)
    talk.run()
    assert talk.secc_end.proper
    assert talk.secc_of(ServiceSelected)[0].mobility_needs is MobilityNeeds.FROM_CAR
    assert not talk.evcc_of(NeedsReceived)


@pytest.mark.parametrize("mode", list(ControlMode))
def test_alternating_current_goes_phase_by_phase(conversation: Any, mode: ControlMode) -> None:
    class ThreePhaseCar(SimulatedCar):
        def report(self, now: float) -> Any:
            return replace(super().report(now), phases_w=(1_000.0, 1_500.0, 500.0))

    talk = conversation(plan=CarPlan(Service.AC_BPT, mode), car=ThreePhaseCar(max_loops=3), with_stage=False)
    talk.evse.set_power(6_000, shares=(0.5, 0.3, 0.2))
    talk.evse.readings = EvseReadings(power_w=3_000, phases_w=(1_010.0, 1_490.0, 500.0))
    talk.run()
    answer = message(talk, "AC_ChargeLoopRes").CLResControlMode
    assert read_phases(answer, "EVSETargetActivePower") == (3_000, 1_800, 1_200)
    assert read_phases(answer, "EVSEPresentActivePower") == (1_010, 1_490, 500)
    report = talk.secc_of(LoopAnswered)[0].report
    assert report.phases_w == (1_000, 1_500, 500)
    assert report.ev_w == 3_000
    assert talk.evcc_of(SetPointReceived)[0].set_point_w == 6_000


@pytest.mark.parametrize("shares", [(0.5, 0.5), (0.5, 0.5, 0.5), (1.0,)])
def test_shares_must_be_one_for_each_phase(shares: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="3 numbers that add up to 1"):
        Evse().set_power(1_000, shares=shares)


def test_services_besides_energy_are_offered_and_selected_with_all_their_ways(conversation: Any) -> None:
    evse = Evse(EvseOffer(value_added=tuple(ValueAdded)))
    talk = conversation(evse=evse, plan=CarPlan(Service.AC, value_added=(ValueAdded.INTERNET,)))
    talk.run()
    assert talk.evcc_end.proper
    offered = message(talk, "ServiceDiscoveryRes").VASList.Service
    assert [one.ServiceID for one in offered] == [65], "only what the car knows"
    (event,) = talk.secc_of(ValueAddedSelected)
    assert event.services == (ValueAdded.INTERNET,)
    detail = message(talk, "ServiceDetailRes", last=True)
    assert detail.ServiceID == 65
    ways = detail.ServiceParameterList.ParameterSet
    ports = [next(p.intValue for p in one.Parameter if p.Name == "Port") for one in ways]
    assert ports == [443, 80]


def test_a_car_takes_no_service_that_is_not_there(conversation: Any) -> None:
    talk = conversation(plan=CarPlan(Service.AC, value_added=tuple(ValueAdded)))
    talk.run()
    assert talk.evcc_end.proper
    assert message(talk, "ServiceDiscoveryRes").VASList is None
    assert not talk.secc_of(ValueAddedSelected)


def test_the_car_can_ask_for_another_service_itself(conversation: Any) -> None:
    talk = conversation(plan=CarPlan(Service.DC), car=SimulatedCar(max_loops=8))
    talk.evse.set_power(-3_000)
    talk.run(until=lambda: talk.car.loops >= 3)
    talk.evcc.renegotiate_service(Service.DC_BPT)
    talk.run()
    assert talk.secc_end.proper, talk.secc_end
    assert [event.service for event in talk.secc_of(ServiceSelected)] == [Service.DC, Service.DC_BPT]
    assert talk.car.discharged_wh > 0


def test_the_charger_tells_its_meter(conversation: Any) -> None:
    talk = conversation(plan=CarPlan(Service.AC), car=SimulatedCar(max_seconds=30))
    talk.evse.set_power(11_000)
    talk.run()
    readings = [event.reading.charged_wh for event in talk.evcc_of(MeterReceived)]
    assert readings[-1] > 50
    assert readings == sorted(readings)


@pytest.mark.parametrize("wire", [b"\x80\xff\xff", b"", b"\x80" + b"\x11" * 400])
def test_the_message_that_ended_a_session_is_kept(conversation: Any, wire: bytes) -> None:
    talk = conversation(plan=CarPlan(Service.AC), car=SimulatedCar())
    talk.run(until=lambda: talk.secc.state is State.CHARGE_LOOP and talk.car.loops >= 2)
    talk.secc.receive(pack(PayloadType.MAINSTREAM, wire), talk.now)
    talk._drain()
    assert talk.secc_end.evidence == wire[:256].hex().upper()
    assert talk.secc_of(PowerDeliveryChanged)[-1].on is False
    assert talk.secc_of(PowerDeliveryChanged)[-1].time_s == talk.secc_end.time_s, "safe at once"


def test_a_session_that_ended_well_keeps_no_evidence(conversation: Any) -> None:
    talk = conversation(plan=CarPlan(Service.AC))
    talk.run()
    assert (talk.secc_end.evidence, talk.evcc_end.evidence) == ("", "")


@pytest.mark.parametrize(("first_s", "fits"), [(HOUR_S - 30, True), (HOUR_S, True), (HOUR_S - 600, False)])
def test_a_profile_may_count_from_the_offer_or_from_its_own_start(
    conversation: Any, first_s: float, fits: bool
) -> None:
    """Thirty seconds lie between the offer and the contactors: what a car plans for later must be read right."""
    talk = conversation(plan=CarPlan(Service.DC, ControlMode.SCHEDULED), with_stage=False)
    talk.evse.offer_schedules(Schedule(charge=((HOUR_S, 4_000.0), (HOUR_S, 9_000.0))))
    talk.run(until=lambda: talk.secc_of(CableCheckRequested))
    offered_s = talk.now
    talk.run(until=lambda: talk.now >= offered_s + 30)
    talk.listeners.append(IdealStage(talk.evse).handle)
    talk.evse.insulation_ok = True
    talk.run(until=lambda: talk.secc.state is State.POWER_DELIVERY)
    request = least(message_class("PowerDeliveryReq"))
    request.Header = talk.secc.side.header(talk.now)
    request.EVProcessing, request.ChargeProgress = "Finished", "Start"
    profile = least(message_class("EVPowerProfileType"))
    profile.TimeAnchor = int(talk.now)
    profile.Dynamic_EVPPTControlMode = None
    profile.Scheduled_EVPPTControlMode = least(message_class("Scheduled_EVPPTControlModeType"))
    step = least(message_class("PowerScheduleEntryType"))
    profile.EVPowerProfileEntries.EVPowerProfileEntry = [
        replace_fields(step, Duration=int(first_s), Power=rational(4_000)),
        replace_fields(step, Duration=int(HOUR_S), Power=rational(9_000)),
    ]
    request.EVPowerProfile = profile
    talk.secc.receive(pack(PayloadType.MAINSTREAM, encode(V20_COMMON, request)), talk.now)
    talk._drain()
    assert talk.secc.ended is not fits


def test_a_profile_is_told_from_now_on(conversation: Any) -> None:
    talk = conversation(plan=CarPlan(Service.DC, ControlMode.SCHEDULED), with_stage=False)
    talk.evse.offer_schedules(Schedule(charge=((HOUR_S, 4_000.0), (HOUR_S, 9_000.0))))
    talk.run(until=lambda: talk.secc_of(CableCheckRequested))
    offered_s = talk.now
    talk.run(until=lambda: talk.now >= offered_s + 30)
    talk.listeners.append(IdealStage(talk.evse).handle)
    talk.evse.insulation_ok = True
    talk.run()
    assert talk.secc_end.proper, talk.secc_end
    profile = talk.secc_of(PowerDeliveryChanged)[0].profile
    assert profile[0] == (pytest.approx(HOUR_S - 30, abs=2), 4_000)
    assert profile[1] == (HOUR_S, 9_000)


@pytest.mark.parametrize(("wanted_v", "given_v"), [(20_000, 1_000), (-5, 0), (415, 415)])
def test_a_pre_charge_stays_inside_the_chargers_voltage(conversation: Any, wanted_v: float, given_v: float) -> None:
    """There are cars (a well-known simulator) that ask for twenty thousand volts."""
    talk = conversation(plan=CarPlan(Service.DC))
    talk.run(until=lambda: talk.secc.state is State.PRE_CHARGE)
    request = least(message_class("DC_PreChargeReq"))
    request.Header = talk.secc.side.header(talk.now)
    request.EVProcessing = "Ongoing"
    request.EVTargetVoltage = rational(wanted_v)
    talk.secc.receive(pack(PayloadType.DC, encode(V20_DC, request)), talk.now)
    talk._drain()
    assert talk.secc_of(PreChargeRequested)[-1].target_v == given_v
    assert not talk.secc.ended


def test_a_new_schedule_does_not_end_standby(conversation: Any) -> None:
    talk = conversation(
        evse=Evse(EvseOffer(standby_allowed=True)), plan=CarPlan(Service.AC, ControlMode.DYNAMIC), car=SimulatedCar()
    )
    talk.run(until=lambda: talk.car.loops >= 3)
    talk.evcc.standby(on=True)
    talk.run(until=lambda: not talk.secc.side.power_on and talk.secc.state is State.CHARGE_LOOP)
    talk.secc.data_to_send()
    request = least(message_class("PowerDeliveryReq"))
    request.Header = talk.secc.side.header(talk.now)
    request.EVProcessing, request.ChargeProgress = "Finished", "ScheduleRenegotiation"
    talk.secc.receive(pack(PayloadType.MAINSTREAM, encode(V20_COMMON, request)), talk.now)
    talk._drain()
    assert not talk.secc.side.power_on
    assert not talk.secc.ended
